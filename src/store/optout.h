/*
 * Opt-outs: a keyed hash for each person who left, for good, whatever happens
 * to the rest of the data (CON-7). Leaving, keeping single studies and taking
 * it back are written to a journal of their own first (optout_journal.h): an
 * answer is given when the line is on the disk and running senders can see it.
 * The database follows, by opt_out_catch_up(). So leaving waits for no lock,
 * works when the database is away or cannot be written (OPT-3), and survives
 * the loss or the restore of the database.
 */
#ifndef PLACET_OPTOUT_H
#define PLACET_OPTOUT_H

#include "store/home.h"
#include "store/optout_journal.h"

/* For so long an opt-out can be taken back by the link, and studies be kept (policy.md, opt-out). */
#define OPT_OUT_SECOND_THOUGHTS DAY

/* What a mailed token stands for. */
struct delivery_about {
	int64_t id, mailing_id, project_id, address_id;
	const char *address;       /* delivery form; mask it before a stranger sees it */
	const char *project_title, *project_slug, *subject;
	bool opted_out;            /* already */
	uint8_t key_hash[KEY_HASH_SIZE];
};

/* 1 found, 0 none, -1. */
int delivery_about(struct home *h, struct arena *a, int64_t delivery, struct delivery_about *out,
		   struct err *e) MUST_USE;

/*
 * The acts. Each is durable, and known to senders, when it returns; the database has it then too, unless it cannot be
 * written just now or the caller is in a transaction: then it follows. Doing one twice is fine. When there is no
 * room for the journal they write to the database instead, for which the caller must not be in a transaction.
 */

/* Opts the person of a delivery out. 1 done, 0 no such delivery, -1. */
int opt_out_by_delivery(struct home *h, int64_t delivery, enum opt_out_way way, struct err *e) MUST_USE;
/* By match key: on a person's behalf (`by`, `why`). Not in a transaction where there is a `why`, which stands in the
   database alone. */
int opt_out_by_key(struct home *h, const char *match_key, enum opt_out_way way, const char *why, int64_t by,
		   struct err *e) MUST_USE;
int opt_out_by_hash(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], enum opt_out_way way, const char *why,
		    int64_t by, struct err *e) MUST_USE;
/* The person keeps this project although they left, or joined it anew by a confirmed sign-up of their own (CON-6): who
   may do so, and until when, the caller decides. A later opt-out ends it. ERR_MISSING: no such project. */
int opt_out_keep(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], int64_t project, struct err *e) MUST_USE;
/* Takes an opt-out back. ERR_REFUSED when none stands that is younger than OPT_OUT_SECOND_THOUGHTS, or when it came
   with an erasure. */
int opt_out_undo(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e) MUST_USE;

/* What stands of a person, in the database and in what it has not heard of yet. */
struct opt_out_state {
	bool out;
	int64_t at; /* since when */
	enum opt_out_way way;
};
int opt_out_state(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct opt_out_state *out,
		  struct err *e) MUST_USE;
/* Can this still be taken back, or narrowed, by the person's link? */
bool opt_out_is_fresh(const struct home *h, const struct opt_out_state *s);
/* Is the hash opted out? 1, 0, -1. */
int opt_out_stands(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e) MUST_USE;

/* For a sender among several hosts: who has left behind number *seq of the database, which moves; -1: nobody is told, and
   *seq gets the last number. Numbers come in the order of commits. In a transaction; `hash` and what it points to live in
   the arena. */
int opt_out_news(struct home *h, struct arena *a, int64_t *seq, const uint8_t (**hash)[KEY_HASH_SIZE], size_t *n,
		 struct err *e) MUST_USE;

/* For a server, which answers many with one write: makes the entry of a delivery's person. 1 made, 0 no such
   delivery. Never fails: when the database cannot be asked, the entry names the delivery. */
int opt_out_entry_of(struct home *h, int64_t delivery, enum opt_out_way way, struct opt_out_entry *out);
/* Makes entries durable, all or none, and moves the counter. The database follows at the next catch-up. */
int opt_out_write(struct home *h, const struct opt_out_entry *x, size_t n, struct err *e) MUST_USE;
/* Adds an entry of what the caller's transaction is about to commit (a withdrawal, an erasure), for a database that is
   restored some day. When there is no room for it that is logged, and the database alone has it. */
void opt_out_note(struct home *h, const struct opt_out_entry *x);
/* After that commit: tells senders, and lets the database follow at once if it can. */
void opt_out_noted(struct home *h);

/* For a command, after it let somebody leave: until the senders of other hosts know (host.h). Costs nothing on SQLite.
   ERR_AGAIN: it is written down, but the database, by which they hear, cannot be told now. */
int opt_out_await(struct home *h, struct err *e) MUST_USE;

/* Brings the database up to the journal: what it has not heard of yet, in the journal's order; all of it when the
   journal is another than it knows. Not in a transaction. Cheap when nothing is new. */
int opt_out_catch_up(struct home *h, struct err *e) MUST_USE;
/* The same for at most about `most` entries, in one transaction, for who must not stand still. 1: there may be more, 0. */
int opt_out_catch_up_some(struct home *h, size_t most, struct err *e) MUST_USE;
/* How far the database has followed: the caller's transaction sees what stands up to here. All zero: not at all. */
int opt_out_followed(struct home *h, struct opt_out_place *out, struct err *e) MUST_USE;
/* The key hash of a delivery's person: 1, 0 no such delivery, -1. */
int opt_out_hash_of(struct home *h, int64_t delivery, uint8_t hash[KEY_HASH_SIZE], struct err *e) MUST_USE;
/* Whom this entry puts out, by the data as they are: 1, 0 nobody, -1. */
int opt_out_who(struct home *h, const struct opt_out_entry *x, uint8_t hash[KEY_HASH_SIZE], struct err *e) MUST_USE;
/* Applies entries themselves, in the caller's transaction: for optout.c alone, when there is no journal. */
int opt_out_apply(struct home *h, const struct opt_out_entry *x, size_t n, struct err *e) MUST_USE;

#endif
