/* Text that grows with its blanks collapsed: see html_flow.h. */
#include "mail/html_flow.h"

#include <ctype.h>

void flow_init(struct flow *f, size_t max)
{
	*f = (struct flow){ .blank = false };
	buf_init(&f->b, max);
}

size_t flow_blank(const char *p, size_t n)
{
	if (isspace((unsigned char)*p))
		return 1;
	return n > 1 && (unsigned char)p[0] == 0xc2 && (unsigned char)p[1] == 0xa0 ? 2 : 0;
}

void flow_add(struct flow *f, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t blank = flow_blank(p + i, n - i), from = i;

		if (blank) {
			f->blank = true;
			i += blank;
			continue;
		}
		while (i < n && !flow_blank(p + i, n - i))
			i++;
		if (f->b.n && (f->line || f->blank))
			buf_addc(&f->b, f->line ? '\n' : ' ');
		f->line = f->blank = false;
		buf_add(&f->b, p + from, i - from);
	}
}

char *flow_take(struct arena *a, struct flow *f)
{
	char *text = arena_text_n(a, buf_text(&f->b), f->b.n);

	buf_free(&f->b);
	return text;
}
