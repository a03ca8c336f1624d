/*
 * Leaves the rows out of an ODS sheet before XML is parsed, which takes most
 * of the time: for the names of the sheets they are of no use.
 */
#ifndef PLACET_TABLE_SIEVE_H
#define PLACET_TABLE_SIEVE_H

#include "base/base.h"

#define SIEVE_NAME_MAX 64

enum sieve_state { SIEVE_TEXT, SIEVE_NAME, SIEVE_TAG };

struct sieve {
	enum sieve_state state;
	int depth;       /* rows that we are in: a table may stand in a cell */
	bool unsure;     /* there are comments or the like, in which < begins no tag: what came out is not to be used */
	bool begun;      /* something was read */
	char name[SIEVE_NAME_MAX]; /* of the tag that has begun, so far */
	size_t n;
	char quote;      /* of the value of an attribute in a row's tag; 0: in none */
	char last;       /* the byte before, in a row's tag */
};

/* Writes what is not in a row from `in` to `out`, at most SIEVE_NAME_MAX + 1 bytes more than `n`; returns how many. */
size_t sieve_rows(struct sieve *s, char *out, const char *in, size_t n);

#endif
