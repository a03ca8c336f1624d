/*
 * Facts about an identity: see look.h. Whether an SPF record covers "nobody else" is asked the way a receiver would: by
 * judging addresses that no host ever has.
 */
#include "dns/look.h"

#include "dns/dmarc.h"
#include "dns/spf.h"
#include "mail/domain.h"
#include "mail/tags.h"

#include <string.h>
#include <strings.h>

#define SEE_DNS "publish the records that `placet identity dns` prints"
#define ASK_DNS "find out why the DNS gives no answer; it is asked again by itself"
#define NO_OUTBOUND "say from which addresses the relay sends: `placet identity edit NAME --outbound ADDRESS`"
/* RFC 1112, section 4: reserved for ever; RFC 6666: thrown away by all. */
#define NOBODY_V4 "240.0.0.1"
#define NOBODY_V6 "100::1"

static void say(struct dns_fact *out, enum fact answer, const char *found, const char *mend)
{
	out->answer = answer;
	out->found = found;
	out->mend = mend;
}

bool outbound_is_include(const char *entry)
{
	return strncmp(entry, "include:", 8) == 0;
}

int outbound_check(const char *entry, struct err *e)
{
	struct arena *a = arena_new();
	uint8_t bytes[16];
	bool good = dns_address(entry, bytes) || (outbound_is_include(entry) && domain_parse(a, entry + 8));

	arena_free(a);
	return good ? 0 : err_set(e, ERR_INPUT, "outbound '%.100s': give an IP address, or include:DOMAIN of the provider's SPF record", entry);
}

/* --- SPF --------------------------------------------------------------------------------------- */

static void judge(struct arena *a, const struct dns_asker *dns, const char *domain, const char *address, struct spf_answer *x)
{
	const struct spf_question q = { address, arena_printf(a, "b@%s", domain), domain };

	spf_check(a, dns, &q, x);
}

/* False when that settles the answer. */
static bool may_send(struct arena *a, const struct dns_asker *dns, const char *domain, const char *address, struct dns_fact *out)
{
	struct spf_answer x;

	judge(a, dns, domain, address, &x);
	if (x.result == SPF_PASS)
		return true;
	if (x.result == SPF_TEMPERROR)
		say(out, FACT_UNKNOWN, arena_printf(a, "SPF of %s: %s", domain, x.why), ASK_DNS);
	else
		say(out, FACT_NO, arena_printf(a, "SPF says %s for %s sending for %s: %s", spf_result_name(x.result), address, domain, x.why),
		    SEE_DNS);
	return false;
}

static bool has_include(struct arena *a, const char *record, const char *entry)
{
	for (const char *s = record; *s;) {
		size_t n = strcspn(s, " ");
		const char *term = arena_text_n(a, s, n);

		if (strcasecmp(term + (*term == '+'), entry) == 0)
			return true;
		s += n;
		s += strspn(s, " ");
	}
	return false;
}

/* What is not ours must not pass: the record ends in ~all or -all, by itself or by its redirect. */
static bool is_closed(struct arena *a, const struct dns_asker *dns, const char *domain, struct spf_answer *x, struct dns_fact *out)
{
	static const char *const NOBODY[] = { NOBODY_V4, NOBODY_V6 };

	for (size_t i = 0; i < COUNT(NOBODY); i++) {
		judge(a, dns, domain, NOBODY[i], x);
		if (x->result == SPF_FAIL || x->result == SPF_SOFTFAIL)
			continue;
		if (x->result == SPF_TEMPERROR)
			say(out, FACT_UNKNOWN, arena_printf(a, "SPF of %s: %s", domain, x->why), ASK_DNS);
		else
			say(out, FACT_NO,
			    arena_printf(a, "SPF of %s says %s for an address that nobody has: %s", domain, spf_result_name(x->result), x->why),
			    x->record ? "let the SPF record end in -all or ~all" : SEE_DNS);
		return false;
	}
	return true;
}

void look_spf(struct arena *a, const struct dns_asker *dns, const char *domain, const char *const *outbound, struct dns_fact *out)
{
	struct spf_answer x;
	size_t n = 0;

	*out = (struct dns_fact){ .mend = "" };
	if (!outbound[0]) {
		say(out, FACT_NO, "no outbound address is registered, so that SPF cannot be held against any", NO_OUTBOUND);
		return;
	}
	if (!is_closed(a, dns, domain, &x, out))
		return;
	for (; outbound[n]; n++) {
		if (!outbound_is_include(outbound[n])) {
			if (!may_send(a, dns, domain, outbound[n], out))
				return;
		} else if (!x.record || !has_include(a, x.record, outbound[n])) {
			say(out, FACT_NO, arena_printf(a, "the SPF record of %s has no %s", domain, outbound[n]), SEE_DNS);
			return;
		}
	}
	say(out, FACT_YES,
	    arena_printf(a, "the SPF record of %s covers %zu outbound %s%s", domain, n, n == 1 ? "address" : "addresses",
			 x.ptr ? "; leave ptr out of it, which receivers may ignore" : ""),
	    "");
}

/* --- DKIM keys --------------------------------------------------------------------------------- */

/* The value without the blanks that p= may have inside. */
static const char *bare(struct arena *a, const struct tags *t, const char *name)
{
	const struct tag *tag = tag_find(t, name);
	char *text = arena_alloc(a, tag ? tag->value.n + 1 : 1);
	size_t n = 0;

	for (size_t i = 0; tag && i < tag->value.n; i++)
		if (!tags_blank(tag->value.p[i]))
			text[n++] = tag->value.p[i];
	return text;
}

static const char *kind_of(struct arena *a, const struct tags *t)
{
	const char *k = tag_text(a, t, "k");

	return k ? k : "rsa";
}

const char *key_record_differs(struct arena *a, const char *published, const char *ours)
{
	struct tags *x = ARENA_NEW(a, struct tags), *own = ARENA_NEW(a, struct tags);
	const char *why = tags_read(a, slice_of(published), x);
	const struct tag *v = tag_find(x, "v"), *h = tag_find(x, "h"), *s = tag_find(x, "s"), *t = tag_find(x, "t");

	if (why)
		return arena_printf(a, "the record cannot be read: %s", why);
	why = tags_read(a, slice_of(ours), own);
	MUST(!why);
	if (v && (v != x->tag || !slice_is(v->value, "DKIM1")))
		return "its v= is not DKIM1, or not the first tag";
	if (!tag_find(x, "p"))
		return "the record has no p=";
	if (!*bare(a, x, "p"))
		return "the key is withdrawn (p= is empty)";
	if (strcasecmp(kind_of(a, x), kind_of(a, own)) != 0)
		return "its k= names another kind of key";
	if (strcmp(bare(a, x, "p"), bare(a, own, "p")) != 0)
		return "it is another key (p=)";
	if (h && !tag_list_has(h->value, "sha256"))
		return "it does not allow SHA-256 (h=)";
	if (s && !tag_list_has(s->value, "*") && !tag_list_has(s->value, "email"))
		return "it is not for mail (s=)";
	return t && tag_list_has(t->value, "y") ? "it says that DKIM is only being tested (t=y), so that receivers ignore it" : NULL;
}

void look_key(struct arena *a, const struct dns_asker *dns, const char *domain, const char *selector, const char *record,
	      struct dns_fact *out)
{
	const char *name = arena_printf(a, "%s._domainkey.%s", selector, domain), *why;
	struct dns_answer x = dns_question(dns, a, name, DNS_TXT);

	*out = (struct dns_fact){ .mend = "", .ttl = x.ttl, .secure = x.secure };
	if (x.status == DNS_TROUBLE) {
		say(out, FACT_UNKNOWN, arena_printf(a, "%s: %s", name, x.why), ASK_DNS);
		return;
	}
	if (x.n != 1) {
		say(out, FACT_NO, arena_printf(a, x.n ? "there are %zu TXT records at %s, where one is wanted" : "%zu TXT records are at %s", x.n, name),
		    SEE_DNS);
		return;
	}
	why = key_record_differs(a, x.record[0].text, record);
	if (why)
		say(out, FACT_NO, arena_printf(a, "what is published at %s is not our key: %s", name, why), SEE_DNS);
	else
		say(out, FACT_YES, arena_printf(a, "the key is published at %s", name), "");
}

/* --- DMARC ------------------------------------------------------------------------------------- */

/* Receivers that still go by the list of public suffixes may take another domain for the organisation's. */
static const char *other_view(struct arena *a, const char *author, const struct dmarc_answer *x)
{
	const char *listed = domain_registered(a, author);

	if (!listed || strcasecmp(listed, x->organization) == 0)
		return "";
	return arena_printf(a, "; receivers that go by the list of public suffixes take %s for the organisation's domain", listed);
}

void look_dmarc(struct arena *a, const struct dns_asker *dns, const char *author, const char *signer, const char *envelope,
		struct dns_fact *out)
{
	struct dmarc_answer x;
	int by_dkim, by_spf;

	*out = (struct dns_fact){ .mend = "" };
	dmarc_find(a, dns, author, &x);
	if (x.status == DMARC_TROUBLE) {
		say(out, FACT_UNKNOWN, x.why, ASK_DNS);
		return;
	}
	if (x.status == DMARC_ABSENT) {
		say(out, FACT_NO, arena_printf(a, "neither %s nor a domain above it has a DMARC record", author), SEE_DNS);
		return;
	}
	by_dkim = dmarc_is_aligned(a, dns, author, &x, signer, x.record.strict_dkim);
	by_spf = dmarc_is_aligned(a, dns, author, &x, envelope, x.record.strict_spf);
	if (by_dkim < 0 || by_spf < 0)
		say(out, FACT_UNKNOWN, "the DNS did not tell which organisation the signing domain belongs to", ASK_DNS);
	else if (!by_dkim)
		say(out, FACT_NO, arena_printf(a, "signatures by %s are not aligned with %s (record at %s)", signer, author, x.where),
		    "sign as the domain of From, or let adkim be relaxed");
	else if (!by_spf)
		say(out, FACT_NO, arena_printf(a, "the envelope domain %s is not aligned with %s (record at %s)", envelope, author, x.where),
		    "use a return path in the domain of From, or let aspf be relaxed");
	else
		say(out, FACT_YES,
		    arena_printf(a, "the record at %s asks for %s; signature and envelope are aligned%s", x.where,
				 dmarc_policy_name(x.policy), other_view(a, author, &x)),
		    "");
}

/* --- names of addresses ------------------------------------------------------------------------ */

static bool has_address(const struct dns_answer *x, const uint8_t *address, size_t n)
{
	for (size_t i = 0; x->status == DNS_FOUND && i < x->n; i++)
		if (memcmp(x->record[i].address, address, n) == 0)
			return true;
	return false;
}

/* True when a name of the address leads back to it. */
static bool look_one(struct arena *a, const struct dns_asker *dns, const char *text, struct dns_fact *out)
{
	uint8_t address[16];
	size_t n = dns_address(text, address);
	struct dns_answer names = dns_question(dns, a, dns_reverse_name(a, address, n), DNS_PTR);
	const char *mend = "give the address a name (PTR), and that name the address (A, AAAA)";

	for (size_t i = 0; names.status == DNS_FOUND && i < names.n && i < 10; i++) {
		struct dns_answer x = dns_question(dns, a, names.record[i].text, n == 4 ? DNS_A : DNS_AAAA);

		if (has_address(&x, address, n))
			return true;
		if (x.status == DNS_TROUBLE)
			names = x;
	}
	if (names.status == DNS_TROUBLE)
		say(out, FACT_UNKNOWN, arena_printf(a, "names of %s: %s", text, names.why), ASK_DNS);
	else if (names.status != DNS_FOUND)
		say(out, FACT_NO, arena_printf(a, "the outbound address %s has no name", text), mend);
	else
		say(out, FACT_NO, arena_printf(a, "the outbound address %s is called %s, which does not lead back to it", text,
					       names.record[0].text),
		    mend);
	return false;
}

void look_reverse(struct arena *a, const struct dns_asker *dns, const char *const *outbound, struct dns_fact *out)
{
	size_t n = 0;

	*out = (struct dns_fact){ .mend = "" };
	if (!outbound[0]) {
		say(out, FACT_NO, "no outbound address is registered", NO_OUTBOUND);
		return;
	}
	for (; *outbound; outbound++) {
		if (outbound_is_include(*outbound))
			continue; /* the provider's names */
		if (!look_one(a, dns, *outbound, out))
			return;
		n++;
	}
	say(out, FACT_YES, n ? arena_printf(a, "the names of %zu outbound %s resolve both ways", n, n == 1 ? "address" : "addresses")
			     : "all outbound addresses are the provider's",
	    "");
}
