/*
 * What is held about one person, whatever table holds it: gathered once, for
 * `person show`, for the file that they may have (CON-9) and for /me. A person
 * is a key hash: all spellings of one address that share it. And how what is
 * held ends: person_erase (CON-8).
 */
#ifndef PLACET_PERSON_H
#define PLACET_PERSON_H

#include "mail/address.h"
#include "store/home.h"

/* Who reads it. To the person, staff are shown as the public pages show them: an originator by name, others by
   role. */
enum held_view { HELD_FOR_STAFF, HELD_FOR_SELF };

/* `by` is NULL where nobody of staff did it. Times are 0 where there is none. */
struct held_mailbox {
	int64_t id, created, erased;
	const char *delivery, *given; /* of an erased one "erased:7" and "" */
	bool bounced;
	bool judged, accepted;        /* the standing validation */
	const char *by, *how;
	int64_t at, until;
};

struct held_list {
	int64_t list_id, address_id, project_id, imported, answered, valid_until;
	const char *list, *project, *title, *contact, *address, *flags, *fields; /* project: slug; fields: JSON */
	const char *by;            /* who imported it */
	const char *why;           /* '' when they may be mailed now, else a word of the contract */
	const char *explained;     /* the same in words, for the reader */
};

struct held_consent {
	int64_t at, project_id;
	const char *address, *project, *title, *action, *kind, *ref, *given_on, *by;
	const char *version, *text, *language; /* what they were shown: hash, words; NULL when it was not kept */
	bool stands;               /* the newest of its address and project, and given */
};

struct held_decision {
	int64_t at;
	const char *address, *list, *decision, *reason, *source, *by;
};

struct held_mailing {
	int64_t delivery, mailing, first, last, attempts, arm;
	const char *project, *title, *subject, *address, *state, *skipped, *relay, *queue_id, *reply, *fields;
	bool maybe_twice, bounced;
	const char *kind, *ref, *given_on; /* of the consent it went out under */
	int64_t consent_at;
};

struct held_notice {
	int64_t at, last;
	const char *kind, *state, *address, *project; /* project: title, or "" */
};

struct held_sign_up {
	int64_t asked, confirmed;
	const char *project, *title, *address, *name;
};

struct held_complaint {
	int64_t number, at, due, acknowledged, closed;
	const char *about, *text, *outcome;
};

struct held_audit {
	int64_t seq, at;
	const char *action, *detail, *by;
};

struct held {
	const char *person;        /* "person 3f2a...": how the ledger names them */
	bool known;                /* is anything there at all, the opt-out apart? */
	bool opted_out;
	const char *way, *why, *by; /* of the opt-out */
	int64_t opted_out_at;
	const char **kept;         /* titles of studies that the opt-out leaves */
	size_t n_kept;
	int64_t received, ceiling, since; /* mailings that reached them since then, and how many may */
	struct held_mailbox *mailbox;
	struct held_list *list;
	struct held_consent *consent;
	struct held_decision *decision;
	struct held_mailing *mailing; /* newest first */
	struct held_notice *notice;
	struct held_sign_up *sign_up;
	struct held_complaint *complaint;
	struct held_audit *audit;
	size_t n_mailbox, n_list, n_consent, n_decision, n_mailing, n_notice, n_sign_up, n_complaint, n_audit;
};

/* Rows of each kind that are gathered, at most. */
#define HELD_ROWS_MAX 2000

/* Gathers all of it. Reads by index alone. Needs the home's keys. */
int person_load(struct home *h, struct arena *a, const uint8_t key_hash[KEY_HASH_SIZE], enum held_view view,
		struct held *out, struct err *e) MUST_USE;
/* How the audit ledger names a person (AUD-6): "person " and 16 digits of the hash, which says nothing without the
   key. The object of every entry that is about one person. */
const char *person_name(struct arena *a, const uint8_t key_hash[KEY_HASH_SIZE]);
/* A word of may_mail (and 'lapsed', 'trial', 'fatigue', '') in a sentence, with what to do about it. */
const char *why_explained(struct arena *a, const char *why, const char *list, enum held_view view);

/* What erasing found. */
struct erased {
	int64_t mailboxes, lists, waiting; /* waiting: messages that were due and will not be sent */
};
/*
 * Erases a person, in one transaction: nothing that names them stays in any table, but the hash of the address, the
 * kind and day of consents, and what became of each delivery (CON-7, CON-8). Unless `may_return`, an opt-out is made
 * first, by a transaction of its own; one that stands stays in any case. Running mailings leave them out from the moment
 * in which this returns. Doing it twice is fine. `by` 0: the person themself.
 */
int person_erase(struct home *h, const struct address *addr, bool may_return, int64_t by, struct erased *out,
		 struct err *e) MUST_USE;
/* Does any spelling of theirs stand somewhere? 1, 0, -1. */
int person_is_held(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e) MUST_USE;

/* For optout_apply.c alone, which finds them in the journal after a restore: do it again to what is older than the entry,
   in the caller's transaction. Doing it twice is fine. */
struct opt_out_entry;
int withdraw_again(struct home *h, const struct opt_out_entry *x, struct err *e) MUST_USE;
int erase_again(struct home *h, const struct opt_out_entry *x, struct err *e) MUST_USE;

/* --- what a person does by themself ------------------------------------------------------------- */

#define PERSON_LINK_DAYS 7

/* Whom a link to /me is of. */
struct person_link {
	int64_t until;
	const char *address;
	uint8_t key_hash[KEY_HASH_SIZE];
};
/* By the number of its notice. 1; 0 too old, or the person was erased; -1. */
int person_by_link(struct home *h, struct arena *a, int64_t notice, struct person_link *out, struct err *e) MUST_USE;
/* Queues the link to who asked for it by their address, if anything is held about them; nobody must see which it was. It
   goes to a spelling of the address that is held. In a transaction of its own. */
int person_ask(struct home *h, const struct address *addr, struct err *e) MUST_USE;
/* The two below run in transactions of their own too, with their audit entries. */

/* Withdraws the consent to one project for all mailboxes of theirs where it stands. 1, 0 it did not stand, -1. */
int person_withdraw(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], int64_t project, struct err *e) MUST_USE;
/* The same on their behalf; `by` 0: themself. */
int person_withdraw_by(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], int64_t project, int64_t by,
		       struct err *e) MUST_USE;
/* Sets a field of theirs on every list that has it, in every project. ERR_INPUT for a value that no message could
   carry. 1, 0 no list has such a field, -1. */
int person_correct(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], const char *field, const char *value,
		   struct err *e) MUST_USE;

#endif
