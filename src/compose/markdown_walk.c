/*
 * Running md4c: see markdown_walk.h. HTML is left switched on in the parser
 * for one reason: so that it is recognised, and refused with its line, rather
 * than mailed as a surprise. Links have a list of what is allowed (BODY-2), not
 * of what is forbidden.
 */
#include "compose/compose.h"
#include "compose/fields.h"
#include "compose/markdown_walk.h"

#include <ctype.h>
#include <strings.h>

#include "base/codec.h"
#include "base/utf8.h"

/* Not wanted of GitHub's dialect: strike-through and task lists, which plain text cannot show. Indented
   code neither: people indent paragraphs. */
#define FLAGS                                                                                                          \
	(MD_FLAG_TABLES | MD_FLAG_PERMISSIVEURLAUTOLINKS | MD_FLAG_PERMISSIVEEMAILAUTOLINKS |                          \
	 MD_FLAG_NOINDENTEDCODEBLOCKS)

#define HREF_MAX 1000

static const struct entity {
	const char *name, *text;
} ENTITIES[] = {
	{ "amp", "&" },       { "lt", "<" },     { "gt", ">" },     { "quot", "\"" },  { "apos", "'" },
	{ "nbsp", "\u00a0" }, { "copy", "©" },   { "reg", "®" },    { "trade", "™" },  { "deg", "°" },
	{ "plusmn", "±" },    { "times", "×" },  { "divide", "÷" }, { "micro", "µ" },  { "middot", "·" },
	{ "sect", "§" },      { "para", "¶" },   { "pound", "£" },  { "euro", "€" },   { "cent", "¢" },
	{ "yen", "¥" },       { "ndash", "–" },  { "mdash", "—" },  { "hellip", "…" }, { "bull", "•" },
	{ "lsquo", "‘" },     { "rsquo", "’" },  { "ldquo", "“" },  { "rdquo", "”" },  { "laquo", "«" },
	{ "raquo", "»" },     { "larr", "←" },   { "rarr", "→" },   { "frac12", "½" }, { "frac14", "¼" },
	{ "frac34", "¾" },    { "sup2", "²" },   { "sup3", "³" },   { "auml", "ä" },   { "ouml", "ö" },
	{ "uuml", "ü" },      { "Auml", "Ä" },   { "Ouml", "Ö" },   { "Uuml", "Ü" },   { "szlig", "ß" },
	{ "eacute", "é" },    { "egrave", "è" }, { "agrave", "à" }, { "aacute", "á" }, { "ccedil", "ç" },
	{ "ntilde", "ñ" },    { "iacute", "í" }, { "oacute", "ó" }, { "uacute", "ú" }, { "ecirc", "ê" },
};

static void saw(struct walk *w, const char *p)
{
	if (p >= w->md && p <= w->md + w->n)
		w->at = (size_t)(p - w->md);
}

static size_t line_of(const struct walk *w)
{
	size_t line = 1;

	for (size_t i = 0; i < w->at && i < w->n; i++)
		line += w->md[i] == '\n';
	return line;
}

/* A fault of the writer's; ends the walk. */
static int fault(struct walk *w, const char *what)
{
	if (w->e->kind == ERR_NONE)
		err_set(w->e, ERR_INPUT, "line %zu: %s", line_of(w), what);
	return -1;
}

/* "&#38;", "&#x26;": the character, or 0 if it may not stand in a text. */
static uint32_t numeric_entity(struct slice s)
{
	char digits[10] = "";
	bool hex = s.p[2] == 'x' || s.p[2] == 'X';
	size_t from = hex ? 3 : 2, n = s.n - from - 1;
	char *end;
	unsigned long c;

	if (s.n < from + 2 || n >= sizeof(digits))
		return 0;
	memcpy(digits, s.p + from, n);
	c = strtoul(digits, &end, hex ? 16 : 10);
	if (*end || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return utf8_is_control((uint32_t)c) || utf8_is_invisible((uint32_t)c) ? 0 : (uint32_t)c;
}

/* Appends what the entity stands for. A name that is not known stays as it was typed. */
static int add_entity(struct walk *w, struct buf *out, struct slice s)
{
	char utf8[4];
	uint32_t c;

	if (s.n > 3 && s.p[1] == '#') {
		c = numeric_entity(s);
		if (!c)
			return fault(w, "a numbered character that is a control, invisible or none; take it out");
		buf_add(out, utf8, utf8_put(c, utf8));
		return 0;
	}
	for (size_t i = 0; i < COUNT(ENTITIES); i++)
		if (slice_is((struct slice){ s.p + 1, s.n - 2 }, ENTITIES[i].name)) {
			buf_adds(out, ENTITIES[i].text);
			return 0;
		}
	buf_add(out, s.p, s.n);
	return 0;
}

static bool is_loopback(const char *host, size_t n)
{
	return (n == 9 && memcmp(host, "127.0.0.1", 9) == 0) || (n == 9 && memcmp(host, "localhost", 9) == 0) ||
	       (n == 5 && memcmp(host, "[::1]", 5) == 0);
}

static bool web_link_is_good(const char *rest, bool secure, const char **why)
{
	size_t authority = strcspn(rest, "/?#"), host = strcspn(rest, "/?#:");

	*why = "a field in a link stands behind the host, or is the whole link";
	if (slot_find(rest, authority) < authority)
		return false;
	if (*rest == '[')
		host = strcspn(rest, "]/?#") + 1;
	*why = "a link has a user name before its host; take that out";
	if (memchr(rest, '@', authority))
		return false;
	*why = "a link has no host";
	if (host == 0 || host > authority)
		return false;
	*why = "a link is not secure; write https:// where it says http://";
	return secure || is_loopback(rest, host);
}

static bool mail_link_is_good(const char *rest, const char **why)
{
	const char *at = strchr(rest, '@');

	*why = "a mail link is not an address; write it as mailto:name@example.org";
	return slot_find(rest, strlen(rest)) == strlen(rest) && at && at > rest && at[1] && at[1] != '?' && !strchr(at + 1, '@') && !strcasestr(rest, "cc=");
}

bool link_is_good(const char *href, const char **why)
{
	size_t slot;

	for (const char *p = href; *p; p += slot_at(p, strlen(p), &slot) ? MARK_SIZE : 1)
		if (!slot_at(p, strlen(p), &slot) && (*p <= ' ' || *p >= 0x7f || strchr("<>\"\\^`{|}", *p))) {
			*why = "a link has a blank, a field or a character outside ASCII; "
			       "write the whole address, such characters as %-escapes";
			return false;
		}
	if (slot_at(href, strlen(href), &slot) && href[MARK_SIZE] == '\0')
		return true; /* a declared link: compile_cut.c looks whether it is one */
	if (strncasecmp(href, "https://", 8) == 0)
		return web_link_is_good(href + 8, true, why);
	if (strncasecmp(href, "http://", 7) == 0)
		return web_link_is_good(href + 7, false, why);
	if (strncasecmp(href, "mailto:", 7) == 0)
		return mail_link_is_good(href + 7, why);
	*why = "a link is neither https: nor mailto:; write the whole address";
	return false;
}

static int read_href(struct walk *w, const MD_ATTRIBUTE *a)
{
	const char *why;

	buf_clear(&w->href);
	if (!a->size)
		return fault(w, "a link has no address");
	saw(w, a->text);
	for (size_t i = 0; a->substr_offsets[i] < a->size; i++) {
		struct slice s = { a->text + a->substr_offsets[i], a->substr_offsets[i + 1] - a->substr_offsets[i] };

		if (a->substr_types[i] == MD_TEXT_ENTITY) {
			if (add_entity(w, &w->href, s) < 0)
				return -1;
		} else {
			buf_add(&w->href, s.p, s.n);
		}
	}
	if (w->href.over)
		return fault(w, "a link is too long");
	return link_is_good(buf_text(&w->href), &why) ? 0 : fault(w, why);
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
	struct walk *w = ctx;

	if (type == MD_BLOCK_HTML)
		return 0; /* its text follows, and with it the line */
	if (++w->depth > WALK_DEPTH)
		return fault(w, "lists and quotes are nested too deep");
	w->calls->enter_block(w, type, detail);
	return w->out->over ? -1 : 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
	struct walk *w = ctx;

	if (type == MD_BLOCK_HTML)
		return 0;
	w->depth--;
	w->calls->leave_block(w, type, detail);
	return w->out->over ? -1 : 0;
}

static int enter_image(struct walk *w, const MD_ATTRIBUTE *src)
{
	struct slice name = { src->text, src->size };

	saw(w, src->text);
	for (size_t i = 0; w->images && i < w->images->n; i++)
		if (slice_is(name, w->images->image[i].name)) {
			w->image = &w->images->image[i];
			w->images->used[i] = true;
			buf_clear(&w->alt);
			return 0;
		}
	if (w->e->kind == ERR_NONE)
		err_set(w->e, ERR_INPUT,
			"line %zu: an image that the project has not: “%.*s”; add it with `placet project image`, and name it as ![](NAME)",
			line_of(w), (int)(name.n > 80 ? 80 : name.n), name.p);
	return -1;
}

/* What an image says to who cannot see it was approved with it. */
static int leave_image(struct walk *w)
{
	const struct image *x = w->image;

	w->image = NULL;
	if (w->alt.n && strcmp(buf_text(&w->alt), x->alt) != 0)
		return fault(w, "an image with other words than those approved with it; write ![](NAME)");
	w->calls->image(w, x);
	return w->out->over ? -1 : 0;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *ctx)
{
	struct walk *w = ctx;

	if (w->image)
		return 0;
	if (type == MD_SPAN_IMG)
		return enter_image(w, &((MD_SPAN_IMG_DETAIL *)detail)->src);
	if (type == MD_SPAN_A && read_href(w, &((MD_SPAN_A_DETAIL *)detail)->href) < 0)
		return -1;
	w->calls->enter_span(w, type, type == MD_SPAN_A ? buf_text(&w->href) : "");
	return w->out->over ? -1 : 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *ctx)
{
	struct walk *w = ctx;

	(void)detail;
	if (w->image)
		return type == MD_SPAN_IMG ? leave_image(w) : 0;
	w->calls->leave_span(w, type, type == MD_SPAN_A ? buf_text(&w->href) : "");
	return w->out->over ? -1 : 0;
}

static int text_entity(struct walk *w, const char *p, size_t n)
{
	struct buf one;
	int rc;

	buf_init(&one, 64);
	rc = add_entity(w, &one, (struct slice){ p, n });
	w->calls->text(w, buf_text(&one), one.n);
	buf_free(&one);
	return rc;
}

static int text(MD_TEXTTYPE type, const MD_CHAR *p, MD_SIZE n, void *ctx)
{
	struct walk *w = ctx;
	int rc = 0;

	saw(w, p);
	if (w->image) {
		buf_add(&w->alt, p, n);
		return 0;
	}
	switch (type) {
	case MD_TEXT_HTML:
		return fault(w, "HTML; write Markdown, or a backslash before the “<”");
	case MD_TEXT_ENTITY:
		rc = text_entity(w, p, n);
		break;
	case MD_TEXT_BR:
		w->calls->text(w, "\n", 1);
		break;
	case MD_TEXT_SOFTBR:
		w->calls->text(w, " ", 1);
		break;
	case MD_TEXT_NULLCHAR:
		return fault(w, "a NUL character; take it out");
	default:
		w->calls->text(w, p, n);
		break;
	}
	return w->out->over ? -1 : rc;
}

int walk_markdown(struct walk *w, const char *md, size_t n, struct err *e)
{
	static const MD_PARSER PARSER = {
		0, FLAGS, enter_block, leave_block, enter_span, leave_span, text, NULL, NULL
	};
	struct buf copy;
	int rc;

	/* md4c 0.4.8 takes a ")" just past the end for the end of a link: the byte there is ours, and a NUL. */
	buf_init(&copy, MARKDOWN_MAX);
	buf_add(&copy, md, n);
	err_clear(e);
	w->md = buf_text(&copy);
	w->n = copy.n;
	w->at = 0;
	w->e = e;
	w->depth = 0;
	buf_init(&w->href, HREF_MAX);
	buf_init(&w->alt, HREF_MAX);
	rc = md_parse(w->md, (MD_SIZE)w->n, &PARSER, w);
	buf_free(&w->href);
	buf_free(&w->alt);
	if (copy.over || w->out->over)
		rc = err_set(e, ERR_INPUT, "the text is too long; put a part of it on the project's page");
	buf_free(&copy);
	if (rc != 0 && e->kind == ERR_NONE)
		return err_set(e, ERR_BROKEN, "the Markdown parser failed");
	return rc != 0 ? -1 : 0;
}
