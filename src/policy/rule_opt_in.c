/*
 * `opt-in`: every recipient chose to receive this, and the message says what they agreed to and when. The
 * sentence is found by a word for agreeing (agreed_words.c) with a year beside it, and the project's title near.
 */
#include <ctype.h>
#include <strings.h>

#include "policy/agreed_words.h"
#include "policy/policy_text.h"
#include "policy/rule.h"

#define NEAR 500     /* bytes on each side of the word, in which its sentence ends */
#define DENIED 30    /* bytes before it in which "not" takes it back */

/* What takes an agreement back, or supposes it only. Words of a skeleton. */
static const char *const DENYING[] = {
	"not", "never", "nobody", "hardly", "if", "unless", "whether", "until", "nicht", "nie", "niemals", "wenn", "falls", "ob", "pas", "jamais",
	"nunca", "niet", "nooit", "nao", "inte", "aldrig", "ikke", "aldri", "hvis", "jos", "ei", "jezeli", "pokud", "якщо", "не", "δεν", "αν",
	"לא", "אם", "لم", "لا", "إذا", "اگر", NULL,
};

static int atoi_n(const char *p, size_t n)
{
	int value = 0;

	while (n--)
		value = value * 10 + (*p++ - '0');
	return value;
}

static bool is_slash(char c)
{
	return c == '/' || c == '.' || c == '-';
}

/* The first of the years 1900 to 2099, and those of the Persian calendar; 0 if there is none. "3/5/26" is one, too. */
static int year_in(const char *s, bool persian)
{
	for (const char *p = s; *p; p++) {
		size_t n = strspn(p, "0123456789");

		if (n == 4 && (strncmp(p, "19", 2) == 0 || strncmp(p, "20", 2) == 0 ||
			       (persian && (strncmp(p, "13", 2) == 0 || strncmp(p, "14", 2) == 0))))
			return atoi_n(p, 4);
		if (n == 2 && p - s >= 4 && is_slash(p[-1]) && isdigit((unsigned char)p[-2]) &&
		    (is_slash(p[-3]) || (isdigit((unsigned char)p[-3]) && is_slash(p[-4]))))
			return 2000 + atoi_n(p, 2);
		p += n ? n - 1 : 0;
	}
	return 0;
}

/* The message's own year: nobody agreed later than that. 9999 when it has none. */
static int year_of_message(struct ruling *r)
{
	const struct field *f = rule_field(r, "Date", 0);
	int year = f ? year_in(f->raw, false) : 0;

	return year ? year : 9999;
}

/* --- the sentence around a place --- */

static bool is_stop(const char *text, const char *p)
{
	const char *word = p;

	if (strncmp(p, "\xd8\x9f", 2) == 0)
		return true;
	if (!strchr(".!?", *p) || !(p[1] == ' ' || !p[1] || (unsigned char)p[1] >= 0xe3))
		return false;
	/* "3. Mai", "Nr. 5", "r.": a stop behind a number or a short word ends no sentence. */
	while (word > text && text_is_letter(word[-1]))
		word--;
	return *p != '.' || (p - word > 3 && !isdigit((unsigned char)p[-1]));
}

static char *sentence_around(struct arena *a, const char *text, const char *at)
{
	const char *from = at, *to = at;

	while (from > text && at - from < NEAR && !(from > text + 1 && is_stop(text, from - 1)))
		from--;
	while (*to && to - at < NEAR && !is_stop(text, to))
		to++;
	return arena_text_n(a, from, (size_t)(to - from));
}

/* --- is it said? --- */

static bool is_denied(struct ruling *r, const char *text, const char *at, size_t n)
{
	static const char *const BEFORE[] = { "未", "不", "没", "没有", "尚未" };
	static const char *const BEHIND[] = { " to nothing", " nothing", " with nobody" };
	const char *from = at - text > DENIED ? at - DENIED : text, *before;

	while (from > text && text_is_letter(from[-1]))
		from--;
	before = arena_text_n(r->a, from, (size_t)(at - from));
	for (const char *p = before; (p = strpbrk(p, ".!?")); before = ++p)
		;
	for (const char *const *w = DENYING; *w; w++)
		if (text_find_word(before, text_skeleton(r->a, *w)))
			return true;
	for (size_t i = 0; i < COUNT(BEFORE); i++)
		if ((size_t)(at - text) >= strlen(BEFORE[i]) && strncmp(at - strlen(BEFORE[i]), BEFORE[i], strlen(BEFORE[i])) == 0)
			return true;
	for (size_t i = 0; i < COUNT(BEHIND); i++)
		if (strncmp(at + n, BEHIND[i], strlen(BEHIND[i])) == 0)
			return true;
	return false;
}

static const char NOT_WHY[] = "it does not say why this person gets it";

/* What the words of one language leave open; NULL when nothing. `text`: a skeleton, the title in it as "~". */
static const char *missing_in(struct ruling *r, const char *text, const struct agreed_words *w)
{
	bool title = r->f->project && r->f->project->title;
	const char *what = NOT_WHY;

	for (size_t i = 0; i < COUNT(w->said) && w->said[i]; i++) {
		const char *said = text_skeleton(r->a, w->said[i]);

		for (const char *at = text; (at = strstr(at, said)); at += strlen(said)) {
			const char *sentence;
			int year;

			/* Hebrew and Arabic write "because" and "and" as part of the word. */
			bool joined = strcmp(w->language, "he") == 0 || strcmp(w->language, "ar") == 0 || (unsigned char)*at >= 0xe3;

			if ((!joined && at > text && text_is_letter(at[-1])) || is_denied(r, text, at, strlen(said)))
				continue;
			sentence = sentence_around(r->a, text, at);
			year = year_in(sentence, strcmp(w->language, "fa") == 0);
			if (!year)
				what = "it does not say when this person agreed";
			else if (year > year_of_message(r))
				what = "it says that this person agreed later than the message was written";
			else if (title && !memchr(at - (at - text < NEAR ? at - text : NEAR), '~',
						  (size_t)(at - text < NEAR ? at - text : NEAR) + strnlen(at, NEAR)))
				what = "it does not say to which project this person agreed";
			else
				return NULL;
		}
	}
	return what;
}

/* The text as a skeleton in which the project's title is "~". */
static char *prepared(struct ruling *r, const char *flat)
{
	const struct project_facts *p = r->f->project;
	const char *title = p && p->title ? text_skeleton(r->a, text_flat(r->a, p->title)) : "";
	char *text = text_skeleton(r->a, flat), *hit = text;

	for (char *c = text; *c; c++)
		*c = *c == '~' || *c == '\n' ? ' ' : *c;
	for (; *title && (hit = strstr(hit, title)); hit += strlen(title))
		memset(hit, '~', strlen(title));
	return text;
}

/* In another language than the message's, a reviewer has to say whether it will do. */
static const char *other_language(struct ruling *r, const char *text, const struct agreed_words *own)
{
	size_t n;
	const struct agreed_words *all = agreed_words_all(&n);

	for (size_t i = 0; i < n; i++)
		if (&all[i] != own && !missing_in(r, text, &all[i]))
			return all[i].language;
	return NULL;
}

static void judge_part(struct ruling *r, const char *part, const char *flat)
{
	const struct agreed_words *own = agreed_words(r->language[0] ? r->language : "en");
	const char *mend = "say in each part, where readers see it: “You get this message because you agreed, on DATE, "
			   "to be contacted about PROJECT.”";
	const char *text = prepared(r, flat ? flat : ""), *what = own && flat ? missing_in(r, text, own) : NOT_WHY, *other;

	if (!flat) {
		rule_fail(r, mend, "the %s is not there", part);
		return;
	}
	if (!what)
		return;
	other = other_language(r, text, own);
	if (!r->language[0] && other)
		return;
	if (other)
		rule_doubtful(r, mend, "%s: it says why this person gets it in “%s”, and the message is in “%s”", part, other, r->language);
	else if (!own)
		rule_doubtful(r, mend, "%s: whether it says why this person gets it cannot be judged in the language “%s”", part,
			      r->language);
	else
		rule_fail(r, mend, "%s: %s", part, what);
}

static void judge_selection(struct ruling *r)
{
	const struct selection_facts *s = r->f->selection;

	if (!s)
		rule_unknown(r, "choose an address list", "the recipients are not known");
	else if (s->members && !s->mailable && s->no_consent + s->opted_out > 0)
		rule_fail(r, "import the evidence of consent with the addresses, or record it with `placet consent add`",
			  "nobody can be mailed: of %lld addresses %lld have no consent for this project and %lld opted out",
			  (long long)s->members, (long long)s->no_consent, (long long)s->opted_out);
}

void rule_opt_in(struct ruling *r)
{
	const struct selection_facts *s = r->f->selection;

	if (!r->f->lint)
		judge_selection(r);
	if (r->f->message) {
		judge_part(r, "text part", r->text_flat);
		if (r->html_flat)
			judge_part(r, "HTML part", r->html_flat);
	} else {
		rule_fail(r, "edit the mailing", "there is no message that says why people get it: %s",
			  r->f->compile_error ? r->f->compile_error : "it could not be put together");
	}
	if (rule_has_objected(r))
		return;
	if (s)
		rule_pass(r, "%lld consented to this project and the message says so; %lld without consent and %lld who "
			     "opted out are skipped",
			  (long long)s->mailable, (long long)s->no_consent, (long long)s->opted_out);
	else
		rule_pass(r, "the message says why this person gets it");
}
