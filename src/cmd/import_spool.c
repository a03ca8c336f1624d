/*
 * The spool of an import: see import_spool.h. Rows gather in memory; a full
 * run is sorted and written behind the run before it; then the runs are
 * merged, each through a window of its own. A record is a head of fixed size,
 * and its texts with their NULs.
 */
#include "cmd/import_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define TEXTS 7
#define NONE UINT32_MAX            /* in place of a length: NULL */
#define RUN_ROWS 32768
#define RUN_BYTES (16 << 20)       /* of texts; whichever comes first */
#define WINDOW (64 << 10)

struct head {
	int64_t line;
	uint8_t key_hash[KEY_HASH_SIZE];
	uint32_t n[TEXTS]; /* bytes without the NUL */
	uint32_t bytes;    /* of the whole record */
	uint8_t reserved, utf8;
};

/* A sorted run on its way back. */
struct run {
	off_t at, end;     /* what is not in the window yet */
	char *window;
	size_t n, pos, room;
	struct import_row row; /* the next one; its texts point into the window */
};

struct import_spool {
	FILE *f;
	const char *path;  /* for messages */
	struct arena *a, *texts;
	struct import_row *rows; /* of the run that gathers */
	size_t n, bytes;
	struct run *run;
	size_t n_runs, room;
	size_t *heap, n_heap; /* runs that have a row, the smallest first */
};

static int broken(const struct import_spool *s, struct err *e)
{
	return err_sys(e, ERR_AGAIN, errno ? errno : EIO, "rows cannot be kept in %s", s->path);
}

static int open_nameless(const char *folder, struct arena *a)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *name;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	name = arena_printf(a, "%s/import.XXXXXX", folder);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	return fd;
}

struct import_spool *import_spool_new(const struct home *h, struct err *e)
{
	struct arena *a = arena_new();
	struct import_spool *s = ARENA_NEW(a, struct import_spool);
	int fd;

	*s = (struct import_spool){ .a = a, .path = home_file(h, a, "run") };
	fd = open_nameless(s->path, a);
	s->f = fd >= 0 ? fdopen(fd, "w+b") : NULL;
	if (s->f) {
		s->texts = arena_new();
		s->rows = ARENA_ARRAY(a, struct import_row, RUN_ROWS);
		return s;
	}
	broken(s, e);
	if (fd >= 0)
		close(fd);
	arena_free(a);
	return NULL;
}

void import_spool_free(struct import_spool *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_runs; i++)
		free(s->run[i].window);
	fclose(s->f);
	arena_free(s->texts);
	arena_free(s->a);
}

/* --- runs -------------------------------------------------------------------------------------- */

static void texts_of(const struct import_row *r, const char *text[TEXTS])
{
	text[0] = r->delivery;
	text[1] = r->given;
	text[2] = r->fields;
	text[3] = r->flags;
	text[4] = r->kind;
	text[5] = r->ref;
	text[6] = r->given_on;
}

static int write_row(struct import_spool *s, const struct import_row *r, struct err *e)
{
	const char *text[TEXTS];
	struct head head;

	memset(&head, 0, sizeof(head));
	head.line = r->line;
	head.reserved = r->reserved;
	head.utf8 = r->utf8;
	head.bytes = sizeof(head);
	memcpy(head.key_hash, r->key_hash, sizeof(head.key_hash));
	texts_of(r, text);
	for (size_t i = 0; i < TEXTS; i++) {
		head.n[i] = text[i] ? (uint32_t)strlen(text[i]) : NONE;
		head.bytes += text[i] ? head.n[i] + 1 : 0;
	}
	if (fwrite_unlocked(&head, sizeof(head), 1, s->f) != 1)
		return broken(s, e);
	for (size_t i = 0; i < TEXTS; i++)
		if (text[i] && fwrite_unlocked(text[i], head.n[i] + 1, 1, s->f) != 1)
			return broken(s, e);
	return 0;
}

static int end_run(struct import_spool *s, struct err *e)
{
	struct run *run;
	off_t from = ftello(s->f);

	if (!s->n)
		return 0;
	qsort(s->rows, s->n, sizeof(*s->rows), import_row_order);
	for (size_t i = 0; i < s->n; i++)
		if (write_row(s, &s->rows[i], e) < 0)
			return -1;
	s->run = arena_room(s->a, s->run, s->n_runs, &s->room, sizeof(*s->run));
	run = &s->run[s->n_runs++];
	*run = (struct run){ .at = from, .end = ftello(s->f) };
	s->n = s->bytes = 0;
	arena_clear(s->texts);
	return 0;
}

static void copy_texts(struct arena *a, struct import_row *r)
{
	r->delivery = arena_text(a, r->delivery);
	r->given = arena_text(a, r->given);
	r->fields = arena_text(a, r->fields);
	r->flags = arena_text(a, r->flags);
	r->kind = arena_text(a, r->kind);
	r->ref = arena_text(a, r->ref);
	r->given_on = arena_text(a, r->given_on);
}

int import_spool_put(struct import_spool *s, const struct import_row *r, struct err *e)
{
	struct import_row *to = &s->rows[s->n++];

	*to = *r;
	copy_texts(s->texts, to);
	s->bytes += strlen(r->delivery) + strlen(r->given) + strlen(r->fields);
	return s->n == RUN_ROWS || s->bytes >= RUN_BYTES ? end_run(s, e) : 0;
}

/* --- merging ----------------------------------------------------------------------------------- */

/* At least `want` bytes from pos on. */
static int fill(const struct import_spool *s, struct run *r, size_t want, struct err *e)
{
	while (r->n - r->pos < want) {
		size_t left = (size_t)(r->end - r->at);
		ssize_t got;

		if (r->pos) {
			memmove(r->window, r->window + r->pos, r->n - r->pos);
			r->n -= r->pos;
			r->pos = 0;
		}
		if (r->room < want || r->room == r->n) {
			r->room = want > WINDOW ? want : WINDOW;
			r->window = mem_grow(r->window, r->room);
		}
		errno = 0;
		got = pread(fileno(s->f), r->window + r->n, left < r->room - r->n ? left : r->room - r->n, r->at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return broken(s, e);
		r->n += (size_t)got;
		r->at += got;
	}
	return 0;
}

/* Puts the run's next record into its row. 1, 0 at its end, -1. */
static int step(const struct import_spool *s, struct run *r, struct err *e)
{
	const char *text[TEXTS];
	struct head head;
	char *at;

	if (r->pos == r->n && r->at == r->end)
		return 0;
	if (fill(s, r, sizeof(head), e) < 0)
		return -1;
	memcpy(&head, r->window + r->pos, sizeof(head));
	if (fill(s, r, head.bytes, e) < 0)
		return -1;
	at = r->window + r->pos + sizeof(head);
	for (size_t i = 0; i < TEXTS; i++) {
		text[i] = head.n[i] == NONE ? NULL : at;
		at += head.n[i] == NONE ? 0 : head.n[i] + 1;
	}
	r->row = (struct import_row){ .line = head.line, .delivery = text[0], .given = text[1], .fields = text[2],
				      .flags = text[3], .kind = text[4], .ref = text[5], .given_on = text[6],
				      .reserved = head.reserved != 0, .utf8 = head.utf8 != 0 };
	memcpy(r->row.key_hash, head.key_hash, sizeof(head.key_hash));
	r->pos += head.bytes;
	return 1;
}

static bool is_before(const struct import_spool *s, size_t a, size_t b)
{
	return import_row_order(&s->run[s->heap[a]].row, &s->run[s->heap[b]].row) < 0;
}

static void sink(struct import_spool *s, size_t i)
{
	for (;;) {
		size_t least = i, run = s->heap[i];

		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < s->n_heap; k++)
			if (is_before(s, k, least))
				least = k;
		if (least == i)
			return;
		s->heap[i] = s->heap[least];
		s->heap[least] = run;
		i = least;
	}
}

int import_spool_sort(struct import_spool *s, struct err *e)
{
	errno = 0;
	if (end_run(s, e) < 0)
		return -1;
	if (fflush(s->f) != 0)
		return broken(s, e);
	s->heap = ARENA_ARRAY(s->a, size_t, s->n_runs + 1);
	for (size_t i = 0; i < s->n_runs; i++) {
		if (step(s, &s->run[i], e) <= 0)
			return -1;
		s->heap[s->n_heap++] = i;
	}
	for (size_t i = s->n_heap / 2; i-- > 0;)
		sink(s, i);
	return 0;
}

/* The row at the top was given out; the next of its run takes its place. */
static int replace(struct import_spool *s, struct err *e)
{
	int got = step(s, &s->run[s->heap[0]], e);

	if (got < 0)
		return -1;
	if (got == 0)
		s->heap[0] = s->heap[--s->n_heap];
	if (s->n_heap)
		sink(s, 0);
	return 0;
}

int import_spool_next(struct import_spool *s, struct arena *a, struct import_row *out, struct err *e)
{
	if (!s->n_heap)
		return 0;
	*out = s->run[s->heap[0]].row;
	copy_texts(a, out);
	return replace(s, e) < 0 ? -1 : 1;
}

bool import_spool_goes_on(const struct import_spool *s, const uint8_t key_hash[KEY_HASH_SIZE])
{
	return s->n_heap && memcmp(s->run[s->heap[0]].row.key_hash, key_hash, KEY_HASH_SIZE) == 0;
}
