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

/* Takes members whose mail came back, and whom nothing else speaks against, into the open sign-off as flagged items;
   opens one if there is none. An individual acceptance with a reason, signed off, lets them be mailed again. */
int validation_take_bounced(struct home *h, const struct list *l, int64_t by, struct signoff *out, int64_t *taken,
			    struct err *e) MUST_USE;

/* After so long without a bounce, mail that was accepted shows that an address is in use (policy). */
#define BOUNCE_COMES_WITHIN (14 * DAY)

/* One who waits, and the facts for who decides. Times are 0 where it never happened. */
struct candidate {
	const char *address, *flags, *fields;
	bool bounced;                        /* mail to it came back, and nobody accepted it since */
	int64_t bounced_at;                  /* the last time, whatever came of it */
	int64_t confirmed_at;                /* by the link of their own sign-up */
	int64_t mailed_at;                   /* accepted within the validity period, and no bounce came */
	const char *kind, *ref, *given_on;   /* of the consent that stands for the list's project; NULL: none does */
	int64_t consent_at;
};
/* What waits for a decision: flagged ones, or the undecided rest of the sample in its order. */
int validation_each(struct home *h, const struct signoff *s, bool flagged,
		    int (*each)(void *ctx, const struct candidate *c), void *ctx, struct err *e) MUST_USE;
/* What the undecided flagged ones are flagged as; n by the bit of enum address_flag. */
struct flag_counts {
	int64_t n[6], bounced;
};
int validation_count_flags(struct home *h, const struct signoff *s, struct flag_counts *out, struct err *e) MUST_USE;
/* Do these words (of member.flags) ask for a decision of its own? */
bool validation_needs_decision(const char *flags);
/* Records one decision, in the caller's transaction. ERR_INPUT when the address is not asked for in this
   sign-off, or a flagged one (or to accept a bounced one) has no reason. A rejection in the sample may grow it: see validation_grow. */
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

/* The last sign-off of a list, open or done; 0: none. */
int validation_last(struct home *h, int64_t list, int64_t *signoff, struct err *e) MUST_USE;

/* How the decisions of a sign-off came about: the reviewer sees it. */
struct pace {
	const char *by, *source; /* account; file, page */
	int64_t decisions;
	int64_t took;            /* from the first to the last, microseconds */
	int64_t moments;         /* different seconds in which they were taken: a file's come at one or two */
	int64_t after;           /* from the draw to the first, microseconds: how long anybody can have looked */
};
int validation_pace(struct home *h, struct arena *a, int64_t signoff, struct pace **out, size_t *n, struct err *e) MUST_USE;

/* "117 decisions by val@uni.example from a file, at 1 moment, the first 340 seconds after the draw". */
const char *pace_words(struct arena *a, const struct pace *p);
/* Were all decisions of this sign-off taken by this account? */
int validation_all_by(struct home *h, int64_t signoff, int64_t account, bool *out, struct err *e) MUST_USE;

/* A sign-off that was signed: what the reviewer of a mailing sees. */
struct signed_off {
	int64_t id, at, population, sample, flagged, failures, rejected; /* rejected: of all, failures included */
	int64_t seed;
	const char *by, *how;
	struct pace *pace;
	size_t n_pace;
};
#define SIGNED_MAX 10
/* Those of a list that were signed until `before`, the newest first, SIGNED_MAX at most. */
int validation_signed(struct home *h, struct arena *a, int64_t list, int64_t before, struct signed_off **out, size_t *n,
		      struct err *e) MUST_USE;
/* One of them in a sentence without a full stop. */
const char *signed_words(struct arena *a, const struct signed_off *s);

/* Draws a sign-off's sample again from its seed. ERR_MISSING when the list has no such sign-off. */
struct drawn {
	int64_t seed, population, planned;
	bool as_drawn; /* it is the one that is recorded */
};
int validation_reproduce(struct home *h, int64_t list, int64_t signoff, struct drawn *out, struct err *e) MUST_USE;
/* The order that a seed gives to numbers of addresses: Fisher-Yates from the end, by rng_below. */
void validation_shuffle(int64_t *id, size_t n, uint64_t seed);

/*
 * An address whose evidence of consent cannot be shown voids the evidence of the import that claimed it (policy rule
 * opt-in): every consent of that import that still stands gets the entry `voided`. Where staff recorded it by hand, that
 * address's own consent alone does; a sign-up of their own never. In the caller's transaction; home_standing_changed
 * after it. `import` 0: no import claimed this evidence. No `entries`: there was none, or it is void already.
 */
struct voided {
	int64_t import, entries;
};
int evidence_void(struct home *h, const struct list *l, int64_t address, int64_t by, struct voided *out,
		  struct err *e) MUST_USE;

#endif
