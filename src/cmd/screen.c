/* A block of lines on a terminal: see screen.h. */
#include "cmd/screen.h"

#include <stdarg.h>
#include <sys/ioctl.h>

#include "base/buf.h"
#include "base/utf8.h"

#define LINE_MAX_BYTES 4096
#define COLUMNS_USUAL 80

void screen_init(struct screen *s, FILE *out)
{
	const char *term = getenv("TERM");

	*s = (struct screen){ .out = out, .columns = COLUMNS_USUAL };
	s->in_place = isatty(fileno(out)) && term && term[0] && strcmp(term, "dumb") != 0;
}

void screen_begin(struct screen *s)
{
	struct winsize size;

	s->now = 0;
	if (!s->in_place)
		return;
	if (ioctl(fileno(s->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		s->columns = size.ws_col;
	if (s->lines)
		fprintf(s->out, "\033[%zuA", s->lines);
}

/* Scripts whose letters take two columns, roughly: a line that is cut too early does no harm. */
static int width_of(uint32_t c)
{
	return c >= 0x1100 && c != 0x2026 && !(c >= 0x2000 && c < 0x2600) ? 2 : 1;
}

static void put_plain(struct screen *s, const char *text, size_t n)
{
	int column = 0;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		uint32_t c = utf8_char(text + i, n - i, &len);
		bool shown = !utf8_is_control(c) && !utf8_is_invisible(c) && c != 0xfffd;

		column += shown ? width_of(c) : 1;
		if (s->in_place && column >= s->columns)
			return;
		if (shown)
			fwrite(text + i, 1, len, s->out);
		else
			fputc('?', s->out);
	}
}

void screen_line(struct screen *s, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	put_plain(s, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
	fputs(s->in_place ? "\033[K\n" : "\n", s->out);
	s->now++;
}

int screen_end(struct screen *s)
{
	if (s->in_place && s->now < s->lines)
		fputs("\033[J", s->out);
	s->lines = s->now;
	return fflush(s->out) != 0 || ferror(s->out) ? -1 : 0;
}
