/*
 * PostgreSQL: all tables into files and back, one for each, by COPY within
 * one transaction. Which tables there are is asked of the server; they come in
 * the order in which they were made, in which each one's references are there
 * before it.
 */
#include "base/buf.h"

#include "db/postgresql.h"

#include <errno.h>
#include <stdio.h>

#define PIECE (64 * 1024)
#define SQL_MAX (16 * 1024)

static const char TABLES[] = "SELECT quote_ident(c.relname), c.relname FROM pg_class c JOIN pg_namespace n"
			     " ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = 'r' ORDER BY c.oid";
/* Statements that let each automatic number go on behind the last; the server quotes the names. */
static const char NUMBERS[] = "SELECT format('SELECT setval(%L, (SELECT COALESCE(max(%I), 0) + 1 FROM %I), false)',"
			      " pg_get_serial_sequence(quote_ident(c.relname), a.attname), a.attname, c.relname)"
			      " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n"
			      " ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = 'r'"
			      " AND a.attidentity <> '' AND NOT a.attisdropped";

static int run(struct postgresql *p, const char *sql, struct err *e)
{
	PGresult *res = pg_good(p, PQexec(p->c, sql), e);

	PQclear(res);
	return res ? 0 : -1;
}

static int file_failed(const char *path, FILE *f, struct err *e)
{
	int number = errno ? errno : EIO;

	if (f)
		fclose(f);
	return err_sys(e, ERR_AGAIN, number, "%s", path);
}

/* --- out --------------------------------------------------------------------------------------- */

static int receive(struct postgresql *p, FILE *f, struct err *e)
{
	PGresult *res;
	char *line;
	int n, rc = 0;

	while ((n = PQgetCopyData(p->c, &line, 0)) > 0) {
		if (rc == 0 && fwrite(line, (size_t)n, 1, f) != 1)
			rc = err_sys(e, ERR_AGAIN, errno, "writing");
		PQfreemem(line);
	}
	if (n == -2)
		return pg_fail_connection(p, e);
	while ((res = PQgetResult(p->c))) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK && rc == 0)
			rc = pg_fail_result(p, res, e);
		PQclear(res);
	}
	return rc;
}

static int copy_out(struct postgresql *p, const char *quoted, const char *path, struct err *e)
{
	FILE *f = fopen(path, "wbxe");
	PGresult *res;
	struct buf sql;
	int rc;

	if (!f)
		return file_failed(path, NULL, e);
	buf_init(&sql, SQL_MAX);
	buf_addf(&sql, "COPY %s TO STDOUT", quoted);
	res = PQexec(p->c, buf_text(&sql));
	rc = PQresultStatus(res) == PGRES_COPY_OUT ? 0 : pg_fail_result(p, res, e);
	PQclear(res);
	buf_free(&sql);
	if (rc == 0)
		rc = receive(p, f, e);
	if (rc < 0) {
		fclose(f);
		return err_in(e, "%s", path);
	}
	if (fflush(f) != 0 || fsync(fileno(f)) != 0)
		return file_failed(path, f, e);
	fclose(f);
	return 0;
}

int pg_backup(struct db *db, const char *dir, struct err *e)
{
	struct postgresql *p = pg_of(db);
	struct arena *a = arena_new();
	PGresult *tables = NULL;
	int rc = db_begin_read(db, e);

	if (rc == 0 && !(tables = pg_good(p, PQexec(p->c, TABLES), e)))
		rc = -1;
	for (int i = 0; rc == 0 && i < PQntuples(tables); i++)
		rc = copy_out(p, PQgetvalue(tables, i, 0), arena_printf(a, "%s/%s.copy", dir, PQgetvalue(tables, i, 1)), e);
	PQclear(tables);
	db_rollback(db);
	arena_free(a);
	return rc;
}

/* --- in ---------------------------------------------------------------------------------------- */

static int empty_all(struct postgresql *p, PGresult *tables, struct err *e)
{
	struct buf sql;
	int rc;

	buf_init(&sql, SQL_MAX);
	buf_adds(&sql, "TRUNCATE ");
	for (int i = 0; i < PQntuples(tables); i++)
		buf_addf(&sql, "%s%s", i ? ", " : "", PQgetvalue(tables, i, 0));
	MUST(!sql.over);
	rc = run(p, buf_text(&sql), e);
	buf_free(&sql);
	return rc;
}

static int send_file(struct postgresql *p, FILE *f, const char *path, struct err *e)
{
	char piece[PIECE];
	PGresult *res;
	size_t n;
	int rc = 0;

	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		if (PQputCopyData(p->c, piece, (int)n) != 1)
			return pg_fail_connection(p, e);
	if (PQputCopyEnd(p->c, ferror(f) ? "the file cannot be read" : NULL) != 1)
		return pg_fail_connection(p, e);
	while ((res = PQgetResult(p->c))) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK && rc == 0)
			rc = pg_fail_result(p, res, e);
		PQclear(res);
	}
	return rc < 0 ? err_in(e, "%s", path) : 0;
}

static int copy_in(struct postgresql *p, const char *quoted, const char *path, struct err *e)
{
	FILE *f = fopen(path, "rbe");
	PGresult *res;
	struct buf sql;
	int rc;

	if (!f)
		return file_failed(path, NULL, e);
	buf_init(&sql, SQL_MAX);
	buf_addf(&sql, "COPY %s FROM STDIN", quoted);
	res = PQexec(p->c, buf_text(&sql));
	rc = PQresultStatus(res) == PGRES_COPY_IN ? send_file(p, f, path, e) : pg_fail_result(p, res, e);
	PQclear(res);
	buf_free(&sql);
	fclose(f);
	return rc;
}

static int go_on_counting(struct postgresql *p, struct err *e)
{
	PGresult *numbers = pg_good(p, PQexec(p->c, NUMBERS), e);
	int rc = numbers ? 0 : -1;

	for (int i = 0; rc == 0 && i < PQntuples(numbers); i++)
		rc = run(p, PQgetvalue(numbers, i, 0), e);
	PQclear(numbers);
	return rc;
}

static int restore_all(struct postgresql *p, const char *dir, struct arena *a, struct err *e)
{
	PGresult *tables = pg_good(p, PQexec(p->c, TABLES), e);
	int rc = tables ? empty_all(p, tables, e) : -1;

	for (int i = 0; rc == 0 && i < PQntuples(tables); i++)
		rc = copy_in(p, PQgetvalue(tables, i, 0), arena_printf(a, "%s/%s.copy", dir, PQgetvalue(tables, i, 1)), e);
	PQclear(tables);
	return rc < 0 ? -1 : go_on_counting(p, e);
}

int pg_restore(struct db *db, const char *dir, struct err *e)
{
	struct arena *a = arena_new();
	int rc = db_begin(db, e);

	if (rc == 0 && restore_all(pg_of(db), dir, a, e) < 0) {
		db_rollback(db);
		rc = -1;
	}
	if (rc == 0)
		rc = db_commit(db, e);
	arena_free(a);
	return rc;
}
