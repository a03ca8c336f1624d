/*
 * Taking moments: see pace.h. The one idea: a limit is one number in the
 * database, the first moment that nobody has taken (`next`), and each message
 * moves it on by one interval. Whoever takes moments holds one row of the
 * database until the commit, so that two senders never take the same; what the
 * others have taken since is read by its version, so that a sender alone reads
 * nothing at all.
 *
 * Whom a domain's limit keeps back is given back with a time of their own, one
 * interval behind the one before (`ahead`), and half a second early, so that
 * the claim is there when the moment comes. Those who would wait for more than
 * PUT_OFF_MOST come back for another look before that: a queue may shorten.
 */
#include "store/pace.h"

#include "store/pace_in.h"
#include "store/query.h"

#define HORIZON SECOND            /* what may start within it is claimed, and held by the sender */
#define EARLY (SECOND / 2)
#define PUT_OFF_MOST (30 * MINUTE)
#define LIMITS_EVERY SECOND
#define GROUPS_EVERY (10 * MINUTE)
#define KEPT_MOST 50000           /* domains whose use or group is remembered, before a sweep */

/* What is remembered of one limit's use: a row of pace_use, whose name is "scope name". */
struct use {
	struct pace_named named;
	int64_t next, day, used, days, ahead;
	bool dirty;
};

struct group {
	struct pace_named named;
	char *limit; /* "mx:example.net", or "" */
};

struct pacer {
	struct pace_limits limits;
	int64_t limits_at, groups_at; /* clock_ticks */
	struct names uses, groups;
	int64_t version, seen;        /* of the database when it was read last, 0: never; in this transaction */
	int64_t now;
	bool active, changed;         /* something is limited; something was taken in this transaction */
};

QUERY(Q_PACE_LOCK, "SELECT used FROM pace_use WHERE scope = 'lock' AND name = ''",
      "SELECT used FROM pace_use WHERE scope = 'lock' AND name = '' FOR UPDATE");
QUERY(Q_PACE_LOCK_ADD, "INSERT INTO pace_use (scope, name, next, day, used) VALUES ('lock', '', 0, 0, 1)"
		       " ON CONFLICT (scope, name) DO NOTHING");
QUERY(Q_PACE_LOCK_COUNT, "UPDATE pace_use SET used = $1 WHERE scope = 'lock' AND name = ''");
/* Idle rows of domains say nothing. */
EACH(Q_EACH_PACE_CHANGED, "SELECT scope, name, next, day, used, days, ahead FROM pace_use WHERE version > $1 AND scope <> 'lock'"
			  " AND (next > $2 OR ahead > $2 OR day >= $3 OR scope = 'identity')");
QUERY(Q_PACE_WRITE, "INSERT INTO pace_use (scope, name, next, day, used, days, ahead, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		    " ON CONFLICT (scope, name) DO UPDATE SET next = excluded.next, day = excluded.day, used = excluded.used,"
		    " days = excluded.days, ahead = excluded.ahead, version = excluded.version");
QUERY(Q_PACE_GROUP, "SELECT name FROM domain_group WHERE domain = $1");
QUERY(Q_PACE_OF, "SELECT p.identity_id, a.delivery FROM delivery d JOIN mailing m ON m.id = d.mailing_id"
		 " JOIN project p ON p.id = m.project_id JOIN address a ON a.id = d.address_id WHERE d.id = $1");
QUERY(Q_PACE_WARM_SINCE, "UPDATE identity SET warm_since = $2 WHERE id = $1 AND warm_since IS NULL");
QUERY(Q_PACE_PUT_OFF, "UPDATE delivery SET state = 'queued', sender_id = NULL, due = $4,"
		      " first = CASE WHEN first = last THEN NULL ELSE first END"
		      " WHERE id = $1 AND sender_id = $2 AND state = 'attempting' AND last = $3");

/* --- what is remembered ------------------------------------------------------------------------- */

static void drop_use(struct pace_named *x)
{
	free(x->name);
	free(x);
}

static void drop_group(struct pace_named *x)
{
	free(((struct group *)x)->limit);
	drop_use(x);
}

struct pacer *pacer_new(void)
{
	struct pacer *p = mem_alloc(sizeof(*p));

	*p = (struct pacer){ .limits_at = -LIMITS_EVERY, .limits.a = arena_new() };
	return p;
}

static void forget_uses(struct pacer *p)
{
	names_sweep(&p->uses, NULL, NULL, drop_use);
	p->version = 0;
}

void pacer_free(struct pacer *p)
{
	if (!p)
		return;
	forget_uses(p);
	names_sweep(&p->groups, NULL, NULL, drop_group);
	arena_free(p->limits.a);
	free(p);
}

static struct use *use_of(struct pacer *p, const char *scope, const char *name)
{
	char key[PACE_NAME_MAX + 16];
	struct use *u;

	snprintf(key, sizeof(key), "%s %s", scope, name);
	u = (struct use *)names_find(&p->uses, key);
	if (u)
		return u;
	u = mem_alloc(sizeof(*u));
	*u = (struct use){ .named.name = mem_copy_text(key) };
	names_put(&p->uses, &u->named);
	return u;
}

static int read_changed(struct pacer *p, struct home *h, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_EACH_PACE_CHANGED, ARGS(db_i64(p->version), db_i64(p->now), db_i64(p->now / DAY)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		struct use *u = use_of(p, rows_text(&r, 0), rows_text(&r, 1));

		u->next = rows_i64(&r, 2);
		u->day = rows_i64(&r, 3);
		u->used = rows_i64(&r, 4);
		u->days = rows_i64(&r, 5);
		u->ahead = rows_i64(&r, 6);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static bool says_something(const struct pace_named *x, void *ctx)
{
	const struct use *u = (const struct use *)x;
	const struct pacer *p = ctx;

	return u->next > p->now || u->ahead > p->now || u->day >= p->now / DAY || strncmp(x->name, "identity ", 9) == 0;
}

/* Waits for others who are taking, and reads what they took. */
static int take_lock(struct pacer *p, struct home *h, struct err *e)
{
	int got = db_get_i64(h->db, &Q_PACE_LOCK, NO_ARGS, &p->seen, e);

	if (got == 0) {
		if (db_exec(h->db, &Q_PACE_LOCK_ADD, NO_ARGS, NULL, e) < 0)
			return -1;
		got = db_get_i64(h->db, &Q_PACE_LOCK, NO_ARGS, &p->seen, e);
	}
	if (got < 0)
		return -1;
	if (p->seen < p->version) /* an older database was put in its place */
		forget_uses(p);
	if (p->uses.n > KEPT_MOST)
		names_sweep(&p->uses, says_something, p, drop_use);
	if (p->seen > p->version && read_changed(p, h, e) < 0) {
		forget_uses(p);
		return -1;
	}
	p->version = p->seen;
	return 0;
}

int pace_load(struct pacer *p, struct home *h, int64_t now, struct err *e)
{
	int64_t ticks = clock_ticks();

	p->now = now;
	if (ticks - p->limits_at >= LIMITS_EVERY) {
		if (pace_limits_read(h, &p->limits, e) < 0)
			return -1;
		p->limits_at = ticks;
	}
	if (ticks - p->groups_at >= GROUPS_EVERY || p->groups.n > KEPT_MOST) {
		names_sweep(&p->groups, NULL, NULL, drop_group);
		p->groups_at = ticks;
	}
	p->active = p->limits.n || p->limits.n_identities;
	p->changed = false;
	return p->active ? take_lock(p, h, e) : 0;
}

bool pace_is_on(const struct pacer *p)
{
	return p->active;
}

bool pace_puts_off(const struct pacer *p)
{
	return p->active && p->limits.n;
}

/* --- one limit ---------------------------------------------------------------------------------- */

/* Of today; a warm-up counts this day as one of sending. 0: none. */
static int64_t limit_today(const struct pacer *p, const struct pace_rule *l, const struct use *u)
{
	return pace_rule_today(l, u->day == p->now / DAY ? u->days : u->days + 1);
}

static int64_t used_today(const struct pacer *p, const struct use *u)
{
	return u->day == p->now / DAY ? u->used : 0;
}

static int64_t midnight(const struct pacer *p)
{
	return (p->now / DAY + 1) * DAY;
}

/* The first free moment. One that is further away than honest use can bring it was taken under another limit, or by a clock
   that was wrong. */
static int64_t next_of(const struct pacer *p, const struct pace_rule *l, const struct use *u)
{
	return !l->interval || u->next < p->now || u->next > p->now + HORIZON + l->interval ? p->now : u->next;
}

static bool is_full(const struct pacer *p, const struct pace_rule *l, const struct use *u)
{
	int64_t today = limit_today(p, l, u);

	return today && used_today(p, u) >= today;
}

/* The first moment from now on at which one more may start. */
static int64_t earliest(const struct pacer *p, const struct pace_rule *l, const struct use *u)
{
	return is_full(p, l, u) ? midnight(p) : next_of(p, l, u);
}

static bool must_wait(const struct pacer *p, const struct pace_rule *l, const struct use *u)
{
	return is_full(p, l, u) || next_of(p, l, u) > p->now + HORIZON;
}

/* One message that starts at `at`. */
static void take(struct pacer *p, const struct pace_rule *l, struct use *u, int64_t at)
{
	int64_t today = p->now / DAY, idle = 2 * (l->interval > SECOND ? l->interval : SECOND);

	/* Nobody came for what was free: those for whom the row was kept are gone. */
	if (u->next + idle < p->now)
		u->ahead = 0;
	if (u->day != today) {
		u->day = today;
		u->used = 0;
		u->days++;
	}
	u->used++;
	/* System mail waits for nothing, and takes no more than what mailings can. */
	u->next = (at < p->now + HORIZON ? at : p->now + HORIZON) + l->interval;
	u->dirty = p->changed = true;
}

/* When one that has to wait is to be looked at again: in a row with the others. */
static int64_t put_off(struct pacer *p, const struct pace_rule *l, struct use *u, int64_t delivery)
{
	bool full = is_full(p, l, u);
	int64_t first = earliest(p, l, u), from = full ? first : p->now, at;

	if (u->ahead > from + PUT_OFF_MOST + l->interval)
		u->ahead = 0;
	at = u->ahead > first ? u->ahead : first;
	if (at <= from + PUT_OFF_MOST || at == first) {
		u->ahead = at + l->interval;
		u->dirty = p->changed = true;
		return full ? at : at - EARLY;
	}
	return from + PUT_OFF_MOST / 2 +
	       (int64_t)(((uint64_t)delivery * UINT64_C(0x9e3779b97f4a7c15)) >> 33) % (PUT_OFF_MOST / 2);
}

/* --- which limits -------------------------------------------------------------------------------- */

/* "mx:GROUP" if the domain's group is limited, else "". Kept for some minutes. */
static int group_limit(struct pacer *p, struct home *h, const char *domain, const char **out, struct err *e)
{
	struct group *g = (struct group *)names_find(&p->groups, domain);
	char name[PACE_NAME_MAX] = "";
	struct rows r = { 0 };
	int got = 0;

	if (!g) {
		if (db_query(h->db, &Q_PACE_GROUP, ARGS(db_text(domain)), &r, e) < 0)
			return -1;
		got = rows_next(&r, e);
		if (got > 0 && rows_text(&r, 0)[0])
			snprintf(name, sizeof(name), "mx:%s", rows_text(&r, 0));
		rows_close(&r);
		if (got < 0)
			return -1;
		g = mem_alloc(sizeof(*g));
		*g = (struct group){ { mem_copy_text(domain) }, mem_copy_text(name) };
		names_put(&p->groups, &g->named);
	}
	*out = g->limit;
	return 0;
}

struct hold {
	const struct pace_rule *rule;
	struct use *use;
};

/* The domain's own limit and its group's both hold; the one for all (*) where there is neither. */
static int holds_of(struct pacer *p, struct home *h, const char *address, struct hold out[2], size_t *n, struct err *e)
{
	const char *at = strrchr(address, '@'), *domain = at ? at + 1 : "", *group = "";
	const struct pace_rule *own = pace_limits_find(&p->limits, domain), *l;

	*n = 0;
	if (own)
		out[(*n)++] = (struct hold){ own, use_of(p, "domain", domain) };
	if (p->limits.grouped && group_limit(p, h, domain, &group, e) < 0)
		return -1;
	l = *group ? pace_limits_find(&p->limits, group) : NULL;
	if (l)
		out[(*n)++] = (struct hold){ l, use_of(p, "domain", group) };
	if (!*n && (l = pace_limits_find(&p->limits, "*")))
		out[(*n)++] = (struct hold){ l, use_of(p, "domain", domain) };
	return 0;
}

static struct use *use_of_identity(struct pacer *p, int64_t identity)
{
	char name[24];

	snprintf(name, sizeof(name), "%lld", (long long)identity);
	return use_of(p, "identity", name);
}

/* --- taking -------------------------------------------------------------------------------------- */

void pace_room(struct pacer *p, int64_t identity, int64_t *room, int64_t *opens)
{
	const struct pace_rule *l = p->active ? pace_limits_identity(&p->limits, identity) : NULL;
	const struct use *u;
	int64_t today;

	*room = INT64_MAX;
	*opens = 0;
	if (!l)
		return;
	u = use_of_identity(p, identity);
	today = limit_today(p, l, u);
	if (l->interval)
		*room = (p->now + HORIZON - next_of(p, l, u)) / l->interval + 1;
	if (today && today - used_today(p, u) < *room)
		*room = today - used_today(p, u);
	if (must_wait(p, l, u)) {
		*room = 0;
		*opens = earliest(p, l, u);
	}
}

static int take_identity(struct pacer *p, struct home *h, int64_t identity, const struct pace_rule *l, int64_t *at, struct err *e)
{
	struct use *u = use_of_identity(p, identity);
	int64_t first = next_of(p, l, u);

	if (l->warm_up && !u->days &&
	    db_exec(h->db, &Q_PACE_WARM_SINCE, ARGS(db_i64(identity), db_i64(p->now)), NULL, e) < 0)
		return -1;
	take(p, l, u, first);
	*at = first > *at ? first : *at;
	return 0;
}

int pace_admit(struct pacer *p, struct home *h, int64_t identity, const char *address, int64_t delivery,
	       struct pace_start *out, struct err *e)
{
	const struct pace_rule *l = p->active ? pace_limits_identity(&p->limits, identity) : NULL;
	struct hold hold[2];
	int64_t at = p->now;
	size_t n = 0;

	*out = (struct pace_start){ 0 };
	if (!p->active)
		return 0;
	if (p->limits.n && holds_of(p, h, address, hold, &n, e) < 0)
		return -1;
	if (l && must_wait(p, l, use_of_identity(p, identity))) {
		*out = (struct pace_start){ true, earliest(p, l, use_of_identity(p, identity)) };
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (must_wait(p, hold[i].rule, hold[i].use)) {
			out->later = true;
			at = put_off(p, hold[i].rule, hold[i].use, delivery);
		} else if (next_of(p, hold[i].rule, hold[i].use) > at) {
			at = next_of(p, hold[i].rule, hold[i].use);
		}
		out->at = at > out->at ? at : out->at;
	}
	if (out->later)
		return 0;
	if (l && take_identity(p, h, identity, l, &at, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		take(p, hold[i].rule, hold[i].use, at);
	out->at = at > p->now ? at : 0;
	return 0;
}

int pace_count(struct pacer *p, struct home *h, int64_t identity, const char *address, struct err *e)
{
	const struct pace_rule *l = p->active ? pace_limits_identity(&p->limits, identity) : NULL;
	struct hold hold[2];
	int64_t at = 0;
	size_t n = 0;

	if (!p->active)
		return 0;
	if ((p->limits.n && holds_of(p, h, address, hold, &n, e) < 0) || (l && take_identity(p, h, identity, l, &at, e) < 0))
		return -1;
	for (size_t i = 0; i < n; i++)
		take(p, hold[i].rule, hold[i].use, next_of(p, hold[i].rule, hold[i].use));
	return 0;
}

/* --- giving back, writing down -------------------------------------------------------------------- */

static void free_one(struct pacer *p, struct use *u)
{
	if (u->day != p->now / DAY || !u->used)
		return;
	u->used--;
	u->dirty = p->changed = true;
}

static int return_one(struct pacer *p, struct home *h, int64_t delivery, struct err *e)
{
	char address[400] = "";
	struct rows r = { 0 };
	int64_t identity = 0;
	struct hold hold[2];
	size_t n = 0;
	int got;

	if (db_query(h->db, &Q_PACE_OF, ARGS(db_i64(delivery)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		identity = rows_i64(&r, 0);
		snprintf(address, sizeof(address), "%s", rows_text(&r, 1));
	}
	rows_close(&r);
	if (got <= 0 || (p->limits.n && holds_of(p, h, address, hold, &n, e) < 0))
		return got < 0 ? -1 : got;
	if (pace_limits_identity(&p->limits, identity))
		free_one(p, use_of_identity(p, identity));
	for (size_t i = 0; i < n; i++)
		free_one(p, hold[i].use);
	return 0;
}

int pace_return(struct pacer *p, struct home *h, const struct outcome *o, size_t n, struct err *e)
{
	if (!p->active || !p->limits.daily)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!o[i].notice && !o[i].counts && strcmp(o[i].state, "queued") == 0 && o[i].claimed / DAY == p->now / DAY &&
		    return_one(p, h, o[i].id, e) < 0)
			return -1;
	return 0;
}

static int write_use(struct home *h, const struct use *u, int64_t version, struct err *e)
{
	const char *name = strchr(u->named.name, ' ');

	return db_exec(h->db, &Q_PACE_WRITE,
		       ARGS(db_slice((struct slice){ u->named.name, (size_t)(name - u->named.name) }), db_text(name + 1), db_i64(u->next),
			    db_i64(u->day), db_i64(u->used), db_i64(u->days), db_i64(u->ahead), db_i64(version)),
		       NULL, e);
}

int pace_store(struct pacer *p, struct home *h, struct err *e)
{
	int rc = 0;

	if (!p->changed)
		return 0;
	if (db_batch_begin(h->db, e) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < p->uses.room; i++) {
		struct use *u = (struct use *)p->uses.slot[i];

		if (!u || !u->dirty)
			continue;
		rc = write_use(h, u, p->seen + 1, e);
		u->dirty = false;
	}
	if (rc == 0)
		rc = db_exec(h->db, &Q_PACE_LOCK_COUNT, ARGS(db_i64(p->seen + 1)), NULL, e);
	if (rc < 0 || db_batch_end(h->db, e) < 0)
		return -1;
	p->version = p->seen + 1;
	p->changed = false;
	return 0;
}

void pace_undo(struct pacer *p)
{
	if (p->active)
		forget_uses(p);
}

int pace_put_off(struct home *h, int64_t sender, const struct delivery *d, int64_t due, struct err *e)
{
	return db_exec(h->db, &Q_PACE_PUT_OFF, ARGS(db_i64(d->id), db_i64(sender), db_i64(d->claimed), db_i64(due)), NULL, e);
}
