/*
 * What a talk writes: envelopes, content and dots, in the order and grouping
 * of RFC 2920, or chunks (RFC 3030). The commands stand in `out`; content
 * stays in the job's data and is put in between when the pieces are handed to
 * the socket.
 */
#include "smtp/talk_in.h"

#include <openssl/crypto.h>

#define LEAVING 2 /* messages before the end at which another connection is wanted */

void talk_empty_output(struct talk *t)
{
	if (t->secret)
		OPENSSL_cleanse(t->out.p, t->out.room);
	t->secret = false;
	buf_clear(&t->out);
	t->content = (struct slice){ "", 0 };
	t->content_pos = t->out_at = t->dot_end = 0;
}

static size_t output_length(const struct talk *t)
{
	return t->out.n + t->content.n;
}

bool talk_output_is_cut(const struct talk *t)
{
	return t->out_at > 0 && t->out_at < output_length(t);
}

/* The rest of what is written stands behind this piece of a message. */
static void put_content(struct talk *t, const char *p, size_t n)
{
	MUST(!t->content.n);
	t->content = (struct slice){ p, n };
	t->content_pos = t->out.n;
}

void talk_write_rcpt(struct talk *t)
{
	wire_rcpt(&t->out, &t->offers, &t->envelope->job);
	talk_expect(t, EXPECT_RCPT);
}

void talk_write_data(struct talk *t)
{
	buf_adds(&t->out, "DATA\r\n");
	talk_expect(t, EXPECT_DATA);
}

static bool is_retired(const struct talk *t)
{
	return t->quitting || t->rejected >= t->setup.rejected_max ||
	       (t->offers.mail_max && t->started >= t->offers.mail_max);
}

/* The next message that can be written to this relay; others fail here, without an attempt (SMTP-14). */
static bool take_job(struct talk *t, struct deal *d)
{
	const char *why;

	while (t->setup.ops->next(t->setup.ctx, &d->job) > 0) {
		d->live = true;
		d->refused = d->dot_gone = false;
		why = wire_refuses(&t->offers, &d->job);
		if (!why)
			return true;
		outcome_without_reply(&d->outcome, SMTP_FAILED, strncmp(why, "5.1.", 4) ? FAULT_MAILBOX : FAULT_ADDRESS,
				      STAGE_MAIL, why);
		memcpy(d->outcome.enhanced, why, strcspn(why, " "));
		talk_finish(t, d);
	}
	return false;
}

/* The caller said no to the dot, before or after the relay got content. Only closing undoes what it got. */
static void stop_before_dot(struct talk *t, struct deal *d)
{
	struct smtp_outcome o;

	talk_empty_output(t);
	outcome_without_reply(&o, SMTP_NOT_STARTED, FAULT_NONE, STAGE_DOT, "stopped before the final dot");
	d->outcome = o;
	d->refused = true;
	talk_end(t, &o);
}

/* What ends content that has no line end of its own (SMTP-11). */
static const char *missing_end(const struct smtp_job *job)
{
	return job->n && job->data[job->n - 1] != '\n' ? "\r\n" : "";
}

/* Where the dot, or the chunk, of `d` ends is where all output ends now. */
static void end_with_dot(struct talk *t, struct deal *d, enum expect reply)
{
	t->dotted = d;
	t->dot_end = output_length(t);
	talk_expect(t, reply);
}

static bool uses_chunks(const struct talk *t)
{
	return t->setup.relay->chunking && t->offers.chunking && t->offers.pipelining;
}

/* The whole message in one write: envelope, BDAT and content. The next one waits for the reply, so that of one
   connection at most one is uncertain. */
static void write_chunk(struct talk *t)
{
	struct deal *d = t->envelope;
	const char *eol = missing_end(&d->job);

	wire_inspect(d->job.data, d->job.n, d->job.utf8);
	if (t->setup.ops->dot(t->setup.ctx, &d->job) < 0) {
		stop_before_dot(t, d);
		return;
	}
	wire_mail(&t->out, &t->offers, &d->job);
	talk_expect(t, EXPECT_MAIL);
	talk_write_rcpt(t);
	buf_addf(&t->out, "BDAT %zu LAST\r\n", d->job.n + strlen(eol));
	put_content(t, d->job.data, d->job.n);
	buf_adds(&t->out, eol);
	end_with_dot(t, d, EXPECT_CHUNK);
}

static void start_envelope(struct talk *t)
{
	struct deal *d = &t->deals[t->body == &t->deals[0]];

	if (is_retired(t) || t->envelope || (t->fifo_n && (!t->offers.pipelining || uses_chunks(t))))
		return;
	if (t->reset_due) {
		t->reset_due = false;
		buf_adds(&t->out, "RSET\r\n");
		talk_expect(t, EXPECT_RSET);
		if (!t->offers.pipelining)
			return;
	}
	if (!take_job(t, d))
		return;
	t->envelope = d;
	t->started++;
	if (uses_chunks(t)) {
		write_chunk(t);
		return;
	}
	wire_mail(&t->out, &t->offers, &d->job);
	talk_expect(t, EXPECT_MAIL);
	if (t->offers.pipelining) {
		talk_write_rcpt(t);
		talk_write_data(t);
	}
}

/* The next piece of content, stuffed if need be, with a line end if it is the last and has none. */
static void write_piece(struct talk *t, const struct smtp_job *job)
{
	size_t left = job->n - t->content_at, n = left < TALK_PIECE ? left : TALK_PIECE;

	if (t->dots) {
		wire_stuff(&t->out, job->data, job->n, &t->content_at, TALK_PIECE);
	} else {
		put_content(t, job->data + t->content_at, n);
		t->content_at += n;
	}
	if (t->content_at == job->n)
		buf_adds(&t->out, missing_end(job));
}

/* False: content is left, and nothing may follow yet. */
static bool write_content(struct talk *t)
{
	struct deal *d = t->body;

	write_piece(t, &d->job);
	if (t->content_at < d->job.n)
		return false;
	if (t->setup.ops->dot(t->setup.ctx, &d->job) < 0) {
		stop_before_dot(t, d);
		return false;
	}
	buf_adds(&t->out, ".\r\n");
	t->content_due = false;
	end_with_dot(t, d, EXPECT_DOT);
	return true;
}

static void fill(struct talk *t)
{
	if (t->content_due && !write_content(t))
		return;
	if (t->empty_dot_due) {
		t->empty_dot_due = false;
		buf_adds(&t->out, ".\r\n");
		talk_expect(t, EXPECT_EMPTY_DOT);
	}
	start_envelope(t);
	if (is_retired(t) && talk_is_idle(t)) {
		buf_adds(&t->out, "QUIT\r\n");
		t->phase = PHASE_ENDED;
	}
}

/* What of [from, from + n) of the output is not written yet. */
static void add_part(struct talk_output *o, const char *p, size_t n, size_t from, size_t written)
{
	size_t skip = written > from ? written - from : 0;

	if (skip >= n)
		return;
	o->part[o->parts++] = (struct slice){ p + skip, n - skip };
	o->n += n - skip;
}

struct talk_output talk_output(struct talk *t)
{
	struct talk_output o = { .parts = 0 };
	const char *text;

	if (t->out_at == output_length(t)) {
		talk_empty_output(t);
		if (t->phase == PHASE_READY)
			fill(t);
		MUST(!t->out.over);
	}
	text = buf_text(&t->out);
	add_part(&o, text, t->content_pos, 0, t->out_at);
	add_part(&o, t->content.p, t->content.n, t->content_pos, t->out_at);
	add_part(&o, text + t->content_pos, t->out.n - t->content_pos, t->content_pos + t->content.n, t->out_at);
	return o;
}

void talk_wrote(struct talk *t, size_t n)
{
	MUST(n <= output_length(t) - t->out_at);
	t->out_at += n;
	t->progress += n;
	if (t->dot_end && t->out_at >= t->dot_end) {
		t->dot_end = 0;
		t->dotted->dot_gone = true;
	}
}

bool talk_is_leaving(const struct talk *t)
{
	return t->phase == PHASE_READY && (is_retired(t) || t->rejected + 1 >= t->setup.rejected_max ||
					   (t->offers.mail_max && t->started + LEAVING >= t->offers.mail_max));
}
