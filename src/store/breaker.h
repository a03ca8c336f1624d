/*
 * Circuit breakers: the facts that they judge (policy/breaker.h), and what they
 * do. A mailing is paused, or its identity held, by the program itself, in the
 * transaction that wrote down what tripped them; state, audit ledger and log say
 * why, with figures, limit and mend.
 */
#ifndef PLACET_STORE_BREAKER_H
#define PLACET_STORE_BREAKER_H

#include "policy/breaker.h"
#include "store/identity.h"

/* What a sender saw of one mailing since it last told. */
struct breaker_tally {
	int64_t mailing;
	struct breaker_counts n; /* slowed_since is not looked at */
};

/* Adds what a sender saw and judges what all of them saw; in the transaction that writes the outcomes. 1: something was
   stopped, so that home_standing_changed() is due after the commit; 0, -1. */
int breaker_count(struct home *h, int64_t sender, const struct breaker_tally *t, size_t n, struct err *e) MUST_USE;
/* Counts begin anew: part of the step by which a mailing starts or goes on. */
int breaker_reset(struct home *h, int64_t mailing, struct err *e) MUST_USE;
/* Forgets what tripped under an identity: part of its release. */
int breaker_forget(struct home *h, const struct identity *x, struct err *e) MUST_USE;
/* Pauses the mailing as the program itself, and notes what tripped; `code` "" where there is none. In the caller's
   transaction. 1, 0 it is not being sent or scheduled, -1. */
int breaker_pause(struct home *h, int64_t mailing, const char *what, const char *code, const char *why, struct err *e) MUST_USE;
/* Holds the identity likewise. 1, 0 it is held already, -1. */
int breaker_hold(struct home *h, const struct identity *x, const char *why, struct err *e) MUST_USE;
/* Counts of a mailing, of all senders together; `code` in the arena. */
int breaker_counts(struct home *h, struct arena *a, int64_t mailing, struct breaker_counts *out, struct err *e) MUST_USE;

#endif
