/*
 * Markdown (CommonMark with tables, by md4c) to the inner text and HTML of a
 * message. Bytes below 0x20 other than tab and line feed stand for slots and
 * pass through untouched; the caller refuses them in its input.
 */
#ifndef PLACET_MARKDOWN_H
#define PLACET_MARKDOWN_H

#include "base/buf.h"
#include "base/err.h"

struct image; /* compose.h */

/* Images that a text may show: ![](NAME). `used` has a bool for each, which is set; `domain` ends their Content-IDs. */
struct markdown_images {
	const struct image *image;
	size_t n;
	const char *domain;
	bool *used;
};

/* The Content-ID of an image, without brackets: from its name and content, so that the same image has the same one. */
void image_content_id(const struct image *x, const char *domain, struct buf *out);
/* Appends the <img> that shows it. */
void image_to_html(const struct image *x, const char *domain, struct buf *out);

/* As the two below, for the body of a message with its images. */
int markdown_mail_text(const char *md, size_t n, const struct markdown_images *images, struct buf *out, struct err *e) MUST_USE;
int markdown_mail_html(const char *md, size_t n, const struct markdown_images *images, struct buf *out, struct err *e) MUST_USE;

/* Readable plain text, lines of at most 72 columns where words allow, each web address on its own line
   or in angle brackets and unbroken. */
int markdown_to_text(const char *md, size_t n, struct buf *out, struct err *e) MUST_USE;
/* HTML for mail (inline styles) or, with `page` true, for our web pages (none): paragraphs, headings
   below h1, lists, quotes, tables, emphasis, links (https, mailto), code. No images, no raw HTML. */
int markdown_to_html(const char *md, size_t n, bool page, struct buf *out, struct err *e) MUST_USE;

/* The same for what the house says around the writer's words (house_fill.h): headings from h1, each address on a line of
   its own in the text, and no marks of emphasis there. */
int markdown_house_text(const char *md, size_t n, struct buf *out, struct err *e) MUST_USE;
int markdown_house_html(const char *md, size_t n, struct buf *out, struct err *e) MUST_USE;

#endif
