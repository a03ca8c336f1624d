/*
 * mktmpl OUT.c OUT.h FILE...
 * Compiles the templates (FILE.html and FILE.txt, see tmpl/README.md) into C:
 * for each view a struct with its fields and a function that writes it. A
 * first pass reads the declarations at the top of the files (tmplread.c); the
 * second, here, walks each view's text and writes the function. Text is
 * escaped by where it stands (htmlplace.h); what cannot be escaped safely is
 * refused, with file and line. A template that includes another is compiled
 * as if the other's text stood in it.
 */
#include "htmlplace.h"
#include "tmplread.h"

#include "base/file.h"

#include <ctype.h>

#define LARGEST_PIECE  (1024 * 1024)
#define LARGEST_OUTPUT (64 * 1024 * 1024)
#define DEEPEST        16

struct scope {
	const struct scope *outer;
	const char *var;    /* NULL: the view itself */
	const char *prefix; /* "v->" or "e_row->" */
	const struct shape *shape;
};

/* The function being written. */
struct writer {
	struct maker *m;
	const struct scope *scope;
	struct html_place place;
	bool is_html;
	struct buf lit; /* literal text not written yet */
	int depth, includes;
};

/* --- output --- */

static void indent(struct writer *w)
{
	for (int i = 0; i < w->depth; i++)
		buf_addc(&w->m->c, '\t');
}

static void add_c_string(struct buf *b, const char *p, size_t n)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '\n')
			buf_adds(b, "\\n");
		else if (c == '\t')
			buf_adds(b, "\\t");
		else if (c == '"' || c == '\\' || (c == '?' && i && p[i - 1] == '?')) /* no trigraphs */
			buf_addf(b, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			buf_addf(b, "\\%03o", c);
		else
			buf_addc(b, (char)c);
	}
	buf_addc(b, '"');
}

static void flush(struct writer *w)
{
	if (!w->lit.n)
		return;
	indent(w);
	buf_adds(&w->m->c, w->is_html ? "html_lit(o, " : "buf_adds(o, ");
	add_c_string(&w->m->c, w->lit.p, w->lit.n);
	buf_adds(&w->m->c, ");\n");
	buf_clear(&w->lit);
}

static void add_literal(struct writer *w, struct cursor *c)
{
	char ch = c->s->text[c->at];
	const char *wrong = w->is_html ? html_place_feed(&w->place, ch) : NULL;

	if (wrong)
		refuse(c, "%s", wrong);
	if (!ch)
		refuse(c, "a NUL byte");
	buf_addc(&w->lit, ch);
	c->at++;
	if (w->lit.n >= 1000 || (ch == '\n' && w->lit.n >= 60)) /* C promises strings of 4095 bytes only */
		flush(w);
}

/* --- values --- */

/* A field and how C reaches it: prefix and name. */
struct found {
	const struct field *f;
	const char *prefix;
};

static const struct scope *find_scope(const struct writer *w, const char *var)
{
	const struct scope *s = w->scope;

	for (; s; s = s->outer)
		if (var && s->var ? !strcmp(s->var, var) : !var && !s->var)
			return s;
	return NULL;
}

/* NAME, a field of the view, or VAR.NAME within {% each %}. */
static struct found need_field(struct writer *w, struct cursor *c)
{
	struct cursor from = *c;
	const char *name = need_name(w->m, c), *var = NULL;
	const struct scope *s;
	struct found found;

	skip_space(&from);
	if (sees(c, ".")) {
		c->at++;
		var = name;
		name = need_name(w->m, c);
	}
	s = find_scope(w, var);
	if (!s)
		refuse(&from, "no {%% each %s in ... %%} is open here", var ? var : "");
	found = (struct found){ find_field(s->shape, name), s->prefix };
	if (!found.f)
		refuse(&from, "%s has no field \"%s\"", s->shape->name, name);
	return found;
}

/* The function that writes a field here, or NULL for a number. */
static const char *function_for(struct writer *w, const struct cursor *c, const struct field *f)
{
	const char *why = NULL;
	enum html_value place = w->is_html ? html_place_value(&w->place, &why) : VALUE_TEXT;

	if (place == VALUE_NONE)
		refuse(c, "%s", why);
	if (f->type == TYPE_BOOL || f->type == TYPE_LIST)
		refuse(c, "\"%s\" is a %s and cannot be written; use {%% %s %%}", f->name, type_name(f->type),
		       f->type == TYPE_BOOL ? "if" : "each");
	if (f->type == TYPE_HTML && (!w->is_html || place != VALUE_TEXT))
		refuse(c, "\"%s\" is html and may stand only between tags", f->name);
	if (f->type == TYPE_TEXT && place == VALUE_URL)
		refuse(c, "\"%s\" is text, but href, src, action and their like take a url only", f->name);
	if (f->type == TYPE_URL && place == VALUE_URL && w->place.begun)
		refuse(c, "the url \"%s\" must begin the value of the attribute", f->name);
	if (f->type == TYPE_INT)
		return NULL;
	if (!w->is_html)
		return "text_plain";
	if (f->type == TYPE_HTML)
		return "html_raw";
	return place == VALUE_URL ? "html_url" : place == VALUE_ATTR ? "html_attr" : "html_text";
}

static void write_value(struct writer *w, struct cursor *c)
{
	struct cursor from = *c;
	struct found found;
	const char *fn;

	c->at += 2;
	found = need_field(w, c);
	fn = function_for(w, &from, found.f);
	need(c, "}}");
	w->place.begun = true;
	flush(w);
	indent(w);
	if (fn)
		buf_addf(&w->m->c, "%s(o, %s%s);\n", fn, found.prefix, found.f->name);
	else
		buf_addf(&w->m->c, "buf_addf(o, \"%%lld\", (long long)%s%s);\n", found.prefix, found.f->name);
}

/* --- tags --- */

enum ended { ENDED_FILE, ENDED_BLOCK, ENDED_ELSE };

static enum ended write_block(struct writer *w, struct cursor *c);

static void check_branch(const struct writer *w, const struct cursor *c)
{
	const char *wrong = w->is_html ? html_place_branch(&w->place) : NULL;

	if (wrong)
		refuse(c, "%s", wrong);
	if (w->depth > DEEPEST)
		refuse(c, "tags are nested too deep");
}

static void add_condition(struct writer *w, struct found found, bool negate)
{
	static const char *const forms[] = {
		[TYPE_TEXT] = "text_given(%s%s)",
		[TYPE_URL] = "text_given(%s%s)",
		[TYPE_HTML] = "%s%s.n > 0",
		[TYPE_INT] = "%s%s != 0",
		[TYPE_BOOL] = "%s%s",
		[TYPE_LIST] = "%sn_%s > 0",
	};
	char text[300];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), forms[found.f->type], found.prefix, found.f->name);
#pragma GCC diagnostic pop
	buf_addf(&w->m->c, negate ? "if (!(%s)) {\n" : "if (%s) {\n", text);
}

static void write_if(struct writer *w, struct cursor *c, const struct cursor *from)
{
	struct html_place before = w->place, after;
	bool negate = false;
	struct cursor ahead = *c;
	enum ended ended;
	const char *wrong;

	if (take(&ahead, "not") && ahead.at < c->s->n && isspace((unsigned char)c->s->text[ahead.at])) {
		negate = true;
		*c = ahead;
	}
	flush(w);
	indent(w);
	add_condition(w, need_field(w, c), negate);
	need(c, "%}");
	w->depth++;
	ended = write_block(w, c);
	after = w->place;
	w->place = before;
	if (ended == ENDED_ELSE) {
		w->depth--;
		indent(w);
		buf_adds(&w->m->c, "} else {\n");
		w->depth++;
		ended = write_block(w, c);
	}
	if (ended != ENDED_BLOCK)
		refuse(from, "this {%% if %%} is not closed by {%% end %%}");
	wrong = w->is_html ? html_place_join(&w->place, &after) : NULL;
	if (wrong)
		refuse(from, "%s", wrong);
	w->depth--;
	indent(w);
	buf_adds(&w->m->c, "}\n");
}

static void write_each(struct writer *w, struct cursor *c, const struct cursor *from)
{
	struct html_place before = w->place;
	struct scope scope = { .outer = w->scope, .var = need_name(w->m, c) };
	struct found list;
	const char *wrong;

	if (find_scope(w, scope.var))
		refuse(from, "\"%s\" is in use by an {%% each %%} around this one", scope.var);
	need(c, "in");
	list = need_field(w, c);
	if (list.f->type != TYPE_LIST)
		refuse(from, "\"%s\" is no list", list.f->name);
	need(c, "%}");
	flush(w);
	scope.shape = list.f->rows;
	scope.prefix = arena_printf(w->m->a, "e_%s->", scope.var);
	indent(w);
	buf_addf(&w->m->c, "for (size_t i%d = 0; i%d < %sn_%s; i%d++) {\n", w->depth, w->depth, list.prefix,
		 list.f->name, w->depth);
	w->depth++;
	indent(w);
	buf_addf(&w->m->c, "const struct %s *e_%s = &%s%s[i%d];\n\n", scope.shape->name, scope.var, list.prefix,
		 list.f->name, w->depth - 1);
	indent(w);
	buf_addf(&w->m->c, "(void)e_%s;\n", scope.var);
	w->scope = &scope;
	if (write_block(w, c) != ENDED_BLOCK)
		refuse(from, "this {%% each %%} is not closed by {%% end %%}");
	w->scope = scope.outer;
	wrong = w->is_html ? html_place_loop(&before, &w->place) : NULL;
	if (wrong)
		refuse(from, "%s", wrong);
	w->depth--;
	indent(w);
	buf_adds(&w->m->c, "}\n");
}

static void write_include(struct writer *w, struct cursor *c, const struct cursor *from)
{
	const char *name = need_name(w->m, c);

	need(c, "%}");
	if (++w->includes > DEEPEST)
		refuse(from, "files include each other too deep");
	for (size_t i = 0; i < w->m->n_sources; i++) {
		struct cursor other = { .s = &w->m->sources[i] };

		if (strcmp(other.s->name, name) != 0 || other.s->is_html != w->is_html)
			continue;
		if (write_block(w, &other) != ENDED_FILE)
			refuse(&other, "{%% end %%} or {%% else %%} without a beginning");
		w->includes--;
		return;
	}
	refuse(from, "there is no template \"%s\" of this kind", name);
}

/* One {% ... %}. Returns ENDED_FILE unless it closes the block. */
static enum ended write_tag(struct writer *w, struct cursor *c)
{
	struct cursor from = *c;
	const char *word;

	c->at += 2;
	word = need_name(w->m, c);
	if (!strcmp(word, "view")) {
		if (from.at != c->s->view_at)
			refuse(&from, "the view must be declared at the top of the file");
		while (!sees(c, "%}")) /* read in the first pass, which found its end */
			c->at++;
		c->at += 2;
		return ENDED_FILE;
	}
	if (!strcmp(word, "end") || !strcmp(word, "else")) {
		need(c, "%}");
		flush(w);
		return word[1] == 'n' ? ENDED_BLOCK : ENDED_ELSE;
	}
	check_branch(w, &from);
	if (!strcmp(word, "if"))
		write_if(w, c, &from);
	else if (!strcmp(word, "each"))
		write_each(w, c, &from);
	else if (!strcmp(word, "include"))
		write_include(w, c, &from);
	else
		refuse(&from, "there is no tag \"%s\": view, if, else, each, include, end", word);
	return ENDED_FILE;
}

/* Whether the line that begins here holds tags and blanks only, and at least one tag. */
static bool line_is_tags(const struct cursor *start)
{
	const char *text = start->s->text;
	size_t at = start->at, n = start->s->n;
	bool any = false;

	while (at < n && text[at] != '\n') {
		if (text[at] == ' ' || text[at] == '\t' || text[at] == '\r') {
			at++;
		} else if (text[at] == '{' && at + 1 < n && (text[at + 1] == '%' || text[at + 1] == '#')) {
			char close = text[at + 1];

			for (at += 2; at + 1 < n && !(text[at] == close && text[at + 1] == '}'); at++)
				;
			at += 2;
			any = true;
		} else {
			return false;
		}
	}
	return any;
}

static enum ended write_block(struct writer *w, struct cursor *c)
{
	while (c->at < c->s->n) {
		char ch = c->s->text[c->at];
		enum ended ended = ENDED_FILE;

		if (c->at == 0 || (c->s->text[c->at - 1] == '\n' && !c->tags_only))
			c->tags_only = line_is_tags(c);
		if (sees(c, "{#")) {
			skip_comment(c);
		} else if (sees(c, "{%")) {
			ended = write_tag(w, c);
		} else if (c->tags_only && isspace((unsigned char)ch)) {
			c->at++;
			if (ch == '\n')
				c->tags_only = false;
		} else if (sees(c, "{{")) {
			write_value(w, c);
		} else {
			add_literal(w, c);
		}
		if (ended != ENDED_FILE)
			return ended;
	}
	flush(w);
	return ENDED_FILE;
}

/* --- the two files --- */

static void write_struct(struct buf *h, const struct shape *s)
{
	buf_addf(h, "struct %s {\n", s->name);
	for (const struct field *f = s->fields; f; f = f->next) {
		if (f->type == TYPE_LIST)
			buf_addf(h, "\tconst struct %s *%s;\n\tsize_t n_%s;\n", f->rows->name, f->name, f->name);
		else
			buf_addf(h, "\t%s%s;\n", type_in_c(f->type), f->name);
	}
	if (!s->fields)
		buf_adds(h, "\tchar nothing; /* C wants a member */\n");
	buf_adds(h, "};\n\n");
}

/* In the order of declaration. */
static void write_structs(struct buf *h, const struct shape *s)
{
	if (!s)
		return;
	write_structs(h, s->next);
	write_struct(h, s);
}

static void write_view(struct maker *m, const struct source *s)
{
	struct scope view = { .prefix = "v->", .shape = s->view };
	struct writer w = { .m = m, .scope = &view, .is_html = s->is_html, .depth = 1 };
	struct cursor c = { .s = s };

	buf_init(&w.lit, LARGEST_PIECE);
	buf_addf(&m->h, "void %s_write(struct buf *o, const struct %s *v);\n", s->view->name, s->view->name);
	buf_addf(&m->c, "\nvoid %s_write(struct buf *o, const struct %s *v)\n{\n", s->view->name, s->view->name);
	buf_adds(&m->c, "\t(void)o;\n\t(void)v;\n");
	if (write_block(&w, &c) != ENDED_FILE)
		refuse(&c, "{%% end %%} or {%% else %%} without a beginning");
	if (w.is_html && w.place.at != AT_TEXT)
		refuse(&c, "the file ends within a tag, comment or script");
	buf_adds(&m->c, "}\n");
	buf_free(&w.lit);
}

static void write_output(const char *path, const struct buf *b)
{
	struct err e = { 0 };

	if (b->over)
		die("the templates are too large");
	if (file_write(path, b->p, b->n, 0644, &e) < 0)
		die(e.text);
}

int main(int argc, char **argv)
{
	struct maker m = { .a = NULL };

	if (argc < 3) {
		fprintf(stderr, "usage: mktmpl OUT.c OUT.h FILE...\n");
		return 2;
	}
	m.a = arena_new();
	m.sources = ARENA_ARRAY(m.a, struct source, (size_t)argc);
	buf_init(&m.c, LARGEST_OUTPUT);
	buf_init(&m.h, LARGEST_OUTPUT);
	for (int i = 3; i < argc; i++)
		read_source(&m, argv[i]);
	buf_addf(&m.c, "/* Made by tools/mktmpl.c; do not edit. */\n#include \"%s\"\n", base_of(argv[2]));
	buf_adds(&m.h, "/* Made by tools/mktmpl.c; do not edit. */\n#ifndef PLACET_TMPL_H\n#define PLACET_TMPL_H\n\n"
		       "#include \"base/html_out.h\"\n\n");
	write_structs(&m.h, m.shapes);
	for (size_t i = 0; i < m.n_sources; i++)
		if (m.sources[i].view)
			write_view(&m, &m.sources[i]);
	buf_adds(&m.h, "\n#endif\n");
	write_output(argv[1], &m.c);
	write_output(argv[2], &m.h);
	buf_free(&m.c);
	buf_free(&m.h);
	arena_free(m.a);
	return 0;
}
