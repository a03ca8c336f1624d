/*
 * HTML written by hand: whatever is taken is written as HTML that is the same when it is read again, in which the
 * reader of messages finds nothing that acts, is fetched or is hidden; and as text that is UTF-8.
 */
#include "base/utf8.h"
#include "compose/handmade.h"
#include "compose/look.h"
#include "mail/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SHEET "<!doctype html><html lang=\"en\"><head><title>x</title></head><body style=\"background-color:#fffdf9;color:#26231f\">"

static bool write_html(struct arena *a, const char *p, size_t n, struct buf *out, struct buf *text)
{
	struct handmade_notes notes = { .n = 0 };
	struct buf places;
	struct look look;
	struct err e;
	struct handmade *h = handmade_read(a, p, n, NULL, &notes, &e);
	bool good = false;

	MUST(h || e.kind == ERR_INPUT);
	buf_init(&places, 16 << 20);
	if (h && handmade_to_html(h, &places, &e) == 0) {
		look_init(&look);
		look_fill(&look, NULL, buf_text(&places), places.n, out);
		good = !out->over;
		if (text && handmade_to_text(h, text, &e) < 0)
			MUST(e.kind == ERR_INPUT);
	}
	buf_free(&places);
	return good;
}

/* What the reader of messages thinks of it, on the house's sheet. */
static void must_be_harmless(struct arena *a, const struct buf *html)
{
	struct html_view v;
	struct buf page;
	struct err e;

	buf_init(&page, 20 << 20);
	buf_adds(&page, SHEET);
	buf_add_buf(&page, html);
	buf_adds(&page, "</body></html>");
	if (page.n < 3 << 20 && html_read(a, (struct slice){ buf_text(&page), page.n }, &v, &e) == 0)
		MUST(!v.active && !v.remote && !v.doubt && !v.hidden[0]);
	buf_free(&page);
}

static bool has_marks(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] == 1 || data[i] == 2)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct buf html, again, text;

	buf_init(&html, 16 << 20);
	buf_init(&again, 16 << 20);
	buf_init(&text, 16 << 20);
	if (write_html(a, (const char *)data, size, &html, &text)) {
		MUST(utf8_valid(buf_text(&html), html.n) && utf8_valid(buf_text(&text), text.n));
		/* What grows beyond the bound of the source is refused the second time. */
		if (!has_marks(data, size) && html.n <= HANDMADE_MAX && write_html(a, buf_text(&html), html.n, &again, NULL))
			MUST(again.n == html.n && memcmp(buf_text(&again), buf_text(&html), html.n) == 0);
		must_be_harmless(a, &html);
	}
	buf_free(&html);
	buf_free(&again);
	buf_free(&text);
	arena_free(a);
	return 0;
}
