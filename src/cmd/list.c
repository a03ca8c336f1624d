/* placet list: address lists and who is on them. */
#include "cmd/commands.h"

#include "store/audit.h"
#include "store/list.h"
#include "store/project.h"

static json_t *list_json(const struct list *l)
{
	return json_pack("{s:s, s:s, s:I, s:I}", "name", l->name, "project", l->project, "members", (json_int_t)l->members,
			 "mailable", (json_int_t)l->mailable);
}

static int find_list(struct ctx *c, const char *name, struct list *out, struct err *e)
{
	int got = list_by_name(c->h, c->a, name, out, e);

	return got ? got : err_set(e, ERR_MISSING, "list %s: there is none; placet list list shows them", name);
}

RUN(cmd_list_add)
{
	const char *name = c->operand[0];
	struct project p;
	struct list l = { 0 };
	int64_t by;
	int got;

	if (slug_check("list", name, e) < 0 || ctx_operator(c, &by, e) < 0)
		return -1;
	got = project_by_slug(c->h, c->a, opt(c, "project"), &p, e);
	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "--project %s: there is none; placet project list shows them", opt(c, "project"));
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (list_add(c->h, name, p.id, &l.id, e) == 0 && audit_add(c->h, by, "list-added", name, p.slug, e) == 0 &&
	    db_commit(c->h->db, e) == 0) {
		l.name = name;
		l.project = p.slug;
		say(c, "list %s added to project %s", name, p.slug);
		return c->json ? print_json(list_json(&l)) : 0;
	}
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_list_list)
{
	struct list *all;
	json_t *list;
	size_t n;

	if (list_all(c->h, c->a, &all, &n, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		if (list_count(c->h, &all[i], e) < 0)
			return -1;
		json_array_append_new(list, list_json(&all[i]));
		say(c, "%-20s %-20s %lld members, %lld may be mailed", all[i].name, all[i].project, (long long)all[i].members,
		    (long long)all[i].mailable);
	}
	if (c->json)
		return print_json(list);
	json_decref(list);
	return 0;
}

RUN(cmd_list_show)
{
	struct list l;

	if (find_list(c, c->operand[0], &l, e) < 0 || list_count(c->h, &l, e) < 0)
		return -1;
	say(c, "%s, of project %s: %lld members, %lld may be mailed", l.name, l.project, (long long)l.members,
	    (long long)l.mailable);
	return c->json ? print_json(list_json(&l)) : 0;
}

/* Written as it comes, so that a list of a million members needs no memory for them. */
struct writing {
	bool json, first;
};

static int write_member(void *ctx, const struct member *m)
{
	struct writing *w = ctx;

	if (w->json) {
		json_error_t why;
		json_t *fields = json_loads(m->fields, 0, &why);
		json_t *j = json_pack("{s:s, s:o, s:s, s:s}", "address", m->address, "fields", fields ? fields : json_object(),
				      "flags", m->flags, "why_not", m->why);

		fputs(w->first ? "" : ",\n", stdout);
		json_dumpf(j, stdout, JSON_PRESERVE_ORDER);
		json_decref(j);
		w->first = false;
		return 0;
	}
	csv_cell(stdout, m->address, false);
	csv_cell(stdout, m->flags, false);
	csv_cell(stdout, m->why, false);
	csv_cell(stdout, m->fields, true);
	return 0;
}

static int write_members(struct ctx *c, struct err *e)
{
	struct writing w = { .json = c->json, .first = true };
	struct list l;

	if (find_list(c, c->operand[0], &l, e) < 0)
		return -1;
	fputs(c->json ? "[\n" : "address,flags,why_not,fields\r\n", stdout);
	if (list_each_member(c->h, l.id, write_member, &w, e) < 0)
		return -1;
	fputs(c->json ? "\n]\n" : "", stdout);
	return 0;
}

RUN(cmd_list_members)
{
	return write_members(c, e);
}

RUN(cmd_list_export)
{
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (audit_add(c->h, by, "list-exported", c->operand[0], "", e) < 0 || db_commit(c->h->db, e) < 0) {
		db_rollback(c->h->db);
		return -1;
	}
	return write_members(c, e);
}
