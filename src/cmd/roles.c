/* placet web, serve, capture: the roles that run until they are told to stop. */
#include "cmd/commands.h"

#include "base/codec.h"
#include "base/confine.h"
#include "base/log.h"
#include "base/net.h"
#include "receive/capture.h"
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
	const char *name, *option, *value; /* NULL value: without the option */
	pid_t pid;
};

/* A role is this program again, as a process of its own (decision 1). */
static pid_t start_role(struct ctx *c, const char *name, const char *option, const char *value, const sigset_t *blocked)
{
	const char *argv[8] = { "placet", "--home", c->h->path, name, value ? option : NULL, value, NULL };
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
	struct process roles[] = { { "web", "--listen", opt(c, "listen"), 0 }, { "send", "--processes", "auto", 0 }, { "work", NULL, NULL, 0 } };
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
		roles[i].pid = start_role(c, roles[i].name, roles[i].option, roles[i].value, &set);
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
