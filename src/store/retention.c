/*
 * Retention: see retention.h. RULES is the table; each rule that acts has a
 * function that ends one batch. Large tables are walked by what is known to be
 * old (mailings that ended since the last run, the partial indexes), never as
 * a whole.
 */
#include "store/retention.h"

#include "base/codec.h"
#include "store/audit.h"
#include "store/institution.h"
#include "store/query.h"
#include "store/signup.h"

#define BATCH 5000
#define FEW 200
#define MONTH (30 * DAY + 10 * HOUR)
#define YEAR (365 * DAY + 6 * HOUR)

QUERY(Q_RETENTION_LAST,
      "SELECT COALESCE(max(at), 0), COALESCE(max(before), 0), COALESCE((SELECT t.rows FROM retention_run t"
      " WHERE t.id = (SELECT max(l.id) FROM retention_run l WHERE l.rule = $1)), 0) FROM retention_run WHERE rule = $1");
/* Of runs that found nothing the newest is enough. */
QUERY(Q_RETENTION_FORGET, "DELETE FROM retention_run WHERE rule = $1 AND rows = 0");
QUERY(Q_RETENTION_RECORD, "INSERT INTO retention_run (rule, at, before, rows) VALUES ($1, $2, $3, $4)");

/* $1: before; $2: the `before` of the last run, by which all that had ended then is done. */
#define REPLY_MAILINGS "m.started <= $1 AND (m.ended IS NULL OR m.ended > $2)"
#define EVENT_MAILINGS "m.ended <= $1 AND m.ended > $2 AND m.state IN ('done', 'cancelled', 'revoked')"
#define DELIVERIES "SELECT count(*) FROM mailing m JOIN delivery d ON d.mailing_id = m.id WHERE "
#define HAS_REPLY "d.last < $1 AND d.reply <> ''"
#define HAS_EVENTS "(d.fields <> '{}' OR d.relay <> '' OR d.queue_id <> '' OR d.reply <> '')"
QUERY(Q_REPLY_MAILINGS, "SELECT m.id FROM mailing m WHERE " REPLY_MAILINGS " ORDER BY m.id");
QUERY(Q_EVENT_MAILINGS, "SELECT m.id FROM mailing m WHERE " EVENT_MAILINGS " ORDER BY m.id");
QUERY(Q_REPLY_DUE, DELIVERIES REPLY_MAILINGS " AND " HAS_REPLY);
QUERY(Q_EVENT_DUE, DELIVERIES EVENT_MAILINGS " AND " HAS_EVENTS);
QUERY(Q_DELIVERY_FIRST, "SELECT COALESCE(min(id), 0) FROM delivery WHERE mailing_id = $1");
/* The last number of the next piece; the rows of a mailing lie together. */
QUERY(Q_DELIVERY_PIECE, "SELECT COALESCE(max(p.id), 0) FROM (SELECT id FROM delivery WHERE id >= $2 AND mailing_id = $1"
			" ORDER BY id LIMIT $3) AS p");
QUERY(Q_REPLY_DROP, "UPDATE delivery SET reply = '' WHERE id BETWEEN $2 AND $3 AND mailing_id = $1 AND last < $4"
		    " AND reply <> ''");
/* What stays is what counts: whose token it is, when it was sent, what became of it. */
QUERY(Q_EVENT_DROP,
      "UPDATE delivery SET fields = '{}', relay = '', queue_id = '', reply = ''"
      " WHERE id BETWEEN $2 AND $3 AND mailing_id = $1 AND CAST($4 AS BIGINT) > 0 AND (fields <> '{}' OR relay <> '' OR queue_id <> '' OR reply <> '')");

#define OLD_NOTICE " FROM notice WHERE created < $1 AND created >= $2 AND delivery <> '' AND state <> 'attempting'"
QUERY(Q_NOTICE_DUE, "SELECT count(*)" OLD_NOTICE);
QUERY(Q_NOTICE_DROP,
      "UPDATE notice SET delivery = '', reply = '', queue_id = '',"
      " state = CASE WHEN state IN ('queued', 'deferred') THEN 'failed' ELSE state END"
      " WHERE id IN (SELECT id" OLD_NOTICE " ORDER BY created, id LIMIT $3)");
QUERY(Q_SIGN_UP_DUE, "SELECT count(*) FROM sign_up WHERE asked < $1 AND CAST($2 AS BIGINT) >= 0 AND (confirmed IS NULL"
		     " OR confirmed < $1 AND delivery <> '')");
/* "Three times without an answer" and "once ever" hold for ever (CON-3). */
#define OLD_ASKED " FROM asked WHERE last < $1 AND CAST($2 AS BIGINT) >= 0 AND kind NOT IN ('confirm', 'removed')"
QUERY(Q_ASKED_DUE, "SELECT count(*)" OLD_ASKED);
QUERY(Q_ASKED_DROP, "DELETE" OLD_ASKED);
#define OLD_COMPLAINT " FROM complaint WHERE closed < $1 AND CAST($2 AS BIGINT) >= 0"
QUERY(Q_COMPLAINT_DUE, "SELECT count(*)" OLD_COMPLAINT);
QUERY(Q_COMPLAINT_DROP, "DELETE" OLD_COMPLAINT);

/* Consent that ended: of who was erased, all of it; of what was withdrawn, what came before the withdrawal, which
   itself stays, since no import may restore what was taken back. */
#define ENDED                                                                                                         \
	" FROM consent c WHERE c.action <> 'given' AND c.at < $1 AND CAST($2 AS BIGINT) >= 0"                       \
	" AND NOT EXISTS (SELECT 1 FROM consent n WHERE n.address_id = c.address_id AND n.project_id = c.project_id" \
	"   AND n.id > c.id) AND EXISTS (SELECT 1 FROM consent b WHERE b.address_id = c.address_id AND b.project_id = c.project_id"     \
	"   AND b.id < c.id)"
#define GONE                                                                                                          \
	" FROM address a WHERE a.erased < $1 AND CAST($2 AS BIGINT) >= 0"                                            \
	" AND EXISTS (SELECT 1 FROM consent g WHERE g.address_id = a.id)"
QUERY(Q_CONSENT_DUE, "SELECT (SELECT count(*)" ENDED ") + (SELECT count(*)" GONE ")");
QUERY(Q_CONSENT_FIND, "SELECT c.address_id, c.project_id, c.id" ENDED " ORDER BY c.at, c.id LIMIT $3");
QUERY(Q_CONSENT_GONE, "SELECT a.id, 0, 0" GONE " ORDER BY a.erased, a.id LIMIT $3");
QUERY(Q_CONSENT_UNLINK, "UPDATE delivery SET consent_id = NULL WHERE address_id = $1"
			" AND consent_id IN (SELECT c.id FROM consent c WHERE c.address_id = $1 AND (c.project_id = $2 AND c.id < $3 OR $2 = 0))");
QUERY(Q_CONSENT_DROP, "DELETE FROM consent WHERE address_id = $1 AND (project_id = $2 AND id < $3 OR $2 = 0)");

/* --- the rules --------------------------------------------------------------------------------- */

enum unit { DAYS, MONTHS, YEARS, FOR_GOOD };

struct run {
	struct home *h;
	struct arena *a;
	int64_t before, done; /* done: `before` of the last run */
	int64_t rows;
};

static int drop_replies(struct run *r, struct err *e);
static int drop_events(struct run *r, struct err *e);
static int drop_consents(struct run *r, struct err *e);
static int drop_sign_ups(struct run *r, struct err *e);
static int drop_notices(struct run *r, struct err *e);
static int drop_asked(struct run *r, struct err *e);
static int drop_complaints(struct run *r, struct err *e);

static const struct rule {
	const char *name, *what;
	enum unit unit;
	const struct query *due;
	int (*drop)(struct run *r, struct err *e);
} RULES[] = {
	{ "replies", "What mail servers answered to each message", DAYS, &Q_REPLY_DUE, drop_replies },
	{ "events", "The data that a message was filled in with, and the way that it took; that it was sent stays", MONTHS,
	  &Q_EVENT_DUE, drop_events },
	{ "approvals", "The text of each mailing, and who approved it: at least", YEARS, NULL, NULL },
	{ "consents", "What somebody agreed to, after it was withdrawn or they were erased", YEARS, &Q_CONSENT_DUE,
	  drop_consents },
	{ "unconfirmed", "Sign-ups that nobody confirmed", DAYS, &Q_SIGN_UP_DUE, drop_sign_ups },
	{ "notices", "Addresses to which a confirmation or a link was sent on request", DAYS, &Q_NOTICE_DUE, drop_notices },
	{ "asked", "How often somebody asked for a link", DAYS, &Q_ASKED_DUE, drop_asked },
	{ "complaints", "Complaints, after they were closed", YEARS, &Q_COMPLAINT_DUE, drop_complaints },
	{ "opt-outs", "That somebody left, or took back what they had agreed to, as a scrambled form of their address", FOR_GOOD, NULL,
	  NULL },
};

static const struct rule *rule_of(const char *name)
{
	for (size_t i = 0; i < COUNT(RULES); i++)
		if (strcmp(RULES[i].name, name) == 0)
			return &RULES[i];
	BUG("a rule that is not in the table");
}

/* --- batches ----------------------------------------------------------------------------------- */

/* One statement as a transaction of its own. */
static int drop_by(struct run *r, const struct query *q, const struct dbval *v, size_t n, int64_t *changed, struct err *e)
{
	int rc;

	if (db_begin(r->h->db, e) < 0)
		return -1;
	rc = db_exec(r->h->db, q, v, n, changed, e) < 0 ? -1 : db_commit(r->h->db, e);
	db_rollback(r->h->db);
	if (rc == 0)
		r->rows += *changed;
	return rc;
}

static int find_mailings(struct run *r, const struct query *q, int64_t **out, size_t *n, struct err *e)
{
	struct rows rows = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(r->h->db, q, ARGS(db_i64(r->before), db_i64(r->done)), &rows, e) < 0)
		return -1;
	while ((got = rows_next(&rows, e)) > 0) {
		*out = arena_room(r->a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = rows_i64(&rows, 0);
	}
	rows_close(&rows);
	return got < 0 ? -1 : 0;
}

/* Goes through a mailing's deliveries once, piece by piece. */
static int drop_pieces(struct run *r, const struct query *q, int64_t mailing, struct err *e)
{
	int64_t from = 0, to = 0, changed;

	if (db_get_i64(r->h->db, &Q_DELIVERY_FIRST, ARGS(db_i64(mailing)), &from, e) < 0)
		return -1;
	while (from) {
		if (db_get_i64(r->h->db, &Q_DELIVERY_PIECE, ARGS(db_i64(mailing), db_i64(from), db_i64(BATCH)), &to, e) < 0)
			return -1;
		if (to && drop_by(r, q, ARGS(db_i64(mailing), db_i64(from), db_i64(to), db_i64(r->before)), &changed, e) < 0)
			return -1;
		from = to ? to + 1 : 0;
	}
	return 0;
}

static int drop_in_mailings(struct run *r, const struct query *which, const struct query *q, struct err *e)
{
	int64_t *mailing;
	size_t n;

	if (find_mailings(r, which, &mailing, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (drop_pieces(r, q, mailing[i], e) < 0)
			return -1;
	return 0;
}

static int drop_replies(struct run *r, struct err *e)
{
	return drop_in_mailings(r, &Q_REPLY_MAILINGS, &Q_REPLY_DROP, e);
}

static int drop_events(struct run *r, struct err *e)
{
	return drop_in_mailings(r, &Q_EVENT_MAILINGS, &Q_EVENT_DROP, e);
}

static int drop_notices(struct run *r, struct err *e)
{
	int64_t changed = 0;

	do {
		if (drop_by(r, &Q_NOTICE_DROP, ARGS(db_i64(r->before), db_i64(r->done), db_i64(BATCH)), &changed, e) < 0)
			return -1;
	} while (changed == BATCH);
	return 0;
}

static int drop_asked(struct run *r, struct err *e)
{
	int64_t changed;

	return drop_by(r, &Q_ASKED_DROP, ARGS(db_i64(r->before), db_i64(0)), &changed, e);
}

static int drop_complaints(struct run *r, struct err *e)
{
	int64_t changed;

	return drop_by(r, &Q_COMPLAINT_DROP, ARGS(db_i64(r->before), db_i64(0)), &changed, e);
}

static int drop_sign_ups(struct run *r, struct err *e)
{
	int64_t rows = 0;
	int rc;

	if (db_begin(r->h->db, e) < 0)
		return -1;
	rc = sign_up_purge(r->h, r->before, &rows, e) < 0 ? -1 : db_commit(r->h->db, e);
	db_rollback(r->h->db);
	if (rc == 0)
		r->rows += rows;
	return rc;
}

/* --- consents ---------------------------------------------------------------------------------- */

struct ended {
	int64_t address, project, id; /* project 0: all of the address */
};

static int find_ended(struct run *r, const struct query *q, struct ended *out, size_t *n, struct err *e)
{
	struct rows rows = { 0 };
	int got = 0;

	*n = 0;
	if (db_query(r->h->db, q, ARGS(db_i64(r->before), db_i64(0), db_i64(FEW)), &rows, e) < 0)
		return -1;
	while (*n < FEW && (got = rows_next(&rows, e)) > 0)
		out[(*n)++] = (struct ended){ rows_i64(&rows, 0), rows_i64(&rows, 1), rows_i64(&rows, 2) };
	rows_close(&rows);
	return got < 0 ? -1 : 0;
}

static int drop_few(struct run *r, const struct query *q, size_t *n, struct err *e)
{
	struct ended few[FEW];
	int rc = find_ended(r, q, few, n, e);
	int64_t changed;

	for (size_t i = 0; rc == 0 && i < *n; i++) {
		const struct dbval v[] = { db_i64(few[i].address), db_i64(few[i].project), db_i64(few[i].id) };

		rc = db_exec(r->h->db, &Q_CONSENT_UNLINK, v, COUNT(v), NULL, e) < 0 ||
				     db_exec(r->h->db, &Q_CONSENT_DROP, v, COUNT(v), &changed, e) < 0
			     ? -1
			     : 0;
		if (rc == 0)
			r->rows += changed;
	}
	return rc;
}

static int drop_consents(struct run *r, struct err *e)
{
	static const struct query *const WHICH[] = { &Q_CONSENT_FIND, &Q_CONSENT_GONE };

	for (size_t i = 0; i < COUNT(WHICH); i++) {
		size_t n = FEW;

		while (n == FEW) {
			int rc;

			if (db_begin(r->h->db, e) < 0)
				return -1;
			rc = drop_few(r, WHICH[i], &n, e) < 0 ? -1 : db_commit(r->h->db, e);
			db_rollback(r->h->db);
			if (rc < 0)
				return -1;
		}
	}
	return 0;
}

/* --- periods and runs -------------------------------------------------------------------------- */

static int read_period(struct home *h, struct arena *a, const struct rule *rule, struct retention *out, struct err *e)
{
	static const struct {
		const char *one, *many;
		int64_t length;
	} UNITS[] = { [DAYS] = { "day", "days", DAY }, [MONTHS] = { "month", "months", MONTH }, [YEARS] = { "year", "years", YEAR } };
	const char *text = NULL;
	int64_t n;

	if (rule->unit == FOR_GOOD) {
		out->period = "for good";
		return 0;
	}
	if (institution_get(h, a, arena_printf(a, "retention.%s", rule->name), &text, e) < 0)
		return -1;
	if (!text || parse_i64(text, 1, 10000, &n) < 0)
		return err_set(e, ERR_BROKEN, "retention.%s: '%s' is stored", rule->name, text ? text : "");
	out->period = arena_printf(a, "%lld %s", (long long)n, n == 1 ? UNITS[rule->unit].one : UNITS[rule->unit].many);
	out->before = rule->drop ? home_now(h) - n * UNITS[rule->unit].length : 0;
	return 0;
}

/* When a rule ran last, up to where, and how many rows that were. */
static int read_last(struct home *h, const char *name, int64_t *at, int64_t *before, int64_t *rows, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*at = *before = *rows = 0;
	if (db_query(h->db, &Q_RETENTION_LAST, ARGS(db_text(name)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		*at = rows_i64(&r, 0);
		*before = rows_i64(&r, 1);
		*rows = rows_i64(&r, 2);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int read_rule(struct home *h, struct arena *a, const struct rule *rule, bool count, struct retention *out, struct err *e)
{
	int64_t done;

	*out = (struct retention){ .name = rule->name, .what = rule->what, .acts = rule->drop != NULL };
	if (read_period(h, a, rule, out, e) < 0 || read_last(h, rule->name, &out->last_run, &done, &out->last_rows, e) < 0)
		return -1;
	if (!count || !rule->due)
		return 0;
	return db_get_i64(h->db, rule->due, ARGS(db_i64(out->before), db_i64(done)), &out->due, e) < 0 ? -1 : 0;
}

int retention_list(struct home *h, struct arena *a, bool count, struct retention **out, size_t *n, struct err *e)
{
	*out = ARENA_ARRAY(a, struct retention, COUNT(RULES));
	*n = COUNT(RULES);
	for (size_t i = 0; i < COUNT(RULES); i++)
		if (read_rule(h, a, &RULES[i], count, &(*out)[i], e) < 0)
			return -1;
	return 0;
}

static int record(const struct run *r, const char *name, int64_t by, struct err *e)
{
	char before[32];
	int rc;

	if (db_begin(r->h->db, e) < 0)
		return -1;
	rc = db_exec(r->h->db, &Q_RETENTION_FORGET, ARGS(db_text(name)), NULL, e) < 0 ||
			     db_exec(r->h->db, &Q_RETENTION_RECORD,
				     ARGS(db_text(name), db_i64(home_now(r->h)), db_i64(r->before), db_i64(r->rows)), NULL, e) < 0
		     ? -1
		     : 0;
	if (rc == 0 && r->rows)
		rc = audit_add(r->h, by, "retention", name,
			       arena_printf(r->a, "%lld rows of before %s", (long long)r->rows, time_iso(r->before, before)), e);
	if (rc == 0)
		rc = db_commit(r->h->db, e);
	db_rollback(r->h->db);
	return rc;
}

int retention_apply(struct home *h, const struct retention *x, int64_t by, int64_t *rows, struct err *e)
{
	const struct rule *rule = rule_of(x->name);
	struct run r = { .h = h, .a = arena_new(), .before = x->before };
	int64_t at, last;
	int rc = 0;

	if (rule->drop)
		rc = read_last(h, x->name, &at, &r.done, &last, e) < 0 || rule->drop(&r, e) < 0 || record(&r, x->name, by, e) < 0
			     ? -1
			     : 0;
	*rows = r.rows;
	home_checkpoint(h);
	arena_free(r.a);
	return rc < 0 ? err_in(e, "retention of %s", x->name) : 0;
}
