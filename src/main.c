/*
 * placet: reads the command line, opens what the command needs, runs it, and
 * turns its answer into an exit code of the contract.
 */
#include "base/log.h"
#include "cmd/cmd.h"

#include <stdio.h>
#include <unistd.h>

#ifndef PLACET_VERSION
#define PLACET_VERSION "0.1.0"
#endif

static bool is_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return argc == 2 && strcmp(argv[1], "help") == 0;
}

/* placet --help; placet mailing --help; placet mailing check --help. */
static int help(int argc, char **argv)
{
	const char *noun = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
	const char *verb = argc > 2 && argv[2][0] != '-' ? argv[2] : NULL;
	bool found = false;

	for (size_t i = 0; noun && COMMANDS[i]; i++) {
		const struct command *cmd = COMMANDS[i];

		if (strcmp(cmd->noun, noun) != 0 || (cmd->verb && verb && strcmp(cmd->verb, verb) != 0))
			continue;
		if (found)
			fputc('\n', stdout);
		help_print(stdout, cmd);
		found = true;
	}
	if (!found)
		help_overview(stdout);
	return 0;
}

static int open_what_is_needed(struct ctx *c, struct err *e)
{
	unsigned need = c->command->need;

	if (!(need & NEED_HOME))
		return 0;
	c->h = home_open(home_path(c->a, c->home_path), e);
	if (!c->h)
		return -1;
	if ((need & NEED_DB) == NEED_DB && home_open_db(c->h, e) < 0)
		return -1;
	return (need & NEED_KEYS) == NEED_KEYS ? home_read_keys(c->h, e) : 0;
}

static void complain(const struct ctx *c, const struct err *e)
{
	if (c->command)
		fprintf(stderr, "placet: %s%s%s: %s\n", c->command->noun, c->command->verb ? " " : "",
			c->command->verb ? c->command->verb : "", e->text);
	else
		fprintf(stderr, "placet: %s\n", e->text);
	if (e->kind == ERR_INPUT && c->command && !c->h)
		usage_print(stderr, c->command);
}

static int run(struct ctx *c, int argc, char **argv)
{
	struct err e = { 0 };
	int code;

	if (args_read(c, argc, argv, &e) == 0 && open_what_is_needed(c, &e) == 0) {
		code = c->command->run(c, &e);
		if (code >= 0 && fflush(stdout) != 0)
			code = err_set(&e, ERR_AGAIN, "the output cannot be written");
		if (code >= 0)
			return code;
	}
	complain(c, &e);
	return err_means(e.kind)->exit;
}

int main(int argc, char **argv)
{
	struct ctx *c;
	int code;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("placet " PLACET_VERSION);
		return 0;
	}
	if (is_help(argc, argv))
		return help(argc, argv);
	c = mem_alloc(sizeof(*c));
	c->a = arena_new();
	log_setup("placet", LOG_LEVEL_INFO);
	code = run(c, argc, argv);
	home_free(c->h);
	arena_free(c->a);
	free(c);
	return code;
}
