/*
 * Reading what senders write: charsets to UTF-8, and encoded words of headers
 * (RFC 2047). Nothing is ever lost: what cannot be read becomes U+FFFD, since
 * words that are missing here but shown elsewhere would not be judged.
 * Private to the readers of messages.
 */
#ifndef PLACET_ENCODED_WORD_H
#define PLACET_ENCODED_WORD_H

#include "base/arena.h"

/* n bytes in that charset as UTF-8; an unknown one, or NULL, is read as UTF-8. *out_n: the length. Never NULL. */
char *charset_to_utf8(struct arena *a, const char *charset, const char *p, size_t n, size_t *out_n);
/* Unstructured text with its encoded words decoded, as UTF-8 without NUL. Blanks between two encoded words go. */
char *encoded_words_decode(struct arena *a, const char *raw);
/* Length of the encoded word that begins at p ("=?charset?B?text?="), or 0. */
size_t encoded_word_length(const char *p);

#endif
