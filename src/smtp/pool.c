/*
 * The connections to one relay: see pool.h. It opens them as the work grows
 * (a connection that gets a second message in a row shows that there is a
 * backlog), backs off when the relay is at fault, and then tries with one
 * connection before it opens the others.
 */
#include "smtp/pool.h"

#include <event2/event.h>
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "smtp/classify.h"
#include "smtp/conn.h"
#include "smtp/tls.h"

#define BACK_OFF_FIRST SECOND
#define BACK_OFF_MOST (5 * MINUTE)

struct slot {
	struct smtp_pool *pool;
	struct conn_setup setup;
	struct conn *conn; /* NULL: free */
	int streak;        /* messages since next() last had none */
};

struct smtp_pool {
	struct event_base *base;
	struct arena *texts; /* what `relay` points to */
	struct relay relay;
	struct scram_memory scram;
	struct smtp_limits limits;
	struct smtp_ops ops, own; /* the caller's; ours around them */
	void *ctx;
	SSL_CTX *tls;
	struct slot *slots; /* limits.connections of them */
	int in_flight;
	bool wanted; /* there may be work for one more connection */
	bool ending;
	int faults;       /* in a row */
	int64_t retry_at; /* ticks; no new connection before */
	struct event *wake, *retry, *tick;
	struct addrinfo *addresses, *address; /* of the relay; the one to try next */
};

static int count_conns(const struct smtp_pool *p, bool (*is)(const struct conn *))
{
	int n = 0;

	for (int i = 0; i < p->limits.connections; i++)
		n += p->slots[i].conn && is(p->slots[i].conn);
	return n;
}

static bool conn_is_opening(const struct conn *c)
{
	return !conn_is_over(c) && !conn_is_ready(c);
}

/* By a timer of no length: event_active() from within a callback would be handled before anything else is
   looked at, time-outs and sockets included. */
static void wake_up(struct smtp_pool *p)
{
	if (!p->ending)
		event_add(p->wake, &(struct timeval){ 0 });
}

static int pool_next(void *ctx, struct smtp_job *job)
{
	struct slot *s = ctx;

	if (s->pool->ending || s->pool->ops.next(s->pool->ctx, job) <= 0) {
		s->streak = 0;
		s->pool->wanted = false;
		return 0;
	}
	s->pool->in_flight++;
	if (++s->streak >= 2)
		s->pool->wanted = true;
	return 1;
}

static int pool_dot(void *ctx, const struct smtp_job *job)
{
	struct slot *s = ctx;

	return s->pool->ops.dot(s->pool->ctx, job);
}

static void pool_done(void *ctx, const struct smtp_job *job, const struct smtp_outcome *o)
{
	struct slot *s = ctx;

	s->pool->in_flight--;
	if (o->code && o->fault != FAULT_RELAY)
		s->pool->faults = 0;
	s->pool->ops.done(s->pool->ctx, job, o);
}

static void back_off(struct smtp_pool *p, const struct smtp_outcome *why)
{
	int64_t now = clock_ticks(), wait = p->limits.back_off;

	if (p->ending || now < p->retry_at)
		return; /* one of several that fell together */
	for (int i = 0; i < p->faults && wait < BACK_OFF_MOST; i++)
		wait *= 2;
	if (wait > BACK_OFF_MOST)
		wait = BACK_OFF_MOST;
	p->faults++;
	p->retry_at = now + wait;
	event_add(p->retry, &(struct timeval){ .tv_sec = wait / SECOND, .tv_usec = wait % SECOND });
	p->ops.relay_fault(p->ctx, why, wait);
}

/* The relay's name is fixed and usually local, so that a blocking look-up, once per round of addresses, is
   acceptable; numbers never ask anybody. */
static int look_up(struct smtp_pool *p)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct smtp_outcome o;
	char port[16], why[200];
	int rc;

	snprintf(port, sizeof(port), "%d", p->relay.port);
	rc = getaddrinfo(p->relay.host, port, &hints, &p->addresses);
	if (rc) {
		hints.ai_flags = AI_NUMERICSERV;
		rc = getaddrinfo(p->relay.host, port, &hints, &p->addresses);
	}
	if (rc) {
		p->addresses = NULL;
		snprintf(why, sizeof(why), "cannot look up %s: %s", p->relay.host, gai_strerror(rc));
		outcome_without_reply(&o, SMTP_NOT_STARTED, FAULT_RELAY, STAGE_CONNECT, why);
		back_off(p, &o);
		return -1;
	}
	p->address = p->addresses;
	return 0;
}

static void forget_addresses(struct smtp_pool *p)
{
	if (p->addresses)
		freeaddrinfo(p->addresses);
	p->addresses = p->address = NULL;
}

static void open_one(struct smtp_pool *p)
{
	struct slot *s = p->slots, *end = p->slots + p->limits.connections;

	p->wanted = false;
	while (s < end && s->conn)
		s++;
	if (s == end || p->ending || clock_ticks() < p->retry_at)
		return;
	if (count_conns(p, conn_is_opening) > (p->faults ? 0 : count_conns(p, conn_is_ready)))
		return;
	if (!p->addresses && look_up(p) < 0)
		return;
	s->streak = 0;
	s->conn = conn_open(&s->setup, p->address);
	if (conn_is_over(s->conn))
		wake_up(p);
}

/* A connection has ended. Its next address, a pause, or another connection: whatever brings the work on. */
static void reap(struct smtp_pool *p, struct slot *s)
{
	const struct smtp_outcome *fault = conn_fault(s->conn);
	struct smtp_outcome why = { 0 };
	bool busy = s->streak > 0;

	if (fault)
		why = *fault;
	conn_free(s->conn);
	s->conn = NULL;
	if (fault && why.stage == STAGE_CONNECT && !why.code && p->address && p->address->ai_next) {
		p->address = p->address->ai_next;
		p->wanted = true;
	} else if (fault) {
		forget_addresses(p);
		back_off(p, &why);
	} else if (busy) {
		p->wanted = true;
	}
	wake_up(p);
}

/* Called by a connection as the last thing of its event. */
static void on_moved(void *ctx, struct conn *c)
{
	struct slot *s = ctx;

	if (conn_is_over(c) && s->conn == c)
		reap(s->pool, s);
	else if (s->pool->wanted)
		wake_up(s->pool);
}

/* Apart from the callers' stack: done() may wake us. Idle connections first, then a new one. */
static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
	struct smtp_pool *p = ctx;

	(void)fd;
	(void)what;
	for (int i = 0; i < p->limits.connections; i++) {
		struct slot *s = &p->slots[i];

		if (s->conn && conn_is_over(s->conn))
			reap(p, s);
		else if (s->conn)
			conn_kick(s->conn);
	}
	if (p->wanted && count_conns(p, conn_is_idle) == 0)
		open_one(p);
}

static void on_retry(evutil_socket_t fd, short what, void *ctx)
{
	struct smtp_pool *p = ctx;

	p->retry_at = 0; /* the timer's clock and ours may differ by a little */
	p->wanted = true;
	on_wake(fd, what, p);
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct smtp_pool *p = ctx;
	int64_t now = clock_ticks();

	(void)fd;
	(void)what;
	for (int i = 0; i < p->limits.connections; i++)
		if (p->slots[i].conn)
			conn_check_time(p->slots[i].conn, now);
}

static int64_t or_default(int64_t v, int64_t standard)
{
	return v > 0 ? v : standard;
}

static struct smtp_limits fill_limits(const struct smtp_limits *l)
{
	return (struct smtp_limits){
		.connections = l->connections > 0 ? l->connections : 1,
		.greeting = or_default(l->greeting, 5 * MINUTE),
		.reply = or_default(l->reply, 5 * MINUTE),
		.data = or_default(l->data, 3 * MINUTE),
		.dot = or_default(l->dot, 10 * MINUTE),
		.connect = or_default(l->connect, 30 * SECOND),
		.rejected_max = l->rejected_max > 0 ? l->rejected_max : 10,
		.back_off = or_default(l->back_off, BACK_OFF_FIRST),
	};
}

/* Often enough for the shortest time-out, at most 100 times a second. */
static int64_t tick_length(const struct smtp_limits *l)
{
	int64_t all[] = { l->greeting, l->reply, l->data, l->dot, l->connect }, least = 4 * SECOND;

	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i] < least)
			least = all[i];
	least /= 4;
	return least < 10000 ? 10000 : least;
}

static void make_slots(struct smtp_pool *p)
{
	p->own = (struct smtp_ops){ .next = pool_next, .dot = pool_dot, .done = pool_done };
	p->slots = mem_alloc(sizeof(*p->slots) * (size_t)p->limits.connections);
	for (int i = 0; i < p->limits.connections; i++) {
		struct slot *s = &p->slots[i];

		s->pool = p;
		s->setup = (struct conn_setup){ .base = p->base,
						.relay = &p->relay,
						.limits = &p->limits,
						.tls = p->tls,
						.scram = &p->scram,
						.ops = &p->own,
						.ops_ctx = s,
						.moved = on_moved,
						.ctx = s };
	}
}

struct smtp_pool *smtp_pool_new(struct event_base *base, const struct relay *r, const struct smtp_limits *l,
				const struct smtp_ops *ops, void *ctx, struct err *e)
{
	struct smtp_pool *p;
	SSL_CTX *tls = NULL;
	int64_t tick;

	if (r->mode == RELAY_PLAIN && !relay_is_loopback(r)) {
		err_set(e, ERR_INPUT, "relay %s: mail is never sent in clear text to another machine", r->host);
		return NULL;
	}
	if (r->mode != RELAY_PLAIN && !(tls = tls_context_new(r, e)))
		return NULL;
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	p = mem_alloc(sizeof(*p));
	p->base = base;
	p->texts = arena_new();
	p->relay = relay_copy(p->texts, r); /* a pool outlives the mailing that it was made for */
	p->limits = fill_limits(l);
	p->ops = *ops;
	p->ctx = ctx;
	p->tls = tls;
	make_slots(p);
	p->wake = event_new(base, -1, 0, on_wake, p);
	p->retry = event_new(base, -1, 0, on_retry, p);
	p->tick = event_new(base, -1, EV_PERSIST, on_tick, p);
	MUST(p->wake && p->retry && p->tick);
	tick = tick_length(&p->limits);
	event_add(p->tick, &(struct timeval){ .tv_sec = tick / SECOND, .tv_usec = tick % SECOND });
	return p;
}

void smtp_pool_wake(struct smtp_pool *p)
{
	p->wanted = true;
	wake_up(p);
}

int smtp_pool_in_flight(const struct smtp_pool *p)
{
	return p->in_flight;
}

void smtp_pool_free(struct smtp_pool *p)
{
	if (!p)
		return;
	p->ending = true;
	for (int i = 0; i < p->limits.connections; i++)
		conn_free(p->slots[i].conn);
	event_free(p->wake);
	event_free(p->retry);
	event_free(p->tick);
	forget_addresses(p);
	SSL_CTX_free(p->tls);
	scram_forget(&p->scram);
	relay_wipe(&p->relay);
	arena_free(p->texts);
	free(p->slots);
	free(p);
}
