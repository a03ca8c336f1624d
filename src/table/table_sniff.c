/*
 * How files begin that are no table: see table_sniff.h. A list of signatures,
 * and for what has none, the share of bytes that text does not hold.
 */
#include "table/table_sniff.h"

#include <strings.h>

#define SAVE_AGAIN "; open it in a spreadsheet and save it as .xlsx, or as 'CSV UTF-8'"
#define UNPACK "; unpack it first"

struct signature {
	const char *bytes;
	size_t n;
	const char *what;
};

#define SIGNATURE(bytes, what) { bytes, sizeof(bytes) - 1, what }

static const struct signature BINARY[] = {
	SIGNATURE("%PDF-", "this is a PDF; ask for the table that it was made from"),
	SIGNATURE("\x1f\x8b", "this is compressed (gzip)" UNPACK),
	SIGNATURE("BZh", "this is compressed (bzip2)" UNPACK),
	SIGNATURE("\xfd" "7zXZ", "this is compressed (xz)" UNPACK),
	SIGNATURE("\x28\xb5\x2f\xfd", "this is compressed (zstd)" UNPACK),
	SIGNATURE("7z\xbc\xaf", "this is an archive (7z)" UNPACK),
	SIGNATURE("Rar!\x1a\x07", "this is an archive (RAR)" UNPACK),
	SIGNATURE("PK\5\6", "this is an empty archive (ZIP)"),
	SIGNATURE("\x89PNG\r\n", "this is a picture (PNG), not a table"),
	SIGNATURE("\xff\xd8\xff", "this is a picture (JPEG), not a table"),
	SIGNATURE("GIF8", "this is a picture (GIF), not a table"),
	SIGNATURE("SQLite format 3", "this is a database (SQLite); export the table as CSV"),
	SIGNATURE("\x7f" "ELF", "this is a program, not a table"),
	/* Before UTF-16, whose mark is the beginning of the first. */
	SIGNATURE("\xff\xfe\0\0", "this is text in UTF-32" SAVE_AGAIN),
	SIGNATURE("\0\0\xfe\xff", "this is text in UTF-32" SAVE_AGAIN),
};

static const struct signature MARKUP[] = {
	SIGNATURE("{\\rtf", "this is text of a word processor (RTF)" SAVE_AGAIN),
	SIGNATURE("<!doctype html", "this is a web page (HTML), whatever its name says" SAVE_AGAIN),
	SIGNATURE("<html", "this is a web page (HTML), whatever its name says" SAVE_AGAIN),
	SIGNATURE("<head", "this is a web page (HTML), whatever its name says" SAVE_AGAIN),
	SIGNATURE("<meta", "this is a web page (HTML), whatever its name says" SAVE_AGAIN),
	SIGNATURE("<style", "this is a web page (HTML), whatever its name says" SAVE_AGAIN),
	SIGNATURE("<table", "this is a web page (HTML), whatever its name says" SAVE_AGAIN),
	SIGNATURE("<!--", "this is a web page (HTML), whatever its name says" SAVE_AGAIN),
	SIGNATURE("<?xml", "this is XML, whatever its name says" SAVE_AGAIN),
};

static bool begins(const char *head, size_t n, const char *bytes, size_t len)
{
	return n >= len && memcmp(head, bytes, len) == 0;
}

bool sniff_is_zip(const char *head, size_t n)
{
	return begins(head, n, "PK\3\4", 4);
}

bool sniff_is_ole(const char *head, size_t n)
{
	return begins(head, n, "\xd0\xcf\x11\xe0", 4);
}

/* Controls that text does not hold; a NUL is none here, since UTF-16 is full of them. */
static bool has_many_controls(const char *head, size_t n)
{
	size_t odd = 0;

	for (size_t i = 0; i < n; i++)
		odd += (unsigned char)(head[i] - 1) < 8 || (unsigned char)(head[i] - 14) < 13 || head[i] == 0x7f;
	return odd > 8 && odd > n / 32;
}

const char *sniff_binary(const char *head, size_t n)
{
	for (size_t i = 0; i < COUNT(BINARY); i++)
		if (begins(head, n, BINARY[i].bytes, BINARY[i].n))
			return BINARY[i].what;
	return has_many_controls(head, n) ? "this is no text, and no workbook that is known" SAVE_AGAIN : NULL;
}

const char *sniff_markup(const char *head, size_t n)
{
	size_t at = 0;

	while (at < n && strchr(" \t\r\n", head[at]) && head[at])
		at++;
	for (size_t i = 0; i < COUNT(MARKUP); i++)
		if (n - at >= MARKUP[i].n && strncasecmp(head + at, MARKUP[i].bytes, MARKUP[i].n) == 0)
			return MARKUP[i].what;
	return NULL;
}
