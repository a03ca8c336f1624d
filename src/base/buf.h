/*
 * Text and bytes that grow up to a ceiling decided at buf_init. Past it the
 * buffer stops growing and `over` stays set: write freely, check once at the
 * end. `p` always has a NUL at p[n], so that it can be read as text.
 */
#ifndef PLACET_BUF_H
#define PLACET_BUF_H

#include "base/base.h"

struct buf {
	char *p;     /* NULL until the first byte; buf_text() never is */
	size_t n;    /* bytes in use, without the NUL */
	size_t room; /* bytes allocated */
	size_t max;  /* the ceiling for n */
	bool over;   /* something did not fit and was left out */
};

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* empties for re-use: n = 0, over = false; keeps the memory */
void buf_free(struct buf *b);  /* releases; the buffer may be used again with the same ceiling */

void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_add_buf(struct buf *b, const struct buf *other);
/* Cuts to `n` bytes (n <= b->n). */
void buf_cut(struct buf *b, size_t n);
/* Room for `n` more bytes, or NULL with `over` set; buf_used() says how many were written. */
char *buf_room(struct buf *b, size_t n);
void buf_used(struct buf *b, size_t n);
/* The content as text, "" when empty; valid until the next change. */
const char *buf_text(const struct buf *b);

#endif
