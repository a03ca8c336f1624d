/*
 * What a message shows about itself (standards 12.2, C): a whole seal for what we signed however it was saved, and none that is
 * whole once a byte that somebody is shown was added, changed or left open.
 */
#include "base/clock.h"
#include "mail/dkim.h"
#include "mail/genuine.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW (INT64_C(1795417830) * SECOND)

static const char HEAD[] = "From: Ann Bee <ann@uni.example>\r\n"
			   "To: maud@river.example\r\n"
			   "Subject: =?utf-8?q?Vier_Minuten_f=C3=BCr_uns?=\r\n"
			   "Date: Mon, 23 Nov 2026 04:13:44 +0000\r\n"
			   "Message-ID: <x1y2@uni.example>\r\n"
			   "Reply-To: ann@uni.example\r\n"
			   "List-Unsubscribe: <https://mail.uni.example/opt-out/t>\r\n"
			   "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
			   "MIME-Version: 1.0\r\n"
			   "Content-Type: multipart/alternative; boundary=b1\r\n";
static const char BODY[] = "--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nMay we ask you?\r\n"
			   "--b1\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
			   "<p>May we <a href=\"https://uni.example/a\">ask</a> you?</p><p style=\"display:none\">Unseen.</p>\r\n--b1--\r\n";

struct fixture {
	struct dkim_key *key;
	struct own_key own;
	struct buf record, signature, message;
	struct arena *a;
	struct genuine g;
};

static int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct err e = { 0 };

	f->key = dkim_key_new(DKIM_ED25519, &e);
	assert_non_null(f->key);
	f->a = arena_new();
	buf_init(&f->record, 4096);
	buf_init(&f->signature, 4096);
	buf_init(&f->message, GENUINE_MESSAGE_MAX + 4096);
	assert_int_equal(dkim_key_record(f->key, &f->record, &e), 0);
	f->own = (struct own_key){ "mail.uni.example uni.example", "s1", buf_text(&f->record) };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	dkim_key_free(f->key);
	buf_free(&f->record);
	buf_free(&f->signature);
	buf_free(&f->message);
	arena_free(f->a);
	free(f);
	return 0;
}

/* Puts a signed message into f->message. */
static void sign(struct fixture *f, const char *domain, const char *head, const char *body)
{
	const struct dkim_signer s = { domain, "s1", f->key };
	struct err e = { 0 };

	buf_clear(&f->signature);
	buf_clear(&f->message);
	if (dkim_sign(&s, 1, slice_of(head), slice_of(body), NOW, &f->signature, &e) < 0)
		fail_msg("%s", e.text);
	buf_addf(&f->message, "%s%s\r\n%s", buf_text(&f->signature), head, body);
}

static enum seal seal_of(struct fixture *f, const char *message)
{
	struct err e = { 0 };

	if (genuine_read(f->a, slice_of(message), &f->own, 1, &f->g, &e) < 0)
		fail_msg("%s", e.text);
	return f->g.seal;
}

/* The message with its first `from` replaced. */
static const char *altered(struct fixture *f, const char *from, const char *to)
{
	const char *text = buf_text(&f->message), *at = strstr(text, from);

	assert_non_null(at);
	return arena_printf(f->a, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void test_what_it_says(void **state)
{
	struct fixture *f = *state;

	sign(f, "uni.example", HEAD, BODY);
	assert_int_equal(seal_of(f, buf_text(&f->message)), SEAL_WHOLE);
	assert_string_equal(f->g.domain, "uni.example");
	assert_string_equal(f->g.from_name, "Ann Bee");
	assert_string_equal(f->g.from, "ann@uni.example");
	assert_string_equal(f->g.to, "maud@river.example");
	assert_string_equal(f->g.subject, "Vier Minuten f\xc3\xbcr uns");
	assert_string_equal(f->g.message_id, "x1y2");
	assert_string_equal(f->g.html_links, "https://uni.example/a\n");
	/* What is hidden is told too. */
	assert_non_null(strstr(f->g.text, "Unseen."));
	assert_false(f->g.attached);
}

/* How programs save a message: it stays whole. */
static void test_as_it_is_saved(void **state)
{
	struct fixture *f = *state;
	const char *text;
	char *lf, *w;

	sign(f, "uni.example", HEAD, BODY);
	text = buf_text(&f->message);
	lf = w = arena_text(f->a, text);
	for (const char *p = text; *p; p++)
		if (*p != '\r')
			*w++ = *p;
	*w = '\0';
	assert_int_equal(seal_of(f, lf), SEAL_WHOLE);
	assert_int_equal(seal_of(f, arena_printf(f->a, "From ann@uni.example Mon Nov 23 04:13:44 2026\n%s", lf)), SEAL_WHOLE);
	assert_int_equal(seal_of(f, arena_printf(f->a, "\xef\xbb\xbf%s", text)), SEAL_WHOLE);
	assert_int_equal(seal_of(f, arena_printf(f->a, "Return-Path: <x@y.example>\r\nReceived: from a by b; now\r\nX-Spam: no\r\n%s", text)), SEAL_WHOLE);
}

static void test_what_was_done_to_it(void **state)
{
	static const struct {
		const char *from, *to;
		enum seal seal;
		const char *unsealed;
	} CASES[] = {
		{ "May we ask", "May we task", SEAL_BODY, "" },
		{ "--b1--\r\n", "--b1--\r\nClick here.\r\n", SEAL_BODY, "" },
		{ "Subject: =", "Subject: Urgent: =", SEAL_HEAD, "" },
		{ "From: Ann Bee", "From: The Registrar", SEAL_HEAD, "" },
		{ "From: Ann Bee", "From: Bob <b@uni.example>\r\nFrom: Ann Bee", SEAL_HEAD, "" },
		{ "To: maud", "Cc: jan@upland.example\r\nTo: maud", SEAL_HEAD, "" },
				/* Not oversigned: the signature holds, and does not speak for this. */
		{ "MIME-Version: 1.0", "Sender: x@evil.example\r\nMIME-Version: 1.0", SEAL_PARTLY, "Sender" },
		{ "MIME-Version: 1.0", "Organization: Hill University\r\nMIME-Version: 1.0", SEAL_PARTLY, "Organization" },
		{ "MIME-Version: 1.0", "Comments: call us\r\nMIME-Version: 1.0", SEAL_PARTLY, "Comments" },
		{ "MIME-Version: 1.0", "X-Priority: 1\r\nMIME-Version: 1.0", SEAL_PARTLY, "X-Priority" },
		{ "MIME-Version: 1.0", "X-Face: abc\r\nMIME-Version: 1.0", SEAL_PARTLY, "X-Face" },
		{ "s=s1", "s=s2", SEAL_NONE, "" },
		{ "d=uni.example", "d=evil.example", SEAL_NONE, "" },
		{ "DKIM-Signature:", "X-Signature:", SEAL_NONE, "" },
	};
	struct fixture *f = *state;

	sign(f, "uni.example", HEAD, BODY);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		enum seal seal = seal_of(f, altered(f, CASES[i].from, CASES[i].to));

		if (seal != CASES[i].seal || strcmp(f->g.unsealed, CASES[i].unsealed) != 0)
			fail_msg("'%s' for '%s': %d, '%s'", CASES[i].to, CASES[i].from, (int)seal, f->g.unsealed);
	}
}

/* A signature of ours over too little, or of a domain that the key is not for. */
static void test_signed_for_less(void **state)
{
	struct fixture *f = *state;
	const char *less = "From: ann@uni.example\r\nTo: b@x.example\r\nSubject: s\r\nDate: Mon, 23 Nov 2026 04:13:44 +0000\r\n";

	sign(f, "uni.example", less, "Hello\r\n");
	assert_int_equal(seal_of(f, buf_text(&f->message)), SEAL_PARTLY);
	sign(f, "other.example", HEAD, BODY);
	assert_int_equal(seal_of(f, buf_text(&f->message)), SEAL_NONE);
	sign(f, "mail.uni.example", HEAD, BODY);
	assert_int_equal(seal_of(f, buf_text(&f->message)), SEAL_WHOLE);
	assert_string_equal(f->g.domain, "mail.uni.example");
}

static void test_attached(void **state)
{
	struct fixture *f = *state;
	const char *wrap = "From: friend@x.example\r\nSubject: is this real?\r\nMIME-Version: 1.0\r\n"
			   "Content-Type: multipart/mixed; boundary=o9\r\n\r\n--o9\r\nContent-Type: text/plain\r\n\r\nLook.\r\n"
			   "--o9\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--o9--\r\n";
	const char *whole;

	sign(f, "uni.example", HEAD, BODY);
	whole = arena_text(f->a, buf_text(&f->message));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	assert_int_equal(seal_of(f, arena_printf(f->a, wrap, whole)), SEAL_WHOLE);
	assert_true(f->g.attached);
	assert_string_equal(f->g.from, "ann@uni.example");
	assert_int_equal(seal_of(f, arena_printf(f->a, wrap, altered(f, "May we ask", "May we task"))), SEAL_BODY);
#pragma GCC diagnostic pop
	assert_true(f->g.attached);
}

static void test_what_is_no_message(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct slice big = { arena_alloc(f->a, GENUINE_MESSAGE_MAX + 1), GENUINE_MESSAGE_MAX + 1 };

	assert_int_equal(genuine_read(f->a, big, &f->own, 1, &f->g, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_int_equal(genuine_read(f->a, slice_of(""), &f->own, 1, &f->g, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_int_equal(genuine_read(f->a, slice_of("just some words\r\nof a letter\r\n"), &f->own, 1, &f->g, &e), -1);
}

/* --- there and back ------------------------------------------------------- */

static void test_packing(void **state)
{
	struct fixture *f = *state;
	struct genuine back;
	struct buf b;

	sign(f, "uni.example", HEAD, BODY);
	seal_of(f, buf_text(&f->message));
	buf_init(&b, GENUINE_PACKED_MAX);
	genuine_pack(&f->g, &b);
	assert_true(genuine_unpack(f->a, (struct slice){ b.p, b.n }, &back));
	assert_int_equal(back.seal, SEAL_WHOLE);
	assert_string_equal(back.text, f->g.text);
	assert_string_equal(back.html_links, f->g.html_links);
	for (size_t n = 0; n < b.n; n++)
		assert_false(genuine_unpack(f->a, (struct slice){ b.p, n }, &back));
	buf_addc(&b, 'x');
	assert_false(genuine_unpack(f->a, (struct slice){ b.p, b.n }, &back));
	buf_free(&b);
}

static void test_unpacking_others(void **state)
{
	static const char *const BAD[] = {
		"", "0", "50", "02", "x0", "-10", "00000000100000000000000",
		"00-00000100000000000000000000000000000000000000000000000000000000",
		"009999999",
		"000000001\xff" "0000000" "0000000" "0000000" "0000000" "0000000" "0000000" "0000000" "0000000",
	};
	static const char NUL[] = "000000001\0" "0000000" "0000000" "0000000" "0000000" "0000000" "0000000" "0000000" "0000000";
	static const char GOOD[] = "410000001x" "0000000" "0000000" "0000000" "0000000" "0000000" "0000000" "0000000" "0000000";
	struct fixture *f = *state;
	struct genuine g;

	for (size_t i = 0; i < COUNT(BAD); i++)
		if (genuine_unpack(f->a, slice_of(BAD[i]), &g))
			fail_msg("taken: %s", BAD[i]);
	assert_false(genuine_unpack(f->a, (struct slice){ NUL, sizeof(NUL) - 1 }, &g));
	assert_true(genuine_unpack(f->a, slice_of(GOOD), &g));
	assert_int_equal(g.seal, SEAL_WHOLE);
	assert_true(g.attached);
	assert_string_equal(g.domain, "x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_it_says), TEST(test_as_it_is_saved), TEST(test_what_was_done_to_it), TEST(test_signed_for_less),
		TEST(test_attached), TEST(test_what_is_no_message), TEST(test_packing), TEST(test_unpacking_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
