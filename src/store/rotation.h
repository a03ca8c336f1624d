/*
 * Rotation of DKIM keys (DKIM-8). A pair is made as `next` and published; once both records were seen for KEYS_SEEN_FOR
 * it signs, and the pair before it is `old`: published for KEYS_OLD_FOR, for messages that are under way; then `withdrawn`,
 * published with an empty p= for KEYS_WITHDRAWN_FOR; then gone. Every step writes to the audit ledger.
 */
#ifndef PLACET_ROTATION_H
#define PLACET_ROTATION_H

#include "store/facts.h"

#define KEYS_SEEN_FOR (48 * HOUR) /* or twice the records' TTL, if that is longer: no cache says any more that there is none */
#define KEYS_OLD_FOR (14 * DAY)
#define KEYS_WITHDRAWN_FOR (30 * DAY)

/* Makes the next pair. ERR_REFUSED when there is one, or the relay signs. */
int rotation_begin(struct home *h, struct arena *a, int64_t by, const struct identity *x, struct err *e) MUST_USE;
/* On suspicion: the next pair, made if need be, signs from now on, and the current one is withdrawn. Mailings that are
   being sent are paused, since the new records have to be published first; *paused: how many. */
int rotation_at_once(struct home *h, struct arena *a, int64_t by, const struct identity *x, int64_t *paused,
		     struct err *e) MUST_USE;
/* Takes the steps that are due, after a look at the keys. *moved: how many keys. */
int rotation_advance(struct home *h, struct arena *a, const struct identity *x, const struct keys_seen *seen, int64_t *moved,
		     struct err *e) MUST_USE;
/* One look and its steps, for every identity. */
int rotation_advance_all(struct home *h, struct arena *a, int64_t *moved, struct err *e) MUST_USE;

#endif
