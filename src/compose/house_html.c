/*
 * The house template as HTML for mail: see house.h. One column, tables only
 * for Outlook's sake and marked as such, system fonts, nothing fetched, and
 * nothing hidden: the first words that an inbox shows are the first words of
 * the message (BODY-3 to BODY-7).
 */
#include "compose/house.h"

#include "compose/house_words.h"
#include "compose/html_text.h"
#include "compose/look.h"

#define PARAGRAPH "<p style=\"margin:0 0 12px\">"
#define URL_STYLE "class=\"link\" style=\"color:" L_LINK ";text-decoration:underline;word-break:break-word\""
#define FOOT_HEADING                                                                                                   \
	"<h3 class=\"ink\" style=\"margin:20px 0 4px;" SERIF ";font-size:17px;line-height:1.4;font-weight:bold;"       \
	"color:" L_INK "\">"
#define TABLE "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\""

struct page {
	const struct draft *d;
	const struct house_words *w;
	struct slots *s;
	struct buf *out;
	/* Attributes for the words of the house, and for those in the writer's language among them; "" where both
	   languages are the same. */
	const char *lang, *own;
};

static void put(struct page *p, const char *html)
{
	buf_adds(p->out, html);
}

static void put_text(struct page *p, const char *text)
{
	html_escape(p->out, text, strlen(text));
}

static const char *say(struct page *p, const char *sentence)
{
	return house_say(sentence, &p->d->house, p->s);
}

/* The words of a paragraph, and its end. */
static void put_escaped(struct page *p, const char *text)
{
	put_text(p, text);
	put(p, "</p>\n");
}

/* An address whose words are exactly where it goes. */
static void put_url(struct page *p, const char *scheme, const char *url)
{
	put(p, "<a href=\"");
	put(p, scheme);
	put_text(p, url);
	put(p, "\" " URL_STYLE ">");
	put_text(p, url);
	put(p, "</a>");
}

static void put_opt_out_href(struct page *p)
{
	put_text(p, p->d->web_url);
	put(p, "/opt-out/");
	slot_mark(p->s, SLOT_OPT_OUT, p->out);
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

/* The registered words, going to the opt-out page. */
static void put_opt_out_words(struct page *p)
{
	buf_addf(p->out, "<a%s href=\"", p->own);
	put_opt_out_href(p);
	put(p, "\" " LINK_STYLE ">");
	put_text(p, p->d->house.opt_out_wording);
	put(p, "</a>");
}

static void put_top(struct page *p)
{
	const struct house *h = &p->d->house;

	buf_addf(p->out,
		 "<tr><td%s class=\"sheet\" style=\"padding:26px 28px 0;" ON_SHEET ";color:" L_INK
		 ";border:1px solid " L_LINE ";border-bottom:0;" SANS
		 ";font-size:16px;line-height:1.5;text-align:%s\">\n",
		 p->lang, strcmp(language_direction(p->d->language), "rtl") == 0 && !*p->lang ? "right" : "left");
	buf_addf(p->out,
		 "<h1%s class=\"ink\" style=\"margin:0 0 6px;" SERIF
		 ";font-size:25px;line-height:1.25;font-weight:bold;color:" L_INK "\">",
		 p->own);
	put_text(p, h->project_title);
	put(p, "</h1>\n<p class=\"soft line\" style=\"margin:0;padding:0 0 16px;color:" L_SOFT
	       ";border-bottom:1px solid " L_LINE "\">");
	if (h->department && *h->department)
		put_text(p, say(p, p->w->from));
	else
		put_text(p, say(p, p->w->from_short));
	put(p, " ");
	put_opt_out_words(p);
	put(p, "</p>\n</td></tr>\n");
}

static void put_words(struct page *p, const char *inner)
{
	buf_addf(p->out,
		 "<tr><td class=\"sheet\" style=\"padding:22px 28px 14px;" ON_SHEET ";color:" L_INK
		 ";border:1px solid " L_LINE ";border-top:0;border-bottom:0;" SANS
		 ";font-size:17px;line-height:1.6;text-align:%s;overflow-wrap:break-word\">\n",
		 strcmp(language_direction(p->d->language), "rtl") == 0 ? "right" : "left");
	put(p, inner);
	put(p, "</td></tr>\n");
}

static void put_why(struct page *p)
{
	put(p, FOOT_HEADING);
	put_text(p, p->w->why_title);
	put(p, "</h3>\n" PARAGRAPH);
	put_escaped(p, say(p, p->w->why));
}

static void put_genuine(struct page *p)
{
	const struct house *h = &p->d->house;

	put(p, FOOT_HEADING);
	put_text(p, p->w->genuine_title);
	put(p, "</h3>\n" PARAGRAPH);
	put_text(p, say(p, p->w->genuine));
	put(p, "<br>\n");
	put_url(p, "", h->statement_url);
	put(p, "</p>\n");
	if (h->project_url && *h->project_url) {
		put(p, PARAGRAPH);
		put_text(p, p->w->project_page);
		put(p, "<br>\n");
		put_url(p, "", h->project_url);
		put(p, "</p>\n");
	}
	put(p, PARAGRAPH);
	put_text(p, p->w->code);
	put(p, " <strong class=\"ink\" style=\"color:" L_INK
	       ";font-family:Consolas,Menlo,'DejaVu Sans Mono',monospace\">");
	slot_mark(p->s, SLOT_CODE, p->out);
	put(p, "</strong><br>\n");
	put_text(p, p->w->code_where);
	put(p, "<br>\n");
	put_url(p, "", arena_printf(p->s->arena, "%s/check", p->d->web_url));
	put(p, "</p>\n");
}

static void put_leave(struct page *p)
{
	put(p, FOOT_HEADING);
	put_text(p, p->w->leave_title);
	put(p, "</h3>\n" PARAGRAPH "<strong>");
	put_opt_out_words(p);
	put(p, "</strong><br>\n");
	put_text(p, p->w->leave);
	put(p, "<br>\n<a href=\"");
	put_opt_out_href(p);
	put(p, "\" " URL_STYLE ">");
	put_opt_out_href(p);
	put(p, "</a></p>\n");
}

static void put_contact(struct page *p)
{
	const struct house *h = &p->d->house;

	put(p, FOOT_HEADING);
	put_text(p, p->w->contact_title);
	put(p, "</h3>\n" PARAGRAPH);
	put_text(p, say(p, p->w->contact));
	put(p, "<br>\n");
	put_url(p, "mailto:", h->contact);
	put(p, "</p>\n" PARAGRAPH);
	for (const char *line = h->postal_address; *line;) {
		size_t n = strcspn(line, "\n");

		html_escape(p->out, line, n);
		line += n + (line[n] == '\n');
		put(p, *line ? "<br>\n" : "");
	}
	put(p, "</p>\n");
}

static void put_foot(struct page *p)
{
	buf_addf(p->out,
		 "<tr><td%s class=\"foot\" style=\"padding:22px 28px 18px;" ON_FOOT ";color:" L_SOFT
		 ";border:1px solid " L_LINE ";" SANS ";font-size:16px;line-height:1.5;text-align:%s\">\n",
		 p->lang, strcmp(language_direction(p->d->language), "rtl") == 0 && !*p->lang ? "right" : "left");
	put(p, "<h2 class=\"ink\" style=\"margin:0 0 8px;" SERIF
	       ";font-size:20px;line-height:1.3;font-weight:bold;color:" L_INK "\">");
	put_text(p, p->w->about);
	buf_addf(p->out, "</h2>\n<p%s style=\"margin:0 0 12px\">", p->own);
	put_escaped(p, p->d->house.unofficial);
	put_why(p);
	put_genuine(p);
	put_leave(p);
	put_contact(p);
	if (p->d->house.trial) {
		put(p, PARAGRAPH "<strong>");
		put_text(p, p->w->trial);
		put(p, "</strong></p>\n");
	}
	put(p, "</td></tr>\n");
}

static const char *language_attributes(struct arena *a, const char *language)
{
	return arena_printf(a, " lang=\"%s\" dir=\"%s\"", language, language_direction(language));
}

void house_html(const struct draft *d, struct slots *s, const char *inner, struct buf *out)
{
	const struct house_words *w = house_words(d->language);
	size_t n = strlen(w->language);
	struct page p = { .d = d, .w = w, .s = s, .out = out, .lang = "", .own = "" };

	if (strncmp(d->language, w->language, n) != 0 || (d->language[n] && d->language[n] != '-')) {
		p.lang = language_attributes(s->arena, w->language);
		p.own = language_attributes(s->arena, d->language);
	}
	put_head(&p);
	put_sheet_open(&p);
	put_top(&p);
	put_words(&p, inner);
	put_foot(&p);
	put(&p, "</table>\n</td></tr>\n</table>\n</div>\n</body>\n</html>\n");
}
