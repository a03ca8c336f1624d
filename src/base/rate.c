/* Rates by difference: see rate.h. */
#include "base/rate.h"

void rate_add(struct rate *r, int64_t at, int64_t count)
{
	r->reading[r->next].at = at;
	r->reading[r->next].count = count;
	r->next = (r->next + 1) % RATE_READINGS;
	if (r->n < RATE_READINGS)
		r->n++;
}

/* Place in the ring of the reading `back` before the last one. */
static size_t before_last(const struct rate *r, size_t back)
{
	return (r->next + RATE_READINGS - 1 - back) % RATE_READINGS;
}

double rate_over(const struct rate *r, int64_t over)
{
	size_t last, back = 1;
	int64_t time, grown;

	if (r->n < 2)
		return -1;
	last = before_last(r, 0);
	while (back + 1 < r->n && r->reading[last].at - r->reading[before_last(r, back)].at < over)
		back++;
	time = r->reading[last].at - r->reading[before_last(r, back)].at;
	grown = r->reading[last].count - r->reading[before_last(r, back)].count;
	if (time <= 0)
		return -1;
	return grown > 0 ? (double)grown * 1e6 / (double)time : 0;
}
