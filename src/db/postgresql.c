/*
 * PostgreSQL: the connection, its errors and its transactions. A lost
 * connection is noted, reported as ERR_AGAIN by the call that met it, and
 * opened anew by ready().
 */
#include "db/postgresql.h"

#define SCHEMA_LOCK "7091173306228497" /* any number, the same for ever */

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

static int connection_lost(struct postgresql *p, struct err *e)
{
	const char *why = PQerrorMessage(p->c);

	p->lost = true;
	return err_set(e, ERR_AGAIN, "the connection to the database server is lost: %.*s", first_line(why), why);
}

/* Notes a lost connection. */
int pg_fail_connection(struct postgresql *p, struct err *e)
{
	const char *why = PQerrorMessage(p->c);

	if (PQstatus(p->c) != CONNECTION_BAD)
		return err_set(e, ERR_BROKEN, "%.*s", first_line(why), why);
	return connection_lost(p, e);
}

/* Only the primary message: the detail may hold a person's data. An error without a code is libpq's own, of a connection that failed;
   after a write to a server that is gone its status says OK until the next call. What a batch leaves out behind an error
   (PGRES_PIPELINE_ABORTED) has no code either, and is no fault of the connection. */
int pg_fail_result(struct postgresql *p, const PGresult *res, struct err *e)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;

	if (PQstatus(p->c) == CONNECTION_BAD)
		p->lost = true;
	if (!state || !text)
		return PQresultStatus(res) == PGRES_FATAL_ERROR && res ? connection_lost(p, e) : pg_fail_connection(p, e);
	return err_set(e, kind_of(state), "%s (SQLSTATE %s)", text, state);
}

PGresult *pg_good(struct postgresql *p, PGresult *res, struct err *e)
{
	ExecStatusType status = PQresultStatus(res);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return res;
	pg_fail_result(p, res, e);
	PQclear(res);
	return NULL;
}

static int run(struct postgresql *p, const char *sql, struct err *e)
{
	PGresult *res = pg_good(p, PQexec(p->c, sql), e);

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
	static const char *const NAMES[] = { "connect_timeout",
					     "keepalives_idle",
					     "tcp_user_timeout",
					     "fallback_application_name",
					     "dbname",
					     "client_encoding",
					     NULL };
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
	/* Cursors are read to their end: a plan for the first tenth of the rows would be the wrong one. */
	static const char SETTINGS[] = "SET cursor_tuple_fraction = 1; SET lock_timeout = '30s'; SET bytea_output = 'hex';"
				       "SET standard_conforming_strings = on;"
				       "SET default_transaction_isolation = 'read committed'";

	p->c = start(p->url);
	p->connections++;
	p->wait_ms = p->idle_ms = 0;
	MUST(p->c);
	PQsetNoticeReceiver(p->c, ignore_notice, NULL);
	p->lost = PQstatus(p->c) != CONNECTION_OK;
	if (p->lost) {
		const char *why = PQerrorMessage(p->c);

		return err_set(e, ERR_AGAIN, "the database server cannot be reached: %.*s", first_line(why), why);
	}
	return run(p, SETTINGS, e);
}

static int tell_wait(struct postgresql *p, struct err *e)
{
	int ms = p->db.wait_ms ? p->db.wait_ms : DB_WAIT_MS;
	char sql[60];

	snprintf(sql, sizeof(sql), "SET lock_timeout = %d", ms);
	if (run(p, sql, e) < 0)
		return -1;
	p->wait_ms = p->db.wait_ms;
	return 0;
}

static int tell_idle_limit(struct postgresql *p, struct err *e)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "SET idle_in_transaction_session_timeout = %d", p->db.idle_ms);
	if (run(p, sql, e) < 0)
		return -1;
	p->idle_ms = p->db.idle_ms;
	return 0;
}

static int ready(struct db *db, struct err *e)
{
	struct postgresql *p = pg_of(db);

	if (p->lost) {
		PQfinish(p->c);
		forget_prepared(p);
		p->pending = 0;
		if (connect_server(p, e) < 0)
			return -1;
	}
	if (p->wait_ms != db->wait_ms && tell_wait(p, e) < 0)
		return -1;
	return p->idle_ms == db->idle_ms ? 0 : tell_idle_limit(p, e);
}

/* --- transactions --- */

/* Reading sees one state of the database throughout, as on SQLite. */
static int begin(struct db *db, bool write, struct err *e)
{
	pg_of(db)->transactions++;
	return run(pg_of(db), write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", e);
}

/* COMMIT of a transaction that has failed is a ROLLBACK without an error. */
static int commit(struct db *db, struct err *e)
{
	PGresult *res = pg_good(pg_of(db), PQexec(pg_of(db)->c, "COMMIT"), e);
	bool done;

	if (!res)
		return -1;
	done = strcmp(PQcmdStatus(res), "COMMIT") == 0;
	PQclear(res);
	return done ? 0 : err_set(e, ERR_BROKEN, "the server has rolled the transaction back");
}

static void rollback(struct db *db)
{
	struct postgresql *p = pg_of(db);

	if (p->lost || PQtransactionStatus(p->c) == PQTRANS_IDLE)
		return;
	PQclear(PQexec(p->c, "ROLLBACK"));
	if (PQtransactionStatus(p->c) != PQTRANS_IDLE)
		p->lost = true; /* whatever it is, a new connection is not in it */
}

static int script(struct db *db, const char *sql, struct err *e)
{
	return run(pg_of(db), sql, e);
}

static int lock_schema(struct db *db, struct err *e)
{
	return run(pg_of(db), "SELECT pg_advisory_xact_lock(" SCHEMA_LOCK ")", e);
}

static int checkpoint(struct db *db, int64_t min_bytes, struct err *e)
{
	(void)db;
	(void)min_bytes;
	(void)e;
	return 0;
}

static void keep_little(struct db *db)
{
	(void)db; /* the server's memory is the server's */
}

static void free_postgresql(struct db *db)
{
	struct postgresql *p = pg_of(db);

	PQfinish(p->c);
	forget_prepared(p);
	arena_free(p->scratch);
	buf_free(&p->lines);
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
		.exec = pg_exec,
		.query = pg_query,
		.next = pg_next,
		.close = pg_close,
		.is_null = pg_is_null,
		.i64 = pg_i64,
		.bytes = pg_bytes,
		.batch_begin = pg_batch_begin,
		.batch_end = pg_batch_end,
		.copy_begin = pg_copy_begin,
		.copy_row = pg_copy_row,
		.copy_end = pg_copy_end,
		.backup = pg_backup,
		.restore = pg_restore,
		.script = script,
		.lock_schema = lock_schema,
		.try_prepare = pg_try_prepare,
		.checkpoint = checkpoint,
		.keep_little = keep_little,
	};
	struct postgresql *p;

	if (check_url(url, e) < 0)
		return NULL;
	p = mem_alloc(sizeof(*p));
	*p = (struct postgresql){ .db = { .driver = &DRIVER } };
	p->url = mem_copy_text(url);
	p->scratch = arena_new();
	buf_init(&p->lines, PG_LINES_MAX);
	if (connect_server(p, e) == 0)
		return &p->db;
	err_in(e, "database");
	free_postgresql(&p->db);
	return NULL;
}
