/*
 * What stops mailings as a whole: stop-all, and the hold of an identity, under
 * which none of its mailings is started, resumed or sent. System mail goes on:
 * it answers people who asked for something, and who wants to leave must hear
 * that it worked.
 */
#ifndef PLACET_STOP_H
#define PLACET_STOP_H

#include "store/identity.h"

/* A mailing that was paused; texts in the arena. */
struct stopped {
	int64_t id;
	const char *project, *subject, *was; /* slug; the state before: sending, scheduled */
};

/* Pauses every mailing that is being sent or scheduled: of an identity, 0: of all. In the caller's transaction, after
   whose commit home_standing_changed() tells senders. ERR_REFUSED, ERR_AGAIN: somebody took a step of one of them in the
   same moment; do it again. */
int stop_mailings(struct home *h, struct arena *a, int64_t identity, int64_t by, const char *why, struct stopped **out,
		  size_t *n, struct err *e) MUST_USE;

/* Holds the identity and pauses its mailings, likewise; `by` 0: the program itself. One that is held keeps its first
   reason, and the ledger gets both. */
int stop_hold(struct home *h, struct arena *a, const struct identity *x, int64_t by, const char *why, struct stopped **out,
	      size_t *n, struct err *e) MUST_USE;
/* Ends the hold, in the caller's transaction; its mailings stay paused until each is resumed. ERR_REFUSED when none is. */
int stop_release(struct home *h, const struct identity *x, int64_t by, const char *why, struct err *e) MUST_USE;
/* Is the identity of this mailing held? 1 with `why` for people, 0, -1. */
int stop_is_held(struct home *h, struct arena *a, int64_t mailing, const char **why, struct err *e) MUST_USE;

#endif
