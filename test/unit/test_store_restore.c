/*
 * store: what a restored backup must not bring back. Withdrawals and erasures
 * that were made after the backup hold for whoever is in it, and for whoever
 * is imported again; what came after them is let alone.
 */
#include "store/backup.h"
#include "store/person.h"
#include "store_fixture.h"

static const struct query WHY = { "t_why",
	"SELECT count(*) FROM member m JOIN address a ON a.id = m.address_id WHERE m.list_id = $1 AND a.key_hash = $2"
	" AND (SELECT v.why FROM may_mail v WHERE v.list_id = m.list_id AND v.address_id = m.address_id) = $3", NULL };
static const struct query LEDGER = { "t_ledger", "SELECT count(*) FROM audit WHERE action = $1", NULL };
static const struct query ENTRIES = { "t_entries", "SELECT count(*) FROM consent c JOIN address a ON a.id = c.address_id"
				      " WHERE a.key_hash = $1", NULL };
static const struct query HELD = { "t_held", "SELECT count(*) FROM address WHERE key_hash = $1 AND erased IS NULL", NULL };
static const struct query FORGET_PLACE = { "t_forget_place", "DELETE FROM setting WHERE key LIKE '.opt-out-journal.%'", NULL };
static const struct query OTHER_LIST = { "t_other", "SELECT id FROM list WHERE name = 'others'", NULL };
static const struct query ADDRESS = { "t_address", "SELECT id FROM address WHERE delivery = $1", NULL };

static const struct query LAST_DELIVERY = { "t_last", "SELECT max(id) FROM delivery", NULL };
static const struct query FIRST_DELIVERY = { "t_first", "SELECT min(id) FROM delivery WHERE mailing_id = $1", NULL };

#define ANN  "person0@example.org"
#define TAG  "person0+news@example.org"
#define LATE "late@example.org"

static const uint8_t *hash_of(struct store *s, const char *address)
{
	uint8_t *out = ARENA_ARRAY(s->a, uint8_t, KEY_HASH_SIZE);

	home_key_hash(s->h, parsed(s, address)->key, out);
	return out;
}

static bool is(struct store *s, const struct list *l, const char *address, const char *why)
{
	return number(s, &WHY, ARGS(db_i64(l->id), db_bytes(hash_of(s, address), KEY_HASH_SIZE), db_text(why))) > 0;
}

static void import_one(struct store *s, const struct list *l, const char *address)
{
	const struct person_row p = { address, "signed-form", NULL };

	import_people(s, l, &p, 1);
}

static const char *back_up(struct store *s)
{
	const char *dir = arena_printf(s->a, "%s/backup", s->folder);
	struct fixture *f = s->f;

	OK(backup_make(s->h, dir, &f->e));
	s->h->clock.fixed += SECOND;
	return dir;
}

static void restore(struct store *s, const char *dir)
{
	struct fixture *f = s->f;

	s->h->clock.fixed += SECOND;
	OK(backup_restore(s->h, dir, &f->e));
}

/* All lines once more, from the first: as when the file is another than the database knows. */
static void replay_all(struct store *s)
{
	struct fixture *f = s->f;

	OK(db_exec(s->h->db, &FORGET_PLACE, NO_ARGS, NULL, &f->e));
	s->h->opt_outs_known = (struct opt_out_place){ 0 };
	OK(opt_out_catch_up(s->h, &f->e));
}

static struct list other_list(struct store *s)
{
	struct fixture *f = s->f;
	struct list out;
	int64_t id;

	OK(list_add(s->h, "others", s->project.id, &id, &f->e));
	assert_int_equal(number(s, &OTHER_LIST, NO_ARGS), id);
	assert_int_equal(list_by_id(s->h, s->a, id, &out, &f->e), 1);
	return out;
}

static void give_again(struct store *s, const char *address)
{
	struct fixture *f = s->f;

	OK(consent_add(s->h, number(s, &ADDRESS, ARGS(db_text(address))), s->project.id, "given", "oral", "r", "2026-05-01", 0, s->ann,
		       &f->e));
}

static void withdraw(struct store *s, const char *address)
{
	struct fixture *f = s->f;

	assert_int_equal(person_withdraw_by(s->h, hash_of(s, address), s->project.id, s->ann, &f->e), 1);
}

/* --- withdrawals --------------------------------------------------------------------------------- */

static void a_withdrawal_is_the_persons(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct list others = other_list(s);

	import_one(s, &s->list, ANN);
	import_one(s, &others, TAG);
	assert_true(is(s, &s->list, ANN, "not-validated") && is(s, &others, TAG, "not-validated"));
	withdraw(s, "PERSON0+other@example.org");
	assert_true(is(s, &s->list, ANN, "no-consent") && is(s, &others, TAG, "no-consent"));
	assert_int_equal(person_withdraw(s->h, hash_of(s, ANN), s->project.id, &f->e), 0);
	assert_int_equal(number(s, &LEDGER, ARGS(db_text("consent-withdrawn"))), 1);
	/* The line in the journal changes nothing of what was given since. */
	s->h->clock.fixed += SECOND;
	give_again(s, ANN);
	replay_all(s);
	replay_all(s);
	assert_true(is(s, &s->list, ANN, "not-validated") && is(s, &others, TAG, "no-consent"));
	assert_int_equal(number(s, &ENTRIES, ARGS(db_bytes(hash_of(s, ANN), KEY_HASH_SIZE))), 5);
}

static void no_spelling_brings_a_withdrawn_consent_back(void **state)
{
	struct store *s = *state;
	struct list others = other_list(s);

	import_one(s, &s->list, ANN);
	withdraw(s, ANN);
	import_one(s, &others, TAG);
	assert_true(is(s, &others, TAG, "no-consent"));
}

static void a_withdrawal_outlives_a_restore(void **state)
{
	struct store *s = *state;
	const char *dir;

	import_many(s, 2);
	dir = back_up(s);
	import_one(s, &s->list, LATE);
	withdraw(s, ANN);
	withdraw(s, LATE);
	restore(s, dir);
	assert_true(is(s, &s->list, ANN, "no-consent"));
	assert_true(is(s, &s->list, "person1@example.org", "not-validated"));
	assert_int_equal(number(s, &LEDGER, ARGS(db_text("consent-withdrawn"))), 2);
	/* Whom the backup did not know is imported with the same file again. */
	assert_false(is(s, &s->list, LATE, "not-validated"));
	import_one(s, &s->list, LATE);
	assert_true(is(s, &s->list, LATE, "no-consent"));
	restore(s, dir);
	assert_true(is(s, &s->list, ANN, "no-consent"));
}

/* --- erasures ------------------------------------------------------------------------------------ */

static void erase(struct store *s, const char *address, bool may_return)
{
	struct fixture *f = s->f;
	struct erased done;

	OK(person_erase(s->h, parsed(s, address), may_return, s->ann, &done, &f->e));
}

static int64_t held(struct store *s, const char *address)
{
	return number(s, &HELD, ARGS(db_bytes(hash_of(s, address), KEY_HASH_SIZE)));
}

static void an_erasure_outlives_a_restore(void **state)
{
	static const struct query TEXTS = { "t_texts", "SELECT count(*) FROM address WHERE delivery LIKE 'person0%' OR given LIKE 'person0%'", NULL };
	struct store *s = *state;
	const char *dir;

	import_many(s, 3);
	dir = back_up(s);
	erase(s, ANN, false);
	erase(s, "person1@example.org", true);
	restore(s, dir);
	assert_int_equal(held(s, ANN), 0);
	assert_int_equal(held(s, "person1@example.org"), 0);
	assert_int_equal(held(s, "person2@example.org"), 1);
	assert_int_equal(number(s, &TEXTS, NO_ARGS), 0);
	assert_int_equal(number(s, &LEDGER, ARGS(db_text("erased"))), 2);
}

static void who_came_back_after_an_erasure_stays(void **state)
{
	struct store *s = *state;
	const char *dir;

	import_many(s, 1);
	erase(s, ANN, true);
	s->h->clock.fixed += SECOND;
	import_one(s, &s->list, ANN);
	replay_all(s);
	assert_int_equal(held(s, ANN), 1);
	dir = back_up(s);
	restore(s, dir);
	replay_all(s);
	assert_int_equal(held(s, ANN), 1);
	assert_true(is(s, &s->list, ANN, "not-validated"));
	assert_int_equal(number(s, &LEDGER, ARGS(db_text("erased"))), 1);
}

/* --- opt-outs by a link alone --------------------------------------------------------------------- */

/* The database is away: the line names the delivery, and nobody. */
static void click(struct store *s, int64_t delivery)
{
	struct fixture *f = s->f;
	struct opt_out_entry x;

	db_fail_at(s->h->db, 1);
	assert_int_equal(opt_out_entry_of(s->h, delivery, OPT_OUT_ONE_CLICK, &x), 1);
	db_fail_at(s->h->db, 0);
	assert_int_equal(x.act, ACT_OUT_DELIVERY);
	OK(opt_out_write(s->h, &x, 1, &f->e));
}

static int count_named(void *ctx, const struct opt_out_entry *x, struct err *e)
{
	(void)e;
	*(int *)ctx += x->act == ACT_OUT_NAMED;
	return 0;
}

static int named(struct store *s)
{
	struct opt_out_place at = { 0 };
	struct fixture *f = s->f;
	int n = 0;

	OK(optout_journal_read(s->h->opt_outs, &at, 0, count_named, &n, &f->e));
	return n;
}

static bool has_left(struct store *s, const char *address)
{
	struct fixture *f = s->f;
	int got = opt_out_stands(s->h, hash_of(s, address), &f->e);

	OK(got);
	return got;
}

static int64_t delivery_of(struct store *s, int64_t mailing, const char *address)
{
	static const struct query OF = { "t_of", "SELECT d.id FROM delivery d JOIN address a ON a.id = d.address_id"
					 " WHERE d.mailing_id = $1 AND a.delivery = $2", NULL };

	return number(s, &OF, ARGS(db_i64(mailing), db_text(address)));
}

/* A restore to before the mailing loses whose delivery it was; the journal has been told. */
static void a_click_without_the_database_outlives_a_restore(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	const char *dir;
	int64_t mailing;

	import_many(s, 3);
	sign_off_but(s, NULL);
	dir = back_up(s);
	mailing = start_mailing(s);
	click(s, delivery_of(s, mailing, ANN));
	click(s, delivery_of(s, mailing, ANN));
	click(s, delivery_of(s, mailing, "person1@example.org"));
	OK(opt_out_catch_up(s->h, &f->e));
	assert_int_equal(named(s), 2);
	/* What came after it holds: one keeps the study, one comes back. */
	s->h->clock.fixed += HOUR;
	OK(opt_out_keep(s->h, hash_of(s, ANN), s->project.id, &f->e));
	OK(opt_out_undo(s->h, hash_of(s, "person1@example.org"), &f->e));
	for (int i = 0; i < 3; i++) {
		replay_all(s);
		if (i)
			restore(s, dir);
		assert_int_equal(named(s), 2);
		assert_true(has_left(s, ANN));
		assert_true(is(s, &s->list, ANN, ""));
		assert_false(has_left(s, "person1@example.org"));
		assert_false(has_left(s, "person2@example.org"));
	}
}

/* ... nor does the name, which comes later, undo what was done in between. */
static void a_name_that_comes_late_changes_nothing(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t mailing;

	import_many(s, 2);
	sign_off_but(s, NULL);
	mailing = start_mailing(s);
	click(s, delivery_of(s, mailing, ANN));
	click(s, delivery_of(s, mailing, "person1@example.org"));
	s->h->clock.fixed += HOUR;
	BEGIN;
	OK(opt_out_undo(s->h, hash_of(s, ANN), &f->e));
	OK(opt_out_keep(s->h, hash_of(s, "person1@example.org"), s->project.id, &f->e));
	COMMIT;
	OK(opt_out_catch_up(s->h, &f->e));
	assert_int_equal(named(s), 1);
	assert_false(has_left(s, ANN));
	assert_true(is(s, &s->list, "person1@example.org", ""));
	replay_all(s);
	assert_int_equal(named(s), 1);
	assert_false(has_left(s, ANN));
	assert_true(is(s, &s->list, "person1@example.org", ""));
}

/* The backup had not heard of the line itself: its copy is read, and stays as it was. */
static void a_backup_is_not_written_to(void **state)
{
	struct store *s = *state;
	struct stat before, after;
	const char *dir, *copy;
	int64_t mailing;

	import_many(s, 2);
	sign_off_but(s, NULL);
	mailing = start_mailing(s);
	click(s, delivery_of(s, mailing, ANN));
	dir = back_up(s);
	copy = arena_printf(s->a, "%s/opt-out.log", dir);
	assert_int_equal(stat(copy, &before), 0);
	for (int i = 0; i < 2; i++) {
		restore(s, dir);
		assert_int_equal(stat(copy, &after), 0);
		assert_int_equal(before.st_size, after.st_size);
		assert_int_equal(named(s), 1);
		assert_true(has_left(s, ANN));
	}
}

/* --- numbers ------------------------------------------------------------------------------------- */

/* The link of a message that the restored data know nothing of must never be that of another person. */
static void no_number_is_given_twice(void **state)
{
	struct store *s = *state;
	const char *dir;
	int64_t before, mailing, id;

	import_many(s, 2);
	sign_off_but(s, NULL);
	dir = back_up(s);
	mailing = start_mailing(s);
	before = number(s, &LAST_DELIVERY, NO_ARGS);
	assert_true(before > 0);
	for (int i = 0; i < 2; i++) {
		restore(s, dir);
		id = add_draft(s);
		assert_true(id > mailing);
		mailing = start_mailing(s);
		assert_true(number(s, &FIRST_DELIVERY, ARGS(db_i64(mailing))) > before);
		before = number(s, &LAST_DELIVERY, NO_ARGS);
		/* Further than all that can have been sent, had the data of before been lost; and what codes can hold. */
		assert_true(before > 1 << 24);
		assert_true(before < UINT32_MAX / 250);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(a_withdrawal_is_the_persons), IN_WORLD(no_spelling_brings_a_withdrawn_consent_back),
		IN_WORLD(a_withdrawal_outlives_a_restore), IN_WORLD(an_erasure_outlives_a_restore),
		IN_WORLD(who_came_back_after_an_erasure_stays), IN_WORLD(no_number_is_given_twice),
		IN_WORLD(a_click_without_the_database_outlives_a_restore), IN_WORLD(a_name_that_comes_late_changes_nothing),
		IN_WORLD(a_backup_is_not_written_to),
	};

	return run_on_engines(tests, COUNT(tests));
}
