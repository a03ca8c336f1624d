/*
 * The wait of an answer until the senders of other hosts know what it says
 * (store/host.h). Nobody else waits with it: whoever has to be answered asks
 * again and again, and the database is looked at once for all of them. With
 * one host alone there is no wait, and nothing to do.
 *
 * Should the database not have heard of it within HOST_PATIENCE, the answer is
 * that it cannot be given now (ERR_AGAIN). What was written stays written, and
 * takes effect as soon as the database is there.
 */
#ifndef PLACET_WEB_ACKNOWLEDGE_H
#define PLACET_WEB_ACKNOWLEDGE_H

#include "store/host.h"

struct ack_round;

struct acknowledging {
	struct home *home;
	struct ack_round *first; /* from the newest */
	int64_t last;            /* number of the newest that there was */
	int64_t next_look;       /* ticks */
	int64_t asks_again;      /* ticks; the database is away, and is not asked before */
	bool hurry;              /* the server ends: waits are waited through */
};

void acknowledging_init(struct acknowledging *k, struct home *h);
void acknowledging_clear(struct acknowledging *k);
/* A round for what stands in the journal of opt-outs by now. Its number, or 0: nobody has to hear of it first. */
int64_t acknowledging_begin(struct acknowledging *k);
/* How a round stands: 0 all know, 1 not yet, and *until says when to ask again (clock_ticks()), -1. */
int acknowledging_state(struct acknowledging *k, int64_t round, int64_t *until, struct err *e) MUST_USE;

#endif
