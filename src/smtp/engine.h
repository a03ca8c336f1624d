/*
 * The inside of the delivery engine, shared by the deliver*.c files alone:
 * deliver.c begins and ends it, deliver_flush.c speaks with the database,
 * deliver_lane.c with the relays, deliver_outcome.c keeps what became of whom.
 * deliver_notice.c does for system mail what those do for mailings.
 * deliver_lane.c with the relays, deliver_optout.c hears who leaves meanwhile,
 * deliver_outcome.c keeps what became of whom.
 */
#ifndef PLACET_ENGINE_H
#define PLACET_ENGINE_H

#include "base/loop.h"
#include "smtp/campaign.h"
#include "smtp/deliver.h"
#include "smtp/journal.h"
#include "smtp/pool.h"
#include "store/notice.h"
#include "store/optout.h"

#define ENGINE_READY_MOST 2000       /* claimed and not started, for each mailing */
#define ENGINE_NOTICES_MOST 100      /* the same of system mail */
#define ENGINE_MESSAGE_MAX (256 * 1024)

/* A message in the hands of the pool. */
struct slot {
	struct work *work;     /* one of these two */
	struct note *note;
	struct buf message;
	char from[320];
	bool dotted;
	struct slot *next;     /* of the free ones */
	struct slot *before, *after; /* of the busy ones */
};

/* An identity's relay with its connections. */
struct lane {
	struct engine *engine;
	int64_t identity;
	char *relay;           /* its URL, for the log */
	struct smtp_pool *pool;
	struct lane *next;
	bool faulty;           /* since the last claim */
};

/* System mail that is claimed. Those of one claim share an arena, as deliveries do. */
struct note {
	const struct notice *n;
	struct batch *batch;
	struct office *office;
	struct note *next;
};

/* An identity in its part as sender of system mail, with what waits for it. */
struct office {
	struct arena *a;
	struct identity identity;
	struct dkim_signer signer[2];
	size_t n_signers;
	struct relay relay;
	struct note *first, *last;
	size_t in_flight;
	struct office *next;
};

struct engine {
	struct home *h;
	const struct deliver_options *o;
	struct loop *loop;
	struct loop_timer *tick;
	struct journal *journal;
	int64_t sender, last_claim;
	struct leavers *leavers;
	int64_t lost_claims;   /* claims of this stamp and later were not committed, or nobody knows; 0: none */
	int64_t failing_since; /* ticks of the first of several flushes that failed; 0: the last one did not */
	int64_t held_told;   /* clock_ticks: when it was last said that a window does not open */
	uint64_t standing_count;
	int connections;
	struct lane *lanes;
	struct campaign *campaigns, *turn; /* turn: whose message is next */
	struct office *offices;
	size_t notices_waiting;
	bool notices_drained;  /* nothing was due at the last look */
	struct slot *free, *busy;
	struct outcome *outcomes;
	size_t n_outcomes, room_outcomes;
	struct arena *texts;   /* of outcomes not yet written */
	struct arena *render;
	struct buf body;
	struct deliver_result result;
	struct err failure;    /* what ended the engine */
	bool stopping, idle, tick_soon;
};

/* deliver_outcome.c */

/* Ends the engine; the first failure counts. */
void engine_fail(struct engine *g, const struct err *e);
/* Remembers an outcome until the next flush; its texts are copied. */
void engine_outcome(struct engine *g, const struct outcome *o);
/* A person who is not written to after all. */
void engine_skip(struct engine *g, struct work *w, const char *why);
/* Not started, due again at `due`; no attempt of the recipient's. */
void engine_give_back(struct engine *g, struct work *w, int64_t due);
void engine_give_back_all(struct engine *g, struct campaign *c, int64_t due);
/* Stops a mailing until a person looks at it. Outside of a transaction. */
void engine_pause(struct engine *g, struct campaign *c, const char *why);

/* deliver_notice.c: system mail goes before mailings, and hears of no opt-outs (policy.md, `opt-out`). */

/* In the flush's transaction: claims what is due. */
int notices_claim(struct engine *g, struct arena *a, int64_t at, struct notice **out, size_t *n, struct err *e) MUST_USE;
/* A claim that was committed: into the queues of its identities, or away with what cannot be sent. Takes `a`. */
void notices_take_in(struct engine *g, struct arena *a, const struct notice *x, size_t n);
/* The next one of this lane, rendered and signed into `s`; false when there is none. */
bool notices_next(struct engine *g, const struct lane *lane, struct slot *s);
void notices_done(struct engine *g, struct slot *s, const struct smtp_outcome *o);
/* Gives back what waits for an identity (0: for any), due again at `due`. */
void notices_give_back(struct engine *g, int64_t identity, int64_t due);
bool notices_at_work(const struct engine *g);
/* Lets go of identities that have nothing to send: the next ones see them as they are then. */
void offices_drop_idle(struct engine *g);
void offices_free(struct engine *g);
/* deliver_optout.c */

/* Begins to listen: what the database has not heard of yet is heard at the first look. */
struct leavers *leavers_new(struct home *h, struct err *e) MUST_USE;
void leavers_free(struct leavers *l); /* NULL is fine */
/* Marks who left since the last look, among those who wait here, and keeps them for those claimed later. Costs
   nothing when nobody did. After -1 nothing may start: nobody can say who left. */
int leavers_hear(struct engine *g, struct err *e) MUST_USE;
/* Has the person of this delivery left, and the claim could not see it? */
bool leavers_has(const struct leavers *l, const struct delivery *d);
/* Claims see from now on what stands up to here (opt_out_followed): no need to keep it. */
void leavers_forget(struct leavers *l, const struct opt_out_place *followed);

/* deliver_lane.c */

/* The lane of an identity and its relay, made if need be; NULL with `e` filled. */
struct lane *lane_for(struct engine *g, int64_t identity, const struct relay *r, struct err *e) MUST_USE;
/* What is still in flight ends as lost here: before its dot as not started, after it as uncertain. */
void lanes_free(struct engine *g);
void slots_free(struct engine *g);

/* deliver_flush.c */

/* Journal to the disk, outcomes and claims into the database, both together. ERR_AGAIN: the database cannot
   be had now; nothing is lost, and the next flush does it. */
int engine_flush(struct engine *g, struct err *e) MUST_USE;
/* A flush before the next one is due. */
void engine_want_flush(struct engine *g);
/* Lets go of mailings that ended or stand still, once nothing of theirs is in flight. */
void engine_drop_halted(struct engine *g);

#endif
