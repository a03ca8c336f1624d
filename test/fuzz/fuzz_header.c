/*
 * Header lines and quoted-printable from arbitrary text: whatever goes in, what
 * comes out has no line that is too long, no line break that we did not make,
 * and nothing but ASCII (an address with a non-ASCII local part aside).
 */
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(const struct buf *b, size_t longest, bool folded)
{
	const char *p = buf_text(b), *end = p + b->n;

	while (p < end) {
		const char *cr = memmem(p, (size_t)(end - p), "\r\n", 2), *stop = cr ? cr : end;

		MUST((size_t)(stop - p) <= longest);
		MUST(!memchr(p, '\n', (size_t)(stop - p)) && !memchr(p, '\r', (size_t)(stop - p)));
		MUST(!folded || p == b->p || *p == ' ');
		p = cr ? cr + 2 : end;
	}
}

static void check_ascii(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		MUST((unsigned char)b->p[i] < 0x80);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_alloc(size + 1);
	struct err e = { 0 };
	struct buf b;

	memcpy(text, data, size);
	text[size] = '\0';
	buf_init(&b, 10 * 1024 * 1024);
	if (header_add(&b, "X-A", text, &e) == 0)
		check_ascii(&b);
	check_lines(&b, 998, true);
	buf_clear(&b);
	if (header_add_text(&b, "Subject", text, &e) == 0)
		check_lines(&b, 78, true);
	check_ascii(&b);
	buf_clear(&b);
	if (header_add_mailbox(&b, "To", text, "a@b.example", &e) == 0)
		check_lines(&b, 998, true);
	buf_clear(&b);
	if (header_add_mailbox(&b, "To", NULL, text, &e) == 0)
		check_lines(&b, 998, true);
	buf_clear(&b);
	qp_encode(&b, text, size);
	check_lines(&b, 76, false);
	check_ascii(&b);
	buf_free(&b);
	free(text);
	return 0;
}
