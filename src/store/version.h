/*
 * Versions of a mailing: what each submission put forward, so that a reviewer
 * sees what changed since they looked. Nothing of recipients is in them, but
 * what the words and the expression of the mailing say themselves.
 */
#ifndef PLACET_VERSION_H
#define PLACET_VERSION_H

#include "store/content.h"

/* What became of a version, from the audit ledger. */
struct version_event {
	const char *what;            /* approved, rejected, withdrawn, changed, voided, started, revoked, ... */
	const char *by;              /* an account, or "system" */
	const char *why;             /* "" */
	int64_t at;
};

struct version {
	int64_t n;                   /* from 1; 0: the draft as it stands now */
	const char *by;              /* who submitted it; "" of a draft */
	int64_t at;
	const char *manifest;        /* NULL in a list */
	const char *texts;           /* JSON: language to {subject, body, text}; NULL in a list */
	struct version_event *event; /* the oldest first */
	size_t n_events;
};

/* Keeps what was submitted just now; in the caller's transaction. */
int version_add(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const char *manifest,
		struct err *e) MUST_USE;
/* All of them, from the first, without manifest and texts. */
int version_list(struct home *h, struct arena *a, int64_t mailing, struct version **out, size_t *n, struct err *e) MUST_USE;
/* One with manifest and texts, without events. 1, 0 none, -1. */
int version_by_n(struct home *h, struct arena *a, int64_t mailing, int64_t n, struct version *out, struct err *e) MUST_USE;
/* The mailing as it stands now, as if it were one; `c` of content_load. */
int version_now(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, struct version *out,
		struct err *e) MUST_USE;

/* The newest version that a reviewer approved or rejected, and that event; NULL: none. */
const struct version *version_reviewed(const struct version *all, size_t n, const struct version_event **how);

#endif
