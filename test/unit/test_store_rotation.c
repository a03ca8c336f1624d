/* store: the keys of identities and their rotation (DKIM-8), and how long good answers are believed. */
#include "store/rotation.h"

#include "base/file.h"
#include "store/audit.h"
#include "store_fixture.h"

static const struct query SENDING = {
	"t_sending",
	"INSERT INTO mailing (project_id, list_id, subject, body, language, state, created_by, created, started)"
	" VALUES ($1, $2, 's', 'b', 'en', 'sending', $3, 0, $4)",
	NULL
};
static const struct query ENDS = { "t_ends", "UPDATE mailing SET state = 'done'", NULL };
static const struct query PAUSED = { "t_paused", "SELECT count(*) FROM mailing WHERE state = 'paused'", NULL };
static const struct query SEEN = { "t_seen", "UPDATE dkim_key SET seen = $1 WHERE state = 'next'", NULL };
static const struct query LIVES = { "t_lives", "SELECT count(*) FROM identity_fact WHERE identity_id = $1", NULL };

static struct identity add_identity(struct store *s, const char *name, bool relay_signs)
{
	struct fixture *f = s->f;
	struct identity x = { .name = name, .domains = "news.uni.example", .relay = "smtp://127.0.0.1:25", .outbound = "",
			      .purpose = "mailing", .relay_signs = relay_signs };

	BEGIN;
	OK(identity_add(s->h, s->a, &x, &f->e));
	COMMIT;
	assert_int_equal(identity_by_name(s->h, s->a, name, &x, &f->e), 1);
	return x;
}

/* "current current next next": the states of all keys, the oldest first. */
static const char *states(struct store *s, const struct identity *x)
{
	struct fixture *f = s->f;
	struct identity_key *key;
	const char *out = "";
	size_t n;

	OK(identity_keys(s->h, s->a, x, &key, &n, &f->e));
	assert_true(n % 2 == 0);
	for (size_t i = 0; i < n; i += 2) {
		assert_int_equal(key[i].state, key[i + 1].state);
		assert_string_equal(key[i].algorithm, "rsa");
		assert_string_equal(key[i + 1].algorithm, "ed25519");
		out = arena_printf(s->a, "%s%s%s", out, *out ? " " : "", key_state_name(key[i].state));
	}
	return out;
}

static const char *signing(struct store *s, const struct identity *x)
{
	struct fixture *f = s->f;
	struct dkim_signer signer[2];

	OK(identity_signers(s->h, s->a, x, signer, &f->e));
	return arena_printf(s->a, "%s %s", signer[0].selector, signer[1].selector);
}

static bool has_private(struct store *s, const struct identity *x, const char *selector)
{
	return file_exists(home_file(s->h, s->a, arena_printf(s->a, "keys/dkim/%s.%s.pem", x->name, selector)));
}

static void later(struct store *s, const struct identity *x, int64_t at, bool published, const char *want)
{
	const struct keys_seen seen = { .ttl = 3600, .next = published };
	struct fixture *f = s->f;
	int64_t moved;

	s->h->clock.fixed = at;
	OK(rotation_advance(s->h, s->a, x, &seen, &moved, &f->e));
	if (strcmp(states(s, x), want) != 0)
		fail_msg("%s, wanted: %s", states(s, x), want);
}

static void keys_take_their_way(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = add_identity(s, "news", false);
	const char *first = signing(s, &x);
	struct identity_key *key;
	struct keys_seen seen;
	int64_t t = T0, entries, broken;
	size_t n;

	assert_string_equal(states(s, &x), "current");
	OK(rotation_begin(s->h, s->a, s->rev, &x, &f->e));
	FAILS(ERR_REFUSED, rotation_begin(s->h, s->a, s->rev, &x, &f->e));
	assert_string_equal(states(s, &x), "current next");
	assert_string_equal(signing(s, &x), first);

	/* Nobody has seen them published: they wait, however long. */
	later(s, &x, t + 100 * DAY, true, "current next");
	t += 100 * DAY;
	OK(facts_look_keys(s->h, s->a, &x, &seen, &f->e)); /* in a trial home: they count as seen */
	later(s, &x, t + KEYS_SEEN_FOR - 1, true, "current next");
	later(s, &x, t + KEYS_SEEN_FOR, false, "current next"); /* not published in this very look */
	t += KEYS_SEEN_FOR;
	later(s, &x, t, true, "old current");
	assert_string_not_equal(signing(s, &x), first);

	OK(identity_keys(s->h, s->a, &x, &key, &n, &f->e));
	assert_int_equal(n, 4);
	assert_true(has_private(s, &x, key[0].selector) && has_private(s, &x, key[2].selector));
	later(s, &x, t + KEYS_OLD_FOR - 1, true, "old current");
	later(s, &x, t + KEYS_OLD_FOR, true, "withdrawn current");
	assert_false(has_private(s, &x, key[0].selector) || has_private(s, &x, key[1].selector));
	assert_true(has_private(s, &x, key[2].selector) && has_private(s, &x, key[3].selector));
	t += KEYS_OLD_FOR;
	later(s, &x, t + KEYS_WITHDRAWN_FOR - 1, true, "withdrawn current");
	later(s, &x, t + KEYS_WITHDRAWN_FOR, true, "gone current");

	/* What is gone can still verify. */
	OK(identity_keys(s->h, s->a, &x, &key, &n, &f->e));
	assert_non_null(strstr(key[0].record, "p=MII"));
	assert_int_equal(audit_verify(s->h, &entries, &broken, &f->e), 0);
}

/* Data and files of different days, as a restore may leave them: nothing is signed that nobody can verify. */
static void a_key_is_the_half_of_its_record(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = add_identity(s, "news", false), other = add_identity(s, "other", false);
	struct dkim_signer signer[2];
	struct identity_key *key;
	size_t n;

	OK(identity_keys(s->h, s->a, &x, &key, &n, &f->e));
	OK(identity_drop_private(s->h, s->a, &x, &key[1], &f->e));
	OK(file_copy(home_file(s->h, s->a, arena_printf(s->a, "keys/dkim/%s.%s.pem", other.name, key[1].selector)),
		     home_file(s->h, s->a, arena_printf(s->a, "keys/dkim/%s.%s.pem", x.name, key[1].selector)), 0600, &f->e));
	FAILS(ERR_REFUSED, identity_signers(s->h, s->a, &x, signer, &f->e));
	OK(identity_signers(s->h, s->a, &other, signer, &f->e));
}

static void a_long_ttl_is_waited_for(void **state)
{
	const struct keys_seen seen = { .ttl = 2 * 24 * 3600, .next = true };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = add_identity(s, "news", false);
	int64_t moved;

	OK(rotation_begin(s->h, s->a, s->rev, &x, &f->e));
	change(s, &SEEN, ARGS(db_i64(T0)));
	s->h->clock.fixed = T0 + 4 * DAY - 1;
	OK(rotation_advance(s->h, s->a, &x, &seen, &moved, &f->e));
	assert_int_equal(moved, 0);
	s->h->clock.fixed = T0 + 4 * DAY;
	OK(rotation_advance(s->h, s->a, &x, &seen, &moved, &f->e));
	assert_int_equal(moved, 4);
}

static int64_t send_one(struct store *s, int64_t started)
{
	change(s, &SENDING, ARGS(db_i64(s->project.id), db_i64(s->list.id), db_i64(s->ann), db_i64(started)));
	return started;
}

/* The project of the fixture sends by the identity "mail", which has no keys yet. */
static struct identity world_identity(struct store *s)
{
	struct identity_key made[2];
	struct fixture *f = s->f;
	struct identity x;

	assert_int_equal(identity_by_name(s->h, s->a, "mail", &x, &f->e), 1);
	BEGIN;
	OK(identity_make_keys(s->h, s->a, &x, KEY_CURRENT, made, &f->e));
	COMMIT;
	return x;
}

static void old_keys_stay_while_a_mailing_uses_them(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = world_identity(s);
	int64_t t = T0 + KEYS_SEEN_FOR;

	send_one(s, T0);
	OK(rotation_begin(s->h, s->a, s->rev, &x, &f->e));
	change(s, &SEEN, ARGS(db_i64(T0)));
	later(s, &x, t, true, "old current");
	later(s, &x, t + 20 * DAY, true, "old current"); /* still being sent, by a sender that has them */
	change(s, &ENDS, NO_ARGS);
	send_one(s, t + 21 * DAY); /* this one has the new keys */
	later(s, &x, t + 20 * DAY + KEYS_OLD_FOR - 1, true, "old current");
	later(s, &x, t + 20 * DAY + KEYS_OLD_FOR, true, "withdrawn current");
}

static void suspicion_withdraws_at_once(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = world_identity(s);
	const char *first = signing(s, &x);
	struct identity_key *key;
	int64_t paused;
	size_t n;

	send_one(s, T0);
	OK(rotation_at_once(s->h, s->a, s->rev, &x, &paused, &f->e));
	assert_int_equal(paused, 1);
	assert_int_equal(number(s, &PAUSED, NO_ARGS), 1);
	assert_string_equal(states(s, &x), "withdrawn current");
	assert_string_not_equal(signing(s, &x), first);
	OK(identity_keys(s->h, s->a, &x, &key, &n, &f->e));
	assert_false(has_private(s, &x, key[0].selector) || has_private(s, &x, key[1].selector));
	/* With next keys at hand, those are taken. */
	OK(rotation_begin(s->h, s->a, s->rev, &x, &f->e));
	OK(rotation_at_once(s->h, s->a, s->rev, &x, &paused, &f->e));
	assert_string_equal(states(s, &x), "withdrawn withdrawn current");
}

static void every_pair_has_selectors_of_its_own(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = add_identity(s, "news", false);
	struct identity_key *key;
	int64_t paused;
	size_t n;

	for (int i = 0; i < 3; i++)
		OK(rotation_at_once(s->h, s->a, s->rev, &x, &paused, &f->e));
	OK(identity_keys(s->h, s->a, &x, &key, &n, &f->e));
	assert_int_equal(n, 8);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(key[i].selector, key[k].selector);
	assert_non_null(strstr(key[2].selector, "br"));
}

static void a_relay_that_signs_has_its_own_keys(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = add_identity(s, "news", true);
	int64_t paused;

	FAILS(ERR_REFUSED, rotation_begin(s->h, s->a, s->rev, &x, &f->e));
	FAILS(ERR_REFUSED, rotation_at_once(s->h, s->a, s->rev, &x, &paused, &f->e));
}

/* A step that breaks leaves everything as it was: keys that sign have their private halves. */
static void a_rotation_that_breaks_changes_nothing(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = world_identity(s);
	const char *first = signing(s, &x);
	int64_t paused;

	send_one(s, T0);
	OK(rotation_begin(s->h, s->a, s->rev, &x, &f->e)); /* making keys takes long; they are made once */
	for (int n = 1;; n++) {
		int rc;

		db_fail_at(s->h->db, n);
		rc = rotation_at_once(s->h, s->a, s->rev, &x, &paused, &f->e);
		db_fail_at(s->h->db, 0);
		if (rc == 0)
			break;
		err_clear(&f->e);
		assert_true(n < 200);
		assert_non_null(signing(s, &x));
		if (strcmp(states(s, &x), "current next") != 0) /* committed; only the files were left to remove */
			return;
		assert_string_equal(signing(s, &x), first);
	}
}

static void a_trial_home_asks_nobody(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = add_identity(s, "news", false);
	struct infrastructure_facts facts;
	struct institution in;

	OK(institution_load(s->h, s->a, &in, &f->e));
	OK(facts_for_policy(s->h, s->a, &in, &x, &s->project, true, &facts, &f->e));
	assert_int_equal(facts.spf, FACT_TRIAL);
	assert_int_equal(facts.statement_page, FACT_TRIAL);
	assert_int_equal(number(s, &LIVES, ARGS(db_i64(x.id))), 0);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(keys_take_their_way),
		IN_WORLD(a_key_is_the_half_of_its_record),
		IN_WORLD(a_long_ttl_is_waited_for),
		IN_WORLD(old_keys_stay_while_a_mailing_uses_them),
		IN_WORLD(suspicion_withdraws_at_once),
		IN_WORLD(every_pair_has_selectors_of_its_own),
		IN_WORLD(a_relay_that_signs_has_its_own_keys),
		IN_WORLD(a_rotation_that_breaks_changes_nothing),
		IN_WORLD(a_trial_home_asks_nobody),
	};

	return run_on_engines(tests, COUNT(tests));
}
