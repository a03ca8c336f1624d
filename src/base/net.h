/*
 * Where a role listens: an address and port, or a path in the file system.
 */
#ifndef PLACET_NET_H
#define PLACET_NET_H

#include "base/err.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

struct listen_at {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un path;
	} addr;
	socklen_t n; /* bytes of addr in use */
};

/* Reads "127.0.0.1:8080", "[::1]:8080" (port 0: any free one) or "unix:PATH". No names: resolving
   them would ask the network. ERR_INPUT. */
int listen_at_parse(const char *text, struct listen_at *out, struct err *e) MUST_USE;
/* A listening socket, non-blocking and closed by exec, or -1. A path in use by a live server is
   refused (ERR_AGAIN); a socket that a dead one left behind is replaced; anything else there is refused. */
int net_listen(const struct listen_at *at, struct err *e) MUST_USE;
/* Where the socket listens, as listen_at_parse reads it, with the real port; returns out. */
char *net_listening_text(int fd, char out[128]);
/* Whether text is an address of this machine's loopback, or "localhost"; with or without [ ]. */
bool net_is_loopback(const char *host);

#endif
