/* Versions of the house template: see house_template.h. Rows are added, never changed. */
#include "store/house_template.h"

#include "store/audit.h"
#include "store/query.h"

#define COLUMNS "t.id, t.at, t.why, a.address"

QUERY(Q_TEMPLATE_BY_ID, "SELECT " COLUMNS ", t.text FROM house_template t LEFT JOIN account a ON a.id = t.by_id WHERE t.id = $1");
QUERY(Q_TEMPLATE_NEWEST, "SELECT " COLUMNS ", t.text FROM house_template t LEFT JOIN account a ON a.id = t.by_id"
			 " ORDER BY t.id DESC LIMIT 1");
QUERY(Q_TEMPLATE_LIST, "SELECT " COLUMNS " FROM house_template t LEFT JOIN account a ON a.id = t.by_id ORDER BY t.id DESC");
QUERY(Q_TEMPLATE_ADD, "INSERT INTO house_template (text, why, by_id, at) VALUES ($1, $2, $3, $4) RETURNING id");

static struct house_version version_from(struct rows *r, struct arena *a)
{
	return (struct house_version){
		.id = rows_i64(r, 0),
		.at = rows_i64(r, 1),
		.why = arena_text(a, rows_text(r, 2)),
		.by = arena_text(a, rows_text(r, 3)),
	};
}

static int one(struct home *h, struct arena *a, const struct query *q, const struct dbval *args, size_t n_args,
	       struct house_version *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, q, args, n_args, &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		*out = version_from(&r, a);
		out->text = arena_text(a, rows_text(&r, 4));
	}
	rows_close(&r);
	return got;
}

int house_template_by_id(struct home *h, struct arena *a, int64_t id, struct house_version *out, struct err *e)
{
	return one(h, a, &Q_TEMPLATE_BY_ID, ARGS(db_i64(id)), out, e);
}

int house_template_newest(struct home *h, struct arena *a, struct house_version *out, struct err *e)
{
	return one(h, a, &Q_TEMPLATE_NEWEST, NO_ARGS, out, e);
}

int house_template_list(struct home *h, struct arena *a, struct house_version **out, size_t *n, struct err *e)
{
	struct house_version *all = NULL;
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*n = 0;
	if (db_query(h->db, &Q_TEMPLATE_LIST, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		all = arena_room(a, all, *n, &room, sizeof(*all));
		all[(*n)++] = version_from(&r, a);
	}
	rows_close(&r);
	*out = all;
	return got;
}

int house_template_add(struct home *h, const char *text, const char *why, int64_t by, int64_t *id, struct err *e)
{
	struct arena *a = arena_new();
	int rc = db_get_i64(h->db, &Q_TEMPLATE_ADD,
			    ARGS(db_text(text), db_text(why), by ? db_i64(by) : db_null(), db_i64(home_now(h))), id, e);

	if (rc >= 0)
		rc = audit_add(h, by, "template", arena_printf(a, "house template %lld", (long long)*id), why, e);
	arena_free(a);
	return rc < 0 ? -1 : 0;
}
