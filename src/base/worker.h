/*
 * A thread that does one job at a time, so that a loop never waits for what
 * blocks. The two share nothing that changes: a job belongs to the loop until
 * worker_post, to the worker while it runs, and to the loop again from done().
 */
#ifndef PLACET_WORKER_H
#define PLACET_WORKER_H

#include "base/loop.h"

struct worker;

struct worker_calls {
	void (*run)(void *ctx, void *job);  /* in the worker's thread; nothing else touches `ctx` while it runs */
	void (*done)(void *ctx, void *job); /* in the loop's */
};

/* Starts the thread, which hears no signals. `ctx` is for both calls. Without a loop (NULL) whoever posts asks for the end of a
   job by worker_wait, and done() is called there. */
struct worker *worker_new(struct loop *l, const struct worker_calls *calls, void *ctx, struct err *e) MUST_USE;
/* There must be no job under way: worker_is_busy. */
void worker_post(struct worker *w, void *job);
bool worker_is_busy(const struct worker *w);
/* Waits for the job under way for `us` microseconds at most; true when there is none any more, and done() was called. */
bool worker_wait(struct worker *w, int64_t us);
/* Waits for the job under way, if there is one, and calls done() before it returns. */
void worker_settle(struct worker *w);
/* Waits for the job under way, whose done() is called, and ends the thread. NULL is fine. */
void worker_free(struct worker *w);

#endif
