/*
 * /me: what is held about whoever asks, by a link that was mailed to them.
 * Who holds the link is the person: so it lasts a week, is told to nobody, and
 * dies when they have everything erased. Looking changes nothing; every
 * change is a POST. The form that asks for the link says the same to all.
 */
#include "base/codec.h"
#include "mail/token.h"
#include "store/optout.h"
#include "tmpl.h"
#include "web/held_file.h"
#include "web/held_view.h"
#include "web/pages.h"

#define FORM "me"

/* --- asking for the link ----------------------------------------------------------------------- */

static void show_ask(const struct page *p, const char *stamp, const char *fault, const struct form *f, struct response *out)
{
	if (fault)
		out->status = 422;
	out->caching = CACHE_NONE;
	view_me_ask_write(&out->body, &(struct view_me_ask){
		PAGE_FRAME(p, fault ? "Not sent yet: your data" : "Your data"),
		.stamp = stamp,
		.fault = fault,
		.address = form_text(f, "address"),
	});
}

int page_me_ask(const struct request *r, struct response *out, struct err *e)
{
	char stamp[ASK_STAMP_MAX];
	struct page p;

	if (page_open(r, &p, e) < 0)
		return -1;
	ask_stamp(&p.web->home->tokens, FORM, home_now(p.web->home), stamp);
	show_ask(&p, stamp, NULL, r->form, out);
	return 0;
}

int page_me_ask_do(const struct request *r, struct response *out, struct err *e)
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
		show_ask(&p, stamp, fault, r->form, out);
		return 0;
	}
	if (person_ask(p.web->home, &address, e) < 0)
		return -1;
	out->caching = CACHE_NONE;
	view_me_asked_write(&out->body, &(struct view_me_asked){ PAGE_FRAME(&p, "Look into your mailbox") });
	return 0;
}

/* --- the page ---------------------------------------------------------------------------------- */

struct me {
	struct page p;
	struct person_link link;
	struct held held;
	const char *path; /* "/me/TOKEN" */
};

/* 1, 0 the link is no good, -1. A forged token is refused before anything is looked up. */
static int open_link(const struct request *r, struct me *m, struct err *e)
{
	const struct web *w = r->ctx;
	const char *token = route_param(&r->match, "token");
	int64_t notice = 0;

	if (!token_read_url(&w->home->tokens, TOKEN_ME, slice_of(token), &notice))
		notice = 0;
	if (page_open(r, &m->p, e) < 0)
		return -1;
	m->path = arena_printf(r->arena, "/me/%s", token);
	return notice ? person_by_link(w->home, r->arena, notice, &m->link, e) : 0;
}

static int load_held(struct me *m, struct err *e)
{
	return person_load(m->p.web->home, m->p.a, m->link.key_hash, HELD_FOR_SELF, &m->held, e);
}

static int open_me(const struct request *r, struct me *m, struct err *e)
{
	int got = open_link(r, m, e);

	return got <= 0 ? got : load_held(m, e) < 0 ? -1 : 1;
}

/* The same for a POST, which begins outside of every transaction. */
static int open_me_alone(const struct request *r, struct me *m, struct err *e)
{
	struct home *h = ((const struct web *)r->ctx)->home;
	int got;

	if (db_begin_read(h->db, e) < 0)
		return -1;
	got = open_link(r, m, e);
	db_rollback(h->db);
	return got;
}

static int show_gone(const struct page *p, struct response *out)
{
	out->status = 404;
	view_me_gone_write(&out->body, &(struct view_me_gone){ PAGE_FRAME(p, "This link does not work") });
	return 0;
}

static const char *below(const struct me *m, const char *what)
{
	return arena_printf(m->p.a, "%s/%s", m->path, what);
}

static void show_me(const struct me *m, const char *said, const char *fault, struct response *out)
{
	struct held_rows rows;

	held_rows_fill(m->p.a, &m->held, below(m, "withdraw"), &rows);
	if (fault)
		out->status = 422;
	view_me_write(&out->body, &(struct view_me){
		PAGE_FRAME(&m->p, "What is held about you"),
		.said = said,
		.fault = fault,
		.address = m->link.address,
		.until = page_day(m->p.a, m->link.until),
		.opted_out = m->held.opted_out,
		.opted_out_text = rows.opted_out_text,
		.load = rows.load,
		.name = rows.name,
		.export = below(m, "export"),
		.correct = below(m, "correct"),
		.leave = below(m, "leave"),
		.erase = below(m, "erase"),
		HELD_ROWS(rows),
	});
}

int page_me(const struct request *r, struct response *out, struct err *e)
{
	struct me m;
	int got = open_me(r, &m, e);

	if (got < 0)
		return -1;
	if (!got)
		return show_gone(&m.p, out);
	show_me(&m, NULL, NULL, out);
	return 0;
}

int page_me_export(const struct request *r, struct response *out, struct err *e)
{
	struct me m;
	int got = open_me(r, &m, e);

	if (got < 0)
		return -1;
	if (!got)
		return show_gone(&m.p, out);
	out->type = "application/zip";
	out->download = "what-is-held.zip";
	return held_file(m.p.web->home, r->arena, m.link.address, &m.held, &out->body, e);
}

/* --- what a person does ------------------------------------------------------------------------ */

/* The page again after a change, read anew. */
static int show_again(struct me *m, const char *said, const char *fault, struct response *out, struct err *e)
{
	struct home *h = m->p.web->home;
	int rc;

	if (db_begin_read(h->db, e) < 0)
		return -1;
	rc = load_held(m, e);
	db_rollback(h->db);
	if (rc == 0)
		show_me(m, said, fault, out);
	return rc;
}

int page_me_correct(const struct request *r, struct response *out, struct err *e)
{
	struct me m;
	const char *name = ask_line(r->arena, r->form, "name");
	int got = open_me_alone(r, &m, e);

	if (got < 0)
		return -1;
	if (!got)
		return show_gone(&m.p, out);
	if (!name || !*name)
		return show_again(&m, NULL, "a name is one line of words", out, e);
	got = person_correct(m.p.web->home, m.link.key_hash, "name", name, e);
	if (got < 0 && e->kind != ERR_INPUT)
		return -1;
	if (got < 0)
		return show_again(&m, NULL, "a name has no web address in it, and at most 200 characters", out, e);
	return show_again(&m, "Your name is set as you typed it.", NULL, out, e);
}

int page_me_withdraw(const struct request *r, struct response *out, struct err *e)
{
	struct me m;
	int64_t project = 0;
	int got = open_me_alone(r, &m, e);

	if (got < 0)
		return -1;
	if (!got)
		return show_gone(&m.p, out);
	if (parse_i64(form_text(r->form, "project"), 1, INT64_MAX, &project) < 0)
		return err_set(e, ERR_INPUT, "no number of a project");
	if (person_withdraw(m.p.web->home, m.link.key_hash, project, e) < 0)
		return -1;
	return show_again(&m, "What you agreed to is withdrawn: this study does not write to you any more.", NULL, out, e);
}

/* The person's match key comes from the address that the link was mailed to. */
static int read_own(const struct me *m, struct address *out, struct err *e)
{
	return address_parse(m->p.a, m->link.address, out, e) < 0 ? err_set(e, ERR_BROKEN, "a stored address cannot be read") : 0;
}

static const char LEFT[] = "You have left: no study writes to you any more.";

static int answer_left(const struct request *r, struct response *out, struct err *e)
{
	int rc = leaving_result(r, out, answer_left, e), got;
	struct me m;

	if (rc)
		return rc < 0 ? -1 : 0;
	got = open_me_alone(r, &m, e);
	if (got < 0)
		return -1;
	return got ? show_again(&m, LEFT, NULL, out, e) : show_gone(&m.p, out);
}

int page_me_leave(const struct request *r, struct response *out, struct err *e)
{
	struct me m;
	struct address own;
	int got = open_me_alone(r, &m, e);

	if (got < 0)
		return -1;
	if (!got)
		return show_gone(&m.p, out);
	if (read_own(&m, &own, e) < 0 || opt_out_by_key(m.p.web->home, own.key, OPT_OUT_PAGE, "", 0, e) < 0)
		return -1;
	if (leaving_await(&m.p.web->leaving, r, out)) {
		out->then = answer_left;
		return 0;
	}
	return show_again(&m, LEFT, NULL, out, e);
}

int page_me_erase(const struct request *r, struct response *out, struct err *e)
{
	struct me m;
	int got = open_me(r, &m, e);

	if (got < 0)
		return -1;
	if (!got)
		return show_gone(&m.p, out);
	view_me_erase_write(&out->body, &(struct view_me_erase){
		PAGE_FRAME(&m.p, "Erase everything?"),
		.address = m.link.address,
		.back = m.path,
		.erase = below(&m, "erase"),
		.complaints = m.held.n_complaint > 0,
	});
	return 0;
}

/* Their link is gone with all else. */
static int answer_erased(const struct request *r, struct response *out, struct err *e)
{
	int rc = leaving_result(r, out, answer_erased, e);
	struct page p;

	if (rc || page_open_alone(r, &p, e) < 0)
		return rc > 0 ? 0 : -1;
	view_me_erased_write(&out->body, &(struct view_me_erased){ PAGE_FRAME(&p, "Erased") });
	return 0;
}

int page_me_erase_do(const struct request *r, struct response *out, struct err *e)
{
	struct me m;
	struct address own;
	struct erased done;
	int got = open_me_alone(r, &m, e);

	if (got < 0)
		return -1;
	if (!got)
		return show_gone(&m.p, out);
	if (read_own(&m, &own, e) < 0 || person_erase(m.p.web->home, &own, false, 0, &done, e) < 0)
		return -1;
	if (leaving_await(&m.p.web->leaving, r, out)) {
		out->then = answer_erased;
		return 0;
	}
	view_me_erased_write(&out->body, &(struct view_me_erased){ PAGE_FRAME(&m.p, "Erased") });
	return 0;
}
