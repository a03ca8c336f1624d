/*
 * The codes: see provider_code.h. Those of RFC 7372 (5.7.20 to 5.7.26), those that
 * providers have added, and words for relays that give no code, or 5.7.1, which
 * says only "not allowed" and means most often the content. A word is taken
 * alone where nobody says it of a recipient or of spam.
 */
#include "policy/provider_code.h"

#include <ctype.h>

#define CHECK "placet identity check says what is wrong"
#define NOT_SIGNED "its DKIM signature is missing or does not verify"
#define BAD_SPF "SPF does not allow the address that it came from"
#define BAD_DMARC "DMARC does not pass: neither SPF nor DKIM is aligned with From"
#define NO_PTR "the address that it came from has no name that leads back to it (PTR)"
#define NO_RELAY "the relay does not take mail from us for other domains"

static const struct provider_code CODES[] = {
	{ "7.20", NOT_SIGNED, CHECK },
	{ "7.21", NOT_SIGNED, CHECK },
	{ "7.22", NOT_SIGNED, CHECK },
	{ "7.23", BAD_SPF, CHECK },
	{ "7.24", "the SPF record cannot be read", CHECK },
	{ "7.25", NO_PTR, "give each outbound address a name that resolves back to it" },
	{ "7.26", "it is not authenticated: SPF, DKIM or DMARC does not pass", CHECK },
	{ "7.27", BAD_SPF, CHECK },
	{ "7.28", "so much mail, or so much unwanted mail, comes from us that the provider holds it off",
	  "send more slowly (placet pace), and look at the complaints" },
	{ "7.29", "the relay handed it on without TLS", "let the relay use TLS towards the internet" },
	{ "7.30", NOT_SIGNED, CHECK },
	{ "7.32", "From is not aligned with what SPF and DKIM vouch for", CHECK },
	{ "7.40", "there is no DMARC record", CHECK },
	{ "7.515", "the provider asks bulk senders for SPF, DKIM and DMARC, and one does not pass", CHECK },
};

static const struct provider_code WORDS[] = {
	{ "dmarc", BAD_DMARC, CHECK },
	{ "dkim", NOT_SIGNED, CHECK },
	{ "spf", BAD_SPF, CHECK },
	{ "sender policy framework", BAD_SPF, CHECK },
	{ "unauthenticated", "it is not authenticated", CHECK },
	{ "reverse dns", NO_PTR, "give each outbound address a name that resolves back to it" },
	{ "ptr record", NO_PTR, "give each outbound address a name that resolves back to it" },
	{ "relay access denied", NO_RELAY, "let the relay know this installation, by its address or a login" },
	{ "relaying denied", NO_RELAY, "let the relay know this installation, by its address or a login" },
	{ "unable to relay", NO_RELAY, "let the relay know this installation, by its address or a login" },
};

/* 4.7.23 is Google's for a missing PTR, which RFC 7372 gives to SPF and has 5.7.25 for. */
static const struct provider_code GOOGLE_PTR = { "4.7.23", NO_PTR, "give each outbound address a name that resolves back to it" };

/* Codes that say too little: the words decide. */
static bool says_little(const char *enhanced)
{
	return !*enhanced || strcmp(enhanced + 1, ".0.0") == 0 || strcmp(enhanced + 1, ".7.0") == 0 ||
	       strcmp(enhanced + 1, ".7.1") == 0;
}

static bool has_word(const char *text, const char *word)
{
	for (const char *at = text; (at = strcasestr(at, word)); at++)
		if ((at == text || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[strlen(word)]))
			return true;
	return false;
}

const struct provider_code *provider_code(const char *enhanced, const char *text)
{
	if (strcmp(enhanced, GOOGLE_PTR.key) == 0)
		return &GOOGLE_PTR;
	for (size_t i = 0; *enhanced && i < COUNT(CODES); i++)
		if (enhanced[1] == '.' && strcmp(enhanced + 2, CODES[i].key) == 0)
			return &CODES[i];
	if (!says_little(enhanced))
		return NULL;
	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (has_word(text, WORDS[i].key))
			return &WORDS[i];
	return NULL;
}

const char *provider_code_shown(struct arena *a, const struct provider_code *p, int class_of)
{
	if (isdigit((unsigned char)p->key[0]))
		return p == &GOOGLE_PTR ? p->key : arena_printf(a, "%d.%s", class_of, p->key);
	return arena_printf(a, "\"%s\"", p->key);
}

const struct provider_code *provider_code_by_key(const char *key)
{
	if (strcmp(key, GOOGLE_PTR.key) == 0)
		return &GOOGLE_PTR;
	for (size_t i = 0; i < COUNT(CODES); i++)
		if (strcmp(key, CODES[i].key) == 0)
			return &CODES[i];
	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (strcmp(key, WORDS[i].key) == 0)
			return &WORDS[i];
	return NULL;
}
