/* The frame around the two parts of a message: see parts.h. */
#include "compose/parts.h"

#include "base/codec.h"
#include "mail/token.h"

void parts_boundary(int64_t number, const struct buf *text, const struct buf *html, char out[BOUNDARY_SIZE])
{
	uint8_t digest[3][32];
	struct buf hex;

	sha256(buf_text(text), text->n, digest[0]);
	sha256(buf_text(html), html->n, digest[1]);
	memset(digest[2], 0, sizeof(digest[2]));
	memcpy(digest[2], &number, sizeof(number));
	sha256(digest, sizeof(digest), digest[0]);
	buf_init(&hex, 64);
	hex_encode(&hex, digest[0], 16);
	snprintf(out, BOUNDARY_SIZE, "=_%s", buf_text(&hex));
	buf_free(&hex);
}

void part_open(struct buf *out, const char *boundary, const char *type)
{
	buf_addf(out,
		 "--%s\r\nContent-Type: text/%s; charset=utf-8\r\n"
		 "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		 boundary, type);
}
