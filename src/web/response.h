/*
 * An answer in the making, and the headers that every answer bears (WEB-1,
 * WEB-2). A page fills status, type and body; the rest follows from the
 * route's flags and is decided in one place, response_headers().
 */
#ifndef PLACET_WEB_RESPONSE_H
#define PLACET_WEB_RESPONSE_H

#include "base/buf.h"
#include "base/err.h"

#define RESPONSE_MAX (8 << 20)
#define RESPONSE_HEADERS_MAX 20

enum response_caching {
	CACHE_SHORT,   /* public pages: a minute */
	CACHE_NONE,    /* no-store: token pages, forms, errors */
	CACHE_FOREVER, /* assets, whose address changes with their content */
};

enum response_kind {
	PAGE_PLAIN,
	PAGE_TOKEN,   /* no-referrer, noindex, no-store */
	PAGE_SANDBOX, /* somebody's HTML: nothing runs, nothing is fetched */
};

struct request;

struct response {
	int status;
	const char *type;       /* Content-Type */
	const char *location;   /* of a redirect; a path of this site */
	const char *allow;      /* of a 405 and of OPTIONS */
	const char *download;   /* the name of a file that is to be kept, not shown; [a-z0-9.-] */
	const char *asset;      /* static bytes instead of `body` */
	size_t asset_n;
	struct buf body;
	enum response_caching caching;
	enum response_kind kind;
	bool noindex;
	bool framed;            /* a page that holds frames from this site */
	int retry_after;        /* seconds, 0: none */
	const char *etag;       /* of a page that may be kept; NULL: none */
	/* Set by a page that waits for what the site does for all requests of a turn together (site->settle): it is then
	   run in place of the page, and finishes the answer. */
	int (*then)(const struct request *r, struct response *out, struct err *e);
	void *then_ctx;
	/* If wait_until is not 0, `then` waits for something of this request alone: that wait_fd can be read (-1: nothing
	   can), or that the time has come (clock_ticks()). It may wait again. */
	int wait_fd;
	int64_t wait_until;
};

struct response_header {
	const char *name, *value;
};
struct response_room {
	char retry[16], download[80];
};

void response_init(struct response *r);
void response_free(struct response *r);
/* Fills `out`, returns how many. `https`: the site is reached by https, so HSTS is promised. The texts
   live as long as `r` and `room`. */
size_t response_headers(const struct response *r, bool https, struct response_room *room,
			struct response_header out[RESPONSE_HEADERS_MAX]);
/* A short line of plain text as the whole answer. */
void response_text(struct response *r, int status, const char *line);

#endif
