/*
 * CSV: RFC 4180, read leniently where a reader cannot go wrong. CR, LF and
 * CR LF end rows, also mixed. A quote within a cell that does not begin with
 * one is text. Blanks around the quotes of a cell are nothing; text behind
 * them is a fault of that row, whose last cell is then the rest of the line
 * as it stands. A first line `sep=X` names the delimiter and is no row.
 */
#ifndef PLACET_TABLE_CSV_H
#define PLACET_TABLE_CSV_H

#include "table/table_in.h"

#define CSV_QUOTED_LINES_MAX 1000 /* line ends within one quoted cell: beyond, its quote was never meant */

/* table_csv, reading `chunk` bytes at a time (1 to CSV_CHUNK): what comes out does not depend on it. */
#define CSV_CHUNK (64 * 1024)
int table_csv_chunked(int fd, size_t chunk, struct table_about *about,
		      int (*each)(void *, const struct table_row *, struct err *), void *ctx, struct err *e) MUST_USE;

#endif
