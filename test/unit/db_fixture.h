/*
 * What the tests of db share: every case runs on SQLite, and on PostgreSQL
 * when PLACET_TEST_POSTGRESQL holds a server's URL (test/tools/postgres.py
 * sets it). Each program makes a database of its own there, so that several may
 * run at once, and empties it before each case. Under CI (CI=true) a missing URL
 * is a failure, so that the second engine is never forgotten.
 */
#ifndef PLACET_TEST_DB_FIXTURE_H
#define PLACET_TEST_DB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
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

#define OK(call)           assert_ok(f, (call), __LINE__)
#define FAILS(kind_, call) assert_fails(f, kind_, (call), __LINE__)

static inline void assert_ok(struct fixture *f, int rc, int line)
{
	if (rc < 0)
		fail_msg("line %d: %s", line, f->e.text);
}

static inline void assert_fails(struct fixture *f, enum err_kind kind, int rc, int line)
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
static const struct query RETURNING = { "t_returning", "INSERT INTO x (n) VALUES ($1) RETURNING id", NULL };

static const char TABLES[] = "CREATE TABLE x (id {ID}, n {INT}, t TEXT, b {BYTES}, CHECK (n <> 13)) {STRICT};"
			     "CREATE UNIQUE INDEX x_t ON x (substr(t, 1, 100));"
			     "CREATE TABLE y (id {ID}, x_id {INT} NOT NULL REFERENCES x (id)) {STRICT}";

static inline struct db *reopen(struct fixture *f)
{
	struct db *db = db_open(f->url, &f->e);

	if (!db)
		fail_msg("%s", f->e.text);
	return db;
}

static inline void remove_folder(const char *path)
{
	char name[PATH_MAX + 300];
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

static inline void open_fresh(struct fixture *f)
{
	if (f->engine == DB_SQLITE) {
		snprintf(f->folder, sizeof(f->folder), "/tmp/placet-db-XXXXXX");
		assert_non_null(mkdtemp(f->folder));
		snprintf(f->url, sizeof(f->url), "sqlite:%s/test.db", f->folder);
	}
	f->db = reopen(f);
	if (f->engine == DB_POSTGRESQL) {
		OK(db_exec(f->db, &DROP, NO_ARGS, NULL, &f->e));
		OK(db_exec(f->db, &MAKE_SCHEMA, NO_ARGS, NULL, &f->e));
	}
}

static inline int set_up(void **state)
{
	struct fixture *f = *state;

	err_clear(&f->e);
	open_fresh(f);
	OK(db_begin(f->db, &f->e));
	OK(db_script(f->db, TABLES, &f->e));
	OK(db_commit(f->db, &f->e));
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	db_free(f->db);
	f->db = NULL;
	if (f->engine == DB_SQLITE)
		remove_folder(f->folder);
	return 0;
}

static inline int64_t count(struct fixture *f)
{
	int64_t n = -1;

	OK(db_get_i64(f->db, &COUNT_X, NO_ARGS, &n, &f->e));
	return n;
}

static inline void put(struct fixture *f, int64_t id)
{
	OK(db_exec(f->db, &INSERT, ARGS(db_i64(id), db_null(), db_null(), db_null()), NULL, &f->e));
}

static inline int set_up_empty(void **state)
{
	struct fixture *f = *state;

	err_clear(&f->e);
	open_fresh(f);
	return 0;
}

#define EACH_ENGINE(fn)                                                                                                \
	{                                                                                                              \
#fn, fn, set_up, tear_down, NULL                                                                       \
	}
#define EACH_EMPTY(fn)                                                                                                 \
	{                                                                                                              \
#fn, fn, set_up_empty, tear_down, NULL                                                                 \
	}

/* Makes or drops the program's own database on the server. */
static inline void on_server(const char *url, const char *sql)
{
	const struct query q = { "t_server", sql, NULL };
	struct err e;
	struct db *db = db_open(url, &e);

	if (!db || db_exec(db, &q, NO_ARGS, NULL, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	db_free(db);
}

static inline int run_on(struct fixture *f, struct CMUnitTest *tests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tests[i].initial_state = f;
	/* The function behind the macro: the macro wants to see the array. */
	return _cmocka_run_group_tests(f->engine == DB_SQLITE ? "SQLite" : "PostgreSQL", tests, n, NULL, NULL);
}

static inline int run_on_postgresql(const char *url, struct CMUnitTest *tests, size_t n)
{
	struct fixture f = { .engine = DB_POSTGRESQL };
	char sql[80];
	int failed;

	snprintf(f.url, sizeof(f.url), "%s%cdbname=placet_%d", url, strchr(url, '?') ? '&' : '?', (int)getpid());
	snprintf(sql, sizeof(sql), "CREATE DATABASE placet_%d", (int)getpid());
	on_server(url, sql);
	failed = run_on(&f, tests, n);
	snprintf(sql, sizeof(sql), "DROP DATABASE placet_%d WITH (FORCE)", (int)getpid());
	on_server(url, sql);
	return failed;
}

/* Returns what main returns. */
static inline int run_on_engines(struct CMUnitTest *tests, size_t n)
{
	const char *ci = getenv("CI"), *url = getenv("PLACET_TEST_POSTGRESQL");
	struct fixture f = { .engine = DB_SQLITE };
	int failed = run_on(&f, tests, n);

	if (url && *url) {
		failed += run_on_postgresql(url, tests, n);
	} else if (ci && strcmp(ci, "true") == 0) {
		fprintf(stderr, "PLACET_TEST_POSTGRESQL is not set: run this under test/tools/postgres.py\n");
		failed++;
	}
	return failed != 0;
}

#endif
