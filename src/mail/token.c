/*
 * Tokens and check codes: see token.h. Each key id and type has keys of its
 * own, derived by HKDF-SHA-256 from the master key (TOK-1): one for the MAC,
 * one for the permutation that hides the delivery's number. The permutation is
 * a Feistel network, which is one whatever its round function is. Nothing is
 * kept between calls; a call fetches its MAC from OpenSSL once.
 */
#include "mail/token.h"

#include "base/codec.h"

#include <endian.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#define VERSION 1
#define HEAD_SIZE 11 /* version, key id, type, permuted id */
#define URL_MAC_SIZE 16
#define MAIL_MAC_SIZE 10 /* BNC-1: at least 80 bits */
#define ROUNDS 6
#define CODE_DIGITS 12
#define CODE_MAC_BITS 28

/* --- HMAC, HKDF ----------------------------------------------------------- */

/* One MAC context, re-keyed for each use. */
struct hmac {
	EVP_MAC_CTX *ctx;
};

static struct hmac hmac_open(void)
{
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
				OSSL_PARAM_construct_end() };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	struct hmac h = { EVP_MAC_CTX_new(mac) };

	MUST(h.ctx && EVP_MAC_CTX_set_params(h.ctx, params) == 1);
	EVP_MAC_free(mac);
	return h;
}

static void hmac_close(struct hmac *h)
{
	EVP_MAC_CTX_free(h->ctx);
}

static void hmac_run(struct hmac *h, const uint8_t *key, size_t key_n, const void *p, size_t n, uint8_t out[32])
{
	size_t len = 0;

	MUST(EVP_MAC_init(h->ctx, key, key_n, NULL) == 1 && EVP_MAC_update(h->ctx, p, n) == 1 &&
	     EVP_MAC_final(h->ctx, out, &len, 32) == 1 && len == 32);
}

void hmac_sha256(const uint8_t *key, size_t key_n, const void *p, size_t n, uint8_t out[32])
{
	struct hmac h = hmac_open();

	hmac_run(&h, key, key_n, p, n, out);
	hmac_close(&h);
}

void sha256(const void *p, size_t n, uint8_t out[32])
{
	MUST(SHA256(p, n, out) == out);
}

/* --- match keys ----------------------------------------------------------- */

/* A context that has its key. Started again without one, it copies the two states that the key has made, so
   that a hash costs the two blocks of its text and of its end. */
struct hash_key {
	struct hmac h;
};

struct hash_key *hash_key_new(const uint8_t key[TOKEN_KEY_SIZE])
{
	struct hash_key *k = mem_alloc(sizeof(*k));

	k->h = hmac_open();
	MUST(EVP_MAC_init(k->h.ctx, key, TOKEN_KEY_SIZE, NULL) == 1);
	return k;
}

void hash_key_free(struct hash_key *k)
{
	if (!k)
		return;
	hmac_close(&k->h);
	free(k);
}

void hash_key_run(struct hash_key *k, const char *match_key, uint8_t out[KEY_HASH_SIZE])
{
	hmac_run(&k->h, NULL, 0, match_key, strlen(match_key), out);
}

void match_key_hash(const uint8_t key[TOKEN_KEY_SIZE], const char *match_key, uint8_t out[KEY_HASH_SIZE])
{
	struct hash_key *k = hash_key_new(key);

	hash_key_run(k, match_key, out);
	hash_key_free(k);
}

/* What one master key gives for one type. */
struct subkey {
	uint8_t kid, type;
	uint8_t mac[32];
	uint64_t permute[2];
};

/* HKDF-SHA-256 (RFC 5869) without salt: 32 octets for the MAC, then 16 for the permutation. */
static void derive(struct hmac *h, const uint8_t master[TOKEN_KEY_SIZE], struct subkey *s)
{
	static const uint8_t NO_SALT[32];
	static const char INFO[] = "placet/v1/";
	enum { INFO_N = sizeof(INFO) - 1 };
	uint8_t prk[32], block[32 + INFO_N + 2], second[32];

	hmac_run(h, NO_SALT, sizeof(NO_SALT), master, TOKEN_KEY_SIZE, prk);
	memcpy(block + 32, INFO, INFO_N);
	block[32 + INFO_N] = s->type;
	block[32 + INFO_N + 1] = 1;
	hmac_run(h, prk, sizeof(prk), block + 32, INFO_N + 2, s->mac);
	memcpy(block, s->mac, 32);
	block[32 + INFO_N + 1] = 2;
	hmac_run(h, prk, sizeof(prk), block, sizeof(block), second);
	memcpy(s->permute, second, sizeof(s->permute));
	for (int i = 0; i < 2; i++)
		s->permute[i] = le64toh(s->permute[i]);
	OPENSSL_cleanse(prk, sizeof(prk));
	OPENSSL_cleanse(second, sizeof(second));
	OPENSSL_cleanse(block, sizeof(block));
}

static struct subkey subkey_of(struct hmac *h, const struct token_keys *k, int i, enum token_type type)
{
	struct subkey s = { .kid = k->key[i].kid, .type = (uint8_t)type };

	derive(h, k->key[i].key, &s);
	return s;
}

/* --- the permutation ------------------------------------------------------ */

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

/* SipHash-2-4 of one 64-bit word. */
static uint64_t sip_word(const uint64_t key[2], uint64_t word)
{
	uint64_t v[4] = { key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
			  key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573) };
	const uint64_t input[2] = { word, UINT64_C(8) << 56 };

	for (int i = 0; i < 2; i++) {
		v[3] ^= input[i];
		sip_round(v);
		sip_round(v);
		v[0] ^= input[i];
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Numbers of 2 * half bits, one to one. The width is part of each round's input. */
static uint64_t permute(const struct subkey *s, uint64_t x, int half)
{
	uint64_t mask = (UINT64_C(1) << half) - 1, left = x >> half, right = x & mask;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t round = (uint64_t)i << 40 | (uint64_t)half << 48;
		uint64_t next = left ^ (sip_word(s->permute, round | right) & mask);

		left = right;
		right = next;
	}
	return left << half | right;
}

static uint64_t unpermute(const struct subkey *s, uint64_t x, int half)
{
	uint64_t mask = (UINT64_C(1) << half) - 1, left = x >> half, right = x & mask;

	for (int i = ROUNDS - 1; i >= 0; i--) {
		uint64_t round = (uint64_t)i << 40 | (uint64_t)half << 48;
		uint64_t before = right ^ (sip_word(s->permute, round | left) & mask);

		right = left;
		left = before;
	}
	return left << half | right;
}

/* --- tokens --------------------------------------------------------------- */

static void put_be64(uint8_t *p, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

static uint64_t get_be64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* Head and whole MAC of the id as of a new token. */
static void make(const struct token_keys *k, enum token_type type, int64_t id, uint8_t out[HEAD_SIZE + 32])
{
	struct hmac h = hmac_open();
	struct subkey s;

	MUST(k->n > 0 && k->n <= TOKEN_KEYS_MAX && id >= 0);
	s = subkey_of(&h, k, k->n - 1, type);
	out[0] = VERSION;
	out[1] = s.kid;
	out[2] = s.type;
	put_be64(out + 3, permute(&s, (uint64_t)id, 32));
	hmac_run(&h, s.mac, sizeof(s.mac), out, HEAD_SIZE, out + HEAD_SIZE);
	OPENSSL_cleanse(&s, sizeof(s));
	hmac_close(&h);
}

static bool check(const struct token_keys *k, enum token_type type, const uint8_t *raw, size_t mac_n, int64_t *id)
{
	bool genuine = false;
	struct hmac h;
	uint8_t mac[32];

	if (raw[0] != VERSION || raw[2] != (uint8_t)type)
		return false;
	h = hmac_open();
	for (int i = 0; i < k->n && !genuine; i++) {
		struct subkey s;
		uint64_t number;

		if (k->key[i].kid != raw[1])
			continue;
		s = subkey_of(&h, k, i, type);
		hmac_run(&h, s.mac, sizeof(s.mac), raw, HEAD_SIZE, mac);
		number = unpermute(&s, get_be64(raw + 3), 32);
		genuine = CRYPTO_memcmp(mac, raw + HEAD_SIZE, mac_n) == 0 && number <= INT64_MAX;
		if (genuine)
			*id = (int64_t)number;
		OPENSSL_cleanse(&s, sizeof(s));
	}
	hmac_close(&h);
	return genuine;
}

/* A buf over the caller's array would allocate; the texts are short and of fixed length. */
static void give(const struct buf *b, char *out, size_t room)
{
	MUST(b->n < room);
	memcpy(out, buf_text(b), b->n + 1);
}

void token_for_url(const struct token_keys *k, enum token_type type, int64_t id, char out[TOKEN_TEXT_MAX])
{
	uint8_t raw[HEAD_SIZE + 32];
	struct buf b;

	make(k, type, id, raw);
	buf_init(&b, TOKEN_TEXT_MAX);
	base64url_encode(&b, raw, HEAD_SIZE + URL_MAC_SIZE);
	give(&b, out, TOKEN_TEXT_MAX);
	buf_free(&b);
}

void token_for_mail(const struct token_keys *k, enum token_type type, int64_t id, char out[TOKEN_TEXT_MAX])
{
	uint8_t raw[HEAD_SIZE + 32];
	struct buf b;

	make(k, type, id, raw);
	buf_init(&b, TOKEN_TEXT_MAX);
	base32_encode(&b, raw, HEAD_SIZE + MAIL_MAC_SIZE);
	give(&b, out, TOKEN_TEXT_MAX);
	buf_free(&b);
}

bool token_read_url(const struct token_keys *k, enum token_type type, struct slice text, int64_t *id)
{
	uint8_t raw[HEAD_SIZE + URL_MAC_SIZE];

	if (text.n >= TOKEN_TEXT_MAX || base64url_decode(raw, sizeof(raw), text.p, text.n) != sizeof(raw))
		return false;
	return check(k, type, raw, URL_MAC_SIZE, id);
}

bool token_read_mail(const struct token_keys *k, enum token_type type, struct slice text, int64_t *id)
{
	uint8_t raw[HEAD_SIZE + MAIL_MAC_SIZE];

	if (text.n >= TOKEN_TEXT_MAX || base32_decode(raw, sizeof(raw), text.p, text.n) != sizeof(raw))
		return false;
	return check(k, type, raw, MAIL_MAC_SIZE, id);
}

/* --- check codes ---------------------------------------------------------- */

/* The MAC of a code: over the same head as a token's, but shorter; the key id is not in the code. */
static uint32_t code_mac(struct hmac *h, const struct subkey *s, uint32_t permuted)
{
	uint8_t head[HEAD_SIZE] = { VERSION, s->kid, s->type }, mac[32];

	put_be64(head + 3, permuted);
	hmac_run(h, s->mac, sizeof(s->mac), head, sizeof(head), mac);
	return (uint32_t)(get_be64(mac) >> (64 - CODE_MAC_BITS));
}

void code_make(const struct token_keys *k, int64_t id, char out[CODE_TEXT_MAX])
{
	struct hmac h = hmac_open();
	struct subkey s;
	uint32_t permuted;
	struct buf b;

	MUST(k->n > 0 && k->n <= TOKEN_KEYS_MAX && id >= 0 && id <= UINT32_MAX);
	s = subkey_of(&h, k, k->n - 1, TOKEN_CODE);
	permuted = (uint32_t)permute(&s, (uint64_t)id, 16);
	buf_init(&b, CODE_TEXT_MAX);
	crockford_encode(&b, (uint64_t)permuted << CODE_MAC_BITS | code_mac(&h, &s, permuted), CODE_DIGITS);
	MUST(b.n == CODE_DIGITS);
	snprintf(out, CODE_TEXT_MAX, "%.4s-%.4s-%.4s", b.p, b.p + 4, b.p + 8);
	buf_free(&b);
	OPENSSL_cleanse(&s, sizeof(s));
	hmac_close(&h);
}

bool code_read(const struct token_keys *k, const char *text, int64_t *id)
{
	uint64_t v;
	uint32_t permuted;
	bool genuine = false;
	struct hmac h;

	if (strnlen(text, 64) == 64 || crockford_decode(&v, CODE_DIGITS, text, strlen(text)) < 0)
		return false;
	permuted = (uint32_t)(v >> CODE_MAC_BITS);
	h = hmac_open();
	for (int i = k->n - 1; i >= 0 && !genuine; i--) {
		struct subkey s = subkey_of(&h, k, i, TOKEN_CODE);
		uint32_t want = code_mac(&h, &s, permuted), got = v & ((1u << CODE_MAC_BITS) - 1);

		genuine = CRYPTO_memcmp(&want, &got, sizeof(want)) == 0;
		if (genuine)
			*id = (int64_t)unpermute(&s, permuted, 16);
		OPENSSL_cleanse(&s, sizeof(s));
	}
	hmac_close(&h);
	return genuine;
}

bool code_is_wellformed(struct slice text)
{
	if (text.n != CODE_TEXT_MAX - 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (i == 4 || i == 9 ? c != '-' : !c || !strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", c))
			return false;
	}
	return true;
}
