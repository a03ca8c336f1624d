/*
 * Versions: see version.h. What became of one is not written down a second
 * time: the audit ledger tells it, where each "mailing-submit" begins the next.
 */
#include "store/version.h"

#include "store/manifest.h"
#include "store/query.h"

#include <jansson.h>

QUERY(Q_VERSION_ADD, "INSERT INTO mailing_version (mailing_id, n, manifest, texts, by_id, at)"
		     " SELECT $1, COALESCE(max(n), 0) + 1, $2, $3, $4, $5 FROM mailing_version WHERE mailing_id = $1",
      "INSERT INTO mailing_version (mailing_id, n, manifest, texts, by_id, at)"
      " SELECT CAST($1 AS BIGINT), COALESCE(max(n), 0) + 1, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT),"
      " CAST($5 AS BIGINT) FROM mailing_version WHERE mailing_id = $1");
QUERY(Q_VERSION_LIST, "SELECT v.n, v.at, a.address FROM mailing_version v LEFT JOIN account a ON a.id = v.by_id"
		      " WHERE v.mailing_id = $1 ORDER BY v.n");
QUERY(Q_VERSION_BY_N, "SELECT v.n, v.at, a.address, v.manifest, v.texts FROM mailing_version v"
		      " LEFT JOIN account a ON a.id = v.by_id WHERE v.mailing_id = $1 AND v.n = $2");
EACH(Q_EACH_VERSION_EVENT, "SELECT action, actor, detail, at FROM audit WHERE object = $1 ORDER BY seq");

static const char *texts_of(struct arena *a, const struct content *c)
{
	json_t *all = json_object();
	const char *kept;
	char *dumped;

	for (size_t i = 0; i < c->n_versions; i++) {
		const struct content_version *v = &c->version[i];

		json_object_set_new(all, v->draft.language,
				    json_pack("{s:s, s:s, s:s}", "subject", v->draft.subject, "body", v->draft.body, "text",
					      c->compiled ? compose_public_text(v->compiled) : ""));
	}
	dumped = json_dumps(all, JSON_COMPACT);
	kept = arena_text(a, dumped);
	MUST(kept);
	free(dumped);
	json_decref(all);
	return kept;
}

int version_add(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const char *manifest,
		struct err *e)
{
	return db_exec(h->db, &Q_VERSION_ADD,
		       ARGS(db_i64(m->id), db_text(manifest), db_text(texts_of(a, c)), db_i64(m->submitted_by),
			    db_i64(m->submitted_at)),
		       NULL, e);
}

int version_now(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, struct version *out,
		struct err *e)
{
	*out = (struct version){ .by = "", .at = home_now(h), .texts = texts_of(a, c) };
	return manifest_make(h, a, m, c, &out->manifest, e);
}

static struct version version_from(struct rows *r, struct arena *a)
{
	const char *by = rows_text(r, 2);

	return (struct version){ .n = rows_i64(r, 0), .at = rows_i64(r, 1), .by = by ? arena_text(a, by) : "" };
}

int version_by_n(struct home *h, struct arena *a, int64_t mailing, int64_t n, struct version *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_VERSION_BY_N, ARGS(db_i64(mailing), db_i64(n)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		*out = version_from(&r, a);
		out->manifest = arena_text(a, rows_text(&r, 3));
		out->texts = arena_text(a, rows_text(&r, 4));
	}
	rows_close(&r);
	return got;
}

/* --- what became of them ------------------------------------------------------------------------ */

static const struct {
	const char *action, *what;
	bool reviewer; /* who looked at it */
} EVENTS[] = {
	{ "mailing-approve", "approved", true },   { "mailing-reject", "rejected", true },
	{ "mailing-withdraw", "withdrawn", false }, { "mailing-edit", "changed", false },
	{ "mailing-void", "voided", false },        { "mailing-start", "started", false },
	{ "mailing-schedule", "scheduled", false }, { "mailing-pause", "paused", false },
	{ "mailing-resume", "resumed", false },     { "mailing-cancel", "cancelled", false },
	{ "mailing-revoke", "revoked", true },      { "mailing-finish", "sent", false },
};

static const char *what_of(const char *action)
{
	for (size_t i = 0; i < COUNT(EVENTS); i++)
		if (strcmp(EVENTS[i].action, action) == 0)
			return EVENTS[i].what;
	return NULL;
}

static void add_event(struct arena *a, struct version *v, size_t *room, const char *what, struct rows *r)
{
	v->event = arena_room(a, v->event, v->n_events, room, sizeof(*v->event));
	v->event[v->n_events++] = (struct version_event){
		.what = what,
		.by = arena_text(a, rows_text(r, 1)),
		/* Of an approval the ledger keeps the text that was approved. */
		.why = strcmp(what, "approved") == 0 ? "" : arena_text(a, rows_text(r, 2)),
		.at = rows_i64(r, 3),
	};
}

static int add_events(struct home *h, struct arena *a, int64_t mailing, struct version *all, size_t n, struct err *e)
{
	size_t submitted = 0, room = 0;
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_EACH_VERSION_EVENT, ARGS(db_text(arena_printf(a, "mailing %lld", (long long)mailing))), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		const char *action = rows_text(&r, 0), *what = what_of(action);

		if (strcmp(action, "mailing-submit") == 0) {
			submitted++;
			room = 0;
		} else if (what && submitted && submitted <= n) {
			add_event(a, &all[submitted - 1], &room, what, &r);
		}
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int version_list(struct home *h, struct arena *a, int64_t mailing, struct version **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_VERSION_LIST, ARGS(db_i64(mailing)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = version_from(&r, a);
	}
	rows_close(&r);
	return got < 0 ? -1 : add_events(h, a, mailing, *out, *n, e);
}

static bool is_review(const char *what)
{
	for (size_t i = 0; i < COUNT(EVENTS); i++)
		if (EVENTS[i].reviewer && strcmp(EVENTS[i].what, what) == 0)
			return true;
	return false;
}

const struct version *version_reviewed(const struct version *all, size_t n, const struct version_event **how)
{
	for (size_t i = n; i-- > 0;)
		for (size_t k = all[i].n_events; k-- > 0;)
			if (is_review(all[i].event[k].what)) {
				*how = &all[i].event[k];
				return &all[i];
			}
	return NULL;
}
