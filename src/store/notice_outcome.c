/* What became of system mail, and who may see it: see notice.h. */
#include "store/notice.h"

#include "store/audit.h"
#include "store/query.h"

#define MINE "sender_id = $2 AND state = 'attempting' AND last = $3"

/* A message that was given back before its first attempt has its Date still to come. Of somebody who was erased
   meanwhile nothing is kept of what the relay said, which names them, and nothing is tried again. */
QUERY(Q_NOTICE_WRITE,
      "UPDATE notice SET state = CASE WHEN delivery = '' AND $4 IN ('queued', 'deferred') THEN 'failed' ELSE $4 END,"
      " first = CASE WHEN $4 = 'queued' AND $11 = 0 AND first = last THEN NULL ELSE first END, due = $5, last = $6, relay = $7,"
      " queue_id = CASE WHEN delivery = '' THEN '' ELSE $8 END, reply = CASE WHEN delivery = '' THEN '' ELSE $9 END,"
      " attempts = attempts + $10, sender_id = NULL WHERE id = $1 AND " MINE);
/* The relay says that there is no such mailbox: then mailings stop too. */
QUERY(Q_NOTICE_VOID,
      "UPDATE address SET bounced = 1, bounced_at = $4 WHERE (key_hash, delivery) IN"
      " (SELECT key_hash, delivery FROM notice WHERE id = $1 AND " MINE ")");
QUERY(Q_NOTICE_RELEASE,
      "UPDATE notice SET state = 'queued', first = CASE WHEN first = last THEN NULL ELSE first END, sender_id = NULL"
      " WHERE state = 'attempting' AND sender_id = $1 AND last >= $2");
QUERY(Q_NOTICE_LOSE, "UPDATE notice SET state = 'uncertain', sender_id = NULL"
		     " WHERE state = 'attempting' AND sender_id = $1");
QUERY(Q_NOTICE_REMAINS, "SELECT count(*), COALESCE(min(due), 0) FROM notice WHERE state IN ('queued', 'deferred')");
#define NOTICE_ROWS "SELECT id, kind, delivery, state, created, first, last, due, attempts, relay, queue_id, reply FROM notice"
EACH(Q_EACH_NOTICE, NOTICE_ROWS " ORDER BY id");
EACH(Q_EACH_NOTICE_IN, NOTICE_ROWS " WHERE state = $1 ORDER BY id");

/* 1 written, 0 no longer this sender's, -1. */
static int write_one(struct home *h, int64_t sender, const struct outcome *o, struct err *e)
{
	const struct dbval id = db_i64(o->id), by = db_i64(sender), claimed = db_i64(o->claimed);
	int64_t changed;

	if (o->voids && db_exec(h->db, &Q_NOTICE_VOID, ARGS(id, by, claimed, db_i64(o->at)), NULL, e) < 0)
		return -1;
	if (db_exec(h->db, &Q_NOTICE_WRITE,
		    ARGS(id, by, claimed, db_text(o->state), db_i64(o->due), db_i64(o->at), db_text(o->relay),
			 db_text(o->queue_id), db_text(o->reply), db_i64(o->counts), db_i64(o->dotted)),
		    &changed, e) < 0)
		return -1;
	return changed > 0;
}

/* One entry for all of a batch: the ledger says that system mail went out, `notice list` which. */
static int tell(struct home *h, const int64_t *n, const char *const *states, size_t count, struct err *e)
{
	struct buf words;
	int rc;

	buf_init(&words, 200);
	for (size_t i = 0; i < count; i++)
		if (n[i])
			buf_addf(&words, "%s%lld %s", words.n ? ", " : "", (long long)n[i], states[i]);
	rc = words.n ? audit_add(h, 0, "system-mail", "", buf_text(&words), e) : 0;
	buf_free(&words);
	return rc;
}

int notice_write(struct home *h, int64_t sender, const struct outcome *o, size_t n, struct err *e)
{
	static const char *const STATES[] = { "accepted", "deferred", "failed", "uncertain" };
	int64_t count[COUNT(STATES)] = { 0 };

	MUST(db_in_transaction(h->db));
	for (size_t i = 0; i < n; i++) {
		int wrote = o[i].notice ? write_one(h, sender, &o[i], e) : 0;

		if (wrote < 0)
			return -1;
		for (size_t k = 0; k < COUNT(STATES); k++)
			count[k] += wrote && strcmp(o[i].state, STATES[k]) == 0;
	}
	return tell(h, count, STATES, COUNT(STATES), e);
}

int notice_release(struct home *h, int64_t sender, int64_t since, struct err *e)
{
	return db_exec(h->db, &Q_NOTICE_RELEASE, ARGS(db_i64(sender), db_i64(since)), NULL, e);
}

int notice_lose(struct home *h, int64_t sender, struct err *e)
{
	return db_exec(h->db, &Q_NOTICE_LOSE, ARGS(db_i64(sender)), NULL, e);
}

int notice_remains(struct home *h, int64_t *n, int64_t *next_due, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_NOTICE_REMAINS, NO_ARGS, &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		*n = rows_i64(&r, 0);
		*next_due = rows_i64(&r, 1);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int notice_each(struct home *h, const char *state, int (*each)(void *ctx, const struct notice_row *r), void *ctx,
		struct err *e)
{
	struct rows r = { 0 };
	int got, rc = state ? db_query(h->db, &Q_EACH_NOTICE_IN, ARGS(db_text(state)), &r, e)
			    : db_query(h->db, &Q_EACH_NOTICE, NO_ARGS, &r, e);

	if (rc < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		struct notice_row row = {
			.id = rows_i64(&r, 0),
			.kind = rows_text(&r, 1),
			.address = rows_text(&r, 2),
			.state = rows_text(&r, 3),
			.created = rows_i64(&r, 4),
			.first = rows_i64(&r, 5),
			.last = rows_i64(&r, 6),
			.due = rows_i64(&r, 7),
			.attempts = rows_i64(&r, 8),
			.relay = rows_text(&r, 9),
			.queue_id = rows_text(&r, 10),
			.reply = rows_text(&r, 11),
		};

		if (each(ctx, &row) != 0)
			break;
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}
