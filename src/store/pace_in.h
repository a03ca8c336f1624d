/* What pace.c and pace_limits.c share: limits as they are read once a second. */
#ifndef PLACET_PACE_IN_H
#define PLACET_PACE_IN_H

#include "store/pace.h"
#include "store/pace_names.h"

struct pace_rule {
	const char *name;  /* of a limit of domains */
	int64_t identity;  /* of an identity's */
	int64_t interval;  /* microseconds between two; 0: no limit */
	int64_t per_day;   /* 0: no limit */
	int64_t warm_up;   /* on the first day of sending; 0: it is warm */
};

struct pace_limits {
	struct arena *a;
	struct pace_rule *rule, *identities; /* by name; by number */
	size_t n, n_identities;
	bool grouped;      /* there are limits of groups */
	bool daily;        /* there are limits of days */
};

int pace_limits_read(struct home *h, struct pace_limits *out, struct err *e) MUST_USE;
/* NULL: there is none. */
const struct pace_rule *pace_limits_find(const struct pace_limits *l, const char *name);
const struct pace_rule *pace_limits_identity(const struct pace_limits *l, int64_t identity);
/* The limit of a day that is the days-th one of sending; 0: none. */
int64_t pace_rule_today(const struct pace_rule *l, int64_t days);

#endif
