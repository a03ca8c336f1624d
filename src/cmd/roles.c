/* placet send, web, serve, capture: the roles that run until they are told to stop. */
#include "cmd/commands.h"

#include "base/codec.h"
#include "base/confine.h"
#include "base/log.h"
#include "base/net.h"
#include "receive/capture.h"
#include "smtp/deliver.h"
#include "store/host.h"
#include "web/mailbox.h"
#include "web/web.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void print_listening(void *ctx, const char *address)
{
	(void)ctx;
	printf("listening %s\n", address);
	fflush(stdout);
}

/* --- send -------------------------------------------------------------------------------------- */

static int print_sent(struct ctx *c, const struct deliver_result *r)
{
	char due[32];

	json_t *notices = json_pack("{s:I, s:I, s:I, s:I}", "accepted", (json_int_t)r->notices.accepted, "deferred",
				    (json_int_t)r->notices.deferred, "failed", (json_int_t)r->notices.failed, "uncertain",
				    (json_int_t)r->notices.uncertain);

	if (c->json) {
		print_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:b, s:o}", "accepted", (json_int_t)r->accepted,
				     "deferred", (json_int_t)r->deferred, "failed", (json_int_t)r->failed, "uncertain",
				     (json_int_t)r->uncertain, "skipped", (json_int_t)r->skipped, "notices", notices, "remains",
				     r->remains, "next_due", json_time(r->next_due)));
	} else {
		json_decref(notices);
		say(c, "accepted %lld, deferred %lld, failed %lld, uncertain %lld, skipped %lld", (long long)r->accepted,
		    (long long)r->deferred, (long long)r->failed, (long long)r->uncertain, (long long)r->skipped);
		if (r->notices.accepted || r->notices.deferred || r->notices.failed || r->notices.uncertain)
			say(c, "system mail: accepted %lld, deferred %lld, failed %lld, uncertain %lld",
			    (long long)r->notices.accepted, (long long)r->notices.deferred, (long long)r->notices.failed,
			    (long long)r->notices.uncertain);
		if (r->next_due)
			say(c, "the next is due at %s", time_iso(r->next_due, due));
	}
	return r->remains ? err_means(ERR_AGAIN)->exit : 0;
}

RUN(cmd_send)
{
	struct deliver_options o = { .until_idle = opt_set(c, "until-idle"), .no_dkim = opt_set(c, "no-dkim") };
	struct deliver_result r = { 0 };
	int64_t connections = 0;

	if (opt(c, "connections") && parse_i64(opt(c, "connections"), 1, 200, &connections) < 0)
		return err_set(e, ERR_INPUT, "--connections %s: 1 to 200 are possible", opt(c, "connections"));
	if (o.no_dkim && !c->h->trial)
		return err_set(e, ERR_DENIED, "--no-dkim is for measuring in a trial home");
	o.connections = (int)connections;
	/* The sender talks to relays and the database; it never listens, and never runs another program. */
	if (confine(CONFINE_NO_EXEC | CONFINE_NO_LISTEN, NULL, NULL, e) < 0)
		return -1;
	if (home_hold(c->h, false, e) < 0 || host_enter(c->h, e) < 0 || deliver_run(c->h, &o, &r, e) < 0)
		return -1;
	return print_sent(c, &r);
}

/* --- web --------------------------------------------------------------------------------------- */

RUN(cmd_web)
{
	struct web_options o = { .listen = opt(c, "listen"), .admin_listen = opt(c, "admin-listen"),
				 .ready = print_listening };

	return home_hold(c->h, false, e) < 0 || host_enter(c->h, e) < 0 ? -1 : web_run(c->h, &o, e);
}

/* --- capture ----------------------------------------------------------------------------------- */

RUN(cmd_capture)
{
	struct capture_options o = { .listen = opt(c, "listen"), .dir = opt(c, "dir"), .reject = opt(c, "reject"),
				     .defer = opt(c, "defer"), .ready = print_listening };
	struct mailbox_site *site = NULL;
	struct listen_at at;
	char text[128];
	int sock, rc;

	if (opt(c, "web")) {
		if (listen_at_parse(opt(c, "web"), &at, e) < 0 || (sock = net_listen(&at, e)) < 0)
			return err_in(e, "--web");
		net_listening_text(sock, text);
		site = mailbox_start(o.dir, opt(c, "dns"), sock, e);
		if (!site)
			return err_in(e, "--web");
		say(c, "mailbox http://%s/", text);
	}
	rc = capture_run(&o, e);
	mailbox_stop(site);
	return rc;
}

/* --- serve ------------------------------------------------------------------------------------- */

struct process {
	const char *name;
	pid_t pid;
};

/* A role is this program again, as a process of its own (decision 1). */
static pid_t start_role(struct ctx *c, const char *name, const char *listen_option, const char *listen,
			const sigset_t *blocked)
{
	const char *argv[8] = { "placet", "--home", c->h->path, name, listen ? listen_option : NULL, listen, NULL };
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_UNBLOCK, blocked, NULL);
	execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	_exit(70);
}

static void stop_roles(struct process *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].pid > 0)
			kill(r[i].pid, SIGTERM);
	for (size_t i = 0; i < n; i++)
		if (r[i].pid > 0)
			waitpid(r[i].pid, NULL, 0);
}

RUN(cmd_serve)
{
	struct process roles[] = { { "web", 0 }, { "send", 0 }, { "work", 0 } };
	sigset_t set;
	int number;

	if (!c->h->trial)
		return err_set(e, ERR_DENIED, "in a live home the roles run as users of their own: start placet web, placet send and placet work as services of those users");
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	/* Blocked before the first child is there: none of them can end unheard. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < COUNT(roles); i++) {
		roles[i].pid = start_role(c, roles[i].name, "--listen", i == 0 ? opt(c, "listen") : NULL, &set);
		if (roles[i].pid < 0) {
			number = errno;
			stop_roles(roles, i);
			return err_sys(e, ERR_AGAIN, number, "%s", roles[i].name);
		}
	}
	while (sigwait(&set, &number) != 0)
		;
	stop_roles(roles, COUNT(roles));
	return number == SIGCHLD ? err_set(e, ERR_BROKEN, "a role ended by itself; its own message says why") : 0;
}
