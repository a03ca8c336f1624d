/* placet mailing report: what became of each recipient. */
#include "cmd/mailing.h"

#include "store/delivery.h"

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
