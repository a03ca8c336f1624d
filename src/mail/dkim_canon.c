/*
 * Canonical forms for DKIM: see dkim_canon.h. Nothing here judges; bytes that
 * break the rules of mail are carried through as they are, so that signer and
 * verifier see the same. Bodies stream into the digest without a copy of the
 * whole.
 */
#include "mail/dkim_canon.h"

#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* --- fields --------------------------------------------------------------- */

/* Length of the line at p, with its CRLF. */
static size_t line_length(const char *p, size_t n)
{
	const char *crlf = memmem(p, n, "\r\n", 2);

	return crlf ? (size_t)(crlf - p) + 2 : n;
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
	return name.n == other.n && name.n && strncasecmp(name.p, other.p, name.n) == 0;
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

/* Name in lower case, value unfolded, blanks made one, none at its ends. */
static void canon_field_relaxed(struct buf *out, struct slice s)
{
	size_t i = 0;
	bool blank = false, any = false;

	for (; i < s.n && s.p[i] != ':'; i++)
		if (!is_blank(s.p[i]))
			buf_addc(out, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 32) : s.p[i]);
	buf_addc(out, ':');
	for (i++; i < s.n; i++) {
		if (is_blank(s.p[i])) {
			blank = true;
		} else if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') {
			i++;
		} else {
			if (blank && any)
				buf_addc(out, ' ');
			buf_addc(out, s.p[i]);
			blank = false;
			any = true;
		}
	}
	buf_adds(out, "\r\n");
}

void dkim_canon_field(struct buf *out, struct slice whole, bool relaxed)
{
	if (relaxed)
		canon_field_relaxed(out, whole);
	else
		buf_add(out, whole.p, whole.n);
}

/* --- the body ------------------------------------------------------------- */

struct sink {
	EVP_MD_CTX *ctx;
	uint64_t left;  /* octets that may still be hashed */
	uint64_t total; /* octets that came */
	size_t used;
	char held[4096];
};

static void sink_flush(struct sink *s)
{
	size_t n = s->used < s->left ? s->used : (size_t)s->left;

	MUST(EVP_DigestUpdate(s->ctx, s->held, n) == 1);
	s->left -= n;
	s->used = 0;
}

static void sink_add(struct sink *s, const char *p, size_t n)
{
	s->total += n;
	while (n) {
		size_t room = sizeof(s->held) - s->used, part = n < room ? n : room;

		memcpy(s->held + s->used, p, part);
		s->used += part;
		p += part;
		n -= part;
		if (s->used == sizeof(s->held))
			sink_flush(s);
	}
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

static void body_relaxed(struct sink *s, struct slice body)
{
	size_t empty = 0; /* empty lines seen; they count only if another line follows */

	for (size_t i = 0, n; i < body.n; i += n) {
		size_t text;

		n = line_length(body.p + i, body.n - i);
		text = n >= 2 && memcmp(body.p + i + n - 2, "\r\n", 2) == 0 ? n - 2 : n;
		while (text && is_blank(body.p[i + text - 1]))
			text--;
		if (!text) {
			empty++;
			continue;
		}
		for (; empty; empty--)
			sink_add(s, "\r\n", 2);
		line_relaxed(s, body.p + i, text);
		sink_add(s, "\r\n", 2);
	}
}

void dkim_body_hash(const EVP_MD *md, struct slice body, bool relaxed, uint64_t limit,
		    uint8_t out[DKIM_HASH_SIZE], uint64_t *length)
{
	struct sink s = { .ctx = EVP_MD_CTX_new(), .left = limit };

	MUST(s.ctx && EVP_DigestInit_ex(s.ctx, md, NULL) == 1);
	if (relaxed)
		body_relaxed(&s, body);
	else
		body_simple(&s, body);
	sink_flush(&s);
	MUST(EVP_DigestFinal_ex(s.ctx, out, NULL) == 1);
	EVP_MD_CTX_free(s.ctx);
	*length = s.total;
}
