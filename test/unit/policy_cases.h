/*
 * The table of evasions and near misses: a text of the good message and what stands there instead, or a change of the
 * facts; what one rule then answers; and why somebody would do it.
 */
#ifndef PLACET_POLICY_CASES_H
#define PLACET_POLICY_CASES_H

#include "policy_world.h"

enum case_kind { EVASION, NEAR_MISS };

struct policy_case {
	const char *rule;
	enum case_kind kind;
	enum answer want;
	void (*change)(struct world *); /* NULL: none */
	const char *there, *instead;    /* every occurrence is replaced; NULL: the message stays */
	const char *reason;
};

struct policy_cases {
	const struct policy_case *c;
	size_t n;
};

extern const struct policy_cases CASES_WORDS, CASES_SHOWN, CASES_HEADERS, CASES_LINKS, CASES_AGREED, CASES_LEAVING, CASES_WHO, CASES_FACTS;

/* As `there`: the HTML part gets an image, of the type and with the words of `instead`, "image/png|a map". */
#define WITH_IMAGE "<image>"

/* An evasion is refused; a near miss passes. */
#define FAILS(rule, change, there, instead, reason)    { rule, EVASION, ANSWER_FAIL, change, there, instead, reason }
#define DOUBTS(rule, change, there, instead, reason)   { rule, EVASION, ANSWER_DOUBTFUL, change, there, instead, reason }
#define UNKNOWN(rule, change, there, instead, reason)  { rule, EVASION, ANSWER_UNKNOWN, change, there, instead, reason }
#define PASSES(rule, change, there, instead, reason)   { rule, NEAR_MISS, ANSWER_PASS, change, there, instead, reason }
#define NOT_ASKED(rule, change, there, instead, reason) { rule, NEAR_MISS, ANSWER_NA, change, there, instead, reason }
/* Honest, and a reviewer's to judge: no evasion, and no miss either. */
#define REVIEWED(rule, change, there, instead, reason) { rule, NEAR_MISS, ANSWER_DOUBTFUL, change, there, instead, reason }

#endif
