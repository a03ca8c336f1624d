/*
 * HTML written by hand: a table of sources with their HTML (without styles) and text, one of styles, one of what is
 * noted and one of what is refused. Whatever is written, written again it is the same.
 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "compose/compose.h"
#include "compose/handmade.h"
#include "compose/look.h"
#include "compose/markdown.h"

#define M  "\x01\x10\x10"
#define IF "\x02\x10\x11"

static const struct image LOGO = { .name = "map.png", .alt = "A map of the town", .width = 600, .height = 300 };

struct turned {
	char *html, *text;
	struct handmade_notes notes;
	bool used;
};

static int turn(struct arena *a, const char *source, struct turned *out, struct err *e)
{
	struct markdown_images images = { &LOGO, 1, "mail.example.ac.uk", &out->used };
	struct handmade *h = handmade_read(a, source, strlen(source), &images, &out->notes, e);
	struct buf html, filled, text;
	struct look look;
	int rc = -1;

	buf_init(&html, 1 << 20);
	buf_init(&filled, 1 << 20);
	buf_init(&text, 1 << 20);
	look_init(&look);
	if (h && handmade_to_html(h, &html, e) == 0 && handmade_to_text(h, &text, e) == 0) {
		look_fill(&look, NULL, buf_text(&html), html.n, &filled);
		out->html = arena_text_n(a, buf_text(&filled), filled.n);
		out->text = arena_text_n(a, buf_text(&text), text.n);
		rc = 0;
	}
	buf_free(&html);
	buf_free(&filled);
	buf_free(&text);
	return rc;
}

/* Without ` style="..."` and ` class="..."`, and with line breaks only in text. */
static char *bare(struct arena *a, const char *html)
{
	char *out = arena_text(a, html), *w = out;

	for (const char *p = html; *p; p++) {
		if (strncmp(p, " style=\"", 8) == 0 || strncmp(p, " class=\"", 8) == 0)
			p = strchr(p + 8, '"') + 1;
		if (*p == ' ' && (strncmp(p, " style=\"", 8) == 0 || strncmp(p, " class=\"", 8) == 0))
			p = strchr(p + 8, '"') + 1;
		if (*p != '\n')
			*w++ = *p;
	}
	*w = '\0';
	return out;
}

static const struct {
	const char *source, *html, *text;
} GOOD[] = {
	{ "Hello\nworld", "<p>Hello world</p>", "Hello world\n" },
	{ "<p>One<p>Two", "<p>One</p><p>Two</p>", "One\n\nTwo\n" },
	{ "<html><head><title>No</title><style>p{color:red}</style></head><body><p>a</body></html>", "<p>a</p>", "a\n" },
	{ "<div>a</div><div>b</div><div><br></div><div>c</div>", "<div>a</div><div>b</div><div><br></div><div>c</div>",
	  "a\nb\n\nc\n" },
	{ "<p>a<br>b<br></p>", "<p>a<br>b</p>", "a\nb\n" },
	{ "<p> a <b> b </b> c </p>", "<p>a <strong>b</strong> c</p>", "a *b* c\n" },
	{ "<b><i>a</b> b</i>", "<p><strong><em>a</em></strong> b</p>", "*_a_* b\n" },
	{ "<div><b>a<div>b</div>c</b></div>", "<div><strong>a</strong></div><div><strong>b</strong></div><div><strong>c</strong></div>", "*a*\n*b*\n*c*\n" },
	{ "<h1>T</h1><h2>U</h2>", "<h2>T</h2><h3>U</h3>", "T\n=\n\nU\n-\n" },
	{ "<h2>T</h2><h6>U</h6>", "<h2>T</h2><h6>U</h6>", "T\n=\n\nU\n-\n" },
	{ "<h2><div>T</div></h2>", "<h2>T</h2>", "T\n=\n" },
	{ "<ul><li>a<li>b<ol start=3><li>c</ol></ul>", "<ul><li>a</li><li>b<ol start=\"3\"><li>c</li></ol></li></ul>",
	  "- a\n- b\n  3. c\n" },
	{ "<ul><p>a</p></ul>", "<ul><li><p>a</p></li></ul>", "- a\n" },
	{ "<li>a", "<ul><li>a</li></ul>", "- a\n" },
	{ "<blockquote>a<p>b</blockquote>c", "<blockquote>a<p>b</p></blockquote><p>c</p>", "> a\n>\n> b\n\nc\n" },
	{ "<a href=' https://a.example/x?a=1&amp;b=2 '>w <b>x</b></a>", "<p><a href=\"https://a.example/x?a=1&amp;b=2\">w <strong>x</strong></a></p>",
	  "w *x* <https://a.example/x?a=1&b=2>\n" },
	{ "<a href=mailto:us@a.example>us@a.example</a>.", "<p><a href=\"mailto:us@a.example\">us@a.example</a>.</p>", "<us@a.example>.\n" },
	{ "<pre>\na  b\n c\n\n</pre>", "<pre>a  b c</pre>", "    a  b\n     c\n" },
	{ "a<hr>b", "<p>a</p><hr><p>b</p>", "a\n\n* * *\n\nb\n" },
	{ "H<sub>2</sub>O <code>x&lt;y</code> <u>u</u>", "<p>H<sub>2</sub>O <code>x&lt;y</code> <span>u</span></p>", "H2O x<y u\n" },
	{ "&lt;script&gt; &amp;amp; &quot;q&quot; &uuml;&#8364;&#146;", "<p>&lt;script&gt; &amp;amp; &quot;q&quot; ü€’</p>",
	  "<script> &amp; \"q\" ü€’\n" },
	{ "<table><tr><td>a<td>b<tr><td>c</table>",
	  "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
	  "a\nb\nc\n" },
	{ "<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>",
	  "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td><p>a</p></td><td><p>b</p></td></tr></table>",
	  "a\n\nb\n" },
	{ "<table><tr><th>A<th>B<tr><td>c<td>d</table>",
	  "<table><thead><tr><th scope=\"col\">A</th><th scope=\"col\">B</th></tr></thead><tbody><tr><td>c</td><td>d</td></tr></tbody></table>",
	  "A    B\n---  ---\nc    d\n" },
	{ "<table><tr><th>A<td>1<tr><th>B<td>2</table>",
	  "<table><tbody><tr><th scope=\"row\">A</th><td>1</td></tr><tr><th scope=\"row\">B</th><td>2</td></tr></tbody></table>",
	  "A: 1\nB: 2\n" },
	{ "<table>x<p>y</table>",
	  "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td>x<p>y</p></td></tr></table>", "x\n\ny\n" },
	{ "<table><tr><td>a</td></tr>x<tr><td>b</td></tr>y<tr><td>c</td></tr></table>",
	  "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td>a</td></tr><tr><td>x</td></tr>"
	  "<tr><td>b</td></tr><tr><td>y</td></tr><tr><td>c</td></tr></table>",
	  "a\nx\nb\ny\nc\n" },
	{ "<td>a</td>b", "<div>a</div><p>b</p>", "a\n\nb\n" },
	{ "<p>a</p><p>&nbsp;</p><p>b</p>", "<p>a</p><p>\u00a0</p><p>b</p>", "a\n\nb\n" },
	{ "<img src=map.png alt=other>", "<p><img src=\"cid:map.png.0000000000000000@mail.example.ac.uk\" alt=\"A map of the town\" "
					  "width=\"584\" height=\"292\"></p>", "[A map of the town]\n" },
	{ "Dear <b>" M "</b>,", "<p>Dear <strong>" M "</strong>,</p>", "Dear *" M "*,\n" },
	{ "<a href='https://a.example/x?id=" M "'>go</a>", "<p><a href=\"https://a.example/x?id=" M "\">go</a></p>",
	  "go <https://a.example/x?id=" M ">\n" },
	{ "<p>a</p>\n" IF "\n<p>b</p>", "<p>a</p>" IF "<p>b</p>", "a\n" IF "\nb\n" },
	{ "<o:p>a</o:p><font>b</font>", "<p>ab</p>", "ab\n" },
	{ "a<wbr>b<wbr>c", "<p>abc</p>", "abc\n" },
	{ "<p dir=RTL>a", "<p dir=\"rtl\">a</p>", "a\n" },
	{ "", "", "" },
};

static void sources_are_rebuilt(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(GOOD); i++) {
		struct arena *a = arena_new();
		struct turned t = { .html = NULL }, again = { .html = NULL };
		struct err e = { 0 };

		if (turn(a, GOOD[i].source, &t, &e) < 0 || turn(a, t.html, &again, &e) < 0)
			fail_msg("%s: %s", GOOD[i].source, e.text);
		assert_string_equal(bare(a, t.html), GOOD[i].html);
		assert_string_equal(t.text, GOOD[i].text);
		assert_string_equal(again.html, t.html);
		arena_free(a);
	}
}

/* A style, and what of it has to be in the HTML; "!" before it: what must not. */
static const struct {
	const char *source, *has;
} STYLES[] = {
	{ "<p style='color:#b00000'>a", "class=\"ink\"" },
	{ "<p style='color:#b00000'>a", "color:#b00000" },
	{ "<p style='color:#eeeeee'>a", "!#eeeeee" },
	{ "<p style='COLOR : Red !important;color:blue'>a", "!#0000ff" },
	{ "<div style='background:#202040;color:white'>a", "background-color:#202040;color:#ffffff" },
	{ "<div style='background:#202040'>a", "background-color:#202040;color:#ffffff" },
	{ "<div style='background:#202040'><a href=https://a.example/>a", "!class=\"link\"" },
	{ "<a href=https://a.example/>a", "class=\"link\" style=\"color:#0b5563;text-decoration:underline\"" },
	{ "<a style='background:#3869d4;color:#fff;padding:10px 18px;border-radius:3px' href=https://a.example/>a",
	  "padding:10px 18px;border-radius:3px;display:inline-block" },
	{ "<p style='margin:0'>a", "margin:0\"" },
	{ "<p style='margin:-20px'>a", "margin:0 0 18px" },
	{ "<p style='padding:9999px'>a", "padding:80px" },
	{ "<p style='font-size:9px'>a", "font-size:12px" },
	{ "<p style='font-size:400px'>a", "font-size:48px" },
	{ "<td width=570 align=center>a", "text-align:center" },
	{ "<table width=900 align=center><tr><td>a</table>", "margin:0 auto;width:100%;max-width:600px" },
	{ "<table><tr><td width=400 bgcolor=#f4f4f7>a</table>", "!400px" },
	{ "<style>.x{color:#b00000}</style><p class=x>a", "#b00000" },
	{ "<style>@media print{p{color:#b00000}}</style><p>a", "!#b00000" },
	{ "<p style='position:absolute;left:0;top:0'>a", "!position" },
	{ "<p style='background:url(https://evil.example/x)'>a", "!url" },
	{ "<p style='color:expression(alert(1))'>a", "!expression" },
	{ "<p style='text-align:right;}</style><script>'>a", "!script" },
	{ "<p style='font-family:\"x\" onmouseover=alert(1)'>a", "!onmouseover" },
	{ "<center>a", "text-align:center" },
	{ "<font color=#b00000 size=5>a", "<span class=\"ink\" style=\"color:#b00000;font-size:24px\">" },
	{ "<span style='background:white'>a", "!background" },
	{ "<p class='x' id='y' title='z' data-x='w' onclick='v'>a", "<p style=\"margin:0 0 18px\">a</p>" },
};

static void styles_are_a_short_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(STYLES); i++) {
		struct arena *a = arena_new();
		struct turned t = { .html = NULL }, again = { .html = NULL };
		const char *has = STYLES[i].has;
		struct err e = { 0 };

		if (turn(a, STYLES[i].source, &t, &e) < 0 || turn(a, t.html, &again, &e) < 0)
			fail_msg("%s: %s", STYLES[i].source, e.text);
		if ((strstr(t.html, has + (*has == '!')) != NULL) == (*has == '!'))
			fail_msg("%s: %s", STYLES[i].source, t.html);
		assert_string_equal(again.html, t.html);
		arena_free(a);
	}
}

/* What is left out, how it is told, and that the words around it stay. */
static const struct {
	const char *source, *told;
} LEFT_OUT[] = {
	{ "a<script>b</script>c", "left out: scripts (line 1)" },
	{ "a\n<p onclick='x' onload='y'>c", "left out: attributes that run a script (line 2, 2 times)" },
	{ "a<form action=x><input name=y>c</form>", "left out: forms and their fields (line 1, 2 times)" },
	{ "a<iframe src=x>b</iframe>c", "left out: frames, objects and media (line 1)" },
	{ "a<svg><a href=https://e.example/>b</a></svg>c", "left out: drawings and formulas (svg, math, canvas, maps) (line 1)" },
	{ "a<noscript>b</noscript>c", "left out: what is shown without scripts or frames (line 1)" },
	{ "a<template>b</template>c", "left out: templates (line 1)" },
	{ "<meta http-equiv=refresh content=0>ac", "left out: elements that redirect or move links (meta refresh, base) (line 1)" },
	{ "<link rel=stylesheet href=https://e.example/x>ac", "left out: style sheets and fonts from elsewhere (line 1)" },
	{ "a<a href='javascript:x'>c</a>", "left out: links that are neither https: nor mailto: (their words stay) (line 1)" },
	{ "a<a href=' java\tscript:x'>c</a>", "left out: links that are neither https: nor mailto: (their words stay) (line 1)" },
	{ "a<a href='#top'>c</a>", "left out: links within the page (their words stay) (line 1)" },
	{ "a<span style=display:none>b</span>c", "left out: hidden text (line 1)" },
	{ "a<span hidden>b</span>c", "left out: hidden text (line 1)" },
	{ "a<span style=font-size:1px>b</span>c", "left out: hidden text (line 1)" },
	{ "a<span style=color:#fff>b</span>c", "left out: hidden text (line 1)" },
	{ "a<span style=max-height:0;overflow:hidden>b</span>c", "left out: hidden text (line 1)" },
	{ "<style>.p{display:none}</style>a<span class=p>b</span>c", "left out: hidden text (line 1)" },
	{ "a<img src=https://e.example/x width=1 height=1>c", "left out: images that only count readers or show nothing (line 1)" },
	{ "a<img src='javascript:x'>c", "left out: images that only count readers or show nothing (line 1)" },
	{ "a&shy;&#8203;&#x202e;c", "left out: control and invisible characters (line 1)" },
	{ "a<blink>c</blink>", "left out: elements that are not known (their words stay) (line 1)" },
	{ "a<p style='background-image:url(https://e.example/x)'>c", "left out: background images (line 1)" },
	{ "a<!--[if mso]>b<![endif]-->c", "left out: conditional comments for one mail program (line 1)" },
	{ "a<!-- b -->c", "" },
};

static void what_is_left_out_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(LEFT_OUT); i++) {
		struct arena *a = arena_new();
		struct turned t = { .html = NULL };
		struct err e = { 0 };

		if (turn(a, LEFT_OUT[i].source, &t, &e) < 0)
			fail_msg("%s: %s", LEFT_OUT[i].source, e.text);
		assert_string_equal(handmade_told(a, &t.notes), LEFT_OUT[i].told);
		assert_null(strchr(t.text, 'b'));
		assert_non_null(strchr(t.text, 'a'));
		assert_non_null(strchr(t.text, 'c'));
		arena_free(a);
	}
}

static const struct {
	const char *source, *says;
} REFUSED[] = {
	{ "a\n<p><img src=https://e.example/x.png></p>", "line 2: an image that the project has not: “https://e.example/x.png”" },
	{ "<img src=other.png>", "placet project image" },
	{ "<img src='data:image/png;base64,AAAA'>", "an image that the project has not" },
	{ "a\nb\n<a href=http://a.example/>x</a>", "line 3: a link is not secure" },
	{ "<a href=https://u@a.example/>x</a>", "user name" },
	{ "<a href=/a>x</a>", "neither https: nor mailto:" },
	{ "<a href='https://a.example/a b'>x</a>", "a blank, a field or a character outside ASCII" },
	{ "<a href='https://" M ".example/'>x</a>", "behind the host" },
	{ "see https://a.example/" M, "bare web address" },
	{ "a\x07", "line 1: a control character" },
	{ "a\n\xee\x80\x80", "line 2: a private character" },
	{ "a\n\n&#xE001;", "line 3: a private character" },
	{ "&#000057344", "a private character" },
	{ "\xff", "not UTF-8" },
	{ "<div>\n" IF "\n</div><table><tr><td>" IF "x</table>", "line 3: a condition inside of a box" },
	{ "<b>" IF "x</b>", "a condition inside" },
	{ "<!-- " IF " -->x", "inside of what is left out" },
	{ "<p title='" IF "'>x", "inside of what is left out" },
	{ "<span style=display:none>" IF "x</span>", "a condition" },
};

static void what_would_be_missed_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(REFUSED); i++) {
		struct arena *a = arena_new();
		struct turned t = { .html = NULL };
		struct err e = { 0 };

		if (turn(a, REFUSED[i].source, &t, &e) == 0)
			fail_msg("%s: taken as %s", REFUSED[i].source, t.html);
		if (e.kind != ERR_INPUT || !strstr(e.text, REFUSED[i].says))
			fail_msg("%s: %s", REFUSED[i].source, e.text);
		arena_free(a);
	}
}

static char *repeated(struct arena *a, const char *unit, size_t times)
{
	size_t n = strlen(unit);
	char *out = arena_alloc(a, n * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(out + i * n, unit, n);
	return out;
}

static void bounds_hold(void **state)
{
	static const char *const DEEP[] = { "<div style=padding:1px>", "<table><tr><td>", "<blockquote>", "<ul><li>", "<b>", "<x>", "<font>" };
	struct arena *a = arena_new();
	struct turned t = { .html = NULL };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(DEEP); i++) {
		assert_int_equal(turn(a, repeated(a, DEEP[i], 120), &t, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
	}
	assert_int_equal(turn(a, repeated(a, "<p>abc", HANDMADE_MAX / 6 + 1), &t, &e), -1);
	assert_non_null(strstr(e.text, "256 kB"));
	assert_int_equal(turn(a, repeated(a, "<p>abc", HANDMADE_MAX / 14), &t, &e), 0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_are_rebuilt),
		cmocka_unit_test(styles_are_a_short_list),
		cmocka_unit_test(what_is_left_out_is_told),
		cmocka_unit_test(what_would_be_missed_is_refused),
		cmocka_unit_test(bounds_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
