/*
 * The delimiter of a CSV file: see table_delimiter.h. The right one cuts rows
 * into equally many cells, and the first row with them; a comma in names, or
 * in decimals, does not. Quoted text does not count.
 */
#include "table/table_delimiter.h"

#include <ctype.h>
#include <strings.h>

#define CANDIDATES ",;\t|"
#define N_CANDIDATES 4
#define ROWS_MAX 100

struct sample {
	unsigned short cells[ROWS_MAX][N_CANDIDATES];
	size_t rows;
};

/* p is the opening quote; returns what follows the closing one. */
static const char *skip_quoted(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"' && (p + 1 == end || p[1] != '"'))
			return p + 1;
		p += *p == '"';
	}
	return end;
}

/* Counts one row; returns where the next begins, or NULL if the sample ends within this one. */
static const char *sample_row(const char *p, const char *end, unsigned short cells[N_CANDIDATES])
{
	bool begins = true; /* a cell, by whichever delimiter */

	for (size_t i = 0; i < N_CANDIDATES; i++)
		cells[i] = 1;
	while (p < end && *p != '\n' && *p != '\r') {
		const char *found;

		if (begins && *p == '"') {
			p = skip_quoted(p, end);
			begins = false;
			continue;
		}
		found = memchr(CANDIDATES, *p++, N_CANDIDATES);
		begins = found || (begins && p[-1] == ' ');
		if (found && cells[found - CANDIDATES] < 0xFFFF)
			cells[found - CANDIDATES]++;
	}
	return p < end ? p + 1 : NULL;
}

static void take_sample(struct sample *s, const char *p, size_t n)
{
	const char *end = p + n;

	while (p && p < end && s->rows < ROWS_MAX) {
		const char *next = sample_row(p, end, s->cells[s->rows]);
		bool empty = *p == '\n' || *p == '\r';

		/* The last one may lack its end, unless it is all there is. */
		if (!empty && (next || !s->rows))
			s->rows++;
		p = next;
	}
}

/*
 * How many rows have as many cells as most have, if that is more than one; the first row counts for more. What cuts
 * into more cells wins if all else is the same: `a|b, c|d`.
 */
static size_t consistency(const struct sample *s, size_t candidate)
{
	size_t best = 0;

	for (size_t i = 0; i < s->rows; i++) {
		unsigned short cells = s->cells[i][candidate];
		size_t same = 0;

		for (size_t k = 0; cells > 1 && k < s->rows; k++)
			same += s->cells[k][candidate] == cells;
		same *= 4;
		if (same && cells == s->cells[0][candidate])
			same += s->rows / 2 + 2;
		same = same << 16 | (same ? cells : 0);
		if (same > best)
			best = same;
	}
	return best;
}

char delimiter_guess(const char *p, size_t n)
{
	struct sample s = { .rows = 0 };
	size_t best = 0, most = 0;

	take_sample(&s, p, n);
	for (size_t i = 0; i < N_CANDIDATES; i++) {
		size_t score = consistency(&s, i);

		if (score > most) {
			most = score;
			best = i;
		}
	}
	return CANDIDATES[best];
}

size_t delimiter_line(const char *p, size_t n, char *delimiter)
{
	size_t quoted = n && *p == '"', at = quoted + 4;
	char found;

	if (n < at + 1 + quoted || strncasecmp(p + quoted, "sep=", 4) != 0)
		return 0;
	/* No letter, digit or quote: that would be a column of an odd name. */
	if (p[at] != '\t' && (!ispunct((unsigned char)p[at]) || p[at] == '"'))
		return 0;
	if (quoted && p[at + 1] != '"')
		return 0;
	found = p[at];
	at += 1 + quoted;
	if (at < n && p[at] != '\r' && p[at] != '\n')
		return 0;
	if (at < n && p[at] == '\r')
		at++;
	if (at < n && p[at] == '\n')
		at++;
	*delimiter = found;
	return at;
}
