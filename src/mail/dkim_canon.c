/*
 * Canonical forms for DKIM: see dkim_canon.h. Nothing here judges; bytes that
 * break the rules of mail are carried through as they are, so that signer and
 * verifier see the same. Bodies stream into the digest without a copy of the
 * whole, and what the canonical form leaves as it is, which is nearly all of
 * a body that we made, is looked at in blocks and hashed where it lies.
 */
#include "mail/dkim_canon.h"

#include "base/vector.h"

#include <strings.h>

#include "mail/hmac.h"

#define BLOCK 128 /* loops over so many bytes become a few vector instructions */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* --- fields --------------------------------------------------------------- */

/* Length of the line at p, with its CRLF. */
static size_t line_length(const char *p, size_t n)
{
	const char *from = p, *end = p + n, *lf;

	while ((lf = memchr(from, '\n', (size_t)(end - from)))) {
		if (lf > p && lf[-1] == '\r')
			return (size_t)(lf - p) + 1;
		from = lf + 1;
	}
	return n;
}

size_t dkim_fields(struct slice head, struct dkim_field *out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0, n; i < head.n; i += n) {
		const char *p = head.p + i, *colon;

		n = line_length(p, head.n - i);
		while (i + n < head.n && is_blank(p[n]))
			n += line_length(p + n, head.n - i - n);
		if (count < max) {
			struct dkim_field *f = &out[count];

			colon = memchr(p, ':', n);
			f->whole = (struct slice){ p, n };
			f->name = (struct slice){ p, colon ? (size_t)(colon - p) : 0 };
			while (f->name.n && is_blank(f->name.p[f->name.n - 1]))
				f->name.n--;
		}
		count++;
	}
	return count;
}

bool dkim_name_is(struct slice name, struct slice other)
{
	return name.n == other.n && name.n && ((name.p[0] ^ other.p[0]) & ~('a' ^ 'A')) == 0 &&
	       strncasecmp(name.p, other.p, name.n) == 0;
}

const struct dkim_field *dkim_pick(struct dkim_picker *p, struct slice name)
{
	for (size_t i = p->n; i-- > 0;)
		if (!p->taken[i] && dkim_name_is(p->fields[i].name, name)) {
			p->taken[i] = true;
			return &p->fields[i];
		}
	return NULL;
}

/* Blanks and line breaks at p: whether there was a blank among them is left in *blank. A CR without LF is no break. */
static const char *skip_gap(const char *p, const char *end, bool *blank)
{
	for (*blank = false; p < end; p++)
		if (is_blank(*p))
			*blank = true;
		else if (*p == '\r' && p + 1 < end && p[1] == '\n')
			p++;
		else
			break;
	return p;
}

/* Name in lower case, value unfolded, blanks made one, none at its ends. Returns where it ends: at most three bytes more. */
static char *canon_field_relaxed(char *to, struct slice s)
{
	static const bool GAP[256] = { [' '] = true, ['\t'] = true, ['\r'] = true };
	const char *p = s.p, *end = s.p + s.n;
	bool blank;
	char *value;

	for (; p < end && *p != ':'; p++)
		if (!is_blank(*p))
			*to++ = *p >= 'A' && *p <= 'Z' ? (char)(*p | 32) : *p;
	*to++ = ':';
	value = to;
	for (p += p < end; p < end; *to++ = *p++) {
		if (!GAP[(unsigned char)*p])
			continue;
		p = skip_gap(p, end, &blank);
		if (p == end)
			break;
		if (blank && to != value)
			*to++ = ' ';
	}
	*to++ = '\r';
	*to++ = '\n';
	return to;
}

void dkim_canon_field(struct buf *out, struct slice whole, bool relaxed)
{
	char *to;

	if (!relaxed)
		buf_add(out, whole.p, whole.n);
	else if ((to = buf_room(out, whole.n + 3)))
		buf_used(out, (size_t)(canon_field_relaxed(to, whole) - to));
}

/* --- the body ------------------------------------------------------------- */

/* Whole blocks that end before the last byte, up to one with a CR without its LF, or the reverse: how many bytes they have. */
VECTOR_CLONES static size_t sound_blocks(const char *p, size_t n)
{
	size_t done = 0;

	for (; done + BLOCK < n; done += BLOCK, p += BLOCK) {
		unsigned char bad = 0;

		for (size_t i = 0; i < BLOCK; i++)
			bad |= (unsigned char)((p[i] == '\r') ^ (p[i + 1] == '\n'));
		if (bad)
			break;
	}
	return done;
}

bool dkim_has_bare_break(struct slice s)
{
	if (s.n && (s.p[0] == '\n' || s.p[s.n - 1] == '\r'))
		return true;
	for (size_t i = sound_blocks(s.p, s.n); i + 1 < s.n; i++)
		if ((s.p[i] == '\r') != (s.p[i + 1] == '\n'))
			return true;
	return false;
}

/* So many bytes, whole blocks that end before the last byte, does the relaxed form leave as they are, wherever in a line they
   begin. */
VECTOR_CLONES static size_t plain_blocks(const char *p, size_t n)
{
	size_t done = 0;

	for (; done + BLOCK < n; done += BLOCK, p += BLOCK) {
		unsigned char odd = 0;

		for (size_t i = 0; i < BLOCK; i++)
			odd |= (unsigned char)(((p[i] == '\r') ^ (p[i + 1] == '\n')) | (p[i] == '\t') |
					       ((p[i] == ' ') & ((p[i + 1] == ' ') | (p[i + 1] == '\r'))));
		if (odd)
			break;
	}
	return done;
}

/* So many bytes from the beginning of a line on stay as they are; they end with a line. May be 0, and less than it could. */
static size_t plain_lines(const char *p, size_t n)
{
	const char *last;
	size_t blocks;

	if (n && p[0] == '\n') /* bare: no block has looked before it */
		return 0;
	blocks = plain_blocks(p, n);
	last = blocks ? memrchr(p, '\n', blocks) : NULL;
	return last ? (size_t)(last - p) + 1 : 0;
}

struct sink {
	SHA256_CTX hash;
	uint64_t left;  /* octets that may still be hashed */
	uint64_t total; /* octets that came */
	size_t used;
	bool bare; /* a CR or LF came that is none of a CRLF */
	char held[4096];
};

static void sink_hash(struct sink *s, const char *p, size_t n)
{
	n = n < s->left ? n : (size_t)s->left;
	sha256_add(&s->hash, p, n);
	s->left -= n;
}

static void sink_flush(struct sink *s)
{
	sink_hash(s, s->held, s->used);
	s->used = 0;
}

static void sink_add(struct sink *s, const char *p, size_t n)
{
	s->total += n;
	if (n > sizeof(s->held) - s->used)
		sink_flush(s);
	if (n > sizeof(s->held) / 4) { /* hashed where it lies, behind what is held */
		sink_flush(s);
		sink_hash(s, p, n);
		return;
	}
	memcpy(s->held + s->used, p, n);
	s->used += n;
}

static void body_simple(struct sink *s, struct slice body)
{
	while (body.n >= 2 && memcmp(body.p + body.n - 2, "\r\n", 2) == 0)
		body.n -= 2;
	sink_add(s, body.p, body.n);
	sink_add(s, "\r\n", 2);
}

/* One line without its break and without blanks at its end: runs of blanks become one space. */
static void line_relaxed(struct sink *s, const char *p, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n;) {
		size_t run = i;

		while (run < n && is_blank(p[run]))
			run++;
		if (run - i > 1 || (run > i && p[i] == '\t')) {
			sink_add(s, p + from, i - from);
			sink_add(s, " ", 1);
			from = run;
		}
		i = run > i ? run : i + 1;
	}
	sink_add(s, p + from, n - from);
}

/* Text after `empty` lines, which count only if another line follows: those at its own end are left for later. */
static void add_lines(struct sink *s, const char *p, size_t n, size_t *empty)
{
	size_t text = n, left = 0;

	while (text >= 2 && memcmp(p + text - 2, "\r\n", 2) == 0 && (text == 2 || (text >= 4 && memcmp(p + text - 4, "\r\n", 2) == 0))) {
		text -= 2;
		left++;
	}
	if (text)
		for (; *empty; (*empty)--)
			sink_add(s, "\r\n", 2);
	sink_add(s, p, text);
	*empty += left;
}

static void body_relaxed(struct sink *s, struct slice body)
{
	size_t empty = 0; /* empty lines seen */

	for (size_t i = 0, n; i < body.n; i += n) {
		const char *p = body.p + i;
		size_t text;

		n = plain_lines(p, body.n - i);
		if (n) {
			add_lines(s, p, n, &empty);
			continue;
		}
		n = line_length(p, body.n - i);
		s->bare = s->bare || dkim_has_bare_break((struct slice){ p, n });
		text = n >= 2 && memcmp(p + n - 2, "\r\n", 2) == 0 ? n - 2 : n;
		while (text && is_blank(p[text - 1]))
			text--;
		if (!text) {
			empty++;
			continue;
		}
		for (; empty; empty--)
			sink_add(s, "\r\n", 2);
		line_relaxed(s, p, text);
		sink_add(s, "\r\n", 2);
	}
}

static void hash_body(struct sink *s, struct slice body, bool relaxed, uint64_t limit, uint8_t out[DKIM_HASH_SIZE])
{
	s->left = limit;
	s->total = 0;
	s->used = 0;
	s->bare = false;
	sha256_start(&s->hash);
	if (relaxed)
		body_relaxed(s, body);
	else
		body_simple(s, body);
	sink_flush(s);
	sha256_end(&s->hash, out);
}

void dkim_body_hash(struct slice body, bool relaxed, uint64_t limit, uint8_t out[DKIM_HASH_SIZE], uint64_t *length)
{
	struct sink s;

	hash_body(&s, body, relaxed, limit, out);
	*length = s.total;
}

bool dkim_body_hash_clean(struct slice body, uint8_t out[DKIM_HASH_SIZE])
{
	struct sink s;

	hash_body(&s, body, true, UINT64_MAX, out);
	return !s.bare;
}
