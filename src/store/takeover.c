/*
 * Taking over, and coming back: see takeover.h. Who is dead is decided by
 * counts of flushes and the own clock. A look that comes late, because this
 * process stood still or the database was away, says nothing about others: all
 * of them get their time anew.
 */
#include "store/takeover.h"

#include "base/log.h"
#include "store/mailing.h"
#include "store/query.h"

#define LOOK_LATE (3 * SECOND)

QUERY(Q_TAKEOVER_SENDERS, "SELECT id, flushes FROM sender WHERE ended IS NULL AND fenced < 2 AND host <> $1 ORDER BY id");
#define MARK(skip_locked)                                                                                            \
	"UPDATE sender SET fenced = 2 WHERE id = (SELECT id FROM sender WHERE id = $1 AND flushes = $2"             \
	" AND fenced < 2 AND ended IS NULL" skip_locked ")"
QUERY(Q_TAKEOVER_MARK, MARK(""), MARK(" FOR UPDATE SKIP LOCKED"));
QUERY(Q_TAKEOVER_DELIVERIES, "UPDATE delivery SET state = 'uncertain', reply = 'the host that had it was silent'"
			     " WHERE sender_id = $1 AND state = 'attempting'");
QUERY(Q_TAKEOVER_NOTICES, "UPDATE notice SET state = 'uncertain' WHERE sender_id = $1 AND state = 'attempting'");

/* The sender's row is locked before those of deliveries, as by who takes over. */
QUERY(Q_TAKEN_FIND, "SELECT fenced FROM sender WHERE id = $1", "SELECT fenced FROM sender WHERE id = $1 FOR UPDATE");
/* Of a sender's claims, what was taken over, and what of that was put into the queue again by retry-uncertain. Whoever
   claims it anew becomes its sender. */
#define TAKEN "sender_id = $2 AND state IN ('uncertain', 'queued')"
#define FINAL "(SELECT f.state FROM mailing f WHERE f.id = delivery.mailing_id AND f.state IN ('cancelled', 'revoked'))"
QUERY(Q_TAKEN_MAILINGS, "SELECT DISTINCT d.mailing_id FROM delivery d"
			" WHERE d.sender_id = $1 AND d.state IN ('uncertain', 'queued') ORDER BY d.mailing_id");
QUERY(Q_TAKEN_VOID, "UPDATE address SET bounced = 1, bounced_at = $4"
		    " WHERE id = (SELECT address_id FROM delivery WHERE id = $1 AND last = $3 AND " TAKEN ")");
QUERY(Q_TAKEN_WRITE,
      "UPDATE delivery SET state = CASE WHEN $3 = 'deferred' AND " FINAL " IS NOT NULL THEN 'skipped' ELSE $3 END,"
      " skipped = CASE WHEN $3 = 'deferred' THEN COALESCE(" FINAL ", $4) ELSE $4 END,"
      " due = $5, last = $6, relay = $7, queue_id = $8, reply = CASE WHEN bound IS NULL THEN $9 ELSE '' END,"
      " attempts = attempts + $10, sender_id = NULL WHERE id = $1 AND last = $11 AND " TAKEN);
QUERY(Q_TAKEN_UNCERTAIN, "UPDATE delivery SET sender_id = NULL, reply = $4 WHERE id = $1 AND last = $3 AND " TAKEN);
QUERY(Q_TAKEN_BACK,
      "UPDATE delivery SET state = CASE WHEN " FINAL " IS NOT NULL THEN 'skipped' ELSE 'queued' END,"
      " skipped = COALESCE(" FINAL ", ''), reply = '',"
      " first = CASE WHEN first = last THEN NULL ELSE first END, sender_id = NULL"
      " WHERE sender_id = $1 AND state IN ('uncertain', 'queued')");
QUERY(Q_TAKEN_NOTICE,
      "UPDATE notice SET state = CASE WHEN delivery = '' AND $3 = 'deferred' THEN 'failed' ELSE $3 END, due = $4, last = $5,"
      " relay = $6, queue_id = CASE WHEN delivery = '' THEN '' ELSE $7 END, reply = CASE WHEN delivery = '' THEN '' ELSE $8 END,"
      " attempts = attempts + $9, sender_id = NULL"
      " WHERE id = $1 AND last = $10 AND sender_id = $2 AND state = 'uncertain'");
QUERY(Q_TAKEN_NOTICES_BACK,
      "UPDATE notice SET state = CASE WHEN delivery = '' THEN 'failed' ELSE 'queued' END,"
      " first = CASE WHEN first = last THEN NULL ELSE first END, sender_id = NULL"
      " WHERE sender_id = $1 AND state = 'uncertain'");

/* --- who is dead --------------------------------------------------------------------------------- */

struct seen {
	struct host_sender s;
	int64_t since; /* ticks: when its flushes were seen to have moved */
};

struct takeover {
	struct seen *seen;
	size_t n;
	int64_t looked; /* ticks; 0: never */
};

struct takeover *takeover_new(void)
{
	return mem_alloc(sizeof(struct takeover));
}

void takeover_free(struct takeover *t)
{
	if (!t)
		return;
	free(t->seen);
	free(t);
}

static int read_senders(struct home *h, struct arena *a, struct host_sender **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_TAKEOVER_SENDERS, ARGS(db_text(h->host.id)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct host_sender){ rows_i64(&r, 0), rows_i64(&r, 1) };
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int64_t still_since(const struct takeover *t, const struct host_sender *s, int64_t now)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->seen[i].s.id == s->id && t->seen[i].s.flushes == s->flushes)
			return t->seen[i].since;
	return now;
}

static void remember(struct takeover *t, const struct host_sender *s, size_t n, int64_t now)
{
	struct seen *seen = mem_alloc((n + 1) * sizeof(*seen));
	bool late = now - t->looked > LOOK_LATE;

	for (size_t i = 0; i < n; i++)
		seen[i] = (struct seen){ s[i], late ? now : still_since(t, &s[i], now) };
	free(t->seen);
	t->seen = seen;
	t->n = n;
	t->looked = now;
}

int takeover_look(struct takeover *t, struct home *h, int64_t now, int64_t *n, struct err *e)
{
	struct host_sender *s;
	struct arena *a;
	size_t n_s;
	int rc;

	*n = 0;
	if (!h->host.id)
		return 0;
	a = arena_new();
	rc = read_senders(h, a, &s, &n_s, e);
	if (rc == 0)
		remember(t, s, n_s, now);
	for (size_t i = 0; rc >= 0 && i < t->n; i++)
		if (now - t->seen[i].since >= HOST_DEAD) {
			rc = takeover_one(h, &t->seen[i].s, e);
			*n += rc > 0;
		}
	arena_free(a);
	return rc < 0 ? -1 : 0;
}

static int take(struct home *h, const struct host_sender *s, int64_t *held, struct err *e)
{
	int64_t marked = 0, notices = 0;

	if (db_exec(h->db, &Q_TAKEOVER_MARK, ARGS(db_i64(s->id), db_i64(s->flushes)), &marked, e) < 0)
		return -1;
	if (!marked)
		return 0;
	if (db_exec(h->db, &Q_TAKEOVER_DELIVERIES, ARGS(db_i64(s->id)), held, e) < 0 ||
	    db_exec(h->db, &Q_TAKEOVER_NOTICES, ARGS(db_i64(s->id)), &notices, e) < 0)
		return -1;
	*held += notices;
	return 1;
}

int takeover_one(struct home *h, const struct host_sender *s, struct err *e)
{
	char sender[32], count[32];
	int64_t held = 0;
	int rc;

	if (db_begin(h->db, e) < 0)
		return -1;
	rc = take(h, s, &held, e);
	if (rc < 0 || db_commit(h->db, e) < 0) {
		db_rollback(h->db);
		return -1;
	}
	snprintf(sender, sizeof(sender), "%lld", (long long)s->id);
	snprintf(count, sizeof(count), "%lld", (long long)held);
	if (rc > 0)
		log_event(LOG_LEVEL_WARN, "sender-taken-over", "sender", sender, "uncertain", count, NULL);
	return rc;
}

/* --- who comes back ------------------------------------------------------------------------------ */

int takeover_find(struct home *h, int64_t sender, struct err *e)
{
	int64_t fenced = 0;

	MUST(db_in_transaction(h->db));
	return db_get_i64(h->db, &Q_TAKEN_FIND, ARGS(db_i64(sender)), &fenced, e) < 0 ? -1 : fenced == 2;
}

static int write_delivery(struct home *h, int64_t sender, const struct outcome *o, struct err *e)
{
	const struct dbval id = db_i64(o->id), by = db_i64(sender), claimed = db_i64(o->claimed);

	if (strcmp(o->state, "uncertain") == 0)
		return db_exec(h->db, &Q_TAKEN_UNCERTAIN, ARGS(id, by, claimed, db_text(o->reply)), NULL, e);
	if (o->voids && db_exec(h->db, &Q_TAKEN_VOID, ARGS(id, by, claimed, db_i64(o->at)), NULL, e) < 0)
		return -1;
	return db_exec(h->db, &Q_TAKEN_WRITE,
		       ARGS(id, by, db_text(o->state), db_text(o->skipped), db_i64(o->due), db_i64(o->at), db_text(o->relay),
			    db_text(o->queue_id), db_text(o->reply), db_i64(o->counts), claimed),
		       NULL, e);
}

static int write_notice(struct home *h, int64_t sender, const struct outcome *o, struct err *e)
{
	return db_exec(h->db, &Q_TAKEN_NOTICE,
		       ARGS(db_i64(o->id), db_i64(sender), db_text(o->state), db_i64(o->due), db_i64(o->at), db_text(o->relay),
			    db_text(o->queue_id), db_text(o->reply), db_i64(o->counts), db_i64(o->claimed)),
		       NULL, e);
}

static int write_all(struct home *h, int64_t sender, const struct outcome *o, size_t n, struct err *e)
{
	int rc = db_batch_begin(h->db, e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = o[i].notice ? write_notice(h, sender, &o[i], e) : write_delivery(h, sender, &o[i], e);
	return rc < 0 ? -1 : db_batch_end(h->db, e);
}

static int read_mailings(struct home *h, struct arena *a, int64_t sender, int64_t **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_TAKEN_MAILINGS, ARGS(db_i64(sender)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = rows_i64(&r, 0);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

/* Nobody ends one of them before all is settled. */
static int lock_mailings(struct home *h, struct arena *a, const int64_t *mailings, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (mailing_lock(h, a, &(struct mailing){ .id = mailings[i] }, e) < 0)
			return -1;
	return 0;
}

/* Nobody was left of it, but for those whom the dead host had. */
static int go_on(struct home *h, struct arena *a, int64_t mailing, struct err *e)
{
	struct mailing m;
	int rc = mailing_by_id(h, a, mailing, &m, e);

	if (rc <= 0 || strcmp(m.state, "done") != 0)
		return rc < 0 ? -1 : 0;
	rc = delivery_unfinished(h, mailing, e);
	if (rc <= 0)
		return rc;
	return mailing_move(h, &m, "again", 0, "a host came back that had not sent to some", e);
}

int takeover_settle(struct home *h, int64_t sender, const struct outcome *o, size_t n, struct err *e)
{
	struct arena *a = arena_new();
	int64_t *mailings;
	size_t n_mailings;
	int rc = -1;

	MUST(db_in_transaction(h->db));
	if (read_mailings(h, a, sender, &mailings, &n_mailings, e) == 0 &&
	    lock_mailings(h, a, mailings, n_mailings, e) == 0 && write_all(h, sender, o, n, e) == 0 &&
	    db_exec(h->db, &Q_TAKEN_BACK, ARGS(db_i64(sender)), NULL, e) == 0 &&
	    db_exec(h->db, &Q_TAKEN_NOTICES_BACK, ARGS(db_i64(sender)), NULL, e) == 0)
		rc = 0;
	for (size_t i = 0; rc == 0 && i < n_mailings; i++)
		rc = go_on(h, a, mailings[i], e);
	arena_free(a);
	return rc;
}
