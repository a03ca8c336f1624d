/*
 * Compiling a mailing: see compose.h. Fields become markers, Markdown becomes
 * text and HTML around them, the house template goes around both; then the two
 * parts are cut at the markers into pieces that are encoded for the wire once
 * and for all. What is left per recipient is in render.c.
 */
#include "compose/compiled.h"

#include <endian.h>
#include <openssl/evp.h>

#include "base/utf8.h"
#include "compose/compile_head.h"
#include "compose/house.h"
#include "compose/markdown.h"
#include "compose/parts.h"
#include "mail/header.h"

/* FMT-16: below the 100 kB at which mail programs cut messages off, with room for headers and values. */
#define MESSAGE_MAX   95000
#define HTML_MAX      88000
#define WORK_MAX      (1024 * 1024) /* for what is cut, measured and refused later */
#define PIECES_MAX    2000

static void release(void *b)
{
	buf_free(b);
}

/* A buffer that lives as long as the arena. */
static struct buf *work_buf(struct arena *a)
{
	struct buf *b = ARENA_NEW(a, struct buf);

	buf_init(b, WORK_MAX);
	arena_defer(a, release, b);
	return b;
}

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

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\0';
}

/*
 * Does a marker in this word, which holds a web address, stand where none may? The number of somebody's group may,
 * in a link with words (link_is_good says where): it is one of a few digits.
 */
static bool has_stray_marker(const struct slots *s, const char *word, size_t n)
{
	const char *open = memmem(word, n, "](", 2);
	size_t slot;

	for (size_t at = slot_find(word, n); at < n; at += MARK_SIZE + slot_find(word + at + MARK_SIZE, n - at - MARK_SIZE))
		if (!slot_at(word + at, n - at, &slot) || s->slot[slot].kind != SLOT_ARM || !open || word + at < open)
			return true;
	return false;
}

/* A field in a web address would send each person somewhere that nobody has approved. */
static int check_links(const struct slots *s, const struct buf *marked, struct err *e)
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
			    has_stray_marker(s, text + from, to - from))
				return err_set(e, ERR_INPUT, "body, line %zu: a field cannot be a part of a web address%s",
					       line_at(text, at),
					       s->arms ? "; {{arm}} can, in a link with words: [words](https://...)" : "");
	}
	return 0;
}

/* A link's address with a marker in it is put into angle brackets: Markdown takes no controls elsewhere. */
static struct buf *bracket_links(struct arena *a, const struct buf *marked)
{
	struct buf *out = work_buf(a);
	const char *p = buf_text(marked), *open;

	while ((open = strstr(p, "](")) != NULL) {
		size_t n = strcspn(open + 2, "() \t\n<>");
		bool brackets = open[2 + n] == ')' && slot_find(open + 2, n) < n;

		buf_add(out, p, (size_t)(open + 2 - p));
		buf_adds(out, brackets ? "<" : "");
		buf_add(out, open + 2, n);
		buf_adds(out, brackets ? ">" : "");
		p = open + 2 + n;
	}
	buf_adds(out, p);
	return out;
}

/* What the writer wrote, in both forms, with markers. */
struct inner {
	struct buf *text, *html;
};

static int compile_inner(struct slots *s, const struct draft *d, struct inner *in, struct err *e)
{
	struct buf *marked = work_buf(s->arena);

	in->text = work_buf(s->arena);
	in->html = work_buf(s->arena);
	if (fields_parse(s, "body", tidy(s->arena, d->body), marked, e) < 0 || check_links(s, marked, e) < 0)
		return -1;
	marked = bracket_links(s->arena, marked);
	if (markdown_to_text(buf_text(marked), marked->n, in->text, e) < 0 ||
	    markdown_to_html(buf_text(marked), marked->n, false, in->html, e) < 0)
		return err_in(e, "body");
	if (in->text->n == 0)
		return err_set(e, ERR_INPUT, "body: there are no words in it");
	if (!d->house.trial && strstr(buf_text(in->html), "href=\"http:"))
		return err_set(e, ERR_INPUT, "body: a link is not secure; write https:// where it says http://");
	return 0;
}

/* --- cutting into pieces -------------------------------------------------- */

struct cutter {
	const struct slots *slots;
	struct buf *bytes; /* all static bytes; pieces point into it when it is finished */
	struct piece *piece;
	size_t from[PIECES_MAX]; /* where each piece's bytes begin */
	size_t n;
};

/* Ends the current piece with a slot. */
static int cut(struct cutter *c, const struct slot *slot, bool html, bool before_break, struct err *e)
{
	if (c->n + 1 >= PIECES_MAX)
		return err_set(e, ERR_INPUT, "there are more than %d places to be filled in", PIECES_MAX - 10);
	c->piece[c->n].slot = slot;
	c->piece[c->n].html = html;
	c->piece[c->n].before_break = before_break;
	c->from[++c->n] = c->bytes->n;
	return 0;
}

static int cut_part(struct cutter *c, const struct buf *part, bool html, struct err *e)
{
	const char *p = buf_text(part);
	size_t left = part->n, n, slot;

	while (left) {
		n = slot_find(p, left);
		qp_encode_piece(c->bytes, p, n, n == left);
		p += n;
		left -= n;
		if (!slot_at(p, left, &slot))
			continue;
		MUST(slot < c->slots->n);
		p += MARK_SIZE;
		left -= MARK_SIZE;
		if (cut(c, &c->slots->slot[slot], html, left == 0 || *p == '\n', e) < 0)
			return -1;
	}
	return 0;
}

/* Values get <bdi> around them, so that their reading direction cannot reach the words beside them (BODY-6). */
static struct buf *isolate(struct slots *s, const struct buf *html)
{
	struct buf *out = work_buf(s->arena);
	const char *p = buf_text(html);
	size_t left = html->n, n, slot;

	while (left) {
		n = slot_find(p, left);
		buf_add(out, p, n);
		p += n;
		left -= n;
		if (!slot_at(p, left, &slot))
			continue;
		bool value = s->slot[slot].kind == SLOT_FIELD || s->slot[slot].kind == SLOT_CONSENT;

		buf_adds(out, value ? "<bdi>" : "");
		buf_add(out, p, MARK_SIZE);
		buf_adds(out, value ? "</bdi>" : "");
		p += MARK_SIZE;
		left -= MARK_SIZE;
	}
	return out;
}

static int check_size(const struct cutter *c, size_t html_from, struct err *e)
{
	if (c->bytes->over || c->bytes->n > MESSAGE_MAX || c->bytes->n - html_from > HTML_MAX)
		return err_set(e, ERR_INPUT,
			       "the message is %zu kB large, its HTML part %zu kB; at most %d and %d are allowed, so "
			       "that no mail program cuts it off: put a part of it on the project's page",
			       c->bytes->n / 1000, (c->bytes->n - html_from) / 1000, MESSAGE_MAX / 1000,
			       HTML_MAX / 1000);
	return 0;
}

static int cut_message(struct slots *s, const char *boundary, const struct buf *text, const struct buf *html,
		       struct compiled *out, struct err *e)
{
	struct cutter *c = ARENA_NEW(s->arena, struct cutter);
	size_t html_from;

	c->slots = s;
	c->bytes = work_buf(s->arena);
	c->piece = ARENA_ARRAY(s->arena, struct piece, PIECES_MAX);
	part_open(c->bytes, boundary, "plain");
	if (cut_part(c, text, false, e) < 0)
		return -1;
	buf_adds(c->bytes, "\r\n");
	part_open(c->bytes, boundary, "html");
	html_from = c->bytes->n;
	if (cut_part(c, isolate(s, html), true, e) < 0 || check_size(c, html_from, e) < 0)
		return -1;
	buf_addf(c->bytes, "\r\n--%s--\r\n", boundary);
	c->from[++c->n] = c->bytes->n;
	for (size_t i = 0; i < c->n; i++)
		c->piece[i].bytes = (struct slice){ c->bytes->p + c->from[i], c->from[i + 1] - c->from[i] };
	out->piece = c->piece;
	out->n_pieces = c->n;
	return 0;
}

/* --- what is shown of it -------------------------------------------------- */

/* The text with its slots as words in braces. */
static const char *show(const struct slots *s, const struct buf *text)
{
	static const char *const WORD[] = {
		[SLOT_OPT_OUT] = "token", [SLOT_CODE] = "code", [SLOT_CONSENT] = "consent", [SLOT_ARM] = "arm"
	};
	struct buf *out = work_buf(s->arena);
	const char *p = buf_text(text);
	size_t left = text->n, n, i;

	while (left) {
		n = slot_find(p, left);
		buf_add(out, p, n);
		p += n;
		left -= n;
		if (!slot_at(p, left, &i))
			continue;
		const struct slot *slot = &s->slot[i];

		buf_addf(out, "{%s}", slot->kind == SLOT_FIELD ? s->name[slot->field] : WORD[slot->kind]);
		p += MARK_SIZE;
		left -= MARK_SIZE;
	}
	return buf_text(out);
}

static void hash_slice(EVP_MD_CTX *md, const char *p, size_t n)
{
	uint64_t len = htobe64(n);

	MUST(EVP_DigestUpdate(md, &len, sizeof(len)) == 1 && EVP_DigestUpdate(md, p, n) == 1);
}

/* Each piece with its length before it, so that none can pass for another. */
static void hash_message(struct compiled *c, const char *html)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned n;

	MUST(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	for (int i = 0; i < HEAD_PARTS; i++)
		if (i != HEAD_END) /* its boundary is made of what follows */
			hash_slice(md, c->head[i].p, c->head[i].n);
	hash_slice(md, c->subject, strlen(c->subject));
	hash_slice(md, c->public_text, strlen(c->public_text));
	hash_slice(md, html, strlen(html));
	for (size_t i = 0; i < c->slots->n; i++)
		if (c->slots->slot[i].used)
			hash_slice(md, c->slots->slot[i].used, strlen(c->slots->slot[i].used));
	MUST(EVP_DigestFinal_ex(md, c->hash, &n) == 1);
	EVP_MD_CTX_free(md);
}

struct compiled *compose_compile(struct arena *a, const struct draft *d, struct err *e)
{
	struct slots *s = ARENA_NEW(a, struct slots);
	struct compiled *c = ARENA_NEW(a, struct compiled);
	struct buf *text = work_buf(a), *html = work_buf(a);
	char boundary[BOUNDARY_SIZE];
	struct inner in;

	s->arena = a;
	s->arms = d->arms;
	c->slots = s;
	if (house_check(d, e) < 0 || compile_subject(a, s, d, c, e) < 0 || compile_inner(s, d, &in, e) < 0)
		return NULL;
	house_text(d, s, buf_text(in.text), text);
	house_html(d, s, buf_text(in.html), html);
	if (text->over || html->over) {
		err_set(e, ERR_INPUT, "the message is too long; put a part of it on the project's page");
		return NULL;
	}
	parts_boundary(d->mailing_id, text, html, boundary);
	if (cut_message(s, boundary, text, html, c, e) < 0 || compile_head(a, d, boundary, c, e) < 0)
		return NULL;
	c->identity_domain = arena_text(a, d->identity_domain);
	c->web_url = arena_text(a, d->web_url);
	c->public_text = show(s, text);
	hash_message(c, show(s, html));
	c->body_text = show(s, in.text);
	return c;
}

void compose_hash(const struct compiled *c, uint8_t out[32])
{
	memcpy(out, c->hash, sizeof(c->hash));
}

size_t compose_fields(const struct compiled *c, const char *const **names)
{
	*names = c->slots->name;
	return c->slots->n_names;
}

bool compose_needs_value(const struct compiled *c, size_t field)
{
	for (size_t i = 0; i < c->slots->n; i++)
		if (c->slots->slot[i].kind == SLOT_FIELD && c->slots->slot[i].field == field && !c->slots->slot[i].used)
			return true;
	return false;
}

const char *compose_public_text(const struct compiled *c)
{
	return c->public_text;
}

const char *compose_body_text(const struct compiled *c)
{
	return c->body_text;
}
