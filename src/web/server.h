/*
 * The HTTP server: libmicrohttpd around exchanges. One thread of its own per
 * server, which runs every page of the site one after the other: what a site
 * points to (a database connection, say) is used by that thread only, from
 * server_start to server_stop.
 */
#ifndef PLACET_WEB_SERVER_H
#define PLACET_WEB_SERVER_H

#include "web/exchange.h"

struct server;

/* Serves `site` (which must outlive the server) on the listening socket `sock`, which becomes the
   server's, also when this fails. */
struct server *server_start(const struct site *site, int sock, struct err *e) MUST_USE;
/* Ends when running requests are answered; NULL is fine. */
void server_stop(struct server *s);

#endif
