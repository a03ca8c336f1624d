/*
 * The links of the body: see links.h. A link is what stands in an href, and whatever in a text mail programs turn
 * into one: addresses with a scheme, names of hosts, addresses of mail. Where an address carries another one within
 * itself, both have to be allowed.
 */
#include "policy/links.h"

#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"
#include "mail/domain.h"
#include "policy/policy_text.h"

#define RECIPIENTS 20
#define LONGEST 2000
#define QUOTED 200 /* bytes of an address on each side of its host, for a quote */

struct judging {
	struct ruling *r;
	const char *const *domains;
	const char *where; /* "text part" */
	struct mailbox to[RECIPIENTS];
	size_t n_to;
};

/* --- what is allowed --- */

static bool host_is_ours(const struct judging *j, const char *host)
{
	const struct project_facts *p = j->r->f->project;
	const char *ascii = domain_parse(j->r->a, host);

	host = ascii ? ascii : host;
	for (const char *const *h = p ? p->link_hosts : NULL; h && *h; h++)
		if (strcasecmp(*h, host) == 0)
			return true;
	return host_is_in(host, j->r->f->institution->domains) || host_is_in(host, j->domains);
}

static bool url_is_ours(const struct judging *j, const struct url *u)
{
	struct url own;

	if (url_split(j->r->a, j->r->f->institution->web_url, &own) && strcmp(own.host, u->host) == 0)
		return strcmp(own.port ? own.port : "", u->port ? u->port : "") == 0;
	return !u->port && host_is_ours(j, u->host);
}

static bool is_recipient(const struct judging *j, const char *address, size_t n)
{
	for (size_t i = 0; i < j->n_to; i++)
		if (strlen(j->to[i].address) == n && strncasecmp(j->to[i].address, address, n) == 0)
			return true;
	return false;
}

/* --- one target --- */

static void refuse(const struct judging *j, const char *quote, const char *host)
{
	rule_fail(j->r,
		  arena_printf(j->r->a, "leave it out, or register the host: `placet project edit SLUG --link-host %s`",
			       text_quote(j->r->a, host, 80)),
		  "%s: the link “%s” goes to %s, which is neither the institution's nor registered", j->where, quote,
		  text_quote(j->r->a, host, 80));
}

/* Every address of mail in it is ours, also among cc, bcc and in the words that it begins with; so is every host. */
static void judge_mailto(const struct judging *j, const char *target)
{
	const char *quote = text_quote(j->r->a, target, 100), *plain = text_unescaped(j->r->a, text_unescaped(j->r->a, target + 7));
	bool any = false;

	for (const char *at = plain; (at = strchr(at, '@')); at++) {
		const char *host = arena_text_n(j->r->a, at + 1, strcspn(at + 1, " \t\r\n?&,;<>\"'()/:@"));

		any = true;
		if (!host_is_ours(j, host))
			rule_fail(j->r, "link to addresses of the institution only",
				  "%s: the link “%s” goes to an address outside the institution", j->where, quote);
	}
	if (!any || strstr(plain, "://"))
		rule_fail(j->r, "link to one address of the institution",
			  "%s: the link “%s” %s", j->where, quote, any ? "carries an address of the web" : "names no address of mail");
}

/* An address within an address is where a redirector goes. */
static void judge_nested(const struct judging *j, const char *target)
{
	const char *inside = text_unescaped(j->r->a, text_unescaped(j->r->a, target + strlen("https://")));
	struct host_at h;

	for (const char *p = inside; (p = strstr(p, "//")); p += 2) {
		struct url u;

		while (p[2] == '/')
			p++;
		if (url_split(j->r->a, arena_printf(j->r->a, "https:%.*s", 2 + (int)strcspn(p + 2, "/?#\\"), p), &u) && !host_is_ours(j, u.host) && strchr(u.host, '.'))
			refuse(j, text_quote(j->r->a, target, 100), u.host);
	}
	for (const char *p = inside + strcspn(inside, "?#"); text_next_host(j->r->a, inside, p, &h); p = h.start + h.n)
		if (!host_is_ours(j, h.host) && host_is_sure(&h))
			refuse(j, text_quote(j->r->a, target, 100), h.host);
}

/* Browsers drop some of these, and read a backslash as a slash. */
static bool has_odd_bytes(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == '\\' || *s == 127)
			return true;
	return false;
}

static void judge_target(const struct judging *j, const char *raw)
{
	const char *target = raw + strspn(raw, " \t\r\n"), *quote;
	struct url u;

	target = arena_text_n(j->r->a, target, strlen(target));
	for (char *end = (char *)(uintptr_t)target + strlen(target); end > target && isspace((unsigned char)end[-1]);)
		*--end = '\0';
	quote = text_quote(j->r->a, target, 100);
	if (strncasecmp(target, "tel:", 4) == 0 && !target[4 + strspn(target + 4, "+0123456789-.() ")])
		return;
	if (target[0] == '#')
		return;
	if (strncasecmp(target, "mailto:", 7) == 0)
		judge_mailto(j, target);
	else if (has_odd_bytes(target) || !url_split(j->r->a, target, &u) || u.user || !url_is_secure(&u, j->r->f->institution->trial))
		rule_fail(j->r, "link with https://, or mailto:", "%s: the link “%s” is not a plain https address", j->where, quote);
	else if (!url_is_ours(j, &u))
		refuse(j, quote, u.host);
	else
		judge_nested(j, target);
}

/* --- the words of a link --- */

static void say_words_lie(const struct judging *j, const char *words, const char *href)
{
	rule_fail(j->r, "let the words of a link say exactly where it goes, or say no address at all",
		  "%s: the words “%s” link to “%s”", j->where, text_quote(j->r->a, words, 80), text_quote(j->r->a, href, 80));
}

/* Without invisible characters; with "[dot]" as the dot that it is read as. */
static char *read_out(struct arena *a, const char *words)
{
	static const char *const DOTS[] = { "[dot]", "(dot)", " dot ", "[.]", "(.)" };
	size_t n = strlen(words), len;
	char *out = arena_alloc(a, n + 1), *w = out;

	for (; n; words += len, n -= len) {
		bool dot = false;

		len = 0;
		for (size_t i = 0; i < COUNT(DOTS) && !dot; i++)
			if (strncasecmp(words, DOTS[i], strlen(DOTS[i])) == 0) {
				dot = true;
				len = strlen(DOTS[i]);
			}
		if (dot) {
			*w++ = '.';
			continue;
		}
		if (!utf8_is_invisible(utf8_char(words, n, &len))) {
			memcpy(w, words, len);
			w += len;
		}
	}
	*w = '\0';
	return out;
}

/* Every second character is a blank: "b a n k . e x a m p l e". */
static bool is_spaced(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 1; i < n; i += 2)
		if (s[i] != ' ')
			return false;
	return n > 6;
}

/* Blanks around dots and slashes fool a reader as little as they should fool us: "uni .example / page". */
static char *closed_up(struct arena *a, const char *words)
{
	char *out = read_out(a, words), *w = out;

	if (is_spaced(out)) {
		for (const char *p = out; *p; p++)
			if (*p != ' ')
				*w++ = *p;
		*w = '\0';
		return out;
	}

	for (const char *p = out; *p; p++)
		if (*p != ' ' || !(strchr("./@:", p[1]) || (w > out && strchr("/@:", w[-1])) ||
				   (w - out > 1 && w[-1] == '.' && p - 2 >= out && p[-2] == ' ')))
			*w++ = *p;
	*w = '\0';
	return out;
}

/* What stands behind the host; a slash alone is nothing. */
static const char *rest_of(const char *url)
{
	const char *host = strstr(url, "://") + 3, *rest = host + strcspn(host, "/?#");

	return strcmp(rest, "/") == 0 ? "" : rest;
}

/* "www.uni.example" says as much as "https://www.uni.example/"; letters of a host and of an address of mail have no case. */
static bool says_where(const struct judging *j, const char *said, const char *href)
{
	bool mail = strncasecmp(href, "mailto:", 7) == 0;
	size_t n = mail ? strcspn(href + 7, "?") : 0;
	struct url x, y;

	said += strncasecmp(said, "mailto:", 7) == 0 ? 7 : 0;
	if (mail)
		return strlen(said) == n && strncasecmp(said, href + 7, n) == 0;
	if (url_same(said, href))
		return true;
	if (!strstr(said, "://") && strncasecmp(href, "https://", 8) == 0)
		said = arena_printf(j->r->a, "https://%s", said);
	return url_split(j->r->a, said, &x) && url_split(j->r->a, href, &y) && strcmp(x.scheme, y.scheme) == 0 && !y.user &&
	       strcmp(x.host, y.host) == 0 && strcmp(x.port ? x.port : "", y.port ? y.port : "") == 0 &&
	       strcmp(rest_of(said), rest_of(href)) == 0;
}

/* The whole of the address around a host in the words; at most so many bytes of it on each side. */
static struct slice address_around(const char *text, const struct host_at *h, size_t most)
{
	const char *start = h->start, *host_end = h->start + h->n, *end = host_end;

	while (start > text && (size_t)(h->start - start) < most && !strchr(" \t\n<>()[]{}\"'|,;", start[-1]))
		start--;
	while (*end && (size_t)(end - host_end) < most && !strchr(" \t\n<>()[]{}\"'|", *end))
		end++;
	while (end > host_end && strchr(".,;:!?", end[-1]))
		end--;
	return (struct slice){ start, (size_t)(end - start) };
}

/* An address that begins before the link and ends in its words, as in "https://uni.example/[login]", is one to the eye. */
static void judge_joined(const struct judging *j, const struct html_link *l, const char *href)
{
	const char *text = j->r->f->message->html.text;
	size_t from = l->at;
	const char *whole, *words = text_flat(j->r->a, l->words);

	while (from && l->at - from < LONGEST && !strchr(" \t\n<>()[]{}\"'|,;", text[from - 1]))
		from--;
	if (from == l->at || l->end <= l->at || strchr(" \n", text[l->at]) || !memmem(text + from, l->at - from, "://", 3))
		return;
	words = arena_text_n(j->r->a, words, strcspn(words, " "));
	whole = arena_printf(j->r->a, "%.*s%s", (int)(l->at - from), text + from, words);
	if (!says_where(j, whole, href))
		say_words_lie(j, whole, l->href);
}

/* Words that look like an address are one, and the one that the link goes to. */
static void judge_link_words(const struct judging *j, const struct html_link *l)
{
	const char *words = closed_up(j->r->a, text_flat(j->r->a, l->words)), *p = words;
	const char *href = l->href + strspn(l->href, " \t\r\n");
	struct host_at h;
	bool any = false;

	href = arena_text_n(j->r->a, href, strcspn(href, " \t\r\n"));
	judge_joined(j, l, href);
	while (text_next_host(j->r->a, words, p, &h)) {
		struct slice said;

		p = h.start + h.n;
		if (h.in_url && any)
			continue;
		any = true;
		said = address_around(words, &h, SIZE_MAX);
		if (!says_where(j, arena_text_n(j->r->a, said.p, said.n), href)) {
			say_words_lie(j, l->words, l->href);
			return;
		}
		p = said.p + said.n; /* what else is in it is part of what was said */
	}
	if (!any && (strstr(words, "://") || strncasecmp(words, "www.", 4) == 0 || strncasecmp(words, "mailto:", 7) == 0) &&
	    !says_where(j, words, href))
		say_words_lie(j, l->words, l->href);
}

/* --- what mail programs make links of --- */

static const char ENDS[] = " \t\r\n<>\"'()[]{}|";

/* A stop or comma at the end belongs to the sentence. */
static char *sentence_url(struct arena *a, const char *p, size_t n)
{
	while (n && strchr(".,;:!?", p[n - 1]))
		n--;
	return arena_text_n(a, p, n);
}

/* Also East Asian and typographic punctuation. */
static bool ends_url(const char *p)
{
	if ((unsigned char)*p < 0x80)
		return strchr(ENDS, *p) != NULL;
	return strncmp(p, "\xe2\x80", 2) == 0 || strncmp(p, "\xe3\x80", 2) == 0 || strncmp(p, "\xef\xbc", 2) == 0 ||
	       strncmp(p, "\xc2\xa0", 2) == 0 || strncmp(p, "\xc2\xbb", 2) == 0 || strncmp(p, "\xe2\x81", 2) == 0;
}

static size_t url_length(const char *p)
{
	size_t n = 0;

	while (!ends_url(p + n))
		n++;
	return n;
}

static void judge_schemes(const struct judging *j, const char *text)
{
	static const char *const OTHERS[] = { "javascript:", "vbscript:", "data:text", "intent:", "sms:", "smsto:", "whatsapp:", "tg:",
					      "skype:", "facetime:", "ms-", "file:" };
	size_t n;

	for (const char *p = text; (p = strstr(p, "://")); p += n) {
		const char *start = p;

		while (start > text && (isalnum((unsigned char)start[-1]) || strchr("+.-", start[-1])))
			start--;
		n = url_length(p);
		n = n < 3 ? 3 : n;
		if (start < p)
			judge_target(j, sentence_url(j->r->a, start, (size_t)(p - start) + n));
	}
	for (size_t i = 0; i < COUNT(OTHERS); i++)
		for (const char *p = text; (p = strcasestr(p, OTHERS[i])); p++)
			if ((p == text || strchr(ENDS, p[-1])) && text_is_letter(p[strlen(OTHERS[i])]) && strcmp(OTHERS[i], "ms-") != 0)
				judge_target(j, sentence_url(j->r->a, p, strcspn(p, ENDS)));
	for (const char *p = text; (p = strcasestr(p, "mailto:")); p += n) {
		n = url_length(p);
		if (n > 7)
			judge_target(j, sentence_url(j->r->a, p, n));
		n = n < 7 ? 7 : n;
	}
}

/* A walk along a text: does an address with a scheme, which was judged as a whole, go on at a place? */
struct url_walk {
	const char *at;
	bool inside;
};

static bool is_within_url(struct url_walk *w, const char *p)
{
	for (; w->at < p; w->at++)
		if (p - w->at >= 3 && memcmp(w->at, "://", 3) == 0)
			w->inside = true;
		else if (ends_url(w->at))
			w->inside = false;
	return w->inside;
}

static const char *local_start(const char *text, const char *at)
{
	while (at > text && (text_is_letter(at[-1]) || strchr("._%+-=", at[-1])))
		at--;
	return at;
}

static void judge_hosts(const struct judging *j, const char *text)
{
	struct url_walk walk = { text, false };
	struct host_at h;

	for (const char *p = text; text_next_host(j->r->a, text, p, &h); p = h.start + h.n) {
		struct slice around;
		const char *said;

		if (is_within_url(&walk, h.start) || host_is_ours(j, h.host))
			continue;
		around = address_around(text, &h, QUOTED);
		said = arena_text_n(j->r->a, around.p, around.n);
		if (h.mail) {
			const char *local = local_start(text, h.start - 1);

			if (is_recipient(j, local, (size_t)(h.start - local) + h.n))
				continue;
			rule_fail(j->r, "write addresses of the institution only, or have the host registered",
				  "%s: the address “%s” is outside the institution", j->where, text_quote(j->r->a, said, 80));
		} else if (host_is_sure(&h)) {
			refuse(j, text_quote(j->r->a, said, 100), h.host);
		} else {
			rule_doubtful(j->r, "put a blank behind the stop, or leave the address out",
				      "%s: “%s” is an address that mail programs may make a link of", j->where,
				      text_quote(j->r->a, said, 80));
		}
	}
}

/* A trial's own host is a number, and its pages are called by it. */
static bool is_own_number(const struct judging *j, const char *p)
{
	const char *own = strstr(j->r->f->institution->web_url, "://");
	size_t n = own ? strcspn(own + 3, "/") : 0;

	return n && strncmp(p, own + 3, n) == 0 && !text_is_letter(p[n]);
}

/* "192.0.2.1/login": a number for a host, with a path or a port behind it. */
static void judge_numbers(const struct judging *j, const char *text)
{
	struct url_walk walk = { text, false };

	for (const char *p = text; *p; p++) {
		size_t n = strspn(p, "0123456789."), dots = 0;

		if (!n || (p > text && text_is_letter(p[-1]))) {
			p += n ? n - 1 : 0;
			continue;
		}
		for (size_t i = 0; i < n; i++)
			dots += p[i] == '.';
		if (dots == 3 && n >= 7 && (p[n] == '/' || p[n] == ':') && text_is_letter(p[n + 1]) && !is_within_url(&walk, p) &&
		    !is_own_number(j, p))
			refuse(j, text_quote(j->r->a, arena_text_n(j->r->a, p, url_length(p)), 100), arena_text_n(j->r->a, p, n));
		p += n - 1;
	}
}

static void judge_text(struct judging *j, const char *where, const char *text)
{
	j->where = where;
	judge_schemes(j, text);
	judge_hosts(j, text);
	judge_numbers(j, text);
}

void links_judge(struct ruling *r, const char *const *domains)
{
	const struct message_facts *m = r->f->message;
	const struct field *to = rule_field(r, "To", 0), *subject = rule_field(r, "Subject", 0);
	struct judging j = { .r = r, .domains = domains };

	if (to && !message_mailboxes(r->a, to->raw, j.to, RECIPIENTS, &j.n_to))
		j.n_to = 0;
	if (subject)
		judge_text(&j, "Subject", subject->decoded);
	for (size_t i = 0; m->has_html && i < m->html.n_links; i++) {
		j.where = "HTML part";
		judge_target(&j, m->html.links[i].href);
		judge_link_words(&j, &m->html.links[i]);
	}
	if (m->has_html)
		judge_text(&j, "HTML part", m->html.text);
	if (m->text)
		judge_text(&j, "text part", m->text);
}
