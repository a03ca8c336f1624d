/*
 * What the rules share: the sheet that findings are written on, and the
 * message as the rules look at it. Private to src/policy.
 */
#ifndef PLACET_RULE_H
#define PLACET_RULE_H

#include "policy/policy.h"

struct ruling {
	struct arena *a;
	const struct facts *f;
	struct verdict *out;
	const char *rule;
	size_t first; /* this rule's first finding */
	/* The visible text of each part, as it stands and with blanks collapsed; NULL when the part is not there. */
	const char *text, *html, *text_flat, *html_flat;
	const char *language; /* "en"; "" when the message declares none */
};

typedef void rule_fn(struct ruling *r);

rule_fn rule_validated, rule_opt_in, rule_opt_out, rule_originator, rule_unofficial, rule_same_infrastructure,
	rule_statement_page, rule_plain_url, rule_statement_reference, rule_list_guidelines, rule_responsibility;

void rule_pass(struct ruling *r, const char *fmt, ...) PRINTF(2, 3);
void rule_na(struct ruling *r, const char *fmt, ...) PRINTF(2, 3);
/* What stands in the way, and what would mend it. */
void rule_doubtful(struct ruling *r, const char *mend, const char *fmt, ...) PRINTF(3, 4);
void rule_unknown(struct ruling *r, const char *mend, const char *fmt, ...) PRINTF(3, 4);
void rule_fail(struct ruling *r, const char *mend, const char *fmt, ...) PRINTF(3, 4);
/* Has this rule said anything but pass so far? */
bool rule_has_objected(const struct ruling *r);

/* Fails unless each part that is there shows `words` (any case, any blanks). `what` names them. */
void rule_needs_words(struct ruling *r, const char *what, const char *words);
/* The registered text of pairs (language, text) in the message's language; NULL if there is none. */
const char *rule_registered(const struct ruling *r, const char *const *pairs);
/* The n-th header field of that name, or NULL. */
const struct field *rule_field(const struct ruling *r, const char *name, size_t n);

/* Objects to a fact of DNS or of the public page that is missing or not so; says nothing where it holds. `words` of whoever
   looked go before `mend`; they may be NULL. */
void rule_fact(struct ruling *r, enum fact fact, const char *what, const char *mend, const struct fact_words *words);

#endif
