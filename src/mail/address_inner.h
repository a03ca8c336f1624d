/*
 * Private to address*.c and domain.c, and to the tests that hold the short way
 * through address_parse to the long one.
 */
#ifndef PLACET_ADDRESS_INNER_H
#define PLACET_ADDRESS_INNER_H

#include "mail/address.h"

#define CELL_MAX 1000
#define LOCAL_MAX 64
#define DOMAIN_MAX 253
#define ADDRESS_MAX 254
#define LABEL_MAX 63

/* Takes away what spreadsheets, mail programs and people put around an address; adds what it was to `peeled`. */
struct slice address_peel(struct arena *a, struct slice s, unsigned *peeled);
/* "＠", as East Asian keyboards write it, becomes "@". */
struct slice address_narrow_at(struct arena *a, struct slice s, unsigned *peeled);
/* IDNA reads full-width letters and ideographic dots of a domain as plain ones; this has it told. */
void address_note_wide_domain(struct slice domain, unsigned *peeled);
/* "blanks, mailto:", or NULL. */
const char *address_peeled_text(struct arena *a, unsigned peeled);
/* Letters, digits and others that stand in a local part unquoted (atext of RFC 5322, and UTF-8). */
bool address_is_atext(unsigned char c);

/* A-labels in lower case (ADR-5), or NULL with `why`. */
char *domain_read(struct arena *a, const char *text, const char **why);

/* What a reader sees at a glance (UTS #39): two domains of one skeleton look alike. `shown`: in U-labels. */
char *domain_skeleton(struct arena *a, const char *shown);
/* The last labels of `domain`, as many as `like` has; NULL if it has fewer. */
const char *domain_tail(const char *domain, const char *like);
/* At or below one of `known`, or on one of our lists of domains: what is meant is what stands there. */
bool domain_is_known(const char *domain, const char *const *known, size_t n_known);
/* Does a label hold letters of scripts that are not written together? */
bool text_has_mixed_label(const char *text);
/* Is one of two texts made of the other by one insertion, deletion, substitution or exchange of neighbours
   (Damerau-Levenshtein)? Not if they are equal. */
bool text_is_one_off(struct slice one, struct slice other);

/* U-labels of what domain_read gave; where it has none, the same text. */
const char *domain_unicode(struct arena *a, const char *ascii);

/* The whole of address_parse by the long way, for any cell. */
int address_parse_any(struct arena *a, const char *cell, struct address *out, struct err *e) MUST_USE;
/* The short way: a cell that is nothing but a plain ASCII address. False without a word when it is not, or when
   there is anything to say about it; then address_parse_any has the answer. What both accept, they read alike. */
bool address_parse_plain(struct arena *a, const char *cell, struct address *out) MUST_USE;

#endif
