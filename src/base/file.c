/*
 * Files: see file.h. A file is replaced by writing a new one beside it,
 * flushing it, renaming it over the old one and flushing the folder: after a
 * power cut either the old or the new content is there, whole.
 */
#include "base/file.h"
#include "base/rng.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

static enum err_kind kind_of(int number)
{
	switch (number) {
	case ENOENT:
		return ERR_MISSING;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case EISDIR:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
		return ERR_INPUT;
	default:
		return ERR_BROKEN;
	}
}

static int failed(struct err *e, const char *doing, const char *path)
{
	int number = errno;

	return err_sys(e, kind_of(number), number, "%s %s", doing, path);
}

static int read_all(int fd, const char *path, struct buf *out, struct err *e)
{
	for (;;) {
		size_t left = out->max - out->n;
		char one, *to = left ? buf_room(out, left < CHUNK ? left : CHUNK) : &one;
		ssize_t got = read(fd, to, left == 0 ? 1 : left < CHUNK ? left : CHUNK);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(e, "cannot read", path);
		if (got == 0)
			return 0;
		if (!left)
			return err_set(e, ERR_INPUT, "%s is larger than the %zu bytes allowed here", path, out->max);
		buf_used(out, (size_t)got);
	}
}

int file_read(const char *path, struct buf *out, struct err *e)
{
	int fd, rc;

	MUST(!out->over);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return failed(e, "cannot open", path);
	rc = read_all(fd, path, out, e);
	close(fd);
	return rc;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* The folder part of a path, "." when it has none. */
static int folder_of(const char *path, char out[PATH_MAX], struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (n >= PATH_MAX)
		return err_set(e, ERR_INPUT, "this path is too long: %.200s...", path);
	snprintf(out, PATH_MAX, "%.*s", (int)n, path);
	if (!n)
		snprintf(out, PATH_MAX, "%s", slash ? "/" : ".");
	return 0;
}

static int write_temporary(const char *path, const void *p, size_t n, mode_t mode, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	bool ok;

	if (fd < 0)
		return failed(e, "cannot make", path);
	ok = write_all(fd, p, n) == 0 && fsync(fd) == 0;
	if (!ok)
		failed(e, "cannot write", path);
	if (close(fd) < 0 && ok) {
		ok = false;
		failed(e, "cannot write", path);
	}
	if (!ok)
		unlink(path);
	return ok ? 0 : -1;
}

int file_write(const char *path, const void *p, size_t n, mode_t mode, struct err *e)
{
	char temporary[PATH_MAX], folder[PATH_MAX];
	struct rng rng = { 0 };
	struct stat st;

	if (folder_of(path, folder, e) < 0)
		return -1;
	/* Renaming would take the place of a device as well. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: this is no regular file; name another", path);
	if (snprintf(temporary, sizeof(temporary), "%s.%016llx.tmp", path, (unsigned long long)rng_u64(&rng)) >=
	    (int)sizeof(temporary))
		return err_set(e, ERR_INPUT, "this path is too long: %.200s...", path);
	if (write_temporary(temporary, p, n, mode, e) < 0)
		return -1;
	if (rename(temporary, path) < 0) {
		failed(e, "cannot replace", path);
		unlink(temporary);
		return -1;
	}
	return file_sync_dir(folder, e);
}

static int copy_bytes(int in, int out, const char *from, const char *to, struct err *e)
{
	char piece[CHUNK];
	ssize_t got;

	while ((got = read(in, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(e, "cannot read", from);
		if (write_all(out, piece, (size_t)got) < 0)
			return failed(e, "cannot write", to);
	}
	return fsync(out) < 0 ? failed(e, "cannot write", to) : 0;
}

int file_copy(const char *from, const char *to, mode_t mode, struct err *e)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY), out, rc;

	if (in < 0)
		return failed(e, "cannot open", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	rc = out < 0 ? failed(e, "cannot make", to) : copy_bytes(in, out, from, to, e);
	if (out >= 0 && close(out) < 0 && rc == 0)
		rc = failed(e, "cannot write", to);
	if (rc < 0 && out >= 0)
		unlink(to);
	close(in);
	return rc;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Makes one folder; that it is there already is fine. */
static int make_dir(const char *path, mode_t mode, struct err *e)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return failed(e, "cannot make the folder", path);
	if (stat(path, &st) < 0)
		return failed(e, "cannot look at", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INPUT, "%s is there already, and is not a folder", path);
	return 0;
}

int file_make_dirs(const char *path, mode_t mode, struct err *e)
{
	char part[PATH_MAX];

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return err_set(e, ERR_INPUT, "this path is too long: %.200s...", path);
	for (char *at = part + 1; part[0] && *at; at++) {
		if (*at != '/' || at[-1] == '/')
			continue;
		*at = '\0';
		if (make_dir(part, mode, e) < 0)
			return -1;
		*at = '/';
	}
	return make_dir(part, mode, e);
}

static int join(const char *folder, const char *name, char out[PATH_MAX], struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "this path is too long: %.200s...", folder);
	return 0;
}

static int copy_entry(const char *from, const char *to, const char *name, struct err *e)
{
	char source[PATH_MAX], target[PATH_MAX];
	struct stat st;

	if (join(from, name, source, e) < 0 || join(to, name, target, e) < 0)
		return -1;
	if (lstat(source, &st) < 0)
		return failed(e, "cannot look at", source);
	if (S_ISDIR(st.st_mode))
		return file_copy_tree(source, target, e);
	return S_ISREG(st.st_mode) ? file_copy(source, target, st.st_mode & 0777, e) : 0;
}

int file_copy_tree(const char *from, const char *to, struct err *e)
{
	DIR *d = opendir(from);
	struct dirent *x;
	int rc;

	if (!d)
		return failed(e, "cannot open the folder", from);
	rc = file_make_dirs(to, 0700, e);
	while (rc == 0 && (x = readdir(d)))
		if (x->d_name[0] != '.')
			rc = copy_entry(from, to, x->d_name, e);
	closedir(d);
	return rc;
}

int file_sync_dir(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return failed(e, "cannot open the folder", path);
	/* Some file systems cannot flush a folder and say EINVAL: then there is nothing to do. */
	if (fsync(fd) < 0 && errno != EINVAL)
		rc = failed(e, "cannot flush the folder", path);
	close(fd);
	return rc;
}

int file_lock(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return failed(e, "cannot open", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		err_set(e, ERR_AGAIN, "another process holds %s: end it, or wait until it is done", path);
	else
		failed(e, "cannot lock", path);
	close(fd);
	return -1;
}
