/*
 * What `unofficial` asks beside the words: that a reader is shown nothing that was not judged, images from the
 * approved set only, no hidden text, and no domain that looks like one of the institution's.
 */
#include <strings.h>

#include "mail/address.h"
#include "mail/token.h"
#include "policy/policy_text.h"
#include "policy/unofficial.h"

/* --- parts --- */

static bool image_is_shown(const struct html_view *v, const char *id)
{
	for (size_t i = 0; id && i < v->n_images; i++)
		if (strncasecmp(v->images[i].src, "cid:", 4) == 0 && strcmp(v->images[i].src + 4, id) == 0)
			return true;
	return false;
}

static bool has_word(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strncasecmp(word, *list, strlen(*list)) == 0)
			return true;
	return false;
}

/* Mail programs read other charsets and encodings differently from each other, or not at all. */
static void judge_coding(struct ruling *r, const struct part *p)
{
	static const char *const CHARSETS[] = { "utf-8",  "utf8", "us-ascii", "ascii", "iso-8859-", "iso8859-", "windows-12", "cp12", "koi8-", "gb2312",
						"gbk", "gb18030", "big5",     "shift_jis", "euc-",  "iso-2022-jp", "iso-2022-kr", "ks_c_5601", "tis-620",
						"latin1", NULL };
	static const char *const ENCODINGS[] = { "7bit", "8bit", "binary", "quoted-printable", "base64", NULL };

	if (strncmp(p->type, "text/", 5) == 0 && p->charset[0] && !has_word(p->charset, CHARSETS))
		rule_fail(r, "send it in UTF-8", "the part %s is in the charset “%s”, which readers may be shown as other words", p->type,
			  text_quote(r->a, p->charset, 40));
	if (p->odd)
		rule_doubtful(r, "let Placet write the message", "the part %s %s, which mail programs read differently", p->type, p->odd);
	if (p->encoding[0] && !has_word(p->encoding, ENCODINGS))
		rule_fail(r, "send it as quoted-printable", "the part %s has the transfer encoding “%s”, which mail programs read differently",
			  p->type, text_quote(r->a, p->encoding, 40));
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

		judge_coding(r, p);
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

/* Programs without MIME show what stands around the parts. The usual words there say nothing. */
static void judge_beside(struct ruling *r)
{
	static const char *const USUAL[] = { "This is a multi-part message in MIME format", "This is a multipart message in MIME format",
					     "This is a MIME-encapsulated message", "This is a cryptographically signed message in MIME format" };
	char *text = arena_text(r->a, r->f->message->message.beside);

	for (size_t i = 0; i < COUNT(USUAL); i++)
		for (char *p = text; (p = strcasestr(p, USUAL[i]));)
			memset(p, ' ', strlen(USUAL[i]));
	if (text_says_something(text))
		rule_doubtful(r, "leave it out", "there is text before or behind the parts of the message, which some readers are shown: “%s”",
			      text_quote(r->a, text, 100));
}

/* --- images --- */

static const struct part *part_of_image(struct ruling *r, const char *src)
{
	const struct message *m = &r->f->message->message;

	for (size_t i = 0; i < m->n_parts && strncasecmp(src, "cid:", 4) == 0; i++)
		if (m->parts[i].content_id && strcmp(m->parts[i].content_id, src + 4) == 0)
			return &m->parts[i];
	return NULL;
}

/* The type that the bytes are of; NULL if it is none that mail programs agree on. */
static const char *type_of(const struct part *p)
{
	static const struct {
		const char *type, *magic;
		size_t n;
	} TYPES[] = {
		{ "image/png", "\x89PNG\r\n\x1a\n", 8 },
		{ "image/jpeg", "\xff\xd8\xff", 3 },
		{ "image/gif", "GIF87a", 6 },
		{ "image/gif", "GIF89a", 6 },
	};

	for (size_t i = 0; i < COUNT(TYPES); i++)
		if (p->n >= TYPES[i].n && memcmp(p->bytes, TYPES[i].magic, TYPES[i].n) == 0)
			return TYPES[i].type;
	return NULL;
}

static bool is_approved(const struct project_facts *project, const struct part *p)
{
	uint8_t hash[32];

	sha256(p->bytes, p->n, hash);
	for (size_t i = 0; i < project->n_images; i++)
		if (memcmp(hash, project->images[i], sizeof(hash)) == 0)
			return true;
	return false;
}

static void judge_bytes(struct ruling *r, const struct html_image *image, const struct part *p)
{
	const char *type = type_of(p), *quote = text_quote(r->a, image->alt[0] ? image->alt : image->src, 60);
	const struct project_facts *project = r->f->project;

	if (!type || strcmp(type, strcmp(p->type, "image/jpg") == 0 ? "image/jpeg" : p->type) != 0)
		rule_fail(r, "add it as PNG, JPEG or GIF: `placet project image`", "HTML part: the image “%s” is called %s and is %s", quote,
			  p->type, type ? type : "of no type that can be judged");
	if (!project)
		rule_doubtful(r, "look at it, or lint with --project, which knows the approved images",
			      "HTML part: whether the image “%s” is approved cannot be told without a project", quote);
	else if (!is_approved(project, p))
		rule_fail(r, arena_printf(r->a, "leave it out, or add it to the project and have it approved: `placet project image %s FILE --alt TEXT`",
					  project->slug),
			  "HTML part: the image “%s” is none of the project's approved images", quote);
	if (!text_says_something(image->alt))
		rule_doubtful(r, "give it its text alternative (alt)",
			      "HTML part: the image “%s” says nothing to readers who do not see it", text_quote(r->a, image->src, 60));
}

/* An image that is called a crest is one. */
static void judge_crest(struct ruling *r, const struct html_image *image, const struct part *p)
{
	static const char *const CRESTS[] = { "logo", "crest", "coat of arms", "coat-of-arms", "seal", "emblem", "letterhead", "letter head", "shield",
					      "insignia", "wappen", "siegel", "hochschullogo", "briefkopf", "blason", "armoiries", "ecusson", "sceau",
					      "escudo", "sello", "stemma", "sigillo", "wapen", "zegel", "brasao", "selo", "vapen", "godlo", NULL };
	const char *names[] = { image->alt, image->src, p && p->filename ? p->filename : "" };

	for (size_t i = 0; i < COUNT(names); i++) {
		char *name = text_skeleton(r->a, names[i]);

		for (char *c = name; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		for (const char *const *w = CRESTS; *w; w++)
			if (text_find_word(name, *w)) {
				rule_fail(r, "leave it out", "HTML part: the image “%s” is a crest or a logo (“%s”), which speaks for the institution",
					  text_quote(r->a, names[i], 60), *w);
				return;
			}
	}
}

/* Of two parts with one name, programs show either. */
static void judge_names(struct ruling *r)
{
	const struct message *m = &r->f->message->message;

	for (size_t i = 0; i < m->n_parts; i++)
		for (size_t k = i + 1; k < m->n_parts && m->parts[i].content_id; k++)
			if (m->parts[k].content_id && strcmp(m->parts[i].content_id, m->parts[k].content_id) == 0)
				rule_fail(r, "name each part once", "two parts are named “%s” (Content-ID): programs may show either",
					  text_quote(r->a, m->parts[i].content_id, 60));
}

static void judge_images(struct ruling *r, const struct claims *c)
{
	const struct html_view *v = &r->f->message->html;

	for (size_t i = 0; i < v->n_images; i++) {
		const struct part *p = part_of_image(r, v->images[i].src);

		if (p)
			judge_bytes(r, &v->images[i], p);
		else
			rule_fail(r, "put the image inside the message, and have it approved with the project",
				  "HTML part: the image “%s” is not inside the message", text_quote(r->a, v->images[i].src, 60));
		judge_crest(r, &v->images[i], p);
		if (text_says_something(v->images[i].alt))
			unofficial_line(r, c, "text alternative of an image", v->images[i].alt, v->images[i].alt);
	}
}

/* --- the rest of the HTML part --- */

static void judge_html(struct ruling *r, const struct claims *c)
{
	const struct html_view *v = &r->f->message->html;
	const char *plain = "leave it out, or let Placet write the HTML part from Markdown";

	if (v->remote)
		rule_fail(r, "put approved images inside the message, and nothing else", "HTML part: it fetches something from elsewhere");
	if (v->active)
		rule_fail(r, plain, "HTML part: it has scripts, forms, frames or other things that act");
	if (v->unread)
		rule_fail(r, plain, "HTML part: it is too deep or too broken to be read to its end");
	if (v->doubt)
		rule_doubtful(r, plain, v->below ? "HTML part: it has what cannot be judged: %s; text below it counts as not visible"
						 : "HTML part: it has %s",
			      text_quote(r->a, v->doubt, 120));
	if (text_says_something(v->hidden))
		rule_doubtful(r, v->below ? plain : "show it, or leave it out", "HTML part: it has text %s: “%s”",
			      v->below ? "of which it cannot be told whether readers see it" : "that readers do not see, or see struck out or folded away",
			      text_quote(r->a, v->hidden, 100));
	if (v->title && text_says_something(v->title))
		unofficial_line(r, c, "title of the HTML part", v->title, v->title);
	judge_images(r, c);
}

void unofficial_parts(struct ruling *r, const struct claims *c)
{
	judge_parts(r);
	judge_names(r);
	judge_beside(r);
	if (r->html)
		judge_html(r, c);
}

/* --- look-alike domains --- */

static bool is_known(struct ruling *r, const char *host)
{
	const struct project_facts *p = r->f->project;

	return host_is_in(host, r->f->institution->domains) || (p && host_is_in(host, p->identity_domains)) ||
	       (p && host_is_in(host, p->link_hosts));
}

/* A label of `host` that is the institution's own name among domains, or that with words joined to it: "uni-security". */
static const char *borrowed_label(struct ruling *r, const char *host)
{
	for (const char *const *d = r->f->institution->domains; d && *d; d++) {
		size_t n = strcspn(*d, ".");

		for (const char *label = host; n > 2 && label; label = strchr(label, '.') ? strchr(label, '.') + 1 : NULL)
			for (const char *p = label; (p = strcasestr(p, arena_text_n(r->a, *d, n))) && p < label + strcspn(label, "."); p++)
				if ((p == label || p[-1] == '-') && strchr(".-", p[n]))
					return *d;
	}
	return NULL;
}

static void judge_host(struct ruling *r, const char *where, const char *host)
{
	struct address addr;
	struct err e = { 0 };
	size_t n = 0;
	const char *like = NULL;

	if (!host || is_known(r, host))
		return;
	while (r->f->institution->domains && r->f->institution->domains[n])
		n++;
	if (address_parse(r->a, arena_printf(r->a, "x@%s", host), &addr, &e) == 0)
		like = address_resembles(&addr, r->f->institution->domains, n);
	if (like && !host_is_in(like, r->f->institution->domains))
		like = NULL;
	if (!like)
		like = borrowed_label(r, host);
	if (like)
		rule_fail(r, "use the institution's own domains", "%s: the domain %s can be taken for the institution's %s", where,
			  text_quote(r->a, host, 80), like);
}

static void judge_text_hosts(struct ruling *r, const char *where, const char *text)
{
	struct host_at h;

	for (const char *p = text; text_next_host(r->a, text, p, &h); p = h.start + h.n)
		judge_host(r, where, h.host);
}

void unofficial_domains(struct ruling *r)
{
	static const char *const FIELDS[] = { "From", "Sender", "Reply-To", "Subject" };
	const struct message_facts *m = r->f->message;

	for (size_t i = 0; i < COUNT(FIELDS); i++) {
		const struct field *f = rule_field(r, FIELDS[i], 0);

		if (f)
			judge_text_hosts(r, FIELDS[i], f->decoded);
	}
	if (m->text)
		judge_text_hosts(r, "text part", m->text);
	for (size_t i = 0; m->has_html && i < m->html.n_links; i++) {
		judge_text_hosts(r, "HTML part, link", m->html.links[i].href);
		judge_text_hosts(r, "HTML part, link", m->html.links[i].words);
	}
}
