/*
 * XLSX: see table_book.h. A package of parts that refer to each other: the
 * workbook lists its sheets, and relations lead from there to the sheet, to
 * the shared strings and to the styles, wherever these lie.
 */
#include "table/table_book.h"
#include "table/table_xlsx.h"
#include "table/table_xml.h"

struct workbook_reader {
	struct arena *a;
	const struct xlsx_relations *relations;
	struct sheet_list sheets;
	bool in_sheets, from_1904;
};

/* Sheets of charts, dialogs or macros have no cells, and so are none for us. */
static int add_sheet(struct workbook_reader *r, const char **attrs, struct err *e)
{
	const char *name = xml_attr(attrs, "name"), *id = xml_attr(attrs, "id"), *state = xml_attr(attrs, "state");
	const char *part = id ? xlsx_related(r->relations, "worksheet", id) : NULL;
	struct sheet_entry add = { .part = part, .hidden = state && strcmp(state, "visible") != 0 };

	if (!part || !name)
		return 0;
	add.name = arena_text_n(r->a, name, strnlen(name, 255));
	return sheet_list_add(&r->sheets, r->a, &add, e);
}

static int workbook_open(void *arg, int depth, const char *name, const char **attrs, struct err *e)
{
	struct workbook_reader *r = arg;

	if (depth == 2) {
		const char *dates = strcmp(name, "workbookPr") == 0 ? xml_attr(attrs, "date1904") : NULL;

		if (dates)
			r->from_1904 = strcmp(dates, "1") == 0 || strcmp(dates, "true") == 0;
		r->in_sheets = strcmp(name, "sheets") == 0;
	}
	return depth == 3 && r->in_sheets && strcmp(name, "sheet") == 0 ? add_sheet(r, attrs, e) : 0;
}

static int read_referred(struct pack *k, const struct xlsx_relations *l, struct xlsx_book *book, struct err *e)
{
	const char *strings = xlsx_related(l, "sharedStrings", NULL), *styles = xlsx_related(l, "styles", NULL);
	int64_t part;

	part = strings ? pack_find(k, strings) : -1;
	if (part >= 0 && xlsx_strings_read(k, part, &book->strings, e) < 0)
		return -1;
	part = styles ? pack_find(k, styles) : -1;
	return part >= 0 ? xlsx_styles_read(k, part, &book->styles, e) : 0;
}

static int read_sheet(struct pack *k, const struct workbook_reader *r, struct sheet *sheet, const char *part, struct err *e)
{
	struct xlsx_book book = { .from_1904 = r->from_1904 };
	int64_t found = pack_find(k, part);
	int rc;

	if (found < 0)
		return err_set(e, ERR_INPUT, "sheet \"%s\" is missing in the file; open it in a spreadsheet and save it again",
			       sheet->name);
	sheet_init(sheet);
	rc = read_referred(k, r->relations, &book, e);
	if (rc == 0)
		rc = xlsx_sheet_read(k, found, &book, sheet, e);
	sheet_free(sheet);
	xlsx_strings_free(&book.strings);
	xlsx_styles_free(&book.styles);
	return rc;
}

int xlsx_read(struct pack *k, const char *workbook, const struct table_options *o, struct arena *a,
	      struct table_about *about, int (*each)(void *, const struct table_row *, struct err *), void *ctx,
	      struct err *e)
{
	static const struct xml_calls CALLS = { .open = workbook_open };
	struct xlsx_relations relations;
	struct workbook_reader r = { .a = a, .relations = &relations };
	struct sheet sheet = { .pack = k, .each = each, .ctx = ctx };
	size_t picked;

	if (xlsx_relations(k, workbook, a, &relations, e) < 0)
		return -1;
	if (xml_read(k, pack_find(k, workbook), &CALLS, &r, e) < 0 || sheet_pick(&r.sheets, o, &picked, e) < 0)
		return -1;
	sheet.name = r.sheets.at[picked].name;
	about->format = "XLSX";
	about->sheet = sheet.name;
	about->sheets = r.sheets.n;
	return read_sheet(k, &r, &sheet, r.sheets.at[picked].part, e);
}
