/*
 * Domains that look like others (ADR-5, UTS #39). A skeleton is what a reader
 * sees at a glance: letters of Cyrillic, Greek, Armenian and rarer Latin become
 * the ASCII letter of their shape, marks above and below go, "rn" is m, "vv" is
 * w, 0 is o, 1 is l. Two domains of one skeleton look alike. The table is for
 * lower-case letters, since domains are; it leaves out scripts in which no
 * domain passes for an ASCII one (Hebrew, Arabic, Indic, East Asian).
 */
#include "mail/address_inner.h"

#include "base/utf8.h"
#include "mail/address_lists.h"

#include <idn2.h>
#include <uninorm.h>
#include <unictype.h>

#define SKELETON_MAX 1200 /* a domain in U-labels, each letter of which may become two */
#define MARKS_MAX 4       /* stacked on one letter */

/* --- skeletons ------------------------------------------------------------ */

static const struct {
	uint16_t c;
	char shape[3];
} SHAPES[] = {
	/* Latin */
	{ 0x00E6, "ae" }, { 0x00F8, "o" },  { 0x0111, "d" },  { 0x0127, "h" },  { 0x0131, "i" },  { 0x0138, "k" },
	{ 0x0142, "l" },  { 0x014B, "n" },  { 0x0153, "oe" }, { 0x0167, "t" },  { 0x017F, "f" },  { 0x0180, "b" },
	{ 0x0185, "b" },  { 0x0192, "f" },  { 0x0199, "k" },  { 0x019A, "l" },  { 0x01A5, "p" },  { 0x01AD, "t" },
	{ 0x01B4, "y" },  { 0x01B6, "z" },  { 0x0237, "j" },  { 0x023C, "c" },  { 0x0247, "e" },  { 0x0249, "j" },
	{ 0x024D, "r" },  { 0x024F, "y" },  { 0x0251, "a" },  { 0x0253, "b" },  { 0x0256, "d" },  { 0x0257, "d" },
	{ 0x0260, "g" },  { 0x0261, "g" },  { 0x0262, "g" },  { 0x0266, "h" },  { 0x0268, "i" },  { 0x0269, "i" },
	{ 0x026A, "i" },  { 0x026B, "l" },  { 0x026F, "w" },  { 0x0271, "m" },  { 0x0272, "n" },  { 0x0273, "n" },
	{ 0x0274, "n" },  { 0x0275, "o" },  { 0x027C, "r" },  { 0x027D, "r" },  { 0x0280, "r" },  { 0x0282, "s" },
	{ 0x0288, "t" },  { 0x0289, "u" },  { 0x028B, "u" },  { 0x028F, "y" },  { 0x0290, "z" },  { 0x0299, "b" },
	{ 0x029C, "h" },  { 0x029F, "l" },
	/* Greek */
	{ 0x03B1, "a" },  { 0x03B3, "y" },  { 0x03B7, "n" },  { 0x03B9, "i" },  { 0x03BA, "k" },  { 0x03BC, "u" },
	{ 0x03BD, "v" },  { 0x03BF, "o" },  { 0x03C1, "p" },  { 0x03C3, "o" },  { 0x03C4, "t" },  { 0x03C5, "u" },
	{ 0x03C7, "x" },  { 0x03C9, "w" },  { 0x03F2, "c" },  { 0x03F3, "j" },  { 0x03FC, "p" },
	/* Cyrillic */
	{ 0x0430, "a" },  { 0x0432, "b" },  { 0x0433, "r" },  { 0x0435, "e" },  { 0x043A, "k" },  { 0x043C, "m" },
	{ 0x043D, "h" },  { 0x043E, "o" },  { 0x043F, "n" },  { 0x0440, "p" },  { 0x0441, "c" },  { 0x0442, "t" },
	{ 0x0443, "y" },  { 0x0445, "x" },  { 0x0448, "w" },  { 0x044C, "b" },  { 0x0454, "e" },  { 0x0455, "s" },
	{ 0x0456, "i" },  { 0x0458, "j" },  { 0x045B, "h" },  { 0x0461, "w" },  { 0x0475, "v" },  { 0x048F, "p" },
	{ 0x0491, "r" },  { 0x0493, "f" },  { 0x049B, "k" },  { 0x04A3, "h" },  { 0x04AB, "c" },  { 0x04AD, "t" },
	{ 0x04AF, "y" },  { 0x04B1, "y" },  { 0x04B3, "x" },  { 0x04BB, "h" },  { 0x04BD, "e" },  { 0x04CF, "l" },
	{ 0x04D5, "ae" }, { 0x04E9, "o" },  { 0x0501, "d" },  { 0x050D, "g" },  { 0x051B, "q" },  { 0x051D, "w" },
	/* Armenian */
	{ 0x0563, "q" },  { 0x0566, "q" },  { 0x0570, "h" },  { 0x0575, "j" },  { 0x0578, "n" },  { 0x057D, "u" },
	{ 0x0581, "g" },  { 0x0585, "o" },
	/* small capitals of Latin */
	{ 0x1D00, "a" },  { 0x1D04, "c" },  { 0x1D05, "d" },  { 0x1D07, "e" },  { 0x1D0A, "j" },  { 0x1D0B, "k" },
	{ 0x1D0D, "m" },  { 0x1D0F, "o" },  { 0x1D18, "p" },  { 0x1D1B, "t" },  { 0x1D1C, "u" },  { 0x1D20, "v" },
	{ 0x1D21, "w" },  { 0x1D22, "z" },
};

/* A letter without its marks: "ǘ" is u. */
static uint32_t bare(uint32_t c)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];

	for (int i = 0; i < MARKS_MAX && uc_canonical_decomposition(c, parts) > 0; i++)
		c = parts[0];
	return c;
}

const char *letter_shape(uint32_t c)
{
	for (size_t i = 0; i < COUNT(SHAPES); i++)
		if (SHAPES[i].c == c)
			return SHAPES[i].shape;
	return NULL;
}

struct skeleton {
	char text[SKELETON_MAX];
	size_t n;
	bool over;
};

/* Adds an ASCII character as it looks, which may change the one before it. */
static void add_ascii(struct skeleton *s, char c)
{
	char *before = s->n ? &s->text[s->n - 1] : NULL;

	c = c == '0' ? 'o' : c;
	c = c == '1' ? 'l' : c;
	if (before && *before == 'r' && c == 'n')
		*before = 'm';
	else if (before && *before == 'v' && c == 'v')
		*before = 'w';
	else
		s->text[s->n++] = c;
}

static void add_shape(struct skeleton *s, uint32_t c)
{
	const char *shape;

	c = c < 0x80 ? c : bare(c);
	shape = c < 0x80 ? NULL : letter_shape(c);
	if (s->n + 8 > SKELETON_MAX)
		s->over = true;
	else if (c < 0x80)
		add_ascii(s, (char)c);
	else if (shape)
		for (; *shape; shape++)
			add_ascii(s, *shape);
	else if (!uc_is_general_category(c, UC_CATEGORY_Mn) && !utf8_is_invisible(c))
		s->n += utf8_put(c, s->text + s->n);
}

/* Of a domain in U-labels. False if it is longer than any domain. */
static bool make_skeleton(struct skeleton *s, const char *shown)
{
	size_t left = strlen(shown), len;

	s->n = 0;
	s->over = false;
	for (; left && !s->over; shown += len, left -= len)
		add_shape(s, utf8_char(shown, left, &len));
	s->text[s->n] = '\0';
	return !s->over;
}

char *domain_skeleton(struct arena *a, const char *shown)
{
	struct skeleton s;

	return make_skeleton(&s, shown) ? arena_text_n(a, s.text, s.n) : NULL;
}

/* --- what a domain resembles ---------------------------------------------- */

/* Is `s` its own skeleton? Nearly all domains are. */
static bool is_bare(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80 || *s == '0' || *s == '1' || (*s == 'r' && s[1] == 'n') ||
		    (*s == 'v' && s[1] == 'v'))
			return false;
	return true;
}

/* The last labels of `domain`, as many as `like` has; NULL if it has fewer. */
const char *domain_tail(const char *domain, const char *like)
{
	const char *p = domain + strlen(domain);

	for (const char *dot = like; dot; dot = strchr(dot + 1, '.')) {
		if (p == domain)
			return NULL;
		do
			p--;
		while (p > domain && *p != '.');
	}
	return *p == '.' ? p + 1 : p;
}

bool domain_is_known(const char *domain, const char *const *known, size_t n_known)
{
	for (size_t i = 0; i < n_known; i++)
		if (domain_is_within(domain, known[i]))
			return true;
	return list_has_free_provider(domain) || list_has_disposable(domain);
}

/* Of a domain in A-labels. */
static bool make_known_skeleton(struct skeleton *s, const char *domain)
{
	char *shown = NULL;
	bool made;

	if (!strstr(domain, "xn--"))
		return make_skeleton(s, domain);
	made = idn2_to_unicode_8z8z(domain, &shown, 0) == IDN2_OK && make_skeleton(s, shown);
	idn2_free(shown);
	return made;
}

const char *address_resembles(const struct address *addr, const char *const *known, size_t n_known)
{
	struct skeleton of_domain, of_known;
	bool bare_domain = is_bare(addr->domain_shown);

	if ((bare_domain && !n_known && !list_skewed(addr->domain)) ||
	    domain_is_known(addr->domain, known, n_known) || !make_skeleton(&of_domain, addr->domain_shown))
		return NULL;
	for (size_t i = 0; i < n_known; i++) {
		const char *tail;

		if (bare_domain && is_bare(known[i]) && !strstr(known[i], "xn--")) /* alike only if equal */
			continue;
		tail = make_known_skeleton(&of_known, known[i]) ? domain_tail(of_domain.text, of_known.text) : NULL;
		if (tail && strcmp(tail, of_known.text) == 0)
			return known[i];
	}
	return list_skewed(of_domain.text) ? list_skewed(of_domain.text) : list_find_free_provider(of_domain.text);
}

/* --- scripts -------------------------------------------------------------- */

/* Scripts that are written together: Latin stands with any one of East Asia's groups (UTS #39). */
enum script { SCRIPT_NONE, SCRIPT_HAN = 1, SCRIPT_KANA = 2, SCRIPT_HANGUL = 4, SCRIPT_BOPOMOFO = 8, SCRIPT_LATIN = 16 };

static unsigned east_asian(const char *name)
{
	static const struct {
		const char *name;
		unsigned bit;
	} KNOWN[] = { { "Han", SCRIPT_HAN },       { "Hiragana", SCRIPT_KANA },     { "Katakana", SCRIPT_KANA },
		      { "Hangul", SCRIPT_HANGUL }, { "Bopomofo", SCRIPT_BOPOMOFO }, { "Latin", SCRIPT_LATIN } };

	for (size_t i = 0; i < COUNT(KNOWN); i++)
		if (strcmp(name, KNOWN[i].name) == 0)
			return KNOWN[i].bit;
	return 0;
}

static bool is_mixed(const char *label, size_t n)
{
	const char *other = NULL;
	unsigned seen = 0;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		const uc_script_t *script = uc_script(utf8_char(label + i, n - i, &len));
		unsigned bit;

		if (!script || strcmp(script->name, "Common") == 0 || strcmp(script->name, "Inherited") == 0)
			continue;
		bit = east_asian(script->name);
		if (!bit && other && strcmp(other, script->name) != 0)
			return true;
		if (!bit)
			other = script->name;
		seen |= bit;
	}
	if (other)
		return seen != 0;
	seen &= ~(unsigned)SCRIPT_LATIN;
	return !(seen == 0 || (seen | SCRIPT_HAN | SCRIPT_KANA) == (SCRIPT_HAN | SCRIPT_KANA) ||
		 (seen | SCRIPT_HAN | SCRIPT_HANGUL) == (SCRIPT_HAN | SCRIPT_HANGUL) ||
		 (seen | SCRIPT_HAN | SCRIPT_BOPOMOFO) == (SCRIPT_HAN | SCRIPT_BOPOMOFO));
}

static bool is_ascii(const char *s)
{
	while (*s && (unsigned char)*s < 0x80)
		s++;
	return !*s;
}

bool text_has_mixed_label(const char *text)
{
	if (is_ascii(text)) /* one script at the most */
		return false;
	for (;;) {
		size_t n = strcspn(text, ".");

		if (is_mixed(text, n))
			return true;
		if (!text[n])
			return false;
		text += n + 1;
	}
}
