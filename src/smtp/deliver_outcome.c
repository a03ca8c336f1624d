/* What became of whom, until the next order takes it to the clerk: see engine.h. */
#include "smtp/engine.h"

#include "base/log.h"

struct outcomes *outcomes_new(void)
{
	struct outcomes *x = mem_alloc(sizeof(*x));

	x->texts = arena_new();
	return x;
}

void outcomes_free(struct outcomes *x)
{
	while (x) {
		struct outcomes *next = x->next;

		arena_free(x->texts);
		free(x->o);
		free(x->tally);
		free(x);
		x = next;
	}
}

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

static void add_place(struct places *x, int place)
{
	if (x->n == x->room) {
		x->room = x->room ? x->room * 2 : 256;
		x->p = mem_grow(x->p, x->room * sizeof(*x->p));
	}
	x->p[x->n++] = place;
}

void places_move(struct places *to, struct places *from)
{
	for (size_t i = 0; i < from->n; i++)
		add_place(to, from->p[i]);
	from->n = 0;
}

void places_free(struct places *x)
{
	free(x->p);
	*x = (struct places){ 0 };
}

void engine_outcome(struct engine *g, const struct outcome *o, int place)
{
	struct outcomes *x = g->outcomes;
	struct outcome *copy;

	if (x->n == x->room) {
		x->room = x->room ? x->room * 2 : 256;
		x->o = mem_grow(x->o, x->room * sizeof(*x->o));
	}
	copy = &x->o[x->n++];
	*copy = *o;
	copy->state = arena_text(x->texts, o->state);
	copy->skipped = arena_text(x->texts, o->skipped);
	copy->relay = arena_text(x->texts, o->relay);
	copy->queue_id = arena_text(x->texts, o->queue_id);
	copy->reply = arena_text(x->texts, o->reply);
	if (place >= 0)
		add_place(&g->noted, place);
	count_outcome(&g->result, copy);
}

void engine_count(struct engine *g, int64_t mailing, const struct breaker_counts *n)
{
	struct outcomes *x = g->outcomes;
	struct breaker_tally *t = NULL;

	if (!n->ended)
		return;
	for (size_t i = 0; i < x->n_tallies && !t; i++)
		if (x->tally[i].mailing == mailing)
			t = &x->tally[i];
	if (!t) {
		x->tally = mem_grow(x->tally, (x->n_tallies + 1) * sizeof(*x->tally));
		t = &x->tally[x->n_tallies++];
		*t = (struct breaker_tally){ .mailing = mailing };
	}
	breaker_add(&t->n, n, 0);
}

/* A person who is not written to after all. */
void engine_skip(struct engine *g, struct work *w, const char *why)
{
	struct outcome o = { .id = w->d.id, .claimed = w->d.claimed, .at = home_now(g->h), .state = "skipped",
			     .skipped = why, .relay = "", .queue_id = "", .reply = "" };

	engine_outcome(g, &o, -1);
	work_free(w);
}

void engine_give_back(struct engine *g, struct work *w, int64_t due)
{
	struct outcome o = { .id = w->d.id, .claimed = w->d.claimed, .at = home_now(g->h), .state = "queued", .due = due,
			     .skipped = "", .relay = "", .queue_id = "", .reply = "" };

	engine_outcome(g, &o, -1);
	work_free(w);
}

void engine_give_back_all(struct engine *g, struct campaign *c, int64_t due)
{
	struct work *w;

	campaign_release(c, INT64_MAX);
	while ((w = campaign_pop(c)))
		engine_give_back(g, w, due);
}

/* The clerk writes it down before it looks at mailings again. */
void engine_pause(struct engine *g, struct campaign *c, const char *why)
{
	if (c->halted)
		return;
	c->halted = true;
	engine_give_back_all(g, c, 0);
	log_event(LOG_LEVEL_WARN, "mailing-paused", "why", why, NULL);
	g->halts = mem_grow(g->halts, (g->n_halts + 1) * sizeof(*g->halts));
	g->halts[g->n_halts++] = (struct halt){ c->mailing.id, mem_copy_text(why) };
	engine_want_flush(g);
}
