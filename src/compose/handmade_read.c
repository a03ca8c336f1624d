/*
 * Reading HTML written by hand: see handmade.h. libxml2's SAX parser tells of elements as it thinks they nest; it need
 * not be right, since what comes out is built anew (handmade_event.h). Here the elements are reduced to blocks, leaves
 * and runs: every rule of which block may stand where is kept by this file, by ending what cannot go on and beginning
 * what is missing. Bounded: 256 kB, 100 elements in each other, 70 blocks.
 */
#include <libxml/HTMLparser.h>
#include <strings.h>

#include "base/utf8.h"
#include "compose/fields.h"
#include "compose/handmade_reader.h"
#include "mail/html_scan.h"

size_t reader_line(const struct reader *r)
{
	return r->parser && r->parser->input ? (size_t)r->parser->input->line : 1;
}

void reader_note(struct reader *r, enum note what)
{
	note_add(r->notes, what, reader_line(r));
}

int reader_fault(struct reader *r, const char *what)
{
	if (r->e->kind == ERR_NONE)
		err_set(r->e, ERR_INPUT, "line %zu: %s", reader_line(r), what);
	r->failed = true;
	xmlStopParser(r->parser);
	return -1;
}

/* --- words ---------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static void add_run(struct reader *r, char *text, size_t n)
{
	struct event *ev;

	leaf_open_here(r);
	if (r->failed)
		return;
	ev = handmade_event(r, EV_TEXT);
	ev->text = text;
	ev->n = n;
	ev->look = reader_top(r)->look;
	ev->breaks = r->breaks;
	ev->blank = r->blank && !r->breaks;
	r->breaks = 0;
	r->blank = false;
	if (ev->look->mended)
		reader_note(r, NOTE_COLOR);
}

/* A field in a bare web address: mail programs end the link elsewhere than people do. */
static bool has_broken_address(const char *p, size_t n)
{
	size_t at, from, to;

	for (at = slot_find(p, n); at < n; at = to + slot_find(p + to, n - to)) {
		for (from = at; from && p[from - 1] != ' '; from--)
			;
		for (to = at; to < n && p[to] != ' '; to++)
			;
		if (memmem(p + from, to - from, "://", 3) || memmem(p + from, to - from, "mailto:", 7))
			return true;
	}
	return false;
}

/* Words with their blanks collapsed; those at both ends are kept for what comes next. */
static void add_words(struct reader *r, const char *p, size_t n)
{
	char *text = arena_alloc(r->a, n + 1), *w = text;
	bool blank = false;

	for (size_t i = 0; i < n; i++) {
		if (is_blank(p[i])) {
			blank = true;
			continue;
		}
		if (blank && w == text)
			r->blank = true;
		else if (blank)
			*w++ = ' ';
		blank = false;
		*w++ = p[i];
	}
	if (has_broken_address(text, (size_t)(w - text)))
		reader_fault(r, "a field cannot be a part of a bare web address; write a link with words: <a href=\"https://...\">words</a>");
	else if (w > text)
		add_run(r, text, (size_t)(w - text));
	if (blank && r->leaf_open)
		r->blank = true;
}

/* Inside of <pre> all blanks count, but for line breaks at its beginning. */
static void add_verbatim(struct reader *r, const char *p, size_t n)
{
	while (!r->leaf_open && n && *p == '\n') {
		p++;
		n--;
	}
	if (n)
		add_run(r, arena_text_n(r->a, p, n), n);
}

static bool has_words(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_blank(p[i]) && (unsigned char)p[i] != 0xc2 && (unsigned char)p[i] != 0xa0)
			return true;
	return false;
}

static void hear(struct reader *r, const struct frame *f, const char *p, size_t n)
{
	if (f->look->hidden || look_is_unseen(f->look)) {
		if (has_words(p, n) && !(f->look->hidden && r->hidden_said))
			reader_note(r, NOTE_HIDDEN);
		r->hidden_said = r->hidden_said || f->look->hidden;
	} else if (f->leaf == LEAF_PRE) {
		add_verbatim(r, p, n);
	} else {
		add_words(r, p, n);
	}
}

/* A condition shows or leaves out whole paragraphs: what is open around it must not be. */
static void add_switch(struct reader *r, size_t segment)
{
	for (size_t i = 0; i < r->depth; i++)
		if (r->n_open > 1 || (r->frame[i].role != ROLE_WORDS && r->frame[i].role != ROLE_P)) {
			reader_fault(r, "a condition inside of a box, list, table or words with a style; put it around that");
			return;
		}
	leaf_close(r);
	handmade_event(r, EV_SWITCH)->segment = segment;
	r->switches--;
}

/* What was heard since the last element: it can come in pieces. */
static void flush_words(struct reader *r)
{
	struct frame *f = r->depth ? reader_top(r) : NULL;
	const char *p, *end;
	size_t segment;

	buf_clear(&r->words);
	if (r->heard.n && f && !f->gone && !r->failed &&
	    source_restore(&r->words, buf_text(&r->heard), r->heard.n) && !f->look->hidden)
		reader_note(r, NOTE_INVISIBLE);
	buf_clear(&r->heard);
	p = buf_text(&r->words);
	for (end = p + r->words.n; p < end && !r->failed;) {
		size_t n = switch_find(p, (size_t)(end - p));

		if (n)
			hear(r, f, p, n);
		if (!r->failed && switch_at(p + n, (size_t)(end - p) - n, &segment)) {
			add_switch(r, segment);
			n += MARK_SIZE;
		}
		p += n;
	}
}

/* --- elements ------------------------------------------------------------- */

static void begin_break(struct reader *r)
{
	if (reader_top(r)->gone || reader_top(r)->look->hidden)
		return;
	if (r->leaf_open && reader_top(r)->leaf == LEAF_PRE)
		add_run(r, arena_text(r->a, "\n"), 1);
	else if (r->breaks < BREAKS_MAX)
		r->breaks++;
	r->blank = false;
}

static void begin_rule(struct reader *r)
{
	if (reader_top(r)->gone || reader_top(r)->look->hidden)
		return;
	leaf_close(r);
	flow_need(r);
	if (r->failed)
		return;
	reader_around(r)->bare = false;
	if (reader_around(r)->grid)
		reader_around(r)->grid->complex = true;
	handmade_event(r, EV_RULE);
}

static void add_image(struct reader *r, const struct image *image)
{
	struct event *ev;

	leaf_open_here(r);
	if (r->failed)
		return;
	ev = handmade_event(r, EV_IMAGE);
	ev->image = image;
	ev->look = reader_top(r)->look;
	ev->breaks = r->breaks;
	ev->blank = r->blank && !r->breaks;
	r->breaks = 0;
	r->blank = false;
}

static void begin_image(struct reader *r, const char **atts)
{
	const struct image *image = NULL;

	if (!reader_top(r)->gone && !reader_top(r)->look->hidden && reader_image(r, atts, &image) == 0 && image)
		add_image(r, image);
}

/* Words in this element make a leaf of their own. */
static void own_leaf(struct frame *f, enum leaf_kind kind)
{
	/* What stands in a heading or in <pre> stays one. */
	if (f->leaf == LEAF_HEADING || f->leaf == LEAF_PRE)
		return;
	f->leaf = kind;
	f->leaf_look = f->look;
	f->leaf_box = f->box;
}

/* A block has begun: words directly in it are bare. */
static void inner_leaf(struct frame *f)
{
	f->leaf = LEAF_BARE;
	f->level = 0;
}

static bool looks_apart(const struct style *a, const struct style *b)
{
	return a->ink != b->ink || a->size != b->size || a->align != b->align || a->ground != b->ground;
}

static void begin_div(struct reader *r, struct frame *f)
{
	leaf_close(r);
	if (f->leaf == LEAF_HEADING || f->leaf == LEAF_PRE)
		return;
	if (box_is_plain(f->box) && !looks_apart(f->look, reader_around(r)->look)) {
		own_leaf(f, LEAF_LINE);
		f->leaf_box = NULL;
		return;
	}
	flow_need(r);
	if (r->failed)
		return;
	block_open(r, BLOCK_DIV, f->look, f->box, false);
	inner_leaf(f);
}

static void begin_holder(struct reader *r, struct frame *f, enum block_kind kind, int level)
{
	struct event *ev;

	leaf_close(r);
	flow_need(r);
	if (r->failed)
		return;
	if (reader_around(r)->grid)
		reader_around(r)->grid->complex = true;
	ev = block_open(r, kind, f->look, f->box, false);
	if (ev)
		ev->level = level;
	inner_leaf(f);
}

/* What the writer did not begin ends before what belongs around it. */
static void end_implied(struct reader *r, struct frame *f)
{
	block_close_implied(r);
	f->blocks = r->n_open < f->blocks ? r->n_open : f->blocks;
}

static void begin_item(struct reader *r, struct frame *f)
{
	end_implied(r, f);
	if (reader_around(r)->kind != BLOCK_UL && reader_around(r)->kind != BLOCK_OL)
		begin_holder(r, f, BLOCK_UL, 0);
	if (!r->failed)
		block_open(r, BLOCK_LI, f->look, f->box, false);
	inner_leaf(f);
}

static void begin_table(struct reader *r, struct frame *f, const char **atts)
{
	const char *role = reader_attribute(atts, "role");

	leaf_close(r);
	flow_need(r);
	if (r->failed || !block_open(r, BLOCK_TABLE, f->look, f->box, false))
		return;
	if (r->open[r->n_open - 2].grid)
		r->open[r->n_open - 2].grid->presentation = true;
	reader_around(r)->grid = ARENA_NEW(r->a, struct grid);
	reader_around(r)->grid->presentation = role && (strcasecmp(role, "presentation") == 0 || strcasecmp(role, "none") == 0);
	r->out->events[reader_around(r)->event].grid = reader_around(r)->grid;
	inner_leaf(f);
}

static int span_of(const char **atts, const char *name)
{
	const char *value = reader_attribute(atts, name);
	int n = 0;

	for (; value && *value >= '0' && *value <= '9' && n < 100; value++)
		n = n * 10 + (*value - '0');
	return n < 1 ? 1 : n > 20 ? 20 : n;
}

static void begin_cell(struct reader *r, struct frame *f, const char **atts)
{
	struct cell cell = { .head = strcmp(f->el.name, "th") == 0, .columns = span_of(atts, "colspan"),
			     .rows = span_of(atts, "rowspan") };

	end_implied(r, f);
	if (reader_around(r)->kind == BLOCK_TABLE)
		row_open(r, reader_around(r)->look, NULL, true);
	if (r->failed)
		return;
	if (reader_around(r)->kind != BLOCK_ROW) {
		begin_div(r, f); /* a cell without a table */
		return;
	}
	cell_open(r, f->look, f->box, cell, false);
	inner_leaf(f);
}

static void begin_row(struct reader *r, struct frame *f)
{
	end_implied(r, f);
	if (reader_around(r)->kind != BLOCK_TABLE)
		return;
	row_open(r, f->look, f->box, false);
	inner_leaf(f);
}

static void begin_caption(struct reader *r, struct frame *f)
{
	end_implied(r, f);
	if (reader_around(r)->kind != BLOCK_TABLE || reader_around(r)->grid->rows) {
		begin_div(r, f);
		return;
	}
	block_open(r, BLOCK_CAPTION, f->look, NULL, false);
	inner_leaf(f);
}

static void begin_role(struct reader *r, struct frame *f, const char **atts)
{
	const char *start = reader_attribute(atts, "start");

	switch (f->role) {
	case ROLE_DIV:
		begin_div(r, f);
		break;
	case ROLE_P:
		leaf_close(r);
		own_leaf(f, LEAF_P);
		break;
	case ROLE_HEADING:
		leaf_close(r);
		f->leaf = LEAF_P;
		f->level = f->el.name[1] - '0';
		r->out->has_h1 = r->out->has_h1 || f->level == 1;
		own_leaf(f, LEAF_HEADING);
		break;
	case ROLE_PRE:
		leaf_close(r);
		f->leaf = LEAF_P;
		own_leaf(f, LEAF_PRE);
		if (reader_around(r)->grid)
			reader_around(r)->grid->complex = true;
		break;
	case ROLE_QUOTE:
		begin_holder(r, f, BLOCK_QUOTE, 0);
		break;
	case ROLE_LIST:
		if (f->el.name[0] == 'o')
			begin_holder(r, f, BLOCK_OL, start && start[0] != '-' && strlen(start) < 6 ? reader_number(start, 1) : 1);
		else
			begin_holder(r, f, BLOCK_UL, 0);
		break;
	case ROLE_ITEM:
		begin_item(r, f);
		break;
	case ROLE_TABLE:
		begin_table(r, f, atts);
		break;
	case ROLE_ROW:
		begin_row(r, f);
		break;
	case ROLE_CELL:
		begin_cell(r, f, atts);
		break;
	case ROLE_CAPTION:
		begin_caption(r, f);
		break;
	default:
		break;
	}
}

static bool is_block(enum role role)
{
	return role >= ROLE_DIV && role <= ROLE_CAPTION;
}

/* What the new frame takes over from the one around it. */
static void inherit(struct reader *r, struct frame *f)
{
	const struct frame *outer = r->depth ? reader_top(r) : NULL;

	if (!outer) {
		f->look = reader_around(r)->look;
		f->leaf = LEAF_BARE;
		return;
	}
	f->look = outer->look;
	f->leaf = outer->leaf;
	f->leaf_look = outer->leaf_look;
	f->leaf_box = outer->leaf_box;
	f->level = outer->level;
	f->gone = outer->gone;
	f->quiet = outer->quiet;
	f->el.parent = &outer->el;
}

static const char *const LIKE_VOID[] = { "wbr", "source", "track", "keygen", "command", NULL };

static bool is_alone(const struct element_role *known, const char *name)
{
	for (const char *const *v = LIKE_VOID; *v; v++)
		if (strcasecmp(name, *v) == 0)
			return true;
	return known && (known->role == ROLE_BREAK || known->role == ROLE_RULE || known->role == ROLE_IMAGE);
}

/* <br>, <hr>, <img>: nothing stands in them. */
static void begin_alone(struct reader *r, enum role role, const char **atts)
{
	if (!r->depth)
		return;
	if (role == ROLE_BREAK)
		begin_break(r);
	else if (role == ROLE_RULE)
		begin_rule(r);
	else if (role == ROLE_IMAGE)
		begin_image(r, atts);
}

static void on_start(void *ctx, const xmlChar *xml_name, const xmlChar **xml_atts)
{
	struct reader *r = ctx;
	const char *name = (const char *)xml_name, **atts = (const char **)(uintptr_t)xml_atts;
	const struct element_role *known = role_of(name);
	struct frame *f;

	if (r->failed)
		return;
	flush_words(r);
	reader_watch(r, name, atts);
	if (r->failed || is_alone(known, name)) {
		begin_alone(r, known ? known->role : ROLE_SILENT, atts);
		return;
	}
	if (r->depth == HANDMADE_DEPTH) {
		reader_fault(r, "more than 100 elements are open within each other; close them, or take some out");
		return;
	}
	f = &r->frame[r->depth];
	*f = (struct frame){ .role = known ? known->role : ROLE_WORDS, .blocks = r->n_open };
	f->el.name = arena_text(r->a, name);
	inherit(r, f);
	if (!f->gone || f->quiet)
		reader_judge(r, f, known);
	if (!f->gone && reader_style(r, f, known, atts) == 0 && !r->failed && !f->look->hidden)
		begin_role(r, f, atts);
	if (strcasecmp(name, "body") == 0 && r->n_open == 1)
		reader_around(r)->look = f->look; /* only what differs from the page is said */
	if (f->look->hidden && !(r->depth && reader_top(r)->look->hidden))
		r->hidden_said = false;
	r->depth++;
}

static void on_end(void *ctx, const xmlChar *xml_name)
{
	struct reader *r = ctx;
	const char *name = (const char *)xml_name;
	size_t d = r->depth;

	if (r->failed)
		return;
	flush_words(r);
	while (d && strcasecmp(r->frame[d - 1].el.name, name) != 0)
		d--;
	if (!d)
		return;
	for (; r->depth >= d; r->depth--) {
		if (is_block(reader_top(r)->role) && !reader_top(r)->gone && !reader_top(r)->look->hidden)
			leaf_close(r);
		if (r->n_open > reader_top(r)->blocks)
			block_close_to(r, reader_top(r)->blocks);
		if (r->failed)
			return;
	}
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
	struct reader *r = ctx;

	if (len > 0 && !r->failed && r->depth && !reader_top(r)->gone)
		buf_add(&r->heard, text, (size_t)len);
}

static void on_comment(void *ctx, const xmlChar *text)
{
	struct reader *r = ctx;
	const char *p = (const char *)text;

	p += strspn(p, " \t\n");
	if (!r->failed && strncasecmp(p, "[if", 3) == 0)
		reader_note(r, NOTE_CONDITIONAL);
}

/* The inside of style and script. */
static void on_raw(void *ctx, const xmlChar *text, int len)
{
	(void)ctx;
	(void)text;
	(void)len;
}

/* --- the whole ------------------------------------------------------------ */

static int parse(struct reader *r, const char *html, size_t n)
{
	htmlSAXHandler sax = { .startElement = on_start, .endElement = on_end, .characters = on_text,
			       .ignorableWhitespace = on_text, .cdataBlock = on_raw, .comment = on_comment };

	r->parser = htmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (!r->parser)
		return err_set(r->e, ERR_BROKEN, "the HTML cannot be read: no parser");
	htmlCtxtUseOptions(r->parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
					      HTML_PARSE_IGNORE_ENC);
	if (n)
		(void)htmlParseChunk(r->parser, html, (int)n, 0);
	if (!r->failed)
		(void)htmlParseChunk(r->parser, "", 0, 1);
	if (!r->failed) {
		flush_words(r);
		block_close_to(r, 1);
	}
	if (r->parser->myDoc)
		xmlFreeDoc(r->parser->myDoc);
	htmlFreeParserCtxt(r->parser);
	r->parser = NULL;
	return r->failed ? -1 : 0;
}

static int look_over(struct reader *r, const char *html, size_t n, struct err *e)
{
	struct html_scan scan;
	struct style_notes found = { 0 };
	size_t line = 1;

	html_scan((struct slice){ html, n }, &scan);
	for (size_t i = 0; i < scan.doubt_at && i < n; i++)
		line += html[i] == '\n';
	if (scan.stop < n)
		return err_set(e, ERR_INPUT, "line %zu: %s; what follows cannot be read surely: mend it", line,
			       scan.doubt ? scan.doubt : "something is broken");
	/* Crossed elements and comments for one program lose no words. */
	if (scan.doubt && !strstr(scan.doubt, "cross") && !strstr(scan.doubt, "conditional"))
		note_add(r->notes, NOTE_BROKEN, line);
	r->sheet = sheet_new(r->a, false, false);
	for (size_t i = 0; i < scan.n_styles; i++)
		sheet_add(r->sheet, scan.style[i], &found);
	sheet_ready(r->sheet, &found);
	if (found.remote)
		note_add(r->notes, NOTE_REMOTE_STYLE, 1);
	if (r->sheet->n_groups > 1)
		note_add(r->notes, NOTE_SHEET, 1);
	return 0;
}

struct handmade *handmade_read(struct arena *a, const char *html, size_t n, const struct markdown_images *images,
			       struct handmade_notes *notes, struct err *e)
{
	struct reader *r = ARENA_NEW(a, struct reader);
	struct style *root = ARENA_NEW(a, struct style);
	size_t switches;
	char *source;
	int rc;

	err_clear(e);
	source = source_prepare(a, html, n, &switches, e);
	if (!source)
		return NULL;
	*root = (struct style){ .fg = UNSET, .ground = UNSET, .mark = UNSET, .ink = UNSET, .em = 16 };
	*r = (struct reader){ .a = a, .e = e, .notes = notes, .images = images, .n_open = 1, .switches = switches };
	r->out = ARENA_NEW(a, struct handmade);
	r->out->arena = a;
	r->out->images = images;
	r->open[0] = (struct open){ .kind = BLOCK_DIV, .look = root };
	if (look_over(r, source, n, e) < 0)
		return NULL;
	buf_init(&r->heard, HANDMADE_MAX * 2);
	buf_init(&r->words, HANDMADE_MAX * 2);
	rc = parse(r, source, n);
	buf_free(&r->heard);
	buf_free(&r->words);
	if (rc == 0 && r->switches)
		rc = err_set(e, ERR_INPUT, "a condition ({{if ...}}, {{else}}, {{end}}) stands inside of what is left out: a comment, "
					   "an attribute, hidden text; take it out");
	return rc < 0 ? NULL : r->out;
}
