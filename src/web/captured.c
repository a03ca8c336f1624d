/* Captured messages: see captured.h. Names are made from numbers, so nothing from outside is ever part of a path. */
#include "web/captured.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/file.h"

#define MESSAGE_MAX (26 << 20)
#define HEAD_MAX (64 << 10)
#define JSON_MAX (64 << 10)
#define MESSAGES_MAX 1000000

static void free_buf(void *p)
{
	buf_free(p);
}

/* "00000012.eml" gives 12, anything else 0. */
static int64_t number_of(const char *name)
{
	size_t n = strlen(name);
	char digits[20];
	int64_t number;

	if (n < 12 || n > 20 || strcmp(name + n - 4, ".eml") != 0)
		return 0;
	memcpy(digits, name, n - 4);
	digits[n - 4] = '\0';
	if (strspn(digits, "0123456789") != n - 4)
		return 0;
	return parse_i64(digits + strspn(digits, "0"), 1, INT64_MAX, &number) < 0 ? 0 : number;
}

static int newest_first(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

int captured_list(struct arena *a, const char *dir, int64_t **out, size_t *n, struct err *e)
{
	DIR *d = opendir(dir);
	struct buf *numbers = ARENA_NEW(a, struct buf);
	int64_t number;

	if (!d)
		return err_sys(e, ERR_BROKEN, errno, "read the folder %s", dir);
	buf_init(numbers, MESSAGES_MAX * sizeof(number));
	arena_defer(a, free_buf, numbers);
	for (const struct dirent *entry = readdir(d); entry; entry = readdir(d))
		if ((number = number_of(entry->d_name)))
			buf_add(numbers, &number, sizeof(number));
	closedir(d);
	*n = numbers->n / sizeof(number);
	*out = ARENA_ARRAY(a, int64_t, *n + 1);
	if (*n)
		memcpy(*out, numbers->p, *n * sizeof(number));
	qsort(*out, *n, sizeof(number), newest_first);
	return 0;
}

static const char *path_of(struct arena *a, const char *dir, int64_t number, const char *ending)
{
	return arena_printf(a, "%s/%08lld.%s", dir, (long long)number, ending);
}

/* A text, or a list of texts with commas between. */
static const char *json_words(struct arena *a, const json_t *v)
{
	const char *all = "";
	size_t i;
	json_t *one;

	if (json_is_string(v))
		return arena_text(a, json_string_value(v));
	json_array_foreach((json_t *)(uintptr_t)v, i, one) {
		if (json_is_string(one))
			all = arena_printf(a, "%s%s%s", all, *all ? ", " : "", json_string_value(one));
	}
	if (json_is_boolean(v))
		return json_is_true(v) ? "yes" : "no";
	return all;
}

/* "23 November 2026, 07:14:12 UTC" of an ISO time; anything else stays as it is. */
static const char *readable_time(struct arena *a, const char *iso)
{
	char day[32], text[32];
	struct err e;
	int64_t t;

	if (time_parse(iso, &t, &e) < 0)
		return iso;
	return arena_printf(a, "%s, %.8s UTC", time_day(t, day), time_iso(t, text) + 11);
}

void captured_envelope(struct arena *a, const char *dir, int64_t number, struct captured *out)
{
	struct buf b;
	struct err e;
	json_t *v = NULL;

	*out = (struct captured){ .number = number, .from = "", .to = "", .helo = "", .tls = "", .received = "" };
	buf_init(&b, JSON_MAX);
	if (file_read(path_of(a, dir, number, "json"), &b, &e) == 0)
		v = json_loadb(buf_text(&b), b.n, JSON_REJECT_DUPLICATES, NULL);
	buf_free(&b);
	if (!v)
		return;
	out->from = json_words(a, json_object_get(v, "from"));
	out->to = json_words(a, json_object_get(v, "to"));
	out->helo = json_words(a, json_object_get(v, "helo"));
	out->tls = json_words(a, json_object_get(v, "tls"));
	out->received = readable_time(a, json_words(a, json_object_get(v, "received")));
	json_decref(v);
}

static int read_head(const char *path, struct buf *b, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *end, *room = buf_room(b, HEAD_MAX);
	ssize_t n;

	if (fd < 0)
		return err_sys(e, errno == ENOENT ? ERR_MISSING : ERR_BROKEN, errno, "open %s", path);
	n = read(fd, room, HEAD_MAX);
	close(fd);
	if (n < 0)
		return err_sys(e, ERR_BROKEN, errno, "read %s", path);
	buf_used(b, (size_t)n);
	end = n ? memmem(b->p, b->n, "\r\n\r\n", 4) : NULL;
	if (end)
		buf_cut(b, (size_t)(end - b->p) + 4);
	return 0;
}

int captured_read(struct arena *a, const char *dir, int64_t number, bool head_only, struct slice *out, struct err *e)
{
	struct buf *b = ARENA_NEW(a, struct buf);
	const char *path = path_of(a, dir, number, "eml");

	buf_init(b, MESSAGE_MAX);
	arena_defer(a, free_buf, b);
	if ((head_only ? read_head(path, b, e) : file_read(path, b, e)) < 0)
		return -1;
	*out = (struct slice){ buf_text(b), b->n };
	return 0;
}

/* The strings of a record, put together. NULL when one does not end. */
static const char *join_strings(struct arena *a, const char *p, size_t n)
{
	char *out = arena_alloc(a, n + 1), *to = out;
	bool inside = false;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"')
			inside = !inside;
		else if (inside && p[i] == '\\' && i + 1 < n)
			*to++ = p[++i];
		else if (inside)
			*to++ = p[i];
	}
	return inside ? NULL : out;
}

const char *captured_lookup(void *ctx, const char *selector, const char *domain)
{
	struct captured_zone *z = ctx;
	const char *name = arena_printf(z->arena, "%s._domainkey.%s", selector, domain);
	size_t n = strlen(name);

	for (const char *line = z->text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t length = strcspn(line, "\n");
		const char *quote = memchr(line, '"', length);

		if (length < n || strncasecmp(line, name, n) != 0)
			continue;
		if (!strchr(" \t", line[n + (line[n] == '.')]) || !quote)
			continue;
		return join_strings(z->arena, quote, length - (size_t)(quote - line));
	}
	return NULL;
}
