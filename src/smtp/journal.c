/* Writing and settling journals: see journal.h. */
#include "smtp/journal.h"

#include "base/codec.h"
#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONG (4 * 1024 * 1024)
#define LINE_MAX_BYTES 2048
#define FILE_MAX (64 * 1024 * 1024)

struct journal {
	char *dir, *name, *path;
	int fd;
	int64_t size;
	bool dirty;
	struct buf line;
};

/* A locked file that nobody sees before it is complete: made under another name, locked, renamed. */
static int make_file(const char *path, const void *p, size_t n, struct err *e)
{
	struct arena *a = arena_new();
	const char *temporary = arena_printf(a, "%s.new", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || (n && write(fd, p, n) != (ssize_t)n) || fdatasync(fd) < 0 ||
	    rename(temporary, path) < 0) {
		err_sys(e, ERR_AGAIN, errno, "journal %s", path);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	arena_free(a);
	return fd;
}

struct journal *journal_new(struct home *h, struct err *e)
{
	struct arena *a = arena_new();
	struct journal *j = mem_alloc(sizeof(*j));
	struct rng r = { 0 };

	j->dir = mem_copy_text(home_file(h, a, "journal"));
	j->name = mem_copy_text(arena_printf(a, "send-%ld-%08x.journal", (long)getpid(), (unsigned)rng_u64(&r)));
	j->path = mem_copy_text(arena_printf(a, "%s/%s", j->dir, j->name));
	buf_init(&j->line, LINE_MAX_BYTES);
	arena_free(a);
	j->fd = make_file(j->path, NULL, 0, e);
	if (j->fd >= 0 && file_sync_dir(j->dir, e) == 0)
		return j;
	journal_end(j);
	return NULL;
}

const char *journal_name(const struct journal *j)
{
	return j->name;
}

static int append(struct journal *j, struct err *e)
{
	ssize_t wrote = write(j->fd, j->line.p, j->line.n);

	MUST(!j->line.over);
	if (wrote != (ssize_t)j->line.n) {
		err_sys(e, ERR_AGAIN, wrote < 0 ? errno : ENOSPC, "journal %s", j->path);
		/* What is appended next must not hang on to half a line, or it would be lost with it. */
		if (wrote > 0 && ftruncate(j->fd, (off_t)j->size) < 0)
			log_event(LOG_LEVEL_ERROR, "journal-torn", "journal", j->path, NULL);
		return -1;
	}
	j->size += wrote;
	j->dirty = true;
	return 0;
}

static void add_dot(struct buf *b, const struct open_dot *d)
{
	buf_addf(b, "D %s%lld %lld\n", d->notice ? "n" : "", (long long)d->delivery, (long long)d->claimed);
}

static int append_dot(struct journal *j, struct open_dot d, struct err *e)
{
	buf_clear(&j->line);
	add_dot(&j->line, &d);
	return append(j, e);
}

int journal_dot(struct journal *j, int64_t delivery, int64_t claimed, struct err *e)
{
	return append_dot(j, (struct open_dot){ delivery, claimed, false }, e);
}

int journal_notice_dot(struct journal *j, int64_t notice, int64_t claimed, struct err *e)
{
	return append_dot(j, (struct open_dot){ notice, claimed, true }, e);
}

/* Printable, one line, no tabs: what a relay said may hold anything. */
static void add_safe(struct buf *b, const char *s)
{
	buf_addc(b, '\t');
	for (size_t i = 0; s[i] && i < 500; i++)
		buf_addc(b, (unsigned char)s[i] < 0x20 ? ' ' : s[i]);
}

int journal_reply(struct journal *j, const struct outcome *o, struct err *e)
{
	buf_clear(&j->line);
	buf_addf(&j->line, "R %s%lld %lld %lld %s %lld %d %d", o->notice ? "n" : "", (long long)o->id,
		 (long long)o->claimed, (long long)o->at, o->state, (long long)o->due, o->counts, o->voids);
	add_safe(&j->line, o->relay);
	add_safe(&j->line, o->queue_id);
	add_safe(&j->line, o->reply);
	buf_addc(&j->line, '\n');
	return append(j, e);
}

int journal_sync(struct journal *j, struct err *e)
{
	if (j->dirty && fdatasync(j->fd) < 0)
		return err_sys(e, ERR_AGAIN, errno, "journal %s", j->path);
	j->dirty = false;
	return 0;
}

bool journal_is_long(const struct journal *j)
{
	return j->size > LONG;
}

int journal_shorten(struct journal *j, const struct open_dot *open, size_t n, struct err *e)
{
	struct buf text;
	int fd;

	buf_init(&text, LONG);
	for (size_t i = 0; i < n; i++)
		add_dot(&text, &open[i]);
	MUST(!text.over);
	fd = make_file(j->path, text.p, text.n, e);
	/* Before the old one is let go of, so that the name leads to the new one also after a loss of power. */
	if (fd >= 0 && file_sync_dir(j->dir, e) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd >= 0) {
		close(j->fd);
		j->fd = fd;
		j->size = (int64_t)text.n;
		j->dirty = false;
	}
	buf_free(&text);
	return fd < 0 ? -1 : 0;
}

void journal_abandon(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	free(j->dir);
	free(j->name);
	free(j->path);
	buf_free(&j->line);
	free(j);
}

void journal_end(struct journal *j)
{
	if (j)
		unlink(j->path);
	journal_abandon(j);
}

/* --- settling ---------------------------------------------------------------------------------- */

/* What the journal says of deliveries, the last line of each winning. */
struct settling {
	struct arena *a;
	struct outcome *o;
	size_t n, room;
};

static int by_id(const void *x, const void *y)
{
	const struct outcome *a = x, *b = y;

	if (a->notice != b->notice)
		return a->notice ? 1 : -1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->claimed < b->claimed ? -1 : a->claimed > b->claimed;
}

/* The next number of a line, moving *p behind it; -1 if there is none. */
static int next_number(char **p, int64_t *out)
{
	char *end = *p + strcspn(*p, " \t"), kept = *end;
	int rc;

	*end = '\0';
	rc = parse_i64(*p, INT64_MIN, INT64_MAX, out);
	*end = kept;
	*p = kept == ' ' ? end + 1 : end;
	return rc;
}

static const char *next_tabbed(struct arena *a, char **p)
{
	char *start = *p + (**p == '\t'), *end = start + strcspn(start, "\t");

	*p = end;
	return arena_text_n(a, start, (size_t)(end - start));
}

static bool read_reply(struct arena *a, char *p, struct outcome *o)
{
	int64_t counts, voids;
	char *state;

	if (next_number(&p, &o->at) < 0)
		return false;
	state = p;
	p += strcspn(p, " ");
	o->state = arena_text_n(a, state, (size_t)(p - state));
	p += *p == ' ';
	if (next_number(&p, &o->due) < 0 || next_number(&p, &counts) < 0 || next_number(&p, &voids) < 0)
		return false;
	o->counts = counts != 0;
	o->voids = voids != 0;
	o->relay = next_tabbed(a, &p);
	o->queue_id = next_tabbed(a, &p);
	o->reply = next_tabbed(a, &p);
	return true;
}

static void read_line(struct settling *s, char *line, int64_t now)
{
	struct outcome o = { .skipped = "", .relay = "", .queue_id = "", .at = now, .state = "uncertain", .counts = true,
			     .reply = "the sender ended between the final dot and its reply" };
	char kind = line[0], *p = line + 2;

	if ((kind != 'D' && kind != 'R') || line[1] != ' ')
		return;
	o.notice = *p == 'n';
	p += o.notice;
	if (next_number(&p, &o.id) < 0 || next_number(&p, &o.claimed) < 0)
		return;
	if (kind == 'R' && !read_reply(s->a, p, &o))
		return;
	s->o = arena_room(s->a, s->o, s->n, &s->room, sizeof(*s->o));
	s->o[s->n++] = o;
}

/* Of a dot and its reply the reply counts: it stands later. Sorting is stable for what matters, since a
   claim has at most one dot and one reply, and "uncertain" gives way. */
static void keep_last(struct settling *s)
{
	size_t kept = 0;

	if (s->n)
		qsort(s->o, s->n, sizeof(*s->o), by_id);
	for (size_t i = 0; i < s->n; i++) {
		struct outcome *before = kept ? &s->o[kept - 1] : NULL;

		if (!before || before->notice != s->o[i].notice || before->id != s->o[i].id || before->claimed != s->o[i].claimed)
			s->o[kept++] = s->o[i];
		else if (strcmp(before->state, "uncertain") == 0)
			*before = s->o[i];
	}
	s->n = kept;
}

static int settle_in_db(struct home *h, int64_t sender, const struct settling *s, struct err *e)
{
	if (db_begin(h->db, e) < 0)
		return -1;
	if (delivery_write(h, sender, s->o, s->n, e) == 0 && notice_write(h, sender, s->o, s->n, e) == 0 &&
	    delivery_release(h, sender, 0, e) == 0 && notice_release(h, sender, 0, e) == 0 && sender_end(h, sender, e) == 0 && db_commit(h->db, e) == 0)
		return 0;
	db_rollback(h->db);
	return -1;
}

static int settle(struct home *h, const char *path, int64_t sender, struct err *e)
{
	struct settling s = { .a = arena_new() };
	struct buf text;
	char *line, *end;
	int rc;

	buf_init(&text, FILE_MAX);
	rc = file_read(path, &text, e);
	/* A line without its end was being written when the process died: what it says had no effect yet. */
	for (line = text.p; rc == 0 && line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		read_line(&s, line, home_now(h));
	}
	keep_last(&s);
	if (rc == 0)
		rc = settle_in_db(h, sender, &s, e);
	buf_free(&text);
	arena_free(s.a);
	return rc;
}

/* The journal is gone, and so is what it knew: nobody can say what was sent. */
static int lose(struct home *h, int64_t sender, struct err *e)
{
	if (db_begin(h->db, e) < 0)
		return -1;
	if (delivery_lose(h, sender, e) == 0 && notice_lose(h, sender, e) == 0 && sender_end(h, sender, e) == 0 && db_commit(h->db, e) == 0)
		return 0;
	db_rollback(h->db);
	return -1;
}

/* Is the open file still the one at `path`? A living process that shortens its journal puts another in its
   place, and the lock that was got is one on the old file. */
static bool is_at(int fd, const char *path)
{
	struct stat open, there;

	return fstat(fd, &open) == 0 && stat(path, &there) == 0 && open.st_dev == there.st_dev && open.st_ino == there.st_ino;
}

/* 1 settled, 0 its process lives, -1. */
static int recover_one(struct home *h, struct arena *a, const struct sender *s, struct err *e)
{
	const char *path = home_file(h, a, arena_printf(a, "journal/%s", s->journal));
	int fd, rc;

	if (!file_exists(path))
		return lose(h, s->id, e) < 0 ? -1 : 1;
	fd = file_lock(path, e);
	if (fd < 0) {
		rc = e->kind == ERR_AGAIN ? 0 : -1;
		if (rc == 0)
			err_clear(e);
		return rc;
	}
	if (!is_at(fd, path)) {
		close(fd);
		return 0;
	}
	rc = settle(h, path, s->id, e);
	if (rc == 0)
		unlink(path);
	close(fd);
	return rc < 0 ? err_in(e, "%s", path) : 1;
}

int journal_recover(struct home *h, const char *host, int64_t *n, struct err *e)
{
	struct arena *a = arena_new();
	struct sender *open;
	size_t n_open;
	int rc = sender_open(h, a, host, &open, &n_open, e);

	*n = 0;
	for (size_t i = 0; rc >= 0 && i < n_open; i++) {
		rc = recover_one(h, a, &open[i], e);
		*n += rc > 0;
	}
	arena_free(a);
	return rc < 0 ? -1 : 0;
}
