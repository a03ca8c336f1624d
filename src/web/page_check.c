/*
 * Checking a message (standards 12.2): by its code, its text, or the message
 * itself. store/proof.h decides; here it is told, in words that promise no
 * more than is known: a code or a text leads to "compare", and only a message
 * with our own whole signature to "unaltered". Who received a message is never
 * shown, and nothing that was handed in is kept.
 */
#include "base/utf8.h"
#include "web/checking.h"

#define TYPED_MAX 40

/* What was typed, short enough to show. */
static const char *shorten(struct arena *a, const char *typed)
{
	size_t n = 0, step;

	for (int i = 0; i < TYPED_MAX && typed[n]; i++) {
		utf8_char(typed + n, strlen(typed + n), &step);
		n += step;
	}
	return typed[n] ? arena_printf(a, "%.*s…", (int)n, typed) : typed;
}

/* --- the answers -------------------------------------------------------------------------------- */

static int show_found(const struct page *p, const struct checked *c, struct response *out, struct err *e)
{
	const struct proof *f = &c->proof;
	struct mailing_words words = mailing_words(p->a, &f->mailing);
	struct remark_row *remarks = ARENA_ARRAY(p->a, struct remark_row, f->n_remarks + 1);
	struct said_row *said = ARENA_ARRAY(p->a, struct said_row, f->n_sentences + 1);
	struct link_row *links = ARENA_ARRAY(p->a, struct link_row, f->n_links + 1);
	struct proof_places places;
	size_t n_hosts;

	if (proof_places(p->web->home, p->a, &f->project, &places, e) < 0)
		return -1;
	for (size_t i = 0; i < f->n_remarks; i++)
		remarks[i].words = f->remark[i];
	for (size_t i = 0; i < f->n_sentences; i++)
		said[i] = (struct said_row){ f->sentence[i].text, f->sentence[i].known };
	for (size_t i = 0; i < f->n_links; i++)
		links[i] = (struct link_row){ f->link[i].url, f->link[i].host };
	view_check_found_write(&out->body, &(struct view_check_found){
		PAGE_FRAME(p, "An approved mailing: compare it"),
		.on_check = true,
		.way = f->code[0] ? "code" : "text",
		.code = f->code,
		.attached = f->attached,
		.project_title = f->project.title,
		.project_url = project_path(p->a, f->project.slug),
		.mailing_url = mailing_path(p->a, f->project.slug, f->mailing.id),
		.originator = f->project.originator,
		.department = f->project.department,
		.subject = page_subject(p->a, f->mailing.subject),
		.approved = page_day(p->a, f->mailing.approved_at),
		.state = words.state,
		.stopped = words.stopped,
		.stopped_text = words.stopped_text,
		.remarks = remarks,
		.n_remarks = f->n_remarks,
		.handed_in = f->n_sentences > 0,
		.strange = f->n_unknown > 0,
		.said = said,
		.n_said = f->n_sentences,
		.links = links,
		.n_links = f->n_links,
		.hosts = page_hosts(p->a, places.hosts, &n_hosts),
		.n_hosts = n_hosts,
		.texts = page_texts(p->a, &f->mailing),
		.n_texts = f->mailing.n_texts,
	});
	return 0;
}

static void show_ours(const struct page *p, const struct checked *c, struct response *out)
{
	const struct proof *f = &c->proof;
	struct view_check_ours v = {
		PAGE_FRAME(p, "Sent by us, unaltered"),
		.on_check = true,
		.attached = f->attached,
		.notice = f->notice,
		.test = f->test,
		.code = f->code,
	};

	if (!f->notice) {
		struct mailing_words words = mailing_words(p->a, &f->mailing);

		v.project_title = f->project.title;
		v.project_url = project_path(p->a, f->project.slug);
		v.mailing_url = mailing_path(p->a, f->project.slug, f->mailing.id);
		v.originator = f->project.originator;
		v.department = f->project.department;
		v.subject = page_subject(p->a, f->mailing.subject);
		v.approved = page_day(p->a, f->mailing.approved_at);
		v.state = words.state;
		v.stopped = words.stopped;
		v.stopped_text = words.stopped_text;
	}
	view_check_ours_write(&out->body, &v);
}

int check_show(const struct page *p, const struct checked *c, struct response *out, struct err *e)
{
	out->kind = PAGE_TOKEN;
	switch (c->proof.answer) {
	case PROOF_UNALTERED:
		show_ours(p, c, out);
		return 0;
	case PROOF_COMPARE:
		return show_found(p, c, out, e);
	case PROOF_NONE:
		break;
	}
	view_check_none_write(&out->body, &(struct view_check_none){
		PAGE_FRAME(p, "Not one of ours"),
		.on_check = true,
		.typed = c->typed ? shorten(p->a, c->typed) : "",
		.dead = c->proof.dead,
		.message = c->message,
	});
	return 0;
}

int check_show_form(const struct page *p, const char *fault, struct response *out)
{
	view_check_write(&out->body, &(struct view_check){ PAGE_FRAME(p, "Check a message"), .on_check = true, .fault = fault });
	if (fault) {
		out->status = 422;
		out->caching = CACHE_NONE;
	}
	return 0;
}

/* --- the pages ---------------------------------------------------------------------------------- */

static int check_code(const struct page *p, const char *typed, struct response *out, struct err *e)
{
	struct checked c = { .typed = typed };

	return proof_by_code(p->web->home, p->a, typed, &c.proof, e) < 0 ? -1 : check_show(p, &c, out, e);
}

int page_check_code(const struct request *r, struct response *out, struct err *e)
{
	const char *typed = route_param(&r->match, "code");
	struct checked c = { .typed = typed };
	struct page p;

	if (page_open(r, &p, e) < 0 || proof_by_code(p.web->home, p.a, typed, &c.proof, e) < 0)
		return -1;
	if (c.proof.answer == PROOF_NONE)
		out->status = 404;
	return check_show(&p, &c, out, e);
}

/* The form; and its answer, which is a page that was found, whatever the code was. */
int page_check(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	const char *typed = form_text(r->query, "code");

	if (page_open(r, &p, e) < 0)
		return -1;
	typed += strspn(typed, " \t\r\n");
	return *typed ? check_code(&p, typed, out, e) : check_show_form(&p, NULL, out);
}

static int check_text(const struct page *p, const char *text, struct response *out, struct err *e)
{
	struct checked c = { 0 };

	return proof_by_text(p->web->home, p->a, text, &c.proof, e) < 0 ? -1 : check_show(p, &c, out, e);
}

static int check_form(const struct request *r, struct response *out, struct err *e)
{
	const char *typed = form_text(r->form, "code"), *text = form_text(r->form, "text");
	const struct form_field *file = form_find(r->form, "file");
	struct page p;

	typed += strspn(typed, " \t\r\n");
	text += strspn(text, " \t\r\n");
	if (page_open(r, &p, e) < 0)
		return -1;
	if (*typed)
		return check_code(&p, typed, out, e);
	if (*text)
		return check_text(&p, text, out, e);
	if (file && file->filename && file->n)
		return check_upload(r, &p, (struct slice){ file->value, file->n }, out, e);
	return check_show_form(&p, "There was nothing to check. Please type a code, paste a text, or choose a file.", out);
}

/* The page of a limit reads by itself: so no transaction is open around it. A code looks up one number, as it does by GET. */
int page_check_do(const struct request *r, struct response *out, struct err *e)
{
	struct web *w = r->ctx;
	int rc;

	if (!form_text(r->form, "code")[0] && ask_is_limited(r, out))
		return 0;
	if (db_begin_read(w->home->db, e) < 0)
		return -1;
	out->kind = PAGE_TOKEN;
	rc = check_form(r, out, e);
	db_rollback(w->home->db);
	return rc;
}
