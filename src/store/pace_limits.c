/* Limits: see pace.h. Senders read them once a second; commands change them here, and those who were put off under the old ones come back. */
#include "store/pace_in.h"

#include "mail/domain.h"
#include "store/query.h"

#define GROUP "mx:"

QUERY(Q_PACE_RULES, "SELECT name, per_second_milli, per_day FROM pace ORDER BY name");
QUERY(Q_PACE_RULES_OF_IDENTITIES, "SELECT id, per_second, per_day, warm_up FROM identity"
				  " WHERE per_second > 0 OR per_day > 0 OR warm_up > 0 ORDER BY id");
QUERY(Q_PACE_SET, "INSERT INTO pace (name, per_second_milli, per_day) VALUES ($1, $2, $3)"
		  " ON CONFLICT (name) DO UPDATE SET per_second_milli = excluded.per_second_milli, per_day = excluded.per_day");
QUERY(Q_PACE_REMOVE, "DELETE FROM pace WHERE name = $1");
QUERY(Q_PACE_LIST, "SELECT p.name, p.per_second_milli, p.per_day, COALESCE(u.used, 0), COALESCE(u.next, 0) FROM pace p"
		   " LEFT JOIN pace_use u ON u.scope = 'domain' AND u.name = p.name AND u.day = $1 ORDER BY p.name");
/* Domains that fell under *: those with a use and no limit of their own. */
QUERY(Q_PACE_REST, "SELECT count(*), COALESCE(sum(u.used), 0) FROM pace_use u WHERE u.scope = 'domain' AND u.day = $1"
		   " AND NOT EXISTS (SELECT 1 FROM pace p WHERE p.name = u.name)");
QUERY(Q_PACE_COME_BACK, "UPDATE delivery SET due = 0 WHERE state = 'queued' AND due > $1"
			" AND mailing_id IN (SELECT m.id FROM mailing m WHERE m.state IN ('sending', 'paused'))");
QUERY(Q_PACE_LIMITS_LOCK, "SELECT used FROM pace_use WHERE scope = 'lock' AND name = ''",
      "SELECT used FROM pace_use WHERE scope = 'lock' AND name = '' FOR UPDATE");
QUERY(Q_PACE_ROW_AGAIN, "UPDATE pace_use SET ahead = 0, version = $1 WHERE scope = 'domain' AND ahead > 0");
QUERY(Q_PACE_WARM_AGAIN, "UPDATE pace_use SET days = CASE WHEN day = $3 THEN 1 ELSE 0 END, version = $1"
			 " WHERE scope = 'identity' AND name = $2");
QUERY(Q_PACE_CHANGES, "UPDATE pace_use SET used = $1 WHERE scope = 'lock'");
QUERY(Q_PACE_IDENTITY_SET, "UPDATE identity SET per_second = $2, per_day = $3,"
			   " warm_since = CASE WHEN warm_up = $4 THEN warm_since ELSE NULL END, warm_up = $4 WHERE id = $1");
QUERY(Q_PACE_IDENTITY, "SELECT i.per_second, i.per_day, i.warm_up, i.warm_since, u.next, u.day, u.used, u.days FROM identity i"
		       " LEFT JOIN pace_use u ON u.scope = 'identity' AND u.name = CAST(i.id AS TEXT) WHERE i.id = $1");
QUERY(Q_PACE_IDENTITY_OF, "SELECT p.identity_id FROM mailing m JOIN project p ON p.id = m.project_id WHERE m.id = $1");
QUERY(Q_PACE_FORGET, "DELETE FROM pace_use WHERE scope = 'domain' AND day < $1 AND next < $2 AND ahead < $2");

/* --- read by senders ------------------------------------------------------------------------------ */

static int64_t interval_of(int64_t per_second_milli)
{
	return per_second_milli > 0 ? (1000 * SECOND + per_second_milli - 1) / per_second_milli : 0;
}

static int read_rules(struct home *h, struct pace_limits *out, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	if (db_query(h->db, &Q_PACE_RULES, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		out->rule = arena_room(out->a, out->rule, out->n, &room, sizeof(*out->rule));
		out->rule[out->n] = (struct pace_rule){ .name = arena_text(out->a, rows_text(&r, 0)),
							.interval = interval_of(rows_i64(&r, 1)), .per_day = rows_i64(&r, 2) };
		out->grouped = out->grouped || strncmp(out->rule[out->n].name, GROUP, 3) == 0;
		out->daily = out->daily || out->rule[out->n].per_day;
		out->n++;
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int read_identities(struct home *h, struct pace_limits *out, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	if (db_query(h->db, &Q_PACE_RULES_OF_IDENTITIES, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		struct pace_rule *l;

		out->identities = arena_room(out->a, out->identities, out->n_identities, &room, sizeof(*l));
		l = &out->identities[out->n_identities++];
		*l = (struct pace_rule){ .identity = rows_i64(&r, 0), .interval = interval_of(1000 * rows_i64(&r, 1)),
					 .per_day = rows_i64(&r, 2), .warm_up = rows_i64(&r, 3) };
		out->daily = out->daily || l->per_day || l->warm_up;
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct pace_rule *)a)->name, ((const struct pace_rule *)b)->name);
}

int pace_limits_read(struct home *h, struct pace_limits *out, struct err *e)
{
	struct arena *a = out->a;

	arena_clear(a);
	*out = (struct pace_limits){ .a = a };
	if (read_rules(h, out, e) < 0 || read_identities(h, out, e) < 0) {
		*out = (struct pace_limits){ .a = a };
		return -1;
	}
	/* The order of an engine's collation is its own. */
	if (out->n)
		qsort(out->rule, out->n, sizeof(*out->rule), by_name);
	return 0;
}

const struct pace_rule *pace_limits_find(const struct pace_limits *l, const char *name)
{
	const struct pace_rule wanted = { .name = name };

	return l->n ? bsearch(&wanted, l->rule, l->n, sizeof(*l->rule), by_name) : NULL;
}

const struct pace_rule *pace_limits_identity(const struct pace_limits *l, int64_t identity)
{
	for (size_t i = 0; i < l->n_identities; i++)
		if (l->identities[i].identity == identity)
			return &l->identities[i];
	return NULL;
}

int64_t pace_rule_today(const struct pace_rule *l, int64_t days)
{
	int64_t warm;

	if (!l->warm_up || days > PACE_WARM_UP_DAYS)
		return l->per_day;
	warm = l->warm_up << (days > 1 ? days - 1 : 0);
	return l->per_day && l->per_day < warm ? l->per_day : warm;
}

/* --- changed by commands -------------------------------------------------------------------------- */

static bool is_group_or_domain(struct arena *a, const char *text, const char **out)
{
	bool group = strncasecmp(text, GROUP, 3) == 0;
	const char *domain = domain_parse(a, group ? text + 3 : text);

	*out = domain && group ? arena_printf(a, GROUP "%s", domain) : domain;
	return domain != NULL;
}

const char *pace_name(struct arena *a, const char *text)
{
	const char *out = "*";

	return strcmp(text, "*") == 0 || is_group_or_domain(a, text, &out) ? out : NULL;
}

/* Before any other row is touched, so that senders and this never wait for each other in a ring. 1, 0 no sender has ever
   taken anything, -1. */
static int lock(struct home *h, int64_t *version, struct err *e)
{
	MUST(db_in_transaction(h->db));
	*version = 0;
	return db_get_i64(h->db, &Q_PACE_LIMITS_LOCK, NO_ARGS, version, e);
}

/* Those who were put off are looked at again, under what holds now. */
static int come_back(struct home *h, int64_t version, struct err *e)
{
	if (db_exec(h->db, &Q_PACE_COME_BACK, ARGS(db_i64(home_now(h))), NULL, e) < 0 ||
	    db_exec(h->db, &Q_PACE_ROW_AGAIN, ARGS(db_i64(version + 1)), NULL, e) < 0)
		return -1;
	return db_exec(h->db, &Q_PACE_CHANGES, ARGS(db_i64(version + 1)), NULL, e);
}

int pace_set(struct home *h, const struct pace_limit *x, struct err *e)
{
	int64_t version;

	if (lock(h, &version, e) < 0 ||
	    db_exec(h->db, &Q_PACE_SET, ARGS(db_text(x->name), db_i64(x->per_second_milli), db_i64(x->per_day)), NULL, e) < 0)
		return -1;
	return come_back(h, version, e);
}

int pace_remove(struct home *h, const char *name, struct err *e)
{
	int64_t version, changed = 0;

	if (lock(h, &version, e) < 0 || db_exec(h->db, &Q_PACE_REMOVE, ARGS(db_text(name)), &changed, e) < 0)
		return -1;
	if (!changed)
		return err_set(e, ERR_MISSING, "%s has no pace of its own; placet pace list shows those that there are", name);
	return come_back(h, version, e);
}

static int read_rest(struct home *h, struct pace_limit *x, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_PACE_REST, ARGS(db_i64(home_now(h) / DAY)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		x->domains = rows_i64(&r, 0);
		x->used = rows_i64(&r, 1);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int pace_list(struct home *h, struct arena *a, struct pace_limit **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_PACE_LIST, ARGS(db_i64(home_now(h) / DAY)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		int64_t next = rows_i64(&r, 4);

		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct pace_limit){ .name = arena_text(a, rows_text(&r, 0)), .per_second_milli = rows_i64(&r, 1),
						      .per_day = rows_i64(&r, 2), .used = rows_i64(&r, 3),
						      .next = next > home_now(h) ? next : 0 };
	}
	rows_close(&r);
	for (size_t i = 0; got == 0 && i < *n; i++)
		if (strcmp((*out)[i].name, "*") == 0)
			got = read_rest(h, &(*out)[i], e);
	return got < 0 ? -1 : 0;
}

/* --- identities ----------------------------------------------------------------------------------- */

static int begin_anew(struct home *h, const struct pace_identity *x, int64_t version, struct err *e)
{
	char name[24];

	snprintf(name, sizeof(name), "%lld", (long long)x->id);
	return db_exec(h->db, &Q_PACE_WARM_AGAIN, ARGS(db_i64(version + 1), db_text(name), db_i64(home_now(h) / DAY)), NULL, e);
}

int pace_identity_set(struct home *h, const struct pace_identity *x, struct err *e)
{
	struct pace_identity before;
	int64_t version;

	if (lock(h, &version, e) < 0 || pace_identity_get(h, x->id, &before, e) < 0 ||
	    db_exec(h->db, &Q_PACE_IDENTITY_SET,
		    ARGS(db_i64(x->id), db_i64(x->per_second), db_i64(x->per_day), db_i64(x->warm_up)), NULL, e) < 0)
		return -1;
	if (x->warm_up != before.warm_up && begin_anew(h, x, version, e) < 0)
		return -1;
	return come_back(h, version, e);
}

/* The rule and the use of an identity, as they stand; `next` is 0 when it has sent nothing. */
static int look_at_identity(struct home *h, int64_t id, struct pace_identity *out, int64_t *next, struct err *e)
{
	int64_t today = home_now(h) / DAY;
	struct rows r = { 0 };
	int got;

	*out = (struct pace_identity){ .id = id };
	*next = 0;
	if (db_query(h->db, &Q_PACE_IDENTITY, ARGS(db_i64(id)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		bool sent_today = !rows_is_null(&r, 5) && rows_i64(&r, 5) == today;
		struct pace_rule l = { .per_day = rows_i64(&r, 1), .warm_up = rows_i64(&r, 2) };

		out->per_second = rows_i64(&r, 0);
		out->per_day = l.per_day;
		out->warm_up = l.warm_up;
		out->warm_since = rows_i64(&r, 3);
		*next = rows_i64(&r, 4);
		out->used = sent_today ? rows_i64(&r, 6) : 0;
		out->days = rows_i64(&r, 7);
		out->today = pace_rule_today(&l, sent_today ? out->days : out->days + 1);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int pace_identity_get(struct home *h, int64_t id, struct pace_identity *out, struct err *e)
{
	int64_t next;

	return look_at_identity(h, id, out, &next, e);
}

int pace_mailing_opens(struct home *h, int64_t mailing, int64_t now, int64_t *out, struct err *e)
{
	struct pace_identity x;
	int64_t identity = 0, next;

	*out = now;
	if (db_get_i64(h->db, &Q_PACE_IDENTITY_OF, ARGS(db_i64(mailing)), &identity, e) < 0 ||
	    look_at_identity(h, identity, &x, &next, e) < 0)
		return -1;
	if (x.today && x.used >= x.today)
		*out = (now / DAY + 1) * DAY;
	return 0;
}

int pace_forget(struct home *h, int64_t *rows, struct err *e)
{
	int64_t now = home_now(h);

	return db_exec(h->db, &Q_PACE_FORGET, ARGS(db_i64(now / DAY - 1), db_i64(now - DAY)), rows, e);
}
