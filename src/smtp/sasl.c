/*
 * Kinds of login: see sasl.h. Nothing falls back: a login that fails, fails.
 * To try the next worse kind after a refusal would hand the password to
 * whoever can make the better one fail.
 */
#include "smtp/sasl.h"

#include "base/codec.h"

#define OUT_MAX 9000 /* as base64, with CRLF, within the 12288 bytes of RFC 4954 */

static bool have_means(const struct sasl_means *m, enum relay_auth kind)
{
	switch (kind) {
	case AUTH_EXTERNAL:
		return m->relay->auth == AUTH_EXTERNAL || (m->secure && m->relay->client_cert);
	case AUTH_OAUTHBEARER:
	case AUTH_XOAUTH2:
		return m->token && m->relay->user;
	case AUTH_SCRAM_SHA_256:
	case AUTH_PLAIN:
	case AUTH_LOGIN:
		return m->relay->password && m->relay->user;
	case AUTH_BEST:
	case AUTH_KINDS:
		break;
	}
	return false;
}

static const char *why_none(const struct sasl_means *m, unsigned offered)
{
	const unsigned by_password = 1u << AUTH_SCRAM_SHA_256 | 1u << AUTH_PLAIN | 1u << AUTH_LOGIN;

	if (!offered)
		return "the relay does not offer AUTH of a kind that is known here";
	if (!m->relay->user)
		return "the relay wants a login, and its URL names no user";
	if ((offered & by_password) && !m->relay->password)
		return "there is no password for the relay's user";
	return m->token ? "the relay does not offer AUTH with a token" : "there is no token for the relay's user";
}

enum relay_auth sasl_choose(const struct sasl_means *m, unsigned offered, const char **why)
{
	static const char *const NOT_OFFERED[AUTH_KINDS] = {
		[AUTH_EXTERNAL] = "the relay does not offer AUTH EXTERNAL",
		[AUTH_OAUTHBEARER] = "the relay does not offer AUTH OAUTHBEARER",
		[AUTH_XOAUTH2] = "the relay does not offer AUTH XOAUTH2",
		[AUTH_SCRAM_SHA_256] = "the relay does not offer AUTH SCRAM-SHA-256",
		[AUTH_PLAIN] = "the relay does not offer AUTH PLAIN",
		[AUTH_LOGIN] = "the relay does not offer AUTH LOGIN",
	};
	enum relay_auth wanted = m->relay->auth;

	if (wanted != AUTH_BEST && !(offered & 1u << wanted)) {
		*why = NOT_OFFERED[wanted];
		return AUTH_BEST;
	}
	for (enum relay_auth kind = AUTH_EXTERNAL; kind < AUTH_KINDS; kind++)
		if ((wanted == AUTH_BEST || wanted == kind) && (offered & 1u << kind) && have_means(m, kind))
			return kind;
	*why = why_none(m, wanted == AUTH_BEST ? offered : 1u << wanted);
	return AUTH_BEST;
}

/* Bytes 1 and commas end fields, so that none may come in from a file. */
static bool token_is_sound(const char *token)
{
	for (const char *p = token; *p; p++)
		if (*p < 0x21 || *p > 0x7e || *p == ',')
			return false;
	return *token;
}

static bool say_token(struct sasl *s)
{
	const struct relay *r = s->means.relay;

	if (!token_is_sound(s->means.token)) {
		s->why = "the relay's token is empty, or holds what no token may hold";
		return false;
	}
	if (s->kind == AUTH_OAUTHBEARER) {
		buf_adds(&s->out, "n,a=");
		for (const char *p = r->user; *p; p++) {
			if (*p == ',' || *p == '=')
				buf_adds(&s->out, *p == ',' ? "=2C" : "=3D");
			else
				buf_addc(&s->out, *p);
		}
		buf_addf(&s->out, ",\001host=%s\001port=%d\001auth=Bearer ", r->host, r->port);
	} else {
		buf_addf(&s->out, "user=%s\001auth=Bearer ", r->user);
	}
	buf_adds(&s->out, s->means.token);
	buf_adds(&s->out, "\001\001");
	return true;
}

static bool say_nonce(struct sasl *s)
{
	uint8_t random[18];
	struct buf nonce;
	int rc;

	rng_bytes(s->means.rng, random, sizeof(random));
	buf_init(&nonce, 100);
	base64_encode(&nonce, random, sizeof(random)); /* 24 characters: printable, without commas */
	rc = scram_first(&s->scram, s->means.relay->user, buf_text(&nonce), &s->out);
	buf_free(&nonce);
	s->why = s->scram.why;
	return rc == 0;
}

bool sasl_start(struct sasl *s, const struct sasl_means *m, enum relay_auth kind)
{
	bool ok = true;

	*s = (struct sasl){ .means = *m, .kind = kind };
	buf_init(&s->out, OUT_MAX);
	MUST(buf_room(&s->out, OUT_MAX)); /* so that it never moves, and leaves secrets behind */
	switch (kind) {
	case AUTH_EXTERNAL:
		buf_adds(&s->out, m->relay->user ? m->relay->user : "");
		break;
	case AUTH_OAUTHBEARER:
	case AUTH_XOAUTH2:
		ok = say_token(s);
		break;
	case AUTH_SCRAM_SHA_256:
		ok = say_nonce(s);
		break;
	case AUTH_PLAIN:
		buf_addc(&s->out, '\0');
		buf_add(&s->out, m->relay->user, strlen(m->relay->user) + 1);
		buf_adds(&s->out, m->relay->password);
		break;
	case AUTH_LOGIN:
		break;
	case AUTH_BEST:
	case AUTH_KINDS:
		BUG("no kind of login");
	}
	if (ok && s->out.over) {
		s->why = "user, password or token is too long for a login";
		ok = false;
	}
	return ok;
}

bool sasl_begins(const struct sasl *s)
{
	return s->kind != AUTH_LOGIN;
}

static enum sasl_next bad(struct sasl *s, const char *why)
{
	s->why = why;
	return SASL_BAD;
}

/* What it asks for is not looked at: relays write "Username:" in many ways. */
static enum sasl_next asked_login(struct sasl *s)
{
	if (s->turn > 2)
		return bad(s, "the relay asks for more than user and password");
	buf_adds(&s->out, s->turn == 1 ? s->means.relay->user : s->means.relay->password);
	return s->out.over ? bad(s, "user or password is too long for a login") : SASL_SAY;
}

/* The relay refuses the token, with its reasons, and wants an answer before it says so in a reply (RFC 7628, 3.2.3). */
static enum sasl_next asked_token(struct sasl *s, const char *text, size_t n)
{
	size_t at;

	if (s->turn > 1)
		return bad(s, "the relay asks for more than the token");
	at = (size_t)snprintf(s->told, sizeof(s->told), "the relay refused the token: ");
	for (size_t i = 0; i < n && i < 200; i++)
		s->told[at++] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	s->told[at] = '\0';
	s->why = s->told;
	buf_adds(&s->out, s->kind == AUTH_OAUTHBEARER ? "\001" : "");
	return SASL_SAY;
}

static enum sasl_next asked_scram(struct sasl *s, struct slice message)
{
	const struct relay *r = s->means.relay;

	if (s->turn == 1 && scram_challenge(&s->scram, message, r->password, s->means.memory) == 0)
		return SASL_WORK;
	if (s->turn == 2 && scram_verify(&s->scram, message) == 0)
		return SASL_SAY;
	return bad(s, s->turn > 2 ? "the relay goes on with SCRAM after its end" : s->scram.why);
}

enum sasl_next sasl_asked(struct sasl *s, struct slice text)
{
	char message[SCRAM_MESSAGE_MAX * 2];
	ssize_t n;

	s->turn++;
	if (s->kind == AUTH_LOGIN)
		return asked_login(s);
	n = base64_decode(message, sizeof(message), text.p, text.n);
	if (s->kind == AUTH_OAUTHBEARER || s->kind == AUTH_XOAUTH2)
		return asked_token(s, message, n < 0 ? 0 : (size_t)n);
	if (s->kind != AUTH_SCRAM_SHA_256)
		return bad(s, "the relay asks again what it was told");
	if (n < 0)
		return bad(s, "the relay asks what is no base64");
	return asked_scram(s, (struct slice){ message, (size_t)n });
}

bool sasl_work(struct sasl *s)
{
	if (!scram_work(&s->scram))
		return false;
	scram_final(&s->scram, s->means.memory, &s->out);
	return true;
}

const char *sasl_doubt(const struct sasl *s)
{
	if (s->kind == AUTH_SCRAM_SHA_256 && !s->scram.proven)
		return "the relay says yes without a proof that it knows the password";
	return NULL;
}

void sasl_sent(struct sasl *s)
{
	if (s->out.p)
		sodium_memzero(s->out.p, s->out.room);
	buf_clear(&s->out);
}

void sasl_clear(struct sasl *s)
{
	sasl_sent(s);
	buf_free(&s->out);
	scram_clear(&s->scram);
	s->why = NULL;
}
