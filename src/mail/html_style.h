/*
 * What style declarations make of text: seen, hidden, or "cannot tell".
 * Private to the HTML reader. A style sheet is judged in several worlds: as it
 * stands, and with each media query taken to hold, because what is hidden for
 * some readers (a phone, dark mode, paper) is hidden.
 */
#ifndef PLACET_HTML_STYLE_H
#define PLACET_HTML_STYLE_H

#include "base/arena.h"

#define WORLDS_MAX 8

struct sheet;

/* An element that is open, as selectors see it. */
struct element {
	const char *name, *id, *classes; /* id, classes: NULL when it has none */
	const struct element *parent;
};

/* How text in an element looks in one world. */
struct look {
	float font;      /* size in px */
	float opacity;   /* 0 to 1, of this and all around it */
	uint32_t fg, bg; /* 0xRRGGBB */
	uint32_t link;   /* of links that say nothing of their colour */
	bool invisible;  /* visibility: inherited, and may be taken back */
	bool hidden;     /* cannot be taken back below */
};

/* What was met that is more than a look. Fields are only ever set. */
struct style_notes {
	const char *doubt; /* a declaration outside what is known to be harmless */
	bool covers;       /* it may cover or move other text, wherever that stands */
	bool remote;       /* it fetches something */
};

enum sight { SIGHT_CLEAR, SIGHT_FAINT, SIGHT_NONE };

/* `dark`: the document says that it can be shown in dark colours. */
struct sheet *sheet_new(struct arena *a, bool dark);
/* Adds the text of one <style> element. */
void sheet_add(struct sheet *s, struct slice css, struct style_notes *notes);
/* Call once, after the last sheet_add. */
void sheet_ready(struct sheet *s);
/* The look of the bare page. */
void sheet_root(const struct sheet *s, struct look out[WORLDS_MAX]);
/* The look of an element inside one that looks like `outer`. `style` is its style attribute or NULL,
   `hints` declarations that its other attributes stand for, or NULL. */
void sheet_look(const struct sheet *s, const struct element *el, const char *style, const char *hints,
		const struct look outer[WORLDS_MAX], struct look out[WORLDS_MAX], struct style_notes *notes);
/* Can text that looks so be read in every world? */
enum sight sheet_sight(const struct sheet *s, const struct look look[WORLDS_MAX]);

#endif
