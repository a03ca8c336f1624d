/*
 * placet mailing report: what became of each recipient, one row for each, or all of them summed up. Either is one pass over
 * one state of the database, in memory that does not depend on how many there are.
 */
#include "cmd/mailing.h"

#include "store/delivery.h"

/* Different codes, relays and arms that a summary tells apart; whatever comes after so many is "other". */
#define KINDS_MAX 64

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

/* --- the summary ------------------------------------------------------------------------------- */

/* How often each of a few words occurs. */
struct kinds {
	struct {
		char word[200];
		int64_t n, accepted;
	} kind[KINDS_MAX];
	size_t n;
};

struct summary {
	int64_t attempts, maybe_twice, first, last;
	struct kinds failed, deferred; /* by code */
	struct kinds relays, arms;     /* n: tried; accepted of these */
};

static void count_kind(struct kinds *k, const char *word, bool accepted)
{
	size_t i = 0;

	while (i < k->n && strcmp(k->kind[i].word, word) != 0)
		i++;
	if (i == k->n && i < KINDS_MAX) {
		snprintf(k->kind[i].word, sizeof(k->kind[i].word), "%s", i + 1 < KINDS_MAX ? word : "other");
		k->n++;
	}
	i = i < KINDS_MAX ? i : KINDS_MAX - 1;
	k->kind[i].n++;
	k->kind[i].accepted += accepted;
}

/* "5.1.1" of "550 5.1.1 ...", else "550"; "none" of what is no reply. Into out[16]. */
static const char *code_of(const char *reply, char out[16])
{
	size_t digits = strspn(reply, "0123456789"), n;
	const char *enhanced = reply + digits + (reply[digits] ? 1 : 0);

	n = strspn(enhanced, "0123456789.");
	if (digits != 3)
		snprintf(out, 16, "none");
	else if (n >= 5 && n < 12 && enhanced[1] == '.' && (enhanced[n] == ' ' || !enhanced[n]))
		snprintf(out, 16, "%.*s", (int)n, enhanced);
	else
		snprintf(out, 16, "%.3s", reply);
	return out;
}

static int sum_up(void *ctx, const struct report_row *r)
{
	struct summary *x = ctx;
	bool accepted = strcmp(r->state, "accepted") == 0;
	char word[24];

	x->attempts += r->attempts;
	x->maybe_twice += r->maybe_twice;
	if (r->first && (!x->first || r->first < x->first))
		x->first = r->first;
	if (r->attempts && r->last > x->last)
		x->last = r->last;
	if (strcmp(r->state, "failed") == 0)
		count_kind(&x->failed, code_of(r->reply, word), false);
	else if (strcmp(r->state, "deferred") == 0)
		count_kind(&x->deferred, code_of(r->reply, word), false);
	if (*r->relay)
		count_kind(&x->relays, r->relay, accepted);
	if (r->arm) {
		snprintf(word, sizeof(word), "%lld", (long long)r->arm);
		count_kind(&x->arms, word, accepted);
	}
	return 0;
}

static json_t *kinds_json(const struct kinds *k, const char *name, bool with_accepted)
{
	json_t *all = json_array();

	for (size_t i = 0; i < k->n; i++) {
		json_t *j = json_pack("{s:s, s:I}", name, k->kind[i].word, "recipients", (json_int_t)k->kind[i].n);

		if (with_accepted)
			json_object_set_new(j, "accepted", json_integer(k->kind[i].accepted));
		json_array_append_new(all, j);
	}
	return all;
}

static json_t *summary_json(const struct mailing *m, const struct delivery_counts *n, const struct summary *x)
{
	json_t *skipped = json_object();

	for (size_t i = 0; i < n->n_why; i++)
		json_object_set_new(skipped, n->why[i].why, json_integer(n->why[i].n));
	return json_pack("{s:I, s:s, s:I, s:o, s:I, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)m->id, "state",
			 m->state, "recipients", (json_int_t)n->recipients, "counts", mailing_counts_json(n), "bounced",
			 (json_int_t)n->bounced, "skipped", skipped, "attempts", (json_int_t)x->attempts, "maybe_twice",
			 (json_int_t)x->maybe_twice, "first", json_time(x->first), "last", json_time(x->last), "failed",
			 kinds_json(&x->failed, "code", false), "deferred", kinds_json(&x->deferred, "code", false), "relays",
			 kinds_json(&x->relays, "relay", true), "arms", kinds_json(&x->arms, "arm", true));
}

static void say_kinds(const struct ctx *c, const char *what, const struct kinds *k, bool with_accepted)
{
	for (size_t i = 0; i < k->n; i++) {
		if (with_accepted)
			say(c, "  %s %s: %lld recipients, %lld accepted", what, k->kind[i].word, (long long)k->kind[i].n,
			    (long long)k->kind[i].accepted);
		else
			say(c, "  %s %s: %lld", what, k->kind[i].word, (long long)k->kind[i].n);
	}
}

static void say_summary(const struct ctx *c, const struct mailing *m, const struct delivery_counts *n, const struct summary *x)
{
	char first[32], last[32];

	say(c, "mailing %lld is %s: %lld recipients", (long long)m->id, m->state, (long long)n->recipients);
	say(c, "  accepted %lld (bounced later %lld), failed %lld, uncertain %lld, skipped %lld, not done yet %lld",
	    (long long)n->accepted, (long long)n->bounced, (long long)n->failed, (long long)n->uncertain, (long long)n->skipped,
	    (long long)(n->queued + n->attempting + n->deferred));
	if (x->first)
		say(c, "  %lld attempts, from %s to %s", (long long)x->attempts, time_iso(x->first, first),
		    time_iso(x->last > x->first ? x->last : x->first, last));
	if (x->maybe_twice)
		say(c, "  maybe sent twice: %lld", (long long)x->maybe_twice);
	for (size_t i = 0; i < n->n_why; i++)
		say(c, "  skipped as %s: %lld", n->why[i].why, (long long)n->why[i].n);
	say_kinds(c, "failed with", &x->failed, false);
	say_kinds(c, "deferred with", &x->deferred, false);
	say_kinds(c, "relay", &x->relays, true);
	say_kinds(c, "arm", &x->arms, true);
}

static int print_summary(struct ctx *c, const struct mailing *m, struct err *e)
{
	struct summary *x = ARENA_NEW(c->a, struct summary);
	struct delivery_counts n;

	if (delivery_count(c->h, c->a, m->id, &n, e) < 0 || delivery_report(c->h, m->id, sum_up, x, e) < 0)
		return -1;
	say_summary(c, m, &n, x);
	return c->json ? print_json(summary_json(m, &n, x)) : 0;
}

/* --- the command ------------------------------------------------------------------------------- */

static int print_rows(struct ctx *c, const struct mailing *m, struct err *e)
{
	fputs("address,state,skipped,reason,attempts,first,last,relay,queue_id,reply,maybe_twice,arm\r\n", stdout);
	return delivery_report(c->h, m->id, print_row, NULL, e);
}

RUN(cmd_mailing_report)
{
	bool summary = opt_set(c, "summary");
	struct mailing_at at;
	int rc = -1;

	if (c->json && !summary)
		return err_set(e, ERR_INPUT, "the report is CSV; leave --json away, or ask for --summary or the status");
	if (db_begin_read(c->h->db, e) < 0)
		return -1;
	if (mailing_find(c, false, &at, e) == 0)
		rc = summary ? print_summary(c, &at.m, e) : print_rows(c, &at.m, e);
	db_rollback(c->h->db);
	return rc;
}
