/*
 * CSV files: every row that is handed out is whole, in order, and within bounds, whatever the file holds; and it is the
 * same row however the file is cut when it is read.
 */
#include "base/utf8.h"
#include "table/table_csv.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	int64_t line;
	size_t rows;
	uint64_t sum;  /* of all that was handed out */
	bool stops;
};

static void add(struct seen *s, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s->sum = (s->sum ^ (unsigned char)text[i]) * 0x100000001b3;
}

static int each(void *ctx, const struct table_row *row, struct err *e)
{
	struct seen *s = ctx;
	size_t bytes = 0;
	bool blank = true;

	(void)e;
	MUST(row->line > s->line && row->n > 0 && row->n <= TABLE_COLUMNS_MAX);
	for (size_t i = 0; i < row->n; i++) {
		size_t n = strlen(row->cell[i]);

		MUST(utf8_valid(row->cell[i], n));
		bytes += n;
		blank = blank && strspn(row->cell[i], " \t\r\n") == n;
		add(s, row->cell[i], n + 1);
	}
	MUST(bytes <= TABLE_RECORD_MAX && row->blank == blank);
	add(s, row->fault ? row->fault : "", row->fault ? strlen(row->fault) : 0);
	add(s, (const char *)&row->line, sizeof(row->line));
	s->line = row->line;
	s->rows++;
	/* Now and then the caller stops. */
	s->stops = row->n == 7;
	return s->stops;
}

static int run(int fd, size_t chunk, struct seen *s, struct err *e)
{
	struct table_about about = { 0 };
	int rc = table_csv_chunked(fd, chunk, &about, each, s, e);

	MUST((rc == 0) == (e->kind == ERR_NONE));
	MUST(s->rows == 0 || (about.format && about.charset && about.delimiter));
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = { 0 }, parts = { 0 };
	struct err e = { 0 }, again = { 0 };
	int fd;

	if (size < 1)
		return 0;
	fd = memfd_create("csv", 0);
	MUST(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
	MUST(run(fd, CSV_CHUNK, &whole, &e) == run(fd, 1 + data[0] % 64, &parts, &again));
	MUST(whole.rows == parts.rows && whole.sum == parts.sum && strcmp(e.text, again.text) == 0);
	close(fd);
	return 0;
}
