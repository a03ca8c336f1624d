/*
 * Names of hosts that stand in a text, which mail programs make links of: see text_next_host in policy_text.h. A name
 * is told from a missing blank ("the end.In the") and from titles ("Dr.med.") by its top-level domain.
 */
#include <ctype.h>
#include <strings.h>
#include <unictype.h>

#include "base/utf8.h"
#include "mail/domain.h"
#include "policy/policy_text.h"

#define RUN_MAX 300 /* bytes of a name; none is longer */

static bool in(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcasecmp(word, *list) == 0)
			return true;
	return false;
}

/* A dot of any script: mail programs and browsers take them for the same. */
static bool is_dot(uint32_t c)
{
	return c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61 || c == 0x2024;
}

static bool is_host_char(uint32_t c)
{
	return c < 0x80 ? isalnum((int)c) || c == '-' || c == '_' : uc_is_alnum(c) || uc_is_general_category(c, UC_CATEGORY_Mn);
}

/* The length of the run of labels and dots from p on, without dots at its end; *dotted: it has one. */
static size_t run_of(const char *p, bool *dotted)
{
	size_t n = strnlen(p, RUN_MAX), at = 0, len, end = 0;
	bool dot = false;

	*dotted = false;
	for (; at < n; at += len) {
		uint32_t c = utf8_char(p + at, n - at, &len);

		if (is_dot(c)) {
			dot = true;
		} else if (is_host_char(c)) {
			*dotted = *dotted || dot;
			end = at + len;
		} else {
			break;
		}
	}
	return end;
}

/* A copy with plain dots. */
static char *plain_dots(struct arena *a, const char *p, size_t n)
{
	char *out = arena_alloc(a, n + 1), *w = out;
	size_t len;

	for (size_t at = 0; at < n; at += len) {
		uint32_t c = utf8_char(p + at, n - at, &len);

		w += utf8_put(is_dot(c) ? '.' : c, w);
	}
	*w = '\0';
	return out;
}

static bool is_top(const char *top)
{
	static const char *const RESERVED[] = { "example", "test", "invalid", "localhost", "local", "onion", "internal", NULL };

	return in(top, RESERVED) || domain_is_public_suffix(top);
}

/* Two words between which a blank is missing, or a title. */
static bool is_prose(struct arena *a, const char *host)
{
	static const char *const TITLES[] = { "dr", "prof", "dipl", "cand", "mag", "ing", "phil", "rer", "st", "no", "nr", "vs", "ph", "sc",
					      "bzw", "evtl", "usw", "etc", "inkl", "ca", NULL };
	static const char *const WORDS[] = { "in", "is", "it", "at", "as", "so", "no", "my", "me", "be", "do", "to", "us", "am", "an", "by",
					     "al", "la", "de", "im", "es", "et", "il", "se", "you", "how", "one", "new", "now", "here", NULL };
	const char *dot = strchr(host, '.'), *last = strrchr(host, '.') + 1;

	if (dot + 1 != last)
		return false;
	return dot - host < 2 || in(arena_text_n(a, host, (size_t)(dot - host)), TITLES) ||
	       (isupper((unsigned char)*last) && in(last, WORDS));
}

static bool read_host(struct arena *a, char *name, struct host_at *out)
{
	char *top = strrchr(name, '.');
	char *host;

	if (!top || top == name || !top[1] || !isalpha((unsigned char)name[strlen(name) - 1] & 0x7f) || is_prose(a, name))
		return false;
	host = domain_parse(a, name);
	if (!host) {
		/* A name that IDNA refuses (an underscore, a mixture) is still one that somebody may follow. */
		host = arena_text(a, name);
		for (char *p = host; *p; p++)
			*p = (char)tolower((unsigned char)*p);
	}
	top = strrchr(host, '.');
	if (!top || !is_top(top + 1))
		return false;
	out->host = host;
	return true;
}

bool text_next_host(struct arena *a, const char *text, const char *from, struct host_at *out)
{
	for (const char *p = from; *p;) {
		size_t len, n;
		uint32_t c = utf8_char(p, strnlen(p, 4), &len);
		bool dotted;

		if (!is_host_char(c)) {
			p += len;
			continue;
		}
		n = run_of(p, &dotted);
		*out = (struct host_at){ .start = p, .n = n, .mail = p > text && p[-1] == '@', .path = p[n] == '/' || p[n] == ':',
					 .in_url = p > text && strchr("/=%&#?\\", p[-1]) };
		if (dotted && read_host(a, plain_dots(a, p, n), out))
			return true;
		p += n;
	}
	return false;
}

bool host_is_sure(const struct host_at *h)
{
	static const char *const COMMON[] = { "com", "org", "net", "edu", "gov", "info", "example", "test", "invalid", "onion", "biz", "xyz",
					      "top", "online", "site", "click", "link", "ru", "cn", NULL };
	const char *dot = strchr(h->host, '.');

	return h->path || h->mail || strchr(dot + 1, '.') || in(dot + 1, COMMON) || strstr(h->host, "xn--");
}
