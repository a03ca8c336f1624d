/*
 * `opt-out`: anyone can leave. The headers of RFC 8058 with one https address and a mailto; the same
 * page's address in the text part; and in the HTML part a visible link to it in the registered words.
 */
#include <strings.h>

#include "base/utf8.h"
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

/* --- the signature --- */

static bool lists_field(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; (p = strcasestr(p, name)); p++)
		if ((p == list || strchr(": \t", p[-1])) && (!p[n] || strchr(": \t;", p[n])))
			return true;
	return false;
}

static char *tag_of(struct arena *a, const char *raw, char tag)
{
	for (const char *p = raw; *p; p += strcspn(p, ";"), p += *p == ';') {
		p += strspn(p, " \t");
		if (*p == tag && p[1 + strspn(p + 1, " \t")] == '=') {
			p = strchr(p, '=') + 1;
			return arena_text_n(a, p, strcspn(p, ";"));
		}
	}
	return NULL;
}

/* RFC 8058: where the identity has signed, one of its signatures covers both headers. */
static void judge_signature(struct ruling *r)
{
	const struct project_facts *p = r->f->project;
	const struct field *f;
	bool signs = false;

	for (size_t n = 0; (f = rule_field(r, "DKIM-Signature", n)); n++) {
		char *d = tag_of(r->a, f->raw, 'd'), *h = tag_of(r->a, f->raw, 'h');

		d = d ? text_flat(r->a, d) : d;
		if (!d || !h || !host_is_in(d, p && p->identity_domains ? p->identity_domains : r->f->institution->domains))
			continue;
		if (lists_field(h, "List-Unsubscribe") && lists_field(h, "List-Unsubscribe-Post"))
			return;
		signs = true;
	}
	if (signs)
		rule_fail(r, "sign both headers", "DKIM-Signature: it covers not both of List-Unsubscribe and List-Unsubscribe-Post");
}

/* --- the words --- */

/* "Do not ..." just before or behind the words turns them round; "If you do not want ..., stop" does not. */
static const char *denial(struct ruling *r, const char *before, const char *behind)
{
	static const char *const BEFORE[] = { "do not", "don't", "dont", "never", "cannot", "can't", "you may not", "not allowed to", "no longer",
					      "nicht", "nie", "niemals", "ne pas", "n'", "jamais", "no haga", "no pulse", "no use", "no siga", "nunca", "non", "niet", "nooit", "geen",
					      "nao", "inte", "aldrig", "ikke", "aldri", "nie wolno", "älä", "не", "не можна", "μη", "μην", "δεν", "لا", "אל", "לא",
					      "请勿", "不要", "不能", "请不要", NULL };
	static const char *const BEHIND[] = { "is not possible", "not possible", "is impossible", "impossible", "does not work", "no longer works",
					      "is disabled", "disabled", "unavailable", "not available", "expired", "ist nicht moglich", "nicht moglich",
					      "geht nicht", "est impossible", "no es posible", "non e possibile", "is niet mogelijk", "nao e possivel",
					      "is not recommended", "at your own risk", NULL };
	const char *const IFS[] = { "if", "wenn", "falls", "si", "se", "als", "om", "hvis", "jos", "jesli", "pokud", "якщо", "αν", "إذا", "אם", "如果" };
	const char *b = text_skeleton(r->a, before), *e = text_skeleton(r->a, behind), *stop = b;
	size_t n;

	for (const char *p = b; (p = strpbrk(p, ".!?")); stop = ++p)
		;
	for (size_t i = 0; i < COUNT(IFS); i++)
		if (text_find_word(stop, IFS[i]))
			stop = b + strlen(b);
	n = strlen(stop);
	stop = n > 24 ? stop + n - 24 : stop;
	for (size_t i = 0; BEFORE[i]; i++)
		if (text_find_word(stop, text_skeleton(r->a, BEFORE[i])))
			return BEFORE[i];
	e = arena_text_n(r->a, e, strcspn(e, ".\n"));
	for (size_t i = 0; BEHIND[i]; i++)
		if (text_find_word(e, BEHIND[i]) && text_find_word(e, BEHIND[i]) - e < 12)
			return BEHIND[i];
	return NULL;
}

static bool wording_in(struct ruling *r, const char *words, const char *wording)
{
	return text_has(r->a, words, text_flat(r->a, wording));
}

/* Do these words hold the registered ones, of the message's language or else of any? */
static const char *any_wording(struct ruling *r, const char *words)
{
	for (const char *const *p = r->f->institution->opt_out_wording; p && p[0] && p[1]; p += 2)
		if (wording_in(r, words, p[1]))
			return p[0];
	return NULL;
}

/* What stands around the registered words: in the link, and before and behind it on its line. */
static const char *link_denial(struct ruling *r, const struct html_link *l, const char *wording)
{
	const char *text = r->f->message->html.text, *words = utf8_lower(r->a, text_flat(r->a, l->words));
	const char *own = utf8_lower(r->a, text_flat(r->a, wording)), *at = text_find(words, own);
	size_t from = l->at > 60 ? l->at - 60 : 0, to = strnlen(text + l->end, 40);
	const char *before = arena_text_n(r->a, text + from, l->at - from), *line = strrchr(before, '\n');

	if (!at)
		return NULL;
	return denial(r, arena_printf(r->a, "%s %s", line ? line : before, arena_text_n(r->a, words, (size_t)(at - words))),
		      arena_printf(r->a, "%s %s", at + strlen(own), arena_text_n(r->a, text + l->end, to)));
}

static void judge_link(struct ruling *r, const char *page)
{
	const struct html_view *v = &r->f->message->html;
	const char *wording = rule_registered(r, r->f->institution->opt_out_wording), *other = NULL, *denied = NULL;
	const char *mend = arena_printf(r->a, "link to the opt-out page with the registered words%s%s%s",
					wording ? " “" : "", wording ? wording : "", wording ? "”" : "");
	bool linked = false;

	for (size_t i = 0; i < v->n_links; i++) {
		const char *words = text_flat(r->a, v->links[i].words);

		if (strcmp(text_flat(r->a, v->links[i].href), page) != 0)
			continue;
		linked = linked || text_says_something(words);
		if (wording && wording_in(r, words, wording)) {
			denied = link_denial(r, &v->links[i], wording);
			if (!denied)
				return;
		}
		if (!other)
			other = any_wording(r, words);
	}
	if (denied)
		rule_fail(r, mend, "HTML part: what stands beside the words of the opt-out link, “%s”, turns them round", denied);
	else if (other)
		rule_doubtful(r, mend, "HTML part: the opt-out link has the wording registered for “%s”, and the message %s",
			      other, r->language[0] ? "is in another language" : "does not declare its language");
	else if (linked)
		rule_fail(r, mend, "HTML part: the words of the link to the opt-out page are not the registered ones");
	else
		rule_fail(r, mend, "HTML part: it has no visible link to the opt-out page %s", text_quote(r->a, page, 80));
}

/* The clause beside the address in the text part: the registered words, or others that say it. */
static void judge_clause(struct ruling *r, const char *page)
{
	static const char *const LEAVING[] = { "unsubscribe", "opt out", "opt-out", "opting out", "leave", "leaving", "stop", "no more", "remove", "cancel",
					       "end all", "abmeld", "abbestell", "austrag", "desabonn", "desinscri", "se desabonner", "ne plus recevoir",
					       "darse de baja", "cancelar", "baja", "disiscri", "cancell", "afmeld", "uitschrijv", "descadastr", "avregistrera",
					       "avsluta", "afmelde", "avmeld", "wypis", "odhlas", "відписа", "отпис", "ayril", "διαγραφ", "退订", "配信停止",
					       "수신 거부", "إلغاء", "הסרה", "لغو" };
	const char *mend = "write the registered words for leaving beside the address of the opt-out page", *clause = NULL, *denied = NULL;

	for (const char *p = r->text; (p = text_find_url(r->text, p, page)); p++) {
		const char *from = p - r->text > 160 ? p - 160 : r->text, *before = arena_text_n(r->a, from, (size_t)(p - from));
		const char *behind = arena_text_n(r->a, p + strlen(page), strnlen(p + strlen(page), 100));
		const char *near = text_flat(r->a, arena_printf(r->a, "%s %s", before, behind)), *skeleton = text_skeleton(r->a, near);

		denied = denial(r, before, behind);
		if (!denied && any_wording(r, near))
			return;
		for (size_t i = 0; i < COUNT(LEAVING) && !denied; i++)
			clause = strstr(skeleton, text_skeleton(r->a, LEAVING[i])) ? LEAVING[i] : clause;
	}
	if (denied && !clause)
		rule_fail(r, mend, "text part: what stands beside the address of the opt-out page, “%s”, turns it round", denied);
	else if (!clause)
		rule_doubtful(r, mend, "text part: nothing beside the address of the opt-out page says what it is for");
}

/* A second address of the kind is somebody else's, or none. */
static void judge_others(struct ruling *r, const char *page)
{
	const struct html_view *v = &r->f->message->html;
	const char *web = r->f->institution->web_url, *mend = "use one opt-out address everywhere in the message";
	const char *start = arena_printf(r->a, "%s/opt-out/", web);

	for (const char *p = r->text ? r->text : ""; (p = strstr(p, start)); p++) {
		const char *other = text_find_opt_out(r->a, p, web);

		if (other && strcmp(other, page) != 0)
			rule_fail(r, mend, "text part: the opt-out page %s is not the one in List-Unsubscribe, %s", other, page);
	}
	for (size_t i = 0; r->html && i < v->n_links; i++) {
		const char *other = text_find_opt_out(r->a, v->links[i].href, web);

		if (other && strcmp(other, page) != 0)
			rule_fail(r, mend, "HTML part: the link to the opt-out page %s is not to the one in List-Unsubscribe, %s", other,
				  page);
	}
}

/* The registered words over a link that goes elsewhere: who follows it believes to have left. */
static void judge_false_links(struct ruling *r, const char *page)
{
	const struct html_view *v = &r->f->message->html;

	for (size_t i = 0; r->html && i < v->n_links; i++)
		if (any_wording(r, text_flat(r->a, v->links[i].words)) && strcmp(text_flat(r->a, v->links[i].href), page) != 0)
			rule_fail(r, "let every link with these words go to the opt-out page",
				  "HTML part: the link “%s” has the words for leaving, and goes to “%s”", text_quote(r->a, v->links[i].words, 60),
				  text_quote(r->a, v->links[i].href, 80));
}

/* In the text part, the address that comes right behind the words. */
static void judge_false_clauses(struct ruling *r, const char *page)
{
	const char *text = r->f->message->text ? utf8_lower(r->a, text_flat(r->a, r->f->message->text)) : "";
	const char *own = utf8_lower(r->a, page);

	for (const char *const *w = r->f->institution->opt_out_wording; w && w[0] && w[1]; w += 2) {
		const char *words = utf8_lower(r->a, text_flat(r->a, w[1]));

		for (const char *p = text; (p = text_find(p, words)); p++) {
			const char *behind = p + strlen(words) + strspn(p + strlen(words), ":;,. <([-"), *address = behind;

			/* No more is looked at than the address is long, so that many such words stay cheap. */
			behind = arena_text_n(r->a, address, strnlen(address, strlen(own) + 8));
			if (strncmp(behind, "http", 4) != 0 || text_find_url(behind, behind, own) == behind)
				continue;
			rule_fail(r, "let every address behind these words be the opt-out page",
				  "text part: behind the words for leaving, “%s”, stands another address, “%s”", w[1],
				  text_quote(r->a, arena_text_n(r->a, address, strcspn(address, " <>")), 80));
		}
	}
}

void rule_opt_out(struct ruling *r)
{
	const char *page = judge_header(r);
	const char *shown = r->text ? text_find_opt_out(r->a, r->text, r->f->institution->web_url) : NULL;

	judge_post(r);
	judge_signature(r);
	if (!shown)
		rule_fail(r, "write the address of the opt-out page into the text part, on a line of its own",
			  "text part: it does not show the address of the opt-out page (%s/opt-out/...)",
			  r->f->institution->web_url);
	else if (page && !text_has_url(r->text, page))
		rule_fail(r, "use one opt-out address everywhere in the message",
			  "text part: the opt-out page %s is not the one in List-Unsubscribe, %s", shown, page);
	else
		judge_clause(r, page ? page : shown);
	if (page) {
		judge_others(r, page);
		judge_false_links(r, page);
		judge_false_clauses(r, page);
	}
	if (r->html && (page || shown))
		judge_link(r, page ? page : shown);
	else if (r->html)
		rule_fail(r, "link to the opt-out page", "HTML part: it has no link to an opt-out page");
	if (!rule_has_objected(r))
		rule_pass(r, "the opt-out page stands in each part and in the one-click headers");
}
