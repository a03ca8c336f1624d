/*
 * The reader of HTML written by hand, for its two files: handmade_read.c keeps
 * blocks, leaves and runs in order, handmade_element.c judges one element.
 */
#ifndef PLACET_HANDMADE_READER_H
#define PLACET_HANDMADE_READER_H

#include <libxml/HTMLparser.h>

#include "compose/handmade_event.h"
#include "mail/html_sheet.h"

#define BLOCKS_MAX 70 /* open; what the house puts around comes to that */
#define LISTS_MAX  12 /* lists, items and quotes in each other; the renderer of text holds 16 */
#define BREAKS_MAX 3

/* An element that is open. */
struct frame {
	struct element el; /* as selectors see it */
	enum role role;
	const struct style *look;
	const struct box *box;
	size_t blocks; /* open before it */
	bool gone;
	bool quiet; /* ... since it is in the head, of which nobody misses the words */
	/* What words in it become, if no block comes between. */
	enum leaf_kind leaf;
	int level;
	const struct style *leaf_look;
	const struct box *leaf_box;
};

/* A block that is open. */
struct open {
	enum block_kind kind;
	size_t event;
	const struct style *look;
	bool implied;      /* the writer did not begin it */
	bool bare;         /* bare words came last */
	struct grid *grid; /* of the table around, or NULL */
	size_t row, column;
	size_t lists;      /* of lists, items and quotes, with this one */
	size_t paragraphs;
};

struct reader {
	struct arena *a;
	struct handmade *out;
	struct handmade_notes *notes;
	struct err *e;
	const struct markdown_images *images;
	struct sheet *sheet;
	size_t rules_asked;
	htmlParserCtxtPtr parser;
	bool failed;
	struct frame frame[HANDMADE_DEPTH];
	size_t depth;
	struct open open[BLOCKS_MAX];
	size_t n_open, quotes;
	size_t switches; /* that were not met yet */
	bool leaf_open;
	bool blank;  /* one is owed before the next word */
	int breaks;  /* line breaks that are owed */
	bool hidden_said;
	struct buf heard, words;
};

size_t reader_line(const struct reader *r);
void reader_note(struct reader *r, enum note what);
int reader_fault(struct reader *r, const char *what);

static inline struct frame *reader_top(struct reader *r)
{
	return &r->frame[r->depth - 1];
}

static inline struct open *reader_around(struct reader *r)
{
	return &r->open[r->n_open - 1];
}

/* --- handmade_block.c: after each, r->failed says whether a bound was passed --- */

struct event *handmade_event(struct reader *r, enum event_kind kind);
/* Ends the words that are open, with the line breaks that are owed. */
void leaf_close(struct reader *r);
/* Begins a leaf for words that come in the element that is open. */
void leaf_open_here(struct reader *r);
/* Begins what must be around words and blocks here: an item in a list, a cell in a table. */
void flow_need(struct reader *r);
/* NULL: nested too deep. `implied`: the writer did not begin it. */
struct event *block_open(struct reader *r, enum block_kind kind, const struct style *look, const struct box *box,
			 bool implied);
void block_close_to(struct reader *r, size_t n);
void block_close_implied(struct reader *r);
void row_open(struct reader *r, const struct style *look, const struct box *box, bool implied);
void cell_open(struct reader *r, const struct style *look, const struct box *box, struct cell cell, bool implied);

/* --- handmade_element.c --- */

const char *reader_attribute(const char **atts, const char *name);
int reader_number(const char *digits, int otherwise);
/* Notes attributes and elements that act. */
void reader_watch(struct reader *r, const char *name, const char **atts);
/* Is the element one of those that do not come out? Fills f->gone. */
void reader_judge(struct reader *r, struct frame *f, const struct element_role *known);
/* Fills look and box of a frame that has taken over its parent's. */
int reader_style(struct reader *r, struct frame *f, const struct element_role *known, const char **atts);
/* The approved image that an <img> names; *out is NULL for one that is left out. -1: refused. */
int reader_image(struct reader *r, const char **atts, const struct image **out);

#endif
