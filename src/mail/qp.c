/*
 * Quoted-printable, whole and in pieces: see header.h. The one idea: every
 * output line is built from units that cannot be cut (a literal byte, an
 * escape, or the escapes of one UTF-8 character), and a unit that does not fit
 * goes behind a soft break. What a unit looks like depends only on the column
 * and on whether a line break follows (FMT-8).
 */
#include "mail/header.h"

#include "base/utf8.h"

#define LINE_MAX_QP 76

struct qp {
	struct buf *out;
	const char *p, *end;
	bool hard_end; /* a line break follows behind `end` */
	size_t col;
	char line[LINE_MAX_QP + 8];
};

static bool is_literal(unsigned char c)
{
	return (c >= 33 && c <= 126 && c != '=') || c == ' ' || c == '\t';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Length of the line break at s: 2, 1, or 0 when there is none. */
static size_t break_at(const struct qp *q, const char *s)
{
	if (s < q->end && *s == '\n')
		return 1;
	return q->end - s >= 2 && s[0] == '\r' && s[1] == '\n' ? 2 : 0;
}

static bool line_ends_at(const struct qp *q, const char *s)
{
	return s == q->end ? q->hard_end : break_at(q, s) > 0;
}

static void flush(struct qp *q, const char *how)
{
	buf_add(q->out, q->line, q->col);
	buf_adds(q->out, how);
	q->col = 0;
}

static void put_escape(struct qp *q, unsigned char c)
{
	static const char HEX[] = "0123456789ABCDEF";

	q->line[q->col++] = '=';
	q->line[q->col++] = HEX[c >> 4];
	q->line[q->col++] = HEX[c & 15];
}

/* "." and "From " may not begin a line: dot-stuffing, mbox (FMT-8). */
static bool is_guarded(const struct qp *q)
{
	return q->col == 0 && (*q->p == '.' || (q->end - q->p >= 5 && memcmp(q->p, "From ", 5) == 0));
}

/* Copies the literals that fit on this line; a blank that would end a line stays for put_unit. */
static void put_literals(struct qp *q)
{
	const char *s = q->p;
	size_t room = LINE_MAX_QP - 1 - q->col, n = 0;

	if (is_guarded(q))
		return;
	while (n < room && s + n < q->end && is_literal((unsigned char)s[n]))
		n++;
	if (n && is_blank(s[n - 1]) && line_ends_at(q, s + n))
		n--;
	memcpy(q->line + q->col, s, n);
	q->col += n;
	q->p += n;
}

/* One character that needs an escape, or the last literal of a full line. */
static void put_unit(struct qp *q)
{
	size_t len, left = (size_t)(q->end - q->p), width;
	bool literal = is_literal((unsigned char)*q->p);
	size_t limit;

	utf8_char(q->p, left, &len);
	if (literal && is_blank(*q->p) && line_ends_at(q, q->p + 1))
		literal = false;
	width = literal ? 1 : 3 * len;
	limit = line_ends_at(q, q->p + len) ? LINE_MAX_QP : LINE_MAX_QP - 1;
	if (q->col + width > limit)
		flush(q, "=\r\n");
	if (literal && !is_guarded(q))
		q->line[q->col++] = *q->p++;
	else
		for (size_t i = 0; i < len; i++)
			put_escape(q, (unsigned char)*q->p++);
}

void qp_encode_piece(struct buf *b, const char *p, size_t n, bool last_before_break)
{
	struct qp q = { .out = b, .p = p, .end = p + n, .hard_end = last_before_break };

	if (n == 0)
		return;
	while (q.p < q.end) {
		size_t br = break_at(&q, q.p);

		if (br) {
			flush(&q, "\r\n");
			q.p += br;
			continue;
		}
		put_literals(&q);
		if (q.p < q.end && !break_at(&q, q.p))
			put_unit(&q);
	}
	if (q.col > 0)
		flush(&q, last_before_break ? "" : "=\r\n");
}

void qp_encode(struct buf *b, const char *p, size_t n)
{
	qp_encode_piece(b, p, n, true);
}
