/*
 * Bytes as text: see codec.h. Base64, base64url and base32 are one idea: the
 * bytes are a stream of bits, cut into groups of 6 or 5, each group named by
 * a letter of an alphabet. Decoding accepts one text for each value only: no
 * spaces, no missing or extra padding, no set bits after the last byte
 * (TOK-1), so that a token cannot be written in two ways.
 */
#include "base/codec.h"

struct alphabet {
	const char *letters;
	unsigned bits; /* of one letter */
	size_t group;  /* the text is padded with '=' to a multiple of this; 1: no padding */
	bool any_case;
};

static const struct alphabet BASE64 = { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6, 4,
					false };
static const struct alphabet BASE64URL = { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6, 1,
					   false };
static const struct alphabet BASE32 = { "abcdefghijklmnopqrstuvwxyz234567", 5, 1, true };
static const char CROCKFORD[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char HEX[] = "0123456789abcdef";

/* Three bytes are four letters of 6 bits: what is whole of that, at once. Returns how many bytes it took. */
static size_t encode_threes(const char *letters, char *to, const unsigned char *p, size_t n)
{
	size_t i = 0;

	for (; n - i >= 3; i += 3) {
		uint32_t held = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];

		*to++ = letters[held >> 18];
		*to++ = letters[held >> 12 & 63];
		*to++ = letters[held >> 6 & 63];
		*to++ = letters[held & 63];
	}
	return i;
}

/* All of it or nothing: then the buffer is over. */
static void encode(const struct alphabet *al, struct buf *b, const unsigned char *p, size_t n)
{
	size_t whole = (n * 8 + al->bits - 1) / al->bits, letters = (whole + al->group - 1) / al->group * al->group;
	char *to = buf_room(b, letters), *end;
	uint32_t held = 0, mask = (1u << al->bits) - 1;
	unsigned bits = 0; /* of `held` that are not written yet */
	size_t done;

	if (!to)
		return;
	end = to + letters;
	done = al->bits == 6 ? encode_threes(al->letters, to, p, n) : 0;
	to += done / 3 * 4;
	for (size_t i = done; i < n; i++) {
		held = held << 8 | p[i];
		for (bits += 8; bits >= al->bits;) {
			bits -= al->bits;
			*to++ = al->letters[held >> bits & mask];
		}
	}
	if (bits)
		*to++ = al->letters[held << (al->bits - bits) & mask];
	while (to < end)
		*to++ = '=';
	buf_used(b, letters);
}

/* The place of c in the alphabet, or -1. */
static int letter_value(const struct alphabet *al, char c)
{
	const char *at;

	if (al->any_case && c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	at = c ? strchr(al->letters, c) : NULL;
	return at ? (int)(at - al->letters) : -1;
}

/* The length without padding, or -1 if the padding is not what the length asks for. */
static ssize_t strip_padding(const struct alphabet *al, const char *s, size_t n)
{
	size_t pad = 0;

	if (n % al->group)
		return -1;
	while (al->group > 1 && pad < n && pad < 2 && s[n - 1 - pad] == '=')
		pad++;
	return (ssize_t)(n - pad);
}

static ssize_t decode(const struct alphabet *al, void *out, size_t max, const char *s, size_t n)
{
	unsigned char *to = out;
	ssize_t letters = strip_padding(al, s, n);
	uint32_t held = 0;
	unsigned bits = 0;
	size_t done = 0;

	for (ssize_t i = 0; i < letters; i++) {
		int value = letter_value(al, s[i]);

		if (value < 0)
			return -1;
		held = held << al->bits | (uint32_t)value;
		bits += al->bits;
		if (bits < 8)
			continue;
		if (done == max)
			return -1;
		bits -= 8;
		to[done++] = (unsigned char)(held >> bits);
	}
	/* What is left must be less than a letter, and zero. */
	if (letters < 0 || bits >= al->bits || (held & ((1u << bits) - 1)))
		return -1;
	return (ssize_t)done;
}

void base64_encode(struct buf *b, const void *p, size_t n)
{
	encode(&BASE64, b, p, n);
}

ssize_t base64_decode(void *out, size_t max, const char *s, size_t n)
{
	return decode(&BASE64, out, max, s, n);
}

void base64url_encode(struct buf *b, const void *p, size_t n)
{
	encode(&BASE64URL, b, p, n);
}

ssize_t base64url_decode(void *out, size_t max, const char *s, size_t n)
{
	return decode(&BASE64URL, out, max, s, n);
}

void base32_encode(struct buf *b, const void *p, size_t n)
{
	encode(&BASE32, b, p, n);
}

ssize_t base32_decode(void *out, size_t max, const char *s, size_t n)
{
	return decode(&BASE32, out, max, s, n);
}

void hex_encode(struct buf *b, const void *p, size_t n)
{
	static const struct alphabet hex = { HEX, 4, 1, false };

	encode(&hex, b, p, n);
}

ssize_t hex_decode(void *out, size_t max, const char *s, size_t n)
{
	static const struct alphabet hex = { HEX, 4, 1, false };

	return n % 2 ? -1 : decode(&hex, out, max, s, n);
}

void crockford_encode(struct buf *b, uint64_t v, int digits)
{
	MUST(digits > 0 && digits <= 13);
	while (digits-- > 0)
		buf_addc(b, CROCKFORD[v >> (5 * digits) & 31]);
}

static int crockford_value(char c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		return 0;
	if (c == 'I' || c == 'L')
		return 1;
	at = c ? strchr(CROCKFORD, c) : NULL;
	return at ? (int)(at - CROCKFORD) : -1;
}

int crockford_decode(uint64_t *v, int digits, const char *s, size_t n)
{
	uint64_t sum = 0;
	int seen = 0;

	for (size_t i = 0; i < n; i++) {
		int value;

		if (s[i] == '-' || s[i] == ' ')
			continue;
		value = crockford_value(s[i]);
		if (value < 0 || ++seen > digits || sum >> 59)
			return -1;
		sum = sum << 5 | (uint64_t)value;
	}
	if (seen != digits)
		return -1;
	*v = sum;
	return 0;
}

int parse_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *s == '-';
	int64_t v = 0;

	if (negative)
		s++;
	if (!*s)
		return -1;
	for (; *s; s++) {
		int digit = *s - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, negative ? -digit : digit, &v))
			return -1;
	}
	if (v < min || v > max)
		return -1;
	*out = v;
	return 0;
}
