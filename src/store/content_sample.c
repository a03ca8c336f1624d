/*
 * A sample of messages: see content_sample.h. Those people are drawn whose
 * SHA-256 of seed and address comes first, so that one pass over any number
 * of people needs memory for the drawn ones alone.
 */
#include "store/content_sample.h"

#include "store/content_in.h"

#include <openssl/evp.h>

struct drawn {
	uint8_t key[32];
	struct person person;
};

struct draw {
	struct arena *a;
	char seed[24]; /* with a line feed behind it */
	struct drawn *drawn; /* sorted by key */
	size_t n, most;
};

static void key_of(const struct draw *d, const char *address, uint8_t out[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	MUST(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	MUST(EVP_DigestUpdate(md, d->seed, strlen(d->seed)) == 1 && EVP_DigestUpdate(md, address, strlen(address)) == 1);
	MUST(EVP_DigestFinal_ex(md, out, NULL) == 1);
	EVP_MD_CTX_free(md);
}

static int take(void *ctx, const struct selected *s)
{
	struct draw *d = ctx;
	struct drawn x;
	size_t at;

	key_of(d, s->address, x.key);
	if (d->n == d->most && memcmp(x.key, d->drawn[d->n - 1].key, sizeof(x.key)) >= 0)
		return 0;
	content_keep_person(d->a, s, &x.person);
	if (d->n < d->most)
		d->n++;
	for (at = d->n - 1; at > 0 && memcmp(x.key, d->drawn[at - 1].key, sizeof(x.key)) < 0; at--)
		d->drawn[at] = d->drawn[at - 1];
	d->drawn[at] = x;
	return 0;
}

int content_sample(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, int64_t seed, size_t n,
		   int (*each)(void *ctx, size_t number, const struct buf *message), void *ctx, struct err *e)
{
	struct draw d = { .a = a, .drawn = ARENA_ARRAY(a, struct drawn, n), .most = n };
	struct buf out;
	int rc = 0;

	MUST(n >= 1 && n <= SAMPLE_MOST);
	snprintf(d.seed, sizeof(d.seed), "%lld\n", (long long)seed);
	if (!c->compiled)
		return err_set(e, ERR_INPUT, "%s", c->compile_error);
	if (selection_choose(h, m, e) < 0 || selection_each(h, m, take, &d, e) < 0)
		return -1;
	buf_init(&out, CONTENT_MESSAGE_MAX);
	for (size_t i = 0; rc == 0 && i < d.n; i++) {
		buf_clear(&out);
		d.drawn[i].person.date = home_now(h);
		rc = content_render(h, a, c, &d.drawn[i].person, &out, e);
		if (rc < 0)
			err_in(e, "%s", d.drawn[i].person.address);
		else if (each(ctx, i, &out) != 0)
			break;
	}
	buf_free(&out);
	return rc;
}
