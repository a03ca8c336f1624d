/*
 * Listening: see listen.h. A unix socket that a dead process left behind is
 * taken away; one that answers is somebody's and stays.
 */
#include "web/listen.h"

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static int fail(struct err *e, int sock, const char *text, const char *what)
{
	int number = errno;
	enum err_kind kind = number == EADDRINUSE ? ERR_AGAIN : number == EACCES || number == EPERM ? ERR_DENIED : ERR_BROKEN;

	if (sock >= 0)
		close(sock);
	return err_sys(e, kind, number, "listen on %s: %s", text, what);
}

static void remove_stale(const struct sockaddr_un *sa)
{
	struct stat st;
	int sock;

	if (lstat(sa->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return;
	if (connect(sock, (const struct sockaddr *)sa, sizeof(*sa)) < 0 && errno == ECONNREFUSED)
		unlink(sa->sun_path);
	close(sock);
}

static int open_unix(const char *text, const char *path, char name[LISTEN_NAME_MAX], struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int sock;

	if (!*path || strlen(path) >= sizeof(sa.sun_path))
		return err_set(e, ERR_INPUT, "listen on %.200s: a path of 1 to %zu bytes is needed", text,
			       sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	remove_stale(&sa);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return fail(e, sock, text, "socket");
	if (bind(sock, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return fail(e, sock, text, "bind");
	/* The proxy's group may connect, nobody else. */
	if (chmod(path, 0660) < 0 || listen(sock, BACKLOG) < 0)
		return fail(e, sock, text, "listen");
	snprintf(name, LISTEN_NAME_MAX, "unix:%s", path);
	return sock;
}

/* Cuts "ADDR:PORT" or "[ADDR]:PORT" into two texts. */
static bool split(const char *text, char host[64], char port[8])
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	bool bracket = n > 2 && text[0] == '[' && text[n - 1] == ']';

	if (!n || !colon[1] || strlen(colon + 1) > 5 || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	if (!bracket && memchr(text, ':', n))
		return false;
	if (bracket)
		n -= 2;
	if (n >= 64)
		return false;
	memcpy(host, text + bracket, n);
	host[n] = '\0';
	memcpy(port, colon + 1, strlen(colon + 1) + 1);
	return true;
}

static int name_socket(int sock, char name[LISTEN_NAME_MAX])
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof(sa);
	char host[64], port[8];

	if (getsockname(sock, (struct sockaddr *)&sa, &n) < 0)
		return -1;
	if (getnameinfo((struct sockaddr *)&sa, n, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		errno = EINVAL;
		return -1;
	}
	snprintf(name, LISTEN_NAME_MAX, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	return 0;
}

int listen_open(const char *text, char name[LISTEN_NAME_MAX], struct err *e)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	struct addrinfo *found = NULL;
	char host[64], port[8];
	int sock, on = 1;

	if (strncmp(text, "unix:", 5) == 0)
		return open_unix(text, text + 5, name, e);
	if (!split(text, host, port) || getaddrinfo(host, port, &want, &found) != 0)
		return err_set(e, ERR_INPUT, "listen on %.200s: not ADDR:PORT, [ADDR]:PORT or unix:PATH", text);
	sock = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock >= 0)
		setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (sock >= 0 && bind(sock, found->ai_addr, found->ai_addrlen) < 0) {
		freeaddrinfo(found);
		return fail(e, sock, text, "bind");
	}
	freeaddrinfo(found);
	if (sock < 0 || listen(sock, BACKLOG) < 0 || name_socket(sock, name) < 0)
		return fail(e, sock, text, "listen");
	return sock;
}
