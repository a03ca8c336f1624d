/*
 * What becomes of each row of an address file: judged by itself, without a
 * database. A row is good, or rejected with a reason and the mend.
 */
#ifndef PLACET_IMPORT_JUDGE_H
#define PLACET_IMPORT_JUDGE_H

#include "cmd/import_columns.h"
#include "mail/address.h"

/* Evidence that holds for every row, or where each row has its own (columns). */
struct import_plan {
	const char *kind, *ref, *date; /* ref NULL: per row, or none */
	int64_t latest; /* a consent that is dated later is none yet */
	const char *const *known; /* domains that others are compared with: the institution's */
	size_t n_known;
};

struct judged {
	struct address addr;
	unsigned flags;
	const char *flags_text;     /* words */
	const char *fields;         /* JSON object of texts */
	const char *kind, *ref, *given_on; /* evidence; kind NULL: none */
	const char *hint;           /* the domain that was probably meant; NULL: nothing looks wrong. Never applied */
	const char *reason, *mend;  /* of a rejected row; reason NULL: it is good */
};

/* May it stand as the reference of a document: one plain line of at most 200 bytes. */
bool import_ref_is_fit(const char *ref);
/* Judges one row; texts live in the arena or in the row. */
void import_judge(struct arena *a, const struct import_plan *p, const struct import_columns *cols,
		  const struct table_row *row, struct judged *out);

#endif
