/*
 * What a person is told about an address that may be mistyped or passed off as
 * another: hints, look-alikes, and the words of the flags.
 */
#include "mail/address_inner.h"
#include "mail/address_lists.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const KNOWN[] = { "sampleton.ac.uk", "uni.example", "tu-berlin.de", "modern.example",
				     "xn--mnchen-3ya.example" };

struct doubt {
	const char *cell, *want;
};

static struct address read_one(struct arena *a, const char *cell)
{
	struct address out = { 0 };
	struct err e = { 0 };

	if (address_parse(a, cell, &out, &e) < 0)
		fail_msg("%s: %s", cell, e.text);
	return out;
}

static void test_hint(void **state)
{
	static const struct doubt CASES[] = {
		{ "a@gmial.com", "gmail.com" },       { "a@gmail.con", "gmail.com" },      { "a@gmai.l.com", "gmail.com" },
		{ "a@hotmial.com", "hotmail.com" },   { "a@outlok.com", "outlook.com" },   { "a@yaho.com", "yahoo.com" },
		{ "a@icloud.co", "icloud.com" },      { "a@gamil.com", "gmail.com" },      { "a@gmail.cm", "gmail.com" },
		{ "a@gmail.co", "gmail.com" },        { "a@gmail.comm", "gmail.com" },     { "a@gmailc.om", "gmail.com" },
		{ "a@gmai.com", "gmail.com" },        { "a@gnail.com", "gmail.com" },      { "a@mgail.com", "gmail.com" },
		{ "a@hotmail.co.ukk", "hotmail.co.uk" }, { "a@yhaoo.com", "yahoo.com" },   { "a@yahoo.cmo", "yahoo.com" },
		{ "a@aol.con", "aol.com" },           { "a@web.dee", "web.de" },           { "a@t-onlne.de", "t-online.de" },
		{ "a@googlmail.com", "googlemail.com" }, { "a@protonmial.com", "protonmail.com" },
		/* the caller's own */
		{ "a@samplton.ac.uk", "sampleton.ac.uk" },
		{ "a@sampelton.ac.uk", "sampleton.ac.uk" },
		{ "a@sampleton.ac.ukk", "sampleton.ac.uk" },
		{ "a@uni.exampel", "uni.example" },
		{ "a@students.sampeton.ac.uk", "students.sampleton.ac.uk" },
		{ "a@tu-belrin.de", "tu-berlin.de" },
		/* known, real neighbours, too short, or another country's */
		{ "a@gmail.com", NULL },              { "a@mail.com", NULL },              { "a@email.com", NULL },
		{ "a@gmx.at", NULL },                 { "a@ymail.com", NULL },             { "a@live.co.uk", NULL },
		{ "a@gmx.fr", NULL },                 { "a@gmx.be", NULL },                { "a@hotmail.be", NULL },
		{ "a@cloud.com", NULL },              { "a@love.com", NULL },              { "a@libera.it", NULL },
		{ "a@yahoo.be", NULL },               { "a@wab.de", NULL },                { "a@hu-berlin.de", NULL },
		{ "a@fu-berlin.de", NULL },           { "a@sampleton.ac.uk", NULL },       { "a@x.sampleton.ac.uk", NULL },
		{ "a@unt.example", NULL },            { "a@yopmail.com", NULL },
		{ "a@x.gmial.com", NULL },            { "a@gmail.ac.uk", NULL },           { "a@b.cd", NULL },
	};
	struct arena *a = arena_new();
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct address addr = read_one(a, CASES[i].cell);
		const char *hint = address_hint(a, &addr, KNOWN, COUNT(KNOWN));

		if (strcmp(hint ? hint : "-", CASES[i].want ? CASES[i].want : "-") != 0)
			fail_msg("%s: hint %s, wanted %s", CASES[i].cell, hint ? hint : "-", CASES[i].want ? CASES[i].want : "-");
	}
	arena_free(a);
}

/* No provider is taken for a mistyped other one. */
static void test_no_hint_for_providers(void **state)
{
	struct arena *a = arena_new();
	size_t n;
	const char *const *free_one = list_free_providers(&n);
	(void)state;

	for (size_t i = 0; i < n; i++) {
		struct address addr = read_one(a, arena_printf(a, "a@%s", free_one[i]));

		assert_null(address_hint(a, &addr, NULL, 0));
		assert_null(address_resembles(&addr, NULL, 0));
		assert_int_equal(address_flags(&addr) & ADDRESS_LOOKALIKE, 0);
	}
	list_large(&n);
	for (size_t i = 0; i < n; i++)
		assert_true(list_has_free_provider(list_large(&n)[i]));
	arena_free(a);
}

static void test_resembles(void **state)
{
	static const struct doubt CASES[] = {
		{ "a@grnail.com", "gmail.com" },      { "a@gmnail.com", NULL },
		{ "a@hotrnail.com", "hotmail.com" },
		{ "a@0utlook.com", "outlook.com" },   { "a@yah00.com", "yahoo.com" },     { "a@out1ook.com", "outlook.com" },
		{ "a@ic1oud.com", "icloud.com" },     { "a@l63.com", "163.com" },         { "a@btintemet.com", "btinternet.com" },
		{ "a@gm\xD0\xB0il.com", "gmail.com" },                     /* Cyrillic a */
		{ "a@\xD0\xBE\xD0\xBA.ru", NULL },                         /* all Cyrillic, like none */
		{ "a@yah\xCE\xBF\xCE\xBF.com", "yahoo.com" },              /* Greek omicron */
		{ "a@yah\xD6\x85\xD6\x85.com", "yahoo.com" },              /* Armenian oh */
		{ "a@\xD1\x83\xD0\xB0\xD2\xBB\xD0\xBE\xD0\xBE.com", "yahoo.com" }, /* all Cyrillic */
		{ "a@gm\xC3\xA1il.com", "gmail.com" },                     /* a with a mark */
		{ "a@gma\xC4\xB1l.com", "gmail.com" },                     /* without its dot */
		{ "a@sarnpleton.ac.uk", "sampleton.ac.uk" },
		{ "a@x.sarnpleton.ac.uk", "sampleton.ac.uk" },
		{ "a@modem.example", "modern.example" },
		{ "a@rnodern.example", "modern.example" },
		{ "a@munchen.example", "xn--mnchen-3ya.example" },         /* marks are taken off both */
		{ "a@sampleton.ac.uk", NULL },        { "a@rn.sampleton.ac.uk", NULL },   { "a@gmail.com", NULL },
		{ "a@163.com", NULL },                { "a@uni1.example", NULL },         { "a@m\xC3\xBCnchen.example", NULL },
	};
	struct arena *a = arena_new();
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct address addr = read_one(a, CASES[i].cell);
		const char *of = address_resembles(&addr, KNOWN, COUNT(KNOWN));
		bool flag = address_flags_among(&addr, KNOWN, COUNT(KNOWN)) & ADDRESS_LOOKALIKE;

		if (strcmp(of ? of : "-", CASES[i].want ? CASES[i].want : "-") != 0)
			fail_msg("%s: resembles %s, wanted %s", CASES[i].cell, of ? of : "-", CASES[i].want ? CASES[i].want : "-");
		if (of && !flag)
			fail_msg("%s has no flag", CASES[i].cell);
	}
	arena_free(a);
}

static void test_skeleton(void **state)
{
	struct arena *a = arena_new();
	char *wide = arena_alloc(a, 3000);
	size_t n;
	const char *const *free_one = list_free_providers(&n);
	(void)state;

	assert_string_equal(domain_skeleton(a, "gmail.com"), "gmail.com");
	assert_string_equal(domain_skeleton(a, "rnvv01"), "mwol");
	assert_string_equal(domain_skeleton(a, "\xD0\xB3n"), "m");          /* Cyrillic ge reads as r */
	assert_string_equal(domain_skeleton(a, "\xC7\x98"), "u");           /* three code points in one */
	assert_string_equal(domain_skeleton(a, "a\xCC\x81" "b"), "ab");     /* a mark of its own */
	assert_string_equal(domain_skeleton(a, "\xE6\x97\xA5"), "\xE6\x97\xA5");
	memset(wide, 'a', 2999);
	assert_null(domain_skeleton(a, wide));
	for (size_t i = 0; i < n; i++) { /* the table of those whose skeleton is another word lacks none */
		const char *skeleton = domain_skeleton(a, free_one[i]);

		if (strcmp(skeleton, free_one[i]) != 0 && (!list_skewed(skeleton) || strcmp(list_skewed(skeleton), free_one[i])))
			fail_msg("SKEWED lacks { \"%s\", \"%s\" }", skeleton, free_one[i]);
	}
	arena_free(a);
}

static void test_one_off(void **state)
{
	static const struct {
		const char *one, *other;
		bool off;
	} CASES[] = {
		{ "", "", false },         { "a", "", true },        { "a", "a", false },      { "ab", "ba", true },
		{ "abc", "bca", false },   { "abc", "ac", true },    { "abc", "abd", true },   { "abc", "ade", false },
		{ "aab", "ab", true },     { "aaa", "a", false },    { "abcd", "acbd", true }, { "abcd", "abdc", true },
		{ "abab", "baba", false }, { "ab", "cd", false },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct slice one = slice_of(CASES[i].one), other = slice_of(CASES[i].other);

		if (text_is_one_off(one, other) != CASES[i].off || text_is_one_off(other, one) != CASES[i].off)
			fail_msg("%s, %s", CASES[i].one, CASES[i].other);
	}
}

static void test_tail(void **state)
{
	(void)state;

	assert_string_equal(domain_tail("a.b.c", "x.y"), "b.c");
	assert_string_equal(domain_tail("b.c", "x.y"), "b.c");
	assert_string_equal(domain_tail("b.c", "x"), "c");
	assert_null(domain_tail("b.c", "x.y.z"));
	assert_null(domain_tail("", "x"));
}

/* Every flag explains itself in one sentence. */
static void test_explains(void **state)
{
	(void)state;

	for (unsigned f = 1; f <= ADDRESS_LOOKALIKE; f <<= 1) {
		const char *text = address_flag_explains((enum address_flag)f), *stop = strchr(text, '.');

		assert_true(strlen(text) > 40 && stop && !stop[1]);
	}
}

/* ADR-9: words of the name, initials, or one slip. */
static void test_name(void **state)
{
	static const struct {
		const char *cell, *name, *want;
	} CASES[] = {
		{ "ann.smith@example.org", "Ann Smith", "name matches: ann" },
		{ "smith@example.org", "Dr Ann Smith", "name matches: smith" },
		{ "asmith7@example.org", "Ann Smith", "name matches: smith" },
		{ "smitha+news@example.org", "Ann Smith", "name matches: smith" },
		{ "annsmith@example.org", "Smith, Ann", "name matches: smith" },
		{ "john.r.smith@example.org", "John Smith", "name matches: john" },
		{ "ob@example.org", "Olga B\xC3\xA4r", "name matches by initials: ob" },
		{ "js1234@example.org", "John Smith", "name matches by initials: js" },
		{ "smiht@example.org", "Ann Smith", "name nearly matches: smiht for smith" },
		{ "mueller@example.org", "J\xC3\xB6rg M\xC3\xBCller", "name matches: mueller" },
		{ "muller@example.org", "J\xC3\xB6rg Mu\xCC\x88ller", "name matches: muller" },
		{ "nguyen@example.org", "Nguy\xE1\xBB\x85n Van", "name matches: nguyen" },
		{ "obrien@example.org", "Pat O\xE2\x80\x99" "Brien", "name matches: obrien" },
		{ "strasse@example.org", "Max Stra\xC3\x9F" "e", "name matches: strasse" },
		{ "walrus@example.org", "Ann Smith", "name does not match" },
		{ "+smith@example.org", "Ann Smith", "name does not match" },
		{ "s1234567@example.org", "Ann Smith", "name does not match" },
		{ "a@example.org", "Ann", "name does not match" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab@example.org", "a a a a a a a a a a a a a", "name does not match" },
		{ "ivan@example.org", "\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD", NULL }, /* Cyrillic: not comparable */
		{ "ann@example.org", "123 --", NULL },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct address addr = read_one(a, CASES[i].cell);
		const char *says = address_name_says(a, &addr, CASES[i].name);

		if (!says != !CASES[i].want || (says && strcmp(says, CASES[i].want) != 0))
			fail_msg("%s, %s: %s", CASES[i].cell, CASES[i].name, says ? says : "nothing");
	}
	arena_free(a);
}

static void test_student_number(void **state)
{
	static const struct {
		const char *cell;
		bool is;
	} CASES[] = {
		{ "s1234567@example.org", true }, { "20231234@example.org", true }, { "AB12345@example.org", true },
		{ "s1234567+x@example.org", true }, { "s1234@example.org", false }, { "smith12345@example.org", false },
		{ "s12345678901@example.org", false }, { "s12345x@example.org", false }, { "ann1990@example.org", false },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct address addr = read_one(a, CASES[i].cell);

		if (address_has_student_number(&addr) != CASES[i].is)
			fail_msg("%s", CASES[i].cell);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hint),     cmocka_unit_test(test_no_hint_for_providers),
		cmocka_unit_test(test_resembles), cmocka_unit_test(test_skeleton),
		cmocka_unit_test(test_one_off),  cmocka_unit_test(test_tail),
		cmocka_unit_test(test_explains), cmocka_unit_test(test_name), cmocka_unit_test(test_student_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
