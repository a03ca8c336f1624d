/*
 * Markdown as text and as HTML: a table of sources with both results, a table
 * of what is refused with the words that name the line, and inputs made to
 * grow quadratically, whose time is held against their size.
 */
#include "compose/fields.h"
#include "compose/markdown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

static const struct {
	const char *md, *text, *html;
} GOOD[] = {
	{ "Hello\nworld", "Hello world\n", "<p>Hello world</p>\n" },
	{ "one\\\ntwo", "one\ntwo\n", "<p>one<br>\ntwo</p>\n" },
	{ "a & b <3 \"c\" 'd'", "a & b <3 \"c\" 'd'\n", "<p>a &amp; b &lt;3 &quot;c&quot; &#39;d&#39;</p>\n" },
	{ "&lt;script&gt; &uuml;&nbsp;&#8364; &nix;", "<script> ü\u00a0€ &nix;\n",
	  "<p>&lt;script&gt; ü\u00a0€ &amp;nix;</p>\n" },
	{ "*a* **b** `c<d`", "_a_ *b* c<d\n", "<p><em>a</em> <strong>b</strong> <code>c&lt;d</code></p>\n" },
	{ "# One\n\n## Two", "One\n===\n\nTwo\n---\n", "<h2>One</h2>\n<h3>Two</h3>\n" },
	{ "###### Six", "Six\n---\n", "<h6>Six</h6>\n" },
	{ "- a\n- b\n  - c\n- d", "- a\n- b\n  - c\n- d\n",
	  "<ul>\n<li>a</li>\n<li>b<ul>\n<li>c</li>\n</ul>\n</li>\n<li>d</li>\n</ul>\n" },
	{ "9. a\n10. b", "9. a\n10. b\n", "<ol start=\"9\">\n<li>a</li>\n<li>b</li>\n</ol>\n" },
	{ "1. a\n\n   b\n2. c", "1. a\n\n   b\n\n2. c\n",
	  "<ol>\n<li><p>a</p>\n<p>b</p>\n</li>\n<li><p>c</p>\n</li>\n</ol>\n" },
	{ "> a\n>\n> b", "> a\n>\n> b\n", "<blockquote>\n<p>a</p>\n<p>b</p>\n</blockquote>\n" },
	{ "a\n\n***\n\nb", "a\n\n* * *\n\nb\n", "<p>a</p>\n<hr>\n<p>b</p>\n" },
	{ "```\na  b\n.c\n```", "    a  b\n    .c\n", "<pre><code>a  b\n.c\n</code></pre>\n" },
	{ "    not code", "not code\n", "<p>not code</p>\n" },
	{ "~~kept~~ [ ] box", "~~kept~~ [ ] box\n", "<p>~~kept~~ [ ] box</p>\n" },
	{ "[words](https://a.example/x?a=1&b=2)", "words <https://a.example/x?a=1&b=2>\n",
	  "<p><a href=\"https://a.example/x?a=1&amp;b=2\">words</a></p>\n" },
	{ "see https://a.example/x.", "see <https://a.example/x>.\n",
	  "<p>see <a href=\"https://a.example/x\">https://a.example/x</a>.</p>\n" },
	{ "<https://a.example/x>", "https://a.example/x\n",
	  "<p><a href=\"https://a.example/x\">https://a.example/x</a></p>\n" },
	{ "[us](mailto:us@a.example)", "us <us@a.example>\n", "<p><a href=\"mailto:us@a.example\">us</a></p>\n" },
	{ "us@a.example", "<us@a.example>\n", "<p><a href=\"mailto:us@a.example\">us@a.example</a></p>\n" },
	{ "[here](http://127.0.0.1:8080/x)", "here <http://127.0.0.1:8080/x>\n",
	  "<p><a href=\"http://127.0.0.1:8080/x\">here</a></p>\n" },
	{ "[a](https://a.example/ 'title\" onclick=x')", "a <https://a.example/>\n",
	  "<p><a href=\"https://a.example/\">a</a></p>\n" },
	{ "| a | bb |\n|---|--:|\n| ccccc | 1 |", "a       bb\n-----  ---\nccccc    1\n", NULL },
	{ "| a | b |\n|---|---|\n| \x01\x10\x10 | c |", "a: \x01\x10\x10\nb: c\n", NULL },
	{ "a\x01\x10\x11z **\x01\x10\x12**", "a\x01\x10\x11z *\x01\x10\x12*\n",
	  "<p>a\x01\x10\x11z <strong>\x01\x10\x12</strong></p>\n" },
	{ "-\n- b", "-\n- b\n", "<ul>\n<li></li>\n<li>b</li>\n</ul>\n" },
	{ "> - a\n>   b\n\nc", "> - a b\n\nc\n", "<blockquote>\n<ul>\n<li>a b</li>\n</ul>\n</blockquote>\n<p>c</p>\n" },
	{ "", "", "" },
};

static const struct {
	const char *md, *says;
} REFUSED[] = {
	{ "a\n\n<b>x</b>", "line 3: HTML" },
	{ "a <i>x</i>", "line 1: HTML" },
	{ "a\n\n<!-- hidden -->\n", "line 3: HTML" },
	{ "a\n<script>alert(1)</script>", "line 2: HTML" },
	{ "<div style=\"display:none\">x</div>", "line 1: HTML" },
	{ "a\n\n![alt](https://a.example/i.png)", "line 3: an image" },
	{ "[x](javascript:alert(1))", "neither https: nor mailto:" },
	{ "[x](JaVaScRiPt:alert(1))", "neither https: nor mailto:" },
	{ "[x](&#106;avascript:alert(1))", "neither https: nor mailto:" },
	{ "<javascript:alert(1)>", "neither https: nor mailto:" },
	{ "[x](data:text/html,x)", "neither https: nor mailto:" },
	{ "[x](//a.example)", "neither https: nor mailto:" },
	{ "[x](/a)", "neither https: nor mailto:" },
	{ "a\n\nb\n\n[x](http://a.example/)", "line 5: a link is not secure" },
	{ "[x](http://127.0.0.1.evil.example/)", "not secure" },
	{ "[x](https://you@evil.example/)", "user name before its host" },
	{ "[x](http://localhost:1@evil.example/)", "user name before its host" },
	{ "[x](https:///x)", "no host" },
	{ "[x](<https://a.example/a b>)", "a blank, a field or a character outside ASCII" },
	{ "[x](https://a.example/\xc3\xa9)", "a blank, a field or a character outside ASCII" },
	{ "[x](https://a.example/&quot;onclick)", "a blank, a field or a character outside ASCII" },
	{ "[x]()", "no address" },
	{ "[x](mailto:a)", "mail link" },
	{ "[x](mailto:a@b.example?bcc=c)", "mail link" },
	{ "a&#1;b", "line 1: a numbered character" },
	{ "a&#x202e;b", "a numbered character" },
	{ "a&#0;b", "a numbered character" },
	{ "a&#xd800;b", "a numbered character" },
	{ ">>>>>>>>>>>>>>>>>>>>>>>> a", "nested too deep" },
	{ "|a|a|a|a|a|a|a|a|a|a|a|a|a|\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n", "columns" },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(GOOD); i++) {
		struct err e = { 0 };
		struct buf b;

		buf_init(&b, 10000);
		assert_int_equal(markdown_to_text(GOOD[i].md, strlen(GOOD[i].md), &b, &e), 0);
		assert_string_equal(buf_text(&b), GOOD[i].text);
		buf_clear(&b);
		assert_int_equal(markdown_to_html(GOOD[i].md, strlen(GOOD[i].md), true, &b, &e), 0);
		if (GOOD[i].html)
			assert_string_equal(buf_text(&b), GOOD[i].html);
		buf_free(&b);
	}
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(REFUSED); i++) {
		struct err e = { 0 };
		struct buf b;

		buf_init(&b, 10000);
		assert_int_equal(markdown_to_text(REFUSED[i].md, strlen(REFUSED[i].md), &b, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
		if (!strstr(e.text, REFUSED[i].says))
			fail_msg("%s: said “%s”", REFUSED[i].md, e.text);
		if (strcmp(REFUSED[i].says, "columns") != 0) /* only the text has to lay a table out */
			assert_int_equal(markdown_to_html(REFUSED[i].md, strlen(REFUSED[i].md), false, &b, &e), -1);
		buf_free(&b);
	}
}

/* Mail gets its styles with it, and every link can be told from words without colour. */
static void test_mail_styles(void **state)
{
	static const char MD[] = "# a\n\nb [c](https://d.example/)\n\n> e\n\n| f |\n|---|\n| g |\n";
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	assert_int_equal(markdown_to_html(MD, strlen(MD), false, &b, &e), 0);
	assert_non_null(strstr(buf_text(&b), "<h2 style="));
	assert_non_null(strstr(buf_text(&b), "text-decoration:underline\">c</a>"));
	assert_non_null(strstr(buf_text(&b), "<th scope=\"col\" class=\"line\" style="));
	assert_null(strstr(buf_text(&b), "url("));
	buf_free(&b);
}

static void test_wrapping(void **state)
{
	struct err e = { 0 };
	struct buf md, out;
	size_t width, longest = 0;

	(void)state;
	buf_init(&md, 100000);
	buf_init(&out, 100000);
	for (int i = 0; i < 400; i++)
		buf_addf(&md, "%.*s ", i % 17 + 1, "abcdefghijklmnopqrs");
	buf_adds(&md, "\n\n- ");
	for (int i = 0; i < 400; i++)
		buf_addf(&md, "%.*s ", (i * 7) % 17 + 1, "abcdefghijklmnopqrs");
	buf_adds(&md, "\n\nhttps://a.example/");
	for (int i = 0; i < 200; i++)
		buf_addc(&md, 'x');
	assert_int_equal(markdown_to_text(buf_text(&md), md.n, &out, &e), 0);
	for (const char *p = buf_text(&out); *p; p += width + 1) {
		width = strcspn(p, "\n");
		if (strncmp(p, "https:", 6) != 0)
			longest = width > longest ? width : longest;
		else
			assert_int_equal(width, 18 + 200); /* an address is never broken */
		assert_true(width == 0 || p[width - 1] != ' ');
	}
	assert_in_range(longest, 70, 72);
	buf_free(&md);
	buf_free(&out);
}

/* Processor time for a text of n bytes that says `unit` over and over. An error is fine, time is not. */
static int64_t cost(const char *unit, size_t n)
{
	struct err e = { 0 };
	struct buf md, out;
	int64_t start, best = INT64_MAX, took;
	int rc = 0;

	buf_init(&md, n + 1);
	while (md.n + strlen(unit) <= n)
		buf_adds(&md, unit);
	for (int i = 0; i < 3; i++) {
		buf_init(&out, 4 << 20);
		start = clock();
		rc += markdown_to_text(buf_text(&md), md.n, &out, &e);
		rc += markdown_to_html(buf_text(&md), md.n, false, &out, &e);
		took = clock() - start;
		best = took < best ? took : best;
		buf_free(&out);
	}
	buf_free(&md);
	assert_true(rc <= 0);
	return best;
}

static void test_pathological(void **state)
{
	static const char *const UNITS[] = { "[",        "](",     "![",  "*a_",          "**a ", "`",        "``` ",
					     "<",        "<!--",   "<a ", "[a](",         "\\",   "&",        "> ",
					     "- ",       "1. ",    "|",   "|a|\n|---|\n", "a\n",  "[a]: b\n", "#",
					     "https://", "a@b.c ", "\t",  "*_",           "[[]",  "<?",       "_a",
					     "- a\n ",   "[a][b]", "~~",  "  \n" };

	(void)state;
	for (size_t i = 0; i < COUNT(UNITS); i++) {
		int64_t small = cost(UNITS[i], 16 * 1024), large = cost(UNITS[i], 128 * 1024);

		/* Eight times the input: linear is 8, quadratic 64. Below 20 ms nobody could tell. */
		if (large > 20 * 1000 && large > 30 * small)
			fail_msg("“%s”: %lld us, then %lld us", UNITS[i], (long long)small, (long long)large);
	}
}

/* What lies behind the text is not a part of it, whatever the parser peeks at. */
static void test_end(void **state)
{
	static const char MD[] = "x a@b.example.org/";
	struct err e = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t n = 1; n < sizeof(MD); n++) {
		char *exact = mem_alloc(n);
		struct buf same;

		memcpy(exact, MD, n);
		buf_init(&same, 1000);
		buf_clear(&out);
		assert_int_equal(markdown_to_html(MD, n, true, &out, &e), 0);
		assert_int_equal(markdown_to_html(exact, n, true, &same, &e), 0);
		assert_string_equal(buf_text(&out), buf_text(&same));
		buf_free(&same);
		free(exact);
	}
	buf_clear(&out);
	assert_int_equal(markdown_to_html("a@b.example.xyzzy", 12, true, &out, &e), 0);
	assert_string_equal(buf_text(&out), "<p><a href=\"mailto:a@b.example\">a@b.example</a>.</p>\n");
	buf_clear(&out);
	assert_int_equal(markdown_to_html("[w](https://a.example/)", 22, true, &out, &e), 0);
	assert_string_equal(buf_text(&out), "<p>[w](<a href=\"https://a.example/\">https://a.example/</a></p>\n");
	buf_free(&out);
}

static void test_bounds(void **state)
{
	struct err e = { 0 };
	struct buf md, out;

	(void)state;
	buf_init(&md, 1 << 20);
	buf_init(&out, 1 << 20);
	for (int i = 0; i < 300 * 1024; i++)
		buf_addc(&md, 'a');
	assert_int_equal(markdown_to_text(buf_text(&md), md.n, &out, &e), -1);
	assert_non_null(strstr(e.text, "too long"));
	buf_free(&out);
	buf_init(&out, 100);
	assert_int_equal(markdown_to_html(buf_text(&md), 200, true, &out, &e), -1);
	assert_non_null(strstr(e.text, "too long"));
	buf_free(&md);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),         cmocka_unit_test(test_refused),
		cmocka_unit_test(test_mail_styles),  cmocka_unit_test(test_wrapping),
		cmocka_unit_test(test_pathological), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
