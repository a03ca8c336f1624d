/*
 * Messages taken apart: fields as they stand, parts decoded, bounds kept; then every sample of the
 * corpora.
 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <ftw.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "mail/message.h"

static struct message parse(struct arena *a, const char *text)
{
	struct message m;
	struct err e = { 0 };

	if (message_parse(a, slice_of(text), &m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

static void test_fields(void **state)
{
	struct arena *a = arena_new();
	struct message m = parse(a, "From: =?utf-8?Q?Ann_M=C3=BCller?= <ann@uni.example>\r\n"
				    "Subject: one\r\n two\r\n"
				    "subject : again\r\n"
				    "this is no field\r\n"
				    "X-Empty:\r\n"
				    "Content-Type: text/plain; charset=utf-8\r\n"
				    "Content-Language: en\r\n"
				    "\r\nBody\r\n");

	(void)state;
	assert_int_equal(m.n_fields, 7);
	assert_string_equal(m.fields[0].name, "From");
	assert_string_equal(m.fields[0].raw, "=?utf-8?Q?Ann_M=C3=BCller?= <ann@uni.example>");
	assert_string_equal(m.fields[0].decoded, "Ann Müller <ann@uni.example>");
	assert_string_equal(message_field(&m, "SUBJECT", 0)->raw, "one two");
	assert_string_equal(message_field(&m, "Subject", 1)->raw, "again");
	assert_null(message_field(&m, "Subject", 2));
	assert_string_equal(m.fields[3].name, "");
	assert_string_equal(m.fields[3].raw, "this is no field");
	assert_string_equal(message_field(&m, "x-empty", 0)->raw, "");
	assert_string_equal(message_field(&m, "content-language", 0)->raw, "en");
	assert_int_equal(m.n_parts, 1);
	assert_string_equal(m.parts[0].bytes, "Body\n");
	assert_string_equal(m.parts[0].parent, "");
	arena_free(a);
}

static void test_parts(void **state)
{
	struct arena *a = arena_new();
	struct message m = parse(a, "From: a@b.example\nMIME-Version: 1.0\n"
				    "Content-Type: multipart/alternative; boundary=x\n\npreamble\n"
				    "--x\nContent-Type: text/plain; charset=iso-8859-1\n"
				    "Content-Transfer-Encoding: quoted-printable\n\nM=FCller=\n soft\nend\n"
				    "--x\nContent-Type: multipart/related; boundary=y\n\n"
				    "--y\nContent-Type: TEXT/HTML\nContent-Transfer-Encoding: base64\n\nPGI+aGk8L2I+\n"
				    "--y\nContent-Type: image/png\nContent-ID: <logo@x>\n"
				    "Content-Disposition: inline; filename=l.png\nContent-Transfer-Encoding: base64\n\nAAEC\n"
				    "--y--\n"
				    "--x\nContent-Type: message/rfc822\nContent-Disposition: attachment\n\n"
				    "Subject: inner\n\ninner body\n--x--\n");

	(void)state;
	assert_int_equal(m.n_parts, 4);
	assert_string_equal(m.parts[0].type, "text/plain");
	assert_string_equal(m.parts[0].bytes, "Müller soft\nend");
	assert_string_equal(m.parts[0].parent, "multipart/alternative");
	assert_int_equal(m.parts[0].depth, 1);
	assert_string_equal(message_part(&m, "text/html")->bytes, "<b>hi</b>");
	assert_string_equal(m.parts[1].parent, "multipart/related");
	assert_string_equal(m.parts[2].content_id, "logo@x");
	assert_string_equal(m.parts[2].filename, "l.png");
	assert_string_equal(m.parts[2].disposition, "inline");
	assert_int_equal(m.parts[2].n, 3);
	assert_memory_equal(m.parts[2].bytes, "\0\1\2", 3);
	assert_string_equal(m.parts[3].type, "message/rfc822");
	assert_string_equal(m.parts[3].disposition, "attachment");
	assert_non_null(strstr(m.parts[3].bytes, "inner body"));
	arena_free(a);
}

/* Text parts in odd charsets come out as UTF-8 without NUL. */
static void test_charsets(void **state)
{
	static const struct {
		const char *charset, *body, *want;
	} CASES[] = {
		{ "utf-8", "a=C3=BC=FFb", "aü\xef\xbf\xbd" "b" },
		{ "us-ascii", "a=C3=BC", "aü" },
		{ "windows-1252", "=80", "€" },
		{ "x-nobody-knows", "plain", "plain" },
		{ "utf-8", "a=00b", "a\xef\xbf\xbd" "b" },
		{ "utf-8", "a=0D=0Ab", "a\nb" },
		{ "utf-16le", "a=00b=00", "ab" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct arena *a = arena_new();
		struct message m = parse(a, arena_printf(a, "From: a@b.example\nContent-Type: text/plain; charset=%s\n"
							    "Content-Transfer-Encoding: quoted-printable\n\n%s",
							 CASES[i].charset, CASES[i].body));

		assert_int_equal(m.n_parts, 1);
		assert_string_equal(m.parts[0].bytes, CASES[i].want);
		assert_int_equal(m.parts[0].n, strlen(CASES[i].want));
		arena_free(a);
	}
}

static void test_mailboxes(void **state)
{
	static const struct {
		const char *raw;
		int n; /* -1: does not parse */
		const char *name, *address;
	} CASES[] = {
		{ "ann@uni.example", 1, "", "ann@uni.example" },
		{ "Ann <ann@uni.example>", 1, "Ann", "ann@uni.example" },
		{ "\"Müller, A\" <ann@uni.example>", 1, "Müller, A", "ann@uni.example" },
		{ "=?utf-8?B?QW5u?= <ann@uni.example>", 1, "Ann", "ann@uni.example" },
		{ "a@b.example, c@d.example", 2, "", "a@b.example" },
		{ "friends: a@b.example, c@d.example;", 2, "", "a@b.example" },
		{ "undisclosed-recipients:;", 0, NULL, NULL },
		{ "nobody", -1, NULL, NULL },
		{ "", -1, NULL, NULL },
		{ "a@1.example, a@2.example, a@3.example, a@4.example, a@5.example", -1, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct arena *a = arena_new();
		struct mailbox box[4];
		size_t n;
		bool ok = message_mailboxes(a, CASES[i].raw, box, COUNT(box), &n);

		if (ok != (CASES[i].n >= 0) || (ok && n != (size_t)CASES[i].n))
			fail_msg("\"%s\": %d, %zu", CASES[i].raw, ok, n);
		if (ok && n) {
			assert_string_equal(box[0].name, CASES[i].name);
			assert_string_equal(box[0].address, CASES[i].address);
		}
		arena_free(a);
	}
}

static int parse_rc(const char *p, size_t n, struct err *e)
{
	struct arena *a = arena_new();
	struct message m;
	int rc = message_parse(a, (struct slice){ p, n }, &m, e);

	arena_free(a);
	return rc;
}

static void refused(struct buf *b)
{
	struct err e = { 0 };

	assert_false(b->over);
	assert_int_equal(parse_rc(buf_text(b), b->n, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	buf_clear(b);
}

static void test_bounds(void **state)
{
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, 40 << 20);
	refused(&b);
	buf_adds(&b, "no message\n\nat all\n");
	refused(&b);
	for (int i = 0; i < 1001; i++)
		buf_addf(&b, "X-%d: y\n", i);
	refused(&b);
	buf_adds(&b, "Content-Type: multipart/mixed; boundary=x\n\n");
	for (int i = 0; i < 501; i++)
		buf_adds(&b, "--x\n\ny\n");
	refused(&b);
	for (int i = 0; i < 40; i++)
		buf_addf(&b, "Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n", i, i);
	refused(&b);
	buf_adds(&b, "From: a@b.example\n\n");
	while (b.n < 26u << 20)
		buf_adds(&b, "a line of some length to fill the body quickly\n");
	refused(&b);
	/* Groups in groups: each takes the parser one call deeper, until there is no stack. */
	buf_adds(&b, "To : x@a.example,\n ");
	for (int i = 0; i < 100000; i++)
		buf_adds(&b, "a:");
	buf_adds(&b, "\n\nx\n");
	refused(&b);
	/* Many parts are not even taken apart; in capitals neither. */
	buf_adds(&b, "Content-Type: multipart/mixed; boundary=x\n\n");
	for (int i = 0; i < 5001; i++)
		buf_adds(&b, "--x\n\ny\n");
	refused(&b);
	for (int i = 0; i < 3000; i++)
		buf_addf(&b, "Content-Type: multipart/mixed; BOUNDARY=x%d\n\n--x%d\n", i, i);
	refused(&b);
	/* As many as are allowed. */
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "X-%d: y\n", i);
	assert_int_equal(parse_rc(buf_text(&b), b.n, &e), 0);
	buf_free(&b);
}

/* Deep nesting and many boundary-like lines end in time. */
static void test_slow(void **state)
{
	struct err e;
	struct buf b;
	int64_t start = clock_ticks();

	(void)state;
	buf_init(&b, 25 << 20);
	for (int i = 0; i < 2000; i++)
		buf_addf(&b, "Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n", i, i);
	while (b.n + 10 < b.max)
		buf_adds(&b, "--x\n");
	assert_int_equal(parse_rc(b.p, b.n, &e), -1);
	buf_clear(&b);
	buf_adds(&b, "From: ");
	while (b.n + 10 < b.max / 8)
		buf_adds(&b, "=?u?Q?");
	buf_adds(&b, "\n\nx");
	(void)parse_rc(b.p, b.n, &e);
	if (clock_ticks() - start > 20 * SECOND)
		fail_msg("%lld ms", (long long)(clock_ticks() - start) / 1000);
	buf_free(&b);
}

static int files_read;

static void whole(const char *path, const struct message *m)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (!utf8_valid(m->fields[i].decoded, strlen(m->fields[i].decoded)))
			fail_msg("%s: field %zu is not UTF-8", path, i);
	for (size_t i = 0; i < m->n_parts; i++)
		if (strncmp(m->parts[i].type, "text/", 5) == 0 &&
		    (strlen(m->parts[i].bytes) != m->parts[i].n || !utf8_valid(m->parts[i].bytes, m->parts[i].n)))
			fail_msg("%s: part %zu is not text", path, i);
}

static int read_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct arena *a;
	struct message m;
	struct err e;
	struct buf b;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	a = arena_new();
	buf_init(&b, 30 << 20);
	if (file_read(path, &b, &e) == 0) {
		int64_t start = clock_ticks();

		if (message_parse(a, (struct slice){ buf_text(&b), b.n }, &m, &e) == 0)
			whole(path, &m);
		else
			assert_int_equal(e.kind, ERR_INPUT);
		if (clock_ticks() - start > 5 * SECOND)
			fail_msg("%s takes too long", path);
		files_read++;
	}
	buf_free(&b);
	arena_free(a);
	return 0;
}

static void test_corpus(void **state)
{
	(void)state;
	if (nftw("../shared/corpora/mime", read_one, 16, FTW_PHYS) < 0 || files_read == 0) {
		if (getenv("CI"))
			fail_msg("the corpus ../shared/corpora/mime is not there");
		skip();
	}
	assert_true(files_read > 100);
}

/* What mail programs read differently from each other. */
static void test_odd(void **state)
{
	static const struct {
		const char *head, *body;
		bool odd;
	} CASES[] = {
		{ "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n", "SGVsbG8=\n", false },
		{ "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n", "SGVs\nbG8=\n\n", false },
		{ "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n", "SGVs!!bG8=\n", true },
		{ "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n", "SGVsbG8=\nSGVsbG8=\n", true },
		{ "Content-Type: text/plain; charset=utf-8; charset=utf-7\n", "Hello\n", true },
		{ "Content-Type: text/plain; charset=\"utf-8\"; name=\"x; charset=y\"\n", "Hello\n", false },
		{ "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: 8bit\n", "Hello\n", true },
		{ "Content-Type: multipart/mixed; boundary=x; boundary=y\n", "--x\n\nHello\n--x--\n", true },
		{ "Content-Type: multipart/mixed; boundary=x\n", "--x\n\nHello\n--x--\n", false },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct message m = parse(a, arena_printf(a, "From: a@uni.example\n%s\n%s", CASES[i].head, CASES[i].body));

		if (m.n_parts != 1 || !m.parts[0].odd != !CASES[i].odd)
			fail_msg("%zu: %s", i, m.n_parts && m.parts[0].odd ? m.parts[0].odd : "nothing odd");
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),    cmocka_unit_test(test_parts),  cmocka_unit_test(test_charsets),
		cmocka_unit_test(test_mailboxes), cmocka_unit_test(test_bounds), cmocka_unit_test(test_slow),
		cmocka_unit_test(test_corpus),    cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
