/*
 * The words of a command line: read by the command's own row, so that help,
 * usage and what is accepted are one thing.
 */
#include "cmd/cmd.h"

#include "base/codec.h"

static bool word_is(const char *word, const char *text)
{
	return word && strcmp(word, text) == 0;
}

const char *opt_at(const struct ctx *c, const char *name, size_t i)
{
	for (size_t k = 0; k < c->n_options; k++)
		if (strcmp(c->option[k].name, name) == 0 && i-- == 0)
			return c->option[k].value;
	return NULL;
}

const char *opt(const struct ctx *c, const char *name)
{
	return opt_at(c, name, 0);
}

bool opt_set(const struct ctx *c, const char *name)
{
	return opt_at(c, name, 0) != NULL;
}

const char *opt_joined(const struct ctx *c, const char *name)
{
	const char *s = "", *value;

	for (size_t i = 0; (value = opt_at(c, name, i)); i++)
		s = arena_printf(c->a, "%s%s%s", s, *s ? " " : "", value);
	return s;
}

int operand_id(const struct ctx *c, size_t i, int64_t *out, struct err *e)
{
	if (i >= c->n_operands || parse_i64(c->operand[i], 1, INT64_MAX, out) < 0)
		return err_set(e, ERR_INPUT, "'%s' is no number; placet mailing list shows them",
			       i < c->n_operands ? c->operand[i] : "");
	return 0;
}

int opt_time(const struct ctx *c, const char *name, int64_t *out, struct err *e)
{
	const char *value = opt(c, name);

	if (value && time_parse(value, out, e) < 0)
		return err_in(e, "--%s", name);
	return 0;
}

int opt_past_day(const struct ctx *c, const char *name, struct err *e)
{
	int64_t t = 0;

	if (opt_time(c, name, &t, e) < 0)
		return -1;
	if (t > home_now(c->h) + DAY)
		return err_set(e, ERR_INPUT, "--%s %s: that day is yet to come; write the day on which it was given", name,
			       opt(c, name));
	return 0;
}

/* --- reading ----------------------------------------------------------------------------------- */

static const struct command *find_command(const char *noun, const char *verb, bool *noun_known)
{
	*noun_known = false;
	for (size_t i = 0; COMMANDS[i]; i++) {
		if (!word_is(noun, COMMANDS[i]->noun))
			continue;
		*noun_known = true;
		if (!COMMANDS[i]->verb || word_is(verb, COMMANDS[i]->verb))
			return COMMANDS[i];
	}
	return NULL;
}

static int refuse_noun(const char *noun, const char *verb, bool noun_known, struct err *e)
{
	const char *list = "";
	struct arena *a = arena_new();

	if (!noun_known)
		err_set(e, ERR_INPUT, "there is no command '%s': placet --help lists them", noun);
	for (size_t i = 0; noun_known && COMMANDS[i]; i++)
		if (word_is(noun, COMMANDS[i]->noun))
			list = arena_printf(a, "%s%s%s", list, *list ? ", " : "", COMMANDS[i]->verb);
	if (noun_known)
		err_set(e, ERR_INPUT, "%s %s: the verbs are %s", noun, verb ? verb : "needs a verb", list);
	arena_free(a);
	return -1;
}

static const struct option_spec *find_option(const struct command *cmd, const char *name, size_t n)
{
	for (const struct option_spec *o = cmd->options; o && o->name; o++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	return NULL;
}

static int add_option(struct ctx *c, const char *name, const char *value, struct err *e)
{
	if (c->n_options == COUNT(c->option))
		return err_set(e, ERR_INPUT, "too many options");
	c->option[c->n_options].name = name;
	c->option[c->n_options++].value = value;
	return 0;
}

/* One "--name", "--name value" or "--name=value" at argv[*i]. */
static int read_option(struct ctx *c, int argc, char **argv, int *i, struct err *e)
{
	const char *word = argv[*i] + 2, *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);
	const struct option_spec *o = find_option(c->command, word, n);

	if (!o)
		return err_set(e, ERR_INPUT, "--%.*s is no option of this command", (int)n, word);
	if (!o->value)
		return equals ? err_set(e, ERR_INPUT, "--%s takes no value", o->name) : add_option(c, o->name, "yes", e);
	if (!(o->flags & OPT_MANY) && opt(c, o->name))
		return err_set(e, ERR_INPUT, "--%s is given twice", o->name);
	if (equals)
		return add_option(c, o->name, equals + 1, e);
	if (*i + 1 >= argc)
		return err_set(e, ERR_INPUT, "--%s needs a value: %s", o->name, o->value);
	do {
		if (add_option(c, o->name, argv[++*i], e) < 0)
			return -1;
	} while ((o->flags & OPT_MANY) && *i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0);
	return 0;
}

/* How many operands a command takes, from its usage words. */
static void count_operands(const char *words, size_t *least, size_t *most)
{
	*least = *most = 0;
	for (const char *p = words; *p; p += strspn(p, " ")) {
		*least += *p != '[';
		*most += 1;
		p += strcspn(p, " ");
	}
}

/* The word at place i of "LIST FILE". */
static const char *operand_word(struct arena *a, const char *words, size_t i)
{
	while (i--)
		words += strcspn(words, " ") + 1;
	return arena_text_n(a, words, strcspn(words, " "));
}

static int check_shape(const struct ctx *c, struct err *e)
{
	size_t least, most;

	count_operands(c->command->operands, &least, &most);
	if (c->n_operands < least)
		return err_set(e, ERR_INPUT, "%s is missing", operand_word(c->a, c->command->operands, c->n_operands));
	if (c->n_operands > most)
		return err_set(e, ERR_INPUT, "'%s' is one word too many", c->operand[most]);
	for (const struct option_spec *o = c->command->options; o && o->name; o++)
		if ((o->flags & OPT_NEEDED) && !opt(c, o->name))
			return err_set(e, ERR_INPUT, "--%s %s is missing", o->name, o->value);
	return 0;
}

/* The options before the noun: --home DIR, --json. Returns where the noun stands, or -1. */
static int read_front(struct ctx *c, int argc, char **argv, struct err *e)
{
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (word_is(argv[i], "--json"))
			c->json = true;
		else if (word_is(argv[i], "--home") && i + 1 < argc)
			c->home_path = argv[++i];
		else if (strncmp(argv[i], "--home=", 7) == 0)
			c->home_path = argv[i] + 7;
		else
			return err_set(e, ERR_INPUT, "%s: no option; before the command stand --home DIR and --json", argv[i]);
	}
	return i;
}

static int read_word(struct ctx *c, int argc, char **argv, int *i, struct err *e)
{
	if (word_is(argv[*i], "--json")) {
		c->json = true;
		return 0;
	}
	if (word_is(argv[*i], "--home") && *i + 1 < argc) {
		c->home_path = argv[++*i];
		return 0;
	}
	if (strncmp(argv[*i], "--", 2) == 0 && argv[*i][2])
		return read_option(c, argc, argv, i, e);
	if (c->n_operands == ARGS_MAX)
		return err_set(e, ERR_INPUT, "too many words");
	c->operand[c->n_operands++] = argv[*i];
	return 0;
}

int args_read(struct ctx *c, int argc, char **argv, struct err *e)
{
	int i = read_front(c, argc, argv, e);
	const char *noun, *verb;
	bool noun_known;

	if (i < 0)
		return -1;
	if (i >= argc)
		return err_set(e, ERR_INPUT, "no command: placet --help lists them");
	noun = argv[i];
	verb = i + 1 < argc && argv[i + 1][0] != '-' ? argv[i + 1] : NULL;
	c->command = find_command(noun, verb, &noun_known);
	if (!c->command)
		return refuse_noun(noun, verb, noun_known, e);
	for (i += c->command->verb ? 2 : 1; i < argc; i++)
		if (read_word(c, argc, argv, &i, e) < 0)
			return -1;
	return check_shape(c, e);
}
