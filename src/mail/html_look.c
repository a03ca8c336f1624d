/*
 * Looks: what the declarations of an element make of text in it, in each world, and whether such text
 * can be read. Nothing is laid out here. Instead bounds are kept: how wide a box surely is, which
 * backgrounds may stand behind text, whether what does not fit is cut off; text counts as seen if it is
 * seen wherever within those bounds it stands.
 */
#include <math.h>

#include "mail/html_cascade.h"

#define FONT_LEAST 6.0f /* px; below it nobody reads */
#define FONT_SMALL 9.0f
#define LINES_LEAST 0.9 /* times the font; lines that are closer run into each other */
#define HEIGHT_ANY 5000 /* px; a box so high cuts nothing off */

void sheet_root(const struct sheet *s, struct look out[WORLDS_MAX])
{
	memset(out, 0, sizeof(*out) * WORLDS_MAX);
	for (int w = 0; w < s->worlds; w++) {
		uint32_t bg = s->world[w].dark ? 0x121212 : 0xffffff;

		out[w] = (struct look){ .font = 16, .root_font = 16, .line = -1.2f, .alpha = 1, .opacity = 1,
					.fg = s->world[w].dark ? 0xffffff : 0x000000, .bg = bg, .box_bg = bg, .under = bg };
		out[w].room = (float)fmax(s->world[w].w.width, 320);
		out[w].behind[0] = bg;
		out[w].n_behind = 1;
	}
}

int sheet_worlds(const struct sheet *s)
{
	return s->worlds;
}

void sheet_table(const struct sheet *s, const struct look body[WORLDS_MAX], struct look look[WORLDS_MAX])
{
	for (int w = 0; w < s->worlds; w++)
		if (s->world[w].quirk) {
			look[w].fg = body[w].fg;
			look[w].alpha = body[w].alpha;
			look[w].plain_link = body[w].plain_link;
			look[w].font = 16;
			look[w].line = -1.2f;
			look[w].wrap = WRAP_WORDS;
		}
}

/* --- from the cascade to a look --- */

/* Properties that are not in the table: could one of that name move something, or draw over other text? All
   that browsers know today has one of these words in it. */
static bool name_may_cover(const char *name)
{
	static const char *const WORDS[] = {
		"align",  "all",     "anchor",	"animation", "appear",	 "backdrop", "baseline", "blend",   "block",   "border",
		"clip",	  "column",  "contain", "content",   "flex",	 "float",    "font",	 "grid",    "height",  "image",
		"initial", "inline", "inset",	"interpol",  "justify",	 "letter",   "line",	 "margin",  "mask",    "mode",
		"object", "offset",  "order",	"orient",    "outline",	 "over",     "paint",	 "perspect", "place",  "position",
		"reflect", "ruby",   "rotate",	"scale",     "scroll",	 "shadow",   "shape",	 "shift",   "size",    "stroke",
		"text",	  "transform", "translate", "view",  "width",	 "word",     "zoom",	 "filter",  "path",    "box",
		"effect",
	};

	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (strstr(name, WORDS[i]))
			return true;
	return strlen(name) < 3 || strchr(name, '\\');
}

static bool covers(const struct css_declaration *d)
{
	switch (d->kind) {
	case CSS_UNKNOWN:
		return name_may_cover(d->name);
	case CSS_DISPLAY:
	case CSS_VISIBILITY:
	case CSS_OPACITY:
	case CSS_COLOR:
	case CSS_BACKGROUND:
	case CSS_BACKGROUND_COLOR:
	case CSS_WIDTH:
	case CSS_OVERFLOW:
	case CSS_CASE:
	case CSS_FAMILY:
	case CSS_FLOAT:
	case CSS_WHITE_SPACE:
	case CSS_SCHEME:
	case CSS_DIRECTION:
	case CSS_CLIP:
	case CSS_LEAST:
		return false;
	default:
		return true;
	}
}

static void note_doubt(const struct sheet *s, const struct css_declaration *d, struct style_notes *notes)
{
	if (!notes->doubt)
		notes->doubt = arena_printf(s->a, "the style \"%.40s: %.60s\"", d->name, d->value);
	notes->covers = notes->covers || covers(d);
}

static void apply(const struct sheet *s, struct cascade *c, const struct css_declaration *d, bool important, bool fonts,
		  struct style_notes *notes)
{
	for (; d; d = d->next) {
		if (d->important != important)
			continue;
		notes->steps++;
		if (strstr(d->value, "url(") || strstr(d->value, "@import"))
			notes->remote = true;
		if (!cascade_apply(s, c, d, fonts))
			note_doubt(s, d, notes);
	}
}

/* One more background behind what stands in the element. */
static void put_behind(struct look *out, uint32_t bg)
{
	if (out->behind[out->n_behind - 1] == bg)
		return;
	if (out->n_behind == BEHIND_MAX)
		out->unknown_bg = true;
	else
		out->behind[out->n_behind++] = bg;
}

static void judge_background(const struct cascade *c, const struct element *el, struct look *out)
{
	bool block = c->box != BOX_INLINE;

	if (block) {
		out->bg = out->box_bg;
		out->inline_bg = false;
	} else if (out->inline_bg && c->font > c->outer->font * 1.1) {
		/* Letters that stand out of the box of the line. */
		out->leaks = true;
	}
	if (c->floats)
		out->unknown_bg = true;
	if (c->has_bg) {
		out->bg = css_blend(c->bg, out->bg, c->bg_alpha);
		out->leaks = false;
		out->unknown_bg = out->unknown_bg && c->bg_alpha < 1;
		/* The background of the page goes on wherever its text does. */
		if (!el->parent || (strcmp(el->name, "body") == 0 && !c->outer->canvas)) {
			out->behind[0] = out->bg;
			out->n_behind = 1;
			out->canvas = true;
		} else {
			put_behind(out, out->bg);
		}
		if (block)
			out->box_bg = out->bg;
		else
			out->inline_bg = true;
	}
	if (c->opacity < 0.999) {
		if (c->outer->opacity > 0.999f)
			out->under = c->outer->bg;
		out->opacity *= (float)fmin(fmax(c->opacity, 0), 1);
	}
}

/* How wide the element is at most, as far as it can be seen. */
static void judge_width(const struct cascade *c, const struct element *el, struct look *out)
{
	double edge = c->padding[1] + c->padding[3] + c->border[1] + c->border[3];
	double avail = out->room - c->margin[1] - c->margin[3], width = c->width, total;

	out->edge = (float)(edge + c->margin[1] + c->margin[3] + (c->box == BOX_ATOM ? fmax(width, 100) : 0));
	if (c->box == BOX_INLINE) {
		out->room = (float)fmax(0, avail - edge);
		return;
	}
	if (c->max_width > 0 && (width <= 0 || c->max_width < width))
		width = width > 0 || c->max_width < avail ? c->max_width : 0;
	if (c->min_width > width)
		width = fmax(c->min_width, fmin(avail, c->min_width));
	if (!out->grows && (c->box == BOX_TABLE || c->box == BOX_ATOM || c->floats)) {
		out->grows = true;
		out->outside = c->outer->n_behind;
	}
	if (c->box == BOX_CELL || c->box == BOX_ROW) {
		out->spills = out->spills || c->min_width > avail + 1;
		/* Cells grow with what is in them, unless columns are fixed. */
		if (out->fixed && c->box == BOX_CELL)
			avail = width > 0 && width < avail ? width : width > 0 ? avail : avail / 3;
		out->boxed = out->boxed || (out->fixed && c->box == BOX_CELL);
		out->spills = out->spills || (el->index > 1 && c->box == BOX_CELL && out->clips);
		out->room = (float)fmax(0, avail - edge);
		return;
	}
	if (c->box == BOX_TABLE) {
		out->fixed = c->fixed;
		out->mark = c->fixed ? 0 : c->outer->n_behind;
	}
	total = width <= 0 || (c->whole && c->box == BOX_TABLE) || (c->border_box && width > edge) ? width : width + edge;
	out->boxed = out->boxed || c->floats || (c->box == BOX_ATOM && width > 0);
	if (total > avail + 1 && !(c->box == BOX_TABLE && c->whole)) {
		out->spills = true;
		out->leaks = out->leaks || !c->has_bg;
		out->room = (float)fmax(0, fmin(width, avail) - edge);
		return;
	}
	if (width > 0 && width < avail && !(c->box == BOX_TABLE && !c->fixed))
		avail = c->border_box ? width : width + edge;
	out->room = (float)fmax(0, avail - edge);
}

static void judge_height(const struct cascade *c, struct look *out)
{
	double height = c->height > 0 ? c->height : 0;

	if (c->max_height > 0 && (height <= 0 || c->max_height < height))
		height = c->max_height;
	/* The height of a cell, a row, a table is its least; lines take none. */
	if (c->box == BOX_CELL || c->box == BOX_ROW || c->box == BOX_TABLE || c->box == BOX_INLINE || height > HEIGHT_ANY)
		height = 0;
	if (height > 0)
		height = fmax(0.5, height - c->padding[0] - c->padding[2]);
	out->height = (float)height;
}

static struct look judge(const struct cascade *c, const struct element *el)
{
	struct look out = *c->outer;

	out.font = (float)c->font;
	out.line = (float)c->line;
	out.spacing = (float)c->spacing;
	out.fg = c->fg;
	out.alpha = (float)c->alpha;
	out.plain_link = c->plain_link;
	out.wrap = c->wrap;
	out.box = (unsigned char)c->box;
	out.letters = c->letters;
	out.breaks = c->breaks;
	out.invisible = c->invisible;
	if (!el->parent)
		out.root_font = out.font;
	judge_background(c, el, &out);
	judge_width(c, el, &out);
	judge_height(c, &out);
	if (c->rtl && el->parent && strcmp(el->name, "body") != 0)
		out.rtl = true;
	if (c->none || c->none_mso) {
		out.hidden = true;
		out.gone = out.gone || c->none;
	}
	/* Words that are struck out say that they do not hold. The page itself cannot be scrolled when its root cuts off what does not fit. */
	if (c->clipped || c->struck || c->opacity <= 0 || (c->clips && c->round) ||
	    (c->locks && (!el->parent || strcmp(el->name, "body") == 0)))
		out.hidden = true;
	out.clips = out.clips || c->clips;
	out.room = fmaxf(0, out.room - (float)c->indent);
	return out;
}

static const char *style_of(const struct sheet *s, const char *style, const char *hints,
			    const struct css_declaration **own, const struct css_declaration **hinted)
{
	const char *doubt = NULL;

	if (hints)
		*hinted = css_declarations(s->a, slice_of(hints), &doubt);
	if (style)
		*own = css_declarations(s->a, css_without_comments(s->a, slice_of(style)), &doubt);
	return doubt;
}

struct hits {
	const struct rule *rule[RULES_MAX];
	size_t n;
};

/* In the order of CSS, which is that of the hints, the rules and the style attribute; twice. */
static struct look look_in(const struct sheet *s, int w, const struct hits *hits, const struct element *el,
			   const struct css_declaration *hints, const struct css_declaration *own,
			   const struct look *outer, struct style_notes *notes)
{
	struct style_notes here = { .remote = false };
	struct cascade c = { .outer = outer, .font = outer->font, .line = outer->line, .opacity = 1, .alpha = outer->alpha,
			     .fg = outer->fg, .plain_link = outer->plain_link, .spacing = outer->spacing,
			     .wrap = outer->wrap, .letters = outer->letters, .breaks = outer->breaks,
			     .invisible = outer->invisible, .box = el->box, .rtl = outer->rtl };
	struct look out;

	c.whole_height = !el->parent || el->box == BOX_TABLE || el->box == BOX_CELL || el->box == BOX_ROW ||
			 strcmp(el->name, "body") == 0 || strcmp(el->name, "img") == 0;
	for (int pass = 0; pass < 2; pass++) {
		c.base = (struct css_base){ .em = c.font, .rem = el->parent ? outer->root_font : c.font,
					    .percent = outer->room, .vw = s->world[w].w.width / 100 };
		apply(s, &c, hints, false, pass == 0, &here);
		for (int important = 0; important < 2; important++) {
			for (size_t i = 0; i < hits->n; i++)
				if (hits->rule[i]->worlds >> w & 1)
					apply(s, &c, hits->rule[i]->first, important, pass == 0, &here);
			apply(s, &c, own, important, pass == 0, &here);
		}
	}
	out = judge(&c, el);
	if (outer->grows && out.spills && !outer->spills && look_is_fragile(&out))
		here.covers = true;
	notes->steps += here.steps;
	notes->remote = notes->remote || here.remote;
	/* What is not drawn at all can do nothing. */
	if (out.gone)
		return out;
	notes->doubt = notes->doubt ? notes->doubt : here.doubt;
	notes->covers = notes->covers || here.covers;
	return out;
}

/* A rule that may reach the element or not: nothing is known of it. */
static void note_maybe(const struct sheet *s, const struct rule *r, const struct look *outer, struct style_notes *notes)
{
	if (!notes->doubt)
		notes->doubt = "a style selector that cannot be followed";
	for (const struct css_declaration *d = r->first; d; d = d->next) {
		struct cascade c = { .outer = outer, .font = 16, .base = { 16, 16, 600, 10 } };

		if (!cascade_apply(s, &c, d, false) && covers(d))
			notes->covers = true;
	}
	notes->covers = notes->covers || r->pseudo == PSEUDO_BOX;
}

static void find_hits(const struct sheet *s, const struct element *el, const struct look *outer, struct hits *hits,
		      struct style_notes *notes)
{
	hits->n = 0;
	for (size_t i = 0; i < s->n; i++) {
		switch (selector_matches(&s->rules[i], el, &notes->steps)) {
		case MATCH_NOT:
			continue;
		case MATCH_MAYBE:
			note_maybe(s, &s->rules[i], outer, notes);
			continue;
		default:
			hits->rule[hits->n++] = &s->rules[i];
		}
	}
}

void sheet_look(const struct sheet *s, const struct element *el, const char *style, const char *hints,
		const struct look outer[WORLDS_MAX], struct look out[WORLDS_MAX], struct style_notes *notes)
{
	const struct css_declaration *own = NULL, *hinted = NULL;
	const char *doubt = style_of(s, style, hints, &own, &hinted);
	struct style_notes maybe = { .steps = notes->steps };
	bool drawn = false;
	struct hits hits;

	find_hits(s, el, outer, &hits, &maybe);
	notes->steps = maybe.steps;
	for (int w = 0; w < s->worlds; w++) {
		struct look base = outer[w];

		if (base.gone) {
			out[w] = base;
			continue;
		}
		out[w] = look_in(s, w, &hits, el, hinted, own, &base, notes);
		drawn = drawn || !out[w].gone;
	}
	if (drawn && !notes->doubt)
		notes->doubt = doubt ? doubt : maybe.doubt;
	notes->covers = notes->covers || (drawn && (doubt || maybe.covers));
	if (notes->steps > STEPS_MAX) {
		notes->doubt = "more style than can be judged";
		notes->covers = true;
	}
}

/* --- text --- */

bool look_is_fragile(const struct look *l)
{
	return l->grows && (l->clips || l->outside > 1);
}

double look_width(const struct look *l, double em)
{
	return em * (l->font + fmaxf(0, l->spacing) / 0.5);
}

double look_line(const struct look *l)
{
	return l->line < 0 ? -l->line * l->font : l->line;
}

/* The longest piece of the text that is not broken, in px. */
static double piece(const struct look *l, const struct stretch *t)
{
	if (l->wrap == WRAP_NEVER)
		return t->before_line + look_width(l, t->all);
	if (l->wrap == WRAP_LINES)
		return fmax(t->before_own + look_width(l, t->first_line), look_width(l, t->line));
	return l->breaks ? look_width(l, 1) : fmax(t->before_word + look_width(l, t->first), look_width(l, t->word));
}

static double contrast(const struct look *l, uint32_t fg, uint32_t bg)
{
	uint32_t text = css_blend(fg, bg, l->alpha);

	return css_contrast(css_blend(text, l->under, l->opacity), css_blend(bg, l->under, l->opacity));
}

/* The least contrast with anything that may be behind the text. */
static double least_contrast(const struct look *l, bool dark, bool leaks)
{
	uint32_t fg[2] = { l->fg, l->fg };
	double least = 21;
	int from = l->n_behind > l->mark ? l->mark : 0;

	if (l->plain_link) {
		fg[0] = dark ? 0x9e9eff : 0x0000ee;
		fg[1] = dark ? 0xd0adf0 : 0x551a8b;
	}
	for (int i = 0; i < 2; i++) {
		least = fmin(least, contrast(l, fg[i], l->bg));
		for (int k = from; leaks && k < l->n_behind; k++)
			least = fmin(least, contrast(l, fg[i], l->behind[k]));
	}
	return least;
}

static enum sight sight_in(const struct look *l, bool dark, const struct stretch *text, struct style_notes *notes)
{
	bool over;
	double least;

	if (l->gone)
		return SIGHT_NONE;
	over = piece(l, text) > l->room + 0.5;
	/* Lines that run into each other, or letters that leave their box, lie over other text as well. */
	if (l->font >= 1 &&
	    (look_line(l) < LINES_LEAST * l->font || (over && (l->boxed || l->rtl || look_is_fragile(l))))) {
		notes->covers = true;
		return SIGHT_NONE;
	}
	if (l->hidden || l->invisible || l->unknown_bg || l->font < FONT_LEAST || (l->clips && (over || l->spills)))
		return SIGHT_NONE;
	least = least_contrast(l, dark, l->leaks || over || l->spills);
	if (least < 3)
		return SIGHT_NONE;
	return least < 4.5 || l->font < FONT_SMALL ? SIGHT_FAINT : SIGHT_CLEAR;
}

enum sight sheet_sight(const struct sheet *s, const struct look look[WORLDS_MAX], const struct stretch *text,
		       struct style_notes *notes)
{
	enum sight worst = SIGHT_CLEAR;

	for (int w = 0; w < s->worlds; w++) {
		enum sight sight = sight_in(&look[w], s->world[w].dark, text, notes);

		worst = sight > worst ? sight : worst;
	}
	return worst;
}
