/*
 * The first look: see html_scan.h. Mail clients disagree about HTML that is broken (quotes outside
 * values, crossed elements, odd comments), and whoever wants to deceive uses just that. So the part
 * is held to a strict grammar; from the first place that breaks it, nothing counts as seen. The same
 * look bounds what the parser is given: attributes per tag and depth, for which it needs square time.
 */
#include "mail/html_scan.h"

#include <ctype.h>
#include <libxml/HTMLparser.h>
#include <strings.h>

#define ATTRIBUTES_MAX 60
#define BROKEN_MAX ((size_t)64 * 1024) /* how much behind the first broken place is still parsed */

struct scan {
	const char *p, *start, *end;
	struct html_scan *out;
	bool unclosed[2]; /* no further ' or " comes: not to be looked for again */
	size_t broken_at; /* from here on this scan and the parser may be out of step */
	struct slice open[HTML_DEPTH_MAX + 1];
	size_t depth;
	bool head, content, body, after; /* the head was met; anything of the body; its tag; its end tag */
};

static void doubt(struct scan *s, const char *at, const char *why)
{
	if (s->out->doubt)
		return;
	s->out->doubt = why;
	s->out->doubt_at = (size_t)(at - s->start);
}

static void broken(struct scan *s, const char *at, const char *why)
{
	size_t here = (size_t)(at - s->start);

	doubt(s, at, why);
	if (here < s->broken_at)
		s->broken_at = here;
}

/* What gives another meaning to what stood before. */
static void undo(struct scan *s, const char *at, const char *why)
{
	doubt(s, at, why);
	s->out->covers = true;
}

static bool is_name(struct slice a, const char *b)
{
	return strlen(b) == a.n && strncasecmp(a.p, b, a.n) == 0;
}

static bool in_list(struct slice name, const char *const *list)
{
	for (; *list; list++)
		if (is_name(name, *list))
			return true;
	return false;
}

static bool is_void(struct slice name)
{
	static const char *const VOID[] = { "area", "base", "br", "col", "embed", "hr", "img", "input", "link",
					    "meta", "source", "track", "wbr", NULL };

	return in_list(name, VOID);
}

/* Elements whose end tag may be left out. */
static bool may_stay_open(struct slice name)
{
	static const char *const OPTIONAL[] = { "p", "li", "td", "th", "tr", "dt", "dd", "tbody", "thead", "tfoot",
						"html", "body", "head", "colgroup", "option", NULL };

	return in_list(name, OPTIONAL);
}

/* Does a start tag of `name` end an open `top` by itself? */
static bool ends(struct slice name, struct slice top)
{
	static const char *const BLOCKS[] = { "p", "div", "table", "ul", "ol", "dl", "h1", "h2", "h3", "h4", "h5",
					      "h6", "hr", "blockquote", "pre", "section", "header", "footer",
					      "article", "address", "center", NULL };
	static const char *const GROUPS[] = { "tbody", "thead", "tfoot", NULL };
	bool cell = is_name(top, "td") || is_name(top, "th"), row = is_name(top, "tr");

	if (is_name(top, "p") && in_list(name, BLOCKS))
		return true;
	if (is_name(name, "li") || is_name(name, "option"))
		return name.n == top.n && strncasecmp(name.p, top.p, top.n) == 0;
	if (is_name(name, "td") || is_name(name, "th"))
		return cell;
	if (is_name(name, "tr"))
		return cell || row;
	if (in_list(name, GROUPS))
		return cell || row || in_list(top, GROUPS) || is_name(top, "colgroup");
	if (is_name(name, "dt") || is_name(name, "dd"))
		return is_name(top, "dt") || is_name(top, "dd");
	return is_name(name, "body") && is_name(top, "head");
}

/* --- where browsers and the parser would build different trees --- */

static const char *const TABLE_PARTS[] = { "table", "tbody", "thead", "tfoot", "tr", "colgroup", NULL };
static const char *const SCOPES[] = { "table", "td", "th", "caption", "html", "body", NULL };

/* Is one of `names` open, with nothing between that shields it? `top`: it is the innermost one. */
static bool is_open(const struct scan *s, const char *const *names, const char *const *shields, bool *top)
{
	for (size_t d = s->depth; d; d--) {
		if (in_list(s->open[d - 1], names)) {
			*top = d == s->depth;
			return true;
		}
		if (in_list(s->open[d - 1], shields) || in_list(s->open[d - 1], SCOPES))
			return false;
	}
	return false;
}

static bool top_is(const struct scan *s, const char *const *names)
{
	return s->depth && in_list(s->open[s->depth - 1], names);
}

static void check_table(struct scan *s, struct slice name, const char *at)
{
	static const char *const ROWS[] = { "tr", NULL }, *const CELLS[] = { "td", "th", NULL };
	static const char *const GROUPS[] = { "tbody", "thead", "tfoot", "caption", "colgroup", NULL };
	static const char *const IN_GROUP[] = { "table", "tbody", "thead", "tfoot", NULL };
	static const char *const TABLE[] = { "table", NULL }, *const COLUMNS[] = { "table", "colgroup", NULL };
	static const char *const ANYWHERE[] = { "style", "script", NULL };
	bool fine = true;

	if (in_list(name, CELLS))
		fine = top_is(s, ROWS);
	else if (in_list(name, ROWS))
		fine = top_is(s, IN_GROUP);
	else if (in_list(name, GROUPS))
		fine = top_is(s, TABLE);
	else if (is_name(name, "col"))
		fine = top_is(s, COLUMNS);
	else if (top_is(s, TABLE_PARTS) && !in_list(name, ANYWHERE))
		fine = false;
	if (!fine)
		undo(s, at, "something in a table, or of one, that stands in a wrong place");
}

/* Browsers end an open paragraph before each block; the parser only for blocks that it knows, and just inside. */
static void check_paragraph(struct scan *s, struct slice name, const char *at)
{
	static const char *const P[] = { "p", NULL }, *const NONE[] = { NULL };
	static const char *const OLD[] = { "p",	 "div",	 "table", "ul", "ol", "dl", "h1", "h2", "h3", "h4",
					   "h5", "h6", "hr", "blockquote", "pre", "address", "center", NULL };
	static const char *const NEW[] = { "article", "aside", "details", "dialog", "fieldset", "figcaption", "figure",
					   "footer", "form", "header", "hgroup", "main", "menu", "nav", "search",
					   "section", "summary", "dir", "li", "dt", "dd", NULL };
	bool top = false, closes = in_list(name, OLD) || in_list(name, NEW);

	if (closes && is_open(s, P, NONE, &top) && (!top || in_list(name, NEW)))
		doubt(s, at, "a paragraph that ends in different places");
}

static void check_place(struct scan *s, struct slice name, const char *at)
{
	static const char *const NONE[] = { NULL };
	static const char *const HEADINGS[] = { "h1", "h2", "h3", "h4", "h5", "h6", NULL };
	static const char *const LISTS[] = { "ul", "ol", "dl", "menu", "dir", NULL };
	static const char *const ITEMS[] = { "li", "dt", "dd", NULL };
	static const char *const ONCE[] = { "a", "nobr", "button", NULL };
	bool top = false;

	if (in_list(name, HEADINGS) && top_is(s, HEADINGS))
		doubt(s, at, "a heading in a heading");
	if (in_list(name, ITEMS) && is_open(s, ITEMS, LISTS, &top))
		doubt(s, at, "an item of a list within another");
	for (const char *const *o = ONCE; *o; o++)
		if (is_name(name, *o) && is_open(s, (const char *const[]){ *o, NULL }, NONE, &top))
			doubt(s, at, "an element within one of its kind");
	check_table(s, name, at);
}

/* Where the head ends and the body begins, and that there is but one. */
static void check_body(struct scan *s, struct slice name, const char *at)
{
	static const char *const HEAD[] = { "title", "meta", "style", "link", "base", "script", NULL };

	if (is_name(name, "html") || is_name(name, "head")) {
		if (s->content || s->body || (is_name(name, "head") ? s->head : s->head || s->depth))
			undo(s, at, "the page begins twice");
		s->head = s->head || is_name(name, "head");
	} else if (is_name(name, "body")) {
		if (s->content || s->body)
			undo(s, at, "a body that begins twice");
		s->body = true;
	} else if (!in_list(name, HEAD)) {
		s->content = true;
		if (top_is(s, (const char *const[]){ "head", NULL }))
			undo(s, at, "an element in the head that does not belong there");
	}
	if (s->after)
		doubt(s, at, "something behind the end of the body");
}

static void check_text(struct scan *s, const char *from, const char *to)
{
	while (from < to && isspace((unsigned char)*from))
		from++;
	if (from == to)
		return;
	s->content = true;
	if (top_is(s, TABLE_PARTS))
		undo(s, from, "text in a table and in none of its cells");
	else if (s->after || top_is(s, (const char *const[]){ "head", NULL }))
		undo(s, from, "text outside of the body");
}

/* Names of characters that the parser does not know, and browsers do. */
static bool has_new_entity(struct slice value)
{
	const char *p = value.p, *end = value.p + value.n;

	while ((p = memchr(p, '&', (size_t)(end - p)))) {
		char name[40];
		size_t n = 0;

		for (p++; p < end && isalnum((unsigned char)*p) && n + 1 < sizeof(name); p++)
			name[n++] = *p;
		name[n] = '\0';
		if (n && p < end && *p == ';' && !htmlEntityLookup((const xmlChar *)name))
			return true;
	}
	return false;
}

static struct slice read_name(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && isalnum((unsigned char)*s->p))
		s->p++;
	return (struct slice){ from, (size_t)(s->p - from) };
}

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && isspace((unsigned char)*s->p))
		s->p++;
}

/* A value behind "=": quoted, or of characters that need no quotes. */
static bool read_value(struct scan *s, struct slice *value)
{
	char quote = s->p < s->end ? *s->p : 0;
	const char *from = s->p, *close;

	if (quote == '"' || quote == '\'') {
		from++;
		close = s->unclosed[quote == '"'] ? NULL : memchr(from, quote, (size_t)(s->end - from));
		if (!close) {
			s->unclosed[quote == '"'] = true;
			return false;
		}
		s->p = close + 1;
		*value = (struct slice){ from, (size_t)(close - from) };
		return true;
	}
	while (s->p < s->end && !isspace((unsigned char)*s->p) && !strchr("\"'=<>`", *s->p))
		s->p++;
	*value = (struct slice){ from, (size_t)(s->p - from) };
	return value->n > 0;
}

static bool read_attribute(struct scan *s, struct slice *name, struct slice *value)
{
	const char *from = s->p;

	while (s->p < s->end && (isalnum((unsigned char)*s->p) || strchr("-_:.@", *s->p)) && *s->p)
		s->p++;
	*name = (struct slice){ from, (size_t)(s->p - from) };
	*value = (struct slice){ "", 0 };
	if (!name->n)
		return false;
	from = s->p;
	skip_blanks(s);
	if (s->p == s->end || *s->p != '=') {
		s->p = from;
		return true;
	}
	s->p++;
	skip_blanks(s);
	return read_value(s, value);
}

struct tag {
	struct slice name;
	int attributes;
	bool odd_style; /* a <style> that says more than its type */
	bool scheme, says_dark;
	bool entity; /* an attribute has a character by a name that the parser does not know */
};

static void note_attribute(struct tag *t, struct slice name, struct slice value)
{
	t->attributes++;
	if (!(is_name(name, "type") && (!value.n || is_name(value, "text/css"))) &&
	    !(is_name(name, "rel") && is_name(value, "stylesheet")) &&
	    !(is_name(name, "media") && (!value.n || is_name(value, "all"))))
		t->odd_style = true;
	if (is_name(name, "name") && (is_name(value, "color-scheme") || is_name(value, "supported-color-schemes")))
		t->scheme = true;
	if (!is_name(name, "href") && !is_name(name, "alt") && !is_name(name, "title") && has_new_entity(value))
		t->entity = true;
	if (is_name(name, "content") && memmem(value.p, value.n, "dark", 4))
		t->says_dark = true;
}

/* Reads the rest of a start tag, up to its ">". False: not well-formed. */
static bool read_tag(struct scan *s, struct tag *t)
{
	t->name = read_name(s);
	for (;;) {
		const char *before = s->p;
		struct slice name, value;

		skip_blanks(s);
		if (s->p < s->end && *s->p == '/' && s->p + 1 < s->end && s->p[1] == '>')
			s->p++;
		if (s->p < s->end && *s->p == '>')
			break;
		if (s->p == before || !read_attribute(s, &name, &value))
			return false;
		note_attribute(t, name, value);
		if (t->attributes > ATTRIBUTES_MAX)
			return false;
	}
	s->p++;
	return true;
}

/* Goes behind </name ...>; gives what stood before it. False: it never comes. */
static bool skip_raw(struct scan *s, struct slice name, struct slice *content)
{
	const char *from = s->p;

	for (const char *p = from; (p = memchr(p, '<', (size_t)(s->end - p))); p++) {
		if ((size_t)(s->end - p) < name.n + 3 || p[1] != '/' || strncasecmp(p + 2, name.p, name.n) != 0)
			continue;
		if (p[2 + name.n] != '>')
			return false;
		*content = (struct slice){ from, (size_t)(p - from) };
		s->p = p + name.n + 3;
		return true;
	}
	return false;
}

static void take_raw(struct scan *s, const struct tag *t, const char *at)
{
	struct slice content;

	if (!skip_raw(s, t->name, &content)) {
		broken(s, at, "an element that is not closed");
		s->p = s->end;
		return;
	}
	if (is_name(t->name, "title")) {
		if (memchr(content.p, '<', content.n))
			broken(s, at, "markup in the title");
	} else if (is_name(t->name, "style")) {
		if (t->odd_style)
			s->out->style_doubt = "a style sheet for some readers only";
		if (s->out->n_styles == HTML_STYLES_MAX)
			s->out->style_doubt = "more style sheets than can be judged";
		else
			s->out->style[s->out->n_styles++] = content;
	}
}

static bool start_tag(struct scan *s, const char *at)
{
	struct tag t = { 0 };

	if (!read_tag(s, &t)) {
		broken(s, at, "a tag that is not well-formed");
		s->p = at + 1;
		return true;
	}
	s->out->dark = s->out->dark || (t.scheme && t.says_dark);
	if (t.entity)
		doubt(s, at, "a character by a name that not all readers know");
	check_body(s, t.name, at);
	if (is_void(t.name)) {
		check_place(s, t.name, at);
		return true;
	}
	if (is_name(t.name, "style") || is_name(t.name, "script") || is_name(t.name, "title")) {
		take_raw(s, &t, at);
		return true;
	}
	check_paragraph(s, t.name, at);
	while (s->depth && ends(t.name, s->open[s->depth - 1]))
		s->depth--;
	check_place(s, t.name, at);
	if (s->depth == HTML_DEPTH_MAX) {
		doubt(s, at, "elements nested too deep");
		s->out->stop = (size_t)(at - s->start);
		return false;
	}
	s->open[s->depth++] = t.name;
	return true;
}

static void end_tag(struct scan *s, const char *at)
{
	struct slice name;
	size_t d = s->depth;

	s->p = at + 2;
	name = read_name(s);
	skip_blanks(s);
	if (!name.n || s->p == s->end || *s->p != '>') {
		broken(s, at, "an end tag that is not well-formed");
		return;
	}
	s->p++;
	if (is_name(name, "body") || is_name(name, "html"))
		s->after = true;
	if (is_void(name))
		return;
	while (d && may_stay_open(s->open[d - 1]) &&
	       !(s->open[d - 1].n == name.n && strncasecmp(s->open[d - 1].p, name.p, name.n) == 0))
		d--;
	if (!d || s->open[d - 1].n != name.n || strncasecmp(s->open[d - 1].p, name.p, name.n) != 0)
		doubt(s, at, "elements that cross each other");
	else
		s->depth = d - 1;
}

static void comment(struct scan *s, const char *at)
{
	const char *from = at + 4, *close = memmem(from, (size_t)(s->end - from), "-->", 3);
	const char *p = from;

	if (!close) {
		broken(s, at, "a comment that is not closed");
		s->p = s->end;
		return;
	}
	s->p = close + 3;
	while (p < close && isspace((unsigned char)*p))
		p++;
	/* Some clients read what stands in "[if mso]" comments; some end comments earlier than others. */
	if (p < close && (*p == '[' || (*p == '<' && p + 1 < close && p[1] == '!')) &&
	    !html_ghost_is_harmless((struct slice){ p, (size_t)(close - p) }))
		undo(s, at, "a conditional comment");
	if (*from == '>' || (*from == '-' && from[1] == '>') || memmem(from, (size_t)(close - from), "--", 2) ||
	    (close > from && close[-1] == '-'))
		broken(s, at, "a comment that is not well-formed");
}

/* "<!doctype html", and those of XHTML and of HTML 4.01 with its address. Under others browsers show tables as of old. */
static bool is_standards(struct slice doctype)
{
	const char *p = doctype.p + 9, *end = doctype.p + doctype.n;
	char text[300];
	size_t n = 0;

	while (p < end && isspace((unsigned char)*p))
		p++;
	for (; p < end && n + 1 < sizeof(text); p++)
		text[n++] = (char)tolower((unsigned char)*p);
	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	text[n] = '\0';
	return strcmp(text, "html") == 0 ||
	       (strncmp(text, "html public \"-//w3c//dtd xhtml 1.", 33) == 0) ||
	       (strncmp(text, "html public \"-//w3c//dtd html 4.01", 34) == 0 && strstr(text, "http://www.w3.org/tr/"));
}

static void declaration(struct scan *s, const char *at)
{
	const char *close = memchr(at, '>', (size_t)(s->end - at));

	if (s->end - at > 4 && memcmp(at, "<!--", 4) == 0) {
		comment(s, at);
		return;
	}
	if (!close || s->end - at < 9 || strncasecmp(at, "<!doctype", 9) != 0 ||
	    memchr(at, '[', (size_t)(close - at)) || memchr(at + 1, '<', (size_t)(close - at - 1)))
		broken(s, at, "a construct between angle brackets that is no HTML");
	else if (s->content || s->depth)
		doubt(s, at, "a doctype in the middle");
	else
		s->out->standards = is_standards((struct slice){ at, (size_t)(close - at) });
	s->p = close ? close + 1 : s->end;
}

/* True: go on. */
static bool construct(struct scan *s, const char *at)
{
	char next = at + 1 < s->end ? at[1] : ' ';

	s->p = at + 1;
	if (isalpha((unsigned char)next))
		return start_tag(s, at);
	if (next == '/')
		end_tag(s, at);
	else if (next == '!')
		declaration(s, at);
	else if (!isspace((unsigned char)next) && !isdigit((unsigned char)next) && next != '=')
		broken(s, at, "a \"<\" that begins no tag");
	return true;
}

void html_scan(struct slice html, struct html_scan *out)
{
	struct scan s = { .p = html.p, .start = html.p, .end = html.p + html.n, .broken_at = html.n, .out = out };
	const char *nul = memchr(html.p, 0, html.n), *at;

	*out = (struct html_scan){ .doubt_at = html.n, .stop = html.n };
	if (nul)
		s.end = nul;
	while (s.p < s.end && (at = memchr(s.p, '<', (size_t)(s.end - s.p)))) {
		check_text(&s, s.p, at);
		if (!construct(&s, at) || (size_t)(at - s.start) > s.broken_at + BROKEN_MAX)
			break;
	}
	if (s.p < s.end)
		check_text(&s, s.p, s.end);
	if (nul)
		doubt(&s, nul, "a NUL byte");
	if (nul && out->stop > (size_t)(nul - s.start))
		out->stop = (size_t)(nul - s.start);
	if (out->stop > s.broken_at + BROKEN_MAX)
		out->stop = s.broken_at + BROKEN_MAX;
}
