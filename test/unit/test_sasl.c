/* Logins: which kind is taken, and SCRAM against the words of its RFC, a relay of the test's own, and relays that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/codec.h"
#include "smtp/sasl.h"
#include "smtp/talk.h"

#define SALT "0123456789abcdef"

/* --- SCRAM by itself --------------------------------------------------------------------------- */

static void the_example_of_the_rfc(void **state)
{
	struct scram_memory memory = { 0 };
	struct scram s;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(scram_first(&s, "user", "rOprNGfwEbeRWgbNEkqO", &out), 0);
	assert_string_equal(buf_text(&out), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
	buf_clear(&out);
	assert_int_equal(scram_challenge(&s,
					 slice_of("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
						  "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
					 "pencil", &memory),
			 0);
	while (!scram_work(&s))
		;
	scram_final(&s, &memory, &out);
	assert_string_equal(buf_text(&out), "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
					    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
	assert_false(s.proven);
	assert_int_equal(scram_verify(&s, slice_of("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")), 0);
	assert_true(s.proven);
	scram_clear(&s);
	buf_free(&out);
}

static void first_messages_that_are_not_answered(void **state)
{
	static const struct {
		const char *message, *why;
	} CASES[] = {
		{ "r=ours!theirs,s=MDEyMw==,i=4096", NULL },
		{ "r=ours!theirs,s=MDEyMw==,i=4096,x=new", NULL },
		{ "r=ours!theirs,s=MDEyMw==,i=1000000", NULL },
		{ "r=ours!theirs,s=MDEyMw==,i=4095", "rounds" },
		{ "r=ours!theirs,s=MDEyMw==,i=1000001", "rounds" },
		{ "r=ours!theirs,s=MDEyMw==,i=99999999999999999999", "rounds" },
		{ "r=ours!theirs,s=MDEyMw==,i=4096x", "rounds" },
		{ "r=ours!theirs,s=MDEyMw==,i=", "rounds" },
		{ "r=ours!,s=MDEyMw==,i=4096", "nonce" },
		{ "r=ours,s=MDEyMw==,i=4096", "nonce" },
		{ "r=other!theirs,s=MDEyMw==,i=4096", "nonce" },
		{ "r=ours! theirs,s=MDEyMw==,i=4096", "nonce" },
		{ "r=,s=MDEyMw==,i=4096", "nonce" },
		{ "r=ours!theirs,s=,i=4096", "salt" },
		{ "r=ours!theirs,s=MDEy*w==,i=4096", "salt" },
		{ "m=must,r=ours!theirs,s=MDEyMw==,i=4096", "cannot be read" },
		{ "r=ours!theirs,i=4096", "cannot be read" },
		{ "r=ours!theirs,s=MDEyMw==", "cannot be read" },
		{ "s=MDEyMw==,r=ours!theirs,i=4096", "cannot be read" },
		{ "e=no-resources", "cannot be read" },
		{ "", "cannot be read" },
		{ "r", "cannot be read" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct scram_memory memory = { 0 };
		struct scram s;
		struct buf out;
		int rc;

		buf_init(&out, 1000);
		assert_int_equal(scram_first(&s, "user", "ours!", &out), 0);
		rc = scram_challenge(&s, slice_of(CASES[i].message), "pencil", &memory);
		if (rc != (CASES[i].why ? -1 : 0) || (rc < 0 && !strstr(s.why, CASES[i].why)))
			fail_msg("%s: %s", CASES[i].message, rc < 0 ? s.why : "taken");
		scram_clear(&s);
		buf_free(&out);
	}
}

static void names_and_passwords_are_prepared(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
	} CASES[] = {
		{ "user", "user" },
		{ "USER", "USER" },
		{ "I\xc2\xadX", "IX" }, /* a soft hyphen is nothing */
		{ "\xc2\xaa", "a" },    /* NFKC */
		{ "\xe2\x85\xa8", "IX" },
		{ "a\xc2\xa0"
		  "b",
		  "a b" }, /* a blank is a space */
		{ "\xe1\x9a\x80", " " },
		{ "caf\x65\xcc\x81", "caf\xc3\xa9" },
		{ "\a", NULL },
		{ "a\tb", NULL },
		{ "\xc2\x85", NULL },
		{ "\xff", NULL },
		{ "\xc3", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct buf out;
		int rc;

		buf_init(&out, 1000);
		rc = scram_prepare(CASES[i].in, &out);
		assert_int_equal(rc, CASES[i].out ? 0 : -1);
		if (rc == 0)
			assert_string_equal(buf_text(&out), CASES[i].out);
		buf_free(&out);
	}
}

static void names_are_escaped(void **state)
{
	struct scram s;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(scram_first(&s, "a=b,c", "x", &out), 0);
	assert_string_equal(buf_text(&out), "n,,n=a=3Db=2Cc,r=x");
	scram_clear(&s);
	buf_free(&out);
}

/* --- a relay that knows SCRAM, by OpenSSL ------------------------------------------------------- */

struct relay_side {
	const char *password;
	int rounds;
	char first[320], server_first[600]; /* the messages so far */
	bool lies;                          /* signs with another password */
	bool silent;                        /* says yes without a signature */
};

static void hmac(const uint8_t *key, size_t n, const char *text, uint8_t out[32])
{
	unsigned len = 32;

	assert_non_null(HMAC(EVP_sha256(), key, (int)n, (const uint8_t *)text, strlen(text), out, &len));
}

static void decode(char *out, size_t max, const char *line, size_t n)
{
	ssize_t got = base64_decode(out, max - 1, line, n);

	assert_true(got >= 0);
	out[got] = '\0';
}

static void say_base64(char *out, size_t max, const char *text)
{
	struct buf b;

	buf_init(&b, 1000);
	base64_encode(&b, text, strlen(text));
	snprintf(out, max, "334 %s\r\n", buf_text(&b));
	buf_free(&b);
}

static void answer_first(struct relay_side *r, const char *line, char *out, size_t max)
{
	char message[300];
	struct buf salt;

	decode(message, sizeof(message), line, strlen(line));
	assert_true(strncmp(message, "n,,n=news,r=", 12) == 0 && strlen(message) == 12 + 24);
	snprintf(r->first, sizeof(r->first), "%s", message + 3);
	buf_init(&salt, 100);
	base64_encode(&salt, SALT, 16);
	snprintf(r->server_first, sizeof(r->server_first), "r=%sRELAY,s=%s,i=%d", message + 12, buf_text(&salt),
		 r->rounds);
	buf_free(&salt);
	say_base64(out, max, r->server_first);
}

/* Judges the proof as RFC 5802 does: HMAC(stored key, all messages) XOR proof is the client key, whose hash is the
 * stored key. */
static bool answer_final(struct relay_side *r, const char *line, char *out, size_t max)
{
	uint8_t salted[32], client[32], stored[32], server[32], signature[32], proof[32], hash[32];
	char message[400], all[1400], *p;
	struct buf b;

	decode(message, sizeof(message), line, strlen(line));
	p = strstr(message, ",p=");
	assert_non_null(p);
	assert_int_equal(base64_decode(proof, 32, p + 3, strlen(p + 3)), 32);
	*p = '\0';
	assert_true(strncmp(message, "c=biws,r=", 9) == 0);
	snprintf(all, sizeof(all), "%s,%s,%s", r->first, r->server_first, message);
	PKCS5_PBKDF2_HMAC(r->password, -1, (const uint8_t *)SALT, 16, r->rounds, EVP_sha256(), 32, salted);
	hmac(salted, 32, "Client Key", client);
	EVP_Digest(client, 32, stored, NULL, EVP_sha256(), NULL);
	hmac(stored, 32, all, signature);
	for (int i = 0; i < 32; i++)
		proof[i] ^= signature[i];
	EVP_Digest(proof, 32, hash, NULL, EVP_sha256(), NULL);
	if (memcmp(hash, stored, 32) != 0)
		return false;
	hmac(salted, 32, r->lies ? "Other Key" : "Server Key", server);
	hmac(server, 32, all, signature);
	buf_init(&b, 100);
	buf_adds(&b, "v=");
	base64_encode(&b, signature, 32);
	say_base64(out, max, buf_text(&b));
	buf_free(&b);
	return true;
}

/* What the client says now, without CRLF; "" if nothing. */
static void hear(struct talk *t, char *line, size_t max)
{
	size_t n = 0;

	for (struct talk_output o = talk_output(t); o.n; o = talk_output(t)) {
		assert_true(o.parts == 1 && n + o.n < max);
		memcpy(line + n, o.part[0].p, o.n);
		n += o.n;
		talk_wrote(t, o.n);
	}
	line[n < 2 ? 0 : n - 2] = '\0';
}

static void tell(struct talk *t, const char *text)
{
	talk_input(t, text, strlen(text));
}

/* A whole login; how many slices it took. The fault's text goes into `fault`, "" if there is none. */
static int log_in(struct relay_side *r, const char *password, struct scram_memory *memory, char fault[400])
{
	struct relay relay = { .host = "localhost", .user = "news", .password = password };
	struct talk *t = talk_new(&(struct talk_setup){ .relay = &relay, .helo = "me", .scram = memory });
	char line[1000], reply[1000];
	int slices = 0;

	tell(t, "220 hi\r\n");
	hear(t, line, sizeof(line));
	tell(t, "250-hi\r\n250 AUTH LOGIN PLAIN SCRAM-SHA-1 SCRAM-SHA-256\r\n");
	hear(t, line, sizeof(line));
	assert_true(strncmp(line, "AUTH SCRAM-SHA-256 ", 19) == 0);
	answer_first(r, line + 19, reply, sizeof(reply));
	tell(t, reply);
	for (; talk_need(t) == TALK_WORK; slices++)
		talk_work(t);
	hear(t, line, sizeof(line));
	if (r->silent || !answer_final(r, line, reply, sizeof(reply)))
		snprintf(reply, sizeof(reply), r->silent ? "235 welcome\r\n" : "535 5.7.8 wrong\r\n");
	tell(t, reply);
	hear(t, line, sizeof(line));
	if (strcmp(line, "*") == 0)
		tell(t, "501 cancelled\r\n");
	else if (!*line)
		tell(t, "235 welcome\r\n");
	snprintf(fault, 400, "%s", talk_fault(t) ? talk_fault(t)->text : "");
	assert_int_equal(talk_is_ready(t), !*fault);
	if (*fault)
		assert_int_equal(talk_fault(t)->stage, STAGE_AUTH);
	talk_lost(t, "end");
	talk_free(t);
	return slices;
}

static void relays_and_their_proofs(void **state)
{
	struct scram_memory memory = { 0 };
	struct relay_side good = { .password = "secret", .rounds = 50000 };
	struct relay_side lies = { .password = "secret", .rounds = 4096, .lies = true };
	struct relay_side silent = { .password = "secret", .rounds = 4096, .silent = true };

	char fault[400];

	(void)state;
	assert_in_range(log_in(&good, "secret", &memory, fault), 5, 10); /* in slices */
	assert_string_equal(fault, "");
	assert_int_equal(log_in(&good, "secret", &memory, fault), 1); /* the next connection computes nothing */
	assert_string_equal(fault, "");
	good.rounds = 60000;
	assert_true(log_in(&good, "secret", &memory, fault) > 5); /* not what was asked for before */
	assert_string_equal(fault, "");
	scram_forget(&memory);
	log_in(&good, "other", &memory, fault);
	assert_string_equal(fault, "AUTH SCRAM-SHA-256 as news: the relay refused the login: 535 5.7.8 wrong");
	log_in(&lies, "secret", &memory, fault);
	assert_non_null(strstr(fault, "did not prove that it knows the password"));
	log_in(&silent, "secret", &memory, fault);
	assert_non_null(strstr(fault, "without a proof"));
}

/* --- the choice -------------------------------------------------------------------------------- */

static void the_best_that_both_have(void **state)
{
	enum {
		EXT = 1 << AUTH_EXTERNAL,
		BEARER = 1 << AUTH_OAUTHBEARER,
		XO = 1 << AUTH_XOAUTH2,
		SCRAM = 1 << AUTH_SCRAM_SHA_256,
		PLAIN = 1 << AUTH_PLAIN,
		LOGIN = 1 << AUTH_LOGIN,
		ALL = EXT | BEARER | XO | SCRAM | PLAIN | LOGIN
	};
	static const struct {
		unsigned offered;
		const char *user, *password, *token, *cert;
		enum relay_auth wanted, got;
		const char *why;
	} CASES[] = {
		{ ALL, "u", "p", "t", "c", AUTH_BEST, AUTH_EXTERNAL, NULL },
		{ ALL, NULL, NULL, NULL, "c", AUTH_BEST, AUTH_EXTERNAL, NULL },
		{ ALL, "u", "p", "t", NULL, AUTH_BEST, AUTH_OAUTHBEARER, NULL },
		{ ALL & ~BEARER, "u", "p", "t", NULL, AUTH_BEST, AUTH_XOAUTH2, NULL },
		{ ALL, "u", "p", NULL, NULL, AUTH_BEST, AUTH_SCRAM_SHA_256, NULL },
		{ LOGIN | PLAIN, "u", "p", NULL, NULL, AUTH_BEST, AUTH_PLAIN, NULL },
		{ LOGIN, "u", "p", NULL, NULL, AUTH_BEST, AUTH_LOGIN, NULL },
		{ ALL, "u", "p", "t", "c", AUTH_LOGIN, AUTH_LOGIN, NULL },
		{ ALL, "u", "p", "t", "c", AUTH_XOAUTH2, AUTH_XOAUTH2, NULL },
		{ ALL, "u", "p", NULL, "c", AUTH_XOAUTH2, AUTH_BEST, "no token" },
		{ ALL, "u", NULL, "t", NULL, AUTH_PLAIN, AUTH_BEST, "no password" },
		{ PLAIN, "u", "p", "t", NULL, AUTH_XOAUTH2, AUTH_BEST, "does not offer AUTH XOAUTH2" },
		{ XO, "u", "p", NULL, NULL, AUTH_BEST, AUTH_BEST, "no token" },
		{ EXT, "u", "p", NULL, NULL, AUTH_EXTERNAL, AUTH_EXTERNAL, NULL },
		{ PLAIN, NULL, "p", NULL, NULL, AUTH_PLAIN, AUTH_BEST, "names no user" },
		{ 0, "u", "p", "t", "c", AUTH_BEST, AUTH_BEST, "does not offer AUTH" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct relay relay = { .user = CASES[i].user,
				       .password = CASES[i].password,
				       .client_cert = CASES[i].cert,
				       .auth = CASES[i].wanted };
		struct sasl_means means = { .relay = &relay, .token = CASES[i].token, .secure = true };
		const char *why = "";
		enum relay_auth got = sasl_choose(&means, CASES[i].offered, &why);

		if (got != CASES[i].got || (got == AUTH_BEST && !strstr(why, CASES[i].why)))
			fail_msg("case %d: %s %s", (int)i, relay_auth_name(got), why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_rfc),
		cmocka_unit_test(first_messages_that_are_not_answered),
		cmocka_unit_test(names_and_passwords_are_prepared),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(relays_and_their_proofs),
		cmocka_unit_test(the_best_that_both_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
