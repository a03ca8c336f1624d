/*
 * SQLite, behind the table of functions of db_engine.h. Each statement is
 * prepared once per connection and found again by the address of its struct
 * query; while its rows are open, a second use of it gets an instance of its
 * own. $1 is a parameter's name to SQLite, which numbers them by first
 * appearance, so values are bound by way of the names.
 */
#include "base/clock.h"
#include "base/codec.h"
#include "db/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#define BUCKETS        256
#define KEEP_LOG_BYTES "1048576" /* the log shrinks to this when it starts anew: overwriting is faster than growing */

struct stmt {
	const struct query *query;
	sqlite3_stmt *s;
	struct stmt *next;
	bool busy;
	bool first;                /* a row was fetched by db_query already */
	bool at_end;               /* ... or the end was reached */
	int count;                 /* parameters of SQLite */
	int value_of[DB_MAX_ARGS]; /* parameter i + 1 takes v[value_of[i]] */
};

struct sqlite {
	struct db db;
	sqlite3 *s;
	struct lock_wait wait;
	bool read_only; /* query_only is on for this transaction */
	struct wal wal;
	struct stmt *cache[BUCKETS];
};

static struct sqlite *of(struct db *db)
{
	return (struct sqlite *)db;
}

int sqlite_err(sqlite3 *s, struct err *e)
{
	int code = sqlite3_extended_errcode(s);
	const char *why = sqlite3_errmsg(s);

	switch (code) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return err_set(e, ERR_REFUSED, "%s", why);
	}
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
		return err_set(e, ERR_AGAIN, "%s; try again later", why);
	default:
		return err_set(e, ERR_BROKEN, "%s (SQLite code %d)", why, code);
	}
}

/* --- the connection --- */

/*
 * Called while a lock is held by another: sleeps 1 to 10 ms. Short sleeps of uneven length give
 * everybody a chance; SQLite's own handler sleeps 100 ms in the end, and starves under load.
 */
static int wait_for_lock(void *arg, int count)
{
	struct lock_wait *w = arg;
	int most = w->ms && *w->ms ? *w->ms : DB_WAIT_MS;
	int64_t now = clock_ticks();
	long ms = 1 + (count < 10 ? 0 : (now / 7 + getpid()) % 10);

	if (count == 0)
		w->since = now;
	if (now - w->since > most * INT64_C(1000))
		return 0;
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
	return 1;
}

/* Makes the file readable by its owner only. Opening it exclusively is safe: a file that exists, which
   SQLite may have locks on that closing a descriptor would drop, is never opened. */
static int make_private(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		return close(fd);
	if (errno == EEXIST)
		return 0;
	return err_sys(e, ERR_INPUT, errno, "cannot make the database file %s", path);
}

static int try_wal(sqlite3 *s)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s, "PRAGMA journal_mode = WAL", -1, &st, NULL);
	bool wal = rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW &&
		   strcmp((const char *)sqlite3_column_text(st, 0), "wal") == 0;
	int end = sqlite3_finalize(st);

	return rc != SQLITE_OK ? rc : end != SQLITE_OK ? end : wal ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* Switching to WAL needs the file alone for a moment and does not wait by itself. */
static int enter_wal(sqlite3 *s, struct err *e)
{
	for (int tries = 0; tries < DB_WAIT_MS / 5; tries++) {
		int rc = try_wal(s);

		if (rc == SQLITE_OK)
			return 0;
		if (rc == SQLITE_CANTOPEN)
			return err_set(e, ERR_INPUT,
				       "this file system does not allow a write-ahead log; use a local one");
		if ((rc & 0xff) != SQLITE_BUSY)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	return sqlite_err(s, e);
}

static int configure(sqlite3 *s, struct err *e)
{
	static const struct {
		int what, on;
	} SETTINGS[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },   { SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },     { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 }, { SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 }, /* see wal.c */
	};
	/* No temporary files: a confined process could not make them. */
	static const char PRAGMAS[] = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0;"
				      "PRAGMA journal_size_limit = " KEEP_LOG_BYTES
				      "; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384";

	sqlite3_extended_result_codes(s, 1);
	for (size_t i = 0; i < COUNT(SETTINGS); i++)
		if (sqlite3_db_config(s, SETTINGS[i].what, SETTINGS[i].on, NULL) != SQLITE_OK)
			return sqlite_err(s, e);
	if (enter_wal(s, e) < 0)
		return -1;
	return sqlite3_exec(s, PRAGMAS, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_err(s, e);
}

/* Nobody reads SQLite's account of its memory, and it takes a lock for each piece. */
static void set_up_library(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

sqlite3 *sqlite_connect(const char *path, struct lock_wait *wait, struct err *e)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	static pthread_once_t set_up = PTHREAD_ONCE_INIT;
	sqlite3 *s = NULL;
	int rc;

	if (make_private(path, e) < 0)
		return NULL;
	pthread_once(&set_up, set_up_library);
	rc = sqlite3_open_v2(path, &s, flags, NULL);
	MUST(s); /* NULL only when out of memory */
	sqlite3_busy_handler(s, wait_for_lock, wait);
	if ((rc != SQLITE_OK ? sqlite_err(s, e) : configure(s, e)) < 0) {
		err_in(e, "database %s", path);
		sqlite3_close(s);
		return NULL;
	}
	return s;
}

/* --- statements --- */

static struct stmt **bucket_of(struct sqlite *l, const struct query *q)
{
	return &l->cache[((uintptr_t)q / sizeof(void *) * 0x9E3779B1u >> 8) % BUCKETS];
}

/* Notes which value each parameter takes, by its name: $1 takes the first. */
static int map_parameters(struct stmt *st, const struct query *q, struct err *e)
{
	st->count = sqlite3_bind_parameter_count(st->s);
	if (st->count > DB_MAX_ARGS)
		return err_set(e, ERR_BROKEN, "%s has too many parameters", q->name);
	for (int i = 0; i < st->count; i++) {
		const char *name = sqlite3_bind_parameter_name(st->s, i + 1);
		int64_t number;

		if (!name || name[0] != '$' || parse_i64(name + 1, 1, DB_MAX_ARGS, &number) < 0)
			return err_set(e, ERR_BROKEN, "its parameters must be $1 to $%d", DB_MAX_ARGS);
		st->value_of[i] = (int)number - 1;
	}
	return 0;
}

static struct stmt *prepare(struct sqlite *l, const struct query *q, unsigned flags, struct err *e)
{
	struct stmt *st = mem_alloc(sizeof(*st));
	const char *rest;

	*st = (struct stmt){ .query = q };
	if (sqlite3_prepare_v3(l->s, q->sql, -1, flags, &st->s, &rest) != SQLITE_OK)
		sqlite_err(l->s, e);
	else if (!st->s || *rest)
		err_set(e, ERR_BROKEN, "it must be exactly one statement");
	else if (map_parameters(st, q, e) == 0)
		return st;
	sqlite3_finalize(st->s);
	free(st);
	return NULL;
}

/* An instance of the statement that nobody is reading from. */
static struct stmt *idle(struct sqlite *l, const struct query *q, struct err *e)
{
	struct stmt **bucket = bucket_of(l, q), *st;

	for (st = *bucket; st; st = st->next)
		if (st->query == q && !st->busy)
			return st;
	if (!(st = prepare(l, q, SQLITE_PREPARE_PERSISTENT, e)))
		return NULL;
	st->next = *bucket;
	*bucket = st;
	return st;
}

static int bind_one(sqlite3_stmt *s, int i, const struct dbval *v, sqlite3_destructor_type keep)
{
	switch (v->type) {
	case DBVAL_NULL:
		return sqlite3_bind_null(s, i);
	case DBVAL_I64:
		return sqlite3_bind_int64(s, i, v->i);
	case DBVAL_TEXT:
		return sqlite3_bind_text64(s, i, v->p, v->n, keep, SQLITE_UTF8);
	case DBVAL_BYTES:
		return sqlite3_bind_blob64(s, i, v->p, v->n, keep);
	}
	BUG("a value of no type");
}

/* `keep`: SQLITE_STATIC when the values outlive the statement's run, SQLITE_TRANSIENT when not. */
static int bind(struct sqlite *l, struct stmt *st, const struct dbval *v, size_t n, sqlite3_destructor_type keep,
		struct err *e)
{
	size_t highest = 0;

	for (int i = 0; i < st->count; i++) {
		size_t k = (size_t)st->value_of[i];

		if (k >= highest)
			highest = k + 1;
		if (k < n && bind_one(st->s, i + 1, &v[k], keep) != SQLITE_OK)
			return sqlite_err(l->s, e);
	}
	/* The text for PostgreSQL may use more of them. */
	if (highest > n || (highest < n && !st->query->pg))
		return err_set(e, ERR_BROKEN, "it takes %zu values, but was given %zu", highest, n);
	return 0;
}

static void release(struct stmt *st)
{
	sqlite3_reset(st->s);
	sqlite3_clear_bindings(st->s);
	st->busy = st->first = st->at_end = false;
}

static int run_exec(struct db *db, const struct query *q, const struct dbval *v, size_t n, int64_t *changed,
		    struct err *e)
{
	struct sqlite *l = of(db);
	struct stmt *st = idle(l, q, e);
	int rc;

	if (!st)
		return -1;
	if (bind(l, st, v, n, SQLITE_STATIC, e) < 0) {
		release(st);
		return -1;
	}
	while ((rc = sqlite3_step(st->s)) == SQLITE_ROW)
		;
	if (rc == SQLITE_DONE && changed)
		*changed = sqlite3_stmt_readonly(st->s) ? 0 : sqlite3_changes64(l->s);
	if (rc != SQLITE_DONE)
		sqlite_err(l->s, e);
	release(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int step(struct sqlite *l, struct stmt *st, struct err *e)
{
	switch (sqlite3_step(st->s)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		st->at_end = true;
		return 0;
	default:
		st->at_end = true;
		return sqlite_err(l->s, e);
	}
}

/* Takes the first step at once, so that errors and changes (RETURNING) happen when they do on PostgreSQL. */
static int run_query(struct db *db, const struct query *q, const struct dbval *v, size_t n, struct rows *out,
		     struct err *e)
{
	struct sqlite *l = of(db);
	struct stmt *st = idle(l, q, e);

	if (!st)
		return -1;
	if (bind(l, st, v, n, SQLITE_TRANSIENT, e) < 0 || step(l, st, e) < 0) {
		release(st);
		return -1;
	}
	st->busy = true;
	st->first = !st->at_end;
	out->cursor = st;
	return 0;
}

static int next(struct rows *r, struct err *e)
{
	struct stmt *st = r->cursor;

	if (st->at_end)
		return 0; /* another step would run the statement anew */
	if (st->first) {
		st->first = false;
		return 1;
	}
	return step(of(r->db), st, e);
}

static void close_rows(struct rows *r)
{
	release(r->cursor);
}

static sqlite3_stmt *at(struct rows *r)
{
	return ((struct stmt *)r->cursor)->s;
}

static bool is_null(struct rows *r, int column)
{
	return sqlite3_column_type(at(r), column) == SQLITE_NULL;
}

static int64_t i64(struct rows *r, int column)
{
	return sqlite3_column_int64(at(r), column);
}

static struct slice bytes(struct rows *r, int column)
{
	bool blob = sqlite3_column_type(at(r), column) == SQLITE_BLOB;
	const void *p = blob ? sqlite3_column_blob(at(r), column) : sqlite3_column_text(at(r), column);
	size_t n = (size_t)sqlite3_column_bytes(at(r), column);

	return (struct slice){ p ? p : "", n }; /* SQLite has no address for an empty blob */
}

static int try_prepare(struct db *db, const struct query *q, struct err *e)
{
	struct stmt *st = prepare(of(db), q, 0, e);

	if (!st)
		return -1;
	sqlite3_finalize(st->s);
	free(st);
	return 0;
}

/* --- transactions --- */

static int run(struct sqlite *l, const char *sql, struct err *e)
{
	return sqlite3_exec(l->s, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_err(l->s, e);
}

static int script(struct db *db, const char *sql, struct err *e)
{
	return run(of(db), sql, e);
}

static void end_read_only(struct sqlite *l)
{
	if (l->read_only)
		sqlite3_exec(l->s, "PRAGMA query_only = 0", NULL, NULL, NULL);
	l->read_only = false;
}

static int begin(struct db *db, bool write, struct err *e)
{
	struct sqlite *l = of(db);

	if (write)
		return run(l, "BEGIN IMMEDIATE", e);
	l->read_only = true;
	if (run(l, "PRAGMA query_only = 1; BEGIN", e) == 0)
		return 0;
	end_read_only(l);
	return -1;
}

static int commit(struct db *db, struct err *e)
{
	if (run(of(db), "COMMIT", e) < 0)
		return -1;
	end_read_only(of(db));
	return 0;
}

static void rollback(struct db *db)
{
	struct sqlite *l = of(db);

	/* A full disk, for one, has rolled back already. */
	if (!sqlite3_get_autocommit(l->s))
		sqlite3_exec(l->s, "ROLLBACK", NULL, NULL, NULL);
	end_read_only(l);
}

/* Nothing can be lost and re-opened, BEGIN IMMEDIATE has locked out the other writers of the schema,
   and statements of a batch run one by one. */
static int nothing(struct db *db, struct err *e)
{
	(void)db;
	(void)e;
	return 0;
}

#define BACKUP_FILE "placet.db"

static int with_file(struct db *db, const char *dir, int (*work)(sqlite3 *, const char *, struct err *), struct err *e)
{
	struct arena *a = arena_new();
	int rc = work(of(db)->s, arena_printf(a, "%s/" BACKUP_FILE, dir), e);

	arena_free(a);
	return rc;
}

static int backup(struct db *db, const char *dir, struct err *e)
{
	return with_file(db, dir, sqlite_backup, e);
}

static int restore(struct db *db, const char *dir, struct err *e)
{
	return with_file(db, dir, sqlite_restore, e);
}

static int checkpoint(struct db *db, int64_t min_bytes, struct err *e)
{
	struct sqlite *l = of(db);

	return wal_checkpoint(&l->wal, l->s, db->path, min_bytes, e);
}

static void keep_little(struct db *db)
{
	sqlite3_exec(of(db)->s, "PRAGMA cache_size = -4096", NULL, NULL, NULL);
}

static void free_sqlite(struct db *db)
{
	struct sqlite *l = of(db);

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct stmt *st = l->cache[i], *after; st; st = after) {
			after = st->next;
			sqlite3_finalize(st->s);
			free(st);
		}
	wal_clear(&l->wal);
	MUST(sqlite3_close(l->s) == SQLITE_OK);
	free(db->path);
	free(l);
}

struct db *sqlite_open(const char *path, struct err *e)
{
	static const struct db_driver DRIVER = {
		.engine = DB_SQLITE,
		.free = free_sqlite,
		.ready = nothing,
		.begin = begin,
		.commit = commit,
		.rollback = rollback,
		.exec = run_exec,
		.query = run_query,
		.next = next,
		.close = close_rows,
		.is_null = is_null,
		.i64 = i64,
		.bytes = bytes,
		.batch_begin = nothing,
		.batch_end = nothing,
		.backup = backup,
		.restore = restore,
		.script = script,
		.lock_schema = nothing,
		.try_prepare = try_prepare,
		.checkpoint = checkpoint,
		.keep_little = keep_little,
	};
	struct sqlite *l = mem_alloc(sizeof(*l));

	*l = (struct sqlite){ .db = { .driver = &DRIVER } };
	l->wait.ms = l->wal.wait.ms = &l->db.wait_ms;
	if (!(l->s = sqlite_connect(path, &l->wait, e))) {
		free(l);
		return NULL;
	}
	l->db.path = mem_copy_text(path);
	return &l->db;
}
