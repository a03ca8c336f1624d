/*
 * The audit ledger: see audit.h. An entry is hashed as its fields with their
 * lengths in front, so that no two different entries have the same bytes.
 */
#include "store/audit.h"

#include "store/query.h"

#include <endian.h>
#include <pwd.h>
#include <unistd.h>

#define ENTRY_MAX (1024 * 1024)

/* One writer at a time has the end of the chain; SQLite's write lock does it there. */
QUERY(Q_AUDIT_LOCK, "SELECT 1", "SELECT 1 FROM pg_advisory_xact_lock(706101)");
QUERY(Q_AUDIT_LAST, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
QUERY(Q_AUDIT_ADD, "INSERT INTO audit (seq, at, actor, os_user, action, object, detail, hash)"
		   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
QUERY(Q_AUDIT_ACTOR, "SELECT address FROM account WHERE id = $1");
EACH(Q_EACH_AUDIT, "SELECT seq, at, actor, os_user, action, object, detail, hash FROM audit ORDER BY seq");

static void add_i64(struct buf *b, int64_t v)
{
	uint64_t be = htobe64((uint64_t)v);

	buf_add(b, &be, sizeof(be));
}

static void add_text(struct buf *b, const char *s)
{
	add_i64(b, (int64_t)strlen(s));
	buf_adds(b, s);
}

static int entry_hash(const struct audit_entry *x, const uint8_t before[32], uint8_t out[32], struct err *e)
{
	struct buf b;
	int rc = 0;

	buf_init(&b, ENTRY_MAX);
	buf_addc(&b, 0x02);
	buf_add(&b, before, 32);
	add_i64(&b, x->seq);
	add_i64(&b, x->at);
	add_text(&b, x->actor);
	add_text(&b, x->os_user);
	add_text(&b, x->action);
	add_text(&b, x->object);
	add_text(&b, x->detail);
	if (b.over)
		rc = err_set(e, ERR_INPUT, "audit entry %s: longer than 1 MiB", x->action);
	else
		sha256(b.p, b.n, out);
	buf_free(&b);
	return rc;
}

static int last_entry(struct home *h, int64_t *seq, uint8_t hash[32], struct err *e)
{
	struct rows r = { 0 };
	struct slice s;
	int got;

	*seq = 0;
	memset(hash, 0, 32);
	got = db_query(h->db, &Q_AUDIT_LOCK, NO_ARGS, &r, e) < 0 ? -1 : rows_next(&r, e);
	rows_close(&r);
	if (got < 0 || db_query(h->db, &Q_AUDIT_LAST, NO_ARGS, &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		*seq = rows_i64(&r, 0);
		s = rows_bytes(&r, 1);
		if (s.n == 32)
			memcpy(hash, s.p, 32);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int actor_name(struct home *h, struct arena *a, int64_t by, const char **out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*out = "system";
	if (!by)
		return 0;
	if (db_query(h->db, &Q_AUDIT_ACTOR, ARGS(db_i64(by)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = arena_text(a, rows_text(&r, 0));
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static const char *os_user(struct arena *a)
{
	struct passwd *pw = getpwuid(getuid());

	return pw ? arena_text(a, pw->pw_name) : arena_printf(a, "uid %u", (unsigned)getuid());
}

static int add_entry(struct home *h, struct arena *a, int64_t by, struct audit_entry *x, struct err *e)
{
	uint8_t before[32], hash[32];

	MUST(db_in_transaction(h->db));
	if (actor_name(h, a, by, &x->actor, e) < 0 || last_entry(h, &x->seq, before, e) < 0)
		return -1;
	x->seq++;
	x->at = home_now(h);
	x->os_user = os_user(a);
	if (entry_hash(x, before, hash, e) < 0)
		return -1;
	return db_exec(h->db, &Q_AUDIT_ADD,
		       ARGS(db_i64(x->seq), db_i64(x->at), db_text(x->actor), db_text(x->os_user), db_text(x->action),
			    db_text(x->object), db_text(x->detail), db_bytes(hash, sizeof(hash))),
		       NULL, e);
}

int audit_add(struct home *h, int64_t by, const char *action, const char *object, const char *detail, struct err *e)
{
	struct audit_entry x = { .action = action, .object = object, .detail = detail };
	struct arena *a = arena_new();
	int rc = add_entry(h, a, by, &x, e);

	arena_free(a);
	return rc < 0 ? err_in(e, "audit entry %s", action) : 0;
}

int audit_each(struct home *h, int (*each)(void *ctx, const struct audit_entry *x), void *ctx, struct err *e)
{
	struct rows r = { 0 };
	int got = db_query(h->db, &Q_EACH_AUDIT, NO_ARGS, &r, e) < 0 ? -1 : 1;

	while (got > 0 && (got = rows_next(&r, e)) > 0) {
		struct audit_entry x = { rows_i64(&r, 0), rows_i64(&r, 1), rows_text(&r, 2), rows_text(&r, 3),
					 rows_text(&r, 4), rows_text(&r, 5), rows_text(&r, 6), rows_bytes(&r, 7) };

		if (each(ctx, &x) != 0)
			break;
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

struct verifying {
	uint8_t before[32];
	int64_t entries, broken;
	struct err *e;
	bool failed;
};

static int verify_one(void *ctx, const struct audit_entry *x)
{
	struct verifying *v = ctx;
	uint8_t hash[32];

	if (entry_hash(x, v->before, hash, v->e) < 0) {
		v->failed = true;
		return 1;
	}
	v->entries++;
	if (x->seq != v->entries || x->hash.n != 32 || memcmp(x->hash.p, hash, 32) != 0) {
		v->broken = x->seq;
		return 1;
	}
	memcpy(v->before, hash, 32);
	return 0;
}

int audit_verify(struct home *h, int64_t *entries, int64_t *broken, struct err *e)
{
	struct verifying v = { .e = e };

	if (audit_each(h, verify_one, &v, e) < 0 || v.failed)
		return -1;
	*entries = v.entries;
	*broken = v.broken;
	return v.broken ? 1 : 0;
}
