/*
 * DKIM's short cuts: bodies that are hashed where they lie against a form made
 * byte by byte, over random bodies in which everything that matters is
 * frequent; and what a key keeps between messages, against a key that has
 * signed nothing yet.
 */
#include "base/clock.h"
#include "base/rng.h"
#include "mail/dkim_canon.h"
#include "mail/token.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW      (INT64_C(1795417830) * SECOND)
#define ROOM     4000
#define BODIES   20000
#define MESSAGES 300

/* --- bodies ------------------------------------------------------------------- */

/* Words of letters, and now and then something else. `odd`: of 100. */
static size_t random_body(struct rng *r, char *out, unsigned odd)
{
	static const char *const ODD[] = { " ", "  ", "\t", " \r\n", "\r\n", "\r\n\r\n", "\t\r\n", "\r", "\n", "\r\r\n", "\n\r\n" };
	size_t n = 0, want = rng_below(r, rng_below(r, 2) ? 400 : ROOM - 100), kinds = COUNT(ODD) - 4 * rng_below(r, 2);

	while (n < want) {
		const char *piece = rng_below(r, 100) < odd ? ODD[rng_below(r, kinds)] : rng_below(r, 12) ? "letters" : "x\r\n";
		size_t len = strlen(piece);

		memcpy(out + n, piece, len);
		n += len;
	}
	return n;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 6376 section 3.4.4, to the letter. Returns the length. */
static size_t plain_form(const char *p, size_t n, char *out)
{
	size_t m = 0, end;

	for (size_t i = 0; i < n; i++) {
		if (n - i >= 2 && memcmp(p + i, "\r\n", 2) == 0) {
			while (m && out[m - 1] == ' ')
				m--;
			memcpy(out + m, "\r\n", 2);
			m += 2;
			i++;
		} else if (!blank(p[i])) {
			out[m++] = p[i];
		} else if (!(m && out[m - 1] == ' ')) {
			out[m++] = ' ';
		}
	}
	while (m && out[m - 1] == ' ')
		m--;
	/* Is the last line one without an end? It gets one. */
	if (m && !(m >= 2 && memcmp(out + m - 2, "\r\n", 2) == 0)) {
		memcpy(out + m, "\r\n", 2);
		m += 2;
	}
	for (end = m; end >= 2 && memcmp(out + end - 2, "\r\n", 2) == 0; end -= 2)
		m = end;
	return end ? m : 0;
}

static bool has_bare(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((p[i] == '\n' && (i == 0 || p[i - 1] != '\r')) || (p[i] == '\r' && (i + 1 == n || p[i + 1] != '\n')))
			return true;
	return false;
}

static void test_bodies(void **state)
{
	struct rng r;
	size_t bare = 0;
	(void)state;

	rng_seed(&r, 6376);
	for (int i = 0; i < BODIES; i++) {
		/* Of exactly its size, so that a look too far is seen. */
		char room[ROOM], form[ROOM + 2], *body;
		uint8_t want[32], got[32];
		uint64_t length;
		size_t n = random_body(&r, room, (unsigned[]){ 0, 1, 3, 30 }[i % 4]), m;

		body = mem_alloc(n ? n : 1);
		memcpy(body, room, n);
		m = plain_form(body, n, form);
		sha256(form, m, want);
		dkim_body_hash((struct slice){ body, n }, true, UINT64_MAX, got, &length);
		assert_memory_equal(got, want, 32);
		assert_int_equal(length, m);
		assert_int_equal(dkim_has_bare_break((struct slice){ body, n }), has_bare(body, n));
		if (dkim_body_hash_clean((struct slice){ body, n }, got))
			assert_memory_equal(got, want, 32);
		else
			bare++;
		assert_int_equal(dkim_body_hash_clean((struct slice){ body, n }, got), !has_bare(body, n));
		free(body);
	}
	assert_in_range(bare, BODIES / 10, BODIES * 9 / 10);
}

/* --- the desk ------------------------------------------------------------------ */

static struct dkim_key *again(const struct dkim_key *k)
{
	struct err e = { 0 };
	struct dkim_key *copy;
	struct buf pem;

	buf_init(&pem, 8000);
	assert_int_equal(dkim_key_to_pem(k, &pem, &e), 0);
	copy = dkim_key_from_pem(buf_text(&pem), pem.n, &e);
	assert_non_null(copy);
	buf_free(&pem);
	return copy;
}

static void sign(const struct dkim_signer s[2], const char *head, struct slice body, int64_t now, struct buf *out)
{
	struct err e = { 0 };

	buf_clear(out);
	if (dkim_sign(s, 2, slice_of(head), body, now, out, &e) < 0)
		fail_msg("%s", e.text);
}

/* Messages whose fields, bodies, seconds, domains and selectors change now and then, and come back. */
static void test_same_as_fresh(void **state)
{
	static const char *const HEADS[] = { "From: a@uni.example\r\nSubject: b\r\n", "From: a@uni.example\r\nSubject: c\r\n",
					     "From: a@uni.example\r\nTo: b\r\nTo: c\r\nList-Id: <x>\r\n",
					     "Subject: b\r\nCFBL-Address: <x>\r\nFrom:\t a@uni.example\r\n  \r\n" };
	static const char *const DOMAINS[] = { "uni.example", "a-much-longer-domain.department-of-names.uni.example" };
	static const char *const SELECTORS[] = { "p1", "p2026q4" };
	struct err e = { 0 };
	struct dkim_key *rsa = dkim_key_new(DKIM_RSA_2048, &e), *ed = dkim_key_new(DKIM_ED25519, &e);
	struct buf kept, fresh;
	struct rng r;
	(void)state;

	assert_true(rsa && ed);
	buf_init(&kept, 10000);
	buf_init(&fresh, 10000);
	rng_seed(&r, 8463);
	for (int i = 0; i < MESSAGES; i++) {
		bool turned = rng_below(&r, 8) == 0;
		const char *head = HEADS[rng_below(&r, 4)], *domain = DOMAINS[rng_below(&r, 6) == 0];
		const char *selector = SELECTORS[rng_below(&r, 6) == 0];
		int64_t now = NOW + (int64_t)rng_below(&r, 2) * SECOND;
		struct dkim_signer s[2] = { { domain, selector, turned ? ed : rsa }, { domain, "e", turned ? rsa : ed } };
		struct dkim_signer f[2] = { { domain, selector, again(s[0].key) }, { domain, "e", again(s[1].key) } };
		char body[ROOM];
		size_t n;

		do {
			n = random_body(&r, body, 3);
		} while (has_bare(body, n));
		sign(s, head, (struct slice){ body, n }, now, &kept);
		sign(f, head, (struct slice){ body, n }, now, &fresh);
		assert_string_equal(buf_text(&kept), buf_text(&fresh));
		dkim_key_free(f[0].key);
		dkim_key_free(f[1].key);
	}
	dkim_key_free(rsa);
	dkim_key_free(ed);
	buf_free(&kept);
	buf_free(&fresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_bodies), cmocka_unit_test(test_same_as_fresh) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
