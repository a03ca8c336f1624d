/*
 * `same-infrastructure`: every address in the message belongs to the identity that sends it. Each header
 * field is searched for addresses, except those that name recipients or were put on in transport; the
 * links of the body are judged in links.c. Without a project, the identity is taken to be the
 * institution's domain that From is in.
 */
#include <ctype.h>
#include <strings.h>

#include "mail/domain.h"
#include "policy/links.h"
#include "policy/policy_text.h"

#define MAILBOXES 4

struct identity {
	const char *const *domains;
	const char *from_host;
};

static bool in_words(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcasecmp(name, *list) == 0)
			return true;
	return false;
}

/* Recipients, and what relays and receiving hosts add on the way. Anything else is the sender's. */
static bool is_exempt(const char *name)
{
	static const char *const EXEMPT[] = { "To", "Received", "Delivered-To", "X-Delivered-To", "X-Original-To", "Envelope-To",
					      "X-Envelope-To", "X-RCPT-To", "DKIM-Signature", "DomainKey-Signature", "Content-Type",
					      "Content-Disposition", "Received-SPF", "X-Received", "X-Received-SPF", "X-Mailer", "User-Agent",
					      "X-Google-DKIM-Signature", "X-Original-DKIM-Signature", "Delivery-Date", "X-Clacks-Overhead", NULL };
	static const char *const BEGINNINGS[] = { "ARC-", "Authentication-Results", "X-Original-Authentication-Results", "X-Authentication-",
						  "X-Google-", "X-Gm-", "X-MS-", "X-Microsoft-", "X-Forefront-", "X-Exchange-",
						  "X-MS-Exchange-", "X-OriginatorOrg", "X-EOP", "X-Spam-", "X-Spamd-", "X-Rspamd-", "X-Virus-",
						  "X-Amavis-", "X-Proofpoint-", "X-Mimecast-", "X-Barracuda-", "X-IronPort-", "X-Sophos-",
						  "X-PMX-", "X-Cloudmark-", "X-TM-", "X-ClientProxiedBy", "X-Apparently-To" };

	for (size_t i = 0; i < COUNT(BEGINNINGS); i++)
		if (strncasecmp(name, BEGINNINGS[i], strlen(BEGINNINGS[i])) == 0)
			return true;
	return in_words(name, EXEMPT);
}

/* FMT-2: fields that may stand there once. */
static void judge_counts(struct ruling *r)
{
	static const char *const ONCE[] = { "From", "Date", "Sender", "Reply-To", "To", "Cc", "Message-ID",
					    "In-Reply-To", "References", "Subject", "List-Id", "List-Unsubscribe",
					    "List-Unsubscribe-Post", "List-Post", "List-Help", "List-Owner",
					    "List-Archive", "List-Subscribe", "CFBL-Address", "CFBL-Feedback-ID",
					    "Feedback-ID", "MIME-Version", "Content-Type",
					    "Content-Transfer-Encoding", "Content-Language" };

	for (size_t i = 0; i < COUNT(ONCE); i++)
		if (rule_field(r, ONCE[i], 1))
			rule_fail(r, "send each of these headers once", "the header %s is there more than once", ONCE[i]);
		else if (i < 2 && !rule_field(r, ONCE[i], 0))
			rule_fail(r, arena_printf(r->a, "send the header %s", ONCE[i]), "the header %s is missing", ONCE[i]);
	if (rule_field(r, "", 0))
		rule_fail(r, "leave it out", "there is a header line that is none: “%s”",
			  text_quote(r->a, rule_field(r, "", 0)->raw, 60));
}

/* The identity, or as much of it as can be told. False: From says nothing usable, and that is found fault with. */
static bool find_identity(struct ruling *r, struct identity *out)
{
	const struct field *f = rule_field(r, "From", 0);
	const char *const *d = r->f->institution->domains;
	struct mailbox box[MAILBOXES];
	size_t n = 0;

	if (!f)
		return false;
	if (!message_mailboxes(r->a, f->raw, box, MAILBOXES, &n) || n != 1) {
		rule_fail(r, "name one sender with one address in From", "From has not exactly one address: “%s”",
			  text_quote(r->a, f->raw, 100));
		return false;
	}
	out->from_host = address_host(r->a, box[0].address);
	out->domains = r->f->project ? r->f->project->identity_domains : NULL;
	if (out->domains || !out->from_host)
		return out->from_host != NULL;
	for (; d && *d; d++)
		if (host_is_within(domain_parse(r->a, out->from_host) ? domain_parse(r->a, out->from_host) : out->from_host, *d)) {
			const char **one = ARENA_ARRAY(r->a, const char *, 2);

			one[0] = *d;
			out->domains = one;
			return true;
		}
	rule_fail(r, "send from an address of the institution", "the sender's domain %s is none of the institution's",
		  out->from_host);
	return false;
}

static void foreign(struct ruling *r, const char *field, const char *host)
{
	rule_fail(r, arena_printf(r->a, "use an address of the sending identity in %s, or leave the header out", field),
		  "the header %s has the domain “%s”, which is not in the identity that sends", field,
		  text_quote(r->a, host, 80));
}

/* Hosts are compared in A-labels: an address may be written in its own letters (SMTP-14). */
static bool is_in(struct arena *a, const char *host, const char *const *domains)
{
	const char *ascii = domain_parse(a, host);

	return host_is_in(ascii ? ascii : host, domains);
}

/* An "@" as East Asian keyboards write it counts. The domain goes on to the first sign that ends an address. */
static void judge_addresses(struct ruling *r, const struct identity *id, const char *name, const char *value)
{
	for (const char *at = value; *at; at++) {
		size_t wide = strncmp(at, "\xef\xbc\xa0", 3) == 0 || strncmp(at, "\xef\xb9\xab", 3) == 0 ? 3 : *at == '@';
		const char *host = at + wide;
		size_t n;

		if (!wide || !(text_is_letter(*host) || *host == '['))
			continue;
		/* Up to the next "@", which is looked at by itself: so a value of many is read in one go. */
		n = strcspn(host, " \t<>(),;:\"'?&\\}|@");
		while (n && host[n - 1] == '.')
			n--;
		if (!is_in(r->a, arena_text_n(r->a, host, n), id->domains))
			foreign(r, name, arena_text_n(r->a, host, n));
	}
}

/* Any address with "://", and one without a scheme. */
static void judge_urls(struct ruling *r, const char *name, const char *value)
{
	struct url own, u;

	if (!url_split(r->a, r->f->institution->web_url, &own))
		return;
	for (const char *p = value, *last = value, *end = value; (p = strstr(p, "//")); last = p, p += 2) {
		const char *start = p, *text;

		/* Within the address that was just judged. */
		if (p < end && !memchr(last, '\'', (size_t)(p - last)))
			continue;
		while (start > value && !strchr(" \t<>(),;\"'", start[-1]))
			start--;
		end = start + strcspn(start, " \t<>(),;\"");
		text = arena_text_n(r->a, start, (size_t)(end - start));
		if (url_split(r->a, text, &u) && url_is_secure(&u, r->f->institution->trial) && !u.user && !strchr(text, '\\') &&
		    strcmp(u.host, own.host) == 0 && strcmp(u.port ? u.port : "", own.port ? own.port : "") == 0)
			continue;
		rule_fail(r, "use addresses of this installation's own web host in headers",
			  "the header %s has the web address “%s”, which is not on %s", name, text_quote(r->a, text, 80), own.host);
	}
}

/* Names of hosts by themselves. */
static void judge_hosts(struct ruling *r, const struct identity *id, const char *name, const char *value)
{
	struct host_at h;

	for (const char *p = value; text_next_host(r->a, value, p, &h); p = h.start + h.n)
		if (!h.mail && host_is_sure(&h) && !host_is_in(h.host, id->domains) && !host_is_in(h.host, r->f->institution->domains))
			foreign(r, name, h.host);
}

static void judge_value(struct ruling *r, const struct identity *id, const char *name, const char *value)
{
	judge_addresses(r, id, name, value);
	judge_urls(r, name, value);
}

/* As it stands, as it reads when its encoded words are decoded, and with the escapes of addresses resolved. */
static void judge_header(struct ruling *r, const struct identity *id, const struct field *f)
{
	judge_value(r, id, f->name, f->raw);
	if (strcmp(f->raw, f->decoded) != 0)
		judge_value(r, id, f->name, f->decoded);
	if (strchr(f->raw, '%'))
		judge_addresses(r, id, f->name, text_unescaped(r->a, f->raw));
	if (strcasecmp(f->name, "Subject") != 0)
		judge_hosts(r, id, f->name, f->decoded);
}

/* List-Id holds a domain without "@": "Words <label.host>". */
static void judge_list_id(struct ruling *r, const struct identity *id)
{
	const struct field *f = rule_field(r, "List-Id", 0);
	const char *open = f ? strrchr(f->raw, '<') : NULL, *host;

	if (!f)
		return;
	host = open ? arena_text_n(r->a, open + 1, strcspn(open + 1, ">")) : f->raw;
	if (!is_in(r->a, host, id->domains))
		foreign(r, "List-Id", host);
}

static char *tag_of(struct arena *a, const char *raw, char tag)
{
	for (const char *p = raw; *p; p += strcspn(p, ";"), p += *p == ';') {
		while (isspace((unsigned char)*p))
			p++;
		if (*p == tag && p[1 + strspn(p + 1, " \t")] == '=') {
			p = strchr(p, '=') + 1;
			p += strspn(p, " \t");
			return arena_text_n(a, p, strcspn(p, "; \t"));
		}
	}
	return NULL;
}

/* Of several signatures one must be the identity's; relays add others. */
static void judge_signatures(struct ruling *r, const struct identity *id)
{
	const struct field *f;
	const char *d = "";
	size_t n = 0;

	for (; (f = rule_field(r, "DKIM-Signature", n)); n++) {
		d = tag_of(r->a, f->raw, 'd');
		if (d && is_in(r->a, d, id->domains))
			return;
	}
	if (n)
		foreign(r, "DKIM-Signature", d ? d : "");
}

/* --- DNS --- */

static void judge_dns(struct ruling *r)
{
	const struct infrastructure_facts *i = r->f->infrastructure;
	const char *mend = "publish the records that `placet identity dns` prints";

	if (r->f->lint)
		return;
	if (!i) {
		rule_unknown(r, mend, "what DNS says about the identity is not known");
		return;
	}
	rule_fact(r, i->spf, "SPF covers the outbound addresses", mend, &i->spf_words);
	rule_fact(r, i->dkim, i->relay_signs ? "the relay signs with DKIM" : "the DKIM key is published and matches", mend,
		  &i->dkim_words);
	rule_fact(r, i->dmarc, "DMARC passes in alignment", mend, &i->dmarc_words);
	rule_fact(r, i->reverse_names, "the names of the outbound addresses resolve both ways",
		  "let the names of the outbound addresses resolve both ways", &i->reverse_words);
}

void rule_same_infrastructure(struct ruling *r)
{
	const struct infrastructure_facts *i = r->f->infrastructure;
	const struct message *m = &r->f->message->message;
	struct identity id = { 0 };

	judge_counts(r);
	if (find_identity(r, &id)) {
		for (size_t k = 0; k < m->n_fields; k++) {
			if (!is_exempt(m->fields[k].name))
				judge_header(r, &id, &m->fields[k]);
		}
		judge_list_id(r, &id);
		judge_signatures(r, &id);
		links_judge(r, id.domains);
	}
	judge_dns(r);
	if (rule_has_objected(r))
		return;
	if (i && (i->spf == FACT_TRIAL || i->dkim == FACT_TRIAL || i->dmarc == FACT_TRIAL || i->reverse_names == FACT_TRIAL))
		rule_pass(r, "trial");
	else
		rule_pass(r, "every address and link belongs to %s or is registered",
			  r->f->project ? "the identity that sends" : "the institution's domain that From is in");
}
