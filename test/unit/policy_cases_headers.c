/* `same-infrastructure`: headers and DNS. */
#include "policy_cases.h"

#define S "same-infrastructure"

static void spf_no(struct world *w)
{
	w->infrastructure.spf = FACT_NO;
}

static void dkim_no(struct world *w)
{
	w->infrastructure.dkim = FACT_NO;
}

static void dmarc_unknown(struct world *w)
{
	w->infrastructure.dmarc = FACT_UNKNOWN;
}

static void names_no(struct world *w)
{
	w->infrastructure.reverse_names = FACT_NO;
}

static void nothing_of_dns(struct world *w)
{
	w->facts.infrastructure = NULL;
}

static void trial(struct world *w)
{
	w->institution.trial = true;
	w->infrastructure = (struct infrastructure_facts){ .spf = FACT_TRIAL, .dkim = FACT_TRIAL, .dmarc = FACT_TRIAL, .reverse_names = FACT_TRIAL, .statement_page = FACT_TRIAL };
}

static void identity_of_idn(struct world *w)
{
	static const char *const IDN[] = { "studies.uni.example", "xn--bcher-kva.example", NULL };

	w->project.identity_domains = IDN;
}

static const struct policy_case CASES[] = {
	FAILS(S, spf_no, NULL, NULL, "SPF does not cover the outbound addresses"),
	FAILS(S, dkim_no, NULL, NULL, "the DKIM key is not published"),
	FAILS(S, names_no, NULL, NULL, "names of the outbound addresses do not resolve both ways"),
	UNKNOWN(S, dmarc_unknown, NULL, NULL, "DMARC could not be looked up"),
	UNKNOWN(S, nothing_of_dns, NULL, NULL, "DNS was not asked"),
	PASSES(S, trial, NULL, NULL, "a trial home asks no DNS"),

	FAILS(S, NULL, "<water@studies.uni.example>", "<water@uni.example>", "another domain of the institution than the identity's"),
	PASSES(S, to_lint, "<water@studies.uni.example>", "<water@uni.example>", "without a project the institution's domain will do"),
	FAILS(S, to_lint, "<water@studies.uni.example>", "<water@uni.example.evil.example>", "the institution's domain as a beginning"),
	FAILS(S, to_lint, "<water@studies.uni.example>", "<water@myuni.example>", "the institution's domain as an ending"),
	FAILS(S, NULL, "<water@studies.uni.example>\n", "<water@evilstudies.uni.example>\n", "the identity's domain as an ending"),
	FAILS(S, NULL, "<water@studies.uni.example>\n", "<water@studies.uni.example>, b@studies.uni.example\n", "two senders"),
	FAILS(S, NULL, "<water@studies.uni.example>\n", "<@evil.example:water@studies.uni.example>\n", "a route by way of elsewhere"),
	FAILS(S, NULL, "<water@studies.uni.example>\n", "<water@studies.uni.example_evil.example>\n", "an underscore that ends no domain"),
	FAILS(S, NULL, "<water@studies.uni.example>\n", "<water@studies.uni.example> (ann@evil.example)\n", "an address in a comment"),
	FAILS(S, NULL, "From: \"Dr Ann Lee, Water Study\" <water@studies.uni.example>\n",
	      "From: Researchers: \"Dr Ann Lee\" <water@studies.uni.example>, x@evil.example;\n", "a group with a stranger in it"),
	FAILS(S, NULL, "From: \"Dr Ann Lee, Water Study\"", "From: =?utf-8?Q?Dr_Ann_Lee_ann=40evil=2Eexample?=", "an address in an encoded word"),
	FAILS(S, NULL, "From: \"Dr Ann Lee, Water Study\"", "From: \"Dr Ann Lee ann\xef\xbc\xa0" "evil.example\"", "an address with a full-width sign"),
	FAILS(S, NULL, "<water@studies.uni.example>\n", "<water@[192.0.2.7]>\n", "an address without a name"),
	FAILS(S, NULL, "Reply-To: ann.lee@studies.uni.example", "Reply-To: ann@other.example", "answers go elsewhere"),
	FAILS(S, NULL, "Reply-To: ann.lee@studies.uni.example", "Reply-To: ann.lee@studies.uni.example, ann@other.example", "answers go elsewhere, too"),
	FAILS(S, NULL, "Reply-To: ann.lee@studies.uni.example", "Reply-To: ann@xn--bcher-kva.example", "answers go to another alphabet"),
	FAILS(S, NULL, "To: Jo", "Sender: x@other.example\nTo: Jo", "a foreign sender"),
	FAILS(S, NULL, "To: Jo", "Errors-To: x@other.example\nTo: Jo", "errors go elsewhere"),
	FAILS(S, NULL, "To: Jo", "Return-Path: <x@other.example>\nTo: Jo", "bounces go elsewhere"),
	FAILS(S, NULL, "To: Jo", "X-Envelope-From: x@other.example\nTo: Jo", "a foreign envelope sender"),
	FAILS(S, NULL, "To: Jo", "Resent-From: x@other.example\nTo: Jo", "resent by a stranger"),
	FAILS(S, NULL, "To: Jo", "Disposition-Notification-To: x@other.example\nTo: Jo", "who reads is told to a stranger"),
	FAILS(S, NULL, "To: Jo", "Return-Receipt-To: x@other.example\nTo: Jo", "who got it is told to a stranger"),
	FAILS(S, NULL, "To: Jo", "X-Confirm-Reading-To: x@other.example\nTo: Jo", "the same by another header"),
	FAILS(S, NULL, "To: Jo", "X-Complaints: mailto:x@other.example\nTo: Jo", "complaints go elsewhere"),
	FAILS(S, NULL, "To: Jo", "Autocrypt: addr=x@other.example; keydata=AA\nTo: Jo", "a key for a foreign address"),
	FAILS(S, NULL, "To: Jo", "Comments: ask x@other.example\nTo: Jo", "an address in a comment header"),
	FAILS(S, NULL, "To: Jo", "In-Reply-To: <1@other.example>\nTo: Jo", "answers a message from elsewhere"),
	FAILS(S, NULL, "To: Jo", "References: <1@studies.uni.example> <2@other.example>\nTo: Jo", "belongs to a thread from elsewhere"),
	FAILS(S, NULL, "To: Jo", "X-Link: ftp://other.example/\nTo: Jo", "an address with another scheme"),
	FAILS(S, NULL, "To: Jo", "X-Link: //other.example/\nTo: Jo", "an address without a scheme"),
	FAILS(S, NULL, "To: Jo", "List-Archive: <https://mail.uni.example@other.example/>\nTo: Jo", "our host as the user of another"),
	FAILS(S, NULL, "To: Jo", "List-Archive: <https://mail.uni.example\\@other.example/>\nTo: Jo", "a backslash behind our host"),
	FAILS(S, NULL, "To: Jo", "List-Post: <mailto:list@other.example>\nTo: Jo", "posts go elsewhere"),
	FAILS(S, NULL, "Message-ID: <abc@studies.uni.example>", "Message-ID: <abc@host.other.example>", "numbered by a foreign host"),
	FAILS(S, NULL, "<water.studies.uni.example>", "<water.other.example>", "a foreign list"),
	FAILS(S, NULL, "fbl+abc@studies", "fbl+abc@other", "reports go elsewhere"),
	FAILS(S, NULL, "List-Help: <https://mail.uni.example/>", "List-Help: <https://www.uni.example/>", "a web host that is not the installation's"),
	FAILS(S, NULL, "List-Help: <https://mail.uni.example/>", "List-Help: <https://mail.uni.example:8443/>", "another port of the web host"),
	FAILS(S, NULL, "mailto:unsub+abc@studies.uni.example?subject", "mailto:unsub+abc@other.example?subject", "mail to leave goes elsewhere"),
	FAILS(S, NULL, "mailto:unsub+abc@studies.uni.example?subject", "mailto:unsub+abc@studies.uni.example?cc=x@other.example&subject",
	      "mail to leave goes elsewhere, too"),
	FAILS(S, NULL, "To: Jo", "List-Owner: <mailto:x%40other.example>\nTo: Jo", "an address with an escape"),
	FAILS(S, NULL, "To: Jo", "X-Home: www.other.example\nTo: Jo", "a host by itself"),
	FAILS(S, NULL, "To: Jo", "DKIM-Signature: v=1; d=other.example; s=a\nTo: Jo", "signed by a stranger alone"),
	FAILS(S, NULL, "To: Jo", "From: x@studies.uni.example\nTo: Jo", "From twice"),
	FAILS(S, NULL, "To: Jo", "Subject: again\nTo: Jo", "Subject twice"),
	FAILS(S, NULL, "Date: ", "X-Date: ", "no Date"),
	FAILS(S, NULL, "To: Jo", "no header at all\nTo: Jo", "a line that is no header"),

	PASSES(S, NULL, "To: Jo", "Return-Path: <>\nTo: Jo", "the empty return path of a bounce"),
	PASSES(S, NULL, "To: Jo", "Return-Path: <b+abc@studies.uni.example>\nTo: Jo", "our own return path, put on at delivery"),
	PASSES(S, NULL, "To: Jo", "DKIM-Signature: v=1; d=other.example; s=a\nDKIM-Signature: v=1; d=studies.uni.example; s=a\nTo: Jo",
	       "a relay's signature above our own"),
	PASSES(S, NULL, "From: \"Dr", "Received: from relay.other.example (relay.other.example [192.0.2.1]) by mx.example.org; Mon, 23 Nov 2026 04:13:50 +0000\nFrom: \"Dr",
	       "a trace of the way"),
	PASSES(S, NULL, "From: \"Dr", "Authentication-Results: mx.example.org; dkim=pass header.i=@studies.uni.example; spf=pass smtp.mailfrom=b@other.example\nFrom: \"Dr",
	       "what the receiving host found out"),
	PASSES(S, NULL, "From: \"Dr", "X-MS-Exchange-Organization-AuthSource: DB5.eurprd.prod.outlook.com\nX-MS-Exchange-CrossTenant-id: a@b.example\nFrom: \"Dr",
	       "what Exchange puts on"),
	PASSES(S, NULL, "From: \"Dr", "X-Spam-Report: see http://www.other.example/\nX-Proofpoint-ORIG-GUID: x@other.example\nFrom: \"Dr", "what filters put on"),
	PASSES(S, NULL, "From: \"Dr", "ARC-Seal: i=1; d=other.example; s=x\nDelivered-To: jo@example.org\nX-Original-To: jo@example.org\nFrom: \"Dr",
	       "what the recipient's host puts on"),
	FAILS(S, NULL, "To: Jo", "Cc: Bo <bo@example.net>\nTo: Jo", "a foreign address beside the one recipient (INV-1)"),
	FAILS(S, NULL, "To: Jo", "Bcc: bo@example.net\nTo: Jo", "a recipient whom nobody is to see (FMT-15)"),
	PASSES(S, NULL, "To: Jo", "Cc: ann@studies.uni.example\nTo: Jo", "a copy to the identity itself"),
	PASSES(S, NULL, "Reply-To: ann.lee@studies.uni.example", "Reply-To: Ann.Lee@Studies.UNI.example", "capitals in a domain"),
	PASSES(S, NULL, "Reply-To: ann.lee@studies.uni.example", "Reply-To: ann@mail.studies.uni.example", "a domain below the identity's"),
	PASSES(S, identity_of_idn, "Reply-To: ann.lee@studies.uni.example", "Reply-To: ann@b\xc3\xbc" "cher.example", "a registered domain in its own letters"),
	PASSES(S, NULL, "To: Jo", "X-Mailer: Placet 1.2\nX-Count: 12@ 3\nTo: Jo", "an \"@\" that is no address"),
};

const struct policy_cases CASES_HEADERS = { CASES, COUNT(CASES) };
