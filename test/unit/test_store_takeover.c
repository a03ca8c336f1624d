/* store: who is taken for dead, what becomes of their claims, and what their journal says when they come back. */
#include "store/query.h"
#include "store/takeover.h"
#include "store_fixture.h"

static const struct query FLUSH = { "t_flush", "UPDATE sender SET flushes = flushes + 1 WHERE id = $1 AND fenced = 0", NULL };
static const struct query FENCED = { "t_fenced", "SELECT fenced FROM sender WHERE id = $1", NULL };
static const struct query END_NOW = { "t_end", "UPDATE sender SET ended = 1 WHERE id = $1", NULL };
static const struct query IN_STATE = { "t_in_state", "SELECT count(*) FROM delivery WHERE state = $1", NULL };
static const struct query STATE_IS = { "t_state_is", "SELECT count(*) FROM delivery WHERE id = $1 AND state = $2", NULL };
static const struct query HELD = { "t_held", "SELECT count(*) FROM delivery WHERE sender_id IS NOT NULL", NULL };
static const struct query BOUNCED = { "t_bounced", "SELECT count(*) FROM address WHERE bounced = 1", NULL };

enum { PEOPLE = 6 };

/* Six people, claimed by a sender of another host. */
struct dead {
	int64_t mailing, sender;
	struct delivery *d;
};

static struct dead claim_elsewhere(struct store *s)
{
	struct fixture *f = s->f;
	struct dead x;
	size_t n;

	OK(host_know(s->h, &f->e));
	import_many(s, PEOPLE);
	sign_off_but(s, NULL);
	x.mailing = start_mailing(s);
	x.sender = add_sender(s);
	x.d = claim(s, s->h, x.mailing, x.sender, T0 + 1, PEOPLE, &n);
	assert_int_equal(n, PEOPLE);
	return x;
}

static int64_t in_state(struct store *s, const char *state)
{
	return number(s, &IN_STATE, ARGS(db_text(state)));
}

static void assert_is(struct store *s, const struct delivery *d, const char *state)
{
	assert_int_equal(number(s, &STATE_IS, ARGS(db_i64(d->id), db_text(state))), 1);
}

static void take_over(struct store *s, int64_t sender, int expected)
{
	struct host_sender x = { sender, 0 };
	struct fixture *f = s->f;
	int got = takeover_one(s->h, &x, &f->e);

	OK(got);
	assert_int_equal(got, expected);
}

/* As journal_recover does with what a journal says. */
static void come_back(struct store *s, int64_t sender, const struct outcome *o, size_t n)
{
	struct fixture *f = s->f;
	int taken;

	BEGIN;
	taken = takeover_find(s->h, sender, &f->e);
	OK(taken);
	OK(delivery_write(s->h, sender, o, n, &f->e));
	if (taken)
		OK(takeover_settle(s->h, sender, o, n, &f->e));
	OK(delivery_release(s->h, sender, 0, &f->e));
	OK(sender_end(s->h, sender, &f->e));
	COMMIT;
	assert_int_equal(number(s, &HELD, NO_ARGS), 0);
}

static struct outcome dotted(const struct delivery *d)
{
	struct outcome o = accepted(d, T0 + 9);

	o.state = "uncertain";
	o.reply = "the sender ended between the final dot and its reply";
	return o;
}

/* --- who is dead --------------------------------------------------------------------------------- */

static int64_t look(struct store *s, struct takeover *t, int64_t second)
{
	struct fixture *f = s->f;
	int64_t n;

	OK(takeover_look(t, s->h, second * SECOND, &n, &f->e));
	return n;
}

static void only_who_stands_still_is_dead(void **state)
{
	struct store *s = *state;
	struct dead x = claim_elsewhere(s);
	int64_t living = add_sender(s), ended = add_sender(s);
	struct takeover *t = takeover_new();

	change(s, &END_NOW, ARGS(db_i64(ended)));
	for (int64_t at = 1000; at < 1010; at++) {
		assert_int_equal(look(s, t, at), 0);
		change(s, &FLUSH, ARGS(db_i64(living)));
	}
	assert_int_equal(in_state(s, "attempting"), PEOPLE);
	assert_int_equal(look(s, t, 1011), 1);
	assert_int_equal(in_state(s, "uncertain"), PEOPLE);
	assert_int_equal(number(s, &FENCED, ARGS(db_i64(x.sender))), 2);
	assert_int_equal(number(s, &FENCED, ARGS(db_i64(living))), 0);
	assert_int_equal(number(s, &FENCED, ARGS(db_i64(ended))), 0);
	assert_int_equal(look(s, t, 1012), 0);
	takeover_free(t);
}

static void who_stood_still_itself_accuses_nobody(void **state)
{
	struct store *s = *state;
	struct takeover *t = takeover_new();

	claim_elsewhere(s);
	assert_int_equal(look(s, t, 1000), 0);
	assert_int_equal(look(s, t, 2000), 0); /* asleep, or without a database, for so long */
	assert_int_equal(look(s, t, 2003), 0);
	assert_int_equal(look(s, t, 2006), 0);
	assert_int_equal(look(s, t, 2009), 0);
	assert_int_equal(look(s, t, 2011), 1);
	takeover_free(t);
}

static void own_senders_are_left_to_their_journal(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct takeover *t = takeover_new();
	int64_t own = 0;

	OK(host_know(s->h, &f->e));
	OK(sender_begin(s->h, s->h->host.id, "j", &own, &f->e));
	for (int64_t at = 1000; at < 1030; at++)
		assert_int_equal(look(s, t, at), 0);
	takeover_free(t);
}

static void who_flushes_in_that_moment_keeps_all(void **state)
{
	struct store *s = *state;
	struct dead x = claim_elsewhere(s);

	change(s, &FLUSH, ARGS(db_i64(x.sender)));
	take_over(s, x.sender, 0);
	assert_int_equal(in_state(s, "attempting"), PEOPLE);
}

/* --- who comes back ------------------------------------------------------------------------------ */

static void a_journal_settles_what_was_taken_over(void **state)
{
	struct store *s = *state;
	struct dead x = claim_elsewhere(s);
	struct outcome o[4] = { accepted(&x.d[0], T0 + 9), dotted(&x.d[1]), accepted(&x.d[2], T0 + 9), accepted(&x.d[3], T0 + 9) };

	take_over(s, x.sender, 1);
	o[2].state = "deferred";
	o[2].due = T0 + HOUR;
	o[3].state = "failed";
	o[3].voids = true;
	come_back(s, x.sender, o, COUNT(o));
	assert_is(s, &x.d[0], "accepted");
	assert_is(s, &x.d[1], "uncertain");
	assert_is(s, &x.d[2], "deferred");
	assert_is(s, &x.d[3], "failed");
	assert_is(s, &x.d[4], "queued"); /* no dot: nothing was sent */
	assert_is(s, &x.d[5], "queued");
	assert_int_equal(number(s, &BOUNCED, NO_ARGS), 1);
}

/* Somebody tried them again before the host came back: what was claimed anew is another's. */
static void who_was_tried_again_is_not_touched(void **state)
{
	struct store *s = *state;
	struct dead x = claim_elsewhere(s);
	struct outcome o[3] = { accepted(&x.d[0], T0 + 9), dotted(&x.d[1]), accepted(&x.d[2], T0 + 9) };
	struct delivery *again;
	struct fixture *f = s->f;
	int64_t n = 0, other;
	size_t n_again;

	take_over(s, x.sender, 1);
	BEGIN;
	OK(delivery_retry_uncertain(s->h, x.mailing, 0, &n, &f->e));
	COMMIT;
	assert_int_equal(n, PEOPLE);
	other = add_sender(s);
	again = claim(s, s->h, x.mailing, other, T0 + 100, 2, &n_again);
	assert_int_equal(n_again, 2);
	BEGIN;
	for (int i = 0; i < 3; i++)
		for (size_t k = 0; k < n_again; k++)
			if (again[k].id == o[i].id)
				o[i].reply = "an old reply";
	OK(takeover_find(s->h, x.sender, &f->e));
	OK(takeover_settle(s->h, x.sender, o, COUNT(o), &f->e));
	COMMIT;
	for (size_t k = 0; k < n_again; k++)
		assert_is(s, &again[k], "attempting");
	/* Whom nobody has claimed again, and whom the journal says to have got it, is not written to a second time. */
	for (int i = 0; i < 3; i += 2) {
		bool claimed = again[0].id == o[i].id || again[1].id == o[i].id;

		assert_is(s, &x.d[i], claimed ? "attempting" : "accepted");
	}
	for (int i = 3; i < PEOPLE; i++)
		if (again[0].id != x.d[i].id && again[1].id != x.d[i].id)
			assert_is(s, &x.d[i], "queued");
}

static void a_mailing_that_was_done_goes_on(void **state)
{
	struct store *s = *state;
	struct dead x = claim_elsewhere(s);
	struct outcome o[PEOPLE];

	take_over(s, x.sender, 1);
	step(s, x.mailing, "finish");
	for (int i = 0; i < PEOPLE; i++)
		o[i] = accepted(&x.d[i], T0 + 9);
	come_back(s, x.sender, o, PEOPLE - 1);
	assert_string_equal(load_mailing(s, x.mailing).state, "sending");
	assert_is(s, &x.d[PEOPLE - 1], "queued");
}

static void a_mailing_that_all_have_got_stays_done(void **state)
{
	struct store *s = *state;
	struct dead x = claim_elsewhere(s);
	struct outcome o[PEOPLE];

	take_over(s, x.sender, 1);
	step(s, x.mailing, "finish");
	for (int i = 0; i < PEOPLE; i++)
		o[i] = accepted(&x.d[i], T0 + 9);
	come_back(s, x.sender, o, PEOPLE);
	assert_string_equal(load_mailing(s, x.mailing).state, "done");
	assert_int_equal(in_state(s, "accepted"), PEOPLE);
}

static void a_mailing_that_was_cancelled_stays_so(void **state)
{
	struct store *s = *state;
	struct dead x = claim_elsewhere(s);
	struct outcome o[1] = { accepted(&x.d[0], T0 + 9) };

	take_over(s, x.sender, 1);
	step(s, x.mailing, "cancel");
	come_back(s, x.sender, o, 1);
	assert_int_equal(in_state(s, "accepted"), 1);
	assert_int_equal(in_state(s, "skipped"), PEOPLE - 1);
	assert_string_equal(load_mailing(s, x.mailing).state, "cancelled");
}

/* What was not taken over is settled as ever. */
static void who_was_fenced_alone_keeps_its_claims(void **state)
{
	struct store *s = *state;
	struct dead x = claim_elsewhere(s);
	struct outcome o[1] = { accepted(&x.d[0], T0 + 9) };
	struct host_sender self = { x.sender, 0 };
	struct fixture *f = s->f;

	OK(host_fence(s->h, &self, &f->e));
	assert_int_equal(number(s, &FENCED, ARGS(db_i64(x.sender))), 1);
	come_back(s, x.sender, o, 1);
	assert_int_equal(in_state(s, "accepted"), 1);
	assert_int_equal(in_state(s, "queued"), PEOPLE - 1);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(only_who_stands_still_is_dead), IN_WORLD(who_stood_still_itself_accuses_nobody),
		IN_WORLD(own_senders_are_left_to_their_journal), IN_WORLD(who_flushes_in_that_moment_keeps_all),
		IN_WORLD(a_journal_settles_what_was_taken_over), IN_WORLD(who_was_tried_again_is_not_touched),
		IN_WORLD(a_mailing_that_was_done_goes_on), IN_WORLD(a_mailing_that_all_have_got_stays_done),
		IN_WORLD(a_mailing_that_was_cancelled_stays_so), IN_WORLD(who_was_fenced_alone_keeps_its_claims),
	};

	return run_on_engines(tests, COUNT(tests));
}
