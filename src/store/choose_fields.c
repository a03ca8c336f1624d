/*
 * Which fields the people of a list have: an expression that names another is
 * a mistake, which would leave out everybody without a word. The look ends
 * with the first people that have them all.
 */
#include "store/choose.h"

#include "base/buf.h"
#include "store/query.h"

#define FIELDS_TOLD 64

EACH(Q_EACH_FIELDS, "SELECT fields FROM member WHERE list_id = $1 ORDER BY address_id");

/* A pass over the list's fields, which ends when `seen` says so: with true. */
static int each_fields(struct home *h, int64_t list, bool (*seen)(void *ctx, json_t *fields), void *ctx, struct err *e)
{
	struct rows r = { 0 };
	bool enough = false;
	int got = 1;

	if (db_query(h->db, &Q_EACH_FIELDS, ARGS(db_i64(list)), &r, e) < 0)
		return -1;
	while (!enough && (got = rows_next(&r, e)) > 0) {
		json_t *fields = json_loads(rows_text(&r, 0), 0, NULL);

		enough = seen(ctx, fields);
		json_decref(fields);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

struct naming {
	const char *const *wanted; /* NULL: all names are collected */
	size_t n_wanted, left;
	bool *found;
	json_t *names;
	bool anybody;
};

static bool look_for(void *ctx, json_t *fields)
{
	struct naming *x = ctx;

	x->anybody = true;
	for (size_t i = 0; i < x->n_wanted; i++)
		if (!x->found[i] && json_object_get(fields, x->wanted[i])) {
			x->found[i] = true;
			x->left--;
		}
	return x->left == 0;
}

static bool collect(void *ctx, json_t *fields)
{
	struct naming *x = ctx;

	json_object_update_missing(x->names, fields);
	return json_object_size(x->names) >= FIELDS_TOLD;
}

static int name_known(struct home *h, struct arena *a, int64_t list, const char ***known, size_t *n, struct err *e)
{
	struct naming x = { .names = json_object() };
	json_t *value;
	const char *key;
	int rc;

	rc = each_fields(h, list, collect, &x, e);
	*known = ARENA_ARRAY(a, const char *, json_object_size(x.names) + 1);
	*n = 0;
	(*known)[(*n)++] = "address";
	json_object_foreach(x.names, key, value)
		(*known)[(*n)++] = arena_text(a, key);
	json_decref(x.names);
	return rc;
}

int choose_check_fields(struct home *h, struct arena *a, int64_t list, const struct where *w, struct err *e)
{
	struct naming x = { 0 };
	const char **known;
	size_t n;

	x.n_wanted = where_fields(w, &x.wanted);
	x.left = x.n_wanted;
	x.found = ARENA_ARRAY(a, bool, x.n_wanted + 1);
	for (size_t i = 0; i < x.n_wanted; i++)
		if (strcmp(x.wanted[i], "address") == 0) {
			x.found[i] = true;
			x.left--;
		}
	if (!x.left)
		return 0;
	if (each_fields(h, list, look_for, &x, e) < 0)
		return -1;
	if (!x.anybody)
		return err_set(e, ERR_INPUT, "nobody is on the list yet, so that it has no fields; import people first");
	for (size_t i = 0; i < x.n_wanted; i++)
		if (!x.found[i])
			return name_known(h, a, list, &known, &n, e) < 0 ? -1 : where_unknown_field(w, i, known, n, e);
	return 0;
}

int selection_check_where(struct home *h, struct arena *a, int64_t list, const char *text, const char **canonical,
			  struct err *e)
{
	const struct where *w = where_parse(a, text, e);

	if (!w || choose_check_fields(h, a, list, w, e) < 0)
		return err_in(e, "--where");
	*canonical = where_text(w);
	return 0;
}

int selection_check_stratum(struct home *h, int64_t list, const char *field, struct err *e)
{
	struct naming x = { .wanted = &field, .n_wanted = 1, .left = 1, .found = &(bool){ false } };
	struct arena *a;
	const char **known;
	struct buf names;
	size_t n;

	if (each_fields(h, list, look_for, &x, e) < 0)
		return -1;
	if (!x.left)
		return 0;
	a = arena_new();
	buf_init(&names, 400);
	if (name_known(h, a, list, &known, &n, e) == 0) {
		for (size_t i = 1; i < n && names.n < 300; i++)
			buf_addf(&names, "%s%s", i > 1 ? ", " : "", known[i]);
		err_set(e, ERR_INPUT, "--stratify %.60s: nobody on the list has this field; there are: %s", field,
			n > 1 ? buf_text(&names) : "none");
	}
	buf_free(&names);
	arena_free(a);
	return -1;
}
