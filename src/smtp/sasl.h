/*
 * One login, whatever its kind: which one to take, and what is to be said.
 * Messages are raw bytes here; login.c puts them into base64 and lines. Pure.
 */
#ifndef PLACET_SASL_H
#define PLACET_SASL_H

#include "base/rng.h"
#include "smtp/relay.h"
#include "smtp/scram.h"

/* What we can log in with. Lives as long as the login. */
struct sasl_means {
	const struct relay *relay;
	const char *token;           /* of token_file; NULL: none */
	struct scram_memory *memory; /* of the relay */
	struct rng *rng;             /* for SCRAM's nonce */
	bool secure;                 /* under TLS: the relay has seen our certificate, if there is one */
};

enum sasl_next {
	SASL_SAY,  /* `out` is to be sent, perhaps empty */
	SASL_WORK, /* sasl_work() until it is true, then `out` is to be sent */
	SASL_BAD,  /* cancel; `why` */
};

struct sasl {
	struct sasl_means means;
	enum relay_auth kind;
	int turn;       /* challenges answered */
	struct buf out; /* the next message; wiped once it was taken */
	const char *why;
	struct scram scram;
	char told[400];
};

/* A kind of login out of those `offered` (1 << kind, OR-ed). AUTH_BEST: there is none, and *why says so. */
enum relay_auth sasl_choose(const struct sasl_means *m, unsigned offered, const char **why);

/* False: `why`. The first message is in `out` if the kind begins with one (sasl_begins). Clear it in any case. */
bool sasl_start(struct sasl *s, const struct sasl_means *m, enum relay_auth kind) MUST_USE;
/* LOGIN waits to be asked. */
bool sasl_begins(const struct sasl *s);
/* The relay asks: `text` is the line's base64. */
enum sasl_next sasl_asked(struct sasl *s, struct slice text);
/* A slice of what has to be computed; true when `out` is ready. */
bool sasl_work(struct sasl *s);
/* The relay says yes: NULL, or why that is not to be believed. */
const char *sasl_doubt(const struct sasl *s);
/* Wipes `out`. */
void sasl_sent(struct sasl *s);
/* Wipes and releases all. */
void sasl_clear(struct sasl *s);

#endif
