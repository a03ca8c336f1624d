/*
 * How a text file is encoded, and its bytes as a stream of UTF-8. Memory is
 * the same whatever the size of the file.
 */
#ifndef PLACET_TABLE_CHARSET_H
#define PLACET_TABLE_CHARSET_H

#include "base/err.h"

enum charset { CHARSET_UTF_8, CHARSET_UTF_16LE, CHARSET_UTF_16BE, CHARSET_WINDOWS_1252 };

struct charset_found {
	enum charset charset;
	bool guessed; /* there is no mark, and the whole is no UTF-8 */
	size_t mark;  /* bytes of the byte order mark, in front of the text */
};

/*
 * A mark decides; then the pattern of NULs that UTF-16 makes; then whether the whole file is UTF-8. If it is not, it
 * is UTF-8 with a few damaged rows when more characters are whole than broken, and else Windows-1252. Reads the file
 * once, by pread, up to `record_max` bytes without a line end or a NUL, where no reader of rows gets further.
 */
int charset_find(int fd, size_t record_max, struct charset_found *out, struct err *e) MUST_USE;
const char *charset_name(enum charset charset);

#define DECODER_RAW (64 * 1024)
#define DECODER_ROOM 8 /* the least that decoder_read must be given */

struct decoder {
	int fd;
	enum charset charset;
	size_t chunk;   /* bytes read from the file at once, at most DECODER_RAW */
	bool ended;
	uint16_t high;  /* of UTF-16: the first half of a pair, whose second is yet to come */
	size_t at, n;   /* what of raw is yet to be decoded */
	unsigned char raw[DECODER_RAW];
};

/* Begins behind the mark. `fd` stays the caller's. */
int decoder_init(struct decoder *d, int fd, const struct charset_found *found, size_t chunk, struct err *e) MUST_USE;
/*
 * Writes at most `room` bytes of UTF-8; returns how many, 0 at the end, -1 when the file cannot be read. What is no
 * character in the charset comes out as a byte that is not UTF-8; a text in UTF-8 comes out as it is.
 */
ssize_t decoder_read(struct decoder *d, char *out, size_t room, struct err *e) MUST_USE;

#endif
