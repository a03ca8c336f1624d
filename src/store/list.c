/* Address lists and members: see list.h. */
#include "store/list.h"

#include "store/query.h"

#define LIST_COLUMNS "SELECT l.id, l.project_id, l.name, p.slug FROM list l JOIN project p ON p.id = l.project_id"

QUERY(Q_LIST_ADD, "INSERT INTO list (name, project_id, created) VALUES ($1, $2, $3) RETURNING id");
QUERY(Q_LIST_BY_NAME, LIST_COLUMNS " WHERE l.name = $1");
QUERY(Q_LIST_BY_ID, LIST_COLUMNS " WHERE l.id = $1");
QUERY(Q_LIST_ALL, LIST_COLUMNS " ORDER BY l.name");
QUERY(Q_LIST_COUNT, "SELECT count(*), sum(CASE WHEN v.why = '' AND v.valid_until > $2 THEN 1 ELSE 0 END)"
		    " FROM may_mail v WHERE v.list_id = $1");
EACH(Q_EACH_MEMBER,
      "SELECT a.delivery, m.fields, m.flags, CASE WHEN v.why = '' AND v.valid_until <= $2 THEN 'lapsed' ELSE v.why END"
      " FROM member m JOIN address a ON a.id = m.address_id"
      " JOIN may_mail v ON v.list_id = m.list_id AND v.address_id = m.address_id"
      " WHERE m.list_id = $1 ORDER BY m.address_id");
#define OF_PERSON " WHERE list_id = $1 AND address_id IN (SELECT a.id FROM address a WHERE a.key_hash = $2)"
QUERY(Q_LIST_HAS_PERSON, "SELECT 1 FROM member" OF_PERSON " LIMIT 1");
QUERY(Q_LIST_ANSWERED, "UPDATE member SET answered = $3" OF_PERSON " AND answered IS NULL");
QUERY(Q_LIST_UNANSWERED, "UPDATE member SET answered = NULL" OF_PERSON " AND answered IS NOT NULL");

int list_add(struct home *h, const char *name, int64_t project, int64_t *id, struct err *e)
{
	int rc = db_get_i64(h->db, &Q_LIST_ADD, ARGS(db_text(name), db_i64(project), db_i64(home_now(h))), id, e);

	if (rc < 0 && e->kind == ERR_REFUSED)
		return err_set(e, ERR_REFUSED, "list %s: there is one already", name);
	return rc < 0 ? -1 : 0;
}

static void list_from(struct rows *r, struct arena *a, struct list *out)
{
	*out = (struct list){
		.id = rows_i64(r, 0),
		.project_id = rows_i64(r, 1),
		.name = arena_text(a, rows_text(r, 2)),
		.project = arena_text(a, rows_text(r, 3)),
	};
}

static int list_get(struct home *h, struct arena *a, const struct query *q, struct dbval key, struct list *out,
		    struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, q, ARGS(key), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		list_from(&r, a, out);
	rows_close(&r);
	return got;
}

int list_by_name(struct home *h, struct arena *a, const char *name, struct list *out, struct err *e)
{
	return list_get(h, a, &Q_LIST_BY_NAME, db_text(name), out, e);
}

int list_by_id(struct home *h, struct arena *a, int64_t id, struct list *out, struct err *e)
{
	return list_get(h, a, &Q_LIST_BY_ID, db_i64(id), out, e);
}

int list_all(struct home *h, struct arena *a, struct list **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_LIST_ALL, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		list_from(&r, a, &(*out)[(*n)++]);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int list_count(struct home *h, struct list *l, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_LIST_COUNT, ARGS(db_i64(l->id), db_i64(home_now(h))), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		l->members = rows_i64(&r, 0);
		l->mailable = rows_i64(&r, 1);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int list_each_member(struct home *h, int64_t list, int (*each)(void *ctx, const struct member *m), void *ctx,
		     struct err *e)
{
	struct rows r = { 0 };
	int got = 1;

	if (db_query(h->db, &Q_EACH_MEMBER, ARGS(db_i64(list), db_i64(home_now(h))), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		struct member m = { rows_text(&r, 0), rows_text(&r, 1), rows_text(&r, 2), rows_text(&r, 3) };

		if (each(ctx, &m) != 0)
			break;
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int list_answered(struct home *h, int64_t list, const struct address *addr, bool answered, struct answered *out, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	int64_t changed, one;
	int got;

	home_key_hash(h, addr->key, hash);
	*out = (struct answered){ 0 };
	got = db_get_i64(h->db, &Q_LIST_HAS_PERSON, ARGS(db_i64(list), db_bytes(hash, sizeof(hash))), &one, e);
	if (got <= 0)
		return got;
	if (answered)
		got = db_exec(h->db, &Q_LIST_ANSWERED, ARGS(db_i64(list), db_bytes(hash, sizeof(hash)), db_i64(home_now(h))),
			      &changed, e);
	else
		got = db_exec(h->db, &Q_LIST_UNANSWERED, ARGS(db_i64(list), db_bytes(hash, sizeof(hash))), &changed, e);
	if (got < 0)
		return -1;
	*out = (struct answered){ true, changed > 0 };
	return 0;
}
