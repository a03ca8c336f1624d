/*
 * Is a person in? See where.h. An empty value makes every comparison false,
 * != too: what is not known is not different. Numbers are compared as decimal
 * text of any length, so that long identifiers are never rounded.
 */
#include "base/clock.h"
#include "base/utf8.h"
#include "store/where_tree.h"

#include <ctype.h>

#define HINT_DISTANCE 2
#define NAMES_TOLD 30

unsigned where_needs(const struct where *w)
{
	return w->needs;
}

size_t where_fields(const struct where *w, const char *const **names)
{
	*names = w->field;
	return w->n_fields;
}

/* --- values ------------------------------------------------------------------------------------ */

const char *where_fold(struct arena *a, const char *s)
{
	char *copy;
	size_t n = 0;

	while (s[n] && !(s[n] & 0x80))
		n++;
	if (s[n])
		return utf8_nfc(a, utf8_lower(a, utf8_nfc(a, s)));
	copy = arena_text_n(a, s, n);
	for (size_t i = 0; i < n; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	return copy;
}

bool where_is_number(const char *s)
{
	size_t whole, part;

	s += *s == '-';
	whole = strspn(s, "0123456789");
	if (!whole || !s[whole])
		return whole != 0;
	part = s[whole] == '.' ? strspn(s + whole + 1, "0123456789") : 0;
	return part && !s[whole + 1 + part];
}

bool where_is_date(const char *s)
{
	struct err e;
	int64_t t;

	if (strlen(s) != 10 || s[4] != '-' || s[7] != '-')
		return false;
	return time_parse(s, &t, &e) == 0;
}

struct decimal {
	bool minus;
	const char *whole, *part;
	size_t n_whole, n_part;
};

static struct decimal decimal_of(const char *s)
{
	struct decimal d = { .minus = *s == '-', .part = "" };

	s += d.minus;
	while (*s == '0')
		s++;
	d.whole = s;
	d.n_whole = strspn(s, "0123456789");
	if (s[d.n_whole] == '.') {
		d.part = s + d.n_whole + 1;
		d.n_part = strlen(d.part);
		while (d.n_part && d.part[d.n_part - 1] == '0')
			d.n_part--;
	}
	d.minus = d.minus && d.n_whole + d.n_part;
	return d;
}

static int bytes_order(const char *a, size_t n, const char *b, size_t m)
{
	int order = memcmp(a, b, n < m ? n : m);

	return order ? order : n < m ? -1 : n > m;
}

int where_number_order(const char *a, const char *b)
{
	struct decimal x = decimal_of(a), y = decimal_of(b);
	int order;

	if (x.minus != y.minus)
		return x.minus ? -1 : 1;
	if (x.n_whole != y.n_whole)
		order = x.n_whole < y.n_whole ? -1 : 1;
	else if (!(order = bytes_order(x.whole, x.n_whole, y.whole, y.n_whole)))
		order = bytes_order(x.part, x.n_part, y.part, y.n_part);
	return x.minus ? -order : order;
}

/* --- one term ---------------------------------------------------------------------------------- */

/* How `value` stands to v; false when the two cannot be compared, as a name and a number. */
static bool order_of(const char *value, const struct where_value *v, struct arena *scratch, int *order)
{
	switch (v->type) {
	case WHERE_NUMBER:
		if (!where_is_number(value))
			return false;
		*order = where_number_order(value, v->text);
		return true;
	case WHERE_DATE:
		if (!where_is_date(value))
			return false;
		*order = strcmp(value, v->text);
		return true;
	case WHERE_TEXT:
		*order = strcmp(where_fold(scratch, value), v->folded);
		return true;
	}
	BUG("value");
}

static bool compares(const struct where_node *n, const char *value, struct arena *scratch)
{
	int order;

	if (!order_of(value, n->value, scratch, &order))
		return n->op == WHERE_NE;
	switch (n->op) {
	case WHERE_EQ:
		return order == 0;
	case WHERE_NE:
		return order != 0;
	case WHERE_LT:
		return order < 0;
	case WHERE_LE:
		return order <= 0;
	case WHERE_GT:
		return order > 0;
	case WHERE_GE:
		return order >= 0;
	}
	BUG("operator");
}

static bool is_in(const struct where_node *n, const char *value, struct arena *scratch)
{
	int order;

	for (size_t i = 0; i < n->n_values; i++)
		if (order_of(value, &n->value[i], scratch, &order) && order == 0)
			return true;
	return false;
}

static bool field_holds(const struct where_node *n, const char *value, struct arena *scratch)
{
	bool empty = !value || !value[0];

	switch (n->kind) {
	case WHERE_EMPTY:
		return empty;
	case WHERE_FILLED:
		return !empty;
	case WHERE_COMPARE:
		return !empty && compares(n, value, scratch);
	case WHERE_CONTAINS:
		return !empty && strstr(where_fold(scratch, value), n->value->folded);
	case WHERE_STARTS:
		return !empty && strncmp(where_fold(scratch, value), n->value->folded, strlen(n->value->folded)) == 0;
	case WHERE_IN:
		return !empty && is_in(n, value, scratch);
	default:
		BUG("no term about a field");
	}
}

static bool has_flag(const char *flags, const char *flag)
{
	size_t n = strlen(flag);

	for (const char *at = flags; (at = strstr(at, flag)); at += n)
		if ((at == flags || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
			return true;
	return false;
}

static bool happened(const struct where_node *n, int64_t at, int64_t now)
{
	return at && (!n->count || at > now - n->span);
}

/* --- the whole --------------------------------------------------------------------------------- */

static bool holds(const struct where_node *n, const struct where_person *p, int64_t now, struct arena *scratch)
{
	switch (n->kind) {
	case WHERE_OR:
		return holds(n->a, p, now, scratch) || holds(n->b, p, now, scratch);
	case WHERE_AND:
		return holds(n->a, p, now, scratch) && holds(n->b, p, now, scratch);
	case WHERE_NOT:
		return !holds(n->a, p, now, scratch);
	case WHERE_MAILED:
		return happened(n, p->mailed, now);
	case WHERE_MAILED_HERE:
		return happened(n, p->mailed_here, now);
	case WHERE_ANSWERED:
		return happened(n, p->answered, now);
	case WHERE_JOINED:
		return happened(n, p->joined, now);
	case WHERE_BOUNCED:
		return p->bounced;
	case WHERE_FLAG:
		return has_flag(p->flags, n->value->text);
	default:
		return field_holds(n, p->value[n->field], scratch);
	}
}

bool where_holds(const struct where *w, const struct where_person *p, int64_t now, struct arena *scratch)
{
	return holds(w->root, p, now, scratch);
}

static const struct where_node *first_false(const struct where_node *n, const struct where_person *p, int64_t now,
					    struct arena *scratch)
{
	const struct where_node *left;

	if (n->kind != WHERE_AND)
		return holds(n, p, now, scratch) ? NULL : n;
	left = first_false(n->a, p, now, scratch);
	return left ? left : first_false(n->b, p, now, scratch);
}

const char *where_failing(const struct where *w, const struct where_person *p, int64_t now, struct arena *scratch)
{
	const struct where_node *n = first_false(w->root, p, now, scratch);
	const char *words;
	struct buf out;

	if (!n)
		return "";
	buf_init(&out, 256 * 1024);
	where_tell(w, n, false, &out);
	words = arena_text(scratch, buf_text(&out));
	buf_free(&out);
	return words;
}

/* --- names that are not there ------------------------------------------------------------------ */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters have to be put in, taken out or changed. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], n = strlen(a), m = strlen(b);

	if (n >= COUNT(row) || m >= COUNT(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t before = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = before + (a[i - 1] != b[j - 1]);

			before = row[j];
			row[j] = least(change, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[m];
}

static const char *nearest(const char *name, const char *const *known, size_t n)
{
	const char *best = NULL;
	size_t least_so_far = HINT_DISTANCE + 1;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(name, known[i]);

		if (d < least_so_far && d < strlen(name)) {
			least_so_far = d;
			best = known[i];
		}
	}
	return best;
}

int where_unknown_field(const struct where *w, size_t missing, const char *const *known, size_t n, struct err *e)
{
	const char *name = w->field[missing], *hint = nearest(name, known, n);
	struct buf names;
	size_t i;

	buf_init(&names, 500);
	for (i = 0; i < n && i < NAMES_TOLD && names.n < 300; i++)
		buf_addf(&names, "%s%s", i ? ", " : "", known[i]);
	buf_adds(&names, i < n ? ", ..." : "");
	if (hint)
		err_set(e, ERR_INPUT, "column %zu: nobody on the list has a field “%s”; is “%s” meant? There are %s", w->column[missing],
			name, hint, buf_text(&names));
	else
		err_set(e, ERR_INPUT, "column %zu: nobody on the list has a field “%s”; there are %s", w->column[missing], name,
			buf_text(&names));
	buf_free(&names);
	return -1;
}
