/* How "you agreed" is said in each language. Private to src/policy, and to the tests. */
#ifndef PLACET_AGREED_WORDS_H
#define PLACET_AGREED_WORDS_H

#include "base/base.h"

struct agreed_words {
	const char *language;
	const char *said[24]; /* NULL-ended; beginnings of words */
};

/* The row of that language ("de-AT" finds "de"); NULL if there is none. */
const struct agreed_words *agreed_words(const char *language);
const struct agreed_words *agreed_words_all(size_t *n);

#endif
