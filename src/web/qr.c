/* QR codes: see qr.h. Each run of dark modules in a row becomes one rectangle of a single path. */
#include "web/qr.h"

#include <qrencode.h>

#define QUIET 4
#define SVG_MAX (256 * 1024)

static void write_row(struct buf *b, const unsigned char *row, int width, int y)
{
	for (int x = 0, n; x < width; x += n) {
		bool dark = row[x] & 1;

		for (n = 1; x + n < width && (row[x + n] & 1) == (row[x] & 1); n++)
			;
		if (dark)
			buf_addf(b, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, n, n);
	}
}

static void write_svg(struct buf *b, const QRcode *code)
{
	int side = code->width + 2 * QUIET;

	buf_addf(b,
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		 "shape-rendering=\"crispEdges\"><rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><path fill=\"#000\" d=\"",
		 side, side, side * 8, side * 8, side, side);
	for (int y = 0; y < code->width; y++)
		write_row(b, code->data + y * code->width, code->width, y);
	buf_adds(b, "\"/></svg>\n");
}

int qr_svg(struct arena *a, const char *text, struct html *out, struct err *e)
{
	QRcode *code = strlen(text) <= QR_TEXT_MAX ? QRcode_encodeString8bit(text, 0, QR_ECLEVEL_Q) : NULL;
	struct buf b;

	if (!code)
		return err_set(e, ERR_INPUT, "\"%.60s\" is too long for a QR code", text);
	buf_init(&b, SVG_MAX);
	write_svg(&b, code);
	QRcode_free(code);
	MUST(!b.over);
	*out = (struct html){ arena_text_n(a, b.p, b.n), b.n };
	buf_free(&b);
	return 0;
}
