/* The router: which row a path finds, and what its names become. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "web/router.h"

static int nothing(const struct request *r, struct response *out, struct err *e)
{
	(void)r;
	(void)out;
	(void)e;
	return 0;
}

static const struct route ROUTES[] = {
	{ "/", METHOD_GET, 0, nothing },
	{ "/check", METHOD_GET | METHOD_POST, 0, nothing },
	{ "/check/{code}", METHOD_GET, 0, nothing },
	{ "/projects/{slug}", METHOD_GET, 0, nothing },
	{ "/projects/{slug}/mailings/{id}", METHOD_GET, 0, nothing },
	{ "/opt-out/{token}", METHOD_GET, TOKEN_PAGE, nothing },
	{ "/opt-out/{token}", METHOD_POST, TOKEN_PAGE, nothing },
};

static const struct {
	const char *method, *path;
	enum route_answer answer;
	int row;
	const char *first; /* what the first {name} became */
} CASES[] = {
	{ "GET", "/", ROUTE_FOUND, 0, NULL },
	{ "HEAD", "/", ROUTE_FOUND, 0, NULL },
	{ "GET", "/check", ROUTE_FOUND, 1, NULL },
	{ "POST", "/check", ROUTE_FOUND, 1, NULL },
	{ "GET", "/%63heck", ROUTE_FOUND, 1, NULL },
	{ "GET", "/check/7K3M-Q2XV-9TFA", ROUTE_FOUND, 2, "7K3M-Q2XV-9TFA" },
	{ "GET", "/check/7k3m%20q2xv", ROUTE_FOUND, 2, "7k3m q2xv" },
	{ "GET", "/projects/caf%C3%A9", ROUTE_FOUND, 3, "caf\xc3\xa9" },
	{ "GET", "/projects/a+b", ROUTE_FOUND, 3, "a+b" },
	{ "GET", "/projects/water/mailings/12", ROUTE_FOUND, 4, "water" },
	{ "POST", "/opt-out/AbC_-9", ROUTE_FOUND, 6, "AbC_-9" },
	{ "GET", "/opt-out/AbC_-9", ROUTE_FOUND, 5, "AbC_-9" },
	/* Never redirect a one-click request (RFC 8058). */
	{ "POST", "/opt-out/AbC_-9/", ROUTE_FOUND, 6, "AbC_-9" },

	{ "GET", "/check/", ROUTE_SLASH, 1, NULL },
	{ "HEAD", "/projects/water/", ROUTE_SLASH, 3, "water" },
	{ "POST", "/", ROUTE_METHOD, 0, NULL },
	{ "PUT", "/check", ROUTE_METHOD, 1, NULL },
	{ "get", "/check", ROUTE_METHOD, 1, NULL },
	{ "DELETE", "/opt-out/x", ROUTE_METHOD, 5, "x" },

	{ "GET", "/chec", ROUTE_MISSING, -1, NULL },
	{ "GET", "/checks", ROUTE_MISSING, -1, NULL },
	{ "GET", "/projects", ROUTE_MISSING, -1, NULL },
	{ "GET", "/projects/water/mailings", ROUTE_MISSING, -1, NULL },
	{ "GET", "/projects/water/mailings/12/13", ROUTE_MISSING, -1, NULL },
	{ "GET", "/a/b/c/d/e/f", ROUTE_MISSING, -1, NULL },

	{ "GET", "", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "check", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "//check", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects//mailings/1", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/../check", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/%2e%2E/x", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/a%2Fb", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/a%5Cb", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/a%00b", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/a%0Ab", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/%E2%80%AE", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/%C3", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/%C0%AF", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/%", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/%4", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/projects/%4g", ROUTE_MALFORMED, -1, NULL },
	{ "GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", ROUTE_MALFORMED, -1, NULL },
};

static void cases(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct route_match m;
		enum route_answer got =
			route_find(ROUTES, COUNT(ROUTES), a, CASES[i].method, slice_of(CASES[i].path), &m);
		int row = m.route ? (int)(m.route - ROUTES) : -1;

		if (got != CASES[i].answer || row != CASES[i].row)
			fail_msg("%s %s: answer %d, row %d", CASES[i].method, CASES[i].path, (int)got, row);
		if (CASES[i].first)
			assert_string_equal(m.param[0].value, CASES[i].first);
	}
	arena_free(a);
}

static void names_and_allow(void **state)
{
	struct arena *a = arena_new();
	struct route_match m;

	(void)state;
	assert_int_equal(route_find(ROUTES, COUNT(ROUTES), a, "GET", slice_of("/projects/w/mailings/9"), &m), ROUTE_FOUND);
	assert_string_equal(route_param(&m, "slug"), "w");
	assert_string_equal(route_param(&m, "id"), "9");
	assert_int_equal(route_find(ROUTES, COUNT(ROUTES), a, "PUT", slice_of("/check"), &m), ROUTE_METHOD);
	assert_string_equal(m.allow, "GET, HEAD, POST, OPTIONS");
	assert_int_equal(route_find(ROUTES, COUNT(ROUTES), a, "OPTIONS", slice_of("/"), &m), ROUTE_METHOD);
	assert_string_equal(m.allow, "GET, HEAD, OPTIONS");
	assert_int_equal(route_find(ROUTES, COUNT(ROUTES), a, "PUT", slice_of("/opt-out/x"), &m), ROUTE_METHOD);
	assert_string_equal(m.allow, "GET, HEAD, POST, OPTIONS");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(names_and_allow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
