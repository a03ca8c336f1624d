/* placet complaint: what people complained of, and what came of it. Those past their time stand out. */
#include "cmd/commands.h"

#include "base/utf8.h"
#include "store/complaint.h"

static bool is_overdue(const struct ctx *c, const struct complaint *x)
{
	return !x->closed && x->due < home_now(c->h);
}

static const char *state_of(const struct ctx *c, const struct complaint *x)
{
	return x->closed ? "closed" : is_overdue(c, x) ? "OVERDUE" : "open";
}

static json_t *complaint_json(const struct ctx *c, const struct complaint *x)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:b, s:s, s:s, s:s, s:s?, s:s}", "number", (json_int_t)x->number, "at",
			 json_time(x->at), "due", json_time(x->due), "acknowledged", json_time(x->acknowledged), "closed",
			 json_time(x->closed), "overdue", is_overdue(c, x), "address", x->address, "about", x->about, "text",
			 x->text, "closed_by", x->closed_by, "outcome", x->outcome);
}

static int find_complaint(struct ctx *c, struct complaint *out, struct err *e)
{
	int64_t number;
	int got = operand_id(c, 0, &number, e) < 0 ? -1 : complaint_by_number(c->h, c->a, number, out, e);

	if (got == 0)
		err_set(e, ERR_MISSING, "complaint %lld: there is none; placet complaint list shows them", (long long)number);
	return got > 0 ? 0 : -1;
}

RUN(cmd_complaint_list)
{
	struct complaint *all;
	json_t *out;
	size_t n;

	if (complaint_list(c->h, c->a, opt_set(c, "open"), &all, &n, e) < 0)
		return -1;
	out = json_array();
	for (size_t i = 0; i < n; i++) {
		char at[32], due[32];

		json_array_append_new(out, complaint_json(c, &all[i]));
		say(c, "%5lld  %-7s  %s  due %s  %.*s", (long long)all[i].number, state_of(c, &all[i]), time_iso(all[i].at, at),
		    time_iso(all[i].due, due), (int)strcspn(all[i].text, "\n"), all[i].text);
	}
	if (c->json)
		return print_json(out);
	json_decref(out);
	return 0;
}

static int print_complaint(const struct ctx *c, const struct complaint *x)
{
	char at[32], due[32], closed[32];

	if (c->json)
		return print_json(complaint_json(c, x));
	say(c, "complaint %lld: %s, of %s, due %s", (long long)x->number, state_of(c, x), time_iso(x->at, at),
	    time_iso(x->due, due));
	say(c, "from %s%s%s", x->address[0] ? x->address : "somebody who left no address", x->about[0] ? ", about the message " : "",
	    x->about);
	say(c, "\n%s\n", x->text);
	if (x->closed)
		say(c, "closed %s by %s:\n\n%s\n", time_iso(x->closed, closed), x->closed_by ? x->closed_by : "", x->outcome);
	return 0;
}

RUN(cmd_complaint_show)
{
	struct complaint x;

	return find_complaint(c, &x, e) < 0 ? -1 : print_complaint(c, &x);
}

RUN(cmd_complaint_close)
{
	const char *outcome = opt(c, "outcome");
	struct complaint x;
	struct account by;

	if (!outcome[0] || utf8_count(outcome) > COMPLAINT_OUTCOME_MAX)
		return err_set(e, ERR_INPUT, "--outcome: say what came of it, in at most %d characters", COMPLAINT_OUTCOME_MAX);
	if (ctx_by(c, ROLE_POSTMASTER | ROLE_REVIEWER, &by, e) < 0 || find_complaint(c, &x, e) < 0 ||
	    complaint_close(c->h, x.number, outcome, by.id, e) < 0 || find_complaint(c, &x, e) < 0)
		return -1;
	if (c->json)
		return print_json(complaint_json(c, &x));
	say(c, "complaint %lld is closed", (long long)x.number);
	if (x.address[0])
		say(c, "now tell %s what came of it: the law asks for that without undue delay", x.address);
	return 0;
}
