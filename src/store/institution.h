/*
 * The institution and its settings. SETTINGS is the one table of what can be
 * set: key, default, bounds and what it means; help, validation and the manual
 * come from it.
 */
#ifndef PLACET_INSTITUTION_H
#define PLACET_INSTITUTION_H

#include "store/home.h"

enum setting_kind { SETTING_TEXT, SETTING_LINES, SETTING_NUMBER };

struct setting {
	const char *key;          /* "statement"; one that ends in "." takes a language: "unofficial-sentence.en" */
	enum setting_kind kind;
	const char *initial;      /* in a live home; NULL: not set */
	const char *trial;        /* in a trial home; NULL: as `initial` */
	int64_t min, max;         /* of a number; of a text: its length in bytes */
	const char *help;
};

const struct setting *settings_table(size_t *n);
const struct setting *setting_find(const char *key);

struct institution {
	const char *name;
	const char *const *domains;         /* NULL-ended */
	const char *statement;              /* Markdown */
	const char *postal_address;
	const char *privacy;                /* Markdown, the privacy page */
	const char *const *offices;         /* NULL-ended */
	const char *const *unofficial;      /* language, sentence, ..., NULL */
	const char *const *opt_out_wording; /* language, words, ..., NULL */
	const char *contact;                /* the postmaster's address */
	const char *statement_url;          /* home's URL and a final slash */
	int64_t validity_months, fatigue_ceiling;
};

int institution_load(struct home *h, struct arena *a, struct institution *out, struct err *e) MUST_USE;
int institution_get(struct home *h, struct arena *a, const char *key, const char **out, struct err *e) MUST_USE;
/* Checks against SETTINGS and writes, inside the caller's transaction. */
int institution_set(struct home *h, const char *key, const char *value, struct err *e) MUST_USE;

/* To whom people may write: the contact, else the postmaster of its first domain, whom every mail domain has (RFC 5321,
   4.5.1); "" without a domain. */
const char *institution_contact(struct arena *a, const struct institution *in);

/* The text of a language in a list of pairs, else ("en-GB") of what it is a kind of; NULL if there is none. */
const char *pair_find(const char *const *pairs, const char *language);

#endif
