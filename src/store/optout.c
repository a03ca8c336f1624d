/*
 * Opt-outs as acts of people: see optout.h. The order matters: first the line
 * is on the disk, then the counter that running senders watch moves, then the
 * person is answered. What a sender starts after the answer has seen the line.
 */
#include "store/optout.h"

#include "base/log.h"
#include "store/host.h"
#include "store/query.h"

#include <stdatomic.h>

QUERY(Q_DELIVERY_ABOUT,
      "SELECT d.id, d.mailing_id, m.project_id, d.address_id, a.delivery, p.title, p.slug, m.subject, a.key_hash"
      " FROM delivery d JOIN mailing m ON m.id = d.mailing_id JOIN project p ON p.id = m.project_id"
      " JOIN address a ON a.id = d.address_id WHERE d.id = $1");
QUERY(Q_OPT_OUT_HASH, "SELECT a.key_hash FROM delivery d JOIN address a ON a.id = d.address_id WHERE d.id = $1");
QUERY(Q_OPT_OUT_ROW, "SELECT at, way FROM opt_out WHERE key_hash = $1");
QUERY(Q_OPT_OUT_LAST, "SELECT COALESCE(max(seq), 0) FROM opt_out");
QUERY(Q_OPT_OUT_NEWS, "SELECT seq, key_hash FROM opt_out WHERE seq > $1 ORDER BY seq");
QUERY(Q_OPT_OUT_WHY, "UPDATE opt_out SET why = $2 WHERE key_hash = $1 AND at = $3 AND why = ''");
QUERY(Q_OPT_OUT_PROJECT, "SELECT slug FROM project WHERE id = $1");

static void read_hash(struct rows *r, int column, uint8_t out[KEY_HASH_SIZE])
{
	struct slice s = rows_bytes(r, column);

	MUST(s.n == KEY_HASH_SIZE);
	memcpy(out, s.p, KEY_HASH_SIZE);
}

int delivery_about(struct home *h, struct arena *a, int64_t delivery, struct delivery_about *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_DELIVERY_ABOUT, ARGS(db_i64(delivery)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		*out = (struct delivery_about){
			.id = rows_i64(&r, 0),
			.mailing_id = rows_i64(&r, 1),
			.project_id = rows_i64(&r, 2),
			.address_id = rows_i64(&r, 3),
			.address = arena_text(a, rows_text(&r, 4)),
			.project_title = arena_text(a, rows_text(&r, 5)),
			.project_slug = arena_text(a, rows_text(&r, 6)),
			.subject = arena_text(a, rows_text(&r, 7)),
		};
		read_hash(&r, 8, out->key_hash);
	}
	rows_close(&r);
	if (got > 0) {
		int stands = opt_out_stands(h, out->key_hash, e);

		out->opted_out = stands > 0;
		got = stands < 0 ? -1 : 1;
	}
	return got;
}

int opt_out_hash_of(struct home *h, int64_t delivery, uint8_t hash[KEY_HASH_SIZE], struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_OPT_OUT_HASH, ARGS(db_i64(delivery)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		read_hash(&r, 0, hash);
	rows_close(&r);
	return got;
}

/* The line that an ACT_OUT_NAMED speaks of was applied in its place, unless the delivery is lost: then it is heard here. */
int opt_out_who(struct home *h, const struct opt_out_entry *x, uint8_t hash[KEY_HASH_SIZE], struct err *e)
{
	int got;

	if (x->act != ACT_OUT && x->act != ACT_OUT_DELIVERY && x->act != ACT_OUT_NAMED)
		return 0;
	if (x->act != ACT_OUT) {
		got = opt_out_hash_of(h, x->delivery, hash, e);
		if (got < 0 || x->act == ACT_OUT_DELIVERY)
			return got;
		if (got > 0 && memcmp(hash, x->key_hash, KEY_HASH_SIZE) == 0)
			return 0;
	}
	memcpy(hash, x->key_hash, KEY_HASH_SIZE);
	return 1;
}

/* --- writing ----------------------------------------------------------------------------------- */

/* There is no room for the journal, or it cannot be had: then the database has to be waited for. Senders hear of
   that as of any other change of somebody's standing: whom they hold is judged anew. */
static int write_to_database(struct home *h, const struct opt_out_entry *x, size_t n, struct err *e)
{
	struct err why = { 0 };

	/* What the journal has is older, and comes first; but nobody is kept from leaving by a file. */
	if (opt_out_catch_up(h, &why) < 0)
		log_event(LOG_LEVEL_WARN, "opt-outs-behind", "why", why.text, NULL);
	if (db_begin(h->db, e) < 0)
		return -1;
	if (opt_out_apply(h, x, n, e) == 0 && db_commit(h->db, e) == 0) {
		home_standing_changed(h);
		home_checkpoint(h);
		return 0;
	}
	db_rollback(h->db);
	return -1;
}

int opt_out_write(struct home *h, const struct opt_out_entry *x, size_t n, struct err *e)
{
	if (optout_journal_append(h->opt_outs, x, n, e) < 0) {
		if (e->kind == ERR_INPUT)
			return -1;
		log_event(LOG_LEVEL_ERROR, "opt-out-journal-failed", "why", e->text, NULL);
		if (db_in_transaction(h->db) || write_to_database(h, x, n, e) < 0)
			return -1;
	}
	atomic_fetch_add(h->opt_out_counter, 1);
	return 0;
}

void opt_out_note(struct home *h, const struct opt_out_entry *x)
{
	struct err e = { 0 };

	if (optout_journal_append(h->opt_outs, x, 1, &e) < 0)
		log_event(LOG_LEVEL_ERROR, "opt-out-journal-failed", "why", e.text, NULL);
}

void opt_out_noted(struct home *h)
{
	struct err behind = { 0 };

	home_standing_changed(h);
	if (opt_out_catch_up(h, &behind) < 0)
		log_event(LOG_LEVEL_WARN, "opt-outs-behind", "why", behind.text, NULL);
	home_checkpoint(h);
}

/* The line counts, whether or not the database can follow at once. */
static int write_one(struct home *h, const struct opt_out_entry *x, struct err *e)
{
	struct err behind = { 0 };

	if (opt_out_write(h, x, 1, e) < 0)
		return -1;
	if (!db_in_transaction(h->db) && opt_out_catch_up(h, &behind) < 0)
		log_event(LOG_LEVEL_WARN, "opt-outs-behind", "why", behind.text, NULL);
	return 0;
}

int opt_out_news(struct home *h, struct arena *a, int64_t *seq, const uint8_t (**hash)[KEY_HASH_SIZE], size_t *n,
		 struct err *e)
{
	uint8_t(*out)[KEY_HASH_SIZE] = NULL;
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*n = 0;
	*hash = NULL;
	if (*seq < 0)
		return db_get_i64(h->db, &Q_OPT_OUT_LAST, NO_ARGS, seq, e) < 0 ? -1 : 0;
	if (db_query(h->db, &Q_OPT_OUT_NEWS, ARGS(db_i64(*seq)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		out = arena_room(a, out, *n, &room, sizeof(*out));
		read_hash(&r, 1, out[(*n)++]);
		*seq = rows_i64(&r, 0);
	}
	rows_close(&r);
	*hash = (const uint8_t(*)[KEY_HASH_SIZE])out;
	return got < 0 ? -1 : 0;
}

int opt_out_await(struct home *h, struct err *e)
{
	struct host_sender *s;
	struct arena *a;
	size_t n;
	int rc;

	if (db_engine_of(h->db) == DB_SQLITE)
		return 0;
	a = arena_new();
	rc = host_know(h, e) < 0 || host_senders(h, a, &s, &n, e) < 0 ? -1 : 0;
	arena_free(a);
	if (rc < 0 || !h->host.several)
		return rc;
	return opt_out_catch_up(h, e) < 0 || host_await(h, e) < 0 ? -1 : 0;
}

/* A transaction of the caller's that failed cannot be asked any more; neither can a database that is away. */
int opt_out_entry_of(struct home *h, int64_t delivery, enum opt_out_way way, struct opt_out_entry *out)
{
	struct err e = { 0 };
	int got;

	*out = (struct opt_out_entry){ .act = ACT_OUT, .at = home_now(h), .way = way, .delivery = delivery, .text = "" };
	got = opt_out_hash_of(h, delivery, out->key_hash, &e);
	if (got >= 0)
		return got;
	log_event(LOG_LEVEL_WARN, "opt-out-by-delivery", "why", e.text, NULL);
	out->act = ACT_OUT_DELIVERY;
	return 1;
}

int opt_out_by_delivery(struct home *h, int64_t delivery, enum opt_out_way way, struct err *e)
{
	struct opt_out_entry x;

	if (opt_out_entry_of(h, delivery, way, &x) == 0)
		return 0;
	return write_one(h, &x, e) < 0 ? -1 : 1;
}

int opt_out_by_hash(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], enum opt_out_way way, const char *why,
		    int64_t by, struct err *e)
{
	struct opt_out_entry x = { .act = ACT_OUT, .at = home_now(h), .way = way, .by = by, .text = "" };
	struct err lost = { 0 };

	memcpy(x.key_hash, key_hash, KEY_HASH_SIZE);
	if (write_one(h, &x, e) < 0)
		return -1;
	if (why[0] && db_exec(h->db, &Q_OPT_OUT_WHY, ARGS(db_bytes(key_hash, KEY_HASH_SIZE), db_text(why), db_i64(x.at)), NULL,
			      &lost) < 0)
		log_event(LOG_LEVEL_WARN, "opt-out-reason-lost", "why", lost.text, NULL);
	return 0;
}

int opt_out_by_key(struct home *h, const char *match_key, enum opt_out_way way, const char *why, int64_t by,
		   struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];

	home_key_hash(h, match_key, hash);
	return opt_out_by_hash(h, hash, way, why, by, e);
}

int opt_out_keep(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], int64_t project, struct err *e)
{
	struct opt_out_entry x = { .act = ACT_KEEP, .at = home_now(h), .way = OPT_OUT_PAGE };
	struct arena *a = arena_new();
	struct rows r = { 0 };
	int rc = -1, got;

	memcpy(x.key_hash, key_hash, KEY_HASH_SIZE);
	if (db_query(h->db, &Q_OPT_OUT_PROJECT, ARGS(db_i64(project)), &r, e) < 0)
		goto out;
	got = rows_next(&r, e);
	if (got > 0)
		x.text = arena_text(a, rows_text(&r, 0));
	rows_close(&r);
	if (got == 0)
		err_set(e, ERR_MISSING, "no project %lld", (long long)project);
	rc = got > 0 ? write_one(h, &x, e) : -1;
out:
	arena_free(a);
	return rc;
}

bool opt_out_is_fresh(const struct home *h, const struct opt_out_state *s)
{
	int64_t now = home_now(h);

	return s->out && s->way != OPT_OUT_ERASURE && now >= s->at && now - s->at <= OPT_OUT_SECOND_THOUGHTS;
}

int opt_out_undo(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e)
{
	struct opt_out_entry x = { .act = ACT_UNDO, .at = home_now(h), .way = OPT_OUT_PAGE, .text = "" };
	struct opt_out_state s;

	if (opt_out_state(h, key_hash, &s, e) < 0)
		return -1;
	if (!opt_out_is_fresh(h, &s))
		return err_set(e, ERR_REFUSED, "no opt-out of the last 24 hours: it can be lifted by a fresh sign-up alone");
	memcpy(x.key_hash, key_hash, KEY_HASH_SIZE);
	return write_one(h, &x, e);
}

/* --- what stands ------------------------------------------------------------------------------- */

struct asking {
	struct home *h;
	const uint8_t *hash;
	struct opt_out_state *s;
};

/* What opt_out_apply() will do to the person's row. */
static int foresee(void *ctx, const struct opt_out_entry *x, struct err *e)
{
	struct asking *q = ctx;
	uint8_t hash[KEY_HASH_SIZE];
	int leaves = opt_out_who(q->h, x, hash, e);

	if (leaves < 0)
		return -1;
	if (leaves && !q->s->out && memcmp(hash, q->hash, KEY_HASH_SIZE) == 0)
		*q->s = (struct opt_out_state){ true, x->at, x->way };
	if (memcmp(x->key_hash, q->hash, KEY_HASH_SIZE) != 0)
		return 0;
	if (x->act == ACT_OUT && x->way == OPT_OUT_ERASURE)
		q->s->way = OPT_OUT_ERASURE;
	if (x->act == ACT_UNDO && q->s->out && q->s->way != OPT_OUT_ERASURE && x->at >= q->s->at &&
	    x->at - q->s->at <= OPT_OUT_SECOND_THOUGHTS)
		q->s->out = false;
	return 0;
}

static enum opt_out_way way_named(const char *name)
{
	for (int way = OPT_OUT_PAGE; way <= OPT_OUT_ERASURE; way++)
		if (strcmp(opt_out_way_name((enum opt_out_way)way), name) == 0)
			return (enum opt_out_way)way;
	return OPT_OUT_PAGE;
}

int opt_out_state(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct opt_out_state *out, struct err *e)
{
	struct asking q = { h, key_hash, out };
	struct opt_out_place at;
	struct rows r = { 0 };
	int got;

	*out = (struct opt_out_state){ 0 };
	/* The place first: what is applied between the two is then seen twice, which changes nothing. */
	if (opt_out_followed(h, &at, e) < 0 ||
	    db_query(h->db, &Q_OPT_OUT_ROW, ARGS(db_bytes(key_hash, KEY_HASH_SIZE)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = (struct opt_out_state){ true, rows_i64(&r, 0), way_named(rows_text(&r, 1)) };
	rows_close(&r);
	return got < 0 || optout_journal_read(h->opt_outs, &at, 0, foresee, &q, e) < 0 ? -1 : 0;
}

int opt_out_stands(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e)
{
	struct opt_out_state s;

	return opt_out_state(h, key_hash, &s, e) < 0 ? -1 : s.out;
}
