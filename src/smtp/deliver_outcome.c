/* What became of whom, until the next flush writes it down: see engine.h. */
#include "smtp/engine.h"

#include "base/log.h"

void engine_fail(struct engine *g, const struct err *e)
{
	if (g->failure.kind == ERR_NONE)
		g->failure = *e;
	loop_stop(g->loop);
}

static void count_outcome(struct deliver_result *r, const struct outcome *o)
{
	if (o->notice) {
		r->notices.accepted += strcmp(o->state, "accepted") == 0;
		r->notices.deferred += strcmp(o->state, "deferred") == 0;
		r->notices.failed += strcmp(o->state, "failed") == 0;
		r->notices.uncertain += strcmp(o->state, "uncertain") == 0;
		return;
	}
	r->accepted += strcmp(o->state, "accepted") == 0;
	r->deferred += strcmp(o->state, "deferred") == 0;
	r->failed += strcmp(o->state, "failed") == 0;
	r->uncertain += strcmp(o->state, "uncertain") == 0;
	r->skipped += strcmp(o->state, "skipped") == 0;
}

void engine_outcome(struct engine *g, const struct outcome *o)
{
	struct outcome *copy;

	if (g->n_outcomes == g->room_outcomes) {
		g->room_outcomes = g->room_outcomes ? g->room_outcomes * 2 : 1024;
		g->outcomes = mem_grow(g->outcomes, g->room_outcomes * sizeof(*g->outcomes));
	}
	copy = &g->outcomes[g->n_outcomes++];
	*copy = *o;
	copy->skipped = arena_text(g->texts, o->skipped);
	copy->relay = arena_text(g->texts, o->relay);
	copy->queue_id = arena_text(g->texts, o->queue_id);
	copy->reply = arena_text(g->texts, o->reply);
	count_outcome(&g->result, copy);
}

/* A person who is not written to after all. */
void engine_skip(struct engine *g, struct work *w, const char *why)
{
	struct outcome o = { .id = w->d.id, .claimed = w->d.claimed, .at = home_now(g->h), .state = "skipped",
			     .skipped = why, .relay = "", .queue_id = "", .reply = "" };

	engine_outcome(g, &o);
	work_free(w);
}

void engine_give_back(struct engine *g, struct work *w, int64_t due)
{
	struct outcome o = { .id = w->d.id, .claimed = w->d.claimed, .at = home_now(g->h), .state = "queued", .due = due,
			     .skipped = "", .relay = "", .queue_id = "", .reply = "" };

	engine_outcome(g, &o);
	work_free(w);
}

void engine_give_back_all(struct engine *g, struct campaign *c, int64_t due)
{
	struct work *w;

	while ((w = campaign_pop(c)))
		engine_give_back(g, w, due);
}

/* Stops a mailing until a person looks at it. */
void engine_pause(struct engine *g, struct campaign *c, const char *why)
{
	struct err e = { 0 };

	if (c->halted)
		return;
	c->halted = true;
	engine_give_back_all(g, c, 0);
	log_event(LOG_LEVEL_WARN, "mailing-paused", "why", why, NULL);
	if (db_begin(g->h->db, &e) == 0) {
		if (mailing_move(g->h, &c->mailing, "pause", 0, why, &e) == 0 && db_commit(g->h->db, &e) == 0)
			return;
		db_rollback(g->h->db);
	}
	/* Somebody else was quicker, or the database is away: in both cases nothing more is sent, since the
	   mailing is halted here, and is looked at again by the next flush. */
	if (e.kind != ERR_REFUSED && e.kind != ERR_AGAIN)
		engine_fail(g, &e);
}
