/*
 * Groups of domains: see group.h. Deliveries are numbered in the order in which
 * they are made, so that one number says which were looked at; each look is a
 * short transaction, whatever was imported. What is to be asked has `at` 0.
 */
#include "store/group.h"

#include "mail/domain.h"
#include "store/institution.h"
#include "store/query.h"

#define AT_ONCE 20000       /* deliveries of one look */
#define ASKED_AT_ONCE 200   /* domains whose answers are written together; less than DNS_QUESTIONS_MAX */
#define BUDGET (20 * SECOND)
#define AGAIN (1 * DAY)     /* after a DNS that did not answer */
#define MARK "groups-noted"

/* The domain is behind the last @. */
#define NOTE(domain)                                                                                                   \
	"INSERT INTO domain_group (domain, name, at) SELECT DISTINCT s.domain, '', 0 FROM (SELECT " domain " AS domain"  \
	" FROM delivery d JOIN address a ON a.id = d.address_id WHERE d.id > $1 AND d.id <= $2"                          \
	" AND d.state IN ('queued', 'deferred') AND a.erased IS NULL) AS s WHERE s.domain <> ''"                         \
	" ON CONFLICT (domain) DO UPDATE SET at = 0 WHERE domain_group.at < $3"
QUERY(Q_GROUP_NOTE, NOTE("substr(a.delivery, length(rtrim(a.delivery, replace(a.delivery, '@', ''))) + 1)"),
      NOTE("substring(a.delivery from '[^@]*$')"));
QUERY(Q_GROUP_UP_TO, "SELECT COALESCE(max(s.id), 0) FROM (SELECT d.id FROM delivery d WHERE d.id > $1 ORDER BY d.id LIMIT $2) AS s");
QUERY(Q_GROUP_MARK, "SELECT value FROM setting WHERE key = $1");
QUERY(Q_GROUP_SET_MARK, "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
QUERY(Q_GROUP_UNKNOWN, "SELECT domain, name FROM domain_group WHERE at = 0 ORDER BY domain LIMIT $1");
QUERY(Q_GROUP_FOUND, "UPDATE domain_group SET name = $2, at = $3 WHERE domain = $1");

/* --- noting ---------------------------------------------------------------------------------------- */

static int read_mark(struct home *h, int64_t *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*out = 0;
	if (db_query(h->db, &Q_GROUP_MARK, ARGS(db_text(MARK)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = strtoll(rows_text(&r, 0), NULL, 10);
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int note(struct home *h, int64_t from, int64_t to, struct err *e)
{
	char mark[24];

	snprintf(mark, sizeof(mark), "%lld", (long long)to);
	if (db_exec(h->db, &Q_GROUP_NOTE, ARGS(db_i64(from), db_i64(to), db_i64(home_now(h) - GROUP_KEPT)), NULL, e) < 0)
		return -1;
	return db_exec(h->db, &Q_GROUP_SET_MARK, ARGS(db_text(MARK), db_text(mark)), NULL, e);
}

int groups_note(struct home *h, struct err *e)
{
	int64_t from, to = 0;

	if (read_mark(h, &from, e) < 0 || db_get_i64(h->db, &Q_GROUP_UP_TO, ARGS(db_i64(from), db_i64(AT_ONCE)), &to, e) < 0)
		return -1;
	if (to <= from)
		return 0;
	if (db_begin(h->db, e) < 0)
		return -1;
	if (note(h, from, to, e) == 0 && db_commit(h->db, e) == 0)
		return 1;
	db_rollback(h->db);
	return -1;
}

/* --- asking ---------------------------------------------------------------------------------------- */

struct asked {
	const char *domain, *name;
	int64_t at; /* 0: not asked */
};

/* By preference, and by name where two are alike, so that every look finds the same. */
static const char *best_mx(const struct dns_answer *x)
{
	const struct dns_record *best = NULL;

	for (size_t i = 0; i < x->n; i++) {
		const struct dns_record *r = &x->record[i];

		if (!best || r->preference < best->preference ||
		    (r->preference == best->preference && strcmp(r->text, best->text) < 0))
			best = r;
	}
	return best ? best->text : "";
}

static const char *group_of(struct arena *a, const char *host)
{
	const char *registered = *host ? domain_registered(a, host) : NULL;

	return registered ? registered : host;
}

static void ask_one(struct home *h, struct arena *a, const struct dns_asker *dns, struct asked *x)
{
	struct dns_answer answer = dns_question(dns, a, x->domain, DNS_MX);

	x->at = home_now(h);
	switch (answer.status) {
	case DNS_FOUND:
		x->name = group_of(a, best_mx(&answer)); /* "": it takes no mail at all (RFC 7505) */
		break;
	case DNS_NO_DATA: /* then the domain itself is where its mail goes (RFC 5321, 5.1) */
		x->name = group_of(a, x->domain);
		break;
	case DNS_NO_NAME:
		x->name = "";
		break;
	case DNS_TROUBLE: /* what was known before stands meanwhile */
		x->at -= GROUP_KEPT - AGAIN;
		break;
	}
}

static int read_unknown(struct home *h, struct arena *a, struct asked *x, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*n = 0;
	if (db_query(h->db, &Q_GROUP_UNKNOWN, ARGS(db_i64(ASKED_AT_ONCE)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0)
		x[(*n)++] = (struct asked){ .domain = arena_text(a, rows_text(&r, 0)), .name = arena_text(a, rows_text(&r, 1)) };
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int keep_answers(struct home *h, const struct asked *x, size_t n, struct err *e)
{
	if (db_begin(h->db, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (x[i].at && db_exec(h->db, &Q_GROUP_FOUND, ARGS(db_text(x[i].domain), db_text(x[i].name), db_i64(x[i].at)), NULL, e) < 0)
			goto failed;
	if (db_commit(h->db, e) == 0)
		return 0;
failed:
	db_rollback(h->db);
	return -1;
}

int groups_ask(struct home *h, const struct dns_asker *dns, int64_t until, int64_t *n, struct err *e)
{
	struct arena *a = arena_new();
	struct asked *x = ARENA_ARRAY(a, struct asked, ASKED_AT_ONCE);
	size_t found;
	int rc = read_unknown(h, a, x, &found, e);

	*n = 0;
	for (size_t i = 0; rc == 0 && i < found && clock_ticks() < until; i++, (*n)++)
		ask_one(h, a, dns, &x[i]);
	if (rc == 0 && *n)
		rc = keep_answers(h, x, found, e);
	arena_free(a);
	return rc;
}

/* --- both ------------------------------------------------------------------------------------------ */

static int ask_all(struct home *h, const char *resolver, int64_t until, int64_t *asked, struct err *e)
{
	int64_t n = 1;

	while (n && clock_ticks() < until) {
		struct dns *dns = dns_open(resolver, (int)(BUDGET / SECOND), e);
		struct dns_asker asker;
		int rc;

		if (!dns)
			return -1;
		asker = dns_asker(dns);
		rc = groups_ask(h, &asker, until, &n, e);
		dns_free(dns);
		if (rc < 0)
			return -1;
		*asked += n;
	}
	return 0;
}

int groups_keep(struct home *h, int64_t *asked, struct err *e)
{
	int64_t until = clock_ticks() + BUDGET;
	struct arena *a = arena_new();
	const char *resolver = NULL;
	int more, rc = institution_get(h, a, "resolver", &resolver, e);

	*asked = 0;
	if (rc == 0 && (!h->trial || (resolver && resolver[0]))) {
		while ((more = groups_note(h, e)) > 0 && clock_ticks() < until)
			;
		rc = more < 0 ? -1 : ask_all(h, resolver, until, asked, e);
	}
	arena_free(a);
	return rc;
}
