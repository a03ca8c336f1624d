/*
 * For test/oracle: reads lines of JSON {"where": text, "now": n, "people":
 * [{"fields": {}, "flags": "", "mailed": n, ...}]} and prints for each a line
 * {"text", "again", "words", "in": [...]}, or {"error"}.
 */
#include <jansson.h>

#include "store/where.h"

static bool is_in(struct arena *a, const struct where *w, json_t *person, int64_t now)
{
	const char *const *names, **value;
	size_t n = where_fields(w, &names);
	struct where_person p = {
		.flags = json_string_value(json_object_get(person, "flags")),
		.mailed = json_integer_value(json_object_get(person, "mailed")),
		.mailed_here = json_integer_value(json_object_get(person, "mailed_here")),
		.answered = json_integer_value(json_object_get(person, "answered")),
		.joined = json_integer_value(json_object_get(person, "joined")),
		.bounced = json_is_true(json_object_get(person, "bounced")),
	};

	value = ARENA_ARRAY(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		value[i] = json_string_value(json_object_get(json_object_get(person, "fields"), names[i]));
	p.value = value;
	return where_holds(w, &p, now, a);
}

static json_t *answer(struct arena *a, json_t *ask)
{
	json_t *people = json_object_get(ask, "people"), *in = json_array(), *person;
	struct err e = { 0 };
	struct where *w = where_parse(a, json_string_value(json_object_get(ask, "where")), &e), *again;
	size_t i;

	if (!w) {
		json_decref(in);
		return json_pack("{s:s}", "error", e.text);
	}
	again = where_parse(a, where_text(w), &e);
	MUST(again);
	json_array_foreach(people, i, person) {
		bool first = is_in(a, w, person, json_integer_value(json_object_get(ask, "now")));

		MUST(first == is_in(a, again, person, json_integer_value(json_object_get(ask, "now"))));
		json_array_append_new(in, json_boolean(first));
	}
	return json_pack("{s:s, s:s, s:s, s:o}", "text", where_text(w), "again", where_text(again), "words", where_words(w), "in", in);
}

int main(void)
{
	struct arena *a = arena_new();
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		json_t *ask = json_loads(line, 0, NULL), *said;

		MUST(ask);
		said = answer(a, ask);
		json_dumpf(said, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(said);
		json_decref(ask);
		arena_clear(a);
	}
	free(line);
	arena_free(a);
	return 0;
}
