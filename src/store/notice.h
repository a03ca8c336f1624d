/*
 * System mail: one message to one person, outside of every mailing, because
 * they asked or have a right to know. It goes out by `placet send`, before any
 * mailing. Nobody can be bombed by it: each kind has its bounds for a person
 * (CON-3, ABU-1), kept in `asked` and in what was queued.
 */
#ifndef PLACET_NOTICE_H
#define PLACET_NOTICE_H

#include "mail/address.h"
#include "store/home.h"

enum notice_kind {
	NOTICE_CONFIRM,   /* "confirm that you want to join"; object: the sign_up. Once in 24 h, three times without an answer */
	NOTICE_LEAVE,     /* the opt-out link that somebody asked for by address: /opt-out/TOKEN_LEAVE of this row. Once in 24 h */
	NOTICE_LEFT,      /* ... or, to somebody who has left: the one fixed notice. Counted together with LEAVE */
	NOTICE_REMOVED,   /* "you were removed", with a way back: /opt-out/TOKEN_LEAVE of this row, for 24 hours from its
			     `created`, which is to be the time of the opt-out. Once for each person, ever */
	NOTICE_ME,        /* the link to what is held about them: /me/TOKEN_ME of this row. Once in 24 h */
	NOTICE_COMPLAINT, /* acknowledgement; object: the complaint. Three in 24 h */
};

const char *notice_kind_name(enum notice_kind k);
/* Queues one, in the caller's transaction. 1 queued, with its id; 0 the person has had enough of these; -1. Which of
   the two it was must not show on a page. `project` and `object` 0: none. Needs the home's keys. */
int notice_queue(struct home *h, enum notice_kind k, const struct address *to, int64_t project, int64_t object,
		 int64_t *id, struct err *e) MUST_USE;
/* The person answered (confirmed, opened the link): the count of those without an answer begins anew. */
int notice_answered(struct home *h, enum notice_kind k, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e) MUST_USE;

#endif
