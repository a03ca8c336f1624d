/*
 * Time: see clock.h. The calendar is worked out here, because libc's
 * functions keep state, follow TZ and the locale. A year is taken to begin in
 * March, so that the leap day is its last; then 400 years are always 146097
 * days, and months follow the pattern of (153 * month + 2) / 5.
 */
#include "base/clock.h"
#include "base/codec.h"

#define DAYS_OF_ERA 146097
#define EPOCH_DAY   719468 /* 1970-01-01, counted from 0000-03-01 */

static const char *const MONTHS[] = { "January", "February", "March",     "April",   "May",      "June",
				      "July",    "August",   "September", "October", "November", "December" };
static const char *const WEEKDAYS[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

struct civil {
	int64_t year;
	int month, day; /* from 1 */
	int hour, minute, second;
	int weekday; /* 0: Sunday */
};

int64_t clock_now(const struct clock *c)
{
	struct timespec now;

	if (c->fixed)
		return c->fixed;
	MUST(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return now.tv_sec * SECOND + now.tv_nsec / 1000 + c->shift;
}

int64_t clock_ticks(void)
{
	struct timespec now;

	MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

int clock_parse_shift(const char *text, int64_t *shift, struct err *e)
{
	static const char units[] = "smhd";
	static const int64_t lengths[] = { SECOND, MINUTE, HOUR, DAY };
	size_t n = strlen(text);
	const char *unit = n > 2 ? strchr(units, text[n - 1]) : NULL;
	char digits[16];
	int64_t count;

	if (!unit || (text[0] != '+' && text[0] != '-') || n - 2 >= sizeof(digits))
		goto bad;
	memcpy(digits, text + 1, n - 2);
	digits[n - 2] = '\0';
	/* A hundred years either way. */
	if (parse_i64(digits, 0, 36525 * DAY / lengths[unit - units], &count) < 0)
		goto bad;
	*shift = count * lengths[unit - units] * (text[0] == '-' ? -1 : 1);
	return 0;
bad:
	return err_set(e, ERR_INPUT, "\"%s\" is not a shift of the clock: write it as \"+2h\", \"-30m\", \"+400d\"",
		       text);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t clock_days(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = floor_div(y, 400), of_era = y - era * 400;
	int from_march = (month + 9) % 12;

	return era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + (153 * from_march + 2) / 5 + day - 1 -
	       EPOCH_DAY;
}

static struct civil civil_of(int64_t t)
{
	int64_t days = floor_div(t, DAY), seconds = (t % DAY + DAY) % DAY / SECOND;
	int64_t z = days + EPOCH_DAY, era = floor_div(z, DAYS_OF_ERA), day = z - era * DAYS_OF_ERA;
	/* Take out the leap days that came before, and what is left are plain years. */
	int64_t year = (day - day / 1460 + day / 36524 - day / (DAYS_OF_ERA - 1)) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int from_march = (int)((5 * of_year + 2) / 153);
	struct civil c = { .hour = (int)(seconds / 3600),
			   .minute = (int)(seconds / 60 % 60),
			   .second = (int)(seconds % 60) };

	c.day = (int)of_year - (153 * from_march + 2) / 5 + 1;
	c.month = from_march < 10 ? from_march + 3 : from_march - 9;
	c.year = year + era * 400 + (c.month <= 2);
	c.weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970 began on a Thursday */
	return c;
}

/* So many digits, with zeros in front; each message has a date, and printf would be most of its cost. */
static char *put_digits(char *to, int64_t v, int digits)
{
	for (int i = digits; i-- > 0; v /= 10)
		to[i] = (char)('0' + v % 10);
	return to + digits;
}

static char *put_text(char *to, const char *p, size_t n)
{
	memcpy(to, p, n);
	return to + n;
}

char *time_iso(int64_t t, char out[32])
{
	struct civil c = civil_of(t);
	char *to;

	if (c.year < 0 || c.year > 9999) {
		snprintf(out, 32, "%04lld-%02d-%02dT%02d:%02d:%02dZ", (long long)c.year, c.month, c.day, c.hour, c.minute, c.second);
		return out;
	}
	to = put_text(put_digits(out, c.year, 4), "-", 1);
	to = put_text(put_digits(to, c.month, 2), "-", 1);
	to = put_text(put_digits(to, c.day, 2), "T", 1);
	to = put_text(put_digits(to, c.hour, 2), ":", 1);
	to = put_text(put_digits(to, c.minute, 2), ":", 1);
	put_text(put_digits(to, c.second, 2), "Z", sizeof("Z"));
	return out;
}

char *time_day(int64_t t, char out[32])
{
	struct civil c = civil_of(t);

	snprintf(out, 32, "%d %s %lld", c.day, MONTHS[c.month - 1], (long long)c.year);
	return out;
}

char *time_rfc5322(int64_t t, char out[40])
{
	struct civil c = civil_of(t);
	char *to;

	if (c.year < 0 || c.year > 9999) {
		snprintf(out, 40, "%s, %d %.3s %lld %02d:%02d:%02d +0000", WEEKDAYS[c.weekday], c.day, MONTHS[c.month - 1],
			 (long long)c.year, c.hour, c.minute, c.second);
		return out;
	}
	to = put_text(put_text(out, WEEKDAYS[c.weekday], 3), ", ", 2);
	to = put_text(put_digits(to, c.day, c.day < 10 ? 1 : 2), " ", 1);
	to = put_text(put_text(to, MONTHS[c.month - 1], 3), " ", 1);
	to = put_text(put_digits(to, c.year, 4), " ", 1);
	to = put_text(put_digits(to, c.hour, 2), ":", 1);
	to = put_text(put_digits(to, c.minute, 2), ":", 1);
	put_text(put_digits(to, c.second, 2), " +0000", sizeof(" +0000"));
	return out;
}

char *time_span(int64_t t, char out[32])
{
	int64_t minutes = t / MINUTE;

	if (t < MINUTE)
		snprintf(out, 32, "%lld s", t > 0 ? (long long)(t / SECOND) : 0);
	else if (minutes < 60)
		snprintf(out, 32, "%lld min", (long long)minutes);
	else if (minutes < 48 * 60 && minutes % 60)
		snprintf(out, 32, "%lld h %lld min", (long long)(minutes / 60), (long long)(minutes % 60));
	else if (minutes < 48 * 60)
		snprintf(out, 32, "%lld h", (long long)(minutes / 60));
	else
		snprintf(out, 32, "%lld days", (long long)(t / DAY));
	return out;
}

int64_t clock_year(int64_t t)
{
	return civil_of(t).year;
}

static int days_in_month(int64_t year, int month)
{
	return month == 12 ? 31 : (int)(clock_days(year, month + 1, 1) - clock_days(year, month, 1));
}

/* Reads text of the shape "9999-99-99T99:99:99", as far as the text goes. */
static bool has_shape(const char *text, size_t n)
{
	static const char shape[] = "9999-99-99T99:99:99";

	for (size_t i = 0; i < n; i++)
		if (shape[i] == '9' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
			return false;
	return true;
}

static int two_digits(const char *p)
{
	return (p[0] - '0') * 10 + p[1] - '0';
}

int time_parse(const char *text, int64_t *out, struct err *e)
{
	size_t n = strnlen(text, 32);
	struct civil c = { 0 };

	if (n > 10 && text[n - 1] == 'Z')
		n = n == 11 ? 0 : n - 1; /* a day alone has no zone */
	if ((n != 10 && n != 16 && n != 19) || !has_shape(text, n))
		goto bad;
	c.year = two_digits(text) * 100 + two_digits(text + 2);
	c.month = two_digits(text + 5);
	c.day = two_digits(text + 8);
	if (n >= 16) {
		c.hour = two_digits(text + 11);
		c.minute = two_digits(text + 14);
	}
	if (n == 19)
		c.second = two_digits(text + 17);
	if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > days_in_month(c.year, c.month) || c.hour > 23 ||
	    c.minute > 59 || c.second > 59)
		goto bad;
	*out = clock_days(c.year, c.month, c.day) * DAY + c.hour * HOUR + c.minute * MINUTE + c.second * SECOND;
	return 0;
bad:
	return err_set(e, ERR_INPUT, "\"%.40s\" is not a time: write it as 2026-11-23 or 2026-11-23T04:13, in UTC",
		       text);
}
