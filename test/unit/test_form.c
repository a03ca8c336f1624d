/* Forms: both kinds of body, and everything that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/buf.h"
#include "web/form.h"

#define URLENCODED "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=xyz"
#define ONE_CLICK "Content-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click"

static const struct {
	const char *type, *body;
	int n; /* fields, -1: refused */
	const char *name, *value, *filename; /* of the first */
} CASES[] = {
	{ URLENCODED, "List-Unsubscribe=One-Click", 1, "List-Unsubscribe", "One-Click", NULL },
	{ URLENCODED "; charset=UTF-8", "a=1&b=2", 2, "a", "1", NULL },
	{ "Application/X-WWW-Form-Urlencoded", "a=b%20c+d", 1, "a", "b c d", NULL },
	{ URLENCODED, "a=%C3%A9", 1, "a", "\xc3\xa9", NULL },
	{ URLENCODED, "a", 1, "a", "", NULL },
	{ URLENCODED, "=x", 1, "", "x", NULL },
	{ URLENCODED, "a==b=", 1, "a", "=b=", NULL },
	{ URLENCODED, "&&a=1&", 1, "a", "1", NULL },
	{ URLENCODED, "", 0, NULL, NULL, NULL },
	{ NULL, "", 0, NULL, NULL, NULL },
	{ URLENCODED, "a=%", -1, NULL, NULL, NULL },
	{ URLENCODED, "a=%4", -1, NULL, NULL, NULL },
	{ URLENCODED, "a=%zz", -1, NULL, NULL, NULL },
	{ URLENCODED, "a=%00", -1, NULL, NULL, NULL },
	{ URLENCODED, "a=%1b", -1, NULL, NULL, NULL },
	{ URLENCODED, "a=%C3", -1, NULL, NULL, NULL },
	{ URLENCODED "x", "a=1", -1, NULL, NULL, NULL },
	{ "application/json", "{}", -1, NULL, NULL, NULL },
	{ NULL, "a=1", -1, NULL, NULL, NULL },

	{ MULTIPART, "--xyz\r\n" ONE_CLICK "\r\n--xyz--\r\n", 1, "List-Unsubscribe", "One-Click", NULL },
	{ MULTIPART, "--xyz\r\n" ONE_CLICK "\r\n--xyz--", 1, "List-Unsubscribe", "One-Click", NULL },
	{ MULTIPART, "--xyz  \r\n" ONE_CLICK "\r\n--xyz--", 1, "List-Unsubscribe", "One-Click", NULL },
	{ "multipart/form-data; charset=\"x;boundary=no\"; Boundary=\"xyz\"", "--xyz\r\n" ONE_CLICK "\r\n--xyz--", 1,
	  "List-Unsubscribe", "One-Click", NULL },
	{ MULTIPART,
	  "--xyz\r\ncontent-type: message/rfc822\r\ncontent-disposition: form-data; filename=\"a;name=\\\"q.eml\"; "
	  "name=file\r\n\r\nA: b\r\n\r\n--xy\r\n--xyz\r\n" ONE_CLICK "\r\n--xyz--",
	  2, "file", "A: b\r\n\r\n--xy", "a;name=\"q.eml" },
	{ MULTIPART, "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--xyz--", 1, "a", "", NULL },
	{ MULTIPART, "--xyz--\r\n", 0, NULL, NULL, NULL },
	{ MULTIPART, "", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xy", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyz", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyzz\r\n" ONE_CLICK "\r\n--xyz--", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyz\r\n" ONE_CLICK, -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyz\r\n" ONE_CLICK "\r\n--xyz", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyz\r\n" ONE_CLICK "\n--xyz--", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyz\r\n\r\nvalue\r\n--xyz--", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyz\r\nContent-Type: a/b\r\n\r\nvalue\r\n--xyz--", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyz\r\nContent-Disposition: form-data; name=\"a\r\n\r\nv\r\n--xyz--", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyz\r\nContent-Disposition: form-data; name\r\n\r\nv\r\n--xyz--", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyz\r\nContent-Disposition: attachment; name=a\r\n\r\nv\r\n--xyz--", -1, NULL, NULL, NULL },
	{ MULTIPART, "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n\x01\r\n--xyz--", -1, NULL, NULL, NULL },
	{ "multipart/form-data", "--xyz--", -1, NULL, NULL, NULL },
	{ "multipart/form-data; boundary=", "----", -1, NULL, NULL, NULL },
	{ "multipart/mixed; boundary=xyz", "--xyz--", -1, NULL, NULL, NULL },
	{ "multipart/form-data; "
	  "boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
	  "--01234567890123456789012345678901234567890123456789012345678901234567890--", -1, NULL, NULL, NULL },
};

static void cases(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct form f;
		struct err e;
		int rc = form_read_body(a, CASES[i].type, slice_of(CASES[i].body), &f, &e);
		int n = rc < 0 ? -1 : (int)f.n;

		if (n != CASES[i].n)
			fail_msg("case %zu: %d fields instead of %d (%s)", i, n, CASES[i].n, rc < 0 ? e.text : "");
		if (n < 1)
			continue;
		assert_string_equal(f.field[0].name, CASES[i].name);
		assert_string_equal(f.field[0].value, CASES[i].value);
		assert_int_equal(f.field[0].n, strlen(CASES[i].value));
		if (CASES[i].filename)
			assert_string_equal(f.field[0].filename, CASES[i].filename);
		else
			assert_null(f.field[0].filename);
	}
	arena_free(a);
}

static void too_many(void **state)
{
	struct arena *a = arena_new();
	struct buf b;
	struct form f;
	struct err e;

	(void)state;
	buf_init(&b, 4096);
	for (int i = 0; i < FORM_FIELDS_MAX; i++)
		buf_addf(&b, "&f%d=%d", i, i);
	assert_int_equal(form_read_pairs(a, slice_of(buf_text(&b)), &f, &e), 0);
	assert_string_equal(form_text(&f, "f31"), "31");
	assert_string_equal(form_text(&f, "f32"), "");
	buf_adds(&b, "&one=more");
	assert_int_equal(form_read_pairs(a, slice_of(buf_text(&b)), &f, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	buf_free(&b);
	arena_free(a);
}

static void files_hold_any_byte(void **state)
{
	static const char BODY[] = "--xyz\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\na\0\xff\r\n--xyz--";
	struct arena *a = arena_new();
	struct form f;
	struct err e;

	(void)state;
	assert_int_equal(form_read_body(a, MULTIPART, (struct slice){ BODY, sizeof(BODY) - 1 }, &f, &e), 0);
	assert_int_equal(f.field[0].n, 3);
	assert_memory_equal(f.field[0].value, "a\0\xff", 4);
	assert_string_equal(form_text(&f, "f"), ""); /* a file is no text */
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(too_many),
		cmocka_unit_test(files_hold_any_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
