/*
 * Reading style sheets and matching selectors. A selector is followed through type, class, id,
 * descendant and child; one that asks for more (":visited", "[data-x]") is taken to match wherever its
 * last part does, in a world of its own, so that it can hide text but never bring it back. Each media
 * query is a world too.
 */
#include "mail/html_sheet.h"

#include <ctype.h>
#include <strings.h>

#define CSS_MAX ((size_t)128 * 1024)
#define ANCESTORS_MAX 128 /* more than the HTML reader opens */

struct sheet *sheet_new(struct arena *a, bool dark)
{
	struct sheet *s = ARENA_NEW(a, struct sheet);

	s->a = a;
	s->worlds = 1;
	s->dark_page = dark;
	s->condition[0] = "";
	return s;
}

/* --- reading rules --- */

static int world_of(struct sheet *s, const char *condition)
{
	for (int i = 0; i < s->worlds; i++)
		if (strcmp(s->condition[i], condition) == 0)
			return i;
	/* Two places are kept for "all conditions" and the dark canvas. */
	if (s->worlds >= WORLDS_MAX - 2) {
		s->full = true;
		return 0;
	}
	s->condition[s->worlds] = condition;
	return s->worlds++;
}

static size_t name_length(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '-' || p[n] == '_' || (unsigned char)p[n] >= 0x80)
		n++;
	return n;
}

/* Reads one compound at p. *odd: it asks for more than type, class and id. Returns where it ends. */
static const char *read_compound(struct sheet *s, const char *p, struct compound *c, bool *odd)
{
	size_t n = name_length(p);

	if (n)
		c->type = arena_text_n(s->a, p, n);
	p += n;
	if (*p == '*')
		p++;
	while (*p && !strchr(" >", *p)) {
		n = *p == '.' || *p == '#' ? name_length(p + 1) : 0;
		if (n && c->n < NAMES_MAX) {
			c->names[c->n++] = arena_text_n(s->a, p, n + 1);
			p += n + 1;
		} else if (strcmp(p, ":root") == 0 && !c->type) {
			c->type = "html";
			p += 5;
		} else {
			*odd = true;
			p += strcspn(p, " >") + (size_t)(strcspn(p, " >") == 0);
		}
	}
	return p;
}

static unsigned weight(const struct rule *r)
{
	unsigned ids = 0, classes = 0, types = 0;

	for (int i = 0; i < r->n; i++) {
		types += r->compound[i].type != NULL;
		for (int k = 0; k < r->compound[i].n; k++)
			*(r->compound[i].names[k][0] == '#' ? &ids : &classes) += 1;
	}
	return ids << 16 | classes << 8 | types;
}

/* Reads one selector into a rule. *odd: it can be followed only roughly; then just its last part stays. */
static void read_selector(struct sheet *s, const char *text, struct rule *r, bool *odd)
{
	const char *p = text;

	while (*p) {
		bool child = false;

		for (; *p == ' ' || *p == '>'; p++)
			child = child || *p == '>';
		if (!*p)
			break;
		if (*p == '+' || *p == '~' || r->n == COMPOUNDS_MAX) {
			*odd = true;
			r->n = 0;
			p += *p == '+' || *p == '~';
			continue;
		}
		r->compound[r->n] = (struct compound){ .child = child };
		p = read_compound(s, p, &r->compound[r->n], odd);
		r->n++;
	}
	if (*odd && r->n) {
		r->compound[0] = r->compound[r->n - 1];
		r->n = 1;
	}
	r->specificity = weight(r);
}

static bool all_free(const struct css_declaration *d)
{
	for (; d; d = d->next)
		if (d->kind != CSS_FREE && d->kind != CSS_PADDING && d->kind != CSS_SCHEME)
			return false;
	return true;
}

static char *tidy_text(struct arena *a, const char *p, size_t n)
{
	char *out = arena_alloc(a, n + 1), *w = out;

	for (size_t i = 0; i < n; i++) {
		bool blank = isspace((unsigned char)p[i]);

		if (!blank)
			*w++ = p[i];
		else if (w > out && w[-1] != ' ')
			*w++ = ' ';
	}
	if (w > out && w[-1] == ' ')
		w--;
	*w = '\0';
	return out;
}

static void add_rule(struct sheet *s, const char *selector, int world, const struct css_declaration *first,
		     struct style_notes *notes)
{
	struct rule r = { .world = world, .first = first };
	bool odd = false;

	if (strchr(selector, '\\') || strchr(selector, '&')) {
		notes->doubt = "a style selector that cannot be read";
		return;
	}
	read_selector(s, selector, &r, &odd);
	if (odd && all_free(first))
		return;
	if (odd)
		r.world = world_of(s, ":maybe");
	if (s->n == RULES_MAX || s->full) {
		notes->doubt = "more style rules than can be judged";
		return;
	}
	s->rules[s->n++] = r;
}

static void add_rules(struct sheet *s, struct slice selectors, struct slice body, int world,
		      struct style_notes *notes)
{
	const struct css_declaration *first = css_declarations(s->a, body, &notes->doubt);
	const char *p = selectors.p, *end = selectors.p + selectors.n;

	/* A nested rule can reach elements that the outer one does not. */
	if (memchr(body.p, '{', body.n))
		notes->doubt = "nested style rules";
	for (const struct css_declaration *d = first; d; d = d->next)
		if (d->kind == CSS_SCHEME && strstr(d->value, "dark"))
			s->dark_page = true;
	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p)), *stop = comma ? comma : end;
		char *text = tidy_text(s->a, p, (size_t)(stop - p));

		add_rule(s, text[0] == ' ' ? text + 1 : text, world, first, notes);
		p = stop + 1;
	}
}

/* The "}" that closes the block which begins at p (behind its "{"). */
static const char *block_end(const char *p, const char *end)
{
	int depth = 1;

	for (; p < end; p++)
		if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			break;
	return p;
}

static void read_rules(struct sheet *s, struct slice css, int world, struct style_notes *notes);

static void read_at_rule(struct sheet *s, struct slice head, struct slice body, int world, struct style_notes *notes)
{
	const char *text = tidy_text(s->a, head.p, head.n);

	if (strcasestr(text, "@import") || memmem(body.p, body.n, "url(", 4))
		notes->remote = true;
	if (strncasecmp(text, "@media", 6) == 0 && world == 0)
		read_rules(s, body, world_of(s, text), notes);
	else if (strncasecmp(text, "@page", 5) != 0 && strncasecmp(text, "@charset", 8) != 0)
		notes->doubt = arena_printf(s->a, "the style rule \"%.40s\"", text);
	if (s->full)
		notes->doubt = "more media queries than can be judged";
}

static void read_rules(struct sheet *s, struct slice css, int world, struct style_notes *notes)
{
	const char *p = css.p, *end = css.p + css.n;

	while (p < end) {
		const char *open, *close;

		while (p < end && (isspace((unsigned char)*p) || *p == ';' || *p == '}'))
			p++;
		for (open = p; open < end && *open != '{' && !(*open == ';' && *p == '@'); open++)
			;
		if (open == end || *open == ';') {
			if (p < open)
				read_at_rule(s, (struct slice){ p, (size_t)(open - p) }, (struct slice){ "", 0 }, world,
					     notes);
			p = open < end ? open + 1 : end;
			continue;
		}
		close = block_end(open + 1, end);
		struct slice head = { p, (size_t)(open - p) }, body = { open + 1, (size_t)(close - open - 1) };

		if (*p == '@')
			read_at_rule(s, head, body, world, notes);
		else
			add_rules(s, head, body, world, notes);
		p = close < end ? close + 1 : end;
	}
}

void sheet_add(struct sheet *s, struct slice css, struct style_notes *notes)
{
	s->bytes += css.n;
	if (s->bytes > CSS_MAX) {
		notes->doubt = "a style sheet too long to be judged";
		return;
	}
	if (!s->rules)
		s->rules = ARENA_ARRAY(s->a, struct rule, RULES_MAX);
	if (memmem(css.p, css.n, "<!--", 4) || memmem(css.p, css.n, "-->", 3))
		notes->doubt = "a comment around a style sheet";
	read_rules(s, css_without_comments(s->a, css), 0, notes);
}

/* Stable: rules of the same weight keep their order. */
static void sort_rules(struct rule *r, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct rule moved = r[i];
		size_t at = i;

		for (; at && r[at - 1].specificity > moved.specificity; at--)
			r[at] = r[at - 1];
		r[at] = moved;
	}
}

void sheet_ready(struct sheet *s)
{
	bool dark_seen = false;

	sort_rules(s->rules, s->n);
	for (int i = 1; i < s->worlds; i++) {
		s->dark[i] = s->dark_page && strstr(s->condition[i], "dark");
		dark_seen = dark_seen || s->dark[i];
	}
	if (s->worlds > 2) {
		s->all = s->worlds;
		s->condition[s->worlds++] = "all";
	}
	if (s->dark_page && !dark_seen) {
		s->dark[s->worlds] = true;
		s->condition[s->worlds++] = "dark";
	}
}

/* --- matching --- */

static bool has_class(const char *classes, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = classes; p && *p;) {
		size_t len = strcspn(p, " \t\r\n\f");

		if (len == n && strncasecmp(p, name, n) == 0)
			return true;
		p += len;
		p += strspn(p, " \t\r\n\f");
	}
	return false;
}

static bool compound_matches(const struct compound *c, const struct element *el)
{
	if (c->type && strcasecmp(c->type, el->name) != 0)
		return false;
	for (int i = 0; i < c->n; i++) {
		const char *name = c->names[i];

		if (name[0] == '#' ? !el->id || strcasecmp(el->id, name + 1) != 0 : !has_class(el->classes, name + 1))
			return false;
	}
	return true;
}

/* One step outwards: of the ancestors, which can stand for compound `c`? `from`: which stood for the one
   inside it. True if there is one. */
static bool step_out(const struct compound *c, bool child, const struct element *const *line, int n,
		     bool at[ANCESTORS_MAX])
{
	bool next[ANCESTORS_MAX] = { false }, inner = false, any = false;

	for (int i = 0; i < n; i++) {
		if (i && (child ? at[i - 1] : inner) && compound_matches(c, line[i]))
			next[i] = any = true;
		inner = inner || at[i];
	}
	memcpy(at, next, sizeof(next));
	return any;
}

bool rule_matches(const struct rule *r, const struct element *el)
{
	const struct element *line[ANCESTORS_MAX];
	bool at[ANCESTORS_MAX] = { true };
	int n = 0;

	if (r->n == 0 || !compound_matches(&r->compound[r->n - 1], el))
		return false;
	for (; r->n > 1 && el && n < ANCESTORS_MAX; el = el->parent)
		line[n++] = el;
	for (int i = r->n - 1; i > 0; i--)
		if (!step_out(&r->compound[i - 1], r->compound[i].child, line, n, at))
			return false;
	return true;
}
