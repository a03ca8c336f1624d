/*
 * Opt-outs: a keyed hash for each person who left, for good, whatever happens
 * to the rest of the data. An answer is given only when the row is durable,
 * and running senders are told by the home's change counter.
 */
#ifndef PLACET_OPTOUT_H
#define PLACET_OPTOUT_H

#include "store/home.h"

enum opt_out_way { OPT_OUT_PAGE, OPT_OUT_ONE_CLICK, OPT_OUT_MAIL, OPT_OUT_STAFF, OPT_OUT_COMPLAINT, OPT_OUT_ERASURE };

/* What a mailed token stands for. */
struct delivery_about {
	int64_t id, mailing_id, project_id, address_id;
	const char *address;       /* delivery form; mask it before a stranger sees it */
	const char *project_title, *project_slug, *subject;
	bool opted_out;            /* already */
};

/* 1 found, 0 none, -1. */
int delivery_about(struct home *h, struct arena *a, int64_t delivery, struct delivery_about *out,
		   struct err *e) MUST_USE;
/* Opts the person of a delivery out, in a transaction of its own, with its audit entry. Returns when it
   is durable and senders know. Doing it twice is fine. 1 done, 0 no such delivery, -1. */
int opt_out_by_delivery(struct home *h, int64_t delivery, enum opt_out_way way, struct err *e) MUST_USE;
/* On a person's behalf, by match key. */
int opt_out_by_key(struct home *h, const char *match_key, enum opt_out_way way, const char *why, int64_t by,
		   struct err *e) MUST_USE;
/* Is the hash opted out? 1, 0, -1. */
int opt_out_stands(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e) MUST_USE;
const char *opt_out_way_name(enum opt_out_way way);

#endif
