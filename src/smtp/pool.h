/*
 * Connections to one relay, in one event loop, pipelined: a message's content
 * and the next message's envelope leave in one write (RFC 2920). The pool asks
 * for the next message in the moment in which its MAIL FROM is to be written,
 * and reports what became of each one exactly once.
 */
#ifndef PLACET_POOL_H
#define PLACET_POOL_H

#include "smtp/relay.h"

struct event_base;
struct smtp_pool;

struct smtp_job {
	int64_t id;              /* the delivery */
	const char *from, *to;   /* envelope addresses, without brackets */
	const char *envid;       /* for DSN, or NULL */
	const char *data;        /* the message: CRLF lines only; dots are stuffed here */
	size_t n;
	bool utf8;               /* needs SMTPUTF8 (SMTP-14) */
	void *ctx;               /* the caller's */
};

enum smtp_end {
	SMTP_ACCEPTED,
	SMTP_DEFERRED,    /* 4xx for this message or recipient */
	SMTP_FAILED,      /* 5xx for this message or recipient */
	SMTP_UNCERTAIN,   /* the connection was lost between the final dot and its reply */
	SMTP_NOT_STARTED, /* a fault of the relay or the connection before the final dot: no attempt counted */
};

enum smtp_stage { STAGE_CONNECT, STAGE_HELLO, STAGE_TLS, STAGE_AUTH, STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGE_DOT };

/* What a failure is about, by section 3.4 of standards.md; decides what the caller does with it. */
enum smtp_fault {
	FAULT_NONE,
	FAULT_RELAY,    /* the relay or the connection */
	FAULT_ADDRESS,  /* this mailbox does not exist: hard */
	FAULT_MAILBOX,  /* full, disabled, too large: soft */
	FAULT_POLICY,   /* content, reputation: pause when many */
	FAULT_IDENTITY, /* our sender or our configuration: pause the mailing */
	FAULT_SETUP,    /* a provider refuses our set-up (SPF, DKIM, names): never the address's fault */
	FAULT_SLOWED,   /* a 4xx of that kind, or because of our pace or reputation */
	FAULT_PASSING,  /* any other 4xx */
	FAULT_OTHER,    /* any other 5xx */
};

struct smtp_outcome {
	enum smtp_end end;
	enum smtp_fault fault;
	enum smtp_stage stage;
	int code;          /* 0 when no reply came */
	char enhanced[12]; /* "5.1.1" or "" */
	char text[400];    /* the reply, or what happened; printable, one line */
	char queue_id[64]; /* from "queued as X" and its like, or "" */
};

struct smtp_ops {
	/* Up to `n` connections are about to ask for a message each: what takes time can be done now, so that they are written
	   to one right after the other, and who reads them is woken once. May be NULL. */
	void (*prepare)(void *ctx, int n);
	/* The next message to start. 1: `job` filled; 0: none now (smtp_pool_wake when there is one).
	   job->data must live until done(). */
	int (*next)(void *ctx, struct smtp_job *job);
	/* The final dot is about to be written. -1: do not (the job ends as SMTP_NOT_STARTED). */
	int (*dot)(void *ctx, const struct smtp_job *job);
	/* A 2xx, 4xx or 5xx reply to the dot was read, or the job ended in another way. Exactly once. */
	void (*done)(void *ctx, const struct smtp_job *job, const struct smtp_outcome *o);
	/* The relay cannot be used (refused, TLS, AUTH, greeting, the last connection lost): the pool has backed off and
	   tries again by itself after `wait` microseconds (1 s doubling to 60 s, up to an eighth less). One connection
	   that is lost while others stand is no such fault. */
	void (*relay_fault)(void *ctx, const struct smtp_outcome *o, int64_t wait);
	/* It can be used, again or for the first time, or is worth another try. May be NULL. */
	void (*relay_back)(void *ctx);
};

struct smtp_limits {
	int connections;          /* at most, ever; opened as needed. One more while one that ends soon is replaced, so that
				     nothing waits; never again if the relay refuses it */
	int64_t greeting, reply, data, dot, connect; /* time-outs in microseconds; 0: those of SMTP-8 */
	int rejected_max;         /* reconnect after so many rejected recipients; 0: 10 */
	int64_t back_off;         /* the first pause after a fault, in microseconds; 0: 1 s */
};

struct smtp_pool *smtp_pool_new(struct event_base *base, const struct relay *r, const struct smtp_limits *l,
				const struct smtp_ops *ops, void *ctx, struct err *e) MUST_USE;
/* There may be something to send. */
void smtp_pool_wake(struct smtp_pool *p);
/* So many connections from now on, at most limits.connections; 0: none, and nothing is tried. Those that are too many end
   after their present message. */
void smtp_pool_set_limit(struct smtp_pool *p, int connections);
/* Messages in 1000 seconds from now on; 0: no limit. They are spread out evenly, in runs of 20 ms. */
void smtp_pool_set_rate(struct smtp_pool *p, int64_t per_1000_seconds);
/* Starts no message any more; what is under way comes to its end. */
void smtp_pool_drain(struct smtp_pool *p);
/* Drained, and no connection is left: to be freed. */
bool smtp_pool_is_drained(const struct smtp_pool *p);

enum smtp_pool_state {
	POOL_IDLE, /* not tried yet, or not again since it was down */
	POOL_UP,
	POOL_DOWN, /* no connection stands, and the last try failed */
};

struct smtp_health {
	enum smtp_pool_state state;
	int64_t since;    /* clock_ticks; in that state */
	int64_t retry_at; /* clock_ticks; when the next connection may be opened; 0: at any time */
	int connections;  /* that stand */
	int64_t accepted, faults; /* messages; times that a connection was lost, or could not be had */
	char why[400];    /* of the last fault; "": there was none */
};

void smtp_pool_health(const struct smtp_pool *p, struct smtp_health *out);
bool smtp_pool_is_down(const struct smtp_pool *p);
/* Messages that are started and not yet done. */
int smtp_pool_in_flight(const struct smtp_pool *p);
/* Ends: QUIT on idle connections; nothing may be in flight (those are reported as lost otherwise). */
void smtp_pool_free(struct smtp_pool *p);

#endif
