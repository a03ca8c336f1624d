/*
 * The one-time link of a staff account, as `placet init`, `account add` and
 * `account reset` print it: a page that says whose account it is, and a form
 * that sets its password (AUT-1). Looking changes nothing, so that a mail
 * program that fetches links uses none up. Each password costs a hash, so only
 * so many forms a minute are read at all.
 */
#include "store/account.h"
#include "store/password.h"
#include "tmpl.h"
#include "web/pages.h"

#define FORMS_A_MINUTE 10
#define FORM_EACH (MINUTE / FORMS_A_MINUTE)

/* Counts one form; 0, or after how many seconds there is room for it. */
static int take_form(struct web *w)
{
	int64_t now = clock_now(&w->home->clock), *full = &w->forms_full_at;

	/* A clock that was set back must not shut the page for hours. */
	if (*full < now || *full > now + MINUTE)
		*full = *full < now ? now : now + MINUTE;
	if (*full + FORM_EACH > now + MINUTE)
		return (int)((*full + FORM_EACH - now - MINUTE + SECOND - 1) / SECOND);
	*full += FORM_EACH;
	return 0;
}

/* Page and account of the link: 1, 0 when the link is no good, -1. */
static int load_account(const struct request *r, struct page *p, struct account *out, struct err *e)
{
	if (page_open(r, p, e) < 0)
		return -1;
	return account_by_login(p->web->home, p->a, route_param(&r->match, "token"), out, e);
}

static void show_gone(const struct page *p, struct response *out)
{
	out->status = 404;
	view_welcome_gone_write(&out->body, &(struct view_welcome_gone){ PAGE_FRAME(p, "This link no longer works") });
}

static void show_form(const struct page *p, const struct account *x, const char *fault, struct response *out)
{
	if (fault)
		out->status = 422;
	view_welcome_write(&out->body, &(struct view_welcome){
		PAGE_FRAME(p, fault ? "Not set yet: choose a password" : "Choose your password"),
		.name = x->name,
		.address = x->address,
		.roles = roles_text(p->a, x->roles),
		.department = x->department,
		.fault = fault,
		.invalid = fault ? "true" : "false",
		.described = fault ? "fault password-hint" : "password-hint",
	});
}

int page_welcome(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	struct account x;
	int got = load_account(r, &p, &x, e);

	if (got < 0)
		return -1;
	if (got)
		show_form(&p, &x, NULL, out);
	else
		show_gone(&p, out);
	return 0;
}

static int load_for_form(const struct request *r, struct page *p, struct account *x, struct err *e)
{
	struct web *w = r->ctx;
	int got;

	if (db_begin_read(w->home->db, e) < 0)
		return -1;
	got = load_account(r, p, x, e);
	db_rollback(w->home->db);
	return got;
}

/* What is wrong with what was typed, NULL if nothing is. */
static const char *form_fault(const struct form *f, const struct account *x)
{
	const char *password = form_text(f, "password");

	if (!*password)
		return "no password was typed";
	if (strcmp(password, form_text(f, "again")) != 0)
		return "the two fields are not the same";
	return password_fault(password, x->address);
}

int page_welcome_do(const struct request *r, struct response *out, struct err *e)
{
	struct web *w = r->ctx;
	int wait = take_form(w), got;
	struct page p;
	struct account x;
	const char *fault;

	if (wait) {
		page_error(w, r->arena, 429, "Too many forms at once", out);
		out->status = 429;
		out->retry_after = wait;
		return 0;
	}
	if ((got = load_for_form(r, &p, &x, e)) < 0)
		return -1;
	fault = got ? form_fault(r->form, &x) : NULL;
	if (fault) {
		show_form(&p, &x, fault, out);
		return 0;
	}
	if (got && (got = account_set_password(w->home, x.id, route_param(&r->match, "token"),
					       form_text(r->form, "password"), e)) < 0)
		return -1;
	if (got)
		view_welcome_done_write(&out->body, &(struct view_welcome_done){
			PAGE_FRAME(&p, "Your password is set"), .address = x.address });
	else
		show_gone(&p, out);
	return 0;
}
