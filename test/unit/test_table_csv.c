/*
 * CSV files: a table of contents and the rows that come of them, written as
 * LINE:cell|cell, with `!` in front of a row at fault and `_` of a blank one.
 * Every one is read whole and in pieces of 1, 2, 3 and 7 bytes, with the same
 * result.
 */
#include "base/buf.h"
#include "table/table_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

struct seen {
	const struct table_about *about;
	struct buf out;
	size_t rows, stop_after;
};

static int each(void *ctx, const struct table_row *row, struct err *e)
{
	struct seen *s = ctx;

	(void)e;
	assert_non_null(s->about->format);
	buf_addf(&s->out, "%s%s%s%lld:", s->rows ? " / " : "", row->fault ? "!" : "", row->blank ? "_" : "",
		 (long long)row->line);
	for (size_t i = 0; i < row->n; i++)
		buf_addf(&s->out, "%s%s", i ? "|" : "", row->cell[i]);
	s->rows++;
	return s->rows == s->stop_after;
}

static int file_of(const void *p, size_t n)
{
	int fd = memfd_create("csv", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	return fd;
}

struct case_of {
	const char *name, *content;
	size_t n;
	const char *rows;
	const char *wrong; /* part of the error, or NULL */
	char delimiter;    /* 0: not looked at */
	const char *charset;
	bool guessed;
};

#define TEXT(s) s, sizeof(s) - 1

static const struct case_of CASES[] = {
	{ "plain", TEXT("a,b\nc,d\n"), "1:a|b / 2:c|d", NULL, ',', "UTF-8", false },
	{ "no last line end", TEXT("a,b\nc,d"), "1:a|b / 2:c|d", NULL, ',', NULL, false },
	{ "one cell", TEXT("a"), "1:a", NULL, ',', NULL, false },
	{ "line ends mixed", TEXT("a,b\r\nc,d\re,f\n\rg,h"), "1:a|b / 2:c|d / 3:e|f / _4: / 5:g|h", NULL, ',', NULL, false },
	{ "blank lines", TEXT("\n,\n \t,\"\"\na,b"), "_1: / _2:| / _3: \t| / 4:a|b", NULL, ',', NULL, false },
	{ "only a line end", TEXT("\r\n"), "_1:", NULL, 0, NULL, false },
	{ "a delimiter last", TEXT("a,b,\nc,d,"), "1:a|b| / 2:c|d|", NULL, ',', NULL, false },

	{ "quotes", TEXT("\"a\",\"b,c\"\n\"\",\"d\"\"e\"\n"), "1:a|b,c / 2:|d\"e", NULL, ',', NULL, false },
	{ "only doubled quotes", TEXT("\"\"\"\",\"\"\"\"\"\"\nx,y"), "1:\"|\"\" / 2:x|y", NULL, ',', NULL, false },
	{ "lines in quotes", TEXT("a,\"b\r\nc\rd\ne\",f\ng,h,i"), "1:a|b\r\nc\rd\ne|f / 5:g|h|i", NULL, ',', NULL, false },
	{ "blanks around quotes", TEXT("a, \"b, c\" ,d\n \"e\" \n"), "1:a|b, c|d / 2:e", NULL, ',', NULL, false },
	{ "a quote in the middle", TEXT("a,5\" pipe\nb,x \"y\" z\n"), "1:a|5\" pipe / 2:b|x \"y\" z", NULL, ',', NULL, false },
	{ "text behind quotes", TEXT("a,b\n\"Ann \"the boss\" X\",1\nc,d\n"),
	  "1:a|b / !2:\"Ann \"the boss\" X\",1 / 3:c|d", NULL, ',', NULL, false },
	{ "text behind, in lines", TEXT("a,b\nx,\"y\nz\"w,\"v\nc,d"), "1:a|b / !2:x|\"y\nz\"w,\"v / 4:c|d", NULL, ',', NULL, false },
	{ "text behind, at the end", TEXT("a,b\n\"c\"d"), "1:a|b / !2:\"c\"d", NULL, ',', NULL, false },
	{ "tabs are no blanks here", TEXT("a\t\"b\"\t\t\"c\"\nd\te\tf\tg"), "1:a|b||c / 2:d|e|f|g", NULL, '\t', NULL, false },
	{ "a closing quote last", TEXT("a,\"b\""), "1:a|b", NULL, ',', NULL, false },
	{ "never closed", TEXT("a,b\nc,\"d\ne,f\n"), "1:a|b", "line 2: a quote is opened here and never closed", ',', NULL, false },
	{ "opened late", TEXT("a,\"x\ny\",\"d\ne,f\n"), "", "line 2: a quote is opened here and never closed", ',', NULL, false },
	{ "only a quote", TEXT("\""), "", "line 1: a quote is opened here", 0, NULL, false },
	{ "a NUL", TEXT("a,b\nc,d\ne\0,f\n"), "1:a|b / 2:c|d", "line 3: a NUL", ',', NULL, false },
	{ "a NUL in quotes", TEXT("a,b\n\"c\n\0\",d\ne,f\n"), "1:a|b", "line 3: a NUL", ',', NULL, false },
	{ "a NUL behind quotes", TEXT("a,b\n\"c\"\0"), "1:a|b", "line 2: a NUL", ',', NULL, false },
	{ "a NUL last", TEXT("a,b\n\0"), "1:a|b", "line 2: a NUL", ',', NULL, false },

	{ "semicolons", TEXT("a;b\nx, y;z\n"), "1:a|b / 2:x, y|z", NULL, ';', NULL, false },
	{ "commas in every name", TEXT("name;mail\nA, B;c\nD, E;f\nG, H;i"), "1:name|mail / 2:A, B|c / 3:D, E|f / 4:G, H|i",
	  NULL, ';', NULL, false },
	{ "decimals", TEXT("x;y\n1,5;2,5\n3,5;4,5\n"), "1:x|y / 2:1,5|2,5 / 3:3,5|4,5", NULL, ';', NULL, false },
	{ "pipes", TEXT("a|b\nc;d|e\n"), "1:a|b / 2:c;d|e", NULL, '|', NULL, false },
	{ "delimiters in quotes", TEXT("a;\"b,c,d\"\n\"e,f,g\";h\n"), "1:a|b,c,d / 2:e,f,g|h", NULL, ';', NULL, false },
	{ "a title above", TEXT("List, as of May\na;b;c\nd;e;f\ng;h;i"), "1:List, as of May / 2:a|b|c / 3:d|e|f / 4:g|h|i",
	  NULL, ';', NULL, false },
	{ "one column", TEXT("mail\na@example.org\n"), "1:mail / 2:a@example.org", NULL, ',', NULL, false },
	{ "rows of all lengths", TEXT("a;b;c\nd\ne;f\n"), "1:a|b|c / 2:d / 3:e|f", NULL, ';', NULL, false },
	{ "sep", TEXT("sep=;\r\na,b;c\n"), "2:a,b|c", NULL, ';', NULL, false },
	{ "sep of a rare one", TEXT("SEP=^\na^b\n"), "2:a|b", NULL, '^', NULL, false },
	{ "sep in quotes", TEXT("\"sep=|\"\na|b,c\n"), "2:a|b,c", NULL, '|', NULL, false },
	{ "sep and no more", TEXT("sep=,"), "", NULL, ',', NULL, false },
	{ "a column called sep", TEXT("sep=x,b\n1,2"), "1:sep=x|b / 2:1|2", NULL, ',', NULL, false },
	{ "a column called sep=", TEXT("sep=,b\n1,2"), "1:sep=|b / 2:1|2", NULL, ',', NULL, false },

	{ "a mark", TEXT("\xef\xbb\xbf" "a,\xc3\xa9\n"), "1:a|é", NULL, ',', "UTF-8", false },
	{ "only a mark", TEXT("\xef\xbb\xbf"), "", "empty", 0, NULL, false },
	{ "a mark and quotes", TEXT("\xef\xbb\xbf\"a\",b"), "1:a|b", NULL, ',', "UTF-8", false },
	{ "characters of all lengths", TEXT("\xc3\xa9,\xe2\x82\xac,\xf0\x9f\x99\x82\n"), "1:é|€|🙂", NULL, ',', "UTF-8", false },
	{ "Windows-1252", TEXT("n,m\nM\xfcller,\x80 5 \x96 6\n"), "1:n|m / 2:Müller|€ 5 – 6", NULL, ',', "Windows-1252", true },
	{ "a byte that means nothing", TEXT("n\nM\xfcller\nx\x81y\nz\n"), "1:n / 2:Müller / !3:x?y / 4:z", NULL, ',',
	  "Windows-1252", true },
	{ "UTF-8 with a damaged row", TEXT("\xc3\xa9,\xc3\xa9\n\xfc,b\nc,\xc3\xa9\n"), "1:é|é / !2:?|b / 3:c|é", NULL, ',',
	  "UTF-8", true },
	{ "a mark, and damage", TEXT("\xef\xbb\xbf" "a,b\n\xfc,\"\xe9\"\"\"\nc,d\n"), "1:a|b / !2:?|?\" / 3:c|d", NULL, ',',
	  "UTF-8", false },
	{ "overlong, surrogates", TEXT("\xef\xbb\xbf" "a,b\n\xc0\xaf,b\n\xed\xa0\x80,d\n"), "1:a|b / !2:??|b / !3:???|d", NULL,
	  ',', "UTF-8", false },
	{ "UTF-16LE", TEXT("\xff\xfe" "a\0,\0\xac\x20\n\0"), "1:a|€", NULL, ',', "UTF-16LE", false },
	{ "UTF-16BE", TEXT("\xfe\xff" "\0a\0;\x20\xac\0\n"), "1:a|€", NULL, ';', "UTF-16BE", false },
	{ "UTF-16LE without a mark", TEXT("a\0@\0b\0,\0\x00\x4e\n\0c\0,\0d\0"), "1:a@b|一 / 2:c|d", NULL, ',', "UTF-16LE", true },
	{ "UTF-16BE without a mark", TEXT("\0a\0,\0b\0\n\x01\x00\0,\0d"), "1:a|b / 2:Ā|d", NULL, ',', "UTF-16BE", true },
	{ "a pair", TEXT("\xff\xfe" "a\0,\0\x3d\xd8\x42\xde\n\0"), "1:a|🙂", NULL, ',', "UTF-16LE", false },
	{ "half pairs", TEXT("\xff\xfe" "a\0,\0\x3d\xd8\n\0\x42\xde\n\0b\0\n\0\x3d\xd8"), "!1:a|? / !2:? / 3:b / !4:?", NULL, ',',
	  "UTF-16LE", false },
	{ "half a unit", TEXT("\xff\xfe" "a\0,\0b\0\n\0c"), "1:a|b / !2:?", NULL, ',', "UTF-16LE", false },
	{ "a NUL in UTF-16", TEXT("\xff\xfe" "a\0\n\0\0\0b\0"), "1:a", "line 2: a NUL", ',', NULL, false },
	{ "lines in UTF-16", TEXT("\xff\xfe" "\"\0a\0\r\0\n\0\"\0\r\0\n\0b\0"), "1:a\r\n / 3:b", NULL, ',', NULL, false },

	{ "a web page", TEXT("\n <HTML><body><table>"), "", "web page", 0, NULL, false },
	{ "a web page in UTF-16", TEXT("\xff\xfe<\0t\0a\0b\0l\0e\0>\0"), "", "web page", 0, NULL, false },
	{ "XML", TEXT("\xef\xbb\xbf<?xml version=\"1.0\"?>"), "", "XML", 0, NULL, false },
	{ "RTF", TEXT("{\\rtf1\\ansi"), "", "RTF", 0, NULL, false },
	{ "an address first", TEXT("<a@example.org>,x\n"), "1:<a@example.org>|x", NULL, ',', NULL, false },
};

static void check(const struct case_of *c, size_t chunk)
{
	struct table_about about = { 0 };
	struct seen s = { .about = &about };
	struct err e = { 0 };
	int fd = file_of(c->content, c->n), rc;

	buf_init(&s.out, 1024 * 1024);
	rc = table_csv_chunked(fd, chunk, &about, each, &s, &e);
	if (strcmp(buf_text(&s.out), c->rows) != 0)
		fail_msg("%s, by %zu: '%s'", c->name, chunk, buf_text(&s.out));
	if ((rc < 0) != (c->wrong != NULL) || (c->wrong && (!strstr(e.text, c->wrong) || e.kind != ERR_INPUT)))
		fail_msg("%s, by %zu: said '%s'", c->name, chunk, e.text);
	if (c->delimiter && about.delimiter != c->delimiter)
		fail_msg("%s: delimiter '%c'", c->name, about.delimiter);
	if (c->charset && (strcmp(about.charset, c->charset) != 0 || about.guessed_charset != c->guessed))
		fail_msg("%s: %s, guessed %d", c->name, about.charset, about.guessed_charset);
	buf_free(&s.out);
	close(fd);
}

static void test_cases(void **state)
{
	static const size_t CHUNKS[] = { CSV_CHUNK, 1, 2, 3, 7 };

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		for (size_t k = 0; k < COUNT(CHUNKS); k++)
			check(&CASES[i], CHUNKS[k]);
}

/* --- bounds ------------------------------------------------------------------------------------ */

/* Reads what is in the buffer; returns the error's text, "" if there was none. */
static const char *read_all(const struct buf *b, size_t chunk, struct seen *s, struct err *e)
{
	struct table_about about = { 0 };
	int fd = file_of(buf_text(b), b->n), rc;

	s->about = &about;
	s->rows = 0;
	buf_init(&s->out, 4 * TABLE_RECORD_MAX);
	e->text[0] = '\0';
	rc = table_csv_chunked(fd, chunk, &about, each, s, e);
	assert_int_equal(rc, e->text[0] ? -1 : 0);
	buf_free(&s->out);
	close(fd);
	return e->text;
}

static void fill(struct buf *b, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buf_adds(b, text);
}

static void check_bound(const char *before, const char *part, size_t times, const char *after, size_t rows,
			const char *wrong)
{
	struct seen s = { 0 };
	struct err e = { 0 };
	struct buf b;

	for (size_t chunk = 1000; chunk <= CSV_CHUNK; chunk *= 8) {
		buf_init(&b, 64 * 1024 * 1024);
		buf_adds(&b, before);
		fill(&b, part, times);
		buf_adds(&b, after);
		assert_false(b.over);
		if (!strstr(read_all(&b, chunk, &s, &e), wrong) || (!wrong[0] && e.text[0]))
			fail_msg("%zu of '%s', by %zu: %s", times, part, chunk, e.text);
		assert_int_equal(s.rows, rows);
		buf_free(&b);
	}
}

static void test_bounds(void **state)
{
	(void)state;
	check_bound("a,b\n", "x", TABLE_RECORD_MAX, "\nc,d\n", 3, "");
	check_bound("a,b\n", "x", TABLE_RECORD_MAX + 1, "\nc,d\n", 1, "line 2: a row of more than 1 MiB");
	check_bound("a,b\n", "x", 8 * TABLE_RECORD_MAX, "", 1, "line 2: a row of more than 1 MiB");
	check_bound("a,\"b\n", "x", 8 * TABLE_RECORD_MAX, "", 0, "line 1: a quote is opened here and not closed within 1 MiB");
	check_bound("a,\"b", "\n", CSV_QUOTED_LINES_MAX, "\",d\n", 1, "");
	check_bound("x\na,\"b", "\r\n", CSV_QUOTED_LINES_MAX + 1, "\",d\n", 1,
		    "line 2: a quote is opened here and not closed within 1,000 lines");
	check_bound("a", ",x", TABLE_COLUMNS_MAX - 1, "\n", 1, "");
	check_bound("a", ",x", TABLE_COLUMNS_MAX, "\n", 0, "line 1: more than 256 columns");
	check_bound("a", ",", 16384, "\nb,c\n", 2, "");
	/* Ever new quotes: no row is scanned again and again. */
	check_bound("", "\"", 1000000, "", 1, "");
	check_bound("", "\"", 1000001, "", 0, "line 1: a quote is opened here and never closed");
	check_bound("", "\n", 1000000, "", 1000000, "");
	check_bound("a,b\n", "\"\",\"\"\n", 100000, "", 100001, "");
}

static int count(void *ctx, const struct table_row *row, struct err *e)
{
	(void)e;
	assert_int_equal(row->n, 3);
	*(size_t *)ctx += 1;
	return 0;
}

/* Rows across every edge of the window, in the charset that needs the longest decoding. */
static void test_long_file(void **state)
{
	struct table_about about;
	size_t rows = 0;
	struct err e;
	struct buf b;
	int fd;

	(void)state;
	buf_init(&b, 64 * 1024 * 1024);
	for (int i = 0; i < 100000; i++)
		buf_addf(&b, "p%d@example.org;\"\x80\x80\x80 \"\"%d\"\"\r\n\";%d%s", i, i, i, i % 3 ? "\r\n" : "\n");
	fd = file_of(b.p, b.n);
	assert_int_equal(table_csv(fd, &about, count, &rows, &e), 0);
	assert_int_equal(rows, 100000);
	assert_string_equal(about.charset, "Windows-1252");
	buf_free(&b);
	close(fd);
}

static void test_stopping(void **state)
{
	struct table_about about = { 0 };
	struct seen s = { .about = &about, .stop_after = 2 };
	int fd = file_of("a\nb\nc\n\"", 7);
	struct err e = { 0 };

	(void)state;
	buf_init(&s.out, 1000);
	assert_int_equal(table_csv(fd, &about, each, &s, &e), 0);
	assert_string_equal(buf_text(&s.out), "1:a / 2:b");
	buf_free(&s.out);
	close(fd);
}

/* --- what is no table -------------------------------------------------------------------------- */

static void check_file(const char *content, size_t n, enum err_kind kind, const char *wrong)
{
	struct table_options options = { 0 };
	struct table_about about;
	struct seen s = { .about = &about };
	struct arena *a = arena_new();
	struct err e = { 0 };
	int fd = file_of(content, n);
	char path[64];

	buf_init(&s.out, 1000);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(table_read(path, &options, a, &about, each, &s, &e), -1);
	if (e.kind != kind || !strstr(e.text, wrong) || strncmp(e.text, path, strlen(path)) != 0)
		fail_msg("'%s' said '%s'", content, e.text);
	assert_int_equal(s.rows, 0);
	buf_free(&s.out);
	arena_free(a);
	close(fd);
}

#define REFUSED(content, wrong) check_file(content, sizeof(content) - 1, ERR_INPUT, wrong)

static void test_what_is_no_table(void **state)
{
	(void)state;
	REFUSED("", "empty");
	REFUSED("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF");
	REFUSED("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG");
	REFUSED("\x1f\x8b\x08\0\0\0", "gzip");
	REFUSED("\xff\xfe\0\0a\0\0\0", "UTF-32");
	REFUSED("\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08,\n", "no text");
	REFUSED("\0\0\0\0\0\0\0\0", "line 1: a NUL");
	REFUSED("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0W\0o\0r\0k\0b\0o\0o\0k\0", "old Excel file");
	REFUSED("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0\0\0", "password");
	REFUSED("<!DOCTYPE html><title>", "web page");
}

static void test_what_is_no_file(void **state)
{
	struct table_options options = { 0 };
	struct table_about about;
	struct arena *a = arena_new();
	struct err e = { 0 };

	(void)state;
	assert_int_equal(table_read("/nowhere/at.csv", &options, a, &about, each, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_int_equal(table_read("/tmp", &options, a, &about, each, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_int_equal(table_read("/dev/zero", &options, a, &about, each, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_long_file),
		cmocka_unit_test(test_stopping),
		cmocka_unit_test(test_what_is_no_table),
		cmocka_unit_test(test_what_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
