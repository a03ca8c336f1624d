/*
 * What is written to and read from the wire around a message: the keywords of
 * EHLO, the envelope's commands, and the message itself with stuffed dots.
 * Pure.
 */
#ifndef PLACET_WIRE_H
#define PLACET_WIRE_H

#include "base/buf.h"
#include "smtp/pool.h"

/* What the relay offers (SMTP-5); unknown keywords are ignored. */
struct offers {
	bool pipelining, size, dsn, utf8, eightbit, starttls, chunking;
	unsigned auth;    /* kinds of login: 1 << AUTH_PLAIN and so on, OR-ed */
	int64_t size_max; /* 0: none stated */
	/* LIMITS: messages of a connection, recipients of a message, domains among those; 0: none stated (RFC 9422). */
	int64_t mail_max, rcpt_max, rcpt_domain_max;
};

/* Takes one line of the EHLO reply (not the first). */
void offers_take(struct offers *o, struct slice line);

/* The three lines of the envelope, each with CRLF (SMTP-6, SMTP-14). */
void wire_mail(struct buf *b, const struct offers *o, const struct smtp_job *job);
void wire_rcpt(struct buf *b, const struct offers *o, const struct smtp_job *job);
/* Why the envelope cannot be written to this relay: an enhanced code and text, or NULL. */
const char *wire_refuses(const struct offers *o, const struct smtp_job *job);

/* Ends the program if the content holds a NUL, a bare CR or LF, a line over 998 bytes, or 8-bit bytes without
   `utf8`: the message is our own work, so that this is a bug (INV-6, SMTP-10). Returns whether a line begins
   with a dot; none does in bodies of ours (FMT-8), so that stuffing costs nothing. */
bool wire_inspect(const char *data, size_t n, bool utf8);
/* Appends content from *at on, each line that begins with a dot with one more (SMTP-11), until all is there or `b`
   holds `enough` bytes: whole lines, but for a last one without its end. Moves *at. */
void wire_stuff(struct buf *b, const char *data, size_t n, size_t *at, size_t enough);

#endif
