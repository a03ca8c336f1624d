/* Texts as a reader sees them: see policy_text.h. */
#include "policy/policy_text.h"

#include <ctype.h>
#include <strings.h>
#include <unictype.h>

#include "base/utf8.h"

bool text_is_blank(uint32_t c)
{
	return c == ' ' || (c >= 9 && c <= 13) || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

char *text_flat(struct arena *a, const char *s)
{
	size_t n = s ? strlen(s) : 0, len;
	char *out = arena_alloc(a, n + 1), *w = out;
	uint32_t before = 0; /* the last character that is no blank */

	for (; n; s += len, n -= len) {
		uint32_t c = utf8_char(s, n, &len);

		/* Where lines break between ideographs, no blank is meant. */
		if (w > out && w[-1] == ' ' && utf8_is_ideographic(c) && utf8_is_ideographic(before) && c != 0x3000)
			w--;
		if (!text_is_blank(c)) {
			memcpy(w, s, len);
			w += len;
			before = c;
		} else if (w > out && w[-1] != ' ') {
			*w++ = ' ';
		}
	}
	if (w > out && w[-1] == ' ')
		w--;
	*w = '\0';
	return out;
}

/* Does a word end here, between the characters `before` and `after`? Scripts without blanks between words have no
   ends that could be seen. */
static bool is_bound(uint32_t before, uint32_t after)
{
	if (!uc_is_alnum(before) || !uc_is_alnum(after))
		return !uc_is_general_category_withtable(after, UC_CATEGORY_MASK_Mn);
	return uc_is_property_ideographic(before) || uc_is_property_ideographic(after) || before >= 0x2e80 || after >= 0x2e80 ||
	       (before >= 0xe00 && before <= 0xeff) || (after >= 0xe00 && after <= 0xeff);
}

/* Invisible characters end no word: the eye joins what stands on both sides. */
static uint32_t char_before(const char *start, const char *p)
{
	uint32_t c = ' ';
	size_t len;

	while (p > start) {
		const char *q = p - 1;

		while (q > start && ((unsigned char)*q & 0xc0) == 0x80)
			q--;
		c = utf8_char(q, (size_t)(p - q), &len);
		if (!utf8_is_invisible(c))
			return c;
		p = q;
	}
	return ' ';
}

static uint32_t char_at(const char *p)
{
	size_t len;

	for (; *p; p += len) {
		uint32_t c = utf8_char(p, strnlen(p, 4), &len);

		if (!utf8_is_invisible(c))
			return c;
	}
	return ' ';
}

const char *text_find(const char *text, const char *words)
{
	size_t n = strlen(words);

	for (const char *p = text; n && (p = strstr(p, words)); p++)
		if (is_bound(char_before(text, p), char_at(p)) && is_bound(char_before(p, p + n), char_at(p + n)))
			return p;
	return NULL;
}

bool text_has(struct arena *a, const char *flat, const char *words)
{
	return text_find(utf8_lower(a, flat), utf8_lower(a, words)) != NULL;
}

bool text_is_letter(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

const char *text_find_word(const char *skeleton, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = skeleton; n && (p = strstr(p, word)); p++)
		if ((p == skeleton || !text_is_letter(p[-1]) || !text_is_letter(*word)) &&
		    (!text_is_letter(p[n]) || !text_is_letter(word[n - 1])))
			return p;
	return NULL;
}

/* --- words of two alphabets --- */

enum alphabet { NO_LETTER, LATIN, STYLED, CYRILLIC, GREEK, OTHER };

/* Greek letters that science writes beside Latin ones: TNFÎ±, 5 Î¼m, kÎ©. */
static bool is_symbol(uint32_t c)
{
	static const uint32_t SYMBOLS[] = { 0x3b1, 0x3b2, 0x3b3, 0x3b4, 0x3b5, 0x3b6, 0x3b7, 0x3b8, 0x3ba, 0x3bb, 0x3bc, 0x3be,
					    0x3c0, 0x3c1, 0x3c3, 0x3c4, 0x3c6, 0x3c7, 0x3c8, 0x3c9, 0x393, 0x394, 0x398, 0x39b,
					    0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9, 0xb5, 0x2126 };

	for (size_t i = 0; i < COUNT(SYMBOLS); i++)
		if (SYMBOLS[i] == c)
			return true;
	return false;
}

static enum alphabet alphabet_of(uint32_t c)
{
	const uc_script_t *script;

	if (c < 0x80)
		return isalpha((int)c) ? LATIN : NO_LETTER;
	/* Mathematical letters, and those in circles and squares, are drawn to be taken for plain ones. */
	if ((c >= 0x1d400 && c <= 0x1d7ff) || (c >= 0x1f130 && c <= 0x1f189) || (c >= 0x24b6 && c <= 0x24e9) ||
	    (c >= 0x1f1e6 && c <= 0x1f1ff))
		return STYLED;
	if (!uc_is_alpha(c) || is_symbol(c))
		return NO_LETTER;
	script = uc_script(c);
	if (!script)
		return NO_LETTER;
	if (strcmp(script->name, "Latin") == 0)
		return LATIN;
	if (strcmp(script->name, "Cyrillic") == 0)
		return CYRILLIC;
	if (strcmp(script->name, "Greek") == 0)
		return GREEK;
	if (strcmp(script->name, "Armenian") == 0 || strcmp(script->name, "Cherokee") == 0 || strcmp(script->name, "Lisu") == 0 ||
	    strcmp(script->name, "Coptic") == 0)
		return OTHER;
	return NO_LETTER;
}

const char *text_mixed_word(struct arena *a, const char *s)
{
	const char *p = s, *word = s;
	unsigned seen = 0;
	size_t n = strlen(s), len;

	for (;; p += len, n -= len) {
		uint32_t c = n ? utf8_char(p, n, &len) : ' ';
		bool ends = text_is_blank(c) || (c < 0x80 && !isalnum((int)c));

		if (ends && (seen & (1u << LATIN)) && (seen & ~(1u << LATIN)))
			return arena_text_n(a, word, (size_t)(p - word));
		if (!n)
			return NULL;
		if (ends) {
			seen = 0;
			word = p + len;
		} else if (alphabet_of(c) != NO_LETTER) {
			seen |= 1u << alphabet_of(c);
		}
	}
}

bool text_says_something(const char *s)
{
	size_t n = strlen(s), len;

	for (; n; s += len, n -= len) {
		uint32_t c = utf8_char(s, n, &len);

		if (c < 0x80 ? isalnum((int)c) : !text_is_blank(c) && !utf8_is_invisible(c) && c != 0x34f && c != 0xad)
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
