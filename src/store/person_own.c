/*
 * What a person looks at and changes by themself, through the link that they
 * were mailed (see person.h). A field is set in the same words on every list,
 * so that no study keeps the old one.
 */
#include "store/person.h"

#include "compose/compose.h"
#include "store/audit.h"
#include "store/notice.h"
#include "store/query.h"

#include <jansson.h>

QUERY(Q_OWN_FIELDS, "SELECT m.list_id, m.address_id, m.fields FROM address a JOIN member m ON m.address_id = a.id"
		    " WHERE a.key_hash = $1 ORDER BY m.list_id, m.address_id LIMIT 2000");
QUERY(Q_OWN_SET, "UPDATE member SET fields = $3 WHERE list_id = $1 AND address_id = $2");

QUERY(Q_OWN_LINK, "SELECT delivery, key_hash, created FROM notice WHERE id = $1 AND kind = 'me' AND created > $2"
		  " AND delivery <> ''");
/* Where a link may go: to mailboxes that are held, to the one that was asked for ($2) before others; else to what was
   typed first. Of typed ones the one that was asked for counts no more than others: whoever asks may have typed it. */
QUERY(Q_OWN_MAILBOX,
      "SELECT w.delivery FROM (SELECT 0 AS typed, 0 AS since, delivery FROM address"
      "   WHERE key_hash = $1 AND erased IS NULL"
      " UNION ALL SELECT 1, asked, delivery FROM sign_up WHERE key_hash = $1"
      " UNION ALL SELECT 1, at, address FROM complaint WHERE key_hash = $1) AS w WHERE w.delivery <> ''"
      " ORDER BY w.typed, CASE WHEN w.typed = 0 AND w.delivery = $2 THEN 0 ELSE 1 END, w.since, w.delivery LIMIT 1");
QUERY(Q_OWN_KNOWN, "SELECT 1 WHERE EXISTS (SELECT 1 FROM address WHERE key_hash = $1)"
		   " OR EXISTS (SELECT 1 FROM opt_out WHERE key_hash = $1)");

/* --- the link ---------------------------------------------------------------------------------- */

int person_by_link(struct home *h, struct arena *a, int64_t notice, struct person_link *out, struct err *e)
{
	int64_t lasts = PERSON_LINK_DAYS * DAY;
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_OWN_LINK, ARGS(db_i64(notice), db_i64(home_now(h) - lasts)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		struct slice hash = rows_bytes(&r, 1);

		MUST(hash.n == KEY_HASH_SIZE);
		memcpy(out->key_hash, hash.p, KEY_HASH_SIZE);
		out->address = arena_text(a, rows_text(&r, 0));
		out->until = rows_i64(&r, 2) + lasts;
	}
	rows_close(&r);
	return got;
}

/* 1 and where the link goes, 0 nothing is held, -1. Never to another spelling than one that is held: at some hosts a tag
   makes another mailbox, and another person. Of whom the hash alone is left there is no spelling to prefer. */
static int find_own(struct home *h, struct arena *a, const struct address *typed, struct address *out, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	struct rows r = { 0 };
	int64_t one;
	int got;

	home_key_hash(h, typed->key, hash);
	if (db_query(h->db, &Q_OWN_MAILBOX, ARGS(db_bytes(hash, sizeof(hash)), db_text(typed->delivery)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0 && address_parse(a, rows_text(&r, 0), out, e) < 0)
		got = err_set(e, ERR_BROKEN, "a stored address cannot be read");
	rows_close(&r);
	if (got)
		return got;
	*out = *typed;
	return db_get_i64(h->db, &Q_OWN_KNOWN, ARGS(db_bytes(hash, sizeof(hash))), &one, e);
}

int person_ask(struct home *h, const struct address *addr, struct err *e)
{
	struct arena *a = arena_new();
	struct address to;
	int64_t notice;
	int got = -1;

	if (db_begin(h->db, e) == 0) {
		got = notice_was_asked_for(h, e) < 0 ? -1 : find_own(h, a, addr, &to, e);
		if (got > 0)
			got = notice_queue(h, NOTICE_ME, &to, 0, 0, &notice, e);
		if (got >= 0 && db_commit(h->db, e) < 0)
			got = -1;
		db_rollback(h->db);
	}
	if (got >= 0)
		home_checkpoint(h);
	arena_free(a);
	return got < 0 ? -1 : 0;
}

/* --- correcting -------------------------------------------------------------------------------- */

struct own_fields {
	int64_t list, address;
	const char *fields;
};

/* The row with its field set: 1, 0 it has no such field, or that very value; -1. */
static int set_field(struct home *h, const struct own_fields *m, const char *field, const char *value, struct err *e)
{
	json_t *object = json_loads(m->fields, 0, NULL);
	const char *old = json_string_value(json_object_get(object, field));
	char *text = NULL;
	int rc = 0;

	if (old && strcmp(old, value) != 0) {
		json_object_set_new(object, field, json_string(value));
		text = json_dumps(object, JSON_COMPACT);
		MUST(text);
		rc = db_exec(h->db, &Q_OWN_SET, ARGS(db_i64(m->list), db_i64(m->address), db_text(text)), NULL, e) < 0 ? -1 : 1;
	}
	free(text);
	json_decref(object);
	return rc;
}

static int read_fields(struct home *h, struct arena *a, const uint8_t *key_hash, struct own_fields **out, size_t *n,
		       struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_OWN_FIELDS, ARGS(db_bytes(key_hash, KEY_HASH_SIZE)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct own_fields){ rows_i64(&r, 0), rows_i64(&r, 1), arena_text(a, rows_text(&r, 2)) };
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int correct_in(struct home *h, struct arena *a, const uint8_t *key_hash, const char *field, const char *value,
		      struct err *e)
{
	struct own_fields *all;
	size_t n = 0;
	int64_t set = 0;
	int rc = read_fields(h, a, key_hash, &all, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		int got = set_field(h, &all[i], field, value, e);

		rc = got < 0 ? -1 : 0;
		set += got > 0;
	}
	/* What it was and is now are personal data, and have no place in the ledger (AUD-6). */
	if (rc == 0 && set)
		rc = audit_add(h, 0, "corrected", person_name(a, key_hash), arena_printf(a, "%s on %lld lists, by themself", field, (long long)set), e);
	return rc < 0 ? -1 : set > 0;
}

int person_correct(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], const char *field, const char *value,
		   struct err *e)
{
	struct arena *a = arena_new();
	int rc = -1;

	if (compose_check_value(field, value, e) == 0 && db_begin(h->db, e) == 0) {
		rc = correct_in(h, a, key_hash, field, value, e);
		if (rc >= 0 && db_commit(h->db, e) < 0)
			rc = -1;
		db_rollback(h->db);
	}
	arena_free(a);
	return rc;
}
