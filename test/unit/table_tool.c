/*
 * For test/oracle/test_table_corpora.py: `table_tool FILE` prints what was
 * found out about the file, each row, and figures, as lines of JSON; an error
 * goes to stderr. With --count, only the figures: rows, cells, and the most
 * memory that there was, in KiB. A second argument names the sheet of a
 * workbook.
 */
#include "table/table.h"

#include <jansson.h>
#include <stdio.h>

struct printing {
	const struct table_about *about;
	bool counts, told;
	json_int_t rows, cells, faults;
};

static void print(json_t *value)
{
	MUST(value);
	json_dumpf(value, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(value);
}

static void tell_about(struct printing *p)
{
	const struct table_about *about = p->about;
	char delimiter[2] = { about->delimiter, '\0' };

	p->told = true;
	print(json_pack("{s:s, s:s?, s:b, s:s, s:s?}", "format", about->format, "charset", about->charset, "guessed",
			about->guessed_charset, "delimiter", delimiter, "sheet", about->sheet));
}

static int each(void *ctx, const struct table_row *row, struct err *e)
{
	struct printing *p = ctx;
	json_t *cells;

	(void)e;
	p->rows++;
	p->cells += (json_int_t)row->n;
	p->faults += row->fault != NULL;
	if (p->counts)
		return 0;
	if (!p->told)
		tell_about(p);
	cells = json_array();
	for (size_t i = 0; i < row->n; i++)
		json_array_append_new(cells, json_string(row->cell[i]));
	print(json_pack("{s:I, s:o, s:b, s:s?}", "line", (json_int_t)row->line, "cells", cells, "blank", row->blank,
			"fault", row->fault));
	return 0;
}

/* Not ru_maxrss: that begins with what the process was that started this one. */
static json_int_t peak_memory(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[200];
	long peak = 0;

	MUST(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %ld", &peak) == 1)
			break;
	fclose(f);
	return peak;
}

int main(int argc, char **argv)
{
	bool counts = argc > 1 && strcmp(argv[1], "--count") == 0;
	char **files = argv + 1 + counts;
	struct table_options options = { .sheet = argc > 2 + counts ? files[1] : NULL };
	struct table_about about;
	struct printing p = { .about = &about, .counts = counts };
	struct arena *a = arena_new();
	struct err e = { 0 };
	int rc;

	MUST(argc > 1 + counts);
	rc = table_read(files[0], &options, a, &about, each, &p, &e);
	if (rc < 0)
		fprintf(stderr, "%s\n", e.text);
	print(json_pack("{s:I, s:I, s:I, s:I}", "rows", p.rows, "cells", p.cells, "faults", p.faults, "peak",
			peak_memory()));
	arena_free(a);
	return rc < 0 ? err_means(e.kind)->exit : 0;
}
