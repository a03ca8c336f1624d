/* What the files of placet identity share. */
#ifndef PLACET_CMD_IDENTITY_H
#define PLACET_CMD_IDENTITY_H

#include "cmd/commands.h"
#include "smtp/relay.h"
#include "store/facts.h"

/* The identity that the first operand names. ERR_MISSING. */
int identity_find(struct ctx *c, struct identity *out, struct err *e) MUST_USE;
int identity_json(struct ctx *c, const struct identity *x, json_t **out, struct err *e) MUST_USE;

/* Reads a relay's URL. ERR_DENIED: beyond loopback, of a trial home. */
int identity_relay_url(struct ctx *c, const char *url, struct relay *out, struct err *e) MUST_USE;

/* One fact, for a person: "yes  SPF covers ...: found", and what would mend it. */
void fact_say(const struct ctx *c, const struct fact_known *f, const char *what);
/* {"fact", "answer", "found", "mend", "at"} */
json_t *fact_json(const char *name, const struct fact_known *f);
/* The worse of an exit code and a fact: 1 is worse than 75, and that than 0. */
int fact_exit(int so_far, const struct fact_known *f);
/* "pass", "fail", "unknown" for 0, 1, 75. */
const char *exit_verdict(int code);

#endif
