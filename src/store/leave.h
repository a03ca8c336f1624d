/*
 * What the pages for leaving need to know and do besides the opt-out itself
 * (optout.h): what a link stands for, which studies somebody who left may
 * keep, and the link that is sent to an address that was typed.
 */
#ifndef PLACET_LEAVE_H
#define PLACET_LEAVE_H

#include "mail/address.h"
#include "store/optout.h"

/* A form takes no more of them. */
#define LEAVE_STUDIES_MAX 25

/* A study to which the person has agreed, and which is not closed. */
struct leave_study {
	int64_t id;
	const char *slug, *title;
	bool kept;
};

/* What stands behind a link. */
struct leave_about {
	uint8_t key_hash[KEY_HASH_SIZE];
	const char *address;       /* mask it before a stranger sees it; "" once it is no longer held */
	const char *project_title, *project_slug, *subject; /* of the message; NULL where it was none of a mailing */
	struct opt_out_state state;
	struct leave_study *study;
	size_t n_studies;
};

/* 1 found, 0 there is no such delivery or notice, -1. Such a link works for ever (OPT-3). */
int leave_by_delivery(struct home *h, struct arena *a, int64_t delivery, struct leave_about *out,
		      struct err *e) MUST_USE;
int leave_by_notice(struct home *h, struct arena *a, int64_t notice, struct leave_about *out, struct err *e) MUST_USE;
/* Somebody typed this address at the page for leaving: queues the link, or for who has left the one fixed notice; nothing
   for people who are not known, since anybody can type any address. Takes as long in each case. */
int leave_ask(struct home *h, const struct address *typed, struct err *e) MUST_USE;

#endif
