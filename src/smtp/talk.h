/*
 * One connection's conversation with a relay, without a socket: bytes in,
 * bytes out, and what to do next. The driver (conn.c) owns the socket, TLS
 * and time; the tests are drivers too.
 *
 * What is certain about a message: it can only have been accepted if its
 * final dot left, so that after a loss it is uncertain exactly then; the only
 * proof of acceptance is the 2xx to the dot. DATA is a point of waiting, so
 * that of one connection at most one message is between dot and reply.
 */
#ifndef PLACET_TALK_H
#define PLACET_TALK_H

#include "smtp/pool.h"
#include "smtp/scram.h"

struct talk;

struct talk_setup {
	const struct relay *relay; /* lives as long as the talk */
	const char *helo;          /* for EHLO: our name or an address literal (SMTP-3); is copied */
	const struct smtp_ops *ops;
	void *ctx;        /* for ops; relay_fault is not called from here */
	int rejected_max; /* QUIT after so many refused recipients; 0: 10 */
	bool secure;      /* TLS stands already (smtps) */
	const char *token;          /* for a login by token, as it is now; is copied; NULL: none */
	struct scram_memory *scram; /* of all talks to the relay; NULL: this one's own */
};

enum talk_need {
	TALK_MORE,  /* bytes of the relay, or talk_output when something is to be sent */
	TALK_TLS,   /* a TLS handshake, then talk_secured() */
	TALK_WORK,  /* talk_work(), again and again, with a look at others in between */
	TALK_CLOSE, /* the end: write what talk_output still gives, then close */
};

/* What is waited for: chooses the time-out (SMTP-8). */
enum talk_wait { WAIT_NOTHING, WAIT_GREETING, WAIT_REPLY, WAIT_GO_AHEAD, WAIT_DOT };

struct talk *talk_new(const struct talk_setup *setup);
/* Nothing may be in flight: talk_lost() first. */
void talk_free(struct talk *t);

/* Bytes from the relay. May call done(). */
void talk_input(struct talk *t, const char *p, size_t n);
/* The handshake that TALK_TLS asked for stands. */
void talk_secured(struct talk *t);
/* Computes a slice of what TALK_WORK asked for: some milliseconds. */
void talk_work(struct talk *t);

#define TALK_PARTS 3
#define TALK_PIECE ((size_t)64 * 1024) /* of a message that is written at a time; BDAT: all of it */

/* Bytes to be written, in their order; content is the job's own, not copied. */
struct talk_output {
	struct slice part[TALK_PARTS];
	int parts;
	size_t n; /* bytes of all parts; 0: nothing */
};

/* What is to be written now; to be called only when it can be written at once: it calls next() and dot(), and
   may call done(). The same bytes come again until talk_wrote() has taken them. */
struct talk_output talk_output(struct talk *t);
void talk_wrote(struct talk *t, size_t n);
/* The connection is gone or given up, with a reason: everything in flight ends. */
void talk_lost(struct talk *t, const char *why);
/* Ends politely: QUIT when the present message is done, or at once when there is none. */
void talk_quit(struct talk *t);

/* Grows with each whole reply and each written byte: what is not progress does not stretch a time-out. */
uint64_t talk_progress(const struct talk *t);
enum talk_need talk_need(const struct talk *t);
enum talk_wait talk_wait(const struct talk *t);
enum smtp_stage talk_stage(const struct talk *t);
/* The relay has accepted us, and messages can be sent. */
bool talk_is_ready(const struct talk *t);
/* It ends soon (MAILMAX, refused recipients, talk_quit), so that it is time for another connection. */
bool talk_is_leaving(const struct talk *t);
/* Ready, and no message is in flight. */
bool talk_is_idle(const struct talk *t);
/* Why the relay cannot be used, once the need is TALK_CLOSE; NULL if the end is nobody's fault. */
const struct smtp_outcome *talk_fault(const struct talk *t);

#endif
