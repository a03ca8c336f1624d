/*
 * compose: system mail. The same input gives the same bytes; what is not fit
 * to be printed is refused; nobody can put a word of theirs, a header or a
 * piece of HTML into it; both parts say the same.
 */
#include "base/clock.h"
#include "compose/notice_mail.h"
#include "mail/message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define T0 INT64_C(1790000000000000) /* 21 September 2026, 13:33:20 */

struct out {
	struct arena *a;
	struct buf head, body;
	struct err e;
};

static struct notice_mail a_mail(enum notice_kind k)
{
	return (struct notice_mail){
		.kind = k,
		.address = "jo@example.org",
		.from_name = "Dr Ada Byron (Water)",
		.from_address = "water@mail.example.ac.uk",
		.identity_domain = "mail.example.ac.uk",
		.web_url = "https://mail.example.ac.uk",
		.institution = "University of Example",
		.statement_url = "https://mail.example.ac.uk/",
		.contact = "post@mail.example.ac.uk",
		.postal_address = "1 College Lane\nExampleton",
		.message_token = "messagetoken",
		.date = T0 + 5 * SECOND,
		.asked = T0,
		.token = "LINK_TOKEN-1",
		.project_title = "Water & <you>",
		.project_url = "https://mail.example.ac.uk/projects/water",
		.originator = "Dr Ada Byron",
		.department = "Department of Hydrology",
		.consent_text = "I agree.\n\nSend me <b>letters</b> & “more”.",
		.number = 17,
		.due = T0 + 30 * DAY,
	};
}

static int set_up(void **state)
{
	static struct out o;

	o = (struct out){ .a = arena_new() };
	buf_init(&o.head, 64 * 1024);
	buf_init(&o.body, 256 * 1024);
	*state = &o;
	return 0;
}

static int tear_down(void **state)
{
	struct out *o = *state;

	buf_free(&o->head);
	buf_free(&o->body);
	arena_free(o->a);
	return 0;
}

static int render(struct out *o, const struct notice_mail *m)
{
	buf_clear(&o->head);
	buf_clear(&o->body);
	err_clear(&o->e);
	return notice_render(m, &o->head, &o->body, &o->e);
}

static struct message rendered(struct out *o, const struct notice_mail *m)
{
	struct message parsed;
	const char *all;

	if (render(o, m) < 0)
		fail_msg("%s", o->e.text);
	all = arena_printf(o->a, "%s\r\n%s", buf_text(&o->head), buf_text(&o->body));
	if (message_parse(o->a, (struct slice){ all, strlen(all) }, &parsed, &o->e) < 0)
		fail_msg("%s", o->e.text);
	return parsed;
}

static const char *part(const struct message *m, const char *type)
{
	const struct part *p = message_part(m, type);

	assert_non_null(p);
	return p->bytes;
}

static void the_same_input_gives_the_same_bytes(void **state)
{
	struct out *o = *state;

	for (enum notice_kind k = NOTICE_CONFIRM; k <= NOTICE_COMPLAINT; k++) {
		struct notice_mail m = a_mail(k);
		const char *head, *body;

		assert_int_equal(render(o, &m), 0);
		head = arena_text(o->a, buf_text(&o->head));
		body = arena_text(o->a, buf_text(&o->body));
		assert_int_equal(render(o, &m), 0);
		assert_string_equal(buf_text(&o->head), head);
		assert_string_equal(buf_text(&o->body), body);
		m.trial = true;
		assert_int_equal(render(o, &m), 0);
		assert_string_not_equal(buf_text(&o->head), head);
	}
}

static void its_headers_belong_to_no_list(void **state)
{
	static const char *const NEVER[] = { "List-Id", "List-Unsubscribe", "Precedence", "Sender", "Bcc", "Return-Path",
					     "Feedback-ID", "CFBL-Address", "X-Priority", "X-Placet-Trial", "Reply-To" };
	static const char *const ONCE[] = { "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
					    "Content-Type", "Content-Language", "X-Auto-Response-Suppress" };
	struct out *o = *state;

	for (enum notice_kind k = NOTICE_CONFIRM; k <= NOTICE_COMPLAINT; k++) {
		struct notice_mail m = a_mail(k);
		struct message got = rendered(o, &m);

		for (size_t i = 0; i < COUNT(NEVER); i++)
			assert_null(message_field(&got, NEVER[i], 0));
		for (size_t i = 0; i < COUNT(ONCE); i++)
			assert_true(message_field(&got, ONCE[i], 0) && !message_field(&got, ONCE[i], 1));
		assert_int_equal(got.n_fields, COUNT(ONCE));
		assert_string_equal(message_field(&got, "Auto-Submitted", 0)->raw, "auto-generated");
		assert_string_equal(message_field(&got, "Message-ID", 0)->raw, "<messagetoken@mail.example.ac.uk>");
		assert_string_equal(message_field(&got, "Date", 0)->raw, "Mon, 21 Sep 2026 14:13:25 +0000");
		assert_int_equal(got.n_parts, 2);
	}
}

static void each_kind_has_its_link_and_its_dates(void **state)
{
	static const struct {
		enum notice_kind kind;
		const char *words[4];
		const char *never;
	} SAYS[] = {
		{ NOTICE_CONFIRM, { "https://mail.example.ac.uk/confirm/LINK_TOKEN-1\n", "28 September 2026", "nothing to ignore" }, "opt-out" },
		{ NOTICE_LEAVE, { "https://mail.example.ac.uk/opt-out/LINK_TOKEN-1\n", "28 September 2026" }, "Water" },
		{ NOTICE_LEFT, { "21 September 2026 at 14:13 UTC" }, "LINK_TOKEN" },
		{ NOTICE_REMOVED, { "https://mail.example.ac.uk/opt-out/LINK_TOKEN-1\n", "22 September 2026 at 14:13", "21 September 2026" }, "Water" },
		{ NOTICE_ME, { "https://mail.example.ac.uk/me/LINK_TOKEN-1\n", "28 September 2026" }, "Water" },
		{ NOTICE_COMPLAINT, { "number 17", "21 October 2026" }, "LINK_TOKEN" },
	};
	struct out *o = *state;

	for (size_t i = 0; i < COUNT(SAYS); i++) {
		struct notice_mail m = a_mail(SAYS[i].kind);
		struct message got = rendered(o, &m);
		const char *text = part(&got, "text/plain"), *flat = arena_text(o->a, text);

		for (char *p = (char *)flat; *p; p++)
			*p = *p == '\n' ? ' ' : *p;
		for (size_t k = 0; k < COUNT(SAYS[i].words) && SAYS[i].words[k]; k++)
			if (!strstr(text, SAYS[i].words[k]) && !strstr(flat, SAYS[i].words[k]))
				fail_msg("%s does not say %s:\n%s", notice_kind_name(m.kind), SAYS[i].words[k], text);
		assert_null(strstr(text, SAYS[i].never));
		assert_null(strstr(part(&got, "text/html"), SAYS[i].never));
		/* Who, why, and how to complain. */
		assert_non_null(strstr(text, "University of Example"));
		assert_non_null(strstr(text, "You get it because"));
		assert_non_null(strstr(text, "\nhttps://mail.example.ac.uk/complaint\n"));
		assert_non_null(strstr(text, "\npost@mail.example.ac.uk\n"));
		assert_non_null(strstr(text, "\n1 College Lane\nExampleton\n"));
	}
}

static void registered_words_are_shown_as_they_are(void **state)
{
	struct out *o = *state;
	struct notice_mail m = a_mail(NOTICE_CONFIRM);
	struct message got = rendered(o, &m);

	assert_string_equal(message_field(&got, "Subject", 0)->decoded, "Please confirm your sign-up for “Water & <you>”");
	assert_non_null(strstr(part(&got, "text/plain"), "> I agree.\n>\n> Send me <b>letters</b> & “more”.\n"));
	assert_non_null(strstr(part(&got, "text/html"), "I agree.<br>\n<br>\nSend me &lt;b&gt;letters&lt;/b&gt; &amp; “more”.</blockquote>"));
	assert_non_null(strstr(part(&got, "text/html"), "Water &amp; &lt;you&gt;"));
	assert_null(strstr(part(&got, "text/html"), "<you>"));
}

static void what_may_be_absent_may(void **state)
{
	struct out *o = *state;
	struct notice_mail m = a_mail(NOTICE_CONFIRM);
	struct message got;

	m.contact = m.postal_address = m.department = m.project_url = NULL;
	m.reply_to = "ada@mail.example.ac.uk";
	got = rendered(o, &m);
	assert_null(strstr(part(&got, "text/plain"), "Or write to"));
	assert_non_null(strstr(part(&got, "text/plain"), "Dr Ada Byron, University"));
	assert_non_null(message_field(&got, "Reply-To", 0));
}

static void what_is_not_fit_is_refused(void **state)
{
	static const char *const BAD[] = { NULL, "", "a\r\nBcc: eve@evil.example", "a\nb", "a\tb", "\xff", "a\xe2\x80\xae" "b", "a\x01" };
	struct out *o = *state;
	struct notice_mail m;
	const char **values[] = { &m.institution, &m.from_name, &m.statement_url, &m.token, &m.project_title, &m.originator };

	for (size_t i = 0; i < COUNT(values); i++)
		for (size_t k = 0; k < COUNT(BAD); k++) {
			m = a_mail(NOTICE_CONFIRM);
			*values[i] = BAD[k];
			assert_int_equal(render(o, &m), -1);
			assert_int_equal(o->e.kind, ERR_INPUT);
		}
	for (size_t k = 2; k < COUNT(BAD); k++) {
		m = a_mail(NOTICE_ME);
		m.address = arena_printf(o->a, "%s@example.org", BAD[k]);
		assert_int_equal(render(o, &m), -1);
	}
	m = a_mail(NOTICE_CONFIRM);
	m.consent_text = "a\x07";
	assert_int_equal(render(o, &m), -1);
}

/* The longest of everything that is taken fits, and its lines are as FMT-1 wants them. */
static void the_longest_fits(void **state)
{
	struct out *o = *state;
	struct notice_mail m = a_mail(NOTICE_CONFIRM);
	char *words = arena_alloc(o->a, 8001), *name = arena_alloc(o->a, 301);

	for (size_t i = 0; i < 8000; i++)
		words[i] = i % 3 == 0 ? '\n' : '"';
	for (size_t i = 0; i + 2 <= 300; i += 2)
		memcpy(name + i, "\xc3\x9f", 2);
	m.consent_text = words;
	m.institution = m.project_title = m.originator = m.department = name;
	rendered(o, &m);
	for (const char *p = buf_text(&o->body); *p; p = strstr(p, "\r\n") + 2)
		assert_in_range(strcspn(p, "\r\n"), 0, 76);
	assert_in_range(o->head.n + o->body.n, 1000, 100000); /* FMT-16 */
	m.consent_text = arena_printf(o->a, "%sx", words);
	assert_int_equal(render(o, &m), -1);
}

/* What somebody would agree to is Markdown, and reads as on the page where they typed their address. */
static void consent_texts_are_markdown(void **state)
{
	struct out *o = *state;
	struct notice_mail m = a_mail(NOTICE_CONFIRM);
	const char *text, *html;
	struct message got;

	m.consent_text = "## I agree\n\nto **two** letters:\n\n- one [here](https://a.example/x)\n- two\n";
	got = rendered(o, &m);
	text = part(&got, "text/plain");
	html = part(&got, "text/html");
	assert_non_null(strstr(text, "\n> I agree\n> -------\n>\n> to *two* letters:\n>\n> - one here <https://a.example/x>\n> - two\n"));
	assert_non_null(strstr(html, "<strong>two</strong>"));
	assert_null(strstr(html, "**"));
	/* What is no Markdown of ours is shown as it was typed. */
	m.consent_text = "I <b>agree</b> **so**.";
	got = rendered(o, &m);
	assert_non_null(strstr(part(&got, "text/plain"), "\n> I <b>agree</b> **so**.\n"));
	assert_non_null(strstr(part(&got, "text/html"), "I &lt;b&gt;agree&lt;/b&gt; **so**."));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_same_input_gives_the_same_bytes), CASE(its_headers_belong_to_no_list),
		CASE(each_kind_has_its_link_and_its_dates), CASE(registered_words_are_shown_as_they_are),
		CASE(consent_texts_are_markdown), CASE(what_may_be_absent_may), CASE(what_is_not_fit_is_refused), CASE(the_longest_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
