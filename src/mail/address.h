/*
 * Addresses as they stand in a cell of a spreadsheet, and the three forms that
 * are stored of each (ADR-1 to ADR-6, ADR-8, ADR-10).
 */
#ifndef PLACET_ADDRESS_H
#define PLACET_ADDRESS_H

#include "base/arena.h"
#include "base/err.h"
#include "mail/domain.h"

struct address {
	const char *given;        /* the cell's address part as it stood */
	const char *name;         /* display name beside it ("Ann <a@b.c>"), or NULL */
	const char *local;        /* NFC, quotes removed where possible */
	const char *domain;       /* A-labels, lower case */
	const char *domain_shown; /* U-labels */
	const char *delivery;     /* local@domain: what is mailed */
	const char *key;          /* match key: lower case, no +tag, gmail's dots gone (ADR-4) */
	const char *cleaned;      /* what was taken away around the address ("mailto:", "trailing comma"), or NULL */
	bool utf8;                /* the local part needs SMTPUTF8 */
	bool reserved;            /* .test, .example, .invalid, example.com/.net/.org and below */
};

enum address_flag {
	ADDRESS_ROLE = 1,            /* ADR-8 names and patterns */
	ADDRESS_DISPOSABLE = 2,
	ADDRESS_FREE_PROVIDER = 4,
	ADDRESS_LIST = 8,            /* looks like a mailing list's address */
	ADDRESS_NON_ASCII_LOCAL = 16,
	ADDRESS_LOOKALIKE = 32,      /* mixed scripts in one label, or a domain that looks like a known one */
};

/* Reads one cell. ERR_INPUT says what is wrong and how to mend it. Strings live in the arena. */
int address_parse(struct arena *a, const char *cell, struct address *out, struct err *e) MUST_USE;
/* What a person should look at; a set of enum address_flag. */
unsigned address_flags(const struct address *addr);
/* The same where other domains are known beside the free providers: the institution's and its partners', as from
   domain_parse. Only lookalike depends on them. */
unsigned address_flags_among(const struct address *addr, const char *const *known, size_t n_known);
/* The known domain, or free provider's, that this one can be taken for by its looks (ADR-5, UTS #39), in A-labels;
   NULL if there is none. A domain at or below a known one, or on one of our lists, resembles none. */
const char *address_resembles(const struct address *addr, const char *const *known, size_t n_known);
/* The ASCII letters, one or two, that a small letter of another alphabet, or with a stroke, can be taken for; NULL if there
   are none. Marks are not looked at: decompose first. */
const char *letter_shape(uint32_t c);
/* The domain that was probably meant ("gmail.com" for gmial.com, gmail.con, gmai.l.com), by the large providers'
   and the known ones, or NULL (ADR-10). To be shown, never to be applied. */
const char *address_hint(struct arena *a, const struct address *addr, const char *const *known, size_t n_known);
/* "role", "disposable", "free-provider", "list-address", "non-ascii-local", "lookalike". */
const char *address_flag_name(enum address_flag f);
/* One sentence for who decides: what it means, and what to look for. */
const char *address_flag_explains(enum address_flag f);
/* Does a person have to decide this one? free-provider alone is a fact, not a doubt. */
bool address_needs_decision(unsigned flags);
/* How the local part agrees with a person's name, by words, initials or one slip (ADR-9): "name matches: smith", "name
   does not match"; NULL when the two cannot be compared. A fact to be shown, which decides nothing. */
const char *address_name_says(struct arena *a, const struct address *addr, const char *name);
/* Does the local part look like a number of a student: "s1234567"? */
bool address_has_student_number(const struct address *addr);
/* "j…@e…": the address as a stranger may see it. */
char *address_masked(struct arena *a, const char *delivery);

#endif
