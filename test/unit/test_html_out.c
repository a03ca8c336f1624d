/* Writing HTML: nothing that comes in as text or address can become markup or a script. */
#include "base/html_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

typedef void writer(struct buf *b, const char *s);

static void what_is_written(void **state)
{
	static const struct {
		writer *write;
		const char *in, *out;
	} cases[] = {
		{ html_text, NULL, "" },
		{ html_text, "", "" },
		{ html_text, "<script>&\"'", "&lt;script&gt;&amp;&quot;&#39;" },
		{ html_text, "&amp;", "&amp;amp;" },
		{ html_text, "M\xc3\xbcller", "M\xc3\xbcller" },
		{ html_attr, "\" onload='x'", "&quot; onload=&#39;x&#39;" },
		{ html_attr, NULL, "" },
		{ html_lit, "<b>&", "<b>&" },
		{ text_plain, "<b>&", "<b>&" },
		{ text_plain, NULL, "" },
		{ html_url, NULL, "" },
		{ html_url, "", "" },
		{ html_url, "https://a.example/?a=1&b='\"", "https://a.example/?a=1&amp;b=&#39;&quot;" },
		{ html_url, "HTTPS://a.example", "HTTPS://a.example" },
		{ html_url, "http:x", "http:x" },
		{ html_url, "mailto:a@b.example", "mailto:a@b.example" },
		{ html_url, "/", "/" },
		{ html_url, "/a//b", "/a//b" },
		{ html_url, "#top", "#top" },
		{ html_url, "//a.example", "#" },
		{ html_url, "/\\a.example", "#" },
		{ html_url, "/\t/a.example", "#" },
		{ html_url, "https://a\n", "#" },
		{ html_url, "\x7f", "#" },
		{ html_url, "javascript:x", "#" },
		{ html_url, "JaVaScRiPt:x", "#" },
		{ html_url, " https://a", "#" },
		{ html_url, "data:text/html,x", "#" },
		{ html_url, "vbscript:x", "#" },
		{ html_url, "file:///etc", "#" },
		{ html_url, "a.example", "#" },
		{ html_url, "?x", "#" },
		{ html_url, "httpsx:", "#" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 200);
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		cases[i].write(&b, cases[i].in);
		assert_string_equal(buf_text(&b), cases[i].out);
	}
	buf_free(&b);
}

static void raw_html_is_bytes(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	html_raw(&b, (struct html){ NULL, 0 });
	html_raw(&b, (struct html){ "<b>cut here", 3 });
	assert_string_equal(buf_text(&b), "<b>");
	html_text(&b, "<<<");
	assert_true(b.over); /* an escape that does not fit is left out whole */
	assert_string_equal(buf_text(&b), "<b>&lt;");
	buf_free(&b);
}

static void given_text(void **state)
{
	(void)state;
	assert_false(text_given(NULL));
	assert_false(text_given(""));
	assert_true(text_given(" "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written),
		cmocka_unit_test(raw_html_is_bytes),
		cmocka_unit_test(given_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
