/* What differs between two texts, line by line: the shortest way from one to the other, as diff(1) shows it. */
#ifndef PLACET_LINEDIFF_H
#define PLACET_LINEDIFF_H

#include "base/arena.h"

struct diff_line {
	char sign;         /* ' ' in both, '-' in the first alone, '+' in the second alone */
	struct slice text; /* without its line feed; points into the text that was given */
};

/*
 * All lines of both, in order, in the arena; of texts that have more than 1,000 lines not in common, those between
 * their common beginning and end are told as replaced as a whole, so that time and memory have a bound. A last
 * line without a line feed is a line like any other. Returns how many differ; 0: the texts are the same.
 */
size_t line_diff(struct arena *a, const char *from, const char *to, struct diff_line **out, size_t *n);

#endif
