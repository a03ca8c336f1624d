/*
 * Leaving, as a server does it: all whose requests came in one turn of the
 * loop share one write and one flush to the disk, and are answered then. The
 * database follows a little later, without anybody waiting for it.
 */
#ifndef PLACET_WEB_LEAVING_H
#define PLACET_WEB_LEAVING_H

#include "base/loop.h"
#include "store/optout.h"
#include "web/request.h"
#include "web/response.h"

/* One who leaves; in the request's arena. */
struct leaving {
	struct opt_out_entry x;
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
/* In out->then: 0 it is durable, -1. */
int leaving_result(const struct response *out, struct err *e) MUST_USE;

#endif
