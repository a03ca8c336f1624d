/*
 * Arms: the random allocation of a mailing's people to N groups of equal size.
 * It is a function of a recorded seed and the addresses alone, written down in
 * doc/SELECTION.md, so that anybody who has both can compute it again.
 */
#ifndef PLACET_ARMS_H
#define PLACET_ARMS_H

#include "store/mailing.h"

/* Deals arms to the mailable people just frozen, and tells the ledger; in the caller's transaction. Draws the
   seed unless the mailing has one from an earlier submission: submitting again throws no dice again. */
int arms_deal(struct home *h, struct mailing *m, int64_t by, struct err *e) MUST_USE;

struct arms_row {
	const char *address, *stratum; /* stratum: "" without one */
	int64_t arm;
	bool erased; /* the address is not known any more */
};
/* Everybody who was dealt an arm, in the order of the addresses' numbers. `each` returns 0 to go on. */
int arms_each(struct home *h, const struct mailing *m, int (*each)(void *ctx, const struct arms_row *r), void *ctx,
	      struct err *e) MUST_USE;

struct arms_state {
	int64_t people, erased, size[ARMS_MAX];
	int64_t strata;
	bool as_dealt; /* computed again from the seed, the arms are those recorded */
};
/* Deals again and compares. Of erased people the places are not known: gaps are allowed for as many. */
int arms_verify(struct home *h, const struct mailing *m, struct arms_state *out, struct err *e) MUST_USE;

#endif
