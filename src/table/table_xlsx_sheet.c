/*
 * The rows of an XLSX sheet: see table_xlsx.h. A cell says what its value
 * means: a number, the place of a shared string, a text that stands in it.
 * Rows and cells may lack their place; then they follow the one before.
 */
#include "table/table_xlsx.h"
#include "table/table_xml.h"

#include <ctype.h>

enum { AT_SHEET = 2, AT_ROW, AT_CELL, AT_VALUE }; /* depths */

enum cell_type {
	CELL_NUMBER,
	CELL_SHARED,
	CELL_TEXT,
	CELL_BOOL,
	CELL_DATE,
};

struct sheet_reader {
	const struct xlsx_book *book;
	struct sheet *sheet;
	bool in_data;     /* inside <sheetData> */
	bool in_row;
	int64_t line;     /* of the row, or the last one */
	int64_t column;   /* of the cell, or the last one; -1 before the first */
	enum cell_type type;
	int64_t style;
	bool in_value, in_string, has_value, has_formula;
	struct xlsx_run run;
	struct buf value;
};

static int damaged(struct sheet_reader *r, const char *what, struct err *e)
{
	return err_set(e, ERR_INPUT, "row %lld of sheet \"%s\" %s; open the file in a spreadsheet and save it again",
		       (long long)r->line, r->sheet->name, what);
}

static int too_long(struct sheet_reader *r, struct err *e)
{
	return err_set(e, ERR_INPUT, "row %lld of sheet \"%s\" is longer than %d bytes; shorten its texts",
		       (long long)r->line, r->sheet->name, TABLE_RECORD_MAX);
}

/* The column of "B7", from 0; -1 if there are no letters, and beyond all sheets if there are too many. */
static int64_t column_of(const char *place)
{
	int64_t column = 0;

	for (; *place == '$'; place++)
		;
	for (; isalpha((unsigned char)*place) && column <= SHEET_COLUMNS_MAX; place++)
		column = column * 26 + (*place | 32) - 'a' + 1;
	return column - 1;
}

static enum cell_type type_of(const char *t)
{
	if (strcmp(t, "s") == 0)
		return CELL_SHARED;
	if (strcmp(t, "b") == 0)
		return CELL_BOOL;
	if (strcmp(t, "d") == 0)
		return CELL_DATE;
	return strcmp(t, "n") == 0 ? CELL_NUMBER : CELL_TEXT; /* "str", "inlineStr", "e" */
}

/* Rows that stand in disorder could put any of them in the place of the headings. */
static int open_row(struct sheet_reader *r, const char **attrs, struct err *e)
{
	const char *place = xml_attr(attrs, "r");
	int64_t line = place ? xml_number(place, 1, SHEET_ROWS_MAX, 0) : r->line + 1;

	if (line <= r->line || line > SHEET_ROWS_MAX)
		return damaged(r, "is followed by one with a wrong number", e);
	r->in_row = true;
	r->line = line;
	r->column = -1;
	sheet_row(r->sheet, line);
	return 0;
}

static int open_cell(struct sheet_reader *r, const char **attrs, struct err *e)
{
	r->column++;
	r->type = CELL_NUMBER;
	r->style = 0;
	r->has_value = r->has_formula = false;
	r->run = (struct xlsx_run){ 0 };
	buf_clear(&r->value);
	for (; *attrs; attrs += 2) {
		if (strcmp(attrs[0], "r") == 0)
			r->column = column_of(attrs[1]);
		else if (strcmp(attrs[0], "t") == 0)
			r->type = type_of(attrs[1]);
		else if (strcmp(attrs[0], "s") == 0)
			r->style = xml_number(attrs[1], 0, XLSX_STYLES_MAX, 0);
	}
	if (r->column < 0 || r->column >= SHEET_COLUMNS_MAX)
		return damaged(r, "has a cell at a place that no sheet has", e);
	return 0;
}

static void open_value(struct sheet_reader *r, const char *name)
{
	r->in_value = strcmp(name, "v") == 0;
	r->in_string = strcmp(name, "is") == 0;
	if (strcmp(name, "f") == 0)
		r->has_formula = true;
	if (!r->in_value && !r->in_string)
		return;
	/* Both in one cell: the text inside it is the one that shows. */
	if (r->has_value && r->in_value)
		r->in_value = false;
	else
		buf_clear(&r->value);
	r->has_value = true;
	if (r->in_string)
		r->type = CELL_TEXT;
}

static int on_open(void *arg, int depth, const char *name, const char **attrs, struct err *e)
{
	struct sheet_reader *r = arg;

	if (depth == AT_SHEET)
		r->in_data = strcmp(name, "sheetData") == 0;
	if (!r->in_data)
		return 0;
	if (depth == AT_ROW && strcmp(name, "row") == 0)
		return open_row(r, attrs, e);
	if (!r->in_row)
		return 0;
	if (depth == AT_CELL && strcmp(name, "c") == 0)
		return open_cell(r, attrs, e);
	if (depth == AT_VALUE)
		open_value(r, name);
	else if (r->in_string)
		xlsx_run_open(&r->run, &r->value, name, attrs);
	return 0;
}

static int on_text(void *arg, int depth, const char *p, size_t n, struct err *e)
{
	struct sheet_reader *r = arg;

	if ((depth == AT_VALUE && r->in_value) || r->run.in_text)
		buf_add(&r->value, p, n);
	return r->value.over ? too_long(r, e) : 0;
}

static int put_shared(struct sheet_reader *r, struct err *e)
{
	const struct xlsx_strings *s = &r->book->strings;
	int64_t i = xml_number(buf_text(&r->value), 0, (int64_t)s->n - 1, -1);

	if (i < 0)
		return damaged(r, "refers to a text that the workbook does not have", e);
	return sheet_put_fixed(r->sheet, r->column, s->text.p + s->at[i], s->at[i + 1] - s->at[i] - 1, e);
}

static void add_value(struct sheet_reader *r, struct buf *out)
{
	const char *p = buf_text(&r->value);
	enum value_kind kind = xlsx_style_kind(&r->book->styles, r->style);
	size_t at = out->n;

	switch (r->type) {
	case CELL_NUMBER:
		value_serial(out, p, r->value.n, kind, r->book->from_1904);
		break;
	case CELL_BOOL:
		value_bool(out, p);
		break;
	case CELL_DATE:
		value_date(out, p, r->value.n);
		break;
	case CELL_SHARED:
	case CELL_TEXT:
		buf_add(out, p, r->value.n);
		xlsx_unescape(out, at);
		break;
	}
}

static int close_cell(struct sheet_reader *r, struct err *e)
{
	size_t at = r->sheet->text.n;

	if (r->has_formula && !r->has_value)
		r->sheet->fault = "it has a formula without a result; open the file in a spreadsheet and save it again";
	if (r->value.n == 0)
		return 0;
	if (r->type == CELL_SHARED)
		return put_shared(r, e);
	add_value(r, &r->sheet->text);
	return sheet_put(r->sheet, r->column, 1, at, e);
}

static int on_close(void *arg, int depth, const char *name, struct err *e)
{
	struct sheet_reader *r = arg;

	if (!r->in_row)
		return 0;
	if (depth > AT_VALUE && r->in_string)
		xlsx_run_close(&r->run, &r->value, name);
	if (depth == AT_VALUE)
		r->in_value = r->in_string = false;
	if (depth == AT_CELL && strcmp(name, "c") == 0)
		return close_cell(r, e);
	if (depth != AT_ROW)
		return 0;
	r->in_row = false;
	return sheet_row_end(r->sheet, 1, e);
}

int xlsx_sheet_read(struct pack *k, int64_t part, const struct xlsx_book *book, struct sheet *sheet, struct err *e)
{
	static const struct xml_calls CALLS = { .open = on_open, .close = on_close, .text = on_text };
	struct sheet_reader r = { .book = book, .sheet = sheet };
	int rc;

	buf_init(&r.value, TABLE_RECORD_MAX);
	rc = xml_read(k, part, &CALLS, &r, e);
	buf_free(&r.value);
	return rc;
}
