/* Address lists and their members, and the consent ledger. */
#ifndef PLACET_LIST_H
#define PLACET_LIST_H

#include "mail/address.h"
#include "store/home.h"

struct list {
	int64_t id, project_id;
	const char *name, *project; /* project: slug */
	int64_t members, mailable;  /* after list_count */
};

int list_add(struct home *h, const char *name, int64_t project, int64_t *id, struct err *e) MUST_USE;
/* 1, 0, -1. */
int list_by_name(struct home *h, struct arena *a, const char *name, struct list *out, struct err *e) MUST_USE;
int list_by_id(struct home *h, struct arena *a, int64_t id, struct list *out, struct err *e) MUST_USE;
int list_all(struct home *h, struct arena *a, struct list **out, size_t *n, struct err *e) MUST_USE;
int list_count(struct home *h, struct list *l, struct err *e) MUST_USE;

struct member {
	const char *address, *fields /* JSON */, *flags, *why /* '' when mailable */;
};
int list_each_member(struct home *h, int64_t list, int (*each)(void *ctx, const struct member *m), void *ctx,
		     struct err *e) MUST_USE;

/* Records that a person (all their mailboxes on the list) has answered the study, now, unless it was recorded
   before; or, with `answered` false, that they have not. In the caller's transaction. */
struct answered {
	bool known;   /* they are on the list */
	bool changed;
};
int list_answered(struct home *h, int64_t list, const struct address *addr, bool answered, struct answered *out,
		  struct err *e) MUST_USE;

/* --- consent --- */

/* The id of a consent text, stored once by its hash; in the caller's transaction. */
int consent_text_id(struct home *h, const char *text, int64_t *id, struct err *e) MUST_USE;

struct consent {
	int64_t id, at;
	const char *action, *kind, *ref, *given_on, *project, *by;
	const char *version, *text; /* what they were shown: the beginning of its hash, and the words; NULL when it was not kept */
};
/* Adds one entry to the ledger, in the caller's transaction. */
int consent_add(struct home *h, int64_t address, int64_t project, const char *action, const char *kind,
		const char *ref, const char *given_on, int64_t text_id, int64_t by, struct err *e) MUST_USE;
int consent_of(struct home *h, struct arena *a, int64_t address, struct consent **out, size_t *n,
	       struct err *e) MUST_USE;
/* The number of a mailbox. Needs the home's keys. 1, 0, -1. */
int address_find(struct home *h, const struct address *addr, int64_t *id, struct err *e) MUST_USE;
/* "signed-form", "online-form", "oral" (own-sign-up only the confirmation link may record). */
bool consent_kind_is_importable(const char *kind);

#endif
