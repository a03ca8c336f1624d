/*
 * Time, passed in. All times are UTC microseconds since 1970 in an int64_t.
 * A trial home shifts its clock by PLACET_CLOCK ("+2h", "-30m", "+400d");
 * tests pass a clock that stands still.
 */
#ifndef PLACET_CLOCK_H
#define PLACET_CLOCK_H

#include "base/err.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct clock {
	int64_t fixed; /* when not 0: the time, always */
	int64_t shift; /* added to the real time */
};

int64_t clock_now(const struct clock *c);
/* A monotonic reading for measuring durations; unrelated to clock_now. */
int64_t clock_ticks(void);
/* Reads "+2h", "-30m", "+5s", "+400d" into `shift`. ERR_INPUT. */
int clock_parse_shift(const char *text, int64_t *shift, struct err *e) MUST_USE;

/* "2026-11-23T04:13:44Z" into out[32]; returns out. */
char *time_iso(int64_t t, char out[32]);
/* "23 November 2026", English, into out[32]; returns out. */
char *time_day(int64_t t, char out[32]);
/* RFC 5322 date-time "Mon, 23 Nov 2026 04:13:44 +0000" into out[40]; returns out (FMT-12). */
char *time_rfc5322(int64_t t, char out[40]);
/* A span as people say it: "4 s", "7 min", "3 h 20 min", "5 days"; into out[32]; returns out. */
char *time_span(int64_t t, char out[32]);
/* Days from 1970-01-01 to a day of the calendar (month and day from 1), and the year of a time; UTC. */
int64_t clock_days(int64_t year, int month, int day);
int64_t clock_year(int64_t t);
/* Reads "2026-11-23", "2026-11-23T04:13", "...:44", with optional "Z"; UTC. ERR_INPUT. */
int time_parse(const char *text, int64_t *out, struct err *e) MUST_USE;

#endif
