/*
 * The decision: asks every rule in the order of policy.md, and takes the worst answer. The rules see
 * the message through a struct ruling, prepared here once: the visible text of both parts, and the
 * language. What is not visible is not in it.
 */
#include "policy/policy.h"

#include <stdarg.h>
#include <strings.h>

#include "policy/policy_text.h"
#include "policy/rule.h"

#define SEEN_MAX ((size_t)100 * 1000) /* bytes of a part that mail clients show (FMT-16) */
#define PER_RULE 5                    /* findings of one rule; RULES times this fits FINDINGS_MAX */

static const struct {
	const char *name;
	rule_fn *judge;
	bool content;    /* judges the message itself: a file is enough (lint) */
	bool of_message; /* cannot be asked without a message */
} RULES[] = {
	{ "validated", rule_validated, false, false },
	{ "opt-in", rule_opt_in, true, false },
	{ "opt-out", rule_opt_out, true, true },
	{ "originator", rule_originator, true, true },
	{ "unofficial", rule_unofficial, true, true },
	{ "same-infrastructure", rule_same_infrastructure, true, true },
	{ "statement-page", rule_statement_page, false, false },
	{ "plain-url", rule_plain_url, true, false },
	{ "statement-reference", rule_statement_reference, true, true },
	{ "list-guidelines", rule_list_guidelines, false, false },
	{ "responsibility", rule_responsibility, false, false },
};

_Static_assert(COUNT(RULES) * PER_RULE <= FINDINGS_MAX, "each rule has room for its findings");

const char *answer_name(enum answer a)
{
	static const char *const NAMES[] = { "pass", "n/a", "doubtful", "unknown", "fail" };

	MUST((size_t)a < COUNT(NAMES));
	return NAMES[a];
}

const char *const *policy_rules(void)
{
	static const char *const NAMES[] = {
		"validated", "opt-in", "opt-out", "originator", "unofficial", "same-infrastructure",
		"statement-page", "plain-url", "statement-reference", "list-guidelines", "responsibility", NULL,
	};

	return NAMES;
}

/* --- findings --- */

static void add(struct ruling *r, enum answer answer, const char *mend, const char *fmt, va_list ap) PRINTF(4, 0);

/* The same thing seen in both parts is said once. */
static bool said_already(const struct ruling *r, enum answer answer, const char *reason)
{
	for (size_t i = r->first; i < r->out->n; i++)
		if (r->out->finding[i].answer == answer && strcmp(r->out->finding[i].reason, reason) == 0)
			return true;
	return false;
}

/* A rule that has said enough keeps its worst answer in its last finding. */
static void add(struct ruling *r, enum answer answer, const char *mend, const char *fmt, va_list ap)
{
	struct finding *f;
	char text[1200];
	const char *reason;

	vsnprintf(text, sizeof(text), fmt, ap);
	reason = text_flat(r->a, text);
	if (said_already(r, answer, reason))
		return;
	if (r->out->n - r->first < PER_RULE) {
		f = &r->out->finding[r->out->n++];
	} else {
		f = &r->out->finding[r->out->n - 1];
		if (answer <= f->answer)
			return;
	}
	*f = (struct finding){ r->rule, answer, reason, mend };
}

#define ADD(answer, mend)                                                                                              \
	do {                                                                                                           \
		va_list ap;                                                                                            \
		va_start(ap, fmt);                                                                                     \
		add(r, answer, mend, fmt, ap);                                                                         \
		va_end(ap);                                                                                            \
	} while (0)

void rule_pass(struct ruling *r, const char *fmt, ...)
{
	ADD(ANSWER_PASS, "");
}

void rule_na(struct ruling *r, const char *fmt, ...)
{
	ADD(ANSWER_NA, "");
}

void rule_doubtful(struct ruling *r, const char *mend, const char *fmt, ...)
{
	ADD(ANSWER_DOUBTFUL, mend);
}

void rule_unknown(struct ruling *r, const char *mend, const char *fmt, ...)
{
	ADD(ANSWER_UNKNOWN, mend);
}

void rule_fail(struct ruling *r, const char *mend, const char *fmt, ...)
{
	ADD(ANSWER_FAIL, mend);
}

bool rule_has_objected(const struct ruling *r)
{
	for (size_t i = r->first; i < r->out->n; i++)
		if (r->out->finding[i].answer > ANSWER_NA)
			return true;
	return false;
}

/* --- what rules ask of the message --- */

void rule_needs_words(struct ruling *r, const char *what, const char *words)
{
	const char *flat = text_flat(r->a, words);
	const char *mend = arena_printf(r->a, "put %s, “%s”, where readers see it, in each part", what,
					text_quote(r->a, words, 100));

	if (!r->text_flat || !text_has(r->a, r->text_flat, flat))
		rule_fail(r, mend, "the text part does not show %s, “%s”", what, text_quote(r->a, words, 100));
	if (r->html_flat && !text_has(r->a, r->html_flat, flat))
		rule_fail(r, mend, "the visible text of the HTML part does not show %s, “%s”", what,
			  text_quote(r->a, words, 100));
}

const char *rule_registered(const struct ruling *r, const char *const *pairs)
{
	size_t n = strcspn(r->language, "-_");

	for (; n && pairs && pairs[0] && pairs[1]; pairs += 2)
		if (strcspn(pairs[0], "-_") == n && strncasecmp(pairs[0], r->language, n) == 0)
			return pairs[1];
	return NULL;
}

const struct field *rule_field(const struct ruling *r, const char *name, size_t n)
{
	return message_field(&r->f->message->message, name, n);
}

void rule_fact(struct ruling *r, enum fact fact, const char *what, const char *mend)
{
	if (fact == FACT_NO)
		rule_fail(r, mend, "not so: %s", what);
	else if (fact == FACT_UNKNOWN)
		rule_unknown(r, "wait, it is asked again by itself; or find out why there is no answer",
			     "could not be found out: %s", what);
}

/* --- the whole --- */

static const char *language_of(struct arena *a, const struct message_facts *m)
{
	const struct field *f = message_field(&m->message, "Content-Language", 0);
	const char *said = f ? f->raw : m->has_html && m->html.lang ? m->html.lang : "";
	size_t n = strspn(said, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return arena_text_n(a, said, n);
}

static void look_at_message(struct ruling *r)
{
	const struct message_facts *m = r->f->message;

	r->language = "";
	if (!m)
		return;
	r->language = language_of(r->a, m);
	if (m->text) {
		size_t n = strlen(m->text);

		while (n > SEEN_MAX || (n < strlen(m->text) && (m->text[n] & 0xc0) == 0x80))
			n = n > SEEN_MAX ? SEEN_MAX : n - 1;
		r->text = arena_text_n(r->a, m->text, n);
		r->text_flat = text_flat(r->a, r->text);
	}
	if (m->has_html) {
		r->html = m->html.text;
		r->html_flat = text_flat(r->a, r->html);
	}
}

static void ask(struct ruling *r, size_t i)
{
	const struct facts *f = r->f;

	r->rule = RULES[i].name;
	r->first = r->out->n;
	if (f->lint && !RULES[i].content)
		rule_na(r, "judges the recipients or the sending, and here is only a message");
	else if (RULES[i].of_message && !f->message)
		rule_fail(r, "edit the mailing", "there is no message to judge: %s",
			  f->compile_error ? f->compile_error : "it could not be put together");
	else
		RULES[i].judge(r);
	MUST(r->out->n > r->first);
}

void policy_decide(struct arena *a, const struct facts *f, struct verdict *out)
{
	struct ruling r = { .a = a, .f = f, .out = out };

	*out = (struct verdict){ .answer = ANSWER_PASS };
	look_at_message(&r);
	for (size_t i = 0; i < COUNT(RULES); i++)
		ask(&r, i);
	for (size_t i = 0; i < out->n; i++)
		if (out->finding[i].answer > ANSWER_NA && out->finding[i].answer > out->answer)
			out->answer = out->finding[i].answer;
}

/* The text part is the first that readers are shown as such; likewise the HTML part. */
static const struct part *body_part(const struct message *m, const char *type)
{
	for (size_t i = 0; i < m->n_parts; i++)
		if (strcmp(m->parts[i].type, type) == 0 && strcmp(m->parts[i].disposition, "attachment") != 0)
			return &m->parts[i];
	return NULL;
}

int policy_read_message(struct arena *a, struct slice bytes, struct message_facts *out, struct err *e)
{
	struct message_facts m = { .bytes = bytes };
	const struct part *part;

	if (message_parse(a, bytes, &m.message, e) < 0)
		return -1;
	part = body_part(&m.message, "text/plain");
	if (part)
		m.text = part->bytes;
	part = body_part(&m.message, "text/html");
	if (part) {
		m.has_html = true;
		if (html_read(a, (struct slice){ part->bytes, part->n }, &m.html, e) < 0)
			return -1;
	}
	*out = m;
	return 0;
}
