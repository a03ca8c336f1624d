/*
 * `list-guidelines`: posts to a managed list keep to its rules. The poster accepted its guidelines as they are now, may
 * post, and what is moderated waits for a moderator. A mailing to an address list is no post.
 */
#include <string.h>

#include "policy/rule.h"

static void judge_accepted(struct ruling *r, const struct post_facts *p)
{
	const char *mend = arena_printf(r->a, "the poster reads and accepts the guidelines of %s first", p->list);

	if (p->guidelines_accepted == FACT_UNKNOWN)
		rule_unknown(r, mend, "whether the poster accepted the guidelines of %s is not known", p->list);
	else if (p->guidelines_accepted == FACT_NO || !p->accepted_version)
		rule_fail(r, mend, "the poster has not accepted the guidelines of %s", p->list);
	else if (!p->current_version || strcmp(p->accepted_version, p->current_version) != 0)
		rule_fail(r, mend, "the poster accepted version %s of the guidelines of %s, and %s is current", p->accepted_version,
			  p->list, p->current_version ? p->current_version : "none");
}

static void judge_moderation(struct ruling *r, const struct post_facts *p)
{
	if (!p->moderated || p->moderator == FACT_YES)
		return;
	if (p->moderator == FACT_NO)
		rule_fail(r, "write another post, or ask the moderator", "the moderator of %s refused this post", p->list);
	else if (!p->waiting)
		rule_fail(r, "hold the post for the moderator", "%s is moderated, and the post does not wait for a moderator", p->list);
	else
		rule_unknown(r, "a moderator decides about it", "the post waits for the moderator of %s", p->list);
}

void rule_list_guidelines(struct ruling *r)
{
	const struct post_facts *p = r->f->post;

	if (!p) {
		rule_na(r, "this is a mailing to an address list, not a post to a managed list");
		return;
	}
	judge_accepted(r, p);
	if (p->may_post == FACT_UNKNOWN)
		rule_unknown(r, "ask the owner of the list", "whether the poster may post to %s is not known", p->list);
	else if (p->may_post == FACT_NO)
		rule_fail(r, "ask the owner of the list to be let in", "the poster may not post to %s, where %s may", p->list,
			  p->posting_rule ? p->posting_rule : "nobody");
	judge_moderation(r, p);
	if (!rule_has_objected(r))
		rule_pass(r, "the poster accepted the current guidelines of %s and may post%s", p->list,
			  p->moderated ? "; a moderator let it through" : "");
}
