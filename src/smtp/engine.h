/*
 * The inside of the delivery engine, shared by the deliver*.c files alone.
 * Two threads: the loop speaks with relays, the clerk with the database, and
 * they share nothing that changes. The loop hands an order over and gets it
 * back with the clerk's answers in it (struct flush), one at a time. The clerk
 * has a thread too, for mailings that are taken in (struct taking).
 *
 *   deliver.c          begins and ends it
 *   deliver_flush.c    the loop's part of a flush: what it orders, and what it does with the answer
 *   deliver_clerk.c    the clerk's part: one transaction for outcomes, steps and claims
 *   deliver_taker.c    the clerk's help: takes mailings in, beside the flushes
 *   deliver_lane.c     between the loop and the relays
 *   deliver_share.c    an identity's relays, and how they share its mail
 *   deliver_relays.c   the clerk's part of that: what relays there are
 *   deliver_pace.c     both parts of pace: the moment of each claim, and waiting for it
 *   deliver_notice.c   does for system mail what the others do for mailings
 *   deliver_optout.c   hears who leaves meanwhile
 *   deliver_outcome.c  keeps what became of whom until the next order
 */
#ifndef PLACET_ENGINE_H
#define PLACET_ENGINE_H

#include "base/loop.h"
#include "base/worker.h"
#include "smtp/campaign.h"
#include "smtp/deliver.h"
#include "smtp/journal.h"
#include "smtp/pool.h"
#include "store/breaker.h"
#include "store/notice.h"
#include "store/optout.h"
#include "store/relay.h"
#include "store/pace.h"

#define ENGINE_READY_LEAST 100       /* claimed and not started, for each mailing: at the start */
#define ENGINE_READY_SEVERAL 4       /* the same among several hosts, however slow the relay is */
#define ENGINE_READY_MOST 5000
#define ENGINE_NOTICES_MOST 100      /* the same of system mail */
#define ENGINE_SHARE_LEAST 16        /* claimed at a time of what is left of a mailing, however many senders share it */
#define ENGINE_MESSAGE_MAX (256 * 1024)

/* --- what the loop and the clerk hand each other ----------------------------------------------- */

/* Outcomes of some time, with their texts, and what they count for the breakers of their mailings. */
struct outcomes {
	struct arena *texts;
	struct outcome *o;
	size_t n, room;
	struct breaker_tally *tally;
	size_t n_tallies;
	struct outcomes *next;
};

/* An identity in its part as sender of system mail, with what waits for it. */
struct office {
	struct arena *a;
	struct identity identity;
	struct dkim_signer signer[2];
	size_t n_signers;
	struct note *first, *last;
	size_t in_flight;
	struct office *next;
};

/* What the loop wants for one mailing that it has. */
struct wish {
	int64_t mailing, identity;
	int64_t more;  /* deliveries to be claimed, at most */
	int64_t senders; /* that what is left is shared with, this one among them */
	bool idle;     /* nothing of it waits or is in flight: it may be done */
	/* the answer */
	bool sending;  /* it may be sent now */
	bool soon;     /* nothing was claimed; but something is due within seconds, which is worth waiting for */
	struct arena *a; /* holds what follows; NULL: nothing was claimed. It is the loop's from then on. */
	struct delivery *d;
	size_t n;
};

/* A mailing that is to be paused. */
struct halt {
	int64_t mailing;
	const char *why;
};

/* A relay of an identity, as the database and the files of the home have it. */
struct relay_plan {
	int64_t identity, id;
	const char *url;
	struct relay relay;
	const char *stamp; /* the same as long as a connection would be made in the same way */
	const char *why;   /* it cannot be set up; else NULL */
	int64_t weight, connections, per_second; /* as in struct identity_relay */
};

/* All of them. */
struct relay_plans {
	struct arena *a;
	struct relay_plan *p;
	size_t n;
};

struct flush {
	struct arena *a;
	/* The order. */
	bool journal_only;         /* nothing is asked but that what the journal has lasts; all else is 0 */
	struct outcomes *outcomes; /* the clerk keeps them until they are written */
	struct wish *wishes;
	size_t n_wishes;
	struct halt *halts;
	size_t n_halts;
	const int64_t *offices;    /* identities whose office the loop has */
	size_t n_offices;
	int64_t notices_more;      /* system mail to be claimed, at most */
	uint64_t standing;         /* the counter of changes of standing, before anything was asked */
	bool stopping;             /* claim nothing */
	struct sender_figures figures;
	struct relay_health *health; /* without the sender */
	size_t n_health;
	/* The answer. */
	struct err failure;        /* ERR_NONE: all was committed. ERR_AGAIN: the database is away; nothing is lost. */
	int64_t began;             /* ticks, before anything was asked of the database */
	bool unwritten;            /* outcomes wait in the clerk */
	bool look_again;           /* something was begun that the next flush goes on with */
	bool taking_in;            /* a mailing is being taken in: there is work, though none of it is here yet */
	struct campaign *taken_in; /* mailings that the loop does not have, ready to be sent */
	struct arena *notices;     /* holds what follows; NULL: none were claimed */
	struct notice *notice;
	size_t n_notices;
	bool notices_drained;      /* nothing was due */
	struct office *new_offices;
	struct relay_plans *plans; /* they have changed; NULL: they are as before */
	int64_t senders;           /* that live; 0: nobody looked */
	struct opt_out_place followed; /* what the claims have seen of the journal of opt-outs */
	bool several;              /* other hosts have senders too (store/host.h): the loop holds a lease */
	bool fenced;               /* this sender was silent for too long, and nothing of this flush was committed */
	const uint8_t (*left)[KEY_HASH_SIZE]; /* who left, on any host, since the last flush; only where there are several */
	size_t n_left;
};

struct clerk;

/* Opens a home of its own, beside the loop's, and a sender's row for the journal. NULL with `e` filled. */
struct clerk *clerk_new(const char *home, const struct deliver_options *o, const struct journal *j, struct err *e) MUST_USE;
void clerk_free(struct clerk *k);
/* Answers an order: in the clerk's thread, or in the loop's when there is no other. */
void clerk_flush(struct clerk *k, struct flush *f);
/* The last one: outcomes are written, all else that this sender claimed is given back, its row is ended, and so are mailings
   of which nothing is left. 1: another host has taken it over, and its journal has to settle it; -1. */
int clerk_end(struct clerk *k, struct err *e) MUST_USE;
/* Its home, once its thread is over. */
struct home *clerk_home(struct clerk *k);

/* deliver_taker.c: one mailing after the other. `home` is kept as it is. */
struct taking {
	int64_t mailing;
	struct campaign *campaign; /* NULL: `failure` says why */
	struct err failure;
};
struct taker *taker_new(const char *home, enum dkim_use dkim, struct err *e) MUST_USE;
void taker_free(struct taker *t); /* waits for what is under way; NULL is fine */
bool taker_is_busy(const struct taker *t);
void taker_begin(struct taker *t, int64_t mailing);
/* What has come to its end, within `wait` microseconds; the campaign is the caller's. To be called with each look at the
   mailings that are wanted: one that was not wanted at any of them since it was begun is dropped. */
bool taker_end(struct taker *t, int64_t wait, const int64_t *wanted, size_t n, struct taking *out);

/* deliver_relays.c: what the clerk knows of relays. */
struct relay_watch {
	struct relay_version version;
	bool known;
	int64_t looked_at; /* ticks */
};
/* After the commit: puts all relays into the answer if any has changed, and the number of senders that live. */
int relays_look(struct home *h, struct relay_watch *w, struct flush *f, struct err *e) MUST_USE;
void relay_plans_free(struct relay_plans *x); /* NULL is fine */

/* --- the loop's ---------------------------------------------------------------------------------- */

/* A message in the hands of the pool. */
struct slot {
	struct work *work;     /* one of these two */
	struct note *note;
	struct buf message;
	char from[320];
	int place;             /* in the journal */
	bool dotted;           /* its dot is noted there */
	struct slot *next;     /* of the free ones */
	struct slot *before, *after; /* of the busy ones */
};

/* A relay of a lane, with its connections. */
struct outlet {
	struct lane *lane;
	int64_t id;             /* of its row */
	char *url, *stamp;
	struct smtp_pool *pool; /* NULL: it could not be set up */
	char *why;              /* then: why not */
	int64_t since;          /* ticks; then: since when */
	int64_t weight, connections, per_second;
	int64_t accepted, faults; /* by pools that it had before */
	struct smtp_health told_health; /* as it was told last */
	bool told;
	struct outlet *next;
};

/* An identity with its relays. */
struct lane {
	struct engine *engine;
	int64_t identity;
	struct outlet *outlets;
	struct lane *next;
};

/* System mail that is claimed. Those of one claim share an arena, as deliveries do. */
struct note {
	const struct notice *n;
	struct batch *batch;
	struct office *office;
	struct note *next;
};

/* Places in the journal, to be settled once their outcomes are in the database. */
struct places {
	int *p;
	size_t n, room;
};

struct engine {
	struct home *h;
	const struct deliver_options *o;
	struct loop *loop;
	struct loop_timer *tick;
	struct loop_timer *hold;   /* for the first of those whose moment is still to come */
	struct journal *journal;
	struct clerk *clerk;   /* the worker's, while that is busy */
	struct worker *worker;
	struct flush *last;    /* the order that is under way */
	struct leavers *leavers;
	int64_t failing_since; /* ticks of the first of several flushes that failed; 0: the last one did not */
	int64_t flushed_at;    /* ticks: when the last order was handed over */
	int64_t ordered_at;    /* ticks: when the last one that was not for the journal alone was */
	int64_t no_room_told;  /* ticks: when it was last said that the journal has no room */
	uint64_t standing_count;
	int connections;
	struct lane *lanes;
	struct outlet *leaving; /* relays that were removed or changed, until what they have is done */
	struct relay_plans *plans;
	int64_t senders;       /* that share a relay's pace */
	int64_t told_at;       /* ticks: when all of the relays' health was told */
	struct campaign *campaigns, *turn; /* turn: whose message is next */
	struct office *offices;
	size_t notices_waiting;
	bool notices_drained;  /* nothing was due at the last look */
	struct slot *free, *busy;
	struct outcomes *outcomes; /* those of the next order */
	struct places noted, handed; /* in the journal: of those outcomes, and of those that the clerk has */
	struct halt *halts;    /* for the next order; texts are allocated */
	size_t n_halts;
	bool unwritten;        /* the clerk has outcomes that are not written */
	bool taking_in;        /* the clerk is about to hand over a mailing */
	struct arena *render;
	struct buf body;
	struct deliver_result result;
	struct err failure;    /* what ended the engine */
	bool stopping, idle, tick_soon;
	bool several;          /* hosts */
	bool fenced;           /* nothing is started or written any more: the journal has to settle it */
	bool apart;            /* ... and what was in flight has come home */
	int64_t fenced_at;     /* ticks */
	int64_t lease;         /* ticks: nothing is started from then on, before the next flush; several hosts only */
};

/* deliver_outcome.c */

void places_move(struct places *to, struct places *from);
void places_free(struct places *x);
struct outcomes *outcomes_new(void);
void outcomes_free(struct outcomes *x); /* and those that follow it */
/* Ends the engine; the first failure counts. */
void engine_fail(struct engine *g, const struct err *e);
/* Remembers an outcome until the next order; its texts are copied. `place`: in the journal, or -1. */
void engine_outcome(struct engine *g, const struct outcome *o, int place);
/* Counts the end of an attempt for what pauses a mailing by itself. */
void engine_count(struct engine *g, int64_t mailing, const struct breaker_counts *n);
/* A person who is not written to after all. */
void engine_skip(struct engine *g, struct work *w, const char *why);
/* Not started, due again at `due`; no attempt of the recipient's. */
void engine_give_back(struct engine *g, struct work *w, int64_t due);
void engine_give_back_all(struct engine *g, struct campaign *c, int64_t due);
/* Stops a mailing until a person looks at it. */
void engine_pause(struct engine *g, struct campaign *c, const char *why);

/* deliver_notice.c: system mail goes before mailings, and hears of no opt-outs (policy.md, `opt-out`). */

/* The clerk's: the offices of claimed system mail that the loop does not have. */
int offices_load(struct home *h, bool sign, struct flush *f, struct err *e) MUST_USE;
/* What the clerk claimed: into the queues of its identities, or away with what cannot be sent. */
void notices_take_in(struct engine *g, struct flush *f);
/* The next one of this lane, rendered and signed into `s`; false when there is none. */
bool notices_next(struct engine *g, const struct lane *lane, struct slot *s);
void notices_done(struct engine *g, struct slot *s, const struct smtp_outcome *o, const struct outlet *m);
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
/* Marks who left on other hosts, among those who wait here: claims have seen them. */
void leavers_mark(struct engine *g, const uint8_t (*hash)[KEY_HASH_SIZE], size_t n);
/* An address is no more: what else waits here for that person is judged anew, by a claim of its own. Nothing else is: to give
   all back for each such end, of which there are some in each flush, would cost more than the mailing. */
void leavers_bounced(struct engine *g, const uint8_t key_hash[KEY_HASH_SIZE]);
/* Has the person of this delivery left, and the claim could not see it? */
bool leavers_has(const struct leavers *l, const struct delivery *d);
/* Claims see from now on what stands up to here (opt_out_followed): no need to keep it. */
void leavers_forget(struct leavers *l, const struct opt_out_place *followed);

/* deliver_lane.c */

/* What pools ask and say; their context is a struct outlet. */
extern const struct smtp_ops LANE_OPS;
void slots_free(struct engine *g);
void slot_outcome(struct engine *g, struct slot *s, const struct outcome *o);

/* deliver_share.c */

/* The lane of an identity, made if need be; NULL with `e` filled when none of its relays can be set up. */
struct lane *lane_for(struct engine *g, int64_t identity, struct err *e) MUST_USE;
/* There may be something to send, by one lane, by all. The latter lets go of relays that are done with, too. */
void lane_wake(struct lane *lane);
void lanes_wake(struct engine *g);
/* The clerk's answer about relays and senders: before what it claimed is taken in. */
void lanes_hear(struct engine *g, struct flush *f);
/* How relays are, into an order. */
void lanes_tell(struct engine *g, struct flush *f);
/* Can any relay be used, or tried? */
bool lane_is_usable(const struct lane *lane);
/* Any but this one? */
bool lane_has_other(const struct outlet *m);
/* For LANE_OPS. */
void lane_fault(void *ctx, const struct smtp_outcome *o, int64_t wait);
void lane_back(void *ctx);
/* What is still in flight ends as lost here: before its dot as not started, after it as uncertain. */
void lanes_free(struct engine *g);
/* deliver_pace.c */

/* The clerk's: claims what a mailing's pace allows, and gives each its moment. `stamp` makes the name of a claim. */
int pace_claim(struct home *h, struct pacer *p, int64_t sender, struct wish *w, const struct fatigue *f,
	       int64_t (*stamp)(void *ctx), void *ctx, struct err *e) MUST_USE;
/* The clerk's: system mail that was claimed counts. */
int pace_count_notices(struct home *h, struct pacer *p, const struct flush *f, struct err *e) MUST_USE;
/* The loop's: lets those go whose moment has come, and waits for the next one. */
void engine_release(struct engine *g);

/* deliver_flush.c */

/* The steady beat: hands an order over when one is due, and says when it wants to be called again. */
void engine_beat(struct engine *g);
/* A flush before the next one is due. */
void engine_want_flush(struct engine *g);
/* The clerk's answer. */
void engine_answer(struct engine *g, struct flush *f);
/* Makes the order of this moment, which takes the outcomes and halts. */
struct flush *engine_order(struct engine *g);
void flush_free(struct flush *f);

#endif
