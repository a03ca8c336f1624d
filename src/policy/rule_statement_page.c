/* `statement-page`: the institution's own page is there and names the project. Others fetch it; here it is a fact. */
#include "policy/rule.h"

void rule_statement_page(struct ruling *r)
{
	const struct infrastructure_facts *i = r->f->infrastructure;
	const char *what = "the statement page answers at its public address and names the project";

	rule_fact(r, i ? i->statement_page : FACT_UNKNOWN, what,
		  "run `placet site check` and mend what it names; a project is on the page once a reviewer approved it");
	if (!rule_has_objected(r))
		rule_pass(r, "%s", i->statement_page == FACT_TRIAL ? "trial" : what);
}
