/*
 * Relays of identities: see relay.h. The row of an identity's own relay is the
 * one whose URL the identity has; nothing else marks it, so that the two
 * cannot tell different stories.
 */
#include "store/relay.h"

#include "base/file.h"
#include "store/query.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME_MAX 200 /* bytes, without what is put behind it */

#define RELAY_COLUMNS                                                                                              \
	"SELECT r.id, r.identity_id, i.name, r.url, r.url = i.relay, r.weight, r.connections, r.per_second, r.auth," \
	" r.token_file, r.chunking FROM relay r JOIN identity i ON i.id = r.identity_id"

/* An identity has few: no cursor is needed. */
QUERY(Q_RELAY_LIST, RELAY_COLUMNS " WHERE CAST($1 AS BIGINT) = 0 OR r.identity_id = $1"
				  " ORDER BY i.name, r.url <> i.relay, r.url");
QUERY(Q_RELAY_BY_URL, RELAY_COLUMNS " WHERE r.identity_id = $1 AND r.url = $2");
QUERY(Q_RELAY_ADD, "INSERT INTO relay (identity_id, url, weight, connections, per_second, auth, token_file, chunking, created)"
		   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id");
QUERY(Q_RELAY_EDIT, "UPDATE relay SET weight = $2, connections = $3, per_second = $4, auth = $5, token_file = $6,"
		    " chunking = $7, version = version + 1 WHERE id = $1");
QUERY(Q_RELAY_COUNT, "SELECT count(*) FROM relay WHERE identity_id = $1");
QUERY(Q_RELAY_REMOVE, "DELETE FROM relay WHERE id = $1 AND url <> (SELECT relay FROM identity WHERE id = identity_id)");
QUERY(Q_RELAY_HEALTH_REMOVE, "DELETE FROM relay_health WHERE relay_id = $1");
/* Where the new URL is that of a relay beside it, that one becomes the identity's own, and the old row goes. */
QUERY(Q_RELAY_YIELD, "DELETE FROM relay WHERE identity_id = $1 AND url = (SELECT relay FROM identity WHERE id = $1)"
		     " AND url <> $2 AND EXISTS (SELECT 1 FROM relay r WHERE r.identity_id = $1 AND r.url = $2)");
QUERY(Q_RELAY_FOLLOW, "UPDATE relay SET url = $2, version = version + 1 WHERE identity_id = $1"
		      " AND url = (SELECT relay FROM identity WHERE id = $1) AND url <> $2");
QUERY(Q_RELAY_VERSION, "SELECT count(*), COALESCE(max(id), 0), CAST(COALESCE(sum(version), 0) AS BIGINT) FROM relay");

static void relay_from(struct rows *r, struct arena *a, struct identity_relay *out)
{
	*out = (struct identity_relay){
		.id = rows_i64(r, 0),
		.identity_id = rows_i64(r, 1),
		.identity = arena_text(a, rows_text(r, 2)),
		.url = arena_text(a, rows_text(r, 3)),
		.own = rows_i64(r, 4) != 0,
		.weight = rows_i64(r, 5),
		.connections = rows_i64(r, 6),
		.per_second = rows_i64(r, 7),
		.auth = arena_text(a, rows_text(r, 8)),
		.token_file = arena_text(a, rows_text(r, 9)),
		.chunking = rows_i64(r, 10) != 0,
	};
}

int relay_list(struct home *h, struct arena *a, int64_t identity, struct identity_relay **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_RELAY_LIST, ARGS(db_i64(identity)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		relay_from(&r, a, &(*out)[(*n)++]);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int relay_by_url(struct home *h, struct arena *a, const struct identity *x, const char *url, struct identity_relay *out,
		 struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_RELAY_BY_URL, ARGS(db_i64(x->id), db_text(url)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		relay_from(&r, a, out);
	rows_close(&r);
	return got;
}

int relay_add(struct home *h, struct identity_relay *r, struct err *e)
{
	int64_t n = 0;

	if (db_get_i64(h->db, &Q_RELAY_COUNT, ARGS(db_i64(r->identity_id)), &n, e) < 0)
		return -1;
	if (n >= RELAYS_MAX)
		return err_set(e, ERR_REFUSED, "identity %s has %d relays already; remove one first", r->identity, RELAYS_MAX);
	return db_get_i64(h->db, &Q_RELAY_ADD,
			  ARGS(db_i64(r->identity_id), db_text(r->url), db_i64(r->weight), db_i64(r->connections),
			       db_i64(r->per_second), db_text(r->auth), db_text(r->token_file), db_i64(r->chunking),
			       db_i64(home_now(h))),
			  &r->id, e) < 0
		       ? -1
		       : 0;
}

int relay_edit(struct home *h, const struct identity_relay *r, struct err *e)
{
	return db_exec(h->db, &Q_RELAY_EDIT,
		       ARGS(db_i64(r->id), db_i64(r->weight), db_i64(r->connections), db_i64(r->per_second), db_text(r->auth),
			    db_text(r->token_file), db_i64(r->chunking)),
		       NULL, e);
}

int relay_remove(struct home *h, const struct identity_relay *r, struct err *e)
{
	int64_t removed = 0;

	if (db_exec(h->db, &Q_RELAY_REMOVE, ARGS(db_i64(r->id)), &removed, e) < 0)
		return -1;
	if (!removed)
		return err_set(e, ERR_REFUSED, "%s is the own relay of identity %s; give it another one first, by"
			       " placet identity edit %s --relay URL", r->url, r->identity, r->identity);
	return db_exec(h->db, &Q_RELAY_HEALTH_REMOVE, ARGS(db_i64(r->id)), NULL, e);
}

int relay_make_own(struct home *h, const struct identity *x, struct err *e)
{
	struct identity_relay r = { .identity_id = x->id, .identity = x->name, .url = x->relay, .weight = RELAY_WEIGHT,
				    .auth = "", .token_file = "" };

	return relay_add(h, &r, e);
}

int relay_follow(struct home *h, const struct identity *x, struct err *e)
{
	if (db_exec(h->db, &Q_RELAY_YIELD, ARGS(db_i64(x->id), db_text(x->relay)), NULL, e) < 0)
		return -1;
	return db_exec(h->db, &Q_RELAY_FOLLOW, ARGS(db_i64(x->id), db_text(x->relay)), NULL, e);
}

int relay_version(struct home *h, struct relay_version *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_RELAY_VERSION, NO_ARGS, &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = (struct relay_version){ rows_i64(&r, 0), rows_i64(&r, 1), rows_i64(&r, 2) };
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

/* --- files ------------------------------------------------------------------------------------- */

/* "smtps://placet@relay.example.edu:465" as "smtps:placet@relay.example.edu:465": still to be read, and with
   no mark that leads out of the folder. */
static void add_name(struct buf *out, const char *url)
{
	for (const char *p = url; *p; p++) {
		if (strncmp(p, "://", 3) == 0) {
			buf_addc(out, ':');
			p += 2;
		} else if (isalnum((unsigned char)*p) || strchr("@:.-_+[]", *p)) {
			buf_addc(out, *p);
		} else {
			buf_addf(out, "%%%02X", (unsigned char)*p);
		}
	}
}

int relay_path(struct home *h, struct arena *a, const struct identity_relay *r, enum relay_file f, const char **out,
	       struct err *e)
{
	static const char *const ENDING[RELAY_FILES] = { "password", "client-cert.pem", "client-key.pem", "ca.pem" };
	struct buf name;
	int rc = 0;

	buf_init(&name, FILE_NAME_MAX);
	add_name(&name, r->url);
	if (name.over)
		rc = err_set(e, ERR_INPUT, "a relay's URL of more than %d characters cannot be used", FILE_NAME_MAX);
	else
		*out = home_file(h, a, arena_printf(a, "keys/relay/%s/%s.%s", r->identity, buf_text(&name), ENDING[f]));
	buf_free(&name);
	return rc;
}

int relay_kept(struct home *h, struct arena *a, const struct identity_relay *r, enum relay_file f, const char **out,
	       struct err *e)
{
	if (relay_path(h, a, r, f, out, e) < 0)
		return -1;
	if (!file_exists(*out))
		*out = NULL;
	return 0;
}

int relay_keep(struct home *h, struct arena *a, const struct identity_relay *r, enum relay_file f, const char *text,
	       struct err *e)
{
	const char *path;

	if (relay_path(h, a, r, f, &path, e) < 0)
		return -1;
	if (!text || !*text)
		return unlink(path) < 0 && errno != ENOENT ? err_sys(e, ERR_BROKEN, errno, "cannot remove %s", path) : 0;
	if (file_make_dirs(home_file(h, a, arena_printf(a, "keys/relay/%s", r->identity)), 0700, e) < 0)
		return -1;
	return file_write(path, text, strlen(text), 0600, e);
}

int relay_forget(struct home *h, struct arena *a, const struct identity_relay *r, struct err *e)
{
	for (enum relay_file f = 0; f < RELAY_FILES; f++)
		if (relay_keep(h, a, r, f, NULL, e) < 0)
			return -1;
	return 0;
}

int relay_password(struct home *h, struct arena *a, const struct identity_relay *r, const char **out, struct err *e)
{
	const char *path;
	struct buf text;
	int rc;

	*out = NULL;
	if (relay_path(h, a, r, RELAY_PASSWORD, &path, e) < 0)
		return -1;
	buf_init(&text, 4096);
	rc = file_read(path, &text, e);
	if (rc == 0)
		*out = arena_text_n(a, buf_text(&text), strcspn(buf_text(&text), "\r\n"));
	else if (e->kind == ERR_MISSING)
		rc = 0;
	buf_free(&text);
	return rc;
}

int relay_stamp(struct home *h, struct arena *a, const struct identity_relay *r, const char **out, struct err *e)
{
	const char *path, *text;

	text = arena_printf(a, "%s %s %d %s", r->url, r->auth, r->chunking, r->token_file);
	for (enum relay_file f = 0; f < RELAY_FILES; f++) {
		struct stat st;

		if (relay_path(h, a, r, f, &path, e) < 0)
			return -1;
		if (stat(path, &st) == 0)
			text = arena_printf(a, "%s %d:%lld:%lld.%ld:%lld", text, f, (long long)st.st_ino,
					    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long long)st.st_size);
	}
	*out = text;
	return 0;
}
