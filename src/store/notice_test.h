/*
 * A mailing mailed to staff, to be looked at: system mail of the kind `test`,
 * so that it goes before mailings, is journalled, and is bounded (policy.md:
 * the same path, marked [Test], ten a day for each account, dead tokens).
 */
#ifndef PLACET_NOTICE_TEST_H
#define PLACET_NOTICE_TEST_H

#include "store/account.h"
#include "store/content.h"

/*
 * Queues one, in a transaction of its own, with its audit entry. It shows the values of whoever has the longest of the
 * selection. `language`: one of the mailing's, or NULL. ERR_REFUSED: the account is disabled or had ten today, or in a
 * trial home its address is of no reserved domain; ERR_INPUT: it does not compile, or not in this language.
 */
int notice_test(struct home *h, const struct mailing *m, const struct content *c, const struct account *to,
		const char *language, int64_t by, int64_t *id, struct err *e) MUST_USE;

#endif
