/*
 * Reports of unwanted mail (PRV-3): by a feedback loop, an abuse desk, a
 * person, or as a provider's own figure. They are counted for each mailing and
 * for each identity in the last seven days, at each provider, against what was
 * delivered there.
 */
#ifndef PLACET_SPAM_H
#define PLACET_SPAM_H

#include "policy/breaker.h"
#include "store/identity.h"

struct spam_report {
	int64_t identity;
	int64_t mailing;      /* 0: not known of which */
	const char *provider; /* recipient domain, or the name of its group; "" not known */
	int64_t n;            /* reports */
	int64_t delivered;    /* of so many, as the provider says; 0: what we delivered counts */
	const char *source;   /* who said so */
	int64_t by;
};

/* What the reports come to now. */
struct spam_figure {
	const char *scope;         /* mailing, identity */
	int64_t reports;           /* since it last paused something, or somebody let it go on */
	int64_t all;               /* since the identity was last released: what a hold is decided by */
	int64_t delivered;
	enum complaint_level level;
	const char *words;
};

struct spam_verdict {
	struct spam_figure figure[2];
	size_t n;
	const char *provider;      /* as it is counted: a domain of a known group by the group's name */
	bool paused, held;         /* something was, by this report */
};

/* The provider of a recipient domain, in the arena: its group, as far as that is known, else the domain itself. */
int spam_provider(struct home *h, struct arena *a, const char *domain, const char **out, struct err *e) MUST_USE;
/* Adds a report, judges, and pauses or holds where it has to, in a transaction of its own. Texts of `out` in the arena. */
int spam_report_add(struct home *h, struct arena *a, const struct spam_report *r, struct spam_verdict *out,
		    struct err *e) MUST_USE;

#endif
