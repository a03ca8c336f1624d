/*
 * Who leaves while a mailing is sent: see engine.h. The home's counter moves
 * before anybody is answered, and the journal of opt-outs has their line then;
 * it is read from where the last look ended. Those who wait in memory are
 * marked at once. For those claimed later they are kept, until a claim's own
 * transaction is known to have seen them in the database.
 */
#include "smtp/engine.h"

#include <stdatomic.h>

#define BUCKETS 4096

/* One line of the journal. */
struct left {
	uint8_t key_hash[KEY_HASH_SIZE];
	int64_t start; /* of the line; INT64_MAX: of a file that is no longer there */
	struct left *next;
};

struct leavers {
	uint64_t count;           /* of the counter, when the journal was read last */
	struct opt_out_place heard;
	bool began;               /* this look's entries are counted from the beginning of a file */
	size_t n;
	struct left *bucket[BUCKETS];
};

static size_t bucket_of(const uint8_t key_hash[KEY_HASH_SIZE])
{
	return ((size_t)key_hash[0] << 8 | key_hash[1]) % BUCKETS;
}

struct leavers *leavers_new(struct home *h, struct err *e)
{
	struct leavers *l = mem_alloc(sizeof(*l));

	/* One that the counter does not have: the first look reads. */
	l->count = atomic_load(h->opt_out_counter) - 1;
	if (opt_out_followed(h, &l->heard, e) == 0)
		return l;
	free(l);
	return NULL;
}

void leavers_free(struct leavers *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (l->bucket[i]) {
			struct left *next = l->bucket[i]->next;

			free(l->bucket[i]);
			l->bucket[i] = next;
		}
	free(l);
}

static bool is_of(const struct left *x, const struct delivery *d)
{
	return memcmp(x->key_hash, d->key_hash, KEY_HASH_SIZE) == 0;
}

bool leavers_has(const struct leavers *l, const struct delivery *d)
{
	const struct left *x = l->bucket[bucket_of(d->key_hash)];

	while (x && !is_of(x, d))
		x = x->next;
	return x != NULL;
}

static void mark(struct work *w, const struct left *x, bool bounced)
{
	if (!is_of(x, &w->d))
		return;
	w->opted_out = w->opted_out || !bounced;
	w->bounced = w->bounced || bounced;
}

static void mark_all(struct engine *g, const struct left *x, bool bounced)
{
	for (struct campaign *c = g->campaigns; c; c = c->next) {
		for (struct work *w = c->first; w; w = w->next)
			mark(w, x, bounced);
		for (size_t i = 0; i < c->n_held; i++)
			mark(c->held[i], x, bounced);
	}
}

static void mark_waiting(struct engine *g, const struct left *x)
{
	mark_all(g, x, false);
}

void leavers_bounced(struct engine *g, const uint8_t key_hash[KEY_HASH_SIZE])
{
	struct left x = { .next = NULL };

	memcpy(x.key_hash, key_hash, KEY_HASH_SIZE);
	mark_all(g, &x, true);
}

void leavers_mark(struct engine *g, const uint8_t (*hash)[KEY_HASH_SIZE], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct left x = { .next = NULL };

		memcpy(x.key_hash, hash[i], KEY_HASH_SIZE);
		mark_waiting(g, &x);
	}
}

/* Where lines of an older file stood says nothing of those of this one. */
static void outlive_file(struct leavers *l)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct left *x = l->bucket[i]; x; x = x->next)
			x->start = INT64_MAX;
}

static void keep(struct leavers *l, struct left *x)
{
	struct left **bucket = &l->bucket[bucket_of(x->key_hash)];

	x->start = l->heard.end;
	x->next = *bucket;
	*bucket = x;
	l->n++;
}

/* Whoever left and came back within a moment may miss a message: that is the safe direction. An entry whose person
   cannot be looked up now is heard at the next look, and nothing starts before it. */
static int hear_one(void *ctx, const struct opt_out_entry *x, struct err *e)
{
	struct engine *g = ctx;
	struct leavers *l = g->leavers;
	struct left *left;
	int got;

	if (l->heard.anew && !l->began)
		outlive_file(l);
	l->began = true;
	left = mem_alloc(sizeof(*left));
	got = opt_out_who(g->h, x, left->key_hash, e);
	if (got <= 0) {
		free(left);
		return got;
	}
	keep(l, left);
	mark_waiting(g, left);
	return 0;
}

int leavers_hear(struct engine *g, struct err *e)
{
	struct leavers *l = g->leavers;
	uint64_t count = atomic_load(g->h->opt_out_counter);

	/* The counter is read before the journal: what moves it later is heard at the next look. */
	if (count == l->count)
		return 0;
	l->began = false;
	if (optout_journal_read(g->h->opt_outs, &l->heard, 0, hear_one, g, e) < 0)
		return -1;
	l->count = count;
	return 0;
}

void leavers_forget(struct leavers *l, const struct opt_out_place *followed)
{
	if (!l->n || strcmp(followed->id, l->heard.id) != 0)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct left **link = &l->bucket[i], *x; (x = *link);) {
			if (followed->end <= x->start) {
				link = &x->next;
				continue;
			}
			*link = x->next;
			free(x);
			l->n--;
		}
}
