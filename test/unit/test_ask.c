/* Forms of strangers: where they came from, how many are taken, and what their stamp says. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/clock.h"
#include "web/ask.h"

#define NOW (INT64_C(1795411200) * SECOND)

static const struct token_keys KEYS = { .key = { { 1, { 1, 2, 3 } }, { 2, { 4, 5, 6 } } }, .n = 2 };
static const struct token_keys ONE_KEY = { .key = { { 1, { 1, 2, 3 } } }, .n = 1 };

/* --- networks ---------------------------------------------------------------------------------- */

static const struct {
	const char *what, *peer; /* "": a local socket; NULL: not known */
	const char *said, *again; /* X-Forwarded-For, and a second field of it */
	int version;
	uint64_t prefix;
} FROM[] = {
	{ "IPv4", "192.0.2.1", NULL, NULL, 4, 0xc0000201 },
	{ "IPv6 to its first half", "2001:db8:1:2:3:4:5:6", NULL, NULL, 6, 0x20010db800010002 },
	{ "IPv4 in IPv6", "::ffff:192.0.2.1", NULL, NULL, 4, 0xc0000201 },
	{ "a stranger's word is not believed", "192.0.2.1", "198.51.100.7", NULL, 4, 0xc0000201 },
	{ "nor over IPv6", "2001:db8:1:2::1", "198.51.100.7", NULL, 6, 0x20010db800010002 },
	{ "a proxy on loopback", "127.0.0.1", "198.51.100.7", NULL, 4, 0xc6336407 },
	{ "a proxy on ::1", "::1", "198.51.100.7", NULL, 4, 0xc6336407 },
	{ "a proxy on IPv4 loopback in IPv6", "::ffff:127.0.0.1", "198.51.100.7", NULL, 4, 0xc6336407 },
	{ "a proxy on a local socket", "", "2001:db8:7:8::1", NULL, 6, 0x20010db800070008 },
	{ "only the last entry", "127.0.0.1", "203.0.113.9, 10.0.0.1 ,\t198.51.100.7 ", NULL, 4, 0xc6336407 },
	{ "of the last field", "127.0.0.1", "203.0.113.9", "10.0.0.1,198.51.100.7", 4, 0xc6336407 },
	{ "with a port", "127.0.0.1", "198.51.100.7:4711", NULL, 4, 0xc6336407 },
	{ "IPv6 with a port", "127.0.0.1", "[2001:db8:7:8::1]:4711", NULL, 6, 0x20010db800070008 },
	{ "nothing readable", "127.0.0.1", "198.51.100.7, unknown", NULL, 4, 0x7f000001 },
	{ "an empty end", "127.0.0.1", "198.51.100.7,", NULL, 4, 0x7f000001 },
	{ "a very long one", "127.0.0.1", "1111111111111111111111111111111111111111111111111111111111111111111111", NULL, 4, 0x7f000001 },
	{ "a local socket alone", "", NULL, NULL, 0, 0 },
	{ "nobody is known, and nobody is believed", NULL, "198.51.100.7", NULL, 0, 0 },
};

static const struct sockaddr *peer_of(const char *text, struct sockaddr_storage *room)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)room;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)room;

	memset(room, 0, sizeof(*room));
	room->ss_family = AF_UNIX;
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
		v4->sin_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
		v6->sin6_family = AF_INET6;
	return (const struct sockaddr *)(const void *)room;
}

static void networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(FROM); i++) {
		struct sockaddr_storage room;
		struct gate_field fields[3] = { { slice_of("Host"), slice_of("a.example") },
						{ slice_of("x-forwarded-for"), slice_of(FROM[i].said ? FROM[i].said : "") },
						{ slice_of("X-Forwarded-For"), slice_of(FROM[i].again ? FROM[i].again : "") } };
		const struct sockaddr *peer = FROM[i].peer ? peer_of(FROM[i].peer, &room) : NULL;
		struct network n = network_of(peer, fields, FROM[i].again ? 3 : FROM[i].said ? 2 : 1);

		if (n.version != FROM[i].version || n.prefix != FROM[i].prefix)
			fail_msg("%s: %d %llx", FROM[i].what, n.version, (unsigned long long)n.prefix);
	}
}

/* --- buckets ----------------------------------------------------------------------------------- */

static void one_network(void **state)
{
	struct ask_limits *l = mem_alloc(sizeof(*l));
	struct network a = { 4, 1 }, b = { 6, 1 };
	int64_t t = HOUR;

	(void)state;
	ask_limits_init(l);
	for (int i = 0; i < ASK_NETWORK_BURST; i++)
		assert_int_equal(ask_take(l, a, t), 0);
	assert_int_equal(ask_take(l, a, t), 4);
	assert_int_equal(ask_take(l, b, t), 0);
	assert_int_equal(ask_take(l, a, t + ASK_NETWORK_EACH - SECOND), 1);
	assert_int_equal(ask_take(l, a, t + ASK_NETWORK_EACH), 0);
	assert_int_equal(ask_take(l, a, t + ASK_NETWORK_EACH), 4);
	t += HOUR;
	for (int i = 0; i < ASK_NETWORK_BURST; i++)
		assert_int_equal(ask_take(l, a, t), 0);
	assert_true(ask_take(l, a, t) > 0);
	free(l);
}

/* Whoever has a whole /48 does not use up what is there for all. */
static void one_site(void **state)
{
	struct ask_limits *l = mem_alloc(sizeof(*l));
	int64_t t = HOUR;
	int taken = 0;

	(void)state;
	ask_limits_init(l);
	for (uint64_t i = 0; i < 60000; i++)
		taken += ask_take(l, (struct network){ 6, i }, t) == 0;
	assert_int_equal(taken, ASK_SITE_BURST);
	assert_int_equal(ask_take(l, (struct network){ 6, 1 << 16 }, t), 0);
	assert_int_equal(ask_take(l, (struct network){ 4, 1 }, t), 0);
	free(l);
}

static void all_networks(void **state)
{
	struct ask_limits *l = mem_alloc(sizeof(*l));
	int64_t t = HOUR;
	int taken = 0;

	(void)state;
	ask_limits_init(l);
	for (uint64_t i = 0; i < 100000; i++)
		taken += ask_take(l, (struct network){ 6, i << 20 }, t) == 0;
	assert_int_equal(taken, ASK_ALL_BURST);
	/* Who is refused for the others' sake has lost none of their own. */
	assert_int_equal(ask_take(l, (struct network){ 4, 1 }, t), 1);
	t += ASK_ALL_BURST * ASK_ALL_EACH;
	for (int i = 0; i < ASK_NETWORK_BURST; i++)
		assert_int_equal(ask_take(l, (struct network){ 4, 1 }, t), 0);
	free(l);
}

/* A full table forgets those who asked least, so that who asks most stays bounded. */
static void crowded(void **state)
{
	struct ask_limits *l = mem_alloc(sizeof(*l));
	struct network busy = { 4, 7 };
	int64_t t = HOUR;
	uint64_t other = 100;

	(void)state;
	ask_limits_init(l);
	for (int i = 0; i < ASK_NETWORK_BURST; i++)
		assert_int_equal(ask_take(l, busy, t), 0);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < ASK_ALL_BURST; i++)
			ask_take(l, (struct network){ 4, other++ }, t);
		l->all = 0;
		assert_true(ask_take(l, busy, t) > 0);
	}
	free(l);
}

/* --- stamps ------------------------------------------------------------------------------------ */

static const char *try_form(const char *stamp, const char *website, int64_t now, char again[ASK_STAMP_MAX])
{
	struct form f = { .field = { { .name = "stamp", .value = stamp }, { .name = "website", .value = website } }, .n = 2 };

	return ask_fault(&KEYS, "join/water-study", &f, now, again);
}

static void stamps(void **state)
{
	char stamp[ASK_STAMP_MAX], again[ASK_STAMP_MAX], bad[ASK_STAMP_MAX];

	(void)state;
	ask_stamp(&KEYS, "join/water-study", NOW, stamp);
	assert_non_null(try_form(stamp, "", NOW, again));
	assert_string_equal(again, stamp);
	assert_non_null(try_form(stamp, "", NOW + 2 * SECOND, again));
	assert_null(try_form(stamp, "", NOW + ASK_SOONEST, again));
	assert_null(try_form(stamp, "", NOW + ASK_LATEST, again));
	assert_string_equal(again, stamp);
	assert_non_null(try_form(stamp, "http://a.example", NOW + MINUTE, again));
	assert_non_null(try_form(stamp, "", NOW - 2 * MINUTE, again));
	assert_non_null(try_form(stamp, "", NOW + ASK_LATEST + SECOND, again));
	assert_string_not_equal(again, stamp);
	assert_null(try_form(again, "", NOW + ASK_LATEST + MINUTE, again));
	assert_non_null(try_form("", "", NOW + MINUTE, again));
	for (size_t i = 0; i < strlen(stamp); i++) {
		memcpy(bad, stamp, sizeof(bad));
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_non_null(try_form(bad, "", NOW + MINUTE, again));
	}
}

static void stamps_of_others(void **state)
{
	char stamp[ASK_STAMP_MAX], again[ASK_STAMP_MAX];

	(void)state;
	ask_stamp(&KEYS, "join/night-shift", NOW, stamp);
	assert_non_null(try_form(stamp, "", NOW + MINUTE, again));
	ask_stamp(&ONE_KEY, "join/water-study", NOW, stamp);
	assert_null(try_form(stamp, "", NOW + MINUTE, again)); /* before the key was rotated (TOK-2) */
	token_for_url(&KEYS, TOKEN_CONFIRM, 7, stamp);
	assert_non_null(try_form(stamp, "", NOW + MINUTE, again));
}

/* --- what is typed ----------------------------------------------------------------------------- */

static const struct {
	const char *typed, *delivery; /* NULL: none */
} TYPED[] = {
	{ "ann@example.org", "ann@example.org" },
	{ "  Ann@Example.ORG\r\n", "Ann@example.org" },
	{ "Ann <ann@example.org>", "ann@example.org" },
	{ "", NULL },
	{ "   ", NULL },
	{ "ann", NULL },
	{ "ann@", NULL },
	{ "ann@example.org\nbob@example.org", NULL },
	{ "ann@example.org, bob@example.org", NULL },
	{ "ann\xe2\x80\x8b@example.org", NULL },
};

static void addresses(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(TYPED); i++) {
		struct form f = { .field = { { .name = "address", .value = TYPED[i].typed } }, .n = 1 };
		struct address got;
		const char *fault = NULL;
		bool ok = ask_address(a, &f, &got, &fault);

		if (ok != (TYPED[i].delivery != NULL))
			fail_msg("\"%s\": %s", TYPED[i].typed, ok ? got.delivery : fault);
		if (ok)
			assert_string_equal(got.delivery, TYPED[i].delivery);
		else
			assert_non_null(fault);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks),
		cmocka_unit_test(one_network),
		cmocka_unit_test(one_site), cmocka_unit_test(all_networks),
		cmocka_unit_test(crowded),
		cmocka_unit_test(stamps),
		cmocka_unit_test(stamps_of_others),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
