/*
 * The connections to one relay: see pool.h. It opens them as the work grows
 * (a connection that gets a second message in a row shows that there is a
 * backlog). A connection that is lost delays the opening of others; when none
 * is left, the relay is down. It is then tried with one connection, and the
 * others follow once that one has brought a message to its end.
 */
#include "smtp/pool.h"

#include <event2/event.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "smtp/classify.h"
#include "smtp/conn.h"
#include "smtp/resolve.h"
#include "smtp/tls.h"

#define BACK_OFF_FIRST SECOND
#define BACK_OFF_MOST (60 * SECOND)
#define ADDRESSES_KEPT (10 * MINUTE)
#define POLITE_MESSAGES 10
#define TOGETHER 8 /* connections that are written to in one go: each may take a signature, and nothing else is heard meanwhile */
#define BURST 20000 /* microseconds: how far ahead of its pace a pool may be, so that few timers are needed */

struct slot {
	struct smtp_pool *pool;
	struct conn_setup setup;
	struct conn *conn; /* NULL: free */
	int streak;        /* messages since next() last had none */
	bool extra;        /* it was one more than may be: another one was about to end */
	bool followed;     /* it is about to end, and another one was asked for */
	int64_t accepted, opened; /* of this connection; ticks */
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
	struct slot *slots; /* one more than limits.connections */
	bool no_extra;      /* the relay has refused one */
	int limit;          /* so many connections at most, now */
	bool trimming;      /* there may be more than that */
	int in_flight;
	bool wanted; /* there may be work for one more connection */
	bool draining, ending;
	int faults;       /* in a row */
	int64_t retry_at; /* ticks; no new connection before */
	struct smtp_health health; /* state, since, accepted, faults, why */
	int64_t interval; /* microseconds between messages; 0: no limit */
	int64_t turn;     /* ticks; when the next message would start at that pace */
	struct event *wake, *retry, *tick, *pace, *write;
	int written_to;   /* the slot whose connection was written to last */
	struct addresses addresses; /* of the relay */
	size_t address;             /* the one to try next */
	int64_t looked_up;          /* ticks; when they were found, or asked for */
	struct lookup *lookup;
};

static int slots_of(const struct smtp_pool *p)
{
	return p->limits.connections + 1;
}

static int count_conns(const struct smtp_pool *p, bool (*is)(const struct conn *))
{
	int n = 0;

	for (int i = 0; i < slots_of(p); i++)
		n += p->slots[i].conn && is(p->slots[i].conn);
	return n;
}

static bool conn_is_there(const struct conn *c)
{
	return !conn_is_over(c);
}

static bool conn_is_opening(const struct conn *c)
{
	return !conn_is_over(c) && !conn_is_ready(c);
}

static void set_timer(struct event *timer, int64_t us)
{
	event_add(timer, &(struct timeval){ .tv_sec = us / SECOND, .tv_usec = us % SECOND });
}

/* By a timer of no length: event_active() from within a callback would be handled before anything else is
   looked at, time-outs and sockets included. */
static void wake_up(struct smtp_pool *p)
{
	if (!p->ending)
		set_timer(p->wake, 0);
}

/* There is no business for one more of its kind: the pool comes to its end, or was given fewer connections. */
static bool is_surplus(const struct smtp_pool *p)
{
	return p->draining || p->limit == 0 ||
	       (p->trimming && count_conns(p, conn_is_there) - count_conns(p, conn_is_leaving) > p->limit);
}

static void become(struct smtp_pool *p, enum smtp_pool_state state)
{
	if (p->health.state == state)
		return;
	p->health.state = state;
	p->health.since = clock_ticks();
	if (state != POOL_DOWN && !p->ending && !p->draining && p->ops.relay_back)
		p->ops.relay_back(p->ctx);
}

/* --- the pace ---------------------------------------------------------------------------------- */

static bool is_paced(const struct smtp_pool *p, int64_t now)
{
	return p->interval && p->turn > now + BURST;
}

static void take_turn(struct smtp_pool *p, int64_t now)
{
	if (p->interval)
		p->turn = (p->turn > now ? p->turn : now) + p->interval;
}

static void wait_for_turn(struct smtp_pool *p, int64_t now)
{
	int64_t wait = p->turn - BURST - now;

	if (!event_pending(p->pace, EV_TIMEOUT, NULL))
		set_timer(p->pace, wait > 1000 ? wait : 1000);
}

/* --- what a connection asks and says ----------------------------------------------------------- */

static int pool_next(void *ctx, struct smtp_job *job)
{
	struct slot *s = ctx;
	struct smtp_pool *p = s->pool;
	int64_t now = p->interval ? clock_ticks() : 0;

	if (p->ending || is_surplus(p)) {
		s->streak = 0;
		return 0;
	}
	if (is_paced(p, now)) {
		s->streak = 0;
		p->wanted = false;
		wait_for_turn(p, now);
		return 0;
	}
	if (p->ops.next(p->ctx, job) <= 0) {
		s->streak = 0;
		p->wanted = false;
		return 0;
	}
	take_turn(p, now);
	p->in_flight++;
	if (++s->streak >= 2)
		p->wanted = true;
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
	if (o->end == SMTP_ACCEPTED) {
		s->pool->health.accepted++;
		s->accepted++;
	}
	s->pool->ops.done(s->pool->ctx, job, o);
}

/* --- faults ------------------------------------------------------------------------------------ */

/* Up to an eighth less, so that senders which lost a relay together do not come back together. */
static int64_t jitter(const struct smtp_pool *p, int64_t wait)
{
	uint64_t x = ((uint64_t)clock_ticks() ^ (uint64_t)(uintptr_t)p) * UINT64_C(0x9e3779b97f4a7c15);

	return wait - wait / 8 * (int64_t)(x >> 54) / 1024;
}

static void back_off(struct smtp_pool *p, int64_t now)
{
	int64_t wait = p->limits.back_off;

	for (int i = 0; i < p->faults && wait < BACK_OFF_MOST; i++)
		wait *= 2;
	if (wait > BACK_OFF_MOST)
		wait = BACK_OFF_MOST;
	wait = jitter(p, wait);
	p->faults++;
	p->retry_at = now + wait;
	set_timer(p->retry, wait);
}

static void take_fault(struct smtp_pool *p, const struct smtp_outcome *why)
{
	int64_t now = clock_ticks();
	bool begins = now >= p->retry_at; /* else one of several that fell together */

	p->health.faults++;
	snprintf(p->health.why, sizeof(p->health.why), "%s", why->text);
	if (p->ending || p->draining)
		return;
	if (begins)
		back_off(p, now);
	if (count_conns(p, conn_is_ready) > 0 || (!begins && p->health.state == POOL_DOWN))
		return;
	become(p, POOL_DOWN);
	p->ops.relay_fault(p->ctx, why, p->retry_at - now);
}

/* --- addresses --------------------------------------------------------------------------------- */

static void forget_addresses(struct smtp_pool *p)
{
	lookup_cancel(p->lookup);
	p->lookup = NULL;
	p->addresses.n = p->address = 0;
}

static void no_addresses(struct smtp_pool *p, const char *why)
{
	struct smtp_outcome o;

	forget_addresses(p);
	outcome_without_reply(&o, SMTP_NOT_STARTED, FAULT_RELAY, STAGE_CONNECT, why);
	take_fault(p, &o);
}

static void on_addresses(void *ctx, const struct addresses *found, const char *why)
{
	struct smtp_pool *p = ctx;

	p->lookup = NULL;
	if (!found->n) {
		no_addresses(p, why);
		return;
	}
	addresses_copy(&p->addresses, found);
	p->address = 0;
	p->wanted = true;
	wake_up(p);
}

/* True when there is an address to connect to; else somebody is being asked, or it is a fault. */
static bool have_address(struct smtp_pool *p, int64_t now)
{
	char why[400];

	if (p->lookup)
		return false;
	if (p->addresses.n && now - p->looked_up < ADDRESSES_KEPT)
		return true;
	p->looked_up = now;
	p->address = 0;
	if (resolve_at_once(p->relay.host, p->relay.port, &p->addresses))
		return true;
	p->lookup = lookup_new(p->base, p->relay.host, p->relay.port, on_addresses, p);
	if (!p->lookup) {
		snprintf(why, sizeof(why), "cannot look up %s: this host cannot start a thread for it", p->relay.host);
		no_addresses(p, why);
	}
	return false;
}

/* --- connections ------------------------------------------------------------------------------- */

static void open_one(struct smtp_pool *p)
{
	struct slot *s = p->slots, *end = p->slots + slots_of(p);
	int there = count_conns(p, conn_is_there);
	int64_t now = clock_ticks();

	p->wanted = false;
	if (there - (p->no_extra ? 0 : count_conns(p, conn_is_leaving)) >= p->limit)
		return;
	while (s < end && s->conn)
		s++;
	if (s >= end || p->ending || p->draining || now < p->retry_at)
		return;
	if (count_conns(p, conn_is_opening) > (p->faults ? 0 : count_conns(p, conn_is_ready)))
		return;
	if (!have_address(p, now))
		return;
	s->streak = 0;
	s->followed = false;
	s->extra = there >= p->limit;
	s->accepted = 0;
	s->opened = now;
	s->conn = conn_open(&s->setup, &p->addresses.at[p->address].info);
	if (conn_is_over(s->conn))
		wake_up(p);
}

/* A relay that took messages for a while, and then hangs up between two of them, is worth another try at once: some do
   that after so many. Not so when it did not answer to a dot, since each such loss makes a message uncertain. */
static bool hung_up_politely(const struct slot *s, const struct smtp_outcome *why)
{
	return why->stage != STAGE_DOT &&
	       (s->accepted >= POLITE_MESSAGES || (s->accepted && clock_ticks() - s->opened > SECOND));
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
	if (fault && s->extra && why.stage < STAGE_MAIL) {
		p->no_extra = p->wanted = true; /* its limit is as narrow as ours: nobody's fault */
	} else if (fault && why.stage == STAGE_CONNECT && !why.code && p->address + 1 < p->addresses.n) {
		p->address++;
		p->wanted = true;
	} else if (fault && hung_up_politely(s, &why)) {
		p->health.faults++;
		snprintf(p->health.why, sizeof(p->health.why), "%s", why.text);
		p->wanted = true;
	} else if (fault) {
		if (count_conns(p, conn_is_ready) == 0)
			forget_addresses(p);
		take_fault(p, &why);
	} else if (busy) {
		p->wanted = true;
	}
	wake_up(p);
}

/* Called by a connection as the last thing of its event. */
static void on_moved(void *ctx, struct conn *c)
{
	struct slot *s = ctx;
	struct smtp_pool *p = s->pool;

	if (s->conn != c)
		return;
	if (conn_is_over(c)) {
		reap(p, s);
		return;
	}
	if (conn_is_ready(c))
		become(p, POOL_UP);
	if (!s->followed && s->streak > 0 && conn_is_leaving(c))
		s->followed = p->wanted = true;
	if (p->wanted || ((p->draining || p->trimming) && conn_is_idle(c)))
		wake_up(p);
}

/* Those in the middle of a message come to its end first. */
static void end_surplus(struct slot *s)
{
	if (!conn_is_idle(s->conn) && conn_is_ready(s->conn))
		return;
	conn_free(s->conn);
	s->conn = NULL;
}

/* Apart from the callers' stack: done() may wake us. Idle connections first, then a new one. */
static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
	struct smtp_pool *p = ctx;

	(void)fd;
	(void)what;
	for (int i = 0; i < slots_of(p); i++) {
		struct slot *s = &p->slots[i];

		if (s->conn && conn_is_over(s->conn))
			reap(p, s);
		else if (s->conn && is_surplus(p))
			end_surplus(s);
		else if (s->conn)
			conn_kick(s->conn);
	}
	p->trimming = p->trimming && is_surplus(p);
	if (p->wanted && count_conns(p, conn_is_idle) == 0)
		open_one(p);
}

static void on_due(void *ctx)
{
	struct slot *s = ctx;

	event_active(s->pool->write, 0, 0); /* behind all that is ready now */
}

/* Replies that came together are answered together. */
static void on_write(evutil_socket_t fd, short what, void *ctx)
{
	struct smtp_pool *p = ctx;
	int due = count_conns(p, conn_is_due), n = due < TOGETHER ? due : TOGETHER;

	(void)fd;
	(void)what;
	if (p->ops.prepare && !p->ending && !p->draining && !p->interval && n)
		p->ops.prepare(p->ctx, n);
	for (int i = 0; i < slots_of(p) && n; i++) {
		struct slot *s = &p->slots[p->written_to = (p->written_to + 1) % slots_of(p)];

		if (!s->conn || !conn_is_due(s->conn))
			continue;
		conn_write(s->conn);
		n--;
	}
	if (due > TOGETHER)
		set_timer(p->write, 0);
}

static void on_retry(evutil_socket_t fd, short what, void *ctx)
{
	struct smtp_pool *p = ctx;

	p->retry_at = 0; /* the timer's clock and ours may differ by a little */
	/* Without a connection to try it with, nobody knows: it may be asked for again. */
	if (p->limit == 0 && p->health.state == POOL_DOWN)
		become(p, POOL_IDLE);
	p->wanted = true;
	on_wake(fd, what, p);
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct smtp_pool *p = ctx;
	int64_t now = clock_ticks();
	char why[400];

	(void)fd;
	(void)what;
	for (int i = 0; i < slots_of(p); i++)
		if (p->slots[i].conn)
			conn_check_time(p->slots[i].conn, now);
	if (p->lookup && now - p->looked_up > p->limits.connect) {
		snprintf(why, sizeof(why), "cannot look up %s: no answer in time", p->relay.host);
		no_addresses(p, why);
	}
}

/* --- beginning and end ------------------------------------------------------------------------- */

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
	p->slots = mem_alloc(sizeof(*p->slots) * (size_t)slots_of(p));
	for (int i = 0; i < slots_of(p); i++) {
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
						.due = on_due,
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
	p->limit = p->limits.connections;
	p->health.since = clock_ticks();
	p->wake = event_new(base, -1, 0, on_wake, p);
	p->pace = event_new(base, -1, 0, on_wake, p);
	p->retry = event_new(base, -1, 0, on_retry, p);
	p->tick = event_new(base, -1, EV_PERSIST, on_tick, p);
	p->write = event_new(base, -1, 0, on_write, p);
	MUST(p->wake && p->retry && p->tick && p->pace && p->write);
	tick = tick_length(&p->limits);
	set_timer(p->tick, tick);
	return p;
}

void smtp_pool_wake(struct smtp_pool *p)
{
	p->wanted = true;
	wake_up(p);
}

void smtp_pool_set_limit(struct smtp_pool *p, int connections)
{
	int limit = connections < p->limits.connections ? connections : p->limits.connections;

	if (limit == p->limit)
		return;
	p->trimming = true;
	p->limit = limit;
	p->wanted = true;
	wake_up(p);
}

void smtp_pool_set_rate(struct smtp_pool *p, int64_t per_1000_seconds)
{
	int64_t interval = per_1000_seconds > 0 ? 1000 * SECOND / per_1000_seconds : 0;

	if (interval == p->interval)
		return;
	/* What was taken at another pace does not hold the new one up for longer than it would take. */
	if (interval && p->turn > clock_ticks() + BURST + interval)
		p->turn = clock_ticks() + BURST + interval;
	p->interval = interval;
	event_del(p->pace);
	wake_up(p);
}

void smtp_pool_drain(struct smtp_pool *p)
{
	p->draining = true;
	wake_up(p);
}

static bool conn_is_any(const struct conn *c)
{
	(void)c;
	return true;
}

bool smtp_pool_is_drained(const struct smtp_pool *p)
{
	return p->draining && count_conns(p, conn_is_any) == 0;
}

void smtp_pool_health(const struct smtp_pool *p, struct smtp_health *out)
{
	*out = p->health;
	out->connections = count_conns(p, conn_is_ready);
	out->retry_at = p->retry_at > clock_ticks() ? p->retry_at : 0;
}

bool smtp_pool_is_down(const struct smtp_pool *p)
{
	return p->health.state == POOL_DOWN;
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
	for (int i = 0; i < slots_of(p); i++)
		conn_free(p->slots[i].conn);
	event_free(p->wake);
	event_free(p->retry);
	event_free(p->tick);
	event_free(p->pace);
	event_free(p->write);
	forget_addresses(p);
	tls_context_free(p->tls);
	scram_forget(&p->scram);
	relay_wipe(&p->relay);
	arena_free(p->texts);
	free(p->slots);
	free(p);
}
