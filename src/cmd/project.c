/* placet project: what is registered of a research project, and its approval. */
#include "cmd/commands.h"

#include "base/utf8.h"
#include "compose/markdown.h"
#include "mail/address.h"
#include "store/audit.h"
#include "store/identity.h"
#include "store/institution.h"
#include "store/project.h"

#define SUMMARY_HTML_MAX (256 * 1024)

static json_t *project_json(const struct project *p)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:o, s:s, s:s?, s:s?}", "slug", p->slug, "title", p->title,
			 "state", p->state, "originator", p->originator_address, "contact", p->contact, "department",
			 p->department, "identity", p->identity, "ethics", p->ethics, "summary", p->summary, "audience", p->audience, "data", p->data_use, "url", p->url,
			 "approved_by", p->approved_by, "approved_at", json_time(p->approved_at), "join_text", p->join_text,
			 "join_list", p->join_list, "join_url", p->join_text[0] ? p->join_url : NULL);
}

int project_find(struct ctx *c, const char *slug, struct project *out, struct err *e)
{
	int got = project_by_slug(c->h, c->a, slug, out, e);

	return got ? got : err_set(e, ERR_MISSING, "project %s: there is none; placet project list shows them", slug);
}

/* Each of these reads its options into `p`; an option that is absent leaves what is there. */
static int read_originator(struct ctx *c, struct project *p, struct err *e)
{
	const char *address = opt(c, "originator");
	struct account x;
	int got;

	if (!address)
		return 0;
	got = account_by_address(c->h, c->a, address, &x, e);
	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "--originator %s: no such account", address);
	if (x.disabled)
		return err_set(e, ERR_DENIED, "--originator %s: this account is disabled", address);
	p->originator_id = x.id;
	return 0;
}

static int read_belonging(struct ctx *c, struct project *p, struct err *e)
{
	const char *slug = opt(c, "department"), *name = opt(c, "identity");
	struct department d = { .id = p->department_id };
	struct identity id = { .id = p->identity_id };
	int got = slug ? department_by_slug(c->h, c->a, slug, &d, e) : 1;

	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "--department %s: there is none; placet department list shows them", slug);
	got = name ? identity_by_name(c->h, c->a, name, &id, e) : 1;
	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "--identity %s: there is none; placet identity list shows them", name);
	p->department_id = d.id;
	p->identity_id = id.id;
	return 0;
}

static bool within(const char *domain, const char *const *domains)
{
	for (; *domains; domains++)
		if (domain_is_within(domain, *domains))
			return true;
	return false;
}

/* Also a contact that stays is looked at: the identity may have changed. */
static int read_contact(struct ctx *c, struct project *p, struct err *e)
{
	struct institution inst;
	struct identity id;
	struct address addr;

	if (address_parse(c->a, opt(c, "contact") ? opt(c, "contact") : p->contact, &addr, e) < 0)
		return err_in(e, "--contact");
	if (institution_load(c->h, c->a, &inst, e) < 0 || identity_by_id(c->h, c->a, p->identity_id, &id, e) < 0)
		return -1;
	p->contact = addr.delivery;
	if (within(addr.domain, inst.domains) || within(addr.domain, id.domain))
		return 0;
	return err_set(e, ERR_INPUT, "--contact %s: the address must be in a domain of the institution or of the identity",
		       addr.delivery);
}

static int read_hosts(struct ctx *c, struct project *p, struct err *e)
{
	const char *value, *host;

	if (opt(c, "link-host"))
		p->link_hosts = "";
	for (size_t i = 0; (value = opt_at(c, "link-host", i)); i++) {
		host = domain_parse(c->a, value);
		if (!host)
			return err_set(e, ERR_INPUT, "--link-host %s: no host name", value);
		p->link_hosts = arena_printf(c->a, "%s%s%s", p->link_hosts, *p->link_hosts ? " " : "", host);
	}
	return 0;
}

/* It becomes a part of pages: what these could not show is refused here, where somebody can mend it. */
static int read_markdown(struct ctx *c, const char *option, const char **out, struct err *e)
{
	const char *file = opt(c, option);
	struct buf html;
	int rc;

	if (!file)
		return 0;
	if (read_text_file(c, file, out, e) < 0)
		return -1;
	buf_init(&html, SUMMARY_HTML_MAX);
	rc = markdown_to_html(*out, strlen(*out), true, &html, e);
	if (rc == 0 && html.over)
		rc = err_set(e, ERR_INPUT, "it is too long for a page");
	buf_free(&html);
	return rc < 0 ? err_in(e, "--%s %s", option, file) : 0;
}

static int read_words(struct ctx *c, struct project *p, struct err *e)
{
	p->title = opt(c, "title") ? opt(c, "title") : p->title;
	p->ethics = opt(c, "ethics") ? opt(c, "ethics") : p->ethics;
	MUST(p->title && p->ethics); /* a new project is not added without these options */
	if (!p->title[0] || !utf8_is_plain(p->title) || utf8_count(p->title) > 120)
		return err_set(e, ERR_INPUT, "--title: 1 to 120 characters are wanted, without line breaks or invisible ones");
	if (!utf8_is_plain(p->ethics))
		return err_set(e, ERR_INPUT, "--ethics: no line breaks or invisible characters, please");
	return read_markdown(c, "summary", &p->summary, e) < 0 || read_markdown(c, "audience", &p->audience, e) < 0 ||
			       read_markdown(c, "data", &p->data_use, e) < 0
		       ? -1
		       : 0;
}

static int read_options(struct ctx *c, struct project *p, struct err *e)
{
	if (read_words(c, p, e) < 0 || read_originator(c, p, e) < 0 || read_belonging(c, p, e) < 0 ||
	    read_contact(c, p, e) < 0 || read_hosts(c, p, e) < 0)
		return -1;
	return project_read_join(c, p, e);
}

/* One change, in a transaction of its own with its audit entry. */
static int change(struct ctx *c, struct project *p, int64_t by, const char *action,
		  int (*write)(struct home *h, struct project *p, int64_t by, struct err *e), struct err *e)
{
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (write(c->h, p, by, e) == 0 && audit_add(c->h, by, action, p->slug, p->title, e) == 0 &&
	    db_commit(c->h->db, e) == 0)
		return project_find(c, p->slug, p, e);
	db_rollback(c->h->db);
	return -1;
}

static int write_new(struct home *h, struct project *p, int64_t by, struct err *e)
{
	return project_add(h, p, &p->id, e) < 0 ? -1 : project_write_join(h, p, by, e);
}

static int write_edit(struct home *h, struct project *p, int64_t by, struct err *e)
{
	return project_edit(h, p, e) < 0 ? -1 : project_write_join(h, p, by, e);
}

static int write_close(struct home *h, struct project *p, int64_t by, struct err *e)
{
	(void)by;
	return project_close(h, p->id, e);
}

RUN(cmd_project_add)
{
	struct project p = { .slug = c->operand[0], .summary = "", .audience = "", .data_use = "", .link_hosts = "", .join_text = "" };
	int64_t by;

	if (slug_check("project", p.slug, e) < 0 || ctx_operator(c, &by, e) < 0 || read_options(c, &p, e) < 0 ||
	    change(c, &p, by, "project-added", write_new, e) < 0)
		return -1;
	say(c, "project %s is a draft; a reviewer approves it: placet project approve %s --by REVIEWER", p.slug, p.slug);
	return c->json ? print_json(project_json(&p)) : 0;
}

RUN(cmd_project_edit)
{
	struct project p;
	int64_t by;

	if (!c->n_options)
		return err_set(e, ERR_INPUT, "nothing to change: give the values that are to be other");
	if (ctx_operator(c, &by, e) < 0 || project_find(c, c->operand[0], &p, e) < 0 || read_options(c, &p, e) < 0 ||
	    change(c, &p, by, "project-edited", write_edit, e) < 0)
		return -1;
	say(c, "project %s is changed, and a draft until a reviewer approves it anew", p.slug);
	return c->json ? print_json(project_json(&p)) : 0;
}

RUN(cmd_project_close)
{
	struct project p;
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || project_find(c, c->operand[0], &p, e) < 0 ||
	    change(c, &p, by, "project-closed", write_close, e) < 0)
		return -1;
	say(c, "project %s is closed; its pages stay", p.slug);
	return c->json ? print_json(project_json(&p)) : 0;
}

RUN(cmd_project_list)
{
	struct project *all;
	json_t *list;
	size_t n;

	if (project_list(c->h, c->a, false, &all, &n, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(list, project_json(&all[i]));
		say(c, "%-20s %-9s %s (%s)", all[i].slug, all[i].state, all[i].title, all[i].originator);
	}
	if (c->json)
		return print_json(list);
	json_decref(list);
	return 0;
}

RUN(cmd_project_show)
{
	struct project p;

	if (project_find(c, c->operand[0], &p, e) < 0)
		return -1;
	say(c, "%s: %s\nstate: %s\noriginator: %s <%s>\ndepartment: %s\ncontact: %s\nidentity: %s\nethics: %s\npage: %s", p.slug,
	    p.title, p.state, p.originator, p.originator_address, p.department, p.contact, p.identity, p.ethics, p.url);
	if (p.join_text[0])
		say(c, "sign-up page: %s\nwho signs up comes on the list: %s\nand agrees to:\n\n%s", p.join_url, p.join_list, p.join_text);
	return c->json ? print_json(project_json(&p)) : 0;
}

/* Who reviews: never the originator; not of the same department where another reviewer exists. */
int project_may_review(struct ctx *c, const struct project *p, const struct account *by, struct err *e)
{
	int got;

	if (by->id == p->originator_id)
		return err_set(e, ERR_DENIED, "%s is the originator of %s: somebody else has to review it", by->address,
			       p->slug);
	if (!by->department_id || by->department_id != p->department_id)
		return 0;
	got = account_role_elsewhere(c->h, ROLE_REVIEWER, p->department_id, by->id, e);
	if (got > 0)
		return err_set(e, ERR_DENIED, "%s is of the project's own department; there is a reviewer elsewhere",
			       by->address);
	return got;
}

RUN(cmd_project_approve)
{
	struct account by;
	struct project p;

	if (project_find(c, c->operand[0], &p, e) < 0 || ctx_by(c, ROLE_REVIEWER, &by, e) < 0 ||
	    project_may_review(c, &p, &by, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (project_approve(c->h, p.id, by.id, e) < 0 ||
	    audit_add(c->h, by.id, "project-approved", p.slug, p.title, e) < 0 || db_commit(c->h->db, e) < 0) {
		db_rollback(c->h->db);
		return -1;
	}
	say(c, "project %s is approved; its page is %s", p.slug, p.url);
	if (project_find(c, p.slug, &p, e) < 0)
		return -1;
	return c->json ? print_json(project_json(&p)) : 0;
}
