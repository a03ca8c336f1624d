/* Deliveries, claims and outcomes: see delivery.h. */
#include "store/delivery.h"

#include "store/query.h"

QUERY(Q_SENDER_ADD, "INSERT INTO sender (host, journal, started) VALUES ($1, $2, $3) RETURNING id");
QUERY(Q_SENDER_SEEN, "UPDATE sender SET seen = $2, flushes = flushes + 1, accepted = $3, deferred = $4, failed = $5, uncertain = $6,"
		     " skipped = $7, notices = $8, in_flight = $9, waiting = $10 WHERE id = $1 AND fenced = 0 AND ended IS NULL"
		     " RETURNING (SELECT count(*) FROM host), (SELECT x.place FROM host x WHERE x.id = sender.host)");
QUERY(Q_SENDER_END, "UPDATE sender SET ended = $2 WHERE id = $1");

#define TAKE(these)                                                                                                  \
	"UPDATE delivery SET state = 'attempting', sender_id = $1, last = $2, first = COALESCE(first, $2) WHERE id " these
#define DUE                                                                                                          \
	"(SELECT n.id FROM delivery n WHERE n.mailing_id = $3 AND n.state = $4 AND n.due <= $2 ORDER BY n.due, n.id LIMIT $5"
/* Of claimed deliveries what their messages are made of, what may_mail says, and what fatigue is reckoned from ($6). */
#define JUDGED(claimed)                                                                                              \
	"SELECT d.id, d.first, d.attempts, a.delivery, d.fields, a.utf8, a.key_hash, c.kind, c.ref, c.given_on, c.at," \
	" COALESCE((SELECT CASE WHEN v.why = '' AND v.valid_until <= $2 THEN 'lapsed' ELSE v.why END FROM may_mail v"  \
	"   WHERE v.list_id = m.list_id AND v.address_id = d.address_id), 'no-consent'),"                              \
	" (SELECT count(*) FROM address fa JOIN delivery fd ON fd.address_id = fa.id WHERE fa.key_hash = a.key_hash"   \
	"   AND fd.mailing_id <> d.mailing_id AND fd.state IN ('attempting', 'accepted', 'uncertain') AND fd.last > $6)," \
	" d.arm FROM " claimed " d JOIN address a ON a.id = d.address_id JOIN consent c ON c.id = d.consent_id"         \
	" JOIN mailing m ON m.id = d.mailing_id"
/* On SQLite a claim is taken and then read. */
QUERY(Q_DELIVERY_CLAIM, TAKE("IN " DUE ")"));
#define READ_BACK                                                                                                    \
	JUDGED("delivery") " WHERE d.sender_id = $1 AND d.state = 'attempting' AND d.last = $2 AND d.mailing_id = $3"  \
			   " AND $4 <> '' AND $5 > 0 ORDER BY d.id"
/* On PostgreSQL both are one. An array, since its planner takes "IN" for a reason to read the whole table. */
QUERY(Q_DELIVERY_CLAIMED, READ_BACK,
      "WITH taken AS (" TAKE("= ANY (ARRAY" DUE " FOR UPDATE SKIP LOCKED))") " RETURNING *) " JUDGED("taken") " ORDER BY d.id");
#define DUE_OF(state)                                                                                                 \
	"(SELECT count(*) FROM (SELECT n.id FROM delivery n WHERE n.mailing_id = $1 AND n.state = " state              \
	" AND n.due <= $2 LIMIT $3) x)"
QUERY(Q_DELIVERY_DUE, "SELECT " DUE_OF("'queued'") " + " DUE_OF("'deferred'"));
/* The final state of a mailing that was cancelled or revoked: nobody of it waits any more. */
#define FINAL "(SELECT f.state FROM mailing f WHERE f.id = delivery.mailing_id AND f.state IN ('cancelled', 'revoked'))"
/* Its Date, the time of the first attempt, was set by the claim that is given back. If no dot went out, it is still to
   come; if one did, whatever became of it, the next try sends the same bytes (design decision 4). */
#define DATED_BY_THIS "first = last"
QUERY(Q_DELIVERY_WRITE,
      "UPDATE delivery SET"
      " state = CASE WHEN $3 IN ('queued', 'deferred') AND " FINAL " IS NOT NULL THEN 'skipped' ELSE $3 END,"
      " skipped = CASE WHEN $3 IN ('queued', 'deferred') THEN COALESCE(" FINAL ", $4) ELSE $4 END,"
      " first = CASE WHEN $3 = 'queued' AND $12 = 0 AND " DATED_BY_THIS " THEN NULL ELSE first END,"
      /* A relay's reply may name the address; who was erased meanwhile leaves it nowhere (CON-8). */
      " due = $5, last = $6, relay = $7, queue_id = $8, reply = CASE WHEN bound IS NULL THEN $9 ELSE '' END, attempts = attempts + $10, sender_id = NULL"
      /* COALESCE keeps PostgreSQL from looking among all that senders hold, by the index of those. */
      " WHERE id = $1 AND COALESCE(sender_id, 0) = $2 AND state = 'attempting' AND last = $11");
/* Under the same condition: an outcome that no longer counts says nothing about the address either. */
QUERY(Q_DELIVERY_VOID, "UPDATE address SET bounced = 1, bounced_at = $4 WHERE id = (SELECT address_id FROM delivery WHERE id = $1"
		       " AND COALESCE(sender_id, 0) = $2 AND state = 'attempting' AND last = $3)");
QUERY(Q_DELIVERY_RELEASE,
      "UPDATE delivery SET state = CASE WHEN " FINAL " IS NOT NULL THEN 'skipped' ELSE 'queued' END,"
      " skipped = COALESCE(" FINAL ", ''), first = CASE WHEN " DATED_BY_THIS " THEN NULL ELSE first END, sender_id = NULL"
      " WHERE sender_id = $1 AND state = 'attempting' AND last >= $2");
QUERY(Q_DELIVERY_LOSE, "UPDATE delivery SET state = 'uncertain', sender_id = NULL"
		       " WHERE sender_id = $1 AND state = 'attempting'");
QUERY(Q_SENDER_OPEN, "SELECT id, journal FROM sender WHERE host = $1 AND ended IS NULL ORDER BY id");
QUERY(Q_DELIVERY_COUNT, "SELECT state, count(*) FROM delivery WHERE mailing_id = $1 GROUP BY state");
QUERY(Q_DELIVERY_SKIPPED, "SELECT skipped, count(*) FROM delivery WHERE mailing_id = $1 AND state = 'skipped'"
			  " GROUP BY skipped ORDER BY skipped");
QUERY(Q_DELIVERY_BOUNCED, "SELECT count(*) FROM delivery WHERE mailing_id = $1 AND state = 'accepted' AND bounced = 1");
QUERY(Q_DELIVERY_NEXT, "SELECT min(due) FROM delivery WHERE mailing_id = $1 AND state = $2");
/* Each by the index: PostgreSQL reads the table for all three at once while it believes that most are queued. */
#define ANY_IN(state) "EXISTS (SELECT 1 FROM delivery WHERE mailing_id = $1 AND state = '" state "' ORDER BY due LIMIT 1)"
QUERY(Q_DELIVERY_UNFINISHED, "SELECT 1 WHERE " ANY_IN("queued") " OR " ANY_IN("attempting") " OR " ANY_IN("deferred"));
/* The rows of a mailing lie together, so that they are read in their order without being sorted: the signs keep both engines
   from an index that would have them sort. */
QUERY(Q_REPORT_RANGE, "SELECT COALESCE(min(id), 0), COALESCE(max(id), -1) FROM delivery WHERE mailing_id = $1");
EACH(Q_EACH_REPORT,
      "SELECT a.delivery, d.state, d.skipped, d.relay, d.queue_id, d.reply, d.attempts, d.first, d.last, d.maybe_twice, d.arm"
      " FROM delivery d JOIN address a ON a.id = d.address_id WHERE d.id BETWEEN $2 AND $3 AND +d.mailing_id = $1 ORDER BY d.id");
QUERY(Q_DELIVERY_RETRY, "UPDATE delivery SET state = 'queued', maybe_twice = 1,"
			" due = CASE WHEN CAST($2 AS BIGINT) = 0 THEN 0 ELSE COALESCE(last, 0) + $2 END"
			" WHERE mailing_id = $1 AND state = 'uncertain'");

int sender_begin(struct home *h, const char *host, const char *journal, int64_t *id, struct err *e)
{
	return db_get_i64(h->db, &Q_SENDER_ADD, ARGS(db_text(host), db_text(journal), db_i64(home_now(h))), id, e) < 0 ? -1
														     : 0;
}

int sender_end(struct home *h, int64_t id, struct err *e)
{
	return db_exec(h->db, &Q_SENDER_END, ARGS(db_i64(id), db_i64(home_now(h))), NULL, e);
}

int sender_seen(struct home *h, int64_t id, const struct sender_figures *x, struct err *e)
{
	struct rows r = { 0 };
	const char *place;
	int got;

	if (db_query(h->db, &Q_SENDER_SEEN,
		     ARGS(db_i64(id), db_i64(home_now(h)), db_i64(x->accepted), db_i64(x->deferred), db_i64(x->failed),
			  db_i64(x->uncertain), db_i64(x->skipped), db_i64(x->notices), db_i64(x->in_flight),
			  db_i64(x->waiting)),
		     &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		place = rows_text(&r, 1);
		h->host.several = rows_i64(&r, 0) > 1;
		h->host.here = !h->host.place || !place || strcmp(place, h->host.place) == 0;
	}
	rows_close(&r);
	return got;
}

int sender_open(struct home *h, struct arena *a, const char *host, struct sender **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_SENDER_OPEN, ARGS(db_text(host)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct sender){ rows_i64(&r, 0), arena_text(a, rows_text(&r, 1)) };
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

/* --- claims ------------------------------------------------------------------------------------ */

/* What may_mail says, and contact fatigue: other mailings may have reached this person since the freeze. */
static const char *why_not(struct arena *a, struct rows *r, const struct fatigue *f)
{
	const char *why = arena_text(a, rows_text(r, 11));

	return !why[0] && rows_i64(r, 12) >= f->ceiling ? "fatigue" : why;
}

/* Adds what was claimed to *out. */
static int read_claimed(struct home *h, struct arena *a, const struct dbval *v, size_t n_v, const struct fatigue *f,
			struct delivery **out, size_t *n, size_t *room, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_DELIVERY_CLAIMED, v, n_v, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		struct slice hash = rows_bytes(&r, 6);
		struct delivery *d;

		*out = arena_room(a, *out, *n, room, sizeof(**out));
		d = &(*out)[(*n)++];
		*d = (struct delivery){
			.id = rows_i64(&r, 0),
			.first = rows_i64(&r, 1),
			.attempts = rows_i64(&r, 2),
			.address = arena_text(a, rows_text(&r, 3)),
			.fields = arena_text(a, rows_text(&r, 4)),
			.utf8 = rows_i64(&r, 5) != 0,
			.kind = arena_text(a, rows_text(&r, 7)),
			.ref = arena_text(a, rows_text(&r, 8)),
			.given_on = arena_text(a, rows_text(&r, 9)),
			.consent_at = rows_i64(&r, 10),
			.why = why_not(a, &r, f),
			.claimed = v[1].i,
			.arm = rows_i64(&r, 13),
		};
		MUST(hash.n == KEY_HASH_SIZE);
		memcpy(d->key_hash, hash.p, KEY_HASH_SIZE);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int delivery_claim(struct home *h, struct arena *a, int64_t mailing, int64_t sender, int64_t at, int64_t limit,
		   const struct fatigue *f, struct delivery **out, size_t *n, struct err *e)
{
	static const char *const STATES[] = { "deferred", "queued" };
	bool in_one = db_engine_of(h->db) == DB_POSTGRESQL;
	int64_t claimed = 0, changed;
	size_t room = 0;

	MUST(db_in_transaction(h->db));
	*out = NULL;
	*n = 0;
	for (size_t i = 0; i < COUNT(STATES) && claimed < limit; i++) {
		const struct dbval v[] = { db_i64(sender),     db_i64(at),	       db_i64(mailing),
					   db_text(STATES[i]), db_i64(limit - claimed), db_i64(f->since) };

		if (in_one ? read_claimed(h, a, v, COUNT(v), f, out, n, &room, e) < 0
			   : db_exec(h->db, &Q_DELIVERY_CLAIM, v, COUNT(v) - 1, &changed, e) < 0)
			return -1;
		claimed = in_one ? (int64_t)*n : claimed + changed;
		if (!in_one && claimed && (i + 1 == COUNT(STATES) || claimed == limit))
			return read_claimed(h, a, v, COUNT(v), f, out, n, &room, e);
	}
	return 0;
}

static int write_one(struct home *h, int64_t sender, const struct outcome *o, struct err *e)
{
	if (o->voids &&
	    db_exec(h->db, &Q_DELIVERY_VOID, ARGS(db_i64(o->id), db_i64(sender), db_i64(o->claimed), db_i64(o->at)), NULL, e) < 0)
		return -1;
	return db_exec(h->db, &Q_DELIVERY_WRITE,
		       ARGS(db_i64(o->id), db_i64(sender), db_text(o->state), db_text(o->skipped), db_i64(o->due),
			    db_i64(o->at), db_text(o->relay), db_text(o->queue_id), db_text(o->reply), db_i64(o->counts),
			    db_i64(o->claimed), db_i64(o->dotted)),
		       NULL, e);
}

int delivery_write(struct home *h, int64_t sender, const struct outcome *o, size_t n, struct err *e)
{
	int rc = 0;

	MUST(db_in_transaction(h->db));
	if (!n)
		return 0;
	if (db_batch_begin(h->db, e) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = o[i].notice ? 0 : write_one(h, sender, &o[i], e);
	return rc < 0 ? -1 : db_batch_end(h->db, e);
}

int delivery_release(struct home *h, int64_t sender, int64_t since, struct err *e)
{
	return db_exec(h->db, &Q_DELIVERY_RELEASE, ARGS(db_i64(sender), db_i64(since)), NULL, e);
}

int delivery_lose(struct home *h, int64_t sender, struct err *e)
{
	return db_exec(h->db, &Q_DELIVERY_LOSE, ARGS(db_i64(sender)), NULL, e);
}

/* --- figures ----------------------------------------------------------------------------------- */

static void count_state(struct delivery_counts *c, const char *state, int64_t n)
{
	const struct {
		const char *state;
		int64_t *count;
	} SLOTS[] = {
		{ "queued", &c->queued }, { "attempting", &c->attempting }, { "accepted", &c->accepted },
		{ "deferred", &c->deferred }, { "failed", &c->failed }, { "uncertain", &c->uncertain },
		{ "skipped", &c->skipped },
	};

	for (size_t i = 0; i < COUNT(SLOTS); i++)
		if (strcmp(SLOTS[i].state, state) == 0)
			*SLOTS[i].count = n;
	c->recipients += n;
}

static int count_states(struct home *h, int64_t mailing, struct delivery_counts *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_DELIVERY_COUNT, ARGS(db_i64(mailing)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0)
		count_state(out, rows_text(&r, 0), rows_i64(&r, 1));
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int count_skipped(struct home *h, struct arena *a, int64_t mailing, struct delivery_counts *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_DELIVERY_SKIPPED, ARGS(db_i64(mailing)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		MUST(out->n_why < COUNT(out->why));
		out->why[out->n_why].why = arena_text(a, rows_text(&r, 0));
		out->why[out->n_why++].n = rows_i64(&r, 1);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int delivery_count(struct home *h, struct arena *a, int64_t mailing, struct delivery_counts *out, struct err *e)
{
	int64_t queued = 0, deferred = 0;

	*out = (struct delivery_counts){ 0 };
	if (count_states(h, mailing, out, e) < 0 || count_skipped(h, a, mailing, out, e) < 0 ||
	    db_get_i64(h->db, &Q_DELIVERY_BOUNCED, ARGS(db_i64(mailing)), &out->bounced, e) < 0 ||
	    db_get_i64(h->db, &Q_DELIVERY_NEXT, ARGS(db_i64(mailing), db_text("queued")), &queued, e) < 0 ||
	    db_get_i64(h->db, &Q_DELIVERY_NEXT, ARGS(db_i64(mailing), db_text("deferred")), &deferred, e) < 0)
		return -1;
	if (out->queued)
		out->next_due = queued ? queued : 1;
	if (out->deferred && (!out->next_due || deferred < out->next_due))
		out->next_due = deferred;
	return 0;
}

int delivery_unfinished(struct home *h, int64_t mailing, struct err *e)
{
	int64_t one;

	return db_get_i64(h->db, &Q_DELIVERY_UNFINISHED, ARGS(db_i64(mailing)), &one, e);
}

/* Numbers of its first and last row; last < first when there is none. */
static int report_range(struct home *h, int64_t mailing, int64_t *first, int64_t *last, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_REPORT_RANGE, ARGS(db_i64(mailing)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		*first = rows_i64(&r, 0);
		*last = rows_i64(&r, 1);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int delivery_report(struct home *h, int64_t mailing, int (*each)(void *ctx, const struct report_row *r), void *ctx,
		    struct err *e)
{
	struct rows r = { 0 };
	int64_t first = 0, last = -1;
	int got;

	if (report_range(h, mailing, &first, &last, e) < 0 ||
	    db_query(h->db, &Q_EACH_REPORT, ARGS(db_i64(mailing), db_i64(first), db_i64(last)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		struct report_row row = {
			.address = rows_text(&r, 0),
			.state = rows_text(&r, 1),
			.skipped = rows_text(&r, 2),
			.relay = rows_text(&r, 3),
			.queue_id = rows_text(&r, 4),
			.reply = rows_text(&r, 5),
			.attempts = rows_i64(&r, 6),
			.first = rows_i64(&r, 7),
			.last = rows_i64(&r, 8),
			.maybe_twice = rows_i64(&r, 9) != 0,
			.arm = rows_i64(&r, 10),
		};

		if (each(ctx, &row) != 0)
			break;
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int delivery_retry_uncertain(struct home *h, int64_t mailing, int64_t wait, int64_t *n, struct err *e)
{
	return db_exec(h->db, &Q_DELIVERY_RETRY, ARGS(db_i64(mailing), db_i64(wait)), n, e);
}

int delivery_due(struct home *h, int64_t mailing, int64_t at, int64_t most, int64_t *n, struct err *e)
{
	return db_get_i64(h->db, &Q_DELIVERY_DUE, ARGS(db_i64(mailing), db_i64(at), db_i64(most)), n, e) < 0 ? -1 : 0;
}

int delivery_next_queued(struct home *h, int64_t mailing, int64_t *due, struct err *e)
{
	*due = 0;
	return db_get_i64(h->db, &Q_DELIVERY_NEXT, ARGS(db_i64(mailing), db_text("queued")), due, e) < 0 ? -1 : 0;
}
