/*
 * Private to db/: what sqlite.c and wal.c share.
 */
#ifndef PLACET_DB_SQLITE_H
#define PLACET_DB_SQLITE_H

#include <sqlite3.h>

#include "db/db_engine.h"

/* What the waiting for a lock needs to know. */
struct lock_wait {
	int64_t since;
	const int *ms; /* at most; NULL or 0: DB_WAIT_MS */
};

/* Where the log stood when all of it had been copied. */
struct wal_mark {
	int64_t size, seconds, nanoseconds;
};

struct wal {
	sqlite3 *blocker; /* the second connection, opened when first needed */
	struct lock_wait wait; /* of its waiting for locks */
	struct wal_mark done;
	bool has_done;
};

/* Opens the file with the rules that every connection of ours follows. `wait` serves the waiting for
   locks and must live as long as the connection. NULL on error. */
sqlite3 *sqlite_connect(const char *path, struct lock_wait *wait, struct err *e) MUST_USE;
/* Fills `e` from the connection's last error; returns -1. */
int sqlite_err(sqlite3 *s, struct err *e);
/* sqlite_backup.c: the whole database into a new file, and such a file into the database. */
int sqlite_backup(sqlite3 *live, const char *path, struct err *e) MUST_USE;
int sqlite_restore(sqlite3 *live, const char *path, struct err *e) MUST_USE;
int wal_checkpoint(struct wal *w, sqlite3 *s, const char *path, int64_t min_bytes, struct err *e) MUST_USE;
void wal_clear(struct wal *w);

#endif
