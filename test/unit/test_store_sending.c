/* store: what is being sent, as whoever watches reads it: senders, relays, who has waited the longest; and what that costs. */
#include "store_fixture.h"
#include "store/query.h"
#include "store/sending.h"

static const struct query SENDER = { "t_sender",
	"INSERT INTO sender (host, journal, started, ended, seen, fenced, accepted, deferred, failed, uncertain, skipped, notices,"
	" in_flight, waiting, flushes) VALUES ('h', $1, 1, $2, $3, $4, 10, 2, 3, 4, 5, 6, 7, 8, 9)", NULL };
static const struct query RELAY = { "t_relay", "INSERT INTO relay (identity_id, url, created) VALUES ($1, $2, 0)", NULL };
static const struct query HEALTH = { "t_health",
	"INSERT INTO relay_health (sender_id, relay_id, state, since, why, retry_at, connections, accepted, faults)"
	" VALUES ($1, $2, $3, $4, $5, $6, 2, 100, 1)", NULL };
static const struct query DUE = { "t_due", "UPDATE delivery SET state = $2, due = $3 WHERE id = (SELECT min(x.id) + $4 FROM delivery x"
				  " WHERE x.mailing_id = $1)", NULL };
static const struct query NOTICE = { "t_notice",
	"INSERT INTO notice (kind, delivery, utf8, reserved, key_hash, created, due, state) VALUES ('me', 'x@example.org', 0, 1, $1, $2, $3, $4)", NULL };

static void have_sender(struct store *s, const char *journal, int64_t ended, int64_t seen, int64_t fenced)
{
	change(s, &SENDER, ARGS(db_text(journal), ended ? db_i64(ended) : db_null(), db_i64(seen), db_i64(fenced)));
}

static void have_health(struct store *s, int64_t sender, int64_t relay, const char *state, int64_t since, const char *why, int64_t retry_at)
{
	change(s, &HEALTH, ARGS(db_i64(sender), db_i64(relay), db_text(state), db_i64(since), db_text(why), db_i64(retry_at)));
}

static void senders_live_while_they_are_heard_of(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sending_totals t;
	struct sending_sender *x;
	size_t n;

	OK(sending_totals(s->h, &t, &f->e));
	assert_int_equal(t.accepted, 0);
	have_sender(s, "lives", 0, T0 - SECOND, 0);
	have_sender(s, "ended", T0, T0, 0);
	have_sender(s, "silent", 0, T0 - SENDING_SILENT, 0);
	have_sender(s, "fenced", 0, T0, 1);
	OK(sending_senders(s->h, s->a, &x, &n, &f->e));
	assert_int_equal(n, 3);
	assert_string_equal(x[0].journal, "lives");
	assert_true(x[0].alive && !x[1].alive && !x[2].alive);
	assert_true(x[0].done.accepted == 10 && x[0].done.notices == 6 && x[0].in_flight == 7 && x[0].waiting == 8 && x[0].flushes == 9);
	/* Those of senders that ended count too. */
	OK(sending_totals(s->h, &t, &f->e));
	assert_true(t.accepted == 40 && t.deferred == 8 && t.failed == 12 && t.uncertain == 16 && t.skipped == 20 && t.notices == 24);
}

static void a_relay_is_up_if_one_sender_can_use_it(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sending_relay *r;
	int64_t first;
	size_t n;

	have_sender(s, "a", 0, T0, 0);
	have_sender(s, "b", 0, T0, 0);
	have_sender(s, "silent", 0, T0 - DAY, 0);
	change(s, &RELAY, ARGS(db_i64(s->project.identity_id), db_text("smtp://127.0.0.1:1025")));
	change(s, &RELAY, ARGS(db_i64(s->project.identity_id), db_text("smtp://127.0.0.1:1026")));
	first = number(s, &(struct query){ "t_first_relay", "SELECT min(id) FROM relay WHERE url LIKE '%:1025'", NULL }, NO_ARGS);
	have_health(s, 1, first, "down", T0 - 5, "refused", T0 + 9);
	have_health(s, 2, first, "up", T0 - 7, "", 0);
	have_health(s, 3, first, "down", T0 - DAY, "long ago", T0 + 1);
	have_health(s, 1, first + 1, "down", T0 - 20, "no route", T0 + 30);
	have_health(s, 2, first + 1, "down", T0 - 10, "no name", T0 + 20);
	OK(sending_relays(s->h, s->a, 0, &r, &n, &f->e));
	assert_int_equal(n, 2);
	assert_string_equal(r[0].state, "up");
	assert_string_equal(r[0].why, "refused");
	assert_string_equal(r[0].identity, "mail");
	assert_true(r[0].since == T0 - 7 && r[0].senders == 2 && r[0].down == 1 && r[0].connections == 4 && r[0].accepted == 200);
	assert_string_equal(r[1].state, "down");
	assert_string_equal(r[1].why, "no name"); /* the newest */
	assert_true(r[1].since == T0 - 20 && r[1].retry_at == T0 + 20 && r[1].down == 2);
	OK(sending_relays(s->h, s->a, s->project.identity_id, &r, &n, &f->e));
	assert_int_equal(n, 2);
	OK(sending_relays(s->h, s->a, s->project.identity_id + 1, &r, &n, &f->e));
	assert_int_equal(n, 0);
}

static struct sending_mailing figures(struct store *s, int64_t id)
{
	struct fixture *f = s->f;
	struct sending_mailing m = { 0 };

	assert_int_equal(sending_mailing(s->h, s->a, id, &m, &f->e), 1);
	return m;
}

static void put_delivery(struct store *s, int64_t mailing, int64_t nth, const char *to, int64_t due)
{
	change(s, &DUE, ARGS(db_i64(mailing), db_text(to), db_i64(due), db_i64(nth)));
}

static void who_has_waited_the_longest(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sending_mailing m, *all;
	int64_t id;
	size_t n;

	import_many(s, 3);
	sign_off_but(s, NULL);
	id = add_draft(s);
	submit(s, id);
	step(s, id, "approve");
	assert_true(figures(s, id).since == 0 && figures(s, id).waits_since == 0);
	step(s, id, "start");
	s->h->clock.fixed = T0 + HOUR;
	m = figures(s, id);
	/* Queued ones are due since ever, but wait only since it is being sent. */
	assert_true(m.since == T0 && m.waits_since == T0 && m.retry_since == 0 && m.next_due == 0);
	assert_string_equal(m.project, "sleep");
	put_delivery(s, id, 0, "accepted", 0);
	put_delivery(s, id, 1, "deferred", T0 + MINUTE);
	put_delivery(s, id, 2, "queued", T0 + 2 * HOUR);
	m = figures(s, id);
	assert_true(m.waits_since == T0 + MINUTE && m.retry_since == T0 + MINUTE && m.next_due == T0 + 2 * HOUR);
	/* Time in which it was paused is no waiting. */
	step(s, id, "pause");
	assert_true(figures(s, id).waits_since == 0);
	OK(sending_mailings(s->h, s->a, &all, &n, &f->e));
	assert_int_equal(n, 0);
	s->h->clock.fixed = T0 + DAY;
	step(s, id, "resume");
	m = figures(s, id);
	assert_true(m.since == T0 + DAY && m.waits_since == T0 + DAY && m.next_due == 0);
	OK(sending_mailings(s->h, s->a, &all, &n, &f->e));
	assert_true(n == 1 && all[0].id == id && all[0].waits_since == T0 + DAY);
	assert_int_equal(sending_mailing(s->h, s->a, id + 1, &m, &f->e), 0);
}

/* T0 is in the afternoon of a Monday, in UTC. */
static void nobody_waits_outside_of_the_hours(void **state)
{
	static const struct query HOURS = { "t_hours", "UPDATE mailing SET hours = $2 WHERE id = $1", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sending_mailing *all, m;
	int64_t id;
	size_t n;

	import_many(s, 2);
	sign_off_but(s, NULL);
	id = start_mailing(s);
	change(s, &HOURS, ARGS(db_i64(id), db_text("tue 08:00-12:00 UTC")));
	m = figures(s, id);
	assert_true(m.since == T0 && m.waits_since == 0 && m.next_due > T0 && m.next_due < T0 + DAY);
	s->h->clock.fixed = m.next_due + MINUTE;
	OK(sending_mailings(s->h, s->a, &all, &n, &f->e));
	assert_true(n == 1 && all[0].waits_since == T0 && all[0].next_due == 0);
	change(s, &HOURS, ARGS(db_i64(id), db_text("never")));
	assert_true(figures(s, id).waits_since == T0); /* who sends it says what is wrong */
}

static void system_mail_waits_since_it_is_due(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	uint8_t hash[KEY_HASH_SIZE] = { 1 };
	int64_t since = 7;

	OK(sending_system_mail(s->h, &since, &f->e));
	assert_true(since == 0);
	change(s, &NOTICE, ARGS(db_bytes(hash, sizeof(hash)), db_i64(T0 - HOUR), db_i64(T0 + 1), db_text("deferred")));
	change(s, &NOTICE, ARGS(db_bytes(hash, sizeof(hash)), db_i64(T0 - HOUR), db_i64(0), db_text("accepted")));
	OK(sending_system_mail(s->h, &since, &f->e));
	assert_true(since == 0);
	change(s, &NOTICE, ARGS(db_bytes(hash, sizeof(hash)), db_i64(T0 - 5), db_i64(0), db_text("queued")));
	OK(sending_system_mail(s->h, &since, &f->e));
	assert_true(since == T0 - 5);
	s->h->clock.fixed = T0 + DAY;
	change(s, &NOTICE, ARGS(db_bytes(hash, sizeof(hash)), db_i64(T0 - DAY), db_i64(T0 - 9), db_text("deferred")));
	OK(sending_system_mail(s->h, &since, &f->e));
	assert_true(since == T0 - 9);
}

/* What is read again and again costs the same among fifty thousand deliveries as among three: no plan walks them, and none
   walks all senders that ever were, but for the sum of what they did. */
static void nothing_is_walked(void **state)
{
	static const struct query ADDRESSES = { "t_addresses",
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO address (delivery, given, key_hash,"
		" reserved, created) SELECT 'q' || i, '', x'00', 1, 0 FROM n",
		"INSERT INTO address (delivery, given, key_hash, reserved, created) SELECT 'q' || i, '', '\\x00'::bytea, 1, 0"
		" FROM generate_series(1, 50000) AS i" };
	static const struct query QUEUE = { "t_queue", "INSERT INTO delivery (mailing_id, address_id, fields, state)"
					    " SELECT CAST($1 AS bigint), id, '{}', 'queued' FROM address WHERE delivery LIKE 'q%'", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	static struct query explain[] = { { "t_explain_1", NULL, NULL }, { "t_explain_2", NULL, NULL } };
	size_t tried = 0;
	int64_t id;

	import_many(s, 1);
	sign_off_but(s, NULL);
	id = start_mailing(s);
	change(s, &ADDRESSES, NO_ARGS);
	change(s, &QUEUE, ARGS(db_i64(id)));
	OK(home_tell_sizes(s->h, &f->e));
	for (const struct query *q = queries_begin(); q < queries_end(); q++) {
		static const struct dbval ONES[] = { { .type = DBVAL_I64, .i = 1 }, { .type = DBVAL_I64, .i = 1 } };
		struct rows r = { 0 };

		if (strcmp(q->name, "Q_SENDING_MAILINGS") != 0 && strcmp(q->name, "Q_SENDING_MAILING") != 0)
			continue;
		assert_true(tried < COUNT(explain));
		explain[tried].sql = arena_printf(s->a, "%s %s", f->engine == DB_SQLITE ? "EXPLAIN QUERY PLAN" : "EXPLAIN", q->sql);
		OK(db_query(s->h->db, &explain[tried++], ONES, strstr(q->sql, "$2") ? 2 : 1, &r, &f->e));
		while (rows_next(&r, &f->e) > 0) {
			const char *line = rows_text(&r, f->engine == DB_SQLITE ? 3 : 0);

			if (strstr(line, "SCAN d") || strstr(line, "Seq Scan on delivery"))
				fail_msg("%s: %s", q->name, line);
		}
		rows_close(&r);
	}
	assert_int_equal(tried, 2);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(senders_live_while_they_are_heard_of), IN_WORLD(a_relay_is_up_if_one_sender_can_use_it),
		IN_WORLD(who_has_waited_the_longest), IN_WORLD(nobody_waits_outside_of_the_hours), IN_WORLD(system_mail_waits_since_it_is_due), IN_WORLD(nothing_is_walked),
	};

	return run_on_engines(tests, COUNT(tests));
}
