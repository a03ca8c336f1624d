/* Figures as Prometheus reads them, with whatever names and values there are; and what is counted of a site's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "web/metrics_text.h"
#include "web/tally.h"

static void families_and_samples(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	metric_family(&b, "x_total", "counter", "What \\ it \"is\"\nabout.");
	metric_count(&b, "x_total", NO_LABELS, 7);
	metric_count(&b, "x_total", LABELS({ "a", "" }, { "b", "c\\d\"e\nf{}, \xc3\xa4" }), -1);
	assert_string_equal(buf_text(&b), "# HELP x_total What \\\\ it \"is\"\\nabout.\n# TYPE x_total counter\nx_total 7\n"
					  "x_total{a=\"\",b=\"c\\\\d\\\"e\\nf{}, \xc3\xa4\"} -1\n");
	buf_clear(&b);
	metric_seconds(&b, "t", NO_LABELS, 1234567);
	metric_seconds(&b, "t", NO_LABELS, 1002999);
	metric_seconds(&b, "t", NO_LABELS, -5); /* another host's clock */
	assert_string_equal(buf_text(&b), "t 1.234\nt 1.002\nt 0.000\n");
	buf_clear(&b);
	metric_single(&b, "g", "gauge", "One.", INT64_MAX);
	assert_string_equal(buf_text(&b), "# HELP g One.\n# TYPE g gauge\ng 9223372036854775807\n");
	buf_free(&b);
}

static void answers_are_counted_by_page_and_status(void **state)
{
	static const struct route ROUTES[] = { { "/", METHOD_GET, 0, NULL }, { "/x", METHOD_GET, 0, NULL } };
	struct web_tally t = { 0 };

	(void)state;
	tally_add(&t, ROUTES, &ROUTES[1], 200);
	tally_add(&t, ROUTES, &ROUTES[1], 204);
	tally_add(&t, ROUTES, &ROUTES[0], 503);
	tally_add(&t, ROUTES, NULL, 404);
	tally_add(&t, ROUTES, NULL, 4711);
	assert_true(t.n[1][2] == 2 && t.n[0][5] == 1 && t.n[TALLY_ROUTES][4] == 1 && t.n[TALLY_ROUTES][0] == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_and_samples),
		cmocka_unit_test(answers_are_counted_by_page_and_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
