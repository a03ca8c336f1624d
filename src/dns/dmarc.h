/*
 * DMARC (RFC 9989; standards.md 4.3): the record that applies to an author's domain, its organisational domain, and
 * whether another domain is aligned with it. Found by walking up the tree of names, not by a list of suffixes.
 */
#ifndef PLACET_DMARC_H
#define PLACET_DMARC_H

#include "dns/dns.h"

#define DMARC_STEPS_MAX 8

enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT };

struct dmarc_record {
	enum dmarc_policy policy, sub, absent; /* p, sp, np; sp without a tag is p, np is sp */
	char psd;                              /* 'y', 'n', or 'u': it does not say */
	bool strict_dkim, strict_spf;          /* adkim=s, aspf=s */
	bool testing;                          /* t=y */
};

/* False when the text is no DMARC record. Tags that are not known, or say nothing known, are as if they were not there. */
bool dmarc_read(struct arena *a, const char *text, struct dmarc_record *out);

/* The records on the way from a name to the root, the longest name first. */
struct dmarc_walk {
	struct {
		const char *domain;
		struct dmarc_record record;
	} step[DMARC_STEPS_MAX];
	size_t n;
	unsigned asked;
	const char *trouble; /* the DNS did not answer: nothing can be said; else NULL */
};

void dmarc_walk(struct arena *a, const struct dns_asker *dns, const char *domain, struct dmarc_walk *out);
/* The organisational domain of the name that was walked from; never NULL. */
const char *dmarc_organization(struct arena *a, const struct dmarc_walk *w, const char *domain);

struct dmarc_answer {
	enum { DMARC_FOUND, DMARC_ABSENT, DMARC_TROUBLE } status;
	const char *where;           /* the domain whose record applies */
	const char *organization;    /* of the author */
	enum dmarc_policy policy;    /* what applies to this author */
	struct dmarc_record record;
	const char *why;             /* of DMARC_TROUBLE */
};

void dmarc_find(struct arena *a, const struct dns_asker *dns, const char *author, struct dmarc_answer *out);
/* Is `domain` (of a signature, or of MAIL FROM) aligned with the author's? 1, 0; -1: the DNS did not answer. */
int dmarc_is_aligned(struct arena *a, const struct dns_asker *dns, const char *author, const struct dmarc_answer *found,
		     const char *domain, bool strict);
const char *dmarc_policy_name(enum dmarc_policy p);

#endif
