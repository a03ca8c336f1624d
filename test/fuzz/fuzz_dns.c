/*
 * Everything that is read out of DNS records: the bytes of each type, and as text an SPF record (evaluated, with itself as
 * the answer to all that it asks), a DMARC record and a key record.
 */
#include "dns/dmarc.h"
#include "dns/look.h"
#include "dns/spf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void ask(void *ctx, struct arena *a, const char *name, enum dns_type type, struct dns_answer *out)
{
	struct dns_record *r = ARENA_ARRAY(a, struct dns_record, 1);

	(void)name;
	*r = (struct dns_record){ .text = type == DNS_TXT ? ctx : "mail.example", .n = 12, .address = { 192, 0, 2, 1 } };
	*out = (struct dns_answer){ .status = DNS_FOUND, .record = r, .n = 1 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const enum dns_type TYPES[] = { DNS_A, DNS_AAAA, DNS_TXT, DNS_MX, DNS_PTR, DNS_CNAME };
	struct arena *a = arena_new();
	char *text = arena_text_n(a, (const char *)data, n);
	const struct dns_asker dns = { ask, arena_printf(a, "v=spf1 %s", text) };
	const struct spf_question q = { n && data[0] & 1 ? "192.0.2.1" : "2001:db8::1", "b@mail.example", "mail.example" };
	struct spf_answer spf;
	struct dmarc_record dmarc;
	struct dns_record r;

	for (size_t i = 0; i < COUNT(TYPES); i++)
		if (dns_rdata_read(a, TYPES[i], data, n, &r))
			MUST(r.n == strlen(r.text));
	spf_check(a, &dns, &q, &spf);
	MUST(spf.lookups <= 11 && *spf.why);
	(void)dmarc_read(a, text, &dmarc);
	(void)key_record_differs(a, text, "v=DKIM1; k=rsa; p=QUJD");
	arena_free(a);
	return 0;
}
