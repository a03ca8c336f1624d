/*
 * db: values, statements, transactions, batches and injected failures, on
 * both engines.
 */
#include "db_fixture.h"

static const struct query CHILD = { "t_child", "INSERT INTO y (x_id) VALUES ($1)", NULL };
static const struct query ALL = { "t_all", "SELECT id FROM x ORDER BY id LIMIT $1", NULL };
static const struct query EACH = { "each_t", "SELECT id, t FROM x WHERE id >= $1 ORDER BY id", NULL };
static const struct query UPDATE = { "t_update", "UPDATE x SET n = $1 WHERE id <= $2", NULL };

/* --- values --- */

static void round_trip(struct fixture *f, int64_t id, struct dbval n, struct dbval t, struct dbval b)
{
	struct rows r;
	struct slice s;

	OK(db_exec(f->db, &INSERT, ARGS(db_i64(id), n, t, b), NULL, &f->e));
	OK(db_query(f->db, &SELECT, ARGS(db_i64(id)), &r, &f->e));
	assert_int_equal(rows_next(&r, &f->e), 1);
	assert_int_equal(rows_is_null(&r, 0), n.type == DBVAL_NULL);
	assert_true(rows_i64(&r, 0) == n.i);
	assert_int_equal(rows_is_null(&r, 1), t.type == DBVAL_NULL);
	assert_int_equal(!rows_text(&r, 1), t.type == DBVAL_NULL);
	if (t.type != DBVAL_NULL) {
		assert_int_equal(strlen(rows_text(&r, 1)), t.n);
		assert_memory_equal(rows_text(&r, 1), t.p, t.n);
	}
	s = rows_bytes(&r, 2);
	assert_int_equal(!s.p, b.type == DBVAL_NULL);
	assert_int_equal(s.n, b.n);
	if (b.n)
		assert_memory_equal(s.p, b.p, b.n);
	assert_int_equal(rows_next(&r, &f->e), 0);
	assert_int_equal(rows_next(&r, &f->e), 0);
	rows_close(&r);
}

static void values_come_back(void **state)
{
	static const char RAW[] = "a\0b\xff\\\"'\0";
	struct fixture *f = *state;
	size_t n = 3 * 1000 * 1000;
	char *large = mem_alloc(n + 1);

	for (size_t i = 0; i < n; i++)
		large[i] = (char)('a' + i % 26);
	large[n] = '\0';
	round_trip(f, 1, db_null(), db_null(), db_null());
	round_trip(f, 2, db_i64(0), db_text(""), db_bytes("", 0));
	round_trip(f, 3, db_i64(INT64_MAX), db_text("Grüße, 世界 \\ ' \" $1 %s"), db_bytes(RAW, sizeof(RAW)));
	round_trip(f, 4, db_i64(INT64_MIN), db_text(large), db_bytes(large, n));
	round_trip(f, 5, db_i64(-1), db_slice((struct slice){ "cut short here", 9 }), db_bytes(RAW, 1));
	round_trip(f, 6, db_i64(7), db_text(NULL), db_bytes(NULL, 0));
	free(large);
}

static void bad_text_is_refused(void **state)
{
	struct fixture *f = *state;

	FAILS(ERR_INPUT,
	      db_exec(f->db, &INSERT, ARGS(db_i64(1), db_null(), db_slice((struct slice){ "a\0b", 3 }), db_null()),
		      NULL, &f->e));
	FAILS(ERR_INPUT, db_exec(f->db, &INSERT, ARGS(db_i64(1), db_null(), db_text("\xc3("), db_null()), NULL, &f->e));
	assert_int_equal(count(f), 0);
}

static void names_not_places_bind(void **state)
{
	static const struct query BACKWARDS = { "t_backwards", "SELECT n - $3 FROM x WHERE n = $2 AND id = $1", NULL };
	static const struct query TWICE = { "t_twice", "SELECT count(*) FROM x WHERE id = $1 OR n = $1", NULL };
	struct fixture *f = *state;
	int64_t got = 0;

	OK(db_exec(f->db, &INSERT, ARGS(db_i64(1), db_i64(20), db_null(), db_null()), NULL, &f->e));
	assert_int_equal(db_get_i64(f->db, &BACKWARDS, ARGS(db_i64(1), db_i64(20), db_i64(3)), &got, &f->e), 1);
	assert_int_equal(got, 17);
	OK(db_get_i64(f->db, &TWICE, ARGS(db_i64(20)), &got, &f->e));
	assert_int_equal(got, 1);
	FAILS(ERR_BROKEN, db_get_i64(f->db, &TWICE, ARGS(db_i64(20), db_i64(1)), &got, &f->e));
	FAILS(ERR_BROKEN, db_get_i64(f->db, &BACKWARDS, ARGS(db_i64(1)), &got, &f->e));
}

static void changes_and_absence(void **state)
{
	static const struct query EXISTS = { "t_exists", "SELECT EXISTS (SELECT 1 FROM x WHERE id = $1)", NULL };
	struct fixture *f = *state;
	int64_t n = 77;

	for (int i = 1; i <= 5; i++)
		put(f, i);
	OK(db_exec(f->db, &UPDATE, ARGS(db_i64(1), db_i64(3)), &n, &f->e));
	assert_int_equal(n, 3);
	OK(db_exec(f->db, &UPDATE, ARGS(db_i64(1), db_i64(0)), &n, &f->e));
	assert_int_equal(n, 0);
	n = 77;
	assert_int_equal(db_get_i64(f->db, &SELECT, ARGS(db_i64(99)), &n, &f->e), 0);
	assert_int_equal(n, 77);
	assert_int_equal(db_get_i64(f->db, &SELECT, ARGS(db_i64(4)), &n, &f->e), 1);
	assert_int_equal(n, 0); /* SQL NULL */
	OK(db_get_i64(f->db, &EXISTS, ARGS(db_i64(4)), &n, &f->e));
	assert_int_equal(n, 1);
}

static void returning_acts_at_once(void **state)
{
	struct fixture *f = *state;
	struct rows r;

	OK(db_query(f->db, &RETURNING, ARGS(db_i64(5)), &r, &f->e));
	rows_close(&r); /* without reading */
	assert_int_equal(count(f), 1);
	FAILS(ERR_BROKEN, db_query(f->db, &RETURNING, ARGS(db_i64(13)), &r, &f->e));
	rows_close(&r);
}

static void the_same_query_nests(void **state)
{
	struct fixture *f = *state;
	struct rows a, b;
	int pairs = 0;

	for (int i = 1; i <= 10; i++)
		put(f, i);
	OK(db_query(f->db, &ALL, ARGS(db_i64(4)), &a, &f->e));
	while (rows_next(&a, &f->e) > 0) {
		OK(db_query(f->db, &ALL, ARGS(db_i64(3)), &b, &f->e));
		while (rows_next(&b, &f->e) > 0)
			pairs++;
		rows_close(&b);
		OK(db_exec(f->db, &UPDATE, ARGS(db_i64(pairs), db_i64(rows_i64(&a, 0))), NULL, &f->e));
	}
	rows_close(&a);
	rows_close(&a);
	assert_int_equal(pairs, 12);
}

static void read_each(struct fixture *f, int64_t from, int64_t to)
{
	struct rows r;
	int64_t expected = from;
	int rc;

	OK(db_query(f->db, &EACH, ARGS(db_i64(from)), &r, &f->e));
	while ((rc = rows_next(&r, &f->e)) > 0) {
		assert_int_equal(rows_i64(&r, 0), expected);
		if (expected % 400 == 0)
			OK(db_exec(f->db, &UPDATE, ARGS(db_i64(9), db_i64(1)), NULL, &f->e));
		expected++;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(rows_next(&r, &f->e), 0);
	assert_int_equal(expected, to + 1);
	rows_close(&r);
}

static void large_results_come_in_parts(void **state)
{
	struct fixture *f = *state;
	struct rows r;

	OK(db_begin(f->db, &f->e));
	for (int i = 1; i <= 1500; i++)
		put(f, i);
	read_each(f, 1, 1500);
	OK(db_commit(f->db, &f->e));
	read_each(f, 1, 1500); /* outside of a transaction */
	read_each(f, 1001, 1500);
	read_each(f, 1501, 1500);
	OK(db_begin(f->db, &f->e));
	OK(db_query(f->db, &EACH, ARGS(db_i64(1)), &r, &f->e));
	assert_int_equal(rows_next(&r, &f->e), 1);
	rows_close(&r); /* early */
	OK(db_commit(f->db, &f->e));
}

/* --- transactions --- */

static void rollback_undoes(void **state)
{
	struct fixture *f = *state;

	db_rollback(f->db);
	OK(db_begin(f->db, &f->e));
	assert_true(db_in_transaction(f->db));
	put(f, 1);
	db_rollback(f->db);
	assert_false(db_in_transaction(f->db));
	assert_int_equal(count(f), 0);
	OK(db_begin(f->db, &f->e));
	put(f, 1);
	OK(db_commit(f->db, &f->e));
	assert_int_equal(count(f), 1);
}

static void a_failed_transaction_stays_failed(void **state)
{
	struct fixture *f = *state;
	int64_t n;

	OK(db_begin(f->db, &f->e));
	put(f, 1);
	FAILS(ERR_REFUSED, db_exec(f->db, &INSERT, ARGS(db_i64(1), db_null(), db_null(), db_null()), NULL, &f->e));
	FAILS(ERR_BROKEN, db_get_i64(f->db, &COUNT_X, NO_ARGS, &n, &f->e));
	FAILS(ERR_BROKEN, db_commit(f->db, &f->e));
	assert_false(db_in_transaction(f->db));
	assert_int_equal(count(f), 0);
}

static void violations_have_kinds(void **state)
{
	struct fixture *f = *state;
	struct err *e = &f->e;

	OK(db_exec(f->db, &INSERT, ARGS(db_i64(1), db_null(), db_text("a"), db_null()), NULL, e));
	FAILS(ERR_REFUSED, db_exec(f->db, &INSERT, ARGS(db_i64(1), db_null(), db_null(), db_null()), NULL, e));
	FAILS(ERR_REFUSED, db_exec(f->db, &INSERT, ARGS(db_i64(2), db_null(), db_text("a"), db_null()), NULL, e));
	FAILS(ERR_REFUSED, db_exec(f->db, &CHILD, ARGS(db_i64(99)), NULL, e));
	FAILS(ERR_BROKEN, db_exec(f->db, &CHILD, ARGS(db_null()), NULL, e));
	FAILS(ERR_BROKEN, db_exec(f->db, &INSERT, ARGS(db_i64(3), db_i64(13), db_null(), db_null()), NULL, e));
	assert_int_equal(count(f), 1);
}

static void errors_name_the_query_and_hide_the_data(void **state)
{
	struct fixture *f = *state;
	struct dbval v[] = { db_null(), db_null(), db_text("ada@example.org"), db_null() };

	v[0] = db_i64(1);
	OK(db_exec(f->db, &INSERT, v, 4, NULL, &f->e));
	v[0] = db_i64(2);
	assert_int_equal(db_exec(f->db, &INSERT, v, 4, NULL, &f->e), -1);
	assert_non_null(strstr(f->e.text, "query t_insert"));
	assert_null(strstr(f->e.text, "ada@"));
}

static void reading_cannot_write(void **state)
{
	struct fixture *f = *state;

	OK(db_begin_read(f->db, &f->e));
	assert_int_equal(count(f), 0);
	FAILS(ERR_BROKEN, db_exec(f->db, &INSERT, ARGS(db_i64(1), db_null(), db_null(), db_null()), NULL, &f->e));
	db_rollback(f->db);
	OK(db_begin_read(f->db, &f->e));
	assert_int_equal(count(f), 0);
	OK(db_commit(f->db, &f->e));
	put(f, 1);
	assert_int_equal(count(f), 1);
}

static void reading_sees_one_state(void **state)
{
	struct fixture *f = *state;
	struct db *other = reopen(f);

	OK(db_begin_read(f->db, &f->e));
	assert_int_equal(count(f), 0);
	OK(db_exec(other, &INSERT, ARGS(db_i64(1), db_null(), db_null(), db_null()), NULL, &f->e));
	assert_int_equal(count(f), 0);
	OK(db_commit(f->db, &f->e));
	assert_int_equal(count(f), 1);
	db_free(other);
}

/* --- batches --- */

static void add(struct fixture *f, int64_t id, int64_t n, int *errors)
{
	if (db_exec(f->db, &INSERT, ARGS(db_i64(id), db_i64(n), db_null(), db_null()), NULL, &f->e) < 0)
		++*errors;
}

static void a_batch_arrives(void **state)
{
	struct fixture *f = *state;
	int errors = 0;

	OK(db_begin(f->db, &f->e));
	OK(db_batch_begin(f->db, &f->e));
	for (int i = 1; i <= 2000; i++) {
		add(f, i, 1, &errors);
		if (i % 7 == 0)
			OK(db_exec(f->db, &CHILD, ARGS(db_i64(i)), NULL, &f->e));
	}
	OK(db_batch_end(f->db, &f->e));
	assert_int_equal(count(f), 2000);
	OK(db_commit(f->db, &f->e));
	assert_int_equal(errors, 0);
	OK(db_batch_begin(f->db, &f->e)); /* empty */
	OK(db_batch_end(f->db, &f->e));
	assert_false(db_in_transaction(f->db));
}

static void an_error_in_a_batch_undoes_it(void **state)
{
	static const int64_t BAD_AT[] = { 1, 2, 500, 999, 1000 };
	struct fixture *f = *state;

	for (size_t k = 0; k < COUNT(BAD_AT); k++) {
		int errors = 0;

		OK(db_batch_begin(f->db, &f->e)); /* a transaction of its own */
		for (int64_t i = 1; i <= 1000; i++)
			add(f, i, i == BAD_AT[k] ? 13 : 1, &errors);
		assert_int_equal(db_batch_end(f->db, &f->e), -1);
		assert_int_equal(f->e.kind, ERR_BROKEN);
		assert_int_equal(count(f), 0);
	}
	OK(db_begin(f->db, &f->e));
	OK(db_batch_begin(f->db, &f->e));
	put(f, 1);
	db_rollback(f->db); /* in the middle of a batch */
	assert_int_equal(count(f), 0);
	put(f, 1);
	assert_int_equal(count(f), 1);
}

static void a_batch_tells_the_kind(void **state)
{
	struct fixture *f = *state;
	int errors = 0;

	put(f, 1);
	OK(db_begin(f->db, &f->e));
	OK(db_batch_begin(f->db, &f->e));
	add(f, 2, 1, &errors);
	add(f, 1, 1, &errors);
	if (errors) /* SQLite says it at once */
		assert_int_equal(f->e.kind, ERR_REFUSED);
	assert_int_equal(db_batch_end(f->db, &f->e), -1);
	if (!errors)
		assert_int_equal(f->e.kind, ERR_REFUSED);
	db_rollback(f->db);
	assert_int_equal(count(f), 1);
}

/* --- every step fails once --- */

/* A piece of work with all kinds of steps; the test's rule is: x holds 0 or 3 rows, y 0 or 1. */
static int work(struct fixture *f)
{
	struct err *e = &f->e;
	struct rows r = { 0 };
	int rc = -1;

	if (db_begin(f->db, e) < 0)
		return -1;
	for (int i = 1; i <= 2; i++)
		if (db_exec(f->db, &INSERT, ARGS(db_i64(i), db_null(), db_null(), db_null()), NULL, e) < 0)
			goto out;
	if (db_query(f->db, &ALL, ARGS(db_i64(1)), &r, e) < 0 || rows_next(&r, e) != 1)
		goto out;
	if (db_exec(f->db, &CHILD, ARGS(db_i64(rows_i64(&r, 0))), NULL, e) < 0)
		goto out;
	rows_close(&r);
	if (db_batch_begin(f->db, e) < 0)
		goto out;
	if (db_exec(f->db, &INSERT, ARGS(db_i64(3), db_null(), db_null(), db_null()), NULL, e) < 0)
		goto out;
	if (db_batch_end(f->db, e) < 0)
		goto out;
	rc = db_commit(f->db, e);
out:
	rows_close(&r);
	if (rc < 0)
		db_rollback(f->db);
	return rc;
}

static void nothing_is_left_half_done(void **state)
{
	struct fixture *f = *state;
	int k = 1;

	for (db_fail_at(f->db, k); work(f) < 0; db_fail_at(f->db, ++k)) {
		assert_int_equal(f->e.kind, ERR_AGAIN);
		assert_false(db_in_transaction(f->db));
		assert_int_equal(count(f), 0);
		assert_in_range(k, 1, 50);
	}
	db_fail_at(f->db, 0);
	assert_int_equal(k, 9); /* begin, 2 inserts, query, row, child, insert, commit were made to fail */
	assert_int_equal(count(f), 3);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		EACH_ENGINE(values_come_back),
		EACH_ENGINE(bad_text_is_refused),
		EACH_ENGINE(names_not_places_bind),
		EACH_ENGINE(changes_and_absence),
		EACH_ENGINE(returning_acts_at_once),
		EACH_ENGINE(the_same_query_nests),
		EACH_ENGINE(large_results_come_in_parts),
		EACH_ENGINE(rollback_undoes),
		EACH_ENGINE(a_failed_transaction_stays_failed),
		EACH_ENGINE(violations_have_kinds),
		EACH_ENGINE(errors_name_the_query_and_hide_the_data),
		EACH_ENGINE(reading_cannot_write),
		EACH_ENGINE(reading_sees_one_state),
		EACH_ENGINE(a_batch_arrives),
		EACH_ENGINE(an_error_in_a_batch_undoes_it),
		EACH_ENGINE(a_batch_tells_the_kind),
		EACH_ENGINE(nothing_is_left_half_done),
	};

	return run_on_engines(tests, COUNT(tests));
}
