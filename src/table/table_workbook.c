/*
 * Files that begin as a ZIP archive: see table_in.h. What is inside decides
 * who reads it, and what is no workbook is told by its own name.
 */
#include "table/table_book.h"
#include "table/table_in.h"
#include "table/table_xlsx.h"

struct alien {
	const char *part; /* or the beginning of its name */
	const char *what;
};

static const struct alien ALIENS[] = {
	{ "xl/workbook.bin", "this is a binary workbook (.xlsb); open it in Excel and save it as .xlsx" },
	{ "word/", "this is a Word document; put the table into a spreadsheet and save it as .xlsx" },
	{ "ppt/", "this is a presentation, not a table" },
	{ "Index/Document.iwa", "this is a Numbers document; export it as .xlsx or CSV" },
	{ "Index.zip", "this is a Numbers document; export it as .xlsx or CSV" },
};

static int refuse(const struct pack *k, struct err *e)
{
	for (size_t i = 0; i < COUNT(ALIENS); i++)
		if (pack_has_folder(k, ALIENS[i].part))
			return err_set(e, ERR_INPUT, "%s", ALIENS[i].what);
	if (pack_find(k, "EncryptedPackage") >= 0 || pack_find(k, "encrypted-package") >= 0)
		return err_set(e, ERR_INPUT, "the workbook has a password; save it without one");
	return err_set(e, ERR_INPUT, "this is a ZIP archive without a workbook in it; unpack it and import the table");
}

static bool is_opendocument(const struct pack *k)
{
	return pack_find(k, "content.xml") >= 0 && (pack_find(k, "mimetype") >= 0 || pack_find(k, "META-INF/manifest.xml") >= 0);
}

static int read_pack(struct pack *k, const struct table_options *o, struct arena *a, struct table_about *about,
		     int (*each)(void *, const struct table_row *, struct err *), void *ctx, struct err *e)
{
	struct xlsx_relations l;
	const char *workbook;

	if (is_opendocument(k))
		return ods_read(k, o, a, about, each, ctx, e);
	if (xlsx_relations(k, "", a, &l, e) < 0)
		return -1;
	workbook = xlsx_related(&l, "officeDocument", NULL);
	if (!workbook)
		workbook = "xl/workbook.xml";
	if (pack_find(k, workbook) < 0 || pack_find(k, "xl/workbook.bin") >= 0 || pack_has_folder(k, "word/document") ||
	    pack_has_folder(k, "ppt/presentation"))
		return refuse(k, e);
	return xlsx_read(k, workbook, o, a, about, each, ctx, e);
}

int table_workbook(const char *path, const struct table_options *o, struct arena *a, struct table_about *about,
		   int (*each)(void *, const struct table_row *, struct err *), void *ctx, struct err *e)
{
	struct pack *k = pack_open(path, e);
	int rc = k ? read_pack(k, o, a, about, each, ctx, e) : -1;

	pack_free(k);
	return rc;
}

int table_workbook_memory(const void *p, size_t n, const struct table_options *o, struct arena *a,
			  struct table_about *about, int (*each)(void *, const struct table_row *, struct err *),
			  void *ctx, struct err *e)
{
	struct pack *k = pack_open_memory(p, n, e);
	int rc = k ? read_pack(k, o, a, about, each, ctx, e) : -1;

	pack_free(k);
	return rc;
}
