/* placet mailing status and report: what became of each recipient. */
#include "cmd/mailing.h"

#include "store/delivery.h"
#include "store/stop.h"

#include <unistd.h>

static json_t *counts_json(const struct delivery_counts *n)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "queued", (json_int_t)n->queued, "attempting",
			 (json_int_t)n->attempting, "accepted", (json_int_t)n->accepted, "deferred",
			 (json_int_t)n->deferred, "failed", (json_int_t)n->failed, "uncertain", (json_int_t)n->uncertain,
			 "skipped", (json_int_t)n->skipped);
}

/* `held`: why its identity is, or NULL. */
static json_t *status_json(const struct mailing *m, const struct delivery_counts *n, const char *held)
{
	json_t *skipped = json_object();

	for (size_t i = 0; i < n->n_why; i++)
		json_object_set_new(skipped, n->why[i].why, json_integer(n->why[i].n));
	return json_pack("{s:I, s:s, s:s, s:s, s:I, s:o, s:I, s:o, s:o, s:s?}", "id", (json_int_t)m->id, "state", m->state, "by",
			 m->by, "why", m->why, "recipients", (json_int_t)n->recipients, "counts", counts_json(n), "bounced",
			 (json_int_t)n->bounced, "skipped", skipped, "next_due",
			 n->next_due > 1 ? json_time(n->next_due) : json_null(), "held", held);
}

static void print_status(const struct ctx *c, const struct mailing *m, const struct delivery_counts *n, const char *held)
{
	say(c, "mailing %lld is %s%s%s: %lld recipients", (long long)m->id, m->state, *m->why ? ": " : "", m->why,
	    (long long)n->recipients);
	if (held)
		say(c, "  %s", held);
	say(c, "  queued %lld, attempting %lld, accepted %lld, deferred %lld, failed %lld, uncertain %lld, skipped %lld",
	    (long long)n->queued, (long long)n->attempting, (long long)n->accepted, (long long)n->deferred,
	    (long long)n->failed, (long long)n->uncertain, (long long)n->skipped);
	for (size_t i = 0; i < n->n_why; i++)
		say(c, "  skipped as %s: %lld", n->why[i].why, (long long)n->why[i].n);
}

static bool is_final(const char *state)
{
	return strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0 || strcmp(state, "revoked") == 0;
}

RUN(cmd_mailing_status)
{
	struct delivery_counts n;
	struct mailing_at at;
	const char *held;
	bool last;

	for (;;) {
		held = NULL;
		if (mailing_find(c, false, &at, e) < 0 || delivery_count(c->h, c->a, at.m.id, &n, e) < 0 ||
		    stop_is_held(c->h, c->a, at.m.id, &held, e) < 0)
			return -1;
		last = !opt_set(c, "watch") || is_final(at.m.state);
		print_status(c, &at.m, &n, held);
		/* One JSON value in all: the last. */
		if (c->json && last)
			print_json(status_json(&at.m, &n, held));
		fflush(stdout);
		if (last)
			return 0;
		sleep(1);
	}
}

/* --- report ------------------------------------------------------------------------------------ */

static const char *time_or_nothing(int64_t t, char out[32])
{
	return t ? time_iso(t, out) : "";
}

static int print_row(void *ctx, const struct report_row *r)
{
	char first[32], last[32], attempts[24], arm[24] = "";

	(void)ctx;
	snprintf(attempts, sizeof(attempts), "%lld", (long long)r->attempts);
	csv_cell(stdout, r->address, false);
	csv_cell(stdout, r->state, false);
	csv_cell(stdout, r->skipped, false);
	csv_cell(stdout, strcmp(r->state, "accepted") == 0 ? "" : r->reply, false);
	csv_cell(stdout, attempts, false);
	csv_cell(stdout, time_or_nothing(r->first, first), false);
	csv_cell(stdout, time_or_nothing(r->last, last), false);
	csv_cell(stdout, r->relay, false);
	csv_cell(stdout, r->queue_id, false);
	csv_cell(stdout, r->reply, false);
	csv_cell(stdout, r->maybe_twice ? "1" : "0", false);
	if (r->arm)
		snprintf(arm, sizeof(arm), "%lld", (long long)r->arm);
	csv_cell(stdout, arm, true);
	return 0;
}

RUN(cmd_mailing_report)
{
	struct mailing_at at;

	if (c->json)
		return err_set(e, ERR_INPUT, "the report is CSV; leave --json away, or ask for the status");
	if (mailing_find(c, false, &at, e) < 0)
		return -1;
	fputs("address,state,skipped,reason,attempts,first,last,relay,queue_id,reply,maybe_twice,arm\r\n", stdout);
	return delivery_report(c->h, at.m.id, print_row, NULL, e);
}
