/*
 * Exports: see export.h. The site is walked as a browser would, from the statement page along its links, by exchanges without a
 * server; what is linked from nowhere is public nowhere. This is done twice within one transaction: the first walk finds out which
 * pages there are, the second writes them from the last to the first, so that what is new is there before it is listed, and no page has
 * to be held in memory.
 */
#include "web/export.h"

#include "web/exchange.h"
#include "web/export_folder.h"
#include "web/pages.h"

#define PAGES_MAX 200000
#define REWRITTEN_MAX (2 * RESPONSE_MAX)

/* The pages that need no server, and how their files end. All others stay where they are. */
static const struct {
	page_fn *run;
	const char *ending;
} STATIC_PAGES[] = {
	{ page_statement, "index.html" }, { page_project, "/index.html" },   { page_mailing, "/index.html" },
	{ page_mailing_text, ".txt" },    { page_privacy, "/index.html" },   { page_accessibility, "/index.html" },
	{ asset_page, "" },
};

struct page_file {
	const char *target; /* as it is linked: "/assets/placet.css?v=..." */
	const char *path;   /* without what stands behind "?" */
	const char *file;   /* below the folder */
	bool html;
};

struct walk {
	struct web web;
	struct arena *a;
	struct page_file *page;
	size_t n, room;
	size_t *slot; /* places in `page` plus one, by the hash of the path; 0: free */
	size_t n_slots;
};

/* --- the pages that are known ------------------------------------------------------------------- */

static size_t slot_of(const struct walk *w, struct slice path)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < path.n; i++)
		hash = (hash ^ (uint8_t)path.p[i]) * 1099511628211u;
	for (size_t at = hash % w->n_slots;; at = (at + 1) % w->n_slots)
		if (!w->slot[at] || slice_is(path, w->page[w->slot[at] - 1].path))
			return at;
}

static const struct page_file *find(const struct walk *w, struct slice path)
{
	size_t got = w->slot[slot_of(w, path)];

	return got ? &w->page[got - 1] : NULL;
}

static void make_slots(struct walk *w, size_t n)
{
	w->n_slots = n;
	w->slot = ARENA_ARRAY(w->a, size_t, n);
	for (size_t i = 0; i < w->n; i++)
		w->slot[slot_of(w, slice_of(w->page[i].path))] = i + 1;
}

/* The name of the file for a path, NULL if a server has to answer it. */
static const char *file_of(const struct walk *w, const char *path)
{
	static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/";
	struct route_match m;

	/* Nothing that a file system could read in another way than the router does. */
	if (path[strspn(path, PLAIN)] || strstr(path, "/.") ||
	    route_find(w->web.site.routes, w->web.site.n_routes, w->a, "GET", slice_of(path), &m) != ROUTE_FOUND)
		return NULL;
	for (size_t i = 0; i < COUNT(STATIC_PAGES); i++)
		if (m.route->run == STATIC_PAGES[i].run)
			return arena_printf(w->a, "%s%s", path + 1, STATIC_PAGES[i].ending);
	return NULL;
}

static int note(struct walk *w, struct slice target, struct err *e)
{
	size_t n = 0;
	const char *path, *file;

	while (n < target.n && !strchr("?#", target.p[n]))
		n++;
	if (find(w, (struct slice){ target.p, n }))
		return 0;
	path = arena_text_n(w->a, target.p, n);
	file = file_of(w, path);
	if (!file)
		return 0;
	if (w->n == PAGES_MAX)
		return err_set(e, ERR_INPUT, "there are more than %d public pages", PAGES_MAX);
	w->page = arena_room(w->a, w->page, w->n, &w->room, sizeof(*w->page));
	w->page[w->n++] = (struct page_file){ .target = arena_text_n(w->a, target.p, target.n), .path = path, .file = file };
	if (w->n * 2 > w->n_slots)
		make_slots(w, w->n_slots * 2);
	else
		w->slot[slot_of(w, slice_of(path))] = w->n;
	return 0;
}

/* --- links --------------------------------------------------------------------------------------- */

/*
 * The next address of this site behind `from`: what stands in href="/...", without the quotes. In our pages a quote within text
 * is always escaped, so that this can only be an attribute.
 */
static bool next_link(const char *from, struct slice *out)
{
	static const char *const NAMES[] = { " href", " src", " action" };

	while ((from = strstr(from, "=\"/"))) {
		for (size_t i = 0; i < COUNT(NAMES); i++) {
			size_t n = strlen(NAMES[i]);

			/* Some bytes always stand before: "<!doctype html>". */
			if (from[3] != '/' && strncmp(from - n, NAMES[i], n) == 0) {
				*out = (struct slice){ from + 2, strcspn(from + 2, "\"") };
				return true;
			}
		}
		from += 3;
	}
	return false;
}

/* The way from one file to another. */
static void add_way(struct buf *out, const char *from, const char *to)
{
	size_t same = 0;

	for (size_t i = 0; from[i] && from[i] == to[i]; i++)
		if (from[i] == '/')
			same = i + 1;
	for (const char *p = from + same; (p = strchr(p, '/')); p++)
		buf_adds(out, "../");
	buf_adds(out, to + same);
}

static void add_link(const struct walk *w, const struct page_file *from, struct slice target, struct buf *out)
{
	size_t n = 0;
	const struct page_file *to;

	while (n < target.n && !strchr("?#", target.p[n]))
		n++;
	to = find(w, (struct slice){ target.p, n });
	if (to) {
		add_way(out, from->file, to->file);
		buf_add(out, target.p + n, target.n - n);
	} else {
		buf_adds(out, w->web.site.origin);
		buf_add(out, target.p, target.n);
	}
}

/* --- walking ------------------------------------------------------------------------------------- */

/* Free *x in any case. */
static int fetch(struct walk *w, const struct page_file *p, struct exchange **x, struct response **r, struct err *e)
{
	const struct gate_field host = { { "Host", 4 }, { "localhost", 9 } };
	const struct gate_facts f = { .method = "GET", .version = "HTTP/1.1", .fields = &host, .n_fields = 1 };

	*x = exchange_new(&w->web.site, p->target);
	exchange_open(*x, &f, "");
	*r = exchange_answer(*x);
	MUST(*r);
	if ((*r)->status == 200)
		return 0;
	return err_set(e, (*r)->status == 503 ? ERR_AGAIN : ERR_BROKEN, "the page %.200s answers %d; the log says why", p->path,
		       (*r)->status);
}

static int visit(struct walk *w, size_t i, struct err *e)
{
	struct exchange *x;
	struct response *r;
	int rc = fetch(w, &w->page[i], &x, &r, e);

	w->page[i].html = rc == 0 && strncmp(r->type, "text/html", 9) == 0;
	if (w->page[i].html) {
		struct slice link = { buf_text(&r->body), 0 };

		while (rc == 0 && next_link(link.p + link.n, &link))
			rc = note(w, link, e);
	}
	exchange_free(x);
	return rc;
}

static void rewrite(const struct walk *w, const struct page_file *p, const struct buf *body, struct buf *out)
{
	const char *from = buf_text(body);
	struct slice link;

	while (next_link(from, &link)) {
		buf_add(out, from, (size_t)(link.p - from));
		add_link(w, p, link, out);
		from = link.p + link.n;
	}
	buf_adds(out, from);
}

static int write_page(struct walk *w, const struct page_file *p, const struct export_folder *f, struct err *e)
{
	struct exchange *x;
	struct response *r;
	struct buf out;
	int rc = fetch(w, p, &x, &r, e);

	buf_init(&out, REWRITTEN_MAX);
	if (rc == 0 && p->html)
		rewrite(w, p, &r->body, &out);
	else if (rc == 0)
		buf_add(&out, r->asset ? r->asset : buf_text(&r->body), r->asset ? r->asset_n : r->body.n);
	if (rc == 0)
		rc = out.over ? err_set(e, ERR_BROKEN, "the page %.200s is too large", p->path)
			      : export_folder_put(f, p->file, buf_text(&out), out.n, e);
	buf_free(&out);
	exchange_free(x);
	return rc;
}

/* Writes what the first walk found; the statement page, from which all are reached, last. */
static int write_all(struct walk *w, struct export_folder *f, struct site_export *out, struct err *e)
{
	const char **names = ARENA_ARRAY(w->a, const char *, w->n);

	*out = (struct site_export){ .files = w->n };
	for (size_t i = 0; i < w->n; i++) {
		names[i] = w->page[i].file;
		out->pages += w->page[i].html;
	}
	if (export_folder_claim(f, names, w->n, e) < 0)
		return -1;
	for (size_t i = w->n; i > 0; i--)
		if (write_page(w, &w->page[i - 1], f, e) < 0)
			return -1;
	return export_folder_end(f, names, w->n, &out->removed, e);
}

static int walk(struct walk *w, const char *dir, struct site_export *out, struct err *e)
{
	struct export_folder f;

	make_slots(w, 1024);
	if (export_folder_open(w->a, dir, w->web.site.origin, &f, e) < 0 || note(w, slice_of("/"), e) < 0)
		return -1;
	for (size_t i = 0; i < w->n; i++)
		if (visit(w, i, e) < 0)
			return -1;
	return write_all(w, &f, out, e);
}

int site_export(struct home *h, const char *dir, struct site_export *out, struct err *e)
{
	struct walk w = { .a = arena_new() };
	int rc;

	web_init(&w.web, h);
	/* One transaction around all pages, in place of one around each. */
	w.web.site.begin_read = NULL;
	rc = db_begin_read(h->db, e);
	if (rc == 0) {
		rc = walk(&w, dir, out, e);
		db_rollback(h->db);
	}
	leaving_clear(&w.web.leaving);
	arena_free(w.a);
	return rc;
}
