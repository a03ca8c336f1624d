/*
 * Workbooks for tests, made in memory by libzip, and what is read of them as
 * one text: "1:a|b" for each row, "!" before one with a fault, "~" before one
 * that is blank, "E:" and the error.
 */
#ifndef PLACET_TEST_TABLE_BOOK_H
#define PLACET_TEST_TABLE_BOOK_H

#include "base/buf.h"
#include "table/table_book.h"

#include <zip.h>

struct book_part {
	const char *name, *text;
};

/* The archive of these parts, up to the first without a name; for free(). */
static inline char *book_zip(const struct book_part *parts, size_t max, size_t *n)
{
	zip_source_t *whole = zip_source_buffer_create(NULL, 0, 0, NULL), *part;
	zip_t *z = zip_open_from_source(whole, ZIP_TRUNCATE, NULL);
	zip_stat_t st;
	char *bytes;

	MUST(z);
	zip_source_keep(whole);
	for (size_t i = 0; i < max && parts[i].name; i++) {
		part = zip_source_buffer(z, parts[i].text, strlen(parts[i].text), 0);
		MUST(part && zip_file_add(z, parts[i].name, part, ZIP_FL_ENC_UTF_8) >= 0);
	}
	MUST(zip_close(z) == 0 && zip_source_stat(whole, &st) == 0 && zip_source_open(whole) == 0);
	*n = (size_t)st.size;
	bytes = mem_alloc(*n + 1);
	MUST(zip_source_read(whole, bytes, *n) == (zip_int64_t)*n);
	zip_source_close(whole);
	zip_source_free(whole);
	return bytes;
}

static inline int book_row(void *ctx, const struct table_row *row, struct err *e)
{
	struct buf *out = ctx;

	(void)e;
	buf_addf(out, "%s%s%lld:", row->fault ? "!" : "", row->blank ? "~" : "", (long long)row->line);
	for (size_t i = 0; i < row->n; i++)
		buf_addf(out, "%s%s", i ? "|" : "", row->cell[i]);
	buf_addc(out, '\n');
	return 0;
}

/* What table_workbook_memory makes of the archive, into `out`. */
static inline void book_read(const char *zip, size_t n, const char *sheet, struct arena *a, struct table_about *about,
			     struct buf *out)
{
	struct table_options o = { .sheet = sheet };
	struct err e = { 0 };

	*about = (struct table_about){ 0 };
	if (table_workbook_memory(zip, n, &o, a, about, book_row, out, &e) < 0) {
		MUST(e.kind == ERR_INPUT && e.text[0]);
		buf_addf(out, "E:%s", e.text);
	}
}

#endif
