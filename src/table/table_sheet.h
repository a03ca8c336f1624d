/*
 * What both kinds of workbook share: choosing the sheet, and gathering the
 * cells of a row until it can be told. Rows without any text are not told:
 * what is blank in a sheet, and how far it reaches, nobody who made it knows.
 */
#ifndef PLACET_TABLE_SHEET_H
#define PLACET_TABLE_SHEET_H

#include "base/buf.h"
#include "table/table.h"
#include "table/table_zip.h"

#define SHEETS_MAX 1024
#define SHEET_ROWS_MAX 1048576                        /* as in Excel and LibreOffice */
#define SHEET_COLUMNS_MAX 16384
#define SHEET_TOLD_MAX (INT64_C(1024) * 1024 * 1024) /* bytes: a short file may repeat one text without end */

struct sheet_entry {
	const char *name;
	const char *part; /* XLSX: the name of its part; ODS: NULL */
	bool hidden;
};

struct sheet_list {
	struct sheet_entry *at;
	size_t n, room;
};

/* Adds a sheet; its texts are kept as they are. ERR_INPUT: too many. */
int sheet_list_add(struct sheet_list *l, struct arena *a, const struct sheet_entry *add, struct err *e) MUST_USE;
/* The one that was asked for, or the first that is not hidden. ERR_INPUT names those that are there. */
int sheet_pick(const struct sheet_list *l, const struct table_options *o, size_t *picked, struct err *e) MUST_USE;

/* The text of a cell: in the row's own buffer, or elsewhere when `fixed` is set. */
struct sheet_cell {
	const char *fixed;
	size_t at;
};

struct sheet {
	const char *name;
	struct pack *pack;
	int (*each)(void *, const struct table_row *, struct err *);
	void *ctx;
	int64_t line;     /* of the row that is gathered */
	struct buf text;  /* of its cells */
	struct sheet_cell cell[TABLE_COLUMNS_MAX];
	size_t n;         /* one past the last cell that holds something */
	size_t bytes;     /* of all of them */
	int64_t told;     /* bytes so far */
	const char *fault;
};

void sheet_init(struct sheet *s);
void sheet_free(struct sheet *s);

/* Begins the row of this number. */
void sheet_row(struct sheet *s, int64_t line);
/* Puts what was added to s->text from `at` on into `times` cells from `column` on (from 0). Nothing: they stay empty. */
int sheet_put(struct sheet *s, int64_t column, int64_t times, size_t at, struct err *e) MUST_USE;
/* Puts `n` bytes that stay as long as the sheet, and end with a NUL. */
int sheet_put_fixed(struct sheet *s, int64_t column, const char *p, size_t n, struct err *e) MUST_USE;
/* Tells the row `times` times, as that many rows; answers as `each` did. */
int sheet_row_end(struct sheet *s, int64_t times, struct err *e) MUST_USE;

#endif
