/*
 * The addresses of a relay's name. A resolver may take half a minute, and the
 * loop that sends to others waits for nobody: a thread asks as every program
 * of the host asks (getaddrinfo, so files and all of nsswitch), and hands over
 * one answer. Numbers and "localhost" are known at once, and nobody is asked:
 * clear text goes to this machine only, whatever a resolver says of that name.
 */
#ifndef PLACET_RESOLVE_H
#define PLACET_RESOLVE_H

#include <netdb.h>
#include <sys/socket.h>

#include "base/base.h"

#define ADDRESSES_MAX 16

struct event_base;
struct lookup;

struct addresses {
	size_t n;
	struct {
		struct addrinfo info; /* for conn_open; points into room */
		struct sockaddr_storage room;
	} at[ADDRESSES_MAX];
};

/* A plain assignment would point into the old one. */
void addresses_copy(struct addresses *to, const struct addresses *from);
/* True when nobody has to be asked. */
bool resolve_at_once(const char *host, int port, struct addresses *out);
/* Asks; done() is called once from the loop, unless lookup_cancel comes first. `found` has none when there are none,
   and `why` says it. NULL: nobody could be asked. */
struct lookup *lookup_new(struct event_base *base, const char *host, int port,
			  void (*done)(void *ctx, const struct addresses *found, const char *why), void *ctx);
/* Whatever the answer will be, nobody hears it. NULL is fine; not needed after done(). */
void lookup_cancel(struct lookup *l);

#endif
