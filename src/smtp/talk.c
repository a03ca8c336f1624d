/*
 * The conversation that sends messages: see talk.h. Replies come in the order
 * of the commands, so an explicit queue of what is expected (`fifo`) gives
 * each reply its meaning. Two messages can be under way: one between its 354
 * and its reply (`body`), and the envelope of the next one behind it, which
 * left in the same write as the first one's dot (RFC 2920). What is written
 * is in talk_out.c.
 */
#include "smtp/talk_in.h"

#include <openssl/crypto.h>

#define OUT_MAX (TALK_PIECE + 16 * 1024) /* a stuffed piece, with a line and an envelope behind it */

struct talk *talk_new(const struct talk_setup *setup)
{
	struct talk *t = mem_alloc(sizeof(*t));

	t->setup = *setup;
	if (t->setup.rejected_max <= 0)
		t->setup.rejected_max = 10;
	snprintf(t->helo, sizeof(t->helo), "%s", setup->helo);
	t->secure = setup->secure;
	t->token = setup->token ? mem_copy_text(setup->token) : NULL;
	if (!t->setup.scram)
		t->setup.scram = &t->scram;
	reply_init(&t->parser);
	buf_init(&t->out, OUT_MAX);
	talk_expect(t, EXPECT_GREETING);
	return t;
}

void talk_free(struct talk *t)
{
	if (!t)
		return;
	MUST(!t->deals[0].live && !t->deals[1].live);
	sasl_clear(&t->sasl);
	scram_forget(&t->scram);
	if (t->token)
		OPENSSL_cleanse(t->token, strlen(t->token));
	free(t->token);
	talk_empty_output(t);
	buf_free(&t->out);
	free(t);
}

void talk_expect(struct talk *t, enum expect what)
{
	MUST(t->fifo_n < FIFO_MAX);
	t->fifo[t->fifo_n++] = what;
}

static enum expect take_expected(struct talk *t)
{
	enum expect first = t->fifo[0];

	t->fifo_n--;
	memmove(t->fifo, t->fifo + 1, sizeof(t->fifo[0]) * (size_t)t->fifo_n);
	return first;
}

/* done(), exactly once for each message. */
void talk_finish(struct talk *t, struct deal *d)
{
	MUST(d->live);
	d->live = false;
	if (t->body == d)
		t->body = NULL;
	if (t->envelope == d)
		t->envelope = NULL;
	t->setup.ops->done(t->setup.ctx, &d->job, &d->outcome);
}

/* The connection ends under a message: it is uncertain when its dot is gone and no reply to it was read. */
static void finish_lost(struct talk *t, struct deal *d, const struct smtp_outcome *why)
{
	if (!d || !d->live)
		return;
	if (!d->refused) {
		d->outcome = *why;
		d->outcome.end = d->dot_gone ? SMTP_UNCERTAIN : SMTP_NOT_STARTED;
		d->outcome.fault = FAULT_RELAY;
		d->outcome.stage = d->dot_gone ? STAGE_DOT : why->stage;
	}
	talk_finish(t, d);
}

void talk_end(struct talk *t, const struct smtp_outcome *why)
{
	t->phase = PHASE_ENDED;
	t->content_due = t->empty_dot_due = false;
	t->fifo_n = 0;
	finish_lost(t, t->body, why);
	finish_lost(t, t->envelope, why);
}

void talk_give_up(struct talk *t, const struct smtp_outcome *why, bool quit)
{
	bool within = talk_output_is_cut(t); /* a QUIT would become part of something else */

	t->faulty = true;
	t->fault = *why;
	t->fault.end = SMTP_NOT_STARTED;
	t->fault.fault = FAULT_RELAY;
	talk_empty_output(t);
	if (quit && !within)
		buf_adds(&t->out, "QUIT\r\n");
	talk_end(t, why);
}

void talk_give_up_text(struct talk *t, enum smtp_stage stage, const char *text, bool quit)
{
	struct smtp_outcome o;

	outcome_without_reply(&o, SMTP_NOT_STARTED, FAULT_RELAY, stage, text);
	talk_give_up(t, &o, quit);
}

static void broken(struct talk *t, enum smtp_stage stage, const char *why)
{
	char text[300];

	snprintf(text, sizeof(text), "the relay does not keep to SMTP: %s", why);
	talk_give_up_text(t, stage, text, false);
}

/* A relay that takes so many messages in a connection and does not say so beforehand (LIMITS MAILMAX): OpenSMTPD answers
   the next MAIL with "too many recipients". The next connection is for this message, and nobody is at fault. */
static bool has_had_enough(const struct talk *t, enum smtp_stage stage, const struct reply *r)
{
	return stage == STAGE_MAIL && r->code == 452 && strcmp(r->enhanced, "4.5.3") == 0 && t->started > 1;
}

/* A command of the envelope was refused; the first refusal is the outcome. False: the relay itself is at fault,
   and everything has ended. */
static bool refuse(struct talk *t, enum smtp_stage stage, const struct reply *r)
{
	struct deal *d = t->envelope;

	if (d->refused)
		return true;
	classify(stage, r, &d->outcome);
	d->refused = true;
	if (has_had_enough(t, stage, r)) {
		d->outcome.end = SMTP_NOT_STARTED;
		d->outcome.fault = FAULT_NONE;
		t->quitting = true;
		return true;
	}
	if (stage == STAGE_RCPT)
		t->rejected++;
	if (d->outcome.fault != FAULT_RELAY)
		return true;
	login_explain(&d->outcome);
	talk_give_up(t, &d->outcome, true);
	return false;
}

/* The envelope is over without content; the relay must forget what it took of it. */
static void end_envelope(struct talk *t)
{
	t->reset_due = true;
	talk_finish(t, t->envelope);
}

/* MAIL and RCPT alike: with pipelining the rest of the envelope is out already, and DATA's reply ends it. */
static void on_envelope(struct talk *t, enum smtp_stage stage, const struct reply *r)
{
	if (r->code < 400 && r->code / 100 != 2) {
		broken(t, stage, "an answer that is neither yes nor no");
	} else if (r->code >= 400) {
		if (refuse(t, stage, r) && !t->offers.pipelining)
			end_envelope(t);
	} else if (!t->offers.pipelining) {
		if (stage == STAGE_MAIL)
			talk_write_rcpt(t);
		else
			talk_write_data(t);
	}
}

/* 354 after a refusal: an empty message ends DATA, and goes to nobody (RFC 2920 3.1). */
static void on_data(struct talk *t, const struct reply *r)
{
	if (r->code == 354 && t->envelope->refused) {
		t->empty_dot_due = true;
		talk_finish(t, t->envelope);
	} else if (r->code == 354) {
		t->body = t->envelope;
		t->envelope = NULL;
		t->content_due = true;
		t->content_at = 0;
		t->dots = wire_inspect(t->body->job.data, t->body->job.n, t->body->job.utf8);
	} else if (r->code < 400) {
		broken(t, STAGE_DATA, "an answer to DATA that is neither 354 nor no");
	} else if (refuse(t, STAGE_DATA, r)) {
		end_envelope(t);
	}
}

/* A reply to a message that is a yes or a no. Anything else, and a yes before the message was whole, breaks the talk. */
static bool answers_message(struct talk *t, const struct deal *d, const struct reply *r)
{
	if (r->code / 100 != 3 && (d->dot_gone || r->code >= 400))
		return true;
	broken(t, STAGE_DOT, "an answer to the message that is neither yes nor no");
	return false;
}

/* The point of commitment. A no that comes before the dot has left is a no as well, but leaves the relay
   in the middle of our content, so that the connection ends. */
static void on_dot(struct talk *t, const struct reply *r)
{
	struct deal *d = t->body;
	bool early = !d->dot_gone;

	if (!answers_message(t, d, r))
		return;
	classify(STAGE_DOT, r, &d->outcome);
	d->refused = true;
	if (d->outcome.fault == FAULT_RELAY || early)
		talk_give_up(t, &d->outcome, false);
	else
		talk_finish(t, d);
}

/* The same for BDAT LAST, which left together with its envelope: if that was refused, this reply only ends it. */
static void on_chunk(struct talk *t, const struct reply *r)
{
	struct deal *d = t->envelope;
	bool early = !d->dot_gone;

	if (!answers_message(t, d, r))
		return;
	t->reset_due = d->refused || r->code >= 400;
	if (!d->refused)
		classify(STAGE_DOT, r, &d->outcome);
	d->refused = true;
	if (d->outcome.fault == FAULT_RELAY || early)
		talk_give_up(t, &d->outcome, false);
	else
		talk_finish(t, d);
}

/* Whom a 421 that comes now answers, or NULL: the next reply in order would have been the one that decides, or, with
   BDAT, one before it, behind which the relay has read nothing. */
static struct deal *refused_by_goodbye(struct talk *t)
{
	if (t->body && t->body->live && (t->content_due || (t->fifo_n && t->fifo[0] == EXPECT_DOT)))
		return t->body;
	if (t->envelope && t->fifo_n && t->fifo[t->fifo_n - 1] == EXPECT_CHUNK)
		return t->envelope;
	return NULL;
}

/* 421 is no answer to a command but the end (SMTP-9); on an idle connection it is nobody's fault. */
static void on_goodbye(struct talk *t, const struct reply *r)
{
	bool idle = talk_is_idle(t);
	struct deal *d = refused_by_goodbye(t);
	struct smtp_outcome o;

	classify(talk_stage(t), r, &o);
	if (d && !d->refused) {
		d->outcome = o;
		d->refused = true;
	}
	talk_give_up(t, &o, false);
	if (idle)
		t->faulty = false;
}

static void on_reply(struct talk *t, const struct reply *r, bool more)
{
	if (r->code == 421) {
		on_goodbye(t, r);
		return;
	}
	if (!t->fifo_n) {
		if (t->content_due)
			on_dot(t, r);
		else
			broken(t, STAGE_MAIL, "a reply to nothing");
		return;
	}
	switch (take_expected(t)) {
	case EXPECT_GREETING:
		login_greeting(t, r);
		break;
	case EXPECT_EHLO:
		login_ehlo(t, r);
		break;
	case EXPECT_HELO:
		login_helo(t, r);
		break;
	case EXPECT_STARTTLS:
		login_starttls(t, r, more);
		break;
	case EXPECT_AUTH:
		login_auth(t, r, more);
		break;
	case EXPECT_MAIL:
		on_envelope(t, STAGE_MAIL, r);
		break;
	case EXPECT_RCPT:
		on_envelope(t, STAGE_RCPT, r);
		break;
	case EXPECT_DATA:
		on_data(t, r);
		break;
	case EXPECT_DOT:
		on_dot(t, r);
		break;
	case EXPECT_CHUNK:
		on_chunk(t, r);
		break;
	case EXPECT_EMPTY_DOT:
		break; /* whatever it says */
	case EXPECT_RSET:
		if (r->code != 250)
			broken(t, STAGE_MAIL, "RSET was refused");
		break;
	case EXPECTS:
		BUG("no reply is like this");
	}
}

void talk_input(struct talk *t, const char *p, size_t n)
{
	while (n && (t->phase == PHASE_LOGIN || t->phase == PHASE_READY)) {
		size_t used;
		enum reply_step step = reply_read(&t->parser, p, n, &used);

		p += used;
		n -= used;
		if (step == REPLY_BAD) {
			broken(t, talk_stage(t), t->parser.why);
			return;
		}
		if (step == REPLY_MORE)
			return;
		if (t->fifo_n && t->fifo[0] == EXPECT_EHLO && t->ehlo_lines++)
			offers_take(&t->offers, t->parser.line);
		t->progress++;
		if (step == REPLY_DONE)
			on_reply(t, &t->parser.reply, n > 0);
	}
}

void talk_secured(struct talk *t)
{
	MUST(t->phase == PHASE_HANDSHAKE);
	t->secure = true;
	t->phase = PHASE_LOGIN;
	login_say_hello(t);
}

void talk_work(struct talk *t)
{
	MUST(t->phase == PHASE_WORK);
	login_work(t);
}

void talk_lost(struct talk *t, const char *why)
{
	bool idle = talk_is_idle(t);

	if (t->phase == PHASE_ENDED)
		return;
	talk_give_up_text(t, talk_stage(t), why, false);
	if (idle)
		t->faulty = false;
}

void talk_quit(struct talk *t)
{
	t->quitting = true;
}

uint64_t talk_progress(const struct talk *t)
{
	return t->progress;
}

enum talk_need talk_need(const struct talk *t)
{
	if (t->phase == PHASE_HANDSHAKE)
		return TALK_TLS;
	if (t->phase == PHASE_WORK)
		return TALK_WORK;
	return t->phase == PHASE_ENDED ? TALK_CLOSE : TALK_MORE;
}

static const struct {
	enum talk_wait wait;
	enum smtp_stage stage;
} EXPECTED[EXPECTS] = {
	[EXPECT_GREETING] = { WAIT_GREETING, STAGE_CONNECT },
	[EXPECT_EHLO] = { WAIT_REPLY, STAGE_HELLO },
	[EXPECT_HELO] = { WAIT_REPLY, STAGE_HELLO },
	[EXPECT_STARTTLS] = { WAIT_REPLY, STAGE_TLS },
	[EXPECT_AUTH] = { WAIT_REPLY, STAGE_AUTH },
	[EXPECT_MAIL] = { WAIT_REPLY, STAGE_MAIL },
	[EXPECT_RCPT] = { WAIT_REPLY, STAGE_RCPT },
	[EXPECT_DATA] = { WAIT_GO_AHEAD, STAGE_DATA },
	[EXPECT_DOT] = { WAIT_DOT, STAGE_DOT },
	[EXPECT_CHUNK] = { WAIT_DOT, STAGE_DOT },
	[EXPECT_EMPTY_DOT] = { WAIT_DOT, STAGE_MAIL },
	[EXPECT_RSET] = { WAIT_REPLY, STAGE_MAIL },
};

enum talk_wait talk_wait(const struct talk *t)
{
	return t->fifo_n ? EXPECTED[t->fifo[0]].wait : WAIT_NOTHING;
}

enum smtp_stage talk_stage(const struct talk *t)
{
	if (t->phase == PHASE_HANDSHAKE)
		return STAGE_TLS;
	if (t->phase == PHASE_WORK)
		return STAGE_AUTH;
	if (t->content_due)
		return STAGE_DOT;
	return t->fifo_n ? EXPECTED[t->fifo[0]].stage : STAGE_MAIL;
}

bool talk_is_ready(const struct talk *t)
{
	return t->phase == PHASE_READY;
}

bool talk_is_idle(const struct talk *t)
{
	return t->phase == PHASE_READY && !t->fifo_n && !t->envelope && !t->body && !t->empty_dot_due;
}

const struct smtp_outcome *talk_fault(const struct talk *t)
{
	return t->phase == PHASE_ENDED && t->faulty ? &t->fault : NULL;
}
