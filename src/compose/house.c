/*
 * What the house template says, checked and as plain text: see house.h. Each
 * address has a line of its own in the text, so that nothing is wrapped, cut
 * or glued to it.
 */
#include "compose/house.h"

#include <strings.h>

#include "base/utf8.h"
#include "compose/house_words.h"
#include "compose/markdown_walk.h"
#include "compose/wrap.h"

/* Bytes of a registered value; a postal address or a sentence may have more. */
#define VALUE_BYTES 300
#define LONG_BYTES  1200

const char *language_direction(const char *language)
{
	static const char *const RTL[] = { "ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi" };
	size_t n = strcspn(language, "-");

	for (size_t i = 0; i < COUNT(RTL); i++)
		if (strlen(RTL[i]) == n && strncasecmp(language, RTL[i], n) == 0)
			return "rtl";
	return "ltr";
}

/* --- checking ------------------------------------------------------------- */

int house_check_value(const char *what, const char *value, size_t max, bool lines, struct err *e)
{
	size_t n = value ? strlen(value) : 0, len;

	if (!n)
		return err_set(e, ERR_INPUT, "%s is not registered; every message has to show it", what);
	if (n > max)
		return err_set(e, ERR_INPUT, "%s is longer than %zu bytes", what, max);
	if (!utf8_valid(value, n))
		return err_set(e, ERR_INPUT, "%s is not UTF-8", what);
	for (size_t i = 0; i < n; i += len) {
		uint32_t c = utf8_char(value + i, n - i, &len);

		if ((utf8_is_control(c) && !(lines && c == '\n')) || utf8_is_invisible(c))
			return err_set(e, ERR_INPUT, "%s has a control or invisible character; take it out", what);
	}
	return 0;
}

static int check_url(const char *what, const char *url, bool trial, struct err *e)
{
	const char *why;

	if (house_check_value(what, url, VALUE_BYTES, false, e) < 0)
		return -1;
	if (!link_is_good(url, &why) || strncasecmp(url, "mailto:", 7) == 0)
		return err_set(e, ERR_INPUT, "%s: “%s” is no https address", what, url);
	if (!trial && strncasecmp(url, "https://", 8) != 0)
		return err_set(e, ERR_INPUT, "%s: “%s” has to begin with https://", what, url);
	return 0;
}

int house_check(const struct draft *d, struct err *e)
{
	const struct house *h = &d->house;
	const struct {
		const char *what, *value;
		size_t max;
		bool lines;
	} values[] = {
		{ "the institution's name", h->institution, VALUE_BYTES, false },
		{ "the project's title", h->project_title, VALUE_BYTES, false },
		{ "the originator", h->originator, VALUE_BYTES, false },
		{ "the contact address", h->contact, 254, false },
		{ "the postal address", h->postal_address, LONG_BYTES, true },
		{ "the unofficial sentence", h->unofficial, LONG_BYTES, false },
		{ "the opt-out wording", h->opt_out_wording, VALUE_BYTES, false },
		{ "the language", d->language, 35, false },
	};

	for (size_t i = 0; i < COUNT(values); i++)
		if (house_check_value(values[i].what, values[i].value, values[i].max, values[i].lines, e) < 0)
			return -1;
	if (h->department && *h->department && house_check_value("the department", h->department, VALUE_BYTES, false, e) < 0)
		return -1;
	if (d->language[strspn(d->language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")])
		return err_set(e, ERR_INPUT, "“%s” is no language tag; write one such as en or en-GB", d->language);
	if (h->project_url && *h->project_url && check_url("the project's page", h->project_url, h->trial, e) < 0)
		return -1;
	if (check_url("the statement page", h->statement_url, h->trial, e) < 0)
		return -1;
	return check_url("the web address", d->web_url, h->trial, e);
}

/* --- the text part -------------------------------------------------------- */

static void own_line(struct buf *out, const char *url)
{
	buf_addf(out, "%s\n", url);
}

static void opt_out_line(const struct draft *d, struct slots *s, struct buf *out)
{
	buf_addf(out, "%s/opt-out/", d->web_url);
	slot_mark(s, SLOT_OPT_OUT, out);
	buf_addc(out, '\n');
}

static void rule(struct buf *out, char c, size_t n)
{
	while (n--)
		buf_addc(out, c);
	buf_addc(out, '\n');
}

static void heading(struct buf *out, const char *words)
{
	buf_addf(out, "\n%s\n", words);
	rule(out, '-', text_width(words, strlen(words)));
}

static void text_top(const struct draft *d, const struct house_words *w, struct slots *s, struct buf *out)
{
	const struct house *h = &d->house;

	wrap_paragraph(out, h->project_title);
	if (h->department && *h->department)
		wrap_paragraph(out, house_say(w->from, h, s));
	else
		wrap_paragraph(out, house_say(w->from_short, h, s));
	wrap_paragraph(out, arena_printf(s->arena, "%s:", h->opt_out_wording));
	opt_out_line(d, s, out);
	rule(out, '-', WRAP_COLUMNS);
	buf_addc(out, '\n');
}

static void text_genuine(const struct draft *d, const struct house_words *w, struct slots *s, struct buf *out)
{
	heading(out, w->genuine_title);
	wrap_paragraph(out, house_say(w->genuine, &d->house, s));
	own_line(out, d->house.statement_url);
	if (d->house.project_url && *d->house.project_url) {
		wrap_paragraph(out, w->project_page);
		own_line(out, d->house.project_url);
	}
	buf_addf(out, "%s ", w->code);
	slot_mark(s, SLOT_CODE, out);
	buf_addc(out, '\n');
	wrap_paragraph(out, w->code_where);
	buf_addf(out, "%s/check\n", d->web_url);
}

void house_text(const struct draft *d, struct slots *s, const char *inner, struct buf *out)
{
	const struct house_words *w = house_words(d->language);
	const struct house *h = &d->house;

	text_top(d, w, s, out);
	buf_adds(out, inner);
	buf_addc(out, '\n');
	rule(out, '-', WRAP_COLUMNS);
	wrap_paragraph(out, w->about);
	rule(out, '=', text_width(w->about, strlen(w->about)));
	buf_addc(out, '\n');
	wrap_paragraph(out, h->unofficial);
	heading(out, w->why_title);
	wrap_paragraph(out, house_say(w->why, h, s));
	text_genuine(d, w, s, out);
	heading(out, w->leave_title);
	wrap_paragraph(out, w->leave);
	opt_out_line(d, s, out);
	heading(out, w->contact_title);
	wrap_paragraph(out, house_say(w->contact, h, s));
	own_line(out, h->contact);
	buf_addc(out, '\n');
	wrap_paragraph(out, h->postal_address);
	if (h->trial) {
		buf_addc(out, '\n');
		wrap_paragraph(out, w->trial);
	}
}
