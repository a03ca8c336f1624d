/*
 * The two kinds of workbook, each read from an archive that is open. What they
 * promise is what table_read promises.
 */
#ifndef PLACET_TABLE_BOOK_H
#define PLACET_TABLE_BOOK_H

#include "table/table_sheet.h"

/* `workbook`: the part that lists the sheets. */
int xlsx_read(struct pack *k, const char *workbook, const struct table_options *o, struct arena *a,
	      struct table_about *about, int (*each)(void *, const struct table_row *, struct err *), void *ctx,
	      struct err *e) MUST_USE;

int ods_read(struct pack *k, const struct table_options *o, struct arena *a, struct table_about *about,
	     int (*each)(void *, const struct table_row *, struct err *), void *ctx, struct err *e) MUST_USE;

/* The same as table_workbook (table_in.h), for a file in memory. */
int table_workbook_memory(const void *p, size_t n, const struct table_options *o, struct arena *a,
			  struct table_about *about, int (*each)(void *, const struct table_row *, struct err *),
			  void *ctx, struct err *e) MUST_USE;

#endif
