/*
 * The decision: asks every rule in the order of policy.md, and takes the worst answer. The rules see
 * the message through a struct ruling, prepared here once: the visible text of both parts, and the
 * language. What is not visible is not in it.
 */
#include "policy/policy.h"

#include <stdarg.h>
#include <strings.h>

#include "base/utf8.h"
#include "mail/plain.h"
#include "policy/policy_text.h"
#include "policy/rule.h"

#define PER_RULE 12                   /* findings of one rule; RULES times this fits FINDINGS_MAX */

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

/* What was cut off by its length must not end within a character. */
static const char *whole_characters(struct arena *a, const char *text)
{
	return arena_printf(a, "%.*s", utf8_fit((struct slice){ text, strlen(text) + 1 }, (int)strlen(text)), text);
}

/* A rule that has said enough keeps its worst answer in its last finding, which tells that there is more: the same
   message says the same each time, since a reviewer's answer is known by these words. */
static void add_last(struct arena *a, struct finding *last, const struct finding *f)
{
	static const char MORE[] = "; and there is more of it";
	const struct finding *worse = f->answer > last->answer ? f : last;
	const char *reason = worse->reason;

	if (!strstr(reason, MORE))
		reason = arena_printf(a, "%s%s", reason, MORE);
	*last = (struct finding){ f->rule, worse->answer, reason, worse->mend };
}

static void add(struct ruling *r, enum answer answer, const char *mend, const char *fmt, va_list ap)
{
	struct finding f = { r->rule, answer, NULL, mend };
	char text[1200];

	vsnprintf(text, sizeof(text), fmt, ap);
	f.reason = text_flat(r->a, whole_characters(r->a, text));
	if (said_already(r, answer, f.reason))
		return;
	if (r->out->n - r->first < PER_RULE)
		r->out->finding[r->out->n++] = f;
	else
		add_last(r->a, &r->out->finding[r->out->n - 1], &f);
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
		rule_fail(r, mend, "text part: it does not show %s, “%s”", what, text_quote(r->a, words, 100));
	if (r->html_flat && !text_has(r->a, r->html_flat, flat))
		rule_fail(r, mend, "HTML part: its visible text does not show %s, “%s”", what,
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

void rule_fact(struct ruling *r, enum fact fact, const char *what, const char *mend, const struct fact_words *words)
{
	bool said = words && words->found && *words->found, mended = words && words->mend && *words->mend;
	const char *found = said ? arena_printf(r->a, " (%s)", words->found) : "";

	if (fact == FACT_NO)
		rule_fail(r, mended ? words->mend : mend, "not so: %s%s", what, found);
	else if (fact == FACT_UNKNOWN)
		rule_unknown(r, mended ? words->mend : "wait, it is asked again by itself; or find out why there is no answer",
			     "could not be found out: %s%s", what, found);
}

/* --- the whole --- */

static const char *language_of(struct arena *a, const struct message_facts *m)
{
	const struct field *f = message_field(&m->message, "Content-Language", 0);
	const char *said = f ? f->raw : m->has_html && m->html.lang ? m->html.lang : "";
	size_t n = strspn(said, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return arena_text_n(a, said, n);
}

/* Without what stands behind U+202D or U+202E, up to where its effect ends: what is seen there are other words. */
static char *without_overrides(struct arena *a, const char *s)
{
	char *out = arena_text(a, s), *p = out;

	while ((p = strstr(p, "\xe2\x80"))) {
		char *end = p + 2;

		if (*end != '\xad' && *end != '\xae') {
			p++;
			continue;
		}
		for (end++; *end && *end != '\n' && strncmp(end, "\xe2\x80\xac", 3) != 0;)
			end++;
		memset(p, '\x01', (size_t)(end - p));
		p = end;
	}
	return out;
}

static void look_at_message(struct ruling *r)
{
	const struct message_facts *m = r->f->message;

	r->language = "";
	if (!m)
		return;
	r->language = language_of(r->a, m);
	if (m->text) {
		bool joins = false;

		for (size_t i = 0; i < m->message.n_parts; i++)
			joins = joins || (m->message.parts[i].bytes == m->text && m->message.parts[i].joins);
		r->text = without_overrides(r->a, plain_seen(r->a, m->text, joins));
		r->text_flat = text_flat(r->a, r->text);
	}
	if (m->has_html) {
		r->html = without_overrides(r->a, m->html.text);
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

/* --- several variants --- */

static enum answer worst_of(const struct verdict *v, const char *rule)
{
	enum answer worst = ANSWER_PASS;

	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->finding[i].rule, rule) == 0 && v->finding[i].answer > worst)
			worst = v->finding[i].answer;
	return worst;
}

static bool has_finding(const struct verdict *v, const struct finding *f)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->finding[i].rule, f->rule) == 0 && v->finding[i].answer == f->answer &&
		    strcmp(v->finding[i].reason, f->reason) == 0)
			return true;
	return false;
}

/* The findings of one rule: those that were there, then the new ones. What passes is not said beside what does not. */
static size_t merge_rule(struct arena *a, const char *rule, const struct verdict *old, const struct verdict *more,
			 const char *where, struct finding out[PER_RULE])
{
	bool objected = worst_of(old, rule) > ANSWER_NA || worst_of(more, rule) > ANSWER_NA;
	size_t n = 0;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < (k ? more : old)->n; i++) {
			struct finding f = (k ? more : old)->finding[i];

			if (strcmp(f.rule, rule) != 0 || (objected && f.answer <= ANSWER_NA) ||
			    (k && (has_finding(old, &f) || (f.answer <= ANSWER_NA && n))))
				continue;
			if (k && f.answer > ANSWER_NA)
				f.reason = arena_printf(a, "%s: %s", where, f.reason);
			if (n < PER_RULE)
				out[n++] = f;
			else
				add_last(a, &out[n - 1], &f);
		}
	return n;
}

void policy_merge(struct arena *a, struct verdict *into, const struct verdict *more, const char *where)
{
	struct verdict *old = ARENA_NEW(a, struct verdict);

	*old = *into;
	into->n = 0;
	for (size_t i = 0; i < COUNT(RULES); i++)
		into->n += merge_rule(a, RULES[i].name, old, more, where, &into->finding[into->n]);
	into->answer = old->answer > more->answer ? old->answer : more->answer;
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
