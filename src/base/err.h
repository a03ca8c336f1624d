/*
 * Errors that a caller can meet. A function that can fail returns -1 (or NULL)
 * and fills the caller's struct err: of which kind, and what went wrong in
 * words that name the thing, the reason and the mend. Each level that knows
 * more puts it in front with err_in(); only the edge (main, a page, a protocol
 * session) prints.
 */
#ifndef PLACET_ERR_H
#define PLACET_ERR_H

#include "base/base.h"

enum err_kind {
	ERR_NONE,
	ERR_REFUSED, /* answered no: a policy, a check, something undecided */
	ERR_INPUT,   /* bad input or usage */
	ERR_MISSING, /* no such thing */
	ERR_DENIED,  /* not allowed */
	ERR_AGAIN,   /* cannot tell yet: busy, unreachable, timed out */
	ERR_BROKEN,  /* internal fault */
};

struct err {
	enum err_kind kind;
	char text[800]; /* outermost context first; never holds line breaks */
};

/* What a kind means at each edge: exit code, HTTP status, SMTP reply. */
struct err_means {
	const char *name; /* as logged */
	const char *text; /* what a stranger is told */
	int exit, http, smtp;
};

/* Fills `e`, replacing what was there; control characters become '?'. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);
/* err_set with ": " and the words of errno `number` behind it. */
int err_sys(struct err *e, enum err_kind kind, int number, const char *fmt, ...) PRINTF(4, 5);
/* Puts "context: " before what `e` says. Always returns -1. */
int err_in(struct err *e, const char *fmt, ...) PRINTF(2, 3);
/* Empties `e`. */
void err_clear(struct err *e);
const struct err_means *err_means(enum err_kind kind);

#endif
