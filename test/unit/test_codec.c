/* Bytes as text and back; that each value has one text only (TOK-1). */
#include "base/codec.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

typedef void encoder(struct buf *b, const void *p, size_t n);
typedef ssize_t decoder(void *out, size_t max, const char *s, size_t n);

static void known_texts(void **state)
{
	static const struct {
		encoder *encode;
		decoder *decode;
		const char *bytes, *text;
	} cases[] = {
		/* RFC 4648 section 10 */
		{ base64_encode, base64_decode, "", "" },
		{ base64_encode, base64_decode, "f", "Zg==" },
		{ base64_encode, base64_decode, "fo", "Zm8=" },
		{ base64_encode, base64_decode, "foo", "Zm9v" },
		{ base64_encode, base64_decode, "foob", "Zm9vYg==" },
		{ base64_encode, base64_decode, "foobar", "Zm9vYmFy" },
		{ base64_encode, base64_decode, "\xfb\xff\xfe", "+//+" },
		{ base64url_encode, base64url_decode, "\xfb\xff\xfe", "-__-" },
		{ base64url_encode, base64url_decode, "fo", "Zm8" },
		{ base32_encode, base32_decode, "f", "my" },
		{ base32_encode, base32_decode, "fo", "mzxq" },
		{ base32_encode, base32_decode, "foo", "mzxw6" },
		{ base32_encode, base32_decode, "foob", "mzxw6yq" },
		{ base32_encode, base32_decode, "foobar", "mzxw6ytboi" },
		{ hex_encode, hex_decode, "foobar", "666f6f626172" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = strlen(cases[i].bytes);
		char back[16];
		struct buf b;

		buf_init(&b, 100);
		cases[i].encode(&b, cases[i].bytes, n);
		assert_string_equal(buf_text(&b), cases[i].text);
		assert_int_equal(cases[i].decode(back, sizeof(back), cases[i].text, strlen(cases[i].text)), n);
		assert_memory_equal(back, cases[i].bytes, n);
		buf_free(&b);
	}
}

static void other_texts_are_refused(void **state)
{
	static const struct {
		decoder *decode;
		const char *text;
	} cases[] = {
		{ base64_decode, "Zg" },                                  /* no padding */
		{ base64_decode, "Zg=" },                                 /* too little */
		{ base64_decode, "Zg===" },                               /* too much */
		{ base64_decode, "Zm9v====" },                            /* padding that nothing asked for */
		{ base64_decode, "====" },     { base64_decode, "Zh==" }, /* set bits after the last byte */
		{ base64_decode, "Zm9=" },     { base64_decode, "Zg==Zg==" },
		{ base64_decode, "Zm 9v" },    { base64_decode, "Zm9v\n" },
		{ base64_decode, "-__-" },     { base64url_decode, "+//+" },
		{ base64url_decode, "Zg==" },  { base64url_decode, "Zh" },
		{ base64url_decode, "Z" }, /* less than a byte */
		{ base64url_decode, "Zm9vY" }, { base32_decode, "mz" },
		{ base32_decode, "m" },        { base32_decode, "mzx" },
		{ base32_decode, "mzxw6y" },   { base32_decode, "m1" },
		{ base32_decode, "my======" }, { hex_decode, "6" },
		{ hex_decode, "6F" }, /* the canonical form is in lower case */
		{ hex_decode, "6g" },          { hex_decode, "0x" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[64];

		if (cases[i].decode(out, sizeof(out), cases[i].text, strlen(cases[i].text)) != -1)
			fail_msg("\"%s\" was accepted", cases[i].text);
	}
}

static void a_nul_is_no_letter(void **state)
{
	uint64_t v;
	char out[8];

	(void)state;
	assert_int_equal(base64_decode(out, sizeof(out), "Zm9\0", 4), -1);
	assert_int_equal(base32_decode(out, sizeof(out), "m\0", 2), -1);
	assert_int_equal(crockford_decode(&v, 2, "1\0", 2), -1);
}

static void everything_comes_back(void **state)
{
	static const struct {
		encoder *encode;
		decoder *decode;
	} pairs[] = { { base64_encode, base64_decode },
		      { base64url_encode, base64url_decode },
		      { base32_encode, base32_decode },
		      { hex_encode, hex_decode } };
	unsigned char bytes[70], back[70];
	struct rng r;
	struct buf b;

	(void)state;
	rng_seed(&r, 1);
	buf_init(&b, 200);
	for (size_t i = 0; i < COUNT(pairs) * sizeof(bytes); i++) {
		size_t n = i / COUNT(pairs);

		rng_bytes(&r, bytes, n);
		buf_clear(&b);
		pairs[i % COUNT(pairs)].encode(&b, bytes, n);
		assert_int_equal(pairs[i % COUNT(pairs)].decode(back, n, buf_text(&b), b.n), n);
		assert_memory_equal(bytes, back, n);
		if (n) /* one byte too few to hold it */
			assert_int_equal(pairs[i % COUNT(pairs)].decode(back, n - 1, buf_text(&b), b.n), -1);
	}
	buf_free(&b);
}

static void base32_forgives_case(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(base32_decode(out, sizeof(out), "MzXw6", 5), 3);
	assert_memory_equal(out, "foo", 3);
}

static void crockford_is_for_people(void **state)
{
	struct buf b;
	uint64_t v = 0;

	(void)state;
	buf_init(&b, 40);
	crockford_encode(&b, 0x123456789abcdef, 12);
	assert_string_equal(buf_text(&b), "28T5CY4TQKFF");
	assert_int_equal(crockford_decode(&v, 12, "28T5CY4TQKFF", 12), 0);
	assert_true(v == 0x123456789abcdef);
	assert_int_equal(crockford_decode(&v, 12, " 28t5-cy4t-qkff ", 16), 0);
	assert_true(v == 0x123456789abcdef);
	assert_int_equal(crockford_decode(&v, 4, "oIlO", 4), 0);
	assert_true(v == (1 << 10) + (1 << 5));
	assert_int_equal(crockford_decode(&v, 4, "u000", 4), -1);
	assert_int_equal(crockford_decode(&v, 4, "000", 3), -1);
	assert_int_equal(crockford_decode(&v, 4, "00000", 5), -1);
	assert_int_equal(crockford_decode(&v, 13, "FZZZZZZZZZZZZ", 13), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(crockford_decode(&v, 13, "G000000000000", 13), -1);
	buf_clear(&b);
	crockford_encode(&b, UINT64_MAX, 13);
	assert_string_equal(buf_text(&b), "FZZZZZZZZZZZZ");
	buf_clear(&b);
	crockford_encode(&b, 0xffff, 2);
	assert_string_equal(buf_text(&b), "ZZ");
	buf_free(&b);
}

static void numbers_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max, value;
		bool ok;
	} cases[] = {
		{ "0", 0, 10, 0, true },
		{ "10", 0, 10, 10, true },
		{ "11", 0, 10, 0, false },
		{ "-1", 0, 10, 0, false },
		{ "-1", -1, 10, -1, true },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, true },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, true },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, 0, false },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, 0, false },
		{ "99999999999999999999999", INT64_MIN, INT64_MAX, 0, false },
		{ "", 0, 10, 0, false },
		{ "-", -10, 10, 0, false },
		{ "--1", -10, 10, 0, false },
		{ "+1", 0, 10, 0, false },
		{ " 1", 0, 10, 0, false },
		{ "1 ", 0, 10, 0, false },
		{ "1e1", 0, 10, 0, false },
		{ "0x1", 0, 10, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t v = 77;
		int rc = parse_i64(cases[i].text, cases[i].min, cases[i].max, &v);

		if ((rc == 0) != cases[i].ok || v != (cases[i].ok ? cases[i].value : 77))
			fail_msg("\"%s\" gave %d, %lld", cases[i].text, rc, (long long)v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(a_nul_is_no_letter),
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(base32_forgives_case),
		cmocka_unit_test(crockford_is_for_people),
		cmocka_unit_test(numbers_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
