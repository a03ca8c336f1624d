/* Identities: see identity.h. */
#include "store/identity.h"

#include "store/query.h"
#include "store/relay.h"

#define IDENTITY_COLUMNS "SELECT id, name, domains, relay, outbound, purpose, relay_signs, held_at, held_by, held_why FROM identity"

QUERY(Q_IDENTITY_ADD, "INSERT INTO identity (name, domains, relay, outbound, purpose, relay_signs, created)"
		      " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id");
QUERY(Q_IDENTITY_EDIT, "UPDATE identity SET domains = $2, relay = $3, outbound = $4, relay_signs = $5 WHERE id = $1");
QUERY(Q_IDENTITY_SENDING, "SELECT m.id FROM mailing m JOIN project p ON p.id = m.project_id"
			  " WHERE p.identity_id = $1 AND m.state = 'sending' ORDER BY m.id LIMIT 1");
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
		.held_at = rows_i64(r, 7),
		.held_by = arena_text(a, rows_text(r, 8)),
		.held_why = arena_text(a, rows_text(r, 9)),
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

int identity_add(struct home *h, struct arena *a, struct identity *x, struct err *e)
{
	struct identity_key key[2];

	if (db_get_i64(h->db, &Q_IDENTITY_ADD,
		       ARGS(db_text(x->name), db_text(x->domains), db_text(x->relay), db_text(x->outbound),
			    db_text(x->purpose), db_i64(x->relay_signs), db_i64(home_now(h))),
		       &x->id, e) < 0 ||
	    relay_make_own(h, x, e) < 0)
		return -1;
	return identity_make_keys(h, a, x, KEY_CURRENT, key, e);
}

int identity_edit(struct home *h, const struct identity *x, struct err *e)
{
	if (relay_follow(h, x, e) < 0)
		return -1;
	return db_exec(h->db, &Q_IDENTITY_EDIT,
		       ARGS(db_i64(x->id), db_text(x->domains), db_text(x->relay), db_text(x->outbound), db_i64(x->relay_signs)),
		       NULL, e);
}

int identity_sending(struct home *h, const struct identity *x, int64_t *mailing, struct err *e)
{
	return db_get_i64(h->db, &Q_IDENTITY_SENDING, ARGS(db_i64(x->id)), mailing, e);
}

/* --- the relay's password ---------------------------------------------------------------------- */

static struct identity_relay own_relay(const struct identity *x)
{
	return (struct identity_relay){ .identity_id = x->id, .identity = x->name, .url = x->relay, .own = true };
}

int identity_relay_password(struct home *h, struct arena *a, const struct identity *x, const char **out, struct err *e)
{
	struct identity_relay r = own_relay(x);

	return relay_password(h, a, &r, out, e);
}

int identity_set_relay_password(struct home *h, struct arena *a, const struct identity *x, const char *password, struct err *e)
{
	struct identity_relay r = own_relay(x);

	return relay_keep(h, a, &r, RELAY_PASSWORD, password, e);
}
