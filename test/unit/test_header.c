/*
 * Header lines: exact lines for known values, refusals (FMT-3), and for random
 * text that unfolding and decoding give back what was put in (FMT-1, FMT-4).
 */
#include "base/codec.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "mail/header.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define W60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void check(struct buf *b, int rc, struct err *e, const char *want)
{
	if (!want) {
		assert_int_equal(rc, -1);
		assert_int_equal(e->kind, ERR_INPUT);
		assert_true(e->text[0] != '\0');
		assert_string_equal(buf_text(b), "before\r\n"); /* nothing half-written */
		return;
	}
	if (rc)
		print_error("%s\n", e->text);
	assert_int_equal(rc, 0);
	assert_string_equal(buf_text(b) + strlen("before\r\n"), want);
}

static void test_plain(void **state)
{
	static const struct {
		const char *name, *value, *want;
	} CASES[] = {
		{ "X-A", "b c", "X-A: b c\r\n" },
		{ "X-A", "", "X-A:\r\n" },
		{ "X-A", " b ", "X-A: b\r\n" },
		{ "X-A", W60 " bbbbbbbbbbbb", "X-A: " W60 " bbbbbbbbbbbb\r\n" },
		{ "X-A", W60 " bbbbbbbbbbbbb", "X-A: " W60 "\r\n bbbbbbbbbbbbb\r\n" },
		{ "X-A", "<https://h.example/" W60 W60 ">", "X-A: <https://h.example/" W60 W60 ">\r\n" },
		{ "X-A", "<https://h.example/" W60 ">, <mailto:u@h.example>",
		  "X-A: <https://h.example/" W60 ">,\r\n <mailto:u@h.example>\r\n" },
		{ "X-A", "a\r\nBcc: x", NULL },
		{ "X-A", "a\nb", NULL },
		{ "X-A", "a\rb", NULL },
		{ "X-A", "a\tb", NULL },
		{ "X-A", "a\x7f", NULL },
		{ "X-A", "\xC3\xA4", NULL },
		{ "X-A", "\xC2\x85", NULL },
		{ "X-A", "\xFF", NULL },
		{ "X:A", "a", NULL },
		{ "X A", "a", NULL },
		{ "X\r\nA", "a", NULL },
		{ "", "a", NULL },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct err e = { 0 };
		struct buf b;

		buf_init(&b, 10000);
		buf_adds(&b, "before\r\n");
		check(&b, header_add(&b, CASES[i].name, CASES[i].value, &e), &e, CASES[i].want);
		buf_free(&b);
	}
}

static void test_too_long(void **state)
{
	char value[3000];
	struct err e = { 0 };
	struct buf b;
	(void)state;

	memset(value, 'a', sizeof(value));
	buf_init(&b, 100000);
	buf_adds(&b, "before\r\n");
	value[998 - 5] = '\0';
	assert_int_equal(header_add(&b, "X-A", value, &e), 0);
	buf_cut(&b, 8);
	value[998 - 5] = 'a';
	value[999 - 5] = '\0';
	check(&b, header_add(&b, "X-A", value, &e), &e, NULL);
	buf_free(&b);
}

static void test_text(void **state)
{
	static const struct {
		const char *text, *want;
	} CASES[] = {
		{ "Four minutes", "Subject: Four minutes\r\n" },
		{ "", "Subject:\r\n" },
		{ "B\xC3\xBC" "cher", "Subject: =?UTF-8?Q?B=C3=BCcher?=\r\n" },
		{ "\xE8\xAA\xBF\xE6\x9F\xBB", "Subject: =?UTF-8?B?6Kq/5p+7?=\r\n" },
		{ "a =?UTF-8?Q?x?= b", "Subject: =?UTF-8?B?YSA9P1VURi04P1E/eD89IGI=?=\r\n" },
		{ " led", "Subject: =?UTF-8?Q?_led?=\r\n" },
		{ "two  blanks", "Subject: =?UTF-8?Q?two__blanks?=\r\n" },
		{ "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC", "Subject: =?UTF-8?B?8J+RqeKAjfCflKw=?=\r\n" }, /* ZWJ */
		{ "a\xE2\x80\x8D" "b", NULL },
		{ "a\xE2\x80\xAE" "b", NULL }, /* U+202E */
		{ "a\xE2\x80\x8B" "b", NULL }, /* U+200B */
		{ "a\xEF\xBB\xBF", NULL },     /* U+FEFF */
		{ "a\xE2\x80\xA8" "b", NULL }, /* U+2028 */
		{ "a\nBcc: b", NULL },
		{ "\xC3", NULL },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct err e = { 0 };
		struct buf b;

		buf_init(&b, 10000);
		buf_adds(&b, "before\r\n");
		check(&b, header_add_text(&b, "Subject", CASES[i].text, &e), &e, CASES[i].want);
		assert_int_equal(header_text_is_fit(CASES[i].text), CASES[i].want != NULL);
		buf_free(&b);
	}
}

static void test_mailbox(void **state)
{
	static const struct {
		const char *display, *address, *want;
	} CASES[] = {
		{ NULL, "a@b.example", "To: a@b.example\r\n" },
		{ "", "a@b.example", "To: a@b.example\r\n" },
		{ "Ann Bee", "a@b.example", "To: \"Ann Bee\" <a@b.example>\r\n" },
		{ "Ann \"X\\\" Bee", "a@b.example", "To: \"Ann \\\"X\\\\\\\" Bee\" <a@b.example>\r\n" },
		{ "\xC3\x85sa, PhD", "a@b.example", "To: =?UTF-8?B?w4VzYSwgUGhE?= <a@b.example>\r\n" },
		{ "=?x?q?y?=", "a@b.example", "To: =?UTF-8?B?PT94P3E/eT89?= <a@b.example>\r\n" },
		{ W60 " and more", "a@b.example", "To: \"" W60 " and more\"\r\n <a@b.example>\r\n" },
		{ NULL, "\xC3\xA5sa@b.example", "To: \xC3\xA5sa@b.example\r\n" },
		{ NULL, "a@b\xC3\xA5.example", NULL },
		{ NULL, "a", NULL },
		{ NULL, "@b.example", NULL },
		{ NULL, "a@", NULL },
		{ NULL, "a@b@c.example", NULL },
		{ NULL, "a b@c.example", NULL },
		{ NULL, "a@c.example, d@e.example", NULL },
		{ NULL, "a@c.example>\r\nBcc: x@y.example", NULL },
		{ "A\r\nBcc: x", "a@c.example", NULL },
		{ "A\xE2\x80\xAE", "a@c.example", NULL },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct err e = { 0 };
		struct buf b;

		buf_init(&b, 10000);
		buf_adds(&b, "before\r\n");
		check(&b, header_add_mailbox(&b, "To", CASES[i].display, CASES[i].address, &e), &e, CASES[i].want);
		buf_free(&b);
	}
}

/* Decodes one encoded-word at s (after "=?UTF-8?"), returns what is behind it. */
static const char *decode_word(struct buf *out, const char *s)
{
	const char *end = strstr(s + 2, "?=");
	size_t start = out->n;
	char bytes[100];

	assert_non_null(end);
	assert_true(end - s + 2 + 8 <= 75);
	if (s[0] == 'B') {
		ssize_t n = base64_decode(bytes, sizeof(bytes), s + 2, (size_t)(end - s - 2));

		assert_true(n > 0);
		buf_add(out, bytes, (size_t)n);
	}
	for (const char *p = s + 2; s[0] == 'Q' && p < end; p++) {
		if (*p == '=') {
			assert_int_equal(hex_decode(bytes, 1, (char[2]){ (char)(p[1] | 32), (char)(p[2] | 32) }, 2), 1);
			buf_addc(out, bytes[0]);
			p += 2;
		} else {
			buf_addc(out, (char)(*p == '_' ? ' ' : *p));
		}
	}
	assert_true(utf8_valid(out->p + start, out->n - start)); /* no character is cut */
	return end + 2;
}

/* Unfolds and decodes the value of one header written by us, checking its lines. */
static void decode_header(struct buf *out, const char *s)
{
	for (const char *line = s; *line;) {
		const char *end = strstr(line, "\r\n");

		assert_non_null(end);
		assert_true(end - line <= (memmem(line, (size_t)(end - line), "=?", 2) ? 76 : 78));
		assert_true(line == s || (line[0] == ' ' && line[1] != '\r'));
		line = end + 2;
	}
	s = strchr(s, ':') + 1;
	for (bool word = false; *s;) {
		if (strncmp(s, "\r\n", 2) == 0) {
			s += 2;
		} else if (strncmp(s, " =?UTF-8?", 9) == 0) {
			s = decode_word(out, s + 9);
			word = true;
		} else {
			assert_false(word); /* all or nothing */
			buf_addc(out, *s++);
		}
	}
}

static void test_property(void **state)
{
	static const char *const BITS[] = { "a", "Word", " ", "  ", "\xC3\xA4", "\xE8\xAA\xBF", "\xF0\x9F\x8E\x93", "=?",
		                            "?=", "_", "questionnaire", ".", W60 };
	struct rng r;
	struct buf text, b, back;
	(void)state;

	rng_seed(&r, 4);
	buf_init(&text, 10000);
	buf_init(&b, 100000);
	buf_init(&back, 10000);
	for (int round = 0; round < 20000; round++) {
		size_t n = rng_below(&r, 40);
		struct err e;
		const char *got;

		buf_clear(&text);
		buf_clear(&b);
		buf_clear(&back);
		while (n--)
			buf_adds(&text, BITS[rng_below(&r, COUNT(BITS))]);
		assert_int_equal(header_add_text(&b, "Subject", buf_text(&text), &e), 0);
		decode_header(&back, buf_text(&b));
		got = buf_text(&back);
		if (!strstr(buf_text(&b), "=?UTF-8?") && *got == ' ')
			got++;
		assert_string_equal(got, buf_text(&text));
	}
	buf_free(&text);
	buf_free(&b);
	buf_free(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),   cmocka_unit_test(test_too_long), cmocka_unit_test(test_text),
		cmocka_unit_test(test_mailbox), cmocka_unit_test(test_property),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
