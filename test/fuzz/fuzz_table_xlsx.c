/*
 * XLSX: whole archives, and workbooks of which the input spells the sheet, the
 * shared strings, the styles, the list of sheets and the relations, in turn.
 */
#include "fuzz_table.h"

#define TYPE "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define RELATION(id, type, target) "<Relationship Id='" id "' Type='" TYPE type "' Target='" target "'/>"

static const char *const PIECES[] = {
	"<row>", "<row r='", "</row>", "<c>", "<c r='", "</c>", "<c t='s'>", "<c t='str'>", "<c t='b'>", "<c t='d'>", "<c t='inlineStr'>",
	"<c s='1'>", "<v>", "</v>", "<is>", "</is>", "<t>", "</t>", "<t xml:space='preserve'>", "<rPh>", "</rPh>", "<r>", "</r>", "<f>",
	"</f>", "<si>", "</si>", "_x000D_", "_xD83D__xDE00_", "_x005F_", "\xC3\xA4", "1048576", "XFD1", "46349.5", "1E+15", "0.1",
	"<numFmts>", "</numFmts>", "<numFmt numFmtId='164' formatCode='", "<cellXfs>", "</cellXfs>", "<xf numFmtId='14'/>",
	"<xf numFmtId='164'/>", "'/>", "yyyy", "[h]", "\"", "\\", "<sheets>", "</sheets>", "<sheet name='", " r:id='r1'", " state='hidden'/>",
	"<workbookPr date1904='1'/>", RELATION("r1", "worksheet", "sheet.xml"), RELATION("r2", "sharedStrings", "../xl/./strings.xml"),
	"<Relationship Id='r1' Type='/worksheet' Target='", "&lt;", "<![CDATA[", "]]>", "<a:b", "'>", "2026-11-23T00:00:00Z", "<!DOCTYPE ",
};

struct part {
	const char *name, *begin, *usual;
};

static const struct part PARTS[] = {
	{ "xl/sheet.xml", "<w><sheetData>", NULL },
	{ "xl/strings.xml", "<sst>", "<sst><si><t>a</t></si></sst>" },
	{ "xl/styles.xml", "<s>", "<s><cellXfs><xf/><xf numFmtId='14'/></cellXfs></s>" },
	{ "xl/workbook.xml", "<w>", "<w><sheets><sheet name='S' r:id='r1'/></sheets></w>" },
	{ "xl/_rels/workbook.xml.rels", "<r>", "<r>" RELATION("r1", "worksheet", "sheet.xml") RELATION("r2", "sharedStrings",
		"strings.xml") RELATION("r3", "styles", "styles.xml") "</r>" },
};

static void add_usual(struct fuzz_zip *z, struct buf *part, const char *name, const char *text)
{
	buf_clear(part);
	buf_adds(part, text);
	fuzz_zip_add(z, name, part);
}

/* The sheet is closed for the input, so that it need not find how. */
static void read_parts(const uint8_t *data, size_t size)
{
	struct fuzz_zip z = { 0 };
	struct buf part;

	buf_init(&part, 1 << 20);
	buf_init(&z.body, 8 << 20);
	buf_init(&z.directory, 4096);
	add_usual(&z, &part, "_rels/.rels", "<r>" RELATION("w", "officeDocument", "xl/workbook.xml") "</r>");
	for (size_t i = 0; i < COUNT(PARTS); i++) {
		if (i && !size) {
			add_usual(&z, &part, PARTS[i].name, PARTS[i].usual);
			continue;
		}
		fuzz_part(&part, PARTS[i].begin, PIECES, COUNT(PIECES), &data, &size);
		buf_adds(&part, i == 0 ? "</sheetData></w>" : i == 1 ? "</sst>" : i == 2 ? "</s>" : i == 3 ? "</w>" : "</r>");
		fuzz_zip_add(&z, PARTS[i].name, &part);
	}
	fuzz_zip_end(&z);
	fuzz_read(z.body.p, z.body.n);
	buf_free(&z.body);
	buf_free(&z.directory);
	buf_free(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 2 && memcmp(data, "PK", 2) == 0)
		fuzz_read(data, size);
	else if (size < 32768)
		read_parts(data, size);
	return 0;
}
