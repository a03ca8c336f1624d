/* Pages that hardly change: privacy in the institution's words, accessibility in ours; and two for machines. */
#include "tmpl.h"
#include "web/pages.h"

int page_privacy(const struct request *r, struct response *out, struct err *e)
{
	struct page p;
	struct html content;

	if (page_open(r, &p, e) < 0 || page_markdown(p.a, p.in.privacy, &content, e) < 0)
		return -1;
	view_text_write(&out->body, &(struct view_text){
		PAGE_FRAME(&p, "Privacy"), .on_privacy = true, .content = content });
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
