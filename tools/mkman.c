/*
 * mkman FOLDER
 * Writes the manual pages: placet.1, and placet-NOUN-VERB.1 for each row of
 * COMMANDS, in mdoc. It runs while Placet is built and is linked with the
 * table itself, so that a page can say nothing that the program does not do.
 */
#include "base/buf.h"
#include "cmd/cmd.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATE "November 23, 2026"
#define WIDTH 78 /* of the pages' source */

static NORETURN void die(const char *what, const char *name)
{
	fprintf(stderr, "mkman: %s %s: %s\n", what, name, strerror(errno));
	exit(1);
}

/* --- mdoc ---------------------------------------------------------------------------------------- */

/* One word, with what the formatter would read as an order escaped. */
static int put_word(FILE *out, const char *s, size_t n, bool begins_line)
{
	int width = (int)n;

	if (begins_line && (*s == '.' || *s == '\''))
		width += fprintf(out, "\\&");
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\')
			width += fprintf(out, "\\e") - 1;
		else if (s[i] == '-')
			width += fprintf(out, "\\-") - 1;
		else
			fputc(s[i], out);
	}
	return width;
}

/* Text of ours as lines of mdoc. Each sentence begins on a line of its own, so that the formatter sets the
   space behind it. */
static void put_text(FILE *out, const char *s)
{
	bool ended = false;
	int column = 0;

	for (s += strspn(s, " \n"); *s; s += strspn(s, " \n")) {
		size_t n = strcspn(s, " \n");

		if (column && (ended || column + (int)n + 8 > WIDTH)) {
			fputc('\n', out);
			column = 0;
		}
		if (column)
			column += fprintf(out, " ");
		column += put_word(out, s, n, column == 0);
		ended = strchr(".?!", s[n - 1]) != NULL;
		s += n;
	}
	fputc('\n', out);
}

/* The words of the table are short clauses; a page wants a sentence. */
static void put_sentence(FILE *out, const char *s)
{
	size_t n = strlen(s);
	char *copy = mem_copy_text(s);

	/* Not where it begins with a value, as in "signed-form, oral". */
	if (copy[strspn(copy, "abcdefghijklmnopqrstuvwxyz")] == ' ')
		copy[0] = (char)(copy[0] - 'a' + 'A');
	if (n && !strchr(".?!", s[n - 1])) {
		copy = mem_grow(copy, n + 2);
		memcpy(copy + n, ".", 2);
	}
	put_text(out, copy);
	free(copy);
}

/* Paragraphs, blank lines between them. */
static void put_paragraphs(FILE *out, const char *s)
{
	while (*s) {
		const char *end = strstr(s, "\n\n");
		size_t n = end ? (size_t)(end - s) : strlen(s);
		char *copy = mem_copy_text(s);

		copy[n] = '\0';
		fputs(".Pp\n", out);
		put_text(out, copy);
		free(copy);
		s += n + (end ? 2 : 0);
	}
}

static void put_head(FILE *out, const char *name, const char *description)
{
	char upper[64];
	size_t n = strlen(name);

	MUST(n < sizeof(upper));
	for (size_t i = 0; i <= n; i++)
		upper[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
	fprintf(out, ".\\\" Written by tools/mkman.c from the table of commands; change it there.\n");
	fprintf(out, ".Dd " DATE "\n.Dt %s 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd ", upper, name);
	put_text(out, description);
}

/* --- what every page says ------------------------------------------------------------------------ */

struct item {
	const char *term, *text;
};

static const struct item VARIABLES[] = {
	{ "Ev PLACET_HOME", "The home, where --home does not name it. Without either it is /var/lib/placet if that exists, "
			    "else ~/.local/share/placet." },
	{ "Ev PLACET_TOKEN_FILE", "A file with the token of the account that acts. In a live home it proves --by, unless "
				  "the account is bound to the OS user." },
	{ "Ev PLACET_CLOCK", "Shifts the clock of a trial home: +2h, -30m, +400d. A live home refuses it." },
	{ "Ev PGPASSFILE", "Where PostgreSQL's passwords are; they never stand in an argument or a URL." },
	{ "Ev NO_COLOR", "Nothing that Placet prints is coloured, with it or without." },
};

static const struct item FILES[] = {
	{ "Pa placet.conf", "In the home: where the database is, the web address, and whether it is a trial home." },
	{ "Pa placet.db", "In the home: the SQLite database, unless the home's database is another." },
	{ "Pa keys/", "In the home: the keys of tokens and opt-outs, DKIM keys, passwords of relays." },
	{ "Pa journal/", "In the home: what senders are doing. It is needed after a crash, and belongs on a local disk." },
	{ "Pa run/", "In the home: what running processes share. It may be empty after a start of the machine." },
};

static const struct item EXITS[] = {
	{ "0", "Done." },
	{ "1", "Answered no: a check failed, a policy refused, something is undecided." },
	{ "2", "Bad input or usage." },
	{ "3", "There is no such thing." },
	{ "4", "Not allowed." },
	{ "5", "Approved, but not proven unaltered (check-message)." },
	{ "70", "An internal fault." },
	{ "75", "It cannot be told yet, or work remains for later." },
};

static void put_list(FILE *out, const char *section, const char *width, const struct item *item, size_t n)
{
	fprintf(out, ".Sh %s\n.Bl -tag -width %s\n", section, width);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, ".It %s\n", item[i].term);
		put_text(out, item[i].text);
	}
	fputs(".El\n", out);
}

static void put_tail(FILE *out)
{
	put_list(out, "ENVIRONMENT", "Ds", VARIABLES, COUNT(VARIABLES));
	put_list(out, "FILES", "Ds", FILES, COUNT(FILES));
	put_list(out, "EXIT STATUS", "Ds", EXITS, COUNT(EXITS));
}

/* --- one command --------------------------------------------------------------------------------- */

/* "placet-mailing-check" */
static void page_name(const struct command *cmd, char out[64])
{
	int n = snprintf(out, 64, "placet-%s%s%s", cmd->noun, cmd->verb ? "-" : "", cmd->verb ? cmd->verb : "");

	MUST(n > 0 && n < 64);
}

/* "LIST [VALUE]" as mdoc arguments, one on each line. */
static void put_operands(FILE *out, const char *words)
{
	for (; *words; words += strspn(words, " ")) {
		bool optional = *words == '[';
		size_t n;

		words += optional;
		n = strcspn(words, optional ? "]" : " ");
		fprintf(out, optional ? ".Op Ar %.*s\n" : ".Ar %.*s\n", (int)n, words);
		words += n + optional;
	}
}

static void put_option(FILE *out, const struct option_spec *o)
{
	fprintf(out, "Fl \\-%s", o->name);
	if (o->value)
		fprintf(out, " Ar %s%s", o->value, o->flags & OPT_MANY ? " ..." : "");
	fputc('\n', out);
}

static void put_synopsis(FILE *out, const struct command *cmd)
{
	fprintf(out, ".Sh SYNOPSIS\n.Nm placet\n.Op Fl \\-home Ar DIR\n.Op Fl \\-json\n.Cm %s", cmd->noun);
	fprintf(out, cmd->verb ? " %s\n" : "\n", cmd->verb);
	put_operands(out, cmd->operands);
	for (const struct option_spec *o = cmd->options; o && o->name; o++) {
		fputs(o->flags & OPT_NEEDED ? "." : ".Op ", out);
		put_option(out, o);
	}
}

static void put_options(FILE *out, const struct command *cmd)
{
	fputs(".Pp\nThe options are:\n.Bl -tag -width Ds\n", out);
	for (const struct option_spec *o = cmd->options; o && o->name; o++) {
		fputs(".It ", out);
		put_option(out, o);
		put_sentence(out, o->help);
		if (o->flags & OPT_NEEDED)
			fputs("It must be given.\n", out);
		if (o->flags & OPT_MANY)
			fputs("It takes several values, and may be repeated.\n", out);
	}
	fputs(".It Fl \\-home Ar DIR\nThe home, instead of the one that\n.Ev PLACET_HOME\nnames.\n", out);
	fputs(".It Fl \\-json\nPrints one JSON value to standard output, and nothing else.\n", out);
	fputs(".It Fl \\-help\nPrints the usage and ends.\n.El\n", out);
}

static void put_page(FILE *out, const struct command *cmd)
{
	char name[64];

	page_name(cmd, name);
	put_head(out, name, cmd->summary);
	put_synopsis(out, cmd);
	fputs(".Sh DESCRIPTION\n", out);
	put_sentence(out, cmd->summary);
	if (cmd->help)
		put_paragraphs(out, cmd->help);
	put_options(out, cmd);
	put_tail(out);
	fputs(".Sh SEE ALSO\n.Xr placet 1\n", out);
}

static void put_overview(FILE *out)
{
	put_head(out, "placet", "sends research mail that people agreed to get, and nothing else");
	fputs(".Sh SYNOPSIS\n.Nm\n.Op Fl \\-home Ar DIR\n.Op Fl \\-json\n.Ar COMMAND\n.Op Ar ...\n.Sh DESCRIPTION\n", out);
	put_text(out, "Placet carries mail of research projects to people who consented to it. A mailing goes out when its "
		      "recipients' consent is recorded, a person has looked at the list, the rules of the institution "
		      "hold, and a reviewer approved exactly these words for exactly these people.");
	fputs(".Pp\n", out);
	put_text(out, "Results go to standard output, messages to standard error as \"placet: what: why\". Each command has "
		      "a page of its own, named with hyphens, as placet-mailing-check(1), and --help.");
	fputs(".Pp\nThe commands are:\n.Bl -tag -width Ds\n", out);
	for (size_t i = 0; COMMANDS[i]; i++) {
		fprintf(out, ".It Cm %s%s%s\n", COMMANDS[i]->noun, COMMANDS[i]->verb ? " " : "",
			COMMANDS[i]->verb ? COMMANDS[i]->verb : "");
		put_sentence(out, COMMANDS[i]->summary);
	}
	fputs(".El\n", out);
	put_tail(out);
}

/* --- files --------------------------------------------------------------------------------------- */

/* Pages of commands that are no more must not stay; and a folder that is filled anew is newer than before,
   which is what the build looks at. */
static void remove_pages(const char *folder)
{
	char path[4096];
	struct dirent *d;
	DIR *dir = opendir(folder);

	if (!dir)
		die("cannot read", folder);
	while ((d = readdir(dir))) {
		size_t n = strlen(d->d_name);

		if (n < 2 || strcmp(d->d_name + n - 2, ".1") != 0)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder, d->d_name) >= (int)sizeof(path) || unlink(path) < 0)
			die("cannot remove", d->d_name);
	}
	closedir(dir);
}

static FILE *open_page(const char *folder, const char *name)
{
	char path[4096];
	FILE *out;

	if (snprintf(path, sizeof(path), "%s/%s.1", folder, name) >= (int)sizeof(path))
		die("the path is too long:", folder);
	out = fopen(path, "wb");
	if (!out)
		die("cannot write", path);
	return out;
}

static void close_page(FILE *out, const char *name)
{
	bool bad = ferror(out) != 0;

	if (fclose(out) != 0 || bad)
		die("cannot write", name);
}

int main(int argc, char **argv)
{
	FILE *out;

	if (argc != 2 || (mkdir(argv[1], 0777) < 0 && errno != EEXIST))
		die("usage: mkman FOLDER; cannot make", argc == 2 ? argv[1] : "it");
	remove_pages(argv[1]);
	out = open_page(argv[1], "placet");
	put_overview(out);
	close_page(out, "placet.1");
	for (size_t i = 0; COMMANDS[i]; i++) {
		char name[64];

		page_name(COMMANDS[i], name);
		out = open_page(argv[1], name);
		put_page(out, COMMANDS[i]);
		close_page(out, name);
	}
	return 0;
}
