/*
 * Any declarations and style sheets: the first line is a style attribute, the rest a style element. The reader ends,
 * its texts are whole, and colours are colours.
 */
#include "base/buf.h"
#include "base/utf8.h"
#include "mail/css.h"
#include "mail/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(struct arena *a, struct slice style, struct slice sheet)
{
	struct html_view v;
	struct err e;
	struct buf b;

	buf_init(&b, 2 << 20);
	buf_adds(&b, "<!DOCTYPE html><html><head><style>");
	buf_add(&b, sheet.p, sheet.n);
	buf_adds(&b, "</style></head><body class=a id=b><div><p style='");
	for (size_t i = 0; i < style.n; i++)
		buf_addc(&b, style.p[i] == '\'' ? '"' : style.p[i]);
	buf_adds(&b, "'>WORD <b class=a title=x>more</b></p></div></body></html>");
	if (!b.over && html_read(a, (struct slice){ b.p, b.n }, &v, &e) == 0)
		MUST(utf8_valid(v.text, strlen(v.text)) && utf8_valid(v.hidden, strlen(v.hidden)));
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *line = size ? memchr(text, '\n', size) : NULL, *doubt = NULL;
	struct slice style = { text, line ? (size_t)(line - text) : size };
	struct slice sheet = { line ? line + 1 : "", line ? size - style.n - 1 : 0 };
	struct arena *a = arena_new();

	for (const struct css_declaration *d = css_declarations(a, css_without_comments(a, style), &doubt); d; d = d->next) {
		const struct css_base base = { .em = 16, .rem = 16, .percent = 600, .vw = 6 };
		uint32_t rgb = 0;
		double px = 0, alpha = 1;

		(void)css_length(d->value, &base, &px);
		if (css_color(d->value, &rgb, &alpha))
			MUST(alpha >= 0 && alpha <= 1 && rgb <= 0xffffff);
	}
	judge(a, style, sheet);
	arena_free(a);
	return 0;
}
