/*
 * The figures of one installation as one text for Prometheus, read from one state of the database. No label holds an
 * address or a name of a person, and there are so many series at most, whatever the data are.
 */
#ifndef PLACET_WEB_METRICS_GATHER_H
#define PLACET_WEB_METRICS_GATHER_H

#include "base/buf.h"
#include "store/home.h"
#include "web/tally.h"

/* What is told of each kind, at most. */
#define METRICS_MAILINGS 50
#define METRICS_RELAYS 200
#define METRICS_IDENTITIES 200
#define METRICS_STATES 8
#define METRICS_TEXT_MAX (1 << 20)

/* What is kept between two texts. Zeroed, but for the first three. */
struct gathering {
	struct home *home;          /* with its database open */
	const struct route *routes; /* of the tally */
	size_t n_routes;
	struct counted {            /* recipients of a mailing, as last counted */
		int64_t mailing;
		struct {
			char state[16];
			int64_t n;
		} by[METRICS_STATES];
		size_t n;
	} counted[METRICS_MAILINGS];
	size_t n_counted;
	int64_t counted_at, count_took; /* ticks */
	bool away;                  /* the database; that was logged */
};

/* Replaces what is in `out`. Without the database, what is known without it. */
void metrics_gather(struct gathering *g, const struct web_tally *tally, struct buf *out);

#endif
