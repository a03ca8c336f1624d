/*
 * How somebody agreed, in words for the message that they get: "on 3 May 2026,
 * with a signed form (SC-12)", in its language, with the date as that language
 * writes it. It fits into the sentence of the built-in house template.
 */
#ifndef PLACET_CONSENT_WORDS_H
#define PLACET_CONSENT_WORDS_H

#include "base/arena.h"

/* `kind`: own-sign-up, signed-form, online-form, oral. `given_on`: "2026-05-03" or "", then the words say that `at` is
   when it was recorded. A `ref` that a message may not hold is left out. English where the language is not known. */
const char *consent_words(struct arena *a, const char *language, const char *kind, const char *ref, const char *given_on,
			  int64_t at);

#endif
