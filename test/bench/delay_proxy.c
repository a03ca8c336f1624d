/*
 * A long way to a relay, on loopback: each piece of a stream is handed on half
 * a round trip after it came, in both directions, however much follows behind
 * it, so that only time is added and no throughput taken. A connection is
 * open at once; its greeting comes half a round trip later.
 *   delay_proxy LISTEN-PORT RELAY-PORT ROUND-TRIP-MS
 * Prints "listening PORT". When ended by SIGTERM it says how much later than
 * promised pieces went out: its own precision, in microseconds.
 */
#include "base/codec.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define PIECE       (64 * 1024)
#define HELD_MAX    (64 * 1024 * 1024) /* of one direction; then reading waits */
#define LATE_MAX_US 10000

struct piece {
	STAILQ_ENTRY(piece) link;
	int64_t due;
	size_t n, at;
	char bytes[];
};

/* One direction. */
struct stream {
	struct pair *pair;
	int from, to;
	struct event *readable, *writable, *due;
	STAILQ_HEAD(pieces, piece) pieces;
	size_t held;
	bool ended;  /* nothing more is read */
	bool closed; /* and all of it was written */
};

struct pair {
	struct proxy *proxy;
	struct stream stream[2];
	LIST_ENTRY(pair) link;
};

struct proxy {
	struct event_base *base;
	int64_t half_us;
	struct sockaddr_in relay;
	LIST_HEAD(, pair) pairs; /* that are open */
	uint64_t late[LATE_MAX_US + 1], pieces; /* how many were so many microseconds late */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void stream_free(struct stream *s)
{
	struct piece *p;

	while ((p = STAILQ_FIRST(&s->pieces))) {
		STAILQ_REMOVE_HEAD(&s->pieces, link);
		free(p);
	}
	event_free(s->readable);
	event_free(s->writable);
	event_free(s->due);
}

static void pair_free(struct pair *p)
{
	int a = p->stream[0].from, b = p->stream[0].to;

	LIST_REMOVE(p, link);
	stream_free(&p->stream[0]);
	stream_free(&p->stream[1]);
	close(a);
	close(b);
	free(p);
}

static void wait_for(struct stream *s, int64_t due)
{
	int64_t left = due - now_us();
	struct timeval t;

	left = left > 0 ? left : 0;
	t = (struct timeval){ .tv_sec = left / 1000000, .tv_usec = left % 1000000 };
	event_add(s->due, &t);
}

static void count(struct proxy *x, int64_t late)
{
	x->late[late < LATE_MAX_US ? late : LATE_MAX_US]++;
	x->pieces++;
}

/* Writes what is due. False: the pair is gone. */
static bool hand_on(struct stream *s)
{
	struct piece *p;

	while ((p = STAILQ_FIRST(&s->pieces))) {
		int64_t now = now_us();
		ssize_t n;

		if (p->due > now) {
			wait_for(s, p->due);
			return true;
		}
		if (p->n) {
			if (!p->at)
				count(s->pair->proxy, now - p->due);
			n = send(s->to, p->bytes + p->at, p->n - p->at, MSG_NOSIGNAL);
			if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
				event_add(s->writable, NULL);
				return true;
			}
			if (n < 0) {
				pair_free(s->pair);
				return false;
			}
			p->at += (size_t)n;
			if (p->at < p->n)
				continue;
		} else { /* the end of the stream */
			shutdown(s->to, SHUT_WR);
			s->closed = true;
		}
		STAILQ_REMOVE_HEAD(&s->pieces, link);
		if (s->held >= HELD_MAX && s->held - p->n < HELD_MAX && !s->ended)
			event_add(s->readable, NULL);
		s->held -= p->n;
		free(p);
	}
	if (s->pair->stream[0].closed && s->pair->stream[1].closed) {
		pair_free(s->pair);
		return false;
	}
	return true;
}

static void on_due(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	hand_on(ctx);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	static char room[PIECE];
	struct stream *s = ctx;
	struct proxy *x = s->pair->proxy;
	ssize_t n = recv(fd, room, sizeof(room), 0);
	struct piece *p;
	(void)what;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		n = 0;
	p = malloc(sizeof(*p) + (size_t)n);
	if (!p)
		die("malloc");
	p->due = now_us() + x->half_us;
	p->n = (size_t)n;
	p->at = 0;
	memcpy(p->bytes, room, (size_t)n);
	s->held += p->n;
	s->ended = n == 0;
	if (s->ended || s->held >= HELD_MAX)
		event_del(s->readable);
	STAILQ_INSERT_TAIL(&s->pieces, p, link);
	if (STAILQ_FIRST(&s->pieces) != p)
		return;
	if (x->half_us)
		wait_for(s, p->due);
	else
		hand_on(s);
}

static void stream_start(struct pair *pair, struct stream *s, int from, int to)
{
	struct event_base *base = pair->proxy->base;

	s->pair = pair;
	s->from = from;
	s->to = to;
	STAILQ_INIT(&s->pieces);
	s->readable = event_new(base, from, EV_READ | EV_PERSIST, on_readable, s);
	s->writable = event_new(base, to, EV_WRITE, on_due, s);
	s->due = evtimer_new(base, on_due, s);
	if (!s->readable || !s->writable || !s->due)
		die("event_new");
	event_add(s->readable, NULL);
}

static void at_once(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	evutil_make_socket_nonblocking(fd);
}

static void on_connection(evutil_socket_t listener, short what, void *ctx)
{
	struct proxy *x = ctx;
	int client = accept(listener, NULL, NULL), relay;
	struct pair *p;
	(void)what;

	if (client < 0)
		return;
	relay = socket(AF_INET, SOCK_STREAM, 0);
	if (relay < 0 || connect(relay, (const struct sockaddr *)&x->relay, sizeof(x->relay)) < 0) {
		perror("delay_proxy: the relay");
		close(client);
		if (relay >= 0)
			close(relay);
		return;
	}
	at_once(client);
	at_once(relay);
	p = calloc(1, sizeof(*p));
	if (!p)
		die("calloc");
	p->proxy = x;
	LIST_INSERT_HEAD(&x->pairs, p, link);
	stream_start(p, &p->stream[0], client, relay);
	stream_start(p, &p->stream[1], relay, client);
}

static struct sockaddr_in loopback(int64_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int listen_at(int64_t port)
{
	struct sockaddr_in at = loopback(port);
	socklen_t n = sizeof(at);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 256) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) < 0)
		die("delay_proxy");
	evutil_make_socket_nonblocking(fd);
	printf("listening %d\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static int at_share(const struct proxy *x, double share)
{
	uint64_t seen = 0;
	int us = 0;

	for (; us < LATE_MAX_US; us++) {
		seen += x->late[us];
		if ((double)seen >= share * (double)x->pieces)
			break;
	}
	return us;
}

static void on_end(evutil_socket_t fd, short what, void *ctx)
{
	struct proxy *x = ctx;
	(void)fd;
	(void)what;

	printf("pieces %llu late-us median %d p99 %d\n", (unsigned long long)x->pieces, at_share(x, 0.5), at_share(x, 0.99));
	event_base_loopbreak(x->base);
}

int main(int argc, char **argv)
{
	static struct proxy x;
	struct event_config *config = event_config_new();
	struct event *listener, *end;
	int64_t port = 0, relay = 0, trip = 0;

	if (argc != 4 || parse_i64(argv[1], 0, 65535, &port) < 0 || parse_i64(argv[2], 1, 65535, &relay) < 0 ||
	    parse_i64(argv[3], 0, 10000, &trip) < 0) {
		fprintf(stderr, "usage: delay_proxy LISTEN-PORT RELAY-PORT ROUND-TRIP-MS\n");
		return 2;
	}
	/* libevent's own clock is as coarse as a tick of the kernel otherwise. */
	if (!config || event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) < 0 ||
	    !(x.base = event_base_new_with_config(config)))
		die("libevent");
	event_config_free(config);
	x.half_us = trip * 500;
	x.relay = loopback(relay);
	listener = event_new(x.base, listen_at(port), EV_READ | EV_PERSIST, on_connection, &x);
	end = evsignal_new(x.base, SIGTERM, on_end, &x);
	if (!listener || !end || event_add(listener, NULL) < 0 || event_add(end, NULL) < 0)
		die("event_new");
	event_base_dispatch(x.base);
	while (LIST_FIRST(&x.pairs))
		pair_free(LIST_FIRST(&x.pairs));
	event_free(listener);
	event_free(end);
	event_base_free(x.base);
	return 0;
}
