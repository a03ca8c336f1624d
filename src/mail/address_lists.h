/*
 * Private to address.c: short lists of our own, in lower case. They flag, they
 * never refuse (ADR-8, ADR-10): an address that is missing here costs a second
 * look, no more.
 */
#ifndef PLACET_ADDRESS_LISTS_H
#define PLACET_ADDRESS_LISTS_H

#include "base/base.h"

/* Is `local` (a match key's local part) a post rather than a person (ADR-8)? */
bool list_has_role(const char *local);
/* One of ADR-8's patterns, or a name that mailing lists have. */
bool list_has_list_pattern(const char *local);
/* Domains, as from domain_parse; those below a listed one count too, but for free providers. */
bool list_has_free_provider(const char *domain);
/* The free provider of this name as it stands in the list, or NULL. */
const char *list_find_free_provider(const char *domain);
/* The free provider whose skeleton this is, where that is not its name ("btintemet.com"); else NULL. */
const char *list_skewed(const char *skeleton);
/* Large providers, the largest first: what is mistyped most. */
const char *const *list_large(size_t *n);
/* Free providers, sorted. */
const char *const *list_free_providers(size_t *n);
/* Domains of others that are one letter away from a large provider's. */
bool list_has_neighbour(const char *domain);
bool list_has_disposable(const char *domain);
bool list_has_list_host(const char *domain);
bool list_has_reserved(const char *domain);
/* The first word of a searched list that is out of order, or NULL: for the test. */
const char *lists_unsorted(void);

#endif
