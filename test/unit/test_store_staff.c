/* store: settings of the institution, staff accounts with their tokens, and the audit ledger. */
#include "store_fixture.h"

/* --- settings ------------------------------------------------------------------------------------ */

static const char *setting(struct store *s, const char *key)
{
	struct fixture *f = s->f;
	const char *value = NULL;

	OK(institution_get(s->h, s->a, key, &value, &f->e));
	return value;
}

static void settings_begin_and_change(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;

	assert_string_equal(setting(s, "fatigue-ceiling"), "4");
	assert_null(setting(s, "contact"));
	assert_non_null(setting(s, "statement")); /* a trial home has a sample */
	assert_non_null(setting(s, "unofficial-sentence.en"));
	assert_non_null(setting(s, "unofficial-sentence.de"));
	assert_null(setting(s, "unofficial-sentence.la"));
	OK(institution_set(s->h, "fatigue-ceiling", "2", &f->e));
	OK(institution_set(s->h, "fatigue-ceiling", "3", &f->e));
	OK(institution_set(s->h, "unofficial-sentence.de", "Dies ist keine amtliche Mitteilung.", &f->e));
	assert_string_equal(setting(s, "fatigue-ceiling"), "3");
	assert_string_equal(setting(s, "unofficial-sentence.de"), "Dies ist keine amtliche Mitteilung.");
}

static void bad_settings_are_refused(void **state)
{
	static const struct {
		const char *key, *value;
		enum err_kind kind;
	} CASES[] = {
		{ "no-such", "x", ERR_MISSING },
		{ "unofficial-sentence.", "x", ERR_MISSING },
		{ "unofficial-sentence.9", "x", ERR_MISSING },
		{ "fatigue-ceiling", "0", ERR_INPUT },
		{ "fatigue-ceiling", "31", ERR_INPUT },
		{ "fatigue-ceiling", "four", ERR_INPUT },
		{ "validity-months", "13", ERR_INPUT },
		{ "name", "", ERR_INPUT },
		{ "name", "a\xff", ERR_INPUT },
	};
	struct store *s = *state;
	struct fixture *f = s->f;

	for (size_t i = 0; i < COUNT(CASES); i++)
		if (institution_set(s->h, CASES[i].key, CASES[i].value, &f->e) >= 0 || f->e.kind != CASES[i].kind)
			fail_msg("%s = %s: kind %d: %s", CASES[i].key, CASES[i].value, f->e.kind, f->e.text);
	assert_string_equal(setting(s, "fatigue-ceiling"), "4");
}

static void the_institution_is_loaded(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct institution inst;

	OK(institution_set(s->h, "domains", "uni.example\nuni2.example", &f->e));
	OK(institution_set(s->h, "opt-out-wording.de", "Keine Post mehr", &f->e));
	OK(institution_load(s->h, s->a, &inst, &f->e));
	assert_string_equal(inst.domains[0], "uni.example");
	assert_string_equal(inst.domains[1], "uni2.example");
	assert_null(inst.domains[2]);
	assert_string_equal(pair_find(inst.opt_out_wording, "de"), "Keine Post mehr");
	assert_non_null(pair_find(inst.opt_out_wording, "en"));
	assert_string_equal(pair_find(inst.opt_out_wording, "de-AT"), "Keine Post mehr");
	assert_non_null(pair_find(inst.unofficial, "fi"));
	assert_null(pair_find(inst.opt_out_wording, "la"));
	assert_null(pair_find(inst.opt_out_wording, "d"));
	assert_string_equal(inst.statement_url, "http://127.0.0.1:8080/");
	assert_int_equal(inst.fatigue_ceiling, 4);
	assert_int_equal(inst.validity_months, 12);
}

/* --- accounts ------------------------------------------------------------------------------------ */

static void accounts_have_roles(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct account x, *all;
	size_t n;
	int64_t id = add_account(s, "both@uni.example", ROLE_REVIEWER | ROLE_VALIDATOR);

	assert_int_equal(account_by_address(s->h, s->a, "both@uni.example", &x, &f->e), 1);
	assert_true(x.id == id);
	assert_int_equal(x.roles, ROLE_REVIEWER | ROLE_VALIDATOR);
	assert_string_equal(roles_text(s->a, x.roles), "reviewer validator");
	assert_false(x.disabled);
	assert_int_equal(account_by_address(s->h, s->a, "none@uni.example", &x, &f->e), 0);
	assert_int_equal(account_by_id(s->h, s->a, 9999, &x, &f->e), 0);
	OK(account_list(s->h, s->a, &all, &n, &f->e));
	assert_int_equal(n, 4);
	assert_string_equal(all[0].address, "ann@uni.example");
	assert_int_equal(role_parse("postmaster"), ROLE_POSTMASTER);
	assert_int_equal(role_parse("post"), 0);
}

static void an_account_is_added_once(void **state)
{
	struct account x = { .address = "ann@uni.example", .name = "Other", .roles = ROLE_REVIEWER };
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id;

	FAILS(ERR_REFUSED, account_add(s->h, &x, NULL, &id, &f->e));
	x.address = "new@uni.example";
	FAILS(ERR_INPUT, account_add(s->h, &x, "short", &id, &f->e));
	OK(account_add(s->h, &x, "long enough", &id, &f->e));
}

static void roles_are_looked_for_elsewhere(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t psy = s->project.department_id;

	/* rev belongs to no department, so to none that is the project's own. */
	assert_int_equal(account_role_elsewhere(s->h, ROLE_REVIEWER, psy, 0, &f->e), 1);
	assert_int_equal(account_role_elsewhere(s->h, ROLE_REVIEWER, psy, s->rev, &f->e), 0);
	assert_int_equal(account_role_elsewhere(s->h, ROLE_POSTMASTER, 0, 0, &f->e), 0);
	OK(account_disable(s->h, s->rev, &f->e));
	assert_int_equal(account_role_elsewhere(s->h, ROLE_REVIEWER, psy, 0, &f->e), 0);
}

static const struct query KEPT_TOKENS = { "t_tokens", "SELECT count(*) FROM token WHERE hash = $1", NULL };

static void tokens_act_until_disabled(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	char token[80], other[80];
	int64_t id = 0;

	OK(token_add(s->h, s->ann, "act", token, &f->e));
	OK(token_add(s->h, s->ann, "act", other, &f->e));
	assert_string_not_equal(token, other);
	assert_int_equal(strncmp(token, "placet_", 7), 0);
	assert_true(strlen(token) >= 7 + 43);
	assert_int_equal(token_account(s->h, token, &id, &f->e), 1);
	assert_true(id == s->ann);
	assert_int_equal(token_account(s->h, "placet_wrong", &id, &f->e), 0);
	assert_int_equal(number(s, &KEPT_TOKENS, ARGS(db_bytes(token, strlen(token)))), 0); /* only its hash */
	OK(account_disable(s->h, s->ann, &f->e));
	assert_int_equal(token_account(s->h, token, &id, &f->e), 0);
}

static void slugs_are_plain(void **state)
{
	static const char *const BAD[] = { "", "-a", "a-", "a--b", "A", "a b", "a_b", "\xc3\xa4",
					   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	static const char *const GOOD[] = { "a", "a-1", "2026", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct store *s = *state;
	struct fixture *f = s->f;

	for (size_t i = 0; i < COUNT(BAD); i++)
		FAILS(ERR_INPUT, department_add(s->h, BAD[i], "Name", &f->e));
	for (size_t i = 0; i < COUNT(GOOD); i++)
		OK(department_add(s->h, GOOD[i], "Name", &f->e));
	FAILS(ERR_REFUSED, department_add(s->h, "a-1", "Again", &f->e));
}

/* --- the ledger ---------------------------------------------------------------------------------- */

static void add_entries(struct store *s, int n)
{
	struct fixture *f = s->f;

	for (int i = 0; i < n; i++) {
		BEGIN;
		OK(audit_add(s->h, i % 2 ? s->ann : 0, "test", arena_printf(s->a, "thing %d", i), "Gr\xc3\xbc\xc3\x9f" "e", &f->e));
		COMMIT;
	}
}

static int verify(struct store *s, int64_t *entries, int64_t *broken)
{
	struct fixture *f = s->f;
	int rc = audit_verify(s->h, entries, broken, &f->e);

	OK(rc);
	return rc;
}

static void the_chain_is_whole(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t entries, broken;

	assert_int_equal(verify(s, &entries, &broken), 0);
	assert_int_equal(entries, 0);
	add_entries(s, 6);
	BEGIN;
	OK(audit_add(s->h, s->ann, "undone", "", "", &f->e));
	db_rollback(s->h->db);
	assert_int_equal(verify(s, &entries, &broken), 0);
	assert_int_equal(entries, 6);
}

static void each_change_of_an_entry_is_found(void **state)
{
	static const struct query CHANGES[] = {
		{ "t_c1", "UPDATE audit SET detail = detail || '.' WHERE seq = 3", NULL },
		{ "t_c2", "UPDATE audit SET object = 'x', detail = detail WHERE seq = 3", NULL },
		{ "t_c3", "UPDATE audit SET actor = 'someone else' WHERE seq = 3", NULL },
		{ "t_c4", "UPDATE audit SET os_user = 'someone else' WHERE seq = 3", NULL },
		{ "t_c5", "UPDATE audit SET at = at + 1 WHERE seq = 3", NULL },
		{ "t_c6", "UPDATE audit SET action = 'tes', object = 't' || object WHERE seq = 3", NULL },
		{ "t_c7", "UPDATE audit SET hash = (SELECT b.hash FROM audit b WHERE b.seq = 2) WHERE seq = 3", NULL },
	};
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t entries, broken;

	add_entries(s, 5);
	for (size_t i = 0; i < COUNT(CHANGES); i++) {
		BEGIN;
		change(s, &CHANGES[i], NO_ARGS);
		assert_int_equal(verify(s, &entries, &broken), 1);
		assert_int_equal(broken, 3);
		db_rollback(s->h->db);
	}
	assert_int_equal(verify(s, &entries, &broken), 0);
}

static void a_missing_entry_is_found(void **state)
{
	static const struct query REMOVE = { "t_remove", "DELETE FROM audit WHERE seq = 2", NULL };
	struct store *s = *state;
	int64_t entries, broken;

	add_entries(s, 4);
	change(s, &REMOVE, NO_ARGS);
	assert_int_equal(verify(s, &entries, &broken), 1);
	assert_int_equal(broken, 3);
}

static void an_entry_is_bounded(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	size_t n = 2 * 1024 * 1024;
	char *long_text = mem_alloc(n + 1);

	memset(long_text, 'x', n);
	BEGIN;
	FAILS(ERR_INPUT, audit_add(s->h, 0, "test", "", long_text, &f->e));
	db_rollback(s->h->db);
	free(long_text);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_HOME(settings_begin_and_change), IN_HOME(bad_settings_are_refused), IN_HOME(the_institution_is_loaded),
		IN_WORLD(accounts_have_roles), IN_WORLD(an_account_is_added_once), IN_WORLD(roles_are_looked_for_elsewhere),
		IN_WORLD(tokens_act_until_disabled), IN_HOME(slugs_are_plain), IN_WORLD(the_chain_is_whole),
		IN_WORLD(each_change_of_an_entry_is_found), IN_WORLD(a_missing_entry_is_found), IN_HOME(an_entry_is_bounded),
	};

	return run_on_engines(tests, COUNT(tests));
}
