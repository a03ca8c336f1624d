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
	int64_t held_at;      /* none of its mailings is sent since then (store/stop.h); 0: it is not held */
	const char *held_by, *held_why;
};

/* Adds the row and that of its relay, makes its first keys and lets it sign with them, in the caller's transaction. The caller fills name, domains, relay, outbound, purpose, relay_signs. */
int identity_add(struct home *h, struct arena *a, struct identity *x, struct err *e) MUST_USE;
/* Changes domains, relay (relay.h: its row follows), outbound and relay_signs, in the caller's transaction; what was approved before does not stand
   any more (manifest.h), and what was found out is to be forgotten (facts_forget). */
int identity_edit(struct home *h, const struct identity *x, struct err *e) MUST_USE;
/* A mailing that is being sent by the identity: 1, 0 when there is none, -1. */
int identity_sending(struct home *h, const struct identity *x, int64_t *mailing, struct err *e) MUST_USE;
/* 1, 0, -1. */
int identity_by_name(struct home *h, struct arena *a, const char *name, struct identity *out, struct err *e) MUST_USE;
int identity_by_id(struct home *h, struct arena *a, int64_t id, struct identity *out, struct err *e) MUST_USE;
int identity_list(struct home *h, struct arena *a, struct identity **out, size_t *n, struct err *e) MUST_USE;

/* Where a key stands on its way (DKIM-8). What was signed by any of them can be verified by its record. */
enum key_state {
	KEY_NEXT,      /* to be published; signs once that was seen for long enough */
	KEY_CURRENT,   /* signs */
	KEY_OLD,       /* signs no more, and stays published for what is under way */
	KEY_WITHDRAWN, /* is published with an empty p=, which says that it must not be believed any longer */
	KEY_GONE,      /* is published no more */
};

struct identity_key {
	int64_t id;
	const char *selector;
	const char *algorithm; /* "rsa", "ed25519" */
	const char *record;    /* what was published at the selector, whatever its state */
	enum key_state state;
	int64_t since;         /* in that state; of an old key: since it was last used */
	int64_t seen;          /* published, as was last found out; 0: not seen */
	int64_t made;
};

/* All keys that the identity ever had, the oldest first. */
int identity_keys(struct home *h, struct arena *a, const struct identity *x, struct identity_key **out, size_t *n,
		  struct err *e) MUST_USE;
/* Makes a pair, RSA-2048 and Ed25519 (DKIM-1, DKIM-2), writes the private halves below keys/dkim, and adds the rows, in the
   caller's transaction. */
int identity_make_keys(struct home *h, struct arena *a, const struct identity *x, enum key_state state,
		       struct identity_key out[2], struct err *e) MUST_USE;
/* In the caller's transaction. ERR_AGAIN when it is not in `key->state` any more. */
int identity_move_key(struct home *h, const struct identity_key *key, enum key_state to, struct err *e) MUST_USE;
/* Removes the private half of a key that will not sign any more; after the commit, and as often as wanted. */
int identity_drop_private(struct home *h, struct arena *a, const struct identity *x, const struct identity_key *key,
			  struct err *e) MUST_USE;
/* Notes when a key was seen published; 0: it was not. */
int identity_key_seen(struct home *h, const struct identity_key *key, int64_t seen, struct err *e) MUST_USE;
const char *key_state_name(enum key_state s);

/* Two signers of the current keys, RSA first; keys are freed with the arena. */
int identity_signers(struct home *h, struct arena *a, const struct identity *x, struct dkim_signer out[2],
		     struct err *e) MUST_USE;
/* The password of the identity's own relay, or NULL when none is kept (relay.h). */
int identity_relay_password(struct home *h, struct arena *a, const struct identity *x, const char **out,
			    struct err *e) MUST_USE;
int identity_set_relay_password(struct home *h, struct arena *a, const struct identity *x, const char *password,
				struct err *e) MUST_USE;

/* Words of a text, split at blanks; NULL-ended. */
const char *const *split_words(struct arena *a, const char *text);

#endif
