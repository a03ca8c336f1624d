/*
 * Tokens that are mailed out (TOK-1): opaque, unforgeable, one canonical
 * spelling. Layout: version(1) key id(1) type(1) id(8) mac(16, or 10 in local
 * parts). The id is a delivery's number put through a keyed permutation, so
 * that neighbours do not resemble each other. A token of id 0 is dead: it is
 * what previews and tests carry.
 *
 * Check codes are 12 digits of Crockford's base32 in three groups,
 * "7K3M-Q2XV-9TFA": 32 bits of permuted delivery number, 28 bits of MAC.
 */
#ifndef PLACET_TOKEN_H
#define PLACET_TOKEN_H

#include "base/buf.h"
#include "base/rng.h"
#include "mail/hmac.h"

enum token_type {
	TOKEN_OPT_OUT = 'o', /* /opt-out/TOKEN */
	TOKEN_UNSUBSCRIBE = 'u', /* unsub+TOKEN@ */
	TOKEN_BOUNCE = 'b',  /* b+TOKEN@, the envelope sender */
	TOKEN_FEEDBACK = 'f', /* fbl+TOKEN@ */
	TOKEN_MESSAGE = 'm', /* left half of Message-ID */
	TOKEN_CODE = 'c',
	TOKEN_LEAVE = 'l',   /* /opt-out/TOKEN of a mailed link; its id is a notice's, not a delivery's */
	TOKEN_CONFIRM = 'j', /* /confirm/TOKEN; a sign_up's. Holds for 7 days, and once */
	TOKEN_ME = 'p',      /* /me/TOKEN; a notice's. Holds for 7 days */
	TOKEN_NOTICE_BOUNCE = 'n', /* b+TOKEN@, the envelope sender of system mail; a notice's */
	TOKEN_NOTICE_MESSAGE = 'i', /* left half of its Message-ID; a notice's */
};

#define TOKEN_KEY_SIZE 32
#define TOKEN_KEYS_MAX 8
#define TOKEN_TYPES 11
#define TOKEN_TEXT_MAX 48 /* longest text of a token, with its NUL */
#define CODE_TEXT_MAX 15  /* "7K3M-Q2XV-9TFA" */

/* What one master key gives for one type. */
struct token_subkey {
	uint8_t kid, type;
	struct hmac_key mac;
	uint64_t permute[2];
};

/* Master keys by key id; the last one makes new tokens, all verify (TOK-2). */
struct token_keys {
	struct {
		uint8_t kid;
		uint8_t key[TOKEN_KEY_SIZE];
	} key[TOKEN_KEYS_MAX];
	int n;
	struct token_subkey ready[TOKEN_TYPES]; /* of the last key, after token_keys_ready; none before */
	int n_ready;
};

/* Derives what the last key gives for each type, once and for all: a token costs a tenth then. After the last change. */
void token_keys_ready(struct token_keys *k);

/* base64url for web addresses; base32 in lower case for local parts and Message-IDs. */
void token_for_url(const struct token_keys *k, enum token_type type, int64_t id, char out[TOKEN_TEXT_MAX]);
void token_for_mail(const struct token_keys *k, enum token_type type, int64_t id, char out[TOKEN_TEXT_MAX]);
/* Verify in constant time before anything is looked up. True and *id set if genuine (id 0: dead). */
bool token_read_url(const struct token_keys *k, enum token_type type, struct slice text, int64_t *id);
bool token_read_mail(const struct token_keys *k, enum token_type type, struct slice text, int64_t *id);

void code_make(const struct token_keys *k, int64_t id, char out[CODE_TEXT_MAX]);
/* Forgives case, missing hyphens and blanks. */
bool code_read(const struct token_keys *k, const char *text, int64_t *id);
/* Twelve digits in the right groups, whoever made it (for lint). */
bool code_is_wellformed(struct slice text);

/* Keyed hash of a match key (CON-7): HMAC-SHA-256. */
#define KEY_HASH_SIZE 32
void match_key_hash(const uint8_t key[TOKEN_KEY_SIZE], const char *match_key, uint8_t out[KEY_HASH_SIZE]);
/* The same for many: what depends on the key alone is done once. Not for two threads at a time. */
struct hash_key;
struct hash_key *hash_key_new(const uint8_t key[TOKEN_KEY_SIZE]);
void hash_key_free(struct hash_key *k); /* NULL is fine */
void hash_key_run(struct hash_key *k, const char *match_key, uint8_t out[KEY_HASH_SIZE]);
/* SHA-256, one shot. */
void sha256(const void *p, size_t n, uint8_t out[32]);
/* HMAC-SHA-256, one shot. */
void hmac_sha256(const uint8_t *key, size_t key_n, const void *p, size_t n, uint8_t out[32]);

#endif
