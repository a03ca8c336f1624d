/*
 * The grammar of SPF records (RFC 7208, 4.6 and 12). A record is read as a whole before any of it is evaluated, since a
 * mistake anywhere makes all of it void; so the domain-specs that come out of here can be expanded without a fault.
 */
#include "dns/spf_in.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* --- macros ------------------------------------------------------------------------------------ */

/* Bytes of the macro-expand at `s` ("%{d2r.}", "%%", "%_", "%-"); 0 when it is none. */
static size_t macro_length(const char *s, const char *letters)
{
	size_t n = 3;
	bool zero = true;

	if (s[1] == '%' || s[1] == '_' || s[1] == '-')
		return 2;
	if (s[1] != '{' || !s[2] || !strchr(letters, s[2] | 32) || !is_alpha(s[2]))
		return 0;
	for (; is_digit(s[n]); n++)
		zero = zero && s[n] == '0';
	if (n > 3 && zero)
		return 0;
	n += s[n] == 'r' || s[n] == 'R';
	n += strspn(s + n, ".-+,/_=");
	return s[n] == '}' ? n + 1 : 0;
}

/* Is it a macro-string? *ends: it ends in a macro-expand. */
static bool is_macro_string(const char *s, const char *letters, bool *ends)
{
	*ends = false;
	while (*s) {
		size_t n = *s == '%' ? macro_length(s, letters) : *s > ' ' && *s <= '~';

		if (!n)
			return false;
		*ends = *s == '%';
		s += n;
	}
	return true;
}

static bool is_top_label(const char *s, size_t n)
{
	bool digits = true;

	if (!n || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_alpha(s[i]) && !is_digit(s[i]) && s[i] != '-')
			return false;
		digits = digits && is_digit(s[i]);
	}
	return !digits;
}

static bool is_domain_spec(const char *s)
{
	size_t n = strlen(s), at;
	bool ends;

	if (!n || !is_macro_string(s, "slodiphv", &ends))
		return false;
	if (ends)
		return true;
	n -= s[n - 1] == '.';
	for (at = n; at && s[at - 1] != '.'; at--)
		;
	return at > 0 && is_top_label(s + at, n - at);
}

/* --- prefix lengths ---------------------------------------------------------------------------- */

/* "0" or a number without a zero in front, up to `max`. */
static bool read_bits(const char *s, size_t n, unsigned max, unsigned *out)
{
	unsigned v = 0;

	if (!n || n > 3 || (n > 1 && s[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s[i]))
			return false;
		v = v * 10 + (unsigned)(s[i] - '0');
	}
	*out = v;
	return v <= max;
}

/* Where trailing digits and the slash before them begin; s + n when there are none. */
static size_t slash_before_digits(const char *s, size_t n)
{
	size_t at = n;

	while (at && is_digit(s[at - 1]))
		at--;
	return at && s[at - 1] == '/' ? at - 1 : n;
}

/* Cuts a dual-cidr-length ("/24", "//64", "/24//64") off the end. */
static bool cut_dual_bits(char *s, struct spf_term *t)
{
	size_t n = strlen(s), slash = slash_before_digits(s, n);

	if (slash < n && slash && s[slash - 1] == '/') {
		if (!read_bits(s + slash + 1, n - slash - 1, 128, &t->bits6))
			return false;
		n = slash - 1;
		s[n] = '\0';
		slash = slash_before_digits(s, n);
	}
	if (slash < n) {
		if (!read_bits(s + slash + 1, n - slash - 1, 32, &t->bits4))
			return false;
		s[slash] = '\0';
	}
	return true;
}

/* --- mechanisms -------------------------------------------------------------------------------- */

static bool read_network(char *s, struct spf_term *t)
{
	bool v6 = t->kind == SPF_IP6;
	char *slash = strchr(s, '/');

	if (slash) {
		*slash = '\0';
		if (!read_bits(slash + 1, strlen(slash + 1), v6 ? 128 : 32, v6 ? &t->bits6 : &t->bits4))
			return false;
	}
	return inet_pton(v6 ? AF_INET6 : AF_INET, s, t->network) == 1;
}

static const struct {
	const char *name;
	enum spf_kind kind;
	enum { NO_DOMAIN, MAY_DOMAIN, MUST_DOMAIN } domain;
	bool bits;
} MECHANISMS[] = {
	{ "all", SPF_ALL, NO_DOMAIN, false },          { "include", SPF_INCLUDE, MUST_DOMAIN, false },
	{ "a", SPF_A, MAY_DOMAIN, true },              { "mx", SPF_MX, MAY_DOMAIN, true },
	{ "ptr", SPF_PTR, MAY_DOMAIN, false },         { "exists", SPF_EXISTS, MUST_DOMAIN, false },
	{ "ip4", SPF_IP4, MUST_DOMAIN, false },        { "ip6", SPF_IP6, MUST_DOMAIN, false },
};

/* `s`: what stands behind the name. */
static bool read_argument(char *s, size_t m, struct spf_term *t)
{
	if (t->kind == SPF_IP4 || t->kind == SPF_IP6)
		return *s == ':' && read_network(s + 1, t);
	if (MECHANISMS[m].bits && !cut_dual_bits(s, t))
		return false;
	if (!*s)
		return MECHANISMS[m].domain != MUST_DOMAIN;
	if (*s != ':' || MECHANISMS[m].domain == NO_DOMAIN || !is_domain_spec(s + 1))
		return false;
	t->domain = s + 1;
	return true;
}

static bool read_mechanism(struct arena *a, const char *text, struct spf_term *t)
{
	char *s = arena_text(a, text);
	size_t n;

	*t = (struct spf_term){ .qualifier = '+', .text = text, .bits4 = 32, .bits6 = 128 };
	if (*s && strchr("+-~?", *s))
		t->qualifier = *s++;
	n = strcspn(s, ":/");
	for (size_t m = 0; m < COUNT(MECHANISMS); m++)
		if (strlen(MECHANISMS[m].name) == n && strncasecmp(MECHANISMS[m].name, s, n) == 0) {
			t->kind = MECHANISMS[m].kind;
			return read_argument(s + n, m, t);
		}
	return false;
}

/* --- modifiers --------------------------------------------------------------------------------- */

/* Bytes of the name of a modifier, "name=..."; 0 when it is none. */
static size_t modifier_name(const char *s)
{
	size_t n = 0;

	while (is_alpha(s[n]) || (n && (is_digit(s[n]) || (s[n] && strchr("-_.", s[n])))))
		n++;
	return s[n] == '=' ? n : 0;
}

/* redirect and exp are there once at most; what others say must be well-formed all the same. */
static bool read_modifier(const char *s, size_t n, struct spf_record *out, bool *exp)
{
	const char *value = s + n + 1;
	bool ends;

	if (n == 8 && strncasecmp(s, "redirect", 8) == 0) {
		if (out->redirect || !is_domain_spec(value))
			return false;
		out->redirect = value;
		return true;
	}
	if (n == 3 && strncasecmp(s, "exp", 3) == 0) {
		if (*exp || !is_domain_spec(value))
			return false;
		*exp = true;
		return true;
	}
	return is_macro_string(value, "slodiphcrtv", &ends);
}

/* --- the record -------------------------------------------------------------------------------- */

static bool read_term(struct arena *a, const char *s, struct spf_record *out, bool *exp)
{
	size_t n = modifier_name(s);

	if (n)
		return read_modifier(s, n, out, exp);
	if (!read_mechanism(a, s, &out->term[out->n]))
		return false;
	out->all = out->all || out->term[out->n].kind == SPF_ALL;
	out->n++;
	return true;
}

const char *spf_read(struct arena *a, const char *text, struct spf_record *out)
{
	bool exp = false;
	size_t n;

	*out = (struct spf_record){ 0 };
	MUST(strncasecmp(text, "v=spf1", 6) == 0);
	for (const char *s = text + 6;; s += n) {
		const char *term;

		s += strspn(s, " ");
		n = strcspn(s, " ");
		if (!n)
			return NULL;
		if (out->n == SPF_TERMS_MAX)
			return "the SPF record has too many terms";
		term = arena_text_n(a, s, n);
		if (!read_term(a, term, out, &exp))
			return arena_printf(a, "the SPF record has a term that is none: %s", dns_quote(a, term));
	}
}
