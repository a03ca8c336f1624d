/*
 * The short way through address_parse: an import judges a million cells, and
 * nearly all are plain ASCII addresses, for which neither Unicode nor IDNA has
 * anything to add. This file only ever says yes; whatever it does not
 * understand goes the long way, which tests and a fuzzer hold it to.
 */
#include "mail/address_inner.h"

#include "mail/address_lists.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

/* What may stand in a local part without a word: atext but '%' and '!', which route (ADR-2). */
static bool is_plain(char c)
{
	switch (c) {
	case '#': case '$': case '&': case '\'': case '*': case '+': case '-': case '/': case '=': case '?':
	case '^': case '_': case '`': case '{': case '|': case '}': case '~': case '.':
		return true;
	default:
		return is_alnum(c);
	}
}

/* Length of a dot-atom that ends at the @; 0 if there is none, or anything to say about it. */
static size_t local_length(const char *s)
{
	size_t n = 0;

	if (*s == '-' || *s == '|' || *s == '.' || *s == '\'')
		return 0;
	for (; is_plain(s[n]); n++)
		if (n == LOCAL_MAX || (s[n] == '.' && (s[n + 1] == '.' || s[n + 1] == '@')))
			return 0;
	return s[n] == '@' ? n : 0;
}

/* Length of a label: letters, digits and inner hyphens. 0 for A-labels too: IDNA judges those. */
static size_t label_length(const char *s)
{
	size_t n = 0;

	while (n <= LABEL_MAX && (is_alnum(s[n]) || s[n] == '-'))
		n++;
	if (n == 0 || n > LABEL_MAX || s[0] == '-' || s[n - 1] == '-' || (n >= 4 && s[2] == '-' && s[3] == '-'))
		return 0;
	return n;
}

/* Length of a domain that ends with the cell; 0 if there is none, or anything to say about it. */
static size_t domain_length(const char *s)
{
	size_t begin = 0, label = label_length(s), digits = 0;

	for (; label && s[begin + label] == '.' && begin <= DOMAIN_MAX; label = label_length(s + begin))
		begin += label + 1;
	if (label == 0 || begin == 0 || s[begin + label] || begin + label > DOMAIN_MAX)
		return 0;
	while (is_digit(s[begin + digits]))
		digits++;
	return digits == label ? 0 : begin + label;
}

/* ADR-4, into `key`. */
static void write_key(char *key, const char *local, size_t local_n, const char *domain, size_t domain_n)
{
	static const char GMAIL[] = "gmail.com";
	bool gmail = strcmp(domain, GMAIL) == 0 || strcmp(domain, "googlemail.com") == 0, tags = *local != '+';

	for (size_t i = 0; i < local_n && !(tags && local[i] == '+'); i++)
		if (!gmail || local[i] != '.')
			*key++ = lower(local[i]);
	*key++ = '@';
	memcpy(key, gmail ? GMAIL : domain, gmail ? sizeof(GMAIL) : domain_n + 1);
}

bool address_parse_plain(struct arena *a, const char *cell, struct address *out)
{
	size_t local_n = local_length(cell), domain_n, n;
	char *given, *delivery, *key, *local, *domain;

	if (!local_n || !(domain_n = domain_length(cell + local_n + 1)))
		return false;
	n = local_n + 1 + domain_n;
	if (n > ADDRESS_MAX)
		return false;
	given = arena_alloc(a, 3 * (n + 1) + local_n + 1);
	delivery = given + n + 1;
	key = delivery + n + 1;
	local = key + n + 1;
	domain = delivery + local_n + 1;
	memcpy(given, cell, n);
	memcpy(delivery, cell, local_n + 1);
	memcpy(local, cell, local_n);
	for (size_t i = 0; i < domain_n; i++)
		domain[i] = lower(cell[local_n + 1 + i]);
	if (domain_is_public_suffix(domain))
		return false;
	write_key(key, local, local_n, domain, domain_n);
	*out = (struct address){ .given = given, .local = local, .domain = domain, .domain_shown = domain,
				 .delivery = delivery, .key = key, .reserved = list_has_reserved(domain) };
	return true;
}
