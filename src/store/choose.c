/*
 * Whom a mailing's expression leaves in: see mailing.h and where.h. One pass
 * over the members of the list with all that the expression asks about them;
 * who stays goes into the table `chosen`, some thousand in one statement.
 * History is one statement too, never one for each person.
 */
#include "store/choose.h"

#include "base/buf.h"
#include "store/query.h"

#define BATCH 4000

/*
 * $1 list, $2 project, $3 is it asked when somebody was mailed, $4 when by this project, $5 when they joined. A
 * person is all their mailboxes (key_hash), and mailed when a message may have reached them, as for fatigue. SQLite
 * looks into its indexes, person by person, so that nothing has to be kept; PostgreSQL works the set out first.
 */
#define REACHED " fd.state IN ('attempting', 'accepted', 'uncertain')"
#define CANDIDATE "SELECT m.address_id, a.delivery, m.fields, m.flags, m.answered, a.bounced,"
#define CONSENT                                                                                                      \
	" LEFT JOIN consent c ON CAST($5 AS BIGINT) = 1 AND c.action = 'given' AND c.id = (SELECT max(n.id) FROM consent n"          \
	" WHERE n.address_id = m.address_id AND n.project_id = $2)"
EACH(Q_EACH_CANDIDATE,
     CANDIDATE
     " CASE WHEN $3 = 1 THEN (SELECT max(fd.last) FROM address fa JOIN delivery fd ON fd.address_id = fa.id"
     "   WHERE fa.key_hash = a.key_hash AND" REACHED ") END,"
     " CASE WHEN $4 = 1 THEN (SELECT max(fd.last) FROM address fa JOIN delivery fd ON fd.address_id = fa.id"
     "   JOIN mailing fm ON fm.id = fd.mailing_id"
     "   WHERE fa.key_hash = a.key_hash AND" REACHED " AND fm.project_id = $2) END,"
     " c.given_on, c.at FROM member m JOIN address a ON a.id = m.address_id" CONSENT
     " WHERE m.list_id = $1 ORDER BY m.address_id",
     "WITH reached AS MATERIALIZED (SELECT ta.key_hash, max(fd.last) AS any_time,"
     "  max(CASE WHEN fm.project_id = $2 THEN fd.last END) AS here"
     "  FROM member tm JOIN address ta ON ta.id = tm.address_id JOIN address fa ON fa.key_hash = ta.key_hash"
     "  JOIN delivery fd ON fd.address_id = fa.id JOIN mailing fm ON fm.id = fd.mailing_id"
     "  WHERE (CAST($3 AS BIGINT) = 1 OR CAST($4 AS BIGINT) = 1) AND tm.list_id = $1 AND" REACHED " GROUP BY ta.key_hash) "
     CANDIDATE " x.any_time, x.here, c.given_on, c.at FROM member m JOIN address a ON a.id = m.address_id"
     " LEFT JOIN reached x ON x.key_hash = a.key_hash" CONSENT " WHERE m.list_id = $1 ORDER BY m.address_id");
/* One draft is worked out at a time. */
QUERY(Q_CHOOSE_LOCK, "SELECT id FROM mailing WHERE id = $1", "SELECT id FROM mailing WHERE id = $1 FOR UPDATE");
QUERY(Q_CHOOSE_CLEAR, "DELETE FROM chosen WHERE mailing_id = $1");
QUERY(Q_CHOOSE_ADD, "INSERT INTO chosen (mailing_id, address_id) SELECT $1, value FROM json_each($2)",
      "INSERT INTO chosen (mailing_id, address_id) SELECT CAST($1 AS BIGINT), CAST(value AS BIGINT)"
      " FROM json_array_elements_text(CAST($2 AS JSON))");

/* --- candidates --------------------------------------------------------------------------------- */

int candidates_open(struct home *h, const struct mailing *m, struct candidates *x, struct err *e)
{
	unsigned needs;

	*x = (struct candidates){ .a = arena_new(), .scratch = arena_new(), .now = home_now(h) };
	x->w = where_parse(x->a, m->where, e);
	if (!x->w || choose_check_fields(h, x->a, m->list_id, x->w, e) < 0)
		return err_in(e, "--where of mailing %lld", (long long)m->id);
	needs = where_needs(x->w);
	x->n = where_fields(x->w, &x->names);
	x->value = ARENA_ARRAY(x->a, const char *, x->n + 1);
	return db_query(h->db, &Q_EACH_CANDIDATE,
			ARGS(db_i64(m->list_id), db_i64(m->project_id), db_i64((needs & WHERE_NEEDS_MAILED) != 0),
			     db_i64((needs & WHERE_NEEDS_MAILED_HERE) != 0), db_i64((needs & WHERE_NEEDS_JOINED) != 0)),
			&x->r, e);
}

void candidates_close(struct candidates *x)
{
	rows_close(&x->r);
	json_decref(x->fields);
	arena_free(x->a);
	arena_free(x->scratch);
}

/* The beginning of the day that was given, else when it was recorded. */
static int64_t joined_at(struct rows *r)
{
	const char *day = rows_text(r, 8);
	int64_t at = rows_i64(r, 9);
	struct err e;

	if (day && day[0] && time_parse(day, &at, &e) < 0)
		at = rows_i64(r, 9);
	return at;
}

int candidates_next(struct candidates *x, struct err *e)
{
	int got = rows_next(&x->r, e);

	if (got <= 0)
		return got;
	arena_clear(x->scratch);
	x->address = rows_i64(&x->r, 0);
	if (where_needs(x->w) & WHERE_NEEDS_FIELDS) {
		json_decref(x->fields);
		x->fields = json_loads(rows_text(&x->r, 2), 0, NULL);
	}
	for (size_t i = 0; i < x->n; i++)
		x->value[i] = strcmp(x->names[i], "address") == 0
				      ? rows_text(&x->r, 1)
				      : json_string_value(json_object_get(x->fields, x->names[i]));
	x->p = (struct where_person){
		.value = x->value,
		.flags = rows_text(&x->r, 3),
		.answered = rows_i64(&x->r, 4),
		.bounced = rows_i64(&x->r, 5) != 0,
		.mailed = rows_i64(&x->r, 6),
		.mailed_here = rows_i64(&x->r, 7),
		.joined = joined_at(&x->r),
	};
	return 1;
}

/* --- choosing ------------------------------------------------------------------------------------ */

struct writing {
	struct home *h;
	int64_t mailing;
	struct buf ids; /* "[1,2,3" */
	size_t n;
};

static int flush(struct writing *out, struct err *e)
{
	int rc;

	if (!out->n)
		return 0;
	buf_addc(&out->ids, ']');
	rc = db_exec(out->h->db, &Q_CHOOSE_ADD, ARGS(db_i64(out->mailing), db_text(buf_text(&out->ids))), NULL, e);
	buf_clear(&out->ids);
	out->n = 0;
	return rc;
}

static int put(struct writing *out, int64_t id, struct err *e)
{
	buf_addf(&out->ids, "%c%lld", out->n ? ',' : '[', (long long)id);
	return ++out->n == BATCH ? flush(out, e) : 0;
}

static int choose(struct home *h, const struct mailing *m, struct err *e)
{
	struct writing out = { .h = h, .mailing = m->id };
	struct candidates x;
	int64_t id;
	int got = -1;

	if (db_get_i64(h->db, &Q_CHOOSE_LOCK, ARGS(db_i64(m->id)), &id, e) < 0 ||
	    db_exec(h->db, &Q_CHOOSE_CLEAR, ARGS(db_i64(m->id)), NULL, e) < 0)
		return -1;
	buf_init(&out.ids, BATCH * 24);
	if (candidates_open(h, m, &x, e) == 0)
		while ((got = candidates_next(&x, e)) > 0)
			if (where_holds(x.w, &x.p, x.now, x.scratch) && put(&out, x.address, e) < 0) {
				got = -1;
				break;
			}
	candidates_close(&x);
	if (got == 0)
		got = flush(&out, e);
	buf_free(&out.ids);
	return got;
}

int selection_choose(struct home *h, const struct mailing *m, struct err *e)
{
	if (!mailing_chooses(m) || m->submitted_at)
		return 0;
	if (db_in_transaction(h->db))
		return choose(h, m, e);
	if (db_begin(h->db, e) < 0)
		return -1;
	if (choose(h, m, e) == 0 && db_commit(h->db, e) == 0) {
		home_checkpoint(h);
		return 0;
	}
	db_rollback(h->db);
	return -1;
}
