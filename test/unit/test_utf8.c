/* Unicode text: validity, normal form, and what may not stand in a field (FMT-3). */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <unicase.h>

static void validity(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{ "", true },
		{ "plain", true },
		{ "\xc3\xa9", true },
		{ "\xe2\x82\xac", true },
		{ "\xf0\x9f\x98\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\xc3", false },             /* cut off */
		{ "\xa9", false },             /* starts in the middle */
		{ "\xc0\xaf", false },         /* "/" in two bytes */
		{ "\xe0\x80\xaf", false },     /* and in three */
		{ "\xed\xa0\x80", false },     /* a surrogate */
		{ "\xf4\x90\x80\x80", false }, /* past the end */
		{ "\xff", false },
		{ "caf\xe9", false }, /* Latin-1 */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (utf8_valid(cases[i].text, strlen(cases[i].text)) != cases[i].valid)
			fail_msg("case %zu: \"%s\"", i, cases[i].text);
}

static void characters_in_and_out(void **state)
{
	static const uint32_t samples[] = { 1, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff };
	char out[4];
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		size_t n = utf8_put(samples[i], out);

		assert_int_equal(utf8_char(out, n, &len), samples[i]);
		assert_int_equal(len, n);
		if (n > 1) { /* with its end missing */
			assert_int_equal(utf8_char(out, n - 1, &len), 0xfffd);
			assert_int_equal(len, 1);
		}
	}
	assert_int_equal(utf8_put(0xd800, out), 3);
	assert_memory_equal(out, "\xef\xbf\xbd", 3);
	assert_int_equal(utf8_char("\0x", 2, &len), 0);
	assert_int_equal(utf8_count("na\xc3\xafve"), 5);
	assert_int_equal(utf8_count(""), 0);
}

static void forms(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(utf8_nfc(a, "e\xcc\x81"), "\xc3\xa9");
	assert_string_equal(utf8_nfc(a, "\xc3\xa9"), "\xc3\xa9");
	assert_string_equal(utf8_nfc(a, ""), "");
	assert_string_equal(utf8_lower(a, "\xc3\x89"
					  "COLE"),
			    "\xc3\xa9"
			    "cole");
	assert_string_equal(utf8_lower(a, "I"), "i"); /* not the Turkish one, whatever the locale */
	assert_string_equal(utf8_lower(a, ""), "");
	arena_free(a);
}

/* As libunistring has it, for each letter among others. */
static void lower_case_of_all_letters(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (uint32_t c = 0x80; c < 0x20000; c++) {
		char text[32], letter[4];
		size_t n = 0;
		uint8_t *wanted;

		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		snprintf(text, sizeof(text), "AB%.*sC\xc3\x84%.*s D", (int)utf8_put(c, letter), letter, (int)utf8_put(c, letter), letter);
		wanted = u8_tolower((const uint8_t *)text, strlen(text) + 1, NULL, NULL, NULL, &n);
		assert_non_null(wanted);
		assert_string_equal(utf8_lower(a, text), (char *)wanted);
		free(wanted);
		arena_clear(a);
	}
	arena_free(a);
}

static void plain_text(void **state)
{
	static const struct {
		const char *text;
		bool plain;
	} cases[] = {
		{ "", true },
		{ "Lena M\xc3\xbcller", true },
		{ "\xf0\x9f\x98\x80", true },
		{ "\xef\xbf\xbd", true }, /* U+FFFD itself, well formed */
		{ "a\r\nBcc: x", false },
		{ "a\tb", false },
		{ "a\x7f", false },
		{ "a\xc2\x85", false },     /* NEL, a C1 control */
		{ "a\xc2\xad", false },     /* soft hyphen */
		{ "a\xe2\x80\x8b", false }, /* zero width space */
		{ "a\xe2\x80\x8f", false }, /* right-to-left mark */
		{ "a\xe2\x80\x90", true },  /* a hyphen: the first past that range */
		{ "a\xe2\x80\xae", false }, /* right-to-left override */
		{ "a\xe2\x80\xaf", true },  /* narrow space: the first past that range */
		{ "a\xe2\x81\xa0", false }, /* word joiner */
		{ "a\xe2\x81\xa6", false }, /* isolate */
		{ "\xef\xbb\xbf"
		  "a",
		  false },                      /* byte order mark */
		{ "a\xf3\xa0\x81\x81", false }, /* tag */
		{ "a\xff", false },             /* malformed is not plain */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (utf8_is_plain(cases[i].text) != cases[i].plain)
			fail_msg("case %zu", i);
}

/* Never in the middle of a character. */
static void fitting(void **state)
{
	(void)state;

	assert_int_equal(utf8_fit(slice_of("abc"), 5), 3);
	assert_int_equal(utf8_fit(slice_of("abc"), 2), 2);
	assert_int_equal(utf8_fit(slice_of("a\xC3\xA5" "b"), 2), 1);
	assert_int_equal(utf8_fit(slice_of("a\xC3\xA5" "b"), 3), 3);
	assert_int_equal(utf8_fit(slice_of("\xF0\x9F\x8D\x88"), 3), 0);
	assert_int_equal(utf8_fit(slice_of(""), 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(validity),
		cmocka_unit_test(characters_in_and_out),
		cmocka_unit_test(forms),
		cmocka_unit_test(lower_case_of_all_letters),
		cmocka_unit_test(plain_text),
		cmocka_unit_test(fitting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
