/*
 * The journal of opt-outs: see optout_journal.h. Whoever adds holds a lock on
 * the file for the write and its fdatasync; readers need none, since a line
 * counts only when it is whole. Writers mend what a torn line left by ending
 * it first. The file may be replaced under our feet, by a restore: its name is
 * looked at before each use.
 */
#include "store/optout_journal.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64 * 1024)
#define LINE_LONGEST 2048
#define CHECK_BYTES 8
#define CHECK_TEXT (2 * CHECK_BYTES)
#define ID_BYTES 16
#define HEADER "placet-opt-outs 1 "
#define HEADER_LONGEST 128
#define UNKNOWN_ID "-" /* of a file whose first line is spoilt; its others count all the same */
#define LOCK_PATIENCE (2 * SECOND)

static const char *const WAYS[] = { "page", "one-click", "mail", "staff", "complaint", "erasure" };
static const char *const ACTS[] = { "out", "out-delivery", "keep", "undo", "withdraw", "erase", "out-named" };

struct optout_journal {
	char *path, *folder;
	int fd;
	char id[33];
};

const char *opt_out_way_name(enum opt_out_way way)
{
	MUST((size_t)way < COUNT(WAYS));
	return WAYS[way];
}

static int failed(const struct optout_journal *j, struct err *e)
{
	return err_sys(e, ERR_AGAIN, errno, "journal of opt-outs %s", j->path);
}

/* --- lines ------------------------------------------------------------------------------------- */

static void check_of(const char *p, size_t n, char out[CHECK_TEXT + 1])
{
	static const char HEX[] = "0123456789abcdef";
	uint8_t hash[32];

	sha256(p, n, hash);
	for (size_t i = 0; i < CHECK_BYTES; i++) {
		out[2 * i] = HEX[hash[i] >> 4];
		out[2 * i + 1] = HEX[hash[i] & 15];
	}
	out[CHECK_TEXT] = '\0';
}

static void add_line(struct buf *out, const struct buf *words)
{
	char check[CHECK_TEXT + 1];

	check_of(words->p, words->n, check);
	buf_addf(out, "%s %s\n", check, buf_text(words));
}

static bool is_line(const char *text)
{
	size_t n = strlen(text);

	return n <= OPT_OUT_TEXT_MAX && utf8_valid(text, n) && !strpbrk(text, "\r\n");
}

static int add_entry(struct buf *out, const struct opt_out_entry *x, struct err *e)
{
	const char *text = x->text ? x->text : "";
	struct buf words;

	if (!is_line(text))
		return err_set(e, ERR_INPUT, "the journal of opt-outs takes one line of at most %d bytes", OPT_OUT_TEXT_MAX);
	buf_init(&words, LINE_LONGEST);
	buf_addf(&words, "%s %lld %s %lld %lld ", ACTS[x->act], (long long)x->at, opt_out_way_name(x->way),
		 (long long)x->delivery, (long long)x->by);
	hex_encode(&words, x->key_hash, KEY_HASH_SIZE);
	buf_addf(&words, " %s", text);
	MUST(!words.over);
	add_line(out, &words);
	buf_free(&words);
	return 0;
}

/* The next word of a line that ends in NUL, and *p behind it; "" at the end. */
static char *next_word(char **p)
{
	char *word = *p, *end = word + strcspn(word, " ");

	*p = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool word_in(const char *const *words, size_t n, const char *word, size_t *out)
{
	for (*out = 0; *out < n; (*out)++)
		if (strcmp(words[*out], word) == 0)
			return true;
	return false;
}

/* A line without its checksum; false for one that a newer program wrote. The text points into it. */
static bool parse_entry(char *p, struct opt_out_entry *x)
{
	const char *hash;
	size_t act, way;

	*x = (struct opt_out_entry){ .text = "" };
	if (!word_in(ACTS, COUNT(ACTS), next_word(&p), &act) || parse_i64(next_word(&p), INT64_MIN, INT64_MAX, &x->at) < 0 ||
	    !word_in(WAYS, COUNT(WAYS), next_word(&p), &way) || parse_i64(next_word(&p), 0, INT64_MAX, &x->delivery) < 0 ||
	    parse_i64(next_word(&p), 0, INT64_MAX, &x->by) < 0)
		return false;
	hash = next_word(&p);
	x->act = (enum opt_out_act)act;
	x->way = (enum opt_out_way)way;
	x->text = p;
	return hex_decode(x->key_hash, KEY_HASH_SIZE, hash, strlen(hash)) == KEY_HASH_SIZE && is_line(x->text);
}

/* Of a line with its checksum, without the line break: where its words begin, or NULL. */
static char *words_of(char *line, size_t n)
{
	char check[CHECK_TEXT + 1];

	if (n <= CHECK_TEXT + 1 || line[CHECK_TEXT] != ' ' || memchr(line, '\0', n))
		return NULL;
	check_of(line + CHECK_TEXT + 1, n - CHECK_TEXT - 1, check);
	return memcmp(check, line, CHECK_TEXT) == 0 ? line + CHECK_TEXT + 1 : NULL;
}

/* --- the file ---------------------------------------------------------------------------------- */

static void read_id(struct optout_journal *j)
{
	char head[HEADER_LONGEST + 1], *end, *words;
	ssize_t n = pread(j->fd, head, HEADER_LONGEST, 0);

	j->id[0] = '\0';
	if (n <= 0)
		return;
	head[n] = '\0';
	end = memchr(head, '\n', (size_t)n);
	/* A header that is not whole yet has nothing behind it. */
	if (!end && n < HEADER_LONGEST)
		return;
	if (end)
		*end = '\0';
	words = end ? words_of(head, (size_t)(end - head)) : NULL;
	if (words && strncmp(words, HEADER, strlen(HEADER)) == 0 && strlen(words) == strlen(HEADER) + 2 * ID_BYTES)
		memcpy(j->id, words + strlen(HEADER), 2 * ID_BYTES + 1);
	else
		memcpy(j->id, UNKNOWN_ID, sizeof(UNKNOWN_ID));
}

static bool is_at_its_name(const struct optout_journal *j)
{
	struct stat open, there;

	return j->fd >= 0 && fstat(j->fd, &open) == 0 && stat(j->path, &there) == 0 && open.st_dev == there.st_dev &&
	       open.st_ino == there.st_ino;
}

/* Sees to it that the open file is the one at the name. */
static int follow(struct optout_journal *j, struct err *e)
{
	if (!is_at_its_name(j)) {
		if (j->fd >= 0)
			close(j->fd);
		j->id[0] = '\0';
		j->fd = open(j->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (j->fd < 0)
			return failed(j, e);
	}
	if (!j->id[0])
		read_id(j);
	return 0;
}

struct optout_journal *optout_journal_new(const char *path, struct err *e)
{
	struct optout_journal *j = mem_alloc(sizeof(*j));
	char *slash;

	j->path = mem_copy_text(path);
	j->folder = mem_copy_text(path);
	slash = strrchr(j->folder, '/');
	MUST(slash);
	*slash = '\0';
	j->fd = -1;
	j->id[0] = '\0';
	if (follow(j, e) == 0)
		return j;
	optout_journal_free(j);
	return NULL;
}

void optout_journal_free(struct optout_journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	free(j->path);
	free(j->folder);
	free(j);
}

const char *optout_journal_id(struct optout_journal *j)
{
	struct err e;

	return follow(j, &e) == 0 ? j->id : "";
}

bool optout_journal_ends_at(struct optout_journal *j, const struct opt_out_place *at)
{
	struct err e;
	struct stat st;

	return follow(j, &e) == 0 && strcmp(j->id, at->id) == 0 && fstat(j->fd, &st) == 0 && st.st_size == at->end;
}

int64_t optout_journal_size(struct optout_journal *j)
{
	struct err e;
	struct stat st;

	return follow(j, &e) == 0 && fstat(j->fd, &st) == 0 ? st.st_size : 0;
}

int optout_journal_sync(struct optout_journal *j, struct err *e)
{
	return fdatasync(j->fd) < 0 ? failed(j, e) : 0;
}

/* --- adding ------------------------------------------------------------------------------------ */

/* Waits a little for whoever adds just now; one that stands still must not hold up all others. */
static int lock(struct optout_journal *j, struct err *e)
{
	int64_t until = clock_ticks() + LOCK_PATIENCE;

	for (;;) {
		if (follow(j, e) < 0)
			return -1;
		if (flock(j->fd, LOCK_EX | LOCK_NB) == 0) {
			if (is_at_its_name(j))
				return 0;
			flock(j->fd, LOCK_UN);
		} else if (errno != EWOULDBLOCK && errno != EINTR) {
			return failed(j, e);
		}
		if (clock_ticks() > until)
			return err_set(e, ERR_AGAIN, "journal of opt-outs %s: another process holds it", j->path);
		nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
	}
}

/* What must stand before the next line: the header in a new file, the end of a line that was torn. */
static int add_beginning(struct optout_journal *j, struct buf *out, int64_t *size, struct err *e)
{
	uint8_t id[ID_BYTES];
	struct rng r = { 0 };
	struct buf words;
	struct stat st;
	char last = '\n';

	if (fstat(j->fd, &st) < 0 || (st.st_size > 0 && pread(j->fd, &last, 1, st.st_size - 1) != 1))
		return failed(j, e);
	*size = st.st_size;
	read_id(j);
	if (j->id[0]) {
		if (last != '\n')
			buf_addc(out, '\n');
		return 0;
	}
	/* A header would have been found: the disk does not give it, and what stands behind it must stay. */
	if (st.st_size >= HEADER_LONGEST)
		return err_set(e, ERR_AGAIN, "journal of opt-outs %s cannot be read", j->path);
	if (ftruncate(j->fd, 0) < 0)
		return failed(j, e);
	*size = 0;
	rng_bytes(&r, id, sizeof(id));
	buf_init(&words, HEADER_LONGEST);
	buf_adds(&words, HEADER);
	hex_encode(&words, id, sizeof(id));
	add_line(out, &words);
	buf_free(&words);
	return 0;
}

static int write_out(struct optout_journal *j, const struct buf *text, int64_t size, struct err *e)
{
	ssize_t wrote = write(j->fd, text->p, text->n);
	int why = wrote < 0 ? errno : ENOSPC;

	if (wrote == (ssize_t)text->n)
		return fdatasync(j->fd) < 0 ? failed(j, e) : 0;
	/* Whole lines of a part must not count: nobody is answered for them. Should even this fail, they do count, which
	   is the safe direction. */
	if (wrote > 0 && ftruncate(j->fd, (off_t)size) < 0)
		why = errno;
	errno = why;
	return failed(j, e);
}

int optout_journal_append(struct optout_journal *j, const struct opt_out_entry *x, size_t n, struct err *e)
{
	struct buf text;
	int64_t size = 0;
	int rc = lock(j, e);

	if (rc < 0)
		return -1;
	buf_init(&text, (n + 1) * LINE_LONGEST);
	rc = add_beginning(j, &text, &size, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_entry(&text, &x[i], e);
	MUST(!text.over);
	if (rc == 0)
		rc = write_out(j, &text, size, e);
	if (rc == 0 && !size && file_sync_dir(j->folder, e) < 0) {
		e->kind = ERR_AGAIN;
		rc = -1;
	}
	if (!j->id[0])
		read_id(j);
	flock(j->fd, LOCK_UN);
	buf_free(&text);
	return rc;
}

/* --- reading ----------------------------------------------------------------------------------- */

struct reading {
	struct optout_journal *j;
	struct opt_out_place *at;
	size_t most, n;
	int (*each)(void *ctx, const struct opt_out_entry *x, struct err *e);
	void *ctx;
	struct err *e;
};

/* Does the line that was read last stand there still? */
static bool is_in_file(const struct optout_journal *j, const struct opt_out_place *at)
{
	char line[LINE_LONGEST + 1];
	int64_t n = at->end - at->start;

	if (strcmp(at->id, j->id) != 0 || at->start < 0 || n <= CHECK_TEXT || n > LINE_LONGEST ||
	    pread(j->fd, line, (size_t)n, at->start) != n || line[n - 1] != '\n' ||
	    memcmp(line, at->check, CHECK_TEXT) != 0)
		return false;
	return words_of(line, (size_t)n - 1) != NULL;
}

/* One line at `start` of the file. */
static int take_line(struct reading *r, char *line, size_t n, int64_t start)
{
	struct opt_out_entry x;
	char *words;

	line[n] = '\0';
	words = words_of(line, n);
	if (!words)
		return 0;
	if (parse_entry(words, &x)) {
		if (r->each(r->ctx, &x, r->e) < 0)
			return -1;
		r->n++;
	}
	r->at->start = start;
	r->at->end = start + (int64_t)n + 1;
	memcpy(r->at->check, line, CHECK_TEXT);
	r->at->check[CHECK_TEXT] = '\0';
	return 0;
}

/* The lines of a chunk that are whole; *used gets how many bytes of it are done with. */
static int take_chunk(struct reading *r, char *p, size_t n, int64_t start, size_t *used)
{
	char *end;

	*used = 0;
	while ((!r->most || r->n < r->most) && (end = memchr(p + *used, '\n', n - *used))) {
		char *line = p + *used;
		size_t length = (size_t)(end - line);

		if (take_line(r, line, length, start + (int64_t)*used) < 0)
			return -1;
		*used += length + 1;
	}
	return 0;
}

static int read_on(struct reading *r)
{
	char *room = mem_alloc(CHUNK);
	int64_t from = r->at->end;
	int rc = 0;

	while (rc == 0 && (!r->most || r->n < r->most)) {
		ssize_t n = pread(r->j->fd, room, CHUNK, from);
		size_t used;

		if (n < 0)
			rc = failed(r->j, r->e);
		if (n <= 0)
			break;
		rc = take_chunk(r, room, (size_t)n, from, &used);
		/* Longer than any line of ours: what it is does not matter. */
		if (!used && n == CHUNK)
			used = CHUNK;
		if (!used)
			break;
		from += (int64_t)used;
	}
	free(room);
	return rc;
}

int optout_journal_read(struct optout_journal *j, struct opt_out_place *at, size_t most,
			int (*each)(void *ctx, const struct opt_out_entry *x, struct err *e), void *ctx,
			struct err *e)
{
	struct reading r = { .j = j, .at = at, .most = most, .each = each, .ctx = ctx, .e = e };

	if (follow(j, e) < 0)
		return -1;
	at->anew = false;
	if (!j->id[0])
		return 0;
	if (!is_in_file(j, at)) {
		*at = (struct opt_out_place){ .anew = true };
		memcpy(at->id, j->id, sizeof(at->id));
		r.most = 0;
	}
	return read_on(&r);
}
