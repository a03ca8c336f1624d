/* Leaving in groups: see leaving.h. */
#include "web/leaving.h"

#include "base/log.h"
#include "web/web.h"

#define FOLLOW_AFTER (50 * 1000)
#define FOLLOW_AGAIN (100 * 1000)
#define FOLLOW_WAIT_MS 20           /* for the database's lock: everybody waits meanwhile */
#define FOLLOW_FAILED (2 * SECOND)
#define ASK_AGAIN (5 * SECOND)

/* The sender follows too, so that whoever has the lock just now may be doing it. */
static void on_follow(void *ctx)
{
	struct leaving_group *g = ctx;
	struct err e = { 0 };
	int rc;

	g->following = false;
	db_set_wait(g->home->db, FOLLOW_WAIT_MS);
	rc = opt_out_catch_up(g->home, &e);
	db_set_wait(g->home->db, WEB_WAIT_MS);
	if (rc == 0)
		return;
	if (e.kind != ERR_AGAIN)
		log_event(LOG_LEVEL_ERROR, "opt-outs-behind", "why", e.text, NULL);
	g->following = true;
	loop_timer_set(g->follow, e.kind == ERR_AGAIN && db_engine_of(g->home->db) == DB_SQLITE ? FOLLOW_AGAIN : FOLLOW_FAILED);
}

void leaving_init(struct leaving_group *g, struct home *h, struct loop *loop)
{
	*g = (struct leaving_group){ .home = h };
	if (loop)
		g->follow = loop_timer_new(loop, on_follow, g);
}

void leaving_clear(struct leaving_group *g)
{
	if (g->follow)
		loop_timer_unset(g->follow);
	free(g->who);
	g->who = NULL;
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

void leaving_add_hash(struct leaving_group *g, const struct request *r, const uint8_t key_hash[KEY_HASH_SIZE],
		      enum opt_out_way way, struct response *out)
{
	struct leaving *l = ARENA_NEW(r->arena, struct leaving);

	l->x = (struct opt_out_entry){ .act = ACT_OUT, .at = home_now(g->home), .way = way, .text = "" };
	memcpy(l->x.key_hash, key_hash, KEY_HASH_SIZE);
	note(g, l, out);
}

static void let_follow(struct leaving_group *g)
{
	struct err e = { 0 };

	if (!g->follow) {
		if (opt_out_catch_up(g->home, &e) < 0)
			log_event(LOG_LEVEL_WARN, "opt-outs-behind", "why", e.text, NULL);
	} else if (!g->following) {
		g->following = true;
		loop_timer_set(g->follow, FOLLOW_AFTER);
	}
}

void leaving_settle(struct leaving_group *g)
{
	struct opt_out_entry *all;
	struct err e = { 0 };
	int rc;

	if (!g->n)
		return;
	all = mem_alloc(g->n * sizeof(*all));
	for (size_t i = 0; i < g->n; i++)
		all[i] = g->who[i]->x;
	rc = opt_out_write(g->home, all, g->n, &e);
	for (size_t i = 0; i < g->n && rc < 0; i++)
		g->who[i]->e = e;
	free(all);
	g->n = 0;
	if (rc == 0)
		let_follow(g);
}

int leaving_result(const struct response *out, struct err *e)
{
	const struct leaving *l = out->then_ctx;

	if (l->e.kind == ERR_NONE)
		return 0;
	*e = l->e;
	return -1;
}
