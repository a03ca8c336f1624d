/*
 * The server: see server.h. libmicrohttpd reads and writes; this file turns
 * what it says into facts for an exchange, and the response into its terms.
 * Its own decoding of addresses is switched off: the router decodes, strictly.
 * Connections stand in a list, in the order in which their requests began: when
 * places get scarce, whoever has kept us waiting the longest gives up theirs.
 */
#include "web/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define CONNECTIONS_MAX 1000
#define CONNECTION_MEMORY (32 << 10)
#define IDLE_SECONDS 30
/* A body must be through by then, however steadily it drips. */
#define BODY_TIME (120 * SECOND)
#define TURN_MS_MAX 60000
/* From so many on, a request has to be through soon: a thousand that drip must not keep out one opt-out. */
#define CONNECTIONS_MANY 750
#define SLOW_TIME (3 * SECOND)
#define SLOW_LOOK_MS 500

/* A connection, in the list of its server. */
struct visitor {
	struct visitor *before, *after;
	int64_t since; /* its request, or its waiting for one, began */
	int fd;
};

/* A page that waits for something of its own. */
struct sleeper {
	struct sleeper *before, *after;
	struct server *server;
	struct MHD_Connection *connection;
	struct loop_watch *watch;
	struct loop_timer *timer;
};

struct server {
	const struct site *site;
	struct loop *loop;
	struct sleeper *sleepers;
	bool stopping;
	struct MHD_Daemon *daemon;
	struct loop_watch *watch; /* of what the library waits for; NULL: it has a thread of its own */
	struct loop_timer *timer; /* of its time limits */
	struct MHD_Connection **waiting; /* their pages wait for site->settle */
	size_t n_waiting, room;
	struct visitor *oldest, *newest;
	unsigned n_visitors;
};

/* What the library keeps for us with a request. */
struct held {
	struct exchange *exchange;
	int64_t began;
};

/* --- who is connected --------------------------------------------------------------------------- */

static void list_last(struct server *s, struct visitor *v)
{
	v->since = clock_ticks();
	v->before = s->newest;
	v->after = NULL;
	*(s->newest ? &s->newest->after : &s->oldest) = v;
	s->newest = v;
}

static void unlist(struct server *s, struct visitor *v)
{
	*(v->before ? &v->before->after : &s->oldest) = v->after;
	*(v->after ? &v->after->before : &s->newest) = v->before;
}

static void come_or_go(void *ctx, struct MHD_Connection *c, void **visitor, enum MHD_ConnectionNotificationCode what)
{
	struct server *s = ctx;
	struct visitor *v = *visitor;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

		v = mem_alloc(sizeof(*v));
		v->fd = info ? info->connect_fd : -1;
		list_last(s, v);
		s->n_visitors++;
		*visitor = v;
	} else if (v) {
		unlist(s, v);
		s->n_visitors--;
		free(v);
		*visitor = NULL;
	}
}

/* Its next request may take as long as its first. */
static void begin_anew(struct server *s, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	if (!info || !info->socket_context)
		return;
	unlist(s, info->socket_context);
	list_last(s, info->socket_context);
}

/* The library finds the end of what it reads there, and closes. */
static void let_slow_go(struct server *s)
{
	int64_t before = clock_ticks() - SLOW_TIME;
	unsigned left = s->n_visitors;

	for (struct visitor *v = s->oldest; v && left > CONNECTIONS_MANY && v->since < before; v = v->after, left--)
		shutdown(v->fd, SHUT_RDWR);
}

/* --- requests ----------------------------------------------------------------------------------- */

static size_t leave_encoded(void *ctx, struct MHD_Connection *c, char *s)
{
	(void)ctx;
	(void)c;
	return strlen(s);
}

static void *begin(void *ctx, const char *target, struct MHD_Connection *c)
{
	struct server *s = ctx;
	struct held *h = mem_alloc(sizeof(*h));

	(void)c;
	h->exchange = exchange_new(s->site, target);
	h->began = clock_ticks();
	return h;
}

static void end(void *ctx, struct MHD_Connection *c, void **held, enum MHD_RequestTerminationCode why)
{
	struct held *h = *held;

	(void)why;
	begin_anew(ctx, c);
	if (!h)
		return;
	exchange_free(h->exchange);
	free(h);
	*held = NULL;
}

struct fields {
	struct gate_field field[GATE_FIELDS_MAX];
	size_t n;
};

static enum MHD_Result collect(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_n, const char *value,
			       size_t value_n)
{
	struct fields *f = ctx;

	(void)kind;
	if (f->n < GATE_FIELDS_MAX)
		f->field[f->n] = (struct gate_field){ { name, name_n }, { value ? value : "", value_n } };
	f->n++;
	return MHD_YES;
}

static bool open_exchange(struct exchange *x, struct MHD_Connection *c, const char *method, const char *version)
{
	struct fields fields = { .n = 0 };
	struct gate_facts facts = { .method = method, .version = version, .fields = fields.field };
	const union MHD_ConnectionInfo *peer;

	MHD_get_connection_values_n(c, MHD_HEADER_KIND, collect, &fields);
	facts.n_fields = fields.n;
	peer = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	facts.peer = peer ? peer->client_addr : NULL;
	return exchange_open(x, &facts, MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type"));
}

/* Hands the page's memory over to the library; `asset` bytes stay where they are. */
static struct MHD_Response *make_response(struct response *r)
{
	struct MHD_Response *m;

	if (r->asset)
		return MHD_create_response_from_buffer(r->asset_n, (void *)(uintptr_t)r->asset, MHD_RESPMEM_PERSISTENT);
	if (!r->body.n)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	m = MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_FREE);
	if (m)
		buf_init(&r->body, RESPONSE_MAX);
	return m;
}

static enum MHD_Result give(const struct site *site, struct response *r, struct MHD_Connection *c)
{
	struct response_header headers[RESPONSE_HEADERS_MAX];
	struct response_room room;
	size_t n = response_headers(r, site->https, &room, headers);
	struct MHD_Response *m = make_response(r);
	enum MHD_Result rc = m ? MHD_YES : MHD_NO;

	for (size_t i = 0; i < n && rc == MHD_YES; i++)
		rc = MHD_add_response_header(m, headers[i].name, headers[i].value);
	if (rc == MHD_YES)
		rc = MHD_queue_response(c, (unsigned)r->status, m);
	if (m)
		MHD_destroy_response(m);
	return rc;
}

static void wait_for_settling(struct server *s, struct MHD_Connection *c)
{
	MUST(s->watch && s->site->settle);
	if (s->n_waiting == s->room) {
		s->room = s->room ? s->room * 2 : 64;
		s->waiting = mem_grow(s->waiting, s->room * sizeof(struct MHD_Connection *));
	}
	s->waiting[s->n_waiting++] = c;
	MHD_suspend_connection(c);
}

static void turn(void *ctx);

static void wake(struct sleeper *p)
{
	*(p->before ? &p->before->after : &p->server->sleepers) = p->after;
	if (p->after)
		p->after->before = p->before;
	loop_watch_free(p->watch);
	loop_timer_free(p->timer);
	MHD_resume_connection(p->connection);
	free(p);
}

static void on_time(void *ctx)
{
	struct sleeper *p = ctx;
	struct server *s = p->server;

	wake(p);
	turn(s);
}

static void on_news(int fd, void *ctx)
{
	(void)fd;
	on_time(ctx);
}

static void sleep_until(struct server *s, struct MHD_Connection *c, int fd, int64_t until)
{
	struct sleeper *p = mem_alloc(sizeof(*p));
	int64_t left = until - clock_ticks();

	MUST(s->loop);
	*p = (struct sleeper){ .after = s->sleepers, .server = s, .connection = c };
	if (p->after)
		p->after->before = p;
	s->sleepers = p;
	p->watch = fd >= 0 ? loop_watch_new(s->loop, fd, on_news, p) : NULL;
	p->timer = loop_timer_new(s->loop, on_time, p);
	loop_timer_set(p->timer, left > 0 ? left : 0);
	MHD_suspend_connection(c);
}

static enum MHD_Result answer(struct server *s, struct exchange *x, struct MHD_Connection *c)
{
	struct response *r = exchange_answer(x);
	int64_t until;
	int fd;

	if (r)
		return give(s->site, r, c);
	fd = exchange_waits_for(x, &until);
	if (!until)
		wait_for_settling(s, c);
	else if (s->stopping)
		return MHD_NO;
	else
		sleep_until(s, c, fd, until);
	return MHD_YES;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
			      const char *version, const char *data, size_t *n, void **held)
{
	struct server *s = ctx;
	struct held *h = *held;

	(void)url;
	if (!exchange_is_open(h->exchange))
		return open_exchange(h->exchange, c, method, version) ? MHD_YES : answer(s, h->exchange, c);
	if (*n) {
		size_t got = *n;

		*n = 0;
		return exchange_body(h->exchange, data, got) && clock_ticks() - h->began < BODY_TIME ? MHD_YES : MHD_NO;
	}
	return answer(s, h->exchange, c);
}

/* --- the library within our loop ---------------------------------------------------------------- */

/* What pages wait for is done for all of them; the library's next run answers. */
static void settle(struct server *s)
{
	if (!s->n_waiting)
		return;
	s->site->settle(s->site->ctx);
	for (size_t i = 0; i < s->n_waiting; i++)
		MHD_resume_connection(s->waiting[i]);
	s->n_waiting = 0;
}

static void turn(void *ctx)
{
	struct server *s = ctx;
	MHD_UNSIGNED_LONG_LONG ms, longest;

	let_slow_go(s);
	settle(s);
	MHD_run(s->daemon);
	if (s->n_waiting) {
		settle(s);
		MHD_run(s->daemon);
	}
	longest = s->n_visitors > CONNECTIONS_MANY ? SLOW_LOOK_MS : TURN_MS_MAX;
	/* Whoever came while others were answered waits for no longer than what else the loop has to do. */
	if (s->n_waiting)
		loop_timer_set(s->timer, 0);
	else if (MHD_get_timeout(s->daemon, &ms) == MHD_YES)
		loop_timer_set(s->timer, (int64_t)(ms < longest ? ms : longest) * 1000);
	else
		loop_timer_unset(s->timer);
}

static void on_readable(int fd, void *ctx)
{
	(void)fd;
	turn(ctx);
}

static int join_loop(struct server *s, struct loop *loop, struct err *e)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info || info->epoll_fd < 0)
		return err_set(e, ERR_BROKEN, "the web server for %s has nothing to wait for", s->site->name);
	s->timer = loop_timer_new(loop, turn, s);
	s->watch = loop_watch_new(loop, info->epoll_fd, on_readable, s);
	loop_timer_set(s->timer, 0);
	return 0;
}

struct server *server_start(const struct site *site, struct loop *loop, int sock, struct err *e)
{
	const unsigned how = loop ? MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME
				  : MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC;
	struct server *s = mem_alloc(sizeof(*s));

	*s = (struct server){ .site = site, .loop = loop };
	s->daemon = MHD_start_daemon(
		how, 0, NULL, NULL, handle, s,
		MHD_OPTION_LISTEN_SOCKET, sock, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_URI_LOG_CALLBACK, begin, s,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, s, MHD_OPTION_NOTIFY_COMPLETED, end, s,
		MHD_OPTION_NOTIFY_CONNECTION, come_or_go, s, MHD_OPTION_END);
	if (!s->daemon) {
		err_sys(e, ERR_BROKEN, errno, "the web server for %s does not start", site->name);
		close(sock);
		free(s);
		return NULL;
	}
	if (!loop || join_loop(s, loop, e) == 0)
		return s;
	server_stop(s);
	return NULL;
}

void server_stop(struct server *s)
{
	if (!s)
		return;
	/* Who was heard already is answered; the library must not stop while any of them is held up. */
	s->stopping = true;
	while (s->sleepers)
		wake(s->sleepers);
	if (s->watch) {
		settle(s);
		MHD_run(s->daemon);
		settle(s);
		loop_timer_unset(s->timer);
		loop_watch_free(s->watch);
	}
	MHD_stop_daemon(s->daemon);
	free(s->waiting);
	free(s);
}
