/*
 * The HTML reader: what is seen, what is hidden, and what cannot be judged; then every sample of the
 * corpora, and inputs made to be slow.
 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <ftw.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "mail/html.h"
#include "mail/plain.h"

static struct html_view read_html(struct arena *a, const char *html)
{
	struct html_view v;
	struct err e = { 0 };

	if (html_read(a, slice_of(html), &v, &e) < 0)
		fail_msg("%s: %s", html, e.text);
	return v;
}

/* Bodies in which WORD stands once, and nothing else. */
static const struct {
	const char *html;
	char sight; /* v: visible; h: hidden; d: hidden, with a doubt; f: visible, but faint: a doubt */
} SIGHTS[] = {
	{ "<p>WORD</p>", 'v' },
	{ "WORD", 'v' },
	{ "<div><table><tr><td>WORD</table></div>", 'v' },
	{ "<p style='color:#333;font:14px/1.5 Arial, sans-serif;margin:0 0 16px'>WORD</p>", 'v' },
	{ "<h1 style='font-size:1.5em;line-height:1.2'>WORD</h1>", 'v' },
	{ "<!-- WORD -->", '-' },
	{ "<p title='WORD'>", '-' },
	{ "<img alt='WORD' src='cid:x'>", '-' },
	{ "<script>WORD</script>", '-' },
	{ "<p aria-hidden='true'>WORD</p>", 'v' },
	{ "<p hidden>WORD</p>", 'h' },
	{ "<p style='display:none'>WORD</p>", 'h' },
	{ "<p style='DISPLAY : NONE !important'>WORD</p>", 'h' },
	{ "<p style='display:no/**/ne'>WORD</p>", 'd' },
	{ "<p style='/* x */display:none'>WORD</p>", 'h' },
	{ "<p style='display:none;display:block'>WORD</p>", 'v' },
	{ "<p style='display:block;display:none'>WORD</p>", 'h' },
	{ "<p style='display:none !important;display:block'>WORD</p>", 'h' },
	{ "<p style='visibility:hidden'>WORD</p>", 'h' },
	{ "<p style='visibility:hidden'><b style='visibility:visible'>WORD</b></p>", 'v' },
	{ "<p style='display:none'><b style='display:inline'>WORD</b></p>", 'h' },
	{ "<p style='opacity:0'>WORD</p>", 'h' },
	{ "<p style='opacity:0.1'>WORD</p>", 'h' },
	{ "<p style='opacity:0.95'>WORD</p>", 'v' },
	{ "<p style='font-size:0'>WORD</p>", 'h' },
	{ "<p style='font-size:1px'>WORD</p>", 'h' },
	{ "<p style='font:1px Arial'>WORD</p>", 'h' },
	{ "<p style='font-size:7px'>WORD</p>", 'f' },
	{ "<s>WORD</s>", 'h' },
	{ "<p><del>x <b>WORD</b></del></p>", 'h' },
	{ "<strike>WORD</strike>", 'h' },
	{ "<p style='text-decoration:red line-through'>WORD</p>", 'h' },
	{ "<p style='text-decoration-line:line-through'>WORD</p>", 'h' },
	{ "<p style='text-decoration:line-through'><b style='text-decoration:none'>WORD</b></p>", 'h' },
	{ "<s style='text-decoration:none'>WORD</s>", 'v' },
	{ "<p style='text-decoration:underline'>WORD</p>", 'v' },
	{ "<blockquote type='cite'>WORD</blockquote>", 'h' },
	{ "<div class='x gmail_quote'>WORD</div>", 'h' },
	{ "<blockquote>WORD</blockquote>", 'v' },
	{ "<ul style='list-style-type:\"This is official \"'><li>WORD</li></ul>", 'd' },
	{ "<ul style='list-style:square inside'><li>WORD</li></ul>", 'v' },
	{ "<ul style='list-style-type:\"- \"'><li>WORD</li></ul>", 'v' },
	{ "<q style='quotes:\"Official \" \"\"'>WORD</q>", 'd' },
	{ "<q style='quotes:\"\" \"\"'>WORD</q>", 'v' },
	{ "<a href='#' style='pointer-events:none'>WORD</a>", 'd' },
	{ "<p style='font-size:50%'><b style='font-size:50%'>WORD</b></p>", 'h' },
	{ "<p style='color:#fff'>WORD</p>", 'h' },
	{ "<p style='color:white'>WORD</p>", 'h' },
	{ "<p style='color:rgb(255,255,255)'>WORD</p>", 'h' },
	{ "<p style='color:rgba(0,0,0,0)'>WORD</p>", 'h' },
	{ "<p style='color:transparent'>WORD</p>", 'h' },
	{ "<p style='color:hsl(0,0%,0%)'>WORD</p>", 'v' },
	{ "<p style='color:#bbb'>WORD</p>", 'h' },
	{ "<p style='color:#888'>WORD</p>", 'f' },
	{ "<p style='color:#767676'>WORD</p>", 'v' },
	{ "<p style='background:#000'>WORD</p>", 'h' },
	{ "<p style='background:#000;color:#fff'>WORD</p>", 'v' },
	{ "<p bgcolor='#000000'>WORD</p>", 'h' },
	{ "<table><tr><td bgcolor='#000000'><font color='#ffffff'>WORD</font></td></tr></table>", 'v' },
	{ "<font color='white'>WORD</font>", 'h' },
	{ "<p style='background:url(cid:x)'>WORD</p>", 'd' },
	{ "<p style='text-indent:-9999px'>WORD</p>", 'd' },
	{ "<p style='text-indent:2em'>WORD</p>", 'v' },
	{ "<p style='position:absolute;left:-9999px'>WORD</p>", 'd' },
	{ "<p>WORD</p><div style='position:absolute'></div>", 'd' },
	{ "<p>WORD</p><div style='margin-top:-300px'></div>", 'd' },
	{ "<p style='clip:rect(0,0,0,0)'>WORD</p>", 'h' },
	{ "<p style='height:0;overflow:hidden'>WORD</p>", 'h' },
	{ "<p style='max-height:0'>WORD</p>", 'd' },
	{ "<p style='max-width:0;overflow:hidden'>WORD</p>", 'h' },
	{ "<p style='max-width:600px'>WORD</p>", 'v' },
	{ "<p style='height:20px;overflow:hidden'>WORD</p>", 'v' },
	{ "<p style='mso-hide:all'>WORD</p>", 'h' },
	{ "<p style='transform:scale(0)'>WORD</p>", 'd' },
	{ "<p style='filter:blur(9px)'>WORD</p>", 'd' },
	{ "<p style='line-height:0'>WORD</p>", 'd' },
	{ "<p style='letter-spacing:-1em'>WORD</p>", 'd' },
	{ "<p style='some-new-thing:1'>WORD</p>", 'd' },
	{ "<p style='display:\\6eone'>WORD</p>", 'd' },
	{ "<p style='opacity:var(--x)'>WORD</p>", 'd' },
	{ "<p style='font-family:Georgia, serif;text-decoration:none;font-weight:700'>WORD</p>", 'v' },
	{ "<style>p{display:none}</style><p>WORD</p>", 'h' },
	{ "<p>WORD</p><style>p{display:none}</style>", 'h' },
	{ "<style>p{display:none} p.x{display:block}</style><p class='y x'>WORD</p>", 'v' },
	{ "<style>p.x{display:block} p{display:none}</style><p class='y x'>WORD</p>", 'v' },
	{ "<style>div p{display:none}</style><p>WORD</p>", 'v' },
	{ "<style>div p{display:none}</style><div><b><p>WORD</p></b></div>", 'h' },
	{ "<style>div > p{display:none}</style><div><span><p>WORD</p></span></div>", 'v' },
	{ "<style>div > p{display:none}</style><div><p>WORD</p></div>", 'h' },
	{ "<style>#a, .b{display:none}</style><p class='b'>WORD</p>", 'h' },
	{ "<style>*{color:#fff}</style><p>WORD</p>", 'h' },
	{ "<style>a:visited{color:#fff}</style><a href='https://x.test/'>WORD</a>", 'h' },
	{ "<style>a:hover{text-decoration:none}</style><a href='https://x.test/'>WORD</a>", 'v' },
	{ "<style>p[class]{display:none}</style><p class='x'>WORD</p>", 'h' },
	{ "<style>u + p{display:none}</style><p>WORD</p>", 'h' },
	{ "<style>p::first-letter{font-size:0}</style><p>WORD</p>", 'd' },
	{ "<style>@media (max-width:600px){p{display:none}}</style><p>WORD</p>", 'h' },
	{ "<style>@media (max-width:600px){p{width:100% !important}}</style><p>WORD</p>", 'v' },
	{ "<style>@media print{body{background:#000}}</style><p>WORD</p>", 'h' },
	{ "<style>@media (prefers-color-scheme:dark){p{color:#eee}}</style><p>WORD</p>", 'h' },
	{ "<style>@media (prefers-color-scheme:dark){body{background:#111;color:#eee}}</style><body><p>WORD</p>", 'v' },
	{ "<style>:root{color-scheme:light dark}</style><p>WORD</p>", 'v' },
	{ "<style>:root{color-scheme:light dark}</style><p style='color:#000'>WORD</p>", 'h' },
	{ "<meta name='color-scheme' content='light dark'><p style='color:#000'>WORD</p>", 'h' },
	{ "<meta name='color-scheme' content='light dark'><a href='https://x.test/'>WORD</a>", 'v' },
	{ "<style>@import 'x.css';</style><p>WORD</p>", 'd' },
	{ "<style>@supports (x:y){p{display:none}}</style><p>WORD</p>", 'h' },
	{ "<style media='print'>p{display:none}</style><p>WORD</p>", 'd' },
	{ "<style>p{di\\splay:none}</style><p>WORD</p>", 'd' },
	{ "<style>.never{p:not(&){display:none}}</style><p>WORD</p>", 'd' },
	{ "<style>p[x=\"{\"]{display:none}</style><p>WORD</p>", 'd' },
	{ "<p style='font-family:\"/*\";display:none;quotes:\"*/\"'>WORD</p>", 'h' },
	{ "<p style=\"font-family:'x\n;display:none\">WORD</p>", 'h' },
	{ "<p style='display:none;font-family:[;display:block'>WORD</p>", 'd' },
	{ "<p style='display:none;font-family:(;display:block'>WORD</p>", 'h' },
	{ "<p style='font-family:);display:none'>WORD</p>", 'h' },
	{ "<div style='background:#000;color:#fff'><table><tr><td>WORD</td></tr></table></div>", 'h' },
	{ "<!DOCTYPE html><div style='background:#000;color:#fff'><table><tr><td>WORD</td></tr></table></div>", 'v' },
	{ "<svg></svg><p>WORD</p>", 'd' },
	{ "<template>WORD</template>", 'd' },
	{ "<details>WORD</details>", 'd' },
	{ "<textarea>WORD</textarea>", 'd' },
	{ "<!--[if mso]>x<![endif]--><p>WORD</p>", 'd' },
	{ "<p><font color='white'>x</p><p>WORD</p>", 'd' },
	{ "<p class='a\"'b>WORD</p>", 'd' },
	{ "<p \"x\">WORD</p>", 'd' },
	{ "<title>x<b></title><p>WORD</p>", 'd' },
	{ "<small><small><small><small><small><small>WORD</small></small></small></small></small></small>", 'h' },
	{ "<ul><li>a<li>WORD</ul>", 'v' },
};

static void test_sights(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(SIGHTS); i++) {
		struct arena *a = arena_new();
		struct html_view v = read_html(a, SIGHTS[i].html);
		bool seen = strstr(v.text, "WORD"), hidden = strstr(v.hidden, "WORD");
		char got = seen ? (v.doubt ? 'f' : 'v') : hidden ? (v.doubt ? 'd' : 'h') : '-';

		if (got != SIGHTS[i].sight) {
			print_error("%s: %c, not %c; doubt: %s\n", SIGHTS[i].html, got, SIGHTS[i].sight,
				    v.doubt ? v.doubt : "none");
			wrong++;
		}
		arena_free(a);
	}
	assert_int_equal(wrong, 0);
}

static void test_text_and_links(void **state)
{
	struct arena *a = arena_new();
	struct html_view v = read_html(a, "<!DOCTYPE html><html lang='en-GB' dir='ltr'><head><title>A  title</title></head>"
					  "<body><h1>Water&nbsp; &amp;\n health</h1><p>One <b>two</b>three<br>four</p>"
					  "<p><a href='https://x.test/?a=1&amp;b=2'>the <i>page</i></a>, "
					  "<a href='mailto:a@b.test'><span style='display:none'>no</span>me</a></p>"
					  "<img src='cid:logo' alt='Logo'><table><tr><td>a</td><td>b</td></tr></table>");

	(void)state;
	assert_string_equal(v.text, "Water & health\nOne twothree\nfour\nthe page, me\na b");
	assert_string_equal(v.hidden, "no");
	assert_string_equal(v.title, "A title");
	assert_string_equal(v.lang, "en-GB");
	assert_string_equal(v.dir, "ltr");
	assert_int_equal(v.n_links, 2);
	assert_string_equal(v.links[0].href, "https://x.test/?a=1&b=2");
	assert_string_equal(v.links[0].words, "the page");
	assert_string_equal(v.links[1].words, "me");
	assert_int_equal(v.n_images, 1);
	assert_string_equal(v.images[0].src, "cid:logo");
	assert_string_equal(v.images[0].alt, "Logo");
	assert_null(v.doubt);
	assert_false(v.active || v.remote || v.unread);
	arena_free(a);
}

static const struct {
	const char *html;
	bool active, remote;
} ACTS[] = {
	{ "<p>x</p>", false, false },
	{ "<img src='cid:a'>", false, false },
	{ "<img src='https://x.test/a.png'>", false, true },
	{ "<img src='//x.test/a.png'>", false, true },
	{ "<img src='cid:a' srcset='https://x.test/a.png'>", false, true },
	{ "<table background='http://x.test/'>", false, true },
	{ "<p style='background:url(https://x.test/a)'>", false, true },
	{ "<style>p{background:url(https://x.test/a)}</style><p>x", false, true },
	{ "<style>@import 'https://x.test/a.css';</style>", false, true },
	{ "<style>@font-face{font-family:x;src:url(https://x.test/a)}</style>", false, true },
	{ "<link rel='stylesheet' href='https://x.test/a.css'>", true, true },
	{ "<p onclick='x()'>", true, false },
	{ "<a href='javascript:x()'>x</a>", true, false },
	{ "<a href=' java&#10;script:x()'>x</a>", true, false },
	{ "<form action='/'><input></form>", true, false },
	{ "<iframe src='https://x.test/'></iframe>", true, true },
	{ "<meta http-equiv='refresh' content='0;url=https://x.test/'>", true, false },
	{ "<base href='https://x.test/'>", true, true },
};

static void test_acts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ACTS); i++) {
		struct arena *a = arena_new();
		struct html_view v = read_html(a, ACTS[i].html);

		if (v.active != ACTS[i].active || v.remote != ACTS[i].remote)
			fail_msg("%s: active %d, remote %d", ACTS[i].html, v.active, v.remote);
		arena_free(a);
	}
}

/* What a mail client cuts off is not seen. */
static void test_far_down(void **state)
{
	struct arena *a = arena_new();
	struct html_view v;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	buf_adds(&b, "<body><p>first</p>");
	while (b.n < 100000)
		buf_adds(&b, "<p>some more words</p>\n");
	buf_adds(&b, "<p>last</p></body>");
	v = read_html(a, buf_text(&b));
	assert_non_null(strstr(v.text, "first"));
	assert_null(strstr(v.text, "last"));
	assert_non_null(strstr(v.hidden, "last"));
	buf_free(&b);
	arena_free(a);
}

/* Of this process alone: other work on the machine counts for nothing. */
static int64_t own_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * SECOND + t.tv_nsec / 1000;
}

/* Inputs for which a careless reader needs square time. */
static const struct {
	const char *first, *again, *last;
	int times;
} SLOW[] = {
	{ "<body>", "<div>", "x", 200000 },
	{ "<body>", "<b>", "</i></i>", 200000 },
	{ "<p>", "</b>", "", 200000 },
	{ "<p ", "a%d=1 ", ">x</p>", 200000 },
	{ "<p \"", "a%d=1 ", ">x</p>", 200000 },
	{ "", "<", "", 1000000 },
	{ "", "<a", "", 500000 },
	{ "", "<!--", "", 500000 },
	{ "", "<!", "", 500000 },
	{ "", "<p x='", "", 300000 },
	{ "<p style='", "color:red;", "'>x</p>", 300000 },
	{ "<p class='", "a%d ", "'>x</p>", 300000 },
	{ "<style>", "p{color:red}", "</style><p>x</p>", 100000 },
	{ "<style>", ".a%d{color:red}", "</style><p>x</p>", 100000 },
	{ "<style>", "/*", "</style><p>x</p>", 500000 },
	{ "<style>", "@media x%d{p{color:red}}", "</style><p>x</p>", 100000 },
	{ "<style>", "{", "</style><p>x</p>", 500000 },
	{ "<style>* * * * * * * *{color:red}</style>", "<b>", "x", 90 },
	{ "<style>b~b~b~b~b~b~b{color:red}</style>", "<b>x</b>", "", 12000 },
	{ "<style>@media (max-width:1px) and (max-device-width:2px),(orientation:x),(y:z),(hover:a){p{color:red}}</style>", "<p>x</p>", "",
	  12000 },
	{ "<style>", "p{", "</style><p>x</p>", 300000 },
	{ "", "<style>", "", 300000 },
	{ "", "&amp", "", 500000 },
	{ "", "<p>x", "", 500000 },
	{ "", "<a href=x>y", "", 300000 },
	{ "<table>", "<tr><td>x", "", 300000 },
	{ "", "<li><ul>", "", 300000 },
	{ "<title>", "<title>", "", 300000 },
};

static void test_slow(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(SLOW); i++) {
		struct arena *a = arena_new();
		struct html_view v;
		struct err e;
		struct buf b;
		int64_t start;

		buf_init(&b, 4 * 1024 * 1024);
		buf_adds(&b, SLOW[i].first);
		for (int n = 0; n < SLOW[i].times && b.n + 40 < b.max; n++) {
			const char *mark = strstr(SLOW[i].again, "%d");

			if (mark)
				buf_addf(&b, "%.*s%d%s", (int)(mark - SLOW[i].again), SLOW[i].again, n, mark + 2);
			else
				buf_adds(&b, SLOW[i].again);
		}
		buf_adds(&b, SLOW[i].last);
		start = own_time();
		assert_int_equal(html_read(a, (struct slice){ b.p, b.n }, &v, &e), 0);
		if (own_time() - start > 4 * SECOND)
			fail_msg("%s%s...: %lld ms", SLOW[i].first, SLOW[i].again,
				 (long long)(own_time() - start) / 1000);
		buf_free(&b);
		arena_free(a);
	}
}

/* As many rules and elements as count: what is not affordable is a doubt, and costs no more than the bound. */
static void test_many_rules(void **state)
{
	struct arena *a = arena_new();
	struct html_view v;
	struct err e;
	struct buf b;
	int64_t start = own_time();

	(void)state;
	buf_init(&b, 1 << 20);
	buf_adds(&b, "<!DOCTYPE html><html><head><style>");
	for (int i = 0; i < 900; i++)
		buf_addf(&b, "div b.x, div span i b, *.c%d ~ b { color: #00%04d; margin: %dpx }\n", i, i, i);
	buf_adds(&b, "</style></head><body><div>");
	for (int i = 0; i < 20000; i++)
		buf_adds(&b, "<b class=x>x</b>");
	buf_adds(&b, "</div></body></html>");
	assert_int_equal(html_read(a, (struct slice){ b.p, b.n }, &v, &e), 0);
	assert_non_null(v.doubt);
	assert_true(own_time() - start < 20 * SECOND);
	buf_free(&b);
	arena_free(a);
}

static void test_bounds(void **state)
{
	struct arena *a = arena_new();
	struct html_view v;
	struct err e;
	char *big = mem_alloc(5 << 20);

	(void)state;
	memset(big, 'x', 5 << 20);
	assert_int_equal(html_read(a, (struct slice){ big, 5 << 20 }, &v, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_int_equal(html_read(a, slice_of("a\xff"), &v, &e), -1);
	assert_int_equal(html_read(a, (struct slice){ "", 0 }, &v, &e), 0);
	assert_string_equal(v.text, "");
	free(big);
	arena_free(a);
}

/* What is seen of a text part; "." for each byte that is not. */
static const struct {
	const char *text, *seen;
	bool joins;
} PLAIN_TEXTS[] = {
	{ "one\ntwo\n", "one\ntwo\n", false },
	{ "one\n\x1b[8mtwo", "...\n.......", false },       /* concealed, in a terminal */
	{ "one\xc2\x9b" "2Jtwo", "..........", false },         /* the screen is cleared */
	{ "one\ntwo\b\b\bsix\nten", "one\n.........\nten", false }, /* written over */
	{ "two\rsix\nten", ".......\nten", false },
	{ "a\tb\fc", "a\tb\fc", false },
	{ "a\x7f" "b", "...", false },
	{ "e\xcc\x81", "e\xcc\x81", false },
	{ "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81 x", "...............", false }, /* over other lines */
	{ "https://x.test/page \nmore", "https://x.test/page \nmore", false },
	{ "https://x.test/page \nmore", "https://x.test/page..more", true }, /* one address to some, another to others */
	{ "> a quotation\n-- \na signature", ".............\n-- \na signature", false }, /* folded away by many */
	{ "a > b\n5>4\n >> c", "a > b\n5>4\n.....", false },
	{ "one\n----- Original Message -----\nFrom: x\ntwo", "one\n............................\n.......\n...", false },
	{ "one\n--Original message\n-----\ntwo -----Original Message-----", "one\n--Original message\n-----\ntwo -----Original Message-----", false },
};

static void test_plain(void **state)
{
	struct arena *a = arena_new();
	char *big = mem_alloc(200001), *seen;

	(void)state;
	for (size_t i = 0; i < COUNT(PLAIN_TEXTS); i++) {
		seen = plain_seen(a, PLAIN_TEXTS[i].text, PLAIN_TEXTS[i].joins);
		for (char *c = seen; *c; c++)
			*c = *c == PLAIN_UNSEEN ? '.' : *c;
		if (strcmp(seen, PLAIN_TEXTS[i].seen) != 0)
			fail_msg("%zu: \"%s\", not \"%s\"", i, seen, PLAIN_TEXTS[i].seen);
	}
	memset(big, 'x', 200000);
	assert_int_equal(strlen(plain_seen(a, big, false)), 100000);
	free(big);
	arena_free(a);
}

static int files_read;

static int read_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct arena *a;
	struct html_view v;
	struct err e;
	struct buf b;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	a = arena_new();
	buf_init(&b, 8 << 20);
	if (file_read(path, &b, &e) == 0) {
		int64_t start = own_time();
		int rc = html_read(a, (struct slice){ buf_text(&b), b.n }, &v, &e);

		if (rc == 0 && (!utf8_valid(v.text, strlen(v.text)) || !v.hidden || !v.title))
			fail_msg("%s: a view that is not whole", path);
		if (rc < 0)
			assert_int_equal(e.kind, ERR_INPUT);
		if (own_time() - start > 5 * SECOND)
			fail_msg("%s takes too long", path);
		files_read++;
	}
	buf_free(&b);
	arena_free(a);
	return 0;
}

static void test_corpus(void **state)
{
	(void)state;
	if (nftw("../shared/corpora/html", read_one, 16, FTW_PHYS) < 0 || files_read == 0) {
		if (getenv("CI"))
			fail_msg("the corpus ../shared/corpora/html is not there");
		skip();
	}
	assert_true(files_read > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sights),   cmocka_unit_test(test_text_and_links), cmocka_unit_test(test_acts),
		cmocka_unit_test(test_far_down), cmocka_unit_test(test_slow),           cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_corpus),   cmocka_unit_test(test_many_rules),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
