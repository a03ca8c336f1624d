/* The pages for leaving, and what they need of the data: see leave.h. */
#include "store/leave.h"

#include "store/notice.h"
#include "store/query.h"

QUERY(Q_LEAVE_NOTICE, "SELECT key_hash, delivery FROM notice WHERE id = $1");
/* The newest entry of the ledger counts for each mailbox of theirs. */
QUERY(Q_LEAVE_STUDIES,
      "SELECT p.id, p.slug, p.title,"
      " (SELECT count(*) FROM opt_out_keep k WHERE k.key_hash = $1 AND k.project_id = p.id)"
      " FROM project p WHERE p.state <> 'closed' AND p.id IN (SELECT c.project_id FROM address a"
      " JOIN consent c ON c.address_id = a.id WHERE a.key_hash = $1 AND a.erased IS NULL AND c.action = 'given'"
      " AND NOT EXISTS (SELECT 1 FROM consent n WHERE n.address_id = c.address_id AND n.project_id = c.project_id"
      " AND n.id > c.id)) ORDER BY p.title, p.id LIMIT 25");
QUERY(Q_LEAVE_MAILBOX, "SELECT delivery FROM address WHERE key_hash = $1 AND erased IS NULL"
		       " ORDER BY CASE WHEN delivery = $2 THEN 0 ELSE 1 END, id LIMIT 1");

static int load_studies(struct home *h, struct arena *a, struct leave_about *out, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	if (db_query(h->db, &Q_LEAVE_STUDIES, ARGS(db_bytes(out->key_hash, KEY_HASH_SIZE)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		out->study = arena_room(a, out->study, out->n_studies, &room, sizeof(*out->study));
		out->study[out->n_studies++] = (struct leave_study){
			.id = rows_i64(&r, 0),
			.slug = arena_text(a, rows_text(&r, 1)),
			.title = arena_text(a, rows_text(&r, 2)),
			.kept = rows_i64(&r, 3) != 0,
		};
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int load_rest(struct home *h, struct arena *a, struct leave_about *out, struct err *e)
{
	return opt_out_state(h, out->key_hash, &out->state, e) < 0 || load_studies(h, a, out, e) < 0 ? -1 : 1;
}

int leave_by_delivery(struct home *h, struct arena *a, int64_t delivery, struct leave_about *out, struct err *e)
{
	static const char ERASED[] = "erased:"; /* and a number: schema, address */
	struct delivery_about about;
	int got = delivery_about(h, a, delivery, &about, e);

	if (got <= 0)
		return got;
	*out = (struct leave_about){
		.address = strncmp(about.address, ERASED, strlen(ERASED)) == 0 ? "" : about.address,
		.project_title = about.project_title,
		.project_slug = about.project_slug,
		.subject = about.subject,
	};
	memcpy(out->key_hash, about.key_hash, KEY_HASH_SIZE);
	return load_rest(h, a, out, e);
}

int leave_by_notice(struct home *h, struct arena *a, int64_t notice, struct leave_about *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*out = (struct leave_about){ .address = "" };
	if (db_query(h->db, &Q_LEAVE_NOTICE, ARGS(db_i64(notice)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		struct slice hash = rows_bytes(&r, 0);

		MUST(hash.n == KEY_HASH_SIZE);
		memcpy(out->key_hash, hash.p, KEY_HASH_SIZE);
		out->address = arena_text(a, rows_text(&r, 1));
	}
	rows_close(&r);
	return got > 0 ? load_rest(h, a, out, e) : got;
}

/* --- by address -------------------------------------------------------------------------------- */

/* 1 and the mailbox that is held of the person, 0 none is, -1. Never another spelling than one that is held. */
static int find_mailbox(struct home *h, struct arena *a, const uint8_t *hash, const struct address *typed,
			struct address *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_LEAVE_MAILBOX, ARGS(db_bytes(hash, KEY_HASH_SIZE), db_text(typed->delivery)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0 && address_parse(a, rows_text(&r, 0), out, e) < 0)
		got = err_set(e, ERR_BROKEN, "a stored address cannot be read");
	rows_close(&r);
	return got;
}

static int write_asked(struct home *h, struct arena *a, const struct address *typed, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	struct opt_out_state state;
	struct address to = *typed;
	int64_t notice;
	int known;

	home_key_hash(h, typed->key, hash);
	if (notice_was_asked_for(h, e) < 0 || opt_out_state(h, hash, &state, e) < 0 || (known = find_mailbox(h, a, hash, typed, &to, e)) < 0)
		return -1;
	if (!known && !state.out)
		return 0;
	return notice_queue(h, state.out ? NOTICE_LEFT : NOTICE_LEAVE, &to, 0, 0, &notice, e) < 0 ? -1 : 0;
}

int leave_ask(struct home *h, const struct address *typed, struct err *e)
{
	struct arena *a = arena_new();
	int rc = -1;

	if (db_begin(h->db, e) == 0) {
		if (write_asked(h, a, typed, e) == 0 && db_commit(h->db, e) == 0)
			rc = 0;
		else
			db_rollback(h->db);
	}
	if (rc == 0)
		home_checkpoint(h);
	arena_free(a);
	return rc;
}
