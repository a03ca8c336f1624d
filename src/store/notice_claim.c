/*
 * Which system mail a sender takes: see notice.h. Claimed as deliveries are,
 * by a stamp of the sender's own, and read with all that its message is made
 * of, so that nothing is looked up when its turn comes.
 */
#include "store/notice_mail.h"

#include "store/query.h"

QUERY(Q_NOTICE_IS_DUE,
      "SELECT 1 WHERE EXISTS (SELECT 1 FROM notice WHERE state = 'queued' AND due <= $1)"
      " OR EXISTS (SELECT 1 FROM notice WHERE state = 'deferred' AND due <= $1)");
#define CLAIM(skip_locked)                                                                                           \
	"UPDATE notice SET state = 'attempting', sender_id = $1, last = $2, first = COALESCE(first, $2)"            \
	" WHERE id IN (SELECT n.id FROM notice n WHERE n.state = $3 AND n.due <= $2"                                \
	" ORDER BY n.due, n.id LIMIT $4" skip_locked ")"
QUERY(Q_NOTICE_CLAIM, CLAIM(""), CLAIM(" FOR UPDATE SKIP LOCKED"));
QUERY(Q_NOTICE_CLAIMED,
      "SELECT n.id, n.first, n.attempts, n.utf8, n.kind, n.delivery, n.created, n.project_id, n.object_id, n.reserved,"
      " s.id, s.asked, s.confirmed, t.text, c.id, c.due,"
      " (SELECT count(*) FROM address a WHERE a.key_hash = n.key_hash AND a.delivery = n.delivery AND a.bounced = 1), n.shows_id, n.language"
      " FROM notice n"
      " LEFT JOIN sign_up s ON n.kind = 'confirm' AND s.id = n.object_id"
      " LEFT JOIN consent_text t ON t.id = s.text_id"
      " LEFT JOIN complaint c ON n.kind = 'complaint' AND c.id = n.object_id"
      " WHERE n.state = 'attempting' AND n.sender_id = $1 AND n.last = $2 ORDER BY n.id");

int notice_is_due(struct home *h, struct err *e)
{
	int64_t one;

	return db_get_i64(h->db, &Q_NOTICE_IS_DUE, ARGS(db_i64(home_now(h))), &one, e);
}

/* A claimed row as read; judged when all are read, since that asks the database too. */
static void read_row(struct rows *r, struct arena *a, int64_t at, struct notice *x, struct notice_about *about)
{
	*x = (struct notice){ .id = rows_i64(r, 0), .first = rows_i64(r, 1), .attempts = rows_i64(r, 2),
			      .utf8 = rows_i64(r, 3) != 0, .claimed = at, .why = "" };
	*about = (struct notice_about){
		.kind = arena_text(a, rows_text(r, 4)),
		.address = arena_text(a, rows_text(r, 5)),
		.created = rows_i64(r, 6),
		.project = rows_i64(r, 7),
		.object = rows_i64(r, 8),
		.reserved = rows_i64(r, 9) != 0,
		.object_found = !rows_is_null(r, 10) || !rows_is_null(r, 14),
		.asked = rows_i64(r, 11),
		.confirmed = !rows_is_null(r, 12),
		.consent_text = arena_text(a, rows_text(r, 13)),
		.due = rows_i64(r, 15),
		.bounced = rows_i64(r, 16) != 0,
		.shows = rows_i64(r, 17),
		.language = arena_text(a, rows_text(r, 18)),
	};
}

static int read_claimed(struct home *h, struct arena *a, int64_t sender, int64_t at, struct notice *x,
			struct notice_about *about, size_t max, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_NOTICE_CLAIMED, ARGS(db_i64(sender), db_i64(at)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		MUST(*n < max);
		read_row(&r, a, at, &x[*n], &about[*n]);
		++*n;
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int claim_rows(struct home *h, int64_t sender, int64_t at, int64_t limit, int64_t *claimed, struct err *e)
{
	static const char *const STATES[] = { "deferred", "queued" };
	int64_t changed;

	*claimed = 0;
	for (size_t i = 0; i < COUNT(STATES) && *claimed < limit; i++) {
		if (db_exec(h->db, &Q_NOTICE_CLAIM,
			    ARGS(db_i64(sender), db_i64(at), db_text(STATES[i]), db_i64(limit - *claimed)), &changed, e) < 0)
			return -1;
		*claimed += changed;
	}
	return 0;
}

int notice_claim(struct home *h, struct arena *a, int64_t sender, int64_t at, int64_t limit, struct notice **out,
		 size_t *n, struct err *e)
{
	struct notice_office office;
	struct notice_about *about;
	int64_t claimed;

	MUST(db_in_transaction(h->db));
	*n = 0;
	if (claim_rows(h, sender, at, limit, &claimed, e) < 0)
		return -1;
	if (!claimed)
		return 0;
	*out = ARENA_ARRAY(a, struct notice, (size_t)claimed);
	about = ARENA_ARRAY(a, struct notice_about, (size_t)claimed);
	if (read_claimed(h, a, sender, at, *out, about, (size_t)claimed, n, e) < 0 ||
	    notice_office_open(h, a, &office, e) < 0)
		return -1;
	for (size_t i = 0; i < *n; i++) {
		if (notice_fill(h, a, &office, &about[i], &(*out)[i], e) < 0)
			return -1;
		(*out)[i].mail.token = (*out)[i].token;
		(*out)[i].mail.message_token = (*out)[i].message_token;
	}
	return 0;
}
