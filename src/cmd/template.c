/* placet template: the institution's own frame around every message. */
#include "cmd/commands.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "compose/house_template.h"
#include "store/house_template.h"

#define WHY_MAX 500 /* characters */

static int find_version(struct ctx *c, const char *word, struct house_version *out, struct err *e)
{
	char *end;
	long long id = strtoll(word, &end, 10);
	int got = *end || id < 1 ? 0 : house_template_by_id(c->h, c->a, id, out, e);

	if (got == 0)
		return err_set(e, ERR_MISSING, "--version %s: there is none; placet template list shows them", word);
	return got < 0 ? -1 : 0;
}

/* What is in force: the newest, or the built-in one (id 0). */
static int find_newest(struct ctx *c, struct house_version *out, struct err *e)
{
	int got = house_template_newest(c->h, c->a, out, e);

	if (got == 0)
		*out = (struct house_version){ .text = house_template_built_in(), .why = "" };
	return got < 0 ? -1 : 0;
}

static json_t *version_json(const struct house_version *v)
{
	return json_pack("{s:o, s:o, s:s?, s:s}", "version", v->id ? json_integer(v->id) : json_null(), "at", json_time(v->at),
			 "by", v->by, "why", v->why);
}

RUN(cmd_template_show)
{
	const char *version = opt(c, "version");
	struct house_version v = { .text = house_template_built_in(), .why = "" };
	json_t *out;

	if (version && opt_set(c, "built-in"))
		return err_set(e, ERR_INPUT, "give --version or --built-in, not both");
	if (version && find_version(c, version, &v, e) < 0)
		return -1;
	if (!version && !opt_set(c, "built-in") && find_newest(c, &v, e) < 0)
		return -1;
	if (!c->json) {
		fputs(v.text, stdout);
		return 0;
	}
	out = version_json(&v);
	json_object_set_new(out, "text", json_string(v.text));
	return print_json(out);
}

RUN(cmd_template_list)
{
	struct house_version *all;
	json_t *out = json_array();
	size_t n;

	if (house_template_list(c->h, c->a, &all, &n, e) < 0) {
		json_decref(out);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		char at[32];

		json_array_append_new(out, version_json(&all[i]));
		say(c, "%lld  %s  %s  %s", (long long)all[i].id, time_iso(all[i].at, at), all[i].by ? all[i].by : "-", all[i].why);
	}
	if (!n)
		say(c, "none of your own: messages are drawn with the built-in one (placet template show)");
	if (c->json)
		return print_json(out);
	json_decref(out);
	return 0;
}

/* --- checking and setting ---------------------------------------------------------------------- */

static json_t *languages_json(struct ctx *c, const char *text)
{
	struct house_template t;
	struct err ignored;
	json_t *out = json_array();

	if (house_template_parse(c->a, text, &t, &ignored) == 0)
		for (size_t i = 0; i < t.n; i++)
			json_array_append_new(out, json_string(t.section[i].language));
	return out;
}

RUN(cmd_template_check)
{
	struct err why = { 0 };
	const char *text;
	json_t *out;
	bool good;

	if (read_text_file(c, c->operand[0], &text, e) < 0)
		return -1;
	good = house_template_judge(c->h, c->a, text, &why) == 0;
	if (!good && why.kind != ERR_INPUT) {
		*e = why;
		return -1;
	}
	out = json_pack("{s:b, s:s?, s:o}", "good", good, "reason", good ? NULL : why.text, "languages", languages_json(c, text));
	if (good)
		say(c, "it can be used: %zu languages", json_array_size(json_object_get(out, "languages")));
	else
		say(c, "refused: %s", why.text);
	if (c->json)
		print_json(out);
	else
		json_decref(out);
	return good ? 0 : 1;
}

static int check_why(const char *why, struct err *e)
{
	if (!why[0] || !utf8_valid(why, strlen(why)) || !utf8_is_plain(why) || utf8_count(why) > WHY_MAX)
		return err_set(e, ERR_INPUT, "--why: 1 to %d characters are wanted, without line breaks or invisible ones", WHY_MAX);
	return 0;
}

static int keep(struct ctx *c, const char *text, int64_t by, int64_t *id, struct err *e)
{
	struct house_version newest;
	int got;

	if (db_begin(c->h->db, e) < 0)
		return -1;
	got = house_template_newest(c->h, c->a, &newest, e);
	if (got > 0 && strcmp(newest.text, text) == 0)
		got = err_set(e, ERR_INPUT, "version %lld has these very words already", (long long)newest.id);
	if (got >= 0 && house_template_add(c->h, text, opt(c, "why"), by, id, e) == 0 && db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_template_set)
{
	struct account by;
	const char *text;
	int64_t id = 0;

	if (ctx_by(c, ROLE_POSTMASTER | ROLE_REVIEWER, &by, e) < 0 || check_why(opt(c, "why"), e) < 0 ||
	    read_text_file(c, c->operand[0], &text, e) < 0)
		return -1;
	if (house_template_judge(c->h, c->a, text, e) < 0)
		return err_in(e, "%s", c->operand[0]);
	if (keep(c, text, by.id, &id, e) < 0)
		return -1;
	say(c, "version %lld is set; drafts are drawn with it, and mailings that were submitted keep theirs", (long long)id);
	return c->json ? print_json(json_pack("{s:I, s:o}", "version", (json_int_t)id, "languages", languages_json(c, text))) : 0;
}

/* --- looking at it ----------------------------------------------------------------------------- */

/* The template that is meant: a file's, a version's, or what is in force. */
static int read_meant(struct ctx *c, const char **text, struct err *e)
{
	struct house_version v;
	const char *version = opt(c, "version");

	if (c->n_operands && version)
		return err_set(e, ERR_INPUT, "give FILE or --version, not both");
	if (c->n_operands)
		return read_text_file(c, c->operand[0], text, e);
	if ((version ? find_version(c, version, &v, e) : find_newest(c, &v, e)) < 0)
		return -1;
	*text = v.text;
	return 0;
}

RUN(cmd_template_preview)
{
	const char *text, *path = opt(c, "html"), *language = opt(c, "language") ? opt(c, "language") : "en";
	struct message_facts m;
	const struct part *html;

	if (path && ctx_may_write(c, path, c->n_operands ? c->operand[0] : NULL, e) < 0)
		return err_in(e, "--html");
	if (read_meant(c, &text, e) < 0)
		return -1;
	if (house_template_check(text, e) < 0 || house_template_sample(c->h, c->a, text, language, true, &m, e) < 0)
		return c->n_operands ? err_in(e, "%s", c->operand[0]) : -1;
	html = message_part(&m.message, "text/html");
	if (path && file_write(path, html->bytes, strlen(html->bytes), 0644, e) < 0)
		return -1;
	if (c->json)
		return print_json(json_pack("{s:s, s:s, s:s}", "language", language, "text", m.text, "html", html->bytes));
	fputs(m.text, stdout);
	return 0;
}
