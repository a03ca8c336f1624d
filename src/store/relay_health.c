/* What senders say of relays: see relay.h. Each writes its own rows; whoever asks sees those of senders that live. */
#include "store/query.h"
#include "store/relay.h"

QUERY(Q_RELAY_HEALTH, "SELECT x.sender_id, x.relay_id, s.host, s.seen, x.state, x.since, x.why, x.retry_at, x.connections,"
		      " x.accepted, x.faults FROM relay_health x JOIN sender s ON s.id = x.sender_id"
		      " JOIN relay r ON r.id = x.relay_id WHERE s.ended IS NULL AND s.fenced = 0"
		      " AND (CAST($1 AS BIGINT) = 0 OR r.identity_id = $1) ORDER BY x.relay_id, x.sender_id");
QUERY(Q_RELAY_HEALTH_WRITE, "INSERT INTO relay_health (sender_id, relay_id, state, since, why, retry_at, connections, accepted,"
			    " faults) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (sender_id, relay_id) DO UPDATE SET"
			    " state = excluded.state, since = excluded.since, why = excluded.why, retry_at = excluded.retry_at,"
			    " connections = excluded.connections, accepted = excluded.accepted, faults = excluded.faults");
QUERY(Q_RELAY_HEALTH_TIDY, "DELETE FROM relay_health WHERE sender_id IN (SELECT id FROM sender WHERE ended IS NOT NULL)");
QUERY(Q_RELAY_SENDERS, "SELECT count(*) FROM sender WHERE ended IS NULL AND fenced = 0 AND seen >= $1");

static void health_from(struct rows *r, struct arena *a, struct relay_health *out)
{
	*out = (struct relay_health){
		.sender = rows_i64(r, 0),
		.relay = rows_i64(r, 1),
		.host = arena_text(a, rows_text(r, 2)),
		.seen = rows_i64(r, 3),
		.state = arena_text(a, rows_text(r, 4)),
		.since = rows_i64(r, 5),
		.why = arena_text(a, rows_text(r, 6)),
		.retry_at = rows_i64(r, 7),
		.connections = rows_i64(r, 8),
		.accepted = rows_i64(r, 9),
		.faults = rows_i64(r, 10),
	};
}

int relay_health_list(struct home *h, struct arena *a, int64_t identity, struct relay_health **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_RELAY_HEALTH, ARGS(db_i64(identity)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		health_from(&r, a, &(*out)[(*n)++]);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int relay_health_write(struct home *h, const struct relay_health *x, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (db_exec(h->db, &Q_RELAY_HEALTH_WRITE,
			    ARGS(db_i64(x[i].sender), db_i64(x[i].relay), db_text(x[i].state), db_i64(x[i].since),
				 db_text(x[i].why), db_i64(x[i].retry_at), db_i64(x[i].connections), db_i64(x[i].accepted),
				 db_i64(x[i].faults)),
			    NULL, e) < 0)
			return -1;
	return 0;
}

int relay_senders(struct home *h, int64_t since, int64_t *n, struct err *e)
{
	return db_get_i64(h->db, &Q_RELAY_SENDERS, ARGS(db_i64(since)), n, e) < 0 ? -1 : 0;
}

int relay_health_tidy(struct home *h, struct err *e)
{
	return db_exec(h->db, &Q_RELAY_HEALTH_TIDY, NO_ARGS, NULL, e);
}
