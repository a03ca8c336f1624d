/*
 * The rules, each held to a message that passes and to what is done to it: a case names a text of the
 * good message and what stands there instead, or changes a fact, and says what one rule then answers.
 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <ftw.h>

#include "base/buf.h"
#include "base/file.h"
#include "compose/compose.h"
#include "policy/policy.h"
#include "policy/policy_text.h"
#include "policy_world.h"

/* --- changes of facts --- */

static void not_signed_off(struct world *w)
{
	w->selection.signed_off = false;
	w->selection.signed_off_why = "3 flagged addresses are undecided";
}

static void all_not_validated(struct world *w)
{
	w->selection.mailable = 0;
	w->selection.no_consent = 0;
	w->selection.not_validated = 10;
}

static void all_without_consent(struct world *w)
{
	w->selection.mailable = 0;
	w->selection.no_consent = 10;
}

static void nobody(struct world *w)
{
	w->selection = (struct selection_facts){ .signed_off = true };
}

static void no_selection(struct world *w)
{
	w->facts.selection = NULL;
}

static void bad_values(struct world *w)
{
	w->selection.bad_values = 1;
	w->selection.bad_value = "first_name: a web address";
}

static void spf_no(struct world *w)
{
	w->infrastructure.spf = FACT_NO;
}

static void dmarc_unknown(struct world *w)
{
	w->infrastructure.dmarc = FACT_UNKNOWN;
}

static void trial(struct world *w)
{
	w->institution.trial = true;
	w->infrastructure = (struct infrastructure_facts){ .spf = FACT_TRIAL, .dkim = FACT_TRIAL, .dmarc = FACT_TRIAL,
						   .reverse_names = FACT_TRIAL, .statement_page = FACT_TRIAL };
}

static void page_no(struct world *w)
{
	w->infrastructure.statement_page = FACT_NO;
}

static void project_draft(struct world *w)
{
	w->project.approved = false;
}

static void page_unknown(struct world *w)
{
	w->infrastructure.statement_page = FACT_UNKNOWN;
}

static void contact_elsewhere(struct world *w)
{
	w->project.contact = "ann.lee@freemail.example";
}

static void other_originator(struct world *w)
{
	w->project.originator = "Dr Bo Ray";
}

static void other_institution(struct world *w)
{
	w->institution.name = "University of Elsewhere";
}

static void not_accepted(struct world *w)
{
	w->facts.responsibility_accepted = false;
}

static void draft(struct world *w)
{
	not_accepted(w);
	w->facts.before_submission = true;
}

static void own_words(struct world *w)
{
	w->message.body_words = "We measured wells.";
}

static void own_words_with_office(struct world *w)
{
	w->message.body_words = "We studied the letters of a registrar in 1850.";
}

static void own_words_signed(struct world *w)
{
	w->message.body_words = "Please take part.\n\nKind regards,\nthe Registrar";
}

static void own_words_speaking(struct world *w)
{
	w->message.body_words = "I write on behalf of the Vice-Chancellor about wells.";
}

static void not_compiled(struct world *w)
{
	w->facts.message = NULL;
	w->facts.compile_error = "line 3: the field is not closed";
}

static void no_sentence_registered(struct world *w)
{
	static const char *const NONE[] = { NULL };

	w->institution.unofficial = NONE;
}

static const struct {
	const char *rule;
	enum answer want;
	void (*change)(struct world *);
	const char *there, *instead; /* every occurrence is replaced */
} CASES[] = {
	{ "validated", ANSWER_PASS, NULL, NULL, NULL },
	{ "validated", ANSWER_FAIL, not_signed_off, NULL, NULL },
	{ "validated", ANSWER_FAIL, all_not_validated, NULL, NULL },
	{ "validated", ANSWER_FAIL, nobody, NULL, NULL },
	{ "validated", ANSWER_PASS, all_without_consent, NULL, NULL },
	{ "validated", ANSWER_UNKNOWN, no_selection, NULL, NULL },
	{ "validated", ANSWER_NA, to_lint, NULL, NULL },

	{ "opt-in", ANSWER_PASS, NULL, NULL, NULL },
	{ "opt-in", ANSWER_PASS, to_lint, NULL, NULL },
	{ "opt-in", ANSWER_FAIL, all_without_consent, NULL, NULL },
	{ "opt-in", ANSWER_FAIL, NULL, "you agreed", "we thought" },
	{ "opt-in", ANSWER_FAIL, NULL, ", on 3 May 2026", "" },
	{ "opt-in", ANSWER_FAIL, NULL, "about The Water Study", "about things" },
	{ "opt-in", ANSWER_FAIL, NULL, "<p>You get", "<p hidden>You get" },
	{ "opt-in", ANSWER_FAIL, not_compiled, NULL, NULL },

	{ "opt-out", ANSWER_PASS, NULL, NULL, NULL },
	{ "opt-out", ANSWER_PASS, to_lint, NULL, NULL },
	{ "opt-out", ANSWER_FAIL, NULL, "List-Unsubscribe: <", "X-Unsubscribe: <" },
	{ "opt-out", ANSWER_FAIL, NULL, "List-Unsubscribe-Post: ", "X-Post: " },
	{ "opt-out", ANSWER_FAIL, NULL, "=One-Click", "=one-click" },
	{ "opt-out", ANSWER_FAIL, NULL, ", <mailto:unsub+abc@studies.uni.example?subject=unsubscribe>", "" },
	{ "opt-out", ANSWER_FAIL, NULL, "<" LEAVE ">, ", "" },
	{ "opt-out", ANSWER_FAIL, NULL, "<" LEAVE ">, ", "<" LEAVE ">, <" LEAVE ">, " },
	{ "opt-out", ANSWER_FAIL, NULL, "<" LEAVE ">, ", "<http://mail.uni.example/opt-out/AbC-123_x>, " },
	{ "opt-out", ANSWER_FAIL, NULL, "<" LEAVE ">, ", "<https://evil.example/?https://mail.uni.example/opt-out/a>, " },
	{ "opt-out", ANSWER_FAIL, NULL, "\n" LEAVE "\n", "\nwrite to us\n" },
	{ "opt-out", ANSWER_FAIL, NULL, "\n" LEAVE "\n", "\n" LEAVE "/more\n" },
	{ "opt-out", ANSWER_FAIL, NULL, "\n" LEAVE "\n", "\nhttps://mail.uni.example/opt-out/other\n" },
	{ "opt-out", ANSWER_PASS, NULL, "\n" LEAVE "\n", "\n(" LEAVE ").\n" },
	{ "opt-out", ANSWER_FAIL, NULL, "\n" LEAVE "\n", "\nhttps://mail.uni.example/opt-out\n" },
	{ "opt-out", ANSWER_FAIL, NULL, "\">Stop all mail", "\">Click" },
	{ "opt-out", ANSWER_PASS, NULL, "\">Stop all mail", "\">Here: stop  ALL mail" },
	{ "opt-out", ANSWER_DOUBTFUL, NULL, "\">Stop all mail", "\">Keine Post mehr" },
	{ "opt-out", ANSWER_FAIL, NULL, "\">Stop all mail", "\"><span style=\"display:none\">Stop all mail</span>" },
	{ "opt-out", ANSWER_FAIL, NULL, "<a href=\"" LEAVE, "<a href=\"https://mail.uni.example/opt-out/other" },
	{ "opt-out", ANSWER_FAIL, not_compiled, NULL, NULL },

	{ "originator", ANSWER_PASS, NULL, NULL, NULL },
	{ "originator", ANSWER_PASS, to_lint, NULL, NULL },
	{ "originator", ANSWER_PASS, lint_with_project, NULL, NULL },
	{ "originator", ANSWER_FAIL, NULL, "From: \"Dr Ann Lee, ", "From: \"" },
	{ "originator", ANSWER_FAIL, to_lint, "From: \"Dr Ann Lee, Water Study\" ", "From: " },
	{ "originator", ANSWER_FAIL, other_originator, "From: \"Dr Ann Lee", "From: \"Dr Bo Ray" },
	{ "originator", ANSWER_FAIL, other_institution, NULL, NULL },
	{ "originator", ANSWER_FAIL, NULL, "Department of Geography, University of Sample\n", "University of Sample\n" },
	{ "originator", ANSWER_FAIL, NULL, "Sampleton\nann.lee@uni.example", "Sampleton" },
	{ "originator", ANSWER_FAIL, to_lint, "ann.lee@uni.example", "ann.lee@freemail.example" },
	{ "originator", ANSWER_FAIL, NULL, "Long Road<br>", "Short Road<br>" },
	{ "originator", ANSWER_FAIL, contact_elsewhere, NULL, NULL },
	{ "originator", ANSWER_PASS, NULL, "\n1 Long Road\nSampleton\n", "\n1 Long\nRoad, Sampleton\n" },

	{ "unofficial", ANSWER_PASS, NULL, NULL, NULL },
	{ "unofficial", ANSWER_PASS, to_lint, NULL, NULL },
	{ "unofficial", ANSWER_PASS, own_words, NULL, NULL },
	{ "unofficial", ANSWER_FAIL, NULL, "From: \"Dr Ann Lee, Water Study\"", "From: \"University of Sample\"" },
	{ "unofficial", ANSWER_FAIL, NULL, "From: \"Dr Ann Lee, Water Study\"", "From: \"The UNIVERSITY of Sample\"" },
	{ "unofficial", ANSWER_FAIL, NULL, "From: \"Dr Ann Lee, ", "From: \"Registrar, Dr Ann Lee, " },
	{ "unofficial", ANSWER_FAIL, NULL, "From: \"Dr Ann Lee, ", "From: \"Official: Dr Ann Lee, " },
	{ "unofficial", ANSWER_FAIL, NULL, "From: \"Dr Ann Lee, ", "From: \"registrar@uni.example, Dr Ann Lee, " },
	{ "unofficial", ANSWER_FAIL, NULL, "From: \"Dr Ann Lee, ", "From: \"R\xd0\xb5gistrar " },
	{ "unofficial", ANSWER_FAIL, NULL, "Subject: The", "Subject: Action required: the" },
	{ "unofficial", ANSWER_FAIL, NULL, "Subject: The", "Subject: =?utf-8?Q?Verify_your_account?=" },
	{ "unofficial", ANSWER_FAIL, NULL, "Subject: The", "Subject: Offi\xe2\x80\x8b" "cial" },
	{ "unofficial", ANSWER_PASS, NULL, "Subject: The", "Subject: Unofficially registrars' the" },
	{ "unofficial", ANSWER_DOUBTFUL, NULL, "Dear Jo, the wells were", "Dear \xe2\x80\xaeJo, the wells were" },
	{ "unofficial", ANSWER_FAIL, own_words_signed, NULL, NULL },
	{ "unofficial", ANSWER_FAIL, own_words_speaking, NULL, NULL },
	{ "unofficial", ANSWER_DOUBTFUL, own_words_with_office, NULL, NULL },
	{ "unofficial", ANSWER_DOUBTFUL, to_lint, "cancer register", "letter of a registrar" },
	{ "unofficial", ANSWER_FAIL, to_lint, "Dear Jo, the wells", "I am the registrar, the wells" },
	{ "unofficial", ANSWER_FAIL, NULL, "This message comes", "That message comes" },
	{ "unofficial", ANSWER_FAIL, NULL, "<p>This message", "<p style=\"color:#fff\">This message" },
	{ "unofficial", ANSWER_FAIL, no_sentence_registered, NULL, NULL },
	{ "unofficial", ANSWER_DOUBTFUL, NULL, "Content-Language: en", "Content-Language: de" },
	{ "unofficial", ANSWER_DOUBTFUL, NULL, "<p>Dear Jo", "<p style=\"display:none\">Read me first</p><p>Dear Jo" },
	{ "unofficial", ANSWER_PASS, NULL, "<p>Dear Jo", "<p style=\"display:none\">&nbsp; &#8204;</p><p>Dear Jo" },
	{ "unofficial", ANSWER_DOUBTFUL, NULL, "</body>", "<p style=\"strange:1\"></p></body>" },
	{ "unofficial", ANSWER_FAIL, NULL, "<p>Dear Jo", "<img src=\"https://mail.uni.example/a.png\"><p>Dear Jo" },
	{ "unofficial", ANSWER_FAIL, NULL, "<p>Dear Jo", "<img src=\"cid:nothing\"><p>Dear Jo" },
	{ "unofficial", ANSWER_FAIL, NULL, "<p>Dear Jo", "<form></form><p>Dear Jo" },
	{ "unofficial", ANSWER_FAIL, NULL, "--x--", "--x\nContent-Type: text/x-amp-html\n\n<html></html>\n--x--" },
	{ "unofficial", ANSWER_FAIL, NULL, "--x--", "--x\nContent-Type: text/html\n\n<p>two</p>\n--x--" },
	{ "unofficial", ANSWER_FAIL, NULL, "--x--", "--x\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--x--" },
	{ "unofficial", ANSWER_FAIL, NULL, "--x--",
	  "--x\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\nx\n--x--" },
	{ "unofficial", ANSWER_FAIL, NULL, "Content-Type: text/plain; charset=utf-8", "Content-Type: text/x-other" },
	{ "unofficial", ANSWER_FAIL, NULL, "multipart/alternative", "multipart/mixed" },
	{ "unofficial", ANSWER_FAIL, bad_values, NULL, NULL },

	{ "same-infrastructure", ANSWER_PASS, NULL, NULL, NULL },
	{ "same-infrastructure", ANSWER_PASS, to_lint, NULL, NULL },
	{ "same-infrastructure", ANSWER_PASS, lint_with_project, NULL, NULL },
	{ "same-infrastructure", ANSWER_PASS, trial, NULL, NULL },
	{ "same-infrastructure", ANSWER_FAIL, spf_no, NULL, NULL },
	{ "same-infrastructure", ANSWER_UNKNOWN, dmarc_unknown, NULL, NULL },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "<water@studies.uni.example>", "<water@uni.example>" },
	{ "same-infrastructure", ANSWER_PASS, to_lint, "<water@studies.uni.example>", "<water@uni.example>" },
	{ "same-infrastructure", ANSWER_FAIL, to_lint, "<water@studies.uni.example>", "<water@uni.example.evil.example>" },
	{ "same-infrastructure", ANSWER_FAIL, to_lint, "<water@studies.uni.example>", "<water@myuni.example>" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "Reply-To: ann.lee@studies.uni.example", "Reply-To: ann@other.example" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "To: Jo", "Sender: x@other.example\nTo: Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "To: Jo", "Errors-To: x@other.example\nTo: Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "To: Jo", "Return-Path: <x@other.example>\nTo: Jo" },
	{ "same-infrastructure", ANSWER_PASS, NULL, "To: Jo", "Return-Path: <>\nTo: Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "To: Jo", "Resent-From: x@other.example\nTo: Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "To: Jo", "X-Complaints: mailto:x@other.example\nTo: Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "Message-ID: <abc@studies.uni.example>", "Message-ID: <abc@host.other.example>" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "<water.studies.uni.example>", "<water.other.example>" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "fbl+abc@studies", "fbl+abc@other" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "List-Help: <https://mail.uni.example/>", "List-Help: <https://www.uni.example/>" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "To: Jo", "DKIM-Signature: v=1; d=other.example; s=a\nTo: Jo" },
	{ "same-infrastructure", ANSWER_PASS, NULL, "To: Jo",
	  "DKIM-Signature: v=1; d=other.example; s=a\nDKIM-Signature: v=1; d=studies.uni.example; s=a\nTo: Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "To: Jo", "From: x@studies.uni.example\nTo: Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "<water@studies.uni.example>\n",
	  "<water@studies.uni.example>, b@studies.uni.example\n" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "Date: ", "X-Date: " },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "To: Jo", "Subject: again\nTo: Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "To: Jo", "no header at all\nTo: Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "<p>Dear Jo", "<a href=\"https://other.example/x\">see</a><p>Dear Jo" },
	{ "same-infrastructure", ANSWER_PASS, NULL, "<p>Dear Jo", "<a href=\"https://survey.partner.example/x\">see</a><p>Dear Jo" },
	{ "same-infrastructure", ANSWER_FAIL, lint_with_project, "<p>Dear Jo",
	  "<a href=\"https://x.survey.partner.example/x\">see</a><p>Dear Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "<p>Dear Jo", "<a href=\"http://mail.uni.example/x\">see</a><p>Dear Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "<p>Dear Jo", "<a href=\"https://uni.example@other.example/\">x</a><p>Dear Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "<p>Dear Jo", "<a href=\"https://www.uni.example/x\">www.uni.example</a><p>Dear Jo" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "<a href=\"mailto:ann.lee", "<a href=\"mailto:other" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "Dear Jo, the wells were", "See https://other.example/x. The wells were" },
	{ "same-infrastructure", ANSWER_FAIL, NULL, "Dear Jo, the wells were", "See www.other.example, the wells were" },
	{ "same-infrastructure", ANSWER_PASS, NULL, "Dear Jo, the wells were", "See https://www.uni.example/a?b=c. The wells" },

	{ "statement-page", ANSWER_PASS, NULL, NULL, NULL },
	{ "statement-page", ANSWER_PASS, trial, NULL, NULL },
	{ "statement-page", ANSWER_FAIL, page_no, NULL, NULL },
	{ "statement-page", ANSWER_UNKNOWN, page_unknown, NULL, NULL },
	{ "statement-page", ANSWER_FAIL, project_draft, NULL, NULL },
	{ "statement-page", ANSWER_NA, to_lint, NULL, NULL },

	{ "plain-url", ANSWER_PASS, NULL, NULL, NULL },
	{ "plain-url", ANSWER_PASS, to_lint, NULL, NULL },

	{ "statement-reference", ANSWER_PASS, NULL, NULL, NULL },
	{ "statement-reference", ANSWER_PASS, to_lint, NULL, NULL },
	{ "statement-reference", ANSWER_FAIL, NULL, "\n" PAGE "\n", "\nour page\n" },
	{ "statement-reference", ANSWER_FAIL, NULL, "\n" PAGE "\n", "\n" PAGE "/more\n" },
	{ "statement-reference", ANSWER_FAIL, NULL, "\n" PAGE "\n", "\nhttps://x.example/?" PAGE "\n" },
	{ "statement-reference", ANSWER_FAIL, NULL, "\n" PAGE "\n", "\nhttps://mail.uni\xe2\x80\x8b.example/research\n" },
	{ "statement-reference", ANSWER_FAIL, NULL, "\n" PAGE "\n", "\nhttps://Mail.uni.example/research\n" },
	{ "statement-reference", ANSWER_PASS, NULL, "\n" PAGE "\n", "\n<" PAGE ">.\n" },
	{ "statement-reference", ANSWER_FAIL, NULL, ">" PAGE "<", ">our page<" },
	{ "statement-reference", ANSWER_FAIL, NULL, "href=\"" PAGE, "href=\"https://mail.uni.example/other" },
	{ "statement-reference", ANSWER_FAIL, NULL, "<p>Genuine?", "<p style=\"font-size:1px\">Genuine?" },
	{ "statement-reference", ANSWER_FAIL, NULL, "<p>Dear Jo", "<p style=\"strange:1\">x</p><p>Dear Jo" },
	{ "statement-reference", ANSWER_FAIL, NULL, "Code <b>7K3M-Q2XV-9TFA", "Code <b>7K3M-Q2XV" },
	{ "statement-reference", ANSWER_FAIL, NULL, "code: 7K3M-Q2XV-9TFA", "code: 7K3M-Q2XV-9TFU" },
	{ "statement-reference", ANSWER_FAIL, NULL, "code: 7K3M-Q2XV-9TFA", "code: X7K3M-Q2XV-9TFA" },
	{ "statement-reference", ANSWER_FAIL, NULL, "code: 7K3M-Q2XV-9TFA", "code: 8K3M-Q2XV-9TFA" },

	{ "list-guidelines", ANSWER_NA, NULL, NULL, NULL },
	{ "responsibility", ANSWER_PASS, NULL, NULL, NULL },
	{ "responsibility", ANSWER_FAIL, not_accepted, NULL, NULL },
	{ "responsibility", ANSWER_NA, draft, NULL, NULL },
	{ "responsibility", ANSWER_NA, to_lint, NULL, NULL },
};

/* GOOD with every `there` replaced. */
static struct slice changed(struct arena *a, const char *there, const char *instead)
{
	const char *p = GOOD, *hit;
	struct slice out;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (; there && (hit = strstr(p, there)); p = hit + strlen(there)) {
		buf_add(&b, p, (size_t)(hit - p));
		buf_adds(&b, instead);
	}
	if (there && p == GOOD)
		fail_msg("the good message has no \"%s\"", there);
	buf_adds(&b, p);
	out = (struct slice){ arena_text_n(a, buf_text(&b), b.n), b.n };
	buf_free(&b);
	return out;
}

static void decide(struct arena *a, void (*change)(struct world *), const char *there, const char *instead,
		   struct verdict *out)
{
	struct world w;
	struct err e = { 0 };

	good_world(&w);
	if (policy_read_message(a, changed(a, there, instead), &w.message, &e) < 0)
		fail_msg("%s", e.text);
	if (change)
		change(&w);
	policy_decide(a, &w.facts, out);
}

static enum answer worst_of(const struct verdict *v, const char *rule)
{
	enum answer worst = ANSWER_PASS;
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct finding *f = &v->finding[i];

		if (strcmp(f->rule, rule) != 0)
			continue;
		if (!f->reason[0] || (f->answer > ANSWER_NA) != (f->mend[0] != '\0'))
			fail_msg("%s: reason \"%s\", mend \"%s\"", rule, f->reason, f->mend);
		n++;
		worst = f->answer > worst ? f->answer : worst;
	}
	assert_true(n > 0);
	return worst;
}

static void print_findings(const struct verdict *v, const char *rule)
{
	for (size_t i = 0; i < v->n; i++)
		if (!rule || strcmp(v->finding[i].rule, rule) == 0)
			print_error("    %s %s: %s\n", v->finding[i].rule, answer_name(v->finding[i].answer),
				    v->finding[i].reason);
}

static void test_cases(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct arena *a = arena_new();
		struct verdict v;
		enum answer got;

		decide(a, CASES[i].change, CASES[i].there, CASES[i].instead, &v);
		got = worst_of(&v, CASES[i].rule);
		if (got != CASES[i].want) {
			print_error("case %zu, %s, \"%s\" -> \"%s\": %s, not %s\n", i, CASES[i].rule,
				    CASES[i].there ? CASES[i].there : "", CASES[i].instead ? CASES[i].instead : "",
				    answer_name(got), answer_name(CASES[i].want));
			print_findings(&v, CASES[i].rule);
			wrong++;
		}
		arena_free(a);
	}
	assert_int_equal(wrong, 0);
}

/* The good message passes every rule, one finding each, in the order of policy.md. */
static void test_whole(void **state)
{
	const char *const *rule = policy_rules();
	struct arena *a = arena_new();
	struct verdict v;

	(void)state;
	decide(a, NULL, NULL, NULL, &v);
	if (v.answer != ANSWER_PASS)
		print_findings(&v, NULL);
	assert_int_equal(v.answer, ANSWER_PASS);
	assert_int_equal(v.n, 11);
	for (size_t i = 0; i < v.n; i++)
		assert_string_equal(v.finding[i].rule, rule[i]);
	assert_null(rule[11]);
	decide(a, to_lint, NULL, NULL, &v);
	assert_int_equal(v.answer, ANSWER_PASS);
	decide(a, dmarc_unknown, NULL, NULL, &v);
	assert_int_equal(v.answer, ANSWER_UNKNOWN);
	decide(a, dmarc_unknown, "Date: ", "X-Date: ", &v);
	assert_int_equal(v.answer, ANSWER_FAIL);
	decide(a, own_words_with_office, NULL, NULL, &v);
	assert_int_equal(v.answer, ANSWER_DOUBTFUL);
	decide(a, trial, NULL, NULL, &v);
	assert_int_equal(v.answer, ANSWER_PASS);
	for (size_t i = 0; i < v.n; i++)
		if (strcmp(v.finding[i].rule, "statement-page") == 0 || strcmp(v.finding[i].rule, "same-infrastructure") == 0)
			assert_string_equal(v.finding[i].reason, "trial");
	arena_free(a);
}

/* However much is wrong, each rule has its say and the table holds. */
static void test_much_wrong(void **state)
{
	struct arena *a = arena_new();
	struct buf b;
	struct verdict v;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 500; i++)
		buf_addf(&b, "X-%d: a@other%d.example https://other%d.example/\n", i, i, i);
	buf_adds(&b, "To: Jo");
	decide(a, not_accepted, "To: Jo", buf_text(&b), &v);
	assert_true(v.n <= FINDINGS_MAX);
	assert_int_equal(worst_of(&v, "responsibility"), ANSWER_FAIL);
	assert_int_equal(v.answer, ANSWER_FAIL);
	buf_free(&b);
	arena_free(a);
}

static const struct {
	const char *url;
	bool plain, plain_in_trial;
} URLS[] = {
	{ "https://uni.example", true, true },
	{ "https://uni.example/", true, true },
	{ "https://mail.uni.example/research-mail/a1", true, true },
	{ "http://mail.uni.example/", false, false },
	{ "https://mail.uni.example:8443/", false, false },
	{ "https://me@uni.example/", false, false },
	{ "https://other.example/", false, false },
	{ "https://myuni.example/", false, false },
	{ "https://uni.example/?a=b", false, false },
	{ "https://uni.example/#a", false, false },
	{ "https://uni.example/a%20b", false, false },
	{ "https://uni.example/a_b", false, false },
	{ "https://uni.example/A", false, false },
	{ "https://Uni.example/a", false, false },
	{ "HTTPS://uni.example/a", false, false },
	{ "https://uni.example/a--b", false, false },
	{ "https://uni.example/-a", false, false },
	{ "https://uni.example/a-", false, false },
	{ "https://uni.example/a//b", false, false },
	{ "https://uni.example/a/", false, false },
	{ "https://uni.example/a.html", false, false },
	{ "https://uni.example/aaaaaaaaa-bbbbbbbbb-ccccccccc-ddddddddd-eeeeeeeee", false, false }, /* 69 characters */
	{ "http://127.0.0.1:8080/", false, true },
	{ "http://localhost:8080/projects/water", false, true },
	{ "http://127.0.0.1:8080/?a", false, false },
	{ "http://127.0.0.1.evil.example/", false, false },
	{ "uni.example/a", false, false },
	{ "", false, false },
};

static bool plain_url_passes(const char *url, bool in_trial)
{
	struct arena *a = arena_new();
	struct verdict v;
	struct world w;
	bool passes;

	good_world(&w);
	w.facts.message = NULL;
	w.facts.compile_error = "not asked here";
	w.institution.statement_url = url;
	w.institution.trial = in_trial;
	policy_decide(a, &w.facts, &v);
	passes = worst_of(&v, "plain-url") == ANSWER_PASS;
	arena_free(a);
	return passes;
}

static void test_plain_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(URLS); i++)
		if (plain_url_passes(URLS[i].url, false) != URLS[i].plain ||
		    plain_url_passes(URLS[i].url, true) != URLS[i].plain_in_trial)
			fail_msg("\"%s\"", URLS[i].url);
}

static void test_text_urls(void **state)
{
	static const struct {
		const char *text, *url;
		bool there;
	} T[] = {
		{ "see https://a.example/.", "https://a.example/", true },
		{ "see https://a.example.", "https://a.example/", true },
		{ "see https://a.example/", "https://a.example", true },
		{ "see https://a.example/b", "https://a.example", false },
		{ "see https://a.example?b", "https://a.example", false },
		{ "see https://a.example.evil.example/", "https://a.example", false },
		{ "see https://a.example/b-c", "https://a.example/b", false },
		{ "see https://a.example/b/", "https://a.example/b", false },
		{ "(https://a.example/b)", "https://a.example/b", true },
		{ "\xe2\x80\x9chttps://a.example/b\xe2\x80\x9d", "https://a.example/b", true },
		{ "xhttps://a.example/b", "https://a.example/b", false },
		{ "https://a.example/b,c", "https://a.example/b", false },
		{ "https://a.example/b, c", "https://a.example/b", true },
		{ "https://a.example/B", "https://a.example/b", false },
		{ "", "https://a.example/b", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(T); i++)
		if (text_has_url(T[i].text, T[i].url) != T[i].there)
			fail_msg("\"%s\" in \"%s\"", T[i].url, T[i].text);
}

/* What Placet composes passes its own rules, with the whole look of the house template, light and dark. */
static void test_composed(void **state)
{
	const char *const values[] = { "Jo" };
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct draft d = {
		.language = "en", .subject = "The second part",
		.body = "Dear {{name|reader}},\n\n# Wells\n\nWe measured **wells**, see [a map](https://www.uni.example/map).\n\n"
			"> quoted\n\n* one\n* two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`code`\n\n---\n\n1. x\n\nAnn\n",
		.from_name = "Dr Ann Lee", .from_address = "water@studies.uni.example",
		.identity_domain = "studies.uni.example", .web_url = "https://mail.uni.example", .list_id = "water",
		.feedback_id = "1:water:mailing:uni", .mailing_id = 1,
		.house = { "University of Sample", "Department of Geography", "The Water Study", "Dr Ann Lee",
			   "ann.lee@uni.example", "1 Long Road\nSampleton", PAGE,
			   "https://mail.uni.example/projects/water", SENTENCE, "Stop all mail", false },
	};
	const struct recipient to = { "jo@example.org", 1795000000000000, "AbCdEf-_12", "abc", "def", "ghi",
				      "7K3M-Q2XV-9TFA", "on 3 May 2026, with a signed form (SC-12)", values, NULL, false };
	const struct compiled *c = compose_compile(a, &d, &e);
	struct buf head, body;
	struct verdict v;
	struct world w;

	(void)state;
	if (!c)
		fail_msg("%s", e.text);
	buf_init(&head, 1 << 20);
	buf_init(&body, 1 << 20);
	assert_int_equal(compose_render(c, &to, &head, &body, &e), 0);
	buf_adds(&head, "\r\n");
	buf_add_buf(&head, &body);
	good_world(&w);
	assert_int_equal(policy_read_message(a, (struct slice){ head.p, head.n }, &w.message, &e), 0);
	for (int lint = 0; lint < 2; lint++) {
		w.message.body_words = lint ? NULL : compose_body_text(c);
		if (lint)
			to_lint(&w);
		policy_decide(a, &w.facts, &v);
		if (v.answer != ANSWER_PASS)
			print_findings(&v, NULL);
		assert_int_equal(v.answer, ANSWER_PASS);
	}
	buf_free(&head);
	buf_free(&body);
	arena_free(a);
}

static int files_judged;

/* Nobody else's mail passes for ours. */
static int judge_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct arena *a = arena_new();
	struct verdict v;
	struct world w;
	struct err e;
	struct buf b;

	(void)st;
	(void)ftw;
	buf_init(&b, 30 << 20);
	good_world(&w);
	to_lint(&w);
	if (type == FTW_F && file_read(path, &b, &e) == 0 &&
	    policy_read_message(a, (struct slice){ buf_text(&b), b.n }, &w.message, &e) == 0) {
		policy_decide(a, &w.facts, &v);
		if (v.answer != ANSWER_FAIL)
			fail_msg("%s: %s", path, answer_name(v.answer));
		files_judged++;
	}
	buf_free(&b);
	arena_free(a);
	return 0;
}

static void test_corpus(void **state)
{
	(void)state;
	if (nftw("../shared/corpora/mime", judge_one, 16, FTW_PHYS) < 0 || files_judged == 0) {
		if (getenv("CI"))
			fail_msg("the corpus ../shared/corpora/mime is not there");
		skip();
	}
	assert_true(files_judged > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),      cmocka_unit_test(test_whole),     cmocka_unit_test(test_much_wrong),
		cmocka_unit_test(test_plain_urls), cmocka_unit_test(test_text_urls),
		cmocka_unit_test(test_composed),   cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
