/*
 * What a sender keeps of one mailing while it sends it: the compiled message,
 * the keys, and the claimed deliveries that wait for their turn.
 */
#ifndef PLACET_CAMPAIGN_H
#define PLACET_CAMPAIGN_H

#include "policy/breaker.h"
#include "store/content.h"
#include "store/delivery.h"

struct campaign;

/* A batch of claimed deliveries shares one arena, freed when the last of them is done. */
struct batch {
	struct arena *a;
	size_t open;
};

struct work {
	struct campaign *campaign;
	struct batch *batch;
	struct delivery d;
	struct buf message; /* rendered already, when it is not empty */
	struct work *next;
	bool opted_out;    /* left after it was claimed */
	bool bounced;      /* somebody of the same address refused another message since then: a new claim judges it */
};

#define RECENT 100

struct campaign {
	struct arena *a;
	struct mailing mailing;
	struct content content;
	const struct content_version *last_version; /* of the message that was rendered last */
	struct dkim_signer signer[2];
	size_t n_signers;
	struct work *first, *last; /* claimed, not started */
	size_t waiting, in_flight;
	struct work **held;        /* those whose moment is still to come: a heap, the first of them in front */
	size_t n_held, room_held;
	bool halted;               /* no longer to be sent: paused, cancelled, revoked, its window over */
	bool drained;              /* nothing was due at the last claim */
	int64_t ready, started, measured_at; /* how many are to wait here, by what was started since then (ticks) */
	struct breaker_counts seen; /* by this sender: since it was loaded, or since they last looked as if a breaker trips */
	/* Policy refusals among the newest ends: a ring (PRV-3's breaker). */
	bool refused[RECENT];
	size_t ends, refusals;
	size_t rendered;           /* messages so far: which are judged whole */
	struct campaign *next;
};

/* Loads a mailing for sending. */
struct campaign *campaign_new(struct home *h, int64_t mailing, enum dkim_use dkim, struct err *e) MUST_USE;
void campaign_free(struct campaign *c);
/* Renders and signs one delivery: headers, an empty line, body, all in `out`. */
int campaign_render(struct home *h, struct campaign *c, const struct delivery *d, struct arena *a, struct buf *body,
		    struct buf *out, struct err *e) MUST_USE;
/* Holds one rendered message, as bytes, to the content rules: what was approved must be what goes out
   (policy.md: the first and one in 1,000). ERR_REFUSED names the finding, and quotes nothing of the message. */
int campaign_judge(struct home *h, struct campaign *c, const struct delivery *d, const struct buf *message,
		   struct err *e) MUST_USE;
/* The envelope sender of a delivery: b+TOKEN@identity (BNC-1). */
void campaign_return_path(struct home *h, const struct campaign *c, int64_t delivery, char out[320]);
void campaign_push(struct campaign *c, struct work *w);
struct work *campaign_pop(struct campaign *c);
/* Keeps it until its moment (delivery.start_at). */
void campaign_hold(struct campaign *c, struct work *w);
/* Puts those whose moment is `now` or before behind the ones that wait. Returns how many. */
size_t campaign_release(struct campaign *c, int64_t now);
/* Counts an end; true when refusals by policy have reached their limit: 5 of the last 100. */
bool campaign_count_end(struct campaign *c, bool refused);
/* Lets go of a work that is done. */
void work_free(struct work *w);

#endif
