/* Usage lines, --help and the overview, all from COMMANDS. */
#include "cmd/cmd.h"

static void print_name(FILE *out, const struct command *cmd)
{
	fprintf(out, "placet %s%s%s", cmd->noun, cmd->verb ? " " : "", cmd->verb ? cmd->verb : "");
}

void usage_print(FILE *out, const struct command *cmd)
{
	fputs("usage: ", out);
	print_name(out, cmd);
	if (cmd->operands[0])
		fprintf(out, " %s", cmd->operands);
	for (const struct option_spec *o = cmd->options; o && o->name; o++) {
		const char *many = o->flags & OPT_MANY ? "..." : "";

		fprintf(out, o->flags & OPT_NEEDED ? " --%s%s%s%s" : " [--%s%s%s%s]", o->name, o->value ? " " : "",
			o->value ? o->value : "", many);
	}
	fputc('\n', out);
}

static int option_width(const struct command *cmd)
{
	int width = 0;

	for (const struct option_spec *o = cmd->options; o && o->name; o++) {
		int n = (int)(strlen(o->name) + (o->value ? strlen(o->value) + 1 : 0));

		if (n > width)
			width = n;
	}
	return width;
}

void help_print(FILE *out, const struct command *cmd)
{
	int width = option_width(cmd);

	usage_print(out, cmd);
	fprintf(out, "\n%s.\n", cmd->summary);
	if (cmd->help)
		fprintf(out, "\n%s\n", cmd->help);
	if (cmd->options && cmd->options->name)
		fputc('\n', out);
	for (const struct option_spec *o = cmd->options; o && o->name; o++) {
		int n = fprintf(out, "  --%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");

		fprintf(out, "%*s  %s\n", width + 4 - n, "", o->help);
	}
	fputs("\nEverywhere: --home DIR names the home, --json prints one JSON value.\n", out);
}

void help_overview(FILE *out)
{
	fputs("Placet sends research mail that people agreed to get, and nothing else.\n\n"
	      "usage: placet [--home DIR] [--json] COMMAND ...\n\n",
	      out);
	for (size_t i = 0; COMMANDS[i]; i++) {
		const struct command *cmd = COMMANDS[i];
		int n = fprintf(out, "  %s%s%s", cmd->noun, cmd->verb ? " " : "", cmd->verb ? cmd->verb : "");

		fprintf(out, "%*s  %s\n", 26 > n ? 26 - n : 0, "", cmd->summary);
	}
	fputs("\nplacet COMMAND --help says more of one. placet demo shows the whole way on sample data.\n", out);
}
