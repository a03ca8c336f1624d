/*
 * The delivery engine: see deliver.h. The pool pulls: lane_next is asked in
 * the moment in which MAIL FROM is to be written, looks at the opt-outs, and
 * renders. Outcomes gather in memory (and in the journal) and are written by
 * flush(), in one transaction with the next claims, at most every 50 ms.
 */
#include "smtp/deliver.h"

#include "base/log.h"
#include "base/loop.h"
#include "smtp/campaign.h"
#include "smtp/journal.h"
#include "smtp/pool.h"
#include "smtp/retry.h"

#include <stdatomic.h>
#include <unistd.h>

#define FLUSH_EVERY (50 * 1000)
#define LOOK_EVERY (250 * 1000)  /* for new work when there is none */
#define READY_MOST 2000          /* claimed and not started, for each mailing */
#define MESSAGE_MAX (256 * 1024)
#define COME_HOME (30 * SECOND)  /* for what is in flight when a signal ends the sender */

/* A message in the hands of the pool. */
struct slot {
	struct work *work;
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
	struct smtp_pool *pool;
	struct lane *next;
	bool faulty;           /* since the last claim */
};

struct engine {
	struct home *h;
	const struct deliver_options *o;
	struct loop *loop;
	struct loop_timer *tick;
	struct journal *journal;
	int64_t sender, opt_out_seq, last_claim;
	uint64_t opt_out_count;
	int connections;
	struct lane *lanes;
	struct campaign *campaigns, *turn; /* turn: whose message is next */
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

static void fail(struct engine *g, const struct err *e)
{
	if (g->failure.kind == ERR_NONE)
		g->failure = *e;
	loop_stop(g->loop);
}

/* --- slots ------------------------------------------------------------------------------------- */

static struct slot *slot_take(struct engine *g)
{
	struct slot *s = g->free;

	if (s)
		g->free = s->next;
	else {
		s = mem_alloc(sizeof(*s));
		buf_init(&s->message, MESSAGE_MAX);
	}
	s->dotted = false;
	s->before = NULL;
	s->after = g->busy;
	if (g->busy)
		g->busy->before = s;
	g->busy = s;
	return s;
}

static void slot_give(struct engine *g, struct slot *s)
{
	if (s->before)
		s->before->after = s->after;
	else
		g->busy = s->after;
	if (s->after)
		s->after->before = s->before;
	s->next = g->free;
	g->free = s;
}

/* --- outcomes ---------------------------------------------------------------------------------- */

static void count_outcome(struct deliver_result *r, const struct outcome *o)
{
	r->accepted += strcmp(o->state, "accepted") == 0;
	r->deferred += strcmp(o->state, "deferred") == 0;
	r->failed += strcmp(o->state, "failed") == 0;
	r->uncertain += strcmp(o->state, "uncertain") == 0;
	r->skipped += strcmp(o->state, "skipped") == 0;
}

static void add_outcome(struct engine *g, const struct outcome *o)
{
	struct outcome *copy;

	if (g->n_outcomes == g->room_outcomes) {
		g->room_outcomes = g->room_outcomes ? g->room_outcomes * 2 : 1024;
		g->outcomes = mem_grow(g->outcomes, g->room_outcomes * sizeof(*g->outcomes));
	}
	copy = &g->outcomes[g->n_outcomes++];
	*copy = *o;
	copy->relay = arena_text(g->texts, o->relay);
	copy->queue_id = arena_text(g->texts, o->queue_id);
	copy->reply = arena_text(g->texts, o->reply);
	count_outcome(&g->result, copy);
}

/* A person who is not written to after all. */
static void skip(struct engine *g, struct work *w, const char *why)
{
	struct outcome o = { .id = w->d.id, .claimed = w->d.claimed, .at = home_now(g->h), .state = "skipped",
			     .skipped = why, .relay = "", .queue_id = "", .reply = "" };

	add_outcome(g, &o);
	work_free(w);
}

static void give_back(struct engine *g, struct work *w, int64_t due)
{
	struct outcome o = { .id = w->d.id, .claimed = w->d.claimed, .at = home_now(g->h), .state = "queued", .due = due,
			     .skipped = "", .relay = "", .queue_id = "", .reply = "" };

	add_outcome(g, &o);
	work_free(w);
}

static void give_back_all(struct engine *g, struct campaign *c, int64_t due)
{
	struct work *w;

	while ((w = campaign_pop(c)))
		give_back(g, w, due);
}

/* Stops a mailing until a person looks at it. */
static void pause_mailing(struct engine *g, struct campaign *c, const char *why)
{
	struct err e = { 0 };

	if (c->halted)
		return;
	c->halted = true;
	give_back_all(g, c, 0);
	log_event(LOG_LEVEL_WARN, "mailing-paused", "why", why, NULL);
	if (db_begin(g->h->db, &e) == 0) {
		if (mailing_move(g->h, &c->mailing, "pause", 0, why, &e) == 0 && db_commit(g->h->db, &e) == 0)
			return;
		db_rollback(g->h->db);
	}
	if (e.kind != ERR_REFUSED)
		fail(g, &e);
}

/* --- opt-outs ---------------------------------------------------------------------------------- */

static void mark_opted_out(void *ctx, const uint8_t hash[KEY_HASH_SIZE])
{
	struct engine *g = ctx;

	for (struct campaign *c = g->campaigns; c; c = c->next)
		for (struct work *w = c->first; w; w = w->next)
			if (memcmp(w->d.key_hash, hash, KEY_HASH_SIZE) == 0)
				w->opted_out = true;
}

/* Who left since the last look. The counter is read first: what moves it later is seen next time. */
static int hear_opt_outs(struct engine *g, struct err *e)
{
	uint64_t count = atomic_load(g->h->opt_out_counter);

	if (count == g->opt_out_count)
		return 0;
	if (opt_outs_since(g->h, &g->opt_out_seq, mark_opted_out, g, e) < 0)
		return -1;
	g->opt_out_count = count;
	return 0;
}

/* --- what the pool asks and says --------------------------------------------------------------- */

/* The campaigns of a lane take turns. */
static struct work *next_work(struct engine *g, const struct lane *lane)
{
	struct campaign *start = g->turn ? g->turn : g->campaigns, *c = start;

	if (!c)
		return NULL;
	do {
		struct campaign *after = c->next ? c->next : g->campaigns;

		if (c->first && !c->halted && c->content.identity.id == lane->identity) {
			g->turn = after;
			return campaign_pop(c);
		}
		c = after;
	} while (c != start);
	return NULL;
}

static int render(struct engine *g, struct work *w, struct slot *s, struct err *e)
{
	arena_clear(g->render);
	if (campaign_render(g->h, w->campaign, &w->d, g->render, &g->body, &s->message, e) < 0)
		return -1;
	return campaign_judge(g->h, w->campaign, &s->message, e);
}

static void want_flush_soon(struct engine *g)
{
	if (g->tick_soon)
		return;
	g->tick_soon = true;
	loop_timer_set(g->tick, 0);
}

static int lane_next(void *ctx, struct smtp_job *job)
{
	struct lane *lane = ctx;
	struct engine *g = lane->engine;
	struct err e = { 0 };
	struct work *w;
	struct slot *s;

	if (g->stopping || g->failure.kind != ERR_NONE)
		return 0;
	if (hear_opt_outs(g, &e) < 0) {
		fail(g, &e);
		return 0;
	}
	for (;;) {
		w = next_work(g, lane);
		if (!w)
			return 0;
		if (w->campaign->waiting == READY_MOST / 2)
			want_flush_soon(g);
		if (!w->opted_out)
			break;
		skip(g, w, "opted-out");
	}
	s = slot_take(g);
	s->work = w;
	if (render(g, w, s, &e) < 0) {
		/* What was approved cannot be rendered for this person: nobody else's fault, but not to be sent. */
		slot_give(g, s);
		pause_mailing(g, w->campaign, e.text);
		give_back(g, w, 0);
		return 0;
	}
	w->campaign->in_flight++;
	campaign_return_path(g->h, w->campaign, w->d.id, s->from);
	*job = (struct smtp_job){ .id = w->d.id, .from = s->from, .to = w->d.address, .data = s->message.p,
				  .n = s->message.n, .utf8 = w->d.utf8, .ctx = s };
	return 1;
}

static int lane_dot(void *ctx, const struct smtp_job *job)
{
	struct lane *lane = ctx;
	struct slot *s = job->ctx;
	struct err e = { 0 };

	if (journal_dot(lane->engine->journal, s->work->d.id, s->work->d.claimed, &e) < 0) {
		fail(lane->engine, &e);
		return -1;
	}
	s->dotted = true;
	return 0;
}

/* What an end says of the mailing as a whole. */
static void judge_end(struct engine *g, struct campaign *c, const struct smtp_outcome *o)
{
	if (o->end == SMTP_NOT_STARTED)
		return;
	if (o->fault == FAULT_IDENTITY)
		pause_mailing(g, c, o->text);
	else if (campaign_count_end(c, o->fault == FAULT_POLICY))
		pause_mailing(g, c, "5 of the last 100 messages were refused by policy");
}

static void lane_done(void *ctx, const struct smtp_job *job, const struct smtp_outcome *o)
{
	struct lane *lane = ctx;
	struct engine *g = lane->engine;
	struct slot *s = job->ctx;
	struct work *w = s->work;
	struct campaign *c = w->campaign;
	struct outcome out = retry_decide(o, &w->d, home_now(g->h), c->mailing.not_after, c->relay.url);
	struct err e = { 0 };

	if (s->dotted && journal_reply(g->journal, &out, &e) < 0)
		fail(g, &e);
	add_outcome(g, &out);
	c->in_flight--;
	slot_give(g, s);
	work_free(w);
	judge_end(g, c, o);
}

static void lane_fault(void *ctx, const struct smtp_outcome *o, int64_t wait)
{
	struct lane *lane = ctx;
	struct engine *g = lane->engine;

	log_event(LOG_LEVEL_WARN, "relay-fault", "why", o->text, NULL);
	lane->faulty = true;
	/* What waits for this relay is not due before it is tried again. */
	for (struct campaign *c = g->campaigns; c; c = c->next)
		if (c->content.identity.id == lane->identity)
			give_back_all(g, c, home_now(g->h) + wait);
	want_flush_soon(g);
}

static const struct smtp_ops LANE_OPS = { .next = lane_next, .dot = lane_dot, .done = lane_done,
					  .relay_fault = lane_fault };

/* --- campaigns and lanes ----------------------------------------------------------------------- */

static struct lane *lane_for(struct engine *g, const struct campaign *c, struct err *e)
{
	struct smtp_limits limits = { .connections = g->connections };
	struct lane *lane;

	for (lane = g->lanes; lane; lane = lane->next)
		if (lane->identity == c->content.identity.id)
			return lane;
	lane = mem_alloc(sizeof(*lane));
	lane->engine = g;
	lane->identity = c->content.identity.id;
	lane->pool = smtp_pool_new(loop_base(g->loop), &c->relay, &limits, &LANE_OPS, lane, e);
	if (!lane->pool) {
		free(lane);
		return NULL;
	}
	lane->next = g->lanes;
	g->lanes = lane;
	return lane;
}

static struct campaign *find_campaign(struct engine *g, int64_t mailing)
{
	for (struct campaign *c = g->campaigns; c; c = c->next)
		if (c->mailing.id == mailing)
			return c;
	return NULL;
}

/* Lets go of mailings that ended or stand still, once nothing of theirs is in flight. */
static void drop_halted(struct engine *g)
{
	struct campaign **link = &g->campaigns, *c;

	g->turn = NULL;
	while ((c = *link)) {
		if (!c->halted || c->in_flight) {
			link = &c->next;
			continue;
		}
		*link = c->next;
		campaign_free(c);
	}
}

/* In the flush's transaction: scheduled mailings whose window has come, and those whose window is over. */
static int keep_window(struct engine *g, struct mailing *m, struct err *e)
{
	if (strcmp(m->state, "scheduled") == 0 && mailing_move(g->h, m, "open", 0, "its window has come", e) < 0)
		return -1;
	if (m->not_after && home_now(g->h) > m->not_after)
		return mailing_move(g->h, m, "pause", 0, "its window is over", e);
	return 0;
}

/* A mailing that cannot be loaded (its relay, its key) waits for a person, and holds up no other. */
static int take_in_mailing(struct engine *g, struct mailing *m, struct err *e)
{
	struct campaign *c = campaign_new(g->h, m->id, !g->o->no_dkim, e);

	if (c && lane_for(g, c, e)) {
		c->next = g->campaigns;
		g->campaigns = c;
		return 0;
	}
	campaign_free(c);
	if (e->kind == ERR_AGAIN || e->kind == ERR_BROKEN)
		return -1;
	log_event(LOG_LEVEL_WARN, "mailing-paused", "why", e->text, NULL);
	return mailing_move(g->h, m, "pause", 0, arena_text(g->texts, e->text), e);
}

/* Which mailings are to be sent now: takes in new ones, halts those that are no longer among them. */
static int look_at_mailings(struct engine *g, struct arena *a, struct err *e)
{
	struct mailing *m;
	size_t n;

	if (mailing_sending(g->h, a, &m, &n, e) < 0)
		return -1;
	for (struct campaign *c = g->campaigns; c; c = c->next) {
		bool still = false;

		for (size_t i = 0; i < n; i++)
			still = still || m[i].id == c->mailing.id;
		/* Opt-outs, a pause or a revocation beat what waits here. */
		if (!still && !c->halted) {
			c->halted = true;
			give_back_all(g, c, 0);
		}
	}
	for (size_t i = 0; i < n && !g->stopping; i++) {
		if (keep_window(g, &m[i], e) < 0)
			return -1;
		if (strcmp(m[i].state, "sending") != 0 || find_campaign(g, m[i].id))
			continue;
		if (take_in_mailing(g, &m[i], e) < 0)
			return -1;
	}
	return 0;
}

/* --- the flush --------------------------------------------------------------------------------- */

static void take_in(struct engine *g, struct campaign *c, struct arena *a, struct delivery *d, size_t n)
{
	struct batch *b = ARENA_NEW(a, struct batch);
	struct work *w = ARENA_ARRAY(a, struct work, n);

	b->a = a;
	b->open = n;
	for (size_t i = 0; i < n; i++) {
		w[i] = (struct work){ .campaign = c, .batch = b, .d = d[i] };
		if (d[i].why[0])
			skip(g, &w[i], d[i].why);
		else
			campaign_push(c, &w[i]);
	}
}

static int claim_for(struct engine *g, struct campaign *c, struct err *e)
{
	int64_t at = home_now(g->h);
	struct arena *a;
	struct delivery *d;
	size_t n = 0;

	if (c->halted || g->stopping || c->waiting > READY_MOST / 2)
		return 0;
	if (at <= g->last_claim)
		at = g->last_claim + 1;
	g->last_claim = at;
	a = arena_new();
	if (delivery_claim(g->h, a, c->mailing.id, g->sender, at, (int64_t)(READY_MOST - c->waiting), &d, &n, e) < 0) {
		arena_free(a);
		return -1;
	}
	c->drained = n == 0;
	if (n)
		take_in(g, c, a, d, n);
	else
		arena_free(a);
	return 0;
}

/* A mailing is done when nothing of it is queued, attempted or deferred. */
static int finish_if_done(struct engine *g, struct campaign *c, struct err *e)
{
	int unfinished;

	if (!c->drained || c->waiting || c->in_flight || c->halted || g->stopping)
		return 0;
	unfinished = delivery_unfinished(g->h, c->mailing.id, e);
	if (unfinished)
		return unfinished < 0 ? -1 : 0;
	c->halted = true;
	return mailing_move(g->h, &c->mailing, "finish", 0, "", e);
}

static int flush_in_transaction(struct engine *g, struct arena *a, struct err *e)
{
	if (look_at_mailings(g, a, e) < 0)
		return -1;
	if (delivery_write(g->h, g->sender, g->outcomes, g->n_outcomes, e) < 0)
		return -1;
	g->n_outcomes = 0;
	for (struct campaign *c = g->campaigns; c; c = c->next)
		if (claim_for(g, c, e) < 0)
			return -1;
	for (struct campaign *c = g->campaigns; c; c = c->next)
		if (finish_if_done(g, c, e) < 0)
			return -1;
	return 0;
}

static int shorten_journal(struct engine *g, struct err *e)
{
	struct open_dot open[1024];
	size_t n = 0;

	if (!journal_is_long(g->journal))
		return 0;
	for (struct slot *s = g->busy; s; s = s->after)
		if (s->dotted) {
			MUST(n < COUNT(open));
			open[n++] = (struct open_dot){ s->work->d.id, s->work->d.claimed };
		}
	return journal_shorten(g->journal, open, n, e);
}

/* Journal to the disk, outcomes and claims into the database, both together. */
static int flush(struct engine *g, struct err *e)
{
	struct arena *a = arena_new();
	int rc = -1;

	if (journal_sync(g->journal, e) < 0 || db_begin(g->h->db, e) < 0)
		goto out;
	if (flush_in_transaction(g, a, e) < 0 || db_commit(g->h->db, e) < 0) {
		db_rollback(g->h->db);
		goto out;
	}
	/* Skips found while claiming are outcomes of the next flush; their texts live on. */
	if (!g->n_outcomes) {
		arena_clear(g->texts);
		if (shorten_journal(g, e) < 0)
			goto out;
	}
	rc = db_checkpoint(g->h->db, DB_LOG_LIMIT, e);
out:
	arena_free(a);
	return rc;
}

static bool at_work(const struct engine *g)
{
	if (g->n_outcomes)
		return true;
	for (const struct campaign *c = g->campaigns; c; c = c->next)
		if ((c->waiting || c->in_flight || !c->drained) && !c->halted)
			return true;
	for (const struct campaign *c = g->campaigns; c; c = c->next)
		if (c->in_flight)
			return true;
	return false;
}

static void on_tick(void *ctx)
{
	struct engine *g = ctx;
	struct err e = { 0 };

	g->tick_soon = false;
	g->stopping = g->stopping || loop_stopping(g->loop);
	if (flush(g, &e) < 0) {
		fail(g, &e);
		return;
	}
	drop_halted(g);
	for (struct lane *lane = g->lanes; lane; lane = lane->next)
		smtp_pool_wake(lane->pool);
	g->idle = !at_work(g);
	if (g->idle && (g->o->until_idle || g->stopping)) {
		loop_stop(g->loop);
		return;
	}
	loop_timer_set(g->tick, g->idle ? LOOK_EVERY : FLUSH_EVERY);
}

/* --- beginning and end ------------------------------------------------------------------------- */

static int begin(struct engine *g, const char *host, struct err *e)
{
	struct arena *a = arena_new();
	struct institution inst;
	int64_t recovered;
	const char *connections = NULL;
	int rc = -1;

	if (journal_recover(g->h, host, &recovered, e) < 0 || institution_load(g->h, a, &inst, e) < 0 ||
	    institution_get(g->h, a, "connections", &connections, e) < 0)
		goto out;
	g->connections = g->o->connections ? g->o->connections : (int)strtol(connections, NULL, 10);
	g->opt_out_count = atomic_load(g->h->opt_out_counter);
	if (opt_outs_last(g->h, &g->opt_out_seq, e) < 0)
		goto out;
	g->journal = journal_new(g->h, e);
	if (g->journal && sender_begin(g->h, host, journal_name(g->journal), &g->sender, e) == 0)
		rc = 0;
out:
	arena_free(a);
	return rc;
}

/* What is still in flight ends as lost here: before its dot as not started, after it as uncertain. */
static void free_lanes(struct engine *g)
{
	struct lane *lane;

	while ((lane = g->lanes)) {
		g->lanes = lane->next;
		smtp_pool_free(lane->pool);
		free(lane);
	}
}

/* Gives back what was claimed and not started, and ends in good order. */
static int end(struct engine *g, struct err *e)
{
	free_lanes(g);
	for (struct campaign *c = g->campaigns; c; c = c->next)
		give_back_all(g, c, 0);
	if (journal_sync(g->journal, e) < 0 || db_begin(g->h->db, e) < 0)
		return -1;
	if (delivery_write(g->h, g->sender, g->outcomes, g->n_outcomes, e) == 0 &&
	    delivery_release(g->h, g->sender, e) == 0 && sender_end(g->h, g->sender, e) == 0 &&
	    db_commit(g->h->db, e) == 0)
		return 0;
	db_rollback(g->h->db);
	return -1;
}

static int what_remains(struct engine *g, struct err *e)
{
	struct arena *a = arena_new();
	struct mailing *m;
	size_t n;
	int rc = mailing_all(g->h, a, &m, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct delivery_counts c;
		bool waits = strcmp(m[i].state, "sending") == 0 || strcmp(m[i].state, "scheduled") == 0;
		int64_t due;

		rc = delivery_count(g->h, a, m[i].id, &c, e);
		due = strcmp(m[i].state, "scheduled") == 0 ? m[i].not_before : c.next_due;
		if (rc < 0 || (!waits && !(strcmp(m[i].state, "done") == 0 && c.uncertain)))
			continue;
		g->result.remains = g->result.remains || c.queued || c.deferred || c.uncertain || waits;
		if (waits && due > 1 && (!g->result.next_due || due < g->result.next_due))
			g->result.next_due = due;
	}
	arena_free(a);
	return rc;
}

static void release(struct engine *g)
{
	struct campaign *c;
	struct slot *s;

	free_lanes(g);
	while ((c = g->campaigns)) {
		g->campaigns = c->next;
		campaign_free(c);
	}
	while ((s = g->busy)) {
		g->busy = s->after;
		buf_free(&s->message);
		free(s);
	}
	while ((s = g->free)) {
		g->free = s->next;
		buf_free(&s->message);
		free(s);
	}
	free(g->outcomes);
	arena_free(g->texts);
	arena_free(g->render);
	buf_free(&g->body);
	loop_free(g->loop);
}

/* A signal came: nothing new is started, and what is in flight has some seconds to come home. */
static int come_home(struct engine *g, struct err *e)
{
	int64_t until = clock_ticks() + COME_HOME;

	g->stopping = true;
	while (g->busy && g->failure.kind == ERR_NONE && clock_ticks() < until)
		if (loop_run_once(g->loop, e) < 0)
			return -1;
	return 0;
}

static int run(struct engine *g, struct err *e)
{
	loop_timer_set(g->tick, 0);
	if (g->o->ready)
		g->o->ready(g->o->ctx);
	if (loop_run(g->loop, e) < 0 || (g->failure.kind == ERR_NONE && !g->idle && come_home(g, e) < 0))
		return -1;
	if (g->failure.kind == ERR_NONE)
		return 0;
	*e = g->failure;
	return -1;
}

int deliver_run(struct home *h, const struct deliver_options *o, struct deliver_result *out, struct err *e)
{
	struct engine g = { .h = h, .o = o };
	char host[256] = "localhost";
	int rc = -1;

	gethostname(host, sizeof(host) - 1);
	g.texts = arena_new();
	g.render = arena_new();
	buf_init(&g.body, MESSAGE_MAX);
	g.loop = loop_new(e);
	if (!g.loop)
		goto out;
	g.tick = loop_timer_new(g.loop, on_tick, &g);
	if (begin(&g, host, e) == 0 && run(&g, e) == 0 && end(&g, e) == 0)
		rc = what_remains(&g, e);
	if (rc == 0)
		journal_end(g.journal);
	else
		journal_abandon(g.journal);
	*out = g.result;
out:
	release(&g);
	return rc;
}
