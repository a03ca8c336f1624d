/* Accounts, departments, tokens: see account.h. Passwords are Argon2id (AUT-2); tokens are kept as hashes. */
#include "store/account.h"

#include "base/codec.h"
#include "store/audit.h"
#include "store/password.h"
#include "store/query.h"

#define LOGIN_LASTS (7 * DAY)

#define ACCOUNT_COLUMNS                                                                                   \
	"SELECT a.id, a.address, a.name, a.roles, a.department_id, d.slug, a.os_user, a.disabled"        \
	" FROM account a LEFT JOIN department d ON d.id = a.department_id"

QUERY(Q_ACCOUNT_ADD, "INSERT INTO account (address, name, roles, department_id, os_user, password, created)"
		     " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id");
QUERY(Q_ACCOUNT_BY_ADDRESS, ACCOUNT_COLUMNS " WHERE a.address = $1");
QUERY(Q_ACCOUNT_BY_ID, ACCOUNT_COLUMNS " WHERE a.id = $1");
QUERY(Q_ACCOUNT_LIST, ACCOUNT_COLUMNS " ORDER BY a.address");
QUERY(Q_ACCOUNT_DISABLE, "UPDATE account SET disabled = 1, login_hash = NULL WHERE id = $1");
QUERY(Q_ACCOUNT_LOGIN, "UPDATE account SET login_hash = $2, login_until = $3 WHERE id = $1");
QUERY(Q_ACCOUNT_BY_LOGIN, ACCOUNT_COLUMNS " WHERE a.login_hash = $1 AND a.login_until > $2 AND a.disabled = 0");
QUERY(Q_ACCOUNT_PASSWORD, "UPDATE account SET password = $4, login_hash = NULL, login_until = NULL"
			  " WHERE id = $1 AND login_hash = $2 AND login_until > $3 AND disabled = 0");
QUERY(Q_TOKEN_ADD, "INSERT INTO token (account_id, hash, scope, created) VALUES ($1, $2, $3, $4)");
QUERY(Q_TOKEN_ACCOUNT, "SELECT t.account_id FROM token t JOIN account a ON a.id = t.account_id"
		       " WHERE t.hash = $1 AND a.disabled = 0");
QUERY(Q_DEPARTMENT_ADD, "INSERT INTO department (slug, name) VALUES ($1, $2)");
QUERY(Q_DEPARTMENT_BY_SLUG, "SELECT id, slug, name FROM department WHERE slug = $1");
QUERY(Q_DEPARTMENT_LIST, "SELECT id, slug, name FROM department ORDER BY slug");

static const struct {
	unsigned role;
	const char *name;
} ROLES[] = {
	{ ROLE_RESEARCHER, "researcher" },
	{ ROLE_REVIEWER, "reviewer" },
	{ ROLE_VALIDATOR, "validator" },
	{ ROLE_POSTMASTER, "postmaster" },
};

unsigned role_parse(const char *word)
{
	for (size_t i = 0; i < COUNT(ROLES); i++)
		if (strcmp(ROLES[i].name, word) == 0)
			return ROLES[i].role;
	return 0;
}

const char *roles_text(struct arena *a, unsigned roles)
{
	const char *s = "";

	for (size_t i = 0; i < COUNT(ROLES); i++)
		if (roles & ROLES[i].role)
			s = arena_printf(a, "%s%s%s", s, *s ? " " : "", ROLES[i].name);
	return s;
}

static unsigned roles_read(const char *text)
{
	unsigned roles = 0;

	for (size_t i = 0; i < COUNT(ROLES); i++)
		if (strstr(text, ROLES[i].name))
			roles |= ROLES[i].role;
	return roles;
}

int slug_check(const char *what, const char *slug, struct err *e)
{
	size_t n = strlen(slug);

	if (n < 1 || n > 40 || strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") != n || slug[0] == '-' ||
	    slug[n - 1] == '-' || strstr(slug, "--"))
		return err_set(e, ERR_INPUT, "%s '%s': wanted are words of a-z and 0-9 joined by hyphens, at most 40 characters",
			       what, slug);
	return 0;
}

/* --- accounts ---------------------------------------------------------------------------------- */

int account_add(struct home *h, const struct account *x, const char *password, int64_t *id, struct err *e)
{
	char hash[PASSWORD_HASH_MAX];
	struct arena *a;
	int rc;

	if (password && password_hash(password, x->address, hash, e) < 0)
		return -1;
	a = arena_new();
	rc = db_get_i64(h->db, &Q_ACCOUNT_ADD,
			ARGS(db_text(x->address), db_text(x->name), db_text(roles_text(a, x->roles)),
			     x->department_id ? db_i64(x->department_id) : db_null(), db_text(x->os_user),
			     db_text(password ? hash : NULL), db_i64(home_now(h))),
			id, e);
	arena_free(a);
	if (rc < 0 && e->kind == ERR_REFUSED)
		return err_set(e, ERR_REFUSED, "account %s: there is one already, or its OS user has one", x->address);
	return rc < 0 ? -1 : 0;
}

static void account_from(struct rows *r, struct arena *a, struct account *out)
{
	out->id = rows_i64(r, 0);
	out->address = arena_text(a, rows_text(r, 1));
	out->name = arena_text(a, rows_text(r, 2));
	out->roles = roles_read(rows_text(r, 3));
	out->department_id = rows_i64(r, 4);
	out->department = arena_text(a, rows_text(r, 5));
	out->os_user = arena_text(a, rows_text(r, 6));
	out->disabled = rows_i64(r, 7) != 0;
}

static int account_get(struct home *h, struct arena *a, const struct query *q, const struct dbval *v, size_t n,
		       struct account *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, q, v, n, &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		account_from(&r, a, out);
	rows_close(&r);
	return got;
}

int account_by_address(struct home *h, struct arena *a, const char *address, struct account *out, struct err *e)
{
	return account_get(h, a, &Q_ACCOUNT_BY_ADDRESS, ARGS(db_text(address)), out, e);
}

int account_by_id(struct home *h, struct arena *a, int64_t id, struct account *out, struct err *e)
{
	return account_get(h, a, &Q_ACCOUNT_BY_ID, ARGS(db_i64(id)), out, e);
}

int account_list(struct home *h, struct arena *a, struct account **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_ACCOUNT_LIST, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		account_from(&r, a, &(*out)[(*n)++]);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int account_disable(struct home *h, int64_t id, struct err *e)
{
	return db_exec(h->db, &Q_ACCOUNT_DISABLE, ARGS(db_i64(id)), NULL, e);
}

int account_role_elsewhere(struct home *h, unsigned role, int64_t department, int64_t but, struct err *e)
{
	struct arena *a = arena_new();
	struct account *all = NULL;
	size_t n = 0;
	int rc = account_list(h, a, &all, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if ((all[i].roles & role) && !all[i].disabled && all[i].id != but &&
		    (!department || all[i].department_id != department))
			rc = 1;
	arena_free(a);
	return rc;
}

int account_login_token(struct home *h, int64_t id, char out[TOKEN_TEXT_MAX], struct err *e)
{
	uint8_t secret[24], hash[32];
	struct buf b;

	rng_bytes(&h->rng, secret, sizeof(secret));
	buf_init(&b, TOKEN_TEXT_MAX - 1);
	base64url_encode(&b, secret, sizeof(secret));
	memcpy(out, buf_text(&b), b.n + 1);
	sha256(out, b.n, hash);
	buf_free(&b);
	return db_exec(h->db, &Q_ACCOUNT_LOGIN, ARGS(db_i64(id), db_bytes(hash, 32), db_i64(home_now(h) + LOGIN_LASTS)),
		       NULL, e);
}

int account_by_login(struct home *h, struct arena *a, const char *token, struct account *out, struct err *e)
{
	uint8_t hash[32];

	sha256(token, strlen(token), hash);
	return account_get(h, a, &Q_ACCOUNT_BY_LOGIN, ARGS(db_bytes(hash, 32), db_i64(home_now(h))), out, e);
}

/* The statement itself asks whether the link still stands, so that of two who press at once one gets it. */
static int use_login(struct home *h, const struct account *x, const char *token, const char *hash, struct err *e)
{
	uint8_t login[32];
	int64_t changed = 0;

	sha256(token, strlen(token), login);
	if (db_begin(h->db, e) < 0)
		return -1;
	if (db_exec(h->db, &Q_ACCOUNT_PASSWORD,
		    ARGS(db_i64(x->id), db_bytes(login, 32), db_i64(home_now(h)), db_text(hash)), &changed, e) == 0 &&
	    (!changed || audit_add(h, x->id, "password-set", x->address, "by the one-time link", e) == 0) &&
	    db_commit(h->db, e) == 0)
		return changed > 0;
	db_rollback(h->db);
	return -1;
}

int account_set_password(struct home *h, int64_t id, const char *token, const char *password, struct err *e)
{
	char hash[PASSWORD_HASH_MAX];
	struct arena *a = arena_new();
	struct account x;
	int rc = account_by_login(h, a, token, &x, e);

	if (rc > 0 && x.id != id)
		rc = 0;
	/* Hashing takes its time, so nobody may wait for the write lock meanwhile. */
	if (rc > 0)
		rc = password_hash(password, x.address, hash, e) < 0 ? -1 : use_login(h, &x, token, hash, e);
	arena_free(a);
	return rc;
}

/* --- tokens ------------------------------------------------------------------------------------ */

int token_add(struct home *h, int64_t account, const char *scope, char out[80], struct err *e)
{
	uint8_t secret[32], hash[32];
	struct buf b;

	rng_bytes(&h->rng, secret, sizeof(secret));
	buf_init(&b, 79);
	buf_adds(&b, "placet_");
	base64url_encode(&b, secret, sizeof(secret));
	memcpy(out, buf_text(&b), b.n + 1);
	sha256(out, b.n, hash);
	buf_free(&b);
	return db_exec(h->db, &Q_TOKEN_ADD,
		       ARGS(db_i64(account), db_bytes(hash, 32), db_text(scope), db_i64(home_now(h))), NULL, e);
}

int token_account(struct home *h, const char *token, int64_t *account, struct err *e)
{
	uint8_t hash[32];

	sha256(token, strlen(token), hash);
	return db_get_i64(h->db, &Q_TOKEN_ACCOUNT, ARGS(db_bytes(hash, 32)), account, e);
}

/* --- departments ------------------------------------------------------------------------------- */

int department_add(struct home *h, const char *slug, const char *name, struct err *e)
{
	if (slug_check("department", slug, e) < 0)
		return -1;
	if (db_exec(h->db, &Q_DEPARTMENT_ADD, ARGS(db_text(slug), db_text(name)), NULL, e) == 0)
		return 0;
	return e->kind == ERR_REFUSED ? err_set(e, ERR_REFUSED, "department %s: there is one already", slug) : -1;
}

static void department_from(struct rows *r, struct arena *a, struct department *out)
{
	out->id = rows_i64(r, 0);
	out->slug = arena_text(a, rows_text(r, 1));
	out->name = arena_text(a, rows_text(r, 2));
}

int department_by_slug(struct home *h, struct arena *a, const char *slug, struct department *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_DEPARTMENT_BY_SLUG, ARGS(db_text(slug)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		department_from(&r, a, out);
	rows_close(&r);
	return got;
}

int department_list(struct home *h, struct arena *a, struct department **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_DEPARTMENT_LIST, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		department_from(&r, a, &(*out)[(*n)++]);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}
