/*
 * The log: see log.h. A line is put together first and written with one
 * write(2), so that lines of several processes do not mix. Values come from
 * outside: each is cut at a length, and whatever could end the line, close
 * its quotes or fool a terminal is escaped. The role and the level are the
 * only state: they are properties of the process, set once at its start.
 */
#include "base/log.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <unistd.h>

#define LONGEST_VALUE 1000
#define LONGEST_LINE  (16 * 1024)

static const char *const LEVELS[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
};

static char role_name[32] = "placet";
static enum log_level least_level = LOG_LEVEL_INFO;

void log_setup(const char *role, enum log_level least)
{
	snprintf(role_name, sizeof(role_name), "%s", role);
	least_level = least;
}

/* Whether the value can stand without quotes. */
static bool is_bare(const char *s)
{
	static const char bare[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.,:;/@+-<>[]()%?&*~#";
	size_t n = strlen(s);

	return n > 0 && n <= LONGEST_VALUE && strspn(s, bare) == n;
}

static void add_quoted(struct buf *b, const char *s)
{
	size_t left = strnlen(s, LONGEST_VALUE + 1), len;
	size_t end = left > LONGEST_VALUE ? LONGEST_VALUE : left;
	bool cut = end < left;

	buf_addc(b, '"');
	for (left = end; left; s += len, left -= len) {
		uint32_t c = utf8_char(s, left, &len);

		if (c == '"' || c == '\\')
			buf_addf(b, "\\%c", (int)c);
		else if (c == '\n')
			buf_adds(b, "\\n");
		else if (utf8_is_control(c) || (c == 0xFFFD && len == 1))
			buf_addf(b, "\\x%02x", (unsigned)(unsigned char)s[len - 1]);
		else if (utf8_is_invisible(c) || c == 0x2028 || c == 0x2029)
			buf_addf(b, "\\u{%x}", (unsigned)c);
		else
			buf_add(b, s, len);
	}
	buf_adds(b, cut ? "...\"" : "\"");
}

static void add_pair(struct buf *b, const char *name, const char *value)
{
	size_t before = b->n;

	buf_addf(b, " %s=", name);
	if (!value)
		buf_adds(b, "-");
	else if (is_bare(value))
		buf_adds(b, value);
	else
		add_quoted(b, value);
	if (b->over) /* whole pairs or nothing: a half one would mislead */
		buf_cut(b, before);
}

static void write_line(const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(STDERR_FILENO, p, n);

		if (done <= 0)
			return; /* nobody is left to tell */
		p += done;
		n -= (size_t)done;
	}
}

void log_event(enum log_level level, const char *event, ...)
{
	struct clock real = { 0 };
	char now[32];
	const char *name;
	struct buf b;
	va_list ap;

	if (level < least_level)
		return;
	buf_init(&b, LONGEST_LINE);
	buf_addf(&b, "time=%s level=%s role=%s", time_iso(clock_now(&real), now), LEVELS[level], role_name);
	add_pair(&b, "event", event);
	va_start(ap, event);
	while ((name = va_arg(ap, const char *)) != NULL)
		add_pair(&b, name, va_arg(ap, const char *));
	va_end(ap);
	b.over = false;
	b.max += 1;
	buf_addc(&b, '\n');
	write_line(buf_text(&b), b.n);
	buf_free(&b);
}
