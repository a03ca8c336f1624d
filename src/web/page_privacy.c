/* Pages that hardly change: privacy in the institution's words, accessibility in ours; and two for machines. */
#include "store/retention.h"
#include "tmpl.h"
#include "web/pages.h"

int page_privacy(const struct request *r, struct response *out, struct err *e)
{
	struct privacy_period *rows;
	struct retention *all;
	struct html content;
	struct page p;
	size_t n;

	if (page_open(r, &p, e) < 0 || page_markdown(p.a, p.in.privacy, &content, e) < 0 ||
	    retention_list(p.web->home, p.a, false, &all, &n, e) < 0)
		return -1;
	rows = ARENA_ARRAY(p.a, struct privacy_period, n);
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct privacy_period){ all[i].what, all[i].period };
	view_privacy_write(&out->body, &(struct view_privacy){
		PAGE_FRAME(&p, "Privacy"), .on_privacy = true, .content = content, .periods = rows, .n_periods = n });
	return 0;
}

int page_accessibility(const struct request *r, struct response *out, struct err *e)
{
	struct page p;

	if (page_open(r, &p, e) < 0)
		return -1;
	view_accessibility_write(&out->body, &(struct view_accessibility){
		PAGE_FRAME(&p, "Accessibility"), .on_accessibility = true });
	return 0;
}

/* Runs in a read-only transaction like any page, so it answers 503 when the database does not. */
int page_health(const struct request *r, struct response *out, struct err *e)
{
	(void)r;
	(void)e;
	response_text(out, 200, "ok");
	out->caching = CACHE_NONE;
	return 0;
}

int page_robots(const struct request *r, struct response *out, struct err *e)
{
	(void)r;
	(void)e;
	response_text(out, 200, "User-agent: *\nDisallow: /opt-out/\nDisallow: /me/\nDisallow: /check/\nDisallow: /staff/");
	return 0;
}
