/*
 * ODS: whole archives, and spreadsheets of which the input spells what is in
 * the sheet, or behind 0xff the whole content.
 */
#include "fuzz_table.h"

static const char *const PIECES[] = {
	"<table:table-row>", "<table:table-row ", "</table:table-row>", "<table:table-cell>", "<table:table-cell ", "</table:table-cell>",
	"<table:covered-table-cell>", "</table:covered-table-cell>", "table:number-rows-repeated='", "table:number-columns-repeated='",
	"' ", "'>", "'/>", "/>", "<text:p>", "</text:p>", "<text:p/>", "<text:s/>", "<text:s text:c='", "<text:tab/>", "<text:line-break/>",
	"<text:span>", "</text:span>", "<office:annotation>", "</office:annotation>", "office:value-type='float' office:value='",
	"office:value-type='date' office:date-value='", "office:value-type='time' office:time-value='", "office:value-type='boolean' "
	"office:boolean-value='", "office:value-type='string' office:string-value='", "office:value-type='string'", "table:formula='",
	"<table:table>", "<table:table table:name='", "</table:table>", "<table:shapes>", "</table:shapes>", "<table:table-header-rows>",
	"</table:table-header-rows>", "<d><office:automatic-styles>", "</office:automatic-styles>", "<style:style style:family='table' "
	"style:name='a'>", "<style:table-properties table:display='false'/>", "</style:style>", " table:style-name='a'",
	"<office:body><office:spreadsheet>", "</office:spreadsheet></office:body></d>", "2147483647", "1048576", "16384", "PT10H05M00.5S",
	"2026-11-23T00:00:00", "4.9E-324", "1E+15", "\xC3\xA4", "&lt;", "<![CDATA[", "]]>", "<!DOCTYPE ", "\n", " ", "calcext:value='",
};

static void read_content(const uint8_t *data, size_t size)
{
	bool whole = size && *data == 0xff;
	struct fuzz_zip z = { 0 };
	struct buf part;

	buf_init(&part, 4 << 20);
	buf_init(&z.body, 8 << 20);
	buf_init(&z.directory, 4096);
	fuzz_zip_add(&z, "mimetype", &part);
	if (whole)
		data++, size--;
	fuzz_part(&part, whole ? "" : "<d><body><spreadsheet><table name='S'>", PIECES, COUNT(PIECES), &data, &size);
	if (!whole)
		buf_adds(&part, "</table></spreadsheet></body></d>");
	fuzz_zip_add(&z, "content.xml", &part);
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
		read_content(data, size);
	return 0;
}
