/*
 * DKIM: the vectors of DKIM-4, the signed message of RFC 8463 appendix A, the
 * exact h= lists of DKIM-6, and for our own signatures that they hold, that
 * they survive what relays may do, and that they break when they must.
 */
#include "base/clock.h"
#include "base/codec.h"
#include "mail/dkim_canon.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW (INT64_C(1795417830) * SECOND)

static const char HEAD[] = "From: Ann <a@uni.example>\r\n"
			   "To: b@x.example\r\n"
			   "Subject: four  minutes\r\n"
			   " about sleep\r\n"
			   "Date: Mon, 23 Nov 2026 04:13:44 +0000\r\n"
			   "Message-ID: <x@uni.example>\r\n"
			   "X-Other: free\r\n";
static const char BODY[] = "Hello  there \r\n\r\n\tsleep well\r\n\r\n\r\n";

/* --- DKIM-4 --------------------------------------------------------------- */

static void test_body_hash(void **state)
{
	static const struct {
		const char *body;
		bool relaxed;
		uint64_t limit;
		const char *want;
		uint64_t length;
	} CASES[] = {
		{ "", true, UINT64_MAX, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", 0 },
		{ "\r\n\r\n", true, UINT64_MAX, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", 0 },
		{ " \r\n\t\r\n", true, UINT64_MAX, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", 0 },
		{ "abc\r\n", true, 0, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", 5 },
		{ "", false, UINT64_MAX, "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=", 2 },
		{ "\r\n\r\n\r\n", false, UINT64_MAX, "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=", 2 },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		uint8_t hash[32];
		uint64_t length;
		struct buf b;

		dkim_body_hash(slice_of(CASES[i].body), CASES[i].relaxed, CASES[i].limit, hash, &length);
		buf_init(&b, 100);
		base64_encode(&b, hash, 32);
		assert_string_equal(buf_text(&b), CASES[i].want);
		assert_int_equal(length, CASES[i].length);
		buf_free(&b);
	}
}

/* Two bodies with the same canonical form, or not. */
static void test_body_forms(void **state)
{
	static const struct {
		const char *a, *b;
		bool relaxed, same;
	} CASES[] = {
		{ "a b\r\n", "a \t b \r\n\r\n", true, true },      { "a b\r\n", "a b", true, true },
		{ " a\r\n", "\t\ta\r\n", true, true },              { " a\r\n", "a\r\n", true, false },
		{ "a\r\n\r\nb\r\n", "a\r\nb\r\n", true, false },    { "a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n", true, true },
		{ "\r\na\r\n", "a\r\n", true, false },              { "a\tb\r\n", "a b\r\n", true, true },
		{ "a b\r\n", "a  b\r\n", false, false },            { "a\r\n", "a\r\n\r\n\r\n", false, true },
		{ "a\r\n", "a", false, true },                      { "a \r\n", "a\r\n", false, false },
		{ "a\r\n \r\n", "a\r\n", false, false },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		uint8_t a[32], b[32];
		uint64_t length;

		dkim_body_hash(slice_of(CASES[i].a), CASES[i].relaxed, UINT64_MAX, a, &length);
		dkim_body_hash(slice_of(CASES[i].b), CASES[i].relaxed, UINT64_MAX, b, &length);
		assert_int_equal(memcmp(a, b, 32) == 0, CASES[i].same);
	}
}

static void test_field_form(void **state)
{
	static const struct {
		const char *in, *relaxed;
	} CASES[] = {
		{ "A: X\r\n", "a:X\r\n" },
		{ "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
		{ "SubJect:\r\n x\r\n", "subject:x\r\n" },
		{ "S:\r\n", "s:\r\n" },
		{ "S: a: b\r\n", "s:a: b\r\n" },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct buf b;

		buf_init(&b, 100);
		dkim_canon_field(&b, slice_of(CASES[i].in), true);
		assert_string_equal(buf_text(&b), CASES[i].relaxed);
		buf_clear(&b);
		dkim_canon_field(&b, slice_of(CASES[i].in), false);
		assert_string_equal(buf_text(&b), CASES[i].in);
		buf_free(&b);
	}
}

/* --- RFC 8463, appendix A ------------------------------------------------- */

static const char RFC8463[] =
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
	" d=football.example.com; i=@football.example.com;\r\n"
	" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
	" subject : date : message-id : from : subject : date;\r\n"
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
	" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
	" d=football.example.com; i=@football.example.com;\r\n"
	" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
	" date : message-id : from : subject : date;\r\n"
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
	" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
	" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
	"From: Joe SixPack <joe@football.example.com>\r\n"
	"To: Suzie Q <suzie@shopping.example.net>\r\n"
	"Subject: Is dinner ready?\r\n"
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
	"\r\n"
	"Hi.\r\n"
	"\r\n"
	"We lost the game.  Are you hungry yet?\r\n"
	"\r\n"
	"Joe.\r\n";

static const char *rfc8463_lookup(void *ctx, const char *selector, const char *domain)
{
	(void)ctx;
	assert_string_equal(domain, "football.example.com");
	if (strcmp(selector, "brisbane") == 0)
		return "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
	return "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi"
	       "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2"
	       "kryOTIKT+l/K4w3QIDAQAB";
}

static void test_rfc8463(void **state)
{
	struct arena *a = arena_new();
	struct dkim_result r[8];
	(void)state;

	assert_int_equal(dkim_verify(a, slice_of(RFC8463), rfc8463_lookup, NULL, NOW, r), 2);
	for (int i = 0; i < 2; i++) {
		if (r[i].answer != DKIM_PASS)
			print_error("%s: %s\n", r[i].algorithm, r[i].reason);
		assert_int_equal(r[i].answer, DKIM_PASS);
	}
	assert_string_equal(r[0].algorithm, "ed25519-sha256");
	assert_string_equal(r[1].selector, "test");
	arena_free(a);
}

/* --- our own signatures --------------------------------------------------- */

struct fixture {
	struct dkim_key *rsa, *ed;
	struct dkim_signer s[2];
	struct buf message, records[2];
	const char *record; /* when set: stands for both */
	struct arena *a;
	struct dkim_result r[8];
};

static void sign(struct fixture *f, const char *head, const char *body)
{
	struct err e = { 0 };

	buf_clear(&f->message);
	if (dkim_sign(f->s, 2, slice_of(head), slice_of(body), NOW, &f->message, &e) < 0)
		fail_msg("%s", e.text);
	buf_addf(&f->message, "%s\r\n%s", head, body);
}

static int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct err e = { 0 };

	memset(f, 0, sizeof(*f));
	f->rsa = dkim_key_new(DKIM_RSA_2048, &e);
	f->ed = dkim_key_new(DKIM_ED25519, &e);
	f->s[0] = (struct dkim_signer){ "uni.example", "r", f->rsa };
	f->s[1] = (struct dkim_signer){ "uni.example", "e", f->ed };
	f->a = arena_new();
	buf_init(&f->message, 100000);
	for (int i = 0; i < 2; i++) {
		buf_init(&f->records[i], 1000);
		if (dkim_key_record(f->s[i].key, &f->records[i], &e) < 0)
			return -1;
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	dkim_key_free(f->rsa);
	dkim_key_free(f->ed);
	arena_free(f->a);
	buf_free(&f->message);
	buf_free(&f->records[0]);
	buf_free(&f->records[1]);
	free(f);
	return 0;
}

static const char *lookup(void *ctx, const char *selector, const char *domain)
{
	struct fixture *f = ctx;

	assert_string_equal(domain, "uni.example");
	return f->record ? f->record : buf_text(&f->records[selector[0] == 'e']);
}

static void verify(struct fixture *f, const char *message, enum dkim_answer want)
{
	size_t n = dkim_verify(f->a, slice_of(message), lookup, f, NOW, f->r);

	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		if (f->r[i].answer != want)
			print_error("%s: %s\n", dkim_answer_name(f->r[i].answer), f->r[i].reason);
		assert_int_equal(f->r[i].answer, want);
	}
	arena_clear(f->a);
}

static char *replaced(struct arena *a, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	return arena_printf(a, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void test_shape(void **state)
{
	struct fixture *f = *state;
	struct buf again;
	struct err e = { 0 };
	const char *text, *second;

	sign(f, HEAD, BODY);
	text = buf_text(&f->message);
	second = strstr(text + 1, "DKIM-Signature");
	assert_true(strstr(text, "a=rsa-sha256") < second && strstr(text, "a=ed25519-sha256") > second);
	assert_non_null(strstr(text, "t=1795417830; x=1796627430;"));
	assert_null(strstr(text, " l="));
	assert_null(strstr(text, " i="));
	for (const char *line = text, *end; line < strstr(text, "From: "); line = end + 2) {
		end = strstr(line, "\r\n");
		assert_true(end - line <= 76);
	}
	buf_init(&again, 10000);
	assert_int_equal(dkim_sign(f->s, 2, slice_of(HEAD), slice_of(BODY), NOW, &again, &e), 0);
	assert_memory_equal(text, again.p, again.n); /* same input, same bytes */
	buf_free(&again);
	verify(f, text, DKIM_PASS);
}

/* The h= list, unfolded. */
static void signed_names(const char *message, struct buf *out)
{
	const char *h = strstr(message, "h=From");

	for (h += 2; *h != ';'; h++)
		if (!strchr(" \r\n", *h))
			buf_addc(out, *h);
}

static void test_names(void **state)
{
	static const struct {
		const char *head, *want;
	} CASES[] = {
		{ "From: a\r\n", "From:From:Reply-To:To:Cc:Subject:Date:Message-ID:Content-Type:List-Unsubscribe:"
				 "List-Unsubscribe-Post" },
		{ "Received: x\r\nReturn-Path: <>\r\nBcc: z\r\nX-A: b\r\nFROM: a\r\nto: b\r\nTO: c\r\nSubject: s\r\n"
		  "Date: d\r\nMIME-Version: 1.0\r\nContent-Type: t\r\nMessage-ID: m\r\nList-Id: l\r\nReply-To: r\r\n"
		  "Feedback-ID: f\r\nAuthentication-Results: x\r\nCFBL-Address: y\r\n",
		  "From:From:Reply-To:Reply-To:To:To:To:Cc:Subject:Subject:Date:Date:Message-ID:Message-ID:"
		  "MIME-Version:MIME-Version:Content-Type:Content-Type:List-Id:List-Id:List-Unsubscribe:"
		  "List-Unsubscribe-Post:Feedback-ID:Feedback-ID:CFBL-Address:CFBL-Address" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct buf b;

		buf_init(&b, 2000);
		sign(f, CASES[i].head, "");
		signed_names(buf_text(&f->message), &b);
		assert_string_equal(buf_text(&b), CASES[i].want);
		verify(f, buf_text(&f->message), DKIM_PASS);
		buf_free(&b);
	}
}

/* What a relay may do, and what nobody may. */
static void test_changes(void **state)
{
	static const struct {
		const char *from, *to;
		enum dkim_answer want;
	} CASES[] = {
		{ "X-Other: free", "X-Other: changed", DKIM_PASS },
		{ "four  minutes\r\n about", "four minutes about", DKIM_PASS },
		{ "Hello  there \r\n", "Hello there\r\n", DKIM_PASS },
		{ "well\r\n\r\n\r\n", "well\r\n", DKIM_PASS },
		{ "From: Ann", "from:   Ann", DKIM_PASS },
		{ "X-Other: free\r\n", "X-Other: free\r\nReceived: here\r\n", DKIM_PASS },
		{ "Hello", "Hallo", DKIM_FAIL },
		{ "\tsleep", "sleep", DKIM_FAIL },
		{ "well\r\n", "well\r\nPS\r\n", DKIM_FAIL },
		{ "about", "About", DKIM_FAIL },
		{ "a@uni.example", "b@uni.example", DKIM_FAIL },
		{ "From: Ann", "From: Eve <e@x.example>\r\nFrom: Ann", DKIM_FAIL },
		{ "To: b@x.example\r\n", "", DKIM_FAIL },
		{ "X-Other: free\r\n", "X-Other: free\r\nTo: c@x.example\r\n", DKIM_FAIL },
		{ "X-Other: free\r\n", "X-Other: free\r\nSubject: other\r\n", DKIM_FAIL },
		{ "X-Other: free\r\n", "X-Other: free\r\nReply-To: e@x.example\r\n", DKIM_FAIL },
		{ "X-Other: free\r\n", "X-Other: free\r\nContent-Type: text/html\r\n", DKIM_FAIL },
		{ "X-Other: free\r\n", "X-Other: free\r\nList-Unsubscribe: <https://e.example/>\r\n", DKIM_FAIL },
	};
	struct fixture *f = *state;
	struct arena *a = arena_new();

	sign(f, HEAD, BODY);
	for (size_t i = 0; i < COUNT(CASES); i++)
		verify(f, replaced(a, buf_text(&f->message), CASES[i].from, CASES[i].to), CASES[i].want);
	arena_free(a);
}

/* Changes of the topmost signature itself. */
static void test_signature_tags(void **state)
{
	static const struct {
		const char *from, *to;
		enum dkim_answer want;
	} CASES[] = {
		{ "v=1", "v=2", DKIM_MALFORMED },
		{ "v=1; ", "", DKIM_MALFORMED },
		{ "v=1; ", "v=1; v=1; ", DKIM_MALFORMED },
		{ "v=1; ", "v=1; ; ", DKIM_MALFORMED },
		{ "v=1; ", "v=1; zz=1; ", DKIM_FAIL },
		{ "rsa-sha256", "rsa-sha1", DKIM_FAIL },
		{ "rsa-sha256", "rsa-md5", DKIM_MALFORMED },
		{ "relaxed/relaxed", "relaxed/simple", DKIM_FAIL },
		{ "relaxed/relaxed", "loose/loose", DKIM_MALFORMED },
		{ "d=uni.example", "d=uni example", DKIM_MALFORMED },
		{ "d=uni.example;", "d=uni.example; i=@evil.example;", DKIM_MALFORMED },
		{ "d=uni.example;", "d=uni.example; i=@eviluni.example;", DKIM_MALFORMED },
		{ "d=uni.example;", "d=uni.example; i=@sub.uni.example;", DKIM_FAIL }, /* t=s */
		{ "d=uni.example;", "d=uni.example; q=dns/other;", DKIM_MALFORMED },
		{ "d=uni.example;", "d=uni.example; l=-1;", DKIM_MALFORMED },
		{ "d=uni.example;", "d=uni.example; l=999999;", DKIM_FAIL },
		{ "h=From:From:", "h=", DKIM_MALFORMED },
		{ "x=1796627430", "x=1795417831", DKIM_FAIL },
		{ "x=1796627430", "x=1795417829", DKIM_MALFORMED }, /* before t= */
		{ "x=1796627430", "x=soon", DKIM_MALFORMED },
		{ "bh=", "bh=!", DKIM_MALFORMED },
		{ " b=", " b=!", DKIM_MALFORMED },
		{ " b=", " b=; c2=", DKIM_MALFORMED },
	};
	struct fixture *f = *state;

	sign(f, HEAD, BODY);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const char *text = replaced(f->a, buf_text(&f->message), CASES[i].from, CASES[i].to);

		assert_int_equal(dkim_verify(f->a, slice_of(text), lookup, f, NOW, f->r), 2);
		if (f->r[0].answer != CASES[i].want)
			print_error("case %zu: %s\n", i, f->r[0].reason);
		assert_int_equal(f->r[0].answer, CASES[i].want);
		assert_int_equal(f->r[1].answer, DKIM_PASS);
		arena_clear(f->a);
	}
}

static void test_times(void **state)
{
	struct fixture *f = *state;

	sign(f, HEAD, BODY);
	dkim_verify(f->a, slice_of(buf_text(&f->message)), lookup, f, NOW + 14 * DAY, f->r);
	assert_int_equal(f->r[0].answer, DKIM_PASS);
	dkim_verify(f->a, slice_of(buf_text(&f->message)), lookup, f, NOW + 14 * DAY + SECOND, f->r);
	assert_int_equal(f->r[0].answer, DKIM_EXPIRED);
	dkim_verify(f->a, slice_of(buf_text(&f->message)), lookup, f, 0, f->r);
	assert_int_equal(f->r[0].answer, DKIM_PASS);
}

static const char *no_record(void *ctx, const char *selector, const char *domain)
{
	(void)ctx;
	(void)selector;
	(void)domain;
	return NULL;
}

/* Key records: what stands in front of the p= of the right key, and the answer of the RSA signature. */
static void test_records(void **state)
{
	static const struct {
		const char *before, *after;
		enum dkim_answer want;
	} CASES[] = {
		{ "", "", DKIM_PASS },
		{ "v=DKIM1; ", "", DKIM_PASS },
		{ "v=DKIM1; k=rsa; h=sha1:sha256; s=*; n=note; ", " ; ", DKIM_PASS },
		{ "v=DKIM1; s=email; t=y:s; ", ";", DKIM_PASS },
		{ "k=rsa; v=DKIM1; ", "", DKIM_MALFORMED },
		{ "v=DKIM2; ", "", DKIM_MALFORMED },
		{ "k=ed25519; ", "", DKIM_FAIL },
		{ "h=sha1; ", "", DKIM_FAIL },
		{ "s=other; ", "", DKIM_FAIL },
		{ "junk; ", "", DKIM_MALFORMED },
		{ "p=; x", "", DKIM_NO_KEY },
		{ "x", "", DKIM_MALFORMED }, /* no p= */
		{ "p=AAAA; x", "", DKIM_MALFORMED },
		{ "", "!", DKIM_MALFORMED },
	};
	struct fixture *f = *state;
	const char *p = strstr(buf_text(&f->records[0]), "p=");

	sign(f, HEAD, BODY);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		f->record = arena_printf(f->a, "%s%s%s", CASES[i].before, p, CASES[i].after);
		dkim_verify(f->a, slice_of(buf_text(&f->message)), lookup, f, NOW, f->r);
		if (f->r[0].answer != CASES[i].want)
			print_error("record %zu: %s\n", i, f->r[0].reason);
		assert_int_equal(f->r[0].answer, CASES[i].want);
		f->record = NULL;
		arena_clear(f->a);
	}
	dkim_verify(f->a, slice_of(buf_text(&f->message)), no_record, NULL, NOW, f->r);
	assert_int_equal(f->r[0].answer, DKIM_NO_KEY);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *head, *body;
	} CASES[] = {
		{ "", "" },
		{ "To: a\r\n", "" },
		{ "From: a", "" },
		{ "From: a\n", "" },
		{ "From: a\r\nno colon\r\n", "" },
		{ "From: a\r\nB: x\nC: y\r\n", "" },
		{ "From: a\r\n", "a\nb\r\n" },
		{ "From: a\r\n", "a\rb\r\n" },
		{ "From: a\r\n", "\n" },
	};
	struct fixture *f = *state;
	struct dkim_signer bad = { "uni.example; d=evil.example", "r", f->rsa };
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(CASES); i++) {
		buf_clear(&f->message);
		assert_int_equal(dkim_sign(f->s, 2, slice_of(CASES[i].head), slice_of(CASES[i].body), NOW, &f->message, &e),
				 -1);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_int_equal(f->message.n, 0);
	}
	assert_int_equal(dkim_sign(&bad, 1, slice_of(HEAD), slice_of(BODY), NOW, &f->message, &e), -1);
}

static void test_many_signatures(void **state)
{
	struct fixture *f = *state;
	struct buf many;

	buf_init(&many, 100000);
	for (int i = 0; i < 20; i++)
		buf_adds(&many, "DKIM-Signature: v=1\r\n");
	buf_adds(&many, "From: a\r\n\r\n");
	assert_int_equal(dkim_verify(f->a, slice_of(buf_text(&many)), lookup, f, NOW, f->r), 8);
	assert_int_equal(f->r[7].answer, DKIM_MALFORMED);
	buf_free(&many);
	assert_int_equal(dkim_verify(f->a, slice_of(""), lookup, f, NOW, f->r), 0);
	assert_int_equal(dkim_verify(f->a, slice_of("\r\nDKIM-Signature: v=1\r\n"), lookup, f, NOW, f->r), 0);
}

static void test_pem(void **state)
{
	struct fixture *f = *state;
	const struct dkim_key *keys[] = { f->rsa, f->ed };
	struct err e = { 0 };

	for (int i = 0; i < 2; i++) {
		struct buf pem, record;
		struct dkim_key *back;

		buf_init(&pem, 10000);
		buf_init(&record, 10000);
		assert_int_equal(dkim_key_to_pem(keys[i], &pem, &e), 0);
		assert_non_null(strstr(buf_text(&pem), "-----BEGIN PRIVATE KEY-----"));
		back = dkim_key_from_pem(pem.p, pem.n, &e);
		assert_non_null(back);
		assert_int_equal(dkim_key_record(back, &record, &e), 0);
		assert_string_equal(buf_text(&record), buf_text(&f->records[i]));
		dkim_key_free(back);
		buf_free(&pem);
		buf_free(&record);
	}
	assert_null(dkim_key_from_pem("nonsense", 8, &e));
	assert_null(dkim_key_from_pem("", 0, &e));
	dkim_key_free(NULL);
}

static void test_zone_line(void **state)
{
	struct fixture *f = *state;
	struct buf b;
	size_t longest = 0;

	buf_init(&b, 10000);
	dkim_zone_line(&b, "s", "uni.example", "v=DKIM1; \"\\");
	assert_string_equal(buf_text(&b), "s._domainkey.uni.example. 3600 IN TXT \"v=DKIM1; \\\"\\\\\"\n");
	buf_clear(&b);
	dkim_zone_line(&b, "s", "uni.example", buf_text(&f->records[0]));
	for (const char *p = strchr(b.p, '"'); p; p = strchr(p, '"')) {
		size_t n = strcspn(++p, "\"");

		longest = n > longest ? n : longest;
		p += n + 1;
	}
	assert_int_equal(longest, 255);
	buf_free(&b);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body_hash), cmocka_unit_test(test_body_forms), cmocka_unit_test(test_field_form),
		cmocka_unit_test(test_rfc8463),   T(test_shape),  T(test_names),   T(test_changes),
		T(test_signature_tags),           T(test_times),  T(test_records), T(test_refusals),
		T(test_many_signatures),          T(test_pem),    T(test_zone_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
