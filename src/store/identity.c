/* Identities: see identity.h. */
#include "store/identity.h"

#include "base/file.h"
#include "store/query.h"

#define PEM_MAX (16 * 1024)

#define IDENTITY_COLUMNS                                                                                  \
	"SELECT id, name, domains, relay, outbound, purpose, relay_signs, selector_rsa, selector_ed,"    \
	" record_rsa, record_ed FROM identity"

QUERY(Q_IDENTITY_ADD, "INSERT INTO identity (name, domains, relay, outbound, purpose, relay_signs, selector_rsa,"
		      " selector_ed, record_rsa, record_ed, created)"
		      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id");
QUERY(Q_IDENTITY_BY_NAME, IDENTITY_COLUMNS " WHERE name = $1");
QUERY(Q_IDENTITY_BY_ID, IDENTITY_COLUMNS " WHERE id = $1");
QUERY(Q_IDENTITY_LIST, IDENTITY_COLUMNS " ORDER BY name");

const char *const *split_words(struct arena *a, const char *text)
{
	const char **out = ARENA_ARRAY(a, const char *, strlen(text) / 2 + 2);
	size_t n = 0;

	for (;;) {
		size_t len;

		text += strspn(text, " ");
		len = strcspn(text, " ");
		if (!len)
			return out;
		out[n++] = arena_text_n(a, text, len);
		text += len;
	}
}

static void identity_from(struct rows *r, struct arena *a, struct identity *out)
{
	*out = (struct identity){
		.id = rows_i64(r, 0),
		.name = arena_text(a, rows_text(r, 1)),
		.domains = arena_text(a, rows_text(r, 2)),
		.relay = arena_text(a, rows_text(r, 3)),
		.outbound = arena_text(a, rows_text(r, 4)),
		.purpose = arena_text(a, rows_text(r, 5)),
		.relay_signs = rows_i64(r, 6) != 0,
		.selector_rsa = arena_text(a, rows_text(r, 7)),
		.selector_ed = arena_text(a, rows_text(r, 8)),
		.record_rsa = arena_text(a, rows_text(r, 9)),
		.record_ed = arena_text(a, rows_text(r, 10)),
	};
	out->domain = split_words(a, out->domains);
}

static int identity_get(struct home *h, struct arena *a, const struct query *q, struct dbval key, struct identity *out,
			struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, q, ARGS(key), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		identity_from(&r, a, out);
	rows_close(&r);
	return got;
}

int identity_by_name(struct home *h, struct arena *a, const char *name, struct identity *out, struct err *e)
{
	return identity_get(h, a, &Q_IDENTITY_BY_NAME, db_text(name), out, e);
}

int identity_by_id(struct home *h, struct arena *a, int64_t id, struct identity *out, struct err *e)
{
	return identity_get(h, a, &Q_IDENTITY_BY_ID, db_i64(id), out, e);
}

int identity_list(struct home *h, struct arena *a, struct identity **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_IDENTITY_LIST, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		identity_from(&r, a, &(*out)[(*n)++]);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

/* --- keys -------------------------------------------------------------------------------------- */

static const char *key_file(const struct home *h, struct arena *a, const char *identity, const char *selector)
{
	return home_file(h, a, arena_printf(a, "keys/dkim/%s.%s.pem", identity, selector));
}

static int make_key(struct home *h, struct arena *a, const char *identity, enum dkim_kind kind, const char *selector,
		    const char **record, struct err *e)
{
	struct dkim_key *key = dkim_key_new(kind, e);
	struct buf pem, text;
	int rc = -1;

	buf_init(&pem, PEM_MAX);
	buf_init(&text, PEM_MAX);
	if (key && dkim_key_to_pem(key, &pem, e) == 0 && dkim_key_record(key, &text, e) == 0)
		rc = file_write(key_file(h, a, identity, selector), pem.p, pem.n, 0600, e);
	*record = arena_text(a, buf_text(&text));
	if (pem.p)
		explicit_bzero(pem.p, pem.n);
	buf_free(&pem);
	buf_free(&text);
	dkim_key_free(key);
	return rc;
}

int identity_add(struct home *h, struct arena *a, struct identity *x, struct err *e)
{
	char when[32];

	/* Selectors by DKIM-8: p<year>q<quarter>r and ...e. */
	time_iso(home_now(h), when);
	x->selector_rsa = arena_printf(a, "p%.4sq%dr", when, ((when[5] - '0') * 10 + when[6] - '0' - 1) / 3 + 1);
	x->selector_ed = arena_printf(a, "%.*se", (int)strlen(x->selector_rsa) - 1, x->selector_rsa);
	if (make_key(h, a, x->name, DKIM_RSA_2048, x->selector_rsa, &x->record_rsa, e) < 0 ||
	    make_key(h, a, x->name, DKIM_ED25519, x->selector_ed, &x->record_ed, e) < 0)
		return err_in(e, "identity %s", x->name);
	if (db_get_i64(h->db, &Q_IDENTITY_ADD,
		       ARGS(db_text(x->name), db_text(x->domains), db_text(x->relay), db_text(x->outbound),
			    db_text(x->purpose), db_i64(x->relay_signs), db_text(x->selector_rsa),
			    db_text(x->selector_ed), db_text(x->record_rsa), db_text(x->record_ed), db_i64(home_now(h))),
		       &x->id, e) < 0)
		return -1;
	return 0;
}

static void free_key(void *key)
{
	dkim_key_free(key);
}

static int read_key(struct home *h, struct arena *a, const struct identity *x, const char *selector,
		    struct dkim_signer *out, struct err *e)
{
	struct dkim_key *key = NULL;
	struct buf pem;

	buf_init(&pem, PEM_MAX);
	if (file_read(key_file(h, a, x->name, selector), &pem, e) == 0)
		key = dkim_key_from_pem(buf_text(&pem), pem.n, e);
	if (pem.p)
		explicit_bzero(pem.p, pem.n);
	buf_free(&pem);
	if (!key)
		return err_in(e, "DKIM key of identity %s", x->name);
	arena_defer(a, free_key, key);
	*out = (struct dkim_signer){ x->domain[0], selector, key };
	return 0;
}

int identity_signers(struct home *h, struct arena *a, const struct identity *x, struct dkim_signer out[2], struct err *e)
{
	return read_key(h, a, x, x->selector_rsa, &out[0], e) < 0 || read_key(h, a, x, x->selector_ed, &out[1], e) < 0
		       ? -1
		       : 0;
}

int identity_relay_password(struct home *h, struct arena *a, const struct identity *x, const char **out, struct err *e)
{
	struct buf text;
	int rc;

	*out = NULL;
	buf_init(&text, 4096);
	rc = file_read(home_file(h, a, arena_printf(a, "keys/relay/%s", x->name)), &text, e);
	if (rc == 0)
		*out = arena_text_n(a, buf_text(&text), strcspn(buf_text(&text), "\r\n"));
	else if (e->kind == ERR_MISSING)
		rc = 0;
	buf_free(&text);
	return rc;
}

int identity_set_relay_password(struct home *h, struct arena *a, const char *name, const char *password, struct err *e)
{
	return file_write(home_file(h, a, arena_printf(a, "keys/relay/%s", name)), password, strlen(password), 0600, e);
}
