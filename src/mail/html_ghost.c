/*
 * Conditional comments: what one client reads, and others do not. Only what cannot change how the text
 * around looks is harmless: settings, fonts, and "ghost tables", which hold columns together. A short
 * grammar, held to strictly.
 */
#include <ctype.h>
#include <strings.h>

#include "mail/css.h"
#include "mail/html_scan.h"

#define TAG_MAX 1000

static bool begins(struct slice s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && strncasecmp(s.p, word, n) == 0;
}

static struct slice behind(struct slice s, size_t n)
{
	return (struct slice){ s.p + n, s.n - n };
}

/* Goes behind `mark`. False: it never comes. */
static bool skip_to(struct slice *s, const char *mark)
{
	for (; s->n; *s = behind(*s, 1))
		if (begins(*s, mark)) {
			*s = behind(*s, strlen(mark));
			return true;
		}
	return false;
}

static bool is_harmless(const struct css_declaration *d)
{
	double px;

	switch (d->kind) {
	case CSS_FREE:
	case CSS_ALIGN:
		return true;
	case CSS_FAMILY:
		return !strstr(d->value, "dings") && !strstr(d->value, "symbol");
	case CSS_WIDTH:
		return css_length(d->value, &(struct css_base){ .em = 16, .rem = 16, .percent = 600, .vw = -1 }, &px) && px >= 50;
	case CSS_PADDING:
		return d->value[strspn(d->value, "0123456789px ")] == '\0' && !strstr(d->value, "000");
	default:
		return false;
	}
}

static bool all_harmless(struct slice css)
{
	struct arena *a = arena_new();
	const char *doubt = NULL;
	bool fine = true;

	for (const struct css_declaration *d = css_declarations(a, css_without_comments(a, css), &doubt); d; d = d->next)
		fine = fine && is_harmless(d);
	arena_free(a);
	return fine && !doubt;
}

/* The inside of a style element. */
static bool is_harmless_sheet(struct slice css)
{
	while (css.n) {
		const char *open = memchr(css.p, '{', css.n), *close;

		if (memchr(css.p, '@', css.n) || !open)
			return !open && !memchr(css.p, '@', css.n);
		css = behind(css, (size_t)(open + 1 - css.p));
		close = memchr(css.p, '}', css.n);
		if (!close || !all_harmless((struct slice){ css.p, (size_t)(close - css.p) }))
			return false;
		css = behind(css, (size_t)(close + 1 - css.p));
	}
	return true;
}

static bool value_is(struct slice v, const char *want)
{
	return v.n == strlen(want) && strncasecmp(v.p, want, v.n) == 0;
}

static bool attribute_is_harmless(struct slice tag, struct slice name, struct slice value)
{
	static const char *const PLAIN[] = { "role", "valign", "border", "lang", "dir" };
	char number[8] = "";
	long v;

	memcpy(number, value.p, value.n < 7 ? value.n : 7);
	v = strtol(number, NULL, 10);
	for (size_t i = 0; i < COUNT(PLAIN); i++)
		if (value_is(name, PLAIN[i]))
			return !value_is(value, "rtl") && v < 50;
	if (value_is(name, "align"))
		return !value_is(tag, "table") || value_is(value, "center");
	if (value_is(name, "cellpadding") || value_is(name, "cellspacing"))
		return v >= 0 && v <= 40;
	if (value_is(name, "width"))
		return v >= 50 || (v >= 10 && value.n && value.p[value.n - 1] == '%');
	if (value_is(name, "class"))
		return value.n == 0;
	return value_is(name, "style") && all_harmless(value);
}

/* Reads the tag at s, which begins with "<". */
static bool tag_is_harmless(struct slice *s)
{
	static const char *const NAMES[] = { "table", "tbody", "tr", "td", "center", "br" };
	const char *close = memchr(s->p, '>', s->n < TAG_MAX ? s->n : TAG_MAX), *p = s->p + 1, *from;
	struct slice name, tag;
	bool known = false;

	if (!close)
		return false;
	*s = behind(*s, (size_t)(close + 1 - s->p));
	p += *p == '/';
	for (from = p; p < close && isalnum((unsigned char)*p); p++)
		;
	tag = (struct slice){ from, (size_t)(p - from) };
	for (size_t i = 0; i < COUNT(NAMES); i++)
		known = known || value_is(tag, NAMES[i]);
	while (known && p < close) {
		while (p < close && (isspace((unsigned char)*p) || *p == '/'))
			p++;
		if (p == close)
			break;
		for (from = p; p < close && isalnum((unsigned char)*p); p++)
			;
		name = (struct slice){ from, (size_t)(p - from) };
		if (!name.n || p + 1 >= close || *p != '=' || (p[1] != '"' && p[1] != '\''))
			return false;
		from = p + 2;
		p = memchr(from, p[1], (size_t)(close - from));
		if (!p || memchr(from, '&', (size_t)(p - from)) ||
		    !attribute_is_harmless(tag, name, (struct slice){ from, (size_t)(p - from) }))
			return false;
		p++;
	}
	return known;
}

static bool content_is_harmless(struct slice s)
{
	while (s.n) {
		if (isspace((unsigned char)*s.p)) {
			s = behind(s, 1);
		} else if (begins(s, "&nbsp;")) {
			s = behind(s, 6);
		} else if (begins(s, "<xml>") || begins(s, "<noscript><xml>")) {
			bool script = begins(s, "<no");

			if (!skip_to(&s, "</xml>") || (script && !skip_to(&s, "</noscript>")))
				return false;
		} else if (begins(s, "<style>") || begins(s, "<style type=\"text/css\">")) {
			struct slice css = behind(s, (size_t)((const char *)memchr(s.p, '>', s.n) + 1 - s.p));

			s = css;
			if (!skip_to(&s, "</style>") || !is_harmless_sheet((struct slice){ css.p, (size_t)(s.p - 8 - css.p) }))
				return false;
		} else if (*s.p != '<' || !tag_is_harmless(&s)) {
			return false;
		}
	}
	return true;
}

bool html_ghost_is_harmless(struct slice s)
{
	const char *end = "<![endif]";
	size_t n = strlen(end);
	struct slice rest;

	/* The end of what others are shown; the reader heeds it. */
	while (s.n && isspace((unsigned char)s.p[s.n - 1]))
		s.n--;
	if (s.n == n && begins(s, end))
		return true;
	if (!begins(s, "[if") || !memchr(s.p, ']', s.n))
		return false;
	rest = s;
	if (!skip_to(&rest, "]>"))
		return false;
	if (rest.n == 2 && begins(rest, "<!"))
		return true;
	if (rest.n < n || !begins(behind(rest, rest.n - n), end))
		return false;
	rest.n -= n;
	return content_is_harmless(rest);
}
