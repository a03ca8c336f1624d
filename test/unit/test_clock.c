/* Time and the calendar, checked against known dates and against libc's own calendar. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NOON INT64_C(1795407224000000) /* 2026-11-23T04:13:44Z */

static void known_dates(void **state)
{
	static const struct {
		int64_t seconds;
		const char *iso, *day, *mail;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00Z", "1 January 1970", "Thu, 1 Jan 1970 00:00:00 +0000" },
		{ 1795407224, "2026-11-23T04:13:44Z", "23 November 2026", "Mon, 23 Nov 2026 04:13:44 +0000" },
		{ 951782399, "2000-02-28T23:59:59Z", "28 February 2000", "Mon, 28 Feb 2000 23:59:59 +0000" },
		{ 951782400, "2000-02-29T00:00:00Z", "29 February 2000", "Tue, 29 Feb 2000 00:00:00 +0000" },
		{ 4107542400, "2100-03-01T00:00:00Z", "1 March 2100", "Mon, 1 Mar 2100 00:00:00 +0000" },
		{ -1, "1969-12-31T23:59:59Z", "31 December 1969", "Wed, 31 Dec 1969 23:59:59 +0000" },
		{ 253402300799, "9999-12-31T23:59:59Z", "31 December 9999", "Fri, 31 Dec 9999 23:59:59 +0000" },
	};
	char out[40];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(time_iso(cases[i].seconds * SECOND, out), cases[i].iso);
		assert_string_equal(time_day(cases[i].seconds * SECOND, out), cases[i].day);
		assert_string_equal(time_rfc5322(cases[i].seconds * SECOND, out), cases[i].mail);
	}
	/* Parts of a second never round up, before 1970 neither. */
	assert_string_equal(time_iso(NOON + 999999, out), "2026-11-23T04:13:44Z");
	assert_string_equal(time_iso(-1, out), "1969-12-31T23:59:59Z");
	/* Nothing overflows at the ends. */
	time_rfc5322(INT64_MIN, out);
	time_rfc5322(INT64_MAX, out);
}

static void agrees_with_libc(void **state)
{
	(void)state;
	/* Every 11 hours or so from 1890 to 2410: each day of the leap years' cycle, and all times of the day. */
	for (int64_t s = INT64_C(-2500000000); s < INT64_C(13900000000); s += 40009) {
		time_t t = s;
		struct tm tm;
		char ours[32], theirs[32];
		struct err e = { 0 };
		int64_t back;

		gmtime_r(&t, &tm);
		strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_string_equal(time_iso(s * SECOND, ours), theirs);
		assert_int_equal(time_parse(ours, &back, &e), 0);
		assert_true(back == s * SECOND);
	}
}

static void parsing(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} cases[] = {
		{ "2026-11-23", 1795392000 },
		{ "2026-11-23T04:13", 1795407180 },
		{ "2026-11-23T04:13Z", 1795407180 },
		{ "2026-11-23T04:13:44", 1795407224 },
		{ "2026-11-23T04:13:44Z", 1795407224 },
		{ "2024-02-29", 1709164800 },
		{ "2026-02-29", -1 },
		{ "2100-02-29", -1 },
		{ "2026-13-01", -1 },
		{ "2026-00-01", -1 },
		{ "2026-01-00", -1 },
		{ "2026-04-31", -1 },
		{ "2026-11-23T24:00", -1 },
		{ "2026-11-23T04:60", -1 },
		{ "2026-11-23T04:13:60", -1 },
		{ "2026-11-23Z", -1 },
		{ "2026-11-23 04:13", -1 },
		{ "2026-11-23T04:13:44+01:00", -1 },
		{ "2026-11-23T04", -1 },
		{ "2026-11-23T04:13ZZ", -1 },
		{ "26-11-23", -1 },
		{ "+026-11-23", -1 },
		{ "", -1 },
		{ "Z", -1 },
		{ "tomorrow", -1 },
		{ "2026-11-23T04:13:44Z and a long rest that never ends", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err e = { 0 };
		int64_t t = -SECOND;

		time_parse(cases[i].text, &t, &e) < 0 ? assert_int_equal(e.kind, ERR_INPUT) : (void)0;
		if (t != cases[i].seconds * SECOND)
			fail_msg("\"%s\" gave %lld", cases[i].text, (long long)t / 1000000);
	}
}

static void shifts(void **state)
{
	static const struct {
		const char *text;
		int64_t shift;
	} good[] = {
		{ "+2h", 2 * HOUR }, { "-30m", -30 * MINUTE }, { "+5s", 5 * SECOND }, { "+400d", 400 * DAY },
		{ "+0s", 0 },
	};
	static const char *const bad[] = {
		"",     "2h",   "+h", "+", "+2", "+2w", "+-2h", "++2h", "+2h ", "+99999d", "+9999999999999999999s",
		"+2hh", "+2.5h"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct err e = { 0 };
		int64_t shift = 1;

		assert_int_equal(clock_parse_shift(good[i].text, &shift, &e), 0);
		assert_true(shift == good[i].shift);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e = { 0 };
		int64_t shift = 1;

		if (clock_parse_shift(bad[i], &shift, &e) != -1)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_true(shift == 1);
	}
}

static void clocks(void **state)
{
	struct clock still = { .fixed = NOON, .shift = DAY }, real = { 0 }, shifted = { .shift = -2 * HOUR };
	int64_t before = clock_ticks(), difference;

	(void)state;
	assert_true(clock_now(&still) == NOON);
	difference = clock_now(&real) - clock_now(&shifted);
	assert_true(difference <= 2 * HOUR && difference > HOUR);
	assert_true(clock_now(&real) / SECOND - (int64_t)time(NULL) <= 1);
	assert_true(clock_ticks() >= before);
}

static void spans_as_people_say_them(void **state)
{
	static const struct {
		int64_t t;
		const char *text;
	} cases[] = {
		{ -1, "0 s" }, { 0, "0 s" }, { 59 * SECOND, "59 s" }, { MINUTE, "1 min" }, { HOUR - 1, "59 min" }, { HOUR, "1 h" },
		{ 3 * HOUR + 20 * MINUTE, "3 h 20 min" }, { 2 * DAY - 1, "47 h 59 min" }, { 2 * DAY, "2 days" }, { 400 * DAY, "400 days" },
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(time_span(cases[i].t, out), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_dates), cmocka_unit_test(agrees_with_libc), cmocka_unit_test(parsing),
		cmocka_unit_test(shifts),      cmocka_unit_test(clocks),
		cmocka_unit_test(spans_as_people_say_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
