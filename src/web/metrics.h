/*
 * /metrics of the admin listener: the figures of the installation for Prometheus. They are gathered in a thread of its
 * own (base/worker.h), with a home and a database connection of its own, so that no page of the public waits for them,
 * however large the database is, or whether it is there. Names of figures are a promise: doc/SENDING.md lists them.
 */
#ifndef PLACET_WEB_METRICS_H
#define PLACET_WEB_METRICS_H

#include "base/loop.h"
#include "store/home.h"
#include "web/request.h"
#include "web/response.h"
#include "web/tally.h"

struct metrics;

/* Opens the same home again, for the thread alone: before the role is confined. */
struct home *metrics_home(const struct home *h, struct err *e) MUST_USE;
/* Starts the thread; `h` becomes its own, also on failure. The tally and its routes, which are read in the loop alone, must
   outlive it. */
struct metrics *metrics_new(struct home *h, struct loop *loop, const struct web_tally *tally, const struct route *routes,
			    size_t n_routes, struct err *e) MUST_USE;
void metrics_free(struct metrics *m); /* after the server, before the loop; NULL is fine */
/* The page; its site's ctx is the struct metrics. */
int metrics_page(const struct request *r, struct response *out, struct err *e);

#endif
