/*
 * The normal form pn1 of a text (standards 12.2, B): what stays the same when
 * a message is forwarded, quoted, wrapped anew, turned from HTML to text, or
 * passes a gateway that rewrites its links. Text becomes sentences, of which
 * letters and digits count alone, in NFC and lower case: blanks, line breaks,
 * quote marks, emphasis and punctuation do not; nor do web addresses, which
 * are listed apart, out of the wrapping that gateways put around them.
 */
#ifndef PLACET_NORMAL_H
#define PLACET_NORMAL_H

#include "base/arena.h"

#define NORMAL_SENTENCES_MAX 2000
#define NORMAL_LINKS_MAX     200
#define NORMAL_CODES_MAX     20
#define NORMAL_CUTS_MAX      8
/* A sentence of fewer letters is in many texts, and shows nothing. */
#define NORMAL_LETTERS_MIN 14

struct sentence {
	const char *text;  /* as it stands, blanks collapsed, addresses and all */
	const char *form;  /* letters and digits; where a field was, the byte 1, of {consent} 2. No addresses and no check codes */
	size_t letters;    /* how many, without fields */
	int64_t hash;      /* 64 bits of the SHA-256 of "pn1:" and form */
	bool fields;       /* it holds one */
	uint32_t cut[NORMAL_CUTS_MAX]; /* where a short line ended within `form`, as in a postal address */
	uint8_t n_cuts;
};

struct normal {
	const struct sentence *sentence;
	size_t n;
	const char *const *link; /* absolute, unwrapped; each once */
	size_t n_links;
	const char *const *code; /* what looks like a check code, as "7K3M-Q2XV-9TFA"; each once */
	size_t n_codes;
};

/* `text` is UTF-8. `fields`: {name} stands for a value, as in approved texts. What is past the bounds is left out. */
void normal_read(struct arena *a, const char *text, bool fields, struct normal *out);
/* Does sentence `i` stand before it already? */
bool normal_says_again(const struct normal *n, size_t i);
/* Where a link of Safe Links, Proofpoint, Barracuda or Google leads; the same text when it is none of theirs, NULL when it
   is, and does not say. */
const char *link_unwrap(struct arena *a, const char *url);
/* Its host in lower case, NULL if it has none. */
const char *link_host(struct arena *a, const char *url);

/* For telling which sentences of one text stand in another, whose `fields` were read as such. */
struct normal_index;
struct normal_index *normal_index_new(struct arena *a, const struct normal *approved);
/* Is it one of its sentences, several of them behind each other, or one with values in the place of its fields? */
bool normal_index_has(const struct normal_index *x, const struct sentence *s);
/* The same of sentence `i` of a text, alone or with those beside it: a value such as "1. Oktober" or "Dr. Pike" ends a sentence
   where the approved text has a field. */
bool normal_index_knows(const struct normal_index *x, const struct normal *text, size_t i);

#endif
