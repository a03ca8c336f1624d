/*
 * Judging rows of an address file: the first line is the header, the others
 * are rows, cells parted by TAB. What is good has an address and JSON that
 * can be read again; what is rejected has a reason and the mend.
 */
#include "base/utf8.h"
#include "cmd/import_judge.h"

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CELLS 12

/* Parts the line at `p`, which it writes to. Returns where the next one begins. */
static char *split(char *p, char *end, const char *cell[CELLS], size_t *n)
{
	*n = 0;
	cell[(*n)++] = p;
	for (; p < end && *p != '\n'; p++)
		if (*p == '\t' && *n < CELLS) {
			*p = '\0';
			cell[(*n)++] = p + 1;
		}
	if (p < end)
		*p++ = '\0';
	return p;
}

/* The reader lets neither NUL nor bytes that are no character pass. */
static void clean(char *p, const char *end)
{
	size_t len;

	for (; p < end; p += len)
		if (utf8_char(p, (size_t)(end - p), &len) == 0xFFFD || !*p)
			memset(p, '?', len);
}

static void check(const struct judged *j)
{
	json_t *fields;
	const char *key;
	json_t *value;

	if (j->reason) {
		MUST(j->reason[0] && j->mend && j->mend[0]);
		return;
	}
	MUST(strchr(j->addr.delivery, '@') && utf8_valid(j->addr.delivery, strlen(j->addr.delivery)));
	MUST(j->addr.key[0] && utf8_valid(j->flags_text, strlen(j->flags_text)));
	MUST((j->kind == NULL) == (j->ref == NULL));
	fields = json_loads(j->fields, JSON_REJECT_DUPLICATES, NULL);
	MUST(json_is_object(fields));
	json_object_foreach(fields, key, value)
		MUST(key[0] && json_is_string(value));
	json_decref(fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const MAP[] = { "Post=address", NULL }, *const SKIP[] = { "notes", NULL }, *const NONE[] = { NULL };
	static const char *const KNOWN[] = { "uni.example", NULL };
	struct import_plan plan = { .kind = "oral", .date = "2026-11-23", .known = KNOWN, .n_known = 1 };
	struct import_columns_wanted wanted = { NONE, NONE, NULL, NULL };
	struct import_columns cols;
	struct arena *a = arena_new();
	const char *cell[CELLS];
	struct table_row row = { .line = 1, .cell = cell };
	struct judged j;
	struct err e;
	char *text = arena_alloc(a, size + 1), *p, *end = text + size;

	if (size > 1) {
		memcpy(text, data + 1, size - 1);
		end = text + size - 1;
		wanted.map = data[0] & 1 ? MAP : NONE;
		wanted.skip = data[0] & 16 ? SKIP : NONE;
		wanted.consent_column = data[0] & 2 ? "form" : NULL;
		wanted.date_column = data[0] & 4 ? "day" : NULL;
		plan.ref = data[0] & 8 ? "folder 3" : NULL;
		clean(text, end);
		p = split(text, end, cell, &row.n);
		if (import_columns_read(a, &wanted, &row, &cols, &e) == 0)
			for (; p < end; row.line++) {
				p = split(p, end, cell, &row.n);
				import_judge(a, &plan, &cols, &row, &j);
				check(&j);
			}
	}
	arena_free(a);
	return 0;
}
