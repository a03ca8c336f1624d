/*
 * The database follows the journal of opt-outs: see optout.h. It remembers, in
 * the transaction that applies entries, behind which line it is; so each is
 * applied once. But applying is made so that doing it again, in order, ends in
 * the same: after a restore, or with another file, all is applied from the
 * beginning, in one transaction, since what stood in between holds no more.
 */
#include "store/optout.h"

#include "base/codec.h"
#include "base/log.h"
#include "store/audit.h"
#include "store/notice.h"
#include "store/person.h"
#include "store/query.h"

#define BATCH_MOST 2000
#define PLACE_KEY ".opt-out-journal."

QUERY(Q_FOLLOWED, "SELECT value FROM setting WHERE key = $1");
QUERY(Q_FOLLOWED_SET, "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2");
QUERY(Q_OPT_OUT_LOCK, "SELECT 1", "SELECT 1 FROM pg_advisory_xact_lock(706102)");
/* After the loss of newer data the account may be gone. */
QUERY(Q_OPT_OUT_ADD, "INSERT INTO opt_out (key_hash, way, why, by_id, at)"
		     " VALUES ($1, $2, '', (SELECT id FROM account WHERE id = $3), $4) ON CONFLICT (key_hash) DO NOTHING");
/* Who had left already and is erased then: from here on nobody takes it back by a link. */
QUERY(Q_OPT_OUT_ERASED, "UPDATE opt_out SET way = 'erasure' WHERE key_hash = $1 AND way <> 'erasure'");
/* The mailbox that the message went to comes first. */
QUERY(Q_OPT_OUT_MAILBOX,
      "SELECT a.delivery FROM address a WHERE a.key_hash = $1 AND a.erased IS NULL"
      " ORDER BY CASE WHEN a.id = (SELECT d.address_id FROM delivery d WHERE d.id = $2) THEN 0 ELSE 1 END, a.id LIMIT 1");
QUERY(Q_OPT_OUT_DROP_KEPT, "DELETE FROM opt_out_keep WHERE key_hash = $1 AND at <= $2");
/* Senders of other hosts hear of what is new since their last look, by its number. */
QUERY(Q_OPT_OUT_ANEW, "UPDATE opt_out SET seq = (SELECT max(seq) + 1 FROM opt_out) WHERE key_hash = $1",
      "UPDATE opt_out SET seq = nextval(pg_get_serial_sequence('opt_out', 'seq')) WHERE key_hash = $1");
QUERY(Q_OPT_OUT_KEEP, "INSERT INTO opt_out_keep (key_hash, project_id, at) SELECT $1, p.id, $3 FROM project p"
		      " WHERE p.slug = $2 AND NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.key_hash = $1 AND o.at > $3)"
		      " ON CONFLICT (key_hash, project_id) DO UPDATE SET at = $3 WHERE opt_out_keep.at < $3",
      "INSERT INTO opt_out_keep (key_hash, project_id, at) SELECT CAST($1 AS bytea), p.id, CAST($3 AS bigint)"
      " FROM project p WHERE p.slug = $2"
      " AND NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.key_hash = $1 AND o.at > $3)"
      " ON CONFLICT (key_hash, project_id) DO UPDATE SET at = $3 WHERE opt_out_keep.at < $3");
QUERY(Q_OPT_OUT_UNDO, "DELETE FROM opt_out WHERE key_hash = $1 AND at <= $2 AND at >= $3 AND way <> 'erasure'");

/* What one transaction applies. */
struct applying {
	struct home *h;
	size_t most;                 /* entries to be applied at once */
	const struct opt_out_place *at; /* how far it has come; NULL: not from the journal */
	size_t n;                    /* entries */
	int64_t kept_until;          /* the latest time of what was kept among them */
	int64_t left[OPT_OUT_ERASURE + 1]; /* people who left by themselves, by way */
	struct arena *a;
	struct opt_out_entry *named; /* whom deliveries meant, for the journal */
	size_t n_named, room_named;
	uint8_t hash[32];            /* over all entries so far, for the ledger */
	uint8_t last[KEY_HASH_SIZE]; /* of them */
};

/* The ledger names the person by pseudonym, and leaves out why: nothing could ever be erased from it (AUD-6). */
static int audit_person(struct home *h, int64_t by, const char *action, const uint8_t hash[KEY_HASH_SIZE],
			const char *detail, struct err *e)
{
	struct arena *a = arena_new();
	int rc = audit_add(h, by, action, person_name(a, hash), detail, e);

	arena_free(a);
	return rc;
}

static void add_to_hash(struct applying *p, const struct opt_out_entry *x)
{
	uint8_t both[32 + KEY_HASH_SIZE];

	memcpy(both, p->hash, 32);
	memcpy(both + 32, x->key_hash, KEY_HASH_SIZE);
	sha256(both, sizeof(both), p->hash);
}

/* Who forwards a message lets a friend press its button: they are told once, with a way back. Not of what is replayed
   after days, when nobody knows any more whether they were told. */
static int tell_removed(struct applying *p, const struct opt_out_entry *x, struct err *e)
{
	struct arena *a = arena_new();
	struct address to;
	struct rows r = { 0 };
	int64_t notice;
	int got, rc = -1;

	if (db_query(p->h->db, &Q_OPT_OUT_MAILBOX, ARGS(db_bytes(x->key_hash, KEY_HASH_SIZE), db_i64(x->delivery)), &r, e) < 0)
		goto out;
	got = rows_next(&r, e);
	if (got > 0 && address_parse(a, rows_text(&r, 0), &to, e) < 0)
		got = err_set(e, ERR_BROKEN, "a stored address cannot be read");
	rows_close(&r);
	if (got > 0)
		got = notice_queue_hash(p->h, NOTICE_REMOVED, x->key_hash, &to, 0, 0, &notice, e);
	rc = got < 0 ? -1 : 0;
out:
	arena_free(a);
	return rc;
}

static bool is_to_be_told(const struct applying *p, const struct opt_out_entry *x)
{
	return (x->way == OPT_OUT_PAGE || x->way == OPT_OUT_ONE_CLICK) && x->at > home_now(p->h) - OPT_OUT_SECOND_THOUGHTS;
}

/* Until when what was kept is left too. In their order all keeping is before it, whatever a clock said; from the
   beginning that is what this replay has heard of, and what was kept since may be known to the database alone. */
static int64_t kept_before(const struct applying *p, const struct opt_out_entry *x)
{
	if (!p->at || !p->at->anew)
		return INT64_MAX;
	return x->at > p->kept_until ? x->at : p->kept_until;
}

static int put_out(struct applying *p, const struct opt_out_entry *x, int64_t kept_until, struct err *e)
{
	int64_t added, dropped;

	if (db_exec(p->h->db, &Q_OPT_OUT_ADD,
		    ARGS(db_bytes(x->key_hash, KEY_HASH_SIZE), db_text(opt_out_way_name(x->way)), db_i64(x->by),
			 db_i64(x->at)),
		    &added, e) < 0 ||
	    db_exec(p->h->db, &Q_OPT_OUT_DROP_KEPT, ARGS(db_bytes(x->key_hash, KEY_HASH_SIZE), db_i64(kept_until)), &dropped, e) < 0)
		return -1;
	if (!added && dropped && db_exec(p->h->db, &Q_OPT_OUT_ANEW, ARGS(db_bytes(x->key_hash, KEY_HASH_SIZE)), NULL, e) < 0)
		return -1;
	if (!added)
		return x->way == OPT_OUT_ERASURE
			       ? db_exec(p->h->db, &Q_OPT_OUT_ERASED, ARGS(db_bytes(x->key_hash, KEY_HASH_SIZE)), NULL, e)
			       : 0;
	if (x->by)
		return audit_person(p->h, x->by, "opt-out", x->key_hash, opt_out_way_name(x->way), e);
	p->left[x->way]++;
	add_to_hash(p, x);
	memcpy(p->last, x->key_hash, KEY_HASH_SIZE);
	return is_to_be_told(p, x) ? tell_removed(p, x, e) : 0;
}

static int apply_out(struct applying *p, const struct opt_out_entry *x, struct err *e)
{
	return put_out(p, x, kept_before(p, x), e);
}

/* What these data alone know is lost with them: so the journal is told it after the commit (name_people). Of several
   clicks on one link the first tells it all. */
static void name_later(struct applying *p, const struct opt_out_entry *x)
{
	for (size_t i = 0; i < p->n_named; i++)
		if (p->named[i].delivery == x->delivery)
			return;
	p->named = arena_room(p->a, p->named, p->n_named, &p->room_named, sizeof(*p->named));
	p->named[p->n_named] = *x;
	p->named[p->n_named].act = ACT_OUT_NAMED;
	p->named[p->n_named++].text = "";
}

/* Is this entry the name that is to be told, or does it take back what was done? */
static bool settles(const struct opt_out_entry *x, const struct opt_out_entry *named)
{
	if (x->act == ACT_OUT_NAMED)
		return x->delivery == named->delivery && x->at == named->at;
	return x->act == ACT_UNDO && memcmp(x->key_hash, named->key_hash, KEY_HASH_SIZE) == 0 && x->at >= named->at &&
	       x->at - named->at <= OPT_OUT_SECOND_THOUGHTS;
}

static int forget_named(void *ctx, const struct opt_out_entry *x, struct err *e)
{
	struct applying *p = ctx;
	size_t n = 0;

	(void)e;
	if (x->act == ACT_OUT_NAMED || x->act == ACT_UNDO) {
		for (size_t i = 0; i < p->n_named; i++)
			if (!settles(x, &p->named[i]))
				p->named[n++] = p->named[i];
		p->n_named = n;
	}
	return 0;
}

/* Who it was is known by now, or never: then the delivery is gone with data that was lost. */
static int apply_out_delivery(struct applying *p, const struct opt_out_entry *x, struct err *e)
{
	struct opt_out_entry named = *x;
	int got = opt_out_who(p->h, x, named.key_hash, e);

	if (got == 0)
		log_event(LOG_LEVEL_WARN, "opt-out-of-nobody", "why", "the database has no such delivery", NULL);
	if (got > 0 && p->at)
		name_later(p, &named);
	return got > 0 ? apply_out(p, &named, e) : got;
}

/* It comes late: what was kept between the two lines is kept. */
static int apply_out_named(struct applying *p, const struct opt_out_entry *x, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	int got = opt_out_who(p->h, x, hash, e);

	return got > 0 ? put_out(p, x, x->at, e) : got;
}

static int apply_keep(struct applying *p, const struct opt_out_entry *x, struct err *e)
{
	int64_t added;

	if (x->at > p->kept_until)
		p->kept_until = x->at;
	if (db_exec(p->h->db, &Q_OPT_OUT_KEEP,
		    ARGS(db_bytes(x->key_hash, KEY_HASH_SIZE), db_text(x->text), db_i64(x->at)), &added, e) < 0)
		return -1;
	return added ? audit_person(p->h, 0, "opt-out-keep", x->key_hash, x->text, e) : 0;
}

static int apply_undo(struct applying *p, const struct opt_out_entry *x, struct err *e)
{
	int64_t undone;

	if (db_exec(p->h->db, &Q_OPT_OUT_UNDO,
		    ARGS(db_bytes(x->key_hash, KEY_HASH_SIZE), db_i64(x->at), db_i64(x->at - OPT_OUT_SECOND_THOUGHTS)),
		    &undone, e) < 0)
		return -1;
	return undone ? audit_person(p->h, 0, "opt-out-undo", x->key_hash, "", e) : 0;
}

/* Mostly it has been done: then nothing is older than the line, or left to do. */
static int apply_withdraw(struct applying *p, const struct opt_out_entry *x, struct err *e)
{
	return withdraw_again(p->h, x, e);
}

static int apply_erase(struct applying *p, const struct opt_out_entry *x, struct err *e)
{
	return erase_again(p->h, x, e);
}

static int apply_one(void *ctx, const struct opt_out_entry *x, struct err *e)
{
	static int (*const APPLY[])(struct applying *p, const struct opt_out_entry *x, struct err *e) = {
		[ACT_OUT] = apply_out, [ACT_OUT_DELIVERY] = apply_out_delivery, [ACT_KEEP] = apply_keep,
		[ACT_UNDO] = apply_undo, [ACT_WITHDRAW] = apply_withdraw, [ACT_ERASE] = apply_erase,
		[ACT_OUT_NAMED] = apply_out_named,
	};
	struct applying *p = ctx;

	p->n++;
	return forget_named(p, x, e) < 0 ? -1 : APPLY[x->act](p, x, e);
}

/* One entry in the ledger for several who left by themselves, with a hash over whom it was (AUD-1). */
static int audit_left(struct applying *p, struct err *e)
{
	struct buf detail, hash;
	char object[40];
	int64_t all = 0;
	size_t last = 0;
	int rc;

	buf_init(&detail, 1024);
	buf_init(&hash, 80);
	for (size_t i = 0; i < COUNT(p->left); i++)
		if (p->left[i]) {
			all += p->left[i];
			last = i;
			buf_addf(&detail, "%s%s %lld", detail.n ? ", " : "", opt_out_way_name((enum opt_out_way)i),
				 (long long)p->left[i]);
		}
	hex_encode(&hash, p->hash, sizeof(p->hash));
	buf_addf(&detail, "; %s", buf_text(&hash));
	snprintf(object, sizeof(object), "%lld people", (long long)all);
	if (all == 1)
		rc = audit_person(p->h, 0, "opt-out", p->last, opt_out_way_name((enum opt_out_way)last), e);
	else
		rc = all ? audit_add(p->h, 0, "opt-out", object, buf_text(&detail), e) : 0;
	buf_free(&detail);
	buf_free(&hash);
	return rc;
}

static int lock_order(struct home *h, struct err *e)
{
	int64_t one;

	return db_get_i64(h->db, &Q_OPT_OUT_LOCK, NO_ARGS, &one, e) < 0 ? -1 : 0;
}

int opt_out_apply(struct home *h, const struct opt_out_entry *x, size_t n, struct err *e)
{
	struct applying p = { .h = h };

	if (lock_order(h, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (apply_one(&p, &x[i], e) < 0)
			return -1;
	return audit_left(&p, e);
}

/* --- behind which line ------------------------------------------------------------------------- */

static void place_key(const char *id, char out[64])
{
	snprintf(out, 64, PLACE_KEY "%s", id);
}

/* "START END CHECK"; what cannot be read is no place, and all is applied from the beginning. */
static void read_place(const char *text, struct opt_out_place *out)
{
	char words[80], *space, *check;

	if (snprintf(words, sizeof(words), "%s", text) >= (int)sizeof(words) || !(space = strchr(words, ' ')) ||
	    !(check = strchr(space + 1, ' ')) || strlen(check + 1) != sizeof(out->check) - 1)
		return;
	*space = *check = '\0';
	if (parse_i64(words, 0, INT64_MAX, &out->start) < 0 || parse_i64(space + 1, 0, INT64_MAX, &out->end) < 0)
		return;
	memcpy(out->check, check + 1, sizeof(out->check));
}

int opt_out_followed(struct home *h, struct opt_out_place *out, struct err *e)
{
	const char *id = optout_journal_id(h->opt_outs);
	struct rows r = { 0 };
	char key[64];
	int got;

	*out = (struct opt_out_place){ 0 };
	if (!id[0])
		return 0;
	place_key(id, key);
	if (db_query(h->db, &Q_FOLLOWED, ARGS(db_text(key)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		read_place(rows_text(&r, 0), out);
		snprintf(out->id, sizeof(out->id), "%s", id);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int remember_place(struct home *h, const struct opt_out_place *at, struct err *e)
{
	char key[64], value[80];

	place_key(at->id, key);
	snprintf(value, sizeof(value), "%lld %lld %s", (long long)at->start, (long long)at->end, at->check);
	return db_exec(h->db, &Q_FOLLOWED_SET, ARGS(db_text(key), db_text(value)), NULL, e);
}

/* --- catching up ------------------------------------------------------------------------------- */

static int count_one(void *ctx, const struct opt_out_entry *x, struct err *e)
{
	(void)x;
	(void)e;
	*(size_t *)ctx += 1;
	return 0;
}

/* 1: the journal has what the database does not; 0; -1. Takes no lock. */
static int is_behind(struct home *h, struct err *e)
{
	struct opt_out_place at;
	size_t n = 0;

	if (optout_journal_ends_at(h->opt_outs, &h->opt_outs_known))
		return 0;
	if (opt_out_followed(h, &at, e) < 0 || optout_journal_read(h->opt_outs, &at, 1, count_one, &n, e) < 0)
		return -1;
	if (n)
		return 1;
	h->opt_outs_known = at;
	return 0;
}

static int apply_in_transaction(struct applying *p, struct opt_out_place *at, struct err *e)
{
	if (lock_order(p->h, e) < 0 || opt_out_followed(p->h, at, e) < 0 ||
	    optout_journal_read(p->h->opt_outs, at, p->most, apply_one, p, e) < 0)
		return -1;
	/* Another process may have written a line that is not on the disk yet: the database must not be ahead of it. */
	return optout_journal_sync(p->h->opt_outs, e) < 0 || audit_left(p, e) < 0 || remember_place(p->h, at, e) < 0 ? -1 : 0;
}

/* Adds the names to the home's own journal, unless it has them further on: a replay tells nothing twice. They are
   committed, and nobody waits for them: that there is no room is no failure. */
static void name_people(struct applying *p)
{
	struct optout_journal *own = p->h->opt_outs_own ? p->h->opt_outs_own : p->h->opt_outs;
	struct opt_out_place rest = { 0 };
	struct err e = { 0 };

	if (!p->n_named)
		return;
	if (own == p->h->opt_outs)
		rest = *p->at;
	if (optout_journal_read(own, &rest, 0, forget_named, p, &e) < 0 ||
	    (p->n_named && optout_journal_append(own, p->named, p->n_named, &e) < 0))
		log_event(LOG_LEVEL_ERROR, "opt-out-journal-failed", "why", e.text, NULL);
}

static int apply_batch(struct home *h, size_t most, struct err *e)
{
	struct opt_out_place at;
	struct applying p = { .h = h, .most = most, .at = &at, .a = arena_new() };
	int rc = db_begin(h->db, e);

	if (rc == 0 && (apply_in_transaction(&p, &at, e) < 0 || db_commit(h->db, e) < 0)) {
		db_rollback(h->db);
		rc = -1;
	}
	if (rc == 0) {
		h->opt_outs_known = at;
		if (at.anew)
			log_event(LOG_LEVEL_DEBUG, "opt-outs-replayed", NULL);
		name_people(&p);
	}
	arena_free(p.a);
	return rc;
}

int opt_out_catch_up_some(struct home *h, size_t most, struct err *e)
{
	int behind;

	MUST(!db_in_transaction(h->db));
	behind = is_behind(h, e);
	return behind > 0 && apply_batch(h, most, e) < 0 ? -1 : behind;
}

int opt_out_catch_up(struct home *h, struct err *e)
{
	bool done = false;
	int behind;

	while ((behind = opt_out_catch_up_some(h, BATCH_MOST, e)) > 0)
		done = true;
	if (done)
		home_checkpoint(h);
	return behind;
}
