/*
 * Lines of plain text: how wide a text is shown, and breaking it at blanks
 * into lines of at most WRAP_COLUMNS columns. Words are never broken, so a web
 * address always stays whole; but between two ideographs or kana, which have no
 * blanks between words, a line may end.
 */
#ifndef PLACET_WRAP_H
#define PLACET_WRAP_H

#include "base/buf.h"

#define WRAP_COLUMNS 72

/* Columns that n bytes take on a screen; a marker (fields.h) counts as a short word. */
size_t text_width(const char *p, size_t n);
/* Appends the words of `text` in lines that begin with `first`, then `rest`; a line feed in `text` begins
   a new line. Every line ends in a line feed and in no blank. Returns the width of the widest line. */
size_t wrap_text(struct buf *out, const char *text, size_t n, const char *first, const char *rest);
/* The same without a prefix. */
void wrap_paragraph(struct buf *out, const char *text);

#endif
