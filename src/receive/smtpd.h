/*
 * One connection of a strict mail server (SMTP or LMTP), without a socket: bytes in, replies
 * out, whole messages handed on. Strict means: only CRLF ends a line, only
 * CRLF.CRLF ends a message (SMTP-12), parameters must have been offered, and a
 * client may not run ahead of EHLO and DATA (RFC 2920).
 */
#ifndef PLACET_SMTPD_H
#define PLACET_SMTPD_H

#include "base/buf.h"

#define SMTPD_MESSAGE_MAX ((size_t)25 * 1024 * 1024)
#define SMTPD_RCPTS_MAX 1000
#define SMTPD_PATH_MAX 256

struct smtpd;

/* What was received; valid during message() only. */
struct smtpd_mail {
	const char *helo; /* what the client called itself */
	const char *from; /* "" for <> */
	const char *const *to;
	size_t to_n;
	const char *data; /* dots unstuffed, CRLF lines */
	size_t n;
	bool utf8; /* announced as SMTPUTF8 */
};

struct smtpd_ops {
	/* LMTP (RFC 2033): LHLO instead of EHLO and HELO, and a reply to the content for each recipient. */
	bool lmtp;
	/* Whether this recipient is taken: NULL for yes, or the whole refusal, "550 5.1.1 ...". */
	const char *(*rcpt)(void *ctx, const char *to);
	/* A whole message: appends the reply to `reply`, as one line without its CRLF; with LMTP one line for each
	   recipient, in their order, with CRLF between them. */
	void (*message)(void *ctx, const struct smtpd_mail *m, struct buf *reply);
};

/* Greets as `name`, which lives as long as it. */
struct smtpd *smtpd_new(const char *name, const struct smtpd_ops *ops, void *ctx);
void smtpd_free(struct smtpd *s);
/* Bytes from the client. */
void smtpd_input(struct smtpd *s, const char *p, size_t n);
/* The replies that are due; the caller cuts off what it has written. */
struct buf *smtpd_output(struct smtpd *s);
/* Nothing more is read: write the rest of the output and close. */
bool smtpd_is_over(const struct smtpd *s);
/* Ends the session: "421 4.3.2 why". */
void smtpd_goodbye(struct smtpd *s, const char *why);

#endif
