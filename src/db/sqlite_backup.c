/*
 * SQLite: the whole database into a file and back, by the library's backup
 * interface. Out: one step within one read transaction, so that the copy is of
 * one moment and no writer waits. In: one write transaction; who reads
 * meanwhile sees the old data, and the new ones afterwards.
 */
#include "db/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static sqlite3 *open_file(const char *path, int flags, struct err *e)
{
	sqlite3 *s = NULL;

	if (sqlite3_open_v2(path, &s, flags | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
		return s;
	sqlite_err(s, e);
	sqlite3_close(s);
	return NULL;
}

static int copy(sqlite3 *from, sqlite3 *to, struct err *e)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	int rc;

	if (!b)
		return sqlite_err(to, e);
	rc = sqlite3_backup_step(b, -1);
	sqlite3_backup_finish(b);
	return rc == SQLITE_DONE ? 0 : sqlite_err(to, e);
}

static int sync_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), rc = fd < 0 ? -1 : fsync(fd);

	if (rc < 0)
		err_sys(e, ERR_AGAIN, errno, "%s", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* A copy that is damaged must not take the place of anything. */
static int check(sqlite3 *s, struct err *e)
{
	sqlite3_stmt *st = NULL;
	bool good = sqlite3_prepare_v2(s, "PRAGMA quick_check(1)", -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW &&
		    strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;

	sqlite3_finalize(st);
	return good ? 0 : err_set(e, ERR_INPUT, "the copy is damaged");
}

int sqlite_backup(sqlite3 *live, const char *path, struct err *e)
{
	sqlite3 *to = open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
	int rc = to ? copy(live, to, e) : -1;

	/* It is opened by itself one day: a log beside it would be forgotten. */
	if (rc == 0 && sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
		rc = sqlite_err(to, e);
	if (rc == 0)
		rc = check(to, e);
	sqlite3_close(to);
	return rc == 0 ? sync_file(path, e) : err_in(e, "%s", path);
}

int sqlite_restore(sqlite3 *live, const char *path, struct err *e)
{
	sqlite3 *from = open_file(path, SQLITE_OPEN_READONLY, e);
	int rc = from && check(from, e) == 0 ? copy(from, live, e) : -1;

	sqlite3_close(from);
	return rc == 0 ? 0 : err_in(e, "%s", path);
}
