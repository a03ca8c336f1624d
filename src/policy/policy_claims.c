/*
 * Finding claims: see policy_claims.h. A claim is compared letter by letter with the skeleton, where digits and
 * signs stand for the letters that they look like, and up to three other signs between two letters are passed
 * over. It begins and ends where a word does.
 */
#include "policy/policy_claims.h"

#include <ctype.h>

#include "policy/policy_text.h"

#define GAP_MAX 3    /* signs between two letters of a claim */
#define SLIP_MIN 8   /* letters of a word for which a slip is told from another word */
#define YOURS_GAP 2  /* words between "your" and "account" */

/* --- letters at a glance --- */

/* The letter that stands at *p, with what looks like it folded into one; moves on. */
static char glance(const char **p)
{
	const char *s = *p;

	*p = s + 1 + (size_t)((s[0] == 'r' && s[1] == 'n') || (s[0] == 'v' && s[1] == 'v'));
	switch (*s) {
	case 'r':
		return s[1] == 'n' ? 'm' : 'r';
	case 'v':
		return s[1] == 'v' ? 'w' : 'v';
	case '0':
		return 'o';
	case '1':
	case 'i':
	case '|':
	case '!':
		return 'l';
	case '3':
		return 'e';
	case '4':
	case '@':
		return 'a';
	case '5':
	case '$':
		return 's';
	case '6':
	case '9':
		return 'g';
	case '7':
	case '+':
		return 't';
	case '8':
		return 'b';
	default:
		return *s;
	}
}

static char *fold(struct arena *a, const char *words)
{
	const char *p = text_skeleton(a, words);
	char *out = arena_alloc(a, strlen(p) + 1), *w = out;

	while (*p) {
		if (text_is_letter(*p) || *p == '*') {
			*w++ = glance(&p);
			continue;
		}
		/* "President's": an apostrophe is no gap between words. */
		if (*p != '\'' && w > out && w[-1] != ' ')
			*w++ = ' ';
		p++;
	}
	while (w > out && w[-1] == ' ')
		w--;
	*w = '\0';
	return out;
}

/* --- one claim at one place --- */

/* Other signs from p on, up to the next letter; -1 when there are too many, or a paragraph ends among them. */
static int gap(const char *p)
{
	int n = 0;

	while (p[n] && !text_is_letter(p[n])) {
		if (n == GAP_MAX || (p[n] == '\n' && p[n + 1] == '\n'))
			return -1;
		n++;
	}
	return p[n] ? n : -1;
}

/* Between words a sentence may end, and then they do not belong together; "I.T. Services" do. */
static bool ends_sentence(const char *p, int n, bool dotted)
{
	for (int i = 0; i < n; i++)
		if (strchr(".!?", p[i]) && (p[i + 1] == ' ' || p[i + 1] == '\n'))
			return !dotted;
	return false;
}

/* A character of East Asia begins at p, where words have no ends that could be seen. */
static bool is_wide(const char *p)
{
	return (unsigned char)*p >= 0xe3;
}

/* Could it begin at p? Two letters tell most of them apart. */
static bool may_begin(const char *p, const char *folded)
{
	const char *q = p;

	if (glance(&q) != folded[0])
		return false;
	return !folded[1] || folded[1] == ' ' || folded[1] == '*' || !text_is_letter(*q) || glance(&q) == folded[1];
}

/* Where the claim that begins at p ends; NULL when there is none. Each of its words has a real letter: "17" is not "it". */
static const char *match(const char *p, const char *folded)
{
	const char *start = p;
	bool letter = false, dotted = false;

	if (!may_begin(p, folded))
		return NULL;
	for (const char *f = folded; *f && *f != '*'; f++) {
		const char *q = p;
		int n;

		if (*f == ' ') {
			n = gap(p);
			if (!letter || n < 0 || ends_sentence(p, n, dotted))
				return NULL;
			p += n;
			letter = dotted = false;
			continue;
		}
		if (f > folded && f[-1] != ' ' && glance(&q) != *f) {
			n = gap(p);
			if (n <= 0)
				return NULL;
			dotted = dotted || memchr(p, '.', (size_t)n);
			p += n;
		}
		letter = letter || isalpha((unsigned char)*p) || (unsigned char)*p >= 0x80;
		if (glance(&p) != *f)
			return NULL;
		if (f[1] == '*')
			return letter ? p : NULL;
	}
	return letter && (!text_is_letter(*p) || (p - start >= 3 && is_wide(p - 3))) ? p : NULL;
}

/* --- the lists --- */

static void add(struct arena *a, struct claims *c, const char *words, enum claim_kind kind)
{
	struct claim *x = &c->claim[c->n];
	unsigned char first;

	*x = (struct claim){ .shown = words, .folded = fold(a, words), .kind = kind };
	first = (unsigned char)x->folded[0];
	if (!first)
		return;
	x->next = c->first[first];
	c->first[first] = (int)c->n++;
}

static size_t length(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void add_all(struct arena *a, struct claims *c, const char *const *list, enum claim_kind kind)
{
	for (; list && *list; list++)
		add(a, c, *list, kind);
}

static const char **folded(struct arena *a, const char *const *list)
{
	const char **out = ARENA_ARRAY(a, const char *, length(list) + 1);
	size_t n = 0;

	for (; list[n]; n++)
		out[n] = fold(a, list[n]);
	out[n] = NULL;
	return out;
}

void claims_init(struct arena *a, const char *const *offices, struct claims *out)
{
	size_t n = length(offices) + length(CLAIM_OFFICES) + length(CLAIM_OFFICIALS) + length(CLAIM_ALARMS);

	*out = (struct claims){ .claim = ARENA_ARRAY(a, struct claim, n + 1), .yours = folded(a, CLAIM_YOURS),
				.objects = folded(a, CLAIM_OBJECTS) };
	for (size_t i = 0; i < COUNT(out->first); i++)
		out->first[i] = -1;
	/* Behind each other under one letter: what is added last is found first. */
	add_all(a, out, CLAIM_ALARMS, CLAIM_ALARM);
	add_all(a, out, CLAIM_OFFICIALS, CLAIM_OFFICIAL);
	add_all(a, out, CLAIM_OFFICES, CLAIM_OFFICE);
	add_all(a, out, offices, CLAIM_OFFICE);
}

/* --- "your account" --- */

/* Where the longest of the folded words ends that begins at p; short ones stand there as they are. */
static const char *listed(const char **list, const char *p)
{
	const char *longest = NULL;

	for (; *list; list++) {
		const char *end = match(p, *list);

		if (end && (strlen(*list) > 3 || (size_t)(end - p) == strlen(*list)) && (!longest || end > longest))
			longest = end;
	}
	return longest;
}

/* "your university e-mail account"; an account of something is a tale. */
static const char *match_yours(const struct claims *c, const char *p)
{
	p = listed(c->yours, p);
	if (!p)
		return NULL;
	for (int words = 0; words <= YOURS_GAP; words++) {
		int n = gap(p);
		const char *object;

		if (n <= 0 || ends_sentence(p, n, false))
			return NULL;
		p += n;
		object = listed(c->objects, p);
		if (object)
			return strncmp(object, " of ", 4) == 0 ? NULL : object;
		words -= text_is_letter(*p) && !text_is_letter(p[1]); /* the "e" of "e-mail" */
		while (text_is_letter(*p))
			p++;
	}
	return NULL;
}

/* --- finding --- */

static bool find_at(const struct claims *c, const char *p, struct claim_at *out)
{
	const char *q = p, *end = NULL;

	for (int i = c->first[(unsigned char)glance(&q)]; i >= 0; i = c->claim[i].next) {
		end = match(p, c->claim[i].folded);
		if (end && (!out->start || end > out->end))
			*out = (struct claim_at){ p, end, c->claim[i].shown, c->claim[i].kind };
	}
	if (!out->start && (end = match_yours(c, p)))
		*out = (struct claim_at){ p, end, NULL, CLAIM_ALARM };
	return out->start != NULL;
}

bool claims_find(const struct claims *c, const char *text, const char *from, struct claim_at *out)
{
	*out = (struct claim_at){ 0 };
	for (const char *p = from; *p; p++)
		if ((p == text || !text_is_letter(p[-1]) || is_wide(p)) && *p != ' ' && find_at(c, p, out))
			return true;
	return false;
}

/* One letter added, left out, changed, or two exchanged; an ending that was added makes another word. */
static bool is_slip(const char *word, size_t n, const char *claim)
{
	size_t m = strlen(claim), same = 0, end = 0;

	if (n == m && memcmp(word, claim, n) == 0)
		return false;
	while (same < n && same < m && word[same] == claim[same])
		same++;
	while (end < n - same && end < m - same && word[n - 1 - end] == claim[m - 1 - end])
		end++;
	if (n == m)
		return n - same - end == 1 || (n - same - end == 2 && word[same] == claim[same + 1] && word[same + 1] == claim[same]);
	return (n + 1 == m && same + end == n) || (n == m + 1 && same + end == m && same < m);
}

bool claims_find_slip(const struct claims *c, const char *text, struct claim_at *out)
{
	for (const char *p = text; *p;) {
		char word[64];
		size_t n = 0;
		const char *start = p;

		while (text_is_letter(*p) && n < sizeof(word))
			word[n++] = glance(&p);
		for (size_t i = 0; i < c->n && n >= SLIP_MIN - 1; i++)
			if (strlen(c->claim[i].folded) >= SLIP_MIN && !strpbrk(c->claim[i].folded, " *") &&
			    is_slip(word, n, c->claim[i].folded)) {
				*out = (struct claim_at){ start, p, c->claim[i].shown, c->claim[i].kind };
				return true;
			}
		while (text_is_letter(*p))
			p++;
		while (*p && !text_is_letter(*p))
			p++;
	}
	return false;
}

bool claims_are(const struct claims *c, const char *words)
{
	struct claim_at at;
	size_t n = strlen(words);

	return claims_find(c, words, words, &at) && at.start == words && at.end >= words + n;
}
