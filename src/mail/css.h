/*
 * The part of CSS that decides whether text is seen: declarations, read into
 * kinds and values. Private to the HTML reader. What is not in the table of
 * properties is unknown, and unknown is never taken for harmless.
 */
#ifndef PLACET_CSS_H
#define PLACET_CSS_H

#include "base/arena.h"

enum css_kind {
	CSS_UNKNOWN,
	CSS_FREE, /* whatever its value, text stays as visible as it was */
	CSS_NONE, /* harmless while it says "none" */
	CSS_ALIGN, /* vertical-align */
	CSS_BACKGROUND,
	CSS_BACKGROUND_COLOR,
	CSS_BORDER,
	CSS_BREAK, /* where long words may break */
	CSS_CASE,
	CSS_CLIP,
	CSS_COLOR,
	CSS_DECORATION,
	CSS_DIRECTION,
	CSS_DISPLAY,
	CSS_FAMILY,
	CSS_FLOAT,
	CSS_FONT,
	CSS_FONT_SIZE,
	CSS_HEIGHT,
	CSS_INDENT,
	CSS_LAYOUT, /* table-layout */
	CSS_LEAST, /* min-height */
	CSS_LINE_HEIGHT,
	CSS_MARGIN,
	CSS_MSO_HIDE,
	CSS_MSO_MARGIN,
	CSS_OFFSET,
	CSS_OPACITY,
	CSS_OUTLINE,
	CSS_OVERFLOW,
	CSS_PADDING,
	CSS_POSITION,
	CSS_RADIUS,
	CSS_SCHEME,
	CSS_SHADOW,
	CSS_SPACING,
	CSS_VARIANT,
	CSS_VISIBILITY,
	CSS_WHITE_SPACE,
	CSS_WIDTH,
	CSS_ZOOM, /* text-size-adjust, zoom */
};

struct css_declaration {
	enum css_kind kind;
	const char *name, *value; /* lower case, blanks collapsed, without "!important" */
	bool important;
	struct css_declaration *next;
};

/* Reads "name: value; ..."; comments are already gone. Sets *doubt at what is no declaration. */
struct css_declaration *css_declarations(struct arena *a, struct slice text, const char **doubt);
/* A copy without comments. */
struct slice css_without_comments(struct arena *a, struct slice text);

/* What the units of a length stand for, in px; below 0: it is not to be had, and such a length is not
   understood. */
struct css_base {
	double em, rem, percent, vw;
};

/* A length in px, as browsers would take it: with a unit, unless it is 0. False: none, or not understood. */
bool css_length(const char *text, const struct css_base *base, double *px);
/* A plain number. */
bool css_number(const char *text, double *out);
/* A colour as 0xRRGGBB and how opaque it is (0 to 1). False: not understood. */
bool css_color(const char *text, uint32_t *rgb, double *alpha);
/* WCAG contrast, 1 to 21. */
double css_contrast(uint32_t a, uint32_t b);
/* `top` laid over `under` with that opacity. */
uint32_t css_blend(uint32_t top, uint32_t under, double alpha);

#endif
