/*
 * placet work, placet retention: what is done again and again without
 * anybody asking. JOBS is the table of it; a job does what is due and returns.
 */
#include "cmd/commands.h"

#include "base/confine.h"
#include "base/log.h"
#include "store/group.h"
#include "store/pace.h"
#include "store/retention.h"
#include "store/rotation.h"

#include <signal.h>

/* --- retention --------------------------------------------------------------------------------- */

static json_t *retention_json(const struct retention *r, const int64_t *rows)
{
	json_t *out = json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:I, s:I}", "rule", r->name, "what", r->what, "period", r->period,
				"acts", r->acts, "before", json_time(r->before), "last_run", json_time(r->last_run), "last_rows",
				(json_int_t)r->last_rows, "due", (json_int_t)r->due);

	if (rows)
		json_object_set_new(out, "rows", json_integer(*rows));
	return out;
}

RUN(cmd_retention_show)
{
	struct retention *all;
	json_t *out;
	size_t n;

	if (retention_list(c->h, c->a, true, &all, &n, e) < 0)
		return -1;
	out = json_array();
	for (size_t i = 0; i < n; i++) {
		char at[32];

		json_array_append_new(out, retention_json(&all[i], NULL));
		say(c, "%-12s %-10s  last run %-20s  %lld rows due  %s", all[i].name, all[i].period,
		    all[i].last_run ? time_iso(all[i].last_run, at) : "never", (long long)all[i].due, all[i].what);
	}
	if (c->json)
		return print_json(out);
	json_decref(out);
	return 0;
}

static int apply_one(struct ctx *c, const struct retention *r, int64_t by, bool dry, json_t *out, struct err *e)
{
	int64_t rows = r->due;

	if (!dry && retention_apply(c->h, r, by, &rows, e) < 0)
		return -1;
	json_array_append_new(out, retention_json(r, &rows));
	say(c, "%-12s %lld rows%s", r->name, (long long)rows, dry ? " are due" : "");
	return 0;
}

RUN(cmd_retention_run)
{
	bool dry = opt_set(c, "dry-run");
	struct retention *all;
	json_t *out;
	int64_t by;
	size_t n;
	int rc = 0;

	if (ctx_operator(c, &by, e) < 0 || retention_list(c->h, c->a, dry, &all, &n, e) < 0)
		return -1;
	out = json_array();
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (all[i].acts)
			rc = apply_one(c, &all[i], by, dry, out, e);
	if (rc == 0 && c->json)
		return print_json(out);
	json_decref(out);
	return rc;
}

/* --- jobs -------------------------------------------------------------------------------------- */

static int keep_retention(struct ctx *c, int64_t *rows, struct err *e)
{
	struct retention *all;
	size_t n;

	*rows = 0;
	if (retention_list(c->h, c->a, false, &all, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int64_t ended = 0;

		if (all[i].acts && retention_apply(c->h, &all[i], 0, &ended, e) < 0)
			return -1;
		*rows += ended;
	}
	return 0;
}

/* Next keys that were published long enough sign from now on, and old ones are withdrawn. */
static int keep_keys(struct ctx *c, int64_t *rows, struct err *e)
{
	return rotation_advance_all(c->h, c->a, rows, e);
}

/* What senders ask when the window of a scheduled mailing opens. */
static int keep_facts(struct ctx *c, int64_t *rows, struct err *e)
{
	return facts_look_ahead(c->h, c->a, rows, e);
}

/* Which provider takes the mail of which domain: for limits of the pace. */
static int keep_groups(struct ctx *c, int64_t *rows, struct err *e)
{
	return groups_keep(c->h, rows, e);
}

static int keep_pace(struct ctx *c, int64_t *rows, struct err *e)
{
	return pace_forget(c->h, rows, e);
}

static const struct job {
	const char *name;
	int64_t every;
	int (*run)(struct ctx *c, int64_t *rows, struct err *e);
} JOBS[] = {
	{ "retention", HOUR, keep_retention },
	{ "keys", HOUR, keep_keys },
	{ "facts", 5 * MINUTE, keep_facts },
	{ "groups", MINUTE / 2, keep_groups },
	{ "pace", HOUR, keep_pace },
};

/* A job that fails is told of and tried again in a minute: the role itself goes on. */
static int run_job(struct ctx *c, const struct job *j, json_t *out, struct err *e)
{
	struct arena *whole = c->a;
	int64_t rows = 0;
	int rc;

	c->a = arena_new();
	rc = j->run(c, &rows, e);
	arena_free(c->a);
	c->a = whole;
	if (rc < 0) {
		log_event(LOG_LEVEL_ERROR, "job-failed", "job", j->name, "why", e->text, NULL);
		return -1;
	}
	if (out)
		json_array_append_new(out, json_pack("{s:s, s:I}", "job", j->name, "rows", (json_int_t)rows));
	say(c, "%s: %lld rows", j->name, (long long)rows);
	return 0;
}

static int run_once(struct ctx *c, struct err *e)
{
	json_t *out = json_array();

	for (size_t i = 0; i < COUNT(JOBS); i++)
		if (run_job(c, &JOBS[i], out, e) < 0) {
			json_decref(out);
			return -1;
		}
	if (c->json)
		return print_json(out);
	json_decref(out);
	return 0;
}

/* Until SIGTERM or SIGINT, which are blocked and waited for. */
static bool told_to_stop(const sigset_t *set, int64_t until)
{
	int64_t left = until - clock_ticks();
	struct timespec wait = { left > 0 ? left / SECOND : 0, left > 0 ? left % SECOND * 1000 : 0 };

	return sigtimedwait(set, NULL, &wait) > 0;
}

static void run_jobs(struct ctx *c, const sigset_t *set)
{
	int64_t due[COUNT(JOBS)] = { 0 }, next;

	do {
		next = INT64_MAX;
		for (size_t i = 0; i < COUNT(JOBS); i++) {
			struct err e = { 0 };

			if (due[i] <= clock_ticks())
				due[i] = clock_ticks() + (run_job(c, &JOBS[i], NULL, &e) < 0 ? MINUTE : JOBS[i].every);
			next = due[i] < next ? due[i] : next;
		}
	} while (!told_to_stop(set, next));
}

RUN(cmd_work)
{
	sigset_t set;

	if (confine(CONFINE_NO_EXEC | CONFINE_NO_SERVE, NULL, NULL, e) < 0)
		return -1;
	if (opt_set(c, "once"))
		return run_once(c, e);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	run_jobs(c, &set);
	return 0;
}
