/*
 * `opt-out`: anyone can leave. The headers of RFC 8058 with one https address and a mailto; the same
 * page's address in the text part; and in the HTML part a visible link to it in the registered words.
 */
#include <strings.h>

#include "policy/policy_text.h"
#include "policy/rule.h"

#define URIS_MAX 8

/* The addresses between angle brackets of a List-* field. */
static size_t bracketed(struct arena *a, const char *raw, char *out[URIS_MAX])
{
	size_t n = 0;

	for (const char *p = raw; n < URIS_MAX && (p = strchr(p, '<'));) {
		size_t len = strcspn(++p, ">");

		out[n++] = arena_text_n(a, p, len);
		p += len;
	}
	return n;
}

static bool is_opt_out_page(struct ruling *r, const char *url)
{
	char *found = text_find_opt_out(r->a, url, r->f->institution->web_url);

	return found && strcmp(found, url) == 0;
}

/* Judges List-Unsubscribe; gives the address of its page, or NULL. */
static const char *judge_header(struct ruling *r)
{
	const char *mend = "send List-Unsubscribe: <https://.../opt-out/TOKEN>, <mailto:...>, once";
	const struct field *f = rule_field(r, "List-Unsubscribe", 0);
	const char *page = NULL;
	char *uri[URIS_MAX];
	size_t n, pages = 0, mails = 0;

	if (!f || rule_field(r, "List-Unsubscribe", 1)) {
		rule_fail(r, mend, "the header List-Unsubscribe is %s", f ? "there more than once" : "missing");
		return NULL;
	}
	n = bracketed(r->a, f->raw, uri);
	for (size_t i = 0; i < n; i++) {
		struct url u;

		mails += strncasecmp(uri[i], "mailto:", 7) == 0 && strchr(uri[i] + 7, '@');
		if (!url_split(r->a, uri[i], &u))
			continue;
		pages++;
		if (url_is_secure(&u, r->f->institution->trial) && is_opt_out_page(r, uri[i]))
			page = uri[i];
		else
			rule_fail(r, mend, "List-Unsubscribe has “%s”, which is not an opt-out page of this installation",
				  text_quote(r->a, uri[i], 100));
	}
	if (pages != 1)
		rule_fail(r, mend, "List-Unsubscribe has %zu web addresses; it must be exactly one", pages);
	if (mails < 1)
		rule_fail(r, mend, "List-Unsubscribe has no mailto address");
	return pages == 1 ? page : NULL;
}

static void judge_post(struct ruling *r)
{
	const struct field *f = rule_field(r, "List-Unsubscribe-Post", 0);
	const char *mend = "send the header List-Unsubscribe-Post: List-Unsubscribe=One-Click, once";

	if (!f || rule_field(r, "List-Unsubscribe-Post", 1))
		rule_fail(r, mend, "the header List-Unsubscribe-Post is %s", f ? "there more than once" : "missing");
	else if (strcmp(f->raw, "List-Unsubscribe=One-Click") != 0)
		rule_fail(r, mend, "List-Unsubscribe-Post says “%s”", text_quote(r->a, f->raw, 60));
}

/* Do these words hold the registered ones, of the message's language or else of any? */
static const char *any_wording(struct ruling *r, const char *words)
{
	for (const char *const *p = r->f->institution->opt_out_wording; p && p[0] && p[1]; p += 2)
		if (text_has(r->a, words, text_flat(r->a, p[1])))
			return p[0];
	return NULL;
}

static void judge_link(struct ruling *r, const char *page)
{
	const struct html_view *v = &r->f->message->html;
	const char *wording = rule_registered(r, r->f->institution->opt_out_wording), *other = NULL;
	const char *mend = arena_printf(r->a, "link to the opt-out page with the registered words%s%s%s",
					wording ? " “" : "", wording ? wording : "", wording ? "”" : "");
	bool linked = false;

	for (size_t i = 0; i < v->n_links; i++) {
		const char *words = text_flat(r->a, v->links[i].words);

		if (strcmp(v->links[i].href, page) != 0)
			continue;
		linked = linked || text_says_something(words);
		if (wording && text_has(r->a, words, text_flat(r->a, wording)))
			return;
		if (!other)
			other = any_wording(r, words);
	}
	if (other)
		rule_doubtful(r, mend, "the HTML part's opt-out link has the wording registered for “%s”, and the message %s",
			      other, r->language[0] ? "is in another language" : "does not declare its language");
	else
		rule_fail(r, mend, linked ? "the words of the HTML part's opt-out link are not the registered ones"
					  : "the HTML part has no visible link to the opt-out page %s",
			  text_quote(r->a, page, 80));
}

void rule_opt_out(struct ruling *r)
{
	const char *page = judge_header(r);
	const char *shown = r->text ? text_find_opt_out(r->a, r->text, r->f->institution->web_url) : NULL;

	judge_post(r);
	if (!shown)
		rule_fail(r, "write the address of the opt-out page into the text part, on a line of its own",
			  "the text part does not show the address of the opt-out page (%s/opt-out/...)",
			  r->f->institution->web_url);
	else if (page && !text_has_url(r->text, page))
		rule_fail(r, "use one opt-out address everywhere in the message",
			  "the opt-out page in the text part, %s, is not the one in List-Unsubscribe, %s", shown, page);
	if (r->html && (page || shown))
		judge_link(r, page ? page : shown);
	else if (r->html)
		rule_fail(r, "link to the opt-out page", "the HTML part has no link to an opt-out page");
	if (!rule_has_objected(r))
		rule_pass(r, "the opt-out page stands in each part and in the one-click headers");
}
