/*
 * The audit ledger: append-only, each entry chained to the one before it by
 * its hash, in the transaction of the action that it records (AUD-1).
 */
#ifndef PLACET_AUDIT_H
#define PLACET_AUDIT_H

#include "store/home.h"

/* Adds an entry inside the caller's transaction. `by` 0: the system itself. `detail`: what was agreed to
   or changed, in words; never an address of a recipient (AUD-6). */
int audit_add(struct home *h, int64_t by, const char *action, const char *object, const char *detail,
	      struct err *e) MUST_USE;

struct audit_entry {
	int64_t seq, at;
	const char *actor, *os_user, *action, *object, *detail;
	struct slice hash;
};

/* Calls `each` for every entry from the oldest; it returns 0 to go on. */
int audit_each(struct home *h, int (*each)(void *ctx, const struct audit_entry *x), void *ctx, struct err *e) MUST_USE;
/* Recomputes the chain. 0: whole; 1: *broken is the first entry that does not fit; -1. */
int audit_verify(struct home *h, int64_t *entries, int64_t *broken, struct err *e) MUST_USE;

#endif
