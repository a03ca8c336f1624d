/*
 * Pace in the engine: the clerk claims no more than may start within a second
 * and gives each its moment; the loop keeps those whose moment is still to
 * come, and one timer for the first of them.
 */
#include "smtp/engine.h"

#define SOON (5 * SECOND) /* what is due within it is waited for, by a sender that ends when nothing is due */
#define TRIES 8           /* claims in one flush, while those that were claimed are put off */
#define GRAIN (10 * 1000) /* microseconds: moments closer together are let go together */

/* --- the clerk's --------------------------------------------------------------------------------- */

/* Those that may start are kept in front; the others are given back. */
static int give_moments(struct home *h, struct pacer *p, int64_t sender, const struct wish *w, struct delivery *d, size_t *n,
			struct err *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		struct pace_start start = { 0 };

		if (!d[i].why[0] && pace_admit(p, h, w->identity, d[i].address, d[i].id, &start, e) < 0)
			return -1;
		if (start.later) {
			if (pace_put_off(h, sender, &d[i], start.at, e) < 0)
				return -1;
			continue;
		}
		d[i].start_at = start.at;
		d[kept++] = d[i];
	}
	*n = kept;
	return 0;
}

static void append(struct wish *w, const struct delivery *d, size_t n)
{
	struct delivery *all = ARENA_ARRAY(w->a, struct delivery, w->n + n + 1);

	if (w->n)
		memcpy(all, w->d, w->n * sizeof(*d));
	if (n)
		memcpy(all + w->n, d, n * sizeof(*d));
	w->d = all;
	w->n += n;
}

/* Somebody who was put off may be due in a moment. */
static int is_due_soon(struct home *h, struct wish *w, struct err *e)
{
	int64_t due = 0;

	if (delivery_next_queued(h, w->mailing, &due, e) < 0)
		return -1;
	w->soon = due && due <= home_now(h) + SOON;
	return 0;
}

static int claim_paced(struct home *h, struct pacer *p, int64_t sender, struct wish *w, const struct fatigue *f,
		       int64_t (*stamp)(void *ctx), void *ctx, struct err *e)
{
	for (int i = 0; i < TRIES && (int64_t)w->n < w->more; i++) {
		int64_t limit = w->more - (int64_t)w->n, room, opens;
		struct delivery *d;
		size_t n, claimed;

		pace_room(p, w->identity, &room, &opens);
		if (room <= 0) {
			w->soon = opens <= home_now(h) + SOON;
			return 0;
		}
		if (delivery_claim(h, w->a, w->mailing, sender, stamp(ctx), room < limit ? room : limit, f, &d, &n, e) < 0)
			return -1;
		claimed = n;
		if (give_moments(h, p, sender, w, d, &n, e) < 0)
			return -1;
		append(w, d, n);
		if (n == claimed) /* none was put off: there was no more, or all that was wished for is here */
			break;
	}
	return w->n || !pace_puts_off(p) ? 0 : is_due_soon(h, w, e);
}

int pace_claim(struct home *h, struct pacer *p, int64_t sender, struct wish *w, const struct fatigue *f,
	       int64_t (*stamp)(void *ctx), void *ctx, struct err *e)
{
	w->a = arena_new();
	if (pace_is_on(p))
		return claim_paced(h, p, sender, w, f, stamp, ctx, e);
	return delivery_claim(h, w->a, w->mailing, sender, stamp(ctx), w->more, f, &w->d, &w->n, e);
}

int pace_count_notices(struct home *h, struct pacer *p, const struct flush *f, struct err *e)
{
	for (size_t i = 0; i < f->n_notices; i++)
		if (!f->notice[i].why[0] && pace_count(p, h, f->notice[i].identity, f->notice[i].mail.address, e) < 0)
			return -1;
	return 0;
}

/* --- the loop's ---------------------------------------------------------------------------------- */

void engine_release(struct engine *g)
{
	int64_t now = home_now(g->h), first = INT64_MAX;

	for (struct campaign *c = g->campaigns; c; c = c->next) {
		campaign_release(c, now);
		if (c->n_held && c->held[0]->d.start_at < first)
			first = c->held[0]->d.start_at;
	}
	if (first == INT64_MAX)
		loop_timer_unset(g->hold);
	else
		loop_timer_set(g->hold, first - now > GRAIN ? first - now : GRAIN);
}
