/*
 * Deliveries: the durable outcome of each recipient (decision 6). A sender
 * claims some, in a transaction, before it starts them, and writes what became
 * of them in batches. What a dead sender left is settled from its journal.
 */
#ifndef PLACET_DELIVERY_H
#define PLACET_DELIVERY_H

#include "store/home.h"

struct delivery {
	int64_t id, first, attempts;
	const char *address, *fields;
	bool utf8;
	uint8_t key_hash[KEY_HASH_SIZE];
	const char *kind, *ref, *given_on;
	int64_t consent_at;
	int64_t arm;
	int64_t claimed;          /* when: names this claim */
	int64_t start_at;         /* not before this moment; 0: at once (store/pace.h) */
	const char *why;          /* '' or why this person may not be mailed any more (may_mail) */
};

/* What is written of one delivery, or system mail, that ended in some way. */
struct outcome {
	bool notice;              /* `id` is a notice's (store/notice.h) */
	int64_t id, claimed;      /* which claim it ends */
	int64_t at, due;          /* due: of deferred and given-back ones */
	const char *state;        /* accepted, deferred, failed, uncertain, skipped, queued (given back) */
	const char *skipped;      /* reason, "" */
	const char *relay, *queue_id, *reply;
	bool counts;              /* an attempt of the recipient, not a fault of the relay */
	bool dotted;              /* the final dot went out: the next try sends the same bytes */
	bool voids;               /* hard failure: the address is bounced, its validation void */
};

/* A send process: its row, by which claims are known. */
int sender_begin(struct home *h, const char *host, const char *journal, int64_t *id, struct err *e) MUST_USE;
int sender_end(struct home *h, int64_t id, struct err *e) MUST_USE;
/* What it has done since it began, and holds now. */
struct sender_figures {
	int64_t accepted, deferred, failed, uncertain, skipped, notices, in_flight, waiting;
};
/* Part of each flush: it lives. Keeps h->host.several and here (host.h). 1; 0 when it has been fenced: then nothing of this
   transaction may be committed; -1. */
int sender_seen(struct home *h, int64_t id, const struct sender_figures *x, struct err *e) MUST_USE;

/* The ceiling of mailings that one person gets, and since when they count. */
struct fatigue {
	int64_t ceiling, since;
};
int fatigue_now(struct home *h, struct fatigue *out, struct err *e) MUST_USE;

/* Claims at most `limit` due deliveries of a mailing and reads them; in the caller's transaction. `at` must
   be greater than in the call before. */
int delivery_claim(struct home *h, struct arena *a, int64_t mailing, int64_t sender, int64_t at, int64_t limit,
		   const struct fatigue *f, struct delivery **out, size_t *n, struct err *e) MUST_USE;
/* Writes outcomes of this sender's claims, those of notices left out; in the caller's transaction. Rows that are no longer its are left. */
int delivery_write(struct home *h, int64_t sender, const struct outcome *o, size_t n, struct err *e) MUST_USE;
/* How many of a mailing are due at `at`, queued or deferred, each counted up to `most`. */
int delivery_due(struct home *h, int64_t mailing, int64_t at, int64_t most, int64_t *n, struct err *e) MUST_USE;
/* When the next queued one of a mailing is due (0: at once, or there is none). */
int delivery_next_queued(struct home *h, int64_t mailing, int64_t *due, struct err *e) MUST_USE;
/* Gives back what a sender holds by claims of `since` and later (0: all), as not started; in the caller's
   transaction. */
int delivery_release(struct home *h, int64_t sender, int64_t since, struct err *e) MUST_USE;

/* Senders of this home (home_id) that have not ended. */
struct sender {
	int64_t id;
	const char *journal;
};
int sender_open(struct home *h, struct arena *a, const char *host, struct sender **out, size_t *n,
		struct err *e) MUST_USE;
/* What a sender holds becomes uncertain: its journal is lost, nobody knows. In the caller's transaction. */
int delivery_lose(struct home *h, int64_t sender, struct err *e) MUST_USE;

struct delivery_counts {
	int64_t recipients, queued, attempting, accepted, deferred, failed, uncertain, skipped, bounced;
	int64_t next_due; /* of queued and deferred; 0: none */
	struct {
		const char *why;
		int64_t n;
	} why[16];
	size_t n_why;
};
int delivery_count(struct home *h, struct arena *a, int64_t mailing, struct delivery_counts *out,
		   struct err *e) MUST_USE;

/* Is anything of the mailing queued, attempting or deferred? 1, 0, -1. Cheap at any size. */
int delivery_unfinished(struct home *h, int64_t mailing, struct err *e) MUST_USE;

struct report_row {
	const char *address, *state, *skipped, *relay, *queue_id, *reply;
	int64_t attempts, first, last, arm; /* arm 0: none */
	bool maybe_twice;
};
int delivery_report(struct home *h, int64_t mailing, int (*each)(void *ctx, const struct report_row *r), void *ctx,
		    struct err *e) MUST_USE;
/* Uncertain ones become queued again, marked maybe_twice, due `wait` after they were lost (0: at once); in the caller's
   transaction. They get the same bytes and Message-ID as before. */
int delivery_retry_uncertain(struct home *h, int64_t mailing, int64_t wait, int64_t *n, struct err *e) MUST_USE;

#endif
