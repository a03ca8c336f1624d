/*
 * Error pages: friendly, with a way on, and without a word about what is
 * inside. The institution's name is taken from the database if that can still
 * be asked; a page of an error must never fail itself.
 */
#include "tmpl.h"
#include "web/pages.h"

static const struct {
	int status;
	const char *heading, *advice;
} WORDS[] = {
	{ 400, "This address is not quite right", "It could not be understood. If you copied it from a message, make sure that all of "
						  "it was copied, and nothing besides." },
	{ 403, "This is not allowed", "You may look at all other pages." },
	{ 404, "There is nothing here", "The address may be mistyped or cut off. If it came in a message that seems to be from here, "
					"check that message first." },
	{ 405, "This page cannot be asked in this way", "Please begin at one of these pages." },
	{ 413, "This is too large", "Nothing was done with it." },
	{ 429, "Too many forms at once", "Nothing was done with this one. Please wait a minute and send it again." },
	{ 500, "Something went wrong on our side", "It has been noted. If you wanted to leave, please try again in a minute: an answer "
						   "is given only when it is really done." },
	{ 503, "This cannot be answered just now", "Please try again in a minute. If you wanted to leave, it is not done yet." },
};

static void fill(struct web *w, struct arena *a, struct page *p)
{
	struct request r = { .arena = a, .ctx = w };
	struct err e;

	*p = (struct page){ .web = w, .a = a, .in = { .name = "Research mail" }, .contact = "", .contact_url = "" };
	if (db_begin_read(w->home->db, &e) < 0)
		return;
	if (page_open(&r, p, &e) < 0)
		*p = (struct page){ .web = w, .a = a, .in = { .name = "Research mail" }, .contact = "", .contact_url = "" };
	db_rollback(w->home->db);
}

void page_error(void *ctx, struct arena *a, int status, const char *text, struct response *out)
{
	const char *heading = text, *advice = "";
	struct page p;

	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (WORDS[i].status == status) {
			heading = WORDS[i].heading;
			advice = WORDS[i].advice;
		}
	fill(ctx, a, &p);
	view_error_write(&out->body, &(struct view_error){
		PAGE_FRAME(&p, heading),
		.number = arena_printf(a, "Error %d", status),
		.heading = heading,
		.advice = advice,
	});
}
