/*
 * What message_parse sees in files, for tests in Python: one JSON object a line, with "fields" ([name, decoded]), "from"
 * ([name, address]), and "parts"; or "error". Text of parts is as the program has it, other parts are their length.
 * Of an HTML part also what becomes of it as a body: "written", or "refused" with the reason.
 */
#include <jansson.h>

#include "base/arena.h"
#include "base/file.h"
#include "compose/handmade.h"
#include "mail/html.h"
#include "mail/message.h"

#define FILE_MOST ((size_t)64 << 20)

static json_t *text(const char *s, size_t n)
{
	json_t *j = json_stringn(s, n);

	return j ? j : json_string("(not UTF-8)");
}

static json_t *mailboxes(struct arena *a, const struct message *m)
{
	const struct field *from = message_field(m, "From", 0);
	struct mailbox box[50];
	json_t *out = json_array();
	size_t n = 0;

	if (!from || !message_mailboxes(a, from->raw, box, COUNT(box), &n))
		return json_decref(out), json_null();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, json_pack("[o, o]", text(box[i].name, strlen(box[i].name)),
						     text(box[i].address, strlen(box[i].address))));
	return out;
}

/* What the writer of HTML and the reader of messages make of a part. */
static json_t *written(struct arena *a, const struct part *p)
{
	struct handmade_notes notes = { .n = 0 };
	struct html_view view;
	struct buf html, plain;
	struct err e = { 0 };
	struct handmade *h;
	json_t *out;

	buf_init(&html, 16 << 20);
	buf_init(&plain, 16 << 20);
	if (html_read(a, (struct slice){ p->bytes, p->n }, &view, &e) < 0)
		err_clear(&e);
	h = handmade_read(a, p->bytes, p->n, NULL, &notes, &e);
	if (h && handmade_to_html(h, &html, &e) == 0 && handmade_to_text(h, &plain, &e) == 0)
		out = json_pack("{s:o}", "written", text(buf_text(&html), html.n));
	else
		out = json_pack("{s:s}", "refused", e.text);
	buf_free(&html);
	buf_free(&plain);
	return out;
}

static json_t *part(struct arena *a, const struct part *p)
{
	json_t *out = json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:i, s:I}", "type", p->type, "disposition", p->disposition,
				"filename", p->filename, "content_id", p->content_id, "parent", p->parent, "depth", p->depth, "n",
				(json_int_t)p->n);

	if (!out)
		return json_string("(a name that is not UTF-8)");
	if (strncmp(p->type, "text/", 5) == 0)
		json_object_set_new(out, "text", text(p->bytes, p->n));
	if (strcmp(p->type, "text/html") == 0)
		json_object_update_new(out, written(a, p));
	return out;
}

static json_t *one(struct arena *a, struct slice bytes)
{
	struct message m;
	struct err e = { 0 };
	json_t *fields, *parts;

	if (message_parse(a, bytes, &m, &e) < 0)
		return json_pack("{s:s}", "error", e.text);
	fields = json_array();
	parts = json_array();
	for (size_t i = 0; i < m.n_fields; i++)
		json_array_append_new(fields, json_pack("[o, o]", text(m.fields[i].name, strlen(m.fields[i].name)),
							text(m.fields[i].decoded, strlen(m.fields[i].decoded))));
	for (size_t i = 0; i < m.n_parts; i++)
		json_array_append_new(parts, part(a, &m.parts[i]));
	return json_pack("{s:o, s:o, s:o}", "fields", fields, "parts", parts, "from", mailboxes(a, &m));
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct arena *a = arena_new();
		struct err e = { 0 };
		struct buf bytes;
		json_t *told;

		buf_init(&bytes, FILE_MOST);
		if (file_read(argv[i], &bytes, &e) < 0)
			return fprintf(stderr, "mime_tool: %s\n", e.text), 1;
		told = one(a, (struct slice){ buf_text(&bytes), bytes.n });
		json_dumpf(told, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(told);
		buf_free(&bytes);
		arena_free(a);
	}
	return 0;
}
