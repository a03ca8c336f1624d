/*
 * Time zones: see zone.h. libc's own functions know one zone for the whole
 * process, behind a lock and an environment variable; ICU brings a database of
 * its own, which is older than the system's. So the files are read here: a
 * table of moments at which clocks change, and behind its last one a rule that
 * is written as in POSIX ("CET-1CEST,M3.5.0,M10.5.0/3").
 */
#include "base/zone.h"

#include "base/clock.h"
#include "base/file.h"

#define FOLDER "/usr/share/zoneinfo/"
#define FILE_MAX (256 * 1024)
#define NAME_MAX_BYTES 64
#define HEADER 44
#define OFFSET_MAX (26 * 3600) /* RFC 8536, 3.2: UTC offsets lie within it */
#define YEARS_MAX 100000       /* beyond them no rule is asked */

/* A day of each year, and a time of it, by the clock before the change. */
struct yearly {
	enum { BY_MONTH, BY_DAY, BY_DAY_WITHOUT_LEAP } kind;
	int month, week, weekday; /* BY_MONTH: week 5 is the last */
	int day;                  /* from 0, or from 1 without 29 February */
	int64_t seconds;
};

struct zone {
	const char *name;
	size_t n;             /* moments of change */
	const int64_t *at;
	const int64_t *after; /* offset from then on */
	int64_t before;       /* offset before the first one */
	bool ruled;           /* behind the last one the following holds; else the last offset for ever */
	int64_t standard, summer;
	bool two;             /* clocks change twice a year; else `standard` for ever */
	struct yearly begins, ends;
};

/* --- the rule behind the table ------------------------------------------------------------------ */

struct text {
	const char *p, *end;
};

static bool take(struct text *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

static bool take_number(struct text *t, int max, int *out)
{
	const char *start = t->p;

	for (*out = 0; t->p < t->end && *t->p >= '0' && *t->p <= '9' && t->p - start < 3; t->p++)
		*out = *out * 10 + (*t->p - '0');
	return t->p > start && *out <= max;
}

/* "CET" or "<+03>". */
static bool take_letters(struct text *t)
{
	const char *start = t->p;
	bool quoted = take(t, '<');

	while (t->p < t->end && (quoted ? *t->p != '>' : ((*t->p | 32) >= 'a' && (*t->p | 32) <= 'z')))
		t->p++;
	return t->p - start >= 3 && (!quoted || take(t, '>'));
}

/* "-1", "3:30", "+167:59:59". */
static bool take_time(struct text *t, int64_t *out)
{
	bool minus = take(t, '-');
	int part[3] = { 0 };

	if (!minus)
		take(t, '+');
	if (!take_number(t, 167, &part[0]))
		return false;
	for (int i = 1; i < 3 && take(t, ':'); i++)
		if (!take_number(t, 59, &part[i]))
			return false;
	*out = (part[0] * INT64_C(3600) + part[1] * 60 + part[2]) * (minus ? -1 : 1);
	return true;
}

/* "M10.5.0/3", "J60", "59/2". */
static bool take_yearly(struct text *t, struct yearly *y)
{
	bool ok;

	*y = (struct yearly){ .seconds = 2 * 3600 };
	if (take(t, 'M')) {
		ok = take_number(t, 12, &y->month) && take(t, '.') && take_number(t, 5, &y->week) && take(t, '.') &&
		     take_number(t, 6, &y->weekday) && y->month && y->week;
	} else {
		y->kind = take(t, 'J') ? BY_DAY_WITHOUT_LEAP : BY_DAY;
		ok = take_number(t, 365, &y->day) && (y->kind == BY_DAY || y->day);
	}
	return ok && (!take(t, '/') || take_time(t, &y->seconds));
}

static bool read_rule(struct zone *z, struct text t)
{
	if (!take_letters(&t) || !take_time(&t, &z->standard))
		return false;
	z->standard = -z->standard; /* POSIX counts to the west */
	z->ruled = true;
	if (t.p == t.end)
		return true;
	z->two = true;
	z->summer = z->standard + 3600;
	if (!take_letters(&t))
		return false;
	if (t.p < t.end && *t.p != ',') {
		if (!take_time(&t, &z->summer))
			return false;
		z->summer = -z->summer;
	}
	return take(&t, ',') && take_yearly(&t, &z->begins) && take(&t, ',') && take_yearly(&t, &z->ends) && t.p == t.end;
}

static bool is_leap(int64_t year)
{
	return clock_days(year + 1, 1, 1) - clock_days(year, 1, 1) == 366;
}

/* Seconds from 1970 to the moment in that year, by the clock on the wall. */
static int64_t yearly_at(const struct yearly *y, int64_t year)
{
	int64_t day = clock_days(year, 1, 1), next;

	if (y->kind == BY_DAY) {
		day += y->day;
	} else if (y->kind == BY_DAY_WITHOUT_LEAP) {
		day += y->day - 1 + (y->day >= 60 && is_leap(year));
	} else {
		day = clock_days(year, y->month, 1);
		next = y->month == 12 ? clock_days(year + 1, 1, 1) : clock_days(year, y->month + 1, 1);
		day += (y->weekday - (day + 4) % 7 + 14) % 7 + 7 * (y->week - 1);
		if (day >= next)
			day -= 7;
	}
	return day * 86400 + y->seconds;
}

struct event {
	int64_t at, after;
};

/* What the rule does in the years around `t`, in order. */
static void events_around(const struct zone *z, int64_t t, struct event out[6])
{
	int64_t year = clock_year(t * SECOND);

	for (int i = 0; i < 3; i++) {
		struct event begin = { yearly_at(&z->begins, year - 1 + i) - z->standard, z->summer };
		struct event end = { yearly_at(&z->ends, year - 1 + i) - z->summer, z->standard };
		bool in_order = begin.at < end.at;

		out[2 * i] = in_order ? begin : end;
		out[2 * i + 1] = in_order ? end : begin;
	}
}

static bool asks_rule(const struct zone *z, int64_t t)
{
	return z->ruled && z->two && (z->n == 0 || t >= z->at[z->n - 1]) && t > 0 && t < YEARS_MAX * INT64_C(31556952);
}

/* --- asking ------------------------------------------------------------------------------------- */

const char *zone_name(const struct zone *z)
{
	return z->name;
}

/* How many moments of change are at or before `t`. */
static size_t passed(const struct zone *z, int64_t t)
{
	size_t from = 0, to = z->n;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (z->at[middle] <= t)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

int64_t zone_offset(const struct zone *z, int64_t t)
{
	size_t n = passed(z, t);
	struct event e[6];
	int64_t out;

	if (n < z->n || !z->ruled)
		return n ? z->after[n - 1] : z->before;
	if (!asks_rule(z, t))
		return z->standard;
	events_around(z, t, e);
	out = e[0].after;
	for (int i = 0; i < 6; i++)
		if (e[i].at <= t)
			out = e[i].after;
	return out;
}

int64_t zone_change(const struct zone *z, int64_t t)
{
	size_t n = passed(z, t);
	struct event e[6];

	if (n < z->n)
		return z->at[n];
	if (!asks_rule(z, t))
		return z->ruled && z->two && t <= 0 ? 1 : INT64_MAX;
	events_around(z, t, e);
	for (int i = 0; i < 6; i++)
		if (e[i].at > t)
			return e[i].at;
	return INT64_MAX;
}

/* --- reading ------------------------------------------------------------------------------------ */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const uint8_t *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

struct counts {
	uint64_t utc, standard, leaps, times, types, letters;
};

static bool read_header(struct slice s, struct counts *c)
{
	const uint8_t *p = (const uint8_t *)s.p;

	if (s.n < HEADER || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	*c = (struct counts){ be32(p + 20), be32(p + 24), be32(p + 28), be32(p + 32), be32(p + 36), be32(p + 40) };
	return c->types >= 1 && c->types <= 256 && c->times <= FILE_MAX && c->leaps <= FILE_MAX && c->letters <= FILE_MAX &&
	       c->utc <= 256 && c->standard <= 256;
}

static uint64_t block_size(const struct counts *c, unsigned time_size)
{
	return c->times * (time_size + 1) + c->types * 6 + c->letters + c->leaps * (time_size + 4) + c->standard + c->utc;
}

/* Moments, kinds of time, and which of them holds from which moment on. */
static bool read_table(struct arena *a, struct zone *z, const uint8_t *p, const struct counts *c)
{
	const uint8_t *kind = p + c->times * 8, *type = kind + c->times;
	int64_t *at = ARENA_ARRAY(a, int64_t, c->times + 1), *after = ARENA_ARRAY(a, int64_t, c->times + 1);

	for (uint64_t i = 0; i < c->types; i++)
		if ((int32_t)be32(type + 6 * i) < -OFFSET_MAX || (int32_t)be32(type + 6 * i) > OFFSET_MAX)
			return false;
	for (uint64_t i = 0; i < c->times; i++) {
		at[i] = be64(p + 8 * i);
		if (kind[i] >= c->types || (i && at[i] <= at[i - 1]))
			return false;
		after[i] = (int32_t)be32(type + 6 * kind[i]);
	}
	z->n = c->times;
	z->at = at;
	z->after = after;
	z->before = (int32_t)be32(type);
	return true;
}

/* The file's first block is for old programs; the second has times of 64 bits, and the rule behind it. */
static bool read_file(struct arena *a, struct zone *z, struct slice s)
{
	struct counts c;
	struct text rule;
	uint64_t skip;

	if (!read_header(s, &c))
		return false;
	skip = HEADER + block_size(&c, 4);
	if (skip > s.n || !read_header((struct slice){ s.p + skip, s.n - skip }, &c) || c.leaps)
		return false;
	skip += HEADER;
	if (block_size(&c, 8) > s.n - skip || !read_table(a, z, (const uint8_t *)s.p + skip, &c))
		return false;
	skip += block_size(&c, 8);
	rule = (struct text){ s.p + skip, s.p + s.n };
	if (!take(&rule, '\n') || rule.p == rule.end || rule.end[-1] != '\n')
		return false;
	rule.end--;
	return rule.p == rule.end || read_rule(z, rule);
}

int zone_read(struct arena *a, const char *name, struct slice bytes, const struct zone **out, struct err *e)
{
	struct zone *z = ARENA_NEW(a, struct zone);

	z->name = arena_text(a, name);
	if (!read_file(a, z, bytes))
		return err_set(e, ERR_INPUT, "time zone %s: its file in %s is not one of version 2 or later without leap seconds", name,
			       FOLDER);
	*out = z;
	return 0;
}

/* As names of the database are: no path can lead out of its folder. */
static bool is_name(const char *name)
{
	size_t n = strnlen(name, NAME_MAX_BYTES + 1);

	return n >= 1 && n <= NAME_MAX_BYTES && name[0] != '/' && !strstr(name, "..") &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/") == n;
}

static int no_such(const char *name, struct err *e)
{
	return err_set(e, ERR_INPUT, "\"%.60s\" is no time zone: write it as Europe/Berlin, by continent and city, or as UTC", name);
}

int zone_load(struct arena *a, const char *name, const struct zone **out, struct err *e)
{
	struct zone *utc;
	struct buf bytes;
	int rc;

	if (strcmp(name, "UTC") == 0) {
		utc = ARENA_NEW(a, struct zone);
		utc->name = "UTC";
		*out = utc;
		return 0;
	}
	if (!is_name(name))
		return no_such(name, e);
	buf_init(&bytes, FILE_MAX);
	rc = file_read(arena_printf(a, FOLDER "%s", name), &bytes, e);
	if (rc == 0)
		rc = zone_read(a, name, (struct slice){ buf_text(&bytes), bytes.n }, out, e);
	else if (!file_exists(FOLDER))
		err_set(e, ERR_INPUT, "time zone %s: %s is not there; install the package tzdata, or use UTC", name, FOLDER);
	else if (e->kind == ERR_MISSING || e->kind == ERR_INPUT || e->kind == ERR_BROKEN)
		no_such(name, e);
	buf_free(&bytes);
	return rc;
}
