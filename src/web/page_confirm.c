/*
 * The link that a sign-up is confirmed by (CON-3). Looking at it changes
 * nothing, however often, and by whatever program; its button does it, once.
 * The words are those that were shown when the person asked.
 */
#include "mail/token.h"
#include "store/optout.h"
#include "store/signup.h"
#include "tmpl.h"
#include "web/pages.h"

struct link {
	struct page p;
	struct sign_up s;
	bool found;
	bool left; /* the person has left all mail, and comes back to this project */
};

static int read_opt_out(struct link *l, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	struct address addr;
	int out;

	if (address_parse(l->p.a, l->s.delivery, &addr, e) < 0)
		return -1;
	home_key_hash(l->p.web->home, addr.key, hash);
	out = opt_out_stands(l->p.web->home, hash, e);
	l->left = out > 0;
	return out < 0 ? -1 : 0;
}

static int load_link(const struct request *r, struct link *l, struct err *e)
{
	const struct web *w = r->ctx;
	int64_t id = 0;
	int got = 0;

	*l = (struct link){ .found = false };
	if (page_open(r, &l->p, e) < 0)
		return -1;
	/* The token alone decides: a forged one is refused before anything is looked up. */
	if (token_read_url(&w->home->tokens, TOKEN_CONFIRM, slice_of(route_param(&r->match, "token")), &id) && id)
		got = sign_up_load(w->home, l->p.a, id, &l->s, e);
	l->found = got > 0;
	if (l->found && l->s.state == SIGN_UP_WAITS)
		return read_opt_out(l, e);
	return got < 0 ? -1 : 0;
}

static void show_gone(const struct link *l, struct response *out)
{
	bool closed = l->found && l->s.state == SIGN_UP_CLOSED;
	bool again = l->found && !closed && project_takes_sign_ups(&l->s.project);

	out->status = l->found ? 410 : 404;
	view_confirm_gone_write(&out->body, &(struct view_confirm_gone){
		PAGE_FRAME(&l->p, closed ? "This study takes nobody on any more" : "This link no longer works"),
		.closed = closed,
		.late = l->found && !closed,
		.project_title = l->found ? l->s.project.title : "",
		.project_url = closed && project_is_public(&l->s.project) ? project_path(l->p.a, l->s.project.slug) : "",
		.again_url = again ? arena_printf(l->p.a, "/join/%s", l->s.project.slug) : "",
	});
}

static void show_done(const struct link *l, bool now, int64_t when, struct response *out)
{
	const struct project *x = &l->s.project;

	view_confirm_done_write(&out->body, &(struct view_confirm_done){
		PAGE_FRAME(&l->p, now ? "You have signed up" : "You have signed up already"),
		.now = now,
		.left = now && l->left,
		.day = page_day(l->p.a, when),
		.project_title = x->title,
		.project_url = project_is_public(x) ? project_path(l->p.a, x->slug) : "/",
		.project_contact = x->contact,
		.project_contact_url = mail_link(l->p.a, x->contact),
	});
}

static int show_button(const struct link *l, struct response *out, struct err *e)
{
	const struct project *x = &l->s.project;
	struct html words;

	if (page_markdown(l->p.a, l->s.text, &words, e) < 0)
		return -1;
	view_confirm_write(&out->body, &(struct view_confirm){
		PAGE_FRAME(&l->p, "Confirm your sign-up"),
		.project_title = x->title,
		.masked = address_masked(l->p.a, l->s.delivery),
		.words = words,
		.left = l->left,
		.originator = x->originator,
		.department = x->department,
		.project_contact = x->contact,
		.project_contact_url = mail_link(l->p.a, x->contact),
		.asked = page_day(l->p.a, l->s.asked),
		.until = page_day(l->p.a, l->s.asked + SIGN_UP_HOLDS),
	});
	return 0;
}

static int show(const struct link *l, struct response *out, struct err *e)
{
	if (!l->found || l->s.state == SIGN_UP_LATE || l->s.state == SIGN_UP_CLOSED) {
		show_gone(l, out);
		return 0;
	}
	if (l->s.state == SIGN_UP_WAITS)
		return show_button(l, out, e);
	show_done(l, false, l->s.confirmed, out);
	return 0;
}

int page_confirm(const struct request *r, struct response *out, struct err *e)
{
	struct link l;

	return load_link(r, &l, e) < 0 ? -1 : show(&l, out, e);
}

int page_confirm_do(const struct request *r, struct response *out, struct err *e)
{
	struct web *w = r->ctx;
	enum sign_up_state was;
	struct link l;
	int rc;

	if (db_begin_read(w->home->db, e) < 0)
		return -1;
	rc = load_link(r, &l, e);
	db_rollback(w->home->db);
	if (rc < 0)
		return -1;
	if (!l.found || l.s.state != SIGN_UP_WAITS)
		return show(&l, out, e);
	if ((rc = sign_up_confirm(w->home, l.s.id, &was, e)) < 0)
		return -1;
	/* In between it may have been purged, closed, or confirmed by a second press. */
	l.found = rc > 0;
	if (l.found && (was == SIGN_UP_WAITS || was == SIGN_UP_DONE)) {
		show_done(&l, true, home_now(w->home), out);
		return 0;
	}
	l.s.state = was;
	show_gone(&l, out);
	return 0;
}
