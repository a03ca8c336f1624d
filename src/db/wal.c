/*
 * The checkpoint of an SQLite log, safe with versions that have the WAL-reset
 * bug (3.7.0 to 3.51.2). There, a checkpointer reads the log's length N, and
 * then compares it with nBackfill, the number of frames copied so far. If all
 * N were copied already, a commit may start the log anew between the two: the
 * checkpointer then sees nBackfill = 0 < N, copies whatever frames there are,
 * and sets nBackfill = N. Frames that later commits write below N pass for
 * copied, are never copied, and are lost. One checkpointer is enough for that
 * (test/fault/wal_stress.c: without the blocker, damage within a second).
 *
 * The rule: no commit runs during a checkpoint. Only a commit starts the log
 * anew, and it needs the write lock, so a second connection holds that lock
 * (BEGIN IMMEDIATE) from before the length is read until the copying is done.
 * SQLite's TRUNCATE mode takes the same lock, but when it does not get it in
 * time it goes on without, as PASSIVE, and does not say so beforehand. Ours is
 * PASSIVE too: it waits for no reader, copies what readers allow, and the next
 * commit that finds everything copied starts the log anew by itself.
 *
 * SQLite's checkpoint lock admits one checkpointer at a time; a lock file
 * spares the others the waiting. A foreign program (the sqlite3 shell) that
 * checkpoints while Placet writes is outside of the rule.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "db/sqlite.h"

static int read_mark(const char *log, struct wal_mark *out)
{
	struct stat st;

	if (stat(log, &st) < 0)
		return -1;
	*out = (struct wal_mark){ st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec };
	return 0;
}

/* The log is long enough, and was written to since all of it had been copied. */
static bool is_due(const struct wal *w, const struct wal_mark *now, int64_t min_bytes)
{
	if (now->size == 0 || now->size < min_bytes)
		return false;
	return !w->has_done || now->size != w->done.size || now->seconds != w->done.seconds ||
	       now->nanoseconds != w->done.nanoseconds;
}

/* Copies while `w->blocker` keeps commits out. */
static int copy(struct wal *w, sqlite3 *s, const struct wal_mark *mark, struct err *e)
{
	int frames, copied, rc = sqlite3_wal_checkpoint_v2(s, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);

	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return 0; /* somebody else is at it, or this connection is reading: next time */
	if (rc != SQLITE_OK)
		return sqlite_err(s, e);
	w->has_done = frames == copied;
	w->done = *mark;
	return 0;
}

/* Holds the lock file. */
static int checkpoint(struct wal *w, sqlite3 *s, const char *path, const struct wal_mark *mark, struct err *e)
{
	int rc;

	if (!w->blocker && !(w->blocker = sqlite_connect(path, &w->wait, e)))
		return -1;
	if (sqlite3_exec(w->blocker, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_err(w->blocker, e);
	rc = copy(w, s, mark, e);
	sqlite3_exec(w->blocker, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* The marks are taken before the lock: a commit in between makes the next call look again. */
int wal_checkpoint(struct wal *w, sqlite3 *s, const char *path, int64_t min_bytes, struct err *e)
{
	struct buf name;
	struct wal_mark mark;
	int lock, rc = 0;

	buf_init(&name, 8192);
	buf_addf(&name, "%s-wal", path);
	if (read_mark(buf_text(&name), &mark) < 0 || !is_due(w, &mark, min_bytes))
		goto out;
	buf_clear(&name);
	buf_addf(&name, "%s-checkpoint", path);
	if ((lock = file_lock(buf_text(&name), e)) < 0) {
		rc = e->kind == ERR_AGAIN ? 0 : -1; /* another process is at it */
		goto out;
	}
	if ((rc = checkpoint(w, s, path, &mark, e)) < 0)
		err_in(e, "checkpoint of %s", path);
	close(lock);
out:
	buf_free(&name);
	return rc;
}

void wal_clear(struct wal *w)
{
	MUST(sqlite3_close(w->blocker) == SQLITE_OK);
	w->blocker = NULL;
}
