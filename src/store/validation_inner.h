/* What the files of validation share: validation*.c are one module, and nobody else includes this. */
#ifndef PLACET_VALIDATION_INNER_H
#define PLACET_VALIDATION_INNER_H

#include "store/validation.h"

#define MONTH (30 * DAY + 12 * HOUR)

/* One decides or signs at a time; in a transaction. ERR_REFUSED when it was signed meanwhile. */
int signoff_lock(struct home *h, const struct signoff *s, struct err *e) MUST_USE;
/* Opens a sign-off for those who wait, if anybody does. In the caller's transaction. */
int signoff_draw(struct home *h, const struct list *l, int64_t by, struct arena *a, struct err *e) MUST_USE;

#endif
