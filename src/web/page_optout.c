/*
 * Leaving (OPT-1, OPT-2, RFC 8058). Looking at a link changes nothing; every
 * POST to it does what the link is for, whatever its body: with the one-click
 * pair the answer is a line of text, otherwise a page. The answer is given
 * only when the opt-out is durable. The token alone decides; a forged one is
 * refused before anything is looked up.
 */
#include "base/utf8.h"
#include "mail/token.h"
#include "store/optout.h"
#include "tmpl.h"
#include "web/pages.h"

/* "j…@e…": enough to recognise one's own address, not enough to tell it to others. */
static const char *mask(struct arena *a, const char *address)
{
	const char *at = strrchr(address, '@');
	const char *domain = at ? at + 1 : "";
	size_t left = 0, right = 0;

	if (*address)
		utf8_char(address, strlen(address), &left);
	if (*domain)
		utf8_char(domain, strlen(domain), &right);
	return arena_printf(a, "%.*s…@%.*s…", (int)left, address, (int)right, domain);
}

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
		.masked = mask(p.a, about.address),
		.already = about.opted_out,
		.project_title = about.project_title,
		.project_url = project_path(p.a, about.project_slug),
		.subject = page_subject(p.a, about.subject),
	});
	return 0;
}

/* What the answer shows is read first, in a transaction that cannot write. */
static int load_answer(const struct request *r, int64_t delivery, struct page *p, struct delivery_about *about,
		       struct err *e)
{
	struct web *w = r->ctx;
	int rc;

	if (db_begin_read(w->home->db, e) < 0)
		return -1;
	rc = page_open(r, p, e);
	if (rc >= 0 && delivery)
		rc = load_about(p, delivery, about, e);
	db_rollback(w->home->db);
	return rc;
}

static bool is_one_click(const struct form *f)
{
	return strcmp(form_text(f, "List-Unsubscribe"), "One-Click") == 0;
}

static int leave(const struct web *w, int64_t delivery, bool one_click, struct err *e)
{
	int done = opt_out_by_delivery(w->home, delivery, one_click ? OPT_OUT_ONE_CLICK : OPT_OUT_PAGE, e);

	return done == 0 ? err_set(e, ERR_MISSING, "no delivery of that token") : done < 0 ? -1 : 0;
}

int page_opt_out_do(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	struct delivery_about about = { 0 };
	bool one_click = is_one_click(r->form);
	int64_t delivery;

	if (read_token(r, &delivery, e) < 0)
		return -1;
	/* A mail program waits for nothing but the deed. */
	if (one_click) {
		if (delivery && leave(r->ctx, delivery, true, e) < 0)
			return -1;
		response_text(out, 200, delivery ? "Done: you get no more of these messages."
						 : "This link is from a preview: there is nobody to remove.");
		return 0;
	}
	if (load_answer(r, delivery, &p, &about, e) < 0)
		return -1;
	if (!delivery) {
		show_dead(&p, out);
		return 0;
	}
	if (leave(p.web, delivery, false, e) < 0)
		return -1;
	view_opt_out_done_write(&out->body, &(struct view_opt_out_done){
		PAGE_FRAME(&p, "Done"), .on_leave = true, .masked = mask(p.a, about.address) });
	return 0;
}
