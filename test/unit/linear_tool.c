/*
 * Times what reads text of others on inputs that are made to be slow, for test/oracle/test_linear.py: for each family one
 * JSON line with the least processor time of several runs at five sizes, each twice the one before.
 */
#include <jansson.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "compose/handmade.h"
#include "compose/markdown.h"
#include "mail/html.h"
#include "mail/message.h"

#define SIZES 5
#define RUNS  4

/* `before`, then `unit` over and over, then `behind`. */
struct family {
	const char *name, *before, *unit, *behind;
};

static const struct family HTML[] = {
	{ "nesting", "", "<div style='padding:1px'>", "" },
	{ "unclosed", "", "<b><i>x", "" },
	{ "closed nesting", "", "<b><i><u>x</u></i></b>", "" },
	{ "crossed", "", "<b><p></b></p>", "" },
	{ "attributes", "<p ", "a1=2 ", ">x" },
	{ "one attribute", "<p title='", "x ", "'>x" },
	{ "style", "<p style='", "color:red;", "'>x" },
	{ "sheet", "<style>", ".a b>c{color:red}\n", "</style><p class=a><b><c>x" },
	{ "sheet and elements", "<style>.a .b{color:red} p b i{color:blue}</style>", "<p class='a'><b class='b'>x</b></p>", "" },
	{ "entities", "", "&amp;&uuml;&#8364;", "" },
	{ "ampersands", "", "&", "" },
	{ "less", "", "<", "" },
	{ "less and blank", "", "< ", "" },
	{ "tables", "", "<table><tr><td>x</table>", "" },
	{ "cells", "<table><tr><th>a</th></tr>", "<tr><td>x<td>y", "</table>" },
	{ "stray cells", "", "<td>x<tr>", "" },
	{ "long word", "", "x", "" },
	{ "blanks", "x", " ", "y" },
	{ "breaks", "x", "<br>", "y" },
	{ "comments", "", "<!-- x -->", "" },
	{ "unclosed comments", "", "<!-- ", "" },
	{ "lists", "", "<ul><li>x</ul>", "" },
	{ "links", "", "<a href=https://a.example/>x</a> ", "" },
	{ "open links", "", "<a href=https://a.example/>x ", "" },
	{ "pre", "<pre>", "x\n", "</pre>" },
	{ "quotes", "", "<p title='", "" },
	{ "unknown", "", "<x y>", "" },
	{ "ends", "<p>", "</b>", "" },
};

static const struct family MESSAGES[] = {
	{ "nested", "", "Content-Type: multipart/mixed; boundary=x\n\n--x\n", "" },
	{ "parts", "Content-Type: multipart/mixed; boundary=x\n\n", "--x\n\ny\n", "--x--\n" },
	{ "boundary lines", "Content-Type: multipart/mixed; boundary=x\n\n", "--y\n", "--x--\n" },
	{ "nested messages", "", "Content-Type: message/rfc822\n\n", "" },
	{ "long header", "From: a@a.example\nSubject: ", "x ", "\n\ny" },
	{ "folded header", "From: a@a.example\nSubject: x", "\n y", "\n\ny" },
	{ "headers", "", "X: y\n", "\ny" },
	{ "comments", "From: ", "(a)", " a@a.example\n\nx" },
	{ "open comments", "From: ", "(", " a@a.example\n\nx" },
	{ "addresses", "From: a@a.example", ", b@a.example", "\n\nx" },
	{ "groups", "To: ", "a:b@a.example;,", "\n\nx" },
	{ "open encoded words", "Subject: ", "=?u?Q?", "\n\nx" },
	{ "encoded words", "Subject: ", "=?utf-8?Q?x?= ", "\n\nx" },
	{ "charsets", "Subject: ", "=?latin1?Q?x?= =?utf-8?B?eA==?= ", "\n\nx" },
	{ "parameters", "Content-Type: text/plain", "; a=b", "\n\nx" },
	{ "continued parameters", "Content-Type: text/plain", "; a*0*=b", "\n\nx" },
	{ "quoted-printable", "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n", "=C3=BC=\n", "" },
	{ "base64", "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n", "YWJj", "" },
	{ "bad charset", "Content-Type: text/plain; charset=big5\n\n", "\xff\xa4", "" },
};

static const struct family MARKDOWN[] = {
	{ "words", "", "x ", "" },	   { "emphasis", "", "*a ", "" },      { "nested emphasis", "", "*a **b ", "" },
	{ "quotes", "", "> ", "x" },	   { "lists", "", "- x\n", "" },       { "brackets", "", "[", "x" },
	{ "links", "", "[a](", "" },	   { "ticks", "", "`", "x" },	       { "ticks and words", "", "`` x ` ", "" },
	{ "less", "", "<", "" },	   { "entities", "", "&amp;", "" },    { "tables", "a|b\n-|-\n", "c|d\n", "" },
	{ "autolinks", "", "a@b.c ", "" }, { "references", "", "[a]: b\n", "" }, { "headings", "", "# x\n\n", "" },
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void read_handmade(struct arena *a, const struct buf *in)
{
	struct handmade_notes notes = { .n = 0 };
	struct buf html, text;
	struct err e;
	struct handmade *h = handmade_read(a, buf_text(in), in->n, NULL, &notes, &e);

	buf_init(&html, 4 << 20);
	buf_init(&text, 4 << 20);
	if (h && handmade_to_html(h, &html, &e) == 0 && handmade_to_text(h, &text, &e) < 0)
		err_clear(&e);
	buf_free(&html);
	buf_free(&text);
}

static void read_html(struct arena *a, const struct buf *in)
{
	struct html_view view;
	struct err e;

	if (html_read(a, (struct slice){ buf_text(in), in->n }, &view, &e) < 0)
		err_clear(&e);
}

static void read_message(struct arena *a, const struct buf *in)
{
	struct mailbox box[100];
	const struct field *from;
	struct message m;
	struct err e;
	size_t n;

	if (message_parse(a, (struct slice){ buf_text(in), in->n }, &m, &e) < 0)
		return;
	from = message_field(&m, "From", 0);
	if (from && !message_mailboxes(a, from->raw, box, COUNT(box), &n))
		err_clear(&e);
}

static void read_markdown(struct arena *a, const struct buf *in)
{
	struct buf html, text;
	struct err e;

	(void)a;
	buf_init(&html, 4 << 20);
	buf_init(&text, 4 << 20);
	if (markdown_to_text(buf_text(in), in->n, &text, &e) == 0 && markdown_to_html(buf_text(in), in->n, false, &html, &e) < 0)
		err_clear(&e);
	buf_free(&html);
	buf_free(&text);
}

static const struct reader {
	const char *name;
	void (*read)(struct arena *a, const struct buf *in);
	const struct family *families;
	size_t n, least; /* bytes of the smallest size */
} READERS[] = {
	{ "handmade", read_handmade, HTML, COUNT(HTML), 15000 },
	{ "html", read_html, HTML, COUNT(HTML), 15000 },
	{ "message", read_message, MESSAGES, COUNT(MESSAGES), 60000 },
	{ "markdown", read_markdown, MARKDOWN, COUNT(MARKDOWN), 15000 },
};

static double least_time(const struct reader *r, const struct buf *in)
{
	double least = 1e9;

	for (int run = 0; run < RUNS; run++) {
		struct arena *a = arena_new();
		double start = seconds();

		r->read(a, in);
		arena_free(a);
		start = seconds() - start;
		least = start < least ? start : least;
	}
	return least;
}

static void measure(const struct reader *r, const struct family *f)
{
	json_t *times = json_array(), *told;
	struct buf in;

	buf_init(&in, 64 << 20);
	for (size_t k = 0; k < SIZES; k++) {
		buf_clear(&in);
		buf_adds(&in, f->before);
		while (in.n < r->least << k)
			buf_adds(&in, f->unit);
		buf_adds(&in, f->behind);
		json_array_append_new(times, json_real(least_time(r, &in)));
	}
	told = json_pack("{s:s, s:o}", "family", f->name, "seconds", times);
	json_dumpf(told, stdout, JSON_COMPACT | JSON_REAL_PRECISION(4));
	putchar('\n');
	json_decref(told);
	buf_free(&in);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(READERS); i++)
		if (argc == 2 && strcmp(argv[1], READERS[i].name) == 0) {
			for (size_t k = 0; k < READERS[i].n; k++)
				measure(&READERS[i], &READERS[i].families[k]);
			return 0;
		}
	return fprintf(stderr, "usage: linear_tool handmade|html|message|markdown\n"), 2;
}
