/*
 * Signing up (CON-2, CON-3, ABU-1): what a project is and what people agree
 * to, with a form; and the same as a poster. The answer to a form that was
 * filled in well is one and the same, whoever's address it was.
 */
#include "compose/compose.h"
#include "store/signup.h"
#include "tmpl.h"
#include "web/pages.h"
#include "web/qr.h"

/* The project of the path, while it takes sign-ups; ERR_MISSING otherwise. */
static int load_project(const struct request *r, struct page *p, struct project *out, struct err *e)
{
	int got;

	if (page_open(r, p, e) < 0 || (got = project_by_slug(p->web->home, p->a, route_param(&r->match, "slug"), out, e)) < 0)
		return -1;
	return got && project_takes_sign_ups(out) ? 0 : err_set(e, ERR_MISSING, "no project of that name takes sign-ups");
}

/* What was typed, and what is wrong with it. */
struct typed {
	struct address address;
	const char *address_text, *name;
	const char *asked; /* the address that was looked at already, "" if it was none */
	bool agreed;
	char stamp[ASK_STAMP_MAX];
	const char *fault; /* NULL: nothing */
	enum { OF_FORM, OF_ADDRESS, OF_NAME, OF_TICK } where;
};

static const char *form_name(struct arena *a, const struct project *p)
{
	return arena_printf(a, "join/%s", p->slug);
}

static const char *name_fault(const char *name)
{
	struct err e;

	if (!name)
		return "the name is too long, or has characters that a name cannot have. You may also leave it out";
	if (*name && compose_check_value("name", name, &e) < 0)
		return "this name cannot be used: it should be a name and nothing else. You may also leave it out";
	return NULL;
}

/* A slip of the finger in a well-known domain is asked about once: a message that goes astray is seen by nobody. */
static const char *slip_fault(const struct page *p, const struct address *addr, const struct form *f)
{
	size_t n = 0;
	const char *meant;

	while (p->in.domains && p->in.domains[n])
		n++;
	meant = address_hint(p->a, addr, p->in.domains, n);
	if (!meant || strcmp(form_text(f, "asked"), addr->delivery) == 0)
		return NULL;
	return arena_printf(p->a, "did you perhaps mean %s@%s? If the address is right as it is, just send the form again",
			    addr->local, meant);
}

static void set_fault(struct typed *t, const char *fault, int where)
{
	if (!fault || t->fault)
		return;
	t->fault = fault;
	t->where = where;
}

static void read_typed(const struct page *p, const struct project *project, const struct form *f, struct typed *t)
{
	const struct home *h = p->web->home;
	const char *fault = NULL, *name = ask_line(p->a, f, "name"), *address = ask_line(p->a, f, "address");

	*t = (struct typed){ .address_text = address ? address : "", .name = name ? name : "", .asked = "",
			     .agreed = strcmp(form_text(f, "agree"), "yes") == 0 };
	set_fault(t, ask_fault(&h->tokens, form_name(p->a, project), f, home_now(h), t->stamp), OF_FORM);
	if (!ask_address(p->a, f, &t->address, &fault)) {
		set_fault(t, fault, OF_ADDRESS);
	} else {
		fault = slip_fault(p, &t->address, f);
		set_fault(t, fault, OF_ADDRESS);
		if (t->fault == fault || !fault)
			t->asked = t->address.delivery;
	}
	set_fault(t, name_fault(name), OF_NAME);
	set_fault(t, t->agreed ? NULL : "the box below the words is not ticked. Nothing is sent unless you agree", OF_TICK);
}

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

static int show_form(const struct page *p, const struct project *project, const struct typed *t, struct response *out,
		     struct err *e)
{
	static const char *const FIELD[] = { "#address", "#address", "#name", "#agree" };
	struct html summary, words;

	if (page_markdown(p->a, project->summary, &summary, e) < 0 || page_markdown(p->a, project->join_text, &words, e) < 0)
		return -1;
	out->status = t->fault ? 422 : 200;
	out->caching = CACHE_NONE;
	view_join_write(&out->body, &(struct view_join){
		PAGE_FRAME(p, arena_printf(p->a, "%s%s", t->fault ? "Not sent yet: sign up for " : "Sign up for ", project->title)),
		.project_title = project->title,
		.project_url = project_path(p->a, project->slug),
		.summary = summary,
		.words = words,
		.originator = project->originator,
		.department = project->department,
		.project_contact = project->contact,
		.project_contact_url = mail_link(p->a, project->contact),
		.ethics = project->ethics,
		.fault = t->fault,
		.fault_url = FIELD[t->where],
		.stamp = t->stamp,
		.address = t->address_text,
		.asked = t->asked,
		.name = t->name,
		.agreed = t->agreed,
		.address_invalid = truth(t->fault && t->where == OF_ADDRESS),
		.address_described = t->fault && t->where == OF_ADDRESS ? "fault address-hint" : "address-hint",
		.name_invalid = truth(t->fault && t->where == OF_NAME),
		.name_described = t->fault && t->where == OF_NAME ? "fault name-hint" : "name-hint",
		.agree_invalid = truth(t->fault && t->where == OF_TICK),
	});
	return 0;
}

int page_join(const struct request *r, struct response *out, struct err *e)
{
	struct typed t = { .address_text = "", .name = "", .asked = "" };
	struct project project;
	struct page p;

	if (load_project(r, &p, &project, e) < 0)
		return -1;
	ask_stamp(&p.web->home->tokens, form_name(p.a, &project), home_now(p.web->home), t.stamp);
	return show_form(&p, &project, &t, out, e);
}

static int load_for_form(const struct request *r, struct page *p, struct project *out, struct err *e)
{
	struct web *w = r->ctx;
	int rc;

	if (db_begin_read(w->home->db, e) < 0)
		return -1;
	rc = load_project(r, p, out, e);
	db_rollback(w->home->db);
	return rc;
}

int page_join_do(const struct request *r, struct response *out, struct err *e)
{
	struct project project;
	struct typed t;
	struct page p;

	if (ask_is_limited(r, out))
		return 0;
	if (load_for_form(r, &p, &project, e) < 0)
		return -1;
	read_typed(&p, &project, r->form, &t);
	if (t.fault)
		return show_form(&p, &project, &t, out, e);
	if (sign_up_ask(p.web->home, &project, &t.address, t.name, e) < 0)
		return -1;
	/* Nothing of what was typed, so that no two answers differ. */
	out->caching = CACHE_NONE;
	view_join_sent_write(&out->body, &(struct view_join_sent){
		PAGE_FRAME(&p, "Now look into your mailbox"),
		.project_title = project.title,
		.project_url = project_path(p.a, project.slug),
		.again_url = arena_printf(p.a, "/join/%s", project.slug),
	});
	return 0;
}

int page_join_poster(const struct request *r, struct response *out, struct err *e)
{
	struct project project;
	struct html code;
	struct page p;

	if (load_project(r, &p, &project, e) < 0 || qr_svg(p.a, project.join_url, &code, e) < 0)
		return -1;
	view_join_poster_write(&out->body, &(struct view_join_poster){
		PAGE_FRAME(&p, arena_printf(p.a, "Poster for %s", project.title)),
		.project_title = project.title,
		.join_path = arena_printf(p.a, "/join/%s", project.slug),
		.join_text = project.join_url,
		.code = code,
		.originator = project.originator,
		.department = project.department,
		.project_contact = project.contact,
		.ethics = project.ethics,
	});
	return 0;
}
