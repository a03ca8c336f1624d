/*
 * One interface to two engines: SQLite (sqlite:PATH) and PostgreSQL
 * (postgresql://...). Statements are constants with $1, $2, ...; each is
 * prepared once per connection. Knows no tables.
 *
 * Portable subset: ON CONFLICT, RETURNING, CTEs; 64-bit integers, text, bytes.
 * A statement may carry a second text for PostgreSQL. Text is UTF-8 without
 * NUL: all else is ERR_INPUT on both engines.
 *
 * A transaction in which a statement failed can only be rolled back, on both
 * engines: every later statement in it, and db_commit, fail.
 *
 * SQLite connections never checkpoint by themselves: db_checkpoint() does, in
 * one process at a time, while it holds the write lock (see wal.c).
 */
#ifndef PLACET_DB_H
#define PLACET_DB_H

#include "base/arena.h"
#include "base/err.h"

struct db;

enum db_engine { DB_SQLITE, DB_POSTGRESQL };

/* A statement: a name of its own in the whole program, and its text. */
struct query {
	const char *name;
	const char *sql; /* for both engines, or for SQLite where pg is given */
	const char *pg;
};

/* A value bound to $n; made by the functions below. Text and bytes are not copied: they must live
   until the call returns (in a batch on PostgreSQL too: libpq copies them). */
struct dbval {
	enum { DBVAL_NULL, DBVAL_I64, DBVAL_TEXT, DBVAL_BYTES } type;
	int64_t i;
	const char *p;
	size_t n;
};

static inline struct dbval db_null(void)
{
	return (struct dbval){ .type = DBVAL_NULL };
}

static inline struct dbval db_i64(int64_t i)
{
	return (struct dbval){ .type = DBVAL_I64, .i = i };
}

static inline struct dbval db_bytes(const void *p, size_t n)
{
	return (struct dbval){ .type = p ? DBVAL_BYTES : DBVAL_NULL, .p = p, .n = n };
}

struct dbval db_text(const char *s); /* NULL binds SQL NULL */
struct dbval db_slice(struct slice s);

/* ARGS(db_i64(7), db_text("x")): the bound values of a call, in the order $1, $2, ... */
#define ARGS(...) ((const struct dbval[]){ __VA_ARGS__ }), (sizeof((const struct dbval[]){ __VA_ARGS__ }) / sizeof(struct dbval))
#define NO_ARGS NULL, 0

/* A result being read. */
struct rows {
	struct db *db;
	void *cursor; /* the engine's */
	const struct query *query;
};

/* Opens a database by its URL: "sqlite:/path/file.db" or "postgresql://...". The SQLite file is made
   if absent. Waits up to 30 s for locks. ERR_AGAIN when the server cannot be reached. A connection
   belongs to one process: a child of fork opens its own. */
struct db *db_open(const char *url, struct err *e) MUST_USE;
void db_free(struct db *db);
/* How long locks are waited for from now on; 0: 30 s, as at the start. For a role that must not stand still. Returns what
   it was before. */
int db_set_wait(struct db *db, int ms);
/* For a process that is to stay small: on SQLite this connection keeps 4 MiB of the database in memory, and not 16. */
void db_keep_little(struct db *db);
/* PostgreSQL: a transaction in which nothing comes for so long is ended by the server, with its locks: for a process whose
   host may vanish in the middle of one. From the next db_begin on. 0, as at the start: never. */
void db_set_idle_limit(struct db *db, int ms);
enum db_engine db_engine_of(const struct db *db);
/* The path of an SQLite file, NULL on PostgreSQL. */
const char *db_path(const struct db *db);

/* Transactions. db_begin takes the write lock at once (BEGIN IMMEDIATE); db_begin_read cannot write.
   They do not nest. db_rollback never fails and is fine outside of a transaction; it ends a batch too.
   After a db_commit that failed the transaction is over and nothing of it stays; only when the
   connection was lost in that moment (ERR_AGAIN on PostgreSQL) it may have been committed. On
   PostgreSQL a lost connection is reported as ERR_AGAIN by the next call, and reopened by the next
   db_begin, or the next statement outside of a transaction. A read transaction sees one state of the
   database throughout. */
int db_begin(struct db *db, struct err *e) MUST_USE;
int db_begin_read(struct db *db, struct err *e) MUST_USE;
int db_commit(struct db *db, struct err *e) MUST_USE;
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/* Runs a statement without result. `changed`, if not NULL, gets the number of rows. A unique or
   foreign key violation is ERR_REFUSED; busy or unreachable ERR_AGAIN; all else ERR_BROKEN. */
int db_exec(struct db *db, const struct query *q, const struct dbval *v, size_t n, int64_t *changed,
	    struct err *e) MUST_USE;
/* Runs a statement whose rows are then read with rows_next: 1 a row, 0 the end, -1 an error.
   rows_close is needed in every case and is fine on a zeroed struct. Close rows before the transaction
   ends. Statements may run while rows are open, the same one too. PostgreSQL fetches the result as a
   whole, unless the query's name begins with "each_": then some rows at a time, so that results of a
   million rows need little memory ("each_" is for SELECT only). On SQLite there is no difference. */
int db_query(struct db *db, const struct query *q, const struct dbval *v, size_t n, struct rows *out,
	     struct err *e) MUST_USE;
int rows_next(struct rows *r, struct err *e) MUST_USE;
void rows_close(struct rows *r);
int64_t rows_i64(struct rows *r, int column); /* NULL reads as 0 */
const char *rows_text(struct rows *r, int column); /* valid until rows_next; NULL when SQL NULL */
struct slice rows_bytes(struct rows *r, int column); /* likewise; p is NULL when SQL NULL */
bool rows_is_null(struct rows *r, int column);

/* The first column of the first row as a number. Returns 1, 0 when there is no row (out untouched), -1. */
int db_get_i64(struct db *db, const struct query *q, const struct dbval *v, size_t n, int64_t *out,
	       struct err *e) MUST_USE;

/* Many statements without result, sent without waiting for each (PostgreSQL's pipeline; on SQLite no
   difference). Between the two calls only db_exec with changed == NULL; errors may come at the end.
   Outside of a transaction the batch is one of its own, committed by db_batch_end. Every db_batch_begin
   that succeeded needs db_batch_end or db_rollback, also after an error. */
int db_batch_begin(struct db *db, struct err *e) MUST_USE;
int db_batch_end(struct db *db, struct err *e) MUST_USE;

/* Many rows into one table, by a statement written with COPY(): PostgreSQL's COPY, an INSERT for each row on
   SQLite. Inside of a transaction; between begin and end only db_copy_row. After an error db_rollback ends
   the copy too. */
int db_copy_begin(struct db *db, const struct query *q, struct err *e) MUST_USE;
int db_copy_row(struct db *db, const struct dbval *v, size_t n, struct err *e) MUST_USE;
int db_copy_end(struct db *db, struct err *e) MUST_USE;

/* All data of one moment into the folder `dir`, which is there and empty; writers do not wait. */
int db_backup(struct db *db, const char *dir, struct err *e) MUST_USE;
/* Puts what db_backup wrote in the place of all data, in one transaction. Made by the same engine; on PostgreSQL
   also by the same schema (on SQLite db_migrate brings an older one up afterwards). */
int db_restore(struct db *db, const char *dir, struct err *e) MUST_USE;

/* Brings the schema to the newest migration; a database of a newer program is ERR_REFUSED. The
   migrations are those of sql/, embedded in the program. */
int db_migrate(struct db *db, struct err *e) MUST_USE;
/* The number of the newest migration that this program has, and that the database has. */
int db_schema_newest(void);
int db_schema_of(struct db *db, int64_t *out, struct err *e) MUST_USE; /* 0: none yet */
/* Prepares a statement and throws it away: for the test that prepares all of them. */
int db_try_prepare(struct db *db, const struct query *q, struct err *e) MUST_USE;

/* SQLite: copies the log into the database file if it has grown past `min_bytes` and no other process
   is at it. Does nothing on PostgreSQL or inside a transaction. Cheap when nothing is due (one stat).
   Commits wait while it copies. The log keeps 1 MiB when it starts anew, so ask for more than that. */
int db_checkpoint(struct db *db, int64_t min_bytes, struct err *e) MUST_USE;

/* For tests: makes the n-th step from now (a begin, statement, row or commit) fail with ERR_AGAIN, before anything was
   done, and each begin after it, so that trying again does not help. 0 takes it back. */
void db_fail_at(struct db *db, int n);

#endif
