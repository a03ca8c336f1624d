/*
 * placet mailing submit, approve, start and the other steps. The policy is
 * asked again at each step that lets a mailing nearer to its recipients.
 */
#include "cmd/mailing.h"

#include "base/codec.h"
#include "base/hours.h"
#include "store/audit.h"
#include "store/delivery.h"
#include "store/facts.h"
#include "store/manifest.h"
#include "store/window.h"

static json_t *step_json(const struct mailing *m)
{
	return json_pack("{s:I, s:s}", "id", (json_int_t)m->id, "state", m->state);
}

static int print_step(struct ctx *c, const struct mailing *m)
{
	say(c, "mailing %lld is %s", (long long)m->id, m->state);
	return c->json ? print_json(step_json(m)) : 0;
}

/* Asks every rule; what holds the mailing is printed. 0, -1, or an exit code (1, 75) through `stop`. */
static int ask_policy(struct ctx *c, struct mailing_at *at, enum judging when, struct verdict *v, int *stop,
		      struct err *e)
{
	*stop = 0;
	if (content_judge(c->h, c->a, &at->m, &at->content, when, v, e) < 0)
		return -1;
	*stop = verdict_exit(v);
	if (!*stop)
		return 0;
	if (c->json)
		print_json(verdict_json(v));
	verdict_print(c, v);
	return 0;
}

static int is_originator(struct ctx *c, const struct mailing_at *at, struct account *by, struct err *e)
{
	if (ctx_by(c, 0, by, e) < 0)
		return -1;
	if (by->id == at->content.project.originator_id)
		return 0;
	return err_set(e, ERR_DENIED, "%s is not the originator of %s", by->address, at->content.project.slug);
}

/* One step in a transaction of its own. */
static int step(struct ctx *c, struct mailing *m, const char *verb, int64_t by, const char *why, struct err *e)
{
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (mailing_move(c->h, m, verb, by, why, e) == 0 && db_commit(c->h->db, e) == 0) {
		/* Senders stop within a moment, even while they wait for the database. */
		if (strcmp(m->state, "sending") != 0)
			home_standing_changed(c->h);
		return print_step(c, m);
	}
	db_rollback(c->h->db);
	return -1;
}

/* --- submit ------------------------------------------------------------------------------------ */

static int read_window(struct ctx *c, struct submission *s, struct err *e)
{
	if (opt_time(c, "not-before", &s->not_before, e) < 0 || opt_time(c, "not-after", &s->not_after, e) < 0)
		return -1;
	if (s->not_after && s->not_after <= s->not_before)
		return err_set(e, ERR_INPUT, "the window ends before it begins");
	if (s->not_after && s->not_after <= home_now(c->h))
		return err_set(e, ERR_INPUT, "--not-after %s is past", opt(c, "not-after"));
	return 0;
}

/* Its own hours and the institution's must both be open some time in its window. */
static int read_hours(struct ctx *c, struct submission *s, struct err *e)
{
	int64_t from = home_now(c->h) > s->not_before ? home_now(c->h) : s->not_before, opens;
	const char *own = "";
	struct windows *w;
	int rc;

	if (opt(c, "hours")) {
		const struct hours *hours;

		if (hours_parse(c->a, opt(c, "hours"), &hours, e) < 0)
			return err_in(e, "--hours");
		own = s->hours = hours_text(hours);
	}
	w = windows_new();
	rc = windows_opening(w, c->h, own, from, &opens, e);
	windows_free(w);
	if (rc == 0 && (opens == INT64_MAX || (s->not_after && opens >= s->not_after)))
		return err_set(e, ERR_INPUT, "--hours: in its window there is no time at which they and the institution's (placet institution show, send-hours) are both open");
	return rc;
}

static int submit(struct ctx *c, struct mailing_at *at, const struct account *by, struct submission *s, struct err *e)
{
	s->by = by->id;
	s->accepted_text = arena_printf(c->a, "I, %s, answer for this mailing of the project \"%s\", legal costs included.",
					by->name, at->content.project.title);
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (mailing_submit(c->h, &at->m, s, e) == 0 && db_commit(c->h->db, e) == 0)
		return print_step(c, &at->m);
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_mailing_submit)
{
	struct submission s = { 0 };
	struct mailing_at at;
	struct account by;
	struct verdict v;
	int stop;

	if (mailing_find(c, true, &at, e) < 0 || is_originator(c, &at, &by, e) < 0 || read_window(c, &s, e) < 0 ||
	    read_hours(c, &s, e) < 0)
		return -1;
	if (strcmp(at.m.state, "draft") != 0)
		return err_set(e, ERR_REFUSED, "mailing %lld is %s: only a draft is submitted", (long long)at.m.id, at.m.state);
	if (!opt_set(c, "accept-responsibility"))
		return err_set(e, ERR_REFUSED, "responsibility: %s answers for this mailing, legal costs included; say so with --accept-responsibility",
			       by.name);
	if (ask_policy(c, &at, JUDGE_SUBMISSION, &v, &stop, e) < 0)
		return -1;
	return stop ? stop : submit(c, &at, &by, &s, e);
}

/* --- review ------------------------------------------------------------------------------------ */

static const char *finding_key(struct ctx *c, const struct finding *f)
{
	return arena_printf(c->a, "%s: %s", f->rule, f->reason);
}

/* Doubtful findings are a person's to judge: each has its answer before the mailing is approved, and one that came up
   only since then, before it starts (policy). An answer is to these words, in this submission. */
static int check_answers(struct ctx *c, const struct mailing_at *at, const struct verdict *v, struct err *e)
{
	for (size_t i = 0; i < v->n; i++) {
		int got;

		if (v->finding[i].answer != ANSWER_DOUBTFUL)
			continue;
		got = mailing_is_answered(c->h, at->m.id, finding_key(c, &v->finding[i]), e);
		if (got < 0)
			return -1;
		if (!got)
			return err_set(e, ERR_REFUSED, "finding %zu is doubtful (%s: %.300s); a reviewer has to answer it in writing: placet mailing answer %lld --finding %zu --text ... --by ...",
				       i + 1, v->finding[i].rule, v->finding[i].reason, (long long)at->m.id, i + 1);
	}
	return 0;
}

static int write_answer(struct ctx *c, const struct mailing_at *at, const struct finding *f, int64_t by, struct err *e)
{
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (mailing_answer(c->h, at->m.id, finding_key(c, f), opt(c, "text"), by, e) == 0 &&
	    audit_add(c->h, by, "mailing-answer", arena_printf(c->a, "mailing %lld", (long long)at->m.id),
		      arena_printf(c->a, "%s\n%s", finding_key(c, f), opt(c, "text")), e) == 0 &&
	    db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_mailing_answer)
{
	struct mailing_at at;
	struct account by;
	struct verdict v;
	int64_t n;

	if (mailing_find(c, true, &at, e) < 0 || ctx_by(c, ROLE_REVIEWER, &by, e) < 0 ||
	    project_may_review(c, &at.content.project, &by, e) < 0 ||
	    content_judge(c->h, c->a, &at.m, &at.content, JUDGE_SUBMITTED, &v, e) < 0)
		return -1;
	if (strcmp(at.m.state, "submitted") != 0 && strcmp(at.m.state, "approved") != 0)
		return err_set(e, ERR_REFUSED, "mailing %lld is %s: findings of a submitted or approved one are answered",
			       (long long)at.m.id, at.m.state);
	if (parse_i64(opt(c, "finding"), 1, (int64_t)v.n, &n) < 0 || v.finding[n - 1].answer != ANSWER_DOUBTFUL)
		return err_set(e, ERR_INPUT, "--finding %s: no doubtful finding has this number; placet mailing check counts them from 1",
			       opt(c, "finding"));
	if (!opt(c, "text")[strspn(opt(c, "text"), " \t\r\n")])
		return err_set(e, ERR_INPUT, "--text: the answer is empty");
	if (write_answer(c, &at, &v.finding[n - 1], by.id, e) < 0)
		return -1;
	say(c, "finding %lld is answered", (long long)n);
	return c->json ? print_json(json_pack("{s:I, s:I, s:s}", "id", (json_int_t)at.m.id, "finding", (json_int_t)n, "text",
					      opt(c, "text")))
		       : 0;
}

/* What the reviewer read may have been submitted anew since: --bound says which text they mean. */
static int check_bound(struct ctx *c, const struct mailing *m, struct err *e)
{
	const char *said = opt(c, "bound");
	uint8_t hash[32];

	if (!said)
		return 0;
	if (hex_decode(hash, sizeof(hash), said, strlen(said)) != (ssize_t)sizeof(hash))
		return err_set(e, ERR_INPUT, "--bound %s: it is no hash of 64 digits, as placet mailing show prints it", said);
	if (m->bound.n == sizeof(hash) && memcmp(m->bound.p, hash, sizeof(hash)) == 0)
		return 0;
	return err_set(e, ERR_REFUSED, "mailing %lld has another hash now: it was changed and submitted anew; read it again", (long long)m->id);
}

RUN(cmd_mailing_approve)
{
	struct mailing_at at;
	struct account by;
	struct verdict v;
	int stop;

	if (mailing_find(c, true, &at, e) < 0 || ctx_by(c, ROLE_REVIEWER, &by, e) < 0 ||
	    project_may_review(c, &at.content.project, &by, e) < 0)
		return -1;
	if (strcmp(at.m.state, "submitted") != 0)
		return err_set(e, ERR_REFUSED, "mailing %lld is %s: only a submitted one is approved", (long long)at.m.id,
			       at.m.state);
	if (check_bound(c, &at.m, e) < 0 || manifest_stands(c->h, &at.m, &at.content, e) < 0 ||
	    ask_policy(c, &at, JUDGE_SUBMITTED, &v, &stop, e) < 0)
		return -1;
	if (stop)
		return stop;
	return check_answers(c, &at, &v, e) < 0 ? -1 : step(c, &at.m, "approve", by.id, at.m.content_text, e);
}

RUN(cmd_mailing_reject)
{
	struct mailing_at at;
	struct account by;

	if (mailing_find(c, true, &at, e) < 0 || ctx_by(c, ROLE_REVIEWER, &by, e) < 0 ||
	    project_may_review(c, &at.content.project, &by, e) < 0)
		return -1;
	return step(c, &at.m, "reject", by.id, opt(c, "why"), e);
}

/* By any reviewer, whoever approved it: to stop a mailing needs no second opinion. */
RUN(cmd_mailing_revoke)
{
	struct mailing_at at;
	struct account by;

	if (mailing_find(c, false, &at, e) < 0 || ctx_by(c, ROLE_REVIEWER, &by, e) < 0)
		return -1;
	return step(c, &at.m, "revoke", by.id, opt(c, "why"), e);
}

RUN(cmd_mailing_withdraw)
{
	struct mailing_at at;
	struct account by;

	if (mailing_find(c, true, &at, e) < 0 || is_originator(c, &at, &by, e) < 0)
		return -1;
	return step(c, &at.m, "withdraw", by.id, "", e);
}

/* --- sending ----------------------------------------------------------------------------------- */

/* Who starts, pauses and so on: --by where it is given, else whoever runs the home. */
static int by_or_operator(struct ctx *c, const struct mailing *m, int64_t *by, struct err *e)
{
	struct account x;
	struct project p;

	if (!opt(c, "by"))
		return ctx_operator(c, by, e);
	if (ctx_by(c, 0, &x, e) < 0 || project_by_id(c->h, c->a, m->project_id, &p, e) < 0)
		return -1;
	*by = x.id;
	if (x.id == p.originator_id || (x.roles & (ROLE_REVIEWER | ROLE_POSTMASTER)))
		return 0;
	return err_set(e, ERR_DENIED, "%s is neither the originator of %s, nor a reviewer or postmaster", x.address, p.slug);
}

RUN(cmd_mailing_start)
{
	struct mailing_at at;
	int64_t by, now = home_now(c->h);
	struct verdict v;
	int stop;

	if (mailing_find(c, true, &at, e) < 0 || by_or_operator(c, &at.m, &by, e) < 0)
		return -1;
	if (strcmp(at.m.state, "approved") != 0)
		return err_set(e, ERR_REFUSED, "mailing %lld is %s: only an approved one is started", (long long)at.m.id,
			       at.m.state);
	if (at.m.not_after && now > at.m.not_after)
		return err_set(e, ERR_REFUSED, "mailing %lld: the window in which it may be sent is over; submit it again",
			       (long long)at.m.id);
	if (manifest_stands(c->h, &at.m, &at.content, e) < 0 || ask_policy(c, &at, JUDGE_SUBMITTED, &v, &stop, e) < 0)
		return -1;
	if (stop)
		return stop;
	return check_answers(c, &at, &v, e) < 0 ? -1 : step(c, &at.m, at.m.not_before > now ? "schedule" : "start", by, "", e);
}

/* Do records and pages still stand? A mailing may be paused for as long as it takes to take them away. */
static int check_world(struct ctx *c, struct mailing_at *at, struct err *e)
{
	struct content *x = &at->content;
	struct infrastructure_facts facts;
	const char *why;
	int got;

	if (facts_for_policy(c->h, c->a, &x->institution, &x->identity, &x->project, false, &facts, e) < 0)
		return -1;
	got = facts_stand(c->h, c->a, &x->identity, &x->project, &why, e);
	return got ? got : err_set(e, ERR_AGAIN, "mailing %lld waits: %s; placet identity check %s tells more", (long long)at->m.id, why,
				   x->identity.name);
}

static int plain_step(struct ctx *c, const char *verb, struct err *e)
{
	struct mailing_at at;
	int64_t by;

	if (mailing_find(c, strcmp(verb, "resume") == 0, &at, e) < 0 || by_or_operator(c, &at.m, &by, e) < 0)
		return -1;
	if (strcmp(verb, "resume") == 0 && strcmp(at.m.state, "paused") == 0 &&
	    (manifest_stands(c->h, &at.m, &at.content, e) < 0 || check_world(c, &at, e) < 0))
		return -1;
	/* One that was paused before its window came waits for it again. */
	if (strcmp(verb, "resume") == 0 && at.m.not_before > home_now(c->h))
		verb = "resume-later";
	return step(c, &at.m, verb, by, opt(c, "why") ? opt(c, "why") : "", e);
}

RUN(cmd_mailing_pause)
{
	return plain_step(c, "pause", e);
}

RUN(cmd_mailing_resume)
{
	return plain_step(c, "resume", e);
}

RUN(cmd_mailing_cancel)
{
	return plain_step(c, "cancel", e);
}

/* So long a relay that took a message and lost the connection may need to tell (standards 3.2). */
#define UNCERTAIN_WAIT (15 * MINUTE)

/* Puts the uncertain ones back into the queue; a mailing that was done goes on. A sender may be ending it just now. */
static int retry(struct ctx *c, struct mailing *m, int64_t by, int64_t *n, struct err *e)
{
	if (mailing_lock(c->h, c->a, m, e) < 0)
		return -1;
	if (strcmp(m->state, "cancelled") == 0 || strcmp(m->state, "revoked") == 0)
		return err_set(e, ERR_REFUSED, "mailing %lld is %s, for good", (long long)m->id, m->state);
	if (delivery_retry_uncertain(c->h, m->id, opt_set(c, "now") ? 0 : UNCERTAIN_WAIT, n, e) < 0 ||
	    audit_add(c->h, by, "mailing-retry-uncertain", arena_printf(c->a, "mailing %lld", (long long)m->id),
		      arena_printf(c->a, "%lld recipients, who may get it twice%s%s", (long long)*n, opt(c, "why") ? ": " : "",
				   opt(c, "why") ? opt(c, "why") : ""),
		      e) < 0)
		return -1;
	if (*n && strcmp(m->state, "done") == 0)
		return mailing_move(c->h, m, "again", by, "uncertain ones are tried again", e);
	return 0;
}

RUN(cmd_mailing_retry)
{
	struct mailing_at at;
	int64_t by, n;

	if (mailing_find(c, false, &at, e) < 0 || by_or_operator(c, &at.m, &by, e) < 0)
		return -1;
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (retry(c, &at.m, by, &n, e) < 0 || db_commit(c->h->db, e) < 0) {
		db_rollback(c->h->db);
		return -1;
	}
	say(c, "%lld uncertain recipients are queued again and marked as maybe twice%s", (long long)n,
	    n && !opt_set(c, "now") ? "; each is due 15 minutes after the connection was lost" : "");
	return c->json ? print_json(json_pack("{s:I, s:I}", "id", (json_int_t)at.m.id, "queued", (json_int_t)n)) : 0;
}
