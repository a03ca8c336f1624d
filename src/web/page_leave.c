/*
 * Leaving without a link at hand: asks for the address, and has the link sent
 * there. The answer is the same, in words and in time, whoever is known.
 */
#include "store/leave.h"
#include "tmpl.h"
#include "web/pages.h"

#define FORM "opt-out"

static void show_form(const struct page *p, const char *stamp, const char *fault, const struct form *f, struct response *out)
{
	if (fault)
		out->status = 422;
	out->caching = CACHE_NONE;
	view_opt_out_write(&out->body, &(struct view_opt_out){
		PAGE_FRAME(p, fault ? "Not sent yet: leave" : "Leave"),
		.on_leave = true,
		.stamp = stamp,
		.fault = fault,
		.address = form_text(f, "address"),
		.invalid = fault ? "true" : "false",
		.described = fault ? "fault address-hint" : "address-hint",
	});
}

int page_opt_out(const struct request *r, struct response *out, struct err *e)
{
	char stamp[ASK_STAMP_MAX];
	struct page p;

	if (page_open(r, &p, e) < 0)
		return -1;
	ask_stamp(&p.web->home->tokens, FORM, home_now(p.web->home), stamp);
	show_form(&p, stamp, NULL, r->form, out);
	return 0;
}

int page_opt_out_send(const struct request *r, struct response *out, struct err *e)
{
	char stamp[ASK_STAMP_MAX];
	struct address address;
	const char *fault;
	struct page p;

	if (ask_is_limited(r, out))
		return 0;
	if (page_open_alone(r, &p, e) < 0)
		return -1;
	fault = ask_fault(&p.web->home->tokens, FORM, r->form, home_now(p.web->home), stamp);
	if (fault || !ask_address(r->arena, r->form, &address, &fault)) {
		show_form(&p, stamp, fault, r->form, out);
		return 0;
	}
	if (leave_ask(p.web->home, &address, e) < 0)
		return -1;
	out->caching = CACHE_NONE;
	view_opt_out_sent_write(&out->body, &(struct view_opt_out_sent){
		PAGE_FRAME(&p, "Look into your mailbox"), .on_leave = true });
	return 0;
}
