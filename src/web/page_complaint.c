/*
 * /complaint: a form that takes what happened, and answers with a number and
 * a day (DPA 2018, s. 164A). An address is welcome but not needed. What was
 * typed is never lost: a fault shows the form again with it.
 */
#include "base/utf8.h"
#include "store/complaint.h"
#include "tmpl.h"
#include "web/pages.h"

#define FORM "complaint"
#define ABOUT_MAX 40

/* Text as a browser sends it, with line feeds alone; NULL when it has characters that are none of a text. */
static char *plain_lines(struct arena *a, const char *typed)
{
	char *out = arena_alloc(a, strlen(typed) + 1), *to = out;
	size_t step;

	typed += strspn(typed, " \t\r\n");
	for (; *typed; typed += step) {
		uint32_t c = utf8_char(typed, strlen(typed), &step);

		if (c == '\r')
			continue;
		if (c != '\n' && c != '\t' && utf8_is_control(c))
			return NULL;
		memcpy(to, typed, step);
		to += step;
	}
	while (to > out && strchr(" \t\n", to[-1]))
		*--to = '\0';
	return out;
}

struct typed {
	const char *text, *about;
	struct address address;
	bool with_address;
};

/* What is wrong with what was typed, NULL if nothing is. */
static const char *read_typed(const struct request *r, struct typed *out)
{
	const char *fault = NULL, *address = ask_line(r->arena, r->form, "address");

	out->text = plain_lines(r->arena, form_text(r->form, "text"));
	out->about = ask_line(r->arena, r->form, "about");
	if (!out->text || !out->about || strlen(out->about) > ABOUT_MAX)
		return "there is a character in it that cannot be read";
	if (!*out->text)
		return "it does not say what happened";
	if (utf8_count(out->text) > COMPLAINT_TEXT_MAX)
		return "it is longer than 4,000 characters";
	if (address && !*address)
		return NULL;
	out->with_address = ask_address(r->arena, r->form, &out->address, &fault);
	return out->with_address ? NULL : fault;
}

static void show_form(const struct page *p, const char *stamp, const char *fault, const struct form *f, struct response *out)
{
	if (fault)
		out->status = 422;
	out->caching = CACHE_NONE;
	view_complaint_write(&out->body, &(struct view_complaint){
		PAGE_FRAME(p, fault ? "Not sent yet: complain" : "Complain"),
		.stamp = stamp,
		.fault = fault,
		.text = form_text(f, "text"),
		.address = form_text(f, "address"),
		.about = form_text(f, "about"),
		.days = COMPLAINT_DAYS,
		.longest = COMPLAINT_TEXT_MAX,
	});
}

int page_complaint(const struct request *r, struct response *out, struct err *e)
{
	char stamp[ASK_STAMP_MAX];
	struct page p;

	if (page_open(r, &p, e) < 0)
		return -1;
	ask_stamp(&p.web->home->tokens, FORM, home_now(p.web->home), stamp);
	show_form(&p, stamp, NULL, r->form, out);
	return 0;
}

int page_complaint_do(const struct request *r, struct response *out, struct err *e)
{
	struct typed typed = { 0 };
	char stamp[ASK_STAMP_MAX];
	struct complaint made;
	const char *fault;
	struct page p;

	if (ask_is_limited(r, out))
		return 0;
	if (page_open_alone(r, &p, e) < 0)
		return -1;
	fault = ask_fault(&p.web->home->tokens, FORM, r->form, home_now(p.web->home), stamp);
	if (!fault)
		fault = read_typed(r, &typed);
	if (fault) {
		show_form(&p, stamp, fault, r->form, out);
		return 0;
	}
	if (complaint_add(p.web->home, typed.with_address ? &typed.address : NULL, typed.about, typed.text, &made, e) < 0)
		return -1;
	out->caching = CACHE_NONE;
	view_complaint_done_write(&out->body, &(struct view_complaint_done){
		PAGE_FRAME(&p, "Received"),
		.number = made.number,
		.at = page_day(p.a, made.at),
		.due = page_day(p.a, made.due),
		.masked = typed.with_address ? address_masked(p.a, made.address) : NULL,
	});
	return 0;
}
