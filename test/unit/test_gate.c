/* The request gate: what it lets in, and each way in which it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "web/gate.h"

#define FIELD(name, value)                                                                                            \
	{                                                                                                              \
		{ name, sizeof(name) - 1 },                                                                            \
		{                                                                                                      \
			value, sizeof(value) - 1                                                                       \
		}                                                                                                      \
	}
#define HOST FIELD("Host", "mail.example.ac.uk")

struct gate_case {
	const char *what;
	int status;
	const char *method, *version, *target;
	struct gate_field field[4];
	size_t n;
};

static const struct gate_case CASES[] = {
	{ "a plain GET", 0, "GET", "HTTP/1.1", "/", { HOST }, 1 },
	{ "a query and escapes", 0, "GET", "HTTP/1.1", "/check?code=7K3M%20", { HOST }, 1 },
	{ "HTTP/1.0 without Host", 0, "GET", "HTTP/1.0", "/", { HOST }, 0 },
	{ "an IPv6 Host with port", 0, "GET", "HTTP/1.1", "/", { FIELD("host", "[::1]:8080") }, 1 },
	{ "a length", 0, "POST", "HTTP/1.1", "/", { HOST, FIELD("Content-Length", "26") }, 2 },
	{ "chunks", 0, "POST", "HTTP/1.1", "/", { HOST, FIELD("transfer-encoding", "Chunked") }, 2 },
	{ "an awaited go-ahead", 0, "POST", "HTTP/1.1", "/", { HOST, FIELD("Expect", "100-Continue") }, 2 },
	{ "a tab in a value", 0, "GET", "HTTP/1.1", "/", { HOST, FIELD("X", "a\tb") }, 2 },
	{ "bytes over 0x7f in a value", 0, "GET", "HTTP/1.1", "/", { HOST, FIELD("X", "\xc3\xa9") }, 2 },
	{ "an unknown method is the router's business", 0, "BREW", "HTTP/1.1", "/", { HOST }, 1 },

	{ "both lengths", 400, "POST", "HTTP/1.1", "/",
	  { HOST, FIELD("Transfer-Encoding", "chunked"), FIELD("Content-Length", "5") }, 3 },
	{ "two lengths", 400, "POST", "HTTP/1.1", "/", { HOST, FIELD("Content-Length", "0"), FIELD("Content-Length", "5") }, 3 },
	{ "two equal lengths", 400, "POST", "HTTP/1.1", "/",
	  { HOST, FIELD("Content-Length", "5"), FIELD("content-length", "5") }, 3 },
	{ "a list of lengths", 400, "POST", "HTTP/1.1", "/", { HOST, FIELD("Content-Length", "5, 5") }, 2 },
	{ "a signed length", 400, "POST", "HTTP/1.1", "/", { HOST, FIELD("Content-Length", "+5") }, 2 },
	{ "an empty length", 400, "POST", "HTTP/1.1", "/", { HOST, FIELD("Content-Length", "") }, 2 },
	{ "a huge length", 400, "POST", "HTTP/1.1", "/", { HOST, FIELD("Content-Length", "9999999999999999") }, 2 },
	{ "two codings", 400, "POST", "HTTP/1.1", "/",
	  { HOST, FIELD("Transfer-Encoding", "chunked"), FIELD("Transfer-Encoding", "chunked") }, 3 },
	{ "an unknown coding", 501, "POST", "HTTP/1.1", "/", { HOST, FIELD("Transfer-Encoding", "xchunked") }, 2 },
	{ "a chain of codings", 501, "POST", "HTTP/1.1", "/", { HOST, FIELD("Transfer-Encoding", "gzip, chunked") }, 2 },
	{ "chunks in HTTP/1.0", 400, "POST", "HTTP/1.0", "/", { HOST, FIELD("Transfer-Encoding", "chunked") }, 2 },
	{ "no Host", 400, "GET", "HTTP/1.1", "/", { HOST }, 0 },
	{ "two Hosts", 400, "GET", "HTTP/1.1", "/", { HOST, FIELD("HOST", "other.example") }, 2 },
	{ "an empty Host", 400, "GET", "HTTP/1.1", "/", { FIELD("Host", "") }, 1 },
	{ "a Host with a path", 400, "GET", "HTTP/1.1", "/", { FIELD("Host", "a.example/b") }, 1 },
	{ "a NUL in a value", 400, "GET", "HTTP/1.1", "/", { HOST, FIELD("X", "a\0b") }, 2 },
	{ "a CR in a value", 400, "GET", "HTTP/1.1", "/", { HOST, FIELD("X", "a\rb") }, 2 },
	{ "a LF in a value", 400, "GET", "HTTP/1.1", "/", { HOST, FIELD("X", "a\nY: b") }, 2 },
	{ "a DEL in a value", 400, "GET", "HTTP/1.1", "/", { HOST, FIELD("X", "a\x7f") }, 2 },
	{ "a blank in a name", 400, "GET", "HTTP/1.1", "/", { HOST, FIELD("Content-Length ", "5") }, 2 },
	{ "an empty name", 400, "GET", "HTTP/1.1", "/", { HOST, FIELD("", "5") }, 2 },
	{ "a control in the method", 400, "GE\x01T", "HTTP/1.1", "/", { HOST }, 1 },
	{ "an endless method", 400, "GETGETGETGETGETGET", "HTTP/1.1", "/", { HOST }, 1 },
	{ "HTTP/2.0", 505, "GET", "HTTP/2.0", "/", { HOST }, 1 },
	{ "an absolute target", 400, "GET", "HTTP/1.1", "http://a.example/", { HOST }, 1 },
	{ "a star", 400, "OPTIONS", "HTTP/1.1", "*", { HOST }, 1 },
	{ "a fragment", 400, "GET", "HTTP/1.1", "/a#b", { HOST }, 1 },
	{ "raw bytes in the target", 400, "GET", "HTTP/1.1", "/\xc3\xa9", { HOST }, 1 },
	{ "a control in the target", 400, "GET", "HTTP/1.1", "/a\x01", { HOST }, 1 },
	{ "a compressed body", 415, "POST", "HTTP/1.1", "/", { HOST, FIELD("Content-Encoding", "gzip") }, 2 },
	{ "another expectation", 417, "POST", "HTTP/1.1", "/", { HOST, FIELD("Expect", "tea") }, 2 },
};

static void cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct gate_case *c = &CASES[i];
		struct gate_facts f = { c->method, c->version, slice_of(c->target), c->field, c->n, NULL };
		struct gate_verdict v = gate_judge(&f);

		if (v.status != c->status)
			fail_msg("%s: %d instead of %d (%s)", c->what, v.status, c->status, v.why ? v.why : "");
	}
}

static void lengths(void **state)
{
	struct gate_field fields[GATE_FIELDS_MAX] = { HOST, FIELD("Content-Length", "0026") };
	struct gate_facts f = { "POST", "HTTP/1.1", slice_of("/"), fields, 2, NULL };
	struct gate_verdict v = gate_judge(&f);

	(void)state;
	assert_int_equal(v.status, 0);
	assert_true(v.has_length);
	assert_int_equal(v.length, 26);
	f.n_fields = GATE_FIELDS_MAX + 1;
	assert_int_equal(gate_judge(&f).status, 431);
}

static void long_target(void **state)
{
	static char target[GATE_TARGET_MAX + 2];
	struct gate_field host = HOST;
	struct gate_facts f = { "GET", "HTTP/1.1", { target, GATE_TARGET_MAX }, &host, 1, NULL };

	(void)state;
	memset(target, 'a', sizeof(target) - 1);
	target[0] = '/';
	assert_int_equal(gate_judge(&f).status, 0);
	f.target.n++;
	assert_int_equal(gate_judge(&f).status, 414);
}

static void foreign(void **state)
{
	static const struct {
		const char *what;
		bool foreign;
		struct gate_field field[3];
		size_t n;
	} ASKED[] = {
		{ "neither field", false, { HOST }, 1 },
		{ "our own form", false, { HOST, FIELD("Sec-Fetch-Site", "same-origin"), FIELD("Origin", "null") }, 3 },
		{ "a person at the browser", false, { HOST, FIELD("sec-fetch-site", "none") }, 2 },
		{ "another site", true, { HOST, FIELD("Sec-Fetch-Site", "cross-site") }, 2 },
		{ "a neighbour, whatever its origin", true,
		  { HOST, FIELD("Sec-Fetch-Site", "same-site"), FIELD("Origin", "https://mail.example.ac.uk") }, 3 },
		{ "the field twice", true,
		  { HOST, FIELD("Sec-Fetch-Site", "same-origin"), FIELD("Sec-Fetch-Site", "same-origin") }, 3 },
		{ "an empty field", true, { HOST, FIELD("Sec-Fetch-Site", "") }, 2 },
		{ "our origin", false, { HOST, FIELD("Origin", "https://mail.example.ac.uk") }, 2 },
		{ "our host by http", true, { HOST, FIELD("Origin", "http://mail.example.ac.uk") }, 2 },
		{ "our name as a beginning", true, { HOST, FIELD("Origin", "https://mail.example.ac.uk.evil.example") }, 2 },
		{ "our origin twice", true,
		  { HOST, FIELD("Origin", "https://mail.example.ac.uk"), FIELD("Origin", "https://mail.example.ac.uk") }, 3 },
		{ "no origin that it tells", true, { HOST, FIELD("Origin", "null") }, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ASKED); i++) {
		struct gate_facts f = { "POST", "HTTP/1.1", slice_of("/"), ASKED[i].field, ASKED[i].n, NULL };

		if (gate_is_foreign(&f, "https://mail.example.ac.uk") != ASKED[i].foreign)
			fail_msg("%s: %s", ASKED[i].what, ASKED[i].foreign ? "let in" : "refused");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(lengths),
		cmocka_unit_test(long_target),
		cmocka_unit_test(foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
