/*
 * What the DNS says about an identity, as facts for the policy (`same-infrastructure`): each is yes, no or unknown, with
 * what was found and what would mend it. Pure over questions to the DNS.
 */
#ifndef PLACET_DNS_LOOK_H
#define PLACET_DNS_LOOK_H

#include "dns/dns.h"
#include "policy/policy.h"

struct dns_fact {
	enum fact answer;
	const char *found; /* a sentence's worth of words */
	const char *mend;  /* "" when there is nothing to mend */
	uint32_t ttl;      /* of a key that is published */
	bool secure;       /* DNSSEC vouches for it */
};

/* Outbound: addresses, and "include:DOMAIN" for a provider whose addresses are its own affair; NULL-ended. */

/* Does the SPF record of `domain` cover every outbound address, and nobody else's? */
void look_spf(struct arena *a, const struct dns_asker *dns, const char *domain, const char *const *outbound,
	      struct dns_fact *out);
/* Is the key of `record` published at the selector? */
void look_key(struct arena *a, const struct dns_asker *dns, const char *domain, const char *selector, const char *record,
	      struct dns_fact *out);
/* Has the author's domain a DMARC record, with which signatures by `signer` and the envelope domain are aligned? */
void look_dmarc(struct arena *a, const struct dns_asker *dns, const char *author, const char *signer, const char *envelope,
		struct dns_fact *out);
/* Do the names of the outbound addresses resolve both ways? */
void look_reverse(struct arena *a, const struct dns_asker *dns, const char *const *outbound, struct dns_fact *out);

/* Do two key records hold the same key, for mail by SHA-256, with no flag against it? NULL, or why not. */
const char *key_record_differs(struct arena *a, const char *published, const char *ours);
bool outbound_is_include(const char *entry);
/* ERR_INPUT when an entry is neither an address nor an include. */
int outbound_check(const char *entry, struct err *e) MUST_USE;

#endif
