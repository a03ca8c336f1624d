/* `statement-page`: the institution's own page is there and names the project. Others fetch it; here it is a fact. */
#include "policy/rule.h"

void rule_statement_page(struct ruling *r)
{
	const struct infrastructure_facts *i = r->f->infrastructure;
	enum fact page = i ? i->statement_page : FACT_UNKNOWN;
	const char *what = "the statement page answers at its public address and names the project";

	if (r->f->project && !r->f->project->approved)
		rule_fail(r, arena_printf(r->a, "a reviewer approves the project: `placet project approve %s`", r->f->project->slug),
			  "the project %s is not approved, so the statement page does not name it", r->f->project->slug);
	rule_fact(r, page, what,
		  "serve the page at the address that messages print; a project is on it once a reviewer approved it",
		  i ? &i->page_words : NULL);
	if (!rule_has_objected(r))
		rule_pass(r, "%s", page == FACT_TRIAL ? "trial" : what);
}
