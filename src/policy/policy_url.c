/* Addresses of the web in texts and links: see policy_text.h. */
#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"
#include "policy/policy_text.h"

static char *lower_n(struct arena *a, const char *p, size_t n)
{
	char *out = arena_text_n(a, p, n);

	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return out;
}

bool url_split(struct arena *a, const char *text, struct url *out)
{
	const char *colon = text ? strstr(text, "://") : NULL, *p, *at, *port;
	size_t n;

	*out = (struct url){ 0 };
	if (!colon || colon == text)
		return false;
	for (p = text; p < colon; p++)
		if (!isalnum((unsigned char)*p))
			return false;
	out->scheme = lower_n(a, text, (size_t)(colon - text));
	p = colon + 3;
	/* Browsers take a backslash for a slash; such an address is read so here, and is plain nowhere. */
	n = strcspn(p, "/?#\\");
	at = memrchr(p, '@', n);
	if (at) {
		out->user = true;
		n -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	port = memchr(p, ':', n);
	out->host = lower_n(a, p, port ? (size_t)(port - p) : n);
	if (port)
		out->port = arena_text_n(a, port + 1, n - (size_t)(port + 1 - p));
	p += n;
	n = strcspn(p, "?#");
	out->path = arena_text_n(a, p, n);
	p += n;
	if (*p == '?') {
		n = strcspn(p, "#");
		out->query = arena_text_n(a, p + 1, n - 1);
		p += n;
	}
	if (*p == '#')
		out->fragment = arena_text(a, p + 1);
	return out->host[0] != '\0';
}

/* Marks of direction and isolates, which texts that run from the right put around an address. */
static size_t mark_at(const char *p)
{
	size_t len;
	uint32_t c;

	if (!*p)
		return 0;
	c = utf8_char(p, strnlen(p, 4), &len);
	return c == 0x200e || c == 0x200f || (c >= 0x2066 && c <= 0x2069) ? len : 0;
}

/* Quotes, brackets and blanks end an address; so do the stops and brackets of East Asia. */
static bool ends_address(const char *p)
{
	size_t len;
	uint32_t c;

	if (!*p || isspace((unsigned char)*p) || strchr("<>\"'()[]{}|`", *p))
		return true;
	if ((unsigned char)*p < 0x80)
		return false;
	c = utf8_char(p, strnlen(p, 4), &len);
	return text_is_blank(c) || (c >= 0x2018 && c <= 0x201f) || c == 0x2026 || c == 0xab || c == 0xbb || (c >= 0x3001 && c <= 0x3011) ||
	       (c >= 0xff01 && c <= 0xff0f && c != 0xff0d && c != 0xff0e && c != 0xff0f) || c == 0xff1a || c == 0xff1b || c == 0xff1f;
}

/* Signs that end an address only where no letter comes behind them: many mail programs make a link of all of
   "https://uni.example/(login)". 0: no such sign. */
static size_t weak_end(const char *p)
{
	static const char *const SIGNS[] = { "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\xa6" };

	if (*p && strchr("'()[]{}|`.,;:!?", *p))
		return 1;
	for (size_t i = 0; i < COUNT(SIGNS); i++)
		if (strncmp(p, SIGNS[i], strlen(SIGNS[i])) == 0)
			return strlen(SIGNS[i]);
	return 0;
}

/* Could what stands at p go on with an address? A final stop or comma ends the sentence and not the address. */
static bool goes_on(const char *p)
{
	size_t n;

	while ((n = mark_at(p)))
		p += n;
	p += strspn(p, ".,;:!?");
	while ((n = mark_at(p)))
		p += n;
	if (!ends_address(p))
		return true;
	while ((n = weak_end(p)) || (n = mark_at(p)))
		p += n;
	return *p && (isalnum((unsigned char)*p) || strchr("/%#=&~_-@+", *p));
}

/* Does an address begin at p, or does it go on? Scripts without blanks between words may stand right before it. */
static bool came_on(const char *text, const char *p)
{
	while (p > text) {
		const char *q = p - 1;

		while (q > text && ((unsigned char)*q & 0xc0) == 0x80)
			q--;
		if (!mark_at(q))
			return !ends_address(q) && (unsigned char)*q < 0xe3;
		p = q;
	}
	return false;
}

/* The length of `url` without the slash of an empty path; *bare: it has an empty path. */
static size_t bare_length(const char *url, bool *bare)
{
	const char *host = strstr(url, "://");
	size_t n = strlen(url), h = host ? strcspn(host + 3, "/?#") : 0;

	*bare = host && (host[3 + h] == '\0' || strcmp(host + 3 + h, "/") == 0);
	return *bare ? (size_t)(host + 3 + h - url) : n;
}

const char *text_find_url(const char *text, const char *from, const char *url)
{
	bool bare;
	size_t n = bare_length(url, &bare);

	if (!n)
		return NULL;
	for (const char *p = from; *p; p++) {
		if (*p != *url || strncmp(p, url, n) != 0 || came_on(text, p))
			continue;
		if (!goes_on(p + n) || (bare && p[n] == '/' && !goes_on(p + n + 1)))
			return p;
	}
	return NULL;
}

bool text_has_url(const char *text, const char *url)
{
	return text_find_url(text, text, url) != NULL;
}

bool url_same(const char *x, const char *y)
{
	bool bx, by;
	size_t nx = bare_length(x, &bx), ny = bare_length(y, &by);

	return nx == ny && bx == by && memcmp(x, y, nx) == 0;
}

static bool is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 || strncmp(host, "[::1", 4) == 0;
}

bool url_is_secure(const struct url *u, bool trial)
{
	return strcmp(u->scheme, "https") == 0 ||
	       (trial && strcmp(u->scheme, "http") == 0 && is_loopback(u->host));
}

bool host_is_within(const char *host, const char *domain)
{
	size_t h = strlen(host), d = strlen(domain);

	if (h < d || !d || strcasecmp(host + h - d, domain) != 0)
		return false;
	return h == d || host[h - d - 1] == '.';
}

bool host_is_in(const char *host, const char *const *domains)
{
	for (; domains && *domains; domains++)
		if (host_is_within(host, *domains))
			return true;
	return false;
}

char *address_host(struct arena *a, const char *address)
{
	const char *at = strrchr(address, '@');

	return at && at[1] ? lower_n(a, at + 1, strcspn(at + 1, " \t<>?;,")) : NULL;
}

char *text_find_opt_out(struct arena *a, const char *text, const char *web_url)
{
	const char *start = arena_printf(a, "%s/opt-out/", web_url ? web_url : "");
	size_t n = strlen(start);

	for (const char *p = text; (p = strstr(p, start)); p++) {
		size_t token = strspn(p + n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

		if (token && !came_on(text, p) && !goes_on(p + n + token))
			return arena_text_n(a, p, n + token);
	}
	return NULL;
}

char *text_unescaped(struct arena *a, const char *s)
{
	char *out = arena_text(a, s), *w = out;

	for (; *s; s++) {
		char hex[3] = { s[0] == '%' ? s[1] : '\0', s[0] == '%' && s[1] ? s[2] : '\0', '\0' };

		if (isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1])) {
			*w++ = (char)strtol(hex, NULL, 16);
			s += 2;
		} else {
			*w++ = *s;
		}
	}
	*w = '\0';
	return out;
}
