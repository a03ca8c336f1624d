/*
 * Media queries: see css_media.h. A recursive descent over "not", "and", "or", commas and brackets; the
 * same walk notes what is asked and answers it. What does not follow the grammar is an unknown as a
 * whole: browsers say that it never holds, mail clients may think otherwise.
 */
#include "mail/css_media.h"

#include "mail/css.h"

#define NESTED_MAX 6

struct walk {
	struct arena *a;
	struct css_media *note;      /* NULL when answering */
	const struct css_media *m;
	const struct css_world *w;   /* NULL when noting */
	const char *p;
	int depth;
	bool bad;
};

static void skip(struct walk *k)
{
	while (*k->p == ' ')
		k->p++;
}

/* Takes `word` if it stands there by itself. */
static bool take(struct walk *k, const char *word)
{
	size_t n = strlen(word);

	skip(k);
	if (strncmp(k->p, word, n) != 0 || (k->p[n] && !strchr(" ,)\n", k->p[n])))
		return false;
	k->p += n;
	return true;
}

static void note_limit(struct css_media *m, bool device, double px)
{
	double *list = device ? m->device : m->width;
	int *n = device ? &m->n_devices : &m->n_widths;

	for (int i = 0; i < *n; i++)
		if (list[i] == px)
			return;
	if (*n == MEDIA_WIDTHS_MAX)
		m->full = true;
	else
		list[(*n)++] = px;
}

static bool unknown(struct walk *k, const char *text, size_t n)
{
	for (int i = 0; i < k->m->n_unknown; i++)
		if (strlen(k->m->unknown[i]) == n && memcmp(k->m->unknown[i], text, n) == 0)
			return k->w && (k->w->unknown >> i & 1);
	if (k->note && k->note->n_unknown == MEDIA_UNKNOWN_MAX)
		k->note->full = true;
	else if (k->note)
		k->note->unknown[k->note->n_unknown++] = arena_text_n(k->a, text, n);
	return false;
}

enum order { LESS, LESS_EQUAL, MORE, MORE_EQUAL, EQUAL };

static bool compare(struct walk *k, bool device, enum order o, double px)
{
	double have;

	if (k->note)
		note_limit(k->note, device, px);
	if (!k->w)
		return false;
	have = device ? k->w->device : k->w->width;
	switch (o) {
	case LESS:
		return have < px;
	case LESS_EQUAL:
		return have <= px;
	case MORE:
		return have > px;
	case MORE_EQUAL:
		return have >= px;
	default:
		return have == px;
	}
}

static bool read_px(const char *text, size_t n, double *px)
{
	char plain[24];

	while (n && *text == ' ')
		text++, n--;
	while (n && text[n - 1] == ' ')
		n--;
	if (!n || n >= sizeof(plain))
		return false;
	memcpy(plain, text, n);
	plain[n] = '\0';
	return css_length(plain, &(struct css_base){ .em = 16, .rem = 16, .percent = -1, .vw = -1 }, px);
}

/* "min-width:600px", "max-device-width:30em", "width:400px". */
static bool read_width(struct walk *k, const char *text, size_t n, bool *answer)
{
	const char *colon = memchr(text, ':', n), *name = text;
	size_t len = colon ? (size_t)(colon - text) : 0;
	enum order o = EQUAL;
	bool device;
	double px;

	while (len && name[len - 1] == ' ')
		len--;
	if (len > 4 && (memcmp(name, "min-", 4) == 0 || memcmp(name, "max-", 4) == 0)) {
		o = name[1] == 'i' ? MORE_EQUAL : LESS_EQUAL;
		name += 4;
		len -= 4;
	}
	device = len == 12 && memcmp(name, "device-width", 12) == 0;
	if (!colon || (!device && (len != 5 || memcmp(name, "width", 5) != 0)) ||
	    !read_px(colon + 1, n - (size_t)(colon + 1 - text), &px))
		return false;
	*answer = compare(k, device, o, px);
	return true;
}

static enum order order_of(const char *p, bool turned)
{
	bool less = (*p == '<') != turned;

	if (*p == '=')
		return EQUAL;
	return p[1] == '=' ? (less ? LESS_EQUAL : MORE_EQUAL) : (less ? LESS : MORE);
}

static size_t order_length(const char *p)
{
	return *p != '=' && p[1] == '=' ? 2 : 1;
}

/* "400px <= width < 700px", "width > 600px" */
static bool read_range(struct walk *k, const char *text, size_t n, bool *answer)
{
	const char *end = text + n, *w = memmem(text, n, "width", 5), *left, *right;
	double px;

	if (!w || (w > text && w[-1] == '-'))
		return false;
	*answer = true;
	left = memchr(text, '<', (size_t)(w - text));
	left = left ? left : memchr(text, '>', (size_t)(w - text));
	if (left) {
		if (!read_px(text, (size_t)(left - text), &px))
			return false;
		*answer = compare(k, false, order_of(left, true), px);
	}
	for (right = w + 5; right < end && *right == ' '; right++)
		;
	if (right == end)
		return left != NULL;
	if (!strchr("<>=", *right) || (!left && w > text) ||
	    !read_px(right + order_length(right), (size_t)(end - right) - order_length(right), &px))
		return false;
	if (!compare(k, false, order_of(right, false), px))
		*answer = false;
	return true;
}

static bool is_text(const char *p, size_t n, const char *want)
{
	for (; n; p++, n--) {
		if (*p == ' ')
			continue;
		if (*p != *want)
			return false;
		want++;
	}
	return !*want;
}

static bool feature(struct walk *k, const char *text, size_t n)
{
	bool answer;

	if (is_text(text, n, "prefers-color-scheme:dark") || is_text(text, n, "prefers-color-scheme:light")) {
		if (k->note)
			k->note->asks_dark = true;
		return k->w && k->w->dark == (memmem(text, n, "dark", 4) != NULL);
	}
	if (read_width(k, text, n, &answer) || read_range(k, text, n, &answer))
		return answer;
	return unknown(k, text, n);
}

static bool either(struct walk *k);

/* "(...)": a feature, or conditions in brackets. */
static bool bracket(struct walk *k)
{
	const char *from;
	bool answer;
	int open = 1;

	skip(k);
	if (*k->p != '(' || ++k->depth > NESTED_MAX) {
		k->bad = true;
		return false;
	}
	from = ++k->p;
	skip(k);
	if (*k->p == '(' || strncmp(k->p, "not ", 4) == 0) {
		answer = either(k);
		skip(k);
		k->bad = k->bad || *k->p != ')';
		k->p += *k->p == ')';
	} else {
		for (; *k->p && open; k->p++)
			open += (*k->p == '(') - (*k->p == ')');
		k->bad = k->bad || open;
		answer = !open && feature(k, from, (size_t)(k->p - 1 - from));
	}
	k->depth--;
	return answer;
}

static bool negated(struct walk *k)
{
	bool not = take(k, "not");

	return bracket(k) != not;
}

/* Conditions joined by "and" or "or". */
static bool either(struct walk *k)
{
	bool answer = negated(k), next;

	while (!k->bad) {
		if (take(k, "and")) {
			next = negated(k);
			answer = answer && next;
		} else if (take(k, "or")) {
			next = negated(k);
			answer = answer || next;
		} else {
			break;
		}
	}
	return answer;
}

static bool medium(struct walk *k)
{
	if (take(k, "all"))
		return true;
	if (take(k, "screen"))
		return k->w && !k->w->print;
	if (take(k, "print")) {
		if (k->note)
			k->note->asks_print = true;
		return k->w && k->w->print;
	}
	k->bad = true;
	return false;
}

/* One query of a list. */
static bool query(struct walk *k)
{
	bool not = false, answer, next;

	skip(k);
	if (*k->p == '(' || strncmp(k->p, "not (", 5) == 0)
		return either(k);
	if (take(k, "not"))
		not = true;
	else
		(void)take(k, "only");
	answer = medium(k);
	while (!k->bad && take(k, "and")) {
		next = negated(k);
		answer = answer && next;
	}
	return answer != not;
}

static bool any(struct walk *k, const char *text)
{
	bool answer = false, next;

	k->p = text;
	skip(k);
	if (!*k->p || *k->p == '\n')
		return true;
	for (;;) {
		next = query(k);
		answer = answer || next;
		skip(k);
		if (k->bad || *k->p != ',')
			break;
		k->p++;
	}
	if (k->bad || (*k->p && *k->p != '\n'))
		return unknown(k, text, strcspn(text, "\n"));
	return answer;
}

void css_media_note(struct arena *a, struct css_media *m, const char *text)
{
	struct walk k = { .a = a, .note = m, .m = m };

	/* "screen" is asked about paper too. */
	if (strstr(text, "screen"))
		m->asks_print = true;
	(void)any(&k, text);
}

bool css_media_holds(const struct css_media *m, const char *text, const struct css_world *w)
{
	struct walk k = { .m = m, .w = w };

	return any(&k, text);
}
