/* Forms: the first byte picks the kind; whatever is read must be text within bounds, and end in a NUL. */
#include "base/utf8.h"
#include "web/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const TYPES[] = {
	"application/x-www-form-urlencoded",
	"multipart/form-data; boundary=x",
	"multipart/form-data; boundary=\"-b\"",
	NULL,
};

static void check(const struct form *f)
{
	MUST(f->n <= FORM_FIELDS_MAX);
	for (size_t i = 0; i < f->n; i++) {
		MUST(f->field[i].name && f->field[i].value);
		MUST(f->field[i].value[f->field[i].n] == '\0');
		MUST(f->field[i].filename || utf8_valid(f->field[i].value, f->field[i].n));
		MUST(form_find(f, f->field[i].name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;
	struct form f;
	struct err e;
	const char *type;
	size_t line;

	if (!size)
		return 0;
	a = arena_new();
	type = TYPES[data[0] % COUNT(TYPES)];
	data++;
	size--;
	/* Without a type of ours, the first line is one. */
	line = type ? 0 : strnlen((const char *)data, size);
	if (!type && line < size) {
		type = arena_text_n(a, (const char *)data, line);
		line++;
	}
	if (form_read_body(a, type, (struct slice){ (const char *)data + line, size - line }, &f, &e) == 0)
		check(&f);
	arena_free(a);
	return 0;
}
