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
	CSS_DISPLAY,
	CSS_VISIBILITY,
	CSS_OPACITY,
	CSS_FONT_SIZE,
	CSS_FONT,
	CSS_COLOR,
	CSS_BACKGROUND,
	CSS_POSITION,
	CSS_OFFSET,
	CSS_MARGIN,
	CSS_PADDING,
	CSS_HEIGHT,
	CSS_WIDTH,
	CSS_LEAST, /* min-height, min-width */
	CSS_OVERFLOW,
	CSS_INDENT,
	CSS_SPACING,
	CSS_LINE_HEIGHT,
	CSS_CLIP,
	CSS_SCHEME,
	CSS_MSO_HIDE,
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

/* A length in px. `em` is the size of 1em, `percent` that of 100 %. False: "auto" or not understood. */
bool css_length(const char *text, double em, double percent, double *px);
/* A colour as 0xRRGGBB and how opaque it is (0 to 1). False: not understood. */
bool css_color(const char *text, uint32_t *rgb, double *alpha);
/* WCAG contrast, 1 to 21. */
double css_contrast(uint32_t a, uint32_t b);
/* `top` laid over `under` with that opacity. */
uint32_t css_blend(uint32_t top, uint32_t under, double alpha);

#endif
