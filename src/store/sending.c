/*
 * Figures of what is being sent: see sending.h. The one idea: whoever waits the longest stands at one end of the index
 * delivery_due, and what was done stands in the rows of senders; so nothing has to be counted.
 */
#include "store/sending.h"

#include "store/query.h"
#include "store/window.h"

#define TOTALS "accepted, deferred, failed, uncertain, skipped, notices"
QUERY(Q_SENDING_SENDERS, "SELECT " TOTALS ", id, host, journal, started, seen, flushes, fenced, in_flight, waiting"
			 " FROM sender WHERE ended IS NULL ORDER BY id");
QUERY(Q_SENDING_TOTALS,
      "SELECT CAST(COALESCE(sum(accepted), 0) AS BIGINT), CAST(COALESCE(sum(deferred), 0) AS BIGINT), CAST(COALESCE(sum(failed), 0) AS BIGINT), CAST(COALESCE(sum(uncertain), 0) AS BIGINT),"
      " CAST(COALESCE(sum(skipped), 0) AS BIGINT), CAST(COALESCE(sum(notices), 0) AS BIGINT) FROM sender");
/* The newest state last. */
QUERY(Q_SENDING_RELAYS,
      "SELECT r.id, i.id, i.name, r.url, x.state, x.since, x.why, x.retry_at, x.connections, x.accepted, x.faults"
      " FROM sender s JOIN relay_health x ON x.sender_id = s.id JOIN relay r ON r.id = x.relay_id"
      " JOIN identity i ON i.id = r.identity_id WHERE s.ended IS NULL AND s.fenced = 0 AND s.seen > $1"
      " AND (i.id = $2 OR CAST($2 AS BIGINT) = 0) ORDER BY i.id, r.id, x.since, s.id");
QUERY(Q_SENDING_RELAY_SUMS,
      "SELECT r.id, i.name, r.url, CAST(COALESCE(sum(x.accepted), 0) AS BIGINT), CAST(COALESCE(sum(x.faults), 0) AS BIGINT)"
      " FROM relay r JOIN identity i ON i.id = r.identity_id LEFT JOIN relay_health x ON x.relay_id = r.id"
      " GROUP BY r.id, i.name, r.url ORDER BY r.id");
QUERY(Q_SENDING_IDENTITIES, "SELECT name, COALESCE(held_at, 0) FROM identity ORDER BY id");
/* Since when it has been sent without a break: steps of a mailing are few, and the ledger knows their time. */
#define SENT_SINCE                                                                                                    \
	"(SELECT max(u.at) FROM audit u WHERE u.object = 'mailing ' || m.id AND u.action IN ('mailing-start', 'mailing-open',"  \
	" 'mailing-resume', 'mailing-again'))"
#define FIRST(what) "(SELECT min(d.due) FROM delivery d WHERE d.mailing_id = m.id AND d.state = " what ")"
#define MAILING                                                                                                       \
	"SELECT m.id, p.identity_id, p.slug, CASE WHEN m.state = 'sending' THEN COALESCE(" SENT_SINCE ", m.started, 0) ELSE 0 END," \
	FIRST("'queued'") ", " FIRST("'deferred'") ", " FIRST("'queued' AND d.due > $1") ", " FIRST("'deferred' AND d.due > $1") \
	", m.hours FROM mailing m JOIN project p ON p.id = m.project_id WHERE "
QUERY(Q_SENDING_MAILINGS, MAILING "m.state = 'sending' ORDER BY m.id");
QUERY(Q_SENDING_MAILING, MAILING "m.id = $2");
QUERY(Q_SENDING_NOTICE, "SELECT due, created FROM notice WHERE state = $1 AND due <= $2 ORDER BY due, id LIMIT 1");
QUERY(Q_SENDING_COUNT, "SELECT state, count(*) FROM delivery WHERE mailing_id = $1 GROUP BY state ORDER BY state");
QUERY(Q_SENDING_SIZE, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
      "SELECT pg_database_size(current_database())");
QUERY(Q_SENDING_STATES, "SELECT state, count(*) FROM mailing GROUP BY state ORDER BY state");

/* From its first six columns. */
static struct sending_totals totals_from(struct rows *r)
{
	return (struct sending_totals){ .accepted = rows_i64(r, 0), .deferred = rows_i64(r, 1), .failed = rows_i64(r, 2),
					.uncertain = rows_i64(r, 3), .skipped = rows_i64(r, 4), .notices = rows_i64(r, 5) };
}

int sending_senders(struct home *h, struct arena *a, struct sending_sender **out, size_t *n, struct err *e)
{
	int64_t silent = home_now(h) - SENDING_SILENT;
	struct sending_sender *found = NULL;
	struct rows r = { 0 };
	size_t room = 0, count = 0;
	int got;

	if (db_query(h->db, &Q_SENDING_SENDERS, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		found = arena_room(a, found, count, &room, sizeof(*found));
		found[count++] = (struct sending_sender){
			.done = totals_from(&r),
			.id = rows_i64(&r, 6),
			.host = arena_text(a, rows_text(&r, 7)),
			.journal = arena_text(a, rows_text(&r, 8)),
			.started = rows_i64(&r, 9),
			.seen = rows_i64(&r, 10),
			.flushes = rows_i64(&r, 11),
			.alive = rows_i64(&r, 10) > silent && rows_i64(&r, 12) == 0,
			.in_flight = rows_i64(&r, 13),
			.waiting = rows_i64(&r, 14),
		};
	}
	rows_close(&r);
	*out = found;
	*n = count;
	return got < 0 ? -1 : 0;
}

int sending_totals(struct home *h, struct sending_totals *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_SENDING_TOTALS, NO_ARGS, &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = totals_from(&r);
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

/* --- relays ------------------------------------------------------------------------------------ */

static int usefulness(const char *state)
{
	return strcmp(state, "up") == 0 ? 2 : strcmp(state, "down") == 0 ? 1 : 0;
}

/* One sender's view of a relay joins those of the others: whoever can use it is believed first. */
static void join_view(struct arena *a, struct sending_relay *x, struct rows *r)
{
	const char *state = rows_text(r, 4), *why = rows_text(r, 6);
	int64_t retry_at = rows_i64(r, 7);

	if (!x->state || usefulness(state) > usefulness(x->state)) {
		x->state = arena_text(a, state);
		x->since = rows_i64(r, 5);
	}
	if (*why)
		x->why = arena_text(a, why);
	if (strcmp(state, "down") == 0) {
		x->down++;
		x->retry_at = !x->retry_at || retry_at < x->retry_at ? retry_at : x->retry_at;
	}
	x->senders++;
	x->connections += rows_i64(r, 8);
	x->accepted += rows_i64(r, 9);
	x->faults += rows_i64(r, 10);
}

int sending_relays(struct home *h, struct arena *a, int64_t identity, struct sending_relay **out, size_t *n, struct err *e)
{
	struct sending_relay *found = NULL;
	struct rows r = { 0 };
	size_t room = 0, count = 0;
	int got;

	if (db_query(h->db, &Q_SENDING_RELAYS, ARGS(db_i64(home_now(h) - SENDING_SILENT), db_i64(identity)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		if (!count || found[count - 1].id != rows_i64(&r, 0)) {
			found = arena_room(a, found, count, &room, sizeof(*found));
			found[count++] = (struct sending_relay){
				.id = rows_i64(&r, 0),
				.identity_id = rows_i64(&r, 1),
				.identity = arena_text(a, rows_text(&r, 2)),
				.url = arena_text(a, rows_text(&r, 3)),
				.why = "",
			};
		}
		join_view(a, &found[count - 1], &r);
	}
	rows_close(&r);
	*out = found;
	*n = count;
	return got < 0 ? -1 : 0;
}

int sending_relay_sums(struct home *h, struct arena *a, struct sending_relay_sum **out, size_t *n, struct err *e)
{
	struct sending_relay_sum *found = NULL;
	struct rows r = { 0 };
	size_t room = 0, count = 0;
	int got;

	if (db_query(h->db, &Q_SENDING_RELAY_SUMS, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		found = arena_room(a, found, count, &room, sizeof(*found));
		found[count++] = (struct sending_relay_sum){ rows_i64(&r, 0), arena_text(a, rows_text(&r, 1)),
							     arena_text(a, rows_text(&r, 2)), rows_i64(&r, 3), rows_i64(&r, 4) };
	}
	rows_close(&r);
	*out = found;
	*n = count;
	return got < 0 ? -1 : 0;
}

int sending_identities(struct home *h, struct arena *a, struct sending_identity **out, size_t *n, struct err *e)
{
	struct sending_identity *found = NULL;
	struct rows r = { 0 };
	size_t room = 0, count = 0;
	int got;

	if (db_query(h->db, &Q_SENDING_IDENTITIES, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		found = arena_room(a, found, count, &room, sizeof(*found));
		found[count++] = (struct sending_identity){ arena_text(a, rows_text(&r, 0)), rows_i64(&r, 1) };
	}
	rows_close(&r);
	*out = found;
	*n = count;
	return got < 0 ? -1 : 0;
}

/* --- who waits --------------------------------------------------------------------------------- */

/* Since when somebody waits who is due at `due`: not before the mailing was sent at all. */
static int64_t waits_since(struct rows *r, int column, int64_t since, int64_t now)
{
	int64_t due = rows_i64(r, column);

	if (!since || rows_is_null(r, column) || due > now)
		return 0;
	return due > since ? due : since;
}

/* The earlier of two times; 0 is none. */
static int64_t earlier(int64_t x, int64_t y)
{
	return !x || (y && y < x) ? y : x;
}

static struct sending_mailing mailing_from(struct rows *r, struct arena *a, int64_t now)
{
	struct sending_mailing m = { .id = rows_i64(r, 0), .identity_id = rows_i64(r, 1), .project = arena_text(a, rows_text(r, 2)),
				     .since = rows_i64(r, 3), .hours = arena_text(a, rows_text(r, 8)) };

	m.retry_since = waits_since(r, 5, m.since, now);
	m.waits_since = earlier(waits_since(r, 4, m.since, now), m.retry_since);
	m.next_due = earlier(rows_i64(r, 6), rows_i64(r, 7));
	return m;
}

/* Outside of its hours nobody waits for anything but for them. Hours that cannot be read are told elsewhere. */
static int heed_hours(struct home *h, struct sending_mailing *m, struct err *e)
{
	const struct mailing hours = { .hours = m->hours };
	int64_t opens;

	if (!m->since)
		return 0;
	if (mailing_opens(h, &hours, &opens, e) < 0) {
		if (e->kind != ERR_INPUT)
			return -1;
		err_clear(e);
		return 0;
	}
	if (opens > home_now(h)) { /* not the time at which it was begun to read, which is before that of the answer */
		m->waits_since = m->retry_since = 0;
		m->next_due = opens == INT64_MAX ? 0 : opens;
	}
	return 0;
}

int sending_mailings(struct home *h, struct arena *a, struct sending_mailing **out, size_t *n, struct err *e)
{
	struct sending_mailing *found = NULL;
	int64_t now = home_now(h);
	struct rows r = { 0 };
	size_t room = 0, count = 0;
	int got;

	if (db_query(h->db, &Q_SENDING_MAILINGS, ARGS(db_i64(now)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		found = arena_room(a, found, count, &room, sizeof(*found));
		found[count++] = mailing_from(&r, a, now);
	}
	rows_close(&r);
	for (size_t i = 0; got == 0 && i < count; i++)
		got = heed_hours(h, &found[i], e);
	*out = found;
	*n = count;
	return got < 0 ? -1 : 0;
}

int sending_mailing(struct home *h, struct arena *a, int64_t id, struct sending_mailing *out, struct err *e)
{
	int64_t now = home_now(h);
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_SENDING_MAILING, ARGS(db_i64(now), db_i64(id)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = mailing_from(&r, a, now);
	rows_close(&r);
	return got > 0 && heed_hours(h, out, e) < 0 ? -1 : got;
}

int sending_system_mail(struct home *h, int64_t *waits_since_out, struct err *e)
{
	static const char *const STATES[] = { "queued", "deferred" };
	int64_t found = 0, now = home_now(h);

	for (size_t i = 0; i < COUNT(STATES); i++) {
		struct rows r = { 0 };
		int got;

		if (db_query(h->db, &Q_SENDING_NOTICE, ARGS(db_text(STATES[i]), db_i64(now)), &r, e) < 0)
			return -1;
		got = rows_next(&r, e);
		if (got > 0)
			found = earlier(found, rows_i64(&r, 0) > rows_i64(&r, 1) ? rows_i64(&r, 0) : rows_i64(&r, 1));
		rows_close(&r);
		if (got < 0)
			return -1;
	}
	*waits_since_out = found;
	return 0;
}

/* Of two columns, a state and how often it occurs. */
static int read_states(struct rows *r, struct arena *a, struct sending_state **out, size_t *n, struct err *e)
{
	struct sending_state *found = NULL;
	size_t room = 0, count = 0;
	int got;

	while ((got = rows_next(r, e)) > 0) {
		found = arena_room(a, found, count, &room, sizeof(*found));
		found[count++] = (struct sending_state){ arena_text(a, rows_text(r, 0)), rows_i64(r, 1) };
	}
	rows_close(r);
	*out = found;
	*n = count;
	return got < 0 ? -1 : 0;
}

int sending_states(struct home *h, struct arena *a, struct sending_state **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };

	return db_query(h->db, &Q_SENDING_STATES, NO_ARGS, &r, e) < 0 ? -1 : read_states(&r, a, out, n, e);
}

int sending_count(struct home *h, struct arena *a, int64_t mailing, struct sending_state **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };

	return db_query(h->db, &Q_SENDING_COUNT, ARGS(db_i64(mailing)), &r, e) < 0 ? -1 : read_states(&r, a, out, n, e);
}

int sending_database_size(struct home *h, int64_t *bytes, struct err *e)
{
	return db_get_i64(h->db, &Q_SENDING_SIZE, NO_ARGS, bytes, e) < 0 ? -1 : 0;
}
