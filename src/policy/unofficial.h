/*
 * The parts of `unofficial`, which judges more than the others: the words
 * (rule_unofficial_words.c), and what else a reader may be shown
 * (rule_unofficial_parts.c). Private to src/policy.
 */
#ifndef PLACET_UNOFFICIAL_H
#define PLACET_UNOFFICIAL_H

#include "policy/policy_claims.h"
#include "policy/rule.h"

/* A skeleton of the text without what is registered, which may say what it says: "~" stands in its place. */
char *unofficial_rest(struct ruling *r, const struct claims *c, const char *text, bool sentences);
/* A line that all readers see, such as the subject: every claim fails. `where` names it, `quoted` is what a finding quotes. */
void unofficial_line(struct ruling *r, const struct claims *c, const char *where, const char *text, const char *quoted);
/* Does the name consist of the institution's, written in full, shortened or with slips, and of what names nobody? */
bool unofficial_is_bare(struct ruling *r, const char *name);
/* What stands in a rendered text part and was not objected to in the writer's words. */
void unofficial_rendered(struct ruling *r, const struct claims *c, const char *text);
/* The words of the body. `where` is "text part" or the like; `numbered`: its lines can be told by their number. */
void unofficial_body(struct ruling *r, const struct claims *c, const char *where, const char *text, bool numbered);
/* Parts, images, hidden text, and domains that look like the institution's. */
void unofficial_parts(struct ruling *r, const struct claims *c);
void unofficial_domains(struct ruling *r);

#endif
