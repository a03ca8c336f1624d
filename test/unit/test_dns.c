/* dns: records' bytes, DMARC's walk and alignment (standards.md 4.3), and what is said of an identity. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dns/dmarc.h"
#include "dns/look.h"
#include "dns/page.h"
#include "dns/spf.h"
#include "zone.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static struct arena *a;

static int set_up(void **state)
{
	(void)state;
	a = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

static void test_rdata(void **state)
{
	static const struct {
		enum dns_type type;
		const uint8_t *p;
		size_t n;
		const char *want; /* NULL: refused */
	} CASES[] = {
		{ DNS_A, BYTES("\xc0\0\2\1"), "192.0.2.1" },
		{ DNS_A, BYTES("\xc0\0\2"), NULL },
		{ DNS_AAAA, BYTES("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"), "2001:db8::1" },
		{ DNS_AAAA, BYTES("\xc0\0\2\1"), NULL },
		{ DNS_TXT, BYTES("\3v=s\3pf1\0\1 "), "v=spf1 " },
		{ DNS_TXT, BYTES("\1a\0\1\0"), "a\xff" },
		{ DNS_TXT, BYTES("\5abc"), NULL },
		{ DNS_TXT, NULL, 0, NULL },
		{ DNS_PTR, BYTES("\4Mail\3UNI\7example\0"), "mail.uni.example" },
		{ DNS_PTR, BYTES("\0"), "" },
		{ DNS_PTR, BYTES("\4mail"), NULL },           /* does not end */
		{ DNS_PTR, BYTES("\4mail\0x"), NULL },        /* something behind it */
		{ DNS_PTR, BYTES("\xc0\4mail\0"), NULL },     /* a pointer */
		{ DNS_PTR, BYTES("\4m\nil\0"), NULL },        /* would break a line */
		{ DNS_PTR, BYTES("\4m.il\0"), NULL },
		{ DNS_MX, BYTES("\0\12\2mx\7example\0"), "mx.example" },
		{ DNS_MX, BYTES("\0\0\0"), "" },              /* null MX */
		{ DNS_MX, BYTES("\0\12"), NULL },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct dns_record r;
		bool good = dns_rdata_read(a, CASES[i].type, CASES[i].p, CASES[i].n, &r);

		if (good != (CASES[i].want != NULL) || (good && strcmp(r.text, CASES[i].want) != 0))
			fail_msg("case %zu: %s", i, good ? r.text : "refused");
	}
}

static void test_reverse_names(void **state)
{
	uint8_t x[16];
	(void)state;

	assert_int_equal(dns_address("192.0.2.7", x), 4);
	assert_string_equal(dns_reverse_name(a, x, 4), "7.2.0.192.in-addr.arpa");
	assert_int_equal(dns_address("2001:db8::567:89ab", x), 16);
	assert_string_equal(dns_reverse_name(a, x, 16), "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	assert_int_equal(dns_address("192.0.2", x), 0);
}

static void test_resolver_texts(void **state)
{
	static const char *const GOOD[] = { "192.0.2.53", "192.0.2.53@5353", "::1@53", "2001:db8::53" };
	static const char *const BAD[] = { "", "ns.example", "192.0.2.53:53", "192.0.2.53@", "192.0.2.53@0", "192.0.2.53@65536", "@53" };
	struct err e = { 0 };
	(void)state;

	for (size_t i = 0; i < COUNT(GOOD); i++)
		assert_int_equal(dns_check_resolver(GOOD[i], &e), 0);
	for (size_t i = 0; i < COUNT(BAD); i++)
		assert_int_equal(dns_check_resolver(BAD[i], &e), -1);
}

/* --- DMARC --- */

static void test_dmarc_records(void **state)
{
	static const char *const NONE[] = { "", "v=DMARC1x; p=none", "p=none; v=DMARC1", "v=dmarc1; p=none", "v=DMARC1; p=none; p=reject",
					    "v=spf1 -all", "v=DMARC1; none" };
	struct dmarc_record r;
	(void)state;

	for (size_t i = 0; i < COUNT(NONE); i++)
		if (dmarc_read(a, NONE[i], &r))
			fail_msg("read: %s", NONE[i]);
	assert_true(dmarc_read(a, "v=DMARC1;p=Reject ; sp=quarantine; adkim=S; psd=n; pct=20; x=y;", &r));
	assert_int_equal(r.policy, DMARC_POLICY_REJECT);
	assert_int_equal(r.sub, DMARC_POLICY_QUARANTINE);
	assert_int_equal(r.absent, DMARC_POLICY_QUARANTINE);
	assert_int_equal(r.psd, 'n');
	assert_true(r.strict_dkim && !r.strict_spf && !r.testing);
	assert_true(dmarc_read(a, "v=DMARC1", &r)); /* a missing p is none */
	assert_int_equal(r.policy, DMARC_POLICY_NONE);
	assert_true(dmarc_read(a, "v=DMARC1; p=nonsense; np=reject; t=y", &r));
	assert_int_equal(r.policy, DMARC_POLICY_NONE);
	assert_int_equal(r.absent, DMARC_POLICY_REJECT);
	assert_true(r.testing);
}

static const struct zone_row WALKS[] = {
	{ "_dmarc.uni.example", DNS_TXT, "v=DMARC1; p=reject; sp=quarantine" },
	{ "_dmarc.mail.uni.example", DNS_TXT, "v=DMARC1; p=none" },
	{ "_dmarc.two.uni.example", DNS_TXT, "v=DMARC1; p=none" },
	{ "_dmarc.two.uni.example", DNS_TXT, "v=DMARC1; p=reject" },
	{ "_dmarc.noise.uni.example", DNS_TXT, "v=spf1 -all" },
	{ "_dmarc.noise.uni.example", DNS_TXT, "v=DMARC1; p=none" },
	/* a public suffix that says so, with a registrant of its own below */
	{ "_dmarc.ac.example", DNS_TXT, "v=DMARC1; psd=y; p=none; np=reject" },
	{ "_dmarc.a.college.ac.example", DNS_TXT, "v=DMARC1; p=quarantine" },
	{ "x.old.ac.example", DNS_A, "192.0.2.1" },
	/* a part of an organisation that stands for itself */
	{ "_dmarc.press.uni.example", DNS_TXT, "v=DMARC1; p=none; psd=n" },
	{ "_dmarc.deep.example", DNS_TXT, "v=DMARC1; p=reject" },
	{ "_dmarc.mute.example!", 0, "" },
	{ NULL, 0, NULL },
};

static void test_dmarc_walks(void **state)
{
	static const struct {
		const char *author, *organization, *where; /* where NULL: no record */
		enum dmarc_policy policy;
		unsigned asked_most;
	} CASES[] = {
		{ "uni.example", "uni.example", "uni.example", DMARC_POLICY_REJECT, 2 },
		{ "mail.uni.example", "uni.example", "mail.uni.example", DMARC_POLICY_NONE, 3 },
		{ "dept.uni.example", "uni.example", "uni.example", DMARC_POLICY_QUARANTINE, 3 },
		{ "two.uni.example", "uni.example", "uni.example", DMARC_POLICY_QUARANTINE, 3 },
		{ "noise.uni.example", "uni.example", "noise.uni.example", DMARC_POLICY_NONE, 3 },
		{ "a.college.ac.example", "college.ac.example", "a.college.ac.example", DMARC_POLICY_QUARANTINE, 3 },
		{ "x.old.ac.example", "old.ac.example", "ac.example", DMARC_POLICY_NONE, 6 },
		{ "gone.ac.example", "gone.ac.example", "ac.example", DMARC_POLICY_REJECT, 6 }, /* np: no such name */
		{ "ac.example", "ac.example", "ac.example", DMARC_POLICY_NONE, 2 }, /* psd=y at the start stops nothing */
		{ "x.press.uni.example", "press.uni.example", "press.uni.example", DMARC_POLICY_NONE, 2 },
		{ "press.uni.example", "press.uni.example", "press.uni.example", DMARC_POLICY_NONE, 1 },
		{ "nothing.test", "nothing.test", NULL, DMARC_POLICY_NONE, 2 },
		/* more than eight labels: the second question is for the last seven */
		{ "1.2.3.4.5.6.7.8.9.deep.example", "deep.example", "deep.example", DMARC_POLICY_REJECT, 8 },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct zone z = { WALKS, 0 };
		const struct dns_asker dns = { zone_ask, &z };
		struct dmarc_answer x;

		dmarc_find(a, &dns, CASES[i].author, &x);
		if (strcmp(x.organization, CASES[i].organization) != 0 || (x.status == DMARC_FOUND) != (CASES[i].where != NULL) ||
		    (CASES[i].where && (strcmp(x.where, CASES[i].where) != 0 || x.policy != CASES[i].policy)) ||
		    z.asked > CASES[i].asked_most)
			fail_msg("%s: organisation %s, record at %s, %s, %u questions", CASES[i].author, x.organization,
				 x.where ? x.where : "-", dmarc_policy_name(x.policy), z.asked);
	}
}

static void test_alignment(void **state)
{
	static const struct {
		const char *author, *other;
		bool strict;
		int want;
	} CASES[] = {
		{ "mail.uni.example", "mail.uni.example", true, 1 }, { "mail.uni.example", "MAIL.uni.example", true, 1 },
		{ "mail.uni.example", "uni.example", true, 0 },      { "mail.uni.example", "uni.example", false, 1 },
		{ "mail.uni.example", "b.mail.uni.example", false, 1 }, { "mail.uni.example", "press.uni.example", false, 0 },
		{ "a.college.ac.example", "old.ac.example", false, 0 }, { "mail.uni.example", "nothing.test", false, 0 },
		{ "mail.uni.example", "mute.example", false, -1 },
	};
	struct zone z = { WALKS, 0 };
	const struct dns_asker dns = { zone_ask, &z };
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct dmarc_answer x;
		int got;

		dmarc_find(a, &dns, CASES[i].author, &x);
		got = dmarc_is_aligned(a, &dns, CASES[i].author, &x, CASES[i].other, CASES[i].strict);
		if (got != CASES[i].want)
			fail_msg("%s and %s, strict %d: %d", CASES[i].author, CASES[i].other, CASES[i].strict, got);
	}
}

/* --- what is said of an identity --- */

static void test_key_records(void **state)
{
	static const char OURS[] = "v=DKIM1; k=rsa; h=sha256; t=s; p=QUJD";
	static const struct {
		const char *published, *why; /* "" : the same */
	} CASES[] = {
		{ "v=DKIM1; k=rsa; h=sha256; t=s; p=QUJD", "" },
		{ "p=QU JD\t; k = RSA; t=s;v=DKIM1", "v=" },
		{ " p=QU JD\t; k = RSA ;", "" },
		{ "p=QUJD", "" },
		{ "v=DKIM1; p=", "withdrawn" },
		{ "v=DKIM1; p=QUJE", "another key" },
		{ "v=DKIM1; p=QUJDQUJD", "another key" },
		{ "v=DKIM1; k=ed25519; p=QUJD", "k=" },
		{ "v=DKIM2; p=QUJD", "v=" },
		{ "v=DKIM1; h=sha1; p=QUJD", "h=" },
		{ "v=DKIM1; h=sha1 : sha256; p=QUJD", "" },
		{ "v=DKIM1; s=tlsrpt; p=QUJD", "s=" },
		{ "v=DKIM1; t=y:s; p=QUJD", "t=y" },
		{ "v=DKIM1; k=rsa", "no p=" },
		{ "v=DKIM1; p=QUJD; p=QUJD", "two tags" },
		{ "hello", "cannot be read" },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const char *why = key_record_differs(a, CASES[i].published, OURS);

		if (*CASES[i].why ? !why || !strstr(why, CASES[i].why) : why != NULL)
			fail_msg("%s: %s", CASES[i].published, why ? why : "the same");
	}
}

static const struct zone_row IDENTITIES[] = {
	{ "good.example", DNS_TXT, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::/64 include:_spf.provider.example -all" },
	{ "soft.example", DNS_TXT, "v=spf1 ip4:192.0.2.0/24 ~all" },
	{ "open.example", DNS_TXT, "v=spf1 ip4:192.0.2.1 +all" },
	{ "wide.example", DNS_TXT, "v=spf1 ip4:0.0.0.0/0 -all" },
	{ "asking.example", DNS_TXT, "v=spf1 ip4:192.0.2.1 ?all" },
	{ "twice.example", DNS_TXT, "v=spf1 ip4:192.0.2.1 -all" },
	{ "twice.example", DNS_TXT, "v=spf1 -all" },
	{ "other.example", DNS_TXT, "v=spf1 ip4:192.0.2.9 -all" },
	{ "sent-on.example", DNS_TXT, "v=spf1 redirect=good.example" },
	{ "mute.example!", 0, "" },
	{ "_spf.provider.example", DNS_TXT, "v=spf1 ip4:198.51.100.0/24 -all" },
	{ "1.2.0.192.in-addr.arpa", DNS_PTR, "other.example" },
	{ "1.2.0.192.in-addr.arpa", DNS_PTR, "out.good.example" },
	{ "out.good.example", DNS_A, "192.0.2.1" },
	{ "2.2.0.192.in-addr.arpa", DNS_PTR, "stray.example" },
	{ "stray.example", DNS_A, "192.0.2.99" },
	{ "3.2.0.192.in-addr.arpa!", 0, "" },
	{ "4.2.0.192.in-addr.arpa", DNS_PTR, "mute.example" },
	{ "r._domainkey.good.example", DNS_TXT, "v=DKIM1; p=QUJD" },
	{ "two._domainkey.good.example", DNS_TXT, "v=DKIM1; p=QUJD" },
	{ "two._domainkey.good.example", DNS_TXT, "v=DKIM1; p=QUJD" },
	{ NULL, 0, NULL },
};

static void expect(const struct dns_fact *x, enum fact want, const char *words, const char *what)
{
	if (x->answer != want || !strstr(x->found, words) || (want != FACT_YES && !*x->mend))
		fail_msg("%s: %d: %s; %s", what, x->answer, x->found, x->mend);
}

static void test_spf_facts(void **state)
{
	static const struct {
		const char *domain, *outbound[3];
		enum fact want;
		const char *words;
	} CASES[] = {
		{ "good.example", { "192.0.2.1", "2001:db8::5" }, FACT_YES, "covers 2 outbound addresses" },
		{ "good.example", { "include:_spf.provider.example" }, FACT_YES, "covers" },
		{ "good.example", { "include:_spf.another.example" }, FACT_NO, "has no include" },
		{ "good.example", { "192.0.2.1", "192.0.2.2" }, FACT_NO, "says fail for 192.0.2.2" },
		{ "good.example", { NULL }, FACT_NO, "no outbound address" },
		{ "soft.example", { "192.0.2.1" }, FACT_YES, "covers" },
		{ "sent-on.example", { "192.0.2.1" }, FACT_YES, "covers" },
		{ "open.example", { "192.0.2.1" }, FACT_NO, "an address that nobody has" },
		{ "wide.example", { "192.0.2.1" }, FACT_NO, "an address that nobody has" },
		{ "asking.example", { "192.0.2.1" }, FACT_NO, "says neutral" },
		{ "twice.example", { "192.0.2.1" }, FACT_NO, "more than one" },
		{ "none.example", { "192.0.2.1" }, FACT_NO, "no SPF record" },
		{ "mute.example", { "192.0.2.1" }, FACT_UNKNOWN, "silent" },
	};
	struct zone z = { IDENTITIES, 0 };
	const struct dns_asker dns = { zone_ask, &z };
	(void)state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct dns_fact x;

		look_spf(a, &dns, CASES[i].domain, CASES[i].outbound, &x);
		expect(&x, CASES[i].want, CASES[i].words, CASES[i].domain);
	}
}

static void test_other_facts(void **state)
{
	static const struct {
		const char *address;
		enum fact want;
		const char *words;
	} NAMES[] = {
		{ "192.0.2.1", FACT_YES, "both ways" },    { "192.0.2.2", FACT_NO, "does not lead back" },
		{ "192.0.2.3", FACT_UNKNOWN, "silent" },   { "192.0.2.4", FACT_UNKNOWN, "silent" },
		{ "192.0.2.5", FACT_NO, "has no name" },   { "include:p.example", FACT_YES, "provider" },
	};
	struct zone z = { IDENTITIES, 0 }, walks = { WALKS, 0 };
	const struct dns_asker dns = { zone_ask, &z }, tree = { zone_ask, &walks };
	struct dns_fact x;
	(void)state;

	for (size_t i = 0; i < COUNT(NAMES); i++) {
		look_reverse(a, &dns, (const char *const[]){ NAMES[i].address, NULL }, &x);
		expect(&x, NAMES[i].want, NAMES[i].words, NAMES[i].address);
	}
	look_key(a, &dns, "good.example", "r", "p=QUJD", &x);
	expect(&x, FACT_YES, "published", "key");
	assert_int_equal(x.ttl, 3600);
	look_key(a, &dns, "good.example", "r", "p=QUJE", &x);
	expect(&x, FACT_NO, "not our key", "another key");
	look_key(a, &dns, "good.example", "e", "p=QUJD", &x);
	expect(&x, FACT_NO, "0 TXT records", "no key");
	look_key(a, &dns, "good.example", "two", "p=QUJD", &x);
	expect(&x, FACT_NO, "2 TXT records", "two keys");
	look_dmarc(a, &tree, "mail.uni.example", "mail.uni.example", "mail.uni.example", &x);
	expect(&x, FACT_YES, "aligned", "dmarc");
	look_dmarc(a, &tree, "mail.uni.example", "press.uni.example", "mail.uni.example", &x);
	expect(&x, FACT_NO, "press.uni.example", "foreign signature");
	look_dmarc(a, &tree, "nothing.test", "nothing.test", "nothing.test", &x);
	expect(&x, FACT_NO, "DMARC record", "no dmarc");
	look_dmarc(a, &tree, "mute.example", "mute.example", "mute.example", &x);
	expect(&x, FACT_UNKNOWN, "silent", "silent dmarc");
}

static void test_page_words(void **state)
{
	struct page_words p;
	(void)state;

	page_read(a, slice_of("<!doctype html><html><head><title>T</title><style>p{color:red}</style><script>no()</script></head><body>"
			      "<p>Re<b>search</b>ers &amp; <i>others</i>,<br>here.</p><a href=\"/projects/water#x\">W</a> "
			      "<a href='projects/air/'>A</a> <a href=//evil.example/>E</a><!-- hidden words --></body></html>"),
		  "https://uni.example/", &p);
	assert_string_equal(p.words, " t researchers others here w a e ");
	assert_int_equal(p.n_links, 3);
	assert_true(page_links_to(&p, "https://uni.example/projects/water"));
	assert_true(page_links_to(&p, "https://uni.example/projects/air"));
	assert_true(page_links_to(&p, "https://evil.example/"));
	assert_false(page_links_to(&p, "https://uni.example/projects/wat"));
	assert_false(page_links_to(&p, "https://uni.example/projects"));
	assert_string_equal(page_normal_words(a, "  Büro\nfür “Wasser” "), " büro für “wasser” ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rdata),         cmocka_unit_test(test_reverse_names), cmocka_unit_test(test_resolver_texts),
		cmocka_unit_test(test_dmarc_records), cmocka_unit_test(test_dmarc_walks),   cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_key_records),   cmocka_unit_test(test_spf_facts),     cmocka_unit_test(test_other_facts),
		cmocka_unit_test(test_page_words),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
