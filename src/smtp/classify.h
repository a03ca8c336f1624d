/*
 * What a refusal means for the recipient, the mailing and the relay: section
 * 3.4 of the standards digest as one table, first match wins. Pure.
 */
#ifndef PLACET_CLASSIFY_H
#define PLACET_CLASSIFY_H

#include "smtp/pool.h"
#include "smtp/reply.h"

/* The outcome of a message whose fate `r`, read at `stage`, decides. A 2xx is an acceptance only at
   STAGE_DOT; anything else that is no 4xx or 5xx is a fault of the relay. */
void classify(enum smtp_stage stage, const struct reply *r, struct smtp_outcome *out);

/* An outcome without a reply: something happened to the connection, or here. */
void outcome_without_reply(struct smtp_outcome *out, enum smtp_end end, enum smtp_fault fault, enum smtp_stage stage,
			   const char *text);

#endif
