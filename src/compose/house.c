/* What the house says around a message, checked and as plain text: see house.h. */
#include "compose/house.h"

#include <strings.h>

#include "base/utf8.h"
#include "compose/house_fill.h"
#include "compose/house_template.h"
#include "compose/house_words.h"
#include "compose/markdown.h"
#include "compose/markdown_walk.h"
#include "compose/wrap.h"

/* Bytes of a registered value; a postal address or a sentence may have more. */
#define VALUE_BYTES 300
#define LONG_BYTES  1200

static bool is_one_of(const char *p, size_t n, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == n && strncasecmp(p, list[i], n) == 0)
			return true;
	return false;
}

/* A script that is named decides ("ff-Adlm", "ks-Deva"); else what the language is usually written in. */
const char *language_direction(const char *language)
{
	static const char *const RTL[] = { "ar",  "arc", "ckb", "dv",  "fa", "he",  "ks",  "lrc", "mzn", "nqo", "pnb",
					   "prs", "ps",  "rhg", "sam", "sd", "skr", "syr", "ug",  "ur",  "yi" };
	static const char *const SCRIPTS[] = { "Adlm", "Arab", "Aran", "Hebr", "Mand",
					       "Nkoo", "Rohg", "Samr", "Syrc", "Thaa" };
	size_t n = strcspn(language, "-"), script = language[n] ? strcspn(language + n + 1, "-") : 0;

	if (script == 4 && (language[n + 1] < '0' || language[n + 1] > '9'))
		return is_one_of(language + n + 1, script, SCRIPTS, COUNT(SCRIPTS)) ? "rtl" : "ltr";
	return is_one_of(language, n, RTL, COUNT(RTL)) ? "rtl" : "ltr";
}

/* --- checking ------------------------------------------------------------- */

int house_check_value(const char *what, const char *value, size_t max, bool lines, struct err *e)
{
	size_t n = value ? strlen(value) : 0, len;
	uint32_t before = 0;

	if (!n)
		return err_set(e, ERR_INPUT, "%s is not registered; every message has to show it", what);
	if (n > max)
		return err_set(e, ERR_INPUT, "%s is longer than %zu bytes", what, max);
	if (!utf8_valid(value, n))
		return err_set(e, ERR_INPUT, "%s is not UTF-8", what);
	for (size_t i = 0; i < n; i += len) {
		uint32_t c = utf8_char(value + i, n - i, &len);
		size_t next;
		bool joins = i + len < n && utf8_joins(before, c, utf8_char(value + i + len, n - i - len, &next));

		if ((utf8_is_control(c) && !(lines && c == '\n')) || (utf8_is_invisible(c) && !joins))
			return err_set(e, ERR_INPUT, "%s has a control or invisible character; take it out", what);
		before = c;
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

/* The template is asked again for what it must show: it may be an old version, or have come another way. */
static int check_frame(const struct draft *d, struct err *e)
{
	struct arena *a = arena_new();
	struct house_frame f;
	int rc = house_frame(a, d, &f, e);

	arena_free(a);
	return rc;
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
	return check_url("the web address", d->web_url, h->trial, e) < 0 ? -1 : check_frame(d, e);
}

/* --- the text part -------------------------------------------------------- */

static void rule(struct buf *out)
{
	for (size_t n = WRAP_COLUMNS; n; n--)
		buf_addc(out, '-');
	buf_addc(out, '\n');
}

/* House_check has been through the same; what is left is that a part is too large, and `over` says so. */
static void say(const struct draft *d, struct slots *s, const char *md, struct buf *out)
{
	struct buf filled;
	struct err ignored;

	buf_init(&filled, out->max);
	house_fill(d, s, md, 0, &filled);
	if (markdown_house_text(buf_text(&filled), filled.n, out, &ignored) < 0)
		out->over = true;
	buf_free(&filled);
}

void house_text(const struct draft *d, struct slots *s, const char *inner, struct buf *out)
{
	struct house_frame f;
	struct err ignored;

	if (house_frame(s->arena, d, &f, &ignored) < 0) {
		out->over = true;
		return;
	}
	say(d, s, f.section.top, out);
	buf_addc(out, '\n');
	rule(out);
	buf_addc(out, '\n');
	buf_adds(out, inner);
	buf_addc(out, '\n');
	rule(out);
	buf_addc(out, '\n');
	say(d, s, f.section.foot, out);
	if (d->house.trial) {
		buf_addc(out, '\n');
		wrap_paragraph(out, house_trial_line(f.section.language));
	}
}
