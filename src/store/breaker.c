/*
 * Circuit breakers: see breaker.h. Each sender has a row of its own for each
 * mailing, so that none waits for another's; what is judged is their sum.
 */
#include "store/breaker.h"

#include "base/log.h"
#include "policy/provider_code.h"
#include "store/mailing.h"
#include "store/query.h"
#include "store/stop.h"

#define SAME_CODE_MAILINGS 2      /* one mailing may be at fault itself; two with one code are their identity's */
#define SAME_CODE_FOR (7 * DAY)

QUERY(Q_BREAKER_GET, "SELECT ended, hard, setup, slowed, slowed_since, code FROM breaker WHERE mailing_id = $1 AND sender_id = $2");
QUERY(Q_BREAKER_PUT,
      "INSERT INTO breaker (mailing_id, sender_id, ended, hard, setup, slowed, slowed_since, code)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (mailing_id, sender_id) DO UPDATE SET ended = excluded.ended,"
      " hard = excluded.hard, setup = excluded.setup, slowed = excluded.slowed, slowed_since = excluded.slowed_since,"
      " code = excluded.code");
QUERY(Q_BREAKER_ALL, "SELECT ended, hard, setup, slowed, slowed_since, code FROM breaker WHERE mailing_id = $1 ORDER BY setup, slowed");
QUERY(Q_BREAKER_RESET, "DELETE FROM breaker WHERE mailing_id = $1");
QUERY(Q_BREAKER_TRIP, "INSERT INTO breaker_trip (identity_id, mailing_id, what, code, at)"
		      " SELECT p.identity_id, m.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT) FROM mailing m JOIN project p ON p.id = m.project_id WHERE m.id = $1");
QUERY(Q_BREAKER_SAME_CODE, "SELECT count(DISTINCT mailing_id) FROM breaker_trip WHERE identity_id = $1 AND what = 'set-up'"
			   " AND code = $2 AND at > $3");
QUERY(Q_BREAKER_FORGET, "DELETE FROM breaker_trip WHERE identity_id = $1");
QUERY(Q_BREAKER_IDENTITY, "SELECT p.identity_id FROM mailing m JOIN project p ON p.id = m.project_id WHERE m.id = $1");

static struct breaker_counts counts_from(struct rows *r, struct arena *a)
{
	return (struct breaker_counts){ .ended = rows_i64(r, 0), .hard = rows_i64(r, 1), .setup = rows_i64(r, 2),
					.slowed = rows_i64(r, 3), .slowed_since = rows_i64(r, 4),
					.code = arena_text(a, rows_text(r, 5)) };
}

/* --- what trips -------------------------------------------------------------------------------- */

int breaker_pause(struct home *h, int64_t mailing, const char *what, const char *code, const char *why, struct err *e)
{
	struct arena *a = arena_new();
	struct mailing m;
	int rc = mailing_by_id(h, a, mailing, &m, e);

	if (rc > 0 && mailing_move(h, &m, "pause", 0, why, e) < 0) {
		/* Somebody else stopped it, or it has ended: nothing is left to do. */
		rc = e->kind == ERR_REFUSED ? 0 : -1;
		if (!rc)
			err_clear(e);
	} else if (rc > 0) {
		log_event(LOG_LEVEL_WARN, "breaker", "what", what, "mailing", arena_printf(a, "%lld", (long long)mailing), "why", why,
			  NULL);
		if (db_exec(h->db, &Q_BREAKER_TRIP, ARGS(db_i64(mailing), db_text(what), db_text(code), db_i64(home_now(h))), NULL,
			    e) < 0)
			rc = -1;
	}
	arena_free(a);
	return rc;
}

int breaker_hold(struct home *h, const struct identity *x, const char *why, struct err *e)
{
	struct arena *a = arena_new();
	struct stopped *paused;
	struct identity now;
	size_t n;
	int rc = identity_by_id(h, a, x->id, &now, e);

	if (rc > 0 && now.held_at)
		rc = 0;
	if (rc > 0) {
		log_event(LOG_LEVEL_WARN, "identity-held", "identity", x->name, "why", why, NULL);
		rc = stop_hold(h, a, x, 0, why, &paused, &n, e) < 0 ? -1 : 1;
	}
	arena_free(a);
	return rc;
}

/* The same code for several mailings: no change of a mailing mends that. */
static int hold_for_code(struct home *h, struct arena *a, int64_t mailing, const struct breaker_counts *c, struct err *e)
{
	const struct provider_code *p = provider_code_by_key(c->code);
	int64_t identity = 0, mailings = 0;
	struct identity x;

	if (!p)
		return 0;
	if (db_get_i64(h->db, &Q_BREAKER_IDENTITY, ARGS(db_i64(mailing)), &identity, e) <= 0 ||
	    db_get_i64(h->db, &Q_BREAKER_SAME_CODE, ARGS(db_i64(identity), db_text(c->code), db_i64(home_now(h) - SAME_CODE_FOR)),
		       &mailings, e) < 0)
		return -1;
	if (mailings < SAME_CODE_MAILINGS)
		return 0;
	if (identity_by_id(h, a, identity, &x, e) <= 0)
		return -1;
	return breaker_hold(h, &x,
			    arena_printf(a, "%lld of its mailings were paused within 7 days because %s (%s; limit: %d); %s, then placet"
					    " identity release %s",
					 (long long)mailings, p->means, provider_code_shown(a, p, 5), SAME_CODE_MAILINGS, p->mend, x.name),
			    e);
}

static int judge(struct home *h, struct arena *a, int64_t mailing, struct err *e)
{
	struct breaker_counts c;
	enum breaker b;
	int tripped;

	if (breaker_counts(h, a, mailing, &c, e) < 0)
		return -1;
	b = breaker_judge(&c, home_now(h));
	if (b == BREAKER_NONE)
		return 0;
	tripped = breaker_pause(h, mailing, breaker_name(b), b == BREAKER_BOUNCES ? "" : c.code, breaker_words(a, b, &c), e);
	if (tripped > 0 && b == BREAKER_SETUP && hold_for_code(h, a, mailing, &c, e) < 0)
		return -1;
	return tripped;
}

/* --- counts ------------------------------------------------------------------------------------ */

static int add(struct home *h, struct arena *a, int64_t sender, const struct breaker_tally *t, struct err *e)
{
	struct breaker_counts c = { .code = "" };
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_BREAKER_GET, ARGS(db_i64(t->mailing), db_i64(sender)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		c = counts_from(&r, a);
	rows_close(&r);
	if (got < 0)
		return -1;
	breaker_add(&c, &t->n, home_now(h));
	return db_exec(h->db, &Q_BREAKER_PUT,
		       ARGS(db_i64(t->mailing), db_i64(sender), db_i64(c.ended), db_i64(c.hard), db_i64(c.setup), db_i64(c.slowed),
			    db_i64(c.slowed_since), db_text(c.code)),
		       NULL, e);
}

int breaker_count(struct home *h, int64_t sender, const struct breaker_tally *t, size_t n, struct err *e)
{
	struct arena *a = arena_new();
	int stopped = 0, got = 0;

	MUST(db_in_transaction(h->db));
	for (size_t i = 0; i < n && got >= 0; i++) {
		bool bad = t[i].n.hard || t[i].n.setup || t[i].n.slowed;

		if (!t[i].n.ended)
			continue;
		got = add(h, a, sender, &t[i], e);
		/* What only went well trips nothing. */
		if (got == 0 && bad)
			got = judge(h, a, t[i].mailing, e);
		stopped = stopped || got > 0;
	}
	arena_free(a);
	return got < 0 ? -1 : stopped;
}

int breaker_counts(struct home *h, struct arena *a, int64_t mailing, struct breaker_counts *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*out = (struct breaker_counts){ .code = "" };
	if (db_query(h->db, &Q_BREAKER_ALL, ARGS(db_i64(mailing)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		struct breaker_counts c = counts_from(&r, a);

		out->ended += c.ended;
		out->hard += c.hard;
		out->setup += c.setup;
		out->slowed += c.slowed;
		if (c.slowed_since && (!out->slowed_since || c.slowed_since < out->slowed_since))
			out->slowed_since = c.slowed_since;
		if (c.code[0])
			out->code = c.code;
	}
	rows_close(&r);
	if (2 * out->slowed < out->ended)
		out->slowed_since = 0;
	return got < 0 ? -1 : 0;
}

int breaker_reset(struct home *h, int64_t mailing, struct err *e)
{
	return db_exec(h->db, &Q_BREAKER_RESET, ARGS(db_i64(mailing)), NULL, e);
}

int breaker_forget(struct home *h, const struct identity *x, struct err *e)
{
	return db_exec(h->db, &Q_BREAKER_FORGET, ARGS(db_i64(x->id)), NULL, e);
}
