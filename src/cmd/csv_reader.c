/*
 * CSV files: see csv_reader.h. libcsv knows quoting but not lines, so it is
 * fed one line of the file at a time: a row that ends in a call began on the
 * first line fed since the row before it ended.
 */
#include "cmd/csv_reader.h"

#include "base/buf.h"

#include <csv.h>
#include <errno.h>
#include <stdio.h>

struct reading {
	struct csv_parser parser;
	int (*each)(void *ctx, const struct csv_row *row, struct err *e);
	void *ctx;
	struct err *e;
	struct buf text;                  /* cells of the row, each ended by a NUL */
	size_t start[CSV_COLUMNS_MAX];
	size_t n;
	int64_t line, begun;              /* of the line fed now; of the row under way */
	bool failed;
};

static void on_cell(void *p, size_t n, void *ctx)
{
	struct reading *r = ctx;

	if (r->failed)
		return;
	if (r->n == CSV_COLUMNS_MAX) {
		err_set(r->e, ERR_INPUT, "line %lld: more than %d columns", (long long)r->begun, CSV_COLUMNS_MAX);
		r->failed = true;
		return;
	}
	r->start[r->n++] = r->text.n;
	if (n)
		buf_add(&r->text, p, n);
	buf_addc(&r->text, '\0');
}

static bool cell_is_blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

static void on_row(int end, void *ctx)
{
	const char *cell[CSV_COLUMNS_MAX];
	struct reading *r = ctx;
	struct csv_row row = { .line = r->begun, .cell = cell, .n = r->n, .blank = true };

	(void)end;
	if (r->text.over && !r->failed) {
		err_set(r->e, ERR_INPUT, "line %lld: a row of more than %d bytes", (long long)r->begun, CSV_RECORD_MAX);
		r->failed = true;
	}
	for (size_t i = 0; !r->failed && i < r->n; i++) {
		cell[i] = r->text.p + r->start[i];
		row.blank = row.blank && cell_is_blank(cell[i]);
	}
	if (!r->failed && r->each(r->ctx, &row, r->e) < 0)
		r->failed = true;
	r->n = 0;
	buf_clear(&r->text);
	r->begun = r->line + 1;
}

static int feed(struct reading *r, const char *p, size_t n)
{
	if (memchr(p, '\0', n))
		return err_set(r->e, ERR_INPUT, "line %lld: a NUL byte; a spreadsheet has to be saved as CSV UTF-8 first", (long long)r->line);
	if (csv_parse(&r->parser, p, n, on_cell, on_row, r) != n && !r->failed)
		return err_set(r->e, ERR_INPUT, "line %lld: %s; a quote in a cell is written twice", (long long)r->line,
			       csv_strerror(csv_error(&r->parser)));
	/* An unclosed quote would swallow the rest of the file. */
	if (!r->failed && r->line - r->begun > 1000)
		return err_set(r->e, ERR_INPUT, "line %lld: a quote is opened here and not closed within 1,000 lines",
			       (long long)r->begun);
	return r->failed ? -1 : 0;
}

static unsigned char guess_delimiter(const char *line, size_t n)
{
	static const char CANDIDATES[] = { ',', ';', '\t' };
	size_t best = 0, most = 0;

	for (size_t i = 0; i < COUNT(CANDIDATES); i++) {
		size_t count = 0;

		for (size_t k = 0; k < n; k++)
			count += line[k] == CANDIDATES[i];
		if (count > most) {
			most = count;
			best = i;
		}
	}
	return (unsigned char)CANDIDATES[best];
}

/* The next line with its line end, of at most CSV_RECORD_MAX bytes. 1, 0 at the end, -1. */
static int next_line(FILE *f, struct buf *line, int64_t number, struct err *e)
{
	int c;

	buf_clear(line);
	while ((c = getc_unlocked(f)) != EOF) {
		buf_addc(line, (char)c);
		if (c == '\n')
			return 1;
		if (c == '\r') {
			int next = getc_unlocked(f);

			if (next == '\n')
				buf_addc(line, '\n');
			else if (next != EOF)
				ungetc(next, f);
			return 1;
		}
		if (line->over)
			return err_set(e, ERR_INPUT, "line %lld: longer than %d bytes", (long long)number, CSV_RECORD_MAX);
	}
	return line->n ? 1 : 0;
}

static int read_lines(struct reading *r, FILE *f, struct buf *line)
{
	int got;

	for (r->line = r->begun = 1; (got = next_line(f, line, r->line, r->e)) > 0; r->line++) {
		const char *p = line->p;
		size_t n = line->n;

		if (r->line == 1) {
			if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
				p += 3;
				n -= 3;
			}
			csv_set_delim(&r->parser, guess_delimiter(p, n));
		}
		if (feed(r, p, n) < 0)
			return -1;
	}
	if (got < 0)
		return -1;
	if (csv_fini(&r->parser, on_cell, on_row, r) != 0 && !r->failed)
		return err_set(r->e, ERR_INPUT, "line %lld: a quote is opened here and never closed", (long long)r->begun);
	return r->failed ? -1 : 0;
}

int csv_read(const char *path, int (*each)(void *ctx, const struct csv_row *row, struct err *e), void *ctx,
	     struct err *e)
{
	struct reading r = { .each = each, .ctx = ctx, .e = e };
	struct buf line;
	FILE *f = fopen(path, "rbe");
	int rc;

	if (!f)
		return err_sys(e, errno == ENOENT ? ERR_MISSING : ERR_INPUT, errno, "%s", path);
	MUST(csv_init(&r.parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) == 0);
	buf_init(&r.text, CSV_RECORD_MAX + CSV_COLUMNS_MAX);
	buf_init(&line, CSV_RECORD_MAX);
	rc = read_lines(&r, f, &line);
	if (rc == 0 && ferror(f))
		rc = err_set(e, ERR_AGAIN, "%s: cannot be read to its end", path);
	csv_free(&r.parser);
	buf_free(&r.text);
	buf_free(&line);
	fclose(f);
	return rc < 0 ? err_in(e, "%s", path) : 0;
}
