/*
 * placet send: the delivering role, as one process or as several. Each is
 * this program again with a journal, a database connection and connections to
 * relays of its own; they share the work by claiming it, as senders on several
 * hosts do, so that nothing else holds them together but their parent.
 */
#include "cmd/commands.h"

#include "base/codec.h"
#include "base/confine.h"
#include "smtp/deliver.h"
#include "store/host.h"
#include "store/institution.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 64
#define RESULT_MAX ((size_t)64 * 1024)

static json_t *notices_json(const struct deliver_result *r)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "accepted", (json_int_t)r->notices.accepted, "deferred",
			 (json_int_t)r->notices.deferred, "failed", (json_int_t)r->notices.failed, "uncertain",
			 (json_int_t)r->notices.uncertain);
}

static int print_sent(struct ctx *c, const struct deliver_result *r)
{
	char due[32];

	if (c->json) {
		print_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:b, s:o}", "accepted", (json_int_t)r->accepted,
				     "deferred", (json_int_t)r->deferred, "failed", (json_int_t)r->failed, "uncertain",
				     (json_int_t)r->uncertain, "skipped", (json_int_t)r->skipped, "notices", notices_json(r),
				     "remains", r->remains, "next_due", json_time(r->next_due)));
	} else {
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

/* --- several processes ------------------------------------------------------------------------- */

struct sending {
	pid_t pid; /* 0: it has ended */
	int out;   /* what it prints, once it has ended */
};

static pid_t start_one(struct ctx *c, int64_t connections, int out, const sigset_t *blocked)
{
	char count[24];
	const char *argv[16] = { "placet", "--home", c->h->path, "--json", "send", "--connections", count };
	size_t n = 7;
	pid_t pid;

	snprintf(count, sizeof(count), "%lld", (long long)connections);
	if (opt_set(c, "until-idle"))
		argv[n++] = "--until-idle";
	if (opt_set(c, "no-dkim"))
		argv[n++] = "--no-dkim";
	if (opt(c, "dkim")) {
		argv[n++] = "--dkim";
		argv[n++] = opt(c, "dkim");
	}
	pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_UNBLOCK, blocked, NULL);
	if (dup2(out, STDOUT_FILENO) >= 0)
		execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	_exit(70);
}

static int start_all(struct ctx *c, struct sending *s, int64_t n, int64_t connections, const sigset_t *set, struct err *e)
{
	for (int64_t i = 0; i < n; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return err_sys(e, ERR_AGAIN, errno, "pipe");
		s[i].out = ends[0];
		s[i].pid = start_one(c, connections, ends[1], set);
		close(ends[1]);
		if (s[i].pid < 0) {
			s[i].pid = 0;
			return err_sys(e, ERR_AGAIN, errno, "fork");
		}
	}
	return 0;
}

static void tell_all(const struct sending *s, int64_t n, int number)
{
	for (int64_t i = 0; i < n; i++)
		if (s[i].pid > 0)
			kill(s[i].pid, number);
}

/* What one that has ended says it did. Whoever looked last saw all that the others had written, and they are not heard in the
   order in which they looked: when one of them says that nothing remains, nothing does. */
static void add_up(struct deliver_result *r, int out)
{
	char text[RESULT_MAX];
	ssize_t n = read(out, text, sizeof(text));
	struct err ignored = { 0 };
	json_t *x = n > 0 ? json_loadb(text, (size_t)n, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
	json_int_t sent[5] = { 0 }, notices[4] = { 0 };
	json_t *due = NULL; /* null when nothing remains */
	int remains = 0;

	if (x && json_unpack(x, "{s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I}, s:b, s:o}", "accepted", &sent[0], "deferred",
			     &sent[1], "failed", &sent[2], "uncertain", &sent[3], "skipped", &sent[4], "notices", "accepted",
			     &notices[0], "deferred", &notices[1], "failed", &notices[2], "uncertain", &notices[3], "remains",
			     &remains, "next_due", &due) == 0) {
		r->accepted += sent[0];
		r->deferred += sent[1];
		r->failed += sent[2];
		r->uncertain += sent[3];
		r->skipped += sent[4];
		r->notices.accepted += notices[0];
		r->notices.deferred += notices[1];
		r->notices.failed += notices[2];
		r->notices.uncertain += notices[3];
		r->remains = r->remains && remains;
		if (!json_is_string(due) || time_parse(json_string_value(due), &r->next_due, &ignored) < 0)
			r->next_due = 0;
	}
	json_decref(x);
}

/* One that ends badly ends the others: whoever keeps services running starts them all anew. */
static void collect(struct sending *s, int64_t n, struct deliver_result *r, bool *failed)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int64_t i = 0; i < n; i++) {
			if (s[i].pid != pid)
				continue;
			s[i].pid = 0;
			add_up(r, s[i].out);
			if (!WIFEXITED(status) || (WEXITSTATUS(status) && WEXITSTATUS(status) != err_means(ERR_AGAIN)->exit)) {
				*failed = true;
				tell_all(s, n, SIGTERM);
			}
		}
}

static bool any_left(const struct sending *s, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (s[i].pid > 0)
			return true;
	return false;
}

static int send_by_many(struct ctx *c, int64_t n, int64_t connections, struct err *e)
{
	struct sending s[PROCESSES_MAX] = { 0 };
	struct deliver_result r = { .remains = true };
	bool failed = false;
	sigset_t set;
	int number, rc;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	/* Blocked before the first child is there: none of them can end unheard. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	rc = start_all(c, s, n, connections, &set, e);
	if (rc < 0)
		tell_all(s, n, SIGTERM);
	while (any_left(s, n)) {
		if (sigwait(&set, &number) != 0)
			continue;
		if (number == SIGCHLD)
			collect(s, n, &r, &failed);
		else
			tell_all(s, n, number);
	}
	for (int64_t i = 0; i < n; i++)
		if (s[i].out > 0)
			close(s[i].out);
	if (rc < 0)
		return -1;
	if (!r.remains)
		r.next_due = 0;
	return failed ? err_set(e, ERR_BROKEN, "a send process ended by itself; its own message says why") : print_sent(c, &r);
}

/* --- the command ------------------------------------------------------------------------------- */

static int count_processes(struct ctx *c, int64_t *n, struct err *e)
{
	const char *text = opt(c, "processes");
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	*n = 1;
	if (text && strcmp(text, "auto") == 0)
		*n = cores < 1 ? 1 : cores > PROCESSES_MAX ? PROCESSES_MAX : cores;
	else if (text && parse_i64(text, 1, PROCESSES_MAX, n) < 0)
		return err_set(e, ERR_INPUT, "--processes %s: 1 to %d, or auto, are possible", text, PROCESSES_MAX);
	return 0;
}

/* Those of all processes together. */
static int count_connections(struct ctx *c, int64_t *n, struct err *e)
{
	const char *text = opt(c, "connections"), *setting = NULL;

	if (text)
		return parse_i64(text, 1, 200, n) == 0 ? 0 : err_set(e, ERR_INPUT, "--connections %s: 1 to 200 are possible", text);
	if (institution_get(c->h, c->a, "connections", &setting, e) < 0)
		return -1;
	*n = strtol(setting, NULL, 10);
	return 0;
}

static int choose_dkim(struct ctx *c, enum dkim_use *out, struct err *e)
{
	static const char *const KINDS[] = { [DKIM_USE_BOTH] = "both", [DKIM_USE_RSA] = "rsa",
					     [DKIM_USE_ED25519] = "ed25519", [DKIM_USE_NONE] = "none" };
	const char *text = opt_set(c, "no-dkim") ? "none" : opt(c, "dkim");
	size_t i = 0;

	while (text && i < COUNT(KINDS) && strcmp(KINDS[i], text) != 0)
		i++;
	if (i == COUNT(KINDS))
		return err_set(e, ERR_INPUT, "--dkim %s: rsa, ed25519, both or none are possible", text);
	*out = (enum dkim_use)i;
	if (*out != DKIM_USE_BOTH && !c->h->trial)
		return err_set(e, ERR_DENIED, "mail is signed with both keys: --dkim and --no-dkim are for measuring in a trial home");
	return 0;
}

RUN(cmd_send)
{
	struct deliver_options o = { .until_idle = opt_set(c, "until-idle") };
	struct deliver_result r = { 0 };
	int64_t processes, connections;

	if (count_processes(c, &processes, e) < 0 || count_connections(c, &connections, e) < 0 ||
	    choose_dkim(c, &o.dkim, e) < 0)
		return -1;
	if (home_hold(c->h, false, e) < 0 || host_enter(c->h, e) < 0)
		return -1;
	if (processes > 1)
		return send_by_many(c, processes, (connections + processes - 1) / processes, e);
	o.connections = (int)connections;
	/* The sender talks to relays and the database; it never listens, and never runs another program. */
	if (confine(CONFINE_NO_EXEC | CONFINE_NO_LISTEN, NULL, NULL, e) < 0 || deliver_run(c->h, &o, &r, e) < 0)
		return -1;
	return print_sent(c, &r);
}
