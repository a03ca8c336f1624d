/*
 * What a file is, decided by how it begins, and who reads it: see table.h.
 * The name says nothing: half of what is called .xls is something else.
 */
#include "table/table_in.h"
#include "table/table_sniff.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define OLE_SEARCHED (256 * 1024 * 1024)

static int open_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return err_sys(e, errno == ENOENT ? ERR_MISSING : ERR_INPUT, errno, "cannot be opened");
	/* It is read more than once: what it is, and how it is encoded, must be known before the first row. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_INPUT, "not a regular file; write the table into one first");
	}
	return fd;
}

/* A stream of this name holds a workbook that has a password. */
static bool ole_is_encrypted(int fd)
{
	static const char NAME[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
	char block[64 * 1024];
	off_t at = 0;
	ssize_t got;

	/* Blocks overlap, so that none cuts the name. */
	while (at < OLE_SEARCHED && (got = pread(fd, block, sizeof(block), at)) > (ssize_t)sizeof(NAME)) {
		if (memmem(block, (size_t)got, NAME, sizeof(NAME) - 1))
			return true;
		at += got - (ssize_t)sizeof(NAME);
	}
	return false;
}

static int refuse_ole(int fd, struct err *e)
{
	if (ole_is_encrypted(fd))
		return err_set(e, ERR_INPUT, "the workbook has a password; save it without one");
	return err_set(e, ERR_INPUT, "this is an old Excel file (.xls); open it in a spreadsheet and save it as .xlsx, or as 'CSV UTF-8'");
}

static int read_file(int fd, const char *path, const struct table_options *o, struct arena *a,
		     struct table_about *about, int (*each)(void *, const struct table_row *, struct err *), void *ctx,
		     struct err *e)
{
	char head[SNIFF_BYTES];
	ssize_t got = pread(fd, head, sizeof(head), 0);
	const char *what;

	if (got < 0)
		return err_sys(e, ERR_AGAIN, errno, "cannot be read");
	if (got == 0)
		return err_set(e, ERR_INPUT, "the file is empty");
	if (sniff_is_zip(head, (size_t)got))
		return table_workbook(path, o, a, about, each, ctx, e);
	if (sniff_is_ole(head, (size_t)got))
		return refuse_ole(fd, e);
	what = sniff_binary(head, (size_t)got);
	if (what)
		return err_set(e, ERR_INPUT, "%s", what);
	return table_csv(fd, about, each, ctx, e);
}

int table_read(const char *path, const struct table_options *o, struct arena *a, struct table_about *about,
	       int (*each)(void *ctx, const struct table_row *row, struct err *e), void *ctx, struct err *e)
{
	int fd = open_file(path, e), rc = -1;

	*about = (struct table_about){ 0 };
	if (fd >= 0) {
		rc = read_file(fd, path, o, a, about, each, ctx, e);
		close(fd);
	}
	return rc < 0 ? err_in(e, "%s", path) : 0;
}
