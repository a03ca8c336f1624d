/* Images of projects: see image.h. */
#include "store/image.h"

#include "store/query.h"

#include <openssl/evp.h>

QUERY(Q_IMAGES, "SELECT name, alt, type, width, height, bytes FROM image WHERE project_id = $1 ORDER BY name");
QUERY(Q_IMAGE_COUNT, "SELECT count(*) FROM image WHERE project_id = $1 AND name <> $2");
QUERY(Q_IMAGE_PUT, "INSERT INTO image (project_id, name, alt, type, width, height, bytes, hash, added)"
		   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (project_id, name) DO UPDATE SET"
		   " alt = excluded.alt, type = excluded.type, width = excluded.width, height = excluded.height,"
		   " bytes = excluded.bytes, hash = excluded.hash, added = excluded.added");
QUERY(Q_IMAGE_REMOVE, "DELETE FROM image WHERE project_id = $1 AND name = $2");

static void image_from(struct rows *r, struct arena *a, struct image *out)
{
	struct slice bytes = rows_bytes(r, 5);

	*out = (struct image){
		.name = arena_text(a, rows_text(r, 0)),
		.alt = arena_text(a, rows_text(r, 1)),
		.type = arena_text(a, rows_text(r, 2)),
		.width = (int)rows_i64(r, 3),
		.height = (int)rows_i64(r, 4),
		.bytes = { arena_text_n(a, bytes.p, bytes.n), bytes.n },
	};
	/* Of the bytes as they are now, whatever the column says: approvals bind to it. */
	MUST(EVP_Digest(out->bytes.p, out->bytes.n, out->hash, NULL, EVP_sha256(), NULL) == 1);
}

int image_list(struct home *h, struct arena *a, int64_t project, struct image **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_IMAGES, ARGS(db_i64(project)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		image_from(&r, a, &(*out)[(*n)++]);
	}
	rows_close(&r);
	return got;
}

int image_put(struct home *h, int64_t project, const struct image *x, struct err *e)
{
	int64_t others;

	if (db_get_i64(h->db, &Q_IMAGE_COUNT, ARGS(db_i64(project), db_text(x->name)), &others, e) < 0)
		return -1;
	if (others >= IMAGES_MAX)
		return err_set(e, ERR_REFUSED, "a project has %d images at most; remove one that is no longer used", IMAGES_MAX);
	return db_exec(h->db, &Q_IMAGE_PUT,
		       ARGS(db_i64(project), db_text(x->name), db_text(x->alt), db_text(x->type), db_i64(x->width),
			    db_i64(x->height), db_bytes(x->bytes.p, x->bytes.n), db_bytes(x->hash, sizeof(x->hash)),
			    db_i64(home_now(h))),
		       NULL, e);
}

int image_remove(struct home *h, int64_t project, const char *name, struct err *e)
{
	int64_t changed;

	if (db_exec(h->db, &Q_IMAGE_REMOVE, ARGS(db_i64(project), db_text(name)), &changed, e) < 0)
		return -1;
	return changed ? 0 : err_set(e, ERR_MISSING, "the project has no image %s", name);
}
