/*
 * What differs between two recipients beyond plain fields: declared links,
 * fields inside of links, conditional paragraphs; and images, which are the
 * same for all. Each rendered message is read by the MIME parser, not by ours.
 */
#include "base/clock.h"
#include "compose/compose.h"
#include "mail/html.h"
#include "mail/message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const LINKS[] = { "survey", NULL };
static const char *const HOSTS[] = { "survey.partner.example", NULL };
static const char *const DOMAINS[] = { "example.ac.uk", NULL };

static struct draft a_draft(const char *body)
{
	return (struct draft){
		.language = "en",
		.subject = "Round two",
		.body = body,
		.link_fields = LINKS,
		.link_hosts = HOSTS,
		.link_domains = DOMAINS,
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

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("“%s” is not in:\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("“%s” is in:\n%s", part, text);
}

static const struct compiled *compile(struct arena *a, const struct draft *d)
{
	struct err e = { 0 };
	const struct compiled *c = compose_compile(a, d, &e);

	if (!c)
		fail_msg("%s", e.text);
	return c;
}

/* The whole message with these values, in the order of the fields' first use; NULL with `e` filled. */
static struct message *render(struct arena *a, const struct compiled *c, const char *const *values, struct err *e)
{
	struct recipient r = {
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
	struct message *m = ARENA_NEW(a, struct message);
	struct buf head, body;
	struct slice all;
	int rc;

	buf_init(&head, 1 << 20);
	buf_init(&body, 1 << 20);
	rc = compose_render(c, &r, &head, &body, e);
	buf_adds(&head, "\r\n");
	buf_add_buf(&head, &body);
	all = (struct slice){ arena_text_n(a, buf_text(&head), head.n), head.n };
	buf_free(&head);
	buf_free(&body);
	if (rc < 0)
		return NULL;
	for (size_t i = 0, line = 0; i < all.n; i++) {
		line = all.p[i] == '\n' ? 0 : line + 1;
		assert_true((unsigned char)all.p[i] < 0x80 && line <= 78);
	}
	assert_int_equal(message_parse(a, all, m, e), 0);
	return m;
}

static const char *part(const struct message *m, const char *type)
{
	const struct part *p = message_part(m, type);

	assert_non_null(p);
	return p->bytes;
}

/* --- links --- */

static void test_links(void **state)
{
	static const char *const GOOD[] = { "https://survey.partner.example/s/1?t=a&u=%20", "https://www.example.ac.uk",
					    "https://example.ac.uk/x#y" };
	static const char *const BAD[] = {
		"http://survey.partner.example/", "https://partner.example/", "https://evil.example/?survey.partner.example",
		"https://survey.partner.example@evil.example/", "https://survey.partner.example.evil.example/",
		"https://survey.partner.example:444/", "https://xexample.ac.uk/", "javascript:alert(1)",
		"https://survey.partner.example/\"onclick=\"x", "https://survey.partner.example/a b",
		"https://survey.partner.example/<b>", "https://SURVEY.partner.example/", "//survey.partner.example/",
		"https:survey.partner.example", "https://survey.partner.example\\@evil.example/", "https://ex\xc3\xa4mple.ac.uk/",
		"Words", "https://",
	};
	struct arena *a = arena_new();
	struct draft d = a_draft("[Begin]({{survey}}), or copy:\n\n{{survey}}\n\nand so on {{survey}}.");
	const struct compiled *c = compile(a, &d);

	(void)state;
	assert_has(compose_public_text(c), "Begin <{survey}>");
	for (size_t i = 0; i < COUNT(GOOD); i++) {
		const char *values[] = { GOOD[i] };
		struct err e = { 0 };
		struct message *m = render(a, c, values, &e);
		struct html_view v;

		assert_non_null(m);
		assert_has(part(m, "text/plain"), arena_printf(a, "Begin <%s>", GOOD[i]));
		assert_has(part(m, "text/plain"), arena_printf(a, "\n%s\n", GOOD[i]));
		assert_int_equal(html_read(a, (struct slice){ part(m, "text/html"), strlen(part(m, "text/html")) }, &v, &e), 0);
		assert_has(v.text, GOOD[i]);
		size_t found = 0;
		for (size_t k = 0; k < v.n_links; k++)
			found += strcmp(v.links[k].href, GOOD[i]) == 0;
		assert_int_equal(found, 3);
	}
	for (size_t i = 0; i < COUNT(BAD); i++) {
		const char *values[] = { BAD[i] };
		struct err e = { 0 };

		if (render(a, c, values, &e))
			fail_msg("%s: was taken", BAD[i]);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_has(e.text, "survey: the link");
	}
	arena_free(a);
}

static void test_link_places(void **state)
{
	static const struct {
		const char *subject, *body, *says;
	} BAD[] = {
		{ "At {{survey}}", "x", "a subject holds none" },
		{ "x", "[a](https://survey.partner.example/{{survey}})", "a link by itself" },
		{ "x", "[a]({{survey}}x)", "a link is neither https: nor mailto:" },
		{ "x", "{{survey|none}}", "a link has no default" },
		{ "x", "[a]({{other}})", "the field other is used as a link; declare it" },
		/* However it is put together: the host of an address is never a value's. */
		{ "x", "<p>https://www.example.ac.uk<b>{{other}}</b></p>", "bare web address" },
		{ "x", "<p>https://www.example.ac.uk<span style=\"font-size:20px\">{{other}}</span></p>", "bare web address" },
		{ "x", "<p>&lt;https://www.example.ac.uk<b>{{other}}</b>&gt;</p>", "bare web address" },
		{ "x", "<p>https://www.example.ac.uk/a<b>{{other}}</b></p>", "bare web address" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct draft d = a_draft(BAD[i].body);
		struct err e = { 0 };

		d.subject = BAD[i].subject;
		d.format = BAD[i].body[0] == '<' ? BODY_HTML : BODY_MARKDOWN;
		const struct compiled *c = compose_compile(a, &d, &e);
		if (c)
			fail_msg("%s: was taken: %s", BAD[i].body, compose_public_text(c));
		assert_has(e.text, BAD[i].says);
	}
	arena_free(a);
}

static void test_values_in_links(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft("[Go](https://survey.partner.example/s/{{id}}?q={{name|x y}}&e=1) {{id}}");
	const struct compiled *c = compile(a, &d);
	const char *hostile[] = { "../a?b#c&d\"><x y/\xc3\xa4%41", "" };
	const char *dots[] = { "..", "" };
	struct err e = { 0 };
	struct message *m = render(a, c, hostile, &e);

	(void)state;
	assert_non_null(m);
	assert_has(part(m, "text/plain"),
		   "<https://survey.partner.example/s/..%2Fa%3Fb%23c%26d%22%3E%3Cx%20y%2F%C3%A4%2541?q=x%20y&e=1>");
	assert_has(part(m, "text/html"),
		   "href=\"https://survey.partner.example/s/..%2Fa%3Fb%23c%26d%22%3E%3Cx%20y%2F%C3%A4%2541?q=x%20y&amp;e=1\"");
	assert_has(part(m, "text/html"), "<bdi>../a?b#c&amp;d&quot;&gt;&lt;x y/\xc3\xa4%41</bdi>");
	assert_null(render(a, c, dots, &e));
	assert_has(e.text, "would lead elsewhere");
	/* A bracket is a part of the link, and what stands behind it as well: both parts lead to the same place. */
	d.body = "[Go](<https://survey.partner.example/a(b)/{{id}}>)";
	m = render(a, compile(a, &d), hostile, &e);
	assert_non_null(m);
	assert_has(part(m, "text/plain"), "<https://survey.partner.example/a(b)/..%2Fa%3Fb%23c");
	assert_has(part(m, "text/html"), "href=\"https://survey.partner.example/a(b)/..%2Fa%3Fb%23c");
	arena_free(a);
}

/* --- conditions --- */

static const char VARIED[] = "Dear all,\n\n{{if year = 2004}}\nFirst **four**.\n\n- a\n{{else}}\nNot four: {{year|?}}.\n\n"
			     "{{if not town}}\nNo town.\n{{end}}\n{{end}}\n{{if town}}\nFrom {{town}}.\n{{end}}\n\nBest wishes\n";

static void test_conditions(void **state)
{
	static const struct {
		const char *year, *town, *text;
	} CASES[] = {
		{ "2004", "Ulm", "Dear all,\n\nFirst *four*.\n\n- a\n\nFrom Ulm.\n\nBest wishes\n" },
		{ "2004", NULL, "Dear all,\n\nFirst *four*.\n\n- a\n\nBest wishes\n" },
		{ "2005", "", "Dear all,\n\nNot four: 2005.\n\nNo town.\n\nBest wishes\n" },
		{ "", "Ulm", "Dear all,\n\nNot four: ?.\n\nFrom Ulm.\n\nBest wishes\n" },
	};
	struct arena *a = arena_new();
	struct draft d = a_draft(VARIED);
	const struct compiled *c = compile(a, &d);
	uint64_t seen[COUNT(CASES)];

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const char *values[] = { CASES[i].year, CASES[i].town };
		struct err e = { 0 };
		struct message *m = render(a, c, values, &e);

		assert_non_null(m);
		assert_has(part(m, "text/plain"), CASES[i].text);
		assert_int_equal(strstr(part(m, "text/html"), "<strong>four</strong>") != NULL, strcmp(CASES[i].year, "2004") == 0);
		assert_has(part(m, "text/html"), "</html>");
		assert_has_not(part(m, "text/html"), "{{");
		seen[i] = compose_shown(c, values);
		for (size_t k = 0; k < i; k++)
			assert_true(seen[k] != seen[i]);
	}
	assert_has(compose_body_text(c), "\n\n{if year = 2004}\n\nFirst *four*.\n\n- a\n\n{else}\n\nNot four: {year}.\n\n{if not town}\n");
	arena_free(a);
}

/* A field that only some see is needed by those alone. */
static void test_needs(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft("{{if town}}\nFrom {{town}}, {{street}}.\n{{end}}\n\nBye");
	const struct compiled *c = compile(a, &d);
	const char *none[] = { NULL, NULL }, *half[] = { "Ulm", NULL };
	struct err e = { 0 };

	(void)state;
	assert_non_null(render(a, c, none, &e));
	assert_null(render(a, c, half, &e));
	assert_has(e.text, "street: there is no value");
	arena_free(a);
}

static void test_bad_conditions(void **state)
{
	static const struct {
		const char *body, *says;
	} BAD[] = {
		{ "a\n\n{{if x}}\nb", "line 3: {{if ...}} has no {{end}}" },
		{ "a {{if x}} b {{end}}", "line 1: {{if x}} has to stand alone on its line" },
		{ "a\n{{end}}", "line 2: there is {{end}} without" },
		{ "{{else}}\n", "without {{if ...}}" },
		{ "{{if x}}\na\n{{else}}\n{{else}}\n{{end}}", "line 4: there is {{else}} twice" },
		{ "{{if X}}\na\n{{end}}", "is no condition" },
		{ "{{if}}\na\n{{end}}", "is no condition" },
		{ "{{if a =}}\na\n{{end}}", "compares with nothing" },
		{ "{{if a}}\n{{if b}}\n{{if c}}\n{{if d}}\n{{if e}}\nx\n{{end}}\n{{end}}\n{{end}}\n{{end}}\n{{end}}", "more than 4 deep" },
		{ "{{if a}}\n\n{{end}}", "there are no words" },
		{ "{{if a}}\n<b>\n{{end}}", "body: line 2: HTML" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct draft d = a_draft(BAD[i].body);
		struct err e = { 0 };

		if (compose_compile(a, &d, &e))
			fail_msg("%s: was taken", BAD[i].body);
		assert_has(e.text, BAD[i].says);
	}
	arena_free(a);
}

/* --- images --- */

static const char PIXELS[] = "\x89PNG\r\n\x1a\n, or what stands for one here: nothing but the compiler looks at it.";

static void test_images(void **state)
{
	struct image images[] = {
		{ "wells", "Two wells & a \"pump\"", "image/png", 1168, 300, { PIXELS, sizeof(PIXELS) }, { 1, 2, 3 } },
		{ "other", "Other", "image/jpeg", 10, 10, { PIXELS, 3 }, { 4 } },
	};
	struct arena *a = arena_new();
	struct draft d = a_draft("See:\n\n![](wells)\n\nBye");
	const struct compiled *c;
	uint8_t first[32], other[32];
	struct message *m;
	const struct part *p;
	struct err e = { 0 };

	(void)state;
	d.images = images;
	d.n_images = COUNT(images);
	c = compile(a, &d);
	assert_ptr_equal(compose_images(c)[0], &images[0]);
	assert_null(compose_images(c)[1]);
	m = render(a, c, NULL, &e);
	assert_non_null(m);
	assert_int_equal(m->n_parts, 3);
	assert_has(part(m, "text/plain"), "See:\n\n[Two wells & a \"pump\"]\n\nBye");
	assert_has(part(m, "text/html"), "<img src=\"cid:wells.0102030000000000@mail.example.ac.uk\" alt=\"Two wells &amp; a &quot;pump&quot;\" "
					 "width=\"584\" height=\"150\"");
	p = message_part(m, "image/png");
	assert_string_equal(p->content_id, "wells.0102030000000000@mail.example.ac.uk");
	assert_string_equal(p->parent, "multipart/related");
	assert_string_equal(p->disposition, "inline");
	assert_int_equal(p->n, sizeof(PIXELS));
	assert_memory_equal(p->bytes, PIXELS, sizeof(PIXELS));
	compose_hash(c, first);
	images[0].type = "image/jpeg"; /* it is a header of the message, and not made of the bytes again */
	compose_hash(compile(a, &d), other);
	assert_memory_not_equal(first, other, 32);
	d.body = "![](nowhere)";
	assert_null(compose_compile(a, &d, &e));
	assert_has(e.text, "line 1: an image that the project has not: “nowhere”");
	d.body = "![my own words](wells)";
	assert_null(compose_compile(a, &d, &e));
	assert_has(e.text, "other words than those approved");
	d.body = "![](https://evil.example/x.png)";
	assert_null(compose_compile(a, &d, &e));
	arena_free(a);
}

static void test_hash(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft("Dear {{name|you}}, {{survey}}");
	uint8_t first[32], other[32];
	const char *const bodies[] = { "Dear {{name|you}}, {{survey}}.", "Dear {{name|thou}}, {{survey}}", "Dear {{nome|you}}, {{survey}}" };

	(void)state;
	compose_hash(compile(a, &d), first);
	compose_hash(compile(a, &d), other);
	assert_memory_equal(first, other, 32);
	for (size_t i = 0; i < COUNT(bodies); i++) {
		d.body = bodies[i];
		compose_hash(compile(a, &d), other);
		assert_memory_not_equal(first, other, 32);
	}
	arena_free(a);
}

/* Whatever a value is made of, what it becomes has room. */
static void test_longest_link(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft("[Begin]({{survey}})");
	const struct compiled *c = compile(a, &d);
	char link[LINK_VALUE_MAX + 1] = "https://example.ac.uk/?";
	const char *values[] = { link };
	struct err e = { 0 };
	struct message *m;

	(void)state;
	memset(link + strlen(link), '&', LINK_VALUE_MAX - strlen(link));
	m = render(a, c, values, &e);
	assert_non_null(m);
	assert_has(part(m, "text/plain"), link);
	arena_free(a);
}

/* A field that the subject alone names is needed as much as one of the body. */
static void test_needs_of_subject(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft("Words");
	const struct compiled *c;
	const char *values[] = { "Jo" }, *none[] = { NULL };
	struct err e = { 0 };

	(void)state;
	d.subject = "For {{name}}";
	c = compile(a, &d);
	assert_true(compose_needs_value(c, 0));
	assert_non_null(render(a, c, values, &e));
	assert_null(render(a, c, none, &e));
	assert_has(e.text, "name: there is no value for this person and no default");
	arena_free(a);
}

/* However many places need a value, none of them is forgotten: beyond what can be kept, the draft is refused. */
static void test_many_needs(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft("");
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 9; i++) {
		buf_addf(&b, "{{if a = %d}}\n\n", i);
		for (int k = 0; k < 2; k++) {
			for (int f = 1; f < COMPOSE_FIELDS_MAX - 1; f++)
				buf_addf(&b, "{{f%d}} ", f);
			buf_adds(&b, k ? "\n\n{{end}}\n\n" : "\n\n{{else}}\n\n");
		}
	}
	d.body = buf_text(&b);
	assert_null(compose_compile(a, &d, &e));
	assert_has(e.text, "fields without a default stand under too many conditions");
	buf_free(&b);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),      cmocka_unit_test(test_link_places),
		cmocka_unit_test(test_values_in_links), cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_needs),      cmocka_unit_test(test_bad_conditions),
		cmocka_unit_test(test_longest_link), cmocka_unit_test(test_needs_of_subject),
		cmocka_unit_test(test_many_needs),
		cmocka_unit_test(test_images),     cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
