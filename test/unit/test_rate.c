/* Rates by difference, over rings that are empty, short, full, and around their end. */
#include "base/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"

static void nothing_to_compare(void **state)
{
	struct rate r = { .n = 0 };

	(void)state;
	assert_true(rate_over(&r, SECOND) < 0);
	rate_add(&r, 5, 100);
	assert_true(rate_over(&r, SECOND) < 0);
	rate_add(&r, 5, 200); /* no time between them */
	assert_true(rate_over(&r, SECOND) < 0);
}

static void over_the_time_asked_for(void **state)
{
	struct rate r = { .n = 0 };

	(void)state;
	/* Ten a second for a minute, then a hundred a second for five. */
	for (int i = 0; i < 60; i++)
		rate_add(&r, i * SECOND, i * 10);
	for (int i = 0; i < 5; i++)
		rate_add(&r, (60 + i) * SECOND, 600 + i * 100);
	assert_true(rate_over(&r, 4 * SECOND) == 100);
	assert_true(rate_over(&r, SECOND / 2) == 100); /* the last two at least */
	assert_true(rate_over(&r, 14 * SECOND) > 35 && rate_over(&r, 14 * SECOND) < 36); /* (400 + 100) / 14 */
	/* More than it remembers: from the oldest there is, which the ring has already lost the first of. */
	assert_true(rate_over(&r, HOUR) > 15.7 && rate_over(&r, HOUR) < 15.8); /* (1000 - 10) / 63 */
}

static void a_count_that_goes_down(void **state)
{
	struct rate r = { .n = 0 };

	(void)state;
	rate_add(&r, 0, 100);
	rate_add(&r, SECOND, 50);
	assert_true(rate_over(&r, SECOND) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_compare),
		cmocka_unit_test(over_the_time_asked_for),
		cmocka_unit_test(a_count_that_goes_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
