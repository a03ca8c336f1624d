/*
 * Private to db/: what postgresql.c (the connection and its transactions) and
 * postgresql_query.c (statements, batches, rows) share.
 */
#ifndef PLACET_DB_POSTGRESQL_H
#define PLACET_DB_POSTGRESQL_H

#include <libpq-fe.h>

#include "base/buf.h"
#include "db/db_engine.h"

/* Of a COPY: one row of the longest values, and what was gathered before it. */
#define PG_LINES_MAX (256 * 1024 * 1024)

struct prepared {
	const struct query *query;
	struct prepared *next;
};

struct postgresql {
	struct db db;
	char *url;
	PGconn *c;
	bool lost;
	int wait_ms, idle_ms;  /* that the server has been told */
	struct prepared *prepared[256];
	struct arena *scratch; /* of the statement being sent */
	struct buf lines;      /* of a COPY, not yet sent */
	int pending;           /* answers not read yet in a batch */
	unsigned cursors;      /* for their names */
	unsigned transactions; /* so far */
	unsigned connections;  /* likewise */
};

static inline struct postgresql *pg_of(struct db *db)
{
	return (struct postgresql *)db;
}

/* Fills `e` from the connection, and notes when it is lost; returns -1. */
int pg_fail_connection(struct postgresql *p, struct err *e);
/* Fills `e` from a result; returns -1. */
int pg_fail_result(struct postgresql *p, const PGresult *res, struct err *e);
/* Takes the result: NULL unless it is a success. */
PGresult *pg_good(struct postgresql *p, PGresult *res, struct err *e);

/* The statements of the table of functions. */
int pg_exec(struct db *db, const struct query *q, const struct dbval *v, size_t n, int64_t *changed, struct err *e);
int pg_query(struct db *db, const struct query *q, const struct dbval *v, size_t n, struct rows *out, struct err *e);
int pg_next(struct rows *r, struct err *e);
void pg_close(struct rows *r);
bool pg_is_null(struct rows *r, int column);
int64_t pg_i64(struct rows *r, int column);
struct slice pg_bytes(struct rows *r, int column);
int pg_batch_begin(struct db *db, struct err *e);
int pg_batch_end(struct db *db, struct err *e);
/* postgresql_copy.c */
int pg_copy_begin(struct db *db, const struct query *q, struct err *e);
int pg_copy_row(struct db *db, const struct dbval *v, size_t n, struct err *e);
int pg_copy_end(struct db *db, bool keep, struct err *e);
/* postgresql_backup.c */
int pg_backup(struct db *db, const char *dir, struct err *e);
int pg_restore(struct db *db, const char *dir, struct err *e);
int pg_try_prepare(struct db *db, const struct query *q, struct err *e);

#endif
