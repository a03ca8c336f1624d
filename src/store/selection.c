/*
 * Selections: who of a list a mailing goes to, and why the others are left
 * out. The view may_mail says it; here a time, the trial home and contact
 * fatigue are added, in one expression that all statements below share.
 */
#include "store/choose.h"
#include "store/delivery.h"
#include "store/identity.h"
#include "store/institution.h"
#include "store/mailing.h"
#include "store/project.h"
#include "store/query.h"

#define FATIGUE_WINDOW (30 * DAY)

/* $1 list, $2 now, $3 trial, $4 ceiling, $5 begin of the window, $6 the mailing if its expression chooses, else 0. Who is tired is worked out once, as a set: a
   question per person would, on PostgreSQL, walk the very rows that the freeze is adding. */
#define TIRED                                                                                                        \
	"WITH tired AS MATERIALIZED (SELECT ta.key_hash FROM member tm JOIN address ta ON ta.id = tm.address_id"     \
	" JOIN address fa ON fa.key_hash = ta.key_hash JOIN delivery fd ON fd.address_id = fa.id"                    \
	" WHERE tm.list_id = $1 AND fd.state IN ('attempting', 'accepted', 'uncertain') AND fd.last > $5"            \
	" GROUP BY ta.key_hash HAVING count(*) >= $4) "
#define WHY                                                                                                          \
	"CASE WHEN v.why <> '' THEN v.why WHEN v.valid_until <= $2 THEN 'lapsed'"                                    \
	" WHEN $3 = 1 AND v.reserved = 0 THEN 'trial'"                                                               \
	" WHEN v.key_hash IN (SELECT t.key_hash FROM tired t) THEN 'fatigue' ELSE '' END"

/* Those whom the expression leaves in: see selection_choose. */
#define CHOSEN                                                                                                       \
	" AND (CAST($6 AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM chosen ch WHERE ch.mailing_id = $6"                   \
	" AND ch.address_id = v.address_id))"

/* SQLite would keep and sort a million words to count nine of them, so that it is counted here; PostgreSQL counts by hash. */
QUERY(Q_SELECTION_COUNT, TIRED "SELECT " WHY ", 1 FROM may_mail v WHERE v.list_id = $1" CHOSEN,
      TIRED "SELECT w, count(*) FROM (SELECT " WHY " AS w FROM may_mail v WHERE v.list_id = $1" CHOSEN ") AS s GROUP BY w");
QUERY(Q_SELECTION_LEFT_OUT, "SELECT (SELECT count(*) FROM member m WHERE m.list_id = $1)"
			    " - (SELECT count(*) FROM chosen ch WHERE ch.mailing_id = $2)");
EACH(Q_EACH_SELECTED,
      TIRED "SELECT s.delivery, s.fields, c.kind, c.ref, c.given_on, c.at FROM (SELECT a.delivery, m.fields, v.consent_id,"
      " v.address_id, " WHY " AS w FROM may_mail v JOIN member m ON m.list_id = v.list_id"
      " AND m.address_id = v.address_id JOIN address a ON a.id = v.address_id WHERE v.list_id = $1" CHOSEN ") AS s"
      " JOIN consent c ON c.id = s.consent_id WHERE s.w = '' ORDER BY s.address_id");
/* In the order of the keyed hashes: what is mailed first is nobody's domain and nobody's file, however lists are sorted. */
QUERY(Q_SELECTION_FREEZE,
      TIRED "INSERT INTO delivery (mailing_id, address_id, consent_id, fields, state, skipped)"
      " SELECT CAST($7 AS BIGINT), s.address_id, s.consent_id, s.fields,"
      " CASE WHEN s.w = '' THEN 'queued' ELSE 'skipped' END, s.w"
      " FROM (SELECT v.address_id, v.consent_id, v.key_hash, m.fields, " WHY " AS w FROM may_mail v JOIN member m"
      " ON m.list_id = v.list_id AND m.address_id = v.address_id WHERE v.list_id = $1" CHOSEN ") AS s"
      " ORDER BY s.key_hash, s.address_id");
EACH(Q_EACH_WHY, TIRED "SELECT v.address_id, a.delivery, " WHY " FROM may_mail v JOIN address a ON a.id = v.address_id"
			" WHERE v.list_id = $1 ORDER BY v.address_id");
EACH(Q_EACH_FROZEN_IN, "SELECT a.delivery, d.skipped FROM delivery d JOIN address a ON a.id = d.address_id"
		       " WHERE d.mailing_id = $1 ORDER BY d.address_id");
/* When somebody came onto the list: with their import, else with their own sign-up. */
EACH(Q_EACH_FROZEN_OUT,
     "SELECT a.delivery, COALESCE(i.at, (SELECT min(n.at) FROM consent n WHERE n.address_id = m.address_id AND n.project_id = $3))"
     " FROM member m JOIN address a ON a.id = m.address_id LEFT JOIN import i ON i.id = m.import_id"
     " WHERE m.list_id = $2 AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.mailing_id = $1 AND d.address_id = m.address_id)"
     " ORDER BY m.address_id");
QUERY(Q_FROZEN_COUNT, "SELECT skipped, count(*) FROM delivery WHERE mailing_id = $1 GROUP BY skipped ORDER BY skipped");
/* In the order of an index: SQLite would keep a million people to sort them otherwise. */
EACH(Q_EACH_FROZEN,
      "SELECT d.id, a.delivery, d.fields, c.kind, c.ref, c.given_on, c.at, d.arm FROM delivery d"
      " JOIN address a ON a.id = d.address_id JOIN consent c ON c.id = d.consent_id"
      " WHERE d.mailing_id = $1 AND d.state <> 'skipped' AND a.erased IS NULL ORDER BY d.address_id");

int fatigue_now(struct home *h, struct fatigue *out, struct err *e)
{
	struct arena *a = arena_new();
	struct institution inst;
	int rc = institution_load(h, a, &inst, e);

	if (rc == 0)
		*out = (struct fatigue){ inst.fatigue_ceiling, home_now(h) - FATIGUE_WINDOW };
	arena_free(a);
	return rc;
}

#define WHY_ARGS(h, m, l) \
	db_i64((m)->list_id), db_i64(home_now(h)), db_i64((h)->trial), db_i64((l)->ceiling), db_i64((l)->since), \
		db_i64(mailing_chooses(m) ? (m)->id : 0)

int selection_left_out(struct home *h, const struct mailing *m, int64_t *n, struct err *e)
{
	*n = m->left_out;
	if (m->submitted_at)
		return 0;
	*n = 0;
	return mailing_chooses(m) && db_get_i64(h->db, &Q_SELECTION_LEFT_OUT, ARGS(db_i64(m->list_id), db_i64(m->id)), n, e) < 0 ? -1 : 0;
}

static void count_skip(struct arena *a, struct selection *s, const char *why, int64_t n)
{
	size_t i = 0;

	while (i < s->n_skipped && strcmp(s->skipped[i].why, why) != 0)
		i++;
	MUST(i < COUNT(s->skipped));
	if (i == s->n_skipped)
		s->skipped[s->n_skipped++].why = arena_text(a, why);
	s->skipped[i].n += n;
}

static int by_reason(const void *a, const void *b)
{
	const struct skip_count *x = a, *y = b;

	return strcmp(x->why, y->why);
}

int selection_count(struct home *h, struct arena *a, const struct mailing *m, struct selection *out, struct err *e)
{
	bool frozen = m->submitted_at != 0;
	struct rows r = { 0 };
	struct fatigue l = { 0 };
	int got;

	*out = (struct selection){ 0 };
	if (fatigue_now(h, &l, e) < 0 || selection_left_out(h, m, &out->left_out, e) < 0)
		return -1;
	got = frozen ? db_query(h->db, &Q_FROZEN_COUNT, ARGS(db_i64(m->id)), &r, e)
		     : db_query(h->db, &Q_SELECTION_COUNT, ARGS(WHY_ARGS(h, m, &l)), &r, e);
	if (got < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		const char *why = rows_text(&r, 0);
		int64_t n = rows_i64(&r, 1);

		out->members += n;
		if (!why[0])
			out->mailable += n;
		else
			count_skip(a, out, why, n);
	}
	rows_close(&r);
	qsort(out->skipped, out->n_skipped, sizeof(out->skipped[0]), by_reason);
	return got < 0 ? -1 : 0;
}

int selection_each(struct home *h, const struct mailing *m, int (*each)(void *ctx, const struct selected *s), void *ctx,
		   struct err *e)
{
	bool frozen = m->submitted_at != 0;
	int first = frozen ? 1 : 0, got, stop = 0;
	struct rows r = { 0 };
	struct fatigue l = { 0 };

	if (fatigue_now(h, &l, e) < 0)
		return -1;
	got = frozen ? db_query(h->db, &Q_EACH_FROZEN, ARGS(db_i64(m->id)), &r, e)
		     : db_query(h->db, &Q_EACH_SELECTED, ARGS(WHY_ARGS(h, m, &l)), &r, e);
	if (got < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		struct selected s = {
			.delivery = frozen ? rows_i64(&r, 0) : 0,
			.address = rows_text(&r, first),
			.fields = rows_text(&r, first + 1),
			.kind = rows_text(&r, first + 2),
			.ref = rows_text(&r, first + 3),
			.given_on = rows_text(&r, first + 4),
			.consent_at = rows_i64(&r, first + 5),
			.arm = frozen ? rows_i64(&r, first + 6) : 0,
		};

		stop = each(ctx, &s);
		if (stop)
			break;
	}
	rows_close(&r);
	return got < 0 || stop < 0 ? -1 : 0;
}

int selection_freeze(struct home *h, const struct mailing *m, struct err *e)
{
	struct fatigue l = { 0 };

	if (fatigue_now(h, &l, e) < 0)
		return -1;
	return db_exec(h->db, &Q_SELECTION_FREEZE, ARGS(WHY_ARGS(h, m, &l), db_i64(m->id)), NULL, e);
}

/* --- who is in, who is out, and why ------------------------------------------------------------ */

/* Of the member that `why` stands at; `x` goes along with it, NULL when there is no expression. 0, 1 to stop, -1. */
static int tell_one(struct rows *why, struct candidates *x, int (*each)(void *ctx, const struct selection_row *t), void *ctx,
		    struct err *e)
{
	struct selection_row t = { .address = rows_text(why, 1), .in = true, .skipped = rows_text(why, 2) };
	int got = x ? candidates_next(x, e) : 1;

	if (got < 0)
		return -1;
	/* Both come from one view of the database, in one order. */
	if (!got || (x && x->address != rows_i64(why, 0)))
		return err_set(e, ERR_BROKEN, "the members of the list do not add up");
	if (x && !where_holds(x->w, &x->p, x->now, x->scratch)) {
		t.in = false;
		t.skipped = "";
		t.failing = where_failing(x->w, &x->p, x->now, x->scratch);
	}
	return each(ctx, &t) != 0;
}

static int tell_draft(struct home *h, const struct mailing *m, int (*each)(void *ctx, const struct selection_row *t), void *ctx,
		      struct err *e)
{
	bool chooses = mailing_chooses(m);
	struct candidates x = { 0 };
	struct rows why = { 0 };
	struct fatigue l;
	int got = -1;

	if (fatigue_now(h, &l, e) < 0 || (chooses && candidates_open(h, m, &x, e) < 0) ||
	    db_query(h->db, &Q_EACH_WHY,
		     ARGS(db_i64(m->list_id), db_i64(home_now(h)), db_i64(h->trial), db_i64(l.ceiling), db_i64(l.since)), &why,
		     e) < 0)
		goto out;
	while ((got = rows_next(&why, e)) > 0 && (got = tell_one(&why, chooses ? &x : NULL, each, ctx, e)) == 0)
		;
out:
	rows_close(&why);
	if (chooses)
		candidates_close(&x);
	return got < 0 ? -1 : 0;
}

/* Who is in by what was frozen, then who is not. */
static int tell_frozen(struct home *h, const struct mailing *m, int (*each)(void *ctx, const struct selection_row *t), void *ctx,
		       struct err *e)
{
	struct rows r = { 0 };
	int got, stop = 0;

	if (db_query(h->db, &Q_EACH_FROZEN_IN, ARGS(db_i64(m->id)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0 && !stop)
		stop = each(ctx, &(struct selection_row){ .address = rows_text(&r, 0), .in = true, .skipped = rows_text(&r, 1) });
	rows_close(&r);
	if (got < 0 || stop)
		return got < 0 ? -1 : 0;
	if (db_query(h->db, &Q_EACH_FROZEN_OUT, ARGS(db_i64(m->id), db_i64(m->list_id), db_i64(m->project_id)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0 && !stop)
		stop = each(ctx, &(struct selection_row){ .address = rows_text(&r, 0), .skipped = "",
						 .came_later = rows_i64(&r, 1) > m->submitted_at });
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int selection_tell(struct home *h, const struct mailing *m, int (*each)(void *ctx, const struct selection_row *t), void *ctx,
		   struct err *e)
{
	int rc;

	if (db_begin_read(h->db, e) < 0)
		return -1;
	rc = m->submitted_at ? tell_frozen(h, m, each, ctx, e) : tell_draft(h, m, each, ctx, e);
	db_rollback(h->db);
	return rc;
}
