/* The statement page: the institution's own words, and a link to each project that may write (policy: statement-page). */
#include "tmpl.h"
#include "web/pages.h"

int page_statement(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	struct html statement;
	struct project *projects;
	struct project_row *rows;
	size_t n;

	if (page_open(r, &p, e) < 0 || page_markdown(p.a, p.in.statement, &statement, e) < 0 ||
	    project_list(p.web->home, p.a, true, &projects, &n, e) < 0)
		return -1;
	rows = ARENA_ARRAY(p.a, struct project_row, n);
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct project_row){
			.url = project_path(p.a, projects[i].slug),
			.title = projects[i].title,
			.originator = projects[i].originator,
			.department = projects[i].department,
			.closed = strcmp(projects[i].state, "closed") == 0,
		};
	view_statement_write(&out->body, &(struct view_statement){
		PAGE_FRAME(&p, "Mail that is sent for research"),
		.on_statement = true,
		.statement = statement,
		.projects = rows,
		.n_projects = n,
	});
	return 0;
}
