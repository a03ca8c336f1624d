/*
 * Backups of a home: the data of one moment in data/, the keys apart in
 * keys/, so that the two can be kept in different places. And restoring one,
 * after which nobody is mailed twice and nobody who left is mailed again.
 */
#ifndef PLACET_BACKUP_H
#define PLACET_BACKUP_H

#include "store/home.h"

struct backup {
	int64_t at;              /* when it was made */
	const char *engine, *mark; /* mark: of the home, see home.c */
	int64_t schema;
};

/* Writes one into the folder `dir`, which must not be there yet. While everything runs: nobody waits. */
int backup_make(struct home *h, const char *dir, struct err *e) MUST_USE;
/* What the folder holds. ERR_INPUT when it is no backup. */
int backup_read(struct arena *a, const char *dir, struct backup *out, struct err *e) MUST_USE;
/* Makes the home anew from the backup where there is none: configuration, keys, journal; no data yet. */
int backup_make_home(const char *path, const char *dir, struct err *e) MUST_USE;
/* Puts the backup's data in the place of the home's, while no role of it runs, and settles them. */
int backup_restore(struct home *h, const char *dir, struct err *e) MUST_USE;

/*
 * Data that came from a backup are settled before anybody uses them: what was approved and had not started
 * is a draft again; what was being sent is paused, and those who had not got it yet are uncertain, since they
 * may have got it after the backup; the gap is told in the ledger. A restore that was interrupted is settled
 * by whoever opens the home next: home_open_db calls this. *restored: it did so now.
 */
int backup_settle(struct home *h, bool *restored, struct err *e) MUST_USE;

#endif
