/*
 * Leaving (OPT-1, OPT-2, RFC 8058). Looking at a link changes nothing; every
 * POST to it does what the link is for, whatever its body: with the one-click
 * pair the answer is a line of text, otherwise a page. The answer is given
 * only when the opt-out is durable. The token alone decides; a forged one is
 * refused before anything is looked up.
 */
#include "mail/address.h"
#include "mail/token.h"
#include "store/optout.h"
#include "tmpl.h"
#include "web/pages.h"

static int read_token(const struct request *r, int64_t *delivery, struct err *e)
{
	const struct web *w = r->ctx;

	if (!token_read_url(&w->home->tokens, TOKEN_OPT_OUT, slice_of(route_param(&r->match, "token")), delivery))
		return err_set(e, ERR_MISSING, "not a token of ours");
	return 0;
}

static int load_about(const struct page *p, int64_t delivery, struct delivery_about *out, struct err *e)
{
	int got = delivery_about(p->web->home, p->a, delivery, out, e);

	if (got == 0)
		err_set(e, ERR_MISSING, "no delivery of that token");
	return got > 0 ? 0 : -1;
}

static void show_dead(const struct page *p, struct response *out)
{
	view_opt_out_dead_write(&out->body, &(struct view_opt_out_dead){
		PAGE_FRAME(p, "A link from a preview"), .on_leave = true });
}

int page_opt_out(const struct request *r, struct response *out, struct err *e)
{
	struct page p;

	if (page_open(r, &p, e) < 0)
		return -1;
	view_opt_out_write(&out->body, &(struct view_opt_out){ PAGE_FRAME(&p, "Leave"), .on_leave = true });
	return 0;
}

int page_opt_out_ask(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	struct delivery_about about;
	int64_t delivery;

	if (read_token(r, &delivery, e) < 0 || page_open(r, &p, e) < 0)
		return -1;
	if (!delivery) {
		show_dead(&p, out);
		return 0;
	}
	if (load_about(&p, delivery, &about, e) < 0)
		return -1;
	view_opt_out_ask_write(&out->body, &(struct view_opt_out_ask){
		PAGE_FRAME(&p, about.opted_out ? "You have already left" : "Stop these messages"),
		.on_leave = true,
		.masked = address_masked(p.a, about.address),
		.already = about.opted_out,
		.project_title = about.project_title,
		.project_url = project_path(p.a, about.project_slug),
		.subject = page_subject(p.a, about.subject),
	});
	return 0;
}

static bool is_one_click(const struct form *f)
{
	return strcmp(form_text(f, "List-Unsubscribe"), "One-Click") == 0;
}

static const char DONE[] = "Done: you get no more of these messages.";

/* A mail program waits for nothing but the deed. */
static int answer_one_click(const struct request *r, struct response *out, struct err *e)
{
	(void)r;
	if (leaving_result(out, e) < 0)
		return -1;
	response_text(out, 200, DONE);
	return 0;
}

static int show_done(const struct request *r, int64_t delivery, struct response *out, struct err *e)
{
	struct delivery_about about;
	struct page p;

	if (page_open(r, &p, e) < 0 || load_about(&p, delivery, &about, e) < 0)
		return -1;
	view_opt_out_done_write(&out->body, &(struct view_opt_out_done){
		PAGE_FRAME(&p, "Done"), .on_leave = true, .masked = address_masked(p.a, about.address) });
	return 0;
}

/* It is done, whatever can be shown of it. */
static int answer_page(const struct request *r, struct response *out, struct err *e)
{
	struct web *w = r->ctx;
	int64_t delivery;
	int rc;

	if (leaving_result(out, e) < 0 || read_token(r, &delivery, e) < 0)
		return -1;
	rc = db_begin_read(w->home->db, e);
	if (rc == 0) {
		rc = show_done(r, delivery, out, e);
		db_rollback(w->home->db);
	}
	if (rc < 0)
		response_text(out, 200, DONE);
	return 0;
}

/* Whatever the body says: the token alone decides. */
int page_opt_out_do(const struct request *r, struct response *out, struct err *e)
{
	bool one_click = is_one_click(r->form);
	struct web *w = r->ctx;
	int64_t delivery;

	if (read_token(r, &delivery, e) < 0)
		return -1;
	if (!delivery && one_click) {
		response_text(out, 200, "This link is from a preview: there is nobody to remove.");
		return 0;
	}
	if (!delivery)
		return page_opt_out_ask(r, out, e);
	if (leaving_add(&w->leaving, r, delivery, one_click ? OPT_OUT_ONE_CLICK : OPT_OUT_PAGE, out) == 0)
		return err_set(e, ERR_MISSING, "no delivery of that token");
	out->then = one_click ? answer_one_click : answer_page;
	return 0;
}
