/*
 * Listening sockets: see net.h. A Unix socket outlives its server, so a path
 * that is taken is tried with connect(2): if nobody answers, it is stale. A
 * lock beside it would be one more file to explain.
 */
#include "base/net.h"
#include "base/codec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <strings.h>
#include <sys/stat.h>

#define BACKLOG 128

static int parse_path(const char *path, struct listen_at *out, struct err *e)
{
	size_t n = strlen(path);

	if (!n || n >= sizeof(out->addr.path.sun_path))
		return err_set(e, ERR_INPUT, "the path in \"unix:%.200s\" must have 1 to %zu bytes", path,
			       sizeof(out->addr.path.sun_path) - 1);
	*out = (struct listen_at){ .n = sizeof(struct sockaddr_un) };
	out->addr.path.sun_family = AF_UNIX;
	memcpy(out->addr.path.sun_path, path, n + 1);
	return 0;
}

/* Cuts "HOST:PORT" and "[HOST]:PORT"; false if it has another shape. */
static bool split_port(const char *text, char *host, size_t room, int64_t *port)
{
	const char *colon = strrchr(text, ':');
	bool bracket = text[0] == '[';
	size_t n;

	if (!colon || parse_i64(colon + 1, 0, 65535, port) < 0 || colon[1] == '-')
		return false;
	if (bracket && (colon < text + 2 || colon[-1] != ']'))
		return false;
	text += bracket;
	n = (size_t)(colon - text) - bracket;
	if (n >= room)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	return bracket == (strchr(host, ':') != NULL); /* an IPv6 address needs the brackets */
}

int listen_at_parse(const char *text, struct listen_at *out, struct err *e)
{
	struct listen_at at = { .n = 0 };
	char host[INET6_ADDRSTRLEN];
	int64_t port = 0;

	if (!strncmp(text, "unix:", 5))
		return parse_path(text + 5, out, e);
	if (!split_port(text, host, sizeof(host), &port))
		goto bad;
	if (inet_pton(AF_INET, host, &at.addr.v4.sin_addr) == 1) {
		at.n = sizeof(at.addr.v4);
		at.addr.v4.sin_family = AF_INET;
		at.addr.v4.sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, host, &at.addr.v6.sin6_addr) == 1) {
		at.n = sizeof(at.addr.v6);
		at.addr.v6.sin6_family = AF_INET6;
		at.addr.v6.sin6_port = htons((uint16_t)port);
	} else {
		goto bad;
	}
	*out = at;
	return 0;
bad:
	return err_set(e, ERR_INPUT, "\"%.200s\" is no place to listen: write 127.0.0.1:8080, [::1]:8080, unix:/PATH",
		       text);
}

static int new_socket(int family, struct err *e)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err_sys(e, ERR_BROKEN, errno, "cannot open a socket");
	return fd;
}

/* Whether a server answers at this path. A full backlog (EAGAIN) is an answer too. */
static bool is_alive(const struct listen_at *at, int fd)
{
	return connect(fd, &at->addr.any, at->n) == 0 || errno == EAGAIN || errno == EINPROGRESS;
}

/* Makes way at the path: 0 when it is free now. */
static int clear_path(const struct listen_at *at, struct err *e)
{
	const char *path = at->addr.path.sun_path;
	struct stat st;
	bool alive;
	int fd;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(e, ERR_BROKEN, errno, "cannot look at %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INPUT,
			       "%s is there already and is no socket: choose another path or move it away", path);
	fd = new_socket(AF_UNIX, e);
	if (fd < 0)
		return -1;
	alive = is_alive(at, fd);
	close(fd);
	if (alive)
		return err_set(e, ERR_AGAIN, "another server listens at %s: end it first", path);
	if (unlink(path) < 0)
		return err_sys(e, ERR_DENIED, errno, "cannot remove the stale socket %s", path);
	return 0;
}

/* As listen_at_parse reads it. */
static char *at_text(const struct listen_at *at, char out[128])
{
	char host[INET6_ADDRSTRLEN];

	if (at->addr.any.sa_family == AF_UNIX)
		snprintf(out, 128, "unix:%.*s", (int)sizeof(at->addr.path.sun_path), at->addr.path.sun_path);
	else if (at->addr.any.sa_family == AF_INET)
		snprintf(out, 128, "%s:%u", inet_ntop(AF_INET, &at->addr.v4.sin_addr, host, sizeof(host)),
			 (unsigned)ntohs(at->addr.v4.sin_port));
	else
		snprintf(out, 128, "[%s]:%u", inet_ntop(AF_INET6, &at->addr.v6.sin6_addr, host, sizeof(host)),
			 (unsigned)ntohs(at->addr.v6.sin6_port));
	return out;
}

static int bind_and_listen(int fd, const struct listen_at *at, struct err *e)
{
	bool is_path = at->addr.any.sa_family == AF_UNIX;
	int on = 1, number;
	char place[128];

	if (!is_path && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return err_sys(e, ERR_BROKEN, errno, "cannot prepare the socket");
	if (at->addr.any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return err_sys(e, ERR_BROKEN, errno, "cannot prepare the socket");
	if (bind(fd, &at->addr.any, at->n) == 0 && listen(fd, BACKLOG) == 0)
		return 0;
	number = errno;
	at_text(at, place);
	if (number == EADDRINUSE)
		return err_set(e, ERR_AGAIN, "another program listens at %s: end it, or choose another place", place);
	return err_sys(e, number == EACCES ? ERR_DENIED : ERR_BROKEN, number, "cannot listen at %s", place);
}

int net_listen(const struct listen_at *at, struct err *e)
{
	int fd;

	if (at->addr.any.sa_family == AF_UNIX && clear_path(at, e) < 0)
		return -1;
	fd = new_socket(at->addr.any.sa_family, e);
	if (fd >= 0 && bind_and_listen(fd, at, e) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

char *net_listening_text(int fd, char out[128])
{
	struct listen_at at = { .n = sizeof(at.addr) };

	MUST(getsockname(fd, &at.addr.any, &at.n) == 0);
	return at_text(&at, out);
}

bool net_is_loopback(const char *host)
{
	size_t n = strlen(host);
	struct in6_addr v6;
	struct in_addr v4;
	char bare[64];

	if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	if (n >= sizeof(bare))
		return false;
	memcpy(bare, host, n);
	bare[n] = '\0';
	if (inet_pton(AF_INET, bare, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, bare, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
	return strcasecmp(bare, "localhost") == 0;
}
