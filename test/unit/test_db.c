/*
 * db: every case runs on SQLite, and on PostgreSQL when
 * PLACET_TEST_POSTGRESQL holds a server's URL (test/tools/postgres.py sets
 * it). The schema there is emptied before each case. Under CI (CI=true) a
 * missing URL is a failure, so that the second engine is never forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "db/db.h"
#include "db/db_engine.h"

struct fixture {
	enum db_engine engine;
	char url[4200];
	char folder[64];
	struct db *db;
	struct err e;
};

#define OK(call) assert_ok(f, (call), __LINE__)
#define FAILS(kind_, call) assert_fails(f, kind_, (call), __LINE__)

static void assert_ok(struct fixture *f, int rc, int line)
{
	if (rc < 0)
		fail_msg("line %d: %s", line, f->e.text);
}

static void assert_fails(struct fixture *f, enum err_kind kind, int rc, int line)
{
	if (rc >= 0 || f->e.kind != kind)
		fail_msg("line %d: returned %d, kind %d: %s", line, rc, f->e.kind, f->e.text);
	err_clear(&f->e);
}

static const struct query DROP = { "t_drop", "DROP TABLE x", "DROP SCHEMA public CASCADE" };
static const struct query MAKE_SCHEMA = { "t_make_schema", "", "CREATE SCHEMA public" };
static const struct query INSERT = { "t_insert", "INSERT INTO x (id, n, t, b) VALUES ($1, $2, $3, $4)", NULL };
static const struct query SELECT = { "t_select", "SELECT n, t, b FROM x WHERE id = $1", NULL };
static const struct query COUNT_X = { "t_count", "SELECT count(*) FROM x", NULL };
static const struct query CHILD = { "t_child", "INSERT INTO y (x_id) VALUES ($1)", NULL };
static const struct query ALL = { "t_all", "SELECT id FROM x ORDER BY id LIMIT $1", NULL };
static const struct query EACH = { "each_t", "SELECT id, t FROM x WHERE id >= $1 ORDER BY id", NULL };
static const struct query UPDATE = { "t_update", "UPDATE x SET n = $1 WHERE id <= $2", NULL };
static const struct query RETURNING = { "t_returning", "INSERT INTO x (n) VALUES ($1) RETURNING id", NULL };

static const char TABLES[] = "CREATE TABLE x (id {ID}, n {INT}, t TEXT, b {BYTES}, CHECK (n <> 13)) {STRICT};"
			     "CREATE UNIQUE INDEX x_t ON x (substr(t, 1, 100));"
			     "CREATE TABLE y (id {ID}, x_id {INT} NOT NULL REFERENCES x (id)) {STRICT}";

static struct db *reopen(struct fixture *f)
{
	struct db *db = db_open(f->url, &f->e);

	if (!db)
		fail_msg("%s", f->e.text);
	return db;
}

static void remove_folder(const char *path)
{
	char name[400];
	struct dirent *d;
	DIR *dir = opendir(path);

	while (dir && (d = readdir(dir))) {
		snprintf(name, sizeof(name), "%s/%s", path, d->d_name);
		unlink(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static void open_fresh(struct fixture *f)
{
	if (f->engine == DB_SQLITE) {
		snprintf(f->folder, sizeof(f->folder), "/tmp/placet-db-XXXXXX");
		assert_non_null(mkdtemp(f->folder));
		snprintf(f->url, sizeof(f->url), "sqlite:%s/test.db", f->folder);
	} else {
		snprintf(f->url, sizeof(f->url), "%s", getenv("PLACET_TEST_POSTGRESQL"));
	}
	f->db = reopen(f);
	if (f->engine == DB_POSTGRESQL) {
		OK(db_exec(f->db, &DROP, NO_ARGS, NULL, &f->e));
		OK(db_exec(f->db, &MAKE_SCHEMA, NO_ARGS, NULL, &f->e));
	}
}

static int set_up(void **state)
{
	struct fixture *f = *state;

	err_clear(&f->e);
	open_fresh(f);
	OK(db_begin(f->db, &f->e));
	OK(db_script(f->db, TABLES, &f->e));
	OK(db_commit(f->db, &f->e));
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	db_free(f->db);
	f->db = NULL;
	if (f->engine == DB_SQLITE)
		remove_folder(f->folder);
	return 0;
}

static int64_t count(struct fixture *f)
{
	int64_t n = -1;

	OK(db_get_i64(f->db, &COUNT_X, NO_ARGS, &n, &f->e));
	return n;
}

static void put(struct fixture *f, int64_t id)
{
	OK(db_exec(f->db, &INSERT, ARGS(db_i64(id), db_null(), db_null(), db_null()), NULL, &f->e));
}

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

	FAILS(ERR_INPUT, db_exec(f->db, &INSERT, ARGS(db_i64(1), db_null(), db_slice((struct slice){ "a\0b", 3 }),
						      db_null()), NULL, &f->e));
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

/* --- the schema --- */

static const struct query VERSIONS = { "t_versions", "SELECT count(*) FROM schema_version", NULL };
static const struct query FUTURE = { "t_future", "INSERT INTO schema_version (version, name) VALUES (9999, 'later')",
				     NULL };

static int set_up_empty(void **state)
{
	struct fixture *f = *state;

	err_clear(&f->e);
	open_fresh(f);
	return 0;
}

static void migrations_apply_once(void **state)
{
	struct fixture *f = *state;
	int64_t version = -1;

	OK(db_schema_of(f->db, &version, &f->e));
	assert_int_equal(version, 0);
	for (int i = 0; i < 2; i++) {
		OK(db_migrate(f->db, &f->e));
		OK(db_schema_of(f->db, &version, &f->e));
		assert_int_equal(version, db_schema_newest());
		OK(db_get_i64(f->db, &VERSIONS, NO_ARGS, &version, &f->e));
		assert_int_equal(version, db_schema_newest());
	}
}

static void a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;

	OK(db_migrate(f->db, &f->e));
	OK(db_exec(f->db, &FUTURE, NO_ARGS, NULL, &f->e));
	FAILS(ERR_REFUSED, db_migrate(f->db, &f->e));
}

static void a_failing_migration_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t version = -1;
	int k = 1;

	for (db_fail_at(f->db, k); db_migrate(f->db, &f->e) < 0; db_fail_at(f->db, ++k)) {
		db_fail_at(f->db, 0);
		OK(db_schema_of(f->db, &version, &f->e));
		assert_int_equal(version, 0);
		assert_in_range(k, 1, 50);
	}
	assert_true(k > 5);
}

static void unknown_words_are_refused(void **state)
{
	struct fixture *f = *state;

	OK(db_begin(f->db, &f->e));
	FAILS(ERR_BROKEN, db_script(f->db, "CREATE TABLE z (id {SERIAL})", &f->e));
	db_rollback(f->db);
}

#define PROCESSES 4

static void processes_migrate_at_once(void **state)
{
	struct fixture *f = *state;
	pid_t pids[PROCESSES];
	int64_t n = -1;
	int status, go[2];
	char c;

	assert_int_equal(pipe(go), 0);
	db_free(f->db); /* a connection must not be shared with a child */
	for (int i = 0; i < PROCESSES; i++) {
		if ((pids[i] = fork()) == 0) {
			struct db *db;
			int rc;

			close(go[1]);
			rc = (int)read(go[0], &c, 1);
			db = db_open(f->url, &f->e);
			rc = rc == 0 && db && db_migrate(db, &f->e) == 0 ? 0 : 1;
			if (rc)
				fprintf(stderr, "child: %s\n", f->e.text);
			db_free(db);
			_exit(rc);
		}
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	f->db = reopen(f);
	OK(db_get_i64(f->db, &VERSIONS, NO_ARGS, &n, &f->e));
	assert_int_equal(n, db_schema_newest());
}

static void every_file_is_listed(void **state)
{
	const char *here = __FILE__; /* as the compiler was told it: from the build folder, where tests run */
	char folder[4096];
	struct dirent *d;
	int n = 0;
	DIR *dir;

	(void)state;
	snprintf(folder, sizeof(folder), "%.*s/../../sql", (int)(strrchr(here, '/') - here), here);
	dir = opendir(folder);
	assert_non_null(dir);
	while ((d = readdir(dir)))
		n += strlen(d->d_name) > 4 && strcmp(d->d_name + strlen(d->d_name) - 4, ".sql") == 0;
	closedir(dir);
	assert_int_equal(n, db_schema_newest());
}

static void prepare_can_be_tried(void **state)
{
	static const struct query BAD = { "t_bad", "SELECT nothing FROM nowhere", NULL };
	static const struct query TWO = { "t_two", "SELECT 1; SELECT 2", NULL };
	struct fixture *f = *state;

	OK(db_try_prepare(f->db, &SELECT, &f->e));
	FAILS(ERR_BROKEN, db_try_prepare(f->db, &BAD, &f->e));
	FAILS(ERR_BROKEN, db_try_prepare(f->db, &TWO, &f->e));
}

/* --- SQLite alone --- */

static const struct query BIG = {
	"t_big",
	"WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000)"
	" INSERT INTO x (b) SELECT randomblob(1000) FROM c",
	"SELECT 1"
};

static off_t size_of(const struct fixture *f, const char *suffix)
{
	char name[200];
	struct stat st;

	snprintf(name, sizeof(name), "%s/test.db%s", f->folder, suffix);
	return stat(name, &st) < 0 ? -1 : st.st_size;
}

static void the_checkpoint_copies(void **state)
{
	struct fixture *f = *state;
	off_t log;

	OK(db_checkpoint(f->db, 0, &f->e));
	if (f->engine != DB_SQLITE)
		return;
	OK(db_exec(f->db, &BIG, NO_ARGS, NULL, &f->e));
	log = size_of(f, "-wal");
	assert_true(log > 3000000);
	OK(db_checkpoint(f->db, log + 1, &f->e));
	assert_true(size_of(f, "") < 100000); /* not due: nothing was copied */
	OK(db_begin(f->db, &f->e));
	OK(db_checkpoint(f->db, 0, &f->e));
	assert_true(size_of(f, "") < 100000); /* not in a transaction */
	OK(db_commit(f->db, &f->e));
	OK(db_checkpoint(f->db, log, &f->e));
	assert_true(size_of(f, "") > 3000000);
	put(f, 100000);
	assert_true(size_of(f, "-wal") <= 1024 * 1024); /* the log started anew, and shrank */
	OK(db_checkpoint(f->db, 0, &f->e));
	assert_int_equal(count(f), 3001);
}

static void a_reader_does_not_stop_the_checkpoint(void **state)
{
	struct fixture *f = *state;
	struct db *reader;
	int64_t n;

	if (f->engine != DB_SQLITE)
		return;
	reader = reopen(f);
	OK(db_begin_read(reader, &f->e));
	OK(db_get_i64(reader, &COUNT_X, NO_ARGS, &n, &f->e));
	OK(db_exec(f->db, &BIG, NO_ARGS, NULL, &f->e));
	OK(db_checkpoint(f->db, 0, &f->e));
	OK(db_get_i64(reader, &COUNT_X, NO_ARGS, &n, &f->e));
	assert_int_equal(n, 0);
	OK(db_commit(reader, &f->e));
	OK(db_checkpoint(f->db, 0, &f->e));
	assert_true(size_of(f, "") > 3000000);
	db_free(reader);
	assert_true(size_of(f, "-wal") > 3000000); /* closing does not checkpoint */
}

static void the_file_is_private(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	if (f->engine != DB_SQLITE) {
		assert_null(db_path(f->db));
		return;
	}
	assert_int_equal(stat(db_path(f->db), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void writers_take_turns(void **state)
{
	struct fixture *f = *state;
	pid_t pids[PROCESSES];
	int status;

	db_free(f->db);
	for (int i = 0; i < PROCESSES; i++) {
		if ((pids[i] = fork()) == 0) {
			struct db *db = db_open(f->url, &f->e);
			int rc = db ? 0 : -1;

			for (int k = 0; rc == 0 && k < 25; k++)
				if (db_begin(db, &f->e) < 0 ||
				    db_exec(db, &RETURNING, ARGS(db_i64(k == 13 ? 14 : k)), NULL, &f->e) < 0 ||
				    db_commit(db, &f->e) < 0)
					rc = -1;
			db_free(db);
			_exit(rc < 0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	f->db = reopen(f);
	assert_int_equal(count(f), PROCESSES * 25);
}

/* --- PostgreSQL alone --- */

static void kill_connection(struct fixture *f)
{
	static const struct query KILL_OTHERS = {
		"t_kill", "SELECT 1",
		"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
		" WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
	};
	struct db *other = reopen(f);
	int64_t n;

	OK(db_get_i64(other, &KILL_OTHERS, NO_ARGS, &n, &f->e));
	db_free(other);
}

static void a_lost_connection_comes_back(void **state)
{
	struct fixture *f = *state;

	if (f->engine != DB_POSTGRESQL)
		return;
	put(f, 1);
	OK(db_begin(f->db, &f->e));
	put(f, 2);
	kill_connection(f);
	FAILS(ERR_AGAIN, db_exec(f->db, &INSERT, ARGS(db_i64(3), db_null(), db_null(), db_null()), NULL, &f->e));
	db_rollback(f->db);
	OK(db_begin(f->db, &f->e));
	put(f, 4);
	OK(db_commit(f->db, &f->e));
	assert_int_equal(count(f), 2);
	kill_connection(f);
	FAILS(ERR_AGAIN, db_begin(f->db, &f->e));
	OK(db_begin(f->db, &f->e));
	OK(db_batch_begin(f->db, &f->e));
	put(f, 5);
	kill_connection(f);
	assert_int_equal(db_batch_end(f->db, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_AGAIN);
	db_rollback(f->db);
	assert_int_equal(count(f), 2);
	OK(db_begin(f->db, &f->e));
	put(f, 6);
	kill_connection(f);
	FAILS(ERR_AGAIN, db_commit(f->db, &f->e));
	assert_int_equal(count(f), 2);
}

/* --- URLs --- */

static void bad_urls_are_refused(void **state)
{
	static const struct {
		const char *url;
		enum err_kind kind;
	} CASES[] = {
		{ "", ERR_INPUT },
		{ "sqlite:", ERR_INPUT },
		{ "mysql://x/y", ERR_INPUT },
		{ "sqlite:/nowhere/at/all/x.db", ERR_INPUT },
		{ "postgresql://x?nosuchword=1", ERR_INPUT },
		{ "postgresql://u:secret@/x?host=%2Fnowhere", ERR_AGAIN },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		err_clear(&e);
		assert_null(db_open(CASES[i].url, &e));
		assert_int_equal(e.kind, CASES[i].kind);
		assert_null(strstr(e.text, "secret"));
	}
}

#define EACH_ENGINE(fn) { #fn, fn, set_up, tear_down, NULL }
#define EACH_EMPTY(fn) { #fn, fn, set_up_empty, tear_down, NULL }

static int run_on(enum db_engine engine)
{
	struct fixture f = { .engine = engine };
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
		EACH_EMPTY(migrations_apply_once),
		EACH_EMPTY(a_newer_schema_is_refused),
		EACH_EMPTY(a_failing_migration_leaves_nothing),
		EACH_EMPTY(unknown_words_are_refused),
		EACH_EMPTY(processes_migrate_at_once),
		EACH_ENGINE(prepare_can_be_tried),
		EACH_ENGINE(the_checkpoint_copies),
		EACH_ENGINE(a_reader_does_not_stop_the_checkpoint),
		EACH_ENGINE(the_file_is_private),
		EACH_ENGINE(writers_take_turns),
		EACH_ENGINE(a_lost_connection_comes_back),
	};

	for (size_t i = 0; i < COUNT(tests); i++)
		tests[i].initial_state = &f;
	return _cmocka_run_group_tests(engine == DB_SQLITE ? "SQLite" : "PostgreSQL", tests, COUNT(tests), NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest common[] = {
		cmocka_unit_test(every_file_is_listed),
		cmocka_unit_test(bad_urls_are_refused),
	};
	const char *ci = getenv("CI"), *url = getenv("PLACET_TEST_POSTGRESQL");
	int failed = cmocka_run_group_tests(common, NULL, NULL);

	failed += run_on(DB_SQLITE);
	if (url && *url) {
		failed += run_on(DB_POSTGRESQL);
	} else if (ci && strcmp(ci, "true") == 0) {
		fprintf(stderr, "PLACET_TEST_POSTGRESQL is not set: run this under test/tools/postgres.py\n");
		failed++;
	}
	return failed != 0;
}
