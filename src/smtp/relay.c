/*
 * Reading a relay's URL. The URL is shown in reports and logs, so it may not
 * hold a password; the scheme alone decides about TLS, so that nothing can
 * fall back to clear text later (SMTP-1).
 */
#include "smtp/relay.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/crypto.h>

#include "base/codec.h"

static const struct scheme {
	const char *name;
	enum relay_mode mode;
	int port;
} SCHEMES[] = {
	{ "smtp://", RELAY_PLAIN, 25 },
	{ "smtp+starttls://", RELAY_STARTTLS, 587 },
	{ "smtps://", RELAY_TLS, 465 },
};

static const struct scheme *scheme_of(const char *url)
{
	for (size_t i = 0; i < COUNT(SCHEMES); i++)
		if (strncmp(url, SCHEMES[i].name, strlen(SCHEMES[i].name)) == 0)
			return &SCHEMES[i];
	return NULL;
}

/* A user name may hold "@" and other marks as %40. NULL if malformed or not printable. */
static char *percent_decode(struct arena *a, struct slice s)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			if (i + 2 >= s.n || hex_decode(&c, 1, s.p + i + 1, 2) != 1)
				return NULL;
			i += 2;
		}
		if ((unsigned char)c < 0x21 || c == 0x7f)
			return NULL;
		out[n++] = c;
	}
	return n ? out : NULL;
}

static bool host_is_sound(struct slice s)
{
	if (!s.n || s.n > 253 || s.p[0] == '-' || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
			return false;
	return true;
}

/* "host", "host:port" or "[v6]:port" into out->host and out->port. */
static int read_host(struct arena *a, const char *url, struct slice s, struct relay *out, struct err *e)
{
	struct in6_addr v6;
	struct slice host = s;
	const char *colon;
	int64_t port;

	if (s.n && s.p[0] == '[') {
		const char *end = memchr(s.p, ']', s.n);

		if (!end)
			return err_set(e, ERR_INPUT, "%s: \"[\" without \"]\"", url);
		host = (struct slice){ s.p + 1, (size_t)(end - s.p - 1) };
		out->host = arena_text_n(a, host.p, host.n);
		if (inet_pton(AF_INET6, out->host, &v6) != 1)
			return err_set(e, ERR_INPUT, "%s: \"%s\" is no IPv6 address", url, out->host);
		colon = end + 1 < s.p + s.n ? end + 1 : NULL;
	} else {
		colon = memchr(s.p, ':', s.n);
		if (colon)
			host.n = (size_t)(colon - s.p);
		if (!host_is_sound(host))
			return err_set(e, ERR_INPUT, "%s: write the relay as scheme://host:port", url);
		out->host = arena_text_n(a, host.p, host.n);
	}
	if (!colon)
		return 0;
	if (*colon != ':' || parse_i64(arena_text_n(a, colon + 1, (size_t)(s.p + s.n - colon - 1)), 1, 65535, &port) < 0)
		return err_set(e, ERR_INPUT, "%s: the port must be a number from 1 to 65535", url);
	out->port = (int)port;
	return 0;
}

/* The part before "@". A colon in it would be a password; it is left out of the message. */
static int read_user(struct arena *a, struct slice user, const char *host, struct relay *out, struct err *e)
{
	if (memchr(user.p, ':', user.n))
		return err_set(e, ERR_INPUT, "the relay URL for %s holds a password; put it into a file of its own", host);
	out->user = percent_decode(a, user);
	if (!out->user)
		return err_set(e, ERR_INPUT, "the user name in the relay URL for %s is malformed", host);
	return 0;
}

int relay_parse(struct arena *a, const char *url, struct relay *out, struct err *e)
{
	const struct scheme *scheme = scheme_of(url);
	struct relay r = { 0 };
	const char *rest, *at;
	size_t n;

	if (!scheme)
		return err_set(e, ERR_INPUT, "a relay's URL begins with smtp://, smtp+starttls:// or smtps://");
	rest = url + strlen(scheme->name);
	n = strlen(rest);
	if (n >= 5 && strcmp(rest + n - 5, "?helo") == 0) {
		r.helo_fallback = true;
		n -= 5;
	}
	if (n && rest[n - 1] == '/')
		n--;
	at = memrchr(rest, '@', n);
	if (at) {
		if (read_user(a, (struct slice){ rest, (size_t)(at - rest) }, at + 1, &r, e) < 0)
			return -1;
		n -= (size_t)(at + 1 - rest);
		rest = at + 1;
	}
	r.mode = scheme->mode;
	r.port = scheme->port;
	r.url = arena_text(a, url);
	if (read_host(a, url, (struct slice){ rest, n }, &r, e) < 0)
		return -1;
	MUST(r.host); /* read just now */
	if (r.mode == RELAY_PLAIN && !relay_is_loopback(&r))
		return err_set(e, ERR_INPUT,
			       "%s: smtp:// is for this machine only; use smtp+starttls:// or smtps://", url);
	*out = r;
	return 0;
}

bool relay_is_loopback(const struct relay *r)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (strcasecmp(r->host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, r->host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, r->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static const char *copy_text(struct arena *a, const char *text)
{
	return text ? arena_text(a, text) : NULL;
}

struct relay relay_copy(struct arena *a, const struct relay *r)
{
	struct relay out = *r;

	out.host = copy_text(a, r->host);
	out.user = copy_text(a, r->user);
	out.password = copy_text(a, r->password);
	out.helo = copy_text(a, r->helo);
	out.ca_file = copy_text(a, r->ca_file);
	out.url = copy_text(a, r->url);
	out.token_file = copy_text(a, r->token_file);
	out.client_cert = copy_text(a, r->client_cert);
	out.client_key = copy_text(a, r->client_key);
	return out;
}

void relay_wipe(struct relay *r)
{
	if (r->password) /* const for all that only read it */
		OPENSSL_cleanse((void *)(uintptr_t)r->password, strlen(r->password));
}

static const char *const AUTH_NAMES[AUTH_KINDS] = {
	[AUTH_BEST] = "",
	[AUTH_EXTERNAL] = "EXTERNAL",
	[AUTH_OAUTHBEARER] = "OAUTHBEARER",
	[AUTH_XOAUTH2] = "XOAUTH2",
	[AUTH_SCRAM_SHA_256] = "SCRAM-SHA-256",
	[AUTH_PLAIN] = "PLAIN",
	[AUTH_LOGIN] = "LOGIN",
};

const char *relay_auth_name(enum relay_auth kind)
{
	return AUTH_NAMES[kind];
}

int relay_auth_parse(const char *name, enum relay_auth *out, struct err *e)
{
	for (enum relay_auth kind = AUTH_BEST; kind < AUTH_KINDS; kind++) {
		if (strcasecmp(name, AUTH_NAMES[kind]) == 0) {
			*out = kind;
			return 0;
		}
	}
	return err_set(e, ERR_INPUT,
		       "\"%s\" is no kind of login; known are external, oauthbearer, xoauth2, scram-sha-256, plain, login",
		       name);
}
