/*
 * How an import puts people on a list: in batches, each batch one
 * transaction. What was loaded is known to the next run, so that an
 * interrupted import is continued by running it again.
 */
#ifndef PLACET_IMPORT_H
#define PLACET_IMPORT_H

#include "store/list.h"

/* A row that was found good. */
struct import_row {
	int64_t line;
	const char *delivery, *given;
	uint8_t key_hash[KEY_HASH_SIZE];
	bool reserved, utf8;
	const char *fields; /* JSON object of texts */
	const char *flags;  /* words */
	/* Evidence; kind NULL: none. given_on "" when the day is not known. */
	const char *kind, *ref, *given_on;
};

/* For qsort: by person, mailbox, line. */
int import_row_order(const void *a, const void *b);

struct import_counts {
	int64_t added, known, duplicate_person, not_mailable;
};

/* One import under way. */
struct import {
	int64_t id, by, text_id; /* text_id 0: no consent text */
	const struct list *list;
	struct import_counts counts;
	/* Called for each row of a batch, in no order, with its verdict: 0 added, 1 the mailbox was known,
	   2 the person was. NULL: nobody wants to know. */
	int (*verdict)(void *ctx, int64_t line, const char *delivery, int known, struct err *e);
	void *ctx;
};

/* Opens the record of an import, or the one that the same file began on this list and did not end; unless its evidence
   was voided since: what is claimed anew can be voided anew. */
int import_begin(struct home *h, struct import *im, const uint8_t file_hash[32], struct err *e) MUST_USE;
/* Loads one batch, in import_row_order, in a transaction of its own unless the caller has one open (a dry run,
   which rolls all of it back), and adds to im->counts. Of one person's rows in a batch the first of the file
   counts; those of people on the list already are known. Consent is added only where this project has no
   entry for the address: an import never restores (policy). Cost of a row: a few inserts. */
int import_batch(struct home *h, struct import *im, const struct import_row *rows, size_t n, struct err *e) MUST_USE;
int import_end(struct home *h, const struct import *im, const char *detail, struct err *e) MUST_USE;

#endif
