/* The demonstration's steps, in the order in which demo.c takes them. Not for others. */
#ifndef PLACET_DEMO_H
#define PLACET_DEMO_H

#include "cmd/demo_data.h"
#include "cmd/demo_stage.h"

#define DEMO_PROJECT "rain-gauges"

struct demo {
	struct stage s;
	struct demo_expected expected;
	const char *web_at, *url;        /* of the public pages */
	const char *relay, *mailbox;     /* of the capturing relay */
	const char *message, *opt_out, *code; /* of one captured message */
	json_t *import, *status;
	int captured;
};

int demo_set_up(struct demo *d, struct err *e) MUST_USE;     /* the institution and its people */
int demo_register(struct demo *d, struct err *e) MUST_USE;   /* identity, project, list */
int demo_frame(struct demo *d, struct err *e) MUST_USE;      /* the house template */
int demo_people_in(struct demo *d, struct err *e) MUST_USE;  /* the spreadsheet */
int demo_validate(struct demo *d, struct err *e) MUST_USE;
int demo_write(struct demo *d, struct err *e) MUST_USE;      /* two drafts, and the approval */
int demo_send(struct demo *d, struct err *e) MUST_USE;
/* Holds every count to what was expected, and finds a message to show. */
int demo_count(struct demo *d, struct err *e) MUST_USE;

#endif
