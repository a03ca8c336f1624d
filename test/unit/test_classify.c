/* Section 3.4 of the standards digest, reply by reply, and that the table has no gap. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "smtp/classify.h"

static const struct {
	enum smtp_stage stage;
	const char *line;
	enum smtp_end end;
	enum smtp_fault fault;
} CASES[] = {
	{ STAGE_CONNECT, "554 no service", SMTP_NOT_STARTED, FAULT_RELAY },
	{ STAGE_CONNECT, "450 not now", SMTP_NOT_STARTED, FAULT_RELAY },
	{ STAGE_HELLO, "550 5.7.1 who are you", SMTP_NOT_STARTED, FAULT_RELAY },
	{ STAGE_TLS, "454 TLS not available", SMTP_NOT_STARTED, FAULT_RELAY },
	{ STAGE_AUTH, "535 5.7.8 wrong", SMTP_NOT_STARTED, FAULT_RELAY },
	{ STAGE_AUTH, "334 more", SMTP_NOT_STARTED, FAULT_RELAY },
	{ STAGE_RCPT, "421 4.3.2 bye", SMTP_NOT_STARTED, FAULT_RELAY },
	{ STAGE_MAIL, "454 4.7.0 auth backend", SMTP_NOT_STARTED, FAULT_RELAY },
	{ STAGE_MAIL, "530 5.7.0 authenticate first", SMTP_NOT_STARTED, FAULT_RELAY },
	{ STAGE_DOT, "421 4.3.2 bye", SMTP_NOT_STARTED, FAULT_RELAY },

	{ STAGE_MAIL, "451 4.3.0 later", SMTP_DEFERRED, FAULT_PASSING },
	{ STAGE_MAIL, "550 5.1.8 your domain", SMTP_FAILED, FAULT_IDENTITY },
	{ STAGE_MAIL, "553 5.7.1 not your address", SMTP_FAILED, FAULT_IDENTITY },
	{ STAGE_MAIL, "552 5.3.4 too large", SMTP_FAILED, FAULT_MAILBOX },
	{ STAGE_MAIL, "552 too large", SMTP_FAILED, FAULT_MAILBOX },

	{ STAGE_RCPT, "550 5.1.1 no such user", SMTP_FAILED, FAULT_ADDRESS },
	{ STAGE_RCPT, "550 no such user", SMTP_FAILED, FAULT_ADDRESS },
	{ STAGE_RCPT, "551 elsewhere", SMTP_FAILED, FAULT_ADDRESS },
	{ STAGE_RCPT, "553 bad name", SMTP_FAILED, FAULT_ADDRESS },
	{ STAGE_RCPT, "556 5.1.10 null MX", SMTP_FAILED, FAULT_ADDRESS },
	{ STAGE_RCPT, "550 5.4.4 no host", SMTP_FAILED, FAULT_ADDRESS },
	{ STAGE_DOT, "550 5.1.1 no such user", SMTP_FAILED, FAULT_ADDRESS },
	{ STAGE_RCPT, "552 5.2.2 full", SMTP_FAILED, FAULT_MAILBOX },
	{ STAGE_RCPT, "552 mailbox full", SMTP_FAILED, FAULT_MAILBOX },
	{ STAGE_DOT, "552 5.2.3 too large for it", SMTP_FAILED, FAULT_MAILBOX },
	{ STAGE_RCPT, "554 5.7.1 not by our policy", SMTP_FAILED, FAULT_POLICY },
	{ STAGE_RCPT, "550 5.7.606 banned sender", SMTP_FAILED, FAULT_POLICY },
	{ STAGE_DOT, "554 no thanks", SMTP_FAILED, FAULT_POLICY },
	{ STAGE_DOT, "550 5.6.0 malformed", SMTP_FAILED, FAULT_POLICY },
	{ STAGE_RCPT, "550 5.1.8 sender's domain", SMTP_FAILED, FAULT_IDENTITY },

	/* The words of a policy are no verdict about the mailbox. */
	{ STAGE_RCPT, "550 blocked, see https://blocklist.test.example/", SMTP_FAILED, FAULT_POLICY },
	{ STAGE_RCPT, "550 5.0.0 this looks like SPAM", SMTP_FAILED, FAULT_POLICY },
	{ STAGE_RCPT, "550 5.1.1 no such user, by policy", SMTP_FAILED, FAULT_ADDRESS },

	/* What providers say of our set-up is never the address's fault, and pauses the mailing. */
	{ STAGE_DOT, "550 5.7.25 no PTR", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_DOT, "550 5.7.26 unauthenticated", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_DOT, "550 5.7.27 SPF", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_DOT, "550 5.7.28 too much", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_RCPT, "550 5.7.29 TLS", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_DOT, "550 5.7.30 DKIM", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_DOT, "550 5.7.32 alignment", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_DOT, "550 5.7.40 no DMARC record", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_RCPT, "550 5.7.515 Access denied, sending domain does not meet the level", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_DOT, "550 5.7.1 rejected: DMARC policy of uni.example", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_RCPT, "554 5.7.1 Relay access denied", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_RCPT, "550 relaying denied", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_RCPT, "550 5.0.0 SPF check failed", SMTP_FAILED, FAULT_SETUP },
	{ STAGE_DOT, "450 4.7.23 no PTR", SMTP_DEFERRED, FAULT_SLOWED },
	{ STAGE_DOT, "421 4.7.28 too much", SMTP_NOT_STARTED, FAULT_RELAY }, /* the relay is left alone for a while */
	{ STAGE_DOT, "450 4.7.28 too much", SMTP_DEFERRED, FAULT_SLOWED },
	{ STAGE_RCPT, "451 4.7.30 DKIM", SMTP_DEFERRED, FAULT_SLOWED },
	{ STAGE_MAIL, "450 4.7.32 alignment", SMTP_DEFERRED, FAULT_SLOWED },
	{ STAGE_MAIL, "550 5.7.26 unauthenticated", SMTP_FAILED, FAULT_IDENTITY },
	/* Near to it, and not meant. */
	{ STAGE_DOT, "550 5.7.1 spam, see https://spfilter.test.example/", SMTP_FAILED, FAULT_POLICY },
	{ STAGE_RCPT, "550 5.1.1 no such user; our DMARC page", SMTP_FAILED, FAULT_ADDRESS },
	{ STAGE_RCPT, "550 5.7.129 this group takes mail of members alone; not DKIM", SMTP_FAILED, FAULT_POLICY },
	{ STAGE_RCPT, "550 5.7.1 authentication required to write to this group", SMTP_FAILED, FAULT_POLICY },

	{ STAGE_RCPT, "450 4.2.0 greylisted", SMTP_DEFERRED, FAULT_PASSING },
	{ STAGE_RCPT, "452 4.5.3 too many recipients", SMTP_DEFERRED, FAULT_PASSING },
	{ STAGE_RCPT, "552 too many recipients", SMTP_DEFERRED, FAULT_PASSING },
	{ STAGE_RCPT, "552 5.5.3 enough", SMTP_DEFERRED, FAULT_PASSING },
	{ STAGE_DOT, "451 4.7.1 later", SMTP_DEFERRED, FAULT_PASSING },
	{ STAGE_DATA, "452 4.3.1 no room", SMTP_DEFERRED, FAULT_PASSING },
	{ STAGE_RCPT, "554 no", SMTP_FAILED, FAULT_OTHER },
	{ STAGE_DOT, "550 no", SMTP_FAILED, FAULT_OTHER },
	{ STAGE_DATA, "503 5.5.1 sequence", SMTP_FAILED, FAULT_OTHER },

	{ STAGE_DOT, "250 2.0.0 Ok: queued as 7F", SMTP_ACCEPTED, FAULT_NONE },
	{ STAGE_RCPT, "250 2.1.5 Ok", SMTP_NOT_STARTED, FAULT_RELAY }, /* never asked; never an acceptance */
};

static void read_reply(const char *line, struct reply_parser *p)
{
	char wire[500];
	size_t used;

	reply_init(p);
	snprintf(wire, sizeof(wire), "%s\r\n", line);
	assert_int_equal(reply_read(p, wire, strlen(wire), &used), REPLY_DONE);
}

static void each_case(void **state)
{
	static struct reply_parser p;
	struct smtp_outcome o;

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		read_reply(CASES[i].line, &p);
		classify(CASES[i].stage, &p.reply, &o);
		if (o.end != CASES[i].end || o.fault != CASES[i].fault)
			fail_msg("%s at stage %d: end %d, fault %d", CASES[i].line, CASES[i].stage, o.end, o.fault);
		assert_string_equal(o.text, CASES[i].line);
		assert_int_equal(o.stage, CASES[i].stage);
		assert_int_equal(o.code, p.reply.code);
	}
}

static void the_queue_id_is_kept(void **state)
{
	static struct reply_parser p;
	struct smtp_outcome o;

	(void)state;
	read_reply("250 2.0.0 Ok: queued as 7F", &p);
	classify(STAGE_DOT, &p.reply, &o);
	assert_string_equal(o.queue_id, "7F");
	assert_string_equal(o.enhanced, "2.0.0");
}

/* Any code at any stage has an answer, and only a 2xx to the dot is an acceptance. */
static void no_gap(void **state)
{
	(void)state;
	for (int stage = STAGE_CONNECT; stage <= STAGE_DOT; stage++) {
		for (int code = 200; code < 560; code++) {
			struct reply r = { .code = code };
			struct smtp_outcome o;

			classify((enum smtp_stage)stage, &r, &o);
			assert_int_equal(o.end == SMTP_ACCEPTED, stage == STAGE_DOT && code < 300);
			assert_int_equal(o.end == SMTP_UNCERTAIN, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(the_queue_id_is_kept),
		cmocka_unit_test(no_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
