/*
 * Asking for addresses: see resolve.h. The thread and the loop share a struct
 * lookup, which the second of them to let go frees; the answer in it is
 * written by the thread before it rings the bell, and read by the loop behind
 * that.
 */
#include "smtp/resolve.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"

struct lookup {
	atomic_int owners;
	int bell; /* eventfd */
	char host[256], port[16];
	int rc;
	struct addrinfo *answer;
	/* The loop's. */
	struct event *event;
	void (*done)(void *ctx, const struct addresses *found, const char *why);
	void *ctx;
};

static void point(struct addresses *x)
{
	for (size_t i = 0; i < x->n; i++)
		x->at[i].info.ai_addr = (struct sockaddr *)&x->at[i].room;
}

static void take(struct addresses *out, const struct addrinfo *all)
{
	out->n = 0;
	for (const struct addrinfo *x = all; x && out->n < ADDRESSES_MAX; x = x->ai_next) {
		if (x->ai_addrlen > sizeof(out->at[0].room))
			continue;
		memcpy(&out->at[out->n].room, x->ai_addr, x->ai_addrlen);
		out->at[out->n].info = (struct addrinfo){ .ai_family = x->ai_family, .ai_socktype = SOCK_STREAM,
							  .ai_addrlen = x->ai_addrlen };
		out->n++;
	}
	point(out);
}

void addresses_copy(struct addresses *to, const struct addresses *from)
{
	*to = *from;
	point(to);
}

static bool add_number(const char *host, int port, struct addresses *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->at[out->n].room;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->at[out->n].room;
	struct addrinfo *info = &out->at[out->n].info;

	*info = (struct addrinfo){ .ai_socktype = SOCK_STREAM };
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		info->ai_addrlen = sizeof(*v4);
	} else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		info->ai_addrlen = sizeof(*v6);
	} else {
		return false;
	}
	info->ai_addr = (struct sockaddr *)&out->at[out->n].room;
	info->ai_family = info->ai_addr->sa_family;
	out->n++;
	return true;
}

bool resolve_at_once(const char *host, int port, struct addresses *out)
{
	*out = (struct addresses){ 0 };
	if (strcasecmp(host, "localhost") == 0)
		return add_number("127.0.0.1", port, out) && add_number("::1", port, out);
	return add_number(host, port, out);
}

static void let_go(struct lookup *l)
{
	if (atomic_fetch_sub(&l->owners, 1) > 1)
		return;
	if (l->answer)
		freeaddrinfo(l->answer);
	close(l->bell);
	free(l);
}

static void *ask(void *arg)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct lookup *l = arg;

	l->rc = getaddrinfo(l->host, l->port, &hints, &l->answer);
	if (l->rc)
		l->answer = NULL;
	(void)!write(l->bell, &(uint64_t){ 1 }, sizeof(uint64_t));
	let_go(l);
	return NULL;
}

/* Signals are the loop's. */
static int start_thread(struct lookup *l)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, ask, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

static void on_answer(evutil_socket_t fd, short what, void *ctx)
{
	struct lookup *l = ctx;
	struct addresses found;
	uint64_t rings;
	char why[400];

	(void)what;
	(void)!read(fd, &rings, sizeof(rings));
	take(&found, l->answer);
	snprintf(why, sizeof(why), "cannot look up %s: %s", l->host, l->rc ? gai_strerror(l->rc) : "it has no address");
	event_free(l->event);
	l->done(l->ctx, &found, why);
	let_go(l);
}

struct lookup *lookup_new(struct event_base *base, const char *host, int port,
			  void (*done)(void *ctx, const struct addresses *found, const char *why), void *ctx)
{
	int bell = strlen(host) < sizeof(((struct lookup *)NULL)->host) ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
	struct lookup *l;

	if (bell < 0)
		return NULL;
	l = mem_alloc(sizeof(*l));
	l->bell = bell;
	l->done = done;
	l->ctx = ctx;
	snprintf(l->host, sizeof(l->host), "%s", host);
	snprintf(l->port, sizeof(l->port), "%d", port);
	l->event = event_new(base, bell, EV_READ, on_answer, l);
	MUST(l->event);
	event_add(l->event, NULL);
	atomic_store(&l->owners, 2);
	if (start_thread(l) == 0)
		return l;
	atomic_store(&l->owners, 1);
	lookup_cancel(l);
	return NULL;
}

void lookup_cancel(struct lookup *l)
{
	if (!l)
		return;
	event_free(l->event);
	let_go(l);
}
