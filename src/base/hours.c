/*
 * Send windows: see hours.h. The one idea: a week has 10,080 minutes, and a
 * bit for each says whether it is open. So overlapping and wrapped hours need
 * no care, and the canonical text is written from the bits alone.
 */
#include "base/hours.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/zone.h"

#define OF_DAY 1440
#define OF_WEEK (7 * OF_DAY)
#define AHEAD (10 * 7 * 86400) /* seconds: a zone's change may take an hour away once or twice, not ten times */

static const char *const DAYS[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };

struct hours {
	uint8_t open[OF_WEEK / 8]; /* a bit for each minute, from Monday 00:00 */
	const struct zone *zone;
	const char *text;
};

static bool is_open(const struct hours *h, int minute)
{
	minute %= OF_WEEK;
	return h->open[minute / 8] >> minute % 8 & 1;
}

static void open_up(struct hours *h, int from, int to)
{
	for (int m = from; m < to; m++)
		h->open[m % OF_WEEK / 8] |= (uint8_t)(1 << m % 8);
}

/* --- reading ------------------------------------------------------------------------------------ */

/* A word, without the blanks and commas around it; n = 0 at the end. */
static struct slice next_word(const char **p)
{
	struct slice w;

	*p += strspn(*p, " \t,");
	w = (struct slice){ *p, strcspn(*p, " \t,") };
	*p += w.n;
	return w;
}

/* "mon", "Monday": at least three letters. 0 to 6, or -1. */
static int read_day(struct slice w)
{
	for (int i = 0; w.n >= 3 && i < 7; i++)
		if (w.n <= strlen(DAYS[i]) && strncasecmp(w.p, DAYS[i], w.n) == 0)
			return i;
	return -1;
}

/* "mon", "mon-fri", "sat-mon", "daily" into a bit for each day. */
static bool read_days(struct slice w, unsigned *days)
{
	const char *dash = memchr(w.p, '-', w.n);
	int from, to;

	if (slice_is(w, "daily")) {
		*days |= 0x7f;
		return true;
	}
	from = read_day(dash ? (struct slice){ w.p, (size_t)(dash - w.p) } : w);
	to = dash ? read_day((struct slice){ dash + 1, w.n - (size_t)(dash + 1 - w.p) }) : from;
	if (from < 0 || to < 0)
		return false;
	for (int d = from;; d = (d + 1) % 7) {
		*days |= 1u << d;
		if (d == to)
			return true;
	}
}

static bool read_digits(const char **p, const char *end, int *out)
{
	const char *start = *p;

	for (*out = 0; *p < end && **p >= '0' && **p <= '9' && *p - start < 2; (*p)++)
		*out = *out * 10 + (**p - '0');
	return *p > start;
}

/* "8:00", "08:30", "24:00" as minutes of the day; -1 if it is none. */
static int read_clock(const char **p, const char *end)
{
	const char *minutes;
	int hour, minute;

	if (!read_digits(p, end, &hour) || *p == end || *(*p)++ != ':')
		return -1;
	minutes = *p;
	if (!read_digits(p, end, &minute) || *p - minutes != 2)
		return -1;
	return hour > 24 || minute > 59 || (hour == 24 && minute) ? -1 : hour * 60 + minute;
}

static bool read_span(struct slice w, int *from, int *to)
{
	const char *p = w.p, *end = w.p + w.n;

	*from = read_clock(&p, end);
	if (*from < 0 || *from == OF_DAY || p == end || *p++ != '-')
		return false;
	*to = read_clock(&p, end);
	return *to > 0 && p == end && *to != *from;
}

static void open_on(struct hours *h, unsigned days, int from, int to)
{
	/* 22:00-06:00 ends on the next day. */
	for (int d = 0; d < 7; d++)
		if (days >> d & 1)
			open_up(h, d * OF_DAY + from, d * OF_DAY + (to > from ? to : to + OF_DAY));
}

#define FORM "write them as: mon-fri 08:00-18:00, sat 10:00-12:00 Europe/Berlin"

static int not_understood(struct slice w, struct err *e)
{
	if (w.p[0] >= '0' && w.p[0] <= '9')
		return err_set(e, ERR_INPUT, "\"%.*s\": hours are a begin and an end such as 08:00-18:00, to the minute; " FORM,
			       (int)w.n, w.p);
	return err_set(e, ERR_INPUT, "\"%.*s\" is no day; " FORM, (int)w.n, w.p);
}

/* Days gather until hours come, and hold for those until other days begin. Whatever stands last is the zone. */
static int read_week(struct hours *h, const char *text, struct slice *zone, struct err *e)
{
	bool had_hours = true, any = false;
	unsigned days = 0;
	const char *p = text;
	struct slice w;

	while ((w = next_word(&p)).n) {
		bool last = p[strspn(p, " \t,")] == '\0';
		int from, to;

		if (read_span(w, &from, &to)) {
			if (!days)
				return err_set(e, ERR_INPUT, "\"%.*s\": on which days? " FORM ", or daily", (int)w.n, w.p);
			open_on(h, days, from, to);
			had_hours = any = true;
		} else if (last && any && had_hours && (w.p[0] < '0' || w.p[0] > '9') && !read_days(w, &(unsigned){ 0 })) {
			*zone = w;
			return 0;
		} else {
			if (had_hours)
				days = 0;
			had_hours = false;
			if (!read_days(w, &days))
				return not_understood(w, e);
		}
	}
	if (!any || !had_hours)
		return err_set(e, ERR_INPUT, "there are no hours %s; " FORM, any ? "behind the last day" : "in it");
	return err_set(e, ERR_INPUT, "whose clocks? Put the time zone behind the hours; " FORM ", or UTC");
}

/* --- writing ------------------------------------------------------------------------------------ */

/* "08:00-12:00 13:00-18:00" of one day. */
static const char *day_text(struct arena *a, const struct hours *h, int day)
{
	const char *out = "";

	for (int m = 0, from; m < OF_DAY; m++) {
		if (!is_open(h, day * OF_DAY + m))
			continue;
		for (from = m; m < OF_DAY && is_open(h, day * OF_DAY + m); m++)
			;
		out = arena_printf(a, "%s%s%02d:%02d-%02d:%02d", out, *out ? " " : "", from / 60, from % 60, m / 60, m % 60);
	}
	return out;
}

/* Days in a row with the same hours stand together. */
static const char *week_text(struct arena *a, const struct hours *h)
{
	const char *day[7], *out = "";

	for (int d = 0; d < 7; d++)
		day[d] = day_text(a, h, d);
	for (int d = 0, to; d < 7; d = to + 1) {
		for (to = d; to < 6 && strcmp(day[to + 1], day[d]) == 0; to++)
			;
		if (!*day[d])
			continue;
		out = arena_printf(a, "%s%s%.3s", out, *out ? ", " : "", DAYS[d]);
		if (to > d)
			out = arena_printf(a, "%s-%.3s", out, DAYS[to]);
		out = arena_printf(a, "%s %s", out, day[d]);
	}
	return arena_printf(a, "%s %s", out, zone_name(h->zone));
}

int hours_parse(struct arena *a, const char *text, const struct hours **out, struct err *e)
{
	struct hours *h = ARENA_NEW(a, struct hours);
	struct slice zone = { "", 0 };

	if (strlen(text) > HOURS_TEXT_MAX)
		return err_set(e, ERR_INPUT, "hours: at most %d bytes are read", HOURS_TEXT_MAX);
	if (read_week(h, text, &zone, e) < 0 || zone_load(a, arena_text_n(a, zone.p, zone.n), &h->zone, e) < 0)
		return err_in(e, "hours");
	h->text = week_text(a, h);
	*out = h;
	return 0;
}

const char *hours_text(const struct hours *h)
{
	return h->text;
}

/* --- asking ------------------------------------------------------------------------------------- */

static int64_t floor_seconds(int64_t t)
{
	return t / SECOND - (t % SECOND < 0);
}

/* Seconds into the week, by the wall's clock. */
static int64_t of_week(const struct hours *h, int64_t s)
{
	int64_t local = s + zone_offset(h->zone, s) + 3 * 86400; /* 1970 began on a Thursday */

	return (local % (7 * 86400) + 7 * 86400) % (7 * 86400);
}

static bool open_at(const struct hours *h, int64_t s)
{
	return is_open(h, (int)(of_week(h, s) / 60));
}

bool hours_open(const struct hours *h, int64_t t)
{
	return open_at(h, floor_seconds(t));
}

/* As long as clocks run evenly: the second at which it changes; INT64_MAX when every minute of the week is alike. */
static int64_t even_change(const struct hours *h, int64_t s)
{
	int64_t in_week = of_week(h, s);
	int minute = (int)(in_week / 60);
	bool was = is_open(h, minute);

	for (int ahead = 1; ahead < OF_WEEK; ahead++)
		if (is_open(h, minute + ahead) != was)
			return s + ahead * 60 - in_week % 60;
	return INT64_MAX;
}

int64_t hours_change(const struct hours *h, int64_t t)
{
	int64_t s = floor_seconds(t), end = s + AHEAD;
	bool was = open_at(h, s);

	while (s < end) {
		int64_t change = even_change(h, s), clocks = zone_change(h->zone, s);

		if (change < clocks)
			return change * SECOND;
		if (clocks == INT64_MAX)
			break;
		s = clocks;
		if (open_at(h, s) != was)
			return s * SECOND;
	}
	return INT64_MAX;
}

static int64_t opening_of(const struct hours *h, int64_t t)
{
	return !h || hours_open(h, t) ? t : hours_change(h, t);
}

int64_t hours_opening(const struct hours *one, const struct hours *other, int64_t t)
{
	int64_t end = t + AHEAD * SECOND;

	while (t < end) {
		int64_t first = opening_of(one, t), both = first == INT64_MAX ? first : opening_of(other, first);

		if (both == first)
			return first;
		t = both;
	}
	return INT64_MAX;
}
