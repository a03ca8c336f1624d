/* Rotation of keys: see rotation.h. What is due is worked out from the rows alone, so that any process may take the steps. */
#include "store/rotation.h"

#include "store/audit.h"
#include "store/mailing.h"
#include "store/query.h"

#define PAUSE_WHY "its DKIM keys were changed at once: resume it when placet identity check says that the new ones are published"

EACH(Q_SENDING_BY, "SELECT m.id FROM mailing m JOIN project p ON p.id = m.project_id"
		   " WHERE p.identity_id = $1 AND m.state = 'sending' ORDER BY m.id");

QUERY(Q_STILL_SENDING, "SELECT count(*) FROM mailing m JOIN project p ON p.id = m.project_id"
		       " WHERE p.identity_id = $1 AND m.state = 'sending' AND m.started < $2");
QUERY(Q_STILL_USED, "UPDATE dkim_key SET since = $2 WHERE identity_id = $1 AND state = 'old'");

struct keys {
	struct identity_key *key;
	size_t n;
};

static int load(struct home *h, struct arena *a, const struct identity *x, struct keys *out, struct err *e)
{
	return identity_keys(h, a, x, &out->key, &out->n, e);
}

static bool has(const struct keys *k, enum key_state state)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->key[i].state == state)
			return true;
	return false;
}

/* Moves every key of one state, in the caller's transaction. */
static int move_all(struct home *h, const struct keys *k, enum key_state from, enum key_state to, int64_t *moved, struct err *e)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->key[i].state != from)
			continue;
		if (identity_move_key(h, &k->key[i], to, e) < 0)
			return -1;
		++*moved;
	}
	return 0;
}

static int note(struct home *h, struct arena *a, int64_t by, const char *action, const struct identity *x, const struct keys *k,
		enum key_state state, struct err *e)
{
	const char *selectors = "";

	for (size_t i = 0; i < k->n; i++)
		if (k->key[i].state == state)
			selectors = arena_printf(a, "%s%s%s", selectors, *selectors ? " " : "", k->key[i].selector);
	return audit_add(h, by, action, x->name, selectors, e);
}

static int drop_private(struct home *h, struct arena *a, const struct identity *x, struct err *e)
{
	struct keys k;

	if (load(h, a, x, &k, e) < 0)
		return -1;
	for (size_t i = 0; i < k.n; i++)
		if (k.key[i].state >= KEY_WITHDRAWN && identity_drop_private(h, a, x, &k.key[i], e) < 0)
			return -1;
	return 0;
}

static int ours(const struct identity *x, struct err *e)
{
	return x->relay_signs ? err_set(e, ERR_REFUSED, "identity %s: its relay signs, so that the keys are rotated there", x->name) : 0;
}

/* --- beginning --------------------------------------------------------------------------------- */

static int make_next(struct home *h, struct arena *a, int64_t by, const struct identity *x, struct err *e)
{
	struct identity_key made[2];
	const struct keys pair = { made, 2 };

	return identity_make_keys(h, a, x, KEY_NEXT, made, e) < 0 ? -1 : note(h, a, by, "keys-made", x, &pair, KEY_NEXT, e);
}

static int begin(struct home *h, struct arena *a, int64_t by, const struct identity *x, struct err *e)
{
	struct keys k;

	if (load(h, a, x, &k, e) < 0)
		return -1;
	if (has(&k, KEY_NEXT))
		return err_set(e, ERR_REFUSED, "identity %s: its next keys are made already; publish what placet identity dns %s prints",
			       x->name, x->name);
	return make_next(h, a, by, x, e);
}

int rotation_begin(struct home *h, struct arena *a, int64_t by, const struct identity *x, struct err *e)
{
	if (ours(x, e) < 0 || db_begin(h->db, e) < 0)
		return -1;
	if (begin(h, a, by, x, e) == 0 && db_commit(h->db, e) == 0)
		return 0;
	db_rollback(h->db);
	return -1;
}

/* --- at once ----------------------------------------------------------------------------------- */

/* The numbers first: a statement that changes what it walks over may see its own rows. */
static int sending(struct home *h, struct arena *a, const struct identity *x, int64_t **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_SENDING_BY, ARGS(db_i64(x->id)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = rows_i64(&r, 0);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int pause_sending(struct home *h, struct arena *a, int64_t by, const struct identity *x, int64_t *paused, struct err *e)
{
	struct mailing m;
	int64_t *id;
	size_t n;

	*paused = 0;
	if (sending(h, a, x, &id, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++, ++*paused)
		if (mailing_by_id(h, a, id[i], &m, e) <= 0 || mailing_move(h, &m, "pause", by, PAUSE_WHY, e) < 0)
			return -1;
	return 0;
}

static int at_once(struct home *h, struct arena *a, int64_t by, const struct identity *x, int64_t *paused, struct err *e)
{
	struct keys k;
	int64_t moved = 0;

	if (load(h, a, x, &k, e) < 0)
		return -1;
	if (!has(&k, KEY_NEXT) && (make_next(h, a, by, x, e) < 0 || load(h, a, x, &k, e) < 0))
		return -1;
	if (note(h, a, by, "keys-withdrawn-at-once", x, &k, KEY_CURRENT, e) < 0 ||
	    note(h, a, by, "keys-current", x, &k, KEY_NEXT, e) < 0 ||
	    move_all(h, &k, KEY_CURRENT, KEY_WITHDRAWN, &moved, e) < 0 ||
	    move_all(h, &k, KEY_NEXT, KEY_CURRENT, &moved, e) < 0)
		return -1;
	return facts_forget(h, x, e) < 0 ? -1 : pause_sending(h, a, by, x, paused, e);
}

int rotation_at_once(struct home *h, struct arena *a, int64_t by, const struct identity *x, int64_t *paused, struct err *e)
{
	if (ours(x, e) < 0 || db_begin(h->db, e) < 0)
		return -1;
	if (at_once(h, a, by, x, paused, e) == 0 && db_commit(h->db, e) == 0) {
		home_standing_changed(h);
		return drop_private(h, a, x, e);
	}
	db_rollback(h->db);
	return -1;
}

/* --- going on ---------------------------------------------------------------------------------- */

/* Were all next keys published in this look, and seen for long enough? */
static bool is_next_due(const struct home *h, const struct keys *k, const struct keys_seen *seen)
{
	int64_t wait = KEYS_SEEN_FOR > 2 * seen->ttl * SECOND ? KEYS_SEEN_FOR : 2 * seen->ttl * SECOND;

	if (!seen->next || !has(k, KEY_NEXT))
		return false;
	for (size_t i = 0; i < k->n; i++)
		if (k->key[i].state == KEY_NEXT && (!k->key[i].seen || home_now(h) - k->key[i].seen < wait))
			return false;
	return true;
}

/* Those of a state that have been in it for long enough. */
static struct keys due(const struct home *h, struct arena *a, const struct keys *k, enum key_state state, int64_t time)
{
	struct keys out = { ARENA_ARRAY(a, struct identity_key, k->n + 1), 0 };

	for (size_t i = 0; i < k->n; i++)
		if (k->key[i].state == state && home_now(h) - k->key[i].since >= time)
			out.key[out.n++] = k->key[i];
	return out;
}

/* A sender keeps the keys with which it took a mailing up: old ones are in use until the mailings end that were started
   before the switch. */
static int keep_used(struct home *h, const struct identity *x, struct keys *k, struct err *e)
{
	int64_t switched = 0, sending = 0;

	for (size_t i = 0; i < k->n; i++)
		if (k->key[i].state == KEY_CURRENT)
			switched = k->key[i].since;
	if (!has(k, KEY_OLD))
		return 0;
	if (db_get_i64(h->db, &Q_STILL_SENDING, ARGS(db_i64(x->id), db_i64(switched)), &sending, e) < 0)
		return -1;
	if (!sending)
		return 0;
	for (size_t i = 0; i < k->n; i++)
		if (k->key[i].state == KEY_OLD)
			k->key[i].since = home_now(h);
	return db_exec(h->db, &Q_STILL_USED, ARGS(db_i64(x->id), db_i64(home_now(h))), NULL, e);
}

static int advance(struct home *h, struct arena *a, const struct identity *x, const struct keys_seen *seen, int64_t *moved,
		   struct err *e)
{
	struct keys k, old, withdrawn;

	if (load(h, a, x, &k, e) < 0 || keep_used(h, x, &k, e) < 0)
		return -1;
	withdrawn = due(h, a, &k, KEY_WITHDRAWN, KEYS_WITHDRAWN_FOR);
	old = due(h, a, &k, KEY_OLD, KEYS_OLD_FOR);
	if (withdrawn.n && (move_all(h, &withdrawn, KEY_WITHDRAWN, KEY_GONE, moved, e) < 0 ||
			    note(h, a, 0, "keys-gone", x, &withdrawn, KEY_WITHDRAWN, e) < 0))
		return -1;
	if (old.n && (move_all(h, &old, KEY_OLD, KEY_WITHDRAWN, moved, e) < 0 || note(h, a, 0, "keys-withdrawn", x, &old, KEY_OLD, e) < 0))
		return -1;
	if (!is_next_due(h, &k, seen))
		return 0;
	if (move_all(h, &k, KEY_CURRENT, KEY_OLD, moved, e) < 0 || move_all(h, &k, KEY_NEXT, KEY_CURRENT, moved, e) < 0)
		return -1;
	return note(h, a, 0, "keys-old", x, &k, KEY_CURRENT, e) < 0 ? -1 : note(h, a, 0, "keys-current", x, &k, KEY_NEXT, e);
}

int rotation_advance(struct home *h, struct arena *a, const struct identity *x, const struct keys_seen *seen, int64_t *moved,
		     struct err *e)
{
	*moved = 0;
	if (db_begin(h->db, e) < 0)
		return -1;
	if (advance(h, a, x, seen, moved, e) == 0 && db_commit(h->db, e) == 0)
		return drop_private(h, a, x, e);
	db_rollback(h->db);
	return -1;
}

int rotation_advance_all(struct home *h, struct arena *a, int64_t *moved, struct err *e)
{
	struct identity *all;
	size_t n;

	*moved = 0;
	if (identity_list(h, a, &all, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct keys_seen seen;
		int64_t steps;

		if (facts_look_keys(h, a, &all[i], &seen, e) < 0 || rotation_advance(h, a, &all[i], &seen, &steps, e) < 0)
			return err_in(e, "identity %s", all[i].name);
		*moved += steps;
	}
	return 0;
}
