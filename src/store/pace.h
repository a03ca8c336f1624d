/*
 * The pace of mailings: how many messages go out in a second and in a day (of
 * UTC), by identity, by recipient domain, and by the group of domains that one
 * provider takes the mail of. The limits hold for all senders on all hosts
 * together, by virtual scheduling: for each limit the database has the first
 * moment that nobody has taken yet, and whoever claims work takes moments, in
 * the transaction of the claim.
 *
 * Over any stretch of time a domain or a group gets at most rate x length + 1
 * messages, and an identity sends at most rate x (length + 1 s). System mail
 * is counted, and never delayed. What was taken and not used (a sender that
 * died, somebody who opted out in that second) is lost: one errs to the slow
 * side. In counts of a day what was given back unstarted is free again.
 */
#ifndef PLACET_PACE_H
#define PLACET_PACE_H

#include "store/delivery.h"

#define PACE_NAME_MAX 260
#define PACE_PER_SECOND_MAX 100000
#define PACE_PER_DAY_MAX INT64_C(1000000000)
#define PACE_WARM_UP_DAYS 10

/* --- for senders: one pacer for each connection to the database --- */

struct pacer;

struct pacer *pacer_new(void);
void pacer_free(struct pacer *p); /* NULL is fine */

/* First of all in the transaction that claims; `now` is its time. Limits are read once a second; while there are none, this
   and all that follows does nothing. Else other senders wait until the transaction ends. */
int pace_load(struct pacer *p, struct home *h, int64_t now, struct err *e) MUST_USE;
/* Is something limited? Is a domain, so that some may have been put off for seconds? */
bool pace_is_on(const struct pacer *p);
bool pace_puts_off(const struct pacer *p);
/* How many of the identity's deliveries may be claimed: those that could start within a second. 0: the first may start
   at *opens. */
void pace_room(struct pacer *p, int64_t identity, int64_t *room, int64_t *opens);

struct pace_start {
	bool later;  /* not now: it is to be given back, due again at `at`; nothing was taken */
	int64_t at;  /* the moment at which it may start, within a second; 0: at once */
};

/* Takes the moments for one claimed delivery to that address. */
int pace_admit(struct pacer *p, struct home *h, int64_t identity, const char *address, int64_t delivery,
	       struct pace_start *out, struct err *e) MUST_USE;
/* Counts a system mail that goes out now. */
int pace_count(struct pacer *p, struct home *h, int64_t identity, const char *address, struct err *e) MUST_USE;
/* Frees in the counts of the day what these outcomes give back unstarted. */
int pace_return(struct pacer *p, struct home *h, const struct outcome *o, size_t n, struct err *e) MUST_USE;
/* Last in the transaction: writes what was taken. */
int pace_store(struct pacer *p, struct home *h, struct err *e) MUST_USE;
/* The transaction came to nothing. */
void pace_undo(struct pacer *p);

/* Gives a delivery that this sender has just claimed back, due again at `due`; in the transaction of the claim. */
int pace_put_off(struct home *h, int64_t sender, const struct delivery *d, int64_t due, struct err *e) MUST_USE;

/* --- limits; all in the caller's transaction --- */

struct pace_limit {
	const char *name;          /* example.org, mx:example.net, * */
	int64_t per_second_milli;  /* 0: no limit */
	int64_t per_day;           /* the same */
	int64_t used, next;        /* today, by all that fall under it; the first free moment, 0: now */
	int64_t domains;           /* of *: how many fell under it today */
};

struct pace_identity {
	int64_t id;
	int64_t per_second, per_day, warm_up; /* 0: none */
	int64_t warm_since;                   /* its first message while it warms up; 0: none yet */
	int64_t used, days, today;            /* today; days of sending; limit of today, 0: none */
};

/* The one spelling of a name; NULL when it is none. */
const char *pace_name(struct arena *a, const char *text);
int pace_set(struct home *h, const struct pace_limit *x, struct err *e) MUST_USE;
/* ERR_MISSING when there is none. */
int pace_remove(struct home *h, const char *name, struct err *e) MUST_USE;
int pace_list(struct home *h, struct arena *a, struct pace_limit **out, size_t *n, struct err *e) MUST_USE;
/* Limits of an identity; a warm-up that differs from the one before begins anew. */
int pace_identity_set(struct home *h, const struct pace_identity *x, struct err *e) MUST_USE;
int pace_identity_get(struct home *h, int64_t id, struct pace_identity *out, struct err *e) MUST_USE;

/* From when on the identity of a mailing may send; `now` when it may. Looks, and takes nothing. */
int pace_mailing_opens(struct home *h, int64_t mailing, int64_t now, int64_t *out, struct err *e) MUST_USE;
/* Drops rows of use that say nothing any more. */
int pace_forget(struct home *h, int64_t *rows, struct err *e) MUST_USE;

#endif
