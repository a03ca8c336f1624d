/*
 * The house template as HTML for mail: see house.h. One column, tables only
 * for Outlook's sake and marked as such, system fonts, nothing fetched, and
 * nothing hidden: the first words that an inbox shows are the first words of
 * the message (BODY-3 to BODY-7).
 */
#include "compose/house.h"

#include <strings.h>

#include "compose/house_fill.h"
#include "compose/house_template.h"
#include "compose/house_words.h"
#include "compose/html_text.h"
#include "compose/markdown.h"

#define TABLE "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\""

struct page {
	const struct draft *d;
	const struct house_frame *f;
	struct slots *s;
	struct buf *out;
	/* Attributes for the words of the house, where they are in another language than the message; else "". */
	const char *lang;
	bool rtl; /* the words of the house */
};

static void put(struct page *p, const char *html)
{
	buf_adds(p->out, html);
}

static void put_text(struct page *p, const char *text)
{
	html_escape(p->out, text, strlen(text));
}

static bool is_rtl(const char *language)
{
	return strcmp(language_direction(language), "rtl") == 0;
}

/* As in house.c: all that can fail is the size, and `over` says so. */
static void say(struct page *p, const char *md)
{
	struct buf filled;
	struct err ignored;

	buf_init(&filled, p->out->max);
	house_fill(p->d, p->s, md, (*p->lang ? HOUSE_MARK_OWN : 0) | (p->rtl ? HOUSE_MARK_DIR : 0), &filled);
	if (markdown_house_html(buf_text(&filled), filled.n, p->out, &ignored) < 0)
		p->out->over = true;
	buf_free(&filled);
}

static void put_head(struct page *p)
{
	const struct draft *d = p->d;

	buf_addf(p->out, "<!DOCTYPE html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n", d->language,
		 language_direction(d->language));
	put(p, "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n"
	       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	       "<meta name=\"color-scheme\" content=\"light dark\">\n"
	       "<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>");
	put_text(p, d->house.project_title);
	put(p, "</title>\n<style>\n" LOOK_STYLE "</style>\n</head>\n");
}

/* The desk, and on it the sheet: clients drop <html> and <body>, so both their attributes come twice (BODY-4). */
static void put_sheet_open(struct page *p)
{
	const char *language = p->d->language;

	put(p, "<body class=\"desk\" style=\"margin:0;padding:0;background-color:" L_DESK ";color:" L_INK "\">\n");
	buf_addf(p->out,
		 "<div lang=\"%s\" dir=\"%s\" class=\"desk\" style=\"background-color:" L_DESK ";color:" L_INK "\">\n",
		 language, language_direction(language));
	put(p, TABLE ">\n<tr><td class=\"desk\" align=\"center\" style=\"padding:20px 10px;background-color:" L_DESK
		     "\">\n");
	put(p, TABLE " style=\"max-width:640px\">\n");
}

static void put_top(struct page *p)
{
	buf_addf(p->out,
		 "<tr><td%s class=\"sheet soft\" style=\"padding:26px 28px 0;" ON_SHEET ";color:" L_SOFT
		 ";border:1px solid " L_LINE ";border-bottom:0;" SANS
		 ";font-size:16px;line-height:1.5;text-align:%s;word-break:break-word\">\n",
		 p->lang, p->rtl ? "right" : "left");
	put(p, "<div class=\"line\" style=\"padding:0 0 4px;border-bottom:1px solid " L_LINE "\">\n");
	say(p, p->f->section.top);
	put(p, "</div>\n</td></tr>\n");
}

static void put_words(struct page *p, const char *inner)
{
	buf_addf(p->out,
		 "<tr><td class=\"sheet\" style=\"padding:22px 28px 14px;" ON_SHEET ";color:" L_INK
		 ";border:1px solid " L_LINE ";border-top:0;border-bottom:0;" SANS
		 ";font-size:17px;line-height:1.6;text-align:%s;word-break:break-word\">\n",
		 is_rtl(p->d->language) ? "right" : "left");
	put(p, inner);
	put(p, "</td></tr>\n");
}

static void put_foot(struct page *p)
{
	buf_addf(p->out,
		 "<tr><td%s class=\"foot\" style=\"padding:22px 28px 18px;" ON_FOOT ";color:" L_SOFT
		 ";border:1px solid " L_LINE ";" SANS
		 ";font-size:16px;line-height:1.5;text-align:%s;word-break:break-word\">\n",
		 p->lang, p->rtl ? "right" : "left");
	say(p, p->f->section.foot);
	if (p->d->house.trial) {
		put(p, "<p style=\"margin:0 0 12px\"><strong>");
		put_text(p, house_trial_line(p->f->section.language));
		put(p, "</strong></p>\n");
	}
	put(p, "</td></tr>\n");
}

static const char *language_attributes(struct arena *a, const char *language)
{
	return arena_printf(a, " lang=\"%s\" dir=\"%s\"", language, language_direction(language));
}

static bool same_language(const char *a, const char *b)
{
	size_t n = strcspn(a, "-");

	return n == strcspn(b, "-") && strncasecmp(a, b, n) == 0;
}

/* With its places of colours and fonts still open. */
static void draw(struct page *p, const char *inner)
{
	put_head(p);
	put_sheet_open(p);
	put_top(p);
	put_words(p, inner);
	put_foot(p);
	put(p, "</table>\n</td></tr>\n</table>\n</div>\n</body>\n</html>\n");
}

void house_html(const struct draft *d, struct slots *s, const char *inner, struct buf *out)
{
	struct house_frame f;
	struct err ignored;
	struct buf drawn;
	struct page p = { .d = d, .f = &f, .s = s, .out = &drawn, .lang = "" };

	if (house_frame(s->arena, d, &f, &ignored) < 0) {
		out->over = true;
		return;
	}
	buf_init(&drawn, out->max);
	p.rtl = is_rtl(f.section.language);
	f.look.rtl = is_rtl(d->language);
	if (!same_language(d->language, f.section.language))
		p.lang = language_attributes(s->arena, f.section.language);
	draw(&p, inner);
	look_fill(&f.look, *p.lang ? language_attributes(s->arena, d->language) : NULL, buf_text(&drawn), drawn.n, out);
	out->over = out->over || drawn.over;
	buf_free(&drawn);
}
