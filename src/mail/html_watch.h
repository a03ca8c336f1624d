/*
 * Attributes and meta elements that do more than say how text looks. Private to
 * the HTML reader.
 */
#ifndef PLACET_HTML_WATCH_H
#define PLACET_HTML_WATCH_H

#include "mail/html.h"

/* Looks at every attribute of an element for what acts or fetches, and sets `active` and `remote`. Returns why the page
   cannot be judged any more, or NULL. */
const char *html_watch(struct html_view *out, const char *name, const char **all);

#endif
