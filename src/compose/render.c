/*
 * Rendering for one recipient: see compose.h. Copies the static pieces and
 * fills the slots; nothing is allocated but what the buffers grow by. Every
 * value is judged before its first byte is written, because what a slot takes
 * comes from files of addresses.
 */
#include "compose/compiled.h"

#include <stdarg.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "compose/html_text.h"
#include "mail/header.h"

/* A link of nothing but "&amp;"; a value of characters of four bytes, each of which is percent-encoded, is shorter. */
#define VALUE_BYTES   (LINK_VALUE_MAX * 5)
#define SUBJECT_BYTES 4000
#define TOKEN_BYTES   70

/* Letters, digits, "-" and "_": what a token or code consists of. It fits into a line and needs no escape anywhere. */
static bool is_token(const char *s)
{
	static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t n = s ? strspn(s, LETTERS) : 0;

	return n && n <= TOKEN_BYTES && s[n] == '\0';
}

static int check_tokens(const struct recipient *r, struct err *e)
{
	const struct {
		const char *what, *token;
	} tokens[] = {
		{ "opt-out token", r->opt_out_token },
		{ "unsubscribe token", r->unsub_token },
		{ "feedback token", r->feedback_token },
		{ "message token", r->message_token },
		{ "check code", r->code },
	};

	for (size_t i = 0; i < COUNT(tokens); i++)
		if (!is_token(tokens[i].token))
			return err_set(e, ERR_INPUT, "the %s is missing or malformed", tokens[i].what);
	if (!r->consent || !*r->consent)
		return err_set(e, ERR_INPUT, "it is not known how this person agreed");
	return compose_check_value("consent", r->consent, e);
}

/* The value of a field for this person, NULL when there is none. */
static const char *own_value(const char *const *values, size_t field)
{
	return values && values[field] && *values[field] ? values[field] : NULL;
}

_Static_assert(FIELD_VALUE_MAX * 12 <= VALUE_BYTES, "a percent-encoded value has room");

/* The conditions that hold for this person, one bit each. */
static uint16_t conditions(const struct slots *s, const char *const *values)
{
	uint16_t bits = 0;

	for (size_t i = 0; i < s->n_conditions; i++) {
		const struct condition *k = &s->condition[i];
		const char *value = values && values[k->field] ? values[k->field] : "";

		if (k->is ? strcmp(value, k->is) == 0 : value[0] != '\0')
			bits |= (uint16_t)(1u << i);
	}
	return bits;
}

uint64_t compose_shown(const struct compiled *c, const char *const *values)
{
	return conditions(c->slots, values);
}

static bool is_shown(uint16_t bits, uint16_t on, uint16_t off)
{
	return (bits & on) == on && !(bits & off);
}

static int check_values(const struct compiled *c, const char *const *values, uint16_t bits, struct err *e)
{
	const struct slots *s = c->slots;

	for (size_t i = 0; i < s->n_names; i++)
		if (own_value(values, i) && compose_check_field(c, i, own_value(values, i), e) < 0)
			return -1;
	for (size_t i = 0; i < c->n_needs; i++) {
		const struct need *need = &c->need[i];

		if (is_shown(bits, need->on, need->off) && !own_value(values, need->field))
			return err_set(e, ERR_INPUT,
				       "%s: there is no value for this person and no default; write {{%s|...}}, or {{if %s}} around it",
				       s->name[need->field], s->name[need->field], s->name[need->field]);
	}
	return 0;
}

int compose_check_values(const struct compiled *c, const char *const *values, struct err *e)
{
	return check_values(c, values, conditions(c->slots, values), e);
}

static const char *slot_value(const struct recipient *r, const struct slot *s)
{
	const char *own;

	switch (s->kind) {
	case SLOT_OPT_OUT:
		return r->opt_out_token;
	case SLOT_CODE:
		return r->code;
	case SLOT_CONSENT:
		return r->consent;
	case SLOT_ARM:
		return r->arm ? r->arm : "1";
	case SLOT_FIELD:
		break;
	}
	own = own_value(r->values, s->field);
	return own ? own : s->used;
}

/* RFC 3986: what is not unreserved is percent-encoded, so that a value stays one segment, or one value of a query. */
static void add_percent(struct buf *out, const char *value)
{
	static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
	static const char HEX[] = "0123456789ABCDEF";

	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		if (strchr(PLAIN, *p)) {
			buf_addc(out, (char)*p);
			continue;
		}
		buf_addc(out, '%');
		buf_addc(out, HEX[*p >> 4]);
		buf_addc(out, HEX[*p & 15]);
	}
}

/* As an encoded piece; tokens, by far the most frequent, need no look at each byte. */
static void add_value(struct buf *body, const struct piece *p, const char *value)
{
	char room[VALUE_BYTES + 1];
	struct buf escaped = { .p = room, .room = sizeof(room), .max = VALUE_BYTES };

	if (p->slot->kind == SLOT_OPT_OUT || p->slot->kind == SLOT_CODE) {
		buf_adds(body, value);
		buf_adds(body, p->before_break ? "" : "=\r\n");
		return;
	}
	if (p->form == FORM_TEXT || p->form == FORM_LINK_TEXT) {
		qp_encode_piece(body, value, strlen(value), p->before_break);
		return;
	}
	if (p->form == FORM_URL)
		add_percent(&escaped, value);
	else
		html_escape(&escaped, value, strlen(value));
	MUST(!escaped.over);
	qp_encode_piece(body, escaped.p, escaped.n, p->before_break);
}

static void add_body(const struct compiled *c, const struct recipient *r, uint16_t bits, struct buf *body)
{
	for (size_t i = 0; i < c->n_pieces; i++) {
		const struct piece *p = &c->piece[i];

		if (!is_shown(bits, p->on, p->off))
			continue;
		buf_add(body, p->bytes.p, p->bytes.n);
		if (p->slot)
			add_value(body, p, slot_value(r, p->slot));
	}
}

/* Bytes of a person's own in a slot; what all have alike in it makes no difference. */
static size_t slot_size(const struct slot *s, const char *const *values)
{
	const char *value = s->kind == SLOT_FIELD ? own_value(values, s->field) : NULL;

	return value ? strlen(value) : s->used ? strlen(s->used) : 0;
}

static size_t subject_size(const struct compiled *c, const char *const *values)
{
	size_t left = strlen(c->subject), size = 0, slot;

	for (const char *p = c->subject; left; p++, left--)
		if (slot_at(p, left, &slot))
			size += slot_size(&c->slots->slot[slot], values);
	return size;
}

size_t compose_size(const struct compiled *c, const char *const *values)
{
	uint16_t bits = conditions(c->slots, values);
	size_t n = subject_size(c, values);

	for (size_t i = 0; i < c->n_pieces; i++) {
		const struct piece *p = &c->piece[i];

		if (is_shown(bits, p->on, p->off))
			n += p->bytes.n + (p->slot ? slot_size(p->slot, values) : 0);
	}
	return n;
}

static void add_slice(struct buf *b, struct slice s)
{
	buf_add(b, s.p, s.n);
}

/* Texts behind each other; the last argument is NULL. All of them were checked. */
__attribute__((sentinel)) static void add_all(struct buf *b, ...)
{
	va_list ap;
	const char *s;

	va_start(ap, b);
	while ((s = va_arg(ap, const char *)))
		buf_adds(b, s);
	va_end(ap);
}

static int add_subject(const struct compiled *c, const struct recipient *r, struct buf *head, struct err *e)
{
	char room[SUBJECT_BYTES + 1] = "";
	struct buf text = { .p = room, .room = sizeof(room), .max = SUBJECT_BYTES };
	const char *p = c->subject;
	size_t left = strlen(p), n, slot;

	if (c->subject_line.n && !r->test) {
		add_slice(head, c->subject_line);
		return 0;
	}
	buf_adds(&text, r->test ? "[Test] " : "");
	while (left) {
		n = slot_find(p, left);
		buf_add(&text, p, n);
		p += n;
		left -= n;
		if (!slot_at(p, left, &slot))
			continue;
		buf_adds(&text, slot_value(r, &c->slots->slot[slot]));
		p += MARK_SIZE;
		left -= MARK_SIZE;
	}
	if (text.over)
		return err_set(e, ERR_INPUT, "the subject is too long with this person's values");
	return header_add_text(head, "Subject", text.p, e);
}

static int add_head(const struct compiled *c, const struct recipient *r, struct buf *head, struct err *e)
{
	char date[40];

	add_slice(head, c->head[HEAD_FROM]);
	if (header_add_mailbox(head, "To", NULL, r->address, e) < 0 || add_subject(c, r, head, e) < 0)
		return -1;
	add_all(head, "Date: ", time_rfc5322(r->date, date), "\r\nMessage-ID: <", r->message_token, "@",
		c->identity_domain, ">\r\n", NULL);
	add_slice(head, c->head[HEAD_LIST]);
	/* HDR-2: https first, mailto second, folded only behind the comma. */
	add_all(head, "List-Unsubscribe: <", c->web_url, "/opt-out/", r->opt_out_token, ">,\r\n <mailto:unsub+",
		r->unsub_token, "@", c->identity_domain, "?subject=unsubscribe>\r\n", NULL);
	add_slice(head, c->head[HEAD_POST]);
	/* HDR-10 */
	add_all(head, "CFBL-Address: fbl+", r->feedback_token, "@", c->identity_domain,
		";\r\n report=arf\r\nCFBL-Feedback-ID: ", r->feedback_token, "\r\n", NULL);
	add_slice(head, c->head[HEAD_END]);
	return 0;
}

int compose_render(const struct compiled *c, const struct recipient *r, struct buf *head, struct buf *body,
		   struct err *e)
{
	size_t head_from = head->n, body_from = body->n;
	uint16_t bits = conditions(c->slots, r->values);

	if (check_tokens(r, e) < 0 || check_values(c, r->values, bits, e) < 0)
		return -1;
	if (add_head(c, r, head, e) < 0) {
		buf_cut(head, head_from);
		return -1;
	}
	add_body(c, r, bits, body);
	if (head->over || body->over) {
		buf_cut(head, head_from);
		buf_cut(body, body_from);
		return err_set(e, ERR_INPUT, "the message is too large with this person's values");
	}
	return 0;
}
