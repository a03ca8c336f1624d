/*
 * The cascade: what the declarations that reach an element make of text in it. They come in the order of
 * CSS (importance, specificity, place), once for each world; the last one counts, except that a
 * declaration which is not understood is always noted.
 */
#include "mail/html_style.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

#include "mail/html_sheet.h"

#define FONT_LEAST 6.0f /* px; below it nobody reads */
#define FONT_SMALL 9.0f
#define MOVED_OUT 200.0 /* px of indent or offset that take text off the page */

/* What the declarations say before it is judged. */
struct cascade {
	bool none, clipped, overflow, placed, zero, tight;
	double font, opacity, indent, offset;
	bool invisible;
	uint32_t fg, bg;
	bool see_through; /* the text's own colour is */
};

void sheet_root(const struct sheet *s, struct look out[WORLDS_MAX])
{
	memset(out, 0, sizeof(*out) * WORLDS_MAX);
	for (int w = 0; w < s->worlds; w++)
		out[w] = (struct look){ .font = 16, .opacity = 1, .fg = s->dark[w] ? 0xffffff : 0x000000,
					.bg = s->dark[w] ? 0x121212 : 0xffffff,
					.link = s->dark[w] ? 0x9e9eff : 0x0000ee };
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
	char first[64];

	if (n >= sizeof(first))
		return false;
	memcpy(first, v, n);
	first[n] = '\0';
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
