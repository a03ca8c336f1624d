/*
 * PostgreSQL: COPY, for many rows into one table. Rows go out as lines of its
 * text format: cells parted by tabs, \N for NULL, bytes as \x and hex.
 */
#include "base/codec.h"
#include "db/postgresql.h"

#define CHUNK (64 * 1024)              /* gathered before it goes to libpq */

static void add_text(struct buf *out, const char *p, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		const char *as = p[i] == '\\' ? "\\\\" : p[i] == '\t' ? "\\t" : p[i] == '\n' ? "\\n" : p[i] == '\r' ? "\\r" : NULL;

		if (!as)
			continue;
		buf_add(out, p + from, i - from);
		buf_adds(out, as);
		from = i + 1;
	}
	buf_add(out, p + from, n - from);
}

static void add_value(struct buf *out, const struct dbval *v)
{
	switch (v->type) {
	case DBVAL_NULL:
		buf_adds(out, "\\N");
		break;
	case DBVAL_I64:
		buf_addf(out, "%lld", (long long)v->i);
		break;
	case DBVAL_TEXT:
		add_text(out, v->p, v->n);
		break;
	case DBVAL_BYTES:
		buf_adds(out, "\\\\x");
		hex_encode(out, v->p, v->n);
		break;
	}
}

static int put(struct postgresql *p, struct err *e)
{
	if (p->lines.over)
		return err_set(e, ERR_INPUT, "the row is too long");
	if (p->lines.n && PQputCopyData(p->c, p->lines.p, (int)p->lines.n) != 1)
		return pg_fail_connection(p, e);
	buf_clear(&p->lines);
	return 0;
}

/* Reads the answers behind the last row; the first error is the one that tells. */
static int finish(struct postgresql *p, const char *why, struct err *e)
{
	struct err later;
	PGresult *res;
	int rc = PQputCopyEnd(p->c, why) == 1 ? 0 : pg_fail_connection(p, e);

	while ((res = PQgetResult(p->c))) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK && pg_fail_result(p, res, rc < 0 ? &later : e) < 0)
			rc = -1;
		PQclear(res);
	}
	return rc;
}

int pg_copy_begin(struct db *db, const struct query *q, struct err *e)
{
	struct postgresql *p = pg_of(db);
	PGresult *res = PQexec(p->c, q->pg);
	int rc = PQresultStatus(res) == PGRES_COPY_IN ? 0 : pg_fail_result(p, res, e);

	PQclear(res);
	buf_clear(&p->lines);
	return rc;
}

int pg_copy_row(struct db *db, const struct dbval *v, size_t n, struct err *e)
{
	struct postgresql *p = pg_of(db);

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(&p->lines, '\t');
		add_value(&p->lines, &v[i]);
	}
	buf_addc(&p->lines, '\n');
	return p->lines.n < CHUNK ? 0 : put(p, e);
}

int pg_copy_end(struct db *db, bool keep, struct err *e)
{
	struct postgresql *p = pg_of(db);

	if (p->lost)
		return pg_fail_connection(p, e);
	if (keep && put(p, e) == 0)
		return finish(p, NULL, e);
	if (!keep)
		return finish(p, "given up", e);
	finish(p, "given up", &(struct err){ 0 });
	return -1;
}
