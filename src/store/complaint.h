/*
 * Complaints about the use of somebody's data, by an electronic form, with an
 * acknowledgement at once and a clock (DPA 2018, s. 164A).
 */
#ifndef PLACET_COMPLAINT_H
#define PLACET_COMPLAINT_H

#include "mail/address.h"
#include "store/home.h"

#define COMPLAINT_DAYS 30
#define COMPLAINT_TEXT_MAX 4000 /* characters */
#define COMPLAINT_OUTCOME_MAX 4000

struct complaint {
	int64_t number, at, due, acknowledged, closed; /* closed 0: open */
	const char *address;   /* "" when no answer was wanted, or the person was erased */
	const char *about;     /* a check code as typed, or "" */
	const char *text;
	const char *closed_by; /* name, NULL while open */
	const char *outcome;
};

/* Takes one, and queues its acknowledgement when there is an address (NULL: none), in a transaction of its own, with an
   audit entry. Fills `out` with number and times. Needs the home's keys. */
int complaint_add(struct home *h, const struct address *addr, const char *about, const char *text, struct complaint *out,
		  struct err *e) MUST_USE;
/* The oldest 1,000, those that are due first in front: all, or the open ones. */
int complaint_list(struct home *h, struct arena *a, bool open_only, struct complaint **out, size_t *n,
		   struct err *e) MUST_USE;
/* 1, 0, -1. */
int complaint_by_number(struct home *h, struct arena *a, int64_t number, struct complaint *out, struct err *e) MUST_USE;
/* Closes an open one, in a transaction of its own. ERR_REFUSED when it is closed. */
int complaint_close(struct home *h, int64_t number, const char *outcome, int64_t by, struct err *e) MUST_USE;

#endif
