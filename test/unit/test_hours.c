/* Send windows: how they are written, when they are open, and files of time zones that lie. */
#include "base/clock.h"
#include "base/hours.h"
#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static int64_t at(const char *text)
{
	struct err e = { 0 };
	int64_t t = 0;

	assert_int_equal(time_parse(text, &t, &e), 0);
	return t;
}

static void canonical(void **state)
{
	static const struct {
		const char *text, *canonical;
	} CASES[] = {
		{ "mon-fri 08:00-18:00, sat 10:00-12:00 Europe/Berlin", "mon-fri 08:00-18:00, sat 10:00-12:00 Europe/Berlin" },
		{ "  Monday-FRIDAY 8:00-18:00,sat 10:00-12:00   Europe/Berlin ", "mon-fri 08:00-18:00, sat 10:00-12:00 Europe/Berlin" },
		{ "mon, tue, thu 9:00-10:00 UTC", "mon-tue 09:00-10:00, thu 09:00-10:00 UTC" },
		{ "daily 0:00-24:00 UTC", "mon-sun 00:00-24:00 UTC" },
		{ "mon 8:00-12:00 13:00-17:00 11:00-12:30 UTC", "mon 08:00-12:30 13:00-17:00 UTC" },
		{ "fri 22:00-06:00 UTC", "fri 22:00-24:00, sat 00:00-06:00 UTC" },
		{ "sat-mon 10:00-11:00 UTC", "mon 10:00-11:00, sat-sun 10:00-11:00 UTC" },
		{ "sun 23:59-00:01 UTC", "mon 00:00-00:01, sun 23:59-24:00 UTC" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct hours *h, *again;
		struct err e = { 0 };

		assert_int_equal(hours_parse(a, CASES[i].text, &h, &e), 0);
		assert_string_equal(hours_text(h), CASES[i].canonical);
		assert_int_equal(hours_parse(a, hours_text(h), &again, &e), 0);
		assert_string_equal(hours_text(again), CASES[i].canonical);
	}
	arena_free(a);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
	} CASES[] = {
		{ "", "there are no hours" },
		{ "mon-fri 08:00-18:00", "time zone" },
		{ "08:00-18:00 UTC", "on which days" },
		{ "mon UTC", "is no day" },
		{ "mon 08:00-18:00, tue", "behind the last day" },
		{ "mon 08:00-18:00, tue UTC", "is no day" },
		{ "mon 8-18 UTC", "begin and an end" },
		{ "mon 08:00-25:00 UTC", "begin and an end" },
		{ "mon 08:00-24:01 UTC", "begin and an end" },
		{ "mon 08:00-08:60 UTC", "begin and an end" },
		{ "mon 08:00-08:00 UTC", "begin and an end" },
		{ "mon 24:00-08:00 UTC", "begin and an end" },
		{ "mon 8:0-9:00 UTC", "begin and an end" },
		{ "mo 08:00-18:00 UTC", "is no day" },
		{ "mondays 08:00-18:00 UTC", "is no day" },
		{ "mon 08:00-18:00 Europe/Atlantis", "is no time zone" },
		{ "mon 08:00-18:00 europe", "is no time zone" },
		{ "mon 08:00-18:00 ../../etc/passwd", "is no time zone" },
		{ "mon 08:00-18:00 /etc/localtime", "is no time zone" },
		{ "mon 08:00-18:00 Europe", "is no time zone" },
		{ "mon 08:00-18:00 tzdata.zi", "is no time zone" },
		{ "mon 08:00-18:00 zone.tab", "is no time zone" },
		{ "mon 08:00-18:00 leapseconds", "not one of version 2" },
	};
	struct arena *a = arena_new();
	char long_text[HOURS_TEXT_MAX + 2];

	(void)state;
	memset(long_text, ' ', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct hours *h;
		struct err e = { 0 };

		assert_int_equal(hours_parse(a, CASES[i].text, &h, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
		if (!strstr(e.text, CASES[i].says))
			fail_msg("\"%s\": %s", CASES[i].text, e.text);
		assert_int_equal(hours_parse(a, long_text, &h, &(struct err){ 0 }), -1);
	}
	arena_free(a);
}

static void over_changes_of_clocks(void **state)
{
	struct arena *a = arena_new();
	const struct hours *h, *all, *tuesday, *monday;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(hours_parse(a, "mon-fri 08:00-18:00 Europe/Berlin", &h, &e), 0);
	/* Winter: an hour ahead of UTC; summer: two. */
	assert_false(hours_open(h, at("2026-03-27T06:59:59")));
	assert_true(hours_open(h, at("2026-03-27T07:00:00")));
	assert_true(hours_open(h, at("2026-03-27T16:59:59") + SECOND - 1));
	assert_false(hours_open(h, at("2026-03-27T17:00:00")));
	assert_true(hours_change(h, at("2026-03-27T17:00:00")) == at("2026-03-30T06:00:00"));
	assert_true(hours_change(h, at("2026-03-30T06:00:00")) == at("2026-03-30T16:00:00"));
	assert_true(hours_change(h, at("2026-03-30T05:59:59") + 1) == at("2026-03-30T06:00:00"));
	/* Far behind the last change that the file tells, by its rule. */
	assert_true(hours_change(h, at("2150-07-04T17:00:00")) == at("2150-07-06T06:00:00"));
	assert_int_equal(hours_parse(a, "daily 00:00-24:00 Europe/Berlin", &all, &e), 0);
	assert_true(hours_open(all, at("2026-03-29T01:00:00")));
	assert_true(hours_change(all, at("2026-03-29T01:00:00")) == INT64_MAX);
	/* Two of them. */
	assert_int_equal(hours_parse(a, "mon-tue 17:00-24:00 UTC", &tuesday, &e), 0);
	assert_int_equal(hours_parse(a, "tue 18:00-19:00 UTC", &monday, &e), 0);
	assert_true(hours_opening(tuesday, monday, at("2026-11-23T12:00:00")) == at("2026-11-24T18:00:00"));
	assert_true(hours_opening(tuesday, monday, at("2026-11-24T18:30:00")) == at("2026-11-24T18:30:00"));
	assert_true(hours_opening(NULL, monday, at("2026-11-24T19:00:00")) == at("2026-12-01T18:00:00"));
	assert_true(hours_opening(NULL, NULL, 7) == 7);
	assert_int_equal(hours_parse(a, "wed 18:00-19:00 UTC", &monday, &e), 0);
	assert_true(hours_opening(tuesday, monday, at("2026-11-23T12:00:00")) == INT64_MAX);
	arena_free(a);
}

/* --- files ------------------------------------------------------------------------------------- */

/* A file of the second version: `times` moments 100 s apart, two kinds of time, then `rule`. */
static size_t make_file(uint8_t *out, unsigned times, const char *rule)
{
	size_t n = 44;

	memset(out, 0, 4096);
	memcpy(out, "TZif2", 5);
	out[39] = 1; /* the first block: one kind of time, no moments */
	n += 6;
	memcpy(out + n, "TZif2", 5);
	out[n + 35] = (uint8_t)times;
	out[n + 39] = 2;
	n += 44;
	for (unsigned i = 0; i < times; i++)
		out[n + 8 * i + 7] = (uint8_t)(i * 100);
	n += 8 * times;
	for (unsigned i = 0; i < times; i++)
		out[n + i] = (i + 1) % 2;
	n += times;
	out[n + 6 + 2] = 0x0e; /* 3600 s */
	out[n + 6 + 3] = 0x10;
	n += 12;
	memcpy(out + n, rule, strlen(rule));
	return n + strlen(rule);
}

static int read_file(const uint8_t *p, size_t n, const struct zone **z)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	int rc = zone_read(a, "Made/Up", (struct slice){ (const char *)p, n }, z, &e);

	assert_true(rc == 0 || e.kind == ERR_INPUT);
	if (rc == 0)
		assert_true(zone_offset(*z, 12345) == zone_offset(*z, 12345));
	arena_free(a);
	return rc;
}

static void files_that_lie(void **state)
{
	static const char *const RULES[] = { "", "\n", "\nCET-1CEST,M3.5.0\n", "\nCET\n", "\nC-1\n", "\nCET-1CEST,M13.5.0,M10.5.0\n",
					     "\nCET-1CEST,M3.6.0,M10.5.0\n", "\nCET-1CEST,J0,J3\n", "\nCET-1CEST,M3.5.0,M10.5.0/999\n",
					     "\nCET-1CEST,M3.5.0,M10.5.0,\n", "\n<CET-1\n", "\nCET-1" };
	uint8_t file[4096];
	const struct zone *z;
	size_t n;

	(void)state;
	n = make_file(file, 2, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	assert_int_equal(read_file(file, n, &z), 0);
	assert_int_equal(read_file(file, make_file(file, 2, "\n\n"), &z), 0);
	for (size_t i = 0; i < COUNT(RULES); i++)
		assert_int_equal(read_file(file, make_file(file, 2, RULES[i]), &z), -1);
	/* Cut anywhere. */
	n = make_file(file, 2, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(read_file(file, cut, &z), -1);
	/* Counts that promise what is not there, kinds that are none, moments out of order, leap seconds, offsets of days. */
	static const struct {
		size_t place;
		uint8_t value;
	} LIES[] = { { 0, 'X' }, { 4, '1' }, { 32, 0xff }, { 35, 9 }, { 50, 'x' }, { 50 + 32, 0xff }, { 50 + 35, 200 }, { 50 + 36, 0xff }, { 50 + 39, 0 },
		     { 50 + 31, 1 }, { 50 + 44 + 7, 200 }, { 50 + 44 + 16, 2 }, { 50 + 44 + 18, 0x7f } };

	for (size_t i = 0; i < COUNT(LIES); i++) {
		n = make_file(file, 2, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
		file[LIES[i].place] = LIES[i].value;
		assert_int_equal(read_file(file, n, &z), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical),
		cmocka_unit_test(refused),
		cmocka_unit_test(over_changes_of_clocks),
		cmocka_unit_test(files_that_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
