/*
 * Quoted-printable: a table of texts and their exact forms, and a property
 * over random pieces: what they decode to, put behind each other, is the
 * texts put behind each other, and every line keeps the rules of FMT-8.
 */
#include "base/rng.h"
#include "mail/header.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int hex_value(char c)
{
	assert_true((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* A strict decoder, written apart from the encoder; lines end in CRLF, the result in LF. */
static void decode(struct buf *out, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end) {
		if (p[0] == '\r') {
			assert_true(end - p >= 2 && p[1] == '\n');
			buf_addc(out, '\n');
			p += 2;
		} else if (p[0] == '=') {
			assert_true(end - p >= 3);
			if (p[1] != '\r')
				buf_addc(out, (char)(hex_value(p[1]) << 4 | hex_value(p[2])));
			else
				assert_int_equal(p[2], '\n');
			p += 3;
		} else {
			assert_true((*p >= 33 && *p <= 126) || *p == ' ' || *p == '\t');
			buf_addc(out, *p++);
		}
	}
}

/* FMT-8, line by line. */
static void check_lines(const char *text, size_t n)
{
	while (n) {
		const char *cr = memmem(text, n, "\r\n", 2);
		size_t line = cr ? (size_t)(cr - text) : n;

		assert_true(line <= 76);
		assert_int_not_equal(text[0], '.');
		assert_false(line >= 5 && memcmp(text, "From ", 5) == 0);
		assert_false(line && (text[line - 1] == ' ' || text[line - 1] == '\t'));
		if (!cr)
			break;
		text += line + 2;
		n -= line + 2;
	}
}

static void check(const char *in, size_t n, const char *want)
{
	struct buf b, back, lf;

	buf_init(&b, 10000);
	buf_init(&back, 10000);
	buf_init(&lf, 10000);
	qp_encode(&b, in, n);
	assert_string_equal(buf_text(&b), want);
	check_lines(buf_text(&b), b.n);
	decode(&back, buf_text(&b), b.n);
	for (size_t i = 0; i < n; i++)
		if (in[i] != '\r' || i + 1 == n || in[i + 1] != '\n')
			buf_addc(&lf, in[i]);
	assert_int_equal(back.n, lf.n);
	assert_memory_equal(buf_text(&back), buf_text(&lf), lf.n);
	buf_free(&b);
	buf_free(&back);
	buf_free(&lf);
}

#define A70 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_table(void **state)
{
	static const struct {
		const char *in, *want;
	} CASES[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "a=b", "a=3Db" },
		{ "a\nb\r\nc\n", "a\r\nb\r\nc\r\n" },
		{ "a\rb", "a=0Db" },
		{ "blank \ntab\t\nend ", "blank=20\r\ntab=09\r\nend=20" },
		{ "two  \n", "two =20\r\n" },
		{ " \n", "=20\r\n" },
		{ ".\n..\n.x", "=2E\r\n=2E.\r\n=2Ex" },
		{ "From me\nFrom\nx From y", "=46rom me\r\nFrom\r\nx From y" },
		{ "\xC3\xA4", "=C3=A4" },
		{ "\xFF\xC3", "=FF=C3" },
		{ "\x01\x7F", "=01=7F" },
		{ "\n\n", "\r\n\r\n" },
		{ A70 "123456", A70 "123456" },
		{ A70 "123456\nx", A70 "123456\r\nx" },
		{ A70 "1234567", A70 "12345=\r\n67" },
		{ A70 "12345.7", A70 "12345=\r\n=2E7" },
		{ A70 "12345From x", A70 "12345=\r\n=46rom x" },
		{ A70 "12345 \nx", A70 "12345=\r\n=20\r\nx" },
		{ A70 "1\xC3\xA4", A70 "1=\r\n=C3=A4" },    /* a character is not cut */
		{ A70 "\xC3\xA4\n", A70 "=C3=A4\r\n" },     /* 76 exactly, before a break */
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++)
		check(CASES[i].in, strlen(CASES[i].in), CASES[i].want);
	check("a\0b", 3, "a=00b");
}

static void test_pieces(void **state)
{
	static const struct {
		const char *in;
		bool last;
		const char *want;
	} CASES[] = {
		{ "", false, "" },
		{ "", true, "" },
		{ "Dear", false, "Dear=\r\n" },
		{ "Dear ", false, "Dear =\r\n" },
		{ "Dear ", true, "Dear=20" },
		{ "Dear", true, "Dear" },
		{ "Dear\n", false, "Dear\r\n" },
		{ "Dear\n", true, "Dear\r\n" },
		{ ".", false, "=2E=\r\n" },
		{ " ", true, "=20" },
		{ A70 "12345", false, A70 "12345=\r\n" },
		{ A70 "123456", false, A70 "12345=\r\n6=\r\n" },
		{ A70 "123456", true, A70 "123456" },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct buf b;

		buf_init(&b, 1000);
		qp_encode_piece(&b, CASES[i].in, strlen(CASES[i].in), CASES[i].last);
		assert_string_equal(buf_text(&b), CASES[i].want);
		buf_free(&b);
	}
}

/* Bytes that hit the rules often. */
static void random_text(struct rng *r, struct buf *b)
{
	static const char *const BITS[] = { " ", "\t", "\n", "\r\n", ".", "From ", "=", "\xC3\xA4", "\xF0\x9F\x8E\x93",
		                            "x", "abcdefghijklmnopqrstuvwxyz", "\xFF", "\n.", "\nFrom " };
	size_t n = rng_below(r, 30);

	buf_clear(b);
	while (n--)
		buf_adds(b, BITS[rng_below(r, COUNT(BITS))]);
}

static void add_lf(struct buf *to, const struct buf *text)
{
	for (size_t i = 0; i < text->n; i++)
		if (text->p[i] != '\r')
			buf_addc(to, text->p[i]);
}

static void test_property(void **state)
{
	struct rng r;
	struct buf text, wire, want, back;
	(void)state;

	rng_seed(&r, 20261123);
	buf_init(&text, 10000);
	buf_init(&wire, 100000);
	buf_init(&want, 100000);
	buf_init(&back, 100000);
	for (int round = 0; round < 20000; round++) {
		size_t pieces = rng_below(&r, 6);

		buf_clear(&wire);
		buf_clear(&want);
		buf_clear(&back);
		for (size_t i = 0; i < pieces; i++) {
			bool last = rng_below(&r, 3) == 0;

			random_text(&r, &text);
			qp_encode_piece(&wire, buf_text(&text), text.n, last);
			add_lf(&want, &text);
			if (last) { /* what the promise asks for */
				buf_adds(&wire, "\r\n");
				buf_addc(&want, '\n');
			}
		}
		check_lines(buf_text(&wire), wire.n);
		decode(&back, buf_text(&wire), wire.n);
		assert_int_equal(back.n, want.n);
		assert_memory_equal(buf_text(&back), buf_text(&want), want.n);
	}
	buf_free(&text);
	buf_free(&wire);
	buf_free(&want);
	buf_free(&back);
}

static void test_ceiling(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 10);
	qp_encode(&b, A70 A70, 140);
	assert_true(b.over);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_property),
		cmocka_unit_test(test_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
