/*
 * Send windows: hours of the week in which something may happen, by the clocks
 * of a time zone: "mon-fri 08:00-18:00, sat 10:00-12:00 Europe/Berlin". They
 * are open when a clock on the wall there shows one of them; so an hour that
 * is skipped in spring does not come, and one that comes twice in autumn is
 * open twice. Times are UTC microseconds. Nothing changes after reading, so
 * that any thread may ask.
 */
#ifndef PLACET_HOURS_H
#define PLACET_HOURS_H

#include "base/arena.h"
#include "base/err.h"

#define HOURS_TEXT_MAX 300 /* bytes of a text that is read */

struct hours;

/*
 * Reads days and hours, and the time zone behind them. Days: mon, tuesday, mon-fri, sat-mon, daily; several with commas.
 * Hours: 8:00-18:00, several with blanks; 22:00-06:00 goes on into the next day; 24:00 ends a day. ERR_INPUT says what
 * is wrong, and how it is written.
 */
int hours_parse(struct arena *a, const char *text, const struct hours **out, struct err *e) MUST_USE;
/* The same hours always give the same text, which can be read again. */
const char *hours_text(const struct hours *h);

bool hours_open(const struct hours *h, int64_t t);
/* The first moment after `t` at which they open or close; INT64_MAX: never (within ten weeks). */
int64_t hours_change(const struct hours *h, int64_t t);
/* The first moment at `t` or later at which both are open; NULL is always open. INT64_MAX: never. */
int64_t hours_opening(const struct hours *one, const struct hours *other, int64_t t);

#endif
