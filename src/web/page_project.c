/* A project's page and the page of one of its mailings: what was registered and approved, for anybody to compare. */
#include "base/codec.h"
#include "compose/house.h"
#include "store/proof.h"
#include "tmpl.h"
#include "web/pages.h"

/* The project of the path, or ERR_MISSING: a draft looks as if it did not exist. */
static int load_project(const struct request *r, struct page *p, struct project *out, struct err *e)
{
	int got;

	if (page_open(r, p, e) < 0)
		return -1;
	got = project_by_slug(p->web->home, p->a, route_param(&r->match, "slug"), out, e);
	if (got > 0)
		got = project_in_public(p->web->home, p->a, out, e);
	if (got == 0)
		return err_set(e, ERR_MISSING, "no public project of that name");
	return got < 0 ? -1 : 0;
}

static const char *approved_words(const struct page *p, const struct project *x)
{
	return x->approved_at ? arena_printf(p->a, "on %s, by a reviewer of %s", page_day(p->a, x->approved_at), p->in.name) : "";
}

static struct mailing_row *make_rows(struct arena *a, const struct project *p, const struct public_mailing *m, size_t n)
{
	struct mailing_row *rows = ARENA_ARRAY(a, struct mailing_row, n);

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct mailing_row){
			.url = mailing_path(a, p->slug, m[i].id),
			.subject = page_subject(a, m[i].subject),
			.language = m[i].language,
			.direction = language_direction(m[i].language),
			.approved = page_day(a, m[i].approved_at),
			.state = mailing_words(a, &m[i]).state,
		};
	return rows;
}

static const struct domain_row *domain_rows(struct arena *a, const char *const *domains, size_t *n)
{
	struct domain_row *rows;

	for (*n = 0; domains[*n]; (*n)++)
		;
	rows = ARENA_ARRAY(a, struct domain_row, *n + 1);
	for (size_t i = 0; i < *n; i++)
		rows[i].domain = domains[i];
	return rows;
}

/* What a project tells of itself, as HTML. */
struct told {
	struct html summary, audience, data_use;
};

static int tell(struct arena *a, const struct project *x, struct told *out, struct err *e)
{
	return page_markdown(a, x->summary, &out->summary, e) < 0 || page_markdown(a, x->audience, &out->audience, e) < 0 ||
			       page_markdown(a, x->data_use, &out->data_use, e) < 0
		       ? -1
		       : 0;
}

int page_project(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	struct project project;
	struct public_mailing *mailings;
	struct told told;
	struct proof_places places;
	size_t n, n_domains, n_hosts;

	if (load_project(r, &p, &project, e) < 0 || tell(p.a, &project, &told, e) < 0 ||
	    proof_places(p.web->home, p.a, &project, &places, e) < 0 ||
	    project_public_mailings(p.web->home, p.a, &project, &mailings, &n, e) < 0)
		return -1;
	view_project_write(&out->body, &(struct view_project){
		PAGE_FRAME(&p, project.title),
		.project_title = project.title,
		.closed = strcmp(project.state, "closed") == 0,
		.suspended = project.suspended,
		.summary = told.summary,
		.originator = project.originator,
		.department = project.department,
		.postal = p.in.postal_address,
		.project_contact = project.contact,
		.project_contact_url = mail_link(p.a, project.contact),
		.ethics = project.ethics,
		.approved = approved_words(&p, &project),
		.join_url = project_takes_sign_ups(&project) ? arena_printf(p.a, "/join/%s", project.slug) : "",
		.audience = told.audience,
		.has_audience = told.audience.n > 0,
		.data_use = told.data_use,
		.has_data_use = told.data_use.n > 0,
		.domains = domain_rows(p.a, places.domains, &n_domains),
		.n_domains = n_domains,
		.hosts = page_hosts(p.a, places.hosts, &n_hosts),
		.n_hosts = n_hosts,
		.mailings = make_rows(p.a, &project, mailings, n),
		.n_mailings = n,
	});
	return 0;
}

/* --- a mailing ----------------------------------------------------------------------------------- */

/* The project and the mailing of the path, or ERR_MISSING. */
static int load_mailing(const struct request *r, struct page *p, struct project *project, struct public_mailing *m,
			struct err *e)
{
	int64_t id;
	int got;

	if (load_project(r, p, project, e) < 0)
		return -1;
	if (parse_i64(route_param(&r->match, "id"), 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_MISSING, "not the number of a mailing");
	got = project_public_mailing(p->web->home, p->a, project, id, m, e);
	return got ? (got < 0 ? -1 : 0) : err_set(e, ERR_MISSING, "no public mailing of that number");
}

/* The SHA-256 of each text, of the very bytes that page_mailing_text gives. */
static const struct sum_row *sum_rows(struct arena *a, const char *path, const struct public_mailing *m)
{
	const struct approved_row *texts = page_texts(a, m);
	struct sum_row *rows = ARENA_ARRAY(a, struct sum_row, m->n_texts + 1);

	for (size_t i = 0; i < m->n_texts; i++) {
		uint8_t hash[32];
		struct buf hex;

		sha256(texts[i].text, strlen(texts[i].text), hash);
		buf_init(&hex, 64);
		hex_encode(&hex, hash, sizeof(hash));
		rows[i] = (struct sum_row){
			.language = texts[i].language,
			.label = texts[i].label,
			.sum = arena_text(a, buf_text(&hex)),
			.url = arena_printf(a, "%s/text/%s", path, texts[i].language),
		};
		buf_free(&hex);
	}
	return rows;
}

int page_mailing(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	struct project project;
	struct public_mailing m;
	struct mailing_words words;
	struct proof_places places;
	size_t n_hosts;

	if (load_mailing(r, &p, &project, &m, e) < 0 || proof_places(p.web->home, p.a, &project, &places, e) < 0)
		return -1;
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
		.sums = sum_rows(p.a, mailing_path(p.a, project.slug, m.id), &m),
		.n_sums = m.n_texts,
		.hosts = page_hosts(p.a, places.hosts, &n_hosts),
		.n_hosts = n_hosts,
		.approved = page_day(p.a, m.approved_at),
		.state = words.state,
		.stopped = words.stopped,
		.stopped_text = words.stopped_text,
	});
	return 0;
}

int page_mailing_text(const struct request *r, struct response *out, struct err *e)
{
	const char *language = route_param(&r->match, "language");
	struct page p;
	struct project project;
	struct public_mailing m;

	if (load_mailing(r, &p, &project, &m, e) < 0)
		return -1;
	for (size_t i = 0; i < m.n_texts; i++)
		if (strcmp(m.texts[i].language, language) == 0) {
			out->type = "text/plain; charset=utf-8";
			buf_adds(&out->body, m.texts[i].text ? m.texts[i].text : "");
			return 0;
		}
	return err_set(e, ERR_MISSING, "not in this language");
}
