/*
 * Declarations: see css.h. A deliberately small CSS: a table says what each property can do to
 * text; values are read only as far as that needs. Escapes, functions that compute, and variables
 * are not understood, on purpose: a declaration that has them is CSS_UNKNOWN.
 */
#include "mail/css.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

#define DECLARATIONS_MAX 200

static const struct {
	const char *name;
	enum css_kind kind;
} PROPERTIES[] = {
	{ "display", CSS_DISPLAY },
	{ "visibility", CSS_VISIBILITY },
	{ "opacity", CSS_OPACITY },
	{ "font-size", CSS_FONT_SIZE },
	{ "font", CSS_FONT },
	{ "color", CSS_COLOR },
	{ "background", CSS_BACKGROUND },
	{ "background-color", CSS_BACKGROUND },
	{ "position", CSS_POSITION },
	{ "top", CSS_OFFSET },
	{ "right", CSS_OFFSET },
	{ "bottom", CSS_OFFSET },
	{ "left", CSS_OFFSET },
	{ "margin", CSS_MARGIN },
	{ "margin-top", CSS_MARGIN },
	{ "margin-right", CSS_MARGIN },
	{ "margin-bottom", CSS_MARGIN },
	{ "margin-left", CSS_MARGIN },
	{ "padding", CSS_PADDING },
	{ "padding-top", CSS_PADDING },
	{ "padding-right", CSS_PADDING },
	{ "padding-bottom", CSS_PADDING },
	{ "padding-left", CSS_PADDING },
	{ "height", CSS_HEIGHT },
	{ "max-height", CSS_HEIGHT },
	{ "width", CSS_WIDTH },
	{ "max-width", CSS_WIDTH },
	{ "min-height", CSS_LEAST },
	{ "min-width", CSS_LEAST },
	{ "overflow", CSS_OVERFLOW },
	{ "overflow-x", CSS_OVERFLOW },
	{ "overflow-y", CSS_OVERFLOW },
	{ "text-indent", CSS_INDENT },
	{ "letter-spacing", CSS_SPACING },
	{ "word-spacing", CSS_SPACING },
	{ "line-height", CSS_LINE_HEIGHT },
	{ "clip", CSS_CLIP },
	{ "clip-path", CSS_CLIP },
	{ "color-scheme", CSS_SCHEME },
	{ "supported-color-schemes", CSS_SCHEME },
	{ "mso-hide", CSS_MSO_HIDE },
};

/* Properties that leave text as visible as it was, whatever their value. */
static const char *const FREE[] = {
	"font-family", "font-style", "font-weight", "font-variant", "text-decoration", "text-decoration-line",
	"text-decoration-style", "text-decoration-thickness", "text-decoration-color", "text-underline-offset",
	"text-align", "vertical-align", "border-collapse", "border-radius", "border-color", "border-style",
	"border-top-style", "border-bottom-style", "border-left-style", "border-right-style", "border-top-color",
	"border-bottom-color", "border-left-color", "border-right-color", "table-layout", "white-space",
	"word-break", "word-wrap", "overflow-wrap", "hyphens", "-webkit-hyphens", "-moz-hyphens", "-ms-hyphens",
	"list-style-type", "list-style-position", "cursor", "-webkit-text-size-adjust", "-ms-text-size-adjust",
	"text-size-adjust", "-webkit-font-smoothing", "-moz-osx-font-smoothing", "text-rendering", "box-sizing",
	"-ms-interpolation-mode", "caption-side", "empty-cells", "quotes", "orphans", "widows",
	"page-break-inside", "page-break-after", "page-break-before", "mso-table-lspace", "mso-table-rspace",
	"mso-line-height-rule", "mso-padding-alt", "mso-margin-top-alt", "mso-margin-bottom-alt",
	"text-transform", "background-repeat", "background-position", "background-size",
};

/* Borders take room but hide nothing unless they are huge: read like paddings. */
static bool is_border(const char *name)
{
	return strncmp(name, "border", 6) == 0 && (!name[6] || name[6] == '-' || name[6] == ' ');
}

static enum css_kind kind_of(const char *name)
{
	for (size_t i = 0; i < COUNT(PROPERTIES); i++)
		if (strcmp(PROPERTIES[i].name, name) == 0)
			return PROPERTIES[i].kind;
	for (size_t i = 0; i < COUNT(FREE); i++)
		if (strcmp(FREE[i], name) == 0)
			return CSS_FREE;
	return is_border(name) || strcmp(name, "outline") == 0 ? CSS_PADDING : CSS_UNKNOWN;
}

static bool computes(const char *value)
{
	static const char *const UNREAD[] = { "\\", "var(", "calc(", "expression", "attr(", "env(", "url(",
					      "image", "gradient", "@", "{", "}", "[", "]", "<" };

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

/* Lower case, blanks collapsed and trimmed. */
static char *tidy(struct arena *a, const char *p, size_t n)
{
	char *out = arena_alloc(a, n + 1), *w = out;

	for (size_t i = 0; i < n; i++) {
		if (isspace((unsigned char)p[i])) {
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
	if (computes(value) || strchr(value, '!'))
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

		while (p < stop && isspace((unsigned char)*p))
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

bool css_length(const char *text, double em, double percent, double *px)
{
	static const struct {
		const char *unit;
		double px;
	} UNITS[] = { { "px", 1 }, { "pt", 4.0 / 3 }, { "pc", 16 }, { "in", 96 }, { "cm", 37.8 }, { "mm", 3.78 },
		      { "rem", 16 }, { "vw", 3 }, { "vh", 5 } };
	char *end;
	double v;

	/* strtod also reads "inf", "nan" and hexadecimal; CSS does not. */
	if (!*text || strspn(text, "+-.0123456789") == 0)
		return false;
	v = strtod(text, &end);
	if (end == text || !isfinite(v) || memchr(text, 'x', (size_t)(end - text)))
		return false;
	if (!*end || strcmp(end, "%") == 0 || strcmp(end, "em") == 0 || strcmp(end, "ex") == 0 ||
	    strcmp(end, "ch") == 0) {
		*px = v * (!*end ? 1 : *end == '%' ? percent / 100 : end[1] == 'm' ? em : em / 2);
		return true;
	}
	for (size_t i = 0; i < COUNT(UNITS); i++)
		if (strcmp(end, UNITS[i].unit) == 0) {
			*px = v * UNITS[i].px;
			return true;
		}
	return false;
}
