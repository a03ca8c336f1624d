/*
 * What a person should look at in an address: see address.h. Flags are facts
 * about how an address looks; they decide nothing (ADR-8, ADR-10).
 */
#include "mail/address_inner.h"

#include "base/utf8.h"
#include "mail/address_lists.h"

#define KEY_LOCAL_MAX 256 /* 64 octets, some of which grew in lower case */

unsigned address_flags_among(const struct address *addr, const char *const *known, size_t n_known)
{
	const char *at = strrchr(addr->key, '@');
	size_t n = at ? (size_t)(at - addr->key) : 0;
	char local[KEY_LOCAL_MAX + 1] = "";
	unsigned flags = 0;

	if (n < sizeof(local))
		memcpy(local, addr->key, n);
	if (list_has_role(local))
		flags |= ADDRESS_ROLE;
	if (list_has_list_pattern(local))
		flags |= ADDRESS_ROLE | ADDRESS_LIST;
	if (list_has_list_host(addr->domain))
		flags |= ADDRESS_LIST;
	if (list_has_free_provider(addr->domain))
		flags |= ADDRESS_FREE_PROVIDER;
	if (list_has_disposable(addr->domain))
		flags |= ADDRESS_DISPOSABLE;
	if (addr->utf8)
		flags |= ADDRESS_NON_ASCII_LOCAL;
	if (text_has_mixed_label(addr->local) || text_has_mixed_label(addr->domain_shown) ||
	    address_resembles(addr, known, n_known))
		flags |= ADDRESS_LOOKALIKE;
	return flags;
}

unsigned address_flags(const struct address *addr)
{
	return address_flags_among(addr, NULL, 0);
}

const char *address_flag_name(enum address_flag f)
{
	switch (f) {
	case ADDRESS_ROLE:
		return "role";
	case ADDRESS_DISPOSABLE:
		return "disposable";
	case ADDRESS_FREE_PROVIDER:
		return "free-provider";
	case ADDRESS_LIST:
		return "list-address";
	case ADDRESS_NON_ASCII_LOCAL:
		return "non-ascii-local";
	case ADDRESS_LOOKALIKE:
		return "lookalike";
	}
	BUG("no such address flag");
}

const char *address_flag_explains(enum address_flag f)
{
	switch (f) {
	case ADDRESS_ROLE:
		return "The part before the @ names a post or an office: find out who reads it, and accept it only if it is "
		       "one person's own address.";
	case ADDRESS_DISPOSABLE:
		return "The domain gives out throw-away addresses: look for a sign that the person still reads this one, "
		       "or ask for a lasting one.";
	case ADDRESS_FREE_PROVIDER:
		return "Anybody can have an address at this provider: the domain says nothing about where the person belongs.";
	case ADDRESS_LIST:
		return "This looks like a mailing list: what is sent there reaches people who were not asked; look for the "
		       "person's own address.";
	case ADDRESS_NON_ASCII_LOCAL:
		return "The part before the @ has letters outside of ASCII: compare it with the sign-up letter by letter; "
		       "only relays that offer SMTPUTF8 can carry it.";
	case ADDRESS_LOOKALIKE:
		return "The address can be taken for another: it mixes scripts in one word, or its domain looks like a known "
		       "one; compare it letter by letter with where it comes from.";
	}
	BUG("no such address flag");
}

bool address_needs_decision(unsigned flags)
{
	return (flags & ~(unsigned)ADDRESS_FREE_PROVIDER) != 0;
}

char *address_masked(struct arena *a, const char *delivery)
{
	const char *at = strrchr(delivery, '@');
	size_t local_n = 0, domain_n = 0;

	if (!at || at == delivery || !at[1])
		return arena_text(a, "\xE2\x80\xA6");
	utf8_char(delivery, strlen(delivery), &local_n);
	utf8_char(at + 1, strlen(at + 1), &domain_n);
	return arena_printf(a, "%.*s\xE2\x80\xA6@%.*s\xE2\x80\xA6", (int)local_n, delivery, (int)domain_n, at + 1);
}
