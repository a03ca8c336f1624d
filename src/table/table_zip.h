/*
 * The parts of a ZIP archive, read one at a time and never trusted: how many
 * there are, how large they become and how long they keep us are bounded, so
 * that an archive made to fill memory or disk ends as ERR_INPUT instead.
 * Nothing is unpacked to disk: a part's name leads nowhere.
 */
#ifndef PLACET_TABLE_ZIP_H
#define PLACET_TABLE_ZIP_H

#include "base/arena.h"
#include "base/err.h"

#define PACK_PARTS_MAX 16384
#define PACK_DIRECTORY_MAX (4 * 1024 * 1024)       /* bytes of names and the like; they are all held in memory */
#define PACK_PART_MAX (INT64_C(1024) * 1024 * 1024) /* one part, unpacked */
#define PACK_TOTAL_MAX (2 * PACK_PART_MAX)          /* all that is read from one archive */
#define PACK_RATIO_MAX 300                          /* unpacked to packed; real sheets reach some 50 */
#define PACK_RATIO_FREE (32 * 1024 * 1024)          /* unpacked bytes before the ratio counts */
#define PACK_TIME_MAX (60 * INT64_C(1000000))       /* of our own work, in microseconds */

struct pack;

/* Opens the archive; ERR_INPUT when it is damaged or beyond the bounds. */
struct pack *pack_open(const char *path, struct err *e) MUST_USE;
/* The same for an archive in memory, which must stay. */
struct pack *pack_open_memory(const void *p, size_t n, struct err *e) MUST_USE;
void pack_free(struct pack *k); /* NULL is fine */

/* The number of the part of this name, with slashes, or -1. Upper and lower case are the same, as in Excel. */
int64_t pack_find(const struct pack *k, const char *name);
/* Whether some part's name begins so. */
bool pack_has_folder(const struct pack *k, const char *begin);

/* Begins to read a part, at its start; ends the one before. */
int pack_part(struct pack *k, int64_t number, struct err *e) MUST_USE;
/* The next bytes of it; 0 at its end, when its checksum was right too. */
ssize_t pack_read(struct pack *k, void *out, size_t n, struct err *e) MUST_USE;

/* The name of the part that was begun last. */
const char *pack_part_name(const struct pack *k);

/* Between these, time is not ours but that of whoever gets the rows. */
void pack_away(struct pack *k);
void pack_back(struct pack *k);

#endif
