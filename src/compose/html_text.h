/* Text as HTML: the one place in compose/ where it is escaped. */
#ifndef PLACET_HTML_TEXT_H
#define PLACET_HTML_TEXT_H

#include "base/buf.h"

/* Appends n bytes with & < > " ' escaped: fit for text and for quoted attributes. */
void html_escape(struct buf *out, const char *p, size_t n);

#endif
