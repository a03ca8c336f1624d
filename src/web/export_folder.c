/*
 * Folders of exports: see export_folder.h. The marker is a text: a line that says what it is, the installation, and a line
 * for each file. It is written before the first file, with what was there and what will be, so that whatever an interrupted
 * export leaves is known to the next one. Only what it names is ever removed.
 */
#include "web/export_folder.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKER ".placet-export"
#define FIRST_LINE "placet site export 1"
#define MARKER_MAX (32 << 20)
#define FILE_MODE 0644
#define FOLDER_MODE 0755

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_name(const char **names, size_t n, const char *name)
{
	return n && bsearch(&name, names, n, sizeof(*names), by_name);
}

static const char *path_of(const struct export_folder *f, const char *name)
{
	return arena_printf(f->a, "%s/%s", f->dir, name);
}

/* Could an export have written this? A marker is a file like any other: it must not lead out of the folder. */
static bool is_name(const char *s)
{
	static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/";

	return *s && *s != '/' && *s != '.' && s[strspn(s, PLAIN)] == '\0' && !strstr(s, "//") && !strstr(s, "/.");
}

/* --- opening ----------------------------------------------------------------------------------- */

static int must_be_empty(const char *dir, struct err *e)
{
	DIR *d = opendir(dir);
	int rc = 0;

	if (!d)
		return err_sys(e, ERR_INPUT, errno, "%s", dir);
	for (const struct dirent *x; rc == 0 && (x = readdir(d));)
		if (strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0)
			rc = err_set(e, ERR_INPUT, "%s: other files are in it, such as %.100s; name a new folder or an empty one", dir, x->d_name);
	closedir(d);
	return rc;
}

/* The next line of *text, which it moves behind it; NULL at the end. */
static char *next_line(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return line;
}

static int read_names(struct export_folder *f, char *text, struct err *e)
{
	const char *first = next_line(&text), *origin = next_line(&text);
	size_t room = 0;

	if (!first || !origin || strcmp(first, FIRST_LINE) != 0)
		return err_set(e, ERR_INPUT, "%s: its %s is not one of ours; name a new folder", f->dir, MARKER);
	if (strcmp(origin, f->origin) != 0)
		return err_set(e, ERR_INPUT, "%s: it has the pages of %.200s; name another folder, or remove it", f->dir, origin);
	for (const char *line; (line = next_line(&text));) {
		if (!is_name(line))
			return err_set(e, ERR_INPUT, "%s: its %s names '%.100s', which no export writes; name a new folder", f->dir, MARKER, line);
		f->old = arena_room(f->a, f->old, f->n_old, &room, sizeof(*f->old));
		f->old[f->n_old++] = line;
	}
	qsort(f->old, f->n_old, sizeof(*f->old), by_name);
	return 0;
}

int export_folder_open(struct arena *a, const char *dir, const char *origin, struct export_folder *out, struct err *e)
{
	struct buf b;
	int rc;

	*out = (struct export_folder){ .a = a, .dir = dir, .origin = origin, .old = ARENA_ARRAY(a, const char *, 1) };
	if (!file_exists(dir))
		return file_make_dirs(dir, FOLDER_MODE, e);
	if (!file_exists(path_of(out, MARKER)))
		return must_be_empty(dir, e);
	buf_init(&b, MARKER_MAX);
	rc = file_read(path_of(out, MARKER), &b, e);
	if (rc == 0)
		rc = read_names(out, arena_text(a, buf_text(&b)), e);
	buf_free(&b);
	return rc;
}

/* --- writing ----------------------------------------------------------------------------------- */

/* The marker with `names`, and with those of before too if `also_old`. */
static int write_marker(const struct export_folder *f, const char **names, size_t n, bool also_old, struct err *e)
{
	struct buf b;
	int rc;

	buf_init(&b, MARKER_MAX);
	buf_addf(&b, "%s\n%s\n", FIRST_LINE, f->origin);
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s\n", names[i]);
	for (size_t i = 0; also_old && i < f->n_old; i++)
		if (!has_name(names, n, f->old[i]))
			buf_addf(&b, "%s\n", f->old[i]);
	rc = b.over ? err_set(e, ERR_INPUT, "%s: too many files", f->dir)
		    : file_write(path_of(f, MARKER), buf_text(&b), b.n, FILE_MODE, e);
	buf_free(&b);
	return rc;
}

int export_folder_claim(struct export_folder *f, const char **names, size_t n, struct err *e)
{
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++)
		MUST(is_name(names[i]));
	return write_marker(f, names, n, true, e);
}

int export_folder_put(const struct export_folder *f, const char *name, const void *p, size_t n, struct err *e)
{
	const char *path = path_of(f, name);
	const char *folder = arena_text_n(f->a, path, (size_t)(strrchr(path, '/') - path));

	return file_make_dirs(folder, FOLDER_MODE, e) < 0 || file_write(path, p, n, FILE_MODE, e) < 0 ? -1 : 0;
}

/* Folders that are empty now go too; the first that is not ends it. */
static void remove_folders_above(const struct export_folder *f, const char *name)
{
	char *path = arena_text(f->a, path_of(f, name));

	for (char *slash = strrchr(path, '/'); slash && (size_t)(slash - path) > strlen(f->dir); slash = strrchr(path, '/')) {
		*slash = '\0';
		if (rmdir(path) < 0)
			return;
	}
}

int export_folder_end(struct export_folder *f, const char **names, size_t n, size_t *removed, struct err *e)
{
	*removed = 0;
	for (size_t i = 0; i < f->n_old; i++) {
		if (has_name(names, n, f->old[i]))
			continue;
		if (unlink(path_of(f, f->old[i])) == 0)
			(*removed)++;
		else if (errno != ENOENT && errno != ENOTDIR)
			return err_sys(e, ERR_BROKEN, errno, "cannot remove %s", path_of(f, f->old[i]));
		remove_folders_above(f, f->old[i]);
	}
	return write_marker(f, names, n, false, e);
}
