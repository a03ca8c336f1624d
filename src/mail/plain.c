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

/* "-----Original Message-----" by itself on a line: mail programs fold away what stands below. */
static bool is_frame(const char *line, size_t n)
{
	static const char *const FRAMES[] = { "original message", "forwarded message", "original appointment", "reply message", "ursprüngliche nachricht",
					      "weitergeleitete nachricht", "originalnachricht", "message d'origine", "message original",
					      "message transféré", "mensaje original", "mensaje reenviado", "messaggio originale",
					      "messaggio inoltrato", "oorspronkelijk bericht", "doorgestuurd bericht", "mensagem original",
					      "mensagem encaminhada", "ursprungligt meddelande", "oprindelig meddelelse",
					      "opprinnelig melding", "alkuperäinen viesti", "wiadomość oryginalna", "původní zpráva" };
	size_t dashes = strspn(line, "-"), from;

	if (dashes < 2 || n < dashes + 4 || line[n - 1] != '-')
		return false;
	from = dashes + strspn(line + dashes, " ");
	for (size_t i = 0; i < COUNT(FRAMES); i++) {
		size_t m = strlen(FRAMES[i]);

		if (from + m < n && g_ascii_strncasecmp(line + from, FRAMES[i], m) == 0 && from + m + strspn(line + from + m, " -") >= n)
			return true;
	}
	return false;
}

const char *plain_frame(const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (*line == '-') {
			size_t n = strcspn(line, "\n");

			while (n && strchr(" \t\r", line[n - 1]))
				n--;
			if (is_frame(line, n))
				return line;
		}
	return NULL;
}

/* Lines of the message that is answered begin with ">"; they are folded away, and are nobody's own words. */
static void hide_quotes(char *text)
{
	char *frame = (char *)(uintptr_t)plain_frame(text);

	for (char *line = text; *line; line += *line == '\n') {
		size_t n = strcspn(line, "\n");

		if (line[strspn(line, " ")] == '>')
			hide(line, line + n);
		line += n;
	}
	if (frame)
		hide(frame, frame + strlen(frame));
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
	hide_quotes(out);
	return out;
}
