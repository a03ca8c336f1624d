/* Sign-ups: what waits, what a press of the button writes, and what it does not, on both engines (CON-3, CON-6). */
#include "store_fixture.h"

#include "store/notice.h"
#include "store/person.h"
#include "store/signup.h"

static const struct query SIGN_UPS = { "t_sign_ups", "SELECT count(*) FROM sign_up", NULL };
static const struct query LAST = { "t_last", "SELECT max(id) FROM sign_up", NULL };
static const struct query NOTICES = { "t_notices", "SELECT count(*) FROM notice WHERE kind = 'confirm'", NULL };
static const struct query MEMBERS = { "t_members", "SELECT count(*) FROM member WHERE list_id = $1 AND import_id IS NULL", NULL };
static const struct query ALL_MEMBERS = { "t_all_members", "SELECT count(*) FROM member WHERE list_id = $1", NULL };
static const struct query CONSENTS = {
	"t_consents", "SELECT count(*) FROM consent WHERE kind = 'own-sign-up' AND by_id IS NULL AND sign_up_id IS NOT NULL", NULL
};
static const struct query CONSENT_TEXT = {
	"t_consent_text", "SELECT count(*) FROM consent c JOIN consent_text t ON t.id = c.text_id WHERE t.text = $1", NULL
};
static const struct query CONSENT_DAY = { "t_consent_day", "SELECT count(*) FROM consent WHERE given_on = $1", NULL };
static const struct query FIELDS = { "t_fields", "SELECT count(*) FROM member WHERE fields = $1 AND flags = $2", NULL };
static const struct query BOUNCE = { "t_bounce", "UPDATE address SET bounced = 1 WHERE delivery = $1", NULL };
static const struct query KEPT = { "t_kept", "SELECT count(*) FROM opt_out_keep", NULL };
static const struct query AUDIT = { "t_audit", "SELECT count(*) FROM audit WHERE action = 'signed-up' AND detail NOT LIKE '%@%'", NULL };
static const struct query SENT = { "t_sent", "SELECT sent FROM asked WHERE kind = 'confirm'", NULL };
static const struct query BLANK = { "t_blank", "SELECT count(*) FROM sign_up WHERE delivery = ''", NULL };

#define WORDS "I agree to mail of the **Sleep** study of Example University."

static int64_t number_of(struct store *s, const struct query *q)
{
	return number(s, q, NO_ARGS);
}

/* The project takes sign-ups, on the list of the world. */
static void open_door(struct store *s, const char *words)
{
	struct fixture *f = s->f;
	struct project p = s->project;

	p.join_text = words;
	BEGIN;
	OK(project_edit(s->h, &p, &f->e));
	OK(project_set_join_list(s->h, p.id, s->list.id, &f->e));
	OK(project_approve(s->h, p.id, s->rev, &f->e));
	COMMIT;
	assert_int_equal(project_by_id(s->h, s->a, p.id, &s->project, &f->e), 1);
	assert_true(project_takes_sign_ups(&s->project));
}

/* The number of what was asked for, 0 if the person had had enough. */
static int64_t ask(struct store *s, const char *address, const char *name)
{
	struct fixture *f = s->f;
	int64_t before = number_of(s, &LAST), after;

	OK(sign_up_ask(s->h, &s->project, parsed(s, address), name, &f->e));
	after = number_of(s, &LAST);
	return after > before ? after : 0;
}

static enum sign_up_state press(struct store *s, int64_t id)
{
	enum sign_up_state state;
	struct fixture *f = s->f;

	OK(sign_up_confirm(s->h, id, &state, &f->e));
	return state;
}

static void assert_why_not(struct store *s, const char *address, const char *why)
{
	static const struct query WHY = {
		"t_why", "SELECT count(*) FROM may_mail v JOIN address a ON a.id = v.address_id WHERE a.delivery = $1 AND v.why = $2"
			 " AND v.list_id = $3", NULL
	};

	assert_int_equal(number(s, &WHY, ARGS(db_text(address), db_text(why), db_i64(s->list.id))), 1);
}

static void from_asking_to_mail(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sign_up up;
	int64_t id;

	open_door(s, WORDS);
	id = ask(s, "Zoe@example.org", "Zo\xc3\xab \"Z\"");
	assert_int_equal(number_of(s, &NOTICES), 1);
	assert_int_equal(number(s, &ALL_MEMBERS, ARGS(db_i64(s->list.id))), 0);
	assert_int_equal(sign_up_load(s->h, s->a, id, &up, &f->e), 1);
	assert_int_equal(up.state, SIGN_UP_WAITS);
	assert_string_equal(up.text, WORDS);
	assert_string_equal(up.delivery, "Zoe@example.org");
	s->h->clock.fixed += 2 * DAY;
	assert_int_equal(press(s, id), SIGN_UP_WAITS);
	assert_int_equal(number(s, &MEMBERS, ARGS(db_i64(s->list.id))), 1);
	assert_int_equal(number(s, &FIELDS, ARGS(db_text("{\"name\":\"Zo\xc3\xab \\\"Z\\\"\"}"), db_text(""))), 1);
	assert_int_equal(number_of(s, &CONSENTS), 1);
	assert_int_equal(number(s, &CONSENT_TEXT, ARGS(db_text(WORDS))), 1);
	assert_int_equal(number(s, &CONSENT_DAY, ARGS(db_text("2026-09-23"))), 1);
	assert_int_equal(number_of(s, &AUDIT), 1);
	assert_int_equal(number_of(s, &SENT), 0);
	assert_why_not(s, "Zoe@example.org", "not-validated");
	sign_off_but(s, NULL);
	assert_why_not(s, "Zoe@example.org", "");
	/* Once. */
	assert_int_equal(press(s, id), SIGN_UP_DONE);
	assert_int_equal(number_of(s, &CONSENTS), 1);
	assert_int_equal(sign_up_load(s->h, s->a, id, &up, &f->e), 1);
	assert_int_equal(up.state, SIGN_UP_DONE);
	assert_true(up.confirmed == s->h->clock.fixed);
}

static void a_role_address_is_flagged(void **state)
{
	struct store *s = *state;

	open_door(s, WORDS);
	assert_int_equal(press(s, ask(s, "info@example.org", "")), SIGN_UP_WAITS);
	assert_int_equal(number(s, &FIELDS, ARGS(db_text("{}"), db_text("role"))), 1);
}

static void too_late(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	enum sign_up_state found;
	int64_t id, rows;

	open_door(s, WORDS);
	id = ask(s, "zoe@example.org", "");
	s->h->clock.fixed += SIGN_UP_HOLDS;
	assert_int_equal(press(s, id), SIGN_UP_LATE);
	assert_int_equal(number_of(s, &CONSENTS), 0);
	assert_int_equal(number(s, &ALL_MEMBERS, ARGS(db_i64(s->list.id))), 0);
	s->h->clock.fixed -= 1;
	BEGIN;
	OK(sign_up_purge(s->h, s->h->clock.fixed - SIGN_UP_HOLDS, &rows, &f->e));
	assert_int_equal(rows, 0);
	OK(sign_up_purge(s->h, s->h->clock.fixed + 2 - SIGN_UP_HOLDS, &rows, &f->e));
	assert_int_equal(rows, 1);
	COMMIT;
	assert_int_equal(sign_up_confirm(s->h, id, &found, &f->e), 0);
	assert_int_equal(sign_up_confirm(s->h, 4711, &found, &f->e), 0);
	assert_int_equal(number_of(s, &CONSENTS), 0);
}

static void purged_after_it_was_done(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id, rows;
	struct sign_up up;

	open_door(s, WORDS);
	id = ask(s, "zoe@example.org", "Zoe");
	press(s, id);
	s->h->clock.fixed += 8 * DAY;
	for (int again = 1; again >= 0; again--) {
		BEGIN;
		OK(sign_up_purge(s->h, s->h->clock.fixed - SIGN_UP_HOLDS, &rows, &f->e));
		COMMIT;
		assert_int_equal(rows, again);
	}
	assert_int_equal(number_of(s, &BLANK), 1);
	assert_int_equal(sign_up_load(s->h, s->a, id, &up, &f->e), 1);
	assert_int_equal(up.state, SIGN_UP_DONE);
}

/* One a day, three without an answer; an answer lets them begin anew. Nothing stays of those that were not written to. */
static void nobody_is_bombed(void **state)
{
	struct store *s = *state;
	int64_t id = 0;

	open_door(s, WORDS);
	for (int day = 0; day < 10; day++) {
		for (int i = 0; i < 20; i++) {
			int64_t got = ask(s, i % 2 ? "zoe@example.org" : "ZOE+x@example.org", "");

			id = got ? got : id;
		}
		assert_int_equal(number_of(s, &NOTICES), day < 3 ? day + 1 : 3);
		assert_int_equal(number_of(s, &SIGN_UPS), day < 3 ? day + 1 : 3);
		s->h->clock.fixed += day < 3 ? DAY : HOUR;
	}
	assert_int_equal(press(s, id), SIGN_UP_WAITS);
	s->h->clock.fixed += DAY;
	assert_true(ask(s, "zoe@example.org", "") > 0);
}

static void the_words_are_those_that_were_shown(void **state)
{
	struct store *s = *state;
	int64_t id;

	open_door(s, WORDS);
	id = ask(s, "zoe@example.org", "");
	open_door(s, "I agree to quite another thing of Example University.");
	assert_int_equal(press(s, id), SIGN_UP_WAITS);
	assert_int_equal(number(s, &CONSENT_TEXT, ARGS(db_text(WORDS))), 1);
}

static void a_draft_again_and_closed(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct project p;
	int64_t one, two;

	open_door(s, WORDS);
	one = ask(s, "zoe@example.org", "");
	two = ask(s, "yan@example.org", "");
	p = s->project;
	OK(project_edit(s->h, &p, &f->e));
	assert_int_equal(press(s, one), SIGN_UP_WAITS);
	OK(project_approve(s->h, p.id, s->rev, &f->e));
	OK(project_close(s->h, p.id, &f->e));
	assert_int_equal(press(s, two), SIGN_UP_CLOSED);
	assert_int_equal(number_of(s, &CONSENTS), 1);
	/* It was not used up by that. */
	assert_int_equal(press(s, two), SIGN_UP_CLOSED);
}

static void on_the_list_by_another_spelling(void **state)
{
	static const struct person_row THERE[] = { { "zoe+news@example.org", "signed-form", "{\"name\":\"Z\"}" } };
	struct store *s = *state;
	struct fixture *f = s->f;

	import_people(s, &s->list, THERE, 1);
	sign_off_but(s, NULL);
	OK(opt_out_by_key(s->h, "zoe@example.org", OPT_OUT_STAFF, "rang", s->ann, &f->e));
	assert_why_not(s, "zoe+news@example.org", "opted-out");
	open_door(s, WORDS);
	assert_int_equal(press(s, ask(s, "Zoe@example.org", "Zoe")), SIGN_UP_WAITS);
	assert_int_equal(number(s, &ALL_MEMBERS, ARGS(db_i64(s->list.id))), 1);
	assert_why_not(s, "zoe+news@example.org", "");
}

/* A mailbox that bounced works again, and is looked at anew. */
static void after_a_bounce(void **state)
{
	struct store *s = *state;

	import_many(s, 2);
	sign_off_but(s, NULL);
	change(s, &BOUNCE, ARGS(db_text("person0@example.org")));
	assert_why_not(s, "person0@example.org", "bounced");
	open_door(s, WORDS);
	press(s, ask(s, "person0@example.org", ""));
	assert_why_not(s, "person0@example.org", "not-validated");
	/* By another spelling: the new one is put beside the one that bounces. */
	change(s, &BOUNCE, ARGS(db_text("person1@example.org")));
	press(s, ask(s, "person1+new@example.org", ""));
	assert_why_not(s, "person1@example.org", "bounced");
	assert_why_not(s, "person1+new@example.org", "not-validated");
}

/* CON-6: this study alone, and only for who had left. */
static void coming_back(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct project p = s->project;
	struct list other = { .name = "others" };

	import_many(s, 1);
	p.slug = "other";
	OK(project_add(s->h, &p, &p.id, &f->e));
	OK(list_add(s->h, "others", p.id, &other.id, &f->e));
	other.project_id = p.id;
	import_people(s, &other, (const struct person_row[]){ { "person0@example.org", "signed-form", NULL } }, 1);
	OK(opt_out_by_key(s->h, "person0@example.org", OPT_OUT_STAFF, "rang", s->ann, &f->e));
	open_door(s, WORDS);
	press(s, ask(s, "zoe@example.org", ""));
	assert_int_equal(number_of(s, &KEPT), 0);
	press(s, ask(s, "person0@example.org", ""));
	assert_int_equal(number_of(s, &KEPT), 1);
	assert_why_not(s, "person0@example.org", "not-validated");
	s->list = other;
	assert_why_not(s, "person0@example.org", "opted-out");
}

/* Each step of the press fails once: either nothing of it is there, or all of it. */
static void all_or_nothing(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	enum sign_up_state found;
	int64_t id;
	int n = 1;

	open_door(s, WORDS);
	id = ask(s, "zoe@example.org", "");
	OK(opt_out_by_key(s->h, "zoe@example.org", OPT_OUT_STAFF, "rang", s->ann, &f->e));
	for (;; n++) {
		int got;

		MUST(n < 200);
		db_fail_at(s->h->db, n);
		got = sign_up_confirm(s->h, id, &found, &f->e);
		db_fail_at(s->h->db, 0);
		if (got == 1)
			break;
		assert_int_equal(got, -1);
		assert_int_equal(number_of(s, &CONSENTS) + number_of(s, &KEPT) + number_of(s, &AUDIT), 0);
		assert_int_equal(number(s, &ALL_MEMBERS, ARGS(db_i64(s->list.id))), 0);
	}
	assert_true(n > 8);
	assert_int_equal(found, SIGN_UP_WAITS);
	/* The last failure was that of following the journal, which undoes nothing. */
	OK(opt_out_catch_up(s->h, &f->e));
	assert_int_equal(number_of(s, &CONSENTS) + number_of(s, &KEPT) + number_of(s, &AUDIT), 3);
}

/* At some hosts a tag makes another person's mailbox: who types one gets no link to what is held of somebody else. */
static void a_link_goes_where_was_typed_first(void **state)
{
	static const struct query LINKS = { "t_links", "SELECT count(*) FROM notice WHERE kind = 'me' AND delivery = $1", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;

	open_door(s, WORDS);
	assert_true(ask(s, "zoe@example.org", "Zoe") > 0);
	s->h->clock.fixed += 2 * DAY;
	/* Before the other by its letters too. */
	assert_true(ask(s, "zoe+evil@example.org", "") > 0);
	OK(person_ask(s->h, parsed(s, "zoe+evil@example.org"), &f->e));
	assert_int_equal(number(s, &LINKS, ARGS(db_text("zoe+evil@example.org"))), 0);
	assert_int_equal(number(s, &LINKS, ARGS(db_text("zoe@example.org"))), 1);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(from_asking_to_mail),	    IN_WORLD(a_role_address_is_flagged),
		IN_WORLD(too_late),		    IN_WORLD(purged_after_it_was_done),
		IN_WORLD(nobody_is_bombed),	    IN_WORLD(the_words_are_those_that_were_shown),
		IN_WORLD(a_draft_again_and_closed), IN_WORLD(on_the_list_by_another_spelling),
		IN_WORLD(after_a_bounce),	    IN_WORLD(coming_back),
		IN_WORLD(all_or_nothing),	    IN_WORLD(a_link_goes_where_was_typed_first),
	};

	return run_on_engines(tests, COUNT(tests));
}
