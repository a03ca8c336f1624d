/*
 * Dealing arms: see arms.h. The one idea: people are laid in the order of
 * SHA-256 of seed and address, stratum by stratum, and dealt 1, 2, ... N, 1, 2
 * without a break. So every stratum, and the whole, is even to within one;
 * and an order by hash, unlike a shuffle, does not hang on how a list is read.
 */
#include "store/arms.h"

#include "base/buf.h"
#include "store/audit.h"
#include "store/query.h"

#include <jansson.h>
#include <openssl/evp.h>

#define BATCH 4000

EACH(Q_EACH_TO_DEAL, "SELECT d.id, a.delivery, d.fields, d.arm, a.erased FROM delivery d JOIN address a ON a.id = d.address_id"
		     " WHERE d.mailing_id = $1 AND d.state = 'queued' ORDER BY d.address_id");
EACH(Q_EACH_DEALT, "SELECT d.id, a.delivery, d.fields, d.arm, a.erased FROM delivery d JOIN address a ON a.id = d.address_id"
		   " WHERE d.mailing_id = $1 AND d.arm > 0 ORDER BY d.address_id");
QUERY(Q_ARM_SET, "UPDATE delivery SET arm = $2 WHERE id IN (SELECT value FROM json_each($1))",
      "UPDATE delivery SET arm = $2 WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST($1 AS JSON)))");

/* --- reading ------------------------------------------------------------------------------------ */

static int each_row(struct home *h, const struct query *q, const struct mailing *m,
		    int (*each)(void *ctx, int64_t delivery, const struct arms_row *r), void *ctx, struct err *e)
{
	struct rows r = { 0 };
	int got, stop = 0;

	if (db_query(h->db, q, ARGS(db_i64(m->id)), &r, e) < 0)
		return -1;
	while (!stop && (got = rows_next(&r, e)) > 0) {
		json_t *fields = m->stratum[0] ? json_loads(rows_text(&r, 2), 0, NULL) : NULL;
		const char *stratum = json_string_value(json_object_get(fields, m->stratum));
		struct arms_row row = { .address = rows_text(&r, 1), .stratum = stratum ? stratum : "", .arm = rows_i64(&r, 3),
					.erased = !rows_is_null(&r, 4) };

		stop = each(ctx, rows_i64(&r, 0), &row);
		json_decref(fields);
	}
	rows_close(&r);
	return !stop && got < 0 ? -1 : 0;
}

struct passing {
	int (*each)(void *ctx, const struct arms_row *r);
	void *ctx;
};

static int pass_on(void *ctx, int64_t delivery, const struct arms_row *r)
{
	struct passing *p = ctx;

	(void)delivery;
	return p->each(p->ctx, r);
}

int arms_each(struct home *h, const struct mailing *m, int (*each)(void *ctx, const struct arms_row *r), void *ctx,
	      struct err *e)
{
	struct passing p = { each, ctx };

	return each_row(h, &Q_EACH_DEALT, m, pass_on, &p, e);
}

/* --- the order ---------------------------------------------------------------------------------- */

/* Where somebody lies in the deck: 40 bytes, which is what a person costs. */
struct card {
	uint64_t stratum, key[2]; /* the first bytes of the hashes */
	int64_t delivery;
	uint32_t arm;
};

struct deck {
	char seed[24]; /* with a line feed behind it */
	struct card *card;
	size_t n, room;
	int64_t erased;
};

static uint64_t first_bytes(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* SHA-256 of the seed in decimal digits, a line feed, and the text. */
static void hash_of(const struct deck *d, const char *text, uint8_t out[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	MUST(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	MUST(EVP_DigestUpdate(md, d->seed, strlen(d->seed)) == 1 && EVP_DigestUpdate(md, text, strlen(text)) == 1);
	MUST(EVP_DigestFinal_ex(md, out, NULL) == 1);
	EVP_MD_CTX_free(md);
}

static int put_card(void *ctx, int64_t delivery, const struct arms_row *r)
{
	struct deck *d = ctx;
	struct card *c;
	uint8_t hash[32];

	if (r->erased) {
		d->erased++;
		return 0;
	}
	if (d->n == d->room) {
		d->room = d->room ? 2 * d->room : 1024;
		d->card = mem_grow(d->card, d->room * sizeof(*d->card));
	}
	c = &d->card[d->n++];
	*c = (struct card){ .delivery = delivery, .arm = (uint32_t)r->arm };
	if (r->stratum[0]) {
		hash_of(d, r->stratum, hash);
		c->stratum = first_bytes(hash);
	}
	hash_of(d, r->address, hash);
	c->key[0] = first_bytes(hash);
	c->key[1] = first_bytes(hash + 8);
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct card *x = a, *y = b;

	if (x->stratum != y->stratum)
		return x->stratum < y->stratum ? -1 : 1;
	if (x->key[0] != y->key[0])
		return x->key[0] < y->key[0] ? -1 : 1;
	return x->key[1] < y->key[1] ? -1 : x->key[1] > y->key[1];
}

static int by_delivery(const void *a, const void *b)
{
	const struct card *x = a, *y = b;

	return x->delivery < y->delivery ? -1 : x->delivery > y->delivery;
}

static int lay_out(struct home *h, const struct query *q, const struct mailing *m, struct deck *d, struct err *e)
{
	*d = (struct deck){ 0 };
	snprintf(d->seed, sizeof(d->seed), "%lld\n", (long long)m->arm_seed);
	if (each_row(h, q, m, put_card, d, e) < 0)
		return -1;
	if (d->n)
		qsort(d->card, d->n, sizeof(*d->card), by_place);
	return 0;
}

/* --- dealing ------------------------------------------------------------------------------------ */

/* One arm's people among the cards [from, to). */
static int write_arm(struct home *h, const struct deck *d, size_t from, size_t to, uint32_t arm, struct buf *ids, struct err *e)
{
	buf_clear(ids);
	for (size_t i = from; i < to; i++)
		if (d->card[i].arm == arm)
			buf_addf(ids, "%c%lld", ids->n ? ',' : '[', (long long)d->card[i].delivery);
	if (!ids->n)
		return 0;
	buf_addc(ids, ']');
	return db_exec(h->db, &Q_ARM_SET, ARGS(db_text(buf_text(ids)), db_i64(arm)), NULL, e);
}

/* In the order of the deliveries, so that each page of the table is written once, not once for each person on it. */
static int write_arms(struct home *h, struct deck *d, size_t arms, struct err *e)
{
	struct buf ids;
	int rc = 0;

	for (size_t i = 0; i < d->n; i++)
		d->card[i].arm = (uint32_t)(i % arms) + 1;
	if (d->n)
		qsort(d->card, d->n, sizeof(*d->card), by_delivery);
	buf_init(&ids, BATCH * 24);
	for (size_t from = 0; rc == 0 && from < d->n; from += BATCH)
		for (size_t arm = 1; rc == 0 && arm <= arms; arm++)
			rc = write_arm(h, d, from, from + BATCH < d->n ? from + BATCH : d->n, (uint32_t)arm, &ids, e);
	buf_free(&ids);
	return rc;
}

static int tell_ledger(struct home *h, const struct mailing *m, const struct deck *d, int64_t by, struct err *e)
{
	struct arena *a = arena_new();
	int rc = audit_add(h, by, "arms-dealt", arena_printf(a, "mailing %lld", (long long)m->id),
			   arena_printf(a, "%zu people to %lld arms%s%s, seed %lld", d->n, (long long)m->arms,
					m->stratum[0] ? " within each " : "", m->stratum, (long long)m->arm_seed),
			   e);

	arena_free(a);
	return rc;
}

int arms_deal(struct home *h, struct mailing *m, int64_t by, struct err *e)
{
	struct deck d;
	int rc;

	MUST(m->arms >= 2 && m->arms <= ARMS_MAX);
	if (!m->arm_seed)
		m->arm_seed = (int64_t)(rng_u64(&h->rng) >> 1) | 1;
	rc = lay_out(h, &Q_EACH_TO_DEAL, m, &d, e);
	if (rc == 0)
		rc = write_arms(h, &d, (size_t)m->arms, e);
	if (rc == 0)
		rc = tell_ledger(h, m, &d, by, e);
	free(d.card);
	return rc;
}

/* --- dealing again -------------------------------------------------------------------------------- */

int arms_verify(struct home *h, const struct mailing *m, struct arms_state *out, struct err *e)
{
	int64_t gaps = 0, last = m->arms;
	struct deck d;
	int rc;

	*out = (struct arms_state){ .as_dealt = true };
	rc = m->arms ? lay_out(h, &Q_EACH_DEALT, m, &d, e) : 0;
	if (rc < 0 || !m->arms)
		return rc;
	for (size_t i = 0; i < d.n; i++) {
		int64_t arm = d.card[i].arm;

		if (arm > m->arms) {
			out->as_dealt = false;
			continue;
		}
		/* The one that follows the last; what was passed over went to people who were erased. */
		gaps += (arm - last % m->arms - 1 + m->arms) % m->arms;
		last = arm;
		out->size[arm - 1]++;
		out->strata += i == 0 || d.card[i].stratum != d.card[i - 1].stratum;
	}
	out->people = (int64_t)d.n + d.erased;
	out->erased = d.erased;
	out->as_dealt = out->as_dealt && gaps <= d.erased;
	free(d.card);
	return 0;
}
