/*
 * What a person sees: see html.h. libxml2's push parser calls us for each tag and text; an element
 * that is open has a frame with its look, and each text goes to `text` or to `hidden` by the look
 * around it. Nothing is guessed: after a construct that is not known everything counts as hidden, and
 * one that can cover other text takes all text with it.
 */
#include "mail/html.h"

#include <ctype.h>
#include <glib.h>
#include <libxml/HTMLparser.h>
#include <math.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "mail/html_flow.h"
#include "mail/html_hints.h"
#include "mail/html_scan.h"
#include "mail/html_style.h"
#include "mail/html_watch.h"

#define HTML_MAX ((size_t)4 * 1024 * 1024)
#define SEEN_MAX ((size_t)100 * 1000) /* mail clients cut off what comes later (FMT-16) */
#define FRAMES_MAX (HTML_DEPTH_MAX + 10)
#define LINKS_MAX 5000
#define GAP 8 /* px; more than that between letters parts a word */
#define MARKS_MAX 5 /* combining marks on one letter; more of them reach into other lines */

enum element_kind { PLAIN, BLOCK, CELL, BREAK, SILENT, ACTIVE, STRANGE };

struct frame {
	struct element *el, plain; /* plain: the element itself, where no selector will look at it any more */
	struct element *last; /* its last child */
	enum element_kind kind;
	bool block, silent, link;
	bool gap;          /* puts room between the letters around it */
	bool implied;      /* browsers put it there: a <tbody> */
	bool tight;        /* it may be no higher than `height` */
	bool broken;       /* and has more than one line in it */
	float height, room; /* px; the least in any world */
	double used;       /* px that text in it has taken */
	struct look look[WORLDS_MAX];
};

struct reader {
	struct arena *a;
	htmlParserCtxtPtr parser;
	struct sheet *sheet;
	struct html_view *out;
	struct flow text, hidden, words, title;
	struct style_notes notes;
	struct look root[WORLDS_MAX]; /* of the bare page */
	struct frame frame[FRAMES_MAX];
	size_t depth;
	struct html_link *links;
	struct html_image *images;
	size_t links_room, images_room;
	/* px of text in front: with no blank since, with no break since, with no line break of its own since */
	double before_word, before_line, before_own;
	bool rows;   /* a cell reaches over rows */
	bool others; /* between comments that show it to some clients only */
	bool turned; /* the direction of reading was turned round in this block */
	bool unseen; /* from here on nothing counts as visible */
	bool in_link, in_title;
};

/* --- elements --- */

static enum element_kind kind_of(const char *name)
{
	static const char *const LISTS[][48] = {
		[PLAIN] = { "span", "a", "b", "strong", "i", "em", "u", "s", "small", "big", "sub", "sup", "code",
			    "kbd", "samp", "var", "tt", "cite", "q", "abbr", "acronym", "font", "bdi", "del", "ins",
			    "mark", "wbr", "time", "nobr", "strike", "dfn", "img", "html", "col", "colgroup", "label",
			    NULL },
		[BLOCK] = { "body", "div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
			    "table", "tbody", "thead", "tfoot", "tr", "caption", "blockquote", "pre", "address",
			    "center", "article", "section", "header", "footer", "main", "aside", "nav", "figure",
			    "figcaption", "hgroup", "search", "dir", "menu", NULL },
		[CELL] = { "td", "th", NULL },
		[BREAK] = { "br", "hr", NULL },
		[SILENT] = { "head", "title", "meta", "style", "link", "base", NULL },
		[ACTIVE] = { "script", "form", "input", "button", "select", "textarea", "iframe", "frame", "frameset",
			     "object", "embed", "applet", "option", "svg", "math", "video", "audio", NULL },
	};

	for (size_t k = 0; k < COUNT(LISTS); k++)
		for (const char *const *n = LISTS[k]; *n; n++)
			if (strcmp(name, *n) == 0)
				return (enum element_kind)k;
	return STRANGE;
}

static void set_doubt(struct reader *r, const char *why)
{
	r->unseen = true;
	r->out->below = true;
	if (!r->out->doubt)
		r->out->doubt = why;
}

static const char *attribute(const char **atts, const char *name)
{
	return html_attribute((const char *const *)atts, name);
}

static void take_notes(struct reader *r)
{
	if (r->notes.remote)
		r->out->remote = true;
	if (r->notes.doubt)
		set_doubt(r, r->notes.doubt);
}

/* What the element takes over from: its parent, but a caption stands beside its table; and some clients let tables in a
   page without doctype start anew from the body. */
static void look_around(const struct reader *r, const struct frame *f, struct look out[WORLDS_MAX])
{
	const struct look *body = r->root;

	memcpy(out, r->depth ? r->frame[r->depth - 1].look : r->root, sizeof(*out) * (size_t)sheet_worlds(r->sheet));
	for (size_t i = 0; i < r->depth; i++)
		if (strcmp(r->frame[i].el->name, "body") == 0)
			body = r->frame[i].look;
	if (strcmp(f->el->name, "table") == 0)
		sheet_table(r->sheet, body, out);
	if (strcmp(f->el->name, "caption") == 0 && r->depth > 1)
		for (int w = 0; w < sheet_worlds(r->sheet); w++) {
			out[w].bg = out[w].box_bg = r->frame[r->depth - 2].look[w].box_bg;
			out[w].leaks = true;
		}
}

/* A box with a height of its own: what does not fit in it is cut off, or lies over what comes later. */
static void note_height(struct reader *r, struct frame *f)
{
	for (int w = 0; w < sheet_worlds(r->sheet); w++) {
		const struct look *l = &f->look[w];

		if (l->height <= 0 || l->gone)
			continue;
		f->height = f->tight ? fminf(f->height, l->height) : l->height;
		f->room = f->tight ? fminf(f->room, l->room) : l->room;
		f->tight = true;
	}
	for (size_t i = 0; i < r->depth; i++)
		if (r->frame[i].tight && (f->kind == BREAK || f->look[0].box != BOX_INLINE))
			r->frame[i].broken = true;
}

/* Columns style cells that do not stand in them; cells over rows and columns may lie over each other. */
static void judge_cells(struct reader *r, const struct frame *f, const char **atts)
{
	const char *rows = attribute(atts, "rowspan"), *columns = attribute(atts, "colspan");
	bool styled = attribute(atts, "style") || attribute(atts, "bgcolor") || attribute(atts, "class") ||
		      attribute(atts, "id") || attribute(atts, "hidden");

	if (strncmp(f->el->name, "col", 3) == 0)
		for (int w = 0; w < sheet_worlds(r->sheet); w++)
			styled = styled || f->look[w].gone || f->look[w].invisible || f->look[w].box_bg != f[-1].look[w].box_bg;
	if (strncmp(f->el->name, "col", 3) == 0 && styled) {
		r->notes.covers = true;
		set_doubt(r, "a column with a style");
	}
	r->rows = r->rows || (rows && strcmp(rows, "1") != 0);
	if (r->rows && columns && strcmp(columns, "1") != 0) {
		r->notes.covers = true;
		set_doubt(r, "cells over rows and columns");
	}
}

/* Mail programs fold away what they take for the message that is answered. */
static bool is_folded(const char **atts)
{
	static const char *const MARKS[] = { "gmail_quote", "gmail_extra", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote",
					     "appendonsend", "divrplyfwdmsg", "zmail_extra", "tutanota_quote", "moz-forward-container" };
	const char *type = attribute(atts, "type"), *values[] = { attribute(atts, "class"), attribute(atts, "id") };

	for (size_t i = 0; i < COUNT(MARKS); i++)
		for (size_t k = 0; k < COUNT(values); k++)
			if (values[k] && strcasestr(values[k], MARKS[i]))
				return true;
	return type && strcasecmp(type, "cite") == 0;
}

static void style_frame(struct reader *r, struct frame *f, const char **atts)
{
	struct look outer[WORLDS_MAX];
	struct buf b;

	if (attribute(atts, "style") && (strcasestr(attribute(atts, "style"), "url(")))
		r->out->remote = true;
	/* What is not seen anyway needs no style: large parts stay cheap. */
	if (r->unseen)
		return;
	look_around(r, f, outer);
	buf_init(&b, 4096);
	html_hints(f->el->name, f->el->atts, &b, &r->notes);
	sheet_look(r->sheet, f->el, attribute(atts, "style"), b.n ? buf_text(&b) : NULL, outer, f->look, &r->notes);
	buf_free(&b);
	if (attribute(atts, "hidden") || attribute(atts, "popover") || is_folded(atts))
		for (int w = 0; w < sheet_worlds(r->sheet); w++)
			f->look[w].hidden = true;
	if (r->depth)
		judge_cells(r, f, atts);
	note_height(r, f);
	take_notes(r);
}

/* --- links and images --- */

static void *grow(void *p, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return p;
	*room = *room ? *room * 2 : 16;
	return mem_grow(p, *room * size);
}

static void close_link(struct reader *r)
{
	if (!r->in_link)
		return;
	r->in_link = false;
	r->links[r->out->n_links - 1].words = arena_text_n(r->a, buf_text(&r->words.b), r->words.b.n);
}

static void open_link(struct reader *r, const char *href)
{
	close_link(r);
	if (r->out->n_links == LINKS_MAX) {
		r->out->unread = true;
		return;
	}
	r->links = grow(r->links, r->out->n_links, &r->links_room, sizeof(*r->links));
	r->links[r->out->n_links++] = (struct html_link){ .href = arena_text(r->a, href), .words = "" };
	buf_clear(&r->words.b);
	r->words.blank = r->words.line = false;
	r->in_link = true;
}

static void add_image(struct reader *r, const char **atts)
{
	const char *src = attribute(atts, "src"), *alt = attribute(atts, "alt");

	if (r->out->n_images == LINKS_MAX) {
		r->out->unread = true;
		return;
	}
	r->images = grow(r->images, r->out->n_images, &r->images_room, sizeof(*r->images));
	r->images[r->out->n_images++] =
		(struct html_image){ arena_text(r->a, src ? src : ""), arena_text(r->a, alt ? alt : "") };
}

/* --- what the parser calls --- */

static void all_flows(struct reader *r, bool line)
{
	struct flow *flows[] = { &r->text, &r->hidden, &r->words };

	for (size_t i = 0; i < COUNT(flows); i++) {
		flows[i]->blank = true;
		/* The words of a link are one line. */
		flows[i]->line = flows[i]->line || (line && flows[i] != &r->words);
	}
	r->before_word = r->before_line = r->before_own = 0;
	r->turned = false;
}

static void open_special(struct reader *r, struct frame *f, const char **atts)
{
	const char *name = f->el->name;

	if (strcmp(name, "img") == 0)
		add_image(r, atts);
	if ((strcmp(name, "a") == 0 || strcmp(name, "area") == 0) && attribute(atts, "href")) {
		open_link(r, attribute(atts, "href"));
		f->link = true;
	}
	if (!r->out->lang && attribute(atts, "lang"))
		r->out->lang = arena_text(r->a, attribute(atts, "lang"));
	if (!r->out->dir && attribute(atts, "dir"))
		r->out->dir = arena_text(r->a, attribute(atts, "dir"));
	if (strcmp(name, "title") == 0)
		r->in_title = true;
}

static void judge_kind(struct reader *r, struct frame *f)
{
	if (f->kind == ACTIVE)
		r->out->active = true;
	if (f->kind == ACTIVE || f->kind == STRANGE) {
		r->notes.covers = true;
		set_doubt(r, arena_printf(r->a, "the element <%.30s>", f->el->name));
	}
	f->block = f->kind == BLOCK || f->kind == BREAK;
	if (f->block || f->kind == CELL)
		all_flows(r, f->block);
	if (strcmp(f->el->name, "wbr") == 0)
		r->before_word = 0;
	f->silent = f->kind == SILENT || strcmp(f->el->name, "script") == 0 ||
		    (r->depth && r->frame[r->depth - 1].silent && f->kind != BLOCK);
}

/* Names that are asked for later. */
static const char *name_kept(const char *name)
{
	static const char *const NAMES[] = { "title", "table", "body", "script", "img", "a", "area", "wbr" };

	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (strcmp(NAMES[i], name) == 0)
			return NAMES[i];
	return "";
}

/* Kept until the end, since selectors look at what stands before. */
static struct element *new_element(struct reader *r, const char *name, const char **atts)
{
	struct frame *outer = r->depth ? &r->frame[r->depth - 1] : NULL;
	struct element *el;
	const char **copy;
	size_t n = 0;

	if (r->unseen) {
		el = &r->frame[r->depth].plain;
		*el = (struct element){ .name = name_kept(name) };
		return el;
	}
	el = ARENA_NEW(r->a, struct element);
	el->name = arena_text(r->a, name);
	el->box = html_box(name);
	el->parent = outer ? outer->el : NULL;
	el->index = 1;
	if (outer && outer->last) {
		el->before = outer->last;
		el->index = outer->last->index + 1;
	}
	if (outer)
		outer->last = el;
	while (atts && atts[n])
		n += 2;
	copy = ARENA_ARRAY(r->a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_text(r->a, atts[i] ? atts[i] : "");
	copy[n] = NULL;
	el->atts = copy;
	el->id = html_attribute(copy, "id");
	el->classes = html_attribute(copy, "class");
	return el;
}

static void close_frame(struct reader *r)
{
	const struct frame *f = &r->frame[--r->depth];

	if (f->link)
		close_link(r);
	if (f->block || f->kind == CELL)
		all_flows(r, f->block);
	if (f->gap)
		r->text.blank = r->words.blank = true;
	if (strcmp(f->el->name, "title") == 0)
		r->in_title = false;
}

/* What an element in a line puts between the letters around it. */
static void note_gap(struct reader *r, struct frame *f)
{
	double edge = 0;
	bool block = false;

	for (int w = 0; w < sheet_worlds(r->sheet) && !r->unseen; w++) {
		if (f->look[w].gone)
			continue;
		edge = fmax(edge, f->look[w].edge);
		block = block || (f->look[w].box != BOX_INLINE && f->look[w].box != BOX_ATOM);
	}
	if (f->kind != PLAIN || f->el->box == BOX_BLOCK || f->el->box == BOX_ROW)
		return;
	if (block) {
		f->block = true;
		all_flows(r, true);
	} else if (edge > GAP) {
		r->text.blank = r->words.blank = f->gap = true;
	}
	r->before_line += edge;
}

static void open_frame(struct reader *r, const char *name, const char **atts, bool implied)
{
	struct frame *f = &r->frame[r->depth];
	const char *why;

	memset(f, 0, offsetof(struct frame, look));
	f->kind = kind_of(name);
	f->implied = implied;
	f->el = new_element(r, name, atts);
	why = html_watch(r->out, name, atts);
	if (why)
		set_doubt(r, why);
	judge_kind(r, f);
	style_frame(r, f, atts);
	note_gap(r, f);
	open_special(r, f, atts);
	r->depth++;
}

static bool top_is(const struct reader *r, const char *name)
{
	return r->depth && strcmp(r->frame[r->depth - 1].el->name, name) == 0;
}

static void on_start(void *ctx, const xmlChar *xml_name, const xmlChar **xml_atts)
{
	struct reader *r = ctx;
	const char *name = (const char *)xml_name, **atts = (const char **)(uintptr_t)xml_atts;

	if (r->depth + 1 >= FRAMES_MAX) {
		r->out->unread = true;
		set_doubt(r, "elements nested too deep");
		xmlStopParser(r->parser);
		return;
	}
	/* Rows that stand directly in a table are put into a <tbody>. */
	if (r->depth && r->frame[r->depth - 1].implied && strcmp(name, "tr") != 0)
		close_frame(r);
	if (strcmp(name, "tr") == 0 && top_is(r, "table"))
		open_frame(r, "tbody", NULL, true);
	open_frame(r, name, atts, false);
}

static void on_end(void *ctx, const xmlChar *xml_name)
{
	struct reader *r = ctx;

	(void)xml_name;
	if (r->depth && r->frame[r->depth - 1].implied)
		close_frame(r);
	if (r->depth)
		close_frame(r);
}

/* The size of a letter in em, rather too much than too little. */
static double letter(uint32_t c)
{
	if (c < 0x80)
		return (c >= 'A' && c <= 'Z') || strchr("mw@%&", (int)c) ? 0.95 : 0.62;
	return g_unichar_iszerowidth(c) ? 0 : 1.05;
}

/* May a line break stand before the letter at p? */
static bool breaks_before(const char *from, const char *p, uint32_t c)
{
	if (c >= 0x2e80 && c < 0x1f000)
		return true;
	return p > from && strchr("/-?", p[-1]) && isalpha((unsigned char)*p);
}

/* What measuring a text finds besides its lengths. */
struct found {
	double last, last_line; /* em behind the last blank, the last line break */
	bool blank, line;       /* there is one */
	bool marks;             /* combining marks that pile up */
	bool turned;            /* the direction of reading is turned round */
};

static struct stretch measure(const struct reader *r, const char *p, size_t n, struct found *f)
{
	struct stretch t = { .before_word = r->before_word, .before_line = r->before_line, .before_own = r->before_own };
	const char *from = p, *end = p + n;
	int piled = 0;
	size_t len;

	for (; p < end; p += len) {
		uint32_t c = utf8_char(p, (size_t)(end - p), &len);
		bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';

		if (blank || c == 0x200b || breaks_before(from, p, c)) {
			f->blank = true;
			f->last = 0;
		}
		if (c == '\n') {
			f->line = true;
			f->last_line = 0;
		}
		f->turned = f->turned || c == 0x202d || c == 0x202e;
		piled = c >= 0x300 && g_unichar_ismark(c) ? piled + 1 : 0;
		f->marks = f->marks || piled > MARKS_MAX;
		f->last += blank ? 0 : letter(c);
		f->last_line += letter(c);
		t.all += letter(c);
		t.word = fmax(t.word, f->last);
		t.line = fmax(t.line, f->last_line);
		t.first = f->blank ? t.first : t.word;
		t.first_line = f->line ? t.first_line : t.line;
	}
	return t;
}

/* What stands before the next text, in one piece with it. */
static void go_on(struct reader *r, const struct stretch *t, const struct found *f, double scale)
{
	r->before_word = f->last * scale + (f->blank ? 0 : r->before_word);
	r->before_own = f->last_line * scale + (f->line ? 0 : r->before_own);
	r->before_line += t->all * scale;
}

/* Text in boxes with a height of their own. False: it is cut off there. */
static bool fits_in(struct reader *r, const struct frame *in, double width)
{
	double line = 0;
	bool fits = true, drawn = false;

	for (int w = 0; w < sheet_worlds(r->sheet); w++) {
		line = fmax(line, look_line(&in->look[w]));
		drawn = drawn || (!in->look[w].gone && in->look[w].font >= 1);
	}
	for (struct frame *f = r->frame; drawn && f <= in; f++) {
		double own = 0;
		bool clips = true;

		if (!f->tight)
			continue;
		for (int w = 0; w < sheet_worlds(r->sheet); w++) {
			own = fmax(own, look_line(&f->look[w]));
			clips = clips && (f->look[w].clips || f->look[w].gone || f->look[w].height <= 0);
		}
		f->used += width;
		if (!f->broken && f->used <= f->room && fmax(own, line) <= f->height + 2)
			continue;
		fits = false;
		f->broken = true;
		r->notes.covers = r->notes.covers || !clips;
	}
	return fits;
}

static bool says_nothing(const char *p, size_t n)
{
	size_t i = 0, blank;

	while (i < n && (blank = flow_blank(p + i, n - i)))
		i += blank;
	return i == n;
}

/* As the letters are shown: an address in capitals is another one. */
static const char *as_shown(struct reader *r, const struct frame *f, const char *p, size_t n)
{
	enum letters letters = LETTERS_OWN;
	char *out;
	bool first = true;

	for (int w = 0; w < sheet_worlds(r->sheet); w++)
		if (f->look[w].letters != LETTERS_OWN)
			letters = (enum letters)f->look[w].letters;
	if (letters == LETTERS_OWN)
		return p;
	out = arena_text_n(r->a, p, n);
	for (char *c = out; c < out + n; c++) {
		if (letters == LETTERS_UPPER || (letters == LETTERS_TITLE && first))
			*c = (char)toupper((unsigned char)*c);
		else if (letters == LETTERS_LOWER)
			*c = (char)tolower((unsigned char)*c);
		first = !isalnum((unsigned char)*c) && *c != '\'' && (unsigned char)*c < 0x80;
	}
	return out;
}

static enum sight judge_text(struct reader *r, const struct frame *f, const char *p, size_t n)
{
	struct found found = { .marks = false };
	struct stretch t = measure(r, p, n, &found);
	double scale = 0;
	enum sight sight;

	for (int w = 0; w < sheet_worlds(r->sheet); w++)
		scale = fmax(scale, look_width(&f->look[w], 1));
	if (says_nothing(p, n)) {
		go_on(r, &t, &found, scale);
		return SIGHT_CLEAR;
	}
	sight = sheet_sight(r->sheet, f->look, &t, &r->notes);
	go_on(r, &t, &found, scale);
	r->turned = r->turned || found.turned;
	r->notes.covers = r->notes.covers || found.marks;
	if (!fits_in(r, f, t.all * scale) || r->turned || r->others)
		return SIGHT_NONE;
	return sight;
}

static void note_place(struct html_link *l, size_t from, size_t to)
{
	if (to == from)
		return;
	l->at = l->end ? l->at : from;
	l->end = to;
}

static bool is_gone(const struct reader *r, const struct frame *f)
{
	for (int w = 0; w < sheet_worlds(r->sheet); w++)
		if (!f->look[w].gone)
			return false;
	return true;
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
	struct reader *r = ctx;
	const struct frame *f = r->depth ? &r->frame[r->depth - 1] : NULL;
	const char *p = (const char *)text;
	size_t n = len > 0 ? (size_t)len : 0, from;
	enum sight sight = r->unseen || !f ? SIGHT_NONE : SIGHT_CLEAR;

	if (r->in_title) {
		flow_add(&r->title, p, n);
		return;
	}
	if (f && f->silent)
		return;
	if (sight == SIGHT_CLEAR) {
		sight = judge_text(r, f, p, n);
		p = as_shown(r, f, p, n);
	}
	if (sight == SIGHT_FAINT && !r->out->doubt)
		r->out->doubt = "text that is hard to see: small, or too like what is behind it";
	/* Letters that are there and not seen leave a gap. */
	if (sight == SIGHT_NONE && !r->unseen && f && !is_gone(r, f) && !says_nothing(p, n))
		r->text.blank = r->words.blank = true;
	from = r->text.b.n;
	flow_add(sight == SIGHT_NONE ? &r->hidden : &r->text, p, n);
	if (r->in_link && sight != SIGHT_NONE) {
		flow_add(&r->words, p, n);
		note_place(&r->links[r->out->n_links - 1], from, r->text.b.n);
	}
}

/* "[if !mso]><!" opens what all clients but some show, "<![endif]" closes it. */
static void on_comment(void *ctx, const xmlChar *text)
{
	struct reader *r = ctx;
	const char *p = (const char *)text;

	p += strspn(p, " \t\r\n");
	if (strncmp(p, "[if", 3) == 0 && strlen(p) > 3 && strcmp(p + strlen(p) - 2, "<!") == 0)
		r->others = true;
	else if (strncmp(p, "<![endif]", 9) == 0)
		r->others = false;
}

/* The inside of style and script elements: no text for anybody. */
static void on_raw(void *ctx, const xmlChar *text, int len)
{
	(void)ctx;
	(void)text;
	(void)len;
}

/* --- the whole part --- */

static void feed(struct reader *r, struct slice html, size_t from, size_t to)
{
	if (to > from && r->parser)
		(void)htmlParseChunk(r->parser, html.p + from, (int)(to - from), 0);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The parser is given what is seen first, then the rest, with nothing counting as visible any more. */
static int parse(struct reader *r, struct slice html, const struct html_scan *scan, struct err *e)
{
	htmlSAXHandler sax = { .startElement = on_start, .endElement = on_end, .characters = on_text,
			       .ignorableWhitespace = on_text, .cdataBlock = on_raw,
			       .comment = on_comment };
	size_t seen = least(least(scan->doubt_at, SEEN_MAX), scan->stop);

	while (seen && seen < html.n && (html.p[seen] & 0xc0) == 0x80)
		seen--;
	r->parser = htmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (!r->parser)
		return err_set(e, ERR_BROKEN, "the HTML part cannot be read: no parser");
	htmlCtxtUseOptions(r->parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
					      HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
	feed(r, html, 0, seen);
	if (seen < html.n)
		r->unseen = true;
	if (scan->doubt && scan->doubt_at <= SEEN_MAX)
		set_doubt(r, scan->doubt);
	feed(r, html, seen, scan->stop);
	(void)htmlParseChunk(r->parser, "", 0, 1);
	if (r->parser->myDoc)
		xmlFreeDoc(r->parser->myDoc);
	htmlFreeParserCtxt(r->parser);
	if (scan->stop < html.n)
		r->out->unread = true;
	return 0;
}

static void finish(struct reader *r)
{
	struct html_view *v = r->out;

	close_link(r);
	v->text = flow_take(r->a, &r->text);
	v->hidden = flow_take(r->a, &r->hidden);
	v->title = flow_take(r->a, &r->title);
	buf_free(&r->words.b);
	v->links = v->n_links ? memcpy(ARENA_ARRAY(r->a, struct html_link, v->n_links), r->links,
				       sizeof(*r->links) * v->n_links)
			      : NULL;
	v->images = v->n_images ? memcpy(ARENA_ARRAY(r->a, struct html_image, v->n_images), r->images,
					 sizeof(*r->images) * v->n_images)
				: NULL;
	free(r->links);
	free(r->images);
	v->lang = v->lang ? v->lang : "";
	v->dir = v->dir ? v->dir : "";
	if (!r->notes.covers)
		return;
	/* Something may lie over any text: none of it is known to be seen. */
	v->hidden = arena_printf(r->a, "%s%s%s", v->text, v->text[0] && v->hidden[0] ? " " : "", v->hidden);
	v->text = "";
	for (size_t i = 0; i < v->n_links; i++)
		((struct html_link *)(uintptr_t)v->links)[i] = (struct html_link){ .href = v->links[i].href, .words = "" };
	v->below = true;
	if (!v->doubt)
		v->doubt = "a style that can cover other text";
}

int html_read(struct arena *a, struct slice html, struct html_view *out, struct err *e)
{
	struct html_view view = { 0 };
	struct reader *r;
	struct html_scan scan;
	int rc;

	if (html.n > HTML_MAX)
		return err_set(e, ERR_INPUT, "the HTML part is larger than 4 MiB");
	if (!utf8_valid(html.p, html.n))
		return err_set(e, ERR_INPUT, "the HTML part is not UTF-8");
	html_scan(html, &scan);
	r = ARENA_NEW(a, struct reader);
	r->a = a;
	r->out = &view;
	flow_init(&r->text, HTML_MAX * 2);
	flow_init(&r->hidden, HTML_MAX * 2);
	flow_init(&r->words, 64 * 1024);
	flow_init(&r->title, 4096);
	r->sheet = sheet_new(a, scan.dark, !scan.standards);
	r->notes = (struct style_notes){ .doubt = scan.style_doubt, .covers = scan.covers };
	for (size_t i = 0; i < scan.n_styles; i++)
		sheet_add(r->sheet, scan.style[i], &r->notes);
	sheet_ready(r->sheet, &r->notes);
	sheet_root(r->sheet, r->root);
	take_notes(r);
	rc = parse(r, html, &scan, e);
	finish(r);
	if (rc == 0)
		*out = view;
	return rc;
}
