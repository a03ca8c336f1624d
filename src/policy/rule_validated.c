/* `validated`: every address was looked at by a person, is in use, and belongs to an individual. */
#include "policy/rule.h"

void rule_validated(struct ruling *r)
{
	const struct selection_facts *s = r->f->selection;

	if (!s) {
		rule_unknown(r, "choose an address list", "the recipients are not known");
		return;
	}
	if (s->members == 0)
		rule_fail(r, "import addresses into the list, or widen --where", "the selection is empty");
	if (!s->signed_off)
		rule_fail(r, "run `placet validate LIST --by VALIDATOR`, decide what is open, and sign the list off",
			  "the address list is not signed off: %s",
			  s->signed_off_why && *s->signed_off_why ? s->signed_off_why : "no validator has done it");
	if (s->members && !s->mailable && s->not_validated + s->lapsed + s->rejected > 0)
		rule_fail(r, "let a validator decide these addresses: `placet validate LIST --by VALIDATOR`",
			  "nobody can be mailed: of %lld addresses %lld are not validated, %lld lapsed, %lld rejected",
			  (long long)s->members, (long long)s->not_validated, (long long)s->lapsed,
			  (long long)s->rejected);
	else if (s->members && !s->mailable && s->no_consent + s->opted_out == 0)
		rule_fail(r, "see who is skipped and why: `placet list members`", "nobody of %lld can be mailed",
			  (long long)s->members);
	if (rule_has_objected(r))
		return;
	rule_pass(r, "the list is signed off; %lld of %lld can be mailed (%lld not validated, %lld lapsed, %lld "
		     "rejected are skipped)%s%s%s",
		  (long long)s->mailable, (long long)s->members, (long long)s->not_validated, (long long)s->lapsed,
		  (long long)s->rejected,
		  s->left_out ? arena_printf(r->a, "; %lld more of the list are left out by --where", (long long)s->left_out) : "",
		  s->signed_off_how ? "; " : "", s->signed_off_how ? s->signed_off_how : "");
}
