/*
 * The loop: see loop.h. It owns everything made from it in one list, so that
 * the end of a role is one loop_free. Signals only set a flag and break the
 * loop; whoever runs it decides what to finish.
 */
#include "base/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>

struct loop_timer {
	struct loop_timer *next;
	struct loop *loop;
	struct event *event;
	void (*fn)(void *);
	void *arg;
};

struct loop_watch {
	struct loop_watch *next;
	struct loop *loop;
	struct event *event;
	void (*fn)(int fd, void *);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct event *signals[2];
	struct loop_timer *timers;
	struct loop_watch *watches;
	bool stopping;
};

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	loop_stop(arg);
}

struct loop *loop_new(struct err *e)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	struct loop *l = mem_alloc(sizeof(*l));

	signal(SIGPIPE, SIG_IGN);
	l->base = event_base_new();
	if (!l->base)
		goto failed;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		l->signals[i] = evsignal_new(l->base, numbers[i], on_signal, l);
		if (!l->signals[i] || event_add(l->signals[i], NULL) < 0)
			goto failed;
	}
	return l;
failed:
	err_set(e, ERR_BROKEN, "cannot start the event loop");
	loop_free(l);
	return NULL;
}

static void free_timers(struct loop_timer *t)
{
	while (t) {
		struct loop_timer *next = t->next;

		event_free(t->event);
		free(t);
		t = next;
	}
}

static void free_watches(struct loop_watch *w)
{
	while (w) {
		struct loop_watch *next = w->next;

		event_free(w->event);
		free(w);
		w = next;
	}
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	free_timers(l->timers);
	free_watches(l->watches);
	for (size_t i = 0; i < COUNT(l->signals); i++)
		if (l->signals[i])
			event_free(l->signals[i]);
	if (l->base)
		event_base_free(l->base);
	free(l);
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}

int loop_run(struct loop *l, struct err *e)
{
	if (l->stopping)
		return 0;
	/* Stays although nothing is waited for: a signal may still come. */
	if (event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
		return err_sys(e, ERR_BROKEN, errno, "cannot wait for events");
	return 0;
}

int loop_run_once(struct loop *l, struct err *e)
{
	if (event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) < 0)
		return err_sys(e, ERR_BROKEN, errno, "cannot wait for events");
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stopping = true;
	event_base_loopbreak(l->base);
}

bool loop_stopping(const struct loop *l)
{
	return l->stopping;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->fn(t->arg);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *), void *arg)
{
	struct loop_timer *t = mem_alloc(sizeof(*t));

	*t = (struct loop_timer){ .next = l->timers, .loop = l, .fn = fn, .arg = arg };
	t->event = evtimer_new(l->base, on_timer, t);
	MUST(t->event); /* NULL only for lack of memory */
	l->timers = t;
	return t;
}

void loop_timer_set(struct loop_timer *t, int64_t us)
{
	struct timeval wait = { us > 0 ? us / 1000000 : 0, us > 0 ? us % 1000000 : 0 };

	MUST(evtimer_add(t->event, &wait) == 0);
}

void loop_timer_unset(struct loop_timer *t)
{
	evtimer_del(t->event);
}

void loop_timer_free(struct loop_timer *t)
{
	struct loop_timer **at;

	if (!t)
		return;
	for (at = &t->loop->timers; *at != t; at = &(*at)->next)
		MUST(*at);
	*at = t->next;
	event_free(t->event);
	free(t);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	(void)what;
	w->fn(fd, w->arg);
}

struct loop_watch *loop_watch_new(struct loop *l, int fd, void (*fn)(int fd, void *), void *arg)
{
	struct loop_watch *w = mem_alloc(sizeof(*w));

	*w = (struct loop_watch){ .next = l->watches, .loop = l, .fn = fn, .arg = arg };
	w->event = event_new(l->base, fd, EV_READ | EV_PERSIST, on_readable, w);
	MUST(w->event && event_add(w->event, NULL) == 0);
	l->watches = w;
	return w;
}

void loop_watch_free(struct loop_watch *w)
{
	struct loop_watch **at;

	if (!w)
		return;
	for (at = &w->loop->watches; *at != w; at = &(*at)->next)
		;
	*at = w->next;
	event_free(w->event);
	free(w);
}
