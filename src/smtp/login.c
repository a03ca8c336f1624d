/*
 * From the greeting to the first MAIL: EHLO, STARTTLS, AUTH. Nothing here is
 * optional or falls back: what the relay's configuration asks for happens, or
 * the relay is at fault (SMTP-1, SMTP-2, SMTP-4). Commands go one at a time.
 * Who may log in in clear text: loopback alone, which is no network; there
 * every kind of login may be used.
 */
#include "smtp/talk_in.h"

#include "base/codec.h"

#define COMMAND_MAX 512 /* a first message that makes AUTH longer has to wait for its 334 (RFC 4954) */

void login_explain(struct smtp_outcome *o)
{
	static const struct {
		int code;
		const char *what;
	} MEANINGS[] = {
		{ 454, "the relay cannot log anybody in now" },      { 530, "the relay wants a login first" },
		{ 534, "the relay wants a stronger kind of login" }, { 535, "the relay refused the login" },
		{ 538, "the relay wants TLS before this login" },
	};
	char said[sizeof(o->text)];

	memcpy(said, o->text, sizeof(said));
	for (size_t i = 0; i < COUNT(MEANINGS); i++)
		if (MEANINGS[i].code == o->code)
			snprintf(o->text, sizeof(o->text), "%s: %.300s", MEANINGS[i].what, said);
}

static void refused(struct talk *t, enum smtp_stage stage, const struct reply *r)
{
	struct smtp_outcome o;

	classify(stage, r, &o);
	login_explain(&o);
	talk_give_up(t, &o, true);
}

static void say_hello(struct talk *t, const char *verb, enum expect reply)
{
	t->offers = (struct offers){ 0 };
	t->ehlo_lines = 0;
	buf_adds(&t->out, verb);
	buf_adds(&t->out, t->helo);
	buf_adds(&t->out, "\r\n");
	talk_expect(t, reply);
}

void login_say_hello(struct talk *t)
{
	say_hello(t, "EHLO ", EXPECT_EHLO);
}

void login_greeting(struct talk *t, const struct reply *r)
{
	if (r->code != 220)
		refused(t, STAGE_CONNECT, r);
	else
		login_say_hello(t);
}

/* --- who we are -------------------------------------------------------------------------------- */

/* The login's next message, as a line by itself or behind AUTH. */
static void say_message(struct talk *t, const char *before, bool alone)
{
	struct sasl *s = &t->sasl;

	MUST(buf_room(&t->out, strlen(before) + s->out.n * 2 + 16)); /* at once: growing leaves a copy behind */
	buf_adds(&t->out, before);
	if (!s->out.n && !alone)
		buf_addc(&t->out, '=');
	else
		base64_encode(&t->out, buf_text(&s->out), s->out.n);
	buf_adds(&t->out, "\r\n");
	t->secret = true;
	sasl_sent(s);
	talk_expect(t, EXPECT_AUTH);
}

static void log_in(struct talk *t)
{
	struct sasl_means means = { .relay = t->setup.relay,
				    .token = t->token,
				    .memory = t->setup.scram,
				    .rng = &t->rng,
				    .secure = t->secure };
	const char *why;
	enum relay_auth kind = sasl_choose(&means, t->offers.auth, &why);
	char command[40];

	if (kind == AUTH_BEST || !sasl_start(&t->sasl, &means, kind)) {
		talk_give_up_text(t, STAGE_AUTH, kind == AUTH_BEST ? why : t->sasl.why, true);
		return;
	}
	snprintf(command, sizeof(command), "AUTH %s ", relay_auth_name(kind));
	t->first_held = sasl_begins(&t->sasl) && strlen(command) + (t->sasl.out.n + 2) / 3 * 4 + 2 > COMMAND_MAX;
	if (sasl_begins(&t->sasl) && !t->first_held) {
		say_message(t, command, false);
		return;
	}
	buf_addf(&t->out, "AUTH %s\r\n", relay_auth_name(kind));
	talk_expect(t, EXPECT_AUTH);
}

/* "*" ends what cannot be gone on with; whatever the relay says to that, it cannot be used. */
static void cancel(struct talk *t)
{
	t->cancelled = t->sasl.why;
	sasl_sent(&t->sasl);
	buf_adds(&t->out, "*\r\n");
	talk_expect(t, EXPECT_AUTH);
}

/* 334: the text is the last line's. `more`: something is behind it, although it is our turn. */
static void asked(struct talk *t, bool more)
{
	if (more) {
		talk_give_up_text(t, STAGE_AUTH, "the relay does not keep to SMTP: it goes on behind a 334", false);
		return;
	}
	if (t->first_held) {
		t->first_held = false;
		say_message(t, "", true);
		return;
	}
	switch (sasl_asked(&t->sasl, t->parser.line)) {
	case SASL_SAY:
		say_message(t, "", true);
		break;
	case SASL_WORK:
		t->phase = PHASE_WORK;
		break;
	case SASL_BAD:
		cancel(t);
		break;
	}
}

void login_work(struct talk *t)
{
	if (!sasl_work(&t->sasl))
		return;
	t->phase = PHASE_LOGIN;
	say_message(t, "", true);
}

static void login_refused(struct talk *t, const struct reply *r)
{
	const char *user = t->setup.relay->user, *why = t->sasl.kind == AUTH_SCRAM_SHA_256 ? NULL : t->sasl.why;
	struct smtp_outcome o;
	char said[sizeof(o.text)];

	classify(STAGE_AUTH, r, &o);
	login_explain(&o);
	memcpy(said, o.text, sizeof(said));
	snprintf(o.text, sizeof(o.text), "AUTH %s%s%.80s: %.250s%s%.150s", relay_auth_name(t->sasl.kind),
		 user ? " as " : "", user ? user : "", said, why ? "; " : "", why ? why : "");
	talk_give_up(t, &o, true);
}

void login_auth(struct talk *t, const struct reply *r, bool more)
{
	const char *doubt;

	if (t->cancelled) {
		talk_give_up_text(t, STAGE_AUTH, t->cancelled, true);
	} else if (r->code == 334) {
		asked(t, more);
	} else if (r->code != 235) {
		login_refused(t, r);
	} else if ((doubt = sasl_doubt(&t->sasl))) {
		talk_give_up_text(t, STAGE_AUTH, doubt, true);
	} else {
		sasl_clear(&t->sasl);
		t->phase = PHASE_READY;
	}
}

/* --- from EHLO on ------------------------------------------------------------------------------ */

/* A certificate alone needs no AUTH: where EXTERNAL is not offered, the handshake was the login. */
static bool wants_login(const struct talk *t)
{
	const struct relay *r = t->setup.relay;

	return r->user || r->auth != AUTH_BEST ||
	       (r->client_cert && t->secure && (t->offers.auth & 1u << AUTH_EXTERNAL));
}

static void after_hello(struct talk *t)
{
	const struct relay *relay = t->setup.relay;

	if (relay->mode == RELAY_STARTTLS && !t->secure) {
		if (!t->offers.starttls) {
			talk_give_up_text(t, STAGE_TLS, "the relay does not offer STARTTLS", true);
			return;
		}
		buf_adds(&t->out, "STARTTLS\r\n");
		talk_expect(t, EXPECT_STARTTLS);
	} else if (!t->secure && !relay_is_loopback(relay)) {
		talk_give_up_text(t, STAGE_TLS, "mail is never sent in clear text to another machine", true);
	} else if (wants_login(t)) {
		log_in(t);
	} else {
		t->phase = PHASE_READY;
	}
}

void login_ehlo(struct talk *t, const struct reply *r)
{
	if (r->code == 250)
		after_hello(t);
	else if (r->code / 100 == 5 && t->setup.relay->helo_fallback)
		say_hello(t, "HELO ", EXPECT_HELO);
	else
		refused(t, STAGE_HELLO, r);
}

void login_helo(struct talk *t, const struct reply *r)
{
	t->offers = (struct offers){ 0 };
	if (r->code == 250)
		after_hello(t);
	else
		refused(t, STAGE_HELLO, r);
}

/* Bytes that came together with the 220 were not protected: somebody in between may have put them there,
   to be read as replies within TLS (SMTP-2, the class of CVE-2011-0411). */
void login_starttls(struct talk *t, const struct reply *r, bool more)
{
	if (r->code != 220)
		refused(t, STAGE_TLS, r);
	else if (more)
		talk_give_up_text(t, STAGE_TLS, "clear text came behind the reply to STARTTLS", false);
	else
		t->phase = PHASE_HANDSHAKE;
}
