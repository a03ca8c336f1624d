/* The headers that every answer bears (WEB-1, WEB-2), by what kind of answer it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "web/response.h"

static const struct {
	const char *what;
	struct response r;
	bool https;
	const char *name, *value; /* the header's whole value; NULL: it must be absent */
} CASES[] = {
	{ "https promises HSTS", { .status = 200 }, true, "Strict-Transport-Security", "max-age=31536000; includeSubDomains" },
	{ "http does not", { .status = 200 }, false, "Strict-Transport-Security", NULL },
	{ "a public page", { .status = 200 }, true, "Cache-Control", "public, max-age=60" },
	{ "a public page is indexed", { .status = 200 }, true, "X-Robots-Tag", NULL },
	{ "an asset", { .status = 200, .caching = CACHE_FOREVER }, true, "Cache-Control", "public, max-age=31536000, immutable" },
	{ "an asset that is missing", { .status = 404, .caching = CACHE_FOREVER }, true, "Cache-Control", "no-store" },
	{ "a token page is not kept", { .status = 200, .kind = PAGE_TOKEN }, true, "Cache-Control", "no-store" },
	{ "nor indexed", { .status = 200, .kind = PAGE_TOKEN }, true, "X-Robots-Tag", "noindex, nofollow" },
	{ "nor told to others", { .status = 200, .kind = PAGE_TOKEN }, true, "Referrer-Policy", "no-referrer" },
	{ "an error of a token page too", { .status = 500, .kind = PAGE_TOKEN }, true, "Referrer-Policy", "no-referrer" },
	{ "an error", { .status = 500 }, true, "X-Content-Type-Options", "nosniff" },
	{ "busy", { .status = 503, .retry_after = 30 }, true, "Retry-After", "30" },
	{ "the server is not named", { .status = 200 }, true, "Server", NULL },
	{ "somebody's HTML", { .status = 200, .kind = PAGE_SANDBOX }, true, "Content-Security-Policy",
	  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
	  "frame-ancestors 'self'" },
	{ "a page", { .status = 200 }, true, "Content-Security-Policy",
	  "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
	  "object-src 'none'; frame-ancestors 'none'" },
};

static void cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct response_header headers[RESPONSE_HEADERS_MAX];
		struct response_room room;
		const char *got = NULL;
		size_t n = response_headers(&CASES[i].r, CASES[i].https, &room, headers);

		for (size_t k = 0; k < n; k++)
			if (strcmp(headers[k].name, CASES[i].name) == 0)
				got = headers[k].value;
		if (!got != !CASES[i].value || (got && strcmp(got, CASES[i].value) != 0))
			fail_msg("%s: %s: %s", CASES[i].what, CASES[i].name, got ? got : "(absent)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
