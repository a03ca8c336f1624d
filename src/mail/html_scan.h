/*
 * A first look at an HTML part, before it is parsed: where does it stop being
 * plainly well-formed, and what do its style elements say? Private to the HTML
 * reader.
 */
#ifndef PLACET_HTML_SCAN_H
#define PLACET_HTML_SCAN_H

#include "base/arena.h"

#define HTML_DEPTH_MAX 100
#define HTML_STYLES_MAX 20

struct html_scan {
	const char *doubt; /* the first place that parsers may read differently, or NULL */
	size_t doubt_at;   /* where it begins; the length of the part when there is none */
	size_t stop;       /* up to here it may be parsed in linear time */
	const char *style_doubt; /* a style sheet that cannot be judged, or NULL */
	struct slice style[HTML_STYLES_MAX];
	size_t n_styles;
	bool doctype;
	bool dark; /* says that it can be shown in dark colours */
};

void html_scan(struct slice html, struct html_scan *out);

#endif
