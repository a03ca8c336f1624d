/*
 * DKIM (RFC 6376, 8301, 8463; DKIM-1 to DKIM-9): keys, their DNS records,
 * signing and verifying. relaxed/relaxed only when signing.
 */
#ifndef PLACET_DKIM_H
#define PLACET_DKIM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct dkim_key;

enum dkim_kind { DKIM_RSA_2048, DKIM_ED25519 };

struct dkim_key *dkim_key_new(enum dkim_kind kind, struct err *e) MUST_USE;
struct dkim_key *dkim_key_from_pem(const char *pem, size_t n, struct err *e) MUST_USE;
void dkim_key_free(struct dkim_key *k);
int dkim_key_to_pem(const struct dkim_key *k, struct buf *out, struct err *e) MUST_USE; /* PKCS#8 */
/* "v=DKIM1; k=rsa; h=sha256; t=s; p=..." (DKIM-8). */
int dkim_key_record(const struct dkim_key *k, struct buf *out, struct err *e) MUST_USE;
/* The TXT record as one zone-file line, its string cut into pieces of at most 255 octets:
   selector._domainkey.domain. 3600 IN TXT "..." "..." */
void dkim_zone_line(struct buf *out, const char *selector, const char *domain, const char *record);

/* The key keeps what signing needs again for the next message: one thread at a time uses it, and OpenSSL is fastest when
   the thread that signs first goes on doing so. */
struct dkim_signer {
	const char *domain, *selector;
	struct dkim_key *key;
};

/* Mail is signed with both kinds; the others are there to be measured. */
enum dkim_use { DKIM_USE_BOTH, DKIM_USE_RSA, DKIM_USE_ED25519, DKIM_USE_NONE };
/* Keeps those of the signers that are wanted, in their order; returns how many. */
size_t dkim_keep(struct dkim_signer *s, size_t n, enum dkim_use use);

/*
 * Appends one folded DKIM-Signature line per signer to `out`, first signer first; they go on top of
 * the headers. `head` is the header block (CRLF line ends, without the empty line), `body` what
 * follows. `now` gives t= (seconds are taken) and x= two weeks later. Same input, same bytes.
 * Signs and oversigns by DKIM-6.
 */
int dkim_sign(const struct dkim_signer *s, size_t n, struct slice head, struct slice body, int64_t now,
	      struct buf *out, struct err *e) MUST_USE;

enum dkim_answer { DKIM_PASS, DKIM_FAIL, DKIM_NO_KEY, DKIM_MALFORMED, DKIM_EXPIRED };

struct dkim_result {
	enum dkim_answer answer;
	const char *domain, *selector, *algorithm;
	const char *reason; /* words */
	const char *fields; /* its h=, as it stands; NULL if it has none */
	bool limited;       /* it has an l=: whatever follows is not signed */
};

/* Finds the TXT record of selector._domainkey.domain: its text, or NULL when there is none. */
typedef const char *dkim_lookup(void *ctx, const char *selector, const char *domain);

/* Judges each DKIM-Signature of a whole message (CRLF), topmost first, at most 8. Returns how many;
   `out` has room for 8. `now` 0: x= is not judged. simple and relaxed of both kinds. */
size_t dkim_verify(struct arena *a, struct slice message, dkim_lookup *lookup, void *ctx, int64_t now,
		   struct dkim_result out[8]);
const char *dkim_answer_name(enum dkim_answer a); /* "pass", "fail", ... */

#endif
