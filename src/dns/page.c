/*
 * Fetching the public page: see page.h. libcurl speaks https and judges the certificate; where it connects to is what our
 * resolver says; where it is sent on to is looked at first, and must be the same host.
 */
#include "dns/page.h"

#include "base/buf.h"
#include "base/clock.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define ADDRESSES_MAX 8
#define WAIT "find out why it does not answer; it is asked again by itself"
#define SERVE "serve the pages at the address that messages print: `placet web`, behind your https server"

static void say(struct dns_fact *out, enum fact answer, const char *found, const char *mend)
{
	*out = (struct dns_fact){ .answer = answer, .found = found, .mend = mend };
}

static const char *url_part(struct arena *a, const char *url, CURLUPart part)
{
	CURLU *u = curl_url();
	char *text = NULL;
	const char *out = NULL;

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK && curl_url_get(u, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK)
		out = arena_text(a, text);
	curl_free(text);
	curl_url_cleanup(u);
	return out;
}

/* --- where it is ------------------------------------------------------------------------------- */

static void add_addresses(struct arena *a, const struct dns_answer *x, bool v6, const char **list, size_t *n)
{
	for (size_t i = 0; i < x->n && *n < ADDRESSES_MAX; i++, (*n)++)
		*list = arena_printf(a, v6 ? "%s%s[%s]" : "%s%s%s", *list, **list ? "," : "", x->record[i].text);
}

/* "host:port:address,address", as libcurl wants it; NULL with `out` filled. */
static const char *resolve(struct arena *a, const struct page_source *s, const char *url, struct dns_fact *out)
{
	const char *host = url_part(a, url, CURLUPART_HOST), *port = url_part(a, url, CURLUPART_PORT), *list = "";
	struct dns_answer v4, v6;
	size_t n = 0;

	if (!host || !port) {
		say(out, FACT_NO, arena_printf(a, "%s is no web address", url), SERVE);
		return NULL;
	}
	v4 = dns_question(s->dns, a, host, DNS_A);
	v6 = dns_question(s->dns, a, host, DNS_AAAA);
	add_addresses(a, &v4, false, &list, &n);
	add_addresses(a, &v6, true, &list, &n);
	if (n)
		return arena_printf(a, "%s:%s:%s", host, port, list);
	if (v4.status == DNS_TROUBLE || v6.status == DNS_TROUBLE)
		say(out, FACT_UNKNOWN, arena_printf(a, "%s: %s", host, v4.status == DNS_TROUBLE ? v4.why : v6.why),
		    "find out why the DNS gives no answer; it is asked again by itself");
	else
		say(out, FACT_NO, arena_printf(a, "the DNS has no address of %s", host), "publish the address of the host that serves the pages");
	return NULL;
}

/* --- one request ------------------------------------------------------------------------------- */

static size_t on_data(char *p, size_t size, size_t n, void *ctx)
{
	struct buf *body = ctx;

	buf_add(body, p, size * n);
	return body->over ? 0 : size * n;
}

static CURLcode set_up(CURL *c, const struct page_source *s, const char *url, struct curl_slist *where, struct buf *body)
{
	int64_t left = (s->end - clock_ticks()) / 1000;
	CURLcode rc = curl_easy_setopt(c, CURLOPT_URL, url);

	if (left <= 0)
		return CURLE_OPERATION_TIMEDOUT;

	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_RESOLVE, where);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_PROXY, "");
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(left < PAGE_SECONDS * 1000 ? left : PAGE_SECONDS * 1000));
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_MAXFILESIZE, (long)PAGE_MAX);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_USERAGENT, "Placet");
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
	if (rc == CURLE_OK && s->ca_file)
		rc = curl_easy_setopt(c, CURLOPT_CAINFO, s->ca_file);
	return rc;
}

static void failed(struct arena *a, const char *url, CURLcode rc, const struct buf *body, struct dns_fact *out)
{
	if (rc == CURLE_PEER_FAILED_VERIFICATION)
		say(out, FACT_NO, arena_printf(a, "%s has a certificate that does not hold: %s", url, curl_easy_strerror(rc)),
		    "give it a certificate that browsers trust; `placet institution set ca-file` names a CA of your own");
	else if (body->over || rc == CURLE_FILESIZE_EXCEEDED)
		say(out, FACT_NO, arena_printf(a, "%s is larger than %zu bytes", url, PAGE_MAX), "make the page smaller");
	else if (rc == CURLE_SSL_CACERT_BADFILE)
		say(out, FACT_UNKNOWN, "the file of certificates that the setting ca-file names cannot be read", "mend the setting ca-file");
	else
		say(out, FACT_UNKNOWN, arena_printf(a, "%s could not be fetched: %s", url, curl_easy_strerror(rc)), WAIT);
}

/* What came, when it came; *next is where it sends us on to, or NULL. */
static void judge_answer(struct arena *a, const char *url, CURL *c, const char **next, struct dns_fact *out)
{
	const char *type = NULL, *to = NULL;
	long status = 0;

	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(c, CURLINFO_REDIRECT_URL, &to);
	*next = arena_text(a, to);
	if (to || status == 200)
		say(out, FACT_YES, "", "");
	else if (status >= 500 || status == 429)
		say(out, FACT_UNKNOWN, arena_printf(a, "%s answers with status %ld", url, status), WAIT);
	else
		say(out, FACT_NO, arena_printf(a, "%s answers with status %ld, not 200", url, status), SERVE);
	if (out->answer == FACT_YES && !to && (!type || strncasecmp(type, "text/html", 9) != 0))
		say(out, FACT_NO, arena_printf(a, "%s is no text/html, but %s", url, type ? dns_quote(a, type) : "of no type"), SERVE);
}

static void request(struct arena *a, const struct page_source *s, const char *url, struct buf *body, const char **next,
		    struct dns_fact *out)
{
	const char *where = resolve(a, s, url, out);
	struct curl_slist *list;
	CURLcode rc;
	CURL *c;

	*next = NULL;
	if (!where)
		return;
	list = curl_slist_append(NULL, where);
	c = curl_easy_init();
	MUST(list && c);
	rc = set_up(c, s, url, list, body);
	rc = rc ? rc : curl_easy_perform(c);
	if (rc == CURLE_OK)
		judge_answer(a, url, c, next, out);
	else
		failed(a, url, rc, body, out);
	curl_easy_cleanup(c);
	curl_slist_free_all(list);
}

static bool same_place(struct arena *a, const char *x, const char *y)
{
	static const CURLUPart PARTS[] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };

	for (size_t i = 0; i < COUNT(PARTS); i++) {
		const char *p = url_part(a, x, PARTS[i]), *q = url_part(a, y, PARTS[i]);

		if (!p || !q || strcasecmp(p, q) != 0)
			return false;
	}
	return true;
}

void page_fetch(struct arena *a, const struct page_source *s, const char *url, struct page_words *page, struct dns_fact *out)
{
	const char *at = url, *next;
	struct buf body;

	*page = (struct page_words){ .words = " " };
	buf_init(&body, PAGE_MAX);
	for (int i = 0;; i++, at = next) {
		buf_clear(&body);
		request(a, s, at, &body, &next, out);
		if (out->answer != FACT_YES || !next)
			break;
		if (i == PAGE_REDIRECTS_MAX || !same_place(a, at, next)) {
			say(out, FACT_NO, arena_printf(a, "%s sends its readers on to %s", at, dns_quote(a, next)),
			    "let the address that messages print show the page itself");
			break;
		}
	}
	if (out->answer == FACT_YES)
		page_read(a, (struct slice){ buf_text(&body), body.n }, at, page);
	buf_free(&body);
}

/* --- the statement ----------------------------------------------------------------------------- */

static bool has_words(struct arena *a, const struct page_words *p, const char *text)
{
	return strstr(p->words, page_normal_words(a, text)) != NULL;
}

static void look_project(struct arena *a, const struct page_source *s, const struct statement *x, struct dns_fact *out)
{
	const char *mend = "serve the project's page; a project is there once a reviewer approved it";
	struct page_words page;

	page_fetch(a, s, x->project_url, &page, out);
	if (out->answer != FACT_YES)
		return;
	if (!has_words(a, &page, x->title))
		say(out, FACT_NO, arena_printf(a, "%s does not name the project “%s”", x->project_url, x->title), mend);
	else if (!has_words(a, &page, x->originator))
		say(out, FACT_NO, arena_printf(a, "%s does not name %s, who answers for the project", x->project_url, x->originator), mend);
	else
		say(out, FACT_YES, arena_printf(a, "%s has the statement and leads to %s, which names the project", x->url, x->project_url), "");
}

void look_statement(struct arena *a, const struct page_source *s, const struct statement *x, struct dns_fact *out)
{
	struct page_words page, registered;

	page_fetch(a, s, x->url, &page, out);
	if (out->answer != FACT_YES)
		return;
	page_read(a, slice_of(x->html), NULL, &registered);
	if (!strcmp(registered.words, " "))
		say(out, FACT_NO, "no statement is registered", "placet institution set statement --file FILE");
	else if (!strstr(page.words, registered.words))
		say(out, FACT_NO, arena_printf(a, "%s does not have the institution's statement as it is registered", x->url),
		    "serve the page with these words: `placet web` does, or `placet institution set statement` changes them");
	else if (!x->project_url)
		say(out, FACT_YES, arena_printf(a, "%s has the institution's statement", x->url), "");
	else if (!page_links_to(&page, x->project_url))
		say(out, FACT_NO, arena_printf(a, "%s has no link to %s", x->url, x->project_url),
		    "let the statement page link to the project's page; a project is on it once a reviewer approved it");
	else
		look_project(a, s, x, out);
}
