/*
 * Erasure: see person.h. Every table that names people is gone through once,
 * in one transaction. Rows that others count on stay, without what names
 * anybody: an address keeps its hash, a consent its kind and day, a delivery
 * what became of it. What was frozen for an approval leaves its keyed hash
 * behind, so that the approval still binds (manifest.h).
 */
#include "store/person.h"

#include "store/audit.h"
#include "store/manifest.h"
#include "store/optout.h"
#include "store/query.h"
#include "store/validation.h"

#include <jansson.h>
#include <strings.h>

#define REDACTED "[erased]"
#define TRIES 5    /* on PostgreSQL, against a sender that wants the same rows in another order */
#define NAME_MIN 3 /* a shorter word stands in too many others */

/* SQLite then overwrites what it deletes instead of leaving it in free pages. */
QUERY(Q_ERASE_SECURE, "PRAGMA secure_delete = ON", "SELECT 1");
QUERY(Q_ERASE_FIND, "SELECT id, delivery, given FROM address WHERE key_hash = $1 AND created <= $2 AND erased IS NULL ORDER BY id",
      "SELECT id, delivery, given FROM address WHERE key_hash = $1 AND created <= $2 AND erased IS NULL ORDER BY id FOR UPDATE");
QUERY(Q_ERASE_NAMES, "SELECT m.fields FROM member m WHERE m.address_id = $1 UNION ALL"
		     " SELECT d.fields FROM delivery d WHERE d.address_id = $1");
QUERY(Q_ERASE_SIGN_UP_NAMES, "SELECT delivery, given, name FROM sign_up WHERE key_hash = $1 AND asked <= $2");
/* What is due is skipped by the word that a sender would find; what a sender holds is its own to end. */
QUERY(Q_ERASE_SKIP,
      "UPDATE delivery SET state = 'skipped', skipped = $2, sender_id = NULL"
      " WHERE address_id = $1 AND state IN ('queued', 'deferred')");
QUERY(Q_ERASE_FROZEN,
      "SELECT d.id, d.fields, d.consent_id, c.kind, c.ref, c.given_on, c.at FROM delivery d"
      " LEFT JOIN consent c ON c.id = d.consent_id WHERE d.address_id = $1 AND d.bound IS NULL ORDER BY d.id");
QUERY(Q_ERASE_DELIVERY, "UPDATE delivery SET fields = '{}', reply = '', queue_id = '', bound = $2 WHERE id = $1");
QUERY(Q_ERASE_CHOSEN, "DELETE FROM chosen WHERE address_id = $1");
QUERY(Q_ERASE_MEMBER, "DELETE FROM member WHERE address_id = $1");
QUERY(Q_ERASE_VALIDATION, "DELETE FROM validation WHERE address_id = $1");
QUERY(Q_ERASE_DECISION, "UPDATE decision SET reason = '' WHERE address_id = $1");
QUERY(Q_ERASE_CONSENT, "UPDATE consent SET ref = '', text_id = NULL, sign_up_id = NULL WHERE address_id = $1");
QUERY(Q_ERASE_ADDRESS, "UPDATE address SET delivery = 'erased:' || id, given = '', erased = $2 WHERE id = $1");
QUERY(Q_ERASE_SIGN_UP, "DELETE FROM sign_up WHERE key_hash = $1 AND asked <= $2");
QUERY(Q_ERASE_NOTICE,
      "UPDATE notice SET delivery = '', reply = '', queue_id = '',"
      " state = CASE WHEN state IN ('queued', 'deferred') THEN 'failed' ELSE state END"
      " WHERE key_hash = $1 AND created <= $2");
QUERY(Q_ERASE_ROW, "DELETE FROM import_row WHERE key_hash = $1");
QUERY(Q_ERASE_LEFT, "SELECT 1 FROM opt_out WHERE key_hash = $1");
QUERY(Q_ERASE_WHY, "UPDATE opt_out SET why = '' WHERE key_hash = $1 AND at <= $2");
QUERY(Q_ERASE_COMPLAINTS, "SELECT id, text, outcome FROM complaint WHERE key_hash = $1 AND at <= $2 ORDER BY id");
QUERY(Q_ERASE_COMPLAINT, "UPDATE complaint SET address = '', text = $2, outcome = $3 WHERE id = $1");

struct own_mailbox {
	int64_t id;
	const char *delivery;
};

struct erasing {
	struct home *h;
	struct arena *a;
	struct dbval key[2]; /* hash, and until when: what came later is another story */
	const char *skipped;
	struct own_mailbox *mailbox;
	const char **word;  /* what names the person, to be looked for in free texts */
	size_t n_mailbox, room_mailbox, n_word, room_word;
	struct erased *out;
};

static void add_word(struct erasing *x, const char *word)
{
	if (!word || strlen(word) < NAME_MIN)
		return;
	x->word = arena_room(x->a, x->word, x->n_word, &x->room_word, sizeof(*x->word));
	x->word[x->n_word++] = arena_text(x->a, word);
}

/* --- what names them --------------------------------------------------------------------------- */

static int find_mailboxes(struct erasing *x, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(x->h->db, &Q_ERASE_FIND, x->key, 2, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		x->mailbox = arena_room(x->a, x->mailbox, x->n_mailbox, &x->room_mailbox, sizeof(*x->mailbox));
		x->mailbox[x->n_mailbox++] = (struct own_mailbox){ rows_i64(&r, 0), arena_text(x->a, rows_text(&r, 1)) };
		add_word(x, rows_text(&r, 1));
		add_word(x, rows_text(&r, 2));
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static void add_names(struct erasing *x, const char *fields)
{
	json_t *object = json_loads(fields, 0, NULL);

	add_word(x, json_string_value(json_object_get(object, "name")));
	json_decref(object);
}

static int find_names(struct erasing *x, int64_t address, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(x->h->db, &Q_ERASE_NAMES, ARGS(db_i64(address)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0)
		add_names(x, rows_text(&r, 0));
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int find_sign_up_names(struct erasing *x, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(x->h->db, &Q_ERASE_SIGN_UP_NAMES, x->key, 2, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0)
		for (int i = 0; i < 3; i++)
			add_word(x, rows_text(&r, i));
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

/* --- complaints: what was complained of stays, whom it names does not --------------------------- */

static const char *without_word(struct arena *a, const char *text, const char *word)
{
	const char *at = strcasestr(text, word);
	struct buf out;

	if (!at)
		return text;
	buf_init(&out, strlen(text) * sizeof(REDACTED));
	for (; at; text = at + strlen(word), at = strcasestr(text, word)) {
		buf_add(&out, text, (size_t)(at - text));
		buf_adds(&out, REDACTED);
	}
	buf_adds(&out, text);
	text = arena_text(a, buf_text(&out));
	buf_free(&out);
	return text;
}

static const char *redact(const struct erasing *x, const char *text)
{
	for (size_t i = 0; i < x->n_word; i++)
		text = without_word(x->a, text, x->word[i]);
	return text;
}

struct told {
	int64_t id;
	const char *text, *outcome;
};

static int erase_complaints(struct erasing *x, struct err *e)
{
	struct told *all = NULL;
	size_t n = 0, room = 0;
	struct rows r = { 0 };
	int got;

	if (db_query(x->h->db, &Q_ERASE_COMPLAINTS, x->key, 2, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		all = arena_room(x->a, all, n, &room, sizeof(*all));
		all[n++] = (struct told){ rows_i64(&r, 0), arena_text(x->a, rows_text(&r, 1)), arena_text(x->a, rows_text(&r, 2)) };
	}
	rows_close(&r);
	for (size_t i = 0; got == 0 && i < n; i++)
		got = db_exec(x->h->db, &Q_ERASE_COMPLAINT,
			      ARGS(db_i64(all[i].id), db_text(redact(x, all[i].text)), db_text(redact(x, all[i].outcome))),
			      NULL, e);
	return got < 0 ? -1 : 0;
}

/* --- deliveries -------------------------------------------------------------------------------- */

struct frozen {
	int64_t id;
	struct bound_person person;
};

static int reduce_delivery(struct erasing *x, const struct frozen *d, struct err *e)
{
	uint8_t bound[32];

	manifest_bound(x->h, &d->person, bound);
	return db_exec(x->h->db, &Q_ERASE_DELIVERY, ARGS(db_i64(d->id), db_bytes(bound, sizeof(bound))), NULL, e);
}

static int erase_deliveries(struct erasing *x, const struct own_mailbox *m, struct err *e)
{
	struct frozen *all = NULL;
	size_t n = 0, room = 0;
	struct rows r = { 0 };
	int64_t skipped;
	int got;

	if (db_exec(x->h->db, &Q_ERASE_SKIP, ARGS(db_i64(m->id), db_text(x->skipped)), &skipped, e) < 0 ||
	    db_query(x->h->db, &Q_ERASE_FROZEN, ARGS(db_i64(m->id)), &r, e) < 0)
		return -1;
	x->out->waiting += skipped;
	while ((got = rows_next(&r, e)) > 0) {
		all = arena_room(x->a, all, n, &room, sizeof(*all));
		all[n++] = (struct frozen){
			.id = rows_i64(&r, 0),
			.person = { .address = m->delivery, .fields = arena_text(x->a, rows_text(&r, 1)), .consent = rows_i64(&r, 2),
				    .kind = arena_text(x->a, rows_text(&r, 3)), .ref = arena_text(x->a, rows_text(&r, 4)),
				    .given_on = arena_text(x->a, rows_text(&r, 5)), .consent_at = rows_i64(&r, 6) },
		};
	}
	rows_close(&r);
	for (size_t i = 0; got == 0 && i < n; i++)
		got = reduce_delivery(x, &all[i], e);
	return got < 0 ? -1 : 0;
}

/* --- all of it --------------------------------------------------------------------------------- */

static int erase_mailbox(struct erasing *x, const struct own_mailbox *m, struct err *e)
{
	static const struct query *const BY_ADDRESS[] = { &Q_ERASE_CHOSEN, &Q_ERASE_VALIDATION, &Q_ERASE_DECISION,
							  &Q_ERASE_CONSENT };
	int64_t lists;

	if (erase_deliveries(x, m, e) < 0 || validation_forget(x->h, m->id, e) < 0 ||
	    db_exec(x->h->db, &Q_ERASE_MEMBER, ARGS(db_i64(m->id)), &lists, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(BY_ADDRESS); i++)
		if (db_exec(x->h->db, BY_ADDRESS[i], ARGS(db_i64(m->id)), NULL, e) < 0)
			return -1;
	x->out->lists += lists;
	x->out->mailboxes++;
	return db_exec(x->h->db, &Q_ERASE_ADDRESS, ARGS(db_i64(m->id), db_i64(home_now(x->h))), NULL, e);
}

static int erase_by_hash(struct erasing *x, struct err *e)
{
	static const struct query *const BY_HASH[] = { &Q_ERASE_SIGN_UP, &Q_ERASE_NOTICE, &Q_ERASE_WHY };

	for (size_t i = 0; i < COUNT(BY_HASH); i++)
		if (db_exec(x->h->db, BY_HASH[i], x->key, 2, NULL, e) < 0)
			return -1;
	return db_exec(x->h->db, &Q_ERASE_ROW, x->key, 1, NULL, e);
}

static int erase_all(struct erasing *x, struct err *e)
{
	if (find_mailboxes(x, e) < 0 || find_sign_up_names(x, e) < 0)
		return -1;
	for (size_t i = 0; i < x->n_mailbox; i++)
		if (find_names(x, x->mailbox[i].id, e) < 0)
			return -1;
	/* Complaints first: they are read by the words that are about to go. */
	if (erase_complaints(x, e) < 0)
		return -1;
	for (size_t i = 0; i < x->n_mailbox; i++)
		if (erase_mailbox(x, &x->mailbox[i], e) < 0)
			return -1;
	return erase_by_hash(x, e);
}

static int record(struct erasing *x, const uint8_t *hash, int64_t by, const char *how, struct err *e)
{
	return audit_add(x->h, by, "erased", person_name(x->a, hash),
			 arena_printf(x->a, "%lld mailboxes, on %lld lists, %lld messages skipped; %s", (long long)x->out->mailboxes,
				      (long long)x->out->lists, (long long)x->out->waiting, how), e);
}

static int erase_securely(struct erasing *x, struct err *e)
{
	int64_t one;

	return db_get_i64(x->h->db, &Q_ERASE_SECURE, NO_ARGS, &one, e) < 0 ? -1 : erase_all(x, e);
}

/* An old backup would bring all of it back: so the journal has it too, before the commit. */
static int erase_recorded(struct erasing *x, const uint8_t *hash, bool may_return, int64_t by, struct err *e)
{
	struct opt_out_entry note = { .act = ACT_ERASE, .at = home_now(x->h), .way = OPT_OUT_ERASURE, .by = by, .text = "" };

	memcpy(note.key_hash, hash, KEY_HASH_SIZE);
	if (db_begin(x->h->db, e) < 0)
		return -1;
	if (erase_securely(x, e) == 0 &&
	    record(x, hash, by, may_return ? "no opt-out was made" : "opted out for good", e) == 0) {
		opt_out_note(x->h, &note);
		if (db_commit(x->h->db, e) == 0)
			return 0;
	}
	db_rollback(x->h->db);
	return -1;
}

/* On PostgreSQL a sender that writes outcomes at the same moment may hold rows that this wants, and want rows that this
   holds; the server then ends one of the two, and whoever asked to be erased is not to ask again. */
static int erase_until_done(struct erasing *x, const uint8_t *hash, bool may_return, int64_t by, struct err *e)
{
	const struct erasing fresh = *x;

	for (int tries = 1;; tries++) {
		if (erase_recorded(x, hash, may_return, by, e) == 0)
			return 0;
		if (e->kind != ERR_AGAIN || tries == TRIES || db_engine_of(x->h->db) != DB_POSTGRESQL)
			return -1;
		err_clear(e);
		*x = fresh;
		*x->out = (struct erased){ 0 };
	}
}

int person_erase(struct home *h, const struct address *addr, bool may_return, int64_t by, struct erased *out, struct err *e)
{
	struct erasing x = { .h = h, .a = arena_new(), .out = out };
	uint8_t hash[KEY_HASH_SIZE];
	int stands, rc = -1;

	*out = (struct erased){ 0 };
	home_key_hash(h, addr->key, hash);
	x.key[0] = db_bytes(hash, sizeof(hash));
	x.key[1] = db_i64(INT64_MAX);
	/* First, and durable by itself: should the rest fail, it errs on the side of not writing to them. */
	if (!may_return && opt_out_by_key(h, addr->key, OPT_OUT_ERASURE, "", by, e) < 0)
		goto out;
	if ((stands = opt_out_stands(h, hash, e)) < 0)
		goto out;
	x.skipped = stands ? "opted-out" : "no-consent";
	rc = erase_until_done(&x, hash, may_return, by, e);
	if (rc == 0)
		opt_out_noted(h);
out:
	arena_free(x.a);
	return rc;
}

int erase_again(struct home *h, const struct opt_out_entry *x, struct err *e)
{
	struct erased done = { 0 };
	struct erasing again = { .h = h, .a = arena_new(), .out = &done };
	int64_t one;
	int stands, rc = -1;

	again.key[0] = db_bytes(x->key_hash, KEY_HASH_SIZE);
	again.key[1] = db_i64(x->at);
	stands = db_get_i64(h->db, &Q_ERASE_LEFT, again.key, 1, &one, e);
	again.skipped = stands > 0 ? "opted-out" : "no-consent";
	if (stands >= 0)
		rc = erase_securely(&again, e);
	/* Who signed up without ever confirming has no mailbox, but words of theirs were found. */
	if (rc == 0 && (done.mailboxes || again.n_word))
		rc = record(&again, x->key_hash, x->by, "once more, since the data came back", e);
	arena_free(again.a);
	return rc;
}
