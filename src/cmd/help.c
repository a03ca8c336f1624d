/* Usage lines, --help and the overview, all from COMMANDS. */
#include "cmd/cmd.h"

#define WIDTH 79 /* columns of a terminal that has not been widened */

/* `s`, whose first line begins at column `at`, in lines of WIDTH columns that begin at `indent`. A line feed ends one. */
static void print_wrapped(FILE *out, const char *s, size_t at, size_t indent)
{
	bool begun = false;

	for (size_t n; *s; s += n) {
		n = strcspn(s, " \n");
		if (*s == '\n') {
			fputc('\n', out);
			at = 0;
			begun = false;
			n = 1;
			continue;
		}
		if (begun && at + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
			begun = false;
		}
		at += (size_t)fprintf(out, "%s%.*s", begun ? " " : "", (int)n, s);
		begun = true;
		n += strspn(s + n, " ");
	}
	fputc('\n', out);
}

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
	fprintf(out, "\n%c%s.\n", cmd->summary[0] - 'a' + 'A', cmd->summary + 1);
	if (cmd->help) {
		fputc('\n', out);
		print_wrapped(out, cmd->help, 0, 0);
	}
	if (cmd->options && cmd->options->name)
		fputc('\n', out);
	for (const struct option_spec *o = cmd->options; o && o->name; o++) {
		int n = fprintf(out, "  --%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");

		fprintf(out, "%*s  ", width + 4 - n, "");
		print_wrapped(out, o->help, (size_t)width + 6, (size_t)width + 6);
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
