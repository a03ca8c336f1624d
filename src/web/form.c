/*
 * Forms: see form.h. Multipart bodies are cut at CRLF "--" boundary with
 * memmem, which is linear; part headers are bounded, and only the name and
 * the file name of Content-Disposition are read from them.
 */
#include "web/form.h"

#include <strings.h>

#include "base/utf8.h"

#define BOUNDARY_MAX 70
#define PART_HEAD_MAX 4096
#define NAME_MAX_BYTES 200

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Outside text that will be shown: UTF-8, and of the controls only tab and line breaks. */
static bool is_text(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)p[i] < 0x20 && !strchr("\t\r\n", p[i])) || p[i] == 0x7f || p[i] == '\0')
			return false;
	return utf8_valid(p, n);
}

char *percent_decode(struct arena *a, struct slice s, bool plus)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			int hi = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
			int lo = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return NULL;
			c = (char)(hi * 16 + lo);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[n++] = c;
	}
	return is_text(out, n) ? out : NULL;
}

static int add_field(struct form *f, struct form_field field, struct err *e)
{
	if (f->n == FORM_FIELDS_MAX)
		return err_set(e, ERR_INPUT, "form: more than %d fields", FORM_FIELDS_MAX);
	f->field[f->n++] = field;
	return 0;
}

static int read_pair(struct arena *a, struct slice pair, struct form *out, struct err *e)
{
	const char *eq = memchr(pair.p, '=', pair.n);
	struct slice name = { pair.p, eq ? (size_t)(eq - pair.p) : pair.n };
	struct slice value = eq ? (struct slice){ eq + 1, pair.n - name.n - 1 } : (struct slice){ "", 0 };
	struct form_field field = { .name = percent_decode(a, name, true), .value = percent_decode(a, value, true) };

	if (!field.name || !field.value)
		return err_set(e, ERR_INPUT, "form: a field is not well encoded");
	field.n = strlen(field.value);
	return add_field(out, field, e);
}

int form_read_pairs(struct arena *a, struct slice text, struct form *out, struct err *e)
{
	out->n = 0;
	while (text.n) {
		const char *amp = memchr(text.p, '&', text.n);
		size_t n = amp ? (size_t)(amp - text.p) : text.n;

		if (n && read_pair(a, (struct slice){ text.p, n }, out, e) < 0)
			return -1;
		n += amp != NULL;
		text.p += n;
		text.n -= n;
	}
	return 0;
}

/* Reads a quoted or a plain value at *s and steps behind it. Backslash escapes quotes and backslashes
   only, as browsers write file names. NULL when a quote does not end. */
static char *parameter_value(struct arena *a, const char **s)
{
	char *out = arena_alloc(a, strlen(*s) + 1), *p = out;
	const char *in = *s;

	if (*in != '"') {
		while (*in && !strchr("; \t\r\n", *in))
			*p++ = *in++;
		*s = in;
		return out;
	}
	for (in++; *in && *in != '"'; in++) {
		if (*in == '\\' && (in[1] == '"' || in[1] == '\\'))
			in++;
		*p++ = *in;
	}
	*s = in + 1;
	return *in == '"' ? out : NULL;
}

/* The value of parameter `name` in `type; a=b; c="d"`; NULL if there is none or the line is malformed. */
static char *parameter(struct arena *a, const char *s, const char *name)
{
	s += strcspn(s, ";");
	while (*s == ';') {
		const char *key;
		size_t n;
		char *value;

		s += 1 + strspn(s + 1, " \t");
		key = s;
		n = strcspn(s, "=; \t");
		s += n;
		if (*s != '=')
			return NULL;
		s++;
		if (!(value = parameter_value(a, &s)))
			return NULL;
		if (n == strlen(name) && strncasecmp(key, name, n) == 0)
			return value;
		s += strspn(s, " \t");
	}
	return NULL;
}

static bool is_boundary(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > BOUNDARY_MAX || s[n - 1] == ' ')
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			return false;
	return true;
}

/* Reads name and file name from a part's header lines. */
static int read_part_head(struct arena *a, struct slice head, struct form_field *out, struct err *e)
{
	char *text, *save = NULL;

	if (head.n > PART_HEAD_MAX || !is_text(head.p, head.n))
		return err_set(e, ERR_INPUT, "form: the header of a part is not readable");
	text = arena_text_n(a, head.p, head.n);
	for (char *line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		if (strncasecmp(line, "Content-Disposition:", 20) != 0)
			continue;
		line += 20 + strspn(line + 20, " \t");
		if (strncasecmp(line, "form-data", 9) != 0)
			break;
		out->name = parameter(a, line, "name");
		out->filename = parameter(a, line, "filename");
		break;
	}
	if (!out->name || strlen(out->name) > NAME_MAX_BYTES)
		return err_set(e, ERR_INPUT, "form: a part has no name");
	return 0;
}

/* One part: header lines, an empty line, the value. */
static int read_part(struct arena *a, struct slice part, struct form *out, struct err *e)
{
	struct form_field field = { 0 };
	struct slice head;
	const char *value;

	if (part.n >= 2 && memcmp(part.p, "\r\n", 2) == 0)
		return err_set(e, ERR_INPUT, "form: a part has no name");
	value = memmem(part.p, part.n < PART_HEAD_MAX ? part.n : PART_HEAD_MAX, "\r\n\r\n", 4);
	if (!value)
		return err_set(e, ERR_INPUT, "form: a part has no end of its header");
	head = (struct slice){ part.p, (size_t)(value - part.p) };
	if (read_part_head(a, head, &field, e) < 0)
		return -1;
	value += 4;
	field.n = part.n - (size_t)(value - part.p);
	field.value = arena_text_n(a, value, field.n);
	if (!field.filename && !is_text(value, field.n))
		return err_set(e, ERR_INPUT, "form: a field is not text");
	return add_field(out, field, e);
}

/* Behind a delimiter: "--" ends the body (1), blanks and CRLF start a part (0), anything else is -1. */
static int after_delimiter(struct slice *rest)
{
	if (rest->n >= 2 && memcmp(rest->p, "--", 2) == 0)
		return 1;
	while (rest->n && (*rest->p == ' ' || *rest->p == '\t')) {
		rest->p++;
		rest->n--;
	}
	if (rest->n < 2 || memcmp(rest->p, "\r\n", 2) != 0)
		return -1;
	rest->p += 2;
	rest->n -= 2;
	return 0;
}

static int read_multipart(struct arena *a, const char *boundary, struct slice rest, struct form *out, struct err *e)
{
	char *mark = arena_printf(a, "\r\n--%s", boundary);
	size_t n = strlen(mark);
	int at;

	/* The first delimiter may stand at the very start, without the line break before it. */
	if (rest.n < n - 2 || memcmp(rest.p, mark + 2, n - 2) != 0)
		return err_set(e, ERR_INPUT, "form: the body does not begin with its boundary");
	rest.p += n - 2;
	rest.n -= n - 2;
	while ((at = after_delimiter(&rest)) == 0) {
		const char *end = memmem(rest.p, rest.n, mark, n);
		struct slice part = { rest.p, end ? (size_t)(end - rest.p) : 0 };

		if (!end)
			return err_set(e, ERR_INPUT, "form: the last part does not end");
		if (read_part(a, part, out, e) < 0)
			return -1;
		rest.n -= part.n + n;
		rest.p = end + n;
	}
	return at == 1 ? 0 : err_set(e, ERR_INPUT, "form: a boundary is not followed by a line break");
}

static bool type_is(const char *content_type, const char *type)
{
	size_t n = strlen(type);

	return strncasecmp(content_type, type, n) == 0 && strchr("; \t", content_type[n]) != NULL;
}

int form_read_body(struct arena *a, const char *content_type, struct slice body, struct form *out, struct err *e)
{
	char *boundary;

	out->n = 0;
	if (!content_type || !*content_type) {
		if (body.n)
			return err_set(e, ERR_INPUT, "form: a body without Content-Type");
		return 0;
	}
	if (type_is(content_type, "application/x-www-form-urlencoded"))
		return form_read_pairs(a, body, out, e);
	if (!type_is(content_type, "multipart/form-data"))
		return err_set(e, ERR_INPUT, "form: a body of type %.80s", content_type);
	boundary = parameter(a, content_type, "boundary");
	if (!boundary || !is_boundary(boundary))
		return err_set(e, ERR_INPUT, "form: multipart without a boundary");
	return read_multipart(a, boundary, body, out, e);
}

const struct form_field *form_find(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->field[i].name, name) == 0)
			return &f->field[i];
	return NULL;
}

const char *form_text(const struct form *f, const char *name)
{
	const struct form_field *field = form_find(f, name);

	return field && !field->filename ? field->value : "";
}
