/* Messages of people drawn at random, for a reviewer to read (policy.md: the longest and twenty random renderings). */
#ifndef PLACET_CONTENT_SAMPLE_H
#define PLACET_CONTENT_SAMPLE_H

#include "store/content.h"

#define SAMPLE_MOST 1000

/*
 * Calls `each` with the message of each of `n` people (at most SAMPLE_MOST; fewer, if the selection has fewer) whom this
 * seed draws from the selection, as content_preview makes them; a value that is refused makes it an error. The draw is a
 * function of seed and addresses alone, as that of arms is (doc/SELECTION.md). `each` returns 0 to go on.
 */
int content_sample(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, int64_t seed, size_t n,
		   int (*each)(void *ctx, size_t number, const struct buf *message), void *ctx, struct err *e) MUST_USE;

#endif
