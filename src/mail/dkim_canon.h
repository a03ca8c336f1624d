/*
 * Private to dkim_*.c: the inside of a key, the fields of a header block, and
 * the canonical forms that are hashed (RFC 6376 section 3.4, DKIM-3).
 */
#ifndef PLACET_DKIM_CANON_H
#define PLACET_DKIM_CANON_H

#include "mail/dkim.h"

#include <openssl/evp.h>

struct dkim_key {
	enum dkim_kind kind;
	EVP_PKEY *pkey;
	struct dkim_desk *desk; /* what signing keeps from one message to the next; NULL before the first */
};

#define DKIM_FIELDS_MAX 2000
#define DKIM_HASH_SIZE 32

/* One header field as it stands, folded, with the line break at its end. */
struct dkim_field {
	struct slice name; /* without blanks before the colon; empty if there is no colon */
	struct slice whole;
};

/* Cuts a header block into fields, from the top; returns how many, at most `max` are written. */
size_t dkim_fields(struct slice head, struct dkim_field *out, size_t max);
/* Same name, in any case? */
bool dkim_name_is(struct slice name, struct slice other);
/* Appends the canonical form of one field, with its CRLF. */
void dkim_canon_field(struct buf *out, struct slice whole, bool relaxed);
/* CR or LF anywhere but in a CRLF? */
bool dkim_has_bare_break(struct slice s);
/* SHA-256 over the first `limit` octets of the canonical body; *length is how long that body is in all. */
void dkim_body_hash(struct slice body, bool relaxed, uint64_t limit, uint8_t out[DKIM_HASH_SIZE], uint64_t *length);
/* The relaxed one of all of a body; false, and nothing of use, when dkim_has_bare_break(body). */
bool dkim_body_hash_clean(struct slice body, uint8_t out[DKIM_HASH_SIZE]);

void dkim_desk_free(struct dkim_desk *d); /* NULL is fine */

/* One h= list at work: which fields it has taken already. Names take the bottom-most free field (DKIM-5). */
struct dkim_picker {
	const struct dkim_field *fields;
	size_t n;
	bool *taken; /* n of them */
};

/* The next field of that name, or NULL when none is left: then the null string is signed. */
const struct dkim_field *dkim_pick(struct dkim_picker *p, struct slice name);

#endif
