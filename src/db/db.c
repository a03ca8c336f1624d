/*
 * The face of both engines: finds the engine of a URL, keeps the state of the
 * transaction, and refuses what the two would treat differently: a statement
 * after a failed one in the same transaction (PostgreSQL ignores it, SQLite
 * would carry on), and text that is not UTF-8 or holds a NUL.
 */
#include "base/utf8.h"
#include "db/db_engine.h"

#define FAILED    (-1) /* fail_after, once a step has failed */
#define MAX_VALUE (256 * 1024 * 1024)

struct dbval db_text(const char *s)
{
	if (!s)
		return db_null();
	return (struct dbval){ .type = DBVAL_TEXT, .p = s, .n = strlen(s) };
}

struct dbval db_slice(struct slice s)
{
	if (!s.p)
		return db_null();
	return (struct dbval){ .type = DBVAL_TEXT, .p = s.p, .n = s.n };
}

const char *query_text(const struct db *db, const struct query *q)
{
	return q->pg && db->driver->engine == DB_POSTGRESQL ? q->pg : q->sql;
}

struct db *db_open(const char *url, struct err *e)
{
	if (strncmp(url, "sqlite:", 7) == 0 && url[7])
		return sqlite_open(url + 7, e);
	if (strncmp(url, "postgresql://", 13) == 0 || strncmp(url, "postgres://", 11) == 0)
		return postgresql_open(url, e);
	err_set(e, ERR_INPUT, "database: the URL must be sqlite:PATH or postgresql://HOST/NAME");
	return NULL;
}

void db_free(struct db *db)
{
	if (!db)
		return;
	db_rollback(db);
	db->driver->free(db);
}

int db_set_wait(struct db *db, int ms)
{
	int before = db->wait_ms;

	db->wait_ms = ms;
	return before;
}

void db_keep_little(struct db *db)
{
	db->driver->keep_little(db);
}

void db_set_idle_limit(struct db *db, int ms)
{
	db->idle_ms = ms;
}

enum db_engine db_engine_of(const struct db *db)
{
	return db->driver->engine;
}

const char *db_path(const struct db *db)
{
	return db->path;
}

void db_fail_at(struct db *db, int n)
{
	db->fail_after = n;
}

/* Counts down to the failure that a test has asked for. */
static int step(struct db *db, struct err *e)
{
	if (db->fail_after <= 0 || --db->fail_after > 0)
		return 0;
	db->fail_after = FAILED;
	return err_set(e, ERR_AGAIN, "database: a failure was asked for by db_fail_at");
}

static int fail(struct db *db)
{
	db->failed = db->in_tx;
	return -1;
}

/* --- transactions --- */

static int begin(struct db *db, bool write, struct err *e)
{
	MUST(!db->in_tx && !db->in_batch);
	if (db->fail_after == FAILED)
		db->fail_after = 1;
	if (step(db, e) < 0 || db->driver->ready(db, e) < 0 || db->driver->begin(db, write, e) < 0)
		return err_in(e, "database: beginning a transaction");
	db->in_tx = true;
	db->failed = false;
	return 0;
}

int db_begin(struct db *db, struct err *e)
{
	return begin(db, true, e);
}

int db_begin_read(struct db *db, struct err *e)
{
	return begin(db, false, e);
}

int db_commit(struct db *db, struct err *e)
{
	int rc;

	MUST(db->in_tx && !db->in_batch);
	if (db->failed)
		rc = err_set(e, ERR_BROKEN,
			     "database: a statement of this transaction failed, so it cannot be committed");
	else
		rc = step(db, e) < 0 || db->driver->commit(db, e) < 0 ? err_in(e, "database: committing") : 0;
	if (rc < 0)
		db_rollback(db);
	db->in_tx = db->failed = false;
	return rc;
}

void db_rollback(struct db *db)
{
	struct err ignored;

	if (db->in_batch)
		(void)db->driver->batch_end(db, &ignored);
	if (db->copy && db->driver->copy_end)
		(void)db->driver->copy_end(db, false, &ignored);
	db->copy = NULL;
	if (db->in_tx)
		db->driver->rollback(db);
	db->in_batch = db->own_tx = db->in_tx = db->failed = false;
}

bool db_in_transaction(const struct db *db)
{
	return db->in_tx;
}

/* --- statements --- */

static int check_value(const struct dbval *v, struct err *e)
{
	if (v->n > MAX_VALUE)
		return err_set(e, ERR_INPUT, "%zu bytes are too many; %d can be stored", v->n, MAX_VALUE);
	if (v->type != DBVAL_TEXT)
		return 0;
	if (memchr(v->p, 0, v->n) || !utf8_valid(v->p, v->n))
		return err_set(e, ERR_INPUT, "the text is not UTF-8 or holds a NUL");
	return 0;
}

/* What must hold before any statement. */
static int check(struct db *db, const struct query *q, const struct dbval *v, size_t n, struct err *e)
{
	if (db->failed)
		return err_set(e, ERR_BROKEN, "query %s: an earlier statement of this transaction failed; roll it back",
			       q->name);
	if (n > DB_MAX_ARGS)
		return err_set(e, ERR_BROKEN, "query %s: %zu values, but %d at most", q->name, n, DB_MAX_ARGS);
	for (size_t i = 0; i < n; i++)
		if (check_value(&v[i], e) < 0)
			return err_in(e, "query %s: $%zu", q->name, i + 1);
	if (step(db, e) < 0 || (!db->in_tx && db->driver->ready(db, e) < 0))
		return err_in(e, "query %s", q->name);
	return 0;
}

int db_exec(struct db *db, const struct query *q, const struct dbval *v, size_t n, int64_t *changed, struct err *e)
{
	MUST(!db->in_batch || !changed);
	if (check(db, q, v, n, e) < 0)
		return fail(db);
	if (db->driver->exec(db, q, v, n, changed, e) < 0) {
		err_in(e, "query %s", q->name);
		return fail(db);
	}
	return 0;
}

int db_query(struct db *db, const struct query *q, const struct dbval *v, size_t n, struct rows *out, struct err *e)
{
	MUST(!db->in_batch);
	*out = (struct rows){ .db = db, .query = q };
	if (check(db, q, v, n, e) < 0)
		return fail(db);
	if (db->driver->query(db, q, v, n, out, e) < 0) {
		err_in(e, "query %s", q->name);
		return fail(db);
	}
	return 0;
}

int rows_next(struct rows *r, struct err *e)
{
	int rc;

	MUST(r->cursor);
	rc = step(r->db, e) < 0 ? -1 : r->db->driver->next(r, e);
	if (rc < 0) {
		err_in(e, "query %s", r->query->name);
		return fail(r->db);
	}
	return rc;
}

void rows_close(struct rows *r)
{
	if (r->cursor)
		r->db->driver->close(r);
	*r = (struct rows){ 0 };
}

int64_t rows_i64(struct rows *r, int column)
{
	return rows_is_null(r, column) ? 0 : r->db->driver->i64(r, column);
}

struct slice rows_bytes(struct rows *r, int column)
{
	if (rows_is_null(r, column))
		return (struct slice){ 0 };
	return r->db->driver->bytes(r, column);
}

const char *rows_text(struct rows *r, int column)
{
	return rows_bytes(r, column).p;
}

bool rows_is_null(struct rows *r, int column)
{
	return r->db->driver->is_null(r, column);
}

int db_get_i64(struct db *db, const struct query *q, const struct dbval *v, size_t n, int64_t *out, struct err *e)
{
	struct rows r;
	int rc;

	if (db_query(db, q, v, n, &r, e) < 0)
		return -1;
	if ((rc = rows_next(&r, e)) > 0)
		*out = rows_i64(&r, 0);
	rows_close(&r);
	return rc;
}

/* --- batches --- */

int db_batch_begin(struct db *db, struct err *e)
{
	bool own = !db->in_tx;

	MUST(!db->in_batch);
	if (own && db_begin(db, e) < 0)
		return -1;
	if (db->driver->batch_begin(db, e) < 0) {
		if (own)
			db_rollback(db);
		return err_in(e, "database: beginning a batch");
	}
	db->in_batch = true;
	db->own_tx = own;
	return 0;
}

int db_batch_end(struct db *db, struct err *e)
{
	bool own = db->own_tx;
	int rc;

	MUST(db->in_batch);
	rc = db->driver->batch_end(db, e);
	db->in_batch = db->own_tx = false;
	if (rc < 0)
		fail(db);
	else if (db->failed)
		rc = err_set(e, ERR_BROKEN, "database: a statement of this batch failed");
	if (!own)
		return rc;
	if (rc == 0)
		return db_commit(db, e);
	db_rollback(db);
	return rc;
}

/* --- copying --- */

int db_copy_begin(struct db *db, const struct query *q, struct err *e)
{
	MUST(db->in_tx && !db->in_batch && !db->copy);
	if (check(db, q, NULL, 0, e) < 0)
		return fail(db);
	if (db->driver->copy_begin && db->driver->copy_begin(db, q, e) < 0) {
		err_in(e, "query %s", q->name);
		return fail(db);
	}
	db->copy = q;
	return 0;
}

int db_copy_row(struct db *db, const struct dbval *v, size_t n, struct err *e)
{
	const struct query *q = db->copy;
	int rc;

	MUST(q);
	if (check(db, q, v, n, e) < 0)
		return fail(db);
	rc = db->driver->copy_row ? db->driver->copy_row(db, v, n, e) : db->driver->exec(db, q, v, n, NULL, e);
	if (rc == 0)
		return 0;
	err_in(e, "query %s", q->name);
	return fail(db);
}

int db_copy_end(struct db *db, struct err *e)
{
	const struct query *q = db->copy;

	MUST(q);
	db->copy = NULL;
	if (!db->driver->copy_end || db->driver->copy_end(db, true, e) == 0)
		return 0;
	err_in(e, "query %s", q->name);
	return fail(db);
}

/* --- backups --- */

int db_backup(struct db *db, const char *dir, struct err *e)
{
	MUST(!db->in_tx);
	return db->driver->ready(db, e) < 0 || db->driver->backup(db, dir, e) < 0 ? err_in(e, "backup") : 0;
}

int db_restore(struct db *db, const char *dir, struct err *e)
{
	MUST(!db->in_tx);
	return db->driver->ready(db, e) < 0 || db->driver->restore(db, dir, e) < 0 ? err_in(e, "restore") : 0;
}

/* --- for tests, and the checkpoint --- */

int db_try_prepare(struct db *db, const struct query *q, struct err *e)
{
	if ((!db->in_tx && db->driver->ready(db, e) < 0) || db->driver->try_prepare(db, q, e) < 0)
		return err_in(e, "query %s", q->name);
	return 0;
}

int db_checkpoint(struct db *db, int64_t min_bytes, struct err *e)
{
	if (db->in_tx)
		return 0;
	return db->driver->checkpoint(db, min_bytes, e);
}
