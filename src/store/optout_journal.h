/*
 * The journal of opt-outs: lines of text, each with its checksum, in
 * journal/opt-out.log, outside of the database. What stands here is durable
 * and counts; the database follows (optout.h), also one that was restored from
 * an old backup. Lines are only ever added. Several processes add and read.
 *
 * What people withdrew, and that they were erased, stands here as well: the
 * database has it at once, but an old backup would bring it back.
 *
 * It holds no words about anybody, since nothing can be erased from it: a
 * person is a keyed hash, and the reason that staff gave stands in the database
 * alone.
 *
 * A line: CHECK KIND FIELDS, where CHECK is the beginning of the SHA-256 of
 * what follows it. A line that was torn by a crash, or by a full disk, does
 * not fit its checksum: readers pass over it, and nobody was answered for it.
 */
#ifndef PLACET_OPTOUT_JOURNAL_H
#define PLACET_OPTOUT_JOURNAL_H

#include "base/err.h"
#include "mail/token.h"

enum opt_out_way {
	OPT_OUT_PAGE,
	OPT_OUT_ONE_CLICK,
	OPT_OUT_MAIL,
	OPT_OUT_STAFF,
	OPT_OUT_COMPLAINT,
	OPT_OUT_ERASURE,
};
const char *opt_out_way_name(enum opt_out_way way);

enum opt_out_act {
	ACT_OUT,          /* left: key_hash */
	ACT_OUT_DELIVERY, /* left: the person of `delivery`, whom nobody could look up in that moment */
	ACT_KEEP,         /* keeps, or joined anew, one study: key_hash, text is its slug */
	ACT_UNDO,         /* takes back an opt-out of the last 24 hours: key_hash */
	ACT_WITHDRAW,     /* takes back the consent to one study: key_hash, text is its slug */
	ACT_ERASE,        /* was erased: key_hash; the opt-out that goes with it is a line of its own */
	ACT_OUT_NAMED,    /* whom an ACT_OUT_DELIVERY before it, with that `delivery` and `at`, meant: key_hash */
};

#define OPT_OUT_TEXT_MAX 200

struct opt_out_entry {
	enum opt_out_act act;
	uint8_t key_hash[KEY_HASH_SIZE];
	int64_t at;
	int64_t delivery; /* by whose link; 0: none */
	int64_t by;       /* account, on a person's behalf; 0: themselves */
	enum opt_out_way way;
	const char *text; /* of ACT_KEEP and ACT_WITHDRAW: the slug; at most OPT_OUT_TEXT_MAX bytes of one line of UTF-8 */
};

/* Behind which line a reader is: all zero at the beginning. */
struct opt_out_place {
	char id[33];        /* of the file */
	int64_t start, end; /* of the last line that was read */
	char check[17];     /* its checksum, by which a file that was cut and has grown again is recognised */
	bool anew;          /* the last read began at the beginning of the file */
};

struct optout_journal;

/* Opens the file at `path`, making it if need be. */
struct optout_journal *optout_journal_new(const char *path, struct err *e) MUST_USE;
void optout_journal_free(struct optout_journal *j); /* NULL is fine */
/* Adds entries with one write, and returns when they are on the disk. All or none of them. ERR_INPUT: a text that is
   no line; ERR_AGAIN: no room, or the file cannot be had. */
int optout_journal_append(struct optout_journal *j, const struct opt_out_entry *x, size_t n, struct err *e) MUST_USE;
/* Calls each(ctx, entry) for what stands behind `at`, at most `most` entries (0: all), and moves `at`. When `at` is
   not in this file (it is another one, or was cut), it begins anew and gives all. An entry's text lives until
   `each` returns; what it returns below 0 ends the reading. */
int optout_journal_read(struct optout_journal *j, struct opt_out_place *at, size_t most,
			int (*each)(void *ctx, const struct opt_out_entry *x, struct err *e), void *ctx,
			struct err *e) MUST_USE;
/* Sure that what was read is on the disk, whoever wrote it. */
int optout_journal_sync(struct optout_journal *j, struct err *e) MUST_USE;
/* The file's identifier; "" as long as nothing was ever written. */
const char *optout_journal_id(struct optout_journal *j);
/* How long the file is now; 0 when it cannot be had. */
int64_t optout_journal_size(struct optout_journal *j);
/* Is nothing at all behind `at`? A look at the file's size. */
bool optout_journal_ends_at(struct optout_journal *j, const struct opt_out_place *at);

#endif
