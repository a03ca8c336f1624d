/*
 * For test/browser/test_visible.py: what the HTML reader makes of parts that come on stdin, each ended by
 * a NUL. Three texts for each, ended by NULs too: the visible one, the hidden one, the doubt.
 */
#include "base/buf.h"
#include "mail/html.h"

static void put(const char *text)
{
	fwrite(text, 1, strlen(text) + 1, stdout);
}

static void judge(struct slice html)
{
	struct arena *a = arena_new();
	struct html_view v;
	struct err e = { 0 };

	if (html_read(a, html, &v, &e) < 0)
		v = (struct html_view){ .text = "", .hidden = "", .doubt = e.text };
	put(v.text);
	put(v.hidden);
	put(v.doubt ? v.doubt : "");
	arena_free(a);
}

int main(void)
{
	struct buf b;
	int c;

	buf_init(&b, 8 << 20);
	while ((c = getchar()) != EOF) {
		if (c) {
			buf_addc(&b, (char)c);
			continue;
		}
		judge((struct slice){ buf_text(&b), b.n });
		buf_clear(&b);
	}
	buf_free(&b);
	return 0;
}
