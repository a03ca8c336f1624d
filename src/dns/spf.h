/*
 * SPF (RFC 7208): may a host send for a domain? Pure over questions to the DNS. All mechanisms, macros and limits; what
 * exp= would explain is not fetched, since it is told to nobody.
 */
#ifndef PLACET_SPF_H
#define PLACET_SPF_H

#include "dns/dns.h"

enum spf_result { SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_TEMPERROR, SPF_PERMERROR };

struct spf_question {
	const char *address; /* of the host, as text */
	const char *sender;  /* MAIL FROM, "" for the null sender */
	const char *helo;
};

struct spf_answer {
	enum spf_result result;
	const char *why;    /* words: the term that decided, or what is wrong */
	const char *record; /* of the domain asked for, when it has exactly one; else NULL */
	unsigned lookups;   /* terms that asked the DNS */
	bool ptr;           /* the record uses ptr, which nobody should (5.5) */
};

/* MUST: q->address is one. */
void spf_check(struct arena *a, const struct dns_asker *dns, const struct spf_question *q, struct spf_answer *out);
const char *spf_result_name(enum spf_result r); /* "pass", "softfail", ... */

#endif
