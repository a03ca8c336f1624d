/*
 * Exchanges: see exchange.h. The order is fixed: gate, path, method, size of
 * the body, query and form, then the page, inside a read-only transaction if
 * its row says so. What went wrong is told to the stranger by its kind only;
 * the words go to the log, under the route's pattern, never under the path,
 * which may hold a token (TOK-3).
 */
#include "web/exchange.h"

#include <strings.h>

#include "base/codec.h"
#include "base/log.h"
#include "mail/token.h"

/* Past this much too much, a connection is not listened to any further. */
#define OVERFLOW_MAX (1 << 20)

struct exchange {
	const struct site *site;
	struct arena *arena;
	char *target, *content_type;
	const char *if_none_match; /* NULL: not asked */
	struct request request;
	struct form query, form;
	struct response response;
	struct buf body;
	size_t overflow;
	bool open, ready, told;
};

struct exchange *exchange_new(const struct site *s, const char *target)
{
	struct exchange *x = mem_alloc(sizeof(*x));

	x->site = s;
	x->arena = arena_new();
	x->target = arena_text_n(x->arena, target, strnlen(target, GATE_TARGET_MAX + 1));
	x->request = (struct request){
		.query = &x->query, .form = &x->form, .arena = x->arena, .ctx = s->ctx
	};
	response_init(&x->response);
	buf_init(&x->body, BODY_SMALL);
	return x;
}

void exchange_free(struct exchange *x)
{
	if (!x)
		return;
	buf_free(&x->body);
	response_free(&x->response);
	arena_free(x->arena);
	free(x);
}

bool exchange_is_open(const struct exchange *x)
{
	return x->open;
}

/* The error page replaces whatever a page had begun. */
static void fail(struct exchange *x, int status, const char *text)
{
	const char *allow = x->response.allow;
	enum response_kind kind = x->response.kind;

	response_free(&x->response);
	response_init(&x->response);
	x->response.allow = allow;
	x->response.kind = kind;
	x->site->error_page(x->site->ctx, x->arena, status, text, &x->response);
	x->response.status = status;
	if (status == 503)
		x->response.retry_after = 30;
	x->ready = true;
}

static void fail_with(struct exchange *x, const struct err *e)
{
	const struct err_means *means = err_means(e->kind);
	const struct route *route = x->request.match.route;

	log_event(means->http >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_DEBUG, "request-failed", "site", x->site->name, "page",
		  route ? route->pattern : "", "kind", means->name, "why", e->text, NULL);
	if (x->site->failed)
		x->site->failed(x->site->ctx, e->kind);
	fail(x, means->http, means->text);
}

static const char *gate_text(int status)
{
	switch (status) {
	case 414:
		return "This address is too long.";
	case 417:
	case 501:
	case 505:
		return "This way of asking is not supported here.";
	case 415:
		return "This kind of content is not accepted here.";
	case 431:
		return "This request has too many headers.";
	default:
		return "This request could not be understood.";
	}
}

/* Moves a GET with a final slash to the address without it. */
static void move(struct exchange *x, struct slice path)
{
	const char *query = x->target + path.n;

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	x->response.location = arena_printf(x->arena, "%.*s%s", (int)path.n, path.p, query);
	response_text(&x->response, 308, "This page is at its address without the final slash.");
	x->ready = true;
}

static void route_request(struct exchange *x, const char *method)
{
	struct route_match *m = &x->request.match;
	struct slice path = { x->target, strcspn(x->target, "?") };
	enum route_answer answer =
		route_find(x->site->routes, x->site->n_routes, x->arena, method, path, m);

	x->request.path = arena_text_n(x->arena, path.p, path.n);
	if (m->route && m->route->flags & TOKEN_PAGE)
		x->response.kind = PAGE_TOKEN;
	switch (answer) {
	case ROUTE_FOUND:
		MUST(m->route);
		x->request.method = strcmp(method, "POST") == 0 ? METHOD_POST : METHOD_GET;
		x->body.max = m->route->flags & BIG_BODY ? BODY_BIG : m->route->flags & UPLOAD ? BODY_UPLOAD : BODY_SMALL;
		break;
	case ROUTE_SLASH:
		move(x, path);
		break;
	case ROUTE_METHOD:
		x->response.allow = m->allow;
		if (strcmp(method, "OPTIONS") == 0) {
			response_text(&x->response, 204, "");
			buf_clear(&x->response.body);
			x->ready = true;
		} else {
			fail(x, 405, "This page cannot be asked in this way.");
		}
		break;
	case ROUTE_MISSING:
		fail(x, 404, err_means(ERR_MISSING)->text);
		break;
	case ROUTE_MALFORMED:
		fail(x, 400, gate_text(400));
		break;
	}
}

static void judge_origin(struct exchange *x, const struct gate_facts *f)
{
	const struct route *route = x->request.match.route;

	if (!(route->flags & SAME_ORIGIN) || x->request.method != METHOD_POST || !gate_is_foreign(f, x->site->origin))
		return;
	log_event(LOG_LEVEL_INFO, "request-refused", "site", x->site->name, "page", route->pattern, "why",
		  "sent from another site", NULL);
	fail(x, 403, "This form was sent from another site.");
}

static void read_query(struct exchange *x)
{
	const char *mark = strchr(x->target, '?');
	struct err e;

	if (mark && form_read_pairs(x->arena, slice_of(mark + 1), &x->query, &e) < 0)
		fail_with(x, &e);
}

static const char *field_text(struct arena *a, const struct gate_facts *f, const char *name)
{
	for (size_t i = 0; i < f->n_fields && i < GATE_FIELDS_MAX; i++)
		if (f->fields[i].name.n == strlen(name) && strncasecmp(f->fields[i].name.p, name, strlen(name)) == 0)
			return arena_text_n(a, f->fields[i].value.p, f->fields[i].value.n);
	return NULL;
}

bool exchange_open(struct exchange *x, const struct gate_facts *f, const char *content_type)
{
	struct gate_facts facts = *f;
	struct gate_verdict v;

	if (x->open)
		return !x->ready;
	x->open = true;
	facts.target = slice_of(x->target);
	v = gate_judge(&facts);
	if (v.status) {
		log_event(LOG_LEVEL_DEBUG, "request-refused", "site", x->site->name, "why", v.why, NULL);
		fail(x, v.status, gate_text(v.status));
		return false;
	}
	x->content_type = arena_text(x->arena, content_type);
	x->if_none_match = field_text(x->arena, &facts, "If-None-Match");
	x->request.network = network_of(facts.peer, facts.fields, facts.n_fields);
	route_request(x, f->method);
	if (!x->ready)
		judge_origin(x, &facts);
	if (!x->ready && v.has_length && v.length > x->body.max)
		fail(x, 413, "This is too large.");
	if (!x->ready)
		read_query(x);
	return !x->ready;
}

bool exchange_body(struct exchange *x, const char *p, size_t n)
{
	buf_add(&x->body, p, n);
	if (x->body.over)
		x->overflow += n;
	return x->overflow < OVERFLOW_MAX;
}

/* A page that must not write is run where it cannot. */
static int run_page(struct exchange *x, struct err *e)
{
	const struct route *route = x->request.match.route;
	const struct site *s = x->site;
	bool guarded = s->begin_read && (route->flags & READ_ONLY) && !(route->flags & NO_DATA);
	int rc;

	if (guarded && s->begin_read(s->ctx, e) < 0)
		return -1;
	rc = route->run(&x->request, &x->response, e);
	if (guarded)
		s->end_read(s->ctx);
	if (rc == 0 && x->response.body.over)
		return err_set(e, ERR_BROKEN, "the page is larger than %d bytes", RESPONSE_MAX);
	return rc;
}

static int read_form(struct exchange *x, struct err *e)
{
	struct slice body = { buf_text(&x->body), x->body.n };

	if (x->request.method != METHOD_POST || form_read_body(x->arena, x->content_type, body, &x->form, e) == 0)
		return 0;
	if (!(x->request.match.route->flags & ANY_BODY))
		return -1;
	x->form.n = 0;
	return 0;
}

/* The page's second half, when what it waited for is done. */
static int run_rest(struct exchange *x, struct err *e)
{
	int (*then)(const struct request *r, struct response *out, struct err *e) = x->response.then;

	x->response.then = NULL;
	x->response.wait_until = 0;
	return then(&x->request, &x->response, e);
}

/* Public pages are known by what they say (RFC 9110, 8.8.3): who has this one already is not sent it again. */
static void tag(struct exchange *x)
{
	struct response *r = &x->response;
	uint8_t hash[32];
	struct buf b;

	if (x->request.method != METHOD_GET || r->status != 200 || r->caching != CACHE_SHORT || r->kind != PAGE_PLAIN || r->asset)
		return;
	sha256(buf_text(&r->body), r->body.n, hash);
	buf_init(&b, 64);
	buf_addc(&b, '"');
	base64url_encode(&b, hash, 16);
	buf_addc(&b, '"');
	r->etag = arena_text(x->arena, buf_text(&b));
	buf_free(&b);
	if (x->if_none_match && strstr(x->if_none_match, r->etag)) {
		r->status = 304;
		buf_clear(&r->body);
	}
}

static struct response *give(struct exchange *x)
{
	if (x->site->answered && !x->told)
		x->site->answered(x->site->ctx, x->request.match.route, x->response.status);
	x->told = true;
	return &x->response;
}

struct response *exchange_answer(struct exchange *x)
{
	struct err e;

	if (x->ready)
		return give(x);
	if (x->body.over)
		fail(x, 413, "This is too large.");
	else if (x->response.then ? run_rest(x, &e) < 0 : read_form(x, &e) < 0 || run_page(x, &e) < 0)
		fail_with(x, &e);
	if (x->response.then)
		return NULL;
	if (!x->ready)
		tag(x);
	x->ready = true;
	return give(x);
}

int exchange_waits_for(const struct exchange *x, int64_t *until)
{
	*until = x->response.wait_until;
	return x->response.wait_until ? x->response.wait_fd : -1;
}
