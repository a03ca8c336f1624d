/*
 * A request apart from the socket: method, target, fields and body, one a
 * line, through gate, router and form to a page. Whatever comes, there is an
 * answer with all of its headers, and a page that may only read never writes.
 */
#include <sys/socket.h>

#include "web/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int echo(const struct request *r, struct response *out, struct err *e)
{
	(void)e;
	MUST(*route_param(&r->match, "name"));
	MUST(!strchr(route_param(&r->match, "name"), '/'));
	buf_addf(&out->body, "%s %zu %zu", route_param(&r->match, "name"), r->query->n, r->form->n);
	return 0;
}

static void error_page(void *ctx, struct arena *a, int status, const char *text, struct response *out)
{
	(void)ctx;
	(void)a;
	response_text(out, status, text);
}

static const struct route ROUTES[] = {
	{ "/{name}", METHOD_GET | METHOD_POST, READ_ONLY, echo },
	{ "/a/{name}", METHOD_POST, TOKEN_PAGE | ANY_BODY, echo },
	{ "/a/{other}/{name}", METHOD_GET, 0, echo },
};

static const struct site SITE = { .name = "fuzz", .routes = ROUTES, .n_routes = COUNT(ROUTES), .error_page = error_page };

/* The next line of the input, without its end. */
static struct slice next_line(const char **p, const char *end)
{
	const char *stop = memchr(*p, '\n', (size_t)(end - *p));
	struct slice line = { *p, (size_t)((stop ? stop : end) - *p) };

	*p = stop ? stop + 1 : end;
	return line;
}

static size_t read_fields(const char **p, const char *end, struct gate_field fields[GATE_FIELDS_MAX])
{
	size_t n = 0;

	while (*p < end && n < GATE_FIELDS_MAX) {
		struct slice line = next_line(p, end);
		const char *colon = memchr(line.p, ':', line.n);

		if (!line.n)
			break;
		fields[n].name = (struct slice){ line.p, colon ? (size_t)(colon - line.p) : line.n };
		fields[n++].value = colon ? (struct slice){ colon + 1, line.n - (size_t)(colon - line.p) - 1 }
					  : (struct slice){ "", 0 };
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *p = (const char *)data, *end = p + size;
	struct slice method = next_line(&p, end), target = next_line(&p, end), type = next_line(&p, end);
	struct gate_field fields[GATE_FIELDS_MAX];
	struct exchange *x = exchange_new(&SITE, arena_text_n(a, target.p, target.n));
	/* Our own proxy, so that its word about the network is read. */
	const struct sockaddr peer = { .sa_family = AF_UNIX };
	struct gate_facts f = {
		.method = arena_text_n(a, method.p, method.n), .version = "HTTP/1.1", .fields = fields, .peer = &peer
	};
	struct response_header headers[RESPONSE_HEADERS_MAX];
	struct response_room room;
	struct response *r;

	f.n_fields = read_fields(&p, end, fields);
	if (exchange_open(x, &f, type.n ? arena_text_n(a, type.p, type.n) : NULL))
		exchange_body(x, p, (size_t)(end - p));
	r = exchange_answer(x);
	MUST(r->status >= 200 && r->status < 600);
	MUST(response_headers(r, true, &room, headers) >= 10);
	exchange_free(x);
	arena_free(a);
	return 0;
}
