/*
 * Leaving, as a server does it: all whose requests came in one turn of the
 * loop share one write and one flush to the disk, and are answered then. The
 * database follows a little later, without anybody waiting for it. With several
 * hosts it follows at once, and the answer waits for their senders.
 */
#ifndef PLACET_WEB_LEAVING_H
#define PLACET_WEB_LEAVING_H

#include "base/loop.h"
#include "store/optout.h"
#include "web/acknowledge.h"
#include "web/request.h"
#include "web/response.h"

/* One who leaves; in the request's arena. */
struct leaving {
	struct opt_out_entry x;
	int64_t round; /* of those who have to know (acknowledge.h); 0: nobody */
	struct err e; /* why it was not written; ERR_NONE: it is durable */
};

struct leaving_group {
	struct home *home;
	struct leaving **who;
	size_t n, room;
	struct loop_timer *follow; /* NULL without a server: the database follows at once */
	bool following;            /* the timer is set */
	int64_t target;            /* ... and this far the database should have followed by then */
	int64_t seen;              /* how far it had at the last look */
	int64_t asks_again;        /* ticks; the database is away, and is not asked before */
	struct acknowledging hosts;
};

/* `loop` may be NULL, as in a test: then leaving_settle() lets the database follow. */
void leaving_init(struct leaving_group *g, struct home *h, struct loop *loop);
void leaving_clear(struct leaving_group *g);
/* Notes the person of a delivery; out->then, which the page sets, is run when it is written. 0: no such delivery,
   else 1. */
int leaving_add(struct leaving_group *g, const struct request *r, int64_t delivery, enum opt_out_way way,
		struct response *out);
/* Notes any entry. Of several by one request out->then hears of the last, and all have the same end. */
void leaving_add_entry(struct leaving_group *g, const struct request *r, const struct opt_out_entry *x, struct response *out);
/* Writes all that were noted. */
void leaving_settle(struct leaving_group *g);
/* For what a page has written by itself: 1: out->then, which the page sets, is run when senders of other hosts know of
   it; 0: nobody has to, so that the answer can be given at once. */
int leaving_await(struct leaving_group *g, const struct request *r, struct response *out);
/* In out->then: 0 it is durable, and all senders know; 1 not yet, and `then` will be run again: the answer is 0 without
   more; -1. */
int leaving_result(const struct request *r, struct response *out,
		   int (*then)(const struct request *r, struct response *out, struct err *e), struct err *e) MUST_USE;
/* The server ends: whoever still waits is waited for. */
void leaving_hurry(struct leaving_group *g);

#endif
