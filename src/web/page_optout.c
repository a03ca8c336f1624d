/*
 * Leaving by a link (OPT-1, OPT-2, RFC 8058). Looking at it changes nothing;
 * every POST does what the link is for, whatever its body: with the one-click
 * pair the answer is a line of text, otherwise a page. It is given only when
 * the opt-out is durable. The token alone decides; a forged one is refused
 * before anything is looked up. Two forms of the page that confirms it say
 * otherwise, for a day: keep single studies, or take it back.
 */
#include "mail/address.h"
#include "mail/token.h"
#include "store/leave.h"
#include "tmpl.h"
#include "web/pages.h"

/* What a token names: the delivery of a message, or the notice of a link that was asked for. */
struct link {
	int64_t delivery, notice;
};

static bool is_dead(const struct link *l)
{
	return !l->delivery && !l->notice;
}

static int read_token(const struct request *r, struct link *out, struct err *e)
{
	const struct web *w = r->ctx;
	struct slice text = slice_of(route_param(&r->match, "token"));

	*out = (struct link){ 0 };
	if (token_read_url(&w->home->tokens, TOKEN_OPT_OUT, text, &out->delivery) ||
	    token_read_url(&w->home->tokens, TOKEN_LEAVE, text, &out->notice))
		return 0;
	return err_set(e, ERR_MISSING, "not a token of ours");
}

static int load(const struct request *r, const struct link *l, struct leave_about *out, struct err *e)
{
	struct web *w = r->ctx;
	int got = l->delivery ? leave_by_delivery(w->home, r->arena, l->delivery, out, e)
			      : leave_by_notice(w->home, r->arena, l->notice, out, e);

	if (got == 0)
		err_set(e, ERR_MISSING, "nothing of that token");
	return got > 0 ? 0 : -1;
}

/* In a transaction of its own that cannot write. */
static int load_alone(const struct request *r, const struct link *l, struct page *p, struct leave_about *out, struct err *e)
{
	struct web *w = r->ctx;
	int rc;

	if (db_begin_read(w->home->db, e) < 0)
		return -1;
	rc = page_open(r, p, e) < 0 ? -1 : load(r, l, out, e);
	db_rollback(w->home->db);
	return rc;
}

static const char *masked(struct arena *a, const struct leave_about *about)
{
	return about->address[0] ? address_masked(a, about->address) : "your address";
}

/* --- what is shown ----------------------------------------------------------------------------- */

static int show_dead(const struct request *r, struct response *out, struct err *e)
{
	struct page p;

	if (page_open(r, &p, e) < 0)
		return -1;
	view_opt_out_dead_write(&out->body, &(struct view_opt_out_dead){
		PAGE_FRAME(&p, "A link from a preview"), .on_leave = true });
	return 0;
}

/* A genuine link whose delivery or notice is not held: a restore has lost it, and with it whose it is (OPT-3). */
static int show_lost(const struct request *r, struct response *out, struct err *e)
{
	struct page p;

	err_clear(e);
	if (page_open(r, &p, e) < 0)
		return -1;
	out->status = 404;
	view_opt_out_lost_write(&out->body, &(struct view_opt_out_lost){
		PAGE_FRAME(&p, "A link from before"), .on_leave = true });
	return 0;
}

static void show_ask(const struct page *p, const struct leave_about *about, struct response *out)
{
	const char *subject = about->subject ? about->subject : "";

	view_opt_out_ask_write(&out->body, &(struct view_opt_out_ask){
		PAGE_FRAME(p, "Stop these messages"),
		.on_leave = true,
		.masked = masked(p->a, about),
		.project_title = about->project_title,
		.project_url = about->project_slug ? project_path(p->a, about->project_slug) : "",
		.subject = page_subject(p->a, subject),
	});
}

/* "23 November 2026, 09:58 UTC" */
static const char *moment(struct arena *a, int64_t t)
{
	char iso[32];

	time_iso(t, iso);
	return arena_printf(a, "%s, %.5s UTC", page_day(a, t), iso + strlen("2026-11-23T"));
}

static void list_studies(struct arena *a, const struct leave_about *about, struct view_opt_out_done *v)
{
	struct kept_study *kept = ARENA_ARRAY(a, struct kept_study, about->n_studies + 1);
	struct open_study *open = ARENA_ARRAY(a, struct open_study, about->n_studies + 1);

	v->kept = kept;
	v->studies = open;
	for (size_t i = 0; i < about->n_studies; i++) {
		const struct leave_study *s = &about->study[i];

		if (s->kept)
			kept[v->n_kept++] = (struct kept_study){ .title = s->title };
		else
			open[v->n_studies++] = (struct open_study){ .slug = s->slug, .title = s->title,
								    .field = arena_printf(a, "keep-%zu", i) };
	}
}

static void show_left(const struct page *p, const struct leave_about *about, bool just, const char *fault,
		      struct response *out)
{
	struct view_opt_out_done v = {
		PAGE_FRAME(p, just ? "Done" : "You have already left"),
		.on_leave = true,
		.masked = masked(p->a, about),
		.just = just,
		.fresh = opt_out_is_fresh(p->web->home, &about->state),
		.until = moment(p->a, about->state.at + OPT_OUT_SECOND_THOUGHTS),
		.fault = fault,
	};

	list_studies(p->a, about, &v);
	view_opt_out_done_write(&out->body, &v);
}

int page_opt_out_ask(const struct request *r, struct response *out, struct err *e)
{
	struct leave_about about;
	struct link link;
	struct page p;

	if (read_token(r, &link, e) < 0)
		return -1;
	if (is_dead(&link))
		return show_dead(r, out, e);
	if (page_open(r, &p, e) < 0)
		return -1;
	if (load(r, &link, &about, e) < 0)
		return e->kind == ERR_MISSING ? show_lost(r, out, e) : -1;
	if (about.state.out)
		show_left(&p, &about, false, NULL, out);
	else
		show_ask(&p, &about, out);
	return 0;
}

/* --- leaving ----------------------------------------------------------------------------------- */

static bool is_one_click(const struct form *f)
{
	return strcmp(form_text(f, "List-Unsubscribe"), "One-Click") == 0;
}

static const char DONE[] = "Done: you get no more of these messages.";

/* A mail program waits for nothing but the deed. */
static int answer_one_click(const struct request *r, struct response *out, struct err *e)
{
	int rc = leaving_result(r, out, answer_one_click, e);

	if (rc == 0)
		response_text(out, 200, DONE);
	return rc < 0 ? -1 : 0;
}

/* It is done, whatever can be shown of it. */
static int answer_page(const struct request *r, struct response *out, struct err *e)
{
	struct leave_about about;
	struct link link;
	struct page p;
	int rc = leaving_result(r, out, answer_page, e);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (read_token(r, &link, e) < 0)
		return -1;
	if (load_alone(r, &link, &p, &about, e) < 0)
		response_text(out, 200, DONE);
	else
		show_left(&p, &about, true, NULL, out);
	return 0;
}

static int leave(const struct request *r, const struct link *l, bool one_click, struct response *out, struct err *e)
{
	enum opt_out_way way = one_click ? OPT_OUT_ONE_CLICK : OPT_OUT_PAGE;
	struct web *w = r->ctx;
	struct leave_about about;

	if (l->delivery) {
		if (leaving_add(&w->leaving, r, l->delivery, way, out) == 0)
			return err_set(e, ERR_MISSING, "no delivery of that token");
	} else {
		struct opt_out_entry x = { .act = ACT_OUT, .at = home_now(w->home), .way = way, .text = "" };

		if (load(r, l, &about, e) < 0)
			return -1;
		memcpy(x.key_hash, about.key_hash, KEY_HASH_SIZE);
		leaving_add_entry(&w->leaving, r, &x, out);
	}
	out->then = one_click ? answer_one_click : answer_page;
	return 0;
}

/* --- second thoughts --------------------------------------------------------------------------- */

static const char LATE[] = "This could be changed for 24 hours. Now you can sign up for a study anew, by yourself.";

static bool is_ticked(const struct form *f, const char *slug)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->field[i].name, "keep") == 0 && !f->field[i].filename && strcmp(f->field[i].value, slug) == 0)
			return true;
	return false;
}

static struct opt_out_entry entry_of(const struct web *w, const struct leave_about *about, enum opt_out_act act,
				     const char *text)
{
	struct opt_out_entry x = { .act = act, .at = home_now(w->home), .way = OPT_OUT_PAGE, .text = text };

	memcpy(x.key_hash, about->key_hash, KEY_HASH_SIZE);
	return x;
}

/* The database may not have heard of it yet. */
static void mark_ticked(const struct request *r, struct leave_about *about)
{
	for (size_t i = 0; i < about->n_studies; i++)
		about->study[i].kept = about->study[i].kept || is_ticked(r->form, about->study[i].slug);
}

static int answer_kept(const struct request *r, struct response *out, struct err *e)
{
	struct leave_about about;
	struct link link;
	struct page p;
	int rc = leaving_result(r, out, answer_kept, e);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (read_token(r, &link, e) < 0 || load_alone(r, &link, &p, &about, e) < 0)
		return -1;
	mark_ticked(r, &about);
	show_left(&p, &about, true, NULL, out);
	return 0;
}

static int answer_back(const struct request *r, struct response *out, struct err *e)
{
	struct leave_about about;
	struct link link;
	struct page p;
	int rc = leaving_result(r, out, answer_back, e);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (read_token(r, &link, e) < 0 || load_alone(r, &link, &p, &about, e) < 0)
		return -1;
	view_opt_out_back_write(&out->body, &(struct view_opt_out_back){
		PAGE_FRAME(&p, "It is as it was before"), .on_leave = true, .masked = masked(p.a, &about) });
	return 0;
}

static bool keep(const struct request *r, const struct leave_about *about, struct response *out)
{
	struct web *w = r->ctx;

	for (size_t i = 0; i < about->n_studies; i++) {
		struct opt_out_entry x = entry_of(w, about, ACT_KEEP, about->study[i].slug);

		if (is_ticked(r->form, about->study[i].slug)) {
			leaving_add_entry(&w->leaving, r, &x, out);
			out->then = answer_kept;
		}
	}
	return out->then != NULL;
}

static int think_again(const struct request *r, const struct link *l, bool undo, struct response *out, struct err *e)
{
	struct web *w = r->ctx;
	struct leave_about about;
	struct page p;

	if (load_alone(r, l, &p, &about, e) < 0)
		return -1;
	if (!about.state.out) {
		show_ask(&p, &about, out);
	} else if (!opt_out_is_fresh(w->home, &about.state)) {
		out->status = 409;
		show_left(&p, &about, false, LATE, out);
	} else if (undo) {
		struct opt_out_entry x = entry_of(w, &about, ACT_UNDO, "");

		leaving_add_entry(&w->leaving, r, &x, out);
		out->then = answer_back;
	} else if (!keep(r, &about, out)) {
		show_left(&p, &about, false, NULL, out);
	}
	return 0;
}

/* Whatever the body says that is none of our own two forms: leave. */
int page_opt_out_do(const struct request *r, struct response *out, struct err *e)
{
	bool one_click = is_one_click(r->form);
	const char *act = one_click ? "" : form_text(r->form, "act");
	struct link link;

	if (read_token(r, &link, e) < 0)
		return -1;
	if (is_dead(&link) && one_click) {
		response_text(out, 200, "This link is from a preview: there is nobody to remove.");
		return 0;
	}
	if (is_dead(&link))
		return show_dead(r, out, e);
	if (strcmp(act, "undo") == 0 || strcmp(act, "keep") == 0)
		return think_again(r, &link, strcmp(act, "undo") == 0, out, e);
	return leave(r, &link, one_click, out, e);
}
