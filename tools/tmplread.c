/*
 * See tmplread.h. A cursor walks the text of a file; the grammar is so small
 * that each rule is a function and there is no list of tokens.
 */
#include "tmplread.h"

#include "base/file.h"

#include <ctype.h>
#include <stdarg.h>

#define LARGEST_FILE (1024 * 1024)
#define DEEPEST      16

static const struct {
	const char *name, *in_c;
} TYPES[] = {
	[TYPE_TEXT] = { "text", "const char *" }, [TYPE_URL] = { "url", "const char *" },
	[TYPE_HTML] = { "html", "struct html " }, [TYPE_INT] = { "int", "int64_t " },
	[TYPE_BOOL] = { "bool", "bool " },        [TYPE_LIST] = { "list", NULL },
};

const char *type_name(enum type t)
{
	return TYPES[t].name;
}

const char *type_in_c(enum type t)
{
	return TYPES[t].in_c;
}

NORETURN void die(const char *what)
{
	fprintf(stderr, "mktmpl: %s\n", what);
	exit(1);
}

NORETURN void refuse(const struct cursor *c, const char *fmt, ...)
{
	int line = 1;
	va_list ap;

	for (size_t i = 0; i < c->at && i < c->s->n; i++)
		line += c->s->text[i] == '\n';
	fprintf(stderr, "%s:%d: ", c->s->path, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/* --- words of a tag --- */

bool sees(const struct cursor *c, const char *what)
{
	size_t n = strlen(what);

	return c->s->n - c->at >= n && memcmp(c->s->text + c->at, what, n) == 0;
}

void skip_space(struct cursor *c)
{
	while (c->at < c->s->n && isspace((unsigned char)c->s->text[c->at]))
		c->at++;
}

bool take(struct cursor *c, const char *what)
{
	skip_space(c);
	if (!sees(c, what))
		return false;
	c->at += strlen(what);
	return true;
}

void need(struct cursor *c, const char *what)
{
	if (!take(c, what))
		refuse(c, "\"%s\" is missing here", what);
}

const char *need_name(struct maker *m, struct cursor *c)
{
	size_t from;

	skip_space(c);
	from = c->at;
	while (c->at < c->s->n && (islower((unsigned char)c->s->text[c->at]) || c->s->text[c->at] == '_' ||
				   (c->at > from && isdigit((unsigned char)c->s->text[c->at]))))
		c->at++;
	if (c->at == from)
		refuse(c, "a name is missing here (lower case, digits, _)");
	return arena_text_n(m->a, c->s->text + from, c->at - from);
}

void skip_comment(struct cursor *c)
{
	struct cursor from = *c;

	while (!sees(c, "#}"))
		if (c->at++ >= c->s->n)
			refuse(&from, "this {# is never closed by #}");
	c->at += 2;
}

/* --- declarations --- */

static const struct shape *find_shape(const struct maker *m, const char *name)
{
	for (const struct shape *s = m->shapes; s; s = s->next)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

const struct field *find_field(const struct shape *s, const char *name)
{
	for (const struct field *f = s->fields; f; f = f->next)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

static enum type need_type(struct maker *m, struct cursor *c)
{
	struct cursor from = *c;
	const char *name = need_name(m, c);

	for (size_t i = 0; i < COUNT(TYPES); i++)
		if (!strcmp(TYPES[i].name, name))
			return (enum type)i;
	skip_space(&from);
	refuse(&from, "there is no type \"%s\": text, url, html, int, bool, list", name);
}

static struct field *declare_fields(struct maker *m, struct cursor *c, const char *of, int depth);

/* NAME { fields }, or the name of rows that were declared before. */
static const struct shape *declare_shape(struct maker *m, struct cursor *c, bool is_rows, int depth)
{
	struct cursor from = *c;
	const char *name = need_name(m, c);
	const struct shape *old = find_shape(m, name);
	struct shape *s;

	skip_space(&from);
	if (depth > DEEPEST)
		refuse(&from, "lists are nested too deep");
	if (!take(c, "{")) {
		if (!is_rows || !old)
			refuse(&from, "the fields of \"%s\" are missing: { text name; ... }", name);
		return old;
	}
	if (old)
		refuse(&from, "\"%s\" is declared twice", name);
	s = ARENA_NEW(m->a, struct shape);
	s->name = name;
	s->fields = declare_fields(m, c, name, depth);
	s->next = m->shapes; /* after the rows of its lists, which stand before it in the header */
	m->shapes = s;
	return s;
}

static struct field *declare_fields(struct maker *m, struct cursor *c, const char *of, int depth)
{
	struct shape all = { .fields = NULL };
	struct field **end = &all.fields;

	while (!take(c, "}")) {
		struct field *f = ARENA_NEW(m->a, struct field);
		bool braced = false;

		f->type = need_type(m, c);
		f->name = need_name(m, c);
		if (find_field(&all, f->name))
			refuse(c, "\"%s\" has two fields \"%s\"", of, f->name);
		if (f->type == TYPE_LIST) {
			need(c, "of");
			f->rows = declare_shape(m, c, true, depth + 1);
			braced = c->s->text[c->at - 1] == '}'; /* then no ; is needed */
		}
		if (!take(c, ";") && !braced)
			need(c, ";");
		*end = f;
		end = &f->next;
	}
	return all.fields;
}

/* The declaration of a view may follow comments, nothing else. */
static void read_declaration(struct maker *m, struct source *s)
{
	struct cursor c = { .s = s };

	for (skip_space(&c); sees(&c, "{#"); skip_space(&c))
		skip_comment(&c);
	s->view_at = c.at;
	if (!take(&c, "{%") || !take(&c, "view"))
		return;
	s->view = declare_shape(m, &c, false, 0);
	need(&c, "%}");
}

const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void read_source(struct maker *m, const char *path)
{
	struct source *s = &m->sources[m->n_sources++];
	const char *base = base_of(path), *dot = strrchr(base, '.');
	struct err e = { 0 };
	struct buf b;

	if (!dot || (strcmp(dot, ".html") != 0 && strcmp(dot, ".txt") != 0))
		die("templates end in .html or .txt");
	buf_init(&b, LARGEST_FILE);
	if (file_read(path, &b, &e) < 0)
		die(e.text);
	s->path = path;
	s->name = arena_text_n(m->a, base, (size_t)(dot - base));
	s->is_html = dot[1] == 'h';
	s->text = arena_text_n(m->a, buf_text(&b), b.n);
	s->n = b.n;
	buf_free(&b);
	read_declaration(m, s);
}
