/*
 * What a person sees: see html.h. libxml2's push parser calls us for each tag and text; an element
 * that is open has a frame with its look, and each text goes to `text` or to `hidden` by the look
 * around it. Nothing is guessed: after a construct that is not known everything counts as hidden, and
 * one that can cover other text takes all text with it.
 */
#include "mail/html.h"

#include <ctype.h>
#include <libxml/HTMLparser.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "mail/html_scan.h"
#include "mail/html_style.h"

#define HTML_MAX ((size_t)4 * 1024 * 1024)
#define SEEN_MAX ((size_t)100 * 1000) /* mail clients cut off what comes later (FMT-16) */
#define FRAMES_MAX (HTML_DEPTH_MAX + 10)
#define LINKS_MAX 5000

enum element_kind { PLAIN, BLOCK, CELL, BREAK, SILENT, ACTIVE, STRANGE };

struct frame {
	struct element el;
	enum element_kind kind;
	bool block, silent, link;
	struct look look[WORLDS_MAX];
};

/* Text that grows with its blanks collapsed. */
struct flow {
	struct buf b;
	bool blank, line; /* what is due before the next word */
};

struct reader {
	struct arena *a;
	htmlParserCtxtPtr parser;
	struct sheet *sheet;
	struct html_view *out;
	struct flow text, hidden, words, title;
	struct style_notes notes;
	struct frame frame[FRAMES_MAX];
	size_t depth;
	struct html_link *links;
	struct html_image *images;
	size_t links_room, images_room;
	bool quirks; /* no doctype: tables do not take over colour and size of text */
	bool unseen; /* from here on nothing counts as visible */
	bool in_link, in_title;
};

/* --- flowing text --- */

static void flow_init(struct flow *f, size_t max)
{
	*f = (struct flow){ .blank = false };
	buf_init(&f->b, max);
}

static size_t blank_at(const char *p, size_t n)
{
	if (isspace((unsigned char)*p))
		return 1;
	return n > 1 && (unsigned char)p[0] == 0xc2 && (unsigned char)p[1] == 0xa0 ? 2 : 0;
}

static void flow_add(struct flow *f, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t blank = blank_at(p + i, n - i), from = i;

		if (blank) {
			f->blank = true;
			i += blank;
			continue;
		}
		while (i < n && !blank_at(p + i, n - i))
			i++;
		if (f->b.n && (f->line || f->blank))
			buf_addc(&f->b, f->line ? '\n' : ' ');
		f->line = f->blank = false;
		buf_add(&f->b, p + from, i - from);
	}
}

static char *flow_take(struct arena *a, struct flow *f)
{
	char *text = arena_text_n(a, buf_text(&f->b), f->b.n);

	buf_free(&f->b);
	return text;
}

/* --- elements --- */

static enum element_kind kind_of(const char *name)
{
	static const char *const LISTS[][48] = {
		[PLAIN] = { "span", "a", "b", "strong", "i", "em", "u", "s", "small", "big", "sub", "sup", "code",
			    "kbd", "samp", "var", "tt", "cite", "q", "abbr", "acronym", "font", "bdi", "del", "ins",
			    "mark", "wbr", "time", "nobr", "strike", "dfn", "img", "html", "col", "colgroup", NULL },
		[BLOCK] = { "body", "div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
			    "table", "tbody", "thead", "tfoot", "tr", "caption", "blockquote", "pre", "address",
			    "center", "article", "section", "header", "footer", "main", "aside", "nav", "figure",
			    "figcaption", NULL },
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
	if (!r->out->doubt)
		r->out->doubt = why;
}

static const char *attribute(const char **atts, const char *name)
{
	for (; atts && atts[0]; atts += 2)
		if (strcasecmp(atts[0], name) == 0)
			return atts[1] ? atts[1] : "";
	return NULL;
}

static bool is_remote(const char *url)
{
	url += strspn(url, " \t\r\n");
	return strncasecmp(url, "http:", 5) == 0 || strncasecmp(url, "https:", 6) == 0 || strncmp(url, "//", 2) == 0 ||
	       strncmp(url, "\\\\", 2) == 0 || strncasecmp(url, "ftp:", 4) == 0;
}

static bool acts(const char *url)
{
	static const char *const SCHEMES[] = { "javascript:", "vbscript:", "data:", "file:", "blob:" };
	char plain[16];
	size_t n = 0;

	for (; *url && n + 1 < sizeof(plain); url++)
		if ((unsigned char)*url > ' ')
			plain[n++] = *url;
	plain[n] = '\0';
	for (size_t i = 0; i < COUNT(SCHEMES); i++)
		if (strncasecmp(plain, SCHEMES[i], strlen(SCHEMES[i])) == 0)
			return true;
	return false;
}

/* Looks at every attribute for what acts or fetches. */
static void watch_attributes(struct reader *r, const char *name, const char **all)
{
	static const char *const FETCHING[] = { "src", "srcset", "background", "poster", "lowsrc", "dynsrc", "longdesc",
						"data", "xlink:href", "manifest", "codebase", "classid", "ping" };

	for (const char **atts = all; atts && atts[0]; atts += 2) {
		const char *value = atts[1] ? atts[1] : "";

		if (strncasecmp(atts[0], "on", 2) == 0)
			r->out->active = true;
		for (size_t i = 0; i < COUNT(FETCHING); i++)
			if (strcasecmp(atts[0], FETCHING[i]) == 0 && (is_remote(value) || strcmp(FETCHING[i], "srcset") == 0))
				r->out->remote = true;
		if (strcasecmp(atts[0], "href") == 0 && acts(value))
			r->out->active = true;
	}
	if (strcmp(name, "link") == 0 || strcmp(name, "base") == 0)
		r->out->active = r->out->remote = true;
	if (strcmp(name, "meta") == 0 && attribute(all, "http-equiv") &&
	    strcasecmp(attribute(all, "http-equiv"), "refresh") == 0)
		r->out->active = true;
}

static void hint(struct reader *r, struct buf *b, const char *property, const char *value)
{
	if (!value)
		return;
	if (value[strspn(value, "#%abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")])
		set_doubt(r, "an attribute for a colour or a size that cannot be read");
	else
		buf_addf(b, "%s: %s;", property, value);
}

static void hint_font_size(struct reader *r, struct buf *b, const char *size)
{
	static const int PX[] = { 10, 10, 13, 16, 18, 24, 32, 48 };

	if (!size)
		return;
	if (size[0] >= '1' && size[0] <= '7' && !size[1])
		buf_addf(b, "font-size: %dpx;", PX[size[0] - '0']);
	else if (size[0] == '-')
		buf_adds(b, "font-size: 10px;");
	else if (size[0] != '+')
		set_doubt(r, "a font size that cannot be read");
}

/* Attributes and elements that style text, said as declarations. */
static const char *hints_of(struct reader *r, const char *name, const char **atts, struct buf *b)
{
	const char *width = attribute(atts, "width"), *height = attribute(atts, "height");

	if (strcmp(name, "a") == 0 && attribute(atts, "href"))
		buf_adds(b, "color: linktext;");
	if (strcmp(name, "small") == 0 || strcmp(name, "sub") == 0 || strcmp(name, "sup") == 0)
		buf_adds(b, "font-size: smaller;");
	if (strcmp(name, "mark") == 0)
		buf_adds(b, "background-color: yellow; color: black;");
	if (strcmp(name, "font") == 0) {
		hint(r, b, "color", attribute(atts, "color"));
		hint_font_size(r, b, attribute(atts, "size"));
	}
	if (strcmp(name, "body") == 0)
		hint(r, b, "color", attribute(atts, "text"));
	if (attribute(atts, "link") || attribute(atts, "vlink") || attribute(atts, "alink"))
		set_doubt(r, "link colours in attributes");
	hint(r, b, "background-color", attribute(atts, "bgcolor"));
	if (width && strcmp(name, "img") != 0 && (strcmp(width, "0") == 0 || strcmp(width, "1") == 0))
		buf_adds(b, "width: 0;");
	if (height && strcmp(name, "img") != 0 && strcmp(height, "0") == 0)
		buf_adds(b, "height: 0;");
	return b->n ? buf_text(b) : NULL;
}

static void take_notes(struct reader *r)
{
	if (r->notes.remote)
		r->out->remote = true;
	if (r->notes.doubt)
		set_doubt(r, r->notes.doubt);
}

/* What the element takes over from. Browsers let tables in a page without doctype start anew from the body. */
static void look_around(const struct reader *r, const struct frame *f, struct look out[WORLDS_MAX])
{
	const struct look *body = NULL;
	struct look root[WORLDS_MAX];

	sheet_root(r->sheet, root);
	memcpy(out, r->depth ? r->frame[r->depth - 1].look : root, sizeof(root));
	if (!r->quirks || strcmp(f->el.name, "table") != 0)
		return;
	for (size_t i = 0; i < r->depth; i++)
		if (strcmp(r->frame[i].el.name, "body") == 0)
			body = r->frame[i].look;
	for (int w = 0; w < WORLDS_MAX; w++) {
		out[w].fg = body ? body[w].fg : root[w].fg;
		out[w].font = 16;
	}
}

static void style_frame(struct reader *r, struct frame *f, const char **atts)
{
	struct look outer[WORLDS_MAX];
	struct buf b;

	look_around(r, f, outer);
	f->el.id = arena_text(r->a, attribute(atts, "id"));
	f->el.classes = arena_text(r->a, attribute(atts, "class"));
	f->el.parent = r->depth ? &r->frame[r->depth - 1].el : NULL;
	buf_init(&b, 4096);
	/* What is not seen anyway needs no style: large parts stay cheap. */
	if (r->unseen)
		memcpy(f->look, outer, sizeof(f->look));
	else
		sheet_look(r->sheet, &f->el, attribute(atts, "style"), hints_of(r, f->el.name, atts, &b), outer, f->look,
			   &r->notes);
	if (attribute(atts, "style") && (strcasestr(attribute(atts, "style"), "url(")))
		r->out->remote = true;
	buf_free(&b);
	if (attribute(atts, "hidden") || attribute(atts, "popover"))
		for (int w = 0; w < WORLDS_MAX; w++)
			f->look[w].hidden = true;
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
}

static void open_special(struct reader *r, struct frame *f, const char **atts)
{
	const char *name = f->el.name;

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
	if (f->kind == ACTIVE || f->kind == STRANGE)
		set_doubt(r, arena_printf(r->a, "the element <%.30s>", f->el.name));
	f->block = f->kind == BLOCK || f->kind == BREAK;
	if (f->block || f->kind == CELL)
		all_flows(r, f->block);
	f->silent = f->kind == SILENT || strcmp(f->el.name, "script") == 0 ||
		    (r->depth && r->frame[r->depth - 1].silent && f->kind != BLOCK);
}

static void on_start(void *ctx, const xmlChar *xml_name, const xmlChar **xml_atts)
{
	struct reader *r = ctx;
	const char *name = (const char *)xml_name, **atts = (const char **)(uintptr_t)xml_atts;
	struct frame *f;

	if (r->depth == FRAMES_MAX) {
		r->out->unread = true;
		set_doubt(r, "elements nested too deep");
		xmlStopParser(r->parser);
		return;
	}
	f = &r->frame[r->depth];
	*f = (struct frame){ .kind = kind_of(name) };
	f->el.name = arena_text(r->a, name);
	watch_attributes(r, name, atts);
	judge_kind(r, f);
	style_frame(r, f, atts);
	open_special(r, f, atts);
	r->depth++;
}

static void on_end(void *ctx, const xmlChar *xml_name)
{
	struct reader *r = ctx;
	const struct frame *f;

	(void)xml_name;
	if (!r->depth)
		return;
	f = &r->frame[--r->depth];
	if (f->link)
		close_link(r);
	if (f->block || f->kind == CELL)
		all_flows(r, f->block);
	if (strcmp(f->el.name, "title") == 0)
		r->in_title = false;
}

static void note_place(struct html_link *l, size_t from, size_t to)
{
	if (to == from)
		return;
	l->at = l->end ? l->at : from;
	l->end = to;
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
	struct reader *r = ctx;
	const struct frame *f = r->depth ? &r->frame[r->depth - 1] : NULL;
	const char *p = (const char *)text;
	size_t n = len > 0 ? (size_t)len : 0, from;
	enum sight sight;

	if (r->in_title) {
		flow_add(&r->title, p, n);
		return;
	}
	if (f && f->silent)
		return;
	sight = r->unseen || !f ? SIGHT_NONE : sheet_sight(r->sheet, f->look);
	if (sight == SIGHT_FAINT && !r->out->doubt)
		r->out->doubt = "text that is hard to see: small, or too like what is behind it";
	from = r->text.b.n;
	flow_add(sight == SIGHT_NONE ? &r->hidden : &r->text, p, n);
	if (r->in_link && sight != SIGHT_NONE) {
		flow_add(&r->words, p, n);
		note_place(&r->links[r->out->n_links - 1], from, r->text.b.n);
	}
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
			       .ignorableWhitespace = on_text, .cdataBlock = on_raw };
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
	r->sheet = sheet_new(a, scan.dark);
	r->quirks = !scan.doctype;
	r->notes.doubt = scan.style_doubt;
	for (size_t i = 0; i < scan.n_styles; i++)
		sheet_add(r->sheet, scan.style[i], &r->notes);
	sheet_ready(r->sheet);
	take_notes(r);
	rc = parse(r, html, &scan, e);
	finish(r);
	if (rc == 0)
		*out = view;
	return rc;
}
