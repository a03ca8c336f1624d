/* Circuit breakers and the codes of providers, as tables: each limit from both sides. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"
#include "policy/breaker.h"
#include "policy/provider_code.h"

#define NOW INT64_C(1790000000000000)

static void each_limit(void **state)
{
	static const struct {
		struct breaker_counts c; /* ended, hard, setup, slowed, slowed for so long */
		enum breaker expect;
	} CASES[] = {
		{ { 0, 0, 0, 0, 0, "" }, BREAKER_NONE },
		{ { 1, 1, 0, 0, 0, "" }, BREAKER_NONE },
		{ { 9, 9, 0, 0, 0, "" }, BREAKER_NONE },
		{ { 10, 10, 0, 0, 0, "" }, BREAKER_BOUNCES },
		{ { 99, 9, 0, 0, 0, "" }, BREAKER_NONE },
		{ { 99, 10, 0, 0, 0, "" }, BREAKER_BOUNCES },
		{ { 100, 4, 0, 0, 0, "" }, BREAKER_NONE },
		{ { 100, 5, 0, 0, 0, "" }, BREAKER_BOUNCES },
		{ { 1000, 49, 0, 0, 0, "" }, BREAKER_NONE },
		{ { 1000, 50, 0, 0, 0, "" }, BREAKER_BOUNCES },
		{ { 1000, 0, 2, 0, 0, "7.26" }, BREAKER_NONE },
		{ { 3, 0, 3, 0, 0, "7.26" }, BREAKER_SETUP },
		{ { 3000, 0, 3, 0, 0, "7.26" }, BREAKER_SETUP },
		{ { 20, 0, 0, 20, 29 * MINUTE, "7.28" }, BREAKER_NONE },
		{ { 20, 0, 0, 20, 30 * MINUTE, "7.28" }, BREAKER_SLOWED },
		{ { 19, 0, 0, 19, DAY, "7.28" }, BREAKER_NONE },
		{ { 40, 0, 0, 20, 0, "7.28" }, BREAKER_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct breaker_counts c = CASES[i].c;

		c.slowed_since = c.slowed_since ? NOW - c.slowed_since : 0;
		if (breaker_judge(&c, NOW) != CASES[i].expect)
			fail_msg("case %zu: %s, not %s", i, breaker_name(breaker_judge(&c, NOW)), breaker_name(CASES[i].expect));
	}
}

/* One message at a time, as outcomes come: after how many does it trip? */
static int64_t trips_after(int64_t fine, int64_t of, int64_t bad, enum breaker expect)
{
	struct breaker_counts c = { .code = "" };
	struct breaker_counts good = { .ended = 1 }, hard = { .ended = 1, .hard = 1 }, setup = { .ended = 1, .setup = 1, .code = "7.26" };
	int64_t n = 0;

	while (n < fine) {
		breaker_add(&c, &good, NOW);
		assert_int_equal(breaker_judge(&c, NOW), BREAKER_NONE);
		n++;
	}
	for (n = 0; n < 100000 && breaker_judge(&c, NOW) == BREAKER_NONE; n++)
		breaker_add(&c, n % of < bad ? (expect == BREAKER_SETUP ? &setup : &hard) : &good, NOW);
	if (n < 100000)
		assert_int_equal(breaker_judge(&c, NOW), expect);
	return n;
}

/* What happens now weighs the same at the end of a large mailing as at its beginning. */
static void old_counts_fade(void **state)
{
	(void)state;
	assert_int_equal(trips_after(0, 1, 1, BREAKER_BOUNCES), 10);
	assert_int_equal(trips_after(0, 1, 1, BREAKER_SETUP), 3);
	assert_int_equal(trips_after(1000000, 1, 1, BREAKER_SETUP), 3);
	assert_in_range(trips_after(1000000, 1, 1, BREAKER_BOUNCES), 25, 60);
	assert_in_range(trips_after(1000000, 10, 1, BREAKER_BOUNCES), 100, 2000);
	assert_int_equal(trips_after(0, 25, 1, BREAKER_BOUNCES), 100000); /* 4 %: never */
	assert_int_equal(trips_after(0, 1000, 1, BREAKER_SETUP), 100000); /* one server in a thousand that is wrong itself: never */
}

static void slowed_is_timed(void **state)
{
	struct breaker_counts c = { .code = "" }, slow = { .ended = 30, .slowed = 30, .code = "7.28" }, good = { .ended = 40 };

	(void)state;
	breaker_add(&c, &slow, NOW);
	assert_true(c.slowed_since == NOW);
	assert_int_equal(breaker_judge(&c, NOW + 20 * MINUTE), BREAKER_NONE);
	breaker_add(&c, &slow, NOW + 31 * MINUTE);
	assert_int_equal(breaker_judge(&c, NOW + 31 * MINUTE), BREAKER_SLOWED);
	breaker_add(&c, &good, NOW + 32 * MINUTE);
	breaker_add(&c, &good, NOW + 32 * MINUTE);
	assert_true(c.slowed_since == 0);
	assert_int_equal(breaker_judge(&c, NOW + DAY), BREAKER_NONE);
}

static void complaints(void **state)
{
	static const struct {
		int64_t reports, delivered;
		enum complaint_level expect;
	} CASES[] = {
		{ 0, 0, COMPLAINTS_FINE },      { 2, 0, COMPLAINTS_FINE },       { 3, 0, COMPLAINTS_WARN },
		{ 0, 10, COMPLAINTS_FINE },     { 1, 2000, COMPLAINTS_FINE },    { 1, 1250, COMPLAINTS_WARN },
		{ 7, 10000, COMPLAINTS_FINE },  { 8, 10000, COMPLAINTS_WARN },   { 9, 10000, COMPLAINTS_WARN },
		{ 10, 10000, COMPLAINTS_PAUSE }, { 29, 10000, COMPLAINTS_PAUSE }, { 30, 10000, COMPLAINTS_HOLD },
		{ 2, 10, COMPLAINTS_WARN },     { 3, 3000, COMPLAINTS_PAUSE },   { 3, 3001, COMPLAINTS_WARN },
		{ 3, 1000, COMPLAINTS_HOLD },   { 3, 1001, COMPLAINTS_PAUSE },   { 999, 1000000, COMPLAINTS_WARN },
		{ 1000, 1000000, COMPLAINTS_PAUSE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		if (complaints_judge(CASES[i].reports, CASES[i].delivered) != CASES[i].expect)
			fail_msg("%lld of %lld: %s", (long long)CASES[i].reports, (long long)CASES[i].delivered,
				 complaint_level_name(complaints_judge(CASES[i].reports, CASES[i].delivered)));
}

static void words_have_figures_limit_and_mend(void **state)
{
	struct breaker_counts c = { 57, 12, 3, 30, 1, "7.26" };
	struct arena *a = arena_new();

	(void)state;
	assert_non_null(strstr(breaker_words(a, BREAKER_BOUNCES, &c), "12 of the last 57"));
	assert_non_null(strstr(breaker_words(a, BREAKER_BOUNCES, &c), "limit: 10 of the first 100, then 5 %"));
	assert_non_null(strstr(breaker_words(a, BREAKER_SETUP, &c), "not authenticated"));
	assert_non_null(strstr(breaker_words(a, BREAKER_SETUP, &c), "(5.7.26); placet identity check"));
	assert_non_null(strstr(breaker_words(a, BREAKER_SLOWED, &c), "30 of the last 57"));
	assert_non_null(strstr(complaints_words(a, "this mailing", "example.org", 5, 2000), "0.25 %"));
	assert_non_null(strstr(complaints_words(a, "this mailing", "", 5, 0), "nobody knows"));
	arena_free(a);
}

static void keys_come_back(void **state)
{
	static const char *const CODES[] = { "5.7.25", "4.7.23", "5.7.23", "4.7.28", "5.7.515", "5.7.40" };

	(void)state;
	for (size_t i = 0; i < COUNT(CODES); i++) {
		const struct provider_code *p = provider_code(CODES[i], "");

		assert_non_null(p);
		assert_ptr_equal(provider_code_by_key(p->key), p);
	}
	assert_ptr_equal(provider_code("5.7.27", ""), provider_code("4.7.27", ""));
	assert_non_null(strstr(provider_code("4.7.23", "")->means, "PTR"));
	assert_non_null(strstr(provider_code("5.7.23", "")->means, "SPF"));
	assert_null(provider_code("5.7.2", ""));
	assert_null(provider_code("", ""));
	assert_null(provider_code_by_key(""));
	assert_ptr_equal(provider_code("", "550 no DMARC, and no reverse DNS"), provider_code_by_key("dmarc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_limit),
		cmocka_unit_test(old_counts_fade),
		cmocka_unit_test(slowed_is_timed),
		cmocka_unit_test(complaints),
		cmocka_unit_test(words_have_figures_limit_and_mend),
		cmocka_unit_test(keys_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
