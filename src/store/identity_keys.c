/*
 * The DKIM keys of identities: see identity.h. The private half of a key is a file of the home, and is only there
 * while the key may be asked to sign; all else stands in the table dkim_key, from which nothing is removed, so that
 * an old message can be verified by what was published when it was sent.
 */
#include "store/identity.h"

#include "base/file.h"
#include "store/query.h"

#include <errno.h>
#include <unistd.h>

#define PEM_MAX (16 * 1024)
#define PAIRS_A_QUARTER 26 /* named by no letter, or b to z */

QUERY(Q_KEYS, "SELECT id, selector, algorithm, record, state, since, seen, made FROM dkim_key WHERE identity_id = $1 ORDER BY id");
QUERY(Q_KEY_ADD, "INSERT INTO dkim_key (identity_id, selector, algorithm, record, state, since, made)"
		 " VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id");
QUERY(Q_KEY_TAKEN, "SELECT count(*) FROM dkim_key WHERE identity_id = $1 AND selector = $2");
QUERY(Q_KEY_MOVE, "UPDATE dkim_key SET state = $2, since = $3 WHERE id = $1 AND state = $4");
QUERY(Q_KEY_SEEN, "UPDATE dkim_key SET seen = $2 WHERE id = $1");

static const char *const STATES[] = {
	[KEY_NEXT] = "next", [KEY_CURRENT] = "current", [KEY_OLD] = "old", [KEY_WITHDRAWN] = "withdrawn", [KEY_GONE] = "gone",
};

const char *key_state_name(enum key_state s)
{
	MUST((size_t)s < COUNT(STATES));
	return STATES[s];
}

/* A state that a newer program wrote, or nobody: such a key does nothing any more. */
static enum key_state state_of(const char *name)
{
	for (size_t i = 0; i < COUNT(STATES); i++)
		if (strcmp(STATES[i], name) == 0)
			return (enum key_state)i;
	return KEY_GONE;
}

int identity_keys(struct home *h, struct arena *a, const struct identity *x, struct identity_key **out, size_t *n,
		  struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_KEYS, ARGS(db_i64(x->id)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct identity_key){
			.id = rows_i64(&r, 0),
			.selector = arena_text(a, rows_text(&r, 1)),
			.algorithm = arena_text(a, rows_text(&r, 2)),
			.record = arena_text(a, rows_text(&r, 3)),
			.state = state_of(rows_text(&r, 4)),
			.since = rows_i64(&r, 5),
			.seen = rows_i64(&r, 6),
			.made = rows_i64(&r, 7),
		};
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

/* --- making ------------------------------------------------------------------------------------ */

static const char *key_file(const struct home *h, struct arena *a, const char *identity, const char *selector)
{
	return home_file(h, a, arena_printf(a, "keys/dkim/%s.%s.pem", identity, selector));
}

/* Selectors by DKIM-8: p<year>q<quarter>r and ...e; what is made later in a quarter has a letter before that. */
static int free_selector(struct home *h, struct arena *a, const struct identity *x, const char **out, struct err *e)
{
	char when[32];
	int quarter;

	time_iso(home_now(h), when);
	quarter = ((when[5] - '0') * 10 + when[6] - '0' - 1) / 3 + 1;
	for (int i = 0; i < PAIRS_A_QUARTER; i++) {
		char letter[2] = { i ? (char)('a' + i) : '\0', '\0' };
		const char *stem = arena_printf(a, "p%.4sq%d%s", when, quarter, letter);
		int64_t taken = 0;

		if (db_get_i64(h->db, &Q_KEY_TAKEN, ARGS(db_i64(x->id), db_text(arena_printf(a, "%sr", stem))), &taken, e) < 0)
			return -1;
		*out = stem;
		if (!taken)
			return 0;
	}
	return err_set(e, ERR_REFUSED, "%d pairs of keys were made in this quarter: wait for the next", PAIRS_A_QUARTER);
}

/* The row first, since a selector is there once: of two who make keys at the same time only one comes to write the file. */
static int keep_key(struct home *h, struct arena *a, const struct identity *x, struct identity_key *k, const struct buf *pem,
		    struct err *e)
{
	if (db_get_i64(h->db, &Q_KEY_ADD,
		       ARGS(db_i64(x->id), db_text(k->selector), db_text(k->algorithm), db_text(k->record),
			    db_text(key_state_name(k->state)), db_i64(k->made)),
		       &k->id, e) < 0)
		return -1;
	return file_write(key_file(h, a, x->name, k->selector), pem->p, pem->n, 0600, e);
}

static int make_key(struct home *h, struct arena *a, const struct identity *x, enum dkim_kind kind, struct identity_key *out,
		    struct err *e)
{
	struct dkim_key *key = dkim_key_new(kind, e);
	struct buf pem, text;
	int rc = -1;

	buf_init(&pem, PEM_MAX);
	buf_init(&text, PEM_MAX);
	if (key && dkim_key_to_pem(key, &pem, e) == 0 && dkim_key_record(key, &text, e) == 0) {
		out->record = arena_text(a, buf_text(&text));
		rc = keep_key(h, a, x, out, &pem, e);
	}
	if (pem.p)
		explicit_bzero(pem.p, pem.n);
	buf_free(&pem);
	buf_free(&text);
	dkim_key_free(key);
	return rc;
}

int identity_make_keys(struct home *h, struct arena *a, const struct identity *x, enum key_state state,
		       struct identity_key out[2], struct err *e)
{
	static const struct {
		enum dkim_kind kind;
		const char *algorithm, *ending;
	} PAIR[2] = { { DKIM_RSA_2048, "rsa", "r" }, { DKIM_ED25519, "ed25519", "e" } };
	const char *stem;

	if (free_selector(h, a, x, &stem, e) < 0)
		return err_in(e, "identity %s", x->name);
	for (size_t i = 0; i < 2; i++) {
		struct identity_key *k = &out[i];

		*k = (struct identity_key){ .selector = arena_printf(a, "%s%s", stem, PAIR[i].ending),
					    .algorithm = PAIR[i].algorithm, .state = state, .since = home_now(h) };
		k->made = k->since;
		if (make_key(h, a, x, PAIR[i].kind, k, e) < 0)
			return err_in(e, "identity %s", x->name);
	}
	return 0;
}

/* --- moving ------------------------------------------------------------------------------------ */

int identity_move_key(struct home *h, const struct identity_key *key, enum key_state to, struct err *e)
{
	int64_t changed = 0;

	if (db_exec(h->db, &Q_KEY_MOVE,
		    ARGS(db_i64(key->id), db_text(key_state_name(to)), db_i64(home_now(h)),
			 db_text(key_state_name(key->state))),
		    &changed, e) < 0)
		return -1;
	return changed ? 0 : err_set(e, ERR_AGAIN, "key %s was moved by somebody else meanwhile; try again", key->selector);
}

int identity_drop_private(struct home *h, struct arena *a, const struct identity *x, const struct identity_key *key,
			  struct err *e)
{
	const char *path = key_file(h, a, x->name, key->selector);

	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(e, ERR_BROKEN, errno, "%s: the private key could not be removed", path);
	return 0;
}

int identity_key_seen(struct home *h, const struct identity_key *key, int64_t seen, struct err *e)
{
	return db_exec(h->db, &Q_KEY_SEEN, ARGS(db_i64(key->id), seen ? db_i64(seen) : db_null()), NULL, e);
}

/* --- signing ----------------------------------------------------------------------------------- */

static void free_key(void *key)
{
	dkim_key_free(key);
}

/* Is it the half of what is published? A home whose data and files are of different days may have another, and nobody
   could verify what that signs. */
static int is_half_of(const struct dkim_key *key, const struct identity_key *k, struct err *e)
{
	struct buf record;
	int rc;

	buf_init(&record, PEM_MAX);
	rc = dkim_key_record(key, &record, e);
	if (rc == 0 && strcmp(buf_text(&record), k->record) != 0)
		rc = err_set(e, ERR_REFUSED, "%s: its file is not the key that is published; change the keys: placet identity rotate --at-once",
			     k->selector);
	buf_free(&record);
	return rc;
}

static int read_key(struct home *h, struct arena *a, const struct identity *x, const struct identity_key *k,
		    struct dkim_signer *out, struct err *e)
{
	struct dkim_key *key = NULL;
	struct buf pem;

	buf_init(&pem, PEM_MAX);
	if (file_read(key_file(h, a, x->name, k->selector), &pem, e) == 0)
		key = dkim_key_from_pem(buf_text(&pem), pem.n, e);
	if (pem.p)
		explicit_bzero(pem.p, pem.n);
	buf_free(&pem);
	if (!key)
		return -1;
	arena_defer(a, free_key, key);
	*out = (struct dkim_signer){ x->domain[0], k->selector, key };
	return is_half_of(key, k, e);
}

int identity_signers(struct home *h, struct arena *a, const struct identity *x, struct dkim_signer out[2], struct err *e)
{
	struct identity_key *key;
	size_t n, found = 0;

	if (identity_keys(h, a, x, &key, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && found < 2; i++)
		if (key[i].state == KEY_CURRENT && read_key(h, a, x, &key[i], &out[found++], e) < 0)
			return err_in(e, "DKIM key of identity %s", x->name);
	return found == 2 ? 0 : err_set(e, ERR_REFUSED, "identity %s has not two current DKIM keys; add another identity", x->name);
}
