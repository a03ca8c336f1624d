/*
 * db: the schema's migrations, and what is particular to an engine: SQLite's
 * checkpoints, file and writers, PostgreSQL's lost connections, bad URLs.
 */
#include <sys/wait.h>

#include "db_fixture.h"

/* --- the schema --- */

static const struct query VERSIONS = { "t_versions", "SELECT count(*) FROM schema_version", NULL };
static const struct query FUTURE = { "t_future", "INSERT INTO schema_version (version, name) VALUES (9999, 'later')",
				     NULL };

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
	DIR *dir = opendir("sql"); /* tests run in the project's root */
	struct dirent *d;
	int n = 0;

	(void)state;
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

static const struct query BIG = { "t_big",
				  "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000)"
				  " INSERT INTO x (b) SELECT randomblob(1000) FROM c",
				  "SELECT 1" };

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

static const struct query TOUCH = { "t_touch", "UPDATE x SET n = 1 WHERE id = $1", NULL };

static void kill_connection(struct fixture *f)
{
	static const struct query KILL_OTHERS = { "t_kill", "SELECT 1",
						  "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
						  " WHERE pid <> pg_backend_pid() AND datname = current_database()" };
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

/* Updates row `first`, tells the other process, waits for it, and updates row `second`. */
static int cross(struct fixture *f, struct db *db, int64_t first, int64_t second, int tell, int wait_for)
{
	char c = 0;
	int rc;

	if (db_begin(db, &f->e) < 0 || db_exec(db, &TOUCH, ARGS(db_i64(first)), NULL, &f->e) < 0)
		return -1;
	if (write(tell, &c, 1) != 1 || read(wait_for, &c, 1) != 1)
		return err_set(&f->e, ERR_BROKEN, "the other process is gone");
	rc = db_exec(db, &TOUCH, ARGS(db_i64(second)), NULL, &f->e);
	return rc < 0 ? rc : db_commit(db, &f->e);
}

static void a_deadlock_says_again(void **state)
{
	struct fixture *f = *state;
	int there[2], back[2], status, rc;
	pid_t pid;

	if (f->engine != DB_POSTGRESQL)
		return;
	put(f, 1);
	put(f, 2);
	assert_int_equal(pipe(there) + pipe(back), 0);
	pid = fork();
	if (pid == 0) {
		struct db *db = db_open(f->url, &f->e);

		rc = db ? cross(f, db, 2, 1, there[1], back[0]) : -1;
		_exit(rc == 0 ? 0 : (int)f->e.kind);
	}
	rc = cross(f, f->db, 1, 2, back[1], there[0]);
	db_rollback(f->db);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* One got through, the other was told to try again. */
	assert_int_equal(WEXITSTATUS(status), rc == 0 ? ERR_AGAIN : 0);
	if (rc < 0)
		assert_int_equal(f->e.kind, ERR_AGAIN);
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
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

int main(void)
{
	struct CMUnitTest tests[] = {
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
		EACH_ENGINE(a_deadlock_says_again),
		{ "every_file_is_listed", every_file_is_listed, NULL, NULL, NULL },
		{ "bad_urls_are_refused", bad_urls_are_refused, NULL, NULL, NULL },
	};

	return run_on_engines(tests, COUNT(tests));
}
