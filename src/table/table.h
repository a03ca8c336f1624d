/*
 * Tables that people export, read row by row: CSV in any usual encoding and
 * with any usual delimiter, XLSX, ODS. What a file is, is decided by its
 * bytes, never by its name. Memory and time are bounded whatever it holds.
 */
#ifndef PLACET_TABLE_H
#define PLACET_TABLE_H

#include "base/arena.h"
#include "base/err.h"

#define TABLE_COLUMNS_MAX 256
#define TABLE_RECORD_MAX (1024 * 1024) /* bytes of one row, as UTF-8 */

struct table_options {
	const char *sheet; /* of a workbook; NULL: the first that is not hidden */
};

/* What was found out about the file; told to whoever imports it. Texts live in the arena given. */
struct table_about {
	const char *format;   /* "CSV", "XLSX", "ODS" */
	const char *charset;  /* of CSV: "UTF-8", "UTF-16LE", "UTF-16BE", "Windows-1252" */
	bool guessed_charset; /* it has neither a mark nor is it UTF-8: the guess is to be shown */
	char delimiter;       /* of CSV */
	const char *sheet;    /* of a workbook */
	size_t sheets;        /* how many there are */
};

struct table_row {
	int64_t line; /* of the file, or the row of the sheet, where it begins; from 1 */
	const char *const *cell; /* UTF-8, NUL-ended; no NUL, no invalid sequence */
	size_t n;
	bool blank;        /* delimiters and blanks only */
	const char *fault; /* NULL; or why this row alone cannot be read, and the mend: "bytes that are no character; save ..." */
};

/*
 * Calls `each` for every row, of a workbook for every row with text in it (how far a sheet reaches beyond its text,
 * nobody who made it knows); what it gets is valid during the call. It returns 0 to go on, 1 to stop without a
 * fault, -1 with `e` filled. `about` is complete before the first call. ERR_INPUT names the line and the mend: a
 * quote that is never closed, a NUL, a row beyond the bounds, a workbook with a password, an old .xls, no table at
 * all. ERR_MISSING: no such file.
 */
int table_read(const char *path, const struct table_options *o, struct arena *a, struct table_about *about,
	       int (*each)(void *ctx, const struct table_row *row, struct err *e), void *ctx, struct err *e) MUST_USE;

#endif
