/*
 * The reply parser: see reply.h. A line that lies whole in the caller's bytes
 * is read in place; only one that is cut by the end of a read is kept in
 * `part`.
 */
#include "smtp/reply.h"

#include <ctype.h>

void reply_init(struct reply_parser *p)
{
	p->reply = (struct reply){ 0 };
	p->line = (struct slice){ "", 0 };
	p->lines = 0;
	p->why = NULL;
	p->part_n = 0;
}

bool reply_is_between(const struct reply_parser *p)
{
	return p->part_n == 0 && p->lines == 0;
}

static enum reply_step bad(struct reply_parser *p, const char *why)
{
	p->why = why;
	return REPLY_BAD;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits and their number, 1 to 3 of them; 0 if there are none or too many. */
static size_t digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && is_digit(s[i]))
		i++;
	return i <= 3 ? i : 0;
}

/* "X.Y.Z" at the start of a line whose code begins with X (SMTP-7); its length, or 0. */
static size_t enhanced_length(struct slice s, char class)
{
	size_t i = 2, d;

	if (s.n < 5 || s.p[0] != class || s.p[1] != '.' || (class != '2' && class != '4' && class != '5'))
		return 0;
	d = digits(s.p + i, s.n - i);
	i += d;
	if (!d || i >= s.n || s.p[i] != '.')
		return 0;
	i++;
	d = digits(s.p + i, s.n - i);
	i += d;
	return d && (i == s.n || s.p[i] == ' ') ? i : 0;
}

static void add_printable(struct reply *r, const char *s, size_t n)
{
	for (size_t i = 0; i < n && r->n + 1 < sizeof(r->text); i++)
		r->text[r->n++] = s[i] >= 0x20 && s[i] < 0x7f ? s[i] : '?';
	r->text[r->n] = '\0';
}

/* The first line gives code and enhanced code; the others add their text, without repeating the latter. */
static void take_line(struct reply_parser *p, const char *code)
{
	struct reply *r = &p->reply;
	struct slice text = p->line;
	size_t n = enhanced_length(text, code[0]);

	if (p->lines == 0) {
		r->code = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
		r->n = 0;
		r->enhanced[0] = '\0';
		memcpy(r->enhanced, text.p, n);
		r->enhanced[n] = '\0';
		add_printable(r, code, 3);
	} else if (n) {
		while (n < text.n && text.p[n] == ' ')
			n++;
		text = (struct slice){ text.p + n, text.n - n };
	}
	if (text.n) {
		add_printable(r, " ", 1);
		add_printable(r, text.p, text.n);
	}
}

/* One line without its CRLF. */
static enum reply_step read_line(struct reply_parser *p, const char *s, size_t n)
{
	int code;

	if (n < 3 || s[0] < '2' || s[0] > '5' || s[1] < '0' || s[1] > '5' || !is_digit(s[2]))
		return bad(p, "a reply without a code");
	if (n > 3 && s[3] != ' ' && s[3] != '-')
		return bad(p, "a code that is not followed by a space or a hyphen");
	if (memchr(s, '\r', n) || memchr(s, '\0', n))
		return bad(p, "a bare carriage return or NUL in a reply");
	code = (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
	if (p->lines && code != p->reply.code)
		return bad(p, "a reply whose lines have different codes");
	p->line = n > 4 ? (struct slice){ s + 4, n - 4 } : (struct slice){ "", 0 };
	take_line(p, s);
	if (++p->lines > REPLY_LINES_MAX)
		return bad(p, "a reply of too many lines");
	if (n > 3 && s[3] == '-')
		return REPLY_LINE;
	p->lines = 0;
	return REPLY_DONE;
}

enum reply_step reply_read(struct reply_parser *p, const char *bytes, size_t n, size_t *used)
{
	const char *lf = n ? memchr(bytes, '\n', n) : NULL, *s = bytes;
	size_t len = lf ? (size_t)(lf - bytes) + 1 : n;

	*used = 0;
	if (p->why)
		return REPLY_BAD;
	if (p->part_n + len > REPLY_LINE_MAX)
		return bad(p, "a reply line that is too long");
	*used = len;
	if (p->part_n || !lf) {
		if (len)
			memcpy(p->part + p->part_n, bytes, len);
		p->part_n += len;
		s = p->part;
		len = p->part_n;
	}
	if (!lf)
		return REPLY_MORE;
	p->part_n = 0;
	if (len < 2 || s[len - 2] != '\r')
		return bad(p, "a bare line feed in a reply");
	return read_line(p, s, len - 2);
}

static bool is_id_mark(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.' || c == '/' || c == '+' || c == '=';
}

static void copy_id(const char *s, char *out, size_t max)
{
	size_t n = 0;

	while (is_id_mark(s[n]) && n + 1 < max)
		n++;
	while (n && s[n - 1] == '.')
		n--;
	memcpy(out, s, n);
	out[n] = '\0';
}

void reply_queue_id(const char *text, char *out, size_t max)
{
	static const char *const BEFORE[] = { "queued as ", " id=" }; /* Postfix, Exim */
	const char *at;

	out[0] = '\0';
	for (size_t i = 0; i < COUNT(BEFORE); i++) {
		at = strcasestr(text, BEFORE[i]);
		if (at) {
			copy_id(at + strlen(BEFORE[i]), out, max);
			return;
		}
	}
	at = strcasestr(text, " Message accepted"); /* Sendmail, OpenSMTPD: "2.0.0 X Message accepted for delivery" */
	if (!at)
		return;
	while (at > text && is_id_mark(at[-1]))
		at--;
	if (at > text && strlen(at) && !(is_digit(at[0]) && at[1] == '.'))
		copy_id(at, out, max);
}
