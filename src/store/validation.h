/*
 * Validation: a list's addresses are looked at by a person before they are
 * mailed. A sign-off decides every flagged address and an unpredictable
 * sample of the others, one by one (policy rule validated).
 */
#ifndef PLACET_VALIDATION_H
#define PLACET_VALIDATION_H

#include "store/list.h"

/* The smallest sample size n with P(at most `allowed` bad among n | D bad of N) <= 0.05, D = ceil(0.02 N);
   N where no such n is smaller. */
int64_t sample_size(int64_t population, int64_t allowed);

struct signoff {
	int64_t id;         /* 0: none is open, and nobody waits for one */
	int64_t population; /* unflagged */
	int64_t flagged, flagged_left;
	int64_t planned;    /* size of the sample as the plan is now */
	int64_t decided;    /* of the sample */
	int64_t failures;   /* rejected in the sample */
	int64_t allowed;
	int64_t seed;
	int64_t waiting;    /* members without a standing validation who are in no open sign-off */
};

/* The open sign-off of a list; opens one if members wait and none is open (drawing its sample), in a
   transaction of its own. */
int validation_open(struct home *h, const struct list *l, int64_t by, struct signoff *out, struct err *e) MUST_USE;
/* The same without opening one: id 0 when there is none. */
int validation_state(struct home *h, int64_t list, struct signoff *out, struct err *e) MUST_USE;

struct candidate {
	const char *address, *flags, *fields;
};
/* What waits for a decision: flagged ones, or the undecided rest of the sample in its order. */
int validation_each(struct home *h, const struct signoff *s, bool flagged,
		    int (*each)(void *ctx, const struct candidate *c), void *ctx, struct err *e) MUST_USE;
/* Records one decision, in the caller's transaction. ERR_INPUT when the address is not asked for in this
   sign-off, or a flagged one has no reason. A rejection in the sample may grow it: see validation_grow. */
int validation_decide(struct home *h, const struct signoff *s, const struct address *addr, bool accept,
		      const char *reason, int64_t by, struct err *e) MUST_USE;
/* Grows the sample to the plan that allows the failures so far; after the third, to all. In the caller's
   transaction; call it after decisions. */
int validation_grow(struct home *h, int64_t list, struct signoff *s, struct err *e) MUST_USE;
/* Signs off: ERR_REFUSED names what is undecided. `how`: how the addresses are known to be in use. */
int validation_sign(struct home *h, const struct list *l, struct signoff *s, int64_t by, const char *how,
		    struct err *e) MUST_USE;
/* Takes an address that is about to be erased out of open sign-offs, where nobody has decided it yet: the last of the
   drawn order takes its place, so that the sample stays one. In the caller's transaction. */
int validation_forget(struct home *h, int64_t address, struct err *e) MUST_USE;

#endif
