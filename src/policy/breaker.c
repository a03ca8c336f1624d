/* Circuit breakers: see breaker.h, which gives the limits and their reasons. */
#include "policy/breaker.h"

#include "base/clock.h"
#include "policy/provider_code.h"

#define BOUNCES_FIRST 10
#define BOUNCES_OF 100
#define BOUNCES_PERCENT 5
#define SETUP_MAX 3
#define SLOWED_MIN 20
#define SLOWED_FOR (30 * MINUTE)
#define COMPLAINTS_MIN 3

static void fade(struct breaker_counts *c)
{
	c->ended /= 2;
	c->hard /= 2;
	c->setup /= 2;
	c->slowed /= 2;
}

void breaker_add(struct breaker_counts *c, const struct breaker_counts *more, int64_t now)
{
	c->ended += more->ended;
	c->hard += more->hard;
	c->setup += more->setup;
	c->slowed += more->slowed;
	if (more->code && more->code[0])
		c->code = more->code;
	while (c->ended > BREAKER_WINDOW)
		fade(c);
	if (2 * c->slowed < c->ended || !c->slowed)
		c->slowed_since = 0;
	else if (!c->slowed_since)
		c->slowed_since = now;
}

enum breaker breaker_judge(const struct breaker_counts *c, int64_t now)
{
	if (c->setup >= SETUP_MAX)
		return BREAKER_SETUP;
	if (c->ended < BOUNCES_OF ? c->hard >= BOUNCES_FIRST : 100 * c->hard >= BOUNCES_PERCENT * c->ended)
		return BREAKER_BOUNCES;
	if (c->slowed >= SLOWED_MIN && c->slowed_since && now - c->slowed_since >= SLOWED_FOR)
		return BREAKER_SLOWED;
	return BREAKER_NONE;
}

const char *breaker_name(enum breaker b)
{
	static const char *const NAMES[] = { "", "bounces", "set-up", "slowed" };

	return NAMES[b];
}

static const struct provider_code *about(const struct breaker_counts *c)
{
	static const struct provider_code UNKNOWN = { "no code", "the provider does not take it as it is",
						      "placet mailing report has the replies" };
	const struct provider_code *p = provider_code_by_key(c->code ? c->code : "");

	return p ? p : &UNKNOWN;
}

const char *breaker_words(struct arena *a, enum breaker b, const struct breaker_counts *c)
{
	const struct provider_code *p = about(c);

	switch (b) {
	case BREAKER_NONE:
		return "";
	case BREAKER_BOUNCES:
		return arena_printf(a, "%lld of the last %lld messages went to addresses that do not exist (limit: %d of the first %d, then"
				       " %d %%); look at the list again before it is resumed: placet mailing report has the replies",
				    (long long)c->hard, (long long)c->ended, BOUNCES_FIRST, BOUNCES_OF, BOUNCES_PERCENT);
	case BREAKER_SETUP:
		return arena_printf(a, "%lld of the last %lld messages were refused because of our set-up (limit: %d), last because %s (%s);"
				       " %s; those who were refused are tried again",
				    (long long)c->setup, (long long)c->ended, SETUP_MAX, p->means, provider_code_shown(a, p, 5), p->mend);
	case BREAKER_SLOWED:
		return arena_printf(a, "%lld of the last %lld messages were put off by providers (limit: half of them for %d minutes), last"
				       " because %s (%s); %s",
				    (long long)c->slowed, (long long)c->ended, (int)(SLOWED_FOR / MINUTE), p->means,
				    provider_code_shown(a, p, 4), p->mend);
	}
	BUG("breaker");
}

/* --- complaints (PRV-3) ------------------------------------------------------------------------ */

/* In hundredths of a percent. */
static const struct {
	enum complaint_level level;
	int64_t rate, least;
} LEVELS[] = {
	{ COMPLAINTS_HOLD, 30, COMPLAINTS_MIN },
	{ COMPLAINTS_PAUSE, 10, COMPLAINTS_MIN },
	{ COMPLAINTS_WARN, 8, 1 },
};

enum complaint_level complaints_judge(int64_t reports, int64_t delivered)
{
	if (delivered <= 0)
		return reports >= COMPLAINTS_MIN ? COMPLAINTS_WARN : COMPLAINTS_FINE;
	for (size_t i = 0; i < COUNT(LEVELS); i++)
		if (reports >= LEVELS[i].least && (double)reports * 10000 >= (double)delivered * (double)LEVELS[i].rate)
			return LEVELS[i].level;
	return COMPLAINTS_FINE;
}

const char *complaint_level_name(enum complaint_level l)
{
	static const char *const NAMES[] = { "fine", "warn", "pause", "hold" };

	return NAMES[l];
}

const char *complaints_words(struct arena *a, const char *what, const char *provider, int64_t reports, int64_t delivered)
{
	const char *to = provider[0] ? arena_printf(a, " to %s", provider) : "";

	if (delivered <= 0)
		return arena_printf(a, "%lld messages%s of %s were reported as unwanted, and nobody knows of how many", (long long)reports,
				    to, what);
	return arena_printf(a, "%lld of the %lld messages of %s delivered%s were reported as unwanted, which is %.2f %% (warned from 0.08 %%,"
			       " paused from 0.10 %%, the identity held from 0.30 %%, with %d or more)",
			    (long long)reports, (long long)delivered, what, to, 100.0 * (double)reports / (double)delivered,
			    COMPLAINTS_MIN);
}
