/*
 * placet mailing status: how far a mailing is, once or again and again. Each look reads one state of the database. Counting
 * a mailing's recipients walks one index, which takes a second for ten million of them: so looks come the more seldom the
 * longer they take, and the database is never busy with being watched.
 */
#include "cmd/mailing.h"

#include <signal.h>

#include "base/codec.h"
#include "base/rate.h"
#include "cmd/screen.h"
#include "store/delivery.h"
#include "store/sending.h"
#include "store/stop.h"
#include "store/window.h"

/* A look takes at most this part of the time. */
#define SPARE 10
/* The rate of now, and the one by which the end is estimated. */
#define RATE_NOW (5 * SECOND)
#define RATE_LATELY MINUTE
/* What is in flight when a mailing is paused comes home within these looks. */
#define LAST_LOOKS 5
#define RELAYS_TOLD 6
/* How long a look waits for the database: Ctrl-C must be heard. */
#define LOOK_WAIT_MS 5000

/* What one look saw. */
struct look {
	struct mailing m;
	struct delivery_counts n;
	struct sending_mailing w;
	struct sending_relay *relay;
	size_t n_relays;
	int64_t senders;    /* alive */
	int64_t opens;      /* when its hours do; `now` or earlier: they are open; INT64_MAX: never */
	const char *held;   /* why no mailing of its identity is sent; NULL: it is not held */
	int64_t now;
	double rate, lately; /* recipients done in a second; -1: not known */
};

struct watch {
	struct ctx *c;
	struct rate rate;
	struct screen screen;
	sigset_t ending;
	int64_t every;      /* microseconds */
	int looks_paused;
	bool away;          /* the database; that was said */
};

/* --- looking ----------------------------------------------------------------------------------- */

static int count_senders(const struct ctx *c, int64_t *alive, struct err *e)
{
	struct sending_sender *s;
	size_t n;

	if (sending_senders(c->h, c->a, &s, &n, e) < 0)
		return -1;
	*alive = 0;
	for (size_t i = 0; i < n; i++)
		*alive += s[i].alive;
	return 0;
}

/* Of one that is on its way. */
static int next_due(const struct ctx *c, const struct mailing *m, struct delivery_counts *n, struct err *e)
{
	bool sending = strcmp(m->state, "sending") == 0;
	const struct mailing_head head = { .id = m->id, .not_before = m->not_before, .hours = m->hours, .sending = sending };

	return sending || strcmp(m->state, "scheduled") == 0 ? mailing_next_due(c->h, &head, n, e) : 0;
}

static int look_in_transaction(struct ctx *c, struct look *k, struct err *e)
{
	struct mailing_at at;

	if (mailing_find(c, false, &at, e) < 0 || delivery_count(c->h, c->a, at.m.id, &k->n, e) < 0 ||
	    next_due(c, &at.m, &k->n, e) < 0 || mailing_opens(c->h, &at.m, &k->opens, e) < 0 ||
	    sending_mailing(c->h, c->a, at.m.id, &k->w, e) < 0 || count_senders(c, &k->senders, e) < 0 ||
	    stop_is_held(c->h, c->a, at.m.id, &k->held, e) < 0)
		return -1;
	k->m = at.m;
	return sending_relays(c->h, c->a, k->w.identity_id, &k->relay, &k->n_relays, e);
}

static int look(struct ctx *c, struct look *k, struct err *e)
{
	int rc;

	*k = (struct look){ .rate = -1, .lately = -1 };
	if (db_begin_read(c->h->db, e) < 0)
		return -1;
	rc = look_in_transaction(c, k, e);
	db_rollback(c->h->db);
	k->now = home_now(c->h); /* behind every time that was asked for */
	return rc;
}

static int64_t waiting(const struct look *k)
{
	return k->n.queued + k->n.attempting + k->n.deferred;
}

/* Sent, or tried for the last time: what skipping adds takes no time, and would make the rate look better. */
static int64_t worked_off(const struct delivery_counts *n)
{
	return n->accepted + n->failed + n->uncertain;
}

static double percent(const struct look *k)
{
	return k->n.recipients ? 100.0 * (double)(k->n.recipients - waiting(k)) / (double)k->n.recipients : 100;
}

static double mean_rate(const struct look *k)
{
	int64_t until = k->m.ended ? k->m.ended : k->now;

	if (!k->m.started || until - k->m.started < SECOND)
		return -1;
	return (double)worked_off(&k->n) * SECOND / (double)(until - k->m.started);
}

/* When those that wait for nothing but their turn will be through; 0: nobody knows. */
static int64_t estimated_end(const struct look *k)
{
	double seconds;

	if (strcmp(k->m.state, "sending") != 0 || k->lately < 0.01 || !waiting(k))
		return 0;
	seconds = (double)(k->n.queued + k->n.attempting) / k->lately;
	return seconds < 1e8 ? k->now + (int64_t)(seconds * SECOND) : 0;
}

/* --- JSON -------------------------------------------------------------------------------------- */

json_t *mailing_counts_json(const struct delivery_counts *n)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "queued", (json_int_t)n->queued, "attempting",
			 (json_int_t)n->attempting, "accepted", (json_int_t)n->accepted, "deferred",
			 (json_int_t)n->deferred, "failed", (json_int_t)n->failed, "uncertain", (json_int_t)n->uncertain,
			 "skipped", (json_int_t)n->skipped);
}

static json_t *rate_json(double rate)
{
	return rate < 0 ? json_null() : json_real((double)(int64_t)(rate * 100 + 0.5) / 100);
}

static json_t *relays_json(const struct look *k)
{
	json_t *all = json_array();

	for (size_t i = 0; i < k->n_relays; i++) {
		const struct sending_relay *r = &k->relay[i];

		json_array_append_new(all, json_pack("{s:s, s:s, s:o, s:s, s:o, s:I}", "relay", r->url, "state", r->state, "since",
						     json_time(r->since), "why", r->why, "retry_at", json_time(r->retry_at),
						     "connections", (json_int_t)r->connections));
	}
	return all;
}

static json_t *status_json(const struct look *k)
{
	json_t *skipped = json_object(), *j;

	for (size_t i = 0; i < k->n.n_why; i++)
		json_object_set_new(skipped, k->n.why[i].why, json_integer(k->n.why[i].n));
	j = json_pack("{s:I, s:s, s:s, s:s, s:I, s:o, s:I, s:o, s:o, s:s?}", "id", (json_int_t)k->m.id, "state", k->m.state, "by",
		      k->m.by, "why", k->m.why, "recipients", (json_int_t)k->n.recipients, "counts", mailing_counts_json(&k->n), "bounced",
		      (json_int_t)k->n.bounced, "skipped", skipped, "next_due",
		      k->n.next_due > 1 ? json_time(k->n.next_due) : json_null(), "held", k->held);
	json_object_update_missing_new(j, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "started",
						    json_time(k->m.started), "ended", json_time(k->m.ended), "percent",
						    rate_json(percent(k)), "rate", rate_json(k->rate), "mean_rate",
						    rate_json(mean_rate(k)), "ends", json_time(estimated_end(k)), "waits_since",
						    json_time(k->w.waits_since), "senders", (json_int_t)k->senders, "relays",
						    relays_json(k)));
	return j;
}

/* --- for people -------------------------------------------------------------------------------- */

/* "1402/s", "0.35/s", "unknown"; into out[32]. */
static const char *rate_text(double rate, char out[32])
{
	if (rate < 0)
		return "unknown";
	snprintf(out, 32, rate < 10 ? "%.2f/s" : "%.0f/s", rate);
	return out;
}

static void tell_counts(struct screen *s, const struct look *k)
{
	const struct delivery_counts *n = &k->n;

	screen_line(s, "  queued %lld, attempting %lld, accepted %lld, deferred %lld, failed %lld, uncertain %lld, skipped %lld",
		    (long long)n->queued, (long long)n->attempting, (long long)n->accepted, (long long)n->deferred,
		    (long long)n->failed, (long long)n->uncertain, (long long)n->skipped);
	for (size_t i = 0; i < n->n_why; i++)
		screen_line(s, "  skipped as %s: %lld", n->why[i].why, (long long)n->why[i].n);
}

static void tell_pace(struct screen *s, const struct look *k)
{
	char now[32], mean[32], at[32], in[32];
	int64_t end = estimated_end(k);

	if (k->rate >= 0)
		screen_line(s, "  %s now, %s on average since its start", rate_text(k->rate, now), rate_text(mean_rate(k), mean));
	else if (mean_rate(k) >= 0)
		screen_line(s, "  %s on average since its start", rate_text(mean_rate(k), mean));
	if (end)
		screen_line(s, "  ends about %s, in %s%s", time_iso(end, at), time_span(end - k->now, in),
			    k->n.deferred ? "; those deferred are tried again later" : "");
}

/* Why nothing may be going on just now. */
static void tell_waiting(struct screen *s, const struct look *k)
{
	char at[32], in[32];

	if (strcmp(k->m.state, "sending") != 0 || !waiting(k))
		return;
	if (k->opens == INT64_MAX)
		screen_line(s, "  it has no hours in which it may be sent: %s", k->m.hours);
	else if (k->opens > k->now)
		screen_line(s, "  its hours are closed until %s, for %s", time_iso(k->opens, at), time_span(k->opens - k->now, in));
	if (!k->senders)
		screen_line(s, "  no sender is running: placet send starts one");
	if (k->w.waits_since)
		screen_line(s, "  who has waited the longest is due since %s", time_span(k->now - k->w.waits_since, in));
	if (k->w.next_due && k->w.next_due > k->now)
		screen_line(s, "  the next that has to wait is due at %s, in %s", time_iso(k->w.next_due, at),
			    time_span(k->w.next_due - k->now, in));
}

static void tell_relays(struct screen *s, const struct look *k)
{
	char since[32], again[32] = "now";

	for (size_t i = 0; i < k->n_relays && i < RELAYS_TOLD; i++) {
		const struct sending_relay *r = &k->relay[i];

		if (strcmp(r->state, "down") != 0) {
			screen_line(s, "  relay %s: %s, %lld connections", r->url, r->state, (long long)r->connections);
			continue;
		}
		if (r->retry_at > k->now)
			time_span(r->retry_at - k->now, again);
		screen_line(s, "  relay %s: down for %s, tried again in %s: %s", r->url, time_span(k->now - r->since, since), again, r->why);
	}
	if (k->n_relays > RELAYS_TOLD)
		screen_line(s, "  and %zu more relays", k->n_relays - RELAYS_TOLD);
}

static const char *bar(double share, char out[32])
{
	size_t full = (size_t)(share / 100 * 24);

	for (size_t i = 0; i < 24; i++)
		out[i] = i < full ? '#' : '.';
	out[24] = '\0';
	return out;
}

static int tell_block(struct screen *s, const struct look *k)
{
	char shape[32];

	screen_begin(s);
	screen_line(s, "mailing %lld is %s%s%s: %lld recipients", (long long)k->m.id, k->m.state, *k->m.why ? ": " : "", k->m.why,
		    (long long)k->n.recipients);
	if (k->held)
		screen_line(s, "  %s", k->held);
	if (s->in_place)
		screen_line(s, "  [%s] %.1f %%", bar(percent(k), shape), percent(k));
	tell_counts(s, k);
	if (k->m.started)
		tell_pace(s, k);
	tell_waiting(s, k);
	tell_relays(s, k);
	return screen_end(s);
}

/* The same for a file: one line. */
static int tell_line(struct screen *s, const struct look *k)
{
	const char *down = "", *why = "";
	char at[32], rate[32], end[32];

	for (size_t i = 0; i < k->n_relays && !*down; i++)
		if (strcmp(k->relay[i].state, "down") == 0) {
			down = k->relay[i].url;
			why = k->relay[i].why;
		}
	screen_begin(s);
	screen_line(s, "%s mailing %lld %s %.1f %%: queued %lld, attempting %lld, accepted %lld, deferred %lld, failed %lld, uncertain %lld, skipped %lld; %s%s%s%s%s%s%s%s%s",
		    time_iso(k->now, at), (long long)k->m.id, k->m.state, percent(k), (long long)k->n.queued,
		    (long long)k->n.attempting, (long long)k->n.accepted, (long long)k->n.deferred, (long long)k->n.failed,
		    (long long)k->n.uncertain, (long long)k->n.skipped, rate_text(k->rate, rate), estimated_end(k) ? ", ends about " : "",
		    estimated_end(k) ? time_iso(estimated_end(k), end) : "", *down ? "; relay " : "", down, *down ? " is down: " : "", why,
		    *k->m.why ? "; " : "", k->m.why);
	return screen_end(s);
}

/* --- again and again --------------------------------------------------------------------------- */

static bool is_one_of(const char *state, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(state, *list) == 0)
			return true;
	return false;
}

/* Is there nothing more to be seen, unless somebody does something? */
static bool is_over(struct watch *w, const struct look *k)
{
	static const char *const STILL[] = { "draft", "submitted", "done", "cancelled", "revoked", "paused", NULL };

	if (!is_one_of(k->m.state, STILL)) {
		w->looks_paused = 0;
		return false;
	}
	return k->n.attempting == 0 || !k->senders || ++w->looks_paused >= LAST_LOOKS;
}

static int tell(struct watch *w, const struct look *k)
{
	json_t *j;

	if (!w->c->json)
		return w->screen.in_place ? tell_block(&w->screen, k) : tell_line(&w->screen, k);
	j = status_json(k);
	json_dumpf(j, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	fputc('\n', stdout);
	json_decref(j);
	return fflush(stdout);
}

/* 1 when it is over, 0, -1. */
static int look_again(struct watch *w, struct err *e)
{
	struct ctx c = *w->c;
	struct look k;
	int rc = -1;

	c.a = arena_new();
	if (look(&c, &k, e) == 0) {
		rate_add(&w->rate, clock_ticks(), worked_off(&k.n));
		k.rate = rate_over(&w->rate, RATE_NOW);
		k.lately = rate_over(&w->rate, RATE_LATELY);
		w->away = false;
		rc = tell(w, &k) != 0 ? err_set(e, ERR_AGAIN, "the output cannot be written") : is_over(w, &k);
	} else if (e->kind == ERR_AGAIN && w->rate.n) {
		/* It was there before, and a sender waits for it too. */
		if (!w->away)
			fprintf(stderr, "placet: mailing status: %s; still trying\n", e->text);
		w->away = true;
		w->screen.lines = 0;
		err_clear(e);
		rc = 0;
	}
	arena_free(c.a);
	return rc;
}

static int watch(struct watch *w, struct err *e)
{
	for (;;) {
		int64_t began = clock_ticks(), took, left;
		struct timespec pause;
		int rc = look_again(w, e);

		if (rc)
			return rc < 0 ? -1 : 0;
		took = clock_ticks() - began;
		left = (took * SPARE > w->every ? took * SPARE : w->every) - took;
		pause = (struct timespec){ left / SECOND, left % SECOND * 1000 };
		if (sigtimedwait(&w->ending, NULL, &pause) > 0)
			return 0;
	}
}

static int begin_watch(struct ctx *c, struct err *e)
{
	struct watch w = { .c = c, .every = SECOND };
	int64_t seconds = 1;

	if (opt(c, "every") && parse_i64(opt(c, "every"), 1, 3600, &seconds) < 0)
		return err_set(e, ERR_INPUT, "--every %s: 1 to 3600 seconds are possible", opt(c, "every"));
	w.every = seconds * SECOND;
	screen_init(&w.screen, stdout);
	sigemptyset(&w.ending);
	sigaddset(&w.ending, SIGINT);
	sigaddset(&w.ending, SIGTERM);
	sigprocmask(SIG_BLOCK, &w.ending, NULL);
	db_set_wait(c->h->db, LOOK_WAIT_MS);
	return watch(&w, e);
}

RUN(cmd_mailing_status)
{
	struct screen s = { .out = stdout };
	struct look k;

	if (opt_set(c, "watch"))
		return begin_watch(c, e);
	if (opt(c, "every"))
		return err_set(e, ERR_INPUT, "--every goes with --watch");
	if (look(c, &k, e) < 0)
		return -1;
	if (c->json)
		return print_json(status_json(&k));
	return tell_block(&s, &k) < 0 ? err_set(e, ERR_AGAIN, "the output cannot be written") : 0;
}
