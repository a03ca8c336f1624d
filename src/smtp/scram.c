/*
 * SCRAM-SHA-256: see scram.h. Every message is kept in `log` as it was sent
 * and read, since the proofs are over just these bytes (RFC 5802, section 3).
 */
#include "smtp/scram.h"

#include <uninorm.h>

#include "base/codec.h"
#include "base/utf8.h"

#define SLICE_ROUNDS   8192 /* some 3 ms */
#define NAME_MAX_BYTES 1024

static int fail(struct scram *s, const char *why)
{
	s->why = why;
	return -1;
}

/* Characters that are blanks, and those that are nothing (RFC 3454, tables C.1.2 and B.1). */
static bool is_blank(uint32_t c)
{
	return c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool is_nothing(uint32_t c)
{
	return c == 0xad || c == 0x34f || c == 0x1806 || (c >= 0x180b && c <= 0x180d) || (c >= 0x200b && c <= 0x200d) ||
	       c == 0x2060 || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff;
}

static void map_characters(const char *text, size_t n, struct buf *out)
{
	for (size_t at = 0, len; at < n; at += len) {
		uint32_t c = utf8_char(text + at, n - at, &len);

		if (is_blank(c))
			buf_addc(out, ' ');
		else if (!is_nothing(c))
			buf_add(out, text + at, len);
	}
}

static bool has_control(const char *text, size_t n)
{
	for (size_t at = 0, len; at < n; at += len)
		if (utf8_is_control(utf8_char(text + at, n - at, &len)))
			return true;
	return false;
}

static bool is_ascii(const char *text)
{
	while (*text && (unsigned char)*text < 0x80)
		text++;
	return !*text;
}

int scram_prepare(const char *text, struct buf *out)
{
	size_t n = strlen(text), made = 0;
	struct buf mapped;
	uint8_t *normal;

	if (n > NAME_MAX_BYTES || !utf8_valid(text, n) || has_control(text, n))
		return -1;
	if (is_ascii(text)) {
		buf_add(out, text, n);
		return out->over ? -1 : 0;
	}
	buf_init(&mapped, NAME_MAX_BYTES);
	map_characters(text, n, &mapped);
	normal = u8_normalize(UNINORM_NFKC, (const uint8_t *)buf_text(&mapped), mapped.n, NULL, &made);
	MUST(normal);
	buf_add(out, normal, made);
	sodium_memzero(normal, made);
	free(normal);
	if (mapped.p)
		sodium_memzero(mapped.p, mapped.room);
	buf_free(&mapped);
	return out->over ? -1 : 0;
}

int scram_first(struct scram *s, const char *user, const char *nonce, struct buf *out)
{
	struct buf name;
	size_t from;

	*s = (struct scram){ .why = "the user's name cannot be said in SCRAM" };
	buf_init(&s->log, 8192);
	buf_init(&name, NAME_MAX_BYTES * 2);
	snprintf(s->nonce, sizeof(s->nonce), "%s", nonce);
	if (scram_prepare(user, &name) < 0) {
		buf_free(&name);
		return -1;
	}
	buf_adds(&s->log, "n=");
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == ',' || name.p[i] == '=')
			buf_adds(&s->log, name.p[i] == ',' ? "=2C" : "=3D");
		else
			buf_addc(&s->log, name.p[i]);
	}
	buf_free(&name);
	buf_addf(&s->log, ",r=%s", s->nonce);
	from = out->n;
	buf_adds(out, "n,,"); /* no channel binding, and nobody else's name */
	buf_add_buf(out, &s->log);
	MUST(out->n == from + 3 + s->log.n || out->over);
	return s->log.over ? -1 : 0;
}

/* The value of "X=value" at the start of *rest, up to a comma; moves *rest behind it. */
static bool take(struct slice *rest, char name, struct slice *value)
{
	const char *comma;
	size_t n;

	if (rest->n < 2 || rest->p[0] != name || rest->p[1] != '=')
		return false;
	comma = memchr(rest->p, ',', rest->n);
	n = comma ? (size_t)(comma - rest->p) : rest->n;
	*value = (struct slice){ rest->p + 2, n - 2 };
	*rest = comma ? (struct slice){ comma + 1, rest->n - n - 1 } : (struct slice){ rest->p + n, 0 };
	return true;
}

/* What the relay says of itself, as text that may be shown. */
static const char *quote(struct scram *s, const char *what, struct slice text)
{
	size_t n = (size_t)snprintf(s->told, sizeof(s->told), "%s: ", what);

	for (size_t i = 0; i < text.n && i < 200; i++)
		s->told[n++] = text.p[i] >= 0x20 && text.p[i] < 0x7f ? text.p[i] : '?';
	s->told[n] = '\0';
	return s->told;
}

static bool nonce_is_sound(const struct scram *s, struct slice r)
{
	size_t n = strlen(s->nonce);

	if (r.n <= n || r.n > 512 || memcmp(r.p, s->nonce, n) != 0)
		return false;
	for (size_t i = n; i < r.n; i++)
		if (r.p[i] < 0x21 || r.p[i] > 0x7e)
			return false;
	return true;
}

static int read_rounds(struct scram *s, struct slice text)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%.*s", text.n < 15 ? (int)text.n : 15, text.p);
	if (text.n > 15 || parse_i64(digits, SCRAM_ROUNDS_MIN, SCRAM_ROUNDS_MAX, &s->key.rounds) < 0)
		return fail(s, quote(s, "SCRAM with fewer than 4096 or more than 1000000 rounds", text));
	return 0;
}

/* The first round: of the salt, as block number one (RFC 2898, PBKDF2). */
static int start_rounds(struct scram *s, const char *password)
{
	struct buf prepared;
	crypto_auth_hmacsha256_state state;
	int rc;

	buf_init(&prepared, NAME_MAX_BYTES * 2);
	rc = scram_prepare(password, &prepared);
	if (rc == 0) {
		crypto_auth_hmacsha256_init(&s->keyed, (const uint8_t *)buf_text(&prepared), prepared.n);
		state = s->keyed;
		crypto_auth_hmacsha256_update(&state, s->key.salt, s->key.salt_n);
		crypto_auth_hmacsha256_update(&state, (const uint8_t[]){ 0, 0, 0, 1 }, 4);
		crypto_auth_hmacsha256_final(&state, s->last);
		memcpy(s->sum, s->last, sizeof(s->sum));
		s->done = 1;
	}
	if (prepared.p)
		sodium_memzero(prepared.p, prepared.room);
	buf_free(&prepared);
	return rc < 0 ? fail(s, "the password is no text in UTF-8, or holds control characters") : 0;
}

int scram_challenge(struct scram *s, struct slice message, const char *password, const struct scram_memory *memory)
{
	struct slice rest = message, nonce, salt, rounds;
	ssize_t n;

	if (message.n > SCRAM_MESSAGE_MAX || !take(&rest, 'r', &nonce) || !take(&rest, 's', &salt) ||
	    !take(&rest, 'i', &rounds))
		return fail(s, quote(s, "the relay's first message of SCRAM cannot be read", message));
	if (!nonce_is_sound(s, nonce))
		return fail(s, "the relay's SCRAM does not answer us: its nonce does not begin with ours");
	n = base64_decode(s->key.salt, sizeof(s->key.salt), salt.p, salt.n);
	if (n <= 0)
		return fail(s, "the relay's SCRAM has no salt, or one that is too long");
	s->key.salt_n = (size_t)n;
	if (read_rounds(s, rounds) < 0)
		return -1;
	buf_addc(&s->log, ',');
	buf_add(&s->log, message.p, message.n);
	buf_addc(&s->log, ',');
	s->final_at = s->log.n;
	buf_adds(&s->log, "c=biws,r=");
	buf_add(&s->log, nonce.p, nonce.n);
	MUST(!s->log.over);
	if (memory->known && memory->rounds == s->key.rounds && memory->salt_n == s->key.salt_n &&
	    memcmp(memory->salt, s->key.salt, s->key.salt_n) == 0) {
		s->key = *memory;
		return 0;
	}
	return start_rounds(s, password);
}

static void sign(const uint8_t key[32], const void *p, size_t n, uint8_t out[32])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key, 32);
	crypto_auth_hmacsha256_update(&state, p, n);
	crypto_auth_hmacsha256_final(&state, out);
}

bool scram_work(struct scram *s)
{
	int64_t end = s->done + SLICE_ROUNDS;
	crypto_auth_hmacsha256_state state;

	if (s->key.known)
		return true;
	for (; s->done < s->key.rounds && s->done < end; s->done++) {
		state = s->keyed;
		crypto_auth_hmacsha256_update(&state, s->last, sizeof(s->last));
		crypto_auth_hmacsha256_final(&state, s->last);
		for (size_t i = 0; i < sizeof(s->sum); i++)
			s->sum[i] ^= s->last[i];
	}
	if (s->done < s->key.rounds)
		return false;
	sign(s->sum, "Client Key", 10, s->key.client_key);
	sign(s->sum, "Server Key", 10, s->key.server_key);
	s->key.known = true;
	return true;
}

void scram_final(struct scram *s, struct scram_memory *memory, struct buf *out)
{
	uint8_t stored[32], proof[32];

	MUST(s->key.known);
	*memory = s->key;
	crypto_hash_sha256(stored, s->key.client_key, sizeof(s->key.client_key));
	sign(stored, s->log.p, s->log.n, proof);
	for (size_t i = 0; i < sizeof(proof); i++)
		proof[i] ^= s->key.client_key[i];
	sign(s->key.server_key, s->log.p, s->log.n, s->proof_of_relay);
	buf_add(out, s->log.p + s->final_at, s->log.n - s->final_at);
	buf_adds(out, ",p=");
	base64_encode(out, proof, sizeof(proof));
	sodium_memzero(stored, sizeof(stored));
	sodium_memzero(proof, sizeof(proof));
}

int scram_verify(struct scram *s, struct slice message)
{
	struct slice rest = message, value;
	uint8_t signature[32];

	if (take(&rest, 'e', &value))
		return fail(s, quote(s, "the relay refused the login", value));
	if (!take(&rest, 'v', &value) ||
	    base64_decode(signature, sizeof(signature), value.p, value.n) != sizeof(signature) ||
	    sodium_memcmp(signature, s->proof_of_relay, sizeof(signature)) != 0)
		return fail(s, "the relay did not prove that it knows the password");
	s->proven = true;
	return 0;
}

void scram_clear(struct scram *s)
{
	if (s->log.p)
		sodium_memzero(s->log.p, s->log.room);
	buf_free(&s->log);
	sodium_memzero(s, sizeof(*s));
}

void scram_forget(struct scram_memory *memory)
{
	sodium_memzero(memory, sizeof(*memory));
}
