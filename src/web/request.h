/* One request as a page sees it: already through the gate and the router, its form already read. */
#ifndef PLACET_WEB_REQUEST_H
#define PLACET_WEB_REQUEST_H

#include "base/arena.h"
#include "web/form.h"
#include "web/network.h"
#include "web/router.h"

struct request {
	enum method method;        /* HEAD arrives as METHOD_GET */
	const char *path;          /* as it came, without the query; never logged on token pages */
	struct route_match match;  /* the route and what stood for its {names} */
	const struct form *query;  /* "?a=b" */
	const struct form *form;   /* the body of a POST; empty otherwise */
	struct arena *arena;       /* of this request */
	struct network network;    /* where it came from, for limits (ask.h) */
	void *ctx;                 /* the site's */
};

#endif
