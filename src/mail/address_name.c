/*
 * Does the part before the @ agree with a person's name (ADR-9)? Both are
 * folded to plain letters, once as "muller" and once as "mueller", and the
 * local part is laid with words and initials of the name. A fact for a person
 * who decides, never a decision: many people choose addresses without a name.
 */
#include "mail/address_inner.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <unictype.h>
#include <uninorm.h>

#define WORDS_MAX 5     /* of a name: what is laid grows with their orders */
#define WORD_MIN 3      /* a shorter one says little by itself */
#define NEAR_MIN 5      /* one slip away from a shorter one is most other words */
#define FOLD_MAX 1024   /* bytes of a name that are looked at */

struct words {
	struct slice at[WORDS_MAX];
	size_t n;
};

/* --- folding ------------------------------------------------------------------------------------- */

/* What has no accent to lose, or loses it into two letters where German and its neighbours write so. */
static const char *spelt(uint32_t c, bool long_way)
{
	static const struct {
		uint32_t c;
		const char *letters, *long_way;
	} SPELT[] = {
		{ 0xE4, NULL, "ae" }, { 0xF6, NULL, "oe" }, { 0xFC, NULL, "ue" }, { 0xE5, NULL, "aa" }, { 0xF8, "o", "oe" },
		{ 0xDF, "ss", "ss" }, { 0xE6, "ae", "ae" }, { 0x153, "oe", "oe" }, { 0x142, "l", "l" }, { 0x111, "d", "d" },
		{ 0xF0, "d", "d" }, { 0xFE, "th", "th" }, { 0x131, "i", "i" },
		{ '\'', "", "" }, { 0x2019, "", "" }, /* O'Brien */
	};

	for (size_t i = 0; i < COUNT(SPELT); i++)
		if (SPELT[i].c == c)
			return long_way ? SPELT[i].long_way : SPELT[i].letters;
	return NULL;
}

/* Appends the letters of one character without their accents; what is no letter parts words. */
static void fold_char(struct buf *out, uint32_t c)
{
	uint32_t apart[UC_DECOMPOSITION_MAX_LENGTH];
	char bytes[4];
	int n = uc_canonical_decomposition(c, apart);
	uint32_t base = n > 0 ? apart[0] : c;

	/* An accent may have been put on an accented letter. */
	if (n > 0 && (n = uc_canonical_decomposition(base, apart)) > 0)
		base = apart[0];
	if (uc_is_general_category(base, UC_CATEGORY_M))
		return;
	if (uc_is_general_category(base, UC_CATEGORY_L))
		buf_add(out, bytes, utf8_put(base, bytes));
	else
		buf_adds(out, " ");
}

static char *fold(struct arena *a, const char *text, bool long_way)
{
	struct slice s = slice_of(utf8_lower(a, text));
	struct buf out;
	char *folded;
	size_t len;

	buf_init(&out, 4 * FOLD_MAX);
	s.n = (size_t)utf8_fit(s, FOLD_MAX);
	for (size_t i = 0; i < s.n; i += len) {
		uint32_t c = utf8_char(s.p + i, s.n - i, &len);
		const char *letters = spelt(c, long_way);

		if (letters)
			buf_adds(&out, letters);
		else
			fold_char(&out, c);
	}
	folded = arena_text_n(a, buf_text(&out), out.n);
	buf_free(&out);
	return folded;
}

static struct words cut(const char *folded)
{
	struct words w = { .n = 0 };

	while (w.n < WORDS_MAX) {
		folded += strspn(folded, " ");
		if (!*folded)
			break;
		w.at[w.n++] = (struct slice){ folded, strcspn(folded, " ") };
		folded += w.at[w.n - 1].n;
	}
	return w;
}

/* --- comparing ----------------------------------------------------------------------------------- */

static bool begins(const char *text, struct slice with)
{
	return strncmp(text, with.p, with.n) == 0;
}

/* Can all of `rest` be laid with words and initials of the name, each used once? *longest: the longest word that was
   used whole. */
static bool lay(const char *rest, const struct words *name, unsigned used, struct slice *longest)
{
	if (!*rest)
		return true;
	for (size_t i = 0; i < name->n; i++) {
		struct slice word = name->at[i], before = *longest;
		size_t initial;

		if (used & (1u << i))
			continue;
		if (begins(rest, word)) {
			if (word.n > longest->n)
				*longest = word;
			if (lay(rest + word.n, name, used | 1u << i, longest))
				return true;
			*longest = before;
		}
		utf8_char(word.p, word.n, &initial);
		if (begins(rest, (struct slice){ word.p, initial }) && lay(rest + initial, name, used | 1u << i, longest))
			return true;
	}
	return false;
}

enum likeness { LIKE_NOTHING, LIKE_NEAR, LIKE_INITIALS, LIKE_WORD };

struct match {
	enum likeness how;
	struct slice local, name;
};

static struct match match_words(const struct words *local, const struct words *name)
{
	struct match best = { LIKE_NOTHING, { NULL, 0 }, { NULL, 0 } };

	for (size_t i = 0; i < local->n; i++)
		for (size_t k = 0; k < name->n; k++) {
			struct slice l = local->at[i], n = name->at[k];

			if (l.n == n.n && l.n >= WORD_MIN && memcmp(l.p, n.p, l.n) == 0)
				return (struct match){ LIKE_WORD, l, n };
			if (l.n >= NEAR_MIN && n.n >= NEAR_MIN && text_is_one_off(l, n))
				best = (struct match){ LIKE_NEAR, l, n };
		}
	return best;
}

static struct match match_folded(struct arena *a, const char *local, const char *name)
{
	struct words l = cut(local), n = cut(name);
	struct match m = match_words(&l, &n);
	struct slice longest = { "", 0 };
	char *joined = arena_text(a, "");

	if (m.how == LIKE_WORD)
		return m;
	for (size_t i = 0; i < l.n; i++)
		joined = arena_printf(a, "%s%.*s", joined, (int)l.at[i].n, l.at[i].p);
	if (strlen(joined) < 2 || !lay(joined, &n, 0, &longest))
		return m;
	if (longest.n >= WORD_MIN)
		return (struct match){ LIKE_WORD, longest, longest };
	return (struct match){ LIKE_INITIALS, slice_of(joined), slice_of(joined) };
}

static bool same_script(const char *local, const char *name)
{
	bool ascii_local = true, ascii_name = true;

	for (; *local; local++)
		ascii_local = ascii_local && (unsigned char)*local < 0x80;
	for (; *name; name++)
		ascii_name = ascii_name && (unsigned char)*name < 0x80;
	return ascii_local == ascii_name;
}

const char *address_name_says(struct arena *a, const struct address *addr, const char *name)
{
	char *local = arena_text_n(a, addr->local, strcspn(addr->local, "+"));
	struct match best = { LIKE_NOTHING, { NULL, 0 }, { NULL, 0 } };
	bool comparable = false;

	for (int long_way = 0; long_way < 2; long_way++) {
		char *l = fold(a, local, long_way), *n = fold(a, name, long_way);
		struct match m;

		if (!cut(n).n)
			return NULL;
		m = match_folded(a, l, n);
		if (m.how > best.how)
			best = m;
		comparable = comparable || same_script(l, n);
	}
	switch (best.how) {
	case LIKE_WORD:
		return arena_printf(a, "name matches: %.*s", (int)best.name.n, best.name.p);
	case LIKE_INITIALS:
		return arena_printf(a, "name matches by initials: %.*s", (int)best.name.n, best.name.p);
	case LIKE_NEAR:
		return arena_printf(a, "name nearly matches: %.*s for %.*s", (int)best.local.n, best.local.p, (int)best.name.n,
				    best.name.p);
	case LIKE_NOTHING:
		break;
	}
	return comparable ? "name does not match" : NULL;
}

/* As universities hand them out: s1234567, 20231234, ab12345. */
bool address_has_student_number(const struct address *addr)
{
	size_t letters = 0, digits = 0, all = strcspn(addr->local, "+");

	while (letters < all && ((addr->local[letters] | 32) >= 'a' && (addr->local[letters] | 32) <= 'z'))
		letters++;
	while (letters + digits < all && addr->local[letters + digits] >= '0' && addr->local[letters + digits] <= '9')
		digits++;
	return letters + digits == all && letters <= 3 && digits >= 5 && digits <= 10;
}
