/*
 * What Placet asks of Unicode text: is it valid, what does it become in NFC,
 * in lower case, and which characters may never stand in a header or a field.
 */
#ifndef PLACET_UTF8_H
#define PLACET_UTF8_H

#include "base/arena.h"

bool utf8_valid(const char *s, size_t n);
/* Decodes one character at s (n > 0 bytes left), sets *len; 0xFFFD and *len = 1 if malformed. */
uint32_t utf8_char(const char *s, size_t n, size_t *len);
/* Appends c to out[4]; returns the number of bytes. */
size_t utf8_put(uint32_t c, char out[4]);
size_t utf8_count(const char *s); /* characters */
/* Bytes of the longest beginning of s that ends with a character and has at most max bytes; for "%.*s". */
int utf8_fit(struct slice s, int max);
/* Copies from the arena; the input must be valid. */
char *utf8_nfc(struct arena *a, const char *s);
char *utf8_lower(struct arena *a, const char *s);

/* Controls, C0 and C1, DEL (FMT-3). */
bool utf8_is_control(uint32_t c);
/* Characters that show nothing or turn the reading direction: U+200B-200F, U+202A-202E,
   U+2060-2064, U+2066-2069, U+FEFF, U+00AD, tags (FMT-3). */
bool utf8_is_invisible(uint32_t c);
/* Ideographs, kana and their punctuation: scripts that put no blanks between words. (Korean does.) */
bool utf8_is_ideographic(uint32_t c);
/* Is c a joiner between two characters of scripts that shape letters by them, or of emoji (FMT-3)? The one kind of invisible
   character that words are written with. */
bool utf8_joins(uint32_t before, uint32_t c, uint32_t after);
/* No control or invisible character in s (tab and line breaks are controls). */
bool utf8_is_plain(const char *s);

#endif
