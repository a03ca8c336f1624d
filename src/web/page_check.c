/*
 * Checking a message by its code (standards 12.2, option D). A code proves
 * that a mailing with it was approved, and no more: the words say "compare",
 * never "genuine". The recipient behind a code is never shown. A code that is
 * dead, forged or mistyped gets one answer: not one of ours.
 */
#include "base/utf8.h"
#include "mail/token.h"
#include "store/optout.h"
#include "tmpl.h"
#include "web/pages.h"

#define TYPED_MAX 40

/* What a code leads to. */
struct found {
	struct project project;
	struct public_mailing mailing;
};

/* 1 an approved mailing, 0 none, -1. */
static int find_mailing(const struct page *p, int64_t delivery, struct found *out, struct err *e)
{
	struct delivery_about about;
	struct home *h = p->web->home;
	int got = delivery_about(h, p->a, delivery, &about, e);

	if (got > 0)
		got = project_by_id(h, p->a, about.project_id, &out->project, e);
	if (got > 0 && !project_is_public(&out->project))
		return 0;
	if (got > 0)
		got = project_public_mailing(h, p->a, &out->project, about.mailing_id, &out->mailing, e);
	return got;
}

static void show_found(const struct page *p, const struct found *f, const char *code, struct response *out)
{
	struct mailing_words words = mailing_words(p->a, &f->mailing);

	view_check_found_write(&out->body, &(struct view_check_found){
		PAGE_FRAME(p, "An approved mailing: compare it"),
		.on_check = true,
		.code = code,
		.project_title = f->project.title,
		.project_url = project_path(p->a, f->project.slug),
		.mailing_url = mailing_path(p->a, f->project.slug, f->mailing.id),
		.originator = f->project.originator,
		.department = f->project.department,
		.subject = page_subject(p->a, f->mailing.subject),
		.language = f->mailing.language,
		.text = f->mailing.text,
		.approved = page_day(p->a, f->mailing.approved_at),
		.state = words.state,
		.stopped = words.stopped,
		.stopped_text = words.stopped_text,
	});
}

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

static int show_code(const struct page *p, const char *typed, struct response *out, struct err *e)
{
	struct found found;
	char code[CODE_TEXT_MAX];
	int64_t delivery = 0;
	bool genuine = code_read(&p->web->home->tokens, typed, &delivery);
	int got = genuine && delivery ? find_mailing(p, delivery, &found, e) : 0;

	if (got < 0)
		return -1;
	out->kind = PAGE_TOKEN;
	if (got) {
		code_make(&p->web->home->tokens, delivery, code);
		show_found(p, &found, code, out);
		return 0;
	}
	view_check_none_write(&out->body, &(struct view_check_none){
		PAGE_FRAME(p, "Not one of ours"),
		.on_check = true,
		.typed = shorten(p->a, typed),
		.dead = genuine && !delivery,
	});
	out->status = 404;
	return 0;
}

int page_check_code(const struct request *r, struct response *out, struct err *e)
{
	struct page p;

	if (page_open(r, &p, e) < 0)
		return -1;
	return show_code(&p, route_param(&r->match, "code"), out, e);
}

/* The form; and its answer, which is a page that was found, whatever the code was. */
int page_check(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	const char *typed = form_text(r->method == METHOD_POST ? r->form : r->query, "code");

	if (page_open(r, &p, e) < 0)
		return -1;
	typed += strspn(typed, " \t\r\n");
	if (*typed) {
		if (show_code(&p, typed, out, e) < 0)
			return -1;
		out->status = 200;
		return 0;
	}
	view_check_write(&out->body, &(struct view_check){ PAGE_FRAME(&p, "Check a message"), .on_check = true });
	return 0;
}
