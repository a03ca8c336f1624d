/*
 * Sockets for conversations: see conn.h. Each event ends in settle(). While
 * there is a login it writes what there is to write; later on the pool says
 * when (conn_write). Then the next deadline is set and the pool told.
 * Deadlines are numbers that the pool's tick compares, so that a message costs
 * no timer.
 */
#include "smtp/conn.h"

#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "smtp/classify.h"
#include "smtp/tls.h"

#define READ_MAX   16384
#define RECORD_MAX 16384 /* a TLS record that is not written whole cannot have been read by the relay */
#define TOKEN_MAX  ((size_t)8 * 1024)
#define IDLE_MAX   (60 * SECOND)

enum state { CONNECTING, SHAKING_HANDS, TALKING, OVER };

struct conn {
	const struct conn_setup *setup;
	enum state state;
	int fd;
	SSL *tls; /* NULL: clear text */
	struct event *readable, *writable;
	struct event *again; /* between slices of work; NULL until there was some */
	bool write_waits;    /* `writable` is armed */
	bool due;            /* for conn_write */
	struct talk *talk;
	int64_t deadline;
	uint64_t progress;         /* the talk's, when the deadline was set */
	struct smtp_outcome fault; /* of connecting and of TLS; the talk has its own */
	bool faulty;
};

/* The end, before the talk could have said why. */
static void fail(struct conn *c, enum smtp_stage stage, const char *why)
{
	c->state = OVER;
	c->faulty = true;
	outcome_without_reply(&c->fault, SMTP_NOT_STARTED, FAULT_RELAY, stage, why);
}

static void lose(struct conn *c, const char *why)
{
	enum state before = c->state;

	if (before == OVER)
		return;
	c->state = OVER;
	if (c->talk)
		talk_lost(c->talk, why);
	if (before == CONNECTING || before == SHAKING_HANDS)
		fail(c, before == CONNECTING ? STAGE_CONNECT : STAGE_TLS, why);
}

static void lose_errno(struct conn *c, const char *doing, int number)
{
	char why[200];

	snprintf(why, sizeof(why), "%s: %s", doing, strerror(number));
	lose(c, why);
}

static void lose_tls(struct conn *c)
{
	char why[200];

	tls_why(c->tls, why, sizeof(why));
	lose(c, why);
}

static void wait_writable(struct conn *c, bool yes)
{
	if (yes == c->write_waits)
		return;
	c->write_waits = yes;
	if (yes)
		event_add(c->writable, NULL);
	else
		event_del(c->writable);
}

/* Bytes read; 0: none now; -1: the connection is over, and the talk knows nothing of it yet. */
static ssize_t read_some(struct conn *c, char *buf, char why[200])
{
	ssize_t n;

	if (c->tls) {
		int got, kind;

		ERR_clear_error(); /* somebody else's would be taken for this call's */
		got = SSL_read(c->tls, buf, READ_MAX);

		if (got > 0)
			return got;
		kind = SSL_get_error(c->tls, got);
		if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
			return 0;
		tls_why(c->tls, why, 200);
		return -1;
	}
	n = recv(c->fd, buf, READ_MAX, 0);
	if (n > 0)
		return n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	snprintf(why, 200, "%s", n == 0 ? "the relay closed the connection" : strerror(errno));
	return -1;
}

/* One read is enough: the event comes again, but not for what TLS has read and holds back. */
static void read_all(struct conn *c, bool until_end)
{
	char buf[READ_MAX], why[200];

	while (c->state == TALKING && talk_need(c->talk) == TALK_MORE) {
		ssize_t n = read_some(c, buf, why);

		if (n < 0)
			lose(c, why);
		if (n <= 0)
			return;
		talk_input(c->talk, buf, (size_t)n);
		if (!until_end && !(c->tls && SSL_has_pending(c->tls)))
			return;
	}
}

/* The socket takes no more, ever. What the relay said before may still be there to be read. */
static void write_failed(struct conn *c, const char *why)
{
	read_all(c, true);
	lose(c, why);
}

/* One record, filled from the parts. When it could not be written, the next call brings the same bytes, as OpenSSL
   wants it: parts do not change before they are written. */
static ssize_t write_record(struct conn *c, const struct talk_output *o)
{
	char record[RECORD_MAX], why[200];
	const char *p = o->part[0].p;
	int put, kind, n = 0;

	if (o->parts == 1) {
		n = o->n < RECORD_MAX ? (int)o->n : RECORD_MAX;
	} else {
		for (int i = 0; i < o->parts && n < RECORD_MAX; i++) {
			int room = RECORD_MAX - n, take = o->part[i].n < (size_t)room ? (int)o->part[i].n : room;

			memcpy(record + n, o->part[i].p, (size_t)take);
			n += take;
		}
		p = record;
	}
	ERR_clear_error();
	put = SSL_write(c->tls, p, n);
	if (put > 0)
		return put;
	kind = SSL_get_error(c->tls, put);
	if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
		return 0;
	tls_why(c->tls, why, sizeof(why));
	write_failed(c, why);
	return -1;
}

/* Bytes written; 0: not now; -1: failed, and the connection is over. */
static ssize_t write_some(struct conn *c, const struct talk_output *o)
{
	struct iovec parts[TALK_PARTS];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = (size_t)o->parts };
	char why[200];
	ssize_t n;

	if (c->tls)
		return write_record(c, o);
	for (int i = 0; i < o->parts; i++)
		parts[i] = (struct iovec){ .iov_base = (void *)(uintptr_t)o->part[i].p, .iov_len = o->part[i].n };
	n = sendmsg(c->fd, &message, MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	snprintf(why, sizeof(why), "writing to the relay: %s", strerror(errno));
	write_failed(c, why);
	return -1;
}

static void write_all(struct conn *c)
{
	struct talk_output o = talk_output(c->talk);

	while (o.n) {
		ssize_t n = write_some(c, &o);

		if (n < 0)
			return;
		if (n == 0) {
			wait_writable(c, true);
			return;
		}
		talk_wrote(c->talk, (size_t)n);
		o = talk_output(c->talk);
	}
	wait_writable(c, false);
}

static void shake_hands(struct conn *c)
{
	int rc, kind;

	ERR_clear_error();
	rc = SSL_do_handshake(c->tls);
	if (rc == 1) {
		wait_writable(c, false);
		c->state = TALKING;
		if (talk_need(c->talk) == TALK_TLS)
			talk_secured(c->talk);
		return;
	}
	kind = SSL_get_error(c->tls, rc);
	wait_writable(c, kind == SSL_ERROR_WANT_WRITE);
	if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE) {
		tls_forget(c->setup->tls);
		lose_tls(c);
	}
}

static void start_tls(struct conn *c)
{
	c->state = SHAKING_HANDS;
	c->tls = tls_session_new(c->setup->tls, c->setup->relay->host, c->fd);
	shake_hands(c);
}

static void on_again(evutil_socket_t fd, short what, void *ctx);

/* Others come in between slices: a timer of no length is handled behind what is ready now. */
static void work(struct conn *c)
{
	talk_work(c->talk);
	if (talk_need(c->talk) != TALK_WORK)
		return;
	if (!c->again)
		c->again = event_new(c->setup->base, -1, 0, on_again, c);
	MUST(c->again);
	event_add(c->again, &(struct timeval){ 0 });
}

/* How long the present step may take. */
static int64_t time_for(const struct conn *c)
{
	const struct smtp_limits *l = c->setup->limits;

	if (c->state == OVER)
		return 0;
	if (c->state == CONNECTING)
		return l->connect;
	if (c->state == SHAKING_HANDS)
		return l->greeting;
	if (c->write_waits)
		return l->data;
	switch (talk_wait(c->talk)) {
	case WAIT_GREETING:
		return l->greeting;
	case WAIT_REPLY:
		return l->reply;
	case WAIT_GO_AHEAD:
		return l->reply < 2 * MINUTE ? l->reply : 2 * MINUTE;
	case WAIT_DOT:
		return l->dot;
	case WAIT_NOTHING:
		break;
	}
	return IDLE_MAX;
}

static void go_on(struct conn *c)
{
	c->due = false;
	if (c->state == TALKING)
		write_all(c);
	if (c->state == TALKING && talk_need(c->talk) == TALK_CLOSE)
		c->state = OVER;
	if (c->state != TALKING || c->progress != talk_progress(c->talk)) {
		c->progress = c->talk ? talk_progress(c->talk) : 0;
		c->deadline = clock_ticks() + time_for(c);
	}
	c->setup->moved(c->setup->ctx, c);
}

/* The end of each event. */
static void settle(struct conn *c)
{
	if (c->state == TALKING && talk_need(c->talk) == TALK_TLS)
		start_tls(c);
	if (c->state == TALKING && talk_need(c->talk) == TALK_WORK)
		work(c);
	if (!conn_is_ready(c)) {
		go_on(c);
		return;
	}
	c->due = true;
	c->setup->due(c->setup->ctx);
}

void conn_write(struct conn *c)
{
	if (c->due)
		go_on(c);
}

bool conn_is_due(const struct conn *c)
{
	return c->due;
}

static void on_again(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	settle(ctx);
}

/* EHLO's name when none is configured: the address that the relay sees (SMTP-3). */
static void address_literal(int fd, char out[80])
{
	union {
		struct sockaddr any;
		struct sockaddr_storage room;
	} us = { .room = { 0 } };
	socklen_t n = sizeof(us);
	char host[64] = "127.0.0.1";

	if (getsockname(fd, &us.any, &n) == 0)
		getnameinfo(&us.any, n, host, sizeof(host), NULL, 0, NI_NUMERICHOST);
	snprintf(out, 80, "[%s%s]", us.any.sa_family == AF_INET6 ? "IPv6:" : "", host);
}

/* The token as it is now: an outside job renews it. */
static int read_token(const char *path, struct buf *out, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* a pipe would stop us all */
		return err_set(e, ERR_INPUT, "the relay's token: %s is no file", path);
	if (file_read(path, out, e) < 0)
		return err_in(e, "the relay's token");
	while (out->n && strchr(" \t\r\n", out->p[out->n - 1]))
		buf_cut(out, out->n - 1);
	return 0;
}

static void start_talk(struct conn *c)
{
	const struct conn_setup *s = c->setup;
	struct talk_setup talk = { .relay = s->relay,
				   .helo = s->relay->helo,
				   .ops = s->ops,
				   .ctx = s->ops_ctx,
				   .rejected_max = s->limits->rejected_max,
				   .secure = s->relay->mode == RELAY_TLS,
				   .scram = s->scram };
	char literal[80];
	struct buf token;
	struct err e;

	buf_init(&token, TOKEN_MAX);
	if (s->relay->token_file && read_token(s->relay->token_file, &token, &e) < 0) {
		fail(c, STAGE_AUTH, e.text);
		return;
	}
	if (!talk.helo) {
		address_literal(c->fd, literal);
		talk.helo = literal;
	}
	if (s->relay->token_file)
		talk.token = buf_text(&token);
	c->talk = talk_new(&talk);
	c->state = TALKING;
	if (token.p)
		OPENSSL_cleanse(token.p, token.room);
	buf_free(&token);
}

static void connected(struct conn *c)
{
	int number = 0;
	socklen_t n = sizeof(number);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &number, &n) < 0 || number) {
		lose_errno(c, "cannot connect to the relay", number);
		return;
	}
	wait_writable(c, false);
	event_add(c->readable, NULL);
	start_talk(c);
	if (c->state == TALKING && c->setup->relay->mode == RELAY_TLS)
		start_tls(c);
}

static void on_event(evutil_socket_t fd, short what, void *ctx)
{
	struct conn *c = ctx;

	(void)fd;
	if (c->state == CONNECTING)
		connected(c);
	else if (c->state == SHAKING_HANDS)
		shake_hands(c);
	else if (c->state == TALKING && (what & EV_READ))
		read_all(c, false);
	if (c->tls && c->state == TALKING && SSL_has_pending(c->tls))
		read_all(c, false); /* what came together with the end of the handshake */
	settle(c);
}

static void start_connecting(struct conn *c, const struct addrinfo *to)
{
	int one = 1;

	c->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		lose_errno(c, "cannot make a socket", errno);
		return;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, to->ai_addr, to->ai_addrlen) < 0 && errno != EINPROGRESS) {
		lose_errno(c, "cannot connect to the relay", errno);
		return;
	}
	c->readable = event_new(c->setup->base, c->fd, EV_READ | EV_PERSIST, on_event, c);
	c->writable = event_new(c->setup->base, c->fd, EV_WRITE | EV_PERSIST, on_event, c);
	MUST(c->readable && c->writable);
	wait_writable(c, true);
}

struct conn *conn_open(const struct conn_setup *setup, const struct addrinfo *to)
{
	struct conn *c = mem_alloc(sizeof(*c));

	c->setup = setup;
	c->fd = -1;
	start_connecting(c, to);
	c->deadline = clock_ticks() + setup->limits->connect;
	c->progress = UINT64_MAX;
	return c;
}

void conn_kick(struct conn *c)
{
	if (conn_is_idle(c))
		settle(c);
}

void conn_check_time(struct conn *c, int64_t now)
{
	static const char *const WHY[] = {
		[WAIT_NOTHING] = "the relay does not take our bytes in time",
		[WAIT_GREETING] = "no greeting in time",
		[WAIT_REPLY] = "no reply in time",
		[WAIT_GO_AHEAD] = "no reply to DATA in time",
		[WAIT_DOT] = "no reply to the message in time",
	};

	if (c->state == OVER || now < c->deadline)
		return;
	if (conn_is_idle(c))
		talk_quit(c->talk);
	else if (c->state == CONNECTING)
		lose(c, "no connection in time");
	else if (c->state == SHAKING_HANDS)
		lose(c, "no TLS in time");
	else
		lose(c, WHY[c->write_waits ? WAIT_NOTHING : talk_wait(c->talk)]);
	settle(c);
}

void conn_free(struct conn *c)
{
	if (!c)
		return;
	if (conn_is_idle(c)) {
		talk_quit(c->talk);
		write_all(c);
	}
	lose(c, "stopped");
	if (c->readable)
		event_free(c->readable);
	if (c->writable)
		event_free(c->writable);
	if (c->again)
		event_free(c->again);
	if (c->tls && SSL_is_init_finished(c->tls))
		SSL_shutdown(c->tls); /* a goodbye, not waited for */
	ERR_clear_error();
	SSL_free(c->tls);
	talk_free(c->talk);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

bool conn_is_over(const struct conn *c)
{
	return c->state == OVER;
}

bool conn_is_ready(const struct conn *c)
{
	return c->state == TALKING && talk_is_ready(c->talk);
}

bool conn_is_leaving(const struct conn *c)
{
	return c->state == TALKING && talk_is_leaving(c->talk);
}

bool conn_is_idle(const struct conn *c)
{
	return c->state == TALKING && talk_is_idle(c->talk);
}

const struct smtp_outcome *conn_fault(const struct conn *c)
{
	if (c->faulty)
		return &c->fault;
	return c->talk ? talk_fault(c->talk) : NULL;
}
