/*
 * Declarations: see css.h. A deliberately small CSS: a table says what each property can do to
 * text; values are read only as far as that needs. Escapes, functions that compute, and variables
 * are not understood, on purpose: a declaration that has them is CSS_UNKNOWN.
 */
#include "mail/css.h"

#include <ctype.h>
#include <strings.h>

#define DECLARATIONS_MAX 200

static const struct {
	const char *name;
	enum css_kind kind;
} PROPERTIES[] = {
	{ "background", CSS_BACKGROUND },
	{ "background-color", CSS_BACKGROUND_COLOR },
	{ "clip", CSS_CLIP },
	{ "clip-path", CSS_CLIP },
	{ "color", CSS_COLOR },
	{ "color-scheme", CSS_SCHEME },
	{ "supported-color-schemes", CSS_SCHEME },
	{ "direction", CSS_DIRECTION },
	{ "display", CSS_DISPLAY },
	{ "float", CSS_FLOAT },
	{ "font", CSS_FONT },
	{ "font-family", CSS_FAMILY },
	{ "font-size", CSS_FONT_SIZE },
	{ "font-variant", CSS_VARIANT },
	{ "font-variant-caps", CSS_VARIANT },
	{ "height", CSS_HEIGHT },
	{ "max-height", CSS_HEIGHT },
	{ "min-height", CSS_LEAST },
	{ "letter-spacing", CSS_SPACING },
	{ "word-spacing", CSS_SPACING },
	{ "line-height", CSS_LINE_HEIGHT },
	{ "margin", CSS_MARGIN },
	{ "margin-top", CSS_MARGIN },
	{ "margin-right", CSS_MARGIN },
	{ "margin-bottom", CSS_MARGIN },
	{ "margin-left", CSS_MARGIN },
	{ "mso-hide", CSS_MSO_HIDE },
	{ "mso-margin-top-alt", CSS_MSO_MARGIN },
	{ "mso-margin-bottom-alt", CSS_MSO_MARGIN },
	{ "mso-margin-left-alt", CSS_MSO_MARGIN },
	{ "mso-margin-right-alt", CSS_MSO_MARGIN },
	{ "mso-padding-alt", CSS_MSO_MARGIN },
	{ "mso-text-raise", CSS_MSO_MARGIN },
	{ "opacity", CSS_OPACITY },
	{ "outline", CSS_OUTLINE },
	{ "outline-width", CSS_OUTLINE },
	{ "outline-offset", CSS_OUTLINE },
	{ "overflow", CSS_OVERFLOW },
	{ "overflow-x", CSS_OVERFLOW },
	{ "overflow-y", CSS_OVERFLOW },
	{ "overflow-wrap", CSS_BREAK },
	{ "word-wrap", CSS_BREAK },
	{ "word-break", CSS_BREAK },
	{ "padding", CSS_PADDING },
	{ "padding-top", CSS_PADDING },
	{ "padding-right", CSS_PADDING },
	{ "padding-bottom", CSS_PADDING },
	{ "padding-left", CSS_PADDING },
	{ "border-spacing", CSS_PADDING },
	{ "position", CSS_POSITION },
	{ "top", CSS_OFFSET },
	{ "right", CSS_OFFSET },
	{ "bottom", CSS_OFFSET },
	{ "left", CSS_OFFSET },
	{ "table-layout", CSS_LAYOUT },
	{ "text-decoration", CSS_DECORATION },
	{ "text-decoration-line", CSS_DECORATION },
	{ "text-decoration-thickness", CSS_DECORATION },
	{ "text-underline-offset", CSS_DECORATION },
	{ "text-indent", CSS_INDENT },
	{ "text-transform", CSS_CASE },
	{ "vertical-align", CSS_ALIGN },
	{ "visibility", CSS_VISIBILITY },
	{ "white-space", CSS_WHITE_SPACE },
	{ "width", CSS_WIDTH },
	{ "max-width", CSS_WIDTH },
	{ "min-width", CSS_WIDTH },
	{ "zoom", CSS_ZOOM },
	{ "text-size-adjust", CSS_ZOOM },
	{ "-webkit-text-size-adjust", CSS_ZOOM },
	{ "-moz-text-size-adjust", CSS_ZOOM },
	{ "-ms-text-size-adjust", CSS_ZOOM },
	{ "box-shadow", CSS_SHADOW },
	{ "-webkit-box-shadow", CSS_SHADOW },
	{ "-moz-box-shadow", CSS_SHADOW },
	{ "text-shadow", CSS_SHADOW },
	{ "transform", CSS_NONE },
	{ "filter", CSS_NONE },
	{ "-webkit-filter", CSS_NONE },
	{ "animation", CSS_NONE },
	{ "mask", CSS_NONE },
	{ "background-image", CSS_NONE },
};

/* Properties that leave text as visible as it was, whatever their value: but for the words in some (html_style.c). */
static const char *const FREE[] = {
	"font-style", "font-weight", "font-stretch", "font-kerning", "-webkit-font-smoothing", "font-smoothing",
	"-moz-osx-font-smoothing", "font-smooth", "text-rendering", "text-decoration-style",
	"text-decoration-color", "-webkit-text-decoration-color", "text-decoration-skip-ink", "text-align", "clear",
	"border-collapse", "border-color", "border-style", "border-top-style", "border-bottom-style",
	"border-left-style", "border-right-style", "border-top-color", "border-bottom-color", "border-left-color",
	"border-right-color", "hyphens", "-webkit-hyphens", "-moz-hyphens", "-ms-hyphens", "list-style",
	"list-style-type", "list-style-position", "cursor", "pointer-events", "user-select", "-webkit-user-select",
	"box-sizing", "-webkit-box-sizing", "-moz-box-sizing", "-ms-interpolation-mode", "caption-side",
	"empty-cells", "quotes", "orphans", "widows", "page-break-inside", "page-break-after", "page-break-before",
	"break-inside", "break-after", "break-before", "background-repeat", "background-position",
	"background-size", "background-attachment", "transition", "-webkit-transition", "text-justify",
	"-webkit-tap-highlight-color", "image-rendering", "object-fit", "mso-table-lspace",
	"mso-table-rspace", "mso-line-height-rule", "mso-cellspacing", "mso-border-alt", "mso-font-alt",
	"mso-generic-font-family", "mso-ansi-language", "mso-fareast-language", "mso-fareast-font-family",
	"mso-bidi-font-family", "mso-style-priority", "mso-style-name", "mso-yfti-tbllook", "mso-pagination",
	"mso-default-props", "mso-element-frame-hspace", "mso-text-decoration", "mso-line-height-alt",
	"mso-highlight", "tab-interval",
	"z-index", "outline-color", "outline-style",
};

static bool is_border(const char *name)
{
	return strncmp(name, "border", 6) == 0 && (!name[6] || name[6] == '-');
}

static bool is_radius(const char *name)
{
	size_t n = strlen(name);

	return n >= 13 && strcmp(name + n - 7, "-radius") == 0 && strstr(name, "border-");
}

static enum css_kind kind_of(const char *name)
{
	for (size_t i = 0; i < COUNT(PROPERTIES); i++)
		if (strcmp(PROPERTIES[i].name, name) == 0)
			return PROPERTIES[i].kind;
	for (size_t i = 0; i < COUNT(FREE); i++)
		if (strcmp(FREE[i], name) == 0)
			return CSS_FREE;
	/* What a tool that puts styles in line reads, and leaves there. */
	if (strncmp(name, "-premailer-", 11) == 0)
		return CSS_FREE;
	/* A variable does nothing by itself, and values that use one are not understood. */
	if (strncmp(name, "--", 2) == 0)
		return CSS_FREE;
	if (is_radius(name))
		return CSS_RADIUS;
	return is_border(name) && !strstr(name, "image") ? CSS_BORDER : CSS_UNKNOWN;
}

static bool computes(const char *value)
{
	static const char *const UNREAD[] = { "\\", "var(", "calc(", "expression", "attr(", "env(", "url(",
					      "min(", "max(", "clamp(", "image(", "-set(", "gradient", "@", "{", "}", "[", "]", "<" };

	for (size_t i = 0; i < COUNT(UNREAD); i++)
		if (strstr(value, UNREAD[i]))
			return true;
	return false;
}

/* The quote that is open behind `c`, or 0. A line break ends what was not closed, as in CSS. */
static char in_quotes(char quote, char c)
{
	if (quote)
		return c == quote || c == '\n' || c == '\r' || c == '\f' ? 0 : quote;
	return c == '"' || c == '\'' ? c : 0;
}

struct slice css_without_comments(struct arena *a, struct slice text)
{
	char *out = arena_alloc(a, text.n + 1);
	size_t n = 0;
	char quote = 0;

	for (size_t i = 0; i < text.n; i++) {
		const char *close;

		quote = in_quotes(quote, text.p[i]);
		if (quote || text.p[i] != '/' || i + 1 == text.n || text.p[i + 1] != '*') {
			out[n++] = text.p[i] ? text.p[i] : '\\';
			continue;
		}
		close = i + 4 <= text.n ? memmem(text.p + i + 2, text.n - i - 2, "*/", 2) : NULL;
		if (!close)
			break;
		out[n++] = ' ';
		i = (size_t)(close - text.p) + 1;
	}
	return (struct slice){ out, n };
}

/* Blanks of CSS; a vertical tab is none. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Lower case, blanks collapsed and trimmed. */
static char *tidy(struct arena *a, const char *p, size_t n)
{
	char *out = arena_alloc(a, n + 1), *w = out;

	for (size_t i = 0; i < n; i++) {
		if (is_blank(p[i])) {
			if (w > out && w[-1] != ' ')
				*w++ = ' ';
		} else {
			*w++ = (char)tolower((unsigned char)p[i]);
		}
	}
	if (w > out && w[-1] == ' ')
		w--;
	*w = '\0';
	return out;
}

static bool cut_important(char *value)
{
	char *bang = strchr(value, '!');

	if (!bang)
		return false;
	if (strcmp(bang, "!important") != 0 && strcmp(bang, "! important") != 0)
		return false;
	while (bang > value && bang[-1] == ' ')
		bang--;
	*bang = '\0';
	return true;
}

static struct css_declaration *declaration(struct arena *a, const char *p, const char *colon, const char *end)
{
	struct css_declaration *d = ARENA_NEW(a, struct css_declaration);
	char *value = tidy(a, colon + 1, (size_t)(end - colon - 1));

	d->name = tidy(a, p, (size_t)(colon - p));
	d->important = cut_important(value);
	d->value = value;
	d->kind = kind_of(d->name);
	if ((computes(value) && strncmp(d->name, "--", 2) != 0) || strchr(value, '!') || strpbrk(value, "{}[]\\"))
		d->kind = CSS_UNKNOWN;
	return d;
}

/* Where the declaration ends: a ";" outside quotes and brackets. */
static const char *declaration_end(const char *p, const char *end)
{
	char quote = 0;
	int depth = 0;

	for (; p < end; p++) {
		quote = in_quotes(quote, *p);
		if (quote)
			continue;
		if (*p == ';' && depth <= 0)
			break;
		depth += (*p == '(') - (*p == ')' && depth > 0);
	}
	return p;
}

struct css_declaration *css_declarations(struct arena *a, struct slice text, const char **doubt)
{
	struct css_declaration *first = NULL, **last = &first;
	const char *p = text.p, *end = text.p + text.n;
	int n = 0;

	while (p < end) {
		const char *stop = declaration_end(p, end), *colon = memchr(p, ':', (size_t)(stop - p));

		while (p < stop && is_blank(*p))
			p++;
		if (p < stop && (!colon || ++n > DECLARATIONS_MAX)) {
			*doubt = "a style that cannot be read";
			return first;
		}
		if (p < stop) {
			*last = declaration(a, p, colon, stop);
			last = &(*last)->next;
		}
		p = stop < end ? stop + 1 : end;
	}
	return first;
}

/* Reads a number as CSS writes it; gives where it ends, or NULL. strtod reads more: "inf", hexadecimal. */
static const char *read_number(const char *p, double *out)
{
	const char *from = p, *digits;

	p += *p == '+' || *p == '-';
	for (digits = p; isdigit((unsigned char)*p); p++)
		;
	if (*p == '.' && isdigit((unsigned char)p[1]))
		for (p++; isdigit((unsigned char)*p); p++)
			;
	if (p == digits || p - digits > 12)
		return NULL;
	if (*p == 'e' && isdigit((unsigned char)p[1]))
		return NULL;
	*out = strtod(from, NULL);
	return p;
}

bool css_number(const char *text, double *out)
{
	const char *end = read_number(text, out);

	return end && !*end;
}

bool css_length(const char *text, const struct css_base *base, double *px)
{
	const struct {
		const char *unit;
		double px;
	} UNITS[] = { { "px", 1 }, { "pt", 4.0 / 3 }, { "pc", 16 }, { "in", 96 }, { "cm", 37.8 }, { "mm", 3.78 },
		      { "em", base->em },
		      { "ex", base->em / 2 }, { "ch", base->em / 2 },
		      { "rem", base->rem }, { "%", base->percent / 100 }, { "vw", base->vw } };
	double v;
	const char *unit = read_number(text, &v);

	if (!unit)
		return false;
	if (v == 0 && !*unit) {
		*px = 0;
		return true;
	}
	for (size_t i = 0; i < COUNT(UNITS); i++)
		if (strcmp(unit, UNITS[i].unit) == 0) {
			*px = v * UNITS[i].px;
			return UNITS[i].px >= 0 || v == 0;
		}
	return false;
}
