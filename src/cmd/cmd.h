/*
 * Commands: one row each in COMMANDS (commands.c), from which dispatch, usage
 * checks, --help, the manual pages and the contract test come. A command is a
 * function over a ctx; what it needs open is said in its row.
 */
#ifndef PLACET_CMD_H
#define PLACET_CMD_H

#include "store/account.h"
#include "store/home.h"

#include <jansson.h>
#include <stdio.h>

enum option_flag {
	OPT_NEEDED = 1,
	OPT_MANY = 2, /* takes all words up to the next option, and may be repeated */
};

struct option_spec {
	const char *name; /* without the dashes */
	const char *value; /* its word in the usage line; NULL: a switch */
	unsigned flags;
	const char *help;
};

enum need {
	NEED_HOME = 1,
	NEED_DB = 2 | NEED_HOME,
	NEED_KEYS = 4 | NEED_HOME,
};

struct ctx;

struct command {
	const char *noun, *verb; /* verb NULL: the noun stands alone */
	const char *operands;    /* "LIST FILE"; "[ID]" is optional, "" none */
	const char *summary;     /* one line */
	const char *help;        /* paragraphs of the manual page, blank lines between; may be NULL */
	const struct option_spec *options; /* ended by a NULL name; NULL: none */
	unsigned need;
	/* 0 or an exit code of the contract; -1 with `e` filled. */
	int (*run)(struct ctx *c, struct err *e);
};

extern const struct command *const COMMANDS[]; /* NULL-ended */

#define ARGS_MAX 64

struct ctx {
	struct arena *a;
	struct home *h;
	const struct command *command;
	bool json;
	const char *home_path;
	const char *operand[ARGS_MAX];
	size_t n_operands;
	struct {
		const char *name, *value;
	} option[ARGS_MAX * 4];
	size_t n_options;
};

/* Reads the words behind the program's name into `c`; ERR_INPUT with the usage line. */
int args_read(struct ctx *c, int argc, char **argv, struct err *e) MUST_USE;
/* "usage: placet mailing check ID" for one command. */
void usage_print(FILE *out, const struct command *cmd);
void help_print(FILE *out, const struct command *cmd);
void help_overview(FILE *out);

/* The value of an option, or NULL; the i-th of a repeated one; is a switch set. */
const char *opt(const struct ctx *c, const char *name);
const char *opt_at(const struct ctx *c, const char *name, size_t i);
bool opt_set(const struct ctx *c, const char *name);
/* All values of a repeated option joined by blanks, "" if none. */
const char *opt_joined(const struct ctx *c, const char *name);
/* The first operand that is a number. ERR_INPUT. */
int operand_id(const struct ctx *c, size_t i, int64_t *out, struct err *e) MUST_USE;
/* A time option; *out untouched when it is absent. */
int opt_time(const struct ctx *c, const char *name, int64_t *out, struct err *e) MUST_USE;
/* Checks an option that tells a day of the past, such as the one of a consent; one day's grace, since it may
   be tomorrow already where the form was signed. ERR_INPUT. */
int opt_past_day(const struct ctx *c, const char *name, struct err *e) MUST_USE;

/*
 * Who acts: --by ACCOUNT (or the home's OS user where the command has no --by). In a trial home it is
 * believed; in a live one PLACET_TOKEN_FILE must hold that account's token, or the account be bound to the
 * OS user. ERR_DENIED otherwise, or when the account is disabled or has none of `roles` (0: any).
 */
int ctx_by(struct ctx *c, unsigned roles, struct account *out, struct err *e) MUST_USE;
/* For commands of the installation itself: in a live home the OS user must own the home or be bound to a
   postmaster. */
int ctx_operator(struct ctx *c, int64_t *by, struct err *e) MUST_USE;

/* May what a command makes be written to `path`? Not over the file `reading` (NULL: none), nor into the home, where it
   would take the place of the database or of a key. ERR_INPUT. Asked before anything is done. */
int ctx_may_write(const struct ctx *c, const char *path, const char *reading, struct err *e) MUST_USE;

/* Prints one JSON value and a line feed, and releases it. */
int print_json(json_t *value);
/* A line for a person, unless --json. */
void say(const struct ctx *c, const char *fmt, ...) PRINTF(2, 3);
/* One CSV cell, quoted where needed, against formulas too (WEB-5). */
void csv_cell(FILE *out, const char *text, bool last);
/* The text of a cell that csv_cell may have written, without its guards; from the arena, or the same. */
const char *csv_plain(struct arena *a, const char *text);
/* Reads a whole text file, valid UTF-8, at most 1 MiB, into the arena. */
int read_text_file(struct ctx *c, const char *path, const char **out, struct err *e) MUST_USE;
/* "2026-11-23T04:13:44Z" as a JSON string, null for 0. */
json_t *json_time(int64_t t);

#define RUN(name) int name(struct ctx *c, struct err *e)

#endif
