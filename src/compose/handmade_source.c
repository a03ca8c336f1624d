/*
 * The source of HTML written by hand, on its way into the parser and out of it. The parser takes no controls, so a
 * marker (fields.h), three bytes of them, travels as one private character of three bytes; and since it decodes
 * entities, a private character must not be written as a number either.
 */
#include "compose/handmade_event.h"

#include "base/utf8.h"
#include "compose/fields.h"

#define PRIVATE_FIRST 0xe000
#define PRIVATE_LAST  0xf8ff

static int fault(const char *html, const char *at, const char *what, struct err *e)
{
	size_t line = 1;

	for (const char *p = html; p < at; p++)
		line += *p == '\n';
	return err_set(e, ERR_INPUT, "line %zu: %s", line, what);
}

/* The number behind "&#", as any parser may read it; more than a character can have stays so. */
static uint32_t reference(const char *p, const char *end)
{
	bool hex = p < end && (*p == 'x' || *p == 'X');
	uint32_t value = 0;

	for (p += hex; p < end && value <= 0x10ffff; p++) {
		uint32_t digit = *p >= '0' && *p <= '9' ? (uint32_t)(*p - '0') : 99;

		if (hex && (*p | 32) >= 'a' && (*p | 32) <= 'f')
			digit = (uint32_t)((*p | 32) - 'a') + 10;
		if (digit > (hex ? 15 : 9))
			break;
		value = value * (hex ? 16 : 10) + digit;
	}
	return value;
}

static const char PRIVATE[] = "a private character; nobody can read it: take it out";

static int check_references(const char *html, size_t n, struct err *e)
{
	const char *end = html + n;

	for (const char *p = html; (p = memchr(p, '&', (size_t)(end - p))); p++)
		if (end - p > 2 && p[1] == '#') {
			uint32_t c = reference(p + 2, end);

			if (c >= PRIVATE_FIRST && c <= PRIVATE_LAST)
				return fault(html, p, PRIVATE, e);
		}
	return 0;
}

/* The private character that a marker or a switch at p travels as; 0: there is none. */
static uint32_t stand_in(const char *p, size_t n)
{
	size_t number;
	bool is_switch = switch_at(p, n, &number);

	if (!is_switch && !slot_at(p, n, &number))
		return 0;
	return PRIVATE_FIRST + (is_switch ? 256 : 0) + (uint32_t)((p[1] & 15) << 4 | (p[2] & 15));
}

char *source_prepare(struct arena *a, const char *html, size_t n, size_t *switches, struct err *e)
{
	char *out = arena_text_n(a, html, n);
	size_t len;

	*switches = 0;
	if (n > HANDMADE_MAX) {
		err_set(e, ERR_INPUT, "the HTML is larger than %d kB; put a part of it on the project's page", HANDMADE_MAX / 1024);
		return NULL;
	}
	if (!utf8_valid(html, n)) {
		err_set(e, ERR_INPUT, "it is not UTF-8; save it as UTF-8");
		return NULL;
	}
	if (check_references(html, n, e) < 0)
		return NULL;
	for (size_t i = 0; i < n; i += len) {
		uint32_t c = utf8_char(html + i, n - i, &len), mark = stand_in(html + i, n - i);

		if (mark) {
			utf8_put(mark, out + i);
			len = MARK_SIZE;
			*switches += mark >= PRIVATE_FIRST + 256;
		} else if (c >= PRIVATE_FIRST && c <= PRIVATE_LAST) {
			fault(html, html + i, PRIVATE, e);
			return NULL;
		} else if (c == '\r' || c == '\f') {
			out[i] = ' ';
		} else if (utf8_is_control(c) && c != '\n' && c != '\t') {
			fault(html, html + i, "a control character; take it out", e);
			return NULL;
		}
	}
	return out;
}

/* Numbers that old programs write for the characters of Windows-1252. */
static uint32_t from_windows(uint32_t c)
{
	static const uint16_t CHARACTERS[32] = { 0x20ac, 0,	 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
						 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,	 0x017d, 0,
						 0,	 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
						 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	 0x017e, 0x0178 };

	return c >= 0x80 && c < 0xa0 ? CHARACTERS[c - 0x80] : c;
}

static bool shows_nothing(uint32_t c)
{
	if (c == '\n' || c == '\t' || c == 0x200c || c == 0x200d)
		return false;
	return c == 0 || c == 0xfffd || utf8_is_control(c) || utf8_is_invisible(c) || c == 0x2028 || c == 0x2029 ||
	       (c >= 0xfff0 && c <= 0xffff);
}

size_t source_restore(struct buf *out, const char *p, size_t n)
{
	size_t len, gone = 0;
	char utf8[4];

	for (size_t i = 0; i < n; i += len) {
		uint32_t c = from_windows(utf8_char(p + i, n - i, &len));

		if (c >= PRIVATE_FIRST && c < PRIVATE_FIRST + 512) {
			buf_addc(out, c < PRIVATE_FIRST + 256 ? 0x01 : 0x02);
			buf_addc(out, (char)(0x10 | (c >> 4 & 15)));
			buf_addc(out, (char)(0x10 | (c & 15)));
		} else if (shows_nothing(c)) {
			gone++;
		} else {
			buf_add(out, utf8, utf8_put(c, utf8));
		}
	}
	return gone;
}
