/* Tables as plain text: see markdown_table.h. */
#include "compose/markdown_table.h"

#include "compose/fields.h"
#include "compose/wrap.h"

#define GAP 2 /* blanks between columns */

void table_init(struct text_table *t, size_t columns)
{
	t->n = 0;
	t->columns = columns;
	t->start[0] = 0;
	memset(t->right, 0, sizeof(t->right));
	buf_init(&t->cells, 64 * 1024);
}

void table_free(struct text_table *t)
{
	buf_free(&t->cells);
}

bool table_add(struct text_table *t, const char *p, size_t n)
{
	if (t->n == TABLE_CELLS)
		return false;
	buf_add(&t->cells, p, n);
	t->start[++t->n] = t->cells.n;
	return !t->cells.over;
}

static struct slice cell(const struct text_table *t, size_t i)
{
	return (struct slice){ buf_text(&t->cells) + t->start[i], t->start[i + 1] - t->start[i] };
}

/* The width of each column and of all; false when the table does not fit side by side. */
static bool measure(const struct text_table *t, size_t prefix, size_t width[TABLE_COLUMNS])
{
	size_t total = prefix;

	for (size_t c = 0; c < t->columns; c++) {
		width[c] = 3;
		for (size_t i = c; i < t->n; i += t->columns) {
			struct slice s = cell(t, i);
			size_t w = text_width(s.p, s.n);

			if (slot_find(s.p, s.n) < s.n || (s.n && memchr(s.p, '\n', s.n)))
				return false;
			width[c] = w > width[c] ? w : width[c];
		}
		total += width[c] + (c ? GAP : 0);
	}
	return total <= WRAP_COLUMNS;
}

static void pad(struct buf *out, size_t n, char c)
{
	while (n--)
		buf_addc(out, c);
}

static void trim_line(struct buf *out)
{
	while (out->n && out->p[out->n - 1] == ' ')
		buf_cut(out, out->n - 1);
	buf_addc(out, '\n');
}

static void write_row(const struct text_table *t, struct buf *out, size_t row, const size_t *width)
{
	for (size_t c = 0; c < t->columns; c++) {
		struct slice s = cell(t, row * t->columns + c);
		size_t blanks = width[c] - text_width(s.p, s.n);

		pad(out, c ? GAP : 0, ' ');
		pad(out, t->right[c] ? blanks : 0, ' ');
		buf_add(out, s.p, s.n);
		pad(out, t->right[c] ? 0 : blanks, ' ');
	}
	trim_line(out);
}

static void write_columns(const struct text_table *t, struct buf *out, const char *first, const char *rest,
			  const size_t *width)
{
	for (size_t row = 0; row * t->columns < t->n; row++) {
		buf_adds(out, row ? rest : first);
		write_row(t, out, row, width);
		if (row)
			continue;
		buf_adds(out, rest);
		for (size_t c = 0; c < t->columns; c++) {
			pad(out, c ? GAP : 0, ' ');
			pad(out, width[c], '-');
		}
		buf_addc(out, '\n');
	}
}

/* One row as lines of "Heading: cell". */
static void write_record(const struct text_table *t, struct buf *out, size_t row, const char *first, const char *rest)
{
	struct buf line;

	buf_init(&line, t->cells.max);
	for (size_t c = 0; c < t->columns; c++) {
		struct slice head = cell(t, c), s = cell(t, row * t->columns + c);

		if (!s.n)
			continue;
		buf_clear(&line);
		buf_add(&line, head.p, head.n);
		buf_adds(&line, head.n ? ": " : "");
		buf_add(&line, s.p, s.n);
		wrap_text(out, buf_text(&line), line.n, first, rest);
		first = rest;
	}
	buf_free(&line);
}

void table_write(const struct text_table *t, struct buf *out, const char *first, const char *rest)
{
	size_t width[TABLE_COLUMNS], rows = t->n / t->columns;

	MUST(t->columns && t->columns <= TABLE_COLUMNS && t->n % t->columns == 0);
	if (measure(t, text_width(rest, strlen(rest)), width)) {
		write_columns(t, out, first, rest, width);
		return;
	}
	for (size_t row = 1; row < rows; row++) {
		if (row > 1) {
			buf_adds(out, rest);
			trim_line(out);
		}
		write_record(t, out, row, row > 1 ? rest : first, rest);
	}
}
