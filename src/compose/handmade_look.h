/*
 * What text looks like in HTML written by hand: the few things that are kept
 * of its styles. Private to handmade_*.c.
 *
 * A look is inherited: text in an element has it. A box is the element's own.
 * Both are values that we made (numbers, a word of a list), never text of the
 * writer's, so that nothing can be smuggled through a style.
 */
#ifndef PLACET_HANDMADE_LOOK_H
#define PLACET_HANDMADE_LOOK_H

#include "base/arena.h"
#include "base/buf.h"
#include "mail/css.h"

#define UNSET (-1)

enum side { TOP, RIGHT, BOTTOM, LEFT };
enum align { ALIGN_NONE, ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT, ALIGN_JUSTIFY };
enum line_style { LINE_NONE, LINE_SOLID, LINE_DASHED, LINE_DOTTED, LINE_DOUBLE };

/* px; UNSET, or for margins AUTO. */
#define AUTO (-2)

struct border {
	int width; /* px, UNSET, 0 to 24 */
	enum line_style style;
	int64_t color; /* 0xRRGGBB or UNSET */
};

struct box {
	int margin[4], padding[4];
	struct border border[4];
	int radius;
	int width_percent, width, max_width;
	int64_t ground; /* background */
	const char *valign, *dir; /* of ours, or NULL */
};

struct link {
	const char *href;
	int64_t ink, ground; /* of its own text; UNSET: the house's */
	struct box box;      /* of a link that looks like a button */
	bool button;
};

struct style {
	bool bold, italic, code, underline, strike;
	int shift; /* -1: sub, 1: sup */
	const struct link *link;
	int64_t fg;     /* what the writer said, or UNSET */
	int64_t ground; /* of the block that it stands in; UNSET: the house's sheet */
	int64_t mark;   /* of the words themselves */
	int64_t ink;    /* fg, if that can be read on what is behind it (BODY-4); UNSET: the house's */
	bool mended;    /* it could not */
	bool lost;      /* what the writer put behind it was left out */
	int size;       /* px, 0: the house's */
	enum align align;
	bool soft_align; /* said by an attribute: tables within begin anew, and are placed so themselves */
	bool hidden;
	double em; /* px, for what is said relative to it */
};

void box_clear(struct box *b);
bool box_is_plain(const struct box *b);

/* What a declaration that was not taken means for the notes. */
enum style_verdict { STYLE_TAKEN, STYLE_LEFT_OUT, STYLE_REMOTE };

/* What hides text only together with something else. */
struct hiding {
	bool clipped, no_height, no_width, placed, moved;
};

/* Puts one declaration into both. */
enum style_verdict style_take(const struct css_declaration *d, bool is_inline, struct style *l, struct box *b,
			      struct hiding *h);
/* Call once behind the last of an element: sets ink and hidden. */
void style_settle(struct style *l, const struct hiding *h);
/* The colour of text on that ground which can be read, house colours before others. */
int64_t style_legible(int64_t ground);
/* What is behind words that look so; UNSET: the house's sheet. */
int64_t look_ground(const struct style *l);
/* Text in the colour of what is behind it. */
bool look_is_unseen(const struct style *l);

/* Append "name:value;" pairs. */
void put_color(struct buf *b, const char *name, int64_t color);
void put_box(struct buf *b, const struct box *box);
void put_align(struct buf *b, enum align align);

#endif
