/*
 * The delivery engine: see deliver.h, and engine.h for its parts. Here it
 * begins, comes home when it is told to stop, and ends.
 */
#include "smtp/engine.h"

#include "store/window.h"

#include <stdatomic.h>

#define COME_HOME (30 * SECOND) /* for what is in flight when a signal ends the sender */

static void on_tick(void *ctx)
{
	engine_beat(ctx);
}

static void on_moment(void *ctx)
{
	struct engine *g = ctx;

	engine_release(g);
	lanes_wake(g);
}

static void run_flush(void *ctx, void *job)
{
	struct engine *g = ctx;

	clerk_flush(g->clerk, job);
}

static void on_answer(void *ctx, void *job)
{
	engine_answer(ctx, job);
}

static const struct worker_calls CLERK = { .run = run_flush, .done = on_answer };

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
	db_keep_little(g->h->db);
	g->connections = g->o->connections ? g->o->connections : (int)strtol(connections, NULL, 10);
	g->standing_count = atomic_load(g->h->opt_out_counter + 1);
	if (!(g->leavers = leavers_new(g->h, e)) || !(g->journal = journal_new(g->h, e)) ||
	    !(g->clerk = clerk_new(g->h->path, g->o, g->journal, e)) || !(g->worker = worker_new(g->loop, &CLERK, g, e)))
		goto out;
	rc = 0;
out:
	arena_free(a);
	return rc;
}

/* The clerk's thread is over: what is left is done here. */
static int hand_in(struct engine *g, struct err *e)
{
	struct flush *f;
	int rc = 0;

	for (struct campaign *c = g->campaigns; c; c = c->next)
		engine_give_back_all(g, c, 0);
	notices_give_back(g, 0, 0);
	f = engine_order(g);
	f->stopping = true;
	clerk_flush(g->clerk, f);
	if (f->failure.kind != ERR_NONE) {
		*e = f->failure;
		rc = -1;
	}
	g->fenced = g->fenced || f->fenced;
	flush_free(f);
	if (rc == 0)
		rc = clerk_end(g->clerk, e);
	g->fenced = g->fenced || rc > 0;
	return rc ? -1 : 0;
}

/* Gives back what was claimed and not started, and ends in good order. */
static int end(struct engine *g, struct err *e)
{
	lanes_free(g);
	worker_free(g->worker);
	g->worker = NULL;
	return hand_in(g, e);
}

static void remains_due(struct engine *g, int64_t due)
{
	if (due > 1 && (!g->result.next_due || due < g->result.next_due))
		g->result.next_due = due;
}

/* Uncertain ones are nobody's work: they are not tried again by themselves, nor by command. */
static int what_notices_remain(struct engine *g, struct err *e)
{
	int64_t n = 0, due = 0;

	if (notice_remains(clerk_home(g->clerk), &n, &due, e) < 0)
		return -1;
	g->result.remains = g->result.remains || n;
	remains_due(g, due);
	return 0;
}

static int what_remains(struct engine *g, struct err *e)
{
	struct arena *a = arena_new();
	struct home *h = clerk_home(g->clerk);
	struct mailing_head *m;
	size_t n;
	int rc = mailing_heads_open(h, a, &m, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct delivery_counts c;

		rc = delivery_count(h, a, m[i].id, &c, e) < 0 ? -1 : mailing_next_due(h, &m[i], &c, e);
		if (rc < 0 || (m[i].ended && !c.uncertain))
			continue;
		g->result.remains = true;
		if (!m[i].ended)
			remains_due(g, c.next_due);
	}
	arena_free(a);
	return rc < 0 ? -1 : what_notices_remain(g, e);
}

static void release(struct engine *g)
{
	struct campaign *c;

	lanes_free(g);
	while ((c = g->campaigns)) {
		g->campaigns = c->next;
		campaign_free(c);
	}
	offices_free(g);
	slots_free(g);
	leavers_free(g->leavers);
	outcomes_free(g->outcomes);
	places_free(&g->noted);
	places_free(&g->handed);
	for (size_t i = 0; i < g->n_halts; i++)
		free((char *)(uintptr_t)g->halts[i].why);
	free(g->halts);
	clerk_free(g->clerk);
	relay_plans_free(g->plans);
	arena_free(g->render);
	buf_free(&g->body);
	loop_free(g->loop);
}

/* A signal came: nothing new is started, and what is in flight has some seconds to come home. */
static int come_home(struct engine *g, struct err *e)
{
	int64_t until = clock_ticks() + COME_HOME;

	g->stopping = true;
	while ((g->busy || worker_is_busy(g->worker)) && g->failure.kind == ERR_NONE && clock_ticks() < until)
		if (loop_run_once(g->loop, e) < 0)
			return -1;
	return 0;
}

static int run(struct engine *g, struct err *e)
{
	loop_timer_set(g->tick, 0);
	if (g->o->ready)
		g->o->ready(g->o->ctx);
	if (loop_run(g->loop, e) < 0 || g->apart || (g->failure.kind == ERR_NONE && !g->idle && come_home(g, e) < 0))
		return -1;
	if (g->failure.kind == ERR_NONE)
		return 0;
	*e = g->failure;
	return -1;
}

static void add_result(struct deliver_result *sum, const struct deliver_result *r)
{
	sum->accepted += r->accepted;
	sum->deferred += r->deferred;
	sum->failed += r->failed;
	sum->uncertain += r->uncertain;
	sum->skipped += r->skipped;
	sum->notices.accepted += r->notices.accepted;
	sum->notices.deferred += r->notices.deferred;
	sum->notices.failed += r->notices.failed;
	sum->notices.uncertain += r->notices.uncertain;
	sum->remains = r->remains;
	sum->next_due = r->next_due;
}

/* As one sender, with one row. *again: it was fenced, and begins anew, as another; what it held is settled by its journal
   before, or at once if it was told to stop. */
static int run_sender(struct home *h, const char *host, const struct deliver_options *o, struct deliver_result *sum,
		      bool *again, struct err *e)
{
	struct engine g = { .h = h, .o = o };
	int64_t recovered;
	bool ended;
	int rc = -1;

	*again = false;
	g.outcomes = outcomes_new();
	g.render = arena_new();
	buf_init(&g.body, ENGINE_MESSAGE_MAX);
	g.loop = loop_new(e);
	if (!g.loop)
		goto out;
	g.tick = loop_timer_new(g.loop, on_tick, &g);
	g.hold = loop_timer_new(g.loop, on_moment, &g);
	ended = begin(&g, host, e) == 0 && run(&g, e) == 0 && end(&g, e) == 0;
	rc = ended ? what_remains(&g, e) : -1;
	/* What is in flight when the sender fails still ends in the journal. */
	lanes_free(&g);
	worker_free(g.worker);
	g.worker = NULL;
	/* Without a clerk there is no row that names it: nobody would ever settle it. */
	if (ended || !g.clerk)
		journal_end(g.journal);
	else
		journal_abandon(g.journal);
	*again = g.fenced && !g.stopping;
	if (g.fenced) {
		rc = g.stopping ? journal_recover(h, host, &recovered, e) : 0;
		g.result.remains = true;
	}
	add_result(sum, &g.result);
out:
	release(&g);
	return rc;
}

int deliver_run(struct home *h, const struct deliver_options *o, struct deliver_result *out, struct err *e)
{
	struct arena *a = arena_new();
	const char *host = home_id(h, a, e);
	bool again = host != NULL;
	int rc = -1;

	*out = (struct deliver_result){ 0 };
	while (again)
		rc = run_sender(h, host, o, out, &again, e);
	arena_free(a);
	return rc;
}
