/*
 * SHA-256 and HMAC-SHA-256 for what is small and frequent: tokens, codes, match
 * keys. What a key makes of the hash's state is kept, so that a MAC of a short
 * text costs two blocks; nothing is allocated.
 */
#ifndef PLACET_HMAC_H
#define PLACET_HMAC_H

#include <openssl/sha.h>

#include "base/base.h"

/* SHA-256 in steps; a state may be copied with `=`, to go on from it more than once. */
void sha256_start(SHA256_CTX *c);
void sha256_add(SHA256_CTX *c, const void *p, size_t n);
void sha256_end(SHA256_CTX *c, uint8_t out[32]);

struct hmac_key {
	SHA256_CTX inner, outer;
};

/* Keys longer than 64 octets are hashed first (RFC 2104). */
void hmac_key_set(struct hmac_key *k, const uint8_t *key, size_t n);
void hmac_run(const struct hmac_key *k, const void *p, size_t n, uint8_t out[32]);
/* Wipes it. */
void hmac_key_clear(struct hmac_key *k);

#endif
