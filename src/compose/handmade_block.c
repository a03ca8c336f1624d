/*
 * Blocks and leaves of HTML written by hand, as they are opened and closed: which may stand where is decided here, by
 * ending what cannot go on and beginning what is missing. So the events nest whatever the source was like.
 */
#include "compose/handmade_reader.h"

struct event *handmade_event(struct reader *r, enum event_kind kind)
{
	struct handmade *h = r->out;

	h->events = arena_room(h->arena, h->events, h->n, &h->room, sizeof(*h->events));
	h->events[h->n] = (struct event){ .kind = kind };
	return &h->events[h->n++];
}

/* --- blocks and leaves ---------------------------------------------------- */

/* May blocks and leaves stand directly here? */
static bool takes_flow(const struct open *o)
{
	return o->kind != BLOCK_UL && o->kind != BLOCK_OL && o->kind != BLOCK_TABLE && o->kind != BLOCK_ROW;
}

/* Line breaks at the end of <pre> show nothing. */
static void trim_end(struct handmade *h)
{
	for (; h->events[h->n - 1].kind == EV_TEXT; h->n--) {
		struct event *last = &h->events[h->n - 1];

		while (last->n && last->text[last->n - 1] == '\n')
			last->n--;
		if (last->n)
			return;
	}
}

void leaf_close(struct reader *r)
{
	if (r->leaf_open) {
		trim_end(r->out);
		handmade_event(r, EV_LEAF_END);
	} else if (r->breaks && takes_flow(reader_around(r))) {
		handmade_event(r, EV_EMPTY_LINE);
		reader_around(r)->bare = false;
	}
	r->leaf_open = r->blank = false;
	r->breaks = 0;
}

struct event *block_open(struct reader *r, enum block_kind kind, const struct style *look, const struct box *box,
				bool implied)
{
	struct open *outer = reader_around(r), *o;
	struct event *ev;

	if (r->n_open == BLOCKS_MAX) {
		reader_fault(r, "tables, lists and boxes are nested too deep; mail programs cannot show that");
		return NULL;
	}
	outer->bare = false;
	o = &r->open[r->n_open++];
	*o = (struct open){ .kind = kind, .event = r->out->n, .look = look, .implied = implied, .grid = outer->grid,
			    .row = outer->row, .lists = outer->lists };
	o->lists += kind == BLOCK_UL || kind == BLOCK_OL || kind == BLOCK_LI || kind == BLOCK_QUOTE;
	if (o->lists > LISTS_MAX) {
		reader_fault(r, "lists and quotes are nested too deep");
		return NULL;
	}
	r->quotes += kind == BLOCK_QUOTE;
	ev = handmade_event(r, EV_OPEN);
	ev->what = (int)kind;
	ev->look = look;
	ev->outer = outer->look;
	ev->box = box;
	ev->grid = o->grid;
	return ev;
}

static void close_block(struct reader *r)
{
	struct open *o = reader_around(r);
	struct event *ev;

	leaf_close(r);
	r->quotes -= o->kind == BLOCK_QUOTE;
	ev = handmade_event(r, EV_CLOSE);
	ev->what = (int)o->kind;
	ev->grid = o->grid;
	ev->cell = r->out->events[o->event].cell;
	ev->row = o->row;
	if (o->kind == BLOCK_LI && r->n_open > 2 && o->paragraphs > 1)
		r->out->events[r->open[r->n_open - 2].event].loose = true;
	r->n_open--;
	r->open[r->n_open - 1].bare = false;
}

void block_close_to(struct reader *r, size_t n)
{
	leaf_close(r);
	while (r->n_open > n)
		close_block(r);
}

void block_close_implied(struct reader *r)
{
	leaf_close(r);
	while (reader_around(r)->implied)
		close_block(r);
}

void row_open(struct reader *r, const struct style *look, const struct box *box, bool implied)
{
	struct grid *grid = reader_around(r)->grid;
	struct event *ev = block_open(r, BLOCK_ROW, look, box, implied);

	if (!ev)
		return;
	ev->row = reader_around(r)->row = grid->rows++;
	if (!ev->row)
		grid->first_row = true;
	reader_around(r)->column = 0;
}

void cell_open(struct reader *r, const struct style *look, const struct box *box, struct cell cell, bool implied)
{
	struct open *row = reader_around(r);
	struct grid *grid = row->grid;
	struct cell *kept = ARENA_NEW(r->a, struct cell);
	struct event *ev;

	cell.row = row->row;
	cell.column = row->column;
	*kept = cell;
	row->column += (size_t)cell.columns;
	grid->cells += (size_t)cell.columns;
	grid->columns = row->column > grid->columns ? row->column : grid->columns;
	grid->headed = grid->headed || cell.head;
	if (cell.row == 0 && !cell.head)
		grid->first_row = false;
	if (cell.rows > 1)
		grid->complex = true;
	ev = block_open(r, BLOCK_CELL, look, box, implied);
	if (ev)
		ev->cell = kept;
}

/* Begins what must be around words and blocks here: an item in a list, a cell in a table. */
void flow_need(struct reader *r)
{
	struct open *o = reader_around(r);

	if (o->kind == BLOCK_UL || o->kind == BLOCK_OL) {
		block_open(r, BLOCK_LI, o->look, NULL, true);
		return;
	}
	if (o->kind == BLOCK_TABLE)
		row_open(r, o->look, NULL, true);
	if (!r->failed && reader_around(r)->kind == BLOCK_ROW)
		cell_open(r, reader_around(r)->look, NULL, (struct cell){ .columns = 1, .rows = 1 }, true);
}

void leaf_open_here(struct reader *r)
{
	const struct frame *f = reader_top(r);
	enum leaf_kind kind;
	struct event *ev;
	struct open *o;

	if (r->leaf_open)
		return;
	flow_need(r);
	if (r->failed)
		return;
	o = reader_around(r);
	kind = f->leaf;
	if (kind == LEAF_BARE && r->n_open == 1)
		kind = LEAF_P;
	if (kind == LEAF_BARE && o->bare)
		kind = LEAF_LINE;
	o->bare = kind == LEAF_BARE;
	o->paragraphs += kind == LEAF_P;
	ev = handmade_event(r, EV_LEAF);
	ev->what = (int)kind;
	ev->outer = o->look;
	ev->look = f->leaf == LEAF_BARE ? o->look : f->leaf_look;
	ev->box = f->leaf == LEAF_BARE ? NULL : f->leaf_box;
	ev->level = f->level;
	ev->quotes = r->quotes;
	r->leaf_open = true;
	r->blank = false;
}
