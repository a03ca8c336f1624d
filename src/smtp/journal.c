/* Writing and settling journals: see journal.h. */
#include "smtp/journal.h"

#include "base/codec.h"
#include "base/file.h"
#include "base/log.h"
#include "store/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOT_BYTES 64
#define PLACE_BYTES 256  /* the dot and the numbers of the reply stand in one sector */
#define REPLY_BYTES (PLACE_BYTES - DOT_BYTES)
#define REST_BYTES 768   /* of a reply that is longer */
#define BLOCK 512        /* places, and behind them their rests */
#define BLOCK_BYTES ((size_t)BLOCK * (PLACE_BYTES + REST_BYTES))
#define BLOCKS_MAX 128
#define FILE_MAX (BLOCKS_MAX * BLOCK_BYTES)
#define TEXT_MAX 500

struct journal {
	char *dir, *name, *path;
	int fd;
	char *map;
	int places;     /* in the file */
	int *free;      /* those that can be used; the one used last comes first, so that few pages change */
	int n_free;
	struct buf line;
};

static char *place_in(char *file, int place)
{
	return file + (size_t)(place / BLOCK) * BLOCK_BYTES + (size_t)(place % BLOCK) * PLACE_BYTES;
}

static char *rest_in(char *file, int place)
{
	return file + (size_t)(place / BLOCK) * BLOCK_BYTES + (size_t)BLOCK * PLACE_BYTES + (size_t)(place % BLOCK) * REST_BYTES;
}

static size_t file_size(int places)
{
	return (size_t)(places / BLOCK) * BLOCK_BYTES;
}

static void blank(char *line, size_t n)
{
	memset(line, ' ', n - 1);
	line[0] = '-';
	line[n - 1] = '\n';
}

/* More places, on disk too: what is mapped and cannot be written would end the process. */
static int grow(struct journal *j, struct err *e)
{
	size_t before = file_size(j->places), after = before + BLOCK_BYTES;
	void *map = MAP_FAILED;
	int rc;

	if (j->places == BLOCK * BLOCKS_MAX)
		return err_set(e, ERR_AGAIN, "journal %s: it is full; its outcomes wait for the database", j->path);
	rc = posix_fallocate(j->fd, (off_t)before, (off_t)(after - before));
	if (rc == 0)
		map = j->map ? mremap(j->map, before, after, MREMAP_MAYMOVE)
			     : mmap(NULL, after, PROT_READ | PROT_WRITE, MAP_SHARED, j->fd, 0);
	if (map == MAP_FAILED)
		return err_sys(e, ERR_AGAIN, rc ? rc : errno, "journal %s", j->path);
	j->map = map;
	j->free = mem_grow(j->free, sizeof(*j->free) * (size_t)(j->places + BLOCK));
	for (int i = j->places + BLOCK - 1; i >= j->places; i--) {
		blank(place_in(map, i), DOT_BYTES);
		blank(place_in(map, i) + DOT_BYTES, REPLY_BYTES);
		blank(rest_in(map, i), REST_BYTES);
		j->free[j->n_free++] = i;
	}
	j->places += BLOCK;
	return 0;
}

/* Nobody sees it before it is complete: made under another name, locked, renamed. */
static int make_file(struct journal *j, struct err *e)
{
	struct arena *a = arena_new();
	const char *temporary = arena_printf(a, "%s.new", j->path);
	int rc = 0;

	j->fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (j->fd < 0 || flock(j->fd, LOCK_EX | LOCK_NB) < 0)
		rc = err_sys(e, ERR_AGAIN, errno, "journal %s", j->path);
	if (rc == 0)
		rc = grow(j, e);
	if (rc == 0 && (fsync(j->fd) < 0 || rename(temporary, j->path) < 0))
		rc = err_sys(e, ERR_AGAIN, errno, "journal %s", j->path);
	if (rc < 0 && j->fd >= 0)
		unlink(temporary);
	arena_free(a);
	return rc < 0 ? -1 : file_sync_dir(j->dir, e);
}

struct journal *journal_new(struct home *h, struct err *e)
{
	struct arena *a = arena_new();
	struct journal *j = mem_alloc(sizeof(*j));
	struct rng r = { 0 };

	j->dir = mem_copy_text(home_file(h, a, "journal"));
	j->name = mem_copy_text(arena_printf(a, "send-%ld-%08x.journal", (long)getpid(), (unsigned)rng_u64(&r)));
	j->path = mem_copy_text(arena_printf(a, "%s/%s", j->dir, j->name));
	buf_init(&j->line, REPLY_BYTES + REST_BYTES);
	arena_free(a);
	if (make_file(j, e) == 0)
		return j;
	journal_end(j);
	return NULL;
}

const char *journal_name(const struct journal *j)
{
	return j->name;
}

int journal_take(struct journal *j, struct err *e)
{
	return j->n_free || grow(j, e) == 0 ? j->free[--j->n_free] : -1;
}

/* The first letter comes last: a line that was being written when the process was killed says nothing. */
static void put_line(const char *line, size_t length, char kind, char *at, size_t n)
{
	size_t took = length < n - 1 ? length : n - 1;

	at[0] = '-';
	atomic_signal_fence(memory_order_seq_cst);
	memcpy(at + 1, line + 1, took - 1);
	memset(at + took, ' ', n - 1 - took);
	at[n - 1] = '\n';
	atomic_signal_fence(memory_order_seq_cst);
	at[0] = kind;
}

static void add_i64(struct buf *b, int64_t v)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (v < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof(digits) - at);
}

static void add_whose(struct buf *b, bool notice, int64_t id, int64_t claimed)
{
	buf_adds(b, notice ? "- n" : "- ");
	add_i64(b, id);
	buf_addc(b, ' ');
	add_i64(b, claimed);
}

void journal_dot(struct journal *j, int place, const struct open_dot *d)
{
	buf_clear(&j->line);
	add_whose(&j->line, d->notice, d->delivery, d->claimed);
	put_line(j->line.p, j->line.n, 'D', place_in(j->map, place), DOT_BYTES);
}

/* Printable, one line, no tabs: what a relay said may hold anything. */
static void add_safe(struct buf *b, const char *s)
{
	buf_addc(b, '\t');
	for (size_t i = 0; s[i] && i < TEXT_MAX; i++)
		buf_addc(b, (unsigned char)s[i] < 0x20 ? ' ' : s[i]);
}

/* A long one has a "+" where a shorter one has a blank, and the rest stands before that does. The rest says whose it is, in
   the words of the line's first `whose` bytes: when power is lost, one may be on the disk without the other. */
static void put_reply(struct journal *j, int place, size_t whose)
{
	const size_t fits = REPLY_BYTES - 2;
	char *line = j->line.p, *at = place_in(j->map, place) + DOT_BYTES, rest[REPLY_BYTES + REST_BYTES];
	size_t n = j->line.n;

	if (n > fits) {
		at[0] = '-';
		memcpy(rest, line, whose);
		memcpy(rest + whose, line + fits, n - fits);
		put_line(rest, whose + n - fits, '+', rest_in(j->map, place), REST_BYTES);
		line[fits] = '+';
		n = fits + 1;
	}
	put_line(line, n, 'R', at, REPLY_BYTES);
}

void journal_reply(struct journal *j, int place, const struct outcome *o)
{
	const int64_t numbers[] = { o->due, o->counts, o->voids };
	size_t whose;

	buf_clear(&j->line);
	add_whose(&j->line, o->notice, o->id, o->claimed);
	buf_addc(&j->line, ' ');
	whose = j->line.n;
	add_i64(&j->line, o->at);
	buf_addc(&j->line, ' ');
	buf_adds(&j->line, o->state);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		buf_addc(&j->line, ' ');
		add_i64(&j->line, numbers[i]);
	}
	add_safe(&j->line, o->queue_id);
	add_safe(&j->line, o->relay);
	add_safe(&j->line, o->reply);
	put_reply(j, place, whose);
}

void journal_settled(struct journal *j, int place)
{
	MUST(place >= 0 && place < j->places && j->n_free < j->places);
	place_in(j->map, place)[0] = '-';
	j->free[j->n_free++] = place;
}

int journal_sync(const struct journal *j, struct err *e)
{
	return fdatasync(j->fd) < 0 ? err_sys(e, ERR_AGAIN, errno, "journal %s", j->path) : 0;
}

void journal_abandon(struct journal *j)
{
	if (!j)
		return;
	if (j->map)
		munmap(j->map, file_size(j->places));
	if (j->fd >= 0)
		close(j->fd);
	free(j->free);
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

/* What the journal says of deliveries. */
struct settling {
	struct arena *a;
	struct outcome *o;
	size_t n, room;
};

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

/* Up to a tab or the end, without the blanks that fill the line. */
static const char *next_tabbed(struct arena *a, char **p)
{
	char *start = *p + (**p == '\t'), *end = start + strcspn(start, "\t"), *last = end;

	while (last > start && last[-1] == ' ')
		last--;
	*p = end;
	return arena_text_n(a, start, (size_t)(last - start));
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
	o->queue_id = next_tabbed(a, &p);
	o->relay = next_tabbed(a, &p);
	o->reply = next_tabbed(a, &p);
	return true;
}

/* The numbers of a line: whose it is. */
static bool read_whose(char **p, struct outcome *o)
{
	o->notice = **p == 'n';
	*p += o->notice;
	return next_number(p, &o->id) == 0 && next_number(p, &o->claimed) == 0;
}

static bool is_of_same(const struct outcome *x, const struct outcome *y)
{
	return x->notice == y->notice && x->id == y->id && x->claimed == y->claimed;
}

/* What stands in the line of `reply` from p on, with the rest if it goes on there and that is of the same message. */
static char *with_rest(struct arena *a, char *reply, char *p, char *rest, const struct outcome *of)
{
	struct outcome x = { 0 };
	char *end = reply + REPLY_BYTES - 2, *q = rest + 2;

	if (*end != '+')
		return p;
	*end = rest[REST_BYTES - 1] = '\0';
	return rest[0] == '+' && rest[1] == ' ' && read_whose(&q, &x) && is_of_same(&x, of) ? arena_printf(a, "%s%s", p, q) : p;
}

/* One place: two lines, which end with blanks; and the rest of its reply. */
static void read_place(struct settling *s, char *at, char *rest, int64_t now)
{
	struct outcome o = { .skipped = "", .relay = "", .queue_id = "", .at = now, .state = "uncertain", .counts = true, .dotted = true,
			     .reply = "the sender ended between the final dot and its reply" }, replied = o;
	char *p = at + 2, *reply = at + DOT_BYTES, *q = reply + 2;

	at[DOT_BYTES - 1] = at[PLACE_BYTES - 1] = '\0';
	if (at[0] != 'D' || at[1] != ' ' || !read_whose(&p, &o))
		return;
	s->o = arena_room(s->a, s->o, s->n, &s->room, sizeof(*s->o));
	/* A reply of an earlier message may still stand there. */
	if (reply[0] == 'R' && reply[1] == ' ' && read_whose(&q, &replied) && is_of_same(&replied, &o) &&
	    read_reply(s->a, with_rest(s->a, reply, q, rest, &o), &replied))
		o = replied;
	s->o[s->n++] = o;
}

static int settle_in_db(struct home *h, int64_t sender, const struct settling *s, struct err *e)
{
	int taken;

	if (db_begin(h->db, e) < 0)
		return -1;
	taken = takeover_find(h, sender, e);
	if (taken >= 0 && (!taken || takeover_settle(h, sender, s->o, s->n, e) == 0) &&
	    delivery_write(h, sender, s->o, s->n, e) == 0 && notice_write(h, sender, s->o, s->n, e) == 0 &&
	    delivery_release(h, sender, 0, e) == 0 && notice_release(h, sender, 0, e) == 0 && sender_end(h, sender, e) == 0 && db_commit(h->db, e) == 0)
		return 0;
	db_rollback(h->db);
	return -1;
}

static int settle(struct home *h, const char *path, int64_t sender, struct err *e)
{
	struct settling s = { .a = arena_new() };
	struct buf text;
	int rc;

	buf_init(&text, FILE_MAX + 1);
	rc = file_read(path, &text, e);
	for (int i = 0; rc == 0 && i < (int)(text.n / BLOCK_BYTES) * BLOCK; i++)
		read_place(&s, place_in(text.p, i), rest_in(text.p, i), home_now(h));
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
	/* Another process may have settled it since it was listed. */
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
