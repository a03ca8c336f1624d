/* Complaints: see complaint.h. The form's own answer is the acknowledgement; a mail repeats it where one can. */
#include "store/complaint.h"

#include "store/audit.h"
#include "store/notice.h"
#include "store/person.h"
#include "store/query.h"

#define COLUMNS                                                                                                       \
	"SELECT c.id, c.at, c.due, c.acknowledged, c.closed, c.address, c.about, c.text, c.outcome, x.name"           \
	" FROM complaint c LEFT JOIN account x ON x.id = c.closed_by"

QUERY(Q_COMPLAINT_ADD, "INSERT INTO complaint (address, key_hash, about, text, at, due, acknowledged)"
		       " VALUES ($1, $2, $3, $4, $5, $6, $5) RETURNING id");
QUERY(Q_COMPLAINT_ALL, COLUMNS " ORDER BY CASE WHEN c.closed IS NULL THEN 0 ELSE 1 END, c.due, c.id LIMIT 1000");
QUERY(Q_COMPLAINT_OPEN, COLUMNS " WHERE c.closed IS NULL ORDER BY c.due, c.id LIMIT 1000");
QUERY(Q_COMPLAINT_GET, COLUMNS " WHERE c.id = $1");
QUERY(Q_COMPLAINT_CLOSE, "UPDATE complaint SET closed = $2, closed_by = $3, outcome = $4 WHERE id = $1 AND closed IS NULL");

static const char *object_of(struct arena *a, int64_t number)
{
	return arena_printf(a, "complaint %lld", (long long)number);
}

static int add_in(struct home *h, struct arena *a, const struct address *addr, const char *about, const char *text,
		  struct complaint *out, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	int64_t notice;

	if (addr)
		home_key_hash(h, addr->key, hash);
	if (db_get_i64(h->db, &Q_COMPLAINT_ADD,
		       ARGS(db_text(addr ? addr->delivery : ""), addr ? db_bytes(hash, sizeof(hash)) : db_null(), db_text(about),
			    db_text(text), db_i64(out->at), db_i64(out->due)),
		       &out->number, e) < 0)
		return -1;
	/* Somebody who had enough of these today has their number on the page all the same. */
	if (addr && notice_queue(h, NOTICE_COMPLAINT, addr, 0, out->number, &notice, e) < 0)
		return -1;
	return audit_add(h, 0, "complaint", object_of(a, out->number), addr ? person_name(a, hash) : "without an address", e);
}

int complaint_add(struct home *h, const struct address *addr, const char *about, const char *text, struct complaint *out,
		  struct err *e)
{
	struct arena *a = arena_new();
	int rc = -1;

	*out = (struct complaint){ .at = home_now(h), .address = addr ? addr->delivery : "", .about = about, .text = text,
				   .outcome = "" };
	out->due = out->at + COMPLAINT_DAYS * DAY;
	out->acknowledged = out->at;
	if (db_begin(h->db, e) == 0) {
		if (add_in(h, a, addr, about, text, out, e) == 0)
			rc = db_commit(h->db, e);
		db_rollback(h->db);
	}
	if (rc == 0)
		home_checkpoint(h);
	arena_free(a);
	return rc;
}

static void complaint_from(struct rows *r, struct arena *a, struct complaint *out)
{
	*out = (struct complaint){
		.number = rows_i64(r, 0),
		.at = rows_i64(r, 1),
		.due = rows_i64(r, 2),
		.acknowledged = rows_i64(r, 3),
		.closed = rows_i64(r, 4),
		.address = arena_text(a, rows_text(r, 5)),
		.about = arena_text(a, rows_text(r, 6)),
		.text = arena_text(a, rows_text(r, 7)),
		.outcome = arena_text(a, rows_text(r, 8)),
		.closed_by = arena_text(a, rows_text(r, 9)),
	};
}

int complaint_list(struct home *h, struct arena *a, bool open_only, struct complaint **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, open_only ? &Q_COMPLAINT_OPEN : &Q_COMPLAINT_ALL, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		complaint_from(&r, a, &(*out)[(*n)++]);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int complaint_by_number(struct home *h, struct arena *a, int64_t number, struct complaint *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_COMPLAINT_GET, ARGS(db_i64(number)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		complaint_from(&r, a, out);
	rows_close(&r);
	return got;
}

int complaint_close(struct home *h, int64_t number, const char *outcome, int64_t by, struct err *e)
{
	struct arena *a = arena_new();
	int64_t changed = 0;
	int rc = -1;

	if (db_begin(h->db, e) == 0) {
		if (db_exec(h->db, &Q_COMPLAINT_CLOSE,
			    ARGS(db_i64(number), db_i64(home_now(h)), db_i64(by), db_text(outcome)), &changed, e) == 0 &&
		    changed && audit_add(h, by, "complaint-closed", object_of(a, number), "", e) == 0)
			rc = db_commit(h->db, e);
		else if (!changed && e->kind == ERR_NONE)
			err_set(e, ERR_REFUSED, "complaint %lld is closed already", (long long)number);
		db_rollback(h->db);
	}
	arena_free(a);
	return rc;
}
