/* `responsibility`: someone answers for it, by name, from submission on. */
#include "policy/rule.h"

void rule_responsibility(struct ruling *r)
{
	if (r->f->responsibility_accepted)
		rule_pass(r, "the originator answers for this mailing");
	else if (r->f->before_submission)
		rule_na(r, "it is asked for at submission");
	else
		rule_fail(r, "submit with --accept-responsibility", "the originator has not accepted to answer for this mailing");
}
