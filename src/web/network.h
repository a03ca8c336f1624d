/*
 * Where a request came from, as far as limits need to know: the IPv4 address,
 * or the first 64 bits of an IPv6 one (ABU-1). One person has a whole /64, so
 * that nothing finer would hold them. Never logged and never stored.
 */
#ifndef PLACET_WEB_NETWORK_H
#define PLACET_WEB_NETWORK_H

#include "web/gate.h"

struct network {
	int version;     /* 4, 6; 0: a local socket, or not known */
	uint64_t prefix;
};

/*
 * The network of a request. `peer` is who is connected; NULL, when that is not known, is nobody to believe. X-Forwarded-For counts only when a
 * peer on loopback or on a local socket says it, since that is our own proxy; and of it only the last entry of the last
 * field, which that proxy has put there itself. What cannot be read leaves the peer's own.
 */
struct network network_of(const struct sockaddr *peer, const struct gate_field *fields, size_t n);
bool network_equal(struct network a, struct network b);

#endif
