/*
 * How many connections each relay of an identity may have now: shared out by
 * weight among those that can be used. Pure.
 */
#ifndef PLACET_SHARE_H
#define PLACET_SHARE_H

#include "base/base.h"

struct share {
	bool there;      /* it was set up at all */
	bool usable;     /* and is not down */
	int64_t weight;  /* 0: it stands by, and is used while no other can be */
	int64_t most;    /* connections that it may have; 0: any number */
	int64_t now;     /* the answer */
};

/* Shares out `connections`. Each that is used has one at least, so that they can be more when there are few. Who is down
   keeps one, to be tried with, unless it stands by and is not needed. */
void share_out(struct share *s, size_t n, int64_t connections);

#endif
