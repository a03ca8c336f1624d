/*
 * Private to db/: what an engine has to offer. db.c keeps the rules that are
 * the same on both (transactions do not nest, a failed one can only be rolled
 * back, text is UTF-8); the engines only carry out.
 */
#ifndef PLACET_DB_ENGINE_H
#define PLACET_DB_ENGINE_H

#include "db/db.h"

#define DB_WAIT_MS  30000 /* the longest wait for a lock */
#define DB_MAX_ARGS 64    /* values of one statement */

struct db_driver {
	enum db_engine engine;
	void (*free)(struct db *db);
	/* Before a statement outside of a transaction, and before a transaction: re-opens what was lost, and lets
	   the server know of another wait_ms. */
	int (*ready)(struct db *db, struct err *e);
	int (*begin)(struct db *db, bool write, struct err *e);
	int (*commit)(struct db *db, struct err *e); /* after a failure the caller rolls back */
	void (*rollback)(struct db *db);

	int (*exec)(struct db *db, const struct query *q, const struct dbval *v, size_t n, int64_t *changed,
		    struct err *e);
	/* Sets out->cursor only when it succeeds. */
	int (*query)(struct db *db, const struct query *q, const struct dbval *v, size_t n, struct rows *out,
		     struct err *e);
	int (*next)(struct rows *r, struct err *e);
	void (*close)(struct rows *r);
	bool (*is_null)(struct rows *r, int column);
	int64_t (*i64)(struct rows *r, int column);
	struct slice (*bytes)(struct rows *r, int column); /* not NULL; of text too: a NUL stands behind it */

	int (*batch_begin)(struct db *db, struct err *e);
	int (*batch_end)(struct db *db, struct err *e); /* leaves the batch whatever it returns */

	/* One INSERT for each row where the engine has nothing better. */
	int (*copy_begin)(struct db *db, const struct query *q, struct err *e);
	int (*copy_row)(struct db *db, const struct dbval *v, size_t n, struct err *e);
	int (*copy_end)(struct db *db, bool keep, struct err *e); /* leaves it whatever it returns */

	int (*backup)(struct db *db, const char *dir, struct err *e);
	int (*restore)(struct db *db, const char *dir, struct err *e);

	int (*script)(struct db *db, const char *sql, struct err *e); /* several statements, no values */
	int (*lock_schema)(struct db *db, struct err *e);             /* in a transaction, until its end */
	int (*try_prepare)(struct db *db, const struct query *q, struct err *e);
	int (*checkpoint)(struct db *db, int64_t min_bytes, struct err *e);
	void (*keep_little)(struct db *db);
};

/* What every engine's connection begins with. */
struct db {
	const struct db_driver *driver;
	char *path;     /* SQLite's file, or NULL */
	bool in_tx;     /* a transaction is open */
	bool failed;    /* ... and a statement of it has failed */
	bool in_batch;  /* between db_batch_begin and db_batch_end */
	bool own_tx;    /* ... which opened the transaction itself */
	int wait_ms;    /* db_set_wait; 0: DB_WAIT_MS */
	int idle_ms;    /* db_set_idle_limit; 0: none */
	const struct query *copy; /* between db_copy_begin and db_copy_end */
	int fail_after; /* db_fail_at: steps until one fails; 0: none does; FAILED: one did */
};

struct db *sqlite_open(const char *path, struct err *e) MUST_USE;
struct db *postgresql_open(const char *url, struct err *e) MUST_USE;

/* The text of a statement for this engine. */
const char *query_text(const struct db *db, const struct query *q);
/* Runs a migration: words such as {ID} become the engine's. */
int db_script(struct db *db, const char *sql, struct err *e) MUST_USE;

#endif
