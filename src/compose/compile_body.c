/*
 * What the writer wrote, as text and as HTML. Conditions cut it into segments,
 * each of which is turned by itself, so that none can reach into the next; the
 * switches between them and the markers of fields stay in for compile_cut.c.
 */
#include "base/utf8.h"
#include "compose/compiled.h"
#include "compose/handmade.h"
#include "compose/markdown.h"

/* What editors leave in a file: a byte order mark, CRLF. The rest is refused, not repaired. */
static char *tidy(struct arena *a, const char *text)
{
	size_t n;
	char *copy, *to;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	n = strlen(text);
	copy = to = arena_text_n(a, text, n);
	for (const char *p = text; *p; p++)
		if (!(p[0] == '\r' && p[1] == '\n'))
			*to++ = *p;
	*to = '\0';
	return utf8_valid(copy, strlen(copy)) ? utf8_nfc(a, copy) : copy;
}

static size_t line_at(const char *text, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

/* --- links ---------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\0';
}

/* Does a marker in this word, which holds a web address, stand where none may? Behind "](" link_is_good looks closer. */
static bool has_stray_marker(const char *word, size_t n)
{
	const char *open = memmem(word, n, "](", 2);
	size_t at = slot_find(word, n);

	return at < n && (!open || word + at < open);
}

/* A field in a bare web address: mail programs end the link elsewhere than people do. */
static int check_links(const struct buf *marked, struct err *e)
{
	static const char *const SIGNS[] = { "://", "](", "mailto:" };
	const char *text = buf_text(marked);
	size_t at = slot_find(text, marked->n), from, to;

	for (; at < marked->n; at = to + slot_find(text + to, marked->n - to)) {
		for (from = at; from > 0 && !is_blank(text[from - 1]); from--)
			;
		for (to = at; to < marked->n && !is_blank(text[to]); to++)
			;
		for (size_t i = 0; i < COUNT(SIGNS); i++)
			if (memmem(text + from, to - from, SIGNS[i], strlen(SIGNS[i])) &&
			    has_stray_marker(text + from, to - from))
				return err_set(e, ERR_INPUT,
					       "body, line %zu: a field cannot be a part of a bare web address; write a link with words: [words](https://...)",
					       line_at(text, at));
	}
	return 0;
}

/* Is the field of the marker at p, which begins a link's address, all that there is of it? Then it was declared as a link. */
static bool is_declared(const struct slots *s, const char *p, size_t n)
{
	size_t slot;

	return slot_at(p, n, &slot) && s->slot[slot].kind == SLOT_FIELD && s->link[s->slot[slot].field];
}

/*
 * A link's address with a marker in it is put into angle brackets: Markdown takes no controls elsewhere. A declared link
 * that stands among words becomes a link with its own address for words.
 */
static struct buf *bracket_links(const struct slots *s, const struct buf *marked)
{
	struct buf *out = compile_buf(s->arena);
	const char *p = buf_text(marked), *end = p + marked->n;

	while (p < end) {
		if (end - p >= 2 && p[0] == ']' && p[1] == '(') {
			size_t n = strcspn(p + 2, "() \t\n<>");
			bool brackets = p[2 + n] == ')' && slot_find(p + 2, n) < n;

			buf_adds(out, brackets ? "](<" : "](");
			buf_add(out, p + 2, n);
			buf_adds(out, brackets ? ">" : "");
			p += 2 + n;
		} else if (is_declared(s, p, (size_t)(end - p))) {
			buf_addf(out, "[%.3s](<%.3s>)", p, p);
			p += MARK_SIZE;
		} else {
			buf_addc(out, *p++);
		}
	}
	return out;
}

/* --- segments ------------------------------------------------------------- */

struct turning {
	struct slots *s;
	const struct draft *d;
	struct markdown_images images;
	struct inner *in;
	struct err *e;
};

/* So many line feeds before the segment as lines are before it in the file: errors name the line. */
static void add_lines(struct buf *out, const char *text, size_t at)
{
	for (size_t i = 1; i < line_at(text, at); i++)
		buf_addc(out, '\n');
}

static int turn_markdown(struct turning *t, const struct buf *part, struct buf *text)
{
	const struct buf *md = bracket_links(t->s, part);

	return markdown_mail_text(buf_text(md), md->n, &t->images, text, t->e) < 0 ||
			       markdown_mail_html(buf_text(md), md->n, &t->images, t->in->html, t->e) < 0
		       ? -1
		       : 0;
}

/* One segment into both forms; in the text an empty line parts it from what is before it. */
static int turn_segment(struct turning *t, const struct buf *marked, size_t from, size_t to)
{
	struct buf *part = compile_buf(t->s->arena), *text = compile_buf(t->s->arena);

	add_lines(part, buf_text(marked), from);
	buf_add(part, buf_text(marked) + from, to - from);
	if (turn_markdown(t, part, text) < 0)
		return err_in(t->e, "body");
	if (text->n) {
		buf_adds(t->in->text, from ? "\n" : "");
		buf_add_buf(t->in->text, text);
	}
	return 0;
}

static int turn(struct turning *t, const struct buf *marked)
{
	const char *p = buf_text(marked);
	size_t from = 0, to, segment;

	for (;;) {
		to = from + switch_find(p + from, marked->n - from);
		if (turn_segment(t, marked, from, to) < 0)
			return -1;
		if (!switch_at(p + to, marked->n - to, &segment))
			return 0;
		switch_mark(segment, t->in->text);
		switch_mark(segment, t->in->html);
		from = to + MARK_SIZE;
	}
}

/* HTML keeps its conditions: its reader looks where they stand. */
static int turn_html(struct turning *t, const struct buf *marked)
{
	const struct handmade *h =
		handmade_read(t->s->arena, buf_text(marked), marked->n, &t->images, &t->in->notes, t->e);

	if (!h || handmade_to_html(h, t->in->html, t->e) < 0 || handmade_to_text(h, t->in->text, t->e) < 0)
		return err_in(t->e, "body");
	return 0;
}

/* --- the whole ------------------------------------------------------------ */

static const struct image *const *named_images(struct arena *a, const struct draft *d, const bool *used)
{
	const struct image **list = ARENA_ARRAY(a, const struct image *, d->n_images + 1);
	size_t n = 0;

	for (size_t i = 0; i < d->n_images; i++)
		if (used[i])
			list[n++] = &d->images[i];
	list[n] = NULL;
	return list;
}

static bool has_words(const struct buf *text)
{
	const char *p = buf_text(text), *end = p + text->n;
	size_t segment;

	while (p < end && (*p == '\n' || switch_at(p, (size_t)(end - p), &segment)))
		p += *p == '\n' ? 1 : MARK_SIZE;
	return p < end;
}

int compile_body(struct slots *s, const struct draft *d, struct inner *in, struct err *e)
{
	struct buf *marked = compile_buf(s->arena);
	bool *used = ARENA_ARRAY(s->arena, bool, d->n_images + 1);
	struct turning t = { .s = s, .d = d, .in = in, .e = e,
			     .images = { d->images, d->n_images, d->identity_domain, used } };

	in->text = compile_buf(s->arena);
	in->html = compile_buf(s->arena);
	s->conditions = true;
	if (fields_parse(s, "body", tidy(s->arena, d->body), marked, e) < 0)
		return -1;
	if (d->format == BODY_HTML ? turn_html(&t, marked) < 0 : check_links(marked, e) < 0 || turn(&t, marked) < 0)
		return -1;
	in->images = named_images(s->arena, d, used);
	if (!has_words(in->text))
		return err_set(e, ERR_INPUT, "body: there are no words in it");
	if (!d->house.trial && strstr(buf_text(in->html), "href=\"http:"))
		return err_set(e, ERR_INPUT, "body: a link is not secure; write https:// where it says http://");
	return 0;
}
