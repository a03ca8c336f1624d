/*
 * One request and its answer, apart from the socket: facts and bytes in, a
 * response out. The server feeds it; a fuzzer can too.
 *
 *   exchange_new -> exchange_open -> exchange_body ... -> exchange_answer -> exchange_free
 */
#ifndef PLACET_WEB_EXCHANGE_H
#define PLACET_WEB_EXCHANGE_H

#include "web/gate.h"
#include "web/request.h"
#include "web/response.h"

#define BODY_SMALL (64 << 10)
#define BODY_BIG (26 << 20)
#define BODY_UPLOAD ((1 << 20) + (64 << 10))

/* What a server serves. */
struct site {
	const char *name; /* in the log */
	const struct route *routes;
	size_t n_routes;
	void *ctx;  /* handed to the pages */
	const char *origin; /* of its own forms: "https://mail.example.ac.uk"; needed by SAME_ORIGIN */
	bool https; /* how the public reaches it: HSTS is promised then */
	/* Around a READ_ONLY page that needs data; both NULL when the site has no database. */
	int (*begin_read)(void *ctx, struct err *e);
	void (*end_read)(void *ctx);
	/* Does what pages of this turn put together, and wait for; NULL when none of the site's does. */
	void (*settle)(void *ctx);
	/* Hears of what kind a failure was; may be NULL. */
	void (*failed)(void *ctx, enum err_kind kind);
	/* Hears once of each answer, with the page that gave it, NULL when none did; may be NULL. */
	void (*answered)(void *ctx, const struct route *route, int status);
	/* Writes the page that tells a stranger of a failure: `text` is from err_means or the gate. */
	void (*error_page)(void *ctx, struct arena *a, int status, const char *text, struct response *out);
};

struct exchange;

/* Begins one; `target` is path and query as they came. Never NULL. */
struct exchange *exchange_new(const struct site *s, const char *target);
void exchange_free(struct exchange *x);
/* Gate and router. False when the answer is already ready, and the body need not be read. The facts'
   target is put in from exchange_new. Opening again has no effect. */
bool exchange_open(struct exchange *x, const struct gate_facts *f, const char *content_type);
bool exchange_is_open(const struct exchange *x);
/* A piece of the body. False when the sender goes on past every limit: drop the connection. */
bool exchange_body(struct exchange *x, const char *p, size_t n);
/* Runs the page unless the answer is ready, and gives the answer. NULL: the page waits, for what exchange_waits_for says;
   ask again after that. */
struct response *exchange_answer(struct exchange *x);
/* For what it waits: a descriptor that can be read (-1: none), at the latest until *until (clock_ticks()); *until 0: for
   site->settle(). */
int exchange_waits_for(const struct exchange *x, int64_t *until);

#endif
