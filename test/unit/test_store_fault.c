/*
 * store: the k-th step of the database fails, for every k, in each piece of
 * work that must be done as a whole or not at all. After every failure the
 * database is as it was, and in the end the same call gets through.
 */
#include "store/notice.h"
#include "store/person.h"
#include "store_fixture.h"

#include <stdatomic.h>

/* What must not change when something failed; one number for each statement. */
static const struct query MARKS[] = {
	{ "t_m1", "SELECT count(*) FROM address", NULL },
	{ "t_m2", "SELECT count(*) FROM member", NULL },
	{ "t_m3", "SELECT count(*) FROM consent", NULL },
	{ "t_m4", "SELECT count(*) FROM import_row", NULL },
	{ "t_m5", "SELECT count(*) FROM delivery", NULL },
	{ "t_m6", "SELECT count(*) FROM delivery WHERE state = 'queued'", NULL },
	{ "t_m7", "SELECT count(*) FROM delivery WHERE state = 'attempting'", NULL },
	{ "t_m8", "SELECT count(*) FROM delivery WHERE sender_id IS NOT NULL", NULL },
	{ "t_m9", "SELECT count(*) FROM mailing WHERE state = 'draft' AND bound_hash IS NULL", NULL },
	{ "t_m10", "SELECT count(*) FROM opt_out", NULL },
	{ "t_m11", "SELECT count(*) FROM audit", NULL },
	{ "t_m12", "SELECT count(*) FROM validation", NULL },
	{ "t_m13", "SELECT count(*) FROM signoff WHERE done IS NOT NULL", NULL },
	{ "t_m14", "SELECT count(*) FROM address WHERE bounced = 1", NULL },
	{ "t_m15", "SELECT count(*) FROM signoff_item", NULL },
	{ "t_m16", "SELECT count(*) FROM sender WHERE ended IS NULL", NULL },
	{ "t_m17", "SELECT count(*) FROM notice", NULL },
	{ "t_m18", "SELECT count(*) FROM notice WHERE state = 'queued'", NULL },
	{ "t_m19", "SELECT count(*) FROM notice WHERE state = 'attempting' AND sender_id IS NOT NULL", NULL },
	{ "t_m20", "SELECT count(*) FROM notice WHERE state = 'accepted' AND sender_id IS NULL", NULL },
	{ "t_m21", "SELECT COALESCE(sum(sent), 0) FROM asked", NULL },
	{ "t_m22", "SELECT count(*) FROM address WHERE erased IS NOT NULL", NULL },
	{ "t_m23", "SELECT count(*) FROM consent WHERE ref <> ''", NULL },
	{ "t_m24", "SELECT count(*) FROM delivery WHERE bound IS NOT NULL", NULL },
};

struct marks {
	int64_t n[COUNT(MARKS)];
};

static struct marks look(struct store *s)
{
	struct marks m;

	for (size_t i = 0; i < COUNT(MARKS); i++)
		m.n[i] = number(s, &MARKS[i], NO_ARGS);
	return m;
}

static void assert_same(const struct marks *a, const struct marks *b, int k)
{
	for (size_t i = 0; i < COUNT(MARKS); i++)
		if (a->n[i] != b->n[i])
			fail_msg("after the failure of step %d: %s: %lld, was %lld", k, MARKS[i].sql, (long long)b->n[i],
				 (long long)a->n[i]);
}

/* `work` begins, ends and takes back its own transaction. */
static void break_each_step(struct store *s, int (*work)(struct store *s, void *ctx, struct err *e), void *ctx, int steps_least)
{
	struct marks before = look(s), after;
	struct fixture *f = s->f;
	int k = 0, rc;

	do {
		uint64_t counter = atomic_load(s->h->opt_out_counter);

		err_clear(&f->e);
		db_fail_at(s->h->db, ++k);
		rc = work(s, ctx, &f->e);
		db_fail_at(s->h->db, 0);
		assert_false(db_in_transaction(s->h->db));
		after = look(s);
		if (rc < 0) {
			assert_int_equal(f->e.kind, ERR_AGAIN);
			assert_same(&before, &after, k);
			assert_true(atomic_load(s->h->opt_out_counter) == counter);
		}
		assert_in_range(k, 1, 500);
	} while (rc < 0);
	assert_true(k > steps_least);
	assert_memory_not_equal(&before, &after, sizeof(before));
}

static int end_work(struct store *s, int rc, struct err *e)
{
	if (rc == 0 && db_commit(s->h->db, e) == 0)
		return 0;
	db_rollback(s->h->db);
	return -1;
}

/* --- imports ------------------------------------------------------------------------------------- */

struct batch {
	struct import import;
	struct import_row rows[3];
};

static int import_work(struct store *s, void *ctx, struct err *e)
{
	struct batch *b = ctx;

	return import_batch(s->h, &b->import, b->rows, COUNT(b->rows), e);
}

static void an_import_breaks(void **state)
{
	static const struct person_row P[] = { { "a@example.org", "oral", NULL }, { "b@example.org", NULL, NULL },
					       { "a+x@example.org", "oral", NULL } };
	const uint8_t hash[32] = { 0 };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct batch b = { .import = { .list = &s->list, .by = s->ann } };

	make_rows(s, P, COUNT(P), b.rows);
	qsort(b.rows, COUNT(P), sizeof(*b.rows), import_row_order);
	OK(import_begin(s->h, &b.import, hash, &f->e));
	break_each_step(s, import_work, &b, 10);
	assert_int_equal(look(s).n[1], 2);
	assert_int_equal(look(s).n[3], 0);
}

/* --- validation ---------------------------------------------------------------------------------- */

static int open_work(struct store *s, void *ctx, struct err *e)
{
	return validation_open(s->h, &s->list, s->val, ctx, e);
}

static int sign_work(struct store *s, void *ctx, struct err *e)
{
	struct signoff so;
	int rc;

	(void)ctx;
	if (db_begin(s->h->db, e) < 0)
		return -1;
	rc = validation_state(s->h, s->list.id, &so, e);
	if (rc == 0)
		rc = validation_sign(s->h, &s->list, &so, s->val, "they answered", e);
	return end_work(s, rc, e);
}

static void a_sign_off_breaks(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct signoff so;
	struct named x;

	import_many(s, 3);
	/* Opening may have been done although looking at it afterwards failed: then the next call finds it. */
	OK(open_work(s, &so, &f->e));
	x = waiting_names(s, &so, false);
	BEGIN;
	for (size_t i = 0; i < x.n; i++)
		OK(validation_decide(s->h, &so, parsed(s, x.address[i]), true, "", s->val, &f->e));
	COMMIT;
	break_each_step(s, sign_work, NULL, 5);
	assert_int_equal(look(s).n[11], 3);
}

static void opening_a_sign_off_breaks(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct signoff so;
	int k = 0, rc;

	import_many(s, 3);
	do {
		int64_t items;

		db_fail_at(s->h->db, ++k);
		rc = open_work(s, &so, &f->e);
		db_fail_at(s->h->db, 0);
		items = look(s).n[14];
		assert_true(items == 0 || items == 3);
		assert_in_range(k, 1, 200);
	} while (rc < 0);
	assert_int_equal(so.population, 3);
	assert_int_equal(waiting_names(s, &so, false).n, 3);
}

/* --- mailings ------------------------------------------------------------------------------------ */

static int submit_work(struct store *s, void *ctx, struct err *e)
{
	struct submission sub = { .by = s->ann, .accepted_text = "I answer for it" };
	struct mailing m;
	int rc = mailing_by_id(s->h, s->a, *(int64_t *)ctx, &m, e);

	if (rc < 0 || db_begin(s->h->db, e) < 0)
		return -1;
	return end_work(s, mailing_submit(s->h, &m, &sub, e), e);
}

static void a_submission_breaks(void **state)
{
	struct store *s = *state;
	int64_t id = add_draft(s);
	struct mailing m;

	import_many(s, 3);
	sign_off_but(s, NULL);
	break_each_step(s, submit_work, &id, 8);
	m = load_mailing(s, id);
	assert_string_equal(m.state, "submitted");
	assert_int_equal(m.bound.n, 32);
	assert_int_equal(look(s).n[5], 3);
}

/* --- deliveries ---------------------------------------------------------------------------------- */

struct sending {
	int64_t mailing, sender, at;
	struct delivery *d;
	size_t n;
	struct outcome o[3];
};

static int claim_work(struct store *s, void *ctx, struct err *e)
{
	struct sending *x = ctx;

	if (db_begin(s->h->db, e) < 0)
		return -1;
	return end_work(s, delivery_claim(s->h, s->a, x->mailing, x->sender, ++x->at, 10, &NO_FATIGUE, &x->d, &x->n, e), e);
}

static int write_work(struct store *s, void *ctx, struct err *e)
{
	struct sending *x = ctx;

	if (db_begin(s->h->db, e) < 0)
		return -1;
	return end_work(s, delivery_write(s->h, x->sender, x->o, x->n, e), e);
}

static struct sending begin_sending(struct store *s)
{
	struct sending x = { .at = T0 };

	import_many(s, 3);
	sign_off_but(s, NULL);
	x.mailing = start_mailing(s);
	x.sender = add_sender(s);
	return x;
}

static void a_claim_breaks(void **state)
{
	struct store *s = *state;
	struct sending x = begin_sending(s);

	break_each_step(s, claim_work, &x, 4);
	assert_int_equal(x.n, 3);
	assert_int_equal(look(s).n[6], 3);
}

static void writing_outcomes_breaks(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sending x = begin_sending(s);

	OK(claim_work(s, &x, &f->e));
	for (size_t i = 0; i < x.n; i++)
		x.o[i] = accepted(&x.d[i], T0 + 10);
	x.o[1].state = "failed";
	x.o[1].voids = true;
	break_each_step(s, write_work, &x, 4);
	assert_int_equal(look(s).n[6], 0);
	assert_int_equal(look(s).n[13], 1);
}

static int settle_work(struct store *s, void *ctx, struct err *e)
{
	struct sending *x = ctx;
	int rc;

	if (db_begin(s->h->db, e) < 0)
		return -1;
	rc = delivery_release(s->h, x->sender, 0, e);
	if (rc == 0)
		rc = sender_end(s->h, x->sender, e);
	return end_work(s, rc, e);
}

static void giving_back_breaks(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sending x = begin_sending(s);

	OK(claim_work(s, &x, &f->e));
	break_each_step(s, settle_work, &x, 3);
	assert_int_equal(look(s).n[5], 3);
}

/* --- opt-outs ------------------------------------------------------------------------------------ */

/* Whatever step of the database fails, the person has left: the journal has it, and the database follows. */
static void an_opt_out_is_never_lost(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sending x = begin_sending(s);
	bool broke;
	int k = 0;

	OK(claim_work(s, &x, &f->e));
	do {
		uint64_t counter = atomic_load(s->h->opt_out_counter);

		db_fail_at(s->h->db, ++k);
		assert_int_equal(opt_out_by_delivery(s->h, x.d[0].id, OPT_OUT_PAGE, &f->e), 1);
		broke = s->h->db->fail_after < 0;
		db_fail_at(s->h->db, 0);
		assert_false(db_in_transaction(s->h->db));
		assert_true(atomic_load(s->h->opt_out_counter) > counter);
		assert_int_equal(opt_out_stands(s->h, x.d[0].key_hash, &f->e), 1);
		OK(opt_out_catch_up(s->h, &f->e));
		assert_int_equal(look(s).n[9], 1);
		OK(opt_out_undo(s->h, x.d[0].key_hash, &f->e));
		assert_int_equal(look(s).n[9], 0);
		assert_in_range(k, 1, 100);
	} while (broke);
	assert_true(k > 8);
}

static int follow_work(struct store *s, void *ctx, struct err *e)
{
	(void)ctx;
	return opt_out_catch_up(s->h, e);
}

static void following_the_journal_breaks(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sending x = begin_sending(s);
	struct opt_out_entry left[2];

	OK(claim_work(s, &x, &f->e));
	for (size_t i = 0; i < COUNT(left); i++)
		assert_int_equal(opt_out_entry_of(s->h, x.d[i].id, OPT_OUT_ONE_CLICK, &left[i]), 1);
	OK(opt_out_write(s->h, left, COUNT(left), &f->e));
	break_each_step(s, follow_work, NULL, 8);
	assert_int_equal(look(s).n[9], 2);
}

/* --- system mail --------------------------------------------------------------------------------- */

static const struct query COMPLAINT = { "t_complaint", "INSERT INTO complaint (address, about, text, at, due)"
						       " VALUES ('', '', '', 0, 0) RETURNING id", NULL };

struct posting {
	int64_t sender, complaint;
	struct notice *x;
	size_t n;
	struct outcome o[2];
};

/* As a page does: asks for both, in one transaction. */
static int queue_notices(struct store *s, void *ctx, struct err *e)
{
	struct posting *p = ctx;
	int64_t id;
	int rc;

	if (db_begin(s->h->db, e) < 0)
		return -1;
	rc = notice_queue(s->h, NOTICE_COMPLAINT, parsed(s, "a@example.org"), 0, p->complaint, &id, e);
	if (rc >= 0)
		rc = notice_queue(s->h, NOTICE_ME, parsed(s, "b@example.org"), 0, 0, &id, e);
	return end_work(s, rc < 0 ? -1 : 0, e);
}

static int claim_notices(struct store *s, void *ctx, struct err *e)
{
	struct posting *p = ctx;
	int rc;

	if (db_begin(s->h->db, e) < 0)
		return -1;
	rc = notice_claim(s->h, s->a, p->sender, T0 + 1, 9, &p->x, &p->n, e);
	return end_work(s, rc, e);
}

static int write_notices(struct store *s, void *ctx, struct err *e)
{
	struct posting *p = ctx;
	int rc;

	if (db_begin(s->h->db, e) < 0)
		return -1;
	rc = notice_write(s->h, p->sender, p->o, p->n, e);
	return end_work(s, rc, e);
}

static void system_mail_breaks(void **state)
{
	struct store *s = *state;
	struct posting p = { .sender = add_sender(s), .complaint = number(s, &COMPLAINT, NO_ARGS) };

	break_each_step(s, queue_notices, &p, 6);
	assert_int_equal(look(s).n[17], 2);
	break_each_step(s, claim_notices, &p, 6);
	assert_int_equal(look(s).n[18], 2);
	assert_int_equal(p.n, 2);
	for (size_t i = 0; i < 2; i++)
		p.o[i] = (struct outcome){ .notice = true, .id = p.x[i].id, .claimed = p.x[i].claimed, .at = T0 + 2, .state = "accepted",
					   .skipped = "", .relay = "", .queue_id = "", .reply = "", .counts = true, .voids = i == 1 };
	break_each_step(s, write_notices, &p, 6);
	assert_int_equal(look(s).n[19], 2);
}

/* --- erasure ------------------------------------------------------------------------------------- */

static int erase_work(struct store *s, void *ctx, struct err *e)
{
	struct erased out;

	return person_erase(s->h, ctx, true, s->ann, &out, e);
}

/* Without the opt-out, which is made first and stays whatever comes after. */
static void an_erasure_breaks(void **state)
{
	static const char ADDRESS[] = "person1@example.org";
	struct store *s = *state;
	int64_t id;

	import_many(s, 4);
	sign_off_but(s, NULL);
	id = start_mailing(s);
	assert_stands(s, id);
	break_each_step(s, erase_work, (void *)(uintptr_t)parsed(s, ADDRESS), 20);
	/* It was a removal: what was approved is still that. */
	assert_stands(s, id);
	assert_int_equal(look(s).n[21], 1);
	assert_int_equal(look(s).n[5], 3);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(an_erasure_breaks), IN_WORLD(an_import_breaks), IN_WORLD(a_sign_off_breaks), IN_WORLD(opening_a_sign_off_breaks),
		IN_WORLD(a_submission_breaks), IN_WORLD(a_claim_breaks), IN_WORLD(writing_outcomes_breaks),
		IN_WORLD(giving_back_breaks), IN_WORLD(an_opt_out_is_never_lost),
		IN_WORLD(following_the_journal_breaks), IN_WORLD(system_mail_breaks),
	};

	return run_on_engines(tests, COUNT(tests));
}
