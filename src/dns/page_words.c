/*
 * What stands on a public page: see page.h. Any system may have made it, so that no judgement is tried of what is
 * visible: all text between the tags counts, but for scripts and styles. Over libxml2's SAX parser, as in mail/html.c.
 */
#include "dns/page.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <curl/curl.h>
#include <libxml/HTMLparser.h>
#include <string.h>
#include <strings.h>

#define CHUNK 4096

struct reading {
	struct arena *a;
	const char *base;
	struct buf text;
	struct page_words *out;
	unsigned silent; /* elements open whose text nobody reads */
};

static bool is_silent(const char *name)
{
	return strcasecmp(name, "script") == 0 || strcasecmp(name, "style") == 0 || strcasecmp(name, "template") == 0 ||
	       strcasecmp(name, "noscript") == 0;
}

/* An address as a browser would make it of what stands in href; NULL when it is none of the web. */
static const char *absolute(struct arena *a, const char *base, const char *href)
{
	CURLU *u;
	char *text = NULL;
	const char *out = NULL;

	if (!base)
		return arena_text(a, href);
	u = curl_url();
	if (u && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK && curl_url_set(u, CURLUPART_URL, href, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK && curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK)
		out = arena_text(a, text);
	curl_free(text);
	curl_url_cleanup(u);
	return out;
}

static void add_link(struct reading *r, const char *href)
{
	const char *url = r->out->n_links < PAGE_LINKS_MAX ? absolute(r->a, r->base, href) : NULL;

	if (url)
		r->out->link[r->out->n_links++] = url;
}

static bool is_inline(const char *name)
{
	static const char *const NAMES[] = { "a", "b", "i", "em", "strong", "span", "u", "s", "small", "sub", "sup", "code", "abbr", "q", "cite" };

	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (strcasecmp(name, NAMES[i]) == 0)
			return true;
	return false;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar **atts)
{
	struct reading *r = ctx;

	r->silent += is_silent((const char *)name);
	if (!is_inline((const char *)name))
		buf_addc(&r->text, ' ');
	if (strcasecmp((const char *)name, "a") == 0)
		for (; atts && atts[0]; atts += 2)
			if (strcasecmp((const char *)atts[0], "href") == 0 && atts[1])
				add_link(r, (const char *)atts[1]);
}

static void on_end(void *ctx, const xmlChar *name)
{
	struct reading *r = ctx;

	if (is_silent((const char *)name) && r->silent)
		r->silent--;
	/* Words do not run on from one block into the next, but within a word there may be emphasis. */
	if (!is_inline((const char *)name))
		buf_addc(&r->text, ' ');
}

static void on_text(void *ctx, const xmlChar *text, int n)
{
	struct reading *r = ctx;

	if (!r->silent)
		buf_add(&r->text, text, (size_t)n);
}

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

const char *page_normal_words(struct arena *a, const char *text)
{
	const char *lower = utf8_valid(text, strlen(text)) ? utf8_lower(a, utf8_nfc(a, text)) : text;
	char *out = arena_alloc(a, strlen(lower) + 3);
	size_t n = 0;

	out[n++] = ' ';
	for (; *lower; lower++)
		if (is_word_byte(*lower))
			out[n++] = *lower;
		else if (out[n - 1] != ' ')
			out[n++] = ' ';
	if (out[n - 1] != ' ')
		out[n++] = ' ';
	return out;
}

void page_read(struct arena *a, struct slice html, const char *base, struct page_words *out)
{
	htmlSAXHandler sax = { .startElement = on_start, .endElement = on_end, .characters = on_text,
			       .ignorableWhitespace = on_text, .cdataBlock = on_text };
	struct reading r = { .a = a, .base = base, .out = out };
	htmlParserCtxtPtr parser;

	*out = (struct page_words){ .link = ARENA_ARRAY(a, const char *, PAGE_LINKS_MAX) };
	buf_init(&r.text, 4 * PAGE_MAX);
	parser = htmlCreatePushParserCtxt(&sax, &r, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	MUST(parser);
	(void)htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
						  HTML_PARSE_IGNORE_ENC);
	for (size_t at = 0; at < html.n && at < PAGE_MAX; at += CHUNK)
		(void)htmlParseChunk(parser, html.p + at, (int)(html.n - at < CHUNK ? html.n - at : CHUNK), 0);
	(void)htmlParseChunk(parser, "", 0, 1);
	if (parser->myDoc)
		xmlFreeDoc(parser->myDoc);
	htmlFreeParserCtxt(parser);
	out->words = page_normal_words(a, buf_text(&r.text));
	buf_free(&r.text);
}

bool page_links_to(const struct page_words *p, const char *url)
{
	size_t n = strlen(url);

	n -= n && url[n - 1] == '/';
	for (size_t i = 0; i < p->n_links; i++)
		if (strncmp(p->link[i], url, n) == 0 && (!p->link[i][n] || strcmp(p->link[i] + n, "/") == 0))
			return true;
	return false;
}
