/*
 * Domains: their one spelling (ADR-5), and which of them are places where
 * others register theirs (the public suffix list).
 */
#ifndef PLACET_DOMAIN_H
#define PLACET_DOMAIN_H

#include "base/arena.h"

struct psl_ctx_st; /* libpsl's list */

/* Lower-case A-label form of a host or domain; NULL if it is none (single labels are none, but
   "localhost" and IP literals neither). */
char *domain_parse(struct arena *a, const char *text);
/* Is `domain` equal to `parent` or below it? Both as from domain_parse. */
bool domain_is_within(const char *domain, const char *parent);
/* The organization's domain: "dept.uni.ac.uk" gives "uni.ac.uk". NULL if `domain` is itself a public suffix,
   or if it cannot be known. Below a top-level domain that no list has (.test), it is the last two labels. */
char *domain_registered(struct arena *a, const char *domain);
/* The same by a list other than libpsl's own. */
char *domain_registered_in(struct arena *a, const struct psl_ctx_st *list, const char *domain);
/* Does the list's ICANN section name `domain` (in A-labels) itself: "co.uk", "ac.uk"? Nobody has a mailbox
   there. Names that companies added for their customers ("blogspot.com") do not count. */
bool domain_is_public_suffix(const char *domain);

#endif
