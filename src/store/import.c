/*
 * Imports: see import.h. A batch is put into import_row and then worked on
 * as a set. Batches come in the order of persons: one person's rows stand
 * together, and the index by person, the only one that is not written at its
 * end, is walked once in an import instead of all over for each row.
 */
#include "store/import.h"

#include "store/audit.h"
#include "store/query.h"

#include <openssl/evp.h>

QUERY(Q_IMPORT_LOCK, "SELECT id FROM list WHERE id = $1", "SELECT id FROM list WHERE id = $1 FOR UPDATE");
QUERY(Q_IMPORT_BEGUN, "SELECT max(id) FROM import WHERE list_id = $1 AND by_id = $2 AND file_hash = $3 AND done = 0"
			  " AND voided IS NULL");
QUERY(Q_IMPORT_BEGIN, "INSERT INTO import (list_id, by_id, file_hash, at) VALUES ($1, $2, $3, $4) RETURNING id");
QUERY(Q_IMPORT_END, "UPDATE import SET done = 1 WHERE id = $1");
QUERY(Q_IMPORT_STAGE, "SELECT 1",
      "CREATE TEMPORARY TABLE IF NOT EXISTS import_row (LIKE import_row) ON COMMIT DELETE ROWS");
COPY(Q_IMPORT_ROW, "import_row",
     "line, delivery, given, key_hash, reserved, utf8, fields, flags, kind, ref, given_on, known",
     "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12");
QUERY(Q_IMPORT_SIZES, "SELECT 1", "ANALYZE import_row");
/* 1: the same mailbox is on the list already; 2: the same person by another spelling. Also for rows that follow another of
   their person in the batch: what counts is who is on the list. Each question by itself: a
   planner that knows nothing of a new home's tables would join everybody with everybody. */
QUERY(Q_IMPORT_KNOWN,
      "UPDATE import_row SET known = CASE WHEN EXISTS (SELECT 1 FROM address a JOIN member m ON m.address_id = a.id"
      "   AND m.list_id = $1 WHERE a.key_hash = import_row.key_hash AND a.delivery = import_row.delivery) THEN 1"
      "   ELSE 2 END"
      " WHERE EXISTS (SELECT 1 FROM address a JOIN member m ON m.address_id = a.id"
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
QUERY(Q_IMPORT_LAST_CONSENT, "SELECT COALESCE(max(id), 0) FROM consent");
/* An import claims consent only where this project has no entry of the address, and nobody took theirs back at another
   spelling of it, or when it was not held. By itself, before the entries are made: a question to the very table that a
   statement fills may walk all that it has put in so far. */
QUERY(Q_IMPORT_CONSENTED,
      "UPDATE import_row SET kind = NULL WHERE kind IS NOT NULL AND ((SELECT min(c.id) FROM consent c"
      " WHERE c.address_id = import_row.address_id AND c.project_id = $1) IS NOT NULL"
      " OR (SELECT count(*) FROM address a WHERE a.key_hash = import_row.key_hash AND (SELECT n.action FROM consent n"
      "   WHERE n.address_id = a.id AND n.project_id = $1 ORDER BY n.id DESC LIMIT 1) <> 'given') > 0"
      " OR (SELECT w.at FROM withdrawn w WHERE w.key_hash = import_row.key_hash AND w.project = $2) IS NOT NULL)");
/* For people on the list, and once for each: by the first row that has evidence. */
QUERY(Q_IMPORT_CONSENT,
      "INSERT INTO consent (address_id, project_id, action, kind, ref, given_on, text_id, import_id, by_id, at)"
      " SELECT r.address_id, $1, 'given', r.kind, r.ref, r.given_on, $2, $3, $4, $5 FROM import_row r"
      " WHERE r.kind IS NOT NULL AND r.known < 2"
      " AND (r.known = 0 OR ((SELECT m.address_id FROM member m WHERE m.list_id = $6 AND m.address_id = r.address_id)"
      "     IS NOT NULL"
      "   AND r.line = (SELECT min(b.line) FROM import_row b WHERE b.address_id = r.address_id"
      "   AND b.kind IS NOT NULL)))");
QUERY(Q_IMPORT_CLAIMED,
      "UPDATE import SET consent_from = CASE WHEN consent_from = 0 THEN $2 + 1 ELSE consent_from END,"
      " consent_to = $3 WHERE id = $1");
QUERY(Q_IMPORT_COUNT, "SELECT count(*), sum(CASE WHEN known > 0 THEN 1 ELSE 0 END),"
		      " sum(CASE WHEN known = 2 THEN 1 ELSE 0 END) FROM import_row");
/* By person; one mailbox after the other, so that no planner begins with everybody on the list. Somebody new (whose
   address has a number past $2) with evidence is in the way of nothing but an opt-out, which is asked cheaply. */
QUERY(Q_IMPORT_NOT_MAILABLE,
      "SELECT count(*) FROM import_row r WHERE CASE WHEN r.address_id > $2 AND r.known = 0 AND r.kind IS NOT NULL"
      " AND NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.key_hash = r.key_hash) THEN 0"
      " WHEN EXISTS (SELECT 1 FROM address a WHERE a.key_hash = r.key_hash"
      "   AND (SELECT v.why FROM may_mail v WHERE v.list_id = $1 AND v.address_id = a.id)"
      "   NOT IN ('opted-out', 'no-consent')) THEN 0 ELSE 1 END = 1");
QUERY(Q_IMPORT_LAST_ADDRESS, "SELECT COALESCE(max(id), 0) FROM address");
EACH(Q_EACH_IMPORT_VERDICT, "SELECT line, delivery, known FROM import_row");
QUERY(Q_IMPORT_CLEAR, "DELETE FROM import_row");

int import_begin(struct home *h, struct import *im, const uint8_t file_hash[32], struct err *e)
{
	struct dbval list = db_i64(im->list->id), by = db_i64(im->by), hash = db_bytes(file_hash, 32);
	int64_t one;

	/* Before anything else names import_row: on PostgreSQL the name means another table from here on. */
	if (db_get_i64(h->db, &Q_IMPORT_STAGE, NO_ARGS, &one, e) < 0 ||
	    db_get_i64(h->db, &Q_IMPORT_BEGUN, ARGS(list, by, hash), &im->id, e) < 0)
		return -1;
	if (im->id)
		return 0;
	return db_get_i64(h->db, &Q_IMPORT_BEGIN, ARGS(list, by, hash, db_i64(home_now(h))), &im->id, e) < 0 ? -1 : 0;
}

/* --- staging ----------------------------------------------------------------------------------- */

static bool is_same_person(const struct import_row *a, const struct import_row *b)
{
	return memcmp(a->key_hash, b->key_hash, KEY_HASH_SIZE) == 0;
}

int import_row_order(const void *a, const void *b)
{
	const struct import_row *x = a, *y = b;
	int order = memcmp(x->key_hash, y->key_hash, KEY_HASH_SIZE);

	if (!order)
		order = strcmp(x->delivery, y->delivery);
	return order ? order : x->line < y->line ? -1 : 1;
}

/* How a row stands to the one of its person that comes first in the file: as import_row.known. */
static int known_in_batch(const struct import_row *r, const struct import_row *first)
{
	return r == first ? 0 : strcmp(r->delivery, first->delivery) == 0 ? 1 : 2;
}

static int copy_row(struct home *h, const struct import_row *r, int known, struct err *e)
{
	return db_copy_row(h->db,
			   ARGS(db_i64(r->line), db_text(r->delivery), db_text(r->given),
				db_bytes(r->key_hash, sizeof(r->key_hash)), db_i64(r->reserved), db_i64(r->utf8),
				db_text(r->fields), db_text(r->flags), db_text(r->kind), db_text(r->ref),
				db_text(r->given_on), db_i64(known)),
			   e);
}

/* The rows [0, n) of one person. */
static int copy_person(struct home *h, const struct import_row *r, size_t n, struct err *e)
{
	const struct import_row *first = r;

	for (size_t i = 1; i < n; i++)
		if (r[i].line < first->line)
			first = &r[i];
	for (size_t i = 0; i < n; i++)
		if (copy_row(h, &r[i], known_in_batch(&r[i], first), e) < 0)
			return -1;
	return 0;
}

static int stage(struct home *h, const struct import_row *rows, size_t n, struct err *e)
{
	if (db_copy_begin(h->db, &Q_IMPORT_ROW, e) < 0)
		return -1;
	/* After a failure the caller rolls back, which ends the copy too. */
	for (size_t i = 0, to; i < n; i = to) {
		for (to = i + 1; to < n && is_same_person(&rows[i], &rows[to]);)
			to++;
		if (copy_person(h, &rows[i], to - i, e) < 0)
			return -1;
	}
	return db_copy_end(h->db, e);
}

/* --- a batch ----------------------------------------------------------------------------------- */

static int last_consent(struct home *h, int64_t *id, struct err *e)
{
	return db_get_i64(h->db, &Q_IMPORT_LAST_CONSENT, NO_ARGS, id, e) < 0 ? -1 : 0;
}

static int add_consents(struct home *h, const struct import *im, struct err *e)
{
	struct dbval text = im->text_id ? db_i64(im->text_id) : db_null();
	int64_t before, after;

	if (last_consent(h, &before, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_CONSENTED, ARGS(db_i64(im->list->project_id), db_text(im->list->project)), NULL, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_CONSENT,
		    ARGS(db_i64(im->list->project_id), text, db_i64(im->id), db_i64(im->by), db_i64(home_now(h)),
			 db_i64(im->list->id)),
		    NULL, e) < 0 ||
	    last_consent(h, &after, e) < 0)
		return -1;
	if (before == after)
		return 0;
	return db_exec(h->db, &Q_IMPORT_CLAIMED, ARGS(db_i64(im->id), db_i64(before), db_i64(after)), NULL, e);
}

static int add_people(struct home *h, const struct import *im, struct err *e)
{
	struct dbval list = db_i64(im->list->id);

	if (db_exec(h->db, &Q_IMPORT_SIZES, NO_ARGS, NULL, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_KNOWN, ARGS(list), NULL, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_ADDRESSES, ARGS(db_i64(home_now(h))), NULL, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_FIND, NO_ARGS, NULL, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_MEMBERS, ARGS(list, db_i64(im->id)), NULL, e) < 0)
		return -1;
	return add_consents(h, im, e);
}

static int count_rows(struct home *h, struct import *im, int64_t last_address, struct err *e)
{
	int64_t not_mailable = 0;
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_IMPORT_COUNT, NO_ARGS, &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		im->counts.added += rows_i64(&r, 0) - rows_i64(&r, 1);
		im->counts.known += rows_i64(&r, 1);
		im->counts.duplicate_person += rows_i64(&r, 2);
	}
	rows_close(&r);
	if (got < 0 || db_get_i64(h->db, &Q_IMPORT_NOT_MAILABLE, ARGS(db_i64(im->list->id), db_i64(last_address)), &not_mailable, e) < 0)
		return -1;
	im->counts.not_mailable += not_mailable;
	return 0;
}

static int tell_verdicts(struct home *h, const struct import *im, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (!im->verdict)
		return 0;
	if (db_query(h->db, &Q_EACH_IMPORT_VERDICT, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0)
		if (im->verdict(im->ctx, rows_i64(&r, 0), rows_text(&r, 1), (int)rows_i64(&r, 2), e) < 0)
			got = -1;
	rows_close(&r);
	return got < 0 ? -1 : 0;
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
		hash_text(md, rows[i].delivery);
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
static int record_batch(struct home *h, const struct import *im, const struct import_row *rows, size_t n, struct err *e)
{
	char detail[256], hex[65];

	if (!n)
		return 0;
	hash_rows(rows, n, hex);
	snprintf(detail, sizeof(detail), "import %lld, %zu rows, SHA-256 %s", (long long)im->id, n, hex);
	return audit_add(h, im->by, "import-batch", im->list->name, detail, e);
}

static int load_batch(struct home *h, struct import *im, const struct import_row *rows, size_t n, struct err *e)
{
	int64_t id, last;

	/* One import of a list at a time works on it: who is known must not change under the batch. */
	if (db_get_i64(h->db, &Q_IMPORT_LOCK, ARGS(db_i64(im->list->id)), &id, e) < 0 ||
	    db_get_i64(h->db, &Q_IMPORT_LAST_ADDRESS, NO_ARGS, &last, e) < 0 || record_batch(h, im, rows, n, e) < 0 || stage(h, rows, n, e) < 0 || add_people(h, im, e) < 0 ||
	    count_rows(h, im, last, e) < 0 || tell_verdicts(h, im, e) < 0)
		return -1;
	return db_exec(h->db, &Q_IMPORT_CLEAR, NO_ARGS, NULL, e);
}

int import_batch(struct home *h, struct import *im, const struct import_row *rows, size_t n, struct err *e)
{
	struct import_counts before = im->counts;
	bool own = !db_in_transaction(h->db);
	int rc = own ? db_begin(h->db, e) : 0;

	if (rc == 0)
		rc = load_batch(h, im, rows, n, e);
	if (rc == 0 && own)
		rc = db_commit(h->db, e);
	if (rc < 0 && own)
		db_rollback(h->db);
	if (rc < 0) {
		im->counts = before;
		return err_in(e, "import into %s", im->list->name);
	}
	if (own)
		home_checkpoint(h);
	return 0;
}

int import_end(struct home *h, const struct import *im, const char *detail, struct err *e)
{
	if (db_begin(h->db, e) < 0)
		return -1;
	if (db_exec(h->db, &Q_IMPORT_END, ARGS(db_i64(im->id)), NULL, e) == 0 && home_tell_sizes(h, e) == 0 &&
	    audit_add(h, im->by, "import", im->list->name, detail, e) == 0 && db_commit(h->db, e) == 0)
		return 0;
	db_rollback(h->db);
	return -1;
}
