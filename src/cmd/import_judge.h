/*
 * What becomes of each row of an address file: judged by itself, without a
 * database. The header names the columns; a row is good, or rejected with a
 * reason and the mend.
 */
#ifndef PLACET_IMPORT_JUDGE_H
#define PLACET_IMPORT_JUDGE_H

#include "store/list.h"
#include "table/table.h"

#include <jansson.h>

struct import_plan {
	const char *const *map; /* "COL=FIELD", ...; NULL-ended */
	const char *kind, *ref, *date; /* evidence of the whole file; ref NULL: per row, or none */
	const char *consent_column, *date_column; /* header names, or NULL */
	int64_t latest; /* a consent that is dated later is none yet */
};

struct import_columns {
	const char *name[TABLE_COLUMNS_MAX];  /* as in the header */
	const char *field[TABLE_COLUMNS_MAX]; /* NULL: the address, or not taken */
	size_t n;
	int address, consent, date;         /* indexes; -1: none */
};

/* Reads the header row. ERR_INPUT with the columns found if there is no address column, or two. */
int import_header(struct arena *a, const struct import_plan *p, const struct table_row *row,
		  struct import_columns *out, struct err *e) MUST_USE;

struct judged {
	struct import_row row;
	struct address addr;
	unsigned flags;
	const char *cleaned;        /* what was taken away around the address, or NULL */
	const char *reason, *mend;  /* of a rejected row; reason NULL: it is good */
};

/* Judges one row; texts live in the arena. */
void import_judge(struct arena *a, const struct import_plan *p, const struct import_columns *cols,
		  const struct table_row *row, struct judged *out);

#endif
