/*
 * How long things are kept (CON-10): one rule for each kind of data, with a
 * period that the institution sets within bounds, and what ends with it. The
 * privacy page tells the same table to everybody.
 */
#ifndef PLACET_RETENTION_H
#define PLACET_RETENTION_H

#include "store/home.h"

struct retention {
	const char *name;           /* "replies"; its period is the setting "retention.replies" */
	const char *what;           /* "Answers of mail servers": for everybody */
	const char *period;         /* "30 days", "13 months", "6 years", "for good" */
	bool acts;                  /* false: what is kept so long at least, or for good */
	int64_t before;             /* what is older is due; 0 where nothing ever is */
	int64_t last_run, last_rows; /* 0: never */
	int64_t due;                /* rows that wait, when they were counted */
};

/* The rules in their order. `count`: count what is due too, which looks at every row that may be. */
int retention_list(struct home *h, struct arena *a, bool count, struct retention **out, size_t *n, struct err *e) MUST_USE;
/* Applies one rule, in batches that hold the write lock for moments only, and records the run; so outside of any
   transaction. *rows gets how many rows ended. */
int retention_apply(struct home *h, const struct retention *r, int64_t by, int64_t *rows, struct err *e) MUST_USE;

#endif
