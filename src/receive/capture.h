/*
 * A relay for trying out: takes every message, strictly, and keeps it as two
 * files, DIR/00000001.eml (as received, dots unstuffed, CRLF lines) and
 * DIR/00000001.json (from, to, helo, tls, received). Both are renamed into
 * place, the .json first: who sees the .eml has both. Nothing is flushed to
 * the disk; numbers go on after a restart.
 */
#ifndef PLACET_CAPTURE_H
#define PLACET_CAPTURE_H

#include "base/clock.h"
#include "base/err.h"

struct capture;
struct event_base;

struct capture_options {
	const char *listen;        /* as listen_at_parse reads it */
	const char *dir;           /* made if need be */
	const char *reject;        /* POSIX extended, any case, on the recipient: 550 5.1.1; NULL: none */
	const char *defer;         /* the same: 450 4.2.0; reject comes first */
	const struct clock *clock; /* NULL: the real one */
	void (*ready)(void *ctx, const char *listening); /* for capture_run; NULL: nobody waits */
	void *ctx;
};

/* Listens within `base`. ERR_INPUT: address or expression; ERR_AGAIN: the address or the folder is in use. */
struct capture *capture_open(const struct capture_options *o, struct event_base *base, struct err *e) MUST_USE;
/* Where it listens, with the real port. */
const char *capture_listening(const struct capture *c);
void capture_close(struct capture *c);

/* The whole life: a loop of its own until SIGTERM or SIGINT. */
int capture_run(const struct capture_options *o, struct err *e) MUST_USE;

#endif
