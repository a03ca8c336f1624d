/*
 * CSV files: see table_csv.h. Rows are cut out of a window of decoded text, in
 * place: scanning a row only notes where its cells are; when its end is seen,
 * NULs are put behind them. A row that is not whole yet is scanned again from
 * its start, after the window has grown twofold, so that no byte is looked at
 * more than a few times. The byte behind the window is always a NUL: it stops
 * every scan, and so does one in the text.
 */
#include "table/table_csv.h"

#include "base/utf8.h"
#include "table/table_charset.h"
#include "table/table_delimiter.h"
#include "table/table_sniff.h"

#define UNCLOSED "a quote is opened here and "
#define WRITTEN_TWICE "; a quote in a cell is written twice"
#define SAMPLE (64 * 1024) /* the delimiter is guessed from it */

struct cell {
	char *p, *end;
	bool doubled; /* it has quotes that are written twice */
};

struct reading {
	struct decoder *from;
	int (*each)(void *ctx, const struct table_row *row, struct err *e);
	void *ctx;
	struct err *e;

	char *window;       /* of `room` bytes; text in [at, n), a NUL at n */
	size_t at, n, room;
	bool ended;         /* nothing follows the window */

	char delimiter;
	bool stops[256];        /* what ends a cell without quotes */
	bool quoted_stops[256]; /* what has to be looked at within quotes */

	int64_t line;       /* where the row begins */

	/* The row being scanned. */
	char *end;          /* of what is looked at: a NUL stands there for the time being */
	int64_t breaks;     /* line ends within it, so far */
	struct cell found[TABLE_COLUMNS_MAX];
	size_t n_found;
	const char *fault;
	const char *cell[TABLE_COLUMNS_MAX];
};

enum got { GOT_ERR = -1, GOT_ROW, GOT_PART };

/* --- the window -------------------------------------------------------------------------------- */

/* Makes the window hold `target` bytes from `at` on, or all that is left. */
static int fill(struct reading *r, size_t target)
{
	if (r->at) {
		memmove(r->window, r->window + r->at, r->n - r->at);
		r->n -= r->at;
		r->at = 0;
	}
	if (r->room < target + DECODER_ROOM + 1) {
		r->room = target + DECODER_ROOM + 1;
		r->window = mem_grow(r->window, r->room);
	}
	while (!r->ended && r->n < target) {
		ssize_t got = decoder_read(r->from, r->window + r->n, r->room - r->n - 1, r->e);

		if (got < 0)
			return -1;
		r->ended = got == 0;
		r->n += (size_t)got;
	}
	r->window[r->n] = '\0';
	return 0;
}

/* --- scanning a row ---------------------------------------------------------------------------- */

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

static enum got refuse(struct reading *r, int64_t line, const char *what)
{
	return err_set(r->e, ERR_INPUT, "line %lld: %s", (long long)line, what);
}

/* What a NUL at p means: the end of the file (GOT_ROW), of the window, of what a row may have, or a NUL. */
static enum got stopped(struct reading *r, const char *p)
{
	if (p < r->end)
		return refuse(r, r->line + r->breaks,
			      "a NUL byte, which no text has; open the file in a spreadsheet and save it as 'CSV UTF-8'");
	if (r->end < r->window + r->n)
		return refuse(r, r->line, "a row of more than 1 MiB; is this a table?");
	return r->ended ? GOT_ROW : GOT_PART;
}

static enum got add_cell(struct reading *r, char *p, char *end, bool doubled)
{
	if (r->n_found < TABLE_COLUMNS_MAX) {
		r->found[r->n_found++] = (struct cell){ p, end, doubled };
		return GOT_ROW;
	}
	/* Spreadsheets export columns that were once touched: thousands of delimiters in a row. */
	return p == end ? GOT_ROW : refuse(r, r->line, "more than 256 columns");
}

/* Steps over a line end within quotes. */
static char *take_break(struct reading *r, char *p)
{
	r->breaks++;
	return p + (p[0] == '\r' && p[1] == '\n' ? 2 : 1);
}

/* From behind the opening quote to the closing one. */
static enum got scan_quotes(struct reading *r, char *p, char **closing, bool *doubled)
{
	int64_t before = r->breaks;
	enum got got;

	for (;;) {
		while (!r->quoted_stops[(unsigned char)*p])
			p++;
		if (*p == '"' && p[1] == '"') {
			*doubled = true;
			p += 2;
		} else if (*p == '"' && p + 1 == r->end && (got = stopped(r, p + 1)) != GOT_ROW) {
			return got;
		} else if (*p == '"') {
			*closing = p;
			return GOT_ROW;
		} else if (*p) {
			p = take_break(r, p);
		} else {
			got = stopped(r, p);
			if (got == GOT_ROW)
				return refuse(r, r->line + before, UNCLOSED "never closed" WRITTEN_TWICE);
			return got == GOT_ERR && p == r->end
				       ? refuse(r, r->line + before, UNCLOSED "not closed within 1 MiB" WRITTEN_TWICE)
				       : got;
		}
		/* It would swallow the rest of the file. */
		if (r->breaks - before > CSV_QUOTED_LINES_MAX)
			return refuse(r, r->line + before, UNCLOSED "not closed within 1,000 lines" WRITTEN_TWICE);
	}
}

/* A cell that begins with a quote; *p becomes what follows it: a delimiter or the end of the row. */
static enum got scan_quoted(struct reading *r, char **p)
{
	char *open = *p, *closing = open, *next;
	bool doubled = false;
	enum got got = scan_quotes(r, open + 1, &closing, &doubled);

	if (got != GOT_ROW)
		return got;
	next = closing + 1;
	while ((*next == ' ' || *next == '\t') && *next != r->delimiter)
		next++;
	*p = next;
	if (*next == r->delimiter || is_break(*next))
		return add_cell(r, open + 1, closing, doubled);
	if (!*next && (got = stopped(r, next)) != GOT_ROW)
		return got;
	if (!*next)
		return add_cell(r, open + 1, closing, doubled);
	/* Which of the quotes is wrong cannot be known: begin anew with the next line. */
	r->fault = "text behind a closing quote" WRITTEN_TWICE;
	while (*next && !is_break(*next))
		next++;
	if (!*next && (got = stopped(r, next)) != GOT_ROW)
		return got;
	*p = next;
	return add_cell(r, open, next, false);
}

static enum got scan_plain(struct reading *r, char **p)
{
	char *from = *p, *to = from;
	enum got got;

	while (!r->stops[(unsigned char)*to])
		to++;
	*p = to;
	if (!*to && (got = stopped(r, to)) != GOT_ROW)
		return got;
	return add_cell(r, from, to, false);
}

/* Blanks in front of an opening quote are nothing. */
static char *before_quote(const struct reading *r, char *p)
{
	char *q = p;

	while ((*q == ' ' || *q == '\t') && *q != r->delimiter)
		q++;
	return *q == '"' ? q : p;
}

/* One row from p on; *next is where the one behind it begins. */
static enum got scan_row(struct reading *r, char *p, char **next)
{
	enum got got;

	r->breaks = 0;
	r->n_found = 0;
	r->fault = NULL;
	for (;; p++) {
		p = before_quote(r, p);
		got = *p == '"' ? scan_quoted(r, &p) : scan_plain(r, &p);
		if (got != GOT_ROW)
			return got;
		if (*p != r->delimiter)
			break;
	}
	/* The LF behind a CR may be yet to come. */
	if (*p == '\r' && p + 1 == r->end && (got = stopped(r, p + 1)) != GOT_ROW)
		return got;
	*next = *p ? take_break(r, p) : p;
	return GOT_ROW;
}

/* --- handing it out ---------------------------------------------------------------------------- */

static bool is_ascii(const char *p, const char *end)
{
	uint64_t word, all = 0;

	for (; end - p >= 8; p += 8) {
		memcpy(&word, p, sizeof(word));
		all |= word;
	}
	for (; p < end; p++)
		all |= (unsigned char)*p;
	return (all & 0x8080808080808080) == 0;
}

/* What is no character becomes '?': the row is at fault, but may be shown. */
static void mend_characters(struct reading *r, char *p, char *end)
{
	size_t len;

	r->fault = r->fault ? r->fault : "bytes that are no character; save the file as 'CSV UTF-8'";
	for (; p < end; p += len) {
		utf8_char(p, (size_t)(end - p), &len);
		if (len == 1 && (unsigned char)*p >= 0x80)
			*p = '?';
	}
}

static char *without_doubles(char *p, char *end)
{
	char *to = p;

	for (; p < end; p++) {
		*to++ = *p;
		p += *p == '"';
	}
	return to;
}

static bool is_blank(const struct reading *r)
{
	for (size_t i = 0; i < r->n_found; i++)
		if (r->cell[i][strspn(r->cell[i], " \t\r\n")])
			return false;
	return true;
}

/* Ends the cells, in place, and calls `each`. */
static int hand_out(struct reading *r, char *row, char *next)
{
	struct table_row out = { .line = r->line, .cell = r->cell, .n = r->n_found };

	if (!is_ascii(row, next) && !utf8_valid(row, (size_t)(next - row)))
		mend_characters(r, row, next);
	for (size_t i = 0; i < r->n_found; i++) {
		struct cell *c = &r->found[i];

		*(c->doubled ? without_doubles(c->p, c->end) : c->end) = '\0';
		r->cell[i] = c->p;
	}
	out.blank = is_blank(r);
	out.fault = r->fault;
	return r->each(r->ctx, &out, r->e);
}

/* Shows the scan no more than a row may have. */
static enum got next_row(struct reading *r, char **next)
{
	size_t left = r->n - r->at, most = TABLE_RECORD_MAX + 1;
	char *row = r->window + r->at, saved;
	enum got got;

	r->end = row + (left < most ? left : most);
	saved = *r->end;
	*r->end = '\0';
	got = scan_row(r, row, next);
	*r->end = saved;
	return got;
}

static int read_rows(struct reading *r)
{
	char *next = NULL;
	int rc;

	while (r->at < r->n || !r->ended) {
		enum got got = next_row(r, &next);
		size_t have = r->n - r->at;

		if (got == GOT_ERR)
			return -1;
		if (got == GOT_PART) {
			if (fill(r, have + (have > SAMPLE ? have : SAMPLE)) < 0)
				return -1;
			continue;
		}
		rc = hand_out(r, r->window + r->at, next);
		if (rc)
			return rc < 0 ? -1 : 0;
		r->line += r->breaks;
		r->at = (size_t)(next - r->window);
	}
	return 0;
}

/* --- the beginning ----------------------------------------------------------------------------- */

static void set_delimiter(struct reading *r, char delimiter)
{
	r->delimiter = delimiter;
	r->stops[(unsigned char)delimiter] = r->stops['\r'] = r->stops['\n'] = r->stops['\0'] = true;
	r->quoted_stops['"'] = r->quoted_stops['\r'] = r->quoted_stops['\n'] = r->quoted_stops['\0'] = true;
}

static int begin(struct reading *r, const struct charset_found *charset, struct table_about *about)
{
	const char *what;
	char delimiter;

	if (fill(r, SAMPLE) < 0)
		return -1;
	if (r->n == 0)
		return err_set(r->e, ERR_INPUT, "the file is empty");
	what = sniff_markup(r->window, r->n < SNIFF_BYTES ? r->n : SNIFF_BYTES);
	if (what)
		return err_set(r->e, ERR_INPUT, "%s", what);
	r->line = 1;
	r->at = delimiter_line(r->window, r->n < SAMPLE ? r->n : SAMPLE, &delimiter);
	if (r->at)
		r->line = 2;
	else
		delimiter = delimiter_guess(r->window, r->n < SAMPLE ? r->n : SAMPLE);
	set_delimiter(r, delimiter);
	about->format = "CSV";
	about->charset = charset_name(charset->charset);
	about->guessed_charset = charset->guessed;
	about->delimiter = delimiter;
	return 0;
}

int table_csv_chunked(int fd, size_t chunk, struct table_about *about,
		      int (*each)(void *, const struct table_row *, struct err *), void *ctx, struct err *e)
{
	struct decoder *from = mem_alloc(sizeof(*from));
	struct reading r = { .from = from, .each = each, .ctx = ctx, .e = e, .line = 1 };
	struct charset_found charset;
	int rc = -1;

	if (charset_find(fd, TABLE_RECORD_MAX, &charset, e) == 0 && decoder_init(from, fd, &charset, chunk, e) == 0 &&
	    begin(&r, &charset, about) == 0)
		rc = read_rows(&r);
	free(r.window);
	free(from);
	return rc;
}

int table_csv(int fd, struct table_about *about, int (*each)(void *, const struct table_row *, struct err *),
	      void *ctx, struct err *e)
{
	return table_csv_chunked(fd, CSV_CHUNK, about, each, ctx, e);
}
