/*
 * Reports of unwanted mail: see spam.h. What was delivered is counted before the
 * transaction, since that may take a second for a large mailing, and nobody
 * else shall wait for it.
 */
#include "store/spam.h"

#include "base/log.h"
#include "store/audit.h"
#include "store/breaker.h"
#include "store/query.h"
#include "store/stop.h"

#define DAYS 7

/* Behind the last @ of an address. */
#define DOMAIN_SQLITE "substr(a.delivery, length(rtrim(a.delivery, replace(a.delivery, '@', ''))) + 1)"
#define DOMAIN_PG "substring(a.delivery from '[^@]*$')"
#define AT_PROVIDER(domain)                                                                                           \
	" AND (CAST($2 AS TEXT) = '' OR " domain " = $2 OR " domain " IN (SELECT g.domain FROM domain_group g WHERE g.name = $2))"

#define OF_MAILING "SELECT count(*) FROM delivery d JOIN address a ON a.id = d.address_id WHERE d.mailing_id = $1 AND d.state = 'accepted'"
QUERY(Q_SPAM_DELIVERED, OF_MAILING AT_PROVIDER(DOMAIN_SQLITE), OF_MAILING AT_PROVIDER(DOMAIN_PG));
/* Mailings that ended before have nothing to add. */
#define OF_IDENTITY                                                                                                   \
	"SELECT count(*) FROM mailing m JOIN project p ON p.id = m.project_id JOIN delivery d ON d.mailing_id = m.id" \
	" JOIN address a ON a.id = d.address_id WHERE p.identity_id = $1 AND m.started IS NOT NULL"                   \
	" AND (m.ended IS NULL OR m.ended > $3) AND d.state = 'accepted' AND d.last > $3"
QUERY(Q_SPAM_DELIVERED_BY, OF_IDENTITY AT_PROVIDER(DOMAIN_SQLITE), OF_IDENTITY AT_PROVIDER(DOMAIN_PG));

#define SUM(what) "SELECT CAST(COALESCE(sum(" what "), 0) AS BIGINT) FROM spam_report WHERE provider = $2 AND at > $3"
#define OURS " AND delivered = 0"
#define TOLD " AND delivered > 0"
QUERY(Q_SPAM_OF_MAILING, SUM("n") OURS " AND mailing_id = $1");
QUERY(Q_SPAM_OF_IDENTITY, SUM("n") OURS " AND identity_id = $1");
QUERY(Q_SPAM_TOLD_OF_MAILING, SUM("n") TOLD " AND mailing_id = $1");
QUERY(Q_SPAM_TOLD_OF_IDENTITY, SUM("n") TOLD " AND identity_id = $1");
QUERY(Q_SPAM_TOLD_DELIVERED_OF_MAILING, SUM("delivered") TOLD " AND mailing_id = $1");
QUERY(Q_SPAM_TOLD_DELIVERED_OF_IDENTITY, SUM("delivered") TOLD " AND identity_id = $1");
QUERY(Q_SPAM_ADD, "INSERT INTO spam_report (identity_id, mailing_id, provider, n, delivered, at, source)"
		  " VALUES ($1, $2, $3, $4, $5, $6, $7)");
QUERY(Q_SPAM_GROUP, "SELECT name FROM domain_group WHERE domain = $1 AND name <> ''");
/* Since when reports count: the ledger knows when somebody let a mailing go on, and when an identity was paused or released. */
QUERY(Q_SPAM_MAILING_SINCE, "SELECT COALESCE(max(at), 0) FROM audit WHERE object = $1"
			    " AND action IN ('mailing-start', 'mailing-schedule', 'mailing-resume', 'mailing-resume-later')");
QUERY(Q_SPAM_IDENTITY_SINCE, "SELECT COALESCE(max(at), 0) FROM audit WHERE object = $1"
			     " AND action IN ('identity-released', 'identity-paused')");
QUERY(Q_SPAM_RELEASED, "SELECT COALESCE(max(at), 0) FROM audit WHERE object = $1 AND action = 'identity-released'");

/* What is worked out about one report. */
struct judging {
	struct home *h;
	struct arena *a;
	const struct spam_report *r;
	const char *provider;
	struct identity identity;
	int64_t delivered_mailing, delivered_identity; /* by us */
	struct spam_verdict *out;
};

int spam_provider(struct home *h, struct arena *a, const char *domain, const char **out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*out = domain;
	if (db_query(h->db, &Q_SPAM_GROUP, ARGS(db_text(domain)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = arena_text(a, rows_text(&r, 0));
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int count_delivered(struct judging *j, struct err *e)
{
	struct dbval provider = db_text(j->provider);

	if (j->r->delivered)
		return 0;
	if (j->r->mailing &&
	    db_get_i64(j->h->db, &Q_SPAM_DELIVERED, ARGS(db_i64(j->r->mailing), provider), &j->delivered_mailing, e) < 0)
		return -1;
	return db_get_i64(j->h->db, &Q_SPAM_DELIVERED_BY,
			  ARGS(db_i64(j->r->identity), provider, db_i64(home_now(j->h) - DAYS * DAY)), &j->delivered_identity, e) < 0
		       ? -1
		       : 0;
}

/* --- figures ----------------------------------------------------------------------------------- */

static int sum(struct judging *j, const struct query *q, int64_t id, int64_t since, int64_t *out, struct err *e)
{
	return db_get_i64(j->h->db, q, ARGS(db_i64(id), db_text(j->provider), db_i64(since)), out, e) < 0 ? -1 : 0;
}

static int since(struct judging *j, const struct query *q, const char *object, int64_t *out, struct err *e)
{
	return db_get_i64(j->h->db, q, ARGS(db_text(object)), out, e) < 0 ? -1 : 0;
}

static void add_figure(struct judging *j, struct spam_figure f, const char *what)
{
	f.level = complaints_judge(f.reports, f.delivered);
	if (complaints_judge(f.all, f.delivered) == COMPLAINTS_HOLD) {
		f.level = COMPLAINTS_HOLD;
		f.reports = f.all;
	}
	f.words = complaints_words(j->a, what, j->provider, f.reports, f.delivered);
	j->out->figure[j->out->n++] = f;
}

/* A provider's own figures are judged by themselves: the people in them may stand in our reports too. */
static int mailing_figure(struct judging *j, int64_t released, struct err *e)
{
	bool told = j->r->delivered > 0;
	const struct query *q = told ? &Q_SPAM_TOLD_OF_MAILING : &Q_SPAM_OF_MAILING;
	struct spam_figure f = { .scope = "mailing", .delivered = j->delivered_mailing };
	int64_t id = j->r->mailing, from;

	if (since(j, &Q_SPAM_MAILING_SINCE, arena_printf(j->a, "mailing %lld", (long long)id), &from, e) < 0 ||
	    sum(j, q, id, from, &f.reports, e) < 0 || sum(j, q, id, released, &f.all, e) < 0 ||
	    (told && sum(j, &Q_SPAM_TOLD_DELIVERED_OF_MAILING, id, released, &f.delivered, e) < 0))
		return -1;
	add_figure(j, f, "this mailing");
	return 0;
}

static int identity_figure(struct judging *j, int64_t released, struct err *e)
{
	bool told = j->r->delivered > 0;
	const struct query *q = told ? &Q_SPAM_TOLD_OF_IDENTITY : &Q_SPAM_OF_IDENTITY;
	struct spam_figure f = { .scope = "identity", .delivered = j->delivered_identity };
	int64_t id = j->r->identity, from, week = home_now(j->h) - DAYS * DAY;

	released = released > week ? released : week;
	if (since(j, &Q_SPAM_IDENTITY_SINCE, j->identity.name, &from, e) < 0 ||
	    sum(j, q, id, from > week ? from : week, &f.reports, e) < 0 || sum(j, q, id, released, &f.all, e) < 0 ||
	    (told && sum(j, &Q_SPAM_TOLD_DELIVERED_OF_IDENTITY, id, released, &f.delivered, e) < 0))
		return -1;
	add_figure(j, f, arena_printf(j->a, "identity %s in the last %d days", j->identity.name, DAYS));
	return 0;
}

static int figures(struct judging *j, struct err *e)
{
	int64_t released;

	if (since(j, &Q_SPAM_RELEASED, j->identity.name, &released, e) < 0 ||
	    (j->r->mailing && mailing_figure(j, released, e) < 0))
		return -1;
	return identity_figure(j, released, e);
}

/* --- what is done ------------------------------------------------------------------------------ */

static int pause_all(struct judging *j, const char *why, struct err *e)
{
	struct stopped *paused;
	size_t n;

	if (stop_mailings(j->h, j->a, j->identity.id, 0, why, &paused, &n, e) < 0)
		return -1;
	if (!n)
		return 0;
	log_event(LOG_LEVEL_WARN, "breaker", "what", "complaints", "identity", j->identity.name, "why", why, NULL);
	return audit_add(j->h, 0, "identity-paused", j->identity.name, why, e) < 0 ? -1 : 1;
}

static int act(struct judging *j, const struct spam_figure *f, struct err *e)
{
	bool of_mailing = strcmp(f->scope, "mailing") == 0;
	const char *why = arena_printf(j->a, "%s; ask people again whether they want it, then %s", f->words,
				       f->level == COMPLAINTS_HOLD ? arena_printf(j->a, "placet identity release %s", j->identity.name)
								   : "resume what should go on");
	int got = 0;

	if (f->level == COMPLAINTS_WARN)
		log_event(LOG_LEVEL_WARN, "complaints", "identity", j->identity.name, "why", f->words, NULL);
	if (f->level == COMPLAINTS_HOLD) {
		if ((got = breaker_hold(j->h, &j->identity, why, e)) > 0)
			j->out->held = true;
	} else if (f->level == COMPLAINTS_PAUSE) {
		got = of_mailing ? breaker_pause(j->h, j->r->mailing, "complaints", "", why, e) : pause_all(j, why, e);
		if (got > 0)
			j->out->paused = true;
	}
	return got < 0 ? -1 : 0;
}

static int add(struct judging *j, struct err *e)
{
	const struct spam_report *r = j->r;
	const char *detail;

	if (db_exec(j->h->db, &Q_SPAM_ADD,
		    ARGS(db_i64(r->identity), r->mailing ? db_i64(r->mailing) : db_null(), db_text(j->provider), db_i64(r->n),
			 db_i64(r->delivered), db_i64(home_now(j->h)), db_text(r->source)),
		    NULL, e) < 0 ||
	    figures(j, e) < 0)
		return -1;
	detail = arena_printf(j->a, "%lld at %s; %s", (long long)r->n, j->provider[0] ? j->provider : "a provider that is not known",
			      j->out->figure[0].words);
	if (audit_add(j->h, r->by, "spam-report",
		      r->mailing ? arena_printf(j->a, "mailing %lld", (long long)r->mailing) : j->identity.name, detail, e) < 0)
		return -1;
	for (size_t i = 0; i < j->out->n; i++)
		if (act(j, &j->out->figure[i], e) < 0)
			return -1;
	return 0;
}

int spam_report_add(struct home *h, struct arena *a, const struct spam_report *r, struct spam_verdict *out, struct err *e)
{
	struct judging j = { .h = h, .a = a, .r = r, .out = out };

	*out = (struct spam_verdict){ 0 };
	if (identity_by_id(h, a, r->identity, &j.identity, e) <= 0 || spam_provider(h, a, r->provider, &j.provider, e) < 0 ||
	    count_delivered(&j, e) < 0)
		return -1;
	out->provider = j.provider;
	if (db_begin(h->db, e) < 0)
		return -1;
	if (add(&j, e) == 0 && db_commit(h->db, e) == 0) {
		if (out->paused || out->held)
			home_standing_changed(h);
		return 0;
	}
	db_rollback(h->db);
	return -1;
}
