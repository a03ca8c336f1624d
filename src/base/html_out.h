/*
 * Writing HTML. Text is escaped; raw HTML has a type of its own, so that
 * nobody writes it by mistake. A struct html may be made only from constant
 * text or from what the sanitizer (mail/html.h, compose/markdown.h) gave.
 * The functions that tools/mktmpl.c makes out of tmpl/ call these.
 */
#ifndef PLACET_HTML_OUT_H
#define PLACET_HTML_OUT_H

#include "base/buf.h"

struct html {
	const char *p; /* NULL is fine when n is 0 */
	size_t n;
};

/* Constant HTML, as it is. */
void html_lit(struct buf *b, const char *s);
void html_raw(struct buf *b, struct html h);
/* Text between tags, and in a quoted attribute: & < > " ' are escaped. NULL writes nothing. */
void html_text(struct buf *b, const char *s);
void html_attr(struct buf *b, const char *s);
/* An address in a quoted attribute: https:, http:, mailto:, a path from / (not //), or #part. For
   anything else, "#" is written: no script runs, and no form leaves for another host unseen. */
void html_url(struct buf *b, const char *s);
/* For templates of plain text: as it is; NULL writes nothing. */
void text_plain(struct buf *b, const char *s);
/* Neither NULL nor empty. */
bool text_given(const char *s);

#endif
