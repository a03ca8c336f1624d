/*
 * PostgreSQL, behind the table of functions of db_engine.h. Each statement is
 * prepared once per connection under its name. Integers and text travel as
 * text, with types that the server infers; bytes travel raw to the server and
 * as hex back. Results are fetched whole, except those of queries whose name
 * begins with "each_": these are read through a cursor, some rows at a time.
 * Batches use the pipeline. A lost connection is noted, reported once as
 * ERR_AGAIN, and opened anew by ready().
 */
#include <libpq-fe.h>

#include "base/codec.h"
#include "db/db_engine.h"

#define FETCH_ROWS "500" /* of a cursor at a time */
#define PIPELINE_DEPTH 256 /* statements sent before their answers are read: keeps both sides from blocking */
#define MAX_STATEMENT (64 * 1024)
#define SCHEMA_LOCK "7091173306228497" /* any number, the same for ever */

struct prepared {
	const struct query *query;
	struct prepared *next;
};

struct postgresql {
	struct db db;
	char *url;
	PGconn *c;
	bool lost;
	struct prepared *prepared[256];
	struct arena *scratch; /* of the statement being sent */
	int pending;           /* answers not read yet in a batch */
	unsigned cursors;      /* for their names */
	unsigned transactions; /* so far */
};

struct cursor {
	PGresult *res;
	int row, count; /* of res */
	char name[32];  /* of the server's cursor, or "" */
	bool hold;      /* it was opened outside of a transaction */
	unsigned transaction;
	struct arena *decoded; /* bytes of the current row */
};

/* Values as libpq wants them. */
struct params {
	const char *values[DB_MAX_ARGS];
	int lengths[DB_MAX_ARGS], formats[DB_MAX_ARGS];
};

static struct postgresql *of(struct db *db)
{
	return (struct postgresql *)db;
}

/* --- errors --- */

static enum err_kind kind_of(const char *state)
{
	static const struct {
		const char *prefix;
		enum err_kind kind;
	} KINDS[] = {
		{ "23505", ERR_REFUSED }, /* unique */
		{ "23503", ERR_REFUSED }, /* foreign key */
		{ "08P01", ERR_BROKEN },  /* a wrong number of values */
		{ "08", ERR_AGAIN },      /* connection */
		{ "40", ERR_AGAIN },      /* serialisation failure, deadlock */
		{ "53", ERR_AGAIN },      /* out of disk, memory, connections */
		{ "55P03", ERR_AGAIN },   /* lock_timeout */
		{ "57", ERR_AGAIN },      /* cancelled, shutting down */
	};

	for (size_t i = 0; i < COUNT(KINDS); i++)
		if (strncmp(state, KINDS[i].prefix, strlen(KINDS[i].prefix)) == 0)
			return KINDS[i].kind;
	return ERR_BROKEN;
}

static int first_line(const char *text)
{
	return (int)strcspn(text, "\n");
}

/* Notes a lost connection. */
static int fail_connection(struct postgresql *p, struct err *e)
{
	const char *why = PQerrorMessage(p->c);

	if (PQstatus(p->c) != CONNECTION_BAD)
		return err_set(e, ERR_BROKEN, "%.*s", first_line(why), why);
	p->lost = true;
	return err_set(e, ERR_AGAIN, "the connection to the database server is lost: %.*s", first_line(why), why);
}

/* Only the primary message: the detail may hold a person's data. */
static int fail_result(struct postgresql *p, const PGresult *res, struct err *e)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;

	if (PQstatus(p->c) == CONNECTION_BAD)
		p->lost = true;
	if (!state || !text)
		return fail_connection(p, e);
	return err_set(e, kind_of(state), "%s (SQLSTATE %s)", text, state);
}

/* Takes the result: NULL unless it is a success. */
static PGresult *good(struct postgresql *p, PGresult *res, struct err *e)
{
	ExecStatusType status = PQresultStatus(res);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return res;
	fail_result(p, res, e);
	PQclear(res);
	return NULL;
}

static int run(struct postgresql *p, const char *sql, struct err *e)
{
	PGresult *res = good(p, PQexec(p->c, sql), e);

	if (!res)
		return -1;
	PQclear(res);
	return 0;
}

/* --- the connection --- */

static void ignore_notice(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

/* Settings before the URL give way to those in it; those behind it do not. */
static PGconn *start(const char *url)
{
	static const char *const NAMES[] = { "connect_timeout", "keepalives_idle", "tcp_user_timeout",
					     "fallback_application_name", "dbname", "client_encoding", NULL };
	const char *values[] = { "10", "30", "60000", "placet", url, "UTF8", NULL };

	return PQconnectdbParams(NAMES, values, 1);
}

static void forget_prepared(struct postgresql *p)
{
	for (size_t i = 0; i < COUNT(p->prepared); i++)
		while (p->prepared[i]) {
			struct prepared *next = p->prepared[i]->next;

			free(p->prepared[i]);
			p->prepared[i] = next;
		}
}

static int connect_server(struct postgresql *p, struct err *e)
{
	static const char SETTINGS[] = "SET lock_timeout = '30s'; SET bytea_output = 'hex';"
				       "SET standard_conforming_strings = on;"
				       "SET default_transaction_isolation = 'read committed'";

	p->c = start(p->url);
	MUST(p->c);
	PQsetNoticeReceiver(p->c, ignore_notice, NULL);
	p->lost = PQstatus(p->c) != CONNECTION_OK;
	if (p->lost) {
		const char *why = PQerrorMessage(p->c);

		return err_set(e, ERR_AGAIN, "the database server cannot be reached: %.*s", first_line(why), why);
	}
	return run(p, SETTINGS, e);
}

static int ready(struct db *db, struct err *e)
{
	struct postgresql *p = of(db);

	if (!p->lost)
		return 0;
	PQfinish(p->c);
	forget_prepared(p);
	p->pending = 0;
	return connect_server(p, e);
}

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
	if (!(res = good(p, PQprepare(p->c, q->name, query_text(&p->db, q), 0, NULL), e)))
		return -1;
	PQclear(res);
	new = mem_alloc(sizeof(*new));
	*new = (struct prepared){ q, p->prepared[bucket] };
	p->prepared[bucket] = new;
	return !batch || PQenterPipelineMode(p->c) ? 0 : fail_connection(p, e);
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
			MUST(v[i].n <= INT32_MAX);
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
	return good(p, PQexecPrepared(p->c, q->name, (int)n, a.values, a.lengths, a.formats, 0), e);
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
		return fail_connection(p, e);
	}
	if (status == PGRES_PIPELINE_SYNC)
		*end = true;
	else if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		rc = fail_result(p, res, e);
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
		return fail_connection(p, e);
	if (PQflush(p->c) < 0)
		return fail_connection(p, e);
	/* The first error is the one that tells; those behind it say only that the pipeline was given up. */
	while (!end && (sync || p->pending > 0)) {
		if (read_answer(p, &end, rc < 0 ? &later : e) < 0)
			rc = -1;
		p->pending--;
	}
	p->pending = 0;
	if (sync && !PQexitPipelineMode(p->c) && rc == 0)
		return fail_connection(p, e);
	return rc;
}

static int batch_begin(struct db *db, struct err *e)
{
	of(db)->pending = 0;
	return PQenterPipelineMode(of(db)->c) ? 0 : fail_connection(of(db), e);
}

static int batch_end(struct db *db, struct err *e)
{
	struct postgresql *p = of(db);

	if (PQpipelineStatus(p->c) == PQ_PIPELINE_OFF) /* preparing a statement failed */
		return p->lost ? fail_connection(p, e) : 0;
	return drain(p, true, e);
}

static int batch_add(struct postgresql *p, const struct query *q, const struct dbval *v, size_t n, struct err *e)
{
	struct params a;

	if (prepare(p, q, e) < 0)
		return -1;
	set_params(p, v, n, &a);
	if (!PQsendQueryPrepared(p->c, q->name, (int)n, a.values, a.lengths, a.formats, 0))
		return fail_connection(p, e);
	p->pending++;
	return p->pending < PIPELINE_DEPTH ? 0 : drain(p, false, e);
}

/* --- statements --- */

static int run_exec(struct db *db, const struct query *q, const struct dbval *v, size_t n, int64_t *changed,
		    struct err *e)
{
	struct postgresql *p = of(db);
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
	if (!(res = good(p, PQexec(p->c, sql), e)))
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
	set_params(p, v, n, &a);
	buf_init(&sql, MAX_STATEMENT);
	buf_addf(&sql, "DECLARE %s NO SCROLL CURSOR %s FOR ", c->name, c->hold ? "WITH HOLD" : "WITHOUT HOLD");
	buf_adds(&sql, query_text(&p->db, q));
	if (sql.over)
		err_set(e, ERR_BROKEN, "the statement is too long");
	else
		res = good(p, PQexecParams(p->c, buf_text(&sql), (int)n, NULL, a.values, a.lengths, a.formats, 0), e);
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

static int run_query(struct db *db, const struct query *q, const struct dbval *v, size_t n, struct rows *out,
		     struct err *e)
{
	struct cursor *c = mem_alloc(sizeof(*c));
	struct postgresql *p = of(db);

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

static int next(struct rows *r, struct err *e)
{
	struct cursor *c = r->cursor;

	if (c->decoded)
		arena_clear(c->decoded);
	if (c->row >= c->count)
		return 0;
	if (c->row == c->count - 1 && c->name[0] && c->count > 0 && fetch(of(r->db), c, e) < 0)
		return -1;
	c->row++;
	return c->row < c->count;
}

/* A transaction that has failed or ended has closed its cursors. */
static bool is_open(const struct postgresql *p, const struct cursor *c)
{
	if (!c->name[0] || p->lost || PQtransactionStatus(p->c) == PQTRANS_INERROR)
		return false;
	return c->hold || (p->db.in_tx && c->transaction == p->transactions);
}

static void close_rows(struct rows *r)
{
	struct postgresql *p = of(r->db);
	struct cursor *c = r->cursor;
	char sql[64];

	if (is_open(p, c)) {
		snprintf(sql, sizeof(sql), "CLOSE %s", c->name);
		PQclear(PQexec(p->c, sql));
	}
	free_cursor(c);
}

static bool is_null(struct rows *r, int column)
{
	const struct cursor *c = r->cursor;

	return PQgetisnull(c->res, c->row, column);
}

/* A boolean is 0 or 1, as it is on SQLite. */
static int64_t i64(struct rows *r, int column)
{
	const struct cursor *c = r->cursor;
	const char *s = PQgetvalue(c->res, c->row, column);

	return *s == 't' ? 1 : strtoll(s, NULL, 10);
}

#define BYTEA_OID 17

static struct slice bytes(struct rows *r, int column)
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

static int try_prepare(struct db *db, const struct query *q, struct err *e)
{
	PGresult *res = good(of(db), PQprepare(of(db)->c, "", query_text(db, q), 0, NULL), e);

	if (!res)
		return -1;
	PQclear(res);
	return 0;
}

/* --- transactions --- */

/* Reading sees one state of the database throughout, as on SQLite. */
static int begin(struct db *db, bool write, struct err *e)
{
	of(db)->transactions++;
	return run(of(db), write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", e);
}

/* COMMIT of a transaction that has failed is a ROLLBACK without an error. */
static int commit(struct db *db, struct err *e)
{
	PGresult *res = good(of(db), PQexec(of(db)->c, "COMMIT"), e);
	bool done;

	if (!res)
		return -1;
	done = strcmp(PQcmdStatus(res), "COMMIT") == 0;
	PQclear(res);
	return done ? 0 : err_set(e, ERR_BROKEN, "the server has rolled the transaction back");
}

static void rollback(struct db *db)
{
	struct postgresql *p = of(db);

	if (p->lost || PQtransactionStatus(p->c) == PQTRANS_IDLE)
		return;
	PQclear(PQexec(p->c, "ROLLBACK"));
	if (PQtransactionStatus(p->c) != PQTRANS_IDLE)
		p->lost = true; /* whatever it is, a new connection is not in it */
}

static int script(struct db *db, const char *sql, struct err *e)
{
	return run(of(db), sql, e);
}

static int lock_schema(struct db *db, struct err *e)
{
	return run(of(db), "SELECT pg_advisory_xact_lock(" SCHEMA_LOCK ")", e);
}

static int checkpoint(struct db *db, int64_t min_bytes, struct err *e)
{
	(void)db;
	(void)min_bytes;
	(void)e;
	return 0;
}

static void free_postgresql(struct db *db)
{
	struct postgresql *p = of(db);

	PQfinish(p->c);
	forget_prepared(p);
	arena_free(p->scratch);
	free(p->url);
	free(p);
}

static int check_url(const char *url, struct err *e)
{
	char *why = NULL;
	PQconninfoOption *parsed = PQconninfoParse(url, &why);

	if (!parsed) {
		err_set(e, ERR_INPUT, "database: the URL is malformed; write postgresql://USER@HOST/NAME");
		PQfreemem(why);
		return -1;
	}
	PQconninfoFree(parsed);
	return 0;
}

struct db *postgresql_open(const char *url, struct err *e)
{
	static const struct db_driver DRIVER = {
		.engine = DB_POSTGRESQL,
		.free = free_postgresql,
		.ready = ready,
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
		.batch_begin = batch_begin,
		.batch_end = batch_end,
		.script = script,
		.lock_schema = lock_schema,
		.try_prepare = try_prepare,
		.checkpoint = checkpoint,
	};
	struct postgresql *p;

	if (check_url(url, e) < 0)
		return NULL;
	p = mem_alloc(sizeof(*p));
	*p = (struct postgresql){ .db = { .driver = &DRIVER } };
	p->url = mem_copy_text(url);
	p->scratch = arena_new();
	if (connect_server(p, e) == 0)
		return &p->db;
	err_in(e, "database");
	free_postgresql(&p->db);
	return NULL;
}
