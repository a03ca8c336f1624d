/*
 * Withdrawing what a person agreed to: see person.h. A withdrawal is the
 * person's, not a mailbox's: it holds for all spellings of their address, and
 * is kept by hash too, for those that are not held yet, or not any more. It is
 * written to the journal before it is committed, so that it outlives the
 * restore of an old backup (optout_journal.h).
 */
#include "store/person.h"

#include "store/audit.h"
#include "store/optout.h"
#include "store/query.h"

QUERY(Q_WITHDRAW_SLUG, "SELECT slug FROM project WHERE id = $1");
QUERY(Q_WITHDRAW_HELD, "SELECT 1 FROM address WHERE key_hash = $1 AND erased IS NULL LIMIT 1");
#define NEWEST(column)                                                                               \
	"(SELECT c." column " FROM consent c WHERE c.address_id = a.id AND c.project_id = p.id"       \
	" ORDER BY c.id DESC LIMIT 1)"
/* Where it has not ended already; also where nothing was given yet, but the mailbox is on a list of the project. What
   was recorded after $5 is not meant. */
QUERY(Q_WITHDRAW_ADD,
      "INSERT INTO consent (address_id, project_id, action, kind, ref, given_on, by_id, at)"
      " SELECT a.id, p.id, 'withdrawn', '', '', '', (SELECT x.id FROM account x WHERE x.id = $3), CAST($4 AS bigint)"
      " FROM address a, project p WHERE a.key_hash = $1 AND p.slug = $2 AND a.erased IS NULL"
      " AND COALESCE(" NEWEST("action") ", CASE WHEN EXISTS (SELECT 1 FROM member m JOIN list l ON l.id = m.list_id"
      "   WHERE m.address_id = a.id AND l.project_id = p.id) THEN '' ELSE 'withdrawn' END) <> 'withdrawn'"
      " AND COALESCE(" NEWEST("at") ", 0) <= $5");
QUERY(Q_WITHDRAW_KEEP, "INSERT INTO withdrawn (key_hash, project, at) VALUES ($1, $2, $3)"
		       " ON CONFLICT (key_hash, project) DO NOTHING");

/* In the caller's transaction. 0: nothing was to be done; -1. */
static int64_t withdraw(struct home *h, const struct opt_out_entry *x, int64_t until, struct err *e)
{
	struct dbval hash = db_bytes(x->key_hash, KEY_HASH_SIZE);
	struct arena *a = arena_new();
	int64_t n = -1, kept = 0;

	if (db_exec(h->db, &Q_WITHDRAW_ADD,
		    ARGS(hash, db_text(x->text), db_i64(x->by), db_i64(x->at), db_i64(until)), &n, e) < 0 ||
	    db_exec(h->db, &Q_WITHDRAW_KEEP, ARGS(hash, db_text(x->text), db_i64(x->at)), &kept, e) < 0 ||
	    (n + kept && audit_add(h, x->by, "consent-withdrawn", person_name(a, x->key_hash),
			    arena_printf(a, "to %s%s", x->text, x->by ? "" : ", by themself"), e) < 0))
		n = -1;
	arena_free(a);
	return n < 0 ? -1 : n + kept;
}

int withdraw_again(struct home *h, const struct opt_out_entry *x, struct err *e)
{
	return withdraw(h, x, x->at, e) < 0 ? -1 : 0;
}

static int find_slug(struct home *h, struct arena *a, int64_t project, const char **out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_WITHDRAW_SLUG, ARGS(db_i64(project)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = arena_text(a, rows_text(&r, 0));
	rows_close(&r);
	return got;
}

/* 1, 0 nothing to withdraw, -1. */
static int withdraw_in(struct home *h, struct arena *a, const uint8_t *key_hash, int64_t project, int64_t by,
		       struct err *e)
{
	struct opt_out_entry x = { .act = ACT_WITHDRAW, .at = home_now(h), .way = by ? OPT_OUT_STAFF : OPT_OUT_PAGE,
				   .by = by };
	int64_t n;
	int got = find_slug(h, a, project, &x.text, e);

	if (got <= 0)
		return got;
	memcpy(x.key_hash, key_hash, KEY_HASH_SIZE);
	n = withdraw(h, &x, INT64_MAX, e);
	if (n > 0)
		opt_out_note(h, &x);
	return n < 0 ? -1 : n > 0;
}

int person_withdraw_by(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], int64_t project, int64_t by,
		       struct err *e)
{
	struct arena *a = arena_new();
	int rc = -1;

	if (db_begin(h->db, e) == 0) {
		rc = withdraw_in(h, a, key_hash, project, by, e);
		if (rc >= 0 && db_commit(h->db, e) < 0)
			rc = -1;
		db_rollback(h->db);
	}
	if (rc > 0)
		opt_out_noted(h);
	arena_free(a);
	return rc;
}

int person_withdraw(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], int64_t project, struct err *e)
{
	return person_withdraw_by(h, key_hash, project, 0, e);
}

int person_is_held(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e)
{
	int64_t one;

	return db_get_i64(h->db, &Q_WITHDRAW_HELD, ARGS(db_bytes(key_hash, KEY_HASH_SIZE)), &one, e);
}
