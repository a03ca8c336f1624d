/*
 * Cells of spreadsheets, as wild as they come. What is accepted keeps the
 * limits of ADR-1, holds nothing that could break out of a header or a command,
 * and reads as itself.
 */
#include "base/utf8.h"
#include "mail/address.h"

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
	address_flags(out);
	address_masked(a, out->delivery);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *cell = arena_text_n(a, (const char *)data, size), *domain;
	struct address out;
	struct err e = { 0 };

	if (address_parse(a, cell, &out, &e) == 0)
		check(a, &out);
	domain = domain_parse(a, cell);
	if (domain)
		MUST(domain_is_within(domain, domain) && strchr(domain, '.'));
	address_masked(a, cell);
	arena_free(a);
	return 0;
}
