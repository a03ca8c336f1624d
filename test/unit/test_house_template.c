/*
 * House templates: the built-in one in all its languages, what an
 * institution's own may hold and may not drop, and that no value can become
 * markup in one. What is looked at is the drawn message, not the template.
 */
#include "base/clock.h"
#include "base/utf8.h"
#include "compose/compose.h"
#include "compose/consent_words.h"
#include "compose/house_fill.h"
#include "compose/house_template.h"
#include "compose/wrap.h"
#include "policy/policy.h"
#include "policy/policy_text.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OPT_OUT "https://mail.example.ac.uk/opt-out/OPTOUT_TOKEN-1"

static const char *const LANGUAGES[] = { "en", "de", "fr", "es", "it", "nl", "pt", "sv", "da", "nb", "fi",
					 "pl", "cs", "uk", "tr", "el", "ar", "he", "fa", "zh", "ja", "ko" };

static struct draft a_draft(void)
{
	return (struct draft){
		.language = "en",
		.subject = "Round two",
		.body = "Dear participant,\n\nwe write again.\n",
		.from_name = "Dr Ada Byron",
		.from_address = "water@mail.example.ac.uk",
		.identity_domain = "mail.example.ac.uk",
		.web_url = "https://mail.example.ac.uk",
		.list_id = "water",
		.feedback_id = "1:water:mailing:placet",
		.mailing_id = 7,
		.house = {
			.institution = "University of Example",
			.department = "Department of Hydrology",
			.project_title = "Water & you",
			.originator = "Dr Ada Byron",
			.contact = "ada@mail.example.ac.uk",
			.postal_address = "1. College Lane\nExampleton",
			.statement_url = "https://mail.example.ac.uk/",
			.project_url = "https://mail.example.ac.uk/projects/water",
			.unofficial = "This is not an official communication.",
			.opt_out_wording = "Stop all research mail to me",
			.trial = true,
		},
	};
}

static void has(const char *where, const char *what)
{
	if (!strstr(where, what))
		fail_msg("“%s” is not in:\n%s", what, where);
}

static void has_not(const char *where, const char *what)
{
	if (strstr(where, what))
		fail_msg("“%s” is in:\n%s", what, where);
}

/* The message as a recipient's program takes it apart. */
static struct message_facts read_draft(struct arena *a, const struct draft *d)
{
	struct recipient r = {
		.address = "jo@example.org",
		.date = INT64_C(1795408424) * SECOND,
		.opt_out_token = "OPTOUT_TOKEN-1",
		.unsub_token = "unsubtoken2",
		.feedback_token = "feedbacktoken3",
		.message_token = "messagetoken4",
		.code = "7K3M-Q2XV-9TFA",
		.consent = consent_words(a, d->language, "signed-form", "SC-12", "2026-05-03", 0),
	};
	struct err e = { 0 };
	struct compiled *c = compose_compile(a, d, &e);
	struct message_facts out;
	struct buf head, body;

	buf_init(&head, 1 << 20);
	buf_init(&body, 1 << 20);
	if (!c || compose_render(c, &r, &head, &body, &e) < 0)
		fail_msg("%s: %s", d->language, e.text);
	buf_adds(&head, "\r\n");
	buf_add_buf(&head, &body);
	if (policy_read_message(a, (struct slice){ arena_text_n(a, head.p, head.n), head.n }, &out, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(out.has_html && out.text);
	if (out.html.doubt)
		fail_msg("%s: %s", d->language, out.html.doubt);
	assert_string_equal(out.html.hidden, "");
	buf_free(&head);
	buf_free(&body);
	return out;
}

/* --- the built-in one ----------------------------------------------------- */

static void built_in_is_good(void **state)
{
	struct arena *a = arena_new();
	struct house_template t;
	struct look look = { 0 };
	struct err e = { 0 };

	(void)state;
	if (house_template_check(house_template_built_in(), &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(house_template_parse(a, house_template_built_in(), &t, &e), 0);
	assert_int_equal(t.n, COUNT(LANGUAGES));
	for (size_t i = 0; i < t.n; i++)
		assert_string_equal(t.section[i].language, LANGUAGES[i]);
	/* System mail, which reads no template, looks the same. */
	look_init(&look);
	assert_memory_equal(look.colour, t.look.colour, sizeof(look.colour));
	assert_ptr_equal(look.heading, t.look.heading);
	assert_ptr_equal(look.body, t.look.body);
	arena_free(a);
}

/* No line but one that is an address, or has one word, is longer than 72 columns; that with the words about somebody's
   consent, whose length is only guessed when lines are broken, keeps within 80. */
static void check_lines(const char *language, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (text_width(text, n) > (memmem(text, n, "SC-12", 5) ? 80 : WRAP_COLUMNS) && memchr(text, ' ', n))
			fail_msg("%s: too wide: %.*s", language, (int)n, text);
		text += n + (text[n] == '\n');
	}
}

/* Every run of digits of the HTML stands in the text too (BODY-1). */
static void check_numbers(const char *language, const char *html, const char *text)
{
	while (*html) {
		size_t n;

		html += strcspn(html, "0123456789");
		n = strspn(html, "0123456789");
		if (n && !memmem(text, strlen(text), html, n))
			fail_msg("%s: %.*s is not in the text", language, (int)n, html);
		html += n;
	}
}

static void check_part(const struct draft *d, const char *text)
{
	const struct house *h = &d->house;
	const char *const wanted[] = { h->originator, h->institution, h->project_title, h->statement_url, h->contact,
				       "1. College Lane", "Exampleton", "7K3M-Q2XV-9TFA", h->opt_out_wording, "SC-12" };

	for (size_t i = 0; i < COUNT(wanted); i++)
		has(text, wanted[i]);
}

static void check_language(struct arena *a, const struct draft *d)
{
	struct message_facts m = read_draft(a, d);

	check_part(d, text_flat(a, m.text));
	check_part(d, text_flat(a, m.html.text));
	has_not(m.text, "{");
	has_not(m.text, "\\");
	check_lines(d->language, m.text);
	check_numbers(d->language, m.html.text, m.text);
	has(m.text, ":\n" OPT_OUT "\n");
	has(m.text, "\nhttps://mail.example.ac.uk/\n");
	has(m.text, "\nada@mail.example.ac.uk\n");
	for (size_t i = 0; i < m.html.n_links; i++)
		has(m.text, strncmp(m.html.links[i].href, "mailto:", 7) == 0 ? m.html.links[i].href + 7 : m.html.links[i].href);
	assert_string_equal(m.html.lang, d->language);
}

static void each_language_reads_well(void **state)
{
	static const char *const others[] = { "de", "fr", NULL };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(LANGUAGES); i++)
		for (int full = 0; full < 2; full++) {
			struct draft d = a_draft();
			const char *text;

			d.language = LANGUAGES[i];
			/* The words that lead to an address end in a colon; where they are ideographs it is a wide one. */
			d.house.department = full ? "Department of Hydrology" : NULL;
			d.house.project_url = full ? "https://mail.example.ac.uk/projects/water" : "";
			d.other_languages = full ? others : NULL;
			check_language(a, &d);
			text = read_draft(a, &d).text;
			if (full) {
				has(text_flat(a, text), "Department of Hydrology");
				has(text, "\nhttps://mail.example.ac.uk/projects/water/mailings/7\n");
				has(text_flat(a, text), "Deutsch, français");
			} else {
				has_not(text, "/projects/");
				has_not(text, ", ,");
				has_not(text, "()");
			}
			arena_clear(a);
		}
	arena_free(a);
}

/* Nothing of English is left in another language, and a kind of it finds it. */
static void languages_are_found(void **state)
{
	static const struct {
		const char *language, *words, *dir;
		bool foreign; /* the house speaks English in it */
	} CASES[] = {
		{ "en-GB", "About this message", "ltr", false }, { "de-AT", "Über diese Nachricht", "ltr", false },
		{ "PT-br", "Sobre esta mensagem", "ltr", false }, { "no", "Om denne meldingen", "ltr", false },
		{ "fa-AF", "درباره این پیام", "rtl", false },     { "he", "על הודעה זו", "rtl", false },
		{ "sw", "About this message", "ltr", true },       { "ckb", "About this message", "rtl", true },
		{ "fil", "About this message", "ltr", true },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct draft d = a_draft();
		struct message_facts m;
		const char *html;

		d.language = CASES[i].language;
		m = read_draft(a, &d);
		has(m.text, CASES[i].words);
		has(m.html.text, CASES[i].words);
		assert_string_equal(m.html.dir, CASES[i].dir);
		html = message_part(&m.message, "text/html")->bytes;
		/* Among words that are read from right to left an address and a Latin name keep their own order. */
		if (!CASES[i].foreign && strcmp(CASES[i].dir, "rtl") == 0) {
			has(html, "><span dir=\"ltr\">https://mail.example.ac.uk/</span></a>");
			has(html, "<span dir=\"auto\">1. College Lane<br>");
		} else {
			has_not(html, "<span dir=");
		}
		if (strcmp(CASES[i].words, "About this message") != 0)
			has_not(m.text, "This is a trial");
		else
			has(m.text, "This is a trial");
	}
	arena_free(a);
}

/* --- an institution's own ------------------------------------------------- */

#define TOP "# {project}\n\n{originator}, {department}, {institution}\n[{opt_out_wording}]({opt_out_url})\n\n{content}\n\n"
#define FOOT                                                                                                           \
	"{unofficial}\n\nYou agreed, {consent}.\n\nLook:\n{statement_url}\n\nCode: {code}\n\n{contact}\n\n{postal_address}\n"
#define GOOD "[en]\n" TOP FOOT

static void refused(const char *text, const char *why)
{
	struct err e = { 0 };

	if (house_template_check(text, &e) == 0)
		fail_msg("was taken: %s", text);
	assert_int_equal(e.kind, ERR_INPUT);
	if (!strstr(e.text, why))
		fail_msg("“%s” is not said of:\n%s\nbut: %s", why, text, e.text);
}

static void taken(const char *text)
{
	struct err e = { 0 };

	if (house_template_check(text, &e) < 0)
		fail_msg("%s\n%s", e.text, text);
}

static char *replace(struct arena *a, const char *text, const char *what, const char *by)
{
	const char *at = strstr(text, what);

	assert_non_null(at);
	return arena_printf(a, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
}

static void each_required_slot_is_missed(void **state)
{
	struct arena *a = arena_new();
	const struct house_slot *slot;
	size_t n, required = 0;

	(void)state;
	taken(GOOD);
	slot = house_slots(&n);
	for (size_t i = 0; i < n; i++) {
		const char *braced = arena_printf(a, "{%s}", slot[i].name), *without;

		if (!slot[i].required)
			continue;
		required++;
		without = replace(a, GOOD, braced, strcmp(slot[i].name, "opt_out_url") == 0 ? "https://a.example/" : "x");
		refused(without, arena_printf(a, "[en] lacks %s", braced));
		/* It is asked of each language, and an English one does not stand in for another. */
		refused(arena_printf(a, "%s\n[de]%s", GOOD, without + 4), arena_printf(a, "[de] lacks %s", braced));
	}
	assert_int_equal(required, 11);
	arena_free(a);
}

static void hiding_is_no_showing(void **state)
{
	static const struct {
		const char *what, *by, *why;
	} CASES[] = {
		{ "{unofficial}", "x\n\n[x]: https://a.example/ \"{unofficial}\"", "where readers do not see it" },
		{ "{unofficial}", "[x](https://a.example/ \"{unofficial}\")", "where readers do not see it" },
		{ "{unofficial}", "[{unofficial}]: https://a.example/", "where readers do not see it" },
		{ "{unofficial}", "`{unofficial}`", "where readers do not see it as it is" },
		{ "{unofficial}", "```\n{unofficial}\n```", "where readers do not see it as it is" },
		{ "{unofficial}", "<!-- {unofficial} -->", "line 9: HTML" },
		{ "{unofficial}", "<div hidden>{unofficial}</div>", "line 9: HTML" },
		{ "{unofficial}", "<p style=\"display:none\">\n{unofficial}\n</p>", "line 9: HTML" },
		{ "{unofficial}", "<b>{unofficial}</b>", "line 9: HTML" },
		{ "{unofficial}", "\\{unofficial}", "where readers do not see it" },
		{ "{unofficial}", "![{unofficial}](cid:x)", "image" },
		{ "{unofficial}", "[words]({unofficial})", "is not a web address" },
		{ "{consent}", "[x](https://a.example/?{consent})", "" },
		{ "{code}", "[words]({code})", "is not a web address" },
		{ "{statement_url}", "[our page]({statement_url})", "where readers do not see it" },
		{ "{statement_url}", "see {statement_url} here", "on a line of its own" },
		{ "{contact}", "write to {contact}", "on a line of its own" },
		{ "[{opt_out_wording}]({opt_out_url})", "{opt_out_wording}\n[x](https://a.example \"{opt_out_url}\")", "on a line" },
		{ "]({opt_out_url})", "]({opt_out_url}(", "where readers do not see it" },
		{ "{code}", "{{code}}", "begins a field" },
		{ "{code}", "{Code}", "is no slot" },
		{ "{code}", "{code ", "is not closed" },
		{ "{code}", "{ code }", "is no slot" },
		{ "{code}", "{code}{trial}", "{trial} is no slot" },
		{ "{code}", "{code} &#x200b;", "invisible" },
		{ "{content}\n", "{content}\n{content}\n", "line 8: {content} is there already" },
		{ "{content}\n", "{content} {code}\n", "has no line {content}" },
		{ "[en]\n", "[en]\n{content}\n", "line 8: {content} is there already" },
		{ "{content}\n", "", "line 1: [en] has no line {content}" },
		{ "[en]\n", "", "line 3: only comments" },
		{ "[en]\n", "[english]\n", "line 1: a line in brackets begins a section" },
		{ "[en]\n", "[en]\n[en]\n", "line 1: [en] has no line {content}" },
		{ "{code}", "a\xe2\x80\x8b{code}", "line 16: there is a control or invisible character" },
		{ "{code}", "a\x0ei{code}", "line 16: there is a control or invisible character" },
		{ "{code}", "\xff{code}", "not UTF-8" },
		{ "{department}, ", "from {department} of ", "" },
		{ ", {department},", " and the ({department} of) ", "reads badly where there is no department" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		if (*CASES[i].why)
			refused(replace(a, GOOD, CASES[i].what, CASES[i].by), CASES[i].why);
	/* Behind a section that is no language, or in front of all, nothing is shown. */
	refused("# {code} {consent}\n", "has no language");
	refused("", "has no language");
	refused(GOOD "\n[EN]\n" TOP FOOT, "this language is there already");
	refused(GOOD "\n[look]\n[look]\n", "there is a [look] already");
	/* What is in another section counts for none. */
	refused("[en]\n# {project}\n\n{content}\n\n[de]\n" TOP FOOT, "[en] lacks");
	arena_free(a);
}

static void sizes_are_bounded(void **state)
{
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	buf_adds(&b, GOOD "\n");
	while (b.n < HOUSE_SECTION_MAX + 100)
		buf_adds(&b, "ten bytes\n");
	refused(buf_text(&b), "line 1: [en] has more than 12 kB");
	while (b.n <= HOUSE_TEMPLATE_MAX)
		buf_adds(&b, "# ten bytes\n");
	refused(buf_text(&b), "more than 256 kB");
	buf_clear(&b);
	for (int i = 0; i < 70; i++)
		buf_addf(&b, "[a%c%c]\n" TOP FOOT "\n", 'a' + i / 26, 'a' + i % 26);
	refused(buf_text(&b), "too many languages");
	/* Deep nesting and long lines end. */
	buf_clear(&b);
	buf_adds(&b, GOOD "\n");
	for (int i = 0; i < 5000; i++)
		buf_adds(&b, "> ");
	assert_int_equal(house_template_check(buf_text(&b), &e), -1);
	buf_free(&b);
}

static void looks_are_checked(void **state)
{
	static const struct {
		const char *look, *why; /* NULL: it is taken */
	} CASES[] = {
		{ "ink: #000000 / #ffffff\n# a comment\n\nheading: book\nbody: wide\n", NULL },
		{ "soft: #767676 / #949494\nsheet: #ffffff / #000000\nfoot: #ffffff / #000000\n", NULL },
		{ "sheet: #ffffff / #000000\nink: #eeeeee / #ece6dc\ndesk: #000000 / #000000\n", "ink on sheet" },
		{ "soft: #777777 / #b9b0a2\nsheet: #ffffff / #211e1b\nfoot: #ffffff / #1b1917\n", "4.48:1" },
		{ "ink: #26231f / #3a3a3a\n", "dark) has a contrast" },
		{ "link: #f8f4ec / #8fd0dd\n", "link on " },
		{ "foot: #5c554b / #1b1917\n", "on foot" },
		{ "desk: #26231f / #161412\n", "ink on desk" },
		{ "ink: #fff / #000\n", "line 2: “ink” takes two colours" },
		{ "ink: red / blue\n", "line 2: “ink” takes two colours" },
		{ "ink: #26231f\n", "line 2: “ink” takes two colours" },
		{ "ink: transparent / transparent\n", "takes two colours" },
		{ "ink: #26231f;display:none / #ece6dc\n", "takes two colours" },
		{ "ink: #26231f / #ece6dc;\n", "takes two colours" },
		{ "body: Comic Sans\n", "line 2: there is no such font" },
		{ "body: sans;font-size:0\n", "there is no such font" },
		{ "display: none\n", "a look has no “display”" },
		{ "size: 0\n", "a look has no “size”" },
		{ "ink\n", "a key, a colon and a value" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const char *text = arena_printf(a, "[look]\n%s\n" GOOD, CASES[i].look);

		if (CASES[i].why)
			refused(text, CASES[i].why);
		else
			taken(text);
	}
	arena_free(a);
}

static void its_own_is_drawn(void **state)
{
	struct arena *a = arena_new();
	struct draft d = a_draft();
	struct message_facts m;
	struct err e = { 0 };

	(void)state;
	d.template = "# Ours\r\n[look]\r\nink: #000000 / #ffffff\r\nbody: wide\r\n\r\n" GOOD
		     "\n- one\n- two\n\n> *Quoted* words, \\{braces} and [a page](https://mail.example.ac.uk/x).\n";
	m = read_draft(a, &d);
	check_part(&(struct draft){ .house = d.house }, m.html.text);
	has(text_flat(a, m.text), "You agreed, on 3 May 2026, with a signed form (SC-12).");
	has(m.text, "- one\n- two\n\n> Quoted words, {braces} and a page:\n> https://mail.example.ac.uk/x\n");
	has(m.text, "Look:\nhttps://mail.example.ac.uk/\n");
	/* The line of a trial comes whatever the template says. */
	has(m.text, "This is a trial");
	has(m.html.text, "This is a trial");
	/* A language that it lacks: the built-in words in that language, drawn in its colours. */
	d.language = "de";
	m = read_draft(a, &d);
	has(m.text, "Über diese Nachricht");
	has(arena_text_n(a, m.bytes.p, m.bytes.n), "color:#000000");
	/* And asked again, whoever stored it. */
	d.language = "en";
	d.template = "[en]\n{content}\n";
	assert_null(compose_compile(a, &d, &e));
	has(e.text, "the house template: line 1: [en] lacks {originator}");
	arena_free(a);
}

/* --- values --------------------------------------------------------------- */

/* Whatever a value says, it is read as it stands, and nothing of it acts. */
static void values_are_only_read(void **state)
{
	static const char *const HOSTILE[] = {
		"*A* <b>",
		"</td></table><script>x</script>",
		"[words](https://evil.example/)",
		"![x](https://evil.example/p.png)",
		"`code` ~~x~~ __y__ **z**",
		"# heading",
		"- item",
		"1. item",
		"> quote",
		"| a | b |",
		"{code} {{name}} {content}",
		"\\",
		"\\\\*x*",
		"&lt;b&gt; &#60; &amp;",
		"---",
		"===",
		"[x]: https://evil.example/",
		"https://evil.example/x",
		"<https://evil.example/>",
		"mail@evil.example",
		"\"quoted\" 'single'",
		"  blanks  inside  ",
		"%s%n $1 @d",
		"100% *",
	};
	struct arena *a = arena_new();
	struct draft plain = a_draft();
	struct message_facts was = read_draft(a, &plain);

	(void)state;
	for (size_t i = 0; i < COUNT(HOSTILE); i++) {
		struct draft d = a_draft();
		struct message_facts m;
		char *flat = arena_text(a, HOSTILE[i]);

		d.house.institution = d.house.department = d.house.originator = d.house.unofficial = HOSTILE[i];
		d.house.project_title = d.house.opt_out_wording = HOSTILE[i];
		d.house.postal_address = arena_printf(a, "%s\n%s", HOSTILE[i], HOSTILE[i]);
		d.from_name = "Ada";
		m = read_draft(a, &d);
		assert_int_equal(m.html.n_links, was.html.n_links);
		assert_int_equal(m.html.n_images, 0);
		assert_false(m.html.active || m.html.remote || m.html.unread);
		while (*flat == ' ')
			flat++;
		while (*flat && flat[strlen(flat) - 1] == ' ')
			flat[strlen(flat) - 1] = '\0';
		if (strstr(flat, "  "))
			continue; /* blanks collapse, as everywhere */
		has(m.text, flat);
		has(m.html.text, flat);
	}
	arena_free(a);
}

/* A department that is missing takes its comma with it, wherever it stands. */
static void missing_departments_read_well(void **state)
{
	static const struct {
		const char *line, *want;
	} CASES[] = {
		{ "{originator}, {department}, {institution}, writes.", "Ada, Uni, writes." },
		{ "{originator} ({department}, {institution}) writes.", "Ada (Uni) writes." },
		{ "{originator} ({department}), {institution}", "Ada, Uni" },
		{ "{department}, {institution}: {originator}", "Uni: Ada" },
		{ "{originator} · {department} · {institution}", "Ada · Uni" },
		{ "{originator}（{department}，{institution}）", "Ada（Uni）" },
		{ "{originator}، {department}، {institution}", "Ada، Uni" },
		{ "{institution} / {department}", "Uni" },
	};
	struct arena *a = arena_new();
	struct draft d = a_draft();

	(void)state;
	d.house.department = NULL;
	d.house.originator = "Ada";
	d.house.institution = "Uni";
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct slots s = { .arena = a };
		struct buf out;

		buf_init(&out, 1000);
		house_fill(&d, &s, CASES[i].line, 0, &out);
		assert_string_equal(buf_text(&out), CASES[i].want);
		buf_free(&out);
	}
	arena_free(a);
}

/* --- how somebody agreed -------------------------------------------------- */

static void consent_is_said_in_each_language(void **state)
{
	static const struct {
		const char *language, *kind, *ref, *given, *want;
	} CASES[] = {
		{ "en", "signed-form", "SC-12", "2026-05-03", "on 3 May 2026, with a signed form (SC-12)" },
		{ "en-GB", "oral", "", "", "as recorded on 23 November 2026, in a conversation" },
		{ "de", "signed-form", "SC-12", "2026-05-03", "am 3. Mai 2026 mit einem unterschriebenen Formular (SC-12)" },
		{ "de", "own-sign-up", "", "", "laut Eintrag vom 23. November 2026 durch eigene Anmeldung" },
		{ "fr", "online-form", "", "2026-08-01", "le 1er août 2026, par un formulaire en ligne" },
		{ "it", "oral", "", "2026-01-01", "in data 1º gennaio 2026, in un colloquio" },
		{ "es", "oral", "", "2026-12-24", "el 24 de diciembre de 2026, en una conversación" },
		{ "pl", "oral", "", "2026-02-02", "dnia 2 lutego 2026 r., w rozmowie" },
		{ "fa", "signed-form", "", "2026-05-13", "در ۱۳ مه ۲۰۲۶، با فرم امضاشده" },
		{ "ar", "signed-form", "", "2026-05-13", "في 13 مايو 2026، باستمارة موقَّعة" },
		{ "zh-TW", "signed-form", "A1", "2026-05-03", "于2026年5月3日以签字的表格（A1）" },
		{ "ja", "own-sign-up", "", "2026-05-03", "2026年5月3日にご自身の登録により" },
		{ "ko", "oral", "R", "2026-05-03", "2026년 5월 3일에 대화에서 (R)" },
		{ "sw", "oral", "", "2026-05-03", "on 3 May 2026, in a conversation" },
		{ "en", "other", "", "2026-05-03", "on 3 May 2026" },
		{ "en", "oral", "https://evil.example/", "2026-05-03", "on 3 May 2026, in a conversation" },
		{ "en", "oral", "", "nonsense", "as recorded on 23 November 2026, in a conversation" },
	};
	struct arena *a = arena_new();
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_string_equal(consent_words(a, CASES[i].language, CASES[i].kind, CASES[i].ref, CASES[i].given,
						  INT64_C(1795408424) * SECOND),
				    CASES[i].want);
	/* All of them are fit to be a value of a message. */
	for (size_t i = 0; i < COUNT(LANGUAGES); i++)
		for (int month = 1; month <= 12; month++) {
			const char *given = arena_printf(a, "2026-%02d-01", month);

			assert_int_equal(compose_check_value("consent",
							     consent_words(a, LANGUAGES[i], "own-sign-up", "SC-12", given, 0), &e),
					 0);
		}
	arena_free(a);
}

/* Lines may end between ideographs, but not before a stop; addresses stay whole. */
static void ideographs_wrap(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4000);
	wrap_paragraph(&b, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五，六七八九十 abc一二");
	assert_string_equal(buf_text(&b), "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五，\n六七八九十 abc一二\n");
	buf_clear(&b);
	wrap_paragraph(&b, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五（六。七");
	assert_string_equal(buf_text(&b), "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五\n（六。七\n");
	buf_clear(&b);
	wrap_paragraph(&b, "https://a.example/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 가나다라마바사아자차카타파하");
	has(buf_text(&b), "\n가나다라마바사아자차카타파하\n");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_is_good),
		cmocka_unit_test(each_language_reads_well),
		cmocka_unit_test(languages_are_found),
		cmocka_unit_test(each_required_slot_is_missed),
		cmocka_unit_test(hiding_is_no_showing),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(looks_are_checked),
		cmocka_unit_test(its_own_is_drawn),
		cmocka_unit_test(values_are_only_read),
		cmocka_unit_test(missing_departments_read_well),
		cmocka_unit_test(consent_is_said_in_each_language),
		cmocka_unit_test(ideographs_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
