/* Texts as a reader sees them: see policy_text.h. */
#include "policy/policy_text.h"

#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"

static bool is_blank(uint32_t c)
{
	return c == ' ' || (c >= 9 && c <= 13) || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

char *text_flat(struct arena *a, const char *s)
{
	size_t n = s ? strlen(s) : 0, len;
	char *out = arena_alloc(a, n + 1), *w = out;

	for (; n; s += len, n -= len) {
		uint32_t c = utf8_char(s, n, &len);

		if (!is_blank(c)) {
			memcpy(w, s, len);
			w += len;
		} else if (w > out && w[-1] != ' ') {
			*w++ = ' ';
		}
	}
	if (w > out && w[-1] == ' ')
		w--;
	*w = '\0';
	return out;
}

/* Letters of other scripts that look like a Latin one. */
static const struct {
	uint32_t c;
	char latin;
} LOOKALIKES[] = {
	{ 0x430, 'a' }, { 0x435, 'e' }, { 0x43e, 'o' }, { 0x440, 'p' }, { 0x441, 'c' }, { 0x443, 'y' },
	{ 0x445, 'x' }, { 0x455, 's' }, { 0x456, 'i' }, { 0x458, 'j' }, { 0x501, 'd' }, { 0x51b, 'q' },
	{ 0x51d, 'w' }, { 0x4bb, 'h' }, { 0x4cf, 'l' }, { 0x43a, 'k' }, { 0x43c, 'm' }, { 0x442, 't' },
	{ 0x432, 'b' }, { 0x43d, 'h' }, { 0x3b1, 'a' }, { 0x3b5, 'e' }, { 0x3b9, 'i' }, { 0x3ba, 'k' },
	{ 0x3bd, 'v' }, { 0x3bf, 'o' }, { 0x3c1, 'p' }, { 0x3c4, 't' }, { 0x3c5, 'u' }, { 0x3c7, 'x' },
	{ 0x3b3, 'y' }, { 0x131, 'i' }, { 0x251, 'a' }, { 0x261, 'g' }, { 0x28f, 'y' }, { 0x1d0f, 'o' },
	{ 0x2113, 'l' }, { 0x585, 'o' }, { 0x57d, 'u' }, { 0x570, 'h' },
};

static char latin_of(uint32_t c)
{
	if (c >= 0xff21 && c <= 0xff3a)
		return (char)('a' + (c - 0xff21));
	if (c >= 0xff41 && c <= 0xff5a)
		return (char)('a' + (c - 0xff41));
	/* Mathematical letters: alphabets of 52 in a row. */
	if (c >= 0x1d400 && c < 0x1d6a4)
		return (char)('a' + (c - 0x1d400) % 26);
	for (size_t i = 0; i < COUNT(LOOKALIKES); i++)
		if (LOOKALIKES[i].c == c)
			return LOOKALIKES[i].latin;
	return 0;
}

char *text_skeleton(struct arena *a, const char *s)
{
	const char *lower = utf8_lower(a, s);
	size_t n = strlen(lower), len;
	char *out = arena_alloc(a, n + 1), *w = out;

	for (; n; lower += len, n -= len) {
		uint32_t c = utf8_char(lower, n, &len);
		char latin = latin_of(c);

		if (utf8_is_invisible(c))
			continue;
		if (c == 0x2019 || c == 0x2018)
			latin = '\'';
		if (c >= 0x2010 && c <= 0x2014)
			latin = '-';
		if (latin) {
			*w++ = latin;
		} else if (is_blank(c)) {
			if (c == '\n' && w > out && w[-1] == ' ')
				w[-1] = '\n';
			else if (c == '\n')
				*w++ = '\n';
			else if (w > out && w[-1] != ' ' && w[-1] != '\n')
				*w++ = ' ';
		} else {
			memcpy(w, lower, len);
			w += len;
		}
	}
	*w = '\0';
	return out;
}

bool text_has(struct arena *a, const char *flat, const char *words)
{
	return strstr(utf8_lower(a, flat), utf8_lower(a, words)) != NULL;
}

static bool is_letter(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

const char *text_find_word(const char *skeleton, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = skeleton; n && (p = strstr(p, word)); p++)
		if ((p == skeleton || !is_letter(p[-1]) || !is_letter(*word)) &&
		    (!is_letter(p[n]) || !is_letter(word[n - 1])))
			return p;
	return NULL;
}

const char *text_mixed_word(struct arena *a, const char *s)
{
	const char *lower = utf8_lower(a, s), *word = lower;
	size_t n = strlen(lower), len;
	bool latin = false, alike = false;

	for (; n; lower += len, n -= len) {
		uint32_t c = utf8_char(lower, n, &len);

		if (is_blank(c) || (c < 0x80 && !isalnum((int)c))) {
			if (latin && alike)
				break;
			latin = alike = false;
			word = lower + len;
			continue;
		}
		latin = latin || (c >= 'a' && c <= 'z');
		alike = alike || (c != 0x131 && latin_of(c));
	}
	return latin && alike ? arena_text_n(a, word, (size_t)(lower - word)) : NULL;
}

bool text_says_something(const char *s)
{
	size_t n = strlen(s), len;

	for (; n; s += len, n -= len) {
		uint32_t c = utf8_char(s, n, &len);

		if (c < 0x80 ? isalnum((int)c) : !is_blank(c) && !utf8_is_invisible(c) && c != 0x34f && c != 0xad)
			return true;
	}
	return false;
}

char *text_quote(struct arena *a, const char *s, size_t max)
{
	/* What is quoted may be very long: no more of it is read than can be shown. */
	size_t n = strnlen(s, max * 8 + 8), at = 0, len;
	const char *flat;

	while (s[n] && n && (s[n] & 0xc0) == 0x80)
		n--;
	flat = text_flat(a, arena_text_n(a, s, n));
	n = strlen(flat);

	for (size_t count = 0; at < n; at += len, count++) {
		(void)utf8_char(flat + at, n - at, &len);
		if (count == max)
			return arena_printf(a, "%.*s...", (int)at, flat);
	}
	return arena_text(a, flat);
}
