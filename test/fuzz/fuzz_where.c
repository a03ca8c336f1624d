/*
 * An expression of --where: what parses is written down in a way that parses
 * to the same, and answers for people of every kind without a fault.
 */
#include "store/where.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool ask(struct arena *a, const struct where *w, const char *text)
{
	const char *const *names, **value;
	size_t n = where_fields(w, &names);
	struct where_person p = { .flags = "role no-mx", .mailed = 5, .joined = 7 };

	value = ARENA_ARRAY(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		value[i] = i % 3 == 0 ? names[i] : i % 3 == 1 ? "-12.50" : text;
	p.value = value;
	MUST((where_failing(w, &p, 1000, a)[0] == '\0') == where_holds(w, &p, 1000, a));
	return where_holds(w, &p, 1000, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_text_n(a, (const char *)data, size);
	struct err e = { 0 };
	struct where *w = where_parse(a, text, &e), *again;

	MUST(w || e.kind == ERR_INPUT);
	if (w) {
		again = where_parse(a, where_text(w), &e);
		MUST(again && strcmp(where_text(again), where_text(w)) == 0);
		MUST(strcmp(where_words(again), where_words(w)) == 0);
		MUST(ask(a, w, "K\303\266ln") == ask(a, again, "K\303\266ln"));
	}
	arena_free(a);
	return 0;
}
