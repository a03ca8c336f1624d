/*
 * A hard bounce voids a validation (policy rule validated). Here people whose
 * mail came back are taken into an open sign-off, so that a person can look
 * again; each is decided alone, like a flagged address. See validation.h.
 */
#include "store/validation_inner.h"

#include "store/audit.h"
#include "store/query.h"

QUERY(Q_SIGNOFF_ADD_EMPTY, "INSERT INTO signoff (list_id, seed, population, planned, opened) VALUES ($1, 0, 0, 0, $2)"
			   " RETURNING id");
/* Whoever nothing else speaks against: 'bounced' comes after an opt-out and a lack of consent. A rejection stands
   for as long as an acceptance would. */
QUERY(Q_SIGNOFF_TAKE_BOUNCED,
      "INSERT INTO signoff_item (signoff_id, address_id, place) SELECT CAST($2 AS BIGINT), m.address_id, CAST(NULL AS BIGINT)"
      " FROM member m JOIN address a ON a.id = m.address_id AND a.bounced = 1"
      " LEFT JOIN validation x ON x.address_id = m.address_id AND x.accepted = 0 AND x.until > $3"
      " WHERE m.list_id = $1 AND x.address_id IS NULL AND NOT EXISTS (SELECT 1 FROM signoff_item i"
      "   JOIN signoff s ON s.id = i.signoff_id WHERE i.address_id = m.address_id AND s.list_id = $1 AND s.done IS NULL)"
      " AND (SELECT v.why FROM may_mail v WHERE v.list_id = m.list_id AND v.address_id = m.address_id) = 'bounced'"
      " ORDER BY m.address_id");

static int take(struct home *h, const struct list *l, int64_t by, struct signoff *s, struct arena *a, int64_t *taken,
		struct err *e)
{
	int64_t now = home_now(h), empty = 0;

	if (validation_state(h, l->id, s, e) < 0 || (!s->id && signoff_draw(h, l, by, a, e) < 0) ||
	    validation_state(h, l->id, s, e) < 0)
		return -1;
	if (!s->id && db_get_i64(h->db, &Q_SIGNOFF_ADD_EMPTY, ARGS(db_i64(l->id), db_i64(now)), &empty, e) < 0)
		return -1;
	if (!s->id)
		s->id = empty;
	if (signoff_lock(h, s, e) < 0 ||
	    db_exec(h->db, &Q_SIGNOFF_TAKE_BOUNCED, ARGS(db_i64(l->id), db_i64(s->id), db_i64(now)), taken, e) < 0)
		return -1;
	if (!*taken) {
		db_rollback(h->db); /* and so is the empty one */
		return 0;
	}
	if (audit_add(h, by, "bounced-taken-in", l->name,
		      arena_printf(a, "sign-off %lld: %lld whose mail came back are looked at again", (long long)s->id,
				   (long long)*taken),
		      e) < 0)
		return -1;
	return db_commit(h->db, e);
}

int validation_take_bounced(struct home *h, const struct list *l, int64_t by, struct signoff *out, int64_t *taken, struct err *e)
{
	struct arena *a;
	int rc;

	*taken = 0;
	if (db_begin(h->db, e) < 0)
		return -1;
	a = arena_new();
	rc = take(h, l, by, out, a, taken, e);
	arena_free(a);
	db_rollback(h->db);
	return rc < 0 ? -1 : validation_open(h, l, by, out, e);
}
