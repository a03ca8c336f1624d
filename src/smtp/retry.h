/*
 * What follows from the end of a delivery attempt (section 3.4 of
 * standards.md): its state, when it is tried again, and whether the address
 * is void. Pure.
 */
#ifndef PLACET_RETRY_H
#define PLACET_RETRY_H

#include "policy/breaker.h"
#include "smtp/pool.h"
#include "store/delivery.h"

/* `attempts` before this one; `first`: time of the first; `give_up`: when the mailing's window closes, 0 if
   it does not. Texts of the outcome point into `o` and `relay`. */
struct outcome retry_decide(const struct smtp_outcome *o, const struct delivery *d, int64_t now, int64_t give_up,
			    const char *relay);
/* The wait before attempt number `attempts` + 1: 5, 15, 30 min, 1, 2 h, then 4 h, plus up to an eighth. */
int64_t retry_wait(int64_t attempts, int64_t delivery);

/* What an end counts for the breakers; all zero: nothing. */
struct breaker_counts retry_counts(const struct smtp_outcome *o);

#endif
