/*
 * The elements of HTML that a writer or a program may use, and what becomes of each: see handmade_event.h. One that
 * is not in this table is left out, and its words stay.
 */
#include "compose/handmade_event.h"

#include <strings.h>

static const struct element_role ROLES[] = {
	{ "a", ROLE_LINK, 0, NULL },
	{ "abbr", ROLE_WORDS, 0, NULL },
	{ "acronym", ROLE_WORDS, 0, NULL },
	{ "address", ROLE_DIV, 0, NULL },
	{ "applet", ROLE_GONE, NOTE_FRAME, NULL },
	{ "area", ROLE_GONE, NOTE_DRAWING, NULL },
	{ "article", ROLE_DIV, 0, NULL },
	{ "aside", ROLE_DIV, 0, NULL },
	{ "audio", ROLE_GONE, NOTE_FRAME, NULL },
	{ "b", ROLE_INLINE, 0, "font-weight:bold" },
	{ "base", ROLE_GONE, NOTE_META, NULL },
	{ "bdi", ROLE_WORDS, 0, NULL },
	{ "bdo", ROLE_WORDS, 0, NULL },
	{ "big", ROLE_INLINE, 0, "font-size:larger" },
	{ "blockquote", ROLE_QUOTE, 0, NULL },
	{ "body", ROLE_WORDS, 0, NULL },
	{ "br", ROLE_BREAK, 0, NULL },
	{ "button", ROLE_NOTED, NOTE_FORM, NULL },
	{ "canvas", ROLE_GONE, NOTE_DRAWING, NULL },
	{ "caption", ROLE_CAPTION, 0, NULL },
	{ "center", ROLE_DIV, 0, "text-align:center" },
	{ "cite", ROLE_INLINE, 0, "font-style:italic" },
	{ "code", ROLE_INLINE, 0, NULL },
	{ "col", ROLE_SILENT, 0, NULL },
	{ "colgroup", ROLE_SILENT, 0, NULL },
	{ "dd", ROLE_DIV, 0, "padding-left:24px" },
	{ "del", ROLE_INLINE, 0, "text-decoration:line-through" },
	{ "details", ROLE_DIV, 0, NULL },
	{ "dfn", ROLE_INLINE, 0, "font-style:italic" },
	{ "dir", ROLE_LIST, 0, NULL },
	{ "div", ROLE_DIV, 0, NULL },
	{ "dl", ROLE_DIV, 0, NULL },
	{ "dt", ROLE_DIV, 0, "font-weight:bold" },
	{ "em", ROLE_INLINE, 0, "font-style:italic" },
	{ "embed", ROLE_GONE, NOTE_FRAME, NULL },
	{ "fieldset", ROLE_DIV, 0, NULL },
	{ "figcaption", ROLE_DIV, 0, NULL },
	{ "figure", ROLE_DIV, 0, NULL },
	{ "font", ROLE_INLINE, 0, NULL },
	{ "footer", ROLE_DIV, 0, NULL },
	{ "form", ROLE_NOTED, NOTE_FORM, NULL },
	{ "frame", ROLE_GONE, NOTE_FRAME, NULL },
	{ "frameset", ROLE_GONE, NOTE_FRAME, NULL },
	{ "h1", ROLE_HEADING, 0, NULL },
	{ "h2", ROLE_HEADING, 0, NULL },
	{ "h3", ROLE_HEADING, 0, NULL },
	{ "h4", ROLE_HEADING, 0, NULL },
	{ "h5", ROLE_HEADING, 0, NULL },
	{ "h6", ROLE_HEADING, 0, NULL },
	{ "head", ROLE_SILENT, 0, NULL },
	{ "header", ROLE_DIV, 0, NULL },
	{ "hr", ROLE_RULE, 0, NULL },
	{ "html", ROLE_WORDS, 0, NULL },
	{ "i", ROLE_INLINE, 0, "font-style:italic" },
	{ "iframe", ROLE_GONE, NOTE_FRAME, NULL },
	{ "img", ROLE_IMAGE, 0, NULL },
	{ "input", ROLE_GONE, NOTE_FORM, NULL },
	{ "ins", ROLE_INLINE, 0, "text-decoration:underline" },
	{ "kbd", ROLE_INLINE, 0, NULL },
	{ "label", ROLE_WORDS, 0, NULL },
	{ "legend", ROLE_DIV, 0, NULL },
	{ "li", ROLE_ITEM, 0, NULL },
	{ "link", ROLE_GONE, NOTE_REMOTE_STYLE, NULL },
	{ "main", ROLE_DIV, 0, NULL },
	{ "map", ROLE_GONE, NOTE_DRAWING, NULL },
	{ "mark", ROLE_INLINE, 0, "background-color:#ffff00" },
	{ "math", ROLE_GONE, NOTE_DRAWING, NULL },
	{ "menu", ROLE_LIST, 0, NULL },
	{ "meta", ROLE_SILENT, 0, NULL },
	{ "nav", ROLE_DIV, 0, NULL },
	{ "nobr", ROLE_WORDS, 0, NULL },
	{ "noembed", ROLE_GONE, NOTE_FALLBACK, NULL },
	{ "noframes", ROLE_GONE, NOTE_FALLBACK, NULL },
	{ "noscript", ROLE_GONE, NOTE_FALLBACK, NULL },
	{ "object", ROLE_GONE, NOTE_FRAME, NULL },
	{ "ol", ROLE_LIST, 0, NULL },
	{ "option", ROLE_GONE, NOTE_FORM, NULL },
	{ "p", ROLE_P, 0, NULL },
	{ "param", ROLE_SILENT, 0, NULL },
	{ "picture", ROLE_WORDS, 0, NULL },
	{ "pre", ROLE_PRE, 0, NULL },
	{ "q", ROLE_WORDS, 0, NULL },
	{ "s", ROLE_INLINE, 0, "text-decoration:line-through" },
	{ "samp", ROLE_INLINE, 0, NULL },
	{ "script", ROLE_GONE, NOTE_SCRIPT, NULL },
	{ "section", ROLE_DIV, 0, NULL },
	{ "select", ROLE_GONE, NOTE_FORM, NULL },
	{ "small", ROLE_INLINE, 0, "font-size:smaller" },
	{ "source", ROLE_SILENT, 0, NULL },
	{ "span", ROLE_INLINE, 0, NULL },
	{ "strike", ROLE_INLINE, 0, "text-decoration:line-through" },
	{ "strong", ROLE_INLINE, 0, "font-weight:bold" },
	{ "style", ROLE_SILENT, 0, NULL },
	{ "sub", ROLE_INLINE, 0, NULL },
	{ "summary", ROLE_DIV, 0, NULL },
	{ "sup", ROLE_INLINE, 0, NULL },
	{ "svg", ROLE_GONE, NOTE_DRAWING, NULL },
	{ "table", ROLE_TABLE, 0, NULL },
	{ "tbody", ROLE_WORDS, 0, NULL },
	{ "td", ROLE_CELL, 0, NULL },
	{ "template", ROLE_GONE, NOTE_TEMPLATE, NULL },
	{ "textarea", ROLE_GONE, NOTE_FORM, NULL },
	{ "tfoot", ROLE_WORDS, 0, NULL },
	{ "th", ROLE_CELL, 0, NULL },
	{ "thead", ROLE_WORDS, 0, NULL },
	{ "time", ROLE_WORDS, 0, NULL },
	{ "title", ROLE_SILENT, 0, NULL },
	{ "tr", ROLE_ROW, 0, NULL },
	{ "track", ROLE_SILENT, 0, NULL },
	{ "tt", ROLE_INLINE, 0, NULL },
	{ "u", ROLE_INLINE, 0, "text-decoration:underline" },
	{ "ul", ROLE_LIST, 0, NULL },
	{ "var", ROLE_INLINE, 0, "font-style:italic" },
	{ "video", ROLE_GONE, NOTE_FRAME, NULL },
	{ "wbr", ROLE_SILENT, 0, NULL },
};

const struct element_role *role_of(const char *name)
{
	size_t low = 0, high = COUNT(ROLES);

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcasecmp(name, ROLES[middle].name);

		if (order == 0)
			return &ROLES[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
