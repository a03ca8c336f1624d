/*
 * The HTTP server: libmicrohttpd around exchanges. Within a loop of ours it
 * runs every page of the site there, one after the other. Pages may wait for
 * what is done for all of one turn together (site->settle).
 */
#ifndef PLACET_WEB_SERVER_H
#define PLACET_WEB_SERVER_H

#include "base/loop.h"
#include "web/exchange.h"

struct server;

/* Serves `site` (which must outlive the server) within `loop`, on the listening socket `sock`, which becomes the
   server's, also when this fails. `loop` NULL: in a thread of its own, which then has what the site points to for itself,
   until server_stop; no page of such a site may wait. */
struct server *server_start(const struct site *site, struct loop *loop, int sock, struct err *e) MUST_USE;
/* Ends when running requests are answered; before the loop ends. NULL is fine. */
void server_stop(struct server *s);

#endif
