/*
 * HTML written by hand, written anew: see handmade.h. Tags, attributes and styles come from this file and from
 * numbers; the writer's bytes are words, addresses of links and nothing else, and all of them are escaped. Spans are
 * opened in one order and closed as soon as the next run differs, so that they always nest: a, span, strong, em,
 * code, sub or sup. Elements that Markdown has too get the house's own style.
 */
#include "compose/fields.h"
#include "compose/handmade_event.h"
#include "compose/html_text.h"
#include "compose/look.h"
#include "compose/markdown.h"

#define HEADING "font-weight:bold;line-height:1.3;"
#define HOLDER  " style=\"margin:0 0 18px;padding:0 24px;"
#define GRID    " class=\"line\" style=\"margin:0 0 18px;border-collapse:collapse;border-top:2px solid " L_LINE ";"
#define CELL    " class=\"line\" style=\"padding:7px 18px 7px 0;border-bottom:1px solid " L_LINE ";"
#define QUOTE   " class=\"line%s\" style=\"margin:0 0 18px;padding:6px 0 1px 16px;border-left:3px solid " L_LINE ";"
#define PRE     " style=\"margin:0 0 18px;white-space:pre-wrap;font-family:Consolas,Menlo,monospace;font-size:15px;"
#define RULE    "<hr class=\"line\" style=\"margin:26px 0;border:0;border-top:1px solid " L_LINE "\">\n"

/* The spans around a run, outermost first. */
enum span { SPAN_LINK, SPAN_STYLE, SPAN_STRONG, SPAN_EM, SPAN_CODE, SPAN_SHIFT, SPANS };

struct writer {
	const struct handmade *h;
	struct buf *out;
	const struct style *leaf; /* of the open leaf */
	const struct style *run;  /* whose spans are open, or NULL */
	bool bold, pre;          /* the leaf's own */
	size_t heads;            /* open cells of heads */
};

/* --- styles --- */

static bool is_data(const struct grid *g)
{
	return g->headed && !g->presentation;
}

/* How a block's words differ from those around it. */
static void put_difference(struct buf *b, const struct style *look, const struct style *outer, int64_t ground)
{
	if (ground >= 0)
		put_color(b, "background-color", ground);
	if (look->ink >= 0 && (look->ink != outer->ink || ground >= 0))
		put_color(b, "color", look->ink);
	if (look->size && look->size != outer->size)
		buf_addf(b, "font-size:%dpx;", look->size);
	if (look->align && look->align != outer->align)
		put_align(b, look->align);
}

/* In the dark the house's sheet changes its colours, and so must words that have one of their own on it. */
static bool needs_ink(const struct style *look, const struct style *outer)
{
	return look->ground < 0 && look->ink >= 0 && look->ink != outer->ink;
}

static void put_style(struct buf *out, struct buf *style)
{
	if (style->n) {
		buf_adds(out, " style=\"");
		buf_add(out, style->p, style->n - 1); /* without the last ";" */
		buf_addc(out, '"');
	}
	buf_free(style);
}

static void put_dir(struct buf *out, const struct box *box)
{
	if (box && box->dir)
		buf_addf(out, " dir=\"%s\"", box->dir);
}

/* A start tag with the event's own box and difference. */
static void put_start(struct writer *w, const char *name, const struct event *ev)
{
	struct buf style;

	buf_addf(w->out, "<%s", name);
	if (needs_ink(ev->look, ev->outer))
		buf_adds(w->out, " class=\"ink\"");
	buf_init(&style, 2000);
	put_difference(&style, ev->look, ev->outer, ev->box ? ev->box->ground : UNSET);
	if (ev->box)
		put_box(&style, ev->box);
	put_style(w->out, &style);
	put_dir(w->out, ev->box);
	buf_addc(w->out, '>');
}

/* A start tag in the house's style, `fixed`, which is left open; the difference follows in it. */
static void put_house(struct writer *w, const struct event *ev, bool with_ink)
{
	struct buf style;
	struct style outer = *ev->outer;

	if (!with_ink)
		outer.ink = ev->look->ink;
	buf_init(&style, 2000);
	put_difference(&style, ev->look, &outer, UNSET);
	if (style.n)
		buf_add_buf(w->out, &style);
	buf_free(&style);
	buf_cut(w->out, w->out->n - (w->out->n && !w->out->over ? 1 : 0)); /* the last ";" */
	buf_addc(w->out, '"');
	put_dir(w->out, ev->box);
	buf_addc(w->out, '>');
}

/* --- blocks --- */

static void open_holder(struct writer *w, const struct event *ev)
{
	if (ev->what == BLOCK_QUOTE) {
		bool soft = ev->look->ground < 0 && ev->look->ink < 0;

		buf_adds(w->out, "<blockquote");
		buf_addf(w->out, QUOTE, soft ? " soft" : "");
		buf_adds(w->out, soft ? "color:" L_SOFT ";" : "");
		put_house(w, ev, true);
	} else {
		buf_adds(w->out, ev->what == BLOCK_OL ? "<ol" : "<ul");
		if (ev->what == BLOCK_OL && ev->level != 1)
			buf_addf(w->out, " start=\"%d\"", ev->level);
		buf_adds(w->out, needs_ink(ev->look, ev->outer) ? " class=\"ink\"" : "");
		buf_adds(w->out, HOLDER);
		put_house(w, ev, true);
	}
	buf_addc(w->out, '\n');
}

static void open_item(struct writer *w, const struct event *ev)
{
	buf_adds(w->out, "<li");
	buf_adds(w->out, needs_ink(ev->look, ev->outer) ? " class=\"ink\"" : "");
	buf_adds(w->out, " style=\"margin:0 0 6px;");
	put_house(w, ev, true);
}

static void open_table(struct writer *w, const struct event *ev)
{
	if (is_data(ev->grid)) {
		buf_adds(w->out, "<table" GRID);
		put_house(w, ev, true);
	} else {
		put_start(w, "table", ev);
		buf_cut(w->out, w->out->n - (w->out->n && !w->out->over ? 1 : 0));
		buf_adds(w->out, " role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">");
	}
	buf_addc(w->out, '\n');
}

static void open_row(struct writer *w, const struct event *ev)
{
	if (is_data(ev->grid) && ev->row == 0)
		buf_adds(w->out, ev->grid->first_row ? "<thead>\n" : "<tbody>\n");
	if (is_data(ev->grid) && ev->row == 1 && ev->grid->first_row)
		buf_adds(w->out, "<tbody>\n");
	put_start(w, "tr", ev);
	buf_addc(w->out, '\n');
}

static void close_row(struct writer *w, const struct event *ev)
{
	buf_adds(w->out, "</tr>\n");
	if (!is_data(ev->grid))
		return;
	if (ev->row == 0 && ev->grid->first_row)
		buf_adds(w->out, "</thead>\n");
	else if (ev->row + 1 == ev->grid->rows)
		buf_adds(w->out, "</tbody>\n");
}

static void put_spans_of(struct writer *w, const struct cell *c)
{
	if (c->columns > 1)
		buf_addf(w->out, " colspan=\"%d\"", c->columns);
	if (c->rows > 1)
		buf_addf(w->out, " rowspan=\"%d\"", c->rows);
}

static void open_cell(struct writer *w, const struct event *ev)
{
	bool head = ev->cell->head && is_data(ev->grid);
	struct style outer = *ev->outer;
	struct buf style;

	w->heads += head;
	buf_adds(w->out, head ? "<th" : "<td");
	if (head)
		buf_addf(w->out, " scope=\"%s\"", ev->grid->first_row && ev->row == 0 && ev->cell->row == 0 ? "col" : "row");
	put_spans_of(w, ev->cell);
	if (!is_data(ev->grid)) {
		buf_adds(w->out, needs_ink(ev->look, ev->outer) ? " class=\"ink\"" : "");
		buf_init(&style, 2000);
		put_difference(&style, ev->look, ev->outer, ev->box ? ev->box->ground : UNSET);
		if (ev->box)
			put_box(&style, ev->box);
		put_style(w->out, &style);
		put_dir(w->out, ev->box);
		buf_addc(w->out, '>');
		return;
	}
	buf_adds(w->out, CELL);
	outer.align = ALIGN_NONE;
	buf_init(&style, 2000);
	put_difference(&style, ev->look, &outer, ev->box ? ev->box->ground : UNSET);
	if (!ev->look->align)
		put_align(&style, ALIGN_LEFT);
	buf_add(w->out, style.p, style.n ? style.n - 1 : 0);
	buf_free(&style);
	buf_addc(w->out, '"');
	put_dir(w->out, ev->box);
	buf_addc(w->out, '>');
}

static void open_block(struct writer *w, const struct event *ev)
{
	switch ((enum block_kind)ev->what) {
	case BLOCK_DIV:
		put_start(w, "div", ev);
		break;
	case BLOCK_QUOTE:
	case BLOCK_UL:
	case BLOCK_OL:
		open_holder(w, ev);
		break;
	case BLOCK_LI:
		open_item(w, ev);
		break;
	case BLOCK_TABLE:
		open_table(w, ev);
		break;
	case BLOCK_ROW:
		open_row(w, ev);
		break;
	case BLOCK_CELL:
		open_cell(w, ev);
		break;
	case BLOCK_CAPTION:
		put_start(w, "caption", ev);
		break;
	}
}

static void close_block(struct writer *w, const struct event *ev)
{
	static const char *const NAMES[] = { "div", "blockquote", "ul", "ol", "li", "table", "tr", "td", "caption" };
	bool head = ev->what == BLOCK_CELL && ev->cell->head && is_data(ev->grid);

	w->heads -= head;
	if (ev->what == BLOCK_ROW)
		close_row(w, ev);
	else
		buf_addf(w->out, "</%s>\n", head ? "th" : NAMES[ev->what]);
}

/* --- leaves --- */

static void put_margin(struct buf *style, const struct box *box, const int house[4])
{
	struct box one;

	box_clear(&one);
	for (int i = 0; i < 4; i++)
		one.margin[i] = box && box->margin[i] != UNSET ? box->margin[i] : house[i];
	put_box(style, &one);
}

/* Paragraphs and headings: the house's margins where the writer says none. */
static void open_styled(struct writer *w, const struct event *ev, const char *name)
{
	static const int P[] = { 0, 0, 18, 0 }, QUOTED_P[] = { 0, 0, 6, 0 }, H[] = { 26, 0, 10, 0 };
	static const int SIZE[] = { 23, 23, 23, 20, 18, 17, 17 };
	bool heading = ev->what == LEAF_HEADING;
	int level = heading ? heading_level(w->h, ev) : 0;
	struct style look = *ev->look;
	struct box rest;
	struct buf style;

	if (heading && look.size == ev->outer->size)
		look.size = SIZE[level];
	if (heading && !look.size)
		look.size = SIZE[level];
	buf_addf(w->out, "<%s%s", name, needs_ink(&look, ev->outer) ? " class=\"ink\"" : "");
	buf_init(&style, 2000);
	put_margin(&style, ev->box, heading ? H : ev->quotes ? QUOTED_P : P);
	buf_adds(&style, heading ? SERIF ";" HEADING : "");
	put_difference(&style, &look, ev->outer, ev->box ? ev->box->ground : UNSET);
	if (heading && look.size == ev->outer->size)
		buf_addf(&style, "font-size:%dpx;", look.size);
	if (ev->box) {
		rest = *ev->box;
		for (int i = 0; i < 4; i++)
			rest.margin[i] = UNSET;
		put_box(&style, &rest);
	}
	put_style(w->out, &style);
	put_dir(w->out, ev->box);
	buf_addc(w->out, '>');
}

static void open_leaf(struct writer *w, const struct event *ev)
{
	char name[3] = { 'h', (char)('0' + heading_level(w->h, ev)), '\0' };

	w->leaf = ev->what == LEAF_BARE ? ev->outer : ev->look;
	w->run = NULL;
	w->pre = ev->what == LEAF_PRE;
	w->bold = ev->what == LEAF_HEADING || w->heads > 0;
	switch ((enum leaf_kind)ev->what) {
	case LEAF_P:
		open_styled(w, ev, "p");
		break;
	case LEAF_HEADING:
		open_styled(w, ev, name);
		break;
	case LEAF_LINE:
		put_start(w, "div", ev);
		break;
	case LEAF_PRE:
		buf_adds(w->out, "<pre");
		buf_adds(w->out, needs_ink(ev->look, ev->outer) ? " class=\"ink\"" : "");
		buf_adds(w->out, PRE);
		put_house(w, ev, true);
		break;
	case LEAF_BARE:
		break;
	}
}

/* --- runs --- */

static int64_t base_ink(const struct writer *w, const struct style *l)
{
	return l->link ? l->link->ink : w->leaf->ink;
}

static bool styled(const struct writer *w, const struct style *l)
{
	return l->mark >= 0 || (l->ink >= 0 && l->ink != base_ink(w, l)) || (l->size && l->size != w->leaf->size) ||
	       l->underline || l->strike;
}

static bool has_span(const struct writer *w, const struct style *l, enum span s)
{
	switch (s) {
	case SPAN_LINK:
		return l->link;
	case SPAN_STYLE:
		return styled(w, l);
	case SPAN_STRONG:
		return l->bold && !w->bold;
	case SPAN_EM:
		return l->italic;
	case SPAN_CODE:
		return l->code && !w->pre;
	case SPAN_SHIFT:
		return l->shift != 0;
	default:
		return false;
	}
}

static bool same_span(const struct writer *w, const struct style *a, const struct style *b, enum span s)
{
	if (has_span(w, a, s) != has_span(w, b, s))
		return false;
	if (s == SPAN_LINK)
		return a->link == b->link;
	if (s == SPAN_STYLE)
		return a->mark == b->mark && a->ink == b->ink && a->size == b->size && a->underline == b->underline &&
		       a->strike == b->strike;
	return s != SPAN_SHIFT || a->shift == b->shift;
}

static void open_link(struct writer *w, const struct style *l)
{
	const struct link *link = l->link;
	struct buf style;
	bool on_sheet = l->ground < 0 && link->ground < 0;

	buf_adds(w->out, "<a href=\"");
	html_escape(w->out, link->href, strlen(link->href));
	buf_addf(w->out, "\"%s", on_sheet ? " class=\"link\"" : "");
	buf_init(&style, 2000);
	if (link->ground >= 0)
		put_color(&style, "background-color", link->ground);
	if (link->ink >= 0)
		put_color(&style, "color", link->ink);
	else
		buf_adds(&style, "color:" L_LINK ";");
	buf_adds(&style, link->ground >= 0 ? "text-decoration:none;" : "text-decoration:underline;");
	if (link->button) {
		put_box(&style, &link->box);
		buf_adds(&style, "display:inline-block;");
	}
	put_style(w->out, &style);
	buf_addc(w->out, '>');
}

static void open_styled_span(struct writer *w, const struct style *l)
{
	struct buf style;
	bool colored = l->ink >= 0 && (l->ink != base_ink(w, l) || l->mark >= 0);

	buf_adds(w->out, "<span");
	if (colored && look_ground(l) < 0)
		buf_adds(w->out, l->link ? " class=\"link\"" : " class=\"ink\"");
	buf_init(&style, 2000);
	if (l->mark >= 0)
		put_color(&style, "background-color", l->mark);
	if (colored)
		put_color(&style, "color", l->ink);
	if (l->size && l->size != w->leaf->size)
		buf_addf(&style, "font-size:%dpx;", l->size);
	if (l->underline || l->strike)
		buf_addf(&style, "text-decoration:%s%s%s;", l->underline ? "underline" : "", l->underline && l->strike ? " " : "",
			 l->strike ? "line-through" : "");
	put_style(w->out, &style);
	buf_addc(w->out, '>');
}

static void open_span(struct writer *w, const struct style *l, enum span s)
{
	static const char *const TAGS[] = { [SPAN_STRONG] = "<strong>", [SPAN_EM] = "<em>", [SPAN_CODE] = "<code>" };

	if (s == SPAN_LINK)
		open_link(w, l);
	else if (s == SPAN_STYLE)
		open_styled_span(w, l);
	else if (s == SPAN_SHIFT)
		buf_adds(w->out, l->shift < 0 ? "<sub>" : "<sup>");
	else
		buf_adds(w->out, TAGS[s]);
}

static void close_span(struct writer *w, const struct style *l, enum span s)
{
	static const char *const TAGS[] = { "</a>", "</span>", "</strong>", "</em>", "</code>", "" };

	buf_adds(w->out, s == SPAN_SHIFT ? l->shift < 0 ? "</sub>" : "</sup>" : TAGS[s]);
}

/* Closes what the next run has not; how many spans stay open is returned. */
static int close_spans(struct writer *w, const struct style *next)
{
	int same = 0;

	while (same < SPANS && next && w->run && same_span(w, w->run, next, (enum span)same))
		same++;
	for (int s = SPANS - 1; w->run && s >= same; s--)
		if (has_span(w, w->run, (enum span)s))
			close_span(w, w->run, (enum span)s);
	return w->run ? same : 0;
}

static void begin_run(struct writer *w, const struct event *ev)
{
	int from = close_spans(w, ev->look);

	buf_adds(w->out, ev->blank ? " " : "");
	for (int i = 0; i < ev->breaks; i++)
		buf_adds(w->out, "<br>\n");
	for (int s = from; s < SPANS; s++)
		if (has_span(w, ev->look, (enum span)s))
			open_span(w, ev->look, (enum span)s);
	w->run = ev->look;
}

static void close_leaf(struct writer *w, const struct event *leaf)
{
	static const char *const ENDS[] = { "</p>\n", "</div>\n", "", "", "</pre>\n" };

	(void)close_spans(w, NULL);
	w->run = NULL;
	if (leaf->what == LEAF_HEADING)
		buf_addf(w->out, "</h%d>\n", heading_level(w->h, leaf));
	else
		buf_adds(w->out, ENDS[leaf->what]);
}

int handmade_to_html(const struct handmade *h, struct buf *out, struct err *e)
{
	struct writer w = { .h = h, .out = out };
	const struct event *leaf = NULL;

	for (size_t i = 0; i < h->n && !out->over; i++) {
		const struct event *ev = &h->events[i];

		switch (ev->kind) {
		case EV_OPEN:
			open_block(&w, ev);
			break;
		case EV_CLOSE:
			close_block(&w, ev);
			break;
		case EV_LEAF:
			leaf = ev;
			open_leaf(&w, ev);
			break;
		case EV_LEAF_END:
			close_leaf(&w, leaf);
			break;
		case EV_TEXT:
			begin_run(&w, ev);
			html_escape(out, ev->text, ev->n);
			break;
		case EV_IMAGE:
			begin_run(&w, ev);
			image_to_html(ev->image, h->images->domain, out);
			break;
		case EV_SWITCH:
			switch_mark(ev->segment, out);
			break;
		case EV_EMPTY_LINE:
			buf_adds(out, "<div><br></div>\n");
			break;
		case EV_RULE:
			buf_adds(out, RULE);
			break;
		}
	}
	return out->over ? err_set(e, ERR_INPUT, "the text is too long; put a part of it on the project's page") : 0;
}
