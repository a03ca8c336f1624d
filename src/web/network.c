/*
 * Networks: see network.h. An IPv4 address that is written as an IPv6 one is
 * the IPv4 one, however it came.
 */
#include "web/network.h"

#include <arpa/inet.h>
#include <strings.h>
#include <sys/socket.h>

#define ENTRY_MAX 64 /* "[" 45 "]:65535", and then some */

static struct network of_v4(const struct in_addr *v4)
{
	return (struct network){ 4, ntohl(v4->s_addr) };
}

static struct network of_v6(const struct in6_addr *v6)
{
	struct network out = { 6, 0 };
	struct in_addr v4;

	if (IN6_IS_ADDR_V4MAPPED(v6)) {
		memcpy(&v4, v6->s6_addr + 12, sizeof(v4));
		return of_v4(&v4);
	}
	for (int i = 0; i < 8; i++)
		out.prefix = out.prefix << 8 | v6->s6_addr[i];
	return out;
}

static struct network of_peer(const struct sockaddr *peer)
{
	if (peer && peer->sa_family == AF_INET)
		return of_v4(&((const struct sockaddr_in *)(const void *)peer)->sin_addr);
	if (peer && peer->sa_family == AF_INET6)
		return of_v6(&((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr);
	return (struct network){ 0 };
}

/* Our own proxy, or nobody else than somebody on this machine. */
static bool is_believed(const struct sockaddr *peer)
{
	struct network n = of_peer(peer);

	if (n.version == 0)
		return peer && peer->sa_family == AF_UNIX;
	if (n.version == 6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr);
	return n.prefix >> 24 == 127;
}

/* "192.0.2.1", "2001:db8::1", either with a port: "192.0.2.1:99", "[2001:db8::1]:99". */
static bool read_entry(struct slice s, struct network *out)
{
	char text[ENTRY_MAX], *p = text, *end;
	struct in6_addr v6;
	struct in_addr v4;

	if (!s.n || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (*p == '[' && (end = strchr(p, ']'))) {
		*end = '\0';
		p++;
	} else if ((end = strchr(p, ':')) && !strchr(end + 1, ':')) {
		*end = '\0';
	}
	if (inet_pton(AF_INET, p, &v4) == 1)
		*out = of_v4(&v4);
	else if (inet_pton(AF_INET6, p, &v6) == 1)
		*out = of_v6(&v6);
	else
		return false;
	return true;
}

static struct slice last_entry(struct slice list)
{
	const char *comma = memrchr(list.p, ',', list.n);

	if (comma) {
		list.n -= (size_t)(comma + 1 - list.p);
		list.p = comma + 1;
	}
	while (list.n && (*list.p == ' ' || *list.p == '\t')) {
		list.p++;
		list.n--;
	}
	while (list.n && (list.p[list.n - 1] == ' ' || list.p[list.n - 1] == '\t'))
		list.n--;
	return list;
}

struct network network_of(const struct sockaddr *peer, const struct gate_field *fields, size_t n)
{
	static const char NAME[] = "X-Forwarded-For";
	struct network out = of_peer(peer);

	if (!is_believed(peer))
		return out;
	for (size_t i = n; i-- > 0;)
		if (fields[i].name.n == sizeof(NAME) - 1 && strncasecmp(fields[i].name.p, NAME, sizeof(NAME) - 1) == 0) {
			read_entry(last_entry(fields[i].value), &out);
			break;
		}
	return out;
}

bool network_equal(struct network a, struct network b)
{
	return a.version == b.version && a.prefix == b.prefix;
}
