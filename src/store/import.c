/*
 * Imports: a batch of judged rows becomes addresses, members and consent.
 * The batch is put into import_row and then worked on as a set, so that the
 * cost of a row is a few inserts and no question per row.
 */
#include "store/audit.h"
#include "store/list.h"
#include "store/query.h"

#include <openssl/evp.h>

QUERY(Q_IMPORT_BEGIN, "INSERT INTO import (list_id, by_id, file_hash, at) VALUES ($1, $2, $3, $4) RETURNING id");
QUERY(Q_IMPORT_END, "UPDATE import SET done = 1 WHERE id = $1");
QUERY(Q_IMPORT_STAGE, "SELECT 1",
      "CREATE TEMPORARY TABLE IF NOT EXISTS import_row (LIKE public.import_row) ON COMMIT DELETE ROWS");
QUERY(Q_IMPORT_ROW, "INSERT INTO import_row (line, delivery, given, key_hash, reserved, utf8, fields, flags,"
		    " kind, ref, given_on, known) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
/* 1: the same mailbox is there already; 2: the same person by another spelling. */
QUERY(Q_IMPORT_KNOWN,
      "UPDATE import_row SET known = CASE WHEN EXISTS (SELECT 1 FROM address a JOIN member m ON m.address_id = a.id"
      "   AND m.list_id = $1 WHERE a.key_hash = import_row.key_hash AND a.delivery = import_row.delivery) THEN 1"
      "   ELSE 2 END"
      " WHERE known = 0 AND EXISTS (SELECT 1 FROM address a JOIN member m ON m.address_id = a.id"
      "   AND m.list_id = $1 WHERE a.key_hash = import_row.key_hash)");
QUERY(Q_IMPORT_ADDRESSES,
      "INSERT INTO address (delivery, given, key_hash, reserved, utf8, created)"
      " SELECT delivery, given, key_hash, reserved, utf8, $1 FROM import_row WHERE known = 0"
      " ON CONFLICT (key_hash, delivery) DO NOTHING");
QUERY(Q_IMPORT_FIND,
      "UPDATE import_row SET address_id = (SELECT a.id FROM address a WHERE a.key_hash = import_row.key_hash"
      " AND a.delivery = import_row.delivery) WHERE known < 2");
QUERY(Q_IMPORT_MEMBERS,
      "INSERT INTO member (list_id, address_id, fields, flags, import_id, line)"
      " SELECT $1, r.address_id, r.fields, r.flags, $2, r.line FROM import_row r WHERE r.known = 0");
/* An import claims consent only where this project has no entry of the address, and for people on the list;
   once for each, by the first row that has evidence. */
QUERY(Q_IMPORT_CONSENT,
      "INSERT INTO consent (address_id, project_id, action, kind, ref, given_on, text_id, import_id, by_id, at)"
      " SELECT r.address_id, $1, 'given', r.kind, r.ref, r.given_on, $2, $3, $4, $5 FROM import_row r"
      " WHERE r.kind IS NOT NULL AND r.known < 2"
      " AND (SELECT m.address_id FROM member m WHERE m.list_id = $6 AND m.address_id = r.address_id) IS NOT NULL"
      " AND (SELECT min(c.id) FROM consent c WHERE c.address_id = r.address_id AND c.project_id = $1) IS NULL"
      " AND (r.known = 0 OR r.line = (SELECT min(b.line) FROM import_row b WHERE b.address_id = r.address_id"
      "   AND b.kind IS NOT NULL))");
QUERY(Q_IMPORT_COUNT, "SELECT count(*), sum(CASE WHEN known > 0 THEN 1 ELSE 0 END),"
		      " sum(CASE WHEN known = 2 THEN 1 ELSE 0 END) FROM import_row");
/* By person; one mailbox after the other, so that no planner begins with everybody on the list. */
QUERY(Q_IMPORT_NOT_MAILABLE,
      "SELECT count(*) FROM import_row r WHERE NOT EXISTS (SELECT 1 FROM address a"
      " WHERE a.key_hash = r.key_hash AND (SELECT v.why FROM may_mail v WHERE v.list_id = $1 AND v.address_id = a.id)"
      " NOT IN ('opted-out', 'no-consent'))");
QUERY(Q_IMPORT_LOCK, "SELECT id FROM list WHERE id = $1", "SELECT id FROM list WHERE id = $1 FOR UPDATE");
QUERY(Q_IMPORT_CLEAR, "DELETE FROM import_row");

int import_begin(struct home *h, int64_t list, int64_t by, const uint8_t file_hash[32], int64_t *id, struct err *e)
{
	int64_t one;

	/* Before anything else names import_row: on PostgreSQL the name means another table from here on. */
	if (db_get_i64(h->db, &Q_IMPORT_LOCK, ARGS(db_i64(list)), &one, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_STAGE, NO_ARGS, NULL, e) < 0)
		return -1;
	return db_get_i64(h->db, &Q_IMPORT_BEGIN,
			  ARGS(db_i64(list), db_i64(by), db_bytes(file_hash, 32), db_i64(home_now(h))), id, e) < 0
		       ? -1
		       : 0;
}

/* --- a batch ----------------------------------------------------------------------------------- */

/* A row by its person: in this order equal people stand together, and the index by person is written from
   its beginning to its end instead of here and there. */
struct keyed {
	uint8_t hash[KEY_HASH_SIZE];
	const struct import_row *row;
	int known; /* as import_row.known */
};

static int by_person(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = memcmp(x->hash, y->hash, KEY_HASH_SIZE);

	if (!order)
		order = strcmp(x->row->addr->delivery, y->row->addr->delivery);
	return order ? order : x->row->line < y->row->line ? -1 : 1;
}

/* Of one person's rows [0, n) the first of the file is the one that counts; a later one of the same mailbox
   lends it its evidence, where it has none itself. */
static void mark_person(struct keyed *k, size_t n)
{
	size_t first = 0;

	for (size_t i = 1; i < n; i++)
		if (k[i].row->line < k[first].row->line)
			first = i;
	for (size_t i = 0; i < n; i++)
		if (i != first)
			k[i].known = strcmp(k[i].row->addr->delivery, k[first].row->addr->delivery) == 0 ? 1 : 2;
}

static void mark_twice(struct keyed *k, size_t n)
{
	for (size_t i = 0, to; i < n; i = to) {
		for (to = i + 1; to < n && memcmp(k[i].hash, k[to].hash, KEY_HASH_SIZE) == 0;)
			to++;
		if (to - i > 1)
			mark_person(k + i, to - i);
	}
}

static int put_row(struct home *h, const struct keyed *k, struct err *e)
{
	const struct import_row *r = k->row;

	return db_exec(h->db, &Q_IMPORT_ROW,
		       ARGS(db_i64(r->line), db_text(r->addr->delivery), db_text(r->addr->given),
			    db_bytes(k->hash, sizeof(k->hash)), db_i64(r->addr->reserved), db_i64(r->addr->utf8),
			    db_text(r->fields), db_text(r->flags), db_text(r->kind), db_text(r->ref),
			    db_text(r->given_on), db_i64(k->known)),
		       NULL, e);
}

static int put_keyed(struct home *h, const struct keyed *k, size_t n, struct err *e)
{
	if (db_batch_begin(h->db, e) < 0)
		return -1;
	/* After a failure the caller rolls back, which ends the batch too. */
	for (size_t i = 0; i < n; i++)
		if (put_row(h, &k[i], e) < 0)
			return -1;
	return db_batch_end(h->db, e);
}

static int put_rows(struct home *h, const struct import_row *rows, size_t n, struct err *e)
{
	struct keyed *k = mem_alloc((n + 1) * sizeof(*k));
	int rc;

	for (size_t i = 0; i < n; i++) {
		home_key_hash(h, rows[i].addr->key, k[i].hash);
		k[i].row = &rows[i];
	}
	qsort(k, n, sizeof(*k), by_person);
	mark_twice(k, n);
	rc = put_keyed(h, k, n, e);
	free(k);
	return rc;
}

static int count_rows(struct home *h, int64_t list, struct import_counts *counts, struct err *e)
{
	struct rows r = { 0 };
	int64_t not_mailable = 0;
	int got;

	if (db_query(h->db, &Q_IMPORT_COUNT, NO_ARGS, &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		counts->added += rows_i64(&r, 0) - rows_i64(&r, 1);
		counts->known += rows_i64(&r, 1);
		counts->duplicate_person += rows_i64(&r, 2);
	}
	rows_close(&r);
	if (got < 0 ||
	    db_get_i64(h->db, &Q_IMPORT_NOT_MAILABLE, ARGS(db_i64(list)), &not_mailable, e) < 0)
		return -1;
	counts->not_mailable += not_mailable;
	return 0;
}

static int work_on_rows(struct home *h, int64_t import, const struct list *l, int64_t by, int64_t text_id,
			struct err *e)
{
	struct dbval id = db_i64(import), list = db_i64(l->id), now = db_i64(home_now(h));

	if (db_exec(h->db, &Q_IMPORT_KNOWN, ARGS(list), NULL, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_ADDRESSES, ARGS(now), NULL, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_FIND, NO_ARGS, NULL, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_MEMBERS, ARGS(list, id), NULL, e) < 0)
		return -1;
	return db_exec(h->db, &Q_IMPORT_CONSENT,
		       ARGS(db_i64(l->project_id), text_id ? db_i64(text_id) : db_null(), id, db_i64(by), now, list), NULL, e);
}

static void hash_text(EVP_MD_CTX *md, const char *s)
{
	/* With its NUL, so that texts cannot run into each other. */
	if (s)
		MUST(EVP_DigestUpdate(md, s, strlen(s) + 1) == 1);
}

static void hash_rows(const struct import_row *rows, size_t n, char hex[65])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t hash[32];

	MUST(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	for (size_t i = 0; i < n; i++) {
		hash_text(md, rows[i].addr->delivery);
		hash_text(md, rows[i].fields);
		hash_text(md, rows[i].kind);
		hash_text(md, rows[i].ref);
		hash_text(md, rows[i].given_on);
	}
	MUST(EVP_DigestFinal_ex(md, hash, NULL) == 1);
	EVP_MD_CTX_free(md);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
}

/* Bulk work leaves one entry in the ledger for each batch, with the batch's hash (decision 8). */
static int record_batch(struct home *h, int64_t import, const struct list *l, int64_t by, const struct import_row *rows,
			size_t n, struct err *e)
{
	char detail[256], hex[65];

	if (!n)
		return 0;
	hash_rows(rows, n, hex);
	snprintf(detail, sizeof(detail), "import %lld, lines %lld to %lld, %zu rows, SHA-256 %s", (long long)import,
		 (long long)rows[0].line, (long long)rows[n - 1].line, n, hex);
	return audit_add(h, by, "import-batch", l->name, detail, e);
}

static int load_batch(struct home *h, int64_t import, const struct list *l, int64_t by, int64_t text_id,
		      const struct import_row *rows, size_t n, struct import_counts *counts, struct err *e)
{
	int64_t id;

	/* One import of a list at a time works on it: who is known must not change under the batch. */
	if (db_get_i64(h->db, &Q_IMPORT_LOCK, ARGS(db_i64(l->id)), &id, e) < 0 ||
	    record_batch(h, import, l, by, rows, n, e) < 0)
		return -1;
	if (put_rows(h, rows, n, e) < 0 || work_on_rows(h, import, l, by, text_id, e) < 0 ||
	    count_rows(h, l->id, counts, e) < 0)
		return -1;
	return db_exec(h->db, &Q_IMPORT_CLEAR, NO_ARGS, NULL, e);
}

int import_batch(struct home *h, int64_t import, const struct list *l, int64_t by, int64_t text_id,
		 const struct import_row *rows, size_t n, struct import_counts *counts, struct err *e)
{
	bool own = !db_in_transaction(h->db);
	int rc = own ? db_begin(h->db, e) : 0;

	if (rc == 0)
		rc = load_batch(h, import, l, by, text_id, rows, n, counts, e);
	if (rc == 0 && own)
		rc = db_commit(h->db, e);
	if (rc < 0 && own)
		db_rollback(h->db);
	if (rc < 0)
		return err_in(e, "rows from line %lld", n ? (long long)rows[0].line : 0LL);
	if (own)
		home_checkpoint(h);
	return 0;
}

int import_end(struct home *h, int64_t import, int64_t by, const char *object, const char *detail, struct err *e)
{
	if (db_begin(h->db, e) < 0)
		return -1;
	if (db_exec(h->db, &Q_IMPORT_END, ARGS(db_i64(import)), NULL, e) == 0 && home_tell_sizes(h, e) == 0 &&
	    audit_add(h, by, "import", object, detail, e) == 0 && db_commit(h->db, e) == 0)
		return 0;
	db_rollback(h->db);
	return -1;
}
