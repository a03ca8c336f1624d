/* Inside of talk.h: talk.c hears replies, talk_out.c says what sends messages, login.c comes before both. */
#ifndef PLACET_TALK_IN_H
#define PLACET_TALK_IN_H

#include "smtp/classify.h"
#include "smtp/reply.h"
#include "smtp/sasl.h"
#include "smtp/talk.h"
#include "smtp/wire.h"

enum expect {
	EXPECT_GREETING,
	EXPECT_EHLO,
	EXPECT_HELO,
	EXPECT_STARTTLS,
	EXPECT_AUTH,
	EXPECT_MAIL,
	EXPECT_RCPT,
	EXPECT_DATA,
	EXPECT_DOT,
	EXPECT_CHUNK, /* BDAT LAST */
	EXPECT_EMPTY_DOT, /* ends a DATA that has no recipient */
	EXPECT_RSET,
	EXPECTS,
};

#define FIFO_MAX 8

/* One message from next() to done(). */
struct deal {
	struct smtp_job job;
	bool live;
	bool refused;  /* a command of the envelope was; `outcome` says how */
	bool dot_gone; /* the socket took the final dot */
	struct smtp_outcome outcome;
};

enum phase { PHASE_LOGIN, PHASE_HANDSHAKE, PHASE_WORK, PHASE_READY, PHASE_ENDED };

struct talk {
	struct talk_setup setup;
	char helo[256];
	enum phase phase;
	int ehlo_lines;
	struct reply_parser parser;
	struct offers offers;

	struct rng rng;
	struct scram_memory scram; /* if the setup has none */
	char *token;               /* a copy; NULL: none */
	struct sasl sasl;
	const char *cancelled; /* the login is, for this reason */

	/* What is to be written: `out`, with `content`, which is a piece of a job's data, put in at content_pos. */
	struct buf out;
	struct slice content;
	size_t content_pos;
	size_t out_at;       /* written up to here, of both together */
	size_t dot_end;      /* where the final dot of `dotted`, or its chunk, ends in both together; 0: it is not there */
	struct deal *dotted;

	enum expect fifo[FIFO_MAX]; /* the replies that are due, next first */
	int fifo_n;

	struct deal deals[2];
	struct deal *envelope; /* MAIL, RCPT, DATA are out, or the next of them is due */
	struct deal *body;     /* got its 354: content, dot, reply */
	size_t content_at;

	uint64_t progress;
	int64_t started; /* MAIL commands written */
	int rejected;    /* recipients refused on this connection */

	bool secure;      /* TLS stands */
	bool first_held;  /* the login's first message is not said yet */
	bool secret;      /* `out` holds some of the login */
	bool content_due; /* content of `body` is to be written, from content_at on */
	bool dots;        /* it has lines that begin with a dot: they are copied, and stuffed */
	bool empty_dot_due, reset_due, quitting;
	bool faulty;
	struct smtp_outcome fault;
};

/* done(), exactly once for each message. */
void talk_finish(struct talk *t, struct deal *d);
/* The end, with what is in flight; nothing more is said. */
void talk_end(struct talk *t, const struct smtp_outcome *why);

/* talk_out.c. Forgets what was to be written, and wipes it if it held secrets. */
void talk_empty_output(struct talk *t);
/* Some of what is to be written was, and some was not. */
bool talk_output_is_cut(const struct talk *t);
void talk_write_rcpt(struct talk *t);
void talk_write_data(struct talk *t);

void talk_expect(struct talk *t, enum expect what);
/* The relay cannot be used: ends all that is in flight, with QUIT if the relay still listens. */
void talk_give_up(struct talk *t, const struct smtp_outcome *why, bool quit);
void talk_give_up_text(struct talk *t, enum smtp_stage stage, const char *text, bool quit);

/* login.c: the replies before the first message. `more`: bytes came behind this reply. */
void login_greeting(struct talk *t, const struct reply *r);
void login_ehlo(struct talk *t, const struct reply *r);
void login_helo(struct talk *t, const struct reply *r);
void login_starttls(struct talk *t, const struct reply *r, bool more);
void login_auth(struct talk *t, const struct reply *r, bool more);
void login_say_hello(struct talk *t);
void login_work(struct talk *t);
/* Puts before the relay's words what they mean, if they are about a login (SMTP-4). */
void login_explain(struct smtp_outcome *o);

#endif
