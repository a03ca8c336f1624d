/* Filling the slots of a house template: see house_fill.h. It goes paragraph by paragraph, then line by line. */
#include "compose/house_fill.h"

#include <ctype.h>

#include "compose/house_words.h"
#include "compose/look.h"
#include "compose/markdown_walk.h"

static const struct house_slot SLOTS[] = {
	{ "project", HOUSE_OWN, false, false },
	{ "originator", HOUSE_VALUE, true, false },
	{ "department", HOUSE_VALUE, true, false },
	{ "institution", HOUSE_VALUE, true, false },
	{ "consent", HOUSE_MARK, true, false },
	{ "unofficial", HOUSE_OWN, true, false },
	{ "statement_url", HOUSE_URL, true, false },
	{ "project_url", HOUSE_URL, false, true },
	{ "code", HOUSE_MARK, true, false },
	{ "check_url", HOUSE_URL, false, false },
	{ "opt_out_wording", HOUSE_OWN, true, false },
	{ "opt_out_url", HOUSE_URL, true, false },
	{ "contact", HOUSE_MAIL, true, false },
	{ "postal_address", HOUSE_VALUE, true, false },
	{ "other_languages", HOUSE_VALUE, false, true },
	{ "mailing_url", HOUSE_URL, false, true },
};

const struct house_slot *house_slots(size_t *n)
{
	*n = COUNT(SLOTS);
	return SLOTS;
}

const struct house_slot *house_slot_at(const char *p, size_t *n)
{
	size_t len = strcspn(p + 1, "{}\n");

	if (p[1 + len] != '}')
		return NULL;
	*n = len + 2;
	for (size_t i = 0; i < COUNT(SLOTS); i++)
		if (slice_is((struct slice){ p + 1, len }, SLOTS[i].name))
			return &SLOTS[i];
	return NULL;
}

static bool is_address(const struct house_slot *slot)
{
	return slot && (slot->kind == HOUSE_URL || slot->kind == HOUSE_MAIL);
}

bool house_is_address_line(struct slice line)
{
	const char *p = line.p, *end = line.p + line.n, *open;
	size_t n;

	while (p < end && strchr(" \t>-", *p))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\\'))
		end--;
	if (p < end && *p == '{')
		return is_address(house_slot_at(p, &n)) && p + n == end;
	while (p < end && (*p == '*' || *p == '_'))
		p++;
	while (end > p && (end[-1] == '*' || end[-1] == '_'))
		end--;
	open = p < end && *p == '[' ? memmem(p, (size_t)(end - p), "](", 2) : NULL;
	return open && open + 2 < end && open[2] == '{' && is_address(house_slot_at(open + 2, &n)) && open + 2 + n + 1 == end &&
	       end[-1] == ')';
}

/* --- values --------------------------------------------------------------- */

struct filler {
	const struct draft *d;
	struct slots *s;
	unsigned marks; /* enum house_marks */
	struct buf *out;
};

/* The text of a slot; "" where there is none. Marks have none. */
static const char *value_of(const struct filler *f, const struct house_slot *slot)
{
	const struct house *h = &f->d->house;
	struct arena *a = f->s->arena;
	bool page = h->project_url && *h->project_url;
	const struct {
		const char *name, *value;
	} values[] = {
		{ "project", h->project_title },
		{ "originator", h->originator },
		{ "department", h->department },
		{ "institution", h->institution },
		{ "unofficial", h->unofficial },
		{ "statement_url", h->statement_url },
		{ "project_url", h->project_url },
		{ "check_url", arena_printf(a, "%s/check", f->d->web_url) },
		{ "opt_out_wording", h->opt_out_wording },
		{ "contact", h->contact },
		{ "postal_address", h->postal_address },
		{ "other_languages", house_languages(a, f->d->other_languages) },
		{ "mailing_url", page ? arena_printf(a, "%s/mailings/%lld", h->project_url, (long long)f->d->mailing_id) : "" },
	};

	for (size_t i = 0; i < COUNT(values); i++)
		if (strcmp(values[i].name, slot->name) == 0)
			return values[i].value ? values[i].value : "";
	return "";
}

/* Text of which no byte is Markdown. Its line feeds are line breaks. */
static void put_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n' || ispunct((unsigned char)*text))
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
}

static void put_url(struct filler *f, const struct house_slot *slot)
{
	if (strcmp(slot->name, "opt_out_url") != 0) {
		buf_adds(f->out, value_of(f, slot));
		return;
	}
	buf_addf(f->out, "%s/opt-out/", f->d->web_url);
	slot_mark(f->s, SLOT_OPT_OUT, f->out);
}

/* An address that is shown as it goes. */
static void put_address(struct filler *f, const struct house_slot *slot)
{
	const char *value = value_of(f, slot), *why;
	bool mail = slot->kind == HOUSE_MAIL;

	/* A mailbox that no link can name is shown all the same. */
	if (mail && !link_is_good(arena_printf(f->s->arena, "mailto:%s", value), &why)) {
		put_escaped(f->out, value);
		return;
	}
	buf_addc(f->out, '[');
	buf_adds(f->out, f->marks & HOUSE_MARK_DIR ? LOOK_LTR_OPEN : "");
	if (strcmp(slot->name, "opt_out_url") == 0) {
		put_escaped(f->out, arena_printf(f->s->arena, "%s/opt-out/", f->d->web_url));
		slot_mark(f->s, SLOT_OPT_OUT, f->out);
	} else {
		put_escaped(f->out, value);
	}
	buf_adds(f->out, f->marks & HOUSE_MARK_DIR ? LOOK_DIR_CLOSE : "");
	buf_adds(f->out, mail ? "](<mailto:" : "](<");
	put_url(f, slot);
	buf_adds(f->out, ">)");
}

static void put_mark(struct filler *f, const struct house_slot *slot)
{
	bool code = strcmp(slot->name, "code") == 0;

	buf_adds(f->out, code ? "`" : "");
	slot_mark(f->s, code ? SLOT_CODE : SLOT_CONSENT, f->out);
	buf_adds(f->out, code ? "`" : "");
}

static void put_value(struct filler *f, const struct house_slot *slot, const char *value)
{
	bool own = (f->marks & HOUSE_MARK_OWN) && slot->kind == HOUSE_OWN, dir = !own && (f->marks & HOUSE_MARK_DIR);

	buf_adds(f->out, own ? LOOK_OWN_OPEN : dir ? LOOK_AUTO_OPEN : "");
	put_escaped(f->out, value);
	buf_adds(f->out, own ? LOOK_OWN_CLOSE : dir ? LOOK_DIR_CLOSE : "");
}

/* --- what is empty -------------------------------------------------------- */

static const char *const COMMAS[] = { ",", "،", "、", "，", ";", "·", "–", "-", "/" };

static size_t comma_before(const struct buf *out)
{
	for (size_t i = 0; i < COUNT(COMMAS); i++) {
		size_t n = strlen(COMMAS[i]);

		if (out->n >= n && memcmp(out->p + out->n - n, COMMAS[i], n) == 0)
			return n;
	}
	return 0;
}

static size_t comma_after(const char *p)
{
	for (size_t i = 0; i < COUNT(COMMAS); i++)
		if (strncmp(p, COMMAS[i], strlen(COMMAS[i])) == 0)
			return strlen(COMMAS[i]);
	return 0;
}

static void cut_blanks(struct buf *out)
{
	while (out->n && out->p[out->n - 1] == ' ')
		buf_cut(out, out->n - 1);
}

/* Takes the comma or the brackets beside an empty value with it; gives how much of `rest` goes. */
static size_t leave_out(struct filler *f, const char *rest)
{
	struct buf *out = f->out;
	size_t n, was = out->n;

	cut_blanks(out);
	if (out->n && out->p[out->n - 1] == '(' && *rest == ')') {
		buf_cut(out, out->n - 1);
		cut_blanks(out);
		return 1;
	}
	n = comma_before(out);
	if (n) {
		buf_cut(out, out->n - n);
		cut_blanks(out);
		return 0;
	}
	n = comma_after(rest);
	/* Of the blanks on both sides one stays. */
	if (was != out->n && (n || *rest != ' '))
		buf_addc(out, ' ');
	return n + strspn(rest + n, n ? " " : "");
}

/* --- lines and paragraphs ------------------------------------------------- */

static size_t fill_slot(struct filler *f, const char *p)
{
	size_t n, open = f->out->n;
	const struct house_slot *slot = house_slot_at(p, &n);
	const char *value;

	if (!slot) {
		buf_addc(f->out, *p);
		return 1;
	}
	if (slot->kind == HOUSE_MARK) {
		put_mark(f, slot);
	} else if (slot->kind == HOUSE_URL && open >= 2 && memcmp(f->out->p + open - 2, "](", 2) == 0) {
		buf_addc(f->out, '<');
		put_url(f, slot);
		buf_addc(f->out, '>');
	} else if (is_address(slot)) {
		put_address(f, slot);
	} else {
		value = value_of(f, slot);
		if (!*value)
			return n + leave_out(f, p + n);
		put_value(f, slot, value);
	}
	return n;
}

static void fill_line(struct filler *f, struct slice line)
{
	const char *p = line.p, *end = line.p + line.n;

	while (p < end) {
		if (*p == '\\' && p + 1 < end) {
			buf_add(f->out, p, 2);
			p += 2;
		} else if (*p == '{') {
			p += fill_slot(f, p);
		} else {
			buf_addc(f->out, *p++);
		}
	}
}

/* Does the line go on where the one before it ended, so that a break belongs between? */
static bool goes_on(struct slice before, struct slice line)
{
	size_t digits, blanks = 0;

	while (blanks < line.n && (line.p[blanks] == ' ' || line.p[blanks] == '\t'))
		blanks++;
	line = (struct slice){ line.p + blanks, line.n - blanks };
	digits = strspn(line.p, "0123456789");
	return before.n && line.n && !strchr("#|", *before.p) && !strchr("#|>-+=", *line.p) &&
	       !(line.n > 1 && line.p[0] == '*' && line.p[1] == ' ') && !(digits && strchr(".)", line.p[digits]));
}

/* Ends a line so that the next one begins anew in both parts. */
static void break_line(struct buf *out)
{
	if (out->n && out->p[out->n - 1] != '\\')
		buf_addc(out, '\\');
}

/* Is there a slot without which the paragraph says nothing? */
static bool is_void(const struct filler *f, const char *p, const char *end)
{
	const struct house_slot *slot;
	size_t n;

	for (; p < end; p++) {
		slot = *p == '{' ? house_slot_at(p, &n) : NULL;
		if (slot && slot->whole && !*value_of(f, slot))
			return true;
	}
	return false;
}

static struct slice line_at(const char *p)
{
	return (struct slice){ p, strcspn(p, "\n") };
}

static bool is_blank(struct slice line)
{
	return strspn(line.p, " \t") >= line.n;
}

static const char *paragraph_end(const char *p)
{
	while (*p && !is_blank(line_at(p))) {
		p += line_at(p).n;
		p += *p == '\n';
	}
	return p;
}

static void fill_paragraph(struct filler *f, const char *p, const char *end)
{
	bool skip = is_void(f, p, end), was_address = false;
	struct slice before = { "", 0 };

	for (; p < end; p += *p == '\n') {
		struct slice line = line_at(p);
		bool address = house_is_address_line(line);

		if (before.n && !skip) {
			if ((address || was_address) && goes_on(before, line))
				break_line(f->out);
			buf_addc(f->out, '\n');
		} else if (before.n) {
			buf_addc(f->out, '\n');
		}
		if (!skip)
			fill_line(f, line);
		before = line;
		was_address = address;
		p += line.n;
	}
}

void house_fill(const struct draft *d, struct slots *s, const char *md, unsigned marks, struct buf *out)
{
	struct filler f = { .d = d, .s = s, .marks = marks, .out = out };

	while (*md) {
		const char *end = paragraph_end(md);

		if (end > md) {
			fill_paragraph(&f, md, end);
			if (end[-1] == '\n')
				buf_addc(out, '\n');
		} else {
			end += line_at(end).n;
			end += *end == '\n';
			buf_addc(out, '\n');
		}
		md = end;
	}
}
