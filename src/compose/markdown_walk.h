/*
 * What both renderers of Markdown need of md4c: running it, finding the line
 * of a fault, reading entities and web addresses. A renderer begins with a
 * struct walk and never sees raw HTML, or an image that was not given: those
 * end the walk.
 */
#ifndef PLACET_MARKDOWN_WALK_H
#define PLACET_MARKDOWN_WALK_H

#include <md4c.h>

#include "base/buf.h"
#include "base/err.h"
#include "compose/markdown.h"

/* Quotes, lists and items in each other; deeper is not readable in a message. */
#define WALK_DEPTH 16
/* Bytes of Markdown; a message carries less than 100 kB (FMT-16). */
#define MARKDOWN_MAX (256 * 1024)

struct walk;

struct walk_calls {
	void (*enter_block)(struct walk *w, MD_BLOCKTYPE type, const void *detail);
	void (*leave_block)(struct walk *w, MD_BLOCKTYPE type, const void *detail);
	/* href: checked and decoded for MD_SPAN_A, else "". Valid during the call. */
	void (*enter_span)(struct walk *w, MD_SPANTYPE type, const char *href);
	void (*leave_span)(struct walk *w, MD_SPANTYPE type, const char *href);
	/* Text of the writer with entities decoded; line breaks come as "\n" (hard) or " " (soft). */
	void (*text)(struct walk *w, const char *p, size_t n);
	void (*image)(struct walk *w, const struct image *x);
};

struct walk {
	const struct walk_calls *calls;
	const char *md;  /* the source */
	size_t n, at;    /* its length; the last place in it that md4c spoke of */
	struct buf *out; /* when it is full, the walk ends */
	struct buf href; /* of the open link */
	const struct markdown_images *images; /* or NULL */
	const struct image *image;            /* open: its words are being read */
	struct buf alt;                       /* ... those */
	struct err *e;
	int depth;
};

/* Parses; -1 with `e` filled (the line of the Markdown is named). */
int walk_markdown(struct walk *w, const char *md, size_t n, struct err *e) MUST_USE;
/* Is it an address that a message may link to: https, http on loopback (trial homes), or mailto, in
   printable ASCII, without a user part? If not, *why says what to do. */
bool link_is_good(const char *href, const char **why);

/* Plain text of blocks and spans that come from elsewhere than Markdown: `drive` tells them to w->calls, in the order in
   which walk_markdown would, and fills `e` if it fails. */
int text_render(int (*drive)(struct walk *w, const void *source, struct err *e), const void *source, struct buf *out,
		struct err *e) MUST_USE;

#endif
