/* Addresses of the web in texts and links: see policy_text.h. */
#include <ctype.h>
#include <strings.h>

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

/* Could the character go on with an address? Quotes, brackets and blanks cannot; a final stop or comma ends
   the sentence and not the address. */
static bool goes_on(const char *p)
{
	p += strspn(p, ".,;:!?");
	if (!*p || isspace((unsigned char)*p) || strchr("<>\"'()[]{}|`", *p))
		return false;
	return strncmp(p, "\xc2\xa0", 2) != 0 && strncmp(p, "\xe2\x80\x9d", 3) != 0 &&
	       strncmp(p, "\xe2\x80\x99", 3) != 0;
}

static bool came_on(const char *text, const char *p)
{
	static const char *const OPENING[] = { "\xc2\xa0", "\xe2\x80\x9c", "\xe2\x80\x98" };

	if (p == text)
		return false;
	for (size_t i = 0; i < COUNT(OPENING); i++) {
		size_t n = strlen(OPENING[i]);

		if ((size_t)(p - text) >= n && memcmp(p - n, OPENING[i], n) == 0)
			return false;
	}
	return !isspace((unsigned char)p[-1]) && !strchr("<>\"'([{|`", p[-1]);
}

/* The length of `url` without the slash of an empty path; *bare: it has an empty path. */
static size_t bare_length(const char *url, bool *bare)
{
	const char *host = strstr(url, "://");
	size_t n = strlen(url), h = host ? strcspn(host + 3, "/?#") : 0;

	*bare = host && (host[3 + h] == '\0' || strcmp(host + 3 + h, "/") == 0);
	return *bare ? (size_t)(host + 3 + h - url) : n;
}

bool text_has_url(const char *text, const char *url)
{
	bool bare;
	size_t n = bare_length(url, &bare);

	if (!n)
		return false;
	for (const char *p = text; *p; p++) {
		if (strncmp(p, url, n) != 0 || came_on(text, p))
			continue;
		if (!goes_on(p + n) || (bare && p[n] == '/' && !goes_on(p + n + 1)))
			return true;
	}
	return false;
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

bool text_looks_like_address(const char *words)
{
	const char *dot;

	if (strstr(words, "://") || strncasecmp(words, "www.", 4) == 0 || strncasecmp(words, "mailto:", 7) == 0)
		return true;
	if (strpbrk(words, " \t\n"))
		return false;
	/* "uni.example/page", "ann@uni.example": a dot between letters, and nothing that a sentence has. */
	dot = strchr(words, '.');
	for (; dot; dot = strchr(dot + 1, '.'))
		if (dot > words && isalnum((unsigned char)dot[-1]) && isalpha((unsigned char)dot[1]) &&
		    isalpha((unsigned char)dot[2]))
			return true;
	return false;
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
