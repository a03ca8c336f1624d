/*
 * The first look: see html_scan.h. Mail clients disagree about HTML that is broken (quotes outside
 * values, crossed elements, odd comments), and whoever wants to deceive uses just that. So the part
 * is held to a strict grammar; from the first place that breaks it, nothing counts as seen. The same
 * look bounds what the parser is given: attributes per tag and depth, for which it needs square time.
 */
#include "mail/html_scan.h"

#include <ctype.h>
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
};

static void note_attribute(struct tag *t, struct slice name, struct slice value)
{
	t->attributes++;
	if (!is_name(name, "type") || (value.n && !is_name(value, "text/css")))
		t->odd_style = true;
	if (is_name(name, "name") && is_name(value, "color-scheme"))
		t->scheme = true;
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
	if (is_void(t.name))
		return true;
	if (is_name(t.name, "style") || is_name(t.name, "script") || is_name(t.name, "title")) {
		take_raw(s, &t, at);
		return true;
	}
	while (s->depth && ends(t.name, s->open[s->depth - 1]))
		s->depth--;
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
	if (p < close && (*p == '[' || (*p == '<' && p + 1 < close && p[1] == '!')))
		doubt(s, at, "a conditional comment");
	if (*from == '>' || (*from == '-' && from[1] == '>') || memmem(from, (size_t)(close - from), "--", 2) ||
	    (close > from && close[-1] == '-'))
		broken(s, at, "a comment that is not well-formed");
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
	else
		s->out->doctype = true;
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
	while (s.p < s.end && (at = memchr(s.p, '<', (size_t)(s.end - s.p))))
		if (!construct(&s, at) || (size_t)(at - s.start) > s.broken_at + BROKEN_MAX)
			break;
	if (nul)
		doubt(&s, nul, "a NUL byte");
	if (nul && out->stop > (size_t)(nul - s.start))
		out->stop = (size_t)(nul - s.start);
	if (out->stop > s.broken_at + BROKEN_MAX)
		out->stop = s.broken_at + BROKEN_MAX;
}
