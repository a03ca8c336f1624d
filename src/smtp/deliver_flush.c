/*
 * The loop's part of a flush: see engine.h. An order is handed over every
 * 50 ms at most, or as soon as work runs short; sending goes on meanwhile, and
 * when the answer comes, what was claimed is queued and what stands still is
 * let go of. While all goes its way, three of four such orders are for the
 * journal alone: rows that a transaction changes lie on the same pages, and the
 * fewer transactions there are, the less often each page is written.
 */
#include "smtp/engine.h"

#include "base/log.h"
#include "store/host.h"

#include <stdatomic.h>

#define FLUSH_EVERY (50 * 1000)
#define WRITE_EVERY (200 * 1000) /* into the database, while there is work; the journal has it before */
#define WRITE_AT 1000 /* outcomes */
#define LOOK_EVERY (250 * 1000) /* for new work when there is none */
#define LOOK_SEVERAL (100 * 1000) /* the same among several hosts, where opt-outs wait for three of them */
#define COME_APART (15 * SECOND)  /* for what is in flight when the sender was fenced */
#define LOOK_APART (20 * 1000)
#define PATIENCE (2 * MINUTE)   /* with a database that is away, when the end is waited for */

/* --- the order --------------------------------------------------------------------------------- */

/* How many of a mailing are to wait here: what it gets through in half a second, as measured. So neither does the
   work run short while the database is slow, nor does one sender take it all, or hold it when it is killed. Among several
   hosts that holds for slow relays too: no claim is of more than a second's work (decision 7). */
static void measure(struct campaign *c, int64_t least, int64_t now)
{
	int64_t took = now - c->measured_at;

	if (!c->measured_at) {
		c->measured_at = now;
		c->ready = least;
	} else if (took >= FLUSH_EVERY) {
		c->ready = c->ready / 2 + c->started * SECOND / took / 4;
		c->started = 0;
		c->measured_at = now;
	}
	if (c->ready < least)
		c->ready = least;
	if (c->ready > ENGINE_READY_MOST)
		c->ready = ENGINE_READY_MOST;
}

static void wish(struct engine *g, struct campaign *c, struct wish *w)
{
	int64_t waiting = (int64_t)c->waiting;

	measure(c, g->several ? ENGINE_READY_SEVERAL : ENGINE_READY_LEAST, clock_ticks());
	*w = (struct wish){ .mailing = c->mailing.id, .identity = c->content.identity.id };
	if (c->halted)
		return;
	w->idle = !c->waiting && !c->n_held && !c->in_flight;
	/* Those that are held do not count: one slow domain must not keep the others out. */
	if (!g->stopping && waiting <= c->ready / 2 && c->n_held < ENGINE_READY_MOST)
		w->more = c->ready - waiting;
	w->senders = g->senders;
}

static void list_offices(const struct engine *g, struct flush *f)
{
	int64_t *ids;
	size_t n = 0;

	for (const struct office *x = g->offices; x; x = x->next)
		n++;
	ids = ARENA_ARRAY(f->a, int64_t, n);
	for (const struct office *x = g->offices; x; x = x->next)
		ids[f->n_offices++] = x->identity.id;
	f->offices = ids;
}

static struct sender_figures figures(const struct engine *g)
{
	const struct deliver_result *r = &g->result;
	struct sender_figures x = { .accepted = r->accepted, .deferred = r->deferred, .failed = r->failed,
				    .uncertain = r->uncertain, .skipped = r->skipped, .notices = r->notices.accepted };

	for (const struct campaign *c = g->campaigns; c; c = c->next) {
		x.in_flight += (int64_t)c->in_flight;
		x.waiting += (int64_t)(c->waiting + c->n_held);
	}
	return x;
}

struct flush *engine_order(struct engine *g)
{
	struct arena *a = arena_new();
	struct flush *f = ARENA_NEW(a, struct flush);
	size_t n = 0;

	f->a = a;
	for (const struct campaign *c = g->campaigns; c; c = c->next)
		n++;
	f->wishes = ARENA_ARRAY(a, struct wish, n);
	for (struct campaign *c = g->campaigns; c; c = c->next)
		wish(g, c, &f->wishes[f->n_wishes++]);
	list_offices(g, f);
	if (g->notices_waiting <= ENGINE_NOTICES_MOST / 2)
		f->notices_more = (int64_t)(ENGINE_NOTICES_MOST - g->notices_waiting);
	f->standing = atomic_load(g->h->opt_out_counter + 1);
	f->stopping = g->stopping;
	f->figures = figures(g);
	lanes_tell(g, f);
	f->outcomes = g->outcomes;
	g->outcomes = outcomes_new();
	places_move(&g->handed, &g->noted);
	f->halts = g->halts;
	f->n_halts = g->n_halts;
	g->halts = NULL;
	g->n_halts = 0;
	return f;
}

/* Work goes on, and nothing has happened but outcomes of which there are few. Other hosts have no journal of ours, and nobody
   is to wait for the end of a mailing. */
static bool is_steady(const struct engine *g, int64_t now)
{
	size_t waiting = 0;

	if (g->tick_soon || g->idle || g->several || g->stopping || g->taking_in || g->unwritten || g->n_halts || g->failing_since)
		return false;
	for (const struct campaign *c = g->campaigns; c; c = c->next) {
		if (c->halted)
			return false;
		waiting += c->waiting;
	}
	return waiting && g->outcomes->n < WRITE_AT && now - g->ordered_at < WRITE_EVERY;
}

static struct flush *journal_order(void)
{
	struct arena *a = arena_new();
	struct flush *f = ARENA_NEW(a, struct flush);

	*f = (struct flush){ .a = a, .journal_only = true };
	return f;
}

void flush_free(struct flush *f)
{
	struct campaign *c;

	if (!f)
		return;
	outcomes_free(f->outcomes);
	for (size_t i = 0; i < f->n_halts; i++)
		free((char *)(uintptr_t)f->halts[i].why);
	free(f->halts);
	for (size_t i = 0; i < f->n_wishes; i++)
		arena_free(f->wishes[i].a);
	arena_free(f->notices);
	relay_plans_free(f->plans);
	while ((c = f->taken_in)) {
		f->taken_in = c->next;
		campaign_free(c);
	}
	for (struct office *x = f->new_offices, *next; x; x = next) {
		next = x->next;
		arena_free(x->a);
	}
	arena_free(f->a);
}

/* --- the answer -------------------------------------------------------------------------------- */

static void take_in_claims(struct engine *g, struct campaign *c, struct wish *w)
{
	struct batch *b = ARENA_NEW(w->a, struct batch);
	struct work *x = ARENA_ARRAY(w->a, struct work, w->n);

	/* One more than there are, so that the arena lives to the end of the loop. */
	*b = (struct batch){ .a = w->a, .open = w->n + 1 };
	for (size_t i = 0; i < w->n; i++) {
		x[i] = (struct work){ .campaign = c, .batch = b, .d = w->d[i] };
		if (!x[i].d.why[0] && leavers_has(g->leavers, &x[i].d))
			engine_skip(g, &x[i], "opted-out");
		else if (x[i].d.why[0])
			engine_skip(g, &x[i], x[i].d.why);
		else if (x[i].d.start_at)
			campaign_hold(c, &x[i]);
		else
			campaign_push(c, &x[i]);
	}
	w->a = NULL;
	if (--b->open == 0)
		arena_free(b->a);
}

static struct wish *wish_of(struct flush *f, const struct campaign *c)
{
	for (size_t i = 0; i < f->n_wishes; i++)
		if (f->wishes[i].mailing == c->mailing.id)
			return &f->wishes[i];
	return NULL;
}

/* A pause, a revocation or the end of the window beats what waits here. */
static void hear_of(struct engine *g, struct campaign *c, struct wish *w, bool stale)
{
	if (w->a)
		take_in_claims(g, c, w);
	c->drained = w->more > 0 && !w->n && !w->soon;
	if (!w->sending)
		c->halted = true;
	/* Somebody's standing changed while the clerk was at it: it may not have seen that. */
	if (c->halted || stale)
		engine_give_back_all(g, c, 0);
}

/* A mailing whose relay cannot be used waits for a person. */
static void take_in_mailings(struct engine *g, struct flush *f)
{
	struct campaign *c;

	while ((c = f->taken_in)) {
		struct err e = { 0 };

		f->taken_in = c->next;
		c->next = g->campaigns;
		g->campaigns = c;
		if (!lane_for(g, c->content.identity.id, &e))
			engine_pause(g, c, e.text);
	}
}

/* A database that is away comes back: outcomes are kept, in memory and in the journal, and nothing new is
   claimed until then. Whoever waits for the end of the work is not left waiting for ever. */
static void flush_failed(struct engine *g, const struct err *e)
{
	int64_t now = clock_ticks();

	if (!g->failing_since)
		g->failing_since = now;
	if (e->kind != ERR_AGAIN || ((g->o->until_idle || g->stopping) && now - g->failing_since > PATIENCE)) {
		engine_fail(g, e);
		return;
	}
	log_event(LOG_LEVEL_WARN, "database-away", "why", e->text, NULL);
	loop_timer_set(g->tick, SECOND);
}

static bool at_work(const struct engine *g)
{
	if (g->outcomes->n || g->unwritten || g->n_halts || g->busy || g->taking_in || notices_at_work(g))
		return true;
	for (const struct campaign *c = g->campaigns; c; c = c->next)
		if (!c->halted && (c->waiting || c->n_held || !c->drained))
			return true;
	return false;
}

static void hear_of_hosts(struct engine *g, const struct flush *f)
{
	g->several = f->several;
	g->lease = f->began + HOST_LEASE;
}

/* Another host settles what this sender holds, until its journal does. What is in flight comes home first. */
static void be_fenced(struct engine *g)
{
	log_event(LOG_LEVEL_WARN, "sender-fenced", "journal", journal_name(g->journal), NULL);
	g->fenced = true;
	g->fenced_at = clock_ticks();
	loop_timer_set(g->tick, 0);
}

static void come_apart(struct engine *g)
{
	if (g->busy && clock_ticks() - g->fenced_at < COME_APART) {
		loop_timer_set(g->tick, LOOK_APART);
		return;
	}
	g->apart = true;
	loop_stop(g->loop);
}

/* What was committed: outcomes are written, claims are the loop's. */
static void take_effect(struct engine *g, struct flush *f)
{
	bool stale = f->standing != atomic_load(g->h->opt_out_counter + 1);

	g->failing_since = 0;
	g->taking_in = f->taking_in;
	hear_of_hosts(g, f);
	for (size_t i = 0; i < g->handed.n; i++)
		journal_settled(g->journal, g->handed.p[i]);
	g->handed.n = 0;
	lanes_hear(g, f);
	if (f->notices)
		notices_take_in(g, f);
	if (f->notices_more > 0)
		g->notices_drained = f->notices_drained;
	for (struct campaign *c = g->campaigns; c; c = c->next) {
		struct wish *w = wish_of(f, c);

		MUST(w); /* none is let go of or taken in while an order is under way */
		hear_of(g, c, w, stale);
	}
	leavers_forget(g->leavers, &f->followed);
	take_in_mailings(g, f);
	engine_release(g);
}

/* When the next order is due, from now. */
static int64_t next_beat(const struct engine *g)
{
	int64_t left = FLUSH_EVERY - (clock_ticks() - g->flushed_at);

	if (g->tick_soon || left < 0)
		return 0;
	return !g->idle ? left : g->several ? LOOK_SEVERAL : LOOK_EVERY;
}

void engine_answer(struct engine *g, struct flush *f)
{
	bool journal_only = f->journal_only;

	g->last = NULL;
	g->unwritten = f->unwritten;
	g->tick_soon = g->tick_soon || f->look_again;
	/* Who left elsewhere is marked before the lease goes on, and also if something failed after the commit. */
	leavers_mark(g, f->left, f->n_left);
	if (f->failure.kind != ERR_NONE) {
		if (f->fenced)
			be_fenced(g);
		else
			flush_failed(g, &f->failure);
		flush_free(f);
		return;
	}
	if (!journal_only) {
		take_effect(g, f);
		lanes_wake(g);
		g->idle = !f->look_again && !at_work(g);
	}
	flush_free(f);
	if (g->idle && (g->o->until_idle || g->stopping))
		loop_stop(g->loop);
	else
		loop_timer_set(g->tick, next_beat(g));
}

/* --- the beat ---------------------------------------------------------------------------------- */

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

void engine_beat(struct engine *g)
{
	g->stopping = g->stopping || loop_stopping(g->loop);
	if (g->fenced) {
		come_apart(g);
		return;
	}
	if (worker_is_busy(g->worker))
		return; /* its answer sets the next beat */
	g->flushed_at = clock_ticks();
	if (is_steady(g, g->flushed_at)) {
		g->last = journal_order();
	} else {
		g->tick_soon = false;
		drop_halted(g);
		offices_drop_idle(g);
		g->ordered_at = g->flushed_at;
		g->last = engine_order(g);
	}
	worker_post(g->worker, g->last);
}

void engine_want_flush(struct engine *g)
{
	if (g->tick_soon)
		return;
	g->tick_soon = true;
	if (!g->failing_since)
		loop_timer_set(g->tick, 0);
}
