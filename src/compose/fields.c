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
#define SWITCH 0x02

_Static_assert(COUNT(((struct slots *)0)->name) == COMPOSE_FIELDS_MAX, "as many names as fields");
_Static_assert(COUNT(((struct slots *)0)->link) == COMPOSE_FIELDS_MAX, "as many names as fields");
_Static_assert(COUNT(((struct slots *)0)->condition) == CONDITIONS_MAX, "as many conditions");
_Static_assert(CONDITIONS_MAX <= 16, "a segment has a bit for each");
_Static_assert(SEGMENTS_MAX <= 256, "a segment's number has two digits");
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
	return p[1] & WIDE ? 60 : 10;
}

size_t slot_find(const char *p, size_t n)
{
	const char *mark = n ? memchr(p, MARK, n) : NULL;

	return mark ? (size_t)(mark - p) : n;
}

bool switch_at(const char *p, size_t n, size_t *segment)
{
	if (n < MARK_SIZE || p[0] != SWITCH || (p[1] & 0xf0) != DIGIT || (p[2] & 0xf0) != DIGIT)
		return false;
	*segment = (size_t)((p[1] & 15) << 4 | (p[2] & 15));
	return true;
}

size_t switch_find(const char *p, size_t n)
{
	const char *mark = n ? memchr(p, SWITCH, n) : NULL;

	return mark ? (size_t)(mark - p) : n;
}

size_t cut_find(const char *p, size_t n)
{
	n = slot_find(p, n);
	return switch_find(p, n);
}

void switch_mark(size_t segment, struct buf *out)
{
	char mark[MARK_SIZE] = { SWITCH, (char)(DIGIT | (segment >> 4)), (char)(DIGIT | (segment & 15)) };

	buf_add(out, mark, sizeof(mark));
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
	for (const char *const *l = s->link_fields; l && *l; l++)
		s->link[s->n_names] = s->link[s->n_names] || slice_is(name, *l);
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
	if (s->link[field] && used)
		return err_set(e, ERR_INPUT, "%.*s is a link, and a link has no default; write {{if %.*s}} around it", (int)name.n,
			       name.p, (int)name.n, name.p);
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

/* --- conditions --- */

/* The conditions that are open at some place of the text. */
struct nest {
	struct {
		unsigned bit;
		bool holds; /* the branch for those for whom it does */
		bool has_else;
		size_t line;
	} open[NESTED_MAX];
	size_t depth;
};

static int find_condition(struct slots *s, size_t field, const char *is, unsigned *bit, struct err *e)
{
	for (*bit = 0; *bit < s->n_conditions; ++*bit)
		if (s->condition[*bit].field == field && same_default(s->condition[*bit].is, is))
			return 0;
	if (s->n_conditions == CONDITIONS_MAX)
		return err_set(e, ERR_INPUT, "there are more than %d different conditions; use fewer", CONDITIONS_MAX);
	s->condition[s->n_conditions++] = (struct condition){ field, is };
	return 0;
}

/* Begins the segment that lies behind a line with a condition. */
static int add_segment(struct slots *s, const struct nest *nest, struct slice label, struct buf *out, struct err *e)
{
	struct segment g = { .label = arena_printf(s->arena, "{%.*s}", (int)label.n, label.p) };

	if (s->n_segments == SEGMENTS_MAX)
		return err_set(e, ERR_INPUT, "there are more than %d lines with conditions; use fewer", SEGMENTS_MAX - 1);
	for (size_t i = 0; i < nest->depth; i++)
		if (nest->open[i].holds)
			g.on |= (uint16_t)(1u << nest->open[i].bit);
		else
			g.off |= (uint16_t)(1u << nest->open[i].bit);
	switch_mark(s->n_segments, out);
	s->segment[s->n_segments++] = g;
	return 0;
}

/* "field", "not field", "field = words", "field != words" behind {{if. */
static int parse_condition(struct slots *s, struct slice text, struct nest *nest, size_t line, struct err *e)
{
	const char *equals = memchr(text.p, '=', text.n), *end = text.p + text.n;
	bool holds = true;
	const char *is = NULL;
	struct slice name = text, words;
	size_t field = 0;
	unsigned bit = 0;

	if (equals) {
		holds = equals == text.p || equals[-1] != '!';
		name = trim(text.p, holds ? equals : equals - 1);
		words = trim(equals + 1, end);
		is = arena_text_n(s->arena, words.p, words.n);
		if (!words.n || words.n > FIELD_VALUE_MAX)
			return err_set(e, ERR_INPUT, "the condition compares with nothing, or with too much");
	} else if (text.n > 4 && memcmp(text.p, "not ", 4) == 0) {
		holds = false;
		name = trim(text.p + 4, end);
	}
	if (!name_is_good(name))
		return err_set(e, ERR_INPUT, "“{{if %.*s}}” is no condition; write {{if field}}, {{if not field}}, {{if field = words}} or {{if field != words}}",
			       (int)(text.n > 60 ? 60 : text.n), text.p);
	if (nest->depth == NESTED_MAX)
		return err_set(e, ERR_INPUT, "conditions stand more than %d deep in each other", NESTED_MAX);
	if (name_index(s, name, &field, e) < 0 || find_condition(s, field, is, &bit, e) < 0)
		return -1;
	nest->open[nest->depth].bit = bit;
	nest->open[nest->depth].holds = holds;
	nest->open[nest->depth].has_else = false;
	nest->open[nest->depth++].line = line;
	return 0;
}

static bool is_directive(struct slice inside)
{
	return slice_is(inside, "else") || slice_is(inside, "end") || slice_is(inside, "if") ||
	       (inside.n > 3 && memcmp(inside.p, "if ", 3) == 0);
}

/* {{if ...}}, {{else}} or {{end}}, alone on its line. */
static int parse_directive(struct slots *s, struct slice inside, struct nest *nest, size_t line, struct buf *out,
			   struct err *e)
{
	if (!s->conditions)
		return err_set(e, ERR_INPUT, "conditions may stand around paragraphs of the body only");
	if (inside.p[0] == 'i') {
		if (parse_condition(s, trim(inside.p + 2, inside.p + inside.n), nest, line, e) < 0)
			return -1;
	} else if (nest->depth == 0) {
		return err_set(e, ERR_INPUT, "there is {{%.*s}} without {{if ...}} before it", (int)inside.n, inside.p);
	} else if (inside.n == 3) {
		nest->depth--;
	} else if (nest->open[nest->depth - 1].has_else) {
		return err_set(e, ERR_INPUT, "there is {{else}} twice for one {{if ...}}");
	} else {
		nest->open[nest->depth - 1].has_else = true;
		nest->open[nest->depth - 1].holds = !nest->open[nest->depth - 1].holds;
	}
	return add_segment(s, nest, inside, out, e);
}

/* --- the whole text --- */

/* Nothing but blanks on its line, before and behind? */
static bool is_alone(const char *text, const char *open, const char *behind)
{
	while (open > text && (open[-1] == ' ' || open[-1] == '\t'))
		open--;
	behind += strspn(behind, " \t\r");
	return (open == text || open[-1] == '\n') && (*behind == '\n' || *behind == '\0');
}

static int parse_braces(struct slots *s, const char *text, const char **p, struct nest *nest, size_t line, struct buf *out,
			struct err *e)
{
	const char *close = find_close(*p + 2), *open = *p;
	struct slice inside;

	if (!close)
		return err_set(e, ERR_INPUT, "a field begins with {{ and is not closed by }}");
	inside = trim(open + 2, close);
	*p = close + 2;
	if (!is_directive(inside))
		return parse_one(s, open + 2, close, out, e);
	if (!is_alone(text, open, *p))
		return err_set(e, ERR_INPUT, "{{%.*s}} has to stand alone on its line: it shows or leaves out whole paragraphs",
			       (int)(inside.n > 60 ? 60 : inside.n), inside.p);
	return parse_directive(s, inside, nest, line, out, e);
}

int fields_parse(struct slots *s, const char *what, const char *text, struct buf *out, struct err *e)
{
	struct nest nest = { .depth = 0 };
	size_t line = 1;
	const char *p = text;

	if (check_text(what, text, e) < 0)
		return -1;
	if (!s->n_segments)
		s->n_segments = 1;
	while (*p) {
		if (p[0] == '\\' && p[1] == '{' && p[2] == '{') {
			buf_add(out, p, 3);
			p += 3;
		} else if (p[0] == '{' && p[1] == '{') {
			if (parse_braces(s, text, &p, &nest, line, out, e) < 0)
				return err_in(e, "%s, line %zu", what, line);
		} else {
			line += *p == '\n';
			buf_addc(out, *p++);
		}
	}
	if (nest.depth)
		return err_set(e, ERR_INPUT, "%s, line %zu: {{if ...}} has no {{end}}", what, nest.open[nest.depth - 1].line);
	return out->over ? err_set(e, ERR_INPUT, "%s: it is too long", what) : 0;
}

const char *fields_shown(struct arena *a, const char *subject)
{
	char *out = arena_alloc(a, strlen(subject) + 1), *to = out;

	while (*subject) {
		const char *end = strncmp(subject, "{{", 2) == 0 ? strstr(subject, "}}") : NULL;
		size_t n;

		if (!end) {
			*to++ = *subject++;
			continue;
		}
		subject += 2 + strspn(subject + 2, " ");
		n = strcspn(subject, "|} ");
		*to++ = '{';
		memcpy(to, subject, n);
		to += n;
		*to++ = '}';
		subject = end + 2;
	}
	return out;
}
