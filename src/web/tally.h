/* Answers of a site, counted by its pages and by the class of their status. Belongs to the loop that serves it. */
#ifndef PLACET_WEB_TALLY_H
#define PLACET_WEB_TALLY_H

#include "web/router.h"

#define TALLY_ROUTES 64

struct web_tally {
	/* By the row of the site's routes; the last one is what no page answered: unknown addresses, refused requests. By
	   status / 100. */
	uint64_t n[TALLY_ROUTES + 1][6];
};

/* `route` NULL: none. */
static inline void tally_add(struct web_tally *t, const struct route *routes, const struct route *route, int status)
{
	size_t row = route ? (size_t)(route - routes) : TALLY_ROUTES, class = (size_t)status / 100;

	MUST(row <= TALLY_ROUTES);
	t->n[row][class < 6 ? class : 0]++;
}

#endif
