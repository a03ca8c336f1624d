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

/* `blank`: there is one before it, unless a line begins with it. */
static void line_word(struct line *l, const char *p, size_t n, bool blank, const char *rest)
{
	size_t width = text_width(p, n);

	line_start(l);
	if (l->words && l->width + blank + width > WRAP_COLUMNS) {
		line_end(l, rest);
		line_start(l);
	}
	if (l->words && blank) {
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

static bool is_one_of(uint32_t c, const char *characters)
{
	char utf8[5] = "";

	utf8[utf8_put(c, utf8)] = '\0';
	return strstr(characters, utf8) != NULL;
}

/* Closing brackets, stops and small kana begin no line, and opening brackets end none. */
static bool may_part(uint32_t before, uint32_t c)
{
	return !is_one_of(before, "〈《「『【〔〖（［｛") &&
	       !is_one_of(c, "、。〉》」』】〕〗ぁぃぅぇぉっゃゅょァィゥェォッャュョー々，．：；！？）］｝");
}

/* Where the piece of a word that begins at `from` ends: behind it a line may break without a blank. */
static size_t piece_end(const char *text, size_t from, size_t end)
{
	uint32_t before = 0, c;
	size_t len;

	for (size_t i = from; i < end; i += len, before = c) {
		c = utf8_char(text + i, end - i, &len);
		if (i > from && utf8_is_ideographic(before) && utf8_is_ideographic(c) && may_part(before, c))
			return i;
	}
	return end;
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
		for (size_t from = start, to; from < i; from = to) {
			to = piece_end(text, from, i);
			line_word(&l, text + from, to - from, from == start, rest);
		}
	}
	if (l.words)
		line_end(&l, rest);
	return l.widest;
}

void wrap_paragraph(struct buf *out, const char *text)
{
	wrap_text(out, text, strlen(text), "", "");
}
