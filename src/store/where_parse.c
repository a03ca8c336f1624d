/*
 * Reading an expression: see where.h. A lexer of words, numbers, days and
 * quoted texts, and a descent by precedence: or, and, not, term. The first
 * fault ends it, with the column at which it stands.
 */
#include "base/clock.h"
#include "base/codec.h"
#include "base/utf8.h"
#include "store/where_tree.h"

#include <ctype.h>
#include <stdarg.h>

#define TEXT_MAX  200 /* characters of a quoted text, as of a field's value */
#define FIELD_LENGTH_MAX 40
#define COUNT_MAX 9999

enum token_kind { T_END, T_WORD, T_FIELD, T_VALUE, T_OP, T_OPEN, T_CLOSE, T_COMMA };

struct token {
	enum token_kind kind;
	size_t at;        /* byte at which it begins */
	const char *text; /* of a word in lower case; of a field without its brackets */
	struct where_value value;
	enum where_op op;
};

struct parser {
	struct arena *a;
	const char *text;
	size_t pos;
	struct token tok;
	size_t depth, terms;
	struct where *w;
	struct err *e;
};

static const char *const RESERVED[] = { "and", "or", "not", "in", "is", "contains", "starts", "with", "by", "flag",
					"empty", "mailed", "answered", "joined", "bounced" };

bool where_is_reserved(const char *word)
{
	for (size_t i = 0; i < COUNT(RESERVED); i++)
		if (strcmp(RESERVED[i], word) == 0)
			return true;
	return false;
}

/* --- errors ------------------------------------------------------------------------------------ */

static size_t column_of(const struct parser *p, size_t at)
{
	size_t column = 1, len;

	for (size_t i = 0; i < at && p->text[i]; i += len, column++)
		utf8_char(p->text + i, strlen(p->text + i), &len);
	return column;
}

static int fail_at(struct parser *p, size_t at, const char *fmt, ...) PRINTF(3, 4);
static int fail_at(struct parser *p, size_t at, const char *fmt, ...)
{
	char why[400];
	va_list v;

	va_start(v, fmt);
	vsnprintf(why, sizeof(why), fmt, v);
	va_end(v);
	return err_set(p->e, ERR_INPUT, "column %zu: %s", column_of(p, at), why);
}

/* What stands at the current place, for "X is wanted, and not Y". */
static const char *found(const struct parser *p)
{
	size_t n = p->pos - p->tok.at;

	if (p->tok.kind == T_END)
		return "the end";
	return arena_printf(p->a, "“%.*s”", (int)(n > 60 ? 60 : n), p->text + p->tok.at);
}

/* --- tokens ------------------------------------------------------------------------------------ */

static bool is_word(const struct parser *p, const char *word)
{
	return p->tok.kind == T_WORD && strcmp(p->tok.text, word) == 0;
}

/* Letters, digits and _; a hyphen only between, as in the flag free-provider. */
static size_t word_length(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_' || (n && s[n] == '-' && isalpha((unsigned char)s[n + 1])))
		n++;
	return n;
}

/* Of text that should have stood in quotes: up to a blank or sign, and not too much of it. */
static size_t word_shown(const char *s)
{
	size_t n = 0, len;

	for (; s[n] && !strchr(" \t\r\n(),", s[n]) && n < 60; n += len)
		utf8_char(s + n, strlen(s + n), &len);
	return n;
}

static char *lower_word(struct arena *a, const char *s, size_t n)
{
	char *word = arena_text_n(a, s, n);

	for (size_t i = 0; i < n; i++)
		word[i] = (char)tolower((unsigned char)word[i]);
	return word;
}

/* Shortest form of a decimal number: no zeros that say nothing, and no -0. */
static const char *short_number(struct arena *a, const char *s)
{
	bool minus = *s == '-';
	char *n = arena_text(a, s + minus), *end;

	while (n[0] == '0' && isdigit((unsigned char)n[1]))
		n++;
	if (strchr(n, '.')) {
		for (end = n + strlen(n); end[-1] == '0'; end--)
			end[-1] = '\0';
		if (end[-1] == '.')
			end[-1] = '\0';
	}
	return minus && strcmp(n, "0") != 0 ? arena_printf(a, "-%s", n) : n;
}

static int lex_number(struct parser *p)
{
	const char *s = p->text + p->tok.at, *text;
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '.' || s[n] == '-' || s[n] == '_')
		n++;
	p->pos = p->tok.at + n;
	text = arena_text_n(p->a, s, n);
	p->tok.kind = T_VALUE;
	if (where_is_date(text))
		p->tok.value = (struct where_value){ WHERE_DATE, text, text };
	else if (where_is_number(text))
		p->tok.value = (struct where_value){ WHERE_NUMBER, short_number(p->a, text), NULL };
	else
		return fail_at(p, p->tok.at, "“%.60s” is neither a number nor a day such as 2026-11-23; text stands in quotes: \"%.60s\"",
			       text, text);
	return 0;
}

static int lex_text(struct parser *p)
{
	char quote = p->text[p->tok.at];
	size_t i = p->tok.at + 1;
	struct buf out;
	const char *text;

	buf_init(&out, WHERE_BYTES_MAX);
	for (; p->text[i] && p->text[i] != quote; i++) {
		if (p->text[i] == '\\' && (p->text[i + 1] == quote || p->text[i + 1] == '\\'))
			i++;
		buf_addc(&out, p->text[i]);
	}
	text = arena_text(p->a, buf_text(&out));
	buf_free(&out);
	p->pos = i;
	if (!p->text[i])
		return fail_at(p, p->tok.at, "the quote that begins here is not closed; put %c behind the text", quote);
	p->pos = i + 1;
	if (utf8_count(text) > TEXT_MAX)
		return fail_at(p, p->tok.at, "the text is longer than %d characters, and so is no value of a field", TEXT_MAX);
	p->tok.kind = T_VALUE;
	p->tok.value = (struct where_value){ WHERE_TEXT, text, where_fold(p->a, text) };
	return 0;
}

static int lex_op(struct parser *p)
{
	static const struct {
		const char *text;
		enum where_op op;
	} OPS[] = { { "!=", WHERE_NE }, { "<=", WHERE_LE }, { ">=", WHERE_GE }, { "=", WHERE_EQ }, { "<", WHERE_LT }, { ">", WHERE_GT } };
	const char *s = p->text + p->tok.at;

	p->tok.kind = T_OP;
	for (size_t i = 0; i < COUNT(OPS); i++)
		if (strncmp(s, OPS[i].text, strlen(OPS[i].text)) == 0) {
			p->tok.op = OPS[i].op;
			p->pos = p->tok.at + strlen(OPS[i].text);
			return 0;
		}
	return fail_at(p, p->tok.at, "write != for “is not”");
}

/* [answered]: a field whose name is a word of the language. */
static int lex_field(struct parser *p)
{
	const char *s = p->text + p->tok.at + 1;
	size_t n = word_length(s);

	p->pos = p->tok.at + 1 + n;
	if (!isalpha((unsigned char)s[0]) || s[n] != ']')
		return fail_at(p, p->tok.at, "between square brackets stands the name of a field: [answered]");
	p->pos++;
	p->tok.kind = T_FIELD;
	p->tok.text = lower_word(p->a, s, n);
	return 0;
}

static int lex_sign(struct parser *p)
{
	static const char SIGNS[] = "(),";
	static const enum token_kind KINDS[] = { T_OPEN, T_CLOSE, T_COMMA };
	const char *sign = strchr(SIGNS, p->text[p->tok.at]);
	size_t len;

	if (sign) {
		p->tok.kind = KINDS[sign - SIGNS];
		p->pos = p->tok.at + 1;
		return 0;
	}
	utf8_char(p->text + p->tok.at, strlen(p->text + p->tok.at), &len);
	return fail_at(p, p->tok.at, "“%.*s” means nothing here; text stands in quotes: city = \"Köln\"", (int)len,
		       p->text + p->tok.at);
}

static int next(struct parser *p)
{
	char c;

	while (p->text[p->pos] == ' ' || p->text[p->pos] == '\t' || p->text[p->pos] == '\n' || p->text[p->pos] == '\r')
		p->pos++;
	p->tok = (struct token){ .kind = T_END, .at = p->pos };
	c = p->text[p->pos];
	if (!c)
		return 0;
	if (isdigit((unsigned char)c) || c == '-')
		return lex_number(p);
	if (c == '"' || c == '\'')
		return lex_text(p);
	if (c == '[')
		return lex_field(p);
	if (strchr("=<>!", c))
		return lex_op(p);
	if (!isalpha((unsigned char)c))
		return lex_sign(p);
	p->tok.kind = T_WORD;
	p->pos += word_length(p->text + p->pos);
	p->tok.text = lower_word(p->a, p->text + p->tok.at, p->pos - p->tok.at);
	return 0;
}

/* --- terms ------------------------------------------------------------------------------------- */

static struct where_node *node(struct parser *p, enum where_kind kind)
{
	struct where_node *n = ARENA_NEW(p->a, struct where_node);

	n->kind = kind;
	return n;
}

static int count_term(struct parser *p, size_t at)
{
	if (++p->terms <= WHERE_TERMS_MAX)
		return 0;
	return fail_at(p, at, "there are more than %d terms; put what people have in common into a field of the list",
		       WHERE_TERMS_MAX);
}

/* "in 14 days"; its `in` is the current token. */
static int parse_span(struct parser *p, struct where_node *n)
{
	static const struct {
		const char *unit, *many;
		int64_t span;
	} UNITS[] = { { "day", "days", DAY }, { "week", "weeks", 7 * DAY }, { "month", "months", 30 * DAY } };

	if (next(p) < 0)
		return -1;
	if (p->tok.kind != T_VALUE || p->tok.value.type != WHERE_NUMBER ||
	    parse_i64(p->tok.value.text, 1, COUNT_MAX, &n->count) < 0)
		return fail_at(p, p->tok.at, "behind “in” stands a whole number from 1 to %d, as in “in 14 days”, and not %s", COUNT_MAX,
			       found(p));
	if (next(p) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(UNITS); i++)
		if (is_word(p, UNITS[i].unit) || is_word(p, UNITS[i].many)) {
			n->unit = UNITS[i].unit;
			n->span = n->count * UNITS[i].span;
			return next(p);
		}
	return fail_at(p, p->tok.at, "days, weeks or months is wanted here, and not %s", found(p));
}

static int parse_by_this_project(struct parser *p, struct where_node *n)
{
	static const char *const WORDS[] = { "by", "this", "project" };

	for (size_t i = 0; i < COUNT(WORDS); i++) {
		if (!is_word(p, WORDS[i]))
			return fail_at(p, p->tok.at, "“by this project” is wanted here, and not %s", found(p));
		if (next(p) < 0)
			return -1;
	}
	n->kind = WHERE_MAILED_HERE;
	return 0;
}

/* mailed [by this project] [in N days], answered [in ...], joined in ..., bounced. */
static int parse_history(struct parser *p, enum where_kind kind, struct where_node **out)
{
	struct where_node *n = *out = node(p, kind);
	size_t at = p->tok.at;

	if (next(p) < 0)
		return -1;
	if (kind == WHERE_MAILED && is_word(p, "by") && parse_by_this_project(p, n) < 0)
		return -1;
	if (kind != WHERE_BOUNCED && is_word(p, "in") && parse_span(p, n) < 0)
		return -1;
	if (kind == WHERE_JOINED && !n->count)
		return fail_at(p, at, "say since when: joined in 30 days");
	if (p->tok.kind == T_OP || is_word(p, "is") || is_word(p, "contains"))
		return fail_at(p, at, "“%.*s” is a word of this language; a field of this name stands in square brackets: [%.*s]",
			       (int)word_length(p->text + at), p->text + at, (int)word_length(p->text + at), p->text + at);
	p->w->needs |= n->kind == WHERE_MAILED	    ? WHERE_NEEDS_MAILED
		       : n->kind == WHERE_MAILED_HERE ? WHERE_NEEDS_MAILED_HERE
		       : n->kind == WHERE_JOINED      ? WHERE_NEEDS_JOINED
						      : 0;
	return 0;
}

static int parse_flag(struct parser *p, struct where_node **out)
{
	static const char *const FLAGS[] = { "role", "disposable", "lookalike", "no-mx", "null-mx", "free-provider",
					     "duplicate-person", "list-address", "non-ascii-local" };
	struct where_node *n = *out = node(p, WHERE_FLAG);
	struct where_value *v;

	if (next(p) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(FLAGS); i++)
		if (is_word(p, FLAGS[i])) {
			v = ARENA_NEW(p->a, struct where_value);
			*v = (struct where_value){ WHERE_TEXT, FLAGS[i], FLAGS[i] };
			n->value = v;
			n->n_values = 1;
			return next(p);
		}
	return fail_at(p, p->tok.at, "behind “flag” stands one of role, disposable, lookalike, no-mx, null-mx, free-provider, "
				     "duplicate-person, list-address, non-ascii-local, and not %s",
		       found(p));
}

/* One value; `text_only` says for which word. */
static int parse_value(struct parser *p, const char *text_only, struct where_value *out)
{
	if (p->tok.kind == T_WORD) {
		const char *s = p->text + p->tok.at;

		return fail_at(p, p->tok.at, "text stands in quotes: \"%s\"", arena_text_n(p->a, s, word_shown(s)));
	}
	if (p->tok.kind != T_VALUE)
		return fail_at(p, p->tok.at, "a number, a day such as 2026-11-23 or a text in quotes is wanted here, and not %s", found(p));
	*out = p->tok.value;
	if (out->type == WHERE_TEXT && !out->text[0])
		return fail_at(p, p->tok.at, "the text is empty; write “is empty” or “is not empty”");
	if (text_only && out->type != WHERE_TEXT)
		return fail_at(p, p->tok.at, "behind “%s” stands a text in quotes: \"%s\"", text_only, out->text);
	return next(p);
}

static int parse_values(struct parser *p, struct where_node *n)
{
	struct where_value *list = NULL;
	size_t room = 0;

	if (next(p) < 0)
		return -1;
	if (p->tok.kind != T_OPEN)
		return fail_at(p, p->tok.at, "behind “in” stands a list in brackets: in (\"a\", \"b\")");
	do {
		if (next(p) < 0 || (n->n_values && count_term(p, p->tok.at) < 0))
			return -1;
		list = arena_room(p->a, list, n->n_values, &room, sizeof(*list));
		if (parse_value(p, NULL, &list[n->n_values]) < 0)
			return -1;
		n->n_values++;
	} while (p->tok.kind == T_COMMA);
	n->value = list;
	if (p->tok.kind != T_CLOSE)
		return fail_at(p, p->tok.at, "a comma or ) is wanted in this list, and not %s", found(p));
	return next(p);
}

static int parse_is(struct parser *p, struct where_node *n)
{
	n->kind = WHERE_EMPTY;
	if (next(p) < 0)
		return -1;
	if (is_word(p, "not")) {
		n->kind = WHERE_FILLED;
		if (next(p) < 0)
			return -1;
	}
	if (!is_word(p, "empty"))
		return fail_at(p, p->tok.at, "behind “is” stands “empty” or “not empty”; to compare, write = or !=");
	return next(p);
}

/* What is said of a field; the token behind its name is the current one. */
static int parse_predicate(struct parser *p, struct where_node *n)
{
	struct where_value *v = ARENA_NEW(p->a, struct where_value);

	n->value = v;
	n->n_values = 1;
	if (p->tok.kind == T_OP) {
		n->kind = WHERE_COMPARE;
		n->op = p->tok.op;
		return next(p) < 0 ? -1 : parse_value(p, NULL, v);
	}
	if (is_word(p, "contains")) {
		n->kind = WHERE_CONTAINS;
		return next(p) < 0 ? -1 : parse_value(p, "contains", v);
	}
	if (is_word(p, "starts")) {
		n->kind = WHERE_STARTS;
		if (next(p) < 0)
			return -1;
		if (!is_word(p, "with"))
			return fail_at(p, p->tok.at, "“starts with” is wanted, and not “starts” and %s", found(p));
		return next(p) < 0 ? -1 : parse_value(p, "starts with", v);
	}
	n->n_values = 0;
	if (is_word(p, "in")) {
		n->kind = WHERE_IN;
		return parse_values(p, n);
	}
	if (is_word(p, "is"))
		return parse_is(p, n);
	if (is_word(p, "not"))
		return fail_at(p, p->tok.at, "“not” stands before the name of the field: not %s ...", p->w->field[n->field]);
	return fail_at(p, p->tok.at, "behind the field “%s” stands =, !=, <, <=, >, >=, contains, starts with, in (...), is empty or is "
				     "not empty, and not %s",
		       p->w->field[n->field], found(p));
}

static int parse_field(struct parser *p, struct where_node **out)
{
	struct where_node *n = *out = node(p, WHERE_COMPARE);
	struct where *w = p->w;
	const char *name = p->tok.text;
	size_t i = 0;

	if (strlen(name) > FIELD_LENGTH_MAX || strchr(name, '-'))
		return fail_at(p, p->tok.at, "“%.60s” is no name of a field: these have small letters, digits and _", name);
	while (i < w->n_fields && strcmp(w->field[i], name) != 0)
		i++;
	if (i == w->n_fields) {
		MUST(i < COUNT(w->field)); /* there are no more terms */
		w->field[i] = name;
		w->column[i] = column_of(p, p->tok.at);
		w->n_fields++;
	}
	n->field = i;
	w->needs |= WHERE_NEEDS_FIELDS;
	return next(p) < 0 ? -1 : parse_predicate(p, n);
}

static int parse_or(struct parser *p, struct where_node **out);

static int parse_brackets(struct parser *p, struct where_node **out)
{
	size_t at = p->tok.at;

	if (next(p) < 0 || parse_or(p, out) < 0)
		return -1;
	if (p->tok.kind != T_CLOSE)
		return fail_at(p, p->tok.kind == T_END ? at : p->tok.at,
			       p->tok.kind == T_END ? "the bracket that opens here is not closed; put ) at its end"
						    : "“and”, “or” or ) is wanted here, and not %s",
			       found(p));
	return next(p);
}

static int parse_term(struct parser *p, struct where_node **out)
{
	static const struct {
		const char *word;
		enum where_kind kind;
	} HISTORY[] = { { "mailed", WHERE_MAILED }, { "answered", WHERE_ANSWERED }, { "joined", WHERE_JOINED }, { "bounced", WHERE_BOUNCED } };

	if (count_term(p, p->tok.at) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(HISTORY); i++)
		if (is_word(p, HISTORY[i].word))
			return parse_history(p, HISTORY[i].kind, out);
	if (is_word(p, "flag"))
		return parse_flag(p, out);
	if (p->tok.kind == T_FIELD || (p->tok.kind == T_WORD && !where_is_reserved(p->tok.text)))
		return parse_field(p, out);
	return fail_at(p, p->tok.at, "a field, or mailed, answered, joined, bounced or flag is wanted here, and not %s", found(p));
}

static int parse_not(struct parser *p, struct where_node **out)
{
	struct where_node *inner;
	int rc;

	if (p->tok.kind != T_OPEN && !is_word(p, "not"))
		return parse_term(p, out);
	if (++p->depth > WHERE_DEPTH_MAX)
		return fail_at(p, p->tok.at, "brackets and nots go deeper than %d", WHERE_DEPTH_MAX);
	if (p->tok.kind == T_OPEN) {
		rc = parse_brackets(p, out);
	} else {
		rc = next(p) < 0 ? -1 : parse_not(p, &inner);
		if (rc == 0) {
			*out = node(p, WHERE_NOT);
			(*out)->a = inner;
		}
	}
	p->depth--;
	return rc;
}

static int parse_chain(struct parser *p, enum where_kind kind, const char *word,
		       int (*part)(struct parser *p, struct where_node **out), struct where_node **out)
{
	struct where_node *left, *right;

	if (part(p, &left) < 0)
		return -1;
	while (is_word(p, word)) {
		struct where_node *both = node(p, kind);

		if (next(p) < 0 || part(p, &right) < 0)
			return -1;
		both->a = left;
		both->b = right;
		left = both;
	}
	*out = left;
	return 0;
}

static int parse_and(struct parser *p, struct where_node **out)
{
	return parse_chain(p, WHERE_AND, "and", parse_not, out);
}

static int parse_or(struct parser *p, struct where_node **out)
{
	return parse_chain(p, WHERE_OR, "or", parse_and, out);
}

/* --- all of it --------------------------------------------------------------------------------- */

static int check_bytes(const char *text, struct err *e)
{
	size_t n = strnlen(text, WHERE_BYTES_MAX + 1), len;

	if (n > WHERE_BYTES_MAX)
		return err_set(e, ERR_INPUT, "it is longer than %d bytes", WHERE_BYTES_MAX);
	if (!utf8_valid(text, n))
		return err_set(e, ERR_INPUT, "it is not UTF-8");
	for (size_t i = 0, column = 1; i < n; i += len, column++) {
		uint32_t c = utf8_char(text + i, n - i, &len);

		if ((utf8_is_control(c) && c != '\t' && c != '\n' && c != '\r') || utf8_is_invisible(c))
			return err_set(e, ERR_INPUT, "column %zu: there is a control or invisible character; take it out", column);
	}
	return 0;
}

static const char *printed(struct where *w, struct arena *a, bool words)
{
	const char *text;
	struct buf out;

	/* Every term is bounded, and so is what they say; a bracket or a "not" for each. */
	buf_init(&out, 256 * 1024);
	if (words) {
		buf_adds(&out, "people ");
		where_tell(w, w->root, false, &out);
	} else {
		where_print(w, w->root, &out);
	}
	MUST(!out.over);
	text = arena_text(a, buf_text(&out));
	buf_free(&out);
	return text;
}

struct where *where_parse(struct arena *a, const char *text, struct err *e)
{
	struct where *w = ARENA_NEW(a, struct where);
	struct parser p = { .a = a, .text = text, .w = w, .e = e };
	struct where_node *root;

	if (check_bytes(text, e) < 0 || next(&p) < 0 || parse_or(&p, &root) < 0)
		return NULL;
	if (p.tok.kind != T_END) {
		fail_at(&p, p.tok.at, "“and” or “or” is wanted here, or the end, and not %s", found(&p));
		return NULL;
	}
	w->root = root;
	w->text = printed(w, a, false);
	w->words = printed(w, a, true);
	/* What is stored is read again: it has to keep to the same bound. */
	if (strlen(w->text) > WHERE_BYTES_MAX) {
		err_set(e, ERR_INPUT, "it is longer than %d bytes when it is written out", WHERE_BYTES_MAX);
		return NULL;
	}
	return w;
}
