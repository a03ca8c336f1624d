/*
 * See htmlplace.h. This is the tokenizer of HTML as far as our own templates
 * need it. It is stricter than browsers: whatever could be read in two ways,
 * like an attribute without quotes, is refused rather than understood.
 */
#include "htmlplace.h"

#include <ctype.h>

static void push(char *text, size_t room, char c)
{
	size_t n = strlen(text);

	if (n + 1 < room) {
		text[n] = (char)tolower((unsigned char)c);
		text[n + 1] = '\0';
	}
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* ">" of a tag: a script's or style's content follows as it is. */
static void end_tag(struct html_place *h)
{
	bool raw = !strcmp(h->tag, "script") || !strcmp(h->tag, "style");
	struct html_place next = { .at = raw ? AT_RAW : AT_TEXT };

	if (raw)
		memcpy(next.tag, h->tag, sizeof(next.tag));
	*h = next;
}

static const char *feed_less(struct html_place *h, char c)
{
	if (!isalpha((unsigned char)c) && c != '/' && c != '!') {
		h->at = AT_TEXT;
		return NULL;
	}
	h->at = AT_TAG_NAME;
	h->tag[0] = '\0';
	push(h->tag, sizeof(h->tag), c);
	return NULL;
}

static const char *feed_tag(struct html_place *h, char c)
{
	if (c == '>') {
		end_tag(h);
	} else if (is_space(c) || c == '/') {
		h->at = AT_TAG;
	} else if (h->at == AT_BREAK) {
		return "put a space after {% end %}: what follows would join the name before it";
	} else if (c == '=' || c == '"' || c == '\'' || c == '<') {
		return "this character cannot begin an attribute";
	} else {
		h->at = AT_ATTR_NAME;
		h->attr[0] = '\0';
		push(h->attr, sizeof(h->attr), c);
	}
	return NULL;
}

static const char *feed_tag_name(struct html_place *h, char c)
{
	if (is_space(c) || c == '>' || (c == '/' && h->tag[0] != '\0'))
		return feed_tag(h, c);
	push(h->tag, sizeof(h->tag), c);
	if (!strcmp(h->tag, "!--"))
		*h = (struct html_place){ .at = AT_COMMENT };
	return NULL;
}

static const char *feed_attr(struct html_place *h, char c)
{
	if (c == '=') {
		h->at = AT_EQUALS;
		return NULL;
	}
	if (h->at == AT_ATTR_NAME && is_space(c)) {
		h->at = AT_ATTR_AFTER;
		return NULL;
	}
	if (h->at == AT_ATTR_AFTER || c == '>' || c == '/') {
		h->at = is_space(c) ? h->at : AT_TAG;
		return is_space(c) ? NULL : feed_tag(h, c);
	}
	if (c == '"' || c == '\'' || c == '<')
		return "a quote or < in the name of an attribute";
	push(h->attr, sizeof(h->attr), c);
	return NULL;
}

static const char *feed_equals(struct html_place *h, char c)
{
	if (is_space(c))
		return NULL;
	if (c != '"' && c != '\'')
		return "put quotes around the value of the attribute";
	h->at = AT_VALUE;
	h->quote = c;
	h->begun = false;
	return NULL;
}

static const char *feed_value(struct html_place *h, char c)
{
	h->begun = true;
	if (c == h->quote) {
		h->at = AT_TAG;
		h->attr[0] = h->quote = '\0';
		h->begun = false;
	}
	return NULL;
}

/* Comments and scripts: only their end counts. */
static const char *feed_skipped(struct html_place *h, char c)
{
	const char *end = h->at == AT_COMMENT ? "-->" : !strcmp(h->tag, "script") ? "</script" : "</style";
	size_t n = strlen(h->last), want = strlen(end);

	if (n == sizeof(h->last) - 1) {
		memmove(h->last, h->last + 1, n);
		n--;
	}
	push(h->last, sizeof(h->last), c);
	n++;
	if (n < want || strcmp(h->last + n - want, end) != 0)
		return NULL;
	*h = (struct html_place){ .at = h->at == AT_COMMENT ? AT_TEXT : AT_TAG };
	if (h->at == AT_TAG)
		push(h->tag, sizeof(h->tag), '/');
	return NULL;
}

const char *html_place_feed(struct html_place *h, char c)
{
	switch (h->at) {
	case AT_TEXT:
		h->at = c == '<' ? AT_LESS : AT_TEXT;
		return NULL;
	case AT_LESS:
		return feed_less(h, c);
	case AT_TAG_NAME:
		return feed_tag_name(h, c);
	case AT_TAG:
	case AT_BREAK:
		return feed_tag(h, c);
	case AT_ATTR_NAME:
	case AT_ATTR_AFTER:
		return feed_attr(h, c);
	case AT_EQUALS:
		return feed_equals(h, c);
	case AT_VALUE:
		return feed_value(h, c);
	case AT_COMMENT:
	case AT_RAW:
		return feed_skipped(h, c);
	}
	BUG("html_place: no such state");
}

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(name, *list))
			return true;
	return false;
}

enum html_value html_place_value(const struct html_place *h, const char **why)
{
	static const char *const urls[] = { "href", "src",  "action",     "formaction", "poster",   "cite",
					    "data", "ping", "background", "xlink:href", "manifest", NULL };
	static const char *const never[] = { "style", "srcdoc", "srcset", NULL };

	*why = NULL;
	if (h->at == AT_TEXT)
		return VALUE_TEXT;
	if (h->at == AT_COMMENT)
		*why = "no value may stand in a comment";
	else if (h->at == AT_RAW)
		*why = "no value may stand in a script or style";
	else if (h->at == AT_EQUALS)
		*why = "put quotes around the value of the attribute";
	else if (h->at != AT_VALUE)
		*why = "a value may stand between tags or in a quoted attribute, not here";
	else if (!strncmp(h->attr, "on", 2) || is_one_of(h->attr, never))
		*why = "no value may stand in this attribute";
	if (*why)
		return VALUE_NONE;
	return is_one_of(h->attr, urls) ? VALUE_URL : VALUE_ATTR;
}

const char *html_place_branch(const struct html_place *h)
{
	if (h->at == AT_RAW || h->at == AT_COMMENT)
		return "no {% if %}, {% each %} or {% include %} may stand in a script, style or comment";
	if (h->at == AT_LESS || h->at == AT_EQUALS)
		return "{% if %}, {% each %} and {% include %} may not stand after < or =";
	return NULL;
}

/* In a tag, outside values. */
static bool in_tag(const struct html_place *h)
{
	return h->at == AT_TAG_NAME || h->at == AT_TAG || h->at == AT_BREAK || h->at == AT_ATTR_NAME ||
	       h->at == AT_ATTR_AFTER;
}

static bool same_place(const struct html_place *a, const struct html_place *b)
{
	return a->at == b->at && !strcmp(a->tag, b->tag) && !strcmp(a->attr, b->attr) && a->quote == b->quote &&
	       !strcmp(a->last, b->last);
}

const char *html_place_join(struct html_place *h, const struct html_place *other)
{
	bool begun = h->begun || other->begun;

	if (same_place(h, other)) {
		h->begun = begun;
		return NULL;
	}
	if (!in_tag(h) || !in_tag(other) || strcmp(h->tag, other->tag) != 0)
		return "the branches end at different places of the document (a tag or quote is left open in one)";
	/* One ended in a name, the other did not: a name that went on here would have two readings. */
	h->at = h->at == AT_TAG && other->at == AT_TAG ? AT_TAG : AT_BREAK;
	h->attr[0] = '\0';
	return NULL;
}

const char *html_place_loop(const struct html_place *start, struct html_place *end)
{
	if (same_place(start, end))
		return NULL;
	if (in_tag(start) && end->at == AT_TAG && !strcmp(start->tag, end->tag)) {
		end->at = AT_BREAK; /* the list may be empty, then the name before it is still open */
		return NULL;
	}
	return "{% each %} must end at the place of the document where it began";
}
