/*
 * Values of cells: see table_value.h. Most numbers need no arithmetic: up to
 * 15 digits, what was written is what was meant, and only zeros are cut.
 */
#include "table/table_value.h"

#include <ctype.h>
#include <math.h>

#define DIGITS_EXACT 15 /* a double keeps so many decimal digits, always */
#define DAY_SECONDS 86400
#define DAYS_BEFORE_1970 25569 /* 1970-01-01 in the system of 1900 */
#define DAYS_1904 1462         /* from the one system to the other */
#define DAYS_END 2958466       /* 10000-01-01 */

/* `n` digits at p with the point before the digit number `point`, which may lie outside of them. */
static void add_decimal(struct buf *b, bool minus, const char *p, int n, int point)
{
	for (; n > 0 && *p == '0'; p++, n--)
		point--;
	while (n > 0 && p[n - 1] == '0')
		n--;
	if (n == 0) {
		buf_addc(b, '0');
		return;
	}
	if (minus)
		buf_addc(b, '-');
	if (point <= 0)
		buf_adds(b, "0.");
	for (int i = point; i < 0; i++)
		buf_addc(b, '0');
	for (int i = 0; i < n; i++) {
		if (i == point && i > 0)
			buf_addc(b, '.');
		buf_addc(b, p[i]);
	}
	for (int i = n; i < point; i++)
		buf_addc(b, '0');
}

/* The least digits that read as the same number. */
static void add_double(struct buf *b, double v)
{
	char text[40], digits[20];
	int n = 0, precision = DIGITS_EXACT - 1;
	const char *exponent;

	do
		snprintf(text, sizeof(text), "%.*e", precision, v);
	while (strtod(text, NULL) != v && ++precision < 17);
	exponent = strchr(text, 'e');
	for (const char *p = text; p < exponent; p++)
		if (isdigit((unsigned char)*p))
			digits[n++] = *p;
	add_decimal(b, v < 0, digits, n, (int)strtol(exponent + 1, NULL, 10) + 1);
}

/* Digits with at most one point, few enough to be exact. */
static bool add_plain(struct buf *b, const char *p, size_t n)
{
	char digits[DIGITS_EXACT];
	bool minus = n > 0 && *p == '-';
	int have = 0, point = -1;

	if (n > 0 && (*p == '-' || *p == '+'))
		p++, n--;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '.' && point < 0)
			point = have;
		else if (isdigit((unsigned char)p[i]) && have < DIGITS_EXACT)
			digits[have++] = p[i];
		else
			return false;
	}
	if (have)
		add_decimal(b, minus, digits, have, point < 0 ? have : point);
	return have > 0;
}

/* A number and blanks around it; neither "inf" nor "0x10" is one. */
static bool read_double(const char *p, size_t n, double *out)
{
	char text[400], *end;

	if (n == 0 || n >= sizeof(text) || strspn(p, "0123456789+-.eE") < n)
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	*out = strtod(text, &end);
	return *end == '\0' && isfinite(*out);
}

static void trim(const char **p, size_t *n)
{
	for (; *n && isspace((unsigned char)**p); (*p)++)
		(*n)--;
	while (*n && isspace((unsigned char)(*p)[*n - 1]))
		(*n)--;
}

void value_number(struct buf *b, const char *text, size_t n)
{
	double v;

	trim(&text, &n);
	if (add_plain(b, text, n))
		return;
	if (read_double(text, n, &v))
		add_double(b, v);
	else
		buf_add(b, text, n);
}

/* The Gregorian calendar, counted in eras of 400 years that begin on 1 March. */
static void add_day(struct buf *b, int64_t days)
{
	int64_t z = days + 719468, era = z / 146097, in_era = z % 146097;
	int64_t years = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * years + years / 4 - years / 100);
	int64_t month = (5 * in_year + 2) / 153, day = in_year - (153 * month + 2) / 5 + 1;

	month += month < 10 ? 3 : -9;
	buf_addf(b, "%04d-%02d-%02d", (int)(years + era * 400 + (month <= 2)), (int)month, (int)day);
}

static void add_time(struct buf *b, int64_t seconds)
{
	buf_addf(b, "%02lld:%02d:%02d", (long long)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
}

/* The system of 1900 counts a 29 February that never was; day 60 is no day. */
static bool add_date(struct buf *b, double v, bool from_1904)
{
	int64_t seconds = llround(v * DAY_SECONDS), day = seconds / DAY_SECONDS;

	if (from_1904)
		day += DAYS_1904;
	if (day < 1 || day == 60 || day >= DAYS_END)
		return false;
	add_day(b, day - DAYS_BEFORE_1970 + (day < 60));
	if (seconds % DAY_SECONDS) {
		buf_addc(b, 'T');
		add_time(b, seconds % DAY_SECONDS);
	}
	return true;
}

void value_serial(struct buf *b, const char *text, size_t n, enum value_kind kind, bool from_1904)
{
	double v;

	trim(&text, &n);
	if (kind == VALUE_NUMBER || !read_double(text, n, &v) || v < 0 || v >= DAYS_END)
		value_number(b, text, n);
	else if (kind == VALUE_ELAPSED || (v < 1 && (kind == VALUE_TIME || (v > 0 && !from_1904))))
		add_time(b, llround(v * DAY_SECONDS));
	else if (!add_date(b, v, from_1904))
		value_number(b, text, n);
}

void value_date(struct buf *b, const char *text, size_t n)
{
	const char *time = memchr(text, 'T', n), *fraction;

	if (!time) {
		buf_add(b, text, n);
		return;
	}
	fraction = memchr(time, '.', n - (size_t)(time - text));
	if (fraction)
		n = (size_t)(fraction - text);
	else if (n && text[n - 1] == 'Z')
		n--;
	if (n == (size_t)(time - text) + 9 && memcmp(time, "T00:00:00", 9) == 0)
		n -= 9;
	buf_add(b, text, n);
}

void value_duration(struct buf *b, const char *text)
{
	const char *p = text;
	int64_t seconds = 0;

	if (strncmp(p, "PT", 2) == 0)
		p += 2;
	while (isdigit((unsigned char)*p)) {
		char *end;
		int64_t n = strtol(p, &end, 10);

		if (n > INT32_MAX)
			break;
		if (*end == '.') /* a fraction of a second */
			end += 1 + strspn(end + 1, "0123456789");
		if (!*end || !strchr("HMS", *end))
			break;
		seconds += n * (*end == 'H' ? 3600 : *end == 'M' ? 60 : 1);
		p = end + 1;
	}
	if (*p || p == text)
		buf_adds(b, text);
	else
		add_time(b, seconds);
}

void value_bool(struct buf *b, const char *text)
{
	buf_adds(b, strcmp(text, "1") == 0 || strcmp(text, "true") == 0 ? "TRUE" : "FALSE");
}

enum value_kind value_builtin(int64_t id)
{
	/* 27 to 36 and 50 to 58 are days in East Asian versions. */
	if ((id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 58))
		return VALUE_DATE;
	if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 || id == 47)
		return VALUE_TIME;
	return id == 46 ? VALUE_ELAPSED : VALUE_NUMBER;
}

/* The character behind what stands literally at p ("...", \x, _x, *x) or in brackets; p itself if nothing does. */
static const char *skip_literal(const char *p)
{
	const char *end;

	if (*p == '"' || *p == '[') {
		end = strchr(p + 1, *p == '"' ? '"' : ']');
		return end ? end + 1 : p + strlen(p);
	}
	if (*p && strchr("\\_*", *p))
		return p[1] ? p + 2 : p + 1;
	return p;
}

static bool is_elapsed(const char *p)
{
	return *p == '[' && p[1] && strchr("hHmMsS", p[1]) && (p[2] == ']' || p[2] == p[1]);
}

enum value_kind value_format(const char *code)
{
	bool day = false, month = false, clock = false;

	for (const char *p = code; *p && *p != ';';) {
		const char *next = skip_literal(p);

		if (is_elapsed(p))
			return VALUE_ELAPSED;
		if (next != p) {
			p = next;
			continue;
		}
		if (strncasecmp(p, "General", 7) == 0) {
			p += 7;
			continue;
		}
		if (strncasecmp(p, "AM/PM", 5) == 0) {
			clock = true;
			p += 5;
			continue;
		}
		day = day || strchr("yYdD", *p);
		month = month || strchr("mM", *p);
		clock = clock || strchr("hHsS", *p);
		p++;
	}
	if (day || (month && !clock))
		return VALUE_DATE;
	return clock ? VALUE_TIME : VALUE_NUMBER;
}
