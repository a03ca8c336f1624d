/*
 * Sheets and their rows: see table_sheet.h. Texts of a row lie one behind the
 * other in one buffer, and pointers to them are made only when it is complete.
 */
#include "table/table_sheet.h"

int sheet_list_add(struct sheet_list *l, struct arena *a, const struct sheet_entry *add, struct err *e)
{
	if (l->n == SHEETS_MAX)
		return err_set(e, ERR_INPUT, "it has more than %d sheets; save the one that is meant as 'CSV UTF-8'", SHEETS_MAX);
	l->at = arena_room(a, l->at, l->n, &l->room, sizeof(*l->at));
	l->at[l->n++] = *add;
	return 0;
}

static int no_such_sheet(const struct sheet_list *l, const char *asked, struct err *e)
{
	struct buf names;

	buf_init(&names, 400);
	for (size_t i = 0; i < l->n && !names.over; i++)
		buf_addf(&names, "%s\"%.60s\"%s", i ? ", " : "", l->at[i].name, l->at[i].hidden ? " (hidden)" : "");
	if (asked)
		err_set(e, ERR_INPUT, "it has no sheet \"%.60s\", but %s%s", asked, buf_text(&names), names.over ? ", ..." : "");
	else if (l->n)
		err_set(e, ERR_INPUT, "all of its sheets are hidden (%s%s); name the one that is meant", buf_text(&names),
			names.over ? ", ..." : "");
	else
		err_set(e, ERR_INPUT, "it has no sheet with cells");
	buf_free(&names);
	return -1;
}

int sheet_pick(const struct sheet_list *l, const struct table_options *o, size_t *picked, struct err *e)
{
	const char *asked = o ? o->sheet : NULL;

	for (size_t i = 0; i < l->n; i++) {
		if (asked ? strcmp(l->at[i].name, asked) != 0 : l->at[i].hidden)
			continue;
		*picked = i;
		return 0;
	}
	return no_such_sheet(l, asked, e);
}

void sheet_init(struct sheet *s)
{
	buf_init(&s->text, TABLE_RECORD_MAX);
}

void sheet_free(struct sheet *s)
{
	buf_free(&s->text);
}

void sheet_row(struct sheet *s, int64_t line)
{
	memset(s->cell, 0, s->n * sizeof(s->cell[0]));
	s->n = s->bytes = 0;
	s->line = line;
	s->fault = NULL;
	buf_clear(&s->text);
	buf_addc(&s->text, '\0'); /* cells that nothing was put into lead here */
}

static int put(struct sheet *s, int64_t column, int64_t times, const struct sheet_cell *cell, size_t bytes, struct err *e)
{
	if (column + times > TABLE_COLUMNS_MAX)
		return err_set(e, ERR_INPUT, "row %lld of sheet \"%s\" has more than %d columns; delete those that are not needed",
			       (long long)s->line, s->name, TABLE_COLUMNS_MAX);
	s->bytes += bytes * (size_t)times;
	if (s->bytes > TABLE_RECORD_MAX || s->text.over)
		return err_set(e, ERR_INPUT, "row %lld of sheet \"%s\" is longer than %d bytes; shorten its texts",
			       (long long)s->line, s->name, TABLE_RECORD_MAX);
	for (int64_t i = 0; i < times; i++)
		s->cell[column + i] = *cell;
	if (s->n < (size_t)(column + times))
		s->n = (size_t)(column + times);
	return 0;
}

int sheet_put(struct sheet *s, int64_t column, int64_t times, size_t at, struct err *e)
{
	struct sheet_cell cell = { NULL, at };
	size_t bytes = s->text.n - at;

	if (bytes == 0 && !s->text.over)
		return 0;
	buf_addc(&s->text, '\0');
	return put(s, column, times, &cell, bytes, e);
}

int sheet_put_fixed(struct sheet *s, int64_t column, const char *p, size_t n, struct err *e)
{
	struct sheet_cell cell = { p, 0 };

	return n == 0 ? 0 : put(s, column, 1, &cell, n, e);
}

/* Blanks of ASCII, and the no-break space that web pages leave in spreadsheets. */
static bool is_blank(const char *s)
{
	for (;;) {
		s += strspn(s, " \t\r\n");
		if (strncmp(s, "\xc2\xa0", 2) != 0)
			return *s == '\0';
		s += 2;
	}
}

static int tell(struct sheet *s, const struct table_row *row, struct err *e)
{
	int rc;

	s->told += (int64_t)s->bytes + 1;
	if (s->told > SHEET_TOLD_MAX)
		return err_set(e, ERR_INPUT, "the table grows beyond %d MiB at row %lld of sheet \"%s\"; import it in parts",
			       (int)(SHEET_TOLD_MAX >> 20), (long long)row->line, s->name);
	pack_away(s->pack);
	rc = s->each(s->ctx, row, e);
	pack_back(s->pack);
	return rc;
}

int sheet_row_end(struct sheet *s, int64_t times, struct err *e)
{
	const char *cells[TABLE_COLUMNS_MAX];
	struct table_row row = { .line = s->line, .cell = cells, .n = s->n, .blank = true, .fault = s->fault };
	int rc = 0;

	if (s->n == 0 && !s->fault)
		return 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct sheet_cell *c = &s->cell[i];

		cells[i] = c->fixed ? c->fixed : s->text.p + c->at;
		row.blank = row.blank && is_blank(cells[i]);
	}
	for (; times > 0 && rc == 0; times--, row.line++)
		rc = tell(s, &row, e);
	return rc;
}
