/* store: limits of a second and of a day, held by several senders over both engines; the table of names under them. */
#include "store_fixture.h"

#include "store/group.h"
#include "store/pace.h"
#include "store/pace_names.h"

static const struct query CLAIM_ALL = { "t_claim", "UPDATE delivery SET state = 'attempting', sender_id = $1, last = $2, first = $2", NULL };
static const struct query DUE = { "t_due", "SELECT count(*) FROM delivery WHERE state = 'queued' AND due = $1", NULL };
static const struct query USES = { "t_uses", "SELECT count(*) FROM pace_use WHERE scope <> 'lock'", NULL };
static const struct query GROUP_ROW = { "t_group", "INSERT INTO domain_group (domain, name, at) VALUES ($1, $2, 0)", NULL };
static const struct query LOCK_ROW = { "t_lock", "SELECT used FROM pace_use WHERE scope = 'lock'", NULL };

#define ORG "a@example.org"
#define COM "a@example.com"
#define MS  (SECOND / 1000)

static void limit(struct store *s, const char *name, int64_t milli, int64_t day)
{
	struct fixture *f = s->f;

	BEGIN;
	OK(pace_set(s->h, &(struct pace_limit){ .name = name, .per_second_milli = milli, .per_day = day }, &f->e));
	COMMIT;
}

static void limit_identity(struct store *s, int64_t second, int64_t day, int64_t warm_up)
{
	struct fixture *f = s->f;

	BEGIN;
	OK(pace_identity_set(s->h, &(struct pace_identity){ .id = s->project.identity_id, .per_second = second, .per_day = day,
							     .warm_up = warm_up }, &f->e));
	COMMIT;
}

/* One flush of a sender: admits one to each address, and tells what came of it. */
static void flush(struct store *s, struct home *h, struct pacer *p, int64_t now, const char *address, size_t n,
		  struct pace_start *out)
{
	struct fixture *f = s->f;

	OK(db_begin(h->db, &f->e));
	OK(pace_load(p, h, now, &f->e));
	for (size_t i = 0; i < n; i++)
		OK(pace_admit(p, h, s->project.identity_id, address, (int64_t)i, &out[i], &f->e));
	OK(pace_store(p, h, &f->e));
	OK(db_commit(h->db, &f->e));
}

static int64_t room(struct store *s, struct pacer *p, int64_t now, int64_t *opens)
{
	struct fixture *f = s->f;
	int64_t n;

	BEGIN;
	OK(pace_load(p, s->h, now, &f->e));
	pace_room(p, s->project.identity_id, &n, opens);
	COMMIT;
	return n;
}

static void nothing_is_limited(void **state)
{
	struct store *s = *state;
	struct pacer *p = pacer_new();
	struct pace_start start;
	int64_t opens;

	flush(s, s->h, p, T0, ORG, 1, &start);
	assert_true(!start.later && !start.at && !pace_is_on(p));
	assert_true(room(s, p, T0, &opens) == INT64_MAX);
	assert_int_equal(number(s, &USES, NO_ARGS), 0);
	pacer_free(p);
}

/* Both take from one schedule, whoever comes first, and no moment twice. */
static void two_senders_share_a_limit(void **state)
{
	struct store *s = *state;
	struct home *h = open_home(s);
	struct pacer *p = pacer_new(), *q = pacer_new();
	struct pace_start a[4], b[4];

	limit(s, "example.org", 4000, 0);
	flush(s, s->h, p, T0, ORG, 2, a);
	flush(s, h, q, T0, ORG, 2, b);
	assert_true(a[0].at == 0 && a[1].at == T0 + 250 * MS);
	assert_true(b[0].at == T0 + 500 * MS && b[1].at == T0 + 750 * MS);
	flush(s, s->h, p, T0, ORG, 3, a);
	assert_true(a[0].at == T0 + SECOND && !a[0].later);
	/* Those behind are put off, one behind the other, and half a second early. */
	assert_true(a[1].later && a[1].at == T0 + 1250 * MS - SECOND / 2);
	assert_true(a[2].later && a[2].at == T0 + 1500 * MS - SECOND / 2);
	flush(s, h, q, T0, ORG, 1, b);
	assert_true(b[0].later && b[0].at == T0 + 1750 * MS - SECOND / 2);
	/* When they come back, their moments are there. */
	flush(s, h, q, T0 + 750 * MS, ORG, 1, b);
	assert_true(!b[0].later && b[0].at == T0 + 1250 * MS);
	/* Another domain is not held up. */
	flush(s, h, q, T0 + 750 * MS, COM, 1, b);
	assert_true(!b[0].later && !b[0].at);
	/* What came to nothing is taken by the next one. */
	assert_int_equal(db_begin(h->db, &s->f->e), 0);
	assert_int_equal(pace_load(q, h, T0 + 9 * SECOND, &s->f->e), 0);
	assert_int_equal(pace_admit(q, h, s->project.identity_id, ORG, 1, b, &s->f->e), 0);
	db_rollback(h->db);
	pace_undo(q);
	flush(s, s->h, p, T0 + 9 * SECOND, ORG, 1, a);
	flush(s, h, q, T0 + 9 * SECOND, ORG, 1, b);
	assert_true(!a[0].at && b[0].at == T0 + 9 * SECOND + 250 * MS);
	pacer_free(p);
	pacer_free(q);
	home_free(h);
}

static void own_group_and_rest(void **state)
{
	struct store *s = *state;
	struct pacer *p = pacer_new();
	struct pace_start x[2];

	change(s, &GROUP_ROW, ARGS(db_text("example.org"), db_text("mx.example")));
	change(s, &GROUP_ROW, ARGS(db_text("example.com"), db_text("mx.example")));
	limit(s, "mx:mx.example", 1000, 0);
	limit(s, "example.org", 100000, 3);
	limit(s, "*", 2000, 0);
	/* The group is one for both domains, and the domain's own limit holds beside it. */
	flush(s, s->h, p, T0, ORG, 1, x);
	flush(s, s->h, p, T0, COM, 1, x + 1);
	assert_true(!x[0].at && x[1].at == T0 + SECOND);
	flush(s, s->h, p, T0 + 10 * SECOND, ORG, 1, x);
	flush(s, s->h, p, T0 + 20 * SECOND, ORG, 1, x);
	flush(s, s->h, p, T0 + 30 * SECOND, ORG, 1, x);
	assert_true(x[0].later && x[0].at == (T0 / DAY + 1) * DAY);
	/* Each of the others has the one for all to itself. */
	flush(s, s->h, p, T0, "a@one.example", 1, x);
	flush(s, s->h, p, T0, "\"a@b\"@two.example", 1, x + 1);
	assert_true(!x[0].at && !x[1].at);
	flush(s, s->h, p, T0, "b@two.example", 1, x);
	assert_true(x[0].at == T0 + 500 * MS);
	pacer_free(p);
}

static void an_identity(void **state)
{
	struct store *s = *state;
	struct pacer *p = pacer_new();
	struct pace_start x[12];
	int64_t opens;

	limit_identity(s, 10, 12, 0);
	limit(s, "example.org", 1000, 0);
	assert_int_equal(room(s, p, T0, &opens), 11);
	flush(s, s->h, p, T0, COM, 10, x);
	for (int i = 0; i < 10; i++)
		assert_true(!x[i].later && x[i].at == (i ? T0 + i * 100 * MS : 0));
	assert_int_equal(room(s, p, T0, &opens), 1);
	/* A slow domain takes one moment of the identity's, and not all up to its own. */
	flush(s, s->h, p, T0 + 2 * SECOND, ORG, 1, x);
	assert_int_equal(room(s, p, T0 + 2 * SECOND, &opens), 1); /* of the day */
	flush(s, s->h, p, T0 + 2 * SECOND, COM, 1, x);
	assert_true(x[0].at == T0 + 2100 * MS);
	assert_int_equal(room(s, p, T0 + 4 * SECOND, &opens), 0);
	assert_true(opens == (T0 / DAY + 1) * DAY);
	flush(s, s->h, p, T0 + 4 * SECOND, COM, 1, x);
	assert_true(x[0].later && x[0].at == opens);
	assert_int_equal(room(s, p, opens, &opens), 11);
	pacer_free(p);
}

static void a_warm_up(void **state)
{
	static const int64_t DAYS[] = { 3, 6, 12, 24, 48, 96, 192, 384, 768, 1536 };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct pacer *p = pacer_new();
	struct pace_identity x;
	struct pace_start start;
	int64_t opens, now = T0;

	limit_identity(s, 0, 0, 3);
	for (size_t i = 0; i < COUNT(DAYS); i++, now += (i % 3 + 1) * DAY) { /* days without mail do not count */
		assert_int_equal(room(s, p, now, &opens), DAYS[i]);
		flush(s, s->h, p, now, COM, 1, &start);
		assert_int_equal(room(s, p, now, &opens), DAYS[i] - 1);
	}
	assert_true(room(s, p, now, &opens) == INT64_MAX);
	OK(pace_identity_get(s->h, s->project.identity_id, &x, &f->e));
	assert_true(x.warm_since == T0);
	/* Set anew it begins anew; set to the same it goes on. */
	s->h->clock.fixed = now;
	limit_identity(s, 0, 100, 3);
	OK(pace_identity_get(s->h, s->project.identity_id, &x, &f->e));
	assert_int_equal(x.today, 100);
	limit_identity(s, 0, 0, 4);
	OK(pace_identity_get(s->h, s->project.identity_id, &x, &f->e));
	assert_int_equal(x.today, 4);
	assert_true(!x.warm_since);
	pacer_free(p);
}

static void what_is_given_back(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct pacer *p = pacer_new();
	struct pace_start x[3];
	struct outcome o[3];
	int64_t opens;

	import_many(s, 3);
	sign_off_but(s, NULL);
	start_mailing(s);
	limit_identity(s, 0, 3, 0);
	limit(s, "example.org", 0, 3);
	flush(s, s->h, p, T0, "person0@example.org", 3, x);
	assert_int_equal(room(s, p, T0, &opens), 0);
	o[0] = (struct outcome){ .id = 1, .claimed = T0, .state = "queued" };
	o[1] = (struct outcome){ .id = 2, .claimed = T0, .state = "deferred", .counts = true };
	o[2] = (struct outcome){ .id = 3, .claimed = T0 - DAY, .state = "queued" };
	BEGIN;
	OK(pace_load(p, s->h, T0 + 1, &f->e));
	OK(pace_return(p, s->h, o, 3, &f->e));
	OK(pace_store(p, s->h, &f->e));
	COMMIT;
	assert_int_equal(room(s, p, T0 + 2, &opens), 1);
	flush(s, s->h, p, T0 + 3, "person1@example.org", 2, x);
	assert_true(!x[0].later && x[1].later);
	pacer_free(p);
}

static void system_mail_counts_and_never_waits(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct pacer *p = pacer_new();
	struct pace_start x;
	int64_t opens;

	limit_identity(s, 1, 5, 0);
	BEGIN;
	OK(pace_load(p, s->h, T0, &f->e));
	for (int i = 0; i < 9; i++)
		OK(pace_count(p, s->h, s->project.identity_id, COM, &f->e));
	OK(pace_store(p, s->h, &f->e));
	COMMIT;
	assert_int_equal(room(s, p, T0, &opens), 0);
	/* Not further ahead than a second and one: nobody has to wait until nine seconds are over. */
	limit_identity(s, 1, 0, 0);
	pacer_free(p);
	p = pacer_new();
	flush(s, s->h, p, T0 + SECOND, COM, 1, &x);
	assert_true(!x.later && x.at == T0 + 2 * SECOND);
	pacer_free(p);
}

/* A limit that is raised, a clock that was set back: nobody waits for what was taken under another rule. */
static void what_was_taken_far_ahead(void **state)
{
	struct store *s = *state;
	struct pacer *p = pacer_new();
	struct pace_start x[3];

	limit(s, "example.org", 1, 0); /* one in a thousand seconds */
	flush(s, s->h, p, T0 + 10 * DAY, ORG, 2, x);
	assert_true(x[1].later);
	limit(s, "example.org", 1000, 0);
	pacer_free(p);
	p = pacer_new();
	flush(s, s->h, p, T0, ORG, 2, x);
	assert_true(!x[0].later && !x[0].at && x[1].at == T0 + SECOND);
	pacer_free(p);
}

/* A long queue comes back in a row for half an hour, and those behind it before that. */
static void a_long_queue(void **state)
{
	struct store *s = *state;
	struct pacer *p = pacer_new();
	struct pace_start *x = ARENA_ARRAY(s->a, struct pace_start, 4000);
	size_t behind = 0;

	limit(s, "example.org", 1000, 0);
	flush(s, s->h, p, T0, ORG, 4000, x);
	for (size_t i = 2; i < 4000; i++) {
		assert_true(x[i].later && x[i].at <= T0 + 31 * MINUTE);
		if (i < 1800)
			assert_true(x[i].at == T0 + (int64_t)i * SECOND - SECOND / 2);
		else if (i > 1802)
			behind += x[i].at >= T0 + 15 * MINUTE && x[i].at < T0 + 30 * MINUTE;
	}
	assert_int_equal(behind, 4000 - 1803);
	/* Nobody came for three seconds: their mailing is gone, and the others need not stand behind them. */
	flush(s, s->h, p, T0 + 6 * SECOND, ORG, 3, x);
	assert_true(!x[0].later && !x[1].later && x[2].later && x[2].at == T0 + 8 * SECOND - SECOND / 2);
	pacer_free(p);
}

static void put_off_and_called_back(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct delivery d = { .id = 1, .claimed = T0 };
	int64_t sender, rows;

	import_many(s, 2);
	sign_off_but(s, NULL);
	start_mailing(s);
	sender = add_sender(s);
	change(s, &CLAIM_ALL, ARGS(db_i64(sender), db_i64(T0)));
	OK(pace_put_off(s->h, sender, &d, T0 + HOUR, &f->e));
	d.claimed++; /* another claim: not this one's to give back */
	d.id = 2;
	OK(pace_put_off(s->h, sender, &d, T0 + HOUR, &f->e));
	assert_int_equal(number(s, &DUE, ARGS(db_i64(T0 + HOUR))), 1);
	limit(s, "example.org", 1000, 0);
	assert_int_equal(number(s, &DUE, ARGS(db_i64(T0 + HOUR))), 0);
	assert_int_equal(number(s, &DUE, ARGS(db_i64(0))), 1);
	OK(pace_forget(s->h, &rows, &f->e));
}

static void idle_rows_go(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct pacer *p = pacer_new();
	struct pace_start x;
	int64_t rows = 0;

	limit(s, "*", 1000, 0);
	limit_identity(s, 1000, 0, 0);
	flush(s, s->h, p, T0, ORG, 1, &x);
	flush(s, s->h, p, T0 + 3 * DAY, COM, 1, &x);
	assert_int_equal(number(s, &USES, NO_ARGS), 3);
	s->h->clock.fixed = T0 + 3 * DAY;
	OK(pace_forget(s->h, &rows, &f->e));
	assert_int_equal(rows, 1);
	assert_int_equal(number(s, &USES, NO_ARGS), 2);
	assert_true(number(s, &LOCK_ROW, NO_ARGS) >= 2);
	pacer_free(p);
}

static void names_of_limits(void **state)
{
	static const char *const GOOD[][2] = { { "*", "*" }, { "Example.ORG", "example.org" }, { "MX:Google.com", "mx:google.com" },
					       { "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" } };
	static const char *const BAD[] = { "", "mx:", "**", "a b.example", "@example.org", "localhost", "mx:*" };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(GOOD); i++)
		assert_string_equal(pace_name(a, GOOD[i][0]), GOOD[i][1]);
	for (size_t i = 0; i < COUNT(BAD); i++)
		assert_null(pace_name(a, BAD[i]));
	arena_free(a);
}

/* --- groups --------------------------------------------------------------------------------------- */

static const struct query GROUP_NAME = { "t_group_name", "SELECT count(*) FROM domain_group WHERE domain = $1 AND name = $2 AND at = $3", NULL };

struct zone_of_tests {
	int asked;
};

static void answer(void *ctx, struct arena *a, const char *name, enum dns_type type, struct dns_answer *out)
{
	static const struct {
		const char *name;
		enum dns_status status;
		const char *mx[2];
		uint16_t preference[2];
	} ZONE[] = {
		{ "example.org", DNS_FOUND, { "backup.other.example", "mx1.big.example" }, { 20, 10 } },
		{ "example.com", DNS_FOUND, { "b.mx.big.example", "a.mx.great.example" }, { 5, 5 } },
		{ "null.test", DNS_FOUND, { "" }, { 0 } },
		{ "own.sub.test", DNS_NO_DATA, { NULL }, { 0 } },
		{ "broken.test", DNS_TROUBLE, { NULL }, { 0 } },
	};
	struct zone_of_tests *z = ctx;

	assert_int_equal(type, DNS_MX);
	z->asked++;
	*out = (struct dns_answer){ .status = DNS_NO_NAME };
	for (size_t i = 0; i < COUNT(ZONE); i++) {
		if (strcmp(ZONE[i].name, name) != 0)
			continue;
		out->status = ZONE[i].status;
		out->record = ARENA_ARRAY(a, struct dns_record, 2);
		for (; out->status == DNS_FOUND && out->n < 2 && ZONE[i].mx[out->n]; out->n++)
			out->record[out->n] = (struct dns_record){ .text = ZONE[i].mx[out->n], .n = strlen(ZONE[i].mx[out->n]),
								   .preference = ZONE[i].preference[out->n] };
	}
}

static void assert_group(struct store *s, const char *domain, const char *name, int64_t at)
{
	if (number(s, &GROUP_NAME, ARGS(db_text(domain), db_text(name), db_i64(at))) != 1)
		fail_msg("%s is not of %s", domain, name);
}

static void groups_of_domains(void **state)
{
	static const struct person_row PEOPLE[] = {
		{ "a@example.org", "signed-form", NULL }, { "b@example.org", "signed-form", NULL }, { "a@example.com", "signed-form", NULL },
		{ "a@null.test", "signed-form", NULL },	  { "a@own.sub.test", "signed-form", NULL }, { "a@gone.test", "signed-form", NULL },
		{ "a@broken.test", "signed-form", NULL },
	};
	struct store *s = *state;
	struct fixture *f = s->f;
	struct zone_of_tests z = { 0 };
	const struct dns_asker dns = { answer, &z };
	int64_t n;

	import_people(s, &s->list, PEOPLE, COUNT(PEOPLE));
	sign_off_but(s, NULL);
	start_mailing(s);
	OK(groups_keep(s->h, &n, &f->e)); /* a trial home asks nobody */
	assert_int_equal(n, 0);
	assert_int_equal(groups_note(s->h, &f->e), 1);
	assert_int_equal(groups_note(s->h, &f->e), 0);
	OK(groups_ask(s->h, &dns, INT64_MAX, &n, &f->e));
	assert_int_equal(n, 6);
	assert_group(s, "example.org", "big.example", T0);
	assert_group(s, "example.com", "great.example", T0);
	assert_group(s, "null.test", "", T0);
	assert_group(s, "own.sub.test", "sub.test", T0);
	assert_group(s, "gone.test", "", T0);
	assert_group(s, "broken.test", "", T0 - 29 * DAY);
	OK(groups_ask(s->h, &dns, INT64_MAX, &n, &f->e));
	assert_int_equal(n, 0);
	/* A later mailing asks anew for what is old, and for nothing else. */
	s->h->clock.fixed = T0 + 2 * DAY;
	start_mailing(s);
	assert_int_equal(groups_note(s->h, &f->e), 1);
	OK(groups_ask(s->h, &dns, INT64_MAX, &n, &f->e));
	assert_int_equal(n, 1);
	assert_int_equal(z.asked, 7);
}

/* --- the table of names --------------------------------------------------------------------------- */

static bool is_even(const struct pace_named *x, void *ctx)
{
	(void)ctx;
	return (x->name[strlen(x->name) - 1] - '0') % 2 == 0;
}

static void drop(struct pace_named *x)
{
	free(x->name);
	free(x);
}

static void many_names(void **state)
{
	struct names t = { 0 };
	char name[24];

	(void)state;
	assert_null(names_find(&t, "none"));
	for (int i = 0; i < 10000; i++) {
		struct pace_named *x = mem_alloc(sizeof(*x));

		snprintf(name, sizeof(name), "name%d", i);
		x->name = mem_copy_text(name);
		names_put(&t, x);
	}
	names_sweep(&t, is_even, NULL, drop);
	assert_int_equal(t.n, 5000);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		assert_true((names_find(&t, name) != NULL) == (i % 2 == 0));
	}
	names_sweep(&t, NULL, NULL, drop);
	assert_true(t.n == 0 && !names_find(&t, "name2"));
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(nothing_is_limited),
		IN_WORLD(two_senders_share_a_limit),
		IN_WORLD(own_group_and_rest),
		IN_WORLD(an_identity),
		IN_WORLD(a_warm_up),
		IN_WORLD(what_is_given_back),
		IN_WORLD(system_mail_counts_and_never_waits),
		IN_WORLD(what_was_taken_far_ahead),
		IN_WORLD(a_long_queue),
		IN_WORLD(put_off_and_called_back),
		IN_WORLD(idle_rows_go),
		IN_WORLD(groups_of_domains),
		cmocka_unit_test(names_of_limits),
		cmocka_unit_test(many_names),
	};

	return run_on_engines(tests, COUNT(tests));
}
