/*
 * HMAC by OpenSSL's plain functions: see hmac.h. They are called deprecated in
 * favour of those that fetch an implementation by name and allocate a context
 * for every hash, which costs ten times what such a short hash does.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "mail/hmac.h"

#include <openssl/crypto.h>

#include "mail/token.h"

#define BLOCK 64

void sha256_start(SHA256_CTX *c)
{
	MUST(SHA256_Init(c) == 1);
}

void sha256_add(SHA256_CTX *c, const void *p, size_t n)
{
	MUST(SHA256_Update(c, p, n) == 1);
}

void sha256_end(SHA256_CTX *c, uint8_t out[32])
{
	MUST(SHA256_Final(out, c) == 1);
}

void sha256(const void *p, size_t n, uint8_t out[32])
{
	SHA256_CTX c;

	MUST(SHA256_Init(&c) == 1 && SHA256_Update(&c, p, n) == 1 && SHA256_Final(out, &c) == 1);
}

static void start(SHA256_CTX *c, const uint8_t block[BLOCK], uint8_t pad)
{
	uint8_t padded[BLOCK];

	for (size_t i = 0; i < BLOCK; i++)
		padded[i] = block[i] ^ pad;
	MUST(SHA256_Init(c) == 1 && SHA256_Update(c, padded, BLOCK) == 1);
	OPENSSL_cleanse(padded, sizeof(padded));
}

void hmac_key_set(struct hmac_key *k, const uint8_t *key, size_t n)
{
	uint8_t block[BLOCK] = { 0 };

	if (n > BLOCK)
		sha256(key, n, block);
	else if (n)
		memcpy(block, key, n);
	start(&k->inner, block, 0x36);
	start(&k->outer, block, 0x5c);
	OPENSSL_cleanse(block, sizeof(block));
}

void hmac_run(const struct hmac_key *k, const void *p, size_t n, uint8_t out[32])
{
	SHA256_CTX c = k->inner;

	MUST(SHA256_Update(&c, p, n) == 1 && SHA256_Final(out, &c) == 1);
	c = k->outer;
	MUST(SHA256_Update(&c, out, 32) == 1 && SHA256_Final(out, &c) == 1);
}

void hmac_key_clear(struct hmac_key *k)
{
	OPENSSL_cleanse(k, sizeof(*k));
}

void hmac_sha256(const uint8_t *key, size_t key_n, const void *p, size_t n, uint8_t out[32])
{
	struct hmac_key k;

	hmac_key_set(&k, key, key_n);
	hmac_run(&k, p, n, out);
	hmac_key_clear(&k);
}
