/*
 * placet stop-all, identity hold and identity release. To stop needs no second
 * opinion: a postmaster or any reviewer may. To let go on after a hold is the
 * postmaster's, who answers for what the identity's fault was.
 */
#include "cmd/identity.h"

#include "store/stop.h"

#include <unistd.h>

#define TRIES 5

static json_t *stopped_json(const struct stopped *s, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)s[i].id, "project", s[i].project,
						      "subject", s[i].subject, "was", s[i].was));
	return list;
}

static void say_stopped(const struct ctx *c, const struct stopped *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		say(c, "paused mailing %lld of %s, which was %s: %s", (long long)s[i].id, s[i].project, s[i].was, s[i].subject);
	if (!n)
		say(c, "nothing was being sent or scheduled");
}

/* `x` NULL: of all identities. */
static int stop_once(struct ctx *c, const struct identity *x, bool hold, int64_t by, struct stopped **out, size_t *n,
		     struct err *e)
{
	const char *why = opt(c, "why");

	if (db_begin(c->h->db, e) < 0)
		return -1;
	if ((hold ? stop_hold(c->h, c->a, x, by, why, out, n, e)
		  : stop_mailings(c->h, c->a, x ? x->id : 0, by, why, out, n, e)) == 0 &&
	    db_commit(c->h->db, e) == 0) {
		home_standing_changed(c->h);
		return 0;
	}
	db_rollback(c->h->db);
	return -1;
}

/* Who stops everything does not want to hear that a mailing ended, or that two steps met, in the same moment. */
static int stop(struct ctx *c, const struct identity *x, bool hold, int64_t by, struct stopped **out, size_t *n, struct err *e)
{
	for (int tries = 1; stop_once(c, x, hold, by, out, n, e) < 0; tries++) {
		if ((e->kind != ERR_AGAIN && e->kind != ERR_REFUSED) || tries == TRIES)
			return -1;
		err_clear(e);
		usleep(20 * 1000);
	}
	return 0;
}

RUN(cmd_stop_all)
{
	const char *name = opt(c, "identity");
	struct stopped *paused;
	struct identity x;
	struct account by;
	size_t n;
	int got;

	if (ctx_by(c, ROLE_POSTMASTER | ROLE_REVIEWER, &by, e) < 0)
		return -1;
	got = name ? identity_by_name(c->h, c->a, name, &x, e) : 1;
	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "--identity %s: there is none; placet identity list shows them", name);
	if (stop(c, name ? &x : NULL, false, by.id, &paused, &n, e) < 0)
		return -1;
	say_stopped(c, paused, n);
	return c->json ? print_json(json_pack("{s:s?, s:o}", "identity", name, "paused", stopped_json(paused, n))) : 0;
}

static int print_hold(struct ctx *c, const struct stopped *s, size_t n, struct err *e)
{
	struct identity x;
	json_t *out;

	if (!c->json)
		return 0;
	if (identity_find(c, &x, e) < 0 || identity_json(c, &x, &out, e) < 0)
		return -1;
	json_object_set_new(out, "paused", stopped_json(s, n));
	return print_json(out);
}

RUN(cmd_identity_hold)
{
	struct stopped *paused;
	struct identity x;
	struct account by;
	size_t n;

	if (ctx_by(c, ROLE_POSTMASTER | ROLE_REVIEWER, &by, e) < 0 || identity_find(c, &x, e) < 0 ||
	    stop(c, &x, true, by.id, &paused, &n, e) < 0)
		return -1;
	say_stopped(c, paused, n);
	say(c, "identity %s is held: no mailing of it starts or goes on before placet identity release %s", x.name, x.name);
	return print_hold(c, paused, n, e);
}

RUN(cmd_identity_release)
{
	struct identity x;
	struct account by;

	if (ctx_by(c, ROLE_POSTMASTER, &by, e) < 0 || identity_find(c, &x, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (stop_release(c->h, &x, by.id, opt(c, "why"), e) == 0 && db_commit(c->h->db, e) == 0) {
		say(c, "identity %s is released; its mailings wait until each is resumed", x.name);
		return print_hold(c, NULL, 0, e);
	}
	db_rollback(c->h->db);
	return -1;
}
