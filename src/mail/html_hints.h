/*
 * What elements and their attributes say about looks, said as declarations of
 * CSS: "bgcolor", <small>. Private to the HTML reader.
 */
#ifndef PLACET_HTML_HINTS_H
#define PLACET_HTML_HINTS_H

#include "base/buf.h"
#include "mail/html_style.h"

/* Adds declarations for the element to `out`. `atts`: name, value, ..., NULL. */
void html_hints(const char *name, const char *const *atts, struct buf *out, struct style_notes *notes);
enum layout html_box(const char *name);
/* The value of an attribute, "" when it has none; NULL when it is not there. */
const char *html_attribute(const char *const *atts, const char *name);

#endif
