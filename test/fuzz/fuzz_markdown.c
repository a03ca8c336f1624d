/*
 * Markdown of a stranger's: both renderers end, hold their ceiling, and give
 * HTML in which every "<" begins one of our own tags.
 */
#include "base/utf8.h"
#include "compose/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_our_tag(const char *p)
{
	static const char *const NAMES[] = { "p",     "a",          "em", "strong", "code", "pre", "ul", "ol",
					     "li",    "blockquote", "h2", "h3",     "h4",   "h5",  "h6", "table",
					     "thead", "tbody",      "tr", "th",     "td",   "hr",  "br" };

	p += *p == '/';
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		size_t n = strlen(NAMES[i]);

		if (strncmp(p, NAMES[i], n) == 0 && (p[n] == '>' || p[n] == ' '))
			return true;
	}
	return false;
}

static void check_html(const struct buf *html)
{
	const char *p = buf_text(html);

	while ((p = strchr(p, '<')))
		MUST(is_our_tag(++p));
	MUST(!strstr(buf_text(html), "href=\"java") && !strstr(buf_text(html), "href=\"data"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	struct buf out;

	if (!utf8_valid((const char *)data, size) || memchr(data, 0, size))
		return 0;
	buf_init(&out, 200000);
	if (markdown_to_text((const char *)data, size, &out, &e) < 0)
		MUST(e.kind == ERR_INPUT);
	for (int page = 0; page < 2; page++) {
		buf_clear(&out);
		if (markdown_to_html((const char *)data, size, page, &out, &e) == 0)
			check_html(&out);
		else
			MUST(e.kind == ERR_INPUT);
	}
	buf_free(&out);
	return 0;
}
