/* What acts, fetches, or changes how a page is read: see html_watch.h. */
#include "mail/html_watch.h"

#include <strings.h>

#include "mail/html_hints.h"

static const char *attribute(const char **atts, const char *name)
{
	return html_attribute((const char *const *)atts, name);
}

static bool is_remote(const char *url)
{
	url += strspn(url, " \t\r\n");
	return strncasecmp(url, "http:", 5) == 0 || strncasecmp(url, "https:", 6) == 0 || strncmp(url, "//", 2) == 0 ||
	       strncmp(url, "\\\\", 2) == 0 || strncasecmp(url, "ftp:", 4) == 0;
}

static bool acts(const char *url)
{
	static const char *const SCHEMES[] = { "javascript:", "vbscript:", "data:", "file:", "blob:" };
	char plain[16];
	size_t n = 0;

	for (; *url && n + 1 < sizeof(plain); url++)
		if ((unsigned char)*url > ' ')
			plain[n++] = *url;
	plain[n] = '\0';
	for (size_t i = 0; i < COUNT(SCHEMES); i++)
		if (strncasecmp(plain, SCHEMES[i], strlen(SCHEMES[i])) == 0)
			return true;
	return false;
}

static bool is_one_of(const char *value, const char *const *list)
{
	for (; *list; list++)
		if (strcasecmp(value, *list) == 0)
			return true;
	return false;
}

/* The charset that is named, after "charset=". */
static bool is_usual_charset(const char *name)
{
	static const char *const USUAL[] = { "utf-8", "utf8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", NULL };
	char plain[20];
	size_t n = 0;

	for (name += strspn(name, " \"'"); *name && !strchr(" \"';", *name) && n + 1 < sizeof(plain); name++)
		plain[n++] = *name;
	plain[n] = '\0';
	return is_one_of(plain, USUAL);
}

/* What a meta element can change in how the page is read. */
static const char *watch_meta(struct html_view *out, const char **all)
{
	static const char *const HARMLESS[] = { "content-type", "x-ua-compatible", "content-language", "refresh", NULL };
	const char *equiv = attribute(all, "http-equiv"), *content = attribute(all, "content"), *name = attribute(all, "name");
	const char *charset = attribute(all, "charset");

	if (equiv && strcasecmp(equiv, "refresh") == 0)
		out->active = true;
	if (equiv && !is_one_of(equiv, HARMLESS))
		return "a meta element that changes how the page is read";
	if (!charset && equiv && content && strcasecmp(equiv, "content-type") == 0 && strcasestr(content, "charset="))
		charset = strcasestr(content, "charset=") + 8;
	if (charset && !is_usual_charset(charset))
		return "a meta element that names another charset";
	if (name && content && strcasecmp(name, "viewport") == 0 &&
	    (!strstr(content, "width=device-width") || strstr(content, "scale=0")))
		return "a viewport that is not the reader's";
	return NULL;
}

const char *html_watch(struct html_view *out, const char *name, const char **all)
{
	static const char *const FETCHING[] = { "src", "srcset", "background", "poster", "lowsrc", "dynsrc", "longdesc",
						"data", "xlink:href", "manifest", "codebase", "classid", "ping" };

	for (const char **atts = all; atts && atts[0]; atts += 2) {
		const char *value = atts[1] ? atts[1] : "";

		if (strncasecmp(atts[0], "on", 2) == 0)
			out->active = true;
		for (size_t i = 0; i < COUNT(FETCHING); i++)
			if (strcasecmp(atts[0], FETCHING[i]) == 0 && (is_remote(value) || strcmp(FETCHING[i], "srcset") == 0))
				out->remote = true;
		if (strcasecmp(atts[0], "href") == 0 && acts(value))
			out->active = true;
	}
	if (strcmp(name, "link") == 0 || strcmp(name, "base") == 0)
		out->active = out->remote = true;
	return strcmp(name, "meta") == 0 ? watch_meta(out, all) : NULL;
}
