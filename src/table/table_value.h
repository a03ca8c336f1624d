/*
 * Values of cells as the text that a person would type: numbers without an
 * exponent and without the noise of binary fractions, days and times as ISO
 * 8601. Dates in XLSX are numbers, told apart by their number format alone.
 */
#ifndef PLACET_TABLE_VALUE_H
#define PLACET_TABLE_VALUE_H

#include "base/buf.h"

enum value_kind {
	VALUE_NUMBER,
	VALUE_DATE,    /* a day, or a day and a time */
	VALUE_TIME,    /* a time of day */
	VALUE_ELAPSED, /* hours, minutes, seconds; may pass 24 hours */
};

/* What a number format of XLSX shows: its code, or the number of a builtin one. */
enum value_kind value_format(const char *code);
enum value_kind value_builtin(int64_t id);

/* "4.711E3" as "4711", "0.10000000000000001" as "0.1"; anything that is no number as it is. */
void value_number(struct buf *b, const char *text, size_t n);
/* A number that counts days, as "2026-11-23", "2026-11-23T10:05:00", "10:05:00". What is no day stays a number. */
void value_serial(struct buf *b, const char *text, size_t n, enum value_kind kind, bool from_1904);
/* A date of ISO 8601, without a fraction of a second, and without the time when it is midnight. */
void value_date(struct buf *b, const char *text, size_t n);
/* A duration of ISO 8601 ("PT10H05M00S") as "10:05:00". */
void value_duration(struct buf *b, const char *text);
/* "1" or "true" as "TRUE", others as "FALSE". */
void value_bool(struct buf *b, const char *text);

#endif
