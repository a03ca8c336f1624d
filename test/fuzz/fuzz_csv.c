/* CSV files: every row that is handed out is whole, in order, and within bounds, whatever the file holds. */
#include "cmd/csv_reader.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	int64_t line; /* of the last row that was not blank */
};

static int each(void *ctx, const struct csv_row *row, struct err *e)
{
	struct seen *s = ctx;
	size_t bytes = 0;

	/* A CR LF gives a blank row of its own, which nobody counts. */
	MUST(row->blank || row->line > s->line);
	MUST(row->n <= CSV_COLUMNS_MAX);
	for (size_t i = 0; i < row->n; i++) {
		MUST(row->cell[i]);
		bytes += strlen(row->cell[i]);
		MUST(!row->blank || strspn(row->cell[i], " \t\r\n") == strlen(row->cell[i]));
	}
	MUST(bytes <= CSV_RECORD_MAX + CSV_COLUMNS_MAX);
	if (!row->blank)
		s->line = row->line;
	/* Now and then the caller stops. */
	return row->n == 7 ? err_set(e, ERR_REFUSED, "enough") : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = { 0 };
	struct err e = { 0 };
	char path[64];
	int fd = memfd_create("csv", 0), rc;

	/* The reader takes a path; this one names the memory. */
	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = csv_read(path, each, &s, &e);
	MUST((rc == 0) == (e.kind == ERR_NONE));
	close(fd);
	return 0;
}
