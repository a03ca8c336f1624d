/*
 * Fields and the values that fill them: see fields.h. The one idea: a marker
 * is 0x01 and two bytes of 0x10-0x1f, so it is no blank, no punctuation and no
 * line end to Markdown, and nobody can write one, because controls are refused
 * where text comes in.
 */
#include "compose/fields.h"

#include "base/utf8.h"
#include "compose/compose.h"

#define MARK  0x01
#define DIGIT 0x10
#define WIDE  0x08 /* in the first digit: many words will stand here, not one */

_Static_assert(COUNT(((struct slots *)0)->name) == COMPOSE_FIELDS_MAX, "as many names as fields");
_Static_assert(SLOTS_MAX <= 128, "a slot's number has digits of three and four bits");

static void put_mark(struct buf *out, size_t slot, bool wide)
{
	char mark[MARK_SIZE] = { MARK, (char)(DIGIT | (wide ? WIDE : 0) | (slot >> 4)), (char)(DIGIT | (slot & 15)) };

	buf_add(out, mark, sizeof(mark));
}

bool slot_at(const char *p, size_t n, size_t *slot)
{
	if (n < MARK_SIZE || p[0] != MARK || (p[1] & 0xf0) != DIGIT || (p[2] & 0xf0) != DIGIT)
		return false;
	*slot = (size_t)((p[1] & 7) << 4 | (p[2] & 15));
	return true;
}

size_t slot_width(const char *p)
{
	return p[1] & WIDE ? 44 : 10;
}

size_t slot_find(const char *p, size_t n)
{
	const char *mark = n ? memchr(p, MARK, n) : NULL;

	return mark ? (size_t)(mark - p) : n;
}

void slot_mark(struct slots *s, enum slot_kind kind, struct buf *out)
{
	size_t i = 0;

	while (i < s->n && s->slot[i].kind != kind)
		i++;
	if (i == s->n) {
		MUST(s->n < SLOTS_MAX);
		s->slot[s->n++] = (struct slot){ .kind = kind };
	}
	put_mark(out, i, kind == SLOT_CONSENT);
}

static int name_index(struct slots *s, struct slice name, size_t *out, struct err *e)
{
	for (size_t i = 0; i < s->n_names; i++)
		if (slice_is(name, s->name[i])) {
			*out = i;
			return 0;
		}
	if (s->n_names == COUNT(s->name))
		return err_set(e, ERR_INPUT, "there are more than %d fields; use fewer", COMPOSE_FIELDS_MAX);
	s->name[s->n_names] = arena_text_n(s->arena, name.p, name.n);
	*out = s->n_names++;
	return 0;
}

static bool same_default(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static int mark_field(struct slots *s, struct slice name, const char *used, struct buf *out, struct err *e)
{
	size_t field = 0, i = 0;

	if (name_index(s, name, &field, e) < 0)
		return -1;
	while (i < s->n &&
	       !(s->slot[i].kind == SLOT_FIELD && s->slot[i].field == field && same_default(s->slot[i].used, used)))
		i++;
	if (i == s->n) {
		/* A few places are kept for the slots of the house. */
		if (s->n >= SLOTS_MAX - 4)
			return err_set(e, ERR_INPUT, "there are too many fields with different defaults");
		s->slot[s->n++] = (struct slot){ SLOT_FIELD, field, used };
	}
	put_mark(out, i, false);
	return 0;
}

static struct slice trim(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	while (end > p && end[-1] == ' ')
		end--;
	return (struct slice){ p, (size_t)(end - p) };
}

static bool name_is_good(struct slice name)
{
	if (name.n == 0 || name.n > FIELD_NAME_MAX || !(name.p[0] >= 'a' && name.p[0] <= 'z'))
		return false;
	for (size_t i = 1; i < name.n; i++)
		if (!(name.p[i] >= 'a' && name.p[i] <= 'z') && !(name.p[i] >= '0' && name.p[i] <= '9') &&
		    name.p[i] != '_')
			return false;
	return true;
}

/* One field whose inside is [p, end). */
static int parse_one(struct slots *s, const char *p, const char *end, struct buf *out, struct err *e)
{
	const char *bar = memchr(p, '|', (size_t)(end - p));
	struct slice name = trim(p, bar ? bar : end), used;
	char *text = NULL;

	if (!name_is_good(name))
		return err_set(e, ERR_INPUT,
			       "“{{%.*s}}” is no field: a name has small letters, digits and _, as in {{first_name}}",
			       (int)(end - p > 60 ? 60 : end - p), p);
	if (bar) {
		used = trim(bar + 1, end);
		text = arena_text_n(s->arena, used.p, used.n);
		if (compose_check_value("default", text, e) < 0)
			return err_in(e, "field %.*s", (int)name.n, name.p);
	}
	if (s->arms && slice_is(name, "arm")) {
		slot_mark(s, SLOT_ARM, out);
		return 0;
	}
	return mark_field(s, name, text, out, e);
}

/* The "}}" that closes the field opened before p: on the same line, with no brace in between. */
static const char *find_close(const char *p)
{
	p += strcspn(p, "{}\n");
	return p[0] == '}' && p[1] == '}' ? p : NULL;
}

static bool is_refused_in_text(const char *p, size_t n, size_t *len)
{
	uint32_t c = utf8_char(p, n, len);

	if (c == '\n' || c == '\t')
		return false;
	/* Joiners make letters and emoji; all else that shows nothing only hides or splits text. */
	return utf8_is_control(c) || (utf8_is_invisible(c) && c != 0x200c && c != 0x200d);
}

static int check_text(const char *what, const char *text, struct err *e)
{
	size_t n = strlen(text), len, line = 1;

	if (!utf8_valid(text, n))
		return err_set(e, ERR_INPUT, "%s: it is not UTF-8; save it as UTF-8", what);
	for (size_t i = 0; i < n; i += len) {
		if (is_refused_in_text(text + i, n - i, &len))
			return err_set(e, ERR_INPUT,
				       "%s, line %zu: there is a control or invisible character; take it out", what,
				       line);
		if (text[i] == '\n')
			line++;
	}
	return 0;
}

int fields_parse(struct slots *s, const char *what, const char *text, struct buf *out, struct err *e)
{
	size_t line = 1;
	const char *p = text, *close;

	if (check_text(what, text, e) < 0)
		return -1;
	while (*p) {
		if (p[0] == '\\' && p[1] == '{' && p[2] == '{') {
			buf_add(out, p, 3);
			p += 3;
		} else if (p[0] == '{' && p[1] == '{') {
			close = find_close(p + 2);
			if (!close)
				return err_set(e, ERR_INPUT,
					       "%s, line %zu: a field begins with {{ and is not closed by }}", what,
					       line);
			if (parse_one(s, p + 2, close, out, e) < 0)
				return err_in(e, "%s, line %zu", what, line);
			p = close + 2;
		} else {
			line += *p == '\n';
			buf_addc(out, *p++);
		}
	}
	return out->over ? err_set(e, ERR_INPUT, "%s: it is too long", what) : 0;
}
