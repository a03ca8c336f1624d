/* What follows from the end of an attempt: see retry.h. */
#include "smtp/retry.h"

#include "base/clock.h"
#include "policy/provider_code.h"

#define GIVE_UP (4 * DAY)
#define SETUP_TRIES 3     /* then the provider is believed */
#define SLOWED_LATER 2    /* who wants us slower is asked later than others: 30 minutes at first */
#define RELAY_PAUSE (5 * SECOND)

int64_t retry_wait(int64_t attempts, int64_t delivery)
{
	static const int64_t WAITS[] = { 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR };
	size_t i = attempts < (int64_t)COUNT(WAITS) ? (size_t)attempts : COUNT(WAITS) - 1;
	/* The spread depends on the delivery alone, so that a test can tell it. */
	int64_t spread = (int64_t)(((uint64_t)delivery * UINT64_C(0x9e3779b97f4a7c15)) >> 40);

	return WAITS[i] + WAITS[i] / 8 * spread / (1 << 24);
}

static void decide_deferred(struct outcome *out, const struct smtp_outcome *o, const struct delivery *d, int64_t give_up)
{
	int64_t last = d->first + GIVE_UP;

	out->due = out->at + retry_wait(d->attempts + (o->fault == FAULT_SLOWED ? SLOWED_LATER : 0), d->id);
	if (give_up && give_up < last)
		last = give_up;
	out->state = out->due > last ? "failed" : "deferred";
}

static void decide_failed(struct outcome *out, const struct smtp_outcome *o)
{
	if (o->fault == FAULT_IDENTITY) {
		/* Our own fault, which pauses the mailing: the recipient is still to be written to. */
		out->state = "queued";
		out->counts = false;
	} else if (!o->code && strcmp(o->enhanced, "5.6.7") == 0) {
		/* This relay cannot carry the address (SMTP-14), which says nothing against the address. */
		out->state = "skipped";
		out->skipped = "no-smtputf8";
		out->counts = false;
	} else {
		out->state = "failed";
		out->voids = o->fault == FAULT_ADDRESS;
	}
}

struct outcome retry_decide(const struct smtp_outcome *o, const struct delivery *d, int64_t now, int64_t give_up,
			    const char *relay)
{
	struct outcome out = { .id = d->id, .claimed = d->claimed, .at = now, .skipped = "", .relay = relay,
			       .queue_id = o->queue_id, .reply = o->text, .counts = true };

	switch (o->end) {
	case SMTP_ACCEPTED:
		out.state = "accepted";
		break;
	case SMTP_DEFERRED:
		decide_deferred(&out, o, d, give_up);
		break;
	case SMTP_FAILED:
		/* Ours to mend: whom it hit is tried again. One server that is wrong itself does not hold a mailing for ever. */
		if (o->fault == FAULT_SETUP && d->attempts + 1 < SETUP_TRIES)
			decide_deferred(&out, o, d, give_up);
		else
			decide_failed(&out, o);
		break;
	case SMTP_UNCERTAIN:
		out.state = "uncertain";
		break;
	case SMTP_NOT_STARTED:
		/* Given back, and no attempt of the recipient's: at once, when just that connection had had enough. */
		out.state = "queued";
		out.due = o->code && o->fault == FAULT_NONE ? 0 : now + RELAY_PAUSE;
		out.counts = false;
		break;
	}
	return out;
}

struct breaker_counts retry_counts(const struct smtp_outcome *o)
{
	/* "421 4.7.0 too fast" ends the connection, and this message was only the one in hand. */
	bool sent_away = o->end == SMTP_NOT_STARTED && o->code == 421 && strncmp(o->enhanced, "4.7.", 4) == 0;
	bool of_provider = o->fault == FAULT_SETUP || o->fault == FAULT_SLOWED || sent_away;
	const struct provider_code *p = of_provider ? provider_code(o->enhanced, o->text) : NULL;

	if ((o->end == SMTP_NOT_STARTED && !sent_away) || (o->end == SMTP_FAILED && !o->code))
		return (struct breaker_counts){ 0 };
	return (struct breaker_counts){
		.ended = 1,
		.hard = o->end == SMTP_FAILED && o->fault == FAULT_ADDRESS,
		.setup = o->end == SMTP_FAILED && o->fault == FAULT_SETUP,
		.slowed = sent_away || (o->end == SMTP_DEFERRED && o->fault == FAULT_SLOWED),
		.code = p ? p->key : "",
	};
}
