/*
 * Markdown as HTML: see markdown.h. Every byte of the writer's goes through
 * put_text, which escapes; tags come only from the table. For mail each tag
 * has its style with it (BODY-5), for our pages none, since those have a style
 * sheet.
 */
#include "compose/markdown.h"

#include "base/codec.h"
#include "compose/compose.h"
#include "compose/html_text.h"
#include "compose/look.h"
#include "compose/markdown_walk.h"

#define COLUMN 584 /* px that the words are wide */

struct html {
	struct walk walk; /* first: calls get the address of it */
	struct buf *out;
	bool page;
	bool house;   /* what the house says: its own headings, smaller gaps */
	bool in_code; /* a code block: line feeds stay */
	bool in_link;
	int quotes;   /* open ones */
};

static struct html *of(struct walk *w)
{
	return (struct html *)(void *)w;
}

static const struct tag {
	const char *name, *style;
} TAGS[] = {
	[MD_BLOCK_QUOTE] = { "blockquote",
			     "class=\"line soft\" style=\"margin:0 0 18px;padding:6px 0 1px;padding-" LOOK_START
			     ":16px;border-" LOOK_START ":3px solid " L_LINE ";color:" L_SOFT "\"" },
	[MD_BLOCK_UL] = { "ul", "style=\"margin:0 0 18px;padding:0 24px\"" },
	[MD_BLOCK_OL] = { "ol", "style=\"margin:0 0 18px;padding:0 24px\"" },
	[MD_BLOCK_LI] = { "li", "style=\"margin:0 0 6px\"" },
	[MD_BLOCK_P] = { "p", "style=\"margin:0 0 18px\"" },
	[MD_BLOCK_TABLE] = { "table", "class=\"line\" style=\"margin:0 0 18px;word-break:normal;border-collapse:collapse;border-top:2px "
				      "solid " L_LINE "\"" },
	[MD_BLOCK_THEAD] = { "thead", "" },
	[MD_BLOCK_TBODY] = { "tbody", "" },
	[MD_BLOCK_TR] = { "tr", "" },
};

#define QUOTED_P "style=\"margin:0 0 6px\""
#define CELL     "class=\"line\" style=\"padding:7px 12px;padding-" LOOK_START ":0;border-bottom:1px solid " L_LINE ";text-align:"
#define HEADING  "margin:26px 0 10px;" SERIF ";font-weight:bold;line-height:1.3;font-size:"

/* By level; h1 is the message's own, so a writer's begin at h2. */
static const char *const HEADING_STYLE[] = {
	"style=\"" HEADING "23px\"",
	"style=\"" HEADING "20px\"",
	"style=\"" HEADING "18px\"",
	"style=\"" HEADING "17px\"",
};

#define HOUSE_HEADING  SERIF ";font-weight:bold;color:" L_INK "\""
#define HOUSE_LINK     "class=\"link\" style=\"color:" L_LINK ";text-decoration:underline;word-break:break-word\""
#define HOUSE_STRONG   "class=\"ink\" style=\"color:" L_INK "\""
#define HOUSE_CODE                                                                                                     \
	"class=\"ink\" style=\"color:" L_INK ";font-family:Consolas,Menlo,'DejaVu Sans Mono',monospace;font-weight:bold\""

/* By level, from h1. */
static const char *const HOUSE_HEADINGS[] = {
	"class=\"ink\" style=\"margin:0 0 6px;font-size:25px;line-height:1.25;" HOUSE_HEADING,
	"class=\"ink\" style=\"margin:0 0 8px;font-size:20px;line-height:1.3;" HOUSE_HEADING,
	"class=\"ink\" style=\"margin:20px 0 4px;font-size:17px;line-height:1.4;" HOUSE_HEADING,
};

static void put_tag(struct html *h, const char *name, const char *style)
{
	buf_addf(h->out, "<%s", name);
	if (!h->page && *style)
		buf_addf(h->out, " %s", style);
	buf_addc(h->out, '>');
}

static unsigned heading_level(const struct html *h, const MD_BLOCK_H_DETAIL *d)
{
	if (h->house)
		return d->level;
	return d->level < 5 ? d->level + 1 : 6;
}

static void enter_heading(struct html *h, const MD_BLOCK_H_DETAIL *d)
{
	const char *const *styles = h->house ? HOUSE_HEADINGS : HEADING_STYLE;
	size_t n = h->house ? COUNT(HOUSE_HEADINGS) : COUNT(HEADING_STYLE), i = d->level - 1 < n ? d->level - 1 : n - 1;
	char name[3] = { 'h', (char)('0' + heading_level(h, d)), '\0' };

	put_tag(h, name, styles[i]);
}

static void enter_cell(struct html *h, const char *name, const MD_BLOCK_TD_DETAIL *d)
{
	static const char *const ALIGN[] = { "inherit", "left", "center", "right" };
	const char *align = ALIGN[d->align];

	buf_addf(h->out, "<%s", name);
	if (name[1] == 'h')
		buf_adds(h->out, " scope=\"col\"");
	if (!h->page)
		buf_addf(h->out, " " CELL "%s\"", align);
	buf_addc(h->out, '>');
}

static void enter_ordered(struct html *h, const MD_BLOCK_OL_DETAIL *d)
{
	const struct tag *tag = &TAGS[MD_BLOCK_OL];

	buf_adds(h->out, "<ol");
	if (d->start != 1)
		buf_addf(h->out, " start=\"%u\"", d->start);
	if (!h->page)
		buf_addf(h->out, " %s", tag->style);
	buf_adds(h->out, ">\n");
}

static const char *block_style(const struct html *h, MD_BLOCKTYPE type)
{
	if (type == MD_BLOCK_P && h->quotes)
		return QUOTED_P;
	if (type == MD_BLOCK_P && h->house)
		return "style=\"margin:0 0 12px\"";
	return TAGS[type].style;
}

static void enter_block(struct walk *w, MD_BLOCKTYPE type, const void *detail)
{
	struct html *h = of(w);

	switch (type) {
	case MD_BLOCK_DOC:
		break;
	case MD_BLOCK_HR:
		put_tag(h, "hr", "class=\"line\" style=\"margin:26px 0;border:0;border-top:1px solid " L_LINE "\"");
		buf_addc(h->out, '\n');
		break;
	case MD_BLOCK_H:
		enter_heading(h, detail);
		break;
	case MD_BLOCK_CODE:
		h->in_code = true;
		put_tag(h, "pre",
			"style=\"margin:0 0 18px;white-space:pre-wrap;"
			"font-family:Consolas,Menlo,monospace;font-size:15px\"");
		buf_adds(h->out, "<code>");
		break;
	case MD_BLOCK_OL:
		enter_ordered(h, detail);
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		enter_cell(h, type == MD_BLOCK_TH ? "th" : "td", detail);
		break;
	default:
		h->quotes += type == MD_BLOCK_QUOTE;
		put_tag(h, TAGS[type].name, block_style(h, type));
		if (type != MD_BLOCK_P && type != MD_BLOCK_LI)
			buf_addc(h->out, '\n');
	}
}

static void leave_block(struct walk *w, MD_BLOCKTYPE type, const void *detail)
{
	struct html *h = of(w);

	switch (type) {
	case MD_BLOCK_DOC:
	case MD_BLOCK_HR:
		break;
	case MD_BLOCK_H:
		buf_addf(h->out, "</h%u>\n", heading_level(h, detail));
		break;
	case MD_BLOCK_CODE:
		h->in_code = false;
		buf_adds(h->out, "</code></pre>\n");
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		buf_adds(h->out, type == MD_BLOCK_TH ? "</th>\n" : "</td>\n");
		break;
	default:
		h->quotes -= type == MD_BLOCK_QUOTE;
		buf_addf(h->out, "</%s>\n", TAGS[type].name);
	}
}

static const char *span_name(MD_SPANTYPE type)
{
	switch (type) {
	case MD_SPAN_A:
		return "a";
	case MD_SPAN_STRONG:
		return "strong";
	case MD_SPAN_CODE:
		return "code";
	default:
		return "em";
	}
}

static void enter_span(struct walk *w, MD_SPANTYPE type, const char *href)
{
	struct html *h = of(w);

	if (type != MD_SPAN_A) {
		bool styled = h->house && type != MD_SPAN_EM && !h->in_link;

		put_tag(h, span_name(type), !styled ? "" : type == MD_SPAN_CODE ? HOUSE_CODE : HOUSE_STRONG);
		return;
	}
	h->in_link = true;
	buf_adds(h->out, "<a href=\"");
	html_escape(h->out, href, strlen(href));
	buf_adds(h->out, h->page ? "\">" : h->house ? "\" " HOUSE_LINK ">" : "\" " LINK_STYLE ">");
}

static void leave_span(struct walk *w, MD_SPANTYPE type, const char *href)
{
	(void)href;
	if (type == MD_SPAN_A)
		of(w)->in_link = false;
	buf_addf(of(w)->out, "</%s>", span_name(type));
}

static void put_text(struct walk *w, const char *p, size_t n)
{
	struct html *h = of(w);

	if (n == 1 && *p == '\n' && !h->in_code)
		buf_adds(h->out, "<br>\n");
	else if (n == 1 && *p == ' ' && !h->in_code)
		buf_addc(h->out, ' ');
	else
		html_escape(h->out, p, n);
}

void image_content_id(const struct image *x, const char *domain, struct buf *out)
{
	buf_addf(out, "%s.", x->name);
	hex_encode(out, x->hash, 8);
	buf_addf(out, "@%s", domain);
}

/* As wide as the column at most; both sizes are told, so that nothing jumps while it loads. */
void image_to_html(const struct image *x, const char *domain, struct buf *out)
{
	int width = x->width > COLUMN ? COLUMN : x->width;
	int height = x->width > COLUMN ? (int)((int64_t)x->height * COLUMN / x->width) : x->height;

	buf_adds(out, "<img src=\"cid:");
	image_content_id(x, domain, out);
	buf_adds(out, "\" alt=\"");
	html_escape(out, x->alt, strlen(x->alt));
	buf_addf(out, "\" width=\"%d\" height=\"%d\" style=\"max-width:100%%;height:auto;border:0\">", width,
		 height > 0 ? height : 1);
}

static void put_image(struct walk *w, const struct image *x)
{
	image_to_html(x, w->images->domain, of(w)->out);
}

static const struct walk_calls CALLS = { enter_block, leave_block, enter_span, leave_span, put_text, put_image };

int markdown_house_html(const char *md, size_t n, struct buf *out, struct err *e)
{
	struct html h = { .walk = { .calls = &CALLS, .out = out }, .out = out, .house = true };

	return walk_markdown(&h.walk, md, n, e);
}

static int render(const char *md, size_t n, bool page, const struct markdown_images *images, struct buf *out, struct err *e)
{
	struct html h = { .walk = { .calls = &CALLS, .out = out, .images = images }, .out = out, .page = page };

	return walk_markdown(&h.walk, md, n, e);
}

int markdown_to_html(const char *md, size_t n, bool page, struct buf *out, struct err *e)
{
	return render(md, n, page, NULL, out, e);
}

int markdown_mail_html(const char *md, size_t n, const struct markdown_images *images, struct buf *out, struct err *e)
{
	return render(md, n, false, images, out, e);
}
