/*
 * A home: the folder that holds one installation. placet.conf says where its
 * database and its web address are; keys/ has the token keys, the hash key of
 * opt-outs and the DKIM keys; journal/ who left, and what senders are doing; run/ the change
 * counter of opt-outs.
 */
#ifndef PLACET_HOME_H
#define PLACET_HOME_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "db/db.h"
#include "mail/token.h"
#include "store/optout_journal.h"

/* The size past which the SQLite log is copied into the database: see db_checkpoint. */
#define DB_LOG_LIMIT (INT64_C(16) * 1024 * 1024)

struct home {
	const char *path;
	const char *database;    /* URL */
	const char *url;         /* "https://research-mail.example.ac.uk", no final slash */
	bool trial;
	struct clock clock;
	int64_t relay_patience, relay_back_off; /* of a trial, PLACET_SMTP_TIMEOUTS: every time-out of the SMTP client, and
						   its first pause after a fault, in microseconds; 0: as ever */
	struct rng rng;
	struct token_keys tokens; /* after home_read_keys */
	uint8_t hash_key[TOKEN_KEY_SIZE];
	struct hash_key *hasher; /* of hash_key, once that is read */
	struct db *db;           /* after home_open_db */
	/* Shared between the processes of one host, after home_open_db: [0] moves with each opt-out, [1] when
	   somebody's standing changed in another way (withdrawal, rejection), or a mailing was stopped. */
	_Atomic uint64_t *opt_out_counter;
	struct optout_journal *opt_outs;      /* after home_open_db */
	struct optout_journal *opt_outs_own;  /* while opt_outs is a backup's, to which nothing is added; else NULL */
	struct opt_out_place opt_outs_known;  /* the database has followed at least to here: opt_out_catch_up() */
	struct {
		const char *id, *place; /* NULL: this process has not asked */
		bool several, here;     /* at the last look: other hosts have homes on this database; the number is this place's */
	} host;                  /* see store/host.h */
	struct arena *arena;     /* lives as long as the home */
};

/* --home, else PLACET_HOME, else /var/lib/placet if it is there, else ~/.local/share/placet. */
const char *home_path(struct arena *a, const char *given);
/* Reads placet.conf. ERR_MISSING when there is no home at `path`. PLACET_CLOCK and PLACET_SMTP_TIMEOUTS are heard in a
   trial home. */
struct home *home_open(const char *path, struct err *e) MUST_USE;
/* Brings the database up to its schema, and to the journal of opt-outs. */
int home_open_db(struct home *h, struct err *e) MUST_USE;
/* Token keys and the hash key. */
int home_read_keys(struct home *h, struct err *e) MUST_USE;
void home_free(struct home *h);
/* Wipes the keys out of the memory of this process: of a child that is about to read what is hostile. */
void home_forget_keys(struct home *h);
/* After bulk work, in its transaction: lets PostgreSQL see how large its tables have become, without which it
   walks them for each row. (SQLite's plans do not depend on it.) */
int home_tell_sizes(struct home *h, struct err *e) MUST_USE;
/* Tells senders of this host that somebody may no longer be mailed, for another reason than an opt-out, or a mailing no longer
   be sent; after the commit. They give back what they hold, and start nothing but what they claim afterwards. */
void home_standing_changed(struct home *h);
/* Copies SQLite's log into the database when it has grown. What was committed stands whether this works or
   not, so that a failure is logged, and tried again after the next commit. */
void home_checkpoint(struct home *h);
int64_t home_now(const struct home *h);
/* What names this home among those that share its database: random, made with it. NULL with `e` filled. */
const char *home_id(const struct home *h, struct arena *a, struct err *e) MUST_USE;
/* A path below the home, from the arena. */
const char *home_file(const struct home *h, struct arena *a, const char *name);

/* Roles hold the home together, a restore alone; until the process ends. ERR_REFUSED when the other is at it. */
int home_hold(const struct home *h, bool alone, struct err *e) MUST_USE;

struct home_plan {
	const char *path, *database /* NULL: sqlite in the home */, *url;
	bool trial;
};
/* Makes the home: folders, configuration, keys, database with its schema. ERR_REFUSED when there is one. */
int home_make(const struct home_plan *p, struct err *e) MUST_USE;

/* Keyed hash of an address's match key. */
void home_key_hash(const struct home *h, const char *match_key, uint8_t out[KEY_HASH_SIZE]);

#endif
