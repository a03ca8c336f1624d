/*
 * What style declarations make of text: seen, hidden, or "cannot tell".
 * Private to the HTML reader. A style sheet is judged in several worlds: as
 * clients that drop it show the page, and for each kind of reader that its
 * queries tell apart, because what is hidden for some readers (a phone, dark
 * mode, paper, one client) is hidden.
 */
#ifndef PLACET_HTML_STYLE_H
#define PLACET_HTML_STYLE_H

#include "base/arena.h"

#define WORLDS_MAX 40
#define BEHIND_MAX 6

struct sheet;

/* How an element takes its place. */
enum layout { BOX_INLINE, BOX_BLOCK, BOX_ATOM /* inline-block */, BOX_TABLE, BOX_ROW, BOX_CELL };

/* An element, as selectors see it. */
struct element {
	const char *name, *id, *classes; /* id, classes: NULL when it has none */
	const char *const *atts;         /* name, value, ..., NULL */
	const struct element *parent, *before; /* before: the element next to it */
	int index;                       /* among its siblings, from 1 */
	enum layout box;                    /* when no style says otherwise */
};

enum letters { LETTERS_OWN, LETTERS_UPPER, LETTERS_LOWER, LETTERS_TITLE };
enum wrap { WRAP_WORDS, WRAP_ANYWHERE, WRAP_LINES /* <pre> */, WRAP_NEVER };

/* How text in an element looks in one world. Lengths are px, colours 0xRRGGBB. */
struct look {
	float font, root_font;
	float line;    /* the height of lines; below 0: times the size of the font */
	float spacing; /* added to each letter */
	float alpha;   /* of the text's own colour */
	float opacity; /* 0 to 1, of this and all around it */
	float room;    /* so wide is what is surely seen of its box */
	float edge;    /* which the element itself adds to its line, left and right */
	float height;  /* which the element itself may not exceed; 0: any */
	uint32_t fg, bg;
	uint32_t box_bg; /* behind the boxes in it: an inline element's background is not */
	uint32_t under;  /* behind what is faint as a whole */
	uint32_t behind[BEHIND_MAX]; /* all backgrounds declared around it */
	unsigned char n_behind, mark; /* mark: how many stand outside of a table that grows with its text */
	unsigned char wrap, letters, box;
	unsigned char outside; /* how many backgrounds stand outside of the first box around it that grows with its text */
	bool grows;      /* stands in such a box: a table, an inline block, a float */
	bool canvas;     /* the page's own background is declared */
	bool plain_link; /* has the colour of a link that says nothing of its colour */
	bool breaks;     /* long words are broken */
	bool inline_bg;  /* its background is that of an inline element */
	bool clips;      /* what does not fit in its box, or in one around it, is cut off */
	bool spills;     /* may stand outside of what is surely seen */
	bool leaks;      /* may stand outside of its background */
	bool unknown_bg; /* what is behind it is not known */
	bool fixed;      /* columns do not grow with their text */
	bool boxed;      /* text that does not fit lies over what is beside it */
	bool rtl;        /* text that does not fit leaves the page */
	bool invisible;  /* visibility: inherited, and may be taken back */
	bool hidden;     /* cannot be taken back below */
	bool gone;       /* is not drawn, and takes no room */
};

/* What was met that is more than a look. Fields are only ever set. */
struct style_notes {
	const char *doubt; /* a declaration outside what is known to be harmless */
	bool covers;       /* it may cover or move other text, wherever that stands */
	bool remote;       /* it fetches something */
	unsigned steps;    /* work done: bounded */
};

enum sight { SIGHT_CLEAR, SIGHT_FAINT, SIGHT_NONE };

/* How long the pieces of a text are that cannot be broken, in em. */
struct stretch {
	double word, line, all;   /* between blanks; between line breaks of its own; altogether */
	double first, first_line; /* the first such word and line */
	double before_word, before_line, before_own; /* px that stand before it, in the same piece */
};

/* `dark`: the document says that it can be shown in dark colours. `quirks`: some clients show tables in it as of old. */
struct sheet *sheet_new(struct arena *a, bool dark, bool quirks);
/* Adds the text of one <style> element. */
void sheet_add(struct sheet *s, struct slice css, struct style_notes *notes);
/* Call once, after the last sheet_add. */
void sheet_ready(struct sheet *s, struct style_notes *notes);
/* The look of the bare page. */
void sheet_root(const struct sheet *s, struct look out[WORLDS_MAX]);
/* Tables start anew from the body in some worlds. */
void sheet_table(const struct sheet *s, const struct look body[WORLDS_MAX], struct look look[WORLDS_MAX]);
/* The look of an element inside one that looks like `outer`. `style` is its style attribute or NULL,
   `hints` declarations that its other attributes stand for, or NULL. */
void sheet_look(const struct sheet *s, const struct element *el, const char *style, const char *hints,
		const struct look outer[WORLDS_MAX], struct look out[WORLDS_MAX], struct style_notes *notes);
/* Can text that looks so be read in every world? */
enum sight sheet_sight(const struct sheet *s, const struct look look[WORLDS_MAX], const struct stretch *text,
		       struct style_notes *notes);
int sheet_worlds(const struct sheet *s);
/* Is what does not fit into such a box hidden, or drawn on something else? Then all in the box is in doubt. */
bool look_is_fragile(const struct look *l);
/* In px; spacing counts. */
double look_width(const struct look *l, double em);
double look_line(const struct look *l);

#endif
