/*
 * The delivery engine: see deliver.h. Outcomes gather in memory and in the
 * journal, and are written with the next claims, at most every 50 ms.
 */
#include "smtp/engine.h"

#include "base/log.h"

#include <stdatomic.h>

#define FLUSH_EVERY (50 * 1000)
#define LOOK_EVERY (250 * 1000) /* for new work when there is none */
#define PATIENCE (2 * MINUTE)   /* with a database that is away, when the end is waited for */
#define COME_HOME (30 * SECOND) /* for what is in flight when a signal ends the sender */

static bool at_work(const struct engine *g)
{
	if (g->n_outcomes || notices_at_work(g))
		return true;
	for (const struct campaign *c = g->campaigns; c; c = c->next)
		if ((c->waiting || c->in_flight || !c->drained) && !c->halted)
			return true;
	for (const struct campaign *c = g->campaigns; c; c = c->next)
		if (c->in_flight)
			return true;
	return false;
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

static void on_tick(void *ctx)
{
	struct engine *g = ctx;
	struct err e = { 0 };

	g->tick_soon = false;
	g->stopping = g->stopping || loop_stopping(g->loop);
	if (engine_flush(g, &e) < 0) {
		flush_failed(g, &e);
		return;
	}
	g->failing_since = 0;
	engine_drop_halted(g);
	offices_drop_idle(g);
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
	g->standing_count = atomic_load(g->h->opt_out_counter + 1);
	if (!(g->leavers = leavers_new(g->h, e)))
		goto out;
	g->journal = journal_new(g->h, e);
	if (g->journal && sender_begin(g->h, host, journal_name(g->journal), &g->sender, e) == 0)
		rc = 0;
out:
	arena_free(a);
	return rc;
}

/* Gives back what was claimed and not started, and ends in good order. */
static int end(struct engine *g, struct err *e)
{
	lanes_free(g);
	for (struct campaign *c = g->campaigns; c; c = c->next)
		engine_give_back_all(g, c, 0);
	notices_give_back(g, 0, 0);
	if (journal_sync(g->journal, e) < 0 || db_begin(g->h->db, e) < 0)
		return -1;
	if (delivery_write(g->h, g->sender, g->outcomes, g->n_outcomes, e) == 0 &&
	    notice_write(g->h, g->sender, g->outcomes, g->n_outcomes, e) == 0 &&
	    delivery_release(g->h, g->sender, 0, e) == 0 && notice_release(g->h, g->sender, 0, e) == 0 && sender_end(g->h, g->sender, e) == 0 &&
	    db_commit(g->h->db, e) == 0)
		return 0;
	db_rollback(g->h->db);
	return -1;
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

	if (notice_remains(g->h, &n, &due, e) < 0)
		return -1;
	g->result.remains = g->result.remains || n;
	remains_due(g, due);
	return 0;
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
		if (waits)
			remains_due(g, due);
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
	struct arena *a = arena_new();
	const char *host = home_id(h, a, e);
	bool ended;
	int rc = -1;

	if (!host)
		goto out;
	g.texts = arena_new();
	g.render = arena_new();
	buf_init(&g.body, ENGINE_MESSAGE_MAX);
	g.loop = loop_new(e);
	if (!g.loop)
		goto out;
	g.tick = loop_timer_new(g.loop, on_tick, &g);
	ended = begin(&g, host, e) == 0 && run(&g, e) == 0 && end(&g, e) == 0;
	rc = ended ? what_remains(&g, e) : -1;
	/* What is in flight when the sender fails still ends in the journal. */
	lanes_free(&g);
	if (ended)
		journal_end(g.journal);
	else
		journal_abandon(g.journal);
	*out = g.result;
out:
	release(&g);
	arena_free(a);
	return rc;
}
