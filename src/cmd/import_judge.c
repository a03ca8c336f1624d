/* Judging rows: see import_judge.h. */
#include "cmd/import_judge.h"

#include "base/clock.h"
#include "base/utf8.h"

#define VALUE_MAX 200 /* characters of a field value (policy: content rules) */
#define REF_MAX 200   /* bytes of a reference */

static void reject(struct judged *j, const char *reason, const char *mend)
{
	j->reason = reason;
	j->mend = mend;
}

/* Without blanks at both ends; points into `s`. */
static struct slice trimmed(const char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	return (struct slice){ s, n };
}

/* `why` is "reason", the mark, "mend"; without the mark it is the reason alone. */
static void reject_in_two(struct arena *a, const char *why, const char *mark, const char *mend, struct judged *j)
{
	char *text = arena_text(a, why), *at = strstr(text, mark);

	if (at)
		*at = '\0';
	reject(j, text, at ? at + strlen(mark) : mend);
}

static void judge_address(struct arena *a, const struct import_plan *p, const char *cell, struct judged *j)
{
	struct err why = { 0 };

	if (!trimmed(cell).n) {
		reject(j, "there is no address", "fill it in, or delete the row");
		return;
	}
	if (address_parse(a, cell, &j->addr, &why) < 0) {
		reject_in_two(a, why.text, ": ", "correct the address", j);
		return;
	}
	j->flags = address_flags_among(&j->addr, p->known, p->n_known);
	j->hint = address_hint(a, &j->addr, p->known, p->n_known);
}

/* --- field values ------------------------------------------------------------------------------ */

static bool is_ascii(struct slice s)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return all < 0x80;
}

/* Appends `s` as a JSON string. Room for six times its bytes and two. */
static char *put_json(char *to, struct slice s)
{
	static const char HEX[] = "0123456789abcdef";

	*to++ = '"';
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\') {
			*to++ = '\\';
			*to++ = (char)c;
		} else if (c < 0x20) {
			memcpy(to, "\\u00", 4);
			to[4] = HEX[c >> 4];
			to[5] = HEX[c & 15];
			to += 6;
		} else {
			*to++ = (char)c;
		}
	}
	*to++ = '"';
	return to;
}

/* A value is one line of at most 200 characters. What else content asks of it is asked when it is used. */
static bool judge_value(struct arena *a, const char *column, struct slice *v, struct judged *j)
{
	const char *text;

	if (memchr(v->p, '\n', v->n) || memchr(v->p, '\r', v->n)) {
		reject(j, arena_printf(a, "column '%.60s' has a line break in it", column),
		       arena_printf(a, "write it in one line, or leave the column out with --skip '%.60s'", column));
		return false;
	}
	if (is_ascii(*v) && v->n <= VALUE_MAX)
		return true;
	text = utf8_nfc(a, arena_text_n(a, v->p, v->n));
	*v = slice_of(text);
	if (utf8_count(text) <= VALUE_MAX)
		return true;
	reject(j, arena_printf(a, "column '%.60s' has more than %d characters", column, VALUE_MAX),
	       arena_printf(a, "shorten it, or leave the column out with --skip '%.60s'", column));
	return false;
}

struct value {
	const char *field;
	struct slice text;
};

static char *fields_json(struct arena *a, const struct value *v, size_t n)
{
	size_t room = 3;
	char *out, *to;

	for (size_t i = 0; i < n; i++)
		room += strlen(v[i].field) + 6 * v[i].text.n + 6;
	to = out = arena_alloc(a, room);
	*to++ = '{';
	for (size_t i = 0; i < n; i++) {
		if (i)
			*to++ = ',';
		to = put_json(to, slice_of(v[i].field));
		*to++ = ':';
		to = put_json(to, v[i].text);
	}
	memcpy(to, "}", 2);
	return out;
}

static void judge_fields(struct arena *a, const struct import_columns *cols, const struct table_row *row, struct judged *j)
{
	struct value v[TABLE_COLUMNS_MAX + 1];
	bool named = false;
	size_t n = 0;

	for (size_t i = 0; i < cols->n && i < row->n; i++) {
		struct slice text = trimmed(row->cell[i]);

		if (!cols->field[i] || !text.n)
			continue;
		if (!judge_value(a, cols->name[i], &text, j))
			return;
		named = named || strcmp(cols->field[i], "name") == 0;
		v[n++] = (struct value){ cols->field[i], text };
	}
	/* "Ann Bee <ann@b.example>" tells a name. */
	if (j->addr.name && !named)
		v[n++] = (struct value){ "name", slice_of(j->addr.name) };
	j->fields = n ? fields_json(a, v, n) : "{}";
}

/* --- evidence ---------------------------------------------------------------------------------- */

static struct slice cell_at(const struct table_row *row, int column)
{
	return column >= 0 && (size_t)column < row->n ? trimmed(row->cell[column]) : (struct slice){ "", 0 };
}

bool import_ref_is_fit(const char *ref)
{
	return ref[0] && strlen(ref) <= REF_MAX && utf8_is_plain(ref);
}

/* "1.10.2026", as spreadsheets of half of Europe write days, as "2026-10-01"; anything else as it is. Behind dots nobody
   means the month first; of strokes nobody can tell. */
static const char *plain_day(struct arena *a, const char *date)
{
	static const char DIGITS[] = "0123456789";
	size_t day = strspn(date, DIGITS), month = date[day] == '.' ? strspn(date + day + 1, DIGITS) : 0;
	const char *year;

	if (day < 1 || day > 2 || month < 1 || month > 2 || date[day + 1 + month] != '.')
		return date;
	year = date + day + month + 2;
	if (strspn(year, DIGITS) != 4 || year[4])
		return date;
	return arena_printf(a, "%s-%s%.*s-%s%.*s", year, month == 1 ? "0" : "", (int)month, date + day + 1, day == 1 ? "0" : "",
			    (int)day, date);
}

/* The day of the row's consent, which the cell writes as `said`; false when it is no day. */
static bool judge_day(struct arena *a, const struct import_plan *p, const char *date, const char *said, struct judged *j)
{
	struct err why = { 0 };
	int64_t t;

	if (!date[0])
		return true;
	if (time_parse(date, &t, &why) < 0)
		reject(j, arena_printf(a, "the date of the consent, '%.40s', is not a day that is understood", said),
		       "write it as 2026-11-23 or 23.11.2026");
	else if (t > p->latest)
		reject(j, arena_printf(a, "the date of the consent, '%.40s', is yet to come", said),
		       "write the day on which it was given");
	return !j->reason;
}

static void judge_consent(struct arena *a, const struct import_plan *p, const struct import_columns *cols,
			  const struct table_row *row, struct judged *j)
{
	struct slice ref = cols->consent >= 0 ? cell_at(row, cols->consent) : slice_of(p->ref ? p->ref : "");
	struct slice day = cell_at(row, cols->date);
	const char *said = arena_text_n(a, day.p, day.n), *date = day.n ? plain_day(a, said) : p->date ? p->date : "";
	const char *text;

	if (!ref.n)
		return; /* no evidence: imported as not mailable */
	/* The plan's own was looked at before the first row. */
	text = ref.p == p->ref ? p->ref : arena_text_n(a, ref.p, ref.n);
	if (text != p->ref && !import_ref_is_fit(text)) {
		reject(j, "the consent reference is longer than 200 bytes or has line breaks", "write it shorter");
		return;
	}
	if (date != p->date && !judge_day(a, p, date, said, j))
		return;
	j->kind = p->kind ? p->kind : "signed-form";
	j->ref = text;
	j->given_on = strlen(date) > 10 ? arena_text_n(a, date, 10) : date;
}

static const char *flags_text(struct arena *a, unsigned flags)
{
	const char *s = "";

	for (unsigned f = 1; flags && f <= ADDRESS_LOOKALIKE; f <<= 1)
		if (flags & f)
			s = arena_printf(a, "%s%s%s", s, *s ? " " : "", address_flag_name((enum address_flag)f));
	return s;
}

/* What stands behind the last column, or NULL. Spreadsheets end rows with as many delimiters as the widest row needs. */
static const char *beyond(struct arena *a, const struct import_columns *cols, const struct table_row *row)
{
	for (size_t i = cols->cells; i < row->n; i++) {
		struct slice text = trimmed(row->cell[i]);

		if (text.n)
			return arena_text_n(a, text.p, text.n);
	}
	return NULL;
}

void import_judge(struct arena *a, const struct import_plan *p, const struct import_columns *cols,
		  const struct table_row *row, struct judged *out)
{
	const char *extra = beyond(a, cols, row);

	*out = (struct judged){ .fields = "{}" };
	if (row->fault)
		reject_in_two(a, row->fault, "; ", "correct the row", out);
	else if ((size_t)cols->address >= row->n)
		reject(out, "the row ends before the address column", "fill it in, or delete the row");
	else if (extra)
		reject(out, arena_printf(a, "the row has %zu cells, the %s %zu; behind them stands '%.*s'", row->n,
					 cols->header ? "header" : "first row", cols->cells,
					 utf8_fit(slice_of(extra), 60), extra),
		       "put cells that hold the delimiter into quotes");
	else
		judge_address(a, p, row->cell[cols->address], out);
	if (!out->reason)
		judge_fields(a, cols, row, out);
	if (!out->reason)
		judge_consent(a, p, cols, row, out);
	out->flags_text = flags_text(a, out->flags);
}
