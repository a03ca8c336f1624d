/*
 * What a person should look at in an address: see address.h. Flags are facts
 * about how an address looks; they decide nothing (ADR-8, ADR-10).
 */
#include "mail/address.h"

#include "base/utf8.h"
#include "mail/address_lists.h"

#include <unictype.h>

#define KEY_LOCAL_MAX 256 /* 64 octets, some of which grew in lower case */

/* Scripts that are written together: Latin stands with any one of East Asia's groups (UTS #39). */
enum script { SCRIPT_NONE, SCRIPT_HAN = 1, SCRIPT_KANA = 2, SCRIPT_HANGUL = 4, SCRIPT_BOPOMOFO = 8, SCRIPT_LATIN = 16 };

static unsigned east_asian(const char *name)
{
	static const struct {
		const char *name;
		unsigned bit;
	} KNOWN[] = { { "Han", SCRIPT_HAN },       { "Hiragana", SCRIPT_KANA },     { "Katakana", SCRIPT_KANA },
		      { "Hangul", SCRIPT_HANGUL }, { "Bopomofo", SCRIPT_BOPOMOFO }, { "Latin", SCRIPT_LATIN } };

	for (size_t i = 0; i < COUNT(KNOWN); i++)
		if (strcmp(name, KNOWN[i].name) == 0)
			return KNOWN[i].bit;
	return 0;
}

static bool is_mixed(const char *label, size_t n)
{
	const char *other = NULL;
	unsigned seen = 0;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		const uc_script_t *script = uc_script(utf8_char(label + i, n - i, &len));
		unsigned bit;

		if (!script || strcmp(script->name, "Common") == 0 || strcmp(script->name, "Inherited") == 0)
			continue;
		bit = east_asian(script->name);
		if (!bit && other && strcmp(other, script->name) != 0)
			return true;
		if (!bit)
			other = script->name;
		seen |= bit;
	}
	if (other)
		return seen != 0;
	seen &= ~(unsigned)SCRIPT_LATIN;
	return !(seen == 0 || (seen | SCRIPT_HAN | SCRIPT_KANA) == (SCRIPT_HAN | SCRIPT_KANA) ||
		 (seen | SCRIPT_HAN | SCRIPT_HANGUL) == (SCRIPT_HAN | SCRIPT_HANGUL) ||
		 (seen | SCRIPT_HAN | SCRIPT_BOPOMOFO) == (SCRIPT_HAN | SCRIPT_BOPOMOFO));
}

static bool is_ascii(const char *s)
{
	while (*s && (unsigned char)*s < 0x80)
		s++;
	return !*s;
}

static bool has_mixed_label(const char *text)
{
	if (is_ascii(text)) /* one script at the most */
		return false;
	for (;;) {
		size_t n = strcspn(text, ".");

		if (is_mixed(text, n))
			return true;
		if (!text[n])
			return false;
		text += n + 1;
	}
}

unsigned address_flags(const struct address *addr)
{
	const char *at = strrchr(addr->key, '@');
	size_t n = at ? (size_t)(at - addr->key) : 0;
	char local[KEY_LOCAL_MAX + 1] = "";
	unsigned flags = 0;

	if (n < sizeof(local))
		memcpy(local, addr->key, n);
	if (list_has_role(local))
		flags |= ADDRESS_ROLE;
	if (list_has_list_pattern(local))
		flags |= ADDRESS_ROLE | ADDRESS_LIST;
	if (list_has_list_host(addr->domain))
		flags |= ADDRESS_LIST;
	if (list_has_free_provider(addr->domain))
		flags |= ADDRESS_FREE_PROVIDER;
	if (list_has_disposable(addr->domain))
		flags |= ADDRESS_DISPOSABLE;
	if (addr->utf8)
		flags |= ADDRESS_NON_ASCII_LOCAL;
	if (has_mixed_label(addr->local) || has_mixed_label(addr->domain_shown))
		flags |= ADDRESS_LOOKALIKE;
	return flags;
}

const char *address_flag_name(enum address_flag f)
{
	switch (f) {
	case ADDRESS_ROLE:
		return "role";
	case ADDRESS_DISPOSABLE:
		return "disposable";
	case ADDRESS_FREE_PROVIDER:
		return "free-provider";
	case ADDRESS_LIST:
		return "list-address";
	case ADDRESS_NON_ASCII_LOCAL:
		return "non-ascii-local";
	case ADDRESS_LOOKALIKE:
		return "lookalike";
	}
	BUG("no such address flag");
}

bool address_needs_decision(unsigned flags)
{
	return (flags & ~(unsigned)ADDRESS_FREE_PROVIDER) != 0;
}

char *address_masked(struct arena *a, const char *delivery)
{
	const char *at = strrchr(delivery, '@');
	size_t local_n = 0, domain_n = 0;

	if (!at || at == delivery || !at[1])
		return arena_text(a, "\xE2\x80\xA6");
	utf8_char(delivery, strlen(delivery), &local_n);
	utf8_char(at + 1, strlen(at + 1), &domain_n);
	return arena_printf(a, "%.*s\xE2\x80\xA6@%.*s\xE2\x80\xA6", (int)local_n, delivery, (int)domain_n, at + 1);
}
