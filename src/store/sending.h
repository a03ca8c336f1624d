/*
 * What is being sent, read by whoever watches: send processes and what each has done, their relays, who has waited the
 * longest. Nothing here but sending_count walks deliveries: each function reads a few rows, or the ends of an index, and
 * costs well under a millisecond with ten million deliveries. Senders write what they do at every flush (store/delivery.h).
 *
 * Nothing that is told here names a recipient.
 */
#ifndef PLACET_SENDING_H
#define PLACET_SENDING_H

#include "store/home.h"

/* A sender that was silent for so long is not counted as alive. */
#define SENDING_SILENT (10 * SECOND)

/* Deliveries by what became of them, by the hands of one sender or of all since the home was made. Each try counts: one
   that was deferred twice and then accepted is in here three times. */
struct sending_totals {
	int64_t accepted, deferred, failed, uncertain, skipped;
	int64_t notices; /* system mail that was accepted */
};

/* A send process that has not ended, as far as the database knows. */
struct sending_sender {
	int64_t id, started;
	int64_t seen;      /* time of its last flush; 0: none yet */
	int64_t flushes;
	const char *host;  /* home_id */
	const char *journal;
	bool alive;        /* it was heard of in the last SENDING_SILENT, and nobody has taken its work over */
	struct sending_totals done;
	int64_t in_flight, waiting; /* claimed: handed over just now; not started yet */
};
/* Those that have not ended, the oldest first. Those of a host that died stay until somebody settles what they left. */
int sending_senders(struct home *h, struct arena *a, struct sending_sender **out, size_t *n, struct err *e) MUST_USE;

/* All that was ever done, by senders that ended too. Only grows. Reads a row for each sender there ever was. */
int sending_totals(struct home *h, struct sending_totals *out, struct err *e) MUST_USE;

/* A relay, as all living senders that use it see it together. */
struct sending_relay {
	int64_t id, identity_id;
	const char *identity, *url; /* without a password */
	const char *state;  /* up: somebody can use it; down: nobody who tried; idle: nobody has anything for it */
	int64_t since;      /* in that state */
	const char *why;    /* of the newest fault, also while it is up again; "" */
	int64_t retry_at;   /* when it is tried next, while it is down; 0 */
	int64_t senders;    /* so many look after it */
	int64_t down;       /* ... and cannot use it */
	int64_t connections, accepted, faults; /* of living senders, since they started */
};
/* Of one identity, or of all (0). */
int sending_relays(struct home *h, struct arena *a, int64_t identity, struct sending_relay **out, size_t *n,
		   struct err *e) MUST_USE;

/* What was ever done over each relay that an identity has, by all senders there were. */
struct sending_relay_sum {
	int64_t id;
	const char *identity, *url;
	int64_t accepted, faults;
};
int sending_relay_sums(struct home *h, struct arena *a, struct sending_relay_sum **out, size_t *n, struct err *e) MUST_USE;

/* Each identity, and since when it is held (0: it is not). */
struct sending_identity {
	const char *name;
	int64_t held_at;
};
int sending_identities(struct home *h, struct arena *a, struct sending_identity **out, size_t *n, struct err *e) MUST_USE;

/* A mailing that is in the state `sending`. */
struct sending_mailing {
	int64_t id, identity_id;
	const char *project; /* slug */
	const char *hours;   /* of its own in which it may be sent; "": any */
	int64_t since;       /* being sent without a break: since its start, or when it was resumed */
	int64_t waits_since; /* since when the one has waited who is due the longest; 0: nobody is due, or its hours are over */
	int64_t retry_since; /* the same of those that were deferred before and are due again */
	int64_t next_due;    /* when the next one is due who is not due yet, or when its hours begin; 0: none */
};
int sending_mailings(struct home *h, struct arena *a, struct sending_mailing **out, size_t *n, struct err *e) MUST_USE;
/* The same of one; of a mailing in another state, since, waits_since and retry_since are 0. 1, 0 there is none, -1. */
int sending_mailing(struct home *h, struct arena *a, int64_t id, struct sending_mailing *out, struct err *e) MUST_USE;

/* Recipients of a mailing by state. The one function here that counts: it walks the mailing's part of an index, a second for
   ten million. */
struct sending_state {
	const char *state;
	int64_t n;
};
int sending_count(struct home *h, struct arena *a, int64_t mailing, struct sending_state **out, size_t *n,
		  struct err *e) MUST_USE;

/* System mail: since when the one has waited that is due the longest; 0: nothing is due. */
int sending_system_mail(struct home *h, int64_t *waits_since, struct err *e) MUST_USE;

/* How many mailings there are in each state that occurs. */
int sending_states(struct home *h, struct arena *a, struct sending_state **out, size_t *n, struct err *e) MUST_USE;


/* How large the database is; on SQLite without its log. */
int sending_database_size(struct home *h, int64_t *bytes, struct err *e) MUST_USE;

#endif
