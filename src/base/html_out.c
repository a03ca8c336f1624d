/* Writing HTML: see html_out.h. */
#include "base/html_out.h"

#include <strings.h>

void html_lit(struct buf *b, const char *s)
{
	buf_adds(b, s);
}

void html_raw(struct buf *b, struct html h)
{
	buf_add(b, h.p, h.n);
}

static const char *escape_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_text(struct buf *b, const char *s)
{
	while (s && *s) {
		size_t n = strcspn(s, "&<>\"'");

		buf_add(b, s, n);
		s += n;
		if (*s)
			buf_adds(b, escape_of(*s++));
	}
}

void html_attr(struct buf *b, const char *s)
{
	html_text(b, s); /* enough in quotes; kept apart so that each place says what it is */
}

static bool starts_with(const char *s, const char *scheme)
{
	return strncasecmp(s, scheme, strlen(scheme)) == 0;
}

static bool url_is_safe(const char *s)
{
	/* Browsers drop tabs and line breaks, and read \ as /: "/\t/host" would be another host. */
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	if (s[0] == '#')
		return true;
	if (s[0] == '/')
		return s[1] != '/' && s[1] != '\\';
	return starts_with(s, "https:") || starts_with(s, "http:") || starts_with(s, "mailto:");
}

void html_url(struct buf *b, const char *s)
{
	if (s && *s)
		html_attr(b, url_is_safe(s) ? s : "#");
}

void text_plain(struct buf *b, const char *s)
{
	if (s)
		buf_adds(b, s);
}

bool text_given(const char *s)
{
	return s && *s;
}
