/*
 * HTML written by hand as a list of events: what the reader makes and both
 * writers render. Private to handmade_*.c.
 *
 * Blocks nest properly, and hold either blocks or leaves. A leaf holds runs of
 * text, images and line breaks, each run with its whole look: there are no
 * spans to be crossed or left open. A writer opens and closes them as looks
 * change, always in one order; so what is written has one form only.
 */
#ifndef PLACET_HANDMADE_EVENT_H
#define PLACET_HANDMADE_EVENT_H

#include "compose/handmade.h"
#include "compose/handmade_look.h"

enum event_kind { EV_OPEN, EV_CLOSE, EV_LEAF, EV_LEAF_END, EV_TEXT, EV_IMAGE, EV_EMPTY_LINE, EV_RULE, EV_SWITCH };
enum block_kind { BLOCK_DIV, BLOCK_QUOTE, BLOCK_UL, BLOCK_OL, BLOCK_LI, BLOCK_TABLE, BLOCK_ROW, BLOCK_CELL, BLOCK_CAPTION };
/* LEAF_BARE: words that stand directly in a block, without an element of their own. */
enum leaf_kind { LEAF_P, LEAF_LINE, LEAF_BARE, LEAF_HEADING, LEAF_PRE };

struct grid {
	size_t rows, columns, cells;
	bool headed;       /* it has <th> */
	bool first_row;    /* ... all of its first row is */
	bool presentation; /* it says that it is no table of data, or others stand in it */
	bool complex;      /* more than words in a cell, or a cell over several rows */
};

struct cell {
	bool head;
	int columns, rows;
	size_t row, column; /* from 0 */
};

struct event {
	enum event_kind kind;
	int what;                 /* enum block_kind or enum leaf_kind */
	int level;                /* of a heading in the source; where an ordered list begins */
	bool loose;               /* a list with paragraphs in its items */
	const struct style *look;  /* of the block, leaf or run */
	const struct style *outer; /* of a block or leaf: what stands around it */
	const struct box *box;    /* of a block or leaf, or NULL */
	const char *text;         /* of a run: with markers */
	size_t n;
	int breaks;               /* line breaks before this run */
	bool blank;               /* a blank before it */
	const struct image *image;
	struct grid *grid;        /* of a table, its rows and cells */
	const struct cell *cell;
	size_t row;               /* of a row: its number */
	size_t segment;           /* of a switch (fields.h) */
	size_t quotes;            /* open around a leaf */
};

struct handmade {
	struct arena *arena;
	struct event *events;
	size_t n, room;
	const struct markdown_images *images; /* or NULL */
	bool has_h1; /* the message has its own: all headings go one level down */
};

static inline int heading_level(const struct handmade *h, const struct event *ev)
{
	return ev->level + (h->has_h1 && ev->level < 6);
}

enum note {
	NOTE_SCRIPT,
	NOTE_HANDLER,
	NOTE_FORM,
	NOTE_FRAME,
	NOTE_DRAWING,
	NOTE_FALLBACK,
	NOTE_TEMPLATE,
	NOTE_META,
	NOTE_REMOTE_STYLE,
	NOTE_SHEET,
	NOTE_STYLE,
	NOTE_BACKGROUND,
	NOTE_HIDDEN,
	NOTE_CONDITIONAL,
	NOTE_LINK,
	NOTE_ANCHOR,
	NOTE_PIXEL,
	NOTE_ELEMENT,
	NOTE_INVISIBLE,
	NOTE_COLOR,
	NOTE_BROKEN,
	NOTE_KINDS
};

void note_add(struct handmade_notes *notes, enum note what, size_t line);

/* --- the source (handmade_source.c) --- */

/* A copy fit for the parser, with markers and switches as private characters. NULL: refused. */
char *source_prepare(struct arena *a, const char *html, size_t n, size_t *switches, struct err *e);
/* Appends n bytes of what the parser gives, markers as they were. Controls and characters that show nothing are left
   out; how many is returned. */
size_t source_restore(struct buf *out, const char *p, size_t n);

/* --- elements (handmade_names.c) --- */

enum role {
	ROLE_WORDS,  /* an element that says nothing: its words stay */
	ROLE_INLINE,
	ROLE_LINK,
	ROLE_DIV,
	ROLE_P,
	ROLE_HEADING,
	ROLE_PRE,
	ROLE_QUOTE,
	ROLE_LIST,
	ROLE_ITEM,
	ROLE_TABLE,
	ROLE_ROW,
	ROLE_CELL,
	ROLE_CAPTION,
	ROLE_BREAK,
	ROLE_RULE,
	ROLE_IMAGE,
	ROLE_SILENT, /* nothing of it comes out, and nobody misses it */
	ROLE_GONE,   /* nothing of it comes out, and it is noted */
	ROLE_NOTED,  /* it goes and is noted, its words stay */
};

struct element_role {
	const char *name;
	enum role role;
	enum note note;          /* of ROLE_GONE, ROLE_NOTED */
	const char *css;         /* what it means as a declaration, or NULL */
};

/* NULL: not known. */
const struct element_role *role_of(const char *name);

#endif
