/*
 * The relays of an identity: its own, whose URL stands with the identity, and
 * others beside it that share its mail. Passwords, certificates and keys are
 * files of the home below keys/relay/IDENTITY, named by the relay's URL: what
 * is kept for one relay is never shown to another.
 *
 * An approval binds to the identity's own URL alone; the others come and go
 * while mailings run.
 */
#ifndef PLACET_STORE_RELAY_H
#define PLACET_STORE_RELAY_H

#include "store/identity.h"

struct identity_relay {
	int64_t id;            /* 0: not stored yet */
	int64_t identity_id;
	const char *identity;  /* its name */
	const char *url;       /* without a password */
	bool own;              /* the identity's own */
	int64_t weight;        /* share of the connections; 0: only while no other one can be used */
	int64_t connections;   /* of one sender, at most; 0: the institution's setting */
	int64_t per_second;    /* messages by all senders together; 0: no limit */
	const char *auth;      /* plain, login, scram-sha-256, xoauth2, oauthbearer, external; "": the best that is offered */
	const char *token_file; /* path of the OAuth token, which others renew; "": none */
	bool chunking;         /* BDAT, where it is offered */
};

#define RELAY_WEIGHT 10 /* without a word about it */
#define RELAYS_MAX   16 /* of one identity */

/* What is kept for a relay as a file of the home. */
enum relay_file { RELAY_PASSWORD, RELAY_CLIENT_CERT, RELAY_CLIENT_KEY, RELAY_CA, RELAY_FILES };

/* Relays of an identity (0: of all), each identity's own first, then by URL. */
int relay_list(struct home *h, struct arena *a, int64_t identity, struct identity_relay **out, size_t *n,
	       struct err *e) MUST_USE;
/* 1, 0, -1. */
int relay_by_url(struct home *h, struct arena *a, const struct identity *x, const char *url, struct identity_relay *out,
		 struct err *e) MUST_USE;
/* Adds one and sets its id, in the caller's transaction. ERR_REFUSED: it is there, or there are RELAYS_MAX. */
int relay_add(struct home *h, struct identity_relay *r, struct err *e) MUST_USE;
/* Writes what can change: all but identity and URL. Senders see it within a second, and files that changed too. */
int relay_edit(struct home *h, const struct identity_relay *r, struct err *e) MUST_USE;
/* Removes the row and what senders said of it. The identity's own is ERR_REFUSED. */
int relay_remove(struct home *h, const struct identity_relay *r, struct err *e) MUST_USE;
/* For identity_add and identity_edit, in their transactions: the identity's own row is made, or follows the URL. To be
   called before the identity's row changes. */
int relay_make_own(struct home *h, const struct identity *x, struct err *e) MUST_USE;
int relay_follow(struct home *h, const struct identity *x, struct err *e) MUST_USE;

/* Moves with each change of any relay; to be compared, no more. */
struct relay_version {
	int64_t rows, newest, changes;
};
int relay_version(struct home *h, struct relay_version *out, struct err *e) MUST_USE;

/* Where a relay's file is, or would be. ERR_INPUT: the URL is too long to name a file. */
int relay_path(struct home *h, struct arena *a, const struct identity_relay *r, enum relay_file f, const char **out,
	       struct err *e) MUST_USE;
/* The same, NULL when there is no such file. */
int relay_kept(struct home *h, struct arena *a, const struct identity_relay *r, enum relay_file f, const char **out,
	       struct err *e) MUST_USE;
/* Keeps `text`, mode 0600; NULL or "": removes what was kept. Not undone by a rollback. */
int relay_keep(struct home *h, struct arena *a, const struct identity_relay *r, enum relay_file f, const char *text,
	       struct err *e) MUST_USE;
/* Removes all of them: after the row is gone. */
int relay_forget(struct home *h, struct arena *a, const struct identity_relay *r, struct err *e) MUST_USE;
/* The first line of the password's file; NULL when none is kept. */
int relay_password(struct home *h, struct arena *a, const struct identity_relay *r, const char **out,
		   struct err *e) MUST_USE;

/* A text that stays the same as long as a connection would be made in the same way: URL, kind of login, files. */
int relay_stamp(struct home *h, struct arena *a, const struct identity_relay *r, const char **out, struct err *e) MUST_USE;

/* --- how senders get on with it ---------------------------------------------------------------- */

struct relay_health {
	int64_t sender, relay; /* their numbers */
	const char *host;      /* of the sender: home_id. Not written */
	int64_t seen;          /* the sender's last flush. Not written */
	const char *state;     /* "up", "down", "idle": not tried yet, or nothing to do */
	int64_t since;
	const char *why;       /* of its last fault; "": there was none */
	int64_t retry_at;      /* of a relay that is down; else 0 */
	int64_t connections, accepted, faults;
};

/* Of senders that have not ended; `identity` 0: all. By relay and sender. */
int relay_health_list(struct home *h, struct arena *a, int64_t identity, struct relay_health **out, size_t *n,
		      struct err *e) MUST_USE;
/* What one sender says, in its transaction. */
int relay_health_write(struct home *h, const struct relay_health *x, size_t n, struct err *e) MUST_USE;
/* Removes what senders said that have ended. */
int relay_health_tidy(struct home *h, struct err *e) MUST_USE;
/* Senders that wrote of themselves since `since`, and have not ended: a relay's `per_second` is shared by so many. */
int relay_senders(struct home *h, int64_t since, int64_t *n, struct err *e) MUST_USE;

#endif
