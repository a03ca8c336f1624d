/*
 * placet mailing show: all that a reviewer goes by, and what an approval
 * covers, so that its hash can be recomputed by hand.
 */
#include "cmd/mailing.h"

#include "base/codec.h"
#include "cmd/validate_known.h"
#include "store/manifest.h"

/* The sign-offs of its list that its reviewer goes by, newest first. */
static int signed_said(struct ctx *c, const struct mailing *m, json_t *j, struct err *e)
{
	struct signed_off *all;
	json_t *list;
	size_t n;

	if (validation_signed(c->h, c->a, m->list_id, m->submitted_at ? m->submitted_at : home_now(c->h), &all, &n, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *pace = json_array();

		say(c, "%s", signed_words(c->a, &all[i]));
		for (size_t k = 0; k < all[i].n_pace; k++)
			json_array_append_new(pace, pace_json(&all[i].pace[k]));
		json_array_append_new(list, json_pack("{s:I, s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "signoff",
						      (json_int_t)all[i].id, "by", all[i].by, "at", json_time(all[i].at), "how",
						      all[i].how, "population", (json_int_t)all[i].population, "sample",
						      (json_int_t)all[i].sample, "seed", (json_int_t)all[i].seed, "flagged",
						      (json_int_t)all[i].flagged, "failures", (json_int_t)all[i].failures,
						      "rejected", (json_int_t)all[i].rejected, "pace", pace));
	}
	json_object_set_new(j, "sign_offs", list);
	return 0;
}

/* --- what an approval covers -------------------------------------------------------------------- */

static const char *bound_hex(struct ctx *c, const struct mailing *m)
{
	const char *hex;
	struct buf b;

	buf_init(&b, 64);
	hex_encode(&b, m->bound.p, m->bound.n);
	hex = arena_text(c->a, buf_text(&b));
	buf_free(&b);
	return hex;
}

static bool may_still_go_out(const struct mailing *m)
{
	static const char *const STATES[] = { "submitted", "approved", "scheduled", "sending", "paused" };

	for (size_t i = 0; i < COUNT(STATES); i++)
		if (strcmp(m->state, STATES[i]) == 0)
			return true;
	return false;
}

/* The hash, how to recompute it, and whether everything is still what it was made of. */
static int bound_said(struct ctx *c, const struct mailing_at *at, json_t *j, struct err *e)
{
	const struct mailing *m = &at->m;
	struct err why = { 0 };

	json_object_set_new(j, "bound_hash", json_string(bound_hex(c, m)));
	json_object_set_new(j, "manifest", m->manifest ? json_string(m->manifest) : json_null());
	json_object_set_new(j, "stands", json_null());
	json_object_set_new(j, "differs", json_null());
	if (!m->bound.p)
		return 0;
	say(c, "an approval binds to SHA-256 %s\n  placet mailing show %lld --covers prints what that covers; piped into sha256sum it gives this hash",
	    bound_hex(c, m), (long long)m->id);
	if (!may_still_go_out(m))
		return 0;
	if (manifest_stands(c->h, m, &at->content, &why) < 0 && why.kind != ERR_REFUSED) {
		*e = why;
		return -1;
	}
	json_object_set_new(j, "stands", json_boolean(why.kind == ERR_NONE));
	if (why.kind != ERR_NONE)
		json_object_set_new(j, "differs", json_string(why.text));
	say(c, why.kind == ERR_NONE ? "  everything stands as it was submitted" : "  it cannot go out: %s", why.text);
	return 0;
}

static int refuse_unsubmitted(const struct mailing *m, struct err *e)
{
	return m->manifest ? 0 : err_set(e, ERR_REFUSED, "mailing %lld is a draft: what an approval covers stands when it is submitted",
					 (long long)m->id);
}

struct printing {
	struct ctx *c;
	bool first;
};

static int print_person(void *ctx, const char *line, size_t n)
{
	struct printing *p = ctx;

	if (p->c->json)
		printf("%s\"%.*s\"", p->first ? "" : ",\n", (int)n - 1, line);
	else
		fwrite(line, 1, n, stdout);
	p->first = false;
	return ferror(stdout) != 0;
}

/* Nothing but the lines, so that they can be piped into sha256sum. */
static int print_people(struct ctx *c, const struct mailing *m, struct err *e)
{
	struct printing p = { c, true };

	if (refuse_unsubmitted(m, e) < 0)
		return -1;
	if (c->json)
		printf("{\"id\": %lld, \"sha256\": \"%s\", \"people\": [\n", (long long)m->id,
		       manifest_value(c->a, m->manifest, "people SHA-256"));
	if (manifest_people(c->h, m, print_person, &p, e) < 0)
		return -1;
	if (c->json)
		puts("\n]}");
	return 0;
}

/* --- what a reviewer wrote, and what changed since ----------------------------------------------- */

static int answers_said(struct ctx *c, const struct mailing *m, json_t *j, struct err *e)
{
	struct written_answer *all;
	json_t *list;
	size_t n;

	if (mailing_answers(c->h, c->a, m->id, &all, &n, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		char at[32];

		say(c, "doubtful: %s\n  %s answered on %s: %s", all[i].finding, all[i].by, time_iso(all[i].at, at), all[i].text);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "finding", all[i].finding, "text", all[i].text, "by",
						      all[i].by, "at", json_time(all[i].at)));
	}
	json_object_set_new(j, "answers", list);
	return 0;
}

static int changes_since(struct ctx *c, const struct mailing_at *at, int64_t reviewed, int64_t newest, struct changes *x,
			 struct err *e)
{
	bool draft = !at->m.submitted_at;
	struct version from = { 0 }, to = { 0 };
	int64_t people = 0;

	if (version_by_n(c->h, c->a, at->m.id, reviewed, &from, e) < 0 ||
	    (draft ? version_now(c->h, c->a, &at->m, &at->content, &to, e) : version_by_n(c->h, c->a, at->m.id, newest, &to, e)) < 0 ||
	    (draft && changes_people(c, &at->m, &people, e) < 0))
		return -1;
	if (!from.manifest || !to.manifest)
		return err_set(e, ERR_BROKEN, "mailing %lld: a version of it is missing", (long long)at->m.id);
	changes_between(c, &from, &to, people, x);
	return 0;
}

/* For whoever looked at an earlier version. */
static int review_said(struct ctx *c, const struct mailing_at *at, json_t *j, struct err *e)
{
	const struct version_event *how = NULL;
	const struct version *reviewed;
	struct version *all;
	struct changes x;
	char time[32];
	size_t n;

	json_object_set_new(j, "reviewed", json_null());
	if (version_list(c->h, c->a, at->m.id, &all, &n, e) < 0)
		return -1;
	json_object_set_new(j, "versions", json_integer((json_int_t)n));
	reviewed = version_reviewed(all, n, &how);
	if (!reviewed || (at->m.submitted_at && reviewed->n == (int64_t)n))
		return 0;
	if (changes_since(c, at, reviewed->n, (int64_t)n, &x, e) < 0)
		return -1;
	say(c, "version %lld was %s by %s on %s%s%s; changed since: %s\n  placet mailing diff %lld --from %lld shows it",
	    (long long)reviewed->n, how->what, how->by, time_iso(how->at, time), *how->why ? ": " : "", how->why,
	    changes_words(c, &x), (long long)at->m.id, (long long)reviewed->n);
	json_object_set_new(j, "reviewed", json_pack("{s:I, s:s, s:s, s:o, s:s, s:s}", "version", (json_int_t)reviewed->n, "what",
						     how->what, "by", how->by, "at", json_time(how->at), "why", how->why, "changed",
						     changes_words(c, &x)));
	return 0;
}

/* --- its words ---------------------------------------------------------------------------------- */

static void say_texts(struct ctx *c, const struct content *x)
{
	if (!x->compiled)
		say(c, "\n%s", x->compile_error);
	for (size_t i = 0; x->compiled && i < x->n_versions; i++) {
		if (x->n_versions > 1)
			say(c, "\n--- %s ---", x->version[i].draft.language);
		say(c, "\n%s", compose_public_text(x->version[i].compiled));
	}
}

/* The text in each language. */
static json_t *texts_json(const struct content *x)
{
	json_t *j = json_object();

	for (size_t i = 0; i < x->n_versions; i++)
		json_object_set_new(j, x->version[i].draft.language,
				    x->compiled ? json_string(compose_public_text(x->version[i].compiled)) : json_null());
	return j;
}

/* --- all of it ---------------------------------------------------------------------------------- */

static int show(struct ctx *c, const struct mailing_at *at, json_t *j, struct err *e)
{
	const char *text = at->content.compiled ? compose_public_text(at->content.compiled) : NULL;
	json_t *selection;

	say(c, "mailing %lld of project %s to list %s\nsubject: %s\nstate: %s%s%s%s%s", (long long)at->m.id, at->m.project,
	    at->m.list, at->m.subject, at->m.state, *at->m.by ? ", by " : "", at->m.by, *at->m.why ? ": " : "", at->m.why);
	if (at->m.hours[0])
		say(c, "hours: %s", at->m.hours);
	if (selection_choose(c->h, &at->m, e) < 0 || signed_said(c, &at->m, j, e) < 0 ||
	    selection_said(c, &at->m, &selection, e) < 0)
		return -1;
	json_object_set_new(j, "selection", selection);
	if (bound_said(c, at, j, e) < 0 || review_said(c, at, j, e) < 0 || answers_said(c, &at->m, j, e) < 0)
		return -1;
	json_object_set_new(j, "text", text ? json_string(text) : json_null());
	json_object_set_new(j, "texts", texts_json(&at->content));
	json_object_set_new(j, "format", json_string(at->m.format));
	json_object_set_new(j, "link_fields", json_string(at->m.link_fields));
	say_texts(c, &at->content);
	return 0;
}

RUN(cmd_mailing_show)
{
	struct mailing_at at;
	json_t *j;
	int rc;

	if (opt_set(c, "covers") && (opt_set(c, "people") || c->json))
		return err_set(e, ERR_INPUT, "--covers prints one text and nothing else; with --json it is the value of manifest, without it");
	if (mailing_find(c, true, &at, e) < 0)
		return -1;
	if (opt_set(c, "people"))
		return print_people(c, &at.m, e);
	if (opt_set(c, "covers")) {
		if (refuse_unsubmitted(&at.m, e) < 0)
			return -1;
		fputs(at.m.manifest, stdout);
		return 0;
	}
	j = mailing_json(&at.m);
	rc = show(c, &at, j, e);
	if (rc == 0 && c->json)
		return print_json(j);
	json_decref(j);
	return rc;
}
