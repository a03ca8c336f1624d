/*
 * What the world says about an identity and about the institution's page (policy: `same-infrastructure`,
 * `statement-page`): looked up in the DNS and over https, and kept in identity_fact with its time. Looking takes
 * FACTS_SECONDS at most, and is never done inside of a transaction. In a trial home nobody is asked.
 */
#ifndef PLACET_FACTS_H
#define PLACET_FACTS_H

#include "policy/policy.h"
#include "store/identity.h"
#include "store/institution.h"
#include "store/project.h"

#define FACTS_SECONDS 20
#define FACTS_KEPT (10 * MINUTE)      /* that long a good answer of the DNS is believed without asking anew */
#define FACTS_STAND (15 * MINUTE)     /* that old they may be when a window opens */
#define RELAY_PROOF_KEPT (90 * DAY)   /* and that long the message by which a relay proved that it signs */

enum known { KNOWN_SPF, KNOWN_DKIM, KNOWN_DMARC, KNOWN_REVERSE, KNOWN_PAGE, KNOWN_COUNT };

struct fact_known {
	enum fact answer;
	struct fact_words words;
	int64_t at; /* when it was found out */
};

/* What one look at the keys saw. */
struct keys_seen {
	uint32_t ttl; /* of the keys that are published, the longest */
	bool next;    /* every key that is to sign next is published */
};

struct facts_known {
	struct fact_known fact[KNOWN_COUNT];
	struct keys_seen keys;
};

const char *known_name(enum known k);  /* "spf", "dkim", ... as in identity_fact */
const char *known_what(enum known k, bool relay_signs); /* "SPF covers the outbound addresses" */

/* Asks for everything anew and keeps it: also which keys are seen published (identity_key.seen). `p` NULL: the page is held
   against the statement alone. */
int facts_look(struct home *h, struct arena *a, const struct institution *in, const struct identity *x,
	       const struct project *p, struct facts_known *out, struct err *e) MUST_USE;
/* The same for a policy decision: what is kept and good is believed for FACTS_KEPT, the page only when `page_kept`. */
int facts_for_policy(struct home *h, struct arena *a, const struct institution *in, const struct identity *x,
		     const struct project *p, bool page_kept, struct infrastructure_facts *out, struct err *e) MUST_USE;
/* Does everything stand by what is kept, found out within FACTS_STAND? For senders, which cannot wait for a look: a mailing
   that was started before its window opens only while it does. 1; 0 with `why`; -1. In a trial home 1. */
int facts_stand(struct home *h, struct arena *a, const struct identity *x, const struct project *p, const char **why,
		struct err *e) MUST_USE;
/* Looks for every mailing whose window opens within FACTS_STAND, or should have opened. *looked: for how many projects. */
int facts_look_ahead(struct home *h, struct arena *a, int64_t *looked, struct err *e) MUST_USE;
/* The institution's page alone, with or without a project's, and nothing is kept. */
int facts_look_page(struct home *h, struct arena *a, const struct institution *in, const struct project *p,
		    struct fact_known *out, struct err *e) MUST_USE;
/* Which of the identity's keys are published; notes it in them. Asks nothing when none waits to be seen. */
int facts_look_keys(struct home *h, struct arena *a, const struct identity *x, struct keys_seen *out, struct err *e) MUST_USE;

/* A message that came back through the relay (CRLF): proves that the relay signs, by a signature of the identity that its
   published key verifies. Kept. ERR_REFUSED when it proves nothing, ERR_AGAIN when the DNS did not answer. */
int facts_prove_relay(struct home *h, struct arena *a, const struct identity *x, struct slice message, const char **domain,
		      struct err *e) MUST_USE;
/* Forgets what was found: after a change of the identity, in its transaction. */
int facts_forget(struct home *h, const struct identity *x, struct err *e) MUST_USE;

#endif
