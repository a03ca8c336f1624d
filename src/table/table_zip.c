/*
 * ZIP archives: see table_zip.h. libzip takes the whole directory into memory
 * before it can be asked anything, so the end of the archive, which says how
 * large that is, is looked at first.
 */
#include "table/table_zip.h"

#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <zip.h>

#define END_SIZE 22                         /* of the end record without its comment */
#define TAIL_SIZE (65535 + END_SIZE + 20)    /* where libzip looks for it: a comment, the record, a ZIP64 locator */

struct pack {
	zip_t *zip;
	zip_file_t *file; /* the part that is being read; NULL: none */
	const char *name; /* of it */
	uint64_t packed;  /* its size in the archive */
	uint64_t got;     /* of it so far */
	uint64_t total;   /* of all parts */
	int64_t since, away, away_since;
};

/* Either of both. */
struct bytes {
	int fd;
	const char *p;
	uint64_t n;
};

static bool bytes_at(const struct bytes *b, uint64_t at, void *out, size_t n)
{
	if (at > b->n || n > b->n - at)
		return false;
	if (b->p) {
		memcpy(out, b->p + at, n);
		return true;
	}
	return pread(b->fd, out, n, (off_t)at) == (ssize_t)n;
}

static uint64_t little(const unsigned char *p, int bytes)
{
	uint64_t v = 0;

	for (int i = bytes - 1; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

/* A ZIP64 locator leads to a record of its own; where there is none, libzip does not accept the archive. */
static bool end64_is_bounded(const struct bytes *b, const unsigned char *locator)
{
	unsigned char end[56];

	if (!bytes_at(b, little(locator + 8, 8), end, sizeof(end)) || memcmp(end, "PK\6\6", 4) != 0)
		return true;
	return little(end + 24, 8) <= PACK_PARTS_MAX && little(end + 32, 8) <= PACK_PARTS_MAX &&
	       little(end + 40, 8) <= PACK_DIRECTORY_MAX;
}

/* All ones: the ZIP64 record has the figure. */
static bool end_is_bounded(const unsigned char *end)
{
	uint64_t parts = little(end + 10, 2), size = little(end + 12, 4);

	return (parts <= PACK_PARTS_MAX || parts == 0xffff) && (size <= PACK_DIRECTORY_MAX || size == 0xffffffff);
}

/* Which of several end records libzip will believe is not known, so that each has to keep the bounds. */
static int check_directory(const struct bytes *b, struct err *e)
{
	size_t n = b->n < TAIL_SIZE ? (size_t)b->n : TAIL_SIZE;
	unsigned char *tail = mem_alloc(TAIL_SIZE);
	bool read = bytes_at(b, b->n - n, tail, n), found = false, ok = true;

	for (size_t i = 0; read && i + 20 <= n && ok; i++) {
		if (memcmp(tail + i, "PK\6\7", 4) == 0)
			ok = end64_is_bounded(b, tail + i);
		else if (memcmp(tail + i, "PK\5\6", 4) == 0 && i + END_SIZE <= n)
			ok = end_is_bounded(tail + i), found = true;
	}
	free(tail);
	if (!ok)
		return err_set(e, ERR_INPUT, "it holds more than %d parts; save the sheet as 'CSV UTF-8'", PACK_PARTS_MAX);
	if (!found)
		return err_set(e, ERR_INPUT, "the file is cut off or damaged; save it again, or send it again");
	return 0;
}

static void damaged(struct err *e, const char *why)
{
	err_set(e, ERR_INPUT, "the file is damaged (%s); open it in a spreadsheet and save it again", why);
}

/* Keeps or releases the source. */
static struct pack *open_source(zip_source_t *source, struct err *e)
{
	struct pack *k;
	zip_error_t why;
	zip_t *zip;

	zip_error_init(&why);
	zip = zip_open_from_source(source, ZIP_RDONLY, &why);
	if (!zip) {
		damaged(e, zip_error_strerror(&why));
		zip_source_free(source);
		zip_error_fini(&why);
		return NULL;
	}
	zip_error_fini(&why);
	k = mem_alloc(sizeof(*k));
	k->zip = zip;
	k->since = clock_ticks();
	return k;
}

struct pack *pack_open_memory(const void *p, size_t n, struct err *e)
{
	struct bytes b = { -1, p, n };
	zip_error_t why;
	zip_source_t *source;

	if (check_directory(&b, e) < 0)
		return NULL;
	zip_error_init(&why);
	source = zip_source_buffer_create(p, n, 0, &why);
	zip_error_fini(&why);
	MUST(source);
	return open_source(source, e);
}

static int check_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	struct bytes b = { fd, NULL, 0 };
	struct stat st;

	if (fd < 0)
		return err_sys(e, errno == ENOENT ? ERR_MISSING : ERR_INPUT, errno, "cannot be opened");
	if (fstat(fd, &st) < 0) {
		close(fd);
		return err_set(e, ERR_INPUT, "cannot be read");
	}
	b.n = (uint64_t)st.st_size;
	rc = check_directory(&b, e);
	close(fd);
	return rc;
}

struct pack *pack_open(const char *path, struct err *e)
{
	zip_error_t why;
	zip_source_t *source;

	if (check_file(path, e) < 0)
		return NULL;
	zip_error_init(&why);
	source = zip_source_file_create(path, 0, -1, &why);
	zip_error_fini(&why);
	MUST(source);
	return open_source(source, e);
}

static void close_part(struct pack *k)
{
	if (k->file)
		zip_fclose(k->file);
	k->file = NULL;
}

void pack_free(struct pack *k)
{
	if (!k)
		return;
	close_part(k);
	zip_discard(k->zip);
	free(k);
}

/* As names of parts are compared; some programs of Windows write its own separator, or one in front. */
static bool same_name(const char *stored, const char *name)
{
	if (*stored == '/' || *stored == '\\')
		stored++;
	for (; *stored && *name; stored++, name++)
		if (tolower((unsigned char)*stored) != tolower((unsigned char)*name) && !(*stored == '\\' && *name == '/'))
			return false;
	return *stored == *name;
}

int64_t pack_find(const struct pack *k, const char *name)
{
	for (zip_int64_t i = 0; i < zip_get_num_entries(k->zip, 0); i++) {
		const char *stored = zip_get_name(k->zip, (zip_uint64_t)i, 0);

		if (stored && same_name(stored, name))
			return i;
	}
	return -1;
}

bool pack_has_folder(const struct pack *k, const char *begin)
{
	for (zip_int64_t i = 0; i < zip_get_num_entries(k->zip, 0); i++) {
		const char *name = zip_get_name(k->zip, (zip_uint64_t)i, 0);

		if (name && strncmp(name, begin, strlen(begin)) == 0)
			return true;
	}
	return false;
}

/* Other methods than these two need memory that the archive chooses (LZMA up to 4 GiB). */
static int check_part(struct pack *k, const zip_stat_t *st, struct err *e)
{
	if ((st->valid & ZIP_STAT_ENCRYPTION_METHOD) && st->encryption_method != ZIP_EM_NONE)
		return err_set(e, ERR_INPUT, "the file has a password; save it without one");
	if (st->comp_method != ZIP_CM_STORE && st->comp_method != ZIP_CM_DEFLATE)
		return err_set(e, ERR_INPUT, "%.80s is packed in a way that no spreadsheet uses; save the file again", k->name);
	if (st->size > PACK_PART_MAX)
		return err_set(e, ERR_INPUT, "%.80s unpacks to %llu MiB, more than the %d that are read; save the sheet as 'CSV UTF-8'",
			       k->name, (unsigned long long)(st->size >> 20), (int)(PACK_PART_MAX >> 20));
	return 0;
}

int pack_part(struct pack *k, int64_t number, struct err *e)
{
	zip_stat_t st;

	close_part(k);
	zip_stat_init(&st);
	if (number < 0 || zip_stat_index(k->zip, (zip_uint64_t)number, 0, &st) < 0 || !(st.valid & ZIP_STAT_NAME)) {
		damaged(e, "a part is missing");
		return -1;
	}
	k->name = st.name;
	k->packed = st.comp_size;
	k->got = 0;
	if (check_part(k, &st, e) < 0)
		return -1;
	k->file = zip_fopen_index(k->zip, (zip_uint64_t)number, 0);
	if (!k->file) {
		damaged(e, zip_strerror(k->zip));
		return -1;
	}
	return 0;
}

static int check_read(struct pack *k, struct err *e)
{
	if (k->got > PACK_RATIO_FREE && k->got / PACK_RATIO_MAX > k->packed)
		return err_set(e, ERR_INPUT, "%.80s unpacks to more than %d times its size, as no table does; save the sheet as 'CSV UTF-8'",
			       k->name, PACK_RATIO_MAX);
	if (k->got > PACK_PART_MAX || k->total > PACK_TOTAL_MAX)
		return err_set(e, ERR_INPUT, "%.80s unpacks to more than the %d MiB that are read; save the sheet as 'CSV UTF-8'",
			       k->name, (int)(PACK_PART_MAX >> 20));
	if (clock_ticks() - k->since - k->away > PACK_TIME_MAX)
		return err_set(e, ERR_INPUT, "reading it takes more than %d seconds; save the sheet as 'CSV UTF-8'",
			       (int)(PACK_TIME_MAX / SECOND));
	return 0;
}

ssize_t pack_read(struct pack *k, void *out, size_t n, struct err *e)
{
	zip_int64_t got;

	MUST(k->file);
	got = zip_fread(k->file, out, n);
	if (got < 0) {
		damaged(e, zip_file_strerror(k->file));
		return -1;
	}
	k->got += (uint64_t)got;
	k->total += (uint64_t)got;
	return check_read(k, e) < 0 ? -1 : (ssize_t)got;
}

const char *pack_part_name(const struct pack *k)
{
	return k->name;
}

void pack_away(struct pack *k)
{
	k->away_since = clock_ticks();
}

void pack_back(struct pack *k)
{
	k->away += clock_ticks() - k->away_since;
}
