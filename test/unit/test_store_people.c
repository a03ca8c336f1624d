/* store: imports, the consent ledger, and the view that says who may be mailed and why not. */
#include "store_fixture.h"

#define FORM "signed-form"

/* --- imports ------------------------------------------------------------------------------------- */

static void assert_counts(struct import_counts c, int64_t added, int64_t known, int64_t twice, int64_t not_mailable, int line)
{
	if (c.added != added || c.known != known || c.duplicate_person != twice || c.not_mailable != not_mailable)
		fail_msg("line %d: added %lld, known %lld, twice %lld, not mailable %lld", line, (long long)c.added,
			 (long long)c.known, (long long)c.duplicate_person, (long long)c.not_mailable);
}

#define COUNTS(c, ...) assert_counts(c, __VA_ARGS__, __LINE__)

static void a_batch_is_counted(void **state)
{
	static const struct person_row FIRST[] = {
		{ "a@example.org", FORM, NULL }, { "b@example.org", NULL, NULL }, { "A@example.org", FORM, NULL },
		{ "a@example.org", FORM, NULL }, { "a+tag@example.org", FORM, NULL },
	};
	static const struct person_row AGAIN[] = {
		{ "a@example.org", FORM, NULL }, { "b+x@example.org", FORM, NULL }, { "c@example.org", FORM, NULL },
	};
	struct store *s = *state;

	/* "A@" is another mailbox (local parts may differ by case), but the same person, whose standing counts. */
	COUNTS(import_people(s, &s->list, FIRST, COUNT(FIRST)), 2, 3, 2, 1);
	COUNTS(import_people(s, &s->list, FIRST, COUNT(FIRST)), 0, 5, 2, 1);
	COUNTS(import_people(s, &s->list, AGAIN, COUNT(AGAIN)), 1, 2, 1, 1);
}

static const struct query LEFT_OVER = { "t_left", "SELECT count(*) FROM import_row", NULL };
static const struct query ENTRIES = { "t_entries",
				      "SELECT count(*) FROM consent c JOIN address a ON a.id = c.address_id WHERE a.delivery = $1",
				      NULL };
static const struct query MEMBERS = { "t_members", "SELECT count(*) FROM member", NULL };
static const struct query FIELDS = { "t_fields",
				     "SELECT count(*) FROM member m JOIN address a ON a.id = m.address_id"
				     " WHERE a.delivery = $1 AND m.fields = $2",
				     NULL };

#define ENTRIES_OF(address) number(s, &ENTRIES, ARGS(db_text(address)))

static void an_import_repeated_changes_nothing(void **state)
{
	static const struct person_row P[] = { { "a@example.org", FORM, "{\"name\":\"Ann\"}" } };
	static const struct person_row Q[] = { { "a@example.org", FORM, "{\"name\":\"Other\"}" } };
	struct store *s = *state;

	import_people(s, &s->list, P, 1);
	import_people(s, &s->list, P, 1);
	import_people(s, &s->list, Q, 1);
	assert_int_equal(number(s, &MEMBERS, NO_ARGS), 1);
	assert_int_equal(ENTRIES_OF("a@example.org"), 1);
	assert_int_equal(number(s, &FIELDS, ARGS(db_text("a@example.org"), db_text("{\"name\":\"Ann\"}"))), 1);
	assert_int_equal(number(s, &LEFT_OVER, NO_ARGS), 0);
}

static int64_t address_id(struct store *s, const char *delivery);
static void assert_why(struct store *s, const struct list *l, const char *address, const char *why);

static void evidence_may_come_later(void **state)
{
	static const struct person_row WITHOUT[] = { { "a@example.org", NULL, NULL } };
	static const struct person_row WITH[] = { { "a@example.org", FORM, NULL } };
	struct store *s = *state;

	COUNTS(import_people(s, &s->list, WITHOUT, 1), 1, 0, 0, 1);
	assert_int_equal(ENTRIES_OF("a@example.org"), 0);
	COUNTS(import_people(s, &s->list, WITH, 1), 0, 1, 0, 0);
	assert_int_equal(ENTRIES_OF("a@example.org"), 1);
}

/* ... also below another spelling of the person that stands first in the file. */
static void evidence_is_found_below_another_spelling(void **state)
{
	static const struct person_row WITHOUT[] = { { "a@example.org", NULL, NULL } };
	static const struct person_row WITH[] = { { "a+x@example.org", NULL, NULL }, { "a+x@example.org", NULL, NULL },
						  { "a@example.org", FORM, NULL } };
	struct store *s = *state;

	import_people(s, &s->list, WITHOUT, 1);
	COUNTS(import_people(s, &s->list, WITH, COUNT(WITH)), 0, 3, 2, 0);
	assert_int_equal(ENTRIES_OF("a@example.org"), 1);
}

/* An import that was killed, and found without evidence before it was run again, claims the rest by a record of its own:
   the one whose evidence is void already could not be voided a second time. */
static void a_voided_import_is_not_continued(void **state)
{
	static const struct person_row P[] = { { "a@example.org", FORM, NULL }, { "b@example.org", FORM, NULL } };
	const uint8_t hash[32] = { 1 };
	struct store *s = *state;
	struct import first = { .list = &s->list, .by = s->ann }, again = first;
	struct import_row *rows = ARENA_ARRAY(s->a, struct import_row, COUNT(P));
	struct fixture *f = s->f;
	struct voided done;

	make_rows(s, P, COUNT(P), rows);
	OK(import_begin(s->h, &first, hash, &f->e));
	OK(import_batch(s->h, &first, rows, 1, &f->e));
	BEGIN;
	OK(evidence_void(s->h, &s->list, address_id(s, "a@example.org"), s->val, &done, &f->e));
	COMMIT;
	assert_int_equal(done.entries, 1);
	OK(import_begin(s->h, &again, hash, &f->e));
	assert_true(again.id != first.id);
	OK(import_batch(s->h, &again, rows + 1, 1, &f->e));
	BEGIN;
	OK(evidence_void(s->h, &s->list, address_id(s, "b@example.org"), s->val, &done, &f->e));
	COMMIT;
	assert_int_equal(done.entries, 1);
	assert_why(s, &s->list, "b@example.org", "no-consent");
}

static struct voided void_evidence(struct store *s, const char *address)
{
	struct fixture *f = s->f;
	struct voided done;

	BEGIN;
	OK(evidence_void(s->h, &s->list, address_id(s, address), s->val, &done, &f->e));
	COMMIT;
	return done;
}

/* What staff recorded by hand cannot be shown either: it is void, and only it. */
static void evidence_by_hand_is_void_by_itself(void **state)
{
	static const struct person_row P[] = { { "a@example.org", NULL, NULL }, { "b@example.org", NULL, NULL },
					       { "own@example.org", NULL, NULL }, { "c@example.org", FORM, NULL } };
	static const char *const BY_HAND[] = { "a@example.org", "b@example.org", "own@example.org" };
	static const struct query VOIDED = { "t_voided", "SELECT count(*) FROM audit WHERE action = 'evidence-voided'", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct voided done;

	import_people(s, &s->list, P, COUNT(P));
	for (size_t i = 0; i < COUNT(BY_HAND); i++)
		OK(consent_add(s->h, address_id(s, BY_HAND[i]), s->project.id, "given", i == 2 ? "own-sign-up" : "oral", "r",
			       "2026-01-01", 0, i == 2 ? 0 : s->ann, &f->e));
	assert_why(s, &s->list, "a@example.org", "not-validated");
	done = void_evidence(s, "a@example.org");
	assert_true(done.entries == 1 && done.import == 0);
	assert_why(s, &s->list, "a@example.org", "no-consent");
	assert_why(s, &s->list, "b@example.org", "not-validated");
	assert_why(s, &s->list, "c@example.org", "not-validated");
	/* Once; and what a person did themselves is no matter of papers. */
	assert_int_equal(void_evidence(s, "a@example.org").entries, 0);
	assert_int_equal(void_evidence(s, "own@example.org").entries, 0);
	assert_why(s, &s->list, "own@example.org", "not-validated");
	assert_int_equal(number(s, &VOIDED, NO_ARGS), 1);
}

/* --- why may somebody not be mailed? ------------------------------------------------------------- */

static int64_t address_id(struct store *s, const char *delivery)
{
	struct fixture *f = s->f;
	int64_t id = 0;

	assert_int_equal(address_find(s->h, parsed(s, delivery), &id, &f->e), 1);
	return id;
}

static void withdraw(struct store *s, const char *delivery)
{
	struct fixture *f = s->f;

	OK(consent_add(s->h, address_id(s, delivery), s->project.id, "withdrawn", "", "", "", 0, s->ann, &f->e));
}

static void an_import_restores_nothing(void **state)
{
	static const char *const ACTIONS[] = { "withdrawn", "voided" };
	static const struct person_row P[] = { { "a@example.org", FORM, NULL } };
	struct store *s = *state;
	struct fixture *f = s->f;

	import_people(s, &s->list, P, 1);
	for (size_t i = 0; i < COUNT(ACTIONS); i++) {
		struct consent *all;
		size_t n;

		OK(consent_add(s->h, address_id(s, "a@example.org"), s->project.id, ACTIONS[i], "", "", "", 0, s->ann, &f->e));
		COUNTS(import_people(s, &s->list, P, 1), 0, 1, 0, 1);
		OK(consent_of(s->h, s->a, address_id(s, "a@example.org"), &all, &n, &f->e));
		assert_int_equal(n, 2 + i);
		assert_string_equal(all[n - 1].action, ACTIONS[i]);
	}
	/* Nor does it put somebody back who opted out. */
	OK(opt_out_by_key(s->h, "a@example.org", OPT_OUT_STAFF, "by phone", s->ann, &f->e));
	COUNTS(import_people(s, &s->list, P, 1), 0, 1, 0, 1);
}

/* A person is one by the match key: neither another spelling nor another list of the project brings back who withdrew. */
static void another_spelling_restores_nothing(void **state)
{
	static const struct person_row P[] = { { "a@example.org", FORM, NULL } };
	static const struct person_row Q[] = { { "a+news@example.org", FORM, NULL }, { "b@example.org", FORM, NULL } };
	struct store *s = *state;
	struct list other = s->list;
	struct fixture *f = s->f;

	OK(list_add(s->h, "others", s->project.id, &other.id, &f->e));
	import_people(s, &s->list, P, 1);
	withdraw(s, "a@example.org");
	COUNTS(import_people(s, &other, Q, COUNT(Q)), 2, 0, 0, 1);
	assert_why(s, &other, "a+news@example.org", "no-consent");
	assert_why(s, &other, "b@example.org", "not-validated");
}

struct looking {
	const char *address, *why;
	bool found;
};

static int look(void *ctx, const struct member *m)
{
	struct looking *l = ctx;

	if (strcmp(m->address, l->address) != 0)
		return 0;
	l->found = true;
	if (strcmp(m->why, l->why) != 0)
		fail_msg("%s: '%s', not '%s'", m->address, m->why, l->why);
	return 1;
}

static void assert_why(struct store *s, const struct list *l, const char *address, const char *why)
{
	struct looking x = { address, why, false };
	struct fixture *f = s->f;

	OK(list_each_member(s->h, l->id, look, &x, &f->e));
	assert_true(x.found);
}

/* The number of those whom a mailing would leave out for `why`; "" counts those whom it would reach. */
static int64_t left_out(struct store *s, const char *why)
{
	struct mailing m = { .list_id = s->list.id };
	struct fixture *f = s->f;
	struct selection sel;
	int64_t sum = 0, n = 0;

	OK(selection_count(s->h, s->a, &m, &sel, &f->e));
	for (size_t i = 0; i < sel.n_skipped; i++) {
		sum += sel.skipped[i].n;
		if (strcmp(sel.skipped[i].why, why) == 0)
			n = sel.skipped[i].n;
	}
	assert_int_equal(sum + sel.mailable, sel.members);
	return why[0] ? n : sel.mailable;
}

static const struct query BOUNCE = { "t_bounce", "UPDATE address SET bounced = 1 WHERE delivery = $1", NULL };

static void make_one_of_each(struct store *s)
{
	static const struct person_row P[] = {
		{ "ok@example.org", FORM, NULL }, { "out@example.org", FORM, NULL }, { "none@example.org", NULL, NULL },
		{ "gone@example.org", FORM, NULL }, { "bounced@example.org", FORM, NULL }, { "info@example.org", FORM, NULL },
		{ "someone@gmail.com", FORM, NULL },
	};
	static const struct person_row LATER[] = { { "fresh@example.org", FORM, NULL } };
	struct fixture *f = s->f;

	import_people(s, &s->list, P, COUNT(P));
	sign_off_but(s, "info@example.org");
	import_people(s, &s->list, LATER, 1);
	/* By another spelling of the same person. */
	OK(opt_out_by_key(s->h, "out@example.org", OPT_OUT_STAFF, "by phone", s->ann, &f->e));
	withdraw(s, "gone@example.org");
	change(s, &BOUNCE, ARGS(db_text("bounced@example.org")));
}

static void each_reason_is_told(void **state)
{
	static const struct {
		const char *address, *why;
	} CASES[] = {
		{ "ok@example.org", "" }, { "out@example.org", "opted-out" }, { "none@example.org", "no-consent" },
		{ "gone@example.org", "no-consent" }, { "bounced@example.org", "bounced" },
		{ "info@example.org", "rejected" }, { "fresh@example.org", "not-validated" },
	};
	struct store *s = *state;

	make_one_of_each(s);
	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_why(s, &s->list, CASES[i].address, CASES[i].why);
	assert_int_equal(left_out(s, ""), 1);
	assert_int_equal(left_out(s, "opted-out"), 1);
	assert_int_equal(left_out(s, "no-consent"), 2);
	assert_int_equal(left_out(s, "bounced"), 1);
	assert_int_equal(left_out(s, "rejected"), 1);
	assert_int_equal(left_out(s, "not-validated"), 1);
	assert_int_equal(left_out(s, "trial"), 1);
	s->h->trial = false;
	assert_int_equal(left_out(s, "trial"), 0);
	assert_int_equal(left_out(s, ""), 2);
}

static void validations_lapse(void **state)
{
	struct store *s = *state;
	int64_t lapse = T0 + 12 * (30 * DAY + 12 * HOUR);

	import_many(s, 3);
	sign_off_but(s, NULL);
	s->h->clock.fixed = lapse - 1;
	assert_int_equal(left_out(s, ""), 3);
	s->h->clock.fixed = lapse;
	assert_int_equal(left_out(s, "lapsed"), 3);
	assert_why(s, &s->list, "person0@example.org", "lapsed");
	sign_off_but(s, NULL);
	assert_int_equal(left_out(s, ""), 3);
}

static void opting_out_beats_all_else(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;

	make_one_of_each(s);
	OK(opt_out_by_key(s->h, "none@example.org", OPT_OUT_STAFF, "by phone", s->ann, &f->e));
	OK(opt_out_by_key(s->h, "info@example.org", OPT_OUT_STAFF, "by phone", s->ann, &f->e));
	assert_why(s, &s->list, "none@example.org", "opted-out");
	assert_why(s, &s->list, "info@example.org", "opted-out");
}

static void fatigue_counts_thirty_days(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct outcome o;
	struct delivery *d;
	int64_t mailing, sender;
	size_t n;

	import_many(s, 2);
	sign_off_but(s, NULL);
	OK(institution_set(s->h, "fatigue-ceiling", "1", &f->e));
	mailing = start_mailing(s);
	sender = add_sender(s);
	d = claim(s, s->h, mailing, sender, T0 + 1, 1, &n);
	assert_int_equal(n, 1);
	assert_int_equal(left_out(s, "fatigue"), 1); /* it may be under way */
	o = accepted(&d[0], T0 + 2);
	write_outcomes(s, sender, &o, 1);
	assert_int_equal(left_out(s, "fatigue"), 1);
	s->h->clock.fixed = T0 + 2 + 30 * DAY - 1;
	assert_int_equal(left_out(s, "fatigue"), 1);
	s->h->clock.fixed = T0 + 2 + 30 * DAY;
	assert_int_equal(left_out(s, "fatigue"), 0);
}

static void consent_is_for_one_project(void **state)
{
	static const struct person_row WITHOUT[] = { { "person0@example.org", NULL, NULL } };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct project p = s->project;
	struct list other = { .name = "others" };

	import_many(s, 1);
	sign_off_but(s, NULL);
	p.slug = "other";
	OK(project_add(s->h, &p, &p.id, &f->e));
	OK(list_add(s->h, "others", p.id, &other.id, &f->e));
	other.project_id = p.id;
	import_people(s, &other, WITHOUT, 1);
	assert_why(s, &s->list, "person0@example.org", "");
	assert_why(s, &other, "person0@example.org", "no-consent");
	withdraw(s, "person0@example.org");
	OK(consent_add(s->h, address_id(s, "person0@example.org"), p.id, "given", FORM, "f", "2026-01-01", 0, s->ann, &f->e));
	assert_why(s, &s->list, "person0@example.org", "no-consent");
	assert_why(s, &other, "person0@example.org", "");
}

static void consent_texts_are_kept_once(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t a, b, c;

	OK(consent_text_id(s->h, "I agree.", &a, &f->e));
	OK(consent_text_id(s->h, "I agree.", &b, &f->e));
	OK(consent_text_id(s->h, "I agree!", &c, &f->e));
	assert_true(a == b && a != c);
	assert_true(consent_kind_is_importable("oral"));
	assert_false(consent_kind_is_importable("own-sign-up"));
	assert_false(consent_kind_is_importable("guess"));
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(a_batch_is_counted), IN_WORLD(an_import_repeated_changes_nothing), IN_WORLD(evidence_may_come_later),
		IN_WORLD(evidence_is_found_below_another_spelling), IN_WORLD(a_voided_import_is_not_continued),
		IN_WORLD(evidence_by_hand_is_void_by_itself),
		IN_WORLD(an_import_restores_nothing), IN_WORLD(another_spelling_restores_nothing), IN_WORLD(each_reason_is_told), IN_WORLD(validations_lapse),
		IN_WORLD(opting_out_beats_all_else), IN_WORLD(fatigue_counts_thirty_days), IN_WORLD(consent_is_for_one_project),
		IN_WORLD(consent_texts_are_kept_once),
	};

	return run_on_engines(tests, COUNT(tests));
}
