/*
 * Header lines that do not vary: see compile_head.h. Between the parts stand
 * the lines that render.c writes: To, Subject, Date, Message-ID;
 * List-Unsubscribe; CFBL-*. No Sender, no Return-Path, nothing that looks
 * urgent or asks for a receipt (FMT-15, HDR-11).
 */
#include "compose/compile_head.h"

#include "base/utf8.h"
#include "mail/address.h"
#include "mail/header.h"

#define SUBJECT_MAX 250 /* characters, before the fields are filled */
#define LIST_ID_MAX 255 /* HDR-1 */
#define HEAD_BYTES  8000

static bool only(const char *s, const char *allowed)
{
	return s && *s && s[strspn(s, allowed)] == '\0';
}

int compile_subject(struct arena *a, struct slots *s, const struct draft *d, struct compiled *out, struct err *e)
{
	struct buf marked, line;
	char *subject, *to;
	int rc = -1;

	buf_init(&marked, 4000);
	buf_init(&line, HEAD_BYTES);
	if (!d->subject || !d->subject[strspn(d->subject, " ")])
		err_set(e, ERR_INPUT, "the subject is empty");
	else if (strpbrk(d->subject, "\r\n\t"))
		err_set(e, ERR_INPUT, "the subject has a line break or a tab; write it on one line");
	else if (utf8_valid(d->subject, strlen(d->subject)) && utf8_count(d->subject) > SUBJECT_MAX)
		err_set(e, ERR_INPUT, "the subject is longer than %d characters", SUBJECT_MAX);
	else
		rc = fields_parse(s, "subject", d->subject, &marked, e);
	subject = to = arena_text_n(a, buf_text(&marked), marked.n);
	for (const char *p = buf_text(&marked); *p; p++) /* \{{ is a way to write {{ */
		if (!(p[0] == '\\' && p[1] == '{' && p[2] == '{'))
			*to++ = *p;
	*to = '\0';
	for (size_t i = 0; rc == 0 && i < s->n; i++) /* so far there are the subject's alone */
		if (s->slot[i].kind == SLOT_FIELD && s->link[s->slot[i].field])
			rc = err_set(e, ERR_INPUT, "subject: {{%s}} is a link; a subject holds none", s->name[s->slot[i].field]);
	out->subject = subject;
	if (rc == 0 && slot_find(subject, strlen(subject)) == strlen(subject)) {
		rc = header_add_text(&line, "Subject", utf8_nfc(a, subject), e);
		out->subject_line = (struct slice){ arena_text_n(a, buf_text(&line), line.n), line.n };
	}
	buf_free(&marked);
	buf_free(&line);
	return rc;
}

static int check_names(const struct draft *d, struct err *e)
{
	if (!only(d->identity_domain, "abcdefghijklmnopqrstuvwxyz0123456789.-") || strlen(d->identity_domain) > 200)
		return err_set(e, ERR_INPUT, "“%s” is no domain of an identity",
			       d->identity_domain ? d->identity_domain : "");
	if (!only(d->list_id, "abcdefghijklmnopqrstuvwxyz0123456789-") || strlen(d->list_id) > 60)
		return err_set(e, ERR_INPUT, "“%s” is no name for a List-Id", d->list_id ? d->list_id : "");
	return 0;
}

/*
 * HDR-1: "Title <label.domain>" is a mailbox in all but its "@", and is encoded as one, with the dot
 * put in afterwards. A title too long for one List-Id is left out.
 */
static int add_list_id(struct arena *a, struct buf *b, const struct draft *d, struct err *e)
{
	size_t from = b->n;
	char *at;

	if (header_add_mailbox(b, "List-Id", utf8_nfc(a, d->house.project_title),
			       arena_printf(a, "%s@%s", d->list_id, d->identity_domain), e) < 0)
		return -1;
	if (b->n - from > LIST_ID_MAX) {
		buf_cut(b, from);
		return header_add(b, "List-Id", arena_printf(a, "<%s.%s>", d->list_id, d->identity_domain), e);
	}
	at = b->over ? NULL : memrchr(b->p + from, '@', b->n - from);
	if (at)
		*at = '.';
	return 0;
}

/* Is there a domain behind the "@" that belongs to the identity? */
static bool address_is_within(struct arena *a, const char *address, const char *domain)
{
	const char *at = strrchr(address, '@');
	char *parsed = at ? domain_parse(a, at + 1) : NULL;

	return parsed && domain_is_within(parsed, domain);
}

/* The page that explains this mail, on the installation's own host, as all addresses in headers have to be. */
static const char *help_url(struct arena *a, const struct draft *d)
{
	size_t n = strlen(d->web_url);
	const char *page = d->house.statement_url;

	if (strncmp(page, d->web_url, n) == 0 && (page[n] == '/' || page[n] == '\0'))
		return page;
	return arena_printf(a, "%s/", d->web_url);
}

static int add_from(struct arena *a, struct buf *b, const struct draft *d, struct err *e)
{
	const char *name = d->from_name ? d->from_name : "";

	if (!utf8_valid(name, strlen(name)))
		return err_set(e, ERR_INPUT, "the sender's name is not UTF-8");
	if (!d->from_address)
		return err_set(e, ERR_INPUT, "there is no sender's address");
	if (header_add_mailbox(b, "From", utf8_nfc(a, name), d->from_address, e) < 0)
		return -1;
	return d->reply_to ? header_add_mailbox(b, "Reply-To", NULL, d->reply_to, e) : 0;
}

static int add_post(struct arena *a, struct buf *b, const struct draft *d, struct err *e)
{
	const struct {
		const char *name, *value;
	} lines[] = {
		{ "List-Unsubscribe-Post", "List-Unsubscribe=One-Click" }, /* HDR-3: literally this */
		{ "List-Post", "NO" },                                     /* HDR-5 */
		{ "List-Help", arena_printf(a, "<%s>", help_url(a, d)) },
		{ "List-Owner", address_is_within(a, d->house.contact, d->identity_domain)
					? arena_printf(a, "<mailto:%s>", d->house.contact)
					: NULL },
		{ "Precedence", "bulk" }, /* HDR-6 */
		{ "Feedback-ID", d->feedback_id },
	};

	for (size_t i = 0; i < COUNT(lines); i++)
		if (lines[i].value && header_add(b, lines[i].name, lines[i].value, e) < 0)
			return -1;
	return 0;
}

static int add_end(struct arena *a, struct buf *b, const struct draft *d, const char *boundary, struct err *e)
{
	const struct {
		const char *name, *value;
	} lines[] = {
		{ "X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply" }, /* HDR-8: never "All" */
		{ "X-Placet-Trial", d->house.trial ? "yes" : NULL },
		{ "MIME-Version", "1.0" },
		{ "Content-Language", d->language },
		{ "Content-Type", arena_printf(a, "multipart/alternative; boundary=\"%s\"", boundary) },
	};

	for (size_t i = 0; i < COUNT(lines); i++)
		if (lines[i].value && header_add(b, lines[i].name, lines[i].value, e) < 0)
			return -1;
	return 0;
}

int compile_head(struct arena *a, const struct draft *d, const char *boundary, struct compiled *out, struct err *e)
{
	struct buf b;
	int rc = check_names(d, e);

	buf_init(&b, HEAD_BYTES);
	for (int part = 0; rc == 0 && part < HEAD_PARTS; part++) {
		buf_clear(&b);
		rc = part == HEAD_FROM   ? add_from(a, &b, d, e)
		     : part == HEAD_LIST ? add_list_id(a, &b, d, e)
		     : part == HEAD_POST ? add_post(a, &b, d, e)
					 : add_end(a, &b, d, boundary, e);
		if (rc == 0 && b.over)
			rc = err_set(e, ERR_INPUT, "the headers are too long");
		out->head[part] = (struct slice){ arena_text_n(a, buf_text(&b), b.n), b.n };
	}
	buf_free(&b);
	return rc;
}
