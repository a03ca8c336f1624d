/*
 * Claims of a host that is dead (decision 6): another host takes them over, as
 * uncertain only, since nobody but the dead one's journal knows what went out.
 * When that host comes back, its journal settles what it can, unless somebody
 * has tried a recipient again meanwhile: rows remember who had claimed them, and
 * when, until they are settled or claimed anew.
 */
#ifndef PLACET_TAKEOVER_H
#define PLACET_TAKEOVER_H

#include "store/delivery.h"
#include "store/host.h"

struct takeover;

struct takeover *takeover_new(void);
void takeover_free(struct takeover *t); /* NULL is fine */
/* Looks at the senders of other hosts, and takes over what those held whose flushes have stood still for HOST_DEAD, as
   this process saw it; `now` in clock_ticks(). To be called about once a second, outside of a transaction. *n: senders
   that were taken over. */
int takeover_look(struct takeover *t, struct home *h, int64_t now, int64_t *n, struct err *e) MUST_USE;
/* What one sender holds becomes uncertain, unless it has flushed or ended meanwhile. 1 taken over, 0, -1. */
int takeover_one(struct home *h, const struct host_sender *s, struct err *e) MUST_USE;

/* In the transaction that settles a sender's journal, first of all: 1 it was taken over, 0, -1. */
int takeover_find(struct home *h, int64_t sender, struct err *e) MUST_USE;
/* Settles what was taken over from the sender, and not claimed anew: what the journal says of it (uncertain: there was a
   dot and no reply) holds, and to whom it says nothing, nothing was sent. A mailing that was done meanwhile goes on. In
   the caller's transaction. */
int takeover_settle(struct home *h, int64_t sender, const struct outcome *o, size_t n, struct err *e) MUST_USE;

#endif
