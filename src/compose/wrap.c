/* Lines of plain text: see wrap.h. Greedy, one pass, linear. */
#include "compose/wrap.h"

#include <uniwidth.h>

#include "base/utf8.h"
#include "compose/fields.h"

size_t text_width(const char *p, size_t n)
{
	size_t width = 0, len, slot;
	int w;

	for (size_t i = 0; i < n; i += len) {
		if (slot_at(p + i, n - i, &slot)) {
			width += slot_width(p + i);
			len = MARK_SIZE;
			continue;
		}
		w = uc_width(utf8_char(p + i, n - i, &len), "UTF-8");
		width += w > 0 ? (size_t)w : 0;
	}
	return width;
}

/* A line in the making. */
struct line {
	struct buf *out;
	const char *prefix;
	size_t width;  /* of the prefix and the words on it */
	size_t widest; /* of the lines before */
	bool started;  /* the prefix is written */
	bool words;    /* a word is on it */
};

static void line_start(struct line *l)
{
	if (l->started)
		return;
	buf_adds(l->out, l->prefix);
	l->width = text_width(l->prefix, strlen(l->prefix));
	l->started = true;
}

static void line_end(struct line *l, const char *next_prefix)
{
	line_start(l);
	while (l->out->n && l->out->p[l->out->n - 1] == ' ')
		buf_cut(l->out, l->out->n - 1);
	buf_addc(l->out, '\n');
	if (l->width > l->widest)
		l->widest = l->width;
	l->prefix = next_prefix;
	l->started = l->words = false;
}

static void line_word(struct line *l, const char *p, size_t n, const char *rest)
{
	size_t width = text_width(p, n);

	line_start(l);
	if (l->words && l->width + 1 + width > WRAP_COLUMNS) {
		line_end(l, rest);
		line_start(l);
	}
	if (l->words) {
		buf_addc(l->out, ' ');
		l->width++;
	}
	buf_add(l->out, p, n);
	l->width += width;
	l->words = true;
}

static bool ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

size_t wrap_text(struct buf *out, const char *text, size_t n, const char *first, const char *rest)
{
	struct line l = { .out = out, .prefix = first };
	size_t i = 0, start;

	while (i < n && !out->over) {
		if (text[i] == '\n')
			line_end(&l, rest);
		if (ends_word(text[i])) {
			i++;
			continue;
		}
		for (start = i; i < n && !ends_word(text[i]); i++)
			;
		line_word(&l, text + start, i - start, rest);
	}
	if (l.words)
		line_end(&l, rest);
	return l.widest;
}

void wrap_paragraph(struct buf *out, const char *text)
{
	wrap_text(out, text, strlen(text), "", "");
}
