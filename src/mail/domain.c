/*
 * Domains: see domain.h. IDNA is libidn2's, the public suffix list is what
 * libpsl was built with, so that nothing is read from disk and no process has
 * to be let near files for it. Where libidn2 is laxer than UTS #46 or behind
 * it, we hold the domain to the rule here.
 */
#include "mail/domain.h"

#include "base/utf8.h"
#include "mail/address_inner.h"

#include <idn2.h>
#include <libpsl.h>
#include <unictype.h>

#define ZWNJ 0x200C
#define ZWJ 0x200D
#define CAPITAL_SHARP_S "\xE1\xBA\x9E"

/* --- what may stand in a domain -------------------------------------------- */

/* Labels of letters, digits and inner hyphens; hyphens third and fourth in A-labels only (ADR-5). */
static bool is_label(const char *s, size_t n)
{
	if (n == 0 || n > LABEL_MAX || s[0] == '-' || s[n - 1] == '-')
		return false;
	if (n >= 4 && s[2] == '-' && s[3] == '-' && strncmp(s, "xn", 2) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= '0' && s[i] <= '9') && s[i] != '-')
			return false;
	return true;
}

/* NULL if `s`, in A-labels, is a domain that can have mail; else what it lacks. */
static const char *domain_fault(const char *s)
{
	const char *last = strrchr(s, '.');

	if (strlen(s) > DOMAIN_MAX)
		return "the part behind the @ is longer than 253 characters: correct it";
	if (!last)
		return "the part behind the @ has no dot: write the whole domain, as in host.example";
	if (strspn(last + 1, "0123456789") == strlen(last + 1))
		return "an IP address behind the @ is not accepted: write the domain";
	for (const char *p = s;; p++) {
		size_t n = strcspn(p, ".");

		if (!is_label(p, n))
			return "the part behind the @ is no domain: correct it, as in host.example";
		p += n;
		if (!*p)
			return NULL;
	}
}

/* libidn2 drops some characters that it should refuse ("un_i" would become another's "uni"), so that only
   letters, marks, digits, and what IDNA allows between them (CONTEXTJ, CONTEXTO) may come near it. */
static bool is_domain_char(uint32_t c)
{
	uc_general_category_t letter_or_mark = uc_general_category_or(UC_CATEGORY_L, UC_CATEGORY_M);

	if (c < 0x80)
		return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '.';
	if (c == ZWNJ || c == ZWJ || c == 0xB7 || c == 0x375 || c == 0x5F3 || c == 0x5F4 || c == 0x30FB)
		return true;
	if (c == 0x3002 || c == 0xFF0E || c == 0xFF61) /* other dots */
		return true;
	return (uc_is_general_category(c, letter_or_mark) || uc_is_general_category(c, UC_CATEGORY_Nd)) &&
	       !uc_is_property_default_ignorable_code_point(c);
}

static bool is_domain_text(const char *s)
{
	size_t n = strlen(s), len;

	if (n == 0 || n > CELL_MAX || !utf8_valid(s, n))
		return false;
	for (size_t i = 0; i < n; i += len)
		if (!is_domain_char(utf8_char(s + i, n - i, &len)))
			return false;
	return true;
}

/* --- the Bidi rule (RFC 5893) ----------------------------------------------- */

#define BIDI(class) (1u << UC_BIDI_##class)

static unsigned bidi_of(const char *s, size_t n, size_t *len)
{
	return 1u << uc_bidi_class(utf8_char(s, n, len));
}

/* Conditions 1 to 6 of section 2. libidn2 asks for some of them only. */
static bool is_bidi_label(const char *s, size_t n)
{
	const unsigned neutral = BIDI(EN) | BIDI(ES) | BIDI(CS) | BIDI(ET) | BIDI(ON) | BIDI(BN) | BIDI(NSM);
	unsigned first = 0, last = 0, seen = 0;
	bool rtl;

	for (size_t i = 0, len; i < n; i += len) {
		unsigned class = bidi_of(s + i, n - i, &len);

		first = first ? first : class;
		last = class == BIDI(NSM) ? last : class;
		seen |= class;
	}
	rtl = (first & (BIDI(R) | BIDI(AL))) != 0;
	if (!rtl)
		return first == BIDI(L) && !(seen & ~(BIDI(L) | neutral)) && (last & (BIDI(L) | BIDI(EN)));
	return !(seen & ~(BIDI(R) | BIDI(AL) | BIDI(AN) | neutral)) &&
	       (last & (BIDI(R) | BIDI(AL) | BIDI(EN) | BIDI(AN))) &&
	       (seen & (BIDI(EN) | BIDI(AN))) != (BIDI(EN) | BIDI(AN));
}

/* Every label of a domain that has a letter or digit written from the right; others are free of this rule. */
static bool is_bidi_domain(const char *shown)
{
	bool any = false, all = true;

	for (size_t i = 0, n = strlen(shown), len; i < n; i += len)
		any = any || (bidi_of(shown + i, n - i, &len) & (BIDI(R) | BIDI(AL) | BIDI(AN)));
	for (size_t n; any; shown += n + 1) {
		n = strcspn(shown, ".");
		all = all && is_bidi_label(shown, n);
		if (!shown[n])
			break;
	}
	return all;
}

/* --- reading ---------------------------------------------------------------- */

/* Since Unicode 15.1 the capital sharp s is that of the small one; older tables make it "ss", another domain. */
static const char *with_small_sharp_s(struct arena *a, const char *text)
{
	char *copy, *at;

	if (!strstr(text, CAPITAL_SHARP_S))
		return text;
	copy = arena_text(a, text);
	while ((at = strstr(copy, CAPITAL_SHARP_S)) != NULL) {
		at[0] = '\xC3';
		at[1] = '\x9F';
		memmove(at + 2, at + 3, strlen(at + 3) + 1);
	}
	return copy;
}

const char *domain_unicode(struct arena *a, const char *ascii)
{
	char *shown = NULL;
	const char *copy;

	if (!strstr(ascii, "xn--") || idn2_to_unicode_8z8z(ascii, &shown, 0) != IDN2_OK || !shown)
		return ascii;
	copy = arena_text(a, shown);
	idn2_free(shown);
	return copy;
}

/* A-labels in lower case (ADR-5), or NULL with `why`. */
char *domain_read(struct arena *a, const char *text, const char **why)
{
	static const char NO_DOMAIN[] = "the part behind the @ is no domain: correct it, as in host.example";
	int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES;
	uint8_t *found = NULL;
	char *ascii;

	*why = NO_DOMAIN;
	if (!is_domain_text(text))
		return NULL;
	text = with_small_sharp_s(a, text);
	if (idn2_lookup_u8((const uint8_t *)text, &found, flags) != IDN2_OK)
		return NULL;
	ascii = utf8_lower(a, (char *)found);
	idn2_free(found);
	*why = domain_fault(ascii);
	if (!*why && !is_bidi_domain(domain_unicode(a, ascii)))
		*why = NO_DOMAIN;
	return *why ? NULL : ascii;
}

char *domain_parse(struct arena *a, const char *text)
{
	size_t n = strlen(text);
	const char *why;

	if (n > 1 && text[n - 1] == '.')
		text = arena_text_n(a, text, n - 1);
	return domain_read(a, text, &why);
}

bool domain_is_within(const char *domain, const char *parent)
{
	size_t n = strlen(domain), p = strlen(parent);

	return n >= p && strcmp(domain + n - p, parent) == 0 && (n == p || domain[n - p - 1] == '.');
}

/* --- the public suffix list -------------------------------------------------- */

char *domain_registered_in(struct arena *a, const struct psl_ctx_st *list, const char *domain)
{
	const char *found;

	if (!list || !*domain || strlen(domain) > DOMAIN_MAX || *domain == '.' || !utf8_valid(domain, strlen(domain)))
		return NULL;
	domain = utf8_lower(a, domain);
	found = psl_registrable_domain(list, domain);
	return found ? arena_text(a, found) : NULL;
}

char *domain_registered(struct arena *a, const char *domain)
{
	return domain_registered_in(a, psl_builtin(), domain);
}

bool domain_is_public_suffix(const char *domain)
{
	const psl_ctx_t *list = psl_builtin();

	return list && psl_is_public_suffix2(list, domain, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
}
