/*
 * placet mailing versions and diff: what was submitted, what became of it, and
 * what changed since. Words are compared line by line; everything else that an
 * approval binds to by its lines in the manifests. Who was added or removed is
 * known as numbers alone: of a version that was handed back no people are kept.
 */
#include "cmd/mailing.h"

#include "base/codec.h"
#include "base/linediff.h"
#include "store/manifest.h"

#define AROUND 2 /* lines shown before and behind a change */

/* --- comparing ---------------------------------------------------------------------------------- */

static void compare_text(struct ctx *c, struct changes *x, size_t *room, const char *language, const char *part,
			 const char *before, const char *now)
{
	struct changed_text t = { .language = language, .part = part };

	if (!line_diff(c->a, before ? before : "", now ? now : "", &t.line, &t.n))
		return;
	x->text = arena_room(c->a, x->text, x->n_texts, room, sizeof(*x->text));
	x->text[x->n_texts++] = t;
}

static void compare_language(struct ctx *c, struct changes *x, size_t *room, const char *language, json_t *before, json_t *now)
{
	static const char *const PARTS[] = { "subject", "body", "text" };

	for (size_t i = 0; i < COUNT(PARTS); i++)
		compare_text(c, x, room, language, PARTS[i], arena_text(c->a, json_string_value(json_object_get(before, PARTS[i]))),
			     arena_text(c->a, json_string_value(json_object_get(now, PARTS[i]))));
}

static void compare_texts(struct ctx *c, struct changes *x, const struct version *from, const struct version *to)
{
	json_t *before = json_loads(from->texts, 0, NULL), *now = json_loads(to->texts, 0, NULL), *value;
	const char *language;
	size_t room = 0;

	json_object_foreach(before, language, value)
		compare_language(c, x, &room, arena_text(c->a, language), value, json_object_get(now, language));
	json_object_foreach(now, language, value)
		if (!json_object_get(before, language))
			compare_language(c, x, &room, arena_text(c->a, language), NULL, value);
	json_decref(before);
	json_decref(now);
}

/* Facts that are told by other words: texts line by line, people by their number. */
static bool told_otherwise(const struct changes *x, const char *what)
{
	static const char *const WORDS[] = { "subject (", "body (", "public text (", "people" };

	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (strncmp(what, WORDS[i], strlen(WORDS[i])) == 0)
			return true;
	/* What is made of the words is news only when they are the same. */
	return x->n_texts && strncmp(what, "message (", 9) == 0;
}

static void add_fact(struct ctx *c, struct changes *x, size_t *room, const char *what, const char *before, const char *now)
{
	if (told_otherwise(x, what) || (before && now && strcmp(before, now) == 0))
		return;
	x->fact = arena_room(c->a, x->fact, x->n_facts, room, sizeof(*x->fact));
	x->fact[x->n_facts++] = (struct changed_fact){ what, before, now };
}

/* Calls for each "what: value" of the first whether it is there in the second, and with what value. */
static void compare_facts(struct ctx *c, struct changes *x, size_t *room, const char *one, const char *other, bool forward)
{
	for (const char *p = one; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *line = arena_text_n(c->a, p, strcspn(p, "\n")), *colon = strstr(line, ": "), *what, *value;

		if (!colon)
			continue;
		what = arena_text_n(c->a, line, (size_t)(colon - line));
		value = manifest_value(c->a, other, what);
		if (forward)
			add_fact(c, x, room, what, colon + 2, value);
		else if (!value)
			add_fact(c, x, room, what, NULL, colon + 2);
	}
}

/* Without what only a submission adds. */
static const char *as_draft(struct ctx *c, const char *manifest)
{
	const char *end = strstr(manifest, "\nwindow opens: ");

	return end ? arena_text_n(c->a, manifest, (size_t)(end + 1 - manifest)) : manifest;
}

void changes_between(struct ctx *c, const struct version *from, const struct version *to, int64_t people, struct changes *out)
{
	const char *before = from->manifest, *now = to->manifest;
	size_t room = 0;

	*out = (struct changes){ 0 };
	compare_texts(c, out, from, to);
	out->people_before = manifest_value(c->a, before, "people");
	out->people_now = to->n ? manifest_value(c->a, now, "people") : arena_printf(c->a, "%lld", (long long)people);
	if (!out->people_before || !out->people_now || strcmp(out->people_before, out->people_now) == 0)
		out->people_before = out->people_now = NULL;
	if (!to->n)
		before = as_draft(c, before);
	compare_facts(c, out, &room, before, now, true);
	compare_facts(c, out, &room, now, before, false);
}

int changes_people(struct ctx *c, const struct mailing *m, int64_t *out, struct err *e)
{
	struct selection s;

	if (selection_choose(c->h, m, e) < 0 || selection_count(c->h, c->a, m, &s, e) < 0)
		return -1;
	*out = s.members;
	return 0;
}

const char *changes_words(struct ctx *c, const struct changes *x)
{
	const char *words = "";

	for (size_t i = 0; i < x->n_texts; i++)
		if (strcmp(x->text[i].part, "text") != 0 || x->n_texts == 1)
			words = arena_printf(c->a, "%s%s%s (%s)", words, *words ? ", " : "", x->text[i].part, x->text[i].language);
	for (size_t i = 0; i < x->n_facts; i++)
		words = arena_printf(c->a, "%s%s%s", words, *words ? ", " : "", x->fact[i].what);
	if (x->people_now)
		words = arena_printf(c->a, "%s%speople %s, now %s", words, *words ? "; " : "", x->people_before, x->people_now);
	return *words ? words : "nothing";
}

/* --- placet mailing versions -------------------------------------------------------------------- */

static json_t *version_json(const struct version *v)
{
	json_t *became = json_array();

	for (size_t i = 0; i < v->n_events; i++)
		json_array_append_new(became, json_pack("{s:s, s:s, s:o, s:s}", "what", v->event[i].what, "by", v->event[i].by, "at",
							json_time(v->event[i].at), "why", v->event[i].why));
	return json_pack("{s:I, s:s, s:o, s:o}", "version", (json_int_t)v->n, "by", v->by, "at", json_time(v->at), "became", became);
}

RUN(cmd_mailing_versions)
{
	struct mailing_at at;
	struct version *all;
	json_t *list;
	size_t n;

	if (mailing_find(c, false, &at, e) < 0 || version_list(c->h, c->a, at.m.id, &all, &n, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		char time[32];

		json_array_append_new(list, version_json(&all[i]));
		say(c, "%3lld  submitted %s by %s", (long long)all[i].n, time_iso(all[i].at, time), all[i].by);
		for (size_t k = 0; k < all[i].n_events; k++)
			say(c, "     %s %s by %s%s%s", all[i].event[k].what, time_iso(all[i].event[k].at, time), all[i].event[k].by,
			    *all[i].event[k].why ? ": " : "", all[i].event[k].why);
	}
	if (!n)
		say(c, "mailing %lld was never submitted", (long long)at.m.id);
	if (c->json)
		return print_json(list);
	json_decref(list);
	return 0;
}

/* --- placet mailing diff ------------------------------------------------------------------------ */

static bool is_near_change(const struct changed_text *t, size_t at)
{
	size_t first = at > AROUND ? at - AROUND : 0, last = at + AROUND < t->n ? at + AROUND : t->n - 1;

	for (size_t i = first; i <= last; i++)
		if (t->line[i].sign != ' ')
			return true;
	return false;
}

static void say_text(const struct ctx *c, const struct changed_text *t)
{
	bool gap = false;

	say(c, "%s (%s)", t->part, t->language);
	for (size_t i = 0; i < t->n; i++) {
		if (!is_near_change(t, i)) {
			gap = true;
			continue;
		}
		if (gap)
			say(c, "    ...");
		gap = false;
		say(c, "  %c %.*s", t->line[i].sign, (int)t->line[i].text.n, t->line[i].text.p);
	}
}

static void say_changes(const struct ctx *c, const struct changes *x)
{
	for (size_t i = 0; i < x->n_texts; i++)
		say_text(c, &x->text[i]);
	for (size_t i = 0; i < x->n_facts; i++) {
		say(c, "%s", x->fact[i].what);
		if (x->fact[i].before)
			say(c, "  - %s", x->fact[i].before);
		if (x->fact[i].now)
			say(c, "  + %s", x->fact[i].now);
	}
	if (x->people_now)
		say(c, "people: %s, now %s", x->people_before, x->people_now);
	if (changes_none(x))
		say(c, "nothing differs");
}

static json_t *lines_json(const struct changed_text *t)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < t->n; i++) {
		const char sign[2] = { t->line[i].sign, '\0' };

		json_array_append_new(lines, json_pack("{s:s, s:s%}", "sign", sign, "text", t->line[i].text.p, t->line[i].text.n));
	}
	return lines;
}

static json_t *changes_json(const struct changes *x)
{
	json_t *texts = json_array(), *facts = json_array();

	for (size_t i = 0; i < x->n_texts; i++)
		json_array_append_new(texts, json_pack("{s:s, s:s, s:o}", "language", x->text[i].language, "part", x->text[i].part,
						       "lines", lines_json(&x->text[i])));
	for (size_t i = 0; i < x->n_facts; i++)
		json_array_append_new(facts, json_pack("{s:s, s:s?, s:s?}", "what", x->fact[i].what, "before", x->fact[i].before, "now",
						       x->fact[i].now));
	return json_pack("{s:b, s:o, s:o, s:o}", "differ", !changes_none(x), "texts", texts, "facts", facts, "people",
			 x->people_now ? json_pack("{s:s, s:s}", "before", x->people_before, "now", x->people_now) : json_null());
}

static int find_version(struct ctx *c, const struct mailing_at *at, int64_t n, struct version *out, struct err *e)
{
	int got;

	if (!n)
		return version_now(c->h, c->a, &at->m, &at->content, out, e);
	got = version_by_n(c->h, c->a, at->m.id, n, out, e);
	return got ? got : err_set(e, ERR_MISSING, "mailing %lld has no version %lld; placet mailing versions lists them",
				   (long long)at->m.id, (long long)n);
}

/* Which two; 0 is the draft as it stands. */
static int read_versions(struct ctx *c, const struct mailing_at *at, int64_t newest, int64_t *from, int64_t *to, struct err *e)
{
	bool draft = strcmp(at->m.state, "draft") == 0;

	*to = draft ? 0 : newest;
	if (opt(c, "to") && parse_i64(opt(c, "to"), 1, INT32_MAX, to) < 0)
		return err_set(e, ERR_INPUT, "--to %s: the number of a version is wanted", opt(c, "to"));
	*from = *to ? *to - 1 : newest;
	if (opt(c, "from") && parse_i64(opt(c, "from"), 1, INT32_MAX, from) < 0)
		return err_set(e, ERR_INPUT, "--from %s: the number of a version is wanted", opt(c, "from"));
	if (*from)
		return 0;
	return err_set(e, ERR_MISSING, newest ? "mailing %lld has one version alone; there is none before it to compare with"
					      : "mailing %lld was never submitted; there is nothing to compare with",
		       (long long)at->m.id);
}

static const char *version_words(struct ctx *c, int64_t n)
{
	return n ? arena_printf(c->a, "version %lld", (long long)n) : "the draft as it stands now";
}

RUN(cmd_mailing_diff)
{
	struct version *all, from, to;
	int64_t f, t, people = 0;
	struct mailing_at at;
	struct changes x;
	json_t *j;
	size_t n;

	if (mailing_find(c, true, &at, e) < 0 || version_list(c->h, c->a, at.m.id, &all, &n, e) < 0 ||
	    read_versions(c, &at, (int64_t)n, &f, &t, e) < 0 || find_version(c, &at, f, &from, e) < 0 ||
	    find_version(c, &at, t, &to, e) < 0 || (!t && changes_people(c, &at.m, &people, e) < 0))
		return -1;
	changes_between(c, &from, &to, people, &x);
	say(c, "mailing %lld: from %s to %s", (long long)at.m.id, version_words(c, f), version_words(c, t));
	say_changes(c, &x);
	if (!c->json)
		return 0;
	j = changes_json(&x);
	json_object_set_new(j, "id", json_integer(at.m.id));
	json_object_set_new(j, "from", json_integer(f));
	json_object_set_new(j, "to", t ? json_integer(t) : json_null());
	return print_json(j);
}
