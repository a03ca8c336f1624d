/*
 * The delivery engine: claims due deliveries and system mail, renders and
 * signs each in the moment it starts, hands it to its identity's relay, and
 * records what became of it (decisions 6 and 7). One process, one loop, one
 * database connection.
 */
#ifndef PLACET_DELIVER_H
#define PLACET_DELIVER_H

#include "mail/dkim.h"
#include "store/home.h"

struct deliver_options {
	bool until_idle;      /* return when nothing is due now or in flight */
	int connections;      /* at most, to one relay; 0: the institution's setting */
	enum dkim_use dkim;   /* of mailings; for measuring alone */
	void (*ready)(void *ctx); /* the engine is at work; NULL: nobody waits */
	void *ctx;
};

struct deliver_result {
	int64_t accepted, deferred, failed, uncertain, skipped; /* deliveries, by this process */
	struct {
		int64_t accepted, deferred, failed, uncertain;
	} notices;            /* the same of system mail */
	int64_t next_due;     /* of what remains; 0: nothing remains */
	bool remains;         /* deferred, scheduled or uncertain deliveries are left, or notices to be sent */
};

/* Runs until SIGTERM, SIGINT, or idle. */
int deliver_run(struct home *h, const struct deliver_options *o, struct deliver_result *out, struct err *e) MUST_USE;

#endif
