/*
 * What a person sees of an HTML part: visible text, links with their words,
 * images, and hidden text. Over libxml2's SAX parser: linear, bounded.
 */
#ifndef PLACET_HTML_H
#define PLACET_HTML_H

#include "base/arena.h"
#include "base/err.h"

struct html_link {
	const char *href, *words; /* words: its visible text, blanks collapsed */
	size_t at, end;           /* where that stands in the view's text; both 0 when there is none */
};

struct html_image {
	const char *src, *alt;
};

struct html_view {
	const char *text;   /* visible, LF between blocks, blanks collapsed */
	const char *hidden; /* text that is there but not visible */
	const char *lang, *dir, *title;
	const struct html_link *links;
	size_t n_links;
	const struct html_image *images;
	size_t n_images;
	const char *doubt; /* a construct that could not be judged, or NULL: text below it counts as hidden */
	bool below;        /* there is such text: `hidden` holds it, and it may be visible */
	bool active;       /* scripts, forms, frames, event attributes, remote style sheets */
	bool unread;       /* the reader gave up before the end: deeper, larger or more broken than it reads */
	bool remote;       /* anything that would be fetched: images by http(s), url() in CSS, @import */
};

int html_read(struct arena *a, struct slice html, struct html_view *out, struct err *e) MUST_USE;

#endif
