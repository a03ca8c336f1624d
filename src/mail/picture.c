/*
 * Reading the frame of an image file: see picture.h. Each kind is walked from
 * its first byte to its last, so that a file cannot be an image in front and
 * something else behind.
 */
#include "mail/picture.h"

#include "base/base.h"

struct cursor {
	const uint8_t *p, *end;
};

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static uint32_t big(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

static uint32_t little(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8);
}

static bool starts_with(const struct cursor *c, const char *magic, size_t n)
{
	return left(c) >= n && memcmp(c->p, magic, n) == 0;
}

/* --- PNG: chunks of length, name, data, checksum --- */

static bool read_png(struct cursor c, struct picture *out, bool *moves)
{
	bool first = true;

	c.p += 8;
	while (left(&c) >= 12) {
		uint32_t n = big(c.p, 4);
		const uint8_t *name = c.p + 4;

		if (n > left(&c) - 12)
			return false;
		if (first != (memcmp(name, "IHDR", 4) == 0) || (first && n < 8))
			return false;
		if (first) {
			out->width = (int)(big(c.p + 8, 4) & 0x7fffffff);
			out->height = (int)(big(c.p + 12, 4) & 0x7fffffff);
		}
		first = false;
		*moves = *moves || memcmp(name, "acTL", 4) == 0;
		c.p += n + 12;
		if (memcmp(name, "IEND", 4) == 0)
			return left(&c) == 0;
	}
	return false;
}

/* --- JPEG: segments, then data until the marker of the end --- */

static bool is_frame(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Entropy-coded data: until a marker that is neither stuffed nor a restart. */
static void skip_data(struct cursor *c)
{
	while (left(c) >= 2 && !(c->p[0] == 0xff && c->p[1] != 0 && !(c->p[1] >= 0xd0 && c->p[1] <= 0xd7)))
		c->p++;
}

static bool read_jpeg(struct cursor c, struct picture *out)
{
	bool frame = false;

	c.p += 2;
	while (left(&c) >= 2 && c.p[0] == 0xff) {
		uint8_t marker = c.p[1];
		uint32_t n;

		if (marker == 0xff) { /* padding */
			c.p++;
			continue;
		}
		c.p += 2;
		if (marker == 0xd9)
			return frame && left(&c) == 0;
		if (left(&c) < 2 || (n = big(c.p, 2)) < 2 || n > left(&c))
			return false;
		if (is_frame(marker) && n >= 7) {
			frame = true;
			out->height = (int)big(c.p + 3, 2);
			out->width = (int)big(c.p + 5, 2);
		}
		c.p += n;
		if (marker == 0xda)
			skip_data(&c);
	}
	return false;
}

/* --- GIF: blocks of sub-blocks, until ";" --- */

static bool skip_sub_blocks(struct cursor *c)
{
	while (left(c) >= 1 && c->p[0]) {
		if (left(c) < (size_t)c->p[0] + 1)
			return false;
		c->p += (size_t)c->p[0] + 1;
	}
	if (!left(c))
		return false;
	c->p++;
	return true;
}

static size_t table_size(uint8_t flags)
{
	return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

static bool skip_gif_image(struct cursor *c)
{
	size_t n;

	if (left(c) < 10)
		return false;
	n = 10 + table_size(c->p[9]) + 1;
	if (left(c) < n)
		return false;
	c->p += n;
	return skip_sub_blocks(c);
}

static bool read_gif(struct cursor c, struct picture *out, bool *moves)
{
	int images = 0;
	size_t head = 13 + (left(&c) > 10 ? table_size(c.p[10]) : 0);

	if (left(&c) < head)
		return false;
	out->width = (int)little(c.p + 6);
	out->height = (int)little(c.p + 8);
	for (c.p += head; left(&c);) {
		uint8_t kind = c.p[0];

		if (kind == ';')
			return images && left(&c) == 1;
		if (kind == '!' && left(&c) >= 2)
			c.p += 2;
		if (kind != '!' && kind != ',')
			return false;
		images += kind == ',';
		*moves = images > 1;
		if (kind == ',' ? !skip_gif_image(&c) : !skip_sub_blocks(&c))
			return false;
	}
	return false;
}

int picture_read(struct slice bytes, struct picture *out, struct err *e)
{
	struct cursor c = { (const uint8_t *)bytes.p, (const uint8_t *)bytes.p + bytes.n };
	bool good, moves = false;

	*out = (struct picture){ 0 };
	if (starts_with(&c, "\x89PNG\r\n\x1a\n", 8)) {
		out->type = "image/png";
		good = read_png(c, out, &moves);
	} else if (starts_with(&c, "\xff\xd8\xff", 3)) {
		out->type = "image/jpeg";
		good = read_jpeg(c, out);
	} else if (starts_with(&c, "GIF87a", 6) || starts_with(&c, "GIF89a", 6)) {
		out->type = "image/gif";
		good = read_gif(c, out, &moves);
	} else {
		return err_set(e, ERR_INPUT, "it is no PNG, JPEG or GIF; save it as one of these");
	}
	if (!good || out->width <= 0 || out->height <= 0)
		return err_set(e, ERR_INPUT, "the %s is damaged, or there is something behind its end; save it anew", out->type + 6);
	return moves ? err_set(e, ERR_INPUT, "the %s moves; save one picture of it", out->type + 6) : 0;
}
