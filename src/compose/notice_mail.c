/*
 * System mail as a message: see notice_mail.h. Its headers say that a program
 * wrote it (HDR-7), and nothing of lists: it belongs to none.
 */
#include "compose/notice_mail.h"

#include "base/clock.h"
#include "compose/house.h"
#include "compose/parts.h"
#include "mail/header.h"

#define VALUE_BYTES   300
#define LONG_BYTES    1200
#define CONSENT_BYTES 8000 /* so that the worst of it, encoded twice, still fits */
#define PART_MAX      (64 * 1024)
#define MESSAGE_MAX   95000 /* FMT-16, as of mailings */

static const char *const NAMES[] = {
	[NOTICE_CONFIRM] = "confirm", [NOTICE_LEAVE] = "leave", [NOTICE_LEFT] = "left",
	[NOTICE_REMOVED] = "removed", [NOTICE_ME] = "me",       [NOTICE_COMPLAINT] = "complaint",
	[NOTICE_TEST] = "test",
};

const char *notice_kind_name(enum notice_kind k)
{
	MUST((size_t)k < COUNT(NAMES));
	return NAMES[k];
}

static int check(const struct notice_mail *m, struct err *e)
{
	bool confirm = m->kind == NOTICE_CONFIRM, link = m->kind != NOTICE_LEFT && m->kind != NOTICE_COMPLAINT;
	const struct {
		const char *what, *value;
		size_t max;
		bool lines, needed;
	} values[] = {
		{ "the institution's name", m->institution, VALUE_BYTES, false, true },
		{ "the sender's name", m->from_name, VALUE_BYTES + 100, false, true },
		{ "the statement page", m->statement_url, VALUE_BYTES, false, true },
		{ "the contact address", m->contact, 254, false, m->contact },
		{ "the postal address", m->postal_address, LONG_BYTES, true, m->postal_address },
		{ "the link's token", m->token, 60, false, link },
		{ "the project's title", m->project_title, VALUE_BYTES, false, confirm },
		{ "the originator", m->originator, VALUE_BYTES, false, confirm },
		{ "the department", m->department, VALUE_BYTES, false, confirm && m->department && *m->department },
		{ "the consent text", m->consent_text, CONSENT_BYTES, true, confirm },
	};

	for (size_t i = 0; i < COUNT(values); i++)
		if (values[i].needed &&
		    house_check_value(values[i].what, values[i].value, values[i].max, values[i].lines, e) < 0)
			return -1;
	return 0;
}

/* FMT-2, FMT-14, HDR-7, HDR-8, HDR-11. */
static int add_head(struct arena *a, const struct notice_mail *m, const char *subject, const char *boundary,
		    struct buf *head, struct err *e)
{
	char date[40];
	const struct {
		const char *name, *value;
	} lines[] = {
		{ "Date", time_rfc5322(m->date, date) },
		{ "Message-ID", arena_printf(a, "<%s@%s>", m->message_token, m->identity_domain) },
		{ "Auto-Submitted", "auto-generated" },
		{ "X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply" },
		{ "X-Placet-Trial", m->trial ? "yes" : NULL },
		{ "MIME-Version", "1.0" },
		{ "Content-Language", "en" },
		{ "Content-Type", arena_printf(a, "multipart/alternative; boundary=\"%s\"", boundary) },
	};

	if (header_add_mailbox(head, "From", m->from_name, m->from_address, e) < 0 ||
	    (m->reply_to && header_add_mailbox(head, "Reply-To", NULL, m->reply_to, e) < 0) ||
	    header_add_mailbox(head, "To", NULL, m->address, e) < 0 || header_add_text(head, "Subject", subject, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(lines); i++)
		if (lines[i].value && header_add(head, lines[i].name, lines[i].value, e) < 0)
			return -1;
	return 0;
}

static int add_message(struct arena *a, const struct notice_mail *m, const struct notice_text *t, struct buf *text,
		       struct buf *html, struct buf *head, struct buf *body, struct err *e)
{
	char boundary[BOUNDARY_SIZE];

	notice_draw_text(t, text);
	notice_draw_html(t, html);
	parts_boundary(m->date, text, html, boundary);
	if (add_head(a, m, t->subject, boundary, head, e) < 0)
		return -1;
	part_open(body, boundary, "plain");
	qp_encode(body, buf_text(text), text->n);
	buf_adds(body, "\r\n");
	part_open(body, boundary, "html");
	qp_encode(body, buf_text(html), html->n);
	buf_addf(body, "\r\n--%s--\r\n", boundary);
	if (text->over || html->over || head->over || body->over || body->n > MESSAGE_MAX)
		return err_set(e, ERR_INPUT, "the message is larger than %d bytes: shorten the consent text", MESSAGE_MAX);
	return 0;
}

int notice_render(const struct notice_mail *m, struct buf *head, struct buf *body, struct err *e)
{
	struct arena *a = arena_new();
	struct notice_text t;
	struct buf text, html;
	int rc = check(m, e);

	buf_init(&text, PART_MAX);
	buf_init(&html, PART_MAX);
	if (rc == 0) {
		notice_words(a, m, &t);
		rc = add_message(a, m, &t, &text, &html, head, body, e);
	}
	buf_free(&text);
	buf_free(&html);
	arena_free(a);
	return rc;
}
