/*
 * Circuit breakers: when a mailing pauses itself, or its identity is held, and
 * the words in which that is told (policy.md, "What protects the institution's
 * name"; PRV-3, section 3.4 of standards.md). Pure: figures in, a verdict out.
 */
#ifndef PLACET_BREAKER_H
#define PLACET_BREAKER_H

#include "base/arena.h"

/* Of a mailing since it was started or resumed, by one sender or by all together. Older attempts fade: see breaker_fade. */
struct breaker_counts {
	int64_t ended;        /* attempts that came to an end, whatever it was */
	int64_t hard;         /* by an address that does not exist */
	int64_t setup;        /* by a refusal that speaks of our set-up (provider_code.h) */
	int64_t slowed;       /* put off, for now, because of our set-up, pace or reputation */
	int64_t slowed_since; /* time since when at least half are slowed; 0: they are not */
	const char *code;     /* key of the last provider_code; "" none */
};

/* Adds `more` to `c` at the time `now`. Beyond BREAKER_WINDOW attempts all counts are halved, so that what happens now
   weighs the same at the end of a large mailing as at its beginning. */
#define BREAKER_WINDOW 1000
void breaker_add(struct breaker_counts *c, const struct breaker_counts *more, int64_t now);

enum breaker { BREAKER_NONE, BREAKER_BOUNCES, BREAKER_SETUP, BREAKER_SLOWED };

/*
 * Is it to be paused? Limits, and why these:
 * - bounces: 10 while fewer than 100 have ended, then 5 %. Everybody on a list was looked at and found in use, with less
 *   than 2 % bad at 95 % confidence: more than double that shows that the list is not the one that was signed off.
 * - set-up: 3. One or two recipients' servers may be wrong themselves; what three say is ours to mend, and each further
 *   message does harm.
 * - slowed: at least 20, and half of what was tried, for 30 minutes: a provider that only wants us slower has got that by then.
 */
enum breaker breaker_judge(const struct breaker_counts *c, int64_t now);
/* Figures, limit and mend, in the arena: for people, and nothing of any recipient. */
const char *breaker_words(struct arena *a, enum breaker b, const struct breaker_counts *c);
const char *breaker_name(enum breaker b);

/* What complaints come to, at one provider (PRV-3). */
enum complaint_level { COMPLAINTS_FINE, COMPLAINTS_WARN, COMPLAINTS_PAUSE, COMPLAINTS_HOLD };
/* `delivered` 0: nobody knows of how many, which is never more than a warning. */
enum complaint_level complaints_judge(int64_t reports, int64_t delivered);
const char *complaint_level_name(enum complaint_level l);
/* "5 of 2,000 messages delivered to example.org (0.25 %) were reported as unwanted; ..." `what`: "this mailing's", ... */
const char *complaints_words(struct arena *a, const char *what, const char *provider, int64_t reports, int64_t delivered);

#endif
