/*
 * Identities: a set of domains on one infrastructure with its relay and its
 * DKIM keys. The private keys are files of the home; the database has what is
 * published.
 */
#ifndef PLACET_IDENTITY_H
#define PLACET_IDENTITY_H

#include "mail/dkim.h"
#include "store/home.h"

struct identity {
	int64_t id;
	const char *name;
	const char *domains;  /* blanks between; the first is that of From */
	const char *const *domain; /* the same, NULL-ended */
	const char *relay;    /* URL without a password */
	const char *outbound; /* addresses, blanks between */
	const char *purpose;  /* mailing, system, list */
	bool relay_signs;
	const char *selector_rsa, *selector_ed;
	const char *record_rsa, *record_ed;
};

/* Makes the keys (RSA-2048, Ed25519), writes them below keys/dkim, and adds the row, in the caller's
   transaction. The caller fills name, domains, relay, outbound, purpose, relay_signs. */
int identity_add(struct home *h, struct arena *a, struct identity *x, struct err *e) MUST_USE;
/* 1, 0, -1. */
int identity_by_name(struct home *h, struct arena *a, const char *name, struct identity *out, struct err *e) MUST_USE;
int identity_by_id(struct home *h, struct arena *a, int64_t id, struct identity *out, struct err *e) MUST_USE;
int identity_list(struct home *h, struct arena *a, struct identity **out, size_t *n, struct err *e) MUST_USE;

/* Two signers, RSA first; keys are freed with the arena. */
int identity_signers(struct home *h, struct arena *a, const struct identity *x, struct dkim_signer out[2],
		     struct err *e) MUST_USE;
/* The relay's password from keys/relay/NAME, or NULL when there is none. */
int identity_relay_password(struct home *h, struct arena *a, const struct identity *x, const char **out,
			    struct err *e) MUST_USE;
int identity_set_relay_password(struct home *h, struct arena *a, const char *name, const char *password,
				struct err *e) MUST_USE;

/* Words of a text, split at blanks; NULL-ended. */
const char *const *split_words(struct arena *a, const char *text);

#endif
