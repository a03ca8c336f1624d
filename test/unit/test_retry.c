/* retry: what follows from the end of an attempt, as a table; and the waits. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"
#include "smtp/retry.h"

#define NOW INT64_C(1790000000000000)

static void each_end_has_its_outcome(void **state)
{
	static const struct {
		const char *what;
		enum smtp_end end;
		enum smtp_fault fault;
		int64_t attempts, age, give_up; /* age: since the first attempt */
		const char *state;
		bool counts, voids, due;
	} CASES[] = {
		{ "taken", SMTP_ACCEPTED, 0, 0, 0, 0, "accepted", true, false, false },
		{ "first deferral", SMTP_DEFERRED, 0, 0, 0, 0, "deferred", true, false, true },
		{ "late, and still time", SMTP_DEFERRED, 0, 9, 3 * DAY, 0, "deferred", true, false, true },
		{ "four days are over", SMTP_DEFERRED, 0, 30, 4 * DAY, 0, "failed", true, false, true },
		{ "they would be at the next attempt", SMTP_DEFERRED, 0, 30, 4 * DAY - 2 * HOUR, 0, "failed", true, false, true },
		{ "the window closes before", SMTP_DEFERRED, 0, 0, 0, NOW + MINUTE, "failed", true, false, true },
		{ "the window closes later", SMTP_DEFERRED, 0, 0, 0, NOW + HOUR, "deferred", true, false, true },
		{ "the address does not exist", SMTP_FAILED, FAULT_ADDRESS, 0, 0, 0, "failed", true, true, false },
		{ "refused, not for the address", SMTP_FAILED, 0, 0, 0, 0, "failed", true, false, false },
		{ "our own fault", SMTP_FAILED, FAULT_IDENTITY, 0, 0, 0, "queued", false, false, false },
		{ "refused for our set-up", SMTP_FAILED, FAULT_SETUP, 0, 0, 0, "deferred", true, false, true },
		{ "refused so for the second time", SMTP_FAILED, FAULT_SETUP, 1, HOUR, 0, "deferred", true, false, true },
		{ "and for the third", SMTP_FAILED, FAULT_SETUP, 2, HOUR, 0, "failed", true, false, false },
		{ "lost after the dot", SMTP_UNCERTAIN, 0, 0, 0, 0, "uncertain", true, false, false },
		{ "never started", SMTP_NOT_STARTED, 0, 3, 5 * DAY, 0, "queued", false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct delivery d = { .id = 7, .claimed = NOW - 5, .attempts = CASES[i].attempts, .first = NOW - CASES[i].age };
		struct smtp_outcome end = { .end = CASES[i].end, .fault = CASES[i].fault };
		struct outcome o;

		snprintf(end.text, sizeof(end.text), "said so");
		o = retry_decide(&end, &d, NOW, CASES[i].give_up, "relay");
		if (strcmp(o.state, CASES[i].state) != 0 || o.counts != CASES[i].counts || o.voids != CASES[i].voids)
			fail_msg("%s: %s, counts %d, voids %d", CASES[i].what, o.state, o.counts, o.voids);
		assert_true(o.id == 7 && o.claimed == NOW - 5 && o.at == NOW);
		assert_string_equal(o.reply, "said so");
		assert_string_equal(o.relay, "relay");
		assert_true(CASES[i].due ? o.due > NOW : o.due == 0);
	}
}

/* SMTP-14: found before anything was sent, it skips the person; the relay's own 5.6.7 is an answer like others. */
static void a_relay_without_smtputf8_skips(void **state)
{
	struct delivery d = { .id = 7, .claimed = NOW - 5, .first = NOW };
	struct smtp_outcome end = { .end = SMTP_FAILED, .fault = FAULT_POLICY, .enhanced = "5.6.7" };
	struct outcome o;

	(void)state;
	o = retry_decide(&end, &d, NOW, 0, "relay");
	assert_string_equal(o.state, "skipped");
	assert_string_equal(o.skipped, "no-smtputf8");
	assert_true(!o.counts && !o.voids);
	end.code = 553;
	o = retry_decide(&end, &d, NOW, 0, "relay");
	assert_string_equal(o.state, "failed");
	assert_true(o.counts && !o.voids);
}

static void who_wants_us_slower_is_asked_later(void **state)
{
	struct delivery d = { .id = 7, .claimed = NOW - 5, .first = NOW };
	struct smtp_outcome end = { .end = SMTP_DEFERRED, .fault = FAULT_SLOWED };

	(void)state;
	assert_true(retry_decide(&end, &d, NOW, 0, "relay").due >= NOW + 30 * MINUTE);
	end.fault = FAULT_PASSING;
	assert_true(retry_decide(&end, &d, NOW, 0, "relay").due < NOW + 30 * MINUTE);
}

static void ends_count_for_the_breakers(void **state)
{
	static const struct {
		enum smtp_end end;
		enum smtp_fault fault;
		int code;
		const char *enhanced;
		struct breaker_counts expect;
	} CASES[] = {
		{ SMTP_ACCEPTED, FAULT_NONE, 250, "2.0.0", { 1, 0, 0, 0, 0, "" } },
		{ SMTP_UNCERTAIN, FAULT_RELAY, 0, "", { 1, 0, 0, 0, 0, "" } },
		{ SMTP_FAILED, FAULT_ADDRESS, 550, "5.1.1", { 1, 1, 0, 0, 0, "" } },
		{ SMTP_FAILED, FAULT_MAILBOX, 552, "5.2.2", { 1, 0, 0, 0, 0, "" } },
		{ SMTP_FAILED, FAULT_POLICY, 554, "5.7.1", { 1, 0, 0, 0, 0, "" } },
		{ SMTP_FAILED, FAULT_SETUP, 550, "5.7.26", { 1, 0, 1, 0, 0, "7.26" } },
		{ SMTP_FAILED, FAULT_POLICY, 0, "5.6.7", { 0, 0, 0, 0, 0, NULL } }, /* found here, before anything was sent */
		{ SMTP_DEFERRED, FAULT_PASSING, 450, "4.2.0", { 1, 0, 0, 0, 0, "" } },
		{ SMTP_DEFERRED, FAULT_SLOWED, 450, "4.7.28", { 1, 0, 0, 1, 0, "7.28" } },
		{ SMTP_NOT_STARTED, FAULT_RELAY, 0, "", { 0, 0, 0, 0, 0, NULL } },
		{ SMTP_NOT_STARTED, FAULT_RELAY, 421, "4.3.2", { 0, 0, 0, 0, 0, NULL } },
		{ SMTP_NOT_STARTED, FAULT_RELAY, 421, "4.7.28", { 1, 0, 0, 1, 0, "7.28" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct smtp_outcome o = { .end = CASES[i].end, .fault = CASES[i].fault, .code = CASES[i].code };
		const struct breaker_counts *want = &CASES[i].expect;
		struct breaker_counts n;

		snprintf(o.enhanced, sizeof(o.enhanced), "%s", CASES[i].enhanced);
		n = retry_counts(&o);
		if (n.ended != want->ended || n.hard != want->hard || n.setup != want->setup || n.slowed != want->slowed)
			fail_msg("case %zu", i);
		if (want->code)
			assert_string_equal(n.code, want->code);
	}
}

static void waits_grow_and_spread(void **state)
{
	static const int64_t WAITS[] = { 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 4 * HOUR, 4 * HOUR };
	int64_t low = INT64_MAX, high = 0;

	(void)state;
	for (int64_t n = 0; n < (int64_t)COUNT(WAITS); n++)
		for (int64_t id = 1; id < 500; id++) {
			int64_t wait = retry_wait(n, id);

			assert_true(wait >= WAITS[n] && wait <= WAITS[n] + WAITS[n] / 8);
			assert_true(wait == retry_wait(n, id));
		}
	assert_true(retry_wait(1000000, 1) >= 4 * HOUR);
	for (int64_t id = 1; id < 500; id++) {
		low = retry_wait(0, id) < low ? retry_wait(0, id) : low;
		high = retry_wait(0, id) > high ? retry_wait(0, id) : high;
	}
	assert_true(high - low > 5 * MINUTE / 10); /* not all at the same moment */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_has_its_outcome),
		cmocka_unit_test(a_relay_without_smtputf8_skips),
		cmocka_unit_test(who_wants_us_slower_is_asked_later),
		cmocka_unit_test(ends_count_for_the_breakers),
		cmocka_unit_test(waits_grow_and_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
