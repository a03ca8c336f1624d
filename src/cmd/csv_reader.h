/*
 * Reading a CSV file row by row, with line numbers and bounds: UTF-8 with or
 * without a byte order mark; comma, semicolon or tab, whichever the header
 * line has most of; quotes by RFC 4180; CR LF, LF or CR. Over libcsv.
 */
#ifndef PLACET_CSV_READER_H
#define PLACET_CSV_READER_H

#include "base/arena.h"
#include "base/err.h"

#define CSV_COLUMNS_MAX 256
#define CSV_RECORD_MAX (1024 * 1024) /* bytes of one record */

struct csv_row {
	int64_t line; /* where it begins, from 1 */
	const char *const *cell; /* UTF-8 or not: the caller judges; NULs are refused by the reader */
	size_t n;
	bool blank; /* delimiters and blanks only */
};

/* Calls `each` for every row; what it gets is valid during the call. It returns 0 to go on, -1 with `e`
   filled to stop. ERR_INPUT names the line of an unclosed quote, a NUL, a record too long. */
int csv_read(const char *path, int (*each)(void *ctx, const struct csv_row *row, struct err *e), void *ctx,
	     struct err *e) MUST_USE;

#endif
