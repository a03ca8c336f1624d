/* Leaving in groups: see leaving.h. */
#include "web/leaving.h"

#include "base/log.h"
#include "web/pages.h"

#define FOLLOW_AFTER (100 * 1000)
#define FOLLOW_AGAIN (100 * 1000)
#define FOLLOW_WAIT_MS 1            /* for the database's lock: everybody waits meanwhile */
#define FOLLOW_MOST 50                /* entries, while everybody waits */
#define FOLLOW_ON (10 * 1000)         /* there are more */
#define FOLLOW_FAILED (2 * SECOND)
#define ASK_AGAIN (5 * SECOND)

/* Does somebody else see to it? A sender does, with every flush: then nobody need wait here for what is written. */
static int others_follow(struct leaving_group *g, struct err *e)
{
	struct opt_out_place at;
	bool moved;

	if (opt_out_followed(g->home, &at, e) < 0)
		return -1;
	moved = at.end > g->seen;
	g->seen = at.end;
	if (at.end >= g->target)
		g->home->opt_outs_known = at;
	return moved || at.end >= g->target;
}

/* 1: there may be more, 0, -1. */
static int follow(struct leaving_group *g, struct err *e)
{
	int rc = others_follow(g, e), before;

	if (rc)
		return rc < 0 ? -1 : 0;
	before = db_set_wait(g->home->db, FOLLOW_WAIT_MS);
	rc = opt_out_catch_up_some(g->home, FOLLOW_MOST, e);
	db_set_wait(g->home->db, before);
	if (rc == 1) {
		g->seen = g->home->opt_outs_known.end;
		home_checkpoint(g->home);
	}
	return rc;
}

static void arm(struct leaving_group *g, int64_t after)
{
	g->following = true;
	g->target = optout_journal_size(g->home->opt_outs);
	loop_timer_set(g->follow, after);
}

static void on_follow(void *ctx)
{
	struct leaving_group *g = ctx;
	struct err e = { 0 };
	int rc = follow(g, &e);

	g->following = false;
	if (rc < 0 && e.kind != ERR_AGAIN)
		log_event(LOG_LEVEL_ERROR, "opt-outs-behind", "why", e.text, NULL);
	if (rc < 0)
		arm(g, e.kind == ERR_AGAIN && db_engine_of(g->home->db) == DB_SQLITE ? FOLLOW_AGAIN : FOLLOW_FAILED);
	else if (!optout_journal_ends_at(g->home->opt_outs, &g->home->opt_outs_known))
		arm(g, rc > 0 ? FOLLOW_ON : FOLLOW_AFTER);
}

void leaving_init(struct leaving_group *g, struct home *h, struct loop *loop)
{
	*g = (struct leaving_group){ .home = h };
	acknowledging_init(&g->hosts, h);
	if (loop)
		g->follow = loop_timer_new(loop, on_follow, g);
}

void leaving_clear(struct leaving_group *g)
{
	if (g->follow)
		loop_timer_unset(g->follow);
	free(g->who);
	g->who = NULL;
	acknowledging_clear(&g->hosts);
}

static void note(struct leaving_group *g, struct leaving *l, struct response *out)
{
	if (g->n == g->room) {
		g->room = g->room ? g->room * 2 : 64;
		g->who = mem_grow(g->who, g->room * sizeof(*g->who));
	}
	g->who[g->n++] = l;
	out->then_ctx = l;
}

int leaving_add(struct leaving_group *g, const struct request *r, int64_t delivery, enum opt_out_way way,
		struct response *out)
{
	struct leaving *l = ARENA_NEW(r->arena, struct leaving);

	/* To find out again that a server cannot be reached may take seconds, for all. */
	if (clock_ticks() < g->asks_again) {
		l->x = (struct opt_out_entry){ .act = ACT_OUT_DELIVERY, .at = home_now(g->home), .way = way,
					       .delivery = delivery, .text = "" };
	} else {
		if (opt_out_entry_of(g->home, delivery, way, &l->x) == 0)
			return 0;
		if (l->x.act == ACT_OUT_DELIVERY)
			g->asks_again = clock_ticks() + ASK_AGAIN;
	}
	note(g, l, out);
	return 1;
}

void leaving_add_entry(struct leaving_group *g, const struct request *r, const struct opt_out_entry *x, struct response *out)
{
	struct leaving *l = ARENA_NEW(r->arena, struct leaving);

	l->x = *x;
	note(g, l, out);
}

static void let_follow(struct leaving_group *g)
{
	struct err e = { 0 };

	if (!g->follow) {
		if (opt_out_catch_up(g->home, &e) < 0)
			log_event(LOG_LEVEL_WARN, "opt-outs-behind", "why", e.text, NULL);
	} else if (!g->following) {
		arm(g, FOLLOW_AFTER);
	}
}

void leaving_settle(struct leaving_group *g)
{
	struct opt_out_entry *all;
	struct err e = { 0 };
	int64_t round = 0;
	int rc;

	if (!g->n)
		return;
	all = mem_alloc(g->n * sizeof(*all));
	for (size_t i = 0; i < g->n; i++)
		all[i] = g->who[i]->x;
	rc = opt_out_write(g->home, all, g->n, &e);
	if (rc == 0)
		round = acknowledging_begin(&g->hosts);
	for (size_t i = 0; i < g->n; i++) {
		g->who[i]->round = round;
		if (rc < 0)
			g->who[i]->e = e;
	}
	free(all);
	g->n = 0;
	if (rc == 0)
		let_follow(g);
}

int leaving_await(struct leaving_group *g, const struct request *r, struct response *out)
{
	struct leaving *l = ARENA_NEW(r->arena, struct leaving);

	l->round = acknowledging_begin(&g->hosts);
	if (!l->round)
		return 0;
	out->then_ctx = l;
	out->wait_fd = -1;
	out->wait_until = clock_ticks();
	return 1;
}

int leaving_result(const struct request *r, struct response *out,
		   int (*then)(const struct request *r, struct response *out, struct err *e), struct err *e)
{
	const struct leaving *l = out->then_ctx;
	struct web *w = r->ctx;
	int64_t until;
	int got;

	if (l->e.kind != ERR_NONE) {
		*e = l->e;
		return -1;
	}
	got = acknowledging_state(&w->leaving.hosts, l->round, &until, e);
	if (got > 0) {
		out->then = then;
		out->wait_fd = -1;
		out->wait_until = until;
	}
	return got;
}

void leaving_hurry(struct leaving_group *g)
{
	g->hosts.hurry = true;
}
