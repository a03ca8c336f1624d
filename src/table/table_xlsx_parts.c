/*
 * What the cells of an XLSX sheet refer to: see table_xlsx.h. Shared strings
 * are the only part of a workbook that must be held in memory, so they are
 * held as tightly as can be.
 */
#include "base/utf8.h"
#include "table/table_xlsx.h"
#include "table/table_xml.h"

#include <ctype.h>

#define RELATIONS_MAX (SHEETS_MAX + 64)
#define PART_NAME_MAX 512

/* ---- relations */

struct relations_reader {
	const char *folder; /* of the part that they begin from, with its slash */
	struct arena *a;
	struct xlsx_relations *out;
};

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

/* Undoes %20, turns \ into /, and ends what the path refers to inside a document. */
static void add_plain(struct buf *b, const char *path)
{
	for (; *path && *path != '#' && *path != '?'; path++) {
		if (*path == '%' && hex(path[1]) >= 0 && hex(path[2]) >= 0) {
			buf_addc(b, (char)(hex(path[1]) * 16 + hex(path[2])));
			path += 2;
		} else {
			buf_addc(b, *path == '\\' ? '/' : *path);
		}
	}
}

/* The part that `target` leads to, without a slash in front; NULL if that is too long. "..": one folder up, at most to the root. */
static const char *resolve(struct relations_reader *r, const char *target)
{
	struct buf path;
	char name[PART_NAME_MAX + 1], *word, *rest;
	size_t n = 0;

	buf_init(&path, PART_NAME_MAX);
	if (*target != '/' && *target != '\\')
		buf_adds(&path, r->folder);
	add_plain(&path, target);
	rest = path.p;
	while (!path.over && (word = strsep(&rest, "/"))) {
		if (strcmp(word, "..") == 0)
			while (n > 0 && name[--n] != '/')
				;
		else if (*word && strcmp(word, ".") != 0)
			n += (size_t)snprintf(name + n, sizeof(name) - n, "%s%s", n ? "/" : "", word);
	}
	target = path.over || n == 0 ? NULL : arena_text_n(r->a, name, n);
	buf_free(&path);
	return target;
}

static int relation_open(void *arg, int depth, const char *name, const char **attrs, struct err *e)
{
	struct relations_reader *r = arg;
	const char *id = xml_attr(attrs, "Id"), *type = xml_attr(attrs, "Type"), *target = xml_attr(attrs, "Target");
	const char *mode = xml_attr(attrs, "TargetMode"), *part;

	if (depth != 2 || strcmp(name, "Relationship") != 0 || !id || !type || !target || (mode && strcmp(mode, "External") == 0))
		return 0;
	part = resolve(r, target);
	if (!part || strlen(id) > PART_NAME_MAX || strlen(type) > PART_NAME_MAX)
		return 0;
	if (r->out->n == RELATIONS_MAX)
		return err_set(e, ERR_INPUT, "it has more than %d sheets; save the one that is meant as 'CSV UTF-8'", SHEETS_MAX);
	if (strrchr(type, '/'))
		type = strrchr(type, '/') + 1;
	r->out->at = arena_room(r->a, r->out->at, r->out->n, &r->out->room, sizeof(*r->out->at));
	r->out->at[r->out->n++] = (struct xlsx_relation){ arena_text(r->a, id), arena_text(r->a, type), part };
	return 0;
}

int xlsx_relations(struct pack *k, const char *part, struct arena *a, struct xlsx_relations *out, struct err *e)
{
	static const struct xml_calls CALLS = { .open = relation_open };
	const char *slash = strrchr(part, '/'), *file = slash ? slash + 1 : part;
	char *folder = arena_text_n(a, part, (size_t)(file - part));
	struct relations_reader r = { folder, a, out };
	int64_t found = pack_find(k, arena_printf(a, "%s_rels/%s.rels", folder, file));

	*out = (struct xlsx_relations){ 0 };
	return found < 0 ? 0 : xml_read(k, found, &CALLS, &r, e);
}

const char *xlsx_related(const struct xlsx_relations *l, const char *type, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].type, type) == 0 && (!id || strcmp(l->at[i].id, id) == 0))
			return l->at[i].part;
	return NULL;
}

/* ---- escapes */

/* The UTF-16 unit of _x1234_ at p, or -1. */
static int32_t escaped_unit(const char *p, size_t n)
{
	int32_t unit = 0;

	if (n < 7 || p[0] != '_' || (p[1] | 32) != 'x' || p[6] != '_')
		return -1;
	for (int i = 2; i < 6; i++) {
		if (hex(p[i]) < 0)
			return -1;
		unit = unit * 16 + hex(p[i]);
	}
	return unit;
}

/* The character that is escaped at p, and how long its escape is; half a pair and NUL become U+FFFD. */
static uint32_t escaped_char(const char *p, size_t n, size_t *len)
{
	int32_t high = escaped_unit(p, n), low = n > 7 ? escaped_unit(p + 7, n - 7) : -1;

	*len = 7;
	if (high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
		*len = 14;
		return 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
	}
	return high == 0 || (high >= 0xd800 && high < 0xe000) ? 0xfffd : (uint32_t)high;
}

/* What is undone is never longer than its escape. */
void xlsx_unescape(struct buf *b, size_t from)
{
	char *end = b->p ? b->p + b->n : NULL, *in = end ? memmem(b->p + from, b->n - from, "_x", 2) : NULL, *out = in;

	if (!in)
		return;
	while (in < end) {
		size_t len = 1;

		if (escaped_unit(in, (size_t)(end - in)) >= 0)
			out += utf8_put(escaped_char(in, (size_t)(end - in), &len), out);
		else
			*out++ = *in;
		in += len;
	}
	buf_cut(b, (size_t)(out - b->p));
}

/* ---- shared strings */

struct strings_reader {
	struct xlsx_strings *out;
	struct xlsx_run run;
};

static int too_much(struct err *e)
{
	return err_set(e, ERR_INPUT, "it has more text than the %d MiB that are read; save the sheet as 'CSV UTF-8'",
		       (XLSX_STRINGS_MAX + 1) >> 20);
}

static int add_string(struct xlsx_strings *s, struct err *e)
{
	xlsx_unescape(&s->text, s->at[s->n]);
	buf_addc(&s->text, '\0');
	if (s->text.over || s->n + 1 >= XLSX_STRING_COUNT_MAX)
		return too_much(e);
	if (s->n + 2 > s->room) {
		s->room *= 2;
		s->at = mem_grow(s->at, s->room * sizeof(*s->at));
	}
	s->at[++s->n] = (uint32_t)s->text.n;
	return 0;
}

static int string_open(void *arg, int depth, const char *name, const char **attrs, struct err *e)
{
	struct strings_reader *r = arg;

	(void)e;
	if (depth > 2)
		xlsx_run_open(&r->run, &r->out->text, name, attrs);
	return 0;
}

static int string_close(void *arg, int depth, const char *name, struct err *e)
{
	struct strings_reader *r = arg;

	if (depth > 2)
		xlsx_run_close(&r->run, &r->out->text, name);
	return depth == 2 && strcmp(name, "si") == 0 ? add_string(r->out, e) : 0;
}

static int string_text(void *arg, int depth, const char *p, size_t n, struct err *e)
{
	struct strings_reader *r = arg;

	(void)depth;
	if (r->run.in_text)
		buf_add(&r->out->text, p, n);
	return r->out->text.over ? too_much(e) : 0;
}

int xlsx_strings_read(struct pack *k, int64_t part, struct xlsx_strings *out, struct err *e)
{
	static const struct xml_calls CALLS = { .open = string_open, .close = string_close, .text = string_text };
	struct strings_reader r = { .out = out };

	buf_init(&out->text, XLSX_STRINGS_MAX);
	out->room = 1024;
	out->at = mem_alloc(out->room * sizeof(*out->at));
	return xml_read(k, part, &CALLS, &r, e);
}

void xlsx_strings_free(struct xlsx_strings *s)
{
	buf_free(&s->text);
	free(s->at);
}

/* ---- runs of text */

void xlsx_run_open(struct xlsx_run *r, const struct buf *b, const char *name, const char **attrs)
{
	const char *space;

	if (strcmp(name, "rPh") == 0)
		r->phonetic++;
	r->in_text = strcmp(name, "t") == 0 && r->phonetic == 0;
	if (!r->in_text)
		return;
	space = xml_attr(attrs, "space");
	r->preserve = space && strcmp(space, "preserve") == 0;
	r->from = b->n;
}

void xlsx_run_close(struct xlsx_run *r, struct buf *b, const char *name)
{
	if (strcmp(name, "rPh") == 0)
		r->phonetic--;
	if (r->in_text && !r->preserve) {
		size_t begin = r->from, end = b->n;

		while (begin < end && strchr(" \t\r\n", b->p[begin]))
			begin++;
		while (end > begin && strchr(" \t\r\n", b->p[end - 1]))
			end--;
		if (begin > r->from)
			memmove(b->p + r->from, b->p + begin, end - begin);
		buf_cut(b, r->from + end - begin);
	}
	r->in_text = false;
}

/* ---- styles */

struct styles_reader {
	struct xlsx_styles *out;
	bool in_formats, in_styles;
};

static int add_style(struct xlsx_styles *s, const char **attrs, struct err *e)
{
	if (s->n == XLSX_STYLES_MAX)
		return err_set(e, ERR_INPUT, "it has more than %d cell styles; save the sheet as 'CSV UTF-8'", XLSX_STYLES_MAX);
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 64;
		s->format = mem_grow(s->format, s->room * sizeof(*s->format));
	}
	s->format[s->n++] = (uint16_t)xml_number(xml_attr(attrs, "numFmtId"), 0, XLSX_STYLES_MAX - 1, 0);
	return 0;
}

static void add_format(struct xlsx_styles *s, const char **attrs)
{
	int64_t id = xml_number(xml_attr(attrs, "numFmtId"), 0, XLSX_STYLES_MAX - 1, -1);
	const char *code = xml_attr(attrs, "formatCode");

	if (id >= 0 && code)
		s->kind[id] = (uint8_t)value_format(code);
}

static int style_open(void *arg, int depth, const char *name, const char **attrs, struct err *e)
{
	struct styles_reader *r = arg;

	if (depth == 2) {
		r->in_formats = strcmp(name, "numFmts") == 0;
		r->in_styles = strcmp(name, "cellXfs") == 0;
	} else if (depth == 3 && r->in_formats && strcmp(name, "numFmt") == 0) {
		add_format(r->out, attrs);
	} else if (depth == 3 && r->in_styles && strcmp(name, "xf") == 0) {
		return add_style(r->out, attrs, e);
	}
	return 0;
}

int xlsx_styles_read(struct pack *k, int64_t part, struct xlsx_styles *out, struct err *e)
{
	static const struct xml_calls CALLS = { .open = style_open };
	struct styles_reader r = { .out = out };

	out->kind = mem_alloc(XLSX_STYLES_MAX);
	for (int64_t id = 0; id < XLSX_BUILTIN_MAX; id++)
		out->kind[id] = (uint8_t)value_builtin(id);
	return xml_read(k, part, &CALLS, &r, e);
}

void xlsx_styles_free(struct xlsx_styles *s)
{
	free(s->format);
	free(s->kind);
}

enum value_kind xlsx_style_kind(const struct xlsx_styles *s, int64_t style)
{
	if (style < 0 || (size_t)style >= s->n)
		return VALUE_NUMBER;
	return s->kind[s->format[style]];
}
