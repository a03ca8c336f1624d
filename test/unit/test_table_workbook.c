/*
 * Workbooks built here part by part: what cells become, where parts may lie,
 * which sheet is taken, and that what is damaged or hostile is refused with a
 * reason.
 */
#include "table_book.h"

#include "table/table_sieve.h"
#include "table/table_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define DOC "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define STRICT "http://purl.oclc.org/ooxml/officeDocument/relationships"
#define RELATION(id, type, target) "<Relationship Id='" id "' Type='" type "' Target='" target "'/>"
#define RELATIONS(list) XML "<Relationships>" list "</Relationships>"
#define TO_WORKBOOK RELATIONS(RELATION("w", DOC "/officeDocument", "xl/workbook.xml"))
#define SHEETS(list) XML "<workbook xmlns='" MAIN "' xmlns:r='" DOC "'><workbookPr/><sheets>" list "</sheets></workbook>"
#define ONE_SHEET SHEETS("<sheet name='People' sheetId='1' r:id='r1'/>")
#define ROWS(list) XML "<worksheet xmlns='" MAIN "'><sheetData>" list "</sheetData><mergeCells/></worksheet>"
#define ROW(cells) ROWS("<row r='1'>" cells "</row>")

static const char RELS[] = RELATIONS(RELATION("r1", DOC "/worksheet", "worksheets/sheet1.xml") RELATION(
	"r2", DOC "/sharedStrings", "sharedStrings.xml") RELATION("r3", DOC "/styles", "styles.xml"));
static const char STRINGS[] = XML "<sst xmlns='" MAIN "'><si><t>zero</t></si><si><r><rPr><b/></rPr><t xml:space='preserve'>b </t>"
	"</r><r><t>c</t></r><rPh sb='0' eb='1'><t>PHONETIC</t></rPh></si><si/><si><t>a_x000D_b_x005F_x000D_ _xD83D__xDE00_"
	" _x0000_ _xD83D_ _x00zz_</t></si><si><t>  trimmed  </t></si><si><t xml:space='preserve'> kept </t></si></sst>";
static const char STYLES[] = XML "<styleSheet xmlns='" MAIN "'><numFmts><numFmt numFmtId='164' formatCode='yyyy\\-mm\\-dd'/>"
	"<numFmt numFmtId='165' formatCode='0.00&quot; days&quot;'/><numFmt numFmtId='166' formatCode='[h]:mm:ss'/></numFmts>"
	"<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='164'/>"
	"<xf numFmtId='165'/><xf numFmtId='166'/><xf numFmtId='20'/><xf numFmtId='49'/></cellXfs></styleSheet>";

static void read_parts(const struct book_part *parts, size_t max, const char *sheet, struct table_about *about, struct buf *out,
		       struct arena *a)
{
	size_t n;
	char *zip = book_zip(parts, max, &n);

	buf_clear(out);
	book_read(zip, n, sheet, a, about, out);
	free(zip);
}

/* `want` beginning with E: is a piece of the error, which may come behind rows. */
static void check(const char *want, const struct buf *got)
{
	const char *text = buf_text(got), *error = strncmp(want, "E:", 2) == 0 ? strstr(text, "E:") : NULL;

	if (error ? !strstr(error, want + 2) : strcmp(text, want) != 0)
		fail_msg("wanted: %s\ngot: %.2000s", want, text);
}

static void check_parts(const struct book_part *parts, size_t max, const char *sheet, const char *want)
{
	struct arena *a = arena_new();
	struct table_about about;
	struct buf out;

	buf_init(&out, 64 * 1024);
	read_parts(parts, max, sheet, &about, &out, a);
	check(want, &out);
	buf_free(&out);
	arena_free(a);
}

static void check_xlsx(const char *sheet_xml, const char *want)
{
	const struct book_part parts[] = {
		{ "_rels/.rels", TO_WORKBOOK },		{ "xl/workbook.xml", ONE_SHEET },
		{ "xl/_rels/workbook.xml.rels", RELS },	{ "xl/sharedStrings.xml", STRINGS },
		{ "xl/styles.xml", STYLES },		{ "xl/worksheets/sheet1.xml", sheet_xml },
	};

	check_parts(parts, COUNT(parts), NULL, want);
}

static void test_cells(void **state)
{
	static const struct {
		const char *xml, *want;
	} CASES[] = {
		{ ROW("<c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c>"), "1:zero|b c\n" },
		{ ROW("<c t='s'><v>2</v></c><c t='s'><v>4</v></c><c t='s'><v>5</v></c>"), "1:|trimmed| kept \n" },
		{ ROW("<c t='s'><v>3</v></c>"), "1:a\rb_x000D_ \xF0\x9F\x98\x80 \xEF\xBF\xBD \xEF\xBF\xBD _x00zz_\n" },
		{ ROW("<c t='s'><v/></c><c t='s'/><c><v>1</v></c>"), "1:||1\n" },
		{ ROW("<c t='inlineStr'><is><t>in</t></is></c><c t='inlineStr'><is><r><t>l</t></r><r><t>ine</t></r>"
		      "<rPh><t>NO</t></rPh></is></c>"), "1:in|line\n" },
		{ ROW("<c t='inlineStr'><is><t>in</t></is><v>7</v></c><c t='inlineStr'><v>7</v></c>"), "1:in|7\n" },
		{ ROW("<c t='inlineStr'><is><t><![CDATA[<a & b>]]></t></is></c>"), "1:<a & b>\n" },
		{ ROW("<c t='str'><f>A1&amp;B1</f><v>text_x000A_x</v></c><c t='str'><f>A2</f><v></v></c><c><v>1</v></c>"),
		  "1:text\nx||1\n" },
		{ ROW("<c t='b'><v>1</v></c><c t='b'><v>0</v></c><c t='e'><v>#N/A</v></c>"), "1:TRUE|FALSE|#N/A\n" },
		{ ROW("<c><v>4711</v></c><c t='n'><v>4711.0</v></c><c><v>1E+15</v></c><c><v>0.10000000000000001</v></c>"
		      "<c><v>-5.5E-3</v></c>"), "1:4711|4711|1000000000000000|0.1|-0.0055\n" },
		{ ROW("<c><v>4.9150612345678E+12</v></c><c><v>nan</v></c>"), "1:4915061234567.8|nan\n" },
		{ ROW("<c s='1'><v>46349</v></c><c s='2'><v>46349.420138888891</v></c><c s='3'><v>46349</v></c>"
		      "<c s='4'><v>1.5</v></c><c s='5'><v>0.25</v></c><c s='99'><v>46349</v></c>"),
		  "1:2026-11-23|2026-11-23T10:05:00|46349|36:00:00|06:00:00|46349\n" },
		{ ROW("<c s='1'><v>1</v></c><c s='1'><v>59</v></c><c s='1'><v>60</v></c><c s='1'><v>61</v></c><c s='1'><v>0</v></c>"
		      "<c s='1'><v>-1</v></c><c s='1'><v>2958465</v></c><c s='1'><v>2958466</v></c>"),
		  "1:1900-01-01|1900-02-28|60|1900-03-01|0|-1|9999-12-31|2958466\n" },
		{ ROW("<c t='d'><v>2026-11-23T10:05:00.000Z</v></c><c t='d'><v>2026-11-23T00:00:00</v></c>"),
		  "1:2026-11-23T10:05:00|2026-11-23\n" },
		{ ROW("<c><f>1+1</f></c><c><v>1</v></c>"), "!1:|1\n" },
		{ ROW("<c r='C1'><v>3</v></c><c r='A1'><v>1</v></c><c><v>2</v></c><c r='$e$1'><v>5</v></c>"), "1:1|2|3||5\n" },
		{ ROW("<c r='A1'><v>1</v></c><c r='XFD1' s='1'/><c r='B1' t='inlineStr'><is><t/></is></c>"), "1:1\n" },
		{ ROW("<c t='inlineStr'><is><t xml:space='preserve'> \xC2\xA0</t></is></c>"), "~1: \xC2\xA0\n" },
		{ ROWS("<row><c><v>1</v></c></row><row/><row><c><v>3</v></c></row><row r='9'><c><v>9</v></c></row><row><c><v>10"
		       "</v></c></row>"), "1:1\n3:3\n9:9\n10:10\n" },
		{ ROWS("<row r='1'><c><v>1</v><extLst><ext><v>9</v></ext></extLst></c></row>"), "1:1\n" },
		{ ROWS(""), "" },
		{ XML "<x:worksheet xmlns:x='" MAIN "'><x:sheetData><x:row x:r='2'><x:c><x:v>1</x:v></x:c></x:row></x:sheetData>"
		      "</x:worksheet>", "2:1\n" },
		{ XML "<worksheet/>", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		check_xlsx(CASES[i].xml, CASES[i].want);
}

static void test_damaged(void **state)
{
	static const struct {
		const char *xml, *want;
	} CASES[] = {
		{ ROW("<c t='s'><v>6</v></c>"), "E:row 1 of sheet \"People\" refers to a text" },
		{ ROW("<c t='s'><v>-1</v></c>"), "E:refers to a text" },
		{ ROW("<c t='s'><v>99999999999999999999</v></c>"), "E:refers to a text" },
		{ ROW("<c r='XFE1'><v>1</v></c>"), "E:at a place that no sheet has" },
		{ ROW("<c r='AAAAAAAAAAAAAAAAAAAAAA1'><v>1</v></c>"), "E:at a place" },
		{ ROW("<c r='1'><v>1</v></c>"), "E:at a place" },
		{ ROWS("<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"), "E:row 1048576 of sheet \"People\" has more than 256" },
		{ ROW("<c r='IV1'><v>1</v></c><c><v>1</v></c>"), "E:row 1 of sheet \"People\" has more than 256 columns" },
		{ ROWS("<row r='1048577'><c><v>1</v></c></row>"), "E:wrong number" },
		{ ROWS("<row r='-1'><c><v>1</v></c></row>"), "E:wrong number" },
		{ ROWS("<row r='2'><c><v>1</v></c></row><row r='2'><c><v>1</v></c></row>"), "E:row 2 of sheet \"People\" is followed" },
		{ XML "<worksheet><sheetData><row>", "E:xl/worksheets/sheet1.xml is damaged (line 1: no element found)" },
		{ "", "E:no element found" },
		{ "\xff\xfe\xfd", "E:is damaged" },
		{ XML "<worksheet>\xC3(</worksheet>", "E:not well-formed" },
		{ "<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet/>", "E:a document type" },
		{ "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><worksheet>&x;</worksheet>", "E:a document type" },
		{ "<worksheet>&x;</worksheet>", "E:undefined entity" },
		{ "<?xml version='1.0' encoding='EBCDIC'?><worksheet/>", "E:unknown encoding" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		check_xlsx(CASES[i].xml, CASES[i].want);
}

static void add_many(struct buf *b, const char *s, int n)
{
	for (int i = 0; i < n; i++)
		buf_adds(b, s);
}

/* Depth, attributes, tags without end, rows beyond the bound. */
static void test_bounds(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 16 * 1024 * 1024);
	add_many(&b, "<a>", 97);
	check_xlsx(buf_text(&b), "E:nest too deep");
	buf_clear(&b);
	buf_adds(&b, "<a");
	for (int i = 0; i < 300; i++)
		buf_addf(&b, " a%d='1'", i);
	buf_adds(&b, "/>");
	check_xlsx(buf_text(&b), "E:too many attributes");
	for (size_t i = 0; i < 4; i++) {
		static const char *const BEGIN[] = { "<a b='", "<!--", "<?p ", "<" };

		buf_clear(&b);
		buf_adds(&b, BEGIN[i]);
		add_many(&b, "aaaaaaaaaaaaaaaa", 500000);
		check_xlsx(buf_text(&b), "E:a tag without end");
	}
	buf_clear(&b);
	buf_adds(&b, "<worksheet><sheetData><row><c t='str'><v>");
	add_many(&b, "aaaaaaaaaaaaaaaa", 70000);
	buf_adds(&b, "</v></c></row></sheetData></worksheet>");
	check_xlsx(buf_text(&b), "E:row 1 of sheet \"People\" is longer than 1048576 bytes");
	buf_free(&b);
}

#define SHEET(name, id, more) "<sheet name='" name "' sheetId='1' r:id='" id "'" more "/>"

static void check_sheets(const char *workbook, const char *asked, const char *want)
{
	const struct book_part parts[] = {
		{ "_rels/.rels", TO_WORKBOOK },
		{ "xl/workbook.xml", workbook },
		{ "xl/_rels/workbook.xml.rels", RELATIONS(RELATION("r1", DOC "/worksheet", "a.xml") RELATION("r2", DOC "/worksheet",
			"b.xml") RELATION("r3", DOC "/chartsheet", "c.xml") RELATION("r4", DOC "/worksheet", "d.xml")) },
		{ "xl/a.xml", ROW("<c><v>1</v></c>") },
		{ "xl/b.xml", ROW("<c><v>2</v></c>") },
		{ "xl/c.xml", "<chartsheet/>" },
	};

	check_parts(parts, COUNT(parts), asked, want);
}

static void test_sheets(void **state)
{
	(void)state;
	check_sheets(SHEETS(SHEET("A", "r1", "") SHEET("B", "r2", "")), NULL, "1:1\n");
	check_sheets(SHEETS(SHEET("A", "r1", "") SHEET("B", "r2", "")), "B", "1:2\n");
	check_sheets(SHEETS(SHEET("A", "r1", " state='hidden'") SHEET("B", "r2", "")), NULL, "1:2\n");
	check_sheets(SHEETS(SHEET("A", "r1", " state='veryHidden'") SHEET("B", "r2", "")), "A", "1:1\n");
	check_sheets(SHEETS(SHEET("C", "r3", "") SHEET("B", "r2", " state='visible'")), NULL, "1:2\n");
	check_sheets(SHEETS(SHEET("A", "r1", " state='hidden'") SHEET("B", "r2", "")), "b",
		     "E:it has no sheet \"b\", but \"A\" (hidden), \"B\"");
	check_sheets(SHEETS(SHEET("A", "r1", " state='hidden'")), NULL, "E:all of its sheets are hidden (\"A\" (hidden))");
	check_sheets(SHEETS(SHEET("C", "r3", "")), NULL, "E:it has no sheet with cells");
	check_sheets(SHEETS(SHEET("D", "r4", "")), NULL, "E:sheet \"D\" is missing in the file");
	check_sheets(SHEETS(""), NULL, "E:it has no sheet with cells");
}

/* About is complete before the first row. */
static void test_about(void **state)
{
	const struct book_part parts[] = {
		{ "_rels/.rels", TO_WORKBOOK },
		{ "xl/workbook.xml", SHEETS(SHEET("H", "r1", " state='hidden'") SHEET("P \xC3\xA4", "r1", "")) },
		{ "xl/_rels/workbook.xml.rels", RELS },
		{ "xl/worksheets/sheet1.xml", ROW("<c><v>1</v></c>") },
	};
	struct arena *a = arena_new();
	struct table_about about;
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	read_parts(parts, COUNT(parts), NULL, &about, &out, a);
	assert_string_equal(buf_text(&out), "1:1\n");
	assert_string_equal(about.format, "XLSX");
	assert_string_equal(about.sheet, "P \xC3\xA4");
	assert_int_equal(about.sheets, 2);
	buf_free(&out);
	arena_free(a);
}

#define AT(workbook, rels, sheet, root)                                                                       \
	{                                                                                                     \
		{ "_rels/.rels", RELATIONS(RELATION("w", STRICT "/officeDocument", root)) },                  \
		{ workbook, ONE_SHEET }, { rels, RELATIONS(RELATION("r1", STRICT "/worksheet", sheet)) },     \
		{ "xl/s/sheet 1.xml", ROW("<c><v>1</v></c>") },                                               \
	}

/* Strict names, and paths as different programs write them. */
static void test_places(void **state)
{
	static const struct book_part PLACES[][4] = {
		AT("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "s/sheet 1.xml", "/xl/workbook.xml"),
		AT("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "/xl/s/sheet%201.xml", "xl/./workbook.xml"),
		AT("book.xml", "_rels/book.xml.rels", "xl\\s\\sheet 1.xml", "book.xml"),
		AT("a/b/book.xml", "A/B/_rels/book.xml.RELS", "../../../../xl/q/../s/Sheet 1.xml", "a/b/book.xml"),
		AT("\\xl\\workbook.xml", "\\xl\\_rels\\workbook.xml.rels", "s/sheet 1.xml", "xl/workbook.xml"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(PLACES); i++)
		check_parts(PLACES[i], 4, NULL, "1:1\n");
}

static void test_1904(void **state)
{
	const struct book_part parts[] = {
		{ "_rels/.rels", TO_WORKBOOK },
		{ "xl/workbook.xml", XML "<workbook><workbookPr date1904='1'/><sheets><sheet name='A' id='r1'/></sheets></workbook>" },
		{ "xl/_rels/workbook.xml.rels", RELS },
		{ "xl/styles.xml", STYLES },
		{ "xl/worksheets/sheet1.xml", ROW("<c s='1'><v>44887</v></c><c s='1'><v>0</v></c><c s='1'><v>0.5</v></c>") },
	};

	(void)state;
	check_parts(parts, COUNT(parts), NULL, "1:2026-11-23|1904-01-01|1904-01-01T12:00:00\n");
}

/* Relations that lead in a circle, or nowhere. */
static void test_circles(void **state)
{
	const struct book_part circle[] = {
		{ "_rels/.rels", RELATIONS(RELATION("w", DOC "/officeDocument", "_rels/.rels")) },
	};
	const struct book_part self[] = {
		{ "_rels/.rels", TO_WORKBOOK },
		{ "xl/workbook.xml", ONE_SHEET },
		{ "xl/_rels/workbook.xml.rels", RELATIONS(RELATION("r1", DOC "/worksheet", "workbook.xml") RELATION("r2",
			DOC "/sharedStrings", "workbook.xml") RELATION("r3", DOC "/styles", "_rels/workbook.xml.rels")) },
	};

	(void)state;
	check_parts(circle, COUNT(circle), NULL, "E:it has no sheet with cells");
	check_parts(self, COUNT(self), NULL, "");
}

static void test_aliens(void **state)
{
	static const struct {
		const char *part, *want;
	} CASES[] = {
		{ "word/document.xml", "E:this is a Word document" },
		{ "ppt/presentation.xml", "E:this is a presentation" },
		{ "xl/workbook.bin", "E:(.xlsb); open it in Excel and save it as .xlsx" },
		{ "Index/Document.iwa", "E:this is a Numbers document" },
		{ "people.csv", "E:this is a ZIP archive without a workbook" },
		{ "../../../../xl/workbook.xml", "E:this is a ZIP archive without a workbook" },
		{ "EncryptedPackage", "E:has a password; save it without one" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct book_part parts[] = {
			{ "_rels/.rels", RELATIONS(RELATION("w", DOC "/officeDocument", "word/document.xml")) },
			{ CASES[i].part, "x" },
		};

		check_parts(parts, COUNT(parts), NULL, CASES[i].want);
	}
}

/* ---- ODS */

#define ODS(styles, tables)                                                                                             \
	XML "<office:document-content xmlns:office='o' xmlns:table='t' xmlns:text='x' xmlns:calcext='c' xmlns:style='s'>" \
	    "<office:automatic-styles>" styles "</office:automatic-styles><office:body><office:spreadsheet>" tables       \
	    "</office:spreadsheet></office:body></office:document-content>"
#define TABLE(rows) ODS("", "<table:table table:name='People'>" rows "</table:table>")
#define LINE(cells) TABLE("<table:table-row>" cells "</table:table-row>")
#define CELL(attrs, in) "<table:table-cell " attrs ">" in "</table:table-cell>"
#define TEXT(words) CELL("office:value-type='string'", "<text:p>" words "</text:p>")

static void check_ods(const char *content, const char *sheet, const char *want)
{
	const struct book_part parts[] = {
		{ "mimetype", "application/vnd.oasis.opendocument.spreadsheet" },
		{ "content.xml", content },
	};

	check_parts(parts, COUNT(parts), sheet, want);
}

static void test_ods_cells(void **state)
{
	static const struct {
		const char *xml, *want;
	} CASES[] = {
		{ LINE(TEXT("a") TEXT("b")), "1:a|b\n" },
		{ LINE(TEXT(" a\n  b <text:span>c</text:span>d ") TEXT("<text:s/>a<text:s text:c='3'/>b<text:tab/>c<text:line-break/>d")),
		  "1:a b cd| a   b\tc\nd\n" },
		{ LINE(CELL("", "<text:p>a</text:p><text:p/><text:p>b</text:p>")), "1:a\n\nb\n" },
		{ LINE(CELL("", "<office:annotation><text:p>NO</text:p></office:annotation><text:p>a<office:annotation><text:p>NO"
				"</text:p></office:annotation><text:note>NO</text:note><text:a>b</text:a></text:p><draw:frame>"
				"<draw:text-box><text:p>NO</text:p></draw:text-box></draw:frame>")), "1:ab\n" },
		{ LINE(CELL("", "<text:p><text:ruby><text:ruby-base>a</text:ruby-base><text:ruby-text>NO</text:ruby-text></text:ruby>"
				"</text:p>")), "1:a\n" },
		{ LINE(CELL("calcext:value-type='string' office:value-type='float' office:value='4711'", "<text:p>4.711,00</text:p>")
		       CELL("office:value-type='percentage' office:value='0.5'", "<text:p>50 %</text:p>")
		       CELL("office:value-type='currency' office:value='1E+15'", "")), "1:4711|0.5|1000000000000000\n" },
		{ LINE(CELL("office:value-type='date' office:date-value='2026-11-23'", "<text:p>23.11.26</text:p>")
		       CELL("office:value-type='date' office:date-value='2026-11-23T10:05:00.123'", "")
		       CELL("office:value-type='time' office:time-value='PT36H05M07.5S'", "")
		       CELL("office:value-type='time' office:time-value='-PT1H'", "")
		       CELL("office:value-type='boolean' office:boolean-value='true'", "<text:p>WAHR</text:p>")),
		  "1:2026-11-23|2026-11-23T10:05:00|36:05:07|-PT1H|TRUE\n" },
		{ LINE(CELL("office:value-type='string' office:string-value='real'", "<text:p>shown</text:p>")
		       CELL("table:formula='of:=1'", "") TEXT("x")), "!1:real||x\n" },
		{ LINE(TEXT("a") "<table:covered-table-cell table:number-columns-repeated='2'><text:p>NO</text:p></table:covered-table-cell>"
		       TEXT("b")), "1:a|||b\n" },
		{ LINE(CELL("table:number-columns-repeated='3'", "<text:p>a</text:p>") CELL("table:number-columns-repeated='16381'", "")),
		  "1:a|a|a\n" },
		{ TABLE("<table:table-row table:number-rows-repeated='1048570'>" CELL("table:number-columns-repeated='16384'", "")
			"</table:table-row><table:table-row table:number-rows-repeated='2'>" TEXT("a") "</table:table-row>"),
		  "1048571:a\n1048572:a\n" },
		{ TABLE("<table:table-header-rows><table:table-row>" TEXT("h") "</table:table-row></table:table-header-rows>"
			"<table:table-row-group><table:table-row>" TEXT("a") "</table:table-row></table:table-row-group>"), "1:h\n2:a\n" },
		{ TABLE("<table:shapes><draw:g><table:table-row>" TEXT("NO") "</table:table-row></draw:g></table:shapes>"
			"<table:table-row>" CELL("", "<table:table><table:table-row>" TEXT("NO") "</table:table-row></table:table>"
			"<text:p>a</text:p>") "</table:table-row>"), "1:a\n" },
		{ TABLE("<table:table-row table:number-rows-repeated='-5'>" CELL("table:number-columns-repeated='-9'",
			"<text:p>a</text:p>") "</table:table-row>"), "1:a\n" },
		{ TABLE("<!-- <table:table-row> --><table:table-row>" TEXT("<![CDATA[</table:table-row>]]>") "</table:table-row>"),
		  "1:</table:table-row>\n" },
		{ TABLE(""), "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		check_ods(CASES[i].xml, NULL, CASES[i].want);
}

static void test_ods_damaged(void **state)
{
	static const struct {
		const char *xml, *want;
	} CASES[] = {
		{ LINE(CELL("table:number-columns-repeated='257'", "<text:p>a</text:p>")), "E:row 1 of sheet \"People\" has more than 256" },
		{ LINE(CELL("table:number-columns-repeated='2147483647'", "") CELL("table:number-columns-repeated='2147483647'", "")
		       CELL("table:number-columns-repeated='2147483647'", "") TEXT("a")), "E:has more than 256 columns" },
		{ TABLE("<table:table-row table:number-rows-repeated='1048577'>" TEXT("a") "</table:table-row>"), "E:repeated beyond" },
		{ TABLE("<table:table-row table:number-rows-repeated='2147483647'/><table:table-row>" TEXT("a") "</table:table-row>"),
		  "E:repeated beyond" },
		{ LINE(TEXT("<text:s text:c='1048576'/>a")), "E:is longer than 1048576 bytes" },
		{ XML "<d><office:body><office:text/></office:body></d>", "E:no spreadsheet" },
		{ XML "<d/>", "E:no sheet with cells" },
		{ LINE(TEXT("a")) "<", "E:content.xml is damaged" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		check_ods(CASES[i].xml, NULL, CASES[i].want);
}

static void test_ods_sheets(void **state)
{
	static const char TWO[] = ODS("<style:style style:name='ta1' style:family='table'><style:table-properties table:display='false'/>"
				      "</style:style><style:style style:name='ta2' style:family='table'><style:table-properties/>"
				      "</style:style>",
				      "<table:table table:name='H' table:style-name='ta1'><table:table-row>" TEXT("h")
				      "</table:table-row></table:table><table:table table:name='B' table:style-name='ta2'>"
				      "<table:table-row>" TEXT("b") "</table:table-row></table:table>");

	(void)state;
	check_ods(TWO, NULL, "1:b\n");
	check_ods(TWO, "H", "1:h\n");
	check_ods(TWO, "X", "E:it has no sheet \"X\", but \"H\" (hidden), \"B\"");
}

/* Whatever the pieces in which it comes, exactly the rows are left out; comments and the like are noticed. */
static void test_sieve(void **state)
{
	static const struct {
		const char *in, *out;
	} CASES[] = {
		{ "<?xml version='1.0'?><a x='>'>b<t:table-row><c/></t:table-row>c<d/></a>", "<?xml version='1.0'?><a x='>'>bc<d/></a>" },
		{ "<a><table-row/><table-row x='/>'><b/></table-row><t:table-row x=\">\" />d</a>", "<a>d</a>" },
		{ "<a><t:table-row><c><t:table-row/><t:table-row><d/></t:table-row ></c></t:table-row><e/></a>", "<a><e/></a>" },
		{ "<a><t:table-row-group><t:table-row>b</t:table-row></t:table-row-group></a>",
		  "<a><t:table-row-group></t:table-row-group></a>" },
		{ "<a></t:table-row></a>", "<a></t:table-row></a>" },
		{ "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:table-row>",
		  "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:table-row>" },
		{ "<a><!-- <t:table-row> --></a>", NULL },
		{ "<a><t:table-row><![CDATA[</t:table-row>]]></t:table-row></a>", NULL },
		{ "<a/><?p </t:table-row>?>", NULL },
		{ "<!DOCTYPE a><a/>", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		size_t n = strlen(CASES[i].in);

		for (size_t step = 1; step <= n; step++) {
			struct sieve s = { 0 };
			char out[200 + SIEVE_NAME_MAX];
			size_t got = 0;

			for (size_t at = 0; at < n; at += step)
				got += sieve_rows(&s, out + got, CASES[i].in + at, n - at < step ? n - at : step);
			out[got] = '\0';
			assert_true(s.unsure == !CASES[i].out);
			if (CASES[i].out)
				assert_string_equal(out, CASES[i].out);
		}
	}
}

static void test_ods_password(void **state)
{
	const struct book_part parts[] = {
		{ "mimetype", "application/vnd.oasis.opendocument.spreadsheet" },
		{ "META-INF/manifest.xml", "<m:manifest xmlns:m='m'><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>" },
		{ "content.xml", "\x01\x02" },
	};

	(void)state;
	check_parts(parts, COUNT(parts), NULL, "E:has a password; save it without one");
}

/* ---- values, and who reads */

static void test_numbers(void **state)
{
	static const struct {
		const char *text, *want;
	} CASES[] = {
		{ "0", "0" },		  { "-0", "0" },	    { "+7", "7" },		{ "007", "7" },
		{ "1.50", "1.5" },	  { ".5", "0.5" },	    { "5.", "5" },		{ "1e3", "1000" },
		{ "1E-7", "0.0000001" },  { " 12 ", "12" },	    { "0x10", "0x10" },		{ "inf", "inf" },
		{ "1e999", "1e999" },	  { "1.2.3", "1.2.3" },	    { "", "" },			{ "-", "-" },
		{ "1e", "1e" },		  { "123456789012345678", "123456789012345680" },	{ "0.30000000000000004", "0.30000000000000004" },
		{ "2.2999999999999998", "2.3" }, { "1.7976931348623157E+308", NULL },		{ "4.9406564584124654E-324", NULL },
		{ "1E+20", "100000000000000000000" },						{ "-12.25E1", "-122.5" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		buf_clear(&b);
		value_number(&b, CASES[i].text, strlen(CASES[i].text));
		if (CASES[i].want)
			assert_string_equal(buf_text(&b), CASES[i].want);
		else
			assert_true(strtod(buf_text(&b), NULL) == strtod(CASES[i].text, NULL) && !strchr(buf_text(&b), 'e'));
	}
	buf_free(&b);
}

static void test_formats(void **state)
{
	static const struct {
		const char *code;
		enum value_kind kind;
	} CASES[] = {
		{ "General", VALUE_NUMBER },	  { "0.00E+00", VALUE_NUMBER },	     { "@", VALUE_NUMBER },
		{ "[Red]0.00", VALUE_NUMBER },	  { "0\" days\"", VALUE_NUMBER },    { "0\\d", VALUE_NUMBER },
		{ "_d0", VALUE_NUMBER },	  { "#,##0;[Red]\\-d", VALUE_NUMBER }, { "\"d", VALUE_NUMBER },
		{ "\\", VALUE_NUMBER },		  { "", VALUE_NUMBER },		     { "[$-409]d-mmm-yy;@", VALUE_DATE },
		{ "yyyy-mm-dd", VALUE_DATE },	  { "DD.MM.YYYY hh:mm", VALUE_DATE }, { "mmm", VALUE_DATE },
		{ "h:mm AM/PM", VALUE_TIME },	  { "mm:ss.0", VALUE_TIME },	     { "[h]:mm", VALUE_ELAPSED },
		{ "[mm]:ss", VALUE_ELAPSED },	  { "[$-F400]h:mm:ss", VALUE_TIME }, { "[Magenta]0", VALUE_NUMBER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		if (value_format(CASES[i].code) != CASES[i].kind)
			fail_msg("%s", CASES[i].code);
}

static int stop_at_once(void *ctx, const struct table_row *row, struct err *e)
{
	int *answer = ctx;

	(void)row;
	return *answer < 0 ? err_set(e, ERR_REFUSED, "no more") : *answer;
}

/* What `each` answers is what the reading answers. */
static void test_each(void **state)
{
	const struct book_part parts[] = { { "mimetype", "x" }, { "content.xml", LINE(TEXT("a")) } };
	struct arena *a = arena_new();
	struct table_about about;
	struct err e = { 0 };
	size_t n;
	char *zip = book_zip(parts, COUNT(parts), &n);
	int answer = 1;

	(void)state;
	assert_int_equal(table_workbook_memory(zip, n, NULL, a, &about, stop_at_once, &answer, &e), 0);
	answer = -1;
	assert_int_equal(table_workbook_memory(zip, n, NULL, a, &about, stop_at_once, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_REFUSED);
	free(zip);
	arena_free(a);
}

/* An archive that breaks off anywhere, or has a byte changed anywhere, is read or refused, and no more than that. */
static void test_torn(void **state)
{
	const struct book_part parts[] = {
		{ "_rels/.rels", TO_WORKBOOK },		{ "xl/workbook.xml", ONE_SHEET },
		{ "xl/_rels/workbook.xml.rels", RELS },	{ "xl/sharedStrings.xml", STRINGS },
		{ "xl/styles.xml", STYLES },		{ "xl/worksheets/sheet1.xml", ROW("<c t='s'><v>0</v></c>") },
	};
	size_t n;
	char *zip = book_zip(parts, COUNT(parts), &n);
	struct table_about about;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < n; i++) {
		struct arena *a = arena_new();
		char *copy = mem_alloc(n);

		memcpy(copy, zip, n);
		buf_clear(&out);
		book_read(copy, i, NULL, a, &about, &out);
		assert_true(strncmp(buf_text(&out), "E:", 2) == 0);
		copy[i] ^= (char)0xff;
		buf_clear(&out);
		book_read(copy, n, NULL, a, &about, &out);
		free(copy);
		arena_free(a);
	}
	buf_free(&out);
	free(zip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),	     cmocka_unit_test(test_damaged),	cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_sheets),	     cmocka_unit_test(test_about),	cmocka_unit_test(test_places),
		cmocka_unit_test(test_1904),	     cmocka_unit_test(test_circles),	cmocka_unit_test(test_aliens),
		cmocka_unit_test(test_ods_cells),    cmocka_unit_test(test_ods_damaged), cmocka_unit_test(test_ods_sheets),
		cmocka_unit_test(test_ods_password), cmocka_unit_test(test_numbers),	cmocka_unit_test(test_formats),
		cmocka_unit_test(test_each),	     cmocka_unit_test(test_torn),	cmocka_unit_test(test_sieve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
