/* Text as HTML: see html_text.h. Copies what needs no escape in one go. */
#include "compose/html_text.h"

void html_escape(struct buf *out, const char *p, size_t n)
{
	static const char *const ESCAPE[256] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
	};
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		const char *escape = ESCAPE[(unsigned char)p[i]];

		if (!escape)
			continue;
		buf_add(out, p + done, i - done);
		buf_adds(out, escape);
		done = i + 1;
	}
	buf_add(out, p + done, n - done);
}
