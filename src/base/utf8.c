/*
 * Unicode text: see utf8.h. Decoding, normal form and lower case are
 * libunistring's; the lists of unwanted characters are ours, because they
 * follow a rule of ours (FMT-3) and no property of Unicode.
 */
#include "base/utf8.h"

#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#define REPLACEMENT 0xFFFD
#define CAPITAL_SIGMA "\xce\xa3" /* the one letter whose small form depends on what stands around it */

bool utf8_valid(const char *s, size_t n)
{
	return u8_check((const uint8_t *)s, n) == NULL;
}

uint32_t utf8_char(const char *s, size_t n, size_t *len)
{
	ucs4_t c;
	int used;

	MUST(n > 0);
	used = u8_mbtoucr(&c, (const uint8_t *)s, n);
	*len = used > 0 ? (size_t)used : 1;
	return used > 0 ? c : REPLACEMENT;
}

size_t utf8_put(uint32_t c, char out[4])
{
	int used = u8_uctomb((uint8_t *)out, c, 4);

	if (used < 0) /* a surrogate, or past U+10FFFF */
		used = u8_uctomb((uint8_t *)out, REPLACEMENT, 4);
	return (size_t)used;
}

size_t utf8_count(const char *s)
{
	size_t left = strlen(s), count = 0, len;

	for (; left; s += len, left -= len, count++)
		utf8_char(s, left, &len);
	return count;
}

int utf8_fit(struct slice s, int max)
{
	size_t n = s.n < (size_t)max ? s.n : (size_t)max;

	while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
		n--;
	return (int)n;
}

/* Moves what libunistring allocated into the arena. */
static char *keep(struct arena *a, uint8_t *text, size_t n)
{
	char *kept;

	MUST(text); /* NULL for malformed input, which the caller has promised not to give */
	kept = arena_text_n(a, (char *)text, n);
	free(text);
	return kept;
}

/* Most text is, and then its normal form needs none of libunistring's tables. */
static bool is_ascii(const char *s)
{
	while (*s && (unsigned char)*s < 0x80)
		s++;
	return !*s;
}

char *utf8_nfc(struct arena *a, const char *s)
{
	uint8_t *text;
	size_t n = 0;

	if (is_ascii(s))
		return arena_text(a, s);
	text = u8_normalize(UNINORM_NFC, (const uint8_t *)s, strlen(s), NULL, &n);
	return keep(a, text, n);
}

/* Of a letter by itself; U+0130 becomes two. Returns the bytes written, at most 4. */
static size_t put_lower(uint32_t c, char out[4])
{
	if (c != 0x130)
		return utf8_put(uc_tolower(c), out);
	memcpy(out, "i\xcc\x87", 3);
	return 3;
}

/* Letter by letter, which takes a tenth of u8_tolower's time. A letter of two bytes may become one of three. */
static char *lower_by_letter(struct arena *a, const char *s)
{
	size_t n = strlen(s), len;
	char *out = arena_alloc(a, n + n / 2 + 4), *w = out;

	for (; n; s += len, n -= len) {
		uint32_t c = (unsigned char)*s;

		len = 1;
		if (c < 0x80) {
			*w++ = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
			continue;
		}
		c = utf8_char(s, n, &len);
		w += put_lower(c, w);
	}
	*w = '\0';
	return out;
}

char *utf8_lower(struct arena *a, const char *s)
{
	uint8_t *text;
	size_t n = 0;

	if (!strstr(s, CAPITAL_SIGMA))
		return lower_by_letter(a, s);
	text = u8_tolower((const uint8_t *)s, strlen(s), NULL, NULL, NULL, &n);
	return keep(a, text, n);
}

bool utf8_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

bool utf8_is_invisible(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00AD, 0x00AD },   /* soft hyphen */
		{ 0x200B, 0x200F },   /* zero width; marks of direction */
		{ 0x202A, 0x202E },   /* embedding and override of direction */
		{ 0x2060, 0x2064 },   /* word joiner; invisible operators */
		{ 0x2066, 0x2069 },   /* isolates */
		{ 0xFEFF, 0xFEFF },   /* byte order mark */
		{ 0xE0000, 0xE007F }, /* tags */
	};

	for (size_t i = 0; i < COUNT(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

bool utf8_is_ideographic(uint32_t c)
{
	return (c >= 0x2e80 && c < 0xa000) || (c >= 0xf900 && c < 0xfb00) || (c >= 0xff00 && c < 0xff61) ||
	       (c >= 0x20000 && c < 0x40000);
}

bool utf8_joins(uint32_t before, uint32_t c, uint32_t after)
{
	return (c == 0x200c || c == 0x200d) && before >= 0x600 && after >= 0x600 && !utf8_is_invisible(before) &&
	       !utf8_is_invisible(after);
}

bool utf8_is_plain(const char *s)
{
	size_t left = strlen(s), len;

	for (; left; s += len, left -= len) {
		uint32_t c = utf8_char(s, left, &len);

		/* One byte that reads as U+FFFD is a malformed one. */
		if (utf8_is_control(c) || utf8_is_invisible(c) || (c == REPLACEMENT && len == 1))
			return false;
	}
	return true;
}
