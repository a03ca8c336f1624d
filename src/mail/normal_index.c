/*
 * Which sentences of one text stand in another: see normal.h. A sentence is
 * known by its hash; or it is several in a row, since a mail program that lost
 * an empty line has joined them; or it has values where the other has fields,
 * each no longer than a value may sensibly be.
 */
#include "mail/normal.h"

#include <strings.h>

#include "base/buf.h"

/* Letters that a value may put in the place of a field, and of the words about a consent. Somebody else's sentence would
   be longer. */
#define VALUE_LETTERS 60
#define CONSENT_LETTERS 160
/* So many of its sentences are taken off the front of one, when a mail program has joined them. */
#define JOINED_MAX 4
/* A value may break one of its sentences into so many. */
#define BROKEN_MAX 4
#define JOINED_FORM_MAX 4096
/* So many letters a sentence with fields has of its own, or it would be like any other. */
#define OWN_LETTERS 4

struct normal_index {
	const struct normal *approved;
	int64_t *hash; /* sorted */
	size_t n;
	char *whole;   /* all forms behind each other */
	size_t *start; /* where each begins; one more for the end */
	bool *bound;   /* by the place in `whole`: may a sentence begin or end here? */
};

static int by_number(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static void mark_bounds(struct normal_index *x)
{
	for (size_t i = 0; i <= x->n; i++)
		x->bound[x->start[i]] = true;
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < x->approved->sentence[i].n_cuts; k++)
			x->bound[x->start[i] + x->approved->sentence[i].cut[k]] = true;
}

struct normal_index *normal_index_new(struct arena *a, const struct normal *approved)
{
	struct normal_index *x = ARENA_NEW(a, struct normal_index);
	size_t room = 1;

	x->approved = approved;
	x->n = approved->n;
	x->hash = ARENA_ARRAY(a, int64_t, x->n + 1);
	x->start = ARENA_ARRAY(a, size_t, x->n + 1);
	for (size_t i = 0; i < x->n; i++)
		room += strlen(approved->sentence[i].form);
	x->whole = arena_alloc(a, room);
	x->bound = ARENA_ARRAY(a, bool, room);
	for (size_t i = 0; i < x->n; i++) {
		size_t n = strlen(approved->sentence[i].form);

		x->hash[i] = approved->sentence[i].hash;
		memcpy(x->whole + x->start[i], approved->sentence[i].form, n);
		x->start[i + 1] = x->start[i] + n;
	}
	mark_bounds(x);
	if (x->n)
		qsort(x->hash, x->n, sizeof(*x->hash), by_number);
	return x;
}

static bool has_hash(const struct normal_index *x, int64_t hash)
{
	return x->n && bsearch(&hash, x->hash, x->n, sizeof(hash), by_number);
}

/* Whole sentences, one behind the other: found from where sentences begin, of which there are far fewer than of letters. */
static bool is_run(const struct normal_index *x, const char *form)
{
	size_t n = strlen(form), all = x->start[x->n];

	for (size_t at = 0; at + n <= all; at++)
		if (x->bound[at] && x->bound[at + n] && memcmp(x->whole + at, form, n) == 0)
			return true;
	return false;
}

static size_t letters_of(const char *p, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += (p[i] & 0xC0) != 0x80;
	return count;
}

/* Does `form` have the pieces between the marks of `pattern`, in order, with values of a fair length between them? */
static bool fits(const char *pattern, const char *form)
{
	size_t n = strcspn(pattern, "\1\2");

	if (strncmp(form, pattern, n) != 0)
		return false;
	form += n;
	pattern += n;
	while (*pattern) {
		size_t most = *pattern == '\1' ? VALUE_LETTERS : CONSENT_LETTERS;
		const char *at;

		pattern++;
		n = strcspn(pattern, "\1\2");
		if (!pattern[n]) { /* the last piece ends the sentence */
			size_t left = strlen(form);

			return left >= n && strcmp(form + left - n, pattern) == 0 && letters_of(form, left - n) <= most;
		}
		at = n ? memmem(form, strlen(form), pattern, n) : form;
		if (!at || letters_of(form, (size_t)(at - form)) > most)
			return false;
		form = at + n;
		pattern += n;
	}
	return !*form;
}

static bool has_values(const struct normal_index *x, const char *form)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct sentence *a = &x->approved->sentence[i];

		if (a->fields && a->letters >= OWN_LETTERS && fits(a->form, form))
			return true;
	}
	return false;
}

static bool is_one(const struct normal_index *x, const char *form)
{
	return has_values(x, form) || is_run(x, form);
}

/* Sentences with and without values in a row: one without is taken off the front. */
static bool is_joined(const struct normal_index *x, const char *form, int depth)
{
	for (size_t i = 0; i < x->n && depth < JOINED_MAX; i++) {
		const struct sentence *a = &x->approved->sentence[i];
		size_t n = strlen(a->form);

		if (!a->fields && a->letters >= OWN_LETTERS && strncmp(form, a->form, n) == 0 &&
		    (is_one(x, form + n) || is_joined(x, form + n, depth + 1)))
			return true;
	}
	return false;
}

bool normal_index_has(const struct normal_index *x, const struct sentence *s)
{
	return !s->letters || has_hash(x, s->hash) || is_one(x, s->form) || is_joined(x, s->form, 0);
}

/*
 * Ends it with a day or a title, behind which nobody pauses? Only there may a value go on: a full stop like any other would let
 * somebody hide a sentence of their own in it.
 */
static bool ends_short(const char *text)
{
	static const char *const TITLES[] = { "Dr", "Prof", "Mr", "Mrs", "Ms", "St", "Nr", "No" };
	size_t n = strlen(text), begin, len;

	if (!n || text[n - 1] != '.')
		return false;
	for (begin = --n; begin && text[begin - 1] != ' ' && text[begin - 1] != '('; begin--)
		;
	len = n - begin;
	if (len && len <= 2 && strspn(text + begin, "0123456789") == len)
		return true;
	for (size_t i = 0; i < COUNT(TITLES); i++)
		if (strlen(TITLES[i]) == len && strncasecmp(text + begin, TITLES[i], len) == 0)
			return true;
	return false;
}

/* Do the sentences from `first` to `last` make one, with values in it? */
static bool is_broken(const struct normal_index *x, const struct normal *text, size_t first, size_t last)
{
	struct buf form;
	bool got;

	buf_init(&form, JOINED_FORM_MAX);
	got = true;
	for (size_t i = first; i <= last; i++) {
		got = got && (i == last || ends_short(text->sentence[i].text));
		buf_adds(&form, text->sentence[i].form);
	}
	got = got && !form.over && has_values(x, buf_text(&form));
	buf_free(&form);
	return got;
}

bool normal_index_knows(const struct normal_index *x, const struct normal *text, size_t i)
{
	size_t from = i < BROKEN_MAX ? 0 : i - BROKEN_MAX + 1;

	if (normal_index_has(x, &text->sentence[i]))
		return true;
	for (size_t first = from; first <= i; first++)
		for (size_t last = i > first ? i : i + 1; last < text->n && last < first + BROKEN_MAX; last++)
			if (is_broken(x, text, first, last))
				return true;
	return false;
}
