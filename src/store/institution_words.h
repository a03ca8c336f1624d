/*
 * The registered sentences that a trial home begins with, one for each
 * language of the built-in house template. A live home has none of them: an
 * institution says its own words (but the English opt-out wording).
 */
#ifndef PLACET_INSTITUTION_WORDS_H
#define PLACET_INSTITUTION_WORDS_H

#include <stddef.h>

struct trial_words {
	const char *language;
	const char *unofficial;      /* unofficial-sentence.LANG */
	const char *opt_out_wording; /* opt-out-wording.LANG */
};

/* All of them, English first; *n of them. */
const struct trial_words *trial_words(size_t *n);

#endif
