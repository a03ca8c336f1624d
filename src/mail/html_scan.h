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
	bool standards; /* has a doctype under which tables take over the colour around them */
	bool covers;    /* what was met may cover or change text that stands before it */
	bool dark;      /* says that it can be shown in dark colours */
};

void html_scan(struct slice html, struct html_scan *out);
/* Is what a conditional comment holds ("[if mso]>...<![endif]") harmless to the text around it: settings, fonts, tables
   without colours that only hold things together? */
bool html_ghost_is_harmless(struct slice comment);

#endif
