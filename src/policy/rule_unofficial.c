/*
 * `unofficial`: the message never looks like one of the institution itself. What speaks for it in the headers that
 * readers are shown, in a signature or in a self-introduction fails; elsewhere in the writer's words a person judges.
 */
#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"
#include "mail/plain.h"
#include "policy/policy_text.h"
#include "policy/unofficial.h"

#define MAILBOXES 4
#define BESIDE 60 /* bytes */

/* --- headers that readers are shown --- */

static bool is_office_box(struct ruling *r, const struct claims *c, const char *address)
{
	const struct project_facts *p = r->f->project;
	const char *local = text_skeleton(r->a, arena_text_n(r->a, address, strcspn(address, "@")));

	return claims_are(c, local) && !(p && p->slug && strcasecmp(local, p->slug) == 0);
}

/* A display name that is an address: readers are shown it instead of the sender's. */
static void judge_name_address(struct ruling *r, const char *name, const char *address)
{
	struct host_at host;
	const char *at = strchr(name, '@') ? strchr(name, '@') : strstr(name, "\xef\xbc\xa0");

	if (at && strcasecmp(name, address) != 0)
		rule_fail(r, "leave addresses out of the From display name",
			  "From: the display name, “%s”, shows another address than the sender's, %s", text_quote(r->a, name, 80),
			  text_quote(r->a, address, 80));
	else if (!at && text_next_host(r->a, name, name, &host))
		rule_fail(r, "write a person's name as the From display name",
			  "From: the display name, “%s”, is written as an address of the web", text_quote(r->a, name, 80));
}

/* The institution's name in front is all that a narrow list of mail shows; blanks push the rest out of sight. */
static void judge_name_order(struct ruling *r, const char *name)
{
	const char *flat = text_flat(r->a, name), *own = text_flat(r->a, r->f->institution->name);
	const char *rest = strncasecmp(flat, "The ", 4) == 0 ? flat + 4 : flat;

	if (*own && strncasecmp(rest, own, strlen(own)) == 0 && !text_is_letter(rest[strlen(own)]))
		rule_doubtful(r, "write the originator's name first",
			      "From: the display name, “%s”, begins with the name of the institution, which is all that many readers see",
			      text_quote(r->a, name, 80));
	else if (strstr(name, "    ") || utf8_count(name) > 120)
		rule_doubtful(r, "write a name that can be seen as a whole", "From: the display name, “%s”, is so long that its end is not seen",
			      text_quote(r->a, name, 80));
}

static void judge_from(struct ruling *r, const struct claims *c)
{
	const struct field *f = rule_field(r, "From", 0);
	struct mailbox box[MAILBOXES];
	size_t n = 0;

	if (!f || !message_mailboxes(r->a, f->raw, box, MAILBOXES, &n) || !n)
		return;
	if (text_says_something(box[0].name) && unofficial_is_bare(r, box[0].name))
		rule_fail(r, "write in the originator's name",
			  "From: the display name, “%s”, is the bare name of the institution, or names nobody beside it",
			  text_quote(r->a, box[0].name, 80));
	else
		judge_name_order(r, box[0].name);
	judge_name_address(r, box[0].name, box[0].address);
	for (size_t i = 0; i < n; i++)
		if (is_office_box(r, c, box[i].address))
			rule_fail(r, "send from an address that is named after the project or the originator",
				  "From: the address %s is an office's", text_quote(r->a, box[i].address, 80));
}

/* The value as it is shown, without the hosts of its addresses, which same-infrastructure judges. */
static const char *without_hosts(struct arena *a, const char *value)
{
	char *out = arena_text(a, value);

	for (char *p = out; (p = strchr(p, '@'));)
		for (*p++ = ' '; isalnum((unsigned char)*p) || strchr(".-", *p); p++) {
			if (!*p)
				break;
			*p = ' ';
		}
	return out;
}

static void judge_shown(struct ruling *r, const struct claims *c)
{
	static const char *const SHOWN[] = { "From",	      "Sender",	       "Reply-To",     "Resent-From", "Resent-Sender", "Subject",
					     "List-Id",	      "Organization",  "Thread-Topic", "Comments",    "Keywords",      "X-Sender",
					     "Resent-Reply-To", "Organisation", "X-Organization" };

	for (size_t i = 0; i < COUNT(SHOWN); i++) {
		const struct field *f;

		for (size_t n = 0; (f = rule_field(r, SHOWN[i], n)); n++) {
			bool mail = strchr(f->decoded, '<') || strchr(f->decoded, '@');
			bool subject = strcmp(SHOWN[i], "Subject") == 0;

			unofficial_line(r, c, SHOWN[i], mail && !subject ? without_hosts(r->a, f->decoded) : f->decoded,
					f->decoded);
			if (strstr(f->decoded, "=?") && strstr(f->decoded, "?="))
				rule_fail(r, "let Placet write this header",
					  "%s: “%s” has an encoded word that cannot be read for certain", SHOWN[i],
					  text_quote(r->a, f->decoded, 80));
		}
	}
}

/* FMT-15: marks by which mail programs show a message as important. */
static void judge_urgency(struct ruling *r)
{
	static const struct {
		const char *name, *calm[5];
	} MARKS[] = {
		{ "X-Priority", { "3", "4", "5", NULL } },
		{ "X-MSMail-Priority", { "normal", "low", NULL } },
		{ "Importance", { "normal", "medium", "low", NULL } },
		{ "Priority", { "normal", "non-urgent", "nonurgent", NULL } },
		{ "X-Message-Flag", { NULL } },
		{ "Sensitivity", { NULL } },
	};

	for (size_t i = 0; i < COUNT(MARKS); i++) {
		const struct field *f = rule_field(r, MARKS[i].name, 0);
		bool calm = !f;

		for (size_t k = 0; f && MARKS[i].calm[k]; k++)
			calm = calm || strncasecmp(f->raw, MARKS[i].calm[k], strlen(MARKS[i].calm[k])) == 0;
		if (!calm)
			rule_fail(r, "leave this header out", "%s: “%s” marks the message as urgent or confidential", MARKS[i].name,
				  text_quote(r->a, f->raw, 40));
	}
}

/* FMT-15, BODY-3: headers that ask who reads the message, or put a picture beside it. */
static void judge_marks(struct ruling *r)
{
	static const struct {
		const char *name, *what;
	} MARKS[] = {
		{ "Disposition-Notification-To", "asks readers' programs to tell that they read it" },
		{ "Return-Receipt-To", "asks readers' programs to tell that they read it" },
		{ "X-Confirm-Reading-To", "asks readers' programs to tell that they read it" },
		{ "Face", "puts a picture beside the message" },
		{ "X-Face", "puts a picture beside the message" },
		{ "X-Image-URL", "puts a picture beside the message" },
		{ "BIMI-Location", "puts a picture beside the message" },
		{ "BIMI-Indicator", "puts a picture beside the message" },
	};

	for (size_t i = 0; i < COUNT(MARKS); i++)
		if (rule_field(r, MARKS[i].name, 0))
			rule_doubtful(r, "leave this header out", "the header %s %s", MARKS[i].name, MARKS[i].what);
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
	if (!own && !r->language[0] && r->f->institution->unofficial && r->f->institution->unofficial[0])
		own = r->f->institution->unofficial[1];
	if (own)
		rule_needs_words(r, "the registered sentence", own);
	else
		rule_fail(r, "register the sentence: `placet institution set unofficial-sentence.LANG`",
			  "the message does not say, in registered words, that it is not an official communication");
}

/* Words beside the registered sentence, in a text in lower case, that say it does not hold. */
static const char *taken_back(struct ruling *r, const char *text, const char *sentence)
{
	static const char *const WORDS[] = { "false", "untrue", "not true", "not valid", "no longer valid", "invalid", "outdated", "obsolete", "wrong",
					     "incorrect", "not correct", "ignore", "disregard", "old notice", "former notice", "joke", "not apply",
					     "no longer applies", "by mistake", "in error", "falsch", "unwahr", "ungultig", "stimmt nicht", "gilt nicht",
					     "veraltet", "ignorieren", "faux", "fausse", "ignorez", "ne s'applique pas", "falso", "falsa", "no es cierto",
					     "ignore esta", "non e vero", "ignorate", "onjuist", "onwaar", "negeer", "nie prawda", NULL };
	const char *own = utf8_lower(r->a, text_flat(r->a, sentence)), *at = text_find(text, own);
	const char *from = at && at - text > BESIDE ? at - BESIDE : text;

	if (!at)
		return NULL;
	for (int side = 0; side < 2; side++) {
		const char *start = side ? at + strlen(own) : from;
		const char *near = text_skeleton(r->a, arena_text_n(r->a, start, side ? strnlen(start, BESIDE) : (size_t)(at - start)));

		for (const char *const *w = WORDS; *w; w++)
			if (text_find_word(near, *w))
				return *w;
	}
	return NULL;
}

/* "Please ignore the notice below", wherever it stands. */
static const char *told_to_ignore(struct ruling *r, const char *flat)
{
	static const char *const VERBS[] = { "ignore", "disregard", "skip", "overlook", "do not read", "don't read", "need not read", "pay no attention to",
					     "ignorieren", "uberlesen", "ignorez", "ignorer", "ignoren", "ignorate", "negeer", NULL };
	static const char *const OBJECTS[] = { "notice", "notices", "footer", "disclaimer", "small print", "text below", "lines below", "sentence below",
					       "statement below", "section below", "paragraph below", "everything below", "what follows", "rest of this",
					       "about this message", "hinweis", "hinweise", "fusszeile", "kleingedruckte", "mention", "mentions",
					       "pied de page", "aviso", "avviso", "voettekst", NULL };
	const char *text = text_skeleton(r->a, flat);

	for (const char *const *v = VERBS; *v; v++)
		for (const char *p = text; (p = text_find_word(p, *v)); p++) {
			const char *near = arena_text_n(r->a, p, strnlen(p, BESIDE));

			near = arena_text_n(r->a, near, strcspn(near, ".!?"));
			for (const char *const *o = OBJECTS; *o; o++)
				if (text_find_word(near, *o))
					return near;
		}
	return NULL;
}

static void judge_taken_back(struct ruling *r, const char *part, const char *flat)
{
	const char *words = NULL, *lower;

	if (!flat)
		return;
	lower = utf8_lower(r->a, flat);
	for (const char *const *p = r->f->institution->unofficial; p && p[0] && p[1] && !words; p += 2)
		words = taken_back(r, lower, p[1]);
	if (words)
		rule_doubtful(r, "let the registered sentence stand by itself",
			      "%s: “%s” beside the registered sentence may take it back", part, words);
	words = told_to_ignore(r, flat);
	if (words)
		rule_doubtful(r, "leave it out", "%s: “%s” may tell readers to pass over what the message has to say", part,
			      text_quote(r->a, words, 60));
}

/* U+202D and U+202E show what follows in another order than it is read here. */
static void judge_direction(struct ruling *r, const char *part, const char *text)
{
	if (text && (strstr(text, "\xe2\x80\xad") || strstr(text, "\xe2\x80\xae")))
		rule_doubtful(r, "leave it out",
			      "%s: a character turns the reading direction round, so that other words are seen than stand there", part);
}

/* A text that is ended by the line that mail programs put before the message that is answered. */
static void judge_frame(struct ruling *r, const char *text)
{
	const char *frame = text ? plain_frame(text) : NULL;

	if (frame)
		rule_doubtful(r, "leave that line out", "text part: mail programs fold away what stands below the line “%s”",
			      text_quote(r->a, arena_text_n(r->a, frame, strcspn(frame, "\n")), 60));
}

/* Some programs obey such characters; others show nothing of them. */
static void judge_controls(struct ruling *r, const char *text)
{
	for (const char *p = text ? text : ""; *p; p++) {
		bool control = ((unsigned char)*p < ' ' && !strchr("\t\n\f", *p)) || *p == 127;

		if (control || strncmp(p, "\xf3\xa0\x81", 3) == 0 || strncmp(p, "\xf3\xa0\x80", 3) == 0) {
			rule_doubtful(r, "leave it out",
				      control ? "text part: it has the control character 0x%02x, for which some programs show other words"
					      : "text part: it has letters that nobody sees (tag characters, 0x%02x)", (unsigned char)*p);
			return;
		}
	}
}

struct value_watch {
	struct claims claims;
};

struct value_watch *policy_watch_values(struct arena *a, const struct institution_facts *f)
{
	struct value_watch *w = ARENA_NEW(a, struct value_watch);

	claims_init(a, f->offices, &w->claims);
	return w;
}

bool policy_value_is_suspect(struct arena *a, const struct value_watch *w, const char *value)
{
	const char *skeleton = text_skeleton(a, value);
	struct claim_at claim;
	struct host_at host;

	/* What looks like an encoded word fails in a header; elsewhere it passes. */
	return strstr(value, "=?") || claims_find(&w->claims, skeleton, skeleton, &claim) || text_next_host(a, value, value, &host);
}

/* Letters that stand directly at p, before it or behind it; two at most are counted. */
static int letters_before(const char *text, const char *p)
{
	int n = 0;

	while (p > text && n < 2 && (isalpha((unsigned char)p[-1]) || (p[-1] & 0x80))) {
		p--;
		n++;
	}
	return n;
}

static int letters_behind(const char *p)
{
	int n = 0;

	while (n < 2 && (isalpha((unsigned char)p[n]) || (p[n] & 0x80)))
		n++;
	return n;
}

static bool is_in_address(const char *text, const char *p)
{
	const char *from = p;

	while (from > text && !isspace((unsigned char)from[-1]))
		from--;
	return memmem(from, (size_t)(p - from), "://", 3) != NULL;
}

/* "offi{x}": a value that says nothing by itself may complete a word, and values are not read one by one. */
static void judge_glued(struct ruling *r, const char *where, const char *text)
{
	const char *open = text, *close, *inside;
	size_t name;

	for (; (open = strchr(open, '{')); open = close) {
		inside = open + strspn(open, "{");
		name = strspn(inside, "abcdefghijklmnopqrstuvwxyz0123456789_");
		close = inside + strcspn(inside, "{}\n");
		if (*close != '}' || !name || !strchr("|}", inside[name])) /* {if x} stands by itself */
			continue;
		close += strspn(close, "}");
		if (is_in_address(text, open) || (letters_before(text, open) < 2 && letters_behind(close) < 2))
			continue;
		rule_doubtful(r, "put a blank between field and letters, or say to the reviewer which words come of it",
			      "%s: the field “%s” is joined to letters, so that a value may complete a word", where,
			      text_quote(r->a, arena_text_n(r->a, open, (size_t)(close - open)), 60));
	}
}

void rule_unofficial(struct ruling *r)
{
	const struct message_facts *m = r->f->message;
	const struct selection_facts *s = r->f->selection;
	struct claims c;

	claims_init(r->a, r->f->institution->offices, &c);
	judge_from(r, &c);
	judge_shown(r, &c);
	judge_urgency(r);
	judge_marks(r);
	unofficial_domains(r);
	unofficial_parts(r, &c);
	judge_direction(r, "text part", m->text);
	judge_direction(r, "HTML part", m->has_html ? m->html.text : NULL);
	judge_frame(r, m->text);
	judge_controls(r, m->text);
	judge_sentence(r);
	judge_taken_back(r, "text part", r->text_flat);
	judge_taken_back(r, "HTML part", r->html_flat);
	if (s && s->bad_values > 0)
		rule_fail(r, "mend the field values and import them again", "%lld field values are not fit for a message: %s",
			  (long long)s->bad_values, s->bad_value ? s->bad_value : "");
	if (m->body_words) {
		unofficial_body(r, &c, "body", m->body_words, true);
		judge_glued(r, "body", m->body_words);
		if (m->subject_words)
			judge_glued(r, "subject", m->subject_words);
		/* Values and defaults of fields complete what the writer began: "offi{{x|cial}}". */
		if (m->text)
			unofficial_rendered(r, &c, m->text);
	} else {
		if (m->text)
			unofficial_body(r, &c, "text part", m->text, true);
		if (m->has_html)
			unofficial_body(r, &c, "HTML part", m->html.text, false);
	}
	if (!rule_has_objected(r))
		rule_pass(r, "nothing speaks for the institution, and the message says so");
}
