/* A project's page and the page of one of its mailings: what was registered and approved, for anybody to compare. */
#include "base/codec.h"
#include "compose/house.h"
#include "tmpl.h"
#include "web/pages.h"

/* The project of the path, or ERR_MISSING: a draft looks as if it did not exist. */
static int load_project(const struct request *r, struct page *p, struct project *out, struct err *e)
{
	int got;

	if (page_open(r, p, e) < 0)
		return -1;
	got = project_by_slug(p->web->home, p->a, route_param(&r->match, "slug"), out, e);
	if (got == 0 || (got > 0 && !project_is_public(out)))
		return err_set(e, ERR_MISSING, "no public project of that name");
	return got < 0 ? -1 : 0;
}

static const char *approved_words(struct arena *a, const struct project *p)
{
	if (!p->approved_at)
		return "";
	return p->approved_by ? arena_printf(a, "on %s, by %s", page_day(a, p->approved_at), p->approved_by)
			      : arena_printf(a, "on %s", page_day(a, p->approved_at));
}

static struct mailing_row *make_rows(struct arena *a, const struct project *p, const struct public_mailing *m, size_t n)
{
	struct mailing_row *rows = ARENA_ARRAY(a, struct mailing_row, n);

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct mailing_row){
			.url = mailing_path(a, p->slug, m[i].id),
			.subject = page_subject(a, m[i].subject),
			.approved = page_day(a, m[i].approved_at),
			.state = mailing_words(a, &m[i]).state,
		};
	return rows;
}

int page_project(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	struct project project;
	struct public_mailing *mailings;
	struct html summary;
	size_t n;

	if (load_project(r, &p, &project, e) < 0 || page_markdown(p.a, project.summary, &summary, e) < 0 ||
	    project_public_mailings(p.web->home, p.a, &project, &mailings, &n, e) < 0)
		return -1;
	view_project_write(&out->body, &(struct view_project){
		PAGE_FRAME(&p, project.title),
		.project_title = project.title,
		.closed = strcmp(project.state, "closed") == 0,
		.summary = summary,
		.originator = project.originator,
		.department = project.department,
		.project_contact = project.contact,
		.project_contact_url = mail_link(p.a, project.contact),
		.ethics = project.ethics,
		.approved = approved_words(p.a, &project),
		.join_url = project_takes_sign_ups(&project) ? arena_printf(p.a, "/join/%s", project.slug) : "",
		.mailings = make_rows(p.a, &project, mailings, n),
		.n_mailings = n,
	});
	return 0;
}

int page_mailing(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	struct project project;
	struct public_mailing m;
	struct mailing_words words;
	int64_t id;
	int got;

	if (load_project(r, &p, &project, e) < 0)
		return -1;
	if (parse_i64(route_param(&r->match, "id"), 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_MISSING, "not the number of a mailing");
	if ((got = project_public_mailing(p.web->home, p.a, &project, id, &m, e)) < 0)
		return -1;
	if (!got)
		return err_set(e, ERR_MISSING, "no public mailing of that number");
	words = mailing_words(p.a, &m);
	view_mailing_write(&out->body, &(struct view_mailing){
		PAGE_FRAME(&p, page_subject(p.a, m.subject)),
		.project_title = project.title,
		.project_url = project_path(p.a, project.slug),
		.originator = project.originator,
		.department = project.department,
		.subject = page_subject(p.a, m.subject),
		.language = m.language,
		.direction = language_direction(m.language),
		.texts = page_texts(p.a, &m),
		.n_texts = m.n_texts,
		.approved = page_day(p.a, m.approved_at),
		.state = words.state,
		.stopped = words.stopped,
		.stopped_text = words.stopped_text,
	});
	return 0;
}
