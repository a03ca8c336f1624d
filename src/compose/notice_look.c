/*
 * System mail drawn as plain text and as HTML: both walk the same blocks, so
 * that both say the same. The HTML looks like that of mailings (look.h); no
 * more is in it than a sheet and its foot.
 */
#include "compose/notice_mail.h"

#include "compose/html_text.h"
#include "compose/look.h"
#include "compose/markdown.h"
#include "compose/wrap.h"

/* --- text -------------------------------------------------------------------------------------- */

static void underline(struct buf *out, const char *words, char c)
{
	for (size_t n = text_width(words, strlen(words)); n; n--)
		buf_addc(out, c);
	buf_addc(out, '\n');
}

/* An address goes directly below the words that speak of it: notice_words puts it there. */
static bool stands_close(const struct notice_text *t, size_t i)
{
	bool address = t->block[i].kind == BLOCK_LINK || t->block[i].kind == BLOCK_MAILTO;

	MUST(!address || (i && t->block[i - 1].kind == BLOCK_PARAGRAPH));
	return address;
}

/* Markdown as it reads, or as it was typed where it is none: what somebody agreed to is shown in any case. */
static void draw_quote(const char *text, struct buf *out)
{
	struct buf plain;
	struct err ignored;

	buf_init(&plain, out->max);
	if (markdown_to_text(text, strlen(text), &plain, &ignored) < 0) {
		buf_clear(&plain);
		buf_adds(&plain, text);
	}
	for (const char *line = buf_text(&plain); *line;) {
		size_t n = strcspn(line, "\n");

		/* Lines are short enough already, but for the two columns of the mark. */
		if (n)
			wrap_text(out, line, n, "> ", "> ");
		else
			buf_adds(out, ">\n");
		line += n + (line[n] == '\n');
	}
	buf_free(&plain);
}

static void draw_block(const struct block *b, struct buf *out)
{
	switch (b->kind) {
	case BLOCK_PARAGRAPH:
	case BLOCK_LINES:
		wrap_paragraph(out, b->text);
		break;
	case BLOCK_HEADING:
		wrap_paragraph(out, b->text);
		underline(out, b->text, '-');
		break;
	case BLOCK_LINK:
	case BLOCK_MAILTO:
		buf_addf(out, "%s\n", b->text);
		break;
	case BLOCK_QUOTE:
		draw_quote(b->text, out);
		break;
	}
}

void notice_draw_text(const struct notice_text *t, struct buf *out)
{
	wrap_paragraph(out, t->title);
	underline(out, t->title, '=');
	for (size_t i = 0; i < t->n; i++) {
		if (!stands_close(t, i))
			buf_addc(out, '\n');
		draw_block(&t->block[i], out);
	}
}

/* --- HTML -------------------------------------------------------------------------------------- */

#define TABLE     "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\""
#define PARAGRAPH "<p style=\"margin:0 0 12px\">"
#define URL_STYLE "class=\"link\" style=\"color:" L_LINK ";text-decoration:underline;word-break:break-word\""
#define QUOTE                                                                                                          \
	"<blockquote class=\"line\" style=\"margin:0 0 12px;padding:0 0 0 14px;border-left:3px solid " L_LINE "\">"
#define HEADING                                                                                                        \
	"<h2 class=\"ink\" style=\"margin:20px 0 8px;" SERIF ";font-size:20px;line-height:1.3;font-weight:bold;color:" \
	L_INK "\">"
#define TITLE                                                                                                          \
	"<h1 class=\"ink\" style=\"margin:0 0 14px;" SERIF ";font-size:25px;line-height:1.25;font-weight:bold;color:"   \
	L_INK "\">"

static void put_text(struct buf *out, const char *text)
{
	html_escape(out, text, strlen(text));
}

static void put_lines(struct buf *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		html_escape(out, text, n);
		text += n + (text[n] == '\n');
		buf_adds(out, *text ? "<br>\n" : "");
	}
}

/* An address whose words are exactly where it goes (BODY-2); in the paragraph that speaks of it. */
static void put_link(struct buf *out, const char *scheme, const char *to)
{
	buf_addf(out, "<a href=\"%s", scheme);
	put_text(out, to);
	buf_adds(out, "\" " URL_STYLE ">");
	put_text(out, to);
	buf_adds(out, "</a></p>\n");
}

static void put_around(struct buf *out, const char *open, const char *text, const char *close)
{
	buf_adds(out, open);
	put_lines(out, text);
	buf_adds(out, close);
}

/* Of a quote with its tags; a text that makes more is shown as it was typed. */
#define QUOTE_MAX (24 * 1024)

static void put_quote(const char *text, struct buf *out)
{
	struct buf html;
	struct err ignored;

	buf_adds(out, QUOTE);
	buf_init(&html, QUOTE_MAX);
	if (markdown_to_html(text, strlen(text), false, &html, &ignored) == 0)
		buf_add_buf(out, &html);
	else
		put_lines(out, text);
	buf_adds(out, "</blockquote>\n");
	buf_free(&html);
}

static void put_block(const struct notice_text *t, size_t i, struct buf *out)
{
	const struct block *b = &t->block[i];
	bool speaks_of_next = i + 1 < t->n && stands_close(t, i + 1);

	switch (b->kind) {
	case BLOCK_PARAGRAPH:
	case BLOCK_LINES:
		put_around(out, PARAGRAPH, b->text, speaks_of_next ? "<br>\n" : "</p>\n");
		break;
	case BLOCK_HEADING:
		put_around(out, HEADING, b->text, "</h2>\n");
		break;
	case BLOCK_LINK:
		put_link(out, "", b->text);
		break;
	case BLOCK_MAILTO:
		put_link(out, "mailto:", b->text);
		break;
	case BLOCK_QUOTE:
		put_quote(b->text, out);
		break;
	}
}

/* The desk, and on it the sheet: clients drop <html> and <body>, so both their attributes come twice (BODY-4). */
static void put_open(const struct notice_text *t, struct buf *out)
{
	buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n"
		      "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n"
		      "<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>");
	put_text(out, t->title);
	buf_adds(out, "</title>\n<style>\n" LOOK_STYLE "</style>\n</head>\n"
		      "<body class=\"desk\" style=\"margin:0;padding:0;background-color:" L_DESK ";color:" L_INK "\">\n"
		      "<div lang=\"en\" dir=\"ltr\" class=\"desk\" style=\"background-color:" L_DESK ";color:" L_INK "\">\n"
		      TABLE ">\n<tr><td class=\"desk\" align=\"center\" style=\"padding:20px 10px;background-color:" L_DESK
		      "\">\n" TABLE " style=\"max-width:640px\">\n"
		      "<tr><td class=\"sheet\" style=\"padding:26px 28px 14px;" ON_SHEET ";color:" L_INK
		      ";border:1px solid " L_LINE ";border-bottom:0;" SANS
		      ";font-size:17px;line-height:1.6;text-align:left;overflow-wrap:break-word\">\n" TITLE);
	put_text(out, t->title);
	buf_adds(out, "</h1>\n");
}

static void put_foot_open(struct buf *out)
{
	buf_adds(out, "</td></tr>\n<tr><td class=\"foot\" style=\"padding:2px 28px 18px;" ON_FOOT ";color:" L_SOFT
		      ";border:1px solid " L_LINE ";" SANS ";font-size:16px;line-height:1.5;text-align:left\">\n");
}

static void draw(const struct notice_text *t, struct buf *out)
{
	put_open(t, out);
	for (size_t i = 0; i < t->n; i++) {
		if (i == t->foot)
			put_foot_open(out);
		put_block(t, i, out);
	}
	buf_adds(out, "</td></tr>\n</table>\n</td></tr>\n</table>\n</div>\n</body>\n</html>\n");
}

void notice_draw_html(const struct notice_text *t, struct buf *out)
{
	struct buf drawn;
	struct look look;

	look_init(&look);
	buf_init(&drawn, out->max);
	draw(t, &drawn);
	look_fill(&look, NULL, buf_text(&drawn), drawn.n, out);
	out->over = out->over || drawn.over;
	buf_free(&drawn);
}
