/*
 * A send process's journal (decision 6): "dot sent" is written before the
 * final dot of a message goes out, "replied" when its reply was read. What a
 * killed process left is settled from it: a reply counts, a dot without a
 * reply is uncertain, no dot means that nothing was sent.
 *
 * One file for each process, locked while it lives, and mapped: a record is
 * in the file once it is in memory, also when the process is killed in the
 * next moment, and costs no system call. Each message has a place of its own
 * of two lines of text, used again once its outcome is in the database:
 *   D delivery claim
 *   R delivery claim at state due counts voids TAB queue-id TAB relay TAB reply
 * Of system mail the number has an "n" before it: D n7 claim. A line that
 * begins with "-" is settled. A long reply ends with "+" and goes on in a line
 * behind all places of its block: each page that is written to between two
 * flushes costs time, so that what is written for each message lies together.
 */
#ifndef PLACET_JOURNAL_H
#define PLACET_JOURNAL_H

#include "store/delivery.h"
#include "store/notice.h"

struct journal;

/* Makes a new one below the home's journal/, locked. */
struct journal *journal_new(struct home *h, struct err *e) MUST_USE;
const char *journal_name(const struct journal *j);
/* What a dot is of. */
struct open_dot {
	int64_t delivery, claimed;
	bool notice; /* `delivery` is a notice's number */
};
/* A place for one message, before it starts; ERR_AGAIN when the disk has none, and then nothing may start before
   outcomes were settled. -1. */
int journal_take(struct journal *j, struct err *e) MUST_USE;
/* Notes the dot, and later what became of it. */
void journal_dot(struct journal *j, int place, const struct open_dot *d);
void journal_reply(struct journal *j, int place, const struct outcome *o);
/* The outcome is in the database, or there was no dot: the place is free. */
void journal_settled(struct journal *j, int place);
/* Flushes to the disk what was noted. In any thread. */
int journal_sync(const struct journal *j, struct err *e) MUST_USE;
/* Closes and removes the file: everything is in the database. */
void journal_end(struct journal *j);
/* Closes and keeps the file, as a killed process would. */
void journal_abandon(struct journal *j);

/* Settles what dead processes of this host left: in one transaction each. *n: how many processes. */
int journal_recover(struct home *h, const char *host, int64_t *n, struct err *e) MUST_USE;

#endif
