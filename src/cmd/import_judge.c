/* Judging rows: see import_judge.h. */
#include "cmd/import_judge.h"

#include "base/clock.h"
#include "base/utf8.h"

#define VALUE_MAX 2000 /* bytes of a stored field value; what a message takes is bounded when it is used */

static const char *const ADDRESS_NAMES[] = { "address", "email", "e_mail", "mail", "email_address", "e_mail_address",
					     "mail_address", "emailaddress", NULL };
static const char *const NAME_NAMES[] = { "name", "full_name", "fullname", NULL };

/* A header word as a field name: lower case, [a-z][a-z0-9_]*; NULL if nothing is left of it. */
static const char *field_name(struct arena *a, const char *header)
{
	char *out = arena_alloc(a, strlen(header) + 1);
	size_t n = 0;

	for (const char *p = header; *p; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;

		if ((c >= 'a' && c <= 'z') || (n && c >= '0' && c <= '9'))
			out[n++] = c;
		else if (n && out[n - 1] != '_' && (c == ' ' || c == '-' || c == '_' || c == '.'))
			out[n++] = '_';
	}
	while (n && out[n - 1] == '_')
		n--;
	out[n] = '\0';
	return n ? out : NULL;
}

static bool one_of(const char *name, const char *const *names)
{
	for (; name && *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static bool is_field(const char *s)
{
	size_t n = strlen(s);

	return n && n <= 40 && s[0] >= 'a' && s[0] <= 'z' && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

/* What --map says of a column: its field, or NULL. */
static const char *mapped(const struct import_plan *p, const char *column)
{
	for (const char *const *m = p->map; *m; m++) {
		const char *equals = strrchr(*m, '=');

		if (equals && strlen(column) == (size_t)(equals - *m) && strncmp(*m, column, strlen(column)) == 0)
			return equals + 1;
	}
	return NULL;
}

static int check_map(const struct import_plan *p, const struct import_columns *cols, struct err *e)
{
	for (const char *const *m = p->map; *m; m++) {
		const char *equals = strrchr(*m, '=');
		bool found = false;

		if (!equals || !is_field(equals + 1))
			return err_set(e, ERR_INPUT, "--map %s: wanted is COLUMN=FIELD, FIELD being address, name, or a word of a-z, 0-9 and _",
				       *m);
		for (size_t i = 0; i < cols->n; i++)
			found = found || (strlen(cols->name[i]) == (size_t)(equals - *m) &&
					  strncmp(cols->name[i], *m, strlen(cols->name[i])) == 0);
		if (!found)
			return err_set(e, ERR_INPUT, "--map %s: there is no such column", *m);
	}
	return 0;
}

static const char *columns_text(struct arena *a, const struct import_columns *cols)
{
	const char *s = "";

	for (size_t i = 0; i < cols->n && strlen(s) < 400; i++)
		s = arena_printf(a, "%s%s'%.60s'", s, *s ? ", " : "", cols->name[i]);
	return s;
}

static int find_column(struct arena *a, const struct import_columns *cols, const char *name, const char *option, int *out,
		       struct err *e)
{
	*out = -1;
	if (!name)
		return 0;
	for (size_t i = 0; i < cols->n; i++)
		if (strcmp(cols->name[i], name) == 0)
			*out = (int)i;
	return *out >= 0 ? 0
			 : err_set(e, ERR_INPUT, "%s %s: there is no such column; the columns are %s", option, name,
				   columns_text(a, cols));
}

static int name_columns(struct arena *a, const struct import_plan *p, struct import_columns *out, struct err *e)
{
	int addresses = 0;

	for (size_t i = 0; i < out->n; i++) {
		const char *said = mapped(p, out->name[i]), *field = said ? said : field_name(a, out->name[i]);

		if (said ? strcmp(said, "address") == 0 : one_of(field, ADDRESS_NAMES)) {
			out->address = (int)i;
			addresses++;
			continue;
		}
		out->field[i] = !said && one_of(field, NAME_NAMES) ? "name" : field;
	}
	if (addresses == 1)
		return 0;
	return err_set(e, ERR_INPUT, "%s; name it with --map COLUMN=address; the columns are %s",
		       addresses ? "more than one address column" : "no address column", columns_text(a, out));
}

int import_header(struct arena *a, const struct import_plan *p, const struct table_row *row, struct import_columns *out,
		  struct err *e)
{
	if (row->fault)
		return err_set(e, ERR_INPUT, "line %lld: %s", (long long)row->line, row->fault);
	*out = (struct import_columns){ .n = row->n, .address = -1 };
	for (size_t i = 0; i < row->n; i++) {
		const char *s = row->cell[i] + strspn(row->cell[i], " \t");
		size_t n = strlen(s);

		while (n && strchr(" \t", s[n - 1]))
			n--;
		if (!utf8_valid(s, n))
			return err_set(e, ERR_INPUT, "line %lld: the header is not UTF-8; export the file as CSV UTF-8",
				       (long long)row->line);
		out->name[i] = arena_text_n(a, s, n);
	}
	if (name_columns(a, p, out, e) < 0 || check_map(p, out, e) < 0 ||
	    find_column(a, out, p->consent_column, "--consent-column", &out->consent, e) < 0)
		return -1;
	return find_column(a, out, p->date_column, "--consent-date-column", &out->date, e);
}

/* --- rows -------------------------------------------------------------------------------------- */

static void reject(struct judged *j, const char *reason, const char *mend)
{
	j->reason = reason;
	j->mend = mend;
}

/* `why` is "reason", the mark, "mend"; without the mark it is the reason alone. */
static void reject_in_two(struct arena *a, const char *why, const char *mark, const char *mend, struct judged *j)
{
	char *text = arena_text(a, why), *at = strstr(text, mark);

	if (at)
		*at = '\0';
	reject(j, text, at ? at + strlen(mark) : mend);
}

static const char *trimmed(struct arena *a, const char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	return arena_text_n(a, s, n);
}

static void judge_address(struct arena *a, const char *cell, struct judged *j)
{
	struct err why = { 0 };

	if (!utf8_valid(cell, strlen(cell))) {
		reject(j, "the row is not UTF-8", "export the file as CSV UTF-8");
		return;
	}
	if (!trimmed(a, cell)[0]) {
		reject(j, "there is no address", "fill it in, or delete the row");
		return;
	}
	if (address_parse(a, cell, &j->addr, &why) < 0) {
		reject_in_two(a, why.text, ": ", "correct the address", j);
		return;
	}
	j->flags = address_flags(&j->addr);
	j->cleaned = j->addr.cleaned;
	j->row.addr = &j->addr;
}

static void judge_fields(struct arena *a, const struct import_columns *cols, const struct table_row *row, struct judged *j)
{
	json_t *fields = json_object();
	char *text;

	for (size_t i = 0; i < cols->n && i < row->n && !j->reason; i++) {
		const char *value = trimmed(a, row->cell[i]);

		if (!cols->field[i] || !value[0] || (int)i == cols->address)
			continue;
		if (!utf8_valid(value, strlen(value)))
			reject(j, "the row is not UTF-8", "export the file as CSV UTF-8");
		else if (strlen(value) > VALUE_MAX)
			reject(j, arena_printf(a, "column '%s' has more than %d bytes", cols->name[i], VALUE_MAX), "shorten it");
		else
			json_object_set_new(fields, cols->field[i], json_string(utf8_nfc(a, value)));
	}
	if (j->addr.name && !json_object_get(fields, "name"))
		json_object_set_new(fields, "name", json_string(j->addr.name));
	text = json_dumps(fields, JSON_COMPACT | JSON_PRESERVE_ORDER);
	MUST(text);
	j->row.fields = arena_text(a, text);
	free(text);
	json_decref(fields);
}

static void judge_consent(struct arena *a, const struct import_plan *p, const struct import_columns *cols,
			  const struct table_row *row, struct judged *j)
{
	const char *ref = p->ref, *date = p->date ? p->date : "";
	struct err why = { 0 };
	int64_t t;

	if (cols->consent >= 0)
		ref = (size_t)cols->consent < row->n ? trimmed(a, row->cell[cols->consent]) : "";
	if (cols->date >= 0 && (size_t)cols->date < row->n && trimmed(a, row->cell[cols->date])[0])
		date = trimmed(a, row->cell[cols->date]);
	if (!ref || !ref[0])
		return; /* no evidence: imported as not mailable */
	if (!utf8_valid(ref, strlen(ref)) || strlen(ref) > 200 || !utf8_is_plain(ref)) {
		reject(j, "the consent reference is longer than 200 bytes or has line breaks", "write it shorter");
		return;
	}
	if (date[0] && time_parse(date, &t, &why) < 0) {
		reject(j, arena_printf(a, "the date of the consent, '%.40s', is not understood", date),
		       "write it as 2026-11-23");
		return;
	}
	if (date[0] && t > p->latest) {
		reject(j, arena_printf(a, "the date of the consent, '%.40s', is yet to come", date),
		       "write the day on which it was given");
		return;
	}
	j->row.kind = p->kind ? p->kind : "signed-form";
	j->row.ref = ref;
	j->row.given_on = arena_printf(a, "%.10s", date);
}

static const char *flags_text(struct arena *a, unsigned flags)
{
	const char *s = "";

	for (unsigned f = 1; f <= ADDRESS_LOOKALIKE; f <<= 1)
		if (flags & f)
			s = arena_printf(a, "%s%s%s", s, *s ? " " : "", address_flag_name((enum address_flag)f));
	return s;
}

void import_judge(struct arena *a, const struct import_plan *p, const struct import_columns *cols,
		  const struct table_row *row, struct judged *out)
{
	*out = (struct judged){ .row.line = row->line };
	if (row->fault)
		reject_in_two(a, row->fault, "; ", "correct the row", out);
	else if ((size_t)cols->address >= row->n)
		reject(out, "the row ends before the address column", "fill it in, or delete the row");
	else if (row->n > cols->n)
		reject(out, arena_printf(a, "the row has %zu cells, the header %zu", row->n, cols->n),
		       "put cells that hold the delimiter into quotes");
	else
		judge_address(a, row->cell[cols->address], out);
	if (!out->reason)
		judge_fields(a, cols, row, out);
	if (!out->reason)
		judge_consent(a, p, cols, row, out);
	out->row.flags = flags_text(a, out->flags);
}
