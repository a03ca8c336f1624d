/*
 * A socket with a conversation on it: connects, does TLS, carries bytes
 * between socket and talk, and keeps the time-outs (SMTP-8). Never blocks.
 */
#ifndef PLACET_CONN_H
#define PLACET_CONN_H

#include <openssl/ssl.h>

#include "smtp/talk.h"

struct addrinfo;
struct conn;
struct event_base;

struct conn_setup {
	struct event_base *base;
	const struct relay *relay;
	const struct smtp_limits *limits; /* all set */
	SSL_CTX *tls;                     /* NULL for RELAY_PLAIN */
	struct scram_memory *scram;       /* of all connections to the relay */
	const struct smtp_ops *ops;       /* for the talk */
	void *ops_ctx;
	void (*moved)(void *ctx, struct conn *c); /* after each event, as the last thing: may free the connection */
	void (*due)(void *ctx);                   /* there may be something to write: conn_write() soon, and moved() then */
	void *ctx;
};

/* Starts to connect to one address. What goes wrong shows in conn_is_over() and conn_fault(). The setup lives as
   long as the connection. */
struct conn *conn_open(const struct conn_setup *setup, const struct addrinfo *to);
/* Closes; what is in flight is reported as lost; an idle connection says QUIT. */
void conn_free(struct conn *c);
/* There may be something to send: asks for it when idle. */
void conn_kick(struct conn *c);
/* Writes what there is to write, and asks for the next message. Does nothing unless due() was called since the last one. */
void conn_write(struct conn *c);
bool conn_is_due(const struct conn *c);
/* Gives up when the time for the present step is over. */
void conn_check_time(struct conn *c, int64_t now);

bool conn_is_over(const struct conn *c);
bool conn_is_ready(const struct conn *c);
/* Ready, and it ends soon: time for another one. */
bool conn_is_leaving(const struct conn *c);
bool conn_is_idle(const struct conn *c);
/* Why the relay could not be used, once over; NULL when that is nobody's fault. */
const struct smtp_outcome *conn_fault(const struct conn *c);

#endif
