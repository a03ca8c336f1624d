/*
 * Bytes as text and back: hex, base64, base64url and base32 for tokens, and
 * Crockford's base32 for codes that people type. Decoders accept exactly the
 * canonical form (TOK-1), except crockford_decode, which forgives case,
 * hyphens, spaces, and O, I, L.
 */
#ifndef PLACET_CODEC_H
#define PLACET_CODEC_H

#include "base/buf.h"

void hex_encode(struct buf *b, const void *p, size_t n);
/* Writes at most `max` bytes; returns how many, or -1 if malformed or too long. */
ssize_t hex_decode(void *out, size_t max, const char *s, size_t n);

void base64_encode(struct buf *b, const void *p, size_t n); /* padded, one line */
ssize_t base64_decode(void *out, size_t max, const char *s, size_t n);
void base64url_encode(struct buf *b, const void *p, size_t n); /* no padding */
ssize_t base64url_decode(void *out, size_t max, const char *s, size_t n);
void base32_encode(struct buf *b, const void *p, size_t n);                  /* a-z2-7, no padding */
ssize_t base32_decode(void *out, size_t max, const char *s, size_t n); /* any case: MTAs fold it */

/* The low 5*digits bits of v as `digits` characters. */
void crockford_encode(struct buf *b, uint64_t v, int digits);
/* Exactly `digits` digits; -1 if not. */
int crockford_decode(uint64_t *v, int digits, const char *s, size_t n);

/* A decimal number and nothing else, within [min, max]; -1 if not. */
int parse_i64(const char *s, int64_t min, int64_t max, int64_t *out);

#endif
