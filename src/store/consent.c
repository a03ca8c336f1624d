/* The consent ledger: see list.h. Rows are added, never changed; the newest one counts. */
#include "base/codec.h"
#include "store/list.h"
#include "store/query.h"

#define VERSION_SIZE 6 /* bytes of a text's hash that name it */

QUERY(Q_CONSENT_TEXT_ADD, "INSERT INTO consent_text (hash, text, created) VALUES ($1, $2, $3)"
			  " ON CONFLICT (hash) DO NOTHING");
QUERY(Q_CONSENT_TEXT_ID, "SELECT id FROM consent_text WHERE hash = $1");
QUERY(Q_CONSENT_ADD,
      "INSERT INTO consent (address_id, project_id, action, kind, ref, given_on, text_id, by_id, at)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
QUERY(Q_CONSENT_OF, "SELECT c.id, c.at, c.action, c.kind, c.ref, c.given_on, p.slug, a.name, t.hash, t.text FROM consent c"
		    " JOIN project p ON p.id = c.project_id LEFT JOIN account a ON a.id = c.by_id"
		    " LEFT JOIN consent_text t ON t.id = c.text_id"
		    " WHERE c.address_id = $1 ORDER BY c.id");
QUERY(Q_ADDRESS_FIND, "SELECT id FROM address WHERE key_hash = $1 AND delivery = $2");

static const struct {
	const char *kind;
	bool importable;
} KINDS[] = {
	{ "own-sign-up", false },
	{ "signed-form", true },
	{ "online-form", true },
	{ "oral", true },
};

bool consent_kind_is_importable(const char *kind)
{
	for (size_t i = 0; i < COUNT(KINDS); i++)
		if (strcmp(KINDS[i].kind, kind) == 0)
			return KINDS[i].importable;
	return false;
}

int consent_text_id(struct home *h, const char *text, int64_t *id, struct err *e)
{
	uint8_t hash[32];

	sha256(text, strlen(text), hash);
	if (db_exec(h->db, &Q_CONSENT_TEXT_ADD, ARGS(db_bytes(hash, 32), db_text(text), db_i64(home_now(h))), NULL, e) < 0)
		return -1;
	return db_get_i64(h->db, &Q_CONSENT_TEXT_ID, ARGS(db_bytes(hash, 32)), id, e) < 0 ? -1 : 0;
}

int consent_add(struct home *h, int64_t address, int64_t project, const char *action, const char *kind,
		const char *ref, const char *given_on, int64_t text_id, int64_t by, struct err *e)
{
	return db_exec(h->db, &Q_CONSENT_ADD,
		       ARGS(db_i64(address), db_i64(project), db_text(action), db_text(kind), db_text(ref),
			    db_text(given_on), text_id ? db_i64(text_id) : db_null(), by ? db_i64(by) : db_null(),
			    db_i64(home_now(h))),
		       NULL, e);
}

/* The words' own hash, short enough to read out. */
static const char *version_of(struct arena *a, struct slice hash)
{
	const char *out;
	struct buf hex;

	if (!hash.p)
		return NULL;
	buf_init(&hex, 2 * VERSION_SIZE);
	hex_encode(&hex, hash.p, hash.n < VERSION_SIZE ? hash.n : VERSION_SIZE);
	out = arena_text(a, buf_text(&hex));
	buf_free(&hex);
	return out;
}

int consent_of(struct home *h, struct arena *a, int64_t address, struct consent **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_CONSENT_OF, ARGS(db_i64(address)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct consent){
			.id = rows_i64(&r, 0),
			.at = rows_i64(&r, 1),
			.action = arena_text(a, rows_text(&r, 2)),
			.kind = arena_text(a, rows_text(&r, 3)),
			.ref = arena_text(a, rows_text(&r, 4)),
			.given_on = arena_text(a, rows_text(&r, 5)),
			.project = arena_text(a, rows_text(&r, 6)),
			.by = arena_text(a, rows_text(&r, 7)),
			.version = version_of(a, rows_bytes(&r, 8)),
			.text = arena_text(a, rows_text(&r, 9)),
		};
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int address_find(struct home *h, const struct address *addr, int64_t *id, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];

	home_key_hash(h, addr->key, hash);
	return db_get_i64(h->db, &Q_ADDRESS_FIND, ARGS(db_bytes(hash, sizeof(hash)), db_text(addr->delivery)), id, e);
}
