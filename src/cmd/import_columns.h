/*
 * What the columns of an address file are: guessed from the header in many
 * languages, or from the first row where there is no header, and told by
 * --map and --skip where the guess is wrong or nobody can tell.
 */
#ifndef PLACET_IMPORT_COLUMNS_H
#define PLACET_IMPORT_COLUMNS_H

#include "table/table.h"

struct import_columns_wanted {
	const char *const *map;  /* "COLUMN=FIELD", ...; NULL-ended */
	const char *const *skip; /* columns that are left out; NULL-ended */
	const char *consent_column, *date_column; /* or NULL */
};

struct import_columns {
	const char *name[TABLE_COLUMNS_MAX];  /* as in the header; "1", "2", ... where there is none */
	const char *field[TABLE_COLUMNS_MAX]; /* NULL: the address, or not taken */
	size_t n, cells;                      /* cells: of the row; some may be columns of our own, not taken */
	int address, consent, date;           /* indexes; -1: none */
	bool header;                          /* the first row is one */
};

/* Reads the first row that is not blank. ERR_INPUT with the columns found if there is no address column, or two;
   if --map or an option names a column that is not there; if two columns are mapped to one field. */
int import_columns_read(struct arena *a, const struct import_columns_wanted *w, const struct table_row *row,
			struct import_columns *out, struct err *e) MUST_USE;

#endif
