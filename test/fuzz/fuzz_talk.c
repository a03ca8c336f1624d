/*
 * A relay that says arbitrary bytes: every message that is started ends
 * exactly once, is accepted or uncertain only after its dot left, and at most
 * one is between its dot and its reply.
 */
#include "smtp/talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define JOBS 8

struct play {
	struct talk *talk;
	int given;
	bool open[JOBS], dotted[JOBS];
	int uncertain;
	const char *data;
};

static int next(void *ctx, struct smtp_job *job)
{
	struct play *p = ctx;

	if (p->given == JOBS)
		return 0;
	*job = (struct smtp_job){ .id = p->given,
				  .from = "b@id.example",
				  .to = "r@to.example",
				  .envid = "e",
				  .data = p->data,
				  .n = strlen(p->data),
				  .utf8 = p->given == 3 };
	p->open[p->given++] = true;
	return 1;
}

static int dot(void *ctx, const struct smtp_job *job)
{
	struct play *p = ctx;

	for (int i = 0; i < JOBS; i++)
		MUST(!p->open[i] || !p->dotted[i]);
	MUST(p->open[job->id]);
	p->dotted[job->id] = true;
	return job->id == 6 ? -1 : 0;
}

static void done(void *ctx, const struct smtp_job *job, const struct smtp_outcome *o)
{
	struct play *p = ctx;

	MUST(p->open[job->id]);
	p->open[job->id] = false;
	MUST((o->end != SMTP_ACCEPTED && o->end != SMTP_UNCERTAIN) || p->dotted[job->id]);
	MUST(o->end != SMTP_ACCEPTED || o->code / 100 == 2);
	p->uncertain += o->end == SMTP_UNCERTAIN;
}

/* Reads each byte, so that memory that is gone shows. */
static void write_all(struct play *p, bool slowly)
{
	struct talk_output o = talk_output(p->talk);
	unsigned sum = 0;

	while (o.n) {
		for (int i = 0; i < o.parts; i++)
			for (size_t k = 0; k < o.part[i].n; k++)
				sum += (unsigned char)o.part[i].p[k];
		MUST(sum < UINT32_MAX);
		talk_wrote(p->talk, slowly && o.n > 7 ? 7 : o.n);
		if (slowly)
			return;
		o = talk_output(p->talk);
	}
}

static void go_on(struct play *p)
{
	if (talk_need(p->talk) == TALK_TLS)
		talk_secured(p->talk);
	while (talk_need(p->talk) == TALK_WORK)
		talk_work(p->talk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char HELLO[] = "220 x\r\n250-x\r\n250-DSN\r\n250-CHUNKING\r\n250 PIPELINING\r\n",
			  PLAIN[] = "220 x\r\n250 x\r\n";
	static const char AUTH[] =
		"220 x\r\n250-x\r\n250-AUTH SCRAM-SHA-256 LOGIN PLAIN XOAUTH2 OAUTHBEARER\r\n250 PIPELINING\r\n";
	struct relay relay = { .host = "localhost" };
	struct smtp_ops ops = { .next = next, .dot = dot, .done = done };
	struct play p = { .data = "Subject: x\r\n\r\n.x\r\n" };
	size_t piece;

	if (size < 2)
		return 0;
	relay.mode = data[0] & 1 ? RELAY_STARTTLS : RELAY_PLAIN;
	relay.user = data[0] & 2 ? "u" : NULL;
	relay.password = "p";
	relay.chunking = data[0] & 32;
	relay.helo_fallback = data[0] & 64;
	relay.auth = data[1] / 100 ? (enum relay_auth)(data[0] % AUTH_KINDS) : AUTH_BEST;
	piece = (size_t)data[1] % 100 + 1;
	p.talk = talk_new(&(struct talk_setup){
		.relay = &relay, .helo = "me", .ops = &ops, .ctx = &p, .token = data[0] & 128 ? "t" : NULL });
	if ((data[0] & 6) == 6)
		talk_input(p.talk, AUTH, sizeof(AUTH) - 1);
	else if (data[0] & 4)
		talk_input(p.talk, HELLO, sizeof(HELLO) - 1);
	else if (data[0] & 8)
		talk_input(p.talk, PLAIN, sizeof(PLAIN) - 1);
	for (size_t at = 2; at < size; at += piece) {
		write_all(&p, data[0] & 16);
		go_on(&p);
		talk_input(p.talk, (const char *)data + at, size - at < piece ? size - at : piece);
	}
	write_all(&p, false);
	talk_lost(p.talk, "cut");
	MUST(talk_need(p.talk) == TALK_CLOSE && p.uncertain <= 1);
	for (int i = 0; i < JOBS; i++)
		MUST(!p.open[i]);
	talk_free(p.talk);
	return 0;
}
