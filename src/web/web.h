/*
 * The public pages of one home: the statement page, projects, mailings, the
 * check of a message, leaving. One loop serves them all, one after the other;
 * so no page may wait for long, not even for the database.
 */
#ifndef PLACET_WEB_WEB_H
#define PLACET_WEB_WEB_H

#include "base/loop.h"
#include "store/home.h"
#include "web/tally.h"

struct web;

/* How long a page waits for a lock of the database before its answer is 503. */
#define WEB_WAIT_MS 2000
/* And for so long after one that waited in vain: a row of them would keep those who leave waiting, each for as long. */
#define WEB_HASTY_MS 20
#define WEB_HASTY_FOR (10 * SECOND)

/* Serves within `loop` on the listening socket `sock`, which becomes the web's, also on failure. The home's database
   is open and its keys are read. */
struct web *web_start(struct home *h, struct loop *loop, int sock, struct err *e) MUST_USE;
void web_stop(struct web *w); /* before the loop ends; NULL is fine */
/* Its answers so far, to be read in the loop; and the rows by which they are counted. */
const struct web_tally *web_tally(const struct web *w);
const struct route *web_routes(size_t *n);

struct web_options {
	const char *listen;       /* NULL: 127.0.0.1:8080 */
	const char *admin_listen; /* where /healthz, without data, and /metrics are answered; NULL: nowhere */
	/* Called with the address of `listen`, as it really is, when it answers. */
	void (*ready)(void *ctx, const char *address);
	void *ctx;
};

/* The web role: opens, drops what it does not need, and serves until SIGTERM or SIGINT. */
int web_run(struct home *h, const struct web_options *o, struct err *e) MUST_USE;

#endif
