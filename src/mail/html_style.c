/*
 * The cascade: which declarations reach an element, and what text in it looks like. Rules keep the
 * order of CSS (importance, specificity, place). A selector is followed through type, class, id,
 * descendant and child; one that asks for more (":visited", "[data-x]") is taken to match wherever
 * its last part does, in a world of its own, so that it can hide text but never bring it back.
 */
#include "mail/html_style.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

#include "mail/css.h"

#define RULES_MAX 1000
#define CSS_MAX ((size_t)128 * 1024)
#define COMPOUNDS_MAX 8
#define NAMES_MAX 4
#define ANCESTORS_MAX 128 /* more than the HTML reader opens */
#define FONT_LEAST 6.0f /* px; below it nobody reads */
#define FONT_SMALL 9.0f
#define MOVED_OUT 200.0 /* px of indent or offset that take text off the page */

/* One compound selector: "td.note#x". */
struct compound {
	const char *type; /* NULL: any */
	const char *names[NAMES_MAX]; /* with their "." or "#" */
	int n;
	bool child; /* its element stands directly in that of the compound before it */
};

struct rule {
	struct compound compound[COMPOUNDS_MAX];
	int n;
	int world; /* 0: always */
	unsigned specificity;
	const struct css_declaration *first;
};

struct sheet {
	struct arena *a;
	struct rule *rules;
	size_t n;
	size_t bytes;
	const char *condition[WORLDS_MAX]; /* [0] is the page as it stands */
	bool dark[WORLDS_MAX];             /* ... on a dark canvas */
	int worlds;
	bool dark_page;
	bool full;
	int all; /* the world in which every condition holds; 0: none */
};

/* What the declarations say before it is judged. */
struct cascade {
	bool none, clipped, overflow, placed, zero, tight;
	double font, opacity, indent, offset;
	bool invisible;
	uint32_t fg, bg;
	bool see_through; /* the text's own colour is */
};

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

static char *lower_tidy(struct arena *a, const char *p, size_t n)
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

	for (const struct css_declaration *d = first; d; d = d->next)
		if (d->kind == CSS_SCHEME && strstr(d->value, "dark"))
			s->dark_page = true;
	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p)), *stop = comma ? comma : end;
		char *text = lower_tidy(s->a, p, (size_t)(stop - p));

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
	const char *text = lower_tidy(s->a, head.p, head.n);

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
		const char *open = p, *close;

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

void sheet_root(const struct sheet *s, struct look out[WORLDS_MAX])
{
	for (int w = 0; w < s->worlds; w++)
		out[w] = (struct look){ .font = 16, .opacity = 1, .fg = s->dark[w] ? 0xffffff : 0x000000,
					.bg = s->dark[w] ? 0x121212 : 0xffffff,
					.link = s->dark[w] ? 0x9e9eff : 0x0000ee };
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

static bool rule_matches(const struct rule *r, const struct element *el)
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

/* --- the cascade --- */

static bool is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(value, *words) == 0)
			return true;
	return false;
}

static void note_doubt(const struct sheet *s, const struct css_declaration *d, struct style_notes *notes)
{
	if (!notes->doubt)
		notes->doubt = arena_printf(s->a, "the style \"%.40s: %.60s\"", d->name, d->value);
}

static bool font_word(const char *v, double outer, double *px)
{
	static const struct {
		const char *word;
		double px;
	} SIZES[] = { { "xx-small", 9 }, { "x-small", 10 }, { "small", 13 }, { "medium", 16 }, { "large", 18 },
		      { "x-large", 24 }, { "xx-large", 32 }, { "initial", 16 } };

	for (size_t i = 0; i < COUNT(SIZES); i++)
		if (strcmp(v, SIZES[i].word) == 0) {
			*px = SIZES[i].px;
			return true;
		}
	*px = strcmp(v, "smaller") == 0 ? outer / 1.2 : strcmp(v, "larger") == 0 ? outer * 1.2 : outer;
	return strcmp(v, "smaller") == 0 || strcmp(v, "larger") == 0 || strcmp(v, "inherit") == 0;
}

static bool set_font(struct cascade *c, const char *v, double outer)
{
	double px;

	if (!font_word(v, outer, &px) && !css_length(v, outer, outer, &px))
		return false;
	c->font = px;
	return true;
}

/* "italic bold 14px/1.5 Arial, sans-serif": the size is the word that begins with a digit. */
static bool set_font_shorthand(const struct sheet *s, struct cascade *c, const char *v, double outer)
{
	if (strcmp(v, "inherit") == 0)
		return true;
	for (const char *p = v; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " "), size = strcspn(p, " /");
		bool weight_only = n == 3 && p[1] == '0' && p[2] == '0';

		if ((isdigit((unsigned char)*p) || *p == '.') && !weight_only)
			return set_font(c, arena_text_n(s->a, p, size), outer);
		p += n;
	}
	return false;
}

static bool set_color(struct cascade *c, const char *v, const struct look *outer)
{
	uint32_t rgb;
	double alpha;

	if (strcmp(v, "inherit") == 0 || strcmp(v, "currentcolor") == 0) {
		c->fg = outer->fg;
		return true;
	}
	if (strcmp(v, "linktext") == 0) {
		c->fg = outer->link;
		return true;
	}
	if (!css_color(v, &rgb, &alpha))
		return false;
	/* The background may still change in the cascade: what is hardly there is not there. */
	c->see_through = alpha < 0.5;
	c->fg = alpha < 1 ? css_blend(rgb, c->bg, alpha) : rgb;
	return true;
}

static bool set_background(struct cascade *c, const char *v, const struct look *outer)
{
	static const char *const NOTHING[] = { "none", "transparent", "inherit", "initial", "0 0", NULL };
	size_t n = strcspn(v, "(") < strlen(v) ? strlen(v) : strcspn(v, " ");
	uint32_t rgb;
	double alpha;

	if (is_one_of(v, NOTHING)) {
		c->bg = outer->bg;
		return true;
	}
	if (v[n] == ' ' && strcmp(v + n, " none") != 0)
		return false;
	char first[64] = "";

	if (n >= sizeof(first))
		return false;
	memcpy(first, v, n);
	if (!css_color(first, &rgb, &alpha))
		return false;
	c->bg = css_blend(rgb, outer->bg, alpha);
	return true;
}

/* Each length of a shorthand within [least, most]; words such as "auto" and "solid" are fine. */
static bool lengths_within(const char *v, double em, double least, double most)
{
	char word[32];

	for (const char *p = v; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		double px;

		if (n < sizeof(word)) {
			memcpy(word, p, n);
			word[n] = '\0';
			if (css_length(word, em, 600, &px) && (px < least || px > most))
				return false;
		}
		p += n;
	}
	return true;
}

static bool set_size(struct cascade *c, const char *v)
{
	double px;
	static const char *const WORDS[] = { "auto", "none", "inherit", "initial", "100%", NULL };

	if (is_one_of(v, WORDS))
		return true;
	if (!css_length(v, c->font, 600, &px))
		return false;
	if (px < 1)
		c->zero = true;
	c->tight = true;
	return true;
}

static bool set_display(struct cascade *c, const char *v)
{
	static const char *const SHOWN[] = { "block", "inline", "inline-block", "table", "inline-table",
					     "table-row", "table-cell", "table-row-group", "table-header-group",
					     "table-footer-group", "table-caption", "list-item", NULL };

	c->none = strcmp(v, "none") == 0;
	return c->none || is_one_of(v, SHOWN);
}

static bool set_place(struct cascade *c, const struct css_declaration *d, struct style_notes *notes)
{
	double px;

	if (d->kind == CSS_POSITION) {
		if (strcmp(d->value, "static") == 0 || strcmp(d->value, "relative") == 0)
			return true;
		c->placed = true;
		notes->covers = true;
		return false;
	}
	if (strcmp(d->value, "auto") == 0 || (css_length(d->value, c->font, 600, &px) && fabs(px) < 0.5))
		return true;
	if (css_length(d->value, c->font, 600, &px))
		c->offset = fmax(c->offset, fabs(px));
	notes->covers = true;
	return false;
}

static bool set_number(double *out, const char *v)
{
	double px;

	if (!css_length(v, 1, 1, &px))
		return false;
	*out = px;
	return true;
}

static bool set_box(struct cascade *c, const struct css_declaration *d, struct style_notes *notes)
{
	bool fine = true;

	if (d->kind == CSS_MARGIN) {
		fine = lengths_within(d->value, c->font, 0, 1000);
		notes->covers = notes->covers || !fine;
	} else if (d->kind == CSS_PADDING || d->kind == CSS_LEAST) {
		fine = lengths_within(d->value, c->font, 0, 1000);
	} else if (d->kind == CSS_SPACING) {
		fine = lengths_within(d->value, c->font, -0.5, 20);
	} else if (d->kind == CSS_LINE_HEIGHT) {
		double px = 0;
		bool plain = css_length(d->value, 16, 16, &px) && !d->value[strspn(d->value, "+-.0123456789")];

		fine = strcmp(d->value, "normal") == 0 || strcmp(d->value, "inherit") == 0 || (plain && px >= 0.9) ||
		       (!plain && px >= 9);
	}
	return fine;
}

static bool set_shown(struct cascade *c, const struct css_declaration *d)
{
	const char *v = d->value;

	switch (d->kind) {
	case CSS_VISIBILITY:
		c->invisible = strcmp(v, "hidden") == 0 || strcmp(v, "collapse") == 0;
		return c->invisible || strcmp(v, "visible") == 0;
	case CSS_OPACITY:
		return set_number(&c->opacity, v);
	case CSS_OVERFLOW:
		c->overflow = strcmp(v, "visible") != 0;
		return true;
	case CSS_CLIP:
		c->clipped = strcmp(v, "auto") != 0 && strcmp(v, "none") != 0;
		return true;
	case CSS_INDENT:
		return css_length(v, c->font, 600, &c->indent);
	case CSS_MSO_HIDE:
		c->none = c->none || strcmp(v, "none") != 0;
		return true;
	default:
		return d->kind == CSS_FREE || d->kind == CSS_SCHEME;
	}
}

static bool apply_one(const struct sheet *s, struct cascade *c, const struct css_declaration *d,
		      const struct look *outer, struct style_notes *notes)
{
	switch (d->kind) {
	case CSS_DISPLAY:
		return set_display(c, d->value);
	case CSS_FONT_SIZE:
		return set_font(c, d->value, outer->font);
	case CSS_FONT:
		return set_font_shorthand(s, c, d->value, outer->font);
	case CSS_COLOR:
		return set_color(c, d->value, outer);
	case CSS_BACKGROUND:
		return set_background(c, d->value, outer);
	case CSS_POSITION:
	case CSS_OFFSET:
		return set_place(c, d, notes);
	case CSS_HEIGHT:
	case CSS_WIDTH:
		return set_size(c, d->value);
	case CSS_MARGIN:
	case CSS_PADDING:
	case CSS_LEAST:
	case CSS_SPACING:
	case CSS_LINE_HEIGHT:
		return set_box(c, d, notes);
	default:
		return set_shown(c, d);
	}
}

static void apply(const struct sheet *s, struct cascade *c, const struct css_declaration *d, bool important,
		  const struct look *outer, struct style_notes *notes)
{
	for (; d; d = d->next) {
		if (d->important != important)
			continue;
		if (strstr(d->value, "url(") || strstr(d->value, "@import"))
			notes->remote = true;
		if (!apply_one(s, c, d, outer, notes))
			note_doubt(s, d, notes);
	}
}

static struct look judge(const struct cascade *c, const struct look *outer, struct style_notes *notes)
{
	struct look out = { .font = (float)c->font, .opacity = outer->opacity * (float)fmin(fmax(c->opacity, 0), 1),
			    .fg = c->fg, .bg = c->bg, .link = outer->link, .invisible = c->invisible, .hidden = outer->hidden };

	if (c->none || c->clipped || c->see_through || fabs(c->indent) >= MOVED_OUT || c->offset >= MOVED_OUT ||
	    c->zero)
		out.hidden = true;
	else if (c->tight && c->overflow && !notes->doubt)
		notes->doubt = "a box of fixed size that cuts off what does not fit";
	if (c->indent < 0 && !out.hidden && !notes->doubt)
		notes->doubt = "a negative indent";
	return out;
}

static bool rule_counts(const struct sheet *s, const struct rule *r, int world)
{
	return r->world == 0 || r->world == world || (s->all && world == s->all);
}

static struct look look_in(const struct sheet *s, int w, const struct rule *const *hit, size_t n,
			   const struct css_declaration *hints, const struct css_declaration *own,
			   const struct look *outer, struct style_notes *notes)
{
	struct cascade c = { .font = outer->font, .opacity = 1, .fg = outer->fg, .bg = outer->bg,
			     .invisible = outer->invisible };

	apply(s, &c, hints, false, outer, notes);
	for (int important = 0; important < 2; important++) {
		for (size_t i = 0; i < n; i++)
			if (rule_counts(s, hit[i], w))
				apply(s, &c, hit[i]->first, important, outer, notes);
		apply(s, &c, own, important, outer, notes);
	}
	return judge(&c, outer, notes);
}

void sheet_look(const struct sheet *s, const struct element *el, const char *style, const char *hints,
		const struct look outer[WORLDS_MAX], struct look out[WORLDS_MAX], struct style_notes *notes)
{
	const struct css_declaration *own = NULL, *hinted = NULL;
	const struct rule *hit[RULES_MAX];
	size_t n = 0;

	if (hints)
		hinted = css_declarations(s->a, slice_of(hints), &notes->doubt);
	if (style)
		own = css_declarations(s->a, css_without_comments(s->a, slice_of(style)), &notes->doubt);
	for (size_t i = 0; i < s->n; i++)
		if (rule_matches(&s->rules[i], el))
			hit[n++] = &s->rules[i];
	for (int w = 0; w < s->worlds; w++)
		out[w] = n || own || hinted ? look_in(s, w, hit, n, hinted, own, &outer[w], notes) : outer[w];
}

enum sight sheet_sight(const struct sheet *s, const struct look look[WORLDS_MAX])
{
	enum sight sight = SIGHT_CLEAR;

	for (int w = 0; w < s->worlds; w++) {
		const struct look *l = &look[w];
		double contrast = css_contrast(css_blend(l->fg, l->bg, l->opacity), l->bg);

		if (l->hidden || l->invisible || l->font < FONT_LEAST || contrast < 3)
			return SIGHT_NONE;
		if (contrast < 4.5 || l->font < FONT_SMALL)
			sight = SIGHT_FAINT;
	}
	return sight;
}
