/* store: claims of senders, outcomes, and opt-outs as people make them and senders hear of them. */
#include <stdatomic.h>
#include <sys/wait.h>

#include "store_fixture.h"
#include "store/query.h"

static int64_t send_to(struct store *s, size_t people)
{
	import_many(s, people);
	sign_off_but(s, NULL);
	return start_mailing(s);
}

static struct delivery_counts counts(struct store *s, int64_t mailing)
{
	struct fixture *f = s->f;
	struct delivery_counts c;

	OK(delivery_count(s->h, s->a, mailing, &c, &f->e));
	assert_int_equal(c.queued + c.attempting + c.accepted + c.deferred + c.failed + c.uncertain + c.skipped, c.recipients);
	return c;
}

/* --- claims -------------------------------------------------------------------------------------- */

static void a_claim_holds_what_is_needed(void **state)
{
	struct store *s = *state;
	int64_t id = send_to(s, 2), sender = add_sender(s);
	size_t n;
	struct delivery *d = claim(s, s->h, id, sender, T0 + 5, 10, &n);
	uint8_t hash[KEY_HASH_SIZE];

	assert_int_equal(n, 2);
	d = going_to(d, n, "person0@example.org");
	assert_string_equal(d[0].fields, "{\"name\":\"P0\"}");
	assert_string_equal(d[0].kind, "signed-form");
	assert_string_equal(d[0].given_on, "2026-03-01");
	assert_string_equal(d[0].why, "");
	assert_true(d[0].first == T0 + 5 && d[0].claimed == T0 + 5 && d[0].attempts == 0 && !d[0].utf8);
	home_key_hash(s->h, "person0@example.org", hash);
	assert_memory_equal(d[0].key_hash, hash, sizeof(hash));
	assert_int_equal(counts(s, id).attempting, 2);
	claim(s, s->h, id, sender, T0 + 6, 10, &n);
	assert_int_equal(n, 0);
}

/* Both hold open transactions where the engine lets them, and neither waits for the other. */
static void two_senders_never_get_the_same(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct home *h = open_home(s);
	int64_t id = send_to(s, 10), one = add_sender(s), two = add_sender(s);
	struct delivery *a, *b, *c;
	size_t n, m, k;
	bool together = f->engine == DB_POSTGRESQL;

	BEGIN;
	OK(delivery_claim(s->h, s->a, id, one, T0 + 1, 4, &NO_FATIGUE, &a, &n, &f->e));
	if (!together)
		COMMIT;
	b = claim(s, h, id, two, T0 + 1, 4, &m);
	if (together)
		COMMIT;
	c = claim(s, s->h, id, one, T0 + 2, 9, &k);
	assert_int_equal(n, 4);
	assert_int_equal(m, 4);
	assert_int_equal(k, 2);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < m; j++)
			assert_true(a[i].id != b[j].id);
		for (size_t j = 0; j < k; j++)
			assert_true(a[i].id != c[j].id);
	}
	home_free(h);
}

static void what_is_not_due_waits(void **state)
{
	struct store *s = *state;
	int64_t id = send_to(s, 2), sender = add_sender(s);
	size_t n;
	struct delivery *d = claim(s, s->h, id, sender, T0 + 1, 1, &n);
	struct outcome o = accepted(&d[0], T0 + 2);

	o.state = "deferred";
	o.due = T0 + HOUR;
	write_outcomes(s, sender, &o, 1);
	assert_true(counts(s, id).next_due > 0);
	claim(s, s->h, id, sender, T0 + 3, 9, &n);
	assert_int_equal(n, 1); /* the other one */
	claim(s, s->h, id, sender, T0 + HOUR - 1, 9, &n);
	assert_int_equal(n, 0);
	assert_true(counts(s, id).next_due == T0 + HOUR);
	d = claim(s, s->h, id, sender, T0 + HOUR, 9, &n);
	assert_int_equal(n, 1);
	assert_true(d[0].id == o.id && d[0].attempts == 1 && d[0].first == T0 + 1);
}

static void a_claim_says_who_left_since(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = send_to(s, 3), sender = add_sender(s);
	struct delivery *d;
	size_t n;

	OK(opt_out_by_key(s->h, "person1@example.org", OPT_OUT_PAGE, "", 0, &f->e));
	d = claim(s, s->h, id, sender, T0 + 2 * 365 * DAY, 9, &n);
	assert_int_equal(n, 3);
	assert_string_equal(going_to(d, n, "person0@example.org")->why, "lapsed");
	assert_string_equal(going_to(d, n, "person1@example.org")->why, "opted-out");
}

/* --- outcomes ------------------------------------------------------------------------------------ */

static const struct query BOUNCED = { "t_bounced", "SELECT count(*) FROM address WHERE bounced = 1", NULL };

/* A sender that was slow, or taken for dead: what it says about a claim that is no longer its own changes
   nothing, not even the standing of the address. */
/* PostgreSQL's plan of the claim among 50,000 who wait: whom to take (n) is read off the index in its order, and not
   by sorting all who wait; and no part of it reads the table from end to end, which would cost more the larger it is. */
static void a_claim_walks_its_index(void **state)
{
	static const struct query ADDRESSES = { "t_addresses",
		"INSERT INTO address (delivery, given, key_hash, reserved, created) SELECT 'q' || i, '', decode(md5(i::text), 'hex'), 1, 0"
		" FROM generate_series(1, 50000) AS i", NULL };
	static const struct query QUEUE = { "t_queue", "INSERT INTO delivery (mailing_id, address_id, fields, state)"
					    " SELECT CAST($1 AS bigint), id, '{}', 'queued' FROM address WHERE delivery LIKE 'q%'", NULL };
	static struct query explain = { "t_explain", NULL, NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	bool by_index = false;
	int sorts = 0;
	struct rows r = { 0 };
	int64_t id;
	int got;

	if (f->engine != DB_POSTGRESQL)
		return;
	import_many(s, 1);
	sign_off_but(s, NULL);
	id = start_mailing(s);
	change(s, &ADDRESSES, NO_ARGS);
	change(s, &QUEUE, ARGS(db_i64(id)));
	OK(home_tell_sizes(s->h, &f->e));
	for (const struct query *q = queries_begin(); q < queries_end(); q++)
		if (strcmp(q->name, "Q_DELIVERY_CLAIMED") == 0)
			explain.sql = arena_printf(s->a, "EXPLAIN %s", q->pg);
	assert_non_null(explain.sql);
	OK(db_query(s->h->db, &explain, ARGS(db_i64(1), db_i64(T0), db_i64(id), db_text("queued"), db_i64(500), db_i64(0)), &r, &f->e));
	while ((got = rows_next(&r, &f->e)) > 0) {
		const char *line = rows_text(&r, 0);

		/* What is claimed, some hundreds, is sorted in the end; nothing before that is. */
		if ((strstr(line, "Sort") && ++sorts > 2) || strstr(line, "Seq Scan on delivery"))
			fail_msg("the claim's plan has: %s", line);
		by_index = by_index || strstr(line, "delivery_due on delivery n");
	}
	OK(got);
	rows_close(&r);
	assert_true(by_index);
}

static void a_stale_outcome_is_ignored(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = send_to(s, 1), one = add_sender(s), two = add_sender(s);
	size_t n;
	struct delivery *old = claim(s, s->h, id, one, T0 + 1, 1, &n), *new;
	struct outcome o = accepted(old, T0 + 2);

	BEGIN;
	OK(delivery_release(s->h, one, 0, &f->e));
	COMMIT;
	new = claim(s, s->h, id, two, T0 + 3, 1, &n);
	assert_int_equal(n, 1);
	o.state = "failed";
	o.voids = true;
	write_outcomes(s, one, &o, 1);
	assert_int_equal(counts(s, id).attempting, 1);
	assert_int_equal(number(s, &BOUNCED, NO_ARGS), 0);
	/* The same sender, but an earlier claim of it. */
	o.claimed = T0 + 1;
	write_outcomes(s, two, &o, 1);
	assert_int_equal(counts(s, id).attempting, 1);
	assert_int_equal(number(s, &BOUNCED, NO_ARGS), 0);
	o = accepted(new, T0 + 4);
	write_outcomes(s, two, &o, 1);
	assert_int_equal(counts(s, id).accepted, 1);
	/* Written twice, as after a crash between database and journal. */
	o.state = "failed";
	write_outcomes(s, two, &o, 1);
	assert_int_equal(counts(s, id).accepted, 1);
}

static void a_hard_failure_voids_the_address(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = send_to(s, 2), sender = add_sender(s);
	size_t n;
	struct delivery *d = claim(s, s->h, id, sender, T0 + 1, 9, &n);
	struct outcome o[2] = { accepted(&d[0], T0 + 2), accepted(&d[1], T0 + 2) };

	o[1].state = "failed";
	o[1].voids = true;
	write_outcomes(s, sender, o, 2);
	assert_int_equal(number(s, &BOUNCED, NO_ARGS), 1);
	OK(list_count(s->h, &s->list, &f->e));
	assert_int_equal(s->list.mailable, 1);
	assert_int_equal(delivery_unfinished(s->h, id, &f->e), 0);
}

static void senders_end_in_good_order(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = send_to(s, 4), one = add_sender(s), two = add_sender(s), n_retried = 0;
	struct sender *open;
	size_t n;

	claim(s, s->h, id, one, T0 + 1, 2, &n);
	claim(s, s->h, id, two, T0 + 1, 1, &n);
	BEGIN;
	OK(delivery_release(s->h, one, 0, &f->e));
	OK(delivery_lose(s->h, two, &f->e));
	OK(sender_end(s->h, one, &f->e));
	COMMIT;
	assert_int_equal(counts(s, id).queued, 3);
	assert_int_equal(counts(s, id).uncertain, 1);
	OK(sender_open(s->h, s->a, "host", &open, &n, &f->e));
	assert_int_equal(n, 1);
	assert_true(open[0].id == two);
	OK(sender_open(s->h, s->a, "another host", &open, &n, &f->e));
	assert_int_equal(n, 0);
	BEGIN;
	OK(delivery_retry_uncertain(s->h, id, 0, &n_retried, &f->e));
	COMMIT;
	assert_int_equal(n_retried, 1);
	assert_int_equal(counts(s, id).queued, 4);
}

static int count_doubtful(void *ctx, const struct report_row *r)
{
	*(int *)ctx += r->maybe_twice;
	return 0;
}

static void the_report_marks_what_may_come_twice(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = send_to(s, 3), sender = add_sender(s), retried;
	int doubtful = 0;
	size_t n;

	claim(s, s->h, id, sender, T0 + 1, 2, &n);
	BEGIN;
	OK(delivery_lose(s->h, sender, &f->e));
	COMMIT;
	OK(delivery_report(s->h, id, count_doubtful, &doubtful, &f->e));
	assert_int_equal(doubtful, 0);
	BEGIN;
	OK(delivery_retry_uncertain(s->h, id, 0, &retried, &f->e));
	COMMIT;
	OK(delivery_report(s->h, id, count_doubtful, &doubtful, &f->e));
	assert_int_equal(doubtful, 2);
}

/* --- opt-outs ------------------------------------------------------------------------------------ */

static const struct query OPT_OUTS = { "t_optouts", "SELECT count(*) FROM opt_out", NULL };
static const struct query LEDGER = { "t_ledger", "SELECT count(*) FROM audit WHERE action = 'opt-out'", NULL };

static void opting_out_twice_is_fine(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = send_to(s, 1), sender = add_sender(s);
	struct delivery_about about;
	uint64_t before = atomic_load(s->h->opt_out_counter);
	size_t n;
	struct delivery *d = claim(s, s->h, id, sender, T0 + 1, 1, &n);

	assert_int_equal(delivery_about(s->h, s->a, d->id, &about, &f->e), 1);
	assert_false(about.opted_out);
	assert_string_equal(about.address, "person0@example.org");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(opt_out_by_delivery(s->h, d->id, OPT_OUT_ONE_CLICK, &f->e), 1);
		assert_true(atomic_load(s->h->opt_out_counter) > before);
	}
	OK(opt_out_by_key(s->h, "person0@example.org", OPT_OUT_STAFF, "by phone", s->ann, &f->e));
	assert_int_equal(number(s, &OPT_OUTS, NO_ARGS), 1);
	assert_int_equal(number(s, &LEDGER, NO_ARGS), 1);
	assert_int_equal(opt_out_stands(s->h, d->key_hash, &f->e), 1);
	assert_int_equal(delivery_about(s->h, s->a, d->id, &about, &f->e), 1);
	assert_true(about.opted_out);
}

static void nobody_is_opted_out_by_a_wrong_number(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct delivery_about about;
	uint64_t before = atomic_load(s->h->opt_out_counter);

	assert_int_equal(opt_out_by_delivery(s->h, 4711, OPT_OUT_PAGE, &f->e), 0);
	assert_int_equal(delivery_about(s->h, s->a, 4711, &about, &f->e), 0);
	assert_int_equal(number(s, &OPT_OUTS, NO_ARGS), 0);
	assert_true(atomic_load(s->h->opt_out_counter) == before);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(a_claim_holds_what_is_needed), IN_WORLD(two_senders_never_get_the_same),
		IN_WORLD(what_is_not_due_waits), IN_WORLD(a_claim_walks_its_index),
		IN_WORLD(a_claim_says_who_left_since), IN_WORLD(a_stale_outcome_is_ignored),
		IN_WORLD(a_hard_failure_voids_the_address), IN_WORLD(senders_end_in_good_order),
		IN_WORLD(the_report_marks_what_may_come_twice), IN_WORLD(opting_out_twice_is_fine),
		IN_WORLD(nobody_is_opted_out_by_a_wrong_number),
	};

	return run_on_engines(tests, COUNT(tests));
}
