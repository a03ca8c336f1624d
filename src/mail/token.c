/*
 * Tokens and check codes: see token.h. Each key id and type has keys of its
 * own, derived by HKDF-SHA-256 from the master key (TOK-1): one for the MAC,
 * one for the permutation that hides the delivery's number. The permutation is
 * a Feistel network, which is one whatever its round function is. What
 * the newest key gives is derived once (token_keys_ready).
 */
#include "mail/token.h"

#include "base/codec.h"

#include <endian.h>

#include <openssl/crypto.h>

#define VERSION 1
#define HEAD_SIZE 11 /* version, key id, type, permuted id */
#define URL_MAC_SIZE 16
#define MAIL_MAC_SIZE 10 /* BNC-1: at least 80 bits */
#define ROUNDS 6
#define CODE_DIGITS 12
#define CODE_MAC_BITS 28

/* --- match keys ----------------------------------------------------------- */

struct hash_key {
	struct hmac_key h;
};

struct hash_key *hash_key_new(const uint8_t key[TOKEN_KEY_SIZE])
{
	struct hash_key *k = mem_alloc(sizeof(*k));

	hmac_key_set(&k->h, key, TOKEN_KEY_SIZE);
	return k;
}

void hash_key_free(struct hash_key *k)
{
	if (!k)
		return;
	hmac_key_clear(&k->h);
	free(k);
}

void hash_key_run(struct hash_key *k, const char *match_key, uint8_t out[KEY_HASH_SIZE])
{
	hmac_run(&k->h, match_key, strlen(match_key), out);
}

void match_key_hash(const uint8_t key[TOKEN_KEY_SIZE], const char *match_key, uint8_t out[KEY_HASH_SIZE])
{
	hmac_sha256(key, TOKEN_KEY_SIZE, match_key, strlen(match_key), out);
}

/* --- keys of a type ------------------------------------------------------- */

/* HKDF-SHA-256 (RFC 5869) without salt: 32 octets for the MAC, then 16 for the permutation. */
static void derive(const uint8_t master[TOKEN_KEY_SIZE], struct token_subkey *s)
{
	static const uint8_t NO_SALT[32];
	static const char INFO[] = "placet/v1/";
	enum { INFO_N = sizeof(INFO) - 1 };
	uint8_t prk[32], block[32 + INFO_N + 2], second[32];
	struct hmac_key k;

	hmac_sha256(NO_SALT, sizeof(NO_SALT), master, TOKEN_KEY_SIZE, prk);
	hmac_key_set(&k, prk, sizeof(prk));
	memcpy(block + 32, INFO, INFO_N);
	block[32 + INFO_N] = s->type;
	block[32 + INFO_N + 1] = 1;
	hmac_run(&k, block + 32, INFO_N + 2, block);
	hmac_key_set(&s->mac, block, 32);
	block[32 + INFO_N + 1] = 2;
	hmac_run(&k, block, sizeof(block), second);
	memcpy(s->permute, second, sizeof(s->permute));
	for (int i = 0; i < 2; i++)
		s->permute[i] = le64toh(s->permute[i]);
	OPENSSL_cleanse(prk, sizeof(prk));
	OPENSSL_cleanse(second, sizeof(second));
	OPENSSL_cleanse(block, sizeof(block));
	hmac_key_clear(&k);
}

void token_keys_ready(struct token_keys *k)
{
	static const enum token_type TYPES[] = { TOKEN_OPT_OUT, TOKEN_UNSUBSCRIBE, TOKEN_BOUNCE,  TOKEN_FEEDBACK,
						 TOKEN_MESSAGE, TOKEN_CODE,	   TOKEN_LEAVE,   TOKEN_CONFIRM,
						 TOKEN_ME,	TOKEN_NOTICE_BOUNCE, TOKEN_NOTICE_MESSAGE };

	_Static_assert(COUNT(TYPES) == TOKEN_TYPES, "each type");
	MUST(k->n > 0 && k->n <= TOKEN_KEYS_MAX);
	for (k->n_ready = 0; k->n_ready < TOKEN_TYPES; k->n_ready++) {
		struct token_subkey *s = &k->ready[k->n_ready];

		s->kid = k->key[k->n - 1].kid;
		s->type = (uint8_t)TYPES[k->n_ready];
		derive(k->key[k->n - 1].key, s);
	}
}

/* What the i-th key gives for a type: what is ready, or else derived into `room`, which subkey_done wipes. */
static const struct token_subkey *subkey_of(const struct token_keys *k, int i, enum token_type type,
					    struct token_subkey *room)
{
	for (int t = 0; i == k->n - 1 && t < k->n_ready; t++)
		if (k->ready[t].type == (uint8_t)type)
			return &k->ready[t];
	room->kid = k->key[i].kid;
	room->type = (uint8_t)type;
	derive(k->key[i].key, room);
	return room;
}

static void subkey_done(const struct token_subkey *s, struct token_subkey *room)
{
	if (s == room)
		OPENSSL_cleanse(room, sizeof(*room));
}

/* --- the permutation ------------------------------------------------------ */

static inline uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static inline void sip_round(uint64_t v[4])
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
static uint64_t permute(const struct token_subkey *s, uint64_t x, int half)
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

static uint64_t unpermute(const struct token_subkey *s, uint64_t x, int half)
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
	struct token_subkey room;
	const struct token_subkey *s;

	MUST(k->n > 0 && k->n <= TOKEN_KEYS_MAX && id >= 0);
	s = subkey_of(k, k->n - 1, type, &room);
	out[0] = VERSION;
	out[1] = s->kid;
	out[2] = s->type;
	put_be64(out + 3, permute(s, (uint64_t)id, 32));
	hmac_run(&s->mac, out, HEAD_SIZE, out + HEAD_SIZE);
	subkey_done(s, &room);
}

static bool check(const struct token_keys *k, enum token_type type, const uint8_t *raw, size_t mac_n, int64_t *id)
{
	bool genuine = false;
	uint8_t mac[32];

	if (raw[0] != VERSION || raw[2] != (uint8_t)type)
		return false;
	for (int i = 0; i < k->n && !genuine; i++) {
		struct token_subkey room;
		const struct token_subkey *s;
		uint64_t number;

		if (k->key[i].kid != raw[1])
			continue;
		s = subkey_of(k, i, type, &room);
		hmac_run(&s->mac, raw, HEAD_SIZE, mac);
		number = unpermute(s, get_be64(raw + 3), 32);
		genuine = CRYPTO_memcmp(mac, raw + HEAD_SIZE, mac_n) == 0 && number <= INT64_MAX;
		if (genuine)
			*id = (int64_t)number;
		subkey_done(s, &room);
	}
	return genuine;
}

/* A buffer over the caller's array: what it holds has a fixed length, and nothing is allocated. */
static struct buf over(char *out, size_t room)
{
	return (struct buf){ .p = out, .room = room, .max = room - 1 };
}

void token_for_url(const struct token_keys *k, enum token_type type, int64_t id, char out[TOKEN_TEXT_MAX])
{
	uint8_t raw[HEAD_SIZE + 32];
	struct buf b = over(out, TOKEN_TEXT_MAX);

	make(k, type, id, raw);
	base64url_encode(&b, raw, HEAD_SIZE + URL_MAC_SIZE);
	MUST(!b.over && b.p == out);
}

void token_for_mail(const struct token_keys *k, enum token_type type, int64_t id, char out[TOKEN_TEXT_MAX])
{
	uint8_t raw[HEAD_SIZE + 32];
	struct buf b = over(out, TOKEN_TEXT_MAX);

	make(k, type, id, raw);
	base32_encode(&b, raw, HEAD_SIZE + MAIL_MAC_SIZE);
	MUST(!b.over && b.p == out);
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
static uint32_t code_mac(const struct token_subkey *s, uint32_t permuted)
{
	uint8_t head[HEAD_SIZE] = { VERSION, s->kid, s->type }, mac[32];

	put_be64(head + 3, permuted);
	hmac_run(&s->mac, head, sizeof(head), mac);
	return (uint32_t)(get_be64(mac) >> (64 - CODE_MAC_BITS));
}

void code_make(const struct token_keys *k, int64_t id, char out[CODE_TEXT_MAX])
{
	char digits[CODE_DIGITS + 1];
	struct buf b = over(digits, sizeof(digits));
	struct token_subkey room;
	const struct token_subkey *s;
	uint32_t permuted;

	MUST(k->n > 0 && k->n <= TOKEN_KEYS_MAX && id >= 0 && id <= UINT32_MAX);
	s = subkey_of(k, k->n - 1, TOKEN_CODE, &room);
	permuted = (uint32_t)permute(s, (uint64_t)id, 16);
	crockford_encode(&b, (uint64_t)permuted << CODE_MAC_BITS | code_mac(s, permuted), CODE_DIGITS);
	MUST(!b.over && b.n == CODE_DIGITS);
	b = over(out, CODE_TEXT_MAX);
	for (int i = 0; i < CODE_DIGITS; i += 4) {
		buf_adds(&b, i ? "-" : "");
		buf_add(&b, digits + i, 4);
	}
	subkey_done(s, &room);
}

bool code_read(const struct token_keys *k, const char *text, int64_t *id)
{
	uint64_t v;
	uint32_t permuted;
	bool genuine = false;

	if (strnlen(text, 64) == 64 || crockford_decode(&v, CODE_DIGITS, text, strlen(text)) < 0)
		return false;
	permuted = (uint32_t)(v >> CODE_MAC_BITS);
	for (int i = k->n - 1; i >= 0 && !genuine; i--) {
		struct token_subkey room;
		const struct token_subkey *s = subkey_of(k, i, TOKEN_CODE, &room);
		uint32_t want = code_mac(s, permuted), got = v & ((1u << CODE_MAC_BITS) - 1);

		genuine = CRYPTO_memcmp(&want, &got, sizeof(want)) == 0;
		if (genuine)
			*id = (int64_t)unpermute(s, permuted, 16);
		subkey_done(s, &room);
	}
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
