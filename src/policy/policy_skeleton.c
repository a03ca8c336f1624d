/*
 * What a hasty reader takes a text for: see text_skeleton in policy_text.h. Compatibility forms (full-width,
 * mathematical, circled letters) become plain ones, marks and invisible characters go, letters of other alphabets
 * become the ASCII letter of their shape. Both the text and what is looked for in it go through here, so that it
 * does no harm to scripts in which nothing looks like ASCII.
 */
#include <unicase.h>
#include <uninorm.h>
#include <unictype.h>

#include "base/utf8.h"
#include "mail/address.h"
#include "policy/policy_text.h"

#define MARKS (UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Me)
#define SIGNS (UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S)

/* Capitals whose shape is another letter's than that of their small form; and alphabets that letter_shape, which is
   for domains, does not know. */
static const struct {
	uint32_t c;
	char latin;
} CAPITALS[] = {
	/* Greek */
	{ 0x391, 'a' }, { 0x392, 'b' }, { 0x395, 'e' }, { 0x396, 'z' }, { 0x397, 'h' }, { 0x399, 'i' }, { 0x39A, 'k' },
	{ 0x39C, 'm' }, { 0x39D, 'n' }, { 0x39F, 'o' }, { 0x3A1, 'p' }, { 0x3A4, 't' }, { 0x3A5, 'y' }, { 0x3A7, 'x' },
	/* Cherokee */
	{ 0x13A0, 'd' }, { 0x13A1, 'r' }, { 0x13A2, 't' }, { 0x13A9, 'y' }, { 0x13AA, 'a' }, { 0x13AB, 'j' }, { 0x13AC, 'e' },
	{ 0x13B3, 'w' }, { 0x13B7, 'm' }, { 0x13BB, 'h' }, { 0x13C0, 'g' }, { 0x13C3, 'z' }, { 0x13C7, 'w' }, { 0x13CF, 'b' },
	{ 0x13D2, 'r' }, { 0x13D4, 'w' }, { 0x13D5, 's' }, { 0x13D9, 'v' }, { 0x13DA, 's' }, { 0x13DE, 'l' }, { 0x13DF, 'c' },
	{ 0x13E2, 'p' }, { 0x13E6, 'k' }, { 0x13F4, 'b' },
	/* Lisu */
	{ 0xA4D0, 'b' }, { 0xA4D1, 'p' }, { 0xA4D3, 'd' }, { 0xA4D4, 't' }, { 0xA4D6, 'g' }, { 0xA4D7, 'k' }, { 0xA4D9, 'j' },
	{ 0xA4DA, 'c' }, { 0xA4DC, 'z' }, { 0xA4DD, 'f' }, { 0xA4DF, 'm' }, { 0xA4E0, 'n' }, { 0xA4E1, 'l' }, { 0xA4E2, 's' },
	{ 0xA4E3, 'r' }, { 0xA4E6, 'v' }, { 0xA4E7, 'h' }, { 0xA4EA, 'w' }, { 0xA4EB, 'x' }, { 0xA4EC, 'y' }, { 0xA4EE, 'a' },
	{ 0xA4F0, 'e' }, { 0xA4F2, 'i' }, { 0xA4F3, 'o' }, { 0xA4F4, 'u' },
	/* small capitals and others */
	{ 0xA730, 'f' }, { 0xA731, 's' }, { 0x2113, 'l' }, { 0x4C0, 'l' }, { 0x1D0C, 'l' }, { 0x213, 'r' }, { 0x20AC, 'e' },
	{ 0x585, 'o' }, { 0x578, 'n' }, { 0x57D, 'u' }, { 0x1D26, 'r' }, { 0x1C0, 'l' }, { 0x2223, 'l' },
};

static char capital_shape(uint32_t c)
{
	/* Circled and squared capitals, white on black; letters of flags. */
	if ((c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189))
		return (char)('a' + (c - 0x1F150) % 32);
	if (c >= 0x1F1E6 && c <= 0x1F1FF)
		return (char)('a' + (c - 0x1F1E6));
	for (size_t i = 0; i < COUNT(CAPITALS); i++)
		if (CAPITALS[i].c == c)
			return CAPITALS[i].latin;
	return 0;
}

/* One character that is not ASCII, as ASCII where it looks like that; returns the bytes written, at most 4. */
static size_t put_shape(uint32_t c, char out[4])
{
	char capital = capital_shape(c);
	const char *shape;

	if (capital) {
		out[0] = capital;
		return 1;
	}
	c = uc_tolower(c);
	if (c < 0x80)
		return utf8_put(c, out);
	if (uc_decimal_value(c) >= 0)
		return utf8_put('0' + (uint32_t)uc_decimal_value(c), out);
	shape = letter_shape(c);
	if (shape) {
		memcpy(out, shape, strlen(shape));
		return strlen(shape);
	}
	if (c == 0x2019 || c == 0x2018 || c == 0x2BC || c == 0x2032)
		return utf8_put('\'', out);
	if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212)
		return utf8_put('-', out);
	/* Ideographic stops end sentences as ours do. */
	if (c == 0x3002)
		return utf8_put('.', out);
	return utf8_put(uc_is_general_category_withtable(c, SIGNS) ? '*' : c, out);
}

static char *decomposed(struct arena *a, const char *s)
{
	uint8_t *text;
	size_t n = 0;
	char *kept;

	text = u8_normalize(UNINORM_NFKD, (const uint8_t *)s, strlen(s), NULL, &n);
	if (!text) /* not UTF-8: it is read byte by byte */
		return arena_text(a, s);
	kept = arena_text_n(a, (char *)text, n);
	free(text);
	return kept;
}

/* Blanks become one; line breaks stay, without blanks before them. */
static char *put_blank(char *start, char *w, bool line)
{
	if (line) {
		w -= w > start && w[-1] == ' ';
		*w++ = '\n';
	} else if (w > start && w[-1] != ' ' && w[-1] != '\n') {
		*w++ = ' ';
	}
	return w;
}

static bool is_ascii(const char *s)
{
	while (*s && (unsigned char)*s < 0x80)
		s++;
	return !*s;
}

char *text_skeleton(struct arena *a, const char *s)
{
	const char *p = is_ascii(s) ? s : decomposed(a, s);
	size_t n = strlen(p), len;
	/* A letter's shape may take two bytes where it took two or more itself; nothing grows. */
	char *out = arena_alloc(a, n + 4), *w = out;

	for (; n; p += len, n -= len) {
		uint32_t c = (unsigned char)*p;

		len = 1;
		if (c >= 0x80)
			c = utf8_char(p, n, &len);
		if (text_is_blank(c) || c == 0x2800)
			w = put_blank(out, w, c == '\n');
		else if (c < 0x80)
			*w++ = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
		else if (!uc_is_general_category_withtable(c, MARKS) && !utf8_is_invisible(c) &&
			 !uc_is_property_default_ignorable_code_point(c))
			w += put_shape(c, w);
	}
	*w = '\0';
	return out;
}
