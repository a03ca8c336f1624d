/*
 * A body that somebody wrote as HTML, or exported from another program: read
 * once, rebuilt from a list of what is allowed (BODY-3), turned to text by the
 * renderer of Markdown (BODY-1). What is not on the list does not come out;
 * each kind of thing that was left out is noted, with the line of the first.
 * Refused, with the line and the mend, is only what a writer would miss:
 * images from elsewhere, links that may not be made, what nests too deep.
 */
#ifndef PLACET_HANDMADE_H
#define PLACET_HANDMADE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct markdown_images; /* markdown.h */

#define HANDMADE_MAX   (256 * 1024) /* bytes of source */
#define HANDMADE_DEPTH 100          /* elements in each other, in the source */
#define HANDMADE_NOTES 24

/* What was left out: "scripts", 3 times, first on line 12. */
struct handmade_notes {
	struct handmade_note {
		const char *what;
		size_t line, count;
	} note[HANDMADE_NOTES];
	size_t n;
};

struct handmade;

/*
 * Reads n bytes: a fragment or a whole document, UTF-8, fields as markers (fields.h). NULL with ERR_INPUT names the
 * line. Everything lives in the arena. Notes are added to, so that several pieces of one body share them.
 */
struct handmade *handmade_read(struct arena *a, const char *html, size_t n, const struct markdown_images *images,
			       struct handmade_notes *notes, struct err *e) MUST_USE;
/* Appends it as HTML for mail, fit to stand in the house's own table cell. Reading that again gives the same. */
int handmade_to_html(const struct handmade *h, struct buf *out, struct err *e) MUST_USE;
/* Appends it as plain text, as markdown_to_text would write it. */
int handmade_to_text(const struct handmade *h, struct buf *out, struct err *e) MUST_USE;
/* One line for people: "left out: scripts (line 3), hidden text (line 7, 2 times)"; "" if nothing was. */
const char *handmade_told(struct arena *a, const struct handmade_notes *notes);

#endif
