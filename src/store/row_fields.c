/*
 * A person's fields: see row_fields.h. Nearly all rows are plain: names and
 * values without a backslash. Those are cut in place in one copy; all others
 * go through jansson, which knows the whole of JSON.
 */
#include "store/row_fields.h"

#include <jansson.h>

static char *skip_blanks(char *p)
{
	while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')
		p++;
	return p;
}

/* Ends the text that begins at *p with a NUL. NULL when it is none, or one that has to be decoded. */
static char *cut_text(char **p)
{
	char *text = *p + 1, *end;

	if (**p != '"')
		return NULL;
	for (end = text; *end != '"'; end++)
		if ((unsigned char)*end < 0x20 || *end == '\\')
			return NULL;
	*end = '\0';
	*p = end + 1;
	return text;
}

static bool add(struct row_fields *f, const char *name, const char *value)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->field[i].name, name) == 0)
			return false;
	if (f->n == ROW_FIELDS_MAX)
		return false;
	f->field[f->n].name = name;
	f->field[f->n++].value = value;
	return true;
}

static bool read_plain(char *p, struct row_fields *out)
{
	p = skip_blanks(p);
	if (*p++ != '{')
		return false;
	p = skip_blanks(p);
	if (*p == '}')
		return *skip_blanks(p + 1) == '\0';
	for (;;) {
		char *name, *value;

		p = skip_blanks(p);
		if (!(name = cut_text(&p)) || *(p = skip_blanks(p)) != ':')
			return false;
		p = skip_blanks(p + 1);
		if (!(value = cut_text(&p)) || !add(out, name, value))
			return false;
		p = skip_blanks(p);
		if (*p == '}')
			return *skip_blanks(p + 1) == '\0';
		if (*p++ != ',')
			return false;
	}
}

static int read_any(struct arena *a, const char *json, struct row_fields *out, struct err *e)
{
	json_error_t why = { .text = "it is none" };
	json_t *j = json_loads(json, JSON_REJECT_DUPLICATES, &why), *value;
	bool fits = json_is_object(j);
	const char *name;

	if (!fits)
		err_set(e, ERR_BROKEN, "stored fields of a person are not a JSON object: %s", why.text);
	json_object_foreach(j, name, value) {
		if (!fits || !json_is_string(value))
			continue;
		fits = add(out, arena_text(a, name), arena_text(a, json_string_value(value)));
		if (!fits)
			err_set(e, ERR_BROKEN, "a person has more than %d stored fields", ROW_FIELDS_MAX);
	}
	json_decref(j);
	return fits ? 0 : -1;
}

int row_fields_read(struct arena *a, const char *json, struct row_fields *out, struct err *e)
{
	out->n = 0;
	if (read_plain(arena_text(a, json), out))
		return 0;
	out->n = 0;
	return read_any(a, json, out, e);
}

const char *row_fields_get(const struct row_fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->field[i].name, name) == 0)
			return f->field[i].value[0] ? f->field[i].value : NULL;
	return NULL;
}
