/*
 * ODS: see table_book.h. One part holds all sheets, one behind the other, so
 * it is read twice: for the names of the sheets, with rows left out, and for
 * the rows of one of them. Equal rows and cells are stored
 * once with a count; those without text cost nothing, however many they are.
 */
#include "table/table_book.h"
#include "table/table_sieve.h"
#include "table/table_value.h"
#include "table/table_xml.h"

#define STYLES_MAX 4096

enum { AT_BODY = 2, AT_KIND, AT_TABLE }; /* depths */

/* ---- is it encrypted */

static int manifest_open(void *arg, int depth, const char *name, const char **attrs, struct err *e)
{
	(void)arg, (void)depth, (void)attrs;
	if (strcmp(name, "encryption-data") == 0)
		return err_set(e, ERR_INPUT, "the workbook has a password; save it without one");
	return 0;
}

static int check_manifest(struct pack *k, struct err *e)
{
	static const struct xml_calls CALLS = { .open = manifest_open };
	int64_t part = pack_find(k, "META-INF/manifest.xml");

	return part < 0 ? 0 : xml_read(k, part, &CALLS, NULL, e);
}

/* ---- the names of the sheets */

struct names_reader {
	struct arena *a;
	struct sheet_list sheets;
	const char **hidden; /* names of table styles that hide */
	size_t hidden_n, hidden_room;
	char *style;         /* the table style that is being read */
	size_t styles;
	bool in_styles, in_body, in_sheets;
	struct sieve sieve;
};

static int open_style(struct names_reader *r, int depth, const char *name, const char **attrs, struct err *e)
{
	const char *family = xml_attr(attrs, "family"), *style = xml_attr(attrs, "name"), *display;

	if (depth == 3) {
		r->style = NULL;
		if (strcmp(name, "style") != 0 || !family || strcmp(family, "table") != 0 || !style)
			return 0;
		if (++r->styles > STYLES_MAX)
			return err_set(e, ERR_INPUT, "it has more than %d styles of sheets; save the sheet as 'CSV UTF-8'", STYLES_MAX);
		r->style = arena_text_n(r->a, style, strnlen(style, 255));
	} else if (depth == 4 && r->style && strcmp(name, "table-properties") == 0) {
		display = xml_attr(attrs, "display");
		if (!display || strcmp(display, "false") != 0)
			return 0;
		r->hidden = arena_room(r->a, r->hidden, r->hidden_n, &r->hidden_room, sizeof(*r->hidden));
		r->hidden[r->hidden_n++] = r->style;
	}
	return 0;
}

static bool is_hidden(const struct names_reader *r, const char *style)
{
	for (size_t i = 0; style && i < r->hidden_n; i++)
		if (strcmp(r->hidden[i], style) == 0)
			return true;
	return false;
}

static int open_table(struct names_reader *r, const char **attrs, struct err *e)
{
	const char *name = xml_attr(attrs, "name");
	struct sheet_entry add = { .hidden = is_hidden(r, xml_attr(attrs, "style-name")) };

	add.name = name ? arena_text_n(r->a, name, strnlen(name, 255)) : "";
	return sheet_list_add(&r->sheets, r->a, &add, e);
}

static int names_open(void *arg, int depth, const char *name, const char **attrs, struct err *e)
{
	struct names_reader *r = arg;

	if (depth > AT_TABLE)
		return 0;
	if (depth == AT_BODY) {
		r->in_styles = strcmp(name, "automatic-styles") == 0;
		r->in_body = strcmp(name, "body") == 0;
	}
	if (r->in_styles && depth > AT_BODY)
		return open_style(r, depth, name, attrs, e);
	if (depth == AT_KIND && r->in_body) {
		r->in_sheets = strcmp(name, "spreadsheet") == 0;
		if (!r->in_sheets)
			return err_set(e, ERR_INPUT, "this is an OpenDocument file, but no spreadsheet; save the table as .ods or CSV");
	}
	return depth == AT_TABLE && r->in_sheets && strcmp(name, "table") == 0 ? open_table(r, attrs, e) : 0;
}

static size_t names_sieve(void *arg, char *out, const char *in, size_t n)
{
	struct names_reader *r = arg;

	return sieve_rows(&r->sieve, out, in, n);
}

static int read_names(struct pack *k, int64_t part, struct names_reader *r, struct err *e)
{
	static const struct xml_calls SIEVED = { .open = names_open, .sieve = names_sieve }, WHOLE = { .open = names_open };
	int rc = xml_read(k, part, &SIEVED, r, e);

	if (!r->sieve.unsure && r->sieve.state == SIEVE_TEXT && r->sieve.depth == 0)
		return rc;
	*r = (struct names_reader){ .a = r->a };
	return xml_read(k, part, &WHOLE, r, e);
}

/* ---- the rows of one sheet */

struct rows_reader {
	struct sheet *sheet;
	size_t picked, tables; /* the sheet that is meant; those that have begun */
	bool in_body, in_sheets, in_table;
	int64_t line, times;   /* of the row; line: its first */
	int64_t column, cells; /* of the cell: its first, and how many */
	int row, cell, text, skip; /* depths of what we are in; 0: in none. skip: an element whose text is not the cell's */
	bool covered, typed, formula;
	size_t at;             /* where the cell's text begins in the row's buffer */
	size_t paragraphs;
	bool from_text;        /* its value is what stands in its paragraphs */
	bool gap;              /* blanks were read that may become one */
};

/* 1 for what is absent, negative or no number: as LibreOffice does. */
static int64_t repeat_of(const char **attrs, const char *name)
{
	return xml_number(xml_attr(attrs, name), 1, INT32_MAX, 1);
}

static void open_row(struct rows_reader *r, int depth, const char **attrs)
{
	r->row = depth;
	r->line += r->times;
	r->times = repeat_of(attrs, "number-rows-repeated");
	r->column = r->cells = 0;
	sheet_row(r->sheet, r->line);
}

/* LibreOffice says things twice, for itself with a prefix of its own and other values. */
static const char *cell_attr(const char **attrs, const char *name)
{
	for (; *attrs; attrs += 2)
		if (strcmp(xml_local(attrs[0]), name) == 0 && strncmp(attrs[0], "calcext:", 8) != 0)
			return attrs[1];
	return NULL;
}

/* The value that stands in attributes, if it does. */
static bool add_value(struct rows_reader *r, const char **attrs)
{
	const char *type = cell_attr(attrs, "value-type"), *value = cell_attr(attrs, "value");
	struct buf *b = &r->sheet->text;

	r->typed = type != NULL;
	if (!type)
		return false;
	if (strcmp(type, "date") == 0 && (value = cell_attr(attrs, "date-value")))
		value_date(b, value, strlen(value));
	else if (strcmp(type, "time") == 0 && (value = cell_attr(attrs, "time-value")))
		value_duration(b, value);
	else if (strcmp(type, "boolean") == 0 && (value = cell_attr(attrs, "boolean-value")))
		value_bool(b, value);
	else if (strcmp(type, "string") == 0 && (value = cell_attr(attrs, "string-value")))
		buf_adds(b, value);
	else if (strcmp(type, "string") != 0 && value)
		value_number(b, value, strlen(value));
	else
		return false;
	return true;
}

static void open_cell(struct rows_reader *r, int depth, const char *name, const char **attrs)
{
	r->cell = depth;
	r->column += r->cells;
	if (r->column > SHEET_COLUMNS_MAX)
		r->column = SHEET_COLUMNS_MAX;
	r->cells = repeat_of(attrs, "number-columns-repeated");
	r->covered = strcmp(name, "covered-table-cell") == 0;
	r->at = r->sheet->text.n;
	r->paragraphs = 0;
	r->formula = !r->covered && xml_attr(attrs, "formula");
	r->typed = true;
	r->from_text = !r->covered && !add_value(r, attrs);
}

static void end_gap(struct rows_reader *r)
{
	if (r->gap)
		buf_addc(&r->sheet->text, ' ');
	r->gap = false;
}

/* Blanks of XML that are meant to show are elements of their own. */
static void open_in_text(struct rows_reader *r, const char *name, const char **attrs)
{
	struct buf *b = &r->sheet->text;

	if (strcmp(name, "s") == 0) {
		end_gap(r);
		for (int64_t n = xml_number(xml_attr(attrs, "c"), 1, TABLE_RECORD_MAX, 1); n > 0 && !b->over; n--)
			buf_addc(b, ' ');
	} else if (strcmp(name, "tab") == 0 || strcmp(name, "line-break") == 0) {
		r->gap = false;
		buf_addc(b, *name == 't' ? '\t' : '\n');
	}
}

static void open_in_cell(struct rows_reader *r, int depth, const char *name, const char **attrs)
{
	static const char *const INLINE[] = { "s", "tab", "line-break", "span", "a", "ruby", "ruby-base" };

	if (!r->text) {
		if (depth != r->cell + 1 || (strcmp(name, "p") != 0 && strcmp(name, "h") != 0)) {
			r->skip = depth;
			return;
		}
		r->text = depth;
		if (r->from_text && r->paragraphs++)
			buf_addc(&r->sheet->text, '\n');
		r->gap = false;
		return;
	}
	for (size_t i = 0; i < COUNT(INLINE); i++) {
		if (strcmp(name, INLINE[i]) != 0)
			continue;
		if (r->from_text)
			open_in_text(r, name, attrs);
		return;
	}
	r->skip = depth; /* a comment, a picture, a footnote, a pronunciation */
}

static int rows_open(void *arg, int depth, const char *name, const char **attrs, struct err *e)
{
	struct rows_reader *r = arg;

	if (depth == AT_BODY)
		r->in_body = strcmp(name, "body") == 0;
	if (depth == AT_KIND)
		r->in_sheets = r->in_body && strcmp(name, "spreadsheet") == 0;
	if (depth == AT_TABLE && r->in_sheets && strcmp(name, "table") == 0)
		r->in_table = r->tables++ == r->picked;
	if (!r->in_table || depth <= AT_TABLE || r->skip)
		return 0;
	if (r->cell)
		open_in_cell(r, depth, name, attrs);
	else if (r->row && depth == r->row + 1 && (strcmp(name, "table-cell") == 0 || strcmp(name, "covered-table-cell") == 0))
		open_cell(r, depth, name, attrs);
	else if (!r->row && strcmp(name, "table-row") == 0)
		open_row(r, depth, attrs);
	else if (r->row || strcmp(name, "shapes") == 0)
		r->skip = depth;
	(void)e;
	return 0;
}

static int rows_text(void *arg, int depth, const char *p, size_t n, struct err *e)
{
	struct rows_reader *r = arg;
	struct buf *b = &r->sheet->text;

	(void)depth;
	if (!r->text || r->skip || !r->from_text)
		return 0;
	while (n) {
		size_t blanks = 0, word = 0;

		while (blanks < n && strchr(" \t\r\n", p[blanks]))
			blanks++;
		/* None at the start of a paragraph. */
		if (blanks && b->n > r->at && b->p[b->n - 1] != '\n')
			r->gap = true;
		while (blanks + word < n && !strchr(" \t\r\n", p[blanks + word]))
			word++;
		if (word)
			end_gap(r);
		buf_add(b, p + blanks, word);
		p += blanks + word;
		n -= blanks + word;
	}
	return b->over ? sheet_put(r->sheet, r->column, r->cells, r->at, e) : 0;
}

static int close_cell(struct rows_reader *r, struct err *e)
{
	r->cell = 0;
	if (r->formula && !r->typed && r->paragraphs == 0)
		r->sheet->fault = "it has a formula without a result; open the file in a spreadsheet and save it again";
	return sheet_put(r->sheet, r->column, r->cells, r->at, e);
}

static int close_row(struct rows_reader *r, struct err *e)
{
	r->row = 0;
	if (r->sheet->n > 0 && r->line + r->times - 1 > SHEET_ROWS_MAX)
		return err_set(e, ERR_INPUT, "row %lld of sheet \"%s\" is repeated beyond the last row (%d); delete those that are not needed",
			       (long long)r->line, r->sheet->name, SHEET_ROWS_MAX);
	return sheet_row_end(r->sheet, r->times, e);
}

static int rows_close(void *arg, int depth, const char *name, struct err *e)
{
	struct rows_reader *r = arg;

	(void)name;
	if (r->skip) {
		if (depth == r->skip)
			r->skip = 0;
		return 0;
	}
	if (depth == r->text)
		r->text = 0;
	else if (depth == r->cell)
		return close_cell(r, e);
	else if (depth == r->row)
		return close_row(r, e);
	return depth == AT_TABLE && r->in_table ? 1 : 0;
}

static int read_rows(struct pack *k, int64_t part, struct sheet *sheet, size_t picked, struct err *e)
{
	static const struct xml_calls CALLS = { .open = rows_open, .close = rows_close, .text = rows_text };
	struct rows_reader r = { .sheet = sheet, .picked = picked, .line = 1 };
	int rc;

	sheet_init(sheet);
	rc = xml_read(k, part, &CALLS, &r, e);
	sheet_free(sheet);
	return rc;
}

int ods_read(struct pack *k, const struct table_options *o, struct arena *a, struct table_about *about,
	     int (*each)(void *, const struct table_row *, struct err *), void *ctx, struct err *e)
{
	struct names_reader r = { .a = a };
	struct sheet sheet = { .pack = k, .each = each, .ctx = ctx };
	int64_t part = pack_find(k, "content.xml");
	size_t picked;

	if (check_manifest(k, e) < 0 || read_names(k, part, &r, e) < 0 || sheet_pick(&r.sheets, o, &picked, e) < 0)
		return -1;
	sheet.name = r.sheets.at[picked].name;
	about->format = "ODS";
	about->sheet = sheet.name;
	about->sheets = r.sheets.n;
	return read_rows(k, part, &sheet, picked, e);
}
