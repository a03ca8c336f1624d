/*
 * `unofficial`: the message never looks like one of the institution itself. What speaks for it in From,
 * subject, a signature or a self-introduction fails; elsewhere in the writer's words a person judges.
 * Also here: that a reader is shown nothing that was not judged.
 */
#include <strings.h>

#include "base/utf8.h"
#include "policy/policy_text.h"
#include "policy/rule.h"

#define MAILBOXES 4

static const char *const URGENT[] = {
	"official", "verify your account", "verify your identity", "confirm your account", "action required",
	"immediate action", "account suspended", "account will be", "your account has", "your password",
	"password expires", "password reset", "security alert", "security notice", "mailbox is full", "storage limit",
	"update your details", "urgent", "it services", "helpdesk", "help desk", "service desk", NULL,
};

static const char *const INTRODUCING[] = {
	"i am", "we are", "this is", "on behalf of", "i'm", "we're", "writing from", "message from", "sent by", "regards",
	"sincerely", "yours", "signed", NULL,
};

/* Where the next office or urgent word stands; *word: which. */
static const char *find_claim(struct ruling *r, const char *skeleton, const char **word)
{
	const char *first = NULL;
	const char *const *lists[] = { r->f->institution->offices, URGENT };

	for (size_t k = 0; k < COUNT(lists); k++)
		for (const char *const *w = lists[k]; w && *w; w++) {
			const char *at = text_find_word(skeleton, text_skeleton(r->a, text_flat(r->a, *w)));

			if (at && (!first || at < first)) {
				first = at;
				*word = *w;
			}
		}
	return first;
}

/* --- From and subject --- */

static void judge_line(struct ruling *r, const char *where, const char *text)
{
	const char *word = "", *mixed = text_mixed_word(r->a, text);
	const char *mend = arena_printf(r->a, "say in the %s who you are, in your own name, in plain letters", where);

	if (find_claim(r, text_skeleton(r->a, text_flat(r->a, text)), &word))
		rule_fail(r, mend, "the %s, “%s”, has “%s”, which speaks for the institution or alarms", where,
			  text_quote(r->a, text, 100), word);
	if (mixed)
		rule_fail(r, mend, "the %s has “%s”, with letters that only look like Latin ones", where, mixed);
	if (!utf8_is_plain(text))
		rule_fail(r, mend, "the %s has invisible or control characters", where);
}

static void judge_name(struct ruling *r)
{
	const struct field *f = rule_field(r, "From", 0);
	const char *own = text_skeleton(r->a, text_flat(r->a, r->f->institution->name)), *name, *bare;
	struct mailbox box[MAILBOXES];
	size_t n = 0;

	if (!f || !message_mailboxes(r->a, f->raw, box, MAILBOXES, &n) || !n)
		return;
	name = box[0].name;
	judge_line(r, "From display name", name);
	bare = text_skeleton(r->a, text_flat(r->a, name));
	bare += strncmp(bare, "the ", 4) == 0 ? 4 : 0;
	own += strncmp(own, "the ", 4) == 0 ? 4 : 0;
	if (strcmp(bare, own) == 0)
		rule_fail(r, "write in the originator's name", "the From display name is the bare name of the institution");
	if (strchr(name, '@') && strcasecmp(name, box[0].address) != 0)
		rule_fail(r, "leave addresses out of the From display name",
			  "the From display name, “%s”, shows another address than the sender's", text_quote(r->a, name, 80));
}

/* --- the body --- */

/* Takes every occurrence of `words` out of the text, however its lines are broken: what is registered may
   say what it says. */
static void blank_out(struct ruling *r, char *skeleton, const char *words)
{
	const char *w = words ? text_skeleton(r->a, text_flat(r->a, words)) : "";
	char *line = arena_text(r->a, skeleton), *p = line;
	size_t n = strlen(w);

	for (char *c = line; *c; c++)
		if (*c == '\n')
			*c = ' ';
	for (; n && (p = strstr(p, w)); p += n)
		memset(skeleton + (p - line), '~', n);
}

static char *without_registered(struct ruling *r, const char *text)
{
	const struct project_facts *p = r->f->project;
	char *s = text_skeleton(r->a, text);

	for (const char *const *u = r->f->institution->unofficial; u && u[0] && u[1]; u += 2)
		blank_out(r, s, u[1]);
	blank_out(r, s, r->f->institution->name);
	blank_out(r, s, p ? p->department : NULL);
	blank_out(r, s, p ? p->title : NULL);
	return s;
}

/* Does the place introduce or sign: a line that is little more than the claim, or such words just before it? */
static bool speaks_for(struct ruling *r, const char *skeleton, const char *at, const char *word)
{
	const char *line = at;
	size_t before, after = strcspn(at, "\n"), claim = strlen(word);
	const char *near;

	while (line > skeleton && line[-1] != '\n')
		line--;
	before = (size_t)(at - line);
	if (line > skeleton && before <= 8 && after <= claim + 30 && !memchr(at, '.', after))
		return true;
	before = (size_t)(at - skeleton) < 40 ? (size_t)(at - skeleton) : 40;
	near = arena_text_n(r->a, at - before, before);
	/* Words of an earlier sentence introduce nothing. */
	if (strrchr(near, '.'))
		near = strrchr(near, '.') + 1;
	for (size_t i = 0; INTRODUCING[i]; i++)
		if (text_find_word(near, INTRODUCING[i]))
			return true;
	return false;
}

/* U+202D and U+202E show what follows in another order than it is read here. */
static void judge_direction(struct ruling *r, const char *part, const char *text)
{
	if (text && (strstr(text, "\xe2\x80\xad") || strstr(text, "\xe2\x80\xae")))
		rule_doubtful(r, "leave it out", "the %s has a character that turns the reading direction round", part);
}

static void judge_words(struct ruling *r, const char *text)
{
	const char *all = without_registered(r, text), *rest = all, *word = "", *at;

	for (int i = 0; i < 3 && (at = find_claim(r, rest, &word)); i++) {
		/* To the end of the line, or to where registered words were taken out. */
		const char *quote = text_quote(r->a, arena_text_n(r->a, at, strcspn(at, "\n~")), 60);

		if (speaks_for(r, all, at, word))
			rule_fail(r, "introduce yourself and sign in your own name",
				  "the body speaks for the institution (“%s”): “%s”", word, quote);
		else
			rule_doubtful(r, "put it another way, or say to the reviewer why it stands there",
				      "the body has “%s”: “%s”", word, quote);
		rest = at + 1;
	}
}

/* --- parts, images, hidden text --- */

static bool image_is_shown(const struct html_view *v, const char *id)
{
	for (size_t i = 0; id && i < v->n_images; i++)
		if (strncasecmp(v->images[i].src, "cid:", 4) == 0 && strcmp(v->images[i].src + 4, id) == 0)
			return true;
	return false;
}

static void judge_parts(struct ruling *r)
{
	const struct message_facts *m = r->f->message;
	bool text_seen = false, html_seen = false;

	if (!m->text)
		rule_fail(r, "add a text part that says the same", "the message has no text part");
	for (size_t i = 0; i < m->message.n_parts; i++) {
		const struct part *p = &m->message.parts[i];
		bool body = strcmp(p->disposition, "attachment") != 0;

		if (body && p->bytes == m->text && !text_seen && (!m->has_html || !strcmp(p->parent, "multipart/alternative")))
			text_seen = true;
		else if (body && strcmp(p->type, "text/html") == 0 && !html_seen &&
			 (strcmp(p->parent, "multipart/alternative") == 0 || strcmp(p->parent, "multipart/related") == 0 ||
			  !m->text))
			html_seen = true;
		else if (!body || strncmp(p->type, "image/", 6) != 0 || !m->has_html || !image_is_shown(&m->html, p->content_id))
			rule_fail(r, "send text alone, or text and HTML as alternatives, and link to the rest",
				  "the message has a part that readers may be shown and that is not judged: %s%s%s", p->type,
				  p->filename ? ", " : "", p->filename ? text_quote(r->a, p->filename, 60) : "");
	}
}

static bool has_content(const struct message *m, const char *id)
{
	for (size_t i = 0; i < m->n_parts; i++)
		if (m->parts[i].content_id && strcmp(m->parts[i].content_id, id) == 0)
			return true;
	return false;
}

static void judge_html(struct ruling *r)
{
	const struct html_view *v = &r->f->message->html;
	const char *plain = "leave it out, or let Placet write the HTML part from Markdown";

	if (v->remote)
		rule_fail(r, "put approved images inside the message, and nothing else", "the HTML part fetches something from elsewhere");
	if (v->active)
		rule_fail(r, plain, "the HTML part has scripts, forms, frames or other things that act");
	if (v->unread)
		rule_fail(r, plain, "the HTML part is too deep or too broken to be read to its end");
	for (size_t i = 0; i < v->n_images; i++)
		if (strncasecmp(v->images[i].src, "cid:", 4) != 0 ||
		    !has_content(&r->f->message->message, v->images[i].src + 4))
			rule_fail(r, "put the image inside the message, and have it approved with it",
				  "the image “%s” is not inside the message", text_quote(r->a, v->images[i].src, 60));
	if (v->doubt)
		rule_doubtful(r, plain, "the HTML part has what cannot be judged: %s; text below it counts as not visible",
			      text_quote(r->a, v->doubt, 120));
	if (text_says_something(v->hidden))
		rule_doubtful(r, "show it, or leave it out", "the HTML part has text that readers do not see: “%s”",
			      text_quote(r->a, v->hidden, 100));
}

/* --- the sentence --- */

static bool in_both(struct ruling *r, const char *sentence)
{
	const char *flat = text_flat(r->a, sentence);

	return r->text_flat && text_has(r->a, r->text_flat, flat) &&
	       (!r->html_flat || text_has(r->a, r->html_flat, flat));
}

static void judge_sentence(struct ruling *r)
{
	const char *own = rule_registered(r, r->f->institution->unofficial);

	if (own && in_both(r, own))
		return;
	for (const char *const *p = r->f->institution->unofficial; p && p[0] && p[1]; p += 2)
		if (in_both(r, p[1])) {
			rule_doubtful(r, "declare the language (Content-Language), and use the sentence registered for it",
				      "the registered sentence stands there in “%s”, and the message %s", p[0],
				      r->language[0] ? "is in another language" : "does not declare its language");
			return;
		}
	if (own)
		rule_needs_words(r, "the registered sentence", own);
	else
		rule_fail(r, "register the sentence: `placet institution set unofficial-sentence.LANG`",
			  "the message does not say, in registered words, that it is not an official communication");
}

void rule_unofficial(struct ruling *r)
{
	const struct message_facts *m = r->f->message;
	const struct selection_facts *s = r->f->selection;
	const struct field *subject = rule_field(r, "Subject", 0);

	judge_name(r);
	if (subject)
		judge_line(r, "subject", subject->decoded);
	judge_parts(r);
	if (r->html)
		judge_html(r);
	judge_direction(r, "text part", r->text);
	judge_direction(r, "HTML part", r->html);
	judge_sentence(r);
	if (s && s->bad_values > 0)
		rule_fail(r, "mend the field values and import them again", "%lld field values are not fit for a message: %s",
			  (long long)s->bad_values, s->bad_value ? s->bad_value : "");
	if (m->body_words) {
		judge_words(r, m->body_words);
	} else {
		if (r->text)
			judge_words(r, r->text);
		if (r->html)
			judge_words(r, r->html);
	}
	if (!rule_has_objected(r))
		rule_pass(r, "nothing speaks for the institution, and the message says so");
}
