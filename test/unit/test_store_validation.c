/* store: the plan of a sample, sign-offs, and how failures make a sample grow. */
#include "store_fixture.h"

/* Worked out apart from the program with exact fractions; the first column also by the policy's own figures. */
static void the_plan_has_these_sizes(void **state)
{
	static const struct {
		int64_t population, size[3]; /* allowing 0, 1, 2 failures */
	} PLANS[] = {
		{ 0, { 0, 0, 0 } }, { 1, { 1, 1, 1 } }, { 2, { 2, 2, 2 } }, { 10, { 10, 10, 10 } }, { 49, { 47, 49, 49 } },
		{ 50, { 48, 50, 50 } }, { 51, { 40, 50, 51 } }, { 60, { 47, 59, 60 } }, { 99, { 77, 97, 99 } },
		{ 100, { 78, 98, 100 } }, { 101, { 64, 87, 100 } }, { 150, { 95, 130, 148 } }, { 500, { 129, 196, 253 } },
		{ 1000, { 138, 215, 281 } }, { 5000, { 147, 231, 307 } }, { 10000, { 148, 234, 310 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(PLANS); i++)
		for (int64_t allowed = 0; allowed < 3; allowed++)
			if (sample_size(PLANS[i].population, allowed) != PLANS[i].size[allowed])
				fail_msg("%lld, allowing %lld: %lld", (long long)PLANS[i].population, (long long)allowed,
					 (long long)sample_size(PLANS[i].population, allowed));
	assert_int_equal(sample_size(300, 0), 117);
	assert_int_equal(sample_size(50000, 0), 149);
}

static struct signoff open_signoff(struct store *s)
{
	struct fixture *f = s->f;
	struct signoff so;

	OK(validation_open(s->h, &s->list, s->val, &so, &f->e));
	return so;
}

/* Decides those of the sample that are open, the first `reject` of them with no. */
static struct signoff decide_sample(struct store *s, struct signoff so, size_t reject)
{
	struct named x = waiting_names(s, &so, false);
	struct fixture *f = s->f;

	BEGIN;
	for (size_t i = 0; i < x.n; i++)
		OK(validation_decide(s->h, &so, parsed(s, x.address[i]), i >= reject, "", s->val, &f->e));
	OK(validation_grow(s->h, s->list.id, &so, &f->e));
	COMMIT;
	return so;
}

static int try_to_sign(struct store *s, struct signoff so)
{
	struct fixture *f = s->f;
	int rc;

	BEGIN;
	rc = validation_sign(s->h, &s->list, &so, s->val, "they answered", &f->e);
	if (rc == 0)
		COMMIT;
	else
		db_rollback(s->h->db);
	return rc;
}

static void a_sign_off_is_opened_once(void **state)
{
	struct store *s = *state;
	struct signoff a, b;

	assert_int_equal(open_signoff(s).id, 0); /* nobody waits */
	import_many(s, 150);
	a = open_signoff(s);
	b = open_signoff(s);
	assert_true(a.id && a.id == b.id && a.seed == b.seed);
	assert_int_equal(a.population, 150);
	assert_int_equal(a.planned, 95);
	assert_int_equal(a.waiting, 0);
	assert_int_equal(waiting_names(s, &a, false).n, 95);
	assert_int_equal(waiting_names(s, &a, true).n, 0);
}

static void the_sample_repeats_itself(void **state)
{
	struct store *s = *state;
	struct named x, y;
	struct signoff so;
	bool drawn_in_order = true;

	import_many(s, 60);
	so = open_signoff(s);
	x = waiting_names(s, &so, false);
	y = waiting_names(s, &so, false);
	assert_int_equal(x.n, 47);
	assert_int_equal(y.n, 47);
	for (size_t i = 0; i < x.n; i++) {
		assert_string_equal(x.address[i], y.address[i]);
		drawn_in_order = drawn_in_order && strcmp(x.address[i], arena_printf(s->a, "person%zu@example.org", i)) == 0;
	}
	assert_false(drawn_in_order);
}

static void failures_make_it_grow(void **state)
{
	static const struct {
		size_t reject;
		int64_t allowed, planned;
	} STEPS[] = { { 1, 1, 130 }, { 1, 2, 148 }, { 1, 3, 150 } };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct signoff so;

	import_many(s, 150);
	so = open_signoff(s);
	for (size_t i = 0; i < COUNT(STEPS); i++) {
		so = decide_sample(s, so, STEPS[i].reject);
		assert_int_equal(so.failures, i + 1);
		assert_int_equal(so.allowed, STEPS[i].allowed);
		assert_int_equal(so.planned, STEPS[i].planned);
		assert_int_equal(try_to_sign(s, so), -1);
		assert_int_equal(f->e.kind, ERR_REFUSED);
	}
	so = decide_sample(s, so, 0);
	assert_int_equal(so.decided, 150);
	OK(try_to_sign(s, so));
	OK(list_count(s->h, &s->list, &f->e));
	assert_int_equal(s->list.mailable, 147);
	assert_int_equal(open_signoff(s).id, 0);
}

static void three_failures_at_once_ask_for_all(void **state)
{
	struct store *s = *state;
	struct signoff so;

	import_many(s, 150);
	so = decide_sample(s, open_signoff(s), 3);
	assert_int_equal(so.planned, 150);
	assert_int_equal(so.decided, 95);
}

static void flagged_ones_need_a_reason(void **state)
{
	static const struct person_row P[] = { { "info@example.org", "oral", NULL }, { "ann@example.org", "oral", NULL } };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct signoff so;

	import_people(s, &s->list, P, COUNT(P));
	so = open_signoff(s);
	assert_int_equal(so.flagged, 1);
	assert_int_equal(so.population, 1);
	so = decide_sample(s, so, 0);
	assert_int_equal(try_to_sign(s, so), -1); /* the flagged one is open */
	BEGIN;
	FAILS(ERR_INPUT, validation_decide(s->h, &so, parsed(s, "info@example.org"), true, "", s->val, &f->e));
	FAILS(ERR_INPUT, validation_decide(s->h, &so, parsed(s, "nobody@example.org"), true, "x", s->val, &f->e));
	OK(validation_decide(s->h, &so, parsed(s, "info@example.org"), true, "answered by phone", s->val, &f->e));
	/* A decision may be corrected before the sign-off. */
	OK(validation_decide(s->h, &so, parsed(s, "info@example.org"), false, "an office", s->val, &f->e));
	OK(validation_state(s->h, s->list.id, &so, &f->e));
	COMMIT;
	assert_int_equal(so.flagged_left, 0);
	OK(try_to_sign(s, so));
	OK(list_count(s->h, &s->list, &f->e));
	assert_int_equal(s->list.mailable, 1);
}

/* Acceptances outside of the sample would bend it; rejections are welcome, and count when it grows. */
static void outside_of_the_sample(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct signoff so, all;
	struct named in, every;
	const char *outside = NULL;

	import_many(s, 150);
	so = open_signoff(s);
	in = waiting_names(s, &so, false);
	all = so;
	all.planned = 150;
	every = waiting_names(s, &all, false);
	assert_int_equal(every.n, 150);
	outside = every.address[in.n]; /* the next one, if it grows */
	BEGIN;
	FAILS(ERR_INPUT, validation_decide(s->h, &so, parsed(s, outside), true, "", s->val, &f->e));
	OK(validation_decide(s->h, &so, parsed(s, outside), false, "moved away", s->val, &f->e));
	OK(validation_grow(s->h, s->list.id, &so, &f->e));
	COMMIT;
	assert_int_equal(so.planned, 95);
	assert_int_equal(so.failures, 0);
	so = decide_sample(s, so, 1);
	/* It grew to 130, took the earlier rejection in, and grew once more. */
	assert_int_equal(so.failures, 2);
	assert_int_equal(so.planned, 148);
}

static void people_who_come_later_wait(void **state)
{
	static const struct person_row LATER[] = { { "later@example.org", "oral", NULL } };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct signoff so;

	import_many(s, 2);
	so = decide_sample(s, open_signoff(s), 0);
	import_people(s, &s->list, LATER, 1);
	OK(validation_state(s->h, s->list.id, &so, &f->e));
	assert_int_equal(so.waiting, 1);
	OK(try_to_sign(s, so));
	OK(list_count(s->h, &s->list, &f->e));
	assert_int_equal(s->list.mailable, 2);
	so = open_signoff(s);
	assert_int_equal(so.population, 1);
	OK(try_to_sign(s, decide_sample(s, so, 0)));
	OK(list_count(s->h, &s->list, &f->e));
	assert_int_equal(s->list.mailable, 3);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_HOME(the_plan_has_these_sizes), IN_WORLD(a_sign_off_is_opened_once), IN_WORLD(the_sample_repeats_itself),
		IN_WORLD(failures_make_it_grow), IN_WORLD(three_failures_at_once_ask_for_all),
		IN_WORLD(flagged_ones_need_a_reason), IN_WORLD(outside_of_the_sample), IN_WORLD(people_who_come_later_wait),
	};

	return run_on_engines(tests, COUNT(tests));
}
