/*
 * System mail: one message to one person, outside of every mailing, because
 * they asked or have a right to know. It goes out by `placet send`, before any
 * mailing. Nobody can be bombed by it: each kind has its bounds for a person
 * (CON-3, ABU-1), kept in `asked` and in what was queued.
 */
#ifndef PLACET_NOTICE_H
#define PLACET_NOTICE_H

#include "compose/notice_mail.h"
#include "mail/address.h"
#include "store/delivery.h"

/* Queues one, in the caller's transaction. 1 queued, with its id; 0 the person has had enough of these; -1. Which of
   the two it was must not show on a page. `project` and `object` 0: none. Needs the home's keys. */
int notice_queue(struct home *h, enum notice_kind k, const struct address *to, int64_t project, int64_t object,
		 int64_t *id, struct err *e) MUST_USE;
/* The same where the person is known by hash alone: needs no keys. */
int notice_queue_hash(struct home *h, enum notice_kind k, const uint8_t key_hash[KEY_HASH_SIZE], const struct address *to,
		      int64_t project, int64_t object, int64_t *id, struct err *e) MUST_USE;
/* Somebody typed an address, whosever it is: writes one row, so that asking costs the same whether anything is held
   (ABU-1). In the caller's transaction, before anything else is looked up. */
int notice_was_asked_for(struct home *h, struct err *e) MUST_USE;
/* The person answered (confirmed, opened the link): the count of those without an answer begins anew. */
int notice_answered(struct home *h, enum notice_kind k, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e) MUST_USE;

/* --- for senders --------------------------------------------------------------------------------------- */

/* A claimed one, with all that its message is made of (INV-7): `mail` is complete unless `why` says otherwise. */
struct notice {
	int64_t id, first, attempts, give_up;
	int64_t claimed;          /* when: names this claim */
	bool utf8;
	int64_t identity;         /* which sends it; 0: see `why` */
	const char *why;          /* "", or why it is not sent, in words for `notice list` */
	bool held;                /* ... for now: staff can mend it; else for good */
	struct notice_mail mail;
	struct slice head, body;  /* of a test: the message, ready but for its signature; else notice_render makes it */
	char token[TOKEN_TEXT_MAX], message_token[TOKEN_TEXT_MAX], bounce_token[TOKEN_TEXT_MAX];
};

/* Is something due now? 1, 0, -1. Cheap. */
int notice_is_due(struct home *h, struct err *e) MUST_USE;
/* Claims at most `limit` due ones, oldest first, whoever else claims at the same time; in the caller's
   transaction. `at` must be greater than in the call before. Needs the home's keys. */
int notice_claim(struct home *h, struct arena *a, int64_t sender, int64_t at, int64_t limit, struct notice **out,
		 size_t *n, struct err *e) MUST_USE;
/* Writes those of the outcomes that are notices' (outcome.notice); in the caller's transaction. Rows that are no
   longer this sender's are left. */
int notice_write(struct home *h, int64_t sender, const struct outcome *o, size_t n, struct err *e) MUST_USE;
/* As delivery_release and delivery_lose. */
int notice_release(struct home *h, int64_t sender, int64_t since, struct err *e) MUST_USE;
int notice_lose(struct home *h, int64_t sender, struct err *e) MUST_USE;
/* How many are still to be sent, and when the first of them is due (0: none waits). */
int notice_remains(struct home *h, int64_t *n, int64_t *next_due, struct err *e) MUST_USE;

struct notice_row {
	int64_t id, created, first, last, due, attempts;
	const char *kind, *address, *state, *relay, *queue_id, *reply; /* address: '' once it is purged */
};
/* Those in `state`, all with NULL, from the oldest. `each` returns 0 to go on. */
int notice_each(struct home *h, const char *state, int (*each)(void *ctx, const struct notice_row *r), void *ctx,
		struct err *e) MUST_USE;

#endif
