/* where: which people an expression means, how it is written down, and what is said of one that cannot be read. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/where.h"

#define NOW INT64_C(1790000000000000)

static const char *const NAMES[] = { "address", "year", "city", "seen", "id", "answered" };

/* One person, whom all expressions of the table are asked about. */
static const char *const VALUES[] = { "ann@uni.example", "2004", "K\303\266ln am Rhein", "2026-03-01", "12345678901234567890", NULL };

static struct where *parse(struct arena *a, const char *text)
{
	struct err e = { 0 };
	struct where *w = where_parse(a, text, &e);

	if (!w)
		fail_msg("%s: %s", text, e.text);
	return w;
}

static struct where_person ann(struct arena *a, const struct where *w)
{
	const char *const *names, **value;
	size_t n = where_fields(w, &names);

	value = ARENA_ARRAY(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < COUNT(NAMES); k++)
			if (strcmp(names[i], NAMES[k]) == 0)
				value[i] = VALUES[k];
	return (struct where_person){ .value = value, .flags = "free-provider duplicate-person", .mailed = NOW - 10 * DAY,
				      .mailed_here = NOW - 40 * DAY, .answered = NOW - 3 * DAY, .joined = NOW - 100 * DAY };
}

static const struct {
	const char *text;
	bool in;
} CASES[] = {
	/* numbers */
	{ "year = 2004", true }, { "year != 2004", false }, { "year >= 2004", true }, { "year > 2004", false },
	{ "year <= 2004.0", true }, { "year < 2004.01", true }, { "year > -3", true }, { "year = 02004", true },
	{ "year > 999", true }, { "year < 10000", true }, { "year = \"2004.0\"", false }, { "year = \"2004\"", true },
	{ "id = 12345678901234567890", true }, { "id = 12345678901234567891", false }, { "id < 12345678901234567891", true },
	/* what is no number is neither more nor less, but different */
	{ "city > 1", false }, { "city < 1", false }, { "city = 1", false }, { "city != 1", true },
	/* days */
	{ "seen = 2026-03-01", true }, { "seen > 2026-02-28", true }, { "seen <= 2026-02-28", false }, { "year > 2003-01-01", false },
	{ "year != 2003-01-01", true },
	/* texts, in any case and either form of the umlaut */
	{ "city = \"k\303\226LN AM RHEIN\"", true }, { "city = 'ko\314\210ln am rhein'", true }, { "city = \"k\303\266ln\"", false },
	{ "city contains \"N AM\"", true }, { "city contains \"koln\"", false }, { "city starts with 'K\303\266'", true },
	{ "city starts with \"am\"", false }, { "city < \"l\"", true }, { "city >= \"l\"", false },
	{ "address contains \"@uni.\"", true }, { "city in (\"Ulm\", \"K\303\266ln am Rhein\")", true }, { "year in (2003, 2004.00)", true },
	{ "year in (2003, 2005)", false }, { "year in (\"2004\")", true }, { "seen in (2026-03-01)", true },
	/* nothing known: all comparisons are false, and what negates them is true */
	{ "[answered] = 1", false }, { "[answered] != 1", false }, { "not [answered] = 1", true }, { "[answered] is empty", true },
	{ "[answered] is not empty", false }, { "not [answered] is not empty", true }, { "city is empty", false },
	{ "city is not empty", true }, { "[answered] in (1)", false }, { "[answered] contains \"x\"", false },
	{ "[answered] starts with \"x\"", false }, { "[answered] < \"x\"", false },
	/* history: mailed 10 days ago, by this project 40, answered 3, joined 100 */
	{ "mailed", true }, { "mailed in 10 days", false }, { "mailed in 11 days", true }, { "mailed in 2 weeks", true },
	{ "mailed by this project", true }, { "mailed by this project in 1 month", false },
	{ "mailed by this project in 2 months", true }, { "answered", true }, { "answered in 3 days", false },
	{ "answered in 4 days", true }, { "joined in 99 days", false }, { "joined in 101 days", true }, { "bounced", false },
	{ "not bounced", true }, { "flag free-provider", true }, { "flag role", false }, { "flag duplicate-person", true },
	/* and, or, not, brackets */
	{ "mailed and bounced", false }, { "mailed or bounced", true }, { "bounced and mailed or answered", true },
	{ "bounced and (mailed or answered)", false }, { "not bounced and not mailed", false }, { "not (bounced and mailed)", true },
	{ "not not mailed", true }, { "MAILED And NOT Bounced", true }, { "((mailed))", true }, { "YEAR=2004 and(not bounced)", true },
};

static void the_right_people(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct where *w = parse(a, CASES[i].text);
		struct where_person p = ann(a, w);

		if (where_holds(w, &p, NOW, a) != CASES[i].in)
			fail_msg("%s: %s", CASES[i].text, CASES[i].in ? "should be in" : "should be out");
		/* What fails is told of those who are out, and of nobody else. */
		assert_int_equal(where_failing(w, &p, NOW, a)[0] == '\0', CASES[i].in);
		/* What is written down means the same, and is written the same. */
		assert_string_equal(where_text(parse(a, where_text(w))), where_text(w));
		assert_int_equal(where_holds(parse(a, where_text(w)), &p, NOW, a), CASES[i].in);
	}
	arena_free(a);
}

static void never_mailed(void **state)
{
	struct arena *a = arena_new();
	struct where_person p = { .flags = "" };

	(void)state;
	assert_false(where_holds(parse(a, "mailed or mailed by this project or answered or joined in 9999 days"), &p, NOW, a));
	assert_true(where_holds(parse(a, "not mailed in 14 days and not answered"), &p, NOW, a));
	arena_free(a);
}

static const struct {
	const char *text, *canonical, *words;
} WRITTEN[] = {
	{ "year>=2004 AND not mailed in 14 days and not answered", "year >= 2004 and not mailed in 14 days and not answered",
	  "people whose year is at least 2004 and who were not mailed in the last 14 days and who have not answered" },
	{ "(a = 1 or b = 2) and c = 3", "(a = 1 or b = 2) and c = 3", "people (whose a is 1 or whose b is 2) and whose c is 3" },
	{ "a = 1 or (b = 2 and c = 3)", "a = 1 or b = 2 and c = 3", "people whose a is 1 or whose b is 2 and whose c is 3" },
	{ "a = 1 and (b = 2 and c = 3)", "a = 1 and b = 2 and c = 3", "people whose a is 1 and whose b is 2 and whose c is 3" },
	{ "not (a = 1 or not b = 2)", "not (a = 1 or not b = 2)", "people whose a is empty or is not 1 and whose b is 2" },
	{ "bounced and not (mailed and answered)", "bounced and not (mailed and answered)",
	  "people whose address has bounced and (who were not mailed at any time or who have not answered)" },
	{ "x = 'say \"yes\\\\no\"'", "x = \"say \\\"yes\\\\no\\\"\"", "people whose x is “say \"yes\\no\"”" },
	{ "x in (1,\"b\" , 2026-01-02)", "x in (1, \"b\", 2026-01-02)", "people whose x is 1, “b” or 2026-01-02" },
	{ "not x != 5", "not x != 5", "people whose x is empty or is 5" },
	{ "x != 5", "x != 5", "people whose x is not 5" },
	{ "x = -007.50 and y = -0 and z = 0.0", "x = -7.5 and y = 0 and z = 0", "people whose x is -7.5 and whose y is 0 and whose z is 0" },
	{ "joined in 1 days or mailed by this project in 2 week", "joined in 1 day or mailed by this project in 2 weeks",
	  "people who agreed in the last 1 day or who were mailed by this project in the last 2 weeks" },
	{ "[flag] is not empty and flag no-mx", "[flag] is not empty and flag no-mx",
	  "people whose flag is not empty and whose address is flagged as no-mx" },
	{ "[year] < 2026-01-01 and n starts with 'a' and not n contains \"b\"",
	  "year < 2026-01-01 and n starts with \"a\" and not n contains \"b\"",
	  "people whose year is before 2026-01-01 and whose n starts with “a” and whose n is empty or does not contain “b”" },
};

static void it_is_written_in_one_way(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(WRITTEN); i++) {
		struct where *w = parse(a, WRITTEN[i].text);

		assert_string_equal(where_text(w), WRITTEN[i].canonical);
		assert_string_equal(where_words(w), WRITTEN[i].words);
	}
	arena_free(a);
}

static const struct {
	const char *text, *says;
} FAULTS[] = {
	{ "", "column 1: a field, or mailed, answered, joined, bounced or flag is wanted here, and not the end" },
	{ "   ", "column 4: a field" },
	{ "and", "column 1: a field, or mailed, answered, joined, bounced or flag is wanted here, and not “and”" },
	{ "year", "column 5: behind the field “year” stands =, !=, <, <=, >, >=, contains" },
	{ "year =", "column 7: a number, a day such as 2026-11-23 or a text in quotes is wanted here, and not the end" },
	{ "city = Leeds", "column 8: text stands in quotes: \"Leeds\"" },
	{ "city == \"x\"", "column 7: a number, a day" },
	{ "k = 1 or c = K\303\266ln", "column 14: text stands in quotes: \"K\303\266ln\"" },
	{ "city = \"K\303\266ln\" x", "column 15: “and” or “or” is wanted here, or the end, and not “x”" },
	{ "year ! 3", "column 6: write !=" },
	{ "year = 20a4", "column 8: “20a4” is neither a number nor a day such as 2026-11-23; text stands in quotes: \"20a4\"" },
	{ "year = 2026-13-01", "column 8: “2026-13-01” is neither" },
	{ "year = 1.", "column 8: “1.” is neither" },
	{ "year = -", "column 8: “-” is neither" },
	{ "city = \"open", "column 8: the quote that begins here is not closed; put \" behind the text" },
	{ "city = 'open", "column 8: the quote that begins here is not closed; put ' behind the text" },
	{ "city = \"\"", "column 8: the text is empty; write “is empty” or “is not empty”" },
	{ "city contains 5", "column 15: behind “contains” stands a text in quotes: \"5\"" },
	{ "city starts \"x\"", "column 13: “starts with” is wanted, and not “starts” and “\"x\"”" },
	{ "city starts with 5", "column 18: behind “starts with” stands a text in quotes: \"5\"" },
	{ "city in \"a\"", "column 9: behind “in” stands a list in brackets: in (\"a\", \"b\")" },
	{ "city in ()", "column 10: a number, a day" },
	{ "city in (\"a\" \"b\")", "column 14: a comma or ) is wanted in this list, and not “\"b\"”" },
	{ "city in (\"a\"", "column 13: a comma or ) is wanted in this list, and not the end" },
	{ "city not in (\"a\")", "column 6: “not” stands before the name of the field: not city" },
	{ "city is \"x\"", "column 9: behind “is” stands “empty” or “not empty”; to compare, write = or !=" },
	{ "city is not x", "column 13: behind “is” stands" },
	{ "mailed in days", "column 11: behind “in” stands a whole number from 1 to 9999, as in “in 14 days”, and not “days”" },
	{ "mailed in 0 days", "column 11: behind “in” stands a whole number" },
	{ "mailed in 1.5 days", "column 11: behind “in” stands a whole number" },
	{ "mailed in 14", "column 13: days, weeks or months is wanted here, and not the end" },
	{ "mailed in 14 years", "column 14: days, weeks or months is wanted here, and not “years”" },
	{ "mailed by us", "column 11: “by this project” is wanted here, and not “us”" },
	{ "joined", "column 1: say since when: joined in 30 days" },
	{ "answered = \"yes\"", "column 1: “answered” is a word of this language; a field of this name stands in square brackets: [answered]" },
	{ "flag big", "column 6: behind “flag” stands one of role, disposable" },
	{ "(year = 1", "column 1: the bracket that opens here is not closed; put ) at its end" },
	{ "(year = 1 mailed)", "column 11: “and”, “or” or ) is wanted here, and not “mailed”" },
	{ "year = 1)", "column 9: “and” or “or” is wanted here, or the end, and not “)”" },
	{ "[year = 1", "column 1: between square brackets stands the name of a field" },
	{ "[_g] < \"k\"", "column 1: between square brackets stands the name of a field" },
	{ "[1st] = 1", "column 1: between square brackets stands the name of a field" },
	{ "first-name = 1", "column 1: “first-name” is no name of a field" },
	{ "year = 1 & year = 2", "column 10: “&” means nothing here" },
	{ "year = 1; drop", "column 9: “;” means nothing here" },
	{ "year \303\244 1", "column 6: “\303\244” means nothing here; text stands in quotes" },
	{ "year = \"a\001\"", "column 10: there is a control or invisible character; take it out" },
	{ "year = \"a\342\200\213\"", "column 10: there is a control or invisible character" },
	{ "year = \"\377\"", "it is not UTF-8" },
};

static void faults_name_the_place_and_the_mend(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(FAULTS); i++) {
		struct err e = { 0 };

		if (where_parse(a, FAULTS[i].text, &e))
			fail_msg("%s: is taken", FAULTS[i].text);
		assert_int_equal(e.kind, ERR_INPUT);
		if (strncmp(e.text, FAULTS[i].says, strlen(FAULTS[i].says)) != 0)
			fail_msg("%s: says “%s”, not “%s”", FAULTS[i].text, e.text, FAULTS[i].says);
	}
	arena_free(a);
}

static const char *repeated(struct arena *a, const char *first, const char *again, size_t times, const char *last)
{
	struct buf b;
	const char *text;

	buf_init(&b, 100000);
	buf_adds(&b, first);
	for (size_t i = 0; i < times; i++)
		buf_adds(&b, again);
	buf_adds(&b, last);
	text = arena_text(a, buf_text(&b));
	buf_free(&b);
	return text;
}

static void refuses(struct arena *a, const char *text, const char *says)
{
	struct err e = { 0 };

	assert_null(where_parse(a, text, &e));
	if (!strstr(e.text, says))
		fail_msg("says “%s”, not “%s”", e.text, says);
}

static void it_has_bounds(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	parse(a, repeated(a, "", "(", 32, repeated(a, "mailed", ")", 32, "")));
	refuses(a, repeated(a, "", "(", 33, repeated(a, "mailed", ")", 33, "")), "column 33: brackets and nots go deeper than 32");
	parse(a, repeated(a, "", "not ", 32, "mailed"));
	refuses(a, repeated(a, "", "not ", 33, "mailed"), "go deeper than 32");
	parse(a, repeated(a, "a=1", " or a=1", 99, ""));
	refuses(a, repeated(a, "a=1", " or a=1", 100, ""), "there are more than 100 terms");
	parse(a, repeated(a, "a in (1", ",1", 99, ")"));
	refuses(a, repeated(a, "a in (1", ",1", 100, ")"), "there are more than 100 terms");
	refuses(a, repeated(a, "mailed", " ", 2000, ""), "it is longer than 2000 bytes");
	refuses(a, repeated(a, "mailed", " or mailed", 99, " or not (a=1)"), "more than 100 terms");
	refuses(a, repeated(a, "a=\"", "x", 201, "\""), "the text is longer than 200 characters");
	/* Short as it was written, and too long with its blanks. */
	refuses(a, repeated(a, "abcdefghijk=\"1\"", "or abcdefghijk=\"1\"", 98, ""), "it is longer than 2000 bytes when it is written out");
	arena_free(a);
}

static void fields_that_nobody_has(void **state)
{
	static const char *const KNOWN[] = { "address", "name", "year", "city" };
	struct arena *a = arena_new();
	struct where *w = parse(a, "year = 1 and k = \"\303\274\" and yaer = 2 and k = 3");
	const char *const *names;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(where_fields(w, &names), 3);
	assert_string_equal(names[2], "yaer");
	assert_int_equal(where_unknown_field(w, 2, KNOWN, COUNT(KNOWN), &e), -1);
	assert_string_equal(e.text, "column 26: nobody on the list has a field “yaer”; is “year” meant? There are address, name, year, city");
	assert_int_equal(where_unknown_field(w, 1, KNOWN, COUNT(KNOWN), &e), -1);
	assert_string_equal(e.text, "column 14: nobody on the list has a field “k”; there are address, name, year, city");
	arena_free(a);
}

static void it_says_what_it_needs(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_int_equal(where_needs(parse(a, "answered or bounced or flag role")), 0);
	assert_int_equal(where_needs(parse(a, "year = 1")), WHERE_NEEDS_FIELDS);
	assert_int_equal(where_needs(parse(a, "mailed")), WHERE_NEEDS_MAILED);
	assert_int_equal(where_needs(parse(a, "not mailed by this project in 2 days")), WHERE_NEEDS_MAILED_HERE);
	assert_int_equal(where_needs(parse(a, "joined in 2 days or year = 1")), WHERE_NEEDS_JOINED | WHERE_NEEDS_FIELDS);
	arena_free(a);
}

static void what_fails_is_the_first_part(void **state)
{
	struct arena *a = arena_new();
	struct where *w = parse(a, "mailed and (year > 2010 or bounced) and not answered");
	struct where_person p = ann(a, w);

	(void)state;
	assert_string_equal(where_failing(w, &p, NOW, a), "whose year is more than 2010 or whose address has bounced");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_people),
		cmocka_unit_test(never_mailed),
		cmocka_unit_test(it_is_written_in_one_way),
		cmocka_unit_test(faults_name_the_place_and_the_mend),
		cmocka_unit_test(it_has_bounds),
		cmocka_unit_test(fields_that_nobody_has),
		cmocka_unit_test(it_says_what_it_needs),
		cmocka_unit_test(what_fails_is_the_first_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
