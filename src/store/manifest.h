/*
 * What an approval binds to, as a text that a person can read (policy.md,
 * `responsibility`): one fact on each line, "what: value", in a fixed order,
 * causes before what follows from them. Its SHA-256 is mailing.bound_hash, so
 * that `placet mailing show ID --covers | sha256sum` recomputes the hash.
 * Values are escaped: none can look like another line.
 */
#ifndef PLACET_MANIFEST_H
#define PLACET_MANIFEST_H

#include "store/content.h"

/*
 * The manifest as everything stands in the database now, in the arena; of a draft all but what a submission adds
 * (window, people, responsibility). `c`: of content_load, within the same view of the database if that matters.
 * One pass over the people. Needs the home's keys.
 */
int manifest_make(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const char **out,
		  struct err *e) MUST_USE;
void manifest_hash(const char *manifest, uint8_t out[32]);

/*
 * Each frozen person as one line, with its line feed: number of the delivery, keyed hash, arm (0: none). The
 * manifest has the SHA-256 of all lines. `each` returns 0 to go on.
 */
int manifest_people(struct home *h, const struct mailing *m, int (*each)(void *ctx, const char *line, size_t n), void *ctx,
		    struct err *e) MUST_USE;

/* What stands in that hash for one person, instead of who they are; kept when they are erased, so that an erasure
   changes nothing of what was approved (mailing.h). */
struct bound_person {
	const char *address, *fields;
	int64_t consent;             /* 0: none, and NULL texts */
	const char *kind, *ref, *given_on;
	int64_t consent_at;
};
void manifest_bound(const struct home *h, const struct bound_person *p, uint8_t out[32]);

/* The first line in which two manifests differ. false: in none. */
struct manifest_change {
	const char *what;            /* as in the manifest: "window closes" */
	const char *before, *now;    /* values as written there; NULL: there is no such line */
};
bool manifest_differ(struct arena *a, const char *before, const char *now, struct manifest_change *out);
/* The value of a line, in the arena, or NULL. */
const char *manifest_value(struct arena *a, const char *manifest, const char *what);

/*
 * Is everything as it was submitted, and, from the approval on, did a reviewer approve just that, by the ledger?
 * 0, or ERR_REFUSED: names the first line that differs, old and new. One pass over the people.
 */
int manifest_stands(struct home *h, const struct mailing *m, const struct content *c, struct err *e) MUST_USE;

#endif
