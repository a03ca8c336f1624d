/*
 * Peeling: what stands around an address in a cell goes, layer by layer, and is
 * remembered, one bit a kind, so that it can be told.
 */
#include "mail/address_inner.h"

#include "base/utf8.h"

#include <strings.h>

/* What may stand around an address, one kind a row. Order is that of `cleaned`. */
enum peel {
	PEEL_BLANKS,
	PEEL_INVISIBLE,
	PEEL_QUOTES,
	PEEL_BRACKETS,
	PEEL_MAILTO,
	PEEL_COMMA,
	PEEL_SEMICOLON,
	PEEL_DOT
};

static const char *const PEEL_NAMES[] = {
	[PEEL_BLANKS] = "blanks",
	[PEEL_INVISIBLE] = "invisible characters",
	[PEEL_QUOTES] = "quotes",
	[PEEL_BRACKETS] = "brackets",
	[PEEL_MAILTO] = "mailto:",
	[PEEL_COMMA] = "trailing comma",
	[PEEL_SEMICOLON] = "trailing semicolon",
	[PEEL_DOT] = "trailing dot",
};

static const struct {
	const char *open, *close;
	enum peel kind;
} PAIRS[] = {
	{ "\"", "\"", PEEL_QUOTES },
	{ "'", "'", PEEL_QUOTES },
	{ "\xE2\x80\x9C", "\xE2\x80\x9D", PEEL_QUOTES }, /* U+201C, U+201D */
	{ "\xE2\x80\x9E", "\xE2\x80\x9C", PEEL_QUOTES }, /* U+201E, U+201C */
	{ "\xE2\x80\x98", "\xE2\x80\x99", PEEL_QUOTES }, /* U+2018, U+2019 */
	{ "\xC2\xAB", "\xC2\xBB", PEEL_QUOTES },         /* U+00AB, U+00BB */
	{ "<", ">", PEEL_BRACKETS },
	{ "(", ")", PEEL_BRACKETS },
	{ "[", "]", PEEL_BRACKETS },
};

static bool is_blank(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) ||
	       c == 0x202F || c == 0x205F || c == 0x3000;
}

static uint32_t last_char(struct slice s, size_t *len)
{
	size_t i = s.n - 1;

	while (i > 0 && ((unsigned char)s.p[i] & 0xC0) == 0x80)
		i--;
	return utf8_char(s.p + i, s.n - i, len);
}

/* Blanks and invisible characters at both ends. */
static struct slice peel_ends(struct slice s, unsigned *peeled)
{
	while (s.n) {
		size_t first_n, last_n;
		uint32_t first = utf8_char(s.p, s.n, &first_n), last = last_char(s, &last_n);

		if (is_blank(first) || utf8_is_invisible(first)) {
			*peeled |= 1u << (is_blank(first) ? PEEL_BLANKS : PEEL_INVISIBLE);
			s.p += first_n;
			s.n -= first_n;
		} else if (is_blank(last) || utf8_is_invisible(last)) {
			*peeled |= 1u << (is_blank(last) ? PEEL_BLANKS : PEEL_INVISIBLE);
			s.n -= last_n;
		} else {
			break;
		}
	}
	return s;
}

static bool starts(struct slice s, const char *with)
{
	return s.n >= strlen(with) && strncasecmp(s.p, with, strlen(with)) == 0;
}

static bool ends(struct slice s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p + s.n - n, with, n) == 0;
}

/* A pair around the whole, with nothing of its kind inside: "a"@b and "A" <a@b> keep theirs. */
static bool peel_pair(struct slice *s, unsigned *peeled)
{
	for (size_t i = 0; i < COUNT(PAIRS); i++) {
		size_t open = strlen(PAIRS[i].open), close = strlen(PAIRS[i].close);
		struct slice in;

		if (s->n < open + close || !starts(*s, PAIRS[i].open) || !ends(*s, PAIRS[i].close))
			continue;
		in = (struct slice){ s->p + open, s->n - open - close };
		if (memmem(in.p, in.n, PAIRS[i].open, open) || memmem(in.p, in.n, PAIRS[i].close, close))
			continue;
		*peeled |= 1u << PAIRS[i].kind;
		*s = in;
		return true;
	}
	return false;
}

static bool peel_rest(struct slice *s, unsigned *peeled)
{
	static const struct {
		const char *text;
		enum peel kind;
	} TAILS[] = { { ",", PEEL_COMMA }, { ";", PEEL_SEMICOLON }, { ".", PEEL_DOT } };

	if (starts(*s, "mailto:")) {
		const char *query;

		s->p += strlen("mailto:");
		s->n -= strlen("mailto:");
		query = memchr(s->p, '?', s->n);
		if (query && memchr(s->p, '@', (size_t)(query - s->p)))
			s->n = (size_t)(query - s->p);
		*peeled |= 1u << PEEL_MAILTO;
		return true;
	}
	for (size_t i = 0; i < COUNT(TAILS); i++)
		if (s->n && ends(*s, TAILS[i].text)) {
			s->n--;
			*peeled |= 1u << TAILS[i].kind;
			return true;
		}
	return false;
}

struct slice address_peel(struct slice s, unsigned *peeled)
{
	do
		s = peel_ends(s, peeled);
	while (peel_pair(&s, peeled) || peel_rest(&s, peeled));
	return s;
}

const char *address_peeled_text(struct arena *a, unsigned peeled)
{
	const char *text = NULL;

	for (size_t i = 0; i < COUNT(PEEL_NAMES); i++)
		if (peeled & 1u << i)
			text = text ? arena_printf(a, "%s, %s", text, PEEL_NAMES[i]) : PEEL_NAMES[i];
	return text;
}

