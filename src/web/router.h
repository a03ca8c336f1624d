/*
 * From a path to a page: a table with one row for each page of a site. What a
 * page may do (methods, size of the body, reading only) stands in its row and
 * is enforced before it runs, so that no page can forget it.
 */
#ifndef PLACET_WEB_ROUTER_H
#define PLACET_WEB_ROUTER_H

#include "base/arena.h"
#include "base/err.h"

#define ROUTE_PARAMS_MAX 4
#define ROUTE_ALLOW_MAX 32

enum method {
	METHOD_GET = 1, /* and HEAD */
	METHOD_POST = 2,
};

enum route_flag {
	TOKEN_PAGE = 1, /* its path holds a secret: never logged, indexed, cached, or told to others */
	READ_ONLY = 2,  /* runs in a transaction that cannot write */
	BIG_BODY = 4,   /* a message may be sent here: 26 MiB instead of 64 kB */
	UPLOAD = 64,    /* a file of 1 MiB, with the form around it */
	NO_DATA = 8,    /* needs no database at all */
	ANY_BODY = 16,  /* a body that cannot be read counts as an empty form */
	SAME_ORIGIN = 32, /* its POST is for forms of this site only: 403 for one that was sent from elsewhere */
};

struct request;
struct response;

struct route {
	const char *pattern; /* "/projects/{slug}"; a {name} is one whole segment, never empty */
	unsigned methods;
	unsigned flags;
	/* Fills `out`; -1 with `e` gives the error page of its kind. */
	int (*run)(const struct request *r, struct response *out, struct err *e);
};

enum route_answer {
	ROUTE_FOUND,
	ROUTE_MISSING,   /* no such page: 404 */
	ROUTE_METHOD,    /* a page, but not by this method: 405, or OPTIONS */
	ROUTE_SLASH,     /* the page is at the address without the final slash */
	ROUTE_MALFORMED, /* not a path: 400 */
};

struct route_match {
	const struct route *route;
	struct {
		struct slice name;
		const char *value; /* decoded: UTF-8 without controls or "/" */
	} param[ROUTE_PARAMS_MAX];
	size_t n;
	char allow[ROUTE_ALLOW_MAX]; /* methods of the page, when there is one */
};

/*
 * Finds the row for a path (still percent-encoded, without the query). `method` may be any word; a path
 * may have several rows, each with other methods.
 * A final slash is forgiven: a POST is served as it stands, since a one-click request must never be
 * redirected; a GET gets ROUTE_SLASH.
 */
enum route_answer route_find(const struct route *routes, size_t n, struct arena *a, const char *method,
			     struct slice path, struct route_match *out);
/* What stood for {name}; the name must be in the pattern. */
const char *route_param(const struct route_match *m, const char *name);

#endif
