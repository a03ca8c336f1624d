/* store: which step may follow which state, and what each does. */
#include "store_fixture.h"

static const char *const STATES[] = { "draft", "submitted", "approved", "scheduled", "sending",
				      "paused", "done", "cancelled", "revoked" };
static const char *const VERBS[] = { "submit", "approve", "reject", "withdraw", "edit", "void", "start", "schedule",
				     "open", "pause", "resume", "resume-later", "again", "finish", "cancel", "revoke" };

/* Where each verb leads from each state; "" : it is refused. Written from the design, not from the program. A restore
   voids what waits for its start, a change what was approved. */
static const char *const LEADS[COUNT(STATES)][COUNT(VERBS)] = {
	[0] = { [0] = "submitted" },
	[1] = { [1] = "approved", [2] = "draft", [3] = "draft", [4] = "draft", [5] = "draft" },
	[2] = { [4] = "draft", [5] = "draft", [6] = "sending", [7] = "scheduled", [14] = "cancelled", [15] = "revoked" },
	[3] = { [5] = "draft", [8] = "sending", [9] = "paused", [14] = "cancelled", [15] = "revoked" },
	[4] = { [9] = "paused", [13] = "done", [14] = "cancelled", [15] = "revoked" },
	[5] = { [10] = "sending", [11] = "scheduled", [14] = "cancelled", [15] = "revoked" },
	[6] = { [12] = "sending" },
};

static const struct query SET_STATE = { "t_set", "UPDATE mailing SET state = $2 WHERE id = $1", NULL };
static const struct query LEDGER = { "t_ledger", "SELECT count(*) FROM audit WHERE action = $1", NULL };

static void try_step(struct store *s, int64_t id, const char *from, const char *verb, const char *to)
{
	struct fixture *f = s->f;
	struct mailing m;
	int rc;

	BEGIN;
	change(s, &SET_STATE, ARGS(db_i64(id), db_text(from)));
	m = load_mailing(s, id);
	rc = mailing_move(s->h, &m, verb, s->rev, "because", &f->e);
	if (!to) {
		if (rc == 0 || f->e.kind != ERR_REFUSED)
			fail_msg("%s -%s-> is not refused", from, verb);
		err_clear(&f->e);
		db_rollback(s->h->db);
		return;
	}
	OK(rc);
	assert_string_equal(m.state, to);
	m = load_mailing(s, id);
	assert_string_equal(m.state, to);
	/* Of an approval the text that was approved is kept, in the ledger alone. */
	assert_string_equal(m.why, strcmp(verb, "approve") == 0 ? "" : "because");
	assert_string_equal(m.by, "rev@uni.example");
	assert_true(number(s, &LEDGER, ARGS(db_text(arena_printf(s->a, "mailing-%s", verb)))) > 0);
	db_rollback(s->h->db);
}

static void every_step_from_every_state(void **state)
{
	struct store *s = *state;
	int64_t id = add_draft(s);

	for (size_t from = 0; from < COUNT(STATES); from++)
		for (size_t verb = 0; verb < COUNT(VERBS); verb++)
			try_step(s, id, STATES[from], VERBS[verb], LEADS[from][verb]);
	try_step(s, id, "draft", "no-such-verb", NULL);
}

static void a_change_by_somebody_else_is_noticed(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = add_draft(s);
	struct mailing m;

	import_many(s, 1);
	sign_off_but(s, NULL);
	submit(s, id);
	m = load_mailing(s, id);
	step(s, id, "approve");
	BEGIN;
	FAILS(ERR_REFUSED, mailing_move(s->h, &m, "reject", s->rev, "late", &f->e));
	db_rollback(s->h->db);
	assert_string_equal(load_mailing(s, id).state, "approved");
}

/* Handed back, changed and submitted again while a reviewer looks: the state is the same, the words are not. */
static void a_step_is_bound_to_what_was_looked_at(void **state)
{
	static const struct query REBIND = { "t_rebind", "UPDATE mailing SET bound_hash = accepted.h FROM"
						  " (SELECT hash AS h FROM audit ORDER BY seq LIMIT 1) AS accepted", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = add_draft(s);
	struct mailing m;

	import_many(s, 1);
	sign_off_but(s, NULL);
	submit(s, id);
	m = load_mailing(s, id);
	change(s, &REBIND, NO_ARGS);
	BEGIN;
	FAILS(ERR_REFUSED, mailing_move(s->h, &m, "approve", s->rev, "", &f->e));
	db_rollback(s->h->db);
	assert_string_equal(load_mailing(s, id).state, "submitted");
	m = load_mailing(s, id);
	BEGIN;
	OK(mailing_move(s->h, &m, "approve", s->rev, "", &f->e));
	COMMIT;
}

static const struct query FROZEN = { "t_frozen", "SELECT count(*) FROM delivery WHERE mailing_id = $1 AND state = $2", NULL };

#define IN_STATE(id, word) number(s, &FROZEN, ARGS(db_i64(id), db_text(word)))

static void submitting_freezes(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = add_draft(s);
	struct selection sel;
	struct mailing m;

	import_many(s, 3);
	sign_off_but(s, NULL);
	OK(opt_out_by_key(s->h, "person1@example.org", OPT_OUT_STAFF, "by phone", s->ann, &f->e));
	submit(s, id);
	m = load_mailing(s, id);
	assert_int_equal(m.bound.n, 32);
	assert_string_equal(m.accepted_text, "I answer for it");
	assert_non_null(strstr(m.content_text, "Dear {name},"));
	assert_int_equal(IN_STATE(id, "queued"), 2);
	assert_int_equal(IN_STATE(id, "skipped"), 1);
	/* Who comes now, or changes, is not part of it. */
	import_many(s, 5);
	OK(selection_count(s->h, s->a, &m, &sel, &f->e));
	assert_int_equal(sel.members, 3);
	assert_int_equal(sel.mailable, 2);
	assert_string_equal(sel.skipped[0].why, "opted-out");
}

static void handing_back_unfreezes(void **state)
{
	static const char *const BACK[] = { "reject", "withdraw", "edit" };
	struct store *s = *state;
	int64_t id = add_draft(s);

	import_many(s, 2);
	sign_off_but(s, NULL);
	for (size_t i = 0; i < COUNT(BACK); i++) {
		struct mailing m;

		submit(s, id);
		assert_int_equal(IN_STATE(id, "queued"), 2);
		step(s, id, BACK[i]);
		m = load_mailing(s, id);
		assert_null(m.bound.p);
		assert_null(m.accepted_text);
		assert_true(m.submitted_by == 0 && m.approved_by == 0);
		assert_int_equal(IN_STATE(id, "queued"), 0);
	}
}

static void ending_drops_what_was_not_started(void **state)
{
	static const struct {
		const char *verb, *state;
	} ENDS[] = { { "cancel", "cancelled" }, { "revoke", "revoked" } };
	struct store *s = *state;
	size_t n;

	import_many(s, 4);
	sign_off_but(s, NULL);
	for (size_t i = 0; i < COUNT(ENDS); i++) {
		int64_t id = start_mailing(s), sender = add_sender(s);

		claim(s, s->h, id, sender, T0 + 1, 1, &n);
		step(s, id, ENDS[i].verb);
		assert_int_equal(IN_STATE(id, "attempting"), 1); /* its outcome is still to come */
		assert_int_equal(IN_STATE(id, "skipped"), 3);
		assert_true(load_mailing(s, id).ended == T0);
	}
}

static void only_drafts_are_edited(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = add_draft(s);

	OK(mailing_edit(s->h, id, "Other", "Words", &f->e));
	assert_string_equal(load_mailing(s, id).subject, "Other");
	submit(s, id);
	FAILS(ERR_REFUSED, mailing_edit(s->h, id, "Third", "Words", &f->e));
	FAILS(ERR_REFUSED, mailing_edit(s->h, 9999, "Third", "Words", &f->e));
	assert_string_equal(load_mailing(s, id).subject, "Other");
}

static const struct query SET_WINDOW = { "t_window", "UPDATE mailing SET not_before = $2 WHERE id = $1", NULL };

static void a_schedule_waits_for_its_window(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = add_draft(s);
	struct mailing_head *all;
	size_t n;

	submit(s, id);
	step(s, id, "approve");
	change(s, &SET_WINDOW, ARGS(db_i64(id), db_i64(T0 + HOUR)));
	step(s, id, "schedule");
	OK(mailing_heads(s->h, s->a, &all, &n, &f->e));
	assert_int_equal(n, 0);
	s->h->clock.fixed = T0 + HOUR;
	OK(mailing_heads(s->h, s->a, &all, &n, &f->e));
	assert_int_equal(n, 1);
	step(s, id, "pause");
	OK(mailing_heads(s->h, s->a, &all, &n, &f->e));
	assert_int_equal(n, 0);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(every_step_from_every_state), IN_WORLD(a_change_by_somebody_else_is_noticed),
		IN_WORLD(a_step_is_bound_to_what_was_looked_at),
		IN_WORLD(submitting_freezes), IN_WORLD(handing_back_unfreezes), IN_WORLD(ending_drops_what_was_not_started),
		IN_WORLD(only_drafts_are_edited), IN_WORLD(a_schedule_waits_for_its_window),
	};

	return run_on_engines(tests, COUNT(tests));
}
