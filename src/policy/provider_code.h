/*
 * Refusals that speak of our own set-up, not of the recipient (standards.md,
 * section 2): reverse names, SPF, DKIM, DMARC, TLS, pace. Mailbox providers
 * say them by enhanced codes, some only in words. Pure.
 */
#ifndef PLACET_PROVIDER_CODE_H
#define PLACET_PROVIDER_CODE_H

#include "base/arena.h"

struct provider_code {
	const char *key;   /* "7.26": the code without its class, which says only whether it passes; or the word that told it */
	const char *means; /* "the message is not authenticated ..." */
	const char *mend;  /* what a postmaster does about it */
};

/* `enhanced` is "5.7.26" or "", `text` the whole reply. NULL: it says nothing about our set-up. */
const struct provider_code *provider_code(const char *enhanced, const char *text);
/* "5.7.26" of a key, in the class of a refusal (5) or a delay (4); words in quotes. In the arena. */
const char *provider_code_shown(struct arena *a, const struct provider_code *p, int class_of);
/* Of a key that was kept; NULL when it is none. */
const struct provider_code *provider_code_by_key(const char *key);

#endif
