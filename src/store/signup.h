/*
 * Sign-ups: how somebody comes on a project's list by themselves (CON-3). Who
 * asks is written to; who follows that link and presses its button has agreed
 * to the words that were shown when they asked. Nothing else records
 * own-sign-up, and nothing else lifts an opt-out (CON-6).
 */
#ifndef PLACET_SIGNUP_H
#define PLACET_SIGNUP_H

#include "mail/address.h"
#include "store/home.h"
#include "store/project.h"

#define SIGN_UP_HOLDS (7 * DAY) /* after that, what waits is thrown away */

/*
 * Somebody typed this address. Writes what waits for their confirmation and queues the message that asks for it, unless the
 * person has had enough of those. It does the same work for every address, and says the same: nothing. `name` may be "".
 * In a transaction of its own.
 */
int sign_up_ask(struct home *h, const struct project *p, const struct address *addr, const char *name,
		struct err *e) MUST_USE;

enum sign_up_state {
	SIGN_UP_WAITS,
	SIGN_UP_DONE,   /* confirmed */
	SIGN_UP_LATE,   /* after its seven days */
	SIGN_UP_CLOSED, /* the project has ended, or has nowhere to put people */
};

struct sign_up {
	int64_t id, text_id;
	enum sign_up_state state;
	struct project project;
	const char *delivery, *given, *name; /* "" when it was purged; mask the address before a stranger sees it */
	const char *text;            /* the words that they were shown, Markdown */
	int64_t asked, confirmed;
};

/* What a confirmation link stands for. 1, 0 when there is none (any more), -1. */
int sign_up_load(struct home *h, struct arena *a, int64_t id, struct sign_up *out, struct err *e) MUST_USE;
/*
 * The button was pressed: the person is on the list, with their consent; an opt-out is lifted for this project alone. All
 * or nothing, durable when it returns, and senders know. *state is what was found: only of SIGN_UP_WAITS anything is done.
 * 1, 0 when there is no such sign-up, -1.
 */
int sign_up_confirm(struct home *h, int64_t id, enum sign_up_state *state, struct err *e) MUST_USE;

/* For retention (CON-10), in the caller's transaction: throws away what was asked before `before` and waits still, and the
   address and name of what was confirmed, which have their place elsewhere. *rows gets how many that were. */
int sign_up_purge(struct home *h, int64_t before, int64_t *rows, struct err *e) MUST_USE;

#endif
