/* What placet validate tells of an address to who decides: facts, in words. */
#ifndef PLACET_CMD_VALIDATE_KNOWN_H
#define PLACET_CMD_VALIDATE_KNOWN_H

#include "cmd/commands.h"
#include "store/institution.h"
#include "store/validation.h"

struct known {
	struct arena *a;         /* of one address; cleared by known_forget */
	struct institution inst;
	size_t n_domains;
	int64_t now;
};

int known_init(struct known *k, struct ctx *c, struct err *e) MUST_USE;
void known_clear(struct known *k); /* fine on a zeroed one */
void known_forget(struct known *k);

/* member.flags, and "bounced" where mail came back. */
const char *known_flags(struct known *k, const struct candidate *x);
/* How decisions came about. */
json_t *pace_json(const struct pace *p);

/* An array of sentences: how the name agrees, what the domain resembles, signs of use, and the consent (ADR-9). */
json_t *known_facts(struct known *k, const struct candidate *x);
/* The fields and then the facts: "name=Ann Smith; year=2004; name matches: smith". */
const char *known_words(struct known *k, const struct candidate *x);

#endif
