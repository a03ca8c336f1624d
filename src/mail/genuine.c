/*
 * Genuine or not: see genuine.h. A signature proves what it covers, so that
 * the question is what a mail program may show beyond that. Each header field
 * is either signed, or one of those that servers put on on the way and that
 * nobody is shown; any other takes the proof away, and so does whatever two
 * programs could read in two ways (bare CR, NUL).
 */
#include "mail/genuine.h"

#include <strings.h>

#include "base/codec.h"
#include "base/utf8.h"
#include "mail/dkim.h"
#include "mail/html.h"
#include "mail/message.h"

#define ATTACHED_MAX 4

/* --- line ends ---------------------------------------------------------------------------------- */

static struct slice with_crlf(struct arena *a, struct slice s)
{
	char *out, *w;
	size_t lines = 0;

	if (s.n >= 3 && memcmp(s.p, "\xEF\xBB\xBF", 3) == 0)
		s = (struct slice){ s.p + 3, s.n - 3 };
	if (s.n > 5 && memcmp(s.p, "From ", 5) == 0) {
		const char *nl = memchr(s.p, '\n', s.n);
		size_t n = nl ? (size_t)(nl + 1 - s.p) : s.n;

		s = (struct slice){ s.p + n, s.n - n };
	}
	for (size_t i = 0; i < s.n; i++)
		lines += s.p[i] == '\n';
	w = out = arena_alloc(a, s.n + lines + 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
			*w++ = '\r';
		*w++ = s.p[i];
	}
	return (struct slice){ out, (size_t)(w - out) };
}

/* Bytes that programs read in more than one way: among them a line of the header that is blank and not empty. */
static bool has_odd_bytes(struct slice s)
{
	const char *gap = memmem(s.p, s.n, "\r\n\r\n", 4);
	size_t head = gap ? (size_t)(gap - s.p) : s.n;

	for (size_t i = 0; i + 1 < head; i++) {
		size_t k = i + 1;

		while (s.p[i] == '\n' && k < head && (s.p[k] == ' ' || s.p[k] == '\t'))
			k++;
		if (k > i + 1 && (k == head || s.p[k] == '\r'))
			return true;
	}
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n')))
			return true;
	return false;
}

/* --- what is signed ----------------------------------------------------------------------------- */

struct keys {
	const struct own_key *key;
	size_t n;
};

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strncasecmp(p, word, n) == 0 && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

static const char *find_key(void *ctx, const char *selector, const char *domain)
{
	const struct keys *k = ctx;

	for (size_t i = 0; i < k->n; i++)
		if (strcasecmp(k->key[i].selector, selector) == 0 && has_word(k->key[i].domains, domain))
			return k->key[i].record;
	return NULL;
}

/* How often a name stands in a list with colons. */
static size_t times_in(const char *list, const char *name)
{
	size_t n = strlen(name), times = 0;

	while (*list) {
		size_t len;

		list += strspn(list, " \t\r\n");
		len = strcspn(list, ": \t\r\n");
		times += len == n && strncasecmp(list, name, n) == 0;
		list += len;
		list += strspn(list, " \t\r\n");
		list += *list == ':';
	}
	return times;
}

/* Put on by servers and programs on the way, and shown to nobody. */
static bool is_trace(const char *name)
{
	static const char *const TRACES[] = {
		"Received", "Return-Path", "Delivered-To", "Delivery-Date", "Envelope-To", "Original-Recipient", "Received-SPF",
		"Authentication-Results", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results", "DKIM-Signature",
		"DomainKey-Signature", "Precedence", "Content-Language", "Status", "Lines", "Content-Length", "Old-Authentication-Results",
	};
	static const char *const SHOWN[] = { "X-Face", "X-Image-URL", "X-Priority", "X-MSMail-Priority", "X-List", "X-BIMI" };

	for (size_t i = 0; i < COUNT(TRACES); i++)
		if (strcasecmp(name, TRACES[i]) == 0)
			return true;
	for (size_t i = 0; i < COUNT(SHOWN); i++)
		if (strncasecmp(name, SHOWN[i], strlen(SHOWN[i])) == 0)
			return false;
	return strncasecmp(name, "X-", 2) == 0;
}

/* The first thing that is shown and not signed; NULL when there is none. */
static const char *unsealed(const struct message *m, const struct dkim_result *r)
{
	static const char *const SIGNED[] = { "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "Content-Type",
					      "List-Unsubscribe", "List-Unsubscribe-Post" };
	static const char *const ONCE[] = { "From", "To", "Subject", "Date", "Message-ID" };

	if (r->limited)
		return "its end";
	for (size_t i = 0; i < COUNT(SIGNED); i++)
		if (!times_in(r->fields, SIGNED[i]))
			return SIGNED[i];
	for (size_t i = 0; i < COUNT(ONCE); i++)
		if (!message_field(m, ONCE[i], 0) || message_field(m, ONCE[i], 1))
			return ONCE[i];
	for (size_t i = 0; i < m->n_fields; i++) {
		const char *name = m->fields[i].name;
		size_t times = times_in(r->fields, name);

		if (!*name)
			return "a line that is no header";
		if (times ? message_field(m, name, times) != NULL : !is_trace(name))
			return name;
	}
	return NULL;
}

static void judge_signature(const struct message *m, const struct dkim_result *r, struct genuine *out)
{
	const char *what;
	enum seal seal;

	if (r->answer == DKIM_PASS)
		seal = (what = unsealed(m, r)) ? SEAL_PARTLY : SEAL_WHOLE;
	else if (r->answer == DKIM_FAIL)
		seal = strstr(r->reason, "body") ? SEAL_BODY : SEAL_HEAD;
	else
		return;
	if (seal <= out->seal)
		return;
	out->seal = seal;
	out->domain = r->domain;
	out->unsealed = seal == SEAL_PARTLY ? what : "";
}

static void judge_seal(struct arena *a, struct slice bytes, const struct message *m, struct keys *k, struct genuine *out)
{
	struct dkim_result results[8];
	size_t n = dkim_verify(a, bytes, find_key, k, 0, results);

	for (size_t i = 0; i < n; i++)
		judge_signature(m, &results[i], out);
	if (out->seal == SEAL_WHOLE && has_odd_bytes(bytes)) {
		out->seal = SEAL_PARTLY;
		out->unsealed = "bytes that programs read in different ways";
	}
}

/* --- what it says ------------------------------------------------------------------------------- */

static const char *plain(struct arena *a, const char *s, size_t max)
{
	struct buf b;
	const char *out;
	size_t n = strlen(s), len;

	buf_init(&b, max);
	for (size_t i = 0; i < n; i += len) {
		uint32_t c = utf8_char(s + i, n - i, &len);

		if (utf8_is_control(c) || utf8_is_invisible(c))
			continue;
		if (b.n + len > max)
			break;
		buf_add(&b, s + i, len);
	}
	out = arena_text_n(a, buf_text(&b), b.n);
	buf_free(&b);
	return out;
}

static void read_mailbox(struct arena *a, const struct message *m, const char *name, const char **who, const char **address)
{
	const struct field *f = message_field(m, name, 0);
	struct mailbox box[2];
	size_t n;

	if (!f || message_field(m, name, 1) || !message_mailboxes(a, f->raw, box, 2, &n) || n != 1)
		return;
	if (who)
		*who = plain(a, box[0].name, 200);
	*address = plain(a, box[0].address, 320);
}

static void read_head(struct arena *a, const struct message *m, struct genuine *out)
{
	const struct field *subject = message_field(m, "Subject", 0), *id = message_field(m, "Message-ID", 0);

	read_mailbox(a, m, "From", &out->from_name, &out->from);
	read_mailbox(a, m, "To", NULL, &out->to);
	if (subject)
		out->subject = plain(a, subject->decoded, 1000);
	if (id) {
		const char *p = id->raw + strspn(id->raw, " \t<");

		out->message_id = plain(a, arena_text_n(a, p, strcspn(p, "@> \t")), 100);
	}
}

/* As browsers read it: without the controls in it. */
static void add_href(const char *href, struct buf *links)
{
	for (href += strspn(href, " "); *href; href++)
		if ((unsigned char)*href >= ' ')
			buf_addc(links, *href);
	buf_addc(links, '\n');
}

/* Each line of it is a block of its own. */
static void add_blocks(const char *s, struct buf *text)
{
	buf_adds(text, "\n\n");
	for (; s && *s; s++)
		buf_add(text, *s == '\n' ? "\n\n" : s, *s == '\n' ? 2 : 1);
	buf_adds(text, "\n\n");
}

static void add_html(struct arena *a, const struct part *p, struct buf *text, struct buf *links)
{
	struct html_view v;
	struct err why;

	if (html_read(a, (struct slice){ p->bytes, p->n }, &v, &why) < 0)
		return;
	/* What is hidden is told too: it may be shown where we think it is not. */
	add_blocks(v.text, text);
	add_blocks(v.hidden, text);
	for (size_t i = 0; i < v.n_links; i++)
		add_href(v.links[i].href, links);
}

/* Valid UTF-8 of what has been gathered, however it was cut. */
static const char *gathered(struct arena *a, const struct buf *b)
{
	return arena_text_n(a, buf_text(b), (size_t)utf8_fit((struct slice){ buf_text(b), b->n }, GENUINE_TEXT_MAX));
}

static void read_body(struct arena *a, const struct message *m, struct genuine *out)
{
	struct buf text, links;

	buf_init(&text, GENUINE_TEXT_MAX);
	buf_init(&links, GENUINE_TEXT_MAX / 4);
	for (size_t i = 0; i < m->n_parts; i++) {
		const struct part *p = &m->parts[i];

		if (strcmp(p->type, "text/html") == 0)
			add_html(a, p, &text, &links);
		else if (strncmp(p->type, "text/", 5) == 0)
			buf_addf(&text, "\n\n%s\n\n", p->bytes);
	}
	out->text = gathered(a, &text);
	out->html_links = gathered(a, &links);
	buf_free(&text);
	buf_free(&links);
}

static int read_one(struct arena *a, struct slice bytes, struct keys *k, struct message *m, struct genuine *out, struct err *e)
{
	*out = (struct genuine){ .domain = "", .unsealed = "", .from_name = "", .from = "", .to = "", .subject = "",
				 .message_id = "", .text = "", .html_links = "" };
	bytes = with_crlf(a, bytes);
	if (message_parse(a, bytes, m, e) < 0)
		return -1;
	judge_seal(a, bytes, m, k, out);
	read_head(a, m, out);
	read_body(a, m, out);
	return 0;
}

static bool is_message(const struct part *p)
{
	size_t n = p->filename ? strlen(p->filename) : 0;

	return strcmp(p->type, "message/rfc822") == 0 || (n > 4 && strcasecmp(p->filename + n - 4, ".eml") == 0);
}

int genuine_read(struct arena *a, struct slice bytes, const struct own_key *keys, size_t n_keys, struct genuine *out,
		 struct err *e)
{
	struct keys k = { keys, n_keys };
	struct message m, inner;
	struct genuine g;
	struct err why;
	int attached = 0;

	if (bytes.n > GENUINE_MESSAGE_MAX)
		return err_set(e, ERR_INPUT, "the message is larger than 1 MiB");
	if (read_one(a, bytes, &k, &m, out, e) < 0)
		return -1;
	for (size_t i = 0; i < m.n_parts && out->seal < SEAL_WHOLE && attached < ATTACHED_MAX; i++) {
		const struct part *p = &m.parts[i];

		if (!is_message(p))
			continue;
		attached++;
		if (read_one(a, (struct slice){ p->bytes, p->n }, &k, &inner, &g, &why) < 0)
			continue;
		if (g.seal > out->seal || (out->seal == SEAL_NONE && !out->attached)) {
			*out = g;
			out->attached = true;
		}
	}
	return 0;
}

/* --- there and back ----------------------------------------------------------------------------- */

#define TEXTS 9

static void texts_of(const struct genuine *g, const char *const **at)
{
	const char *const *const all[TEXTS] = { &g->domain, &g->unsealed,   &g->from_name, &g->from,      &g->to,
						&g->subject, &g->message_id, &g->text,      &g->html_links };

	memcpy(at, all, sizeof(all));
}

void genuine_pack(const struct genuine *g, struct buf *out)
{
	const char *const *at[TEXTS];

	texts_of(g, at);
	buf_addf(out, "%d%d", (int)g->seal, (int)g->attached);
	for (size_t i = 0; i < TEXTS; i++)
		buf_addf(out, "%07zu%s", strlen(*at[i]), *at[i]);
}

bool genuine_unpack(struct arena *a, struct slice bytes, struct genuine *out)
{
	const char **to[TEXTS] = { &out->domain, &out->unsealed,   &out->from_name, &out->from,      &out->to,
				   &out->subject, &out->message_id, &out->text,      &out->html_links };
	char digits[8];
	int64_t n;

	*out = (struct genuine){ 0 };
	if (bytes.n < 2 || bytes.p[0] < '0' || bytes.p[0] >= '0' + SEAL_WORDS || (bytes.p[1] != '0' && bytes.p[1] != '1'))
		return false;
	out->seal = (enum seal)(bytes.p[0] - '0');
	out->attached = bytes.p[1] == '1';
	bytes = (struct slice){ bytes.p + 2, bytes.n - 2 };
	for (size_t i = 0; i < TEXTS; i++) {
		if (bytes.n < 7)
			return false;
		memcpy(digits, bytes.p, 7);
		digits[7] = '\0';
		if (parse_i64(digits, 0, (int64_t)bytes.n - 7, &n) < 0 || memchr(bytes.p + 7, '\0', (size_t)n) ||
		    !utf8_valid(bytes.p + 7, (size_t)n))
			return false;
		*to[i] = arena_text_n(a, bytes.p + 7, (size_t)n);
		bytes = (struct slice){ bytes.p + 7 + n, bytes.n - 7 - (size_t)n };
	}
	return bytes.n == 0;
}
