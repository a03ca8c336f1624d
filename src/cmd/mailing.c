/* placet mailing: drafts, what they look like, and what the policy says of them. */
#include "cmd/mailing.h"

#include <strings.h>

#include "base/utf8.h"
#include "store/audit.h"

#define SUBJECT_MAX 200

int mailing_find(struct ctx *c, bool with_content, struct mailing_at *out, struct err *e)
{
	int64_t id;
	int got;

	if (operand_id(c, 0, &id, e) < 0)
		return -1;
	got = mailing_by_id(c->h, c->a, id, &out->m, e);
	if (got <= 0)
		return got ? got
			   : err_set(e, ERR_MISSING, "mailing %lld: there is none; placet mailing list shows them",
				     (long long)id);
	return with_content ? content_load(c->h, c->a, &out->m, &out->content, e) : 0;
}

json_t *verdict_json(const struct verdict *v)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(findings, json_pack("{s:s, s:s, s:s, s:s}", "rule", v->finding[i].rule, "answer",
							  answer_name(v->finding[i].answer), "reason",
							  v->finding[i].reason, "mend", v->finding[i].mend));
	return json_pack("{s:s, s:o}", "verdict", answer_name(v->answer), "findings", findings);
}

void verdict_print(const struct ctx *c, const struct verdict *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct finding *f = &v->finding[i];

		say(c, "%2zu  %-8s  %-20s %s", i + 1, answer_name(f->answer), f->rule, f->reason);
		if (f->mend[0])
			say(c, "%35s%s", "to mend: ", f->mend);
	}
	say(c, "verdict: %s", answer_name(v->answer));
}

int verdict_exit(const struct verdict *v)
{
	return v->answer == ANSWER_FAIL ? 1 : v->answer == ANSWER_UNKNOWN ? 75 : 0;
}

/* Names of fields, as --link-field gives them; those that were there stay when none is given. */
static int read_links(struct ctx *c, struct mailing *m, struct err *e)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *name;

	if (opt(c, "link-field"))
		m->link_fields = "";
	for (size_t i = 0; (name = opt_at(c, "link-field", i)); i++) {
		if (!*name && i == 0) /* none any more */
			continue;
		if (name[strspn(name, LETTERS)] || !(name[0] >= 'a' && name[0] <= 'z') || strlen(name) > 40)
			return err_set(e, ERR_INPUT, "--link-field %s: no name of a field; it has small letters, digits and _", name);
		m->link_fields = arena_printf(c->a, "%s%s%s", m->link_fields, *m->link_fields ? " " : "", name);
	}
	if (strlen(m->link_fields) > 1000)
		return err_set(e, ERR_INPUT, "--link-field: there are too many");
	return 0;
}

static int check_language(const char *language, struct err *e)
{
	size_t n = strcspn(language, "-");

	if (n < 2 || n > 8 || strlen(language) > 35 ||
	    language[strspn(language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")])
		return err_set(e, ERR_INPUT, "--language %s: no language tag; write one such as en or en-GB", language);
	return 0;
}

static int check_subject(const char *subject, struct err *e)
{
	if (!subject[0] || !utf8_valid(subject, strlen(subject)) || !utf8_is_plain(subject) ||
	    utf8_count(subject) > SUBJECT_MAX)
		return err_set(e, ERR_INPUT, "--subject: 1 to %d characters are wanted, without line breaks or invisible ones",
			       SUBJECT_MAX);
	return 0;
}

/* The originator of the project alone writes its mailings. */
static int may_write(struct ctx *c, int64_t project, struct account *by, struct err *e)
{
	struct project p;

	if (ctx_by(c, 0, by, e) < 0 || project_by_id(c->h, c->a, project, &p, e) <= 0)
		return -1;
	if (by->id == p.originator_id)
		return 0;
	return err_set(e, ERR_DENIED, "%s is not the originator of %s", by->address, p.slug);
}

/* What a body is written in: as --format says, or else the end of the file's name. */
static const char *format_of(struct ctx *c, struct err *e)
{
	const char *said = opt(c, "format"), *dot = strrchr(opt(c, "body"), '.');

	if (said && strcmp(said, "markdown") != 0 && strcmp(said, "html") != 0) {
		err_set(e, ERR_INPUT, "--format %s: markdown or html is wanted", said);
		return NULL;
	}
	if (said)
		return said;
	return dot && (strcasecmp(dot, ".html") == 0 || strcasecmp(dot, ".htm") == 0) ? "html" : "markdown";
}

/* Tells what is left out of a body of HTML; a body that cannot be compiled is told of by `mailing check`. */
static int say_left_out(struct ctx *c, int64_t id, struct err *e)
{
	struct mailing_at at;

	if (mailing_by_id(c->h, c->a, id, &at.m, e) <= 0 || content_load(c->h, c->a, &at.m, &at.content, e) < 0)
		return -1;
	for (size_t i = 0; at.content.compiled && i < at.content.n_versions; i++)
		if (compose_left_out(at.content.version[i].compiled)[0])
			say(c, "%s", compose_left_out(at.content.version[i].compiled));
	return 0;
}

json_t *mailing_json(const struct mailing *m)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o}", "id", (json_int_t)m->id, "project",
			 m->project, "list", m->list, "subject", m->subject, "state", m->state, "by", m->by, "why", m->why,
			 "not_before", json_time(m->not_before), "not_after", json_time(m->not_after), "hours", m->hours, "approved_at",
			 json_time(m->approved_at), "started", json_time(m->started));
}

/* What the ledger says of a draft: its subject, and whom it chooses. */
static const char *choice_told(struct ctx *c, const struct mailing *m)
{
	const char *told = m->subject;

	if (mailing_chooses(m))
		told = arena_printf(c->a, "%s\nto: %s", told, m->where);
	if (m->arms)
		told = arena_printf(c->a, "%s\narms: %lld%s%s", told, (long long)m->arms, m->stratum[0] ? " within each " : "",
				    m->stratum);
	return told;
}

static int add_mailing(struct ctx *c, struct mailing *m, struct err *e)
{
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (mailing_add(c->h, m, &m->id, e) == 0 &&
	    audit_add(c->h, m->created_by, "mailing-new", arena_printf(c->a, "mailing %lld", (long long)m->id),
		      choice_told(c, m), e) == 0 &&
	    db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_mailing_new)
{
	struct mailing m = { .subject = opt(c, "subject"), .language = opt(c, "language") ? opt(c, "language") : "en", .where = "",
			     .stratum = "", .format = "markdown", .link_fields = "" };
	struct account by;
	struct list l;
	int got = list_by_name(c->h, c->a, opt(c, "list"), &l, e);

	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "--list %s: there is none; placet list list shows them", opt(c, "list"));
	if (check_subject(m.subject, e) < 0 || check_language(m.language, e) < 0 || read_links(c, &m, e) < 0 ||
	    read_text_file(c, opt(c, "body"), &m.body, e) < 0 || !(m.format = format_of(c, e)) ||
	    may_write(c, l.project_id, &by, e) < 0)
		return -1;
	m.project_id = l.project_id;
	m.list_id = l.id;
	m.created_by = by.id;
	if (mailing_read_choice(c, &m, e) < 0)
		return -1;
	if (add_mailing(c, &m, e) < 0 || say_left_out(c, m.id, e) < 0)
		return -1;
	if (c->json)
		return print_json(json_pack("{s:I, s:s}", "id", (json_int_t)m.id, "state", "draft"));
	say(c, "a draft was made; its number is %lld", (long long)m.id);
	return 0;
}

/* Whose words the command is about: the mailing's own language, or another one. */
static bool is_other_language(struct ctx *c, const struct mailing *m)
{
	return opt(c, "language") && strcmp(opt(c, "language"), m->language) != 0;
}

/* Adds a language, or changes its words; what is not given stays as it is. */
static int translate(struct ctx *c, const struct mailing *m, struct err *e)
{
	struct translation *all, t = { .language = opt(c, "language"), .subject = opt(c, "subject") };
	const char *format = NULL;
	size_t n;

	if (check_language(t.language, e) < 0 || mailing_translations(c->h, c->a, m->id, &all, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].language, t.language) == 0) {
			t.subject = t.subject ? t.subject : all[i].subject;
			t.body = all[i].body;
		}
	if (opt(c, "body") && read_text_file(c, opt(c, "body"), &t.body, e) < 0)
		return -1;
	if (opt(c, "body") && (!(format = format_of(c, e)) || strcmp(format, m->format) != 0))
		return format ? err_set(e, ERR_INPUT, "--body %s: this is %s, and the mailing's other languages are %s", opt(c, "body"),
					format, m->format)
			      : -1;
	if (!t.subject || !t.body)
		return err_set(e, ERR_INPUT, "--language %s: the mailing is not there in this language yet; give --subject and --body",
			       t.language);
	return check_subject(t.subject, e) < 0 ? -1 : mailing_translate(c->h, m->id, &t, e);
}

static int write_words(struct ctx *c, const struct mailing *m, const char *body, struct err *e)
{
	if (opt(c, "drop-language") && mailing_untranslate(c->h, m->id, opt(c, "drop-language"), e) < 0)
		return -1;
	if (is_other_language(c, m))
		return translate(c, m, e);
	return mailing_edit(c->h, m->id, m->subject, body, e);
}

static int edit(struct ctx *c, struct mailing *m, const struct account *by, struct err *e)
{
	bool words = opt(c, "subject") || opt(c, "body") || opt(c, "drop-language") || opt(c, "link-field");
	const char *body = m->body;

	if (!is_other_language(c, m)) {
		m->subject = opt(c, "subject") ? opt(c, "subject") : m->subject;
		if (check_subject(m->subject, e) < 0 ||
		    (opt(c, "body") && (read_text_file(c, opt(c, "body"), &body, e) < 0 || !(m->format = format_of(c, e)))))
			return -1;
	}
	if (read_links(c, m, e) < 0 || mailing_read_choice(c, m, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	/* A change voids what was submitted or approved. */
	if ((strcmp(m->state, "draft") == 0 ||
	     mailing_move(c->h, m, "edit", by->id, words ? "the words were changed" : "the selection was changed", e) == 0) &&
	    write_words(c, m, body, e) == 0 && mailing_edit_form(c->h, m->id, m->format, m->link_fields, e) == 0 &&
	    mailing_edit_choice(c->h, m->id, m->where, m->arms, m->stratum, e) == 0 &&
	    audit_add(c->h, by->id, "mailing-edited", arena_printf(c->a, "mailing %lld", (long long)m->id), choice_told(c, m),
		      e) == 0 &&
	    db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_mailing_edit)
{
	struct mailing_at at;
	struct account by;

	if (!opt(c, "subject") && !opt(c, "body") && !opt(c, "where") && !opt(c, "arms") && !opt(c, "stratify") &&
	    !opt(c, "link-field") && !opt(c, "drop-language"))
		return err_set(e, ERR_INPUT, "nothing to change: give --subject, --body, --link-field, --drop-language, --where, --arms or --stratify");
	if (mailing_find(c, false, &at, e) < 0 || may_write(c, at.m.project_id, &by, e) < 0 || edit(c, &at.m, &by, e) < 0)
		return -1;
	if (opt(c, "body") && say_left_out(c, at.m.id, e) < 0)
		return -1;
	say(c, "mailing %lld is changed; it is a draft", (long long)at.m.id);
	return c->json ? print_json(mailing_json(&at.m)) : 0;
}

RUN(cmd_mailing_list)
{
	struct mailing *all;
	json_t *list;
	size_t n;

	if (mailing_all(c->h, c->a, &all, &n, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(list, mailing_json(&all[i]));
		say(c, "%4lld  %-10s %-16s %s", (long long)all[i].id, all[i].state, all[i].list, all[i].subject);
	}
	if (c->json)
		return print_json(list);
	json_decref(list);
	return 0;
}

RUN(cmd_mailing_check)
{
	json_t *selection, *j;
	const char *left_out;
	struct mailing_at at;
	struct verdict v;

	if (mailing_find(c, true, &at, e) < 0 || content_judge(c->h, c->a, &at.m, &at.content, JUDGE_DRAFT, &v, e) < 0 ||
	    selection_said(c, &at.m, &selection, e) < 0)
		return -1;
	left_out = at.content.compiled ? compose_left_out(at.content.compiled) : "";
	if (left_out[0])
		say(c, "%s", left_out);
	verdict_print(c, &v);
	j = verdict_json(&v);
	json_object_set_new(j, "left_out", json_string(left_out));
	json_object_set_new(j, "selection", selection);
	if (c->json)
		print_json(j);
	else
		json_decref(j);
	return verdict_exit(&v);
}
