/* The strict server: what the client says, what it is told, and which messages come through. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "receive/smtpd.h"

#define EHLO "EHLO a.example\r\n"
#define EHLO_REPLY                                                                                              \
	"250-mx.example\r\n250-PIPELINING\r\n250-SIZE 26214400\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"             \
	"250 ENHANCEDSTATUSCODES\r\n"
#define ENVELOPE "MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n"
#define ENVELOPE_REPLY "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"
#define BARE_LF "550 5.6.0 A bare line feed in the message\r\n"
#define BARE_CR "550 5.6.0 A bare carriage return in the message\r\n"
#define TAKEN "250 kept\r\n"

/* Pieces are sent one after another; `out` is all that came back after the greeting. `mail`: each message
   as "helo|from|to,to|content;". */
static const struct {
	const char *name, *in[4], *out, *mail;
	bool over;
} CASES[] = {
	{ "a message",
	  { EHLO, ENVELOPE, "S: x\r\n\r\nHi\r\n.\r\nQUIT\r\n" },
	  EHLO_REPLY ENVELOPE_REPLY TAKEN "221 2.0.0 Bye\r\n",
	  "a.example|a@a.example|b@b.example,|S: x\r\n\r\nHi\r\n;",
	  true },
	{ "the end and the next envelope in one write",
	  { EHLO, ENVELOPE, "1\r\n.\r\n" ENVELOPE, "2\r\n.\r\n" },
	  EHLO_REPLY ENVELOPE_REPLY TAKEN ENVELOPE_REPLY TAKEN,
	  "a.example|a@a.example|b@b.example,|1\r\n;a.example|a@a.example|b@b.example,|2\r\n;",
	  false },
	{ "dots are unstuffed",
	  { EHLO, ENVELOPE, "..\r\n.a\r\n.\r\n" },
	  EHLO_REPLY ENVELOPE_REPLY TAKEN,
	  "a.example|a@a.example|b@b.example,|.\r\na\r\n;",
	  false },
	{ "HELO, bounce sender, two recipients, any case",
	  { "helo A\r\n", "mail from:<>\r\nrcpt to:<b@b.example>\r\nRcpt To:<\"c d\"@b.example>\r\ndata\r\n", ".\r\n" },
	  "250 mx.example\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n" TAKEN,
	  "A||b@b.example,\"c d\"@b.example,|;",
	  false },
	{ "refused recipients",
	  { EHLO, "MAIL FROM:<a@a.example>\r\nRCPT TO:<no@b.example>\r\nDATA\r\nRSET\r\n" },
	  EHLO_REPLY "250 2.1.0 Ok\r\n550 5.1.1 no\r\n554 5.5.1 No valid recipients\r\n250 2.0.0 Ok\r\n",
	  "",
	  false },
	{ "order",
	  { "MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n", EHLO,
	    "MAIL FROM:<a@a.example>\r\nMAIL FROM:<a@a.example>\r\nNOOP x\r\nVRFY b\r\nWHAT\r\n" },
	  "503 5.5.1 The greeting comes first\r\n503 5.5.1 MAIL comes first\r\n503 5.5.1 MAIL comes first\r\n" EHLO_REPLY
	  "250 2.1.0 Ok\r\n503 5.5.1 One MAIL at a time\r\n250 2.0.0 Ok\r\n252 2.0.0 Send mail, and it will be tried\r\n"
	  "500 5.5.2 No such command\r\n",
	  "",
	  false },
	{ "parameters",
	  { EHLO, "MAIL FROM:<a@a.example> SIZE=100 BODY=8BITMIME\r\nRSET\r\nMAIL FROM:<a@a.example> SIZE=26214401\r\n"
		  "MAIL FROM:<a@a.example> SIZE=x\r\nMAIL FROM:<a@a.example> RET=HDRS\r\nMAIL FROM:<a@a.example> BODY=7BIT\r\n"
		  "RCPT TO:<b@b.example> NOTIFY=NEVER\r\n" },
	  EHLO_REPLY "250 2.1.0 Ok\r\n250 2.0.0 Ok\r\n552 5.3.4 The message is too large\r\n501 5.5.4 SIZE is a number\r\n"
		     "555 5.5.4 This parameter was not offered\r\n250 2.1.0 Ok\r\n555 5.5.4 This parameter was not offered\r\n",
	  "",
	  false },
	{ "paths",
	  { EHLO, "MAIL FROM: <a@a.example>\r\nMAIL FROM:a@a.example\r\nMAIL FROM:<a@a.example>x\r\nMAIL FROM:<a>\r\n",
	    "MAIL FROM:<a@a example>\r\nMAIL FROM:<@b>\r\nMAIL FROM:<a@>\r\nMAIL TO:<a@b>\r\nMAIL FROM:<a@b_c>\r\n"
	    "MAIL FROM:<\"a>@b>\r\nMAIL FROM:<a@[127.0.0.1]>\r\nRCPT TO:<>\r\n" },
	  EHLO_REPLY "501 5.5.2 An address stands in < >, right behind the colon\r\n"
		     "501 5.5.2 An address stands in < >, right behind the colon\r\n"
		     "501 5.5.2 An address stands in < >, right behind the colon\r\n501 5.1.3 This is not an address\r\n"
		     "501 5.5.2 An address stands in < >, right behind the colon\r\n501 5.1.3 This is not an address\r\n"
		     "501 5.1.3 This is not an address\r\n"
		     "501 5.5.4 Syntax: MAIL FROM:<address> or RCPT TO:<address>\r\n501 5.1.3 This is not an address\r\n"
		     "501 5.5.2 An address stands in < >, right behind the colon\r\n250 2.1.0 Ok\r\n"
		     "501 5.1.3 This is not an address\r\n",
	  "",
	  false },
	{ "SMTPUTF8",
	  { EHLO, "MAIL FROM:<a@a.example>\r\nRCPT TO:<j\xc3\xb6@b.example>\r\nRSET\r\n",
	    "MAIL FROM:<a@a.example> SMTPUTF8\r\nRCPT TO:<j\xc3\xb6@b.example>\r\nRCPT TO:<\xc3@b.example>\r\nDATA\r\n",
	    "\xc3\xb6\r\n.\r\n" },
	  EHLO_REPLY "250 2.1.0 Ok\r\n553 5.6.7 This address needs SMTPUTF8\r\n250 2.0.0 Ok\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n"
		     "553 5.6.7 This address needs SMTPUTF8\r\n354 End data with <CR><LF>.<CR><LF>\r\n" TAKEN,
	  "a.example|a@a.example|j\xc3\xb6@b.example,|\xc3\xb6\r\n;",
	  false },
	{ "8-bit content that was not announced",
	  { EHLO, ENVELOPE, "\xc3\xb6\r\n.\r\n" },
	  EHLO_REPLY ENVELOPE_REPLY "550 5.6.3 Bytes over 127 need BODY=8BITMIME\r\n",
	  "",
	  false },
	/* Smuggling (SMTP-12): what is not CRLF.CRLF ends nothing, and what holds it is refused whole. */
	{ "LF.LF", { EHLO, ENVELOPE, "a\n.\nMAIL FROM:<x@x.example>\r\n.\r\n" }, EHLO_REPLY ENVELOPE_REPLY BARE_LF, "", false },
	{ "LF.CRLF", { EHLO, ENVELOPE, "a\n.\r\nMAIL FROM:<x@x.example>\r\n", ".\r\n" }, EHLO_REPLY ENVELOPE_REPLY BARE_LF, "", false },
	{ "CRLF.LF", { EHLO, ENVELOPE, "a\r\n.\nb\r\n", ".\r\n" }, EHLO_REPLY ENVELOPE_REPLY BARE_LF, "", false },
	{ "CRLF.CR", { EHLO, ENVELOPE, "a\r\n.\rb\r\n", ".\r\n" }, EHLO_REPLY ENVELOPE_REPLY BARE_CR, "", false },
	{ "CR.CR", { EHLO, ENVELOPE, "a\r.\rb\r\n", ".\r\n" }, EHLO_REPLY ENVELOPE_REPLY BARE_CR, "", false },
	{ "CRLF.CRCRLF", { EHLO, ENVELOPE, "a\r\n.\r\r\nb\r\n", ".\r\n" }, EHLO_REPLY ENVELOPE_REPLY BARE_CR, "", false },
	{ "LF in a command", { EHLO, "NOOP\nNOOP\r\n" }, EHLO_REPLY "500 5.5.2 A bare line feed in a command\r\n", "", true },
	{ "CR in a command", { EHLO, "NOOP\rNOOP\r\n" }, EHLO_REPLY "500 5.5.2 Control characters in a command\r\n", "", true },
	{ "ahead of EHLO", { EHLO "NOOP\r\n" }, "554 5.5.1 Nothing may follow EHLO before its reply\r\n", "", true },
	{ "ahead of DATA's reply",
	  { EHLO, ENVELOPE "a\r\n.\r\n" },
	  EHLO_REPLY "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n554 5.5.1 Nothing may follow DATA before its reply\r\n",
	  "",
	  true },
};

static const char *take_rcpt(void *ctx, const char *to)
{
	(void)ctx;
	return strncmp(to, "no@", 3) == 0 ? "550 5.1.1 no" : NULL;
}

static void take_message(void *ctx, const struct smtpd_mail *m, struct buf *reply)
{
	struct buf *mail = ctx;

	buf_addf(mail, "%s|%s|", m->helo, m->from);
	for (size_t i = 0; i < m->to_n; i++)
		buf_addf(mail, "%s,", m->to[i]);
	buf_addc(mail, '|');
	buf_add(mail, m->data, m->n);
	buf_addc(mail, ';');
	buf_adds(reply, "250 kept");
}

static const struct smtpd_ops OPS = { .rcpt = take_rcpt, .message = take_message };

static void each_case(void **state)
{
	struct buf mail;

	(void)state;
	buf_init(&mail, 100000);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct smtpd *s = smtpd_new("mx.example", &OPS, &mail);

		buf_clear(&mail);
		assert_string_equal(buf_text(smtpd_output(s)), "220 mx.example ESMTP\r\n");
		buf_clear(smtpd_output(s));
		for (size_t k = 0; k < COUNT(CASES[i].in) && CASES[i].in[k]; k++)
			smtpd_input(s, CASES[i].in[k], strlen(CASES[i].in[k]));
		if (strcmp(buf_text(smtpd_output(s)), CASES[i].out) != 0 || strcmp(buf_text(&mail), CASES[i].mail) != 0 ||
		    smtpd_is_over(s) != CASES[i].over)
			fail_msg("%s:\n%s\nmail: %s", CASES[i].name, buf_text(smtpd_output(s)), buf_text(&mail));
		smtpd_free(s);
	}
	buf_free(&mail);
}

/* Byte by byte, nothing but what runs ahead differs. */
static void byte_by_byte(void **state)
{
	struct buf mail;

	(void)state;
	buf_init(&mail, 100000);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct smtpd *s = smtpd_new("mx.example", &OPS, &mail);

		if (strncmp(CASES[i].name, "ahead", 5) == 0) {
			smtpd_free(s);
			continue;
		}
		buf_clear(&mail);
		buf_clear(smtpd_output(s));
		for (size_t k = 0; k < COUNT(CASES[i].in) && CASES[i].in[k]; k++)
			for (const char *p = CASES[i].in[k]; *p; p++)
				smtpd_input(s, p, 1);
		assert_string_equal(buf_text(smtpd_output(s)), CASES[i].out);
		assert_string_equal(buf_text(&mail), CASES[i].mail);
		smtpd_free(s);
	}
	buf_free(&mail);
}

static void say(struct smtpd *s, const char *text)
{
	buf_clear(smtpd_output(s));
	smtpd_input(s, text, strlen(text));
}

static void long_lines(void **state)
{
	static char line[9000];
	struct buf mail;
	struct smtpd *s;

	(void)state;
	buf_init(&mail, 100000);
	memset(line, 'x', sizeof(line) - 1);
	for (int i = 0; i < 3; i++) {
		size_t n = i == 0 ? 998 : i == 1 ? 999 : 8990;

		s = smtpd_new("mx.example", &OPS, &mail);
		say(s, EHLO);
		say(s, ENVELOPE);
		smtpd_input(s, line, n - 500);
		smtpd_input(s, line, 500);
		say(s, "\r\n.\r\n");
		assert_string_equal(buf_text(smtpd_output(s)),
				    i == 0 ? TAKEN : "550 5.6.0 A line of the message is longer than 998 bytes\r\n");
		assert_false(smtpd_is_over(s));
		smtpd_free(s);
	}
	for (size_t cut = 1; cut < 8; cut++) { /* the end of a line that is too long, cut in each way */
		const char *end = "xxx\r\n.\r\n";

		s = smtpd_new("mx.example", &OPS, &mail);
		say(s, EHLO);
		say(s, ENVELOPE);
		buf_clear(smtpd_output(s));
		smtpd_input(s, line, 4095);
		smtpd_input(s, end, cut);
		smtpd_input(s, end + cut, 8 - cut);
		assert_string_equal(buf_text(smtpd_output(s)),
				    "550 5.6.0 A line of the message is longer than 998 bytes\r\n");
		smtpd_free(s);
	}
	s = smtpd_new("mx.example", &OPS, &mail);
	smtpd_input(s, line, 3000);
	assert_false(smtpd_is_over(s));
	smtpd_input(s, line, 3000);
	assert_true(smtpd_is_over(s));
	smtpd_free(s);
	buf_free(&mail);
}

static void lmtp_take(void *ctx, const struct smtpd_mail *m, struct buf *reply)
{
	(void)ctx;
	assert_int_equal(m->to_n, 2);
	buf_adds(reply, "250 first\r\n450 second");
}

/* LMTP answers the content once for each recipient (RFC 2033 4.2). */
static void lmtp(void **state)
{
	struct smtpd_ops ops = { .lmtp = true, .rcpt = take_rcpt, .message = lmtp_take };
	const char *envelope = "MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nRCPT TO:<c@b.example>\r\nDATA\r\n";
	struct smtpd *s = smtpd_new("mx.example", &ops, NULL);

	(void)state;
	say(s, EHLO);
	assert_string_equal(buf_text(smtpd_output(s)), "500 5.5.2 No such command\r\n");
	say(s, "LHLO a.example\r\n");
	assert_string_equal(buf_text(smtpd_output(s)), EHLO_REPLY);
	say(s, envelope);
	say(s, "x\r\n.\r\n");
	assert_string_equal(buf_text(smtpd_output(s)), "250 first\r\n450 second\r\n");
	say(s, envelope);
	say(s, "x\n.\r\n.\r\n");
	assert_string_equal(buf_text(smtpd_output(s)), BARE_LF BARE_LF);
	smtpd_free(s);
}

static void too_many(void **state)
{
	struct smtpd *s;
	struct buf mail;

	(void)state;
	buf_init(&mail, 100000);
	s = smtpd_new("mx.example", &OPS, &mail);
	say(s, EHLO);
	say(s, "MAIL FROM:<a@a.example>\r\n");
	for (int i = 0; i < SMTPD_RCPTS_MAX; i++)
		say(s, "RCPT TO:<b@b.example>\r\n");
	assert_string_equal(buf_text(smtpd_output(s)), "250 2.1.5 Ok\r\n");
	say(s, "RCPT TO:<b@b.example>\r\n");
	assert_string_equal(buf_text(smtpd_output(s)), "452 4.5.3 Too many recipients\r\n");
	for (int i = 0; i < 60 && !smtpd_is_over(s); i++)
		say(s, "WHAT\r\n");
	assert_true(smtpd_is_over(s));
	assert_string_equal(buf_text(smtpd_output(s)), "421 4.7.0 Too many errors\r\n");
	smtpd_free(s);
	buf_free(&mail);
}

static void too_large(void **state)
{
	static char block[1000 * 78 + 1];
	struct buf mail;
	struct smtpd *s;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		snprintf(block + i * 78, 79, "%076d\r\n", 0);
	buf_init(&mail, 1000);
	s = smtpd_new("mx.example", &OPS, &mail);
	say(s, EHLO);
	say(s, ENVELOPE);
	for (size_t n = 0; n <= SMTPD_MESSAGE_MAX; n += sizeof(block) - 1)
		smtpd_input(s, block, sizeof(block) - 1);
	say(s, ".\r\n");
	assert_string_equal(buf_text(smtpd_output(s)), "552 5.3.4 The message is too large\r\n");
	assert_int_equal(mail.n, 0);
	say(s, ENVELOPE);
	assert_string_equal(buf_text(smtpd_output(s)), ENVELOPE_REPLY);
	smtpd_free(s);
	buf_free(&mail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case), cmocka_unit_test(byte_by_byte), cmocka_unit_test(long_lines),
		cmocka_unit_test(too_many),  cmocka_unit_test(too_large),    cmocka_unit_test(lmtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
