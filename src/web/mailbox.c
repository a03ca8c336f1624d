/*
 * The mailbox: see mailbox.h. Nothing is kept between requests: each page
 * reads the folder, so that it shows what is there now. HTML of a message is
 * a document of its own, without scripts, forms or anything fetched, in a
 * frame that is cut off from the page around it.
 */
#include "web/mailbox.h"

#include "base/codec.h"
#include "base/file.h"
#include "base/utf8.h"
#include "mail/message.h"
#include "tmpl.h"
#include "web/asset.h"
#include "web/captured.h"
#include "web/server.h"

#define PER_PAGE 50
#define SOURCE_MAX (1 << 20)
#define ZONE_MAX (1 << 20)
#define SIGNATURES_MAX 8

struct mailbox_site {
	const char *dir, *dns;
	struct server *server;
	struct site site;
	char css[ASSET_URL_MAX], icon[ASSET_URL_MAX];
};

#define MAILBOX_FRAME(m, heading) .title = (heading), .css = (m)->css, .icon = (m)->icon

/* --- the list --- */

static const char *field_text(const struct message *m, const char *name)
{
	const struct field *f = message_field(m, name, 0);

	return f ? f->decoded : "";
}

static struct captured_row make_row(struct arena *a, const struct mailbox_site *m, int64_t number)
{
	struct captured_row row = { .url = arena_printf(a, "/messages/%lld", (long long)number) };
	struct captured envelope;
	struct message message;
	struct slice head;
	struct err e;

	captured_envelope(a, m->dir, number, &envelope);
	row.to = envelope.to;
	row.received = envelope.received;
	if (captured_read(a, m->dir, number, true, &head, &e) < 0 || message_parse(a, head, &message, &e) < 0) {
		row.subject = "(not readable)";
		return row;
	}
	row.subject = field_text(&message, "Subject");
	if (!*row.subject)
		row.subject = "(no subject)";
	row.from = field_text(&message, "From");
	return row;
}

static const char *page_link(struct arena *a, int64_t page)
{
	return page > 1 ? arena_printf(a, "/?page=%lld", (long long)page) : "/";
}

static int show_list(const struct request *r, struct response *out, struct err *e)
{
	const struct mailbox_site *m = r->ctx;
	struct captured_row *rows;
	int64_t *numbers, page;
	size_t n, from, count;

	if (parse_i64(form_text(r->query, "page"), 1, 1000000, &page) < 0)
		page = 1;
	if (captured_list(r->arena, m->dir, &numbers, &n, e) < 0)
		return -1;
	from = (size_t)(page - 1) * PER_PAGE;
	from = from > n ? n : from;
	count = n - from < PER_PAGE ? n - from : PER_PAGE;
	rows = ARENA_ARRAY(r->arena, struct captured_row, count);
	for (size_t i = 0; i < count; i++)
		rows[i] = make_row(r->arena, m, numbers[from + i]);
	out->caching = CACHE_NONE;
	view_mailbox_list_write(&out->body, &(struct view_mailbox_list){
		MAILBOX_FRAME(m, "Captured mail"),
		.total = (int64_t)n,
		.messages = rows,
		.n_messages = count,
		.newer = from ? page_link(r->arena, page - 1) : NULL,
		.older = from + count < n ? page_link(r->arena, page + 1) : NULL,
	});
	return 0;
}

/* --- one message --- */

/* A message that a path names, parsed. */
struct opened {
	const struct mailbox_site *m;
	struct captured envelope;
	struct slice bytes;
	struct message message;
};

static int open_message(const struct request *r, struct opened *o, struct err *e)
{
	int64_t number;

	o->m = r->ctx;
	if (parse_i64(route_param(&r->match, "number"), 1, INT64_MAX, &number) < 0)
		return err_set(e, ERR_MISSING, "not the number of a message");
	if (captured_read(r->arena, o->m->dir, number, false, &o->bytes, e) < 0)
		return -1;
	/* What is no message has a source all the same. */
	if (message_parse(r->arena, o->bytes, &o->message, e) < 0)
		o->message = (struct message){ 0 };
	captured_envelope(r->arena, o->m->dir, number, &o->envelope);
	return 0;
}

/* Bytes that may be anything, as text that a page can hold. */
static const char *showable(struct arena *a, struct slice s)
{
	size_t n = s.n < SOURCE_MAX ? s.n : SOURCE_MAX, step;
	char *out = arena_alloc(a, 3 * n + 1), *to = out;

	for (size_t i = 0; i < n; i += step) {
		uint32_t c = utf8_char(s.p + i, n - i, &step);

		if (c == '\r')
			continue;
		to += utf8_put(c != '\n' && c != '\t' && utf8_is_control(c) ? 0xFFFD : c, to);
	}
	return out;
}

static const char *part_text(struct arena *a, const struct message *m, const char *type)
{
	const struct part *p = message_part(m, type);

	return p ? showable(a, (struct slice){ p->bytes, p->n }) : NULL;
}

static const char *read_zone(struct arena *a, const struct mailbox_site *m)
{
	struct buf b;
	struct err e;
	const char *text = "";

	if (!m->dns)
		return "";
	buf_init(&b, ZONE_MAX);
	if (file_read(m->dns, &b, &e) == 0)
		text = arena_text(a, buf_text(&b));
	buf_free(&b);
	return text;
}

/* The verdict on each signature; at most 8. */
static size_t judge(struct arena *a, const struct opened *o, struct signature_row rows[SIGNATURES_MAX])
{
	struct captured_zone zone = { .arena = a, .text = read_zone(a, o->m) };
	struct dkim_result got[SIGNATURES_MAX];
	size_t n = dkim_verify(a, o->bytes, captured_lookup, &zone, 0, got);

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct signature_row){
			.answer = dkim_answer_name(got[i].answer),
			.good = got[i].answer == DKIM_PASS,
			.domain = got[i].domain,
			.selector = got[i].selector,
			.algorithm = got[i].algorithm,
			.reason = got[i].answer == DKIM_PASS ? NULL : got[i].reason,
		};
	return n;
}

static struct header_row *header_rows(struct arena *a, const struct message *m)
{
	struct header_row *rows = ARENA_ARRAY(a, struct header_row, m->n_fields);

	for (size_t i = 0; i < m->n_fields; i++)
		rows[i] = (struct header_row){ m->fields[i].name, m->fields[i].decoded };
	return rows;
}

/* Which of the tabs is open: the one asked for, else the best that there is. */
static const char *tab_of(const struct request *r, const struct message *m)
{
	static const char *const TABS[] = { "html", "text", "headers", "source" };
	const char *show = form_text(r->query, "show");

	for (size_t i = 0; i < COUNT(TABS); i++)
		if (strcmp(show, TABS[i]) == 0)
			return TABS[i];
	if (message_part(m, "text/html"))
		return "html";
	return message_part(m, "text/plain") ? "text" : m->n_fields ? "headers" : "source";
}

static void fill_tab(struct view_mailbox_message *v, struct arena *a, const struct opened *o, const char *tab)
{
	v->on_html = strcmp(tab, "html") == 0 && v->has_html;
	v->on_text = strcmp(tab, "text") == 0 && v->has_text;
	v->on_headers = strcmp(tab, "headers") == 0;
	v->on_source = strcmp(tab, "source") == 0;
	if (v->on_text)
		v->text = part_text(a, &o->message, "text/plain");
	if (v->on_headers) {
		v->headers = header_rows(a, &o->message);
		v->n_headers = o->message.n_fields;
	}
	if (v->on_source) {
		v->source = showable(a, o->bytes);
		v->cut = o->bytes.n > SOURCE_MAX;
	}
}

static int show_message(const struct request *r, struct response *out, struct err *e)
{
	struct signature_row signatures[SIGNATURES_MAX];
	struct opened o = { 0 };
	struct view_mailbox_message v;
	const char *subject;

	if (open_message(r, &o, e) < 0)
		return -1;
	subject = field_text(&o.message, "Subject");
	v = (struct view_mailbox_message){
		MAILBOX_FRAME(o.m, *subject ? subject : "(no subject)"),
		.from = field_text(&o.message, "From"),
		.sender = o.envelope.from,
		.to = o.envelope.to,
		.received = o.envelope.received,
		.tls = o.envelope.tls,
		.bytes = (int64_t)o.bytes.n,
		.has_html = message_part(&o.message, "text/html") != NULL,
		.has_text = message_part(&o.message, "text/plain") != NULL,
		.frame = arena_printf(r->arena, "/messages/%lld/html", (long long)o.envelope.number),
		.self = arena_printf(r->arena, "/messages/%lld", (long long)o.envelope.number),
		.signatures = signatures,
		.n_signatures = judge(r->arena, &o, signatures),
		.no_zone = !o.m->dns,
	};
	fill_tab(&v, r->arena, &o, tab_of(r, &o.message));
	out->framed = true;
	out->caching = CACHE_NONE;
	view_mailbox_message_write(&out->body, &v);
	return 0;
}

/* The HTML as it was received, shut in by its headers. */
static int show_html(const struct request *r, struct response *out, struct err *e)
{
	const struct part *html;
	struct opened o = { 0 };

	if (open_message(r, &o, e) < 0)
		return -1;
	html = message_part(&o.message, "text/html");
	if (!html)
		return err_set(e, ERR_MISSING, "a message without HTML");
	out->kind = PAGE_SANDBOX;
	buf_add(&out->body, html->bytes, html->n);
	return 0;
}

static void show_error(void *ctx, struct arena *a, int status, const char *text, struct response *out)
{
	const struct mailbox_site *m = ctx;

	out->kind = PAGE_PLAIN;
	view_mailbox_error_write(&out->body, &(struct view_mailbox_error){
		MAILBOX_FRAME(m, text), .number = arena_printf(a, "Error %d", status) });
}

/* --- the site --- */

static const struct route ROUTES[] = {
	{ "/", METHOD_GET, READ_ONLY, show_list },
	{ "/messages/{number}", METHOD_GET, READ_ONLY, show_message },
	{ "/messages/{number}/html", METHOD_GET, READ_ONLY, show_html },
	{ "/assets/{name}", METHOD_GET, READ_ONLY, asset_page },
};

struct mailbox_site *mailbox_start(const char *dir, const char *dns, int sock, struct err *e)
{
	struct mailbox_site *m = mem_alloc(sizeof(*m));

	m->dir = dir;
	m->dns = dns;
	asset_url("placet.css", m->css);
	asset_url("icon.svg", m->icon);
	m->site = (struct site){
		.name = "mailbox", .routes = ROUTES, .n_routes = COUNT(ROUTES), .ctx = m, .error_page = show_error
	};
	m->server = server_start(&m->site, NULL, sock, e);
	if (!m->server) {
		free(m);
		return NULL;
	}
	return m;
}

void mailbox_stop(struct mailbox_site *m)
{
	if (!m)
		return;
	server_stop(m->server);
	free(m);
}
