/*
 * The engine and its database: see engine.h. One transaction writes outcomes,
 * takes in and lets go of mailings, and claims what is due.
 */
#include "smtp/engine.h"

#include "base/log.h"
#include "store/facts.h"

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

/* A step of the engine's own. That somebody else was quicker (a pause, a cancellation, another sender) is no
   fault: the next look shows what is so now. */
static int move(struct engine *g, struct mailing *m, const char *verb, const char *why, struct err *e)
{
	if (mailing_move(g->h, m, verb, 0, why, e) == 0)
		return 0;
	if (e->kind != ERR_REFUSED)
		return -1;
	err_clear(e);
	return 0;
}

/* A window opens only while the DNS and the public page say what they have to (policy: statement-page, "again before it
   starts"). What holds it is told once a minute. 1, 0, -1. */
static int may_open(struct engine *g, struct arena *a, const struct mailing *m, struct err *e)
{
	const char *why = "its project or identity is gone";
	struct identity x;
	struct project p;
	int got = project_by_id(g->h, a, m->project_id, &p, e);

	if (got > 0)
		got = identity_by_id(g->h, a, p.identity_id, &x, e);
	if (got > 0)
		got = facts_stand(g->h, a, &x, &p, &why, e);
	if (got == 0 && clock_ticks() - g->held_told > MINUTE) {
		g->held_told = clock_ticks();
		log_event(LOG_LEVEL_WARN, "mailing-held", "mailing", arena_printf(a, "%lld", (long long)m->id), "why", why, NULL);
	}
	return got;
}

/* In the flush's transaction: scheduled mailings whose window has come, and those whose window is over. */
static int keep_window(struct engine *g, struct arena *a, struct mailing *m, struct err *e)
{
	int open = strcmp(m->state, "scheduled") == 0 ? may_open(g, a, m, e) : 0;

	if (open < 0 || (open > 0 && move(g, m, "open", "its window has come", e) < 0))
		return -1;
	if (m->not_after && home_now(g->h) > m->not_after)
		return move(g, m, "pause", "its window is over", e);
	return 0;
}

/* A mailing that cannot be loaded (its relay, its key) waits for a person, and holds up no other. */
static int take_in_mailing(struct engine *g, struct mailing *m, struct err *e)
{
	struct campaign *c = campaign_new(g->h, m->id, !g->o->no_dkim, e);
	struct err why;

	if (c && lane_for(g, c->content.identity.id, &c->relay, e)) {
		c->next = g->campaigns;
		g->campaigns = c;
		return 0;
	}
	campaign_free(c);
	if (e->kind == ERR_AGAIN || e->kind == ERR_BROKEN)
		return -1;
	why = *e;
	err_clear(e);
	log_event(LOG_LEVEL_WARN, "mailing-paused", "why", why.text, NULL);
	return move(g, m, "pause", why.text, e);
}

/* A pause, a revocation or the end of the window beats what waits here. */
static void halt(struct engine *g, struct campaign *c)
{
	if (!c || c->halted)
		return;
	c->halted = true;
	engine_give_back_all(g, c, 0);
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
		if (!still)
			halt(g, c);
	}
	for (size_t i = 0; i < n && !g->stopping; i++) {
		if (keep_window(g, a, &m[i], e) < 0)
			return -1;
		if (strcmp(m[i].state, "sending") != 0)
			halt(g, find_campaign(g, m[i].id));
		else if (!find_campaign(g, m[i].id) && take_in_mailing(g, &m[i], e) < 0)
			return -1;
	}
	return 0;
}

/* --- the flush --------------------------------------------------------------------------------- */

/* What one flush does, until it is committed. */
struct flushing {
	struct arena *a;
	struct claim *claims;
	int64_t first_claim; /* stamp; 0: none was tried */
	struct arena *notices; /* holds what follows; NULL: none were claimed */
	struct notice *notice;
	size_t n_notices;
	struct opt_out_place followed; /* what the claims have seen of the journal of opt-outs */
	struct fatigue fatigue;
};

static void take_in(struct engine *g, struct campaign *c, struct arena *a, struct delivery *d, size_t n)
{
	struct batch *b = ARENA_NEW(a, struct batch);
	struct work *w = ARENA_ARRAY(a, struct work, n);

	b->a = a;
	b->open = n;
	for (size_t i = 0; i < n; i++) {
		w[i] = (struct work){ .campaign = c, .batch = b, .d = d[i] };
		if (!d[i].why[0] && leavers_has(g->leavers, &d[i]))
			engine_skip(g, &w[i], "opted-out");
		else if (d[i].why[0])
			engine_skip(g, &w[i], d[i].why);
		else
			campaign_push(c, &w[i]);
	}
}

/* A claim that is not committed yet. */
struct claim {
	struct campaign *campaign;
	struct arena *a;
	struct delivery *d;
	size_t n;
	struct claim *next;
};

/* Names a claim: the time, and greater than every stamp before. */
static int64_t claim_stamp(struct engine *g, struct flushing *f)
{
	int64_t at = home_now(g->h);

	if (at <= g->last_claim)
		at = g->last_claim + 1;
	g->last_claim = at;
	if (!f->first_claim)
		f->first_claim = at;
	return at;
}

static int claim_notices(struct engine *g, struct flushing *f, struct err *e)
{
	int due;

	if (g->stopping || g->notices_waiting > ENGINE_NOTICES_MOST / 2)
		return 0;
	due = notice_is_due(g->h, e);
	g->notices_drained = due == 0;
	if (due <= 0)
		return due;
	f->notices = arena_new();
	return notices_claim(g, f->notices, claim_stamp(g, f), &f->notice, &f->n_notices, e);
}

static int claim_for(struct engine *g, struct campaign *c, struct flushing *f, struct err *e)
{
	struct claim *claim;
	int64_t at;

	if (c->halted || g->stopping || c->waiting > ENGINE_READY_MOST / 2)
		return 0;
	at = claim_stamp(g, f);
	claim = ARENA_NEW(f->a, struct claim);
	*claim = (struct claim){ .campaign = c, .a = arena_new(), .next = f->claims };
	f->claims = claim;
	if (delivery_claim(g->h, claim->a, c->mailing.id, g->sender, at, (int64_t)(ENGINE_READY_MOST - c->waiting),
			   &f->fatigue, &claim->d, &claim->n, e) < 0)
		return -1;
	c->drained = claim->n == 0;
	return 0;
}

/* A mailing is done when nothing of it is queued, attempted or deferred. */
static int finish_if_done(struct engine *g, struct campaign *c, const struct flushing *f, struct err *e)
{
	int unfinished;

	for (const struct claim *k = f->claims; k; k = k->next)
		if (k->campaign == c && k->n)
			return 0;
	if (!c->drained || c->waiting || c->in_flight || c->halted || g->stopping)
		return 0;
	unfinished = delivery_unfinished(g->h, c->mailing.id, e);
	if (unfinished)
		return unfinished < 0 ? -1 : 0;
	c->halted = true;
	return move(g, &c->mailing, "finish", "", e);
}

static int flush_in_transaction(struct engine *g, struct flushing *f, struct err *e)
{
	/* Asked first: what is applied after this, the claims may see or not. */
	if (opt_out_followed(g->h, &f->followed, e) < 0)
		return -1;
	/* Claims of a flush whose commit failed: whether it took place or not, nothing was started of them. */
	if (g->lost_claims && (delivery_release(g->h, g->sender, g->lost_claims, e) < 0 ||
			       notice_release(g->h, g->sender, g->lost_claims, e) < 0))
		return -1;
	if (look_at_mailings(g, f->a, e) < 0 || fatigue_now(g->h, &f->fatigue, e) < 0 ||
	    delivery_write(g->h, g->sender, g->outcomes, g->n_outcomes, e) < 0 ||
	    notice_write(g->h, g->sender, g->outcomes, g->n_outcomes, e) < 0 || claim_notices(g, f, e) < 0)
		return -1;
	for (struct campaign *c = g->campaigns; c; c = c->next)
		if (claim_for(g, c, f, e) < 0)
			return -1;
	for (struct campaign *c = g->campaigns; c; c = c->next)
		if (finish_if_done(g, c, f, e) < 0)
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
			open[n++] = s->note ? (struct open_dot){ s->note->n->id, s->note->n->claimed, true }
					    : (struct open_dot){ s->work->d.id, s->work->d.claimed, false };
		}
	return journal_shorten(g->journal, open, n, e);
}

/* What was committed: outcomes are written, claims are the engine's. */
static int take_effect(struct engine *g, struct flushing *f, struct err *e)
{
	bool voided = false;

	for (size_t i = 0; i < g->n_outcomes; i++)
		voided = voided || g->outcomes[i].voids;
	g->lost_claims = 0;
	g->n_outcomes = 0;
	arena_clear(g->texts);
	if (voided)
		home_standing_changed(g->h);
	if (f->notices)
		notices_take_in(g, f->notices, f->notice, f->n_notices);
	leavers_forget(g->leavers, &f->followed);
	for (struct claim *c = f->claims; c; c = c->next) {
		if (c->n)
			take_in(g, c->campaign, c->a, c->d, c->n);
		else
			arena_free(c->a);
	}
	home_checkpoint(g->h);
	return shorten_journal(g, e);
}

/* What was not: outcomes wait for the next flush, claims are given up. */
static void undo(struct engine *g, struct flushing *f)
{
	for (struct claim *c = f->claims; c; c = c->next)
		arena_free(c->a);
	arena_free(f->notices);
	if (f->first_claim && !g->lost_claims)
		g->lost_claims = f->first_claim;
}

int engine_flush(struct engine *g, struct err *e)
{
	struct flushing f = { .a = arena_new() };
	int rc = -1;

	if (journal_sync(g->journal, e) < 0) {
		e->kind = ERR_BROKEN; /* a journal that cannot be kept is no passing fault */
	} else if (opt_out_catch_up(g->h, e) == 0 && db_begin(g->h->db, e) == 0) {
		if (flush_in_transaction(g, &f, e) == 0 && db_commit(g->h->db, e) == 0)
			rc = take_effect(g, &f, e);
		else
			undo(g, &f);
		db_rollback(g->h->db);
	}
	arena_free(f.a);
	return rc;
}

void engine_want_flush(struct engine *g)
{
	if (g->tick_soon)
		return;
	g->tick_soon = true;
	loop_timer_set(g->tick, 0);
}
