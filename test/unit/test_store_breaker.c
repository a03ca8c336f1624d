/* store: what pauses a mailing by itself and holds an identity, by counts of several senders and by reports of unwanted mail. */
#include "store_fixture.h"
#include "store/breaker.h"
#include "store/query.h"
#include "store/spam.h"
#include "store/stop.h"

static const struct query ADD_DELIVERED = { "t_add_delivered", /* by numbers: addresses N@$2, delivered at $4 */
	"WITH RECURSIVE k (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < $3)"
	" INSERT INTO delivery (mailing_id, address_id, fields, state, last)"
	" SELECT CAST($1 AS BIGINT), a.id, '{}', 'accepted', CAST($4 AS BIGINT) FROM k"
	" JOIN address a ON a.delivery = 'x' || k.n || '@' || CAST($2 AS TEXT)", NULL };
static const struct query ADD_ADDRESSES_SQLITE = { "t_add_addresses",
	"WITH RECURSIVE k (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < $2)"
	" INSERT INTO address (delivery, given, key_hash, reserved, created)"
	" SELECT 'x' || k.n || '@' || CAST($1 AS TEXT), '', CAST('x' || k.n || CAST($1 AS TEXT) AS BLOB), 1, 0 FROM k",
	"WITH RECURSIVE k (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < $2)"
	" INSERT INTO address (delivery, given, key_hash, reserved, created)"
	" SELECT 'x' || k.n || '@' || CAST($1 AS TEXT), '', CAST('x' || k.n || CAST($1 AS TEXT) AS BYTEA), 1, 0 FROM k" };
static const struct query ADD_GROUP = { "t_add_group", "INSERT INTO domain_group (domain, name, at) VALUES ($1, 'mx.example', 0)", NULL };

static int64_t being_sent(struct store *s)
{
	import_many(s, 3);
	sign_off_but(s, NULL);
	return start_mailing(s);
}

static int count_ends(struct store *s, int64_t sender, int64_t mailing, struct breaker_counts n)
{
	struct breaker_tally t = { mailing, n };
	struct fixture *f = s->f;
	int got;

	BEGIN;
	got = breaker_count(s->h, sender, &t, 1, &f->e);
	if (got < 0)
		fail_msg("%s", f->e.text);
	COMMIT;
	return got;
}

static void assert_state(struct store *s, int64_t id, const char *state, const char *by, const char *why)
{
	struct mailing m = load_mailing(s, id);

	assert_string_equal(m.state, state);
	assert_string_equal(m.by, by);
	if (!strstr(m.why, why))
		fail_msg("why: %s", m.why);
}

static struct identity identity(struct store *s)
{
	struct fixture *f = s->f;
	struct identity x;

	if (identity_by_name(s->h, s->a, "mail", &x, &f->e) != 1)
		fail_msg("%s", f->e.text);
	return x;
}

/* --- counts -------------------------------------------------------------------------------------- */

static void senders_count_together(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = being_sent(s), one = add_sender(s), two = add_sender(s);
	struct breaker_counts c;

	assert_int_equal(count_ends(s, one, id, (struct breaker_counts){ .ended = 60, .hard = 2 }), 0);
	assert_int_equal(count_ends(s, two, id, (struct breaker_counts){ .ended = 39, .hard = 2 }), 0);
	OK(breaker_counts(s->h, s->a, id, &c, &f->e));
	assert_true(c.ended == 99 && c.hard == 4);
	assert_state(s, id, "sending", "rev@uni.example", "because");
	assert_int_equal(count_ends(s, one, id, (struct breaker_counts){ .ended = 1, .hard = 1 }), 1);
	assert_state(s, id, "paused", "system", "5 of the last 100 messages went to addresses that do not exist");
	/* What is still in flight comes home, and trips nothing twice. */
	assert_int_equal(count_ends(s, two, id, (struct breaker_counts){ .ended = 5, .hard = 5 }), 0);
	assert_true(identity(s).held_at == 0);
}

struct found {
	const char *object, *action, *detail;
	int n;
};

static int look_for(void *ctx, const struct audit_entry *x)
{
	struct found *want = ctx;

	want->n += strcmp(x->action, want->action) == 0 && strcmp(x->object, want->object) == 0 && strstr(x->detail, want->detail);
	return 0;
}

static void assert_told(struct store *s, const char *object, const char *action, const char *detail, int n)
{
	struct found want = { object, action, detail, 0 };
	struct fixture *f = s->f;

	OK(audit_each(s->h, look_for, &want, &f->e));
	if (want.n != n)
		fail_msg("%s %s: %s: told %d times", action, object, detail, want.n);
}

static void a_resume_begins_anew(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = being_sent(s), sender = add_sender(s);
	const char *name = arena_printf(s->a, "mailing %lld", (long long)id);
	struct breaker_counts c;

	assert_int_equal(count_ends(s, sender, id, (struct breaker_counts){ .ended = 10, .hard = 10 }), 1);
	assert_told(s, name, "mailing-pause", "limit: 10 of the first 100, then 5 %", 1);
	s->h->clock.fixed += MINUTE;
	step(s, id, "resume");
	assert_told(s, name, "mailing-resume", "because; counts of what pauses a mailing by itself begin anew", 1);
	OK(breaker_counts(s->h, s->a, id, &c, &f->e));
	assert_true(c.ended == 0 && c.hard == 0);
	assert_int_equal(count_ends(s, sender, id, (struct breaker_counts){ .ended = 9, .hard = 9 }), 0);
	assert_int_equal(count_ends(s, sender, id, (struct breaker_counts){ .ended = 1, .hard = 1 }), 1);
	/* Whoever pauses by hand is told nothing of counts. */
	step(s, id, "resume");
	step(s, id, "pause");
	step(s, id, "resume");
	assert_told(s, name, "mailing-resume", "begin anew", 2);
}

static void one_code_for_two_mailings_holds_the_identity(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t one = being_sent(s), two = start_mailing(s), three = start_mailing(s), sender = add_sender(s);
	struct breaker_counts refused = { .ended = 3, .setup = 3, .code = "7.26" };
	struct identity x;

	assert_int_equal(count_ends(s, sender, one, refused), 1);
	assert_state(s, one, "paused", "system", "not authenticated");
	assert_true(identity(s).held_at == 0);
	/* The same mailing once more is still one. */
	step(s, one, "resume");
	assert_int_equal(count_ends(s, sender, one, refused), 1);
	assert_true(identity(s).held_at == 0);
	assert_state(s, three, "sending", "rev@uni.example", "");
	assert_int_equal(count_ends(s, sender, two, refused), 1);
	x = identity(s);
	assert_true(x.held_at == T0);
	assert_string_equal(x.held_by, "system");
	assert_non_null(strstr(x.held_why, "2 of its mailings were paused within 7 days"));
	assert_state(s, three, "paused", "system", "its identity mail is held");
	assert_told(s, "mail", "identity-held", "placet identity release mail", 1);
	/* After the release it counts from nothing. */
	BEGIN;
	OK(stop_release(s->h, &x, s->rev, "the key is published", &f->e));
	COMMIT;
	step(s, one, "resume");
	assert_int_equal(count_ends(s, sender, one, refused), 1);
	assert_true(identity(s).held_at == 0);
}

static void other_codes_and_old_ones_hold_nothing(void **state)
{
	struct store *s = *state;
	int64_t one = being_sent(s), two = start_mailing(s), three = start_mailing(s), sender = add_sender(s);

	assert_int_equal(count_ends(s, sender, one, (struct breaker_counts){ .ended = 3, .setup = 3, .code = "7.26" }), 1);
	assert_int_equal(count_ends(s, sender, two, (struct breaker_counts){ .ended = 3, .setup = 3, .code = "7.25" }), 1);
	s->h->clock.fixed += 8 * DAY;
	assert_int_equal(count_ends(s, sender, three, (struct breaker_counts){ .ended = 3, .setup = 3, .code = "7.26" }), 1);
	assert_true(identity(s).held_at == 0);
}

static void slowed_pauses_after_half_an_hour(void **state)
{
	struct store *s = *state;
	int64_t id = being_sent(s), sender = add_sender(s);
	struct breaker_counts slow = { .ended = 30, .slowed = 25, .code = "7.28" };

	assert_int_equal(count_ends(s, sender, id, slow), 0);
	s->h->clock.fixed += 29 * MINUTE;
	assert_int_equal(count_ends(s, sender, id, slow), 0);
	s->h->clock.fixed += MINUTE;
	assert_int_equal(count_ends(s, sender, id, slow), 1);
	assert_state(s, id, "paused", "system", "placet pace");
}

/* --- reports of unwanted mail -------------------------------------------------------------------- */

static void deliver(struct store *s, int64_t mailing, const char *domain, int64_t n, int64_t at)
{
	change(s, &ADD_DELIVERED, ARGS(db_i64(mailing), db_text(domain), db_i64(n), db_i64(at)));
}

static void add_people(struct store *s, const char *domain, int64_t n)
{
	change(s, &ADD_ADDRESSES_SQLITE, ARGS(db_text(domain), db_i64(n)));
}

static struct spam_verdict reported(struct store *s, int64_t mailing, const char *provider, int64_t n, int64_t delivered)
{
	struct spam_report r = { .identity = identity(s).id, .mailing = mailing, .provider = provider, .n = n, .delivered = delivered,
				 .source = "a feedback loop", .by = s->rev };
	struct fixture *f = s->f;
	struct spam_verdict v;

	s->h->clock.fixed++; /* a report is younger than what it follows */
	OK(spam_report_add(s->h, s->a, &r, &v, &f->e));
	return v;
}

static void assert_figure(const struct spam_verdict *v, size_t i, const char *scope, int64_t reports, int64_t delivered,
			  enum complaint_level level)
{
	assert_true(i < v->n);
	assert_string_equal(v->figure[i].scope, scope);
	if (v->figure[i].reports != reports || v->figure[i].delivered != delivered || v->figure[i].level != level)
		fail_msg("%s", v->figure[i].words);
}

static void reports_of_a_mailing(void **state)
{
	struct store *s = *state;
	int64_t id = being_sent(s), other = start_mailing(s);
	struct spam_verdict v;

	add_people(s, "one.example", 3000);
	deliver(s, id, "one.example", 2500, T0);
	deliver(s, other, "one.example", 3000, T0);
	v = reported(s, id, "one.example", 1, 0);
	assert_int_equal(v.n, 2);
	assert_figure(&v, 0, "mailing", 1, 2500, COMPLAINTS_FINE);
	assert_figure(&v, 1, "identity", 1, 5500, COMPLAINTS_FINE);
	v = reported(s, id, "one.example", 1, 0);
	assert_figure(&v, 0, "mailing", 2, 2500, COMPLAINTS_WARN);
	assert_true(!v.paused && !v.held);
	v = reported(s, id, "one.example", 1, 0);
	assert_figure(&v, 0, "mailing", 3, 2500, COMPLAINTS_PAUSE);
	assert_true(v.paused && !v.held);
	assert_state(s, id, "paused", "system", "3 of the 2500 messages of this mailing delivered to one.example");
	assert_state(s, other, "sending", "rev@uni.example", "");
	/* Another provider's people are counted for themselves. */
	v = reported(s, id, "two.example", 1, 0);
	assert_figure(&v, 0, "mailing", 1, 0, COMPLAINTS_FINE);
	/* Whoever resumes it begins anew; a hold is decided by all of them. */
	s->h->clock.fixed += MINUTE;
	step(s, id, "resume");
	v = reported(s, id, "one.example", 2, 0);
	assert_figure(&v, 0, "mailing", 2, 2500, COMPLAINTS_WARN);
	assert_figure(&v, 1, "identity", 5, 5500, COMPLAINTS_WARN);
	assert_state(s, id, "sending", "rev@uni.example", "");
	v = reported(s, id, "one.example", 3, 0);
	assert_figure(&v, 0, "mailing", 8, 2500, COMPLAINTS_HOLD);
	assert_true(v.held);
	assert_state(s, id, "paused", "system", "its identity mail is held");
	assert_state(s, other, "paused", "system", "its identity mail is held");
	assert_true(identity(s).held_at != 0);
}

static void reports_of_an_identity(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = being_sent(s), other = start_mailing(s);
	struct spam_verdict v;
	struct identity x;

	add_people(s, "one.example", 1000);
	add_people(s, "two.example", 1000);
	/* Both domains are one provider; what was delivered longer than a week ago does not count. */
	change(s, &ADD_GROUP, ARGS(db_text("one.example")));
	change(s, &ADD_GROUP, ARGS(db_text("two.example")));
	deliver(s, id, "one.example", 1000, T0);
	deliver(s, id, "two.example", 1000, T0 - 8 * DAY);
	deliver(s, other, "two.example", 1000, T0);
	v = reported(s, 0, "two.example", 1, 0);
	assert_string_equal(v.provider, "mx.example");
	assert_int_equal(v.n, 1);
	assert_figure(&v, 0, "identity", 1, 2000, COMPLAINTS_FINE);
	v = reported(s, 0, "mx.example", 2, 0);
	assert_figure(&v, 0, "identity", 3, 2000, COMPLAINTS_PAUSE);
	assert_true(v.paused);
	assert_state(s, id, "paused", "system", "identity mail in the last 7 days");
	assert_state(s, other, "paused", "system", "0.15 %");
	assert_told(s, "mail", "identity-paused", "3 of the 2000", 1);
	s->h->clock.fixed += MINUTE;
	step(s, id, "resume");
	v = reported(s, 0, "one.example", 2, 0);
	assert_figure(&v, 0, "identity", 2, 2000, COMPLAINTS_WARN);
	assert_state(s, id, "sending", "rev@uni.example", "");
	v = reported(s, 0, "one.example", 1, 0);
	assert_figure(&v, 0, "identity", 6, 2000, COMPLAINTS_HOLD);
	x = identity(s);
	s->h->clock.fixed += MINUTE;
	BEGIN;
	OK(stop_release(s->h, &x, s->rev, "people were asked again", &f->e));
	COMMIT;
	s->h->clock.fixed += MINUTE;
	v = reported(s, 0, "one.example", 2, 0);
	assert_figure(&v, 0, "identity", 2, 2000, COMPLAINTS_WARN);
	/* Nobody is held by reports of long ago. */
	s->h->clock.fixed += 8 * DAY;
	v = reported(s, 0, "one.example", 1, 0);
	assert_figure(&v, 0, "identity", 1, 0, COMPLAINTS_FINE);
}

/* What a provider tells is judged by its own figures, and not added to ours. */
static void figures_of_a_provider(void **state)
{
	struct store *s = *state;
	int64_t id = being_sent(s);
	struct spam_verdict v = reported(s, 0, "one.example", 4, 5000);

	assert_figure(&v, 0, "identity", 4, 5000, COMPLAINTS_WARN);
	v = reported(s, 0, "one.example", 2, 1000);
	assert_figure(&v, 0, "identity", 6, 6000, COMPLAINTS_PAUSE);
	assert_state(s, id, "paused", "system", "6 of the 6000");
	v = reported(s, 0, "one.example", 1, 0);
	assert_figure(&v, 0, "identity", 1, 0, COMPLAINTS_FINE);
	v = reported(s, id, "one.example", 40, 10000);
	assert_figure(&v, 0, "mailing", 40, 10000, COMPLAINTS_HOLD);
	assert_true(v.held);
}

/* --- holds ---------------------------------------------------------------------------------------- */

static void nothing_begins_under_a_hold(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t sent = being_sent(s), ready = add_draft(s);
	struct identity x = identity(s);
	struct mailing m;
	struct stopped *paused;
	size_t n;

	submit(s, ready);
	step(s, ready, "approve");
	BEGIN;
	OK(stop_hold(s->h, s->a, &x, s->rev, "its keys are lost", &paused, &n, &f->e));
	COMMIT;
	assert_int_equal(n, 1);
	assert_true(paused[0].id == sent);
	for (int i = 0; i < 2; i++) {
		m = load_mailing(s, i ? ready : sent);
		BEGIN;
		assert_int_equal(mailing_move(s->h, &m, i ? "start" : "resume", s->ann, "", &f->e), -1);
		assert_int_equal(f->e.kind, ERR_REFUSED);
		assert_non_null(strstr(f->e.text, "its keys are lost"));
		db_rollback(s->h->db);
		err_clear(&f->e);
	}
	step(s, ready, "cancel"); /* what stops it for good is still possible */
	/* A second hold keeps the first reason. */
	BEGIN;
	OK(stop_hold(s->h, s->a, &x, 0, "complaints", &paused, &n, &f->e));
	COMMIT;
	assert_int_equal(n, 0);
	assert_string_equal(identity(s).held_why, "its keys are lost");
	assert_string_equal(identity(s).held_by, "rev@uni.example");
	assert_told(s, "mail", "identity-held", "complaints", 1);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(senders_count_together),
		IN_WORLD(a_resume_begins_anew),
		IN_WORLD(one_code_for_two_mailings_holds_the_identity),
		IN_WORLD(other_codes_and_old_ones_hold_nothing),
		IN_WORLD(slowed_pauses_after_half_an_hour),
		IN_WORLD(reports_of_a_mailing),
		IN_WORLD(reports_of_an_identity),
		IN_WORLD(figures_of_a_provider),
		IN_WORLD(nothing_begins_under_a_hold),
	};

	return run_on_engines(tests, COUNT(tests));
}
