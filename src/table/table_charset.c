/*
 * Charsets of text files: see table_charset.h. What is no character is handed
 * on as the byte 0xFF, which UTF-8 never has: so damage is found in one place,
 * where rows are checked, and costs that row alone.
 */
#include "table/table_charset.h"

#include "base/utf8.h"

#include <errno.h>
#include <unistd.h>

#define NO_CHARACTER '\xff'
#define HEAD 4096

const char *charset_name(enum charset charset)
{
	static const char *const NAMES[] = { "UTF-8", "UTF-16LE", "UTF-16BE", "Windows-1252" };

	return NAMES[charset];
}

/* --- finding out ------------------------------------------------------------------------------- */

static bool find_mark(const unsigned char *p, size_t n, struct charset_found *out)
{
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		*out = (struct charset_found){ CHARSET_UTF_8, false, 3 };
	else if (n >= 2 && memcmp(p, "\xff\xfe", 2) == 0)
		*out = (struct charset_found){ CHARSET_UTF_16LE, false, 2 };
	else if (n >= 2 && memcmp(p, "\xfe\xff", 2) == 0)
		*out = (struct charset_found){ CHARSET_UTF_16BE, false, 2 };
	else
		return false;
	return true;
}

/* Addresses, delimiters and line ends have a NUL for their high byte, in any script; a low byte is one now and then. */
static bool find_utf16(const unsigned char *p, size_t n, struct charset_found *out)
{
	size_t nul[2] = { 0 }, units = n / 2;

	for (size_t i = 0; i < units * 2; i++)
		nul[i & 1] += p[i] == 0;
	for (int high = 0; high < 2; high++) {
		if (nul[high] >= 2 && nul[high] >= units / 3 && nul[high] >= 4 * nul[!high]) {
			*out = (struct charset_found){ high ? CHARSET_UTF_16LE : CHARSET_UTF_16BE, true, 0 };
			return true;
		}
	}
	return false;
}

struct tally {
	size_t whole, broken;  /* characters beyond ASCII */
	size_t run;            /* bytes since the last line end */
};

/* True if these eight bytes are ASCII. */
static bool ascii8(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return (word & 0x8080808080808080) == 0;
}

/* Returns how many bytes were judged: a character may continue in the next block. */
static size_t tally_block(struct tally *t, const unsigned char *p, size_t n, bool last)
{
	size_t i = 0, len;

	while (i < n) {
		if (n - i >= 8 && ascii8(p + i)) {
			i += 8;
		} else if (p[i] < 0x80) {
			i++;
		} else if (n - i < 4 && !last) {
			break;
		} else {
			utf8_char((const char *)p + i, n - i, &len);
			*(len > 1 ? &t->whole : &t->broken) += 1;
			i += len;
		}
	}
	return i;
}

/* False when no reader of rows gets beyond this block, so that what follows does not matter. */
static bool goes_on(struct tally *t, const unsigned char *p, size_t n, size_t record_max)
{
	const unsigned char *end = memchr(p, '\n', n);

	if (!end)
		end = memchr(p, '\r', n);
	t->run = end ? 0 : t->run + n;
	return t->run <= record_max && !memchr(p, '\0', n);
}

static int tally_file(int fd, size_t record_max, struct tally *t, struct err *e)
{
	unsigned char block[DECODER_RAW];
	off_t at = 0;
	ssize_t got;

	while ((got = pread(fd, block, sizeof(block), at)) > 0) {
		at += (off_t)tally_block(t, block, (size_t)got, got < 4);
		if (!goes_on(t, block, (size_t)got, record_max))
			break;
	}
	return got < 0 ? err_sys(e, ERR_AGAIN, errno, "cannot be read") : 0;
}

int charset_find(int fd, size_t record_max, struct charset_found *out, struct err *e)
{
	struct tally t = { 0 };
	unsigned char head[HEAD];
	ssize_t got = pread(fd, head, sizeof(head), 0);

	if (got < 0)
		return err_sys(e, ERR_AGAIN, errno, "cannot be read");
	if (find_mark(head, (size_t)got, out) || find_utf16(head, (size_t)got, out))
		return 0;
	if (tally_file(fd, record_max, &t, e) < 0)
		return -1;
	*out = (struct charset_found){ t.whole >= t.broken ? CHARSET_UTF_8 : CHARSET_WINDOWS_1252, t.broken > 0, 0 };
	return 0;
}

/* --- decoding ---------------------------------------------------------------------------------- */

int decoder_init(struct decoder *d, int fd, const struct charset_found *found, size_t chunk, struct err *e)
{
	MUST(chunk > 0 && chunk <= DECODER_RAW);
	d->fd = fd;
	d->charset = found->charset;
	d->chunk = chunk;
	d->ended = false;
	d->high = 0;
	d->at = d->n = 0;
	if (lseek(fd, (off_t)found->mark, SEEK_SET) < 0)
		return err_sys(e, ERR_AGAIN, errno, "cannot be read");
	return 0;
}

/* Of 0x80 to 0x9F; 0 for the five bytes that mean nothing. */
static const uint16_t WINDOWS_1252[32] = {
	0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
	0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
};

static size_t decode_1252(struct decoder *d, char *out, size_t room)
{
	size_t n = 0;

	while (d->at < d->n && room - n >= DECODER_ROOM) {
		unsigned char byte = d->raw[d->at++];
		uint32_t c = byte < 0x80 || byte >= 0xA0 ? byte : WINDOWS_1252[byte - 0x80];

		if (c < 0x80 && (c || !byte))
			out[n++] = (char)c;
		else if (c)
			n += utf8_put(c, out + n);
		else
			out[n++] = NO_CHARACTER;
	}
	return n;
}

/* One unit of UTF-16. */
static size_t put_unit(struct decoder *d, uint16_t unit, char *out)
{
	bool is_high = (unit & 0xFC00) == 0xD800, is_low = (unit & 0xFC00) == 0xDC00;
	size_t n = 0;

	if (d->high && is_low) {
		n = utf8_put(0x10000 + ((uint32_t)(d->high & 0x3FF) << 10) + (unit & 0x3FF), out);
		d->high = 0;
		return n;
	}
	if (d->high)
		out[n++] = NO_CHARACTER;
	d->high = is_high ? unit : 0;
	if (is_low)
		out[n++] = NO_CHARACTER;
	else if (unit < 0x80)
		out[n++] = (char)unit;
	else if (!is_high)
		n += utf8_put(unit, out + n);
	return n;
}

static size_t decode_16(struct decoder *d, char *out, size_t room)
{
	bool little = d->charset == CHARSET_UTF_16LE;
	size_t n = 0;

	while (d->n - d->at >= 2 && room - n >= DECODER_ROOM) {
		const unsigned char *p = d->raw + d->at;

		n += put_unit(d, (uint16_t)(little ? p[0] | p[1] << 8 : p[0] << 8 | p[1]), out + n);
		d->at += 2;
	}
	/* Half a unit, or half a pair, at the very end. */
	if (d->ended && d->n - d->at < 2 && room - n >= DECODER_ROOM && (d->n > d->at || d->high)) {
		out[n++] = NO_CHARACTER;
		d->at = d->n;
		d->high = 0;
	}
	return n;
}

/* Reads on behind what is left in raw. */
static int refill(struct decoder *d, struct err *e)
{
	size_t left = d->n - d->at, room = DECODER_RAW - left;
	ssize_t got;

	memmove(d->raw, d->raw + d->at, left);
	d->at = 0;
	d->n = left;
	got = read(d->fd, d->raw + left, d->chunk < room ? d->chunk : room);
	if (got < 0)
		return err_sys(e, ERR_AGAIN, errno, "cannot be read to its end");
	d->ended = got == 0;
	d->n += (size_t)got;
	return 0;
}

ssize_t decoder_read(struct decoder *d, char *out, size_t room, struct err *e)
{
	size_t n = 0;
	ssize_t got;

	MUST(room >= DECODER_ROOM);
	if (d->charset == CHARSET_UTF_8) {
		got = read(d->fd, out, d->chunk < DECODER_RAW && d->chunk < room ? d->chunk : room);
		return got < 0 ? err_sys(e, ERR_AGAIN, errno, "cannot be read to its end") : got;
	}
	for (;;) {
		n = d->charset == CHARSET_WINDOWS_1252 ? decode_1252(d, out, room) : decode_16(d, out, room);
		if (n || d->ended)
			return (ssize_t)n;
		if (refill(d, e) < 0)
			return -1;
	}
}
