/*
 * Answers: see response.h. The Content-Security-Policy names only what the
 * pages use: there is no script at all, so none is allowed.
 */
#include "web/response.h"

#define POLICY                                                                                                        \
	"default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "                   \
	"base-uri 'none'; object-src 'none'; "
#define POLICY_PAGE POLICY "frame-ancestors 'none'"
#define POLICY_FRAMED POLICY "frame-src 'self'; frame-ancestors 'none'"
#define POLICY_SANDBOX                                                                                                \
	"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "  \
	"frame-ancestors 'self'"

void response_init(struct response *r)
{
	*r = (struct response){ .status = 200, .type = "text/html; charset=utf-8" };
	buf_init(&r->body, RESPONSE_MAX);
}

void response_free(struct response *r)
{
	buf_free(&r->body);
}

void response_text(struct response *r, int status, const char *line)
{
	r->status = status;
	r->type = "text/plain; charset=utf-8";
	buf_clear(&r->body);
	buf_addf(&r->body, "%s\n", line);
}

static const char *policy_of(const struct response *r)
{
	if (r->kind == PAGE_SANDBOX)
		return POLICY_SANDBOX;
	return r->framed ? POLICY_FRAMED : POLICY_PAGE;
}

static const char *caching_of(const struct response *r)
{
	if (r->caching == CACHE_NONE || r->kind != PAGE_PLAIN || r->status >= 400)
		return "no-store";
	return r->caching == CACHE_FOREVER ? "public, max-age=31536000, immutable" : "public, max-age=60";
}

size_t response_headers(const struct response *r, bool https, struct response_room *room,
			struct response_header out[RESPONSE_HEADERS_MAX])
{
	size_t n = 0;

#define ADD(name, value) out[n++] = (struct response_header){ name, value }
	ADD("Content-Type", r->type);
	ADD("Content-Security-Policy", policy_of(r));
	ADD("X-Content-Type-Options", "nosniff");
	ADD("X-Frame-Options", r->kind == PAGE_SANDBOX ? "SAMEORIGIN" : "DENY");
	ADD("Referrer-Policy", r->kind == PAGE_PLAIN ? "strict-origin-when-cross-origin" : "no-referrer");
	ADD("Cross-Origin-Opener-Policy", "same-origin");
	ADD("Cross-Origin-Resource-Policy", "same-origin");
	ADD("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()");
	ADD("Cache-Control", caching_of(r));
	if (https)
		ADD("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
	if (r->noindex || r->kind != PAGE_PLAIN)
		ADD("X-Robots-Tag", "noindex, nofollow");
	if (r->etag)
		ADD("ETag", r->etag);
	if (r->location)
		ADD("Location", r->location);
	if (r->allow)
		ADD("Allow", r->allow);
	if (r->download) {
		snprintf(room->download, sizeof(room->download), "attachment; filename=\"%s\"", r->download);
		ADD("Content-Disposition", room->download);
	}
	if (r->retry_after) {
		snprintf(room->retry, sizeof(room->retry), "%d", r->retry_after);
		ADD("Retry-After", room->retry);
	}
#undef ADD
	MUST(n <= RESPONSE_HEADERS_MAX);
	return n;
}
