/* store: system mail, and the bounds that keep anybody from being written to too often (CON-3, ABU-1). */
#include <sys/wait.h>

#include "store/notice.h"
#include "store_fixture.h"

static const struct query ROWS = { "t_rows", "SELECT count(*) FROM notice WHERE kind = $1", NULL };
static const struct query ROW = { "t_row", "SELECT delivery, utf8, reserved, key_hash, project_id, object_id, created, state"
					   " FROM notice WHERE id = $1", NULL };

static int64_t rows_of(struct store *s, enum notice_kind k)
{
	return number(s, &ROWS, ARGS(db_text(notice_kind_name(k))));
}

/* The id of what was queued, or 0: no more of these. */
static int64_t queue(struct store *s, enum notice_kind k, const char *to)
{
	struct fixture *f = s->f;
	int64_t id = 0;
	int got;

	BEGIN;
	got = notice_queue(s->h, k, parsed(s, to), 0, 0, &id, &f->e);
	OK(got);
	COMMIT;
	assert_true((got == 1) == (id != 0));
	return id;
}

static void answer(struct store *s, enum notice_kind k, const char *who)
{
	uint8_t hash[KEY_HASH_SIZE];
	struct fixture *f = s->f;

	home_key_hash(s->h, parsed(s, who)->key, hash);
	BEGIN;
	OK(notice_answered(s->h, k, hash, &f->e));
	COMMIT;
}

static void a_notice_holds_what_is_needed(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	uint8_t hash[KEY_HASH_SIZE];
	struct rows r = { 0 };
	struct slice got;
	int64_t id = 0;

	BEGIN;
	assert_int_equal(notice_queue(s->h, NOTICE_CONFIRM, parsed(s, "Ann+x@Example.org"), s->project.id, 7, &id, &f->e), 1);
	COMMIT;
	home_key_hash(s->h, "ann@example.org", hash);
	OK(db_query(s->h->db, &ROW, ARGS(db_i64(id)), &r, &f->e));
	assert_int_equal(rows_next(&r, &f->e), 1);
	assert_string_equal(rows_text(&r, 0), "Ann+x@example.org");
	assert_int_equal(rows_i64(&r, 1), 0);
	assert_int_equal(rows_i64(&r, 2), 1);
	got = rows_bytes(&r, 3);
	assert_int_equal(got.n, sizeof(hash));
	assert_memory_equal(got.p, hash, sizeof(hash));
	assert_true(rows_i64(&r, 4) == s->project.id);
	assert_int_equal(rows_i64(&r, 5), 7);
	assert_true(rows_i64(&r, 6) == T0);
	assert_string_equal(rows_text(&r, 7), "queued");
	rows_close(&r);
}

/* What was rolled back was never asked. */
static void what_is_taken_back_does_not_count(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id;

	BEGIN;
	assert_int_equal(notice_queue(s->h, NOTICE_ME, parsed(s, "a@example.org"), 0, 0, &id, &f->e), 1);
	db_rollback(s->h->db);
	assert_true(queue(s, NOTICE_ME, "a@example.org"));
	assert_int_equal(rows_of(s, NOTICE_ME), 1);
}

static void each_kind_goes_once_a_day(void **state)
{
	static const enum notice_kind DAILY[] = { NOTICE_CONFIRM, NOTICE_LEAVE, NOTICE_LEFT, NOTICE_ME };
	struct store *s = *state;

	for (size_t i = 0; i < COUNT(DAILY); i++) {
		const char *to = arena_printf(s->a, "p%zu@example.org", i);

		s->h->clock.fixed = T0;
		assert_true(queue(s, DAILY[i], to));
		assert_false(queue(s, DAILY[i], to));
		s->h->clock.fixed = T0 + DAY - 1;
		assert_false(queue(s, DAILY[i], to));
		s->h->clock.fixed = T0 + DAY;
		assert_true(queue(s, DAILY[i], to));
		assert_false(queue(s, DAILY[i], to));
		assert_int_equal(rows_of(s, DAILY[i]), 2);
	}
}

/* Spellings are one person, kinds are apart, and people are. */
static void a_person_is_counted_by_match_key(void **state)
{
	struct store *s = *state;

	assert_true(queue(s, NOTICE_ME, "ann@example.org"));
	assert_false(queue(s, NOTICE_ME, "ANN@example.org"));
	assert_false(queue(s, NOTICE_ME, "ann+news@example.org"));
	assert_false(queue(s, NOTICE_ME, "<ann@EXAMPLE.org>"));
	assert_true(queue(s, NOTICE_ME, "bob@example.org"));
	assert_true(queue(s, NOTICE_LEAVE, "ann@example.org"));
	assert_int_equal(rows_of(s, NOTICE_ME), 2);
}

/* Who typed an address at "leave" cannot get two messages out of it by way of the person leaving in between. */
static void leave_and_left_are_one_wish(void **state)
{
	struct store *s = *state;

	assert_true(queue(s, NOTICE_LEAVE, "a@example.org"));
	assert_false(queue(s, NOTICE_LEFT, "a@example.org"));
	s->h->clock.fixed = T0 + DAY;
	assert_true(queue(s, NOTICE_LEFT, "a@example.org"));
	assert_false(queue(s, NOTICE_LEAVE, "a@example.org"));
}

static void three_confirmations_without_an_answer_are_the_last(void **state)
{
	struct store *s = *state;

	for (int i = 0; i < 3; i++) {
		s->h->clock.fixed = T0 + i * DAY;
		assert_true(queue(s, NOTICE_CONFIRM, "a@example.org"));
	}
	s->h->clock.fixed = T0 + 4000 * DAY;
	assert_false(queue(s, NOTICE_CONFIRM, "a+b@example.org"));
	answer(s, NOTICE_ME, "a@example.org"); /* to something else */
	assert_false(queue(s, NOTICE_CONFIRM, "a@example.org"));
	answer(s, NOTICE_CONFIRM, "a@example.org");
	for (int i = 0; i < 3; i++) {
		s->h->clock.fixed = T0 + (4001 + i) * DAY;
		assert_true(queue(s, NOTICE_CONFIRM, "a@example.org"));
	}
	s->h->clock.fixed = T0 + 5000 * DAY;
	assert_false(queue(s, NOTICE_CONFIRM, "a@example.org"));
}

/* An answer forgives what was not answered, not the day. */
static void an_answer_does_not_shorten_the_day(void **state)
{
	struct store *s = *state;

	assert_true(queue(s, NOTICE_CONFIRM, "a@example.org"));
	answer(s, NOTICE_CONFIRM, "a@example.org");
	assert_false(queue(s, NOTICE_CONFIRM, "a@example.org"));
}

static void removed_is_said_once_ever(void **state)
{
	struct store *s = *state;

	assert_true(queue(s, NOTICE_REMOVED, "a@example.org"));
	s->h->clock.fixed = T0 + 3000 * DAY;
	answer(s, NOTICE_REMOVED, "a@example.org");
	assert_false(queue(s, NOTICE_REMOVED, "A+x@example.org"));
}

/* Any 24 hours, not calendar days; and however many were asked for in vain. */
static void three_complaints_are_acknowledged_in_a_day(void **state)
{
	struct store *s = *state;

	for (int i = 0; i < 3; i++) {
		s->h->clock.fixed = T0 + i * 10 * HOUR;
		assert_true(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	}
	for (int i = 0; i < 5; i++)
		assert_false(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	s->h->clock.fixed = T0 + DAY - 1;
	assert_false(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	s->h->clock.fixed = T0 + DAY;
	assert_true(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	assert_false(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	s->h->clock.fixed = T0 + DAY + 10 * HOUR;
	assert_true(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	assert_int_equal(rows_of(s, NOTICE_COMPLAINT), 5);
}

/* --- at once ------------------------------------------------------------------------------------- */

/* In a process of its own: asks for each kind for the same person, as soon as the parent lets go of `gate`. */
static int hurry(struct store *s, int gate, enum notice_kind k)
{
	struct home *h = open_home(s);
	struct fixture *f = s->f;
	int64_t id;
	char c;

	if (read(gate, &c, 1) != 0 || db_begin(h->db, &f->e) < 0 ||
	    notice_queue(h, k, parsed(s, "ann@example.org"), 0, 0, &id, &f->e) < 0 || db_commit(h->db, &f->e) < 0) {
		fprintf(stderr, "%s\n", f->e.text);
		return 1;
	}
	home_free(h);
	return 0;
}

#define AT_ONCE 6

static void many_at_once(struct store *s, enum notice_kind k)
{
	pid_t pid[AT_ONCE];
	int gate[2], status;

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < AT_ONCE; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			close(gate[1]);
			_exit(hurry(s, gate[0], k));
		}
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < AT_ONCE; i++) {
		assert_true(waitpid(pid[i], &status, 0) == pid[i]);
		assert_int_equal(status, 0);
	}
}

static void processes_at_once_find_room_once(void **state)
{
	struct store *s = *state;

	for (enum notice_kind k = NOTICE_CONFIRM; k <= NOTICE_COMPLAINT; k++) {
		many_at_once(s, k);
		if (k == NOTICE_LEFT)
			assert_int_equal(rows_of(s, k), 0); /* the one of LEAVE was theirs */
		else
			assert_int_equal(rows_of(s, k), k == NOTICE_COMPLAINT ? 3 : 1);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(a_notice_holds_what_is_needed), IN_HOME(what_is_taken_back_does_not_count),
		IN_HOME(each_kind_goes_once_a_day), IN_HOME(a_person_is_counted_by_match_key),
		IN_HOME(leave_and_left_are_one_wish), IN_HOME(three_confirmations_without_an_answer_are_the_last),
		IN_HOME(an_answer_does_not_shorten_the_day), IN_HOME(removed_is_said_once_ever),
		IN_HOME(three_complaints_are_acknowledged_in_a_day), IN_HOME(processes_at_once_find_room_once),
	};

	return run_on_engines(tests, COUNT(tests));
}
