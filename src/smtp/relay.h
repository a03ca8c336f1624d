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

/* Kinds of login, the better ones first (SMTP-4). */
enum relay_auth {
	AUTH_BEST, /* the first of those below that is offered, and for which we have what it needs */
	AUTH_EXTERNAL,    /* the client certificate */
	AUTH_OAUTHBEARER, /* a token; RFC 7628 */
	AUTH_XOAUTH2,     /* a token, as Google and Microsoft had it before that */
	AUTH_SCRAM_SHA_256,
	AUTH_PLAIN,
	AUTH_LOGIN,
	AUTH_KINDS,
};

struct relay {
	enum relay_mode mode;
	const char *host;
	int port;
	const char *user;     /* NULL: no AUTH */
	const char *password; /* from its own file, never from the URL */
	const char *helo;     /* our name in EHLO */
	const char *ca_file;  /* NULL: the system's trust store */
	const char *url;      /* as configured, without password: for reports and logs */

	enum relay_auth auth;    /* AUTH_BEST, or this kind alone */
	const char *token_file;  /* holds the token, which somebody else renews: read for each connection; NULL: none */
	const char *client_cert; /* our certificate with its chain, PEM; NULL: none */
	const char *client_key;  /* its key, PEM; NULL: in the same file */
	bool chunking;           /* BDAT instead of DATA, where it is offered (RFC 3030) */
	bool helo_fallback;      /* HELO if EHLO is refused: then without TLS, login and extensions */
};

/* Reads "smtp+starttls://user@host:587"; a missing port is the scheme's own (25, 587, 465); "?helo" at the end allows
   HELO. ERR_INPUT: a password in the URL, plain beyond loopback. */
int relay_parse(struct arena *a, const char *url, struct relay *out, struct err *e) MUST_USE;
bool relay_is_loopback(const struct relay *r);

/* All of it, texts too, in the arena. */
struct relay relay_copy(struct arena *a, const struct relay *r);
/* Overwrites the password of a copy. */
void relay_wipe(struct relay *r);

/* "SCRAM-SHA-256" and its like, as EHLO has them; "" for AUTH_BEST. */
const char *relay_auth_name(enum relay_auth kind);
/* The kind of that name, in any case; "" is AUTH_BEST. ERR_INPUT: there is none. */
int relay_auth_parse(const char *name, enum relay_auth *out, struct err *e) MUST_USE;

#endif
