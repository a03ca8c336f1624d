/*
 * placet demo: a mailing from a spreadsheet to mailboxes, on sample data, in a
 * home that is thrown away. Each step is a command that a user could type, run
 * by the program itself, so that what is shown is what users get.
 */
#include "cmd/commands.h"

#include "base/net.h"
#include "cmd/demo.h"
#include "cmd/demo_tell.h"

#include <unistd.h>

/* A port that was free a moment ago: the home has to know its web address before anything serves it. */
static int free_port(char address[128], struct err *e)
{
	struct listen_at at;
	int sock;

	if (listen_at_parse("127.0.0.1:0", &at, e) < 0 || (sock = net_listen(&at, e)) < 0)
		return -1;
	net_listening_text(sock, address);
	close(sock);
	return 0;
}

/* The word behind `before` in what a role printed. */
static const char *word_behind(struct arena *a, const char *text, const char *before)
{
	const char *at = strstr(text, before);

	at = at ? at + strlen(before) : "";
	return arena_text_n(a, at, strcspn(at, " \r\n"));
}

static int start_relay(struct demo *d, struct err *e)
{
	struct buf ready;
	int rc;

	buf_init(&ready, 64 * 1024);
	rc = stage_start(&d->s,
			 WORDS("capture", "--listen", "127.0.0.1:0", "--dir", "mail", "--web", "127.0.0.1:0", "--dns",
			       "dns.zone", "--reject", DEMO_MOVED),
			 &ready, e);
	d->relay = arena_printf(d->s.a, "smtp://%s", word_behind(d->s.a, buf_text(&ready), "listening "));
	d->mailbox = word_behind(d->s.a, buf_text(&ready), "mailbox ");
	buf_free(&ready);
	return rc;
}

static int start_web(struct demo *d, struct err *e)
{
	struct buf ready;
	int rc;

	buf_init(&ready, 64 * 1024);
	rc = stage_start(&d->s, WORDS("web", "--listen", d->web_at), &ready, e);
	buf_free(&ready);
	return rc;
}

static int tell_beginning(struct demo *d, struct err *e)
{
	struct stage *s = &d->s;
	char address[128];

	if (free_port(address, e) < 0)
		return -1;
	d->web_at = arena_text(s->a, address);
	d->url = arena_printf(s->a, "http://%s", address);
	if (s->quiet)
		return 0;
	printf("\nPlacet: a research mailing, from a spreadsheet to mailboxes.\n"
	       "People, places and addresses are invented, and no mail leaves this machine.\n"
	       "Each command below is run as it stands, in a folder that is thrown away:\n\n"
	       "     $ cd %s\n     $ export PLACET_HOME=$PWD/home\n",
	       tell_quoted(s->a, s->folder));
	return 0;
}

static void tell_addresses(struct demo *d)
{
	struct stage *s = &d->s;

	stage_chapter(s, "Look at it", "What recipients see, and the mail itself:");
	if (!s->quiet)
		fputc('\n', stdout);
	stage_entry(s, "Mailbox", d->mailbox);
	stage_entry(s, "One message", d->message);
	stage_entry(s, "Statement page", arena_printf(s->a, "%s/", d->url));
	stage_entry(s, "The project's page", arena_printf(s->a, "%s/projects/" DEMO_PROJECT, d->url));
	stage_entry(s, "Its check code", d->code);
	stage_entry(s, "Checked", arena_printf(s->a, "%s/check/%s", d->url, d->code));
	stage_entry(s, "Its opt-out", d->opt_out);
}

/* --- the end ----------------------------------------------------------------------------------- */

static json_t *result_json(const struct demo *d)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:i}", "home", getenv("PLACET_HOME"),
			 "mailbox", d->mailbox, "message", d->message, "statement", d->url, "project",
			 arena_printf(d->s.a, "%s/projects/" DEMO_PROJECT, d->url), "check",
			 arena_printf(d->s.a, "%s/check/%s", d->url, d->code), "code", d->code, "opt_out", d->opt_out,
			 "import", json_incref(d->import), "status", json_incref(d->status), "captured", d->captured);
}

/* The mailing is done; what serves goes on until somebody ends it. */
static int serve_on(struct demo *d, struct err *e)
{
	struct stage *s = &d->s;
	int code = 0, got;

	if (!s->quiet)
		printf("\n   The pages are served, and mail is sent on: try a mailing of your own from\n"
		       "   another terminal, with the two lines from the beginning.\n");
	if (stage_start(s, WORDS("send"), NULL, e) < 0)
		return -1;
	if (!s->quiet)
		printf("\n   Ctrl-C ends the demonstration and removes the folder.\n");
	fflush(stdout);
	while ((got = stage_wait(s, 1000, &code, e)) == 0)
		;
	if (got > 0)
		return err_set(e, ERR_BROKEN, "placet send ended by itself with %d", code);
	/* A signal is how this is meant to end. */
	if (e->kind != ERR_AGAIN)
		return -1;
	if (!s->quiet)
		printf("\n   Ended; the folder is removed.\n");
	return 0;
}

static int play(struct demo *d, bool once, struct err *e)
{
	if (tell_beginning(d, e) < 0 || demo_set_up(d, e) < 0)
		return -1;
	stage_chapter(
		&d->s, "A relay and the public pages",
		"A relay that keeps what it gets takes the place of the university's mail server. Both roles run on "
		"beside the next steps.");
	if (start_relay(d, e) < 0 || start_web(d, e) < 0 || demo_register(d, e) < 0 || demo_frame(d, e) < 0 || demo_people_in(d, e) < 0 ||
	    demo_validate(d, e) < 0 || demo_write(d, e) < 0 || demo_send(d, e) < 0 || demo_count(d, e) < 0)
		return -1;
	tell_addresses(d);
	if (d->s.quiet)
		print_json(result_json(d));
	return once ? 0 : serve_on(d, e);
}

RUN(cmd_demo)
{
	struct demo d = { 0 };
	int rc = stage_open(&d.s, c, e);

	if (rc == 0)
		rc = play(&d, opt_set(c, "once"), e);
	stage_close(&d.s);
	json_decref(d.import);
	json_decref(d.status);
	if (rc == 0 && opt_set(c, "once"))
		say(c, "\n   As expected in every count; the folder is removed.\n");
	return rc;
}
