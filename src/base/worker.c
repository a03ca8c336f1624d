/*
 * A thread with a mailbox for one job: see worker.h. The lock is held only to
 * put a job in or take it out; the loop hears of the end through an eventfd.
 */
#include "base/worker.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum place { EMPTY, POSTED, DONE };

struct worker {
	struct worker_calls calls;
	void *ctx;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	enum place place; /* under the lock, as the two below */
	void *job;
	bool ending;
	bool busy;        /* the loop's own: from post to done() */
	int fd;
	struct loop_watch *watch;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->ending || w->place == POSTED) {
		if (w->place != POSTED) {
			pthread_cond_wait(&w->moved, &w->lock);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		w->calls.run(w->ctx, w->job);
		pthread_mutex_lock(&w->lock);
		w->place = DONE;
		pthread_cond_broadcast(&w->moved);
		MUST(w->fd < 0 || eventfd_write(w->fd, 1) == 0);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Takes a finished job out and hands it back. */
static void hand_back(struct worker *w)
{
	void *job;

	pthread_mutex_lock(&w->lock);
	if (w->place != DONE) {
		pthread_mutex_unlock(&w->lock);
		return;
	}
	job = w->job;
	w->place = EMPTY;
	pthread_mutex_unlock(&w->lock);
	w->busy = false;
	w->calls.done(w->ctx, job);
}

static void on_done(int fd, void *arg)
{
	eventfd_t n;

	if (eventfd_read(fd, &n) == 0)
		hand_back(arg);
}

/* Signals are the loop's: the thread begins with all of them blocked. */
static int start_thread(struct worker *w)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* The clock that no step of the system's time moves. */
static void init_lock(struct worker *w)
{
	pthread_condattr_t monotonic;

	MUST(pthread_condattr_init(&monotonic) == 0 && pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
	MUST(pthread_mutex_init(&w->lock, NULL) == 0 && pthread_cond_init(&w->moved, &monotonic) == 0);
	pthread_condattr_destroy(&monotonic);
}

static void release(struct worker *w)
{
	if (w->watch)
		loop_watch_free(w->watch);
	if (w->fd >= 0)
		close(w->fd);
	pthread_cond_destroy(&w->moved);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

struct worker *worker_new(struct loop *l, const struct worker_calls *calls, void *ctx, struct err *e)
{
	struct worker *w = mem_alloc(sizeof(*w));
	int rc;

	*w = (struct worker){ .calls = *calls, .ctx = ctx, .fd = l ? eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) : -1 };
	if (l && w->fd < 0) {
		err_sys(e, ERR_AGAIN, errno, "eventfd");
		free(w);
		return NULL;
	}
	init_lock(w);
	if (l)
		w->watch = loop_watch_new(l, w->fd, on_done, w);
	rc = start_thread(w);
	if (!rc)
		return w;
	err_sys(e, ERR_AGAIN, rc, "a thread");
	release(w);
	return NULL;
}

void worker_post(struct worker *w, void *job)
{
	MUST(!w->busy);
	w->busy = true;
	pthread_mutex_lock(&w->lock);
	w->job = job;
	w->place = POSTED;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
}

bool worker_is_busy(const struct worker *w)
{
	return w->busy;
}

bool worker_wait(struct worker *w, int64_t us)
{
	struct timespec until;

	if (!w->busy)
		return true;
	MUST(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	until.tv_sec += us / SECOND;
	until.tv_nsec += us % SECOND * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&w->lock);
	while (w->place != DONE && pthread_cond_timedwait(&w->moved, &w->lock, &until) == 0)
		;
	pthread_mutex_unlock(&w->lock);
	hand_back(w);
	return !w->busy;
}

void worker_settle(struct worker *w)
{
	if (!w->busy)
		return;
	pthread_mutex_lock(&w->lock);
	while (w->place != DONE)
		pthread_cond_wait(&w->moved, &w->lock);
	pthread_mutex_unlock(&w->lock);
	hand_back(w);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	worker_settle(w);
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	release(w);
}
