/* Relay URLs: what they mean, and what they may not hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "smtp/relay.h"

static const struct {
	const char *url;
	enum relay_mode mode;
	const char *host;
	int port;
	const char *user;
} GOOD[] = {
	{ "smtp://localhost", RELAY_PLAIN, "localhost", 25, NULL },
	{ "smtp://127.0.0.1:2525/", RELAY_PLAIN, "127.0.0.1", 2525, NULL },
	{ "smtp://[::1]:25", RELAY_PLAIN, "::1", 25, NULL },
	{ "smtp+starttls://relay.example", RELAY_STARTTLS, "relay.example", 587, NULL },
	{ "smtp+starttls://news@relay.example:25", RELAY_STARTTLS, "relay.example", 25, "news" },
	{ "smtps://relay.example", RELAY_TLS, "relay.example", 465, NULL },
	{ "smtps://news%40uni.example@relay.example", RELAY_TLS, "relay.example", 465, "news@uni.example" },
	{ "smtps://news@uni.example@relay.example", RELAY_TLS, "relay.example", 465, "news@uni.example" },
	{ "smtps://[2001:db8::1]", RELAY_TLS, "2001:db8::1", 465, NULL },
};

static const struct {
	const char *url, *why;
} BAD[] = {
	{ "", "begins with" },
	{ "http://relay.example", "begins with" },
	{ "relay.example:25", "begins with" },
	{ "smtp://relay.example", "this machine only" },
	{ "smtp://10.0.0.1", "this machine only" },
	{ "smtp://128.0.0.1", "this machine only" },
	{ "smtp://localhost.example", "this machine only" },
	{ "smtps://news:secret@relay.example", "password" },
	{ "smtps://@relay.example", "user name" },
	{ "smtps://a%4@relay.example", "user name" },
	{ "smtps://a%0a@relay.example", "user name" },
	{ "smtps://", "scheme://host:port" },
	{ "smtps://:465", "scheme://host:port" },
	{ "smtps://a b", "scheme://host:port" },
	{ "smtps://a/b", "scheme://host:port" },
	{ "smtps://-a", "scheme://host:port" },
	{ "smtps://a:", "port" },
	{ "smtps://a:0", "port" },
	{ "smtps://a:65536", "port" },
	{ "smtps://a:25x", "port" },
	{ "smtps://[::1", "]" },
	{ "smtps://[::1]25", "port" },
	{ "smtps://[relay]", "IPv6" },
};

static void good_urls(void **state)
{
	struct arena *a = arena_new();
	struct relay r;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(GOOD); i++) {
		if (relay_parse(a, GOOD[i].url, &r, &e) < 0)
			fail_msg("%s: %s", GOOD[i].url, e.text);
		assert_int_equal(r.mode, GOOD[i].mode);
		assert_string_equal(r.host, GOOD[i].host);
		assert_int_equal(r.port, GOOD[i].port);
		assert_string_equal(r.url, GOOD[i].url);
		if (GOOD[i].user)
			assert_string_equal(r.user, GOOD[i].user);
		else
			assert_null(r.user);
		assert_null(r.password);
	}
	arena_free(a);
}

static void bad_urls(void **state)
{
	struct arena *a = arena_new();
	struct relay r;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++) {
		if (relay_parse(a, BAD[i].url, &r, &e) == 0)
			fail_msg("%s was taken", BAD[i].url);
		assert_int_equal(e.kind, ERR_INPUT);
		if (!strstr(e.text, BAD[i].why))
			fail_msg("%s: %s", BAD[i].url, e.text);
		assert_null(strstr(e.text, "secret"));
	}
	arena_free(a);
}

static void helo_is_allowed_by_the_url(void **state)
{
	struct arena *a = arena_new();
	struct relay r;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(relay_parse(a, "smtp://localhost:25/", &r, &e), 0);
	assert_false(r.helo_fallback);
	assert_int_equal(relay_parse(a, "smtp://localhost:26/?helo", &r, &e), 0);
	assert_true(r.helo_fallback);
	assert_int_equal(r.port, 26);
	assert_string_equal(r.url, "smtp://localhost:26/?helo");
	assert_int_equal(relay_parse(a, "smtps://relay.example?helo", &r, &e), 0);
	assert_true(r.helo_fallback);
	assert_string_equal(r.host, "relay.example");
	assert_int_equal(relay_parse(a, "smtps://relay.example?ehlo", &r, &e), -1);
	arena_free(a);
}

static void kinds_of_login_have_names(void **state)
{
	enum relay_auth kind;
	struct err e = { 0 };

	(void)state;
	for (enum relay_auth k = AUTH_BEST; k < AUTH_KINDS; k++) {
		assert_int_equal(relay_auth_parse(relay_auth_name(k), &kind, &e), 0);
		assert_int_equal(kind, k);
	}
	assert_int_equal(relay_auth_parse("scram-sha-256", &kind, &e), 0);
	assert_int_equal(kind, AUTH_SCRAM_SHA_256);
	assert_int_equal(relay_auth_parse("cram-md5", &kind, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
}

static void a_copy_stands_by_itself(void **state)
{
	struct arena *a = arena_new();
	char text[] = "text";
	const struct relay r = { .mode = RELAY_TLS, .host = text, .port = 7, .user = text, .password = text, .helo = text,
				 .ca_file = text, .url = text, .auth = AUTH_LOGIN, .token_file = text, .client_cert = text,
				 .client_key = text, .chunking = true, .helo_fallback = true };
	struct relay copy = relay_copy(a, &r);
	const char *const texts[] = { copy.host, copy.user, copy.password, copy.helo, copy.ca_file, copy.url, copy.token_file,
				      copy.client_cert, copy.client_key };

	(void)state;
	memset(text, 'x', 4);
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_string_equal(texts[i], "text");
	assert_true(copy.mode == RELAY_TLS && copy.port == 7 && copy.auth == AUTH_LOGIN && copy.chunking && copy.helo_fallback);
	relay_wipe(&copy);
	assert_string_equal(copy.password, "");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(good_urls), cmocka_unit_test(bad_urls),
					    cmocka_unit_test(helo_is_allowed_by_the_url),
					    cmocka_unit_test(kinds_of_login_have_names),
					    cmocka_unit_test(a_copy_stands_by_itself) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
