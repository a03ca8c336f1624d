/*
 * Which provider takes the mail of a recipient domain: the registered domain of
 * its best MX (table domain_group). So a limit for mx:example.net holds for all
 * domains whose mail goes there.
 */
#ifndef PLACET_GROUP_H
#define PLACET_GROUP_H

#include "dns/dns.h"
#include "store/home.h"

#define GROUP_KEPT (30 * DAY) /* then it is asked for anew, when mail goes there again */

/*
 * What placet work does: notes the domains of new deliveries, and asks the DNS about those that nobody knows, for
 * some 20 s at most, outside of transactions; *asked: about how many. What is left is for the next time. A trial home
 * asks nobody unless a resolver is set.
 */
int groups_keep(struct home *h, int64_t *asked, struct err *e) MUST_USE;

/* The parts of it: notes domains of deliveries that were not looked at, 1 while there are more, 0, -1; asks about some
   of the noted ones, until clock_ticks() is `until`; *n: about how many. */
int groups_note(struct home *h, struct err *e) MUST_USE;
int groups_ask(struct home *h, const struct dns_asker *dns, int64_t until, int64_t *n, struct err *e) MUST_USE;

#endif
