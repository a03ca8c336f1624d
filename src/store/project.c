/* Projects and what the public sees of them: see project.h. */
#include "store/project.h"

#include "store/query.h"

#define TEXTS_MAX 64 /* languages of one mailing */

#define PROJECT_COLUMNS                                                                                            \
	"SELECT p.id, p.slug, p.title, p.summary, p.originator_id, o.name, o.address, p.contact,"                 \
	" p.department_id, d.name, p.identity_id, i.name, p.ethics, p.link_hosts, p.state, r.name,"               \
	" p.approved_at, p.created, p.join_text, p.join_list_id, j.name, p.audience, p.data_use"                                         \
	" FROM project p JOIN account o ON o.id = p.originator_id JOIN department d ON d.id = p.department_id"    \
	" JOIN identity i ON i.id = p.identity_id LEFT JOIN account r ON r.id = p.approved_by"           \
	" LEFT JOIN list j ON j.id = p.join_list_id"

QUERY(Q_PROJECT_BY_SLUG, PROJECT_COLUMNS " WHERE p.slug = $1");
QUERY(Q_PROJECT_BY_ID, PROJECT_COLUMNS " WHERE p.id = $1");
QUERY(Q_PROJECT_LIST, PROJECT_COLUMNS " WHERE $1 = 0 OR p.state IN ('approved', 'closed') ORDER BY p.title, p.id");
QUERY(Q_PROJECT_ADD, "INSERT INTO project (slug, title, summary, originator_id, contact, department_id, identity_id,"
		     " ethics, link_hosts, join_text, audience, data_use, state, created)"
		     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'draft', $13)"
		     " RETURNING id");
QUERY(Q_PROJECT_APPROVE, "UPDATE project SET state = 'approved', approved_by = $2, approved_at = $3"
			 " WHERE id = $1 AND state = 'draft'");

QUERY(Q_PROJECT_EDIT, "UPDATE project SET title = $2, summary = $3, originator_id = $4, contact = $5, department_id = $6,"
		      " identity_id = $7, ethics = $8, link_hosts = $9, join_text = $10, audience = $11, data_use = $12, state = 'draft', approved_by = NULL,"
		      " approved_at = NULL WHERE id = $1 AND state <> 'closed'");
QUERY(Q_PROJECT_JOIN_LIST, "UPDATE project SET join_list_id = $2 WHERE id = $1 AND state <> 'closed'");
QUERY(Q_PROJECT_CLOSE, "UPDATE project SET state = 'closed' WHERE id = $1 AND state = 'approved'");

#define PUBLIC_MAILING                                                                                             \
	"SELECT m.id, m.subject, m.state, m.content_text, m.language, m.state_why, r.name, m.approved_at,"        \
	" m.started, m.ended FROM mailing m JOIN account r ON r.id = m.approved_by"                               \
	" WHERE m.project_id = $1 AND m.approved_at IS NOT NULL AND m.state NOT IN ('draft', 'submitted')"

QUERY(Q_PROJECT_HAS_PUBLIC, "SELECT 1 FROM mailing WHERE project_id = $1 AND approved_at IS NOT NULL"
			    " AND state NOT IN ('draft', 'submitted') LIMIT 1");
QUERY(Q_PROJECT_TRANSLATIONS, "SELECT language, subject, content_text FROM translation"
			      " WHERE mailing_id = $1 AND content_text IS NOT NULL ORDER BY language");
QUERY(Q_PROJECT_PUBLIC_MAILINGS, PUBLIC_MAILING " ORDER BY m.id DESC");
QUERY(Q_PROJECT_PUBLIC_MAILING, PUBLIC_MAILING " AND m.id = $2");

static void project_from(struct home *h, struct rows *r, struct arena *a, struct project *out)
{
	*out = (struct project){
		.id = rows_i64(r, 0),
		.slug = arena_text(a, rows_text(r, 1)),
		.title = arena_text(a, rows_text(r, 2)),
		.summary = arena_text(a, rows_text(r, 3)),
		.originator_id = rows_i64(r, 4),
		.originator = arena_text(a, rows_text(r, 5)),
		.originator_address = arena_text(a, rows_text(r, 6)),
		.contact = arena_text(a, rows_text(r, 7)),
		.department_id = rows_i64(r, 8),
		.department = arena_text(a, rows_text(r, 9)),
		.identity_id = rows_i64(r, 10),
		.identity = arena_text(a, rows_text(r, 11)),
		.ethics = arena_text(a, rows_text(r, 12)),
		.link_hosts = arena_text(a, rows_text(r, 13)),
		.state = arena_text(a, rows_text(r, 14)),
		.approved_by = arena_text(a, rows_text(r, 15)),
		.approved_at = rows_i64(r, 16),
		.created = rows_i64(r, 17),
		.join_text = arena_text(a, rows_text(r, 18)),
		.join_list_id = rows_i64(r, 19),
		.join_list = arena_text(a, rows_text(r, 20)),
		.audience = arena_text(a, rows_text(r, 21)),
		.data_use = arena_text(a, rows_text(r, 22)),
	};
	out->url = arena_printf(a, "%s/projects/%s", h->url, out->slug);
	out->join_url = arena_printf(a, "%s/join/%s", h->url, out->slug);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static int project_get(struct home *h, struct arena *a, const struct query *q, struct dbval key, struct project *out,
		       struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, q, ARGS(key), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		project_from(h, &r, a, out);
	rows_close(&r);
	return got;
}

int project_by_slug(struct home *h, struct arena *a, const char *slug, struct project *out, struct err *e)
{
	return project_get(h, a, &Q_PROJECT_BY_SLUG, db_text(slug), out, e);
}

int project_by_id(struct home *h, struct arena *a, int64_t id, struct project *out, struct err *e)
{
	return project_get(h, a, &Q_PROJECT_BY_ID, db_i64(id), out, e);
}

int project_list(struct home *h, struct arena *a, bool public_only, struct project **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_PROJECT_LIST, ARGS(db_i64(public_only)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		project_from(h, &r, a, &(*out)[(*n)++]);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int project_add(struct home *h, const struct project *p, int64_t *id, struct err *e)
{
	int rc = db_get_i64(h->db, &Q_PROJECT_ADD,
			    ARGS(db_text(p->slug), db_text(p->title), db_text(p->summary), db_i64(p->originator_id),
				 db_text(p->contact), db_i64(p->department_id), db_i64(p->identity_id),
				 db_text(p->ethics), db_text(p->link_hosts), db_text(or_empty(p->join_text)),
				 db_text(or_empty(p->audience)), db_text(or_empty(p->data_use)), db_i64(home_now(h))),
			    id, e);

	if (rc < 0 && e->kind == ERR_REFUSED)
		return err_set(e, ERR_REFUSED, "project %s: there is one already", p->slug);
	return rc < 0 ? -1 : 0;
}

int project_approve(struct home *h, int64_t id, int64_t by, struct err *e)
{
	int64_t changed;

	if (db_exec(h->db, &Q_PROJECT_APPROVE, ARGS(db_i64(id), db_i64(by), db_i64(home_now(h))), &changed, e) < 0)
		return -1;
	return changed ? 0 : err_set(e, ERR_REFUSED, "this project is not a draft: it is approved or closed already");
}

int project_edit(struct home *h, const struct project *p, struct err *e)
{
	int64_t changed;

	if (db_exec(h->db, &Q_PROJECT_EDIT,
		    ARGS(db_i64(p->id), db_text(p->title), db_text(p->summary), db_i64(p->originator_id),
			 db_text(p->contact), db_i64(p->department_id), db_i64(p->identity_id), db_text(p->ethics),
			 db_text(p->link_hosts), db_text(or_empty(p->join_text)), db_text(or_empty(p->audience)),
			 db_text(or_empty(p->data_use))),
		    &changed, e) < 0)
		return -1;
	return changed ? 0 : err_set(e, ERR_REFUSED, "project %s is closed", p->slug);
}

int project_set_join_list(struct home *h, int64_t id, int64_t list, struct err *e)
{
	return db_exec(h->db, &Q_PROJECT_JOIN_LIST, ARGS(db_i64(id), db_i64(list)), NULL, e);
}

bool project_takes_sign_ups(const struct project *p)
{
	return strcmp(p->state, "approved") == 0 && or_empty(p->join_text)[0] && p->join_list_id;
}

int project_close(struct home *h, int64_t id, struct err *e)
{
	int64_t changed;

	if (db_exec(h->db, &Q_PROJECT_CLOSE, ARGS(db_i64(id)), &changed, e) < 0)
		return -1;
	return changed ? 0 : err_set(e, ERR_REFUSED, "only an approved project is closed");
}

bool project_is_public(const struct project *p)
{
	return strcmp(p->state, "approved") == 0 || strcmp(p->state, "closed") == 0;
}

int project_in_public(struct home *h, struct arena *a, struct project *p, struct err *e)
{
	int64_t one;
	int got;

	if (project_is_public(p))
		return 1;
	got = db_get_i64(h->db, &Q_PROJECT_HAS_PUBLIC, ARGS(db_i64(p->id)), &one, e);
	if (got <= 0)
		return got;
	p->suspended = true;
	p->title = arena_text(a, p->slug);
	p->summary = p->audience = p->data_use = p->originator = p->originator_address = p->contact = p->department = "";
	p->ethics = p->link_hosts = p->join_text = "";
	return 1;
}

/* --- mailings in public ------------------------------------------------------------------------ */

static void public_mailing_from(const struct project *p, struct rows *r, struct arena *a, struct public_mailing *out)
{
	*out = (struct public_mailing){
		.id = rows_i64(r, 0),
		.subject = arena_text(a, rows_text(r, 1)),
		.state = arena_text(a, rows_text(r, 2)),
		.text = arena_text(a, rows_text(r, 3)),
		.language = arena_text(a, rows_text(r, 4)),
		.why = arena_text(a, rows_text(r, 5)),
		.approved_by = arena_text(a, rows_text(r, 6)),
		.approved_at = rows_i64(r, 7),
		.started = rows_i64(r, 8),
		.ended = rows_i64(r, 9),
	};
	out->url = arena_printf(a, "%s/mailings/%lld", p->url, (long long)out->id);
}

int project_public_mailings(struct home *h, struct arena *a, const struct project *p, struct public_mailing **out,
			    size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_PROJECT_PUBLIC_MAILINGS, ARGS(db_i64(p->id)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		public_mailing_from(p, &r, a, &(*out)[(*n)++]);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int read_texts(struct home *h, struct arena *a, struct public_mailing *m, struct err *e)
{
	struct public_text *texts = ARENA_ARRAY(a, struct public_text, TEXTS_MAX);
	struct rows r = { 0 };
	int got = 0;

	m->texts = texts;
	texts[m->n_texts++] = (struct public_text){ m->language, m->subject, m->text };
	if (db_query(h->db, &Q_PROJECT_TRANSLATIONS, ARGS(db_i64(m->id)), &r, e) < 0)
		return -1;
	while (m->n_texts < TEXTS_MAX && (got = rows_next(&r, e)) > 0)
		texts[m->n_texts++] = (struct public_text){
			.language = arena_text(a, rows_text(&r, 0)),
			.subject = arena_text(a, rows_text(&r, 1)),
			.text = arena_text(a, rows_text(&r, 2)),
		};
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int project_public_mailing(struct home *h, struct arena *a, const struct project *p, int64_t id,
			   struct public_mailing *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_PROJECT_PUBLIC_MAILING, ARGS(db_i64(p->id), db_i64(id)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		public_mailing_from(p, &r, a, out);
	rows_close(&r);
	return got > 0 && read_texts(h, a, out, e) < 0 ? -1 : got;
}
