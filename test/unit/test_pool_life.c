/*
 * The life of a pool beside others: its limits and pace, what it does when its
 * relay goes away and comes back, and its end. The relay lives in the same
 * loop, takes everything, and counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "smtp/pool.h"
#include "smtp/resolve.h"

#define CLIENTS 40
#define MESSAGE "Subject: x\r\n\r\nwords\r\n"

/* --- the relay --------------------------------------------------------------------------------- */

struct client {
	struct world *w;
	int fd;
	struct event *event, *later;
	struct buf in;
	int taken;
	bool content, waiting; /* in a message; before the reply to one: the envelope behind it has to wait */
};

struct world {
	struct event_base *base;
	struct smtp_pool *pool;
	struct relay relay;
	/* The relay. */
	int listener;
	int pause, stay; /* milliseconds before the reply to a dot; so many messages on a connection, 0: any number */
	struct event *accepts;
	struct client client[CLIENTS];
	int open, most, opened;
	/* The pool's user. */
	int left, started, accepted, back, faults, given_back;
	int prepared, most_prepared, unprepared; /* messages: now, at a time; that were asked for and not announced */
	char why[400];
	int64_t began, longest, last_beat;
	struct event *beat;
};

static void hang_up(struct client *c)
{
	if (c->fd < 0)
		return;
	event_free(c->event);
	event_free(c->later);
	buf_free(&c->in);
	close(c->fd);
	c->fd = -1;
	c->w->open--;
}

static void say(struct client *c, const char *line)
{
	(void)!send(c->fd, line, strlen(line), MSG_NOSIGNAL);
}

/* False when the client has gone. */
static bool take_line(struct client *c, const char *line)
{
	if (c->content) {
		c->content = strcmp(line, ".") != 0;
		c->waiting = !c->content;
		if (c->waiting)
			event_add(c->later, &(struct timeval){ .tv_usec = 1000 * c->w->pause });
	} else if (strncmp(line, "EHLO", 4) == 0) {
		say(c, "250-relay\r\n250 PIPELINING\r\n");
	} else if (strcmp(line, "DATA") == 0) {
		c->content = true;
		say(c, "354 go\r\n");
	} else if (strcmp(line, "QUIT") == 0) {
		return false;
	} else {
		say(c, "250 ok\r\n");
	}
	return true;
}

static void take_lines(struct client *c)
{
	char *lf;

	while (!c->waiting && c->in.n && (lf = memchr(c->in.p, '\n', c->in.n))) {
		size_t used = (size_t)(lf - c->in.p) + 1;

		lf[-1] = '\0';
		if (!take_line(c, c->in.p)) {
			hang_up(c);
			return;
		}
		memmove(c->in.p, c->in.p + used, c->in.n - used);
		buf_cut(&c->in, c->in.n - used);
	}
}

static void on_later(evutil_socket_t fd, short what, void *ctx)
{
	struct client *c = ctx;

	(void)fd;
	(void)what;
	say(c, "250 2.0.0 Ok: queued as Q\r\n");
	c->waiting = false;
	if (++c->taken >= c->w->stay && c->w->stay)
		hang_up(c);
	else
		take_lines(c);
}

static void on_client(evutil_socket_t fd, short what, void *ctx)
{
	struct client *c = ctx;
	char piece[4096];
	ssize_t n = recv(fd, piece, sizeof(piece), 0);

	(void)what;
	if (n <= 0) {
		hang_up(c);
		return;
	}
	buf_add(&c->in, piece, (size_t)n);
	take_lines(c);
}

static void on_accept(evutil_socket_t listener, short what, void *ctx)
{
	struct world *w = ctx;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *c = w->client;
	int yes = 1;

	(void)what;
	assert_true(fd >= 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	while (c->fd >= 0)
		c++;
	assert_true(c < w->client + CLIENTS);
	*c = (struct client){ .w = w, .fd = fd };
	buf_init(&c->in, 1 << 20);
	c->event = event_new(w->base, fd, EV_READ | EV_PERSIST, on_client, c);
	c->later = event_new(w->base, -1, 0, on_later, c);
	event_add(c->event, NULL);
	w->opened++;
	if (++w->open > w->most)
		w->most = w->open;
	say(c, "220 hi\r\n");
}

static void relay_comes(struct world *w)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons((uint16_t)w->relay.port) };
	socklen_t n = sizeof(a);
	int yes = 1;

	w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(w->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	assert_int_equal(bind(w->listener, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(w->listener, CLIENTS), 0);
	assert_int_equal(getsockname(w->listener, (struct sockaddr *)&a, &n), 0);
	w->relay.port = ntohs(a.sin_port);
	w->accepts = event_new(w->base, w->listener, EV_READ | EV_PERSIST, on_accept, w);
	event_add(w->accepts, NULL);
}

static void relay_goes(struct world *w)
{
	if (!w->accepts)
		return;
	event_free(w->accepts);
	w->accepts = NULL;
	close(w->listener);
	for (int i = 0; i < CLIENTS; i++)
		hang_up(&w->client[i]);
}

/* --- the pool's user --------------------------------------------------------------------------- */

static void prepare(void *ctx, int n)
{
	struct world *w = ctx;

	w->prepared = n;
	if (n > w->most_prepared)
		w->most_prepared = n;
}

static int next(void *ctx, struct smtp_job *job)
{
	struct world *w = ctx;

	if (!w->left)
		return 0;
	w->unprepared += w->prepared == 0;
	w->prepared -= w->prepared > 0;
	w->left--;
	*job = (struct smtp_job){ .id = ++w->started, .from = "b@id.example", .to = "r@to.example", .data = MESSAGE,
				  .n = strlen(MESSAGE) };
	return 1;
}

static int dot(void *ctx, const struct smtp_job *job)
{
	(void)ctx;
	(void)job;
	return 0;
}

static void done(void *ctx, const struct smtp_job *job, const struct smtp_outcome *o)
{
	struct world *w = ctx;

	(void)job;
	w->accepted += o->end == SMTP_ACCEPTED;
	w->given_back += o->end != SMTP_ACCEPTED;
}

static void relay_fault(void *ctx, const struct smtp_outcome *o, int64_t wait)
{
	struct world *w = ctx;

	assert_true(wait > 0);
	assert_true(smtp_pool_is_down(w->pool));
	snprintf(w->why, sizeof(w->why), "%s", o->text);
	w->faults++;
}

static void relay_back(void *ctx)
{
	struct world *w = ctx;

	assert_false(smtp_pool_is_down(w->pool));
	w->back++;
}

static void on_beat(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;
	int64_t now = clock_ticks();

	(void)fd;
	(void)what;
	if (w->last_beat && now - w->last_beat > w->longest)
		w->longest = now - w->last_beat;
	w->last_beat = now;
}

static void run(struct world *w, int ms)
{
	event_base_loopexit(w->base, &(struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 });
	event_base_dispatch(w->base);
}

/* Until `n` are accepted, 10 s at most. */
static void run_until(struct world *w, int n)
{
	for (int i = 0; i < 1000 && w->accepted < n; i++)
		run(w, 10);
	if (w->accepted < n)
		fail_msg("%d of %d accepted by %d connections; %s", w->accepted, n, w->opened, w->why);
}

static void make_pool(struct world *w, int connections)
{
	struct smtp_ops ops = { .prepare = prepare, .next = next, .dot = dot, .done = done, .relay_fault = relay_fault,
				.relay_back = relay_back };
	struct smtp_limits limits = { .connections = connections, .back_off = 50000, .connect = SECOND };
	struct err e = { 0 };

	w->pool = smtp_pool_new(w->base, &w->relay, &limits, &ops, w, &e);
	if (!w->pool)
		fail_msg("%s", e.text);
}

static int set_up(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));

	w->base = event_base_new();
	w->relay = (struct relay){ .host = "localhost" };
	for (int i = 0; i < CLIENTS; i++)
		w->client[i].fd = -1;
	w->beat = event_new(w->base, -1, EV_PERSIST, on_beat, w);
	event_add(w->beat, &(struct timeval){ .tv_usec = 10000 });
	relay_comes(w);
	make_pool(w, 6);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	smtp_pool_free(w->pool);
	relay_goes(w);
	event_free(w->beat);
	event_base_free(w->base);
	free(w);
	return 0;
}

static void send_some(struct world *w, int n)
{
	w->left += n;
	smtp_pool_wake(w->pool);
}

static struct smtp_health health(struct world *w)
{
	struct smtp_health h;

	smtp_pool_health(w->pool, &h);
	return h;
}

/* --- cases ------------------------------------------------------------------------------------- */

/* Replies that come together are answered one right behind the other, and those messages were announced; eight at most. */
static void messages_are_announced(void **state)
{
	struct world *w = *state;

	smtp_pool_free(w->pool);
	make_pool(w, 20);
	w->pause = 5;
	send_some(w, 1000);
	run_until(w, 1000);
	assert_int_equal(w->most, 20);
	assert_int_equal(w->most_prepared, 8);
	assert_int_equal(w->unprepared, 0);
}

/* At a pace they start one by one, and nobody knows beforehand which. */
static void paced_messages_are_not_announced(void **state)
{
	struct world *w = *state;

	smtp_pool_set_rate(w->pool, 1000 * 1000);
	send_some(w, 100);
	run_until(w, 100);
	assert_int_equal(w->most_prepared, 0);
}

static void connections_are_limited(void **state)
{
	struct world *w = *state;

	w->pause = 2;
	assert_int_equal(health(w).state, POOL_IDLE);
	send_some(w, 600);
	run_until(w, 600);
	assert_int_equal(w->most, 6);
	assert_true(w->opened <= 7);
	assert_int_equal(health(w).state, POOL_UP);
	assert_int_equal(health(w).connections, 6);
	assert_int_equal(health(w).accepted, 600);
	smtp_pool_set_limit(w->pool, 2);
	run(w, 20);
	assert_int_equal(w->open, 2);
	w->most = 0;
	send_some(w, 200);
	run_until(w, 800);
	assert_true(w->open <= 2 && w->most == 0);
	/* In the middle of work, nothing of it is lost. */
	send_some(w, 200);
	run(w, 20);
	smtp_pool_set_limit(w->pool, 0);
	run(w, 50);
	assert_int_equal(w->open, 0);
	assert_int_equal(w->accepted, w->started);
	assert_int_equal(w->given_back, 0);
	assert_true(w->left > 0);
	smtp_pool_set_limit(w->pool, 4);
	run_until(w, 1000);
	assert_int_equal(w->most, 4);
	assert_int_equal(w->faults, 0);
}

static void a_pace_is_kept(void **state)
{
	struct world *w = *state;
	int64_t began = clock_ticks(), took;
	int before;

	smtp_pool_set_rate(w->pool, 100 * 1000);
	send_some(w, 1000);
	run(w, 1000);
	took = clock_ticks() - began;
	if (w->started < took / 20000 || w->started > took / 10000 + 4)
		fail_msg("%d messages in %d ms at 100 in a second", w->started, (int)(took / 1000));
	/* Slower, and it is not made up for. */
	smtp_pool_set_rate(w->pool, 4 * 1000);
	before = w->started;
	run(w, 600);
	if (w->started - before < 1 || w->started - before > 4)
		fail_msg("%d messages in 600 ms at 4 in a second", w->started - before);
	smtp_pool_set_rate(w->pool, 0);
	run_until(w, 1000);
}

static void a_relay_that_comes_back_is_used(void **state)
{
	struct world *w = *state;

	send_some(w, 10);
	run_until(w, 10);
	assert_int_equal(w->back, 1);
	relay_goes(w);
	run(w, 30);
	assert_int_equal(w->faults, 0); /* idle connections that end are nobody's fault */
	send_some(w, 10);
	run(w, 400);
	assert_true(w->faults >= 2 && w->faults <= 5);
	assert_int_equal(health(w).state, POOL_DOWN);
	assert_int_equal(health(w).connections, 0);
	assert_true(health(w).retry_at > 0);
	assert_non_null(strstr(health(w).why, "refused"));
	assert_int_equal(w->started, 10);
	relay_comes(w);
	run_until(w, 20);
	assert_int_equal(w->back, 2);
	assert_int_equal(health(w).state, POOL_UP);
}

/* What one connection meets is not the relay's end, as long as others stand. */
static void one_of_several_connections_is_lost(void **state)
{
	struct world *w = *state;

	w->pause = 5;
	send_some(w, 400);
	run(w, 60);
	assert_true(w->open >= 4);
	hang_up(&w->client[0]);
	run(w, 20);
	assert_true(w->given_back == 1 || w->given_back == 2); /* perhaps the envelope behind it too */
	run_until(w, 400 - w->given_back);
	assert_int_equal(w->faults, 0);
	assert_true(health(w).faults > 0);
	assert_int_equal(health(w).state, POOL_UP);
}

/* Some relays take so many messages on a connection, and do not say how many. */
static void a_relay_that_hangs_up_now_and_then_is_no_fault(void **state)
{
	struct world *w = *state;

	w->stay = 25;
	send_some(w, 1000);
	for (int i = 0; i < 500 && w->accepted + w->given_back < 1000; i++)
		run(w, 10);
	assert_int_equal(w->accepted + w->given_back, 1000);
	assert_true(w->accepted > 900);
	assert_int_equal(w->faults, 0);
	/* One that does so after each message is. */
	w->stay = 1;
	send_some(w, 50);
	run(w, 300);
	assert_true(w->faults > 0);
}

/* Without a connection to try it with, a relay that was down may be asked for again. */
static void one_that_stands_by_is_not_down_for_ever(void **state)
{
	struct world *w = *state;

	relay_goes(w);
	send_some(w, 1);
	run(w, 20);
	assert_int_equal(health(w).state, POOL_DOWN);
	smtp_pool_set_limit(w->pool, 0);
	run(w, 150);
	assert_int_equal(health(w).state, POOL_IDLE);
	assert_int_equal(w->back, 1);
	relay_comes(w);
	smtp_pool_set_limit(w->pool, 1);
	run_until(w, 1);
}

static void a_pool_is_drained(void **state)
{
	struct world *w = *state;
	int started;

	w->pause = 20;
	send_some(w, 500);
	run(w, 70);
	started = w->started;
	assert_true(smtp_pool_in_flight(w->pool) > 0);
	smtp_pool_drain(w->pool);
	assert_false(smtp_pool_is_drained(w->pool));
	run(w, 100);
	assert_true(smtp_pool_is_drained(w->pool));
	assert_int_equal(w->started, started);
	assert_int_equal(w->accepted, started);
	assert_int_equal(w->open, 0);
	smtp_pool_wake(w->pool);
	run(w, 20);
	assert_int_equal(w->started, started);
}

/* Whoever answers for names here, and however late: others are served meanwhile. */
static void a_look_up_holds_nobody_up(void **state)
{
	struct world *w = *state;

	smtp_pool_free(w->pool);
	w->relay.host = "relay.placet.invalid";
	w->relay.mode = RELAY_TLS;
	make_pool(w, 2);
	send_some(w, 1);
	w->last_beat = w->longest = 0;
	for (int i = 0; i < 300 && !w->faults; i++)
		run(w, 10);
	assert_int_equal(w->faults, 1);
	assert_non_null(strstr(w->why, "cannot look up relay.placet.invalid"));
	if (w->longest > 500000)
		fail_msg("the loop stood still for %d ms", (int)(w->longest / 1000));
	/* A pool may end while somebody is being asked. */
	run(w, 60);
	smtp_pool_free(w->pool);
	w->pool = NULL;
	run(w, 20);
}

static void numbers_ask_nobody(void **state)
{
	struct addresses x, copy;
	const struct sockaddr_in *v4;
	const struct sockaddr_in6 *v6;

	(void)state;
	assert_true(resolve_at_once("LocalHost", 25, &x));
	assert_int_equal(x.n, 2);
	addresses_copy(&copy, &x);
	assert_ptr_equal(copy.at[1].info.ai_addr, &copy.at[1].room);
	v4 = (const struct sockaddr_in *)copy.at[0].info.ai_addr;
	v6 = (const struct sockaddr_in6 *)copy.at[1].info.ai_addr;
	assert_true(v4->sin_family == AF_INET && ntohs(v4->sin_port) == 25 && ntohl(v4->sin_addr.s_addr) == INADDR_LOOPBACK);
	assert_true(IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) && copy.at[1].info.ai_addrlen == sizeof(*v6));
	assert_true(resolve_at_once("192.0.2.7", 587, &x) && x.n == 1);
	assert_true(resolve_at_once("2001:db8::7", 587, &x) && x.n == 1 && x.at[0].info.ai_family == AF_INET6);
	assert_false(resolve_at_once("relay.example", 25, &x));
	assert_int_equal(x.n, 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(messages_are_announced), CASE(paced_messages_are_not_announced),
		CASE(connections_are_limited), CASE(a_pace_is_kept), CASE(a_relay_that_comes_back_is_used),
		CASE(one_of_several_connections_is_lost),
		CASE(a_relay_that_hangs_up_now_and_then_is_no_fault), CASE(one_that_stands_by_is_not_down_for_ever), CASE(a_pool_is_drained),
		CASE(a_look_up_holds_nobody_up), cmocka_unit_test(numbers_ask_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
