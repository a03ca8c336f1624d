/*
 * What the declarations that reach an element say in one world, before it is
 * judged. Private to html_style.c, which fills it, and html_look.c.
 */
#ifndef PLACET_HTML_CASCADE_H
#define PLACET_HTML_CASCADE_H

#include "mail/html_sheet.h"

struct cascade {
	const struct look *outer;
	struct css_base base;
	double font, line, opacity, alpha, indent, spacing;
	double margin[4], padding[4], border[4]; /* top, right, bottom, left */
	double width, min_width, max_width, height, max_height; /* 0: not said */
	double bg_alpha;
	uint32_t fg, bg;
	enum layout box;
	unsigned char wrap, letters;
	bool none, none_mso, display_unknown, invisible, clipped, clips, has_bg, plain_link, breaks, floats, fixed, rtl;
	bool struck;       /* a line goes through its text */
	bool round;        /* corners that may cut into text */
	bool locks;        /* cuts off what is below */
	bool whole;        /* width: 100% */
	bool border_box;
	bool whole_height; /* of an element for which "height: 100%" says nothing */
};

/* Takes one declaration in. `fonts`: only the size of the font, on which other lengths depend. False: not
   understood, or not harmless. */
bool cascade_apply(const struct sheet *s, struct cascade *c, const struct css_declaration *d, bool fonts);

#endif
