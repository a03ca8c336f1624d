/*
 * Judged rows on their way from the file to the database, in files without a
 * name below the home's run/, gone with the process. So each row is read and
 * judged once, and nothing is changed before the last one was. They come back
 * sorted by person (an external merge sort): one person's rows stand together
 * wherever they stood in the file, and the database's index by person is
 * written from its beginning to its end. Memory is flat.
 */
#ifndef PLACET_IMPORT_SPOOL_H
#define PLACET_IMPORT_SPOOL_H

#include "store/import.h"

struct import_spool;

struct import_spool *import_spool_new(const struct home *h, struct err *e) MUST_USE;
void import_spool_free(struct import_spool *s);
/* Appends one; its texts are copied. ERR_AGAIN: the disk is full. */
int import_spool_put(struct import_spool *s, const struct import_row *r, struct err *e) MUST_USE;
/* After the last row was put. */
int import_spool_sort(struct import_spool *s, struct err *e) MUST_USE;
/* The next one; texts in the arena. 1, 0 at the end, -1. */
int import_spool_next(struct import_spool *s, struct arena *a, struct import_row *out, struct err *e) MUST_USE;
/* Is the next one of this person? */
bool import_spool_goes_on(const struct import_spool *s, const uint8_t key_hash[KEY_HASH_SIZE]);

#endif
