/*
 * Sign-offs: see validation.h. The order in which addresses come up for the
 * sample is drawn once from a recorded seed over the addresses in the order
 * of their numbers; a growing sample is a longer beginning of the same order.
 */
#include "store/validation_inner.h"

#include "store/audit.h"
#include "store/institution.h"
#include "store/query.h"

#include <math.h>

#define RISK 0.05
#define BAD_SHARE 0.02
#define FAILURES_BEFORE_ALL 3

/* Members of the list who need a decision: no standing validation, and in no open sign-off. Who bounced is asked
   for by name (validation_take_bounced), so that dead addresses never hold up the others. */
#define WAITING                                                                                                     \
	" FROM member m LEFT JOIN validation v ON v.address_id = m.address_id AND v.until > $2"                    \
	" WHERE m.list_id = $1 AND v.address_id IS NULL"                                                           \
	" AND NOT EXISTS (SELECT 1 FROM address b WHERE b.id = m.address_id AND b.bounced = 1)"                     \
	" AND NOT EXISTS (SELECT 1 FROM signoff_item i"                                                            \
	"   JOIN signoff s ON s.id = i.signoff_id WHERE i.address_id = m.address_id AND s.list_id = $1 AND s.done IS NULL)"

QUERY(Q_SIGNOFF_WAITING_COUNT, "SELECT count(*)" WAITING);
EACH(Q_EACH_SIGNOFF_WAITING, "SELECT m.address_id, m.flags" WAITING " ORDER BY m.address_id");
QUERY(Q_SIGNOFF_ADD, "INSERT INTO signoff (list_id, seed, population, planned, opened) VALUES ($1, $2, $3, $4, $5)"
		     " RETURNING id");
QUERY(Q_SIGNOFF_ITEM, "INSERT INTO signoff_item (signoff_id, address_id, place) VALUES ($1, $2, $3)");
QUERY(Q_SIGNOFF_OPEN, "SELECT id, population, planned, allowed, seed FROM signoff"
		      " WHERE list_id = $1 AND done IS NULL ORDER BY id LIMIT 1");
/* Each decision is looked up by itself: before PostgreSQL has figures of the tables it would join all with all. */
QUERY(Q_SIGNOFF_COUNTS,
      "SELECT count(*) - count(t.place), count(CASE WHEN t.place IS NULL THEN t.d END),"
      " count(CASE WHEN t.place IS NOT NULL THEN t.d END), count(CASE WHEN t.place IS NOT NULL AND t.d = 'reject' THEN 1 END)"
      " FROM (SELECT i.place, (SELECT d.decision FROM decision d WHERE d.signoff_id = i.signoff_id"
      "   AND d.address_id = i.address_id) AS d FROM signoff_item i WHERE i.signoff_id = $1"
      "   AND (i.place IS NULL OR i.place < $2)) AS t");
QUERY(Q_SIGNOFF_FIND, "SELECT i.address_id, i.place, (SELECT b.bounced FROM address b WHERE b.id = i.address_id)"
		      " FROM signoff_item i WHERE i.signoff_id = $1"
		      " AND i.address_id = (SELECT a.id FROM address a WHERE a.key_hash = $2 AND a.delivery = $3)");
QUERY(Q_DECISION_ADD,
      "INSERT INTO decision (signoff_id, address_id, decision, reason, by_id, source, at)"
      " VALUES ($1, $2, $3, $4, $5, 'file', $6)"
      " ON CONFLICT (signoff_id, address_id) DO UPDATE SET decision = excluded.decision, reason = excluded.reason,"
      " by_id = excluded.by_id, at = excluded.at"
      /* $7: a failure in the sample stands, since it has made the sample grow (policy: decisions kept). Asked here and not
	 before: a plan for a small table would read all of it for each line of a long file. */
      " WHERE decision.decision <> 'reject' OR CAST($7 AS BIGINT) = 0");
QUERY(Q_SIGNOFF_GROW, "UPDATE signoff SET planned = $2, allowed = $3 WHERE id = $1");
QUERY(Q_SIGNOFF_VALIDATE,
      "INSERT INTO validation (address_id, accepted, by_id, signoff_id, how, at, until)"
      " SELECT i.address_id, CASE WHEN d.decision = 'reject' THEN 0 ELSE 1 END, COALESCE(d.by_id, $2), i.signoff_id,"
      " $3, $4, $5 FROM signoff_item i LEFT JOIN decision d ON d.signoff_id = i.signoff_id"
      "   AND d.address_id = i.address_id WHERE i.signoff_id = $1"
      " ON CONFLICT (address_id) DO UPDATE SET accepted = excluded.accepted, by_id = excluded.by_id,"
      " signoff_id = excluded.signoff_id, how = excluded.how, at = excluded.at, until = excluded.until"
      /* What a person rejected is accepted by a person alone, never by a sign-off that did not look at it. */
      " WHERE validation.accepted = 1 OR validation.until <= $4 OR EXISTS (SELECT 1 FROM decision d"
      "   WHERE d.signoff_id = excluded.signoff_id AND d.address_id = excluded.address_id)");
/* A bounce that came after the decision was not known to whoever decided. */
QUERY(Q_SIGNOFF_REVIVE,
      "UPDATE address SET bounced = 0 WHERE id IN (SELECT d.address_id FROM decision d JOIN address b ON b.id = d.address_id"
      " WHERE d.signoff_id = $1 AND d.decision = 'accept' AND d.reason <> '' AND b.bounced = 1"
      " AND COALESCE(b.bounced_at, 0) <= d.at)");
QUERY(Q_SIGNOFF_LOCK, "SELECT id FROM signoff WHERE id = $1 AND done IS NULL",
      "SELECT id FROM signoff WHERE id = $1 AND done IS NULL FOR UPDATE");
QUERY(Q_FORGET_FIND,
      "SELECT i.signoff_id, COALESCE(i.place, -1), COALESCE((SELECT max(t.place) FROM signoff_item t"
      "   WHERE t.signoff_id = s.id), -1) FROM signoff s JOIN signoff_item i ON i.signoff_id = s.id AND i.address_id = $1"
      " WHERE s.done IS NULL AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.signoff_id = i.signoff_id"
      "   AND d.address_id = i.address_id) ORDER BY s.id");
QUERY(Q_FORGET_ITEM, "DELETE FROM signoff_item WHERE signoff_id = $1 AND address_id = $2");
QUERY(Q_FORGET_FILL, "UPDATE signoff_item SET place = $2 WHERE signoff_id = $1 AND place = $3");
QUERY(Q_FORGET_SHRINK, "UPDATE signoff SET population = population - 1,"
		       " planned = CASE WHEN planned > population - 1 THEN population - 1 ELSE planned END WHERE id = $1");
QUERY(Q_SIGNOFF_DONE, "UPDATE signoff SET done = $2, by_id = $3, how = $4 WHERE id = $1");

/* --- the plan ---------------------------------------------------------------------------------- */

static double log_choose(int64_t n, int64_t k)
{
	return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);
}

/* P(at most `allowed` of the n drawn are bad), D of N being bad. */
static double chance(int64_t N, int64_t D, int64_t n, int64_t allowed)
{
	double sum = 0;

	for (int64_t bad = 0; bad <= allowed; bad++)
		if (bad <= D && n - bad <= N - D && bad <= n)
			sum += exp(log_choose(D, bad) + log_choose(N - D, n - bad) - log_choose(N, n));
	return sum;
}

int64_t sample_size(int64_t population, int64_t allowed)
{
	int64_t bad = (int64_t)ceil(BAD_SHARE * (double)population - 1e-9);
	int64_t low = 0, high = population;

	/* The chance falls as n grows; with n = N it is 0 or 1. */
	if (population == 0 || bad <= allowed)
		return population;
	while (low + 1 < high) {
		int64_t n = low + (high - low) / 2;

		if (chance(population, bad, n, allowed) <= RISK + 1e-12)
			high = n;
		else
			low = n;
	}
	return high;
}

/* --- opening ----------------------------------------------------------------------------------- */

struct drawing {
	struct arena *a;
	int64_t *flagged, *plain; /* address ids */
	size_t n_flagged, n_plain, room_flagged, room_plain;
};

static int read_waiting(struct home *h, int64_t list, struct drawing *d, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_EACH_SIGNOFF_WAITING, ARGS(db_i64(list), db_i64(home_now(h))), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		if (validation_needs_decision(rows_text(&r, 1))) {
			d->flagged = arena_room(d->a, d->flagged, d->n_flagged, &d->room_flagged, sizeof(int64_t));
			d->flagged[d->n_flagged++] = rows_i64(&r, 0);
		} else {
			d->plain = arena_room(d->a, d->plain, d->n_plain, &d->room_plain, sizeof(int64_t));
			d->plain[d->n_plain++] = rows_i64(&r, 0);
		}
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

void validation_shuffle(int64_t *id, size_t n, uint64_t seed)
{
	struct rng r = { 0 };

	rng_seed(&r, seed);
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)rng_below(&r, i);
		int64_t x = id[i - 1];

		id[i - 1] = id[j];
		id[j] = x;
	}
}

static int put_items(struct home *h, int64_t signoff, const struct drawing *d, struct err *e)
{
	int rc = 0;

	if (db_batch_begin(h->db, e) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < d->n_flagged; i++)
		rc = db_exec(h->db, &Q_SIGNOFF_ITEM, ARGS(db_i64(signoff), db_i64(d->flagged[i]), db_null()), NULL, e);
	for (size_t i = 0; rc == 0 && i < d->n_plain; i++)
		rc = db_exec(h->db, &Q_SIGNOFF_ITEM, ARGS(db_i64(signoff), db_i64(d->plain[i]), db_i64((int64_t)i)), NULL,
			     e);
	return rc < 0 ? -1 : db_batch_end(h->db, e);
}

int signoff_draw(struct home *h, const struct list *l, int64_t by, struct arena *a, struct err *e)
{
	struct drawing d = { .a = a };
	int64_t seed = (int64_t)(rng_u64(&h->rng) >> 1), id, planned;

	if (read_waiting(h, l->id, &d, e) < 0)
		return -1;
	if (!d.n_flagged && !d.n_plain)
		return 0;
	validation_shuffle(d.plain, d.n_plain, (uint64_t)seed);
	planned = sample_size((int64_t)d.n_plain, 0);
	if (db_get_i64(h->db, &Q_SIGNOFF_ADD,
		       ARGS(db_i64(l->id), db_i64(seed), db_i64((int64_t)d.n_plain), db_i64(planned),
			    db_i64(home_now(h))),
		       &id, e) < 0 ||
	    put_items(h, id, &d, e) < 0)
		return -1;
	return audit_add(h, by, "sign-off-opened", l->name,
			 arena_printf(a, "sign-off %lld: %zu flagged, sample of %lld from %zu, seed %lld", (long long)id,
				      d.n_flagged, (long long)planned, d.n_plain, (long long)seed),
			 e);
}

int validation_state(struct home *h, int64_t list, struct signoff *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*out = (struct signoff){ 0 };
	if (db_get_i64(h->db, &Q_SIGNOFF_WAITING_COUNT, ARGS(db_i64(list), db_i64(home_now(h))), &out->waiting, e) < 0 ||
	    db_query(h->db, &Q_SIGNOFF_OPEN, ARGS(db_i64(list)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		out->id = rows_i64(&r, 0);
		out->population = rows_i64(&r, 1);
		out->planned = rows_i64(&r, 2);
		out->allowed = rows_i64(&r, 3);
		out->seed = rows_i64(&r, 4);
	}
	rows_close(&r);
	if (got <= 0)
		return got;
	if (db_query(h->db, &Q_SIGNOFF_COUNTS, ARGS(db_i64(out->id), db_i64(out->planned)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		out->flagged = rows_i64(&r, 0);
		out->flagged_left = out->flagged - rows_i64(&r, 1);
		out->decided = rows_i64(&r, 2);
		out->failures = rows_i64(&r, 3);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int validation_open(struct home *h, const struct list *l, int64_t by, struct signoff *out, struct err *e)
{
	struct arena *a;
	int rc = -1;

	if (validation_state(h, l->id, out, e) < 0)
		return -1;
	if (out->id || !out->waiting)
		return 0;
	if (db_begin(h->db, e) < 0)
		return -1;
	a = arena_new();
	/* Somebody else may have opened one between the look and the lock. */
	if (validation_state(h, l->id, out, e) == 0 && (out->id || signoff_draw(h, l, by, a, e) == 0))
		rc = db_commit(h->db, e);
	arena_free(a);
	db_rollback(h->db);
	return rc < 0 ? -1 : validation_state(h, l->id, out, e);
}

/* --- deciding ---------------------------------------------------------------------------------- */

struct item {
	int64_t address, place; /* place -1: flagged */
	bool bounced;
};

/* 1, 0 not in this sign-off, -1. */
static int find_item(struct home *h, int64_t signoff, const struct address *addr, struct item *out, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	struct rows r = { 0 };
	int got;

	home_key_hash(h, addr->key, hash);
	if (db_query(h->db, &Q_SIGNOFF_FIND,
		     ARGS(db_i64(signoff), db_bytes(hash, sizeof(hash)), db_text(addr->delivery)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = (struct item){ rows_i64(&r, 0), rows_is_null(&r, 1) ? -1 : rows_i64(&r, 1), rows_i64(&r, 2) != 0 };
	rows_close(&r);
	return got;
}

int signoff_lock(struct home *h, const struct signoff *s, struct err *e)
{
	int64_t id;
	int got = db_get_i64(h->db, &Q_SIGNOFF_LOCK, ARGS(db_i64(s->id)), &id, e);

	return got ? got : err_set(e, ERR_REFUSED, "this sign-off is done already; look at the list again");
}

/* What may be decided of it, by policy and by what was decided before. */
static int check_decision(const struct signoff *s, const struct item *x, const char *address, bool accept, const char *reason,
			  struct err *e)
{
	if (x->place < 0 && !reason[0])
		return err_set(e, ERR_INPUT, "%s is flagged: its decision needs a written reason of its own", address);
	if (x->bounced && accept && !reason[0])
		return err_set(e, ERR_INPUT, "mail to %s came back: to accept it needs a written reason of its own", address);
	/* A rejection outside of the sample is welcome; an acceptance there would bend the sample. */
	if (x->place >= s->planned && accept)
		return err_set(e, ERR_INPUT, "%s is not in the sample: it can be rejected, but only the sample is accepted one by one",
			       address);
	return 0;
}

int validation_decide(struct home *h, const struct signoff *s, const struct address *addr, bool accept, const char *reason,
		      int64_t by, struct err *e)
{
	struct item x;
	int64_t changed = 0;
	int got = signoff_lock(h, s, e) < 0 ? -1 : find_item(h, s->id, addr, &x, e);

	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(e, ERR_INPUT, "%s waits for no decision in this sign-off; --flagged and --sample print those that do",
			       addr->delivery);
	if (check_decision(s, &x, addr->delivery, accept, reason, e) < 0 ||
	    db_exec(h->db, &Q_DECISION_ADD,
		       ARGS(db_i64(s->id), db_i64(x.address), db_text(accept ? "accept" : "reject"), db_text(reason),
			    db_i64(by), db_i64(home_now(h)), db_i64(x.place >= 0 && accept)),
		       &changed, e) < 0)
		return -1;
	return changed ? 0 : err_set(e, ERR_REFUSED, "%s was rejected in the sample, and stays so in this sign-off", addr->delivery);
}

int validation_grow(struct home *h, int64_t list, struct signoff *s, struct err *e)
{
	/* A longer sample may take in earlier rejections, so look again until it stands still. */
	for (;;) {
		int64_t planned;

		if (validation_state(h, list, s, e) < 0)
			return -1;
		if (s->failures <= s->allowed || s->planned == s->population)
			return 0;
		planned = s->failures >= FAILURES_BEFORE_ALL ? s->population : sample_size(s->population, s->failures);
		if (db_exec(h->db, &Q_SIGNOFF_GROW, ARGS(db_i64(s->id), db_i64(planned), db_i64(s->failures)), NULL, e) < 0)
			return -1;
	}
}

/* --- signing ----------------------------------------------------------------------------------- */

static int refuse_unfinished(const struct list *l, const struct signoff *s, struct err *e)
{
	if (s->flagged_left)
		return err_set(e, ERR_REFUSED, "%s: %lld flagged addresses are undecided; placet validate %s --flagged prints them",
			       l->name, (long long)s->flagged_left, l->name);
	if (s->decided < s->planned)
		return err_set(e, ERR_REFUSED, "%s: %lld of %lld in the sample are undecided; placet validate %s --sample prints them",
			       l->name, (long long)(s->planned - s->decided), (long long)s->planned, l->name);
	return 0;
}

int validation_sign(struct home *h, const struct list *l, struct signoff *s, int64_t by, const char *how, struct err *e)
{
	struct arena *a = arena_new();
	struct institution inst;
	int64_t now = home_now(h), until, revived;
	int rc = -1;

	if (!s->id) {
		err_set(e, ERR_REFUSED, "%s: nobody waits for a sign-off", l->name);
		goto out;
	}
	if (signoff_lock(h, s, e) < 0 || validation_state(h, l->id, s, e) < 0 || refuse_unfinished(l, s, e) < 0 ||
	    institution_load(h, a, &inst, e) < 0)
		goto out;
	until = now + inst.validity_months * MONTH;
	if (db_exec(h->db, &Q_SIGNOFF_VALIDATE,
		    ARGS(db_i64(s->id), db_i64(by), db_text(how), db_i64(now), db_i64(until)), NULL, e) < 0 ||
	    db_exec(h->db, &Q_SIGNOFF_REVIVE, ARGS(db_i64(s->id)), &revived, e) < 0 ||
	    db_exec(h->db, &Q_SIGNOFF_DONE, ARGS(db_i64(s->id), db_i64(now), db_i64(by), db_text(how)), NULL, e) < 0 ||
	    home_tell_sizes(h, e) < 0)
		goto out;
	rc = audit_add(h, by, "signed-off", l->name,
		       arena_printf(a, "sign-off %lld: %lld flagged, sample %lld of %lld, %lld rejected in it; %lld bounced "
				       "ones accepted again; in use: %s",
				    (long long)s->id, (long long)s->flagged, (long long)s->planned, (long long)s->population,
				    (long long)s->failures, (long long)revived, how),
		       e);
out:
	arena_free(a);
	return rc;
}

/* --- erasure ----------------------------------------------------------------------------------- */

struct hole {
	int64_t signoff, place, last; /* place -1: flagged */
};

static int forget_in(struct home *h, const struct hole *x, int64_t address, struct err *e)
{
	struct signoff s = { .id = x->signoff };

	if (signoff_lock(h, &s, e) < 0 ||
	    db_exec(h->db, &Q_FORGET_ITEM, ARGS(db_i64(x->signoff), db_i64(address)), NULL, e) < 0)
		return -1;
	if (x->place < 0)
		return 0;
	if (x->place < x->last &&
	    db_exec(h->db, &Q_FORGET_FILL, ARGS(db_i64(x->signoff), db_i64(x->place), db_i64(x->last)), NULL, e) < 0)
		return -1;
	return db_exec(h->db, &Q_FORGET_SHRINK, ARGS(db_i64(x->signoff)), NULL, e);
}

int validation_forget(struct home *h, int64_t address, struct err *e)
{
	struct arena *a = arena_new();
	struct hole *all = NULL;
	size_t n = 0, room = 0;
	struct rows r = { 0 };
	int got = db_query(h->db, &Q_FORGET_FIND, ARGS(db_i64(address)), &r, e) < 0 ? -1 : 1;

	while (got > 0 && (got = rows_next(&r, e)) > 0) {
		all = arena_room(a, all, n, &room, sizeof(*all));
		all[n++] = (struct hole){ rows_i64(&r, 0), rows_i64(&r, 1), rows_i64(&r, 2) };
	}
	rows_close(&r);
	for (size_t i = 0; got == 0 && i < n; i++)
		got = forget_in(h, &all[i], address, e);
	arena_free(a);
	return got < 0 ? -1 : 0;
}
