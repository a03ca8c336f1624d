/*
 * A relay: where an identity's mail is handed over. smtp:// is plain and for
 * loopback only; smtp+starttls:// upgrades or fails; smtps:// is TLS from the
 * first byte (SMTP-1).
 */
#ifndef PLACET_RELAY_H
#define PLACET_RELAY_H

#include "base/arena.h"
#include "base/err.h"

enum relay_mode { RELAY_PLAIN, RELAY_STARTTLS, RELAY_TLS };

struct relay {
	enum relay_mode mode;
	const char *host;
	int port;
	const char *user;     /* NULL: no AUTH */
	const char *password; /* from its own file, never from the URL */
	const char *helo;     /* our name in EHLO */
	const char *ca_file;  /* NULL: the system's trust store */
	const char *url;      /* as configured, without password: for reports and logs */
};

/* Reads "smtp+starttls://user@host:587". ERR_INPUT: a password in the URL, plain beyond loopback, a
   missing port is the scheme's own (25, 587, 465). */
int relay_parse(struct arena *a, const char *url, struct relay *out, struct err *e) MUST_USE;
bool relay_is_loopback(const struct relay *r);

#endif
