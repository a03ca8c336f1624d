/*
 * Several hosts: see host.h. A home's number is bound to the place where its
 * folder is: file and boot of the kernel that sees it. After a reboot or a move
 * the place is another, which alone is no fault; that somebody still works at
 * the old one is, and shows in flushes that go on.
 */
#include "store/host.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/file.h"
#include "store/query.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define COPY_LOOK (2 * SECOND)   /* a sender that lives flushes several times meanwhile */
#define READY_WAIT (15 * SECOND) /* senders that died are fenced before */
#define READY_LEAST SECOND
#define LOOK_EVERY_US 20000
#define NUMBER_BEGIN 8           /* digits that name a host */

#define OPEN "ended IS NULL AND fenced = 0"
QUERY(Q_HOST_PLACE, "SELECT place, ready FROM host WHERE id = $1");
QUERY(Q_HOST_SET, "INSERT INTO host (id, place, since) VALUES ($1, $2, $3)"
		  " ON CONFLICT (id) DO UPDATE SET place = excluded.place");
QUERY(Q_HOST_READY, "UPDATE host SET ready = 1 WHERE id = $1");
/* One row at least, for what is said of the home itself. */
QUERY(Q_HOST_SENDERS,
      "SELECT (SELECT place FROM host WHERE id = $1), (SELECT count(*) FROM host), s.id, s.flushes"
      " FROM (SELECT 1) one LEFT JOIN sender s ON s.ended IS NULL AND s.fenced = 0 AND s.host <> $1 ORDER BY s.id");
QUERY(Q_HOST_FENCE, "UPDATE sender SET fenced = 1 WHERE id = $1 AND flushes = $2 AND " OPEN,
      "UPDATE sender SET fenced = 1 WHERE id = (SELECT id FROM sender WHERE id = $1 AND flushes = $2 AND " OPEN
      " FOR UPDATE SKIP LOCKED)");
QUERY(Q_HOST_OWN_FLUSHES, "SELECT COALESCE(sum(flushes), 0) FROM sender WHERE host = $1 AND ended IS NULL");
QUERY(Q_HOST_LIST, "SELECT x.id, x.since, (SELECT count(*) FROM sender s WHERE s.host = x.id AND " OPEN ")"
		   " FROM host x ORDER BY x.since, x.id");
QUERY(Q_HOST_REMOVE, "DELETE FROM host WHERE id = $1 AND NOT EXISTS"
		     " (SELECT 1 FROM sender s WHERE s.host = host.id AND " OPEN ")");

/* --- where this home is ------------------------------------------------------------------------- */

int host_know(struct home *h, struct err *e)
{
	const char *path = home_file(h, h->arena, "journal/id");
	struct buf text, hex;
	uint8_t hash[32];
	struct stat st;

	h->host.id = home_id(h, h->arena, e);
	if (!h->host.id)
		return -1;
	if (stat(path, &st) < 0)
		return err_sys(e, ERR_BROKEN, errno, "%s", path);
	buf_init(&text, 512);
	/* Where the kernel has none, the file must do. */
	if (file_read(BOOT_ID, &text, e) < 0)
		err_clear(e);
	buf_addf(&text, " %llu %llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	sha256(text.p, text.n, hash);
	buf_init(&hex, 64);
	hex_encode(&hex, hash, 16);
	h->host.place = arena_text(h->arena, buf_text(&hex));
	buf_free(&hex);
	buf_free(&text);
	return 0;
}

int host_refuse(const struct home *h, struct err *e)
{
	return err_set(e, ERR_REFUSED,
		       "the number in journal/id of %s is in use at another place: is one of the two folders a copy? A second host is made with placet host join",
		       h->path);
}

/* 1 known, 0 not yet, -1. */
static int read_place(struct home *h, struct arena *a, const char **place, bool *ready, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_HOST_PLACE, ARGS(db_text(h->host.id)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		*place = arena_text(a, rows_text(&r, 0));
		*ready = rows_i64(&r, 1) != 0;
	}
	rows_close(&r);
	return got;
}

static void pause_us(int64_t us)
{
	nanosleep(&(struct timespec){ .tv_sec = us / SECOND, .tv_nsec = us % SECOND * 1000 }, NULL);
}

/* Does somebody work under this number, who cannot be here, since nobody here has entered yet? */
static int is_used(struct home *h, struct err *e)
{
	int64_t before = 0, after = 0;

	if (db_get_i64(h->db, &Q_HOST_OWN_FLUSHES, ARGS(db_text(h->host.id)), &before, e) < 0)
		return -1;
	if (!before)
		return 0;
	pause_us(COPY_LOOK);
	if (db_get_i64(h->db, &Q_HOST_OWN_FLUSHES, ARGS(db_text(h->host.id)), &after, e) < 0)
		return -1;
	return after != before;
}

/* --- entering ----------------------------------------------------------------------------------- */

static const struct host_sender *find(const struct host_sender *s, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].id == id)
			return &s[i];
	return NULL;
}

size_t host_silent(const struct host_sender *asked, size_t n_asked, const struct host_sender *now, size_t n_now)
{
	size_t silent = 0;

	for (size_t i = 0; i < n_asked; i++) {
		const struct host_sender *s = find(now, n_now, asked[i].id);

		silent += s && s->flushes < asked[i].flushes + HOST_FLUSHES;
	}
	return silent;
}

/* Waits for all senders of other hosts, and fences those of which nothing is heard for `patience`. */
static int await(struct home *h, int64_t patience, int64_t fence_after, struct err *e)
{
	struct arena *a = arena_new();
	struct host_sender *asked, *now;
	size_t n_asked, n_now, silent = 0;
	int64_t begin = clock_ticks();
	int rc = host_senders(h, a, &asked, &n_asked, e);

	for (now = asked, n_now = n_asked; rc == 0 && (silent = host_silent(asked, n_asked, now, n_now)) > 0;) {
		int64_t waited = clock_ticks() - begin;

		for (size_t i = 0; rc == 0 && waited >= fence_after && i < n_asked; i++)
			rc = host_fence(h, &asked[i], e);
		if (rc < 0 || waited >= patience)
			break;
		pause_us(LOOK_EVERY_US);
		rc = host_senders(h, a, &now, &n_now, e);
	}
	arena_free(a);
	return rc < 0 ? -1 : silent > 0;
}

int host_await(struct home *h, struct err *e)
{
	return await(h, HOST_PATIENCE, HOST_PATIENCE, e) < 0 ? -1 : 0;
}

/* Nobody may rely on leases before all senders hold to them; and an answer that was given when there was one host
   alone is in the database by then. */
static int tell_others(struct home *h, struct err *e)
{
	int silent;

	pause_us(READY_LEAST);
	silent = await(h, READY_WAIT, HOST_DEAD, e);
	if (silent > 0)
		err_set(e, ERR_AGAIN, "a sender of another host does not answer; see to it that it runs or has ended, and try again");
	return silent ? -1 : 0;
}

static int be_known(struct home *h, struct arena *a, bool ready, struct err *e)
{
	struct host_sender *s;
	size_t n;

	if (host_senders(h, a, &s, &n, e) < 0 || (!ready && h->host.several && tell_others(h, e) < 0))
		return -1;
	return ready ? 0 : db_exec(h->db, &Q_HOST_READY, ARGS(db_text(h->host.id)), NULL, e);
}

int host_enter(struct home *h, struct err *e)
{
	struct arena *a;
	const char *place = "";
	bool ready = false;
	int known, used = 0, rc = -1;

	if (db_engine_of(h->db) == DB_SQLITE)
		return 0;
	if (host_know(h, e) < 0)
		return -1;
	a = arena_new();
	known = read_place(h, a, &place, &ready, e);
	if (known > 0 && strcmp(place, h->host.place) != 0)
		used = is_used(h, e);
	if (known < 0 || used < 0)
		goto out;
	if (used) {
		host_refuse(h, e);
		goto out;
	}
	if (strcmp(place, h->host.place) != 0 &&
	    db_exec(h->db, &Q_HOST_SET, ARGS(db_text(h->host.id), db_text(h->host.place), db_i64(home_now(h))), NULL, e) < 0)
		goto out;
	rc = be_known(h, a, ready, e);
out:
	arena_free(a);
	return rc;
}

/* --- who has to hear ---------------------------------------------------------------------------- */

int host_senders(struct home *h, struct arena *a, struct host_sender **out, size_t *n, struct err *e)
{
	bool here = true, several = false;
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (!h->host.id)
		return 0;
	if (db_query(h->db, &Q_HOST_SENDERS, ARGS(db_text(h->host.id)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		const char *place = rows_text(&r, 0);

		here = place && strcmp(place, h->host.place) == 0;
		several = rows_i64(&r, 1) > 1;
		if (rows_is_null(&r, 2))
			continue;
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct host_sender){ rows_i64(&r, 2), rows_i64(&r, 3) };
	}
	rows_close(&r);
	if (got < 0)
		return -1;
	h->host.several = several;
	h->host.here = here;
	return 0;
}

int host_fence(struct home *h, const struct host_sender *s, struct err *e)
{
	return db_exec(h->db, &Q_HOST_FENCE, ARGS(db_i64(s->id), db_i64(s->flushes)), NULL, e);
}

/* --- joining and leaving ------------------------------------------------------------------------ */

/* Whether keys and database belong together is found out before anything is made. */
static int check_source(const char *from, struct err *e)
{
	static const char POSTGRESQL[] = "postgres";
	struct home *h = home_open(from, e);
	int rc = -1;

	if (!h)
		return -1;
	if (strncmp(h->database, POSTGRESQL, strlen(POSTGRESQL)) != 0)
		err_set(e, ERR_REFUSED, "the database of %s is SQLite, which serves one host; several need PostgreSQL", from);
	else if ((h->db = db_open(h->database, e)))
		rc = home_read_keys(h, e);
	home_free(h);
	return rc;
}

static int make_number(const char *path, struct err *e)
{
	struct rng r = { 0 };
	uint8_t number[32];
	struct buf text;
	int rc;

	rng_bytes(&r, number, sizeof(number));
	buf_init(&text, 128);
	hex_encode(&text, number, sizeof(number));
	buf_addc(&text, '\n');
	rc = file_write(path, text.p, text.n, 0600, e);
	buf_free(&text);
	return rc;
}

static int make_home(struct arena *a, const char *path, const char *from, struct err *e)
{
	const char *conf = arena_printf(a, "%s/placet.conf", path);
	const char *journal = arena_printf(a, "%s/journal", path);

	if (file_exists(conf))
		return err_set(e, ERR_REFUSED, "%s is a home already; name another folder with --home", path);
	if (file_make_dirs(journal, 0700, e) < 0 || file_make_dirs(arena_printf(a, "%s/run", path), 0700, e) < 0 ||
	    file_copy_tree(arena_printf(a, "%s/keys", from), arena_printf(a, "%s/keys", path), e) < 0 ||
	    make_number(arena_printf(a, "%s/id", journal), e) < 0)
		return -1;
	/* Last: with it, it is a home. */
	return file_copy(arena_printf(a, "%s/placet.conf", from), conf, 0600, e);
}

int host_join(const char *path, const char *from, struct err *e)
{
	struct arena *a = arena_new();
	int rc = check_source(from, e) < 0 ? -1 : make_home(a, path, from, e);

	arena_free(a);
	return rc;
}

int host_list(struct home *h, struct arena *a, struct host_known **out, size_t *n, struct err *e)
{
	const char *own = home_id(h, a, e);
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (!own || db_query(h->db, &Q_HOST_LIST, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct host_known){ .id = arena_text(a, rows_text(&r, 0)), .since = rows_i64(&r, 1),
						    .senders = rows_i64(&r, 2), .own = strcmp(rows_text(&r, 0), own) == 0 };
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

/* The number of the one host whose number begins so; NULL with `e` filled. */
static const char *find_number(const struct host_known *x, size_t n, const char *begin, struct err *e)
{
	const char *found = NULL;
	size_t matches = 0;

	for (size_t i = 0; i < n; i++)
		if (strncmp(x[i].id, begin, strlen(begin)) == 0) {
			found = x[i].id;
			matches++;
		}
	if (matches != 1 || strlen(begin) < NUMBER_BEGIN)
		err_set(e, ERR_MISSING, "no host %s; placet host list shows them", begin);
	return matches == 1 && strlen(begin) >= NUMBER_BEGIN ? found : NULL;
}

int host_remove(struct home *h, const char *begin, struct err *e)
{
	struct arena *a = arena_new();
	const char *id = NULL;
	struct host_known *x;
	int64_t changed = 0;
	size_t n;
	int rc = -1;

	if (host_list(h, a, &x, &n, e) == 0 && (id = find_number(x, n, begin, e)))
		rc = db_exec(h->db, &Q_HOST_REMOVE, ARGS(db_text(id)), &changed, e);
	if (rc == 0 && !changed)
		rc = err_set(e, ERR_REFUSED, "a sender of host %s has not ended: stop it, or wait until another host has found it dead", begin);
	arena_free(a);
	return rc;
}
