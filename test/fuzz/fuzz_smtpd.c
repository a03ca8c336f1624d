/*
 * A client that says arbitrary bytes: what the server hands on is CRLF lines
 * without NUL, of bounded length, and every reply is one line with a code.
 */
#include "receive/smtpd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *rcpt(void *ctx, const char *to)
{
	(void)ctx;
	for (; *to; to++)
		MUST((unsigned char)*to >= 0x20 && *to != 0x7f);
	return NULL;
}

static void message(void *ctx, const struct smtpd_mail *m, struct buf *reply)
{
	const char *p = m->data, *end = m->data + m->n, *lf;

	(void)ctx;
	MUST(m->to_n > 0 && *m->helo && !memchr(m->data, '\0', m->n));
	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		MUST(lf && lf > p && lf[-1] == '\r' && lf - p < 1000);
		MUST(!memchr(p, '\r', (size_t)(lf - p - 1)));
	}
	buf_adds(reply, "250 ok");
}

static void check_replies(const struct buf *b)
{
	const char *p = buf_text(b), *end = p + b->n;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		if (!lf) {
			MUST(b->over);
			return;
		}
		MUST(lf - p >= 5 && lf[-1] == '\r' && p[0] >= '2' && p[0] <= '5' && (p[3] == ' ' || p[3] == '-'));
		p = lf + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char EHLO[] = "EHLO a\r\n";
	static const char ENVELOPE[] = "MAIL FROM:<a@b> BODY=8BITMIME\r\nRCPT TO:<a@b>\r\nDATA\r\n";
	struct smtpd_ops ops = { .rcpt = rcpt, .message = message };
	struct smtpd *s;
	size_t piece;

	if (size < 1)
		return 0;
	s = smtpd_new("mx", &ops, NULL);
	piece = (size_t)(data[0] >> 2) + 1;
	if (data[0] & 1)
		smtpd_input(s, EHLO, sizeof(EHLO) - 1);
	if (data[0] & 2)
		smtpd_input(s, ENVELOPE, sizeof(ENVELOPE) - 1);
	for (size_t at = 1; at < size; at += piece)
		smtpd_input(s, (const char *)data + at, size - at < piece ? size - at : piece);
	check_replies(smtpd_output(s));
	smtpd_free(s);
	return 0;
}
