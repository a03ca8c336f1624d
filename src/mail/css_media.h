/*
 * Media queries: for which readers does a part of a style sheet hold? A reader
 * is a struct css_world; what a query asks that is not known of it (resolution,
 * orientation, @supports) is an "unknown", which may be so or not. Private to
 * the HTML reader.
 */
#ifndef PLACET_CSS_MEDIA_H
#define PLACET_CSS_MEDIA_H

#include "base/arena.h"

#define MEDIA_WIDTHS_MAX 12
#define MEDIA_UNKNOWN_MAX 3

struct css_world {
	double width, device; /* px: of the window, of the device */
	bool dark, print;
	unsigned unknown; /* a bit for each unknown that is so */
};

/* What the queries of a part ask about; grows as they are read. */
struct css_media {
	double width[MEDIA_WIDTHS_MAX], device[MEDIA_WIDTHS_MAX]; /* the limits that were named */
	int n_widths, n_devices;
	const char *unknown[MEDIA_UNKNOWN_MAX];
	int n_unknown;
	bool asks_dark, asks_print;
	bool full; /* more than can be kept: no answer is to be trusted */
};

/* Notes what the query asks. It is in lower case, blanks collapsed, without "@media"; a line
   break ends it. */
void css_media_note(struct arena *a, struct css_media *m, const char *query);
bool css_media_holds(const struct css_media *m, const char *query, const struct css_world *w);

#endif
