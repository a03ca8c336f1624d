/*
 * `same-infrastructure`: every address in the message belongs to the identity that sends it. Each header
 * field is searched for addresses, except those that name recipients or were put on in transport; body
 * links go only where the project registered. Without a project, the identity is taken to be the
 * institution's domain that From is in.
 */
#include <ctype.h>
#include <strings.h>

#include "policy/policy_text.h"
#include "policy/rule.h"

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

/* Recipients, text, and what relays add on the way. */
static bool is_exempt(const char *name)
{
	static const char *const EXEMPT[] = { "To", "Cc", "Bcc", "Subject", "Comments", "Keywords", "Received",
					      "Delivered-To", "X-Original-To", "Envelope-To", "DKIM-Signature", "Content-Type",
					      "Authentication-Results", "Received-SPF", "X-Received", NULL };

	return in_words(name, EXEMPT) || strncasecmp(name, "ARC-", 4) == 0 || strncasecmp(name, "X-Google-", 9) == 0;
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
		if (host_is_within(out->from_host, *d)) {
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

static bool domain_char(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || (unsigned char)c >= 0x80;
}

static void judge_addresses(struct ruling *r, const struct identity *id, const struct field *f)
{
	for (const char *at = f->raw; (at = strchr(at, '@')); at++) {
		size_t n = 0;
		const char *host;

		while (domain_char(at[1 + n]))
			n++;
		while (n && at[n] == '.')
			n--;
		host = arena_text_n(r->a, at + 1, n);
		if ((n || at[1] == '[') && !host_is_in(host, id->domains))
			foreign(r, f->name, n ? host : at);
	}
}

static void judge_urls(struct ruling *r, const struct field *f)
{
	struct url own, u;

	if (!url_split(r->a, r->f->institution->web_url, &own))
		return;
	for (const char *p = f->raw, *text; (p = strcasestr(p, "http")); p += strlen(text)) {
		text = arena_text_n(r->a, p, strcspn(p, " \t<>\","));
		if (!url_split(r->a, text, &u))
			continue;
		if (!url_is_secure(&u, r->f->institution->trial) || u.user || strcmp(u.host, own.host) != 0 ||
		    strcmp(u.port ? u.port : "", own.port ? own.port : "") != 0)
			rule_fail(r, "use addresses of this installation's own web host in headers",
				  "the header %s has the web address “%s”, which is not on %s", f->name,
				  text_quote(r->a, text, 80), own.host);
	}
}

/* List-Id holds a domain without "@": "Words <label.host>". */
static void judge_list_id(struct ruling *r, const struct identity *id)
{
	const struct field *f = rule_field(r, "List-Id", 0);
	const char *open = f ? strrchr(f->raw, '<') : NULL, *host;

	if (!f)
		return;
	host = open ? arena_text_n(r->a, open + 1, strcspn(open + 1, ">")) : f->raw;
	if (!host_is_in(host, id->domains))
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
		if (d && host_is_in(d, id->domains))
			return;
	}
	if (n)
		foreign(r, "DKIM-Signature", d ? d : "");
}

/* --- links in the body --- */

static bool host_is_linkable(struct ruling *r, const struct identity *id, const struct url *u)
{
	const struct project_facts *p = r->f->project;
	struct url own;

	if (url_split(r->a, r->f->institution->web_url, &own) && strcmp(own.host, u->host) == 0)
		return strcmp(own.port ? own.port : "", u->port ? u->port : "") == 0;
	if (u->port)
		return false;
	for (const char *const *h = p ? p->link_hosts : NULL; h && *h; h++)
		if (strcasecmp(*h, u->host) == 0)
			return true;
	return host_is_in(u->host, r->f->institution->domains) || host_is_in(u->host, id->domains);
}

static void judge_target(struct ruling *r, const struct identity *id, const char *target)
{
	const char *quote = text_quote(r->a, target, 100), *host;
	struct url u;

	if (strncasecmp(target, "tel:", 4) == 0 || target[0] == '#')
		return;
	if (strncasecmp(target, "mailto:", 7) == 0) {
		host = address_host(r->a, arena_text_n(r->a, target, strcspn(target, "?")));
		if (!host || strpbrk(target, ",") ||
		    (!host_is_in(host, r->f->institution->domains) && !host_is_in(host, id->domains)))
			rule_fail(r, "link to addresses of the institution only",
				  "the link “%s” goes to an address outside the institution", quote);
		return;
	}
	if (!url_split(r->a, target, &u) || u.user || !url_is_secure(&u, r->f->institution->trial))
		rule_fail(r, "link with https://, or mailto:", "the link “%s” is not a plain https address", quote);
	else if (!host_is_linkable(r, id, &u))
		rule_fail(r,
			  arena_printf(r->a, "leave it out, or register the host: `placet project edit SLUG --link-host %s`",
				       u.host),
			  "the link “%s” goes to %s, which is neither the institution's nor registered", quote, u.host);
}

/* Words that look like an address are one, and the one that the link goes to. */
static void judge_link_words(struct ruling *r, const struct html_link *l)
{
	const char *words = text_flat(r->a, l->words);
	bool mail = strncasecmp(l->href, "mailto:", 7) == 0 && strncasecmp(words, "mailto:", 7) != 0;
	const char *to = mail ? l->href + 7 : l->href;

	if (!text_looks_like_address(words) || url_same(words, to))
		return;
	rule_fail(r, "let the words of a link say exactly where it goes, or say no address at all",
		  "the words “%s” link to “%s”", text_quote(r->a, words, 80), text_quote(r->a, l->href, 80));
}

/* A stop or comma at the end belongs to the sentence. */
static char *sentence_url(struct arena *a, const char *p, size_t n)
{
	while (n && strchr(".,;:!?", p[n - 1]))
		n--;
	return arena_text_n(a, p, n);
}

/* Mail clients make links of addresses that stand in a text. */
static void judge_text_urls(struct ruling *r, const struct identity *id, const char *text)
{
	static const char ENDS[] = " \t\r\n<>\"'()[]{}|";
	size_t n;

	for (const char *p = text; (p = strstr(p, "://")); p += n) {
		const char *start = p;

		while (start > text && isalpha((unsigned char)start[-1]))
			start--;
		n = strcspn(p, ENDS);
		if (start < p)
			judge_target(r, id, sentence_url(r->a, start, (size_t)(p - start) + n));
	}
	for (const char *p = text; (p = strcasestr(p, "www.")); p += n) {
		n = strcspn(p, ENDS);
		if (p == text || (!isalnum((unsigned char)p[-1]) && !strchr("/.-@", p[-1])))
			judge_target(r, id, arena_printf(r->a, "https://%s", sentence_url(r->a, p, n)));
	}
}

static void judge_body(struct ruling *r, const struct identity *id)
{
	const struct html_view *v = &r->f->message->html;

	for (size_t i = 0; r->html && i < v->n_links; i++) {
		judge_target(r, id, v->links[i].href);
		judge_link_words(r, &v->links[i]);
	}
	if (r->html)
		judge_text_urls(r, id, r->html);
	if (r->f->message->text)
		judge_text_urls(r, id, r->f->message->text);
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
	rule_fact(r, i->spf, "SPF covers the outbound addresses", mend);
	rule_fact(r, i->dkim, i->relay_signs ? "the relay signs with DKIM" : "the DKIM key is published and matches", mend);
	rule_fact(r, i->dmarc, "DMARC passes in alignment", mend);
	rule_fact(r, i->reverse_names, "the names of the outbound addresses resolve both ways",
		  "let the names of the outbound addresses resolve both ways");
}

void rule_same_infrastructure(struct ruling *r)
{
	const struct infrastructure_facts *i = r->f->infrastructure;
	const struct message *m = &r->f->message->message;
	struct identity id = { 0 };

	judge_counts(r);
	if (find_identity(r, &id)) {
		for (size_t k = 0; k < m->n_fields; k++) {
			if (is_exempt(m->fields[k].name))
				continue;
			judge_addresses(r, &id, &m->fields[k]);
			judge_urls(r, &m->fields[k]);
		}
		judge_list_id(r, &id);
		judge_signatures(r, &id);
		judge_body(r, &id);
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
