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
	PEEL_APOSTROPHE,
	PEEL_BRACKETS,
	PEEL_MAILTO,
	PEEL_SMTP,
	PEEL_PERCENT,
	PEEL_COMMA,
	PEEL_SEMICOLON,
	PEEL_DOT,
	PEEL_WIDE_AT,
	PEEL_WIDE
};

static const char *const PEEL_NAMES[] = {
	[PEEL_BLANKS] = "blanks",
	[PEEL_INVISIBLE] = "invisible characters",
	[PEEL_QUOTES] = "quotes",
	[PEEL_APOSTROPHE] = "leading apostrophe",
	[PEEL_BRACKETS] = "brackets",
	[PEEL_MAILTO] = "mailto:",
	[PEEL_SMTP] = "smtp:",
	[PEEL_PERCENT] = "percent escapes",
	[PEEL_COMMA] = "trailing comma",
	[PEEL_SEMICOLON] = "trailing semicolon",
	[PEEL_DOT] = "trailing dot",
	[PEEL_WIDE_AT] = "full-width @",
	[PEEL_WIDE] = "full-width characters in the domain",
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

/* "'o'neil@b.example'": quotes and apostrophes are one character, and a domain holds none. */
static bool is_apostrophe(struct slice in, size_t pair)
{
	const char *last = PAIRS[pair].open[0] == '\'' ? memrchr(in.p, '\'', in.n) : NULL;

	return last && memchr(last, '@', in.n - (size_t)(last - in.p)) && !memchr(in.p, '<', in.n);
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
		if ((memmem(in.p, in.n, PAIRS[i].open, open) || memmem(in.p, in.n, PAIRS[i].close, close)) &&
		    !is_apostrophe(in, i))
			continue;
		*peeled |= 1u << PAIRS[i].kind;
		*s = in;
		return true;
	}
	return false;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* "%40" as "@" (RFC 6068). What would become no text stays as it is, and is refused for its "%". */
static struct slice unescaped(struct arena *a, struct slice s, unsigned *peeled)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;

	if (!memchr(s.p, '%', s.n))
		return s;
	for (size_t i = 0; i < s.n; i++) {
		int high = s.p[i] == '%' && i + 2 < s.n ? hex_value(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex_value(s.p[i + 2]) : -1;

		if (low >= 0 && (high < 2 || (high == 7 && low == 15))) /* a control */
			return s;
		out[n++] = (char)(low >= 0 ? high << 4 | low : s.p[i]);
		i += low >= 0 ? 2 : 0;
	}
	if (!utf8_valid(out, n))
		return s;
	*peeled |= 1u << PEEL_PERCENT;
	return (struct slice){ out, n };
}

/* Behind "mailto:"; web pages also have "mailto://". The query is not part of the address. */
static struct slice peel_mailto(struct arena *a, struct slice s, unsigned *peeled)
{
	const char *query;

	*peeled |= 1u << PEEL_MAILTO;
	for (int i = 0; i < 2 && s.n && *s.p == '/'; i++) {
		s.p++;
		s.n--;
	}
	query = memchr(s.p, '?', s.n);
	if (query)
		s.n = (size_t)(query - s.p);
	return unescaped(a, s, peeled);
}

static bool peel_front(struct arena *a, struct slice *s, unsigned *peeled)
{
	static const char MAILTO[] = "mailto:", SMTP[] = "smtp:"; /* the second from lists of directory servers */
	const char *after;

	if (starts(*s, MAILTO)) {
		after = s->p + strlen(MAILTO);
		*s = peel_mailto(a, (struct slice){ after, s->n - strlen(MAILTO) }, peeled);
		return true;
	}
	if (starts(*s, SMTP)) {
		*s = (struct slice){ s->p + strlen(SMTP), s->n - strlen(SMTP) };
		*peeled |= 1u << PEEL_SMTP;
		return true;
	}
	/* what marks a cell as text in a spreadsheet */
	if (starts(*s, "'") && memchr(s->p, '@', s->n) && !memchr(s->p, '<', s->n)) {
		*s = (struct slice){ s->p + 1, s->n - 1 };
		*peeled |= 1u << PEEL_APOSTROPHE;
		return true;
	}
	return false;
}

static bool peel_tail(struct slice *s, unsigned *peeled)
{
	static const struct {
		const char *text;
		enum peel kind;
	} TAILS[] = {
		{ ",", PEEL_COMMA },
		{ ";", PEEL_SEMICOLON },
		{ ".", PEEL_DOT },
		{ "\xEF\xBC\x8C", PEEL_COMMA },     /* U+FF0C */
		{ "\xE3\x80\x81", PEEL_COMMA },     /* U+3001 */
		{ "\xEF\xBC\x9B", PEEL_SEMICOLON }, /* U+FF1B */
		{ "\xE3\x80\x82", PEEL_DOT },       /* U+3002 */
		{ "\xEF\xBC\x8E", PEEL_DOT },       /* U+FF0E */
		{ "\xEF\xBD\xA1", PEEL_DOT },       /* U+FF61 */
	};

	for (size_t i = 0; i < COUNT(TAILS); i++)
		if (s->n && ends(*s, TAILS[i].text)) {
			s->n -= strlen(TAILS[i].text);
			*peeled |= 1u << TAILS[i].kind;
			return true;
		}
	return false;
}

struct slice address_peel(struct arena *a, struct slice s, unsigned *peeled)
{
	do
		s = peel_ends(s, peeled);
	while (peel_pair(&s, peeled) || peel_front(a, &s, peeled) || peel_tail(&s, peeled));
	return s;
}

struct slice address_narrow_at(struct arena *a, struct slice s, unsigned *peeled)
{
	static const char *const WIDE[] = { "\xEF\xBC\xA0", "\xEF\xB9\xAB" }; /* U+FF20, U+FE6B */
	char *copy = NULL;

	for (size_t i = 0; i < COUNT(WIDE); i++) {
		const char *at;

		while ((at = memmem(s.p, s.n, WIDE[i], 3)) != NULL) {
			size_t before = (size_t)(at - s.p);

			copy = arena_text_n(a, s.p, s.n - 2);
			copy[before] = '@';
			memcpy(copy + before + 1, at + 3, s.n - before - 3);
			s = (struct slice){ copy, s.n - 2 };
		}
	}
	if (copy)
		*peeled |= 1u << PEEL_WIDE_AT;
	return s;
}

void address_note_wide_domain(struct slice domain, unsigned *peeled)
{
	size_t len;

	for (size_t i = 0; i < domain.n; i += len) {
		uint32_t c = utf8_char(domain.p + i, domain.n - i, &len);

		if (c == 0x3002 || c == 0xFF61 || (c >= 0xFF01 && c <= 0xFF5E))
			*peeled |= 1u << PEEL_WIDE;
	}
}

const char *address_peeled_text(struct arena *a, unsigned peeled)
{
	const char *text = NULL;

	for (size_t i = 0; i < COUNT(PEEL_NAMES); i++)
		if (peeled & 1u << i)
			text = text ? arena_printf(a, "%s, %s", text, PEEL_NAMES[i]) : PEEL_NAMES[i];
	return text;
}
