/*
 * Words that speak for an institution, or alarm: its offices, "official",
 * accounts and passwords, urgency. Found in skeletons as a hasty reader would
 * read them: "0fficial", "R e g i s t r a r", "IT-Services". Private to src/policy.
 */
#ifndef PLACET_POLICY_CLAIMS_H
#define PLACET_POLICY_CLAIMS_H

#include "base/arena.h"

enum claim_kind { CLAIM_OFFICE, CLAIM_OFFICIAL, CLAIM_ALARM };

struct claim {
	const char *shown;  /* as it is listed */
	const char *folded; /* its words as claims_find compares them; a final "*" stands for any ending */
	enum claim_kind kind;
	int next;           /* the next one with the same first letter, or -1 */
};

struct claims {
	struct claim *claim;
	size_t n;
	int first[256]; /* by the first letter */
	const char **yours, **objects; /* folded, NULL-ended */
};

/* A place in a skeleton. */
struct claim_at {
	const char *start, *end;
	const char *shown; /* the claim as it is listed; NULL: what stands there says it ("your account") */
	enum claim_kind kind;
};

/* The built-in lists, and the institution's own offices (NULL-ended). */
void claims_init(struct arena *a, const char *const *offices, struct claims *out);
/* The first claim in `text` (a skeleton) at or behind `from`. */
bool claims_find(const struct claims *c, const char *text, const char *from, struct claim_at *out);
/* A single word of `text` that is a slip away from a long claim: "Registar". NULL-safe; false if there is none. */
bool claims_find_slip(const struct claims *c, const char *text, struct claim_at *out);
/* Is the whole of `words` (a skeleton) one of the claims? */
bool claims_are(const struct claims *c, const char *words);

/* Lists of claim_words.c, NULL-ended. */
extern const char *const CLAIM_OFFICES[], *const CLAIM_OFFICIALS[], *const CLAIM_ALARMS[];
/* "your", and what is alarming behind it. */
extern const char *const CLAIM_YOURS[], *const CLAIM_OBJECTS[];

#endif
