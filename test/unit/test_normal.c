/* The normal form of texts (standards 12.2, B): what makes two sentences the same, where links lead, and which codes are seen. */
#include "base/buf.h"
#include "mail/normal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

/* --- sentences ------------------------------------------------------------ */

static bool all_known(struct arena *a, const char *approved, const char *handed_in)
{
	struct normal x, y;
	struct normal_index *index;

	normal_read(a, approved, true, &x);
	normal_read(a, handed_in, false, &y);
	index = normal_index_new(a, &x);
	for (size_t i = 0; i < y.n; i++)
		if (!normal_index_knows(index, &y, i))
			return false;
	return true;
}

static void test_what_is_the_same(void **state)
{
	static const struct {
		const char *approved, *handed_in;
		bool same;
	} CASES[] = {
		{ "May we ask you for four minutes?", "May we ask you for four minutes?", true },
		{ "May we ask you for four minutes?", "> May we ask you\n> > for four\t minutes ?", true },
		{ "May we ask you for four minutes?", "MAY WE ASK *YOU* FOR _FOUR_ MINUTES", true },
		{ "May we ask you for four minutes?", "May we ask you for five minutes?", false },
		{ "May we ask you for four minutes?", "May we ask you for four minutes and a password?", false },
		{ "May we ask you for four minutes?", "ask you for four minutes", false },
		{ "\"Caf\xc3\xa9\" is meant - really.", "\xe2\x80\x9c" "Cafe\xcc\x81\xe2\x80\x9d is meant \xe2\x80\x94 really.", true },
		{ "Invisible letters do not part.", "Invi\xe2\x80\x8bsible let\xc2\xadters do not part.", true },
		/* A homoglyph is another letter. */
		{ "Write to our department.", "Write to \xd0\xbeur department.", false },
		{ "Read on at https://uni.example/a today.", "Read on at https://evil.example/b today.", true },
		{ "Read on at https://uni.example/a today.", "Read on at today.", true },
		{ "Dear {name},\n\nwe thank you.", "Dear Maud Pike,\n\nwe thank you.", true },
		{ "Dear {name}, we thank you.", "Dear , we thank you.", true },
		{ "Dear {name}, we thank you.",
		  "Dear friend click here and give us your password and all of your money as soon as you can please, we thank you.", false },
		{ "{name}", "Anything at all may stand here.", false },
		{ "You agreed {consent}.", "You agreed on 1 October 2026, with a signed form (Folder 3), at the department of music and of dance.", true },
		{ "One sentence is here.\n\nAnother one is there.", "One sentence is here\nAnother one is there.", true },
		{ "One sentence is here.\n\nAnother one is there.", "Another one is there. One sentence is here.", true },
		{ "Department of Physics\n1 Hill Road\nHill", "Department of Physics, 1 Hill Road", true },
		{ "Department of Physics\n1 Hill Road\nHill", "Department of Physics, 1 Hill", false },
		/* Values that end a sentence. */
		{ "Sie erhalten dies, weil Sie {consent} zugestimmt haben.",
		  "Sie erhalten dies, weil Sie am 1. Oktober 2026 mit einem Formular (Nr. 3) zugestimmt haben.", true },
		{ "Dear {name}, we thank you.", "Dear Dr. Maud Pike, we thank you.", true },
		{ "We met in {place} last year. We thank you.", "We met in St. Ives last year. We thank you.", true },
		{ "We met in {place} last year.", "We met in the bank. Give us your password. We met again last year.", false },
		{ "Dear {name}, we thank you.",
		  "Dear friend. Click here and give us your password and all of your money as soon as you can please. We thank you.", false },
		{ "Your code is {code}.", "Your code is 7K3M-Q2XV-9TFA.", true },
		{ "", "", true },
		{ "", "Words of somebody else.", false },
		{ "Words that were approved.", "...\n-- \n* * *\n", true },
		{ "\xe3\x81\x93\xe3\x82\x93\xe3\x81\xab\xe3\x81\xa1\xe3\x81\xaf\xe3\x80\x82\xe5\x85\x83\xe6\xb0\x97\xe3\x80\x82",
		  "\xe5\x85\x83\xe6\xb0\x97\xe3\x80\x82", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct arena *a = arena_new();

		if (all_known(a, CASES[i].approved, CASES[i].handed_in) != CASES[i].same)
			fail_msg("case %zu: '%s' / '%s'", i, CASES[i].approved, CASES[i].handed_in);
		arena_free(a);
	}
}

static void test_where_sentences_end(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *first;
	} CASES[] = {
		{ "", 0, NULL },
		{ " \n> \n--\n", 0, NULL },
		{ "One. Two! Three?", 3, "one" },
		{ "It costs 3.50 at uni.example now", 1, "itcosts350atuniexamplenow" },
		{ "He said \"yes.\" She left.", 2, "hesaidyes" },
		{ "- first\n- second\n* third", 3, "first" },
		{ "wrapped at\nthe end", 1, "wrappedattheend" },
		{ "above\n\nbelow", 2, "above" },
		{ "above\n=====\nbelow", 2, "above" },
		{ "a field {name} of ours", 1, "afield\1ofours" },
		{ "no field { name }, {Name}, {} or {x", 1, "nofieldnamenameorx" },
		{ "bad \xff\xfe bytes", 1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct arena *a = arena_new();
		struct normal n;

		normal_read(a, CASES[i].text, true, &n);
		if (n.n != CASES[i].n || (CASES[i].first && strcmp(n.sentence[0].form, CASES[i].first) != 0))
			fail_msg("case %zu: %zu sentences, the first '%s'", i, n.n, n.n ? n.sentence[0].form : "");
		arena_free(a);
	}
}

static void test_what_is_said_twice(void **state)
{
	struct arena *a = arena_new();
	struct normal n;

	(void)state;
	normal_read(a, "We thank you. Please answer. WE THANK YOU!", false, &n);
	assert_int_equal(n.n, 3);
	assert_false(normal_says_again(&n, 0));
	assert_false(normal_says_again(&n, 1));
	assert_true(normal_says_again(&n, 2));
	arena_free(a);
}

/* --- links and codes ------------------------------------------------------ */

static void test_unwrapping(void **state)
{
	static const struct {
		const char *url, *to; /* NULL: it does not say */
	} CASES[] = {
		{ "https://uni.example/a?url=https://b.example/", "https://uni.example/a?url=https://b.example/" },
		{ "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Funi.example%2Fa%3Fb%3Dc&amp;data=05%7C", "https://uni.example/a?b=c" },
		{ "https://eur01.safelinks.protection.outlook.com/?data=05&url=https%3A%2F%2Funi.example%2F", "https://uni.example/" },
		{ "https://eur01.safelinks.protection.outlook.com/?data=05", NULL },
		{ "https://eur01.safelinks.protection.outlook.com/?url=javascript%3Aalert(1)", NULL },
		{ "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Funi.example%2F%0Ax", NULL },
		{ "https://evil.example/safelinks.protection.outlook.com/?url=https%3A%2F%2Funi.example%2F",
		  "https://evil.example/safelinks.protection.outlook.com/?url=https%3A%2F%2Funi.example%2F" },
		{ "https://notsafelinks.protection.outlook.com.evil.example/?url=https%3A%2F%2Funi.example",
		  "https://notsafelinks.protection.outlook.com.evil.example/?url=https%3A%2F%2Funi.example" },
		{ "https://urldefense.com/v3/__https://uni.example/a__;!!NLFGqXoFfo8MMQ!x$", "https://uni.example/a" },
		{ "https://urldefense.com/v3/__https://uni.example/a*b__;Iw!!x$", NULL },
		{ "https://urldefense.proofpoint.com/v2/url?u=https-3A__uni.example_a&d=DwMF", "https://uni.example/a" },
		{ "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2funi.example%2fa&c=E", "https://uni.example/a" },
		{ "https://www.google.com/url?q=https://uni.example/a&sa=D", "https://uni.example/a" },
		{ "https://www.google.com/search?q=https://uni.example/a", "https://www.google.com/search?q=https://uni.example/a" },
		/* Wrapped twice. */
		{ "https://www.google.com/url?q=https%3A%2F%2Furldefense.com%2Fv3%2F__https%3A%2F%2Funi.example%2Fa__%3B!!x", "https://uni.example/a" },
		{ "mailto:a@uni.example", "mailto:a@uni.example" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct arena *a = arena_new();
		const char *to = link_unwrap(a, CASES[i].url);

		if ((to == NULL) != (CASES[i].to == NULL) || (to && strcmp(to, CASES[i].to) != 0))
			fail_msg("%s: %s", CASES[i].url, to ? to : "(it does not say)");
		arena_free(a);
	}
}

static void test_hosts(void **state)
{
	static const char *const CASES[][2] = {
		{ "https://Uni.Example/a", "uni.example" },  { "https://uni.example:8443?x", "uni.example" },
		{ "https://uni.example@evil.example/", "evil.example" }, { "https://a:b@c@evil.example#", "evil.example" },
		{ "https://evil.example\\@uni.example/", "evil.example" }, { "https://uni.example./", "uni.example" },
		{ "https:///path", NULL }, { "uni.example", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct arena *a = arena_new();
		const char *host = link_host(a, CASES[i][0]);

		if ((host == NULL) != (CASES[i][1] == NULL) || (host && strcmp(host, CASES[i][1]) != 0))
			fail_msg("%s: %s", CASES[i][0], host ? host : "(none)");
		arena_free(a);
	}
}

static void test_links_and_codes(void **state)
{
	struct arena *a = arena_new();
	struct normal n;

	(void)state;
	normal_read(a,
		    "See <https://uni.example/a>, (https://uni.example/b_(c)) and www.uni.example. Again: https://uni.example/a!\n"
		    "nothttps://no.example\nCode 7k3m\xe2\x80\x91q2xv\xe2\x80\x91" "9tfa, not 7K3M-Q2XV-9TFAX nor 7K3MQ2XV9TFA nor 7K3M-Q2XV-9TFA-.",
		    false, &n);
	assert_int_equal(n.n_links, 3);
	assert_string_equal(n.link[0], "https://uni.example/a");
	assert_string_equal(n.link[1], "https://uni.example/b_(c)");
	assert_string_equal(n.link[2], "http://www.uni.example");
	assert_int_equal(n.n_codes, 1);
	assert_string_equal(n.code[0], "7K3M-Q2XV-9TFA");
	arena_free(a);
}

/* --- bounds --------------------------------------------------------------- */

static char *repeat(struct arena *a, const char *piece, size_t times)
{
	size_t n = strlen(piece);
	char *out = arena_alloc(a, n * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(out + i * n, piece, n);
	return out;
}

static void test_bounds(void **state)
{
	struct arena *a = arena_new();
	struct normal n;
	struct buf b;

	(void)state;
	normal_read(a, repeat(a, "Yes. ", NORMAL_SENTENCES_MAX + 10), false, &n);
	assert_int_equal(n.n, NORMAL_SENTENCES_MAX);
	normal_read(a, repeat(a, "letters", 200000), false, &n);
	assert_int_equal(n.n, 1);
	buf_init(&b, 1 << 30);
	for (int i = 0; i < NORMAL_LINKS_MAX + 10; i++)
		buf_addf(&b, "https://uni.example/%d\n", i);
	normal_read(a, buf_text(&b), false, &n);
	assert_int_equal(n.n_links, NORMAL_LINKS_MAX);
	buf_free(&b);
	arena_free(a);
}

/* The shortest sentences against the longest text: this must not take a step for each of both, many times over. */
static void test_many_short_sentences(void **state)
{
	struct arena *a = arena_new();
	struct normal approved, typed;
	struct normal_index *index;
	size_t known = 0;
	clock_t begun = clock();

	(void)state;
	normal_read(a, repeat(a, "Eee eee eee eee eee eee eee eee eee eee eee ea.\n", 2000), true, &approved);
	normal_read(a, repeat(a, "E. ", NORMAL_SENTENCES_MAX / 4), false, &typed);
	index = normal_index_new(a, &approved);
	for (size_t i = 0; i < typed.n; i++)
		known += normal_index_has(index, &typed.sentence[i]);
	assert_int_equal(known, 0);
	assert_true((double)(clock() - begun) / CLOCKS_PER_SEC < 20);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_the_same), cmocka_unit_test(test_where_sentences_end),
		cmocka_unit_test(test_what_is_said_twice), cmocka_unit_test(test_unwrapping),
		cmocka_unit_test(test_hosts), cmocka_unit_test(test_links_and_codes),
		cmocka_unit_test(test_bounds), cmocka_unit_test(test_many_short_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
