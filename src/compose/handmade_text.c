/*
 * HTML written by hand as plain text: see handmade.h. The blocks and runs are told to the renderer of Markdown, so
 * that all text parts look alike. What is only lay-out says nothing there: boxes and tables without heads become
 * paragraphs, one after the other, and what stood on lines of its own does so again.
 */
#include "compose/fields.h"
#include "compose/handmade_event.h"
#include "compose/markdown_table.h"
#include "compose/markdown_walk.h"

/* The spans that text knows, outermost first. */
enum span { SPAN_LINK, SPAN_STRONG, SPAN_EM, SPANS };

struct teller {
	const struct handmade *h;
	struct walk *walk;
	const struct style *run; /* whose spans are open, or NULL */
	bool paragraph;         /* a block of the renderer is open */
	bool heading, pre, head_cell;
	int level;
	const struct grid *columns; /* the table that is told as one, or NULL */
	size_t column;              /* ... cells told of its row */
	const struct grid *rows;    /* the table that is told row by row */
	bool said;                  /* words stand on the open line already */
	bool after_head;            /* ... and the last of them were a row's head */
};

static void enter(struct teller *t, MD_BLOCKTYPE type, const void *detail)
{
	t->walk->calls->enter_block(t->walk, type, detail);
}

static void leave(struct teller *t, MD_BLOCKTYPE type, const void *detail)
{
	t->walk->calls->leave_block(t->walk, type, detail);
}

static void say(struct teller *t, const char *p, size_t n)
{
	t->walk->calls->text(t->walk, p, n);
}

/* --- spans --- */

static bool has_span(const struct teller *t, const struct style *l, enum span s)
{
	if (s == SPAN_LINK)
		return l->link;
	return s == SPAN_STRONG ? l->bold && !t->heading && !t->head_cell && !t->pre : l->italic && !t->pre;
}

static bool same_span(const struct teller *t, const struct style *a, const struct style *b, enum span s)
{
	return has_span(t, a, s) == has_span(t, b, s) && (s != SPAN_LINK || a->link == b->link);
}

static const MD_SPANTYPE SPAN_TYPES[] = { MD_SPAN_A, MD_SPAN_STRONG, MD_SPAN_EM };

static int close_spans(struct teller *t, const struct style *next)
{
	int same = 0;

	if (!t->run)
		return 0;
	while (same < SPANS && next && same_span(t, t->run, next, (enum span)same))
		same++;
	for (int s = SPANS - 1; s >= same; s--)
		if (has_span(t, t->run, (enum span)s))
			t->walk->calls->leave_span(t->walk, SPAN_TYPES[s], s == SPAN_LINK ? t->run->link->href : "");
	return same;
}

static void open_spans(struct teller *t, const struct style *l, int from)
{
	for (int s = from; s < SPANS; s++)
		if (has_span(t, l, (enum span)s))
			t->walk->calls->enter_span(t->walk, SPAN_TYPES[s], s == SPAN_LINK ? l->link->href : "");
	t->run = l;
}

/* --- paragraphs --- */

static void end_paragraph(struct teller *t)
{
	MD_BLOCK_H_DETAIL h = { .level = (unsigned)t->level };

	if (t->paragraph)
		leave(t, t->heading ? MD_BLOCK_H : t->pre ? MD_BLOCK_CODE : MD_BLOCK_P, &h);
	t->paragraph = t->heading = t->pre = false;
}

static void begin_leaf(struct teller *t, const struct event *ev)
{
	int level = heading_level(t->h, ev);
	MD_BLOCK_H_DETAIL h = { .level = (unsigned)(level > 1 ? level - 1 : 1) };
	bool line = ev->what == LEAF_LINE || ev->what == LEAF_BARE || t->rows;

	t->run = NULL;
	if (t->columns || (t->rows && t->paragraph)) {
		if (t->said)
			say(t, " ", 1);
		return;
	}
	if (line && t->paragraph) {
		say(t, "\n", 1);
		return;
	}
	end_paragraph(t);
	t->heading = ev->what == LEAF_HEADING;
	t->pre = ev->what == LEAF_PRE;
	t->level = (int)h.level;
	t->paragraph = true;
	enter(t, t->heading ? MD_BLOCK_H : t->pre ? MD_BLOCK_CODE : MD_BLOCK_P, &h);
}

static void end_leaf(struct teller *t, const struct event *leaf)
{
	(void)close_spans(t, NULL);
	t->run = NULL;
	if (!t->columns && !t->rows && leaf->what != LEAF_LINE && leaf->what != LEAF_BARE)
		end_paragraph(t);
}

/* Is there nothing but blanks in it? They make room, in HTML. */
static bool only_blanks(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != ' ' && (unsigned char)p[i] != 0xc2 && (unsigned char)p[i] != 0xa0)
			return false;
	return true;
}

static void tell_run(struct teller *t, const struct event *ev)
{
	int from = close_spans(t, ev->look);

	for (int i = 0; i < ev->breaks; i++)
		say(t, t->columns || t->rows ? " " : "\n", 1);
	if (ev->blank)
		say(t, " ", 1);
	open_spans(t, ev->look, from);
	if (ev->kind == EV_IMAGE)
		t->walk->calls->image(t->walk, ev->image);
	else
		say(t, ev->text, ev->n);
	t->said = true;
}

/* --- tables --- */

static bool is_data(const struct grid *g)
{
	return g->headed && !g->presentation && !g->complex;
}

static bool fits_columns(const struct grid *g)
{
	return is_data(g) && g->first_row && g->rows > 1 && g->columns <= TABLE_COLUMNS && g->columns * g->rows <= TABLE_CELLS;
}

static void tell_cell(struct teller *t, MD_BLOCKTYPE type, bool opens, enum align align)
{
	MD_BLOCK_TD_DETAIL d = { .align = align == ALIGN_RIGHT ? MD_ALIGN_RIGHT : MD_ALIGN_DEFAULT };

	if (opens)
		enter(t, type, &d);
	else
		leave(t, type, &d);
}

static void empty_cells(struct teller *t, size_t n)
{
	for (; n && t->column < t->columns->columns; n--, t->column++) {
		tell_cell(t, MD_BLOCK_TD, true, ALIGN_NONE);
		tell_cell(t, MD_BLOCK_TD, false, ALIGN_NONE);
	}
}

static void open_grid(struct teller *t, const struct grid *g)
{
	MD_BLOCK_TABLE_DETAIL d = { .col_count = (unsigned)g->columns };

	if (t->columns || t->rows || !is_data(g))
		return;
	end_paragraph(t);
	if (fits_columns(g)) {
		t->columns = g;
		enter(t, MD_BLOCK_TABLE, &d);
	} else {
		t->rows = g;
	}
}

static void close_grid(struct teller *t, const struct grid *g)
{
	MD_BLOCK_TABLE_DETAIL d = { .col_count = (unsigned)g->columns };

	if (t->columns == g) {
		leave(t, MD_BLOCK_TABLE, &d);
		t->columns = NULL;
	} else if (t->rows == g) {
		end_paragraph(t);
		t->rows = NULL;
	}
}

static void open_cell(struct teller *t, const struct event *ev)
{
	t->head_cell = ev->cell->head && is_data(ev->grid);
	if (t->columns)
		tell_cell(t, ev->cell->head ? MD_BLOCK_TH : MD_BLOCK_TD, true, ev->look->align);
	else if (t->rows && t->said)
		say(t, t->after_head ? ":" : ",", 1);
	if (t->columns)
		t->said = false;
}

static void close_cell(struct teller *t, const struct event *ev)
{
	t->head_cell = false;
	t->after_head = ev->cell->head;
	if (!t->columns)
		return;
	tell_cell(t, ev->cell->head ? MD_BLOCK_TH : MD_BLOCK_TD, false, ev->look ? ev->look->align : ALIGN_NONE);
	t->column++;
	empty_cells(t, (size_t)ev->cell->columns - 1);
}

static void close_row(struct teller *t)
{
	if (t->columns)
		empty_cells(t, t->columns->columns);
	else if (t->rows && t->said)
		say(t, "\n", 1);
	t->column = 0;
	t->said = false;
}

/* --- blocks --- */

static void tell_holder(struct teller *t, const struct event *ev, bool opens)
{
	MD_BLOCK_UL_DETAIL ul = { .is_tight = !ev->loose };
	MD_BLOCK_OL_DETAIL ol = { .start = (unsigned)ev->level, .is_tight = !ev->loose };
	MD_BLOCK_LI_DETAIL li = { .is_task = 0 };
	MD_BLOCKTYPE type = ev->what == BLOCK_QUOTE ? MD_BLOCK_QUOTE
			    : ev->what == BLOCK_LI  ? MD_BLOCK_LI
			    : ev->what == BLOCK_OL  ? MD_BLOCK_OL
						    : MD_BLOCK_UL;
	const void *detail = type == MD_BLOCK_OL ? (const void *)&ol : type == MD_BLOCK_UL ? (const void *)&ul : &li;

	end_paragraph(t);
	if (opens)
		enter(t, type, detail);
	else
		leave(t, type, detail);
}

static void tell_block(struct teller *t, const struct event *ev, bool opens)
{
	switch ((enum block_kind)ev->what) {
	case BLOCK_QUOTE:
	case BLOCK_UL:
	case BLOCK_OL:
	case BLOCK_LI:
		tell_holder(t, ev, opens);
		break;
	case BLOCK_TABLE:
		if (opens)
			open_grid(t, ev->grid);
		else
			close_grid(t, ev->grid);
		break;
	case BLOCK_ROW:
		if (!opens)
			close_row(t);
		break;
	case BLOCK_CELL:
		if (opens)
			open_cell(t, ev);
		else
			close_cell(t, ev);
		break;
	case BLOCK_CAPTION:
	case BLOCK_DIV:
		break;
	}
}

/* The next run of the leaf that begins at i has words; i of the event behind the leaf otherwise. */
static bool has_words(const struct handmade *h, size_t i)
{
	for (; i < h->n && h->events[i].kind != EV_LEAF_END; i++)
		if (h->events[i].kind == EV_IMAGE || (h->events[i].kind == EV_TEXT && !only_blanks(h->events[i].text, h->events[i].n)))
			return true;
	return false;
}

static void tell_leaf(struct teller *t, const struct event *ev, bool words)
{
	if (words)
		begin_leaf(t, ev);
	else if (!t->columns && !t->rows)
		end_paragraph(t);
}

static void tell_rule(struct teller *t)
{
	end_paragraph(t);
	enter(t, MD_BLOCK_HR, NULL);
	leave(t, MD_BLOCK_HR, NULL);
}

/* The events of one segment. */
static void tell(struct teller *t, size_t from, size_t to)
{
	const struct event *events = t->h->events, *leaf = NULL;

	for (size_t i = from; i < to && !t->walk->out->over; i++) {
		const struct event *ev = &events[i];

		if (ev->kind == EV_OPEN || ev->kind == EV_CLOSE)
			tell_block(t, ev, ev->kind == EV_OPEN);
		else if (ev->kind == EV_LEAF)
			tell_leaf(t, ev, (leaf = has_words(t->h, i) ? ev : NULL) != NULL);
		else if (ev->kind == EV_LEAF_END && leaf)
			end_leaf(t, leaf);
		else if ((ev->kind == EV_TEXT || ev->kind == EV_IMAGE) && leaf)
			tell_run(t, ev);
		else if (ev->kind == EV_EMPTY_LINE && !t->columns && !t->rows)
			end_paragraph(t);
		else if (ev->kind == EV_RULE)
			tell_rule(t);
	}
	end_paragraph(t);
}

struct part {
	const struct handmade *h;
	size_t from, to;
};

static int drive(struct walk *w, const void *source, struct err *e)
{
	const struct part *part = source;
	struct teller t = { .h = part->h, .walk = w };

	(void)e;
	tell(&t, part->from, part->to);
	return w->out->over ? -1 : 0;
}

/* Segments are told apart, so that none of their lines depends on another being shown. */
int handmade_to_text(const struct handmade *h, struct buf *out, struct err *e)
{
	struct part part = { h, 0, 0 };
	struct buf text;
	int rc = 0;

	buf_init(&text, out->max);
	for (; rc == 0 && part.from <= h->n; part.from = part.to + 1) {
		for (part.to = part.from; part.to < h->n && h->events[part.to].kind != EV_SWITCH; part.to++)
			;
		buf_clear(&text);
		rc = text_render(drive, &part, &text, e);
		buf_adds(out, part.from && text.n ? "\n" : "");
		buf_add_buf(out, &text);
		if (part.to < h->n)
			switch_mark(h->events[part.to].segment, out);
	}
	if (rc == 0 && (text.over || out->over))
		rc = err_set(e, ERR_INPUT, "the text is too long; put a part of it on the project's page");
	buf_free(&text);
	return rc;
}
