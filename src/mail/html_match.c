/*
 * Selectors: reading and matching them. What browsers know and this does not (":last-child", ":has")
 * makes a rule odd: it is taken to match wherever the rest of its last compound does, and the reader
 * then knows nothing of the element.
 */
#include <ctype.h>
#include <strings.h>

#include "mail/html_sheet.h"

/* What clients put around or onto a message, and style sheets ask for to tell them apart. */
static const struct {
	const char *name;
	int client;
} CLIENTS[] = {
	{ "externalclass", 1 }, { "readmsgbody", 1 }, { "ecxoutlook", 1 }, { "data-ogsc", 2 }, { "data-ogsb", 2 },
	{ "data-ogac", 2 }, { "data-ogab", 2 }, { "data-outlook-cycle", 2 }, { "outlook", 3 },
	{ "messageviewbody", 4 }, { "messagewebviewdiv", 4 }, { "moz-text-html", 5 }, { "yshortcuts", 6 },
	{ "aolreplacedbody", 6 }, { "aolmail", 6 }, { "gmail_quote", 7 }, { "gmail-fix", 7 }, { "data-darkreader-mode", 8 },
};

static int client_of(const char *name)
{
	for (size_t i = 0; i < COUNT(CLIENTS); i++)
		if (strcasecmp(CLIENTS[i].name, name) == 0)
			return CLIENTS[i].client;
	return 0;
}

/* --- reading --- */

struct reading {
	struct arena *a;
	const char *p;
	struct rule *r;
	struct group *g;
	bool invalid;
};

static size_t name_length(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '-' || p[n] == '_' || (unsigned char)p[n] >= 0x80)
		n++;
	/* Names begin with no digit. */
	return isdigit((unsigned char)p[0]) || (p[0] == '-' && (isdigit((unsigned char)p[1]) || n == 1)) ? 0 : n;
}

static const char *take_name(struct reading *k)
{
	size_t n = name_length(k->p);
	const char *name = arena_text_n(k->a, k->p, n);

	k->p += n;
	if (!n)
		k->invalid = true;
	return name;
}

static void skip_blanks(struct reading *k)
{
	while (*k->p == ' ')
		k->p++;
}

/* "[name op value i]" */
static void read_attribute(struct reading *k, struct part *part)
{
	char quote;
	size_t n;

	k->p++;
	skip_blanks(k);
	part->kind = PART_ATTRIBUTE;
	part->name = take_name(k);
	skip_blanks(k);
	if (*k->p == ']') {
		k->p++;
		return;
	}
	part->op = *k->p;
	k->p += *k->p && strchr("~|^$*", *k->p) ? 1 : 0;
	if (*k->p != '=') {
		k->invalid = true;
		return;
	}
	k->p++;
	skip_blanks(k);
	quote = *k->p == '"' || *k->p == '\'' ? *k->p++ : 0;
	n = quote ? strcspn(k->p, quote == '"' ? "\"" : "'") : name_length(k->p);
	part->value = arena_text_n(k->a, k->p, n);
	k->p += n;
	k->invalid = k->invalid || (quote ? *k->p != quote : !n);
	k->p += quote && *k->p;
	skip_blanks(k);
	if ((*k->p == 'i' || *k->p == 'I') && strchr(" ]", k->p[1])) {
		part->any_case = true;
		k->p++;
		skip_blanks(k);
	}
	if (*k->p == ']')
		k->p++;
	else
		k->invalid = true;
}

/* "2n+1", "odd", "3"; p stands behind the bracket. */
static bool read_nth(struct reading *k, struct part *part)
{
	const char *p = k->p;
	char *end;
	long v;

	part->kind = PART_NTH;
	if (strncasecmp(p, "odd)", 4) == 0 || strncasecmp(p, "even)", 5) == 0) {
		part->step = 2;
		part->from = *p == 'o' || *p == 'O';
		k->p = strchr(p, ')') + 1;
		return true;
	}
	v = *p == 'n' ? 1 : strtol(p, &end, 10);
	if (*p != 'n' && (end == p || v > 10000 || v < -10000))
		return false;
	p = *p == 'n' ? p : end;
	if (*p == 'n') {
		part->step = (int)v;
		p++;
		while (*p == ' ' || *p == '+')
			p++;
		v = *p == ')' ? 0 : strtol(p, &end, 10);
		p = *p == ')' ? p : end;
	}
	part->from = (int)v;
	k->p = p + 1;
	return *p == ')' && v < 10000 && v > -10000;
}

static size_t in_brackets(const char *p)
{
	int open = 0;
	size_t n = 0;

	if (*p != '(')
		return 0;
	do {
		open += (p[n] == '(') - (p[n] == ')');
		n++;
	} while (p[n] && open);
	return n;
}

static bool read_part(struct reading *k, struct part *part);

static bool pseudo_is(struct reading *k, const char *name)
{
	size_t n = strlen(name);

	if (strncasecmp(k->p, name, n) != 0 || isalnum((unsigned char)k->p[n]) || k->p[n] == '-')
		return false;
	k->p += n;
	return true;
}

/* ":first-child" and the like. False: it says nothing about the element itself, or cannot be followed. */
static bool read_pseudo(struct reading *k, struct part *part)
{
	static const char *const TOUCHED[] = { "hover", "active", "focus", "focus-within", "focus-visible" };
	static const char *const KNOWN[] = { "last-child", "only-child", "first-of-type", "last-of-type",
					     "only-of-type", "nth-of-type", "nth-last-child", "nth-last-of-type",
					     "empty", "target", "checked", "disabled", "enabled", "lang", "not" };

	k->p++;
	for (size_t i = 0; i < COUNT(TOUCHED); i++)
		if (pseudo_is(k, TOUCHED[i])) {
			k->g->state = STATE_TOUCHED;
			return false;
		}
	if (pseudo_is(k, "visited")) {
		k->g->state = STATE_VISITED;
		*part = (struct part){ .kind = PART_LINK };
		return true;
	}
	if (pseudo_is(k, "link") || pseudo_is(k, "any-link")) {
		if (k->p[-5] == ':')
			k->g->state = STATE_FRESH;
		*part = (struct part){ .kind = PART_LINK };
		return true;
	}
	if (pseudo_is(k, "root")) {
		*part = (struct part){ .kind = PART_ROOT };
		return true;
	}
	if (pseudo_is(k, "first-child")) {
		*part = (struct part){ .kind = PART_NTH, .from = 1 };
		return true;
	}
	if (strncasecmp(k->p, "nth-child(", 10) == 0) {
		k->p += 10;
		if (read_nth(k, part))
			return true;
	} else if (strncasecmp(k->p, "not(", 4) == 0) {
		const char *from = k->p;

		k->p += 4;
		if (*k->p != ':' && read_part(k, part) && *k->p == ')' && !part->not) {
			part->not = true;
			k->p++;
			return true;
		}
		k->p = from;
	}
	k->r->odd = true;
	for (size_t i = 0; i < COUNT(KNOWN); i++)
		if (pseudo_is(k, KNOWN[i])) {
			k->p += in_brackets(k->p);
			return false;
		}
	k->invalid = true;
	k->p += strcspn(k->p, " >+~(");
	k->p += in_brackets(k->p);
	return false;
}

static bool read_part(struct reading *k, struct part *part)
{
	*part = (struct part){ 0 };
	if (*k->p == '.' || *k->p == '#') {
		part->kind = *k->p++ == '.' ? PART_CLASS : PART_ID;
		part->name = take_name(k);
		return true;
	}
	if (*k->p == '[') {
		read_attribute(k, part);
		return true;
	}
	if (*k->p == ':')
		return read_pseudo(k, part);
	if (name_length(k->p)) {
		part->kind = PART_TYPE;
		part->name = take_name(k);
		return true;
	}
	k->invalid = true;
	k->p += *k->p != '\0';
	return false;
}

/* "::before": what stands there is no element. */
static bool read_pseudo_element(struct reading *k)
{
	static const struct {
		const char *name;
		enum pseudo pseudo;
	} NAMES[] = { { "before", PSEUDO_BOX }, { "after", PSEUDO_BOX }, { "selection", PSEUDO_NOTHING },
		      { "placeholder", PSEUDO_NOTHING }, { "marker", PSEUDO_NOTHING }, { "first-line", PSEUDO_TEXT },
		      { "first-letter", PSEUDO_TEXT } };
	bool twice = k->p[0] == ':' && k->p[1] == ':';
	const char *from = k->p;

	if (*k->p != ':')
		return false;
	k->p += twice ? 2 : 1;
	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (pseudo_is(k, NAMES[i].name) && (!*k->p || *k->p == ':')) {
			k->r->pseudo = NAMES[i].pseudo;
			k->r->odd = true;
			return true;
		}
	if (!twice) {
		k->p = from;
		return false;
	}
	k->r->odd = k->invalid = true;
	k->p += strcspn(k->p, " >+~");
	return true;
}

static int read_compound(struct reading *k, struct compound *c)
{
	int client = 0;

	if (name_length(k->p))
		c->type = take_name(k);
	else if (*k->p == '*')
		k->p++;
	while (*k->p && !strchr(" >+~", *k->p)) {
		struct part part;

		if (read_pseudo_element(k))
			continue;
		if (!read_part(k, &part))
			continue;
		if (part.name && part.kind != PART_TYPE && !part.not && client_of(part.name))
			client = client_of(part.name);
		if (c->n == PARTS_MAX)
			k->r->odd = true;
		else
			c->part[c->n++] = part;
	}
	return client;
}

static unsigned weight(const struct rule *r)
{
	unsigned ids = 0, classes = 0, types = 0;

	for (int i = 0; i < r->n; i++) {
		types += r->compound[i].type != NULL;
		for (int k = 0; k < r->compound[i].n; k++) {
			const struct part *p = &r->compound[i].part[k];

			*(p->kind == PART_ID ? &ids : p->kind == PART_TYPE ? &types : &classes) += 1;
		}
	}
	return ids << 16 | classes << 8 | types;
}

/* A client puts what stands before `keep` there by itself. */
static void drop_before(struct rule *r, int keep)
{
	memmove(r->compound, r->compound + keep, sizeof(*r->compound) * (size_t)(r->n - keep));
	r->n -= keep;
	r->compound[0].join = ' ';
}

void selector_read(struct arena *a, const char *text, struct rule *r, struct group *g, bool *invalid)
{
	struct reading k = { .a = a, .p = text, .r = r, .g = g };
	int client = 0, inside = 0;
	bool first = true;

	skip_blanks(&k);
	while (*k.p) {
		char join = ' ';

		if (*k.p == '>' || *k.p == '+' || *k.p == '~') {
			join = *k.p++;
			k.invalid = k.invalid || first;
			skip_blanks(&k);
		}
		if (!*k.p || strchr(">+~,", *k.p)) {
			k.invalid = true;
			break;
		}
		if (r->n == COMPOUNDS_MAX) {
			r->odd = true;
			drop_before(r, 1);
		}
		r->compound[r->n] = (struct compound){ .join = join };
		client = read_compound(&k, &r->compound[r->n]);
		/* "u + .body": a client that puts its own doctype's <u> before the body. */
		if (first && r->compound[0].type && strcasecmp(r->compound[0].type, "u") == 0 && !r->compound[0].n)
			client = 9;
		r->n++;
		first = false;
		skip_blanks(&k);
		if (client && *k.p) {
			g->client = client;
			inside = r->n;
		}
	}
	r->specificity = weight(r);
	if (inside && inside < r->n)
		drop_before(r, inside);
	*invalid = *invalid || k.invalid || !r->n;
	r->odd = r->odd || k.invalid;
}

/* --- matching --- */

static const char *attribute(const struct element *el, const char *name)
{
	for (const char *const *at = el->atts; at && at[0]; at += 2)
		if (strcasecmp(at[0], name) == 0)
			return at[1] ? at[1] : "";
	return NULL;
}

static bool same(const char *x, const char *y, size_t n, bool any_case)
{
	return any_case ? strncasecmp(x, y, n) == 0 : memcmp(x, y, n) == 0;
}

static bool has_word(const char *words, const char *word, bool any_case)
{
	size_t n = strlen(word);

	for (const char *p = words; n && p && *p;) {
		size_t len = strcspn(p, " \t\r\n\f");

		if (len == n && same(p, word, n, any_case))
			return true;
		p += len;
		p += strspn(p, " \t\r\n\f");
	}
	return false;
}

static bool value_matches(const struct part *p, const char *have, bool any_case)
{
	size_t n, len;

	if (!have || !p->op)
		return have != NULL;
	any_case = any_case || p->any_case;
	n = strlen(p->value);
	len = strlen(have);
	if (p->op == '~')
		return has_word(have, p->value, any_case);
	if (p->op != '=' && p->op != '|' && !n)
		return false;
	if (n > len)
		return false;
	switch (p->op) {
	case '^':
		return same(have, p->value, n, any_case);
	case '$':
		return same(have + len - n, p->value, n, any_case);
	case '*':
		for (size_t i = 0; i + n <= len; i++)
			if (same(have + i, p->value, n, any_case))
				return true;
		return false;
	case '|':
		return same(have, p->value, n, any_case) && (!have[n] || have[n] == '-');
	default:
		return n == len && same(have, p->value, n, any_case);
	}
}

static bool nth_matches(const struct part *p, int index)
{
	int past = index - p->from;

	return p->step ? past % p->step == 0 && past / p->step >= 0 : past == 0;
}

static bool part_matches(const struct part *p, const struct element *el, bool any_case)
{
	switch (p->kind) {
	case PART_CLASS:
		return has_word(el->classes, p->name, any_case);
	case PART_ID:
		return el->id && (any_case ? strcasecmp(el->id, p->name) : strcmp(el->id, p->name)) == 0;
	case PART_ATTRIBUTE:
		return value_matches(p, attribute(el, p->name), any_case);
	case PART_TYPE:
		return strcasecmp(p->name, el->name) == 0;
	case PART_NTH:
		return nth_matches(p, el->index);
	case PART_LINK:
		return attribute(el, "href") && (strcasecmp(el->name, "a") == 0 || strcasecmp(el->name, "area") == 0);
	default:
		return !el->parent;
	}
}

static bool compound_matches(const struct compound *c, const struct element *el, bool any_case)
{
	if (c->type && strcasecmp(c->type, el->name) != 0)
		return false;
	for (int i = 0; i < c->n; i++)
		if (part_matches(&c->part[i], el, any_case) == c->part[i].not)
			return false;
	return true;
}

/* Does compound `i`, with all before it, fit the element? */
static bool fits(const struct rule *r, int i, const struct element *el, bool any_case, unsigned *steps)
{
	const struct compound *c = &r->compound[i];

	if (++*steps > STEPS_MAX || !compound_matches(c, el, any_case))
		return false;
	if (i == 0)
		return true;
	switch (c->join) {
	case '>':
		return el->parent && fits(r, i - 1, el->parent, any_case, steps);
	case '+':
		return el->before && fits(r, i - 1, el->before, any_case, steps);
	case '~':
		for (el = el->before; el; el = el->before)
			if (fits(r, i - 1, el, any_case, steps))
				return true;
		return false;
	default:
		for (el = el->parent; el; el = el->parent)
			if (fits(r, i - 1, el, any_case, steps))
				return true;
		return false;
	}
}

enum match selector_matches(const struct rule *r, const struct element *el, unsigned *steps)
{
	if (!r->n)
		return MATCH_NOT;
	if (r->odd) {
		++*steps;
		return compound_matches(&r->compound[r->n - 1], el, true) ? MATCH_MAYBE : MATCH_NOT;
	}
	/* Classes are told by their case, but not in pages of quirks mode; the values of some attributes are not. */
	if (!fits(r, r->n - 1, el, true, steps))
		return MATCH_NOT;
	return fits(r, r->n - 1, el, false, steps) ? MATCH_YES : MATCH_MAYBE;
}
