/* placet notice: the queue of system mail, as staff may see it: never whom it goes to. */
#include "cmd/commands.h"

#include "store/notice.h"

struct listing {
	struct ctx *c;
	bool first;
};

static json_t *text_or_null(const char *text)
{
	return text[0] ? json_string(text) : json_null();
}

static int print_notice(void *ctx, const struct notice_row *r)
{
	struct listing *l = ctx;
	struct arena *a = arena_new();
	const char *shown = r->address[0] ? address_masked(a, r->address) : "";
	char created[32];

	time_iso(r->created, created);
	if (l->c->json) {
		json_t *j = json_pack("{s:I, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:I, s:s, s:s, s:s}", "id", (json_int_t)r->id, "kind",
				      r->kind, "address", text_or_null(shown), "state", r->state, "created", created, "first",
				      json_time(r->first), "last", json_time(r->last), "due", json_time(r->due), "attempts",
				      (json_int_t)r->attempts, "relay", r->relay, "queue_id", r->queue_id, "reply", r->reply);

		fputs(l->first ? "" : ",\n", stdout);
		json_dumpf(j, stdout, JSON_PRESERVE_ORDER);
		json_decref(j);
	} else {
		printf("%6lld  %s  %-10s %-10s %-24s %.120s\n", (long long)r->id, created, r->kind, r->state, shown, r->reply);
	}
	l->first = false;
	arena_free(a);
	return 0;
}

static int check_state(const char *state, struct err *e)
{
	static const char *const STATES[] = { "queued", "attempting", "accepted", "deferred", "failed", "uncertain" };

	for (size_t i = 0; i < COUNT(STATES); i++)
		if (!state || strcmp(state, STATES[i]) == 0)
			return 0;
	return err_set(e, ERR_INPUT, "--state %s: write queued, attempting, accepted, deferred, failed or uncertain", state);
}

RUN(cmd_notice_list)
{
	const char *state = opt(c, "state");
	struct listing l = { c, true };

	if (check_state(state, e) < 0)
		return -1;
	fputs(c->json ? "[\n" : "", stdout);
	if (notice_each(c->h, state, print_notice, &l, e) < 0)
		return -1;
	fputs(c->json ? "\n]\n" : "", stdout);
	return 0;
}
