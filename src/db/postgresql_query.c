/*
 * PostgreSQL: statements, batches and rows. Each statement is prepared once
 * per connection under its name. Integers and text travel as text, with types
 * that the server infers; bytes travel raw to the server and as hex back.
 * Results are fetched whole, except those of queries whose name begins with
 * "each_": these are read through a cursor, some rows at a time.
 */
#include "base/codec.h"
#include "db/postgresql.h"

#define FETCH_ROWS     "500" /* of a cursor at a time */
#define PIPELINE_DEPTH 256   /* statements sent before their answers are read: keeps both sides from blocking */
#define MAX_STATEMENT  (64 * 1024)
#define BOOL_OID       16 /* of the server's types */
#define BYTEA_OID      17

struct cursor {
	PGresult *res;
	int row, count; /* of res */
	char name[32];  /* of the server's cursor, or "" */
	bool hold;      /* it was opened outside of a transaction */
	unsigned transaction, connection;
	struct arena *decoded; /* bytes of the current row */
};

/* Values as libpq wants them. */
struct params {
	const char *values[DB_MAX_ARGS];
	int lengths[DB_MAX_ARGS], formats[DB_MAX_ARGS];
};

/* --- sending --- */

static bool is_prepared(const struct postgresql *p, const struct query *q, size_t bucket)
{
	for (const struct prepared *at = p->prepared[bucket]; at; at = at->next)
		if (at->query == q)
			return true;
	return false;
}

/* Waits for the answers to all that was sent. Ends the pipeline if `sync`. */
static int drain(struct postgresql *p, bool sync, struct err *e);

static int prepare(struct postgresql *p, const struct query *q, struct err *e)
{
	size_t bucket = ((uintptr_t)q / sizeof(void *) * 0x9E3779B1u >> 8) % COUNT(p->prepared);
	bool batch = PQpipelineStatus(p->c) != PQ_PIPELINE_OFF;
	struct prepared *new;
	PGresult *res;

	if (is_prepared(p, q, bucket))
		return 0;
	/* Waiting for this answer, and leaving the pipeline for it, keeps the list of what is prepared true. */
	if (batch && drain(p, true, e) < 0)
		return -1;
	if (!(res = pg_good(p, PQprepare(p->c, q->name, query_text(&p->db, q), 0, NULL), e)))
		return -1;
	PQclear(res);
	new = mem_alloc(sizeof(*new));
	*new = (struct prepared){ q, p->prepared[bucket] };
	p->prepared[bucket] = new;
	return !batch || PQenterPipelineMode(p->c) ? 0 : pg_fail_connection(p, e);
}

static void set_params(struct postgresql *p, const struct dbval *v, size_t n, struct params *out)
{
	arena_clear(p->scratch);
	for (size_t i = 0; i < n; i++) {
		out->formats[i] = v[i].type == DBVAL_BYTES;
		out->lengths[i] = 0;
		switch (v[i].type) {
		case DBVAL_NULL:
			out->values[i] = NULL;
			break;
		case DBVAL_I64:
			out->values[i] = arena_printf(p->scratch, "%lld", (long long)v[i].i);
			break;
		case DBVAL_TEXT:
			out->values[i] = arena_text_n(p->scratch, v[i].p, v[i].n);
			break;
		case DBVAL_BYTES:
			out->values[i] = v[i].p;
			out->lengths[i] = (int)v[i].n;
			break;
		}
	}
}

static PGresult *run_prepared(struct postgresql *p, const struct query *q, const struct dbval *v, size_t n,
			      struct err *e)
{
	struct params a;

	if (prepare(p, q, e) < 0)
		return NULL;
	set_params(p, v, n, &a);
	return pg_good(p, PQexecPrepared(p->c, q->name, (int)n, a.values, a.lengths, a.formats, 0), e);
}

/* --- batches --- */

/* One statement's answer; `*end` when it is the pipeline's end. */
static int read_answer(struct postgresql *p, bool *end, struct err *e)
{
	PGresult *res = PQgetResult(p->c), *nothing;
	ExecStatusType status = PQresultStatus(res);
	int rc = 0;

	*end = false;
	if (!res) {
		*end = true;
		return pg_fail_connection(p, e);
	}
	if (status == PGRES_PIPELINE_SYNC)
		*end = true;
	else if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		rc = pg_fail_result(p, res, e);
	PQclear(res);
	if (!*end && (nothing = PQgetResult(p->c))) /* the NULL behind each statement's answer */
		PQclear(nothing);
	if (p->lost)
		*end = true;
	return rc;
}

static int drain(struct postgresql *p, bool sync, struct err *e)
{
	struct err later;
	bool end = false;
	int rc = 0;

	if (!(sync ? PQpipelineSync(p->c) : PQsendFlushRequest(p->c)))
		return pg_fail_connection(p, e);
	if (PQflush(p->c) < 0)
		return pg_fail_connection(p, e);
	/* The first error is the one that tells; those behind it say only that the pipeline was given up. */
	while (!end && (sync || p->pending > 0)) {
		if (read_answer(p, &end, rc < 0 ? &later : e) < 0)
			rc = -1;
		p->pending--;
	}
	p->pending = 0;
	if (sync && !PQexitPipelineMode(p->c) && rc == 0)
		return pg_fail_connection(p, e);
	return rc;
}

int pg_batch_begin(struct db *db, struct err *e)
{
	pg_of(db)->pending = 0;
	return PQenterPipelineMode(pg_of(db)->c) ? 0 : pg_fail_connection(pg_of(db), e);
}

int pg_batch_end(struct db *db, struct err *e)
{
	struct postgresql *p = pg_of(db);

	if (PQpipelineStatus(p->c) == PQ_PIPELINE_OFF) /* preparing a statement failed */
		return p->lost ? pg_fail_connection(p, e) : 0;
	return drain(p, true, e);
}

static int batch_add(struct postgresql *p, const struct query *q, const struct dbval *v, size_t n, struct err *e)
{
	struct params a;

	if (prepare(p, q, e) < 0)
		return -1;
	set_params(p, v, n, &a);
	if (!PQsendQueryPrepared(p->c, q->name, (int)n, a.values, a.lengths, a.formats, 0))
		return pg_fail_connection(p, e);
	p->pending++;
	return p->pending < PIPELINE_DEPTH ? 0 : drain(p, false, e);
}

/* --- statements --- */

int pg_exec(struct db *db, const struct query *q, const struct dbval *v, size_t n, int64_t *changed, struct err *e)
{
	struct postgresql *p = pg_of(db);
	PGresult *res;

	if (db->in_batch)
		return batch_add(p, q, v, n, e);
	if (!(res = run_prepared(p, q, v, n, e)))
		return -1;
	if (changed && parse_i64(PQcmdTuples(res), 0, INT64_MAX, changed) < 0)
		*changed = 0;
	PQclear(res);
	return 0;
}

static int fetch(struct postgresql *p, struct cursor *c, struct err *e)
{
	char sql[80];
	PGresult *res;

	snprintf(sql, sizeof(sql), "FETCH " FETCH_ROWS " FROM %s", c->name);
	if (!(res = pg_good(p, PQexec(p->c, sql), e)))
		return -1;
	PQclear(c->res);
	c->res = res;
	c->count = PQntuples(res);
	c->row = -1;
	return 0;
}

/* Outside of a transaction the cursor must hold its rows itself. */
static int open_cursor(struct postgresql *p, const struct query *q, const struct dbval *v, size_t n, struct cursor *c,
		       struct err *e)
{
	struct params a;
	struct buf sql;
	PGresult *res = NULL;

	snprintf(c->name, sizeof(c->name), "placet_%u", p->cursors++);
	c->hold = !p->db.in_tx;
	c->transaction = p->transactions;
	c->connection = p->connections;
	set_params(p, v, n, &a);
	buf_init(&sql, MAX_STATEMENT);
	buf_addf(&sql, "DECLARE %s NO SCROLL CURSOR %s FOR ", c->name, c->hold ? "WITH HOLD" : "WITHOUT HOLD");
	buf_adds(&sql, query_text(&p->db, q));
	if (sql.over)
		err_set(e, ERR_BROKEN, "the statement is too long");
	else
		res = pg_good(p, PQexecParams(p->c, buf_text(&sql), (int)n, NULL, a.values, a.lengths, a.formats, 0),
			      e);
	buf_free(&sql);
	if (!res)
		return -1;
	PQclear(res);
	return fetch(p, c, e);
}

static void free_cursor(struct cursor *c)
{
	PQclear(c->res);
	arena_free(c->decoded);
	free(c);
}

int pg_query(struct db *db, const struct query *q, const struct dbval *v, size_t n, struct rows *out, struct err *e)
{
	struct cursor *c = mem_alloc(sizeof(*c));
	struct postgresql *p = pg_of(db);

	*c = (struct cursor){ .row = -1 };
	if (strncmp(q->name, "each_", 5) == 0) {
		if (open_cursor(p, q, v, n, c, e) < 0)
			goto fail;
	} else {
		if (!(c->res = run_prepared(p, q, v, n, e)))
			goto fail;
		c->count = PQntuples(c->res);
	}
	out->cursor = c;
	return 0;
fail:
	free_cursor(c);
	return -1;
}

int pg_next(struct rows *r, struct err *e)
{
	struct cursor *c = r->cursor;

	if (c->decoded)
		arena_clear(c->decoded);
	if (c->row >= c->count)
		return 0;
	if (c->row == c->count - 1 && c->name[0] && c->count > 0 && fetch(pg_of(r->db), c, e) < 0)
		return -1;
	c->row++;
	return c->row < c->count;
}

/* A transaction that has failed or ended has closed its cursors, and so has a lost connection. */
static bool is_open(const struct postgresql *p, const struct cursor *c)
{
	if (!c->name[0] || p->lost || c->connection != p->connections || PQtransactionStatus(p->c) == PQTRANS_INERROR)
		return false;
	return c->hold || (p->db.in_tx && c->transaction == p->transactions);
}

void pg_close(struct rows *r)
{
	struct postgresql *p = pg_of(r->db);
	struct cursor *c = r->cursor;
	char sql[64];

	if (is_open(p, c)) {
		snprintf(sql, sizeof(sql), "CLOSE %s", c->name);
		PQclear(PQexec(p->c, sql));
	}
	free_cursor(c);
}

bool pg_is_null(struct rows *r, int column)
{
	const struct cursor *c = r->cursor;

	return PQgetisnull(c->res, c->row, column);
}

/* A boolean is 0 or 1, as it is on SQLite. */
int64_t pg_i64(struct rows *r, int column)
{
	const struct cursor *c = r->cursor;
	const char *s = PQgetvalue(c->res, c->row, column);

	return PQftype(c->res, column) == BOOL_OID ? *s == 't' : strtoll(s, NULL, 10);
}

struct slice pg_bytes(struct rows *r, int column)
{
	struct cursor *c = r->cursor;
	const char *s = PQgetvalue(c->res, c->row, column);
	size_t n = (size_t)PQgetlength(c->res, c->row, column);
	ssize_t got;
	char *p;

	if (PQftype(c->res, column) != BYTEA_OID || n < 2)
		return (struct slice){ s, n };
	if (!c->decoded)
		c->decoded = arena_new();
	p = arena_alloc(c->decoded, n / 2);
	got = hex_decode(p, n / 2, s + 2, n - 2); /* behind \x */
	MUST(got >= 0);
	return (struct slice){ p, (size_t)got };
}

int pg_try_prepare(struct db *db, const struct query *q, struct err *e)
{
	PGresult *res;

	/* A COPY cannot be prepared, but begun and ended. */
	if (strncmp(q->name, "copy_", 5) == 0)
		return pg_copy_begin(db, q, e) < 0 ? -1 : pg_copy_end(db, true, e);
	res = pg_good(pg_of(db), PQprepare(pg_of(db)->c, "", query_text(db, q), 0, NULL), e);
	if (!res)
		return -1;
	PQclear(res);
	return 0;
}
