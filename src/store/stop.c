/* Stopping mailings as a whole: see stop.h. Each one takes the step that a person would take, with its own audit entry. */
#include "store/stop.h"

#include "store/audit.h"
#include "store/breaker.h"
#include "store/mailing.h"
#include "store/query.h"

#define STOPPABLE                                                                                                     \
	"SELECT m.id, m.state, p.slug, m.subject FROM mailing m JOIN project p ON p.id = m.project_id"                \
	" WHERE m.state IN ('sending', 'scheduled')"

QUERY(Q_STOP_ALL, STOPPABLE " ORDER BY m.id");
QUERY(Q_STOP_OF, STOPPABLE " AND p.identity_id = $1 ORDER BY m.id");
QUERY(Q_STOP_HOLD, "UPDATE identity SET held_at = $2, held_why = $3,"
		   " held_by = COALESCE((SELECT a.address FROM account a WHERE a.id = $4), 'system')"
		   " WHERE id = $1 AND held_at IS NULL");
QUERY(Q_STOP_RELEASE, "UPDATE identity SET held_at = NULL, held_by = '', held_why = '' WHERE id = $1 AND held_at IS NOT NULL");
QUERY(Q_STOP_IS_HELD, "SELECT i.name, i.held_at, i.held_by, i.held_why FROM mailing m JOIN project p ON p.id = m.project_id"
		      " JOIN identity i ON i.id = p.identity_id WHERE m.id = $1 AND i.held_at IS NOT NULL");

/* All of them first: a step changes what is walked over. */
static int stoppable(struct home *h, struct arena *a, int64_t identity, struct stopped **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if ((identity ? db_query(h->db, &Q_STOP_OF, ARGS(db_i64(identity)), &r, e)
		      : db_query(h->db, &Q_STOP_ALL, NO_ARGS, &r, e)) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct stopped){ .id = rows_i64(&r, 0), .was = arena_text(a, rows_text(&r, 1)),
						   .project = arena_text(a, rows_text(&r, 2)),
						   .subject = arena_text(a, rows_text(&r, 3)) };
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int stop_mailings(struct home *h, struct arena *a, int64_t identity, int64_t by, const char *why, struct stopped **out,
		  size_t *n, struct err *e)
{
	struct mailing m;

	MUST(db_in_transaction(h->db));
	if (stoppable(h, a, identity, out, n, e) < 0)
		return -1;
	for (size_t i = 0; i < *n; i++)
		if (mailing_by_id(h, a, (*out)[i].id, &m, e) <= 0 || mailing_move(h, &m, "pause", by, why, e) < 0)
			return -1;
	return 0;
}

int stop_hold(struct home *h, struct arena *a, const struct identity *x, int64_t by, const char *why, struct stopped **out,
	      size_t *n, struct err *e)
{
	if (db_exec(h->db, &Q_STOP_HOLD, ARGS(db_i64(x->id), db_i64(home_now(h)), db_text(why), db_i64(by)), NULL, e) < 0 ||
	    audit_add(h, by, "identity-held", x->name, why, e) < 0)
		return -1;
	return stop_mailings(h, a, x->id, by, arena_printf(a, "its identity %s is held: %s", x->name, why), out, n, e);
}

int stop_release(struct home *h, const struct identity *x, int64_t by, const char *why, struct err *e)
{
	int64_t changed = 0;

	if (db_exec(h->db, &Q_STOP_RELEASE, ARGS(db_i64(x->id)), &changed, e) < 0)
		return -1;
	if (!changed)
		return err_set(e, ERR_REFUSED, "identity %s is not held", x->name);
	return breaker_forget(h, x, e) < 0 ? -1 : audit_add(h, by, "identity-released", x->name, why, e);
}

int stop_is_held(struct home *h, struct arena *a, int64_t mailing, const char **why, struct err *e)
{
	struct rows r = { 0 };
	char since[32];
	int got;

	if (db_query(h->db, &Q_STOP_IS_HELD, ARGS(db_i64(mailing)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*why = arena_printf(a, "its identity %s is held since %s by %s: %s", rows_text(&r, 0), time_iso(rows_i64(&r, 1), since),
				    rows_text(&r, 2), rows_text(&r, 3));
	rows_close(&r);
	return got;
}
