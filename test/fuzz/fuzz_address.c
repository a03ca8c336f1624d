/*
 * Cells of spreadsheets, as wild as they come. What is accepted keeps the
 * limits of ADR-1, holds nothing that could break out of a header or a command,
 * and reads as itself. What the short way accepts, the long one reads alike.
 * Nothing is both known and mistyped, or known and a look-alike.
 */
#include "base/utf8.h"
#include "mail/address_inner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct arena *a, const struct address *out)
{
	struct address again;
	struct err e = { 0 };

	MUST(strlen(out->delivery) <= 254 && strlen(out->local) <= 64 && strlen(out->domain) <= 253);
	MUST(utf8_is_plain(out->delivery) && !strpbrk(out->delivery, " <>\"(),;:\\[]"));
	MUST(address_parse(a, out->delivery, &again, &e) == 0);
	MUST(strcmp(again.delivery, out->delivery) == 0 && strcmp(again.key, out->key) == 0);
	MUST(domain_parse(a, out->domain) && strcmp(domain_parse(a, out->domain), out->domain) == 0);
	address_masked(a, out->delivery);
}

/* The other domain is what an institution may have, or was cut out of the cell. */
static void check_doubts(struct arena *a, const struct address *out, const char *other)
{
	const char *known[] = { "sampleton.ac.uk", "uni.example", other }, *hint, *like;
	size_t n = other ? COUNT(known) : COUNT(known) - 1;
	unsigned flags = address_flags_among(out, known, n);

	hint = address_hint(a, out, known, n);
	MUST(!hint || strcmp(hint, out->domain) != 0);
	like = address_resembles(out, known, n);
	MUST(!like || (strcmp(like, out->domain) != 0 && (flags & ADDRESS_LOOKALIKE)));
	MUST((address_flags(out) & ~flags & ~(unsigned)ADDRESS_LOOKALIKE) == 0);
	MUST(!(flags & ADDRESS_FREE_PROVIDER) || (!hint && !like));
	MUST(!address_hint(a, out, (const char *const *)&out->domain, 1));
	MUST(!address_resembles(out, (const char *const *)&out->domain, 1));
	MUST(domain_skeleton(a, out->domain_shown));
}

static void check_registered(struct arena *a, const char *domain)
{
	const char *registered = domain_registered(a, domain);

	MUST(!registered || domain_is_within(domain, registered));
	MUST(!registered || strcmp(domain_registered(a, registered), registered) == 0);
}

static bool is_same(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

/* With and without the short way, a cell gives the same. */
static void check_ways(struct arena *a, const char *cell)
{
	struct address one = { 0 }, other = { 0 };
	struct err e = { 0 }, why = { 0 };

	MUST(!address_parse_plain(a, cell, &one) || address_parse_any(a, cell, &other, &e) == 0);
	if (address_parse(a, cell, &one, &e) < 0) {
		MUST(address_parse_any(a, cell, &other, &why) < 0 && strcmp(e.text, why.text) == 0);
		return;
	}
	MUST(address_parse_any(a, cell, &other, &e) == 0);
	MUST(strcmp(one.given, other.given) == 0 && strcmp(one.local, other.local) == 0);
	MUST(strcmp(one.delivery, other.delivery) == 0 && strcmp(one.key, other.key) == 0);
	MUST(strcmp(one.domain, other.domain) == 0 && strcmp(one.domain_shown, other.domain_shown) == 0);
	MUST(is_same(one.name, other.name) && is_same(one.cleaned, other.cleaned));
	MUST(one.utf8 == other.utf8 && one.reserved == other.reserved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *cell = arena_text_n(a, (const char *)data, size), *domain;
	struct address out = { 0 };
	struct err e = { 0 };

	if (address_parse(a, cell, &out, &e) == 0)
		check(a, &out);
	check_ways(a, cell);
	domain_registered(a, cell);
	domain_skeleton(a, cell);
	domain = domain_parse(a, cell);
	if (domain) {
		MUST(domain_is_within(domain, domain) && strchr(domain, '.'));
		check_registered(a, domain);
	}
	if (out.domain)
		check_doubts(a, &out, domain_parse(a, strchr(cell, ' ') ? strchr(cell, ' ') + 1 : cell));
	address_masked(a, cell);
	arena_free(a);
	return 0;
}
