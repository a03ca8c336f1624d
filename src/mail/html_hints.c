/*
 * Looks without styles: see html_hints.h. First what browsers' own style sheets say of an element, as far
 * as it bears on whether text is seen, then its attributes. A length below zero or an image behind
 * text is a doubt.
 */
#include "mail/html_hints.h"

#include <ctype.h>
#include <strings.h>

static const struct {
	const char *name, *css;
} ELEMENTS[] = {
	{ "body", "margin: 8px;" },
	{ "blockquote", "margin: 0 40px;" },
	{ "figure", "margin: 0 40px;" },
	{ "ul", "padding-left: 40px;" },
	{ "ol", "padding-left: 40px;" },
	{ "dd", "margin-left: 40px;" },
	{ "h1", "font-size: 2em;" },
	{ "h2", "font-size: 1.5em;" },
	{ "h3", "font-size: 1.17em;" },
	{ "h5", "font-size: 0.83em;" },
	{ "h6", "font-size: 0.67em;" },
	{ "small", "font-size: smaller;" },
	{ "sub", "font-size: smaller;" },
	{ "sup", "font-size: smaller;" },
	{ "pre", "white-space: pre; font-size: 81%;" },
	{ "code", "font-size: 81%;" },
	{ "kbd", "font-size: 81%;" },
	{ "samp", "font-size: 81%;" },
	{ "tt", "font-size: 81%;" },
	{ "nobr", "white-space: nowrap;" },
	{ "s", "text-decoration: line-through;" },
	{ "del", "text-decoration: line-through;" },
	{ "strike", "text-decoration: line-through;" },
	{ "mark", "background-color: yellow; color: black;" },
};

const char *html_attribute(const char *const *atts, const char *name)
{
	for (; atts && atts[0]; atts += 2)
		if (strcasecmp(atts[0], name) == 0)
			return atts[1] ? atts[1] : "";
	return NULL;
}

static bool in_list(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

enum layout html_box(const char *name)
{
	static const char *const INLINES[] = { "span", "a",    "b",    "strong", "i",   "em",	   "u",	  "s",	  "small", "big",
					       "sub",  "sup",  "code", "kbd",	 "samp", "var",	   "tt",  "cite", "q",	   "abbr",
					       "font", "bdi",  "del",  "ins",	 "mark", "wbr",	   "time", "nobr", "strike", "dfn",
					       "br",   "acronym", "label", NULL };
	static const char *const ROWS[] = { "tr", "tbody", "thead", "tfoot", "col", "colgroup", NULL };

	if (in_list(name, INLINES))
		return BOX_INLINE;
	if (in_list(name, ROWS))
		return BOX_ROW;
	if (strcmp(name, "td") == 0 || strcmp(name, "th") == 0)
		return BOX_CELL;
	if (strcmp(name, "img") == 0)
		return BOX_ATOM;
	return strcmp(name, "table") == 0 ? BOX_TABLE : BOX_BLOCK;
}

static void doubt(struct style_notes *notes, const char *why)
{
	if (!notes->doubt)
		notes->doubt = why;
}

/* Only letters, digits and a few marks, which can end no declaration. */
static bool is_plain(const char *value, const char *marks)
{
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) && !strchr(marks, *value))
			return false;
	return true;
}

static void put(struct buf *out, const char *property, const char *value, const char *marks, struct style_notes *notes)
{
	bool hex = value && strlen(value) == 6 && strspn(value, "0123456789abcdefABCDEF") == 6 && strstr(property, "color");

	if (!value)
		return;
	if (!*value || !is_plain(value, marks))
		doubt(notes, "an attribute for a colour, a font or a size that cannot be read");
	else
		buf_addf(out, "%s: %s%s;", property, hex ? "#" : "", value);
}

/* "600", "600px", "50%" */
static void put_size(struct buf *out, const char *property, const char *value, struct style_notes *notes)
{
	size_t n = value ? strspn(value, "0123456789") : 0;

	if (!value || strcmp(value, "auto") == 0 || !*value)
		return;
	if (!n || n > 5 || (value[n] && strcmp(value + n, "%") != 0 && strcmp(value + n, "px") != 0))
		doubt(notes, "an attribute for a size that cannot be read");
	else
		buf_addf(out, "%s: %.*s%s;", property, (int)n, value, value[n] == '%' ? "%" : "px");
}

static void put_font_size(struct buf *out, const char *size, struct style_notes *notes)
{
	static const int PX[] = { 10, 10, 13, 16, 18, 24, 32, 48 };

	if (!size)
		return;
	if (size[0] >= '1' && size[0] <= '7' && !size[1])
		buf_addf(out, "font-size: %dpx;", PX[size[0] - '0']);
	else if (size[0] == '-')
		buf_adds(out, "font-size: 10px;");
	else if (size[0] != '+')
		doubt(notes, "a font size that cannot be read");
}

static void put_table(struct buf *out, const char *const *atts, struct style_notes *notes)
{
	static const char *const ROOM[] = { "cellpadding", "cellspacing", "border" };
	long around = 0;

	for (size_t i = 0; i < COUNT(ROOM); i++) {
		const char *value = html_attribute(atts, ROOM[i]);
		long px = value ? strtol(value, NULL, 10) : 0;

		around += px < 0 || px > 10000 ? 10000 : px;
	}
	if (around)
		buf_addf(out, "padding: %ldpx;", around);
	put_size(out, "width", html_attribute(atts, "width"), notes);
}

static void check_lengths(const char *const *atts, struct style_notes *notes)
{
	static const char *const LENGTHS[] = { "hspace", "vspace", "leftmargin", "topmargin", "rightmargin", "bottommargin",
					       "marginwidth", "marginheight", "cellpadding", "cellspacing", "border",
					       "width", "height", NULL };

	for (const char *const *at = atts; at && at[0]; at += 2)
		for (const char *const *l = LENGTHS; *l; l++)
			if (strcasecmp(at[0], *l) == 0 && at[1] && strchr(at[1], '-')) {
				notes->covers = true;
				doubt(notes, "an attribute with a negative length");
			}
	if (html_attribute(atts, "background"))
		doubt(notes, "an image behind text");
	if (html_attribute(atts, "link") || html_attribute(atts, "vlink") || html_attribute(atts, "alink"))
		doubt(notes, "link colours in attributes");
}

void html_hints(const char *name, const char *const *atts, struct buf *out, struct style_notes *notes)
{
	const char *align = html_attribute(atts, "align"), *dir = html_attribute(atts, "dir");
	bool table = strcmp(name, "table") == 0;

	for (size_t i = 0; i < COUNT(ELEMENTS); i++)
		if (strcmp(ELEMENTS[i].name, name) == 0)
			buf_adds(out, ELEMENTS[i].css);
	if (strcmp(name, "a") == 0 && html_attribute(atts, "href"))
		buf_adds(out, "color: linktext;");
	check_lengths(atts, notes);
	if (strcmp(name, "font") == 0) {
		put(out, "color", html_attribute(atts, "color"), "#", notes);
		put(out, "font-family", html_attribute(atts, "face"), " ,'\"-", notes);
		put_font_size(out, html_attribute(atts, "size"), notes);
	}
	if (strcmp(name, "body") == 0)
		put(out, "color", html_attribute(atts, "text"), "#", notes);
	put(out, "background-color", html_attribute(atts, "bgcolor"), "#", notes);
	if (table)
		put_table(out, atts, notes);
	if (strcmp(name, "img") == 0)
		put_size(out, "width", html_attribute(atts, "width"), notes);
	if (html_box(name) == BOX_CELL) {
		put_size(out, "width", html_attribute(atts, "width"), notes);
		if (html_attribute(atts, "nowrap"))
			buf_adds(out, "white-space: nowrap;");
	}
	if ((table || strcmp(name, "img") == 0) && align &&
	    (strcasecmp(align, "left") == 0 || strcasecmp(align, "right") == 0))
		buf_adds(out, "float: left;");
	if (dir && strcasecmp(dir, "ltr") != 0 && strcasecmp(dir, "auto") != 0)
		buf_adds(out, "direction: rtl;");
	else if (dir && strcasecmp(dir, "ltr") == 0)
		buf_adds(out, "direction: ltr;");
}
