/*
 * From the greeting to the first MAIL: EHLO, STARTTLS, AUTH. Nothing here is
 * optional or falls back: what the relay's configuration asks for happens, or
 * the relay is at fault (SMTP-1, SMTP-2, SMTP-4). Commands go one at a time.
 */
#include "smtp/talk_in.h"

static void refused(struct talk *t, enum smtp_stage stage, const struct reply *r)
{
	struct smtp_outcome o;

	classify(stage, r, &o);
	talk_give_up(t, &o, true);
}

void login_say_hello(struct talk *t)
{
	t->offers = (struct offers){ 0 };
	t->ehlo_lines = 0;
	buf_adds(&t->out, "EHLO ");
	buf_adds(&t->out, t->helo);
	buf_adds(&t->out, "\r\n");
	talk_expect(t, EXPECT_EHLO);
}

void login_greeting(struct talk *t, const struct reply *r)
{
	if (r->code != 220)
		refused(t, STAGE_CONNECT, r);
	else
		login_say_hello(t);
}

static void say_who_we_are(struct talk *t)
{
	const struct relay *relay = t->setup.relay;

	if (!t->offers.auth_plain) {
		talk_give_up_text(t, STAGE_AUTH, "the relay does not offer AUTH PLAIN", true);
	} else if (!relay->password) {
		talk_give_up_text(t, STAGE_AUTH, "there is no password for the relay's user", true);
	} else {
		wire_auth_plain(&t->out, relay->user, relay->password);
		talk_expect(t, EXPECT_AUTH);
	}
}

void login_ehlo(struct talk *t, const struct reply *r)
{
	const struct relay *relay = t->setup.relay;

	if (r->code != 250) {
		refused(t, STAGE_HELLO, r);
	} else if (relay->mode == RELAY_STARTTLS && !t->secure) {
		if (!t->offers.starttls) {
			talk_give_up_text(t, STAGE_TLS, "the relay does not offer STARTTLS", true);
			return;
		}
		buf_adds(&t->out, "STARTTLS\r\n");
		talk_expect(t, EXPECT_STARTTLS);
	} else if (!t->secure && !relay_is_loopback(relay)) {
		talk_give_up_text(t, STAGE_TLS, "mail is never sent in clear text to another machine", true);
	} else if (relay->user) {
		say_who_we_are(t);
	} else {
		t->phase = PHASE_READY;
	}
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

void login_auth(struct talk *t, const struct reply *r)
{
	if (r->code == 235)
		t->phase = PHASE_READY;
	else
		refused(t, STAGE_AUTH, r);
}
