/*
 * `statement-reference`: the message points to the statement page, letter by letter, in the visible text
 * of both parts, and carries its check code in both.
 */
#include <ctype.h>

#include "mail/token.h"
#include "policy/policy_text.h"
#include "policy/rule.h"

#define CODE_LENGTH ((size_t)(CODE_TEXT_MAX - 1)) /* XXXX-XXXX-XXXX */

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || (unsigned char)c >= 0x80;
}

/* The first well-formed check code that stands by itself; NULL if there is none. */
static char *find_code(struct ruling *r, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + CODE_LENGTH <= n; i++) {
		if (text[i + 4] != '-' || text[i + 9] != '-' || (i && in_word(text[i - 1])) ||
		    in_word(text[i + CODE_LENGTH]))
			continue;
		if (code_is_wellformed((struct slice){ text + i, CODE_LENGTH }))
			return arena_text_n(r->a, text + i, CODE_LENGTH);
	}
	return NULL;
}

static void judge_code(struct ruling *r)
{
	const char *mend = "print the check code, XXXX-XXXX-XXXX, in the visible text of each part";
	const char *text = r->text ? find_code(r, r->text) : NULL, *html = r->html ? find_code(r, r->html) : NULL;

	if (!text)
		rule_fail(r, mend, "text part: it shows no check code");
	if (r->html && !html)
		rule_fail(r, mend, "HTML part: its visible text shows no check code");
	if (text && html && strcmp(text, html) != 0)
		rule_fail(r, mend, "the parts show different check codes, %s and %s", text, html);
}

static void say_link_lies(struct ruling *r, const struct html_link *l)
{
	rule_fail(r, "let the link go where its words say", "HTML part: the words “%s” link to “%s”", text_quote(r->a, l->words, 80),
		  text_quote(r->a, l->href, 80));
}

/* A link on the address, or on any piece of it, goes exactly there. */
static void judge_links(struct ruling *r, const char *url)
{
	const struct html_view *v = &r->f->message->html;
	const char *text = v->text;

	for (const char *p = text; (p = text_find_url(text, p, url)); p++) {
		size_t at = (size_t)(p - text), end = at + strlen(url);

		end -= text[end - 1] != url[strlen(url) - 1]; /* the slash of an empty path may be missing */
		for (size_t i = 0; i < v->n_links; i++)
			if (v->links[i].at < end && v->links[i].end > at && !url_same(v->links[i].href, url))
				say_link_lies(r, &v->links[i]);
	}
}

void rule_statement_reference(struct ruling *r)
{
	const char *url = r->f->institution->statement_url;
	const char *mend = "write the address of the statement page, letter by letter, where readers see it";
	const char *doubt = r->html && r->f->message->html.below ? r->f->message->html.doubt : NULL;

	if (!url || !*url) {
		rule_fail(r, "register the statement page's address", "the institution has no statement page registered");
		return;
	}
	if (!r->text || !text_has_url(r->text, url))
		rule_fail(r, mend, "text part: it does not show %s", url);
	if (r->html && !text_has_url(r->html, url))
		rule_fail(r, mend, "HTML part: its visible text does not show %s%s%s", url,
			  doubt ? "; not visible counts what stands below " : "", doubt ? doubt : "");
	if (r->html)
		judge_links(r, url);
	judge_code(r);
	if (!rule_has_objected(r))
		rule_pass(r, "each part shows %s and the check code", url);
}
