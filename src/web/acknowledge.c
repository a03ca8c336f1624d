/* Waiting for other hosts: see acknowledge.h. A round lives for a little longer than anybody may wait for it. */
#include "web/acknowledge.h"

#include "base/log.h"
#include "store/optout.h"

#include <time.h>

#define LOOK_EVERY (15 * 1000)
#define LOOK_SOON (2 * 1000)     /* there is more to be applied */
#define ASK_AGAIN (2 * SECOND)   /* a database that is away */
#define APPLY_MOST 100           /* entries at once, while everybody waits */
#define APPLY_WAIT_MS 5          /* for the database's locks: the same */
#define SLOW (50 * 1000)
#define ROUND_KEPT (10 * SECOND) /* from its end; whoever asks later has lost their connection */

struct ack_round {
	int64_t number, target; /* target: so far the database has to follow the journal */
	int64_t began, applied; /* ticks; applied 0: not yet */
	struct arena *a;        /* holds what follows: whom it waits for, as they were when it was applied */
	struct host_sender *asked;
	size_t n;
	bool ended;
	struct err e;           /* how; ERR_NONE: all know */
	struct ack_round *next;
};

void acknowledging_init(struct acknowledging *k, struct home *h)
{
	*k = (struct acknowledging){ .home = h };
}

static void round_free(struct ack_round *x)
{
	arena_free(x->a);
	free(x);
}

void acknowledging_clear(struct acknowledging *k)
{
	struct ack_round *x;

	while ((x = k->first)) {
		k->first = x->next;
		round_free(x);
	}
}

static void drop_old(struct acknowledging *k, int64_t now)
{
	for (struct ack_round **link = &k->first, *x; (x = *link);) {
		if (!x->ended || now - x->began < ROUND_KEPT) {
			link = &x->next;
			continue;
		}
		*link = x->next;
		round_free(x);
	}
}

static void end_round(struct ack_round *x, const struct err *e)
{
	x->ended = true;
	if (e)
		x->e = *e;
}

/* What cannot be asked for some time is not asked by everybody. */
static void heed(struct acknowledging *k, const struct err *e)
{
	k->asks_again = clock_ticks() + ASK_AGAIN;
	log_event(LOG_LEVEL_WARN, "other-hosts-not-asked", "why", e->text, NULL);
}

int64_t acknowledging_begin(struct acknowledging *k)
{
	int64_t now = clock_ticks();
	struct host_sender *s;
	struct ack_round *x;
	struct err e = { 0 };
	struct arena *a;
	size_t n = 0;

	if (!k->home->host.id)
		return 0;
	a = arena_new();
	if (now >= k->asks_again && host_senders(k->home, a, &s, &n, &e) < 0)
		heed(k, &e);
	arena_free(a);
	/* A sender may come while this is not in the database yet: so it is waited for also when there is none. */
	if (!k->home->host.several && k->home->host.here)
		return 0;
	drop_old(k, now);
	x = mem_alloc(sizeof(*x));
	*x = (struct ack_round){ .number = ++k->last, .target = optout_journal_size(k->home->opt_outs), .began = now,
				 .a = arena_new(), .next = k->first };
	k->first = x;
	if (!k->home->host.here) {
		host_refuse(k->home, &e);
		end_round(x, &e);
	}
	return x->number;
}

/* 1: the database has all that stood in the journal when the round began. 0: not yet. */
static int apply(struct acknowledging *k, struct ack_round *x)
{
	struct home *h = k->home;
	int64_t began = clock_ticks();
	struct err e = { 0 };
	int before, rc;

	if (h->opt_outs_known.end < x->target) {
		before = db_set_wait(h->db, APPLY_WAIT_MS);
		rc = opt_out_catch_up_some(h, APPLY_MOST, &e);
		db_set_wait(h->db, before);
		/* That another process has the lock is over in a moment; to reach for a server may take long. */
		if (rc < 0 && (e.kind != ERR_AGAIN || clock_ticks() - began > SLOW))
			heed(k, &e);
		if (rc > 0)
			k->next_look = clock_ticks() + LOOK_SOON;
	}
	if (h->opt_outs_known.end < x->target)
		return 0;
	if (host_senders(h, x->a, &x->asked, &x->n, &e) < 0) {
		heed(k, &e);
		return 0;
	}
	x->applied = clock_ticks();
	return 1;
}

static void give_up(struct ack_round *x)
{
	struct err e;

	err_set(&e, ERR_AGAIN, "it is written down, but the database cannot be told now, by which senders of other hosts hear of it");
	end_round(x, &e);
}

/* No lease is older than the commit by now. Those who did not move are not waited for again. */
static void fence_silent(struct acknowledging *k, const struct ack_round *x)
{
	struct err e = { 0 };

	for (size_t i = 0; i < x->n && clock_ticks() >= k->asks_again; i++)
		if (host_fence(k->home, &x->asked[i], &e) < 0)
			heed(k, &e);
}

static void step(struct acknowledging *k, struct ack_round *x, const struct host_sender *now, size_t n, bool known)
{
	int64_t ticks = clock_ticks();

	if (x->ended)
		return;
	if (!x->applied && ticks >= k->asks_again && apply(k, x) && x->n) {
		k->next_look = ticks + LOOK_EVERY;
		return;
	}
	if (!x->applied) {
		if (ticks - x->began > HOST_PATIENCE)
			give_up(x);
		return;
	}
	if (!x->n || (known && host_silent(x->asked, x->n, now, n) == 0)) {
		end_round(x, NULL);
	} else if (ticks - x->applied >= HOST_PATIENCE) {
		fence_silent(k, x);
		end_round(x, NULL);
	}
}

/* One look at the senders, for all rounds that wait. */
static void look(struct acknowledging *k)
{
	struct host_sender *now = NULL;
	struct arena *a = arena_new();
	struct err e = { 0 };
	bool known = false, asks = false;
	size_t n = 0;

	k->next_look = clock_ticks() + LOOK_EVERY;
	for (const struct ack_round *x = k->first; x; x = x->next)
		asks = asks || (!x->ended && x->applied && x->n);
	if (asks && clock_ticks() >= k->asks_again) {
		known = host_senders(k->home, a, &now, &n, &e) == 0;
		if (!known)
			heed(k, &e);
	}
	for (struct ack_round *x = k->first; x; x = x->next)
		step(k, x, now, n, known);
	arena_free(a);
}

static struct ack_round *find(const struct acknowledging *k, int64_t number)
{
	struct ack_round *x = k->first;

	while (x && x->number != number)
		x = x->next;
	return x;
}

static void wait_through(struct acknowledging *k, const struct ack_round *x)
{
	while (!x->ended) {
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_EVERY * 1000 }, NULL);
		look(k);
	}
}

int acknowledging_state(struct acknowledging *k, int64_t round, int64_t *until, struct err *e)
{
	struct ack_round *x = round ? find(k, round) : NULL;

	if (x && !x->ended && clock_ticks() >= k->next_look)
		look(k);
	if (x && !x->ended && k->hurry)
		wait_through(k, x);
	if (!x || (x->ended && x->e.kind == ERR_NONE))
		return 0;
	if (x->ended) {
		*e = x->e;
		return -1;
	}
	*until = k->next_look;
	return 1;
}
