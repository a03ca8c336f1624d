/*
 * How fast a count grows, by difference: readings of the last minute or so, and the rate between two of them.
 */
#ifndef PLACET_RATE_H
#define PLACET_RATE_H

#include "base/base.h"

#define RATE_READINGS 64

struct rate {
	struct {
		int64_t at, count;
	} reading[RATE_READINGS]; /* a ring */
	size_t n, next;
};

/* Adds a reading; `at` in clock_ticks(), never before the last one. Zeroed memory is an empty rate. */
void rate_add(struct rate *r, int64_t at, int64_t count);
/* In a second, over about the last `over` microseconds: from the youngest reading that is at least so old, or the oldest
   there is, to the last one. -1 while there is nothing to compare; 0 for a count that went down. */
double rate_over(const struct rate *r, int64_t over);

#endif
