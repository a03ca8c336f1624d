/* store: passwords that are taken and refused, and the one-time links that set them. */
#include "store_fixture.h"

#include <sodium.h>

#include "store/password.h"

/* --- passwords ----------------------------------------------------------------------------------- */

static const char *repeat(struct arena *a, const char *piece, size_t n)
{
	char *out = arena_alloc(a, n * strlen(piece) + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(out + i * strlen(piece), piece, strlen(piece));
	return out;
}

static void passwords_are_judged(void **state)
{
	struct arena *a = arena_new();
	const struct {
		const char *password, *fault; /* a part of it; NULL: none */
	} CASES[] = {
		{ "", "fewer" },
		{ "seven77", "fewer" },
		{ "eight888", NULL },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", "fewer" }, /* four letters, eight bytes */
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", NULL },
		{ "only small letters here", NULL },
		{ "  blanks count  ", NULL },
		{ repeat(a, "ab", 128), NULL },
		{ repeat(a, "\xc3\xa4""b", 128), NULL }, /* 256 characters in 384 bytes */
		{ arena_printf(a, "%sc", repeat(a, "ab", 128)), "more than 256" },
		{ "password", "commonest" },
		{ "PassWord123", "commonest" },
		{ "Qwertzuiop", "commonest" },
		{ "password of mine", NULL },
		{ "kkkkkkkkkkkkkkkk", "over and over" },
		{ "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "over and over" },
		{ "kkkkkkkkkkkkkkkl", NULL },
		{ "Ann@Uni.Example", "address" },
		{ "not \xff text at all", "UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const char *got = password_fault(CASES[i].password, "ann@uni.example"), *want = CASES[i].fault;

		if (want ? !got || !strstr(got, want) : got != NULL)
			fail_msg("%s: %s", CASES[i].password, got ? got : "taken");
	}
	arena_free(a);
}

static void a_password_is_kept_as_argon2id(void **state)
{
	static const char composed[] = "caf\xc3\xa9 au lait", apart[] = "cafe\xcc\x81 au lait";
	char one[PASSWORD_HASH_MAX], two[PASSWORD_HASH_MAX];
	struct err e;

	(void)state;
	assert_int_equal(password_hash(composed, "", one, &e), 0);
	assert_int_equal(password_hash(apart, "", two, &e), 0);
	assert_true(strncmp(one, "$argon2id$v=19$m=65536,t=3,p=1$", 31) == 0);
	assert_string_not_equal(one, two); /* each has a salt of its own */
	assert_int_equal(crypto_pwhash_str_verify(two, composed, strlen(composed)), 0);
	assert_int_not_equal(crypto_pwhash_str_verify(one, "caf au lait", 11), 0);
	assert_int_equal(password_hash("short", "", one, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
}

/* --- links --------------------------------------------------------------------------------------- */

static const struct query KEPT = { "t_password", "SELECT password FROM account WHERE id = $1", NULL };
static const struct query ENTRIES = {
	"t_password_set", "SELECT count(*) FROM audit WHERE action = 'password-set' AND actor = object AND object = $1", NULL
};

/* The password of the account, or NULL. */
static const char *kept(struct store *s, int64_t id)
{
	struct fixture *f = s->f;
	struct rows r = { 0 };
	const char *out;

	OK(db_query(s->h->db, &KEPT, ARGS(db_i64(id)), &r, &f->e));
	assert_int_equal(rows_next(&r, &f->e), 1);
	out = arena_text(s->a, rows_text(&r, 0));
	rows_close(&r);
	return out;
}

static void make_link(struct store *s, int64_t id, char token[TOKEN_TEXT_MAX])
{
	struct fixture *f = s->f;

	OK(account_login_token(s->h, id, token, &f->e));
}

static int whose(struct store *s, const char *token)
{
	struct account x;

	return account_by_login(s->h, s->a, token, &x, &s->f->e);
}

static void a_link_sets_one_password(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	char token[TOKEN_TEXT_MAX];
	struct account x;

	make_link(s, s->ann, token);
	assert_int_equal(account_by_login(s->h, s->a, token, &x, &f->e), 1);
	assert_true(x.id == s->ann);
	assert_string_equal(x.address, "ann@uni.example");
	assert_int_equal(whose(s, token), 1); /* looking changes nothing */
	assert_null(kept(s, s->ann));

	assert_int_equal(account_set_password(s->h, s->ann, token, "four words and blanks", &f->e), 1);
	assert_int_equal(crypto_pwhash_str_verify(kept(s, s->ann), "four words and blanks", 21), 0);
	assert_int_equal(number(s, &ENTRIES, ARGS(db_text("ann@uni.example"))), 1);

	assert_int_equal(whose(s, token), 0);
	assert_int_equal(account_set_password(s->h, s->ann, token, "another one later", &f->e), 0);
	assert_int_equal(crypto_pwhash_str_verify(kept(s, s->ann), "four words and blanks", 21), 0);
	assert_int_equal(number(s, &ENTRIES, ARGS(db_text("ann@uni.example"))), 1);
}

static void a_link_lasts_seven_days(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	char token[TOKEN_TEXT_MAX];

	make_link(s, s->ann, token);
	s->h->clock.fixed = T0 + 7 * DAY - SECOND;
	assert_int_equal(whose(s, token), 1);
	s->h->clock.fixed = T0 + 7 * DAY;
	assert_int_equal(whose(s, token), 0);
	assert_int_equal(account_set_password(s->h, s->ann, token, "four words and blanks", &f->e), 0);
	assert_null(kept(s, s->ann));
}

static void other_links_do_nothing(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	char old[TOKEN_TEXT_MAX], token[TOKEN_TEXT_MAX];

	make_link(s, s->ann, old);
	make_link(s, s->ann, token); /* a reset makes the one before it void */
	assert_int_equal(whose(s, old), 0);
	assert_int_equal(whose(s, ""), 0);
	assert_int_equal(whose(s, "forged"), 0);
	assert_int_equal(account_set_password(s->h, s->rev, token, "four words and blanks", &f->e), 0);
	assert_null(kept(s, s->rev));
	assert_int_equal(whose(s, token), 1);
	OK(account_disable(s->h, s->ann, &f->e));
	assert_int_equal(whose(s, token), 0);
	make_link(s, s->ann, token); /* nor does one that was made afterwards */
	assert_int_equal(whose(s, token), 0);
	assert_int_equal(account_set_password(s->h, s->ann, token, "four words and blanks", &f->e), 0);
	assert_null(kept(s, s->ann));
}

static void a_refused_password_leaves_the_link(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	char token[TOKEN_TEXT_MAX];

	make_link(s, s->ann, token);
	FAILS(ERR_INPUT, account_set_password(s->h, s->ann, token, "short", &f->e));
	FAILS(ERR_INPUT, account_set_password(s->h, s->ann, token, "ann@uni.example", &f->e));
	assert_int_equal(whose(s, token), 1);
	assert_null(kept(s, s->ann));
	assert_int_equal(number(s, &ENTRIES, ARGS(db_text("ann@uni.example"))), 0);
}

/* Password, link and entry change together or not at all, whichever step fails. */
static void each_step_may_fail(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	char token[TOKEN_TEXT_MAX];
	int n = 0, rc;

	make_link(s, s->ann, token);
	do {
		db_fail_at(s->h->db, ++n);
		rc = account_set_password(s->h, s->ann, token, "four words and blanks", &f->e);
		db_fail_at(s->h->db, 0);
		assert_false(db_in_transaction(s->h->db));
		assert_int_equal(rc, rc < 0 ? -1 : 1);
		assert_int_equal(whose(s, token), rc < 0);
		assert_int_equal(kept(s, s->ann) != NULL, rc > 0);
		assert_int_equal(number(s, &ENTRIES, ARGS(db_text("ann@uni.example"))), rc > 0);
	} while (rc < 0 && n < 50);
	assert_in_range(n, 5, 49);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_are_judged), cmocka_unit_test(a_password_is_kept_as_argon2id),
		IN_WORLD(a_link_sets_one_password), IN_WORLD(a_link_lasts_seven_days), IN_WORLD(other_links_do_nothing),
		IN_WORLD(a_refused_password_leaves_the_link), IN_WORLD(each_step_may_fail),
	};

	return run_on_engines(tests, COUNT(tests));
}
