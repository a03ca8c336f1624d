/*
 * The event loop of a role: timers, descriptors, and an orderly stop on
 * SIGTERM or SIGINT. A thin layer over libevent, so that roles share one way
 * to wait; those that need bufferevents ask for the base.
 */
#ifndef PLACET_LOOP_H
#define PLACET_LOOP_H

#include "base/err.h"

struct event_base;
struct loop;
struct loop_timer;
struct loop_watch;

/* Ignores SIGPIPE as well: a lost peer is an error of write, not the end. */
struct loop *loop_new(struct err *e);
void loop_free(struct loop *l); /* NULL is fine; frees its timers and watches too */
struct event_base *loop_base(struct loop *l);

/* Runs until loop_stop or a signal. Returns 0, or -1 if waiting itself failed. */
int loop_run(struct loop *l, struct err *e) MUST_USE;
/* Waits for one round of events and handles them, also while stopping: for finishing what is under way. */
int loop_run_once(struct loop *l, struct err *e) MUST_USE;
/* Ends loop_run after the call-back that is running now; before loop_run, it returns at once. */
void loop_stop(struct loop *l);
/* Whether loop_stop was called or a signal came. */
bool loop_stopping(const struct loop *l);

/* A timer that is not set yet; calls fn(arg) once for each loop_timer_set, `us` microseconds later. */
struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *), void *arg);
void loop_timer_set(struct loop_timer *t, int64_t us); /* replaces an earlier setting */
void loop_timer_unset(struct loop_timer *t);
/* Before its loop is freed, and from its own function too; NULL is fine. */
void loop_timer_free(struct loop_timer *t);

/* Calls fn(fd, arg) each time that fd can be read, or has something to accept. Does not own fd. */
struct loop_watch *loop_watch_new(struct loop *l, int fd, void (*fn)(int fd, void *), void *arg);
/* Stops watching, before fd is closed; NULL is fine. */
void loop_watch_free(struct loop_watch *w);

#endif
