/* placet sender: what send processes are doing, over which relays, and what waits for them; for postmasters. */
#include "cmd/commands.h"

#include "store/sending.h"

struct seen {
	struct sending_sender *sender;
	struct sending_relay *relay;
	struct sending_mailing *mailing;
	size_t n_senders, n_relays, n_mailings;
	int64_t system_mail; /* the oldest that is due waits since; 0: none */
	int64_t now;
};

static int look(struct ctx *c, struct seen *x, struct err *e)
{
	x->now = home_now(c->h);
	if (sending_senders(c->h, c->a, &x->sender, &x->n_senders, e) < 0 ||
	    sending_relays(c->h, c->a, 0, &x->relay, &x->n_relays, e) < 0 ||
	    sending_mailings(c->h, c->a, &x->mailing, &x->n_mailings, e) < 0)
		return -1;
	return sending_system_mail(c->h, &x->system_mail, e);
}

/* --- JSON -------------------------------------------------------------------------------------- */

static json_t *senders_json(const struct seen *x)
{
	json_t *all = json_array();

	for (size_t i = 0; i < x->n_senders; i++) {
		const struct sending_sender *s = &x->sender[i];

		json_array_append_new(
			all, json_pack("{s:I, s:s, s:b, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "id", (json_int_t)s->id, "host",
				       s->host, "alive", s->alive, "started", json_time(s->started), "seen", json_time(s->seen), "in_flight",
				       (json_int_t)s->in_flight, "waiting", (json_int_t)s->waiting, "accepted",
				       (json_int_t)s->done.accepted, "deferred", (json_int_t)s->done.deferred, "failed",
				       (json_int_t)s->done.failed, "uncertain", (json_int_t)s->done.uncertain, "skipped",
				       (json_int_t)s->done.skipped, "notices", (json_int_t)s->done.notices));
	}
	return all;
}

static json_t *relays_json(const struct seen *x)
{
	json_t *all = json_array();

	for (size_t i = 0; i < x->n_relays; i++) {
		const struct sending_relay *r = &x->relay[i];

		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:I}", "identity", r->identity,
						     "relay", r->url, "state", r->state, "since", json_time(r->since), "why", r->why,
						     "retry_at", json_time(r->retry_at), "senders", (json_int_t)r->senders, "down",
						     (json_int_t)r->down, "connections", (json_int_t)r->connections, "accepted",
						     (json_int_t)r->accepted, "faults", (json_int_t)r->faults));
	}
	return all;
}

static json_t *mailings_json(const struct seen *x)
{
	json_t *all = json_array();

	for (size_t i = 0; i < x->n_mailings; i++) {
		const struct sending_mailing *m = &x->mailing[i];

		json_array_append_new(all, json_pack("{s:I, s:s, s:o, s:o, s:o, s:o}", "id", (json_int_t)m->id, "project", m->project,
						     "since", json_time(m->since), "waits_since", json_time(m->waits_since),
						     "retry_since", json_time(m->retry_since), "next_due", json_time(m->next_due)));
	}
	return all;
}

/* --- for people -------------------------------------------------------------------------------- */

static void say_sender(const struct ctx *c, const struct sending_sender *s, int64_t now)
{
	char up[32], seen[32];

	if (s->alive)
		say(c, "sender %lld: runs for %s; in flight %lld, waiting %lld; accepted %lld, deferred %lld, failed %lld, uncertain %lld, skipped %lld, system mail %lld",
		    (long long)s->id, time_span(now - s->started, up), (long long)s->in_flight, (long long)s->waiting,
		    (long long)s->done.accepted, (long long)s->done.deferred, (long long)s->done.failed, (long long)s->done.uncertain,
		    (long long)s->done.skipped, (long long)s->done.notices);
	else if (s->seen)
		say(c, "sender %lld of host %.12s: silent for %s; other senders settle what it held", (long long)s->id,
		    s->host, time_span(now - s->seen, seen));
	else
		say(c, "sender %lld of host %.12s: was never heard of", (long long)s->id, s->host);
}

static void say_relay(const struct ctx *c, const struct sending_relay *r, int64_t now)
{
	char since[32], again[32] = "now";

	if (r->retry_at > now)
		time_span(r->retry_at - now, again);
	if (strcmp(r->state, "down") == 0)
		say(c, "relay %s of %s: down for %s, tried again in %s: %s", r->url, r->identity, time_span(now - r->since, since), again, r->why);
	else
		say(c, "relay %s of %s: %s, %lld connections, %lld accepted, %lld faults%s%s", r->url, r->identity, r->state,
		    (long long)r->connections, (long long)r->accepted, (long long)r->faults, *r->why ? "; the last one: " : "", r->why);
}

static void say_mailing(const struct ctx *c, const struct sending_mailing *m, int64_t now)
{
	char waits[32], at[32];

	if (m->waits_since)
		say(c, "mailing %lld of %s: who has waited the longest is due since %s", (long long)m->id, m->project,
		    time_span(now - m->waits_since, waits));
	else if (m->next_due)
		say(c, "mailing %lld of %s: nobody is due before %s", (long long)m->id, m->project, time_iso(m->next_due, at));
	else
		say(c, "mailing %lld of %s: all that is left is being sent", (long long)m->id, m->project);
}

static void say_all(const struct ctx *c, const struct seen *x)
{
	char waits[32];

	if (!x->n_senders)
		say(c, "no sender is running: placet send starts one");
	for (size_t i = 0; i < x->n_senders; i++)
		say_sender(c, &x->sender[i], x->now);
	for (size_t i = 0; i < x->n_relays; i++)
		say_relay(c, &x->relay[i], x->now);
	for (size_t i = 0; i < x->n_mailings; i++)
		say_mailing(c, &x->mailing[i], x->now);
	if (x->system_mail)
		say(c, "system mail waits since %s", time_span(x->now - x->system_mail, waits));
}

RUN(cmd_sender_status)
{
	struct seen x = { 0 };
	int rc;

	if (db_begin_read(c->h->db, e) < 0)
		return -1;
	rc = look(c, &x, e);
	db_rollback(c->h->db);
	if (rc < 0)
		return -1;
	say_all(c, &x);
	if (!c->json)
		return 0;
	return print_json(json_pack("{s:o, s:o, s:o, s:o}", "senders", senders_json(&x), "relays", relays_json(&x), "mailings",
				    mailings_json(&x), "system_mail_waits_since", json_time(x.system_mail)));
}
