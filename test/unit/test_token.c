/*
 * Tokens and codes: what is made is read back, what was changed in any byte is
 * not, one spelling only, and no type, key or form passes for another.
 */
#include "base/clock.h"
#include "base/codec.h"
#include "mail/token.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const enum token_type TYPES[] = { TOKEN_OPT_OUT, TOKEN_UNSUBSCRIBE, TOKEN_BOUNCE, TOKEN_FEEDBACK,
	                                 TOKEN_MESSAGE };
static const int64_t IDS[] = { 0, 1, 2, 77, 4294967295, 4294967296, INT64_MAX - 1, INT64_MAX };

static struct token_keys keys_of(int n)
{
	struct token_keys k = { .n = n };
	struct rng r;

	rng_seed(&r, 5);
	for (int i = 0; i < n; i++) {
		k.key[i].kid = (uint8_t)(i + 1);
		rng_bytes(&r, k.key[i].key, TOKEN_KEY_SIZE);
	}
	return k;
}

static void test_round_trip(void **state)
{
	struct token_keys k = keys_of(2);
	(void)state;

	for (size_t t = 0; t < COUNT(TYPES); t++)
		for (size_t i = 0; i < COUNT(IDS); i++) {
			char url[TOKEN_TEXT_MAX], mail[TOKEN_TEXT_MAX];
			int64_t id = -1;

			token_for_url(&k, TYPES[t], IDS[i], url);
			assert_int_equal(strlen(url), 36);
			assert_true(token_read_url(&k, TYPES[t], slice_of(url), &id));
			assert_int_equal(id, IDS[i]);
			token_for_mail(&k, TYPES[t], IDS[i], mail);
			assert_int_equal(strlen(mail), 34);
			id = -1;
			assert_true(token_read_mail(&k, TYPES[t], slice_of(mail), &id));
			assert_int_equal(id, IDS[i]);
			assert_false(token_read_url(&k, TYPES[t], slice_of(mail), &id));
			assert_false(token_read_mail(&k, TYPES[t], slice_of(url), &id));
		}
}

/* Every bit of the bytes, and every other letter at every place of the text. */
static void test_forgery(void **state)
{
	struct token_keys k = keys_of(2);
	char url[TOKEN_TEXT_MAX], bad[TOKEN_TEXT_MAX], mail[TOKEN_TEXT_MAX];
	int64_t id = -1;
	(void)state;

	token_for_url(&k, TOKEN_OPT_OUT, 42, url);
	for (size_t i = 0; i < strlen(url); i++)
		for (int c = 1; c < 256; c++) {
			memcpy(bad, url, sizeof(bad));
			bad[i] = (char)c;
			if (bad[i] != url[i])
				assert_false(token_read_url(&k, TOKEN_OPT_OUT, slice_of(bad), &id));
		}
	token_for_mail(&k, TOKEN_BOUNCE, 42, mail);
	for (size_t i = 0; i < strlen(mail); i++)
		for (int c = 1; c < 256; c++) {
			memcpy(bad, mail, sizeof(bad));
			bad[i] = (char)c;
			if (bad[i] != mail[i] && c != mail[i] - 'a' + 'A') /* case alone is forgiven in mail */
				assert_false(token_read_mail(&k, TOKEN_BOUNCE, slice_of(bad), &id));
		}
	assert_int_equal(id, -1);
}

static void test_spelling(void **state)
{
	struct token_keys k = keys_of(1);
	char url[TOKEN_TEXT_MAX], mail[TOKEN_TEXT_MAX], text[TOKEN_TEXT_MAX + 8];
	int64_t id = -1;
	(void)state;

	token_for_url(&k, TOKEN_OPT_OUT, 9, url);
	token_for_mail(&k, TOKEN_BOUNCE, 9, mail);
	for (size_t n = 0; n < 36; n++)
		assert_false(token_read_url(&k, TOKEN_OPT_OUT, (struct slice){ url, n }, &id));
	for (size_t n = 0; n < 34; n++)
		assert_false(token_read_mail(&k, TOKEN_BOUNCE, (struct slice){ mail, n }, &id));
	for (const char *tail = "=. A\n"; *tail; tail++) {
		snprintf(text, sizeof(text), "%s%c", url, *tail);
		assert_false(token_read_url(&k, TOKEN_OPT_OUT, slice_of(text), &id));
		snprintf(text, sizeof(text), "%c%s", *tail, url);
		assert_false(token_read_url(&k, TOKEN_OPT_OUT, slice_of(text), &id));
		snprintf(text, sizeof(text), "%s%c", mail, *tail);
		assert_false(token_read_mail(&k, TOKEN_BOUNCE, slice_of(text), &id));
	}
	for (size_t i = 0; mail[i]; i++)
		if (mail[i] >= 'a' && mail[i] <= 'z')
			mail[i] = (char)(mail[i] - 'a' + 'A');
	assert_true(token_read_mail(&k, TOKEN_BOUNCE, slice_of(mail), &id));
	assert_int_equal(id, 9);
}

static void test_types_and_keys(void **state)
{
	struct token_keys k = keys_of(3), old = k, other = keys_of(3);
	char url[TOKEN_TEXT_MAX], mail[TOKEN_TEXT_MAX];
	int64_t id = -1;
	(void)state;

	for (size_t t = 0; t < COUNT(TYPES); t++) {
		token_for_url(&k, TYPES[t], 7, url);
		token_for_mail(&k, TYPES[t], 7, mail);
		for (size_t u = 0; u < COUNT(TYPES); u++) {
			assert_int_equal(token_read_url(&k, TYPES[u], slice_of(url), &id), t == u);
			assert_int_equal(token_read_mail(&k, TYPES[u], slice_of(mail), &id), t == u);
		}
	}
	token_for_url(&k, TOKEN_OPT_OUT, 7, url);
	old.n = 2; /* the key that made it is gone */
	assert_false(token_read_url(&old, TOKEN_OPT_OUT, slice_of(url), &id));
	token_for_url(&old, TOKEN_OPT_OUT, 8, url); /* an older key still verifies (TOK-2) */
	assert_true(token_read_url(&k, TOKEN_OPT_OUT, slice_of(url), &id));
	assert_int_equal(id, 8);
	other.key[1].key[31] ^= 1;
	assert_false(token_read_url(&other, TOKEN_OPT_OUT, slice_of(url), &id));
}

/* Neighbours do not resemble each other, and no id shows. */
static void test_opaque(void **state)
{
	struct token_keys k = keys_of(1);
	int same = 0;
	(void)state;

	for (int64_t i = 0; i < 200; i++) {
		char a[TOKEN_TEXT_MAX], b[TOKEN_TEXT_MAX];

		token_for_url(&k, TOKEN_OPT_OUT, i, a);
		token_for_url(&k, TOKEN_OPT_OUT, i + 1, b);
		for (int j = 4; j < 14; j++) /* the letters of the id alone */
			same += a[j] == b[j];
	}
	assert_true(same < 200 * 10 / 64 * 3);
}

static void test_codes(void **state)
{
	struct token_keys k = keys_of(2), old = k;
	char code[CODE_TEXT_MAX], other[40];
	int64_t id;
	(void)state;

	old.n = 1;
	for (int64_t i = 0; i < 300; i++) {
		int64_t want = i < 200 ? i : UINT32_MAX - i;

		code_make(i % 2 ? &k : &old, want, code);
		assert_true(code_is_wellformed(slice_of(code)));
		assert_true(code_read(&k, code, &id));
		assert_int_equal(id, want);
	}
	code_make(&k, 12345, code);
	snprintf(other, sizeof(other), " %.4s %.4s%.4s ", code, code + 5, code + 10);
	for (size_t i = 0; other[i]; i++)
		if (other[i] >= 'A' && other[i] <= 'Z')
			other[i] = (char)(other[i] | 32);
	assert_true(code_read(&k, other, &id));
	assert_int_equal(id, 12345);
	for (size_t i = 0; i < 14; i++) {
		memcpy(other, code, sizeof(code));
		other[i] = code[i] == '7' ? '8' : '7';
		assert_false(code_read(&k, other, &id));
	}
	assert_false(code_read(&k, "", &id));
	assert_false(code_read(&k, "7K3M-Q2XV-9TF", &id));
	assert_false(code_read(&k, "7K3M-Q2XV-9TFA-7K3M-Q2XV-9TFA-7K3M-Q2XV-9TFA-7K3M-Q2XV-9TFA-7K3M-Q2XV", &id));
}

static void test_wellformed(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} CASES[] = {
		{ "7K3M-Q2XV-9TFA", true },   { "7K3M-Q2XV-9TFa", false },  { "7K3M-Q2XV-9TF", false },
		{ "7K3M-Q2XV-9TFAA", false }, { "7K3MQ-2XV-9TFA", false },  { "7K3M-Q2XV-9TFU", false },
		{ "7K3M-Q2XV-9TFI", false },  { "7K3M Q2XV 9TFA", false },  { "", false },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_int_equal(code_is_wellformed(slice_of(CASES[i].text)), CASES[i].good);
}

static void check_hex(const uint8_t *p, size_t n, const char *want)
{
	struct buf b;

	buf_init(&b, 200);
	hex_encode(&b, p, n);
	assert_string_equal(buf_text(&b), want);
	buf_free(&b);
}

/* SHA-256 of "abc" (FIPS 180-4) and case 2 of RFC 4231. */
static void test_hashes(void **state)
{
	uint8_t out[32], key[TOKEN_KEY_SIZE] = { 1 }, again[32];
	(void)state;

	sha256("abc", 3, out);
	check_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hmac_sha256((const uint8_t *)"Jefe", 4, "what do ya want for nothing?", 28, out);
	check_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	match_key_hash(key, "a@b.example", out);
	hmac_sha256(key, sizeof(key), "a@b.example", 11, again);
	assert_memory_equal(out, again, 32);
}

/* A prepared key hashes as a fresh one does, text after text, whatever their lengths. */
static void test_prepared_key(void **state)
{
	uint8_t key[TOKEN_KEY_SIZE] = { 1, 2, 3 }, out[32], again[32];
	struct hash_key *k = hash_key_new(key);
	char text[201] = "";
	(void)state;

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		hash_key_run(k, text, out);
		hmac_sha256(key, sizeof(key), text, n, again);
		assert_memory_equal(out, again, 32);
		text[n] = 'a';
	}
	hash_key_free(k);
	hash_key_free(NULL);
}

/* The bytes of a token are a contract: what was mailed years ago must still be read. The three texts were
   computed apart from this code, from the description in token.c. */
static void test_layout(void **state)
{
	struct token_keys k = { .n = 1 };
	char text[TOKEN_TEXT_MAX];
	(void)state;

	k.key[0].kid = 1;
	for (int i = 0; i < TOKEN_KEY_SIZE; i++)
		k.key[0].key[i] = (uint8_t)i;
	token_for_url(&k, TOKEN_OPT_OUT, 1, text);
	assert_string_equal(text, "AQFvxVPB9peggXI1Jmaox4EJX_5GJQ8GaZN_");
	token_for_mail(&k, TOKEN_BOUNCE, 1, text);
	assert_string_equal(text, "aeawfddjuwegpx4nnkxkhmopp7eu3y7rlu");
	code_make(&k, 1, text);
	assert_string_equal(text, "DKPG-V0ET-JE3M");
}

/* What was derived beforehand makes and reads the same tokens, for each type and with older keys beside it. */
static void test_ready(void **state)
{
	static const char EACH[] = "oubfmcljpni";
	struct token_keys k = keys_of(3), ready = k, older = keys_of(2);
	(void)state;

	assert_int_equal(strlen(EACH), TOKEN_TYPES);
	token_keys_ready(&ready);
	assert_int_equal(ready.n_ready, TOKEN_TYPES);
	for (size_t t = 0; t < TOKEN_TYPES; t++)
		for (size_t i = 0; i < COUNT(IDS); i++) {
			char one[TOKEN_TEXT_MAX], two[TOKEN_TEXT_MAX];
			int64_t id = -1;

			token_for_url(&k, (enum token_type)EACH[t], IDS[i], one);
			token_for_url(&ready, (enum token_type)EACH[t], IDS[i], two);
			assert_string_equal(one, two);
			assert_true(token_read_url(&ready, (enum token_type)EACH[t], slice_of(one), &id));
			assert_int_equal(id, IDS[i]);
			token_for_mail(&older, (enum token_type)EACH[t], IDS[i], one);
			assert_true(token_read_mail(&ready, (enum token_type)EACH[t], slice_of(one), &id));
			assert_int_equal(id, IDS[i]);
		}
	for (int64_t id = 0; id < 1000; id += 77) {
		char one[CODE_TEXT_MAX], two[CODE_TEXT_MAX];

		code_make(&k, id, one);
		code_make(&ready, id, two);
		assert_string_equal(one, two);
	}
}

static void test_speed(void **state)
{
	struct token_keys k = keys_of(1);
	char text[TOKEN_TEXT_MAX];
	int64_t start = clock_ticks(), took;
	(void)state;

	token_keys_ready(&k);
	for (int64_t i = 0; i < 20000; i++)
		token_for_url(&k, TOKEN_OPT_OUT, i, text);
	took = clock_ticks() - start;
	print_message("%.0f tokens a second\n", 20000 * 1e6 / (double)(took ? took : 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_forgery),
		cmocka_unit_test(test_spelling),   cmocka_unit_test(test_types_and_keys),
		cmocka_unit_test(test_opaque),     cmocka_unit_test(test_codes),
		cmocka_unit_test(test_wellformed), cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_prepared_key), cmocka_unit_test(test_ready),
		cmocka_unit_test(test_layout),     cmocka_unit_test(test_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
