/*
 * What the program itself says around a message, by language: the line of a
 * trial, and languages' own names. All else stands in the house template.
 */
#ifndef PLACET_HOUSE_WORDS_H
#define PLACET_HOUSE_WORDS_H

#include "base/arena.h"

/* Is `language` ("en-GB") the language `tag` ("en")? Case does not count. */
bool language_is(const char *language, const char *tag);
/* The line of a message that a trial installation sent; English where there is none. */
const char *house_trial_line(const char *language);
/* "Deutsch, français": the languages by their own names; "" without any. NULL-ended. */
const char *house_languages(struct arena *a, const char *const *languages);

#endif
