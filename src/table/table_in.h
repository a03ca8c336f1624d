/*
 * Inside the table layer: what table_read hands a file to, once its first
 * bytes have told what it is. Each promises what table_read promises, but for
 * the path in front of an error, which table_read adds.
 */
#ifndef PLACET_TABLE_IN_H
#define PLACET_TABLE_IN_H

#include "table/table.h"

/* A file that begins with PK\3\4: XLSX or ODS. */
int table_workbook(const char *path, const struct table_options *o, struct arena *a, struct table_about *about,
		   int (*each)(void *, const struct table_row *, struct err *), void *ctx, struct err *e) MUST_USE;

/* Text, read from the start of `fd`, which is a regular file and stays open. */
int table_csv(int fd, struct table_about *about, int (*each)(void *, const struct table_row *, struct err *),
	      void *ctx, struct err *e) MUST_USE;

#endif
