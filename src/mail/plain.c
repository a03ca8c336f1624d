/*
 * The text part as a reader meets it: see plain.h. Most clients show it as it stands, some in a terminal. So a
 * carriage return alone or a backspace may write over its line, and an escape sequence may do anything to
 * all of it.
 */
#include "mail/plain.h"

#include <glib.h>

#include "base/utf8.h"

#define SEEN_MAX ((size_t)100 * 1000) /* mail clients cut off what comes later (FMT-16) */
#define MARKS_MAX 5                   /* combining marks on one letter; more of them reach into other lines */

static void hide(char *from, const char *end)
{
	for (; from < end; from++)
		if (*from != '\n')
			*from = PLAIN_UNSEEN;
}

/* Does the character make all of the text doubtful? C1 controls are escape sequences in short. */
static bool acts_on_all(uint32_t c, int piled)
{
	return c == 0x1b || (c >= 0x80 && c < 0xa0 && c != 0x85) || piled > MARKS_MAX;
}

static bool acts_on_line(uint32_t c)
{
	return (c < ' ' && c != '\t' && c != '\n' && c != '\f') || c == 0x7f;
}

static void hide_line(char *text, char *at, const char *end)
{
	char *from = at;

	while (from > text && from[-1] != '\n')
		from--;
	while (at < end && *at != '\n')
		at++;
	hide(from, at);
}

char *plain_seen(struct arena *a, const char *text, bool joins)
{
	size_t n = (size_t)utf8_fit((struct slice){ text, strlen(text) }, (int)SEEN_MAX), len;
	char *out = arena_text_n(a, text, n), *end = out + n;
	int piled = 0;

	for (char *p = out; p < end; p += len) {
		uint32_t c = utf8_char(p, (size_t)(end - p), &len);

		piled = c >= 0x300 && g_unichar_ismark(c) ? piled + 1 : 0;
		if (acts_on_all(c, piled)) {
			hide(out, end);
			return out;
		}
		/* Once hidden, a line is walked over as it is. */
		if (c != PLAIN_UNSEEN && acts_on_line(c))
			hide_line(out, p, end);
		else if (joins && c == ' ' && p + 1 < end && p[1] == '\n')
			*p = p[1] = PLAIN_UNSEEN;
	}
	return out;
}
