/*
 * Header lines: see header.h. Every value is judged first (FMT-3), then
 * written through one small folding writer, which puts a line break only in
 * front of blanks that the value itself holds, so that unfolding gives back
 * exactly what was meant. A failed call leaves the buffer as it was.
 */
#include "mail/header.h"

#include "base/codec.h"
#include "base/utf8.h"

#define COL_WISH 78  /* FMT-1: lines we make */
#define COL_MAX 998  /* FMT-1: the hard limit */
#define ENCODED_COL 76 /* FMT-4: a line that holds an encoded-word */
#define ENCODED_MAX 75 /* FMT-4: an encoded-word */
#define VALUE_MAX 10000 /* longer than any header value has reason to be */

struct fold {
	struct buf *b;
	size_t start; /* where the header began: a failed call cuts back to here */
	size_t line;  /* b->n at the start of the current line */
	bool fits;    /* no line passed COL_MAX */
};

/* --- judging -------------------------------------------------------------- */

static int judge_name(const char *name, struct err *e)
{
	const char *s = name;

	while ((*s >= 33 && *s <= 57) || (*s >= 59 && *s <= 126))
		s++;
	if (*s || s == name || s - name > 40)
		return err_set(e, ERR_INPUT, "\"%s\" cannot be the name of a header: use letters, digits and hyphens", name);
	return 0;
}

static int judge_char(const char *name, uint32_t before, uint32_t c, uint32_t after, struct err *e)
{
	if (c == '\r' || c == '\n' || c == 0x2028 || c == 0x2029)
		return err_set(e, ERR_INPUT, "%s holds a line break: write it on one line", name);
	if (utf8_is_control(c))
		return err_set(e, ERR_INPUT, "%s holds the control character U+%04X: remove it", name, c);
	if (utf8_is_invisible(c) && !utf8_joins(before, c, after))
		return err_set(e, ERR_INPUT, "%s holds the invisible character U+%04X: remove it", name, c);
	return 0;
}

/* Letters, digits, signs and spaces of ASCII alone, of which nothing has to be asked? Most values are. */
static bool is_printable_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

/* FMT-3, FMT-6: refuses rather than repairs. */
static int judge_value(const char *name, const char *value, struct err *e)
{
	size_t n = strlen(value), len;
	uint32_t before = 0;

	if (n > VALUE_MAX)
		return err_set(e, ERR_INPUT, "%s is %zu octets long: shorten it to %d", name, n, VALUE_MAX);
	if (is_printable_ascii(value, n))
		return 0;
	if (!utf8_valid(value, n))
		return err_set(e, ERR_INPUT, "%s is not valid UTF-8: save the text as UTF-8", name);
	for (size_t i = 0; i < n; i += len) {
		uint32_t c = utf8_char(value + i, n - i, &len), after = 0;
		size_t skip;

		if (i + len < n)
			after = utf8_char(value + i + len, n - i - len, &skip);
		if (judge_char(name, before, c, after, e) < 0)
			return -1;
		before = c;
	}
	return 0;
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* --- writing -------------------------------------------------------------- */

static struct fold fold_begin(struct buf *b, const char *name)
{
	struct fold f = { .b = b, .start = b->n, .line = b->n, .fits = true };

	buf_addf(b, "%s:", name);
	return f;
}

static void fold_break(struct fold *f)
{
	if (f->b->n - f->line > COL_MAX)
		f->fits = false;
	buf_adds(f->b, "\r\n");
	f->line = f->b->n;
}

/* A word and the blanks before it (n_blanks > 0), on the next line if it would pass column `wish`. */
static void fold_word(struct fold *f, const char *p, size_t n_blanks, size_t n, size_t wish)
{
	if (f->b->n - f->line + n_blanks + n > wish && f->b->n > f->line)
		fold_break(f);
	buf_add(f->b, p, n_blanks + n);
}

static int fold_end(struct fold *f, const char *name, struct err *e)
{
	fold_break(f);
	if (f->fits || f->b->over)
		return 0;
	buf_cut(f->b, f->start);
	return err_set(e, ERR_INPUT, "%s holds a word of more than %d characters: shorten it", name, COL_MAX - 80);
}

/* Words as they stand. Blanks at both ends go; the first word follows the colon on its line if it can. */
static void fold_text(struct fold *f, const char *text)
{
	const char *s = text + strspn(text, " ");

	if (*s)
		buf_addc(f->b, ' ');
	for (bool first = true; *s; first = false) {
		size_t blanks = strspn(s, " "), n = strcspn(s + blanks, " ");

		if (n == 0)
			return;
		if (first)
			buf_add(f->b, s, n);
		else
			fold_word(f, s, blanks, n, COL_WISH);
		s += blanks + n;
	}
}

/* --- RFC 2047 ------------------------------------------------------------- */

/* The Q alphabet that is also allowed in a phrase: one for both uses (FMT-4). */
static bool q_literal(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("!*+-/", c));
}

static size_t q_width(const char *p, size_t n)
{
	size_t w = 0;

	for (size_t i = 0; i < n; i++)
		w += q_literal((unsigned char)p[i]) || p[i] == ' ' ? 1 : 3;
	return w;
}

static size_t b_width(size_t n)
{
	return (n + 2) / 3 * 4;
}

static void q_add(struct buf *b, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == ' ')
			buf_addc(b, '_');
		else if (q_literal((unsigned char)p[i]))
			buf_addc(b, p[i]);
		else
			buf_addf(b, "=%02X", (unsigned char)p[i]);
	}
}

/* How many bytes of p, in whole characters, fit into `room` columns of payload. */
static size_t word_take(const char *p, size_t n, bool q, size_t room)
{
	size_t take = 0, width = 0, len;

	while (take < n) {
		utf8_char(p + take, n - take, &len);
		width = q ? width + q_width(p + take, len) : b_width(take + len);
		if (width > room)
			break;
		take += len;
	}
	return take;
}

/* The text as encoded-words; blanks between them vanish on decoding, so each carries its own (FMT-4). */
static void fold_encoded(struct fold *f, const char *text)
{
	size_t n = strlen(text), frame = strlen("=?UTF-8?Q?" "?=");
	bool q = q_width(text, n) <= b_width(n);

	while (n) {
		size_t col = f->b->n - f->line + 1, room, take;

		room = col + frame < ENCODED_COL ? ENCODED_COL - col - frame : 0;
		if (room > ENCODED_MAX - frame)
			room = ENCODED_MAX - frame;
		take = word_take(text, n, q, room);
		if (take == 0 || (take < n && take < 4 && col > 1)) {
			fold_break(f);
			continue;
		}
		buf_addf(f->b, " =?UTF-8?%c?", q ? 'Q' : 'B');
		if (q)
			q_add(f->b, text, take);
		else
			base64_encode(f->b, text, take);
		buf_adds(f->b, "?=");
		text += take;
		n -= take;
	}
}

/* Text that would not come back as it was when written plainly, or has a word too long for a line. */
static bool needs_encoding(const char *name, const char *text)
{
	size_t n = strlen(text), longest = COL_WISH - strlen(name) - strlen(": \"\"");

	if (!is_ascii(text) || strstr(text, "=?"))
		return true;
	if (n && (text[0] == ' ' || text[n - 1] == ' '))
		return true;
	for (const char *s = text; *s; s += strspn(s, " ")) { /* blanks in a row may be made one on the way */
		size_t word = strcspn(s, " ");

		if (word > longest || strspn(s + word, " ") > 1)
			return true;
		s += word;
	}
	return false;
}

/* --- what the header promises --------------------------------------------- */

int header_add(struct buf *b, const char *name, const char *value, struct err *e)
{
	struct fold f;

	if (judge_name(name, e) < 0 || judge_value(name, value, e) < 0)
		return -1;
	if (!is_ascii(value))
		return err_set(e, ERR_INPUT, "%s takes ASCII only: remove the other characters", name);
	f = fold_begin(b, name);
	fold_text(&f, value);
	return fold_end(&f, name, e);
}

int header_add_text(struct buf *b, const char *name, const char *text, struct err *e)
{
	struct fold f;

	if (judge_name(name, e) < 0 || judge_value(name, text, e) < 0)
		return -1;
	f = fold_begin(b, name);
	if (needs_encoding(name, text))
		fold_encoded(&f, text);
	else
		fold_text(&f, text);
	return fold_end(&f, name, e);
}

bool header_text_is_fit(const char *text)
{
	struct err e;

	return judge_value("text", text, &e) == 0;
}

/* The last fence before the wire; address_parse says what is wrong in a friendlier way. */
static int judge_mailbox(const char *name, const char *address, struct err *e)
{
	const char *at = strrchr(address, '@');

	if (judge_value(name, address, e) < 0)
		return -1;
	if (!at || at == address || !at[1] || strlen(address) > 254 || strpbrk(address, " <>()[]\\\",;:") ||
	    strchr(address, '@') != at)
		return err_set(e, ERR_INPUT, "%s: \"%s\" is not an address: write it as name@host.example", name, address);
	if (!is_ascii(at))
		return err_set(e, ERR_INPUT, "%s: the domain of \"%s\" is not in its ASCII form (xn--...)", name, address);
	return 0;
}

/* A quoted-string, folded between its words. */
static void fold_quoted(struct fold *f, const char *display)
{
	struct buf quoted;

	buf_init(&quoted, 2 * VALUE_MAX + 2);
	buf_addc(&quoted, '"');
	for (; *display; display++) {
		if (*display == '"' || *display == '\\')
			buf_addc(&quoted, '\\');
		buf_addc(&quoted, *display);
	}
	buf_addc(&quoted, '"');
	fold_text(f, buf_text(&quoted));
	buf_free(&quoted);
}

int header_add_mailbox(struct buf *b, const char *name, const char *display, const char *address, struct err *e)
{
	struct fold f;
	char angle[260];
	bool encode;

	if (judge_name(name, e) < 0 || judge_mailbox(name, address, e) < 0 ||
	    (display && judge_value(name, display, e) < 0))
		return -1;
	f = fold_begin(b, name);
	if (!display || !*display) {
		fold_text(&f, address);
		return fold_end(&f, name, e);
	}
	encode = needs_encoding(name, display);
	if (encode)
		fold_encoded(&f, display);
	else
		fold_quoted(&f, display);
	snprintf(angle, sizeof(angle), " <%s>", address);
	fold_word(&f, angle, 1, strlen(angle) - 1, encode ? ENCODED_COL : COL_WISH);
	return fold_end(&f, name, e);
}
