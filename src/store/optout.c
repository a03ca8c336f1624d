/*
 * Opt-outs: see optout.h. The order matters: the row is committed first, then
 * the counter that running senders watch moves, then the person is answered.
 * What a sender starts after the answer has therefore seen the row.
 */
#include "store/optout.h"

#include "store/audit.h"
#include "store/person.h"
#include "store/query.h"

#include <stdatomic.h>

QUERY(Q_DELIVERY_ABOUT,
      "SELECT d.id, d.mailing_id, m.project_id, d.address_id, a.delivery, p.title, p.slug, m.subject,"
      " (SELECT count(*) FROM opt_out o WHERE o.key_hash = a.key_hash)"
      " FROM delivery d JOIN mailing m ON m.id = d.mailing_id JOIN project p ON p.id = m.project_id"
      " JOIN address a ON a.id = d.address_id WHERE d.id = $1");
QUERY(Q_OPT_OUT_HASH, "SELECT a.key_hash FROM delivery d JOIN address a ON a.id = d.address_id WHERE d.id = $1");
QUERY(Q_OPT_OUT_LOCK, "SELECT 1", "SELECT 1 FROM pg_advisory_xact_lock(706102)");
QUERY(Q_OPT_OUT_ADD, "INSERT INTO opt_out (key_hash, way, why, by_id, at) VALUES ($1, $2, $3, $4, $5)"
		     " ON CONFLICT (key_hash) DO NOTHING");
QUERY(Q_OPT_OUT_STANDS, "SELECT 1 FROM opt_out WHERE key_hash = $1");

static const char *const WAYS[] = { "page", "one-click", "mail", "staff", "complaint", "erasure" };

const char *opt_out_way_name(enum opt_out_way way)
{
	MUST((size_t)way < COUNT(WAYS));
	return WAYS[way];
}

int delivery_about(struct home *h, struct arena *a, int64_t delivery, struct delivery_about *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_DELIVERY_ABOUT, ARGS(db_i64(delivery)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = (struct delivery_about){
			.id = rows_i64(&r, 0),
			.mailing_id = rows_i64(&r, 1),
			.project_id = rows_i64(&r, 2),
			.address_id = rows_i64(&r, 3),
			.address = arena_text(a, rows_text(&r, 4)),
			.project_title = arena_text(a, rows_text(&r, 5)),
			.project_slug = arena_text(a, rows_text(&r, 6)),
			.subject = arena_text(a, rows_text(&r, 7)),
			.opted_out = rows_i64(&r, 8) != 0,
		};
	rows_close(&r);
	return got;
}

/* seq must rise in the order of commits; SQLite has one writer anyway. */
static int lock_order(struct home *h, struct err *e)
{
	int64_t one;

	return db_get_i64(h->db, &Q_OPT_OUT_LOCK, NO_ARGS, &one, e) < 0 ? -1 : 0;
}

/* The ledger names the person by pseudonym, and leaves out why: nothing could ever be erased from it (AUD-6). */
static int opt_out_audit(struct home *h, const uint8_t hash[KEY_HASH_SIZE], enum opt_out_way way, int64_t by, struct err *e)
{
	struct arena *a = arena_new();
	int rc = audit_add(h, by, "opt-out", person_name(a, hash), opt_out_way_name(way), e);

	arena_free(a);
	return rc;
}

static int opt_out_write(struct home *h, const uint8_t hash[KEY_HASH_SIZE], enum opt_out_way way, const char *why,
			 int64_t by, struct err *e)
{
	int64_t added;

	if (lock_order(h, e) < 0 ||
	    db_exec(h->db, &Q_OPT_OUT_ADD,
		    ARGS(db_bytes(hash, KEY_HASH_SIZE), db_text(opt_out_way_name(way)), db_text(why),
			 by ? db_i64(by) : db_null(), db_i64(home_now(h))),
		    &added, e) < 0)
		return -1;
	return added ? opt_out_audit(h, hash, way, by, e) : 0;
}

static int opt_out_commit(struct home *h, struct err *e)
{
	if (db_commit(h->db, e) < 0)
		return -1;
	atomic_fetch_add(h->opt_out_counter, 1);
	home_checkpoint(h);
	return 0;
}

/* 1 and the hash of the delivery's person, 0 no such delivery, -1. */
static int hash_of_delivery(struct home *h, int64_t delivery, uint8_t hash[KEY_HASH_SIZE], struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_OPT_OUT_HASH, ARGS(db_i64(delivery)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		struct slice s = rows_bytes(&r, 0);

		MUST(s.n == KEY_HASH_SIZE);
		memcpy(hash, s.p, KEY_HASH_SIZE);
	}
	rows_close(&r);
	return got;
}

int opt_out_by_delivery(struct home *h, int64_t delivery, enum opt_out_way way, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	int got;

	if (db_begin(h->db, e) < 0)
		return -1;
	got = hash_of_delivery(h, delivery, hash, e);
	if (got > 0 && opt_out_write(h, hash, way, "", 0, e) == 0 && opt_out_commit(h, e) == 0)
		return 1;
	db_rollback(h->db);
	return got == 0 ? 0 : -1;
}

int opt_out_by_key(struct home *h, const char *match_key, enum opt_out_way way, const char *why, int64_t by,
		   struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];

	home_key_hash(h, match_key, hash);
	if (db_begin(h->db, e) < 0)
		return -1;
	if (opt_out_write(h, hash, way, why, by, e) == 0 && opt_out_commit(h, e) == 0)
		return 0;
	db_rollback(h->db);
	return -1;
}

int opt_out_stands(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e)
{
	int64_t one;

	return db_get_i64(h->db, &Q_OPT_OUT_STANDS, ARGS(db_bytes(key_hash, KEY_HASH_SIZE)), &one, e);
}
