/*
 * SCRAM-SHA-256 as a client (RFC 5802, 7677): both sides prove that they know
 * the password, and neither says it. Without channel binding: TLS has verified
 * the relay's certificate before. Pure.
 *
 * The rounds that the relay asks for take up to a second, so they are computed
 * in slices (scram_work), between which the loop serves others; and they give
 * the same each time, so that one connection's result is kept for the next.
 */
#ifndef PLACET_SCRAM_H
#define PLACET_SCRAM_H

#include <sodium.h>

#include "base/buf.h"

#define SCRAM_ROUNDS_MIN  4096
#define SCRAM_ROUNDS_MAX  1000000
#define SCRAM_SALT_MAX    128
#define SCRAM_MESSAGE_MAX 1500 /* of the relay's first message */

/* What the rounds gave, for one password. Zeroed: nothing yet. */
struct scram_memory {
	bool known;
	uint8_t salt[SCRAM_SALT_MAX];
	size_t salt_n;
	int64_t rounds;
	uint8_t client_key[32], server_key[32];
};

struct scram {
	const char *why; /* after a failure */
	char told[400];  /* what `why` may point to */
	char nonce[64];  /* ours */
	struct buf log;  /* the messages so far, which both sides sign */
	size_t final_at; /* where our last message, without its proof, begins in `log` */
	struct scram_memory key;
	int64_t done; /* rounds */
	crypto_auth_hmacsha256_state keyed;
	uint8_t last[32], sum[32];
	uint8_t proof_of_relay[32];
	bool proven;
};

/* Writes our first message. `nonce` is printable text without commas. -1: the user name cannot be prepared (why). */
int scram_first(struct scram *s, const char *user, const char *nonce, struct buf *out) MUST_USE;
/* Reads the relay's first message. -1: nothing that may be answered (why). */
int scram_challenge(struct scram *s, struct slice message, const char *password,
		    const struct scram_memory *memory) MUST_USE;
/* A slice of the rounds, some milliseconds; true when all are done. */
bool scram_work(struct scram *s);
/* Writes our last message, once all rounds are done, and remembers what they gave. */
void scram_final(struct scram *s, struct scram_memory *memory, struct buf *out);
/* Reads the relay's last message. -1: it does not know the password either, or says why it refuses ours (why). */
int scram_verify(struct scram *s, struct slice message) MUST_USE;
/* Wipes and releases. */
void scram_clear(struct scram *s);
void scram_forget(struct scram_memory *memory);

/* User name or password as SCRAM wants it (RFC 4013): ASCII as it is; of other text, marks without a look are left out,
   blanks become spaces, and the rest its NFKC. Directions of writing are not judged. -1: not UTF-8, or with controls.
 */
int scram_prepare(const char *text, struct buf *out) MUST_USE;

#endif
