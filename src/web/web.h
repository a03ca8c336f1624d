/*
 * The public pages of one home: the statement page, projects, mailings, the
 * check of a message, leaving. One thread serves them, and while it does, the
 * home and its database connection are that thread's alone.
 */
#ifndef PLACET_WEB_WEB_H
#define PLACET_WEB_WEB_H

#include "store/home.h"

struct web;

/* Serves on the listening socket `sock`, which becomes the web's, also on failure. The home's database is
   open and its keys are read. */
struct web *web_start(struct home *h, int sock, struct err *e) MUST_USE;
void web_stop(struct web *w); /* NULL is fine */

struct web_options {
	const char *listen;       /* NULL: 127.0.0.1:8080 */
	const char *admin_listen; /* where /healthz is also answered, by a thread without data; NULL: nowhere */
	/* Called with the address of `listen`, as it really is, when it answers. */
	void (*ready)(void *ctx, const char *address);
	void *ctx;
};

/* The web role: opens, drops what it does not need, and serves until SIGTERM or SIGINT. */
int web_run(struct home *h, const struct web_options *o, struct err *e) MUST_USE;

#endif
