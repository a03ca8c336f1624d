/* Fields of a row: what the quick way reads is what jansson reads, and what is no object of texts is refused by both. */
#include "store/row_fields.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <jansson.h>

static void test_read(void **state)
{
	static const char *const CASES[] = {
		"{}", " { } ", "{\"a\":\"b\"}", "{ \"a\" : \"b\" , \"c\":\"\" }", "{\"a\":\"\\u00e4\\\"\\n\"}", "{\"a\":\"b\",\"a\":\"c\"}",
		"{\"a\":1,\"b\":\"x\"}", "{\"a\":{\"b\":\"c\"},\"d\":\"e\"}", "{\"a\":\"b\"", "{\"a\":\"b\",}", "{\"a\" \"b\"}", "{\"a\":\"b\"}x",
		"[]", "", "null", "{\"a\":\"b", "{\"a", "{\"n\":\"\xd0\x9c\xd0\xb0\",\"m\":\"\xf0\x9f\x98\x80\"}", "{\"a\":\"\t\"}", "{\"\":\"x\"}",
		"{\"a\\u0062\":\"c\"}", "\n{\"a\":\n\"b\"}\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		json_t *j = json_loads(CASES[i], JSON_REJECT_DUPLICATES, NULL), *value;
		struct arena *a = arena_new();
		struct row_fields f;
		struct err e = { 0 };
		int rc = row_fields_read(a, CASES[i], &f, &e);
		const char *name;

		if ((rc == 0) != json_is_object(j))
			fail_msg("%s: %s", CASES[i], rc ? e.text : "was taken");
		json_object_foreach(j, name, value) {
			const char *text = json_string_value(value), *got = row_fields_get(&f, name);

			if (text && text[0])
				assert_string_equal(got, text);
			else
				assert_null(got);
		}
		json_decref(j);
		arena_free(a);
	}
}

/* So many that the quick way gives up, and then the other too. */
static void test_bound(void **state)
{
	struct arena *a = arena_new();
	struct row_fields f;
	struct err e = { 0 };
	const char *json = "{\"x\":\"y\"";

	(void)state;
	for (int i = 0; i < ROW_FIELDS_MAX - 1; i++)
		json = arena_printf(a, "%s,\"f%d\":\"v\"", json, i);
	assert_int_equal(row_fields_read(a, arena_printf(a, "%s}", json), &f, &e), 0);
	assert_int_equal(f.n, ROW_FIELDS_MAX);
	assert_int_equal(row_fields_read(a, arena_printf(a, "%s,\"z\":\"v\"}", json), &f, &e), -1);
	assert_int_equal(e.kind, ERR_BROKEN);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_read), cmocka_unit_test(test_bound) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
