/*
 * What becomes of HTML written by hand, for tests in Python: one JSON object a line for each file that is named, with
 * "html", "text", "notes" ({words: count}), and "again" (its HTML when that is read once more), or "error".
 */
#include <jansson.h>

#include "base/arena.h"
#include "base/file.h"
#include "compose/handmade.h"
#include "compose/look.h"

static void free_text(void *b)
{
	buf_free(b);
}

static struct buf *text_buf(struct arena *a)
{
	struct buf *b = ARENA_NEW(a, struct buf);

	buf_init(b, 4 << 20);
	arena_defer(a, free_text, b);
	return b;
}

/* -1 with `e` filled. */
static int turn(struct arena *a, struct slice in, struct handmade_notes *notes, struct buf *html, struct buf *text, struct err *e)
{
	struct handmade *h = handmade_read(a, in.p, in.n, NULL, notes, e);
	struct buf *places = text_buf(a);
	struct look look;

	if (!h || handmade_to_html(h, places, e) < 0)
		return -1;
	look_init(&look);
	look_fill(&look, NULL, buf_text(places), places->n, html);
	return text ? handmade_to_text(h, text, e) : 0;
}

static void put(json_t *out, const char *key, const struct buf *b)
{
	json_object_set_new(out, key, json_stringn_nocheck(buf_text(b), b->n));
}

static json_t *one(struct arena *a, struct slice in)
{
	struct buf *html = text_buf(a), *text = text_buf(a), *again = text_buf(a);
	struct handmade_notes notes = { .n = 0 }, more = { .n = 0 };
	json_t *out = json_object(), *told = json_object();
	struct err e = { 0 };

	if (turn(a, in, &notes, html, text, &e) < 0) {
		json_object_set_new(out, "error", json_string(e.text));
	} else {
		put(out, "html", html);
		put(out, "text", text);
		if (turn(a, (struct slice){ buf_text(html), html->n }, &more, again, NULL, &e) < 0)
			json_object_set_new(out, "again", json_string(e.text));
		else
			put(out, "again", again);
	}
	for (size_t i = 0; i < notes.n; i++)
		json_object_set_new(told, notes.note[i].what, json_integer((json_int_t)notes.note[i].count));
	json_object_set_new(out, "notes", told);
	return out;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct arena *a = arena_new();
		struct err e = { 0 };
		struct buf *in = text_buf(a);
		json_t *told;

		if (file_read(argv[i], in, &e) < 0)
			return fprintf(stderr, "handmade_tool: %s\n", e.text), 1;
		told = one(a, (struct slice){ buf_text(in), in->n });
		json_dumpf(told, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(told);
		arena_free(a);
	}
	return 0;
}
