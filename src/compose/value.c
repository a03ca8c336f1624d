/*
 * What may fill a field: see compose_check_value. A value comes out of a file
 * of addresses, was never read by a reviewer one by one, and so must not be
 * able to bring a link, a second line or a hidden character into a message.
 * "e.g." and "Dr.Smith" are words; "bit.ly/x" and "example.com" are addresses.
 */
#include "compose/compiled.h"

#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"
#include "compose/fields.h"
#include "mail/domain.h"
#include "mail/header.h"

/* Endings that mail programs turn into links even without a path, and that are no names of people. */
static const char *const ENDINGS[] = { "com", "net",   "org",    "info",   "biz",   "edu",  "gov",
				       "xyz", "app",   "online", "site",   "click", "link", "shop",
				       "top", "ac.uk", "co.uk",  "org.uk", "gov.uk" };

static bool in_host(char c)
{
	return isalnum((unsigned char)c) || c == '-' || (c & 0x80);
}

static bool ends_like_a_host(const char *host, size_t n)
{
	for (size_t i = 0; i < COUNT(ENDINGS); i++) {
		size_t m = strlen(ENDINGS[i]);

		if (n > m && host[n - m - 1] == '.' && strncasecmp(host + n - m, ENDINGS[i], m) == 0)
			return true;
	}
	return false;
}

static bool goes_on_like_an_address(const char *p)
{
	return *p == '/' || *p == '?' || *p == '#' || (*p == ':' && isdigit((unsigned char)p[1]));
}

/*
 * Is the word at p labels with dots between, of which the last has two letters or more and begins with one,
 * and then a path, or an ending that is known? Sets *n to the length of the word.
 */
static bool is_host(const char *p, size_t *n)
{
	size_t at = 0, last = 0, letters = 0;

	for (; in_host(p[at]) || (p[at] == '.' && at && in_host(p[at + 1])); at++) {
		if (p[at] == '.') {
			last = at + 1;
			letters = 0;
		} else {
			letters += !isdigit((unsigned char)p[at]) && p[at] != '-';
		}
	}
	*n = at ? at : 1;
	return last && letters >= 2 && !isdigit((unsigned char)p[last]) &&
	       (goes_on_like_an_address(p + at) || ends_like_a_host(p, at));
}

bool holds_web_address(const char *p)
{
	char before = ' ';
	size_t n;

	if (strstr(p, "://") || strcasestr(p, "mailto:") || strcasestr(p, "javascript:"))
		return true;
	while (*p) {
		bool starts = !in_host(before);

		if (starts && strncasecmp(p, "www.", 4) == 0 && in_host(p[4]))
			return true;
		/* The right half of a mail address is no web address, as long as no path follows. */
		if (starts && is_host(p, &n) && (before != '@' || p[n] == '/'))
			return true;
		if (!starts)
			n = 1;
		before = p[n - 1];
		p += n;
	}
	return false;
}

/* A short text of printable ASCII without what every address needs, a dot or a colon: nothing can be wrong with it. */
static bool is_plain(const char *value)
{
	size_t n = 0;

	for (; value[n]; n++)
		if (n == FIELD_VALUE_MAX || value[n] < ' ' || value[n] > '~' || value[n] == '.' || value[n] == ':')
			return false;
	return true;
}

int compose_check_value(const char *name, const char *value, struct err *e)
{
	if (is_plain(value))
		return 0;
	if (!utf8_valid(value, strlen(value)))
		return err_set(e, ERR_INPUT, "%s: the value is not UTF-8", name);
	if (!header_text_is_fit(value))
		return err_set(e, ERR_INPUT, "%s: the value has a line break, a control or an invisible character",
			       name);
	if (strlen(value) > FIELD_VALUE_MAX && utf8_count(value) > FIELD_VALUE_MAX)
		return err_set(e, ERR_INPUT, "%s: the value is longer than %d characters", name, FIELD_VALUE_MAX);
	if (holds_web_address(value))
		return err_set(e, ERR_INPUT,
			       "%s: the value holds a web address; write the address into the text of the mailing",
			       name);
	return 0;
}

/* --- declared links --- */

static bool host_is_listed(const struct compiled *c, const char *host)
{
	for (const char *const *h = c->link_hosts; *h; h++)
		if (strcmp(*h, host) == 0)
			return true;
	for (const char *const *d = c->link_domains; *d; d++)
		if (domain_is_within(host, *d))
			return true;
	return false;
}

/* The host of an address that begins with https:// (in a trial also http:// on loopback); false: not of that kind. */
static bool link_host(const struct compiled *c, const char *link, char host[256], bool *loopback)
{
	bool secure = strncmp(link, "https://", 8) == 0;
	const char *p = link + (secure ? 8 : 7);
	size_t n;

	if (!secure && (!c->trial || strncmp(link, "http://", 7) != 0))
		return false;
	n = strcspn(p, "/?#:");
	if (!n || n > 255)
		return false;
	memcpy(host, p, n);
	host[n] = '\0';
	*loopback = c->trial && (strcmp(host, "127.0.0.1") == 0 || strcmp(host, "localhost") == 0);
	if (p[n] == ':' && *loopback)
		n += 1 + strspn(p + n + 1, "0123456789");
	return (secure || *loopback) && (p[n] == '\0' || strchr("/?#", p[n])) &&
	       host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0';
}

int compose_check_link(const struct compiled *c, const char *name, const char *value, struct err *e)
{
	char host[256];
	bool loopback;

	if (strlen(value) > LINK_VALUE_MAX)
		return err_set(e, ERR_INPUT, "%s: the link is longer than %d characters", name, LINK_VALUE_MAX);
	for (const char *p = value; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("<>\"'()\\^`{|}[]", *p))
			return err_set(e, ERR_INPUT,
				       "%s: the link has a blank, a quote, a bracket or a character outside ASCII; write those as %%-escapes",
				       name);
	if (!link_host(c, value, host, &loopback))
		return err_set(e, ERR_INPUT, "%s: the link is not of the form https://host/path, in small letters, without port or user", name);
	if (!loopback && !host_is_listed(c, host))
		return err_set(e, ERR_INPUT, "%s: the link goes to %s, a host that is not registered: placet project edit SLUG --link-host %s",
			       name, host, host);
	return 0;
}

int compose_check_field(const struct compiled *c, size_t field, const char *value, struct err *e)
{
	const char *name = c->slots->name[field];

	if (c->slots->link[field])
		return compose_check_link(c, name, value, e);
	if (c->in_url[field] && (strcmp(value, ".") == 0 || strcmp(value, "..") == 0))
		return err_set(e, ERR_INPUT, "%s: “%s” in a link would lead elsewhere", name, value);
	return compose_check_value(name, value, e);
}
