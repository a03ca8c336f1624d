/*
 * Styles of HTML written by hand: see handmade_look.h. Declarations come in as mail/css.h reads them (the same
 * reader that judges what is visible) and are kept as numbers, within bounds; what is written comes from those
 * numbers alone. Colours come in pairs: mail programs turn the house's sheet dark (BODY-5), so a colour of text is
 * kept only where it can be read on what is behind it, and a ground always says its ink.
 */
#include "compose/handmade_look.h"

#include <math.h>
#include <strings.h>

#define SIZE_LEAST  12   /* px */
#define SIZE_MOST   48
#define UNREADABLE  2.5  /* px: preheaders are made so */
#define LENGTH_MOST 80   /* of margins and paddings */
#define WIDTH_MOST  600
#define SHEET       0xfffdf9
#define INK         0x26231f
#define FAINT       1.3  /* contrast; below it, text is meant not to be seen */
#define READABLE    4.5  /* BODY-4 */

void box_clear(struct box *b)
{
	*b = (struct box){ .radius = UNSET, .width_percent = UNSET, .width = UNSET, .max_width = UNSET, .ground = UNSET };
	for (int i = 0; i < 4; i++) {
		b->margin[i] = b->padding[i] = UNSET;
		b->border[i] = (struct border){ UNSET, LINE_NONE, UNSET };
	}
}

static bool border_shows(const struct border *b)
{
	return b->style != LINE_NONE && b->width > 0;
}

bool box_is_plain(const struct box *b)
{
	for (int i = 0; i < 4; i++)
		if (b->padding[i] > 0 || b->margin[i] > 0 || b->margin[i] == AUTO || border_shows(&b->border[i]))
			return false;
	return b->ground == UNSET && b->width_percent == UNSET && b->width == UNSET && b->max_width == UNSET && !b->dir;
}

/* The next word of a value, at most 31 bytes; false at its end. Words in brackets ("rgb(1, 2, 3)") stay whole. */
static bool next_word(const char **p, char out[32])
{
	size_t n = 0;
	int depth = 0;

	*p += strspn(*p, " ");
	for (; **p && (**p != ' ' || depth); (*p)++) {
		depth += (**p == '(') - (**p == ')' && depth > 0);
		if (n + 1 < 32)
			out[n++] = **p;
	}
	out[n] = '\0';
	return n > 0;
}

static bool is_color(const char *word, int64_t under, int64_t *out)
{
	uint32_t rgb;
	double alpha;

	if (!css_color(word, &rgb, &alpha))
		return false;
	if (alpha < 0.05)
		*out = UNSET;
	else
		*out = alpha < 1 ? css_blend(rgb, under >= 0 ? (uint32_t)under : SHEET, alpha) : rgb;
	return true;
}

/* A length; as in pages of today, one without a unit is none, but for 0. */
static bool length(const char *text, double em, double percent, double *px)
{
	return css_length(text, &(struct css_base){ .em = em, .rem = 16, .percent = percent, .vw = 6 }, px);
}

/* A length within [0, most]; longer ones become the most, negative ones are none. */
static bool bounded(const char *word, double em, int most, int *out)
{
	double px;

	if (strchr(word, '%') || !length(word, em, 0, &px) || px < 0)
		return false;
	*out = (int)lround(fmin(px, most));
	return true;
}

static bool take_sides(const char *value, double em, bool may_be_auto, int out[4])
{
	static const int FROM[4][4] = { { 0, 0, 0, 0 }, { 0, 1, 0, 1 }, { 0, 1, 2, 1 }, { 0, 1, 2, 3 } };
	int got[4], n = 0;
	char word[32];

	while (next_word(&value, word)) {
		if (n == 4)
			return false;
		if (may_be_auto && strcmp(word, "auto") == 0)
			got[n] = AUTO;
		else if (!bounded(word, em, LENGTH_MOST, &got[n]))
			return false;
		n++;
	}
	for (int i = 0; n && i < 4; i++)
		out[i] = got[FROM[n - 1][i]];
	return n > 0;
}

/* Which side a name ends in ("padding-left", "border-top-color"), or -1. */
static int side_of(const char *name)
{
	static const char *const SIDES[] = { "-top", "-right", "-bottom", "-left" };

	for (int i = 0; i < 4; i++)
		if (strstr(name, SIDES[i]))
			return i;
	return -1;
}

static bool take_spacing(const char *name, const char *value, double em, bool may_be_auto, int out[4])
{
	int side = side_of(name), all[4];

	if (side < 0)
		return take_sides(value, em, may_be_auto, out);
	if (strchr(value, ' ') || !take_sides(value, em, may_be_auto, all))
		return false;
	out[side] = all[0];
	return true;
}

static bool line_style(const char *word, enum line_style *out)
{
	static const struct {
		const char *word;
		enum line_style style;
	} STYLES[] = { { "none", LINE_NONE },	  { "hidden", LINE_NONE },  { "solid", LINE_SOLID },
		       { "dashed", LINE_DASHED }, { "dotted", LINE_DOTTED }, { "double", LINE_DOUBLE } };

	for (size_t i = 0; i < COUNT(STYLES); i++)
		if (strcmp(word, STYLES[i].word) == 0) {
			*out = STYLES[i].style;
			return true;
		}
	return false;
}

static bool border_width(const char *word, double em, int *out)
{
	static const char *const WORDS[] = { "thin", "medium", "thick" };

	for (int i = 0; i < 3; i++)
		if (strcmp(word, WORDS[i]) == 0) {
			*out = 1 + 2 * i;
			return true;
		}
	return bounded(word, em, 24, out);
}

/* "border", "border-top", "border-color", "border-left-width", ...: each word says by itself what it is. */
static bool take_border(const char *name, const char *value, double em, struct box *b)
{
	bool apart = strstr(name, "-width") || strstr(name, "-color") || strstr(name, "-style");
	int side = side_of(name), n = 0;
	char word[32];
	struct border got[4];

	memcpy(got, b->border, sizeof(got));
	for (; n < 4 && next_word(&value, word); n++)
		for (int i = 0; i < 4; i++) {
			/* One to four values of a single kind go round the sides; else all words hold for each side. */
			bool here = side >= 0 ? i == side : !apart || i == n || (i > n && (i - n) % 2 == 0) || n == 0;

			if (here && !border_width(word, em, &got[i].width) && !line_style(word, &got[i].style) &&
			    !is_color(word, UNSET, &got[i].color))
				return false;
		}
	memcpy(b->border, got, sizeof(got));
	return n > 0;
}

static bool take_width(const char *name, const char *value, double em, struct box *b)
{
	double px;

	if (strcmp(value, "auto") == 0)
		return true;
	if (!length(value, em, 100, &px) || px < 1)
		return false;
	if (strchr(value, '%')) {
		if (name[0] != 'm')
			b->width_percent = (int)lround(fmin(px, 100));
		return true;
	}
	*(name[0] == 'm' ? &b->max_width : &b->width) = (int)lround(fmin(px, WIDTH_MOST));
	return true;
}

static bool take_size(const char *value, struct style *l)
{
	static const struct {
		const char *word;
		double px;
	} SIZES[] = { { "xx-small", 12 }, { "x-small", 12 }, { "small", 13 },	{ "medium", 16 },
		      { "large", 18 },	  { "x-large", 24 }, { "xx-large", 32 }, { "initial", 16 } };
	double px = UNSET;

	for (size_t i = 0; i < COUNT(SIZES); i++)
		if (strcmp(value, SIZES[i].word) == 0)
			px = SIZES[i].px;
	if (strcmp(value, "smaller") == 0 || strcmp(value, "larger") == 0)
		px = value[0] == 's' ? l->em / 1.2 : l->em * 1.2;
	if (strcmp(value, "inherit") == 0)
		return true;
	if (px < 0 && (!length(value, l->em, l->em, &px) || px < 0))
		return false;
	if (px < UNREADABLE)
		l->hidden = true;
	l->em = fmin(fmax(px, SIZE_LEAST), SIZE_MOST);
	l->size = (int)lround(l->em);
	return true;
}

static bool take_weight(const char *value, struct style *l)
{
	double number = 0;

	if (strcmp(value, "inherit") == 0)
		return true;
	l->bold = strncmp(value, "bold", 4) == 0 || (css_number(value, &number) && number >= 600);
	return true;
}

/* "italic bold 14px/1.5 Arial, sans-serif": of it, what is kept at all. */
static bool take_font(const char *value, struct style *l)
{
	char word[32];

	l->bold = l->italic = false;
	while (next_word(&value, word)) {
		word[strcspn(word, "/,")] = '\0';
		if (strcmp(word, "bold") == 0 || (strlen(word) == 3 && word[0] >= '6' && strcmp(word + 1, "00") == 0))
			l->bold = true;
		else if (strcmp(word, "italic") == 0)
			l->italic = true;
		else if (strpbrk(word, "0123456789.") == word && !(strlen(word) == 3 && strcmp(word + 1, "00") == 0))
			return take_size(word, l);
	}
	return true;
}

static bool take_decoration(const char *value, struct style *l)
{
	l->underline = strstr(value, "underline") != NULL;
	l->strike = strstr(value, "line-through") != NULL;
	return l->underline || l->strike || strcmp(value, "none") == 0;
}

static bool take_align(const char *value, struct style *l)
{
	static const char *const WORDS[] = { "", "left", "center", "right", "justify" };

	for (size_t i = ALIGN_LEFT; i < COUNT(WORDS); i++)
		if (strcmp(value, WORDS[i]) == 0)
			l->align = (enum align)i;
	if (strcmp(value, "start") == 0 || strcmp(value, "initial") == 0)
		l->align = ALIGN_NONE;
	return true;
}

/* Of a background, its plain colour. What is fetched or computed is lost. */
static bool take_ground(const char *value, bool is_inline, struct style *l, struct box *b)
{
	bool found = false, whole = !strstr(value, "url(") && !strstr(value, "gradient");
	int64_t color;
	char word[32];

	while (next_word(&value, word))
		if (!found && is_color(word, l->ground, &color)) {
			found = true;
			if (is_inline)
				l->mark = color;
			else
				b->ground = color;
		}
	if (!whole)
		l->lost = true;
	return whole;
}

static bool take_valign(const char *value, struct box *b)
{
	static const char *const WORDS[] = { "top", "middle", "bottom" };

	b->valign = NULL;
	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (strcmp(value, WORDS[i]) == 0)
			b->valign = WORDS[i];
	return true;
}

/* Declarations that hide what they stand on. True: it was one that is known, hiding or not. */
static bool take_hiding(const char *name, const char *value, struct style *l, struct hiding *h)
{
	double px = 1;
	bool is_length = length(value, 16, 100, &px) || css_number(value, &px);

	if (strcmp(name, "display") == 0)
		l->hidden = l->hidden || strcmp(value, "none") == 0;
	else if (strcmp(name, "visibility") == 0)
		l->hidden = l->hidden || strcmp(value, "hidden") == 0 || strcmp(value, "collapse") == 0;
	else if (strcmp(name, "opacity") == 0)
		l->hidden = l->hidden || (is_length && px < 0.1);
	else if (strncmp(name, "overflow", 8) == 0)
		h->clipped = strcmp(value, "visible") != 0;
	else if (strcmp(name, "max-height") == 0 || strcmp(name, "height") == 0)
		h->no_height = is_length && px < 1.5;
	else if ((strcmp(name, "max-width") == 0 || strcmp(name, "width") == 0) && is_length && px < 1.5)
		h->no_width = true;
	else if (strcmp(name, "position") == 0)
		h->placed = strcmp(value, "absolute") == 0 || strcmp(value, "fixed") == 0;
	else if (strcmp(name, "left") == 0 || strcmp(name, "top") == 0 || strcmp(name, "right") == 0)
		h->moved = is_length && fabs(px) > 200;
	else if (strcmp(name, "text-indent") == 0)
		l->hidden = l->hidden || (is_length && px < -100);
	else if (strcmp(name, "clip") == 0)
		l->hidden = l->hidden || strstr(value, "rect(0") || strstr(value, "rect(1px");
	else
		return false;
	return strcmp(name, "position") != 0 || !h->placed;
}

static bool take_text(const char *name, const char *v, bool is_inline, struct style *l, struct box *b, bool *known)
{
	*known = true;
	if (strcmp(name, "color") == 0)
		return strcmp(v, "inherit") == 0 || is_color(v, look_ground(l), &l->fg);
	if (strcmp(name, "background-color") == 0 || strcmp(name, "background") == 0)
		return take_ground(v, is_inline, l, b);
	if (strcmp(name, "font-weight") == 0)
		return take_weight(v, l);
	if (strcmp(name, "font-style") == 0) {
		l->italic = strcmp(v, "italic") == 0 || strcmp(v, "oblique") == 0 || (l->italic && v[0] == 'i' && v[2] == 'h');
		return true;
	}
	if (strcmp(name, "text-decoration") == 0 || strcmp(name, "text-decoration-line") == 0)
		return take_decoration(v, l);
	if (strcmp(name, "font-size") == 0)
		return take_size(v, l);
	if (strcmp(name, "font") == 0)
		return take_font(v, l);
	if (strcmp(name, "text-align") == 0)
		return take_align(v, l);
	*known = false;
	return false;
}

enum style_verdict style_take(const struct css_declaration *d, bool is_inline, struct style *l, struct box *b,
			      struct hiding *h)
{
	const char *name = d->name, *v = d->value;
	bool known, taken = take_text(name, v, is_inline, l, b, &known);

	if (strstr(v, "url("))
		return STYLE_REMOTE;
	if (known)
		return taken ? STYLE_TAKEN : STYLE_LEFT_OUT;
	taken = take_hiding(name, v, l, h);
	if (strncmp(name, "padding", 7) == 0)
		taken = take_spacing(name, v, l->em, false, b->padding);
	else if (strncmp(name, "margin", 6) == 0)
		taken = take_spacing(name, v, l->em, true, b->margin);
	else if (strcmp(name, "border-radius") == 0)
		taken = bounded(v, l->em, 40, &b->radius);
	else if (strncmp(name, "border", 6) == 0 && strcmp(name, "border-collapse") != 0 &&
		 strcmp(name, "border-spacing") != 0)
		taken = take_border(name, v, l->em, b);
	else if (strcmp(name, "width") == 0 || strcmp(name, "max-width") == 0)
		taken = take_width(name, v, l->em, b);
	else if (strcmp(name, "vertical-align") == 0)
		taken = take_valign(v, b);
	return taken ? STYLE_TAKEN : STYLE_LEFT_OUT;
}

int64_t style_legible(int64_t ground)
{
	if (ground < 0)
		return UNSET;
	return css_contrast(INK, (uint32_t)ground) >= READABLE ? INK : 0xffffff;
}

int64_t look_ground(const struct style *l)
{
	if (l->mark >= 0)
		return l->mark;
	return l->link && l->link->ground >= 0 ? l->link->ground : l->ground;
}

bool look_is_unseen(const struct style *l)
{
	int64_t ground = look_ground(l);

	return l->fg >= 0 && !l->lost && css_contrast((uint32_t)l->fg, ground >= 0 ? (uint32_t)ground : 0xffffff) < FAINT;
}

void style_settle(struct style *l, const struct hiding *h)
{
	int64_t ground = look_ground(l);
	bool readable = l->fg >= 0 && css_contrast((uint32_t)l->fg, ground >= 0 ? (uint32_t)ground : SHEET) >= READABLE;

	if ((h->clipped && (h->no_height || h->no_width)) || (h->placed && h->moved))
		l->hidden = true;
	l->ink = readable ? l->fg : style_legible(ground);
	l->mended = l->fg >= 0 && !readable;
}

/* --- writing --- */

void put_color(struct buf *b, const char *name, int64_t color)
{
	buf_addf(b, "%s:#%06x;", name, (unsigned)color);
}

void put_align(struct buf *b, enum align align)
{
	static const char *const WORDS[] = { "left", "left", "center", "right", "justify" };

	buf_addf(b, "text-align:%s;", WORDS[align]);
}

static void put_length(struct buf *b, int px)
{
	if (px == AUTO)
		buf_adds(b, "auto");
	else
		buf_addf(b, px ? "%dpx" : "%d", px);
}

static void put_sides(struct buf *b, const char *name, const int px[4])
{
	static const char *const SIDES[] = { "-top", "-right", "-bottom", "-left" };
	bool all = px[0] != UNSET && px[1] != UNSET && px[2] != UNSET && px[3] != UNSET;
	int n = px[1] != px[3] ? 4 : px[0] != px[2] ? 3 : px[0] != px[1] ? 2 : 1;

	for (int i = 0; !all && i < 4; i++)
		if (px[i] != UNSET) {
			buf_addf(b, "%s%s:", name, SIDES[i]);
			put_length(b, px[i]);
			buf_addc(b, ';');
		}
	if (!all)
		return;
	buf_addf(b, "%s:", name);
	for (int i = 0; i < n; i++) {
		buf_adds(b, i ? " " : "");
		put_length(b, px[i]);
	}
	buf_addc(b, ';');
}

static void put_border(struct buf *b, const char *side, const struct border *border)
{
	static const char *const STYLES[] = { "none", "solid", "dashed", "dotted", "double" };

	if (!border_shows(border))
		return;
	buf_addf(b, "border%s:%dpx %s #%06x;", side, border->width, STYLES[border->style],
		 (unsigned)(border->color >= 0 ? border->color : INK));
}

static bool same_border(const struct border *a, const struct border *b)
{
	return a->width == b->width && a->style == b->style && a->color == b->color;
}

void put_box(struct buf *b, const struct box *box)
{
	static const char *const SIDES[] = { "-top", "-right", "-bottom", "-left" };
	const struct border *s = box->border;

	put_sides(b, "margin", box->margin);
	put_sides(b, "padding", box->padding);
	if (same_border(&s[0], &s[1]) && same_border(&s[0], &s[2]) && same_border(&s[0], &s[3]))
		put_border(b, "", &s[0]);
	else
		for (int i = 0; i < 4; i++)
			put_border(b, SIDES[i], &s[i]);
	if (box->radius > 0)
		buf_addf(b, "border-radius:%dpx;", box->radius);
	if (box->width_percent != UNSET)
		buf_addf(b, "width:%d%%;", box->width_percent);
	else if (box->width != UNSET)
		buf_addf(b, "width:%dpx;", box->width);
	if (box->max_width != UNSET)
		buf_addf(b, "max-width:%dpx;", box->max_width);
	if (box->valign)
		buf_addf(b, "vertical-align:%s;", box->valign);
}
