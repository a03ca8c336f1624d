/*
 * Several hosts on one PostgreSQL database (decision 7 of the design). Each
 * has a home of its own: the same keys, but a number (journal/id), a journal of
 * opt-outs and a counter page of its own. So what is said on one host reaches
 * the senders of another through the database alone: by their next flush.
 *
 * Two things make an opt-out exact all the same. A sender among several hosts
 * holds a lease: it starts messages only within HOST_LEASE of the beginning of
 * its last flush that succeeded. And whoever answers waits, after the commit,
 * until the senders of other hosts have flushed HOST_FLUSHES times, or until
 * any lease has ended that was older than the commit.
 *
 * On SQLite, and with a single host, nothing of this costs anything but one
 * look at an index. Decided is by counts and the own clock, never by another
 * host's clock.
 */
#ifndef PLACET_HOST_H
#define PLACET_HOST_H

#include "store/home.h"

/* From the beginning of a flush (clock_ticks()), how long messages may be started on its word. */
#define HOST_LEASE (400 * 1000)
/* How long an answer waits for a sender that says nothing: longer than any lease, whose clock may drift a little. */
#define HOST_PATIENCE (500 * 1000)
/* One flush may have begun before a commit, the next one has read what was committed, and with the one after that its
   loop has taken it to heart: it hands over an order only when the last answer is taken in. */
#define HOST_FLUSHES 3
/* A sender whose flushes stand still for so long, while the database answers us, is taken for dead. It is forty times
   the longest pause of one that lives, and longer than a virtual machine stands still when it moves. A mistake does no
   harm that lasts: what was taken over is settled by its own journal as soon as it wakes. */
#define HOST_DEAD (10 * SECOND)

/*
 * A role of this home begins: the home's number is this place's from now on, and senders of other hosts know that there
 * are several before this returns (at most some seconds). ERR_REFUSED when the number is in use at another place, which
 * is what becomes of a copied folder. Not in a transaction. Does nothing on SQLite.
 */
int host_enter(struct home *h, struct err *e) MUST_USE;
/* Learns id and place for this handle, without the database: for a second handle of a process that has entered. */
int host_know(struct home *h, struct err *e) MUST_USE;

/* A sender of another host that has neither ended nor been fenced. */
struct host_sender {
	int64_t id, flushes;
};

/* Who has to hear of what was committed, by a look at an index; *n is 0 where this process has not entered. Keeps
   h->host.several, and h->host.here: is this home's number still used here, and not by a copy of its folder? */
int host_senders(struct home *h, struct arena *a, struct host_sender **out, size_t *n, struct err *e) MUST_USE;
/* ERR_REFUSED: the number is in use at another place. */
int host_refuse(const struct home *h, struct err *e);
/* Of those who were asked, how many live still, by what is so now, and have not flushed HOST_FLUSHES times since. */
size_t host_silent(const struct host_sender *asked, size_t n_asked, const struct host_sender *now, size_t n_now);
/* Forbids a sender to flush, unless it has done so meanwhile. Does not wait for one that is in the middle of it. */
int host_fence(struct home *h, const struct host_sender *s, struct err *e) MUST_USE;

/*
 * For whoever may wait, such as a command: after a commit, until no sender of another host starts anything that does not
 * know of it. At most HOST_PATIENCE.
 */
int host_await(struct home *h, struct err *e) MUST_USE;

/* Makes a home at `path` on the database of another host, with a copy of its configuration and keys from `from`.
   ERR_REFUSED where the database is SQLite, or where there is a home. */
int host_join(const char *path, const char *from, struct err *e) MUST_USE;

struct host_known {
	const char *id;
	int64_t since, senders; /* senders: that have neither ended nor been fenced */
	bool own;
};
int host_list(struct home *h, struct arena *a, struct host_known **out, size_t *n, struct err *e) MUST_USE;
/* Takes a host off that is gone for good; eight digits of its number are enough. ERR_MISSING; ERR_REFUSED while a sender
   of it has not ended. */
int host_remove(struct home *h, const char *begin, struct err *e) MUST_USE;

#endif
