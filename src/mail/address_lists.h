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
bool list_has_disposable(const char *domain);
bool list_has_list_host(const char *domain);
bool list_has_reserved(const char *domain);
/* The first word of a searched list that is out of order, or NULL: for the test. */
const char *lists_unsorted(void);

#endif
