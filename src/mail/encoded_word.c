/*
 * Charsets and encoded words: see encoded_word.h. GMime joins the base64 of neighbouring words and drops what stands
 * behind padding, which would hide words of a subject from the rules; so this is our own. As people's programs do, it
 * also reads words that break RFC 2047 in harmless ways: within other words, too long, with blanks in them.
 */
#include "mail/encoded_word.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <strings.h>

#include "base/buf.h"

#define CHARSET_MAX 60
#define WORDS_MAX   1000 /* of one header; more are left as they are */

/* Bytes that are no UTF-8 become U+FFFD each, NUL too. */
static char *repaired(struct arena *a, const char *p, size_t n, size_t *out_n)
{
	char *fixed = g_utf8_make_valid(p, (gssize)n), *copy;

	*out_n = strlen(fixed);
	copy = arena_text_n(a, fixed, *out_n);
	g_free(fixed);
	return copy;
}

static bool is_utf8(const char *charset)
{
	return !charset || !charset[0] || strcasecmp(charset, "utf-8") == 0 || strcasecmp(charset, "utf8") == 0 ||
	       strcasecmp(charset, "us-ascii") == 0;
}

/* What is called Latin 1 is Windows-1252 to all programs that show it. */
static const char *known_as(const char *charset)
{
	if (strcasecmp(charset, "iso-8859-1") == 0 || strcasecmp(charset, "latin1") == 0)
		return "windows-1252";
	return g_mime_charset_iconv_name(charset);
}

/* Steps over what the converter cannot read, which leaves U+FFFD. */
static void convert(GIConv cd, const char *p, size_t n, struct buf *out)
{
	gchar *in = (gchar *)(uintptr_t)p;
	gsize left = n;

	while (left && !out->over) {
		char room[1024];
		gchar *to = room;
		gsize space = sizeof(room);
		size_t done = g_iconv(cd, &in, &left, &to, &space);
		int why = errno;

		buf_add(out, room, (size_t)(to - room));
		if (done != (size_t)-1 || why == E2BIG)
			continue;
		buf_adds(out, "\xef\xbf\xbd");
		in++;
		left--;
		g_iconv(cd, NULL, NULL, NULL, NULL);
	}
}

char *charset_to_utf8(struct arena *a, const char *charset, const char *p, size_t n, size_t *out_n)
{
	GIConv cd = is_utf8(charset) ? (GIConv)-1 : g_iconv_open("UTF-8", known_as(charset));
	struct buf out;
	char *copy;

	if (cd == (GIConv)-1)
		return repaired(a, p, n, out_n);
	buf_init(&out, n * 4 + 16);
	convert(cd, p, n, &out);
	g_iconv_close(cd);
	copy = repaired(a, buf_text(&out), out.n, out_n);
	buf_free(&out);
	return copy;
}

/* --- encoded words -------------------------------------------------------- */

struct word {
	char charset[CHARSET_MAX];
	bool base64;
	struct slice text;
	size_t n; /* of the whole word */
};

static bool read_word(const char *p, struct word *w)
{
	size_t name, end;
	const char *text;

	if (p[0] != '=' || p[1] != '?')
		return false;
	name = strcspn(p + 2, "?* \t");
	if (!name || name >= CHARSET_MAX)
		return false;
	memcpy(w->charset, p + 2, name);
	w->charset[name] = '\0';
	text = p + 2 + name;
	text += *text == '*' ? strcspn(text, "? \t") : 0; /* RFC 2231: a language */
	if (text[0] != '?' || !text[1] || !strchr("bBqQ", text[1]) || text[2] != '?')
		return false;
	w->base64 = (text[1] | 32) == 'b';
	text += 3;
	end = strcspn(text, "?"); /* no further: many that are not closed would take square time */
	if (text[end] != '?' || text[end + 1] != '=')
		return false;
	w->text = (struct slice){ text, end };
	w->n = (size_t)(text + end + 2 - p);
	return true;
}

size_t encoded_word_length(const char *p)
{
	struct word w;

	return read_word(p, &w) ? w.n : 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static void add_q(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '=' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
			buf_addc(out, (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2])));
			i += 2;
		} else {
			buf_addc(out, s.p[i] == '_' ? ' ' : s.p[i]);
		}
}

static int base64_digit(char c)
{
	static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(DIGITS, c) : NULL;

	return at ? (int)(at - DIGITS) : -1;
}

/* Padding ends a group, not the word. */
static void add_base64(struct buf *out, struct slice s)
{
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < s.n; i++) {
		int digit = base64_digit(s.p[i]);

		if (s.p[i] == '=')
			have = 0;
		if (digit < 0)
			continue;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_addc(out, (char)(bits >> have & 255));
		}
	}
}

/* Words of one charset that follow each other are one run of bytes: characters may be cut between them. */
static void flush_bytes(struct arena *a, struct buf *out, struct buf *bytes, const char *charset)
{
	size_t n;
	char *text = bytes->n ? charset_to_utf8(a, charset, buf_text(bytes), bytes->n, &n) : NULL;

	if (text)
		buf_add(out, text, n);
	buf_clear(bytes);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void add_plain(struct arena *a, struct buf *out, const char *p, size_t n)
{
	size_t fixed;
	char *text = repaired(a, p, n, &fixed);

	buf_add(out, text, fixed);
}

static const char *find_word(const char *p, const char *end)
{
	while ((p = memchr(p, '=', (size_t)(end - p))) && p[1] != '?')
		p++;
	return p;
}

char *encoded_words_decode(struct arena *a, const char *raw)
{
	struct buf out, bytes;
	struct word w, last = { .n = 0 };
	const char *from = raw, *end = raw + strlen(raw), *p = find_word(raw, end);
	size_t words = 0;
	char *copy;

	buf_init(&out, strlen(raw) * 4 + 16);
	buf_init(&bytes, strlen(raw) + 16);
	for (; p && words < WORDS_MAX; p = find_word(p, end)) {
		const char *blank = from;

		if (!read_word(p, &w)) {
			p += 2;
			continue;
		}
		while (blank < p && is_blank(*blank))
			blank++;
		if (blank < p || !last.n || strcasecmp(last.charset, w.charset) != 0)
			flush_bytes(a, &out, &bytes, last.charset);
		if (blank < p || !last.n)
			add_plain(a, &out, from, (size_t)(p - from));
		if (w.base64)
			add_base64(&bytes, w.text);
		else
			add_q(&bytes, w.text);
		last = w;
		words++;
		from = p += w.n;
	}
	flush_bytes(a, &out, &bytes, last.charset);
	add_plain(a, &out, from, strlen(from));
	copy = arena_text_n(a, buf_text(&out), out.n);
	buf_free(&out);
	buf_free(&bytes);
	return copy;
}
