/*
 * Holding one language of a house template to what it has to show: see
 * house_template.h. What counts is not whether a slot is written somewhere,
 * but whether its value arrives: the section is drawn with values that can be
 * found again, and each is looked for in the text and between the tags of the
 * HTML. So a slot in a link's title, in a definition or in code is none.
 */
#include "compose/house_template.h"

#include "compose/house_fill.h"
#include "compose/markdown.h"

#define DRAWN_MAX (512 * 1024)

struct checker {
	struct arena *a;
	const struct house_section *s;
	struct err *e;
};

/* --- slots as they are written -------------------------------------------- */

static int slot_fault(const struct checker *c, size_t line, struct slice slot, const char *what)
{
	return err_set(c->e, ERR_INPUT, "line %zu: %.*s %s", line, (int)(slot.n > 60 ? 60 : slot.n), slot.p, what);
}

static const char *all_slots(struct arena *a)
{
	size_t n;
	const struct house_slot *slot = house_slots(&n);
	const char *out = "";

	for (size_t i = 0; i < n; i++)
		out = arena_printf(a, "%s%s{%s}", out, i ? ", " : "", slot[i].name);
	return out;
}

/* A brace at p, which is in `line`. Gives the bytes it takes, 0 on a fault. */
static size_t check_brace(const struct checker *c, size_t number, struct slice line, const char *p)
{
	size_t n, len = strcspn(p, "}\n") + 1;
	const struct house_slot *slot = house_slot_at(p, &n);
	struct slice shown = { p, len };
	bool target = p - line.p >= 2 && memcmp(p - 2, "](", 2) == 0;

	if (p[1] == '{')
		slot_fault(c, number, (struct slice){ p, 2 }, "begins a field; fields belong in a message, the template has {slots}");
	else if (!slot && p[len - 1] == '\n')
		slot_fault(c, number, (struct slice){ p, 1 }, "is not closed; write \\{ for a brace");
	else if (!slot)
		slot_fault(c, number, shown, arena_printf(c->a, "is no slot; there are %s, and {content} on a line of its own",
							   all_slots(c->a)));
	else if (target && slot->kind != HOUSE_URL)
		slot_fault(c, number, shown, "is not a web address; a link cannot go there");
	else if (!target && (slot->kind == HOUSE_URL || slot->kind == HOUSE_MAIL) && !house_is_address_line(line))
		slot_fault(c, number, shown, "has to stand on a line of its own, so that nothing is glued to the address");
	else
		return n;
	return 0;
}

static int check_slots(const struct checker *c, const char *md, size_t number)
{
	for (; *md; number++) {
		struct slice line = { md, strcspn(md, "\n") };
		const char *end = md + line.n;

		while (md < end) {
			size_t n = *md == '\\' && md + 1 < end ? 2 : *md == '{' ? check_brace(c, number, line, md) : 1;

			if (!n)
				return -1;
			md += n;
		}
		md += *md == '\n';
	}
	return 0;
}

/* --- values that can be found again --------------------------------------- */

#define PROBE_WEB       "https://probe.example"
#define PROBE_STATEMENT "https://statement.probe.example/page"
#define PROBE_CONTACT   "contact@probe.example"

static const char *const PROBE_LANGUAGES[] = { "en", NULL };

/* Punctuation of Markdown is in each: where Markdown or code would change it, it is not found. */
static struct draft probe(const struct house_section *s, bool full)
{
	return (struct draft){
		.language = s->language,
		.web_url = PROBE_WEB,
		.other_languages = full ? PROBE_LANGUAGES : NULL,
		.house = { .institution = "*institution_[1]",
			   .department = full ? "*department_[2]" : "",
			   .project_title = "*project_[3]",
			   .originator = "*originator_[4]",
			   .contact = PROBE_CONTACT,
			   .postal_address = "*postal_[5]",
			   .statement_url = PROBE_STATEMENT,
			   .project_url = full ? PROBE_WEB "/projects/probe" : NULL,
			   .unofficial = "*unofficial_[6]",
			   .opt_out_wording = "*wording_[7]" },
	};
}

/* Both parts as drawn, and the words of the HTML without its tags. */
struct drawn {
	struct slots slots;
	struct buf text, html, words;
};

static void drawn_init(struct drawn *d, struct arena *a)
{
	d->slots = (struct slots){ .arena = a };
	buf_init(&d->text, DRAWN_MAX);
	buf_init(&d->html, DRAWN_MAX);
	buf_init(&d->words, DRAWN_MAX);
}

static void drawn_free(struct drawn *d)
{
	buf_free(&d->text);
	buf_free(&d->html);
	buf_free(&d->words);
}

/* Our own HTML: each "<" begins a tag. */
static void keep_words(struct drawn *d)
{
	const char *p = buf_text(&d->html);

	while (*p) {
		size_t n = strcspn(p, "<");

		buf_add(&d->words, p, n);
		p += n;
		p += strcspn(p, ">");
		p += *p == '>';
	}
}

/* Line feeds in front make the lines of the Markdown those of the template. */
static int draw_part(const struct checker *c, const char *md, size_t line, bool full, struct drawn *d)
{
	struct draft draft = probe(c->s, full);
	struct buf filled;
	int rc;

	buf_init(&filled, DRAWN_MAX);
	while (--line)
		buf_addc(&filled, '\n');
	house_fill(&draft, &d->slots, md, 0, &filled);
	rc = markdown_house_text(buf_text(&filled), filled.n, &d->text, c->e);
	if (rc == 0)
		rc = markdown_house_html(buf_text(&filled), filled.n, &d->html, c->e);
	buf_addc(&d->text, '\n');
	buf_free(&filled);
	return rc;
}

static int draw(const struct checker *c, bool full, struct drawn *d)
{
	if (draw_part(c, c->s->top, c->s->top_line, full, d) < 0 || draw_part(c, c->s->foot, c->s->foot_line, full, d) < 0)
		return -1;
	keep_words(d);
	return 0;
}

static bool shows(const struct buf *where, const char *what)
{
	return strstr(buf_text(where), what) != NULL;
}

/* What is looked for in the text and in the words of the HTML. */
static const char *wanted(struct drawn *d, const struct draft *p, const char *slot)
{
	const struct house *h = &p->house;
	const struct {
		const char *slot, *value;
	} values[] = {
		{ "originator", h->originator },     { "department", h->department },
		{ "institution", h->institution },   { "unofficial", h->unofficial },
		{ "statement_url", PROBE_STATEMENT }, { "opt_out_wording", h->opt_out_wording },
		{ "contact", PROBE_CONTACT },        { "postal_address", h->postal_address },
	};
	struct buf mark;
	const char *out;

	for (size_t i = 0; i < COUNT(values); i++)
		if (strcmp(values[i].slot, slot) == 0)
			return values[i].value;
	buf_init(&mark, 200);
	if (strcmp(slot, "opt_out_url") == 0)
		buf_adds(&mark, PROBE_WEB "/opt-out/");
	slot_mark(&d->slots,
		  strcmp(slot, "opt_out_url") == 0 ? SLOT_OPT_OUT : strcmp(slot, "code") == 0 ? SLOT_CODE : SLOT_CONSENT, &mark);
	out = arena_text(d->slots.arena, buf_text(&mark));
	buf_free(&mark);
	return out;
}

static bool is_written(const struct house_section *s, const char *slot, struct arena *a)
{
	const char *braced = arena_printf(a, "{%s}", slot);

	return strstr(s->top, braced) || strstr(s->foot, braced);
}

static int check_shown(const struct checker *c, struct drawn *d)
{
	struct draft p = probe(c->s, true);
	size_t n;
	const struct house_slot *slot = house_slots(&n);

	for (size_t i = 0; i < n; i++) {
		bool link = strcmp(slot[i].name, "opt_out_url") == 0;
		const char *value;

		if (!slot[i].required)
			continue;
		value = wanted(d, &p, slot[i].name);
		/* The HTML may show words in place of the opt-out address, if they lead there. */
		if (shows(&d->text, value) &&
		    (link ? shows(&d->html, arena_printf(c->a, "<a href=\"%s\"", value)) : shows(&d->words, value)))
			continue;
		if (is_written(c->s, slot[i].name, c->a))
			return err_set(c->e, ERR_INPUT,
				       "line %zu: [%s] has {%s} where readers do not see it as it is: move it into a line of "
				       "plain words, not into code, a link's title or a definition",
				       c->s->top_line - 1, c->s->language, slot[i].name);
		return err_set(c->e, ERR_INPUT, "line %zu: [%s] lacks {%s}; every message has to show it", c->s->top_line - 1,
			       c->s->language, slot[i].name);
	}
	return 0;
}

/* What is empty left nothing odd behind. */
static int check_gaps(const struct checker *c, const struct drawn *d)
{
	static const char *const ODD[] = { ", ,", ",,", "( ", "()", " )", " ,", "،،", "、、", "，，" };

	for (size_t i = 0; i < COUNT(ODD); i++)
		if (shows(&d->text, ODD[i]))
			return err_set(c->e, ERR_INPUT,
				       "line %zu: [%s] reads badly where there is no department: “%s” would stand there; put "
				       "{department} between commas, or in brackets of its own",
				       c->s->top_line - 1, c->s->language, ODD[i]);
	return 0;
}

int house_section_check(struct arena *a, const struct house_section *s, struct err *e)
{
	struct checker c = { .a = a, .s = s, .e = e };
	struct drawn full, bare;
	int rc = -1;

	drawn_init(&full, a);
	drawn_init(&bare, a);
	if (check_slots(&c, s->top, s->top_line) == 0 && check_slots(&c, s->foot, s->foot_line) == 0 &&
	    draw(&c, true, &full) == 0 && check_shown(&c, &full) == 0 && draw(&c, false, &bare) == 0)
		rc = check_gaps(&c, &bare);
	drawn_free(&full);
	drawn_free(&bare);
	return rc;
}
