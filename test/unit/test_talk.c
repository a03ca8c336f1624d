/*
 * Conversations with a relay, as scripts:
 *   S text   the relay says this line; then what the client has to say is taken
 *   s text   the same, but the client cannot write now
 *   C text   the client's next line
 *   E text   the next event: next, dot, done with its end, fault and stage
 *   P        nothing more: no line, no event
 *   X        the connection is lost
 *   T        TLS was asked for, and stands now
 *   Q        talk_quit()
 *   F text   it is over, and the relay's fault has this text in it
 *   O        it is over, and it is nobody's fault
 * Lines and events are checked in their order, each in its own queue.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/buf.h"
#include "smtp/talk.h"

#define HELLO "S 220 relay", "C EHLO me.example"
#define PLAIN_LOGIN HELLO, "S 250 relay"
#define AUTH_OFFER(kinds) HELLO, "S 250-relay", "S 250 AUTH " kinds
#define PIPE_LOGIN HELLO, "S 250-relay", "S 250 PIPELINING"
#define ENVELOPE(n) "E next " n, "C MAIL FROM:<b@id.example>", "C RCPT TO:<r" n "@to.example>", "C DATA"
#define ACCEPTED_ENVELOPE "S 250 mail", "S 250 rcpt", "S 354 go"
#define CHUNK_LOGIN HELLO, "S 250-relay", "S 250-CHUNKING", "S 250 PIPELINING"
#define CHUNK(n) \
	"E next " n, "E dot " n, "C MAIL FROM:<b@id.example>", "C RCPT TO:<r" n "@to.example>", "C BDAT 21 LAST", \
		"C Subject: " n, "C ", "C Hello"
#define CONTENT(n) "E dot " n, "C Subject: " n, "C ", "C Hello", "C ."

/* Longer than a command may be; and the login that it makes. */
#define LONG_TOKEN \
	"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" \
	"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" \
	"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" \
	"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" \
	"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" \
	"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"
#define LONG_ANSWER \
	"dXNlcj1uZXdzAWF1dGg9QmVhcmVyIHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0" \
	"dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0" \
	"dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0" \
	"dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0" \
	"dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0" \
	"dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0" \
	"dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0" \
	"dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0" \
	"dHR0dHR0dHR0dHR0dHR0dHR0dHR0dAEB"

struct test_case {
	const char *name;
	int jobs;                     /* that next() has */
	enum relay_mode mode;
	const char *user, *host;      /* host: localhost if NULL */
	const char *data;             /* else a small one */
	int no_dot;                   /* dot() says no to this one */
	bool utf8, secure;
	const char *envid;
	enum relay_auth auth;
	const char *token, *cert;
	bool no_password, helo, chunking;
	const char *script[64];
};

static const struct test_case CASES[] = {
	{ .name = "pipelined: dot and the next envelope leave together",
	  .jobs = 3,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "P", ACCEPTED_ENVELOPE, CONTENT("1"), ENVELOPE("2"), "P",
		      "S 250 2.0.0 Ok: queued as A1", "E done 1 accepted none dot A1", "P", ACCEPTED_ENVELOPE,
		      CONTENT("2"), ENVELOPE("3"), "P", "S 250 ok", "E done 2 accepted none dot ", ACCEPTED_ENVELOPE,
		      CONTENT("3"), "P", "S 250 ok", "E done 3 accepted none dot ", "P", "Q", "C QUIT", "O" } },
	{ .name = "without pipelining, one command at a time",
	  .jobs = 2,
	  .script = { PLAIN_LOGIN, "E next 1", "C MAIL FROM:<b@id.example>", "P", "S 250 mail", "C RCPT TO:<r1@to.example>",
		      "P", "S 250 rcpt", "C DATA", "P", "S 354 go", CONTENT("1"), "P", "S 250 ok",
		      "E done 1 accepted none dot ", "E next 2", "C MAIL FROM:<b@id.example>", "P", "S 250",
		      "C RCPT TO:<r2@to.example>", "S 251 forwarded", "C DATA", "S 354", CONTENT("2"), "S 250",
		      "E done 2 accepted none dot ", "P" } },
	{ .name = "without pipelining, a refused recipient",
	  .jobs = 2,
	  .script = { PLAIN_LOGIN, "E next 1", "C MAIL FROM:<b@id.example>", "S 250", "C RCPT TO:<r1@to.example>",
		      "S 550 5.1.1 unknown", "E done 1 failed address rcpt ", "C RSET", "P", "S 250 reset", "E next 2",
		      "C MAIL FROM:<b@id.example>", "P" } },
	{ .name = "without pipelining, MAIL and DATA refused",
	  .jobs = 2,
	  .script = { PLAIN_LOGIN, "E next 1", "C MAIL FROM:<b@id.example>", "S 451 later",
		      "E done 1 deferred passing mail ", "C RSET", "S 250", "E next 2", "C MAIL FROM:<b@id.example>",
		      "S 250", "C RCPT TO:<r2@to.example>", "S 250", "C DATA", "S 452 4.3.1 full",
		      "E done 2 deferred passing data ", "C RSET", "S 250", "P" } },
	{ .name = "pipelined: recipient refused, DATA refused, RSET before the next",
	  .jobs = 2,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "S 550 5.1.1 unknown", "P", "S 554 no valid recipients",
		      "E done 1 failed address rcpt ", "C RSET", ENVELOPE("2"), "P", "S 250", ACCEPTED_ENVELOPE,
		      CONTENT("2"), "P", "S 250", "E done 2 accepted none dot ", "P" } },
	{ .name = "pipelined: recipient refused, DATA got 354: an empty dot, and no dot()",
	  .jobs = 2,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "S 450 4.2.0 later", "P", "S 354 go",
		      "E done 1 deferred passing rcpt ", "C .", ENVELOPE("2"), "P", "S 554 no recipients",
		      ACCEPTED_ENVELOPE, CONTENT("2"), "S 250", "E done 2 accepted none dot ", "P" } },
	{ .name = "pipelined: the empty dot is accepted, and that accepts nothing",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "S 550 5.1.1 no", "S 354 go", "E done 1 failed address rcpt ",
		      "C .", "S 250 2.0.0 Ok: queued as B", "P" } },
	{ .name = "pipelined: MAIL refused decides, whatever RCPT and DATA say",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 550 5.1.8 who", "S 503 first MAIL", "S 503 first RCPT",
		      "E done 1 failed identity mail ", "C RSET", "S 250", "P" } },
	{ .name = "pipelined: DATA refused",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "S 250", "S 451 4.3.0 disk", "E done 1 deferred passing data ",
		      "C RSET", "S 250", "P" } },
	{ .name = "the next envelope is refused while the first waits for its reply",
	  .jobs = 2,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, CONTENT("1"), ENVELOPE("2"), "S 250",
		      "E done 1 accepted none dot ", "S 250", "S 550 5.1.1 no", "S 503", "E done 2 failed address rcpt ",
		      "C RSET", "S 250", "P" } },
	{ .name = "the dot is refused",
	  .jobs = 2,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, CONTENT("1"), ENVELOPE("2"), "S 554 5.7.1 spam",
		      "E done 1 failed policy dot ", "P", ACCEPTED_ENVELOPE, CONTENT("2"), "S 451 4.7.1 later",
		      "E done 2 deferred passing dot ", "P" } },
	{ .name = "lost after the dot: uncertain; the next one never started",
	  .jobs = 2,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, CONTENT("1"), ENVELOPE("2"), "X",
		      "E done 1 uncertain relay dot ", "E done 2 not-started relay dot ", "F cut", "P" } },
	{ .name = "lost before the dot",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "X", "E done 1 not-started relay rcpt ", "F cut", "P" } },
	{ .name = "lost when 354 came, but nothing could be written any more",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "S 250", "s 354 go", "X", "E done 1 not-started relay dot ",
		      "P" } },
	{ .name = "lost between the refusal of RCPT and the reply to DATA: the refusal stands",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "S 550 5.1.1 no", "X", "E done 1 failed address rcpt ", "P" } },
	{ .name = "an idle connection may go away",
	  .jobs = 0,
	  .script = { PIPE_LOGIN, "P", "X", "O" } },
	{ .name = "an idle connection may say goodbye",
	  .jobs = 0,
	  .script = { PIPE_LOGIN, "P", "S 421 4.4.2 idle for too long", "O", "P" } },
	{ .name = "421 to MAIL",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 421 4.3.2 shutting down", "E done 1 not-started relay mail ",
		      "F shutting down", "P" } },
	{ .name = "421 to the dot, with the next envelope on its way",
	  .jobs = 2,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, CONTENT("1"), ENVELOPE("2"), "S 421 4.3.2 bye",
		      "E done 1 not-started relay dot ", "E done 2 not-started relay dot ", "F bye", "P" } },
	{ .name = "421 to the next MAIL, after the first was accepted",
	  .jobs = 2,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, CONTENT("1"), ENVELOPE("2"), "S 250",
		      "E done 1 accepted none dot ", "S 421 bye", "E done 2 not-started relay mail ", "F bye", "P" } },
	{ .name = "421 as greeting", .jobs = 1, .script = { "S 421 too many connections", "F too many", "P" } },
	{ .name = "554 as greeting", .jobs = 1, .script = { "S 554 go away", "C QUIT", "F go away", "P" } },
	{ .name = "EHLO refused", .jobs = 1, .script = { HELLO, "S 502 what", "C QUIT", "F what", "P" } },
	{ .name = "authentication wanted at MAIL is the relay's fault",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 530 5.7.0 log in", "E done 1 not-started relay mail ", "C QUIT",
		      "F log in", "P" } },
	{ .name = "dot() says no: nothing of it leaves",
	  .jobs = 2,
	  .no_dot = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, "E dot 1", "E done 1 not-started none dot ", "O",
		      "P" } },
	{ .name = "a reply that nobody asked for",
	  .jobs = 0,
	  .script = { PIPE_LOGIN, "S 250 surprise", "F reply to nothing" } },
	{ .name = "a second reply to the dot is taken for MAIL's, a third is one too many",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, CONTENT("1"), "S 250", "E done 1 accepted none dot ",
		      "S 250 again", "F reply to nothing", "P" } },
	{ .name = "no SMTP after the dot: uncertain",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, CONTENT("1"), "S gibberish",
		      "E done 1 uncertain relay dot ", "F keep to SMTP", "P" } },
	{ .name = "354 to the dot: uncertain",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, CONTENT("1"), "S 354 more",
		      "E done 1 uncertain relay dot ", "F neither yes nor no", "P" } },
	{ .name = "250 to DATA",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "S 250", "S 250 sure", "E done 1 not-started relay data ",
		      "F neither", "P" } },
	{ .name = "354 to MAIL",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 354 go", "E done 1 not-started relay mail ", "F neither", "P" } },
	{ .name = "a no before the dot has left is a no, and ends the connection",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "S 250", "s 354 go", "s 552 5.3.4 too much",
		      "E done 1 failed mailbox dot ", "F too much", "P" } },
	{ .name = "a yes before the dot has left is no yes",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "S 250", "s 354 go", "s 250 thanks",
		      "E done 1 not-started relay dot ", "F neither", "P" } },
	{ .name = "dots are stuffed, a missing line end is mended",
	  .jobs = 1,
	  .data = ".a\r\n..\r\nb.\r\n.",
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, "E dot 1", "C ..a", "C ...", "C b.", "C ..", "C .",
		      "P", "S 250", "E done 1 accepted none dot ", "P" } },
	{ .name = "all that is offered",
	  .jobs = 1,
	  .utf8 = true,
	  .envid = "a+b=c d",
	  .script = { HELLO, "S 250-relay", "S 250-pipelining", "S 250-SIZE 1000000", "S 250-8BITMIME", "S 250-X-OTHER",
		      "S 250-smtputf8", "S 250 DSN", "E next 1",
		      "C MAIL FROM:<b@id.example> SIZE=21 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb+3Dc+20d",
		      "C RCPT TO:<r1@to.example> NOTIFY=FAILURE,DELAY", "C DATA", "P" } },
	{ .name = "larger than the relay takes: no word of it goes out, and the address stays good",
	  .jobs = 2,
	  .data = "0123456789\r\n",
	  .script = { HELLO, "S 250-relay", "S 250-PIPELINING", "S 250 SIZE 11", "E next 1", "E done 1 failed mailbox mail ",
		      "E next 2", "E done 2 failed mailbox mail ", "P" } },
	{ .name = "as large as the relay takes",
	  .jobs = 1,
	  .data = "0123456789\r\n",
	  .script = { HELLO, "S 250-relay", "S 250-PIPELINING", "S 250 SIZE 12", "E next 1", "C MAIL FROM:<b@id.example> SIZE=12",
		      "C RCPT TO:<r1@to.example>", "C DATA", "P" } },
	{ .name = "SIZE 0 states no limit",
	  .jobs = 1,
	  .script = { HELLO, "S 250-relay", "S 250 SIZE 0", "E next 1", "C MAIL FROM:<b@id.example> SIZE=21", "P" } },
	{ .name = "DSN without SMTPUTF8 names the original recipient",
	  .jobs = 1,
	  .script = { HELLO, "S 250-relay", "S 250-PIPELINING", "S 250-SIZE", "S 250 DSN", "E next 1",
		      "C MAIL FROM:<b@id.example> SIZE=21 RET=HDRS",
		      "C RCPT TO:<r1@to.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;r1@to.example", "C DATA", "P" } },
	{ .name = "SMTPUTF8 is needed but not offered",
	  .jobs = 2,
	  .utf8 = true,
	  .script = { PIPE_LOGIN, "E next 1", "E done 1 failed mailbox mail ", "E next 2", "E done 2 failed mailbox mail ",
		      "P" } },
	{ .name = "a relay that takes so many in a connection, and says so afterwards",
	  .jobs = 3,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), ACCEPTED_ENVELOPE, CONTENT("1"), ENVELOPE("2"), "S 250",
		      "E done 1 accepted none dot ", "S 452 4.5.3 Too many recipients", "S 503 5.5.1 no", "S 503 5.5.1 no",
		      "E done 2 not-started none mail ", "C QUIT", "O" } },
	{ .name = "too many recipients for the first message of a connection is no limit of the connection",
	  .jobs = 1,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 452 4.5.3 Too many recipients", "S 503 no", "S 503 no",
		      "E done 1 deferred passing mail ", "C RSET", "S 250", "P" } },
	{ .name = "MAILMAX is kept, then QUIT",
	  .jobs = 3,
	  .script = { HELLO, "S 250-relay", "S 250-PIPELINING", "S 250 LIMITS RCPTMAX=7 MAILMAX=2 RCPTDOMAINMAX=1 OTHER=9", ENVELOPE("1"),
		      ACCEPTED_ENVELOPE, CONTENT("1"), ENVELOPE("2"), "S 250", "E done 1 accepted none dot ",
		      ACCEPTED_ENVELOPE, CONTENT("2"), "P", "S 250", "E done 2 accepted none dot ", "C QUIT", "O", "P" } },
	{ .name = "after three refused recipients, QUIT",
	  .jobs = 9,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "S 250", "S 550 5.1.1 a", "S 503", "E done 1 failed address rcpt ", "C RSET",
		      ENVELOPE("2"), "S 250", "S 250", "S 550 5.1.1 b", "S 503", "E done 2 failed address rcpt ", "C RSET",
		      ENVELOPE("3"), "S 250", "S 250", "S 450 c", "S 503", "E done 3 deferred passing rcpt ", "C QUIT", "O",
		      "P" } },
	{ .name = "BDAT: all of one message in one write, the next after its reply",
	  .jobs = 2,
	  .chunking = true,
	  .script = { CHUNK_LOGIN, CHUNK("1"), "P", "S 250 mail", "S 250 rcpt", "P", "S 250 2.0.0 Ok: queued as A1",
		      "E done 1 accepted none dot A1", CHUNK("2"), "P", "S 250", "S 250", "S 250", "E done 2 accepted none dot ",
		      "P", "Q", "C QUIT", "O" } },
	{ .name = "BDAT gets the missing line end, and no stuffing",
	  .jobs = 1,
	  .chunking = true,
	  .data = ".a\r\n.",
	  .script = { CHUNK_LOGIN, "E next 1", "E dot 1", "C MAIL FROM:<b@id.example>", "C RCPT TO:<r1@to.example>",
		      "C BDAT 7 LAST", "C .a", "C .", "P" } },
	{ .name = "BDAT is not offered", .jobs = 1, .chunking = true, .script = { PIPE_LOGIN, ENVELOPE("1"), "P" } },
	{ .name = "BDAT is not configured",
	  .jobs = 1,
	  .script = { CHUNK_LOGIN, ENVELOPE("1"), "P" } },
	{ .name = "BDAT without pipelining is not used",
	  .jobs = 1,
	  .chunking = true,
	  .script = { HELLO, "S 250-relay", "S 250 CHUNKING", "E next 1", "C MAIL FROM:<b@id.example>", "P" } },
	{ .name = "BDAT: the recipient is refused, whatever is said to the chunk",
	  .jobs = 2,
	  .chunking = true,
	  .script = { CHUNK_LOGIN, CHUNK("1"), "S 250", "S 550 5.1.1 no", "P", "S 250 fine", "E done 1 failed address rcpt ",
		      "C RSET", CHUNK("2"), "S 250", "S 250", "S 250", "S 250", "E done 2 accepted none dot ", "P" } },
	{ .name = "BDAT is refused",
	  .jobs = 1,
	  .chunking = true,
	  .script = { CHUNK_LOGIN, CHUNK("1"), "S 250", "S 250", "S 452 4.3.1 full", "E done 1 deferred passing dot ", "C RSET",
		      "S 250", "P" } },
	{ .name = "BDAT: lost without a reply to it",
	  .jobs = 2,
	  .chunking = true,
	  .script = { CHUNK_LOGIN, CHUNK("1"), "S 250", "S 250", "X", "E done 1 uncertain relay dot ", "F cut", "P" } },
	{ .name = "BDAT: lost behind a refusal",
	  .jobs = 2,
	  .chunking = true,
	  .script = { CHUNK_LOGIN, CHUNK("1"), "S 250", "S 550 5.1.1 no", "X", "E done 1 failed address rcpt ", "F cut", "P" } },
	{ .name = "BDAT: 421 to MAIL, so that nothing behind it counts",
	  .jobs = 2,
	  .chunking = true,
	  .script = { CHUNK_LOGIN, CHUNK("1"), "S 421 bye", "E done 1 not-started relay mail ", "F bye", "P" } },
	{ .name = "BDAT: 354 to it",
	  .jobs = 1,
	  .chunking = true,
	  .script = { CHUNK_LOGIN, CHUNK("1"), "S 250", "S 250", "S 354 go", "E done 1 uncertain relay dot ", "F neither", "P" } },
	{ .name = "BDAT: dot() says no, and not a byte leaves",
	  .jobs = 1,
	  .no_dot = 1,
	  .chunking = true,
	  .script = { CHUNK_LOGIN, "E next 1", "E dot 1", "E done 1 not-started none dot ", "O", "P" } },
	{ .name = "BDAT keeps MAILMAX",
	  .jobs = 2,
	  .chunking = true,
	  .script = { HELLO, "S 250-relay", "S 250-CHUNKING", "S 250-LIMITS mailmax=1", "S 250 PIPELINING", CHUNK("1"), "S 250",
		      "S 250", "S 250", "E done 1 accepted none dot ", "C QUIT", "O", "P" } },
	{ .name = "quit waits for the message under way",
	  .jobs = 2,
	  .script = { PIPE_LOGIN, ENVELOPE("1"), "Q", ACCEPTED_ENVELOPE, CONTENT("1"), "P", "S 250",
		      "E done 1 accepted none dot ", "C QUIT", "O", "P" } },
	{ .name = "STARTTLS, then all anew, then AUTH",
	  .jobs = 1,
	  .mode = RELAY_STARTTLS,
	  .host = "relay.example",
	  .user = "news",
	  .script = { HELLO, "S 250-relay", "S 250-PIPELINING", "S 250-AUTH LOGIN PLAIN", "S 250 STARTTLS", "C STARTTLS",
		      "S 220 go", "T", "C EHLO me.example", "S 250-relay", "S 250 AUTH PLAIN LOGIN",
		      "C AUTH PLAIN AG5ld3MAc2VjcmV0", "S 235 welcome", "E next 1", "C MAIL FROM:<b@id.example>", "P" } },
	{ .name = "STARTTLS is not offered: never in clear",
	  .jobs = 1,
	  .mode = RELAY_STARTTLS,
	  .host = "relay.example",
	  .script = { PIPE_LOGIN, "C QUIT", "F does not offer STARTTLS", "P" } },
	{ .name = "STARTTLS refused",
	  .jobs = 1,
	  .mode = RELAY_STARTTLS,
	  .host = "relay.example",
	  .script = { HELLO, "S 250-relay", "S 250 STARTTLS", "C STARTTLS", "S 454 not now", "C QUIT", "F not now", "P" } },
	{ .name = "clear text behind the 220 to STARTTLS",
	  .jobs = 1,
	  .mode = RELAY_STARTTLS,
	  .host = "relay.example",
	  .script = { HELLO, "S 250-relay", "S 250 STARTTLS", "C STARTTLS", "S 220 go\r\n250 AUTH PLAIN", "F clear text", "P" } },
	{ .name = "half a line of clear text behind the 220 to STARTTLS",
	  .jobs = 1,
	  .mode = RELAY_STARTTLS,
	  .host = "relay.example",
	  .script = { HELLO, "S 250-relay", "S 250 STARTTLS", "C STARTTLS", "S 220 go\r\n2", "F clear text", "P" } },
	{ .name = "plain beyond loopback: not even AUTH",
	  .jobs = 1,
	  .host = "relay.example",
	  .user = "news",
	  .script = { HELLO, "S 250-relay", "S 250 AUTH PLAIN", "C QUIT", "F clear text to another machine", "P" } },
	{ .name = "smtps: TLS stands from the start",
	  .jobs = 0,
	  .mode = RELAY_TLS,
	  .secure = true,
	  .host = "relay.example",
	  .user = "news",
	  .script = { HELLO, "S 250-relay", "S 250 AUTH PLAIN", "C AUTH PLAIN AG5ld3MAc2VjcmV0", "S 235 ok", "P" } },
	{ .name = "AUTH refused",
	  .jobs = 1,
	  .user = "news",
	  .script = { HELLO, "S 250-relay", "S 250 AUTH PLAIN", "C AUTH PLAIN AG5ld3MAc2VjcmV0", "S 535 5.7.8 wrong",
		      "C QUIT", "F wrong", "P" } },
	{ .name = "LOGIN, when nothing better is offered; what it asks for is not looked at",
	  .jobs = 0,
	  .user = "news",
	  .script = { AUTH_OFFER("LOGIN"), "C AUTH LOGIN", "P", "S 334 VXNlcm5hbWU6", "C bmV3cw==", "S 334 what?", "C c2VjcmV0",
		      "P", "S 235 ok", "P" } },
	{ .name = "LOGIN asks a third time",
	  .jobs = 1,
	  .user = "news",
	  .script = { AUTH_OFFER("LOGIN"), "C AUTH LOGIN", "S 334", "C bmV3cw==", "S 334", "C c2VjcmV0", "S 334", "C *", "P",
		      "S 501 cancelled", "C QUIT", "F more than user and password", "P" } },
	{ .name = "PLAIN before LOGIN, and it is said once",
	  .jobs = 1,
	  .user = "news",
	  .script = { AUTH_OFFER("LOGIN X-OTHER plain"), "C AUTH PLAIN AG5ld3MAc2VjcmV0", "S 334 again", "C *", "S 235 really",
		      "C QUIT", "F asks again", "P" } },
	{ .name = "a kind that is configured and not offered: no other one",
	  .jobs = 1,
	  .user = "news",
	  .auth = AUTH_SCRAM_SHA_256,
	  .script = { AUTH_OFFER("LOGIN PLAIN"), "C QUIT", "F does not offer AUTH SCRAM-SHA-256", "P" } },
	{ .name = "no AUTH at all", .jobs = 1, .user = "news", .script = { PIPE_LOGIN, "C QUIT", "F does not offer AUTH", "P" } },
	{ .name = "no password",
	  .jobs = 1,
	  .user = "news",
	  .no_password = true,
	  .script = { AUTH_OFFER("PLAIN"), "C QUIT", "F no password for the relay's user", "P" } },
	{ .name = "XOAUTH2",
	  .jobs = 0,
	  .user = "news",
	  .token = "mF_9.B5f-4.1JqM",
	  .script = { AUTH_OFFER("XOAUTH2 PLAIN"), "C AUTH XOAUTH2 dXNlcj1uZXdzAWF1dGg9QmVhcmVyIG1GXzkuQjVmLTQuMUpxTQEB", "P", "S 235 ok", "P" } },
	{ .name = "XOAUTH2 refused: an empty line before the reply",
	  .jobs = 1,
	  .user = "news",
	  .token = "mF_9.B5f-4.1JqM",
	  .script = { AUTH_OFFER("XOAUTH2"), "C AUTH XOAUTH2 dXNlcj1uZXdzAWF1dGg9QmVhcmVyIG1GXzkuQjVmLTQuMUpxTQEB", "S 334 eyJzdGF0dXMiOiI0MDEifQ==", "C ", "P", "S 535 5.7.8 bad", "C QUIT",
		      "F as news: the relay refused the login: 535 5.7.8 bad; the relay refused the token: {\"status\":\"401\"}",
		      "P" } },
	{ .name = "OAUTHBEARER before XOAUTH2 and passwords",
	  .jobs = 0,
	  .user = "a=b,c",
	  .token = "mF_9.B5f-4.1JqM",
	  .script = { AUTH_OFFER("PLAIN XOAUTH2 OAUTHBEARER LOGIN SCRAM-SHA-256"),
		      "C AUTH OAUTHBEARER bixhPWE9M0RiPTJDYywBaG9zdD1sb2NhbGhvc3QBcG9ydD0wAWF1dGg9QmVhcmVyIG1GXzkuQjVmLTQuMUpxTQEB",
		      "S 235 ok", "P" } },
	{ .name = "OAUTHBEARER refused: 0x01 before the reply",
	  .jobs = 1,
	  .user = "a=b,c",
	  .token = "mF_9.B5f-4.1JqM",
	  .script = { AUTH_OFFER("OAUTHBEARER"),
		      "C AUTH OAUTHBEARER bixhPWE9M0RiPTJDYywBaG9zdD1sb2NhbGhvc3QBcG9ydD0wAWF1dGg9QmVhcmVyIG1GXzkuQjVmLTQuMUpxTQEB",
		      "S 334 eyJzdGF0dXMiOiI0MDEifQ==", "C AQ==", "P", "S 535 no", "C QUIT", "F refused the token", "P" } },
	{ .name = "a token with a blank in it leaves nothing",
	  .jobs = 1,
	  .user = "news",
	  .token = "mF 9",
	  .script = { AUTH_OFFER("XOAUTH2"), "C QUIT", "F what no token may hold", "P" } },
	{ .name = "a token that is too long for the command waits for its 334",
	  .jobs = 0,
	  .user = "news",
	  .token = LONG_TOKEN,
	  .script = { AUTH_OFFER("XOAUTH2"), "C AUTH XOAUTH2", "P", "S 334", "C " LONG_ANSWER, "P", "S 235 ok", "P" } },
	{ .name = "EXTERNAL under TLS before all others",
	  .jobs = 0,
	  .mode = RELAY_TLS,
	  .secure = true,
	  .host = "relay.example",
	  .user = "news",
	  .token = "abc",
	  .cert = "cert.pem",
	  .script = { AUTH_OFFER("PLAIN XOAUTH2 SCRAM-SHA-256 EXTERNAL"), "C AUTH EXTERNAL bmV3cw==", "S 235 ok", "P" } },
	{ .name = "EXTERNAL without a user is whom the certificate is for",
	  .jobs = 0,
	  .mode = RELAY_TLS,
	  .secure = true,
	  .host = "relay.example",
	  .cert = "cert.pem",
	  .script = { AUTH_OFFER("EXTERNAL"), "C AUTH EXTERNAL =", "S 235 ok", "P" } },
	{ .name = "a certificate, and no EXTERNAL: the handshake was the login",
	  .jobs = 0,
	  .mode = RELAY_TLS,
	  .secure = true,
	  .host = "relay.example",
	  .cert = "cert.pem",
	  .script = { AUTH_OFFER("PLAIN"), "P" } },
	{ .name = "EXTERNAL is not for those without a certificate",
	  .jobs = 1,
	  .user = "news",
	  .script = { AUTH_OFFER("EXTERNAL PLAIN"), "C AUTH PLAIN AG5ld3MAc2VjcmV0", "S 534 5.7.9 more", "C QUIT",
		      "F AUTH PLAIN as news: the relay wants a stronger kind of login: 534 5.7.9 more", "P" } },
	{ .name = "EHLO refused, HELO allowed",
	  .jobs = 1,
	  .helo = true,
	  .script = { HELLO, "S 500-PIPELINING", "S 500 what", "C HELO me.example", "P", "S 250 relay", "E next 1",
		      "C MAIL FROM:<b@id.example>", "P" } },
	{ .name = "EHLO refused for now: no HELO",
	  .jobs = 1,
	  .helo = true,
	  .script = { HELLO, "S 451 later", "C QUIT", "F later", "P" } },
	{ .name = "HELO refused too",
	  .jobs = 1,
	  .helo = true,
	  .script = { HELLO, "S 502 what", "C HELO me.example", "S 502 what now", "C QUIT", "F what now", "P" } },
	{ .name = "HELO ends where TLS is wanted",
	  .jobs = 1,
	  .helo = true,
	  .mode = RELAY_STARTTLS,
	  .host = "relay.example",
	  .script = { HELLO, "S 502 what", "C HELO me.example", "S 250 relay", "C QUIT", "F does not offer STARTTLS", "P" } },
	{ .name = "HELO ends where a login is wanted",
	  .jobs = 1,
	  .helo = true,
	  .user = "news",
	  .script = { HELLO, "S 502 what", "C HELO me.example", "S 250 relay", "C QUIT", "F does not offer AUTH", "P" } },
	{ .name = "what was offered before TLS is forgotten",
	  .jobs = 1,
	  .mode = RELAY_STARTTLS,
	  .host = "relay.example",
	  .user = "news",
	  .script = { HELLO, "S 250-relay", "S 250-AUTH PLAIN", "S 250-PIPELINING", "S 250-SIZE", "S 250 STARTTLS",
		      "C STARTTLS", "S 220 go", "T", "C EHLO me.example", "S 250 relay", "C QUIT", "F does not offer AUTH",
		      "P" } },
	{ .name = "the first line of EHLO is no keyword",
	  .jobs = 1,
	  .script = { HELLO, "S 250-PIPELINING", "S 250 SIZE", "E next 1", "C MAIL FROM:<b@id.example> SIZE=21", "P" } },
};

struct play {
	const struct test_case *c;
	struct talk *talk;
	int given;
	char data[10][40], to[10][40];
	struct buf lines, events;
	size_t lines_at, events_at;
};

static int play_next(void *ctx, struct smtp_job *job)
{
	struct play *p = ctx;
	int i = p->given;

	if (p->given >= p->c->jobs)
		return 0;
	p->given++;
	snprintf(p->to[i], sizeof(p->to[i]), "r%d@to.example", i + 1);
	snprintf(p->data[i], sizeof(p->data[i]), "Subject: %d\r\n\r\nHello\r\n", i + 1);
	*job = (struct smtp_job){ .id = i + 1,
				  .from = "b@id.example",
				  .to = p->to[i],
				  .envid = p->c->envid,
				  .data = p->c->data ? p->c->data : p->data[i],
				  .utf8 = p->c->utf8 };
	job->n = strlen(job->data);
	buf_addf(&p->events, "next %d\n", i + 1);
	return 1;
}

static int play_dot(void *ctx, const struct smtp_job *job)
{
	struct play *p = ctx;

	buf_addf(&p->events, "dot %d\n", (int)job->id);
	return p->c->no_dot == job->id ? -1 : 0;
}

static void play_done(void *ctx, const struct smtp_job *job, const struct smtp_outcome *o)
{
	static const char *const END[] = { "accepted", "deferred", "failed", "uncertain", "not-started" };
	static const char *const FAULT[] = {
		[FAULT_NONE] = "none",     [FAULT_RELAY] = "relay",       [FAULT_ADDRESS] = "address", [FAULT_MAILBOX] = "mailbox",
		[FAULT_POLICY] = "policy", [FAULT_IDENTITY] = "identity", [FAULT_SETUP] = "setup",     [FAULT_SLOWED] = "slowed",
		[FAULT_PASSING] = "passing", [FAULT_OTHER] = "other",
	};
	static const char *const STAGE[] = { "connect", "hello", "tls", "auth", "mail", "rcpt", "data", "dot" };
	struct play *p = ctx;

	buf_addf(&p->events, "done %d %s %s %s %s\n", (int)job->id, END[o->end], FAULT[o->fault], STAGE[o->stage],
		 o->end == SMTP_ACCEPTED ? o->queue_id : "");
}

static void hear(struct play *p, const struct talk_output *o)
{
	for (int i = 0; i < o->parts; i++)
		buf_add(&p->lines, o->part[i].p, o->part[i].n);
}

static void pump(struct play *p)
{
	for (struct talk_output o = talk_output(p->talk); o.n; o = talk_output(p->talk)) {
		hear(p, &o);
		talk_wrote(p->talk, o.n);
	}
}

static void say(struct play *p, const char *text)
{
	char line[200];

	snprintf(line, sizeof(line), "%s%s", text, strchr(text, '\n') ? "" : "\r\n");
	talk_input(p->talk, line, strlen(line));
}

static void expect(struct play *p, const char *step, const char *want, struct buf *from, size_t *at, const char *eol)
{
	char line[1500];
	size_t n = (size_t)snprintf(line, sizeof(line), "%s%s", want, eol);

	if (from->n - *at < n || memcmp(from->p + *at, line, n) != 0)
		fail_msg("%s: at \"%s\": got \"%s\"", p->c->name, step, buf_text(from) + *at);
	*at += n;
}

static void expect_over(struct play *p, const char *step, const char *fault)
{
	const struct smtp_outcome *o = talk_fault(p->talk);

	if (talk_need(p->talk) != TALK_CLOSE || !fault != !o || (o && !strstr(o->text, fault)))
		fail_msg("%s: at \"%s\": %s", p->c->name, step, o ? o->text : "no fault");
}

static void play_step(struct play *p, const char *step)
{
	const char *rest = step[0] && step[1] ? step + 2 : "";

	switch (step[0]) {
	case 'S':
	case 's':
		say(p, rest);
		if (step[0] == 'S')
			pump(p);
		break;
	case 'C':
		expect(p, step, rest, &p->lines, &p->lines_at, "\r\n");
		break;
	case 'E':
		expect(p, step, rest, &p->events, &p->events_at, "\n");
		break;
	case 'P':
		if (p->lines_at != p->lines.n || p->events_at != p->events.n)
			fail_msg("%s: too much: \"%s\" \"%s\"", p->c->name, buf_text(&p->lines) + p->lines_at,
				 buf_text(&p->events) + p->events_at);
		break;
	case 'X':
		talk_lost(p->talk, "cut");
		break;
	case 'T':
		assert_int_equal(talk_need(p->talk), TALK_TLS);
		talk_secured(p->talk);
		pump(p);
		break;
	case 'Q':
		talk_quit(p->talk);
		pump(p);
		break;
	case 'F':
		expect_over(p, step, rest);
		break;
	case 'O':
		expect_over(p, step, NULL);
		break;
	default:
		fail_msg("no such step: %s", step);
	}
}

static void play_case(const struct test_case *c)
{
	struct relay relay = { .mode = c->mode,
			       .host = c->host ? c->host : "localhost",
			       .user = c->user,
			       .password = c->no_password ? NULL : "secret",
			       .auth = c->auth,
			       .client_cert = c->cert,
			       .helo_fallback = c->helo,
			       .chunking = c->chunking };
	struct smtp_ops ops = { .next = play_next, .dot = play_dot, .done = play_done };
	struct play p = { .c = c };

	buf_init(&p.lines, 100000);
	buf_init(&p.events, 100000);
	p.talk = talk_new(&(struct talk_setup){ .relay = &relay,
						.helo = "me.example",
						.ops = &ops,
						.ctx = &p,
						.rejected_max = 3,
						.secure = c->secure,
						.token = c->token });
	for (size_t i = 0; i < COUNT(c->script) && c->script[i]; i++)
		play_step(&p, c->script[i]);
	talk_lost(p.talk, "end");
	talk_free(p.talk);
	buf_free(&p.lines);
	buf_free(&p.events);
}

static void each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		assert_null(CASES[i].script[COUNT(CASES[i].script) - 1]);
		play_case(&CASES[i]);
	}
}

struct stage {
	struct test_case c;
	struct relay relay;
	struct smtp_ops ops;
	struct play p;
};

/* A talk that is ready, and nothing heard yet. */
static void open_stage(struct stage *g, const char *data, int jobs, bool chunking)
{
	*g = (struct stage){ .c = { .name = "staged", .jobs = jobs, .data = data },
			     .relay = { .host = "localhost", .chunking = chunking },
			     .ops = { .next = play_next, .dot = play_dot, .done = play_done } };
	g->p.c = &g->c;
	buf_init(&g->p.lines, 1000000);
	buf_init(&g->p.events, 10000);
	g->p.talk = talk_new(&(struct talk_setup){ .relay = &g->relay, .helo = "me.example", .ops = &g->ops, .ctx = &g->p });
	say(&g->p, "220 x\r\n");
	pump(&g->p);
	say(&g->p, "250-x\r\n250-CHUNKING\r\n250 PIPELINING\r\n");
	buf_clear(&g->p.lines);
}

static void close_stage(struct stage *g)
{
	talk_lost(g->p.talk, "cut");
	talk_free(g->p.talk);
	buf_free(&g->p.lines);
	buf_free(&g->p.events);
}

static bool ends_with_dot(const struct talk_output *o)
{
	struct slice last = o->part[o->parts - 1];

	return last.n >= 3 && memcmp(last.p + last.n - 3, ".\r\n", 3) == 0 && (last.n == 3 || last.p[last.n - 4] == '\n');
}

/* A message larger than a write leaves in pieces; its dot is asked for with the last one only. */
static void a_large_message(void **state)
{
	static char data[300000];

	(void)state;
	for (int stuffed = 0; stuffed < 2; stuffed++) {
		struct stage g;
		struct play *p = &g.p;
		int pieces = 0;

		for (size_t i = 0; i + 76 < sizeof(data); i += 76)
			snprintf(data + i, 77, "%s%073d\r\n", stuffed && i % 152 ? "." : "x", (int)i);
		open_stage(&g, data, 1, false);
		pump(p);
		buf_clear(&p->lines);
		say(p, "250\r\n250\r\n354\r\n");
		for (struct talk_output o = talk_output(p->talk); o.n; o = talk_output(p->talk)) {
			assert_int_equal(strstr(buf_text(&p->events), "dot 1") != NULL, ends_with_dot(&o));
			assert_int_equal(o.part[0].p >= data && o.part[0].p < data + sizeof(data), !stuffed);
			hear(p, &o);
			talk_wrote(p->talk, o.n - 1); /* all but one byte: the dot is not gone */
			assert_int_equal(talk_output(p->talk).n, 1);
			talk_wrote(p->talk, 1);
			pieces++;
		}
		assert_true(pieces >= 4);
		/* Unstuffed again, it is what was given. */
		for (size_t from = 0, to = 0; from < p->lines.n - 3; from++) {
			if (p->lines.p[from] == '.' && (from == 0 || p->lines.p[from - 1] == '\n'))
				from++;
			assert_int_equal(p->lines.p[from], data[to++]);
		}
		talk_lost(p->talk, "cut");
		assert_non_null(strstr(buf_text(&p->events), "done 1 uncertain"));
		close_stage(&g);
	}
}

/* Lost after each number of bytes: uncertain from just that byte on which ends the dot, or the chunk; whatever else of
   the same write is still to come. */
static void lost_after_each_byte(void **state)
{
	static const char MESSAGE[] = "Subject: x\r\n\r\nHello, all of you", DOT[] = "you\r\n.\r\n";
	size_t dot = 0;

	(void)state;
	for (int chunking = 0; chunking < 2; chunking++) {
		for (size_t n = 0, total = 1; n <= total; n++) {
			struct stage g;
			struct talk_output o;

			open_stage(&g, MESSAGE, 2, chunking);
			if (!chunking) {
				pump(&g.p);
				say(&g.p, "250\r\n250\r\n354\r\n");
			}
			buf_clear(&g.p.lines);
			o = talk_output(g.p.talk);
			hear(&g.p, &o);
			total = o.n;
			dot = chunking ? total : (size_t)(strstr(buf_text(&g.p.lines), DOT) - g.p.lines.p) + strlen(DOT);
			assert_true(chunking || dot < total); /* the next envelope is behind it */
			for (size_t i = 0; i < n; i++) {
				assert_int_equal(talk_output(g.p.talk).n, total - i);
				talk_wrote(g.p.talk, 1);
			}
			talk_lost(g.p.talk, "cut");
			assert_int_equal(strstr(buf_text(&g.p.events), "done 1 uncertain") != NULL, n >= dot);
			assert_int_equal(strstr(buf_text(&g.p.events), "done 1 not-started") != NULL, n < dot);
			assert_null(strstr(buf_text(&g.p.events), "done 2 uncertain"));
			close_stage(&g);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(a_large_message),
		cmocka_unit_test(lost_after_each_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
