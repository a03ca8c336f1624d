/*
 * The institution's public page, fetched as anybody would fetch it (`statement-page`): over https at its public address,
 * which is asked of our own resolver, so that what a local network makes of the name does not count.
 */
#ifndef PLACET_PAGE_H
#define PLACET_PAGE_H

#include "dns/look.h"

#define PAGE_MAX ((size_t)1024 * 1024)
#define PAGE_SECONDS 10
#define PAGE_REDIRECTS_MAX 2 /* within the host */
#define PAGE_LINKS_MAX 5000

/* A page as a reader of it counts: words in lower case with one blank between and at both ends, and where it links to. */
struct page_words {
	const char *words;
	const char **link; /* absolute addresses, without fragments */
	size_t n_links;
};

/* `base`: its own address; NULL leaves links as they are. */
void page_read(struct arena *a, struct slice html, const char *base, struct page_words *out);
/* Plain text in the same form. */
const char *page_normal_words(struct arena *a, const char *text);
/* Whether it links to that address; a final slash makes no difference. */
bool page_links_to(const struct page_words *p, const char *url);

struct page_source {
	const struct dns_asker *dns;
	const char *ca_file; /* certificates to believe beside the system's; NULL: none */
	int64_t end;         /* clock_ticks at which all fetching ends */
};

/* FACT_YES, and what the page says; else `out` says why there is none: FACT_NO where an answer came that is no page,
   FACT_UNKNOWN where none came. */
void page_fetch(struct arena *a, const struct page_source *s, const char *url, struct page_words *page, struct dns_fact *out);

struct statement {
	const char *url;
	const char *html;   /* the statement as it was registered, as HTML */
	const char *project_url, *title, *originator; /* project_url NULL: no project is asked about */
};

/* Is the statement there, and does it lead to the project's page, which names the project? */
void look_statement(struct arena *a, const struct page_source *s, const struct statement *x, struct dns_fact *out);

#endif
