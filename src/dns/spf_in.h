/* What the files of SPF share: a record that was read, and an evaluation under way. Private to src/dns. */
#ifndef PLACET_SPF_IN_H
#define PLACET_SPF_IN_H

#include "dns/spf.h"

#define SPF_TERMS_MAX 256

enum spf_kind { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS };

struct spf_term {
	enum spf_kind kind;
	char qualifier;       /* one of "+-~?" */
	const char *text;     /* as it stands in the record */
	const char *domain;   /* the domain-spec, with macros; NULL: the current domain */
	unsigned bits4, bits6;
	uint8_t network[16];  /* of ip4, ip6 */
};

struct spf_record {
	struct spf_term term[SPF_TERMS_MAX];
	size_t n;
	const char *redirect; /* domain-spec or NULL */
	bool all;
};

struct spf_work {
	struct arena *a;
	const struct dns_asker *dns;
	uint8_t address[16];
	size_t n_address;      /* 4, 16 */
	const char *sender, *local, *sender_domain, *helo;
	unsigned lookups, voids;
	bool ptr;
	const char *why;
};

/* Reads a whole record ("v=spf1 ..."). NULL, or what is wrong with it. */
const char *spf_read(struct arena *a, const char *text, struct spf_record *out);
/* What a domain-spec that spf_read let pass means now; at most 253 bytes: labels are left out from the left. */
const char *spf_expand(struct spf_work *w, const char *domain, const char *spec);
/* A name of the host that leads back to it: `domain` itself, one below it, or any; "unknown" (section 7.3, %{p}). */
const char *spf_host_name(struct spf_work *w, const char *domain);
/* Whether an answer holds the host's address, by the first `bits` of it. */
bool spf_has_host(const struct spf_work *w, const struct dns_answer *x, const struct spf_term *t);
bool spf_is_below(const char *name, const char *domain);

#endif
