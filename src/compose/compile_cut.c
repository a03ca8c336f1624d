/*
 * Both parts as pieces for the wire. The one idea: what differs between two
 * recipients is found here, once, with everything that rendering has to know
 * of its place: whether it stands in text, in HTML or in a link, whether a line
 * ends behind it, and who sees it at all.
 */
#include "compose/compiled.h"

#include "base/codec.h"
#include "compose/markdown.h"
#include "compose/parts.h"
#include "mail/header.h"

#define PIECES_MAX 2000
#define NEEDS_MAX  500
#define BASE64_LINE 57 /* bytes, 76 characters */

struct cutter {
	const struct slots *slots;
	struct compiled *c;
	struct buf *bytes; /* all static bytes; pieces point into it when it is finished */
	struct piece *piece;
	size_t from[PIECES_MAX]; /* where each piece's bytes begin */
	size_t n;
	struct need *need;
	size_t n_needs;
	uint16_t on, off; /* of the segment that is being cut */
	size_t seen, word, sign; /* look_on: of the part that is being cut */
	struct err *e;
};

/* Ends the current piece, with a slot or without, and begins one that is seen by who sees the segment. */
static int end_piece(struct cutter *c, const struct slot *slot, enum form form, bool before_break)
{
	if (c->n + 2 >= PIECES_MAX)
		return err_set(c->e, ERR_INPUT, "there are more than %d places to be filled in", PIECES_MAX - 10);
	c->piece[c->n].slot = slot;
	c->piece[c->n].form = form;
	c->piece[c->n].before_break = before_break;
	c->from[++c->n] = c->bytes->n;
	c->piece[c->n].on = c->on;
	c->piece[c->n].off = c->off;
	return 0;
}

static int switch_to(struct cutter *c, const struct segment *g)
{
	c->on = g->on;
	c->off = g->off;
	return end_piece(c, NULL, FORM_TEXT, false);
}

/* --- where a slot stands --- */

/* Goes on to `at`, once over each byte: where its word begins, or in HTML the attribute's value, and what stands behind the
   first "://" in it; 0 if there is none. */
static void look_on(struct cutter *c, const char *part, size_t at, const char *ends)
{
	for (; c->seen < at; c->seen++)
		if (strchr(ends, part[c->seen])) {
			c->word = c->seen + 1;
			c->sign = 0;
		} else if (!c->sign && c->seen - c->word >= 2 && memcmp(part + c->seen - 2, "://", 3) == 0) {
			c->sign = c->seen + 1;
		}
}

/* In text: not the address of a link, which stands in angle brackets, or still in its host. Words come together there that
   HTML had in several elements, and mail programs make links of what they look like. */
static bool is_bare(const struct cutter *c, const char *part, size_t at)
{
	size_t p = c->sign;

	if (!c->word || part[c->word - 1] != '<')
		return true;
	while (p < at && !strchr("/?#", part[p]))
		p++;
	return p == at;
}

static int find_form(struct cutter *c, const struct slot *slot, const char *part, size_t at, bool html, enum form *out)
{
	bool field = slot->kind == SLOT_FIELD, link = field && c->slots->link[slot->field];
	const char *name = field ? c->slots->name[slot->field] : "";
	bool in_tag;

	look_on(c, part, at, html ? "\"<>" : " \t\n<");
	/* A quote may be text as well, were it not always escaped there. */
	in_tag = html && c->word && part[c->word - 1] == '"';
	*out = html ? FORM_HTML : FORM_TEXT;
	if (c->sign && (in_tag || !html)) {
		if (link)
			return err_set(c->e, ERR_INPUT, "the field %s is a link by itself, and no part of another: write [words]({{%s}})",
				       name, name);
		if (field && !html && is_bare(c, part, at))
			return err_set(c->e, ERR_INPUT,
				       "the field %s cannot be a part of a bare web address; write a link with words", name);
		*out = FORM_URL;
		if (field)
			c->c->in_url[slot->field] = true;
	} else if (link) {
		*out = html ? FORM_LINK_HTML : FORM_LINK_TEXT;
	} else if (field && in_tag) {
		return err_set(c->e, ERR_INPUT, "the field %s is used as a link; declare it as one: --link-field %s", name, name);
	}
	return 0;
}

static int add_need(struct cutter *c, const struct slot *slot)
{
	struct need need = { slot->field, c->on, c->off };

	if (slot->kind != SLOT_FIELD || slot->used)
		return 0;
	for (size_t i = 0; i < c->n_needs; i++)
		if (c->need[i].field == need.field && (c->need[i].on & need.on) == c->need[i].on &&
		    (c->need[i].off & need.off) == c->need[i].off)
			return 0; /* who sees this one sees that one too */
	if (c->n_needs == NEEDS_MAX)
		return err_set(c->e, ERR_INPUT, "fields without a default stand under too many conditions; give them defaults, as in {{%s|...}}",
			       c->slots->name[slot->field]);
	c->need[c->n_needs++] = need;
	return 0;
}

/* The subject is seen by everybody. */
static int add_needs_of_subject(struct cutter *c, const char *subject)
{
	size_t left = strlen(subject), n, i;

	for (; left; subject += n, left -= n) {
		n = slot_find(subject, left);
		if (!slot_at(subject + n, left - n, &i))
			continue;
		if (add_need(c, &c->slots->slot[i]) < 0)
			return -1;
		n += MARK_SIZE;
	}
	return 0;
}

/* --- cutting --- */

static int cut_slot(struct cutter *c, const struct buf *part, size_t at, const struct slot *slot, bool html)
{
	const char *behind = buf_text(part) + at + MARK_SIZE;
	bool ends = at + MARK_SIZE == part->n || *behind == '\n';
	enum form form;

	if (find_form(c, slot, buf_text(part), at, html, &form) < 0)
		return -1;
	return add_need(c, slot) < 0 ? -1 : end_piece(c, slot, form, ends);
}

static int cut_part(struct cutter *c, const struct buf *part, bool html)
{
	const char *p = buf_text(part);
	size_t at = 0, n, i;

	c->seen = c->word = c->sign = 0;
	while (at < part->n) {
		n = cut_find(p + at, part->n - at);
		/* A segment ends with a line, so that its last line break need not be kept from the next. */
		qp_encode_piece(c->bytes, p + at, n, at + n == part->n || switch_at(p + at + n, part->n - at - n, &i));
		at += n;
		if (slot_at(p + at, part->n - at, &i)) {
			MUST(i < c->slots->n);
			if (cut_slot(c, part, at, &c->slots->slot[i], html) < 0)
				return -1;
		} else if (switch_at(p + at, part->n - at, &i)) {
			MUST(i < c->slots->n_segments);
			if (switch_to(c, &c->slots->segment[i]) < 0)
				return -1;
		} else {
			break;
		}
		at += MARK_SIZE;
	}
	return 0;
}

/* Values get <bdi> around them, so that their reading direction cannot reach the words beside them (BODY-6). */
static struct buf *isolate(struct slots *s, const struct buf *html)
{
	struct buf *out = compile_buf(s->arena);
	const char *p = buf_text(html);
	size_t left = html->n, n, slot;
	bool in_tag = false;

	while (left) {
		n = slot_find(p, left);
		for (size_t i = 0; i < n; i++)
			in_tag = p[i] == '<' || (in_tag && p[i] != '>');
		buf_add(out, p, n);
		p += n;
		left -= n;
		if (!slot_at(p, left, &slot))
			continue;
		bool value = !in_tag && (s->slot[slot].kind == SLOT_FIELD || s->slot[slot].kind == SLOT_CONSENT);

		buf_adds(out, value ? "<bdi>" : "");
		buf_add(out, p, MARK_SIZE);
		buf_adds(out, value ? "</bdi>" : "");
		p += MARK_SIZE;
		left -= MARK_SIZE;
	}
	return out;
}

/* --- images (FMT-9) --- */

static void add_base64(struct buf *out, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i += BASE64_LINE) {
		size_t n = bytes.n - i < BASE64_LINE ? bytes.n - i : BASE64_LINE;

		base64_encode(out, bytes.p + i, n);
		buf_adds(out, "\r\n");
	}
}

static void add_image(struct buf *out, const struct image *x, const char *boundary, const char *domain)
{
	const char *ending = strchr(x->type, '/');

	buf_addf(out, "\r\n--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <", boundary, x->type);
	image_content_id(x, domain, out);
	buf_addf(out, ">\r\nContent-Disposition: inline; filename=\"%s.%s\"\r\n\r\n", x->name, ending ? ending + 1 : "img");
	add_base64(out, x->bytes);
}

/* --- the whole --- */

static int check_size(const struct cutter *c, size_t html_from, size_t html_to)
{
	if (c->bytes->over || c->bytes->n > MESSAGE_MAX || html_to - html_from > HTML_MAX)
		return err_set(c->e, ERR_INPUT,
			       "the message is %zu kB large, its HTML part %zu kB; at most %d and %d are allowed, images "
			       "included, so that no mail program cuts it off: put a part of it on the project's page",
			       c->bytes->n / 1000, (html_to - html_from) / 1000, MESSAGE_MAX / 1000, HTML_MAX / 1000);
	return 0;
}

/* The HTML part, with its images around it where there are any. */
static int cut_html(struct cutter *c, struct slots *s, const struct draft *d, const char *boundary, const struct buf *html,
		    const struct inner *in)
{
	char inside[BOUNDARY_SIZE + 2];
	bool related = in->images[0] != NULL;
	size_t from, to;

	snprintf(inside, sizeof(inside), "%s.i", boundary);
	if (related)
		buf_addf(c->bytes, "--%s\r\nContent-Type: multipart/related; type=\"text/html\";\r\n boundary=\"%s\"\r\n\r\n", boundary,
			 inside);
	part_open(c->bytes, related ? inside : boundary, "html");
	from = c->bytes->n;
	if (cut_part(c, isolate(s, html), true) < 0)
		return -1;
	to = c->bytes->n;
	for (size_t i = 0; in->images[i]; i++)
		add_image(c->bytes, in->images[i], inside, d->identity_domain);
	if (related)
		buf_addf(c->bytes, "\r\n--%s--\r\n", inside);
	return check_size(c, from, to);
}

int compile_cut(struct slots *s, const struct draft *d, const char *boundary, const struct buf *text,
		const struct buf *html, const struct inner *in, struct compiled *out, struct err *e)
{
	struct cutter *c = ARENA_NEW(s->arena, struct cutter);

	c->slots = s;
	c->c = out;
	c->e = e;
	c->bytes = compile_buf(s->arena);
	c->piece = ARENA_ARRAY(s->arena, struct piece, PIECES_MAX);
	c->need = ARENA_ARRAY(s->arena, struct need, NEEDS_MAX);
	part_open(c->bytes, boundary, "plain");
	if (add_needs_of_subject(c, out->subject) < 0 || cut_part(c, text, false) < 0)
		return -1;
	buf_adds(c->bytes, "\r\n");
	if (cut_html(c, s, d, boundary, html, in) < 0)
		return -1;
	buf_addf(c->bytes, "\r\n--%s--\r\n", boundary);
	c->from[++c->n] = c->bytes->n;
	for (size_t i = 0; i < c->n; i++)
		c->piece[i].bytes = (struct slice){ c->bytes->p + c->from[i], c->from[i + 1] - c->from[i] };
	out->piece = c->piece;
	out->n_pieces = c->n;
	out->need = c->need;
	out->n_needs = c->n_needs;
	return 0;
}
