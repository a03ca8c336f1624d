/*
 * The cascade: what the declarations that reach an element say. They come in the order of CSS
 * (importance, specificity, place), once for each world; the last one counts. Whatever is not understood
 * is noted, since a browser would leave it out and this cannot know. html_look.c makes a look of it.
 */
#include "mail/html_cascade.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

static bool is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(value, *words) == 0)
			return true;
	return false;
}

static bool is(const char *value, const char *word)
{
	return strcmp(value, word) == 0;
}

/* --- fonts --- */

static bool font_word(const char *v, double outer, double *px)
{
	static const struct {
		const char *word;
		double px;
	} SIZES[] = { { "xx-small", 9 }, { "x-small", 10 }, { "small", 13 }, { "medium", 16 }, { "large", 18 },
		      { "x-large", 24 }, { "xx-large", 32 }, { "initial", 16 } };

	for (size_t i = 0; i < COUNT(SIZES); i++)
		if (is(v, SIZES[i].word)) {
			*px = SIZES[i].px;
			return true;
		}
	*px = is(v, "smaller") ? outer / 1.2 : is(v, "larger") ? outer * 1.2 : outer;
	return is(v, "smaller") || is(v, "larger") || is(v, "inherit");
}

static bool set_font(struct cascade *c, const char *v)
{
	struct css_base base = c->base;
	double px;

	base.em = base.percent = c->outer->font;
	if (!font_word(v, c->outer->font, &px) && (!css_length(v, &base, &px) || px < 0))
		return false;
	c->font = px;
	return true;
}

static bool set_line(struct cascade *c, const char *v)
{
	struct css_base base = c->base;
	double px;

	base.em = base.percent = c->font;
	if (is(v, "inherit"))
		c->line = c->outer->line;
	else if (is(v, "normal"))
		c->line = -1.2;
	else if (css_number(v, &px) && px >= 0)
		c->line = -px;
	else if (css_length(v, &base, &px) && px >= 0)
		c->line = px;
	else
		return false;
	if (c->line == 0)
		c->line = 0.01;
	return true;
}

/* Fonts whose letters are no letters. */
static bool has_letters(const char *v)
{
	static const char *const OTHERS[] = { "dings", "symbol", "icon", "marlett", "blank", "barcode", "redact",
					      "awesome", "emoji", "mdl2", "holomdl", "bookshelf", "extra", NULL };

	for (const char *const *o = OTHERS; *o; o++)
		if (strstr(v, *o) && !strstr(v, "emoji"))
			return false;
	return true;
}

static bool is_font_style(const char *word)
{
	static const char *const WORDS[] = { "normal", "italic", "oblique", "bold", "bolder", "lighter", NULL };

	return is_one_of(word, WORDS) ||
	       (strlen(word) == 3 && isdigit((unsigned char)word[0]) && is(word + 1, "00"));
}

/* "italic bold 14px/1.5 Arial, sans-serif": style words, a size, perhaps a height, a family. The size is
   set in the first of two passes, the height in the second. */
static bool set_font_shorthand(const struct sheet *s, struct cascade *c, const char *v, bool fonts)
{
	for (;;) {
		size_t n = strcspn(v, " ");
		char *word = arena_text_n(s->a, v, n), *slash;

		if (!v[n])
			return is(v, "inherit");
		v += n + 1;
		if (is(word, "small-caps"))
			c->letters = LETTERS_UPPER;
		if (is_font_style(word) || is(word, "small-caps"))
			continue;
		slash = strchr(word, '/');
		if (slash)
			*slash++ = '\0';
		if (fonts)
			return set_font(c, word);
		c->line = -1.2;
		if (*v == '/' || v[strcspn(v, "/")] || strspn(v, "0123456789.") || v[strlen(v) - 1] == ',' || *v == ',')
			return false;
		return (!slash || set_line(c, slash)) && has_letters(v);
	}
}

/* --- colours --- */

static bool set_color(struct cascade *c, const char *v)
{
	uint32_t rgb;
	double alpha;

	c->plain_link = false;
	if (is(v, "inherit") || is(v, "currentcolor")) {
		c->fg = c->outer->fg;
		c->alpha = c->outer->alpha;
		c->plain_link = c->outer->plain_link;
		return true;
	}
	if (is(v, "linktext")) {
		c->plain_link = true;
		return true;
	}
	if (!css_color(v, &rgb, &alpha))
		return false;
	c->fg = rgb;
	c->alpha = alpha;
	return true;
}

/* "#fff none repeat scroll 0 0": one colour, and in one usual order what is said of no image. */
static bool set_background(const struct sheet *s, struct cascade *c, const char *v)
{
	static const char *const NOTHING[] = { "none", "transparent", "initial", "0 0", "0", NULL };
	static const char *const RESTS[] = { "", "none", "none repeat scroll 0 0", "none repeat scroll 0% 0%",
					     "repeat scroll 0 0", "none no-repeat scroll 0 0", "no-repeat", "repeat",
					     "0 0", "none repeat 0 0", "no-repeat center", NULL };
	size_t n = strcspn(v, " (");
	uint32_t rgb;
	double alpha;

	if (is_one_of(v, NOTHING) || is(v, "inherit")) {
		c->has_bg = is(v, "inherit") && c->outer->n_behind;
		c->bg = c->outer->bg;
		c->bg_alpha = 1;
		return true;
	}
	if (v[n] == '(')
		n += strcspn(v + n, ")") + 1;
	if (n > strlen(v) || !is_one_of(v + n + (v[n] == ' '), RESTS) ||
	    !css_color(arena_text_n(s->a, v, n), &rgb, &alpha))
		return false;
	c->has_bg = alpha > 0;
	c->bg = rgb;
	c->bg_alpha = alpha;
	return true;
}

static bool set_background_color(struct cascade *c, const char *v)
{
	uint32_t rgb;
	double alpha;

	if (is(v, "inherit")) {
		c->has_bg = c->outer->n_behind;
		c->bg = c->outer->bg;
		c->bg_alpha = 1;
		return true;
	}
	if (is(v, "initial"))
		v = "transparent";
	if (!css_color(v, &rgb, &alpha))
		return false;
	c->has_bg = alpha > 0;
	c->bg = rgb;
	c->bg_alpha = alpha;
	return true;
}

/* --- boxes --- */

/* A word of a list that is no length: "solid", "#ddd". */
static bool is_word(const char *word)
{
	return isalpha((unsigned char)*word) && !strchr(word, '(');
}

/* The lengths of "1px 2px", put to the sides they stand for. `words`: others may be there too. */
static bool set_sides(struct cascade *c, const char *name, const char *v, double side[4], bool words)
{
	static const char *const SIDES[] = { "-top", "-right", "-bottom", "-left" };
	double px[4] = { 0 };
	int n = 0;

	for (const char *p = v; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		char word[40];

		if (len >= sizeof(word) || n == 4)
			return words && len < sizeof(word);
		memcpy(word, p, len);
		word[len] = '\0';
		p += len;
		if (is(word, "auto") || is(word, "inherit") || is(word, "initial") || is(word, "thin") ||
		    is(word, "medium") || is(word, "thick"))
			px[n++] = *word == 't' || *word == 'm' ? 5 : 0;
		else if (css_length(word, &c->base, &px[n]))
			n++;
		else if (!words || (!is_word(word) && *word != '#' && strncmp(word, "rgb", 3) != 0 && *word != ')' &&
				    !isdigit((unsigned char)*word)))
			return false;
		else if (isdigit((unsigned char)*word) && !strstr(v, "rgb") && !strstr(v, "hsl"))
			return false;
	}
	if (!n)
		return words;
	for (int i = 0; i < 4; i++)
		if (strstr(name, SIDES[i])) {
			side[i] = px[0];
			return true;
		}
	side[0] = px[0];
	side[1] = n > 1 ? px[1] : px[0];
	side[2] = n > 2 ? px[2] : px[0];
	side[3] = n > 3 ? px[3] : side[1];
	return true;
}

static bool none_below(const double side[4], double least)
{
	return side[0] >= least && side[1] >= least && side[2] >= least && side[3] >= least;
}

/* Three numbers and more: "0 1px 3px rgba(0, 0, 0, .1)". How far it reaches, and whether it can be seen. */
static bool is_small_shadow(const struct sheet *s, const struct cascade *c, const char *v)
{
	double reach = 0, px, alpha = 1;
	uint32_t rgb;

	while (*v) {
		size_t n = strcspn(v, " (");
		char *word;

		n = v[n] == '(' ? strcspn(v, ")") + 1 : n;
		if (n > strlen(v) || v[n] == ',')
			return false;
		word = arena_text_n(s->a, v, n);
		v += n;
		v += *v == ' ';
		if (css_length(word, &c->base, &px))
			reach += fabs(px);
		else if (!css_color(word, &rgb, &alpha))
			return false;
	}
	return reach <= 4 || (alpha <= 0.25 && reach <= 60);
}

static bool set_size(struct cascade *c, const struct css_declaration *d)
{
	static const char *const ANY[] = { "auto", "none", "inherit", "initial", NULL };
	struct css_base base = c->base;
	bool wide = d->kind == CSS_WIDTH, whole = is(d->value, "100%");
	double px;

	base.percent = wide ? c->outer->room : -1;
	if (is_one_of(d->value, ANY)) {
		px = 0;
	} else if (!wide && whole) {
		px = c->whole_height ? 0 : 1;
	} else if (!css_length(d->value, &base, &px) || px < 0) {
		return false;
	} else if (px < 0.5) {
		px = 0.5;
	}
	if (is(d->name, "min-width"))
		c->min_width = whole ? 0 : px;
	else if (is(d->name, "max-width"))
		c->max_width = px;
	else if (wide)
		c->width = px, c->whole = whole;
	else if (is(d->name, "max-height"))
		c->max_height = px;
	else
		c->height = px;
	return true;
}

static bool set_display(struct cascade *c, const char *v)
{
	static const struct {
		const char *word;
		enum layout box;
	} SHOWN[] = { { "block", BOX_BLOCK }, { "inline", BOX_INLINE }, { "inline-block", BOX_ATOM },
		      { "table", BOX_TABLE }, { "inline-table", BOX_ATOM }, { "table-row", BOX_ROW },
		      { "table-cell", BOX_CELL }, { "table-row-group", BOX_ROW }, { "table-header-group", BOX_ROW },
		      { "table-footer-group", BOX_ROW }, { "list-item", BOX_BLOCK } };

	c->none = is(v, "none");
	c->display_unknown = false;
	for (size_t i = 0; i < COUNT(SHOWN); i++)
		if (is(v, SHOWN[i].word)) {
			c->box = SHOWN[i].box;
			return true;
		}
	c->display_unknown = !c->none;
	return c->none;
}

/* --- the rest --- */

static bool set_overflow(struct cascade *c, const char *name, const char *v)
{
	if (is(v, "visible") && is(name, "overflow"))
		c->clips = c->locks = false;
	else if (!is(v, "visible"))
		c->clips = true;
	if (c->clips && !is(name, "overflow-x") && !is(v, "auto") && !is(v, "scroll") && !is(v, "visible"))
		c->locks = true;
	return true;
}

static bool set_wrap(struct cascade *c, const struct css_declaration *d)
{
	static const char *const WRAPS[] = { "normal", "pre-wrap", "pre-line", "break-spaces", "initial", NULL };
	static const char *const BREAKS[] = { "break-word", "anywhere", "break-all", NULL };

	if (d->kind == CSS_BREAK) {
		if (is_one_of(d->value, BREAKS))
			c->breaks = true;
		else if (!is(d->value, "inherit") && !strstr(d->name, "word-break"))
			c->breaks = false;
		return true;
	}
	if (is(d->value, "nowrap") || is(d->value, "pre"))
		c->wrap = *d->value == 'n' ? WRAP_NEVER : WRAP_LINES;
	else if (is_one_of(d->value, WRAPS))
		c->wrap = WRAP_WORDS;
	else
		return is(d->value, "inherit");
	return true;
}

static bool set_case(struct cascade *c, const struct css_declaration *d)
{
	static const char *const OWN[] = { "none", "normal", "initial", NULL };
	const char *v = d->value;

	if (is_one_of(v, OWN))
		c->letters = LETTERS_OWN;
	else if (is(v, "uppercase") || strstr(v, "small-caps") || strstr(v, "petite-caps") || is(v, "unicase"))
		c->letters = LETTERS_UPPER;
	else if (is(v, "lowercase"))
		c->letters = LETTERS_LOWER;
	else if (is(v, "capitalize"))
		c->letters = LETTERS_TITLE;
	else
		return is(v, "inherit") || d->kind == CSS_VARIANT;
	return true;
}

/* A line through or under text is thin and near it. */
static bool is_thin(const struct cascade *c, const char *v)
{
	for (const char *p = v; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		char word[32];
		double px;

		if (n >= sizeof(word))
			return false;
		memcpy(word, p, n);
		word[n] = '\0';
		p += n;
		if (css_length(word, &(struct css_base){ .em = c->font, .rem = c->font, .percent = c->font }, &px)
			    ? fabs(px) > fmax(3, c->font / 6)
			    : !is_word(word) && *word != '#')
			return false;
	}
	return true;
}

/* What is struck out is taken back, and a line through text cannot be taken off below. */
static bool set_decoration(struct cascade *c, const struct css_declaration *d)
{
	if (is(d->name, "text-decoration") || is(d->name, "text-decoration-line"))
		c->struck = strstr(d->value, "line-through");
	return is_thin(c, d->value);
}

/* Marks of lists and quotes may be words, which are shown and stand in no text; a link may be made one that takes no click. */
static bool is_free(const struct css_declaration *d)
{
	bool quoted = false;

	if (is(d->name, "pointer-events"))
		return is(d->value, "auto") || is(d->value, "inherit") || is(d->value, "initial");
	if (strncmp(d->name, "list-style", 10) != 0 && !is(d->name, "quotes"))
		return true;
	if (strstr(d->value, "symbols("))
		return false;
	for (const char *p = d->value; *p; p++) {
		quoted = quoted != (*p == '"' || *p == '\'');
		if (quoted && (isalnum((unsigned char)*p) || *p == '\\'))
			return false;
	}
	return true;
}

static bool set_place(const struct cascade *c, const struct css_declaration *d)
{
	double px;

	if (d->kind == CSS_POSITION)
		return is(d->value, "static") || is(d->value, "relative") || is(d->value, "initial");
	return is(d->value, "auto") || (css_length(d->value, &c->base, &px) && fabs(px) < 0.5);
}

static bool set_align(const struct cascade *c, const char *v)
{
	double px;

	return isalpha((unsigned char)*v) || (css_length(v, &c->base, &px) && fabs(px) <= c->font / 2);
}

static bool set_spacing(struct cascade *c, const struct css_declaration *d)
{
	double px = 0;

	if (!is(d->value, "normal") && !is(d->value, "inherit") && !is(d->value, "initial") &&
	    !css_length(d->value, &c->base, &px))
		return false;
	if (is(d->name, "letter-spacing"))
		c->spacing = is(d->value, "inherit") ? c->outer->spacing : px;
	return px >= -c->font / 24 && px <= 20;
}

static bool is_same_size(const char *v)
{
	static const char *const SAME[] = { "none", "100%", "auto", "1", "normal", "initial", "inherit", NULL };

	return is_one_of(v, SAME);
}

static bool is_nothing(const char *v)
{
	static const char *const NOTHING[] = { "none", "0", "initial", "unset", "0px", NULL };

	return is_one_of(v, NOTHING);
}

/* Declarations of lengths around boxes. */
static bool set_edge(const struct sheet *s, struct cascade *c, const struct css_declaration *d)
{
	double px[4] = { 0 };

	switch (d->kind) {
	case CSS_MARGIN:
		return set_sides(c, d->name, d->value, c->margin, false) && none_below(c->margin, 0);
	case CSS_PADDING:
		return set_sides(c, d->name, d->value, c->padding, false) && none_below(c->padding, 0);
	case CSS_BORDER:
		return set_sides(c, d->name, d->value, c->border, true) && none_below(c->border, 0);
	case CSS_MSO_MARGIN:
		return set_sides(c, "", d->value, px, false) && none_below(px, 0);
	case CSS_OUTLINE:
		return is_nothing(d->value) || (set_sides(c, "", d->value, px, true) && px[0] <= 4 && none_below(px, 0));
	case CSS_LEAST:
		return is(d->value, "auto") || is(d->value, "100%") || is(d->value, "inherit") ||
		       is(d->value, "100vh") || (set_sides(c, "", d->value, px, false) && px[0] <= 2000 && px[0] >= 0);
	case CSS_RADIUS:
		c->round = set_sides(c, "", d->value, px, false) && px[0] <= 24 && px[1] <= 24 && px[2] <= 24 && px[3] <= 24
				   ? 0
				   : 1;
		return true;
	default:
		return is_nothing(d->value) || is_small_shadow(s, c, d->value);
	}
}

static bool set_shown(struct cascade *c, const struct css_declaration *d)
{
	const char *v = d->value;
	double px;

	switch (d->kind) {
	case CSS_VISIBILITY:
		c->invisible = is(v, "hidden") || is(v, "collapse");
		return c->invisible || is(v, "visible");
	case CSS_OPACITY:
		if (!css_number(v, &px) && (v[strcspn(v, "%")] == '\0' || !css_length(v, &(struct css_base){ .percent = 1 }, &px)))
			return false;
		c->opacity = px;
		return true;
	case CSS_CLIP:
		c->clipped = !is(v, "auto") && !is(v, "none") && !is(v, "initial");
		return true;
	case CSS_INDENT:
		if (!css_length(v, &c->base, &px))
			return is(v, "inherit") || is(v, "initial");
		c->indent = px;
		return px >= 0 && px < 200;
	case CSS_MSO_HIDE:
		c->none_mso = !is(v, "none");
		return true;
	case CSS_FLOAT:
		c->floats = !is(v, "none");
		return c->floats ? is(v, "left") || is(v, "right") : true;
	case CSS_DIRECTION:
		c->rtl = is(v, "rtl");
		return c->rtl || is(v, "ltr") || is(v, "inherit");
	case CSS_LAYOUT:
		c->fixed = is(v, "fixed");
		return true;
	case CSS_SCHEME:
		/* Of the whole page: said of one element it changes colours that are not seen here. */
		return c->whole_height || !strstr(v, "dark");
	default:
		return d->kind == CSS_FREE && is_free(d);
	}
}

bool cascade_apply(const struct sheet *s, struct cascade *c, const struct css_declaration *d, bool fonts)
{
	if (fonts)
		return d->kind == CSS_FONT_SIZE ? set_font(c, d->value)
		       : d->kind == CSS_FONT	? set_font_shorthand(s, c, d->value, true)
						: true;
	if (strcmp(d->name, "box-sizing") == 0)
		c->border_box = is(d->value, "border-box");
	switch (d->kind) {
	case CSS_FONT_SIZE:
		return true;
	case CSS_FONT:
		return set_font_shorthand(s, c, d->value, false);
	case CSS_FAMILY:
		return has_letters(d->value);
	case CSS_LINE_HEIGHT:
		return set_line(c, d->value);
	case CSS_DISPLAY:
		return set_display(c, d->value);
	case CSS_COLOR:
		return set_color(c, d->value);
	case CSS_BACKGROUND:
		return set_background(s, c, d->value);
	case CSS_BACKGROUND_COLOR:
		return set_background_color(c, d->value);
	case CSS_POSITION:
	case CSS_OFFSET:
		return set_place(c, d);
	case CSS_HEIGHT:
	case CSS_WIDTH:
		return set_size(c, d);
	case CSS_OVERFLOW:
		return set_overflow(c, d->name, d->value);
	case CSS_WHITE_SPACE:
	case CSS_BREAK:
		return set_wrap(c, d);
	case CSS_CASE:
	case CSS_VARIANT:
		return set_case(c, d);
	case CSS_DECORATION:
		return set_decoration(c, d);
	case CSS_ALIGN:
		return set_align(c, d->value);
	case CSS_SPACING:
		return set_spacing(c, d);
	case CSS_ZOOM:
		return is_same_size(d->value);
	case CSS_NONE:
		return is_nothing(d->value);
	case CSS_MARGIN:
	case CSS_PADDING:
	case CSS_BORDER:
	case CSS_MSO_MARGIN:
	case CSS_OUTLINE:
	case CSS_LEAST:
	case CSS_RADIUS:
	case CSS_SHADOW:
		return set_edge(s, c, d);
	default:
		return set_shown(c, d);
	}
}
