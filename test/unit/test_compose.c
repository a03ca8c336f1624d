/*
 * The message compiler from outside: what is refused and in which words, what
 * a rendered message looks like to a decoder written apart from the encoder,
 * and that no value of a field can do more than be read.
 */
#include "base/clock.h"
#include "compose/compose.h"
#include "compose/fields.h"
#include "compose/house.h"
#include "mail/html.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct draft a_draft(void)
{
	return (struct draft){
		.language = "en",
		.subject = "Round two",
		.body = "Dear {{name|participant}},\n\nwe write to you **again**. See https://water.example.ac.uk/x.\n\n"
			"> {{town|Your town}} is large.\n\n- a\n- b\n\n## More\n\n| a | b |\n|---|---|\n| c | `d` |\n\n***\n",
		.from_name = "Dr Ada Byron",
		.from_address = "water@mail.example.ac.uk",
		.identity_domain = "mail.example.ac.uk",
		.web_url = "https://mail.example.ac.uk",
		.list_id = "water",
		.feedback_id = "1:water:mailing:placet",
		.mailing_id = 1,
		.house = {
			.institution = "University of Example",
			.department = "Department of Hydrology",
			.project_title = "Water & you",
			.originator = "Dr Ada Byron",
			.contact = "ada@mail.example.ac.uk",
			.postal_address = "1 College Lane\nExampleton",
			.statement_url = "https://mail.example.ac.uk/",
			.project_url = "https://mail.example.ac.uk/projects/water",
			.unofficial = "This is not an official communication of the university.",
			.opt_out_wording = "Stop all research mail to me",
		},
	};
}

static struct recipient a_recipient(const char *const *values)
{
	return (struct recipient){
		.address = "jo@example.org",
		.date = INT64_C(1795408424) * SECOND,
		.opt_out_token = "OPTOUT_TOKEN-1",
		.unsub_token = "unsubtoken2",
		.feedback_token = "feedbacktoken3",
		.message_token = "messagetoken4",
		.code = "7K3M-Q2XV-9TFA",
		.consent = "on 3 May 2026, with a signed form (SC-12)",
		.values = values,
	};
}

/* --- a reader of our own -------------------------------------------------- */

static int hex_value(char c)
{
	assert_true((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* Quoted-printable with CRLF as text with LF; strict. */
static char *decode(struct arena *a, const char *p, size_t n)
{
	char *out = arena_alloc(a, n + 1), *to = out;

	for (size_t i = 0; i < n;) {
		if (p[i] == '=' && p[i + 1] == '\r') {
			i += 3;
		} else if (p[i] == '=') {
			*to++ = (char)(hex_value(p[i + 1]) << 4 | hex_value(p[i + 2]));
			i += 3;
		} else {
			if (p[i] != '\r')
				*to++ = p[i];
			i++;
		}
	}
	return out;
}

struct rendered {
	const char *head, *body; /* as on the wire */
	const char *text, *html; /* decoded */
};

/* The n-th part between boundaries, decoded. */
static const char *part_of(struct arena *a, const char *head, const char *body, int n)
{
	const char *quote = strstr(head, "boundary=\""), *from = body, *to;
	char line[100];

	assert_non_null(quote);
	snprintf(line, sizeof(line), "--%.*s", (int)strcspn(quote + 10, "\""), quote + 10);
	for (int i = 0; i <= n; i++) {
		from = strstr(from, line);
		assert_non_null(from);
		from += strlen(line);
	}
	to = strstr(from, line);
	assert_non_null(to);
	from = strstr(from, "\r\n\r\n") + 4;
	return decode(a, from, (size_t)(to - 2 - from)); /* the last CRLF is the boundary's */
}

static struct rendered render(struct arena *a, const struct compiled *c, const struct recipient *r)
{
	struct buf head, body;
	struct err e = { 0 };
	struct rendered out;

	buf_init(&head, 1 << 20);
	buf_init(&body, 1 << 20);
	if (compose_render(c, r, &head, &body, &e) < 0)
		fail_msg("%s", e.text);
	out.head = arena_text(a, buf_text(&head));
	out.body = arena_text(a, buf_text(&body));
	out.text = part_of(a, out.head, out.body, 0);
	out.html = part_of(a, out.head, out.body, 1);
	buf_free(&head);
	buf_free(&body);
	return out;
}

static const struct compiled *compile(struct arena *a, const struct draft *d)
{
	struct err e = { 0 };
	const struct compiled *c = compose_compile(a, d, &e);

	if (!c)
		fail_msg("%s", e.text);
	return c;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("“%s” is not in:\n%s", part, text);
}

/* --- fields and values ---------------------------------------------------- */

static void test_fields(void **state)
{
	static const struct {
		const char *body, *says;
	} bad[] = {
		{ "a\n\nb {{name c", "line 3: a field begins with {{ and is not closed" },
		{ "{{a\n}}", "not closed" },
		{ "{{}}", "is no field" },
		{ "{{Name}}", "is no field" },
		{ "{{1a}}", "is no field" },
		{ "{{a b}}", "is no field" },
		{ "{{a|{b}}}", "not closed" },
		{ "{{a|www.evil.example}}", "default: the value holds a web address" },
		{ "a\n\n[x](https://{{id}}/)", "line 3: a field in a link stands behind the host" },
		{ "a\n\n[x]({{id}})", "the field id is used as a link; declare it" },
		{ "https://{{host}}/", "line 1: a field cannot be a part of a bare web address" },
		{ "{{scheme}}://a.example", "a field cannot be a part of a bare web address" },
		{ "<mailto:{{a}}>", "a field cannot be a part of a bare web address" },
		{ "a\x01\x10\x10", "line 1: there is a control or invisible character" },
		{ "a\x1b[0m", "control or invisible" },
		{ "a\n\xe2\x80\xaex", "line 2: there is a control or invisible character" },
		{ "zero\xe2\x80\x8bwidth", "control or invisible" },
		{ "\xff", "not UTF-8" },
		{ "", "no words" },
		{ "<b>x</b>", "body: line 1: HTML" },
		{ "[x](http://127.0.0.1/)", "not secure" }, /* fine in a trial home only */
	};
	struct arena *a = arena_new();
	const char *const *names;
	struct draft d = a_draft();
	const struct compiled *c;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e = { 0 };

		d.body = bad[i].body;
		if (compose_compile(a, &d, &e))
			fail_msg("%s: was taken", bad[i].body);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_has(e.text, bad[i].says);
	}
	d.body = "\xef\xbb\xbf{{b}} {{ a | x y }} \\{{no}}\r\n\r\n{{b|d}} {{a}}";
	c = compile(a, &d);
	assert_int_equal(compose_fields(c, &names), 2);
	assert_string_equal(names[0], "b");
	assert_string_equal(names[1], "a");
	assert_true(compose_needs_value(c, 0) && compose_needs_value(c, 1));
	assert_string_equal(compose_body_text(c), "{b} {a} {{no}}\n\n{b} {a}\n");
	arena_free(a);
}

/* {{arm}} of a mailing with arms: a number that everybody has, in links too, but never in their host. */
static void test_arms(void **state)
{
	static const struct {
		const char *body, *says;
	} bad[] = {
		{ "[x](https://{{arm}}.example/)", "a field in a link stands behind the host" },
		{ "[x](https://a.example{{arm}})", "a field in a link stands behind the host" },
		{ "[x](mailto:a{{arm}}@a.example)", "a mail link is not an address" },
		{ "https://a.example/{{arm}}", "write a link with words: [words](https://...)" },
		{ "{{arm}}](https://a.example/)", "a field cannot be a part of a bare web address" },
	};
	struct arena *a = arena_new();
	const char *const *names;
	struct draft d = a_draft();
	struct recipient r = a_recipient(NULL);
	const struct compiled *c;
	struct rendered out;

	(void)state;
	d.arms = true;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e = { 0 };

		d.body = bad[i].body;
		if (compose_compile(a, &d, &e))
			fail_msg("%s: was taken", bad[i].body);
		assert_has(e.text, bad[i].says);
	}
	d.subject = "Group {{arm}}";
	d.body = "You are in {{arm}}. [Go](https://a.example/s?g={{arm}}&x=1), or [go](https://a.example/{{arm}}).";
	c = compile(a, &d);
	assert_int_equal(compose_fields(c, &names), 0);
	assert_has(compose_body_text(c), "https://a.example/s?g={arm}&x=1");
	r.arm = "12";
	out = render(a, c, &r);
	assert_has(out.head, "Subject: Group 12");
	assert_has(out.text, "You are in 12.");
	assert_has(out.text, "https://a.example/s?g=12&x=1");
	assert_has(out.html, "href=\"https://a.example/s?g=12&amp;x=1\"");
	assert_has(out.html, "href=\"https://a.example/12\"");
	/* Without arms it is a field, and no part of a link. */
	d.arms = false;
	d.body = "You are in {{arm}}.";
	assert_int_equal(compose_fields(compile(a, &d), &names), 1);
	arena_free(a);
}

static void test_field_count(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft();
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < COMPOSE_FIELDS_MAX; i++)
		buf_addf(&b, "{{f%d}} ", i);
	d.body = buf_text(&b);
	compile(a, &d);
	buf_adds(&b, "{{one_more}}");
	d.body = buf_text(&b);
	assert_null(compose_compile(a, &d, &e));
	assert_has(e.text, "more than 32 fields");
	buf_clear(&b);
	for (int i = 0; i < 200; i++)
		buf_addf(&b, "{{f|%d}} ", i);
	d.body = buf_text(&b);
	assert_null(compose_compile(a, &d, &e));
	assert_has(e.text, "too many fields with different defaults");
	buf_clear(&b);
	for (int i = 0; i < 3000; i++)
		buf_adds(&b, "{{f}} ");
	d.body = buf_text(&b);
	assert_null(compose_compile(a, &d, &e));
	assert_has(e.text, "places to be filled");
	buf_free(&b);
	arena_free(a);
}

static void test_values(void **state)
{
	static const char *const good[] = {
		"Ann",        "Dr.Smith",        "e.g.",          "i.e./e.g.",
		"St. John's", "a@b.example",     "Jo @ home",     "3.5/10",
		"1.2.2026",   "and/or",          "Smith, J.R.R.", "U.S./UK",
		"24/7",       "ann@example.com", "Zo\xc3\xab",    "\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7",
		"",           "<script>",        "{{x}}",         "v1.2b/3",
		"wwwhat"
	};
	static const char *const bad[] = { "http://x",
					   "HTTPS://x",
					   "see https://evil.example",
					   "www.evil",
					   "(www.evil.example",
					   "bit.ly/x",
					   "evil.example/a",
					   "evil.com",
					   "Evil.COM.",
					   "a b.co.uk",
					   "ftp://x",
					   "x://y",
					   "mailto:a@b.example",
					   "evil.de:80",
					   "evil.de?x",
					   "javascript:x",
					   "a@evil.de/x",
					   "xn--p1ai.xn--p1ai/x",
					   "a\nb",
					   "a\tb",
					   "a\rb",
					   "a\x7f",
					   "a\xe2\x80\x8b",
					   "\xe2\x80\xae",
					   "\xff",
					   "a\x01\x10\x10" };
	char longest[FIELD_VALUE_MAX * 3 + 4] = "";
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		if (compose_check_value("f", good[i], &e) < 0)
			fail_msg("%s: %s", good[i], e.text);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (compose_check_value("f", bad[i], &e) == 0)
			fail_msg("%s: was taken", bad[i]);
	for (size_t i = 0; i < FIELD_VALUE_MAX; i++)
		memcpy(longest + 3 * i, "€", 3);
	assert_int_equal(compose_check_value("f", longest, &e), 0);
	memcpy(longest + sizeof(longest) - 4, "x", 2);
	assert_int_equal(compose_check_value("f", longest, &e), -1);
	assert_has(e.text, "f: the value is longer than 200 characters");
}

/* --- the message ---------------------------------------------------------- */

static void test_round_trip(void **state)
{
	static const char *const values[] = { "Zo\xc3\xab <&> \"Q\" .", "From here" };
	struct arena *a = arena_new();
	struct draft d = a_draft();
	struct recipient r = a_recipient(values);
	struct rendered m = render(a, compile(a, &d), &r);

	(void)state;
	assert_has(m.text, "Dear Zo\xc3\xab <&> \"Q\" .,\n");
	assert_has(m.text, "> From here is large.\n");
	assert_has(m.html, "Dear <bdi>Zo\xc3\xab &lt;&amp;&gt; &quot;Q&quot; .</bdi>,");
	assert_has(m.text, "https://mail.example.ac.uk/opt-out/OPTOUT_TOKEN-1\n");
	assert_has(m.html, "<a href=\"https://mail.example.ac.uk/opt-out/OPTOUT_TOKEN-1\"");
	assert_has(m.text, "Check code: 7K3M-Q2XV-9TFA\n");
	assert_has(m.html, "7K3M-Q2XV-9TFA</code>");
	assert_has(m.text, "because you agreed,\non 3 May 2026, with a signed form (SC-12), to be\n"
			   "contacted about “Water & you”.\n");
	assert_has(m.html,
		   "<bdi>on 3 May 2026, with a signed form (SC-12)</bdi>, to be contacted about “Water &amp; you”.");
	assert_has(m.text, "\nhttps://mail.example.ac.uk/\n");
	assert_has(m.html, "<a href=\"https://mail.example.ac.uk/\" "
			   "class=\"link\"");
	assert_has(m.html, "\">https://mail.example.ac.uk/</a>");
	assert_has(m.text, d.house.unofficial);
	assert_has(m.text, "1 College Lane\nExampleton\n");
	assert_has(m.html, "1 College Lane<br>\nExampleton");
	assert_null(strstr(m.text, "trial"));
	arena_free(a);
}

static void test_defaults(void **state)
{
	static const char *const values[] = { NULL, "" };
	struct arena *a = arena_new();
	struct draft d = a_draft();
	struct recipient r = a_recipient(values);
	struct rendered m = render(a, compile(a, &d), &r);
	struct buf head, body;
	struct err e = { 0 };

	(void)state;
	assert_has(m.text, "Dear participant,\n");
	assert_has(m.html, "<bdi>Your town</bdi> is large");
	r.values = NULL;
	m = render(a, compile(a, &d), &r);
	assert_has(m.text, "Dear participant,\n");
	d.body = "Dear {{name}},";
	buf_init(&head, 100000);
	buf_init(&body, 100000);
	assert_int_equal(compose_render(compile(a, &d), &r, &head, &body, &e), -1);
	assert_has(e.text, "name: there is no value");
	assert_int_equal(head.n + body.n, 0);
	buf_free(&head);
	buf_free(&body);
	arena_free(a);
}

static void test_headers(void **state)
{
	static const char *const order[] = {
		"From: \"Dr Ada Byron\" <water@mail.example.ac.uk>\r\n",
		"To: jo@example.org\r\n",
		"Subject: Round two\r\n",
		"Date: Mon, 23 Nov 2026 04:33:44 +0000\r\n",
		"Message-ID: <messagetoken4@mail.example.ac.uk>\r\n",
		"List-Id: \"Water & you\" <water.mail.example.ac.uk>\r\n",
		("List-Unsubscribe: <https://mail.example.ac.uk/opt-out/OPTOUT_TOKEN-1>,\r\n"
		 " <mailto:unsub+unsubtoken2@mail.example.ac.uk?subject=unsubscribe>\r\n"),
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
		"List-Post: NO\r\n",
		"List-Help: <https://mail.example.ac.uk/>\r\n",
		"List-Owner: <mailto:ada@mail.example.ac.uk>\r\n",
		"Precedence: bulk\r\n",
		"Feedback-ID: 1:water:mailing:placet\r\n",
		"CFBL-Address: fbl+feedbacktoken3@mail.example.ac.uk;\r\n report=arf\r\n",
		"CFBL-Feedback-ID: feedbacktoken3\r\n",
		"X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\r\n",
		"MIME-Version: 1.0\r\n",
		"Content-Language: en\r\n",
		"Content-Type: multipart/alternative;\r\n boundary=\"=_"
	};
	struct arena *a = arena_new();
	struct draft d = a_draft();
	struct recipient r = a_recipient(NULL);
	struct rendered m = render(a, compile(a, &d), &r);
	const char *at = m.head;

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++) {
		assert_memory_equal(at, order[i], strlen(order[i]));
		at += strlen(order[i]);
	}
	assert_string_equal(at + strcspn(at, "\r"), "\r\n");
	arena_free(a);
}

/* What the headers do when the facts are others. */
static void test_header_cases(void **state)
{
	static const char *const values[] = { "größer", NULL };
	struct arena *a = arena_new();
	struct draft d = a_draft();
	struct recipient r = a_recipient(values);
	struct rendered m;

	(void)state;
	d.house.contact = "ada@elsewhere.example"; /* not the identity's: stays out of the headers */
	d.house.statement_url = "https://www.example.ac.uk/research-mail";
	d.house.project_title = "Größe";
	d.house.trial = true;
	d.subject = "For {{name}} \\{{x}}";
	d.reply_to = "replies@mail.example.ac.uk";
	r.test = true;
	r.address = "jö@example.org";
	m = render(a, compile(a, &d), &r);
	assert_null(strstr(m.head, "List-Owner"));
	assert_null(strstr(m.head, "elsewhere"));
	assert_has(m.text, "\nada@elsewhere.example\n");
	assert_has(m.head, "List-Help: <https://mail.example.ac.uk/>\r\n");
	assert_has(m.head, "List-Id: =?UTF-8?");
	assert_has(m.head, " <water.mail.example.ac.uk>\r\n");
	assert_has(m.head, "Subject: =?UTF-8?B?W1Rlc3RdIEZvciBncsO2w59lciB7e3h9fQ==?=\r\n");
	assert_has(m.head, "Reply-To: replies@mail.example.ac.uk\r\nTo: jö@example.org\r\n");
	assert_has(m.head, "X-Placet-Trial: yes\r\n");
	assert_has(m.text, "\nThis is a trial:");
	assert_has(m.html, "This is a trial:");
	r.test = false;
	d.subject = "Plain";
	m = render(a, compile(a, &d), &r);
	assert_has(m.head, "Subject: Plain\r\n");
	arena_free(a);
}

/* Every line is short, ASCII, and no gadget (FMT-1, FMT-7, FMT-8). */
static void test_lines(void **state)
{
	static const char *const values[] = { "\xf0\x9f\x92\xa7\xf0\x9f\x92\xa7\xf0\x9f\x92\xa7 .", "..." };
	struct arena *a = arena_new();
	struct draft d = a_draft();
	struct recipient r = a_recipient(values);
	struct rendered m;
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	buf_adds(&b, d.body);
	for (int i = 0; i < 998; i++)
		buf_addc(&b, 'w');
	buf_adds(&b, "\n\n.\n\nFrom {{name|x}}\n\n{{town|x}}{{name|x}}");
	d.body = buf_text(&b);
	m = render(a, compile(a, &d), &r);
	for (const char *p = m.body, *end; *p; p = end + 2) {
		end = strstr(p, "\r\n");
		assert_non_null(end);
		assert_in_range(end - p, 0, 76);
		assert_true(*p != '.' && strncmp(p, "From ", 5) != 0);
		assert_true(end == p || (end[-1] != ' ' && end[-1] != '\t'));
		for (const char *c = p; c < end; c++)
			assert_true(*c >= ' ' && *c <= '~');
	}
	assert_has(m.text, "\n.\n\nFrom ");
	assert_has(m.text, "\n...\xf0\x9f\x92\xa7");
	buf_free(&b);
	arena_free(a);
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

/* Whatever a value is, the message has the same lines, tags and headers. */
static void test_break_out(void **state)
{
	static const char *const hostile[] = {
		"</bdi></td></table>",
		"\"><img src=x onerror=y>",
		"<!--",
		"-->",
		"]]>",
		"&#x3c;b>",
		"=3Cb=3E",
		"--=_x--",
		"\\",
		"'\"`",
		"**x** [y](z)",
		"{{name}}",
		"%n%s",
		"=\\r\\n.",
		"<style>*{display:none}</style>",
		"=?UTF-8?Q?=0D=0A?=",
	};
	static const char *const refused[] = { "a\r\nBcc: x@y.example", "a\n.\n", "a\rb", "\x01\x10\x10",
					       "a\xc2\x85z" };
	static const char *const plain[] = { "x", "x" };
	struct arena *a = arena_new();
	struct draft d = a_draft();
	struct recipient r = a_recipient(plain);
	struct buf head, body;
	const struct compiled *c;
	struct rendered m, was;

	(void)state;
	d.subject = "Hello {{name}}";
	c = compile(a, &d);
	was = render(a, c, &r);
	for (size_t i = 0; i < COUNT(hostile); i++) {
		const char *const values[] = { hostile[i], hostile[i] };

		r.values = values;
		m = render(a, c, &r);
		assert_int_equal(count(m.html, '<'), count(was.html, '<'));
		assert_int_equal(count(m.html, '>'), count(was.html, '>'));
		assert_int_equal(count(m.html, '"'), count(was.html, '"'));
		assert_int_equal(count(m.text, '\n'), count(was.text, '\n'));
		assert_null(strstr(m.head, "Bcc"));
	}
	buf_init(&head, 100000);
	buf_init(&body, 100000);
	for (size_t i = 0; i < COUNT(refused); i++) {
		const char *const values[] = { refused[i], "x" };
		struct err e = { 0 };

		r.values = values;
		assert_int_equal(compose_render(c, &r, &head, &body, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_has(e.text, "name: ");
		assert_int_equal(head.n + body.n, 0);
	}
	buf_free(&head);
	buf_free(&body);
	arena_free(a);
}

/* Bad tokens and addresses are refused, and leave nothing half-written. */
static void test_recipients(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft();
	const struct compiled *c = compile(a, &d);
	struct recipient bad[8];
	struct buf head, body;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		bad[i] = a_recipient(NULL);
	bad[0].opt_out_token = "a/b";
	bad[1].unsub_token = NULL;
	bad[2].feedback_token = "";
	bad[3].message_token = "a>\r\nBcc: x";
	bad[4].code = "<b>";
	bad[5].consent = "on\nMonday";
	bad[6].address = "a@b.example\r\nBcc: c@d.example";
	bad[7].consent = NULL;
	buf_init(&head, 100000);
	buf_init(&body, 100000);
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e = { 0 };

		assert_int_equal(compose_render(c, &bad[i], &head, &body, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_int_equal(head.n + body.n, 0);
	}
	buf_free(&head);
	buf_free(&body);
	arena_free(a);
}

static void test_deterministic(void **state)
{
	struct arena *a = arena_new(), *b = arena_new();
	struct draft d = a_draft();
	struct recipient r = a_recipient(NULL);
	struct rendered one = render(a, compile(a, &d), &r), two = render(b, compile(b, &d), &r);

	(void)state;
	assert_string_equal(one.head, two.head);
	assert_string_equal(one.body, two.body);
	d.mailing_id++;
	two = render(b, compile(b, &d), &r);
	assert_string_not_equal(one.head, two.head); /* another boundary */
	arena_free(a);
	arena_free(b);
}

static void test_directions(void **state)
{
	static const char *const rtl[] = { "ar", "ar-EG", "FA", "he-IL", "syr", "nqo", "ff-Adlm", "az-Arab-IR", "pa-Arab" };
	static const char *const ltr[] = { "en", "de-1996", "zh-Hant", "ff", "ks-Deva", "ug-Latn", "sd-Deva-IN", "are", "a" };

	(void)state;
	for (size_t i = 0; i < COUNT(rtl); i++)
		assert_string_equal(language_direction(rtl[i]), "rtl");
	for (size_t i = 0; i < COUNT(ltr); i++)
		assert_string_equal(language_direction(ltr[i]), "ltr");
}

/* What our own reader, which judges for the policy, makes of the HTML: everything seen, nothing in doubt. */
static void test_visible(void **state)
{
	static const char *const languages[] = { "en", "en-GB", "sw", "ckb" };
	struct arena *a = arena_new();
	struct draft d = a_draft();
	struct recipient r = a_recipient(NULL);

	(void)state;
	d.house.trial = true;
	for (size_t i = 0; i < COUNT(languages); i++) {
		struct html_view view;
		struct err e = { 0 };
		struct rendered m;

		d.language = languages[i];
		m = render(a, compile(a, &d), &r);
		assert_int_equal(html_read(a, slice_of(m.html), &view, &e), 0);
		if (view.doubt)
			fail_msg("%s", view.doubt);
		assert_string_equal(view.hidden, "");
		assert_false(view.active);
		assert_false(view.remote);
		assert_string_equal(view.lang, languages[i]);
		assert_string_equal(view.dir, i == 3 ? "rtl" : "ltr");
		assert_has(view.text,
			   "Dr Ada Byron, Department of Hydrology, University of Example, is writing to you.");
		assert_has(view.text, "https://mail.example.ac.uk/check");
		assert_has(view.text, "7K3M-Q2XV-9TFA");
		for (size_t k = 0; k < view.n_links; k++) {
			const char *href = view.links[k].href;

			/* Every address of the HTML can be read in the text. */
			assert_has(m.text, strncmp(href, "mailto:", 7) == 0 ? href + 7 : href);
			if (strstr(view.links[k].words, "://"))
				assert_string_equal(view.links[k].words, href);
		}
		assert_true(view.n_links >= 7);
		/* English words in a message of another language say that they are, and the registered ones that they
		 * are not. */
		assert_int_equal(strstr(m.html, " lang=\"en\" dir=\"ltr\" class=\"foot\"") != NULL, i >= 2);
		assert_int_equal(strstr(m.html, "<span lang=\"ckb\" dir=\"rtl\"") != NULL, i == 3);
		arena_clear(a);
	}
	arena_free(a);
}

static void test_house(void **state)
{
	struct draft d[10];
	static const char *const says[] = {
		"institution's name", "originator",     "contact address", "postal address", "unofficial sentence",
		"opt-out wording",    "statement page", "web address",     "statement page", "language"
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(d); i++)
		d[i] = a_draft();
	d[0].house.institution = NULL;
	d[1].house.originator = "";
	d[2].house.contact = NULL;
	d[3].house.postal_address = "a\r\nb";
	d[4].house.unofficial = NULL;
	d[5].house.opt_out_wording = "zero\xe2\x80\x8b";
	d[6].house.statement_url = "javascript:alert(1)";
	d[7].web_url = "http://127.0.0.1:8080"; /* fine in a trial home only */
	d[8].house.statement_url = "http://a.example/";
	d[9].language = "en\" onload=\"x";
	for (size_t i = 0; i < COUNT(d); i++) {
		struct err e = { 0 };

		assert_null(compose_compile(a, &d[i], &e));
		assert_int_equal(e.kind, ERR_INPUT);
		assert_has(e.text, says[i]);
	}
	d[7].house.trial = true;
	compile(a, &d[7]);
	d[8] = a_draft();
	d[8].house.project_title = "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88"; /* Persian is not written without joiners */
	compile(a, &d[8]);
	d[0] = a_draft();
	d[0].house.department = NULL;
	d[0].house.project_url = NULL;
	assert_has(compose_public_text(compile(a, &d[0])), "Dr Ada Byron, University of Example, is writing to you.");
	arena_free(a);
}

static void test_public_text(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft();
	const struct compiled *c = compile(a, &d);
	const char *text = compose_public_text(c), *words = compose_body_text(c);

	(void)state;
	assert_has(text, "Dear {name},\n");
	assert_has(text, "https://mail.example.ac.uk/opt-out/{token}\n");
	assert_has(text, "Check code: {code}\n");
	assert_has(text, "because you agreed,\n{consent}, to be\ncontacted about");
	assert_has(words, "Dear {name},\n");
	assert_null(strstr(words, "opt-out"));
	assert_null(strstr(words, "Ada"));
	arena_free(a);
}

/* FMT-16: nothing that a mail program would cut off. */
static void test_size(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft();
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	while (b.n < 30 * 1000)
		buf_adds(&b, "ten bytes\n");
	d.body = buf_text(&b);
	compile(a, &d);
	while (b.n < 50 * 1000)
		buf_adds(&b, "ten bytes\n");
	d.body = buf_text(&b);
	assert_null(compose_compile(a, &d, &e));
	assert_has(e.text, "at most 95 and 88 are allowed");
	while (b.n < 600 * 1000)
		buf_adds(&b, "ten bytes\n");
	d.body = buf_text(&b);
	assert_null(compose_compile(a, &d, &e));
	assert_int_equal(e.kind, ERR_INPUT);
	buf_free(&b);
	arena_free(a);
}

static void test_subjects(void **state)
{
	static const char *const bad[] = { "",    "  ",   "a\nBcc: x",    "a\r\nb", "a\tb", "a\xe2\x80\xae",
					   "{{x", "\xff", "a\x01\x10\x10" };
	struct arena *a = arena_new();
	struct draft d = a_draft();

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e = { 0 };

		d.subject = bad[i];
		assert_null(compose_compile(a, &d, &e));
		assert_int_equal(e.kind, ERR_INPUT);
		assert_has(e.text, "ubject");
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),        cmocka_unit_test(test_arms),
		cmocka_unit_test(test_field_count),
		cmocka_unit_test(test_values),        cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_defaults),      cmocka_unit_test(test_headers),
		cmocka_unit_test(test_header_cases),  cmocka_unit_test(test_lines),
		cmocka_unit_test(test_break_out),     cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_deterministic), cmocka_unit_test(test_visible),
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_house),         cmocka_unit_test(test_public_text),
		cmocka_unit_test(test_size),          cmocka_unit_test(test_subjects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
