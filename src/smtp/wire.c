/*
 * Commands and content as bytes: see wire.h. Nothing here knows a connection's
 * state; talk.c decides when each piece is due.
 */
#include "smtp/wire.h"

#include "base/vector.h"

#include <strings.h>

#define PATH_MAX_BYTES 320 /* an address; RFC 5321 allows 254 */
#define LINE_MAX_BYTES 998

/* The next word of a keyword line; an empty slice at the end. */
static struct slice next_word(struct slice *rest)
{
	struct slice word;
	size_t n = 0;

	while (rest->n && *rest->p == ' ')
		*rest = (struct slice){ rest->p + 1, rest->n - 1 };
	while (n < rest->n && rest->p[n] != ' ')
		n++;
	word = (struct slice){ rest->p, n };
	*rest = (struct slice){ rest->p + n, rest->n - n };
	return word;
}

static bool word_is(struct slice w, const char *name)
{
	return w.n == strlen(name) && strncasecmp(w.p, name, w.n) == 0;
}

static int64_t word_number(struct slice w, size_t skip)
{
	int64_t v = 0;

	if (w.n <= skip || w.n - skip > 15)
		return 0;
	for (size_t i = skip; i < w.n; i++) {
		if (w.p[i] < '0' || w.p[i] > '9')
			return 0;
		v = v * 10 + (w.p[i] - '0');
	}
	return v;
}

static void take_auth(struct offers *o, struct slice rest)
{
	for (struct slice w = next_word(&rest); w.n; w = next_word(&rest))
		for (enum relay_auth kind = AUTH_EXTERNAL; kind < AUTH_KINDS; kind++)
			if (word_is(w, relay_auth_name(kind)))
				o->auth |= 1u << kind;
}

static void take_limits(struct offers *o, struct slice rest)
{
	const struct {
		const char *name;
		int64_t *limit;
	} LIMITS[] = { { "MAILMAX=", &o->mail_max },
		       { "RCPTMAX=", &o->rcpt_max },
		       { "RCPTDOMAINMAX=", &o->rcpt_domain_max } };

	for (struct slice w = next_word(&rest); w.n; w = next_word(&rest)) {
		for (size_t i = 0; i < COUNT(LIMITS); i++) {
			size_t n = strlen(LIMITS[i].name);

			if (w.n > n && w.n <= n + 6 && strncasecmp(w.p, LIMITS[i].name, n) == 0)
				*LIMITS[i].limit = word_number(w, n);
		}
	}
}

void offers_take(struct offers *o, struct slice line)
{
	struct slice name = next_word(&line);

	if (word_is(name, "PIPELINING")) {
		o->pipelining = true;
	} else if (word_is(name, "SIZE")) {
		o->size = true;
		o->size_max = word_number(next_word(&line), 0);
	} else if (word_is(name, "DSN")) {
		o->dsn = true;
	} else if (word_is(name, "SMTPUTF8")) {
		o->utf8 = true;
	} else if (word_is(name, "8BITMIME")) {
		o->eightbit = true;
	} else if (word_is(name, "STARTTLS")) {
		o->starttls = true;
	} else if (word_is(name, "CHUNKING")) {
		o->chunking = true;
	} else if (word_is(name, "AUTH")) {
		take_auth(o, line);
	} else if (word_is(name, "LIMITS")) {
		take_limits(o, line);
	}
}

/* RFC 3461 xtext: what is outside 33-126, and "+" and "=", as +HH. */
static void add_xtext(struct buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 33 || c > 126 || c == '+' || c == '=')
			buf_addf(b, "+%02X", c);
		else
			buf_addc(b, (char)c);
	}
}

static void add_number(struct buf *b, size_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void wire_mail(struct buf *b, const struct offers *o, const struct smtp_job *job)
{
	buf_adds(b, "MAIL FROM:<");
	buf_adds(b, job->from);
	buf_addc(b, '>');
	if (o->size) {
		buf_adds(b, " SIZE=");
		add_number(b, job->n);
	}
	if (job->utf8)
		buf_adds(b, o->eightbit ? " BODY=8BITMIME SMTPUTF8" : " SMTPUTF8");
	if (o->dsn) {
		buf_adds(b, " RET=HDRS");
		if (job->envid) {
			buf_adds(b, " ENVID=");
			add_xtext(b, job->envid);
		}
	}
	buf_adds(b, "\r\n");
}

void wire_rcpt(struct buf *b, const struct offers *o, const struct smtp_job *job)
{
	buf_adds(b, "RCPT TO:<");
	buf_adds(b, job->to);
	buf_addc(b, '>');
	if (o->dsn) {
		buf_adds(b, " NOTIFY=FAILURE,DELAY");
		if (!job->utf8) { /* an internationalised address would need RFC 6533's own form */
			buf_adds(b, " ORCPT=rfc822;");
			add_xtext(b, job->to);
		}
	}
	buf_adds(b, "\r\n");
}

static bool path_is_sound(const char *s, bool utf8)
{
	size_t n = strlen(s);

	if (n > PATH_MAX_BYTES)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
			return false;
	}
	return true;
}

const char *wire_refuses(const struct offers *o, const struct smtp_job *job)
{
	if (job->utf8 && !o->utf8)
		return "5.6.7 relay does not offer SMTPUTF8";
	if (o->size_max && job->n > (size_t)o->size_max)
		return "5.3.4 the message is larger than the relay takes";
	if (!path_is_sound(job->from, job->utf8) || !*job->to || !path_is_sound(job->to, job->utf8) ||
	    (job->envid && strlen(job->envid) > 100))
		return "5.1.3 the envelope cannot be written as SMTP";
	return NULL;
}

/* 32 bytes in a register, or in two; comparisons give 0 or 255 in each. */
typedef unsigned char bytes32 __attribute__((vector_size(32)));

#define BLOCK 128

struct look {
	bytes32 broken; /* a CR without its LF, or the reverse */
	bytes32 high;   /* all bytes OR-ed */
	bytes32 nul, dot; /* dot: a line begins with one */
	size_t longest;   /* blocks without an LF, in a row */
};

static bool any(const bytes32 *v)
{
	uint64_t part[4];

	memcpy(part, v, sizeof(part));
	return part[0] | part[1] | part[2] | part[3];
}

/* Adds what is in whole blocks of p[0..n-1], each with the byte behind it, which may be the last; gives how many bytes that
   were. */
VECTOR_CLONES static size_t look_at_blocks(struct look *x, const unsigned char *p, size_t n)
{
	struct look y = *x; /* in registers */
	size_t done = 0, without = 0;

	for (; done + BLOCK < n; done += BLOCK) {
		bytes32 lf = { 0 };

		for (const unsigned char *end = p + BLOCK; p < end; p += sizeof(bytes32)) {
			bytes32 a, b, is_lf;

			memcpy(&a, p, sizeof(a));
			memcpy(&b, p + 1, sizeof(b));
			is_lf = (bytes32)(a == '\n');
			y.broken |= (bytes32)(a == '\r') ^ (bytes32)(b == '\n');
			y.high |= a;
			y.nul |= (bytes32)(a == 0);
			y.dot |= is_lf & (bytes32)(b == '.');
			lf |= is_lf;
		}
		without = any(&lf) ? 0 : without + 1;
		y.longest = without > y.longest ? without : y.longest;
	}
	*x = y;
	return done;
}

static bool lines_fit(const char *p, const char *end)
{
	const char *lf;

	for (; (lf = memchr(p, '\n', (size_t)(end - p))); p = lf + 1)
		if (lf - p > LINE_MAX_BYTES + 1)
			return false;
	return end - p <= LINE_MAX_BYTES;
}

/* One byte, with the one behind it. */
static void look_at_one(struct look *x, unsigned char a, unsigned char b)
{
	x->broken[0] |= (a == '\r') != (b == '\n');
	x->high[0] |= a;
	x->nul[0] |= a == 0;
	x->dot[0] |= a == '\n' && b == '.';
}

bool wire_inspect(const char *data, size_t n, bool utf8)
{
	const unsigned char *p = (const unsigned char *)data;
	struct look x = { 0 };
	size_t i;

	if (!n)
		return false;
	look_at_one(&x, 'x', p[0]);
	for (i = look_at_blocks(&x, p, n); i < n; i++)
		look_at_one(&x, p[i], i + 1 < n ? p[i + 1] : 'x');
	x.high &= 0x80;
	MUST(!any(&x.nul) && (utf8 || !any(&x.high)));
	MUST(!any(&x.broken));
	/* A line ends at the latest in the block behind those, and began in the one before; the last bytes are no whole block. */
	MUST((x.longest + 3) * BLOCK <= LINE_MAX_BYTES || lines_fit(data, data + n));
	return any(&x.dot) || data[0] == '.';
}

void wire_stuff(struct buf *b, const char *data, size_t n, size_t *at, size_t enough)
{
	while (*at < n && b->n < enough) {
		const char *from = data + *at, *lf = memchr(from, '\n', n - *at);
		size_t line = lf ? (size_t)(lf - from) + 1 : n - *at;

		if (*from == '.')
			buf_addc(b, '.');
		buf_add(b, from, line);
		*at += line;
	}
}
