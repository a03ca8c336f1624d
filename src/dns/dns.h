/*
 * Questions to the DNS. Whoever needs an answer takes a struct dns_asker, so that tests and fuzzers answer from a
 * table; the one that asks the world is struct dns, over libunbound. Its answers are bounded in number, size and
 * time, and what they say is taken from the bytes of the records by dns_rdata_read().
 */
#ifndef PLACET_DNS_H
#define PLACET_DNS_H

#include "base/arena.h"
#include "base/err.h"

#define DNS_RECORDS_MAX 64   /* of one answer; more are left out */
#define DNS_NAME_MAX 253
#define DNS_QUESTIONS_MAX 300 /* that one struct dns asks */
#define DNS_SECONDS 5         /* for one question */

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_status {
	DNS_FOUND,   /* there are records */
	DNS_NO_DATA, /* the name is there, and has no such records */
	DNS_NO_NAME, /* there is no such name */
	DNS_TROUBLE, /* no answer, or one that cannot be believed: `why` */
};

struct dns_record {
	/* TXT: its strings joined, where a NUL has become 0xff. MX, PTR, CNAME: a name in lower case, without the final dot.
	   A, AAAA: the address as text. */
	const char *text;
	size_t n;            /* bytes of text */
	uint16_t preference; /* of MX */
	uint8_t address[16]; /* of A (4 bytes), AAAA (16) */
};

struct dns_answer {
	enum dns_status status;
	struct dns_record *record;
	size_t n;
	bool secure;     /* DNSSEC vouches for it; false also where nobody can tell */
	uint32_t ttl;    /* seconds, as far as it was still to run */
	const char *why; /* of DNS_TROUBLE */
};

typedef void dns_ask_fn(void *ctx, struct arena *a, const char *name, enum dns_type type, struct dns_answer *out);

struct dns_asker {
	dns_ask_fn *ask;
	void *ctx;
};

/* A question by an asker. A name that cannot stand in the DNS has no such name as its answer. */
struct dns_answer dns_question(const struct dns_asker *d, struct arena *a, const char *name, enum dns_type type);

/* One record's bytes. False when they are not what a record of this type holds, or a name that no host has. */
bool dns_rdata_read(struct arena *a, enum dns_type type, const uint8_t *p, size_t n, struct dns_record *out);

/* "192.0.2.1", "2001:db8::1" into bytes: 4, 16, or 0 when it is no address. */
size_t dns_address(const char *text, uint8_t out[16]);
/* The name under which the names of an address stand: "1.2.0.192.in-addr.arpa". */
const char *dns_reverse_name(struct arena *a, const uint8_t *address, size_t n);

/* At most 100 bytes of what a record says, for words: whatever is not plain ASCII becomes '?'. */
const char *dns_quote(struct arena *a, const char *text);

struct dns;

/* `resolver`: "ADDR" or "ADDR@PORT", which is believed as it is; NULL or "": the system's, whose answers are validated by
   DNSSEC where the root's key is installed. All questions together have `seconds` from now. ERR_INPUT. */
struct dns *dns_open(const char *resolver, int seconds, struct err *e) MUST_USE;
void dns_free(struct dns *d);
struct dns_asker dns_asker(struct dns *d);
/* Whether text names a resolver as dns_open takes it. ERR_INPUT. */
int dns_check_resolver(const char *text, struct err *e) MUST_USE;

#endif
