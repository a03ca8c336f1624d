/*
 * The engine and its database: see engine.h. One transaction writes outcomes,
 * takes in and lets go of mailings, and claims what is due.
 */
#include "smtp/engine.h"

#include "base/log.h"

static struct campaign *find_campaign(struct engine *g, int64_t mailing)
{
	for (struct campaign *c = g->campaigns; c; c = c->next)
		if (c->mailing.id == mailing)
			return c;
	return NULL;
}

/* Lets go of mailings that ended or stand still, once nothing of theirs is in flight. */
void engine_drop_halted(struct engine *g)
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
			engine_give_back_all(g, c, 0);
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
			engine_skip(g, &w[i], d[i].why);
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

	if (c->halted || g->stopping || c->waiting > ENGINE_READY_MOST / 2)
		return 0;
	if (at <= g->last_claim)
		at = g->last_claim + 1;
	g->last_claim = at;
	a = arena_new();
	if (delivery_claim(g->h, a, c->mailing.id, g->sender, at, (int64_t)(ENGINE_READY_MOST - c->waiting), &d, &n, e) < 0) {
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
int engine_flush(struct engine *g, struct err *e)
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
	home_checkpoint(g->h);
	rc = 0;
out:
	arena_free(a);
	return rc;
}

void engine_want_flush(struct engine *g)
{
	if (g->tick_soon)
		return;
	g->tick_soon = true;
	loop_timer_set(g->tick, 0);
}
