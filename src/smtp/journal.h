/*
 * A send process's journal (decision 6): "dot sent" is written before the
 * final dot of a message goes out, "replied" when its reply was read. What a
 * killed process left is settled from it: a reply counts, a dot without a
 * reply is uncertain, no dot means that nothing was sent.
 *
 * One file for each process, locked while it lives. Lines of text:
 *   D delivery claim
 *   R delivery claim at state due counts voids TAB relay TAB queue-id TAB reply
 * Of system mail the number has an "n" before it: D n7 claim.
 */
#ifndef PLACET_JOURNAL_H
#define PLACET_JOURNAL_H

#include "store/delivery.h"
#include "store/notice.h"

struct journal;

/* Makes a new one below the home's journal/, locked. */
struct journal *journal_new(struct home *h, struct err *e) MUST_USE;
const char *journal_name(const struct journal *j);
/* Appended before they return; not yet flushed to the disk. */
int journal_dot(struct journal *j, int64_t delivery, int64_t claimed, struct err *e) MUST_USE;
int journal_notice_dot(struct journal *j, int64_t notice, int64_t claimed, struct err *e) MUST_USE;
int journal_reply(struct journal *j, const struct outcome *o, struct err *e) MUST_USE;
/* Flushes to the disk what was appended. */
int journal_sync(struct journal *j, struct err *e) MUST_USE;
/* When the file has grown past its bound, replaces it by one that holds only the open dots given: call it
   after the outcomes written so far are in the database. */
struct open_dot {
	int64_t delivery, claimed;
	bool notice; /* `delivery` is a notice's number */
};
bool journal_is_long(const struct journal *j);
int journal_shorten(struct journal *j, const struct open_dot *open, size_t n, struct err *e) MUST_USE;
/* Closes and removes the file: everything is in the database. */
void journal_end(struct journal *j);
/* Closes and keeps the file, as a killed process would. */
void journal_abandon(struct journal *j);

/* Settles what dead processes of this host left: in one transaction each. *n: how many processes. */
int journal_recover(struct home *h, const char *host, int64_t *n, struct err *e) MUST_USE;

#endif
